"""The network of few neurons that puts most samples into their classes, where all of them take more."""

from typing import Final

import numpy as np

from sparsest.exact.classes.descent import GapDescent
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.progress import Deadline

# Random networks that descents begin from.
_STARTS: Final = 4


def closest_classifier(
    problem: MultiClassProblem, neurons: int, *, seed: int, deadline: Deadline
) -> MultiOutputNetwork:
    """Return a network of so many neurons that few samples miss, by descents from random networks.

    Nothing here is proven to be the least.

    Parameters
    ----------
    problem : MultiClassProblem
        The data.
    neurons : int
        K, at least 1.
    seed : int
        Of the networks that descents begin from.
    deadline : Deadline
        Ends the descents; what was reached by then is returned.
    """
    descent, rng = GapDescent(problem), np.random.default_rng(seed)
    best = MultiOutputNetwork.zero(problem.n_features, problem.n_outputs, problem.affine)
    for _ in range(_STARTS):
        if deadline.expired:
            break
        weights = rng.normal(size=(neurons, problem.n_features))
        at = descent.rows[rng.integers(problem.n_samples, size=neurons), :-1]
        start = np.c_[weights, -(weights * at).sum(axis=1)]
        found = descent.closest(start, lambda: deadline.expired)
        if problem.accuracy(found(problem.X)) > problem.accuracy(best(problem.X)):
            best = found
    return best
