"""Loops of the branch and bound on path norms: a linear program over rays, its safe bound, what it excludes.

Plain Python that numba compiles (see `compiled`). Arrays are those of `sparsest.exact.path_norm.cones.Cones`;
an *element* is one of the J numbers of a cone c with output sign s (0 for +, 1 for -), and a box gives each
an interval ``[low[c, s, j], high[c, s, j]]``, of which a negative high says that the cone is not used with
that sign.
"""

import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from sparsest.exact.arithmetic.compiled import jitted

# Relative rounding of one operation, with room for the few that make up a term.
_UNIT: Final = 4e-16
# Entries of the tableau below this are rounding: it is no use to divide by them.
_PIVOT: Final = 1e-9
# By which a row may be missed, relative to its bounds, labels being about one.
_MISS: Final = 1e-10
# Exchanges for each row, after which the dual simplex method gives up; its bound is valid all the same.
_MOST: Final = 40
# Linear programs for one box: rows for violated bounds, and sharper chords, call for another one.
_ROUNDS: Final = 12
# A new end of an interval counts when it takes away this share.
_SHRUNK: Final = 0.1
# Share of an interval from zero that its lower part takes at least. The solution's own value is often small,
# and a cut there leaves an upper part as good as the whole: this halves the number of boxes and more.
_LEAST_PART: Final = 0.4
# Entries of tableaux written, about, after which loops are compiled: that takes half a minute once and half a
# second later; interpreted, so many take some four seconds. The second number is for a single program.
_INTERPRETED: Final = 30_000_000
_INTERPRETED_AT_ONCE: Final = 500_000
# Linear programs in a call of `examine`, about.
_PROGRAMS: Final = 8
# Chords drawn in search of the new end of an interval.
_CHORDS: Final = 8

CLOSED: Final = 0
BRANCH: Final = 1
STUCK: Final = 2

Array = Any  # an array of numbers, compiled or not


def chords(low: Array, high: Array, p: float) -> tuple[Array, float]:
    """Return slopes of lines below t^p on every interval, and the sum of their values at zero.

    A line starts at ``(lo, lo^p)``, or at zero, and is rounded to be lower; it is steeper than the derivative
    at h, which serves where the chord would lose its digits.
    """
    slopes = np.empty_like(high)
    start, size, count = 0.0, 0.0, 8.0
    for c in range(high.shape[0]):
        for s in range(2):
            for j in range(high.shape[2]):
                h, lo = high[c, s, j], low[c, s, j]
                if h <= 0.0:
                    slopes[c, s, j] = np.inf
                elif lo <= 0.0:
                    slopes[c, s, j] = h ** (p - 1.0) * (1.0 - 4.0 * _UNIT)
                else:
                    top, bottom = h**p, lo**p
                    flat = p * top / h * (1.0 - 4.0 * _UNIT)
                    steep = (top - bottom - 4.0 * _UNIT * top) / (h - lo) if h > lo else 0.0
                    slopes[c, s, j] = max(flat, steep * (1.0 - 4.0 * _UNIT))
                    start += bottom - slopes[c, s, j] * lo
                    count += 1.0
                    size += bottom + slopes[c, s, j] * lo
    return slopes, start - count * _UNIT * size


def cheapest(
    slopes: Array, charges: Array, starts: Array, members: Array, special: Array
) -> tuple[Array, Array]:
    """Return for each ray and sign its cost in the cheapest cone that is not special, and that cone."""
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


def cost_in(slopes: Array, c: int, s: int, charges: Array, r: int) -> float:
    """Return the cost of a ray in a cone."""
    cost = 0.0
    for j in range(charges.shape[1]):
        if charges[r, j] > 0.0:
            cost += slopes[c, s, j] * charges[r, j]
    return cost


