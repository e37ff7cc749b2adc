"""Pieces of work that any process can do: explore a subtree of the activation tree, or search locally.

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
from sparsest.exact.tree.pauses import local_search
from sparsest.exact.tree.prepared import Prepared, prepare
from sparsest.exact.tree.state import Findings, Headway
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline


@dataclasses.dataclass(frozen=True)
class Subtree:
    """A subtree to explore.

    Attributes
    ----------
    problem : Problem
        The data, inputs distinct.
    pacing : Pacing
        How many cells are worth their enumeration.
    signs : tuple
        Output signs.
    prefix : Prefix
        Where the subtree hangs.
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
    prefix: Prefix
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


@dataclasses.dataclass(frozen=True)
class LocalWork:
    """Descents from random networks.

    Attributes
    ----------
    problem : Problem
        The data, inputs distinct.
    pacing : Pacing
        As in `Subtree`.
    signs : tuple
        Output signs.
    starts, seed : int
        How many, and of which random numbers.
    seconds : float
        Time after which to stop.
    """

    problem: Problem
    pacing: Pacing
    signs: tuple[int, ...]
    starts: int
    seed: int
    seconds: float


def explore(work: Subtree) -> Explored:
    """Explore a subtree, in whatever process."""
    prepared = _prepared(work.problem, work.pacing, use_cells=work.use_cells)
    findings, headway = Findings(work.problem.n_features), Headway()
    limits = SearchLimits(SearchOptions(deadline=_deadline(work.seconds)), findings, headway)
    log = EventLog() if work.recorded else ProofLog()
    exploration = Exploration(Surroundings(prepared, findings, headway.counters, limits), work.signs, log)
    in_time = True
    try:
        exploration.run(work.prefix, work.budget)
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


def search_locally(work: LocalWork) -> Network | None:
    """Search locally, in whatever process."""
    prepared = _prepared(work.problem, work.pacing, use_cells=None)
    return local_search(prepared, work.seed).run(work.signs, work.starts, _deadline(work.seconds))


def _deadline(seconds: float) -> Deadline:
    return Deadline(max(seconds, 1e-3))


class _Kept(threading.local):
    """What was prepared last in this thread: a cluster's workers may run several."""

    problem: Problem | None = None
    pacing: Pacing | None = None
    use_cells = False
    prepared: Prepared | None = None


_KEPT: Final = _Kept()


def _prepared(problem: Problem, pacing: Pacing, *, use_cells: bool | None) -> Prepared:
    """Prepare a problem, unless it was prepared last; problems are equal when their digests are.

    `use_cells` is None where it does not matter.
    """
    known = _KEPT.problem == problem and _KEPT.pacing == pacing
    if known and _KEPT.prepared is not None and use_cells in (None, _KEPT.use_cells):
        return _KEPT.prepared
    prepared = prepare(problem, pacing)
    if use_cells:
        prepared.branching.enumerate(Deadline(None))
    _KEPT.problem, _KEPT.pacing, _KEPT.use_cells = problem, pacing, bool(use_cells)
    _KEPT.prepared = prepared
    return prepared
