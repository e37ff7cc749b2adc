"""Extreme points of tiny problems, and p* from them, against methods that share nothing with the listing."""

import functools
from fractions import Fraction

import numpy as np
import pytest
from helpers import in_turn, random_runs
from oracles import brute_force
from oracles.one_feature import by_slopes
from scipy.optimize import linprog

from sparsest import InputError, Objective, Problem, datasets, exact
from sparsest.affine import Affine
from sparsest.exact.p_star import by_bisection, crossing_of_points
from sparsest.exact.p_star.p_star import cost_curves, threshold
from sparsest.exact.path_norm import extreme_points
from sparsest.exact.search_options import SearchOptions
from sparsest.progress import Deadline
from sparsest.results.path_norm import PathNormResult
from sparsest.results.solving import Status

OBJECTIVES = ("weights", "neurons", "parameters")


@functools.cache
def _listed(digest, affine, objective):
    return extreme_points.extreme_points(KNOWN[digest, affine], Objective(objective), Deadline(None))


KNOWN = {}


def listed(problem, objective="weights"):
    """The extreme points; listing them takes seconds, so that every problem's are listed once."""
    key = problem.digest, str(problem.affine)
    KNOWN[key] = problem
    return _listed(*key, str(objective))


def named(name, affine="none"):
    return datasets.parse(name).problem(affine=affine)


TINY = [
    named("xor"),
    named("xor", affine="skip"),
    named("tent"),
    named("peak-plateau"),
    named("uniform:d=2,n=3,seed=1"),
    named("uniform:d=2,n=5,seed=0", affine="skip"),
    # two points on a line with a third, equal inputs, labels that a plane passes through
    Problem([[0, 0], [1, 1], [2, 2], [2, 2]], [0, 1, 0, 0]),
    Problem([[0, 0], [1, 0], [0, 1], [1, 1]], [0, 1, 1, 2]),
    Problem([[0], [1]], [0, 0]),
]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_with_one_feature_they_are_the_cuts_into_single_changes_and_pairs(seed):
    x, y = random_runs(seed)
    x, y = x[:8], y[:8]
    problem = Problem(x, y, affine="skip")
    found = {tuple(Fraction(int(v.p), int(v.q)) for v in point.sizes) for point in listed(problem)}
    cuts = by_slopes(x, y)
    assert found <= cuts
    # what is left out may be joined further, so that no p makes it a minimiser
    for p in (0.1, 0.4, 0.7, 0.95):
        least = [min(sum(float(size) ** p for size in sizes) for sizes in points) for points in (found, cuts)]
        assert least[0] == pytest.approx(least[1], rel=1e-13)
    by_points, by_runs = power_sums_threshold(problem), threshold(problem, "weights")
    assert by_points.upper == pytest.approx(by_runs.upper_bound, rel=1e-9)
    assert by_points.lower == pytest.approx(by_runs.lower_bound, rel=1e-9)


def power_sums_threshold(problem, objective="weights"):
    points = listed(problem, objective)
    fewest = min(len(point.sizes) for point in points)
    tables = [
        extreme_points.sizes_as_floats([point for point in points if (len(point.sizes) == fewest) is few])
        for few in (True, False)
    ]
    return crossing_of_points.crossing_of_points(*tables)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("problem", TINY)
def test_they_fit_and_the_fewest_are_those_of_the_exact_search(problem, objective):
    points = listed(problem, objective)
    for point in points:
        network = point.to_network() if point.neurons or point.affine else None
        if network is not None:
            assert network.interpolates(problem)
            assert network.count(objective) == len(point.sizes)
            assert network.path_norm(0.5, objective) == pytest.approx(
                sum(float(Fraction(int(v.p), int(v.q))) ** 0.5 for v in point.sizes), rel=1e-12
            )
    assert min(len(point.sizes) for point in points) == exact.solve(problem, objective).lower_bound


def reweighted(problem, objective, weights_of, rounds=12):
    """Least ``sum |entry|`` by linear programs, and path norms at p = 1/2 after reweighting (upper bounds).

    One neuron u = u+ - u- for each cell and output sign; entries of parameters, or of weights alone.
    """
    Xh = np.c_[problem.X, np.ones(len(problem.X))]
    N, D = Xh.shape
    blocks = [(bits, sign) for bits in brute_force.cells(problem.X) if any(bits) for sign in (1, -1)]
    columns = len(blocks) * D
    values, cones = np.zeros((N, columns)), np.zeros((len(blocks) * N, columns))
    for k, (bits, sign) in enumerate(blocks):
        where = slice(k * D, (k + 1) * D)
        values[:, where] = sign * np.where(bits, 1.0, 0.0)[:, None] * Xh
        cones[k * N : (k + 1) * N, where] = -np.where(bits, 1.0, -1.0)[:, None] * Xh
    affine = Xh if problem.affine is Affine.SKIP else np.zeros((N, 0))
    charged = np.tile(np.r_[np.ones(D - 1), float(objective == "parameters")], len(blocks))
    cost, best = weights_of(columns), []
    for _ in range(rounds):
        result = linprog(
            np.r_[cost * charged, cost * charged, np.zeros(affine.shape[1])],
            A_ub=np.c_[cones, -cones, np.zeros((len(cones), affine.shape[1]))],
            b_ub=np.zeros(len(cones)),
            A_eq=np.c_[values, -values, affine],
            b_eq=problem.low,
            bounds=[(0, None)] * (2 * columns) + [(None, None)] * affine.shape[1],
        )
        size = np.abs(result.x[:columns] - result.x[columns : 2 * columns]) * charged
        best.append((result.fun, np.sum(size[size > 1e-9] ** 0.5)))
        cost = (size + 1e-3) ** -0.5
    return best