def row_entry(
    rows: Array, n: int, c: int, s: int, r: int, charges: Array, directions: Array, cells: Array
) -> float:
    """Return what a ray in a cone adds to a row: of an element (0), or of a cell's signed weight (1)."""
    if rows[n, 2] != s:
        return 0.0
    if rows[n, 0] == 0:
        return charges[r, rows[n, 3]] if rows[n, 1] == c else 0.0
    return directions[r, rows[n, 3]] if rows[n, 1] == cells[c] else 0.0


def concerned(rows: Array, cells: Array) -> Array:
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


def program(
    slopes: Array,
    charges: Array,
    directions: Array,
    columns: Array,
    starts: Array,
    members: Array,
    cells: Array,
    offsets: Array,
    rows: Array,
) -> tuple[Array, Array, Array]:
    """Return coefficients (m + k, n), costs (n,), and sign, cone and ray (n, 3) of the columns.

    Columns are one for each ray and sign, in its cheapest cone, and one for each ray of each cone that some
    row of `rows` (k, 4) speaks of, and at last those of values of samples that were eliminated.
    """
    special = concerned(rows, cells)
    price, where = cheapest(slopes, charges, starts, members, special)
    names = []
    for s in range(2):
        for r in range(len(charges)):
            if price[r, s] < np.inf:
                names.append((s, where[r, s], r))
        for c in range(len(cells)):
            if special[c, s]:
                for k in range(starts[c], starts[c + 1]):
                    if cost_in(slopes, c, s, charges, members[k]) < np.inf:
                        names.append((s, c, members[k]))
    m, extra = columns.shape[1], offsets.shape[1]
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
                table[m + k, n] = row_entry(rows, k, c, s, r, charges, directions, cells)
    for b in range(extra):
        for i in range(m):
            table[i, len(names) + b] = offsets[i, b]
    return table, costs, labels


