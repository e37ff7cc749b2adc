"""What floats prove about a network's values: a bound on their rounding (Higham 2002, chapter 3)."""

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.arithmetic.signs import CARE
from sparsest.network import Network
from sparsest.problem import Problem


def value_errors(network: Network, X: FloatArray) -> FloatArray:
    """Return bounds (N,) on the rounding of ``network(X)``, that of decimals X to floats included."""
    size = np.abs(X)
    terms = (size @ np.abs(network.weights).T + np.abs(network.biases)) @ np.abs(network.outputs)
    if network.affine is not None:
        terms = terms + size @ np.abs(network.affine[:-1]) + abs(network.affine[-1])
    n = network.n_features + network.width + 5
    return np.asarray(CARE * n * UNIT_ROUNDOFF * terms + tolerances.UNDERFLOW, dtype=np.float64)


def surely_fits(problem: Problem, network: Network) -> bool:
    """Whether floats prove that a network meets every interval; False when they cannot tell."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = network(problem.X)
        error = value_errors(network, problem.X) + 2 * UNIT_ROUNDOFF * np.abs(values)
        return bool(np.all((values - error >= problem.low) & (values + error <= problem.high)))
