import functools
import json
import math

import helpers
import numpy as np
import pytest
from helpers import convex, random_runs
from oracles.one_feature import by_slopes, cheapest, compare, sparsest_and_others

from sparsest import InputError, Problem, datasets
from sparsest.exact import cost_curves, minimize_path_norm, threshold
from sparsest.exact.line.slope_changes import curvature
from sparsest.exact.p_star.crossing_of_cuts import crossing_of_cuts
from sparsest.exact.p_star.p_star import _WIDE


def excess_sign(sparsest, others, p):
    """Sign of what the cheapest of the others cost more than the cheapest sparsest ones, certain."""
    return compare(cheapest(others, p), cheapest(sparsest, p), p)


def check_threshold(x, y, below=24):
    """Hold p* against all extreme points; return it."""
    sparsest, others = sparsest_and_others(by_slopes(x, y))
    problem = Problem(x, y, affine="skip")
    result = threshold(problem, "weights")
    assert 0 < result.lower_bound <= result.upper_bound <= 1
    assert result.network.count() == len(sparsest[0])
    assert result.network.interpolates(problem)
    if others:
        # every minimiser is sparsest at all p below, not only just below: costs may cross twice
        just_below = min(result.lower_bound, 1 - 2.0**-30)
        for p in [*np.linspace(0, just_below, below, endpoint=False)[1:], just_below]:
            assert excess_sign(sparsest, others, float(p)) > 0
    if result.other is None:
        assert result.upper_bound == 1
        return result
    assert result.upper_bound - result.lower_bound <= 1e-10 * result.upper_bound
    assert excess_sign(sparsest, others, result.upper_bound) <= 0
    assert result.other.count() > result.network.count()
    assert result.other.interpolates(problem)
    # the two networks are cheapest where they change places, so each costs what the recursion finds
    least = minimize_path_norm(problem, result.upper_bound, "weights").upper_bound
    for network in (result.network, result.other):
        assert network.path_norm(result.upper_bound, "weights") == pytest.approx(least, rel=1e-10)
    return result


@pytest.mark.slow
def test_threshold_of_100_problems_by_high_precision_evaluation_of_every_extreme_point():
    crossing = [check_threshold(*random_runs(seed)).other is not None for seed in range(100)]
    assert sum(crossing) >= 20  # enough of either kind
    assert sum(crossing) <= 80


@pytest.mark.parametrize("a", [2, 16, 1000])
def test_closed_form(a):
    # changes 1, a, a, 1: two pairs 1 + a against 1, 2 a, 1, at 2 (1 + a)^p = 2 + (2 a)^p
    low, high = 1e-9, 1 - 1e-9
    for _ in range(200):
        p = (low + high) / 2
        low, high = (p, high) if 2 + (2 * a) ** p > 2 * (1 + a) ** p else (low, p)
    result = check_threshold(convex(1, a, a, 1).X[:, 0], convex(1, a, a, 1).low)
    assert result.lower_bound == pytest.approx(low, rel=1e-9 if a > 2 else 1e-6)


@pytest.mark.parametrize("name", ["anscombe-1", "anscombe-2", "anscombe-3", "peak-plateau"])
def test_named_data(name):
    problem = datasets.load(name).problem(affine="skip")
    order = np.argsort(problem.X[:, 0])
    check_threshold(problem.X[order, 0], problem.low[order])


def test_peak_plateau_by_hand():
    # curvature +1, -1, -1, +1: runs of 1, 2 and 1 changes. Joining the middle two costs 2^p < 2 for all p < 1
    data = datasets.load("peak-plateau").problem(affine="skip")
    result = threshold(data, "weights")
    assert (result.lower_bound, result.upper_bound, result.other, result.remark) == (1, 1, None, "")
    curves = cost_curves(data, [0.25, 0.5, 1.0], "weights")
    # two outer ones of size 1 each, the middle two of size 1 joined or not
    np.testing.assert_allclose(curves.sparsest, 2 + 2.0 ** np.array([0.25, 0.5, 1.0]), rtol=1e-14)
    np.testing.assert_allclose(curves.others, [4, 4, 4], rtol=1e-14)


