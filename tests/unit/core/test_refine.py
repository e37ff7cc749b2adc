"""Refinement brings networks that nearly interpolate to rounding, and never changes what counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sparsest import Network, Problem
from sparsest.refine import refine


def planted(seed, N, d, K, *, affine="none"):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (N, d))
    term = rng.normal(size=d + 1) if affine == "skip" else None
    return X, Network.from_folded(rng.normal(size=(K, d + 1)), (-1.0) ** np.arange(K), term), rng


def shaken(network, size, rng):
    skip = None if network.affine is None else network.affine + rng.uniform(-size, size, network.affine.shape)
    moved = network.folded + rng.uniform(-size, size, network.folded.shape) * (network.folded != 0)
    return Network.from_folded(moved, network.outputs, skip)


def zeros(network):
    """Sorted rows of which entries are zero, and the sign: what no refinement may change."""
    return sorted(map(tuple, np.c_[network.canonical().folded != 0, network.canonical().outputs].tolist()))


@pytest.mark.parametrize("affine", ["none", "skip"])
@pytest.mark.parametrize(("N", "d", "K"), [(12, 1, 2), (20, 2, 3), (60, 3, 4), (200, 2, 2)])
@pytest.mark.parametrize("tolerance", [0, 1e-12, 1e-9, 1e-6])
def test_planted_networks_come_back(N, d, K, tolerance, affine):
    for seed in range(3):
        X, network, rng = planted(seed, N, d, K, affine=affine)
        problem = Problem(X, network(X), affine=affine, tolerance=tolerance)
        start = shaken(network, 1e-7, rng)
        assert not start.interpolates(problem) or tolerance == 1e-6
        end = refine(problem, start)
        assert end.interpolates(problem)
        if tolerance == 0:
            assert end.residual(problem) < 1e-14 * max(1, problem.label_scale) * 10
            assert np.abs(end.canonical().folded - network.canonical().folded).max() < 1e-5


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e6, 1e30])
def test_units_of_the_labels_do_not_matter(scale):
    X, network, rng = planted(0, 20, 2, 3)
    start = shaken(network, 1e-9, rng)
    problem = Problem(X, network(X) * scale)
    end = refine(problem, Network.from_folded(start.folded * scale, start.outputs))
    assert end.interpolates(problem)


@pytest.mark.parametrize(("N", "d", "K"), [(20, 1, 2), (60, 1, 3), (60, 2, 1), (120, 2, 3), (200, 3, 2)])
@pytest.mark.parametrize("tolerance", [1e-10, 1e-9, 3e-9, 1e-8])
def test_vertices_of_a_linear_program_in_narrow_intervals(N, d, K, tolerance):
    """More samples than numbers, labels all over the intervals, values at both ends up to LP accuracy."""
    for seed in range(3):
        X, network, rng = planted(seed, N, d, K)
        y = network(X) + rng.uniform(-0.9, 0.9, N) * tolerance
        problem = Problem(X, y, tolerance=tolerance)
        Xh, folded = problem.homogeneous, network.folded
        active = Xh @ folded.T > 0
        values = np.hstack([s * active[:, [k]] * Xh for k, s in enumerate(network.outputs)])
        cones = np.zeros((K, N, K, d + 1))
        for k in range(K):
            cones[k, :, k] = -np.where(active[:, [k]], 1, -1) * Xh
        found = linprog(
            rng.normal(size=K * (d + 1)),
            A_ub=np.r_[values, -values, cones.reshape(K * N, -1)],
            b_ub=np.r_[problem.high, -problem.low, np.zeros(K * N)],
            bounds=(-10, 10),
            method="highs",
        )
        if found.x is None:  # too narrow for the solver to notice that the planted network fits
            continue
        start = Network.from_folded(found.x.reshape(K, d + 1), network.outputs)
        assert refine(problem, start).interpolates(problem)


def test_zeros_stay_zero():
    # the labels would be met by moving a weight that is zero, and are not without
    problem = Problem([[0, 0], [1, 0], [0, 1], [1, 1]], [1, 2, 1 + 1e-9, 2 + 1e-9])
    end = refine(problem, Network([[1.0, 0.0]], [1.0], [1.0]))
    assert zeros(end) == zeros(Network([[1.0, 0.0]], [1.0], [1.0]))
    # least squares over the four errors 0, 0, 1e-9, 1e-9: the bias takes up half of it
    np.testing.assert_allclose(end.residual(problem), 0.5e-9, rtol=1e-3)
    assert refine(problem, Network([[1.0, 1e-12]], [1.0], [1.0])).interpolates(problem)


def test_knots_on_samples():
    # tent: max(0, x) - 2 max(0, x - 1) + max(0, x - 2), knots on samples, each pushed off to either side
    X, y = [0, 1, 2, 3, 4], [0, 1, 0, 0, 0]
    problem = Problem(X, y)
    for shift in np.array(np.meshgrid(*[[-1e-9, 0, 1e-9]] * 3)).reshape(3, -1).T:
        start = Network([[1.0], [1.0], [1.0]], np.array([0, -1, -2]) + shift, [1, -2, 1])
        end = refine(problem, start)
        assert end.residual(problem) <= start.residual(problem)
        assert end.interpolates(problem)


def test_intervals_with_one_end():
    # f(0) = 1 - 1e-9 misses the lower end 1, f(1) = -3 is well inside
    tent = Network([[1.0], [1.0]], [1.0, 0.0], [1.0 - 1e-9, -5.0])
    ready = Problem.from_intervals([[0], [1]], [1, -np.inf], [np.inf, -1])
    assert tent.residual(ready) > 0
    assert refine(ready, tent).residual(ready) == 0


def test_the_weight_bound_is_kept():
    # slope 2 fits, slope 2 + 1e-9 is asked for, and the bound says 2
    problem = Problem([-1, 0, 1], [0, 0, 2 * (1 + 1e-9)], weight_bound=2)
    start = Network([[2.0]], [0.0], [1.0])
    assert start.within_bound(problem)
    assert refine(problem, start).within_bound(problem)


@pytest.mark.parametrize("skip", [False, True])
def test_width_zero(skip):
    problem = Problem([0, 1], [1, 1 + 1e-9], affine="skip" if skip else "none")
    network = Network(np.zeros((0, 1)), [], [], [0.0, 1.0] if skip else None)
    assert refine(problem, network).interpolates(problem) is skip
    assert refine(problem, network).width == 0


def test_a_network_that_fits_is_returned_as_it_is():
    problem = Problem([0, 1, 2], [0, 1, 2])
    network = Network([[2.0]], [0.0], [0.5])
    assert refine(problem, network) == network
    assert refine(problem, network).outputs.tolist() == [1]


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.integers(0, 2**20),
    st.sampled_from([1e-12, 1e-9, 1e-3, 1.0, 100.0]),
    st.sampled_from([0, 1e-9, 0.1]),
    st.booleans(),
)
def test_never_worse_and_never_more(seed, size, tolerance, skip):
    """Whatever comes in: integers put samples on knots and on each other."""
    rng = np.random.default_rng(seed)
    N, d, K = rng.integers(1, 12), rng.integers(1, 3), rng.integers(0, 5)
    X = np.unique(rng.integers(-2, 3, (N, d)), axis=0)
    problem = Problem(X, rng.integers(-2, 3, len(X)), affine="skip" if skip else "none", tolerance=tolerance)
    folded = rng.integers(-2, 3, (K, d + 1)) * size
    start = Network.from_folded(folded, rng.choice([-1.0, 1.0], K), rng.normal(size=d + 1) if skip else None)
    end = refine(problem, start)
    assert end.residual(problem) <= start.canonical().residual(problem)
    for objective in ("neurons", "weights", "parameters"):
        assert end.count(objective) <= start.count(objective)
    assert refine(problem, end).residual(problem) <= end.canonical().residual(problem)


def test_inputs_at_the_end_of_the_floats_are_left_alone():
    # to move f(5e-324) by 0.1 takes a weight of 2e322
    problem = Problem([[0.0], [5e-324]], [0.0, 0.1])
    network = Network([[1e300]], [0.0], [1.0])
    assert refine(problem, network).same_function(network)


def test_skip_of_rounding_does_not_spoil_a_fit():
    """Where no neuron is active the skip is the whole value, and 1e-31 is not 0."""
    problem = Problem([[-2], [-1], [0], [1], [2], [3]], [0, 0, 1, 1, 0, 0], affine="skip")
    # max(0, x + 1) - 2 max(0, x - 1/2) + max(0, x - 2) is 0 0 1 1 0 0 on the samples
    peak = Network([[1.0], [1.0], [1.0]], [1.0, -0.5, -2.0], [1.0, -2.0, 1.0], [1e-31, -3e-31])
    assert not peak.interpolates(problem)
    assert refine(problem, peak).interpolates(problem)


@pytest.mark.parametrize("high", [np.inf, 2.0])
def test_no_more_is_added_than_rounding_needs(high):
    # one neuron of size 1 - 1e-12 where 1 is asked for: a least path norm may not grow by a thousandth
    problem = Problem.from_intervals([[1.0]], [1.0], [high])
    end = refine(problem, Network.from_folded(np.array([[1 - 1e-12, 0.0]]), np.ones(1)))
    assert end.interpolates(problem)
    assert 1 <= end.path_norm(1.0, "neurons") <= 1 + 1e-7
