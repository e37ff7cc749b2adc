"""Keep a search for the fewest weights or parameters in a file while it runs, and continue it from there.

The file is that of a search of the activation tree (`sparsest.exact.tree.checkpoint_file`) with another
state. What was refuted is a claim that the file makes; only the network in it is verified again.
"""

import dataclasses
import itertools
import math
from pathlib import Path
from typing import Any, Final

from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import RationalNetwork, meets_every_interval
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.piece import (
    Prefix,
    Shape,
    prefix_document,
    prefix_of,
    refuse_inconsistent,
    refuse_outside,
)
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.supports.findings import EntryFindings, entries_of
from sparsest.exact.supports.kinds import Kind, Kinds, neurons
from sparsest.exact.supports.relaxation import Gain
from sparsest.exact.supports.state import RefutedTree, Trees, report
from sparsest.exact.tree.checkpoint_file import (
    MAX_COUNT,
    network_of,
    pieces_document,
    pieces_of,
    read_document,
    refuse_other,
    seconds_of,
    witness_document,
    witness_of,
    write_document,
)
from sparsest.exact.tree.saving import FileSaving
from sparsest.exact.tree.state import Counters, Frontier
from sparsest.io.documents import encode
from sparsest.io.strict_json import whole
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

# No search comes to budgets beyond this.
_MAX_ENTRIES: Final = 10_000


@dataclasses.dataclass(frozen=True)
class Stored:
    """The state of a search.

    Attributes
    ----------
    budget : int
        No network that fits has fewer weights or parameters, says the search.
    refuted : tuple of Kinds
        What need not be searched again.
    under_way : dict
        What is left of each tree that was explored in parts, and what was recorded of it.
    finished : tuple of RefutedTree or None
        What a proof needs of trees that were refuted, if one was asked for and it was not too much.
    gain : Gain
        What tops have brought.
    nodes, unverified : int
        Counted so far, in all runs.
    seconds : float
        Wall time so far, in all runs.
    witness : RationalNetwork or None
        The network of the upper bound.
    near_miss : Network or None
        One that fits up to rounding.
    """

    budget: int
    refuted: tuple[Kinds, ...]
    under_way: dict[Kinds, Frontier]
    finished: tuple[RefutedTree, ...] | None
    gain: Gain
    nodes: int
    unverified: int
    seconds: float
    witness: RationalNetwork | None
    near_miss: Network | None


def read_stored(path: Path, problem: Problem, objective: Objective) -> Stored:
    """Read the state of a search on `problem`, whose inputs are distinct.

    Raises
    ------
    InputError
        When the file is missing, damaged, of another version, or of another search.
    """
    return read_document(path, lambda document: _stored(document, problem, objective))


class KindSaving(FileSaving):
    """Writes what is known and done to a file now and then.

    Parameters
    ----------
    path : Path
        The file.
    options : SearchOptions
        The clock, and how often to write.
    problem : Problem
        As it was asked about, inputs distinct.
    findings : EntryFindings
        What is known.
    trees : Trees
        What is done, and what of it is kept for a proof.
    counters, gain : Counters, Gain
        How much.
    """

    def __init__(
        self,
        path: Path,
        options: SearchOptions,
        problem: Problem,
        findings: EntryFindings,
        trees: Trees,
        counters: Counters,
        gain: Gain,
    ) -> None:
        super().__init__(path, options)
        self._problem, self._findings, self._trees = problem, findings, trees
        self._counters, self._gain = counters, gain

    def restore(self, stored: Stored, log: ProofLog) -> None:
        """Bring a search that has not begun to the state in the file.

        Raises
        ------
        InputError
            When the network in the file does not fit, contradicts the lower bound, or a proof is asked for
            and the file lacks what it needs.
        """
        findings, trees = self._findings, self._trees
        first, witness = findings.lower, stored.witness
        upper = None if witness is None else entries_of(witness, findings.objective)
        if stored.budget < first or (upper is not None and upper < stored.budget):
            raise self._contradicts()
        if witness is not None:
            if not meets_every_interval(ExactData(self._problem), witness):
                raise self._misfits()
            findings.take(witness)
        if trees.keeps:
            self._replay(stored, first, log)
        findings.lower = stored.budget
        for kinds in stored.refuted:
            trees.refuted.add(kinds)
        trees.under_way = stored.under_way
        self._gain.add(stored.gain)
        self._go_on_from(stored, findings, self._counters)

    def _replay(self, stored: Stored, first: int, log: ProofLog) -> None:
        """Report what the file says of the trees refuted before."""
        if stored.finished is None:
            raise self._lacks_events()
        budget = first
        for tree in stored.finished:
            for passed in range(budget, tree.budget):
                log.budget_refuted(passed)
            budget = max(budget, tree.budget)
            report(tree, log)
        for passed in range(budget, stored.budget):
            log.budget_refuted(passed)
        self._trees.finished = list(stored.finished)

    def _write(self) -> None:
        write_document(self._path, self._document())

    def _document(self) -> dict[str, Any]:
        findings, trees, counters, recorded = self._findings, self._trees, self._counters, self._recorded()
        return {
            "objective": str(findings.objective),
            "problem": self._problem.digest,
            "budget": findings.lower,
            "refuted": [_kinds_document(kinds) for kinds in trees.refuted],
            "under_way": [
                [
                    _kinds_document(kinds),
                    [prefix_document(prefix) for prefix in frontier.left],
                    pieces_document(frontier.pieces if recorded else {}),
                ]
                for kinds, frontier in trees.under_way.items()
            ],
            "finished": [
                [_kinds_document(tree.kinds), tree.budget, pieces_document(tree.pieces)]
                for tree in trees.finished
            ]
            if recorded
            else None,
            "gain": [self._gain.expected, self._gain.vain, self._gain.saved],
            "nodes": counters.nodes,
            "unverified": findings.unverified,
            "seconds": counters.seconds_before + self._deadline.seconds,
            "witness": None if findings.witness is None else witness_document(findings.witness),
            "near_miss": None if findings.near_miss is None else encode(findings.near_miss),
        }

    def _recorded(self) -> bool:
        """Whether what a proof needs is written: if one is asked for, and that is not too much."""
        trees = self._trees
        logs = [tree.pieces for tree in trees.finished]
        logs += [frontier.pieces for frontier in trees.under_way.values()]
        return trees.keeps and self._fits(sum(len(packed) for log in logs for packed in log.values()))


