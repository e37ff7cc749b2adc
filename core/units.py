"""Networks in the units in which a problem's decimals are integers, and back."""

import numpy as np

from sparsest.network import Network
from sparsest.problem import Problem


def in_integer_units(problem: Problem, network: Network) -> Network:
    """Return a network for ``problem`` as one for ``problem.in_integers``, rounded to floats."""
    inputs, labels = _units(problem)
    return _scaled(network, 1 / inputs, labels) if any(problem.places) else network


def in_own_units(problem: Problem, network: Network) -> Network:
    """Return a network for ``problem.in_integers`` as one for ``problem``, rounded to floats."""
    inputs, labels = _units(problem)
    return _scaled(network, inputs, 1 / labels) if any(problem.places) else network


def path_norm_unit(problem: Problem, p: float) -> float:
    """Return the path norm, in own units, of what has path norm 1 in integers: of one feature's weights."""
    inputs, labels = problem.places
    return float((10.0**inputs / 10.0**labels) ** p)


def _units(problem: Problem) -> tuple[np.ndarray, float]:
    *inputs, labels = problem.places
    return 10.0 ** np.array(inputs, dtype=np.float64), 10.0**labels


def _scaled(network: Network, inputs: np.ndarray, outputs: float) -> Network:
    """Return the network with weights times `inputs` (d,) and values times `outputs`."""
    affine = None if network.affine is None else network.affine * np.r_[inputs, 1.0] * outputs
    return Network(network.weights * inputs, network.biases, network.outputs * outputs, affine)
