"""A search of the activation tree shared by workers: pieces of one tree explored in any order."""

from collections.abc import Iterator
from concurrent.futures import Future

from sparsest.exact.arithmetic.rational_network import meets_every_interval
from sparsest.exact.proof.recorded_log import Prefix
from sparsest.exact.tree.exploration import Surroundings
from sparsest.exact.tree.output_signs import Signs
from sparsest.exact.tree.pauses import LocalSearches
from sparsest.exact.tree.piecework import Piecework
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.state import Frontier
from sparsest.exact.tree.subtrees import Explored, LocalWork, Subtree, explore, search_locally
from sparsest.exact.tree.workers import LostError, Workers
from sparsest.network import Network


class Farm(Piecework[Prefix, Explored]):
    """Gives subtrees and local searches to workers, and gathers what comes of them.

    Parameters
    ----------
    workers : Workers
        Who does the work.
    around : Surroundings
        The problem, what is known, and limits.
    searches : LocalSearches
        What to search locally for.
    saving : Saving
        Where the search is kept.
    recorded : bool
        Whether events are needed for a proof.
    """

    def __init__(
        self, workers: Workers, around: Surroundings, searches: LocalSearches, saving: Saving, recorded: bool
    ) -> None:
        super().__init__(workers, around.limits, saving, around.prepared.pacing.max_silence)
        self._around, self._searches, self._recorded = around, searches, recorded
        self._seed = 0
        self._signs: Signs = ()
        self._frontier = Frontier()
        self._attempts: Iterator[tuple[Signs, int]] = iter(())
        self._searching: set[Future[Network | None]] = set()

    def improve(self, width: int) -> None:
        """Search locally for networks of `width` neurons and a few more."""
        limits, workers = self._around.limits, self._workers
        self._attempts = self._searches.attempts(width)
        workers.start_listening()
        try:
            while not limits.deadline.expired:
                self._give_out_attempts()
                if not self._searching:
                    return
                workers.finished(self._searching)
                if workers.given_up(self._max_silence):
                    return
                self._gather_attempts()
                limits.report(width)
        finally:
            self._drop_attempts()

    def refute(self, signs: Signs, frontier: Frontier) -> bool:
        """Explore subtrees until none is left; True as soon as a network is found."""
        self._signs, self._frontier = signs, frontier
        try:
            return self._work_through(len(signs))
        finally:
            self._drop_attempts()

    def _waiting(self) -> int:
        return len(self._frontier.left)

    def _give_out(self) -> None:
        super()._give_out()
        self._give_out_attempts()

    def _start(self, *, scarce: bool) -> tuple[Future[Explored], Prefix]:
        prepared, prefix = self._around.prepared, self._frontier.start()
        pacing = prepared.pacing
        work = Subtree(
            prepared.problem,
            pacing,
            self._signs,
            prefix,
            pacing.small_piece if scarce else pacing.large_piece,
            self._seconds,
            prepared.branching.cells_pay(self._around.counters.nodes),
            self._recorded,
        )
        return self._workers.submit(explore, work), prefix

    def _put_back(self, piece: Prefix) -> None:
        self._frontier.put_back(piece)

    def _take(self, piece: Prefix, result: Explored) -> bool:
        if self._count(result):
            return True
        if result.in_time:
            self._frontier.finish(piece, result.left, result.events)
        else:
            self._frontier.put_back(piece)
        return False

    def _meanwhile(self) -> bool:
        width = len(self._signs)
        self._gather_attempts()
        if self._around.findings.upper == width:
            return True
        if not self._searching and self._around.counters.pause_is_due():
            self._attempts = self._searches.attempts(width)
        return False

    def _count(self, explored: Explored) -> bool:
        """Count what came of a subtree; whether it has a network that fits."""
        findings = self._around.findings
        self._around.counters.nodes += explored.nodes
        findings.unverified += explored.unverified
        findings.near_miss = findings.near_miss or explored.near_miss
        if explored.found is None or not meets_every_interval(self._around.prepared.data, explored.found):
            return False
        findings.take(explored.found)
        return True

    def _give_out_attempts(self) -> None:
        """Queue a local search for each worker, besides its subtrees."""
        prepared = self._around.prepared
        while len(self._searching) < self._workers.count:
            signs, starts = next(self._attempts, ((), 0))
            if not starts:
                return
            self._seed += 1
            work = LocalWork(prepared.problem, prepared.pacing, signs, starts, self._seed, self._seconds)
            self._searching.add(self._workers.submit(search_locally, work))

    def _gather_attempts(self) -> None:
        for future in [future for future in self._searching if future.done()]:
            self._searching.remove(future)
            try:
                found = self._workers.result(future)
            except LostError:
                continue
            self._searches.judge(found)

    def _drop_attempts(self) -> None:
        self._attempts = iter(())
        for future in self._searching:
            if not future.running():  # that would cost its process
                future.cancel()
        self._searching = set()