def _kinds_document(kinds: Kinds) -> list[Any]:
    return [[list(support), sign] for support, sign in kinds]


def _stored(document: dict[str, Any], problem: Problem, objective: Objective) -> Stored:
    refuse_other(document, problem, objective)
    shapes = _KindShapes(problem.n_features, objective)
    recorded = document["finished"] is not None
    expected, vain, saved = document["gain"]
    witness, near_miss = document["witness"], document["near_miss"]
    budget = whole(document["budget"], 0, _MAX_ENTRIES)
    return Stored(
        budget=budget,
        refuted=tuple(map(shapes.kinds, document["refuted"])),
        under_way=dict(
            _under_way(each, problem, shapes, recorded=recorded) for each in document["under_way"]
        ),
        finished=tuple(_finished(each, problem, shapes, budget) for each in document["finished"])
        if recorded
        else None,
        gain=Gain(_finite(expected), whole(vain, 0, MAX_COUNT), _finite(saved)),
        nodes=whole(document["nodes"], 0, MAX_COUNT),
        unverified=whole(document["unverified"], 0, MAX_COUNT),
        seconds=seconds_of(document["seconds"]),
        witness=None if witness is None else witness_of(witness, problem),
        near_miss=None if near_miss is None else network_of(near_miss, problem),
    )


class _KindShapes:
    """Reads kinds, which neurons and columns there may be."""

    def __init__(self, n_features: int, objective: Objective) -> None:
        self._has_columns = objective is Objective.PARAMETERS
        self._last, self._last_column = n_features - 1 + self._has_columns, 3 * n_features

    def kinds(self, document: Any) -> Kinds:
        """Return the kinds of some neurons, those with columns last."""
        found = tuple(self._kind(support, sign) for support, sign in document)
        if any(one.sign == 0 and other.sign for one, other in itertools.pairwise(found)):
            raise InputError("the checkpoint has a neuron of no kind")
        return found

    def _kind(self, support: Any, sign: Any) -> Kind:
        is_column = self._has_columns and sign == 0
        first, last = (self._last, self._last_column) if is_column else (0, self._last)
        numbers = tuple(whole(entry, first, last) for entry in support)
        # neurons of one parameter are columns
        sizes = range(1, 2) if is_column else range(1 + self._has_columns, last + 2)
        ordered = all(a < b for a, b in itertools.pairwise(numbers))
        if len(numbers) not in sizes or not ordered or not (is_column or sign in (1, -1)):
            raise InputError("the checkpoint has a neuron of no kind")
        return Kind(numbers, int(sign))


def _under_way(
    document: Any, problem: Problem, shapes: _KindShapes, *, recorded: bool
) -> tuple[Kinds, Frontier]:
    kinds_document, left_document, pieces = document
    kinds = shapes.kinds(kinds_document)
    shape = _shape(problem, kinds)
    left: list[Prefix] = [prefix_of(prefix) for prefix in left_document]
    for prefix in left:
        refuse_outside(prefix, shape)
    frontier = Frontier(left, dict(pieces_of(pieces, shape)))
    if not left or len(set(left)) != len(left):
        raise InputError("the checkpoint lists something twice")
    if recorded:
        refuse_inconsistent(frontier.pieces, left, shape)
    return kinds, frontier


def _finished(document: Any, problem: Problem, shapes: _KindShapes, budget: int) -> RefutedTree:
    kinds_document, at, pieces = document
    kinds = shapes.kinds(kinds_document)
    shape = _shape(problem, kinds)
    tree = RefutedTree(kinds, whole(at, 0, budget), dict(pieces_of(pieces, shape)))
    refuse_inconsistent(tree.pieces, (), shape)
    return tree


def _shape(problem: Problem, kinds: Kinds) -> Shape:
    return Shape(problem.n_samples, problem.n_features, len(neurons(kinds)))


def _finite(value: Any) -> float:
    if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise InputError(f"the checkpoint has {value!r:.40} nodes")
    return float(value)
