"""From what a user names, on the command line or in a file of benchmarks, to a problem."""

from pathlib import Path
from typing import Any, NamedTuple

from sparsest import datasets
from sparsest.affine import Affine
from sparsest.arrays import FloatArray, exact_floats
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io import tables
from sparsest.io.documents import load
from sparsest.io.table_files.assembling import Table
from sparsest.io.table_files.columns import Wanted
from sparsest.io.table_files.reading import Reading
from sparsest.problem import Problem


class Asked(NamedTuple):
    """How the data become a problem: the command line's options of the same names."""

    wanted: Wanted = Wanted()
    affine: Affine | None = None
    tolerance: float | None = None
    weight_bound: float | None = None
    classify: bool = False
    margin: float | None = None
    numbers: Numbers = Numbers.AUTO


class Source(NamedTuple):
    """A problem, and how its file was read; None for datasets and saved problems."""

    problem: Problem
    reading: Reading | None


def read_problem(data: str, asked: Asked, directory: Path = Path()) -> Problem:
    """Return the problem of `read_source` alone."""
    return read_source(data, asked, directory).problem


def read_source(data: str, asked: Asked, directory: Path = Path()) -> Source:
    """Return the problem that the name of a dataset or file, and how it was asked for, describe.

    Parameters
    ----------
    data : str
        A dataset's name as `sparsest.datasets.parse` reads it, a table's path, or a saved problem's.
    asked : Asked
        Columns, affine term, tolerance and so on; absent ones have the data's defaults.
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
        return Source(_saved_problem(path, asked), None)
    table, suggested = read_samples(data, asked, directory)
    return Source(_problem(table, asked, suggested, data), table.reading)


class LabelledSamples(NamedTuple):
    """A table of inputs and labels, and the tolerance that suits them."""

    table: Table
    tolerance: float


def read_samples(data: str, asked: Asked, directory: Path = Path()) -> LabelledSamples:
    """Return the inputs and labels of a table or a dataset by its name.

    Raises
    ------
    InputError
        For an unknown name, an unusable file, or columns wanted of what is no table.
    """
    path = directory / data
    if names_table(data, path):
        return LabelledSamples(tables.read_table(path, asked.wanted), 0.0)
    refuse_wanted(asked.wanted, data)
    dataset = datasets.parse(data)
    return LabelledSamples(Table(dataset.X, dataset.y, None, None), dataset.tolerance)


def names_table(data: str, path: Path) -> bool:
    """Whether DATA, at `path`, is a table rather than a dataset's name."""
    return tables.is_table(path) or (not _names_dataset(data) and path.exists())


def refuse_wanted(wanted: Wanted, data: str) -> None:
    """Raise `InputError` when columns, rows or a header are wanted of what is not a table."""
    if wanted.options:
        option = wanted.options.split()[0]
        raise InputError(f"{option} is about the columns or rows of a table, and {data!r} is not a table")


def refuse_contradictions(asked: Asked) -> None:
    """Raise `InputError` where options exclude each other, whatever the data."""
    if asked.classify and asked.tolerance is not None:
        raise InputError(
            "--tolerance and --classify exclude each other: a class has a margin, not a tolerance"
        )
    if asked.margin is not None and not asked.classify:
        raise InputError("--margin is the margin of classes: add --classify, or give a --tolerance")


def _names_dataset(data: str) -> bool:
    """Whether DATA is a dataset even when a folder of that name lies nearby; ./xor is the folder."""
    return data.partition(":")[0] in datasets.names()


def _problem(table: Table, asked: Asked, suggested: float, source: str) -> Problem:
    try:
        return _classes(table, asked) if asked.classify else _values(table, asked, suggested, source)
    except InputError as error:
        if not table.dropped:
            raise
        raise InputError(f"{error} (rows are counted without those left out)") from None


def _classes(table: Table, asked: Asked) -> Problem:
    return Problem.classification(
        table.X,
        table.y,
        1.0 if asked.margin is None else asked.margin,
        affine=asked.affine or Affine.NONE,
        weight_bound=asked.weight_bound,
        feature_names=table.features,
        target_name=table.target,
        numbers=asked.numbers,
    )


def _values(table: Table, asked: Asked, suggested: float, source: str) -> Problem:
    return Problem(
        table.X,
        numeric_labels(table, source),
        affine=asked.affine or Affine.NONE,
        tolerance=suggested if asked.tolerance is None else asked.tolerance,
        weight_bound=asked.weight_bound,
        feature_names=table.features,
        target_name=table.target,
        numbers=asked.numbers,
    )


def numeric_labels(table: Table, source: str) -> FloatArray:
    """Return a table's labels as floats, or raise `InputError` that names the cell which is no number."""
    if table.fault:
        raise InputError(f"{source}: {table.fault}; labels that are classes need --classify")
    return exact_floats(
        table.y, f"labels of {source}" if table.target is None else f"column {table.target!r} of {source}"
    )


def _saved_problem(path: Path, asked: Asked) -> Problem:
    problem = load(path)
    if not isinstance(problem, Problem):
        raise InputError(f"{path} holds a {type(problem).__name__}, not a problem")
    if asked.tolerance is not None or asked.classify:
        raise InputError(
            f"{path} is a saved problem: it has its intervals, so leave out the options for labels"
        )
    refuse_wanted(asked.wanted, str(path))
    bound = problem.weight_bound if asked.weight_bound is None else asked.weight_bound
    changes: dict[str, Any] = {
        "affine": problem.affine if asked.affine is None else asked.affine,
        "weight_bound": bound,
    }
    if asked.numbers is not Numbers.AUTO:
        changes["numbers"] = asked.numbers
    return problem.replace(**changes)
