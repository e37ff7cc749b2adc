"""Bisection on proofs: the least largest error with K neurons, between a refutation and a network.

Below: within some tolerance more neurons are necessary. Above: a network. Between both a tolerance is chosen
and the fewest neurons within it are bounded, until one of both ends moves. What a question says of other
numbers of neurons is kept for them: `Knowledge` is one for the whole curve. With one feature and a skip a
question is one pass over sorted samples, which `GrowingSubset` chooses.
"""

import dataclasses
from collections.abc import Callable
from typing import Final

import numpy as np

from sparsest.exact.lp.centred_network import centred
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.method_choice import choose_method
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.solver import run_method
from sparsest.exact.trade_off.growing_subset import GrowingSubset
from sparsest.exact.trade_off.knowledge import NO_NUMBER, Knowledge
from sparsest.exact.trade_off.networks import offer
from sparsest.exact.trade_off.question import ErrorQuestion
from sparsest.exact.trade_off.widened import short_number_between, within
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress
from sparsest.results.solving import ExactResult, Status
from sparsest.results.trade_off import LeastErrorResult
from sparsest.sentences import counted

# Where between both bounds to ask, in turn, as long as the answer is not known in time: near the lower bound
# more is refuted soon, near the upper one a network is found more easily; at first any bound is better than
# none.
_PLACES: Final = (0.5, 0.2, 0.8, 0.05, 0.95)
_FIRST_PLACES: Final = (0.1, 0.5, 0.02, 0.8)
# The share of the time left that one question may take, and seconds that it may take at least.
_SHARE, _LEAST_SECONDS = 0.35, 0.2
# The shares of such a question's time for asking just below the best network, and whether all labels are met.
_PROBE, _ZERO = 0.6, 0.15
# Networks that show a question what suffices have at most so many neurons more than are asked about: to make
# sure that wide ones fit takes longer than they save.
MORE: Final = 4
# The share by which an error grows at first where the network is looked for that passes only promised.
_ULPS: Final = 2.0**-50


@dataclasses.dataclass
class Pace:
    """The least seconds that a question took so far: what is begun with less time left passes the limit."""

    shortest: float = 0.0

    def allows(self, seconds: float) -> bool:
        """Whether a question may be asked with so many seconds left."""
        return seconds > 0 and seconds >= self.shortest

    def took(self, seconds: float) -> None:
        """Note what a question took."""
        self.shortest = min(self.shortest or seconds, seconds)


