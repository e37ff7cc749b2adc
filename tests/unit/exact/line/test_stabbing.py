import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from helpers import slow_after
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.brute_force import minimum_neurons

from sparsest import InputError, Network, Problem, Status, exact
from sparsest.exact.arithmetic.rational_network import meets_every_interval
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.line import stabbing_kernel as kernel
from sparsest.exact.line.forced_knots import lower_bound_certificate
from sparsest.exact.line.residual import evaluate, evaluate_in_order, largest_violation
from sparsest.exact.line.stabbing import float_function, rational_function, stab
from sparsest.exact.line.without_skip import bounds_without_skip
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.sorted_samples import sort_with_places, sorted_samples
from sparsest.exact.tree.search import solve_tree


def sort_and_stab(problem):
    return stab(sorted_samples(problem.X[:, 0], problem.low, problem.high))


def merged(x, low, high, affine):
    """A problem whose repeated inputs ask for something possible: intersections, or one of their ends."""
    for value in np.unique(x):
        same = x == value
        if low[same].max() > high[same].min():
            low[same] = high[same] = low[same].max()
    return Problem.from_intervals(x, low, high, affine=affine)


def small_problem(seed, affine="skip"):
    """Up to seven samples: ties, collinear and repeated ones, open ends, neighbouring floats, odd scales."""
    rng = np.random.default_rng(seed)
    n, kind = int(rng.integers(1, 8)), seed % 8
    x, y = rng.integers(-6, 7, n).astype(float), rng.integers(-3, 4, n).astype(float)
    slack = rng.integers(0, 3, n) / 2
    if kind == 0:
        x, y = rng.uniform(-1, 1, n), rng.uniform(-1, 1, n)
    elif kind == 1:
        slack[:] = 0
    elif kind == 2:  # on a line but for one sample
        y = 2 * x - 1
        y[rng.integers(n)] += rng.integers(-2, 3)
    low, high = y - slack, y + slack
    if kind == 3 or kind == 4:
        low[rng.random(n) < 0.35], high[rng.random(n) < 0.35] = -np.inf, np.inf
    elif kind == 5:
        x, low, high = x * 2.0**-30, low * 2.0**20, high * 2.0**20
    elif kind == 6:
        x = x + 8  # no subnormal neighbours of zero
        x = np.where(rng.random(n) < 0.5, x, np.nextafter(x, np.inf))
    return merged(x, low, high, affine)


def fits_exactly(function, problem):
    return all(
        (low == -math.inf or function(Fraction(x)) >= Fraction(low))
        and (high == math.inf or function(Fraction(x)) <= Fraction(high))
        for x, low, high in zip(
            problem.X[:, 0].tolist(), problem.low.tolist(), problem.high.tolist(), strict=True
        )
    )


def assert_forces_knots(problem, triples):
    """Each triple contradicts all functions without a knot of its sign inside, and none overlap."""
    x = [Fraction(v) for v in problem.X[:, 0].tolist()]
    ends = {1: (problem.low, problem.high), -1: (problem.high, problem.low)}
    for a, b, c, sign in triples:
        outer, inner = ends[sign]
        assert x[a] < x[b] < x[c]
        (ya, yc), yb = (Fraction(float(outer[i])) for i in (a, c)), Fraction(float(inner[b]))
        chord = ya + (yc - ya) * (x[b] - x[a]) / (x[c] - x[a])
        assert sign * (chord - yb) > 0
    for sign in (1, -1):
        spans = sorted((x[a], x[c]) for a, _, c, s in triples if s == sign)
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(5))
def test_agrees_with_the_activation_tree(block):
    decided = 0
    for seed in range(20 * block, 20 * block + 20):
        problem = small_problem(seed)
        stabbing = sort_and_stab(problem)
        knots, function = len(stabbing.sign), rational_function(stabbing)
        assert len(function.knots) == knots == len(function.changes)
        assert sorted(function.knots) == function.knots
        assert fits_exactly(function, problem)
        triples = lower_bound_certificate(problem)
        assert len(triples) == knots
        assert_forces_knots(problem, triples)
        tree = solve_tree(problem, SearchOptions(node_limit=5000))
        assert tree.lower_bound <= knots
        assert tree.network is None or knots <= tree.network.count()
        decided += tree.status is Status.OPTIMAL
    assert decided >= 18  # else too little was compared; neighbouring floats may leave the tree undecided


