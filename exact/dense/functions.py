"""All affine functions that meet at least so many of some samples, in boxes of coefficients."""

from typing import Final, NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.compiling import compile_loop, worth_compiling
from sparsest.exact.dense.kernel import (
    COMPLETE,
    DepthFirstPlace,
    Hits,
    Levels,
    Rows,
    Work,
    enumerate_functions,
)
from sparsest.exact.dense.plan import Plan

# What boxes are wider than they need be, relative to the functions in them.
_ROOM_TO_CHECK: Final = 2.0**-50
# Systems of equations met by enough samples; more say that many functions are.
_MAX_HITS: Final = 20_000
# Boxes that are kept apart.
MAX_BOXES: Final = 50


class Boxes(NamedTuple):
    """Ranges (B, m) of the coefficients of functions."""

    low: FloatArray
    high: FloatArray


class FoundBoxes(NamedTuple):
    """What an enumeration found.

    Attributes
    ----------
    boxes : Boxes or None
        Together they hold every function asked for; None where the search was not completed.
    work : int
        Products that it formed.
    leaves : int
        Systems of equations that it solved.
    """

    boxes: Boxes | None
    work: int
    leaves: int


def functions_meeting(
    rows: FloatArray,
    intervals: tuple[FloatArray, FloatArray],
    needed: int,
    plan: Plan,
    most: float,
    compiled: bool | None = None,
) -> FoundBoxes:
    """Return boxes that hold every vector h for which enough of ``low <= rows @ h <= high`` hold.

    Parameters
    ----------
    rows : array (n, m)
        Samples, homogeneous.
    intervals : tuple of arrays (n,), (n,)
        Their lower and upper ends, all finite.
    needed : int
        How many must hold; more than m.
    plan : Plan
        How to look for them, from `cheapest_plan`.
    most : float
        Products of numbers after which the search is given up.
    compiled : bool, optional
        Whether to compile the search; by default where that pays.
    """
    low, high = intervals
    m = rows.shape[1]
    depths = max(needed, m) + 1
    prepared = _prepared(rows, low, high, depths)
    groups, picks = np.array(plan.levels, np.int64).reshape(-1, 2).T
    levels = Levels(groups.copy(), picks.copy(), needed)
    place = DepthFirstPlace(*(np.zeros(depths, np.int64) for _ in range(6)))
    hits = Hits(
        np.zeros((_MAX_HITS, m - 1), np.int64),
        np.zeros(_MAX_HITS, np.int64),
        np.zeros(_MAX_HITS),
        np.zeros(_MAX_HITS),
    )
    done = np.zeros(3, np.int64)
    search = (
        compile_loop(enumerate_functions) if worth_compiling(plan.cost, compiled) else enumerate_functions
    )
    answer = search(prepared, levels, place, hits, Work(done, int(most)))
    work, count, leaves = done.tolist()
    if answer != COMPLETE:
        return FoundBoxes(None, work, leaves)
    found = Hits(hits.samples[:count], hits.unknown[:count], hits.low[:count], hits.high[:count])
    return FoundBoxes(_boxes(rows, low, high, found), work, leaves)


def _prepared(rows: FloatArray, low: FloatArray, high: FloatArray, depths: int) -> Rows:
    """Return the rows at depth 0, each times a power of two that brings its largest entry to about 1."""
    n, m = rows.shape
    found = Rows(
        np.zeros((depths, n, m)),
        np.zeros((depths, n)),
        np.zeros((depths, n)),
        np.zeros((depths, n)),
        np.zeros((depths, n), np.int64),
        np.zeros((depths, m), np.int64),
        np.zeros(depths, np.int64),
        np.zeros(depths, np.int64),
    )
    scale = np.ldexp(1.0, -np.frexp(np.abs(rows).max(axis=1))[1])
    found.coefficients[0] = rows * scale[:, None]
    middle, spread = _middle(low, high)
    found.values[0], found.spreads[0] = middle * scale, spread * scale
    found.sample[0], found.unknown[0] = np.arange(n), np.arange(m)
    found.counts[0], found.left[0] = n, m
    return found


