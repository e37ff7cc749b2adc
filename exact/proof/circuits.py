"""Why bits of one neuron are those of no cell: a linear dependence of samples with the signs of the bits.

Gordan (1873): signed rows ``s_i xh_i`` are all positive at some u unless a nonnegative combination of them,
not all zero, is zero. A basic such combination is a signed circuit of the data's oriented matroid, and there
are few of them compared with the nodes of a tree that need one.
"""

import functools
import json
from collections import defaultdict
from collections.abc import Sequence

import flint

from sparsest.exact.arithmetic.nonnegative_combination import nonnegative_combination
from sparsest.exact.arithmetic.rational_problem import fraction_to_rational
from sparsest.exact.proof.checker_rows import CheckerRows

# Answers remembered; a long search asks for millions.
_REMEMBERED = 200_000


class CircuitTable:
    """The signed circuits found so far, and the search for one that excludes given bits.

    Parameters
    ----------
    rows : sequence of N sequences of d + 1 integers
        Rows of ``[X, 1]``, each scaled by a positive number.
    """

    def __init__(self, rows: Sequence[Sequence[int]]) -> None:
        self.rows = rows
        self.circuits: list[dict[int, flint.fmpq]] = []
        self._sides: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self._known: dict[tuple[int, int], int | None] = {}

    def excluding(self, active: int, inactive: int, sample: int) -> int | None:
        """Return the number of a circuit that `sample` is in and that excludes a neuron's bits.

        Parameters
        ----------
        active, inactive : int
            Samples on which the neuron is active and inactive, as bit sets; `sample` is in one of them.
            Without `sample` the bits must be those of a cell.
        sample : int
            The sample decided last.

        Returns
        -------
        int or None
            Index into `circuits`; None when the bits are those of a cell.
        """
        key = (active, inactive)
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._stored(active, inactive, sample)
            self._known[key] = self._solved(active, inactive, sample) if found is None else found
        return self._known[key]

    def _stored(self, active: int, inactive: int, sample: int) -> int | None:
        for positive, negative, index in self._sides[sample]:
            if not (positive & ~active or negative & ~inactive):
                return index
            if not (positive & ~inactive or negative & ~active):
                return index
        return None

    def _solved(self, active: int, inactive: int, sample: int) -> int | None:
        others = [i for i in range(len(self.rows)) if i != sample and (active | inactive) >> i & 1]
        signs = [1 if active >> i & 1 else -1 for i in others]
        sign = 1 if active >> sample & 1 else -1
        columns = [[s * v for v in self.rows[i]] for i, s in zip(others, signs, strict=True)]
        weights = nonnegative_combination(columns, [-sign * v for v in self.rows[sample]])
        if weights is None:
            return None
        circuit = {
            i: s * fraction_to_rational(w) for i, s, w in zip(others, signs, weights, strict=True) if w != 0
        }
        circuit[sample] = flint.fmpq(sign)
        positive = sum(1 << i for i, w in circuit.items() if w > 0)
        negative = sum(1 << i for i, w in circuit.items() if w < 0)
        for i in circuit:
            self._sides[i].append((positive, negative, len(self.circuits)))
        self.circuits.append(circuit)
        return len(self.circuits) - 1


class NeuronCircuits:
    """Circuits of neurons that may use every input and a bias, named by their numbers in a table."""

    def __init__(self, table: CircuitTable, rows: CheckerRows) -> None:
        self._table, self._rows = table, rows
        self.text = functools.cache(self._text_anew)

    def excluding(self, neuron: int, active: int, inactive: int, sample: int) -> int | None:
        """Return the number of a circuit that says why bits are those of no cell, None without one."""
        return self._table.excluding(active, inactive, sample)

    def _text_anew(self, name: int) -> str:
        """Return the circuit as a proof lists it, in JSON."""
        return json.dumps(self._rows.circuit_document(self._table.circuits[name]))
