"""The linear program over the rays of cones: its columns and rows, and what a solution means for elements.

Plain Python that numba compiles (`sparsest.exact.compiling`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.lp.row_stack_kernel import put
from sparsest.exact.path_norm.cones import IntArray


class ConeArrays(NamedTuple):
    """What the loops read of `sparsest.exact.path_norm.cones.Cones`, and bounds.

    Attributes
    ----------
    charges, directions, columns, starts, members, cells, offsets
        Of `Cones`.
    ends : array (2, m + q)
        Intervals of the samples, those that were eliminated last.
    weight_bound : float
        Infinite if there is none.
    """

    charges: FloatArray
    directions: FloatArray
    columns: FloatArray
    starts: IntArray
    members: IntArray
    cells: IntArray
    offsets: FloatArray
    ends: FloatArray
    weight_bound: float


class Solution(NamedTuple):
    """A point of `program`: its values (n,), the labels (n, 3) of its columns, and its elements (C, 2, J)."""

    x: FloatArray
    labels: IntArray
    values: FloatArray


def cheapest(
    slopes: FloatArray, cones: ConeArrays, special: NDArray[np.bool_]
) -> tuple[FloatArray, IntArray]:
    """Return for each ray and sign its cost in the cheapest cone that is not special, and that cone."""
    charges, starts, members = cones.charges, cones.starts, cones.members
    price = np.full((len(charges), 2), np.inf)
    where = np.full((len(charges), 2), -1)
    for c in range(len(starts) - 1):
        for s in range(2):
            if special[c, s]:
                continue
            for k in range(starts[c], starts[c + 1]):
                r = members[k]
                cost = cost_in(slopes, c, s, charges, r)
                if cost < price[r, s]:
                    price[r, s] = cost
                    where[r, s] = c
    return price, where


def cost_in(slopes: FloatArray, c: int, s: int, charges: FloatArray, r: int) -> float:
    """Return the cost of a ray in a cone."""
    cost = 0.0
    for j in range(charges.shape[1]):
        if charges[r, j] > 0.0:
            cost += slopes[c, s, j] * charges[r, j]
    return cost


def row_entry(rows: IntArray, n: int, c: int, s: int, r: int, cones: ConeArrays) -> float:
    """Return what a ray in a cone adds to a row: of an element (0), or of a cell's signed weight (1)."""
    kind, where, sign, j = rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3]
    entry = 0.0
    if sign == s:
        if kind == 0 and where == c:
            entry = cones.charges[r, j]
        elif kind == 1 and where == cones.cells[c]:
            entry = cones.directions[r, j]
    return entry


def concerned(rows: IntArray, cells: IntArray) -> NDArray[np.bool_]:
    """Return which cones and signs (C, 2) some row speaks of."""
    special = np.zeros((len(cells), 2), dtype=np.bool_)
    for n in range(len(rows)):
        if rows[n, 0] == 0:
            special[rows[n, 1], rows[n, 2]] = True
        else:
            for c in range(len(cells)):
                if rows[n, 1] == cells[c]:
                    special[c, rows[n, 2]] = True
    return special


