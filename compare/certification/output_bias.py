"""Problems that bound networks of one kind, where a solver knows only another.

Most solvers know networks without an affine term, and with a whole one ``a . x + c``. Networks with a free
output bias c lie between, and only the activation tree knows them. Write L_skip for the smallest count with
a whole affine term, L_c for that without one on labels less a fixed c, and L for the one asked for. For
neurons:

- ``L_skip <= L``: a bias is an affine term.
- ``L <= L_skip + 1``: with a bias, an affine function on the data is one neuron, ``max(0, a . x + t) - t``.
- ``L <= L_c``, and ``L_c - 1 <= L`` for every c: a constant is one neuron too.

Parameters behave alike; for weights, constant neurons count nothing, so that ``L = L_c``.
"""

import dataclasses
from fractions import Fraction
from typing import Final

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

# Share of the values' size by which a neuron that carries an affine function is kept above zero.
_MARGIN: Final = 1e-12


@dataclasses.dataclass(frozen=True)
class View:
    """A problem that a solver can be asked about, and what its answers mean for the question.

    Attributes
    ----------
    name : str
        Prefix of what is tried on it; empty for the question itself.
    problem : Problem
        The question itself, a relaxation of it, or one with a fixed bias.
    bias : float or None
        The fixed bias.
    affine : Affine
        The kind of network asked for.
    """

    name: str
    problem: Problem
    bias: float | None
    affine: Affine

    def start(self, network: Network) -> Network:
        """Return a network of the kind asked for as one for `problem`."""
        return network if self.bias is None else dataclasses.replace(network, affine=None)

    def without_constant(self, network: Network) -> "View":
        """Return the view that those can be asked about who know no constant: with that of a network."""
        if self.problem.affine is not Affine.CONSTANT:
            return self
        return fixed_bias(self.problem, 0.0 if network.affine is None else float(network.affine[-1]))

    def lower_bound(self, lower: int, objective: Objective) -> int:
        """Return the bound on the question that follows from one on `problem`."""
        if self.bias is None or objective is Objective.WEIGHTS:
            return lower
        return max(0, lower - 1)

    def network(self, network: Network) -> Network:
        """Return a network of the kind asked for, made from one for `problem`."""
        if self.bias is not None:
            bias = np.r_[np.zeros(network.n_features), self.bias]
            return dataclasses.replace(network, affine=bias)
        if self.affine is Affine.CONSTANT:
            return _with_bias_only(network, self.problem.X)
        return network


def question_itself(problem: Problem, affine: Affine) -> View:
    """Return the question as a view."""
    return View("", problem, None, affine)


def relaxation(problem: Problem) -> View:
    """Return the relaxation to a whole affine term, for networks with a free output bias."""
    whole = problem.replace(affine=Affine.SKIP)
    return View("with a whole affine term: ", whole, None, Affine.CONSTANT)


def fixed_bias(problem: Problem, bias: float) -> View:
    """Return the problem with one output bias, for networks with a free one."""
    fixed = problem.replace(
        low=_less(problem.low, bias, -np.inf),
        high=_less(problem.high, bias, np.inf),
        affine=Affine.NONE,
    )
    return View(f"with the output bias {bias:.4g}: ", fixed, bias, Affine.CONSTANT)


def _less(ends: FloatArray, bias: float, outward: float) -> FloatArray:
    """Return ``ends - bias``, rounded outward where floats do not hold it, so that bounds stay bounds."""
    moved = ends - bias
    inexact = [
        bool(np.isfinite(end)) and Fraction(end) - Fraction(bias) != Fraction(difference)
        for end, difference in zip(ends.tolist(), moved.tolist(), strict=True)
    ]
    return np.where(inexact, np.nextafter(moved, outward), moved)


def _with_bias_only(network: Network, X: FloatArray) -> Network:
    """Return the same values on the data with the affine term's slopes in a neuron of their own."""
    assert network.affine is not None
    slopes, constant = network.affine[:-1], float(network.affine[-1])
    if not slopes.any():
        return network
    values = X @ slopes
    shift = max(0.0, -float(values.min()) + _MARGIN * float(np.abs(values).max()))
    return Network(
        np.r_[network.weights, slopes[None]],
        np.r_[network.biases, shift],
        np.r_[network.outputs, 1.0],
        np.r_[np.zeros(len(slopes)), constant - shift],
    )
