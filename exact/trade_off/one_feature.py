"""How many knots labels force within a given error: one feature with a skip, one pass over sorted samples."""

from typing import Final

import numpy as np

from sparsest.affine import Affine
from sparsest.error_scale import ErrorScale
from sparsest.exact.line.stabbing import stab
from sparsest.exact.sorted_samples import SortedSamples, sort_with_places, sorted_samples
from sparsest.problem import Problem

# Relative error, and more, of the three products behind a half length.
_ROUNDINGS: Final = 4 * np.finfo(np.float64).eps


class KnotCounter:
    """Counts the fewest knots within any error, on samples that are sorted once.

    Parameters
    ----------
    problem : Problem
        One feature, a skip, no weight bound; its targets are the labels.
    scale : ErrorScale
        What errors are measured in.
    """

    def __init__(self, problem: Problem, scale: ErrorScale) -> None:
        whole = problem.in_integers
        order, self._x = sort_with_places(whole.X[:, 0])
        self._order, self._labels = order, whole.targets[order]
        unit = 10.0 ** problem.places[-1]
        self._below, self._above = scale.below[order] * unit, scale.above[order] * unit
        self._distinct = bool(np.all(self._x[1:] > self._x[:-1]))

    @staticmethod
    def applies_to(problem: Problem) -> bool:
        """Whether a problem is of one feature, with a skip, and without a weight bound."""
        one = problem.n_features == 1 and problem.affine is Affine.SKIP
        return one and problem.weight_bound is None

    def knots(self, error: float) -> int | None:
        """Return the fewest knots of a function within an error; None where no function is.

        Intervals are rounded outwards: so many knots are necessary, and suffice up to the last digit.
        """
        low = high = self._labels
        if error > 0:
            wider = error * (1 + _ROUNDINGS)
            low = np.nextafter(low - wider * self._below, -np.inf)
            high = np.nextafter(high + wider * self._above, np.inf)
        if self._distinct:
            samples = SortedSamples(self._x, low, high, self._order, self._order)
        else:
            samples = sorted_samples(self._x, low, high)
            if np.any(samples.low > samples.high):
                return None
        return len(stab(samples).sign)
