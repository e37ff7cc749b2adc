"""Pieces of work that any process can do: explore subtrees of the activation tree.

Whoever explores a subtree stops after a budget of nodes and returns the prefixes that it left open, so that
the work divides itself where the tree is large, and what is still to do is at any moment a list of prefixes.
"""

import dataclasses
import threading
from typing import Final

from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.proof.piece import Prefix
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.tree.exploration import Exploration, Surroundings
from sparsest.exact.tree.limits import SearchLimits, StoppedError
from sparsest.exact.tree.piece_logs import PieceLogs
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
    use_cells : bool
        Whether to enumerate the cells.
    points : tuple of int or None
        The proof's number of each sample; None where no proof is asked for.
    """

    problem: Problem
    pacing: Pacing
    signs: tuple[int, ...]
    prefixes: tuple[Prefix, ...]
    budget: int
    seconds: float
    use_cells: bool
    points: tuple[int, ...] | None


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
    proven : bytes or None
        What a proof needs of it (`sparsest.exact.proof.piece`); None unless one is asked for.
    in_time : bool
        False when the time ran out: then nothing is known of the subtree.
    """

    nodes: int
    unverified: int
    found: RationalNetwork | None
    near_miss: Network | None
    left: tuple[Prefix, ...]
    proven: bytes | None
    in_time: bool


def explore(work: Subtrees) -> tuple[Explored, ...]:
    """Explore subtrees, in whatever process; return what came of each that was begun."""
    prepared, logs = _prepared(work.problem, work.pacing, work.use_cells, work.points)
    deadline, left, found = _deadline(work.seconds), work.budget, list[Explored]()
    for prefix in work.prefixes:
        found.append(_explored(work, prepared, logs, prefix, left, deadline))
        left -= found[-1].nodes
        if left <= 0 or found[-1].found is not None or not found[-1].in_time:
            break
    return tuple(found)


def _explored(
    work: Subtrees, prepared: Prepared, logs: PieceLogs, prefix: Prefix, budget: int, deadline: Deadline
) -> Explored:
    findings, headway = Findings(work.problem.n_features), Headway()
    limits = SearchLimits(SearchOptions(deadline=deadline), findings, headway)
    log = logs.of(work.signs, prefix)
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
        proven=log.packed,
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
    logs: PieceLogs | None = None


_KEPT: Final = _Kept()


def _prepared(
    problem: Problem, pacing: Pacing, use_cells: bool, points: tuple[int, ...] | None
) -> tuple[Prepared, PieceLogs]:
    """Prepare a problem, unless it was prepared last; problems are equal when their digests are."""
    prepared, logs = _KEPT.prepared, _KEPT.logs
    known = _KEPT.problem == problem and _KEPT.pacing == pacing
    if prepared is None or not known or use_cells != _KEPT.use_cells:
        prepared, logs = prepare(problem, pacing), None
        if use_cells:
            prepared.branching.enumerate(Deadline(None))
        _KEPT.problem, _KEPT.pacing, _KEPT.use_cells = problem, pacing, use_cells
        _KEPT.prepared = prepared
    if logs is None or logs.points != points:
        logs = _KEPT.logs = PieceLogs(prepared, points)
    return prepared, logs
