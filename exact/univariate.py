"""One feature and a skip: fewest knots within any tolerance, and interpolants of least path norm.

The fewest knots are found by `sparsest.exact.stabbing`. Path norms of interpolants have a two-state
recursion.

Nakhleh and Nowak (2025), Theorem 3.1: a minimiser of ``sum |change of slope|^p``, 0 < p <= 1, is linear
outside the second and the last but one sample, is the chord wherever the discrete curvature changes sign,
and on a run of samples with curvature of one sign its slope at sample i lies between the slopes of the two
adjacent chords. The cost of a run is concave in each of those slopes, so some minimiser has all of them at
an end: a shortest path through two states a sample. p = 0 (the number of knots) is the limit.
"""

import contextlib
import itertools
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.piecewise_linear import PiecewiseLinear as PiecewiseLinear
from sparsest.exact.piecewise_linear import RationalPiecewiseLinear
from sparsest.exact.search import Search
from sparsest.exact.stabbing import float_function, rational_function, sorted_samples, stab
from sparsest.objectives import Objective, check_power
from sparsest.problem import Problem
from sparsest.results import Proof, Status

# Shewchuk (1997), "Adaptive precision floating-point arithmetic and fast robust geometric predicates":
# the orientation of three points is certain when it exceeds this share of its two products' sum.
_ORIENTATION_ERROR = (3 + 16 * 2**-53) * 2**-53
# Slopes closer than this, relative to their size, have lost half of their digits in the subtraction.
_NEARLY_EQUAL = 1e-8

# Up to this many knots the witness is rounded from rational numbers, beyond it computed in floats.
_RATIONAL_KNOTS = 1000
_OVERFLOW = "the witness has slopes beyond the largest float"

Index = NDArray[np.intp]
Points = Mapping[int, tuple[Fraction, Fraction]]


def applies_to(problem: Problem, objective: Objective) -> bool:
    """Whether `solve_univariate` solves `problem`: one feature, a skip, no bound, knots counted."""
    return (
        problem.n_features == 1
        and problem.skip
        and problem.weight_bound is None
        and objective in (Objective.NEURONS, Objective.WEIGHTS)
    )


def solve_univariate(problem: Problem) -> Search:
    """Return a network with the fewest neurons, proven; see `sparsest.exact.stabbing`.

    Raises
    ------
    InputError
        Unless `applies_to` the problem.
    """
    if not applies_to(problem, Objective.NEURONS):
        raise InputError(
            "the univariate method needs one feature, skip=True and no weight bound; use method='tree'"
        )
    samples = sorted_samples(problem.X[:, 0], problem.low, problem.high)
    stabbing = stab(samples)
    knots = len(stabbing.sign)
    network, remark = None, _OVERFLOW
    with contextlib.suppress(InputError, OverflowError):
        function = (rational_function if knots <= _RATIONAL_KNOTS else float_function)(stabbing)
        network, remark = function.to_network(), ""
    return Search(
        status=Status.OPTIMAL,
        proof=Proof.EXACT,
        lower_bound=knots,
        network=network,
        nodes=problem.n_samples,
        solver="ordered stabbing",
        exact_witness=True,
        remark=remark,
        samples=samples,
    )


