"""Rays: the directions of which neurons of least path norm are sums.

The hyperplanes ``xh_i . u = 0`` and ``u_j = 0``, j over the entries that the objective charges, cut the space
of neurons into pointed cones. In a closed one a neuron is linear on the samples and its charges are linear in
u, so that it is a sum of the cone's rays with coefficients >= 0, and the path norm is concave in those: its
least value is attained at an extreme point, where no more rays are in use than there are samples (Rockafellar
1970, Corollary 32.3.3). A ray lies on d independent hyperplanes. A person can draw them one by one, as
neurons through d random samples, fewer where some inputs are left out.
"""

import dataclasses
import itertools
import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.continuous.polish.scaling import power_of_two
from sparsest.objectives import Objective, charged_entries
from sparsest.problem import Problem

IntArray = NDArray[np.int64]

# Sides of a ray below this share of its largest entry are rounding of zero.
_ON: Final = 1e-10
# Digits by which two rays are told apart.
_DIGITS: Final = 9
# About what a null vector takes for the cube of its numbers, and a ray for each number of a hyperplane.
_SECONDS_A_CUBE: Final = 2e-9
_SECONDS_A_PRODUCT: Final = 5e-9


@dataclasses.dataclass(frozen=True, eq=False)
class DrawnRays:
    """Directions of neurons, each charged one in all, and what they do on the samples.

    Attributes
    ----------
    folded : array (R, d + 1)
        Neurons in the problem's units.
    charges : array (R, J)
        What each adds to the J numbers that are raised to the power p; every row adds up to one.
    values : array (R, N)
        ``max(0, Xh u)``, divided by `height`.
    sides : array (R, H)
        The side of each hyperplane that it is on: -1, 0 or 1.
    height : float
        A power of two, about the size of the labels.
    """

    folded: FloatArray
    charges: FloatArray
    values: FloatArray
    sides: FloatArray
    height: float

    def __len__(self) -> int:
        return len(self.folded)


