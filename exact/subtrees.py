"""Subtrees of the activation tree as pieces of work: explored anywhere, in any order, and put together again.

A subtree is named by its prefix, the samples and bits that lead to it. Whoever explores one stops after a
budget of nodes and hands back the prefixes that it left open, so that the work divides itself where the tree
is large, and what is still to do is at any moment a list of prefixes.
"""

import contextlib
import dataclasses
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from typing import TYPE_CHECKING, Any, Final

from sparsest.exact.proof_log import Bits, ProofLog
from sparsest.exact.rational_network import RationalNetwork
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results import Status
from sparsest.worker_processes import end_pool, new_pool

if TYPE_CHECKING:
    from sparsest.exact.tree import TreeSearch

# Nodes that one piece of work may visit while work is scarce, and otherwise: some hundredths of a second, or
# half a second, which is also how long workers may wait for the last piece of a tree.
_SMALL: Final = 100
_LARGE: Final = 1_000
# Pieces handed out for each worker, so that none waits while this process searches locally.
_AHEAD: Final = 8
# Pieces lost with their workers after which no more are handed out.
_MOST_LOSSES: Final = 8
# Seconds between two looks at the clock.
_WAIT: Final = 0.1

Prefix = tuple[tuple[int, Bits], ...]
Event = tuple[Any, ...]


class EventLog(ProofLog):
    """Keeps what a search reports, to be replayed where it belongs."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def branch(self, sample: int, choices: Sequence[Sequence[int]], needed: int) -> None:  # noqa: D102
        self.events.append(("branch", sample, choices, needed))

    def enter(self, bits: Bits) -> None:  # noqa: D102
        self.events.append(("enter", bits))

    def leave(self) -> None:  # noqa: D102
        self.events.append(("leave",))

    def refuted(self, multipliers: Any) -> None:  # noqa: D102
        self.events.append(("refuted", multipliers))

    def merged(self, neuron: int) -> None:  # noqa: D102
        self.events.append(("merged", neuron))

    def unproven(self) -> None:  # noqa: D102
        self.events.append(("unproven",))

    def left_open(self, prefix: Prefix) -> None:
        """Mark the place of a subtree that is explored elsewhere."""
        self.events.append(("left_open", prefix))


def replay(events: Sequence[Event], elsewhere: Mapping[Prefix, Sequence[Event]], log: ProofLog) -> None:
    """Report the events of a tree in depth-first order, those of subtrees left open in their place."""
    stack: list[Iterator[Event]] = [iter(events)]
    while stack:
        event = next(stack[-1], None)
        if event is None:
            stack.pop()
        elif event[0] == "left_open":
            stack.append(iter(elsewhere[event[1]]))
        else:
            getattr(log, event[0])(*event[1:])


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
    events : list of Event
        In order; empty unless asked for.
    in_time : bool
        False when the time ran out: then nothing is known of the subtree.
    """

    nodes: int
    unverified: int
    found: RationalNetwork | None
    near_miss: Network | None
    left: tuple[Prefix, ...]
    events: list[Event]
    in_time: bool


def explore(work: Subtree) -> Explored:
    """Explore a subtree, in whatever process."""
    from sparsest.exact.tree import StoppedError

    search = _prepared(work.problem, work.use_cells)
    log = EventLog() if work.logged else ProofLog()
    seconds = work.seconds if math.isfinite(work.seconds) else None
    search.restart(Deadline(None if seconds is None else max(seconds, 1e-3)), log)
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
        events=log.events if isinstance(log, EventLog) else [],
        in_time=in_time,
    )


class _Prepared(threading.local):
    """The last search that was prepared in this thread: a cluster's workers may run several."""

    key: tuple[Problem, bool] | None = None
    search: "TreeSearch | None" = None


_PREPARED: Final = _Prepared()


def _prepared(problem: Problem, use_cells: bool) -> "TreeSearch":
    from sparsest.exact.tree import TreeSearch

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
        self._losses = 0

    def refute(self, search: "TreeSearch", signs: tuple[int, ...], left: Sequence[Prefix]) -> bool:
        """Explore subtrees until none is left; True as soon as a network is found."""
        self._search, self._signs = search, signs
        self._left = list(left)
        self._events: dict[Prefix, list[Event]] = {}
        self._under_way: dict[Future[Explored], Prefix] = {}
        try:
            while self._left or self._under_way:
                self._hand_out()
                finished, _ = wait(self._under_way, timeout=_WAIT, return_when=FIRST_COMPLETED)
                found = [self._gather(future) for future in finished]  # all are counted
                if any(found):
                    return True
                search.check_limits(len(signs))
                if search.looks_further(len(signs)):
                    return True
        finally:
            for future in self._under_way:
                future.cancel()
        return False

    @property
    def events(self) -> dict[Prefix, list[Event]]:
        """What was logged, by the prefix under which it was explored."""
        return self._events

    def _hand_out(self) -> None:
        while self._left and len(self._under_way) < _AHEAD * self._workers:
            prefix = self._left.pop()
            scarce = len(self._left) + len(self._under_way) < _AHEAD * self._workers
            work = Subtree(
                self._search.problem,
                self._signs,
                prefix,
                _SMALL if scarce else _LARGE,
                self._search.deadline.remaining,
                self._search.cell_sets is not None,
                self._search.log.writes,
            )
            self._under_way[self._submitted(work)] = prefix

    def _submitted(self, work: Subtree) -> "Future[Explored]":
        if self._executor is not None:
            try:
                return self._executor.submit(explore, work)
            except (BrokenExecutor, RuntimeError):
                self._executor = None  # no worker is left: the rest is explored here
        done: Future[Explored] = Future()
        done.set_result(explore(work))
        return done

    def _gather(self, future: "Future[Explored]") -> bool:
        prefix = self._under_way.pop(future)
        try:
            explored = future.result()
        except (BrokenExecutor, CancelledError, OSError):  # the last is what pebble says of a lost process
            self._losses += 1
            if self._losses > _MOST_LOSSES:
                self._executor = None
            self._left.append(prefix)
            return False
        if not explored.in_time:
            self._search.stop(Status.TIME_LIMIT)
        self._left += explored.left
        self._events[prefix] = explored.events
        return self._search.takes(explored)


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
