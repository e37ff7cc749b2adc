"""A lower bound for many samples: what few of them ask for, all of them ask for."""

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.errors import InputError
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.path_norm.box_search import largest_element
from sparsest.exact.path_norm.cones import Cones, build_cones
from sparsest.exact.path_norm.networks import Networks
from sparsest.exact.path_norm.power_packing import MAX_RAYS, PowerPacking
from sparsest.exact.tree.spread_out_samples import some_samples
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Samples by which each set is larger than the one before, and the share of the time left that it may take.
_MORE: Final = 2
_SHARE: Final = 0.4
# Samples of the first set that is packed, each later one being twice as large, and the share of the time left
# that all but the last may take.
_FIRST_PACKED: Final = 20
_PACKED_SHARE: Final = 0.3


def bounds_of_few_samples(
    problem: Problem,
    objective: Objective,
    deadline: Deadline,
    bound_of: Callable[[Problem, Cones, Deadline], float],
    network: Network | None = None,
) -> Iterator[float]:
    """Yield lower bounds that more and more of the samples give, those that leave a network least room.

    Parameters
    ----------
    problem : Problem
        Too large for its own cones.
    objective : Objective
        What the path norm is taken of.
    deadline : Deadline
        Ends it; one without a limit lasts until cones are too many.
    bound_of : callable
        Given some of the samples, their cones and a deadline, returns a lower bound on their path norm.
    network : Network, optional
        One that fits all samples and costs little; without it, and where all its values are at ends of
        intervals, samples are spread out over inputs and labels.
    """
    tight = None if network is None else _tightest_first(problem, network)
    for count in range(problem.n_features + _MORE, problem.n_samples, _MORE):
        part = deadline.part(_SHARE)
        some = some_samples(problem, count) if tight is None else problem.subset(np.sort(tight[:count]))
        some = some.replace(weight_bound=None)
        try:
            cones = build_cones(some, objective, part)
        except (InputError, TimeLimitError):
            return
        yield bound_of(some, cones, part)
        if deadline.expired:
            return


def _tightest_first(problem: Problem, network: Network) -> NDArray[np.intp] | None:
    """Return the samples by how far the network's values are from ends of intervals; None for exact labels.

    What a least network for all samples costs is asked for by those at whose ends its values are.
    """
    if not (problem.low < problem.high).any():
        return None
    values = network(problem.X)
    return np.argsort(np.minimum(values - problem.low, problem.high - values), kind="stable")


def packed_bounds_of_few_samples(
    problem: Problem, objective: Objective, p: float, deadline: Deadline, known: float | None
) -> Iterator[float]:
    """Yield lower bounds that packings for more and more of the samples prove.

    Parameters
    ----------
    problem, objective, deadline
        As in `bounds_of_few_samples`.
    p : float
        Exponent; with p = 1 there are none.
    known : float or None
        Path norm of some network for all samples; cheaper ones are of interest.
    """
    if p == 1:
        return
    counts = list(_doubled(problem.n_features, problem.n_samples))
    for count in counts:
        if deadline.expired:
            return
        part = deadline.part(_PACKED_SHARE if count < counts[-1] else 1.0)
        some = some_samples(problem, count).replace(weight_bound=None)
        try:
            cones = build_cones(some, objective, part)
        except (InputError, TimeLimitError):
            return
        unit = float(cones.label_scale**p)
        networks = Networks(some, cones, p, objective)
        with contextlib.suppress(OverflowError):
            if known is not None:
                networks.close_ends(largest_element(known / unit, p))
        packing = PowerPacking(cones, networks.arrays.ends, p)
        if packing.is_over:
            return
        while not (packing.is_over or packing.has_stalled or part.expired):
            packing.improve()
            yield packing.bound * unit


def _doubled(n_features: int, most: int) -> Iterator[int]:
    """Yield how many samples are packed: less than `most`, and with no more rays than that takes."""
    count = _FIRST_PACKED
    while n_features + 1 < count < most and 2 * math.comb(count + n_features + 1, n_features) <= MAX_RAYS:
        yield count
        count *= 2
