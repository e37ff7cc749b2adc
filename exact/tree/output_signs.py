"""Which output signs a search of the activation tree tries, and why it need not try the others."""

import numpy as np

from sparsest.exact.proof.log import ProofLog
from sparsest.problem import Problem

Signs = tuple[int, ...]


def signs_of(positive: int, width: int) -> Signs:
    """Return the output signs of `width` neurons, `positive` of them 1, those first."""
    return (1,) * positive + (-1,) * (width - positive)


def sign_splits(problem: Problem, width: int) -> list[int]:
    """Return the numbers of positive output signs to try, balanced ones first."""
    splits = range(width + 1)
    if not problem.has_affine_term:
        least = 1 if (problem.low > 0).any() else 0
        largest = width - (1 if (problem.high < 0).any() else 0)
        splits = range(least, largest + 1)
    return sorted(splits, key=lambda positive: abs(2 * positive - width))


def log_excluded(problem: Problem, width: int, log: ProofLog) -> None:
    """Log why the numbers of positive output signs that need no search are out."""
    for positive in set(range(width + 1)).difference(sign_splits(problem, width)):
        needs_positive = positive == 0 and bool((problem.low > 0).any())
        sample = int(np.argmax(problem.low) if needs_positive else np.argmin(problem.high))
        log.begin(signs_of(positive, width))
        log.excluded(sample, 1 if needs_positive else -1)
        log.end()
