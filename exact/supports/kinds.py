"""Which entries neurons may use, and all the ways to spend a budget of weights or parameters on neurons.

A neuron's *support* are the counted entries of its vector that may differ from zero: some of the d weights,
or some of the d + 1 parameters, the bias being the last. Its *kind* is its support and its output sign. A
network of kinds is one for each multiset of them.

A neuron of one parameter is a multiple of a *column* (`sparsest.exact.arithmetic.columns`), of either sign.
"""

import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from sparsest.affine import Affine
from sparsest.exact.arithmetic.columns import places_of_columns
from sparsest.objectives import Objective

Support = tuple[int, ...]


class Kind(NamedTuple):
    """Support and output sign of a neuron; of a column its place, and 0."""

    support: Support
    sign: int


Kinds = tuple[Kind, ...]

# Networks whose neurons and columns are remembered: each is held against all others of its budget.
_REMEMBERED: Final = 2**15
# Bits of a count.
_FIELD: Final = 16


@functools.lru_cache(maxsize=_REMEMBERED)
def neurons(kinds: Kinds) -> Kinds:
    """Return the kinds that are no columns."""
    return tuple(kind for kind in kinds if kind.sign)


@functools.lru_cache(maxsize=_REMEMBERED)
def columns(kinds: Kinds) -> tuple[int, ...]:
    """Return the places of the columns among some kinds, in order."""
    return tuple(sorted(kind.support[0] for kind in kinds if not kind.sign))


def cost(kinds: Sequence[Kind]) -> int:
    """Return how many entries the neurons may use in all."""
    return sum(len(kind.support) for kind in kinds)


def uses(kinds: Kinds) -> int:
    """Return how many neurons of each sign use each entry, and which columns there are, in fields of 16 bits.

    What contains some kinds uses nothing less often. With G the `guard_of` b, no field of b is above that
    of a exactly if ``((a | G) - b) & G == G``: no field borrows from its highest bit.
    """
    found = 0
    for support, sign in kinds:
        for entry in support:
            found += 1 << (_FIELD * (3 * entry + sign + 1))
    return found


