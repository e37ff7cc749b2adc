"""Read a table from Parquet and NPZ files."""

import datetime
import decimal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import exact_floats
from sparsest.errors import InputError
from sparsest.files import read_arrays
from sparsest.io.table_files import columns, dates
from sparsest.io.table_files.assembling import Origin, Table, assemble
from sparsest.io.table_files.cells import Column
from sparsest.io.table_files.columns import Wanted

if TYPE_CHECKING:
    import pandas as pd

# Columns of pandas' own types, with gaps, and NumPy's become these without rounding.
_NUMPY: Final = {"i": np.int64, "u": np.uint64, "f": np.float64, "b": np.bool_}


def from_parquet(path: Path, wanted: Wanted) -> Table:
    """Read a Parquet file with named columns.

    Raises
    ------
    InputError
        As `sparsest.io.tables.read_table`.
    """
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except Exception as error:  # a damaged file raises whatever its broken metadata leads to
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"not readable: {reason:.200}") from None
    names = [str(name) for name in frame.columns]
    choice = columns.choose(names, wanted)
    found = {
        name: _parquet_column(frame.iloc[:, names.index(name)], name)
        for name in (*choice.features, choice.label)
    }
    return assemble(found, choice, Origin(_row, wanted.drop_missing))


def _parquet_column(column: "pd.Series[Any]", name: str) -> Column:
    missing = column.isna().to_numpy(dtype=bool)
    present = column[~missing]
    if present.dtype.kind in "iufb":
        return Column(_spread(present.to_numpy(dtype=_NUMPY[present.dtype.kind]), missing), missing)
    given = [_plain(value) for value in present.tolist()]
    if (found := _seconds(given)) is not None:
        return Column(_spread(found.values, missing), missing, f"dates as seconds from {found.first}")
    strange = [k for k, value in enumerate(given) if not isinstance(value, (int, float))]
    fault = ""
    if strange:
        value, row = given[strange[0]], int(np.flatnonzero(~missing)[strange[0]])
        shown = f"{str(value)[:40]!r} ({type(value).__name__})"
        fault = f"column {name!r} holds {shown} at {_row(row)}, which is not a number"
    return Column(_spread(given, missing), missing, fault=fault)


def _seconds(moments: Sequence[Any]) -> dates.Seconds | None:
    """Return moments of pandas or Python in seconds, or None for anything else."""
    if not moments or not all(isinstance(moment, datetime.date) for moment in moments):
        return None
    cells = [moment.isoformat() for moment in moments]
    if not all(map(dates.is_date, cells)):  # offsets of centuries ago have seconds
        return None
    try:
        return dates.seconds(cells)
    except dates.DateError:  # some have a zone and others none
        return None


def _plain(value: object) -> object:
    """Return the float nearest to a decimal number, and anything else as it is."""
    return float(value) if isinstance(value, decimal.Decimal) else value


def _spread(present: Sequence[Any] | NDArray[Any], missing: NDArray[np.bool_]) -> NDArray[Any]:
    """Return values with zeros where nothing stands, as objects unless they are an array."""
    values = np.zeros(len(missing), dtype=present.dtype if isinstance(present, np.ndarray) else object)
    if isinstance(present, np.ndarray):
        values[~missing] = present
    else:
        for row, value in zip(np.flatnonzero(~missing), present, strict=True):
            values[row] = value
    return values


def from_npz(path: Path, wanted: Wanted) -> Table:
    """Read the arrays ``X`` and ``y`` of an NPZ file.

    Raises
    ------
    InputError
        As `sparsest.io.tables.read_table`.
    """
    label = "y" if wanted.target is None else wanted.target
    arrays = read_arrays(path, ("X", label))
    X, y = exact_floats(arrays["X"], "X"), arrays[label]
    X = X[:, None] if X.ndim == 1 else X
    if X.ndim != 2 or y.shape not in ((len(X),), (len(X), 1)):
        raise InputError(f"X has shape {X.shape} and {label} {y.shape}: (N, d) and (N,) are needed")
    if X.size == 0:
        raise InputError(f"X has shape {X.shape}: at least one sample and one feature are needed")
    names = [f"x{j}" for j in range(X.shape[1])]
    choice = columns.choose([*names, label], wanted._replace(target=label))
    y = y.reshape(len(X))
    found = {
        name: Column(X[:, names.index(name)], np.isnan(X[:, names.index(name)])) for name in choice.features
    }
    fault = "" if y.dtype.kind in "fiub" else f"array {label!r} has type {y.dtype}: real numbers are needed"
    found[label] = Column(
        y, np.isnan(y) if y.dtype.kind == "f" else np.zeros(len(y), dtype=bool), fault=fault
    )
    return assemble(found, choice, Origin(_row, wanted.drop_missing))


def _row(row: int) -> str:
    return f"row {row}"
