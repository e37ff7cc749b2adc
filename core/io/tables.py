"""Tables: data from text, Parquet and NPZ files that somebody else wrote, and columns written for others."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from sparsest.errors import InputError
from sparsest.files import refuse_large_file, write_atomically
from sparsest.io.table_files.assembling import Table
from sparsest.io.table_files.binary import from_npz, from_parquet
from sparsest.io.table_files.columns import Wanted
from sparsest.io.table_files.text import from_text

if TYPE_CHECKING:
    import pandas as pd

_TEXT: Final = (".csv", ".tsv", ".txt", ".dat")
_ENDINGS: Final = (*_TEXT, ".parquet", ".npz")


def is_table(path: Path) -> bool:
    """Whether a path ends as a table does."""
    return _ending(path) in _ENDINGS


def read_table(path: str | os.PathLike[str], wanted: Wanted | None = None) -> Table:
    """Read a table; one column is the label, all others are features unless something else is wanted.

    Text is read with commas, semicolons, tabs, bars or spaces between columns, decimal points or commas,
    names in the first row or none, comments and empty lines, in UTF-8, UTF-16, UTF-32 or Latin-1, compressed
    by gzip or not. Dates become seconds from the earliest one. What can be read in two ways is refused.

    Parameters
    ----------
    path : path
        A .csv, .tsv, .txt or .dat file, which may end in .gz as well; a .parquet file; or an .npz file with
        arrays ``X`` and ``y``.
    wanted : Wanted, optional
        Which column is the label (by default the one that is named as a label, the only one left, or the
        last; the array ``y`` in an NPZ file), which are features, and whether rows without a value are left
        out.

    Raises
    ------
    InputError
        Naming the column, row and line, when the file is missing, too large or damaged, rows differ in
        length, a value is missing, a feature is not a number or can be read in two ways, or a wanted column
        is unknown.
    """
    source = Path(path)
    if not is_table(source):
        known = f"{', '.join(_TEXT)} (also with .gz), .parquet, .npz"
        raise InputError(f"{source}: unknown ending {source.suffix.lower()!r}, use one of {known}")
    refuse_large_file(source)
    readers = {".parquet": from_parquet, ".npz": from_npz}
    try:
        return readers.get(_ending(source), from_text)(source, wanted or Wanted())
    except InputError as error:
        raise InputError(f"{source}: {error}") from None


def _ending(path: Path) -> str:
    """Return what a table's name ends in, for text without .gz."""
    ending, inner = path.suffix.lower(), Path(path.stem).suffix.lower()
    return inner if ending == ".gz" and inner in _TEXT else ending


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