@pytest.mark.parametrize("seed", slow_after(9, [s for s in range(32) if s % 8 in (0, 1, 2, 3, 4, 7)]))
def test_agrees_with_trying_every_set_of_cells(seed):
    problem = small_problem(seed)
    problem = problem.subset(range(min(problem.n_samples, 5)))
    assert len(sort_and_stab(problem).sign) == minimum_neurons(problem, 3)


intervals = st.lists(
    st.tuples(
        st.integers(-9, 9),
        st.integers(-4, 4),
        st.integers(0, 3),
        st.sampled_from(["both", "low", "high", "none"]),
    ),
    min_size=1,
    max_size=24,
    unique_by=lambda sample: sample[0],
)


@pytest.mark.slow
@given(intervals, st.randoms(use_true_random=False))
def test_bounds_meet_whatever_the_order(samples, random):
    x, y, slack, kinds = zip(*samples, strict=True)
    low = np.array(
        [v - s if k in ("both", "low") else -np.inf for v, s, k in zip(y, slack, kinds, strict=True)]
    )
    high = np.array(
        [v + s if k in ("both", "high") else np.inf for v, s, k in zip(y, slack, kinds, strict=True)]
    )
    problem = Problem.from_intervals(list(x), low, high, affine="skip")
    stabbing = sort_and_stab(problem)
    assert fits_exactly(rational_function(stabbing), problem)
    triples = lower_bound_certificate(problem)
    assert_forces_knots(problem, triples)
    assert len(triples) == len(stabbing.sign)
    order = random.sample(range(len(x)), len(x))
    shuffled = problem.subset(order)
    assert_forces_knots(shuffled, lower_bound_certificate(shuffled))
    again = sort_and_stab(shuffled)
    for one, other in zip(stabbing[1:], again[1:], strict=True):
        np.testing.assert_array_equal(one, other)
    mirrored = Problem.from_intervals([-v for v in x], -high, -low, affine="skip")
    assert len(sort_and_stab(mirrored).sign) == len(triples)


@pytest.mark.parametrize(
    ("x", "low", "high", "triples"),
    [
        # a tent within 1/2 is met by the constant 1/2, within 1/4 not: 1/4 < 3/4
        ([0, 1, 2], [-0.5, 0.5, -0.5], [0.5, 1.5, 0.5], ()),
        ([0, 1, 2], [-0.25, 0.75, -0.25], [0.25, 1.25, 0.25], ((0, 1, 2, -1),)),
        # touching is enough: the line 0, 1/2, 1 passes all three ends
        ([0, 1, 2], [-np.inf, 0.5, -np.inf], [0, np.inf, 1], ()),
        ([0, 1, 2], [-np.inf, np.nextafter(0.5, 1), -np.inf], [0, np.inf, 1], ((0, 1, 2, -1),)),
        # one side only: any constant of at least 3 will do
        ([0, 1, 2, 3], [1, 3, 0, 2], [np.inf] * 4, ()),
        # classes in turn, margin 1: three runs of alternating curvature
        (
            [0, 1, 2, 3, 4],
            [1, -np.inf, 1, -np.inf, 1],
            [np.inf, -1, np.inf, -1, np.inf],
            ((0, 1, 2, 1), (1, 2, 3, -1), (2, 3, 4, 1)),
        ),
        # no condition at all
        ([5, 7], [-np.inf] * 2, [np.inf] * 2, ()),
    ],
)
def test_certificate_derived_by_hand(x, low, high, triples):
    problem = Problem.from_intervals(x, low, high, affine="skip", numbers="binary")
    assert lower_bound_certificate(problem) == triples


def test_repeated_inputs_lend_each_end_from_the_row_that_has_it():
    # at 1 row 1 bounds from above and row 2 from below; the tent 0, 1, 0 needs the lower end, row 2
    problem = Problem.from_intervals([0, 1, 1, 2], [0, -5, 1, 0], [0, 1, 5, 0], affine="skip")
    assert lower_bound_certificate(problem) == ((0, 2, 3, -1),)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1.0, 1e90])
