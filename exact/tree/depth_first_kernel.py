"""The loop of `sparsest.exact.tree.depth_first`: go from node to node of an activation tree, depth first.

The same nodes in the same order as `sparsest.exact.tree.exploration` visits, with the same rules for the
sample to branch on and for its bits (`sparsest.exact.tree.branching`): a hundred nodes in the time of one.
It returns to its caller where floats cannot tell.

Plain Python that numba compiles (`sparsest.exact.compiling`). A *level* is what a number of samples with bits
leads to; *branch points* lie between levels. Bits are packed: bit k of a number is that of neuron k.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.certain_refutation import ExactSamples, combination, is_certain, unknowns_of
from sparsest.exact.arithmetic.contradiction_record import longest_record, write_record
from sparsest.exact.lp.row_stack_kernel import SPOILT, Level, Stack, dual_multipliers, put, put_row, step
from sparsest.exact.lp.simplex_kernel import INFEASIBLE, UNKNOWN
from sparsest.exact.tree.cell_sets_kernel import bits_left

# Violated samples among which the next one to branch on is chosen.
MAX_CANDIDATES: Final = 32

# Why the loop returns: no node is left; so many were visited and there are more; the program of the node is
# infeasible, without a proof; whether it is, is not known; every sample is met; arrays are full.
DONE: Final = 0
SPENT: Final = 1
REFUTED: Final = 2
UNSURE: Final = 3
FITS: Final = 4
FULL: Final = 5

# What is to be done next: solve all levels of a path that was given, look at the answer of the last level,
# branch there, or go on to the next node.
LOAD: Final = 0
VISITED: Final = 1
FEASIBLE_NODE: Final = 2
NEXT: Final = 3

# Events: branch on (sample, sign needed, neurons that may be active, may be inactive), enter (bits), leave,
# close a leaf (length of a record of `sparsest.exact.arithmetic.contradiction_record`, and the record).
BRANCH: Final = 0
ENTER: Final = 1
LEAVE: Final = 2
LEAF: Final = 3

IntArray = NDArray[np.int64]


class CompiledTree(NamedTuple):
    """What stays as it is while a tree is explored.

    Attributes
    ----------
    rows : array (N, n)
        Samples in the coordinates of each neuron, and of the affine term after them.
    starts : array of int (K + 1,) or (K + 2,)
        Where the coordinates of each begin, and where the last end.
    signs : array (K,)
        Output signs.
    skip : bool
        Whether there is an affine term, or something else that is active everywhere.
    low, high : arrays (N,)
        Ends of the intervals.
    met : float
        Violation up to which a sample counts as met.
    needed : array of int (N,)
        Output sign of which some neuron must be active on a sample, 0 if of none.
    flips : bool
        Whether all neurons are inactive on the first sample.
    active : array of uint64 (S, W)
        The cells that are active on each sample that they know, as packed bits; no rows while there are none.
    columns : array of int (N,)
        The row of `active` for each sample, -1 if cells do not know it.
    tolerance : float
        By which a row of a program may be missed.
    told : bool
        Whether events are wanted.
    exact : ExactSamples
        The data in the units of the problem.
    """

    rows: FloatArray
    starts: IntArray
    signs: FloatArray
    skip: bool
    low: FloatArray
    high: FloatArray
    met: float
    needed: IntArray
    flips: bool
    active: NDArray[np.uint64]
    columns: IntArray
    tolerance: float
    told: bool
    exact: ExactSamples


class Position(NamedTuple):
    """Where a depth-first search is; changed in place. T levels have room.

    Attributes
    ----------
    at : array of int (6,)
        Levels in use beside the first; branch points; branch points that are not to be left; what is to be
        done next; a sample to branch on, or -1; events written.
    samples, bits, first, stop : arrays of int (T,)
        Of each branch point: its sample, the bits being tried, and where those not yet tried begin and end.
    children : array of int (T, 2^K)
        Bits to try, in order.
    assigned : array of bool (N,)
        Samples of branch points.
    inputs, patterns : arrays (T, n), (T, K)
        Rows and bits of the samples with bits.
    lows, highs : arrays (n + T (K + 1),)
        Bounds of coordinates and slacks.
    tables, basic : arrays
        Tableaus of all levels one after the other; see `table_start`.
    nonbasic, values, points : arrays (T + 1, n)
        As in `sparsest.exact.lp.row_stack_kernel.Level`, for each level.
    misses, answers, wheres : arrays (T + 1,)
        As there.
    cells : array of uint64 (T + 1, K, W)
        Cells left to each neuron.
    known : array of bool (T + 1,)
        Whether these say anything.
    tied : array of int (T + 1,)
        Bit k: neurons k and k + 1 are interchangeable.
    events : array of int
        Written where events are wanted.
    """

    at: IntArray
    samples: IntArray
    bits: IntArray
    first: IntArray
    stop: IntArray
    children: IntArray
    assigned: NDArray[np.bool_]
    inputs: FloatArray
    patterns: FloatArray
    lows: FloatArray
    highs: FloatArray
    tables: FloatArray
    basic: IntArray
    nonbasic: IntArray
    values: FloatArray
    points: FloatArray
    misses: FloatArray
    answers: IntArray
    wheres: IntArray
    cells: NDArray[np.uint64]
    known: NDArray[np.bool_]
    tied: IntArray
    events: IntArray


DEPTH: Final = 0
POINTS: Final = 1
FLOOR: Final = 2
TODO: Final = 3
WANTED: Final = 4
EVENTS: Final = 5


def explore(tree: CompiledTree, place: Position, nodes: int) -> tuple[int, int]:
    """Visit up to so many nodes; return why the loop ended, and how many were visited."""
    at = place.at
    visited = 0
    if at[TODO] == LOAD:
        load(tree, place)
    while True:
        if at[TODO] == NEXT:
            if not can_tell(tree, place):
                return FULL, visited
            if not at_branch_point(tree, place):
                return DONE, visited
            if visited >= nodes:
                return SPENT, visited
            enter(tree, place)
            visited += 1
        if at[TODO] == VISITED:
            why = judged(tree, place)
            if why >= 0:
                return why, visited
        if at[TODO] == FEASIBLE_NODE:
            if not has_room(place):
                return FULL, visited
            sample = at[WANTED] if at[WANTED] >= 0 else sample_to_branch_on(tree, place)
            if sample < 0:
                return FITS, visited
            branch(tree, place, sample)
            at[TODO] = NEXT


def load(tree: CompiledTree, place: Position) -> None:
    """Solve the programs of all levels of a path."""
    for level in range(place.at[DEPTH]):
        push(tree, place, level)
        place.assigned[place.samples[level]] = True
        if level < place.at[DEPTH] - 1:
            settle(tree, place, level + 1)
    depth = place.at[DEPTH]
    if place.at[POINTS] > depth:  # its last branch point has no bits yet
        place.assigned[place.samples[depth]] = True
        if depth:
            settle(tree, place, depth)
        place.at[TODO] = NEXT
    else:
        place.at[TODO] = VISITED if depth else FEASIBLE_NODE


def at_branch_point(tree: CompiledTree, place: Position) -> bool:
    """Go up to a branch point with bits to try; False if there is none. The node at the end is done."""
    at = place.at
    while at[POINTS] > at[FLOOR]:
        last = at[POINTS] - 1
        at[DEPTH] = last
        if place.first[last] < place.stop[last]:
            return True
        place.assigned[place.samples[last]] = False
        at[POINTS] = last
        if tree.told:
            place.events[at[EVENTS]] = LEAVE
            at[EVENTS] += 1
    return False


def enter(tree: CompiledTree, place: Position) -> None:
    """Go to the next child of the last branch point and solve its program."""
    at = place.at
    last = at[POINTS] - 1
    place.bits[last] = place.children[last, place.first[last]]
    place.first[last] += 1
    if tree.told:
        place.events[at[EVENTS]] = ENTER
        place.events[at[EVENTS] + 1] = place.bits[last]
        at[EVENTS] += 2
    push(tree, place, last)
    at[DEPTH] = last + 1
    at[TODO] = VISITED


def table_start(level: int, width: int) -> int:
    """Return how many rows the tableaus before that of a level have."""
    return (width + 1) * level * (level - 1) // 2


def level_at(place: Position, level: int) -> Level:
    """Return what is known of a level."""
    width, n = place.patterns.shape[1], place.points.shape[1]
    first, height = table_start(level, width), level * (width + 1)
    return Level(
        place.tables[first * n : (first + height) * n].reshape((height, n)),
        place.basic[first : first + height],
        place.nonbasic[level],
        place.values[level],
        place.points[level],
        place.misses[level],
        place.answers[level],
        place.wheres[level],
    )


def push(tree: CompiledTree, place: Position, level: int) -> None:
    """Add the rows of the sample after a level, with its bits, and solve the program."""
    width, n = place.patterns.shape[1], place.points.shape[1]
    sample, bits = place.samples[level], place.bits[level]
    place.inputs[level] = tree.rows[sample]
    slack = n + level * (width + 1)
    for k in range(width):
        is_active = (bits >> k) & 1
        place.patterns[level, k] = is_active
        place.lows[slack + k] = 0.0 if is_active else -np.inf
        place.highs[slack + k] = np.inf if is_active else 0.0
    place.lows[slack + width], place.highs[slack + width] = tree.low[sample], tree.high[sample]
    stack = Stack(place.inputs[: level + 1], place.patterns[: level + 1], tree.starts, tree.signs, tree.skip)
    found = step(level_at(place, level), stack, place.lows, place.highs, tree.tolerance)
    below = level_at(place, level + 1)
    put(below.table, found.table)
    put_row(below.basic, found.basic)
    place.nonbasic[level + 1] = found.nonbasic
    place.values[level + 1] = found.values
    place.points[level + 1] = found.point
    place.misses[level + 1] = found.miss
    place.answers[level + 1] = found.answer
    place.wheres[level + 1] = found.where


def judged(tree: CompiledTree, place: Position) -> int:
    """Decide what to do with the node just solved; return why to ask the caller, -1 if that is needless."""
    level = place.at[DEPTH]
    if place.answers[level] == INFEASIBLE:
        if not surely_infeasible(tree, place):
            return REFUTED
        place.at[TODO] = NEXT
        return -1
    if place.answers[level] == UNKNOWN or not place.misses[level] <= SPOILT:  # also when it is nan
        return UNSURE
    settle(tree, place, level)
    place.at[TODO] = FEASIBLE_NODE
    return -1


def surely_infeasible(tree: CompiledTree, place: Position) -> bool:
    """Whether floats prove that the last level's rows contradict each other; if so, tell of it."""
    depth, width, n = place.at[DEPTH], place.patterns.shape[1], place.points.shape[1]
    ray = dual_multipliers(level_at(place, depth))
    for k in range(width):
        for j in range(tree.starts[k], tree.starts[k + 1]):
            if ray[j] != 0.0 and place.lows[j] > -np.inf:  # a weight bound takes part
                return False
    # in the order of samples, so that the same contradiction reads the same along whatever path
    order = np.argsort(place.samples[:depth])
    of_rows = ray[n:].reshape((depth, width + 1))[order]
    samples, bits = place.samples[:depth][order], place.patterns[:depth][order]
    values, cones = of_rows[:, width].copy(), of_rows[:, :width].copy()
    combined = combination(tree.exact, bits, values, cones)
    unknowns = unknowns_of(combined)
    certain = is_certain(tree.exact, samples, bits, combined, unknowns)
    if certain and tree.told:
        at = place.at[EVENTS]
        length = write_record(place.events[at + 2 :], tree.exact, samples, bits, combined, unknowns)
        place.events[at], place.events[at + 1] = LEAF, length
        place.at[EVENTS] = at + 2 + length
    return certain


