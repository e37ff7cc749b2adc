"""A search for the fewest weights or parameters shared by workers: networks refuted in any order."""

import dataclasses
import math
from concurrent.futures import Future
from typing import Final

from sparsest.exact.arithmetic.rational_network import meets_every_interval
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.supports.kinds import Kinds
from sparsest.exact.supports.pieces import KindQuestion, LocalShare, Share, Worked, search_locally, work_on
from sparsest.exact.supports.relaxation import Gain, KindTask
from sparsest.exact.supports.state import Trees
from sparsest.exact.tree.exploration import Surroundings
from sparsest.exact.tree.piecework import Piecework
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.workers import LostError, Workers
from sparsest.network import Network

# Of the tasks that wait a worker is given such a share: fewer would take longer to send than to do.
_SHARE: Final = 8

Tasks = tuple[KindTask, ...]


class KindFarm(Piecework[Tasks, Worked]):
    """Gives networks to workers to refute, and gathers what comes of them.

    Parameters
    ----------
    workers : Workers
        Who does the work.
    question : KindQuestion
        What is asked.
    around : Surroundings
        The problem, what is known, and limits.
    trees : Trees
        What is refuted, and what waits; changed.
    gain : Gain
        What tops have brought; changed.
    saving : Saving
        Where the search is kept.
    log : ProofLog
        Told of every tree that is refuted.
    """

    def __init__(
        self,
        workers: Workers,
        question: KindQuestion,
        around: Surroundings,
        trees: Trees,
        gain: Gain,
        saving: Saving,
        log: ProofLog,
    ) -> None:
        super().__init__(workers, around.limits, saving, question.pacing.max_silence)
        self._question, self._around, self._trees, self._gain, self._log = question, around, trees, gain, log
        self._entries = 0
        self._seed = 0

    def refute(self, entries: int) -> bool:
        """Refute the networks that wait; True as soon as one of so few entries is found."""
        self._entries = entries
        return self._work_through(0)

    def search(self, networks: tuple[Kinds, ...], starts: int) -> Network | None:
        """Search locally with so many runs for each of some kinds, all of as many neurons."""
        workers, running = self._workers, set[Future[Network | None]]()
        workers.start_listening()
        try:
            for _ in range(workers.count):
                self._seed += 1
                share = math.ceil(starts / workers.count)
                work = LocalShare(self._question, networks, share, self._seed, self._seconds)
                running.add(workers.submit(search_locally, work))
            while running and not self._around.limits.deadline.expired:
                for future in workers.finished(running):
                    running.remove(future)
                    try:
                        found = workers.result(future)
                    except LostError:
                        continue
                    if found is not None:
                        return found
                if workers.given_up(self._max_silence):
                    return None
                self._around.limits.report(0)
            return None
        finally:
            for future in running:
                if not future.running():  # that would cost its process
                    future.cancel()

    def _waiting(self) -> int:
        return len(self._trees.waiting)

    def _start(self, *, scarce: bool) -> tuple[Future[Worked], Tasks]:
        pacing, waiting = self._question.pacing, self._trees.waiting
        count = math.ceil(len(waiting) / (_SHARE * self._workers.count))
        tasks = tuple(waiting[-count:])
        del waiting[-count:]
        share = Share(
            self._question,
            tasks,
            self._entries,
            self._around.counters.nodes,
            pacing.small_piece if scarce else pacing.large_piece,
            self._seconds,
            dataclasses.replace(self._gain),
            frozenset(self._trees.hopeless),
        )
        return self._workers.submit(work_on, share), tasks

    def _put_back(self, piece: Tasks) -> None:
        self._trees.waiting.extend(piece)

    def _take(self, piece: Tasks, result: Worked) -> bool:
        findings, trees = self._around.findings, self._trees
        self._around.counters.nodes += result.nodes
        findings.unverified += result.unverified
        findings.near_miss = findings.near_miss or result.near_miss
        trees.hopeless |= result.hopeless
        self._gain.add(result.gain)
        for each in result.pieces:
            trees.take(each, self._entries, self._log)
        trees.waiting.extend(result.left)
        if result.found is not None and meets_every_interval(self._around.prepared.data, result.found):
            findings.take(result.found)
        return not findings.beats(self._entries)
