import itertools
from fractions import Fraction

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import InputError, Problem, Proof, Status
from sparsest.exact.line.fewest_knots import interpolate, rational_interpolant, solve_univariate
from sparsest.exact.line.slope_changes import curvature


def brute_force_cost(x, y, p):
    """Least cost over every choice of one adjacent chord's slope at each inner sample, without the recursion.

    Exact slopes; a choice is legal if the function is the chord wherever curvature changes sign.
    """
    x, y = [Fraction(v) for v in x], [Fraction(v) for v in y]
    slopes = [
        (b - a) / (d - c) for (a, b), (c, d) in zip(itertools.pairwise(y), itertools.pairwise(x), strict=True)
    ]
    curvature = [(v > u) - (v < u) for u, v in itertools.pairwise(slopes)]
    best = np.inf
    for choice in itertools.product((0, 1), repeat=len(curvature)):
        path = [slopes[0]]
        for i, after in enumerate(choice):
            path.append(slopes[i + after])
            if i + 1 == len(curvature) or curvature[i + 1] != curvature[i]:
                path.append(slopes[i + 1])
        changes = [abs(float(b - a)) for a, b in itertools.pairwise(path) if a != b]
        best = min(best, sum(change**p for change in changes) if p else len(changes))
    return best


samples = st.integers(2, 8).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-12, 12), min_size=n, max_size=n, unique=True).map(sorted),
        st.lists(st.integers(-2, 2), min_size=n, max_size=n),
    )
)


@given(samples, st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]), st.sampled_from([1.0, 0.25, 2.0**40]))
def test_cost_equals_brute_force_and_function_interpolates(data, p, scale):
    x, y = np.array(data[0]) * scale, np.array(data[1], dtype=float)
    best = interpolate(x, y, p)
    assert best.cost == pytest.approx(brute_force_cost(x, y, p), rel=1e-9, abs=1e-9)
    assert np.all(best.changes != 0)
    assert np.all(np.diff(best.knots) >= 0)
    network = best.to_network()
    assert network.interpolates(Problem(x, y, affine="skip"))
    assert network.path_norm(p, "weights") == pytest.approx(best.cost, rel=1e-9, abs=1e-9)


@given(samples)
def test_rational_interpolant_is_exact_and_as_sparse(data):
    x, y = [flint.fmpq(v, 3) for v in data[0]], [flint.fmpq(v, 7) for v in data[1]]
    g = rational_interpolant(x, y)
    for xi, yi in zip(x, y, strict=True):
        bends = (
            change * max(flint.fmpq(0), xi - knot) for change, knot in zip(g.changes, g.knots, strict=True)
        )
        assert g.slope * xi + g.intercept + sum(bends, flint.fmpq(0)) == yi
    floats = interpolate(np.array(data[0], dtype=float), np.array(data[1], dtype=float), 0.0)
    assert len(g.knots) == len(floats.knots)


@pytest.mark.parametrize(
    ("x", "y", "knots"),
    [
        ([0], [5], 0),
        ([0, 1], [5, -7], 0),
        ([0, 1, 2], [1, 1, 1], 0),
        ([0, 1, 2], [0, 1, 0], 1),
        # one run of m = 2 curvature points of one sign: the two outer chords meet, ceil(2 / 2) = 1
        ([0, 1, 2, 3], [0, 1, 1, 0], 1),
        # curvature +, -, -, +: runs of 1, 2, 1 points need 1 + 1 + 1 knots
        ([-2, -1, 0, 1, 2, 3], [0, 0, 1, 1, 0, 0], 3),
        # x^2 on -3..3: one run of m = 5, ceil(5 / 2) = 3
        (range(-3, 4), [9, 4, 1, 0, 1, 4, 9], 3),
        # alternating: 5 runs of one point each
        (range(7), [0, 1, 0, 1, 0, 1, 0], 5),
        # a flat point (collinear) between two points of curvature + separates them
        ([0, 1, 2, 3, 4], [1, 0, 0, 0, 1], 2),
    ],
)
def test_number_of_knots_derived_by_hand(x, y, knots):
    result = solve_univariate(Problem(list(x), y, affine="skip"))
    assert (result.status, result.proof) == (Status.OPTIMAL, Proof.EXACT)
    assert result.lower_bound == result.network.count() == knots


