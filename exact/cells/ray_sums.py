"""The rays that each cell touches, added up: a vector inside the cell.

The rows that vanish on a ray form the *localisation* of the arrangement there, of rank r - 1 when r is the
rank of all rows. The cells that touch the ray are the cells of the localisation, with the signs of the other
rows as they are on the ray. Exactly r - 1 rows have all 2^(r - 1) patterns; more rows (samples on one line,
plane, ...) are an arrangement of their own.

A cell and its antipode have complementary patterns and opposite sums: one of the two is enough.
"""

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.cells.arrangement import Arrangement, Rays, rays
from sparsest.exact.cells.packed_patterns import keys
from sparsest.exact.cells.stream import upper_cells
from sparsest.progress import Deadline

BoolArray = NDArray[np.bool_]


def ray_sums(arrangement: Arrangement, patterns: BoolArray) -> FloatArray:
    """Return for each of some cells the sum (C, r) of the rays that it touches.

    Parameters
    ----------
    arrangement : Arrangement
        n rows of rank r.
    patterns : array of bool (C, n)
        Cells of it, each at most once.

    Returns
    -------
    array (C, r)
        Each ray once for each subset of rows that defines it, or once where more rows than necessary vanish;
        in the scaled coordinates: inside the cell, up to rounding.
    """
    sums = _Sums(patterns, arrangement.rank)
    crowded = []
    for found in rays(arrangement):
        simple = (found.covectors == 0).sum(axis=1) == arrangement.rank - 1
        sums.add(*_simple_cells(found[simple]))
        if not simple.all():
            crowded.append(_without_repeats(found[~simple]))
    for covector, vector in _distinct_rays(crowded) if crowded else []:
        zeros = np.flatnonzero(covector == 0)
        local = np.concatenate(list(upper_cells(arrangement.integers[zeros], Deadline(None))))
        touching = np.repeat(covector[None, :] > 0, 2 * len(local), axis=0)
        touching[:, zeros] = np.concatenate([local, ~local])
        sums.add(touching, np.repeat(vector[None, :], len(touching), axis=0))
    return sums.result()


class _Sums:
    """Sums of vectors, one a wanted cell."""

    def __init__(self, patterns: BoolArray, rank: int) -> None:
        folded, self._signs = _folded(patterns)
        self._keys, self._places = np.unique(keys(folded), return_inverse=True)
        self._sums = np.zeros((len(self._keys), rank))

    def add(self, patterns: BoolArray, vectors: FloatArray) -> None:
        """Add the vectors (M, r) to the cells with these patterns (M, n), where they are wanted."""
        folded, signs = _folded(patterns)
        sought = keys(folded)
        places = np.minimum(np.searchsorted(self._keys, sought), len(self._keys) - 1)
        wanted = self._keys[places] == sought
        places, vectors = places[wanted], (vectors * signs)[wanted]
        for column, total in zip(vectors.T, self._sums.T, strict=True):
            total += np.bincount(places, weights=column, minlength=len(self._keys))

    def result(self) -> FloatArray:
        return self._sums[self._places] * self._signs


def _folded(patterns: BoolArray) -> tuple[BoolArray, FloatArray]:
    """Return of each cell and its antipode the one whose first bit is set, and which it was (M, 1)."""
    first = patterns[:, :1]
    return patterns == first, np.where(first, 1.0, -1.0)


def _simple_cells(found: Rays) -> tuple[BoolArray, FloatArray]:
    """Return the 2^(r - 1) cells at each ray on which only the r - 1 rows of its subset vanish."""
    count, height = found.subsets.shape
    cells = np.repeat((found.covectors > 0)[:, None, :], 2**height, axis=1)
    completions = (np.arange(2**height)[:, None] >> np.arange(height) & 1).astype(np.bool_)
    np.put_along_axis(
        cells,
        np.broadcast_to(found.subsets[:, None, :], (count, 2**height, height)),
        np.broadcast_to(completions, (count, 2**height, height)),
        axis=2,
    )
    return cells.reshape(count * 2**height, cells.shape[2]), np.repeat(found.vectors, 2**height, axis=0)


def _without_repeats(found: Rays) -> Rays:
    """Drop rays that come from another subset as well, and orient the others alike.

    The lexicographically first basis of the rows that vanish on a ray starts with the first two of these
    rows (distinct samples are independent in pairs), so every other subset can go at once.
    """
    zeros = found.covectors == 0
    first = np.argmax(zeros, axis=1)
    zeros[np.arange(len(zeros)), first] = False
    second = np.argmax(zeros, axis=1)
    kept = found[(found.subsets[:, 0] == first) & (found.subsets[:, 1] == second)]
    leading = np.take_along_axis(kept.covectors, np.argmax(kept.covectors != 0, axis=1)[:, None], axis=1)
    aligned = kept.covectors * leading
    _, index = np.unique(aligned, axis=0, return_index=True)
    return Rays(kept.subsets[index], aligned[index], (kept.vectors * leading)[index])


def _distinct_rays(chunks: list[Rays]) -> list[tuple[NDArray[np.int8], FloatArray]]:
    """Return covector and vector of every ray that some chunk holds, each once."""
    covectors = np.concatenate([chunk.covectors for chunk in chunks])
    vectors = np.concatenate([chunk.vectors for chunk in chunks])
    _, index = np.unique(covectors, axis=0, return_index=True)
    return list(zip(covectors[index], vectors[index], strict=True))
