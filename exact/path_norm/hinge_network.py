"""A network that fits any labels: hinges one behind the other along one direction."""

from typing import Final

import numpy as np

from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.refine import refine

# Directions tried, beside those of the axes.
_DIRECTIONS: Final = 30


def hinge_network(problem: Problem, deadline: Deadline) -> Network | None:
    """Return a network with a neuron for each sample, or None where floats do not tell samples apart.

    Neuron k is zero up to the k-th sample in a direction in which samples are far apart, so that outputs
    follow one from the other. Its path norm is large.

    Parameters
    ----------
    problem : Problem
        Each input once.
    deadline : Deadline
        For corrections of what floats round.
    """
    ranges = np.ptp(problem.X, axis=0)
    scaled = problem.X / np.where(ranges > 0, ranges, 1.0)
    random = np.random.default_rng(0).normal(size=(_DIRECTIONS, problem.n_features))
    directions = np.r_[np.eye(problem.n_features), random / np.abs(random).sum(axis=1, keepdims=True)]
    gaps = np.diff(np.sort(scaled @ directions.T, axis=0), axis=0).min(axis=0, initial=np.inf)
    direction = directions[int(np.argmax(gaps))] / np.where(ranges > 0, ranges, 1.0)
    places = problem.X @ direction
    order = np.argsort(places, kind="stable")
    knots = places[order]
    steps = np.diff(knots)
    if not np.all(steps > 0):
        return None
    first = steps.mean() if len(steps) else 1.0
    slopes = np.diff(problem.targets[order], prepend=0.0) / np.r_[first, steps]
    outputs, knots = np.diff(slopes, prepend=0.0), np.r_[knots[0] - first, knots[:-1]]
    folded = np.c_[np.tile(direction, (len(knots), 1)), -knots] * np.abs(outputs)[:, None]
    affine = np.zeros(problem.n_features + 1) if problem.has_affine_term else None
    network = refine(problem, Network.from_folded(folded, np.where(outputs < 0, -1.0, 1.0), affine), deadline)
    return network if network.solves(problem) else None
