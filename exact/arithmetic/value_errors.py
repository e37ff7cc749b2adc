"""A bound on the rounding of a network's values in floats (Higham 2002, chapter 3)."""

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.arithmetic.signs import CARE
from sparsest.network import Network


def value_errors(network: Network, X: FloatArray) -> FloatArray:
    """Return bounds (N,) on the rounding of ``network(X)``, that of decimals X to floats included."""
    size = np.abs(X)
    terms = (size @ np.abs(network.weights).T + np.abs(network.biases)) @ np.abs(network.outputs)
    if network.affine is not None:
        terms = terms + size @ np.abs(network.affine[:-1]) + abs(network.affine[-1])
    n = network.n_features + network.width + 5
    return np.asarray(CARE * n * UNIT_ROUNDOFF * terms + tolerances.UNDERFLOW, dtype=np.float64)