def test_costs_may_cross_twice_and_the_first_crossing_counts():
    # at p = 0.6 others cost less, at 0.4 and at 0.9 the sparsest ones: a bisection by sign that looked at 0.9
    # first would find no crossing, or another one
    problem = convex(1, 13, 89, 48, 29, 1)
    points = sparsest_and_others(by_slopes(problem.X[:, 0], problem.low))
    assert [excess_sign(*points, p) for p in (0.4, 0.6, 0.9)] == [1, -1, 1]
    result = check_threshold(problem.X[:, 0], problem.low)
    assert 0.4 < result.upper_bound < 0.6


@pytest.mark.slow
def test_costs_that_nearly_touch_leave_an_honest_interval():
    # a larger last change lifts the curve above; where its two crossings meet
    powers = np.linspace(0.4, 0.9, 4001)[:, None]

    def cost(points):
        sizes = np.array([[*map(float, point), *[0.0] * (6 - len(point))] for point in points])
        return np.min([(each**powers).sum(axis=1) for each in sizes], axis=0)

    def least(t):
        problem = convex(1, 13, 89, 48, 29, t)
        sparsest, others = sparsest_and_others(by_slopes(problem.X[:, 0], problem.low))
        return (cost(others) - cost(sparsest)).min()

    low, high = 1.0, 4.0
    assert least(low) < 0 < least(high)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if least(middle) > 0 else (middle, high)
    for t in (low, high, low - 1e-9, high + 1e-9):
        problem = convex(1, 13, 89, 48, 29, t)
        result = threshold(problem, "weights")
        points = sparsest_and_others(by_slopes(problem.X[:, 0], problem.low))
        for p in np.linspace(0, min(result.lower_bound, 1 - 1e-9), 40)[1:]:
            assert excess_sign(*points, float(p)) > 0
        if result.other is not None:
            assert excess_sign(*points, result.upper_bound) <= 0
        assert bool(result.remark) == (result.upper_bound - result.lower_bound > _WIDE)


def test_runs_do_not_mix():
    # p* of two runs apart is the lesser of both
    one, two = (1, 16, 16, 1), (1, 40, 40, 1)
    alone = [threshold(convex(*run), "weights").upper_bound for run in (one, two)]
    for runs in ((one, two), (two, one)):
        both = threshold(convex(*runs[0], 0, *runs[1]), "weights")
        assert both.upper_bound == pytest.approx(min(alone), rel=1e-11)
        opposite = threshold(convex(*runs[0], *(-change for change in runs[1])), "weights")
        assert opposite.upper_bound == pytest.approx(min(alone), rel=1e-11)


@pytest.mark.parametrize("factor", [2.0**-60, 3.0, 2.0**60])
def test_units_of_the_labels_do_not_matter(factor):
    plain, scaled = (
        threshold(convex(1, 16, 16, 1), "weights"),
        threshold(convex(*factor * np.array([1, 16, 16, 1])), "weights"),
    )
    assert scaled.upper_bound == pytest.approx(plain.upper_bound, rel=1e-11)


def test_changes_of_unlike_size():
    for size in (1e3, 1e9, 1e30):
        x = np.arange(6.0)
        slopes = np.cumsum([0, 1, size, size, 1])
        problem = Problem(x, np.r_[0, np.cumsum(slopes)], affine="skip")
        sizes = curvature(problem.X[:, 0], problem.low).sizes
        if np.all(sizes > 0):
            check_threshold(problem.X[:, 0], problem.low)


def test_sizes_of_too_many_magnitudes_are_refused():
    # changes of slope 1e-250 and 1e50 in a row of one sign
    x = np.array([0.0, 1, 2, 2 + 2.0**-40, 2 + 2.0**-39, 3])
    slopes = np.array([0.0, 1e-270, 2e-270, 3e-270, 1e50])
    with pytest.raises(InputError, match="too different sizes"):
        threshold(Problem(x, np.r_[0.0, np.cumsum(slopes * np.diff(x))], affine="skip"), "weights")


def test_curves_are_those_of_the_extreme_points():
    powers = np.array([0.1, 0.35, 0.6, 0.99])
    for seed in range(40):
        x, y = random_runs(seed)
        sparsest, others = sparsest_and_others(by_slopes(x, y))
        curves = cost_curves(Problem(x, y, affine="skip"), powers, "weights")
        for points, curve in ((sparsest, curves.sparsest), (others, curves.others)):
            if not points:
                assert curve is None
                continue
            costs = [[math.fsum(float(size) ** p for size in sizes) for p in powers] for sizes in points]
            np.testing.assert_allclose(curve, np.min(costs, axis=0), rtol=1e-12)


