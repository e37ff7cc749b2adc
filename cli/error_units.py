"""What errors are measured in, from the options of the command line."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.error_scale import RELATIVE, error_scale
from sparsest.errors import InputError
from sparsest.io.problem_sources import Asked, names_table, numeric_labels
from sparsest.io.table_files.columns import Wanted
from sparsest.io.tables import read_table
from sparsest.problem import Problem


class ErrorUnits(NamedTuple):
    """The options of the same names.

    Attributes
    ----------
    relative : bool
        Whether errors are measured by the size of the label.
    floor : float or None
        Size as which smaller labels count then.
    column : str or None
        Column of the table that holds a unit for each row.
    below, above : float
        Units of errors below and above the label, times those.
    """

    relative: bool
    floor: float | None
    column: str | None
    below: float
    above: float

    def without_column(self, wanted: Wanted) -> Wanted:
        """Return which columns are the problem's: the one with the units is none of them."""
        if self.column is None:
            return wanted
        return wanted._replace(ignore=[*(wanted.ignore or ()), self.column])

    def scale(self, problem: Problem, data: str, asked: Asked) -> FloatArray | str | None:
        """Return the parameter `scale` of `sparsest.exact.least_error`.

        Parameters
        ----------
        problem : Problem
            As it was read.
        data : str
            Where from.
        asked : Asked
            And how.

        Raises
        ------
        InputError
            For options that exclude each other, or units that do not go with the problem.
        """
        if self.floor is not None and not self.relative:
            raise InputError("--floor is the least size of a label for --relative: add that")
        if self.relative and self.column is not None:
            raise InputError("--relative and --scale exclude each other: a row has one unit")
        if not (self.below > 0 and self.above > 0):
            raise InputError("--below and --above must be positive")
        units = self._of_rows(problem, data, asked)
        if self.below == self.above == 1:
            return units
        scale = error_scale(problem, units)
        return np.column_stack([self.below * scale.below, self.above * scale.above])

    def _of_rows(self, problem: Problem, data: str, asked: Asked) -> FloatArray | str | None:
        if self.relative and self.floor is not None:
            if not self.floor > 0:
                raise InputError(f"--floor {self.floor:g}: it must be positive")
            return np.asarray(np.maximum(np.abs(problem.targets), self.floor), dtype=np.float64)
        if self.relative:
            return RELATIVE
        return None if self.column is None else _column(self.column, problem, data, asked)


def _column(name: str, problem: Problem, data: str, asked: Asked) -> FloatArray:
    """Return a column of the table, read like its labels."""
    refuse_other_than_table(data)
    wanted = asked.wanted._replace(target=name, features=list(problem.names), ignore=None)
    table = read_table(data, wanted)
    if table.X.shape != problem.X.shape or not np.allclose(table.X, problem.X):
        raise InputError(f"{data}: column {name!r} lacks values in rows that have a label: fill them in")
    return numeric_labels(table, data)


def refuse_other_than_table(data: str) -> None:
    """Raise `InputError` where a column is named of what is not a table."""
    if not names_table(data, Path(data)):
        raise InputError(f"--scale is a column of a table, and {data!r} is not a table")
