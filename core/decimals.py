"""Numbers as people write them: which columns stand for decimals, and the units in which those are integers.

A table says 0.1 and means 1/10; the float is 0.1000000000000000055. On the floats of a grid with step 0.1
three points of a line are not on a line, and an exact answer needs slopes of 1e16. A column whose numbers all
have few digits therefore stands for its decimals: a number x of it means the integer ``round(x 10^D)`` over
10^D, where D is the number of decimal places. Counts of neurons, weights and parameters do not depend
on units, so that every exact step works on the integers, which are floats without rounding.
"""

import enum
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.sentences import member_called

# The integers of a column whose floats are the nearest ones to its decimals: 15 digits survive a float.
_MAX_SPELLED: Final = 10**15
# Those of a column whose floats are so many units in the last place off, as 3 * 0.1 is: fewer digits, so that
# numbers in general position are not taken for decimals.
_MAX_COMPUTED: Final = 10**12
_UNITS_OFF: Final = 2.0
# Those of a column in single precision, as tensors of torch and Parquet files hold: 6 digits survive.
_MAX_SINGLE: Final = 10**6
# Differences of decimals are off by units of what is subtracted, as 0.3 - 3 * 0.1 is: so many of the largest
# number of the column, or of the inputs that labels come from, as abs(x - 10.1) does at x = 10.3; where a
# number takes so many digits, which nobody writes and means.
_UNITS_OF_LARGEST: Final = 4.0
# Inputs count up to so many times the largest label: three digits are lost by chance, and more are
# digits that are meant. So zeros that were computed are zeros only beside other labels.
_MOST_LOST: Final = 256.0
_COMPUTED_DIGITS: Final = 15
# Powers of ten that floats hold exactly.
MAX_PLACES: Final = 22
# Numbers that are tried first: in a column of other numbers these are enough to tell.
_FIRST: Final = 32


class Numbers(enum.StrEnum):
    """What the floats of a problem stand for."""

    AUTO = "auto"
    DECIMAL = "decimal"
    BINARY = "binary"

    @classmethod
    def parse(cls, value: "str | Numbers") -> "Numbers":
        """Return the member of this name.

        Raises
        ------
        InputError
            For an unknown name.
        """
        return member_called(cls, value)


def decimal_places(column: FloatArray, *, apart: bool = True, origin: float = 0.0) -> int | None:
    """Return the number of decimal places of a column of floats (N,); None where it is none of decimals.

    0 where the floats mean the same either way: integers, halves, quarters. Infinite entries are left aside.
    Floats may be those nearest to decimals in single precision, as 0.10000000149011612 is to 0.1.
    Different floats must stay `apart` as inputs do; labels may be one decimal, computed in two ways, and
    from numbers as large as `origin`.
    """
    finite = np.isfinite(column)
    values = column if finite.all() else column[finite]
    few, distinct = np.unique(values[:_FIRST]), None
    if all(np.array_equal(some, np.rint(some)) for some in (few, values)):  # integers of any size
        return 0
    largest = float(max(values.max(initial=0.0), -values.min(initial=0.0)))
    for places in range(1, MAX_PLACES + 1):  # one for computed integers too: 0 is to leave floats as they are
        if _spells(few, places, largest, apart=apart, origin=origin):
            distinct = np.unique(values) if distinct is None else distinct
            if _spells(distinct, places, largest, apart=apart, origin=origin):
                return 0 if _is_dyadic(distinct, places) else places
    return _places_in_single(values, largest)


def _places_in_single(values: FloatArray, largest: float) -> int | None:
    """Return the decimal places of floats that are the nearest ones of single precision to decimals."""
    with np.errstate(over="ignore"):
        if not np.array_equal(values.astype(np.float32), values):
            return None
    for places in range(1, MAX_PLACES + 1):
        if not largest * 10.0**places < _MAX_SINGLE:
            return None
        if np.array_equal(as_decimals(values, places).astype(np.float32), values):
            return places
    return None


