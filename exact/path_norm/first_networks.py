"""Networks of low path norm to begin with: the better the best one, the narrower every box of the search."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from sparsest.exact.path_norm.networks import Candidate, Networks
from sparsest.exact.solver import solve
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.solving import Status

# Descents from random elements, and from those of the best network so far, disturbed.
_DESCENTS: Final = 50
_DISTURBED: Final = 30
# Widths of disturbances, relative to the largest element; each also smooths the first program.
_WIDTHS: Final = (0.3, 0.1, 0.03, 0.01)
# Share of the time that is left, and seconds, for a sparsest network.
_SPARSEST_SHARE: Final = 0.1
_SPARSEST_SECONDS: Final = 5.0


def first_networks(problem: Problem, networks: Networks, deadline: Deadline) -> Iterator[Candidate]:
    """Yield networks that fit, each better than those before.

    From the least l^1 path norm and from random elements by reweighted programs; the sparsest network that
    the search for few neurons finds, and reweighted programs from there, which for planted labels no random
    start replaces; at last from the best one's elements, disturbed at random.
    """
    best: Candidate | None = None
    for candidate in _from_programs(networks, 0 if networks.p == 1 else _DESCENTS, deadline):
        if best is None or candidate.cost < best.cost:
            best = candidate
            yield best
    if best is None or best.cost == 0 or networks.p == 1:  # at p = 1 the first program says it all
        return
    for candidate in _from_sparsest(problem, networks, deadline):
        if candidate.cost < best.cost:
            best = candidate
            yield best
    random = np.random.default_rng(1)
    for number in range(_DISTURBED):
        if deadline.expired:
            return
        elements = networks.elements(best.network)
        if not elements.any():
            return
        width = _WIDTHS[number % len(_WIDTHS)] * float(elements.max())
        disturbed = 2 * random.uniform(size=elements.shape) * elements
        disturbed += 2 * width * random.uniform(size=elements.shape) ** 4
        found = networks.descended(disturbed, width)
        if found is not None and found.cost < best.cost:
            best = found
            yield best


def _from_programs(networks: Networks, descents: int, deadline: Deadline) -> Iterator[Candidate]:
    """Yield what the least l^1 path norm and so many random elements lead to."""
    random = np.random.default_rng(0)
    ones = np.ones(networks.shape)
    if (least := networks.solve(ones)) is not None and (network := networks.candidate(least)) is not None:
        yield network
    for number in range(descents + 1):
        if deadline.expired:
            return
        start = 2 * random.uniform(size=networks.shape) ** 2 if number else ones
        if (descended := networks.descended(start, 1.0)) is not None:
            yield descended


def _from_sparsest(problem: Problem, networks: Networks, deadline: Deadline) -> Iterator[Candidate]:
    """Yield a sparsest network, and what its elements lead to.

    Raises
    ------
    KeyboardInterrupt
        When the search for it was interrupted.
    """
    seconds = min(_SPARSEST_SECONDS, _SPARSEST_SHARE * deadline.remaining)
    found = solve(problem, Objective.NEURONS, time_limit=max(1e-3, seconds))
    if found.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    if found.network is None or not found.network.solves(problem):
        return
    yield Candidate(found.network, networks.path_norm(found.network))
    elements = networks.elements(found.network)
    for width in _WIDTHS if elements.any() else ():
        if deadline.expired:
            return
        if (descended := networks.descended(elements, width * float(elements.max()))) is not None:
            yield descended