def test_curves_refuse_what_is_no_list_of_exponents():
    problem = convex(1, 1)
    for powers in ([[0.5]], [0.5, 0.0], [1.5]):
        with pytest.raises(InputError):
            cost_curves(problem, powers, "weights")


def test_compiled_boxes_do_what_interpreted_ones_do():
    rng = np.random.default_rng(3)
    problem = convex(*np.ceil(np.exp(rng.normal(2, 2.5, 60))), -1, *np.ceil(np.exp(rng.normal(2, 2.5, 61))))
    bends = curvature(problem.X[:, 0], problem.low)
    plain = crossing_of_cuts(bends, compiled=False)
    assert plain == crossing_of_cuts(bends, compiled=True)
    found = threshold(problem, "weights")
    assert (found.lower_bound, found.upper_bound) == (plain.lower, plain.upper)
    assert found.other is not None


run = functools.partial(helpers.call, "threshold", "--objective", "weights")


def test_numbers_of_minimisers_beyond_any_reader_are_told_by_size(tmp_path):
    # changes of slope 1, 1, 1, -1 again and again: each run of three has two cheapest cuts, 2^60 > 10^18
    changes = np.tile([1.0, 1, 1, -1], 60)
    y = np.concatenate([[0], np.cumsum(np.concatenate([[0], np.cumsum(changes)]))])
    path = tmp_path / "runs.csv"
    path.write_text("x,y\n" + "\n".join(f"{x},{value:g}" for x, value in enumerate(y)))
    document = json.loads(run(path, "--affine", "skip", "--p", "0.5", "--json").stdout)
    assert document["minimisers"]["at_least"] == document["minimisers"]["at_most"] == "more than 10^17"


@pytest.fixture
def table(tmp_path):
    """A file with changes of slope 1, 16, 16, 1."""
    problem = convex(1, 16, 16, 1)
    path = tmp_path / "data.csv"
    rows = [f"{x},{y}" for x, y in zip(problem.X[:, 0], problem.low, strict=True)]
    path.write_text("\n".join(["x,y", *rows]) + "\n")
    return path


def test_command_prints_p_star_and_both_networks(table):
    result = run(table, "--affine", "skip", "--p", "0.5")
    assert result.exit_code == 0
    assert "0.3423363389, certified" in result.output
    assert "certified from" in result.output
    assert "2 weights" in result.output
    assert "3 weights cost as little" in result.output
    assert "one, it is unique" in result.output


def test_command_writes_json_that_reads_back(table):
    document = json.loads(run(table, "--affine", "skip", "--json", "--p", "0.5").output)
    # 2 * 17^p = 2 + 32^p
    assert document["lower_bound"] == pytest.approx(0.342336338915, abs=1e-11)
    assert document["upper_bound"] == pytest.approx(0.342336338915, abs=1e-11)
    assert [len(document[side]["outputs"]) for side in ("network", "other")] == [2, 3]
    assert document["minimisers"] == {"p": 0.5, "at_least": 1, "at_most": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "words"), [("peak-plateau", "for every p < 1"), ("table", "certified from")]
)
def test_command_draws(tmp_path, table, data, words):
    target = tmp_path / "figure.png"
    result = run(table if data == "table" else data, "--affine", "skip", "--plot", target)
    assert result.exit_code == 0, result.output
    assert words in " ".join(result.output.split())
    assert target.read_bytes()[:4] == b"\x89PNG"


def test_command_without_a_skip_lists_extreme_points(tmp_path):
    # 3^p = 2, see test_extreme_points
    result = run("zigzag", "--affine", "none", "--plot", tmp_path / "figure.png")
    assert result.exit_code == 0, result.output
    assert "0.6309297536, certified from" in " ".join(result.output.split())
    assert "6 weights cost as little" in result.output


def test_command_refuses_other_data_with_one_sentence(table):
    result = run(table, "--affine", "skip", "--p", "2")
    assert result.exit_code == 2
    assert "0 < p <= 1" in result.output


def test_command_refuses_to_count_minimisers_before_it_searches(monkeypatch):
    def search(*arguments, **options):
        raise AssertionError("searched")

    monkeypatch.setattr("sparsest.exact.threshold", search)
    result = run("xor", "--p", "0.5")
    assert result.exit_code == 2
    assert "--p: this needs one feature" in result.output
