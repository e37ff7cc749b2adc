"""An upper bound on p* where extreme points are too many to list: a p that is too large, by bisection.

At such a p the certified least path norm belongs to a network that is not sparsest. Nothing is certified
below: bounds on the least path norm hold for one p at a time, and costs may cross more than once.
"""

from typing import Final

import numpy as np

from sparsest import tolerances
from sparsest.errors import InputError
from sparsest.exact.path_norm.least_path_norm import minimize_path_norm
from sparsest.exact.solver import solve
from sparsest.network import Network
from sparsest.objectives import Objective, magnitudes
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import Status

# The first exponent to try: for p = 1 minimisers that are not sparsest exist in any case.
_FIRST: Final = 0.9
# Exponents tried in all.
_TRIES: Final = 6
# Share of the time for the fewest neurons, weights or parameters.
_COUNTING: Final = 1 / 3

_NOTHING = "nothing is certified below: extreme points are too many to list"
_UNKNOWN = "nothing is certified: the smallest count was not proven in time"
_TO_GAP = f"the upper end rests on bounds that meet within {tolerances.PATH_NORM_GAP:g} of the path norm"


def bound_threshold(problem: Problem, goal: Objective, deadline: Deadline) -> ThresholdResult:
    """Return [0, p] with the smallest p found at which the least path norm is not that of a sparsest network.

    Raises
    ------
    InputError
        When no network that fits is known when the time is up.
    """
    fewest = solve(problem, goal, time_limit=_share(deadline, _COUNTING))
    if fewest.network is None:
        raise InputError("no network that fits was found in time, which a threshold needs: raise time_limit")
    upper, other, tried = 1.0, None, 0
    if fewest.status is Status.OPTIMAL:
        upper, other, tried = _bisect(problem, goal, fewest.lower_bound, deadline)
    remark = _UNKNOWN if fewest.status is not Status.OPTIMAL else _NOTHING
    return ThresholdResult(
        status=Status.TIME_LIMIT if deadline.expired else Status.FINISHED,
        objective=goal,
        lower_bound=0.0,
        upper_bound=upper,
        network=fewest.network,
        other=other,
        nodes=tried,
        seconds=deadline.seconds,
        remark=remark if other is None else f"{remark}; {_TO_GAP}",
        problem=problem,
    )


def _bisect(
    problem: Problem, goal: Objective, fewest: int, deadline: Deadline
) -> tuple[float, Network | None, int]:
    """Return the least p found that is too large, its network, and how many p were tried."""
    lower, upper, other, p = 0.0, 1.0, None, _FIRST
    for tried in range(_TRIES):
        if deadline.expired:
            return upper, other, tried
        least = minimize_path_norm(problem, p, goal, time_limit=_share(deadline, 1 / (_TRIES - tried)))
        if _count(least) > fewest:
            upper, other = p, least.network
        elif other is None:
            return upper, other, tried + 1  # smaller p are not more likely to be too large
        else:
            lower = p
        p = (lower + upper) / 2
    return upper, other, _TRIES


def _count(least: PathNormResult) -> int:
    """Return the count of the network of least path norm, or 0 if that is not certain.

    Entries that a linear program's rounding leaves behind are not counted.
    """
    if least.status is not Status.OPTIMAL or least.network is None:
        return 0
    sizes = magnitudes(least.network.folded, least.objective)
    return int(np.count_nonzero(sizes > tolerances.NEGLIGIBLE_WEIGHT * sizes.max(initial=0.0)))


def _share(deadline: Deadline, share: float) -> float | None:
    """Return a share of the seconds that are left."""
    return None if deadline.remaining == float("inf") else max(share * deadline.remaining, 1e-3)
