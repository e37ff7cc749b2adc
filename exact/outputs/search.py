"""The fewest neurons that several outputs share: from below in single directions, from above by networks.

For every integer vector c the function ``c . f`` is a network of one output with at most as many neurons as
f, so that what is proven necessary for it is necessary for f. What outputs have to be (`Shared`) says which
directions there are, and looks for networks.
"""

import dataclasses
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from sparsest.exact.search_options import SearchOptions
from sparsest.multi_output_network import MultiOutputNetwork, SharedProblem
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress
from sparsest.results.solving import CountBounds, ExactResult, Proof, Status
from sparsest.sentences import joined

# Shares of the time left that a bound of all outputs may take, that the first descents take, and those after
# them where they found no network, that a direction may take, and that the search for
# sparser networks takes after a round, and after the last one. Most directions are as good as others, so that
# few get much.
_OF_ALL, _DESCENTS, _FIRST_NETWORK, _DIRECTION, _NETWORKS, _LAST = 0.3, 0.1, 0.5, 0.4, 0.2, 0.9
# Seconds of which these are shares in the first round where there is no limit, and how many times as many in
# each further round over the directions that are not settled.
_SECONDS, _GROWTH = 20.0, 4.0
# Seconds below which nothing more is begun, and how many times what a direction took beyond its limit, for
# summing labels up and writing its proof, has to be left for another one and the proof of all.
_LEAST, _RESERVED = 0.02, 2.0
# Seconds between two reports on networks.
_SILENCE: Final = 0.2
# Directions that go on to the next round: those of the highest lower bounds.
_KEPT: Final = 4

Bound = Callable[[Problem, SearchOptions], ExactResult]
Direction = tuple[int, ...]


class Finder(Protocol):
    """The sparsest network known so far, and what makes sparser ones."""

    @property
    def upper_bound(self) -> int | None:
        """The neurons of the best network."""

    @property
    def network(self) -> MultiOutputNetwork | None:
        """The best network, rounded to floats."""

    def along(self, direction: Direction) -> Network | None:
        """Return ``c . f`` of the best network, unless every exact search makes such a one for itself."""

    def begin(self, witness: MultiOutputNetwork | None, least: int, deadline: Deadline) -> None:
        """Take a network that is given, or look for a first one, of so many neurons or more."""

    def offer_along(self, direction: Direction, network: Network) -> None:
        """Use the neurons of a network for ``c . f``."""

    def look_for(self, least: int, deadline: Deadline) -> None:
        """Look for sparser networks, down to so many neurons."""


class Shared(Protocol):
    """What the outputs have to be: intervals, or classes with a margin."""

    @property
    def problem(self) -> SharedProblem:
        """The data."""

    @property
    def directions(self) -> Sequence[Direction]:
        """Directions to bound, in the order in which they are worth trying."""

    @property
    def reason(self) -> str:
        """How bounds come about, in a few words."""

    def finder(self, deadline: Deadline, tell: Callable[[str], None]) -> Finder:
        """Return what looks for networks."""

    def bound_of_all(self, deadline: Deadline) -> int:
        """Return what is proven of all outputs together, before any direction; 0 for nothing."""

    def write_proof(
        self, path: Path, direction: Direction | None, scalar: Path | None, finder: Finder, lower_bound: int
    ) -> tuple[str, bool]:
        """Write a proof; return what it shows less than was asked, and whether it was written."""

    def result(self, direction: Direction | None, tried: int, **fields: Any) -> CountBounds:
        """Return the result with these fields of `CountBounds`."""


