"""Where a tree branches whose neurons use some entries only: as any tree, with the few cells of each neuron.

A neuron that uses some of the inputs, and perhaps a bias, lies in the closure of a cell of those entries.
Without a bias there are far fewer. Cells of every choice are kept in one list, so that a set of them is one
row of bits.
"""

import copy
import itertools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.errors import InputError
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.enumerate import cells_until, count_in_general_position
from sparsest.exact.cells.stream import upper_cells
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.search_options import Pacing
from sparsest.exact.supports.kinds import Support
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
    rows : sequence of N sequences of d + 1 integers
        Rows of ``[X, 1]``, each times a positive number.
    """

    def __init__(
        self,
        problem: Problem,
        coordinates: Coordinates,
        met: float,
        pacing: Pacing,
        rows: Sequence[Sequence[int]],
    ) -> None:
        super().__init__(problem, coordinates, met, pacing)
        self._rows = rows
        self._sections: dict[Support, CellSet] = {}
        self._every: tuple[CellSet, ...] | None = None
        self._has_columns = False

    def cells_pay(self, nodes: int) -> bool:
        """Whether cells are known: they are enumerated before the first tree, or not at all."""
        return self.cell_sets is not None

    def enumerate(self, deadline: Deadline) -> None:
        """Enumerate the cells of all choices of entries, few ones first, while they are not too many."""
        patterns: list[BoolArray] = []
        places: dict[Support, slice] = {}
        d, total = self._problem.n_features, 0
        for support in itertools.chain.from_iterable(
            itertools.combinations(range(d + 1), size) for size in range(2, d + 2)
        ):
            expected = count_in_general_position(len(self._focus), len(support))
            found = None
            bits = (total + expected) * len(self._focus)
            fits = bits <= _MAX_BITS and bits * _SECONDS_A_BIT < deadline.remaining
            if total + expected <= self._pacing.max_cells and fits:
                found = self._cells(support, deadline)
            if found is None:
                break
            patterns.append(found)
            places[support] = slice(total, total + len(found))
            total += len(found)
        if not patterns:
            return
        self.cell_sets = CellSets(np.concatenate(patterns), self._focus, self._problem.n_samples)
        for support, place in places.items():
            members = np.zeros(64 * len(self.cell_sets.every), dtype=bool)
            members[place] = True
            self._sections[support] = np.packbits(members, bitorder="little").view(np.uint64)

    def of(self, entries: Sequence[Support], *, has_columns: bool) -> "KindBranching":
        """Return the same for neurons that use these entries; without cells if those of one are not known.

        `has_columns` says whether something has a free coefficient beside them.
        """
        found = copy.copy(self)
        found._has_columns = has_columns
        if self.cell_sets is None or any(each not in self._sections for each in entries):
            found.cell_sets, found._every = None, None
        else:
            found._every = tuple(self._sections[each] for each in entries)
        return found

    def _cells(self, support: Support, deadline: Deadline) -> BoolArray | None:
        """Return the cells (C, S) of some entries; None if they are too many or the time is up."""
        d = self._problem.n_features
        try:
            if support[-1] == d:
                X = self._problem.X[self._focus][:, support[:-1]]
                return np.asarray(cells_until(X, deadline).patterns)
            return unbiased_cells([[self._rows[i][j] for j in support] for i in self._focus], deadline)
        except (InputError, TimeLimitError):
            return None

    def needed_sign(self, sample: int) -> int:
        """Return the output sign of which some neuron must be active on the sample; 0 if of none."""
        return 0 if self._has_columns else super().needed_sign(sample)

    def every_cell(self, width: int) -> tuple[CellSet, ...] | None:
        """Return all cells of each neuron; None where they are not known."""
        return self._every


def unbiased_cells(rows: Sequence[Sequence[int]], deadline: Deadline) -> BoolArray:
    """Return the cells (C, S) of neurons without a bias, each with either bit on all samples that are zero.

    On those such a neuron is zero, whichever bit it has there; one for all of them is enough.

    Parameters
    ----------
    rows : sequence of S sequences of integers
        The samples' inputs, each times a positive number.
    deadline : Deadline
        When to give up.

    Raises
    ------
    TimeLimitError
        When the time is up.
    InputError
        When the tables that it needs would fill the memory.
    """
    numbers: dict[tuple[int, ...], int] = {}
    place, facing = np.full(len(rows), -1), np.ones(len(rows), dtype=bool)
    for i, row in enumerate(rows):
        divisor = math.gcd(*row)
        if divisor:
            first = next(value for value in row if value)
            direction = tuple(value // (divisor if first > 0 else -divisor) for value in row)
            place[i], facing[i] = numbers.setdefault(direction, len(numbers)), first > 0
    zero = place < 0
    if not numbers:
        return np.array([[False] * len(rows), [True] * len(rows)])
    directions = np.array([list(each) for each in numbers], dtype=object)
    upper = np.concatenate(list(upper_cells(directions, deadline)))
    patterns = np.concatenate([~upper, upper])[:, place] == facing
    if not zero.any():
        return np.asarray(patterns)
    patterns = np.concatenate([patterns, patterns])
    patterns[:, zero] = (np.arange(len(patterns)) < len(patterns) // 2)[:, None]
    return np.asarray(patterns)
