"""The least largest error of networks with so many neurons, between two proofs.

Below: within some tolerance more neurons are necessary. Above: a network. Between both a tolerance is chosen
and the fewest neurons within it are bounded, until one of both ends moves: bisection on proofs. With one
feature and a skip a question is one pass over the sorted samples.
"""

import dataclasses
import os
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sparsest.arrays import FloatArray, positive_number, sample_vector
from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import RationalNetwork, meets_every_interval
from sparsest.exact.arithmetic.rational_problem import ExactData, rational
from sparsest.exact.lp.centred_network import centred
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.method_choice import choose_method
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.solver import run_method
from sparsest.exact.trade_off.one_feature import KnotCounter
from sparsest.exact.trade_off.widened import largest_error, short_number_between, within
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.results.solving import ExactResult, Status
from sparsest.results.trade_off import LeastErrorResult

# Bounds this close, relative to the upper one, are equal for whoever asks for no other gap.
GAP: Final = 1e-6
# Where between both bounds to ask, in turn, as long as the answer is not known in time.
_PLACES: Final = (0.5, 0.8, 0.2, 0.95, 0.05)
# The share of the time left that one question may take, and seconds that it may take at least.
_SHARE, _LEAST_SECONDS = 0.2, 0.2
# The share of such a question's time that asking just below the best network may take.
_PROBE: Final = 0.3
# Products up to which a network's errors are evaluated in rational arithmetic, a second or so.
_MAX_PRODUCTS: Final = 300_000


def least_error(  # noqa: PLR0913
    problem: Problem,
    neurons: int,
    *,
    scale: ArrayLike | None = None,
    gap: float = GAP,
    time_limit: float | None = None,
    node_limit: int | None = None,
    network: Network | None = None,
    workers: int = 1,
    proof_file: str | os.PathLike[str] | None = None,
    progress: ProgressCallback | None = None,
) -> LeastErrorResult:
    """Bound the least ``max_i |f(x_i) - y_i| / scale_i`` of networks f with at most so many neurons.

    Parameters
    ----------
    problem : Problem
        The data and the kind of network; labels are its targets, the middles of its intervals.
    neurons : int
        K.
    scale : array-like (N,), optional
        What errors are measured in, positive; 1 by default.
    gap : float
        Distance of the bounds, relative to the upper one, at which the search ends.
    time_limit : float, optional
        Seconds for everything.
    node_limit : int, optional
        Largest number of linear programs for each tolerance that is asked about.
    network : Network, optional
        One of at most K neurons from elsewhere, whose error is an upper bound.
    workers : int
        As for `sparsest.exact.solve`.
    proof_file : path, optional
        Where to write the proof that within the lower bound more than K neurons are necessary.
    progress : callable, optional
        Called with a `Progress`.

    Returns
    -------
    LeastErrorResult
        Both bounds, and the network that attains the upper one.

    Raises
    ------
    InputError
        For options out of their range.

    Examples
    --------
    >>> result = least_error(Problem([0, 1, 2, 3], [0, 1, 0, 1], affine="skip"), 1)
    >>> round(result.upper_bound, 5), str(result.status)
    (0.5, 'optimal')
    """
    refuse_other_than_problem(problem)
    if isinstance(neurons, bool) or not isinstance(neurons, int | np.integer) or neurons < 0:
        raise InputError(f"neurons = {neurons!r:.40}: it must be a whole number, not negative")
    n = problem.n_samples
    scales = np.ones(n) if scale is None else sample_vector(scale, "scale", n)
    if not np.all(scales > 0):
        raise InputError("scale: every entry must be positive")
    if network is not None and not (
        isinstance(network, Network) and network.is_of_kind(problem) and network.count() <= neurons
    ):
        raise InputError(f"network must be one of at most {neurons} neurons, of the problem's kind")
    options = SearchOptions(
        deadline=Deadline(time_limit),
        node_limit=node_limit,
        most=int(neurons),
        workers=workers,
        progress=progress,
        proof_path=None if proof_file is None else Path(proof_file),
    )
    return _Bisection(problem, int(neurons), scales, positive_number(gap, "gap"), options).run(network)


