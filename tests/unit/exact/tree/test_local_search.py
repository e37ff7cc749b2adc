"""Candidates of the local search, checked by the referee's own measure; it proves nothing, so it may miss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import Network, Problem, datasets, exact
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.tree.local_search import LocalSearch
from sparsest.progress import Deadline
from sparsest.refine import refine

MET = 1e-7


def search(problem, signs, starts=256, seed=0, deadline=None):
    runs = LocalSearch(problem, Coordinates(problem), MET, seed)
    return runs.run(signs, starts, deadline or Deadline(None))


@pytest.mark.parametrize("d", [1, 2, 3, 5])
@pytest.mark.parametrize("k", [2, 3])
def test_finds_planted_networks(d, k):
    problem = datasets.load("planted", d=d, n=40, k=k, seed=1).problem()
    found = search(problem, (1,) * ((k + 1) // 2) + (-1,) * (k // 2))
    assert found is not None
    assert found.count() <= k
    assert refine(problem, found).interpolates(problem)


def test_uses_the_affine_term():
    # |x| + x + 1 = 2 max(0, x) + 1: one neuron and the skip, but not one neuron alone
    x = np.linspace(-1, 1, 9)
    problem = Problem(x, np.abs(x) + x + 1, affine="skip")
    found = search(problem, (1,))
    assert found is not None
    assert refine(problem, found).interpolates(problem)
    assert search(problem.replace(affine="none"), (1,)) is None


def test_affine_labels_need_no_neuron():
    problem = Problem([[0.0], [1.0], [2.0]], [1, 3, 5], affine="skip")
    found = search(problem, ())
    assert found is not None
    assert found.count() == 0
    assert search(problem.replace(affine="none"), ()) is None


def test_open_intervals_are_met_not_hit():
    problem = Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], margin=2.0)
    found = search(problem, (1, -1, -1))
    assert found is not None
    assert np.all(problem.violation(found(problem.X)) <= MET * 2)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 9), d=st.integers(1, 3), skip=st.booleans())
def test_never_hands_out_a_miss(seed, n, d, skip):
    """Ties on purpose: inputs and labels on a coarse grid, repeated inputs merged."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, (n, d)).astype(float)
    labels = {tuple(x): float(rng.integers(-2, 3)) for x in X}
    problem = Problem(X, [labels[tuple(x)] for x in X], affine="skip" if skip else "none").distinct()
    found = search(problem, (1, 1, -1), starts=32, seed=seed)
    if found is not None:
        assert isinstance(found, Network)
        # labels that are all zero have no size: their unit is one
        assert found.violation(problem).max() <= 2 * MET * (problem.label_scale or 1.0) + 1e-12


def test_equal_seeds_give_equal_networks():
    problem = datasets.load("planted", d=2, n=20, k=2, seed=0).problem()
    first, second = (search(problem, (1, -1), seed=5) for _ in range(2))
    assert np.array_equal(first.folded, second.folded)


def test_stops_at_the_deadline():
    problem = datasets.load("uniform", d=5, n=60, seed=0).problem()
    deadline = Deadline(0.2)
    assert search(problem, (1, -1), starts=10**6, deadline=deadline) is None
    assert deadline.seconds < 5


@pytest.mark.slow
@pytest.mark.parametrize("skip", [False, True])
def test_inputs_a_rounding_apart_are_no_obstacle(skip):
    """Slopes of 1e9 and more: found by the suite `degenerate`, where solve ended with an error."""
    x = [0.0, 1.0, 1.0000000000000002, 1.000000001, 2.0]
    problem = Problem(x, [0, 1, 1, 2, 0], affine="skip" if skip else "none")
    result = exact.solve(problem, method="tree", time_limit=20)
    assert result.lower_bound <= 3 + (not skip)
    assert result.upper_bound is not None


def test_neurons_that_no_float_holds_are_dropped():
    problem = Problem([[0.0], [1.0]], [0, 1])
    coordinates = Coordinates(problem)
    assert coordinates.network(np.full((1, coordinates.rows.shape[1]), np.inf), (1,)) is None
