"""Read a table from text."""

from pathlib import Path

from sparsest.errors import InputError
from sparsest.io.table_files import columns
from sparsest.io.table_files.assembling import Origin, Table, assemble
from sparsest.io.table_files.cells import decimal_mark, read_column
from sparsest.io.table_files.columns import Wanted
from sparsest.io.table_files.content import read_content
from sparsest.io.table_files.layout import Layout, read_layout


def from_text(path: Path, wanted: Wanted) -> Table:
    """Read a table; pandas would round large integers, rename equal names, and fill short rows.

    Raises
    ------
    InputError
        As `sparsest.io.tables.read_table`.
    """
    content = read_content(path)
    found = read_layout(content.text, wanted.header)
    layout, left_out = _without_row_numbers(_named(found))
    names, lines = layout.names or [], layout.lines

    def place(row: int) -> str:
        return f"row {row} (line {lines[row]})"

    choice = columns.choose(names, wanted)
    if found.names is None and wanted.target is None:
        choice = choice._replace(reason="the last column")  # whose name is made up
    cells = {name: layout.columns[names.index(name)] for name in (*choice.features, choice.label)}
    mark = decimal_mark(list(cells.values()))
    read = {name: read_column(name, each, mark, place) for name, each in cells.items()}
    notes = (*layout.notes, *content.stored)
    return assemble(read, choice, Origin(place, wanted.drop_missing, notes, left_out))


def _named(layout: Layout) -> Layout:
    """Call columns without names as those of an NPZ file are called."""
    if layout.names is not None:
        return layout
    names = [f"x{k}" for k in range(len(layout.columns) - 1)]
    return layout._replace(names=[*names, "y"])


def _without_row_numbers(layout: Layout) -> tuple[Layout, list[str]]:
    """Leave out a nameless column of row numbers, which pandas and R write; refuse others without a name."""
    names = layout.names or []
    if "" not in names:
        return layout, []
    k = names.index("")
    starts = [[str(row + start) for row in range(len(layout.lines))] for start in (0, 1)]
    if layout.columns[k] not in starts or "" in names[k + 1 :]:
        raise InputError(f"column {k + 1} of {len(names)} has no name in its first row: name it")
    rest = layout._replace(
        names=names[:k] + names[k + 1 :], columns=layout.columns[:k] + layout.columns[k + 1 :]
    )
    return rest, [f"column {k + 1}, which has no name and numbers the rows"]
