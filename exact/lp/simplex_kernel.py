"""The loop of `sparsest.exact.lp.row_stack_dense`: add a sample's rows to a small tableau, make it feasible.

Plain Python that numba compiles (see `compiled`). The method is the general simplex of Dutertre and de Moura
(2006), "A fast linear-arithmetic solver for DPLL(T)": every row has a slack variable, free variables have no
bounds, and a violated basic variable is exchanged with a nonbasic one that can move it to its bound. There is
no objective, so nothing else has to be kept; Bland's rule, after a number of exchanges, forbids cycles.
"""

import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from sparsest.exact.arithmetic.compiled import jitted

# Entries of a row below this are rounding: it is no use to divide by them.
_PIVOT: Final = 1e-9
# Exchanges for each row, after which Bland's rule takes over, and after which the loop gives up.
_GREEDY: Final = 3
_MOST: Final = 30

FEASIBLE: Final = 0
INFEASIBLE: Final = 1
UNKNOWN: Final = 2

Array = Any  # an array of numbers, compiled or not


def extended(
    table: Array, basic: Array, nonbasic: Array, row: Array, bits: Array, signs: Array, skip: bool
) -> tuple[Array, Array]:
    """Return table and basic variables with the rows of one sample added.

    Parameters
    ----------
    table : array (M, n)
        Basic variables in terms of nonbasic ones.
    basic, nonbasic : arrays of int (M,), (n,)
        Variables: below n coordinates, from n on slacks of rows in the order in which they were added.
    row : array (r,)
        The sample.
    bits, signs : arrays (K,)
        Which neurons are active on it, and their output signs.
    skip : bool
        Whether an affine term follows the neurons' coordinates.

    Returns
    -------
    table, basic : arrays (M + K + 1, n), (M + K + 1,)
    """
    m, n = table.shape
    r, width = len(row), len(bits)
    wider = np.zeros((m + width + 1, n))
    wider[:m] = table
    place = np.zeros(n, dtype=np.int64)  # of each coordinate: its row when basic, else its column - n
    for i in range(m):
        if basic[i] < n:
            place[basic[i]] = i
    for c in range(n):
        if nonbasic[c] < n:
            place[nonbasic[c]] = c - n
    for k in range(width + skip):
        target = m + k
        for j in range(r):
            at = place[k * r + j]
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
    longer[:m] = basic
    for k in range(width + 1):
        longer[m + k] = n + m + k
    return wider, longer


def feasible(
    table: Array, basic: Array, nonbasic: Array, values: Array, low: Array, high: Array, tolerance: float
) -> tuple[int, int, Array]:
    """Exchange variables, in place, until every bound holds within `tolerance` or some row forbids it.

    Parameters
    ----------
    table, basic, nonbasic : arrays
        As in `extended`; changed in place.
    values : array (n,)
        Of the nonbasic variables, each within its bounds; changed in place.
    low, high : arrays
        Bounds of all variables, infinite for coordinates.
    tolerance : float
        By which a basic variable may miss a bound.

    Returns
    -------
    answer : int
        FEASIBLE, INFEASIBLE or UNKNOWN.
    where : int
        When infeasible, the row that proves it, plus 1, negative if it is above its bound.
    reached : array (M,)
        Values of the basic variables.
    """
    m, n = table.shape
    reached = np.zeros(m)
    for i in range(m):
        for c in range(n):
            reached[i] += table[i, c] * values[c]
    for exchange in range(_MOST * (m + n)):
        bland = exchange > _GREEDY * (m + n)
        leaving, miss = -1, tolerance
        for i in range(m):
            variable = basic[i]
            missing = max(low[variable] - reached[i], reached[i] - high[variable])
            if missing > tolerance and (
                (bland and (leaving < 0 or variable < basic[leaving])) or (not bland and missing > miss)
            ):
                leaving, miss = i, missing
        if leaving < 0:
            return FEASIBLE, 0, reached
        variable = basic[leaving]
        up = reached[leaving] < low[variable]
        entering, size = -1, _PIVOT
        for c in range(n):
            entry = table[leaving, c] if up else -table[leaving, c]
            other = nonbasic[c]
            movable = values[c] < high[other] if entry > 0 else values[c] > low[other]
            if movable and (
                (bland and abs(entry) > _PIVOT and (entering < 0 or other < nonbasic[entering]))
                or (not bland and abs(entry) > size)
            ):
                entering, size = c, abs(entry)
        if entering < 0:
            return INFEASIBLE, leaving + 1 if up else -leaving - 1, reached
        target = low[variable] if up else high[variable]
        step = (target - reached[leaving]) / table[leaving, entering]
        for i in range(m):
            reached[i] += table[i, entering] * step
        moved = values[entering] + step
        exchanged(table, leaving, entering)
        basic[leaving], nonbasic[entering] = nonbasic[entering], variable
        values[entering] = target
        reached[leaving] = moved
    return UNKNOWN, 0, reached


