"""The network of few neurons that comes closest to the intervals of a problem which needs more of them.

What is minimised is the sum of squared distances from the intervals: of labels within a tolerance the
epsilon-insensitive loss, squared, and of classes with a margin the squared hinge loss.
"""

from typing import Final

import numpy as np

from sparsest.continuous.search.effort import Effort
from sparsest.continuous.search.interval_descents import IntervalSearch
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.gauss_newton import Intervals, begin, levenberg_step
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Steps of the best network towards the intervals themselves, on all samples, and their damping.
_LAST_STEPS: Final = 60
_DAMPING: Final = 1e-3
_LEAST_DAMPING: Final = 1e-10
# Share of the widths and margins that the first of these keep away from the ends of intervals.
_INSIDE: Final = 0.1


def closest_network(
    problem: Problem, neurons: int, *, seed: int, effort: float, deadline: Deadline
) -> Network:
    """Return a network of at most so many neurons with a small sum of squared distances from the intervals.

    Parameters
    ----------
    problem : Problem
        Without a weight bound.
    neurons : int
        K, at least 1.
    seed : int
        Of the networks that descents begin from.
    effort : float
        About the seconds of one core to spend on descents, counted instead of timed.
    deadline : Deadline
        Ends the descents too; what was reached by then is returned.

    Notes
    -----
    Gauss-Newton descents from random networks (`sparsest.continuous.search.interval_descents`): nothing
    here is proven to be the least.
    """
    coordinates, affine = Coordinates(problem), problem.has_affine_term
    rows, scale = coordinates.rows, coordinates.scale
    movable = coordinates.affine if affine else None
    data = Intervals(rows, problem.low / scale, problem.high / scale, affine, movable)
    search = IntervalSearch(data, neurons, np.random.default_rng(seed))
    found = search.run(effort, Effort(), deadline) or search.best
    if found is None:  # there was no time for a single round
        return Network.zero(problem.n_features, problem.affine)
    blocks, signs = (part[None].copy() for part in found)
    allowed = np.ones_like(blocks)
    if movable is not None:
        allowed[:, -1] = movable
    for aims in (data.aims(inside_open=_INSIDE, inside=_INSIDE), (data.low, data.high)):
        iterates = begin(data, blocks, signs, aims, _DAMPING)
        for _ in range(_LAST_STEPS):
            levenberg_step(
                rows, signs, aims, iterates, affine=affine, least_damping=_LEAST_DAMPING, allowed=allowed
            )
    network = coordinates.network(blocks[0], signs[0, :neurons].tolist())
    return Network.zero(problem.n_features, problem.affine) if network is None else network.canonical()
