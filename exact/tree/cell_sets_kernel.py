"""The loop of `CellSets.possible`, which numba compiles."""

import numpy as np
from numpy.typing import NDArray


def bits_left(
    active: NDArray[np.uint64], cells: NDArray[np.uint64], samples: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Return which bits each set of cells leaves possible on some samples.

    Parameters
    ----------
    active : array of uint64 (N, W)
        The cells that are active on each sample, as packed bits.
    cells : array of uint64 (K, W)
        Sets of cells.
    samples : array of int (S,)
        The rows of `active` asked about, negative where the cells do not know the sample.

    Returns
    -------
    array of bool (K, 2, S)
        Whether some cell is inactive, and whether some is active; both where they do not know.
    """
    left = np.zeros((len(cells), 2, len(samples)), dtype=np.bool_)
    words = np.zeros(cells.shape[1], dtype=np.int64)
    for k in range(len(cells)):
        count = 0
        for w in range(cells.shape[1]):  # deep in a tree most words are empty
            if cells[k, w]:
                words[count] = w
                count += 1
        for s in range(len(samples)):
            if samples[s] < 0:
                left[k, 0, s] = left[k, 1, s] = True
                continue
            row = active[samples[s]]
            for i in range(count):
                here = cells[k, words[i]]
                on = row[words[i]] & here
                if on:
                    left[k, 1, s] = True
                if on != here:
                    left[k, 0, s] = True
                if left[k, 0, s] and left[k, 1, s]:
                    break
    return left
