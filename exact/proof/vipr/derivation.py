"""Derivations of a VIPR file: linear combinations, assumptions on binaries, and case distinctions.

Every refutation is the line ``0 >= 1``, and a line is known by the assumptions it rests on. An assumption is
one line however often it is made and discharged, and so is what follows from it alone, the only place where
the big M occurs.
"""

import functools
import operator
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import flint

from sparsest.errors import InputError
from sparsest.exact.proof.vipr.model import Constraint, Model, Number, Terms

# Rows and derivations of a file beyond which an export is refused: some minutes, and a hundred megabytes.
MAX_LINES = 300_000

# Bits of an integer beyond which Python is slow to write it in decimals, and in the end refuses.
_MANY_BITS = 4096


def refuse_too_many_lines(count: int, max_lines: int = MAX_LINES) -> None:
    """Raise `InputError` when a file would have too many lines."""
    if count > max_lines:
        raise InputError(
            f"the proof takes more than {max_lines} lines a file in VIPR, where symmetry is written out and "
            "every sample once for each neuron: export a proof of fewer neurons or samples"
        )


class Literal(NamedTuple):
    """The assumption that a neuron is active (1: ``z >= 1``) or inactive (0: ``z <= 0``) on a point."""

    neuron: int
    point: int
    value: int


class _Derived(NamedTuple):
    name: str
    constraint: Constraint
    reason: str  # asm, lin or uns
    used: tuple[tuple[int, Number], ...]  # lines with their multipliers; for uns in order, without


