"""Interpolants on the line by brute force, sharing no code with the package.

With knots in a finite set T an interpolant is ``a x + c + sum_t c_t max(0, x - t)``. Its slopes between the
samples change by D_i at inner sample i, so N - 2 equations hold for the |T| numbers c_t, and ``sum
|c_t|^p`` is concave in their positive and negative parts: the least is attained where at most N - 2 of them
differ from zero and have independent columns. All of these functions are computed. No theorem on where
knots belong is used, so that T may hold any positions and a minimiser may break any of the paper's claims.
"""

import itertools
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

# Relative differences below this are rounding.
CLOSE = 1e-9


class Functions(NamedTuple):
    """Knots (n, m) of n functions, and the changes of slope there (n, m), zero where there is no knot."""

    knots: np.ndarray
    changes: np.ndarray


def chords(x, y):
    """Slopes between neighbouring samples (N - 1,)."""
    return np.diff(y) / np.diff(x)


def bends(x, y):
    """Changes D of the chords' slope at inner samples (N - 2,)."""
    return np.diff(chords(x, y))


def positions(x, y, between):
    """Inner samples, `between` places in each gap, and wherever in a gap the lines of two chords meet."""
    places = [*x[1:-1]]
    for left, right in itertools.pairwise(x):
        places += [left + (right - left) * k / (between + 1) for k in range(1, between + 1)]
    slopes = chords(x, y)
    for i, j in itertools.combinations(range(len(slopes)), 2):
        if slopes[i] != slopes[j]:
            places.append((y[j] - y[i] + slopes[i] * x[i] - slopes[j] * x[j]) / (slopes[i] - slopes[j]))
    ordered = np.sort([t for t in places if x[0] < t < x[-1]])
    apart = np.r_[True, np.diff(ordered) > 1e-6 * (x[-1] - x[0])]
    return ordered[apart]


def columns(x, knots):
    """How much each knot, of size one, changes the chords' slope at inner samples (N - 2, T)."""
    hinges = np.maximum(0.0, x[:, None] - knots)
    return np.diff(np.diff(hinges, axis=0) / np.diff(x)[:, None], axis=0)


def basic_interpolants(x, y, knots):
    """Every interpolant with at most N - 2 of these knots and independent columns."""
    table, target = columns(x, knots), bends(x, y)
    chosen = np.array(list(itertools.combinations(range(len(knots)), len(target))))
    matrices = np.moveaxis(table[:, chosen], 1, 0)
    # a matrix is singular where knots are too many beside too few samples; columns have norms up to 1.5
    chosen = chosen[regular := np.abs(np.linalg.det(matrices)) > 1e-9]
    solved = np.linalg.solve(
        matrices[regular], np.broadcast_to(target[:, None], (len(chosen), len(target), 1))
    )
    changes = solved[:, :, 0]
    changes[np.abs(changes) <= CLOSE * np.abs(target).max(initial=0.0)] = 0.0
    return Functions(knots[chosen], changes)


def costs(functions, p):
    """``sum |change|^p`` of each function; the number of knots for p = 0."""
    size = np.abs(functions.changes)
    return np.where(size > 0, size**p, 0.0).sum(axis=1)


def cheapest(functions, p):
    """The different functions of least cost, as pairs of arrays (knots, changes)."""
    cost = costs(functions, p)
    found = {}
    for row in np.flatnonzero(cost <= cost.min() * (1 + CLOSE)):
        used = functions.changes[row] != 0
        knots, changes = functions.knots[row][used], functions.changes[row][used]
        found[(*knots.round(9), *changes.round(9))] = (knots, changes)
    return list(found.values())


def least_total_variation(x, y, knots):
    """Least ``sum |c_t|`` over interpolants with knots in a finite set, by a linear program."""
    table = columns(x, knots)
    result = linprog(np.ones(2 * len(knots)), A_eq=np.c_[table, -table], b_eq=bends(x, y))
    return result.fun


def broken_claims(x, y, knots, changes):
    """Which claims of Theorem 3.1 an interpolant breaks: names of "ends", "chords" and "secants"."""
    reach = CLOSE * (x[-1] - x[0])
    broken = set()
    if np.any((knots < x[1] - reach) | (knots > x[-2] + reach)):
        broken.add("ends")
    curvature = np.sign(np.where(np.abs(bends(x, y)) > CLOSE, bends(x, y), 0.0))
    for i in range(1, len(x) - 2):
        inside = (knots > x[i] + reach) & (knots < x[i + 1] - reach)
        if inside.any() and (curvature[i - 1] != curvature[i] or curvature[i] == 0):
            broken.add("chords")
    slopes = chords(x, y)
    for i in range(1, len(x) - 1):
        low, high = sorted(slopes[i - 1 : i + 1])
        for slope in slopes_at(x, y, knots, changes, i):
            if not low - 1e-7 <= slope <= high + 1e-7:
                broken.add("secants")
    return broken


def slopes_at(x, y, knots, changes, i):
    """Slopes just left and just right of sample i."""
    reach = CLOSE * (x[-1] - x[0])
    first = chords(x, y)[0]
    early = knots < x[1] - reach
    # knots in the first gap: the chord is the mean of the slopes there
    first -= np.sum(changes[early] * (x[1] - knots[early])) / (x[1] - x[0])
    return first + changes[knots < x[i] - reach].sum(), first + changes[knots <= x[i] + reach].sum()
