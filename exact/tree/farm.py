"""A search of the activation tree shared by workers: pieces of one tree explored in any order.

One worker after the other goes on with the subtrees that a search without workers would explore next; the
others take those farthest from there. As the bits nearest to a network come first, what is next is where one
is found: with all workers far from it one was found after four times the nodes. Both take several at a time,
up to half of what waits: most are closed in a few nodes, and workers that were given one waited for the next.

This process, which otherwise waits, searches locally meanwhile. As work for workers that had to wait its
turn, and was done with other random numbers, so that some networks were found after several times the nodes
that the search takes without workers.
"""

import math
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Final, NamedTuple

from sparsest.exact.arithmetic.rational_network import meets_every_interval
from sparsest.exact.proof.piece import Prefix
from sparsest.exact.tree.exploration import Surroundings
from sparsest.exact.tree.output_signs import Signs
from sparsest.exact.tree.pauses import LocalSearches
from sparsest.exact.tree.piecework import Piecework
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.state import Frontier
from sparsest.exact.tree.subtrees import Explored, Subtrees, explore
from sparsest.exact.tree.workers import Workers

# Subtrees given out together, many of them of a few nodes; and the share of the nodes of those that come next
# that others are given, behind which the next ones may have to wait.
_TOGETHER: Final = 32
_SHARE: Final = 4


class GivenOut(NamedTuple):
    """Subtrees given out together; whether they are those that come next."""

    prefixes: tuple[Prefix, ...]
    leads: bool


class Farm(Piecework[GivenOut, tuple[Explored, ...]]):
    """Gives subtrees to workers, gathers what comes of them, and searches locally.

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
    points : tuple of int or None
        The proof's number of each sample; None where no proof is asked for.
    """

    def __init__(
        self,
        workers: Workers,
        around: Surroundings,
        searches: LocalSearches,
        saving: Saving,
        points: tuple[int, ...] | None,
    ) -> None:
        super().__init__(workers, around.limits, saving, around.prepared.pacing.max_silence)
        self._around, self._searches, self._points = around, searches, points
        self._signs: Signs = ()
        self._frontier = Frontier()
        self._attempts: Iterator[tuple[Signs, int]] = iter(())

    def search_meanwhile(self, width: int) -> None:
        """Search locally for networks of `width` neurons and a few more while subtrees are explored."""
        self._attempts = self._searches.attempts(width)

    def refute(self, signs: Signs, frontier: Frontier) -> bool:
        """Explore subtrees until none is left; True as soon as a network is found."""
        self._signs, self._frontier = signs, frontier
        return self._work_through(len(signs))

    def _waiting(self) -> int:
        return len(self._frontier.left)

    def _start(self, *, scarce: bool) -> tuple[Future[tuple[Explored, ...]], GivenOut]:
        prepared, frontier = self._around.prepared, self._frontier
        leads, pacing = not any(piece.leads for piece in self._given_out.values()), prepared.pacing
        count = 1 if scarce else min(_TOGETHER, math.ceil(len(frontier.left) / 2))
        piece = GivenOut(tuple(frontier.start(farthest=not leads) for _ in range(count)), leads)
        most = pacing.unrecorded_piece if self._points is None else pacing.large_piece
        budget = pacing.small_piece if scarce else most if leads else math.ceil(most / _SHARE)
        work = Subtrees(
            prepared.problem,
            pacing,
            self._signs,
            piece.prefixes,
            int(min(budget, max(self._around.limits.nodes_left, 1))),
            self._seconds,
            prepared.branching.cells_pay(self._around.counters.nodes),
            self._points,
        )
        return self._workers.submit(explore, work), piece

    def _put_back(self, piece: GivenOut) -> None:
        for prefix in piece.prefixes[::-1]:
            self._frontier.put_back(prefix, farthest=not piece.leads)

    def _take(self, piece: GivenOut, result: tuple[Explored, ...]) -> bool:
        found = [self._count(explored) for explored in result]
        if any(found):
            return True
        done = [*zip(piece.prefixes, result, strict=False)]
        # what is next comes last
        self._put_back(GivenOut(piece.prefixes[len(done) :], piece.leads))
        for prefix, explored in done[::-1]:
            if explored.in_time:
                self._frontier.finish(prefix, explored.left, explored.proven, farthest=not piece.leads)
            else:
                self._put_back(GivenOut((prefix,), piece.leads))
        return False

    def _meanwhile(self) -> bool:
        """Go on with the local search: the same runs after about as many nodes as without workers."""
        width = len(self._signs)
        if self._around.counters.pause_is_due():
            self.search_meanwhile(width)
        self._searches.try_next(self._attempts, self._limits.deadline)
        return self._around.findings.upper == width

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