class Derivation:
    """Lines derived from a model's rows, numbered after them.

    Parameters
    ----------
    model : Model
        The rows.
    max_lines : int
        Rows and derivations beyond which there is an `InputError`.
    """

    def __init__(self, model: Model, max_lines: int = MAX_LINES) -> None:
        self.model, self._max_lines = model, max_lines
        self._lines: list[_Derived] = []
        self._assumed: list[int] = []
        self._known: dict[tuple[object, ...], int] = {}

    def bit(self, literal: Literal) -> int:
        """Return the number, a power of two, by which a set of assumptions holds one as a bit."""
        return 1 << 2 * (literal.neuron * len(self.model.points.rows) + literal.point) + literal.value

    def assumed(self, line: int) -> int:
        """Return the set of assumptions that a line rests on."""
        derived = line - len(self.model.rows)
        return self._assumed[derived] if derived >= 0 else 0

    def assume(self, literal: Literal) -> int:
        """Return the line of an assumption."""
        sense = "G" if literal.value else "L"
        terms = self.model.binary(literal.neuron, literal.point)
        return self._add("asm", sense, literal.value, terms, (), self.bit(literal), ("asm", *literal))

    def combine(self, sense: str, terms: Terms, used: Sequence[tuple[int, Number]]) -> int:
        """Return the line ``terms >= 0`` or ``<= 0`` that a combination of lines gives."""
        return self._linear(sense, 0, terms, used)

    def contradict(self, used: Sequence[tuple[int, Number]]) -> int:
        """Return the line ``0 >= 1`` from a combination of lines that gives ``0 >= positive``."""
        return self._linear("G", 1, (), used)

    def distinguish(self, first: int, literal: Literal, second: int, opposite: Literal) -> int:
        """Return the line ``0 >= 1`` from two that rest on a literal and on its opposite."""
        used = tuple((line, 0) for line in (first, self.assume(literal), second, self.assume(opposite)))
        rest = self.assumed(first) & ~self.bit(literal) | self.assumed(second) & ~self.bit(opposite)
        return self._add("uns", "G", 1, (), used, rest, ("uns", used))

    def tight(self, literal: Literal) -> int:
        """Return the line that a neuron's output is its input (active) or 0 (inactive), at most."""
        k, p, value = literal
        row = self.model.row["active" if value else "inactive", k, p]
        terms = self.model.output_minus_input(k, p) if value else self.model.output(k, p)
        used = [(row, 1), (self.assume(literal), -self.model.big if value else self.model.big)]
        return self.combine("L", terms, used)

    def cone(self, literal: Literal, tight: int) -> int:
        """Return the line that a neuron's input is at least 0 (active) or at most 0 (inactive)."""
        k, p, value = literal
        if value:
            used = [(self.model.row["nonnegative", k, p], 1), (tight, -1)]
            return self.combine("G", self.model.input(k, p), used)
        used = [(self.model.row["above_input", k, p], -1), (tight, 1)]
        return self.combine("L", self.model.input(k, p), used)

    def _linear(self, sense: str, right: Number, terms: Terms, used: Sequence[tuple[int, Number]]) -> int:
        rest = functools.reduce(operator.or_, (self.assumed(line) for line, _ in used), 0)
        key = ("lin", terms, tuple(used))
        return self._add("lin", sense, right, terms, tuple(used), rest, key)

    def _add(
        self,
        reason: str,
        sense: str,
        right: Number,
        terms: Terms,
        used: tuple[tuple[int, Number], ...],
        rest: int,
        key: tuple[object, ...],
    ) -> int:
        known = self._known.get(key)
        if known is not None:
            return known
        number = len(self.model.rows) + len(self._lines)
        refuse_too_many_lines(number, self._max_lines)
        name = f"{reason}{len(self._lines)}"
        self._lines.append(_Derived(name, Constraint(name, sense, right, terms), reason, used))
        self._assumed.append(rest)
        self._known[key] = number
        return number

    def text(self, last: int, comments: Sequence[str]) -> Iterator[str]:
        """Yield the file whose last line is `last`, without the lines that it does not rest on."""
        model = self.model
        yield from (f"% {comment}" for comment in comments)
        yield "VER 1.0"
        yield f"VAR {len(model.variables)}"
        yield " ".join(model.variables)
        yield f"INT {len(model.integers)}"
        yield " ".join(map(str, model.integers))
        yield "OBJ min"
        yield "0"
        yield f"CON {len(model.rows)} {model.n_bounds}"
        yield from map(_constraint_text, model.rows)
        yield "RTP infeas"
        yield "SOL 0"
        yield from self._derivation_text(last)

    def _derivation_text(self, last: int) -> Iterator[str]:
        start = len(self.model.rows)
        needed = self._needed(last)
        numbers: dict[int, int] = {}
        last_use: dict[int, int] = {}
        for line in needed:
            numbers[line] = start + len(numbers)
            last_use.update((used, numbers[line]) for used, _ in self._lines[line - start].used)
        yield f"DER {len(needed)}"
        for line in needed:
            derived = self._lines[line - start]
            pairs = [(numbers.get(used, used), multiplier) for used, multiplier in derived.used]
            if derived.reason == "asm":
                reason = "asm"
            elif derived.reason == "uns":
                reason = "uns " + " ".join(str(used) for used, _ in pairs)
            else:
                reason = f"lin {_pairs_text(pairs)}"
            yield f"{_constraint_text(derived.constraint)} {{ {reason} }} {last_use.get(line, -1)}"

    def _needed(self, last: int) -> list[int]:
        start, needed, waiting = len(self.model.rows), {last}, [last]
        while waiting:
            for used, _ in self._lines[waiting.pop() - start].used:
                if used >= start and used not in needed:
                    needed.add(used)
                    waiting.append(used)
        return sorted(needed)


def _constraint_text(constraint: Constraint) -> str:
    name, sense, right, terms = constraint
    return f"{name} {sense} {_number_text(right)} {_pairs_text(terms)}"


def _pairs_text(pairs: Sequence[tuple[int, Number]]) -> str:
    return " ".join([str(len(pairs)), *(f"{index} {_number_text(value)}" for index, value in pairs)])


def _number_text(value: Number) -> str:
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{_integer_text(value.numerator)}/{_integer_text(value.denominator)}"
    return _integer_text(int(value))


def _integer_text(value: int) -> str:
    return str(value) if value.bit_length() <= _MANY_BITS else str(flint.fmpz(value))
