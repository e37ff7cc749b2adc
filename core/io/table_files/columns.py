"""Which columns of a table are the label and the features, and what a person should know about them."""

import re
import shlex
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.sentences import counted

# What people call the column to be predicted, and the one that it is predicted from.
_LABELS: Final = ("y", "target", "label", "labels", "response", "outcome", "output", "class")
_INPUTS: Final = ("x", "input", "date", "datetime", "timestamp")
# What people call a column that tells rows apart.
_IDENTITIES: Final = re.compile(
    r"(.*[ _])?id|id[ _].*|index|idx|row|rownames|row[ _]?(no|nr|number)|nr|no\.?|number|#|key|unnamed: 0"
)
# Why a column is the label when nothing else tells.
LAST: Final = "the last column; --target names another"
# Names listed in a sentence.
_LISTED: Final = 12


class Wanted(NamedTuple):
    """What is wanted of a table: the command line's options of the same names.

    Attributes
    ----------
    target : str or None
        The label's column; None to find it.
    features : sequence of str or None
        Columns that are inputs, in this order; None for all but the label. An entry may name several,
        separated by commas.
    ignore : sequence of str or None
        Columns that are neither, written alike.
    drop_missing : bool
        Whether rows that lack a value are left out instead of refused.
    header : bool or None
        Whether the first row of a text file holds names; None to tell by the looks.
    """

    target: str | None = None
    features: Sequence[str] | None = None
    ignore: Sequence[str] | None = None
    drop_missing: bool = False
    header: bool | None = None

    @property
    def options(self) -> str:
        """The same as options of the command line, each behind a space; empty when there are none."""
        words = [] if self.target is None else ["--target", self.target]
        for option, names in (("--features", self.features), ("--ignore", self.ignore)):
            for name in names or ():
                words += [option, name]
        words += ["--drop-missing"] * self.drop_missing
        words += [] if self.header is None else ["--header" if self.header else "--no-header"]
        return "".join(f" {shlex.quote(word)}" for word in words)


class Choice(NamedTuple):
    """Names of the features and of the label, why it is the label, and the columns that were left out."""

    features: list[str]
    label: str
    reason: str
    ignored: list[str]


def choose(names: Sequence[str], wanted: Wanted) -> Choice:
    """Choose features and label by name.

    Raises
    ------
    InputError
        When there are too few columns, a name is unknown, twice there or asked for twice, or two columns are
        called what labels are called.
    """
    ignored = _listed(wanted.ignore or (), names, "--ignore")
    features = None if wanted.features is None else _listed(wanted.features, names, "--features")
    left = [name for name in names if name not in ignored]
    if repeated := next((name for name in left if left.count(name) > 1), None):
        raise InputError(f"has {left.count(repeated)} columns named {repeated!r}: rename all but one")
    if len(left) < 2:
        size = counted(len(left), "columns") + (" left" if ignored else "")
        raise InputError(f"has {size}: one for the label and at least one feature are needed")
    open_names = [name for name in left if name not in (features or ())]
    label, reason = _label(wanted.target, names, open_names)
    if both := next((name for name in (label, *(features or ())) if name in ignored), None):
        raise InputError(f"column {both!r} is to be ignored and used: leave one of the two out")
    if features is not None and label in features:
        raise InputError(f"column {label!r} is the label and a feature: leave one of the two out")
    chosen = [name for name in left if name != label] if features is None else features
    return Choice(chosen, label, reason, [name for name in names if name not in (*chosen, label)])


def _listed(given: Sequence[str], names: Sequence[str], option: str) -> list[str]:
    """Return names that an option lists: each entry is a name, or several with commas between them."""
    found: list[str] = []
    for entry in given:
        parts = [entry] if entry in names else [part.strip() for part in entry.split(",") if part.strip()]
        if unknown := next((part for part in parts if part not in names), None):
            raise InputError(f"has no column named {unknown!r} for {option}: its columns are {_all(names)}")
        found += parts
    if twice := next((name for name in found if found.count(name) > 1), None):
        raise InputError(f"{option} names the column {twice!r} twice")
    return found


def _label(target: str | None, names: Sequence[str], left: Sequence[str]) -> tuple[str, str]:
    """Return the label's name among the columns that are not features, and why it is the one."""
    if target is not None:
        if target not in names:
            raise InputError(f"has no column named {target!r}: its columns are {_all(names)}")
        return target, "--target"
    if not left:
        raise InputError("has no column left for the label: name fewer --features")
    if len(left) == 1:
        return left[0], "the only column left"
    called = [name for name in left if name.lower() in _LABELS]
    if len(called) > 1:
        raise InputError(
            f"has {len(called)} columns named as labels, {_all(called)}: say which is the --target"
        )
    if called:
        return called[0], "by its name"
    others = [name for name in left if name.lower() not in _INPUTS]
    if len(left) == 2 and len(others) == 1:
        return others[0], "the only other column"
    return left[-1], LAST


def _all(names: Sequence[str]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def remarks(X: FloatArray, choice: Choice) -> list[str]:
    """Return sentences on a label that was guessed, and on features that are constant or number the rows."""
    names, said = choice.features, []
    if choice.reason == LAST and len(names) > 1:
        said.append(f"the label is taken to be {choice.label!r}, {LAST}")
    for name, column in zip(names, X.T, strict=True):
        if len(column) > 1 and np.all(column == column[0]):
            said.append(
                f"column {name!r} is {column[0]:g} in every row: --ignore {shlex.quote(name)} leaves it out"
            )
        elif _tells_rows_apart(column, name, alone=len(names) == 1):
            shown = ", ".join(f"{value:g}" for value in column[:3])
            said.append(
                f"column {name!r} ({shown}, ...) seems to number the rows: if it is no feature, "
                f"--ignore {shlex.quote(name)} leaves it out"
            )
    return said


def counts_rows(column: FloatArray) -> bool:
    """Whether a column is 0, 1, 2, ... or 1, 2, 3, ..., as programs number rows."""
    return bool(column[0] in (0, 1) and np.all(np.diff(column) == 1))


def _tells_rows_apart(column: FloatArray, name: str, *, alone: bool) -> bool:
    if len(column) < 3 or np.any(column != np.floor(column)):
        return False
    if _IDENTITIES.fullmatch(name.lower()):
        return len(np.unique(column)) == len(column)
    # a curve's one input may well be 0, 1, 2, ...
    return counts_rows(column) and not alone and name.lower() not in ("x", "t", "time")
