"""Write what a search has proven into a file that `sparsest.check_proof` verifies (docs/proof-format.md).

The nodes of a search go to a temporary file as they come, so that memory never holds the tree.
"""

import functools
import gzip
import itertools
import json
import math
import operator
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import flint

from sparsest.affine import Affine
from sparsest.check import ProofError, check_proof
from sparsest.exact.arithmetic.farkas import Multipliers
from sparsest.exact.arithmetic.number_text import end_text, integer_of, integer_text, json_text, number_text
from sparsest.exact.arithmetic.rational_network import RationalNetwork, rational_witness
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.line.forced_knots import GapProof, Triple, triples_of
from sparsest.exact.line.stabbing import rational_function, stab
from sparsest.exact.packing.curved_sets import NOTHING, Packing
from sparsest.exact.proof.circuits import CircuitTable
from sparsest.exact.proof.log import Bits, ProofLog
from sparsest.exact.proof.witness import network_document, polyline_document
from sparsest.exact.sorted_samples import sorted_samples
from sparsest.files import write_atomically
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.solving import ExactResult
from sparsest.units import in_integer_units

_FORMAT, _VERSION = "sparsest/proof", 1
# Nodes, of some hundred bytes, that are written to the temporary file at once.
_LINES: Final = 10_000
# Answers about the few choices of bits that a tree's branches offer.
_REMEMBERED: Final = 1 << 14

Choices = tuple[tuple[int, ...], ...]


@dataclass
class WrittenTree:
    """A finished tree: its head, and where its nodes lie in the temporary file."""

    neurons: int
    positive: int
    start: int
    stop: int


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


