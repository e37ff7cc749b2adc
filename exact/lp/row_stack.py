"""What the activation tree asks of a linear-programming solver."""

import enum
from typing import Protocol

from sparsest.arrays import FloatArray


class Answer(enum.Enum):
    """What a floating-point solver says of the rows it has."""

    FEASIBLE = enum.auto()
    INFEASIBLE = enum.auto()
    UNKNOWN = enum.auto()


class Simplex(Protocol):
    """Rows of samples that come and go as on a stack, below the rows of a weight bound if there is one."""

    def push(self, row: FloatArray, bits: tuple[int, ...], low: float, high: float) -> None:
        """Add the rows of a sample: K for its bits, one for its interval.

        `row` (n,) has its coordinates for each neuron, and for an affine term after them.
        """

    def pop(self) -> None:
        """Take back the last push."""

    def solve(self) -> Answer:
        """Say whether the rows can hold together."""

    def values(self) -> FloatArray:
        """Return the coordinates (n,) of the point last found."""

    def dual_ray(self) -> FloatArray:
        """Return multipliers of all rows on which "infeasible" rests, positive ones of a row's lower side."""
