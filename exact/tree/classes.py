"""When a search of the activation tree refutes output signs by densest classes instead of a tree."""

from typing import Final

from sparsest.exact.compiling import was_compiled
from sparsest.exact.dense.kernel import enumerate_functions
from sparsest.exact.dense.refutation import Budget, first_cost, refute_densely
from sparsest.exact.dense.steps import Step
from sparsest.exact.search_options import Pacing
from sparsest.exact.tree.output_signs import Signs
from sparsest.problem import Problem
from sparsest.progress import Deadline

# The tree refutes a single neuron in as many nodes as there are unknowns.
_MIN_NEURONS: Final = 2
# Seconds to compile the enumeration, where it has not been before, and the share of those left for that.
_SECONDS_TO_COMPILE: Final = 15.0
_SHARE_OF_TIME: Final = 0.5


class DensestClasses:
    """Refutes output signs, as long as that takes little work.

    Parameters
    ----------
    problem : Problem
        Its inputs are distinct.
    pacing : Pacing
        From how many features on, and how much work in all: so much as the checker of proofs does.
    deadline : Deadline
        Of the search.
    """

    def __init__(self, problem: Problem, pacing: Pacing, deadline: Deadline) -> None:
        self._problem, self._deadline = problem, deadline
        self._applies = problem.n_features >= pacing.densest_from
        self._budget = Budget(pacing.densest_products, deadline)

    def refutation(self, signs: Signs) -> Step | None:
        """Return a refutation of these output signs, if one is found."""
        if not self._applies or len(signs) < _MIN_NEURONS:
            return None
        if first_cost(self._problem, signs) > self._budget.now or not self._may_compile():
            return None
        return refute_densely(self._problem, signs, self._budget)

    def _may_compile(self) -> bool:
        enough = _SHARE_OF_TIME * self._deadline.remaining >= _SECONDS_TO_COMPILE
        return enough or was_compiled(enumerate_functions)