def guard_of(used: int) -> int:
    """Return the highest bit of each field up to the last one in use; fewer neurons than that are counted."""
    fields = -(-used.bit_length() // _FIELD)
    return ((1 << (_FIELD * fields)) - 1) // ((1 << _FIELD) - 1) << (_FIELD - 1)


class Catalogue:
    """The kinds of neurons that networks of fewest entries have.

    Parameters
    ----------
    n_features : int
        d.
    affine : Affine
        What networks have beside their neurons.
    objective : Objective
        Weights or parameters.

    Notes
    -----
    Of networks with the fewest entries take one with the fewest neurons. A neuron without entries is zero, or
    for weights a constant. Multiples of one column are one; beside a free constant a constant is none, and
    with a skip, as max(0, x) - max(0, -x) = x, neither is max(0, -x).
    """

    def __init__(self, n_features: int, affine: Affine, objective: Objective) -> None:
        self.n_features, self.affine, self.objective = n_features, affine, objective
        self._counted = n_features + (objective is Objective.PARAMETERS)
        self._least = 2 if objective is Objective.PARAMETERS else 1  # entries of a neuron that is no column

    @property
    def full(self) -> Support:
        """The support that holds all others."""
        return tuple(range(self._counted))

    @property
    def columns(self) -> Kinds:
        """The columns, one of each at most in a network; none for weights."""
        if self.objective is Objective.WEIGHTS:
            return ()
        d, sides = self.n_features, 1 if self.affine is Affine.SKIP else 2
        places = [d] * (self.affine is Affine.NONE)
        places += [place for j in range(d) for place in places_of_columns(d, j)[:sides]]
        return tuple(Kind((place,), 0) for place in places)

    def entries(self, kind: Kind) -> Support:
        """Return the entries of a neuron's vector that may differ from zero, the free bias among them."""
        return kind.support + (self.n_features,) * (self.objective is Objective.WEIGHTS)

    def multisets(self, budget: int) -> Iterator[tuple[tuple[Support, int], ...]]:
        """Generate the multisets of neurons' supports of so many entries in all, with multiplicities.

        Large supports, and so few neurons, come first.
        """
        sizes = range(min(budget, self._counted), self._least - 1, -1)
        supports = [each for size in sizes for each in itertools.combinations(range(self._counted), size)]
        yield from self._multisets(supports, 0, budget)

    def _multisets(
        self, supports: Sequence[Support], first: int, left: int
    ) -> Iterator[tuple[tuple[Support, int], ...]]:
        if left == 0:
            yield ()
        for n in range(first, len(supports) if left else 0):
            support = supports[n]
            for count in range(left // len(support), 0, -1):
                for others in self._multisets(supports, n + 1, left - count * len(support)):
                    yield ((support, count), *others)

    def networks(self, budget: int) -> Iterator[Kinds]:
        """Generate the kinds of so many entries in all: each set of columns, multiset and output signs.

        Neurons of one kind are neighbours, columns the last; most columns, and so few neurons, come first.
        """
        every = self.columns
        for count in range(min(len(every), budget), -1, -1):
            some = list(itertools.combinations(every, count))
            for multiset in self.multisets(budget - count):
                for positive in itertools.product(*(range(count, -1, -1) for _, count in multiset)):
                    signed = tuple(
                        Kind(support, sign)
                        for (support, count), plus in zip(multiset, positive, strict=True)
                        for sign in (1,) * plus + (-1,) * (count - plus)
                    )
                    yield from (signed + beside for beside in some)

    def at_random(self, budget: int, random: np.random.Generator) -> Iterator[Kinds]:
        """Generate kinds of so many entries in all at random, without end; signs of neurons are all 1.

        Each number of columns and each size of a neuron is as likely, so that few neurons are.
        """
        every = self.columns
        counts = [count for count in range(min(len(every), budget) + 1) if self._splits(budget - count)]
        while counts:
            count = int(random.choice(counts))
            left, found = budget - count, list[Kind]()
            while left:
                most = min(left, self._counted)
                sizes = [m for m in range(self._least, most + 1) if self._splits(left - m)]
                support = random.choice(self._counted, int(random.choice(sizes)), replace=False)
                found.append(Kind(tuple(sorted(support.tolist())), 1))
                left -= len(support)
            chosen = sorted(random.permutation(len(every))[:count].tolist())
            yield (*found, *(every[i] for i in chosen))

    def _splits(self, entries: int) -> bool:
        """Whether some neurons can have so many entries in all."""
        return -(-entries // self._counted) * self._least <= entries


@functools.lru_cache(maxsize=_REMEMBERED)
def _bit_sets(kinds: Kinds) -> list[tuple[int, int]]:
    """Return the sign of each neuron, and the entries that it may use as a bit set."""
    return [(sign, sum(1 << j for j in support)) for support, sign in neurons(kinds)]


def contains(large: Kinds, small: Kinds) -> bool:
    """Whether neurons pair up, signs equal, so that those of `large` may use all that their partners use.

    Of as many neurons: a refutation that merges alike neurons holds where none of them is zero. Columns of
    `large` may be left over.
    """
    if not set(columns(small)).issubset(columns(large)):
        return False
    above, below = _bit_sets(large), _bit_sets(small)
    if len(above) != len(below):
        return False
    # a matching in general: on sets so small SciPy's takes 20 times as long
    partner: dict[int, int] = {}  # neuron of `large` to that of `small`

    def find(k: int, tried: set[int]) -> bool:
        sign, entries = below[k]
        for m, (other, more) in enumerate(above):
            if sign == other and not entries & ~more and m not in tried:
                tried.add(m)
                if m not in partner or find(partner[m], tried):
                    partner[m] = k
                    return True
        return False

    return all(find(k, set()) for k in range(len(below)))