def is_number_of_places(value: object) -> bool:
    """Whether something is a number of decimal places that a column may have."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_PLACES


def as_decimals(column: FloatArray, places: int) -> FloatArray:
    """Return the floats nearest to the decimals of so many places that a column stands for."""
    return np.asarray(in_integers(column, places) / 10.0**places) if places else column


def in_integers(column: FloatArray, places: int) -> FloatArray:
    """Return a column (N,) in units of ``10^-places``, where it is one of integers; infinite entries stay."""
    return np.asarray(np.rint(column * 10.0**places)) if places else column


def decimals_less(column: FloatArray, other: FloatArray, places: int) -> FloatArray:
    """Return the difference of two columns of decimals, as the floats nearest to its decimals."""
    if not places:
        return column - other
    return np.asarray((in_integers(column, places) - in_integers(other, places)) / 10.0**places)


def places_of(
    columns: Sequence[FloatArray],
    numbers: Numbers,
    names: Sequence[str],
    *,
    apart: bool = True,
    origin: float = 0.0,
) -> list[int]:
    """Return the decimal places of columns (`decimal_places`); those that stay binary have 0.

    Raises
    ------
    InputError
        When all are to be decimals and one is not: named by its name.
    """
    if numbers is Numbers.BINARY:
        return [0] * len(columns)
    found = [decimal_places(column, apart=apart, origin=origin) for column in columns]
    if numbers is Numbers.DECIMAL and None in found:
        place = found.index(None)
        longest = max(columns[place].tolist(), key=lambda value: len(repr(value)))
        raise InputError(
            f"{names[place]} holds {longest!r}, and decimals of at most 15 digits are needed: "
            'round it, or take numbers="binary"'
        )
    return [places or 0 for places in found]


def inputs_as_meant(X: FloatArray, numbers: Numbers) -> tuple[FloatArray, tuple[int, ...]]:
    """Return inputs (N, d) as the floats nearest to what they stand for, and the places of each column.

    Raises
    ------
    InputError
        When all are to be decimals and a column is not.
    """
    places = places_of(list(X.T), numbers, [f"column {j}" for j in range(X.shape[1])])
    return np.stack([as_decimals(x, k) for x, k in zip(X.T, places, strict=True)], axis=1), tuple(places)


def places_with_bound(
    places: Sequence[int], columns: Sequence[FloatArray], bound: float
) -> tuple[int, ...] | None:
    """Return places, the labels' last, in which a bound on weights is one number for all features.

    A weight is a label over an input, so that all features take the places of the finest, and the labels so
    many that the bound is an integer then. None where the integers would be too large for that.
    """
    own = decimal_places(np.array([bound]))
    if own is None:
        return None
    inputs = max(places[:-1])
    wanted = (inputs,) * (len(places) - 1) + (max(places[-1], inputs + own),)
    scaled = bound_in_units(bound, wanted[-1] - inputs)
    if Fraction(float(scaled)) != scaled:
        return None
    fit = (
        k <= MAX_PLACES and _are_decimals(as_decimals(column, own), k)
        for column, own, k in zip(columns, places, wanted, strict=True)
    )
    return wanted if all(fit) else None


def _are_decimals(column: FloatArray, places: int) -> bool:
    """Whether a column stands for decimals of so many places."""
    values = np.unique(column[np.isfinite(column)])
    return _spells(values, places, float(np.abs(values).max(initial=0.0)), apart=False)


def bound_in_units(bound: float, places: int) -> Fraction:
    """Return the decimal that a weight bound prints as, in units of ``10^-places``."""
    return Fraction(repr(bound)) * Fraction(10) ** places


def _spells(values: FloatArray, places: int, largest: float, *, apart: bool, origin: float = 0.0) -> bool:
    """Whether distinct sorted floats of a column, whose largest is given, are decimals of so many places."""
    with np.errstate(over="ignore", invalid="ignore"):
        integers = np.rint(values * 10.0**places)
    size = largest * 10.0**places
    if not size < _MAX_SPELLED:
        return False
    # both are exact floats, so that the quotient is the float nearest to the decimal
    away = np.abs(integers / 10.0**places - values)
    if size < _MAX_COMPUTED:
        far = (away > _UNITS_OFF * np.spacing(np.abs(values))) | ((integers == 0) & (values != 0))
        is_apart = origin * 10.0**places < _MAX_COMPUTED
        source = max(largest, min(origin, _MOST_LOST * largest)) if is_apart else largest
        if np.any(away[far] > _UNITS_OF_LARGEST * np.spacing(source)):
            return False
        if apart and not np.all(integers[1:] > integers[:-1]):
            return False
        return all(map(_looks_computed, values[far].tolist()))
    return not away.any()


def _looks_computed(value: float) -> bool:
    """Whether the shortest decimal that is read as a float has very many digits."""
    digits = repr(abs(value)).partition("e")[0].replace(".", "").strip("0")
    return len(digits) >= _COMPUTED_DIGITS


def _is_dyadic(values: FloatArray, places: int) -> bool:
    """Whether decimals of so many places are floats without rounding: 2^places times them is whole then."""
    scaled = np.ldexp(values, places)
    return bool(np.all(scaled == np.rint(scaled)))
