"""A minimiser has at most N active neurons, in any dimension.

Proven (Nakhleh and Nowak 2025, section 4, Proposition 4.1): the least l^p path norm, p < 1, of networks of
any width is that of a finite program with one neuron for each activation pattern and output sign, and its
minimisers have at most N active neurons ("active": not all of v_k w_k is zero).

Computed here: the argument behind it, step by step. More than N neurons have dependent columns of values on
the samples. Along a dependence the sizes of the neurons change, the values do not, and the path norm is
strictly concave, so one of both ends, where some neuron vanishes, costs less. Random wide networks are
thinned out so. Then all basic networks of tiny problems: the cheapest have no more neurons than the bound,
and neither has what `exact.minimize_path_norm` finds, at the same cost. Data that need as many show where
it is met.

Instances: 24 random networks of 12 neurons with d = 1 to 3, N = 3 to 6; random and integer data with d = 1,
N = 4 and 5, d = 2, N = 3 and 4, d = 3, N = 3, for all three objectives.

Conditions and what is left of it: p < 1 (for p = 1 some minimiser has at most N). *No weight bound that is
attained*: with |v w| <= R a neuron at its bound cannot grow, and 4 neurons may be needed for N = 2 samples
(last test). Terms that cost nothing count against N: N - 1 neurons for the weights, whose constants are
free, and N - rank [X, 1] with a skip, which for one feature is the N - 2 of the univariate corollary.
"""

import functools

import numpy as np
import pytest
from oracles import brute_force
from paper.finite_program import basic_networks, costs, homogeneous, table_of

from sparsest import Network, Problem, Status, exact

POWERS = (0.1, 0.5, 0.9)


def values_on(X, neurons, signs):
    """Columns of values (N, K) of neurons with output signs."""
    return np.maximum(0.0, homogeneous(X) @ neurons.T) * signs


def free_columns(X, objective, skip):
    """Values on the samples of the terms that no objective charges."""
    if skip:
        return homogeneous(X)
    return np.ones((len(X), 1)) if objective == "weights" else np.zeros((len(X), 0))


def bound(X, objective, skip):
    """N less the rank of the terms that cost nothing."""
    return len(X) - np.linalg.matrix_rank(np.c_[free_columns(X, objective, skip), np.zeros(len(X))])


def active(neurons, objective):
    """Number of neurons that cost something."""
    charged = neurons[:, :-1] if objective == "weights" else neurons
    return int(np.count_nonzero(np.abs(charged).max(axis=1, initial=0.0) > 1e-9))


def priced(neurons, p, objective):
    """What each neuron costs."""
    entries = np.abs(neurons[:, :-1] if objective == "weights" else neurons)
    if objective == "neurons":
        return entries.sum(axis=1) ** p
    return (entries**p).sum(axis=1)


def thinned_once(X, neurons, signs, p, objective, skip):
    """The network with one neuron less, and the free terms' change, along a dependence of the columns."""
    free = free_columns(X, objective, skip)
    columns = np.c_[values_on(X, neurons, signs), free]
    direction = np.linalg.svd(columns)[2][-1]
    np.testing.assert_allclose(columns @ direction, 0, atol=1e-9)
    moved, change = direction[: len(neurons)], free @ direction[len(neurons) :]
    assert np.abs(moved).max() > 1e-6
    ends = []
    for way in (1, -1):
        shrinking = way * moved < -1e-12
        if shrinking.any():
            step = (1 / -(way * moved[shrinking])).min()
            scale = 1 + way * step * moved
            kept = scale > 1e-9
            ends.append(
                (priced(neurons, p, objective) @ scale.clip(0) ** p, kept, scale, way * step * change)
            )
    _, kept, scale, shift = min(ends, key=lambda end: end[0])
    return neurons[kept] * scale[kept, None], signs[kept], shift


