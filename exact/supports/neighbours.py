"""Networks of fewer entries near one that is known: descents from there mostly find the next.

Up to two entries are exchanged for others, some are left out, and the numbers are shaken.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.columns import places_of_columns
from sparsest.exact.supports.kinds import Catalogue, Kind, Kinds
from sparsest.objectives import Objective

# Entries exchanged at most, the share of all that may be left out beside the first, how large new ones are,
# and by which shares of themselves numbers are shaken.
_MOST_EXCHANGED: Final = 2
_LEFT_OUT: Final = 0.1
_SIZE: Final = 0.3
_SHAKEN: Final = (0.0, 0.1, 0.3)

# A neuron and one of its entries, or -1 and the place of a column.
Slot = tuple[int, int]


class NearbyStart(NamedTuple):
    """Where a descent begins.

    Attributes
    ----------
    kinds : Kinds
        Of the neurons, then of columns.
    numbers : array (K + 1, r)
        Of the neurons, and of what is free beside them. What the kinds do not allow has numbers all the same.
    """

    kinds: Kinds
    numbers: FloatArray


class Neighbours:
    """The neighbours of one network.

    Parameters
    ----------
    catalogue : Catalogue
        Says which kinds there are.
    exponents : array of int (r,)
        Numbers are those in the units of the problem times powers of two with these exponents.
    numbers : array (K + 1, r)
        Of the neurons, and of what is free beside them.
    signs : sequence of K signs
        Output signs.
    """

    def __init__(
        self, catalogue: Catalogue, exponents: NDArray[np.int_], numbers: FloatArray, signs: list[int]
    ) -> None:
        self._catalogue, self._exponents, self._signs = catalogue, exponents, signs
        self._columns = {kind.support[0] for kind in catalogue.columns}
        self._numbers = numbers.copy()
        given = {(k, j) for k in range(len(signs)) for j in catalogue.full if numbers[k, j] != 0}
        self._used = self._with_columns(given, self._numbers)
        kept = sorted({k for k, _ in self._used if k >= 0})
        self._slots = [(k, j) for k in kept for j in catalogue.full]
        self._slots += [(-1, place) for place in sorted(self._columns)]

    def draw(self, random: np.random.Generator) -> NearbyStart:
        """Return one of them at random."""
        used, numbers = set(self._used), self._numbers.copy()
        exchanged = int(random.integers(_MOST_EXCHANGED + 1))
        left_out = 1 + int(random.integers(1 + int(_LEFT_OUT * len(used))))
        for n in range(exchanged + left_out):
            if used:
                used.remove(_one_of(sorted(used), random))
            unused = [slot for slot in self._slots if slot not in used]
            if n < exchanged and unused:
                added = _one_of(unused, random)
                used.add(added)
                numbers[added] = _SIZE * random.normal()
        used = self._with_columns(used, numbers)
        supports = [tuple(j for j in self._catalogue.full if (k, j) in used) for k in range(len(self._signs))]
        kept = [k for k, support in enumerate(supports) if support]
        kinds = [Kind(supports[k], self._signs[k]) for k in kept]
        kinds += [Kind((place,), 0) for k, place in sorted(used) if k < 0]
        numbers = numbers[[*kept, -1]]
        numbers *= 1 + random.choice(_SHAKEN) * random.normal(size=numbers.shape)
        return NearbyStart(tuple(kinds), numbers)

    def _with_columns(self, used: set[Slot], numbers: FloatArray) -> set[Slot]:
        """Return slots with a column for each neuron of one parameter, and give it the neuron's number.

        A neuron that is a multiple of no column of the catalogue is left out.
        """
        if self._catalogue.objective is Objective.WEIGHTS:
            return used
        found, d = set(used), self._catalogue.n_features
        for k in range(len(self._signs)):
            own = [j for j in self._catalogue.full if (k, j) in used]
            if len(own) != 1:
                continue
            (j,) = own
            found.remove((k, j))
            place = d if j == d else places_of_columns(d, j)[int(numbers[k, j] < 0)]
            if place in self._columns:
                found.add((-1, place))
                size = np.ldexp(abs(numbers[k, j]), self._exponents[place] - self._exponents[j])
                numbers[-1, place] += self._signs[k] * size
        return found


def _one_of(slots: list[Slot], random: np.random.Generator) -> Slot:
    return slots[int(random.integers(len(slots)))]
