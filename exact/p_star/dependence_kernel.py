"""Columns that depend on others: elimination in floats, and which spans explain what it finds.

A column in the span of others, up to rounding, is left out there. What is kept for integers to prove is a
set of columns for each span, and its dimension: few spans explain many dependences.

Plain Python that numba compiles (`sparsest.exact.compiling`).
"""

from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.p_star.basis_kernel import BasesFound, Generators, Leaf

# A column this close to the span of others, all scaled to one, is taken to be in it until integers decide.
DEPENDENT: Final = 1e-9
# Columns whose bits are in one word.
_WORD: Final = 64


def extended(maps: FloatArray, level: int, column: int, columns: FloatArray, coordinates: FloatArray) -> bool:
    """Eliminate one more column, into ``maps[level + 1]``; False if it seems to depend on those before.

    The first `level` rows of ``maps[level]`` times the columns before are the unit vectors. `coordinates` are
    those of the new column.
    """
    n = len(coordinates)
    row, size = -1, 0.0
    for i in range(n):
        total = 0.0
        for k in range(n):
            total += maps[level, i, k] * columns[column, k]
        coordinates[i] = total
        if i >= level and abs(total) > size:
            row, size = i, abs(total)
    if size <= DEPENDENT:
        return False
    pivot = coordinates[row]
    coordinates[row] = coordinates[level]
    for k in range(n):
        value = maps[level, row, k]
        maps[level + 1, row, k] = maps[level, level, k]
        maps[level + 1, level, k] = value / pivot
    for i in range(n):
        if i == level:
            continue
        for k in range(n):
            value = maps[level + 1, row, k] if i == row else maps[level, i, k]
            maps[level + 1, i, k] = value - coordinates[i] * maps[level + 1, level, k]
    return True


def dependent(found: BasesFound, generators: Generators, leaf: Leaf, rank: int, column: int) -> bool:
    """Note a column that seems to be in the span of those chosen, so many; False when there is no room.

    What is noted is the span of those that it depends on.
    """
    one = np.uint64(1)
    low, high = np.uint64(0), np.uint64(0)
    for i in range(rank + 1):
        c = column if i == rank else leaf.chosen[i]
        if i == rank or abs(leaf.coordinates[i]) > DEPENDENT:
            if c < _WORD:
                low |= one << np.uint64(c)
            else:
                high |= one << np.uint64(c - _WORD)
    place = np.int64(mixed(low, high) % np.uint64(len(found.recent)))
    if found.recent[place, 0] == low and found.recent[place, 1] == high:
        return True
    columns = generators.columns
    n = columns.shape[1]
    maps, room, size = np.zeros((n, n, n)), np.zeros(n), 0
    for i in range(n):
        maps[0, i, i] = 1.0
    for i in range(rank):
        if abs(leaf.coordinates[i]) > DEPENDENT:
            if not extended(maps, size, leaf.chosen[i], columns, room):
                return False
            size += 1
    if not remembered(found, columns, maps[size], size, low, high):
        return False
    # only now: a walk that is tried again must fail again at what nothing will prove
    found.recent[place, 0], found.recent[place, 1] = low, high
    return True


def mixed(low: np.uint64, high: np.uint64) -> np.uint64:
    """Return a number that hardly two sets of columns have in common."""
    return ((low * np.uint64(0x9E3779B97F4A7C15)) ^ (high * np.uint64(0xC2B2AE3D27D4EB4F))) >> np.uint64(20)


def remembered(
    found: BasesFound,
    columns: FloatArray,
    inverse: FloatArray,
    rank: int,
    own_low: np.uint64,
    own_high: np.uint64,
) -> bool:
    """Keep all columns that seem to have no coordinates from `rank` on.

    False when there is no room, or when those that the span is kept for, as bits, are not among them.
    """
    one = np.uint64(1)
    count, n = columns.shape
    low, high = np.uint64(0), np.uint64(0)
    for c in range(count):
        inside = True
        for i in range(rank, n):
            total = 0.0
            for k in range(n):
                total += inverse[i, k] * columns[c, k]
            inside = inside and abs(total) <= DEPENDENT
        if inside and c < _WORD:
            low |= one << np.uint64(c)
        elif inside:
            high |= one << np.uint64(c - _WORD)
    if own_low & ~low or own_high & ~high:
        return False
    size, claim = len(found.spans), np.uint64(rank + 1)
    place = np.int64(mixed(low, high) % np.uint64(size))
    while found.spans[place, 2] != 0:
        if found.spans[place, 0] == low and found.spans[place, 1] == high:
            found.spans[place, 2] = min(found.spans[place, 2], claim)  # the stronger claim
            return True
        place = (place + 1) % size
    if 2 * found.counts[2] >= size:
        return False
    found.spans[place, 0], found.spans[place, 1], found.spans[place, 2] = low, high, claim
    found.counts[2] += 1
    return True
