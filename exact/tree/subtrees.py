"""Pieces of work that any process can do: explore subtrees of the activation tree.

Whoever explores a subtree stops after a budget of nodes and returns the prefixes that it left open, so that
the work divides itself where the tree is large, and what is still to do is at any moment a list of prefixes.
"""

import dataclasses
import threading
from typing import Final

from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.recorded_log import EventLog, Prefix
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.tree.exploration import Exploration, Surroundings
from sparsest.exact.tree.limits import SearchLimits, StoppedError
from sparsest.exact.tree.prepared import Prepared, prepare
from sparsest.exact.tree.state import Findings, Headway
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline


@dataclasses.dataclass(frozen=True)
class Subtrees:
    """Subtrees to explore, one after the other.

    Attributes
    ----------
    problem : Problem
        The data, inputs distinct.
    pacing : Pacing
        How many cells are worth their enumeration.
    signs : tuple
        Output signs.
    prefixes : tuple of Prefix
        Where the subtrees hang.
    budget : int
        Nodes after which to stop.
    seconds : float
        Time after which to stop.
    use_cells, recorded : bool
        Whether to enumerate the cells, and to return events.
    """

    problem: Problem
    pacing: Pacing
    signs: tuple[int, ...]
    prefixes: tuple[Prefix, ...]
    budget: int
    seconds: float
    use_cells: bool
    recorded: bool


@dataclasses.dataclass(frozen=True)
class Explored:
    """What came of a subtree.

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
    events : bytes or None
        What was recorded, packed; None unless asked for.
    in_time : bool
        False when the time ran out: then nothing is known of the subtree.
    """

    nodes: int
    unverified: int
    found: RationalNetwork | None
    near_miss: Network | None
    left: tuple[Prefix, ...]
    events: bytes | None
    in_time: bool


def explore(work: Subtrees) -> tuple[Explored, ...]:
    """Explore subtrees, in whatever process; return what came of each that was begun."""
    prepared = _prepared(work.problem, work.pacing, work.use_cells)
    deadline, left, found = _deadline(work.seconds), work.budget, list[Explored]()
    for prefix in work.prefixes:
        found.append(_explored(work, prepared, prefix, left, deadline))
        left -= found[-1].nodes
        if left <= 0 or found[-1].found is not None or not found[-1].in_time:
            break
    return tuple(found)


def _explored(
    work: Subtrees, prepared: Prepared, prefix: Prefix, budget: int, deadline: Deadline
) -> Explored:
    findings, headway = Findings(work.problem.n_features), Headway()
    limits = SearchLimits(SearchOptions(deadline=deadline), findings, headway)
    log = EventLog() if work.recorded else ProofLog()
    exploration = Exploration(Surroundings(prepared, findings, headway.counters, limits), work.signs, log)
    in_time = True
    try:
        exploration.run(prefix, budget)
    except StoppedError:
        in_time = False
    return Explored(
        nodes=headway.counters.nodes,
        unverified=findings.unverified,
        found=findings.witness,
        near_miss=findings.near_miss,
        left=tuple(exploration.left),
        events=log.packed if isinstance(log, EventLog) else None,
        in_time=in_time,
    )


def _deadline(seconds: float) -> Deadline:
    return Deadline(max(seconds, 1e-3))


class _Kept(threading.local):
    """What was prepared last in this thread: a cluster's workers may run several."""

    problem: Problem | None = None
    pacing: Pacing | None = None
    use_cells = False
    prepared: Prepared | None = None


_KEPT: Final = _Kept()


def _prepared(problem: Problem, pacing: Pacing, use_cells: bool) -> Prepared:
    """Prepare a problem, unless it was prepared last; problems are equal when their digests are."""
    known = _KEPT.problem == problem and _KEPT.pacing == pacing
    if known and _KEPT.prepared is not None and use_cells == _KEPT.use_cells:
        return _KEPT.prepared
    prepared = prepare(problem, pacing)
    if use_cells:
        prepared.branching.enumerate(Deadline(None))
    _KEPT.problem, _KEPT.pacing, _KEPT.use_cells = problem, pacing, use_cells
    _KEPT.prepared = prepared
    return prepared
