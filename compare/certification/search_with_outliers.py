"""Close in on the smallest count from both sides where a few rows may be missed by choice.

Upper bounds: which rows to miss is told by networks of ever more neurons that come close to all intervals,
and then to all but the rows that they miss most, again and again (the concentration steps of least trimmed
squares: Rousseeuw and Van Driessen 2006). Without those rows the continuous side looks for a sparse network,
and elimination starts from the network's own weights. Lower bounds, and more of the upper ones, are those of
`sparsest.exact.solve_with_outliers`.
"""

import functools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.compare.certification.bounds_so_far import BoundsRecord, rows_but_outliers
from sparsest.compare.certification.question import Question
from sparsest.compare.certification.search import Ending, Means
from sparsest.compare.reduce.closest_network import closest_network
from sparsest.compare.reduce.elimination import eliminate
from sparsest.continuous import find_sparse
from sparsest.errors import InputError
from sparsest.exact import solve_with_outliers
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.outliers import OutliersResult
from sparsest.results.solving import Status
from sparsest.sentences import counted

# Shares of the time left that looking for rows and networks, and elimination may take.
_REFITTING: Final = 0.4
_ELIMINATION: Final = 0.3
# Efforts to come close with one width, and to find a sparse network without some rows; concentration steps.
_CLOSE_EFFORT: Final = 0.1
_SPARSE_EFFORT: Final = 1.0
_CONCENTRATIONS: Final = 4
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
    with record.attempt("search without the rows missed most") as said:
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
    before, tried = start.width, set[bytes]()
    deadline = _share(record.deadline, _REFITTING)
    for width in range(1, before):
        if deadline.expired or (record.upper is not None and record.upper <= width):
            break
        kept = _rows_kept(question, width, seed, deadline)
        if kept.tobytes() not in tried:
            tried.add(kept.tobytes())
            _search_on(question.problem.subset(kept), start, record, seed, deadline)
    now = before if record.upper is None else record.upper
    return f"{counted(before, 'neurons')} became {now}" if now < before else "no neuron can go"


def _rows_kept(question: Question, width: int, seed: int, deadline: Deadline) -> NDArray[np.intp]:
    """Return the rows that networks of some width are to meet."""
    problem, rows = question.problem, np.arange(question.problem.n_samples)
    for step in range(_CONCENTRATIONS):
        network = closest_network(
            problem.subset(rows), width, seed=seed + step, effort=_CLOSE_EFFORT, deadline=deadline
        )
        kept = rows_but_outliers(problem, network, question.outliers)
        if np.array_equal(kept, rows):
            break
        rows = kept
    return rows


def _search_on(kept: Problem, start: Network, record: BoundsRecord, seed: int, deadline: Deadline) -> None:
    """Look for sparse networks that meet some rows."""
    left = deadline.remaining
    if left > 0:
        limit = None if math.isinf(left) else left
        fit = find_sparse(
            kept, seed=seed, lower_bound=record.lower, effort_limit=_SPARSE_EFFORT, time_limit=limit
        )
        if fit.fits:
            record.offer(fit.network)
    record.offer(eliminate(kept, start, _share(deadline, _ELIMINATION)))


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
