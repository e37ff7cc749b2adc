"""Whether a sweep from the left and one from the right lead to one network, and which.

At a sample both know the link there. The neurons pending on one side are those that have begun on the other,
so that what is pending for both adds up to the link (up to a constant where networks have one).
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.nonnegative_combination import nonnegative_combination
from sparsest.exact.line.gap_cones import Cone, Generator, Piece, generators_of
from sparsest.exact.line.gap_sweep import OutOfTimeError, Sweep
from sparsest.progress import Deadline

# Pairs of states that are compared at a time.
_PAIRS: Final = 4_000_000

Point = tuple[Fraction, ...]
Bounds = tuple[FloatArray, FloatArray]


class Neuron(NamedTuple):
    """Output sign, slope and intercept of a neuron ``sign max(0, slope x + intercept)``."""

    sign: int
    slope: Fraction
    intercept: Fraction


class MetNetwork(NamedTuple):
    """Neurons that meet every interval, and the constant beside them."""

    neurons: list[Neuron]
    constant: Fraction


def meet(left: Sweep, right: Sweep, budget: int, deadline: Deadline) -> MetNetwork | None:
    """Return a network of at most `budget` neurons that both sweeps lead to at their last sample, or None.

    Both have arrived at one sample, the second one in mirrored samples.

    Raises
    ------
    OutOfTimeError
        When the deadline has passed.
    """
    ones, others = list(left.states), [(used, _turned(cone)) for used, cone in right.states]
    originals = list(right.states)
    for i, j in _close_pairs([cone for _, cone in ones], [cone for _, cone in others], left):
        if deadline.expired:
            raise OutOfTimeError
        if ones[i][0] + others[j][0] > budget:
            continue
        point = common_point(ones[i][1], others[j][1])
        if point is not None:
            neurons = traced(left, ones[i], point)
            mirrored = traced(right, originals[j], _turned_point(point))
            neurons += [Neuron(sign, -slope, intercept) for sign, slope, intercept in mirrored]
            return MetNetwork(neurons, _constant_beside(neurons, left, point))
    return None


def _turned_point(point: Sequence[Fraction]) -> Point:
    """Return a point of one side as the other side has it: mirrored, the rest of the link pending."""
    _, a, c, p, *q = point
    return (Fraction(1), -a, c, p - a, *(c - v for v in q))


def _turned(cone: Cone) -> Cone:
    """Return a state of the other side in this one's coordinates."""
    return frozenset((w, -a, c, p - a, *(c - v for v in q)) for w, a, c, p, *q in cone)


def common_point(cone: Cone, other: Cone) -> Point | None:
    """Return a point, w = 1, that two states have in common, decided in rational arithmetic."""
    ones, others = sorted(cone), sorted(other)
    columns = [(*g, g[0]) for g in ones] + [(*(-v for v in g), 0) for g in others]
    weights = nonnegative_combination(columns, [0] * len(columns[0][:-1]) + [1])
    if weights is None:
        return None
    size = len(ones[0])
    return tuple(
        sum((weight * g[k] for weight, g in zip(weights, ones, strict=False)), Fraction(0))
        for k in range(size)
    )


def traced(sweep: Sweep, state: tuple[int, Cone], point: Point) -> list[Neuron]:
    """Return the neurons that lead to a point of one of the last states."""
    neurons: list[Neuron] = []
    x, constant = sweep.samples.x, sweep.samples.constant
    for place in range(len(sweep.levels) - 1, -1, -1):
        origin = sweep.levels[place][state]
        outer = (x[0], x[-1])
        between = outer if origin.cone is None else (x[place - 1], x[place])
        rays = [g for piece in origin.pieces for g in generators_of(piece, *between, constant=constant)]
        before = sorted(origin.cone) if origin.cone is not None else sorted(_begin(constant))
        weights = nonnegative_combination([*before, *rays], point)
        assert weights is not None, "a state has a point that nothing leads to"
        added = weights[len(before) :]
        for k, piece in enumerate(origin.pieces):
            neurons.append(_neuron(piece, rays[2 * k : 2 * k + 2], added[2 * k : 2 * k + 2]))
        point = tuple(
            sum((weight * g[k] for weight, g in zip(weights, before, strict=False)), Fraction(0))
            for k in range(len(point))
        )
        if origin.cone is not None:
            state = origin.used, origin.cone
    return [neuron for neuron in neurons if neuron.slope or neuron.intercept]


