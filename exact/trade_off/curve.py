"""The curve of least largest errors over the number of neurons."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from numpy.typing import ArrayLike

from sparsest.error_scale import error_scale
from sparsest.errors import InputError
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.trade_off.proofs import ProofFiles
from sparsest.exact.trade_off.search import PROVING, CurveSearch
from sparsest.network import Network
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.solving import Status
from sparsest.results.trade_off import FrontierResult, LeastErrorResult

# The distance of the bounds that a figure shows.
CURVE_GAP: Final = 1e-3
# The share of the time that the first round over all points may take, where some stay open; the rest is for
# those, which then know what was found for the others.
_FIRST_ROUND: Final = 0.85
# A point that stayed open gets so many times the seconds of its first round, as long as there are any.
_LONGER: Final = 2.0


def frontier(  # noqa: PLR0913
    problem: Problem,
    *,
    most: int = 10,
    enough: float = 0.0,
    scale: ArrayLike | str | None = None,
    gap: float = CURVE_GAP,
    time_limit: float | None = None,
    node_limit: int | None = None,
    networks: Sequence[Network] = (),
    workers: int = 1,
    proof_folder: str | os.PathLike[str] | None = None,
    checkpoint_file: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> FrontierResult:
    """Bound the least largest error of networks of 0, 1, 2, ... neurons.

    Networks and refutations of one number of neurons serve the others: a network of K neurons is one of
    K + 1, and what K + 1 neurons do not reach K do not either.

    Parameters
    ----------
    problem : Problem
        The data and the kind of network; labels are its targets, the middles of its intervals.
    most : int
        Neurons at which the curve ends; before, where no function comes nearer to the labels.
    enough : float
        An error at which it ends before.
    scale, gap, node_limit, workers, progress
        As for `sparsest.exact.least_error`.
    time_limit : float, optional
        Seconds for everything: every point takes its share, and what is left goes to points that are open.
    networks : sequence of Network
        From elsewhere, of any numbers of neurons; their errors are upper bounds.
    proof_folder : path, optional
        A folder for proofs, which is made if need be: ``neurons-K.json`` proves that within the lower bound
        of K neurons more are necessary, and ``neurons-K-problem.json`` is the problem that it is about.
    checkpoint_file : path, optional
        Keep what is known in this file, after every question.
    resume : bool
        Continue from `checkpoint_file` if it exists; without this it must not exist. What was refuted before
        is then taken from it, networks are verified again.

    Returns
    -------
    FrontierResult
        One point a number of neurons, each with both bounds.

    Raises
    ------
    InputError
        For options out of their range, or a checkpoint that is damaged, of another problem, or in the way.

    Examples
    --------
    >>> curve = frontier(Problem([0, 1, 2, 3], [0, 1, 0, 1], affine="skip"))
    >>> [(point.neurons, round(point.upper_bound, 3)) for point in curve.points]
    [(0, 0.5), (1, 0.5), (2, 0.0)]
    """
    refuse_other_than_problem(problem)
    if isinstance(most, bool) or not isinstance(most, int) or most < 0:
        raise InputError(f"most = {most!r:.40}: it must be a whole number, not negative")
    deadline = Deadline(time_limit)
    files = None if proof_folder is None else ProofFiles.made(Path(proof_folder))
    options = SearchOptions(
        deadline=deadline,
        node_limit=node_limit,
        workers=workers,
        progress=progress,
        checkpoint_path=None if checkpoint_file is None else Path(checkpoint_file),
        resume=resume,
    )
    search = CurveSearch(problem, error_scale(problem, scale), gap, options, networks)
    points = _points(search, most, enough, _Clock(deadline, 0.0 if files is None else PROVING))
    if files is not None and points[-1].status is not Status.INTERRUPTED:
        points = _proven(search, points, files, deadline)
    status = next((p.status for p in points if p.status is not Status.OPTIMAL), Status.OPTIMAL)
    return FrontierResult(tuple(points), status, deadline.seconds, search.remark, problem)


class _Clock:
    """The time for searching, without what is kept for proofs."""

    def __init__(self, deadline: Deadline, kept: float) -> None:
        self._deadline, self._until = deadline, deadline.seconds + (1 - kept) * deadline.remaining

    @property
    def now(self) -> float:
        return self._deadline.seconds

    @property
    def left(self) -> float:
        return max(0.0, self._until - self._deadline.seconds)


def _points(search: CurveSearch, most: int, enough: float, clock: _Clock) -> list[LeastErrorResult]:
    """Return all points: a round over them, and another one over those that stayed open."""
    points: list[LeastErrorResult] = []
    until = clock.now + _FIRST_ROUND * clock.left
    for neurons in range(most + 1):
        points.append(search.point(neurons, max(0.0, until - clock.now) / (most + 1 - neurons)))
        last = points[-1]
        is_end = last.upper_bound <= enough or not search.more_help(last)
        if is_end or last.status is Status.INTERRUPTED:
            break
    points = [search.updated(point) for point in points]
    for place in range(len(points)):
        # the steep part of the curve comes first
        is_open = [point.status is Status.TIME_LIMIT for point in points[place:]]
        if is_open[0] and clock.left > 0:
            # in less time than before nothing would be answered that was not then
            seconds = max(clock.left / sum(is_open), min(clock.left, _LONGER * points[place].seconds))
            points[place] = _continued(search, points[place], seconds)
        if points[place].status is Status.INTERRUPTED:
            break
    return [search.updated(point) for point in points]


def _continued(search: CurveSearch, point: LeastErrorResult, seconds: float) -> LeastErrorResult:
    """Go on with a point that was left open; return it with the work of both times."""
    again = search.point(point.neurons, seconds)
    return dataclasses.replace(
        again,
        questions=point.questions + again.questions,
        nodes=point.nodes + again.nodes,
        seconds=point.seconds + again.seconds,
    )


def _proven(
    search: CurveSearch, points: list[LeastErrorResult], files: ProofFiles, deadline: Deadline
) -> list[LeastErrorResult]:
    """Return the points with their proofs written, from the fewest neurons on."""
    proven = []
    for number, point in enumerate(points):
        left = deadline.remaining / (len(points) - number)
        neurons = point.neurons
        proven.append(search.proven(point, left, files.proof(neurons), files.problem(neurons)))
    return proven
