"""Write what a search for the fewest weights or parameters has proven (docs/proof-format.md)."""

import functools
import itertools
from collections.abc import Sequence
from typing import Any, Final

import flint

from sparsest.affine import Affine
from sparsest.exact.arithmetic.columns import neuron_of
from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.line.forced_knots import Triple
from sparsest.exact.proof.circuits import CircuitTable
from sparsest.exact.proof.writer import ProofWriter, WrittenTree
from sparsest.exact.supports.findings import entries_of, entries_of_knots
from sparsest.exact.supports.kinds import Catalogue, Kind, Kinds, Support, cost, neurons
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
        self._entries: list[Support] = []  # of the neurons among them
        self._kinds_of: dict[int, Kinds] = {}  # by the place of a tree's nodes in the file
        self._refuted = self._first = 0
        self._counting: dict[Kinds, WrittenTree] = {}  # trees that the bound rests on
        self._gap = False  # whether something that the search refuted is not proven here
        # circuits of the samples' entries, by which; and each one's number in the document
        self._tables: dict[tuple[int, ...], CircuitTable] = {}
        self._numbers: dict[tuple[tuple[int, ...], int], int] = {}
        self._nonzero = functools.cache(self._nonzero_anew)

    @property
    def lower_bound(self) -> int:
        """The lower bound that the proof shows so far."""
        return max(self._first, self._packing.bound, self._refuted)

    def knots(self, triples: Sequence[Triple]) -> None:  # noqa: D102 - as in the base class
        super().knots(triples)
        self._first = entries_of_knots(self.data.problem.X, triples, self.objective)

    def _packs(self) -> bool:
        return self._packing.bound > self._first

    @property
    def _n_tree_circuits(self) -> int:
        return len(self._numbers)

    def witness(self, network: RationalNetwork) -> None:  # noqa: D102 - as in the base class
        super().witness(network)
        self.upper_bound = entries_of(network, self.objective)

    def begin_kinds(self, kinds: Sequence[tuple[Sequence[int], int]]) -> None:  # noqa: D102
        self._kinds = tuple(Kind(tuple(support), sign) for support, sign in kinds)
        with_bits = neurons(self._kinds)
        self._entries = [self._catalogue.entries(kind) for kind in with_bits]
        self.begin([kind.sign for kind in with_bits])
        self._alike = tuple(a == b for a, b in itertools.pairwise(with_bits))

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

    def _circuit_excluding(self, neuron: int, active: int, inactive: int, sample: int) -> int | None:
        entries, bias = self._entries[neuron], self.data.size - 1
        if bias not in entries:
            # such a neuron is zero where its inputs are, and then has one bit for all those samples
            there = self._nonzero(entries)
            if there >> sample & 1:
                found = self._numbered_circuit(entries, active & there, inactive & there, sample)
                if found is not None:
                    return found
            entries = (*entries, bias)
        return self._numbered_circuit(entries, active, inactive, sample)

    def _nonzero_anew(self, entries: Support) -> int:
        """Return the samples that have an entry other than zero among some, as a bit set."""
        return sum(1 << i for i, row in enumerate(self._table(entries).rows) if any(row))

    def _numbered_circuit(self, entries: Support, active: int, inactive: int, sample: int) -> int | None:
        found = self._table(entries).excluding(active, inactive, sample)
        return None if found is None else self._numbers.setdefault((entries, found), len(self._numbers))

    def _table(self, entries: Support) -> CircuitTable:
        if entries not in self._tables:
            self._tables[entries] = CircuitTable([[row[j] for j in entries] for row in self.data.rows])
        return self._tables[entries]

    def _circuit_documents(self) -> list[Any]:
        documents: list[Any] = []
        d = self.data.size - 1
        for entries, number in self._numbers:
            circuit: dict[int, flint.fmpq] = self._tables[entries].circuits[number]
            named: dict[str, Any] = {"features": [j for j in entries if j < d]}
            named |= {} if d in entries else {"bias": False}
            documents.append(named | {"weights": self._circuit_document(circuit)})
        every = {"features": list(range(d))}
        packed = [every | {"weights": self._circuit_document(circuit)} for circuit in self._packed_circuits()]
        return documents + packed
