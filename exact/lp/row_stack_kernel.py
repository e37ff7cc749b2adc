"""The loop of `sparsest.exact.lp.row_stack_dense`: add a sample's rows to a small tableau, make it feasible.

Plain Python that numba compiles (`sparsest.exact.compiling`). There is no objective, so that any feasible
point will do; the method is `sparsest.exact.lp.simplex_kernel`.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.lp.simplex_kernel import FEASIBLE, Bounds, Limits, Tableau, point_of, solve

# Exchanges for each row and column, after which Bland's rule takes over, and after which the loop gives up.
_MAX_GREEDY: Final = 3
_MAX_EXCHANGES: Final = 30
# A point that misses its rows by more has been spoilt by rounding.
SPOILT: Final = 1e-7

IntArray = NDArray[np.int64]


class Stack(NamedTuple):
    """The samples of a stack of rows.

    Attributes
    ----------
    rows, patterns : arrays (T, n), (T, K)
        The samples so far, in the coordinates of each neuron and of the affine term one after the other, and
        which neurons are active on them.
    starts : array of int (K + 1,) or (K + 2,)
        Where the coordinates of each neuron, and of the affine term, begin, and where the last end.
    signs : array (K,)
        Output signs.
    skip : bool
        Whether an affine term follows the neurons' coordinates.
    """

    rows: FloatArray
    patterns: FloatArray
    starts: IntArray
    signs: FloatArray
    skip: bool


class Level(NamedTuple):
    """What a sample led to.

    Attributes
    ----------
    table, basic, nonbasic, values : arrays
        As in `sparsest.exact.lp.simplex_kernel.Tableau`: what the next sample's rows are added to.
    point : array (n,)
        Coordinates.
    miss : float
        By how much the point misses the rows.
    answer : int
        FEASIBLE, INFEASIBLE or UNKNOWN.
    where : int
        When infeasible, the row that proves it, plus 1, negative if it is above its bound.
    """

    table: FloatArray
    basic: IntArray
    nonbasic: IntArray
    values: FloatArray
    point: FloatArray
    miss: float
    answer: int
    where: int


def extended(
    table: FloatArray,
    basic: IntArray,
    nonbasic: IntArray,
    row: FloatArray,
    bits: FloatArray,
    starts: IntArray,
    signs: FloatArray,
    skip: bool,
) -> tuple[FloatArray, IntArray]:
    """Return table and basic variables with the rows of one sample added.

    Parameters
    ----------
    table : array (M, n)
        Basic variables in terms of nonbasic ones.
    basic, nonbasic : arrays of int (M,), (n,)
        Variables: below n coordinates, from n on slacks of rows in the order in which they were added.
    row : array (n,)
        The sample, in all coordinates.
    bits : array (K,)
        Which neurons are active on it.
    starts, signs, skip
        As in `Stack`.

    Returns
    -------
    table, basic : arrays (M + K + 1, n), (M + K + 1,)
    """
    m, n = table.shape
    width = len(bits)
    wider = np.zeros((m + width + 1, n))
    put(wider, table)
    place = np.zeros(n, dtype=np.int64)  # of each coordinate: its row when basic, else its column - n
    for i in range(m):
        if basic[i] < n:
            place[basic[i]] = i
    for c in range(n):
        if nonbasic[c] < n:
            place[nonbasic[c]] = c - n
    for k in range(width + skip):
        target = m + k
        for j in range(starts[k], starts[k + 1]):
            at = place[j]
            if at >= 0:
                for c in range(n):
                    wider[target, c] += row[j] * table[at, c]
            else:
                wider[target, at + n] += row[j]
        if k < width and bits[k]:
            for c in range(n):
                wider[m + width, c] += signs[k] * wider[target, c]
    # with a skip its part was added where the sum over active neurons is
    longer = np.zeros(m + width + 1, dtype=np.int64)
    put_row(longer, basic)
    for k in range(width + 1):
        longer[m + k] = n + m + k
    return wider, longer


def put(target: FloatArray | IntArray, source: FloatArray | IntArray) -> None:
    """Write a matrix into the upper left of another one.

    Loops compile in a tenth of the time of an assignment to a slice, whose failure has a message.
    """
    for i in range(source.shape[0]):
        for c in range(source.shape[1]):
            target[i, c] = source[i, c]


def put_row(target: IntArray, source: IntArray) -> None:
    """Write a row into the beginning of another one."""
    for i in range(len(source)):
        target[i] = source[i]


def largest_miss(
    point: FloatArray,
    stack: Stack,
    low: FloatArray,
    high: FloatArray,
) -> float:
    """Return by how much a point misses the rows of all samples so far, computed from the data anew.

    Parameters
    ----------
    point : array (n,)
        Coordinates.
    stack : Stack
        The samples so far.
    low, high : arrays
        Bounds of all variables.
    """
    rows, patterns, starts, signs, skip = stack
    width = len(signs)
    worst = 0.0
    for t in range(len(rows)):
        total = 0.0
        for k in range(width + skip):
            value = 0.0
            for j in range(starts[k], starts[k + 1]):
                value += rows[t, j] * point[j]
            if k == width:
                total += value
            elif patterns[t, k]:
                worst = max(worst, -value)
                total += signs[k] * value
            else:
                worst = max(worst, value)
        slack = len(point) + t * (width + 1) + width
        worst = max(worst, low[slack] - total, total - high[slack])
    return worst


def step(last: Level, stack: Stack, low: FloatArray, high: FloatArray, tolerance: float) -> Level:
    """Add the rows of the last sample and make all feasible; leaves its arguments as they are.

    Parameters
    ----------
    last : Level
        What the sample before led to.
    stack : Stack
        The samples so far, the last one new.
    low, high : arrays
        Bounds of all variables, infinite for coordinates, in the order that `extended` says.
    tolerance : float
        By which a row may be missed.
    """
    rows, patterns, starts, signs, skip = stack
    table, basic = extended(
        last.table, last.basic, last.nonbasic, rows[-1], patterns[-1], starts, signs, skip
    )
    m, n = table.shape
    values, reached = last.values.copy(), np.zeros(m)
    for i in range(m):
        for c in range(n):
            reached[i] += table[i, c] * values[c]
    tableau = Tableau(table, basic, last.nonbasic.copy(), reached, values, np.zeros(n))
    miss = np.full(n + m, tolerance)
    limits = Limits(np.inf, _MAX_EXCHANGES * (m + n), _MAX_GREEDY * (m + n))
    end = solve(tableau, Bounds(low, high, miss, miss), limits)
    point = point_of(tableau)
    missed = largest_miss(point, stack, low, high) if end.answer == FEASIBLE else 0.0
    where = 0 if end.row < 0 else (end.row + 1 if end.up else -end.row - 1)
    return Level(table, basic, tableau.nonbasic, values, point, missed, end.answer, where)


def dual_multipliers(level: Level) -> FloatArray:
    """Return multipliers (n + M,) of all variables' bounds on which "infeasible" rests.

    Positive ones are of lower bounds; coordinates come first, then the slacks of rows in their order.
    """
    side = 1.0 if level.where > 0 else -1.0
    row = abs(level.where) - 1
    found = np.zeros(len(level.nonbasic) + len(level.basic))
    for c in range(len(level.nonbasic)):
        found[level.nonbasic[c]] = -side * level.table[row, c]
    found[level.basic[row]] = side
    return found
