"""Bounds on p* where extreme points are too many to look at: a p that is too large, by bisection.

At such a p the certified least path norm belongs to a network that is not sparsest. That says nothing of
smaller p: bounds hold for one p at a time, and costs may cross more than once. What is certified below is a
small p that the size of the data's numbers gives (`sparsest.exact.p_star.smallest_entry`).
"""

import dataclasses
from typing import Final

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.p_star.smallest_entry import certified_from_below
from sparsest.exact.path_norm.least_path_norm import minimize_path_norm
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
_UNKNOWN = "nothing is certified: the smallest count was not proven in time"
_TO_GAP = f"the upper end rests on bounds that meet within {tolerances.PATH_NORM_GAP:g} of the path norm"


def bound_threshold(
    problem: Problem,
    goal: Objective,
    fewest: ExactResult,
    deadline: Deadline,
    *,
    interrupted: bool = False,
) -> ThresholdResult:
    """Return an interval up to the least p found at which the least path norm is not a sparsest network's.

    Parameters
    ----------
    problem, goal
        As for `sparsest.exact.threshold`.
    fewest : ExactResult
        Bounds on the smallest count, and a network.
    deadline : Deadline
        When it ends, or on Ctrl-C, the interval known so far is returned.
    interrupted : bool
        Whether Ctrl-C came before: no p is tried then.

    Raises
    ------
    InputError
        When no network that fits is known.
    """
    if fewest.network is None:
        raise InputError("no network that fits was found in time, which a threshold needs: raise time_limit")
    lower, found, is_late = 0.0, Upper(), False
    proven = fewest.status is Status.OPTIMAL
    if proven and fewest.proof is Proof.EXACT:
        sizes = sizes_of_sparsest(fewest)
        is_late = max(deadline.remaining, _IN_ANY_CASE) < _SECONDS_A_NUMBER * problem.X.size
        if len(sizes) == fewest.lower_bound and not is_late:
            lower = certified_from_below(problem, goal, sizes)
    if proven and lower < 1 and not interrupted:
        try:
            _bisect(problem, goal, fewest.lower_bound, deadline, found)
        except KeyboardInterrupt:
            interrupted = True
    remark = (_SMALL if lower > 0 else _LATE if is_late else _NOTHING) if proven else _UNKNOWN
    if found.network is not None:
        remark = f"{remark}; {_TO_GAP}"
    ended = Status.TIME_LIMIT if deadline.expired else Status.FINISHED
    status = Status.INTERRUPTED if interrupted else ended
    return ThresholdResult(
        status=Status.OPTIMAL if lower == 1 else status,
        objective=goal,
        lower_bound=lower,
        upper_bound=found.p,
        network=fewest.network,
        other=found.network,
        nodes=found.tried,
        seconds=deadline.seconds,
        remark="" if lower == 1 else remark,
        problem=problem,
    )


def sizes_of_sparsest(fewest: ExactResult) -> FloatArray:
    """Return the numbers of a network of the least count, proven; none where rounding left others in it."""
    if fewest.network is None:
        return np.zeros(0)
    sizes = magnitudes(fewest.network.folded, fewest.objective)
    sizes = sizes[sizes > 0]
    return sizes if len(sizes) == fewest.lower_bound else np.zeros(0)


@dataclasses.dataclass
class Upper:
    """The least p found that is too large, its network, and how many p were tried."""

    p: float = 1.0
    network: Network | None = None
    tried: int = 0


def _bisect(problem: Problem, goal: Objective, fewest: int, deadline: Deadline, found: Upper) -> None:
    """Look for a p that is too large, and keep the least one in `found`."""
    lower, p = 0.0, _FIRST
    for tried in range(_TRIES):
        if deadline.expired:
            return
        least = minimize_path_norm(problem, p, goal, time_limit=share_of(deadline, 1 / (_TRIES - tried)))
        found.tried = tried + 1
        if _count(least) > fewest:
            found.p, found.network = p, least.network
        elif found.network is None:
            return  # smaller p are not more likely to be too large
        else:
            lower = p
        if least.status is Status.INTERRUPTED:
            raise KeyboardInterrupt
        p = (lower + found.p) / 2


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
