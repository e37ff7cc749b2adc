"""Torch modules as people have them: read as the module computes, or refused with the reason."""

import copy
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from sparsest import Affine, InputError, Network
from sparsest.models import read_model

X = np.random.default_rng(3).normal(size=(50, 3))


def chain(*middle: nn.Module, width: int = 6, out: int = 1, first: nn.Module | None = None) -> nn.Sequential:
    first = nn.Linear(3, width) if first is None else first
    return nn.Sequential(first, *(middle or (nn.ReLU(),)), nn.Linear(width, out))


class Net(nn.Module):
    """Two linear layers, a skip, buffers of a scaling, and any forward."""

    def __init__(self, forward: Callable[["Net", torch.Tensor], torch.Tensor], features: int = 3) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(features, 6), nn.Linear(6, 1)
        self.skip = nn.Linear(features, 1, bias=False)
        self.slopes = nn.Parameter(torch.rand(6))
        self.register_buffer("mean", torch.randn(3))
        self.register_buffer("std", torch.rand(3) + 0.5)
        self._forward = forward

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._forward(self, x)


def used(norm: nn.Module) -> nn.Module:
    """A BatchNorm whose statistics are those of data, and whose scale and shift are not 1 and 0."""
    with torch.no_grad():
        for parameter in norm.parameters():
            parameter.copy_(torch.rand_like(parameter) + 0.5)
        norm.running_mean.copy_(torch.randn_like(norm.running_mean))
        norm.running_var.copy_(torch.rand_like(norm.running_var) + 0.1)
    return norm


def pruned(keep_mask: bool) -> nn.Module:
    module = chain()
    prune.l1_unstructured(module[0], "weight", amount=0.5)
    prune.random_unstructured(module[2], "bias", amount=1)
    prune.random_unstructured(module[2], "weight", amount=2)
    if not keep_mask:
        prune.remove(module[0], "weight")
    return module


def old_weight_norm() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return chain(first=nn.utils.weight_norm(nn.Linear(3, 6)))


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(chain())


def homogeneous(net: Net, x: torch.Tensor) -> torch.Tensor:
    return net.b(
        torch.relu(torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1) @ net.mean.new_ones(4, 6))
    )


