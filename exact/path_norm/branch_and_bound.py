"""Certified least path norm by branch and bound over cones of neurons.

In the coefficients of the rays of all cones (`sparsest.exact.path_norm.cones`) the path norm is a sum of
t^p, t >= 0 linear: concave, so that on a box of t its chords are the tightest convex function below it (Falk
and Soland 1969), and a linear program bounds it. Boxes are split at the t whose chord misses most. The page
docs/path-norm-branching.md says what else was tried.

Bounds do not rest on tolerances of the linear programs: any multipliers of the rows prove a bound once they
are made small enough that no ray is worth more than it costs, with a margin for rounding
(`sparsest.exact.path_norm.relaxation_kernel.safe_bound`; cf. Neumaier and Shcherbina 2004).
"""

import dataclasses
import heapq
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.line.residual import largest_violation
from sparsest.exact.method_result import PathNormMethodResult
from sparsest.exact.path_norm.box_kernel import BRANCH, CLOSED
from sparsest.exact.path_norm.cones import MAX_RAYS, Cones, IntArray, build_cones
from sparsest.exact.path_norm.copies import copies_needed, repeated
from sparsest.exact.path_norm.first_networks import first_networks
from sparsest.exact.path_norm.intervals_kernel import Box, ratios
from sparsest.exact.path_norm.networks import Candidate, Networks
from sparsest.exact.path_norm.ray_program_kernel import Solution
from sparsest.exact.solver import solve
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.results.solving import Status
from sparsest.weight_bound import split

# Share of the best path norm that boxes may give away: half of what counts as met.
_GIVEN: Final = 0.5 * tolerances.PATH_NORM_GAP
# First smoothing width of a descent that starts at a solution.
_NARROW: Final = 1e-3
# Seconds for a network where there are too many cones, or no descent fits.
_FALLBACK: Final = 20.0
# Numbers kept for open boxes, eight bytes each; beyond, the search goes depth first.
_MAX_KEPT: Final = 50_000_000
# Elements beyond this take slopes below 1e-60, which linear programs in floats cannot weigh.
_MAX_ELEMENT: Final = 1e60
# Seconds between reports.
_REPORT: Final = 0.3

_TOO_MANY = "nothing but zero is known from below: {}"
_HUGE = "nothing but zero is known from below: for so small a p weights may be too large for floats"
_HUGE_BOUNDED = "the lower bound is that without a weight bound: for so small a p weights may be too large"
_COPIES = "the weight bound may call for too many neurons of one cone: the lower bound is that without it"
_ROUNDING = "some boxes could not be decided in floating-point arithmetic"


class OpenBox(NamedTuple):
    """An open box: that of its parent, and one end of one element moved.

    Ordered by bound, later ones first among equals. `high` is shared with the other part; `low` names the
    elements with a positive lower end.
    """

    bound: float
    order: int
    low: tuple[NDArray[np.intp], FloatArray]
    high: FloatArray
    element: int
    ends: tuple[float, float]
    held: IntArray


class Interval:
    """Best network so far, and bounds of what is left, in the units of the problem and of the cones."""

    def __init__(self, networks: Networks, cones: Cones, p: float) -> None:
        self._networks, self._unit = networks, float(cones.label_scale**p)
        self.best: Candidate | None = None
        self.undecided = float("inf")

    @property
    def cost(self) -> float:
        """Path norm of the best network in units of the cones."""
        return float("inf") if self.best is None else self.best.cost / self._unit

    @property
    def cut(self) -> float:
        """Boxes without networks that cost less are closed."""
        return self.cost * (1.0 - _GIVEN)

    def consider(self, solution: Solution | None) -> None:
        """Take the network of a solution if it is better."""
        candidate = None if solution is None else self._networks.candidate(solution)
        if candidate is not None:
            self.take(candidate)

    def take(self, candidate: Candidate) -> None:
        """Take a network that fits if it is better."""
        if self.best is None or candidate.cost < self.best.cost:
            self.best = candidate

    def in_units(self, bound: float) -> float:
        """Return a bound in units of the problem, never above the best path norm, nor below zero."""
        return max(0.0, min(bound, self.undecided, self.cut) * self._unit)