def dual_simplex(
    coefficients: Array, costs: Array, low: Array, high: Array, cutoff: float
) -> tuple[int, Array, Array]:
    """Minimise ``costs . x`` subject to bounds on x and on ``coefficients @ x``, from the basis of the rows.

    Parameters
    ----------
    coefficients : array (m, n)
        Matrix.
    costs : array (n,)
        At least 0.
    low, high : arrays (n + m,)
        Bounds of x, then of the rows; each x starts at a finite one of its bounds.
    cutoff : float
        The method stops when the objective reaches it.

    Returns
    -------
    state : int
        0 optimal, 1 beyond the cutoff or infeasible, 2 given up.
    x : array (n,)
        The point reached.
    multipliers : array (m,)
        Of the rows; any values give a bound, these a good one.
    """
    m, n = coefficients.shape
    scale = np.ones(n + m)
    table = np.empty((m, n))
    for c in range(n):
        largest = 0.0
        for i in range(m):
            largest = max(largest, abs(coefficients[i, c]))
        scale[c] = 1.0 / largest if largest > 0.0 else 1.0
        for i in range(m):
            table[i, c] = coefficients[i, c] * scale[c]
    reduced = costs * scale[:n]
    below, above = low / scale, high / scale
    basic, nonbasic = np.arange(n, n + m), np.arange(n)
    values = np.empty(n)
    for c in range(n):
        values[c] = below[c] if below[c] > -np.inf else (above[c] if above[c] < np.inf else 0.0)
    reached = table @ values
    multipliers = np.zeros(m)
    state, worst, up = 2, -1, True
    push = 0.0
    for _ in range(_MOST * (m + 5)):
        objective = 0.0
        for c in range(n):
            if reduced[c] != 0.0 and values[c] != 0.0:
                objective += reduced[c] * values[c]
        if objective >= cutoff:
            state = 1
            break
        worst, miss = -1, 0.0
        for i in range(m):
            variable = basic[i]
            short, over = below[variable] - reached[i], reached[i] - above[variable]
            if short > max(miss, _MISS * (1.0 + abs(below[variable]))):
                worst, miss, up = i, short, True
            if over > max(miss, _MISS * (1.0 + abs(above[variable]))):
                worst, miss, up = i, over, False
        if worst < 0:
            state = 0
            break
        entering, ratio, size = -1, np.inf, 0.0
        for c in range(n):
            entry = table[worst, c] if up else -table[worst, c]
            if abs(entry) <= _PIVOT:
                continue
            other = nonbasic[c]
            movable = values[c] < above[other] if entry > 0.0 else values[c] > below[other]
            if movable:
                step = abs(reduced[c]) / abs(entry)
                if step < ratio - 1e-13 * abs(ratio) or (step <= ratio and abs(entry) > size):
                    entering, ratio, size = c, step, abs(entry)
        if entering < 0:
            # this row alone shows that nothing fits; a multiple of it lifts the objective over the cutoff
            state = 1
            push = 2.0 * (cutoff - objective) / miss + 1.0
            break
        leaving = basic[worst]
        target = below[leaving] if up else above[leaving]
        pivot = 1.0 / table[worst, entering]
        step = (target - reached[worst]) * pivot
        for i in range(m):
            reached[i] += table[i, entering] * step
        moved = values[entering] + step
        for c in range(n):
            table[worst, c] *= -pivot
        table[worst, entering] = pivot
        for i in range(m):
            factor = table[i, entering]
            if i != worst and factor != 0.0:
                table[i, entering] = 0.0
                for c in range(n):
                    table[i, c] += factor * table[worst, c]
        factor = reduced[entering]
        reduced[entering] = 0.0
        for c in range(n):
            reduced[c] += factor * table[worst, c]
        basic[worst], nonbasic[entering] = nonbasic[entering], leaving
        values[entering] = target
        reached[worst] = moved
    x = np.zeros(n)
    for c in range(n):
        if nonbasic[c] < n:
            x[nonbasic[c]] = values[c] * scale[nonbasic[c]]
        else:
            multipliers[nonbasic[c] - n] = reduced[c]
    for i in range(m):
        if basic[i] < n:
            x[basic[i]] = reached[i] * scale[basic[i]]
    if push > 0.0:
        direction = 1.0 if up else -1.0
        for c in range(n):
            if nonbasic[c] >= n:
                multipliers[nonbasic[c] - n] -= push * direction * table[worst, c]
        if basic[worst] >= n:
            multipliers[basic[worst] - n] += push * direction
    return state, x, multipliers


def safe_bound(
    multipliers: Array, coefficients: Array, costs: Array, labels: Array, low: Array, high: Array
) -> float:
    """Return a lower bound on ``costs . x`` that these multipliers prove, rounding included; scales them.

    Multipliers that ask more of a column than its cost are made smaller, all alike; a multiplier of a row
    without the end that it needs is dropped (in place). Columns without label are values between bounds.
    """
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
        asked += (m + 4) * _UNIT * size
        if asked > costs[c] * (1.0 - 4.0 * _UNIT):
            excess = max(excess, asked / (costs[c] * (1.0 - 4.0 * _UNIT)) - 1.0)
    if excess > 0.0:
        for i in range(m):
            multipliers[i] /= (1.0 + excess) * (1.0 + 4.0 * _UNIT)
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
            margin = (m + 4) * _UNIT * terms
            if asked == 0.0 and margin == 0.0:
                continue
            if not (np.isfinite(low[c]) and np.isfinite(high[c])):
                return -np.inf
            bound -= max(asked * low[c], asked * high[c]) + margin * max(abs(low[c]), abs(high[c]))
            size += (abs(asked) + margin) * max(abs(low[c]), abs(high[c]))
    return float(bound - (2 * m + n + 8) * _UNIT * size)


