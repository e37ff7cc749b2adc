"""The threshold p*: below it every network of least path norm is a sparsest one.

Nakhleh and Nowak (2025), Theorems 3.2 and 4.1, prove that it exists and give no way to compute it. With one
feature, a skip and exact labels the costs of all candidates are compared run by run
(`sparsest.exact.p_star.crossing_of_cuts`), otherwise those of all extreme points where these can be walked
through (`sparsest.exact.p_star.rivals`), and where they cannot it is bounded
(`sparsest.exact.p_star.by_bisection`).
"""

from concurrent.futures import Executor
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest.arrays import FloatArray, exact_floats
from sparsest.cost_curves import CostCurves
from sparsest.errors import InputError
from sparsest.exact.line.cheapest_cuts import (
    Costs,
    Starts,
    cost_of,
    costs_of,
    counted_cuts,
    cut_with,
    function_of,
    runs_of,
)
from sparsest.exact.method_choice import PathLike, checkpoint_path
from sparsest.exact.p_star import crossing_of_points, rivals
from sparsest.exact.p_star.by_bisection import (
    UpperEnd,
    bound_threshold,
    most_parts,
    share_of,
    sizes_of_sparsest,
)
from sparsest.exact.p_star.counting import Counting, counting_of
from sparsest.exact.p_star.crossing_of_cuts import crossing_of_cuts
from sparsest.exact.path_norm import extreme_points, one_feature
from sparsest.exact.path_norm.extreme_points import Point, sizes_as_floats
from sparsest.exact.path_norm.one_feature import Curve, curve_of
from sparsest.exact.search_options import SearchOptions
from sparsest.network import Network
from sparsest.objectives import Objective, check_power
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline
from sparsest.results.path_norm import ThresholdResult
from sparsest.results.solving import ExactResult, Proof, Status
from sparsest.units import in_own_units, path_norm_unit

# Seconds unless the caller says otherwise.
TIME_LIMIT: Final = 30.0
# Share of the time for the fewest neurons, weights or parameters, at first; where that does not do, share of
# what is left then for an upper end, which takes no proof of the count. Counting has the rest.
_COUNTING: Final = 1 / 3
_BETWEEN: Final = 1 / 2
# Share of what is left then for comparing all extreme points.
_COMPARING: Final = 0.7
# Where the sparsest network of least path norm is shown when it never loses its place.
_BELOW = 0.5
_OPEN = "rounding, or costs that touch without crossing, leave open whether p* is the upper bound"
# Bounds further apart than this are not explained by the rounding of a plain crossing, which leaves some
# 1e-12, and 1e-9 among 100,000 samples of one run.
_WIDE = 1e-7


def threshold(
    problem: Problem,
    objective: str | Objective = Objective.NEURONS,
    *,
    time_limit: float | None = TIME_LIMIT,
    workers: int = 1,
    executor: Executor | None = None,
    checkpoint_file: PathLike | None = None,
    resume: bool = False,
) -> ThresholdResult:
    """Bound p*: the largest q <= 1 such that for all p < q every minimiser of the path norm is sparsest.

    Parameters
    ----------
    problem : Problem
        The data.
    objective : str or Objective
        What is counted, and what the path norm is taken of: "weights", "neurons" or "parameters".
    time_limit : float or None
        Seconds; None is no limit. On Ctrl-C the interval known so far is returned. The method for one
        feature, a skip, exact labels and weights takes near-linear time and ends by itself.
    workers : int
        Processes that share the search for the smallest count, and those for least path norms.
    executor : concurrent.futures.Executor, optional
        Where these are shared instead, `workers` pieces at a time: a pool of your own, or a Dask cluster's
        ``Client.get_executor()``.
    checkpoint_file : path, optional
        Where the search for the smallest count is kept, which takes longest and on which all else rests. A
        file that exists is only touched with `resume`.
    resume : bool
        Continue that search in the file if it exists; the rest begins anew.

    Returns
    -------
    ThresholdResult
        Bounds on p* and the two networks that change places there. With one feature, a skip, exact labels and
        weights, or when extreme points can all be compared, both bounds are certified and differ by rounding,
        in general by some 1e-12 of p*. Otherwise the lower end is what the digits of the data alone certify,
        which is small, the upper end is a p found too large, and the remark says so. See docs/p-star.md.

    Raises
    ------
    InputError
        When no network fits or none is found in time, when slopes or weights leave the range of floats, or
        for a checkpoint that is damaged, of another problem, in the way, or of a method that keeps nothing.

    Examples
    --------
    Changes of slope 1, 16, 16, 1 in a run of one sign. The sparsest function joins 1 + 16 and 16 + 1, the
    other one 16 + 16 and leaves both 1 alone: 2 * 17^p = 2 + 32^p.

    >>> from sparsest import Problem, exact
    >>> y = [0, 0, 1, 18, 51, 85]
    >>> result = exact.threshold(Problem([0, 1, 2, 3, 4, 5], y, affine="skip"), "weights")
    >>> f"{result.lower_bound:.9f}", result.network.count(), result.other.count()
    ('0.342336339', 2, 3)
    """
    refuse_other_than_problem(problem)
    goal = Objective.parse(objective)
    options = SearchOptions(
        deadline=Deadline(time_limit),
        workers=workers,
        executor=executor,
        checkpoint_path=None if checkpoint_file is None else checkpoint_path(checkpoint_file, "tree"),
        resume=resume,
    )
    if one_feature.applies_to(problem, goal):
        if options.checkpoint_path is not None:
            raise InputError(
                "one feature with a skip takes no search that could be kept: leave the checkpoint out"
            )
        return _by_runs(problem, goal, options.deadline)
    with counting_of(problem, goal, options) as counting:
        return _by_searches(problem, goal, counting, options)


