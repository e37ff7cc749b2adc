"""The simplex method with bounds on variables, on a dense tableau: the one loop behind trees and path norms.

Plain Python that numba compiles (`sparsest.exact.compiling`). Every row has a slack variable, so that bounds
on rows are bounds on variables. A variable is nonbasic, at a value within its bounds, or basic, and given by
the nonbasic ones. A basic variable that misses a bound is exchanged with a nonbasic one that can move it
there: with the one whose reduced cost for each unit of that is least. This is the dual simplex method with
bounds: if all reduced costs have the right sign at first they keep it, and the objective only grows. Without
objective all ratios are zero, and it is the general simplex of Dutertre and de Moura (2006), "A fast
linear-arithmetic solver for DPLL(T)". Bland's rule, after a number of exchanges, forbids cycles.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray

# Entries of a row below this are rounding: it is no use to divide by them.
_MIN_PIVOT: Final = 1e-9
# Ratios closer than this, relative to their size, are equal up to rounding: the larger entry decides.
_EQUAL_RATIOS: Final = 1e-13

FEASIBLE: Final = 0
INFEASIBLE: Final = 1
UNKNOWN: Final = 2


class Tableau(NamedTuple):
    """Basic variables in terms of nonbasic ones; changed in place.

    Variables have numbers: below n those of the program, from n on slacks of rows.

    Attributes
    ----------
    entries : array (m, n)
        A basic variable is its row times the nonbasic ones.
    basic, nonbasic : arrays of int (m,), (n,)
        Variables.
    reached : array (m,)
        Values of the basic variables.
    values : array (n,)
        Of the nonbasic variables, each within its bounds.
    costs : array (n,)
        Reduced costs of the nonbasic variables; zeros where there is no objective.
    """

    entries: FloatArray
    basic: NDArray[np.int64]
    nonbasic: NDArray[np.int64]
    reached: FloatArray
    values: FloatArray
    costs: FloatArray


class Bounds(NamedTuple):
    """Bounds of all variables (n + m,), and by how much they may miss each."""

    low: FloatArray
    high: FloatArray
    low_miss: FloatArray
    high_miss: FloatArray


class Limits(NamedTuple):
    """When to stop: at which objective, after how many exchanges, and when Bland's rule takes over."""

    cutoff: float
    exchanges: int
    greedy: int


class End(NamedTuple):
    """Why the method stopped.

    Attributes
    ----------
    answer : int
        FEASIBLE, and then optimal; INFEASIBLE, or only beyond the cutoff; UNKNOWN after too many exchanges.
    row : int
        The row that shows that nothing is feasible, else -1.
    up : bool
        Whether its variable is below its bounds.
    miss : float
        By how much.
    objective : float
        Costs of the nonbasic variables.
    """

    answer: int
    row: int
    up: bool
    miss: float
    objective: float


def solve(tableau: Tableau, bounds: Bounds, limits: Limits) -> End:
    """Exchange variables until every bound holds, some row forbids it, or a limit is reached."""
    objective = 0.0
    for exchanges in range(limits.exchanges):
        objective = worth(tableau.costs, tableau.values)
        if objective >= limits.cutoff:
            return End(INFEASIBLE, -1, False, 0.0, objective)
        bland = exchanges > limits.greedy
        row, up, miss = leaving_row(tableau.reached, tableau.basic, bounds, bland)
        if row < 0:
            return End(FEASIBLE, -1, False, 0.0, objective)
        column = entering_column(tableau, bounds, row, up, bland)
        if column < 0:
            return End(INFEASIBLE, row, up, miss, objective)
        variable = tableau.basic[row]
        exchange(tableau, row, column, bounds.low[variable] if up else bounds.high[variable])
    return End(UNKNOWN, -1, False, 0.0, objective)


def worth(costs: FloatArray, values: FloatArray) -> float:
    """Return the objective; no product of zero and infinity is formed."""
    objective = 0.0
    for c in range(len(costs)):
        if costs[c] != 0.0 and values[c] != 0.0:
            objective += costs[c] * values[c]
    return objective


def leaving_row(
    reached: FloatArray, basic: NDArray[np.int64], bounds: Bounds, bland: bool
) -> tuple[int, bool, float]:
    """Return the row that misses a bound most, or by Bland's rule the first variable's; -1 if none does.

    Also whether its variable must go up, and by how much it misses.
    """
    low, high, low_miss, high_miss = bounds
    row, up, most = -1, False, 0.0
    for i in range(len(basic)):
        variable = basic[i]
        short, over = low[variable] - reached[i], reached[i] - high[variable]
        below, above = short > low_miss[variable], over > high_miss[variable]
        if not (below or above):
            continue
        below = below and not (above and over > short)
        miss = short if below else over
        if (bland and (row < 0 or variable < basic[row])) or (not bland and miss > most):
            row, up, most = i, below, miss
    return row, up, most


def entering_column(tableau: Tableau, bounds: Bounds, row: int, up: bool, bland: bool) -> int:
    """Return a column that can move the row's variable, with the least ratio of cost to entry; -1 if none.

    Among equal ratios the largest entry wins, by Bland's rule the first variable.
    """
    entries, _, nonbasic, _, values, costs = tableau
    low, high = bounds.low, bounds.high
    column, least, size = -1, np.inf, 0.0
    for c in range(len(nonbasic)):
        entry = entries[row, c] if up else -entries[row, c]
        if abs(entry) <= _MIN_PIVOT:
            continue
        variable = nonbasic[c]
        if not (values[c] < high[variable] if entry > 0.0 else values[c] > low[variable]):
            continue
        ratio = abs(costs[c]) / abs(entry)
        better = variable < nonbasic[column] if bland else abs(entry) > size
        if column < 0 or ratio < least - _EQUAL_RATIOS * abs(least) or (ratio <= least and better):
            column, least, size = c, ratio, abs(entry)
    return column


def exchange(tableau: Tableau, row: int, column: int, target: float) -> None:
    """Exchange a basic and a nonbasic variable, which leaves with the value `target`."""
    entries, basic, nonbasic, reached, values, costs = tableau
    step = (target - reached[row]) / entries[row, column]
    for i in range(len(basic)):
        reached[i] += entries[i, column] * step
    reached[row], values[column] = values[column] + step, target
    solve_for(entries, row, column)
    factor = costs[column]
    if factor != 0.0:
        costs[column] = 0.0
        for c in range(len(nonbasic)):
            costs[c] += factor * entries[row, c]
    variable = basic[row]
    basic[row] = nonbasic[column]
    nonbasic[column] = variable


def solve_for(entries: FloatArray, row: int, column: int) -> None:
    """Solve the equation of a row for the variable of a column, and put it into the others, in place."""
    m, n = entries.shape
    pivot = 1.0 / entries[row, column]
    for c in range(n):
        entries[row, c] *= -pivot
    entries[row, column] = pivot
    for i in range(m):
        factor = entries[i, column]
        if i == row or factor == 0.0:
            continue
        entries[i, column] = 0.0
        for c in range(n):
            entries[i, c] += factor * entries[row, c]


def point_of(tableau: Tableau) -> FloatArray:
    """Return the values (n,) of the variables of the program."""
    n = len(tableau.nonbasic)
    x = np.zeros(n)
    for c in range(n):
        if tableau.nonbasic[c] < n:
            x[tableau.nonbasic[c]] = tableau.values[c]
    for i in range(len(tableau.basic)):
        if tableau.basic[i] < n:
            x[tableau.basic[i]] = tableau.reached[i]
    return x
