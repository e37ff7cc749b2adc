"""Subtrees of the activation tree as pieces of work: explored anywhere, in any order, and put together again.

A subtree is named by its prefix, the samples and bits that lead to it. Whoever explores one stops after a
budget of nodes and hands back the prefixes that it left open, so that the work divides itself where the tree
is large, and what is still to do is at any moment a list of prefixes.
"""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.recorded_log import EventLog, Prefix
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.worker_processes import end_pool, new_pool

if TYPE_CHECKING:
    from sparsest.exact.tree.search import TreeSearch

# Nodes that one piece of work may visit while work is scarce, and otherwise: some hundredths of a second, or
# half a second, which is also how long workers may wait for the last piece of a tree.
_SMALL: Final = 100
_LARGE: Final = 4_000
# Pieces handed out for each worker, so that none waits for this process. Local searches queue behind them:
# with 8 they came so late that a network was found after several times the nodes.
_AHEAD: Final = 2
# Pieces lost with their workers after which no more are handed out.
_MOST_LOSSES: Final = 8
# Seconds between two looks at the clock.
_WAIT: Final = 0.1
# Seconds after which a piece of work comes back as it is, and seconds in which none does after which the
# workers are given up: one killed while it fetches its work takes that, or the queue's lock, with it.
_LONGEST: Final = 10.0
_SILENCE: Final = 60.0


_Work = TypeVar("_Work")
_Found = TypeVar("_Found")


@dataclasses.dataclass
class Frontier:
    """What is left to explore of one tree, and what was logged of the rest.

    Attributes
    ----------
    left : list of Prefix
        Subtrees that nobody explores yet, the next one last.
    pieces : dict
        What was logged, packed, by the prefix under which it was explored; empty unless a proof is asked for.
    under_way : dict
        Subtrees handed out.
    """

    left: list[Prefix]
    pieces: dict[Prefix, bytes]
    under_way: "dict[Future[Explored], Prefix]" = dataclasses.field(default_factory=dict)

    @property
    def open(self) -> list[Prefix]:
        """Every subtree not yet explored."""
        return list(dict.fromkeys([*self.under_way.values(), *self.left]))


@dataclasses.dataclass(frozen=True)
class Subtree:
    """A piece of work.

    Attributes
    ----------
    problem : Problem
        The data, inputs distinct.
    signs : tuple
        Output signs.
    prefix : Prefix
        Where the subtree hangs.
    budget : int
        Nodes after which to stop.
    seconds : float
        Time after which to stop.
    use_cells, logged : bool
        Whether to enumerate the cells, and to hand back events.
    """

    problem: Problem
    signs: tuple[int, ...]
    prefix: Prefix
    budget: int
    seconds: float
    use_cells: bool
    logged: bool


@dataclasses.dataclass(frozen=True)
class Explored:
    """What came of a piece of work.

    Attributes
    ----------
    nodes, unverified : int
        Counted.
    found : RationalNetwork or None
        A network that provably fits.
    near_miss : Network or None
        One that fits up to rounding.
    left : tuple of Prefix
        Subtrees left open.
    events : bytes
        What was logged, packed; empty unless asked for.
    in_time : bool
        False when the time ran out: then nothing is known of the subtree.
    """

    nodes: int
    unverified: int
    found: RationalNetwork | None
    near_miss: Network | None
    left: tuple[Prefix, ...]
    events: bytes
    in_time: bool


def explore(work: Subtree) -> Explored:
    """Explore a subtree, in whatever process."""
    from sparsest.exact.tree.search import StoppedError

    search = _prepared(work.problem, work.use_cells)
    log = EventLog() if work.logged else ProofLog()
    search.restart(Deadline(max(work.seconds, 1e-3)), log)
    in_time = True
    try:
        search.search(work.signs, work.prefix, work.budget)
    except StoppedError:
        in_time = False
    return Explored(
        nodes=search.nodes,
        unverified=search.unverified,
        found=search.witness,
        near_miss=search.near_miss,
        left=tuple(search.left),
        events=log.packed if isinstance(log, EventLog) else b"",
        in_time=in_time,
    )


@dataclasses.dataclass(frozen=True)
class LocalWork:
    """Descents from random networks, as a piece of work.

    Attributes
    ----------
    problem : Problem
        The data, inputs distinct.
    signs : tuple
        Output signs.
    starts, seed : int
        How many, and of which random numbers.
    seconds : float
        Time after which to stop.
    """

    problem: Problem
    signs: tuple[int, ...]
    starts: int
    seed: int
    seconds: float


def search_locally(work: LocalWork) -> Network | None:
    """Search locally, in whatever process."""
    from sparsest.exact.tree.search import local_search

    search = _PREPARED.search if _PREPARED.key and _PREPARED.key[0] == work.problem else None
    search = search or _prepared(work.problem, False)
    deadline = Deadline(max(work.seconds, 1e-3))
    return local_search(search, work.seed).run(work.signs, work.starts, deadline)


class _Prepared(threading.local):
    """The last search that was prepared in this thread: a cluster's workers may run several."""

    key: tuple[Problem, bool] | None = None
    search: "TreeSearch | None" = None


_PREPARED: Final = _Prepared()


def _prepared(problem: Problem, use_cells: bool) -> "TreeSearch":
    from sparsest.exact.tree.search import TreeSearch

    search = _PREPARED.search
    if search is None or _PREPARED.key != (problem, use_cells):
        search = TreeSearch(problem, Deadline(None), None, None, ProofLog())
        search.prepare_for_subtrees(use_cells)
        _PREPARED.key, _PREPARED.search = (problem, use_cells), search
    return search


