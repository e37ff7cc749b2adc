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
from pathlib import Path
from typing import Final

from sparsest import tolerances
from sparsest.errors import InputError
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.line.residual import largest_violation
from sparsest.exact.method_result import PathNormMethodResult
from sparsest.exact.path_norm.box_search import BoxSearch, largest_element
from sparsest.exact.path_norm.by_columns import least_sum_by_columns
from sparsest.exact.path_norm.checkpoint import BoxSaving, StoredBoxes, read_stored
from sparsest.exact.path_norm.cones import MAX_RAYS, Cones, build_cones, samples_asked
from sparsest.exact.path_norm.copies import copies_needed
from sparsest.exact.path_norm.farm import BoxFarm
from sparsest.exact.path_norm.few_samples import bounds_of_few_samples, packed_bounds_of_few_samples
from sparsest.exact.path_norm.first_networks import first_networks
from sparsest.exact.path_norm.interval import Interval
from sparsest.exact.path_norm.limits import BoxCounters, PathNormLimits
from sparsest.exact.path_norm.networks import Candidate, Networks
from sparsest.exact.path_norm.packing_turns import PackingTurns
from sparsest.exact.path_norm.pieces import BoxQuestion
from sparsest.exact.path_norm.power_packing import PowerPacking
from sparsest.exact.path_norm.sample_multipliers import LeastSum, applies_to, least_sum
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.solver import solve
from sparsest.exact.tree.checkpoint import open_checkpoint
from sparsest.exact.tree.limits import StoppedError
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.signals import stopping_on_signals
from sparsest.exact.tree.workers import Workers
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress
from sparsest.results.solving import Status
from sparsest.sentences import counted, joined
from sparsest.weight_bound import split

# Seconds for a network where there are too many cones, or no descent fits, and for a bound of few samples.
_FALLBACK: Final = 20.0
# Share of the time for a network there, which a bound needs as well.
_COUNTING: Final = 0.3
# Share of the time for least sums of entries, and of what is left for packings.
_SUMMING: Final = 0.5
_PACKING: Final = 0.7
# Pairs of a ray and a cone from which on they come before any box, and the share of the time for them then.
_MANY_PAIRS: Final = 100_000
_FLOOR: Final = 0.2
# Share of the time for listing cones: with less left afterwards few samples say more than all of them.
_LISTING: Final = 0.4

_TOO_MANY = "nothing but zero is known from below: {}"
_FEW_SAMPLES = "the lower bound is that of few of the samples: {}"
_FROM_SUM = "the lower bound is what that for p = 1 says{}: {}"
_HUGE = "nothing but zero is known from below: for so small a p weights may be too large for floats"
_HUGE_BOUNDED = "the lower bound is that without a weight bound: for so small a p weights may be too large"
_COPIES = "the weight bound may call for too many neurons of one cone: the lower bound is that without it"
_OTHER_CONES = "the checkpoint is about other cones, of another release perhaps: start anew"
_ROUNDING = "some boxes could not be decided in floating-point arithmetic"


