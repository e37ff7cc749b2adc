"""Samples of one feature in order of their position, sorted faster than `numpy.argsort` does.

NumPy sorts numbers several times as fast as it sorts places. The order of floats is that of their bits, read
as integers, if the sign is undone. The low bits of each make room for its place, the packed numbers are
sorted, and the few floats that the missing bits left out of order are mended.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray

# Neighbours out of order up to which mending them one group at a time is faster than sorting anew.
_MENDED: Final = 1000

Index = NDArray[np.integer]


class SortedSamples(NamedTuple):
    """Samples sorted by position, repeated ones merged.

    Attributes
    ----------
    x, low, high : arrays (N,)
        Positions, strictly increasing, and interval ends.
    low_row, high_row : arrays (N,)
        Rows of the problem that the ends come from.
    """

    x: FloatArray
    low: FloatArray
    high: FloatArray
    low_row: Index
    high_row: Index


def sorted_samples(x: FloatArray, low: FloatArray, high: FloatArray) -> SortedSamples:
    """Sort samples by position, and merge those at the same place into their intersection."""
    if np.all(x[1:] > x[:-1]):
        rows = np.arange(len(x))
        return SortedSamples(x, low, high, rows, rows)
    order, x = sort_with_places(x)
    if np.all(x[1:] > x[:-1]):
        lower = low[order]
        return SortedSamples(x, lower, lower if np.array_equal(low, high) else high[order], order, order)
    start = np.flatnonzero(np.r_[True, x[1:] > x[:-1]])
    group = np.repeat(np.arange(len(start)), np.diff(np.r_[start, len(x)]))
    # within a group the last row by these keys has the highest lower end, the lowest upper end
    low_row = order[np.lexsort((low[order], group))][np.r_[start[1:], len(x)] - 1]
    high_row = order[np.lexsort((-high[order], group))][np.r_[start[1:], len(x)] - 1]
    return SortedSamples(x[start], low[low_row], high[high_row], low_row, high_row)


def sort_with_places(values: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the places ``order`` that sort finite values (N,), and ``values[order]``; ties in any order."""
    places = (1 << max(len(values) - 1, 0).bit_length()) - 1
    bits = np.ascontiguousarray(values).view(np.int64)
    packed = bits >> 63
    packed &= np.iinfo(np.int64).max
    packed ^= bits
    packed &= ~places
    packed |= np.arange(len(values))
    packed.sort()
    order = packed & places
    ordered = values[order]
    wrong = np.flatnonzero(ordered[1:] < ordered[:-1])
    if len(wrong) > _MENDED:
        order = np.argsort(values)
        return order, values[order]
    for i in wrong.tolist():
        start = stop = i
        while start > 0 and packed[start - 1] | places == packed[i] | places:
            start -= 1
        while stop < len(packed) and packed[stop] | places == packed[i] | places:
            stop += 1
        group = order[start:stop]
        order[start:stop] = group[np.argsort(values[group])]
        ordered[start:stop] = values[order[start:stop]]
    return order, ordered
