"""The fewest knots of a continuous piecewise linear function through intervals, in linear time.

Samples ``x_1 < ... < x_N``, intervals ``[low_i, high_i]``; a function of m knots has m + 1 links. A greedy of
minimum link paths (Suri 1986; Guibas, Hershberger, Mitchell and Snoeyink 1993; Imai and Iri 1986; Hakimi and
Schmeichel 1991): each link reaches as far as any line can, and breaks where the steepest line W that is left,
or the least steep one, touches the lower end of a sample b and the upper end of a later one c and misses the
next sample. The witness bends where consecutive W cross; the triples (b, c, next) force that many knots upon
every function. Optimality, witness, lower bound and time are proven in docs/proofs.md, P1.
"""

import contextlib
import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.compiling import compile_loop, worth_compiling
from sparsest.exact.line.piecewise_linear import PiecewiseLinear, RationalPiecewiseLinear
from sparsest.exact.line.stabbing_kernel import (
    IN_PLACE_OF_RATIONALS,
    STEPS_A_SAMPLE,
    Breaks,
    crossings,
    greedy,
    holds,
)
from sparsest.exact.sorted_samples import SortedSamples

# Data that are scaled up, so that few products underflow, reach 2^400; their products stay finite.
_LARGE_EXPONENT: Final = 400
_MAX_EXPONENT: Final = 1000

Line = tuple[Fraction, Fraction]  # slope and intercept
Index = NDArray[np.integer]


class Stabbing(NamedTuple):
    """A function with the fewest knots, by what it touches, and why there are no fewer.

    Link k of m passes the lower end of sample ``first[k]`` and the upper end of ``middle[k]`` where ``sign[k]
    > 0``, the upper and the lower end where it is negative, and ends in a knot of that sign between
    ``middle[k]`` and ``last[k]``. Samples ``first[k], middle[k], last[k]`` force that knot upon every
    function.

    Attributes
    ----------
    samples : SortedSamples
        What is stabbed.
    first, middle, last, sign : arrays (m,)
        One entry a knot.
    steepest, least_steep : pairs of int
        The link after the last knot may pass the lower end of ``steepest[0]`` and the upper end of
        ``steepest[1]``, or the upper and the lower end of ``least_steep``, or be any mean of both; -1 where
        there is no such line.
    """

    samples: SortedSamples
    first: Index
    middle: Index
    last: Index
    sign: Index
    steepest: tuple[int, int]
    least_steep: tuple[int, int]


def stab(samples: SortedSamples, *, compiled: bool | None = None) -> Stabbing:
    """Return a function with the fewest knots through all intervals; every decision is exact.

    Parameters
    ----------
    samples : SortedSamples
        In order.
    compiled : bool, optional
        Whether loops are compiled; by default if that pays.

    Raises
    ------
    AssertionError
        If links and lower bound do not withstand the check that follows the search: a bug.
    """
    if worth_compiling(STEPS_A_SAMPLE * len(samples.x), compiled):
        # where a product underflows, data scaled by powers of two may do, and rational arithmetic does
        with contextlib.suppress(ArithmeticError):
            return _stab_compiled(samples, *samples[:3])
        with contextlib.suppress(ArithmeticError):
            return _stab_compiled(samples, *_scaled_up(samples))
    x, low, high = (array.tolist() for array in samples[:3])
    n = len(x)
    parts = [0] * n, [0] * n, [0] * n, [0] * n
    knots, ends = greedy(x, low, high, [0] * n, [0] * n, Breaks(*parts))
    withstands = holds(x, low, high, Breaks(*parts), knots, ends)
    found = [np.array(part[:knots], dtype=np.int32) for part in parts]
    return _checked(samples, found, ends, withstands)


def _stab_compiled(samples: SortedSamples, x: FloatArray, low: FloatArray, high: FloatArray) -> Stabbing:
    lows, highs, *parts = (np.empty(len(x), dtype=np.int32) for _ in range(6))
    breaks = Breaks(*parts)
    knots, ends = compile_loop(greedy, IN_PLACE_OF_RATIONALS)(x, low, high, lows, highs, breaks)
    withstands = compile_loop(holds, IN_PLACE_OF_RATIONALS)(x, low, high, breaks, knots, ends)
    return _checked(samples, [part[:knots] for part in parts], ends, withstands)


