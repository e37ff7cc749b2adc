"""A network that provably fits, at once: interpolate along a line onto which the samples project apart."""

import itertools

import flint
import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.directions import random_directions
from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.arithmetic.rational_problem import rational
from sparsest.exact.line.fewest_knots import interpolate, rational_interpolant
from sparsest.problem import Problem
from sparsest.weight_bound import MAX_NEURONS

# Directions tried besides the coordinate axes; a fixed seed keeps results reproducible.
_DIRECTIONS = 16
_SEED = 0
# More samples than this, times features, take seconds in rational arithmetic.
_MAX_NUMBERS = 20_000


def projection_witness(problem: Problem) -> RationalNetwork | None:
    """Return the best of some networks that are functions of one projection of the data each.

    A ridge function ``g(t)``, ``t = direction . x``, with g the piecewise linear interpolant of fewest
    knots meets every label when no two distinct samples share a t; every problem is solved by at most N
    neurons with a skip, N + 1 without, in this way, unless a weight bound calls for more. Labels are the
    middles of the intervals. Built in rational arithmetic, so it fits exactly. Neurons beyond a weight bound
    are split into equal ones within it. None when the data are too large, no direction keeps the samples
    apart, or the bound asks for too many neurons.

    Parameters
    ----------
    problem : Problem
        A problem without repeated inputs.
    """
    if problem.X.size > _MAX_NUMBERS:
        return None
    labels = problem.targets
    directions = _directions(problem)
    counts = [(_knots_along(problem.X @ direction, labels), k) for k, direction in enumerate(directions)]
    for _, k in sorted((count, k) for count, k in counts if count is not None):
        witness = _ridge_network(problem, directions[k])
        if witness is not None:
            return witness
    return None


def _directions(problem: Problem) -> FloatArray:
    d = problem.n_features
    if d == 1:
        return np.ones((1, 1))
    spread = np.ptp(problem.X, axis=0)
    axes = np.diag(1.0 / np.where(spread > 0, spread, 1.0))
    return np.asarray(np.r_[axes, random_directions(problem.X, _DIRECTIONS, _SEED)], dtype=np.float64)


def _knots_along(t: FloatArray, labels: FloatArray) -> int | None:
    """Count the knots of the sparsest interpolant of the projected samples; None if they coincide."""
    order = np.argsort(t)
    if np.any(np.diff(t[order]) <= 0):
        return None
    try:
        return len(interpolate(t[order], labels[order], 0.0).knots)
    except InputError:  # two projections so close that a slope overflows
        return None


def _ridge_network(problem: Problem, direction: FloatArray) -> RationalNetwork | None:
    a = [rational(value) for value in direction.tolist()]
    used = [(j, w) for j, w in enumerate(a) if w != 0]
    rows = problem.X.tolist()
    t = [sum((rational(row[j]) * w for j, w in used), flint.fmpq(0)) for row in rows]
    # floats are compared at once, and rationals only to see that it was right
    order = np.argsort(problem.X @ direction, kind="stable").tolist()
    if any(t[j] <= t[i] for i, j in itertools.pairwise(order)):
        order = sorted(range(len(t)), key=t.__getitem__)
        if any(t[i] == t[j] for i, j in itertools.pairwise(order)):
            return None
    labels = [rational(value) for value in problem.targets.tolist()]
    g = rational_interpolant([t[i] for i in order], [labels[i] for i in order])
    neurons = [[abs(c) * w for w in a] + [-abs(c) * knot] for c, knot in zip(g.changes, g.knots, strict=True)]
    signs = [1 if change > 0 else -1 for change in g.changes]
    affine = [g.slope * w for w in a] + [g.intercept]
    ends = [t[order[0]], t[order[-1]]]  # an affine function of t is least and largest there
    if problem.affine is Affine.SKIP:
        neurons.append(affine)
    elif problem.affine is Affine.CONSTANT:
        least = min(g.slope * value for value in ends)
        if g.slope != 0:
            neurons.append([*affine[:-1], -least])
            signs.append(1)
        neurons.append([flint.fmpq(0)] * len(a) + [g.intercept + least])
    else:
        values = [g.slope * value + g.intercept for value in ends]
        for sign in (1, -1):
            if any(sign * value > 0 for value in values):
                neurons.append([sign * value for value in affine])
                signs.append(sign)
    return _within_bound(problem, signs, neurons)


def _within_bound(
    problem: Problem, signs: list[int], vectors: list[list[flint.fmpq]]
) -> RationalNetwork | None:
    """Return the network, each neuron beyond the weight bound split into the fewest equal ones within it."""
    copies = [1] * len(signs)
    if problem.weight_bound is not None:
        bound = rational(problem.weight_bound)
        neurons = vectors[: len(signs)]
        copies = [max(1, *(int((abs(w) / bound).ceil()) for w in neuron[:-1])) for neuron in neurons]
    if sum(copies) > MAX_NEURONS:
        return None
    shares = [[[v / m for v in vector]] * m for vector, m in zip(vectors, copies, strict=False)]
    return RationalNetwork(
        [sign for sign, m in zip(signs, copies, strict=True) for _ in range(m)],
        [*itertools.chain.from_iterable(shares), *vectors[len(signs) :]],
    )
