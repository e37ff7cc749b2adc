"""Depth-first enumeration of the affine functions that meet many samples, in floats with error bounds.

Plain Python that numba compiles (`sparsest.exact.compiling`). At every node some samples are picked, and as
many unknowns eliminated from the others. Each row carries a bound on the error of its coefficients, and an
interval for its value: an equation of exact numbers within these bounds holds for every function that meets
the picked samples and the row's. So nothing is lost, whatever the size of the unknowns.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF

# Coefficients below this, of rows that begin with about 1, are no pivots: a row without a pivot is not used.
MIN_PIVOT: Final = 2.0**-30
# Nor are those that may be wrong by more than this share.
MAX_ERROR: Final = 2.0**-8
# More than the roundings of the bounds themselves.
_ROUNDED_UP: Final = 1.0 + 64 * UNIT_ROUNDOFF
# Nothing that a product loses to underflow is larger.
_UNDERFLOW: Final = 1e-300

# Entries of this share of the largest are as good a pivot.
NEARLY: Final = 0.875

COMPLETE: Final = 0
TOO_MUCH_WORK: Final = 1
UNBOUNDED: Final = 2

IntArray = NDArray[np.int64]


class Levels(NamedTuple):
    """A plan: groups and picks of each level (L,), and samples needed in all."""

    groups: IntArray
    picks: IntArray
    needed: int


class Rows(NamedTuple):
    """Rows at each depth: what is left of the candidates after so many picks.

    Attributes
    ----------
    coefficients : array (depths, n, m)
        Of the unknowns in `unknown`, as many as are left.
    values, spreads : arrays (depths, n)
        Middle and half the length of the interval of each row.
    errors : array (depths, n)
        Bound on the error of each of a row's coefficients.
    sample : array of int (depths, n)
        The candidate that a row comes from.
    unknown : array of int (depths, m)
        Which unknown a column stands for.
    counts, left : arrays of int (depths,)
        Rows, and unknowns.
    """

    coefficients: FloatArray
    values: FloatArray
    spreads: FloatArray
    errors: FloatArray
    sample: IntArray
    unknown: IntArray
    counts: IntArray
    left: IntArray


class DepthFirstPlace(NamedTuple):
    """Where the search is at each depth (depths,): level, picks made of it, group, its range, pick."""

    level: IntArray
    made: IntArray
    group: IntArray
    start: IntArray
    stop: IntArray
    pick: IntArray


class Hits(NamedTuple):
    """Functions found: they meet samples (h, m - 1), and one unknown (h,) is in a range (h,)."""

    samples: IntArray
    unknown: IntArray
    low: FloatArray
    high: FloatArray


class Work(NamedTuple):
    """Products formed, hits and leaves so far (3,), and how many of the former are allowed."""

    done: IntArray
    most: int


def enumerate_functions(rows: Rows, levels: Levels, place: DepthFirstPlace, hits: Hits, work: Work) -> int:
    """Search from the rows at depth 0, and say whether the search was complete."""
    depth = 0
    enter(rows, levels, place, 0, 0)
    while depth >= 0:
        if not advance(rows, levels, place, depth):
            depth -= 1
            continue
        used = eliminate(rows, depth, place.start[depth], place.pick[depth])
        work.done[0] += used
        if work.done[0] > work.most:
            return TOO_MUCH_WORK
        below = depth + 1
        needed = levels.needed - below
        if rows.counts[below] < needed:
            continue
        if needed <= 0:
            return UNBOUNDED
        if rows.left[below] > 1:
            depth = below
            descend(rows, levels, place, depth)
            continue
        work.done[2] += 1
        answer = read_off(rows, place, below, needed, hits, work.done)
        if answer != COMPLETE:
            return answer
    return COMPLETE


def picks_of(levels: Levels, level: int) -> int:
    """Return the picks of a level; beyond the plan, where rows had no pivots, single ones of all."""
    return levels.picks[level] if level < len(levels.picks) else 1


def groups_of(levels: Levels, level: int) -> int:
    """Return the groups of a level."""
    return levels.groups[level] if level < len(levels.groups) else 1


def enter(rows: Rows, levels: Levels, place: DepthFirstPlace, depth: int, level: int) -> None:
    """Begin a level at the first of its groups."""
    place.level[depth], place.made[depth], place.group[depth] = level, 0, 0
    place.start[depth] = 0
    place.stop[depth] = rows.counts[depth] // groups_of(levels, level)
    place.pick[depth] = -1


def descend(rows: Rows, levels: Levels, place: DepthFirstPlace, depth: int) -> None:
    """Begin a depth after the pick above it: in the rest of its group, or at the next level."""
    above = depth - 1
    level, made = place.level[above], place.made[above] + 1
    if made == picks_of(levels, level):
        enter(rows, levels, place, depth, level + 1)
        return
    place.level[depth], place.made[depth], place.group[depth] = level, made, place.group[above]
    # rows up to the pick are gone: it, and those passed over
    place.start[depth] = place.start[above]
    place.stop[depth] = place.stop[above] - (place.pick[above] - place.start[above]) - 1
    place.pick[depth] = place.start[depth] - 1


def advance(rows: Rows, levels: Levels, place: DepthFirstPlace, depth: int) -> bool:
    """Go on to the next pick at a depth; False when there is none."""
    level = place.level[depth]
    place.pick[depth] += 1
    while place.pick[depth] > place.stop[depth] - (picks_of(levels, level) - place.made[depth]):
        groups = groups_of(levels, level)
        if place.made[depth] > 0 or place.group[depth] + 1 == groups:
            return False
        place.group[depth] += 1
        group, count = place.group[depth], rows.counts[depth]
        place.start[depth], place.stop[depth] = count * group // groups, count * (group + 1) // groups
        place.pick[depth] = place.start[depth]
    return True


def eliminate(rows: Rows, depth: int, start: int, pick: int) -> int:
    """Write the rows below a pick, those from `start` up to it left out; return the products formed."""
    left, below = rows.left[depth], depth + 1
    column = pivot_of(rows.coefficients[depth, pick], left)
    pivot, error = rows.coefficients[depth, pick, column], rows.errors[depth, pick]
    pivots = abs(pivot) >= MIN_PIVOT and error <= MAX_ERROR * abs(pivot)
    rows.unknown[below] = rows.unknown[depth]
    last = left - 1 if pivots else left
    if pivots:
        rows.unknown[below, column] = rows.unknown[depth, last]
        rows.unknown[below, last] = rows.unknown[depth, column]
    rows.left[below] = last
    n = 0
    for i in range(rows.counts[depth]):
        if start <= i <= pick:
            continue
        if pivots:
            write_row(rows, depth, (i, n), pick, column)
        else:
            for c in range(left):
                rows.coefficients[below, n, c] = rows.coefficients[depth, i, c]
            rows.values[below, n], rows.spreads[below, n] = rows.values[depth, i], rows.spreads[depth, i]
            rows.errors[below, n] = rows.errors[depth, i]
        rows.sample[below, n] = rows.sample[depth, i]
        n += 1
    rows.counts[below] = n
    return int(n * (left + 6))


def largest_of(row: FloatArray, left: int) -> float:
    """Return the size of the largest of the first entries."""
    largest = 0.0
    for j in range(left):
        largest = max(largest, abs(row[j]))
    return largest


def pivot_of(row: FloatArray, left: int) -> int:
    """Return the first column whose entry is nearly the largest: with other roundings it is the same one."""
    least = NEARLY * largest_of(row, left)
    for j in range(left):
        if abs(row[j]) >= least:
            return j
    return 0


def write_row(rows: Rows, depth: int, i_to_n: tuple[int, int], pick: int, column: int) -> None:
    """Write row i, less its multiple of the picked one, as row n of the next depth."""
    i, n = i_to_n
    below, last = depth + 1, rows.left[depth] - 1
    picked, row, new = (
        rows.coefficients[depth, pick],
        rows.coefficients[depth, i],
        rows.coefficients[below, n],
    )
    pivot, error = abs(picked[column]), rows.errors[depth, pick]
    factor = row[column] / picked[column]
    size = abs(factor)
    # how far the exact factor may be from this one
    off = (rows.errors[depth, i] + size * error) / (pivot - error) * _ROUNDED_UP + UNIT_ROUNDOFF * size
    largest = 0.0
    for j in range(last):
        # the last column moves to the place of the one that is eliminated
        source = last if j == column else j
        new[j] = row[source] - factor * picked[source]
        largest = max(largest, abs(new[j]))
    reach = pivot / NEARLY  # of all entries of the picked row
    rounding = UNIT_ROUNDOFF * (2.0 * size * reach + largest) + _UNDERFLOW
    rows.errors[below, n] = (
        rows.errors[depth, i] + (size + off) * error + off * reach + rounding
    ) * _ROUNDED_UP
    value = rows.values[depth, pick]
    rows.values[below, n] = rows.values[depth, i] - factor * value
    rounding = UNIT_ROUNDOFF * (2.0 * size * abs(value) + abs(rows.values[below, n])) + _UNDERFLOW
    rows.spreads[below, n] = (
        rows.spreads[depth, i] + (size + off) * rows.spreads[depth, pick] + off * abs(value) + rounding
    ) * _ROUNDED_UP


def read_off(rows: Rows, place: DepthFirstPlace, depth: int, needed: int, hits: Hits, done: IntArray) -> int:
    """Find the ranges of the last unknown in which enough of the rows left are met."""
    low, high = np.empty(rows.counts[depth]), np.empty(rows.counts[depth])
    n = 0
    always = 0
    for i in range(rows.counts[depth]):
        coefficient, error = rows.coefficients[depth, i, 0], rows.errors[depth, i]
        size = abs(coefficient)
        if size < MIN_PIVOT or error > MAX_ERROR * size:
            always += 1
            continue
        middle = rows.values[depth, i] / coefficient
        off = (rows.spreads[depth, i] + abs(middle) * error) / (size - error) * _ROUNDED_UP
        off += 4.0 * UNIT_ROUNDOFF * abs(middle) + _UNDERFLOW
        low[n], high[n] = middle - off, middle + off
        n += 1
    if always >= needed:
        return UNBOUNDED
    if always + n < needed:
        return COMPLETE
    low, high = np.sort(low[:n]), np.sort(high[:n])
    i, j, met, begun = 0, 0, always, 0.0
    while j < n:
        if i < n and low[i] <= high[j]:
            met += 1
            if met == needed:
                begun = low[i]
            i += 1
            continue
        if met == needed:
            if done[1] == len(hits.low):
                return TOO_MUCH_WORK
            keep(rows, place, depth, hits, done[1])
            hits.low[done[1]], hits.high[done[1]] = begun, high[j]
            done[1] += 1
        met -= 1
        j += 1
    return COMPLETE


def keep(rows: Rows, place: DepthFirstPlace, depth: int, hits: Hits, hit: int) -> None:
    """Keep which samples were picked, those with a pivot, and which unknown is left."""
    n = 0
    for above in range(depth):
        if rows.left[above + 1] < rows.left[above]:
            hits.samples[hit, n] = rows.sample[above, place.pick[above]]
            n += 1
    hits.unknown[hit] = rows.unknown[depth, 0]
