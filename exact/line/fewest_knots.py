"""One feature and a skip: fewest knots within any tolerance, and interpolants of least path norm.

The fewest knots are found by `sparsest.exact.line.stabbing`, interpolants of least path norm by
`sparsest.exact.line.cheapest_cuts`.
"""

import contextlib
import itertools
from typing import NamedTuple

import flint
import numpy as np
from numpy.typing import ArrayLike

from sparsest.affine import Affine
from sparsest.arrays import exact_floats
from sparsest.errors import InputError
from sparsest.exact.line.cheapest_cuts import cheapest_cut, cost_of, costs_of, function_of
from sparsest.exact.line.piecewise_linear import PiecewiseLinear as PiecewiseLinear
from sparsest.exact.line.slope_changes import Curvature, curvature
from sparsest.exact.line.stabbing import float_function, rational_function, stab
from sparsest.exact.method_result import MethodResult
from sparsest.exact.sorted_samples import sorted_samples
from sparsest.objectives import Objective, check_power
from sparsest.problem import Problem
from sparsest.results.solving import Proof, Status

# Up to this many knots the witness is rounded from rational numbers, beyond it computed in floats.
_RATIONAL_KNOTS = 1000
_OVERFLOW = "the witness has slopes beyond the largest float"


def applies_to(problem: Problem, objective: Objective) -> bool:
    """Whether `solve_univariate` solves `problem`: one feature, a skip, no bound, knots counted."""
    return (
        problem.n_features == 1
        and problem.affine is Affine.SKIP
        and problem.weight_bound is None
        and objective in (Objective.NEURONS, Objective.WEIGHTS)
    )


def solve_univariate(problem: Problem) -> MethodResult:
    """Return a network with the fewest neurons, proven; see `sparsest.exact.line.stabbing`.

    Raises
    ------
    InputError
        Unless `applies_to` the problem.
    """
    if not applies_to(problem, Objective.NEURONS):
        raise InputError(
            "the univariate method needs one feature, affine='skip' and no weight bound; use method='tree'"
        )
    samples = sorted_samples(problem.X[:, 0], problem.low, problem.high)
    stabbing = stab(samples)
    knots = len(stabbing.sign)
    network, remark = None, _OVERFLOW
    with contextlib.suppress(InputError, OverflowError):
        function = (rational_function if knots <= _RATIONAL_KNOTS else float_function)(stabbing)
        network, remark = function.to_network(), ""
    return MethodResult(
        status=Status.OPTIMAL,
        proof=Proof.EXACT,
        lower_bound=knots,
        network=network,
        nodes=problem.n_samples,
        solver="ordered stabbing",
        exact_witness=True,
        remark=remark,
        samples=samples,
    )


def interpolate(x: ArrayLike, y: ArrayLike, p: float) -> PiecewiseLinear:
    """Return the interpolant that minimises ``sum |change of slope|^p``.

    Parameters
    ----------
    x : array-like (N,)
        Sample positions, strictly increasing.
    y : array-like (N,)
        Values.
    p : float
        Exponent in [0, 1]; 0 counts knots.

    Raises
    ------
    InputError
        If p is outside [0, 1], shapes differ, positions do not increase, or neighbouring samples are so close
        that a slope overflows.

    Examples
    --------
    >>> import numpy as np
    >>> best = interpolate(np.array([-2.0, -1, 0, 1, 2, 3]), np.array([0.0, 0, 1, 1, 0, 0]), 0.0)
    >>> best.knots
    array([-1. ,  0.5,  2. ])
    """
    check_power(p, zero_allowed=True)
    positions, values = exact_floats(x, "x"), exact_floats(y, "y")
    if positions.ndim != 1 or values.shape != positions.shape or not len(positions):
        raise InputError(
            f"x has shape {positions.shape} and y {values.shape}: (N,) with N >= 1 is needed twice"
        )
    if not np.all(positions[1:] > positions[:-1]):
        raise InputError("x does not increase: sort the samples, and merge those at one place")
    bends = curvature(positions, values)
    cut = cheapest_cut(costs := costs_of(bends, p))
    return function_of(positions, values, bends, cut.second, cost_of(costs, cut.second))


class Interpolant(NamedTuple):
    """As `PiecewiseLinear`, in rational numbers."""

    knots: list[flint.fmpq]
    changes: list[flint.fmpq]
    slope: flint.fmpq
    intercept: flint.fmpq


def rational_interpolant(x: list[flint.fmpq], y: list[flint.fmpq]) -> Interpolant:
    """Return the interpolant with the fewest knots in rational arithmetic throughout.

    Parameters
    ----------
    x, y : lists of N rationals
        Samples, positions strictly increasing.
    """
    if len(x) == 1:
        return Interpolant([], [], flint.fmpq(0), y[0])
    slopes = [(y[i + 1] - y[i]) / (x[i + 1] - x[i]) for i in range(len(x) - 1)]
    changes = [after - before for before, after in itertools.pairwise(slopes)]
    signs = np.array([(change > 0) - (change < 0) for change in changes], dtype=np.int8)
    cut = cheapest_cut(costs_of(Curvature(signs, np.abs(signs.astype(np.float64))), 0.0))
    second = [*cut.second.tolist(), False]
    knots, bends = [], []
    for i, change in enumerate(changes):  # as `function_of` has them
        if second[i] or change == 0:
            continue
        following = changes[i + 1] if second[i + 1] else flint.fmpq(0)
        bends.append(change + following)
        knots.append(x[i + 1] + (x[i + 2] - x[i + 1]) * following / (change + following))
    return Interpolant(knots, bends, slopes[0], y[0] - slopes[0] * x[0])