def program(slopes: FloatArray, cones: ConeArrays, rows: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:  # noqa: C901
    """Return coefficients (m + k, n), costs (n,), and sign, cone and ray (n, 3) of the columns.

    Columns are one for each ray and sign, in its cheapest cone, and one for each ray of each cone that some
    row of `rows` (k, 4) speaks of, and at last those of values of samples that were eliminated.
    """
    charges, columns, starts, members = cones.charges, cones.columns, cones.starts, cones.members
    special = concerned(rows, cones.cells)
    price, where = cheapest(slopes, cones, special)
    names = []
    for s in range(2):
        for r in range(len(charges)):
            if price[r, s] < np.inf:
                names.append((s, where[r, s], r))
        for c in range(len(cones.cells)):
            if special[c, s]:
                for k in range(starts[c], starts[c + 1]):
                    if cost_in(slopes, c, s, charges, members[k]) < np.inf:
                        names.append((s, c, members[k]))
    m, extra = columns.shape[1], cones.offsets.shape[1]
    table = np.zeros((m + len(rows), len(names) + extra))
    costs = np.zeros(len(names) + extra)
    labels = np.full((len(names) + extra, 3), -1)
    for n in range(len(names)):
        s, c, r = names[n]
        labels[n, 0], labels[n, 1], labels[n, 2] = s, c, r
        costs[n] = cost_in(slopes, c, s, charges, r)
        for i in range(m):
            table[i, n] = columns[r, i] if s == 0 else -columns[r, i]
        if special[c, s]:
            for k in range(len(rows)):
                table[m + k, n] = row_entry(rows, k, c, s, r, cones)
    for b in range(extra):
        for i in range(m):
            table[i, len(names) + b] = cones.offsets[i, b]
    return table, costs, labels


def element_values(
    x: FloatArray, labels: IntArray, charges: FloatArray, shape: tuple[int, int, int]
) -> FloatArray:
    """Return the value of every element (C, 2, J) at a point of `program`."""
    values = np.zeros(shape)
    for n in range(len(labels)):
        if labels[n, 0] >= 0 and x[n] > 0.0:
            for j in range(shape[2]):
                values[labels[n, 1], labels[n, 0], j] += x[n] * charges[labels[n, 2], j]
    return values


def violated(solution: Solution, high: FloatArray, cones: ConeArrays, rows: IntArray) -> IntArray:  # noqa: C901
    """Return `rows` and one for the element, or signed weight of a cell, that exceeds its bound most."""
    x, labels, values = solution
    directions, cells, bound = cones.directions, cones.cells, cones.weight_bound
    new = np.zeros(4, dtype=np.int64)
    worst = 1e-7
    for c in range(high.shape[0]):
        for s in range(2):
            for j in range(high.shape[2]):
                if high[c, s, j] > 0.0 and values[c, s, j] > high[c, s, j] * (1.0 + worst):
                    worst = values[c, s, j] / high[c, s, j] - 1.0
                    new[0], new[1], new[2], new[3] = 0, c, s, j
    if bound < np.inf:
        features = directions.shape[1] - 1
        count = 0
        for c in range(len(cells)):
            count = max(count, cells[c] + 1)
        totals = np.zeros((count, 2, features))
        for n in range(len(labels)):
            if labels[n, 0] >= 0 and x[n] > 0.0:
                for j in range(features):
                    totals[cells[labels[n, 1]], labels[n, 0], j] += x[n] * directions[labels[n, 2], j]
        for c in range(len(totals)):
            for s in range(2):
                for j in range(features):
                    if abs(totals[c, s, j]) > bound * (1.0 + worst):
                        worst = abs(totals[c, s, j]) / bound - 1.0
                        new[0], new[1], new[2], new[3] = 1, c, s, j
    if worst == 1e-7:
        return rows
    if is_among(rows, new):
        return rows
    longer = longer_by(rows, 1)
    for k in range(4):
        longer[-1, k] = new[k]
    return longer


def is_among(rows: IntArray, new: IntArray) -> bool:
    """Whether a row (4,) is one of the rows (k, 4)."""
    for n in range(len(rows)):
        if rows[n, 0] == new[0] and rows[n, 1] == new[1] and rows[n, 2] == new[2] and rows[n, 3] == new[3]:
            return True
    return False


def longer_by(rows: IntArray, more: int) -> IntArray:
    """Return rows (k, 4) and so many of zeros."""
    longer = np.zeros((len(rows) + more, 4), dtype=np.int64)
    put(longer, rows)
    return longer


def rows_of(low: FloatArray, held: IntArray) -> IntArray:
    """Return the rows of elements with a positive lower end, and of `held` (k, 4), each once."""
    more = 0
    for c in range(low.shape[0]):
        for s in range(2):
            for j in range(low.shape[2]):
                more += low[c, s, j] > 0.0
    rows, new, count = longer_by(held, more), np.zeros(4, dtype=np.int64), len(held)
    for c in range(low.shape[0]):
        for s in range(2):
            for j in range(low.shape[2]):
                if low[c, s, j] > 0.0:
                    new[1], new[2], new[3] = c, s, j
                    if not is_among(held, new):
                        rows[count, 1], rows[count, 2], rows[count, 3] = c, s, j
                        count += 1
    return rows[:count]
