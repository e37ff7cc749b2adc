"""Where the least of some sums of powers first falls to the least of others, as p grows from 0 to 1.

A point with sizes ``t_k > 0`` costs ``f(p) = sum t_k^p``, a convex function of p. So on a box of p it lies
above its tangent at the middle and below its chord: the cost of every other point is compared with that of
one sparsest point by two lines, at both ends of the box. Boxes in which that does not tell are halved.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.p_star.first_crossing import BoxLimits, Crossing, first_crossing

# Relative error of a cost and, with the logarithms of its terms, of a slope: sizes, logarithms and powers are
# rounded to some units, sums of at most a thousand terms to as many.
_ERROR: Final = 2.0**-40
# Plain crossings take about a hundred boxes.
_NARROWEST: Final = 2.0**-36
_LIMITS: Final = BoxLimits(
    narrowest=_NARROWEST,
    probes=tuple(_NARROWEST * 4**k for k in range(8)),
    more_patience=None,
    patience=2000,
)


def costs_at(sizes: FloatArray, p: float) -> FloatArray:
    """Return the path norms (n,) of points with these sizes (n, m); zeros are no sizes."""
    return np.asarray(np.where(sizes > 0, sizes**p, 0.0).sum(axis=1), dtype=np.float64)


def crossing_of_points(sparsest: FloatArray, others: FloatArray) -> Crossing:
    """Return the first p in (0, 1] at which another point costs as little as the cheapest sparsest one.

    Parameters
    ----------
    sparsest, others : arrays (n, m)
        Sizes of each point, and zeros. The others have more sizes than the sparsest.
    """

    def uncertain(around: NDArray[np.intp], start: float, stop: float) -> NDArray[np.intp] | None:
        left = around[may_be_as_cheap(sparsest, others[around], start, stop)]
        return left if len(left) else None

    def crossed(around: NDArray[np.intp], p: float) -> int | None:
        return _crossed(sparsest, others, around, p)

    return first_crossing(np.arange(len(others)) if len(others) else None, uncertain, crossed, _LIMITS)


def may_be_as_cheap(sparsest: FloatArray, others: FloatArray, start: float, stop: float) -> NDArray[np.bool_]:
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
