"""Exact numbers as a proof's JSON holds them: integers, fractions and hexadecimal floats."""

import math
from fractions import Fraction

import flint

# Larger JSON integers are not exact in every reader of JSON.
_EXACT_IN_JSON = 2**53


def integer_text(value: int) -> int | str:
    """Return an integer as itself or, when large, as a hexadecimal string, which reads in linear time."""
    return value if abs(value) <= _EXACT_IN_JSON else hex(value)


def json_text(value: int) -> str:
    """Return `integer_text` as JSON writes it, with its quotes."""
    return str(value) if abs(value) <= _EXACT_IN_JSON else f'"{value:#x}"'


def integer_of(value: int | str) -> int:
    """Return the integer that `integer_text` wrote."""
    return int(value, 16) if isinstance(value, str) else value


def number_text(value: float | Fraction | flint.fmpq) -> int | str:
    """Return a finite number exactly."""
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) <= _EXACT_IN_JSON
        return int(value) if whole else value.hex()
    if isinstance(value, flint.fmpq):
        value = Fraction(int(value.p), int(value.q))
    top, bottom = integer_text(value.numerator), integer_text(value.denominator)
    return top if bottom == 1 else f"{top}/{bottom}"


def end_text(value: float) -> int | str | None:
    """Return an end of an interval exactly, None where it is open."""
    return number_text(value) if math.isfinite(value) else None