@pytest.mark.parametrize("seed", range(24))
def test_wide_networks_can_be_thinned_at_falling_cost(seed):
    rng = np.random.default_rng(seed)
    d, skip, objective = 1 + seed % 3, seed % 2 == 1, ("weights", "neurons", "parameters")[seed // 6 % 3]
    X = rng.normal(size=(rng.integers(3 + d * skip, 7), d))
    neurons, signs = rng.normal(size=(12, d + 1)), rng.choice([-1.0, 1.0], 12)
    neurons[:, -1] += 1.0  # active on some sample
    neurons = neurons[np.abs(values_on(X, neurons, signs)).max(axis=0) > 0]
    signs, most = signs[: len(neurons)], bound(X, objective, skip)
    y, shift, p = values_on(X, neurons, signs).sum(axis=1), np.zeros(len(X)), (0.1, 0.5, 0.9)[seed % 3]
    while len(neurons) > most:
        before = priced(neurons, p, objective).sum()
        neurons, signs, change = thinned_once(X, neurons, signs, p, objective, skip)
        shift = shift + change
        np.testing.assert_allclose(values_on(X, neurons, signs).sum(axis=1) + shift, y, atol=1e-7)
        assert priced(neurons, p, objective).sum() < before
    assert len(neurons) <= most


def data(d, n, seed):
    rng = np.random.default_rng(seed)
    if seed % 2 == 0:
        return rng.uniform(-1, 1, (n, d)), rng.uniform(-1, 1, n)
    lattice = np.arange(n)[:, None] if d == 1 else np.indices((3,) * d).reshape(d, -1).T - 1
    return rng.permutation(lattice)[:n].astype(float), rng.integers(-2, 3, n).astype(float)


CASES = [
    (*data(d, n, seed), objective, skip)
    for d, n, skip in ((1, 4, False), (1, 5, True), (2, 3, False), (2, 5, True), (3, 3, False))
    for seed in (0, 1)
    for objective in ("weights", "neurons", "parameters")
] + [(*data(2, 4, seed), "weights", False) for seed in (0, 1)]


@functools.cache
def points_of(case):
    return basic_networks(*CASES[case])


@pytest.mark.slow
@pytest.mark.parametrize("case", range(len(CASES)))
def test_the_cheapest_of_all_basic_networks_have_at_most_n(case):
    X, _, objective, skip = CASES[case]
    points = points_of(case)
    table = table_of(points)
    for p in POWERS:
        cost = costs(table, p)
        for point, spent in zip(points, cost, strict=True):
            if spent <= cost.min() * (1 + 1e-9):
                assert active(point.neurons, objective) <= bound(X, objective, skip)


# three features and all parameters take the branch and bound some seconds each
QUICK = [i for i, (X, _, objective, _) in enumerate(CASES) if X.shape[1] < 3 or objective != "parameters"]


@pytest.mark.parametrize("case", QUICK[::4])
@pytest.mark.slow
def test_what_the_package_finds_costs_as_little_and_has_at_most_n(case):
    X, y, objective, skip = CASES[case]
    least = costs(table_of(points_of(case)), 0.5).min()
    found = exact.minimize_path_norm(
        Problem(X, y, affine="skip" if skip else "none"), 0.5, objective, time_limit=300
    )
    assert found.status is Status.OPTIMAL
    assert found.lower_bound <= least * (1 + 1e-9)
    assert found.upper_bound == pytest.approx(least, rel=2e-6, abs=1e-9)
    assert active(found.network.folded, objective) <= bound(X, objective, skip)


def test_the_bound_is_met():
    # weights, one feature, labels 0, 1, 0, 1. Two neurons of changes c, e and a constant: the function rises,
    # falls and rises, so c < 0 < e and its first slope is positive. That slope is minus the sum of the
    # changes of the neurons that face left, hence -c or -(c + e). Then the second slope is 0, or the third
    X, y = np.arange(4.0)[:, None], np.array([0.0, 1, 0, 1])
    assert exact.solve(Problem(X, y), "weights").lower_bound == 3 == bound(X, "weights", skip=False)
    table = table_of(basic_networks(X, y, "weights"))
    assert np.count_nonzero(table, axis=1).min() == 3
    # neurons: labels of either sign need an output of either sign, so 2 for N = 2
    X, y = np.array([[-1.0], [1.0]]), np.array([1.0, -1.0])
    assert exact.solve(Problem(X, y), "neurons").lower_bound == 2 == bound(X, "neurons", skip=False)


@pytest.mark.slow
@pytest.mark.parametrize("p", POWERS[::2])
def test_with_a_weight_bound_more_may_be_needed(p):
    # f(1) - f(0) = 4 and each neuron adds at most its |v w| <= 1, so four of them at least, each at its bound
    problem = Problem([0, 1], [0, 4], weight_bound=1.0)
    assert brute_force.minimum_neurons(problem, 4) == 4
    # at 0: 0 + 3 - 1 - 2, at 1: 1 + 4 - 0 - 1
    network = Network([[1], [1], [-1], [-1]], [0, 3, 1, 2], [1, 1, -1, -1])
    np.testing.assert_array_equal(network(problem.X), [0, 4])
    assert network.solves(problem)
    found = exact.minimize_path_norm(problem, p, "weights", time_limit=300)
    assert found.upper_bound == pytest.approx(4.0, rel=1e-6)
    assert active(found.network.folded, "weights") == 4 > problem.n_samples
    # without the bound one neuron of slope 4 is enough
    free = exact.minimize_path_norm(Problem([0, 1], [0, 4]), p, "weights", time_limit=300)
    assert free.upper_bound == pytest.approx(4.0**p, rel=1e-6)