def exchanged(table: Array, leaving: int, entering: int) -> None:
    """Exchange a basic and a nonbasic variable in the table, in place."""
    m, n = table.shape
    pivot = 1.0 / table[leaving, entering]
    for c in range(n):
        table[leaving, c] *= -pivot
    table[leaving, entering] = pivot
    for i in range(m):
        factor = table[i, entering]
        if i == leaving or factor == 0.0:
            continue
        table[i, entering] = 0.0
        for c in range(n):
            table[i, c] += factor * table[leaving, c]


def solution(basic: Array, nonbasic: Array, values: Array, reached: Array) -> Array:
    """Return the coordinates (n,) of the point that the variables describe."""
    n = len(nonbasic)
    point = np.zeros(n)
    for i in range(len(basic)):
        if basic[i] < n:
            point[basic[i]] = reached[i]
    for c in range(n):
        if nonbasic[c] < n:
            point[nonbasic[c]] = values[c]
    return point


def largest_miss(
    point: Array, rows: Array, patterns: Array, signs: Array, skip: bool, low: Array, high: Array
) -> float:
    """Return by how much a point misses the rows of all samples so far, computed from the data anew.

    Parameters
    ----------
    point : array (n,)
        Coordinates.
    rows, patterns : arrays (T, r), (T, K)
        The samples, and which neurons are active on them.
    signs, skip, low, high
        As in `step`.
    """
    r, width = rows.shape[1], len(signs)
    worst = 0.0
    for t in range(len(rows)):
        total = 0.0
        for k in range(width + skip):
            value = 0.0
            for j in range(r):
                value += rows[t, j] * point[k * r + j]
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


def step(
    table: Array,
    basic: Array,
    nonbasic: Array,
    values: Array,
    rows: Array,
    patterns: Array,
    signs: Array,
    skip: bool,
    low: Array,
    high: Array,
    tolerance: float,
) -> tuple[Array, Array, Array, Array, Array, float, int, int]:
    """Add the rows of the last sample and make all feasible; leaves its arguments as they are.

    Parameters
    ----------
    table, basic, nonbasic, values : arrays
        What the last step but for this sample returned.
    rows, patterns : arrays (T, r), (T, K)
        The samples so far, the last one new, and which neurons are active on them.
    signs : array (K,)
        Output signs.
    skip : bool
        Whether an affine term follows the neurons' coordinates.
    low, high : arrays
        Bounds of all variables, infinite for coordinates, in the order that `extended` says.
    tolerance : float
        By which a row may be missed.

    Returns
    -------
    table, basic, nonbasic, values : arrays
        For the next step.
    point : array (n,)
        Coordinates.
    miss : float
        By how much the point misses the rows.
    answer, where : int
        As `feasible` says.
    """
    wider, longer = extended(table, basic, nonbasic, rows[-1], patterns[-1], signs, skip)
    swapped, held = nonbasic.copy(), values.copy()
    answer, where, reached = feasible(wider, longer, swapped, held, low, high, tolerance)
    point = solution(longer, swapped, held, reached)
    miss = largest_miss(point, rows, patterns, signs, skip, low, high) if answer == FEASIBLE else 0.0
    return wider, longer, swapped, held, point, miss, answer, where


@functools.cache
def compiled() -> Callable[..., Any]:
    """Return `step` compiled."""
    return jitted(step, (extended, feasible, exchanged, solution, largest_miss))
