"""Branch and bound on the least path norm, against extreme points in rational numbers and by brute force."""

import itertools
import math

import numpy as np
import pytest
from helpers import in_turn, slow_after
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sparsest import InputError, Network, Problem, datasets, tolerances
from sparsest.exact.lp.dual_simplex_kernel import Program, dual_simplex
from sparsest.exact.lp.simplex_kernel import FEASIBLE, INFEASIBLE
from sparsest.exact.path_norm import box_kernel, extreme_points
from sparsest.exact.path_norm.box_search import BoxSearch, largest_element
from sparsest.exact.path_norm.branch_and_bound import solve_by_branching
from sparsest.exact.path_norm.cones import build_cones
from sparsest.exact.path_norm.copies import copies_needed, repeated
from sparsest.exact.path_norm.interval import Interval
from sparsest.exact.path_norm.intervals_kernel import ratios
from sparsest.exact.path_norm.least_path_norm import minimize_path_norm
from sparsest.exact.path_norm.loops import Loops
from sparsest.exact.path_norm.networks import Candidate, Networks
from sparsest.exact.path_norm.one_feature import solve_by_recursion
from sparsest.exact.path_norm.relaxation_kernel import safe_bound
from sparsest.exact.search_options import SearchOptions
from sparsest.objectives import Objective
from sparsest.progress import Deadline
from sparsest.results.solving import Status

OBJECTIVES = list(Objective)


def solved(problem, p=0.5, objective=Objective.WEIGHTS, time_limit=None):
    return solve_by_branching(problem, p, objective, SearchOptions(Deadline(time_limit)))


def closes_around(search, expected):
    """Bounds that meet hold the expected value, up to its own rounding."""
    assert search.status is Status.OPTIMAL
    assert search.lower <= expected * (1 + 1e-9) + 1e-12
    assert search.upper >= expected * (1 - 1e-9) - 1e-12
    assert search.upper - search.lower <= tolerances.PATH_NORM_GAP * search.upper


def least_of_extreme_points(problem, p, objective):
    points = extreme_points.extreme_points(problem, objective, Deadline(None))
    return min(sum(float(size) ** p for size in map(_fraction, point.sizes)) for point in points)


def _fraction(value):
    return int(value.p) / int(value.q)


def brute_force(problem, p):
    """Least path norm of weights over bases of columns of (ray, sign), by floats and every subset; d = 1.

    On one feature a ray with weight is ``(x - x_i)_+``, ``(x_i - x)_+`` or, from the plane w = 0, a constant;
    in each gap between samples two neighbours of one facing and sign may share a neuron.
    """
    x, y = problem.X[:, 0], problem.low
    n = len(x)
    order = np.argsort(x)
    x, y = x[order], y[order]
    rays = [(facing, i) for facing in (1, -1) for i in range(n)]
    columns = {ray: np.maximum(0, ray[0] * (x - x[ray[1]])) for ray in rays}
    rays = [ray for ray in rays if columns[ray].any()]
    best = math.inf
    for count in range(n):
        for chosen in itertools.combinations(rays, count):
            matrix = np.c_[np.ones(n), *(columns[ray] for ray in chosen)] if count else np.ones((n, 1))
            solution, *_ = np.linalg.lstsq(matrix, y, rcond=None)
            if np.linalg.matrix_rank(matrix) <= count or np.abs(matrix @ solution - y).max() > 1e-9:
                continue
            best = min(best, _cheapest_sharing(dict(zip(chosen, solution[1:], strict=True)), p))
    return best


def _cheapest_sharing(weights, p):
    """Least sum of powers over ways to let neighbours of one facing and sign share a neuron."""
    keys = sorted(weights)
    if not keys:
        return 0.0
    key, rest = keys[0], {k: weights[k] for k in keys[1:]}
    best = abs(weights[key]) ** p + _cheapest_sharing(rest, p)
    other = (key[0], key[1] + 1)
    if other in rest and rest[other] * weights[key] > 0:
        pair = abs(weights[key] + rest.pop(other)) ** p
        best = min(best, pair + _cheapest_sharing(rest, p))
    return best


