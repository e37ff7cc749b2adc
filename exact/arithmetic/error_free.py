"""Sums and products of floats with their exact errors: of numbers and of arrays alike."""

from typing import Final, TypeVar

from sparsest.arrays import FloatArray

Floats = TypeVar("Floats", float, FloatArray)

# Half the distance from 1 to the next float: the largest relative error of an operation.
UNIT_ROUNDOFF: Final = 2.0**-53
_SPLITTER: Final = 2.0**27 + 1


def two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return the rounded sum and its exact error (Knuth)."""
    total = a + b
    virtual = total - a
    return total, (a - (total - virtual)) + (b - virtual)


def two_product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return the rounded product and its exact error (Dekker 1971), where nothing under- or overflows."""
    product = a * b
    scaled = _SPLITTER * a
    a_high = scaled - (scaled - a)
    scaled = _SPLITTER * b
    b_high = scaled - (scaled - b)
    a_low, b_low = a - a_high, b - b_high
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