def _by_searches(
    problem: Problem, goal: Objective, counting: Counting, options: SearchOptions
) -> ThresholdResult:
    """Divide the time among the search for the smallest count and what rests on it."""
    deadline, upper = options.deadline, UpperEnd(problem, goal, options)
    fewest = counting.go_on(share_of(deadline, _COUNTING))
    stopped = None
    if fewest.status is Status.TIME_LIMIT:
        if fewest.network is not None:
            upper.look(most_parts(fewest), deadline.part(_BETWEEN))
        if upper.stopped is Status.INTERRUPTED:
            stopped = Status.INTERRUPTED
        else:
            fewest = counting.go_on(share_of(deadline, 1.0))
    if fewest.status is Status.OPTIMAL and fewest.proof is Proof.EXACT and stopped is None:
        try:
            found, stopped = _by_points(problem, goal, fewest, deadline)
        except KeyboardInterrupt:
            found, stopped = None, Status.INTERRUPTED
        if found is not None:
            return found
    return bound_threshold(problem, goal, fewest, upper, deadline, stopped=stopped)


def certifies_threshold(problem: Problem, objective: str | Objective = Objective.NEURONS) -> bool:
    """Whether `threshold` has a method that certifies both bounds to rounding in its usual time.

    Examples
    --------
    >>> from sparsest import Problem, exact
    >>> exact.certifies_threshold(Problem([0, 1, 2], [0, 0, 1], affine="skip"), "weights")
    True
    """
    goal = Objective.parse(objective)
    if one_feature.applies_to(problem, goal):
        return True
    exact = rivals.bases(problem, goal)
    return exact is not None and rivals.seconds_needed(exact) < TIME_LIMIT


def _by_runs(problem: Problem, goal: Objective, deadline: Deadline) -> ThresholdResult:
    curve = curve_of(problem.in_integers, goal)
    crossing = crossing_of_cuts(curve.bends)
    power = _BELOW if crossing.which is None else crossing.upper
    starts = runs_of(curve.bends.signs)
    costs = costs_of(curve.bends, power)
    _, choices = counted_cuts(costs, starts)
    fewest = np.diff(starts) % 2
    other = None
    if crossing.which is not None:
        more = fewest.copy()
        more[np.searchsorted(starts, crossing.which, side="right") - 1] += 2
        other = in_own_units(problem, _network(curve, costs, cut_with(choices, starts, more)))
    wide = crossing.upper - crossing.lower > _WIDE
    return ThresholdResult(
        status=Status.NUMERICAL if wide else Status.OPTIMAL,
        objective=goal,
        lower_bound=crossing.lower,
        upper_bound=crossing.upper,
        network=in_own_units(problem, _network(curve, costs, cut_with(choices, starts, fewest))),
        other=other,
        nodes=crossing.boxes,
        seconds=deadline.seconds,
        remark=_OPEN if wide else "",
        problem=problem,
    )


