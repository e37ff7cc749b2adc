"""One feature without a skip: at most two neurons more than with one.

With a skip, m neurons do, m the fewest knots (`sparsest.exact.line.stabbing`), whichever way each neuron
faces. Without a skip ``v max(0, t)`` and ``v max(0, -t)`` differ by the affine ``v t``, so the facings have
to be chosen such that the affine functions cancel; what is left takes one neuron if it has one sign between
the outermost samples, else two.
"""

import itertools
import math
from collections.abc import Container, Iterator
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.arithmetic.rational_problem import fraction_to_rational
from sparsest.exact.line.piecewise_linear import RationalPiecewiseLinear
from sparsest.exact.line.stabbing import rational_function, stab
from sparsest.exact.sorted_samples import sorted_samples
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Knots up to which every choice of facings is tried; beyond, all left of one link face left, others right.
_ALL_FACINGS: Final = 8
# Samples times functions that are tried with a link held at zero.
_TRIED: Final = 200_000
# Neurons beyond which one function is enough: it is built in rational numbers, and more would take minutes.
_MANY: Final = 2000
# About what a function of one sample takes in rational numbers.
_SECONDS_A_SAMPLE: Final = 3e-4

Vector = tuple[Fraction, Fraction]


# About what a sum over so many knots takes for each pair of them: its denominators grow with every one.
_SECONDS_A_PAIR = 7e-6


class _Neuron(NamedTuple):
    sign: int
    weight: Fraction
    bias: Fraction


def bounds_without_skip(
    problem: Problem, deadline: Deadline | None = None, enough: int = 0
) -> tuple[int, RationalNetwork | None]:
    """Return a lower bound on the neurons of a network without a skip, and a network that fits.

    The network has at most two neurons more than the bound. The bound counts the triples of
    `sparsest.exact.line.forced_knots`, by sign; where there are none of a sign, one neuron of that output
    sign if some sample takes a value of that sign.

    Parameters
    ----------
    problem : Problem
        One feature, no skip, no weight bound.
    deadline : Deadline, optional
        Where it would end before the network is known in rational numbers, there is none.
    enough : int
        Neurons that are few enough to look for no fewer.

    Raises
    ------
    InputError
        For other problems.
    """
    if problem.n_features != 1 or problem.affine is Affine.SKIP or problem.weight_bound is not None:
        raise InputError("facings are chosen for one feature, affine='none' and no weight bound")
    x, low, high, *_ = sorted_samples(problem.X[:, 0], problem.low, problem.high)
    signs = stab(sorted_samples(x, low, high)).sign
    lower = max(int((signs > 0).sum()), int((low > 0).any())) + max(
        int((signs < 0).sum()), int((high < 0).any())
    )
    if deadline is not None and deadline.remaining < _SECONDS_A_SAMPLE * len(x):
        return lower, None
    ends = Fraction(float(x[0])), Fraction(float(x[-1]))
    best: list[_Neuron] | None = None
    for function in _functions(x, low, high):
        remaining = math.inf if deadline is None else deadline.remaining
        neurons = _neurons(function, ends, sum_up=_SECONDS_A_PAIR * len(function.knots) ** 2 < remaining)
        if best is None or len(neurons) < len(best):
            best = neurons
        if (
            len(best) <= max(lower, enough)
            or len(best) > _MANY
            or (deadline is not None and deadline.expired)
        ):
            break
    assert best is not None  # the first function has no conditions to meet
    rows = [[fraction_to_rational(neuron.weight), fraction_to_rational(neuron.bias)] for neuron in best]
    return lower, RationalNetwork([neuron.sign for neuron in best], rows)


