"""A network that fits, at once: interpolation along a line onto which the samples project apart."""

from typing import Final

import numpy as np

from sparsest.directions import random_directions
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.weight_bound import split

# Directions of which the one that keeps the projected samples furthest apart is taken.
_DIRECTIONS: Final = 32


def ridge_network(problem: Problem, seed: int = 0) -> Network | None:
    """Return a network of at most N neurons that is a function of one projection of the data.

    Under a weight bound there may be more: neurons beyond it are split into equal ones.

    A piecewise linear function of ``t = direction . x`` with a knot at each projected sample but the last
    meets every label when no two distinct samples share a t. Nothing about it is sparse: it is for when a
    search for sparse networks has found none.

    Parameters
    ----------
    problem : Problem
        The data; labels are the middles of the intervals.
    seed : int
        Of the directions.

    Returns
    -------
    Network or None
        None where rounding is in the way, or the weight bound asks for too many neurons.
    """
    distinct = problem.distinct()
    X, labels = distinct.X, distinct.targets
    directions = random_directions(X, _DIRECTIONS, seed)
    projected = np.sort(X @ directions.T, axis=0)
    least = np.diff(projected, axis=0).min(axis=0, initial=np.inf)
    size = np.ptp(projected, axis=0)
    best = int(np.argmax(np.divide(least, size, out=np.zeros_like(size), where=size > 0)))
    t = X @ directions[best]
    order = np.argsort(t)
    t, labels = t[order], labels[order]
    # the first neuron takes zero, well before the samples, to the first label
    knots = np.r_[t[0] - (size[best] or 1.0), t[:-1]]
    with np.errstate(all="ignore"):
        slopes = np.diff(np.r_[0.0, labels]) / np.diff(np.r_[knots[0], t])
        changes = np.diff(np.r_[0.0, slopes])
    if not np.isfinite(changes).all():
        return None
    kept = changes != 0
    weights = np.tile(directions[best], (int(kept.sum()), 1))
    affine = np.zeros(distinct.n_features + 1) if problem.has_affine_term else None
    network = split(problem, Network(weights, -knots[kept], changes[kept], affine))
    return network if network is not None and network.solves(problem) else None
