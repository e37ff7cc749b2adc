"""Bounds on p* where extreme points are too many to look at: a p that is too large, by bisection.

At such a p the certified least path norm belongs to a network that is not sparsest. That says nothing of
smaller p: bounds hold for one p at a time, and costs may cross more than once. What is certified below is a
small p that the size of the data's numbers gives (`sparsest.exact.p_star.smallest_entry`).
"""

from typing import Final

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.p_star.smallest_entry import certified_from_below
from sparsest.exact.path_norm.least_path_norm import minimize_path_norm
from sparsest.exact.search_options import SearchOptions
from sparsest.network import Network
from sparsest.objectives import Objective, magnitudes
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult, Proof, Status

# The first exponent to try: for p = 1 minimisers that are not sparsest exist in any case.
_FIRST: Final = 0.9
# Exponents tried in all.
_TRIES: Final = 6
# About the seconds in which the digits of an input are weighed, and seconds that there always are for it.
_SECONDS_A_NUMBER, _IN_ANY_CASE = 3e-5, 0.3

_SMALL = "extreme points are too many to compare: the lower end is what the digits of the data alone give"
_LATE = "nothing is certified below in so short a time"
_NOTHING = "nothing is certified below: that takes no weight bound and an exact proof of the smallest count"
_UNKNOWN = "nothing is certified below: the smallest count was not proven in time"
_TO_GAP = f"the upper end rests on bounds that meet within {tolerances.PATH_NORM_GAP:g} of the path norm"


class UpperEnd:
    """The least p found that is too large: bisection, gone on with as often as there is time.

    Parameters
    ----------
    problem, goal
        As for `sparsest.exact.threshold`.
    options : SearchOptions
        Who works.

    Attributes
    ----------
    p : float
        The least p at which a network that is not sparsest costs least; 1 where none is known.
    network : Network or None
        That network.
    tried : int
        Searches for a least path norm.
    stopped : Status or None
        Why the last look ended before its end; None if it did not.
    """

    def __init__(self, problem: Problem, goal: Objective, options: SearchOptions) -> None:
        self._problem, self._goal, self._options = problem, goal, options
        self._closed: dict[float, PathNormResult] = {}
        self.p = 1.0
        self.network: Network | None = None
        self.tried = 0
        self.stopped: Status | None = None

    def look(self, most: int, deadline: Deadline) -> None:
        """Try exponents, given that sparsest networks have at most so many parts; on Ctrl-C end.

        That count need not be proven smallest: a least path norm that belongs to more parts belongs to a
        network that is not sparsest.
        """
        self.stopped = None
        lower, upper, p = 0.0, 1.0, _FIRST
        for tried in range(_TRIES):
            # all else depends on the first try, which therefore gets all the time that it needs
            least = self._least(p, deadline.part(1 / (_TRIES - tried) if tried else 1.0))
            if least is None or least.status is Status.INTERRUPTED:
                return
            if _count(least) > most:
                upper = p
                if p < self.p:
                    self.p, self.network = p, least.network
            elif self.network is None:
                return  # smaller p are not more likely to be too large
            else:
                lower = p
            p = (lower + upper) / 2

    def _least(self, p: float, deadline: Deadline) -> PathNormResult | None:
        """Return the least path norm; None where there is no time, or Ctrl-C came first."""
        if p in self._closed:
            return self._closed[p]
        if deadline.expired:
            self.stopped = Status.TIME_LIMIT
            return None
        try:
            least = minimize_path_norm(
                self._problem,
                p,
                self._goal,
                time_limit=deadline.limit,
                workers=self._options.workers,
                executor=self._options.executor,
            )
        except KeyboardInterrupt:
            self.stopped = Status.INTERRUPTED
            return None
        self.tried += 1
        if least.status is Status.OPTIMAL:
            self._closed[p] = least
        else:
            self.stopped = least.status
        return least


def bound_threshold(
    problem: Problem,
    goal: Objective,
    fewest: ExactResult,
    upper: UpperEnd,
    deadline: Deadline,
    *,
    stopped: Status | None = None,
) -> ThresholdResult:
    """Return an interval up to the least p found at which the least path norm is not a sparsest network's.

    Parameters
    ----------
    problem, goal
        As for `sparsest.exact.threshold`.
    fewest : ExactResult
        Bounds on the smallest count, and a network.
    upper : UpperEnd
        What is known of it.
    deadline : Deadline
        When it ends, or on Ctrl-C, the interval known so far is returned.
    stopped : Status, optional
        Why an earlier part did not come to its end; after Ctrl-C no p is tried.

    Raises
    ------
    InputError
        When no network that fits is known.
    """
    if fewest.network is None:
        raise InputError("no network that fits was found in time, which a threshold needs: raise time_limit")
    lower, is_late = 0.0, False
    proven = fewest.status is Status.OPTIMAL
    if proven and fewest.proof is Proof.EXACT:
        sizes = sizes_of_sparsest(fewest)
        is_late = max(deadline.remaining, _IN_ANY_CASE) < _SECONDS_A_NUMBER * problem.X.size
        if len(sizes) == fewest.lower_bound and not is_late:
            lower = certified_from_below(problem, goal, sizes)
    if proven and lower < 1 and stopped is not Status.INTERRUPTED:
        upper.look(most_parts(fewest), deadline)
    remark = (_SMALL if lower > 0 else _LATE if is_late else _NOTHING) if proven else _UNKNOWN
    if upper.network is not None:
        remark = f"{remark}; {_TO_GAP}"
    causes = (
        stopped,
        None if proven else fewest.status,
        upper.stopped,
        Status.TIME_LIMIT if is_late else None,
    )
    status = next(filter(None, causes), Status.FINISHED)
    if Status.INTERRUPTED in causes:
        status = Status.INTERRUPTED
    return ThresholdResult(
        status=Status.OPTIMAL if lower == 1 else status,
        objective=goal,
        lower_bound=lower,
        upper_bound=upper.p,
        network=fewest.network,
        other=upper.network,
        nodes=upper.tried,
        seconds=deadline.seconds,
        remark="" if lower == 1 else remark,
        problem=problem,
    )


def most_parts(fewest: ExactResult) -> int:
    """Return how many parts a sparsest network has at most: as many as one that is known."""
    known = fewest.network.count(fewest.objective) if fewest.network is not None else fewest.lower_bound
    return known if fewest.upper_bound is None else min(known, fewest.upper_bound)


def sizes_of_sparsest(fewest: ExactResult) -> FloatArray:
    """Return the numbers of a network of the least count, proven; none where rounding left others in it."""
    if fewest.network is None:
        return np.zeros(0)
    sizes = magnitudes(fewest.network.folded, fewest.objective)
    sizes = sizes[sizes > 0]
    return sizes if len(sizes) == fewest.lower_bound else np.zeros(0)


def _count(least: PathNormResult) -> int:
    """Return the count of the network of least path norm, or 0 if that is not certain.

    Entries that a linear program's rounding leaves behind are not counted.
    """
    if least.status is not Status.OPTIMAL or least.network is None:
        return 0
    sizes = magnitudes(least.network.folded, least.objective)
    return int(np.count_nonzero(sizes > tolerances.NEGLIGIBLE_WEIGHT * sizes.max(initial=0.0)))


def share_of(deadline: Deadline, share: float) -> float | None:
    """Return a share of the seconds that are left."""
    return None if deadline.remaining == float("inf") else max(share * deadline.remaining, 1e-3)