class BoxSearch:
    """Open boxes of one problem, and the loop over them."""

    def __init__(
        self, networks: Networks, cones: Cones, p: float, interval: Interval, deadline: Deadline
    ) -> None:
        self._networks, self._p, self._interval, self._deadline = networks, p, interval, deadline
        self._ratios = ratios(cones.charges, cones.starts, cones.members)
        self._heap: list[OpenBox] = []
        self._stack: list[OpenBox] = []
        self._current: OpenBox | None = None
        self._order = 0
        self.nodes = 0
        largest = interval.cost ** (1.0 / p) * (1.0 + 1e-9)
        if not largest < _MAX_ELEMENT:
            raise OverflowError
        networks.close_ends(largest)
        nothing = np.zeros((0, 4), dtype=np.int64)
        self._put(0.0, networks.box(largest), 0, (-np.inf, np.inf), nothing)

    @property
    def bound(self) -> float:
        """Least bound of an open box; infinite when none is open."""
        boxes = [*self._heap[:1], *self._stack, *([self._current] if self._current else [])]
        return min((box.bound for box in boxes), default=float("inf"))

    def run(self, progress: ProgressCallback | None) -> None:
        """Examine boxes until none is left or the time is up."""
        reported = self._deadline.seconds
        while (self._heap or self._stack) and not self._deadline.expired:
            # from here to the end of the turn its bound counts, whenever Ctrl-C comes
            self._current = self._stack[-1] if self._stack else self._heap[0]
            if self._stack:
                self._stack.pop()
            else:
                heapq.heappop(self._heap)
            if self._current.bound < self._interval.cut:
                self._split(self._current)
            self._current = None
            if progress is not None and self._deadline.seconds - reported > _REPORT:
                reported = self._deadline.seconds
                progress(self._report(reported))

    def _report(self, seconds: float) -> Progress:
        low, best = self._interval.in_units(self.bound), self._interval.best
        upper = float("inf") if best is None else best.cost
        return Progress(
            f"path norm between {low:.6g} and {upper:.6g}",
            seconds,
            nodes=self.nodes,
            open_subtrees=len(self._heap) + len(self._stack),
        )

    def _split(self, box: OpenBox) -> None:
        interval, networks = self._interval, self._networks
        intervals = self._intervals(box)
        found = networks.loops.examine(
            intervals, box.held, self._p, interval.cut, networks.arrays, self._ratios
        )
        self.nodes += 1
        least, solution = max(float(found.least), box.bound), found.solution
        if found.state == CLOSED:
            return
        if found.state != BRANCH or found.where[0] < 0:
            interval.undecided = min(interval.undecided, least)
            return
        if float((solution.values**self._p).sum()) < interval.cost * (1 - 1e-9):
            interval.consider(solution)
            interval.consider(networks.descend(solution.values, _NARROW))
        element = int(np.ravel_multi_index(tuple(found.where), networks.shape))
        self._put(least, intervals, element, (-np.inf, float(found.at[0])), found.held)
        self._put(least, intervals, element, (float(found.at[1]), np.inf), found.held)

    def _put(
        self, bound: float, intervals: Box, element: int, ends: tuple[float, float], held: IntArray
    ) -> None:
        """Keep the part of a box in which an element is between two ends."""
        low, high = intervals
        places = np.flatnonzero(low > 0)
        self._order -= 1
        box = OpenBox(bound, self._order, (places, low.ravel()[places]), high, element, ends, held)
        if len(self._heap) * high.size < _MAX_KEPT:
            heapq.heappush(self._heap, box)
        else:
            self._stack.append(box)

    def _intervals(self, box: OpenBox) -> Box:
        low, high = np.zeros(box.high.shape), box.high.copy()
        low.ravel()[box.low[0]] = box.low[1]
        lower, upper = box.ends
        low.ravel()[box.element] = max(low.ravel()[box.element], lower)
        high.ravel()[box.element] = min(high.ravel()[box.element], upper)
        return Box(low, high)


def solve_by_branching(
    problem: Problem,
    p: float,
    objective: Objective,
    deadline: Deadline,
    progress: ProgressCallback | None = None,
) -> PathNormMethodResult:
    """Bound the least path norm by branch and bound, and find a network close to it.

    Parameters
    ----------
    problem : Problem
        The data. A weight bound is honoured.
    p : float
        Exponent, 0 < p <= 1.
    objective : Objective
        What the path norm is taken of.
    deadline : Deadline
        When it ends, the interval known so far is returned; so it is on Ctrl-C.
    progress : callable, optional
        Called a few times a second.

    Returns
    -------
    PathNormMethodResult
        An interval that is valid whatever the linear programs round, and a network at its upper end.
    """
    relevant = (
        problem.subset(np.isfinite(problem.low) | np.isfinite(problem.high)) if _some(problem) else problem
    )
    distinct = relevant.distinct()
    try:
        cones = build_cones(distinct, objective, deadline)
    except (InputError, TimeLimitError) as error:
        return _without_cones(distinct, p, objective, deadline, str(error))
    if distinct.weight_bound is None:
        return _search(distinct, cones, p, objective, deadline, progress)
    return _search_within_bound(distinct, cones, p, objective, deadline, progress)


