import time
from fractions import Fraction

import numpy as np
import pytest
from helpers import convex, random_line, slow_after
from hypothesis import assume, given
from hypothesis import strategies as st
from oracles.one_feature import by_intervals, by_slopes, cheapest, compare, cost

from sparsest import InputError, Objective, Problem, Status, datasets
from sparsest.exact import count_minimisers, minimize_path_norm
from sparsest.exact.compiling import MAX_INTERPRETED_STEPS
from sparsest.exact.line.cheapest_cuts import (
    STEPS_A_CHANGE,
    cheapest_cut,
    costs_of,
    counted_cuts,
    cut_with,
    runs_of,
)
from sparsest.exact.line.slope_changes import curvature
from sparsest.exact.path_norm.one_feature import solve_by_recursion

POWERS = (0.05, 0.3, 0.5, 0.9, 1.0)


@pytest.mark.parametrize("block", slow_after(2, range(6)))
def test_value_equals_brute_force_on_150_problems(block):
    for seed in range(25 * block, 25 * block + 25):
        x, y = random_line(seed)
        points = by_slopes(x, y)
        problem = Problem(x, y, affine="skip")
        for p in POWERS:
            least = float(cost(cheapest(points, p), p)) if p < 1 else float(min(map(sum, points)))
            result = minimize_path_norm(problem, p, "weights")
            assert (result.status, result.method, result.objective) == (
                Status.OPTIMAL,
                "recursion",
                Objective.WEIGHTS,
            )
            assert result.lower_bound <= least <= result.upper_bound
            assert result.gap <= 1e-12
            assert result.network.path_norm(p, "weights") == pytest.approx(least, rel=1e-12)
            assert result.network.interpolates(problem)
            assert result.remark == ""


@pytest.mark.parametrize("block", range(8))
def test_extreme_points_have_the_costs_that_the_slopes_at_samples_give(block):
    # the claim of the model, on the oracle's side: pairs of neighbours and single changes are all there is
    for seed in range(25 * block, 25 * block + 25):
        x, y = random_line(seed)
        assert set(by_intervals(x, y)) == by_slopes(x, y)


@pytest.mark.parametrize("block", range(8))
def test_number_of_minimisers_equals_brute_force(block):
    for seed in range(25 * block, 25 * block + 25):
        x, y = random_line(seed)
        functions = by_intervals(x, y)
        for p in (0.3, 0.77):
            best = cheapest(functions, p)
            number = sum(many for sizes, many in functions.items() if compare(sizes, best, p) == 0)
            found = count_minimisers(Problem(x, y, affine="skip"), p, "weights")
            assert (found.at_least, found.at_most) == (number, number)
            assert found.unique is (number == 1)


def test_minimisers_counted_by_hand():
    # (m + 1) / 2 = 3 places for the single change of 5 equal ones, twice, with a flat sample between
    slopes = [0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0]
    problem = Problem(range(13), np.r_[0, np.cumsum(slopes)], affine="skip")
    found = count_minimisers(problem, 0.5, "weights")
    assert (found.at_least, found.at_most, found.unique) == (9, 9, False)
    # p = 1: anything between
    found = count_minimisers(problem, 1, "weights")
    assert (found.at_least, found.at_most, found.unique) == (2, None, False)
    # curvature 1, -2, 1: no neighbours of one sign, the chords are the only minimiser for every p
    found = count_minimisers(Problem(range(5), [0, 0, 1, 0, 0], affine="skip"), 1, "weights")
    assert (found.at_least, found.at_most, found.unique) == (1, 1, True)


def test_a_tie_at_all_p_is_certain_and_one_at_a_single_p_stays_open():
    # changes 16, 25, 16: pairs of 41, and 16 alone, either way
    tie = count_minimisers(convex(16, 25, 16), 0.5, "weights")
    assert (tie.at_least, tie.at_most, tie.unique) == (2, 2, False)
    # changes 1, 3, 13, 12, 4 and square roots: 1 | 3 + 13 | 12 + 4 costs 1 + 4 + 4, and 1 + 3 | 13 + 12 | 4
    # costs 2 + 5 + 2. Floats cannot tell them apart, the numbers differ, so whether they tie is left open
    touch = count_minimisers(convex(1, 3, 13, 12, 4), 0.5, "weights")
    assert (touch.at_least, touch.at_most, touch.unique) == (1, 2, None)
    aside = count_minimisers(convex(1, 3, 13, 12, 4), 0.5 + 2**-30, "weights")
    assert (aside.at_least, aside.at_most) == (1, 1)


def test_minimisers_that_rounding_alone_ties_are_told_apart():
    # labels with two decimals: pieces that tie in decimal numbers do not in the binary ones beside them
    decimal = datasets.load("anscombe-2").problem(affine="skip")
    assert not count_minimisers(decimal, 0.5, "weights").unique
    data = decimal.replace(numbers="binary")
    order = np.argsort(data.X[:, 0])
    functions = by_intervals(data.X[order, 0], data.low[order])
    best = cheapest(functions, 0.5)
    assert functions[best] == 1
    found = count_minimisers(data, 0.5, "weights")
    assert (found.at_least, found.at_most, found.unique) == (1, 1, True)


@given(st.permutations(range(6)), st.sampled_from([0.2, 0.5, 1.0]))
def test_order_and_repetition_of_samples_do_not_matter(order, p):
    x, y = np.array([0.0, 1, 2, 3, 4, 4]), np.array([0.0, 0, 1, 3, 7, 7])
    rows = np.array(order)
    shuffled = minimize_path_norm(Problem(x[rows], y[rows], affine="skip"), p, "weights")
    plain = minimize_path_norm(Problem(x[:5], y[:5], affine="skip"), p, "weights")
    assert (shuffled.lower_bound, shuffled.upper_bound) == (plain.lower_bound, plain.upper_bound)