def test_l1_cost_is_total_variation_of_the_slopes():
    # for p = 1 every tangent choice in a run costs the same: the sum of |s_{i+1} - s_i| = 1 + 1 + 1 + 1 - 0
    best = interpolate(np.arange(-2.0, 4), np.array([0.0, 0, 1, 1, 0, 0]), 1.0)
    assert best.cost == pytest.approx(4.0)


def test_curvature_below_rounding_is_decided_exactly():
    # 0.1, 0.4, 0.7 are not equally spaced as binary floats, so labels 1, 0, -1 are not collinear
    x = np.array([0.1, 0.4, 0.7])
    assert Fraction(0.4) - Fraction(0.1) != Fraction(0.7) - Fraction(0.4)
    assert curvature(x, np.array([1.0, 0.0, -1.0])).signs[0] != 0
    # multiples of 1/8 are
    assert curvature(np.array([0.125, 0.5, 0.875]), np.array([1.0, 0.0, -1.0])).signs[0] == 0


def test_underflowing_products_are_decided_exactly():
    tiny = 1e-200
    assert curvature(np.array([0.0, tiny, 2 * tiny]), np.array([0.0, tiny, 3 * tiny])).signs[0] == 1


def test_samples_too_close_for_a_slope_are_refused():
    with pytest.raises(InputError, match="too close together"):
        interpolate(np.array([0.0, 5e-324, 1.0]), np.array([0.0, 1.0, 0.0]), 0.0)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_scale_and_offset_do_not_change_the_count(scale, offset):
    x = np.array([-2.0, -1, 0, 1, 2, 3]) + offset
    result = solve_univariate(Problem(x, np.array([0.0, 0, 1, 1, 0, 0]) * scale, affine="skip"))
    assert result.lower_bound == 3


@pytest.mark.parametrize(
    "problem",
    [
        Problem([0, 1], [0, 1]),
        Problem([[0, 1]], [0], affine="skip"),
        Problem([0, 1], [0, 1], affine="skip", weight_bound=1),
    ],
)
def test_problems_it_does_not_solve_are_refused(problem):
    with pytest.raises(InputError, match="needs one feature"):
        solve_univariate(problem)


@pytest.mark.parametrize(
    ("tolerance", "knots"),
    [
        (0.0, 3),
        # the steepest line through -2 and -1 rises by 1/4 to 1/8 at -1, so to 3/8 < 7/8 at 0: a knot upwards
        # on either side, and one downwards between
        (0.125, 3),
        # from (-2, -1/4) through (-1, 1/4) to (0, 3/4) and (1/2, 1), and back: a tent
        (0.25, 1),
        # half the height: the constant 1/2
        (0.5, 0),
    ],
)
def test_tolerance_spares_knots(tolerance, knots):
    problem = Problem(range(-2, 4), [0, 0, 1, 1, 0, 0], affine="skip", tolerance=tolerance)
    result = solve_univariate(problem)
    assert (result.lower_bound, result.network.count()) == (knots, knots)
    assert result.network.solves(problem)


def test_classes_are_separated_with_one_knot_a_change_but_one():
    # + + - - + + -: three changes of class; a line crosses zero once, every knot allows one crossing more
    problem = Problem.classification(range(7), [1, 1, 0, 0, 1, 1, 0], affine="skip")
    assert solve_univariate(problem).lower_bound == 2


def test_slopes_beyond_floats_leave_the_bound_without_a_network():
    # chords of slope 1e100 / 5e-324
    result = solve_univariate(Problem([0.0, 5e-324, 1.0], [0.0, 1e100, 0.0], affine="skip"))
    assert (result.lower_bound, result.network) == (1, None)
    assert "beyond the largest float" in result.remark


def test_integers_are_taken_and_disorder_is_refused():
    best = interpolate([-2, -1, 0, 1, 2, 3], np.array([0, 0, 1, 1, 0, 0]), 0.5)
    assert best.knots.tolist() == [-1, 0.5, 2]
    for x, y, words in (([0, 2, 1], [0, 0, 0], "does not increase"), ([0, 0], [1, 1], "does not increase"),
                        ([0, 1], [0], "shape"), ([], [], "shape")):  # fmt: skip
        with pytest.raises(InputError, match=words):
            interpolate(x, y, 0.5)
