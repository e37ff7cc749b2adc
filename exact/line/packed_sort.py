"""Sort many floats along with their places, faster than `numpy.argsort` does.

NumPy sorts numbers several times as fast as it sorts places. The order of floats is that of their bits, read
as integers, if the sign is undone. The low bits of each make room for its place, the packed numbers are
sorted, and the few floats that the missing bits left out of order are mended.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray

# Neighbours out of order up to which mending them one group at a time is faster than sorting anew.
_MENDED: Final = 1000


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
