"""When a search of the activation tree lets two sweeps over one feature prove, and for how long."""

from typing import Final

from sparsest.exact.line.fewest_without_skip import applies_to, brief_bounds
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.tree.state import Findings
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Seconds at first, and shares of the time spent so far and of the time left later: sweeps over intervals
# close much that the tree does not, and the other way round.
_FIRST: Final = 0.3
_SHARE_OF_TIME_SPENT: Final = 0.5
_SHARE_OF_TIME_LEFT: Final = 0.2
# They take longer each time by this factor at least: all of it is done anew.
_LONGER: Final = 2.0


class Sweeps:
    """Sweeps over the samples of one feature without a skip, now and then, longer each time.

    Parameters
    ----------
    problem : Problem
        The data; where there are other features, or a skip, nothing is done.
    findings : Findings
        What is known; better bounds go there.
    deadline : Deadline
        Of the search.
    prove : bool
        Whether the search may rest on what they refute; else they look for a network, once.
    """

    def __init__(self, problem: Problem, findings: Findings, deadline: Deadline, *, prove: bool) -> None:
        self._problem, self._findings, self._deadline = problem, findings, deadline
        self._prove, self._seconds = prove, 0.0
        self._is_over = not applies_to(problem, Objective.NEURONS)

    def run_if_due(self, log: ProofLog) -> None:
        """Sweep, if it is time, and take the bounds as far as the log can show them."""
        spent, left = self._deadline.seconds, self._deadline.remaining
        seconds = min(max(_FIRST, _SHARE_OF_TIME_SPENT * spent), _SHARE_OF_TIME_LEFT * left)
        if self._is_over or seconds < _LONGER * self._seconds:
            return
        self._seconds = seconds
        part, findings = self._deadline.at_most(seconds), self._findings
        _, evidence = brief_bounds(self._problem, Objective.NEURONS, part, prove=self._prove)
        self._is_over = not self._prove or not part.expired
        if evidence.network is not None and findings.beats(len(evidence.network.signs)):
            findings.take(evidence.network)
        for refuted in evidence.refuted if self._prove else ():
            if not log.gaps(refuted):
                return
            findings.lower = max(findings.lower, refuted.neurons + 1)
