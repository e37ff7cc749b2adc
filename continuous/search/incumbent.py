"""The best network of a search so far, and how candidates are polished and judged."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sparsest.continuous.attempts import attempt
from sparsest.continuous.checkpoint.arrays import matching, network_arrays, network_of, prefixed, under
from sparsest.continuous.polish.pattern_program import Neurons, Samples
from sparsest.continuous.polish.polish import merged, polish
from sparsest.continuous.polish.scaling import Scaling
from sparsest.files import Arrays
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, TriedNetwork
from sparsest.refine import refine


class Incumbent:
    """Keeps the polished network that fits with the fewest parts; ties by neurons, then by path norm.

    Attributes
    ----------
    network : Network or None
        The best so far that fits, in the problem's units.
    neurons : Neurons or None
        The same in scaled units.
    raw : Network or None
        What it was before the polish.
    """

    def __init__(
        self,
        problem: Problem,
        scaling: Scaling,
        objective: Objective,
        p: float,
        deadline: Deadline,
    ) -> None:
        self._problem, self._scaling, self._deadline = problem, scaling, deadline
        self.objective, self._p = objective, p
        self.samples = Samples(scaling.homogeneous, scaling.low, scaling.high, scaling.affine, scaling.bounds)
        self.network: Network | None = None
        self.neurons: Neurons | None = None
        self.raw: Network | None = None

    @property
    def count(self) -> float:
        """Parts of the best network; infinite when there is none."""
        return float("inf") if self.network is None else self.network.count(self.objective)

    def path_norm(self, found: Neurons) -> float:
        """Return the path norm of scaled neurons in the problem's units."""
        return self._network(found).path_norm(self._p, self.objective)

    def offer(self, found: Neurons) -> bool:
        """Judge fitted neurons as they are and polished; return whether the count fell."""
        before = self.count
        raw = self._network(found)
        self._keep(found, raw)
        start = merged(self.samples, found)
        self._keep(polish(self.samples, start, self._p, self.objective, self._deadline), raw)
        return self.count < before

    def offer_unpolished(self, found: Neurons) -> bool:
        """Judge fitted neurons as they are; return whether the count fell."""
        before = self.count
        self._keep(found, self._network(found))
        return self.count < before

    def polish_once(self) -> None:
        """Polish the best network within its own cells."""
        if self.neurons is not None and self.raw is not None:
            start = merged(self.samples, self.neurons)
            self._keep(polish(self.samples, start, self._p, self.objective, self._deadline, 0), self.raw)

    def offer_cells(self, cells: Neurons) -> bool:
        """Polish what the linear program makes of some cells; return whether the count fell."""
        before = self.count
        found = polish(self.samples, cells, self._p, self.objective, self._deadline)
        if found is not None:
            self._keep(found, self._network(found))
        return self.count < before

    def offer_network(self, network: Network) -> None:
        """Take over a network in the problem's units, polished already, where it fits."""
        folded, signs, affine = self._scaling.scaled(network)
        patterns = folded @ self.samples.homogeneous.T >= 0
        self._keep(Neurons(folded, patterns, signs, affine), network)

    def attempt(self, strategy: str, found: Neurons | None) -> TriedNetwork:
        """Return the figures of a strategy's neurons, of the best network when it has none of its own."""
        network = self.network if found is None else self._network(found)
        assert network is not None
        return attempt(strategy, network, self._problem, self.objective, self._p)

    def rank(self, network: Network) -> tuple[int, int, float]:
        """Return what orders networks that fit, the better the smaller."""
        # a constant neuron has no weights, but nobody wants one for nothing
        count = network.count(self.objective)
        return count, network.count(Objective.NEURONS), network.path_norm(self._p, self.objective)

    def refuse_misfit(self, network: Network | None) -> None:
        """Raise `ValueError` for a network of another size or that does not fit."""
        size = self.samples.homogeneous.shape[1] - 1
        if network is not None and not (network.n_features == size and network.solves(self._problem)):
            raise ValueError("its network does not fit the data")

    def arrays(self) -> Arrays:
        """Return the best network, scaled and raw too, as arrays; none if there is none."""
        if self.neurons is None:
            return {}
        parts = {name: getattr(self.neurons, name) for name in ("folded", "patterns", "signs", "affine")}
        arrays = prefixed("neurons ", {name: part for name, part in parts.items() if part is not None})
        for name, network in (("network ", self.network), ("raw ", self.raw)):
            arrays |= prefixed(name, network_arrays(network))
        return arrays

    def restore(self, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
        """Take over what `arrays` returned.

        Raises
        ------
        ValueError, KeyError
            When it is no network, or one that does not fit.
        """
        network, parts = network_of(under("network ", arrays)), under("neurons ", arrays)
        if network is None:
            return
        self.refuse_misfit(network)
        (n, size), count = self.samples.homogeneous.shape, len(parts["folded"])
        self.neurons = Neurons(
            matching(parts, "folded", np.zeros((count, size))),
            matching(parts, "patterns", np.zeros((count, n), dtype=bool)),
            matching(parts, "signs", np.zeros(count)),
            matching(parts, "affine", np.zeros(size)) if "affine" in parts else None,
        )
        self.network, self.raw = network, network_of(under("raw ", arrays))

    def _network(self, found: Neurons) -> Network:
        return self._scaling.network(found.folded, found.signs, found.affine)

    def _keep(self, found: Neurons | None, raw: Network) -> None:
        if found is None:
            return
        network = refine(self._problem, self._network(found), self._deadline)
        if not network.solves(self._problem):
            return
        if self.network is None or self.rank(network) < self.rank(self.network):
            self.network, self.neurons, self.raw = network, found, raw