def spare_costs(
    multipliers: Array,
    slopes: Array,
    charges: Array,
    directions: Array,
    columns: Array,
    starts: Array,
    members: Array,
    cells: Array,
    rows: Array,
) -> Array:
    """Return for each element how much of its slope no ray needs to be paid for: rays' reduced costs."""
    m = columns.shape[1]
    worth, size = np.zeros(len(columns)), np.zeros(len(columns))
    for r in range(len(columns)):
        for i in range(m):
            term = multipliers[i] * columns[r, i]
            worth[r] += term
            size[r] += abs(term)
    special = concerned(rows, cells)
    spare = np.full(slopes.shape, np.inf)
    for c in range(len(cells)):
        for s in range(2):
            if slopes[c, s].min() == np.inf:
                continue
            for k in range(starts[c], starts[c + 1]):
                r = members[k]
                cost = cost_in(slopes, c, s, charges, r)
                if cost == np.inf:
                    continue
                asked = (worth[r] if s == 0 else -worth[r]) + (m + 4) * _UNIT * size[r]
                if special[c, s]:
                    for n in range(len(rows)):
                        term = multipliers[m + n] * row_entry(rows, n, c, s, r, charges, directions, cells)
                        asked += term + 4.0 * _UNIT * abs(term)
                left = max(0.0, cost * (1.0 - 8.0 * _UNIT) - asked)
                for j in range(charges.shape[1]):
                    if charges[r, j] > 0.0:
                        spare[c, s, j] = min(spare[c, s, j], left / charges[r, j])
    return spare


def excess(t: float, lo: float, slope: float, spare: float, p: float) -> float:
    """Return by how much, at least, a solution with the value t of an element costs more than the bound."""
    bottom = lo**p if lo > 0.0 else 0.0
    return float(t**p * (1.0 - 4.0 * _UNIT) - bottom - slope * (t - lo) + spare * t)


def outermost(
    outside: float, inside: float, lo: float, slope: float, spare: float, room: float, p: float
) -> float:
    """Return a point between two beyond which, towards `outside`, the excess is above `room`.

    Above `room` at `outside` and not at `inside`; being concave it lies above its chord between them, so that
    where the chord takes the value `room` it is not below, and a chord from there is better still.
    """
    at_inside = excess(inside, lo, slope, spare, p)
    for _ in range(_CHORDS):
        share = (room - at_inside) / (excess(outside, lo, slope, spare, p) - at_inside)
        nearer = inside + (outside - inside) * min(1.0, share * (1.0 + 1e-9))
        if (
            abs(nearer - outside) <= 0.03 * abs(outside - inside)
            or excess(nearer, lo, slope, spare, p) <= room
        ):
            break
        outside = nearer
    return outside


def tighten(low: Array, high: Array, slopes: Array, spare: Array, room: float, p: float) -> tuple[int, bool]:
    """Shrink intervals, in place, to where some solution costs at most `room` more than the relaxation.

    The excess is concave in t, so that what is excluded is an interval: shrinking is possible when it holds
    one end. Returns how many elements shrank, and whether none is left for some element.
    """
    shrunk = 0
    for c in range(high.shape[0]):
        for s in range(2):
            for j in range(high.shape[2]):
                h, lo = high[c, s, j], low[c, s, j]
                if h <= 0.0:
                    continue
                slope, left = slopes[c, s, j], spare[c, s, j]
                if left == np.inf:  # no ray of the cone that may be used adds to it
                    left = slope
                at_top = excess(h, lo, slope, left, p) > room
                at_bottom = excess(lo, lo, slope, left, p) > room
                if at_top and at_bottom:
                    return shrunk, True
                if at_top:
                    top = outermost(h, lo, lo, slope, left, room, p)
                    if top < h * (1.0 - _SHRUNK):
                        high[c, s, j] = top
                        shrunk += 1
                elif at_bottom:
                    bottom = outermost(lo, h, lo, slope, left, room, p)
                    if bottom > lo * (1.0 + _SHRUNK):
                        low[c, s, j] = bottom
                        shrunk += 1
    return shrunk, False


