"""A search of the activation tree shared by workers: pieces of one tree explored in any order."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Final

from sparsest.exact.arithmetic.rational_network import meets_every_interval
from sparsest.exact.proof.recorded_log import Prefix
from sparsest.exact.tree.exploration import Surroundings
from sparsest.exact.tree.output_signs import Signs
from sparsest.exact.tree.pauses import LocalSearches
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.state import Frontier
from sparsest.exact.tree.subtrees import Explored, LocalWork, Subtree, explore, search_locally
from sparsest.exact.tree.workers import LostError, Workers
from sparsest.network import Network

# Pieces of work given out for each worker, so that none waits for this process. Local searches queue behind
# them: with 8 they came so late that a network was found after several times the nodes.
_PIECES_AHEAD: Final = 2
# Seconds after which a piece of work comes back as it is.
_MAX_PIECE_SECONDS: Final = 10.0


class Farm:
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
        self._workers, self._around, self._searches, self._saving = workers, around, searches, saving
        self._recorded = recorded
        self._seed = 0
        self._attempts: Iterator[tuple[Signs, int]] = iter(())
        self._searching: set[Future[Network | None]] = set()
        self._exploring: dict[Future[Explored], Prefix] = {}

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
        workers, limits = self._workers, self._around.limits
        self._exploring = {}
        workers.start_listening()
        try:
            while frontier.left or self._exploring:
                self._give_out(signs, frontier)
                self._give_out_attempts()
                finished = workers.finished(self._exploring)
                if workers.given_up(self._max_silence):
                    for future, prefix in self._exploring.items():
                        future.cancel()
                        frontier.put_back(prefix)
                    self._exploring = {}
                found = [self._gather(future, frontier) for future in finished]  # all are counted
                if any(found):
                    return True
                self._saving.save_if_due()
                limits.check(len(signs))
                self._gather_attempts()
                if self._around.findings.upper == len(signs):
                    return True
                if not self._searching and self._around.counters.pause_is_due():
                    self._attempts = self._searches.attempts(len(signs))
        finally:
            self._drop_attempts()
            for future in self._exploring:
                future.cancel()
        return False

    @property
    def _max_silence(self) -> float:
        return self._around.prepared.pacing.max_silence

    @property
    def _seconds(self) -> float:
        return min(_MAX_PIECE_SECONDS, self._around.limits.deadline.remaining)

    def _give_out(self, signs: Signs, frontier: Frontier) -> None:
        prepared, ahead = self._around.prepared, _PIECES_AHEAD * self._workers.count
        pacing = prepared.pacing
        while frontier.left and len(self._exploring) < ahead:
            scarce = len(frontier.left) + len(self._exploring) <= ahead
            prefix = frontier.start()
            work = Subtree(
                prepared.problem,
                pacing,
                signs,
                prefix,
                pacing.small_piece if scarce else pacing.large_piece,
                self._seconds,
                prepared.branching.cells_pay(self._around.counters.nodes),
                self._recorded,
            )
            self._exploring[self._workers.submit(explore, work)] = prefix

    def _gather(self, future: "Future[Explored]", frontier: Frontier) -> bool:
        """Take what came of a piece of work, and say whether that is a network; a lost one is put back."""
        prefix = self._exploring[future]
        try:
            explored = self._workers.result(future)
        except LostError:
            explored = None
        if explored is not None and self._count(explored):
            return True
        if explored is None or not explored.in_time:
            frontier.put_back(prefix)
        else:
            frontier.finish(prefix, explored.left, explored.events)
        del self._exploring[future]
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
