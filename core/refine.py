"""Make a network that nearly interpolates do so to the last digits of float64."""

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Newton's method on a piecewise linear map ends after one or two steps unless a pattern changes.
_MAX_STEPS = 6
# Shares of an interval's width that are aimed at inside its end, in turn: a little leaves room for the
# rounding of any later use; the middle is right where the interval is narrower than an LP solver's
# accuracy, which touches both ends; the end itself is all that some vertices allow.
_INSIDE = (1e-3, 0.5, 0.0)
# Steps inside are at most this share of the labels' scale: a least path norm may grow by no more.
_DEEPEST = 1e-8
# About what a correction takes for each product of its matrix with itself.
_SECONDS_A_PRODUCT = 3e-10
# Steps of a magnified program stay below this many errors, so that patterns seldom change on the way.
_FAR = 1e4

Correction = Callable[[Problem, Network], Network]


def refine(problem: Problem, network: Network, deadline: Deadline | None = None) -> Network:
    """Return `network` moved by the least-norm correction that puts its values into their intervals.

    Zero entries of every neuron stay zero, so no count can rise. Samples that violate their interval, or
    touch an end of it up to the accuracy of an LP solver, are asked to lie a little inside that end, in the
    middle, or on it, whichever works out; the linear system of the current activation patterns is solved in
    the least-squares sense and the step repeated. Where intervals are so narrow, and samples so many, that no
    such choice suits all, the correction is a linear program whose unit is the error to be removed (iterative
    refinement: Gleixner, Steffy and Wolter 2016). When no step makes the largest violation smaller within the
    weight bound, the network comes back as it was (in canonical form).

    Parameters
    ----------
    problem : Problem
        The intervals to meet.
    network : Network
        A network near interpolation, such as an LP solver's.
    deadline : Deadline, optional
        No correction begins that would take longer than what is left.
    """
    best = start = network.canonical()
    deadline = deadline or Deadline(None)
    for inside in _INSIDE:
        best = _repeated(problem, start, best, functools.partial(_corrected, inside=inside), deadline)
    if not best.interpolates(problem):
        best = _repeated(problem, best, best, _magnified, deadline)
    plain = _without_negligible_term(problem, best)
    return plain if plain.interpolates(problem) and not best.interpolates(problem) else best


def _without_negligible_term(problem: Problem, network: Network) -> Network:
    """Return `network` with an affine term of pure rounding set to zero.

    Where no neuron is active it is all that is left, and its own size, by which rounding is judged, excuses
    nothing.
    """
    if network.affine is None:
        return network
    reach = np.r_[np.abs(problem.X).max(axis=0), 1.0]
    negligible = np.abs(network.affine) * reach <= tolerances.ROUNDING * problem.label_scale
    affine = np.where(negligible, 0.0, network.affine)
    return Network(network.weights, network.biases, network.outputs, affine)


def _repeated(
    problem: Problem, start: Network, best: Network, correct: Correction, deadline: Deadline
) -> Network:
    """Return the best of `best` and the networks that repeated correction of `start` leads to."""
    current = start
    n, m = problem.n_samples, start.width * (problem.n_features + 1)
    seconds = _SECONDS_A_PRODUCT * n * m * min(n, m)
    for _ in range(_MAX_STEPS):
        if best.residual(problem) == 0 or seconds > deadline.remaining:
            break
        current = correct(problem, current)
        allowed = current.within_bound(problem) or not best.within_bound(problem)
        if allowed and current.residual(problem) < best.residual(problem):
            best = current
    return best


def _corrected(problem: Problem, network: Network, inside: float) -> Network:
    values = network(problem.X)
    wanted, rows = _nearest_ends(problem, values, inside)
    matrix = _derivative(problem, network)[rows]
    return network if matrix.size == 0 else _moved(network, _least_norm(matrix, wanted[rows] - values[rows]))


