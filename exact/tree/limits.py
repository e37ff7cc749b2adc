"""Limits of a search of the activation tree, and its reports of progress."""

import math
from collections.abc import Callable

from sparsest.exact.search_options import SearchOptions
from sparsest.exact.tree.state import Findings, Headway
from sparsest.progress import Progress
from sparsest.results.solving import Status

# Seconds between two reports of progress.
_REPORT_EVERY = 0.2
# Seconds that nobody notices when a limit is passed.
_NOTHING = 0.3


class StoppedError(Exception):
    """The search was stopped from outside, or cannot come to an end; `status` says by what."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.sentence)
        self.status = status


class SearchLimits:
    """Time and nodes left, and who is told of the progress.

    Parameters
    ----------
    options : SearchOptions
        The limits, and the callback.
    findings : Findings
        What is known, for reports.
    headway : Headway
        What is done: nodes are counted there.
    """

    def __init__(self, options: SearchOptions, findings: Findings, headway: Headway) -> None:
        self.deadline = options.deadline
        self._node_limit, self._progress = options.node_limit, options.progress
        self._findings, self._headway = findings, headway
        self._untried: Callable[[], int] = int
        self._last_report = 0.0
        self.aim = ""  # what is being done, where that is not told by a number of neurons

    def follow(self, untried: Callable[[], int]) -> None:
        """Ask from now on here how many children are not yet tried; they count as open subtrees."""
        self._untried = untried

    @property
    def nodes_left(self) -> float:
        """How many nodes may still be visited."""
        if self._node_limit is None:
            return math.inf
        return self._node_limit - self._headway.counters.nodes_of_this_run

    def reached(self) -> Status | None:
        """Return which limit is reached, if one is."""
        if self.deadline.expired:
            return Status.INTERRUPTED if self.deadline.interrupted else Status.TIME_LIMIT
        counted = self._headway.counters.nodes_of_this_run
        return Status.NODE_LIMIT if self._node_limit is not None and counted >= self._node_limit else None

    def has_time(self, seconds: float) -> bool:
        """Whether so many seconds are left, or none are needed to speak of."""
        return seconds < _NOTHING or seconds < self.deadline.remaining

    def check(self, width: int) -> None:
        """Report progress now and then; raise `StoppedError` when a limit on the present node is passed."""
        counted = self._headway.counters.nodes_of_this_run
        if self.deadline.expired or (self._node_limit is not None and counted > self._node_limit):
            raise StoppedError(self.reached() or Status.NODE_LIMIT)
        self.report(width)

    def expired_after_report(self) -> bool:
        """Report progress now and then; whether the time is up."""
        self.report(self._headway.width)
        return self.deadline.expired

    def report(self, width: int) -> None:
        """Report progress, unless that was done a moment ago."""
        now = self.deadline.seconds
        if self._progress is None or now - self._last_report < _REPORT_EVERY:
            return
        self._last_report = now
        frontier = self._headway.frontier
        waiting = 0 if frontier is None else len(frontier.open)
        self._progress(
            Progress(
                self.aim or f"searching {width} neurons",
                now,
                nodes=self._headway.counters.nodes,
                lower_bound=self._findings.lower,
                upper_bound=self._findings.upper,
                open_subtrees=waiting + self._untried(),
            )
        )