class ProofWriter(ProofLog):
    """Collects a proof and writes it.

    Parameters
    ----------
    problem : Problem
        As the user gave it; the proof is about every row of it. Decimals are written in units in which they
        are integers.
    """

    writes = True
    version, objective = _VERSION, Objective.NEURONS

    def __init__(self, problem: Problem) -> None:
        self._asked, self.problem = problem, problem.in_integers
        self.data = ExactData(self.problem.distinct())
        self._points = point_of_each_sample(self.problem, self.data.problem)
        self._scales = [_checker_scale(self.data, i) for i in range(self.data.problem.n_samples)]
        # what multipliers of rows of `data` are times for those of the checker's; the last, of no sample
        ratios = [own // given for own, given in zip(self._scales, self.data.scales, strict=True)]
        common = math.lcm(*ratios)
        self._factors = [*(common // ratio for ratio in ratios), common]
        self._text_of = functools.cache(lambda bits: "".join(map(str, bits)))
        self._circuits = CircuitTable(self.data.rows)
        self._file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed by __exit__
        self._lines: list[str] = []  # nodes to be written to it
        self._start = self._stop = 0  # where the present tree begins there, and what is written ends
        self._trees: list[WrittenTree] = []
        self._triples: Sequence[Triple] = ()
        self._gaps: list[dict[str, Any]] = []
        self._packing: Packing = NOTHING
        self._witness: dict[str, Any] | None = None
        self.upper_bound: int | None = None
        self._complete = True  # every tree ended so far has a reason for each leaf
        self._open: list[_Branch] = []
        self._classes: list[dict[str, Any]] = []
        self._step: dict[str, Any] | None = None
        self._failure: OSError | None = None

    def __exit__(self, *error: object) -> None:
        self._file.close()

    @property
    def lower_bound(self) -> int:
        """The lower bound that the proof shows so far."""
        bound, refuted = self._first_bound, {(tree.neurons, tree.positive) for tree in self._trees}
        refuted |= {(part["neurons"], part["positive"]) for part in self._classes}
        while any(part["neurons"] == bound for part in self._gaps) or all(
            (bound, positive) in refuted for positive in range(bound + 1)
        ):
            bound += 1
        return bound

    def knots(self, triples: Sequence[Triple]) -> None:  # noqa: D102 - as in the base class
        self._triples = self._numbered(triples)

    def _numbered(self, triples: Sequence[Triple]) -> list[Triple]:
        number = self._points
        return [(number[a], number[b], number[c], sign) for a, b, c, sign in triples]

    def gaps(self, proof: GapProof) -> bool:  # noqa: D102
        before, after = (
            [list(triple) for triple in self._numbered(triples)] for triples in (proof.before, proof.after)
        )
        part = {"kind": "gaps", "neurons": proof.neurons, "sample": proof.sample}
        part |= {"before": before, "after": after}
        if self.lower_bound == proof.neurons and self._withstands(part):
            self._gaps.append(part)
        return self.lower_bound > proof.neurons

    def _withstands(self, part: dict[str, Any]) -> bool:
        """Whether the checker accepts a part over gaps: it repeats the work, which may be too much for it."""
        parts = [*self._first_parts(), *self._gaps, part]
        head = self._head(part["neurons"] + 1) | {"upper_bound": None, "witness": None}
        try:
            check_proof(head | {"parts": parts})
        except ProofError:
            return False
        return True

    def packing(self, packing: Packing) -> None:  # noqa: D102
        self._packing = packing

    @property
    def _first_bound(self) -> int:
        """What is proven without a tree."""
        return max(len(self._triples), self._packing.bound)

    def witness(self, network: RationalNetwork) -> None:  # noqa: D102
        self._witness, self.upper_bound = network_document(network), len(network.signs)

    def _stabbing(self) -> None:
        """Take the function of one feature with the fewest knots, and the knots that intervals force."""
        distinct = self.data.problem
        stabbing = stab(sorted_samples(distinct.X[:, 0], distinct.low, distinct.high))
        self.knots(triples_of(stabbing))
        function = rational_function(stabbing)
        start = min([Fraction(float(distinct.X[0, 0])), *function.knots]) - 1
        points, slope = [(start, function.slope * start + function.intercept)], function.slope
        for knot, change in zip(function.knots, function.changes, strict=True):
            points.append((knot, points[-1][1] + slope * (knot - points[-1][0])))
            slope += change
        points.append((points[-1][0] + 1, points[-1][1] + slope))
        self._witness, self.upper_bound = polyline_document(points), len(function.knots)

    def begin(self, signs: Sequence[int]) -> None:  # noqa: D102
        self._signs = tuple(signs)
        self._alike = tuple(a == b for a, b in itertools.pairwise(signs))
        self._start, self._lines = self._stop, []
        self._open, self._step = [], None
        self._key = ""

    def branch(self, sample: int, choices: Sequence[Sequence[int]], needed: int) -> None:  # noqa: D102
        if not self._complete:
            return
        self._write(str(self._points[sample]))
        flips = not self._open and self.problem.affine is Affine.SKIP
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
        self._write(str(self._points[sample]))
        self._open.append(self._branch_at(sample))
        self._key = "*" * len(self._signs)
        self._write(f'{{"value":[[{self._points[sample]},{sign}]]}}')

    def densest(self, step: Mapping[str, Any]) -> None:  # noqa: D102
        self._step = self._renumbered(step)

    def _renumbered(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """Return a step and those that follow, samples named as the checker numbers them."""
        if "branch" in step:
            following = {pattern: self._renumbered(one) for pattern, one in step["next"].items()}
            return {"branch": self._points[step["branch"]], "next": following}
        if "value" in step:
            return self._contradiction(step)
        boxes = [
            box | {"next": {pattern: self._renumbered(one) for pattern, one in box["next"].items()}}
            for box in step["boxes"]
        ]
        return {**step, "points": [self._points[sample] for sample in step["points"]], "boxes": boxes}

    def _contradiction(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """Return multipliers of the checker's rows instead of those of `data`, coprime."""
        named = [(sample, m) for sample, _, m in step["value"]]
        named += [(sample, m) for _, sample, m in step["cone"]]
        scaled = [
            Fraction(integer_of(m) * self.data.scales[sample], self._scales[sample]) for sample, m in named
        ]
        common = math.lcm(*(m.denominator for m in scaled))
        divisor = math.gcd(*(int(m * common) for m in scaled))
        texts = iter([integer_text(int(m * common) // divisor) for m in scaled])
        value = [[self._points[sample], pattern, next(texts)] for sample, pattern, _ in step["value"]]
        return {"value": value, "cone": [[k, self._points[i], next(texts)] for k, i, _ in step["cone"]]}

    def end(self) -> None:  # noqa: D102
        positive = sum(sign > 0 for sign in self._signs)
        if self._step is not None:
            part = {"kind": "densest", "neurons": len(self._signs), "positive": positive, "step": self._step}
            self._classes.append(part)
        elif self._complete and self._flushed():
            self._trees.append(WrittenTree(len(self._signs), positive, self._start, self._stop))
        else:
            self.abandon()

    def abandon(self) -> None:  # noqa: D102
        self._lines = []
        if self._stop > self._start:
            self._stop = self._file.seek(self._start)
            self._file.truncate()

    def _write(self, what: str) -> None:
        """Write a node; what it says comes as JSON, whose own writer takes several times as long."""
        if self._complete:
            self._lines.append(f'[{len(self._open)},"{self._key}",{what}]\n')
            if len(self._lines) >= _LINES:
                self._flushed()

    def _flushed(self) -> bool:
        """Write what waits to the temporary file; whether that could be done."""
        try:
            self._stop += self._file.write("".join(self._lines).encode())
        except OSError as error:  # a full disk must not end the search
            self._complete, self._failure = False, error
        self._lines = []
        return self._complete

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
            point = self._points[sample]
            cones = [f"[{k},{point},1]" for k, bit in enumerate(wrong) if bit == "1"]
            self._write(f'{{"value":[[{point},{needed}]],"cone":[{",".join(cones)}]}}')

    def _write_circuit(self, key: str, neuron: int, circuit: int | None) -> None:
        self._key = key
        if circuit is None:
            self.unproven()
        self._write(f'{{"circuit":[{neuron},{circuit}]}}')

    def _circuit_excluding(self, neuron: int, active: int, inactive: int, sample: int) -> int | None:
        """Return the number of a circuit that says why a neuron's bits are those of no cell."""
        return self._circuits.excluding(active, inactive, sample)

    def _leaf(self, multipliers: Multipliers) -> str:
        """Return a Farkas leaf as JSON: multipliers of the checker's integer rows, coprime."""
        factors, points = self._factors, self._points
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

    def write(self, path: Path, method: str, result: ExactResult) -> str:
        """Write the proof of a result, atomically, compressed if the name ends in ``.gz``.

        Returns
        -------
        str
            What it shows less than the result claims, in one sentence; usually empty.

        Raises
        ------
        OSError
            When it cannot be written, or could not be collected.
        """
        if self._failure is not None:
            raise self._failure
        if method == "univariate" and self.problem.affine is Affine.SKIP:
            self._stabbing()
        if self.upper_bound is None and result.network is not None:
            network = in_integer_units(self._asked, result.network)
            rational = rational_witness(self.data, network)
            if rational is not None:
                self.witness(rational)
        content = b"".join(self._pieces())
        compressed = path.name.lower().endswith(".gz")
        write_atomically(path, gzip.compress(content, mtime=0) if compressed else content)
        if (self.lower_bound, self.upper_bound) == (result.lower_bound, result.upper_bound):
            return ""
        upper = "no network" if self.upper_bound is None else f"a network of {self.upper_bound}"
        return f"the proof file shows less: at least {self.lower_bound} {self.objective}, and {upper}"

    def _pieces(self) -> Iterator[bytes]:
        lower = self.lower_bound
        head = self._head(lower)
        yield json.dumps(head)[:-1].encode() + b', "parts": ['
        comma = b"\n"
        for part in (*self._first_parts(), *self._gaps):
            yield comma + json.dumps(part).encode()
            comma = b",\n"
        for refuted in self._refutations_that_count(lower):
            yield comma
            if isinstance(refuted, WrittenTree):
                yield from self._tree_pieces(refuted)
            else:
                yield json.dumps(refuted).encode()
            comma = b",\n"
        yield b"\n]}\n"

    def _head(self, lower: int) -> dict[str, Any]:
        """Return all fields but the parts."""
        return {
            "format": _FORMAT,
            "version": self.version,
            "objective": str(self.objective),
            "problem": _problem_document(self.problem) | _units(self._asked),
            "lower_bound": lower,
            "upper_bound": self.upper_bound,
            "witness": self._witness,
            "circuits": self._circuit_documents(),
        }

    def _packs(self) -> bool:
        return self._packing.bound > len(self._triples)

    def _first_parts(self) -> list[dict[str, Any]]:
        """Return the part that proves the most without a tree, if any does."""
        if self._packs():
            first = self._n_tree_circuits
            sets = [[first + n, weight] for n, weight in enumerate(self._packing.weights)]
            return [{"kind": "packing", "sets": sets}]
        triples = [list(triple) for triple in self._triples]
        return [{"kind": "curvature", "triples": triples}] if triples else []

    def _refutations_that_count(self, lower: int) -> Sequence[WrittenTree | dict[str, Any]]:
        """Return the trees and densest classes that the lower bound rests on."""
        found: list[tuple[int, WrittenTree | dict[str, Any]]] = [
            *((part["neurons"], part) for part in self._classes),
            *((tree.neurons, tree) for tree in self._trees),
        ]
        in_order = sorted(found, key=operator.itemgetter(0))
        return [part for neurons, part in in_order if self._first_bound <= neurons < lower]

    def _tree_head(self, tree: WrittenTree) -> dict[str, Any]:
        return {
            "kind": "tree",
            "neurons": tree.neurons,
            "positive": tree.positive,
            "skip": self.problem.affine is Affine.SKIP,
        }

    def _circuit_documents(self) -> list[Any]:
        """Return the circuits that trees refer to, then those of the packing's sets."""
        circuits = *self._circuits.circuits, *self._packed_circuits()
        return [self._circuit_document(circuit) for circuit in circuits]

    @property
    def _n_tree_circuits(self) -> int:
        """How many circuits trees refer to."""
        return len(self._circuits.circuits)

    def _packed_circuits(self) -> list[dict[int, flint.fmpq]]:
        sets = self._packing.sets if self._packs() else ()
        return [{i: flint.fmpq(m) for i, m in zip(s.samples, s.weights, strict=True)} for s in sets]

    def _tree_pieces(self, tree: WrittenTree) -> Iterator[bytes]:
        head = self._tree_head(tree)
        yield json.dumps(head)[:-1].encode() + b', "nodes": [\n'
        self._file.seek(tree.start)
        yield self._file.read(tree.stop - tree.start).rstrip(b"\n").replace(b"\n", b",\n")
        yield b"\n]}"

    def _circuit_document(self, circuit: dict[int, flint.fmpq]) -> list[list[int | str]]:
        scaled = {
            i: Fraction(int(m.p) * self.data.scales[i], int(m.q) * self._scales[i])
            for i, m in circuit.items()
        }
        common = math.lcm(*(m.denominator for m in scaled.values()))
        divisor = math.gcd(*(int(m * common) for m in scaled.values()))
        return [[self._points[i], integer_text(int(m * common) // divisor)] for i, m in scaled.items()]


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


def point_of_each_sample(problem: Problem, distinct: Problem) -> list[int]:
    """Return the checker's number of each distinct sample: inputs are numbered as they appear."""
    number: dict[bytes, int] = {}
    for row in problem.X:
        number.setdefault(row.tobytes(), len(number))
    return [number[row.tobytes()] for row in distinct.X]


def _checker_scale(data: ExactData, sample: int) -> int:
    ends = [Fraction(int(end.p), int(end.q)) for end in data.interval(sample) if end is not None]
    return math.lcm(data.scales[sample], *(end.denominator for end in ends))


def _units(problem: Problem) -> dict[str, Any]:
    """Say which powers of ten a proof's numbers are the user's times: of each feature, then of the labels."""
    return {"places": list(problem.places)} if any(problem.places) else {}


def document_without_parts(problem: Problem) -> dict[str, Any]:
    """Return the document of a proof that nothing is necessary."""
    with ProofWriter(problem) as writer:
        return writer._head(0) | {"parts": []}


def _problem_document(problem: Problem) -> dict[str, Any]:
    return {
        "X": [[number_text(v) for v in row] for row in problem.X.tolist()],
        "low": [end_text(v) for v in problem.low.tolist()],
        "high": [end_text(v) for v in problem.high.tolist()],
        "skip": problem.affine is Affine.SKIP,
        "weight_bound": None if problem.weight_bound is None else number_text(problem.weight_bound),
        **({"constant": True} if problem.affine is Affine.CONSTANT else {}),
    }