def settle(tree: CompiledTree, place: Position, level: int) -> None:
    """Note which cells each neuron has left at a level, and which neurons are interchangeable."""
    width = place.patterns.shape[1]
    sample, bits = place.samples[level - 1], place.bits[level - 1]
    place.tied[level] = place.tied[level - 1] & ~(bits ^ (bits >> 1))
    place.known[level] = place.known[level - 1]
    if not place.known[level]:
        return
    column = tree.columns[sample]
    for k in range(width):
        some = False
        for w in range(place.cells.shape[2]):
            left = place.cells[level - 1, k, w]
            if column >= 0 and left:
                left &= tree.active[column, w] if (bits >> k) & 1 else ~tree.active[column, w]
            place.cells[level, k, w] = left
            some = some or left != 0
        if not some:  # such bits were entered before cells were known
            place.known[level] = False


def can_tell(tree: CompiledTree, place: Position) -> bool:
    """Whether there is room for what is told up to the next node and of it, whatever that is."""
    return not tree.told or place.at[EVENTS] + most_told(len(place.samples), len(tree.signs)) <= len(
        place.events
    )


def most_told(levels: int, width: int) -> int:
    """Return how many numbers tell of a node at most: all levels left, one entered, a branch or a leaf."""
    return levels + 16 + longest_record(levels, width)


