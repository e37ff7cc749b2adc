"""The curve of least largest errors over the number of neurons."""

import dataclasses
from typing import Final

from numpy.typing import ArrayLike

from sparsest.errors import InputError
from sparsest.exact.trade_off.least_error import least_error
from sparsest.problem import Problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.solving import Status
from sparsest.results.trade_off import FrontierResult, LeastErrorResult

# The distance of the bounds that a figure shows.
CURVE_GAP: Final = 1e-3


def frontier(  # noqa: PLR0913
    problem: Problem,
    *,
    most: int = 10,
    enough: float = 0.0,
    scale: ArrayLike | None = None,
    gap: float = CURVE_GAP,
    time_limit: float | None = None,
    node_limit: int | None = None,
    workers: int = 1,
    progress: ProgressCallback | None = None,
) -> FrontierResult:
    """Bound the least largest error of networks of 0, 1, 2, ... neurons.

    Parameters
    ----------
    problem : Problem
        The data and the kind of network; labels are its targets, the middles of its intervals.
    most : int
        Neurons at which the curve ends.
    enough : float
        An error at which it ends before.
    scale, gap, node_limit, workers, progress
        As for `sparsest.exact.least_error`.
    time_limit : float, optional
        Seconds for everything; every point may take its share of what is left.

    Returns
    -------
    FrontierResult
        One point a number of neurons, each with both bounds.

    Raises
    ------
    InputError
        For options out of their range.

    Examples
    --------
    >>> curve = frontier(Problem([0, 1, 2, 3], [0, 1, 0, 1], affine="skip"))
    >>> [(point.neurons, round(point.upper_bound, 3)) for point in curve.points]
    [(0, 0.5), (1, 0.5), (2, 0.0)]
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 0:
        raise InputError(f"most = {most!r:.40}: it must be a whole number, not negative")
    deadline = Deadline(time_limit)
    points: list[LeastErrorResult] = []
    for neurons in range(most + 1):
        left = deadline.remaining / (most + 1 - neurons)
        point = least_error(
            problem, neurons, scale=scale, gap=gap,
            time_limit=None if time_limit is None else max(left, 1e-3),
            node_limit=node_limit, network=points[-1].network if points else None, workers=workers,
            progress=progress,
        )  # fmt: skip
        points.append(point)
        if point.upper_bound <= enough or point.status is Status.INTERRUPTED or deadline.expired:
            break
    for place in reversed(range(len(points) - 1)):  # fewer neurons are no better
        if points[place].lower_bound < points[place + 1].lower_bound:
            points[place] = dataclasses.replace(points[place], lower_bound=points[place + 1].lower_bound)
    return FrontierResult(tuple(points), points[-1].status, deadline.seconds, problem)