def ratios(charges: Array, starts: Array, members: Array) -> Array:
    """Return the largest ratio (C, J, J) of two elements of one neuron that the rays of its cone allow."""
    count = charges.shape[1]
    largest = np.zeros((len(starts) - 1, count, count))
    for c in range(len(starts) - 1):
        for k in range(starts[c], starts[c + 1]):
            r = members[k]
            for i in range(count):
                for j in range(count):
                    if charges[r, i] > 0.0:
                        ratio = charges[r, i] / charges[r, j] if charges[r, j] > 0.0 else np.inf
                        largest[c, i, j] = max(largest[c, i, j], ratio)
    return largest


def propagate(low: Array, high: Array, largest: Array) -> bool:
    """Shrink intervals, in place, to what the other elements of the neuron allow; say if one is empty."""
    for c in range(high.shape[0]):
        for s in range(2):
            for i in range(high.shape[2]):
                for j in range(high.shape[2]):
                    if i == j or high[c, s, i] <= 0.0:
                        continue
                    most = high[c, s, j] * largest[c, i, j] * (1.0 + 1e-12)
                    if most < high[c, s, i] * (1.0 - _SHRUNK):
                        high[c, s, i] = most
                    if low[c, s, i] > high[c, s, i] * (1.0 + 1e-9):
                        return True
                    if low[c, s, i] > 0.0 and largest[c, i, j] > 0.0:
                        least = low[c, s, i] / largest[c, i, j] * (1.0 - 1e-12)
                        if least > low[c, s, j] * (1.0 + _SHRUNK):
                            low[c, s, j] = least
    return False


def element_values(x: Array, labels: Array, charges: Array, shape: Array) -> Array:
    """Return the value of every element (C, 2, J) at a point of `program`."""
    values = np.zeros((shape[0], shape[1], shape[2]))
    for n in range(len(labels)):
        if labels[n, 0] >= 0 and x[n] > 0.0:
            for j in range(shape[2]):
                values[labels[n, 1], labels[n, 0], j] += x[n] * charges[labels[n, 2], j]
    return values


def violated(
    x: Array,
    labels: Array,
    values: Array,
    high: Array,
    directions: Array,
    cells: Array,
    bound: float,
    rows: Array,
) -> Array:
    """Return `rows` and one for the element, or signed weight of a cell, that exceeds its bound most."""
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
        totals = np.zeros((cells.max() + 1, 2, features))
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
    for row in rows:
        if np.all(row == new):
            return rows
    longer = np.zeros((len(rows) + 1, 4), dtype=np.int64)
    longer[:-1] = rows
    longer[-1] = new
    return longer


def rows_of(low: Array, held: Array) -> Array:
    """Return the rows of elements with a positive lower end, and of `held` (k, 4), each once."""
    count = len(held)
    for c in range(low.shape[0]):
        for s in range(2):
            for j in range(low.shape[2]):
                count += low[c, s, j] > 0.0
    rows = np.zeros((count, 4), dtype=np.int64)
    rows[: len(held)] = held
    count = len(held)
    for c in range(low.shape[0]):
        for s in range(2):
            for j in range(low.shape[2]):
                if low[c, s, j] > 0.0:
                    known = False
                    for row in held:
                        known = known or (row[0] == 0 and row[1] == c and row[2] == s and row[3] == j)
                    if not known:
                        rows[count, 1], rows[count, 2], rows[count, 3] = c, s, j
                        count += 1
    return rows[:count]


