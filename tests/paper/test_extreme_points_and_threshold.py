"""In any dimension minimisers are among finitely many extreme points, and below some p* they are sparsest.

Proven (Nakhleh and Nowak 2025, section 4, Theorem 4.1): split into positive and negative parts, the l^p
path norm, p < 1, is concave on the polyhedron of the finite program, so that its least value is attained at
an extreme point. There are finitely many and they do not depend on p, hence there is p* > 0 such that for
every p < p* each l^p minimiser is an l^0 minimiser.

Computed here: all extreme points by brute force (`finite_program`), which never consults the package.
Networks of N neurons in random directions, inside cones and at their rims, cost no less than the cheapest
of them. For small p the cheapest has the fewest weights, and the p at which the cheapest of the others
first undercuts it, by a scan and bisection, lies in the interval that `exact.threshold` certifies.

Instances: random data with N = 3 and 4, d = 2, and N = 3, d = 3; integer data; N = 5, d = 2 with a skip; N
= 3, d = 2 for neurons and parameters. By hand: 3 samples in the plane where p* = log 2 / log 10, and zigzag
labels with one feature, where p* = log 2 / log 3.

Conditions: a weight bound R is part of the paper's statement, where it makes the feasible set compact. It
is not needed: the polyhedron has no line and the path norm is bounded below. Where it is given, *sparsest*
is meant among networks that respect it, which may be more than the fewest without
(`test_at_most_n_neurons`).
"""

import functools
import itertools

import numpy as np
import pytest
from paper.finite_program import basic_networks, costs, least_over_directions, table_of

from sparsest import Problem, Status, exact

POWERS = (0.3, 0.8)


def random_data(d, n, seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (n, d)), rng.uniform(-1, 1, n)


SQUARE = np.array(list(itertools.product((0.0, 1), repeat=2)))
CASES = [
    *[(*random_data(2, 4, seed), "weights", False) for seed in range(2)],
    *[
        (*random_data(2, 3, seed), name, False)
        for seed in (0, 1)
        for name in ("weights", "neurons", "parameters")
    ],
    *[(*random_data(3, 3, seed), "weights", False) for seed in range(3)],
    *[(*random_data(2, 5, seed), "weights", True) for seed in range(6)],
    (SQUARE, np.array([0.0, 1, 1, 0]), "weights", False),  # xor
    (SQUARE, np.array([0.0, 1, 1, 3]), "weights", False),
    (np.array([[0.0, 0], [1, 1], [2, 2], [2, 0]]), np.array([0.0, 1, 0, 1]), "weights", False),
]


XOR = 17


@functools.cache
def table(case):
    """Sizes of all extreme points."""
    return table_of(basic_networks(*CASES[case]))


@functools.cache
def sparsest_and_others(case):
    count = np.count_nonzero(sizes := table(case), axis=1)
    return sizes[count == count.min()], sizes[count > count.min()]


@functools.cache
def certified(case):
    X, y, objective, skip = CASES[case]
    return exact.threshold(Problem(X, y, affine="skip" if skip else "none"), objective, time_limit=None)


def excess(case, p):
    """How much more the cheapest of the others costs than the cheapest sparsest point."""
    sparsest, others = sparsest_and_others(case)
    return costs(others, p).min() - costs(sparsest, p).min()


