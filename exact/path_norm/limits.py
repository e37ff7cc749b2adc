"""Limits of a search for the least path norm, its counters, and its reports of progress."""

import dataclasses
from typing import Final

from sparsest.exact.path_norm.box_search import BoxSearch
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.tree.limits import StoppedError
from sparsest.progress import Deadline, Progress
from sparsest.results.solving import Status

# Seconds between reports.
_REPORT: Final = 0.3


@dataclasses.dataclass
class BoxCounters:
    """Boxes and seconds of searches that are over.

    Attributes
    ----------
    nodes : int
        Boxes that earlier searches of this run examined.
    nodes_before, seconds_before : int, float
        Of earlier runs.
    """

    nodes: int = 0
    nodes_before: int = 0
    seconds_before: float = 0.0


class PathNormLimits:
    """Time and boxes left to a search, and who is told of the progress.

    Parameters
    ----------
    options : SearchOptions
        The limits, and the callback.
    deadline : Deadline
        When this search ends; no later than that of the options.
    counters : BoxCounters
        What was done before.
    search : BoxSearch
        What is done.
    """

    def __init__(
        self, options: SearchOptions, deadline: Deadline, counters: BoxCounters, search: BoxSearch
    ) -> None:
        self.deadline = deadline
        self._node_limit, self._progress = options.node_limit, options.progress
        self._counters, self._search = counters, search
        self._reported = deadline.seconds

    def check(self, width: int = 0) -> None:
        """Report progress now and then; raise `StoppedError` when a limit is reached.

        Searches for networks say how wide these are; here that means nothing.
        """
        if self.deadline.expired:
            raise StoppedError(Status.INTERRUPTED if self.deadline.interrupted else Status.TIME_LIMIT)
        nodes = self._counters.nodes + self._search.nodes
        if self._node_limit is not None and nodes >= self._node_limit:
            raise StoppedError(Status.NODE_LIMIT)
        if self._progress is not None and self.deadline.seconds - self._reported > _REPORT:
            self._reported = self.deadline.seconds
            self._progress(self._report(nodes))

    def _report(self, nodes: int) -> Progress:
        search = self._search
        low, upper = search.interval.in_units(search.boxes.bound), search.interval.least_known
        return Progress(
            f"path norm between {low:.6g} and {upper:.6g}",
            self.deadline.seconds,
            nodes=self._counters.nodes_before + nodes,
            open_subtrees=len(search.boxes),
        )
