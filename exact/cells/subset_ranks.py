"""Subsets of a fixed size in colexicographic order, by their number: blocks of them without a loop."""

import math

import numpy as np
from numpy.typing import NDArray

Subsets = NDArray[np.intp]  # (m, s): members in increasing order


def binomials(n: int, size: int) -> NDArray[np.int64]:
    """Return the table (n + 1, size + 1) of ``C(i, j)``; every entry must be below 2**63."""
    return np.array([[math.comb(i, j) for j in range(size + 1)] for i in range(n + 1)], dtype=np.int64)


def subsets_between(table: NDArray[np.int64], start: int, stop: int) -> Subsets:
    """Return the subsets (stop - start, s) with these numbers among the subsets of size s.

    The number of ``c_1 < ... < c_s`` is ``sum_i C(c_i, i)`` (Knuth, The Art of Computer Programming 4A,
    section 7.2.1.3, theorem L), and greedy subtraction inverts it.

    Parameters
    ----------
    table : array (n + 1, s + 1)
        From `binomials`.
    start, stop : int
        A range within ``C(n, s)``.
    """
    size = table.shape[1] - 1
    remaining = np.arange(start, stop, dtype=np.int64)
    members = np.empty((stop - start, size), dtype=np.intp)
    for position in range(size, 1, -1):
        members[:, position - 1] = np.searchsorted(table[:, position], remaining, side="right") - 1
        remaining -= table[members[:, position - 1], position]
    if size:
        members[:, 0] = remaining
    return members


def numbers(table: NDArray[np.int64], subsets: Subsets) -> NDArray[np.int64]:
    """Return the number (m,) of each subset among those of its size."""
    return np.asarray(table[subsets, np.arange(1, subsets.shape[1] + 1)].sum(axis=1))


def numbers_without_each(table: NDArray[np.int64], subsets: Subsets) -> NDArray[np.int64]:
    """Return (m, s): the number, among subsets of size s - 1, of each subset without its j-th member."""
    size = subsets.shape[1]
    places = np.arange(size)
    before = np.cumsum(table[subsets, places + 1], axis=1)  # of the members up to j, at their own places
    after = np.cumsum(table[subsets, places][:, ::-1], axis=1)[:, ::-1]  # from j on, one place lower
    numbers = np.zeros(subsets.shape, dtype=np.int64)
    numbers[:, 1:] += before[:, :-1]
    numbers[:, :-1] += after[:, 1:]
    return numbers