def test_one_ulp_decides_at_every_scale(scale):
    x = np.array([0.1, 0.4, 0.7, 1.1]) * scale
    line = Fraction(x[2]) / Fraction(x[1])  # through 0 and (x_1, scale); rounded to a float it bends
    y = np.array([0.0, scale, float(line * Fraction(scale)), 0.0])
    exactly = Fraction(y[2]) - line * Fraction(scale)
    problem = Problem(np.r_[0.0, x[1:3]], y[:3], affine="skip")
    assert len(sort_and_stab(problem).sign) == (exactly != 0)


coordinates = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-1, 1).map(lambda v: v + 3.0),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100),
    st.sampled_from([0.1, 0.2, 0.3, 0.4, 5e-324, 1e-200, 1 + 2**-52]),
)


@pytest.mark.slow
@settings(max_examples=500)
@given(st.lists(coordinates, min_size=6, max_size=6))
def test_expansions_decide_as_fractions_do(numbers):
    expected = kernel.exact_orientation(*numbers)
    assert kernel.orientation(*numbers) == expected
    try:
        decided = kernel.expansion_orientation(*numbers)
    except ArithmeticError:
        return  # says that it cannot tell
    assert decided == expected


def test_expansions_decide_collinear_floats():
    # products of 53-bit numbers that cancel to nothing, or to one unit in the 106th bit
    a, b = 1 + 2**-52, 1 + 2**-51
    assert kernel.expansion_orientation(0.0, 0.0, a, b, 2 * a, 2 * b) == 0
    assert (
        kernel.expansion_orientation(0.0, 0.0, a, b, b, b * b)
        == kernel.exact_orientation(0.0, 0.0, a, b, b, b * b)
        != 0
    )