@pytest.mark.parametrize(("problem", "objective"), in_turn(TINY[:-1], ["weights", "parameters"]))
@pytest.mark.slow
def test_least_path_norms_are_those_of_linear_programs(problem, objective):
    problem = problem.distinct()
    sizes = extreme_points.sizes_as_floats(listed(problem, objective))
    one, half = (crossing_of_points.costs_at(sizes, p).min() for p in (1.0, 0.5))
    plain = reweighted(problem, objective, np.ones, rounds=1)
    assert one == pytest.approx(plain[0][0], rel=1e-7, abs=1e-9)
    rng = np.random.default_rng(0)
    reached = []
    for draw in range(40):  # more than five only where five did not reach it
        if draw >= 5 and min(reached) <= half * (1 + 1e-6) + 1e-9:
            break
        rounds = reweighted(problem, objective, lambda n: rng.exponential(size=n) ** 3, rounds=3)
        reached += [norm for _, norm in rounds]
    # reweighting finds upper bounds: never less, and the least one for these problems
    assert min(reached) == pytest.approx(half, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("problem", "objective", "bound"),
    [
        # slopes 1 and -1 in turns. A first neuron of slope 3 that faces right, 2, 2, 2 after it and 2 facing
        # left at the end, or 2 at the start and end, 2, 2 between, and 1 facing either way: 3^p = 2
        (named("zigzag"), "weights", np.log(2) / np.log(3)),
        (named("peak-plateau"), "weights", 1.0),
        (named("xor"), "neurons", 1.0),
    ],
)
def test_thresholds_by_hand(problem, objective, bound):
    result = threshold(problem, objective)
    assert result.upper_bound == pytest.approx(bound, rel=1e-9)
    assert result.lower_bound == pytest.approx(bound, rel=1e-9)
    assert result.network.count(objective) == exact.solve(problem, objective).lower_bound
    assert (result.other is None) == (bound == 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "objective"),
    [
        (named("uniform:d=2,n=4,seed=0"), "weights"),
        (named("uniform:d=2,n=5,seed=0", affine="skip"), "weights"),
        (named("uniform:d=3,n=5,seed=2", affine="skip"), "weights"),
        (named("uniform:d=1,n=5,seed=3"), "neurons"),
    ],
)
def test_just_below_p_star_the_least_is_sparsest_and_just_above_it_is_not(problem, objective):
    result = threshold(problem, objective, time_limit=None)
    assert result.other is not None
    points = listed(problem, objective)
    fewest = min(len(point.sizes) for point in points)
    counts = np.array([len(point.sizes) for point in points])
    sizes = extreme_points.sizes_as_floats(points)
    for p in [*np.linspace(0.02, result.lower_bound, 30)[:-1], result.lower_bound * (1 - 1e-7)]:
        assert counts[np.argmin(crossing_of_points.costs_at(sizes, p))] == fewest
    assert counts[np.argmin(crossing_of_points.costs_at(sizes, result.upper_bound * (1 + 1e-7)))] > fewest
    for network in (result.network, result.other):
        assert network.interpolates(problem)
        assert network.path_norm(result.upper_bound, objective) == pytest.approx(
            crossing_of_points.costs_at(sizes, result.upper_bound).min(), rel=1e-8
        )
    curves = cost_curves(problem, [result.upper_bound], objective)
    assert curves.others[0] == pytest.approx(curves.sparsest[0], rel=1e-9)


def test_the_first_of_two_crossings_counts():
    # changes 1, 13, 89, 48, 29, 1: p* is below 0.6, where others cost less, and the sparsest cost less at 0.9
    sizes = [[14, 137, 30], [1, 102, 77, 1], [14, 89, 77, 1], [1, 102, 48, 30]]
    table = np.array([[*row, *[0] * (4 - len(row))] for row in sizes], dtype=float)
    found = crossing_of_points.crossing_of_points(table[:1], table[1:])
    for p in np.linspace(0, found.lower, 50)[:-1]:
        assert crossing_of_points.costs_at(table, p).argmin() == 0
    assert found.which is not None
    assert crossing_of_points.costs_at(table, found.upper + 1e-6).argmin() != 0
    assert found.upper < 0.6


