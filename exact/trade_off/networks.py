"""Networks from elsewhere and their errors, on which upper bounds rest."""

from typing import Final

import numpy as np

from sparsest.error_scale import ErrorScale, largest_error
from sparsest.exact.arithmetic.rational_network import RationalNetwork, meets_every_interval
from sparsest.exact.arithmetic.rational_problem import ExactData, rational
from sparsest.exact.trade_off.knowledge import Knowledge
from sparsest.exact.trade_off.question import ErrorQuestion
from sparsest.exact.trade_off.widened import short_number_between, within
from sparsest.network import Network
from sparsest.problem import Problem

# Products up to which a network's errors are evaluated in rational arithmetic, a second or so.
_MAX_PRODUCTS: Final = 300_000
# What rounding of a network may add to its error, as a share of the largest label, unless its terms cancel.
_DIGIT: Final = 1e-12


def begin(question: ErrorQuestion, known: Knowledge) -> None:
    """Note the error of the network without neurons: a label's size, or a digit more by the division."""
    problem = question.problem
    error = largest_error(problem, np.zeros(problem.n_samples), question.scale)
    error = float(np.nextafter(error, np.inf)) if error > 0 else 0.0
    known.attain(error, 0, Network.zero(problem.n_features, problem.affine))


def offer(question: ErrorQuestion, known: Knowledge, network: Network) -> bool:
    """Take a network over if its error is surely below what is known; whether it is.

    The error is evaluated in rational arithmetic, or in floats with a bound on all rounding where that would
    take long.
    """
    problem, scale, neurons = question.problem, question.scale, network.count()
    if problem.n_samples * (problem.n_features + 1) * (network.width + 1) > _MAX_PRODUCTS:
        return known.attain(error_at_most(problem, network, scale), neurons, network)
    error = largest_error(problem, network(problem.X), scale)
    rows = [[rational(v) for v in row] for row in network.folded.tolist()]
    if problem.has_affine_term:
        term = np.zeros(problem.n_features + 1) if network.affine is None else network.affine
        rows.append([rational(v) for v in term.tolist()])
    exact = RationalNetwork([int(sign) for sign in np.sign(network.outputs)], rows)
    upper = known.upper(neurons)
    # some way up to the bound, so that a few digits and rounding are no matter
    for slack in (0.1 * question.gap * error + _DIGIT * question.largest, 0.1 * question.gap * upper):
        claimed = short_number_between(error, error + slack)
        asked = within(problem, claimed, scale) if claimed < upper else None
        if asked is not None and meets_every_interval(ExactData(asked.distinct()), exact):
            return known.attain(claimed, neurons, network)
    return False


def error_at_most(problem: Problem, network: Network, scale: ErrorScale) -> float:
    """Return the largest error of a network, evaluated in floats and increased by what rounding may hide.

    A sum of n products is off by at most n + 1 units of rounding of the sum of their sizes (Higham 2002,
    section 3.1); numbers that stand for decimals, and the label, add one each.
    """
    outputs = np.abs(network.outputs)
    sizes = (np.abs(problem.X) @ np.abs(network.weights).T + np.abs(network.biases)) @ outputs
    if network.affine is not None:
        sizes += np.abs(problem.X) @ np.abs(network.affine[:-1]) + abs(network.affine[-1])
    operations = problem.n_features + network.width + 8
    hidden = 2 * operations * np.finfo(np.float64).eps * (sizes + np.abs(problem.targets))
    errors = np.abs(network(problem.X) - problem.targets)
    off = np.where(network(problem.X) > problem.targets, scale.above, scale.below)
    either = np.where(errors <= hidden, scale.least, off)  # the sign may be rounding
    return float(np.nextafter(((errors + hidden) / either).max() * (1 + 1e-15), np.inf))
