"""Where a condition on p first holds, as p grows from 0 to 1: bisection of boxes of p, in order.

Two answers are certain: that it holds nowhere in a box, and that it holds at a p. Sums of powers may cross
zero more than once, so that bisection by sign could miss the first crossing; here every box before it was
certified.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

_Candidates = TypeVar("_Candidates")


class Crossing(NamedTuple):
    """Where the condition holds first.

    Attributes
    ----------
    lower, upper : float
        Below `lower` it does not hold; at `upper` it does, unless `which` is None.
    which : int or None
        A candidate for which it does.
    boxes : int
        Boxes of p that were examined.
    """

    lower: float
    upper: float
    which: int | None
    boxes: int


class BoxLimits(NamedTuple):
    """When to be content.

    Attributes
    ----------
    narrowest : float
        Boxes of p this narrow, relative to p, are not cut any more.
    probes : tuple of float
        The crossing is certain that much further, relative to p, unless costs only touch,
    more_patience : int or None
        in which case so many more boxes are examined, None for as many as there would be otherwise,
    patience : int
        and this many in all.
    """

    narrowest: float
    probes: tuple[float, ...]
    more_patience: int | None
    patience: int


def first_crossing(
    candidates: _Candidates | None,
    uncertain: Callable[[_Candidates, float, float], _Candidates | None],
    crossed: Callable[[_Candidates, float], int | None],
    limits: BoxLimits,
) -> Crossing:
    """Return the first p in (0, 1] at which the condition holds, in an interval; (1, 1) when there is none.

    Parameters
    ----------
    candidates
        Those for which it may hold somewhere in (0, 1]; None if there are none.
    uncertain : callable
        Returns, of some candidates, those for which it may hold in the box from `start` to `stop`, or None.
    crossed : callable
        Returns, of some candidates, one for which it certainly holds at p, or None.
    limits : BoxLimits
        When to be content.
    """
    upper, which, stuck, boxes, limit = 1.0, None, None, 0, limits.patience
    stack = [] if candidates is None else [(0.0, 1.0, candidates)]
    while stack:
        start, stop, around = stack.pop()
        if start >= upper:
            break  # boxes come in order
        if boxes >= limit:
            stuck = start if stuck is None else stuck
            break
        boxes += 1
        open_ones = uncertain(around, start, stop)
        if open_ones is None:
            continue
        if stop - start <= limits.narrowest * stop:
            if stuck is None:
                for p in (stop * (1 + step) for step in limits.probes):
                    if p < upper and (found := crossed(open_ones, p)) is not None:
                        return Crossing(start, p, found, boxes)
                if upper <= stop * (1 + limits.probes[-1]) and which is not None:
                    return Crossing(start, upper, which, boxes)
                stuck = start
                limit = limit if limits.more_patience is None else boxes + limits.more_patience
            continue
        middle = start + (stop - start) / 2
        found = crossed(open_ones, middle)
        if found is None:
            stack.append((middle, stop, open_ones))
        else:
            upper, which = middle, found
        stack.append((start, middle, open_ones))
    return Crossing(upper if stuck is None else stuck, upper, which, boxes)
