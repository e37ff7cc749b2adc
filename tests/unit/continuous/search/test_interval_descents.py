"""Descents through intervals wider than rounding: noisy labels of a few neurons, real data, checkpoints."""

import numpy as np
import pytest

from sparsest import InputError, Problem, datasets
from sparsest.continuous import find_sparse, minimize
from sparsest.continuous.search.effort import Effort
from sparsest.continuous.search.interval_descents import IntervalSearch, are_wide, round_effort
from sparsest.gauss_newton import Intervals, evaluate
from sparsest.progress import Deadline
from sparsest.whitening import orthonormal


def intervals(name):
    """The intervals of a dataset in orthonormal coordinates, labels scaled to at most one."""
    data = datasets.parse(name)
    scale = np.abs(data.y).max()
    rows, _ = orthonormal(np.c_[data.X, np.ones(len(data.y))])
    return Intervals(rows, (data.y - data.tolerance) / scale, (data.y + data.tolerance) / scale, False)


def test_intervals_are_wide_where_labels_may_be_noisy():
    exact = np.array([0.1, 0.5, -0.3])
    assert not are_wide(exact, exact)
    assert not are_wide(exact - 1e-9, exact + 1e-9)
    assert are_wide(exact - 0.01, exact + 0.01)
    assert are_wide(exact, np.full(3, np.inf))  # margins
    # one exact label among noisy ones does not make the rest exact
    assert are_wide(np.array([0.0, 0.1, 0.2]), np.array([0.0, 0.2, 0.3]))


@pytest.mark.parametrize(
    "name",
    [
        "noisy:d=1,n=300,k=4,noise=20",
        "noisy:d=2,n=300,k=4,noise=5",
        "noisy:d=5,n=1000,k=4,noise=20",
        "noisy:d=10,n=2000,k=3,noise=50",
    ],
)
def test_the_planted_number_is_found_and_every_interval_is_met(name):
    data, width = intervals(name), int(name.split("k=")[1][0])
    search = IntervalSearch(data, width, np.random.default_rng(0))
    found = search.run(20.0, Effort(), Deadline(None))
    assert found is not None
    neurons, signs = found
    values, _ = evaluate(data.rows, neurons[None], signs[None], affine=False)
    assert neurons.shape == (width, data.rows.shape[1])
    assert data.violation(values)[0] <= 0


def test_too_few_neurons_find_nothing_and_the_effort_is_booked():
    data, effort = intervals("noisy:d=2,n=300,k=4,noise=5"), Effort()
    search = IntervalSearch(data, 1, np.random.default_rng(0))
    assert search.run(3 * round_effort(data, 1), effort, Deadline(None)) is None
    assert effort.spent >= 3 * round_effort(data, 1)
    assert search.steps > 0
    assert search.best is not None
    assert search.loss > 0


def test_an_expired_deadline_ends_the_search_at_once():
    search = IntervalSearch(intervals("noisy"), 3, np.random.default_rng(0))
    deadline = Deadline(1e-9)
    assert search.run(100.0, Effort(), deadline) is None
    assert search.steps == 0


def test_a_restored_search_goes_on_bit_for_bit():
    data = intervals("noisy:d=3,n=600,k=3,noise=5")
    first = IntervalSearch(data, 2, np.random.default_rng(1))
    first.run(2 * round_effort(data, 2), Effort(), Deadline(None))
    kept, state = first.arrays(), first._random.bit_generator.state
    second = IntervalSearch(data, 2, np.random.default_rng(7))
    second.restore(kept)
    second._random.bit_generator.state = state
    for search in (first, second):
        search.run(2 * round_effort(data, 2), Effort(), Deadline(None))
    assert all(np.array_equal(second.arrays()[name], array) for name, array in first.arrays().items())
    with pytest.raises((ValueError, KeyError)):
        IntervalSearch(data, 3, np.random.default_rng(7)).restore(kept)


def test_a_constant_term_keeps_its_slopes_at_zero():
    # 2 + max(0, x) with noise: an affine block that may only move in the coordinate of the constant
    x = np.linspace(-1, 1, 60)
    y = 2 + np.maximum(0, x) + np.where(np.arange(60) % 2, 0.05, -0.05)
    fit = find_sparse(Problem(x, y, affine="constant", tolerance=0.06))
    assert fit.count == 1
    assert not fit.network.affine[:-1].any()


# Each with noise of the given thousandths of the range; the planted network fits by construction.
@pytest.mark.slow
@pytest.mark.parametrize(("d", "n", "k", "noise"), [(2, 300, 3, 20), (3, 1000, 5, 20), (10, 500, 4, 50)])
def test_training_finds_no_more_than_the_planted_number(d, n, k, noise):
    problem = datasets.load("noisy", d=d, n=n, k=k, noise=noise, seed=1).problem()
    fit = find_sparse(problem, effort_limit=2.0)
    assert fit.fits
    assert fit.count <= k


@pytest.mark.slow
@pytest.mark.parametrize("affine", ["none", "skip"])
def test_real_data_within_a_tolerance(affine):
    # the first hundred rows of the diabetes data; plain Adam with a hinge loss finds 6 without a skip
    load_diabetes = pytest.importorskip("sklearn.datasets").load_diabetes
    X, y = load_diabetes(return_X_y=True)
    fit = find_sparse(Problem(X[:100], y[:100], tolerance=50.0, affine=affine), effort_limit=3.0)
    assert fit.fits
    assert fit.count <= 6


def test_many_samples_are_no_reason_to_refuse_a_search():
    # 200 neurons times 32 restarts times 50,000 samples would be too large a batch of gradient descent
    x = np.linspace(-1, 1, 50_000)
    problem = Problem(x, np.maximum(0, x), tolerance=0.01)
    fit = find_sparse(problem, effort_limit=0.5)
    assert fit.count == 1  # max(0, x) itself
    with pytest.raises(InputError, match="restarts x width x samples"):
        minimize(problem, algorithm="adam-reweighted")
    assert find_sparse(problem, width=10**8, effort_limit=0.5).count == 1


@pytest.mark.slow
def test_few_rows_of_many_features_take_no_neuron_each():
    # 5 neurons have a number for each row; with descents of up to 6 it was 23 to 100 neurons after 30 s
    problem = datasets.load("noisy", d=20, n=100, k=4, noise=5, seed=1).problem()
    found = find_sparse(problem, objective="neurons", lower_bound=7)
    assert found.network.solves(problem)
    assert found.count <= 9
