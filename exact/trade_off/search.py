"""One search for a curve or for one point of it: what is asked, what is known, and where that is kept."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sparsest.arrays import positive_number
from sparsest.error_scale import ErrorScale
from sparsest.errors import InputError
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.trade_off.bisection import MORE, Pace, PointSearch
from sparsest.exact.trade_off.checkpoint import opened
from sparsest.exact.trade_off.knowledge import NO_NUMBER, Knowledge
from sparsest.exact.trade_off.networks import begin, offer
from sparsest.exact.trade_off.proofs import with_proof
from sparsest.exact.trade_off.question import ErrorQuestion
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.solving import Status
from sparsest.results.trade_off import LeastErrorResult

# The share of the time that is left for proofs, which repeat the last refutation of every point in writing.
PROVING: Final = 0.4
# Seconds where there are none left: a limit that has passed when it is looked at.
_NO_TIME: Final = 1e-9


class CurveSearch:
    """Bounds points of a curve, each with what is known of all.

    Parameters
    ----------
    problem : Problem
        The data and the kind of network.
    scale : ErrorScale
        What errors are measured in.
    gap : float
        Distance of the bounds, relative to the upper one, to reach.
    options : SearchOptions
        Limits, workers, progress, and the file in which the curve is kept.
    networks : sequence of Network
        From elsewhere.

    Raises
    ------
    InputError
        For a gap or networks that make no sense, or a file that cannot be used.
    """

    def __init__(
        self,
        problem: Problem,
        scale: ErrorScale,
        gap: float,
        options: SearchOptions,
        networks: Sequence[Network],
    ) -> None:
        for network in networks:
            if not (isinstance(network, Network) and network.n_features == problem.n_features):
                raise InputError(f"networks must be of {problem.n_features} features, each a Network")
            if not network.is_of_kind(problem):
                raise InputError(
                    f"a network has an affine term, and the problem asks for {problem.affine.phrase}"
                )
        self._question = ErrorQuestion.of(problem, scale, positive_number(gap, "gap"))
        self.known, self._options, self._pace = Knowledge(), options, Pace()
        begin(self._question, self.known)
        self._saving = opened(options.checkpoint_path, options, self._question, self.known)
        for network in networks:
            offer(self._question, self.known, network)
        self._saving.save()

    @property
    def remark(self) -> str:
        """What the user should know about the file, in one sentence; empty if nothing."""
        return self._saving.remark

    def more_help(self, point: LeastErrorResult) -> bool:
        """Whether more neurons may have a smaller error: a bound may be that of all functions."""
        return point.status is not Status.OPTIMAL or point.lower_bound > self.known.lower(NO_NUMBER - 1)

    def point(self, neurons: int, seconds: float) -> LeastErrorResult:
        """Bound the least largest error of so many neurons, for some seconds at most."""
        options = self._within(seconds)
        search = PointSearch(self._question, neurons, options, self.known, self._pace, self._saving.save)
        return search.run()

    def updated(self, point: LeastErrorResult) -> LeastErrorResult:
        """Return a point with what is known of it by now."""
        known, neurons = self.known, point.neurons
        closed = self._question.is_closed(known, neurons) and known.network(neurons) is not None
        return dataclasses.replace(
            point,
            status=Status.OPTIMAL if closed else point.status,
            remark="" if closed else point.remark,
            lower_bound=known.lower(neurons),
            upper_bound=known.upper(neurons),
            network=known.network(neurons),
        )

    def proven(
        self, point: LeastErrorResult, seconds: float, proof: Path, problem: Path | None = None
    ) -> LeastErrorResult:
        """Write the proof of a point's lower bound; see `with_proof`."""
        # so that nobody looks for networks once more
        known = self.known.narrowest(point.lower_bound, point.neurons + MORE)
        options = dataclasses.replace(self._within(seconds), witness=known)
        return with_proof(self._question, point, options, proof, problem)

    def _within(self, seconds: float) -> SearchOptions:
        limit = None if math.isinf(seconds) else max(seconds, _NO_TIME)
        return dataclasses.replace(
            self._options, deadline=Deadline(limit), checkpoint_path=None, resume=False
        )
