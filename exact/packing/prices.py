"""What the hyperplanes that a packing touches would charge other curved sets."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.packing.candidates import Candidates, covered_by
from sparsest.exact.packing.hyperplanes import Cuts
from sparsest.exact.packing.weights import Weights
from sparsest.highs import load_program, new_solver


class Creases(NamedTuple):
    """Where neurons might be: hyperplanes that help to bend every set of a packing.

    Attributes
    ----------
    signs : array (K,)
        Output signs, 1 first.
    inputs : array (N, K)
        Values at all samples of a function that vanishes on each.
    """

    signs: FloatArray
    inputs: FloatArray


def creases_of(
    homogeneous: FloatArray, used: NDArray[np.intp], cuts: Cuts, packing: Weights, count: int
) -> Creases:
    """Return the `count` hyperplanes of the highest prices.

    The prices are an optimal fractional cover of the sets by hyperplanes. Where they are whole numbers, these
    hyperplanes alone bend all sets, and a network that has no neuron more than a packing proves is near.
    """
    rows = packing.rows[np.argsort(-packing.prices, kind="stable")[:count]]
    rows = np.sort(rows)  # those of sign 1 come first
    neurons = [_inside(homogeneous[used], cuts.patterns[row % len(cuts.patterns)]) for row in rows]
    signs = np.where(rows < len(cuts.patterns), 1.0, -1.0)
    return Creases(signs, homogeneous @ np.reshape(neurons, (-1, homogeneous.shape[1])).T)


def prices_of(
    found: Candidates, homogeneous: FloatArray, used: NDArray[np.intp], cuts: Cuts, packing: Weights
) -> FloatArray:
    """Return what the hyperplanes that the packing touches would charge each candidate (M,).

    Those below 1 are light: with them the packing may be heavier.

    Parameters
    ----------
    found : Candidates
        Sets of any samples.
    homogeneous : array (N, d + 1)
        All samples, in any coordinates that have the same cells.
    used : array (n,)
        The samples that the cells of `cuts` belong to.
    cuts, packing : Cuts, Weights
        Prices of cells; a neuron somewhere in the cell stands for each, found in floats, so that these are
        suggestions.
    """
    cells, positive = packing.rows % len(cuts.patterns), packing.rows < len(cuts.patterns)
    which, places = np.unique(cells, return_inverse=True)
    neurons = np.array([_inside(homogeneous[used], cuts.patterns[cell]) for cell in which])
    total = np.zeros(len(found.size))
    for sign, chosen in ((1, positive), (-1, ~positive)):
        if chosen.any():
            total += packing.prices[chosen] @ covered_by(found, homogeneous, neurons[places[chosen]], sign)
    return total


def _inside(rows: FloatArray, pattern: NDArray[np.bool_]) -> FloatArray:
    """Return a neuron in the unit cube as far from all hyperplanes of its cell as it can be."""
    height, width = rows.shape
    signed = np.where(pattern, 1.0, -1.0)[:, None] * rows / np.linalg.norm(rows, axis=1)[:, None]
    solver = new_solver()
    matrix = sp.csr_array(np.c_[signed, -np.ones(height)])
    columns = np.array([np.r_[-np.ones(width), -1.0], np.r_[np.ones(width), 1.0]])
    ends = np.array([np.zeros(height), np.full(height, np.inf)])
    load_program(solver, np.r_[np.zeros(width), -1.0], columns, matrix, ends)
    solver.run()
    return np.array(solver.getSolution().col_value[:width])
