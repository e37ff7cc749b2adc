"""Fewest neurons where rows may be missed: against every choice of rows by brute force, and by hand."""

import itertools

import numpy as np
import pytest
from helpers import in_turn
from oracles import brute_force

from sparsest import InputError, Network, Problem, Proof, Status
from sparsest.exact import solve, solve_with_outliers


def fewest_by_brute_force(problem, outliers, most):
    """Leave out every choice of rows in turn."""
    rows = range(problem.n_samples)
    return min(
        brute_force.minimum_neurons(problem.subset(np.setdiff1d(rows, left_out)), most)
        for left_out in itertools.combinations(rows, outliers)
    )


@pytest.mark.parametrize(("seed", "affine"), in_turn(range(6), ["none", "constant", "skip"]))
def test_bounds_are_those_of_every_choice_of_rows(seed, affine):
    rng = np.random.default_rng(seed)
    outliers = 1 + seed % 2
    inputs = np.arange(5.0)[:, None]
    problem = Problem(inputs, rng.integers(-2, 3, 5), affine=affine, tolerance=0.25 * (seed % 3))
    found = solve_with_outliers(problem, outliers)
    assert (found.status, found.proof) == (Status.OPTIMAL, Proof.EXACT)
    assert found.lower_bound == found.upper_bound == found.network.count()
    assert found.upper_bound == fewest_by_brute_force(problem, outliers, 3)
    kept = np.setdiff1d(np.arange(5), found.missed)
    assert len(kept) >= 5 - outliers
    assert found.network.solves(problem.subset(kept))


@pytest.mark.parametrize("seed", range(3))
def test_two_features(seed):
    rng = np.random.default_rng(10 + seed)
    inputs = np.unique(rng.integers(-1, 2, (7, 2)).astype(float), axis=0)
    problem = Problem(inputs, rng.integers(-1, 2, len(inputs)), affine="skip")
    found = solve_with_outliers(problem, 1)
    assert found.lower_bound == found.upper_bound == fewest_by_brute_force(problem, 1, 3)


def test_no_outliers_are_the_plain_question():
    problem = Problem([0, 1, 2, 3, 4], [0, 1, 0, 1, 0], affine="skip")
    found, plain = solve_with_outliers(problem, 0), solve(problem)
    assert (found.lower_bound, found.upper_bound, found.missed) == (plain.lower_bound, plain.upper_bound, ())


def test_bumps_far_apart_each_need_their_own_row():
    # three bumps on a line, each of three neurons beside a skip and gone with the row of its top: with m rows
    # left out 3 (3 - m) are needed, because no row belongs to two bumps
    x = np.arange(15.0)
    problem = Problem(x[:, None], np.where(x % 5 == 2, 1.0, 0.0), affine="skip")
    assert [solve_with_outliers(problem, m).lower_bound for m in (0, 1, 3)] == [9, 6, 0]
    assert solve_with_outliers(problem, 3).missed == (2, 7, 12)


def test_a_planted_network_is_found_beneath_wrong_labels():
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(-1, 1, 60))[:, None]
    clean = 2 * np.abs(x[:, 0])
    y = clean.copy()
    wrong = [7, 30, 51]
    y[wrong] += [3.0, -2.0, 5.0]
    problem = Problem(x, y, affine="skip", tolerance=1e-6)
    assert solve(problem).lower_bound > 3
    found = solve_with_outliers(problem, 3, time_limit=30)
    assert (found.lower_bound, found.upper_bound, found.missed) == (1, 1, tuple(wrong))


def test_a_limit_leaves_an_interval():
    rng = np.random.default_rng(0)
    problem = Problem(rng.normal(size=(60, 3)), rng.normal(size=60))
    found = solve_with_outliers(problem, 2, time_limit=1.0)
    assert found.status is Status.TIME_LIMIT
    assert found.seconds < 3
    assert found.upper_bound is None or found.lower_bound < found.upper_bound
    assert "no proof file" in found.remark
    assert "at least" in found.summary()


def test_a_network_that_is_given_bounds_from_above():
    x, y = np.arange(6.0)[:, None], [0, 0, 9, 1, 2, 3]
    ramp = Network([[1.0]], [-2.0], [1.0])  # max(0, x - 2), which misses row 2
    found = solve_with_outliers(Problem(x, y), 1, network=ramp)
    assert (found.lower_bound, found.upper_bound, found.missed) == (1, 1, (2,))
    with pytest.raises(InputError, match="misses more than 0 rows"):
        solve_with_outliers(Problem(x, y), 0, network=ramp)


@pytest.mark.parametrize("outliers", [-1, 6, 1.0, True, "one"])
def test_what_is_no_number_of_rows_is_refused(outliers):
    with pytest.raises(InputError, match=r"outliers = .*: it must be a whole number from 0 to 5"):
        solve_with_outliers(Problem(np.arange(6.0), np.zeros(6)), outliers)
