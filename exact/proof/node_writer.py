"""The nodes of one tree as lines of a proof (docs/proof-format.md), written as a search tells of them."""

import functools
import itertools
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sparsest.exact.arithmetic.farkas import Multipliers
from sparsest.exact.arithmetic.number_text import json_text
from sparsest.exact.proof.checker_rows import CheckerRows
from sparsest.exact.proof.log import Bits, ProofLog

# Answers about the few choices of bits that a tree's branches offer.
_REMEMBERED: Final = 1 << 14

Choices = tuple[tuple[int, ...], ...]


class Circuits(Protocol):
    """Knows why bits of a neuron are those of no cell."""

    def excluding(self, neuron: int, active: int, inactive: int, sample: int) -> Hashable | None:
        """Return a name of a circuit that says so, None without one; arguments as `CircuitTable` has them."""

    def text(self, name: Any) -> str:
        """Return the circuit as a proof lists it, in JSON."""


@dataclass
class _Branch:
    """An open branch: its sample, the neurons alike above it, and the bits of the child being visited.

    Bit sets hold the samples with bits above it, and of these those on which each neuron is active.
    """

    sample: int
    tied: tuple[bool, ...]
    decided: int
    active: Sequence[int]
    bits: Bits = ()


class NodeWriter(ProofLog):
    """Writes a line for each node that is told.

    Parameters
    ----------
    rows : CheckerRows
        How samples are numbered and scaled.
    flips : bool
        Whether the first sample's inactive neurons are replaced by active ones, as a skip allows.
    """

    writes = True

    def __init__(self, rows: CheckerRows, *, flips: bool) -> None:
        self._rows, self._flips = rows, flips
        self._text_of = functools.cache(lambda bits: "".join(map(str, bits)))
        self._lines: list[str] = []
        self._circuits: dict[str, int] = {}  # the number of each circuit that lines refer to, by its text
        self._number_by_name: dict[Hashable, int] = {}  # the same by its name
        self._complete = True  # no leaf was without a reason

    @property
    def points(self) -> tuple[int, ...]:  # noqa: D102 - as in the base class
        return self._rows.points

    def _begin(self, signs: Sequence[int], alike: tuple[bool, ...], circuits: Circuits) -> None:
        """Begin a tree: its output signs, which neighbours are interchangeable, and what excludes bits."""
        self._signs, self._alike, self._source = tuple(signs), alike, circuits
        self._open: list[_Branch] = []
        self._key = ""

    def _follow(self, sample: int, bits: Bits) -> None:
        """Go to a child of which nothing is written."""
        self._open.append(self._branch_at(sample))
        self.enter(bits)

    def _add(self, line: str) -> None:
        self._lines.append(line)

    def branch(self, sample: int, choices: Sequence[Sequence[int]], needed: int) -> None:  # noqa: D102
        if not self._complete:
            return
        self._write(str(self._rows.points[sample]))
        flips = not self._open and self._flips
        self._open.append(self._branch_at(sample))
        if not flips:
            self._write_excluded(choices, needed)

    def _branch_at(self, sample: int) -> _Branch:
        """Return a branch on a sample below the child being visited."""
        if not self._open:
            return _Branch(sample, self._alike, 0, [0] * len(self._signs))
        above = self._open[-1]
        there = 1 << above.sample
        active = [on | there if bit else on for on, bit in zip(above.active, above.bits, strict=True)]
        return _Branch(sample, _tied_below(above.tied, above.bits), above.decided | there, active)

    def enter(self, bits: Bits) -> None:  # noqa: D102
        if self._complete:
            self._open[-1].bits = bits
            self._key = self._text_of(bits)

    def leave(self) -> None:  # noqa: D102
        if self._complete:
            self._open.pop()

    def refuted(self, multipliers: Multipliers) -> None:  # noqa: D102
        if self._complete:
            self._write(self._leaf(multipliers))

    def merged(self, neuron: int) -> None:  # noqa: D102
        self._write(f'{{"merge":{neuron}}}')

    def unproven(self) -> None:  # noqa: D102
        self._complete = False

    def excluded(self, sample: int, sign: int) -> None:  # noqa: D102
        point = self._rows.points[sample]
        self._write(str(point))
        self._open.append(self._branch_at(sample))
        self._key = "*" * len(self._signs)
        self._write(f'{{"value":[[{point},{sign}]]}}')

    def _write(self, what: str) -> None:
        """Write a node; what it says comes as JSON, whose own writer takes several times as long."""
        if self._complete:
            self._add(f'[{len(self._open)},"{self._key}",{what}]\n')

    def _write_excluded(self, choices: Sequence[Sequence[int]], needed: int) -> None:
        """Write one leaf for all children of the last branch that the search leaves out for one reason."""
        left, here = tuple(map(tuple, choices)), self._open[-1]
        sample, tied = here.sample, here.tied
        for k, key in _keys_of_no_cell(left, tied):
            active = here.active[k]
            inactive = here.decided & ~active
            if key[k] == "1":
                active |= 1 << sample
            else:
                inactive |= 1 << sample
            self._write_circuit(key, k, self._circuit_excluding(k, active, inactive, sample))
        wrong = _key_of_wrong_sign(left, tied, self._signs, needed) if needed else None
        if wrong is not None:
            self._key = wrong
            point = self._rows.points[sample]
            cones = [f"[{k},{point},1]" for k, bit in enumerate(wrong) if bit == "1"]
            self._write(f'{{"value":[[{point},{needed}]],"cone":[{",".join(cones)}]}}')

    def _write_circuit(self, key: str, neuron: int, circuit: int | None) -> None:
        self._key = key
        if circuit is None:
            self.unproven()
        self._write(f'{{"circuit":[{neuron},{circuit}]}}')

    def _circuit_excluding(self, neuron: int, active: int, inactive: int, sample: int) -> int | None:
        """Return the number of a circuit that says why a neuron's bits are those of no cell."""
        name = self._source.excluding(neuron, active, inactive, sample)
        if name is None:
            return None
        if name not in self._number_by_name:
            self._number_by_name[name] = self._number_of(self._source.text(name))
        return self._number_by_name[name]

    def _number_of(self, circuit: str) -> int:
        """Return the number of a circuit, by its text."""
        return self._circuits.setdefault(circuit, len(self._circuits))

    def _leaf(self, multipliers: Multipliers) -> str:
        """Return a Farkas leaf as JSON: multipliers of the checker's integer rows, coprime."""
        factors, points = self._rows.factors, self._rows.points
        integers = [m * factors[row.sample] for row, m in multipliers]
        divisor = math.gcd(*integers)
        if divisor != 1:
            integers = [integer // divisor for integer in integers]
        values, cones, bounds = [], [], []
        for ((sample, neuron, _, coordinate), _), integer in zip(multipliers, integers, strict=True):
            text = json_text(integer)
            if sample < 0:
                bounds.append(f"[{neuron},{coordinate},{text}]")
            elif neuron < 0:
                values.append(f"[{points[sample]},{text}]")
            else:
                cones.append(f"[{neuron},{points[sample]},{text}]")
        lists = ("value", values), ("cone", cones), ("bound", bounds)
        fields = [f'"{kind}":[{",".join(rows)}]' for kind, rows in lists if rows]
        return f"{{{','.join(fields)}}}"


def alike(names: Sequence[Hashable]) -> tuple[bool, ...]:
    """Return which neighbours among some neurons are interchangeable: those with equal names."""
    return tuple(a == b for a, b in itertools.pairwise(names))


@functools.lru_cache(maxsize=_REMEMBERED)
def _tied_below(tied: tuple[bool, ...], bits: Bits) -> tuple[bool, ...]:
    """Return which neighbours are alike below a child: those alike above it that have equal bits."""
    pairs = zip(tied, itertools.pairwise(bits), strict=True)
    return tuple(tie and one == next_one for tie, (one, next_one) in pairs)


@functools.lru_cache(maxsize=_REMEMBERED)
def _keys_of_no_cell(choices: Choices, tied: tuple[bool, ...]) -> list[tuple[int, str]]:
    """Return the neurons that have one choice alone, and keys of all children with the other bit.

    Neurons before such a one have the bits that they may have, those after it any.
    """
    allowed, found = _allowed(choices), []
    for k, bits in enumerate(choices):
        if len(bits) == 1:
            key = "".join([*allowed[:k], "10"[bits[0]], *"*" * (len(choices) - k - 1)])
            if _covers_something(tied, key):
                found.append((k, key))
    return found


@functools.lru_cache(maxsize=_REMEMBERED)
def _key_of_wrong_sign(
    choices: Choices, tied: tuple[bool, ...], signs: tuple[int, ...], needed: int
) -> str | None:
    """Return the key of all children in which no neuron with the needed sign is active; None without any."""
    pairs = list(zip(signs, _allowed(choices), strict=True))
    if any(sign == needed and bit == "1" for sign, bit in pairs):
        return None
    key = "".join("0" if sign == needed else bit for sign, bit in pairs)
    return key if _covers_something(tied, key) else None


def _allowed(choices: Choices) -> list[str]:
    return [str(bits[0]) if len(bits) == 1 else "*" for bits in choices]


def _covers_something(tied: tuple[bool, ...], key: str) -> bool:
    """Whether some assignment with the bits of `key` keeps alike neurons in order, active ones first."""
    inactive = False
    for k, bit in enumerate(key):
        if k and not tied[k - 1]:
            inactive = False
        if bit == "0":
            inactive = True
        elif bit == "1" and inactive:
            return False
    return True
