"""What several test files need: problems by seed, proofs, model files, and waiting for other processes."""

import functools
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsest import Problem, datasets, exact

ROOT = Path(__file__).parents[1]


def slow_after(fast, values):
    """Parameters, single ones or tuples, of which all after the first few are slow."""
    values = list(values)
    rest = (value if isinstance(value, tuple) else (value,) for value in values[fast:])
    return [*values[:fast], *(pytest.param(*value, marks=pytest.mark.slow) for value in rest)]


def in_turn(*lists):
    """One tuple for each value of the longest list, with the values of the others in turn.

    Every value occurs, and not every combination: for lists that act independently of each other.
    """
    lists = [list(values) for values in lists]
    longest = max(len(values) for values in lists)
    return [
        tuple(part for values in lists for part in _as_tuple(values[i % len(values)])) for i in range(longest)
    ]


def _as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


def benchmark_record(data="xor", method="tree", count=3, lower=None, seconds=1.0, **changes):
    """A run on a dataset that fits with `count` neurons; exact when there is a lower bound."""
    from sparsest.benchmarks.run.record import Record

    status = "finished" if lower is None else "optimal" if lower == count else "time_limit"
    fields = {
        "key": "", "suite": "small", "data": data, "digest": data, "n_samples": 4, "n_features": 2,
        "planted": None, "affine": "none", "tolerance": 0.0, "weight_bound": None, "objective": "neurons",
        "method": method, "seed": 0, "time_limit": 60.0, "repeat": 0, "status": status, "error": "",
        "fits": True, "exactly": True, "residual": 0.0, "count": count, "neurons": count, "weights": count,
        "parameters": count, "lower_bound": lower, "proof": "" if lower is None else "exact", "box": None,
        "seconds": seconds, "work": 1, "trace": (), "solver": "", "options": {}, "network": None,
        "session": 0,
    }  # fmt: skip
    return Record(**(fields | changes))


def wait_for(condition, seconds=60):
    """Wait until something becomes true."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.05)


def call(*arguments):
    """Run a command of the terminal in this process."""
    from typer.testing import CliRunner

    from sparsest.cli.main import app

    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="sparsest")


def uniform(seed, n, d, **options):
    """A problem of samples and labels in general position."""
    rng = np.random.default_rng(seed)
    return Problem(rng.uniform(-1, 1, (n, d)), rng.uniform(-1, 1, n), **options)


def lattice(seed, n, d, **options):
    """A problem of at most n distinct points and labels among -2, ..., 2: ties and degenerate cells."""
    rng = np.random.default_rng(seed)
    X = np.unique(rng.integers(-2, 3, (n, d)), axis=0).astype(float)
    return Problem(X, rng.integers(-2, 3, len(X)), **options)


def random_line(seed, most=9):
    """Samples on a line, in order: with real, few integer (ties, collinear) or convex labels."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, most + 1))
    if seed % 4 == 0:
        return np.sort(rng.normal(size=n)), rng.normal(size=n)
    x = np.sort(rng.choice(20, n, replace=False)).astype(float)
    if seed % 4 == 1:
        return x, rng.integers(-2, 3, n).astype(float)
    if seed % 4 == 2:
        return x / 8, rng.integers(0, 2, n) / 4
    slopes = np.cumsum(rng.integers(0, 5, n - 1))  # of one curvature, some samples collinear
    return x, np.r_[0.0, np.cumsum(slopes * np.diff(x))]


def with_changes(*changes):
    """Samples at 0, 1, 2, ... whose chords change their slope by these numbers."""
    slopes = np.r_[0.0, np.cumsum(changes)]
    y = np.r_[0.0, np.cumsum(slopes)]
    return np.arange(float(len(y))), y


def convex(*changes, spacing=1.0):
    """The problem of these changes of slope, with a skip; samples at equal distances."""
    x, y = with_changes(*changes)
    return Problem(spacing * x, spacing * y, affine="skip")


def random_runs(seed):
    """Up to 9 samples on a line, half of them of one curvature and with small changes of slope outside."""
    if seed % 4 == 0:
        return random_line(seed)
    rng = np.random.default_rng(seed)
    changes = np.ceil(np.exp(rng.normal(2, 2.5, rng.integers(4, 8))))
    if seed % 2:
        changes[1:-1] += 3 * (changes[0] + changes[-1])
    problem = convex(*changes * rng.choice([1.0, -1]))
    return problem.X[:, 0], problem.low


def random_intervals(seed):
    """Small integer data: repeated and collinear inputs, intervals, one-sided ones, skips, weight bounds."""
    rng = np.random.default_rng(seed)
    d, n = int(rng.integers(1, 4)), int(rng.integers(1, 7))
    X = rng.integers(0, 3, (n, d)) / rng.choice([1.0, 3.0])
    _, first = np.unique(X, axis=0, return_inverse=True)
    y = rng.integers(-2, 3, n).astype(float)[first]
    low = np.where(rng.random(n) < 0.2, -np.inf, y - rng.choice([0.0, 0.0, 0.5]))
    high = np.where(rng.random(n) < 0.2, np.inf, y + rng.choice([0.0, 0.0, 0.5]))
    bound = float(rng.choice([2.0, 5.0])) if rng.random() < 0.25 else None
    return Problem.from_intervals(X, low, high, affine=("none", "skip")[rng.integers(2)], weight_bound=bound)


def prove(problem, path, **options):
    """The result of the search and its proof as a document."""
    result = exact.solve(problem, proof_file=path, **options)
    return result, json.loads(path.read_text())


@functools.cache
def proof_of(name, affine="none"):
    """Problem and proof document of a dataset; copy before changing it."""
    problem = datasets.parse(name).problem(affine=affine)
    with tempfile.TemporaryDirectory() as folder:
        method = "auto" if affine == "skip" else "tree"  # one feature: gaps have tests of their own
        return problem, prove(problem, Path(folder) / "proof.json", method=method)[1]


# A tent's top: f(0) = f(2) = 0, f(1) = 1 with a skip needs one concave knot.
# 2 (f(1) - f(0)/2 - f(2)/2) = 2 > 0 for an affine f: multipliers 2, -1, -1 on values.
TENT = {
    "format": "sparsest/proof",
    "version": 1,
    "objective": "neurons",
    "problem": {
        "X": [[0], [1], [2]],
        "low": [0, 1, 0],
        "high": [0, 1, 0],
        "skip": True,
        "weight_bound": None,
    },
    "lower_bound": 1,
    "upper_bound": 1,
    "witness": {"kind": "polyline", "points": [[0, 0], [1, 1], ["4/2", "0x0.0p+0"]]},
    "circuits": [],
    "parts": [
        {
            "kind": "tree",
            "neurons": 0,
            "positive": 0,
            "skip": True,
            "nodes": [
                [0, "", 0],
                [1, "", 1],
                [2, "", 2],
                [3, "", {"value": [[0, -1], [1, 2], [2, -1]]}],
            ],
        }
    ],
}


def onnx_graph(nodes: list[Any], tensors: dict[str, Any], outputs: tuple[str, ...] = ("y",)) -> Any:
    """An ONNX model of two features in double precision."""
    from onnx import TensorProto, helper, numpy_helper

    def value(name: str, size: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["N", size])

    initializers = [numpy_helper.from_array(np.asarray(v, dtype=np.float64), k) for k, v in tensors.items()]
    return helper.make_model(
        helper.make_graph(nodes, "g", [value("x", 2)], [value(y, 1) for y in outputs], initializers),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
    )  # fmt: skip
