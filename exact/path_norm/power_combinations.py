"""Combinations of samples that neurons hardly contribute to, at given prices of neurons.

Sought is a combination c with ``c . f >= 1`` for whatever f meets the intervals, and a small sum of
``price(u) max(0, c . a(u))^p`` over some neurons u with values a(u). As for networks of low path norm, linear
programs with the slopes of the powers at the last solution are repeated, from random slopes and from those of
combinations that are known (Candes, Wakin and Boyd 2008). Each program is solved in its dual form, in which
slopes are capacities of the neurons: fit as large a multiple of the intervals as they allow.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import scipy.sparse as sp

from sparsest.arrays import FloatArray
from sparsest.exact.path_norm.cones import IntArray
from sparsest.highs import load_program, new_solver

# Programs from one start, and the smoothing of the first slopes, divided by four after each.
_PROGRAMS: Final = 5
_WIDTH: Final = 1e-3
# Random factors of slopes of a known combination, on a scale of logarithms, and what slopes of zero become.
_KICK: Final = 0.5
_LIFT: Final = 0.02
# Intervals narrower than this share of the largest end count as a point here.
_NARROW: Final = 1e-4
# The multiple of the intervals that is enough.
_MOST: Final = 1e7
_OPTIONS: Final = {
    "primal_feasibility_tolerance": 1e-7,
    "dual_feasibility_tolerance": 1e-7,
    "presolve": "off",
}


class CombinationPrograms:
    """Linear programs for combinations, with the same neurons.

    Parameters
    ----------
    values : array (n, m)
        Of neurons, times their output signs.
    prices : array (n,)
        Of neurons; positive.
    offsets : array (m, q)
        Coefficients of the values of eliminated samples.
    ends : array (2, m + q)
        Intervals, those of eliminated samples last.
    p : float
        Exponent.
    random : numpy Generator
        Of the starts.
    """

    def __init__(
        self,
        values: FloatArray,
        prices: FloatArray,
        offsets: FloatArray,
        ends: FloatArray,
        p: float,
        random: np.random.Generator,
    ) -> None:
        self._values, self._prices, self._p, self._random = values, prices, p, random
        (self._size, self._samples), extra = values.shape, offsets.shape[1]
        # columns: capacities, values of eliminated samples, and the multiple of the intervals
        fitted = np.block(
            [[values.T, offsets], [np.zeros((extra, self._size)), np.eye(extra)]],
        )
        rows, self._owners, low, high = _rows(fitted, ends)
        self._solver = new_solver(_OPTIONS)
        free = np.full(extra, np.inf)
        columns = np.array([np.r_[np.zeros(self._size), -free, 0.0], np.r_[prices, free, _MOST]])
        costs = np.r_[np.zeros(self._size + extra), -1.0]
        load_program(self._solver, costs, columns, sp.csr_array(rows), np.array([low, high]))

    def found(self, starts: int, known: FloatArray) -> Iterator[FloatArray]:
        """Yield combinations (m,), from random slopes and from those of known combinations (m, k) in turn."""
        for number in range(starts):
            sums = self._random.uniform(size=self._size) ** (1.0 + 3.0 * self._random.uniform())
            if number % 2 and known.shape[1]:
                chosen = known[:, self._random.integers(known.shape[1])]
                near = np.maximum(self._values @ chosen, 0.0)
                kick = np.exp(_KICK * self._random.normal(size=self._size))
                sums = near / (near.max() or 1.0) * kick + _LIFT * sums
            found = self._descended(sums)
            if found is not None:
                yield found

    def _descended(self, sums: FloatArray) -> FloatArray | None:
        """Return what programs lead to from slopes at these sums (n,); None where they fail."""
        best, least = None, np.inf
        for number in range(_PROGRAMS):
            width = _WIDTH * float(sums.max()) / 4**number
            if not width > 0:
                break
            slopes = self._prices * (sums + width) ** (self._p - 1.0)
            combination = self._solved(slopes / slopes.max())
            if combination is None:
                break
            sums = np.maximum(self._values @ combination, 0.0)
            total = float(self._prices @ sums**self._p)
            if not total < least * (1.0 - 1e-7):
                break
            best, least = combination, total
        return best

    def _solved(self, slopes: FloatArray) -> FloatArray | None:
        """Return the combination of the program with these slopes, up to its size."""
        count = self._size
        self._solver.changeColsBounds(count, np.arange(count, dtype=np.int32), np.zeros(count), slopes)
        self._solver.run()
        duals = np.array(self._solver.getSolution().row_dual)
        if len(duals) != len(self._owners) or not np.isfinite(duals).all():
            return None
        combination = np.zeros(self._samples)
        own = self._owners < self._samples
        np.add.at(combination, self._owners[own], duals[own])
        return combination if combination.any() else None


def _rows(fitted: FloatArray, ends: FloatArray) -> tuple[FloatArray, IntArray, FloatArray, FloatArray]:
    """Return rows with a column for the multiple, the sample of each, and their ends."""
    low, high = ends
    finite = np.abs(ends[np.isfinite(ends)])
    with np.errstate(invalid="ignore"):
        narrow = high - low <= _NARROW * finite.max(initial=0.0)
    blocks = []
    for which, target, sides in (
        (narrow, 0.5 * (low + high), (0.0, 0.0)),
        (~narrow & np.isfinite(low), low, (0.0, np.inf)),
        (~narrow & np.isfinite(high), high, (-np.inf, 0.0)),
    ):
        places = np.flatnonzero(which)
        rows = np.c_[fitted[places], -target[places]]
        blocks.append((rows, places, np.full(len(places), sides[0]), np.full(len(places), sides[1])))
    rows, owners, least, most = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return rows, owners, least, most