class RayDrawer:
    """Draws rays of one problem.

    Parameters
    ----------
    problem : Problem
        The data.
    objective : Objective
        What is charged.
    """

    def __init__(self, problem: Problem, objective: Objective) -> None:
        X = problem.X
        self._objective, self._n_samples = objective, len(X)
        self._charged = charged_entries(X.shape[1], objective)
        widths = power_of_two(np.abs(X).max(axis=0))
        self.height = float(power_of_two(np.array(problem.label_scale)))
        self._to_units = np.r_[1 / widths, 1.0] * self.height
        rows = np.c_[X / widths, np.ones(len(X))]
        self._hyperplanes = np.concatenate([rows, np.eye(rows.shape[1])[: self._charged]])

    @property
    def number(self) -> int:
        """How many sets of hyperplanes there are that may define a ray."""
        return math.comb(len(self._hyperplanes), self._hyperplanes.shape[1] - 1)

    def seconds_for(self, count: int) -> float:
        """Return about how long drawing so many takes: null vectors, and their values on the samples."""
        height, size = self._hyperplanes.shape
        return float(count * (_SECONDS_A_CUBE * size**3 + _SECONDS_A_PRODUCT * height * size))

    def all(self) -> DrawnRays:
        """Return all rays."""
        chosen = itertools.combinations(range(len(self._hyperplanes)), self._hyperplanes.shape[1] - 1)
        return self.of(np.array(list(chosen), dtype=np.int64).reshape(self.number, -1))

    def random(self, count: int, random: np.random.Generator) -> IntArray:
        """Return random sets of hyperplanes (count, d), of all numbers of inputs left out alike."""
        d = self._hyperplanes.shape[1] - 1
        least = max(0, d - self._charged, self._objective is Objective.WEIGHTS)
        through = random.integers(least, min(self._n_samples, d) + 1, count)
        chosen = np.empty((count, d), dtype=np.int64)
        samples = random.random((count, self._n_samples)).argsort(axis=1)
        entries = self._n_samples + random.random((count, self._charged)).argsort(axis=1)
        for k in np.unique(through):
            rows = through == k
            chosen[rows] = np.c_[samples[rows, :k], entries[rows, : d - k]]
        return chosen

    def neighbours(self, subsets: IntArray, count: int, random: np.random.Generator) -> IntArray:
        """Return random sets of hyperplanes, each one exchange away from one of `subsets` (S, d)."""
        chosen = subsets[random.integers(len(subsets), size=count)].copy()
        if chosen.shape[1]:
            place = random.integers(chosen.shape[1], size=count)
            chosen[np.arange(count), place] = random.integers(len(self._hyperplanes), size=count)
        return chosen

    def of(self, subsets: IntArray) -> DrawnRays:
        """Return both directions of the line that each set of hyperplanes leaves, those of use and once each.

        Of use is what is active on some sample and charged at all.

        Parameters
        ----------
        subsets : array of int (S, d)
            Hyperplanes; sets that leave more than a line are passed over.
        """
        lines, single = self._lines(subsets)
        directions = np.concatenate([lines[single], -lines[single]])
        sides = self._sides(directions)
        np.put_along_axis(sides, np.tile(subsets[single], (2, 1)), 0.0, axis=1)
        folded = directions * self._to_units
        charges = np.abs(folded[:, : self._charged])
        sums = charges.sum(axis=1)
        useful = np.any(sides[:, : self._n_samples] > 0, axis=1) & (sums > 0)
        names = np.round(directions[useful] / np.abs(directions[useful]).max(axis=1, keepdims=True), _DIGITS)
        _, first = np.unique(names + 0.0, axis=0, return_index=True)
        kept = np.flatnonzero(useful)[np.sort(first)]
        sums = sums[kept, None]
        return DrawnRays(
            folded[kept] / sums,
            np.ones((len(kept), 1)) if self._objective is Objective.NEURONS else charges[kept] / sums,
            np.maximum(sides[kept, : self._n_samples], 0.0) / sums,
            np.sign(sides[kept]),
            self.height,
        )

    def _sides(self, directions: FloatArray) -> FloatArray:
        """Return the products (K, H) of scaled directions with the hyperplanes, rounding set to zero."""
        sides = np.asarray(directions @ self._hyperplanes.T, dtype=np.float64)
        largest = np.abs(directions).max(axis=1, initial=0.0)
        sides[np.abs(sides) <= _ON * np.outer(largest, np.abs(self._hyperplanes).sum(axis=1))] = 0.0
        return sides

    def described(self, folded: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return sides (K, H) and charges (K, J) of neurons (K, d + 1) in the problem's units."""
        sides = self._sides(folded / self._to_units)
        charges = np.abs(folded[:, : self._charged])
        if self._objective is Objective.NEURONS:
            charges = charges.sum(axis=1, keepdims=True)
        return np.sign(sides), charges

    def nearest(self, folded: FloatArray) -> IntArray:
        """Return the d hyperplanes (K, d) that neurons (K, d + 1) are nearest to."""
        scaled = folded / self._to_units
        distances = np.abs(scaled @ self._hyperplanes.T) / np.linalg.norm(self._hyperplanes, axis=1)
        order = distances.argsort(axis=1, kind="stable")
        return np.asarray(order[:, : self._hyperplanes.shape[1] - 1], dtype=np.int64)

    def checked(self, subsets: NDArray[Any]) -> IntArray:
        """Return sets of hyperplanes as they are.

        Raises
        ------
        ValueError
            When they are none of this problem.
        """
        d = self._hyperplanes.shape[1] - 1
        if subsets.ndim != 2 or subsets.shape[1] != d or subsets.dtype != np.int64:
            raise ValueError("its rays are not of this problem")
        if subsets.size and not 0 <= subsets.min() <= subsets.max() < len(self._hyperplanes):
            raise ValueError("its rays pass through samples that are not there")
        return subsets

    def _lines(self, subsets: IntArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return a vector (S, d + 1) on each set of hyperplanes, and whether it is the only one."""
        size = self._hyperplanes.shape[1]
        found, single = np.zeros((len(subsets), size)), np.zeros(len(subsets), dtype=bool)
        is_entry = subsets >= self._n_samples
        for zeros in np.unique(is_entry.sum(axis=1)):
            rows = np.flatnonzero(is_entry.sum(axis=1) == zeros)
            free = np.ones((len(rows), size), dtype=bool)
            entries = np.sort(subsets[rows], axis=1)[:, subsets.shape[1] - zeros :] - self._n_samples
            np.put_along_axis(free, entries, False, axis=1)
            whole = free.sum(axis=1) == size - zeros  # no entry twice
            rows, free = rows[whole], free[whole]
            if not len(rows):
                continue
            places = np.nonzero(free)[1].reshape(len(rows), -1)
            through = np.sort(subsets[rows], axis=1)[:, : subsets.shape[1] - zeros]
            stacks = self._hyperplanes[through[:, :, None], places[:, None, :]]
            if zeros == subsets.shape[1]:
                vectors, alone = np.ones((len(rows), 1)), np.ones(len(rows), dtype=bool)
            else:
                _, singular, turned = np.linalg.svd(stacks)
                vectors = turned[:, -1]
                alone = singular[:, -1] > tolerances.SAME_HYPERPLANE * singular[:, 0]
            block = np.zeros((len(rows), size))
            np.put_along_axis(block, places, vectors, axis=1)
            found[rows], single[rows] = block, alone
        return found, single
