"""Intervals of elements: lines below t^p on them, and how far they shrink.

Plain Python that numba compiles (`sparsest.exact.compiling`). An *element* is one of the J numbers of a cone
c with output sign s (0 for +, 1 for -).
"""

import math
from typing import Final, NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.path_norm.cones import IntArray

# Relative rounding of one operation, with room for the few that make up a term.
UNIT: Final = 4e-16
# A new end of an interval counts when it takes away this share.
_MIN_SHRUNK: Final = 0.1
# Chords drawn in search of the new end of an interval.
_MAX_CHORDS: Final = 8


class Box(NamedTuple):
    """An interval ``[low[c, s, j], high[c, s, j]]`` for each element, arrays (C, 2, J).

    A negative high says that the cone is not used with that sign.
    """

    low: FloatArray
    high: FloatArray


def power(t: float, p: float) -> float:
    """Return t^p, t >= 0; most of the time goes here, and a square root takes a fraction of it."""
    return math.sqrt(t) if p == 0.5 else t**p


def chords(box: Box, p: float) -> tuple[FloatArray, float]:
    """Return slopes of lines below t^p on every interval, and the sum of their values at zero.

    A line starts at ``(lo, lo^p)``, or at zero, and is rounded to be lower; it is steeper than the derivative
    at h, which serves where the chord would lose its digits.
    """
    low, high = box
    slopes = np.empty_like(high)
    start, size, count = 0.0, 0.0, 8.0
    for c in range(high.shape[0]):
        for s in range(2):
            for j in range(high.shape[2]):
                h, lo = high[c, s, j], low[c, s, j]
                if h <= 0.0:
                    slopes[c, s, j] = np.inf
                elif lo <= 0.0:
                    slopes[c, s, j] = power(h, p) / h * (1.0 - 4.0 * UNIT)
                else:
                    top, bottom = power(h, p), power(lo, p)
                    flat = p * top / h * (1.0 - 4.0 * UNIT)
                    steep = (top - bottom - 4.0 * UNIT * top) / (h - lo) if h > lo else 0.0
                    slopes[c, s, j] = max(flat, steep * (1.0 - 4.0 * UNIT))
                    start += bottom - slopes[c, s, j] * lo
                    count += 1.0
                    size += bottom + slopes[c, s, j] * lo
    return slopes, start - count * UNIT * size


def excess(t: float, lo: float, slope: float, spare: float, p: float) -> float:
    """Return by how much, at least, a solution with the value t of an element costs more than the bound."""
    bottom = power(lo, p) if lo > 0.0 else 0.0
    return float(power(t, p) * (1.0 - 4.0 * UNIT) - bottom - slope * (t - lo) + spare * t)


def outermost(
    outside: float, inside: float, lo: float, slope: float, spare: float, room: float, p: float
) -> float:
    """Return a point between two beyond which, towards `outside`, the excess is above `room`.

    Above `room` at `outside` and not at `inside`; being concave it lies above its chord between them, so that
    where the chord takes the value `room` it is not below, and a chord from there is better still.
    """
    at_inside = excess(inside, lo, slope, spare, p)
    for _ in range(_MAX_CHORDS):
        share = (room - at_inside) / (excess(outside, lo, slope, spare, p) - at_inside)
        nearer = inside + (outside - inside) * min(1.0, share * (1.0 + 1e-9))
        if (
            abs(nearer - outside) <= 0.03 * abs(outside - inside)
            or excess(nearer, lo, slope, spare, p) <= room
        ):
            break
        outside = nearer
    return outside


def tighten(box: Box, slopes: FloatArray, spare: FloatArray, room: float, p: float) -> tuple[int, bool]:
    """Shrink intervals, in place, to where some solution costs at most `room` more than the relaxation.

    The excess is concave in t, so that what is excluded is an interval: shrinking is possible when it holds
    one end. Returns how many elements shrank, and whether none is left for some element.
    """
    low, high = box
    shrunk = 0
    for c in range(high.shape[0]):
        for s in range(2):
            for j in range(high.shape[2]):
                h, lo = high[c, s, j], low[c, s, j]
                if h <= 0.0:
                    continue
                slope, left = slopes[c, s, j], spare[c, s, j]
                if left == np.inf:  # no ray of the cone that may be used adds to it
                    left = slope
                at_top = excess(h, lo, slope, left, p) > room
                at_bottom = excess(lo, lo, slope, left, p) > room
                if at_top and at_bottom:
                    return shrunk, True
                if at_top:
                    top = outermost(h, lo, lo, slope, left, room, p)
                    if top < h * (1.0 - _MIN_SHRUNK):
                        high[c, s, j] = top
                        shrunk += 1
                elif at_bottom:
                    bottom = outermost(lo, h, lo, slope, left, room, p)
                    if bottom > lo * (1.0 + _MIN_SHRUNK):
                        low[c, s, j] = bottom
                        shrunk += 1
    return shrunk, False


def ratios(charges: FloatArray, starts: IntArray, members: IntArray) -> FloatArray:
    """Return the largest ratio (C, J, J) of two elements of one neuron that the rays of its cone allow."""
    count = charges.shape[1]
    largest = np.zeros((len(starts) - 1, count, count))
    for c in range(len(starts) - 1):
        for k in range(starts[c], starts[c + 1]):
            r = members[k]
            for i in range(count):
                for j in range(count):
                    if charges[r, i] > 0.0:
                        ratio = charges[r, i] / charges[r, j] if charges[r, j] > 0.0 else np.inf
                        largest[c, i, j] = max(largest[c, i, j], ratio)
    return largest


def propagate(box: Box, largest: FloatArray) -> bool:
    """Shrink intervals, in place, to what the other elements of the neuron allow; say if one is empty."""
    low, high = box
    for c in range(high.shape[0]):
        for s in range(2):
            for i in range(high.shape[2]):
                for j in range(high.shape[2]):
                    if i == j or high[c, s, i] <= 0.0:
                        continue
                    most = high[c, s, j] * largest[c, i, j] * (1.0 + 1e-12)
                    if most < high[c, s, i] * (1.0 - _MIN_SHRUNK):
                        high[c, s, i] = most
                    if low[c, s, i] > high[c, s, i] * (1.0 + 1e-9):
                        return True
                    if low[c, s, i] > 0.0 and largest[c, i, j] > 0.0:
                        least = low[c, s, i] / largest[c, i, j] * (1.0 - 1e-12)
                        if least > low[c, s, j] * (1.0 + _MIN_SHRUNK):
                            low[c, s, j] = least
    return False
