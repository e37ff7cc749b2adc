"""How to enumerate the affine functions that meet many of n samples with few systems of equations.

Split the candidates into b groups: of t that a function meets some group has at least ``ceil(t / b)``. Fix
the first r of these, in every way, eliminate, and go on with what is left: a covering of the t-subsets in
the manner of Turan, level by level.
"""

import functools
import math
from typing import NamedTuple


class CoverLevel(NamedTuple):
    """A level of a plan: so many groups of candidates, and so many picks from one of them."""

    groups: int
    picks: int


class Plan(NamedTuple):
    """What to do at each level, and about how many products of numbers that takes."""

    cost: float
    levels: tuple[CoverLevel, ...]


@functools.lru_cache(maxsize=1 << 16)
def cheapest_plan(candidates: int, needed: int, dimensions: int) -> Plan:
    """Return the cheapest plan to find what meets so many of the candidates.

    Parameters
    ----------
    candidates : int
        Samples, at least `needed`.
    needed : int
        Samples that a function must meet, more than `dimensions`.
    dimensions : int
        Unknowns of a function: the features, and one.

    Returns
    -------
    Plan
        Levels that pick ``dimensions - 1`` samples in all; the last unknown is read off all others at once.
    """
    if dimensions == 1:
        return Plan(4.0 * candidates, ())
    best = Plan(math.inf, ())
    for groups in range(1, needed + 1):
        size = -(-candidates // groups)
        for picks in range(1, min(-(-needed // groups), dimensions - 1, size) + 1):
            # members that are passed over are out, so the last pick is no further along than this
            within = min(size, candidates - needed + picks)
            rest = cheapest_plan(candidates - picks, needed - picks, dimensions - picks)
            # counted from the last pick backwards: most eliminations are those of the deepest level
            each = rest.cost + (candidates - picks) * (dimensions - picks + 6.0)
            cost = groups * math.comb(within, picks) * each
            if cost < best.cost:
                best = Plan(cost, (CoverLevel(groups, picks), *rest.levels))
    return best