NEURONS, WEIGHTS, PARAMETERS = OBJECTIVES
FEW_EXTREME_POINTS = [  # every name with every objective and with and without a skip
    ("peak-plateau", False, NEURONS), ("peak-plateau", True, WEIGHTS), ("peak-plateau", False, PARAMETERS),
    ("xor", True, NEURONS), ("xor", False, WEIGHTS), ("xor", True, PARAMETERS),
    ("convex", True, NEURONS), ("convex", False, WEIGHTS), ("convex", True, PARAMETERS),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "skip", "objective", "p"), slow_after(1, in_turn(FEW_EXTREME_POINTS, [0.5, 0.35, 0.9, 0.5]))
)
def test_extreme_points_in_rational_numbers_have_the_same_least_value(name, skip, objective, p):
    data = datasets.parse(name)
    problem = Problem(data.X, data.y, affine="skip" if skip else "none")
    closes_around(solved(problem, p, objective), least_of_extreme_points(problem, p, objective))


@pytest.mark.slow
@settings(max_examples=10)
@given(
    st.lists(st.integers(-5, 5), min_size=2, max_size=5, unique=True),
    st.lists(st.integers(-2, 2), min_size=5, max_size=5),
    st.sampled_from([0.3, 0.5, 0.8]),
)
def test_bases_of_hinges_give_the_same_value_on_one_feature(x, y, p):
    problem = Problem(sorted(x), y[: len(x)])
    closes_around(solved(problem, p), brute_force(problem, p))


@pytest.mark.slow
@settings(max_examples=10)
@given(
    st.lists(st.integers(-8, 8), min_size=2, max_size=7, unique=True),
    st.lists(st.integers(-3, 3), min_size=7, max_size=7),
    st.sampled_from([0.3, 0.5, 0.8, 1.0]),
)
def test_the_recursion_on_one_feature_with_a_skip(x, y, p):
    problem = Problem(sorted(x), y[: len(x)], affine="skip")
    closes_around(solved(problem, p), solve_by_recursion(problem, p).upper)


@pytest.mark.slow
@settings(max_examples=8)
@given(
    st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 1)), min_size=2, max_size=4),
    st.lists(st.integers(-2, 2), min_size=9, max_size=9),
    st.sampled_from(OBJECTIVES),
    st.booleans(),
)
def test_repeated_and_collinear_samples_in_the_plane(rows, labels, objective, skip):
    # equal inputs get equal labels: one for each place of a grid of nine
    y = [labels[3 * (a + 1) + b + 1] for a, b in rows]
    problem = Problem(rows, y, affine="skip" if skip else "none")
    if not extreme_points.applies_to(problem.distinct(), objective):
        return
    try:
        expected = least_of_extreme_points(problem, 0.5, objective)
    except ValueError:  # no extreme points: Python's min of nothing
        return
    closes_around(solved(problem, 0.5, objective), expected)


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", ["uniform:d=2,n=5,seed=0", "planted:d=2,n=8,k=2,seed=0"])
def test_a_network_below_the_cut_is_in_a_box_that_is_never_closed(name, objective):
    data = datasets.parse(name)
    problem, p = Problem(data.X, data.y, tolerance=data.tolerance), 0.5
    cones = build_cones(problem, objective, Deadline(None))
    networks = Networks(problem, cones, p, objective, compiled=True)
    random = np.random.default_rng(1)
    for _ in range(5):
        known = networks.descend(random.uniform(size=networks.shape), 1.0)
        cost = float((known.values**p).sum())
        low, high = box = networks.box(cost ** (1 / p) * 1.01)
        held, largest = np.zeros((0, 4), dtype=np.int64), ratios(cones.charges, cones.starts, cones.members)
        for _ in range(60):
            state, least, where, at, _, held = networks.loops.examine(
                box, held, p, cost * 1.001, networks.arrays, largest
            )
            assert state != box_kernel.CLOSED
            assert least <= cost * (1 + 1e-9)
            assert np.all(known.values >= low * (1 - 1e-9))
            assert np.all(known.values <= np.maximum(high, 0) * (1 + 1e-9) + 1e-12)
            if state != box_kernel.BRANCH or where[0] < 0:
                break
            place = tuple(where)
            value = known.values[place]
            # no part of an interval is left out that holds the value
            assert value <= at[0] * (1 + 1e-9) or value >= at[1] * (1 - 1e-9)
            if value <= at[0] * (1 + 1e-9):
                high[place] = at[0]
            else:
                low[place] = at[1]


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(2, 8))
def test_any_multipliers_prove_no_more_than_the_optimum(seed, m, n):
    random = np.random.default_rng(seed)
    matrix, costs = random.normal(size=(m, n)), random.uniform(0.1, 2, n)
    rows_low = random.normal(size=m)
    rows_high = rows_low + random.choice([0.0, 1.0], m)
    low = np.r_[np.zeros(n), rows_low]
    high = np.r_[np.full(n, np.inf), rows_high]
    labels, program = np.zeros((n, 3), dtype=np.int64), Program(matrix, costs, low, high)
    found = linprog(
        costs, A_ub=np.r_[matrix, -matrix], b_ub=np.r_[rows_high, -rows_low], bounds=[(0, None)] * n
    )
    optimum = found.fun if found.status == 0 else math.inf
    for multipliers in (random.normal(size=m), 100 * random.normal(size=m)):
        assert safe_bound(multipliers, program, labels) <= optimum + 1e-9
    answer, _, multipliers = dual_simplex(program, 1e6)
    bound = safe_bound(multipliers, program, labels)
    if found.status == 0:
        assert answer == FEASIBLE
        assert bound == pytest.approx(optimum, rel=1e-7, abs=1e-9)
    else:
        assert answer == INFEASIBLE
        assert bound >= 1e6


