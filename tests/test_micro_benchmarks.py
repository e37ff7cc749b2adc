"""Hot paths, one at a time. Untimed in the test run; timed by

pytest tests/test_micro_benchmarks.py --benchmark-enable --benchmark-columns=min,median,rounds
"""

import numpy as np
import pytest
import torch

from sparsest import Objective, datasets
from sparsest.continuous import minimize
from sparsest.continuous.proximal import rebalance_, shrink_
from sparsest.exact.cells import count_in_general_position, enumerate_cells
from sparsest.exact.tree import solve_tree
from sparsest.exact.univariate import interpolate

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


@pytest.mark.parametrize("steps", [100])
def test_training_steps(benchmark, steps):
    problem = datasets.load("peak-plateau").problem()
    fit = benchmark(minimize, problem, restarts=32, steps=steps, time_limit=60)
    assert fit.steps == steps
