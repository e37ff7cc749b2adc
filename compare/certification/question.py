"""What is asked about a trained network: its data, and how near a label is near enough."""

import dataclasses
from decimal import ROUND_CEILING, Decimal
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sparsest import tolerances
from sparsest.arrays import FloatArray, column_names, input_rows, sample_vector, series_name
from sparsest.compare.certification.bounds_so_far import MAX_EXACT, fits
from sparsest.compare.certification.given_network import Subject
from sparsest.compare.reduce.float_bounds import value_errors
from sparsest.errors import InputError
from sparsest.objectives import Objective
from sparsest.problem import Problem

# Digits of a tolerance that is chosen: as many as a sentence shows, so that what is said is what is meant.
_DIGITS: Final = 3


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
        Whether it was chosen here.
    """

    problem: Problem
    labels: FloatArray
    tolerance: float
    chosen: bool


def ask(subject: Subject, X: ArrayLike, y: ArrayLike, tolerance: ArrayLike | str) -> Question:
    """Make the problem of data, a tolerance or "auto", and the network's kind.

    Raises
    ------
    InputError
        When they do not fit together.
    """
    inputs = input_rows(X)
    labels = sample_vector(y, "y", len(inputs))
    if inputs.shape[1] != subject.network.n_features:
        raise InputError(
            f"X has {inputs.shape[1]} features and the model takes {subject.network.n_features}: "
            "give the columns that it was trained on"
        )
    chosen = isinstance(tolerance, str)
    if chosen and tolerance != "auto":
        raise InputError(
            f'tolerance = {tolerance!r:.40}: write a number, or "auto" for what the model itself attains'
        )
    slack = _attained(subject, inputs, labels) if chosen else tolerance
    problem = Problem(
        inputs,
        labels,
        tolerance=slack,
        affine=subject.affine,
        feature_names=column_names(X),
        target_name=series_name(y),
    )
    return Question(problem, labels, float(np.max(np.asarray(slack, dtype=np.float64))), chosen)


def _attained(subject: Subject, X: FloatArray, labels: FloatArray) -> float:
    """Return a tolerance of a few digits that the network provably keeps; 0 if it fits exactly."""
    network = subject.network
    with np.errstate(over="ignore", invalid="ignore"):
        largest = float(np.max(np.abs(network(X) - labels) + value_errors(network, X)))
    if not largest <= tolerances.MAX_MAGNITUDE:
        raise InputError("the network's values leave the range of floats on these inputs: rescale them")
    if _fits_exactly(subject, X, labels):
        return 0.0
    scale = float(np.abs(labels).max())
    # the ends of the intervals are rounded to floats, and labels that the network itself computed are too
    room = largest + 2 * float(np.spacing(scale + largest))
    return _rounded_up(max(room, tolerances.ROUNDING * scale))


def _fits_exactly(subject: Subject, X: FloatArray, labels: FloatArray) -> bool:
    network = subject.network
    if X.size * max(network.width, 1) > MAX_EXACT:
        return False
    try:
        problem = Problem(X, labels, affine=subject.affine)
    except InputError:  # equal inputs with different labels
        return False
    return bool(fits(problem, network, Objective.PARAMETERS))


def _rounded_up(value: float) -> float:
    """Return the smallest float of `_DIGITS` digits that is not below `value`."""
    number = Decimal(value)
    unit = Decimal(1).scaleb(number.adjusted() - _DIGITS + 1)
    rounded = number.quantize(unit, rounding=ROUND_CEILING)
    return float(rounded) if float(rounded) >= value else float(rounded + unit)
