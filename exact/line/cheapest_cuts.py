"""Interpolants of least path norm on a line, as a cut of the changes of slope into single ones and pairs.

Nakhleh and Nowak (2025), Theorem 3.1: a minimiser of ``sum |change of slope|^p``, 0 < p < 1, is linear
outside the second and the last but one sample, is the chord wherever the discrete curvature changes sign, and
on a run of samples with curvature of one sign its slope at sample i lies between the slopes of the two
adjacent chords. The cost of a run is concave in each of these slopes, so all of them are at an end. Hence
(derived here) a minimiser bends at a sample by the full change of slope there, or leaves out one chord and
bends once, between two neighbouring samples of a run, by the sum of the two changes. Two neighbouring chords
cannot both be left out. So the candidates of a run of m samples are the cuts of its changes
``D_1, ..., D_m > 0`` into single ones and pairs of neighbours; each costs the p-th power of its sum.

The least cost is that of a recursion with one state, ``price_i = min(D_i^p, (D_{i-1} + D_i)^p -
price_{i-1})``. Prices that no single change and no pair exceeds are a feasible point of the dual linear
program, so their sum is a lower bound whatever rounding did to them: both bounds are certified. p = 0 (the
number of knots) is the limit.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.compiling import compile_loop, worth_compiling
from sparsest.exact.line.cheapest_cuts_kernel import cheapest, counted, trace
from sparsest.exact.line.piecewise_linear import PiecewiseLinear
from sparsest.exact.line.slope_changes import SIZE_ERROR, Curvature

# Steps a change of slope (`sparsest.exact.compiling`): `counted` is the longest loop of all, by far.
STEPS_A_CHANGE: Final = 5
# Relative error of a cost: that of a size, a rounded sum, and a power that is accurate to some units.
COST_ERROR: Final = 2 * SIZE_ERROR
# Relative error of a sum of costs, or of prices: NumPy adds in blocks of 128 and those in pairs.
_TOTAL_ERROR: Final = 4 * COST_ERROR

Marks = NDArray[np.bool_]
Starts = NDArray[np.int64]


class Costs(NamedTuple):
    """What each change of slope costs alone, and together with the one before it (n,)."""

    alone: FloatArray
    together: FloatArray


class Cut(NamedTuple):
    """A cheapest cut, and bounds on what it costs.

    Attributes
    ----------
    second : array (n,)
        Whether a change of slope is the second one of a pair.
    lower, upper : float
        Certified bounds on the least cost.
    """

    second: Marks
    lower: float
    upper: float


def costs_of(curvature: Curvature, p: float) -> Costs:
    """Return the costs for an exponent in [0, 1]; changes of different sign, or none, are not paired.

    Raises
    ------
    InputError
        If p > 0, as `refuse_extremes`.
    """
    signs, sizes = curvature
    linked = np.zeros(len(signs), dtype=np.bool_)
    linked[1:] = (signs[1:] == signs[:-1]) & (signs[1:] != 0)
    if p == 0:
        return Costs((signs != 0).astype(np.float64), np.where(linked, 1.0, np.inf))
    refuse_extremes(curvature)
    together = np.full(len(signs), np.inf)
    together[1:] = np.where(linked[1:], (sizes[1:] + sizes[:-1]) ** p, np.inf)
    return Costs(sizes**p, together)


def refuse_extremes(curvature: Curvature) -> None:
    """Raise `InputError` if a change of slope is too small to have all its digits, or their sum overflows."""
    signs, sizes = curvature
    small = (sizes < tolerances.UNDERFLOW) & (signs != 0)
    if small.any():
        i = int(np.argmax(small))
        raise InputError(
            f"the slope changes by only {sizes[i]:g} at inner sample {i} from the left: "
            "multiply the labels by a power of two"
        )
    with np.errstate(over="ignore"):
        total = sizes.sum()
    if np.isinf(total):
        raise InputError(
            "the changes of slope add up beyond the largest float: divide the labels by a power of two"
        )


def cheapest_cut(costs: Costs, *, compiled: bool | None = None) -> Cut:
    """Return the cheapest cut of all runs, in linear time; by default compiled if that pays."""
    alone, together = costs
    second = np.zeros(len(alone), dtype=np.bool_)
    if worth_compiling(STEPS_A_CHANGE * len(alone), compiled):
        prices = np.empty(len(alone))
        compile_loop(cheapest)(alone, together, prices, second)
    else:
        marks, room = [False] * len(alone), [0.0] * len(alone)
        cheapest(alone.tolist(), together.tolist(), room, marks)
        prices, second[:] = np.array(room), marks
    total = cost_of(costs, second)
    return Cut(second, float(prices.sum()) * (1 - _TOTAL_ERROR), total * (1 + _TOTAL_ERROR))


def runs_of(signs: NDArray[np.int8]) -> Starts:
    """Return where runs of one sign begin (each sample without curvature is one), and the end, (r + 1,)."""
    begins = np.ones(len(signs) + 1, dtype=np.bool_)
    begins[1:-1] = (signs[1:] != signs[:-1]) | (signs[1:] == 0)
    return np.flatnonzero(begins)


def counted_cuts(
    costs: Costs, starts: Starts, *, compiled: bool | None = None
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the least costs of each run with 0 to 3 single changes (r, 4), and the choices made (n, 4)."""
    n = len(costs.alone)
    if worth_compiling(STEPS_A_CHANGE * n, compiled):
        totals, choices = np.empty((len(starts) - 1, 4)), np.empty((n, 4), dtype=np.bool_)
        compile_loop(counted)(costs.alone, costs.together, starts, totals, choices)
        return totals, choices
    rows = [[0.0] * 4 for _ in range(len(starts) - 1)]
    marks = [[False] * 4 for _ in range(n)]
    counted(costs.alone.tolist(), costs.together.tolist(), starts.tolist(), rows, marks)
    return np.array(rows).reshape(-1, 4), np.array(marks, dtype=np.bool_).reshape(-1, 4)


