"""When a search of the activation tree packs curved sets for its lower bound, and for how long."""

from typing import Final

from sparsest.exact.packing.bound import MAX_FEATURES, packing_bound
from sparsest.exact.tree.limits import SearchLimits
from sparsest.exact.tree.state import Counters, Findings
from sparsest.problem import Problem
from sparsest.progress import Deadline

# From so many samples on the tree takes longer over the first neurons than the packing over all of them.
MIN_SAMPLES_AT_ONCE: Final = 200
# Nodes before the first packing of fewer samples, some tenths of a second, and before the next one, so many
# times as many: the tree closes most small problems by itself.
FIRST_NODES: Final = 500
_TIMES_AS_MANY: Final = 16
# Seconds for a packing, of those left, and at most.
_SHARE: Final = 0.3
_MOST_SECONDS: Final = 20.0


class Packings:
    """Packs curved sets now and then, other ones each time.

    Parameters
    ----------
    problem : Problem
        With distinct inputs.
    findings : Findings
        What is known; better bounds go there.
    counters : Counters
        Nodes, which say when it is time.
    """

    def __init__(self, problem: Problem, findings: Findings, counters: Counters) -> None:
        self._problem, self._findings, self._counters = problem, findings, counters
        applies = 1 < problem.n_features <= MAX_FEATURES
        first = 0 if problem.n_samples >= MIN_SAMPLES_AT_ONCE else FIRST_NODES
        self._next = first if applies else None

    def run_if_due(self, limits: SearchLimits) -> None:
        """Pack, if it is time, and raise the lower bound by what that proves."""
        nodes, findings = self._counters.nodes, self._findings
        if self._next is None or nodes < self._next:
            return
        self._next = max(FIRST_NODES, _TIMES_AS_MANY * nodes)
        seconds = min(_MOST_SECONDS, _SHARE * limits.deadline.remaining)
        if seconds <= 0:
            return
        packing = packing_bound(
            self._problem, Deadline(seconds), enough=findings.upper, network=findings.network, seed=nodes
        )
        findings.take_packing(packing)
