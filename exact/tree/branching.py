"""Where the activation tree branches: on which sample, and with which bits of its neurons.

The sample is a violated one with the fewest bits to choose from, the fail-first rule of constraint
programming. Bits are left out when no cell continues them, when they are out of order among interchangeable
neurons, or when they cannot give a label its sign. Cells are those of all samples or, where that would be
too many, of a few spread-out ones: what refutes a few samples refutes all.
"""

import bisect
import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.enumerate import cells_until, count_in_general_position
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.search_options import Pacing
from sparsest.exact.tree.cell_sets import CellSet, CellSets
from sparsest.exact.tree.depth_first_kernel import MAX_CANDIDATES
from sparsest.exact.tree.spread_out_samples import spread_out
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Bit combinations of a sample are sorted by their distance from the current network up to this many.
_MAX_SORTED = 4096

Bits = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class FeasibleNode:
    """A feasible node: its neurons, each one's remaining cells if known, and which are still alike."""

    neurons: FloatArray
    cells: tuple[CellSet, ...] | None
    tied: tuple[bool, ...]


@dataclasses.dataclass
class BranchPoint:
    """A sample being branched on: the bits still to try, and what holds above it."""

    sample: int
    untried: Iterator[Bits]
    above: FeasibleNode
    bits: Bits | None = None


