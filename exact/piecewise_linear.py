"""Continuous piecewise linear functions on the line, in floats and in rational numbers."""

import dataclasses
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.problem import Problem

# Samples times neurons up to which a network is evaluated neuron by neuron.
_DIRECT = 10_000_000


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


def evaluate(network: Network, x: FloatArray) -> FloatArray:
    """Return the values (N,) of a network of one feature at x (N,), in linear memory and sorting time.

    `Network` itself takes N K. Sums over neurons are kept in extended precision where the machine has it.
    """
    w, b = network.folded.T
    signs = np.sign(network.outputs)
    values = np.full(len(x), float(signs[w == 0] @ np.maximum(0.0, b[w == 0])))
    for facing in (1, -1):
        turned = facing * w > 0
        slopes, biases = facing * w[turned], b[turned]  # neurons that are active right of their knot
        order = np.argsort(-biases / slopes)
        terms = [signs[turned][order] * part[order] for part in (slopes, biases)]
        a, c = (np.r_[0.0, np.cumsum(part, dtype=np.longdouble)] for part in terms)
        active = np.searchsorted((-biases / slopes)[order], facing * x)
        values += (a[active] * (facing * x) + c[active]).astype(np.float64)
    return values if network.skip is None else values + network.skip[0] * x + network.skip[1]


def largest_violation(problem: Problem, network: Network) -> tuple[float, bool]:
    """Return the residual of a network, and whether it solves the problem up to rounding.

    As `Network.residual` and `Network.solves`, but linear in samples and neurons where they are many and the
    problem has one feature; then the largest allowance that `sparsest.tolerances` gives any sample decides.
    """
    if problem.n_features > 1 or problem.n_samples * network.width <= _DIRECT:
        return network.residual(problem), network.solves(problem)
    residual = float(problem.violation(evaluate(network, problem.X[:, 0])).max())
    return residual, residual <= tolerances.ROUNDING * tolerances.CANCELLATION * problem.label_scale
