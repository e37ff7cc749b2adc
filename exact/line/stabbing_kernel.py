"""The loops of `sparsest.exact.line.stabbing`: exact orientation of three points, the greedy, and its check.

Plain Python that numba also compiles (`sparsest.exact.compiling`), on lists or arrays of samples sorted by x.
"""

import math
from typing import Final, NamedTuple

from sparsest import tolerances
from sparsest.exact.arithmetic.error_free import two_product, two_sum
from sparsest.exact.compiling import Entries, Room, Substitutes

# Shewchuk (1997), "Adaptive precision floating-point arithmetic and fast robust geometric predicates":
# (3 + 16 u) u with u = 2^-53 bounds the relative error of the orientation of three points. One u more covers
# products that underflow where their sum is at least `tolerances.UNDERFLOW`.
_ORIENTATION_ERROR: Final = 4 * 2.0**-53
_UNDERFLOW: Final = tolerances.UNDERFLOW
# Slopes closer than this, relative to their size, have lost half of their digits in the subtraction.
_NEARLY_EQUAL: Final = 1e-8
_ORIENTATION_TERMS: Final = 16

# Interpreted, what is done to one sample here is about so many steps in the sense of
# `sparsest.exact.compiling.MAX_INTERPRETED_STEPS`.
STEPS_A_SAMPLE: Final = 5

Numbers = Entries[float]
Indices = Room[int]


class Breaks(NamedTuple):
    """Room for what `greedy` finds: one entry a knot."""

    first: Indices
    middle: Indices
    last: Indices
    sign: Indices


