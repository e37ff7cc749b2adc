"""The linear program over a box, and what its multipliers prove, rounding included.

Plain Python that numba compiles (`sparsest.exact.compiling`).
"""

from typing import NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.lp.dual_simplex_kernel import Program, dual_simplex
from sparsest.exact.path_norm.cones import IntArray
from sparsest.exact.path_norm.intervals_kernel import UNIT, Box
from sparsest.exact.path_norm.ray_program_kernel import ConeArrays, concerned, cost_in, program, row_entry


class Relaxation(NamedTuple):
    """What the linear program over a box says.

    Attributes
    ----------
    answer, x
        As `sparsest.exact.lp.dual_simplex_kernel.Optimum` has them.
    labels : array (n, 3)
        As `program` has them.
    multipliers : array (m + k,)
        Safe ones.
    least : float
        The objective is at least this, rounding included.
    """

    answer: int
    x: FloatArray
    labels: IntArray
    multipliers: FloatArray
    least: float


def relaxed(slopes: FloatArray, box: Box, rows: IntArray, cutoff: float, cones: ConeArrays) -> Relaxation:
    """Solve the linear program with these slopes over a box.

    Parameters
    ----------
    slopes : array (C, 2, J)
        Cost of each element.
    box : Box
        Intervals of the elements.
    rows : array (k, 4)
        Elements and weights of cells whose bounds become rows: all elements with a positive lower end, and
        any others.
    cutoff : float
        As in `dual_simplex`.
    cones : ConeArrays
        The cones.
    """
    coefficients, costs, labels = program(slopes, cones, rows)
    low, high = bounds_of(box, rows, coefficients.shape, cones)
    bounded = Program(coefficients, costs, low, high)
    answer, x, multipliers = dual_simplex(bounded, cutoff)
    least = safe_bound(multipliers, bounded, labels)
    return Relaxation(answer, x, labels, multipliers, least)


def bounds_of(
    box: Box, rows: IntArray, shape: tuple[int, int], cones: ConeArrays
) -> tuple[FloatArray, FloatArray]:
    """Return the bounds (n + m,) of the columns and rows of `program`, whose coefficients have this shape."""
    (m, n), base, extra = shape, cones.columns.shape[1], cones.offsets.shape[1]
    low, high, bound = np.zeros(n + m), np.full(n + m, np.inf), cones.weight_bound
    for i in range(base):
        low[n + i], high[n + i] = cones.ends[0, i], cones.ends[1, i]
    for b in range(extra):  # columns of eliminated samples come last
        low[n - extra + b], high[n - extra + b] = cones.ends[0, base + b], cones.ends[1, base + b]
    for k in range(len(rows)):
        if rows[k, 0] == 0:
            low[n + base + k] = box.low[rows[k, 1], rows[k, 2], rows[k, 3]]
            high[n + base + k] = box.high[rows[k, 1], rows[k, 2], rows[k, 3]]
        else:
            low[n + base + k], high[n + base + k] = -bound, bound
    return low, high


def safe_bound(multipliers: FloatArray, program: Program, labels: IntArray) -> float:  # noqa: C901
    """Return a lower bound on ``costs . x`` that these multipliers prove, rounding included; scales them.

    Multipliers that ask more of a column than its cost are made smaller, all alike; a multiplier of a row
    without the end that it needs is dropped (in place). Columns without label are values between bounds.
    """
    coefficients, costs, low, high = program
    m, n = coefficients.shape
    for i in range(m):
        end = low[n + i] if multipliers[i] > 0.0 else high[n + i]
        if not np.isfinite(end) or not np.isfinite(multipliers[i]):
            multipliers[i] = 0.0
    excess = 0.0
    for c in range(n):
        if labels[c, 0] < 0:
            continue
        asked, size = 0.0, 0.0
        for i in range(m):
            term = multipliers[i] * coefficients[i, c]
            asked += term
            size += abs(term)
        asked += (m + 4) * UNIT * size
        if asked > costs[c] * (1.0 - 4.0 * UNIT):
            excess = max(excess, asked / (costs[c] * (1.0 - 4.0 * UNIT)) - 1.0)
    if excess > 0.0:
        for i in range(m):
            multipliers[i] /= (1.0 + excess) * (1.0 + 4.0 * UNIT)
    bound, size = 0.0, 0.0
    for i in range(m):
        if multipliers[i] != 0.0:
            term = multipliers[i] * (low[n + i] if multipliers[i] > 0.0 else high[n + i])
            bound += term
            size += abs(term)
    for c in range(n):
        if labels[c, 0] < 0:
            asked, terms = 0.0, 0.0
            for i in range(m):
                asked += multipliers[i] * coefficients[i, c]
                terms += abs(multipliers[i] * coefficients[i, c])
            margin = (m + 4) * UNIT * terms
            if asked == 0.0 and margin == 0.0:
                continue
            if not (np.isfinite(low[c]) and np.isfinite(high[c])):
                return -np.inf
            bound -= max(asked * low[c], asked * high[c]) + margin * max(abs(low[c]), abs(high[c]))
            size += (abs(asked) + margin) * max(abs(low[c]), abs(high[c]))
    return float(bound - (2 * m + n + 8) * UNIT * size)


def spare_costs(multipliers: FloatArray, slopes: FloatArray, cones: ConeArrays, rows: IntArray) -> FloatArray:
    """Return for each element how much of its slope no ray needs to be paid for: rays' reduced costs."""
    charges, columns, starts, members = cones.charges, cones.columns, cones.starts, cones.members
    m = columns.shape[1]
    worth, size = np.zeros(len(columns)), np.zeros(len(columns))
    for r in range(len(columns)):
        for i in range(m):
            term = multipliers[i] * columns[r, i]
            worth[r] += term
            size[r] += abs(term)
    special = concerned(rows, cones.cells)
    spare = np.full(slopes.shape, np.inf)
    for c in range(len(cones.cells)):
        for s in range(2):
            if not of_use(slopes, c, s):
                continue
            for k in range(starts[c], starts[c + 1]):
                r = members[k]
                cost = cost_in(slopes, c, s, charges, r)
                if cost == np.inf:
                    continue
                asked = (worth[r] if s == 0 else -worth[r]) + (m + 4) * UNIT * size[r]
                if special[c, s]:
                    for n in range(len(rows)):
                        term = multipliers[m + n] * row_entry(rows, n, c, s, r, cones)
                        asked += term + 4.0 * UNIT * abs(term)
                left = max(0.0, cost * (1.0 - 8.0 * UNIT) - asked)
                for j in range(charges.shape[1]):
                    if charges[r, j] > 0.0:
                        spare[c, s, j] = min(spare[c, s, j], left / charges[r, j])
    return spare


def of_use(slopes: FloatArray, c: int, s: int) -> bool:
    """Whether some element of a cone may be used with a sign."""
    least = np.inf
    for j in range(slopes.shape[2]):
        least = min(least, slopes[c, s, j])
    return least < np.inf
