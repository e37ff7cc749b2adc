"""What a search for the least path norm knows: the best network so far, and a bound on what is left."""

from typing import Final

from sparsest import tolerances
from sparsest.exact.path_norm.cones import Cones
from sparsest.exact.path_norm.networks import Candidate, Networks
from sparsest.exact.path_norm.ray_program_kernel import Solution

# Share of the best path norm that boxes may give away: half of what counts as met.
_GIVEN: Final = 0.5 * tolerances.PATH_NORM_GAP


class Interval:
    """Best network so far, and bounds of what is left, in the units of the problem and of the cones.

    Parameters
    ----------
    networks : Networks
        Of the problem.
    cones : Cones
        Of the problem.
    p : float
        Exponent.
    elsewhere : float
        Path norm, in the units of the problem, of a network that somebody else holds.
    """

    def __init__(self, networks: Networks, cones: Cones, p: float, elsewhere: float = float("inf")) -> None:
        self._networks, self._unit = networks, float(cones.label_scale**p)
        self._elsewhere = elsewhere
        self.best: Candidate | None = None
        self.undecided = float("inf")
        self._floor = 0.0

    @property
    def least_known(self) -> float:
        """Path norm of the best network in units of the problem."""
        return self._elsewhere if self.best is None else min(self._elsewhere, self.best.cost)

    @property
    def cost(self) -> float:
        """Path norm of the best network in units of the cones."""
        return self.least_known / self._unit

    @property
    def cut(self) -> float:
        """Boxes without networks that cost less are closed."""
        return self.cost * (1.0 - _GIVEN)

    @property
    def floor(self) -> float:
        """What is known from below whatever the boxes say, in units of the problem."""
        return self._floor * self._unit

    def raise_floor(self, bound: float) -> None:
        """Take a lower bound in units of the cones that does not come from boxes."""
        self._floor = max(self._floor, bound)

    def closes(self, bound: float) -> bool:
        """Whether boxes of this bound, in units of the cones, need not be examined."""
        return max(bound, self._floor) >= self.cut

    def consider(self, solution: Solution | None) -> None:
        """Take the network of a solution if it is better."""
        candidate = None if solution is None else self._networks.candidate(solution)
        if candidate is not None:
            self.take(candidate)

    def take(self, candidate: Candidate) -> None:
        """Take a network that fits if it is better."""
        if candidate.cost < self.least_known or (self.best is None and candidate.cost == self.least_known):
            self.best = candidate

    def in_units(self, bound: float) -> float:
        """Return a bound in units of the problem, never above the best path norm, nor below zero."""
        return max(0.0, min(max(self._floor, min(bound, self.undecided)), self.cut) * self._unit)