# name -> module, kind of affine term, neurons, word of what was folded
KINDS: dict[str, tuple[Callable[[], nn.Module], str, int, str]] = {
    "pruning masks left on": (lambda: pruned(True), "constant", 6, "masks of pruning"),
    "pruning masks half removed": (lambda: pruned(False), "constant", 6, "masks of pruning"),
    "weight_norm": (
        lambda: chain(first=parametrizations.weight_norm(nn.Linear(3, 6))),
        "constant",
        6,
        "parametrizations",
    ),
    "weight_norm of the first generation": (old_weight_norm, "constant", 6, "parametrizations"),
    "spectral_norm": (
        lambda: chain(first=parametrizations.spectral_norm(nn.Linear(3, 6))),
        "constant",
        6,
        "parametrizations",
    ),
    "spectral_norm of the first generation": (
        lambda: chain(first=nn.utils.spectral_norm(nn.Linear(3, 6))),
        "constant",
        6,
        "",
    ),
    "orthogonal": (
        lambda: chain(first=parametrizations.orthogonal(nn.Linear(3, 6))),
        "constant",
        6,
        "parametrizations",
    ),
    "BatchNorm of the inputs": (
        lambda: nn.Sequential(used(nn.BatchNorm1d(3)), *chain()),
        "constant",
        6,
        "BatchNorm",
    ),
    "BatchNorm behind the linear layer": (
        lambda: chain(used(nn.BatchNorm1d(6)), nn.ReLU()),
        "constant",
        6,
        "BatchNorm",
    ),
    "BatchNorm behind the ReLU": (
        lambda: chain(nn.ReLU(), used(nn.BatchNorm1d(6, affine=False))),
        "constant",
        6,
        "BatchNorm",
    ),
    "BatchNorm of the output": (
        lambda: nn.Sequential(*chain(), used(nn.BatchNorm1d(1))),
        "constant",
        6,
        "BatchNorm",
    ),
    "inputs scaled by buffers": (
        lambda: Net(lambda n, x: n.b(torch.relu(n.a((x - n.mean) / n.std)))),
        "constant",
        6,
        "scaling",
    ),
    "outputs scaled": (lambda: Net(lambda n, x: 2.5 * n.b(torch.relu(n.a(x))) + 7), "constant", 6, "scaling"),
    "skip branch": (
        lambda: Net(lambda n, x: (n.b(torch.relu(n.a(x))) + n.skip(x)).squeeze(-1)),
        "skip",
        6,
        "",
    ),
    "two branches of ReLUs": (
        lambda: Net(lambda n, x: n.b(n.a(x).relu()) - n.b(torch.relu(-n.a(x) - 1))),
        "constant",
        12,
        "",
    ),
    "halves of one layer": (
        lambda: Net(
            lambda n, x: torch.cat([torch.relu(n.a(x)[:, :4]), torch.relu(n.a(x)[:, 4:])], 1) @ n.slopes
        ),
        "none",
        6,
        "",
    ),
    "einsum and stack": (
        lambda: Net(
            lambda n, x: torch.einsum("nk,k->n", torch.stack(n.a(x).unbind(1), -1).clamp(min=0), n.slopes)
        ),
        "none",
        6,
        "clamp",
    ),
    "ones beside the inputs": (lambda: Net(homogeneous), "constant", 6, ""),
    "chosen columns": (
        lambda: Net(lambda n, x: n.b(torch.relu(n.a(x[:, [2, 0, 0]]))) + x[:, 1:2]),
        "skip",
        6,
        "",
    ),
    "mean of hidden units": (
        lambda: Net(lambda n, x: torch.relu(n.a(x)).mean(-1, keepdim=True)),
        "none",
        6,
        "",
    ),
    "LeakyReLU": (lambda: chain(nn.LeakyReLU(0.2)), "skip", 6, "LeakyReLU"),
    "PReLU": (lambda: chain(nn.PReLU(6)), "skip", 6, "PReLU"),
    "RReLU": (lambda: chain(nn.RReLU()), "skip", 6, "RReLU"),
    "ReLU6": (lambda: chain(nn.ReLU6()), "constant", 12, "clamp"),
    "Hardtanh": (lambda: chain(nn.Hardtanh()), "constant", 12, "clamp"),
    "Hardsigmoid": (lambda: chain(nn.Hardsigmoid()), "constant", 12, "Hardsigmoid"),
    "Threshold": (lambda: chain(nn.Threshold(0.5, 0.5)), "constant", 6, "Threshold"),
    "in place": (lambda: chain(nn.ReLU(inplace=True)), "constant", 6, ""),
    "ReLU, then at most a half": (
        lambda: Net(lambda n, x: n.b(torch.relu(n.a(x)).clamp(max=0.5))),
        "constant",
        12,
        "clamp",
    ),
    "ReLU of a ReLU from which is taken": (
        lambda: Net(lambda n, x: n.b(torch.relu(torch.relu(n.a(x)) - n.slopes))),
        "constant",
        12,
        "",
    ),
    "ReLU of a falling ReLU": (
        lambda: Net(lambda n, x: n.b(torch.relu(n.slopes - 2 * torch.relu(n.a(x))))),
        "constant",
        12,
        "scaling",
    ),
    "ReLU that is never active": (
        lambda: Net(lambda n, x: n.b(torch.relu(-torch.relu(n.a(x)) - 1))),
        "constant",
        6,
        "",
    ),
    "one neuron and a ReLU of its output": (
        lambda: nn.Sequential(*chain(width=1, first=nn.Linear(3, 1)), nn.ReLU(), nn.Linear(1, 1)),
        "constant",
        2,
        "",
    ),
    "ReLU twice": (lambda: chain(nn.ReLU(), nn.ReLU()), "constant", 6, ""),
    "absolute values": (lambda: Net(lambda n, x: n.b(n.a(x).abs())), "skip", 6, "abs"),
    "maximum": (lambda: Net(lambda n, x: n.b(torch.maximum(n.a(x), 2 * n.a(x) - 1))), "skip", 6, "maximum"),
    "minimum with zero": (lambda: Net(lambda n, x: n.b(n.a(x).clamp(max=0))), "constant", 6, "clamp"),
    "where": (
        lambda: Net(lambda n, x: n.b(torch.where(n.a(x) > 0, n.a(x), 0.1 * n.a(x)))),
        "skip",
        6,
        "where",
    ),
    "times a condition": (
        lambda: Net(lambda n, x: (lambda z: n.b(z * (z > 0)))(n.a(x))),
        "constant",
        6,
        "",
    ),
    "masked": (
        lambda: Net(lambda n, x: (lambda z: n.b(z.masked_fill(z < 0, 0)))(n.a(x))),
        "constant",
        6,
        "where",
    ),
    "scripted": (scripted, "constant", 6, ""),
    "compiled": (lambda: torch.compile(chain()), "constant", 6, ""),
    "compiled part": (lambda: nn.Sequential(torch.compile(chain())), "constant", 6, ""),
    "deep but linear": (
        lambda: nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 4), nn.Linear(4, 1)),
        "constant",
        6,
        "",
    ),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name.startswith("compiled") else name for name in KINDS],
)
@pytest.mark.filterwarnings(
    "ignore::UserWarning:torch", "ignore::DeprecationWarning", "ignore::FutureWarning"
)
def test_what_was_read_is_what_the_module_computes(name: str, dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    make, kind, width, word = KINDS[name]
    if name == "scripted" and dtype is torch.float64:
        make = lambda: scripted().double()  # noqa: E731
    module = make().to(dtype)
    module.train()
    before = copy.deepcopy(module.state_dict())
    read = read_model(module)
    assert (read.affine, read.network.width, read.source) == (kind, width, "torch module")
    assert word in " ".join(read.folded)
    assert (
        bool(word) == bool(read.folded) or "scaling" in " ".join(read.folded) or name.startswith("spectral")
    )
    assert module.training
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    module.eval()
    eager = torch.compiler.set_stance("force_eager") if name.startswith("compiled") else nullcontext()
    with torch.no_grad(), eager:
        own = module(torch.tensor(X).to(dtype)).double().numpy().reshape(-1)
    assert np.array_equal(read.predict(X), own)
    relative = 1e-6 if dtype is torch.float32 else 1e-12
    inputs = X.astype(np.float32).astype(np.float64) if dtype is torch.float32 else X
    assert np.abs(read.network(inputs) - own).max() <= relative * size_of(read.network, inputs)


def size_of(network: Network, inputs: np.ndarray[Any, Any]) -> float:
    """Size of the terms whose sum a network computes, which rounding is relative to."""
    folded = np.abs(network.folded)
    terms = np.abs(inputs) @ folded[:, :-1].T + folded[:, -1]
    affine = (
        0.0
        if network.affine is None
        else np.abs(np.c_[inputs, np.ones(len(inputs))]) @ np.abs(network.affine)
    )
    return float(np.max(terms.sum(axis=1) + affine))


# Softmax of two logits is a Sigmoid of their difference.
CLASSIFIERS: dict[str, tuple[Callable[[], nn.Module], Callable[[torch.Tensor], torch.Tensor]]] = {
    "Sigmoid": (lambda: nn.Sequential(*chain(), nn.Sigmoid()), lambda p: p.reshape(-1)),
    "Sigmoid, flattened": (lambda: nn.Sequential(*chain(), nn.Sigmoid(), nn.Flatten(0)), lambda p: p),
    "LogSigmoid": (lambda: nn.Sequential(*chain(), nn.LogSigmoid()), lambda p: p.exp().reshape(-1)),
    "Softmax": (lambda: nn.Sequential(*chain(out=2), nn.Softmax(1)), lambda p: p[:, 1]),
    "LogSoftmax": (lambda: nn.Sequential(*chain(out=2), nn.LogSoftmax(-1)), lambda p: p[:, 1].exp()),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_logit_of_a_classifier(name: str) -> None:
    torch.manual_seed(2)
    make, probability = CLASSIFIERS[name]
    module = make().double()
    read = read_model(module)
    assert read.is_classifier
    assert "left aside" in read.folded[-1]
    with torch.no_grad():
        expected = probability(module(torch.tensor(X))).numpy()
    for logit in (read.network(X), read.predict(X)):
        np.testing.assert_allclose(1 / (1 + np.exp(-logit)), expected, rtol=1e-12)


class Stateful(nn.Module):
    """Another function every time."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.calls = chain(), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.inner(x) * self.calls


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "GELU": (lambda: chain(nn.GELU()), r"layer 1 \(GELU\): operator gelu"),
    "LayerNorm": (
        lambda: chain(nn.LayerNorm(6), nn.ReLU()),
        r"layer 1 \(LayerNorm\): operator native_layer_norm",
    ),
    "two hidden layers": (lambda: chain(nn.ReLU(), nn.Linear(6, 6), nn.ReLU()), "second hidden layer"),
    "ReLU of the output": (lambda: nn.Sequential(*chain(), nn.ReLU()), r"layer 3 \(ReLU\).*second hidden"),
    "three labels": (
        lambda: nn.Sequential(*chain(out=3), nn.Sigmoid()),
        "3 values, each a class of its own",
    ),
    "Softmax of groups": (
        lambda: nn.Sequential(*chain(out=4), nn.Unflatten(1, (2, 2)), nn.Softmax(1)),
        "4 values, not along all of them",
    ),
    "Sigmoid inside": (
        lambda: nn.Sequential(*chain(), nn.Sigmoid(), nn.Linear(1, 1)),
        "computes with what a Sigmoid",
    ),
    "BatchNorm without statistics": (
        lambda: chain(nn.BatchNorm1d(6, track_running_stats=False), nn.ReLU()),
        "by the samples at hand",
    ),
    "product of inputs": (
        lambda: Net(lambda n, x: n.b(torch.relu(n.a(x * x)))),
        "operator mul: it multiplies",
    ),
    "samples mixed": (lambda: Net(lambda n, x: n.b(torch.relu(n.a(x - x.mean(0))))), "adds samples up"),
    "samples turned": (lambda: Net(lambda n, x: n.b(torch.relu(n.a(x.flip(0))))), "mixes samples"),
    "N x N": (lambda: Net(lambda n, x: n.b(torch.relu(n.a(x)))[:, 0] - n.skip(x)), "mixes samples"),
    "a value decides": (
        lambda: Net(lambda n, x: n.b(torch.relu(n.a(x))) if x.sum() > 0 else n.skip(x)),
        "adds samples up",
    ),
    "a jump": (lambda: Net(lambda n, x: n.b(torch.where(n.a(x) > 0, n.a(x), n.a(x) - 1))), "makes a jump"),
    "Threshold with a jump": (lambda: chain(nn.Threshold(0.5, 0.0)), "makes a jump"),
    "constant": (
        lambda: Net(lambda n, x: n.b(torch.relu(n.a(torch.zeros_like(x))))),
        "not depend on its input",
    ),
    "through NumPy": (
        lambda: Net(lambda n, x: n.b(torch.relu(n.a(torch.tensor(x.numpy()))))),
        "not depend on its input",
    ),
    "another function every time": (Stateful, "does something that was not seen"),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.Linear(4, 1)), "lazy layers"),
    "not finite": (lambda: Net(lambda n, x: n.b(torch.relu(n.a(x))) / torch.zeros(1)), "divides by zero"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::UserWarning:torch")
def test_what_stays_refused_says_why(name: str) -> None:
    make, words = REFUSED[name]
    with pytest.raises(InputError, match=words) as caught:
        read_model(make())
    assert "\n" not in str(caught.value)


def test_names_are_kept_where_the_parameters_are_the_networks() -> None:
    module = chain()
    assert read_model(module).names == {
        "hidden.weight": "0.weight",
        "hidden.bias": "0.bias",
        "output.weight": "2.weight",
        "output.bias": "2.bias",
    }
    assert read_model(nn.Sequential(used(nn.BatchNorm1d(3)), *chain())).names == {}
    assert read_model(chain(nn.LeakyReLU())).names == {}
    assert read_model(chain(nn.ReLU(), width=3)).affine is Affine.CONSTANT