class Farm:
    """Hands out subtrees and gathers what comes of them.

    Parameters
    ----------
    executor : Executor
        Where they are explored.
    workers : int
        How many it runs side by side.
    """

    def __init__(self, executor: Executor, workers: int) -> None:
        self._executor: Executor | None = executor
        self._workers = workers
        self._losses = self._seed = 0
        self._attempts: Iterator[tuple[tuple[int, ...], int]] = iter(())
        self._searching: set[Future[Network | None]] = set()

    def improve(self, search: "TreeSearch", width: int) -> None:
        """Search locally for networks of `width` neurons and a few more."""
        self._search, self._attempts = search, search.attempts(width)
        self._heard = time.monotonic()
        try:
            while not search.deadline.expired:
                self._hand_out_attempts()
                if not self._searching:
                    return
                finished, _ = wait(self._searching, timeout=_WAIT, return_when=FIRST_COMPLETED)
                if self._is_silent(bool(finished)):
                    return
                self._gather_attempts()
                search.report(width)
        finally:
            self._drop_attempts()

    def refute(self, search: "TreeSearch", signs: tuple[int, ...], frontier: Frontier) -> bool:
        """Explore subtrees until none is left; True as soon as a network is found."""
        self._search, self._signs, self._frontier = search, signs, frontier
        self._heard = time.monotonic()
        under_way = frontier.under_way
        try:
            while frontier.left or under_way:
                self._hand_out()
                self._hand_out_attempts()
                finished, _ = wait(under_way, timeout=_WAIT, return_when=FIRST_COMPLETED)
                if self._is_silent(bool(finished)):
                    for future in list(under_way):
                        future.cancel()
                        self._put_back(future)
                found = [self._gather(future) for future in finished]  # all are counted
                if any(found):
                    return True
                search.save_if_due()
                search.check_limits(len(signs))
                self._gather_attempts()
                if search.upper == len(signs):
                    return True
                if not self._searching and search.is_time_to_look():
                    self._attempts = search.attempts(len(signs))
        finally:
            self._drop_attempts()
            for future in under_way:
                future.cancel()
        return False

    def _hand_out_attempts(self) -> None:
        """Queue a local search for each worker, besides its subtrees."""
        while len(self._searching) < self._workers:
            signs, starts = next(self._attempts, ((), 0))
            if not starts:
                return
            self._seed += 1
            work = LocalWork(self._search.problem, signs, starts, self._seed, self._seconds)
            self._searching.add(self._submitted(search_locally, work))

    def _gather_attempts(self) -> None:
        for future in [future for future in self._searching if future.done()]:
            self._searching.remove(future)
            try:
                self._search.tries(future.result())
            except (BrokenExecutor, CancelledError, OSError):
                self._count_loss()

    def _is_silent(self, heard: bool) -> bool:
        """Whether nothing was heard of any worker for long; then they are given up."""
        now = time.monotonic()
        if heard or self._executor is None:
            self._heard = now
        if now - self._heard <= _SILENCE:
            return False
        self._executor = None
        return True

    def _drop_attempts(self) -> None:
        self._attempts = iter(())
        for future in self._searching:
            if not future.running():  # that would cost its process
                future.cancel()
        self._searching = set()

    @property
    def _seconds(self) -> float:
        return min(_LONGEST, self._search.deadline.remaining)

    def _count_loss(self) -> None:
        self._losses += 1
        if self._losses > _MOST_LOSSES:
            self._executor = None

    def _hand_out(self) -> None:
        left, under_way = self._frontier.left, self._frontier.under_way
        while left and len(under_way) < _AHEAD * self._workers:
            prefix = left[-1]
            scarce = len(left) + len(under_way) <= _AHEAD * self._workers
            work = Subtree(
                self._search.problem,
                self._signs,
                prefix,
                _SMALL if scarce else _LARGE,
                self._seconds,
                self._search.branching.cells_pay(self._search.nodes),
                self._search.log.writes,
            )
            under_way[self._submitted(explore, work)] = prefix
            left.pop()

    def _submitted(self, function: Callable[[_Work], _Found], work: _Work) -> "Future[_Found]":
        if self._executor is not None:
            try:
                return self._executor.submit(function, work)
            except (BrokenExecutor, RuntimeError):
                self._executor = None  # no worker is left: the rest is done here
        done: Future[_Found] = Future()
        done.set_result(function(work))
        return done

    def _gather(self, future: "Future[Explored]") -> bool:
        """Take what came of a piece; it stays under way unless it need not be explored again."""
        frontier = self._frontier
        prefix = frontier.under_way[future]
        try:
            explored = future.result()
        except (BrokenExecutor, CancelledError, OSError):  # the last is what pebble says of a lost process
            self._count_loss()
            self._put_back(future)
            return False
        if self._search.takes(explored):
            return True
        if not explored.in_time:
            self._put_back(future)
            return False
        if self._search.log.writes:
            frontier.pieces[prefix] = explored.events
        frontier.left += explored.left
        del frontier.under_way[future]
        return False

    def _put_back(self, future: "Future[Explored]") -> None:
        self._frontier.left.append(self._frontier.under_way[future])
        del self._frontier.under_way[future]


class _Pool(Executor):
    """Worker processes that can be ended in the middle of their work, and whose end is noticed."""

    def __init__(self, workers: int) -> None:
        self._pool = new_pool(workers)

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> "Future[Any]":
        future: Future[Any] = self._pool.schedule(function, args=arguments, kwargs=options)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        end_pool(self._pool)


@contextlib.contextmanager
def processes(workers: int) -> Iterator[Farm]:
    """Return a farm of worker processes, which start with the first piece of work."""
    with _Pool(workers) as pool:
        yield Farm(pool, workers)
