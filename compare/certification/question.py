"""What is asked about a trained network: its data, what it is held against, and how near is near enough."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray, column_names, input_rows, series_name
from sparsest.compare.certification.given_network import Subject
from sparsest.decimals import Numbers, inputs_as_meant
from sparsest.errors import InputError
from sparsest.exact.arithmetic.value_errors import value_errors
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.results.certificate import SHARE_OF_RANGE, Against
from sparsest.results.skill import Reference, Skill, skill_on_classes, skill_on_numbers
from sparsest.sentences import joined

AUTO: Final = "auto"


@dataclasses.dataclass(frozen=True, eq=False)
class GivenSamples:
    """The data that a network is judged on, as they were given.

    Attributes
    ----------
    X : array-like (N, d)
        Inputs.
    y : array-like (N,) or None
        Labels, or classes.
    numbers : Numbers
        What their floats stand for.
    """

    X: ArrayLike
    y: ArrayLike | None
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

    def around(self, targets: FloatArray, slack: FloatArray, affine: Affine) -> Problem:
        """Return the problem of values near targets (N,), ends of intervals being floats and no decimals."""
        return self._of_floats(targets - slack, targets + slack, affine)

    def beyond(self, sides: FloatArray, margin: ArrayLike, affine: Affine) -> Problem:
        """Return the problem of values that are beyond the margin on their sides (N,), 1 or -1.

        One margin is what `numbers` says; one a row are floats and no decimals.
        """
        ends = np.asarray(margin, dtype=np.float64)
        low, high = np.where(sides > 0, ends, -np.inf), np.where(sides > 0, np.inf, -ends)
        if ends.ndim:
            return self._of_floats(low, high, affine)
        return self._of_intervals(low, high, affine)

    def _of_floats(self, low: FloatArray, high: FloatArray, affine: Affine) -> Problem:
        inputs, places = inputs_as_meant(self.inputs, self.numbers)
        return self._of_intervals(low, high, affine, inputs, (*places, 0))

    def _of_intervals(
        self,
        low: FloatArray,
        high: FloatArray,
        affine: Affine,
        inputs: FloatArray | None = None,
        places: Sequence[int] | None = None,
    ) -> Problem:
        return Problem.from_intervals(
            self.inputs if inputs is None else inputs,
            low,
            high,
            affine=affine,
            feature_names=column_names(self.X),
            target_name=series_name(self.y),
            numbers=self.numbers,
            places=places,
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Terms:
    """What the caller says about when a network fits.

    Attributes
    ----------
    against : Against or None
        What it is held against; None to choose.
    tolerance : array-like or str
        A number, one a row, or "auto".
    margin : float or str
        Of classes: a number, or "auto".
    share_of_range : float
        The share of a range that a tolerance is which is chosen here.
    outliers : int
        Rows that may be missed.
    """

    against: Against | None = None
    tolerance: ArrayLike | str = AUTO
    margin: float | str = AUTO
    share_of_range: float = SHARE_OF_RANGE
    outliers: int = 0

    @property
    def has_tolerance(self) -> bool:
        """Whether a tolerance is given."""
        return not is_auto(self.tolerance)

    @property
    def has_margin(self) -> bool:
        """Whether a margin is given."""
        return not is_auto(self.margin)


@dataclasses.dataclass(frozen=True, eq=False)
class Question:
    """The problem that a network is judged by, and its words.

    Attributes
    ----------
    problem : Problem
        With a skip or a constant if the network is of such a kind.
    against : Against
        What the network is held against.
    targets : array (N,)
        What values should be near: labels, or the network's outputs; the side times the margin of classes.
    within : str
        How near is near enough, as a sentence goes on that ends in "fits".
    chosen : bool
        Whether the tolerance or the margin was chosen here.
    origin : str
        Where such a one comes from, in a sentence; empty where it was given, or is 0.
    truth : array (N,)
        What skill is measured on: labels, or outputs where there are none; 1 or -1 for classes.
    reference : Reference
        Which of both.
    tolerance : float
        Largest tolerance of any sample; 0 for classes.
    margin : float or None
        For the logit of a classifier, how far beyond zero it must be; None for labels that are numbers.
    outliers : int
        Rows that may be missed.
    """

    problem: Problem
    against: Against
    targets: FloatArray
    within: str
    chosen: bool
    origin: str
    truth: FloatArray
    reference: Reference
    tolerance: float
    margin: float | None = None
    outliers: int = 0

    @property
    def asked(self) -> str:
        """The question in words."""
        rows = f"all rows but any {self.outliers}" if self.outliers else "every row"
        return joined(f"{rows}{self.within}", self.origin)

    @property
    def fitting(self) -> str:
        """What "fits" means, as a sentence goes on that ends in it."""
        return self.within + (f" on all rows but {self.outliers}" if self.outliers else "")

    def distances(self, values: FloatArray) -> FloatArray:
        """Return how far values (N,) are from their targets, or from the right side of the margin."""
        flat = np.asarray(values, dtype=np.float64).reshape(-1)
        return np.abs(flat - self.targets) if self.margin is None else self.problem.violation(flat)

    def skill(self, network: Network) -> Skill:
        """Return how well a network does on the labels as a whole."""
        measure = skill_on_numbers if self.margin is None else skill_on_classes
        return measure(network(self.problem.X), self.truth, self.reference)


def is_auto(value: object) -> bool:
    """Whether a tolerance or a margin is to be chosen."""
    return isinstance(value, str) and value == AUTO


def values_and_rounding(subject: Subject, samples: GivenSamples) -> tuple[FloatArray, FloatArray]:
    """Return the network's values (N,) in float64, and bounds (N,) on their rounding.

    Raises
    ------
    InputError
        When the values leave the range of floats.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        values = subject.network(samples.inputs)
        rounding = value_errors(subject.network, samples.inputs)
    if not np.all(np.abs(values) + rounding <= tolerances.MAX_MAGNITUDE):
        raise InputError("the network's values leave the range of floats on these inputs: rescale them")
    return values, rounding