def cut_with(
    choices: NDArray[np.bool_],
    starts: Starts,
    singles: NDArray[np.int64],
    *,
    compiled: bool | None = None,
) -> Marks:
    """Return the cut that `counted_cuts` found with so many single changes in each run (r,)."""
    second = np.zeros(len(choices), dtype=np.bool_)
    if worth_compiling(STEPS_A_CHANGE * len(choices), compiled):
        compile_loop(trace)(starts, choices, singles, second)
    else:
        trace(starts.tolist(), choices, singles.tolist(), second)
    return second


def cost_of(costs: Costs, second: Marks) -> float:
    """Return what a cut costs, rounded."""
    first = np.append(second[1:], False)
    return float(np.where(second, costs.together, np.where(first, 0.0, costs.alone)).sum())


def function_of(
    x: FloatArray, y: FloatArray, curvature: Curvature, second: Marks, cost: float
) -> PiecewiseLinear:
    """Return the interpolant that bends as a cut says.

    A single change bends at its sample. A pair at samples i and i + 1, which leaves out the chord between
    them, bends at ``x_i + (x_{i+1} - x_i) D_{i+1} / (D_i + D_{i+1})``.
    """
    signs, sizes = curvature
    here = np.flatnonzero(~second & (signs != 0))
    paired = here[np.append(second[1:], False)[here]]
    changes, shift = np.where(second, 0.0, sizes), np.zeros(len(sizes))
    changes[paired] += sizes[paired + 1]
    shift[paired] = (x[paired + 2] - x[paired + 1]) * (sizes[paired + 1] / changes[paired])
    with np.errstate(over="ignore"):  # `Network` reports it
        slope = float((y[1] - y[0]) / (x[1] - x[0])) if len(x) > 1 else 0.0
        intercept = float(y[0] - slope * x[0])
    bends = np.copysign(changes[here], signs[here])
    return PiecewiseLinear(x[here + 1] + shift[here], bends, slope, intercept, cost)