class Branching:
    """The choices of a tree over one problem.

    Parameters
    ----------
    problem : Problem
        The data, inputs distinct.
    coordinates : Coordinates
        Of the problem.
    met : float
        Violation, as a share of the labels' size, up to which a sample counts as met.
    pacing : Pacing
        How many cells are worth their enumeration, and when.
    """

    def __init__(self, problem: Problem, coordinates: Coordinates, met: float, pacing: Pacing) -> None:
        self._problem, self._pacing = problem, pacing
        self.met = met * problem.label_scale
        rank = coordinates.rows.shape[1]
        self._focus = _focus(problem, coordinates, pacing)
        self._in_focus = np.zeros(problem.n_samples, dtype=bool)
        self._in_focus[self._focus] = True
        self._n_cells = count_in_general_position(len(self._focus), rank)
        self.cell_sets: CellSets | None = None

    def cells_pay(self, nodes: int) -> bool:
        """Whether enumerating the cells takes no longer than so many nodes, or was done already."""
        few = self._n_cells <= min(self._pacing.max_cells, nodes * self._pacing.cells_a_node)
        return few or self.cell_sets is not None

    def enumerate(self, deadline: Deadline) -> None:
        """Enumerate the cells, unless there are too many or the time is up."""
        if self._n_cells > self._pacing.max_cells:
            return
        try:
            patterns = cells_until(self._problem.X[self._focus], deadline).patterns
        except (InputError, TimeLimitError):  # its own limits on sizes, or the clock
            return
        self.cell_sets = CellSets(patterns, self._focus, self._problem.n_samples)

    def go_compiled(self) -> None:
        """Use compiled code for cells from now on."""
        if self.cell_sets is not None:
            self.cell_sets.go_compiled()

    def with_cells(
        self, state: FeasibleNode, path: Sequence[BranchPoint], deadline: Deadline
    ) -> FeasibleNode:
        """Enumerate the cells, and bring the path and the node at its end up to date."""
        self.enumerate(deadline)
        if self.cell_sets is None:
            return state
        cells = self.every_cell(len(state.neurons) - self._problem.has_affine_term)
        for node in path:
            node.above = dataclasses.replace(node.above, cells=cells)
            cells = self._narrowed(cells, node.sample, node.bits or ())
        return dataclasses.replace(state, cells=cells)

    def every_cell(self, width: int) -> tuple[CellSet, ...] | None:
        """Return all cells for each of `width` neurons; None while they are not known."""
        return None if self.cell_sets is None else (self.cell_sets.every,) * width

    def below(self, node: BranchPoint, neurons: FloatArray) -> FeasibleNode:
        """Return what holds below a node with its present bits."""
        bits = node.bits or ()
        tied = tuple(tie and bits[k] == bits[k + 1] for k, tie in enumerate(node.above.tied))
        return FeasibleNode(neurons, self._narrowed(node.above.cells, node.sample, bits), tied)

    def violated_sample(
        self, violation: FloatArray, state: FeasibleNode, path: Sequence[BranchPoint]
    ) -> int | None:
        """Return a violated sample with the fewest possible bits, the most violated among equals.

        None when the network fits as well as LP solutions do. Few bits first visits 2 to 7 times fewer nodes
        than the most violated sample alone. `violation` (N,) is set to zero along the path.
        """
        violation[[node.sample for node in path]] = 0.0
        violated = np.flatnonzero(violation > self.met)
        if not len(violated):
            return None
        if self.cell_sets is not None and self._in_focus[violated].any():
            violated = violated[self._in_focus[violated]]
        worst = violated[np.argsort(-violation[violated], kind="stable")[:MAX_CANDIDATES]]
        if self.cell_sets is None or not state.cells or not path:
            return int(worst[0])
        # (K, 2, candidates) to the number of combinations of bits on each
        combinations = self.cell_sets.possible(state.cells, worst).sum(axis=1).prod(axis=0)
        return int(worst[combinations.argmin()])

    def needed_sign(self, sample: int) -> int:
        """Return the output sign of which some neuron must be active on the sample; 0 if of none."""
        if self._problem.has_affine_term:
            return 0
        return int(self._problem.low[sample] > 0) - int(self._problem.high[sample] < 0)

    def choices(self, sample: int, state: FeasibleNode, width: int, first: bool) -> list[Sequence[int]]:
        """Return the bits that each of `width` neurons can have on a sample, active first.

        With a skip no neuron is active on the first sample: flipping one and adding its linear part to the
        skip changes nothing.
        """
        if first and self._problem.affine is Affine.SKIP:
            return [(0,)] * width
        if self.cell_sets is None or state.cells is None:
            return [(1, 0)] * width
        either = self.cell_sets.possible(state.cells, [sample])[:, :, 0].tolist()
        return [tuple(bit for bit in (1, 0) if possible[bit]) for possible in either]

    def children(
        self,
        choices: Sequence[Sequence[int]],
        needed: int,
        state: FeasibleNode,
        signs: tuple[int, ...],
        current: Sequence[bool],
        check_limits: Callable[[], None],
    ) -> Iterator[Bits]:
        """Return the bits to try, those nearest to the `current` ones of the node's network first."""
        children = _admissible(choices, state.tied, signs, needed, check_limits)
        if math.prod(map(len, choices)) > _MAX_SORTED:
            return children
        return iter(
            sorted(children, key=lambda bits: sum(a != b for a, b in zip(bits, current, strict=True)))
        )

    def _narrowed(
        self, cells: tuple[CellSet, ...] | None, sample: int, bits: Bits
    ) -> tuple[CellSet, ...] | None:
        if self.cell_sets is None or cells is None:
            return None
        narrowed = self.cell_sets.narrowed
        found = tuple(narrowed(each, sample, bit) for each, bit in zip(cells, bits, strict=True))
        # bits of no cell were entered before the cells were known: below them only programs can tell
        return found if all(each.any() for each in found) else None


def _admissible(
    choices: Sequence[Sequence[int]],
    tied: tuple[bool, ...],
    signs: tuple[int, ...],
    needed: int,
    check_limits: Callable[[], None],
) -> Iterator[Bits]:
    """Generate combinations of `choices` that keep alike neurons in order and admit the label's sign."""
    for number, bits in enumerate(itertools.product(*choices)):
        if number % _MAX_SORTED == 0:
            check_limits()  # there may be 2^K of them, none admissible
        if all(bits[k] >= bits[k + 1] for k, tie in enumerate(tied) if tie) and (
            needed == 0 or any(b and s == needed for b, s in zip(bits, signs, strict=True))
        ):
            yield bits


def _focus(problem: Problem, coordinates: Coordinates, pacing: Pacing) -> NDArray[np.intp]:
    """Return the samples whose cells are used: all, or as many spread-out ones as cells can be had of."""
    n, rank = problem.n_samples, coordinates.rows.shape[1]
    if count_in_general_position(n, rank) <= pacing.max_cells:
        return np.arange(n)
    few = bisect.bisect_right(
        range(1, n + 1), pacing.max_focus_cells, key=lambda m: count_in_general_position(m, rank)
    )
    return spread_out(coordinates.rows, max(few, 1))
