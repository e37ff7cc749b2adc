"""A depth-first search of an activation tree in compiled code, and what its caller must decide meanwhile.

The loop is in `sparsest.exact.tree.depth_first_kernel`; here its arrays are made, and read.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.certain_refutation import samples_of
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.compiling import compile_loop
from sparsest.exact.lp.row_stack_kernel import dual_multipliers
from sparsest.exact.lp.simplex_kernel import FEASIBLE
from sparsest.exact.proof.log import Bits, ProofLog
from sparsest.exact.tree import depth_first_kernel as kernel
from sparsest.exact.tree.branching import Branching
from sparsest.exact.tree.cell_sets import CellSet
from sparsest.exact.tree.depth_first_kernel import CompiledTree, Position
from sparsest.exact.tree.node_program import EveryRow
from sparsest.exact.tree.told_events import EventReader, unpacked

# Neurons up to which the bits of a sample are listed, 2^K of them.
MAX_WIDTH: Final = 12
# Levels at first; most trees are deeper, few by much.
_ROOM: Final = 8
# Room for events beside those of one node: most trees have few, and the room is made for each.
_EVENTS: Final = 2**13


class PathPoint(NamedTuple):
    """A branch point: its sample, bits, if one of its children is entered, and bits still to try."""

    sample: int
    bits: Bits | None
    untried: Sequence[Bits]


def tree_of(
    program: EveryRow, branching: Branching, data: ExactData, signs: Sequence[int], met: float, *, told: bool
) -> CompiledTree:
    """Return the tree of networks with given output signs, as the loop sees it.

    Parameters
    ----------
    program : EveryRow
        Its rows.
    branching : Branching
        Its cells.
    data : ExactData
        The problem.
    signs : sequence of int (K,)
        Output signs.
    met : float
        Violation in the program's units up to which a sample counts as met.
    told : bool
        Whether events are wanted.
    """
    problem, sets = data.problem, branching.cell_sets
    n = problem.n_samples
    return CompiledTree(
        rows=np.ascontiguousarray(program.rows),  # one type: the loop would be compiled again for another
        starts=program.starts,
        signs=np.array(signs, dtype=np.float64),
        skip=len(program.starts) > len(signs) + 1,
        low=program.low,
        high=program.high,
        met=met,
        needed=np.array([branching.needed_sign(i) for i in range(n)], dtype=np.int64),
        flips=problem.affine is Affine.SKIP,
        active=np.zeros((0, 0), dtype=np.uint64) if sets is None else sets.active,
        columns=np.full(n, -1) if sets is None else sets.columns,
        tolerance=tolerances.LP_FEASIBILITY,
        told=told,
        exact=samples_of(data, signs),
    )


class DepthFirst:
    """A depth-first search of one tree.

    Parameters
    ----------
    tree : CompiledTree
        What is searched.
    data : ExactData
        The problem.
    program : EveryRow
        The tree's rows.
    path : iterable of PathPoint
        Where it is: every branch point but the last has bits; if the last has, the search goes on with the
        node below.
    floor : int
        Branch points that are not to be left.
    tied : sequence of bool (K - 1,)
        Which neighbours are interchangeable at the root.
    cells : sequence of sets of cells (K,), or None
        Those of each neuron at the root.
    """

    def __init__(
        self,
        tree: CompiledTree,
        data: ExactData,
        program: EveryRow,
        path: Iterable[PathPoint],
        floor: int,
        tied: Sequence[bool],
        cells: Sequence[CellSet] | None,
    ) -> None:
        self._tree, self._program, self._width = tree, program, len(tree.signs)
        points = list(path)
        begun = [(point.sample, point.bits) for point in points]
        self._teller = EventReader(data, tree.signs.astype(int).tolist(), begun)
        words = 0 if cells is None else len(cells[0])
        self._place = _empty(max(_ROOM, len(points) + 1), tree, program, words)
        place = self._place
        place.tied[0] = self._packed(tied)
        place.known[0] = cells is not None
        if cells is not None:
            place.cells[0] = cells
        for i, point in enumerate(points):
            place.samples[i] = point.sample
            place.children[i, : len(point.untried)] = [self._packed(bits) for bits in point.untried]
            place.stop[i] = len(point.untried)
            if point.bits is not None:
                place.bits[i] = self._packed(point.bits)
                place.at[kernel.DEPTH] = i + 1
        place.at[kernel.POINTS], place.at[kernel.FLOOR] = len(points), floor
        place.at[kernel.TODO], place.at[kernel.WANTED] = kernel.LOAD, -1

    def run(self, nodes: int, log: ProofLog) -> tuple[int, int]:
        """Visit up to so many nodes, and tell of them; return why this ended, and how many were visited."""
        visited = 0
        while True:
            why, more = compile_loop(kernel.explore)(self._tree, self._place, nodes - visited)
            visited += more
            told = self._place.events[: self._place.at[kernel.EVENTS]]
            if len(told):
                log.visited(told, self._teller)
            self._place.at[kernel.EVENTS] = 0
            if why != kernel.FULL:
                return why, visited
            if self._place.at[kernel.POINTS] == len(self._place.samples):  # else events had no room
                self._grow()

    def close(self) -> None:
        """Be done with the present node."""
        self._place.at[kernel.TODO] = kernel.NEXT

    def branch_on(self, sample: int) -> None:
        """Branch on a sample at the present node, which is feasible."""
        self._place.at[kernel.WANTED] = sample

    def take(self, point: FloatArray) -> None:
        """Take a point (n,) from elsewhere for the present node."""
        place, depth = self._place, self._place.at[kernel.DEPTH]
        place.points[depth] = point
        place.answers[depth], place.misses[depth] = FEASIBLE, 0.0
        place.at[kernel.TODO] = kernel.VISITED

    @property
    def point(self) -> FloatArray:
        """The point (n,) of the present node."""
        found: FloatArray = self._place.points[self._place.at[kernel.DEPTH]].copy()
        return found

    @property
    def tied(self) -> tuple[bool, ...]:
        """Which neighbours are interchangeable at the present node."""
        alike = self._unpacked(self._place.tied[self._place.at[kernel.DEPTH]])
        return tuple(map(bool, alike[:-1]))

    @property
    def untried(self) -> int:
        """How many children of branch points are not yet tried."""
        place, count = self._place, self._place.at[kernel.POINTS]
        return int((place.stop[:count] - place.first[:count]).sum())

    @property
    def path(self) -> list[PathPoint]:
        """The branch points."""
        place, found = self._place, []
        for i in range(place.at[kernel.POINTS]):
            entered = i < place.at[kernel.DEPTH]
            untried = place.children[i, place.first[i] : place.stop[i]]
            found.append(
                PathPoint(
                    int(place.samples[i]),
                    self._unpacked(place.bits[i]) if entered else None,
                    [self._unpacked(bits) for bits in untried],
                )
            )
        return found

    @property
    def assigned(self) -> list[tuple[int, Bits]]:
        """The samples with bits on the way to the present node."""
        place = self._place
        depth = place.at[kernel.DEPTH]
        pairs = zip(place.samples[:depth].tolist(), place.bits[:depth].tolist(), strict=True)
        return [(sample, self._unpacked(bits)) for sample, bits in pairs]

    @property
    def dual_ray(self) -> FloatArray:
        """Multipliers of all rows at the present node, those of a weight bound first."""
        level = kernel.level_at(self._place, int(self._place.at[kernel.DEPTH]))
        found = dual_multipliers(level)
        return np.concatenate([found[self._program.bounded], found[self._program.rows.shape[1] :]])

    def _packed(self, bits: Sequence[int]) -> int:
        return sum(1 << k for k, bit in enumerate(bits) if bit)

    def _unpacked(self, bits: int) -> Bits:
        return unpacked(bits, self._width)

    def _grow(self) -> None:
        """Make room for twice as many levels."""
        old = self._place
        self._place = _empty(2 * len(old.samples), self._tree, self._program, old.cells.shape[2])
        for before, after in zip(old, self._place, strict=True):
            after[tuple(map(slice, before.shape))] = before


def _empty(levels: int, tree: CompiledTree, program: EveryRow, words: int) -> Position:
    """Return arrays with room for so many levels, at the root."""
    n_samples, n = tree.rows.shape
    width = len(tree.signs)
    slacks = levels * (width + 1)
    rows = kernel.table_start(levels + 1, width)
    whole, per_point = np.int64, (levels, n)
    free = np.zeros(slacks)
    nonbasic = np.zeros((levels + 1, n), dtype=whole)
    nonbasic[0] = np.arange(n)
    return Position(
        at=np.zeros(6, dtype=whole),
        samples=np.zeros(levels, dtype=whole),
        bits=np.zeros(levels, dtype=whole),
        first=np.zeros(levels, dtype=whole),
        stop=np.zeros(levels, dtype=whole),
        children=np.zeros((levels, 1 << width), dtype=whole),
        assigned=np.zeros(n_samples, dtype=bool),
        inputs=np.zeros(per_point),
        patterns=np.zeros((levels, width)),
        lows=np.concatenate([program.columns.low, free]),
        highs=np.concatenate([program.columns.high, free]),
        tables=np.zeros(rows * n),
        basic=np.zeros(rows, dtype=whole),
        nonbasic=nonbasic,
        values=np.zeros((levels + 1, n)),
        points=np.zeros((levels + 1, n)),
        misses=np.zeros(levels + 1),
        answers=np.full(levels + 1, FEASIBLE),
        wheres=np.zeros(levels + 1, dtype=whole),
        cells=np.zeros((levels + 1, width, words), dtype=np.uint64),
        known=np.zeros(levels + 1, dtype=bool),
        tied=np.zeros(levels + 1, dtype=whole),
        events=np.zeros(kernel.most_told(levels, width) + _EVENTS if tree.told else 0, dtype=whole),
    )
