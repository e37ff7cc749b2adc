"""What is known of neurons against accuracy: tolerances refuted, and networks with their errors.

One table serves every number of neurons: a network of K neurons is one of K + 1, and within a tolerance that
K + 1 neurons do not reach K do not either.
"""

import dataclasses
import math
from typing import Final

from sparsest.network import Network

# More neurons than any network has: what is refuted with so many is so for every function.
NO_NUMBER: Final = 1_000_000


@dataclasses.dataclass(frozen=True)
class Attained:
    """An error that so many neurons attain, and the network; None while it is only known to exist."""

    error: float
    network: Network | None


@dataclasses.dataclass
class Knowledge:
    """Bounds on the least largest error for every number of neurons.

    Attributes
    ----------
    refuted : dict
        The largest tolerance known, by how many neurons are necessary within it.
    attained : dict
        The least error known, by the neurons of the network that has it.
    nodes : int
        Linear programs behind all of it.
    """

    refuted: dict[int, float] = dataclasses.field(default_factory=dict)
    attained: dict[int, Attained] = dataclasses.field(default_factory=dict)
    nodes: int = 0

    def refute(self, error: float, least: int) -> bool:
        """Note that within an error at least so many neurons are necessary; whether that is new."""
        if least == 0 or any(error <= known and least <= other for other, known in self.refuted.items()):
            return False
        self.refuted[least] = error
        return True

    def attain(self, error: float, neurons: int, network: Network | None) -> bool:
        """Note that a network of so many neurons has an error of at most so much; whether that is new."""
        if any(known.error <= error and other <= neurons for other, known in self.attained.items()):
            return False
        self.attained[neurons] = Attained(error, network)
        return True

    def lower(self, neurons: int) -> float:
        """Return an error that so many neurons do not reach, or 0."""
        return max((error for least, error in self.refuted.items() if least > neurons), default=0.0)

    def is_refuted(self, error: float, neurons: int) -> bool:
        """Whether more neurons are known to be necessary within an error."""
        return any(error <= known and least > neurons for least, known in self.refuted.items())

    def upper(self, neurons: int) -> float:
        """Return the least error known of networks with at most so many neurons; infinite without one."""
        return self._best(neurons).error

    def network(self, neurons: int) -> Network | None:
        """Return the network with that error."""
        return self._best(neurons).network

    def narrowest(self, error: float, most: int) -> Network | None:
        """Return the network of fewest neurons, at most so many, that is known to have at most an error."""
        fits = [n for n, known in self.attained.items() if known.error <= error and known.network is not None]
        return self.attained[min(fits)].network if fits and min(fits) <= most else None

    def make(self, error: float, neurons: int, network: Network | None) -> None:
        """Put a network, of an error perhaps a digit more, in the place of the best for so many neurons."""
        allowed = [count for count in self.attained if count <= neurons]
        place = min(allowed, key=lambda count: self.attained[count].error)
        self.attained[place] = Attained(error, network)

    def _best(self, neurons: int) -> Attained:
        allowed = [known for count, known in self.attained.items() if count <= neurons]
        return min(allowed, key=lambda known: known.error, default=Attained(math.inf, None))
