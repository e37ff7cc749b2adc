"""Splitting neurons whose weights exceed a bound into equal ones that keep to it."""

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.problem import Problem

# Neurons that a network is split into at most: beyond, the bound is no answer that anybody can use.
MAX_NEURONS = 100_000


def fewest_copies(folded: FloatArray, bounds: FloatArray | float) -> FloatArray:
    """Return into how many equal neurons each one has to be split, (K,) of whole numbers from 1 on.

    In a closed cell ``max(0, Xh u)`` is linear, so that m neurons ``u / m`` do what u does; and m neurons of
    the cell whose weights are at most R add up to weights of at most m R: no fewer will do.

    Parameters
    ----------
    folded : array (K, d + 1)
        Neurons ``u_k``.
    bounds : array (d,) or number
        Of the weights; biases are free.
    """
    shares = (np.abs(folded[:, :-1]) / bounds).max(axis=1, initial=0.0)
    return np.asarray(np.maximum(np.ceil(shares * (1.0 - tolerances.ROUNDING)), 1.0))


def split(problem: Problem, network: Network) -> Network | None:
    """Return the network, neurons beyond the problem's weight bound split; None if they become too many."""
    if problem.weight_bound is None:
        return network
    copies = fewest_copies(network.folded, problem.weight_bound)
    if not copies.sum() <= MAX_NEURONS:
        return None
    counts = copies.astype(int)
    folded = np.repeat(network.folded / copies[:, None], counts, axis=0)
    return Network.from_folded(folded, np.repeat(np.sign(network.outputs), counts), network.affine)