def solve_shared(
    shared: Shared, options: SearchOptions, bound: Bound, witness: MultiOutputNetwork | None = None
) -> CountBounds:
    """Bound the fewest neurons of a network with several outputs, and find one that attains them.

    Parameters
    ----------
    shared : Shared
        The data, and what the outputs have to be.
    options : SearchOptions
        What the search keeps to.
    bound : callable
        Bounds the neurons of a problem with one output, and keeps to options of its own.
    witness : MultiOutputNetwork, optional
        A network from elsewhere, taken if a rational one beside it provably fits.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _Search(shared, options, bound, Path(folder)).run(witness)


class _Search:
    """What is known so far, and who finds out more."""

    def __init__(self, shared: Shared, options: SearchOptions, bound: Bound, folder: Path) -> None:
        self._shared, self._problem = shared, shared.problem
        self._options, self._bound, self._folder = options, bound, folder
        self._finder = shared.finder(options.deadline, self._tell_of_networks)
        self._of_all = 0  # what is proven of all outputs together
        self._best: ExactResult | None = None  # that of the highest lower bound
        self._direction: Direction | None = None
        self._proof_file: Path | None = None
        self._tried: dict[Direction, int] = {}
        self._nodes = self._unverified = self._runs = 0
        self._status: Status | None = None
        self._round, self._told = _SECONDS, 0.0
        self._overhead = 0.0  # seconds that a direction took beyond its limit

    @property
    def _lower(self) -> int:
        return self._of_all if self._best is None else self._best.lower_bound

    @property
    def _closed(self) -> bool:
        return self._finder.upper_bound is not None and self._lower >= self._finder.upper_bound

    def run(self, witness: MultiOutputNetwork | None) -> CountBounds:
        """Try directions in rounds until the bounds meet, or nothing is left to try."""
        try:
            self._of_all = self._shared.bound_of_all(self._share(_OF_ALL))
            self._finder.begin(witness, self._of_all, self._share(_DESCENTS))
            if self._finder.upper_bound is None:
                self._finder.look_for(self._of_all, self._share(_FIRST_NETWORK))
            self._try_directions()
        except KeyboardInterrupt:
            self._status = Status.INTERRUPTED
        return self._result()

    def _try_directions(self) -> None:
        left = list(self._shared.directions)
        while not self._closed and self._status is None:
            open_ones = []
            for direction in left:
                if self._closed or self._status is not None:
                    return
                if not self._settle(direction):
                    open_ones.append(direction)
            if not self._closed and self._status is None:
                self._finder.look_for(self._lower, self._share(_NETWORKS if open_ones else _LAST))
            if not open_ones:
                return
            left = sorted(open_ones, key=lambda c: -self._tried.get(c, 0))[:_KEPT]
            self._round *= _GROWTH

    def _share(self, share: float) -> Deadline:
        """Return a part of the time left, or of the round's where there is no limit."""
        remaining = self._options.deadline.remaining
        return Deadline(
            max(_LEAST, share * min(remaining, self._round if math.isinf(remaining) else remaining))
        )

    def _settle(self, direction: Direction) -> bool:
        """Bound the neurons of a sum of outputs; whether nothing more can be said of it."""
        begun = self._options.deadline.seconds
        if self._options.deadline.remaining < _LEAST + _RESERVED * self._overhead:
            self._status = Status.TIME_LIMIT
            return False
        node_limit = self._options.node_limit
        if node_limit is not None and self._nodes >= node_limit:
            self._status = Status.NODE_LIMIT
            return False
        self._runs += 1
        upper, limit = self._finder.upper_bound, self._share(_DIRECTION)
        path = None
        if self._options.proof_path is not None:
            path = self._folder / f"{self._runs}.json"
        result = self._bound(
            self._problem.along(direction),
            dataclasses.replace(
                self._options,
                deadline=limit,
                node_limit=None if node_limit is None else node_limit - self._nodes,
                most=None if upper is None else upper - 1,
                witness=self._finder.along(direction),
                progress=None if self._options.progress is None else self._tell_of_direction,
                proof_path=path,
            ),
        )
        granted = limit.limit or math.inf
        self._overhead = max(self._overhead, self._options.deadline.seconds - begun - granted)
        self._nodes += result.nodes
        self._tried[direction] = max(result.lower_bound, self._tried.get(direction, 0))
        if result.proof is Proof.EXACT and result.lower_bound > self._lower:
            self._best, self._direction, self._proof_file = result, direction, path
            self._unverified = result.unverified
        elif path is not None:
            path.unlink(missing_ok=True)
        if result.status is Status.INTERRUPTED:
            self._status = Status.INTERRUPTED
        if result.network is not None:
            self._finder.offer_along(direction, result.network)
        return result.status in (Status.OPTIMAL, Status.FINISHED, Status.NUMERICAL)

    def _tell_of_direction(self, progress: Progress) -> None:
        direction = f"direction {len(self._tried) + 1}"
        self._tell(
            dataclasses.replace(
                progress,
                message=f"{direction}: {progress.message}",
                nodes=self._nodes + progress.nodes,
                lower_bound=max(self._lower, progress.lower_bound or 0),
            )
        )

    def _tell_of_networks(self, message: str) -> None:
        if self._options.deadline.seconds > self._told + _SILENCE:
            self._told = self._options.deadline.seconds
            self._tell(Progress(message, 0.0, self._nodes, lower_bound=self._lower))

    def _tell(self, progress: Progress) -> None:
        if self._options.progress is not None:
            seconds, upper = self._options.deadline.seconds, self._finder.upper_bound
            self._options.progress(dataclasses.replace(progress, seconds=seconds, upper_bound=upper))

    def _result(self) -> CountBounds:
        network, options = self._finder.network, self._options
        written, remark = None, _remark_on(self._problem, network)
        if options.proof_path is not None:
            shortfall, written = self._shared.write_proof(
                options.proof_path, self._direction, self._proof_file, self._finder, self._lower
            )
            remark = joined(shortfall, remark)
        return self._shared.result(
            self._direction,
            len(self._tried),
            status=Status.OPTIMAL if self._closed else self._status or Status.FINISHED,
            lower_bound=self._lower,
            upper_bound=self._finder.upper_bound,
            network=network,
            remark=remark,
            objective=Objective.NEURONS,
            proof=Proof.EXACT,
            residual=None if network is None else _residual(self._problem, network),
            method="directions",
            reason=self._shared.reason,
            seconds=options.deadline.seconds,
            nodes=self._nodes,
            unverified=self._unverified,
            solver="" if self._best is None else self._best.solver,
            options={"time_limit": options.deadline.limit, "node_limit": options.node_limit},
            proof_written=written,
            problem=self._problem,
        )


def _residual(problem: SharedProblem, network: MultiOutputNetwork) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return network.residual(problem)


def _remark_on(problem: SharedProblem, network: MultiOutputNetwork | None) -> str:
    if network is None or network.solves(problem):
        return ""
    residual = _residual(problem, network)
    size = f"{residual:.1e}" if math.isfinite(residual) else "more than any float"
    return (
        f"the witness was checked in rational arithmetic; rounded to floats it misses by up to {size}, "
        "because its weights are large or cancel"
    )
