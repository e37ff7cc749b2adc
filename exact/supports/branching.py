"""Where a tree branches whose neurons use some entries only: as any tree, with the few cells of each neuron.

A neuron that uses some of the inputs, and perhaps a bias, lies in the closure of a cell of those inputs with
a bias. Cells of every choice of inputs are kept in one list, so that a set of them is one row of bits.
"""

import copy
import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.errors import InputError
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.enumerate import cells_until, count_in_general_position
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.search_options import Pacing
from sparsest.exact.supports.kinds import Kinds
from sparsest.exact.tree.branching import Branching
from sparsest.exact.tree.cell_sets import CellSet, CellSets
from sparsest.problem import Problem
from sparsest.progress import Deadline

BoolArray = NDArray[np.bool_]

# Bits of all cells, a sample each, that are kept, and the seconds that enumerating and packing takes for one.
_MAX_BITS: Final = 50_000_000
_SECONDS_A_BIT: Final = 1.5e-8


class KindBranching(Branching):
    """The choices of trees over one problem, for neurons of any kinds; `of` says of which.

    Parameters
    ----------
    problem, coordinates, met, pacing
        As for `Branching`.
    """

    def __init__(self, problem: Problem, coordinates: Coordinates, met: float, pacing: Pacing) -> None:
        super().__init__(problem, coordinates, met, pacing)
        self._sections: dict[tuple[int, ...], CellSet] = {}
        self._every: tuple[CellSet, ...] | None = None

    def cells_pay(self, nodes: int) -> bool:
        """Whether cells are known: they are enumerated before the first tree, or not at all."""
        return self.cell_sets is not None

    def enumerate(self, deadline: Deadline) -> None:
        """Enumerate the cells of all choices of inputs, small ones first, while they are not too many."""
        patterns: list[BoolArray] = []
        places: dict[tuple[int, ...], slice] = {}
        d, total = self._problem.n_features, 0
        for features in itertools.chain.from_iterable(
            itertools.combinations(range(d), size) for size in range(d + 1)
        ):
            expected = count_in_general_position(len(self._focus), len(features) + 1)
            found = None
            bits = (total + expected) * len(self._focus)
            fits = bits <= _MAX_BITS and bits * _SECONDS_A_BIT < deadline.remaining
            if total + expected <= self._pacing.max_cells and fits:
                found = _cells(self._problem.X[self._focus][:, features], deadline)
            if found is None:
                break
            patterns.append(found)
            places[features] = slice(total, total + len(found))
            total += len(found)
        if not patterns:
            return
        self.cell_sets = CellSets(np.concatenate(patterns), self._focus, self._problem.n_samples)
        for features, place in places.items():
            members = np.zeros(64 * len(self.cell_sets.every), dtype=bool)
            members[place] = True
            self._sections[features] = np.packbits(members, bitorder="little").view(np.uint64)

    def of(self, kinds: Kinds) -> "KindBranching":
        """Return the same for neurons of these kinds; without cells if those of one are not known."""
        found = copy.copy(self)
        features = [tuple(j for j in kind.support if j < self._problem.n_features) for kind in kinds]
        if self.cell_sets is None or any(each not in self._sections for each in features):
            found.cell_sets, found._every = None, None
        else:
            found._every = tuple(self._sections[each] for each in features)
        return found

    def every_cell(self, width: int) -> tuple[CellSet, ...] | None:
        """Return all cells of each neuron; None where they are not known."""
        return self._every


def _cells(X: NDArray[np.float64], deadline: Deadline) -> BoolArray | None:
    """Return the cells (C, S) of some columns with a bias; None if they are too many or the time is up."""
    if not X.shape[1]:
        return np.array([[False] * len(X), [True] * len(X)])
    try:
        return np.asarray(cells_until(X, deadline).patterns)
    except (InputError, TimeLimitError):
        return None
