"""From what a user names, on the command line or in a file of benchmarks, to a problem."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsest import datasets
from sparsest.arrays import exact_floats
from sparsest.errors import InputError
from sparsest.io import tables
from sparsest.io.documents import load
from sparsest.problem import Problem


class Asked(NamedTuple):
    """How the data become a problem: the command line's options of the same names."""

    target: str | None = None
    skip: bool | None = None
    tolerance: float | None = None
    weight_bound: float | None = None
    classify: bool = False
    margin: float | None = None
    constant: bool = False


def read_problem(data: str, asked: Asked, directory: Path = Path()) -> Problem:
    """Return the problem that the name of a dataset or file, and how it was asked for, describe.

    Parameters
    ----------
    data : str
        A dataset's name as `sparsest.datasets.parse` reads it, a table's path, or a saved problem's.
    asked : Asked
        Target, skip, tolerance and so on; absent ones have the data's defaults.
    directory : Path
        Where relative paths start.

    Raises
    ------
    InputError
        For an unknown name, an unusable file, or options that do not go together.
    """
    path = directory / data
    if asked.classify and asked.tolerance is not None:
        raise InputError(
            "--tolerance and --classify exclude each other: a class has a margin, not a tolerance"
        )
    if asked.skip and asked.constant:
        raise InputError("--skip and --constant exclude each other: an affine term includes the constant")
    if asked.margin is not None and not asked.classify:
        raise InputError("--margin is the margin of two classes: add --classify, or give a --tolerance")
    if path.suffix.lower() == ".json":
        return _saved_problem(path, asked)
    if path.suffix.lower() in tables.ENDINGS or (not _names_dataset(data) and path.exists()):
        table = tables.read_table(path, asked.target)
        return _problem(table.X, table.y, asked, 0.0, f"column {table.target!r} of {path}")
    if asked.target is not None:
        raise InputError(f"--target names a column of a file, and {data!r} is not a file")
    dataset = datasets.parse(data)
    return _problem(dataset.X, dataset.y, asked, dataset.tolerance, f"labels of {data}")


def _names_dataset(data: str) -> bool:
    """Whether DATA is a dataset even when a folder of that name lies nearby; ./xor is the folder."""
    return data.partition(":")[0] in datasets.names()


def _problem(
    X: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    y: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    asked: Asked,
    suggested: float,
    labels: str,
) -> Problem:
    skip, constant = bool(asked.skip), asked.constant
    if asked.classify:
        margin = 1.0 if asked.margin is None else asked.margin
        return Problem.classification(
            X, y, margin, skip=skip, weight_bound=asked.weight_bound, constant=constant
        )
    # integers beyond 64 bits come as objects
    if y.dtype.kind not in "fiub" and not all(isinstance(label, (int, float)) for label in y):
        raise InputError(f"{labels} is not numeric: use --classify for two classes")
    tolerance = suggested if asked.tolerance is None else asked.tolerance
    return Problem(
        X,
        exact_floats(y, labels),
        skip=skip,
        tolerance=tolerance,
        weight_bound=asked.weight_bound,
        constant=constant,
    )


def _saved_problem(path: Path, asked: Asked) -> Problem:
    problem = load(path)
    if not isinstance(problem, Problem):
        raise InputError(f"{path} holds a {type(problem).__name__}, not a problem")
    if asked.tolerance is not None or asked.classify or asked.target is not None:
        raise InputError(
            f"{path} is a saved problem: it has its intervals, so leave out the options for labels"
        )
    skip = problem.skip if asked.skip is None else asked.skip
    bound = problem.weight_bound if asked.weight_bound is None else asked.weight_bound
    constant = asked.constant or (problem.constant and not skip)
    return problem.replace(skip=skip and not asked.constant, constant=constant, weight_bound=bound)
