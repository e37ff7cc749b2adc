"""What linear programs in floats suggest for a proof: lines, rows, and how far an end may move."""

import math
from fractions import Fraction
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.path_norm.cones import IntArray

# Halvings in search of an end.
_HALVINGS: Final = 40
# Bits of ends.
_END_BITS: Final = 28


class Excess:
    """By how much a network costs more than the bound, at least, with given values of an element."""

    def __init__(
        self, low: FloatArray, high: FloatArray, price: FloatArray, spare: FloatArray, p: float
    ) -> None:
        self._p = p
        with np.errstate(invalid="ignore"):
            self._slope = np.where(np.isfinite(spare), price - spare, 0.0)
            ends = [np.maximum(end, 0.0) ** p - price * np.maximum(end, 0.0) for end in (low, high)]
            self._least = np.minimum(*ends)

    def at(self, t: FloatArray) -> FloatArray:
        """Return the excess at values of the elements."""
        with np.errstate(invalid="ignore"):
            t = np.maximum(t, 0.0)
            return np.asarray(t**self._p - self._slope * t - self._least)

    def outermost(self, outside: FloatArray, inside: FloatArray, room: float) -> FloatArray:
        """Return points between two from which on, towards `outside`, the excess is above `room`."""
        for _ in range(_HALVINGS):
            middle = (outside + inside) / 2
            above = self.at(middle) > room
            outside, inside = np.where(above, middle, outside), np.where(above, inside, middle)
        return outside


def short_number(value: float, *, up: bool) -> Fraction:
    """Return a number of few bits beside another, above or below."""
    if value <= 0:
        return Fraction(0)
    mantissa, exponent = math.frexp(value)
    whole = mantissa * (1 << _END_BITS)
    return Fraction(math.ceil(whole) if up else math.floor(whole)) * Fraction(2) ** (exponent - _END_BITS)


def chord_slopes(low: FloatArray, high: FloatArray, p: float) -> FloatArray:
    """Return the slopes of chords of t^p on intervals, rounded to be lower; infinite where high <= 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        top = np.maximum(high, 0.0)
        chord = (top**p - low**p) / (top - low)
        flat = p * top ** (p - 1.0)
        slopes = np.where(low > 0, np.where(top > low, np.maximum(chord, flat), flat), top ** (p - 1.0))
    return np.where(high > 0, slopes * (1.0 - 1e-13), np.inf)


def values_of_elements(
    x: FloatArray, labels: IntArray, charges: FloatArray, shape: tuple[int, ...]
) -> FloatArray:
    """Return the value of every element at a point of a linear program; it may have none."""
    values = np.zeros(shape)
    if len(x) == len(labels):
        used = (labels[:, 0] >= 0) & (x > 0)
        signs, cones, rays = labels[used].T
        np.add.at(values, (cones, signs), x[used][:, None] * charges[rays])
    return values


def rows_to_hold(low: FloatArray, held: IntArray) -> IntArray:
    """Return rows for elements with a positive lower end, and those held, each once."""
    known = {tuple(row) for row in held.tolist()}
    new = [(0, *place) for place in np.argwhere(low > 0).tolist() if (0, *place) not in known]
    return np.array([*held.tolist(), *new], dtype=np.int64).reshape(-1, 4)