def relaxed(
    slopes: Array,
    low: Array,
    high: Array,
    rows: Array,
    cutoff: float,
    bound: float,
    charges: Array,
    directions: Array,
    columns: Array,
    starts: Array,
    members: Array,
    cells: Array,
    offsets: Array,
    ends: Array,
) -> tuple[int, Array, Array, Array, float]:
    """Solve the linear program with these slopes over a box.

    Parameters
    ----------
    rows : array (k, 4)
        Elements and weights of cells whose bounds become rows: all elements with a positive lower end, and
        any others.
    cutoff : float
        As in `dual_simplex`.
    bound : float
        Weight bound, infinite if there is none.
    ends : array (2, m + q)
        Intervals of the samples, those that were eliminated last.
    charges, directions, columns, starts, members, cells, offsets
        Of `Cones`.

    Returns
    -------
    state, x, labels
        As `dual_simplex` and `program` say.
    multipliers : array (m + k,)
        Safe ones.
    least : float
        The objective is at least this, rounding included.
    """
    coefficients, costs, labels = program(
        slopes, charges, directions, columns, starts, members, cells, offsets, rows
    )
    (m, n), base, extra = coefficients.shape, columns.shape[1], offsets.shape[1]
    below, above = np.zeros(n + m), np.full(n + m, np.inf)
    below[n - extra : n + base] = np.concatenate((ends[0, base:], ends[0, :base]))
    above[n - extra : n + base] = np.concatenate((ends[1, base:], ends[1, :base]))
    for k in range(len(rows)):
        if rows[k, 0] == 0:
            below[n + base + k] = low[rows[k, 1], rows[k, 2], rows[k, 3]]
            above[n + base + k] = high[rows[k, 1], rows[k, 2], rows[k, 3]]
        else:
            below[n + base + k], above[n + base + k] = -bound, bound
    state, x, multipliers = dual_simplex(coefficients, costs, below, above, cutoff)
    least = safe_bound(multipliers, coefficients, costs, labels, below, above)
    return state, x, labels, multipliers, least