@pytest.mark.slow
def test_a_weight_bound_splits_neurons():
    # labels 2 x_+ on -1, 0, 1: one neuron of weight 2
    x, y = [-1, 0, 1], [0, 0, 2]
    closes_around(solved(Problem(x, y)), math.sqrt(2))
    closes_around(solved(Problem(x, y, weight_bound=2.0)), math.sqrt(2))
    # The second difference 2 comes from neurons with knots between -1 and 1, each adding its weight at most:
    # by concavity as many as can be at the bound, and one for the rest
    closes_around(solved(Problem(x, y, weight_bound=0.5)), 4 * math.sqrt(0.5))
    closes_around(solved(Problem(x, y, weight_bound=1.3)), math.sqrt(1.3) + math.sqrt(0.7))
    # x = 0, 1, 2 and labels 0, 1, 2: by concavity one weight at its bound, and the rest of the slope 1
    x, y = [0, 1, 2], [0, 1, 2]
    closes_around(solved(Problem(x, y)), 1.0)
    closes_around(solved(Problem(x, y, weight_bound=0.6)), math.sqrt(0.6) + math.sqrt(0.4))


def test_with_p_1_a_weight_bound_costs_nothing():
    problem = Problem([-1, 0, 1], [0, 0, 2], weight_bound=0.4)
    search = solved(problem, 1.0, time_limit=60)
    closes_around(search, 2.0)
    assert search.network.width == 5  # 0.4 each
    assert search.network.solves(problem)


@pytest.mark.slow
@pytest.mark.parametrize("bound", [0.9, 1.3])
def test_copies_of_a_cone_are_never_too_few(bound):
    # with as many again nothing is cheaper
    problem = Problem([-1, 0, 1], [0, 0, 2], weight_bound=bound)
    cones = build_cones(problem, Objective.WEIGHTS, Deadline(60))
    free = Networks(problem.replace(weight_bound=None), cones, 0.5, Objective.WEIGHTS)
    found = solved(problem)
    assert found.status is Status.OPTIMAL
    scale = cones.label_scale
    copies = copies_needed(free, cones, 0.5, found.upper / scale**0.5, bound / scale)
    assert 1 < copies.max() < 10
    more = repeated(cones, copies + cones.allowed)
    networks = Networks(problem, more, 0.5, Objective.WEIGHTS)
    interval = Interval(networks, more, 0.5)
    interval.take(Candidate(found.network, found.upper))
    search = BoxSearch(networks, more, 0.5, interval, largest_element(interval.cost, 0.5))
    search.begin()
    while search.boxes:
        search.examine_next()
    assert interval.in_units(search.boxes.bound) == pytest.approx(found.upper, rel=1e-5)


