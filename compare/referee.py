"""The referee: every figure of a network recomputed from the data, whoever claims it.

Solvers never score themselves: benchmarks and comparisons ask here.
"""

import dataclasses

import numpy as np

from sparsest.exact.arithmetic.rational_network import meets_exactly
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

# Samples times features times neurons beyond which `score` leaves the rational check out: it would take
# longer than most runs it judges.
_MAX_CHECK = 20_000


@dataclasses.dataclass(frozen=True)
class Score:
    """What a network is worth on a problem.

    Attributes
    ----------
    fits : bool
        Whether it meets every interval up to the rounding of its own evaluation, and the weight bound.
    exactly : bool or None
        Whether a rational network beside it, with no higher count, meets every interval; None when it does
        not fit, or is too large to try.
    residual : float
        Largest distance to an interval in float64; infinite when it overflows.
    loss : float
        Mean squared distance to the intervals, labels scaled to at most one in size: what training watches.
    counts : dict of Objective to int
        Neurons, weights and parameters.
    path_norm : float or None
        The l^p path norm of the objective, where one was asked for; infinite when it overflows.
    """

    fits: bool
    exactly: bool | None
    residual: float
    loss: float
    counts: dict[Objective, int]
    path_norm: float | None = None


def score(problem: Problem, network: Network, objective: Objective, p: float | None = None) -> Score:
    """Recompute the figures of a network.

    Parameters
    ----------
    problem : Problem
        The data.
    network : Network
        With as many features as the data have.
    objective : Objective
        What must not grow when the network is made exact.
    p : float, optional
        Exponent of a path norm to recompute.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        residual = float(network.residual(problem))
        loss = float(np.mean((network.violation(problem) / (problem.label_scale or 1.0)) ** 2))
        fits = bool(np.isfinite(residual)) and network.solves(problem)
        norm = None if p is None else float(network.path_norm(p, objective))
    tried = fits and problem.X.size * max(network.width, 1) <= _MAX_CHECK
    return Score(
        fits=fits,
        exactly=meets_exactly(problem, network, objective) if tried else None,
        residual=residual if np.isfinite(residual) else float("inf"),
        loss=loss if np.isfinite(loss) else float("inf"),
        counts={each: network.count(each) for each in Objective},
        path_norm=norm if norm is None or np.isfinite(norm) else float("inf"),
    )
