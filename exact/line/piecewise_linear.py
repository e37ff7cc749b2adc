"""Continuous piecewise linear functions on the line, in floats and in rational numbers."""

import dataclasses
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.network import Network


@dataclasses.dataclass(frozen=True)
class PiecewiseLinear:
    """A continuous piecewise linear function on the line.

    Attributes
    ----------
    knots : array (K,)
        Where the slope changes, increasing.
    changes : array (K,)
        By how much, never zero.
    slope, intercept : float
        The affine function left of the first knot.
    cost : float
        ``sum |changes|^p``, the number of knots for p = 0.

    Examples
    --------
    >>> from sparsest import exact
    >>> function = exact.interpolate([0, 1, 2, 3], [0, 0, 1, 2], 0.5)
    >>> function.knots, function.changes, function.slope, function.intercept
    (array([1.]), array([1.]), 0.0, 0.0)
    """

    knots: FloatArray
    changes: FloatArray
    slope: float
    intercept: float
    cost: float

    def to_network(self) -> Network:
        """Return the network with a skip and one neuron a knot."""
        size = np.abs(self.changes)
        return Network(
            size[:, None], -size * self.knots, np.sign(self.changes), np.array([self.slope, self.intercept])
        )


class RationalPiecewiseLinear(NamedTuple):
    """As `PiecewiseLinear`, in rational numbers."""

    knots: list[Fraction]
    changes: list[Fraction]
    slope: Fraction
    intercept: Fraction

    def __call__(self, x: Fraction) -> Fraction:
        """Return the value at x."""
        value = self.slope * x + self.intercept
        for knot, change in zip(self.knots, self.changes, strict=True):
            if x > knot:
                value += change * (x - knot)
        return value

    def to_network(self) -> Network:
        """Return the network with a skip and one neuron a knot, every number rounded once.

        Raises
        ------
        OverflowError
            If a number is beyond the largest float.
        """
        pairs = list(zip(self.knots, self.changes, strict=True))
        rows = [(float(abs(change)), float(-abs(change) * knot)) for knot, change in pairs]
        return Network.from_folded(
            np.array(rows).reshape(-1, 2),
            [1.0 if change > 0 else -1.0 for change in self.changes],
            [float(self.slope), float(self.intercept)],
        )
