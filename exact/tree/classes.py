"""When a search of the activation tree refutes output signs by other means than that tree."""

import math
from typing import Final

from sparsest.exact.compiling import was_compiled
from sparsest.exact.dense.branching import refute_by_branching
from sparsest.exact.dense.kernel import enumerate_functions
from sparsest.exact.dense.refutation import MAX_NEURONS, Budget, first_cost, refute_densely
from sparsest.exact.dense.steps import Refutation
from sparsest.exact.search_options import Pacing
from sparsest.exact.tree.output_signs import Signs
from sparsest.problem import Problem
from sparsest.progress import Deadline

# The tree refutes a single neuron in as many nodes as there are unknowns.
_MIN_NEURONS: Final = 2
# Seconds to compile the enumeration, where it has not been before, and the share of those left for that.
_SECONDS_TO_COMPILE: Final = 15.0
_SHARE_OF_TIME: Final = 0.5
# About what the rows of the branching program take for each sample, feature and pattern.
_SECONDS_AN_ENTRY: Final = 2e-6
# Samples for each unknown of the neurons from which on the activation tree takes many minutes over as many
# features as are asked for here; the share of the time that the other tree gets there, about what a program
# of it takes, and most programs for that. With half of a minute two in ten of those that it closes stay open.
_SAMPLES_AN_UNKNOWN: Final = 2
_SHARE_OF_BRANCHING: Final = 0.8
_SECONDS_A_PROGRAM: Final = 5e-4
_MOST_PROGRAMS: Final = 100_000
# Products that take less time than a thousand linear programs: then functions are enumerated first.
_CHEAP: Final = 2e7


class DensestClasses:
    """Refutes output signs, by functions that meet many samples or by a tree that knows of all samples.

    Parameters
    ----------
    problem : Problem
        Its inputs are distinct.
    pacing : Pacing
        From how many features on, and how much work.
    deadline : Deadline
        Of the search.
    """

    def __init__(self, problem: Problem, pacing: Pacing, deadline: Deadline) -> None:
        self._problem, self._deadline = problem, deadline
        self._applies = problem.n_features >= pacing.densest_from
        self._budget = Budget(pacing.densest_products, deadline)
        self._least_programs = pacing.branching_programs

    def refutation(
        self, signs: Signs, nodes_left: float = math.inf, *, closes: bool = False
    ) -> Refutation | None:
        """Return a refutation of these output signs, if one is found.

        Parameters
        ----------
        signs : tuple of +1 and -1
            Output signs.
        nodes_left : float
            Linear programs to solve at most.
        closes : bool
            Whether a network of one neuron more is known.
        """
        if not self._applies or not _MIN_NEURONS <= len(signs) <= MAX_NEURONS:
            return None
        # what every sample says of every pattern is written down before the first node
        entries = self._problem.n_samples * self._problem.n_features * 2 ** len(signs)
        if _SECONDS_AN_ENTRY * entries > _SHARE_OF_TIME * self._deadline.remaining:
            return None
        cost = first_cost(self._problem, signs)
        if cost <= _CHEAP and (step := self._by_functions(cost, signs)) is not None:
            return step
        programs = int(min(self._programs(len(signs), closes=closes), nodes_left))
        found = refute_by_branching(self._problem, signs, programs, self._deadline)
        return self._by_functions(cost, signs) if found is None and cost > _CHEAP else found

    def _programs(self, width: int, *, closes: bool) -> int:
        """Return how many linear programs may be solved: many where the activation tree is hopeless."""
        unknowns = width * (self._problem.n_features + 1)
        if not closes or self._problem.n_samples < _SAMPLES_AN_UNKNOWN * unknowns:
            return self._least_programs
        in_time = _SHARE_OF_BRANCHING * self._deadline.remaining / _SECONDS_A_PROGRAM
        return int(min(max(in_time, self._least_programs), _MOST_PROGRAMS))

    def _by_functions(self, cost: float, signs: Signs) -> Refutation | None:
        if cost > self._budget.now or not self._may_compile():
            return None
        return refute_densely(self._problem, signs, self._budget)

    def _may_compile(self) -> bool:
        enough = _SHARE_OF_TIME * self._deadline.remaining >= _SECONDS_TO_COMPILE
        return enough or was_compiled(enumerate_functions)