@pytest.mark.slow
def test_wider_intervals_cost_less_and_classes_need_a_slope_between_them():
    # labels within 1/2 of 0, 0, 2: values 1/2, 1/2, 3/2 by a constant and one neuron of weight 1
    closes_around(solved(Problem([-1, 0, 1], [0, 0, 2], tolerance=0.5)), 1.0)
    # from -1 at x = 0 to +1 at x = 1: slope 2, and constants cost nothing
    for skip, expected in ((False, math.sqrt(2)), (True, 0.0)):
        search = solved(Problem.classification([0.0, 1.0], [0, 1], affine="skip" if skip else "none"))
        closes_around(search, expected)
    # xor as classes: with a skip f = a + b s + c (s - 1)_+ in s = x_1 + x_2 is -1, 1, -1 on s = 0, 1, 2 for
    # c = -4: two weights of 4 at most
    problem = Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], affine="skip")
    search = solved(problem)
    assert search.status is Status.OPTIMAL
    assert 0 < search.lower <= search.upper <= 4 + 1e-9
    assert search.network.solves(problem)


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_labels_that_cost_nothing(objective):
    search = solved(Problem([[0, 0], [1, 0], [0, 1]], [1, 3, 5], affine="skip"), 0.5, objective)
    assert (search.status, search.lower, search.upper) == (Status.OPTIMAL, 0.0, 0.0)
    zero = solved(Problem([[0, 0], [1, 0], [0, 1]], [0, 0, 0]), 0.5, objective)
    assert (zero.status, zero.upper) == (Status.OPTIMAL, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("affine", ["none", "skip"])
def test_planted_neurons_in_the_plane_are_closed(affine):
    data = datasets.parse("planted:d=2,n=8,k=2,seed=0")
    problem = Problem(data.X, data.y, tolerance=data.tolerance, affine=affine)
    result = minimize_path_norm(problem, 0.5, "weights", time_limit=60)
    assert result.status is Status.OPTIMAL
    assert result.method == "branching"
    planted = Network(*_planted_parameters(2, 8, 2, 0))
    assert planted.solves(problem)
    assert result.lower_bound <= planted.path_norm(0.5, "weights")
    assert result.network.solves(problem)
    assert result.network.path_norm(0.5, "weights") == pytest.approx(result.upper_bound, rel=1e-12)


def _planted_parameters(d, n, k, seed):
    """Repeat the draws of the dataset; `solves` above checks that they are right."""
    random = np.random.default_rng(seed)
    random.uniform(-1, 1, (n, d))
    weights, biases = random.normal(size=(k, d)), random.normal(size=k) * 0.5
    return weights, biases, (-1.0) ** np.arange(k)


@pytest.mark.slow
def test_a_limit_or_an_interrupt_leaves_a_valid_interval():
    data = datasets.parse("uniform:d=2,n=6,seed=0")
    problem = Problem(data.X, data.y)
    solved(problem.subset([0, 1]))  # compiles
    limited = solved(problem, time_limit=1.0)
    assert limited.status is Status.TIME_LIMIT
    assert 0 <= limited.lower < 5.975465 <= limited.upper + 1e-6  # the least value, closed by a longer run

    def interrupt(_):
        raise KeyboardInterrupt

    stopped = solve_by_branching(problem, 0.5, Objective.WEIGHTS, SearchOptions(progress=interrupt))
    assert stopped.status is Status.INTERRUPTED
    assert 0 <= stopped.lower < 5.975465 <= stopped.upper + 1e-6


def test_large_linear_programs_are_never_interpreted(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))  # nothing was compiled before
    # interpreted, one program of 24 samples in space took half a minute, whatever the time limit
    assert Loops(columns=13_000, rows=24).compiled_after(programs=1)
    # 100 x (6 + 5)^2 entries are 3025 steps, of which 500,000 are as long as loading: 165 programs; compiling
    # takes 15 times as long
    small = Loops(columns=100, rows=6)
    assert [small.compiled_after(programs=1) for _ in range(3000)].index(True) == 2479
    monkeypatch.setattr("sparsest.exact.path_norm.loops.was_compiled", lambda loop: True)
    small = Loops(columns=100, rows=6)
    assert [small.compiled_after(programs=1) for _ in range(3000)].index(True) == 165
    assert Loops(columns=100, rows=6, compiled=True).compiled_after(programs=1)
    assert not Loops(columns=13_000, rows=24, compiled=False).compiled_after(programs=9)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_compiled_boxes_do_what_interpreted_ones_do(objective):
    data = datasets.parse("uniform:d=2,n=4,seed=0")
    problem, p = Problem(data.X, data.y, affine="skip" if objective is Objective.NEURONS else "none"), 0.5
    cones = build_cones(problem, objective, Deadline(None))
    largest, found = ratios(cones.charges, cones.starts, cones.members), []
    for compiled in (False, True):
        networks = Networks(problem, cones, p, objective, compiled)
        known = networks.descend(np.ones(networks.shape), 1.0)
        cost = float((known.values**p).sum())
        networks.close_ends(10.0)
        box = networks.box(cost ** (1 / p))
        found.append(
            networks.loops.examine(box, np.zeros((0, 4), dtype=np.int64), p, cost, networks.arrays, largest)
        )
    plain, fast = found
    assert plain.state == fast.state
    assert plain.where.tolist() == fast.where.tolist()
    assert plain.least == pytest.approx(fast.least, rel=1e-12)
    np.testing.assert_allclose(plain.at, fast.at, rtol=1e-9)


