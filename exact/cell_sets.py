"""Sets of cells as packed bits: which bits a neuron can have on a sample, given those it has on others."""

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
CellSet = NDArray[np.uint64]

_WORD = 64


class CellSets:
    """The cells of some data, and for every sample those that are active on it.

    Parameters
    ----------
    patterns : array of bool (C, N)
        Every cell once.
    """

    def __init__(self, patterns: BoolArray) -> None:
        self.n_cells = len(patterns)
        self.every: CellSet = _packed(np.ones((1, self.n_cells), dtype=bool))[0]
        self._active: CellSet = _packed(patterns.T)

    def narrowed(self, cells: CellSet, sample: int, bit: int) -> CellSet:
        """Return those of `cells` whose bit on `sample` is `bit`."""
        active = self._active[sample]
        narrowed: CellSet = cells & (active if bit else ~active)
        return narrowed

    def possible(self, cells: CellSet) -> BoolArray:
        """Return (2, N): whether some of `cells` is inactive, and whether some is active, on each sample."""
        # words without any of the cells say nothing; deep in a tree most are empty
        words = np.flatnonzero(cells)
        here = cells[words]
        active = self._active[:, words] & here
        return np.stack([(active != here).any(axis=1), active.any(axis=1)])


def _packed(rows: BoolArray) -> CellSet:
    """Pack rows of bits into words, the last filled up with zeros."""
    missing = -rows.shape[1] % _WORD
    padded = np.pad(rows, ((0, 0), (0, missing)))
    return np.ascontiguousarray(np.packbits(padded, axis=1, bitorder="little")).view(np.uint64)
