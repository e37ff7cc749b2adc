"""Cells of text: numbers, True and False, dates, words, or nothing, and why a cell is no number."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.io.table_files import dates

# float() alone would also take "1_000" and the digits of other scripts
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,400}")  # longer ones are beyond any float
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf", re.IGNORECASE)
_WITH_COMMA: Final = re.compile(r"[+-]?([0-9]+,[0-9]*|,[0-9]+)([eE][+-]?[0-9]+)?")
# One mark and three digits: 1,234 is 1.234 to some people and 1234 to others. No thousands begin with 0.
_EITHER: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_THOUSANDS_BY_COMMA: Final = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_THOUSANDS_BY_POINT: Final = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?")
_THOUSANDS_BY_OTHER: Final = re.compile(
    "[+-]?[0-9]{1,3}([ \u00a0\u2009\u202f'\u2019_][0-9]{3})+([.,][0-9]*)?"
)
_UNIT: Final = re.compile(
    r"[+-]?[0-9][0-9.,]*\s?([^\W\d_]|[%‰°$€£¥])\S{0,12}|([$€£¥]|[A-Z]{3}\s)\s?[+-]?[0-9][0-9.,]*"
)
_TRUTH: Final = ("true", "false")
_MISSING: Final = frozenset(
    (
        *("", "na", "n/a", "nan", "+nan", "-nan", "null", "none", "<na>", "1.#ind", "-1.#ind", "1.#qnan"),
        *("#n/a", "#n/a n/a", "#na", "#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!"),
    )
)
# Nothing in a column of numbers, but perhaps a class in a column of words.
_MISSING_AMONG_NUMBERS: Final = frozenset(("?", "-", "--", "."))

# What `decimal_mark` returns when some cells show one mark and some the other.
BOTH_MARKS: Final = "both"

_Number = int | float


class Column(NamedTuple):
    """A column that has been read.

    Attributes
    ----------
    values : array (N,)
        Numbers, True and False, or words; anything where nothing stands.
    missing : array (N,) of bool
        Where nothing stands.
    note : str
        How the cells were understood, where that needs saying; else empty.
    fault : str
        Which cell makes this no column of numbers, and what to change; empty when it is one.
    """

    values: NDArray[Any]
    missing: NDArray[np.bool_]
    note: str = ""
    fault: str = ""


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.lower() in _MISSING


def is_value(cell: str) -> bool:
    """Whether a cell holds a number in any spelling that is read, True, False or a date."""
    number = _NUMBER.fullmatch(cell) or _WITH_COMMA.fullmatch(cell)
    return bool(number) or cell.lower() in _TRUTH or dates.is_date(cell)


def is_plain_number(cell: str) -> bool:
    """Whether a cell holds a number in the spelling of most programming languages."""
    return bool(_NUMBER.fullmatch(cell))


def is_like_number(cell: str) -> bool:
    """Whether a cell was meant as a number: with thousands separators or a unit."""
    return _has_thousands(cell) or bool(_UNIT.fullmatch(cell))


def _has_thousands(cell: str) -> bool:
    forms = (_THOUSANDS_BY_COMMA, _THOUSANDS_BY_POINT, _THOUSANDS_BY_OTHER)
    return any(form.fullmatch(cell) for form in forms)


def decimal_mark(columns: Sequence[Sequence[str]]) -> str:
    """Return the decimal mark of a table: a point, a comma, `BOTH_MARKS`, or "" where commas tell nothing.

    A table has one mark: 2,5 anywhere shows that 1,234 is a decimal, 2.5 that its comma separates thousands.
    """
    if not any("," in cell for column in columns for cell in column):
        return "."
    shown = {_shown_mark(cell) for column in columns for cell in column} - {""}
    return BOTH_MARKS if len(shown) > 1 else shown.pop() if shown else ""


def _shown_mark(cell: str) -> str:
    """Return the decimal mark that a cell shows beyond doubt, or nothing."""
    if _EITHER.fullmatch(cell):
        return ""
    if _WITH_COMMA.fullmatch(cell) or _THOUSANDS_BY_POINT.fullmatch(cell):
        return ","
    if ("." in cell and _NUMBER.fullmatch(cell)) or _THOUSANDS_BY_COMMA.fullmatch(cell):
        return "."
    grouped = _THOUSANDS_BY_OTHER.fullmatch(cell)
    return grouped[2][0] if grouped and grouped[2] else ""


def read_column(name: str, cells: Sequence[str], mark: str, place: Callable[[int], str]) -> Column:
    """Turn the cells of a column into numbers, True and False or seconds, or leave them as words.

    Parameters
    ----------
    name : str
        Of the column, for the fault.
    cells : sequence of str
        Without space around them.
    mark : str
        The table's decimal mark as `decimal_mark` returns it.
    place : callable
        From a row's index to the words that name it.
    """
    missing = np.array([is_missing(cell) for cell in cells], dtype=bool)
    present = [cell for cell, empty in zip(cells, missing, strict=True) if not empty]
    if present and all(cell.lower() in _TRUTH for cell in present):
        truths = np.array([cell.lower() == "true" for cell in cells])
        return Column(truths, missing, "True and False as 1 and 0")
    numbers = [_number(cell, mark) for cell in present]
    strange = {cell.lower() for cell, number in zip(present, numbers, strict=True) if number is None}
    if strange and strange <= _MISSING_AMONG_NUMBERS and len(set(numbers)) > 1:
        missing |= np.array([cell in strange for cell in cells])
        numbers = [number for number in numbers if number is not None]
    elif strange:
        return _dates_or_words(name, cells, missing, mark, place)
    note = "decimal commas" if mark == "," and any("," in cell for cell in present) else ""
    return Column(_spread(numbers, missing), missing, note)


def _number(cell: str, mark: str) -> _Number | None:
    if mark == ",":
        if "." in cell:
            return None
        cell = cell.replace(",", ".") if _WITH_COMMA.fullmatch(cell) else cell
    if _INTEGER.fullmatch(cell):
        return int(cell)
    return float(cell) if _NUMBER.fullmatch(cell) else None


def _spread(numbers: Sequence[_Number | None], missing: NDArray[np.bool_]) -> NDArray[Any]:
    """Return numbers with zeros where nothing stands."""
    large = any(
        abs(number or 0) > 2**53 for number in numbers
    )  # NumPy would round such integers beside floats
    given = np.array(numbers, dtype=object if large else None)
    values = np.zeros(len(missing), dtype=given.dtype)
    values[~missing] = given
    return values


def _dates_or_words(
    name: str, cells: Sequence[str], missing: NDArray[np.bool_], mark: str, place: Callable[[int], str]
) -> Column:
    rows = np.flatnonzero(~missing).tolist()
    present = [cells[row] for row in rows]
    try:
        if all(map(dates.is_date, present)):
            found = dates.seconds(present)
            return Column(_spread(found.values, missing), missing, f"dates as seconds from {found.first}")
        bad = _worst(present, mark)
        advice = _advice(present[bad], mark)
    except dates.DateError as error:
        bad, advice = error.index, f", {error.reason}"
    fault = f"column {name!r} holds {present[bad][:40]!r} at {place(rows[bad])}{advice}"
    return Column(np.array(cells), missing, fault=fault)


def _worst(present: Sequence[str], mark: str) -> int:
    """Return the cell that is to blame for a column of words: the first that is no value at all, if any."""
    strange = [k for k, cell in enumerate(present) if _number(cell, mark) is None]
    return next((k for k in strange if not is_value(present[k]) or "," in present[k]), strange[0])


def _advice(cell: str, mark: str) -> str:
    if mark == "" and _EITHER.fullmatch(cell):
        one, other = cell.replace(",", "."), cell.replace(",", "")
        return f", which is {one} or {other}: write it with a decimal point, or without the comma"
    if mark == BOTH_MARKS and _WITH_COMMA.fullmatch(cell):
        return ", and other cells have decimal points: write all numbers alike"
    if _has_thousands(cell):
        return ", with a thousands separator: write the number without it"
    if _UNIT.fullmatch(cell):
        return ", a number with a unit or a word: write the number alone"
    return ", which is not a number"
