"""A free constant (an output bias): every method says the same, and keeps its slopes at zero."""

import numpy as np
import pytest
from helpers import in_turn, slow_after

from sparsest import Affine, Problem, Status, continuous, exact

SEEDS = slow_after(6, range(12))


def random_problem(seed, affine="constant"):
    """Few samples, half of them on a grid (ties, collinear), some with labels far from zero."""
    rng = np.random.default_rng(seed)
    d, n = 1 + seed % 3, int(rng.integers(3, 7))
    if seed % 2:
        X, y = rng.uniform(-1, 1, (n, d)), rng.uniform(-1, 1, n)
    else:
        X = np.unique(rng.integers(-2, 3, (n, d)).astype(float), axis=0)
        y = rng.integers(-2, 3, len(X)).astype(float)
    return Problem(X, y + 5 * (seed % 3), affine=affine)


def keeps_its_kind(problem, network):
    return network.solves(problem) and (network.affine is None or not network.affine[:-1].any())


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_tree_and_program_count_the_same_neurons(seed):
    problem = random_problem(seed)
    found = [exact.solve(problem, method=method) for method in ("tree", "mip")]
    assert {result.status for result in found} == {Status.OPTIMAL}
    assert found[0].upper_bound == found[1].upper_bound
    assert all(keeps_its_kind(problem, result.network) for result in found)


@pytest.mark.parametrize(
    "seed", slow_after(2, range(0, 24, 3))
)  # one feature: the program is slow on parameters beyond
def test_a_constant_costs_no_weight_anyway_and_at_most_one_parameter(seed):
    # weights leave biases free, so a neuron without weights is a constant; as parameters it has its bias
    problem, plain = random_problem(seed), random_problem(seed, "none")
    weights = [exact.solve(each, "weights").upper_bound for each in (problem, plain)]
    assert weights[0] == weights[1]
    found, other = exact.solve(problem, "parameters"), exact.solve(plain, "parameters")
    assert {found.status, other.status} == {Status.OPTIMAL}
    assert found.upper_bound in (other.upper_bound, other.upper_bound - 1)
    assert keeps_its_kind(problem, found.network)


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "seed"), in_turn(["neurons", "weights", "parameters"], [0, 3, 1]))
def test_least_path_norm_lies_between_those_with_a_skip_and_without_a_term(seed, objective):
    problem = random_problem(seed)
    found = [
        exact.minimize_path_norm(problem.replace(affine=affine), 0.5, objective, time_limit=60)
        for affine in Affine
    ]
    none, constant, skip = found  # in the order of the enum
    assert {result.status for result in found} == {Status.OPTIMAL}
    assert skip.lower_bound <= constant.upper_bound * (1 + 1e-6) + 1e-12
    assert constant.lower_bound <= none.upper_bound * (1 + 1e-6) + 1e-12
    assert keeps_its_kind(problem, constant.network)


def test_constant_by_hand():
    # 3, 3, 3, 4, 5 at -2..2 is 3 + max(0, x): one neuron of size 1, p* = 1 as nothing else is as small
    problem = Problem([-2, -1, 0, 1, 2], [3, 3, 3, 4, 5], affine="constant")
    for objective in ("neurons", "weights", "parameters"):
        least = exact.minimize_path_norm(problem, 0.5, objective)
        assert least.upper_bound == pytest.approx(1.0, abs=1e-9)
        assert least.network.affine.tolist() == pytest.approx([0.0, 3.0])
        assert exact.solve(problem, objective).upper_bound == 1
    assert exact.threshold(problem, "weights").upper_bound == 1


@pytest.mark.parametrize(("algorithm", "seed"), slow_after(1, in_turn(["auto", "adam-reweighted"], range(6))))
def test_training_reaches_the_minimum(seed, algorithm):
    problem = random_problem(seed).replace()
    fit = continuous.minimize(problem, algorithm=algorithm, restarts=8, steps=600)
    assert fit.fits
    assert keeps_its_kind(problem, fit.network)
    minimum = exact.solve(problem).upper_bound
    assert fit.count >= minimum
    if algorithm == "auto":
        assert fit.count == minimum


def test_gradient_descent_leaves_the_slopes_of_a_constant_at_zero():
    problem = Problem([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 5.0]], [7, 8, 7, 9], affine="constant")
    fit = continuous.minimize(problem, algorithm="adam-reweighted", restarts=3, steps=50)
    assert fit.raw.affine[:-1].tolist() == [0.0, 0.0]
    assert fit.raw.affine[-1] != 0
