"""Terms that a path norm does not charge, beside the rays: the affine term, or a constant neuron."""

import dataclasses

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem


@dataclasses.dataclass(frozen=True, eq=False)
class FreeTerms:
    """What costs nothing.

    Attributes
    ----------
    columns : array (N, f)
        Values on the samples, of about one in size.
    to_units : array (d + 1, f)
        ``[X, 1] @ to_units`` are the columns.
    is_neuron : bool
        Whether it is the constant of a neuron, and not an affine term.
    """

    columns: FloatArray
    to_units: FloatArray
    is_neuron: bool

    @classmethod
    def of(cls, problem: Problem, objective: Objective) -> "FreeTerms":
        """Return what costs nothing in a problem; with ``weights`` a constant never does."""
        size = problem.n_features + 1
        lows, highs = problem.X.min(axis=0), problem.X.max(axis=0)
        middles, spreads = lows + (highs - lows) / 2, np.where(highs > lows, (highs - lows) / 2, 1.0)
        to_units = np.diag(np.r_[1 / spreads, 1.0])
        to_units[-1, :-1] = -middles / spreads
        is_neuron = problem.affine is Affine.NONE and objective is Objective.WEIGHTS
        first = {Affine.NONE: size - is_neuron, Affine.CONSTANT: size - 1, Affine.SKIP: 0}[problem.affine]
        columns = np.c_[(problem.X - middles) / spreads, np.ones(problem.n_samples)]
        return cls(columns[:, first:], to_units[:, first:], is_neuron)

    def network(self, folded: FloatArray, signs: FloatArray, amounts: FloatArray) -> Network:
        """Return the network of neurons (K, d + 1), output signs (K,) and amounts (f,) of the free terms."""
        term = self.to_units @ amounts
        if self.is_neuron:
            if term[-1] != 0:
                folded, signs = np.r_[folded, abs(term)[None]], np.r_[signs, np.sign(term[-1])]
            return Network.from_folded(folded, signs)
        return Network.from_folded(folded, signs, term if self.columns.shape[1] else None)
