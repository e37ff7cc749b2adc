"""Exact signs of affine functions on samples: a float filter, and exact arithmetic where it is in doubt.

Rational arithmetic on hundreds of neurons and thousands of samples takes minutes. Floats decide almost every
case rigorously in milliseconds (Higham 2002, chapter 3: a sum of n products errs by at most
``n u / (1 - n u)`` times the sum of their sizes, in any order, with or without fused operations); the rest
is decided exactly.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF, two_product

Signs = NDArray[np.int8]

# Bounds are themselves computed in floats, from numbers all of one sign.
CARE: Final = 1.01
# Sizes between which a product of two floats is the sum of two floats, and none underflows.
_SMALLEST, _LARGEST = 1e-120, 1e120
# Added to sizes, so that bounds on rounding hold where numbers or products underflow.
_UNDERFLOWN: Final = 1e-300
# Numbers in the largest array at a time: 2 MB, which stay in the processor's cache.
_NUMBERS_AT_ONCE: Final = 2**18


def neuron_signs(X: FloatArray, weights: FloatArray, biases: FloatArray) -> Signs:
    """Return the exact sign of ``w_k . x_i + b_k`` as -1, 0 or 1, (K, N).

    Parameters
    ----------
    X : array (N, d)
        Inputs.
    weights, biases : arrays (K, d), (K,)
        Neurons.
    """
    signs = np.empty((len(weights), len(X)), dtype=np.int8)
    step = max(1, _NUMBERS_AT_ONCE // max(len(X), 1))
    for first in range(0, len(weights), step):
        part = slice(first, first + step)
        signs[part] = _signs_of(X, weights[part], biases[part])
    return signs


def _signs_of(X: FloatArray, weights: FloatArray, biases: FloatArray) -> Signs:
    with np.errstate(over="ignore", invalid="ignore"):
        inputs = weights @ X.T + biases[:, None]
        sizes = np.abs(weights) @ np.abs(X).T + np.abs(biases)[:, None]
        error = CARE * (X.shape[1] + 4) * UNIT_ROUNDOFF * sizes + tolerances.UNDERFLOW
        signs = np.sign(inputs).astype(np.int8)
        doubtful = np.argwhere(~(np.abs(inputs) > error))  # also what overflowed
    if len(doubtful):
        k, i = doubtful.T
        signs[k, i] = _exact_signs(X[i], weights[k], biases[k])
    return signs


def _exact_signs(x: FloatArray, w: FloatArray, b: FloatArray) -> Signs:
    """Return the exact sign of each ``w_m . x_m + b_m`` (M,)."""
    sizes = np.abs(np.concatenate([x, w, b[:, None]], axis=1))
    tame = np.all((sizes == 0) | ((sizes >= _SMALLEST) & (sizes <= _LARGEST)), axis=1)
    found = np.zeros(len(b), dtype=np.int8)
    terms = np.concatenate([*two_product(x[tame], w[tame]), b[tame, None]], axis=1)
    # `math.fsum` rounds the exact sum once, so its sign is right
    found[tame] = [_sign(math.fsum(row)) for row in terms.tolist()]
    for m in np.flatnonzero(~tame):
        products = (Fraction(s) * Fraction(t) for s, t in zip(x[m].tolist(), w[m].tolist(), strict=True))
        found[m] = _sign(sum(products, Fraction(float(b[m]))))
    return found


def rational_signs(X: FloatArray, u: Sequence[Fraction]) -> Signs:
    """Return the exact signs (N,) of an affine function ``(w, b)`` with rational numbers on samples X."""
    scale = max(abs(value) for value in u) or Fraction(1)
    unit = [value / scale for value in u]
    rounded = np.array([float(value) for value in unit])
    values = X @ rounded[:-1] + rounded[-1]
    sizes = np.abs(rounded) + _UNDERFLOWN
    # each number has been rounded once more than in `neuron_signs`
    error = (len(u) + 8) * 2 * UNIT_ROUNDOFF * (np.abs(X) @ sizes[:-1] + sizes[-1])
    signs: Signs = np.sign(values).astype(np.int8)
    for i in np.flatnonzero(~(np.abs(values) > error)):
        exact = sum((Fraction(a) * b for a, b in zip(X[i].tolist(), unit, strict=False)), unit[-1])
        signs[i] = _sign(exact)
    return signs


def _sign(value: float | Fraction) -> int:
    return (value > 0) - (value < 0)
