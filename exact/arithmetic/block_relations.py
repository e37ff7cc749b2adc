"""Which blocks of a combination of rows are sums of others, so that their equations say nothing new.

A dual ray combines rows to blocks ``sum_t z_bt x_t``, one for each neuron and one for an affine term, each of
which vanishes (`sparsest.exact.arithmetic.certain_refutation`). At an extreme ray the columns z_b are often
not independent: two neurons, active on different samples, together make up the affine term,
``z_a - z_b + z_c = 0``. Where the columns do so for whatever multipliers, since on every sample all are the
same multiplier or zero, the equations of c follow from those of a and b. Where they do on a sample only for
those multipliers that the ray has, that is a condition: one equation in place of as many as the block has
entries. Whoever solves the others and these conditions has solved the equations of c.

Plain Python that numba compiles (`sparsest.exact.compiling`).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray

# Sums smaller than this share of their terms are taken for zero.
_CANCELLED: Final = 1e-6

IntArray = NDArray[np.int64]


def related_blocks(
    total: FloatArray, like: IntArray, starts: IntArray, entries: IntArray, sides: IntArray
) -> FloatArray:
    """Return relations of blocks with integer coefficients that hold up to rounding.

    Parameters
    ----------
    total : array (T, B)
        A column for each block.
    like : array of int (B,)
        Blocks b with ``like[b] != b`` are left out.
    starts : array of int (B + 1,)
        Where the coordinates of each block begin, and where the last end.
    entries, sides : arrays of int (n,)
        What each coordinate is; a block is only explained by blocks that have all that it has.

    Returns
    -------
    array (B, B)
        Row b is zero, or gives coefficients, with ``[b, b] == 1``, by which the columns add up to zero; the
        others in it are of blocks whose own row is zero.
    """
    blocks = total.shape[1]
    relations, combined = np.zeros((blocks, blocks)), np.zeros((blocks, blocks))
    reduced, pivots = np.zeros((blocks, len(total))), np.zeros(blocks, dtype=np.int64)
    count = 0
    # the largest first, which may explain the others
    for b in np.argsort(np.arange(blocks) - blocks * (starts[1:] - starts[:-1])):
        if like[b] != b:
            continue
        column, combination = total[:, b].copy(), np.zeros(blocks)
        size = np.abs(column).max()
        combination[b] = 1.0
        for i in range(count):
            factor = column[pivots[i]] / reduced[i, pivots[i]]
            subtract(column, factor, reduced[i])
            subtract(combination, factor, combined[i])
        pivot = np.abs(column).argmax()
        if abs(column[pivot]) > _CANCELLED * size:
            subtract(reduced[count], -1.0, column)
            subtract(combined[count], -1.0, combination)
            pivots[count] = pivot
            count += 1
            continue
        rounded = np.rint(combination)
        if holds(rounded, total) and explains(rounded, b, starts, entries, sides):
            subtract(relations[b], -1.0, rounded)
    return relations


def subtract(target: FloatArray, factor: float, numbers: FloatArray) -> None:
    """Subtract so many times some numbers, in place."""
    for i in range(len(target)):
        target[i] -= factor * numbers[i]


def holds(relation: FloatArray, total: FloatArray) -> bool:
    """Whether columns (T, B) add up to zero with some coefficients (B,), up to rounding."""
    for t in range(len(total)):
        left, size = 0.0, 0.0
        for b in range(len(relation)):
            left += relation[b] * total[t, b]
            size += abs(relation[b] * total[t, b])
        if abs(left) > _CANCELLED * size:
            return False
    return True


def explains(relation: FloatArray, b: int, starts: IntArray, entries: IntArray, sides: IntArray) -> bool:
    """Whether all blocks in a relation have the coordinates of block b."""
    for a in range(len(relation)):
        if a == b or relation[a] == 0.0:
            continue
        for j in range(starts[b], starts[b + 1]):
            found = False
            for i in range(starts[a], starts[a + 1]):
                found = found or (entries[i] == entries[j] and sides[i] == sides[j])
            if not found:
                return False
    return True


def independent_of(conditions: FloatArray, condition: FloatArray) -> bool:
    """Reduce an integer condition by others, in place; whether something is left of it.

    Parameters
    ----------
    conditions : array (C, U)
        Small integers, each row already reduced by those before it.
    condition : array (U,)
        Changed.
    """
    for other in conditions:
        pivot = first_nonzero(other)
        here, there = condition[pivot], other[pivot]
        if here != 0.0:
            for i in range(len(condition)):
                condition[i] = there * condition[i] - here * other[i]
    return bool(condition[first_nonzero(condition)] != 0.0)


def first_nonzero(numbers: FloatArray) -> int:
    """Return the place of the first number that is not zero; 0 if there is none."""
    for i in range(len(numbers)):
        if numbers[i] != 0.0:
            return i
    return 0
