"""How many knots labels force within a given error: one feature with a skip, one pass over sorted samples."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.error_scale import ErrorScale
from sparsest.exact.compiling import worth_compiling
from sparsest.exact.line.stabbing import stab
from sparsest.exact.line.stabbing_kernel import STEPS_A_SAMPLE
from sparsest.exact.sorted_samples import SortedSamples, sort_with_places, sorted_samples
from sparsest.problem import Problem

# Relative error, and more, of the three products behind a half length.
_ROUNDINGS: Final = 4 * np.finfo(np.float64).eps

Places = NDArray[np.integer]


class Count(NamedTuple):
    """The fewest knots of a function within an error.

    Attributes
    ----------
    knots : int or None
        None where no function is: labels of one position lie too far apart.
    touched : array of int
        Places, in order of x, of the samples that force as many knots on their own, and of those that hold
        the last link back.
    """

    knots: int | None
    touched: Places

    def is_at_most(self, knots: int) -> bool:
        """Whether so many knots suffice."""
        return self.knots is not None and self.knots <= knots


class KnotCounter:
    """Counts the fewest knots within any error, on samples in order.

    Parameters
    ----------
    x, labels, below, above : arrays (N,)
        Positions, not decreasing; labels, and units of errors below and above them.
    compiled : bool
        Whether to count by compiled code.
    """

    def __init__(
        self, x: FloatArray, labels: FloatArray, below: FloatArray, above: FloatArray, *, compiled: bool
    ) -> None:
        self._x, self._labels, self._below, self._above = x, labels, below, above
        self._compiled = compiled
        self._places = np.arange(len(x))
        self._is_distinct = bool(np.all(x[1:] > x[:-1]))

    @classmethod
    def of(cls, problem: Problem, scale: ErrorScale) -> "KnotCounter":
        """Return the counter of all samples of a problem that it `applies_to`; its targets are the labels."""
        whole = problem.in_integers
        order, x = sort_with_places(whole.X[:, 0])
        unit = 10.0 ** problem.places[-1]
        below, above = scale.below[order] * unit, scale.above[order] * unit
        compiled = worth_compiling(STEPS_A_SAMPLE * len(x))  # many passes over parts are long, too
        return cls(x, whole.targets[order], below, above, compiled=compiled)

    @staticmethod
    def applies_to(problem: Problem) -> bool:
        """Whether a problem is of one feature, with a skip, and without a weight bound."""
        one = problem.n_features == 1 and problem.affine is Affine.SKIP
        return one and problem.weight_bound is None

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self._x)

    def restricted(self, places: Places) -> "KnotCounter":
        """Return the counter of some samples, at increasing places: what they force all samples force."""
        parts = (part[places] for part in (self._x, self._labels, self._below, self._above))
        return KnotCounter(*parts, compiled=self._compiled)

    def extremes(self, error: float, block: int) -> Places:
        """Return the places of both ends, and of the tightest intervals within an error.

        Of so many samples in a row that with the highest lower end, that with the lowest upper end; what is
        left over after the last row is taken whole.
        """
        whole = len(self) // block * block
        starts = np.arange(0, whole, block)
        low = (self._labels[:whole] - error * self._below[:whole]).reshape(-1, block)
        high = (self._labels[:whole] + error * self._above[:whole]).reshape(-1, block)
        found = starts + low.argmax(axis=1), starts + high.argmin(axis=1)
        return np.unique(np.r_[0, *found, np.arange(whole, len(self)), len(self) - 1])

    def count(self, error: float) -> Count:
        """Return the fewest knots of a function within an error.

        Intervals are rounded outwards: so many knots are necessary, and suffice up to the last digit.
        """
        low = high = self._labels
        if error > 0:
            wider = error * (1 + _ROUNDINGS)
            low = np.nextafter(low - wider * self._below, -np.inf)
            high = np.nextafter(high + wider * self._above, np.inf)
        if self._is_distinct:
            samples = SortedSamples(self._x, low, high, self._places, self._places)
        else:
            samples = sorted_samples(self._x, low, high)
            worst = int(np.argmax(samples.low - samples.high))
            if samples.low[worst] > samples.high[worst]:
                return Count(None, np.unique([samples.low_row[worst], samples.high_row[worst]]))
        found = stab(samples, compiled=self._compiled)
        touched = np.r_[found.first, found.middle, found.last, found.steepest, found.least_steep]
        touched = touched[touched >= 0]
        rows = np.r_[samples.low_row[touched], samples.high_row[touched]]
        return Count(len(found.sign), np.unique(rows))
