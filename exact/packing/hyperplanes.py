"""Which curved sets one hyperplane cuts together: exactly, over all cells of the samples in use.

Cutting is strict, so that every hyperplane may be moved off all samples without cutting less: the cells of
`sparsest.exact.cells` are all there is to look at, for degenerate samples too.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.cells.enumerate import iterate_until
from sparsest.exact.packing.curved_sets import CurvedSet
from sparsest.progress import Deadline

Bits = NDArray[np.uint8]
Weight = TypeVar("Weight", np.float64, np.int64)

_SIGNS = (1, -1)


class Cuts(NamedTuple):
    """The sets that hyperplanes cut: a row for each cell and output sign.

    Attributes
    ----------
    packed : array (2 C, ceil(M / 8))
        Bit j of a row: whether a neuron there helps to bend set j. Rows of output sign 1 come first.
    patterns : array of bool (C, n)
        The cells, one of each pair of opposites.
    """

    packed: Bits
    patterns: NDArray[np.bool_]

    def unpacked(self, rows: NDArray[np.intp], count: int) -> NDArray[np.bool_]:
        """Return some rows, one bool a set."""
        return np.unpackbits(self.packed[rows], axis=1, count=count, bitorder="little").astype(np.bool_)


def cuts_of(X: FloatArray, sets: Sequence[CurvedSet], deadline: Deadline) -> Cuts:
    """Return what every cell of some samples cuts.

    Parameters
    ----------
    X : array (n, d)
        The samples that are in use.
    sets : sequence of M sets
        Their samples are rows of `X`.
    deadline : Deadline
        Looked at between blocks of cells.

    Raises
    ------
    TimeLimitError
        When the time is up.
    """
    blocks, kept = [], []
    for cells in iterate_until(X, deadline):
        patterns = cells.patterns[: len(cells.patterns) // 2]  # the others are their opposites
        kept.append(patterns)
        columns = np.packbits(patterns.T, axis=1)
        blocks.append([_cut(columns, [s.side(sign) for s in sets], len(patterns)) for sign in _SIGNS])
    packed = [np.concatenate([block[k] for block in blocks]) for k in range(2)]
    return Cuts(np.concatenate(packed), np.concatenate(kept))


def _cut(columns: Bits, sides: Sequence[tuple[int, ...]], count: int) -> Bits:
    """Return packed rows: which sides have samples on both sides of each of `count` cells."""
    cut = np.zeros((len(sides), columns.shape[1]), np.uint8)
    for row, side in zip(cut, sides, strict=True):
        if len(side) > 1:
            members = columns[list(side)]
            row[:] = np.bitwise_or.reduce(members) & ~np.bitwise_and.reduce(members)
    bits = np.unpackbits(cut, axis=1, count=count)
    return np.packbits(bits.T, axis=1, bitorder="little")


def loads(cuts: Cuts, weights: NDArray[Weight]) -> NDArray[Weight]:
    """Return the weights that each row cuts, added up: exactly where they are integers."""
    total = np.zeros(len(cuts.packed), dtype=weights.dtype)
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    for byte in range(cuts.packed.shape[1]):
        part = weights[8 * byte : 8 * byte + 8]
        total += (bits[:, : len(part)] @ part)[cuts.packed[:, byte]]
    return total
