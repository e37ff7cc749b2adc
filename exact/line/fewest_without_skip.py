"""One feature without a skip, or with a constant: the fewest neurons, by two sweeps that meet.

With m the fewest knots of a function through the intervals, m neurons are needed and m + 2 suffice
(`sparsest.exact.line.without_skip`); with a constant m + 1 do. Which of these is the least number depends on
facings, and is as hard as finding a subset of given numbers with a given sum (docs/proofs.md, P5), so that no
method is fast on all data. Here all states that so few neurons lead to are followed from the left and from
the right to a sample where they are about equally many (`gap_sweep`), and compared there (`gap_meeting`):
twice the square root of the number of facings instead of all. First with parts of a few of the states, which
finds most networks there are; then with all, which proves that there is none.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Final, NamedTuple

from sparsest.affine import Affine
from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import RationalNetwork, with_constant_neuron
from sparsest.exact.arithmetic.rational_problem import fraction_to_rational
from sparsest.exact.line.forced_knots import GapProof, Triple, forced_from_both_sides
from sparsest.exact.line.gap_cones import LineSamples
from sparsest.exact.line.gap_meeting import MetNetwork, meet
from sparsest.exact.line.gap_sweep import Level, OutOfTimeError, Sweep, SweepLimits
from sparsest.exact.line.networks_on_a_line import meets_along_a_line, with_one_slope
from sparsest.exact.line.without_skip import bounds_without_skip
from sparsest.exact.method_result import MethodResult
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.sorted_samples import SortedSamples, sorted_samples
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress
from sparsest.results.solving import Proof, Status

# States of a sample that are followed, one after the other, and those of all that are held at most.
_BEAMS: Final = (8, 32, 128)
MAX_STATES: Final = 20_000
# Generators of a state: those of few are quick, and intervals wide open make many.
_FEW_GENERATORS: Final = 10
MAX_GENERATORS: Final = 100
# States times samples beyond which not even a few are followed: their numbers grow with the samples.
_MAX_FOLLOWED: Final = 10_000
_SECONDS_BETWEEN_REPORTS: Final = 0.2
# About what the first network takes for a sample in rational numbers.
_SECONDS_A_SAMPLE: Final = 3e-4


class Evidence(NamedTuple):
    """What a proof of bounds on the neurons is made of.

    Attributes
    ----------
    knots : sequence of triples
        Rows that force knots (`sparsest.exact.line.forced_knots`).
    refuted : list of GapProof
        Numbers of neurons that two sweeps refuted, in order.
    network : RationalNetwork or None
        Meets every interval, verified.
    """

    knots: Sequence[Triple]
    refuted: list[GapProof]
    network: RationalNetwork | None


def applies_to(problem: Problem, objective: Objective) -> bool:
    """Whether `solve_without_skip` bounds `problem`: one feature, no skip, no bound, neurons or weights."""
    return (
        problem.n_features == 1
        and problem.affine is not Affine.SKIP
        and problem.weight_bound is None
        and objective in (Objective.NEURONS, Objective.WEIGHTS)
    )


def solve_without_skip(
    problem: Problem,
    objective: Objective = Objective.NEURONS,
    options: SearchOptions | None = None,
) -> tuple[MethodResult, Evidence]:
    """Return bounds on the fewest neurons, or weights, and a network.

    A neuron without a weight is a constant, which counts no weight: the fewest weights are as many as the
    fewest neurons with a constant, whether the network has a constant or not.

    Parameters
    ----------
    problem : Problem
        One feature, no skip, no weight bound.
    objective : Objective
        Neurons or weights.
    options : SearchOptions, optional
        Time limit, and whom to tell of the progress.

    Returns
    -------
    found : MethodResult
        Bounds and network.
    evidence : Evidence
        What a proof of the neurons is made of.

    Raises
    ------
    InputError
        Unless `applies_to` the problem.
    """
    if not applies_to(problem, objective):
        raise InputError(
            "facings are chosen for one feature, affine='none' or 'constant', and no weight bound"
        )
    return _swept(problem, objective, options or SearchOptions(), prove=True)


def _swept(
    problem: Problem, objective: Objective, options: SearchOptions, *, prove: bool
) -> tuple[MethodResult, Evidence]:
    asked = problem.replace(affine=Affine.CONSTANT) if objective is Objective.WEIGHTS else problem
    search = _Search(asked, options, prove=prove)
    status = search.run()
    network = search.network
    if network is not None and asked is not problem and problem.affine is Affine.NONE:
        network = with_constant_neuron(network)
    result = MethodResult(
        status=status,
        proof=Proof.EXACT,
        lower_bound=search.lower,
        network=None if network is None else network.rounded(1),
        nodes=search.states,
        solver="two sweeps over gaps",
        exact_witness=True,
        remark=_remark(status),
    )
    # proofs of gaps count constants, which weights do not
    refuted = search.refuted if objective is Objective.NEURONS else []
    return result, Evidence(search.forced.from_left, refuted, network)


def brief_bounds(
    problem: Problem, objective: Objective, deadline: Deadline, *, prove: bool
) -> tuple[MethodResult, Evidence]:
    """Return what the two sweeps tell in a short time, for searches that go on from there.

    Parameters
    ----------
    problem, objective
        As for `solve_without_skip`.
    deadline : Deadline
        Ends them.
    prove : bool
        Whether to follow all states where that may raise the lower bound; else a network is all that matters.

    Raises
    ------
    KeyboardInterrupt
        When the sweeps were interrupted.
    """
    found, evidence = _swept(problem, objective, SearchOptions(deadline=deadline), prove=prove)
    if found.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    return found, evidence


class _Search:
    """Bounds, the network found, and how many states were looked at."""

    def __init__(self, problem: Problem, options: SearchOptions, *, prove: bool) -> None:
        self._problem, self._options, self._prove = problem, options, prove
        ordered = sorted_samples(problem.X[:, 0], problem.low, problem.high)
        self._ordered, self._constant = ordered, problem.affine is Affine.CONSTANT
        self.forced = forced_from_both_sides(ordered)
        self.lower, self.states = len(self.forced.from_left), 0
        self.network: RationalNetwork | None = None
        self.refuted: list[GapProof] = []
        self._report_next = 0.0

    @cached_property
    def _units(self) -> tuple[int, int]:
        return _units(self._ordered)

    @cached_property
    def _samples(self) -> LineSamples:
        return _in_integers(self._ordered, self._units, constant=self._constant)

    def run(self) -> Status:
        """Close the gap as far as limits allow; return why that ended."""
        try:
            self._begin()
            budget = self.lower
            while self.network is not None and budget < len(self.network.signs):
                self._settle(budget)
                budget += 1
        except OutOfTimeError:
            return Status.INTERRUPTED if self._options.deadline.interrupted else Status.TIME_LIMIT
        except KeyboardInterrupt:
            return Status.INTERRUPTED
        if self.network is not None and len(self.network.signs) == self.lower:
            return Status.OPTIMAL
        return Status.FINISHED

    def _begin(self) -> None:
        """Find a network of at most two neurons more than there are knots."""
        deadline = self._options.deadline
        if deadline.remaining < _SECONDS_A_SAMPLE * len(self._ordered.x):
            raise OutOfTimeError
        if self._constant:
            self._take(with_one_slope(self._ordered))
        else:
            network = bounds_without_skip(self._problem, deadline, self.lower + 1)[1]
            if network is None:
                raise OutOfTimeError
            self._take(network)

    def _settle(self, budget: int) -> None:
        """Look for a network of so many neurons, or refute them."""
        for limits in self._efforts(budget):
            left, right = self._sweeps(budget, limits)
            complete = left.complete and right.complete
            if limits.reduced and not complete:
                return
            found = meet(left, right, budget, self._options.deadline)
            if found is not None:
                self._take(self._in_own_units(found))
                return
            if complete:
                if budget == self.lower:
                    self.lower += 1
                    forced, place = self.forced, len(left.levels) - 1
                    self.refuted.append(GapProof(budget, place, forced.from_left, forced.from_right))
                return

    def _efforts(self, budget: int) -> Iterator[SweepLimits]:
        """Yield how many states to follow, few of them first; all where that may prove something."""
        count, deadline = len(self._ordered.x), self._options.deadline
        for states in _BEAMS:
            if states * count <= _MAX_FOLLOWED:
                yield SweepLimits(states, _FEW_GENERATORS, reduced=False, deadline=deadline)
        if self._prove and budget == self.lower and _BEAMS[0] * count <= _MAX_FOLLOWED:
            yield SweepLimits(MAX_STATES, MAX_GENERATORS, reduced=True, deadline=deadline)

    def _sweeps(self, budget: int, limits: SweepLimits) -> tuple[Sweep, Sweep]:
        """Return both sweeps, arrived at one sample; the one of fewer states goes on first."""
        forced, count = self.forced, len(self._ordered.x)
        left = Sweep(self._samples, budget, forced.after, limits, outer=True)
        right = Sweep(self._samples.mirrored(), budget, forced.before[::-1], limits, outer=False)
        while len(left.levels) + len(right.levels) <= count:
            shorter = left if len(left.states) <= len(right.states) else right
            self._report(budget)
            shorter.advance()
            self.states += len(shorter.states)
            if limits.reduced and not shorter.complete:
                return left, right
        _meet_at_points(left, right)
        return left, right

    def _take(self, network: RationalNetwork) -> None:
        if not meets_along_a_line(self._ordered, network):
            raise AssertionError("the network found misses an interval")
        if self.network is None or len(network.signs) < len(self.network.signs):
            self.network = network

    def _in_own_units(self, found: MetNetwork) -> RationalNetwork:
        """Return the network found in integers as one of the samples themselves."""
        x, y = self._units
        signs = [neuron.sign for neuron in found.neurons]
        rows = [(neuron.slope * x / y, neuron.intercept / y) for neuron in found.neurons]
        if self._constant:
            rows.append((Fraction(0), found.constant / y))
        return RationalNetwork(signs, [[fraction_to_rational(v) for v in row] for row in rows])

    def _report(self, budget: int) -> None:
        now = self._options.deadline.seconds
        if self._options.progress is None or now < self._report_next:
            return
        self._report_next = now + _SECONDS_BETWEEN_REPORTS
        upper = None if self.network is None else len(self.network.signs)
        message = f"{budget} neurons"
        self._options.progress(Progress(message, now, self.states, None, self.lower, upper))


def _meet_at_points(left: Sweep, right: Sweep) -> None:
    """Move the meeting one sample to the right if states are smaller there: points are told apart at once."""
    here = _size(left.states) + _size(right.states)
    if len(right.levels) < 2 or here == len(left.states) + len(right.states):
        return
    left.advance()
    behind = left if _size(left.states) + _size(right.levels[-2]) >= here else right
    behind.levels.pop()


def _size(level: Level) -> int:
    return sum(len(cone) for _, cone in level)


def _units(ordered: SortedSamples) -> tuple[int, int]:
    """Return by which numbers inputs and interval ends are multiplied to be integers."""
    ends = [v for v in (*ordered.low.tolist(), *ordered.high.tolist()) if math.isfinite(v)]
    return _common_denominator(ordered.x.tolist()), _common_denominator(ends)


def _common_denominator(values: list[float]) -> int:
    return math.lcm(*(value.as_integer_ratio()[1] for value in values))


def _in_integers(ordered: SortedSamples, units: tuple[int, int], *, constant: bool) -> LineSamples:
    x_unit, y_unit = units
    low, high = (
        tuple(_times(v, y_unit) if math.isfinite(v) else None for v in ends.tolist())
        for ends in (ordered.low, ordered.high)
    )
    return LineSamples(tuple(_times(v, x_unit) for v in ordered.x.tolist()), low, high, constant)


def _times(value: float, unit: int) -> int:
    """Return ``value * unit``, an integer; five times as fast as by fractions."""
    numerator, denominator = value.as_integer_ratio()
    return numerator * (unit // denominator)


def _remark(status: Status) -> str:
    if status is not Status.FINISHED:
        return ""
    return "there are more choices of facings than are compared, which leaves the last neuron or two open"