def test_too_many_cones_leave_zero_as_bound_and_say_so():
    data = datasets.parse("high-dimensional:seed=20")
    problem = Problem(data.X, data.y)
    with pytest.raises(InputError, match="too many to search"):
        build_cones(problem, Objective.WEIGHTS, Deadline(None))
    search = solved(problem)
    assert search.status is Status.FINISHED
    assert search.lower == 0.0
    assert search.network.solves(problem)
    assert "too many" in search.remark


@pytest.mark.parametrize("objective", ["neurons", "weights", "parameters"])
@pytest.mark.parametrize(
    "problem",
    [
        Problem([[1.0]], [2.0], affine="skip"),
        Problem([[1.0, 2.0]] * 3, [1.0, 1.0, 1.0], affine="skip"),
        Problem([[3.0]] * 4, [1.0] * 4, tolerance=0.25, affine="skip"),
    ],
)
def test_one_distinct_input_costs_nothing_beside_a_skip(problem, objective):
    found = minimize_path_norm(problem, 0.5, objective)
    assert (found.status, found.lower_bound, found.upper_bound) == (Status.OPTIMAL, 0, 0)
    assert found.network.solves(problem)


def test_a_tiny_p_within_a_weight_bound_leaves_an_interval():
    # four weights of at most 0.6, whose path norm 4 to the power 1 / p is no float
    problem = Problem([-1, 0, 1], [0, 0, 2], weight_bound=0.6)
    search = solved(problem, p=0.001, time_limit=10)
    assert search.status is Status.NUMERICAL
    assert search.network.solves(problem)
    assert search.lower <= search.upper
    assert "so small a p" in search.remark


def test_ctrl_c_ends_the_search_within_a_weight_bound():
    def interrupt(progress):
        raise KeyboardInterrupt

    X = [[0, 0], [0, 1], [1, 0], [1, 1], [0.3, 0.6], [0.7, 0.2]]
    problem = Problem(X, [0, 1, 1, 0, 2, -1], weight_bound=0.7)
    options = SearchOptions(Deadline(60), progress=interrupt)
    search = solve_by_branching(problem, 0.5, Objective.WEIGHTS, options)
    assert search.status is Status.INTERRUPTED
    assert search.network.solves(problem)
