"""Samples on a common line: tables and grids are full of them, random data have none.

Along a line a network is a piecewise linear function of one number, with at most one knot a neuron, so that
what forces knots upon functions of one feature forces neurons here too.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.progress import Deadline

Index = NDArray[np.intp]

# Up to this many samples lines of every direction are looked for, beyond it those along the axes.
MAX_SAMPLES: Final = 600
# Directions that agree in so many digits are compared exactly.
_DIGITS: Final = 9
# Weighted sums of entries that are further apart belong to different directions, with room for rounding.
_CLOSE: Final = 1e-8
# Share of the largest sum of terms up to which sums of equal terms may differ by rounding.
_SAME: Final = 1e-12


def collinear_samples(
    X: FloatArray, max_samples: int = MAX_SAMPLES, deadline: Deadline | None = None
) -> Iterator[Index]:
    """Generate the rows (m,), at least three, of every line that holds so many distinct inputs X (N, d).

    Each line comes once, its rows in ascending order; beyond `max_samples` rows only lines along an axis, and
    of those only what is found until the deadline. Decided exactly.
    """
    if len(X) <= max_samples:
        yield from _in_every_direction(X)
    else:
        yield from _along_the_axes(X, deadline or Deadline(None))


def axis_of(X: FloatArray, rows: Index) -> int:
    """Return the feature by which samples on a line are furthest apart: a parameter of the line."""
    return int(np.argmax(np.ptp(X[rows], axis=0)))


def _along_the_axes(X: FloatArray, deadline: Deadline) -> Iterator[Index]:
    weights = np.random.default_rng(0).uniform(1, 2, X.shape[1])
    terms = X * weights
    total, rounding = terms.sum(axis=1), _SAME * np.abs(terms).sum(axis=1).max()
    for axis in range(X.shape[1]):
        if deadline.expired:
            return
        alike = _in_threes(total - terms[:, axis], rounding)
        if not len(alike):
            continue
        _, line, size = np.unique(
            np.delete(X[alike], axis, axis=1), axis=0, return_inverse=True, return_counts=True
        )
        order, ends = np.argsort(line.ravel(), kind="stable"), np.cumsum(size)
        for number in np.flatnonzero(size >= 3):
            yield alike[order[ends[number] - size[number] : ends[number]]]


def _in_threes(marks: FloatArray, rounding: float) -> Index:
    """Return the samples, in order, whose marks agree with two others' up to rounding: few in random data."""
    order = np.argsort(marks, kind="stable")
    close = np.diff(marks[order]) <= rounding
    middle = np.flatnonzero(close[:-1] & close[1:])
    return np.unique(order[np.r_[middle, middle + 1, middle + 2]])


def _in_every_direction(X: FloatArray) -> Iterator[Index]:
    """Group the samples after each one by the direction in which they lie; lines seen before are left out."""
    known: set[tuple[int, int]] = set()
    for first in _suspicious(X):
        for rows in _parallel(X, first):
            line = np.r_[first, rows]
            if (int(line[0]), int(line[1])) in known:
                continue
            known |= {(int(a), int(b)) for n, a in enumerate(line) for b in line[n + 1 :]}
            yield line


def _suspicious(X: FloatArray) -> list[int]:
    """Return the rows after which two others lie in one direction, up to rounding, and perhaps some more.

    A few microseconds a row: of random data that is all that is done.
    """
    weights = np.random.default_rng(0).uniform(1, 2, X.shape[1])
    found = []
    for first in range(len(X) - 2):
        marks = np.sort(_directions(X, first) @ weights)
        if (marks[1:] - marks[:-1]).min() <= _CLOSE:
            found.append(first)
    return found


def _directions(X: FloatArray, first: int) -> FloatArray:
    """Return the directions of later rows from row `first`, their largest entry 1."""
    with np.errstate(invalid="ignore"):  # repeated inputs; halves, because differences may overflow
        away = X[first + 1 :] / 2 - X[first] / 2
        largest = np.abs(away).argmax(axis=1)
        directions = away / away[np.arange(len(away)), largest][:, None]
    return np.asarray(np.nan_to_num(directions), dtype=np.float64)


def _parallel(X: FloatArray, first: int) -> Iterator[Index]:
    """Generate groups, at least two, of later rows that lie on one line with row `first`."""
    directions = np.round(_directions(X, first), _DIGITS) + 0.0  # -0.0 and 0.0 are one direction
    _, group, size = np.unique(directions, axis=0, return_inverse=True, return_counts=True)
    for number in np.flatnonzero(size >= 2):
        rows = first + 1 + np.flatnonzero(group == number)
        yield from _exactly_parallel(X, first, rows)


def _exactly_parallel(X: FloatArray, first: int, rows: Index) -> Iterator[Index]:
    """Split rows that lie on one line up to rounding into those that do exactly."""
    start = [Fraction(value) for value in X[first].tolist()]
    lines: dict[tuple[Fraction, ...], list[int]] = {}
    for row in rows.tolist():
        away = [Fraction(value) - origin for value, origin in zip(X[row].tolist(), start, strict=True)]
        leading = next(value for value in away if value)
        lines.setdefault(tuple(value / leading for value in away), []).append(row)
    yield from (np.array(line) for line in lines.values() if len(line) >= 2)