def _functions(x: FloatArray, low: FloatArray, high: FloatArray) -> Iterator[RationalPiecewiseLinear]:
    """Yield functions that meet every interval with few knots, some of them with values held at zero."""
    yield _fewest_knots(x, low, high)
    yield _mirrored(_fewest_knots(-x[::-1], low[::-1], high[::-1]))
    for start, stop in _zeros((low <= 0) & (high >= 0), max(1, _TRIED // len(x))):
        yield _fewest_knots(*_held_at_zero(x, low, high, start, stop))
    for side in (1, -1):  # one sign at both outermost samples
        ends = np.zeros(len(x), dtype=np.bool_)
        ends[[0, -1]] = True
        above = np.where(ends & (side > 0), np.maximum(low, 0.0), low)
        below = np.where(ends & (side < 0), np.minimum(high, 0.0), high)
        if np.all(above <= below):
            yield _fewest_knots(x, above, below)


def _zeros(zero: NDArray[np.bool_], limit: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of neighbouring samples, all of whose intervals contain zero: whole runs, then pairs."""
    edges = np.flatnonzero(np.diff(np.r_[False, zero, False].astype(np.int8)))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    pairs = [(i, i + 2) for start, stop in runs for i in range(start, stop - 1)]
    yield from (runs + pairs)[:limit]


def _held_at_zero(
    x: FloatArray, low: FloatArray, high: FloatArray, start: int, stop: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ask for zero on samples start..stop and at two places between, so that a link is zero there."""
    low, high = low.copy(), high.copy()
    low[start:stop] = high[start:stop] = 0.0
    if stop == start + 1:
        return x, low, high
    between = np.linspace(x[start], x[start + 1], 4)[1:3]
    between = np.unique(between[(between > x[start]) & (between < x[start + 1])])
    nothing = np.zeros(len(between))
    return (
        np.insert(x, start + 1, between),
        np.insert(low, start + 1, nothing),
        np.insert(high, start + 1, nothing),
    )


def _fewest_knots(x: FloatArray, low: FloatArray, high: FloatArray) -> RationalPiecewiseLinear:
    return rational_function(stab(sorted_samples(x, low, high)))


def _mirrored(function: RationalPiecewiseLinear) -> RationalPiecewiseLinear:
    """Return ``x -> function(-x)``."""
    slope, intercept = _links(function)[-1]
    return RationalPiecewiseLinear(
        [-knot for knot in reversed(function.knots)], function.changes[::-1], -slope, intercept
    )


def _links(function: RationalPiecewiseLinear) -> list[Vector]:
    """Return slope and intercept of each link, from the left."""
    links = [(function.slope, function.intercept)]
    for knot, change in zip(function.knots, function.changes, strict=True):
        slope, intercept = links[-1]
        links.append((slope + change, intercept - change * knot))
    return links


def _neurons(
    function: RationalPiecewiseLinear, ends: tuple[Fraction, Fraction], *, sum_up: bool
) -> list[_Neuron]:
    """Return few neurons that add up to a function between the outermost samples."""
    bends = list(zip(function.knots, function.changes, strict=True))
    options = list(_facings(function, ends, sum_up=sum_up))
    costs = [len(_affine(rest, *ends)) for _, rest in options]
    left, rest = options[int(np.argmin(costs))]
    if min(costs) == 2 and (split := _split_at_root(function)) is not None:
        return split
    facing = [-1 if k in left else 1 for k in range(len(bends))]
    return [_ridge(change, knot, way) for (knot, change), way in zip(bends, facing, strict=True)] + _affine(
        rest, *ends
    )


def _facings(
    function: RationalPiecewiseLinear, ends: tuple[Fraction, Fraction], *, sum_up: bool
) -> Iterator[tuple[Container[int], Vector]]:
    """Yield which neurons face left, and the affine function that is then left over.

    If all left of a link face left and all others right, it is that link; others are sums over all knots.
    """
    for k, link in enumerate(_links(function)):
        yield range(k), link
    if not sum_up:
        return
    for side in (1, -1):
        if (found := one_signed_rest(function, *ends, side)) is not None:
            yield found
    count = len(function.knots)
    if count > _ALL_FACINGS:
        return
    for left in itertools.chain.from_iterable(
        itertools.combinations(range(count), size) for size in range(count + 1)
    ):
        slope = function.slope + sum((function.changes[k] for k in left), Fraction(0))
        moved = sum((function.changes[k] * function.knots[k] for k in left), Fraction(0))
        yield frozenset(left), (slope, function.intercept - moved)


def one_signed_rest(
    function: RationalPiecewiseLinear, first: Fraction, last: Fraction, side: int
) -> tuple[frozenset[int], Vector] | None:
    """Return facings that leave over an affine function of one sign between two places, if some do.

    A neuron of change c with its knot at t that faces left adds ``c (x - t)`` to what is left over. What all
    choices leave over, looked at in the two places, is a zonotope in the plane. The vertices of its side that
    looks towards positive values in both: positive changes left of a place z face left, and so do negative
    ones right of it; z passes one knot after the other.

    Parameters
    ----------
    function : RationalPiecewiseLinear
        Its knots between `first` and `last`.
    first, last : Fraction
        The outermost samples.
    side : int
        The sign asked for.

    Returns
    -------
    left : frozenset of int
        Which knots face left.
    rest : pair of Fractions
        Slope and intercept of what is left over.
    """
    left = {k for k, change in enumerate(function.changes) if side * change < 0}
    slope = function.slope + sum((function.changes[k] for k in left), Fraction(0))
    intercept = function.intercept - sum((function.changes[k] * function.knots[k] for k in left), Fraction(0))
    for k in range(len(function.knots) + 1):
        if min(side * (slope * first + intercept), side * (slope * last + intercept)) >= 0:
            return frozenset(left), (slope, intercept)
        if k < len(function.knots):
            change = function.changes[k] * (-1 if k in left else 1)
            slope, intercept = slope + change, intercept - change * function.knots[k]
            left ^= {k}
    return None


def _affine(line: Vector, first: Fraction, last: Fraction) -> list[_Neuron]:
    """Return the fewest neurons that are an affine function between the outermost samples."""
    slope, intercept = line
    ends = slope * first + intercept, slope * last + intercept
    if slope == intercept == 0:
        return []
    neurons = [_Neuron(1, slope, intercept), _Neuron(-1, -slope, -intercept)]
    return neurons[:1] if min(ends) >= 0 else neurons[1:] if max(ends) <= 0 else neurons


def _split_at_root(function: RationalPiecewiseLinear) -> list[_Neuron] | None:
    """Return one neuron more than there are knots, for a function that vanishes at one of its knots."""
    links = _links(function)
    for j, root in enumerate(function.knots):
        slope, intercept = links[j]
        if slope * root + intercept == 0:
            return [
                *(_ridge(function.changes[k], function.knots[k], -1) for k in range(j)),
                _ridge(-slope, root, -1),
                _ridge(links[j + 1][0], root, 1),
                *(_ridge(function.changes[k], function.knots[k], 1) for k in range(j + 1, len(links) - 1)),
            ]
    return None


def _ridge(change: Fraction, knot: Fraction, facing: int) -> _Neuron:
    """Return ``change * max(0, facing * (x - knot))``."""
    size = abs(change)
    return _Neuron(1 if change > 0 else -1, facing * size, -facing * size * knot)
