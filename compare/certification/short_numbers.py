"""Tolerances and margins of few digits, so that what a sentence says is what is meant."""

from decimal import Decimal
from typing import Final

# Digits of a tolerance that is chosen: as many as a sentence shows.
_DIGITS: Final = 3


def rounded_down(value: float) -> float:
    """Return the largest float of `_DIGITS` digits that is not above a positive `value`."""
    nearest, unit = _nearest(value)
    return float(nearest) if float(nearest) <= value else float(nearest - unit)


def rounded_up(value: float) -> float:
    """Return the smallest float of `_DIGITS` digits that is not below a positive `value`.

    Examples
    --------
    >>> rounded_up(0.01), rounded_up(0.12345), rounded_up(9.999)
    (0.01, 0.124, 10.0)
    """
    nearest, unit = _nearest(value)
    return float(nearest) if float(nearest) >= value else float(nearest + unit)


def _nearest(value: float) -> tuple[Decimal, Decimal]:
    """Return the nearest decimal of so many digits, and the unit of its last one."""
    number = Decimal(value)
    unit = Decimal(1).scaleb(number.adjusted() - _DIGITS + 1)
    return number.quantize(unit), unit
