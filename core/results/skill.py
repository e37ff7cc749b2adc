"""How well a network does on labels as a whole, beside its worst row: RMSE and R2, accuracy and log-loss."""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.sentences import Sentence

# Skill is lost when R2, or of classes the accuracy, is lower than the given network's by more than this. That
# of 20 neurons trained on the diabetes data lies between 0.609 and 0.646, depending on the seed alone.
LOST_SKILL: Final = 0.01
# Digits of the figures in a table.
_DIGITS: Final = 4


class Reference(Sentence):
    """What the figures of a network are about."""

    LABELS = "labels", "on the labels"
    OUTPUTS = "outputs", "against the given network's outputs, as there are no labels"


@dataclasses.dataclass(frozen=True)
class Skill:
    """Figures of one network on all rows; those of numbers, or those of classes.

    Attributes
    ----------
    reference : Reference
        What they are about.
    largest_error : float or None
        Largest ``|f(x_i) - y_i|``; None for classes.
    rmse : float or None
        Root of the mean of ``(f(x_i) - y_i)^2``; None for classes.
    r2 : float or None
        ``1 - sum (f(x_i) - y_i)^2 / sum (y_i - mean y)^2``, the coefficient of determination: 1 is perfect,
        0 is what the mean attains. None for classes, and where all labels are equal.
    accuracy : float or None
        Share of the rows whose class has the sign of f, or the largest output; None for numbers.
    log_loss : float or None
        Mean of ``log(1 + exp(-s_i f(x_i)))``, s_i = 1 or -1 being the class and f a logit; of several classes
        mean of ``log(sum_j exp(f_j(x_i) - f_c(x_i)))``, c being the class. None for numbers.

    Examples
    --------
    >>> import sparsest
    >>> ramp = sparsest.Network([[1]], [0], [1])
    >>> skill = sparsest.certify(ramp, [[-1], [1], [2]], [0, 1, 3], tolerance=1.5).given_skill
    >>> skill.largest_error, round(skill.rmse, 4), round(skill.r2, 4)
    (1.0, 0.5774, 0.7857)
    """

    reference: Reference
    largest_error: float | None = None
    rmse: float | None = None
    r2: float | None = None
    accuracy: float | None = None
    log_loss: float | None = None

    @property
    def score(self) -> tuple[str, float | None]:
        """The figure that says whether skill is lost, with its name."""
        return ("R2", self.r2) if self.accuracy is None else ("the accuracy", self.accuracy)

    @property
    def figures(self) -> list[tuple[str, str]]:
        """Names and figures, for people."""
        if self.accuracy is not None:
            return [("accuracy", _shown(self.accuracy)), ("log-loss", _shown(self.log_loss))]
        named = (("largest error", self.largest_error), ("RMSE", self.rmse), ("R2", self.r2))
        return [(name, _shown(value)) for name, value in named]


def skill_on_numbers(values: FloatArray, labels: FloatArray, reference: Reference) -> Skill:
    """Return the figures of values (N,) on labels (N,) that are numbers.

    Examples
    --------
    >>> found = skill_on_numbers(np.array([0.0, 1, 1]), np.array([0.0, 1, 2]), Reference.LABELS)
    >>> found.largest_error, found.r2
    (1.0, 0.5)
    """
    errors = values - labels
    unexplained, spread = float(errors @ errors), float(np.sum((labels - labels.mean()) ** 2))
    return Skill(
        reference,
        largest_error=float(np.abs(errors).max()),
        rmse=float(np.sqrt(np.mean(errors**2))),
        r2=1 - unexplained / spread if np.ptp(labels) > 0 and spread > 0 else None,
    )


def skill_on_classes(logits: FloatArray, sides: FloatArray, reference: Reference) -> Skill:
    """Return the figures of logits (N,) on classes given as sides (N,), 1 or -1.

    Examples
    --------
    >>> found = skill_on_classes(np.array([2.0, 0.0]), np.array([1.0, -1.0]), Reference.LABELS)
    >>> found.accuracy, round(found.log_loss, 3)
    (1.0, 0.41)
    """
    return Skill(
        reference,
        # scikit-learn and torch take the second class where the logit is above zero, and only there
        accuracy=float(np.mean((logits > 0) == (sides > 0))),
        log_loss=float(np.mean(np.logaddexp(0.0, -sides * logits))),
    )


def skill_on_several_classes(values: FloatArray, labels: NDArray[np.intp], reference: Reference) -> Skill:
    """Return the figures of logits (N, m) on the numbers of classes (N,), the largest logit deciding.

    Examples
    --------
    >>> logits = np.array([[2.0, 0, 0], [1, 1, 0]])
    >>> found = skill_on_several_classes(logits, np.array([0, 1]), Reference.LABELS)
    >>> found.accuracy, round(found.log_loss, 3)
    (0.5, 0.551)
    """
    own = values[np.arange(len(labels)), labels]
    return Skill(
        reference,
        # scikit-learn and torch take the first of equal logits
        accuracy=float(np.mean(values.argmax(axis=1) == labels)),
        log_loss=float(np.mean(np.logaddexp.reduce(values, axis=1) - own)),
    )


def said_of_lost_skill(given: Skill, sparser: Skill) -> str:
    """Return one sentence when a sparser network has lost the given one's skill, and nothing otherwise."""
    (name, before), (_, after) = given.score, sparser.score
    if before is None or after is None or before - after <= LOST_SKILL:
        return ""
    return f"skill is lost: {name} falls from {_shown(before)} to {_shown(after)} with fewer parts"


def side_by_side(columns: Sequence[tuple[str, Skill]]) -> list[list[str]]:
    """Return a table of figures, a column a network, the first row naming them."""
    lines = [[name for name, _ in columns[0][1].figures]]
    lines += [[figure for _, figure in skill.figures] for _, skill in columns]
    header = ["", *(name for name, _ in columns)]
    return [header, *(list(row) for row in zip(*lines, strict=True))]


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.{_DIGITS}g}"
