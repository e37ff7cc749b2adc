"""From what a user names, on the command line or in a file of benchmarks, to a problem."""

from pathlib import Path
from typing import NamedTuple

from sparsest import datasets
from sparsest.affine import Affine
from sparsest.arrays import exact_floats
from sparsest.errors import InputError
from sparsest.io import tables
from sparsest.io.documents import load
from sparsest.problem import Problem


class Asked(NamedTuple):
    """How the data become a problem: the command line's options of the same names."""

    target: str | None = None
    affine: Affine | None = None
    tolerance: float | None = None
    weight_bound: float | None = None
    classify: bool = False
    margin: float | None = None


def read_problem(data: str, asked: Asked, directory: Path = Path()) -> Problem:
    """Return the problem that the name of a dataset or file, and how it was asked for, describe.

    Parameters
    ----------
    data : str
        A dataset's name as `sparsest.datasets.parse` reads it, a table's path, or a saved problem's.
    asked : Asked
        Target, affine term, tolerance and so on; absent ones have the data's defaults.
    directory : Path
        Where relative paths start.

    Raises
    ------
    InputError
        For an unknown name, an unusable file, or options that do not go together.
    """
    path = directory / data
    refuse_contradictions(asked)
    if path.suffix.lower() == ".json":
        return _saved_problem(path, asked)
    if path.suffix.lower() in tables.ENDINGS or (not _names_dataset(data) and path.exists()):
        table = tables.read_table(path, asked.target)
        return _problem(table, asked, 0.0, f"column {table.target!r} of {path}")
    if asked.target is not None:
        raise InputError(f"--target names a column of a file, and {data!r} is not a file")
    dataset = datasets.parse(data)
    table = tables.Table(dataset.X, dataset.y, None, None)
    return _problem(table, asked, dataset.tolerance, f"labels of {data}")


def refuse_contradictions(asked: Asked) -> None:
    """Raise `InputError` where options exclude each other, whatever the data."""
    if asked.classify and asked.tolerance is not None:
        raise InputError(
            "--tolerance and --classify exclude each other: a class has a margin, not a tolerance"
        )
    if asked.margin is not None and not asked.classify:
        raise InputError("--margin is the margin of two classes: add --classify, or give a --tolerance")


def _names_dataset(data: str) -> bool:
    """Whether DATA is a dataset even when a folder of that name lies nearby; ./xor is the folder."""
    return data.partition(":")[0] in datasets.names()


def _problem(table: tables.Table, asked: Asked, suggested: float, labels: str) -> Problem:
    affine = asked.affine or Affine.NONE
    if asked.classify:
        margin = 1.0 if asked.margin is None else asked.margin
        return Problem.classification(
            table.X,
            table.y,
            margin,
            affine=affine,
            weight_bound=asked.weight_bound,
            feature_names=table.features,
            target_name=table.target,
        )
    y = table.y
    # integers beyond 64 bits come as objects
    if y.dtype.kind not in "fiub" and not all(isinstance(label, (int, float)) for label in y):
        raise InputError(f"{labels} is not numeric: use --classify for two classes")
    tolerance = suggested if asked.tolerance is None else asked.tolerance
    return Problem(
        table.X,
        exact_floats(y, labels),
        affine=affine,
        tolerance=tolerance,
        weight_bound=asked.weight_bound,
        feature_names=table.features,
        target_name=table.target,
    )


def _saved_problem(path: Path, asked: Asked) -> Problem:
    problem = load(path)
    if not isinstance(problem, Problem):
        raise InputError(f"{path} holds a {type(problem).__name__}, not a problem")
    if asked.tolerance is not None or asked.classify or asked.target is not None:
        raise InputError(
            f"{path} is a saved problem: it has its intervals, so leave out the options for labels"
        )
    bound = problem.weight_bound if asked.weight_bound is None else asked.weight_bound
    return problem.replace(
        affine=problem.affine if asked.affine is None else asked.affine, weight_bound=bound
    )
