"""Minimise a linear objective with costs >= 0 by the dual simplex method, from the basis of the rows.

Plain Python that numba compiles (`sparsest.exact.compiling`); the exchanges are those of
`sparsest.exact.lp.simplex_kernel`.
"""

from typing import Final, NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.lp.simplex_kernel import INFEASIBLE, Bounds, End, Limits, Tableau, point_of, solve

# By which a bound may be missed, relative to its size, labels being about one.
_MISS: Final = 1e-10
# Exchanges for each row, after which the method gives up; bounds from its multipliers are valid all the same.
_MAX_EXCHANGES: Final = 40


class Program(NamedTuple):
    """Minimise ``costs . x`` subject to bounds on x and on ``coefficients @ x``.

    Attributes
    ----------
    coefficients : array (m, n)
        Matrix.
    costs : array (n,)
        At least 0.
    low, high : arrays (n + m,)
        Bounds of x, then of the rows; each x starts at a finite one of its bounds.
    """

    coefficients: FloatArray
    costs: FloatArray
    low: FloatArray
    high: FloatArray


class ProgramOptimum(NamedTuple):
    """What the dual simplex method found.

    Attributes
    ----------
    answer : int
        FEASIBLE, and so optimal; INFEASIBLE, or beyond the cutoff; UNKNOWN where it gave up.
    x : array (n,)
        The point reached.
    multipliers : array (m,)
        Of the rows; any values give a bound, these a good one.
    """

    answer: int
    x: FloatArray
    multipliers: FloatArray


def dual_simplex(program: Program, cutoff: float) -> ProgramOptimum:
    """Minimise, or stop when the objective reaches the cutoff.

    Bland's rule is not used: with costs it would lose the bound that the objective is.
    """
    m, n = program.coefficients.shape
    scale = column_scales(program.coefficients)
    low, high = program.low / scale, program.high / scale
    entries = program.coefficients * scale[:n]
    values, nonbasic = np.empty(n), np.empty(n, dtype=np.int64)
    reached, basic = np.zeros(m), np.empty(m, dtype=np.int64)
    for i in range(m):
        basic[i] = n + i
    for c in range(n):
        nonbasic[c] = c
        values[c] = low[c] if low[c] > -np.inf else (high[c] if high[c] < np.inf else 0.0)
        if values[c] != 0.0:
            for i in range(m):
                reached[i] += entries[i, c] * values[c]
    costs = program.costs * scale[:n]
    tableau = Tableau(entries, basic, nonbasic, reached, values, costs)
    bounds = Bounds(low, high, _MISS * (1.0 + np.abs(low)), _MISS * (1.0 + np.abs(high)))
    most = _MAX_EXCHANGES * (m + 5)
    end = solve(tableau, bounds, Limits(cutoff, most, most))
    return ProgramOptimum(end.answer, point_of(tableau) * scale[:n], multipliers_of(tableau, end, cutoff))


def column_scales(coefficients: FloatArray) -> FloatArray:
    """Return what columns are multiplied by, so that their largest entry is 1; ones for the rows (n + m,)."""
    m, n = coefficients.shape
    scale = np.ones(n + m)
    for c in range(n):
        largest = 0.0
        for i in range(m):
            largest = max(largest, abs(coefficients[i, c]))
        scale[c] = 1.0 / largest if largest > 0.0 else 1.0
    return scale


def multipliers_of(tableau: Tableau, end: End, cutoff: float) -> FloatArray:
    """Return the multipliers (m,) of the rows.

    A row that alone shows that nothing fits is added so often that the bound exceeds the cutoff.
    """
    m, n = tableau.entries.shape
    multipliers = np.zeros(m)
    for c in range(n):
        if tableau.nonbasic[c] >= n:
            multipliers[tableau.nonbasic[c] - n] = tableau.costs[c]
    if end.answer == INFEASIBLE and end.row >= 0:
        push = 2.0 * (cutoff - end.objective) / end.miss + 1.0
        direction = 1.0 if end.up else -1.0
        for c in range(n):
            if tableau.nonbasic[c] >= n:
                multipliers[tableau.nonbasic[c] - n] -= push * direction * tableau.entries[end.row, c]
        if tableau.basic[end.row] >= n:
            multipliers[tableau.basic[end.row] - n] += push * direction
    return multipliers
