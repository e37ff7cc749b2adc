"""Hot paths, one at a time. Untimed in the test run; timed by

pytest tests/test_micro_benchmarks.py --benchmark-enable --benchmark-columns=min,median,rounds
"""

import numpy as np
import pytest
import torch

from sparsest import Objective, Problem, datasets
from sparsest.continuous import minimize
from sparsest.continuous.penalty.proximal_l1 import rebalance_, shrink_
from sparsest.exact.cells.enumerate import count_in_general_position, enumerate_cells, iterate_cells
from sparsest.exact.line.fewest_knots import interpolate, solve_univariate
from sparsest.exact.tree.search import solve_tree

pytest.importorskip("pytest_benchmark")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("n", "d"), [(60, 2), (20, 3)])
def test_cells(benchmark, n, d):
    X = np.random.default_rng(0).uniform(-1, 1, (n, d))
    cells = benchmark(enumerate_cells, X)
    assert len(cells.patterns) == count_in_general_position(n, d + 1)
    benchmark.extra_info["cells"] = len(cells.patterns)


@pytest.mark.parametrize("way", ["enumerate", "iterate", "save", "save packed"])
@pytest.mark.parametrize(("n", "d"), [(200, 2), (40, 3)])
def test_cells_against_writing_them(benchmark, tmp_path, n, d, way):
    """All cells as booleans, in order or as a stream, next to np.save of the same bits."""
    X = np.random.default_rng(0).uniform(-1, 1, (n, d))
    patterns = enumerate_cells(X).patterns
    packed = np.packbits(patterns, axis=1)
    count = {
        "enumerate": lambda: len(enumerate_cells(X).patterns),
        "iterate": lambda: sum(len(block.patterns) for block in iterate_cells(X)),
        "save": lambda: np.save(tmp_path / "cells.npy", patterns) or len(patterns),
        "save packed": lambda: np.save(tmp_path / "cells.npy", packed) or len(packed),
    }[way]
    benchmark.group = f"cells of N = {n}, d = {d}"
    assert benchmark(count) == count_in_general_position(n, d + 1)
    benchmark.extra_info["cells"] = len(patterns)


def test_recursion(benchmark):
    x = np.arange(10_000.0)
    y = np.random.default_rng(0).uniform(-1, 1, len(x))
    curve = benchmark(interpolate, x, y, 0.0)
    assert len(curve.knots) < len(x)


def test_tree_nodes(benchmark):
    """Divide the nodes by the time for nodes per second."""
    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem()
    found = benchmark(solve_tree, problem)
    assert found.lower_bound == 3
    benchmark.extra_info["nodes"] = found.nodes


def test_proximal_step(benchmark):
    """32 restarts of 80 neurons, one feature: what a training step on peak-plateau does."""
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(32, 80, generator=generator, dtype=torch.float64)
    hidden = torch.randn(32, 80, 2, generator=generator, dtype=torch.float64)
    thresholds = torch.full((32, 80, 1), 1e-9, dtype=torch.float64)

    def step():
        shrink_(outputs, hidden, thresholds, Objective.WEIGHTS)
        rebalance_(outputs, hidden, Objective.WEIGHTS)

    benchmark(step)
    # balanced: |v_k| is the size of the counted weights
    assert torch.allclose(outputs.abs(), hidden[..., 0].abs())


@pytest.mark.slow
@pytest.mark.parametrize("steps", [100])
def test_training_steps(benchmark, steps):
    problem = datasets.load("peak-plateau").problem()
    fit = benchmark(minimize, problem, algorithm="adam-reweighted", restarts=32, steps=steps, time_limit=60)
    assert fit.steps == steps


class TestStabbing:
    """A million samples in random order; compare the times with that of `test_argsort`."""

    x = np.random.default_rng(0).uniform(size=1_000_000)
    y = {"sine": np.sin(20 * x), "noise": np.random.default_rng(1).normal(size=len(x))}  # noqa: RUF012

    @pytest.mark.benchmark(group="stabbing", warmup=True, warmup_iterations=1)
    def test_argsort(self, benchmark):
        assert len(benchmark(np.argsort, self.x)) == len(self.x)

    @pytest.mark.benchmark(group="stabbing", warmup=True, warmup_iterations=1)
    @pytest.mark.parametrize("curve", ["sine", "noise"])
    @pytest.mark.parametrize("tolerance", [0.0, 1e-6, 0.01, 1.0])
    @pytest.mark.slow
    def test_fewest_knots(self, benchmark, curve, tolerance):
        problem = Problem(self.x, self.y[curve], affine="skip", tolerance=tolerance)
        found = benchmark(solve_univariate, problem)
        assert found.network.width == found.lower_bound
        benchmark.extra_info["knots"] = found.lower_bound