def has_room(place: Position) -> bool:
    """Whether the arrays have room for one more branch point."""
    return bool(place.at[POINTS] < len(place.samples))


def sample_to_branch_on(tree: CompiledTree, place: Position) -> int:
    """Return a violated sample with the fewest bits to choose from, the most violated among equals; or -1."""
    level = place.at[DEPTH]
    has_cells = len(tree.active) > 0
    found, count = most_violated(tree, place, has_cells)
    if count <= 1 or not has_cells or not place.known[level] or place.at[POINTS] == 0:
        return found[0] if count else -1
    left = bits_left(tree.active, place.cells[level], tree.columns[found[:count]])
    best, least = -1, np.inf
    for s in range(count):
        combinations = 1.0
        for k in range(len(left)):
            if left[k, 0, s] and left[k, 1, s]:
                combinations *= 2.0
        if combinations < least:
            best, least = found[s], combinations
    return best


def most_violated(tree: CompiledTree, place: Position, has_cells: bool) -> tuple[IntArray, int]:
    """Return violated samples, the worst first, and how many; only those that cells know if there are any."""
    point = place.points[place.at[DEPTH]]
    found = np.zeros(MAX_CANDIDATES + 1, dtype=np.int64)
    amounts = np.zeros(MAX_CANDIDATES + 1)
    count, known = 0, False
    for i in range(len(tree.rows)):
        if place.assigned[i]:
            continue
        value = value_at(tree, i, point)
        amount = max(tree.low[i] - value, value - tree.high[i])
        if not amount > tree.met:
            continue
        if has_cells and (tree.columns[i] >= 0) != known:
            if known:
                continue
            count, known = 0, True
        s = count
        while s > 0 and amount > amounts[s - 1]:
            found[s], amounts[s] = found[s - 1], amounts[s - 1]
            s -= 1
        found[s], amounts[s] = i, amount
        count = min(count + 1, MAX_CANDIDATES)
    return found, count


