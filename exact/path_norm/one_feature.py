"""Least path norm and its minimisers on one feature with a skip and exact labels, in linear time."""

from typing import Final, NamedTuple

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.line.cheapest_cuts import COST_ERROR, cheapest_cut, costs_of, function_of, runs_of
from sparsest.exact.line.exact_ties import exact_ties
from sparsest.exact.line.slope_changes import Curvature, curvature, rational_change
from sparsest.exact.method_result import PathNormMethodResult
from sparsest.exact.sorted_samples import SortedSamples, sorted_samples
from sparsest.objectives import Objective, check_power
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.results.path_norm import MinimiserCount
from sparsest.results.solving import Status
from sparsest.units import in_own_units, path_norm_unit

# What rounding may do to a cost when it is converted from integers to the units of decimals.
_CONVERSION: Final = 8 * UNIT_ROUNDOFF


class Curve(NamedTuple):
    """Samples in order, repeated ones merged, and their curvature."""

    samples: SortedSamples
    bends: Curvature

    @property
    def x(self) -> FloatArray:
        """Positions (N,)."""
        return self.samples.x

    @property
    def y(self) -> FloatArray:
        """Labels (N,)."""
        return self.samples.low


def applies_to(problem: Problem, objective: Objective) -> bool:
    """Whether the least path norm of `problem` is a sum over runs of curvature."""
    return (
        problem.n_features == 1
        and problem.affine is Affine.SKIP
        and problem.weight_bound is None
        and problem.is_interpolation
        and objective is Objective.WEIGHTS
    )


def curve_of(problem: Problem, objective: str | Objective) -> Curve:
    """Return the samples and their curvature; raise `InputError` unless `applies_to` the problem."""
    refuse_other_than_problem(problem)
    if not applies_to(problem, Objective.parse(objective)):
        raise InputError(
            "this needs one feature, affine='skip', exact labels, no weight bound and the objective weights"
        )
    samples = sorted_samples(problem.X[:, 0], problem.low, problem.high)
    return Curve(samples, curvature(samples.x, samples.low))


def solve_by_recursion(problem: Problem, p: float) -> PathNormMethodResult:
    """Return the least path norm to rounding, certified, and a network that attains it.

    Parameters
    ----------
    problem : Problem
        To which `applies_to` applies.
    p : float
        Exponent, 0 < p <= 1.

    Raises
    ------
    InputError
        If slopes, or their changes, leave the range of floats.
    """
    whole = problem.in_integers
    curve = curve_of(whole, Objective.WEIGHTS)
    cut = cheapest_cut(costs_of(curve.bends, p))
    network = function_of(curve.x, curve.y, curve.bends, cut.second, cut.upper).to_network()
    if whole is problem:
        return PathNormMethodResult(
            Status.OPTIMAL, cut.lower, cut.upper, network, nodes=len(curve.x), samples=curve.samples
        )
    unit = path_norm_unit(problem, p)
    lower, upper = cut.lower * unit * (1 - _CONVERSION), cut.upper * unit * (1 + _CONVERSION)
    return PathNormMethodResult(
        Status.OPTIMAL, lower, upper, in_own_units(problem, network), nodes=len(curve.x)
    )


def count_minimisers(
    problem: Problem, p: float, objective: str | Objective = Objective.NEURONS
) -> MinimiserCount:
    """Count the functions of least path norm: one feature, a skip, exact labels, weights.

    For p < 1 every minimiser is a cut of `sparsest.exact.line.cheapest_cuts` and different cuts are different
    functions. Where costs differ by no more than floats tell, `sparsest.exact.line.exact_ties` tells; what it
    cannot tell either makes the count an interval. For p = 1 every function between two neighbouring
    candidates costs the same, so that there are infinitely many minimisers unless no two neighbouring samples
    have curvature of one sign.

    Raises
    ------
    InputError
        For another kind of problem, or p outside (0, 1].

    Examples
    --------
    Changes of slope 1, 1, 1: the first two or the last two may be joined.

    >>> from sparsest import Problem
    >>> count_minimisers(Problem([0, 1, 2, 3, 4], [0, 0, 1, 3, 6], affine="skip"), 0.5, "weights")
    MinimiserCount(at_least=2, at_most=2)
    """
    power = check_power(p)
    refuse_other_than_problem(problem)
    curve = curve_of(problem.in_integers, objective)
    starts = runs_of(curve.bends.signs)
    if power == 1:
        joined = bool(np.any(np.diff(starts) > 1))
        return MinimiserCount(2, None) if joined else MinimiserCount(1, 1)
    costs = costs_of(curve.bends, power)
    at_least, at_most = 1, 1
    for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        least = most = _near_ties(costs.alone[start:stop].tolist(), costs.together[start:stop].tolist())
        if most > 1:
            sizes = [abs(rational_change(curve.x, curve.y, i)) for i in range(start, stop)]
            least, most = exact_ties(sizes, power)
        at_least, at_most = at_least * least, at_most * most
    return MinimiserCount(at_least, at_most)


def _near_ties(alone: list[float], together: list[float]) -> int:
    """Return the number of cuts that are cheapest up to rounding, no fewer than are."""
    price, error = 0.0, 0.0
    count, before = 1, 0  # of cheapest cuts up to the last change, and up to the one before it
    for single, pair in zip(alone, together, strict=True):
        joined = pair - price
        single_error = COST_ERROR * single
        pair_error = error + COST_ERROR * pair + UNIT_ROUNDOFF * abs(joined) if pair < float("inf") else 0.0
        near = abs(joined - single) <= single_error + pair_error
        count, before = (count + before if near else before if joined < single else count), count
        price = min(joined, single)
        error = max(single_error, pair_error) if near else pair_error if joined < single else single_error
    return count
