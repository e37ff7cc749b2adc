"""When a search of the activation tree packs curved sets for its lower bound, and for how long."""

from typing import Final

from sparsest.exact.packing.bound import applies_to, pack
from sparsest.exact.tree.limits import SearchLimits
from sparsest.exact.tree.pauses import LocalSearches
from sparsest.exact.tree.prepared import Prepared
from sparsest.exact.tree.state import Counters, Findings
from sparsest.progress import Deadline

# Nodes before the next packing, times those before the last.
_TIMES_AS_MANY: Final = 16
# Seconds for a packing: so many of those that the search took so far, and of those left at most; amidst small
# trees so many of those that a packing may take before any.
_SHARE_OF_TIME_SPENT: Final = 0.5
_SHARE_AMIDST_TREES: Final = 0.25
_SHARE_OF_TIME_LEFT: Final = 0.3


class Packings:
    """Packs curved sets now and then, other ones each time.

    Parameters
    ----------
    prepared : Prepared
        The problem, and the pace.
    findings : Findings
        What is known; better bounds go there.
    counters : Counters
        Nodes, which say when it is time.
    searches : LocalSearches
        Look for a network along the creases that a packing suggests.
    """

    def __init__(
        self, prepared: Prepared, findings: Findings, counters: Counters, searches: LocalSearches
    ) -> None:
        self._prepared, self._findings, self._counters = prepared, findings, counters
        self._searches = searches
        problem, pacing = prepared.problem, prepared.pacing
        first = 0 if problem.n_samples >= pacing.packed_at_once else pacing.packed_from
        self._next = first if applies_to(problem) else None

    def run_if_due(self, limits: SearchLimits) -> None:
        """Pack, if it is time, and raise the lower bound by what that proves."""
        nodes, findings = self._counters.nodes, self._findings
        if self._next is None or nodes < self._next:
            return
        self._next = max(self._prepared.pacing.packed_from, _TIMES_AS_MANY * nodes)
        spent, left = limits.deadline.seconds, limits.deadline.remaining
        least = self._prepared.pacing.packing_seconds * (_SHARE_AMIDST_TREES if nodes else 1.0)
        seconds = min(max(least, _SHARE_OF_TIME_SPENT * spent), _SHARE_OF_TIME_LEFT * left)
        if seconds <= 0:
            return
        packed = pack(
            self._prepared.problem,
            Deadline(seconds),
            enough=findings.upper,
            network=findings.network,
            knots=findings.knots,
            seed=nodes,
        )
        findings.take_packing(packed.packing)
        if packed.creases is not None and findings.beats(packed.packing.bound):
            self._searches.run_along(packed.creases, limits)
