"""The best network that a search over rays knows."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.continuous.checkpoint.arrays import network_arrays, network_of, prefixed, under
from sparsest.continuous.rays.free_terms import FreeTerms
from sparsest.continuous.rays.neurons import SummedNeuron
from sparsest.files import Arrays
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.refine import refine
from sparsest.weight_bound import split

# Relative improvements below this are rounding.
SAME: Final = 1e-9
# Entries of neurons below this share of the largest are.
ROUNDING: Final = 1e-14


class BestNetwork:
    """Keeps the network that fits of least path norm.

    Parameters
    ----------
    problem : Problem
        The data; neurons beyond a weight bound are split.
    objective : Objective
        Whose path norm.
    p : float
        Its exponent.
    free : FreeTerms
        What costs nothing.
    norm_bound : float
        A path norm that is known to be least.

    Attributes
    ----------
    network : Network or None
        The best so far,
    norm : float
        and its path norm; infinite without one.
    points : list of (int, float, int)
        Work, path norm and neurons at each improvement.
    """

    def __init__(
        self, problem: Problem, objective: Objective, p: float, free: FreeTerms, norm_bound: float
    ) -> None:
        self._problem, self._objective, self._p = problem, objective, p
        self._free, self._norm_bound = free, norm_bound
        self.network: Network | None = None
        self.norm = float("inf")
        self.points: list[tuple[int, float, int]] = []

    @property
    def is_bound_known(self) -> bool:
        """Whether there is a path norm to reach."""
        return self._norm_bound > 0

    @property
    def is_known_least(self) -> bool:
        """Whether the known least path norm is met, up to ``tolerances.PATH_NORM_GAP``."""
        return self.norm * (1 - tolerances.PATH_NORM_GAP) <= self._norm_bound

    def consider(
        self,
        neurons: list[SummedNeuron],
        free: FloatArray,
        work: int,
        *,
        corrected: bool = True,
        deadline: Deadline | None = None,
    ) -> bool:
        """Take the network of neurons (K,) and free terms (f,) if it fits and is better, and say so.

        Parameters
        ----------
        neurons : list of SummedNeuron
            Sums of rays.
        free : array (f,)
            Amounts of the free terms.
        work : int
            What the search has done so far.
        corrected : bool
            Whether to correct it to the last digits first.
        deadline : Deadline, optional
            For that correction.
        """
        folded = np.array([each.folded for each in neurons]).reshape(-1, self._problem.n_features + 1)
        signs = np.array([1.0 - 2.0 * each.sign for each in neurons])
        network = split(self._problem, self._free.network(folded, signs, free))
        if network is None or not self._is_better(network):
            return False  # split neurons cost more
        moved = refine(self._problem, network, deadline) if corrected else network.canonical()
        taken = self.offer(_without_rounding(moved), work) or self.offer(moved, work)
        # a correction that goes well inside the intervals may cost more than rounding is worth
        return self.offer(network.canonical(), work) or taken

    def offer(self, network: Network, work: int) -> bool:
        """Take over a network if it fits and is better, and say so."""
        if not self._is_better(network) or not network.solves(self._problem):
            return False
        self.network, self.norm = network, self._norm_of(network)
        self.points.append((work, self.norm, network.width))
        return True

    def _norm_of(self, network: Network) -> float:
        return network.path_norm(self._p, self._objective)

    def _is_better(self, network: Network) -> bool:
        return self._norm_of(network) < self.norm * (1 - SAME)

    def arrays(self) -> Arrays:
        """Return what is known as arrays."""
        points = np.array(self.points, dtype=np.float64).reshape(-1, 3)
        return prefixed("network ", network_arrays(self.network)) | {"points": points}

    def restore(self, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
        """Take over what `arrays` returned.

        Raises
        ------
        ValueError, KeyError
            When it is no network, or one that does not fit.
        """
        network = network_of(under("network ", arrays))
        if network is not None:
            if network.n_features != self._problem.n_features or not network.solves(self._problem):
                raise ValueError("its network does not fit the data")
            self.network, self.norm = network, self._norm_of(network)
        self.points = [(int(a), float(b), int(c)) for a, b, c in arrays["points"].tolist()]


def _without_rounding(network: Network) -> Network:
    """Return the network with entries zero that are rounding: small p charges the least of them."""
    folded = network.folded
    sizes = np.abs(folded)
    kept = np.where(sizes > ROUNDING * sizes.max(initial=0.0), folded, 0.0)
    return Network.from_folded(kept, np.sign(network.outputs), network.affine).canonical()
