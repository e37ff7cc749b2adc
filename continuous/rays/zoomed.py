"""Outputs of the rays in use, moved within narrow intervals by first-order steps in a unit of the intervals.

Splitting over all rays finds which of them are used, but its steps are as large as the outputs: where
intervals are a millionth as wide, it ends anywhere within them. Here are only the rays in use, a handful, and
what is trained is the difference to their outputs, measured in widths of the intervals.
"""

from typing import Final

import numpy as np

from sparsest.arrays import FloatArray

# Steps of Douglas-Rachford splitting, and those between two looks at whether outputs still move.
_STEPS: Final = 8000
_STEPS_A_LOOK: Final = 500
# Movements, in widths of intervals, that are none.
_STILL: Final = 1e-9
# Unit where all intervals are open at one end, labels of about one.
_UNIT: Final = 1.0


def least_on_support(
    columns: FloatArray, low: FloatArray, high: FloatArray, outputs: FloatArray, costs: FloatArray
) -> FloatArray:
    """Return outputs (m,) of lower cost that meet the intervals and keep their signs, up to small errors.

    Parameters
    ----------
    columns : array (N, m)
        Values of each ray in use, and of each free term.
    low, high : arrays (N,)
        Intervals.
    outputs : array (m,)
        To begin from.
    costs : array (m,)
        Of one more unit of each output's size, at least zero; negative for a free term, which costs nothing.
    """
    finite = np.isfinite(high - low)
    unit = float(np.median((high - low)[finite])) if finite.any() else _UNIT
    if unit == 0.0:
        return outputs
    norms = np.linalg.norm(columns, axis=0)
    signs = np.where(outputs < 0, -1.0, 1.0)
    matrix = columns / norms * signs
    values = columns @ outputs
    ends = (low - values) / unit, (high - values) / unit
    prices = np.maximum(costs, 0.0) / norms
    prices /= prices.max(initial=np.finfo(float).tiny)
    least = np.where(costs < 0, -np.inf, -np.abs(outputs) * norms / unit)
    moved = _splitting(matrix, ends, prices, least)
    found = outputs + signs * moved * unit / norms
    return np.where((costs >= 0) & (found * signs < 0), 0.0, found)


def _splitting(
    matrix: FloatArray, ends: tuple[FloatArray, FloatArray], prices: FloatArray, least: FloatArray
) -> FloatArray:
    """Return x (m,) of least ``prices @ x`` with ``matrix @ x`` between the ends and x at least `least`.

    Douglas-Rachford splitting: a step along the prices and into the bounds, and a projection onto the pairs
    of x and its values.
    """
    n_samples, count = matrix.shape
    inverse = np.linalg.inv(np.eye(n_samples) + matrix @ matrix.T)
    x, values = np.zeros(count), np.zeros(n_samples)
    kept = x.copy()
    for step in range(_STEPS):
        new = np.maximum(x - prices, least)
        inside = np.minimum(np.maximum(values, ends[0]), ends[1])
        reflected, mirrored = 2 * new - x, 2 * inside - values
        multipliers = inverse @ (matrix @ reflected - mirrored)
        x += reflected - matrix.T @ multipliers - new
        values += mirrored + multipliers - inside
        if step % _STEPS_A_LOOK == _STEPS_A_LOOK - 1:
            if np.abs(new - kept).max() <= _STILL * max(1.0, np.abs(new).max()):
                return new
            kept = new
    return kept
