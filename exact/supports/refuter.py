"""Refute networks one after the other in one process, many at once where that is quick."""

import dataclasses
import math
from collections.abc import Callable

from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.piece import Prefix
from sparsest.exact.supports.findings import EntryFindings
from sparsest.exact.supports.kinds import Kinds
from sparsest.exact.supports.piece_logs import KindPieceLogs
from sparsest.exact.supports.prepared import PreparedKinds
from sparsest.exact.supports.relaxation import Gain, KindTask, ordered_top, parts, task_of
from sparsest.exact.supports.state import KindPiece
from sparsest.exact.tree.exploration import Surroundings


class Refuter:
    """Works through tasks.

    Parameters
    ----------
    prepared : PreparedKinds
        The problem.
    around : Surroundings
        What is known, and limits; its findings are `EntryFindings`.
    told : ProofLog or KindPieceLogs
        Who is told of every node of whole trees; or what makes the logs of parts of trees.
    gain : Gain
        What tops have brought so far; changed.
    hopeless : set of Kinds
        There is a network of these kinds; changed.
    """

    def __init__(
        self,
        prepared: PreparedKinds,
        around: Surroundings,
        told: ProofLog | KindPieceLogs,
        gain: Gain,
        hopeless: set[Kinds],
    ) -> None:
        self._prepared, self._around = prepared, around
        self._told, self._in_parts = told, isinstance(told, KindPieceLogs)
        self._gain, self._hopeless = gain, hopeless

    def run(
        self, waiting: list[KindTask], entries: int, nodes: float, report: Callable[[KindPiece], None]
    ) -> bool:
        """Work until no task is left, so many nodes are visited, a limit is reached, or it is time to save.

        Parameters
        ----------
        waiting : list of KindTask
            The next one last; what is left of them stays.
        entries : int
            Weights or parameters of a network that ends the work.
        nodes : float
            Nodes after which to stop, about.
        report : callable
            Given what came of each tree.

        Returns
        -------
        bool
            Whether a network of so few entries was found.
        """
        counters, around = self._around.counters, self._around
        last, begun = counters.nodes + nodes, False
        while waiting and counters.nodes < last:
            if begun and self._in_parts and (around.limits.reached() is not None or around.saving_due()):
                break
            begun = True
            task = waiting[-1]
            left = self._refute(task, last, report)
            if left is None or not self._findings.beats(entries):
                return True
            waiting[-1:] = left[::-1]
        return False

    @property
    def _findings(self) -> EntryFindings:
        findings = self._around.findings
        assert isinstance(findings, EntryFindings)
        return findings

    def _refute(
        self, task: KindTask, last: float, report: Callable[[KindPiece], None]
    ) -> list[KindTask] | None:
        """Work on a task; return what is left of it, None if a network was found that it asks about."""
        if task.alone is not None:
            return self._explore(task.alone, task.prefix, last, report)
        return [] if self._refuted_at_once(task, report) else parts(task)

    def _explore(
        self, kinds: Kinds, prefix: Prefix, last: float, report: Callable[[KindPiece], None]
    ) -> list[KindTask] | None:
        """Explore a tree or a part of it."""
        counters = self._around.counters
        before = counters.nodes
        budget = min(last - before, self._most_at_once) if self._in_parts else None
        log = self._log(kinds, prefix)
        exploration = self._prepared.exploration(self._around, kinds, log)
        if exploration.run(prefix, budget):
            log.abandon()
            return None
        log.end()
        self._gain.took(counters.nodes - before)
        report(KindPiece(kinds, prefix, tuple(exploration.left), log.packed))
        return [task_of(kinds, each) for each in exploration.left]

    def _refuted_at_once(self, task: KindTask, report: Callable[[KindPiece], None]) -> bool:
        """Try to refute the top of a task, if tops pay; whether it is refuted."""
        counters, findings, top = self._around.counters, self._findings, ordered_top(task)
        before, unverified = counters.nodes, findings.unverified
        budget = 0 if top in self._hopeless else self._gain.budget(task, before)
        if not budget:
            return False
        around, log = dataclasses.replace(self._around, saving_due=lambda: False), self._log(top, ())
        exploration = self._prepared.exploration(around, top, log)
        found = exploration.run((), budget)
        # a relaxation need not be decided
        refuted = not found and not exploration.left and findings.unverified == unverified
        findings.unverified = unverified
        if refuted:
            log.end()
            report(KindPiece(top, (), (), log.packed))
        else:
            log.abandon()
        if found:
            self._hopeless.add(top)
        self._gain.tried(task, counters.nodes - before, refuted=refuted)
        return refuted

    @property
    def _most_at_once(self) -> float:
        """Nodes of a part at most."""
        told = self._told
        needs_proof = isinstance(told, KindPieceLogs) and told.points is not None
        return self._around.prepared.pacing.recorded_piece if needs_proof else math.inf

    def _log(self, kinds: Kinds, prefix: Prefix) -> ProofLog:
        """Return the log of a tree that begins, or of a part of it."""
        if isinstance(self._told, KindPieceLogs):
            return self._told.of(kinds, prefix)
        self._told.begin_kinds(kinds)
        return self._told
