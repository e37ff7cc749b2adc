"""Where the least of some sums of powers first falls to the least of others, as p grows from 0 to 1.

A point with sizes ``t_k > 0`` costs ``f(p) = sum t_k^p``, a convex function of p. So on a box of p it lies
above its tangent at the middle and below its chord: the cost of every other point is compared with that of
one sparsest point by two lines, at both ends of the box. Boxes in which that does not tell are halved.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray

# Relative error of a cost and, with the logarithms of its terms, of a slope: sizes, logarithms and powers are
# rounded to some units, sums of at most a thousand terms to as many.
_ERROR: Final = 2.0**-40
# Boxes of p this narrow, relative to p, are not cut any more.
_NARROWEST: Final = 2.0**-36
# The crossing is certain that much further, relative to p, unless costs only touch.
_PROBES: Final = tuple(_NARROWEST * 4**k for k in range(8))
# Boxes in all; plain crossings take about a hundred.
_PATIENCE: Final = 2000


class FirstCrossing(NamedTuple):
    """Where another point first costs as little as the cheapest sparsest one.

    Attributes
    ----------
    lower, upper : float
        Below `lower` none does; at `upper` one certainly does, unless `other` is None.
    other : int or None
        Which one.
    boxes : int
        Intervals of p that were examined.
    """

    lower: float
    upper: float
    other: int | None
    boxes: int


def costs_at(sizes: FloatArray, p: float) -> FloatArray:
    """Return the path norms (n,) of points with these sizes (n, m); zeros are no sizes."""
    return np.asarray(np.where(sizes > 0, sizes**p, 0.0).sum(axis=1), dtype=np.float64)


def first_crossing(sparsest: FloatArray, others: FloatArray) -> FirstCrossing:
    """Compare two lists of points.

    Parameters
    ----------
    sparsest, others : arrays (n, m)
        Sizes of each point, and zeros. The others have more sizes than the sparsest.
    """
    upper, other, stuck, boxes = 1.0, None, None, 0
    stack = [(0.0, 1.0, np.arange(len(others)))] if len(others) else []
    while stack:
        start, stop, around = stack.pop()
        if start >= upper:
            break  # boxes come in order
        if boxes >= _PATIENCE:
            stuck = start if stuck is None else stuck
            break
        boxes += 1
        around = around[_uncertain(sparsest, others[around], start, stop)]
        if len(around) == 0:
            continue
        if stop - start <= _NARROWEST * stop:
            if stuck is None:
                for p in (stop * (1 + step) for step in _PROBES):
                    if p < upper and (crossed := _crossed(sparsest, others, around, p)) is not None:
                        return FirstCrossing(start, p, crossed, boxes)
                if upper <= stop * (1 + _PROBES[-1]) and other is not None:
                    return FirstCrossing(start, upper, other, boxes)
                stuck = start
            continue
        middle = start + (stop - start) / 2
        crossed = _crossed(sparsest, others, around, middle)
        if crossed is None:
            stack.append((middle, stop, around))
        else:
            upper, other = middle, crossed
        stack.append((start, middle, around))
    return FirstCrossing(upper if stuck is None else stuck, upper, other, boxes)


def _uncertain(sparsest: FloatArray, others: FloatArray, start: float, stop: float) -> NDArray[np.bool_]:
    """Return which of the others may cost as little as the cheapest sparsest one somewhere in a box of p."""
    middle = (start + stop) / 2
    best = sparsest[[np.argmin(costs_at(sparsest, middle))]]
    powers = np.where(others > 0, others**middle, 0.0)
    logarithms = np.log(np.where(others > 0, others, 1.0))
    value, slope = powers.sum(axis=1), (powers * logarithms).sum(axis=1)
    error = _ERROR * (value + (stop - start) * (powers * np.abs(logarithms)).sum(axis=1))
    above = np.ones(len(others), dtype=np.bool_)
    for p in (start, stop):
        above &= value + (p - middle) * slope - error > costs_at(best, p)[0] * (1 + _ERROR)
    return ~above


def _crossed(sparsest: FloatArray, others: FloatArray, around: NDArray[np.intp], p: float) -> int | None:
    """Return one of the others that certainly costs no more than every sparsest point at p."""
    costs = costs_at(others[around], p)
    i = int(np.argmin(costs))
    return int(around[i]) if costs[i] * (1 + _ERROR) <= costs_at(sparsest, p).min() * (1 - _ERROR) else None