def _magnified(problem: Problem, network: Network) -> Network:
    """Correct by a linear program for the step in units of the error, as deep inside the intervals as can be.

    What an LP solver neglects is then neglected in those units, a billion times below the error.
    """
    from scipy.optimize import linprog  # `import sparsest` is to stay light

    unit = max(network.residual(problem), tolerances.LP_FEASIBILITY * problem.label_scale)
    values = network(problem.X)
    with np.errstate(over="ignore"):
        to_low, to_high = (problem.low - values) / unit, (problem.high - values) / unit
    depth = np.minimum(to_high - to_low, 1.0)
    matrix, scale = _scaled(_derivative(problem, network))
    if matrix.shape[1] == 0:
        return network
    above, below = to_high < _FAR, to_low > -_FAR  # other ends are out of reach of a step in these units
    found = linprog(
        np.r_[np.zeros(matrix.shape[1]), -1.0],
        A_ub=np.r_[np.c_[matrix, depth][above], np.c_[-matrix, depth][below]],
        b_ub=np.r_[to_high[above], -to_low[below]],
        bounds=[(-_FAR, _FAR)] * matrix.shape[1] + [(-_FAR, 0.5)],
        method="highs",
        options={"primal_feasibility_tolerance": tolerances.LP_FEASIBILITY},
    )
    return network if found.x is None else _moved(network, _unscaled(unit * found.x[:-1], scale))


def _derivative(problem: Problem, network: Network) -> FloatArray:
    """Change of the values (N, m) with each nonzero entry of the folded neurons, then of the affine term."""
    folded, homogeneous = network.folded, problem.homogeneous
    active = (homogeneous @ folded.T > 0) * network.outputs
    columns = [active[:, k, None] * homogeneous[:, folded[k] != 0] for k in range(network.width)]
    if network.affine is not None:
        columns.append(homogeneous[:, -1:] if problem.affine is Affine.CONSTANT else homogeneous)
    return np.concatenate(columns, axis=1) if columns else np.zeros((len(homogeneous), 0))


def _moved(network: Network, step: FloatArray) -> Network:
    """Add a step to the entries that `_derivative` speaks of."""
    folded = network.folded.copy()
    nonzero = folded != 0
    used = int(nonzero.sum())
    folded[nonzero] += step[:used]
    affine = None
    if network.affine is not None:
        affine = network.affine.copy()
        affine[len(affine) - len(step) + used :] += step[used:]  # the constant alone, or all
    return Network.from_folded(folded, network.outputs, affine)


def _nearest_ends(
    problem: Problem, values: FloatArray, inside: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return a value to aim at for each sample, and which samples violate or touch an interval end."""
    reach = tolerances.LP_FEASIBILITY * problem.label_scale
    to_low, to_high = values - problem.low, problem.high - values
    width = problem.high - problem.low
    step = np.minimum(inside * width, _DEEPEST * problem.label_scale) if inside else np.zeros(len(width))
    ends = np.where(to_low <= to_high, problem.low + step, problem.high - step)
    return ends, np.minimum(to_low, to_high) <= reach


def _least_norm(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Least-squares solution of least norm, columns scaled to one so that units do not matter."""
    scaled, scale = _scaled(matrix)
    step, *_ = np.linalg.lstsq(scaled, right, rcond=tolerances.RANK_DEFICIENCY)
    return _unscaled(np.asarray(step, dtype=np.float64), scale)


def _scaled(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Divide each column by its largest entry; return the divisors too."""
    scale = np.abs(matrix).max(axis=0, initial=0.0)
    scale[scale == 0] = 1.0
    return matrix / scale, scale


def _unscaled(step: FloatArray, scale: FloatArray) -> FloatArray:
    """Return ``step / scale``, zero where inputs as small as 1e-320 ask for weights that no float holds."""
    with np.errstate(over="ignore"):
        entries = step / scale
    return np.where(np.isfinite(entries), entries, 0.0)
