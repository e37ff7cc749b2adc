"""What floats prove about a network: exact signs of its neurons, and values with a bound on their rounding.

Rational arithmetic on hundreds of neurons and thousands of samples takes minutes. Floats decide almost every
case rigorously in milliseconds (Higham 2002, chapter 3: a sum of n products errs by at most
``n u / (1 - n u)`` times the sum of their sizes, in any order, with or without fused operations); the rest
is decided exactly.
"""

import math
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.problem import Problem

Signs = NDArray[np.int8]

_UNIT: Final = np.finfo(np.float64).eps / 2
# Products below this may have lost digits to underflow; every bound has it added.
_TINY: Final = 1e-290
# Bounds are themselves computed in floats, from numbers all of one sign.
_CARE: Final = 1.01
# Sizes between which a product of two floats is the sum of two floats (Dekker 1971), and none underflows.
_SMALLEST, _LARGEST = 1e-120, 1e120
_SPLITTER: Final = 2.0**27 + 1
# Numbers in the largest array at a time.
_CHUNK: Final = 4_000_000


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
    step = max(1, _CHUNK // max(len(X), 1))
    for first in range(0, len(weights), step):
        part = slice(first, first + step)
        signs[part] = _signs_of(X, weights[part], biases[part])
    return signs


def _signs_of(X: FloatArray, weights: FloatArray, biases: FloatArray) -> Signs:
    with np.errstate(over="ignore", invalid="ignore"):
        inputs = weights @ X.T + biases[:, None]
        sizes = np.abs(weights) @ np.abs(X).T + np.abs(biases)[:, None]
        error = _CARE * (X.shape[1] + 4) * _UNIT * sizes + _TINY
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
    terms = np.concatenate([*_products(x[tame], w[tame]), b[tame, None]], axis=1)
    # `math.fsum` rounds the exact sum once, so its sign is right
    found[tame] = [_sign(math.fsum(row)) for row in terms.tolist()]
    for m in np.flatnonzero(~tame):
        products = (Fraction(s) * Fraction(t) for s, t in zip(x[m].tolist(), w[m].tolist(), strict=True))
        found[m] = _sign(sum(products, Fraction(float(b[m]))))
    return found


def _products(x: FloatArray, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return pairs of floats whose sums are the exact products."""
    product = x * w
    x_high, w_high = _upper_half(x), _upper_half(w)
    x_low, w_low = x - x_high, w - w_high
    return product, x_low * w_low - (((product - x_high * w_high) - x_low * w_high) - x_high * w_low)


def _upper_half(values: FloatArray) -> FloatArray:
    scaled = _SPLITTER * values
    return scaled - (scaled - values)


def _sign(value: float | Fraction) -> int:
    return (value > 0) - (value < 0)


def value_errors(network: Network, X: FloatArray) -> FloatArray:
    """Return bounds (N,) on the rounding of ``network(X)``."""
    size = np.abs(X)
    terms = (size @ np.abs(network.weights).T + np.abs(network.biases)) @ np.abs(network.outputs)
    if network.affine is not None:
        terms = terms + size @ np.abs(network.affine[:-1]) + abs(network.affine[-1])
    n = network.n_features + network.width + 4
    return np.asarray(_CARE * n * _UNIT * terms + _TINY, dtype=np.float64)


def surely_fits(problem: Problem, network: Network) -> bool:
    """Whether floats prove that a network meets every interval; False when they cannot tell."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = network(problem.X)
        error = value_errors(network, problem.X) + 2 * _UNIT * np.abs(values)
        return bool(np.all((values - error >= problem.low) & (values + error <= problem.high)))