def value_at(tree: CompiledTree, sample: int, point: FloatArray) -> float:
    """Return the value of the network at a point of the program on a sample."""
    width = len(tree.signs)
    total = 0.0
    for k in range(width + tree.skip):
        value = input_of(tree, sample, k, point)
        if k == width:
            total += value
        elif value > 0.0:
            total += tree.signs[k] * value
    return total


def input_of(tree: CompiledTree, sample: int, k: int, point: FloatArray) -> float:
    """Return what a sample gives a neuron, or the affine term."""
    value = 0.0
    for j in range(tree.starts[k], tree.starts[k + 1]):
        value += tree.rows[sample, j] * point[j]
    return value


def branch(tree: CompiledTree, place: Position, sample: int) -> None:
    """Branch on a sample at the last level: list its bits, those nearest to the present ones first."""
    at = place.at
    level, last, width = at[DEPTH], at[POINTS], len(tree.signs)
    may, may_not = (1 << width) - 1, (1 << width) - 1
    if last == 0 and tree.flips:
        may = 0
    elif len(tree.active) > 0 and place.known[level]:
        column = np.full(1, tree.columns[sample])
        left = bits_left(tree.active, place.cells[level], column)
        for k in range(width):
            if not left[k, 1, 0]:
                may &= ~(1 << k)
            if not left[k, 0, 0]:
                may_not &= ~(1 << k)
    now = 0
    for k in range(width):
        if input_of(tree, sample, k, place.points[level]) >= 0.0:
            now |= 1 << k
    place.samples[last] = sample
    place.assigned[sample] = True
    place.first[last], place.stop[last] = 0, 0
    for distance in range(width + 1):
        add_children(tree, place, may, may_not, now, distance)
    at[POINTS] = last + 1
    at[WANTED] = -1
    if tree.told:
        place.events[at[EVENTS] : at[EVENTS] + 5] = np.array(
            [BRANCH, sample, tree.needed[sample], may, may_not]
        )
        at[EVENTS] += 5


def add_children(
    tree: CompiledTree, place: Position, may: int, may_not: int, now: int, distance: int
) -> None:
    """List the bits at a distance from the present ones that cells, order and the label's sign admit."""
    last, width = place.at[POINTS], len(tree.signs)
    tied, needed = place.tied[place.at[DEPTH]], tree.needed[place.samples[place.at[POINTS]]]
    helpful = 0  # neurons of the sign that is needed
    for k in range(width):
        if tree.signs[k] == needed:
            helpful |= 1 << k
    for number in range(1 << width):
        bits = 0  # active first, the first neuron's bit changing last
        for k in range(width):
            if not (number >> (width - 1 - k)) & 1:
                bits |= 1 << k
        if (bits & ~may) or (~bits & ((1 << width) - 1) & ~may_not):
            continue
        if ((bits >> 1) & ~bits & tied) or (needed and not bits & helpful):
            continue
        if bit_count(bits ^ now) == distance:
            place.children[last, place.stop[last]] = bits
            place.stop[last] += 1


def bit_count(bits: int) -> int:
    """Return the number of ones."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count
