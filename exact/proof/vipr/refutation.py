"""From a proof's trees to assumptions on single bits and case distinctions, symmetry written out.

The loop assumes bits one at a time and asks what the proof says of networks with the bits assumed so far:
which bit it needs next, or a contradiction. From the contradiction it goes back to the last assumption made
there, as SAT solvers do (conflict-directed backjumping, Prosser 1993), and tries the opposite. Contradictions
are remembered, and met again wherever what they rest on is assumed.

What the proof takes without loss of generality becomes a substitution:

- Interchangeable neurons out of order are read in order: a *slot* is the place of neurons in the proof.
- With a skip, a neuron active on the root's point is read flipped: ``u' = -u``, ``h' = h - r . u``, bits
  exchanged, and the affine term of the proof is ``(a, c) + sum s_k u_k``. What is linear stays so.
- Two neurons alike on every point are one slot in the proof of one neuron fewer, where ``u' = u_1 + u_2``.
- Bits of no cell, which follow the signs of a circuit, have all its inputs equal to zero:
  ``sum w_p r_p . u = 0`` with no negative term. There the bit does not matter, and is read as active.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from sparsest.exact.proof.vipr.derivation import MAX_LINES, Derivation, Literal
from sparsest.exact.proof.vipr.model import Model, Number
from sparsest.exact.proof.vipr.read_proof import ProofDocument, whole


class Member(NamedTuple):
    """A neuron in a slot; flipped if the proof reads ``-u`` for its u."""

    neuron: int
    flipped: int


Slot = tuple[Member, ...]


class Undecided(NamedTuple):
    """A bit that the proof asks for."""

    neuron: int
    point: int


class Refutation:
    """Refutes all networks of K neurons with given output signs.

    Parameters
    ----------
    proof : ProofDocument
        Shows that more than K neurons are necessary.
    positive, width : int
        K neurons, the first `positive` of which have output sign 1.
    max_lines : int
        Lines of a file beyond which there is an `InputError`.
    """

    def __init__(self, proof: ProofDocument, positive: int, width: int, max_lines: int = MAX_LINES) -> None:
        self.proof = proof
        self.positive, self.width = positive, width
        self.model = Model(proof.points, _signs(positive, width))
        self.lines = Derivation(self.model, max_lines)
        self._trail: list[_Assumption] = []
        self._bits: dict[Undecided, int] = {}  # what the trail assumes
        self._assumed = 0  # the same as a set that lines know
        self._waiting: dict[int, list[int]] = defaultdict(list)  # contradictions, by an assumption they lack
        self._zeros: dict[Undecided, _Zero] = {}  # inactive by assumption, zero by a circuit, read as active

    def run(self) -> int:
        """Return the line ``0 >= 1`` that rests on no assumption.

        Raises
        ------
        InputError
            When the proof uses what a linear program cannot say, or needs too many lines.
        """
        slots: list[Slot] = [(Member(k, 0),) for k in range(self.width)]
        said: Undecided | int | None = None
        while True:
            if said is None:
                said = self._ask(slots, self.positive)
            if isinstance(said, Undecided):
                said = self._assume(_Assumption(Literal(*said, 1), None))
            elif said is not None:
                back = self._go_back(said)
                if isinstance(back, int):
                    return back
                said = self._assume(back)

    def _assume(self, assumption: "_Assumption") -> int | None:
        """Assume a bit; return a known contradiction if all that it rests on is now assumed."""
        neuron, point, value = assumption.literal
        self._trail.append(assumption)
        self._bits[Undecided(neuron, point)] = value
        bit = self.lines.bit(assumption.literal)
        self._assumed |= bit
        waiting = self._waiting.pop(bit, [])
        for n, line in enumerate(waiting):
            missing = self.lines.assumed(line) & ~self._assumed
            if not missing:
                self._waiting[bit] = waiting[n + 1 :]
                return line  # going back puts it in its place again
            self._waiting[missing & -missing].append(line)  # its lowest bit
        return None

    def _go_back(self, line: int) -> "_Assumption | int":
        """Take back assumptions up to one whose opposite is left to make; the contradiction if none is."""
        while self._trail:
            literal, first = self._trail.pop()
            del self._bits[Undecided(literal.neuron, literal.point)]
            bit = self.lines.bit(literal)
            self._assumed ^= bit
            if not self.lines.assumed(line) & bit:
                continue
            self._waiting[bit].append(line)
            opposite = Literal(literal.neuron, literal.point, 1 - literal.value)
            if first is None:
                self._zeros = {at: zero for at, zero in self._zeros.items() if zero.after <= len(self._trail)}
                return _Assumption(opposite, line)
            line = self.lines.distinguish(first, opposite, line, literal)
        return line

    def _ask(self, slots: list[Slot], positive: int) -> Undecided | int | None:
        """Return the bit that the proof asks for or its contradiction; None when inputs were found zero."""
        if len(slots) < self.proof.n_triples:
            return self._ask_triples(slots, positive)
        node, flips = self.proof.trees[len(slots), positive]
        tied = [a == b for a, b in itertools.pairwise(_signs(positive, len(slots)))]
        bits: dict[int, str] = {}
        while isinstance(node.what, int):
            point = node.what
            read = self._read(slots, point)
            if isinstance(read, Undecided):
                return read
            if flips and not bits:
                slots = [_flipped(slot) if bit else slot for slot, bit in zip(slots, read, strict=True)]
                read = [0] * len(slots)
            order = _active_first(read, tied)
            slots = [slots[k] for k in order]
            bits[point], node = node.child("".join(str(read[k]) for k in order))
            tied = [tie and a == b for tie, (a, b) in zip(tied, itertools.pairwise(bits[point]), strict=True)]
        return self._at_leaf(node.what, slots, positive, bits)

    def _at_leaf(
        self, leaf: Mapping[str, Any], slots: list[Slot], positive: int, bits: Mapping[int, str]
    ) -> Undecided | int | None:
        if "merge" in leaf:
            k = leaf["merge"]
            merged = [*slots[:k], slots[k] + slots[k + 1], *slots[k + 2 :]]
            return self._ask(merged, positive - (k < positive))
        if "circuit" in leaf:
            k, n = leaf["circuit"]
            self._find_zeros(slots[k], self.proof.circuits[n])
            return None
        return self._contradict(leaf, slots, positive, bits)

    def _read(self, slots: Sequence[Slot], point: int) -> list[int] | Undecided:
        """Return each slot's bit on a point, or the first that is not decided."""
        read = []
        for (neuron, flipped), *_ in slots:
            role = self._role(neuron, point)
            if role is None:
                return Undecided(neuron, point)
            read.append(role ^ flipped)
        return read

    def _role(self, neuron: int, point: int) -> int | None:
        at = Undecided(neuron, point)
        return 1 if at in self._zeros else self._bits.get(at)

    def _tight(self, neuron: int, point: int) -> int:
        """Return the line that bounds a neuron's output from above."""
        at = Undecided(neuron, point)
        zero = self._zeros.get(at)
        return self.lines.tight(Literal(*at, self._bits[at])) if zero is None else zero.tight

    def _cone(self, neuron: int, point: int) -> int:
        """Return the line that says on which side of zero a neuron's input is."""
        at = Undecided(neuron, point)
        zero = self._zeros.get(at)
        if zero is not None:
            return zero.cone
        return self.lines.cone(Literal(*at, self._bits[at]), self._tight(neuron, point))

    def _find_zeros(self, slot: Slot, circuit: Mapping[int, int]) -> None:
        """Derive that inactive neurons of a slot, whose bits follow a circuit, have input zero there."""
        for neuron, _ in slot:
            roles = {point: self._role(neuron, point) for point in circuit}
            turn = 1 if all((weight > 0) == roles[point] for point, weight in circuit.items()) else -1
            cones = {point: (self._cone(neuron, point), turn * weight) for point, weight in circuit.items()}
            found = {}
            for point in (point for point, role in roles.items() if role == 0):
                own = -cones[point][1]
                used = [(line, Fraction(w, own)) for p, (line, w) in cones.items() if p != point]
                cone = self.lines.combine("G", self.model.input(neuron, point), used)
                tight = [(self._tight(neuron, point), 1), (cone, -1)]
                line = self.lines.combine("L", self.model.output_minus_input(neuron, point), tight)
                found[Undecided(neuron, point)] = _Zero(len(self._trail), cone, line)
            self._zeros |= found

    def _contradict(
        self,
        leaf: Mapping[str, Any],
        slots: Sequence[Slot],
        positive: int,
        bits: Mapping[int, Sequence[str]],
    ) -> int:
        """Return the contradiction that a leaf's multipliers make."""
        used: dict[int, Number] = defaultdict(int)
        for point, given in leaf.get("value", ()):
            m = whole(given)
            used[self.model.row["low" if m > 0 else "high", point]] += m
            for slot, sign, bit in zip(slots, _signs(positive, len(slots)), bits[point], strict=True):
                for neuron, flipped in slot:
                    used[self._replacing(neuron, point, (bit == "1") ^ flipped, sign * m)] -= sign * m
        for k, point, given in leaf.get("cone", ()):
            for neuron, flipped in slots[k]:
                used[self._cone(neuron, point)] += -whole(given) if flipped else whole(given)
        for k, j, given in leaf.get("bound", ()):
            for neuron, flipped in slots[k]:  # one, because within a weight bound none are merged
                m = -whole(given) if flipped else whole(given)
                used[self.model.row["weight_low" if m > 0 else "weight_high", neuron, j]] += m
        return self.lines.contradict([(line, m) for line, m in sorted(used.items()) if m])

    def _replacing(self, neuron: int, point: int, role: int, coefficient: int) -> int:
        """Return the line that replaces a neuron's output by its input or zero where it has a coefficient."""
        if coefficient > 0:
            return self._tight(neuron, point)
        return self.model.row["above_input" if role else "nonnegative", neuron, point]

    def _ask_triples(self, slots: list[Slot], positive: int) -> Undecided | int | None:
        """Ask where there are fewer neurons of one sign than triples of points that each force a knot.

        A triple inside which no such neuron has its knot contradicts its intervals. A neuron that has its
        knot in two of them is active, inactive and active along the line, or the reverse: a circuit.
        """
        sign = 1 if positive < len(self.proof.triples[1]) else -1
        group = range(positive) if sign > 0 else range(positive, len(slots))
        knots: dict[int, tuple[int, ...]] = {}
        for a, b, c in self.proof.triples[sign]:
            inside = None
            for k in group:
                sides = [self._read([slots[k]], point) for point in (a, c)]
                for read in sides:
                    if isinstance(read, Undecided):
                        return read
                if sides[0] != sides[1]:
                    inside = k
                    break
            if inside is None:
                return self._contradict_triple((a, b, c), sign, slots, positive)
            if inside in knots:
                self._find_zeros(slots[inside], self._alternating(slots[inside], (*knots[inside], a, c)))
                return None
            knots[inside] = (a, c)
        raise ValueError("more neurons than forced knots: the proof was not checked")

    def _alternating(self, slot: Slot, along: Sequence[int]) -> dict[int, int]:
        """Return the circuit of three points in order along a line, of four on which bits alternate."""
        read = [self._role(slot[0].neuron, point) for point in along]
        third = along[2] if read[2] != read[1] else along[3]
        return dict(zip((*along[:2], third), self._chord(along[0], along[1], third), strict=True))

    def _contradict_triple(
        self, triple: tuple[int, int, int], sign: int, slots: list[Slot], positive: int
    ) -> Undecided | int:
        """Return the contradiction of a triple, where neurons of its sign are straight: a chord misses."""
        bits = []
        for k, slot in enumerate(slots):
            # neurons of the other sign only help: their chords are above them, whatever their bits outside
            point = triple[0] if (k < positive) == (sign > 0) else triple[1]
            read = self._read([slot], point)
            if isinstance(read, Undecided):
                return read
            bits.append(str(read[0]))
        value = [[p, sign * m] for p, m in zip(triple, self._chord(*triple), strict=True)]
        return self._contradict({"value": value}, slots, positive, dict.fromkeys(triple, bits))

    def _chord(self, a: int, b: int, c: int) -> list[int]:
        """Return integers, positive at the ends, by which rows of three points on a line add up to zero."""
        points = self.proof.points
        ends = zip(points.inputs[a], points.inputs[c], strict=True)
        axis = next(j for j, (start, end) in enumerate(ends) if start != end)
        x, y, z = (points.inputs[p][axis] for p in (a, b, c))
        shares = [abs(z - y), -abs(z - x), abs(y - x)]
        weights = [share / points.rows[p][-1] for share, p in zip(shares, (a, b, c), strict=True)]
        common = math.lcm(*(weight.denominator for weight in weights))
        return [int(weight * common) for weight in weights]


class _Assumption(NamedTuple):
    """A bit assumed; and if its opposite was refuted before, that contradiction."""

    literal: Literal
    refuted: int | None


class _Zero(NamedTuple):
    """An input that is zero after so many assumptions: lines of an active neuron there."""

    after: int
    cone: int
    tight: int


def _signs(positive: int, width: int) -> list[int]:
    return [1] * positive + [-1] * (width - positive)


def _flipped(slot: Slot) -> Slot:
    return tuple(Member(neuron, 1 - flipped) for neuron, flipped in slot)


def _active_first(read: Sequence[int], tied: Sequence[bool]) -> list[int]:
    """Return the order that puts active neurons first among neighbours that are tied."""
    runs = list(itertools.accumulate((not tie for tie in tied), initial=0))[: len(read)]
    return sorted(range(len(read)), key=lambda k: (runs[k], -read[k]))
