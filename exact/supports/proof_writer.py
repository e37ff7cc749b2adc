"""Write what a search for the fewest weights or parameters has proven (docs/proof-format.md)."""

from collections.abc import Sequence
from typing import Any, Final

import flint

from sparsest.affine import Affine
from sparsest.exact.arithmetic.columns import neuron_of
from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.line.forced_knots import Triple
from sparsest.exact.proof.node_writer import alike
from sparsest.exact.proof.writer import ProofWriter, WrittenTree
from sparsest.exact.supports.circuits import KindCircuits
from sparsest.exact.supports.findings import entries_of, entries_of_knots
from sparsest.exact.supports.kinds import Catalogue, Kind, Kinds, cost, neurons
from sparsest.exact.supports.state import Refuted
from sparsest.objectives import Objective
from sparsest.problem import Problem

_VERSION: Final = 2


class SupportProofWriter(ProofWriter):
    """Collects the proof of a bound on weights or parameters, and writes it.

    Parameters
    ----------
    problem : Problem
        As the user gave it.
    objective : Objective
        Weights or parameters.
    """

    version = _VERSION

    def __init__(self, problem: Problem, objective: Objective) -> None:
        super().__init__(problem)
        self.objective = objective
        free = objective is Objective.WEIGHTS and problem.affine is Affine.NONE
        affine = Affine.CONSTANT if free else problem.affine
        self._catalogue = Catalogue(problem.n_features, affine, objective)
        self._kinds: Kinds = ()
        self._kinds_of: dict[int, Kinds] = {}  # by the place of a tree's nodes in the file
        self._refuted = self._first = 0
        self._counting: dict[Kinds, WrittenTree] = {}  # trees that the bound rests on
        self._gap = False  # whether something that the search refuted is not proven here
        self._kind_circuits = KindCircuits(self.data, self._rows, self._catalogue)

    @property
    def lower_bound(self) -> int:
        """The lower bound that the proof shows so far."""
        return max(self._first, self._packing.bound, self._refuted)

    def knots(self, triples: Sequence[Triple]) -> None:  # noqa: D102 - as in the base class
        super().knots(triples)
        self._first = entries_of_knots(self.data.problem.X, triples, self.objective)

    def _packs(self) -> bool:
        return self._packing.bound > self._first

    def witness(self, network: RationalNetwork) -> None:  # noqa: D102 - as in the base class
        super().witness(network)
        self.upper_bound = entries_of(network, self.objective)

    def begin_kinds(self, kinds: Sequence[tuple[Sequence[int], int]]) -> None:  # noqa: D102
        self._kinds = tuple(Kind(tuple(support), sign) for support, sign in kinds)
        with_bits = neurons(self._kinds)
        circuits = self._kind_circuits.of(with_bits)
        self._begin_tree([kind.sign for kind in with_bits], alike(with_bits), circuits)

    def end(self) -> None:  # noqa: D102
        if self._complete:
            self._kinds_of[self._start] = self._kinds
        else:
            self._gap = True
        super().end()

    def abandon(self) -> None:  # noqa: D102
        super().abandon()
        self._complete = self._failure is None  # what it lacked is dropped with it

    def budget_refuted(self, budget: int) -> None:  # noqa: D102
        trees = {self._kinds_of[tree.start]: tree for tree in self._trees}
        large = Refuted()
        for kinds in trees:
            if cost(kinds) > budget:
                large.add(kinds)
        for kinds in () if self._gap else self._catalogue.networks(budget):
            covering = large.containing(kinds) or kinds
            if covering not in trees:  # a search went on from a file that says more than it can show
                self._gap = True
                return
            self._counting[covering] = trees[covering]
        if not self._gap:
            self._refuted = budget + 1

    def _refutations_that_count(self, lower: int) -> list[WrittenTree]:
        return list(self._counting.values())

    def _tree_head(self, tree: WrittenTree) -> dict[str, Any]:
        return {"kind": "supports", "neurons": list(map(self._named, self._kinds_of[tree.start]))}

    def _named(self, kind: Kind) -> list[Any]:
        """Return a neuron's entries and output sign; of one parameter the entry, and which side it is for."""
        if kind.sign:
            return [list(kind.support), kind.sign]
        entry, side = neuron_of(kind.support[0], self.data.size - 1)
        return [[entry], side]

    def _packed_circuit(self, circuit: dict[int, flint.fmpq]) -> Any:
        return self._kind_circuits.whole_document(circuit)
