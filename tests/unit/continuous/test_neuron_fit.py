"""Networks of at most K neurons with the least largest error, held against the exact side."""

import numpy as np
import pytest

from sparsest import InputError, Network, Problem, Status, datasets, exact
from sparsest.continuous import find_sparse, minimize

PEAK = datasets.load("peak-plateau").problem()


def test_one_feature_with_a_skip_reaches_the_proven_least():
    rng = np.random.default_rng(3)
    x = np.linspace(0, 6, 30)
    problem = Problem(x, np.round(np.sin(2 * x) + rng.uniform(-0.1, 0.1, 30), 2), affine="skip")
    for neurons in (1, 3):
        fit = find_sparse(problem, neurons=neurons, effort_limit=0.4)
        least = exact.least_error(problem, neurons)
        assert fit.largest_error >= least.lower_bound * (1 - 1e-9)
        assert fit.largest_error <= least.upper_bound * 1.05
        assert fit.network.count() <= neurons
        error = np.abs(fit.network(problem.X) - problem.targets).max()
        assert fit.largest_error == pytest.approx(error, rel=1e-9)


def test_labels_of_as_many_neurons_are_met():
    data = datasets.load("planted", d=2, n=60, k=2, seed=0)
    fit = find_sparse(Problem(data.X, data.y), neurons=2, effort_limit=1.0)
    assert fit.largest_error <= 1e-9
    assert fit.fits


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
def test_without_neurons_the_affine_term_is_best(affine):
    # 1, 2, 4 at 0, 1, 2: f = 0 is off by 4, the constant 5/2 by 3/2, and the line through (0, 3/4) and
    # (2, 15/4) by 1/4
    problem = Problem([0, 1, 2], [1, 2, 4], affine=affine)
    fit = find_sparse(problem, neurons=0)
    assert fit.largest_error == pytest.approx({"none": 4, "constant": 1.5, "skip": 0.25}[affine])
    assert fit.network.is_of_kind(problem)
    assert fit.status is Status.FINISHED


def test_errors_in_other_units():
    # relative to labels 1 and 3 the constant c is off by |c - 1| and |c - 3| / 3: 3/2 is off by 1/2
    problem = Problem([0, 0.5], [1.0, 3.0], affine="constant", numbers="binary")
    fit = find_sparse(problem, neurons=0, scale="relative")
    assert fit.network.affine[-1] == pytest.approx(1.5)
    assert fit.largest_error == pytest.approx(0.5)
    # errors above count a third of those below: c - 1 over 3, 3 - c, so 5/2
    fit = find_sparse(problem, neurons=0, scale=[[1, 3], [1, 3]])
    assert fit.network.affine[-1] == pytest.approx(2.5)
    assert "in the units given" in fit.summary()


def test_equal_seeds_give_equal_networks():
    one, other = (find_sparse(PEAK, neurons=2, effort_limit=0.1, seed=4) for _ in range(2))
    assert one.network == other.network
    assert one.steps == other.steps


def test_a_start_is_never_lost():
    start = exact.solve(PEAK).network
    fit = find_sparse(PEAK, neurons=3, start=start, effort_limit=1e-6)
    assert fit.largest_error <= 1e-12


def test_minimize_takes_the_same_search():
    # 0, 0, 1, 1, 0, 0: without an affine term a constant 1/2 takes two neurons
    fit, same = minimize(PEAK, neurons=1), find_sparse(PEAK, neurons=1)
    assert fit.largest_error == same.largest_error
    assert fit.network == same.network


def test_time_limits_are_kept():
    rng = np.random.default_rng(0)
    problem = Problem(rng.normal(size=(2000, 4)), rng.normal(size=2000))
    fit = find_sparse(problem, neurons=6, time_limit=1.0)
    assert fit.status is Status.TIME_LIMIT
    assert fit.largest_error <= np.abs(problem.targets).max() * (1 + 1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"neurons": -1}, "at least 0"),
        ({"neurons": 1.5}, "whole number"),
        ({"neurons": 2, "width": 3}, "width does not go with neurons"),
        ({"neurons": 2, "objective": "weights"}, "objective does not go with neurons"),
        ({"neurons": 2, "p": 0.7}, "p does not go with neurons"),
        ({"neurons": 1, "start": Network([[1.0], [1.0]], [0, 1], [1, 1])}, "at most 1 neurons"),
        ({"scale": "relative"}, "give neurons too"),
        ({"neurons": 1, "scale": "relative"}, "label of row 0 is 0"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        find_sparse(PEAK, **options)


def test_a_weight_bound_is_not_kept():
    with pytest.raises(InputError, match="weight bound"):
        find_sparse(PEAK.replace(weight_bound=1.0), neurons=1)