def interpolate(x: FloatArray, y: FloatArray, p: float) -> PiecewiseLinear:
    """Return the interpolant that minimises ``sum |change of slope|^p``.

    Parameters
    ----------
    x : array (N,)
        Sample positions, strictly increasing.
    y : array (N,)
        Values.
    p : float
        Exponent in [0, 1]; 0 counts knots.

    Raises
    ------
    InputError
        If p is outside [0, 1] or neighbouring samples are so close that a slope overflows.

    Examples
    --------
    >>> import numpy as np
    >>> best = interpolate(np.array([-2.0, -1, 0, 1, 2, 3]), np.array([0.0, 0, 1, 1, 0, 0]), 0.0)
    >>> best.knots
    array([-1. ,  0.5,  2. ])
    """
    check_power(p, zero_allowed=True)
    if len(x) == 1:
        return PiecewiseLinear(np.zeros(0), np.zeros(0), 0.0, float(y[0]), 0.0)
    with np.errstate(over="ignore"):
        slopes = np.diff(y) / np.diff(x)
    if not np.isfinite(slopes).all():
        row = int(np.argmin(np.isfinite(slopes)))
        raise InputError(
            f"inputs {float(x[row])!r} and {float(x[row + 1])!r} are too close together: the slope overflows"
        )
    signs = curvature_signs(x, y)
    return _assemble(x, y, signs, _tangents(slopes, signs, p), p)


def curvature_signs(x: FloatArray, y: FloatArray) -> NDArray[np.int8]:
    """Return the sign of the change of chord slope at each inner sample (N - 2,), decided exactly."""
    dx, dy = np.diff(x), np.diff(y)
    left, right = dy[1:] * dx[:-1], dy[:-1] * dx[1:]
    size = np.abs(left) + np.abs(right)
    difference = left - right
    signs = np.sign(difference).astype(np.int8)
    doubtful = (np.abs(difference) <= _ORIENTATION_ERROR * size) | (size < tolerances.UNDERFLOW)
    for i in np.flatnonzero(doubtful):
        a, b, c = (Fraction(float(value)) for value in x[i : i + 3])
        u, v, w = (Fraction(float(value)) for value in y[i : i + 3])
        exact = (w - v) * (b - a) - (v - u) * (c - b)
        signs[i] = (exact > 0) - (exact < 0)
    return signs


def _tangents(slopes: FloatArray, signs: NDArray[np.int8], p: float) -> NDArray[np.bool_]:
    """Choose the slope at each inner sample: False for the chord before it, True for the chord after.

    Viterbi's recursion. Between neighbours of unlike curvature the function is the chord, which the
    recursion expresses by allowing only the state pair (after, before) there.
    """
    inner = len(signs)
    before, after = slopes[:-1].tolist(), slopes[1:].tolist()
    linked = (signs[1:] == signs[:-1]).tolist()
    flat = (signs == 0).tolist()
    from_after = np.zeros((inner, 2), dtype=np.bool_)  # best predecessor of each state is "after"
    cost = [0.0, 0.0]
    for i in range(inner):
        jump = 0.0 if flat[i] else _power(after[i] - before[i], p)
        if i == 0 or not linked[i - 1]:
            # the function arrives on the chord before sample i, with knots so far as in state "after"
            base = 0.0 if i == 0 else min(cost[0], cost[1])
            from_after[i] = i > 0 and cost[1] <= cost[0]
            arrive = [base, base + jump]
        else:
            # the tangent at i - 1 was before[i - 1] or after[i - 1] = before[i]
            skipped = 0.0 if flat[i] else _power(before[i] - before[i - 1], p)
            to_before = (cost[0] + skipped, cost[1])
            far = 0.0 if flat[i] else _power(after[i] - before[i - 1], p)
            to_after = (cost[0] + far, cost[1] + jump)
            from_after[i] = to_before[1] <= to_before[0], to_after[1] <= to_after[0]
            arrive = [min(to_before), min(to_after)]
        # where the run ends the function leaves on the chord after sample i
        if i == inner - 1 or not linked[i]:
            arrive[0] += jump
        cost = arrive
    chosen = np.zeros(inner, dtype=np.bool_)
    state = bool(inner and cost[1] <= cost[0])
    for i in range(inner - 1, -1, -1):
        chosen[i] = state
        state = bool(from_after[i, int(state)])
    return chosen


def _power(change: float, p: float) -> float:
    return 1.0 if p == 0 else abs(change) ** p