@pytest.mark.parametrize("samples", [1, 2])
def test_lines_cost_nothing(samples):
    result = minimize_path_norm(Problem(range(samples), range(samples), affine="skip"), 0.4, "weights")
    assert (result.lower_bound, result.upper_bound, result.gap, result.network.count()) == (0, 0, 0, 0)


def test_cancelled_changes_of_slope_keep_their_digits():
    # slopes 1 and 1 + 2^-40, the change of which has 13 digits left in a difference of floats, and samples at
    # 1e6, which leaves none of the change in the products of differences
    x = np.array([1e6, 1e6 + 1, 1e6 + 2])
    y = np.array([0.0, 1.0, 2 + 2.0**-40])
    result = minimize_path_norm(Problem(x, y, affine="skip"), 0.5, "weights")
    assert result.lower_bound <= 2.0**-20 <= result.upper_bound
    assert result.gap < 1e-12


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=6, unique=True).map(sorted),
    st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6),
)
def test_sizes_are_accurate_where_floats_cancel(x, y):
    x, y = np.array(x), np.array(y[: len(x)])
    assume(np.diff(x).min() > 1e-290)  # or slopes overflow
    signs, sizes = curvature(x, y)
    for i in range(len(x) - 2):
        a, b, c = map(Fraction, x[i : i + 3].tolist())
        u, v, w = map(Fraction, y[i : i + 3].tolist())
        exact = (w - v) / (c - b) - (v - u) / (b - a)
        assert signs[i] == (exact > 0) - (exact < 0)
        if sizes[i] > 1e-290:
            assert abs(Fraction(float(sizes[i])) - abs(exact)) <= abs(exact) * Fraction(2) ** -47


def test_sizes_that_underflow_on_the_way_are_exact():
    # slope -1e15 / 1e100 changes to 0; 1e15 times 1e-300 over 1e100 is no float
    x, y = np.array([-1e100, 0, 1e-300]), np.array([1e15, 0, 0])
    assert curvature(x, y).sizes == pytest.approx([1e-85], rel=1e-15)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([0, 1, 2], [0, 1e-300, 0], "changes by only 2e-300"),
        ([0, 5e-324, 1], [0, 1, 0], "too close together"),
        # slopes -1.2e308, 0 and 1.2e308: either change is a float, their sum is not
        (
            [0, 2**-800, 2**-799, 3 * 2**-800],
            [1.2e308 * 2**-800, 0, 0, 1.2e308 * 2**-800],
            "add up beyond the largest float",
        ),
    ],
)
def test_slopes_beyond_floats_are_refused(x, y, message):
    problem = Problem(x, y, affine="skip")
    with pytest.raises(InputError, match=message):
        minimize_path_norm(problem, 0.5, "weights")
    with pytest.raises(InputError, match=message):
        count_minimisers(problem, 0.5, "weights")


@pytest.mark.parametrize("p", [0, -0.5, 1.5, float("nan")])
def test_exponents_outside_are_refused(p):
    problem = Problem([0, 1, 2], [0, 1, 0], affine="skip")
    with pytest.raises(InputError):
        minimize_path_norm(problem, p, "weights")
    with pytest.raises(InputError):
        count_minimisers(problem, p, "weights")


def test_other_problems_are_refused_by_the_recursion():
    for problem in (
        Problem([0, 1, 2], [0, 1, 0]),
        Problem([0, 1, 2], [0, 1, 0], affine="skip", tolerance=0.1),
        Problem([0, 1, 2], [0, 1, 0], affine="skip", weight_bound=9.0),
        Problem([[0, 1], [1, 0]], [0, 1], affine="skip"),
    ):
        with pytest.raises(InputError, match="needs one feature"):
            count_minimisers(problem, 0.5, "weights")
        with pytest.raises(InputError, match="needs one feature"):
            solve_by_recursion(problem, 0.5)
    with pytest.raises(InputError, match="needs one feature"):
        count_minimisers(Problem([0, 1, 2], [0, 1, 0], affine="skip"), 0.5, "neurons")


def test_compiled_loops_do_what_interpreted_ones_do():
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(size=300))
    bends = curvature(x, rng.integers(0, 3, 300) + np.exp(5 * x))
    costs, starts = costs_of(bends, 0.4), runs_of(bends.signs)
    fewest = np.diff(starts) % 2

    def results(compiled):
        totals, choices = counted_cuts(costs, starts, compiled=compiled)
        second = cut_with(choices, starts, fewest, compiled=compiled)
        return [*cheapest_cut(costs, compiled=compiled), totals, second]

    for one, other in zip(results(False), results(True), strict=True):
        np.testing.assert_array_equal(one, other)


def test_many_samples_take_linear_time():
    n = 2 * MAX_INTERPRETED_STEPS // STEPS_A_CHANGE
    x, y = np.arange(n + 1.0), np.arange(n + 1) % 2
    problem = Problem(x, y, affine="skip")
    minimize_path_norm(problem, 0.5, "weights")  # compiles
    start = time.perf_counter()
    result = minimize_path_norm(problem, 0.5, "weights")
    # every change is 2, no neighbours have one sign
    assert result.lower_bound <= (n - 1) * 2**0.5 <= result.upper_bound
    assert result.gap < 1e-12
    assert time.perf_counter() - start < 60
