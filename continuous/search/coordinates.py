"""Coordinates for descents: orthonormal on the samples, a constant apart where the affine term is one."""

from typing import NamedTuple

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.continuous.polish.pattern_program import Neurons, Samples
from sparsest.continuous.polish.scaling import free_columns
from sparsest.whitening import orthonormal


class DescentCoordinates(NamedTuple):
    """Rows in which one unit suits all directions, and what takes neurons there and back.

    Attributes
    ----------
    rows : array (N, r)
        The samples, columns orthonormal times the root of N.
    back : array (r, d + 1)
        A neuron z of these coordinates is ``z @ back`` in those of the samples,
    forward : array (d + 1, r)
        and the other way round.
    movable : array (r,) or None
        1 for the coordinates in which an affine term may move, where those are not all.
    """

    rows: FloatArray
    back: FloatArray
    forward: FloatArray
    movable: FloatArray | None

    @classmethod
    def of(cls, samples: Samples) -> "DescentCoordinates":
        """Return the coordinates that suit scaled samples and their affine term."""
        rows, back = orthonormal(samples.homogeneous)
        movable = None
        if samples.affine is Affine.CONSTANT:
            rows, back = _with_constant_first(rows, back)
            movable = np.eye(rows.shape[1])[0]
        return cls(rows, back, np.linalg.pinv(back).astype(np.float64), movable)


def neurons_of(samples: Samples, blocks: FloatArray, signs: FloatArray, back: FloatArray) -> Neurons:
    """Return blocks (B, r) of a descent and their signs (B,) as neurons, the last as the affine term if any.

    Parameters
    ----------
    samples : Samples
        Scaled.
    blocks, signs : arrays (B, r), (B,)
        From a descent.
    back : array (r, d + 1)
        Takes a block to the samples' coordinates.
    """
    folded, affine = blocks @ back, None
    if samples.affine is not Affine.NONE:
        folded, affine, signs = folded[:-1], folded[-1].copy(), signs[:-1]
        affine[: free_columns(samples.affine, len(affine)).start] = 0.0  # rounding, where no slope may be
    return Neurons(folded, folded @ samples.homogeneous.T >= 0, signs, affine)


def _with_constant_first(rows: FloatArray, back: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Turn orthonormal coordinates so that the first one is that of a constant function."""
    constant = rows.sum(axis=0)  # the coordinates of the function 1, but for a factor
    turn, _ = np.linalg.qr(np.c_[constant, np.eye(len(constant))])
    return rows @ turn, turn.T @ back