def _assemble(
    x: FloatArray, y: FloatArray, signs: NDArray[np.int8], after: NDArray[np.bool_], p: float
) -> PiecewiseLinear:
    """Turn the tangents at the inner samples into knots, in floats where they are accurate.

    Slopes that nearly agree are subtracted in rational arithmetic: they may differ by less than their
    rounding, and the change must not come out as zero.
    """
    i, a, j, b = _bends(signs, after)
    slopes = np.diff(y) / np.diff(x)
    here, there = slopes[a], slopes[b]
    changes = there - here
    near = np.abs(changes) <= _NEARLY_EQUAL * (np.abs(here) + np.abs(there))
    with np.errstate(divide="ignore", invalid="ignore"):
        knots = x[i] - ((y[j] - y[i]) - there * (x[j] - x[i])) / changes
    for n in np.flatnonzero(near):
        places = [int(index[n]) for index in (i, a, j, b)]
        points = {
            m: (Fraction(float(x[m])), Fraction(float(y[m])))
            for k in places
            for m in (k, k + 1)
            if m < len(x)
        }
        knot, change = _meet(points, *places)
        knots[n], changes[n] = float(knot), float(change)
    cost = float(len(changes)) if p == 0 else float(np.sum(np.abs(changes) ** p))
    return PiecewiseLinear(
        np.clip(knots, x[i], x[j]), changes, float(slopes[0]), float(y[0] - slopes[0] * x[0]), cost
    )


def _bends(signs: NDArray[np.int8], after: NDArray[np.bool_]) -> tuple[Index, Index, Index, Index]:
    """Return where consecutive tangents differ: samples i, j and chords a, b of the two tangents.

    A tangent is a pair (sample it passes through, chord whose slope it has). Where a run of curvature ends
    the chord behind it is passed too, so it joins the sequence.
    """
    inner = np.arange(len(signs))
    ends = np.flatnonzero(np.r_[signs[1:] != signs[:-1], np.ones(min(1, len(signs)), dtype=bool)])
    sample = np.r_[0, np.insert(inner, ends + 1, ends) + 1]
    chord = np.r_[0, np.insert(inner + after, ends + 1, ends + 1)]
    bend = np.r_[0, np.cumsum(signs != 0)]  # chords with equal numbers have equal slopes, exactly
    moved = np.flatnonzero(np.diff(bend[chord]))
    return sample[moved], chord[moved], sample[moved + 1], chord[moved + 1]


def _meet(points: Points, i: int, a: int, j: int, b: int) -> tuple[Fraction, Fraction]:
    """Where the tangent at sample i with the slope of chord a meets that at j with chord b's; the change."""
    (xi, yi), (xj, yj) = points[i], points[j]
    there = _slope(points, b)
    change = there - _slope(points, a)
    return xi - ((yj - yi) - there * (xj - xi)) / change, change


def _slope(points: Points, chord: int) -> Fraction:
    (x0, y0), (x1, y1) = points[chord], points[chord + 1]
    return (y1 - y0) / (x1 - x0)


def rational_interpolant(x: list[Fraction], y: list[Fraction]) -> RationalPiecewiseLinear:
    """Return the interpolant with the fewest knots in rational arithmetic throughout.

    Parameters
    ----------
    x, y : lists of N Fractions
        Samples, positions strictly increasing.
    """
    points = dict(enumerate(zip(x, y, strict=True)))
    if len(x) == 1:
        return RationalPiecewiseLinear([], [], Fraction(0), y[0])
    slopes = [_slope(points, n) for n in range(len(x) - 1)]
    signs = np.array([(v > u) - (v < u) for u, v in itertools.pairwise(slopes)], dtype=np.int8)
    bends = _bends(signs, _tangents(np.zeros(len(slopes)), signs, 0.0))
    met = [_meet(points, *map(int, place)) for place in zip(*bends, strict=True)]
    return RationalPiecewiseLinear(
        [knot for knot, _ in met], [change for _, change in met], slopes[0], y[0] - slopes[0] * x[0]
    )
