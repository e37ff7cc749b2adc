"""A contradiction that floats prove, written down in whole numbers, and its exact multipliers.

What `sparsest.exact.arithmetic.certain_refutation` reads from a dual ray is a system of equations whose
solution is unique up to a factor, and what that makes of each row's multiplier. Many leaves of a tree have
the same system: it is solved once, in integers. A *record* is

- its own length up to the end of the system, and how many unknowns there are;
- how many samples have a multiplier of their value, and which: the first unknowns;
- for each equation of vectors the kind of its block, how many terms it has, and of each term the sample, the
  unknown, and a sign: ``sum sign * unknown * row = 0`` in the entries of the block;
- for each cone row with a multiplier the neuron, the sample, 1 if it is active there and else -1, and two
  pairs of an unknown and a factor: the multiplier is their sum.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Final

import flint

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.certain_refutation import (
    Combination,
    ExactSamples,
    IntArray,
    Unknowns,
)
from sparsest.exact.arithmetic.farkas import Multipliers
from sparsest.exact.arithmetic.rational_problem import ExactData, Row

# Numbers of a cone row, and of a term.
_CONE: Final = 7
_TERM: Final = 3
# Solutions remembered, some kilobytes each.
_REMEMBERED: Final = 20_000


def longest_record(depth: int, width: int) -> int:
    """Return how many numbers the record of a leaf with so many samples and neurons has at most."""
    return 3 + depth + (width + 1) * (2 + _TERM * depth) + _CONE * depth * width


def write_record(
    record: IntArray,
    data: ExactSamples,
    samples: IntArray,
    bits: FloatArray,
    combined: Combination,
    unknowns: Unknowns,
) -> int:
    """Write the record of a certain contradiction; return its length. Plain Python that numba compiles.

    Parameters
    ----------
    record : array of int
        Where to, `longest_record` at least.
    data, samples, bits, combined, unknowns
        As for `sparsest.exact.arithmetic.certain_refutation.is_certain`, which said yes.
    """
    depth, blocks = combined.total.shape
    at = 3
    for t in range(depth):
        if unknowns.of_value[t] >= 0:
            record[at] = samples[t]
            at += 1
    record[1], record[2] = unknowns.number, at - 3
    for b in range(blocks):
        if combined.like[b] != b:
            continue
        head, at = at, at + 2
        for t in range(depth):
            if unknowns.of_total[t, b] >= 0:
                record[at], record[at + 1] = samples[t], unknowns.of_total[t, b]
                record[at + 2] = unknowns.tie[t, b] if unknowns.tie[t, b] else 1
                at += _TERM
        record[head], record[head + 1] = data.kinds[b], (at - head - 2) // _TERM
    record[0] = at
    for t in range(depth):
        for k in range(bits.shape[1]):
            if combined.own[t, k] != 0.0:
                record[at], record[at + 1] = k, samples[t]
                record[at + 2] = 1 if bits[t, k] > 0.0 else -1
                write_multiplier(record[at + 3 : at + _CONE], data, combined, unknowns, t, k)
                at += _CONE
    return at


def write_multiplier(
    place: IntArray, data: ExactSamples, combined: Combination, unknowns: Unknowns, t: int, k: int
) -> None:
    """Write what a cone row's multiplier is: the total of its block less what the value has of that."""
    place[:] = 0
    if combined.in_value[t, k] != 0.0:
        place[2], place[3] = unknowns.of_value[t], -data.signs[k]
    first = combined.like[k]
    if first >= 0 and combined.total[t, k] != 0.0:
        tie = unknowns.tie[t, first]
        place[0], place[1] = unknowns.of_total[t, first], combined.turned[k] * (tie if tie else 1)


class ExactMultipliers:
    """Multipliers in whole numbers, and whether they have the signs and the sum that they must have.

    Parameters
    ----------
    data : ExactData
        The problem; systems solved are remembered there.
    """

    def __init__(self, data: ExactData) -> None:
        self._data = data

    def of_record(self, record: Sequence[int]) -> Multipliers | None:
        """Return the multipliers of a record; None if they are not what floats said."""
        end = record[0]
        solution = self._solution(tuple(record[1:end]))
        if solution is None:
            return None
        # the first unknowns are those of values
        samples = record[3 : 3 + record[2]]
        found = [(_row(sample, -1), m) for sample, m in zip(samples, solution, strict=False)]
        for at in range(end, len(record), _CONE):
            k, sample, side, i, factor, j, other = record[at : at + _CONE]
            multiplier = factor * solution[i]
            if other:
                multiplier += other * solution[j]
            if multiplier * side <= 0:
                return None
            found.append((_row(sample, k), multiplier))
        return found

    def _solution(self, system: tuple[int, ...]) -> list[int] | None:
        """Return coprime unknowns that solve a system and combine values to a contradiction, if any do."""
        known = self._data.solved
        if system not in known:
            if len(known) >= _REMEMBERED:
                known.clear()
            vector = self._null_vector(system)
            known[system] = None if vector is None else self._contradicting(system, vector)
        return known[system]

    def _null_vector(self, system: tuple[int, ...]) -> list[int] | None:
        """Return a coprime null vector, if it is unique up to a factor and its last entry is not zero."""
        count = system[0]
        entries = self._equations(system)
        if not entries:
            return [1] if count == 1 else None
        reduced, denominator, rank = flint.fmpz_mat(len(entries) // count, count, entries).rref()
        if rank != count - 1 or (rank and reduced[rank - 1, rank - 1] == 0):
            return None
        vector = [-int(reduced[i, rank]) for i in range(rank)]
        vector.append(int(denominator))
        divisor = math.gcd(*vector)
        return vector if divisor == 1 else [v // divisor for v in vector]

    def _equations(self, system: tuple[int, ...]) -> list[flint.fmpz | int]:
        """Return the coefficients of all unknowns in each equation, one equation after the other."""
        count, at, data = system[0], 2 + system[1], self._data
        found: list[flint.fmpz | int] = []
        while at < len(system):
            kind, end = system[at], at + 2 + _TERM * system[at + 1]
            with_sign = data.in_block(kind)
            # what each unknown has in all equations of the block
            columns: list[Sequence[flint.fmpz | int]] = [[0] * len(data.entries_of(kind))] * count
            for term in range(at + 2, end, _TERM):
                columns[system[term + 1]] = with_sign[system[term + 2]][system[term]]
            found += itertools.chain.from_iterable(zip(*columns, strict=True))
            at = end
        return found

    def _contradicting(self, system: tuple[int, ...], vector: list[int]) -> list[int] | None:
        """Return a vector or its opposite, whichever makes values times interval ends positive, if any."""
        ends = [self._data.whole_ends[sample] for sample in system[2 : 2 + system[1]]]
        if _total(vector, ends) > 0:
            return vector
        opposite = [-v for v in vector]
        return opposite if _total(opposite, ends) > 0 else None


def _total(vector: Sequence[int], ends: Sequence[tuple[int | None, int | None]]) -> int:
    """Return multipliers times the ends of intervals that they are for, 0 where one of these is open."""
    total = 0
    for v, (low, high) in zip(vector, ends, strict=False):
        end = low if v > 0 else high
        if end is None:
            return 0
        total += v * end
    return total


@functools.lru_cache(maxsize=_REMEMBERED)
def _row(sample: int, neuron: int) -> Row:
    """Return a row whose bits need not be said; few are asked for again and again."""
    return Row(sample, neuron, ())
