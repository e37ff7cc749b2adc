"""Networks of low path norm to begin with: the better the best one, the narrower every box of the search.

Reweighted linear programs from random costs and from the slopes of the best network so far, disturbed, until
those stall (iterated local search), as in `sparsest.continuous.rays.search`, which draws rays where these
take all of them.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.path_norm.networks import Candidate, Networks
from sparsest.exact.path_norm.ray_program_kernel import Solution
from sparsest.exact.solver import solve
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.solving import Status

# Descents without a better network after which the search ends: so many for each element, but no more than
# the next; and so many times those so far.
_DESCENTS_AN_ELEMENT: Final = 2
_MIN_DESCENTS: Final = 400
_PATIENCE: Final = 3
# Kicks without improvement after which descents begin anew from random costs.
_STALLED: Final = 20
# Scales of the logarithms of a kick's factors; with the last, one or two elements become so much dearer, too.
_KICKS: Final = (0.5, 1.0, 2.0, 0.3)
_DEARER: Final = 1e3
# Smoothing widths of first programs, relative to the largest element: of a kick, and from a sparsest network.
_NARROW: Final = 1e-3
_WIDTHS: Final = (0.3, 0.1, 0.03, 0.01)
# Share of the time that is left, for all of this and for a sparsest network, and seconds for the latter.
_SHARE: Final = 0.1
_SPARSEST_SECONDS: Final = 5.0
# Path norms that differ by less are the same.
_SAME: Final = 1e-9


def first_networks(
    problem: Problem, networks: Networks, deadline: Deadline, known: Candidate | None = None
) -> Iterator[Candidate]:
    """Yield networks that fit, each better than those before and than the one that is known.

    From the least l^1 path norm; the sparsest network that the search for few neurons finds, and reweighted
    programs from there, which for planted labels no random start replaces; and by iterated local search.
    """
    best = known
    for candidate in _from_programs(networks):
        if best is None or candidate.cost < best.cost:
            best = candidate
            yield best
    if best is None or best.cost == 0 or networks.p == 1:  # at p = 1 the first program says it all
        return
    for candidate in _from_sparsest(problem, networks, deadline):
        if candidate.cost < best.cost:
            best = candidate
            yield best
    search = _LocalSearch(networks, networks.elements(best.network))
    within = deadline.part(_SHARE)
    while not within.expired and not search.has_stalled:
        found = networks.candidate(search.best) if search.descend() else None
        if found is not None and found.cost < best.cost:
            best = found
            yield best


def _from_programs(networks: Networks) -> Iterator[Candidate]:
    """Yield the network of least l^1 path norm, and what reweighting makes of it."""
    ones = np.ones(networks.shape)
    if (least := networks.solve(ones)) is not None and (network := networks.candidate(least)) is not None:
        yield network
    if networks.p < 1 and (descended := networks.descended(ones, 1.0)) is not None:
        yield descended


def _from_sparsest(problem: Problem, networks: Networks, deadline: Deadline) -> Iterator[Candidate]:
    """Yield a sparsest network, and what its elements lead to.

    Raises
    ------
    KeyboardInterrupt
        When the search for it was interrupted.
    """
    seconds = min(_SPARSEST_SECONDS, _SHARE * deadline.remaining)
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


class _LocalSearch:
    """Descents from kicks of the best network since they began anew, and from random costs when those stall.

    Parameters
    ----------
    networks : Networks
        Of the problem.
    elements : array (C, 2, J)
        Where kicks begin.

    Attributes
    ----------
    best : Solution
        The last one better than all before; without meaning before `descend` has returned True.
    """

    best: Solution

    def __init__(self, networks: Networks, elements: FloatArray) -> None:
        self._networks, self._random = networks, np.random.default_rng(0)
        self._elements, self._near = elements, self._cost(elements)
        self._least = self._near
        self._kicks = self._descents = self._improved = 0
        self._patience = min(_MIN_DESCENTS, _DESCENTS_AN_ELEMENT * elements.size)

    @property
    def has_stalled(self) -> bool:
        """Whether it has waited long enough for something better."""
        return self._descents - self._improved >= max(self._patience, _PATIENCE * self._improved)

    def descend(self) -> bool:
        """Descend once more; whether that ends below everything before."""
        self._descents += 1
        found = self._from_kick() if self._kicks < _STALLED else self._from_random()
        if found is None:
            return False
        cost = self._cost(found.values)
        if cost < self._near * (1 - _SAME):
            self._elements, self._near, self._kicks = found.values, cost, 0
        if not cost < self._least * (1 - _SAME):
            return False
        self.best, self._least, self._improved = found, cost, self._descents
        return True

    def _from_kick(self) -> Solution | None:
        self._kicks += 1
        elements, random = self._elements, self._random
        width, kind = _NARROW * float(elements.max()), int(random.integers(len(_KICKS)))
        if width == 0:
            return self._from_random()
        factors = np.exp(_KICKS[kind] * random.normal(size=elements.shape))
        if kind == len(_KICKS) - 1:
            used = np.flatnonzero(elements)
            left_out = random.choice(used, size=min(len(used), int(random.integers(1, 3))), replace=False)
            factors.ravel()[left_out] *= _DEARER
        return self._networks.descend(elements, width, factors)

    def _from_random(self) -> Solution | None:
        self._near, self._kicks = float("inf"), 0
        return self._networks.descend(2 * self._random.uniform(size=self._elements.shape) ** 2, 1.0)

    def _cost(self, elements: FloatArray) -> float:
        return float((elements**self._networks.p).sum())
