"""The layout of a table in text: what separates columns, which lines are no rows, and where names stand."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sparsest.errors import InputError
from sparsest.io.table_files.cells import is_like_number, is_missing, is_plain_number, is_value
from sparsest.sentences import counted

# Lines that the layout is guessed from; every line of the file is then held against it.
_SAMPLE: Final = 200
# A small file of short lines can unpack to more of them than fit into memory as cells.
MAX_ROWS: Final = 10**7
MAX_CELLS: Final = 2**27

_SPACES: Final = " "
_SEPARATORS: Final = {
    "\t": "tabs",
    ";": "semicolons",
    "|": "bars",
    ",": "commas",
    _SPACES: "spaces",
}
_SAY_WHICH: Final = "say --header if it names the columns, or --no-header if it is a sample"
# A spreadsheet's first line that names the separator.
_DIRECTIVE: Final = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
# Errors of spreadsheets begin like comments.
_SPREADSHEET_ERROR: Final = re.compile(r"#(N/A|NA|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)", re.IGNORECASE)


class Layout(NamedTuple):
    """A table as text.

    Attributes
    ----------
    names : list of str or None
        Of the columns; None when the file has none.
    columns : list of lists of str
        Cells without space around them.
    lines : list of int
        The line of each row in the file, from 1.
    notes : tuple of str
        How the file is laid out, for people.
    """

    names: list[str] | None
    columns: list[list[str]]
    lines: list[int]
    notes: tuple[str, ...]


class _Row(NamedTuple):
    line: int
    cells: list[str]


class _Lines(NamedTuple):
    """Lines that hold cells, with their numbers, and the others."""

    numbers: list[int]
    texts: list[str]
    comments: list[str]
    blank: int
    separator: str | None


def read_layout(text: str, header: bool | None = None) -> Layout:
    """Split a text into named columns.

    Parameters
    ----------
    text : str
        The file's content.
    header : bool, optional
        Whether the first row holds the names; by default it does where it reads like names above values.

    Raises
    ------
    InputError
        When there is nothing in it, rows differ in length, a quotation mark is not closed on its line, or it
        is not to be told what separates the columns or whether the first row holds names.
    """
    lines = _sorted_lines(text)
    if not lines.texts:
        raise InputError("not readable: it has no rows")
    separator = lines.separator or _separator(lines.texts[:_SAMPLE])
    rows, empty = _rows(lines, separator)
    first, below = rows[0], rows[1:]
    named = _holds_names(first, below) if header is None else header
    names, origin = _names(first) if named else None, f"names in line {first.line}"
    if names is None and header is None:
        names, origin = _names_in_comment(lines.comments, separator, len(first.cells)), "names in a comment"
    kept = below if named else rows
    columns = [[row.cells[k] for row in kept] for k in range(len(first.cells))]
    unnamed = f"no names: line {first.line} is a sample"
    notes = [f"separated by {_SEPARATORS.get(separator, repr(separator))}", origin if names else unnamed]
    notes += _skipped(lines, empty)
    return _without_nameless_empty(Layout(names, columns, [row.line for row in kept], tuple(notes)))


def _skipped(lines: _Lines, empty: int) -> list[str]:
    """Say which lines hold no row, apart from blank ones at the end."""
    skipped = []
    if lines.comments:
        skipped.append(f"{counted(len(lines.comments), 'comments')} skipped")
    if lines.blank + empty:
        skipped.append(f"{counted(lines.blank + empty, 'empty lines')} skipped")
    return skipped


def _sorted_lines(text: str) -> _Lines:
    """Tell lines with cells from comments and blank ones."""
    numbers, texts, comments, blank = [], [], [], 0
    # a typographic minus sign is one; word processors put it in
    every = text.replace("\u2212", "-").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while every and not every[-1].strip():
        every.pop()
    directive = _DIRECTIVE.fullmatch(every[0].strip()) if every else None
    for number, line in enumerate(every, 1):
        stripped = line.strip()
        if number == 1 and directive:
            continue
        if not stripped:
            blank += 1
        elif stripped.startswith("#") and not _SPREADSHEET_ERROR.match(stripped):
            comments.append(stripped)
        else:
            numbers.append(number)
            texts.append(line)
    return _Lines(numbers, texts, comments, blank, directive[1] if directive else None)


def _split(texts: Sequence[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Return for each record how many lines were read, and its cells; raise `csv.Error` for bad quotes."""
    given = (" ".join(line.split()) for line in texts) if separator == _SPACES else texts
    reader = csv.reader(
        (f"{line}\n" for line in given), delimiter=separator, strict=True, skipinitialspace=separator != "\t"
    )
    for record in reader:
        yield reader.line_num, [cell.strip() for cell in record]


