"""Tree, mixed-integer program and recursion are independent; wherever two apply they must say the same."""

import numpy as np
import pytest
from helpers import slow_after

from sparsest import Objective, Problem, Status, exact
from sparsest.exact.line.fewest_knots import applies_to


def random_problem(seed):
    """Small data: a third generic, a third on a grid (ties, collinear), a third with repeated inputs."""
    rng = np.random.default_rng(seed)
    d, n = 1 + seed % 3, int(rng.integers(2, 8))
    kind = (seed // 3) % 3
    X = rng.uniform(-1, 1, (n, d)) if kind == 0 else rng.integers(-2, 3, (n, d)).astype(float)
    y = rng.uniform(-1, 1, n) if kind == 0 else rng.integers(-2, 3, n).astype(float)
    if kind == 2:
        X = X[rng.integers(0, n, n)]
    _, group = np.unique(X, axis=0, return_inverse=True)
    return Problem(X, y[group], affine=("none", "skip")[(seed // 9) % 2])


@pytest.mark.parametrize("seed", slow_after(18, range(54)))
def test_same_minimum(seed):
    problem = random_problem(seed)
    methods = ["tree", "mip"] + ["univariate"] * applies_to(problem, Objective.NEURONS)
    results = {method: exact.solve(problem, method=method) for method in methods}
    assert {result.status for result in results.values()} == {Status.OPTIMAL}
    assert len({result.upper_bound for result in results.values()}) == 1, results


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_same_minimum_with_a_weight_bound(seed):
    problem = random_problem(seed)
    if problem.n_samples > 5:
        problem = problem.subset(range(5))
    problem = problem.replace(weight_bound=float(np.random.default_rng(seed).choice([0.5, 1.0, 2.0, 4.0])))
    program, tree = exact.solve(problem, method="mip"), exact.solve(problem, method="tree", node_limit=1000)
    assert program.status is Status.OPTIMAL
    assert tree.lower_bound <= program.upper_bound <= tree.upper_bound
    assert tree.status is not Status.OPTIMAL or tree.upper_bound == program.upper_bound
