"""The loop of the branch and bound on path norms: bound a box, shrink it, and say how to split it.

Plain Python that numba compiles (`sparsest.exact.compiling`).
"""

from typing import Final, NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.lp.simplex_kernel import FEASIBLE, UNKNOWN
from sparsest.exact.path_norm.cones import IntArray
from sparsest.exact.path_norm.intervals_kernel import UNIT, Box, chords, excess, outermost, propagate, tighten
from sparsest.exact.path_norm.ray_program_kernel import (
    ConeArrays,
    Solution,
    element_values,
    rows_of,
    violated,
)
from sparsest.exact.path_norm.relaxation_kernel import relaxed, spare_costs

# Linear programs for one box: rows for violated bounds, and sharper chords, call for another one.
_MAX_ROUNDS: Final = 12
# Share of what is missing that a linear program must gain for another one.
_MIN_GAIN: Final = 0.02
# Share of an interval from zero that its lower part takes at least. The solution's own value is often small,
# and a cut there leaves an upper part as good as the whole: this halves the number of boxes and more.
_MIN_LOWER_PART: Final = 0.4

CLOSED: Final = 0
BRANCH: Final = 1
STUCK: Final = 2


class Chords(NamedTuple):
    """Lines below t^p in the last linear program, and what it proves.

    Attributes
    ----------
    slopes, origins : arrays (C, 2, J)
        Of each line, and where it meets t^p first.
    spare : array (C, 2, J)
        As `spare_costs` has it.
    room : float
        By how much a solution may cost more than the bound.
    p : float
        Exponent.
    """

    slopes: FloatArray
    origins: FloatArray
    spare: FloatArray
    room: float
    p: float


class Examined(NamedTuple):
    """What is known of a box.

    Attributes
    ----------
    state : int
        CLOSED, BRANCH or STUCK.
    least : float
        Bound on the path norm in the box, not above the cut where that closes the box.
    where : array (3,)
        Element to split.
    at : array (2,)
        Upper end of its lower part, lower end of its upper part.
    solution : Solution
        Of the last linear program.
    held : array (k, 4)
        With the rows added.
    """

    state: int
    least: float
    where: IntArray
    at: FloatArray
    solution: Solution
    held: IntArray


def examine(
    box: Box, held: IntArray, p: float, cut: float, cones: ConeArrays, largest_ratios: FloatArray
) -> Examined:
    """Bound the path norm of networks in a box that cost less than `cut`, and say how to split it.

    Parameters
    ----------
    box : Box
        Intervals of the elements; shrunk in place.
    held : array (k, 4)
        As `rows` in `relaxed`.
    p : float
        Exponent.
    cut : float
        Path norm of the best network known, less what may be given away.
    cones : ConeArrays
        The cones.
    largest_ratios : array (C, J, J)
        What `ratios` returns.
    """
    where, at = np.full(3, -1), np.zeros(2)
    least, before = -np.inf, -np.inf
    solution = Solution(np.zeros(0), np.zeros((0, 3), dtype=np.int64), np.zeros((1, 1, 1)))
    nothing = np.zeros((1, 1, 1))
    lines, answer = Chords(nothing, nothing, nothing, 0.0, p), UNKNOWN
    for _ in range(_MAX_ROUNDS):
        if propagate(box, largest_ratios):
            return Examined(CLOSED, cut, where, at, solution, held)
        slopes, start = chords(box, p)
        rows = rows_of(box.low, held)
        found = relaxed(slopes, box, rows, cut - start + 1e-9 * (cut + abs(start)), cones)
        answer, bound = found.answer, found.least + (start - 2.0 * UNIT * abs(start))
        least = max(least, bound)
        if bound >= cut:
            return Examined(CLOSED, cut, where, at, solution, held)
        room = (cut - bound) * (1.0 + 1e-12) + 1e-12 * cut
        spare = spare_costs(found.multipliers, slopes, cones, rows)
        lines = Chords(slopes, box.low.copy(), spare, room, p)
        shrunk, empty = tighten(box, slopes, spare, room, p)
        if empty:
            return Examined(CLOSED, cut, where, at, solution, held)
        if answer == FEASIBLE:
            values = element_values(found.x, found.labels, cones.charges, box.high.shape)
            solution = Solution(found.x, found.labels, values)
            more = violated(solution, box.high, cones, held)
            if len(more) > len(held):
                held = more
                continue
        if shrunk == 0 or bound < before + _MIN_GAIN * (cut - before):
            break
        before = bound
    if answer != FEASIBLE:
        return Examined(STUCK, least, where, at, solution, held)
    where, at = split(box, solution.values, lines, 1e-12 * cut)
    return Examined(BRANCH, least, where, at, solution, held)


def split(box: Box, values: FloatArray, lines: Chords, smallest: float) -> tuple[IntArray, FloatArray]:
    """Return the element to split, -1 if there is none, and the ends of its parts, at a solution's values.

    Gaps between t^p and its line up to `smallest` are rounding.
    """
    where = largest_gap(box, values, lines, smallest)
    if where[0] >= 0:
        return where, parts(box, values, lines, where)
    # the solution is at ends of intervals, up to rounding, or beyond them
    where, at = widest(box, values, smallest), np.zeros(2)
    if where[0] >= 0:
        c, s, j = where[0], where[1], where[2]
        at[0] = at[1] = 0.5 * (box.low[c, s, j] + box.high[c, s, j])
    return where, at


def largest_gap(box: Box, values: FloatArray, lines: Chords, smallest: float) -> IntArray:
    """Return the element whose line misses t^p most inside its interval."""
    low, high = box
    where, largest = np.full(3, -1), smallest
    for c in range(high.shape[0]):
        for s in range(2):
            for j in range(high.shape[2]):
                h, lo, t = high[c, s, j], low[c, s, j], values[c, s, j]
                if h > 0.0 and lo < t < h:
                    gap = excess(t, lines.origins[c, s, j], lines.slopes[c, s, j], 0.0, lines.p)
                    if gap > largest:
                        largest = gap
                        where[0], where[1], where[2] = c, s, j
    return where


def widest(box: Box, values: FloatArray, smallest: float) -> IntArray:
    """Return the element that is used and whose interval is the widest, relative to its upper end."""
    low, high = box
    where, largest = np.full(3, -1), smallest
    for c in range(high.shape[0]):
        for s in range(2):
            for j in range(high.shape[2]):
                h, lo = high[c, s, j], low[c, s, j]
                if values[c, s, j] > 0.0 and h - lo > largest * h:
                    largest = (h - lo) / h
                    where[0], where[1], where[2] = c, s, j
    return where


def parts(box: Box, values: FloatArray, lines: Chords, where: IntArray) -> FloatArray:
    """Return the upper end of an element's lower part, and the lower end of its upper part.

    What lies between them is left out: no network that costs less than the cut has such a value.
    """
    c, s, j = where[0], where[1], where[2]
    h, lo, t, p = box.high[c, s, j], box.low[c, s, j], values[c, s, j], lines.p
    origin, slope, spare = lines.origins[c, s, j], lines.slopes[c, s, j], lines.spare[c, s, j]
    if lo == 0.0:
        t = max(t, _MIN_LOWER_PART * h)
    at = np.full(2, t)
    if excess(t, origin, slope, spare, p) > lines.room:
        if excess(lo, origin, slope, spare, p) <= lines.room:
            at[0] = outermost(t, lo, origin, slope, spare, lines.room, p)
        if excess(h, origin, slope, spare, p) <= lines.room:
            at[1] = outermost(t, h, origin, slope, spare, lines.room, p)
    return at