def _checked(
    samples: SortedSamples, parts: Sequence[Index], ends: tuple[int, int, int, int], withstands: bool
) -> Stabbing:
    if not withstands:
        raise AssertionError("the stabbing greedy contradicts its own check")
    first, middle, last, sign = parts
    return Stabbing(samples, first, middle, last, sign, ends[:2], ends[2:])


def _scaled_up(samples: SortedSamples) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Multiply positions and values by powers of two, which is exact and changes no orientation."""
    ends = np.r_[samples.low, samples.high]
    x, y = _factor(samples.x), _factor(ends[np.isfinite(ends)])
    return samples.x * x, samples.low * y, samples.high * y


def _factor(values: FloatArray) -> float:
    largest = float(np.abs(values).max(initial=0.0))
    return float(np.ldexp(1.0, min(_LARGE_EXPONENT - int(np.frexp(largest)[1]), _MAX_EXPONENT)))


def rational_function(stabbing: Stabbing) -> RationalPiecewiseLinear:
    """Return the function that a stabbing describes, in rational numbers."""
    links = [*map(_link(stabbing), range(len(stabbing.sign))), _last_link(stabbing)]
    met = [_meet(*pair) for pair in itertools.pairwise(links)]
    return RationalPiecewiseLinear([knot for knot, _ in met], [change for _, change in met], *links[0])


def float_function(stabbing: Stabbing, *, compiled: bool | None = None) -> PiecewiseLinear:
    """Return the function that a stabbing describes, rounded.

    Links that are nearly parallel are intersected in rational arithmetic: their slopes may differ by less
    than their rounding, and the change must not come out as zero. `compiled` is as in `stab`.
    """
    samples, link, last = stabbing.samples, _link(stabbing), _last_link(stabbing)
    count = len(stabbing.sign)
    knots, changes = np.empty(count), np.empty(count)
    fast = worth_compiling(STEPS_A_SAMPLE * len(samples.x), compiled)
    run = compile_loop(crossings) if fast else crossings
    breaks = Breaks(stabbing.first, stabbing.middle, stabbing.last, stabbing.sign)
    with np.errstate(over="ignore"):
        run(*samples[:3], breaks, (float(last[0]), float(last[1])), knots, changes)
    for k in np.flatnonzero(np.isnan(knots)).tolist():
        knot, change = _meet(link(k), link(k + 1) if k + 1 < count else last)
        knots[k], changes[k] = float(knot), float(change)
    slope, intercept = link(0) if count else last
    return PiecewiseLinear(knots, changes, float(slope), float(intercept), float(count))


def _link(stabbing: Stabbing) -> Callable[[int], Line]:
    """Return the function that says slope and intercept of the link before knot k."""

    def line(k: int) -> Line:
        a, b = int(stabbing.first[k]), int(stabbing.middle[k])
        return _line(stabbing.samples, a, b) if stabbing.sign[k] > 0 else _line(stabbing.samples, b, a)

    return line


def _last_link(stabbing: Stabbing) -> Line:
    """Return slope and intercept of the mean of the steepest and the least steep last link."""
    samples, (a, b), (c, d) = stabbing.samples, stabbing.steepest, stabbing.least_steep
    if b >= 0 and d >= 0:
        steep, flat = _line(samples, a, b), _line(samples, d, c)
        return (steep[0] + flat[0]) / 2, (steep[1] + flat[1]) / 2
    if b >= 0:
        return _line(samples, a, b)
    if d >= 0:
        return _line(samples, d, c)
    # no two ends hold a line back, so one level passes every interval
    low, high = float(samples.low.max()), float(samples.high.min())
    if np.isfinite(low) and np.isfinite(high):
        return Fraction(0), (Fraction(low) + Fraction(high)) / 2
    return Fraction(0), Fraction(low if np.isfinite(low) else high if np.isfinite(high) else 0.0)


def _line(samples: SortedSamples, i: int, j: int) -> Line:
    """Return the line through the lower end of sample i and the upper end of sample j."""
    x, y = Fraction(float(samples.x[i])), Fraction(float(samples.low[i]))
    slope = (Fraction(float(samples.high[j])) - y) / (Fraction(float(samples.x[j])) - x)
    return slope, y - slope * x


def _meet(line: Line, following: Line) -> tuple[Fraction, Fraction]:
    """Return where two lines cross, and the change of slope there."""
    change = following[0] - line[0]
    return (line[1] - following[1]) / change, change