def _search(
    problem: Problem,
    cones: Cones,
    p: float,
    objective: Objective,
    deadline: Deadline,
    progress: ProgressCallback | None,
    known: Candidate | None = None,
) -> PathNormMethodResult:
    """Search the networks of the cones, one neuron each; `known` is the best network of those before."""
    networks = Networks(problem, cones, p, objective)
    interval = Interval(networks, cones, p)
    interval.best = known
    search, status, remark = None, Status.OPTIMAL, ""
    try:
        for candidate in first_networks(problem, networks, deadline):
            interval.take(candidate)
        if interval.best is None:
            fallback = _by_counting(problem, p, objective, deadline)
            if fallback.network is None:
                return fallback
            interval.take(Candidate(fallback.network, fallback.upper or 0.0))
        if interval.best is not None and interval.best.cost == 0:
            return PathNormMethodResult(Status.OPTIMAL, 0.0, 0.0, interval.best.network, nodes=0)
        search = BoxSearch(networks, cones, p, interval, deadline)
        search.run(progress)
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    except OverflowError:
        remark = _HUGE
    lower = interval.in_units(0.0 if search is None else search.bound)
    return _concluded(interval, lower, status, deadline, 0 if search is None else search.nodes, remark)


def _search_within_bound(
    problem: Problem,
    cones: Cones,
    p: float,
    objective: Objective,
    deadline: Deadline,
    progress: ProgressCallback | None,
) -> PathNormMethodResult:
    """Search without the weight bound first; if need be again, with as many neurons a cone as it asks for.

    The first search's bound holds for networks within the weight bound too; and so does its network, when p
    is 1, once its neurons are split, which costs nothing then.
    """
    free = problem.replace(weight_bound=None)
    half = Deadline(deadline.remaining / 2)
    found = _search(free, cones, p, objective, half, progress)
    if found.network is None or found.network.within_bound(problem):
        return found
    network = split(problem, found.network)
    if network is None:
        return dataclasses.replace(found, status=Status.NODE_LIMIT, network=None, upper=None, remark=_COPIES)
    cost = network.path_norm(p, objective)
    known, found = Candidate(network, cost), dataclasses.replace(found, upper=cost, network=network)
    if p == 1 or found.status is Status.INTERRUPTED:
        return found
    scale = cones.label_scale
    bound = float(problem.weight_bound or 0.0) / scale
    try:
        copies = copies_needed(Networks(free, cones, p, objective), cones, p, cost / scale**p, bound)
    except OverflowError:
        return dataclasses.replace(found, status=Status.NUMERICAL, remark=_HUGE_BOUNDED)
    if copies.max(axis=1).sum() * cones.charges.shape[1] > MAX_RAYS:
        return dataclasses.replace(found, status=Status.NODE_LIMIT, remark=_COPIES)
    more = repeated(cones, copies)
    again = _search(problem, more, p, objective, deadline, progress, known)
    return dataclasses.replace(again, lower=max(again.lower, found.lower), nodes=again.nodes + found.nodes)


def _concluded(
    interval: Interval, lower: float, status: Status, deadline: Deadline, nodes: int, remark: str
) -> PathNormMethodResult:
    if interval.best is None:
        return PathNormMethodResult(Status.INTERRUPTED, 0.0, None, None, nodes)
    best = interval.best
    met = best.cost - lower <= tolerances.PATH_NORM_GAP * best.cost
    if met:
        status = Status.OPTIMAL
    elif status is Status.OPTIMAL:
        status = Status.TIME_LIMIT if deadline.expired else Status.NUMERICAL
    if status is Status.NUMERICAL and not remark:
        remark = _ROUNDING
    return PathNormMethodResult(status, lower, best.cost, best.network, nodes, "" if met else remark)


def _some(problem: Problem) -> bool:
    """Whether some sample asks for anything, and some for nothing."""
    asked = np.isfinite(problem.low) | np.isfinite(problem.high)
    return bool(asked.any() and not asked.all())


def _by_counting(
    problem: Problem, p: float, objective: Objective, deadline: Deadline
) -> PathNormMethodResult:
    """Return the path norm of a network with few neurons."""
    seconds = max(1e-3, min(deadline.remaining, _FALLBACK))
    found = solve(problem, Objective.NEURONS, time_limit=seconds)
    status = Status.TIME_LIMIT if deadline.expired else Status.NUMERICAL
    if found.network is None or not largest_violation(problem, found.network)[1]:
        return PathNormMethodResult(status, 0.0, None, None, found.nodes)
    cost = found.network.path_norm(p, objective)
    return PathNormMethodResult(
        Status.OPTIMAL if cost == 0 else status, 0.0, cost, found.network, found.nodes
    )


def _without_cones(
    problem: Problem, p: float, objective: Objective, deadline: Deadline, why: str
) -> PathNormMethodResult:
    found = _by_counting(problem, p, objective, deadline)
    if found.status is Status.OPTIMAL:
        return found
    status = Status.TIME_LIMIT if deadline.expired else Status.NODE_LIMIT
    return dataclasses.replace(found, status=status, remark=_TOO_MANY.format(why))
