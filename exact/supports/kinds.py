"""Which entries neurons may use, and all the ways to spend a budget of weights or parameters on neurons.

A neuron's *support* are the counted entries of its vector that may differ from zero: some of the d weights,
or some of the d + 1 parameters, the bias being the last. Its *kind* is its support and its output sign. A
network of kinds is one for each multiset of them.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sparsest.affine import Affine
from sparsest.objectives import Objective

Support = tuple[int, ...]


class Kind(NamedTuple):
    """Support and output sign of a neuron."""

    support: Support
    sign: int


Kinds = tuple[Kind, ...]


def cost(kinds: Sequence[Kind]) -> int:
    """Return how many entries the neurons may use in all."""
    return sum(len(kind.support) for kind in kinds)


class Catalogue:
    """The supports that networks of fewest entries have, and how many neurons may share each.

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
    for weights a constant. Of neurons that are constants there is one at most, and none beside a free
    constant. Neurons that use one feature and no bias are multiples of max(0, x) or max(0, -x): two at most,
    and with a skip, as max(0, x) - max(0, -x) = x, one.
    """

    def __init__(self, n_features: int, affine: Affine, objective: Objective) -> None:
        self.n_features, self.affine, self.objective = n_features, affine, objective
        self._counted = n_features + (objective is Objective.PARAMETERS)

    @property
    def full(self) -> Support:
        """The support that holds all others."""
        return tuple(range(self._counted))

    def most(self, support: Support) -> int:
        """Return how many neurons may have a support, of whichever signs; 2**31 where any number may."""
        if self.objective is Objective.WEIGHTS or len(support) > 1:
            return 2**31
        if support == (self.n_features,):
            return 1 if self.affine is Affine.NONE else 0
        return 1 if self.affine is Affine.SKIP else 2

    def entries(self, kind: Kind) -> Support:
        """Return the entries of a neuron's vector that may differ from zero, the free bias among them."""
        return kind.support + (self.n_features,) * (self.objective is Objective.WEIGHTS)

    def multisets(self, budget: int) -> Iterator[tuple[tuple[Support, int], ...]]:
        """Generate the multisets of supports of so many entries in all, as pairs of support and multiplicity.

        Large supports, and so few neurons, come first.
        """
        sizes = range(min(budget, self._counted), 0, -1)
        supports = [each for size in sizes for each in itertools.combinations(range(self._counted), size)]
        yield from self._multisets([each for each in supports if self.most(each)], 0, budget)

    def _multisets(
        self, supports: Sequence[Support], first: int, left: int
    ) -> Iterator[tuple[tuple[Support, int], ...]]:
        if left == 0:
            yield ()
        for n in range(first, len(supports) if left else 0):
            support = supports[n]
            for count in range(min(left // len(support), self.most(support)), 0, -1):
                for others in self._multisets(supports, n + 1, left - count * len(support)):
                    yield ((support, count), *others)

    def networks(self, budget: int) -> Iterator[Kinds]:
        """Generate the kinds of neurons of so many entries in all: every multiset, and all output signs.

        Neurons of one kind are neighbours.
        """
        for multiset in self.multisets(budget):
            for positive in itertools.product(*(range(count, -1, -1) for _, count in multiset)):
                yield tuple(
                    Kind(support, sign)
                    for (support, count), plus in zip(multiset, positive, strict=True)
                    for sign in (1,) * plus + (-1,) * (count - plus)
                )


def contains(large: Sequence[Kind], small: Sequence[Kind]) -> bool:
    """Whether neurons pair up, signs equal, so that those of `large` may use all that their partners use.

    Of as many neurons: a refutation that merges alike neurons holds where none of them is zero.
    """
    # a matching in general: on sets so small SciPy's takes 20 times as long
    if len(small) != len(large):
        return False
    partner: dict[int, int] = {}  # neuron of `large` to that of `small`

    def find(k: int, tried: set[int]) -> bool:
        for m, kind in enumerate(large):
            fits = kind.sign == small[k].sign and set(small[k].support) <= set(kind.support)
            if fits and m not in tried:
                tried.add(m)
                if m not in partner or find(partner[m], tried):
                    partner[m] = k
                    return True
        return False

    return all(find(k, set()) for k in range(len(small)))
