"""Few samples that stand for many: spread out by farthest-point traversal."""

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.problem import Problem


def spread_out(rows: FloatArray, count: int) -> NDArray[np.intp]:
    """Return `count` of the rows (N, r), in increasing order, each far from the others.

    Starting at the row nearest to the mean, the next is always the one farthest from all chosen so far, which
    is at most twice as far as in the best choice (Gonzalez, "Clustering to minimize the maximum intercluster
    distance", 1985, Theorem 2.2).
    """
    if count >= len(rows):
        return np.arange(len(rows))
    chosen = np.empty(count, dtype=np.intp)
    chosen[0] = np.linalg.norm(rows - rows.mean(axis=0), axis=1).argmin()
    distance = np.full(len(rows), np.inf)
    for i in range(1, count):
        distance = np.minimum(distance, np.linalg.norm(rows - rows[chosen[i - 1]], axis=1))
        chosen[i] = distance.argmax()
    return np.sort(chosen)


def some_samples(problem: Problem, count: int) -> Problem:
    """Return so many samples of a problem, spread out over inputs and labels."""
    rows = np.c_[problem.X, problem.targets]
    with np.errstate(over="ignore"):
        ranges = np.ptp(rows, axis=0)
    return problem.subset(spread_out(rows / np.where(ranges > 0, ranges, 1.0), count))
