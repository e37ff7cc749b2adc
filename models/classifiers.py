"""The end of a classifier of two classes: what makes a probability of its logit, and is left aside."""

import dataclasses
from typing import Any, Final

from sparsest.errors import InputError
from sparsest.models.affine_values import AffineValue, plus, taken

# What may stand between a Sigmoid or Softmax and the outputs of a model.
_TWO_CLASSES: Final = "classifiers of two classes are supported"


@dataclasses.dataclass(frozen=True, eq=False)
class Decision:
    """A probability, or a class, that follows from one logit.

    Attributes
    ----------
    logit : AffineValue
        One entry a sample: positive for the second class.
    operator : str
        What was applied to it: "Sigmoid", "Softmax", "LogSoftmax".
    """

    logit: AffineValue
    operator: str

    @property
    def sentence(self) -> str:
        """What was left aside."""
        return f"the final {self.operator} is left aside: the logit is read, positive for the second class"


def of_logit(value: AffineValue, operator: str) -> Decision:
    """Return the decision of a Sigmoid.

    Raises
    ------
    InputError
        When it is applied to several values a sample.
    """
    if len(value.affine) != 1:
        raise InputError(f"it is applied to {len(value.affine)} values: {_TWO_CLASSES}")
    return Decision(value, operator)


def of_two_logits(value: AffineValue, axis: int, operator: str) -> Decision:
    """Return the decision of a Softmax of two values: their difference is the logit.

    Raises
    ------
    InputError
        When there are not two.
    """
    if len(value.affine) != 2 or not value.shape or value.shape[axis] != 2:
        raise InputError(f"it is applied to {len(value.affine)} values: {_TWO_CLASSES}")
    parts = [taken(value, axis, _index(place)) for place in (1, 0)]
    return Decision(plus(parts[0], parts[1], -1.0), operator)


def _index(place: int) -> Any:
    import numpy as np

    return np.array(place)