class _Bisection:
    """The interval, and who makes it shorter."""

    def __init__(
        self, problem: Problem, neurons: int, scale: FloatArray, gap: float, options: SearchOptions
    ) -> None:
        self._problem, self._neurons, self._scale = problem, neurons, scale
        self._gap, self._options = gap, options
        self.lower, self.upper = 0.0, np.inf
        self._network: Network | None = Network.zero(problem.n_features, problem.affine)
        self._is_vertex = True  # whether the network is the best one of its patterns
        self._counter = KnotCounter(problem, scale) if KnotCounter.applies_to(problem) else None
        self._questions = self._nodes = 0
        self._status, self._remark = Status.OPTIMAL, ""
        self._proof_written: bool | None = None if options.proof_path is None else False

    def run(self, network: Network | None) -> LeastErrorResult:
        """Ask until the bounds meet, or nothing more is answered in time."""
        # of a network without neurons every error is a label's size, or a digit more by the division
        self.upper = largest_error(self._problem, np.zeros(self._problem.n_samples), self._scale)
        self.upper = float(np.nextafter(self.upper, np.inf)) if self.upper > 0 else 0.0
        try:
            if network is not None:
                self._offer(network)
            self._bisect()
            self._find_network()
            self._write_proof()
        except KeyboardInterrupt:
            self._status = Status.INTERRUPTED
        return LeastErrorResult(
            status=self._status,
            neurons=self._neurons,
            lower_bound=self.lower,
            upper_bound=self.upper,
            network=self._network,
            remark=self._remark,
            questions=self._questions,
            nodes=self._nodes,
            seconds=self._options.deadline.seconds,
            proof_written=self._proof_written,
            problem=self._problem,
        )

    def _bisect(self) -> None:
        deadline = self._options.deadline
        if self.upper > 0:
            self._settle(0.0, max(_SHARE * deadline.remaining, _LEAST_SECONDS))
        places, probed = iter(_PLACES), np.inf
        while self.upper - self.lower > self._gap * self.upper and self._status is Status.OPTIMAL:
            seconds = max(_SHARE * deadline.remaining, _LEAST_SECONDS)
            if self._is_vertex and self.upper < probed:  # least for its patterns, so perhaps least of all
                probed = self.upper
                error = short_number_between((1 - self._gap) * self.upper, self.upper)
                if self._settle(error, _PROBE * seconds):
                    continue
            place = next(places, None)
            if place is None or deadline.expired:
                self._status = Status.TIME_LIMIT if np.isfinite(deadline.remaining) else Status.NODE_LIMIT
            elif self._settle(self._between(place), seconds):
                places = iter(_PLACES)

    def _between(self, place: float) -> float:
        """Return a tolerance about a share of the way from the lower to the upper bound."""
        width = self.upper - self.lower
        reach = min(place, 1 - place) * width
        middle = self.lower + place * width
        return short_number_between(middle - reach / 2, middle + reach / 2)

    def _settle(self, error: float, seconds: float) -> bool:
        """Ask whether K neurons suffice within an error; whether a bound has moved."""
        self._questions += 1
        asked = None
        if self._counter is not None:
            knots, network = self._counter.knots(error), None
            suffices: bool | None = knots is not None and knots <= self._neurons
        else:
            asked = within(self._problem, error, self._scale)
            suffices, network = (False, None) if asked is None else self._answer(asked, seconds)
        if suffices is None:
            return False
        if not suffices:
            self.lower = error
            return True
        self.upper, self._network, self._is_vertex = error, network, False
        if asked is not None and network is not None and error > 0:
            self._offer(centred(asked, Coordinates(asked), network))
        return True

    def _answer(self, asked: Problem, seconds: float) -> tuple[bool | None, Network | None]:
        """Return whether K neurons suffice, None if that is not known in time, and a network that does."""
        result = self._bounded(asked, seconds, None)
        if result.upper_bound is not None and result.upper_bound <= self._neurons:
            return True, result.network
        if result.lower_bound > self._neurons:
            return False, None
        self._remark = result.remark
        return None, None

    def _bounded(self, asked: Problem, seconds: float, proof_path: Path | None) -> ExactResult:
        """Bound the fewest neurons as far as K is concerned."""
        options, deadline = self._options, self._options.deadline
        left = min(seconds, deadline.remaining)
        mine = dataclasses.replace(
            options,
            deadline=Deadline(max(left, 1e-3) if np.isfinite(left) else None),
            progress=None if options.progress is None else self._tell,
            proof_path=proof_path,
        )
        wanted = proof_path is not None
        method, reason = choose_method(asked, Objective.NEURONS, "auto", proof_wanted=wanted, kept=False)
        result = run_method(asked, Objective.NEURONS, method, mine, reason=reason)
        self._nodes += result.nodes
        if result.status is Status.INTERRUPTED:
            self._status = Status.INTERRUPTED
        return result

    def _tell(self, progress: Progress) -> None:
        assert self._options.progress is not None
        self._options.progress(
            dataclasses.replace(
                progress,
                message=f"error between {self.lower:.4g} and {self.upper:.4g}: {progress.message}",
                seconds=self._options.deadline.seconds,
                nodes=self._nodes + progress.nodes,
            )
        )

    def _offer(self, network: Network) -> None:
        """Take a network over if its error, in rational arithmetic, is below the upper bound."""
        problem = self._problem
        if problem.n_samples * (problem.n_features + 1) * (network.width + 1) > _MAX_PRODUCTS:
            return
        error = largest_error(problem, network(problem.X), self._scale)
        # some way up to the bound, so that a few digits and rounding are no matter
        error = short_number_between(error, error + max(0.1 * self._gap * self.upper, 1e-12 * error))
        asked = within(problem, error, self._scale) if error < self.upper else None
        if asked is None:
            return
        neurons = [[rational(v) for v in row] for row in network.folded.tolist()]
        if problem.has_affine_term:
            term = np.zeros(problem.n_features + 1) if network.affine is None else network.affine
            neurons.append([rational(v) for v in term.tolist()])
        exact = RationalNetwork([int(sign) for sign in np.sign(network.outputs)], neurons)
        if meets_every_interval(ExactData(asked.distinct()), exact):
            self.upper, self._network, self._is_vertex = error, network, True

    def _find_network(self) -> None:
        """Make the network that passes over the samples only promised, if need be within a digit more."""
        further = 0.0
        while self._network is None:
            self.upper, further = self.upper * (1 + further), max(2 * further, 2.0**-50)
            asked = within(self._problem, self.upper, self._scale)
            found = None if asked is None else self._bounded(asked, np.inf, None)
            if found is not None and found.upper_bound is not None and found.upper_bound <= self._neurons:
                self._network = found.network

    def _write_proof(self) -> None:
        """Ask within the lower bound once more, and write down why K neurons do not suffice."""
        path = self._options.proof_path
        asked = within(self._problem, self.lower, self._scale)
        if path is None:
            return
        if asked is None:
            self._remark = (
                "no function has a smaller error, because equal inputs have several labels: no proof"
            )
        elif self.lower == 0 and self._status is Status.OPTIMAL and self.upper == 0:
            self._remark = "no error is less than zero: there is nothing to prove"
        else:
            result = self._bounded(asked, np.inf, path)
            self._proof_written = bool(result.proof_written) and result.lower_bound > self._neurons
            self._remark = result.remark