def orientation(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """Say exactly whether c lies above (1), on (0) or below (-1) the line from a to b, where ``ax < bx``."""
    left, right = (bx - ax) * (cy - ay), (by - ay) * (cx - ax)
    difference, size = left - right, abs(left) + abs(right)
    if size >= _UNDERFLOW and abs(difference) > _ORIENTATION_ERROR * size:
        return 1 if difference > 0 else -1
    if ay == by == cy:  # labels of few values, where every third point may be one of these
        return 0
    return exact_orientation(ax, ay, bx, by, cx, cy)


def exact_orientation(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """As `orientation`, in integer arithmetic; compiled, `expansion_orientation` stands in."""
    # times a power of two for each coordinate all numbers are integers, which are faster than fractions
    (ax_, bx_, cx_), (ay_, by_, cy_) = _integers(ax, bx, cx), _integers(ay, by, cy)
    difference = (bx_ - ax_) * (cy_ - ay_) - (by_ - ay_) * (cx_ - ax_)
    return (difference > 0) - (difference < 0)


def _integers(*values: float) -> list[int]:
    """Return floats times their largest denominator."""
    ratios = [float(value).as_integer_ratio() for value in values]
    largest = max(denominator for _, denominator in ratios)
    return [numerator * (largest // denominator) for numerator, denominator in ratios]


def greedy(  # noqa: C901
    x: Numbers, low: Numbers, high: Numbers, lows: Indices, highs: Indices, breaks: Breaks
) -> tuple[int, tuple[int, int, int, int]]:
    """Stab the intervals with the fewest links.

    The method and its proof are in `sparsest.exact.line.stabbing`.

    Parameters
    ----------
    x, low, high : sequences of N floats
        Positions, strictly increasing, and interval ends.
    lows, highs : sequences of N integers
        Room for the upper hull of lower ends and the lower hull of upper ends.
    breaks : Breaks
        Room for N knots.

    Returns
    -------
    knots : int
        Their number.
    ends : tuple of 4 ints
        For the last link, the samples whose lower and upper end its steepest line touches, and those whose
        upper and lower end its least steep line touches; -1 where there is no such line.

    Notes
    -----
    Hull updates and tangents are written out: compiled helpers that take arrays count references, which made
    this four times slower.
    """
    n = len(x)
    knots, start, full, side = 0, 0, 0, 0
    while True:
        low_from, low_to, high_from, high_to = 0, 0, 0, 0
        b_max, c_max, b_min, c_min = -1, -1, -1, -1
        # samples that the link before has passed hold this one back from one side only
        for i in range(start, full):
            if side > 0 and high[i] < math.inf:
                while high_to - high_from >= 2:
                    p, q = highs[high_to - 2], highs[high_to - 1]
                    if orientation(x[p], high[p], x[q], high[q], x[i], high[i]) > 0:
                        break
                    high_to -= 1
                highs[high_to] = i
                high_to += 1
            elif side < 0 and low[i] > -math.inf:
                while low_to - low_from >= 2:
                    p, q = lows[low_to - 2], lows[low_to - 1]
                    if -orientation(x[p], low[p], x[q], low[q], x[i], low[i]) > 0:
                        break
                    low_to -= 1
                lows[low_to] = i
                low_to += 1
        broken, i = 0, full
        while i < n:
            above, below = high[i] < math.inf, low[i] > -math.inf
            # the upper end against the steepest link, the lower end against the least steep one
            over, under = 0, 0
            if above and c_max >= 0:
                over = orientation(x[b_max], low[b_max], x[c_max], high[c_max], x[i], high[i])
            if below and c_min >= 0:
                under = orientation(x[b_min], high[b_min], x[c_min], low[c_min], x[i], low[i])
            # a break needs the whole interval on one side of both links
            if (
                below
                and c_max >= 0
                and (over > 0 or not above)
                and (under > 0 or c_min < 0)
                and orientation(x[b_max], low[b_max], x[c_max], high[c_max], x[i], low[i]) > 0
            ):
                broken = 1
                break
            if (
                above
                and c_min >= 0
                and (under < 0 or not below)
                and (over < 0 or c_max < 0)
                and orientation(x[b_min], high[b_min], x[c_min], low[c_min], x[i], high[i]) < 0
            ):
                broken = -1
                break
            # an end that lies outside both links is touched by no link from here on
            lowers, raises = above and over <= 0, below and under >= 0
            if lowers and low_from < low_to:
                while low_from + 1 < low_to:
                    p, q = lows[low_from], lows[low_from + 1]
                    if -orientation(x[p], low[p], x[q], low[q], x[i], high[i]) < 0:
                        break
                    low_from += 1
                b_max, c_max = lows[low_from], i
            if raises and high_from < high_to:
                while high_from + 1 < high_to:
                    p, q = highs[high_from], highs[high_from + 1]
                    if orientation(x[p], high[p], x[q], high[q], x[i], low[i]) < 0:
                        break
                    high_from += 1
                b_min, c_min = highs[high_from], i
            if lowers:
                while high_to - high_from >= 2:
                    p, q = highs[high_to - 2], highs[high_to - 1]
                    if orientation(x[p], high[p], x[q], high[q], x[i], high[i]) > 0:
                        break
                    high_to -= 1
                highs[high_to] = i
                high_to += 1
            if raises:
                while low_to - low_from >= 2:
                    p, q = lows[low_to - 2], lows[low_to - 1]
                    if -orientation(x[p], low[p], x[q], low[q], x[i], low[i]) > 0:
                        break
                    low_to -= 1
                lows[low_to] = i
                low_to += 1
            i += 1
        if broken == 0:
            return knots, (b_max, c_max, b_min, c_min)
        start = c_max if broken > 0 else c_min
        breaks.first[knots] = b_max if broken > 0 else b_min
        breaks.middle[knots], breaks.last[knots], breaks.sign[knots] = start, i, broken
        knots, full, side = knots + 1, i, broken


def holds(  # noqa: C901
    x: Numbers, low: Numbers, high: Numbers, breaks: Breaks, knots: int, ends: tuple[int, int, int, int]
) -> bool:
    """Whether the links meet every interval and the triples are a lower bound, whoever found them."""
    n = len(x)
    start, full, side = 0, 0, 0
    past_up, past_down = 0, 0  # where the triples of either sign end so far
    for k in range(knots + 2):
        # the link before knot k, or the steepest and the least steep last link; i is the lower end it passes
        if k < knots:
            a, b, stop, sign = breaks.first[k], breaks.middle[k], breaks.last[k], breaks.sign[k]
            i, j = (a, b) if sign > 0 else (b, a)
            if not (0 <= a < b < stop < n and full <= b and (sign == 1 or sign == -1)):
                return False
            if a < (past_up if sign > 0 else past_down):
                return False
        else:
            i, j = (ends[0], ends[1]) if k == knots else (ends[3], ends[2])
            a, b, stop, sign = min(i, j), max(i, j), n, 0
            if i < 0 or j < 0:
                continue
        ya, yb = (low[a], high[b]) if a == i else (high[a], low[b])
        if sign > 0 and orientation(x[a], ya, x[b], yb, x[stop], low[stop]) <= 0:
            return False
        if sign < 0 and orientation(x[a], ya, x[b], yb, x[stop], high[stop]) >= 0:
            return False
        for i in range(start, stop):
            if i in (a, b):
                continue
            upper, lower = i >= full or side > 0, i >= full or side < 0
            if upper and high[i] < math.inf and orientation(x[a], ya, x[b], yb, x[i], high[i]) < 0:
                return False
            if lower and low[i] > -math.inf and orientation(x[a], ya, x[b], yb, x[i], low[i]) > 0:
                return False
        if sign > 0:
            past_up = stop
        elif sign < 0:
            past_down = stop
        if sign != 0:
            start, full, side = b, stop, sign
    return True


def crossings(
    x: Numbers,
    low: Numbers,
    high: Numbers,
    breaks: Breaks,
    last_link: tuple[float, float],
    knots: Room[float],
    changes: Room[float],
) -> None:
    """Write down, rounded, where consecutive links cross and how the slope changes there.

    Where links are nearly parallel both are nan.

    Parameters
    ----------
    x, low, high, breaks
        As `greedy` has them; breaks has as many entries as there are knots.
    last_link : pair of float
        Slope and intercept of the link after the last knot.
    knots, changes : sequences of float
        Room for one entry a knot.
    """
    count = len(breaks.first)
    slope, px, py = 0.0, 0.0, 0.0
    for k in range(count + 1):
        before = slope
        if k < count:
            a, b, up = breaks.first[k], breaks.middle[k], breaks.sign[k] > 0
            ya, yb = (low[a], high[b]) if up else (high[a], low[b])
            slope = (yb - ya) / (x[b] - x[a])
            value = ya + slope * (px - x[a])
        else:
            b, yb = 0, 0.0
            slope = last_link[0]
            value = slope * px + last_link[1]
        if k > 0:
            # p is where the link before touches last; there this one is off it by py - value
            change = slope - before
            if abs(change) > _NEARLY_EQUAL * (abs(slope) + abs(before)) and abs(change) < math.inf:
                changes[k - 1] = change
                knots[k - 1] = min(max(px + (py - value) / change, px), x[breaks.last[k - 1]])
            else:
                changes[k - 1] = knots[k - 1] = math.nan
        px, py = x[b], yb


def add_values(x: Numbers, slopes: Numbers, biases: Numbers, signs: Numbers, values: Room[float]) -> None:
    """Add ``sum_k signs_k max(0, slopes_k x + biases_k)`` to values, summed in twice the precision of floats.

    Parameters
    ----------
    x : sequence of N floats
        Positions, increasing.
    slopes, biases, signs : sequences of K floats
        Neurons with positive slopes, by increasing knots.
    values : sequence of N floats
        What is added to.
    """
    a, a_rest, c, c_rest, k = 0.0, 0.0, 0.0, 0.0, 0
    for i in range(len(x)):
        while k < len(slopes) and slopes[k] * x[i] + biases[k] > 0:
            a, error = two_sum(a, signs[k] * slopes[k])
            a_rest += error
            c, error = two_sum(c, signs[k] * biases[k])
            c_rest += error
            k += 1
        product, product_error = two_product(a, x[i])
        total, total_error = two_sum(product, c)
        values[i] += total + (product_error + total_error + a_rest * x[i] + c_rest)


def expansion_orientation(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """As `exact_orientation`, in Shewchuk's expansions: sums of floats, exact unless a product underflows.

    Raises
    ------
    ArithmeticError
        If a product underflows.
    """
    # each difference is a sum of two floats, each product of two differences one of eight
    x1, y1, y2, x2 = two_sum(bx, -ax), two_sum(cy, -ay), two_sum(by, -ay), two_sum(cx, -ax)
    parts = [0.0] * _ORIENTATION_TERMS  # the exact sum so far, in parts that do not overlap
    size = 0
    for k in range(8):
        a = (x1 if k < 4 else x2)[k & 1]
        b = (y1 if k < 4 else y2)[(k >> 1) & 1]
        if a == 0 or b == 0:
            continue
        high, low = two_product(a, b)
        if abs(high) < _UNDERFLOW:
            raise ArithmeticError("a product underflows")
        for term in (low, high):
            rest = term if k < 4 else -term
            for j in range(size):
                rest, parts[j] = two_sum(rest, parts[j])
            parts[size] = rest
            size += 1
    for j in range(size - 1, -1, -1):
        if parts[j] != 0:
            return 1 if parts[j] > 0 else -1
    return 0


# Compiled, `greedy` and `holds` have no rationals: they raise `ArithmeticError` where the second one does.
IN_PLACE_OF_RATIONALS: Final[Substitutes] = ((exact_orientation, expansion_orientation),)
