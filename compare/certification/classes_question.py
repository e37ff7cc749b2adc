"""What is asked about a classifier of several classes: its own classes, or labels, with a margin."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest.arrays import FloatArray, class_numbers, column_names, positive_number, series_name
from sparsest.compare.certification.outputs_question import AGAINST, checked_inputs, values_and_rounding
from sparsest.compare.certification.question import AUTO, is_auto
from sparsest.compare.certification.short_numbers import rounded_down
from sparsest.decimals import Numbers, inputs_as_meant
from sparsest.errors import InputError
from sparsest.models import TrainedModel
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.results.skill import Reference, skill_on_several_classes
from sparsest.sentences import counted

Labels = NDArray[np.intp]

# Rows named where several are meant.
_SHOWN = 5


@dataclasses.dataclass(frozen=True)
class ClassesTerms:
    """What the caller says about when a classifier is as good as the given one.

    Attributes
    ----------
    against : str
        One of `sparsest.compare.certification.outputs_question.AGAINST`.
    margin : float or "auto"
        By how much the output of a row's class exceeds the others; "auto" for what the network attains.
    numbers : Numbers
        What the floats of X stand for.
    """

    against: str = AUTO
    margin: float | str = AUTO
    numbers: Numbers = Numbers.AUTO


@dataclasses.dataclass(frozen=True, eq=False)
class ClassesQuestion:
    """The problem that a classifier is judged by, and its words.

    Attributes
    ----------
    problem : MultiClassProblem
        With skips or constants if the network is of such a kind.
    against : str
        What the network is held against: "model", "labels" or "tolerance" (a margin on labels).
    asked : str
        The question in words.
    truth : array of int (N,)
        What accuracy is measured on: labels, or the network's own classes where there are none.
    reference : Reference
        Which of these.
    """

    problem: MultiClassProblem
    against: str
    asked: str
    truth: Labels
    reference: Reference

    def said_of_misses(self, network: MultiOutputNetwork) -> str:
        """Say how many rows are not in their classes by the margin, and which one is worst."""
        violation = network.violation(self.problem).max(axis=1)
        row = int(violation.argmax())
        missed = int(np.count_nonzero(violation > 0))
        return (
            f"the network does not put {missed} of {len(violation)} rows into their classes by the margin; "
            f"row {row} lacks {violation.max():.3g}"
        )

    def figures(
        self, read: TrainedModel, given: MultiOutputNetwork, network: MultiOutputNetwork | None
    ) -> dict[str, Any]:
        """Return the fields of the certificate that tell how good the given and the sparsest network are."""
        X = self.problem.X
        own = given(X)
        values = None if network is None else network(X)
        return {
            "outputs": (),
            "classes": self.problem.classes,
            "margin": self.problem.margin,
            "given_skill": skill_on_several_classes(own, self.truth, self.reference),
            "network_skill": None
            if values is None
            else skill_on_several_classes(values, self.truth, self.reference),
            "agreement": None
            if values is None
            else float(np.mean(values.argmax(axis=1) == own.argmax(axis=1))),
        }


def asks_for_classes(read: TrainedModel, y: object, tolerance: object, margin: object) -> bool:
    """Whether classes are asked for: by a margin, one label a row, or a classifier without a tolerance.

    Raises
    ------
    InputError
        For a margin beside labels of several outputs.
    """
    if not is_auto(tolerance):
        return False
    columns = _columns(y)
    if columns > 1 and not is_auto(margin):
        raise InputError("a margin was given, and labels of several outputs: leave it out")
    return not is_auto(margin) or columns == 1 or (read.is_classifier and not columns)


def _columns(y: Any) -> int:
    """Return how many labels a row has; 0 where there are none."""
    if y is None:
        return 0
    shape = y.shape if hasattr(y, "shape") else np.asarray(y, dtype=object).shape
    return 1 if len(shape) < 2 else int(shape[1])


def ask_classes(
    read: TrainedModel, X: ArrayLike, y: ArrayLike | None, terms: ClassesTerms
) -> ClassesQuestion:
    """Make the problem of data, of what a classifier is held against, and of its kind.

    Raises
    ------
    InputError
        When they do not fit together, where the network has no class for a row because outputs are equal, and
        where labels are asked for by the margin that the network attains, and it attains none.
    """
    assert isinstance(read.network, MultiOutputNetwork)
    if terms.against not in AGAINST:
        raise InputError(f"against = {terms.against!r:.40}: choose one of {', '.join(AGAINST)}")
    inputs = checked_inputs(read.network, X)
    values, rounding = values_and_rounding(read.network, inputs)
    names = read.classes if len(read.classes) == read.n_outputs else tuple(range(read.n_outputs))
    own = np.asarray(values.argmax(axis=1), dtype=np.intp)
    truth = own if y is None else _numbers_of_labels(y, len(inputs), names, named=bool(read.classes))
    right = _sure_gaps(values, rounding, truth)
    against = _chosen(terms, y, all_right=bool(np.all(right > 0)))
    labels, gaps = (own, _sure_gaps(values, rounding, own)) if against == "model" else (truth, right)
    if against == "model":
        _refuse_ties(gaps, values, names)
    if not is_auto(terms.margin):
        margin, origin = positive_number(terms.margin, "margin"), ""
    elif np.all(gaps > 0):
        margin = rounded_down(float(gaps.min()))
        origin = ", which is what the network itself attains, rounded down"
    else:
        wrong = np.flatnonzero(gaps <= 0)
        raise InputError(
            f"the network does not put {_rows(wrong)} into the class of the label, so that it attains no "
            'margin: write against="model" for its own classes, or give a margin'
        )
    meant, places = inputs_as_meant(inputs, terms.numbers)
    problem = MultiClassProblem.from_numbers(
        meant,
        labels,
        names,
        margin=margin,
        affine=read.affine,
        feature_names=column_names(X),
        target_name=series_name(y),
        numbers=terms.numbers,
        places=None if terms.margin != AUTO else (*places, 0),
    )
    whose = "that the network gives it" if against == "model" else "of its label"
    asked = f"every row in the class {whose}, by a margin of {margin:.4g}{origin}"
    reference = Reference.OUTPUTS if y is None else Reference.LABELS
    return ClassesQuestion(problem, against, asked, truth, reference)


def _chosen(terms: ClassesTerms, y: object, *, all_right: bool) -> str:
    """Choose: a margin that is given is meant; labels if all are right; else the network's classes."""
    if y is None and terms.against not in (AUTO, "model"):
        raise InputError('there are no labels to hold it against: give y, or write against="model"')
    if terms.against != AUTO:
        return terms.against
    if y is None:
        return "model"
    if not is_auto(terms.margin):
        return "tolerance"
    return "labels" if all_right else "model"


