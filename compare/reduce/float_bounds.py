"""Whether floats prove that a network meets every interval, with a bound on their rounding."""

import numpy as np

from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.arithmetic.value_errors import value_errors
from sparsest.network import Network
from sparsest.problem import Problem


def surely_fits(problem: Problem, network: Network) -> bool:
    """Whether floats prove that a network meets every interval; False when they cannot tell."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = network(problem.X)
        error = value_errors(network, problem.X) + 2 * UNIT_ROUNDOFF * np.abs(values)
        return bool(np.all((values - error >= problem.low) & (values + error <= problem.high)))
