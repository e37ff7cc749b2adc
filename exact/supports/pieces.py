"""Pieces of work that any process can do: refute some networks."""

import contextlib
import dataclasses
import functools
import threading

from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.supports.findings import EntryFindings
from sparsest.exact.supports.kinds import Kinds
from sparsest.exact.supports.piece_logs import KindPieceLogs
from sparsest.exact.supports.prepared import PreparedKinds
from sparsest.exact.supports.refuter import Refuter
from sparsest.exact.supports.relaxation import Gain, KindTask
from sparsest.exact.supports.state import KindPiece
from sparsest.exact.tree.exploration import Surroundings
from sparsest.exact.tree.limits import SearchLimits, StoppedError
from sparsest.exact.tree.state import Counters, Headway
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline


@dataclasses.dataclass(frozen=True)
class KindQuestion:
    """What a search asks about: the same for all its pieces of work.

    Attributes
    ----------
    problem : Problem
        The data, inputs distinct.
    objective : Objective
        Weights or parameters.
    pacing : Pacing
        How many cells are worth their enumeration.
    use_cells : bool
        Whether to enumerate them.
    points : tuple of int or None
        The proof's number of each sample; None where no proof is asked for.
    """

    problem: Problem
    objective: Objective
    pacing: Pacing
    use_cells: bool
    points: tuple[int, ...] | None


@dataclasses.dataclass(frozen=True)
class Share:
    """Networks to refute.

    Attributes
    ----------
    question : KindQuestion
        Of which problem.
    tasks : tuple of KindTask
        The networks, the next one last.
    entries : int
        Weights or parameters of a network that ends the search.
    nodes : int
        Linear programs of the search so far.
    budget : int
        Nodes after which to stop.
    seconds : float
        Time after which to stop.
    gain : Gain
        What tops have brought so far.
    hopeless : frozenset of Kinds
        There is a network of these kinds.
    """

    question: KindQuestion
    tasks: tuple[KindTask, ...]
    entries: int
    nodes: int
    budget: int
    seconds: float
    gain: Gain
    hopeless: frozenset[Kinds]


@dataclasses.dataclass(frozen=True)
class Worked:
    """What came of a share.

    Attributes
    ----------
    nodes, unverified : int
        Counted.
    found : RationalNetwork or None
        A network of the problem as it is searched that provably fits.
    near_miss : Network or None
        One that fits up to rounding.
    pieces : tuple of KindPiece
        What came of each tree.
    left : tuple of KindTask
        Tasks left, the next one last.
    gain : Gain
        What tops have brought in addition.
    hopeless : frozenset of Kinds
        There is a network of these kinds.
    """

    nodes: int
    unverified: int
    found: RationalNetwork | None
    near_miss: Network | None
    pieces: tuple[KindPiece, ...]
    left: tuple[KindTask, ...]
    gain: Gain
    hopeless: frozenset[Kinds]


def work_on(share: Share) -> Worked:
    """Refute networks, in whatever process."""
    question = share.question
    prepared, logs = _prepared(question, threading.get_ident())
    # networks are reported as they are searched, with a free constant where that is a neuron in truth
    findings = EntryFindings(question.problem.n_features, objective=question.objective)
    headway = Headway(counters=Counters(nodes=share.nodes))
    limits = SearchLimits(SearchOptions(deadline=Deadline(max(share.seconds, 1e-3))), findings, headway)
    around = Surroundings(
        prepared.with_all_entries,
        findings,
        headway.counters,
        limits,
        compiled_from=question.pacing.compiled_from,
    )
    gain, hopeless = dataclasses.replace(share.gain), set(share.hopeless)
    refuter = Refuter(prepared, around, logs, gain, hopeless)
    left, pieces = list(share.tasks), list[KindPiece]()
    with contextlib.suppress(StoppedError):  # the task that was begun is still among those left
        refuter.run(left, share.entries, share.budget, pieces.append)
    return Worked(
        nodes=headway.counters.nodes - share.nodes,
        unverified=findings.unverified,
        found=findings.witness,
        near_miss=findings.near_miss,
        pieces=tuple(pieces),
        left=tuple(left),
        gain=gain.since(share.gain),
        hopeless=frozenset(hopeless),
    )


@functools.lru_cache(maxsize=8)
def _prepared(question: KindQuestion, thread: int) -> tuple[PreparedKinds, KindPieceLogs]:
    """Prepare a problem, unless it was before, for one thread: a cluster's worker may have several."""
    prepared = PreparedKinds(question.problem, question.objective, question.pacing)
    if question.use_cells:
        prepared.enumerate(Deadline(None))
    return prepared, KindPieceLogs(prepared, question.points)
