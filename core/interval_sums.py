"""Sums of columns of intervals times integers, exactly: as floats, as decimals, or rounded outwards.

Columns of binary floats are summed with the sign of what rounding left over (`math.fsum` rounds the exact sum
once), columns of decimals as integers; where neither does, in fractions.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.decimals import MAX_PLACES, in_integers

# Integers below this are the units of decimals whose nearest floats tell them apart.
MAX_UNITS: Final = 10**15


class Term(NamedTuple):
    """A column of intervals times an integer.

    Attributes
    ----------
    factor : int
        Not zero.
    low, high : array (N,)
        Interval ends, infinite where open.
    places : int
        Decimal places of the ends; 0 for binary floats.
    """

    factor: int
    low: FloatArray
    high: FloatArray
    places: int

    def end(self, side: int) -> FloatArray:
        """Return the ends that the lower (0) or upper (1) end of the product is made of."""
        return self.low if (side == 0) == (self.factor > 0) else self.high


def sum_of_intervals(terms: Sequence[Term]) -> tuple[FloatArray, FloatArray, int]:
    """Return the ends (N,), (N,) of the sums of intervals, and their decimal places.

    Ends that neither floats nor decimals of 15 digits hold are rounded outwards, as binary floats.
    """
    sides = (0, 1)
    if not any(term.places for term in terms):
        down, up = (_rounded_sums(terms, side) for side in sides)
        return down, up, 0
    most = max(term.places for term in terms)
    units = [_units(terms, side, most) for side in sides]
    if units[0] is not None and units[1] is not None:
        return units[0] / 10.0**most, units[1] / 10.0**most, most
    low, high = (_fractions(terms, side) for side in sides)
    places = _places_of([end for end in (*low, *high) if end is not None])
    if places is None:
        return _outwards(low, -math.inf), _outwards(high, math.inf), 0
    return _decimals(low, places, -math.inf), _decimals(high, places, math.inf), places


def _rounded_sums(terms: Sequence[Term], side: int) -> FloatArray:
    """Return sums of binary floats, those that floats do not hold rounded outwards."""
    # a factor's binary digits make products without rounding
    parts = [
        math.copysign(2.0**bit, term.factor) * term.end(side)
        for term in terms
        for bit in range(abs(term.factor).bit_length())
        if abs(term.factor) >> bit & 1
    ]
    outside = math.inf if side else -math.inf
    sums = np.full(len(parts[0]), outside)
    table = np.stack(parts, axis=1)
    finite = np.isfinite(table).all(axis=1)
    for i, row in zip(np.flatnonzero(finite).tolist(), table[finite].tolist(), strict=True):
        nearest = math.fsum(row)
        left_over = math.fsum([*row, -nearest])
        inside = left_over > 0 if side else left_over < 0
        sums[i] = math.nextafter(nearest, outside) if inside else nearest
    return sums


def _units(terms: Sequence[Term], side: int, places: int) -> FloatArray | None:
    """Return sums of decimals as integers of ``10^-places``; None where some are too large, or no such."""
    total = np.zeros(len(terms[0].low))
    limit = MAX_UNITS / sum(abs(term.factor) for term in terms)
    for term in terms:
        column = in_integers(term.end(side), term.places) * 10.0 ** (places - term.places)
        finite = column[np.isfinite(column)]
        if np.any(np.abs(finite) >= limit) or not np.array_equal(finite, np.rint(finite)):
            return None
        total += term.factor * column  # integers below 2^53: without rounding
    return total


def _fractions(terms: Sequence[Term], side: int) -> list[Fraction | None]:
    """Return exact sums, None where open."""
    sums: list[Fraction | None] = [Fraction(0)] * len(terms[0].low)
    for term in terms:
        unit = Fraction(term.factor, 10**term.places)
        for i, value in enumerate(in_integers(term.end(side), term.places).tolist()):
            so_far = sums[i]
            sums[i] = None if so_far is None or math.isinf(value) else so_far + unit * Fraction(value)
    return sums


def _places_of(ends: Sequence[Fraction]) -> int | None:
    """Return the decimal places of numbers; None where they are none of 15 digits."""
    common = math.lcm(*(end.denominator for end in ends))
    places = next((k for k in range(MAX_PLACES + 1) if 10**k % common == 0), None)
    if places is None or any(abs(end) * 10**places >= MAX_UNITS for end in ends):
        return None
    return places


def _decimals(ends: Sequence[Fraction | None], places: int, open_end: float) -> FloatArray:
    """Return the floats nearest to decimals of so many places."""
    unit = 10**places
    return np.array([open_end if end is None else int(end * unit) / unit for end in ends])


def _outwards(ends: Sequence[Fraction | None], open_end: float) -> FloatArray:
    """Return floats that are the ends, or next to them towards the infinity that stands for open ones."""
    rounded = []
    for end in ends:
        nearest = open_end if end is None else float(end)
        inside = end is not None and (nearest < end if open_end > 0 else nearest > end)
        rounded.append(math.nextafter(nearest, open_end) if inside else nearest)
    return np.array(rounded)
