"""Models with several outputs: read as their frameworks evaluate them, and written back."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from helpers import onnx_graph
from onnx.helper import make_node as node
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from torch import nn

from sparsest import Affine, InputError, MultiOutputNetwork, Network, save
from sparsest.models import read_model, rounded, to_mlp_classifier, to_mlp_regressor, write_model

RNG = np.random.default_rng(3)
X = RNG.normal(size=(50, 3)) * [1, 10, 0.1] + [0, 5, -1]
Y = np.c_[np.abs(X[:, 0]), 100 * X[:, 1], X[:, 2] ** 2]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def size_of(network: MultiOutputNetwork, inputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Sizes (N, m) of the terms whose sums are a network's values, which rounding is relative to."""
    hidden = np.abs(inputs) @ np.abs(network.weights).T + np.abs(network.biases)
    size = hidden @ np.abs(network.outputs)
    if network.affine is not None:
        size += np.c_[np.abs(inputs), np.ones(len(inputs))] @ np.abs(network.affine).T
    return np.asarray(size)


def evaluated(module: nn.Module, inputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    dtype = next(module.parameters()).dtype
    with torch.no_grad():
        return module(torch.tensor(inputs).to(dtype)).double().numpy()


def by_onnxruntime(path: Path, inputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    session = onnxruntime.InferenceSession(path)
    kind = np.float32 if "float)" in session.get_inputs()[0].type else np.float64
    return np.asarray(session.run(None, {session.get_inputs()[0].name: inputs.astype(kind)})[0], dtype=float)


# ---------------------------------------------------------------- torch


class Skip(nn.Module):
    """Shared neurons and a skip branch to each of m outputs."""

    def __init__(self, m: int = 2, width: int = 5) -> None:
        super().__init__()
        self.inner, self.outer, self.skip = nn.Linear(3, width), nn.Linear(width, m), nn.Linear(3, m)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        values: torch.Tensor = self.outer(torch.relu(self.inner(inputs))) + self.skip(inputs)
        return values


class TwoBranches(nn.Module):
    """Outputs with neurons of their own, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
        self.second = nn.Sequential(nn.Linear(3, 3), nn.LeakyReLU(), nn.Linear(3, 2, bias=False))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.first(inputs), 2 * self.second(inputs)], dim=1)


def chain(*, hidden: int = 6, m: int = 3, bias: bool = True) -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, hidden), nn.ReLU(), nn.Linear(hidden, m, bias=bias))


# name -> module, its affine term, neurons, outputs
TORCH: dict[str, tuple[Callable[[], nn.Module], Affine, int, int]] = {
    "chain": (chain, Affine.CONSTANT, 6, 3),
    "as many outputs as inputs and neurons": (lambda: chain(hidden=3), Affine.CONSTANT, 3, 3),
    "without output biases": (lambda: chain(bias=False), Affine.NONE, 6, 3),
    "skip": (Skip, Affine.SKIP, 5, 2),
    "branches": (TwoBranches, Affine.SKIP, 5, 3),
    "a table of outputs": (
        lambda: nn.Sequential(*chain(m=4), nn.Unflatten(1, (2, 2))), Affine.CONSTANT, 6, 4,
    ),
    "a linear layer behind": (
        lambda: nn.Sequential(*chain(m=4), nn.Linear(4, 2)), Affine.CONSTANT, 6, 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", TORCH)
def test_modules_of_torch(name: str, dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    make, affine, width, m = TORCH[name]
    module = make().to(dtype)
    read = read_model(module)
    network = read.network
    assert isinstance(network, MultiOutputNetwork)
    assert (read.affine, network.width, network.n_outputs, read.n_outputs) == (affine, width, m, m)
    relative = 1e-6 if dtype is torch.float32 else 1e-12
    inputs = X.astype(np.float32).astype(np.float64) if dtype is torch.float32 else X
    own = evaluated(module, inputs).reshape(len(X), m)
    assert np.all(np.abs(network(inputs) - own) <= relative * size_of(network, inputs))
    assert np.array_equal(read.predict(inputs), own)


def test_one_output_stays_a_network_whatever_its_shape() -> None:
    for module in (chain(m=1), nn.Sequential(*chain(m=1), nn.Flatten(0))):
        assert isinstance(read_model(module).network, Network)
        assert read_model(module).n_outputs == 1


class Weighted(nn.Module):
    """Computes something else than its layers for the second output of some inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.chain, self.calls = chain(), 0

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        values: torch.Tensor = self.chain(inputs) * torch.tensor([1.0, float(self.calls), 1.0])
        return values


def test_a_difference_of_one_output_is_noticed() -> None:
    with pytest.raises(InputError, match=r"computes .* as output 1 where .* not seen"):
        read_model(Weighted())


# ---------------------------------------------------------------- state dicts


def test_state_dicts_of_several_outputs(tmp_path: Path) -> None:
    torch.manual_seed(2)
    for number, module in enumerate([chain().double(), Skip().double(), chain(hidden=3).double()]):
        path = tmp_path / f"{number}.pt"
        torch.save({"model": module.state_dict(), "epoch": 7}, path)
        read = read_model(path)
        np.testing.assert_allclose(read.network(X), evaluated(module, X), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(read.predict(X), evaluated(module, X), rtol=1e-12, atol=1e-12)
        write_model(read.network, path, like=read)
        module.load_state_dict(torch.load(path))
        np.testing.assert_allclose(read.predict(X), evaluated(module, X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "shapes",
    [
        # two hidden layers that might be a hidden layer, an output layer and a skip: 5 x 3, 3 x 5, 3 x 3
        {"a.weight": (5, 3), "b.weight": (3, 5), "c.weight": (3, 3)},
        {"a.weight": (4, 4), "b.weight": (4, 4), "c.weight": (4, 4)},
        {"a.weight": (5, 3), "b.weight": (2, 5), "c.weight": (3, 2)},
    ],
)
def test_two_hidden_layers_are_not_taken_for_a_skip(shapes: dict[str, tuple[int, int]]) -> None:
    with pytest.raises(InputError, match="the weights are"):
        read_model({name: torch.randn(shape) for name, shape in shapes.items()})


def test_a_skip_that_is_named_so_is_read_in_any_shape() -> None:
    state = {"a.weight": (3, 3), "b.weight": (3, 3), "skip.weight": (3, 3)}
    tensors = {name: torch.randn(shape, dtype=torch.float64) for name, shape in state.items()}
    read = read_model(tensors)
    inner, outer, skip = (tensor.numpy() for tensor in tensors.values())
    np.testing.assert_allclose(read.network(X), np.maximum(0, X @ inner.T) @ outer.T + X @ skip.T, rtol=1e-12)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"a.weight": (4, 3), "b.weight": (2, 4), "b.bias": (3,)}, r"b.bias has shape \(3,\): \(2,\)"),
        ({"a.weight": (4, 3), "b.weight": (2, 4), "skip.weight": (1, 3)}, "the weights are"),
        ({"a.weight": (4, 3), "b.weight": (2, 5)}, "the weights are"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(state: dict[str, tuple[int, ...]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_model({name: torch.ones(shape) for name, shape in state.items()})


# ---------------------------------------------------------------- scikit-learn


def mlp(kind: Any = MLPRegressor, **options: Any) -> Any:
    return kind(**{"hidden_layer_sizes": (5,), "max_iter": 20, "random_state": 0, **options})


SKLEARN: dict[str, Callable[[], Any]] = {
    "plain": mlp,
    "scaled": lambda: make_pipeline(StandardScaler(), mlp()),
    "scaled targets": lambda: TransformedTargetRegressor(
        make_pipeline(MinMaxScaler(), mlp()), transformer=StandardScaler()
    ),
    "targets between 0 and 1": lambda: TransformedTargetRegressor(mlp(), transformer=MinMaxScaler()),
    "search": lambda: GridSearchCV(
        make_pipeline(StandardScaler(), mlp()), {"mlpregressor__alpha": [1e-4, 1]}, cv=2
    ),
}


@pytest.mark.parametrize("name", SKLEARN)
def test_regressors_of_scikit_learn(name: str) -> None:
    model = SKLEARN[name]().fit(X, Y)
    read = read_model(model)
    network = read.network
    assert isinstance(network, MultiOutputNetwork)
    assert (read.source, read.affine, network.width, network.n_outputs) == ("scikit-learn", "constant", 5, 3)
    own = model.predict(X)
    assert np.array_equal(read.predict(X), own)
    assert np.all(np.abs(network(X) - own) <= 1e-12 * size_of(network, X))


def test_regressors_in_single_precision() -> None:
    inputs = X.astype(np.float32)
    model = mlp().fit(inputs, Y.astype(np.float32))
    read = read_model(model)
    assert read.dtype == "float32"
    exact = inputs.astype(np.float64)
    assert np.all(np.abs(read.network(exact) - model.predict(inputs)) <= 1e-6 * size_of(read.network, exact))


def test_a_regressor_of_scikit_learn_is_written() -> None:
    read = read_model(SKLEARN["scaled"]().fit(X, Y))
    back = to_mlp_regressor(read.network)
    np.testing.assert_allclose(back.predict(X), read.network(X), rtol=1e-12, atol=1e-9)
    assert read_model(back).network == read.network
    nothing = to_mlp_regressor(MultiOutputNetwork.zero(3, 2))
    assert np.array_equal(nothing.predict(X), np.zeros((len(X), 2)))
    with pytest.raises(InputError, match="no skip branch"):
        to_mlp_regressor(MultiOutputNetwork([[1.0]], [0.0], [[1.0, 2.0]], [[0.0, 0.0], [1.0, 0.0]]))


@pytest.mark.parametrize("count", [2, 3])
def test_a_classifier_of_scikit_learn_is_written(count: int) -> None:
    classes = np.array(["ash", "fir", "oak"][:count])
    labels = classes[np.arange(len(X)) % count]
    model = MLPClassifier(hidden_layer_sizes=(4,), max_iter=20, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, labels)
    read = read_model(model)
    back = to_mlp_classifier(read.network, read.classes)
    np.testing.assert_allclose(back.predict_proba(X), model.predict_proba(X), rtol=1e-12)
    assert np.array_equal(back.predict(X), model.predict(X))
    again = read_model(back)
    assert (again.network, again.classes, again.is_classifier) == (read.network, read.classes, True)
    for wrong, words in ((["a"], "1 classes and"), (read.classes[::-1], "classes sorted")):
        with pytest.raises(InputError, match=words):
            to_mlp_classifier(read.network, wrong)


# ---------------------------------------------------------------- ONNX


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:torch")
def test_a_file_of_torch(tmp_path: Path) -> None:
    torch.manual_seed(3)
    module, path = Skip(m=4).eval(), tmp_path / "m.onnx"
    torch.onnx.export(module, (torch.zeros(2, 3),), path, dynamo=False, input_names=["x"])
    read = read_model(path)
    assert isinstance(read.network, MultiOutputNetwork)
    inputs = X.astype(np.float32).astype(np.float64)
    own = evaluated(module, inputs)
    for values in (read.network(inputs), read.predict(inputs)):
        assert np.all(np.abs(values - own) <= 1e-6 * size_of(read.network, inputs))


@pytest.mark.parametrize("samples", ["N", 7, 1])
def test_graphs_for_any_and_some_numbers_of_samples(samples: Any, tmp_path: Path) -> None:
    W, V, c = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=2)
    nodes = [
        node("MatMul", ["x", "W"], ["p"]), node("Relu", ["p"], ["h"]), node("Gemm", ["h", "V", "c"], ["y"]),
    ]  # fmt: skip
    kind = onnx.TensorProto.DOUBLE
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [onnx.helper.make_tensor_value_info("x", kind, [samples, 3])],
        [onnx.helper.make_tensor_value_info("y", kind, [samples, 2])],
        [onnx.numpy_helper.from_array(value, name) for name, value in {"W": W, "V": V, "c": c}.items()],
    )
    path = tmp_path / "m.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), path)
    read = read_model(path)
    expected = np.maximum(0, X @ W) @ V + c
    np.testing.assert_allclose(read.network(X), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(read.predict(X), expected, rtol=1e-12, atol=1e-12)


def test_two_parts_joined_by_a_concat(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", ["x", "W"], ["p"]), node("Relu", ["p"], ["h"]),
        node("MatMul", ["h", "a"], ["left"]), node("MatMul", ["h", "b"], ["right"]),
        node("Concat", ["left", "right"], ["y"], axis=1),
    ]  # fmt: skip
    tensors = {"W": RNG.normal(size=(2, 4)), "a": RNG.normal(size=(4, 1)), "b": RNG.normal(size=(4, 2))}
    path = tmp_path / "m.onnx"
    onnx.save(onnx_graph(nodes, tensors), path)
    network = read_model(path).network
    inputs = RNG.normal(size=(9, 2))
    expected = np.maximum(0, inputs @ tensors["W"]) @ np.c_[tensors["a"], tensors["b"]]
    assert np.all(np.abs(network(inputs) - expected) <= 1e-6 * size_of(network, inputs))


# ---------------------------------------------------------------- round trips


TERMS = {
    "none": None,
    "biases": np.c_[np.zeros((4, 3)), RNG.normal(size=4)],
    "skip": RNG.normal(size=(4, 4)),
    "zero skip": np.zeros((4, 4)),
}


@pytest.mark.parametrize("width", [0, 1, 5])
@pytest.mark.parametrize("term", TERMS)
def test_round_trips(term: str, width: int, tmp_path: Path) -> None:
    network = MultiOutputNetwork(
        RNG.normal(size=(width, 3)), RNG.normal(size=width), RNG.normal(size=(width, 4)), TERMS[term]
    )
    expected = network(X)
    for name in ("a.onnx", "a.pt", "a.json", "a.npz"):
        path = tmp_path / name
        assert write_model(network, path) == network
        if name == "a.onnx":
            np.testing.assert_allclose(by_onnxruntime(path, X), expected, rtol=1e-12, atol=1e-11)
            if width == 0:
                continue  # no ReLU leads to what is written: nothing to be read
        read = read_model(path)
        np.testing.assert_allclose(read.network(X), expected, rtol=1e-12, atol=1e-11)
        np.testing.assert_allclose(read.predict(X), expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_precisions(dtype: str, tmp_path: Path) -> None:
    network = MultiOutputNetwork(RNG.normal(size=(4, 3)), RNG.normal(size=4), RNG.normal(size=(4, 2)))
    written = write_model(network, tmp_path / "m.pt", dtype=dtype)
    read = read_model(tmp_path / "m.pt")
    assert (read.dtype, read.network, written) == (dtype, written, rounded(network, dtype))
    with pytest.raises(InputError, match="too large for float16"):
        rounded(MultiOutputNetwork([[1e6]], [0.0], [[1.0, 2.0]]), "float16")


def test_own_networks_and_files(tmp_path: Path) -> None:
    network = MultiOutputNetwork([[1.0, 2, 0]], [0.5], [[1.0, -3.0]], [[0.1, 0, 0, 2.0], [0, 0, 0, 1.0]])
    save(network, tmp_path / "n.json")
    for model in (network, tmp_path / "n.json"):
        read = read_model(model)
        assert (read.network, read.affine, read.source) == (network, Affine.SKIP, "network")
        assert read_model(read) is read


# ---------------------------------------------------------------- classifiers of several classes

CLASSES = np.array(["left", "middle", "right"])[np.digitize(X[:, 0], [-0.5, 0.5])]


@pytest.mark.parametrize("scaled", [False, True])
def test_the_logits_of_a_classifier_of_scikit_learn(scaled: bool) -> None:
    model = mlp(MLPClassifier)
    model = (make_pipeline(StandardScaler(), model) if scaled else model).fit(X, CLASSES)
    read = read_model(model)
    assert read.is_classifier
    assert read.classes == ("left", "middle", "right")
    assert read.folded[-1] == "the final softmax is left aside: 3 logits are read, the largest decides"
    for logits in (read.network(X), read.predict(X)):
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        np.testing.assert_allclose(
            shares / shares.sum(axis=1, keepdims=True), model.predict_proba(X), rtol=1e-10, atol=1e-14
        )
        assert np.array_equal(np.array(read.classes)[logits.argmax(axis=1)], model.predict(X))


@pytest.mark.parametrize("end", [nn.Softmax(1), nn.LogSoftmax(-1)])
def test_the_logits_of_a_module(end: nn.Module) -> None:
    torch.manual_seed(4)
    bare = chain(m=4).double()
    read = read_model(nn.Sequential(*bare, end))
    assert read.is_classifier
    assert read.classes == ()
    assert f"the final {type(end).__name__} is left aside: 4 logits" in read.folded[-1]
    for logits in (read.network(X), read.predict(X)):
        np.testing.assert_allclose(logits, evaluated(bare, X), rtol=1e-11, atol=1e-11)


def test_the_logits_of_a_graph(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", ["x", "W"], ["p"]), node("Relu", ["p"], ["h"]), node("MatMul", ["h", "V"], ["z"]),
        node("Softmax", ["z"], ["sure"], axis=1), node("ArgMax", ["sure"], ["place"], axis=1, keepdims=0),
        node("ArrayFeatureExtractor", ["names", "place"], ["y"], domain="ai.onnx.ml"),
    ]  # fmt: skip
    tensors = {"W": RNG.normal(size=(2, 5)), "V": RNG.normal(size=(5, 3)), "names": np.array([4, 5, 6])}
    path = tmp_path / "m.onnx"
    onnx.save(onnx_graph(nodes, tensors), path)
    read = read_model(path)
    assert read.classes == (4, 5, 6)
    inputs = RNG.normal(size=(9, 2))
    expected = np.maximum(0, inputs @ tensors["W"]) @ tensors["V"]
    for logits in (read.network(inputs), read.predict(inputs)):
        np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)


def test_a_zero_skip_is_written_only_where_the_model_had_one(tmp_path: Path) -> None:
    biases = MultiOutputNetwork([[1.0]], [0.0], [[1.0, 2.0]], [[0.0, 1.0], [0.0, 2.0]])
    write_model(biases, tmp_path / "m.pt")
    assert read_model(tmp_path / "m.pt").affine is Affine.CONSTANT
    state = {
        "a.weight": torch.ones(2, 1), "b.weight": torch.ones(2, 2), "skip.weight": torch.zeros(2, 1)
    }  # fmt: skip
    write_model(biases, tmp_path / "m.pt", like=read_model(state))
    assert set(torch.load(tmp_path / "m.pt")) == {*state, "2.bias"}
