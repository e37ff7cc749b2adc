"""Refute many networks at once: one whose neurons may use all that theirs use, where that is quick.

Networks of as many neurons and positive signs are contained in a top, at first that of full supports and all
columns. It is searched with as many nodes as they may take one by one, about. If that does not refute it,
some neuron of it loses an entry, or the top a column, one after the other, and each of the smaller tops goes
on with the networks that it contains; networks that need all of that go on with the next neuron or column.
What is left in the end are the networks by themselves. Tops are tried as long as what was tried in vain is a
small share of the search, or less than what others have saved, and none that is larger than all that were
refuted once some as small were not.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from sparsest.exact.proof.piece import Prefix
from sparsest.exact.supports.kinds import Catalogue, Kind, Kinds, contains, cost, neurons

# Nodes that a network is expected to take while none was refuted, the share of them that a top may take, and
# the share of all nodes, and of those that were saved, that may be visited in vain.
_FIRST_GUESS: Final = 40.0
_SHARE: Final = 0.5
_VAIN: Final = 0.25
# Tops in vain after which none as large is tried, as long as no larger one was refuted.
_FAILURES: Final = 4


class KindTask(NamedTuple):
    """Networks to refute.

    Attributes
    ----------
    top : Kinds
        Kinds that contain those of all of them.
    networks : tuple of Kinds
        At least one, in the order of a catalogue.
    pinned : int
        So many kinds of `top`, the first ones, keep all their entries in each of the networks.
    prefix : Prefix
        For one network: the subtree of its tree that is meant.
    """

    top: Kinds
    networks: tuple[Kinds, ...]
    pinned: int = 0
    prefix: Prefix = ()

    @property
    def alone(self) -> Kinds | None:
        """The one network that is to be refuted by itself; None where there are more."""
        first = self.networks[0]
        return first if len(self.networks) == 1 or _ordered(self.top) == first else None


def task_of(kinds: Kinds, prefix: Prefix = ()) -> KindTask:
    """Return the task to refute a network by itself, or a part of its tree."""
    return KindTask(kinds, (kinds,), prefix=prefix)


def tasks(networks: Iterable[Kinds], catalogue: Catalogue) -> Iterator[KindTask]:
    """Generate tasks with tops of full supports and all columns, of few neurons first."""
    found: dict[tuple[int, int], list[Kinds]] = defaultdict(list)
    for kinds in networks:
        signs = [kind.sign for kind in neurons(kinds)]
        found[len(signs), signs.count(1)].append(kinds)
    full, columns = catalogue.full, catalogue.columns
    for width, positive in sorted(found, key=lambda pair: (pair[0], abs(2 * pair[1] - pair[0]))):
        top = (Kind(full, 1),) * positive + (Kind(full, -1),) * (width - positive) + columns
        yield KindTask(_ordered(top), tuple(found[width, positive]))


def parts(task: KindTask) -> list[KindTask]:
    """Return tasks that amount to one whose top was not refuted: smaller tops, then networks alone."""
    top, found, left = task.top, list[KindTask](), task.networks
    for pinned in range(task.pinned, len(top)):
        for smaller in _smaller(top[pinned]):
            child = (*top[:pinned], *smaller, *top[pinned + 1 :])
            below = tuple(kinds for kinds in left if contains(child, kinds))
            if below:
                found.append(KindTask(child, below, pinned))
                gone = set(below)
                left = tuple(kinds for kinds in left if kinds not in gone)
        if len(left) <= 1:
            break
    return found + [task_of(kinds) for kinds in left]


def _smaller(kind: Kind) -> Iterator[Kinds]:
    """Generate what is left of a neuron without one of its entries, or of a column: nothing."""
    support, sign = kind
    if not sign:
        yield ()
    for dropped in reversed(support) if len(support) > 1 else ():
        yield (Kind(tuple(j for j in support if j != dropped), sign),)


@dataclasses.dataclass
class Gain:
    """What tops have brought so far, which says whether one more is tried.

    Attributes
    ----------
    expected : float
        Nodes that a network by itself takes, about.
    vain : int
        Nodes of tops that were not refuted.
    saved : float
        Nodes that others have saved.
    largest : int
        Numbers that may differ from zero in the largest top that was refuted.
    failures : Counter
        Tops that were not refuted, by their numbers.
    """

    expected: float = _FIRST_GUESS
    vain: int = 0
    saved: float = 0.0
    largest: int = 0
    failures: Counter[int] = dataclasses.field(default_factory=Counter)

    def budget(self, task: KindTask, nodes: int) -> int:
        """Return how many nodes the top of a task may take after so many of the search; 0 if none."""
        if self.vain > _VAIN * (nodes + self.saved):
            return 0
        size = cost(task.top)
        if size > self.largest and sum(n for at, n in self.failures.items() if at <= size) >= _FAILURES:
            return 0
        return int(_SHARE * self.expected * len(task.networks)) + 1

    def tried(self, task: KindTask, nodes: int, *, refuted: bool) -> None:
        """Take note of a top that took so many nodes."""
        if refuted:
            self.saved += self.expected * len(task.networks)
            self.largest = max(self.largest, cost(task.top))
        else:
            self.vain += nodes
            self.failures = self.failures + Counter([cost(task.top)])  # its copies are others'

    def took(self, nodes: int) -> None:
        """Take note of a network by itself that took so many nodes."""
        self.expected += 0.1 * (nodes - self.expected)

    def since(self, before: "Gain") -> "Gain":
        """Return what came in addition to what was there before."""
        failures = self.failures - before.failures
        return Gain(self.expected, self.vain - before.vain, self.saved - before.saved, self.largest, failures)

    def add(self, more: "Gain") -> None:
        """Take over what came in addition elsewhere."""
        self.expected = more.expected
        self.vain += more.vain
        self.saved += more.saved
        self.largest = max(self.largest, more.largest)
        self.failures = self.failures + more.failures


def _ordered(kinds: Kinds) -> Kinds:
    """Return the kinds in the order of a catalogue: large supports first, 1 before -1, columns last."""
    return tuple(sorted(kinds, key=lambda kind: (-len(kind.support), kind.support, -kind.sign)))


def ordered_top(task: KindTask) -> Kinds:
    """Return the top of a task with neurons of one kind as neighbours."""
    return _ordered(task.top)
