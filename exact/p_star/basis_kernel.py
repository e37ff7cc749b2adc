"""One basis of columns: how its numbers are stored, which of its rays share neurons, and what it costs.

Plain Python that numba compiles (`sparsest.exact.compiling`). Of the hot loop, in
`sparsest.exact.p_star.basis_walk_kernel`, only what few bases need is here.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray

IntArray = NDArray[np.int64]

# Twice the unit of rounding.
UNIT: Final = 2.0**-52
# Sizes are looked up by their exponent and so many leading bits, between these powers of two.
LEADING_BITS: Final = 4
LEAST_EXPONENT: Final = -50
MOST_EXPONENT: Final = 50
BINS: Final = (MOST_EXPONENT - LEAST_EXPONENT) << LEADING_BITS
# Bits of a float, as an integer, that are below those leading ones; and where the table begins.
SHIFT: Final = 52 - LEADING_BITS
FIRST_BIN: Final = (1023 + LEAST_EXPONENT) << LEADING_BITS
# Errors and differences of costs below these shares are rounding.
_SURE: Final = 1e-9
_CLEAR: Final = 1e-6

# What is asked of the bases: the sparsest ones, or those that may be as cheap.
FEWEST: Final = 0
CHEAP: Final = 1


class Generators(NamedTuple):
    """The columns, (R, n), whose bases are walked through, and what their coefficients cost.

    Attributes
    ----------
    columns : array (R, n)
        No entry exceeds 1 in size; rounded once.
    labels : array (n,)
        The right-hand side, alike.
    charges : array (R, J)
        What a coefficient of 1 is charged.
    together : array of bool (R, R)
        Which rays may share a neuron.
    turns : bool
        Whether they may have to be turned for that, so that three that may in pairs may not together.
    """

    columns: FloatArray
    labels: FloatArray
    charges: FloatArray
    together: NDArray[np.bool_]
    turns: bool


class BasisQuestion(NamedTuple):
    """What to look for.

    Attributes
    ----------
    kind : int
        FEWEST or CHEAP.
    fewest : int
        How many numbers the sparsest networks have.
    powers : array (B + 1,)
        Ends of boxes of p, from 0 to 1.
    boxes, boxes_up_to : arrays (B, BINS)
        Lower bounds of ``min t^p`` on each box, and on all boxes up to it, by the leading bits of t.
    costs : array (B + 1,)
        What some sparsest network costs at these p.
    most, most_up_to : arrays (B,)
        What it costs at most in a box, and in all boxes up to it.
    """

    kind: int
    fewest: int
    powers: FloatArray
    boxes: FloatArray
    boxes_up_to: FloatArray
    costs: FloatArray
    most: FloatArray
    most_up_to: FloatArray


class BasesFound(NamedTuple):
    """What was found, written to; see `walk`.

    Attributes
    ----------
    counts : array (4,)
        Rows in use of `sets`; the last box in question; rows in use of `spans`; bases walked through.
    costs, best : arrays (B + 1,), (B + 1, n)
        Least cost of a sparsest basis at each p, and that basis.
    sets : array (M, n)
        Bases that may be cheap,
    sizes : array (M, n J)
        and lower bounds of the numbers that they are charged for.
    spans : array of uint64 (T, 3)
        A hash table of sets of columns, as bits, that are in the span of r of them, and r + 1; or zeros.
    recent : array of uint64 (T, 2)
        Dependences that were noted not long ago, as bits.
    """

    counts: IntArray
    costs: FloatArray
    best: IntArray
    sets: IntArray
    sizes: FloatArray
    spans: NDArray[np.uint64]
    recent: NDArray[np.uint64]


class Leaf(NamedTuple):
    """A basis, all but the last column of which are chosen: room for what is computed of it.

    Attributes
    ----------
    chosen : array (n,)
        Its columns.
    coordinates, labels : arrays (n,)
        The last column, and the right-hand side, times the map that makes unit vectors of the others.
    transposed : array (n, n)
        That map.
    reach : array (n,)
        Bounds on the rounding of its rows times a column.
    margins : array (2,)
        The largest of these, and by how much the chosen columns miss the unit vectors.
    x : array (n,)
        The coefficients, up to `error`.
    error : array (1,)
        Bound on the errors of all.
    pairs, entries : arrays (n n, 2), (2,)
        Places of columns that may share a neuron, and how many are without the last column, and in all.
    alone : array of bool (n,)
        Which columns share no neuron with an earlier one.
    group : array (n,)
        Columns with the same number are in one neuron, or in neurons that cost more.
    sums, places : arrays (n, J), (n J,)
        Charges of each group, and where to look these up.
    """

    chosen: IntArray
    coordinates: FloatArray
    labels: FloatArray
    transposed: FloatArray
    reach: FloatArray
    margins: FloatArray
    x: FloatArray
    error: FloatArray
    pairs: IntArray
    entries: IntArray
    alone: NDArray[np.bool_]
    group: IntArray
    sums: FloatArray
    places: IntArray


def new_leaf(n: int, charges: int) -> Leaf:
    """Return room for bases of n columns."""
    return Leaf(
        np.zeros(n, dtype=np.int64),
        np.zeros(n),
        np.zeros(n),
        np.zeros((n, n)),
        np.zeros(n),
        np.zeros(2),
        np.zeros(n),
        np.zeros(1),
        np.zeros((n * n, 2), dtype=np.int64),
        np.zeros(2, dtype=np.int64),
        np.zeros(n, dtype=np.bool_),
        np.zeros(n, dtype=np.int64),
        np.zeros((n, charges)),
        np.zeros(n * charges, dtype=np.int64),
    )


def group_up(leaf: Leaf) -> None:
    """Put columns into groups: those that may share a neuron, and those that may share one with these."""
    n, group = len(leaf.x), leaf.group
    for i in range(n):
        group[i] = i
    for pair in range(leaf.entries[1]):
        i, j = leaf.pairs[pair, 0], leaf.pairs[pair, 1]
        if (leaf.x[i] > 0.0) == (leaf.x[j] > 0.0) and group[i] != group[j]:
            old, new = max(group[i], group[j]), min(group[i], group[j])
            for k in range(n):
                if group[k] == old:
                    group[k] = new


def is_clique(generators: Generators, leaf: Leaf, certain: bool) -> bool:
    """Whether all that are in one group may share a neuron, certainly or as far as pairs tell."""
    n = len(leaf.x)
    for i in range(1, n):
        linked = 0
        for j in range(i):
            if leaf.group[i] == leaf.group[j]:
                linked += 1
                if not generators.together[leaf.chosen[i], leaf.chosen[j]]:
                    return False
        if certain and generators.turns and linked > 1:
            return False
    return True


def add_up(generators: Generators, leaf: Leaf, lower: bool) -> None:
    """Add up the charges of each group, of lower bounds of the coefficients or of the coefficients."""
    n, count = leaf.sums.shape
    for i in range(n):
        for j in range(count):
            leaf.sums[i, j] = 0.0
    for i in range(n):
        size = abs(leaf.x[i])
        if lower:  # the error may be infinite
            size = (size - leaf.error[0]) * (1.0 - 8.0 * UNIT) if leaf.error[0] < size else 0.0
        elif size <= leaf.error[0]:
            size = 0.0
        if size > 0.0:
            for j in range(count):
                leaf.sums[leaf.group[i], j] += size * generators.charges[leaf.chosen[i], j]


def fewest(generators: Generators, question: BasisQuestion, found: BasesFound, leaf: Leaf) -> None:
    """Keep a basis if it seems to be a sparsest one that is cheaper than those before at some p."""
    group_up(leaf)
    add_up(generators, leaf, False)
    n, count = leaf.sums.shape
    used = 0
    for i in range(n):
        for j in range(count):
            if leaf.sums[i, j] > 0.0:
                used += 1
    if used > question.fewest or not is_clique(generators, leaf, False):
        return
    for b in range(len(question.powers)):
        cost = 0.0
        for i in range(n):
            for j in range(count):
                if leaf.sums[i, j] > 0.0:
                    cost += leaf.sums[i, j] ** question.powers[b]
        if cost < found.costs[b]:
            found.costs[b] = cost
            for i in range(n):
                found.best[b, i] = leaf.chosen[i]


def cheap(generators: Generators, question: BasisQuestion, found: BasesFound, leaf: Leaf) -> bool:
    """Keep a basis unless it costs more than a sparsest network at every p in question."""
    group_up(leaf)
    add_up(generators, leaf, True)
    n, count = leaf.sums.shape
    sizes = leaf.sums.ravel()
    bits = sizes.view(np.int64)
    places, used = leaf.places, 0
    for e in range(n * count):
        if sizes[e] > 0.0:
            place = (bits[e] >> SHIFT) - FIRST_BIN
            if place >= 0:
                places[used] = min(place, BINS - 1)
                used += 1
    last = found.counts[1]
    cost = 0.0
    for e in range(used):
        cost += question.boxes_up_to[last, places[e]]
    if cost > question.most_up_to[last]:
        return True
    for b in range(last + 1):
        cost = 0.0
        for e in range(used):
            cost += question.boxes[b, places[e]]
        if cost <= question.most[b]:
            return kept(generators, question, found, leaf)
    return True


def kept(generators: Generators, question: BasisQuestion, found: BasesFound, leaf: Leaf) -> bool:
    """Keep a basis, and leave out boxes beyond a p at which it is cheaper; False when there is no room."""
    place = found.counts[0]
    if place == len(found.sets):
        return False
    n, count = leaf.sums.shape
    used = 0
    for i in range(n):
        found.sets[place, i] = leaf.chosen[i]
        for j in range(count):
            found.sizes[place, i * count + j] = leaf.sums[i, j]
            if leaf.sums[i, j] > 0.0:
                used += 1
    found.counts[0] += 1
    # the numbers are lower bounds: a network of these, where nothing is open and the error is of no account
    smallest = np.inf
    for i in range(n):
        smallest = min(smallest, abs(leaf.x[i]))
    if used > question.fewest and leaf.error[0] < _SURE * smallest and is_clique(generators, leaf, True):
        for b in range(1, found.counts[1] + 1):
            cost = 0.0
            for i in range(n):
                for j in range(count):
                    if leaf.sums[i, j] > 0.0:
                        cost += leaf.sums[i, j] ** question.powers[b]
            if cost < question.costs[b] * (1.0 - _CLEAR):
                found.counts[1] = b - 1
                break
    return True
