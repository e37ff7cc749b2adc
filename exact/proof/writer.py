"""Write what a search has proven into a file that `sparsest.check_proof` verifies (docs/proof-format.md).

The nodes of a search go to a temporary file as they come, so that memory never holds the tree.
"""

import gzip
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
from sparsest.exact.arithmetic.number_text import end_text, integer_of, integer_text, number_text
from sparsest.exact.arithmetic.rational_network import RationalNetwork, rational_witness
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.line.forced_knots import GapProof, Triple, triples_of
from sparsest.exact.line.stabbing import rational_function, stab
from sparsest.exact.packing.curved_sets import NOTHING, Packing
from sparsest.exact.proof.checker_rows import CheckerRows, point_of_each_sample
from sparsest.exact.proof.circuits import CircuitTable, NeuronCircuits
from sparsest.exact.proof.node_writer import Circuits, NodeWriter, alike
from sparsest.exact.proof.piece import with_circuits
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


@dataclass
class WrittenTree:
    """A finished tree: its head, and where its nodes lie in the temporary file."""

    neurons: int
    positive: int
    start: int
    stop: int


class ProofWriter(NodeWriter):
    """Collects a proof and writes it.

    Parameters
    ----------
    problem : Problem
        As the user gave it; the proof is about every row of it. Decimals are written in units in which they
        are integers.
    """

    version, objective = _VERSION, Objective.NEURONS

    def __init__(self, problem: Problem) -> None:
        self._asked, self.problem = problem, problem.in_integers
        self.data = ExactData(self.problem.distinct())
        points = point_of_each_sample(self.problem, self.data.problem)
        super().__init__(CheckerRows(self.data, points), flips=self.problem.affine is Affine.SKIP)
        self._table = CircuitTable(self.data.rows)
        self._file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed by __exit__
        self._start = self._stop = 0  # where the present tree begins there, and what is written ends
        self._trees: list[WrittenTree] = []
        self._triples: Sequence[Triple] = ()
        self._gaps: list[dict[str, Any]] = []
        self._packing: Packing = NOTHING
        self._witness: dict[str, Any] | None = None
        self.upper_bound: int | None = None
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
        number = self.points
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
        self._begin_tree(signs, alike(signs), NeuronCircuits(self._table, self._rows))

    def _begin_tree(self, signs: Sequence[int], alike: tuple[bool, ...], circuits: Circuits) -> None:
        self._begin(signs, alike, circuits)
        self._start, self._lines, self._step = self._stop, [], None

    def densest(self, step: Mapping[str, Any]) -> None:  # noqa: D102
        self._step = self._renumbered(step)

    def _renumbered(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """Return a step and those that follow, samples named as the checker numbers them."""
        if "branch" in step:
            following = {pattern: self._renumbered(one) for pattern, one in step["next"].items()}
            return {"branch": self.points[step["branch"]], "next": following}
        if "value" in step:
            return self._contradiction(step)
        boxes = [
            box | {"next": {pattern: self._renumbered(one) for pattern, one in box["next"].items()}}
            for box in step["boxes"]
        ]
        return {**step, "points": [self.points[sample] for sample in step["points"]], "boxes": boxes}

    def _contradiction(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """Return multipliers of the checker's rows instead of those of `data`, coprime."""
        named = [(sample, m) for sample, _, m in step["value"]]
        named += [(sample, m) for _, sample, m in step["cone"]]
        scaled = [
            Fraction(integer_of(m) * self.data.scales[sample], self._rows.scales[sample])
            for sample, m in named
        ]
        common = math.lcm(*(m.denominator for m in scaled))
        divisor = math.gcd(*(int(m * common) for m in scaled))
        texts = iter([integer_text(int(m * common) // divisor) for m in scaled])
        value = [[self.points[sample], pattern, next(texts)] for sample, pattern, _ in step["value"]]
        return {"value": value, "cone": [[k, self.points[i], next(texts)] for k, i, _ in step["cone"]]}

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

    def _add(self, line: str) -> None:
        self._lines.append(line)
        if len(self._lines) >= _LINES:
            self._flushed()

    def written(self, nodes: bytes, circuits: Sequence[str]) -> None:  # noqa: D102
        if self._complete and self._flushed():
            self._put(with_circuits(nodes, list(map(self._number_of, circuits))))

    def _flushed(self) -> bool:
        """Write what waits to the temporary file; whether that could be done."""
        lines, self._lines = self._lines, []
        self._put("".join(lines).encode())
        return self._complete

    def _put(self, nodes: bytes) -> None:
        try:
            self._stop += self._file.write(nodes)
        except OSError as error:  # a full disk must not end the search
            self._complete, self._failure = False, error

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
            first = len(self._circuits)  # behind those that trees refer to
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
        return [*map(json.loads, self._circuits), *map(self._packed_circuit, self._packed_circuits())]

    def _packed_circuit(self, circuit: dict[int, flint.fmpq]) -> Any:
        return self._rows.circuit_document(circuit)

    def _packed_circuits(self) -> list[dict[int, flint.fmpq]]:
        sets = self._packing.sets if self._packs() else ()
        return [{i: flint.fmpq(m) for i, m in zip(s.samples, s.weights, strict=True)} for s in sets]

    def _tree_pieces(self, tree: WrittenTree) -> Iterator[bytes]:
        head = self._tree_head(tree)
        yield json.dumps(head)[:-1].encode() + b', "nodes": [\n'
        self._file.seek(tree.start)
        yield self._file.read(tree.stop - tree.start).rstrip(b"\n").replace(b"\n", b",\n")
        yield b"\n]}"


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
