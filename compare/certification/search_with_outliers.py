"""Close in on the smallest count from both sides where a few rows may be missed by choice.

Upper bounds: networks of ever more neurons that come close to all intervals, refitted without the rows that
they miss most; elimination from the network's own weights without those. Lower bounds, and more of the upper
ones, from `sparsest.exact.solve_with_outliers`.
"""

import functools
import math
from typing import Final

from sparsest.compare.certification.bounds_so_far import BoundsRecord, without_outliers
from sparsest.compare.certification.question import Question
from sparsest.compare.certification.search import Ending, Means
from sparsest.compare.reduce.closest_network import closest_network
from sparsest.compare.reduce.elimination import eliminate
from sparsest.errors import InputError
from sparsest.exact import solve_with_outliers
from sparsest.network import Network
from sparsest.progress import Deadline
from sparsest.results.outliers import OutliersResult
from sparsest.results.solving import Status
from sparsest.sentences import counted

# Shares of the time left that refitting and elimination may take, and effort for networks of one width.
_REFITTING: Final = 0.3
_ELIMINATION: Final = 0.3
_EFFORT: Final = 0.2
# Share that the last search is given: it ends a little later than asked.
_LAST: Final = 0.95


def narrow_with_outliers(question: Question, start: Network, record: BoundsRecord, means: Means) -> Ending:
    """Improve the bounds in `record` until they meet or the time is up.

    Parameters
    ----------
    question : Question
        The data, and how many rows may be missed.
    start : Network
        A network of the kind asked for that fits.
    record : BoundsRecord
        Takes bounds and networks.
    means : Means
        Workers and the seed; there are no files.
    """
    if record.deadline.expired:
        return Ending(remark="the time limit ended before any bound was sought")
    with record.attempt("refitting without the rows missed most") as said:
        said.append(_refitted(question, start, record, means.seed))
    if record.deadline.expired:
        return Ending(Status.TIME_LIMIT, remark="the time limit ended before any bound was sought")
    with record.attempt("bounds with rows left out") as said:
        result = _bounded(question, record, means)
        record.bound(result.lower_bound)
        if result.network is not None:
            record.offer(result.network)
        if result.status is Status.INTERRUPTED:
            record.deadline.interrupt()
        said.append(
            f"{result.headline}: {result.status.sentence}, {counted(result.subsets, 'subsets')} of rows"
        )
        return Ending(result.status, result.proof, None, result.remark)
    return Ending(Status.INTERRUPTED)


def _refitted(question: Question, start: Network, record: BoundsRecord, seed: int) -> str:
    """Offer networks that meet all rows but the outliers; say what came of it."""
    problem, outliers = question.problem, question.outliers
    before = start.width
    deadline = _share(record.deadline, _REFITTING)
    closest = start
    search = functools.partial(closest_network, seed=seed, effort=_EFFORT, deadline=deadline)
    for width in range(1, before):
        if deadline.expired:
            break
        closest = search(problem, width)
        kept = without_outliers(problem, closest, outliers)
        if record.offer(closest) or record.offer(search(kept, width)):
            return f"{counted(before, 'neurons')} became {width}"
    kept = without_outliers(problem, closest, outliers)
    found = eliminate(kept, start, _share(record.deadline, _ELIMINATION))
    record.offer(found)
    return (
        f"{counted(before, 'neurons')} became {found.width}" if found.width < before else "no neuron can go"
    )


def _bounded(question: Question, record: BoundsRecord, means: Means) -> OutliersResult:
    left = record.deadline.remaining
    search = functools.partial(
        solve_with_outliers,
        question.problem,
        question.outliers,
        time_limit=None if math.isinf(left) else max(_LAST * left, 1e-3),
        workers=means.workers,
        progress=record.callback,
    )
    try:
        return search(network=record.network)
    except InputError:  # the network fits up to rounding only
        return search()


def _share(deadline: Deadline, share: float) -> Deadline:
    left = deadline.remaining
    return Deadline(None if math.isinf(left) else max(share * left, 1e-3))