def examine(
    low: Array,
    high: Array,
    held: Array,
    p: float,
    cut: float,
    bound: float,
    charges: Array,
    directions: Array,
    columns: Array,
    starts: Array,
    members: Array,
    cells: Array,
    offsets: Array,
    ends: Array,
    largest_ratios: Array,
) -> tuple[int, float, Array, Array, Array, Array, Array, Array]:
    """Bound the path norm of networks in a box that cost less than `cut`, and say how to split it.

    Parameters
    ----------
    low, high : arrays (C, 2, J)
        The box; shrunk in place.
    held : array (k, 4)
        As `rows` in `relaxed`.
    p : float
        Exponent.
    cut : float
        Path norm of the best network known, less what may be given away.
    bound, charges, directions, columns, starts, members, cells, offsets, ends
        As in `relaxed`.
    largest_ratios : array (C, J, J)
        What `ratios` returns.

    Returns
    -------
    state : int
        CLOSED, BRANCH or STUCK.
    least : float
        Bound on the path norm in the box, not above `cut` where that closes the box.
    where : array (3,)
        Element to split.
    at : array (2,)
        Upper end of its lower part, lower end of its upper part.
    x, labels, values : arrays
        Solution of the last linear program, and its elements.
    held : array
        With the rows added.
    """
    shape = np.array(high.shape)
    where, at = np.full(3, -1), np.zeros(2)
    least, before = -np.inf, -np.inf
    x, labels, values = np.zeros(0), np.zeros((0, 3), dtype=np.int64), np.zeros((1, 1, 1))
    slopes, spare, under = np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), np.zeros((1, 1, 1))
    room, state = 0.0, 2
    for _ in range(_ROUNDS):
        if propagate(low, high, largest_ratios):
            return CLOSED, cut, where, at, x, labels, values, held
        slopes, start = chords(low, high, p)
        rows = rows_of(low, held)
        state, x, labels, multipliers, found = relaxed(
            slopes, low, high, rows, cut - start + 1e-9 * (cut + abs(start)), bound,
            charges, directions, columns, starts, members, cells, offsets, ends,
        )  # fmt: skip
        found += start - 2.0 * _UNIT * abs(start)
        least = max(least, found)
        if found >= cut:
            return CLOSED, cut, where, at, x, labels, values, held
        room = (cut - found) * (1.0 + 1e-12) + 1e-12 * cut
        spare = spare_costs(multipliers, slopes, charges, directions, columns, starts, members, cells, rows)
        under = low.copy()
        shrunk, empty = tighten(low, high, slopes, spare, room, p)
        if empty:
            return CLOSED, cut, where, at, x, labels, values, held
        if state == 0:
            values = element_values(x, labels, charges, shape)
            more = violated(x, labels, values, high, directions, cells, bound, held)
            if len(more) > len(held):
                held = more
                continue
        if shrunk == 0 or found < before + 0.02 * (cut - before):
            break
        before = found
    if state != 0:
        return STUCK, least, where, at, x, labels, values, held
    largest = 1e-12 * cut
    for c in range(high.shape[0]):
        for s in range(2):
            for j in range(high.shape[2]):
                h, lo, t = high[c, s, j], low[c, s, j], values[c, s, j]
                if h > 0.0 and lo < t < h:
                    gap = excess(t, under[c, s, j], slopes[c, s, j], 0.0, p)
                    if gap > largest:
                        largest = gap
                        where[0], where[1], where[2] = c, s, j
    if where[0] < 0:  # the solution is at ends of intervals, up to rounding, or beyond them
        for c in range(high.shape[0]):
            for s in range(2):
                for j in range(high.shape[2]):
                    h, lo = high[c, s, j], low[c, s, j]
                    if values[c, s, j] > 0.0 and h - lo > largest * h:
                        largest = (h - lo) / h
                        where[0], where[1], where[2] = c, s, j
                        at[:] = 0.5 * (lo + h)
    else:
        h, lo, t = (
            high[where[0], where[1], where[2]],
            low[where[0], where[1], where[2]],
            values[where[0], where[1], where[2]],
        )
        origin = under[where[0], where[1], where[2]]
        slope, left = slopes[where[0], where[1], where[2]], spare[where[0], where[1], where[2]]
        if lo == 0.0:
            t = max(t, _LEAST_PART * h)
        at[:] = t
        if excess(t, origin, slope, left, p) > room:
            if excess(lo, origin, slope, left, p) <= room:
                at[0] = outermost(t, lo, origin, slope, left, room, p)
            if excess(h, origin, slope, left, p) <= room:
                at[1] = outermost(t, h, origin, slope, left, room, p)
    return BRANCH, least, where, at, x, labels, values, held


_HELPERS: Final = (
    cost_in,
    row_entry,
    concerned,
    cheapest,
    program,
    dual_simplex,
    safe_bound,
    chords,
    excess,
    outermost,
    propagate,
    spare_costs,
    tighten,
    element_values,
    violated,
    rows_of,
)


class Loops:
    """`relaxed` and `examine` of one problem: interpreted while that is faster than compiling.

    Parameters
    ----------
    columns, rows : int
        Size of the linear programs, each of which exchanges about every row once.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self._program = columns * (rows + 5) ** 2
        self._left = _INTERPRETED if self._program <= _INTERPRETED_AT_ONCE else 0

    def relaxed(self, *arguments: Any) -> Any:
        """Call `relaxed`."""
        return self._call(relaxed, 0, 1, arguments)

    def examine(self, *arguments: Any) -> Any:
        """Call `examine`."""
        return self._call(examine, 1, _PROGRAMS, arguments)

    def _call(self, loop: Callable[..., Any], place: int, work: int, arguments: tuple[Any, ...]) -> Any:
        self._left -= work * self._program
        if self._left < 0:
            return compiled()[place](*arguments)
        with np.errstate(all="ignore"):  # as in compiled code
            return loop(*arguments)


@functools.cache
def compiled() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return `relaxed` and `examine` compiled."""
    return jitted(relaxed, _HELPERS), jitted(examine, (*_HELPERS, relaxed))
