"""Tables: data from CSV, Parquet and NPZ files that somebody else wrote, and columns written for others."""

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray, exact_floats
from sparsest.errors import InputError
from sparsest.files import read_arrays, refuse_large_file, write_atomically

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".parquet", ".npz")

# What a number looks like in a CSV file; float() alone would also take "1_000".
_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")  # longer ones are beyond any float
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf", re.IGNORECASE)
_LIKE_NUMBER = re.compile(f"{_NUMBER.pattern}|true|false", re.IGNORECASE)


class Table(NamedTuple):
    """Inputs (N, d), labels (N,) as found (numbers, or class names), and names, where there are any."""

    X: FloatArray
    y: np.ndarray[tuple[int], np.dtype[np.generic]]
    features: list[str] | None
    target: str | None


def read_table(path: str | os.PathLike[str], target: str | None = None) -> Table:
    """Read a table; one column is the label, all others are features.

    Parameters
    ----------
    path : path
        A .csv or .parquet file with named columns, or an .npz file with arrays ``X`` and ``y``.
    target : str, optional
        Name of the label column; the last column by default, the array ``y`` in an NPZ file.

    Raises
    ------
    InputError
        When the file is missing, too large or damaged, the target is unknown, a column has no name or another
        one's, a cell is empty, or a feature is not a number.
    """
    source = Path(path)
    ending = source.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{source}: unknown ending {ending!r}, use one of {', '.join(ENDINGS)}")
    refuse_large_file(source)
    readers = {".csv": _from_csv, ".parquet": _from_parquet, ".npz": _from_npz}
    try:
        return readers[ending](source, target)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None


def check_table_ending(path: Path) -> str:
    """Return ".csv" or ".parquet", or raise `InputError` for another ending."""
    ending = path.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise InputError(f"{path}: unknown ending {ending!r}, use .csv or .parquet")
    return ending


def write_table(path: Path, columns: "Mapping[str, NDArray[Any]] | pd.DataFrame") -> None:
    """Write named columns to a .csv or .parquet file, atomically.

    Raises
    ------
    InputError
        For another ending.
    OSError
        When the file cannot be written.
    """
    ending = check_table_ending(path)
    import pandas as pd

    frame = pd.DataFrame(columns)
    if ending == ".csv":
        write_atomically(path, frame.to_csv(index=False).encode())
        return
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    write_atomically(path, buffer.getvalue())


def _from_csv(path: Path, target: str | None) -> Table:
    """Read text and convert it here: pandas rounds large integers and renames columns that share a name."""
    import pandas as pd

    _refuse_other_separators(path)
    try:
        cells = pd.read_csv(path, header=None, dtype=str, skipinitialspace=True)
    except Exception as error:  # the parser has many ways to fail
        raise _unreadable(error) from None
    names = ["" if pd.isna(name) else str(name).strip() for name in cells.iloc[0]]
    if "" in names:
        raise InputError(
            f"column {names.index('')} has no name: name it or, if it numbers the rows, remove it"
        )
    if target is None and all(map(_NUMBER.fullmatch, names)):
        first = ", ".join(names)
        raise InputError(
            f"its first line is all numbers ({first:.40}): add names above, or name the --target"
        )
    rows = cells.iloc[1:].reset_index(drop=True)
    columns = [_parsed(_refuse_missing(rows.iloc[:, k], name)) for k, name in enumerate(names)]
    return _table(names, columns, target)


def _refuse_other_separators(path: Path) -> None:
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            header = lines.readline(2**16)
    except OSError as error:
        raise _unreadable(error) from None
    if "," not in header and (separator := re.search("[;\t|]", header)):
        raise InputError(f"its columns seem to be separated by {separator[0]!r}: save it with commas")


def _from_parquet(path: Path, target: str | None) -> Table:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except Exception as error:  # a damaged file raises whatever its broken metadata leads to
        raise _unreadable(error) from None
    names = [str(name) for name in frame.columns]
    columns = [_refuse_missing(frame.iloc[:, k], name).to_numpy() for k, name in enumerate(names)]
    return _table(names, columns, target)


def _unreadable(error: Exception) -> InputError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"not readable: {reason:.200}")


def _table(names: list[str], columns: list[NDArray[Any]], target: str | None) -> Table:
    if len(names) < 2:
        raise InputError(f"has {len(names)} column: one for the label and at least one feature are needed")
    if len(columns[0]) == 0:
        raise InputError("has no rows: at least one sample is needed")
    label = names[-1] if target is None else target
    if label not in names:
        raise InputError(f"has no column named {label!r}: its columns are {', '.join(names)}")
    if repeated := [name for name in names if names.count(name) > 1]:
        raise InputError(f"has {names.count(repeated[0])} columns named {repeated[0]!r}: rename all but one")
    arrays = dict(zip(names, columns, strict=True))
    y = arrays.pop(label)
    return Table(np.column_stack([_numbers(*item) for item in arrays.items()]), y, list(arrays), label)


def _refuse_missing(column: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
    if (missing := column.isna().to_numpy()).any():
        raise InputError(f"column {name!r} is empty at row {int(missing.argmax())}: fill or remove it")
    return column


def _parsed(column: "pd.Series[str]") -> NDArray[Any]:
    """Turn the cells of a column into numbers or True and False, or leave them as text."""
    cells = [cell.strip() for cell in column]
    if all(cell.lower() in ("true", "false") for cell in cells):
        return np.array([cell.lower() == "true" for cell in cells])
    if not all(map(_NUMBER.fullmatch, cells)):
        return np.array(cells)
    numbers = [int(cell) if _INTEGER.fullmatch(cell) else float(cell) for cell in cells]
    large = any(abs(number) > 2**53 for number in numbers)  # NumPy would round such integers beside floats
    return np.array(numbers, dtype=object if large else None)


def _numbers(name: str, column: NDArray[Any]) -> FloatArray:
    def is_number(value: object) -> bool:
        return isinstance(value, (int, float))

    if column.dtype.kind not in "iufb" and not all(map(is_number, column)):
        # in a column of text, the cell that made it one is to blame
        rows = [row for row, value in enumerate(column) if not is_number(value)]
        bad = next((row for row in rows if not _LIKE_NUMBER.fullmatch(str(column[row]))), rows[0])
        kind = type(column[bad]).__name__.removesuffix("_")
        raise InputError(
            f"column {name!r} holds {str(column[bad])[:40]!r} ({kind}) at row {bad}: features must be numbers"
        )
    return exact_floats(column, f"column {name!r}")


def _from_npz(path: Path, target: str | None) -> Table:
    label = "y" if target is None else target
    arrays = read_arrays(path, ("X", label))
    X, y = exact_floats(arrays["X"], "X"), arrays[label]
    X = X[:, None] if X.ndim == 1 else X
    if X.ndim != 2 or y.shape not in ((len(X),), (len(X), 1)):
        raise InputError(f"X has shape {X.shape} and {label} {y.shape}: (N, d) and (N,) are needed")
    if X.size == 0:
        raise InputError(f"X has shape {X.shape}: at least one sample and one feature are needed")
    return Table(X, y.reshape(len(X)), [f"x{j}" for j in range(X.shape[1])], label)
