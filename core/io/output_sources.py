"""From what a user names to a problem with one output, or with several: labels, or classes."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray, class_numbers
from sparsest.errors import InputError
from sparsest.io import tables
from sparsest.io.documents import load
from sparsest.io.problem_sources import (
    Asked,
    names_table,
    numeric_labels,
    read_samples,
    read_source,
    refuse_contradictions,
    refuse_wanted,
)
from sparsest.io.table_files.assembling import Table
from sparsest.io.table_files.columns import Wanted
from sparsest.io.table_files.reading import Reading
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import SharedProblem
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.problem import Problem


class AnySource(NamedTuple):
    """A problem with one output or several, and how its file was read; None for others than tables."""

    problem: Problem | SharedProblem
    reading: Reading | None


class LabelColumns(NamedTuple):
    """Inputs and several labels of a table.

    Attributes
    ----------
    X, Y : arrays (N, d), (N, m)
        Inputs and labels.
    features : list of str or None
        Names of the inputs, where there are any.
    reading : Reading or None
        What was read of all labels in one.
    dropped : int
        Rows that were left out because they lacked a value.
    """

    X: FloatArray
    Y: FloatArray
    features: list[str] | None
    reading: Reading | None
    dropped: int


def read_any_source(data: str, asked: Asked, directory: Path = Path()) -> AnySource:
    """Do as `read_source`, but make a problem with several outputs where there are several labels or classes.

    Names in ``asked.wanted.target`` are separated by commas; a column whose own name has one is a single
    label. With ``asked.classify`` more than two classes have an output each. A saved problem may have several
    outputs as well.

    Raises
    ------
    InputError
        As `read_source`, and for options that are about one output.
    """
    path = directory / data
    if path.suffix.lower() == ".json" and path.is_file():
        saved = load(path)
        if isinstance(saved, SharedProblem):
            refuse_contradictions(asked)
            return AnySource(_saved(saved, asked, path), None)
    target = asked.wanted.target
    names = [name.strip() for name in (target or "").split(",")]
    if len(names) < 2 or not names_table(data, path):
        return _with_one_label(data, asked, directory)
    try:
        return _with_one_label(data, asked, directory)
    except InputError as error:
        if f"no column named {target!r}" not in str(error):
            raise
    return _from_table(path, names, asked)


def _with_one_label(data: str, asked: Asked, directory: Path) -> AnySource:
    """Return the problem of `read_source`, or one of several classes."""
    if not asked.classify or data.lower().endswith(".json"):
        return AnySource(*read_source(data, asked, directory))
    refuse_contradictions(asked)
    table = read_samples(data, asked, directory).table
    if len(class_numbers(table.y, len(table.X))[0]) <= 2:
        return AnySource(*read_source(data, asked, directory))
    _refuse_for_outputs(asked._replace(classify=False))
    try:
        problem = MultiClassProblem(
            table.X,
            table.y,
            margin=1.0 if asked.margin is None else asked.margin,
            affine=asked.affine or Affine.NONE,
            feature_names=table.features,
            target_name=table.target,
            numbers=asked.numbers,
        )
    except InputError as error:
        if not table.dropped:
            raise
        raise InputError(f"{error} (rows are counted without those left out)") from None
    return AnySource(problem, table.reading)


def _from_table(path: Path, names: list[str], asked: Asked) -> AnySource:
    refuse_contradictions(asked)
    _refuse_for_outputs(asked)
    found = read_labels(path, names, asked.wanted)
    try:
        problem = MultiOutputProblem(
            found.X,
            found.Y,
            affine=asked.affine or Affine.NONE,
            tolerance=0.0 if asked.tolerance is None else asked.tolerance,
            feature_names=found.features,
            target_names=names,
            numbers=asked.numbers,
        )
    except InputError as error:
        if not found.dropped:
            raise
        raise InputError(f"{error} (rows are counted without those left out)") from None
    return AnySource(problem, found.reading)


def read_labels(path: Path, names: Sequence[str], wanted: Wanted) -> LabelColumns:
    """Return the inputs and the label columns of some names in a table; ``wanted.target`` is left aside.

    Raises
    ------
    InputError
        As `read_table`, for a name that comes twice, and where a row lacks one of the labels.
    """
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"--target names the column {twice!r} twice")
    found = [_one_label(path, names, name, wanted) for name in names]
    first = found[0]
    if any(not np.array_equal(table.X, first.X) for table in found):
        raise InputError(f"{path}: not every row has a value of each label: fill them, or --ignore a label")
    Y = np.stack([numeric_labels(table, str(path)) for table in found], axis=1)
    return LabelColumns(first.X, Y, first.features, _reading(found, names), first.dropped)


def _one_label(path: Path, names: Sequence[str], name: str, wanted: Wanted) -> Table:
    others = [other for other in names if other != name]
    try:
        return tables.read_table(path, wanted._replace(target=name, ignore=[*(wanted.ignore or ()), *others]))
    except InputError:
        for label in names:  # a label that is not there is named as such, not as one to be ignored
            tables.read_table(path, wanted._replace(target=label))
        raise


def _reading(found: list[Table], names: Sequence[str]) -> Reading | None:
    """Return what was read of all labels in one."""
    readings = [table.reading for table in found if table.reading is not None]
    if not readings:
        return None
    labels = {f"column {name!r}" for name in names}
    return dataclasses.replace(
        readings[0],
        label=f"{', '.join(names)} (--target)",
        notes=tuple(dict.fromkeys(note for reading in readings for note in reading.notes)),
        left_out=tuple(what for what in readings[0].left_out if what not in labels),
    )


def _saved(problem: SharedProblem, asked: Asked, path: Path) -> SharedProblem:
    if asked.tolerance is not None or asked.classify:
        raise InputError(
            f"{path} is a saved problem: it has its intervals, so leave out the options for labels"
        )
    refuse_wanted(asked.wanted, str(path))
    _refuse_for_outputs(asked)
    return problem if asked.affine is None else problem.replace(affine=asked.affine)


def _refuse_for_outputs(asked: Asked) -> None:
    if asked.classify:
        raise InputError("--classify is about one label, and several are named: name one --target")
    if asked.weight_bound is not None:
        raise InputError("--weight-bound is for networks with one output: leave it out")
