"""Data of any units brought to about one before training and polishing, and networks taken back."""

import dataclasses

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

# An affine fit this close to the labels, relative to them, leaves nothing but rounding.
_AFFINE_LABELS = 1e-13


@dataclasses.dataclass(frozen=True)
class Scaling:
    """A problem in units of about one, ``x' = (x - center) / width`` and ``y' = (y - trend(x)) / height``.

    Widths (one a feature) and the height are powers of two. With an affine term the trend is the
    least-squares fit of the labels by one, otherwise zero. The center is zero for the objective
    ``parameters``, since a shift of the inputs changes which biases are zero; every other count is the
    same in both units.

    Attributes
    ----------
    homogeneous : array (N, d + 1)
        Scaled inputs and a column of ones.
    low, high : array (N,)
        Scaled interval ends.
    bounds : array (d,) or None
        Bound on every scaled ``|v_k w_kj|``.
    to_units : array (d + 1, d + 1)
        A scaled folded neuron times this matrix is the folded neuron of the problem.
    affine : Affine
        Which affine term networks may have.
    trend : array (d + 1,) or None
        That fit, in the problem's units; None without an affine term.
    height : float
        Unit of the labels.
    """

    homogeneous: FloatArray
    low: FloatArray
    high: FloatArray
    bounds: FloatArray | None
    to_units: FloatArray
    affine: Affine
    trend: FloatArray | None
    height: float

    @classmethod
    def of(cls, problem: Problem, objective: Objective) -> "Scaling":
        """Return the scaling that suits the data of `problem`."""
        X = problem.X
        center = np.zeros(X.shape[1]) if objective is Objective.PARAMETERS else _middles(X)
        widths = power_of_two(np.abs(X - center).max(axis=0))
        inputs = np.c_[(X - center) / widths, np.ones(len(X))]
        trend = _trend(inputs, problem)
        fitted = inputs @ trend
        low, high = problem.low - fitted, problem.high - fitted
        ends = np.abs(np.r_[low, high])
        size = ends[np.isfinite(ends)].max(initial=0.0)
        height = float(power_of_two(np.array(problem.label_scale)))
        if size > _AFFINE_LABELS * problem.label_scale:
            height = float(power_of_two(np.array(size)))
        back = np.diag(np.r_[1 / widths, 1.0])
        back[:-1, -1] = -center / widths
        bounds = None if problem.weight_bound is None else problem.weight_bound * (widths / height)
        return cls(
            inputs,
            low / height,
            high / height,
            bounds,
            back * height,
            problem.affine,
            trend @ back if problem.has_affine_term else None,
            height,
        )

    def network(self, folded: FloatArray, signs: FloatArray, affine: FloatArray | None) -> Network:
        """Return the problem's network for scaled neurons (K, d + 1), signs (K,), affine term (d + 1,)."""
        term = None
        if self.trend is not None:
            term = self.trend + (0.0 if affine is None else affine @ self.to_units)
        return Network.from_folded(folded @ self.to_units, signs, term)

    def scaled(self, network: Network) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        """Return neurons (K, d + 1), signs (K,) and affine term (d + 1,) of a network in scaled units."""
        to_scaled = np.linalg.inv(self.to_units)
        affine = None
        if self.trend is not None:
            term = np.zeros(len(self.trend)) if network.affine is None else network.affine
            affine = (term - self.trend) @ to_scaled
        return network.folded @ to_scaled, np.sign(network.outputs), affine


def free_columns(affine: Affine, size: int) -> slice:
    """Return which of the columns (x, 1) of homogeneous data an affine term may use."""
    return slice({Affine.NONE: size, Affine.CONSTANT: size - 1, Affine.SKIP: 0}[affine], size)


def power_of_two(sizes: FloatArray) -> FloatArray:
    """Return the power of two with ``size / 2 < power <= size`` of every positive entry, and 1 for zeros."""
    _, exponents = np.frexp(np.where(sizes > 0, sizes, 1.0))
    return np.asarray(np.ldexp(1.0, exponents - 1), dtype=np.float64)


def _middles(X: FloatArray) -> FloatArray:
    low, high = X.min(axis=0), X.max(axis=0)
    return np.asarray(low + (high - low) / 2, dtype=np.float64)


def _trend(inputs: FloatArray, problem: Problem) -> FloatArray:
    fit = np.zeros(inputs.shape[1])
    free = inputs[:, free_columns(problem.affine, inputs.shape[1])]
    if free.shape[1]:
        fit[-free.shape[1] :], *_ = np.linalg.lstsq(free, problem.targets, rcond=None)
    return fit