def _middle(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return middles, and half lengths that reach both ends whatever was rounded."""
    middle = low / 2 + high / 2
    spread = np.maximum(high - middle, middle - low)
    return middle, spread * (1 + 4 * UNIT_ROUNDOFF) + 4 * UNIT_ROUNDOFF * np.abs(middle)


def _boxes(rows: FloatArray, low: FloatArray, high: FloatArray, hits: Hits) -> Boxes | None:
    """Return boxes around all hits, few ones: hits that overlap share theirs."""
    m = rows.shape[1]
    if not len(hits.low):
        return Boxes(np.empty((0, m)), np.empty((0, m)))
    middle, spread = _solutions(rows, low, high, hits)
    if not np.isfinite(spread).all():
        return None
    # the checker rounds to some 86 bits, also where floats were exact
    values = np.abs(_middle(low, high)[0]).max() / np.abs(rows).max()
    spread = spread + _ROOM_TO_CHECK * (np.abs(middle) + values)
    order = np.argsort(spread.max(axis=1), kind="stable")
    lows, highs = (middle - spread)[order], (middle + spread)[order]
    found: list[tuple[FloatArray, FloatArray]] = []
    while len(lows):
        one_low, one_high = lows[0], highs[0]
        while True:
            near = ((lows <= one_high) & (one_low <= highs)).all(axis=1)
            hull = lows[near].min(axis=0), highs[near].max(axis=0)
            if (hull[0] == one_low).all() and (hull[1] == one_high).all():
                break
            one_low, one_high = hull
        found.append((one_low, one_high))
        lows, highs = lows[~near], highs[~near]
        if len(found) > MAX_BOXES:
            return None
    return Boxes(np.array([box[0] for box in found]), np.array([box[1] for box in found]))


def _solutions(
    rows: FloatArray, low: FloatArray, high: FloatArray, hits: Hits
) -> tuple[FloatArray, FloatArray]:
    """Return middles and half lengths (h, m) of boxes that hold the solutions of hits.

    With any R near the inverse of the matrix M of a system ``M h = w``, ``h = R w + (I - R M) h``, so that h
    is within ``R w``'s range, and what ``|I - R M| |h|`` adds.
    """
    m = rows.shape[1]
    count = len(hits.low)
    systems = np.zeros((count, m, m))
    systems[:, :-1] = rows[hits.samples]
    systems[np.arange(count), -1, hits.unknown] = 1.0
    middle, spread = np.zeros((2, count, m))
    middle[:, :-1], spread[:, :-1] = (part[hits.samples] for part in _middle(low, high))
    middle[:, -1], spread[:, -1] = _middle(hits.low, hits.high)
    scale = np.ldexp(1.0, -np.frexp(np.abs(systems).max(axis=2))[1])
    systems *= scale[:, :, None]
    middle, spread = middle * scale, spread * scale
    try:
        inverse = np.linalg.inv(systems)
    except np.linalg.LinAlgError:
        return middle, np.full_like(spread, np.inf)
    sizes = np.abs(inverse)
    rounding = 4 * m * UNIT_ROUNDOFF
    wrong = np.abs(np.eye(m) - inverse @ systems) + rounding * (sizes @ np.abs(systems) + np.eye(m))
    norm = wrong.sum(axis=2).max(axis=1, keepdims=True)
    solution = (inverse @ middle[:, :, None])[:, :, 0]
    size_of_values = (sizes @ (np.abs(middle) + spread)[:, :, None])[:, :, 0]
    off = (sizes @ spread[:, :, None])[:, :, 0] + rounding * size_of_values
    # |h| is at most |R w| / (1 - norm) in every coordinate
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = (np.abs(solution) + off).max(axis=1, keepdims=True) / (1 - norm)
    off = (off + wrong.sum(axis=2) * largest) * (1 + 16 * UNIT_ROUNDOFF)
    return solution, np.where(norm < 0.5, off, np.inf)
