"""The end of a classifier: what makes probabilities of its logits, and is left aside."""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.models.affine_values import AffineValue, plus, taken
from sparsest.models.layer_arrays import in_columns

_ONE_OF: Final = "classifiers into one of several classes are supported"


@dataclasses.dataclass(frozen=True, eq=False)
class Decision:
    """Probabilities, or a class, that follow from logits.

    Attributes
    ----------
    logit : AffineValue
        One entry a sample, positive for the second class, or one for each of more than two classes.
    operator : str
        What was applied to it: "Sigmoid", "Softmax", "LogSoftmax".
    """

    logit: AffineValue
    operator: str

    @property
    def sentence(self) -> str:
        """What was left aside."""
        count = len(self.logit.affine)
        if count > 1:
            return f"the final {self.operator} is left aside: {count} logits are read, the largest decides"
        return f"the final {self.operator} is left aside: the logit is read, positive for the second class"


def of_logit(value: AffineValue, operator: str) -> Decision:
    """Return the decision of a Sigmoid.

    Raises
    ------
    InputError
        When it is applied to several values a sample.
    """
    if len(value.affine) != 1:
        raise InputError(f"it is applied to {len(value.affine)} values, each a class of its own: {_ONE_OF}")
    return Decision(value, operator)


def of_logits(value: AffineValue, axis: int, operator: str) -> Decision:
    """Return the decision of a Softmax: the difference of two values, or all of more values.

    Raises
    ------
    InputError
        When it is applied to one value, or along some of the axes of a sample only.
    """
    count = len(value.affine)
    if count < 2 or not value.shape or value.shape[axis] != count:
        raise InputError(f"it is applied to {count} values, not along all of them: {_ONE_OF}")
    if count > 2:
        return Decision(value, operator)
    parts = [taken(value, axis, np.array(place)) for place in (1, 0)]
    return Decision(plus(parts[0], parts[1], -1.0), operator)


def logits(values: NDArray[np.float64], n_samples: int) -> FloatArray:
    """Return what a Sigmoid or Softmax was applied to: logits (N,) of two classes, (N, m) of more."""
    columns = in_columns(values, n_samples)
    if columns.ndim == 2 and columns.shape[1] == 2:
        return np.asarray(columns[:, 1] - columns[:, 0])
    return columns
