"""A lower bound for many samples: what few of them ask for, all of them ask for."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from sparsest.errors import InputError
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.path_norm.cones import Cones, build_cones
from sparsest.exact.tree.spread_out_samples import spread_out
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Samples by which each set is larger than the one before, and the share of the time left that it may take.
_MORE: Final = 2
_SHARE: Final = 0.4


def bounds_of_few_samples(
    problem: Problem,
    objective: Objective,
    deadline: Deadline,
    bound_of: Callable[[Problem, Cones, Deadline], float],
) -> Iterator[float]:
    """Yield lower bounds that more and more of the samples give, those spread out over inputs and labels.

    Parameters
    ----------
    problem : Problem
        Too large for its own cones.
    objective : Objective
        What the path norm is taken of.
    deadline : Deadline
        Ends it; one without a limit lasts until cones are too many.
    bound_of : callable
        Given some of the samples, their cones and a deadline, returns a lower bound on their path norm.
    """
    rows = np.c_[problem.X, problem.targets]
    with np.errstate(over="ignore"):
        ranges = np.ptp(rows, axis=0)
    rows = rows / np.where(ranges > 0, ranges, 1.0)
    for count in range(problem.n_features + _MORE, problem.n_samples, _MORE):
        part = deadline.part(_SHARE)
        some = problem.subset(spread_out(rows, count)).replace(weight_bound=None)
        try:
            cones = build_cones(some, objective, part)
        except (InputError, TimeLimitError):
            return
        yield bound_of(some, cones, part)
        if deadline.expired:
            return
