"""Tables with a label column for each of several outputs."""

import dataclasses
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.io.problem_sources import numeric_labels
from sparsest.io.table_files.columns import Wanted
from sparsest.io.table_files.reading import Reading
from sparsest.io.tables import read_table


class OutputsTable(NamedTuple):
    """Inputs and labels of several outputs, and how they were read.

    Attributes
    ----------
    X : array (N, d)
        Inputs.
    Y : array (N, m)
        Labels.
    features, targets : tuple of str
        Names of the columns.
    reading : Reading or None
        What was read.
    """

    X: FloatArray
    Y: FloatArray
    features: tuple[str, ...]
    targets: tuple[str, ...]
    reading: Reading | None


def read_outputs(path: Path, wanted: Wanted, n_outputs: int) -> OutputsTable:
    """Read a table of which ``wanted.target`` names several label columns, with commas between them.

    Raises
    ------
    InputError
        As `read_table`, and unless there is a name for each output.
    """
    targets = tuple(name.strip() for name in (wanted.target or "").split(",") if name.strip())
    if len(set(targets)) != n_outputs or len(targets) != n_outputs:
        found = f"--target names {len(targets)} columns" if targets else "there is no --target"
        raise InputError(f"{found}, and the model has {n_outputs} outputs: name a column for each, as a,b")
    features = None if wanted.features is None else [*wanted.features, *targets[:-1]]
    table = read_table(path, wanted._replace(target=targets[-1], features=features))
    columns = list(table.features or ())
    if missing := [name for name in targets[:-1] if name not in columns]:
        raise InputError(
            f"{path} has no column {missing[0]!r:.60}: its columns are {', '.join(columns):.200}"
        )
    inputs = tuple(name for name in columns if name not in targets)
    if not inputs:
        raise InputError(f"{path} has no column left for inputs: leave one out of --target")
    X = table.X[:, [columns.index(name) for name in inputs]]
    labels = [table.X[:, columns.index(name)] for name in targets[:-1]]
    reading = table.reading
    if reading is not None:
        reading = dataclasses.replace(reading, label=", ".join(targets), features=inputs)
    Y = np.stack([*labels, numeric_labels(table, str(path))], axis=1)
    return OutputsTable(X, Y, inputs, targets, reading)
