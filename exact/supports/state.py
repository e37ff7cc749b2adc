"""What a search for the fewest weights or parameters has refuted, and what is left of the rest."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.piece import Prefix, replay
from sparsest.exact.supports.kinds import Kinds, contains, cost, guard_of, neurons, uses
from sparsest.exact.supports.relaxation import KindTask, task_of
from sparsest.exact.tree.state import Frontier


class KindPiece(NamedTuple):
    """What came of a network's tree, or of a part of it.

    Attributes
    ----------
    kinds : Kinds
        Of its neurons.
    prefix : Prefix
        Where the part hangs.
    left : tuple of Prefix
        Subtrees left open.
    proven : bytes or None
        What a proof needs of it (`sparsest.exact.proof.piece`); None unless one is asked for.
    """

    kinds: Kinds
    prefix: Prefix
    left: tuple[Prefix, ...]
    proven: bytes | None


class RefutedTree(NamedTuple):
    """A tree that was refuted while a budget was: its kinds, and what was recorded of it."""

    kinds: Kinds
    budget: int
    pieces: dict[Prefix, bytes]


class Refuted:
    """Networks that are refuted, some of them with more entries than the budget."""

    def __init__(self) -> None:
        # by output signs, with the uses of their entries
        self._found: dict[tuple[int, ...], dict[Kinds, int]] = defaultdict(dict)

    def __iter__(self) -> Iterator[Kinds]:
        """Generate their kinds."""
        for some in self._found.values():
            yield from some

    def add(self, kinds: Kinds) -> None:
        """Take note of one more."""
        self._found[_signs(kinds)][kinds] = uses(kinds)

    def covers(self, kinds: Kinds) -> bool:
        """Whether networks of some kinds are refuted, by themselves or within others."""
        return kinds in self._found[_signs(kinds)] or self.containing(kinds) is not None

    def containing(self, kinds: Kinds) -> Kinds | None:
        """Return the first ones noted that contain some kinds, if any do."""
        # most are ruled out by how often an entry is used at all
        used = uses(kinds)
        guard = guard_of(used)
        for large, room in self._found[_signs(kinds)].items():
            if ((room | guard) - used) & guard == guard and contains(large, kinds):
                return large
        return None

    def forget_below(self, budget: int) -> None:
        """Forget those that no network of so many entries is contained in."""
        for signs, some in self._found.items():
            self._found[signs] = {kinds: room for kinds, room in some.items() if cost(kinds) >= budget}


def _signs(kinds: Kinds) -> tuple[int, ...]:
    """Return the neurons' output signs in order; contained in each other are those of the same alone."""
    return tuple(sorted(kind.sign for kind in neurons(kinds)))


@dataclasses.dataclass
class Trees:
    """Trees of a search: those refuted, and the parts of the others.

    Attributes
    ----------
    refuted : Refuted
        What need not be searched again.
    hopeless : set of Kinds
        There is a network of these kinds.
    under_way : dict
        What is left of a tree that is explored in parts, by its kinds.
    waiting : list of KindTask
        What nobody works on yet, the next one last.
    keeps : bool
        Whether what was recorded of refuted trees is kept.
    finished : list of RefutedTree
        Those, as long as it is.
    """

    refuted: Refuted = dataclasses.field(default_factory=Refuted)
    hopeless: set[Kinds] = dataclasses.field(default_factory=set)
    under_way: dict[Kinds, Frontier] = dataclasses.field(default_factory=dict)
    waiting: list[KindTask] = dataclasses.field(default_factory=list)
    keeps: bool = False
    finished: list[RefutedTree] = dataclasses.field(default_factory=list)

    def begin(self, tasks: list[KindTask]) -> None:
        """Let tasks wait, the first of them to be done first, after what is left of trees under way."""
        parts = [
            task_of(kinds, prefix) for kinds, frontier in self.under_way.items() for prefix in frontier.left
        ]
        self.waiting = [*parts, *tasks][::-1]

    def take(self, piece: KindPiece, budget: int, log: ProofLog) -> None:
        """Take what came of a tree or of a part of it, and tell the log of one that is refuted."""
        frontier = self.under_way.setdefault(piece.kinds, Frontier())
        if piece.proven is not None:
            frontier.pieces[piece.prefix] = piece.proven
        frontier.left.extend(piece.left)
        frontier.left.remove(piece.prefix)
        if frontier.left:
            return
        self.refuted.add(piece.kinds)
        del self.under_way[piece.kinds]
        if piece.proven is not None:
            finished = RefutedTree(piece.kinds, budget, frontier.pieces)
            self.finished += [finished] * self.keeps
            report(finished, log)


def report(tree: RefutedTree, log: ProofLog) -> None:
    """Tell a log of a tree that is refuted."""
    log.begin_kinds(tree.kinds)
    replay(tree.pieces, log)
    log.end()