def _by_points(
    problem: Problem, goal: Objective, fewest: ExactResult, deadline: Deadline
) -> tuple[ThresholdResult | None, Status | None]:
    """Compare all extreme points, given the least count; where that did not work, None, and what stopped it.

    Nothing stopped it where there are too many to begin with.
    """
    exact = rivals.bases(problem, goal)
    limit = Deadline(share_of(deadline, _COMPARING))
    sizes = sizes_of_sparsest(fewest)
    if exact is None or not sizes.any() or not rivals.fits_into(exact, limit.remaining):
        return None, None
    found = rivals.rivals(exact, sizes, limit)
    if found is None:
        return None, Status.TIME_LIMIT if limit.expired else None
    crossing = found.crossing
    power = _BELOW if crossing.which is None else crossing.upper
    best = int(np.argmin(crossing_of_points.costs_at(sizes_as_floats(found.sparsest), power)))
    wide = crossing.upper - crossing.lower > _WIDE
    result = ThresholdResult(
        status=Status.NUMERICAL if wide else Status.OPTIMAL,
        objective=goal,
        lower_bound=crossing.lower,
        upper_bound=crossing.upper,
        network=found.sparsest[best].to_network(),
        other=None if crossing.which is None else found.others[crossing.which].to_network(),
        nodes=crossing.boxes,
        seconds=deadline.seconds,
        remark=_OPEN if wide else "",
        problem=problem,
    )
    return result, None


def _split(points: list[Point]) -> tuple[list[Point], list[Point]]:
    """Return the sparsest points, and the others."""
    fewest = min(len(point.sizes) for point in points)
    sparsest = [point for point in points if len(point.sizes) == fewest]
    return sparsest, [point for point in points if len(point.sizes) > fewest]


def cost_curves(
    problem: Problem,
    powers: ArrayLike,
    objective: str | Objective = Objective.NEURONS,
    *,
    time_limit: float | None = TIME_LIMIT,
) -> CostCurves:
    """Return the least path norm of the sparsest networks and of the others for each p of an array (S,).

    The others are the extreme points that are not sparsest: no minimiser is any other function for p < 1.

    Raises
    ------
    InputError
        Unless every 0 < p <= 1; for problems whose extreme points are too many to list, other than those with
        one feature, a skip, exact labels and weights.

    Examples
    --------
    >>> from sparsest import Problem, exact
    >>> problem = Problem([0, 1, 2, 3, 4, 5], [0, 0, 1, 18, 51, 85], affine="skip")
    >>> curves = exact.cost_curves(problem, [0.3, 0.4], "weights")  # p* is 0.342...
    >>> curves.sparsest < curves.others
    array([ True, False])
    """
    grid = exact_floats(powers, "powers")
    if grid.ndim != 1:
        raise InputError(f"powers have shape {grid.shape}: a list of numbers is needed")
    for p in grid:
        check_power(float(p))
    refuse_other_than_problem(problem)
    goal = Objective.parse(objective)
    deadline = Deadline(time_limit)
    if one_feature.applies_to(problem, goal):
        curve = curve_of(problem.in_integers, goal)
        starts = runs_of(curve.bends.signs)
        pairs = [_least(costs_of(curve.bends, float(p)), starts) for p in grid]
        units = np.array([path_norm_unit(problem, float(p)) for p in grid])
        sparsest, others = np.array(pairs).reshape(-1, 2).T * units
        return CostCurves(grid, sparsest, None if np.isinf(others).any() else others)
    points = extreme_points.extreme_points(problem, goal, deadline)
    if points is None:
        raise InputError("the extreme points were not all listed within the time limit: raise it")
    curves = [_lowest(part, grid) for part in _split(points)]
    return CostCurves(grid, curves[0], curves[1] if np.isfinite(curves[1]).all() else None)


def _lowest(points: list[Point], grid: FloatArray) -> FloatArray:
    """Return the least cost of some points at each p; infinite when there are none."""
    sizes = sizes_as_floats(points)
    return np.array([crossing_of_points.costs_at(sizes, float(p)).min(initial=np.inf) for p in grid])


def _least(costs: Costs, starts: Starts) -> tuple[float, float]:
    """Return the least cost of a sparsest cut, and of one with two more single changes in one run."""
    totals, _ = counted_cuts(costs, starts)
    lengths = np.diff(starts)
    run, fewest = np.arange(len(lengths)), lengths % 2
    sparsest = totals[run, fewest]
    extra = (totals[run, fewest + 2] - sparsest)[lengths >= 2]
    return float(sparsest.sum()), float(sparsest.sum() + extra.min(initial=np.inf))


def _network(curve: Curve, costs: Costs, second: NDArray[np.bool_]) -> Network:
    return function_of(curve.x, curve.y, curve.bends, second, cost_of(costs, second)).to_network()