@pytest.mark.slow
@pytest.mark.parametrize("case", [i for i, case in enumerate(CASES) if not case[3]])
def test_no_network_of_random_directions_is_cheaper(case):
    X, y, objective, _ = CASES[case]
    rng = np.random.default_rng(case)
    points = basic_networks(X, y, objective)
    for p in (0.2, 0.6):
        least = costs(table_of(points), p).min()
        best = points[int(np.argmin(costs(table_of(points), p)))].neurons
        free = rng.normal(size=(12, X.shape[1] + 1))
        axes = free * rng.choice([0, 1], size=free.shape)
        near = best + 1e-2 * rng.normal(size=best.shape)
        constant = np.eye(X.shape[1] + 1)[-1:]
        alone = np.r_[free, axes[np.any(axes[:, :-1] != 0, axis=1)], near, constant]
        assert least_over_directions(X, y, p, alone, objective) >= least * (1 - 1e-9)
        # with the neurons of the cheapest point itself, which the family needs
        found = least_over_directions(X, y, p, np.r_[alone, best], objective)
        assert found == pytest.approx(least, rel=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("case", range(0, len(CASES), 2))
@pytest.mark.slow
def test_for_small_p_the_cheapest_is_sparsest(case):
    X, y, objective, skip = CASES[case]
    problem = Problem(X, y, affine="skip" if skip else "none")
    sparsest, others = sparsest_and_others(case)
    assert np.count_nonzero(sparsest[0]) == exact.solve(problem, objective).lower_bound
    found = certified(case)
    assert 0 < found.lower_bound <= found.upper_bound <= 1
    if len(others):
        grid = np.linspace(0, found.lower_bound, 60)[1:-1]
        assert all(excess(case, p) > 0 for p in grid)


@pytest.mark.slow
@pytest.mark.parametrize("case", range(len(CASES)))
def test_the_first_crossing_is_p_star(case):
    X, y, objective, skip = CASES[case]
    found = certified(case)
    grid = np.linspace(0, 0.999, 400)[1:]
    negative = [p for p in grid if len(sparsest_and_others(case)[1]) and excess(case, p) < -1e-9]
    if not negative:
        assert found.upper_bound > grid[-1]
        return
    high = min(negative)
    low = high - (grid[1] - grid[0])
    assert excess(case, low) > 0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if excess(case, middle) < 0 else (middle, high)
    assert found.lower_bound == pytest.approx(low, abs=1e-7)
    assert found.upper_bound == pytest.approx(low, abs=1e-7)
    # the two networks that change places there fit, and cost the same
    fewest = int(np.count_nonzero(sparsest_and_others(case)[0][0]))
    assert found.network.count(objective) == fewest < found.other.count(objective)
    norms = [network.path_norm(low, objective) for network in (found.network, found.other)]
    assert norms == pytest.approx([costs(table(case), low).min()] * 2, rel=1e-6)
    for network in (found.network, found.other):
        assert network.interpolates(Problem(X, y, affine="skip" if skip else "none"))


@pytest.mark.slow
def test_the_cases_have_crossings_and_none():
    upper = [certified(case).upper_bound for case in range(len(CASES))]
    assert sum(p < 0.999 for p in upper) >= 8
    assert sum(p > 0.999 for p in upper) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("case", [0, 3, 9, XOR, 19])
def test_the_certified_minimum_is_that_of_the_extreme_points(case):
    X, y, objective, skip = CASES[case]
    for p in POWERS[case % 2 :: 2]:
        least = costs(table(case), p).min()
        found = exact.minimize_path_norm(
            Problem(X, y, affine="skip" if skip else "none"), p, objective, time_limit=300
        )
        assert found.status is Status.OPTIMAL
        assert found.lower_bound <= least * (1 + 1e-9)
        assert found.upper_bound == pytest.approx(least, rel=2e-6, abs=1e-9)


def test_out_of_time_the_interval_still_holds_the_least():
    # xor has many optima, all of 4 weights of size 1; at p = 1/10 boxes are bounded badly
    X, y, objective, _ = CASES[XOR]
    found = exact.minimize_path_norm(Problem(X, y), 0.1, objective, time_limit=0.5)
    assert costs(table(XOR), 0.1).min() == pytest.approx(4)
    assert 0 <= found.lower_bound <= 4
    assert found.upper_bound is None or found.upper_bound >= 4 * (1 - 1e-9)
    assert found.status in (Status.OPTIMAL, Status.TIME_LIMIT)


def test_p_star_by_hand_in_the_plane():
    # Along the first axis labels are 0, 0, 1 at 0, 1, 2: one weight of size 1. Along the second they are
    # 0, 1, 0 at 0, 10, 20: two of size 1/10 that fall from a constant 1, one to either side. One neuron with
    # both weights costs (2/3)^p + (1/30)^p, more than one of these at any p. So 2 / 10^p = 1 at p*
    X, y = np.array([[0.0, 0], [1, 20], [2, 10]]), np.array([0.0, 0, 1])
    sizes = table_of(basic_networks(X, y, "weights"))
    few = np.count_nonzero(sizes, axis=1) == 1
    for p in (0.1, 0.3, 0.4, 0.9):
        assert costs(sizes[few], p).min() == pytest.approx(1)
        assert costs(sizes[~few], p).min() == pytest.approx(2 / 10**p)
    found = exact.threshold(Problem(X, y), "weights")
    assert found.lower_bound == pytest.approx(np.log10(2), abs=1e-10)
    assert found.upper_bound == pytest.approx(np.log10(2), abs=1e-10)
    assert (found.network.count("weights"), found.other.count("weights")) == (1, 2)


def test_p_star_by_hand_of_a_zigzag():
    # 7 samples of labels 0, 1, 0, ..., no skip: 3, 2, 2, 2 that face right and 2 that faces left, or four of
    # 2 and two of 1 that face either way; 3^p = 2
    found = exact.threshold(Problem(np.arange(7), np.arange(7) % 2), "weights")
    assert found.lower_bound == pytest.approx(np.log(2) / np.log(3), abs=1e-9)
    assert found.upper_bound == pytest.approx(np.log(2) / np.log(3), abs=1e-9)
    assert (found.network.count("weights"), found.other.count("weights")) == (5, 6)
