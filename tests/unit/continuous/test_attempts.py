"""What strategies of the searches tell of their networks while they run."""

import itertools

import numpy as np
import pytest

from sparsest import Network, Objective, Problem, datasets
from sparsest.continuous import find_sparse, minimize
from sparsest.continuous.attempts import attempt
from sparsest.continuous.call import Reporter
from sparsest.progress import Deadline

PEAK = datasets.load("peak-plateau").problem()


def told(search, problem, *arguments, **options):
    """The attempts that a search tells, and its result."""
    states = []
    result = search(problem, *arguments, progress=states.append, **options)
    assert all(a.seconds <= b.seconds for a, b in itertools.pairwise(states))
    return [state.attempt for state in states if state.attempt is not None], result


def test_figures_of_a_network():
    # |x| - 1/2 on -1, 0, 1 within 1/4 of (1, 0, 1): misses by 1/4 at every sample
    problem = Problem([-1.0, 0.0, 1.0], [1.0, 0.0, 1.0], tolerance=0.25)
    network = Network([[1.0], [-1.0], [0.0]], [0.0, 0.0, 1.0], [1.0, 1.0, -0.5])
    found = attempt("mine", network, problem, Objective.WEIGHTS, 0.5)
    # two products of size 1; the constant neuron has no weight
    assert (found.strategy, found.count, found.path_norm) == ("mine", 2, 2.0)
    assert found.violation == pytest.approx(0.25)
    fits = attempt("mine", Network([[1.0], [-1.0]], [0.0, 0.0], [1.0, 1.0]), problem, Objective.NEURONS, 1.0)
    assert (fits.count, fits.path_norm, fits.violation) == (2, 2.0, 0.0)


def test_the_best_network_is_always_told():
    random = np.random.default_rng(3)
    X = random.uniform(-1, 1, (60, 2))
    y = np.abs(X[:, 0]) + 0.05 * random.uniform(-1, 1, 60)
    attempts, fit = told(find_sparse, Problem(X, y, tolerance=0.06), effort_limit=0.5)
    fitting = [each.count for each in attempts if each.violation == 0]
    assert min(fitting) == fit.count
    assert {each.strategy for each in attempts} >= {"few neurons from random starts"}
    # fewer parts than the best are tried, and told to miss
    assert all(each.violation > 0 for each in attempts if each.count < fit.count)


def test_norms_over_rays_fall_to_the_one_that_is_returned():
    attempts, fit = told(minimize, PEAK, 0.5, objective="weights", norm_bound=3.414213)
    norms = [each.path_norm for each in attempts]
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] == pytest.approx(fit.path_norm)
    assert {(each.strategy, each.violation) for each in attempts} == {("programs over rays", 0.0)}


def test_gradient_descent_tells_raw_and_polished():
    attempts, fit = told(minimize, PEAK, 0.5, algorithm="smoothed", restarts=2, steps=60)
    raw, polished = attempts
    assert (raw.strategy, polished.strategy) == ("smoothed", "smoothed, polished")
    assert raw.count == fit.raw.count()
    assert (polished.count, polished.violation) == (fit.network.count(), 0.0 if fit.fits else fit.residual)


def test_reports_are_rare_but_for_the_best():
    states = []
    report = Reporter(states.append, Deadline(None), interval=1000.0)
    zero = Network(np.zeros((0, 1)), np.zeros(0), np.zeros(0))
    for is_best in (False, False, True, True, False):
        report.attempted("a", 1, lambda: attempt("a", zero, PEAK, Objective.NEURONS, 0.5), is_best=is_best)
    report.attempted("b", 2, lambda: attempt("b", zero, PEAK, Objective.NEURONS, 0.5), is_best=False)
    assert [state.message for state in states] == ["a", "a", "a", "b"]
    # without a callback no figures are asked for
    Reporter(None, Deadline(None)).attempted("a", 1, lambda: pytest.fail("asked"))
