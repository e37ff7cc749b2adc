"""From columns that were read to a table of features and one label, without rows that lack a value."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray, exact_floats
from sparsest.errors import InputError
from sparsest.io.table_files import columns
from sparsest.io.table_files.cells import Column
from sparsest.io.table_files.columns import Choice
from sparsest.io.table_files.reading import Reading, listed
from sparsest.sentences import counted


class Table(NamedTuple):
    """Data of a table, and how it was read.

    Attributes
    ----------
    X : array (N, d)
        Inputs.
    y : array (N,)
        Labels as found: numbers, True and False, or class names.
    features : list of str or None
        Names of the inputs, where there are any.
    target : str or None
        Name of the label.
    reading : Reading or None
        What was read; None where the data are no file's.
    fault : str
        Which cell keeps the labels from being numbers; empty when they are.
    dropped : int
        Rows that were left out because they lacked a value.
    """

    X: FloatArray
    y: np.ndarray[tuple[int], np.dtype[np.generic]]
    features: list[str] | None
    target: str | None
    reading: Reading | None = None
    fault: str = ""
    dropped: int = 0


class Origin(NamedTuple):
    """Where columns come from, and what to do where a value is missing.

    Attributes
    ----------
    place : callable
        From a row's index to the words that name it.
    drop_missing : bool
        Whether rows that lack a value are left out instead of refused.
    notes : tuple of str
        How the file is laid out and stored.
    left_out : sequence of str
        What was left out before.
    """

    place: Callable[[int], str]
    drop_missing: bool
    notes: tuple[str, ...] = ()
    left_out: Sequence[str] = ()


def assemble(found: Mapping[str, Column], choice: Choice, origin: Origin) -> Table:
    """Put the columns together, without the rows that lack a value.

    Raises
    ------
    InputError
        When there are no rows, a value is missing, or a feature is not a number.
    """
    label = found[choice.label]
    n_rows = len(label.values)
    if n_rows == 0:
        raise InputError("has no rows: at least one sample is needed")
    missing = {name: column.missing for name, column in found.items() if column.missing.any()}
    left_out = [*origin.left_out, *(f"column {name!r}" for name in choice.ignored)]
    kept = np.ones(n_rows, dtype=bool)
    if missing:
        _check_missing(missing, origin)
        kept = ~np.any(list(missing.values()), axis=0)
        rows = np.flatnonzero(~kept).tolist()
        named = listed([origin.place(row) for row in rows])
        left_out.append(f"{counted(len(rows), 'rows')} without a value: {named}")
    X = np.column_stack([_numbers(name, found[name])[kept] for name in choice.features])
    notes = [f"{column.note} in {name!r}" for name, column in found.items() if column.note]
    shape = f"{counted(n_rows, 'rows')} of {counted(len(found) + len(choice.ignored), 'columns')}"
    reading = Reading(
        file=", ".join((shape, *origin.notes)),
        label=f"{choice.label} ({choice.reason})",
        features=tuple(choice.features),
        notes=tuple(notes),
        left_out=tuple(left_out),
        remarks=tuple(columns.remarks(X, choice)),
    )
    dropped = n_rows - int(kept.sum())
    return Table(X, label.values[kept], choice.features, choice.label, reading, label.fault, dropped)


def _check_missing(missing: Mapping[str, NDArray[np.bool_]], origin: Origin) -> None:
    """Raise `InputError` where values are missing, unless the rows are to be left out and some remain."""
    for name, where in missing.items():
        if where.all():
            raise InputError(f"column {name!r} is empty in every row: leave the column out with --ignore")
    where = np.any(list(missing.values()), axis=0)
    if where.all():
        raise InputError("every row lacks a value: leave out the columns that lack most with --ignore")
    if origin.drop_missing:
        return
    rows = np.flatnonzero(where).tolist()
    if len(rows) == 1:
        name, place = next(iter(missing)), origin.place(rows[0])
        raise InputError(
            f"column {name!r} is empty at {place}: fill it, or --drop-missing leaves the row out"
        )
    names, places = listed(list(map(repr, missing))), listed([origin.place(row) for row in rows])
    raise InputError(
        f"{len(rows)} rows lack a value in {names}: {places}; fill them, or --drop-missing leaves them out"
    )


def _numbers(name: str, column: Column) -> FloatArray:
    if column.fault:
        raise InputError(f"{column.fault}; --ignore leaves the column out")
    return exact_floats(column.values, f"column {name!r}")
