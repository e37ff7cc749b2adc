"""Whether a network has the margin that is asked for, and how it gets it."""

import math
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.arithmetic.value_errors import value_errors
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork

# Binary digits that are tried, of the largest term of a sum.
_DIGITS: Final = (6, 9, 12, 16, 22, 30)


def surely_classifies(problem: MultiClassProblem, network: MultiOutputNetwork) -> bool:
    """Whether floats prove that a network has the margin on every sample; False when they cannot tell."""
    if not network.is_of_kind(problem):
        return False
    X, own = problem.X, (np.arange(problem.n_samples), problem.labels)
    with np.errstate(over="ignore", invalid="ignore"):
        values = network(X)
        errors = np.stack([value_errors(network.output(j), X) for j in range(network.n_outputs)], axis=1)
        errors += 4 * UNIT_ROUNDOFF * (np.abs(values) + problem.margin)
        gaps = values[own][:, None] - values - errors - errors[own][:, None]
        return bool(np.all(problem.own_column | (gaps >= problem.margin)))


def with_margin(problem: MultiClassProblem, network: MultiOutputNetwork) -> MultiOutputNetwork | None:
    """Return a network with outputs times a power of two so that every gap is beyond the margin.

    None if one is not positive; a network whose gaps are beyond the margin stays as it is.
    """
    gap = problem.least_gap(network(problem.X))
    if gap <= 0:
        return None
    # a little more, so that floats prove it, be the numbers rounded to single precision
    doublings = max(0, math.ceil(math.log2(problem.margin / gap * (1 + 2.0**-10))))
    with np.errstate(over="ignore"):
        outputs = np.ldexp(network.outputs, doublings)
        affine = None if network.affine is None else np.ldexp(network.affine, doublings)
    if not np.isfinite(outputs).all() or not (affine is None or np.isfinite(affine).all()):
        return None
    return MultiOutputNetwork(network.weights, network.biases, outputs, affine)


def with_few_digits(problem: MultiClassProblem, network: MultiOutputNetwork) -> MultiOutputNetwork:
    """Return a network with as few binary digits as still have the margin: proofs become small, and fast.

    A number of a neuron is rounded to a share of the largest that the neuron's inputs reach on the data, an
    output weight to one of the largest value of its output.
    """
    reach = np.r_[np.abs(problem.X).max(axis=0), 1.0]
    active = np.maximum(0.0, problem.X @ network.weights.T + network.biases).max(axis=0, initial=0.0)
    for digits in _DIGITS:
        neurons = _rounded(np.c_[network.weights, network.biases], reach, digits)
        outputs = _rounded(network.outputs.T, active, digits).T
        affine = None if network.affine is None else _rounded(network.affine, reach, digits)
        short = MultiOutputNetwork(neurons[:, :-1], neurons[:, -1], outputs, affine)
        found = with_margin(problem, short)
        if found is not None and found.count() == network.count() and surely_classifies(problem, found):
            return found
    return network


def _rounded(rows: FloatArray, reach: FloatArray, digits: int) -> FloatArray:
    """Round entries (r, c) to multiples of powers of two, by what they reach in the largest term of a row."""
    largest = (np.abs(rows) * reach).max(axis=1, initial=0.0)[:, None]
    sizes = np.where((largest > 0) & (reach > 0), largest / np.where(reach > 0, reach, 1.0), 1.0)
    unit = 2.0 ** (np.floor(np.log2(sizes)) - digits)
    return np.asarray(np.rint(rows / unit) * unit)
