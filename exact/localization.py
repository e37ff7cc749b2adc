"""Cells of a central arrangement from its rays: each cell is found at every ray that it touches, and merged.

The rows that vanish on a ray form the *localisation* of the arrangement there, of rank r - 1 when r is the
rank of all rows. The cells that touch the ray are the cells of the localisation, with the signs of the other
rows as they are on the ray. Exactly r - 1 rows have all 2^(r - 1) patterns; more rows (samples on one line,
plane, ...) are the same question again, smaller. Distinct samples stay distinct samples in a localisation, so
this ends with collinear samples, whose patterns come from their order on the line without any arithmetic.

A cell and its antipode have complementary patterns: until the end only the one whose first bit is set is
kept.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.arrangement import Arrangement, Rays, make_arrangement, rays

BoolArray = NDArray[np.bool_]
Ranks = NDArray[np.intp]
Words = NDArray[np.uint64]  # (M, ceil(n / 64)): a pattern a row, its first bit the highest of the first word

# Words that may wait to be merged: 64 MB.
_MERGE_AT = 2**23


def cells_and_ray_sums(arrangement: Arrangement, ranks: Ranks) -> tuple[BoolArray, FloatArray]:
    """Enumerate the cells of an arrangement whose rows are distinct homogeneous samples ``(x_i, 1)``.

    Parameters
    ----------
    arrangement : Arrangement
        n samples of rank r.
    ranks : array (n,)
        Lexicographic rank of each sample, which is its order along any line.

    Returns
    -------
    patterns : array of bool (C, n)
        Every full-dimensional cell once, sorted.
    ray_sums : array (C, r)
        Sum of the rays that each cell touches (once for each subset of rows that defines them), in the
        scaled coordinates: inside the cell, up to rounding.
    """
    pool = _Pool(arrangement.size)
    crowded = []
    for found in rays(arrangement):
        simple = (found.covectors == 0).sum(axis=1) == arrangement.rank - 1
        pool.add(*_simple_cells(found[simple]))
        if not simple.all():
            crowded.append(_without_repeats(found[~simple]))
    for covector, vector in _distinct_rays(crowded) if crowded else []:
        zeros = np.flatnonzero(covector == 0)
        local = _localized_cells(arrangement, ranks, zeros)
        patterns = np.repeat(covector[None, :] > 0, len(local), axis=0)
        patterns[:, zeros] = local
        pool.add(_pack(patterns), np.repeat(vector[None, :], len(local), axis=0))
    words, sums = pool.merged()
    upper = _unpack(words, arrangement.size)
    return np.concatenate([~upper[::-1], upper]), np.concatenate([-sums[::-1], sums])


def _simple_cells(found: Rays) -> tuple[Words, FloatArray]:
    """Return the 2^(r - 1) cells at each ray on which only the r - 1 rows of its subset vanish."""
    count, height = found.subsets.shape
    base = _pack(found.covectors > 0)
    cells = np.repeat(base[:, None, :], 2**height, axis=1)
    completions = np.arange(2**height)
    every = np.arange(count)[:, None]
    for position in range(height):
        chosen = np.flatnonzero(completions >> position & 1)[None, :]
        rows = found.subsets[:, position, None]
        cells[every, chosen, rows // 64] |= np.uint64(1) << (63 - rows % 64).astype(np.uint64)
    return cells.reshape(-1, base.shape[1]), np.repeat(found.vectors, 2**height, axis=0)


def _localized_cells(arrangement: Arrangement, ranks: Ranks, rows: NDArray[np.intp]) -> BoolArray:
    """Return the patterns (L, len(rows)) of the rows, more than r - 1, that vanish on a ray."""
    if arrangement.rank == 3:
        return _collinear_cells(ranks[rows])
    return cells_and_ray_sums(make_arrangement(arrangement.integers[rows]), ranks[rows])[0]


def _collinear_cells(ranks: Ranks) -> BoolArray:
    """Return the 2n patterns of n distinct samples on a line: a prefix or a suffix of their order is set."""
    size = len(ranks)
    places = np.argsort(np.argsort(ranks))
    suffixes = places >= np.arange(size)[:, None]
    return np.concatenate([suffixes, ~suffixes])


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


@dataclasses.dataclass(eq=False)
class _Pool:
    """Cells found so far, up to antipodes, with the sum of the rays at which they were found."""

    size: int
    _words: list[Words] = dataclasses.field(default_factory=list)
    _sums: list[FloatArray] = dataclasses.field(default_factory=list)
    _waiting: int = 0

    def add(self, words: Words, vectors: FloatArray) -> None:
        """Add cells (M, W) that touch the rays (M, r)."""
        lower = words[:, :1] >> np.uint64(63) == 0
        self._words.append(np.where(lower, ~words & _mask(self.size), words))
        self._sums.append(np.where(lower, -vectors, vectors))
        self._waiting += words.size
        if self._waiting > max(_MERGE_AT, self._words[0].size):
            self.merged()
            self._waiting = 0

    def merged(self) -> tuple[Words, FloatArray]:
        """Merge repeated cells, and return all of them sorted."""
        words, sums = np.concatenate(self._words), np.concatenate(self._sums)
        order = np.lexsort(words.T[::-1])
        words = words[order]
        starts = np.flatnonzero(np.r_[True, np.any(words[1:] != words[:-1], axis=1)])
        self._words = [words[starts]]
        self._sums = [np.add.reduceat(sums[order], starts, axis=0)]
        return self._words[0], self._sums[0]


def _pack(patterns: BoolArray) -> Words:
    count, size = patterns.shape
    padded = np.zeros((count, 8 * -(-size // 64)), dtype=np.uint8)
    packed = np.packbits(patterns, axis=1)
    padded[:, : packed.shape[1]] = packed
    return padded.view(">u8").astype(np.uint64)


def _unpack(words: Words, size: int) -> BoolArray:
    octets = np.ascontiguousarray(words.astype(">u8")).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=size).astype(np.bool_)


def _mask(size: int) -> Words:
    return _pack(np.ones((1, size), dtype=np.bool_))
