"""All bases of a few columns, walked through depth first: the compiled loop.

A basis solves the equations for its columns' coefficients, and these are what its neurons are charged for.
Floats decide which bases cost too much, with bounds on all errors; what they cannot decide is handed on. The
bounds are proven in docs/p-star.md.

Plain Python that numba compiles (`sparsest.exact.compiling`).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.p_star.basis_kernel import (
    BINS,
    CHEAP,
    FEWEST,
    FIRST_BIN,
    SHIFT,
    UNIT,
    BasesFound,
    BasisQuestion,
    Generators,
    IntArray,
    Leaf,
    cheap,
    fewest,
    new_leaf,
)
from sparsest.exact.p_star.dependence_kernel import DEPENDENT, dependent, extended

# Share of an error that the chosen columns, being no unit vectors, may give back at most; 1/2 would do.
_CONTRACTION: Final = 0.25


def walk(prefix: IntArray, generators: Generators, question: BasisQuestion, found: BasesFound) -> bool:
    """Go through all bases whose first columns are these, others later; whether all of it was kept.

    False when there was no room for more sets of columns.
    """
    columns = generators.columns
    count, n = columns.shape
    maps = np.zeros((n, n, n))
    for i in range(n):
        maps[0, i, i] = 1.0
    following = np.zeros(n + 1, dtype=np.int64)
    leaf = new_leaf(n, generators.charges.shape[1])
    level = 0
    while level < len(prefix):
        if not extended(maps, level, prefix[level], columns, leaf.coordinates):
            return question.kind == FEWEST or dependent(found, generators, leaf, level, prefix[level])
        leaf.chosen[level] = prefix[level]
        level += 1
    following[level] = leaf.chosen[level - 1] + 1 if level > 0 else 0
    while level >= len(prefix):
        if level == n - 1:
            if not leaves(maps[level], following[level], generators, question, found, leaf):
                return False
            level -= 1
            continue
        column = following[level]
        if column > count - (n - level):
            level -= 1
            continue
        following[level] += 1
        if extended(maps, level, column, columns, leaf.coordinates):
            leaf.chosen[level] = column
            level += 1
            following[level] = column + 1
        elif question.kind == CHEAP and not dependent(found, generators, leaf, level, column):
            return False
    return True


def prepare(inverse: FloatArray, generators: Generators, leaf: Leaf) -> None:
    """Compute what all bases with the chosen columns have in common."""
    columns, labels = generators.columns, generators.labels
    n = columns.shape[1]
    last = n - 1
    leaf.margins[0] = 0.0
    for i in range(n):
        total, value = 0.0, 0.0
        for k in range(n):
            total += abs(inverse[i, k])
            value += inverse[i, k] * labels[k]
            leaf.transposed[k, i] = inverse[i, k]
        leaf.labels[i], leaf.reach[i] = value, (n + 4) * UNIT * total
        leaf.margins[0] = max(leaf.margins[0], leaf.reach[i])
    leaf.margins[1] = 0.0
    for i in range(n):
        total = last * leaf.reach[i]
        for j in range(last):
            value = -1.0 if i == j else 0.0
            for k in range(n):
                value += inverse[i, k] * columns[leaf.chosen[j], k]
            total += abs(value)
        leaf.margins[1] = max(leaf.margins[1], total * (1.0 + n * UNIT))
    leaf.entries[0] = 0
    for i in range(1, last):
        for j in range(i):
            if generators.together[leaf.chosen[i], leaf.chosen[j]]:
                place = leaf.entries[0]
                leaf.pairs[place, 0], leaf.pairs[place, 1] = i, j
                leaf.entries[0] += 1


def leaves(
    inverse: FloatArray,
    first: int,
    generators: Generators,
    question: BasisQuestion,
    found: BasesFound,
    leaf: Leaf,
) -> bool:
    """Look at all bases of the columns chosen and one more; False when there is no room for what is found.

    Most bases are seen here to cost too much, by functions of arrays: those of a leaf take longer to call.
    """
    columns, chosen, alone = generators.columns, leaf.chosen, leaf.alone
    coordinates, x = leaf.coordinates, leaf.x
    sizes = leaf.sums.ravel()
    bits = sizes.view(np.int64)
    last = columns.shape[1] - 1
    prepare(inverse, generators, leaf)
    for column in range(first, len(columns)):
        found.counts[3] += 1
        transform(leaf.transposed, columns[column], coordinates)
        if abs(coordinates[last]) <= DEPENDENT:
            if question.kind == CHEAP and not dependent(found, generators, leaf, last, column):
                return False
            continue
        chosen[last] = column
        error = solved(coordinates, leaf.labels, x, leaf.margins, leaf.reach[last])
        leaf.error[0] = error
        leaf.entries[1] = linked(generators.together, chosen, leaf.pairs, leaf.entries[0])
        mark_alone(leaf.pairs, leaf.entries[1], x, alone)
        if question.kind == FEWEST:
            if counted(generators.charges, chosen, x, error, alone) <= question.fewest:
                fewest(generators, question, found, leaf)
            continue
        box = found.counts[1]
        if error < np.inf:
            lower_bounds(generators.charges, chosen, x, error, alone, sizes)
            if looked_up(question.boxes_up_to[box], bits) > question.most_up_to[box]:
                continue
        if not cheap(generators, question, found, leaf):
            return False
    return True


def transform(transposed: FloatArray, column: FloatArray, coordinates: FloatArray) -> None:
    """Multiply a column by a map that is given by its columns."""
    n = len(column)
    for i in range(n):
        coordinates[i] = 0.0
    for k in range(n):
        entry = column[k]
        for i in range(n):
            coordinates[i] += transposed[k, i] * entry


def solved(
    coordinates: FloatArray, right: FloatArray, x: FloatArray, margins: FloatArray, own_reach: float
) -> float:
    """Write the coefficients, and return a bound on their errors; infinite where there is none."""
    last = len(x) - 1
    pivot = coordinates[last]
    x[last] = right[last] / pivot
    most, rounding, largest = 0.0, 0.0, abs(pivot)
    for i in range(last):
        product = coordinates[i] * x[last]
        x[i] = right[i] - product
        most = max(most, abs(x[i]))
        rounding = max(rounding, abs(right[i]) + abs(product))
        largest = max(largest, abs(coordinates[i]))
    reach, slack, divisor = margins[0], margins[1], abs(pivot) - own_reach
    if divisor <= 0.0:
        return np.inf
    spread = (largest + reach) / divisor
    wrong = slack * (1.0 + spread)
    if wrong >= _CONTRACTION:
        return np.inf
    top = own_reach * (1.0 + abs(x[last])) + 4.0 * UNIT * abs(right[last])
    side = reach * (1.0 + abs(x[last])) + 4.0 * UNIT * rounding
    error = 2.0 * (side + spread * top + wrong * most)
    return float(max(error, 2.0 * (top + slack * (most + error)) / divisor))


def linked(together: NDArray[np.bool_], chosen: IntArray, pairs: IntArray, known: int) -> int:
    """Add the pairs of the last column with others that may share a neuron; return how many there are."""
    last = len(chosen) - 1
    for j in range(last):
        if together[chosen[last], chosen[j]]:
            pairs[known, 0], pairs[known, 1] = last, j
            known += 1
    return known


def mark_alone(pairs: IntArray, count: int, x: FloatArray, alone: NDArray[np.bool_]) -> None:
    """Mark columns that may share a neuron with no earlier one.

    The others may add nothing to the number of what the neuron is charged for, nor to what it costs.
    """
    for i in range(len(alone)):
        alone[i] = True
    for pair in range(count):
        i, j = pairs[pair, 0], pairs[pair, 1]
        if (x[i] > 0.0) == (x[j] > 0.0):
            alone[i] = False


def counted(
    charges: FloatArray, chosen: IntArray, x: FloatArray, error: float, alone: NDArray[np.bool_]
) -> int:
    """Return how many numbers there are at least."""
    used = 0
    for i in range(len(x)):
        if alone[i] and abs(x[i]) > error:
            for j in range(charges.shape[1]):
                if charges[chosen[i], j] > 0.0:
                    used += 1
    return used


def lower_bounds(
    charges: FloatArray,
    chosen: IntArray,
    x: FloatArray,
    error: float,
    alone: NDArray[np.bool_],
    sizes: FloatArray,
) -> None:
    """Write bounds below the numbers that are charged, as if no more than the marked columns were there."""
    count = charges.shape[1]
    for i in range(len(x)):
        size = max((abs(x[i]) - error) * (1.0 - 8.0 * UNIT), 0.0) if alone[i] else 0.0
        for j in range(count):
            sizes[i * count + j] = size * charges[chosen[i], j]


def looked_up(table: FloatArray, bits: IntArray) -> float:
    """Return a bound below the cost of numbers, given by their bits."""
    cost = 0.0
    for e in range(len(bits)):
        place = (bits[e] >> SHIFT) - FIRST_BIN
        if place >= 0:
            cost += table[min(place, BINS - 1)]
    return cost
