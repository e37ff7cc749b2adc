"""Null vectors of many (r - 1, r) matrices at a time: in floats with error bounds, and in integers.

Up to rank `MAX_EXPANDED_RANK` by cofactors, which take some r 2^r operations and do not round small integers;
beyond by elimination, which takes r^3.
"""

import itertools
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.echelon import pivots
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF

# Columns up to which cofactors are the faster way.
MAX_EXPANDED_RANK = 9


def work_per_matrix(width: int) -> int:
    """Return about how many numbers are kept for a matrix of this width, to choose how many go together."""
    return int(2**width if width <= MAX_EXPANDED_RANK else 4 * width**2)


def expansion_error(width: int) -> float:
    """Return a bound on the error of an expanded determinant of rounded entries, relative to the permanent.

    Level t rounds t times, entries once; doubled for the permanent's own rounding (Higham 2002, ch. 3).
    """
    return width * (width + 3) * UNIT_ROUNDOFF


def null_vectors(matrices: FloatArray, error: float) -> tuple[FloatArray, FloatArray]:
    """Return null vectors v (m, r) and margins (m, r).

    For every row h with entries rounded as those of the matrices, and every way to add up h . v, the result
    differs from that of exact arithmetic by at most ``|h| . margins``, up to one positive factor for all
    h. A row of zeros in both says that nothing is known.

    Parameters
    ----------
    matrices : array (m, r - 1, r)
        Entries of at most 1, each rounded once.
    error : float
        Bound on the relative error of an expanded determinant; 0 when nothing rounds.
    """
    if matrices.shape[2] > MAX_EXPANDED_RANK:
        return _eliminated(matrices)
    vectors = _cofactors(matrices)
    margins = error * _cofactors(np.abs(matrices), signed=False) if error else np.zeros_like(vectors)
    return vectors, margins


def exact_null_vectors(matrices: NDArray[np.object_], scales: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return null vectors (m, r) in integers, zero where the rows are dependent.

    They have the sign of the vectors that `null_vectors` finds when the columns are divided by `scales`.
    """
    count, _, width = matrices.shape
    if width <= MAX_EXPANDED_RANK:
        return _cofactors(matrices)
    vectors = np.zeros((count, width), dtype=np.int64).astype(object)
    for vector, matrix in zip(vectors, matrices, strict=True):
        echelon, denominator, rank = flint.fmpz_mat(matrix.tolist()).rref()
        if rank == width - 1:
            leading = pivots(echelon, rank)
            free = next(j for j in range(width) if j not in leading)
            vector[leading] = [-int(echelon[i, free]) for i in range(rank)]
            vector[free] = int(denominator)
    sides = np.sign((vectors * scales * generic_normal(width).astype(np.int64).astype(object)).sum(axis=1))
    return np.asarray(vectors * np.where(sides < 0, -1, 1).astype(object)[:, None])


def generic_normal(width: int) -> FloatArray:
    """Return integers g; eliminated null vectors have g . v > 0. Only luck keeps g . v from being 0."""
    return np.random.default_rng(0).integers(1, 1000, size=width).astype(np.float64)


def _eliminated(matrices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Solve ``A v = (0, ..., 0, 1)`` with g as the last row of A, and bound the error afterwards.

    With V close to the inverse and ``E = I - A V``, the inverse is ``V (I + E + E^2 + ...)``, so its last
    column differs from V's by at most ``|V| 1 max |E e_r| / (1 - ||E||)`` in the maximum norm (Higham 2002,
    section 14.1). E is bounded with the rounding of A's entries and of its own evaluation.
    """
    count, _, width = matrices.shape
    system = np.concatenate([matrices, np.broadcast_to(generic_normal(width), (count, 1, width))], axis=1)
    with np.errstate(over="ignore", invalid="ignore"):  # of systems that are singular
        inverse = _inverses(system)
        sizes = np.abs(inverse)
        defects = np.abs(np.eye(width) - system @ inverse)
        defects += (width + 4) * UNIT_ROUNDOFF * (np.abs(system) @ sizes + np.eye(width))
        defects += tolerances.UNDERFLOW * sizes.sum(axis=1)[:, None, :]
        known = defects.sum(axis=2).max(axis=1) < 0.5  # false for nan
        # doubled for the norm of E, and again because the bound itself rounds
        relative = 2 * defects[:, :, -1].max(axis=1)[:, None]
        margins = 2 * (relative * sizes.sum(axis=2) + (width + 4) * UNIT_ROUNDOFF * sizes[:, :, -1])
    return np.where(known[:, None], inverse[:, :, -1], 0.0), np.where(known[:, None], margins, 0.0)


def _inverses(matrices: FloatArray) -> FloatArray:
    """Return approximate inverses (m, r, r) by Gauss-Jordan elimination; singular ones come out useless."""
    count, width, _ = matrices.shape
    work = np.concatenate([matrices, np.broadcast_to(np.eye(width), matrices.shape)], axis=2)
    every = np.arange(count)
    for column in range(width):
        largest = column + np.argmax(np.abs(work[:, column:, column]), axis=1)
        rows = work[every, largest]
        work[every, largest] = work[:, column]
        heads = rows[:, column]
        rows /= np.where(heads == 0, 1.0, heads)[:, None]
        work -= work[:, :, column, None] * rows[:, None, :]
        work[:, column] = rows
    return work[:, :, width:]


def _cofactors(matrices: NDArray[Any], signed: bool = True) -> NDArray[Any]:
    """Return c (m, r) with ``det([A; h]) = c . h`` for each A of (m, r - 1, r), or permanents when unsigned.

    Minors of the first t rows are built from those of the first t - 1, for floats and Python integers alike.
    """
    count, height, width = matrices.shape
    minors: dict[tuple[int, ...], NDArray[Any]] = {(): np.ones(count, dtype=np.int64).astype(matrices.dtype)}
    for row in range(height):
        minors = {
            columns: _expand(matrices[:, row], minors, columns, signed)
            for columns in itertools.combinations(range(width), row + 1)
        }
    everything = tuple(range(width))
    terms = [minors[everything[:j] + everything[j + 1 :]] for j in range(width)]
    flips = [signed and (height + j) % 2 == 1 for j in range(width)]
    return np.stack([-term if flip else term for term, flip in zip(terms, flips, strict=True)], axis=1)


def _expand(
    row: NDArray[Any], minors: dict[tuple[int, ...], NDArray[Any]], columns: tuple[int, ...], signed: bool
) -> NDArray[Any]:
    """Expand a minor along its last row."""
    total: NDArray[Any] | None = None
    for position in range(len(columns) - 1, -1, -1):
        rest = columns[:position] + columns[position + 1 :]
        term = row[:, columns[position]] * minors[rest]
        if total is None:
            total = term
        elif signed and (len(columns) - 1 - position) % 2:
            total = total - term
        else:
            total = total + term
    assert total is not None
    return total