def curve(kind, n):
    rng = np.random.default_rng(7)
    x = np.sort(rng.uniform(0, 1, n)) if kind != "integers" else np.arange(float(n))
    y = {
        "smooth": np.sin(20 * x),
        "noise": rng.normal(size=n),
        "integers": np.cumsum(rng.integers(-1, 2, n)).astype(float),
        "line": 3 * x,
        "tiny": rng.integers(-3, 4, n) * 1e-250,
    }[kind]
    return x, y


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["smooth", "noise", "integers", "line", "tiny"])
@pytest.mark.parametrize("tolerance", [0.0, 1e-9, 0.5])
def test_compiled_and_interpreted_agree(kind, tolerance):
    x, y = curve(kind, 4000)
    samples = sorted_samples(x, y - tolerance, y + tolerance)
    plain = stab(samples, compiled=False)
    rounded = float_function(plain, compiled=False)
    fast = stab(samples, compiled=True)
    for one, other in zip(plain[1:], fast[1:], strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(float_function(fast, compiled=True).knots, rounded.knots, rtol=1e-12)


@pytest.mark.parametrize("tolerance", [0.0, 1e-3])
def test_rounded_function_is_near_the_rational_one(tolerance):
    x, y = curve("noise", 300)
    stabbing = stab(sorted_samples(x, y - tolerance, y + tolerance))
    exact_one, rounded = rational_function(stabbing), float_function(stabbing)
    np.testing.assert_allclose(rounded.knots, [float(v) for v in exact_one.knots], rtol=1e-9)
    np.testing.assert_allclose(rounded.changes, [float(v) for v in exact_one.changes], rtol=1e-6)
    network = rounded.to_network()
    np.testing.assert_allclose(evaluate(network, x), network(x[:, None]), atol=1e-9)


def test_evaluation_knows_neurons_of_every_kind():
    # facing right, left, twice at one knot, constant, inactive, and a skip
    network = Network(
        [[2.0], [-1.0], [1.0], [0.0], [0.0]], [-2.0, 3.0, -1.0, 2.0, -1.0], [1, -3, 1, 1, 1], [1.0, 5.0]
    )
    x = np.array([7.0, -4.0, 1.0, 3.0, 0.5])
    np.testing.assert_allclose(evaluate(network, x), network(x[:, None]), rtol=1e-14)
    np.testing.assert_allclose(
        evaluate_in_order(network, np.sort(x)), network(np.sort(x)[:, None]), rtol=1e-14
    )


@pytest.mark.slow
@pytest.mark.parametrize("facing", ["right", "left", "both"])
def test_running_sums_are_those_of_rational_arithmetic(facing):
    # slopes of 1e6 and more that cancel to values of about one, knots in no order, some of them equal
    rng = np.random.default_rng(3)
    knots, size = np.round(rng.uniform(0, 1, 300), 2), 10.0 ** rng.uniform(3, 6, 300)
    turns = {"right": np.ones(300), "left": -np.ones(300), "both": rng.choice([-1.0, 1.0], 300)}[facing]
    signs = rng.choice([-1.0, 1.0], 300)
    network = Network((size * turns)[:, None], -size * turns * knots, signs, [0.5, -2.0])
    x = np.sort(rng.uniform(-0.1, 1.1, 60))
    expected = []
    for place in x:
        inputs = [
            Fraction(w) * Fraction(place) + Fraction(b)
            for w, b in zip(network.weights[:, 0].tolist(), network.biases.tolist(), strict=True)
        ]
        active = sum((int(s) * max(t, 0) for s, t in zip(signs, inputs, strict=True)), Fraction(0))
        expected.append(float(active + Fraction(place) / 2 - 2))
    # rounded once at the end; the terms sum up to 1e8
    np.testing.assert_allclose(evaluate_in_order(network, x), expected, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(evaluate(network, x), expected, rtol=1e-9, atol=1e-9)


def test_largest_violation_is_that_of_the_network():
    rng = np.random.default_rng(5)
    x = np.r_[rng.uniform(size=500), np.repeat(rng.uniform(size=20), 3)]  # some inputs three times
    low = np.where(rng.random(len(x)) < 0.2, -np.inf, np.sin(9 * x) - rng.uniform(0.1, 0.2, len(x)))
    problem = Problem.from_intervals(x, low, np.sin(9 * x) + 0.1, affine="skip")
    network = Network([[1.0], [-2.0]], [-0.3, 1.0], [1, -1], [0.25, 0.1])
    samples = sorted_samples(problem.X[:, 0], problem.low, problem.high)
    assert len(samples.x) == 520
    direct = (network.residual(problem), False)
    assert largest_violation(problem, network) == direct
    assert largest_violation(problem, network, samples, compiled=True) == pytest.approx(direct)
    assert largest_violation(problem, network, max_direct=0) == pytest.approx(direct)
    wide = Problem(x, np.zeros(len(x)), affine="skip", tolerance=10.0)
    samples = sorted_samples(wide.X[:, 0], wide.low, wide.high)
    assert largest_violation(wide, network, samples, compiled=True) == (0.0, True)
    # a weight of 2 breaks the bound of 1, whatever the values
    bounded = wide.replace(weight_bound=1.0)
    assert largest_violation(bounded, network, samples, compiled=True) == (0.0, False)
    # a value beyond the largest float is no residual of zero
    broken = Network([[1e300]], [0.0], [1], [0.0, 0.0])
    far = Problem([1e90, 2e90, 3e90], [0, 0, 0], affine="skip")
    with np.errstate(over="ignore", invalid="ignore"):
        samples = sorted_samples(far.X[:, 0], far.low, far.high)
        found, solves = largest_violation(far, broken, samples, compiled=True)
    assert not np.isfinite(found)
    assert not solves


def test_level_points_need_no_long_arithmetic(monkeypatch):
    # two values: every third point may lie on the line of two others, which no error bound decides
    monkeypatch.setattr(kernel, "exact_orientation", None)
    assert kernel.orientation(0.0, 0.1, 0.3, 0.1, 0.7, 0.1) == 0
    assert kernel.orientation(0.0, 0.0, 0.3, 0.0, 0.7, 0.0) == 0


class TestCheck:
    """The check after the search must not accept what the search could get wrong."""

    x, low, high = [0.0, 1, 2, 3, 4, 5], [0.0, 0, 1, 1, 0, 0], [0.0, 0, 1, 1, 0, 0]

    def found(self):
        breaks = kernel.Breaks(*([0] * 6 for _ in range(4)))
        knots, ends = kernel.greedy(self.x, self.low, self.high, [0] * 6, [0] * 6, breaks)
        return breaks, knots, tuple(ends)

    def test_accepts_what_is_right(self):
        breaks, knots, ends = self.found()
        assert knots == 3
        assert kernel.holds(self.x, self.low, self.high, breaks, knots, ends)

    @pytest.mark.parametrize("part", ["first", "middle", "last", "sign"])
    @pytest.mark.parametrize("place", range(3))
    @pytest.mark.parametrize("change", [-1, 1])
    def test_rejects_any_other_break(self, part, place, change):
        breaks, knots, ends = self.found()
        getattr(breaks, part)[place] += change
        assert not kernel.holds(self.x, self.low, self.high, breaks, knots, ends)

    @pytest.mark.parametrize("sample", range(6))
    @pytest.mark.parametrize("shift", [-0.25, 0.25])
    def test_rejects_other_data(self, sample, shift):
        breaks, knots, ends = self.found()
        low, high = list(self.low), list(self.high)
        low[sample] += shift
        high[sample] += shift
        moved = [i for part in breaks for i in part[:knots]]
        assert sample in moved or not kernel.holds(self.x, low, high, breaks, knots, ends)

    def test_rejects_a_missing_knot(self):
        breaks, knots, ends = self.found()
        assert not kernel.holds(self.x, self.low, self.high, breaks, knots - 1, ends)


@pytest.mark.parametrize("tolerance", [0.0, 1e-6, 0.1])
def test_many_samples_in_random_order(tolerance):
    n = 100_000
    x = np.random.default_rng(0).permutation(n) / n
    result = exact.solve(Problem(x, 2 * x**2, affine="skip", tolerance=tolerance))
    assert result.status is Status.OPTIMAL
    assert result.method == "univariate"
    assert result.upper_bound == result.network.count()
    if tolerance:
        # a chord of width w leaves 2 x^2 by w^2 / 2 = 2 eps at most, so links have w = 2 sqrt(eps)
        links = math.ceil(1 / math.sqrt(4 * tolerance))
        # of samples 1 / n apart it covers that many steps, and one sample more than steps
        samples = math.floor(round(2 * math.sqrt(tolerance) * n, 6)) + 1
        assert math.ceil(n / samples) - 1 <= result.upper_bound <= links


@pytest.mark.slow
@pytest.mark.parametrize("block", range(3))
def test_bounds_without_a_skip_enclose_the_minimum(block):
    for seed in range(30 * block, 30 * block + 30):
        problem = small_problem(seed, affine="none")
        lower, witness = bounds_without_skip(problem)
        upper = len(witness.signs)
        assert meets_every_interval(ExactData(problem), witness)
        assert upper <= lower + 2
        tree = solve_tree(problem, SearchOptions(node_limit=1500))
        assert tree.network is None or lower <= tree.network.count()
        assert tree.lower_bound <= upper


@pytest.mark.parametrize(
    ("x", "y", "lower", "upper"),
    [
        ([0, 1, 2], [0, 0, 0], 0, 0),
        ([0, 1, 2], [1, 2, 3], 1, 1),
        ([0, 1, 2], [1, 0, -1], 2, 2),  # one output sign is not enough
        ([-2, -1, 0, 1, 2, 3], [0, 0, 1, 1, 0, 0], 3, 3),  # the first link is zero
        # a skip spares the middle link; here it is zero, and one neuron faces left
        ([0, 1, 2, 3, 4], [2, 1, 0, 0, 5], 1, 2),
        ([0, 1, 2], [3, 0, 4], 1, 2),  # a knot at a root takes one more
    ],
)
def test_bounds_without_a_skip_derived_by_hand(x, y, lower, upper):
    found, witness = bounds_without_skip(Problem(x, y))
    assert (found, len(witness.signs)) == (lower, upper)


def test_facings_are_chosen_only_where_there_is_a_choice():
    with pytest.raises(InputError, match="affine='none'"):
        bounds_without_skip(Problem([0, 1], [0, 1], affine="skip"))


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(0),
        np.zeros(1),
        np.array([0.0, -0.0, 5e-324, -5e-324, 1e100, -1e100, 1.0, -1.0, 0.1, -0.1]),
        np.random.default_rng(0).normal(size=5000)
        * 10.0 ** np.random.default_rng(1).integers(-300, 99, 5000),
        # alike in all but the bits that make room for places: few of them, then many
        np.r_[np.arange(4000.0), 7 + np.arange(9)[::-1] * 2.0**-50, 3999 - np.arange(5) * 2.0**-40],
        1 + np.random.default_rng(2).permutation(4000) * 2.0**-52,
        np.random.default_rng(3).integers(-5, 6, 3000).astype(float),
    ],
)
def test_packed_sort_sorts(values):
    order, ordered = sort_with_places(values)
    np.testing.assert_array_equal(ordered, np.sort(values))
    np.testing.assert_array_equal(values[order], ordered)
    np.testing.assert_array_equal(np.sort(order), np.arange(len(values)))
