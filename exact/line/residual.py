"""How far a network is from its problem, in linear time where samples and neurons are many on one line.

`Network` evaluates every neuron on every sample. On a line the neurons that face one way become active in the
order of their knots, so that running sums of their weights and biases suffice.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.compiling import compile_loop, worth_compiling
from sparsest.exact.line.stabbing_kernel import STEPS_A_SAMPLE, add_values
from sparsest.network import Network
from sparsest.problem import Problem

if TYPE_CHECKING:
    from sparsest.exact.sorted_samples import SortedSamples

# Samples times neurons up to which a network is evaluated neuron by neuron.
MAX_DIRECT: Final = 10_000_000


def largest_violation(
    problem: Problem,
    network: Network,
    samples: "SortedSamples | None" = None,
    *,
    compiled: bool | None = None,
    max_direct: int = MAX_DIRECT,
) -> tuple[float, bool]:
    """Return the residual of a network, and whether it solves the problem up to rounding.

    As `Network.residual` and `Network.solves`, but linear in samples and neurons where they are many and the
    problem has one feature; then the largest allowance that `sparsest.tolerances` gives any sample decides.

    Parameters
    ----------
    problem : Problem
        The data.
    network : Network
        With as many features.
    samples : SortedSamples, optional
        The problem's samples by position, where they are known already. Repeated samples are merged there,
        whose largest violation is that of the intersected interval.
    compiled : bool, optional
        Whether the loop over samples in order is compiled, or NumPy is asked; by default compiled if
        `sparsest.exact.line.stabbing` has loaded it by then.
    max_direct : int
        Samples times neurons up to which a network is evaluated neuron by neuron.
    """
    many = samples is not None and worth_compiling(STEPS_A_SAMPLE * len(samples.x), compiled)
    if problem.n_features > 1 or not (many or problem.n_samples * network.width > max_direct):
        return network.residual(problem), network.solves(problem)
    if many and samples is not None:
        values = evaluate_in_order(network, samples.x)
        excess = values - samples.high
        above = excess.max()
        below = np.subtract(samples.low, values, out=excess).max()
        residual = float(np.max([0.0, above, below]))  # unlike Python's, NumPy's hands on what is no number
    else:
        residual = float(problem.violation(evaluate(network, problem.X[:, 0])).max())
    allowance = tolerances.ROUNDING * tolerances.CANCELLATION * problem.label_scale
    return residual, residual <= allowance and network.within_bound(problem)


def evaluate(network: Network, x: FloatArray) -> FloatArray:
    """Return the values (N,) of a network of one feature at x (N,), in linear memory and sorting time.

    Sums over neurons are kept in extended precision where the machine has it.
    """
    w, b = network.folded.T
    signs = np.sign(network.outputs)
    values = np.full(len(x), _constant(w, b, signs))
    for facing in (1, -1):
        turned = facing * w > 0
        slopes, biases = facing * w[turned], b[turned]  # neurons that are active right of their knot
        knots = -biases / slopes
        order = np.argsort(knots)
        terms = [signs[turned][order] * part[order] for part in (slopes, biases)]
        a, c = (np.r_[0.0, np.cumsum(part, dtype=np.longdouble)] for part in terms)
        active = np.searchsorted(knots[order], facing * x)
        values += (a[active] * (facing * x) + c[active]).astype(np.float64)
    return _with_skip(network, values, x)


def evaluate_in_order(network: Network, x: FloatArray) -> FloatArray:
    """As `evaluate`, at increasing x and by a compiled loop, which sums in twice the precision of floats."""
    size, signs = np.abs(network.outputs), np.sign(network.outputs)
    w, b = size * network.weights[:, 0], size * network.biases
    values = np.zeros(len(x))
    add = compile_loop(add_values)
    right = w > 0
    if right.all():
        add(x, *_by_knot(w, b, signs), values)
    else:
        left = w < 0
        # a neuron that faces left is one that faces right, at -x
        add(-x[::-1], *_by_knot(-w[left], b[left], signs[left]), values)
        values = values[::-1] + _constant(w, b, signs)
        add(x, *_by_knot(w[right], b[right], signs[right]), values)
    return _with_skip(network, values, x)


def _by_knot(
    slopes: FloatArray, biases: FloatArray, signs: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return neurons with positive slopes by increasing knots."""
    ends = biases / slopes  # the knots, mirrored
    if np.all(ends[1:] <= ends[:-1]):
        return slopes, biases, signs
    order = np.argsort(-ends)
    return slopes[order], biases[order], signs[order]


def _constant(w: FloatArray, b: FloatArray, signs: NDArray[np.float64]) -> float:
    """Value of the neurons without weights."""
    still = w == 0
    return float(signs[still] @ np.maximum(0.0, b[still])) if still.any() else 0.0


def _with_skip(network: Network, values: FloatArray, x: FloatArray) -> FloatArray:
    if network.affine is not None:
        values += network.affine[0] * x
        values += network.affine[1]
    return values
