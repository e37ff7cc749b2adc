"""What is asked about a trained network: its data, and how near a label is near enough.

Of a classifier's logit: how far beyond zero, on the side of its class.
"""

import dataclasses
import functools
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import (
    FloatArray,
    column_names,
    input_rows,
    is_last_class,
    positive_number,
    sample_vector,
    series_name,
)
from sparsest.compare.certification.bounds_so_far import MAX_EXACT, fits
from sparsest.compare.certification.given_network import Subject
from sparsest.compare.reduce.float_bounds import value_errors
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.objectives import Objective
from sparsest.problem import Problem

# Digits of a tolerance that is chosen: as many as a sentence shows, so that what is said is what is meant.
_DIGITS: Final = 3


@dataclasses.dataclass(frozen=True, eq=False)
class GivenSamples:
    """The data that a network is judged on, as they were given.

    Attributes
    ----------
    X : array-like (N, d)
        Inputs.
    y : array-like (N,)
        Labels, or classes.
    numbers : Numbers
        What their floats stand for.
    """

    X: ArrayLike
    y: ArrayLike
    numbers: Numbers = Numbers.AUTO

    @functools.cached_property
    def inputs(self) -> FloatArray:
        """The inputs as floats (N, d)."""
        return input_rows(self.X)

    def within(self, labels: FloatArray, tolerance: ArrayLike, affine: Affine) -> Problem:
        """Return the problem of values that are near the labels (N,)."""
        return Problem(
            self.inputs,
            labels,
            tolerance=tolerance,
            affine=affine,
            feature_names=column_names(self.X),
            target_name=series_name(self.y),
            numbers=self.numbers,
        )

    def beyond(self, sides: FloatArray, margin: float, affine: Affine) -> Problem:
        """Return the problem of values that are beyond the margin on their sides (N,), 1 or -1."""
        return Problem.from_intervals(
            self.inputs,
            np.where(sides > 0, margin, -np.inf),
            np.where(sides > 0, np.inf, -margin),
            affine=affine,
            feature_names=column_names(self.X),
            target_name=series_name(self.y),
            numbers=self.numbers,
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Question:
    """The problem that a network is judged by.

    Attributes
    ----------
    problem : Problem
        With a skip or a constant if the network is of such a kind.
    labels : array (N,)
        The labels.
    tolerance : float
        Largest tolerance of any sample.
    chosen : bool
        Whether it, or the margin, was chosen here.
    margin : float or None
        For the logit of a classifier, how far beyond zero it must be; None for labels that are numbers.
    """

    problem: Problem
    labels: FloatArray
    tolerance: float
    chosen: bool
    margin: float | None = None

    def distances(self, values: FloatArray) -> FloatArray:
        """Return how far values (N,) are from their labels, or from the right side of the margin."""
        flat = np.asarray(values, dtype=np.float64).reshape(-1)
        return np.abs(flat - self.labels) if self.margin is None else self.problem.violation(flat)


def ask(subject: Subject, samples: GivenSamples, tolerance: ArrayLike | str, margin: float | str) -> Question:
    """Make the problem of data, a tolerance or a margin, each a number or "auto", and the network's kind.

    A margin that is given asks for classes, whatever the model says of itself.

    Raises
    ------
    InputError
        When they do not fit together.
    """
    inputs = samples.inputs
    if inputs.shape[1] != subject.network.n_features:
        raise InputError(
            f"X has {inputs.shape[1]} features and the model takes {subject.network.n_features}: "
            "give the columns that it was trained on"
        )
    if subject.is_classifier or not _is_auto(margin):
        if not _is_auto(tolerance):
            raise InputError(f"tolerance = {tolerance!s:.40}: a classifier has a margin, so leave it out")
        return _ask_for_sides(subject, samples, margin)
    labels = sample_vector(samples.y, "y", len(inputs))
    chosen = isinstance(tolerance, str)
    if chosen and tolerance != "auto":
        raise InputError(
            f'tolerance = {tolerance!r:.40}: write a number, or "auto" for what the model itself attains'
        )
    slack = _attained(subject, samples, labels) if chosen else tolerance
    problem = samples.within(labels, slack, subject.affine)
    return Question(problem, labels, float(np.max(np.asarray(slack, dtype=np.float64))), chosen)


def _is_auto(value: object) -> bool:
    return isinstance(value, str) and value == "auto"


def _ask_for_sides(subject: Subject, samples: GivenSamples, margin: float | str) -> Question:
    """Ask for a logit beyond the margin: above it on the second class, below it on the first."""
    above = _second_class(subject, samples.y, len(samples.inputs))
    sides = np.where(above, 1.0, -1.0)
    if chosen := isinstance(margin, str):
        if margin != "auto":
            raise InputError(
                f'margin = {margin!r:.40}: write a number, or "auto" for what the model itself attains'
            )
        distance = _attained_margin(subject, samples, sides)
    else:
        distance = positive_number(margin, "margin")
    problem = samples.beyond(sides, distance, subject.affine)
    return Question(problem, distance * sides, 0.0, chosen, distance)


def _second_class(subject: Subject, y: ArrayLike, length: int) -> NDArray[np.bool_]:
    """Say for every label whether it is the second class: as the model names it, else 1, else the last."""
    kinds = is_last_class(y, length)  # refuses what is no vector of two kinds of label
    labels = np.asarray(y).reshape(-1)
    found = set(labels.tolist())
    if subject.classes:
        if unknown := found.difference(subject.classes):
            known = " and ".join(map(repr, subject.classes))
            raise InputError(f"the label {min(map(repr, unknown)):.60} is none of the classifier's, {known}")
        return np.array([label == subject.classes[1] for label in labels.tolist()])
    if found <= {0, 1} or found <= {-1, 1}:
        return np.asarray(labels.astype(np.float64) > 0)
    return kinds


def _attained_margin(subject: Subject, samples: GivenSamples, sides: FloatArray) -> float:
    """Return a margin of a few digits that every sample on its right side provably keeps."""
    network, X = subject.network, samples.inputs
    with np.errstate(over="ignore", invalid="ignore"):
        values = sides * network(X)
        surely = values - value_errors(network, X)
    if not np.all(np.abs(values) <= tolerances.MAX_MAGNITUDE):
        raise InputError("the network's values leave the range of floats on these inputs: rescale them")
    right = surely > 0
    if not right.any():
        return 1.0  # the margin that a classification has by default
    nearest = _rounded_down(float(values[right].min()))
    if X.size * max(network.width, 1) <= MAX_EXACT:
        problem = samples.beyond(sides, nearest, subject.affine).subset(np.flatnonzero(right))
        if fits(problem, network, Objective.PARAMETERS):
            return nearest
    return _rounded_down(float(surely[right].min()))


def _attained(subject: Subject, samples: GivenSamples, labels: FloatArray) -> float:
    """Return a tolerance of a few digits that the network provably keeps; 0 if it fits exactly."""
    network, X = subject.network, samples.inputs
    with np.errstate(over="ignore", invalid="ignore"):
        largest = float(np.max(np.abs(network(X) - labels) + value_errors(network, X)))
    if not largest <= tolerances.MAX_MAGNITUDE:
        raise InputError("the network's values leave the range of floats on these inputs: rescale them")
    if _fits_exactly(subject, samples, labels):
        return 0.0
    scale = float(np.abs(labels).max())
    # the ends of the intervals are rounded to floats, and labels that the network itself computed are too
    room = largest + 2 * float(np.spacing(scale + largest))
    return _rounded_up(max(room, tolerances.ROUNDING * scale))


def _fits_exactly(subject: Subject, samples: GivenSamples, labels: FloatArray) -> bool:
    network = subject.network
    if samples.inputs.size * max(network.width, 1) > MAX_EXACT:
        return False
    try:
        problem = samples.within(labels, 0.0, subject.affine)
    except InputError:  # equal inputs with different labels
        return False
    return bool(fits(problem, network, Objective.PARAMETERS))


def _rounded_down(value: float) -> float:
    """Return the largest float of `_DIGITS` digits that is not above a positive `value`."""
    number = Decimal(value)
    unit = Decimal(1).scaleb(number.adjusted() - _DIGITS + 1)
    rounded = number.quantize(unit, rounding=ROUND_FLOOR)
    return float(rounded) if float(rounded) <= value else float(rounded - unit)


def _rounded_up(value: float) -> float:
    """Return the smallest float of `_DIGITS` digits that is not below `value`."""
    number = Decimal(value)
    unit = Decimal(1).scaleb(number.adjusted() - _DIGITS + 1)
    rounded = number.quantize(unit, rounding=ROUND_CEILING)
    return float(rounded) if float(rounded) >= value else float(rounded + unit)
