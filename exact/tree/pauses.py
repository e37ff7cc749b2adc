"""Local searches in the pauses of a search of the activation tree: for what, how long, and what they find.

Now and then the search pauses to look for a network of the width that it refutes, or of a few more neurons:
once a network of K neurons is known, only K - 1 is left to refute, which is much less work than to find K in
the tree.
"""

import contextlib
import itertools
from collections.abc import Iterator

from sparsest.errors import InputError
from sparsest.exact.packing.prices import Creases
from sparsest.exact.tree.candidates import accept
from sparsest.exact.tree.limits import SearchLimits
from sparsest.exact.tree.local_search import LocalSearch
from sparsest.exact.tree.output_signs import Signs, sign_splits, signs_of
from sparsest.exact.tree.prepared import MET, Prepared
from sparsest.exact.tree.state import Counters, Findings
from sparsest.network import Network
from sparsest.progress import Deadline

# Multiplications that a local search may spend: some hundredths of a second at first, later about a third of
# what compiled nodes took, some hundredths of a millisecond each. It makes at least so many runs for each
# number of positive signs.
_MIN_WORK = 1e7
_WORK_A_NODE = 1e4
_MIN_STARTS = 16
# Runs side by side: some tenths of a second.
_STARTS_A_RUN = 256
# Networks that the local search found and nobody could prove to fit, after which it is given up: labels that
# were computed in floats, or a bound on weights, which it does not know.
_MAX_REJECTED = 8


class LocalSearches:
    """Says what to search locally for, and judges what was found.

    Parameters
    ----------
    prepared : Prepared
        The problem.
    findings : Findings
        What is known; better networks go there.
    counters : Counters
        Nodes, which say how much work is due, and networks that were rejected.
    given : int or None
        Neurons of a network from elsewhere: whoever found it has looked for narrower ones.
    """

    def __init__(
        self, prepared: Prepared, findings: Findings, counters: Counters, given: int | None = None
    ) -> None:
        self._prepared, self._findings, self._counters = prepared, findings, counters
        self._given = given
        # not the same random networks again after an interruption
        self._local = LocalSearch(prepared.problem, prepared.coordinates, MET, seed=counters.nodes)

    def run(self, width: int, limits: SearchLimits) -> None:
        """Search for networks of `width` neurons and a few more."""
        attempts = self.attempts(width)
        while self.try_next(attempts, limits.deadline) and not limits.deadline.expired:
            limits.report(width)

    def try_next(self, attempts: Iterator[tuple[Signs, int]], deadline: Deadline) -> bool:
        """Make the next of some attempts, if there is one more, and say whether there was."""
        for signs, starts in attempts:
            self.judge(self._local.run(signs, starts, deadline))
            return True
        return False

    def run_along(self, creases: Creases, limits: SearchLimits) -> None:
        """Search for a network whose neurons begin on given hyperplanes, facing either way."""
        signs = tuple(int(sign) for sign in creases.signs)
        self.judge(self._local.run_along(signs, creases.inputs, _STARTS_A_RUN, limits.deadline))

    def attempts(self, width: int) -> Iterator[tuple[Signs, int]]:
        """Generate output signs to search for, fewest first, each with a number of runs.

        They end where a network of as many neurons is known by then.
        """
        nodes = self._counters.nodes
        # looked for before, and only more neurons were found
        unlikely = self._findings.upper in (width + 1, self._given)
        work = nodes * _WORK_A_NODE / 4 if unlikely else max(_MIN_WORK, nodes * _WORK_A_NODE)
        for wider in itertools.count(width):
            work /= 2  # half of all for the width that has to be refuted otherwise
            splits = sign_splits(self._prepared.problem, wider)
            starts = int(work / (max(len(splits), 1) * self._local.work(wider)))
            if starts < _MIN_STARTS and (unlikely or wider > width + 1):
                return
            for positive in splits:
                for begun in range(0, max(starts, _MIN_STARTS), _STARTS_A_RUN):
                    if not self._findings.beats(wider) or self._counters.rejected >= _MAX_REJECTED:
                        return
                    yield signs_of(positive, wider), min(_STARTS_A_RUN, max(starts, _MIN_STARTS) - begun)

    def judge(self, found: Network | None) -> None:
        """Take what a local search found, if it provably fits and is narrower than what is known."""
        if found is None or not self._findings.beats(found.width):
            return
        with contextlib.suppress(InputError):  # numbers that leave the range of floats
            if accept(self._prepared, self._findings, found):
                return
        self._counters.rejected += 1
