"""Damped Gauss-Newton steps for many small ReLU networks at once, on arrays.

With activation patterns fixed a network is linear in its folded neurons, so a Gauss-Newton step solves for
them as long as no pattern changes; Levenberg's damping (1944) keeps steps short while patterns still change.
"""

import numpy as np

from sparsest.arrays import FloatArray


def evaluate(
    rows: FloatArray, neurons: FloatArray, signs: FloatArray, *, affine: bool
) -> tuple[FloatArray, FloatArray]:
    """Return values (R, N), and the derivative of each value by each block's input (R, B, N).

    Parameters
    ----------
    rows : array (N, r)
        Homogeneous inputs in any coordinates.
    neurons : array (R, B, r)
        B blocks of each of R networks: folded neurons.
    signs : array (R, B)
        Output signs; the entry of an affine block is 1.
    affine : bool
        Whether the last block is an affine term, which is active everywhere.
    """
    inputs = neurons @ rows.T
    factors = np.where(inputs > 0, signs[:, :, None], 0.0)
    if affine:
        factors[:, -1] = 1.0
    return np.einsum("rbn,rbn->rn", factors, inputs), factors


def damped_steps(
    rows: FloatArray,
    factors: FloatArray,
    errors: FloatArray,
    damping: FloatArray,
    allowed: FloatArray | None = None,
) -> FloatArray:
    """Return the steps (R, B, r) that minimise ``|J step - errors|^2 + damping |step|^2``.

    Parameters
    ----------
    rows, factors : arrays (N, r), (R, B, N)
        As for, and from, `evaluate`.
    errors : array (R, N)
        Wanted change of the values; samples with zero pull at nothing.
    damping : array (R,)
        Positive.
    allowed : array (R, B, r), optional
        1 where an entry may move, 0 where it may not.
    """
    starts, blocks, n = factors.shape
    pulling = factors * (errors != 0)[:, None, :]
    jacobian = pulling.transpose(0, 2, 1)[..., None] * rows[:, None, :]
    if allowed is not None:
        jacobian *= allowed[:, None]
    jacobian = jacobian.reshape(starts, n, -1)
    transposed = jacobian.transpose(0, 2, 1)
    size = min(jacobian.shape[1:])
    diagonal = np.arange(size)
    if jacobian.shape[2] == size:
        normal = transposed @ jacobian
        normal[:, diagonal, diagonal] += damping[:, None]
        steps = np.linalg.solve(normal, transposed @ errors[..., None])
    else:  # fewer samples than numbers: the same step from the smaller system
        gram = jacobian @ transposed
        gram[:, diagonal, diagonal] += damping[:, None]
        steps = transposed @ np.linalg.solve(gram, errors[..., None])
    return np.asarray(steps[..., 0].reshape(starts, blocks, -1), dtype=np.float64)