def _numbers_of_labels(y: ArrayLike, length: int, names: tuple[Any, ...], *, named: bool) -> Labels:
    """Return the numbers of labels (N,) that are classes as the model names them, or in their order."""
    found, numbers = class_numbers(y, length)
    if set(found) <= set(names):
        return class_numbers(y, length, names)[1]
    if not named and len(found) != len(names) and np.asarray(found).dtype.kind == "f":
        raise InputError(
            f"the model has {len(names)} outputs and y one label a row, {len(found)} different numbers: give "
            f"Y with {len(names)} columns, or the number of a class on each row"
        )
    if named or len(found) != len(names):
        shown = ", ".join(map(str, names[:_SHOWN]))
        raise InputError(
            f"labels hold {len(found)} classes, {found[0]!r:.40} first, and the model has {len(names)} "
            f"({shown}): they have to be the model's"
        )
    return numbers


def _sure_gaps(values: FloatArray, rounding: FloatArray, labels: Labels) -> FloatArray:
    """Return by how much the output of each row's class provably exceeds all others (N,)."""
    rows = np.arange(len(labels))
    gaps = (values[rows, labels] - rounding[rows, labels])[:, None] - values - rounding
    gaps = gaps - 4 * np.spacing(np.abs(values).max(axis=1) + rounding.max(axis=1))[:, None]
    gaps[rows, labels] = np.inf
    return np.asarray(gaps.min(axis=1))


def _refuse_ties(gaps: FloatArray, values: FloatArray, names: tuple[Any, ...]) -> None:
    tied = np.flatnonzero(gaps <= 0)
    if tied.size:
        first, second = np.argsort(-values[tied[0]], kind="stable")[:2]
        raise InputError(
            f"outputs of {names[first]} and {names[second]} are equal on row {tied[0]}, up to rounding, so "
            f"that the network gives it no class: leave out {_rows(tied)}"
        )


def _rows(rows: NDArray[np.intp]) -> str:
    shown = ", ".join(map(str, rows[:_SHOWN]))
    more = f" and {counted(len(rows) - _SHOWN, 'more rows')}" if len(rows) > _SHOWN else ""
    return f"row{'s' * (len(rows) > 1)} {shown}{more}"