def _begin(constant: bool) -> list[Generator]:
    lines = [(0, side, 0, side, 0)[: 4 if constant else 5] for side in (1, -1)]
    levels = [(0, 0, side, 0, side)[: 4 if constant else 5] for side in (1, -1)]
    return [(1, 0, 0, 0, 0)[: 4 if constant else 5], *lines, *levels]


def _neuron(piece: Piece, rays: Sequence[Generator], weights: Sequence[Fraction]) -> Neuron:
    """Return the neuron whose affine function, where it is active, is what it adds to link or pending part.

    One that faces left ends where the other begins: it is the opposite function before.
    """
    side = piece.sign * (-1 if piece.facing < 0 else 1)
    slope, intercept = (
        side * sum((weight * ray[k] for weight, ray in zip(weights, rays, strict=True)), Fraction(0))
        for k in (1, 2)
    )
    return Neuron(piece.sign, slope, intercept)


def _constant_beside(neurons: list[Neuron], sweep: Sweep, point: Point) -> Fraction:
    """Return what is missing between the neurons and the link at the sample where the sweeps meet."""
    if not sweep.samples.constant:
        return Fraction(0)
    x = sweep.samples.x[len(sweep.levels) - 1]
    value = sum((n.sign * max(Fraction(0), n.slope * x + n.intercept) for n in neurons), Fraction(0))
    return point[1] * x + point[2] - value


def _close_pairs(ones: list[Cone], others: list[Cone], sweep: Sweep) -> Iterator[tuple[int, int]]:
    """Yield pairs of states that no function of link and pending part tells apart.

    Its ranges on the states are rounded outwards, so that none is lost.
    """
    if not ones or not others:
        return
    views = _views(sweep)
    low, high = _ranges(ones, views)
    other_low, other_high = _ranges(others, views)
    step = max(1, _PAIRS // len(others))
    for start in range(0, len(ones), step):
        rows = slice(start, start + step)
        close = np.ones((len(low[rows]), len(others)), dtype=np.bool_)
        for k in range(len(views)):
            close &= low[rows, k, None] <= other_high[None, :, k]
            close &= other_low[None, :, k] <= high[rows, k, None]
        pairs = np.argwhere(close)
        room = np.full(len(pairs), np.inf)
        for k in range(len(views)):
            i, j = pairs[:, 0] + start, pairs[:, 1]
            with np.errstate(invalid="ignore"):
                shared = np.minimum(high[i, k], other_high[j, k]) - np.maximum(low[i, k], other_low[j, k])
                scale = np.maximum(high[i, k] - low[i, k], other_high[j, k] - other_low[j, k])
                part = np.where(scale == np.inf, 1.0, shared / np.where(scale > 0, scale, 1.0))
            room = np.minimum(room, part)
        for n in np.argsort(-room, kind="stable").tolist():
            yield start + int(pairs[n, 0]), int(pairs[n, 1])


def _views(sweep: Sweep) -> list[tuple[int, ...]]:
    """Return functions of (a, c, p, q): of the link, and of what is pending seen from either side."""
    x = sweep.samples.x
    places = (x[0], x[len(sweep.levels) - 1], x[-1])
    if sweep.samples.constant:
        return [*((t, 1, 0) for t in places), (0, 0, 1), (1, 0, -1)]
    views = [view for t in places for view in ((t, 1, 0, 0), (0, 0, t, 1), (t, 1, -t, -1))]
    return [*views, (0, 0, 1, 0), (1, 0, -1, 0)]


def _ranges(cones: list[Cone], views: list[tuple[int, ...]]) -> Bounds:
    """Return the least and largest value of each view on each state, rounded outwards, (M, V) each."""
    low, high = np.empty((len(cones), len(views))), np.empty((len(cones), len(views)))
    for i, cone in enumerate(cones):
        for k, view in enumerate(views):
            low[i, k], high[i, k] = _range(cone, view)
    return np.nextafter(low, -np.inf), np.nextafter(high, np.inf)


def _range(cone: Cone, view: tuple[int, ...]) -> tuple[float, float]:
    least, most = math.inf, -math.inf
    for w, *rest in cone:
        value = sum(a * b for a, b in zip(view, rest, strict=True))
        if w:
            try:
                quotient = value / w  # of integers: rounded once
            except OverflowError:
                quotient = math.copysign(math.inf, value)
            least, most = min(least, quotient), max(most, quotient)
        elif value > 0:
            most = math.inf
        elif value < 0:
            least = -math.inf
    return least, most