def _separator(sample: Sequence[str]) -> str:
    """Return what splits all lines into equally many cells, at least two of them."""
    present = [mark for mark in _SEPARATORS if any(mark in line for line in sample)]
    widths = {mark: _widths(sample, mark) for mark in present}
    fitting = [mark for mark, found in widths.items() if len(set(found)) == 1 and found[0] > 1]
    visible = [mark for mark in fitting if mark != _SPACES]  # spaces are a last resort: they stand in words
    if len(visible or fitting) == 1:
        return (visible or fitting)[0]
    if not fitting:
        # the one that splits most lines alike; the caller finds the line that it does not
        common = {mark: Counter(w for w in found if w > 1) for mark, found in widths.items()}
        best = max(common, key=lambda mark: max(common[mark].values(), default=0), default=",")
        spaces_only = best == _SPACES and sum(common[_SPACES].values()) < len(sample)
        return "," if not common.get(best) or spaces_only else best
    values = {mark: _share_of_values(sample, mark) for mark in visible}
    best = max(visible, key=lambda mark: values[mark])
    if rival := next((mark for mark in visible if mark != best and values[mark] == values[best]), None):
        raise InputError(
            f"its columns could be separated by {_SEPARATORS[best]} or by {_SEPARATORS[rival]}: use one only"
        )
    return best


def _widths(sample: Sequence[str], mark: str) -> list[int]:
    try:
        return [len(cells) for _, cells in _split(sample, mark)]
    except csv.Error:
        return [0]  # a quoted cell may go on behind the sample; then nothing else splits it better


def _share_of_values(sample: Sequence[str], mark: str) -> float:
    cells = [cell for _, record in _split(sample, mark) for cell in record]
    return sum(is_value(cell) or is_missing(cell) for cell in cells) / len(cells)


def _rows(lines: _Lines, separator: str) -> tuple[list[_Row], int]:
    """Split all lines, and count rows without any cell; raise `InputError` for rows of different lengths."""
    rows: list[_Row] = []
    empty, read = 0, 0
    try:
        for done, cells in _split(lines.texts, separator):
            line = lines.numbers[read]
            if done - read > 1 and rows:
                raise InputError(
                    f"line {line} opens a quotation mark and does not close it: close or remove it"
                )
            read = done
            if not any(cells):
                empty += 1
                continue
            if rows and len(cells) != len(rows[0].cells):
                raise InputError(_uneven(rows[0], _Row(line, cells), separator))
            rows.append(_Row(line, cells))
            if len(rows) > MAX_ROWS or len(rows) * len(cells) > MAX_CELLS:
                raise InputError(f"has more than the {MAX_ROWS} rows or {MAX_CELLS} cells that are read")
    except csv.Error as error:
        line = lines.numbers[min(read, len(lines.numbers) - 1)]
        raise InputError(f"not readable: line {line}, or a cell that begins there: {error}") from None
    if not rows:
        raise InputError("not readable: it has no rows")
    return rows, empty


def _uneven(first: _Row, row: _Row, separator: str) -> str:
    here, there = counted(len(row.cells), "cells"), len(first.cells)
    advice = "correct the shorter or longer one"
    if len(row.cells) == there + 1 and row.line == first.line + 1:
        advice = "name every column, the one that numbers the rows as well"
    if separator == "," and len(row.cells) == 2 * there:
        advice = "if commas are decimal marks as well, separate columns by semicolons"
    name = _SEPARATORS.get(separator, repr(separator))
    return f"line {row.line} has {here} and line {first.line} has {there}, separated by {name}: {advice}"


def _holds_names(first: _Row, below: Sequence[_Row]) -> bool:
    """Say whether the first row holds the columns' names; raise `InputError` where that is not to be told."""
    word = number = None
    for k, cell in enumerate(first.cells):
        above_values = any(is_value(row.cells[k]) for row in below[:_SAMPLE])
        if not cell:
            continue
        if is_value(cell) or is_like_number(cell) or is_missing(cell):
            number = number or (cell if above_values or not below else None)
        elif above_values:
            word = word or cell
    if word and number:
        raise InputError(
            f"line {first.line} holds the word {word[:40]!r} and the number {number[:40]!r}: {_SAY_WHICH}"
        )
    if number and len(first.cells) > 2 and first.cells == [str(k) for k in range(len(first.cells))]:
        raise InputError(f"line {first.line} counts 0, 1, 2, ...: {_SAY_WHICH}")
    return number is None


def _names(first: _Row) -> list[str]:
    return [" ".join(cell.split()) for cell in first.cells]


def _names_in_comment(comments: Sequence[str], separator: str, width: int) -> list[str] | None:
    """Return the names that the last comment lists, as `numpy.savetxt` writes them; None if it does not."""
    for comment in reversed(comments):
        text = comment.lstrip("#").strip()
        with_mark = f"#{text}" if text.startswith(separator) else text  # the name of the first may be "#"
        try:
            names = next((cells for _, cells in _split([with_mark], separator)), [])
        except csv.Error:
            continue
        single = all(name and len(name.split()) == 1 and not is_plain_number(name) for name in names)
        if single and len(names) == width:
            return names
    return None


def _without_nameless_empty(layout: Layout) -> Layout:
    """Leave out columns with neither a name nor a cell, which a separator at the end of every line makes."""
    if layout.names is None:
        return layout
    kept = [k for k, name in enumerate(layout.names) if name or any(layout.columns[k])]
    if len(kept) == len(layout.names) or not layout.columns[0]:
        return layout
    return layout._replace(
        names=[layout.names[k] for k in kept],
        columns=[layout.columns[k] for k in kept],
        notes=(*layout.notes, f"{counted(len(layout.names) - len(kept), 'empty columns')} skipped"),
    )
