"""Why bits of a neuron that may use some entries only are those of no cell."""

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import flint

from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.proof.checker_rows import CheckerRows
from sparsest.exact.proof.circuits import CircuitTable
from sparsest.exact.supports.kinds import Catalogue, Kinds, Support

Name = tuple[Support, int]  # some entries, and a number in the table of the samples' parts there


class KindCircuits:
    """The circuits of the samples' parts in each choice of entries.

    Parameters
    ----------
    data : ExactData
        The problem, inputs distinct.
    rows : CheckerRows
        How a proof numbers and scales samples.
    catalogue : Catalogue
        Which entries neurons of each kind may use.
    """

    def __init__(self, data: ExactData, rows: CheckerRows, catalogue: Catalogue) -> None:
        self._data, self._rows, self._catalogue = data, rows, catalogue
        self._tables: dict[Support, CircuitTable] = {}
        self._nonzero = functools.cache(self._nonzero_anew)
        self.text = functools.cache(self._text_anew)

    def of(self, neurons: Kinds) -> "CircuitsOfNeurons":
        """Return those of neurons of such kinds."""
        return CircuitsOfNeurons(self, [self._catalogue.entries(kind) for kind in neurons])

    def excluding(self, entries: Support, active: int, inactive: int, sample: int) -> Name | None:
        """Return a circuit that says why bits are those of no cell, None without one.

        Arguments but the first are as `CircuitTable.excluding` has them.
        """
        bias = self._data.size - 1
        if bias not in entries:
            # such a neuron is zero where its inputs are, and then has one bit for all those samples
            there = self._nonzero(entries)
            if there >> sample & 1:
                found = self._found(entries, active & there, inactive & there, sample)
                if found is not None:
                    return found
            entries = (*entries, bias)
        return self._found(entries, active, inactive, sample)

    def _text_anew(self, name: Name) -> str:
        """Return a circuit as a proof lists it, in JSON."""
        entries, number = name
        bias = self._data.size - 1
        found: dict[str, Any] = {"features": [j for j in entries if j < bias]}
        found |= {} if bias in entries else {"bias": False}
        found["weights"] = self._rows.circuit_document(self._table(entries).circuits[number])
        return json.dumps(found)

    def whole_document(self, circuit: Mapping[int, flint.fmpq]) -> dict[str, Any]:
        """Return a linear dependence of whole rows as a proof lists it."""
        every = {"features": list(range(self._data.size - 1))}
        return every | {"weights": self._rows.circuit_document(circuit)}

    def _found(self, entries: Support, active: int, inactive: int, sample: int) -> Name | None:
        found = self._table(entries).excluding(active, inactive, sample)
        return None if found is None else (entries, found)

    def _nonzero_anew(self, entries: Support) -> int:
        """Return the samples that have an entry other than zero among some, as a bit set."""
        return sum(1 << i for i, row in enumerate(self._table(entries).rows) if any(row))

    def _table(self, entries: Support) -> CircuitTable:
        if entries not in self._tables:
            self._tables[entries] = CircuitTable([[row[j] for j in entries] for row in self._data.rows])
        return self._tables[entries]


class CircuitsOfNeurons:
    """The circuits of neurons that may use some entries each."""

    def __init__(self, circuits: KindCircuits, entries: Sequence[Support]) -> None:
        self._circuits, self._entries = circuits, entries

    def excluding(self, neuron: int, active: int, inactive: int, sample: int) -> Name | None:
        """Return a circuit that says why a neuron's bits are those of no cell, None without one."""
        return self._circuits.excluding(self._entries[neuron], active, inactive, sample)

    def text(self, name: Name) -> str:
        """Return a circuit as a proof lists it, in JSON."""
        return self._circuits.text(name)
