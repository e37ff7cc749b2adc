"""Refute many networks at once: one whose neurons may use all that theirs use, where that is quick.

Networks of as many neurons and positive signs are contained in a top, at first that of full supports. It is
searched with as many nodes as they may take one by one, about. If that does not refute it, some neuron of it
loses an entry, one after the other, and each of the smaller tops goes on with the networks that it contains;
networks for which that neuron must keep all its entries go on with the next neuron. What is left in the end
are the networks by themselves. Tops are tried as long as what was tried in vain is a small share of the
search, or less than what others have saved.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from sparsest.exact.supports.kinds import Kind, Kinds, Support, contains

# Nodes that a network is expected to take while none was refuted, the share of them that a top may take, and
# the share of all nodes, and of those that were saved, that may be visited in vain.
_FIRST_GUESS: Final = 40.0
_SHARE: Final = 0.5
_VAIN: Final = 0.25
# Searches for a network of some kinds with so many nodes, or as many as it takes: whether there is none.
Refute = Callable[[Kinds, int | None], bool]


def groups(networks: Iterable[Kinds], full: Support) -> Iterator[tuple[Kinds, list[Kinds]]]:
    """Generate tops of full supports, of few neurons first, each with the networks that it contains."""
    found: dict[tuple[int, int], list[Kinds]] = defaultdict(list)
    for kinds in networks:
        found[len(kinds), sum(kind.sign > 0 for kind in kinds)].append(kinds)
    for width, positive in sorted(found, key=lambda pair: (pair[0], abs(2 * pair[1] - pair[0]))):
        top = (Kind(full, 1),) * positive + (Kind(full, -1),) * (width - positive)
        yield top, found[width, positive]


class SharedRefutation:
    """Refutes networks, many at once where that is quick.

    Parameters
    ----------
    refute : callable
        Searches for one network, with a limit on nodes or without; whether there is none. Without a limit,
        False ends all.
    nodes : callable
        How many nodes were visited so far.
    """

    def __init__(self, refute: Refute, nodes: Callable[[], int]) -> None:
        self._refute, self._nodes = refute, nodes
        self._expected = _FIRST_GUESS
        self._vain, self._saved = 0, 0.0

    def run(self, top: Kinds, networks: list[Kinds]) -> bool:
        """Refute the networks that a top contains; False when there is one."""
        return self._run(top, networks, 0)

    def _run(self, top: Kinds, networks: list[Kinds], pinned: int) -> bool:
        """Do as `run`, where the first neurons keep all their entries."""
        if not networks:
            return True
        if _ordered(top) == networks[0]:
            return self._one(networks[0])
        if len(networks) > 1 and self._at_once(top, len(networks)):
            return True
        return self._split(top, networks, pinned)

    def _split(self, top: Kinds, networks: list[Kinds], pinned: int) -> bool:
        support, sign = top[pinned]
        left = networks
        for dropped in reversed(support) if len(support) > 1 else ():
            smaller = Kind(tuple(j for j in support if j != dropped), sign)
            child = (*top[:pinned], smaller, *top[pinned + 1 :])
            below = [kinds for kinds in left if contains(child, kinds)]
            if not self._run(child, below, pinned):
                return False
            left = [kinds for kinds in left if kinds not in set(below)]
        if not left or pinned + 1 < len(top):
            return self._split_on(top, left, pinned)
        return all(self._one(kinds) for kinds in left)

    def _split_on(self, top: Kinds, networks: list[Kinds], pinned: int) -> bool:
        """Go on with the next neuron, those so far keeping their entries."""
        if not networks:
            return True
        if len(networks) == 1:
            return self._one(networks[0])
        return self._split(top, networks, pinned + 1)

    def _at_once(self, top: Kinds, count: int) -> bool:
        """Try to refute a top that contains so many networks, if tops pay; whether it is refuted."""
        before = self._nodes()
        if self._vain > _VAIN * (before + self._saved):
            return False
        refuted = self._refute(_ordered(top), int(_SHARE * self._expected * count) + 1)
        if refuted:
            self._saved += self._expected * count
        else:
            self._vain += self._nodes() - before
        return refuted

    def _one(self, kinds: Kinds) -> bool:
        before = self._nodes()
        refuted = self._refute(kinds, None)
        self._expected += 0.1 * (self._nodes() - before - self._expected)
        return refuted


def _ordered(kinds: Kinds) -> Kinds:
    """Return the kinds in the order in which a catalogue has them: large supports first, 1 before -1."""
    return tuple(sorted(kinds, key=lambda kind: (-len(kind.support), kind.support, -kind.sign)))
