"""A network with several outputs that provably fits, at once: interpolate along a line, with common knots."""

import itertools
from typing import Final

import flint
import numpy as np

from sparsest.affine import Affine
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.outputs.shared_network import ExactOutputs, RationalSharedNetwork, Vector
from sparsest.progress import Deadline

# Integer directions tried besides the coordinate axes, and the size of their entries.
_DIRECTIONS: Final = 8
_LARGEST: Final = 1000
# Seconds that a network takes for each number of the data, and samples beyond which evaluating one of as many
# neurons takes long.
_SECONDS_A_NUMBER: Final = 1e-5
_MAX_SAMPLES: Final = 5_000


def interpolant_on_a_line(data: ExactOutputs, deadline: Deadline) -> RationalSharedNetwork | None:
    """Return the best of some networks that are functions of one projection of the inputs each.

    Every output is the piecewise linear interpolant of the middles of its intervals, with knots at the
    samples: as many neurons as samples, one fewer with a constant and two with a skip, less those that no
    output needs. None when the data are too large or no direction keeps the samples apart.
    """
    n, d = data.problem.X.shape
    seconds = _SECONDS_A_NUMBER * n * (d + len(data.outputs))
    if not 2 <= n <= _MAX_SAMPLES or seconds > deadline.remaining:
        return None
    axes = np.eye(d, dtype=int).tolist()
    drawn = np.random.default_rng(0).integers(1, _LARGEST, (_DIRECTIONS if d > 1 else 0, d)).tolist()
    signs = np.random.default_rng(1).choice([-1, 1], (len(drawn), d)).tolist()
    turned = [[a * s for a, s in zip(*pair, strict=True)] for pair in zip(drawn, signs, strict=True)]
    best = None
    for direction in (*axes, *turned):
        if deadline.expired:
            break
        found = _interpolant(data, direction)
        if found is not None and (best is None or len(found.neurons) < len(best.neurons)):
            best = found
    return best


def _interpolant(data: ExactOutputs, direction: list[int]) -> RationalSharedNetwork | None:
    t = [
        flint.fmpq(sum(a * v for a, v in zip(direction, row[:-1], strict=True)), row[-1]) for row in data.rows
    ]
    order = sorted(range(len(t)), key=t.__getitem__)
    if any(t[i] == t[j] for i, j in itertools.pairwise(order)):
        return None
    t = [t[i] for i in order]
    slopes = []
    first = []
    for output in data.outputs:
        y = [_middle(output, i) for i in order]
        first.append(y[0])
        slopes.append([(b - a) / (right - left) for (a, b), (left, right) in _gaps(y, t)])
    zero, affine = flint.fmpq(0), data.problem.affine
    knots, before = list(t[:-1]), [zero] * len(first)
    weights: list[Vector] = []
    terms: list[Vector] | None = None
    if affine is Affine.NONE:  # one more neuron, active on all samples
        gap = t[1] - t[0]
        knots.insert(0, t[0] - gap)
        before = [y / gap for y in first]
        weights.append(before)
    elif affine is Affine.CONSTANT:
        terms = [[zero] * len(direction) + [y] for y in first]
    else:
        knots.pop(0)
        before = [s[0] for s in slopes]
        terms = [[*(s * a for a in direction), y - s * t[0]] for s, y in zip(before, first, strict=True)]
    for change in zip(*([s if affine is not Affine.SKIP else s[1:] for s in slopes]), strict=True):
        weights.append([s - b for s, b in zip(change, before, strict=True)])
        before = list(change)
    neurons = [[*map(flint.fmpq, direction), -knot] for knot in knots]
    return RationalSharedNetwork(neurons, weights, terms).without_idle_neurons()


def _gaps(y: Vector, t: Vector) -> "zip[tuple[tuple[flint.fmpq, flint.fmpq], tuple[flint.fmpq, flint.fmpq]]]":
    return zip(itertools.pairwise(y), itertools.pairwise(t), strict=True)


def _middle(data: ExactData, sample: int) -> flint.fmpq:
    """Return the middle of an interval, or its finite end, or 0."""
    low, high = data.interval(sample)
    if low is not None and high is not None:
        return (low + high) / 2
    return low if low is not None else high if high is not None else flint.fmpq(0)
