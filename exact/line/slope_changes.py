"""How the slope of the chords of samples on a line changes: signs decided exactly, sizes to full precision.

Path norms add up powers of the sizes. t^p is steep near zero, so that a size that has lost its digits to
cancellation would spoil a sum that looks harmless. Three precisions are tried in turn: floats, pairs of
floats (Dekker 1971), rational numbers.
"""

from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.error_free import two_product, two_sum

# Relative error of a size. In floats four differences, two products and one difference of these are off by
# at most 3 u (|left| + |right|) + u |change| with u = 2^-53, which is 49 u |change| where `_CANCELLED` holds
# not; two divisions by rounded numbers add 4 u. Pairs of floats and rationals do better.
SIZE_ERROR: Final = 2.0**-47
# Differences smaller than this share of what is subtracted are computed in pairs of floats, whose error is
# some 2^-100 of what is subtracted,
_CANCELLED: Final = 2.0**-4
# and those smaller than this share in rational numbers.
_CANCELLED_IN_PAIRS: Final = 2.0**-45
# Samples at a time: what is between stays in the processor's cache.
_BLOCK: Final = 2**14


class Curvature(NamedTuple):
    """Change of chord slope at each inner sample.

    Attributes
    ----------
    signs : array (N - 2,)
        -1, 0 or 1, exact.
    sizes : array (N - 2,)
        Absolute value, to a relative error of `SIZE_ERROR`; 0 exactly where the sign is. Sizes below
        `sparsest.tolerances.UNDERFLOW` may have lost digits.
    """

    signs: NDArray[np.int8]
    sizes: FloatArray


def curvature(x: FloatArray, y: FloatArray) -> Curvature:
    """Return sign and size of the change of chord slope at each inner sample.

    Parameters
    ----------
    x : array (N,)
        Sample positions, strictly increasing.
    y : array (N,)
        Values.

    Raises
    ------
    InputError
        If neighbouring samples are so close that a change of slope overflows.
    """
    dx, dy = np.diff(x), np.diff(y)
    change, known = _in_floats(dx, dy)
    unknown = np.flatnonzero(~known)
    exact: list[int] = []
    for start in range(0, len(unknown), _BLOCK):
        places = unknown[start : start + _BLOCK]
        change[places], sure = _in_pairs(x, y, places)
        exact += places[~sure].tolist()
    signs = np.sign(change).astype(np.int8)
    with np.errstate(over="ignore", under="ignore"):
        sizes = np.abs(change, out=change)
        sizes /= dx[:-1]
        lost = (sizes < tolerances.UNDERFLOW) & (signs != 0)  # on the way, perhaps
        sizes /= dx[1:]
    exact += np.flatnonzero(lost | ~np.isfinite(sizes)).tolist()
    for i in exact:
        difference = rational_change(x, y, i)
        signs[i] = (difference > 0) - (difference < 0)
        sizes[i] = _to_float(abs(difference), x, i)
    return Curvature(signs, sizes)


def rational_change(x: FloatArray, y: FloatArray, i: int) -> Fraction:
    """Return the change of chord slope at inner sample i, counted from 0, exactly."""
    a, b, c = (Fraction(float(value)) for value in x[i : i + 3])
    u, v, w = (Fraction(float(value)) for value in y[i : i + 3])
    return (w - v) / (c - b) - (v - u) / (b - a)


def _in_floats(dx: FloatArray, dy: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the changes times both distances, and where they are accurate."""
    left, right = dy[1:] * dx[:-1], dy[:-1] * dx[1:]
    change = left - right
    size = np.abs(left)
    size += np.abs(right, out=right)
    known = size >= tolerances.UNDERFLOW
    size *= _CANCELLED
    known &= np.abs(change) >= size
    known |= (dy[1:] == 0) & (dy[:-1] == 0)  # labels of few values
    return change, known


def _in_pairs(x: FloatArray, y: FloatArray, places: NDArray[np.intp]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """As `_in_floats` at some places, every number the sum of two floats."""
    a, b, c = x[places], x[places + 1], x[places + 2]
    u, v, w = y[places], y[places + 1], y[places + 2]
    (h0, e0), (h1, e1), (k0, f0), (k1, f1) = (
        two_sum(end, -start) for start, end in ((a, b), (b, c), (u, v), (v, w))
    )
    left, left_error = two_product(k1, h0)
    right, right_error = two_product(k0, h1)
    difference, rest = two_sum(left, -right)
    error = (left_error + (k1 * e0 + f1 * h0)) - (right_error + (k0 * e1 + f0 * h1))
    change = np.asarray(difference + (rest + error), dtype=np.float64)
    size = np.abs(left) + np.abs(right)
    without_rounding = (e0 == 0) & (e1 == 0) & (f0 == 0) & (f1 == 0)
    zero = without_rounding & (left == right) & (left_error == right_error)
    sure = (np.abs(change) >= _CANCELLED_IN_PAIRS * size) | zero
    return change, np.asarray(sure & (size >= tolerances.UNDERFLOW), dtype=np.bool_)


def _to_float(size: Fraction, x: FloatArray, i: int) -> float:
    try:
        return float(size)
    except OverflowError:
        j = i if x[i + 1] - x[i] <= x[i + 2] - x[i + 1] else i + 1
        raise InputError(
            f"inputs {float(x[j])!r} and {float(x[j + 1])!r} are too close together: the slope overflows"
        ) from None