def solve_by_branching(
    problem: Problem,
    p: float,
    objective: Objective,
    options: SearchOptions | None = None,
    *,
    workers: Workers | None = None,
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
    options : SearchOptions, optional
        Limits, whom to tell of the progress, and the file in which the search is kept: Ctrl-C and SIGTERM
        then end it where its state is whole. Who works is said by `workers` alone.
    workers : Workers, optional
        Share the boxes.

    Returns
    -------
    PathNormMethodResult
        An interval that is valid whatever the linear programs round, and a network at its upper end.

    Raises
    ------
    InputError
        When the file of the search is damaged, of another search, or in the way.
    """
    options = options or SearchOptions()
    distinct, path = samples_asked(problem), options.checkpoint_path
    search = _PathNormSearch(distinct, p, objective, options, workers)
    if path is None:
        return search.run(None)
    stored = open_checkpoint(
        path,
        distinct,
        resume=options.resume,
        read=lambda path, problem: read_stored(path, problem, p, objective),
    )
    with stopping_on_signals(options.deadline):
        return search.run(stored)


@dataclasses.dataclass(frozen=True)
class _Stage:
    """One of the searches that a question takes: without the weight bound, or within it.

    `known` is the best network before, `floor` the bound, and `copies_from` the path norm from which copies
    of cones were counted.
    """

    question: BoxQuestion
    cones: Cones
    deadline: Deadline
    bounded: bool = False
    known: Candidate | None = None
    floor: float = 0.0
    copies_from: float = 0.0


class _PathNormSearch:
    """The parts of one search, put together."""

    def __init__(
        self,
        problem: Problem,
        p: float,
        objective: Objective,
        options: SearchOptions,
        workers: Workers | None,
    ) -> None:
        self._problem, self._p, self._objective = problem, p, objective
        self._options, self._workers = options, workers
        self._counters = BoxCounters()
        self._saving: Saving | BoxSaving = Saving()

    def run(self, stored: StoredBoxes | None) -> PathNormMethodResult:
        """Close the gap as far as limits allow, and return what is known."""
        if self._options.checkpoint_path is not None:
            self._open(self._options.checkpoint_path, stored)
        try:
            cones = build_cones(self._problem, self._objective, self._options.deadline.part(_LISTING))
        except (InputError, TimeLimitError) as error:
            return self._complete(self._without_cones(str(error)))
        except KeyboardInterrupt:
            return self._complete(_of_network(Status.INTERRUPTED, self._witness()))
        floor = self._floor(cones) if stored is None else 0.0
        if self._problem.weight_bound is None:
            question = BoxQuestion(self._problem, self._p, self._objective, None)
            stage = _Stage(question, cones, self._options.deadline, floor=floor)
            return self._complete(self._search(stage, stored))
        return self._complete(self._search_within_bound(cones, stored, floor))

    def _open(self, path: Path, stored: StoredBoxes | None) -> None:
        saving = BoxSaving(path, self._options, self._problem, self._p, self._objective, self._counters)
        if stored is None:
            saving.claim()
        else:
            saving.resumed(stored)
        self._saving = saving

    def _complete(self, found: PathNormMethodResult) -> PathNormMethodResult:
        """Add what earlier runs did, and what is to be said of the file."""
        return dataclasses.replace(
            found,
            nodes=found.nodes + self._counters.nodes_before,
            remark=joined(found.remark, self._saving.remark),
            seconds_before=self._counters.seconds_before,
        )

    def _floor(self, cones: Cones) -> float:
        """Return what the least sum of entries says, where a search would say nothing for long.

        A proof could not say it.
        """
        if self._p == 1 or self._options.proof_path is not None or len(cones.members) < _MANY_PAIRS:
            return 0.0
        part = self._options.deadline.at_most(_FALLBACK).part(_FLOOR)
        least = least_sum_by_columns(self._problem, self._objective, part)
        if part.interrupted:
            self._options.deadline.interrupt()
        return least.power(self._p)

    # One search

    def _search(self, stage: _Stage, stored: StoredBoxes | None = None) -> PathNormMethodResult:
        """Search the networks of the cones, one neuron each."""
        p, question = self._p, stage.question
        networks = Networks(question.problem, stage.cones, p, self._objective)
        interval = Interval(networks, stage.cones, p)
        interval.raise_floor((stage.floor if stored is None else stored.floor) / stage.cones.label_scale**p)
        for candidate in (stage.known, self._witness()):
            if candidate is not None:
                interval.take(candidate)
        search, status, remark = None, Status.OPTIMAL, ""
        try:
            if stored is None:
                for candidate in first_networks(question.problem, networks, stage.deadline, interval.best):
                    interval.take(candidate)
            else:
                self._take_stored(stored, stage, interval)
            if interval.best is None:
                fallback = self._by_counting(question.problem, stage.deadline)
                if fallback.network is None or fallback.status is Status.INTERRUPTED:
                    return fallback
                interval.take(Candidate(fallback.network, fallback.upper or 0.0))
            if interval.best is not None and interval.best.cost == 0:
                return PathNormMethodResult(Status.OPTIMAL, 0.0, 0.0, interval.best.network, nodes=0)
            largest = largest_element(interval.cost, p) if stored is None else stored.largest
            search = BoxSearch(networks, stage.cones, p, interval, largest)
            if stored is None:
                search.begin()
            else:
                self._restore(stored, stage, search)
            self._examine_boxes(search, stage, networks)
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        except StoppedError as stop:
            status = stop.status
        except OverflowError:
            remark = _HUGE
        self._saving.save()
        lower = interval.in_units(0.0 if search is None else search.boxes.bound)
        nodes = 0 if search is None else search.nodes
        self._counters.nodes += nodes
        return _concluded(interval, lower, status, nodes, remark)

    def _witness(self) -> Candidate | None:
        """Return the network from elsewhere, if it fits."""
        network = self._options.witness
        if network is None or not network.solves(self._problem):
            return None
        return Candidate(network, network.path_norm(self._p, self._objective))

    def _examine_boxes(self, search: BoxSearch, stage: _Stage, networks: Networks) -> None:
        """Examine boxes until none is left, here or, where it takes long, with workers."""
        limits = PathNormLimits(self._options, stage.deadline, self._counters, search)
        if isinstance(self._saving, BoxSaving):
            self._saving.begin(
                search,
                stage.cones,
                bounded=stage.bounded,
                copies_from=stage.copies_from,
            )
        turns = None
        if self._p < 1 and not stage.bounded and self._options.proof_path is None:
            packing = PowerPacking(stage.cones, networks.arrays.ends, self._p)
            turns = PackingTurns(packing, search, stage.deadline)
        while search.boxes:
            limits.check()
            many = search.nodes >= self._options.pacing.shared_from
            if self._workers is not None and many and self._workers.are_ready():
                BoxFarm(
                    self._workers, stage.question, search, limits, self._saving, self._options.pacing, turns
                ).run()
                return
            search.examine_next()
            if turns is not None:
                turns.take()
            self._saving.save_if_due()

    def _take_stored(self, stored: StoredBoxes, stage: _Stage, interval: Interval) -> None:
        """Take over the network in the file."""
        if not stored.best.solves(stage.question.problem):
            raise InputError(
                f"{self._options.checkpoint_path}: the network in the checkpoint does not fit the data"
            )
        interval.take(Candidate(stored.best, stored.best.path_norm(self._p, self._objective)))

    def _restore(self, stored: StoredBoxes, stage: _Stage, search: BoxSearch) -> None:
        """Open the boxes in the file."""
        if not stored.is_about(stage.cones):
            raise InputError(f"{self._options.checkpoint_path}: {_OTHER_CONES}")
        search.interval.undecided = stored.undecided
        for box in stored.boxes:
            search.boxes.put(box)

    # A weight bound

    def _search_within_bound(
        self, cones: Cones, stored: StoredBoxes | None, floor: float
    ) -> PathNormMethodResult:
        """Search without the weight bound first; if need be again, with as many neurons a cone as it takes.

        The first search's bound holds for networks within the weight bound too; and so does its network, when
        p is 1, once its neurons are split, which costs nothing then.
        """
        problem, p, objective = self._problem, self._p, self._objective
        free = BoxQuestion(problem.replace(weight_bound=None), p, objective, None)
        if stored is not None and stored.bounded:
            try:
                return self._search_copies(free, cones, stored.copies_from, stored.floor, None, stored)
            except (OverflowError, _TooManyCopiesError):
                raise InputError(f"{self._options.checkpoint_path}: {_OTHER_CONES}") from None
        stage = _Stage(free, cones, self._options.deadline.part(0.5), floor=floor)
        found = self._search(stage, stored)
        if found.network is None or found.network.within_bound(problem):
            return found
        network = split(problem, found.network)
        if network is None:
            return dataclasses.replace(
                found, status=Status.FINISHED, network=None, upper=None, remark=_COPIES
            )
        cost = network.path_norm(p, objective)
        found = dataclasses.replace(found, upper=cost, network=network)
        if p == 1 or found.status is Status.INTERRUPTED:
            return found
        try:
            return self._search_copies(free, cones, cost, found.lower, network, None)
        except OverflowError:
            return dataclasses.replace(found, status=Status.NUMERICAL, remark=_HUGE_BOUNDED)
        except _TooManyCopiesError:
            return dataclasses.replace(found, status=Status.FINISHED, remark=_COPIES)

    def _search_copies(
        self,
        free: BoxQuestion,
        cones: Cones,
        cost: float,
        floor: float,
        network: Network | None,
        stored: StoredBoxes | None,
    ) -> PathNormMethodResult:
        """Search within the bound, given the path norm of some network within it."""
        p, scale, problem = self._p, cones.label_scale, self._problem
        bound = float(problem.weight_bound or 0.0) / scale
        networks = Networks(free.problem, cones, p, self._objective)
        copies = copies_needed(networks, cones, p, cost / scale**p, bound)
        if copies.max(axis=1).sum() * cones.charges.shape[1] > MAX_RAYS:
            raise _TooManyCopiesError
        question = BoxQuestion(problem, p, self._objective, copies)
        stage = _Stage(
            question,
            question.repeat(cones),
            self._options.deadline,
            bounded=True,
            known=None if network is None else Candidate(network, cost),
            floor=floor,
            copies_from=cost,
        )
        found = self._search(stage, stored)
        return dataclasses.replace(found, nodes=self._counters.nodes, lower_without_bound=floor)

    # Without a search

    def _by_counting(self, problem: Problem, deadline: Deadline) -> PathNormMethodResult:
        """Return the path norm of a network with few neurons, or of the one from elsewhere."""
        seconds = max(1e-3, min(deadline.remaining, _FALLBACK))
        found = solve(problem, Objective.NEURONS, time_limit=seconds)
        status = Status.TIME_LIMIT if deadline.expired else Status.NUMERICAL
        if found.status is Status.INTERRUPTED or deadline.interrupted:
            status = Status.INTERRUPTED
        known = self._witness()
        if found.network is not None and largest_violation(problem, found.network)[1]:
            cost = found.network.path_norm(self._p, self._objective)
            if known is None or cost < known.cost:
                known = Candidate(found.network, cost)
        return _of_network(status, known, found.nodes)

    def _without_cones(self, why: str) -> PathNormMethodResult:
        """Bound what has too many cones: by the least sum of entries, few neurons, and few of the samples."""
        deadline = self._options.deadline
        part = deadline.at_most(_FALLBACK).part(_SUMMING)
        least = least_sum_by_columns(self._problem, self._objective, part)
        status = Status.INTERRUPTED if part.interrupted else Status.FINISHED
        found = self._improved(_of_network(status, self._witness()), least)
        if part.interrupted or _is_met(found, least.power(self._p)):
            return _with_lower(found, least.power(self._p), "")
        found = self._improved(self._by_counting(self._problem, deadline.part(_COUNTING)), least)
        if found.status in (Status.OPTIMAL, Status.INTERRUPTED):
            return _with_lower(found, least.power(self._p), "")
        # what limits leave, but some seconds where there are none: it is never done
        lower, part = 0.0, deadline.at_most(_FALLBACK if deadline.limit is None else deadline.remaining)
        try:
            for bound in packed_bounds_of_few_samples(
                self._problem, self._objective, self._p, part.part(_PACKING), found.upper
            ):
                lower = max(lower, bound)
                self._report(max(lower, least.power(self._p)))
            if not deadline.expired:
                for bound in bounds_of_few_samples(
                    self._problem, self._objective, part, self._bound_of_some, found.network
                ):
                    lower = max(lower, bound)
        except KeyboardInterrupt:
            part.interrupt()
        if max(lower, least.bound) == 0 and not part.expired and applies_to(self._problem, self._objective):
            least = least_sum(self._problem, part)
            found = self._improved(found, least)
        remark = self._from_sum(least) if least.power(self._p) > lower else _FEW_SAMPLES
        lower = max(lower, least.power(self._p))
        status = Status.TIME_LIMIT if deadline.expired else Status.FINISHED
        found = dataclasses.replace(found, status=Status.INTERRUPTED if part.interrupted else status)
        return _with_lower(found, lower, (remark if lower > 0 else _TOO_MANY).format(why))

    def _from_sum(self, least: LeastSum) -> str:
        few = least.samples < self._problem.n_samples
        return _FROM_SUM.format(f", of {counted(least.samples, 'samples')}" if few else "", "{}")

    def _improved(self, found: PathNormMethodResult, least: LeastSum) -> PathNormMethodResult:
        """Return a result with the network of a least sum if that costs less."""
        network = None if least.network is None else split(self._problem, least.network)
        if network is None or not network.solves(self._problem):
            return found
        cost = network.path_norm(self._p, self._objective)
        if found.upper is not None and found.upper <= cost:
            return found
        return dataclasses.replace(found, upper=cost, network=network)

    def _report(self, lower: float) -> None:
        if self._options.progress is not None:
            message = f"path norm at least {lower:.6g}, by few of the samples"
            self._options.progress(Progress(message, self._options.deadline.seconds))

    def _bound_of_some(self, some: Problem, cones: Cones, deadline: Deadline) -> float:
        options = SearchOptions(deadline=deadline, progress=self._options.progress)
        search = _PathNormSearch(some, self._p, self._objective, options, None)
        found = search._search(_Stage(BoxQuestion(some, self._p, self._objective, None), cones, deadline))
        if found.status is Status.INTERRUPTED:
            raise KeyboardInterrupt
        return found.lower


class _TooManyCopiesError(Exception):
    """The weight bound may call for more neurons of one cone than can be searched."""


def _concluded(
    interval: Interval, lower: float, status: Status, nodes: int, remark: str
) -> PathNormMethodResult:
    if interval.best is None:
        return PathNormMethodResult(Status.INTERRUPTED, 0.0, None, None, nodes)
    best = interval.best
    met = best.cost - lower <= tolerances.PATH_NORM_GAP * best.cost
    if met:
        status = Status.OPTIMAL
    elif status is Status.OPTIMAL:
        status = Status.NUMERICAL
    if status is Status.NUMERICAL and not remark:
        remark = _ROUNDING
    return PathNormMethodResult(status, lower, best.cost, best.network, nodes, "" if met else remark)


def _is_met(found: PathNormMethodResult, lower: float) -> bool:
    """Whether a lower bound is as good as the network that is known."""
    return found.upper is not None and found.upper - lower <= tolerances.PATH_NORM_GAP * found.upper


def _with_lower(found: PathNormMethodResult, lower: float, remark: str) -> PathNormMethodResult:
    """Return a result with a lower bound, closed if it is as good as the network."""
    lower = lower if found.upper is None else min(lower, found.upper)
    if _is_met(found, lower):
        return dataclasses.replace(found, status=Status.OPTIMAL, lower=lower, remark="")
    return dataclasses.replace(found, lower=lower, remark=remark)


def _of_network(status: Status, known: Candidate | None, nodes: int = 0) -> PathNormMethodResult:
    """Return that nothing but zero is known from below."""
    if known is None:
        return PathNormMethodResult(status, 0.0, None, None, nodes)
    status = Status.OPTIMAL if known.cost == 0 else status
    return PathNormMethodResult(status, 0.0, known.cost, known.network, nodes)
