"""Trained networks in and out, evaluated by the tools that they come from and go to."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from helpers import onnx_graph
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper
from onnx.helper import make_node as node
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sparsest import Affine, InputError, Network, save
from sparsest.continuous import ReLUNetwork
from sparsest.models import read_model, rounded, to_mlp_regressor, write_model

HUGE = torch.ones(1, 1)  # a view of it claims any size
X = np.random.default_rng(0).normal(size=(40, 3))


def sequential(bias: bool = True, dtype: torch.dtype = torch.float64, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 7, bias=bias), nn.ReLU(), nn.Linear(7, 1, bias=bias)).to(dtype)


class Skip(nn.Module):
    """Two branches; as many neurons as inputs if `width` is 3, so that shapes alone do not tell."""

    def __init__(self, width: int = 5, bias: bool = True) -> None:
        super().__init__()
        self.inner = nn.Linear(3, width)
        self.skip = nn.Linear(3, 1, bias=bias)
        self.outer = nn.Linear(width, 1, bias=False)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        values: torch.Tensor = self.outer(torch.relu(self.inner(inputs))) + self.skip(inputs)
        return values[:, 0]


def values_of(module: nn.Module, inputs: np.ndarray[Any, Any] = X) -> np.ndarray[Any, Any]:
    dtype = next(module.parameters()).dtype
    with torch.no_grad():
        return module(torch.tensor(inputs).to(dtype)).double().numpy().reshape(-1)


def by_onnxruntime(path: Path, inputs: np.ndarray[Any, Any] = X) -> np.ndarray[Any, Any]:
    session = onnxruntime.InferenceSession(path)
    kind = np.float32 if "float)" in session.get_inputs()[0].type else np.float64
    (values,) = session.run(None, {session.get_inputs()[0].name: inputs.astype(kind)})
    return np.asarray(values, dtype=np.float64).reshape(-1)


# ---------------------------------------------------------------- torch


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_sequential_in_every_precision(bias: bool, dtype: torch.dtype) -> None:
    module = sequential(bias, dtype)
    read = read_model(module)
    assert read.dtype == str(dtype).removeprefix("torch.")
    assert (read.source, read.affine) == ("torch module", "constant" if bias else "none")
    assert np.array_equal(read.network.weights, module[0].weight.detach().double().numpy())
    assert np.array_equal(read.predict(X), values_of(module))


def test_nested_flattened_and_dropping_out() -> None:
    inner = nn.Sequential(nn.Flatten(), nn.Linear(3, 4), nn.Dropout(0.5))
    module = nn.Sequential(
        inner, nn.Sequential(nn.ReLU(), nn.Identity()), nn.Linear(4, 1), nn.Flatten(0)
    ).double()
    read = read_model(module)
    assert read.network.width == 4
    assert module.training
    module.eval()
    assert np.array_equal(read.predict(X), values_of(module))


@pytest.mark.parametrize("width", [3, 5])
@pytest.mark.parametrize("bias", [True, False])
def test_skip_branches(width: int, bias: bool, tmp_path: Path) -> None:
    module = Skip(width, bias).double()
    read = read_model(module)
    assert read.affine is Affine.SKIP
    assert (read.network.affine[-1] != 0) == bias
    np.testing.assert_allclose(read.network(X), values_of(module), atol=1e-12)
    for path in (tmp_path / "model.pt", tmp_path / "model.onnx"):
        write_model(read.network, path, like=read)
        again = read_model(path)
        assert again.affine is Affine.SKIP
        assert again.network.affine is not None
        np.testing.assert_allclose(again.network(X), values_of(module), atol=1e-12)
    other = Skip(width, bias).double()
    other.load_state_dict(torch.load(tmp_path / "model.pt"))
    assert np.array_equal(values_of(other), values_of(module))


def test_own_modules_and_networks(tmp_path: Path) -> None:
    network = Network([[1.0, 2, 0], [0, -1, 1]], [0.5, 0], [1.0, -3.0], [0.1, 0, 0, 2.0])
    module = ReLUNetwork.from_network(network)
    for model in (module, module.state_dict(), network):
        read = read_model(model)
        assert read.network == network
        assert read.affine
    for name in ("network.json", "network.npz"):
        save(network, tmp_path / name)
        assert read_model(tmp_path / name).network == network


def test_state_dicts_of_checkpoints_with_any_names(tmp_path: Path) -> None:
    module = sequential()
    renamed = {f"module.fc.{name}": value for name, value in module.state_dict().items()}
    path = tmp_path / "checkpoint.pt"
    torch.save({"state_dict": renamed, "epoch": 3}, path)
    read = read_model(path)
    assert read.source == "state dict"
    np.testing.assert_allclose(read.predict(X), values_of(module), atol=1e-12)
    write_model(read.network, tmp_path / "again.pt", like=read)
    assert set(torch.load(tmp_path / "again.pt")) == set(renamed)


class Wrong(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = self.first(inputs)
        if self.kind == "raises":
            raise RuntimeError("not\nhere")
        if self.kind == "transposed":
            return hidden.T
        if self.kind == "two heads":
            return hidden, self.second(torch.relu(hidden))
        if self.kind == "square":
            return self.second(torch.relu(hidden)) ** 2
        return self.second(torch.relu(hidden))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), r"layer 1 \(Tanh\): operator tanh"),
        (nn.Sequential(*[nn.Linear(3, 3), nn.ReLU()] * 2, nn.Linear(3, 1)), r"\(ReLU\).*second hidden"),
        (Wrong("two heads"), r"returns a tuple for 67 inputs: one tensor"),
        (nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)), "no ReLU leads"),
        (nn.Sequential(nn.Conv1d(1, 1, 1), nn.ReLU(), nn.Linear(4, 1)), "cannot be evaluated"),
        (nn.Sequential(), "the parameters are none"),
        (nn.Linear(3, 1), "no ReLU leads"),
        (Wrong("square"), "operator pow"),
        (Wrong("raises"), "cannot be evaluated.*not here"),
        (Wrong("transposed"), r"returns \(4, 67\) for 67"),
        (sequential().to("meta"), "no plain tensor"),
        ({}, "empty"), ({"a": 1}, "'a' is a int"), ({0: torch.ones(1)}, "entry 0"),
        ({"w.weight": torch.ones(3, 3)}, "the tensors are"),
        ({"a.weight": torch.ones(4, 3), "b.weight": torch.ones(2, 5)}, "the weights are"),
        ({"a.weight": torch.ones(4, 3), "b.weight": torch.ones(1, 4), "c": torch.ones(1)}, "tensor c"),
        ({"a.weight": torch.ones(4, 3), "b.weight": torch.full((1, 4), torch.nan)}, "not finite"),
        ({"a.weight": torch.ones(4, 3), "b.weight": torch.ones(1, 4).int()}, "int32"),
        ({"a.weight": torch.ones(4, 3), "b.weight": torch.ones(1, 4).double()}, "float32.*float64"),
        ({"a.weight": torch.ones(4, 3), "b.weight": torch.ones(1, 4, dtype=torch.complex64)}, "complex64"),
        ({"a.weight": torch.ones(4, 3).to_sparse(), "b.weight": torch.ones(1, 4)}, "no plain tensor"),
        ({"a.weight": HUGE.expand(10**9, 3), "b.weight": HUGE.expand(1, 10**9)}, "numbers"),
        ({"a.weight": torch.ones(4, 3), "b.weight": torch.ones(1, 4), "a.bias": torch.ones(5)}, "a.bias has"),
        (3, "a int is no model"), (StandardScaler(), "StandardScaler is not supported"),
        (MLPRegressor(), "not fitted"), (MLPClassifier(), "MLPClassifier is not fitted"),
        (make_pipeline(StandardScaler(), MLPRegressor()), "MLPRegressor is not fitted"),
    ],
)  # fmt: skip
def test_other_models_are_refused_in_a_sentence(model: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_model(model)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- round trips


@pytest.mark.slow
@given(
    st.integers(1, 4), st.integers(0, 6), st.sampled_from(["none", "bias", "skip"]), st.integers(0, 2**32 - 1)
)
def test_torch_to_onnx_to_ours_to_torch(d: int, width: int, affine: str, seed: int) -> None:
    import tempfile

    rng = np.random.default_rng(seed)
    skip = {"none": None, "bias": np.r_[np.zeros(d), 1.5], "skip": rng.normal(size=d + 1)}[affine]
    network = Network(rng.normal(size=(width, d)), rng.normal(size=width), rng.normal(size=width), skip)
    inputs = rng.normal(size=(9, d))
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "a.onnx", Path(folder) / "b.pt"
        assert write_model(network, first) == network
        np.testing.assert_allclose(by_onnxruntime(first, inputs), network(inputs), rtol=1e-12, atol=1e-12)
        middle = read_model(first)
        assert middle.network.same_function(network)
        write_model(middle.network, second)
        last = read_model(second)
    np.testing.assert_allclose(last.predict(inputs), network(inputs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_precisions_on_the_way_out(dtype: str, tmp_path: Path) -> None:
    network = read_model(sequential()).network
    written = write_model(network, tmp_path / "model.pt", dtype=dtype)
    assert written == rounded(network, dtype)
    read = read_model(tmp_path / "model.pt")
    assert (read.dtype, read.network) == (dtype, written)
    if dtype == "bfloat16":
        with pytest.raises(InputError, match="bfloat16"):
            write_model(network, tmp_path / "model.onnx", dtype=dtype)
    elif dtype != "float16":
        write_model(network, tmp_path / "model.onnx", dtype=dtype)
        expected = values_of(sequential(dtype=getattr(torch, dtype)))
        np.testing.assert_allclose(by_onnxruntime(tmp_path / "model.onnx"), expected, atol=1e-6)


def test_numbers_beyond_a_precision_are_refused() -> None:
    with pytest.raises(InputError, match="too large for float16"):
        rounded(Network([[1e6]], [0.0], [1.0]), "float16")
    with pytest.raises(InputError, match="dtype"):
        rounded(Network([[1.0]], [0.0], [1.0]), "float8")


def test_scikit_learn() -> None:
    model = MLPRegressor(hidden_layer_sizes=(6,), max_iter=3, random_state=0)
    with pytest.warns(UserWarning, match="iterations"):
        model.fit(X.astype(np.float32), X[:, 0].astype(np.float32))
    read = read_model(model)
    assert (read.dtype, read.source, read.affine) == ("float32", "scikit-learn", "constant")
    assert np.array_equal(read.predict(X), model.predict(X.astype(np.float32)))
    back = to_mlp_regressor(read.network)
    np.testing.assert_allclose(back.predict(X), read.network(X), atol=1e-12)
    assert to_mlp_regressor(Network.zero(3)).predict(X).tolist() == [0.0] * len(X)
    with pytest.raises(InputError, match="skip branch"):
        to_mlp_regressor(Network.zero(1, affine="skip").__class__([[1.0]], [0.0], [1.0], [2.0, 0.0]))
    tanh = MLPRegressor(hidden_layer_sizes=(6,), activation="tanh", max_iter=1, random_state=0)
    deep = MLPRegressor(hidden_layer_sizes=(6, 2), max_iter=1, random_state=0)
    for wrong, words in ((tanh, "'tanh'"), (deep, "2 hidden layers")):
        with pytest.warns(UserWarning, match="iterations"):
            wrong.fit(X, X[:, 0])
        with pytest.raises(InputError, match=words):
            read_model(wrong)


@pytest.mark.parametrize("name", ["model.txt", "model.pkl", "model"])
def test_unknown_endings(name: str, tmp_path: Path) -> None:
    for action in (lambda path: write_model(Network.zero(1), path), read_model):
        with pytest.raises(InputError, match="unknown ending"):
            action(tmp_path / name)


# ---------------------------------------------------------------- ONNX by other tools


def test_the_same_network_written_in_other_ways(tmp_path: Path) -> None:
    """MatMul and Add, scaled Gemm, a bias in two parts, a skip branch of its own, constants as nodes."""
    W, b, v = np.array([[1.0, -2], [0.5, 1], [3, 0]]), np.array([1.0, 0, -1]), np.array([[2.0], [-1], [0.5]])
    a = np.array([[0.25], [-4.0]])
    inputs = np.random.default_rng(1).normal(size=(20, 2))
    expected = np.maximum(0, inputs @ W.T + b) @ v[:, 0] + inputs @ a[:, 0] + 1.5
    half = numpy_helper.from_array(np.array([0.75]))
    models = [
        onnx_graph(
            [
                node("MatMul", ["x", "Wt"], ["p"]), node("Add", ["b", "p"], ["q"]),
                node("Relu", ["q"], ["h"]), node("MatMul", ["h", "v"], ["r"]),
                node("MatMul", ["x", "a"], ["s"]),
                node("Add", ["r", "s"], ["t"]), node("Constant", [], ["half"], value=half),
                node("Add", ["t", "half"], ["u"]), node("Add", ["u", "half"], ["y"]),
            ],
            {"Wt": W.T, "b": b, "v": v, "a": a},
        ),
        onnx_graph(
            [
                node("Flatten", ["x"], ["f"]),
                node("Gemm", ["f", "W", "b2"], ["q"], transB=1, alpha=0.5, beta=2.0),
                node("Relu", ["q"], ["h"]), node("Identity", ["h"], ["i"]),
                node("Gemm", ["x", "a", "c"], ["s"]),
                node("Gemm", ["i", "v"], ["r"]), node("Add", ["s", "r"], ["y"]),
            ],
            {"W": 2 * W, "b2": b / 2, "v": v, "a": a, "c": [1.5]},
        ),
    ]  # fmt: skip
    for number, model in enumerate(models):
        path = tmp_path / f"{number}.onnx"
        onnx.save(model, path)
        np.testing.assert_allclose(by_onnxruntime(path, inputs), expected, atol=1e-12)
        read = read_model(path)
        assert (read.network.width, read.affine, read.network.affine[-1]) == (3, "skip", 1.5)
        np.testing.assert_allclose(read.network(inputs), expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the exporter's, which needs no other package
def test_an_exported_module(tmp_path: Path) -> None:
    module = sequential(dtype=torch.float32)
    torch.onnx.export(module, (torch.zeros(1, 3),), tmp_path / "model.onnx", dynamo=False)
    np.testing.assert_allclose(read_model(tmp_path / "model.onnx").predict(X), values_of(module), atol=1e-5)
