"""Coordinates in which the columns of a matrix are orthonormal, so that one unit suits all directions."""

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray


def orthonormal(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return rows (N, r) with orthonormal columns times sqrt(N), and what takes neurons back (r, n).

    A neuron z of the new coordinates is ``z @ back`` in those of `columns`: ``columns @ back.T == rows`` up
    to rounding, where the r singular values that are more than rounding are kept.

    Parameters
    ----------
    columns : array (N, n)
        Not zero.
    """
    left, sizes, right = np.linalg.svd(columns, full_matrices=False)
    kept = sizes > sizes[0] * tolerances.RANK_DEFICIENCY
    stretch = np.sqrt(len(columns))
    back = (right[kept] / sizes[kept, None]) * stretch
    return np.asarray(left[:, kept] * stretch), np.asarray(back)