class PointSearch:
    """Makes the interval of one number of neurons shorter.

    Parameters
    ----------
    question : ErrorQuestion
        What is asked.
    neurons : int
        K.
    options : SearchOptions
        Limits, workers, and whom to tell of the progress.
    known : Knowledge
        Of all numbers of neurons; changed.
    pace : Pace
        Of all questions so far.
    moved : callable
        Called whenever something new is known.
    """

    def __init__(
        self,
        question: ErrorQuestion,
        neurons: int,
        options: SearchOptions,
        known: Knowledge,
        pace: Pace,
        moved: Callable[[], None],
    ) -> None:
        self._question, self._neurons, self._options = question, neurons, options
        self._known, self._pace, self._moved = known, pace, moved
        self._questions = self._nodes = 0
        self._asked_for: Network | None = None  # by the last question that found one, or not made yet
        self._status, self._remark = Status.OPTIMAL, ""

    def run(self) -> LeastErrorResult:
        """Ask until the bounds meet, or nothing more is answered in time."""
        try:
            if self._question.counter is None:
                self._bisect()
            else:
                self._count_knots()
            self._make_network()
        except KeyboardInterrupt:
            self._status = Status.INTERRUPTED
        known, neurons = self._known, self._neurons
        return LeastErrorResult(
            status=self._status,
            neurons=neurons,
            lower_bound=known.lower(neurons),
            upper_bound=known.upper(neurons),
            network=known.network(neurons),
            remark=self._remark,
            questions=self._questions,
            nodes=self._nodes,
            seconds=self._options.deadline.seconds,
            unit=self._question.scale.words,
            problem=self._question.problem,
        )

    @property
    def _lower(self) -> float:
        return self._known.lower(self._neurons)

    @property
    def _upper(self) -> float:
        return self._known.upper(self._neurons)

    def _bisect(self) -> None:
        gap, known = self._question.gap, self._known
        if self._upper > 0 and not known.is_refuted(0.0, self._neurons) and self._has_time:
            self._settle(0.0, _ZERO * self._seconds)
        places, probed = iter(_PLACES if self._lower > 0 else _FIRST_PLACES), np.inf
        while not self._question.is_closed(known, self._neurons) and self._status is Status.OPTIMAL:
            place: float | None = None
            if not self._has_time:
                self._status = Status.TIME_LIMIT
            elif self._is_vertex and self._upper < probed:  # least for its patterns, so perhaps least of all
                probed = self._upper
                self._settle(short_number_between((1 - gap) * probed, probed), _PROBE * self._seconds)
            elif (place := next(places, None)) is None:
                self._status = Status.TIME_LIMIT if np.isfinite(self._seconds) else Status.NODE_LIMIT
            elif self._settle(self._between(place), self._seconds):
                places = iter(_PLACES)

    def _count_knots(self) -> None:
        """Make passes over sorted samples until the bounds meet."""
        known, neurons, deadline = self._known, self._neurons, self._options.deadline
        subset = GrowingSubset(self._question, neurons)
        zero = self._upper > 0 and not known.is_refuted(0.0, neurons)
        while zero or not self._question.is_closed(known, neurons):
            begun = deadline.seconds
            if not self._has_time:
                self._status = Status.TIME_LIMIT
                return
            answer = subset.ask_zero() if zero else subset.ask(self._lower, self._upper)
            zero = False
            if answer is None:
                self._status = Status.NODE_LIMIT
                return
            self._questions += 1
            known.refute(answer.error, answer.least)
            if answer.most is not None:
                known.attain(answer.error, answer.most, None)
            self._pace.took(deadline.seconds - begun)
            self._moved()

    @property
    def _has_time(self) -> bool:
        return self._pace.allows(self._options.deadline.remaining)

    @property
    def _is_vertex(self) -> bool:
        """Whether the network is more than what a question gave, so mostly the best one of its patterns."""
        return self._known.network(self._neurons) is not self._asked_for

    @property
    def _seconds(self) -> float:
        """What a question may take."""
        return max(_SHARE * self._options.deadline.remaining, _LEAST_SECONDS)

    def _between(self, place: float) -> float:
        """Return a tolerance about a share of the way from the lower to the upper bound."""
        width = self._upper - self._lower
        reach = min(place, 1 - place) * width
        middle = self._lower + place * width
        return short_number_between(middle - reach / 2, middle + reach / 2)

    def _settle(self, error: float, seconds: float) -> bool:
        """Ask whether K neurons suffice within an error; whether a bound of theirs has moved."""
        before, begun = (self._lower, self._upper), self._options.deadline.seconds
        self._questions += 1
        question = self._question
        if (asked := within(question.problem, error, question.scale)) is None:
            self._known.refute(error, NO_NUMBER)
        else:
            self._learn(asked, error, self._bounded(asked, error, seconds))
        self._pace.took(self._options.deadline.seconds - begun)
        self._moved()
        return before != (self._lower, self._upper)

    def _learn(self, asked: Problem, error: float, result: ExactResult) -> None:
        """Take what a bounded question says, of these and of other numbers of neurons."""
        self._known.refute(error, result.lower_bound)
        if result.network is None or result.upper_bound is None:
            return
        self._known.attain(error, result.upper_bound, result.network)
        self._asked_for = result.network
        if result.upper_bound <= self._neurons:
            self._remark = ""
            if error > 0:  # the best network with the same patterns
                offer(self._question, self._known, centred(asked, Coordinates(asked), result.network))
        elif result.lower_bound <= self._neurons:
            self._remark = result.remark

    def _bounded(self, asked: Problem, error: float, seconds: float) -> ExactResult:
        """Bound the fewest neurons as far as K is concerned."""
        deadline = self._options.deadline
        left = min(seconds, deadline.remaining)
        options = dataclasses.replace(
            self._options,
            deadline=Deadline(max(left, 1e-3) if np.isfinite(left) else None),
            progress=None if self._options.progress is None else self._tell,
            witness=self._known.narrowest(error, self._neurons + MORE),
            most=self._neurons,
        )
        result = bounded(asked, options)
        self._nodes += result.nodes
        self._known.nodes += result.nodes
        if result.status is Status.INTERRUPTED:
            self._status = Status.INTERRUPTED
        return result

    def _tell(self, progress: Progress) -> None:
        assert self._options.progress is not None
        who = counted(self._neurons, "neurons")
        bounds = f"largest error from {self._lower:.4g} to {self._upper:.4g} (Ctrl-C keeps that)"
        self._options.progress(
            dataclasses.replace(
                progress,
                message=f"{who}: {bounds}: {progress.message}",
                seconds=self._options.deadline.seconds,
                nodes=self._nodes + progress.nodes,
            )
        )

    def _make_network(self) -> None:
        """Make the network that passes over the samples only promised, if need be within a digit more."""
        known, question, further = self._known, self._question, 0.0
        while known.network(self._neurons) is None and further < 1:
            error = self._upper * (1 + further)
            asked = within(question.problem, error, question.scale)
            found = None if asked is None else bounded(asked, SearchOptions(most=self._neurons))
            if found is not None and found.upper_bound is not None and found.upper_bound <= self._neurons:
                known.make(error, self._neurons, found.network)
                self._moved()
            further = max(2 * further, _ULPS)


def bounded(asked: Problem, options: SearchOptions) -> ExactResult:
    """Bound the fewest neurons that meet every interval, by whatever method suits."""
    wanted = options.proof_path is not None
    method, reason = choose_method(asked, Objective.NEURONS, "auto", proof_wanted=wanted, kept=False)
    return run_method(asked, Objective.NEURONS, method, options, reason=reason)