@pytest.mark.slow
def test_costs_that_touch_leave_an_interval():
    # 2 sizes c against 3 of which t scales one; at the largest t that lets them meet they only touch
    def excess(t):
        grid = np.linspace(0.3, 0.9, 60_001)
        return min(1 + 1 + (t * 32) ** p - 2 * 17**p for p in grid)

    low, high = 1.0, 2.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if excess(middle) > 0 else (middle, high)
    found = crossing_of_points.crossing_of_points(np.array([[17.0, 17, 0]]), np.array([[1.0, 1, low * 32]]))
    assert 0 < found.lower <= found.upper <= 1
    for p in np.linspace(0, found.lower, 50)[:-1]:
        assert 2 + (32 * low) ** p > 2 * 17**p


def test_without_others_nothing_crosses():
    assert crossing_of_points.crossing_of_points(np.ones((1, 2)), np.zeros((0, 0)))[:3] == (1.0, 1.0, None)


def test_larger_problems_and_other_kinds_are_refused():
    for problem in (
        named("uniform:d=2,n=12,seed=0"),
        Problem([[0, 0], [1, 1]], [0, 1], tolerance=0.1),
        Problem([[0, 0], [1, 1]], [0, 1], weight_bound=5.0),
    ):
        assert not extreme_points.applies_to(problem, Objective.WEIGHTS)
        with pytest.raises(InputError, match="tiny problems"):
            listed(problem)
        with pytest.raises(InputError, match="tiny problems"):
            cost_curves(problem, [0.5], "weights")


def test_listing_stops_when_time_is_up():
    problem = named("uniform:d=2,n=5,seed=0")
    assert extreme_points.extreme_points(problem, Objective.WEIGHTS, Deadline(0.01)) is None
    with pytest.raises(InputError, match="within the time limit"):
        cost_curves(problem, [0.5], "weights", time_limit=0.01)


def bounded_by_points(problem, p, objective, **limits):
    """As `minimize_path_norm`, by the list of extreme points."""
    points = listed(problem, objective)
    costs = crossing_of_points.costs_at(extreme_points.sizes_as_floats(points), p)
    best = int(np.argmin(costs))
    network = points[best].to_network()
    return PathNormResult(
        Status.OPTIMAL, costs[best], costs[best], network, "", objective, p, 0.0, "list", 0, 0.0
    )


def bisected(problem, seconds):
    fewest = exact.solve(problem, "weights")
    upper = by_bisection.UpperEnd(problem, Objective.WEIGHTS, SearchOptions())
    return by_bisection.bound_threshold(problem, Objective.WEIGHTS, fewest, upper, Deadline(seconds))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["uniform:d=2,n=4,seed=0", "xor"])
def test_bisection_brackets_p_star(monkeypatch, name):
    monkeypatch.setattr(by_bisection, "minimize_path_norm", bounded_by_points)
    problem = named(name)
    found = bisected(problem, None)
    certain = threshold(problem, "weights")
    assert 0 < found.lower_bound <= certain.lower_bound
    assert found.upper_bound >= certain.lower_bound
    assert "what the digits of the data alone give" in found.remark
    assert (found.other is None) == (certain.other is None)
    if found.other is not None:
        assert found.upper_bound - certain.upper_bound < 0.05
        assert found.other.count("weights") > found.network.count("weights")


def test_without_a_proven_count_nothing_is_certified():
    found = threshold(named("uniform:d=2,n=16,seed=0"), "weights", time_limit=0.5)
    assert (found.lower_bound, found.upper_bound, found.other) == (0, 1, None)
    assert found.remark.startswith("nothing is certified")
    assert found.network.interpolates(named("uniform:d=2,n=16,seed=0"))


def test_without_a_network_there_is_no_threshold():
    random = np.random.default_rng(0)
    problem = Problem(random.normal(size=(5000, 3)), random.normal(size=5000))
    with pytest.raises(InputError, match="no network that fits was found in time"):
        threshold(problem, time_limit=0.01)


@pytest.mark.slow
def test_bisection_believes_no_interval_that_is_open(monkeypatch):
    def halves(problem, p, objective, **limits):
        closed = bounded_by_points(problem, p, objective)
        return PathNormResult(
            Status.TIME_LIMIT, 0.0, closed.upper_bound, closed.network, "", objective, p, 0.0, "list", 0, 0.0
        )

    monkeypatch.setattr(by_bisection, "minimize_path_norm", halves)
    found = bisected(named("uniform:d=2,n=4,seed=0"), 9)
    assert 0 < found.lower_bound < 0.01
    assert (found.upper_bound, found.other, found.status) == (1, None, Status.TIME_LIMIT)
