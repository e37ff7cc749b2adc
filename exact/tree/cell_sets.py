"""Sets of cells as packed bits: which bits a neuron can have on a sample, given those it has on others."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sparsest.exact.compiling import compile_loop
from sparsest.exact.tree.cell_sets_kernel import bits_left

BoolArray = NDArray[np.bool_]
CellSet = NDArray[np.uint64]

_WORD = 64


class CellSets:
    """The cells of some samples among many, and for each of those the cells that are active on it.

    Parameters
    ----------
    patterns : array of bool (C, S)
        Every cell once.
    samples : array of int (S,)
        The samples' numbers, distinct.
    n_samples : int
        How many there are.

    Attributes
    ----------
    active : array of uint64 (S, W)
        The cells that are active on each of `samples`.
    columns : array of int (N,)
        The row of `active` for each sample, -1 where the cells do not know it.
    """

    def __init__(self, patterns: BoolArray, samples: NDArray[np.intp], n_samples: int) -> None:
        self.n_cells = len(patterns)
        self.every: CellSet = _packed(np.ones((1, self.n_cells), dtype=bool))[0]
        self.active: NDArray[np.uint64] = _packed(patterns.T)
        self.columns = np.full(n_samples, -1)
        self.columns[samples] = np.arange(len(samples))
        self._compiled = False

    def go_compiled(self) -> None:
        """Use compiled code from now on; loading it takes as long as thousands of calls."""
        self._compiled = True

    def narrowed(self, cells: CellSet, sample: int, bit: int) -> CellSet:
        """Return those of `cells` whose bit on `sample` is `bit`; all if the cells do not tell it apart."""
        column = self.columns[sample]
        if column < 0:
            return cells
        active = self.active[column]
        narrowed: CellSet = cells & (active if bit else ~active)
        return narrowed

    def possible(self, cells: Sequence[CellSet], samples: Sequence[int] | NDArray[np.intp]) -> BoolArray:
        """Return which bits each of K sets of cells leaves possible on some samples.

        Parameters
        ----------
        cells : sequence of K sets
            One a neuron.
        samples : sequence or array of int (S,)
            The samples asked about.

        Returns
        -------
        array of bool (K, 2, S)
            Whether some cell is inactive, and whether some is active; both on samples that no cell knows.
        """
        columns = self.columns[samples]
        if self._compiled and len(cells):
            return compile_loop(bits_left)(self.active, np.array(cells), columns)
        found = np.empty((len(cells), 2, len(samples)), dtype=bool)
        rows = self.active[columns]
        for each, (inactive, active) in zip(cells, found, strict=True):
            # words without any of the cells say nothing; deep in a tree most are empty
            words = np.flatnonzero(each)
            here = each[words]
            on = rows[:, words] & here
            np.any(on != here, axis=1, out=inactive)
            np.any(on, axis=1, out=active)
        found[:, :, columns < 0] = True
        return found


def _packed(rows: BoolArray) -> CellSet:
    """Pack rows of bits into words, the last filled up with zeros."""
    missing = -rows.shape[1] % _WORD
    padded = np.pad(rows, ((0, 0), (0, missing)))
    return np.ascontiguousarray(np.packbits(padded, axis=1, bitorder="little")).view(np.uint64)
