"""A simplex method for small dense linear programs without objective, whose rows come and go as on a stack.

A program of the activation tree has some 20 columns. HiGHS spends most of its time there on what large sparse
programs need; a dense tableau, kept for every level, continues from the parent's in a tenth of it.
Its answers are suggestions: infeasibility is proven from its multipliers in rational arithmetic, and a point
that misses the rows is not taken for one.
"""

import itertools
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.compiling import compile_loop
from sparsest.exact.lp.row_stack import Answer
from sparsest.exact.lp.row_stack_kernel import SPOILT, Level, Stack, dual_multipliers, step
from sparsest.exact.lp.simplex_kernel import FEASIBLE, INFEASIBLE, UNKNOWN

_ROOM: Final = 16


class ColumnBounds(NamedTuple):
    """Least and largest values (n,), (n,) of coordinates."""

    low: FloatArray
    high: FloatArray


def column_bounds(
    starts: NDArray[np.int64], width: int, affine: FloatArray | None, bound: FloatArray | None
) -> ColumnBounds:
    """Return the bounds of all coordinates; those of each of `width` neurons begin at `starts`.

    `affine` and `bound` are as for `DenseSimplex`.
    """
    low, high = np.full(starts[-1], -np.inf), np.full(starts[-1], np.inf)
    if affine is not None:
        fixed = starts[width] + np.flatnonzero(affine == 0)
        low[fixed], high[fixed] = 0.0, 0.0
    if bound is not None:
        for start in starts[:width]:
            low[start : start + len(bound)] = -bound
            high[start : start + len(bound)] = bound
    return ColumnBounds(low, high)


class DenseSimplex:
    """The rows of samples, pushed and popped, and whether they can hold together.

    Parameters
    ----------
    signs : tuple
        Output signs of the neurons (K).
    affine : array (r,) or None
        An affine term follows the neurons' coordinates, zero where this is; None if there is none.
    ranks : sequence of int
        Coordinates of each neuron, and of the affine term after them if there is one.
    bound : array (b,), optional
        Bound on the absolute value of each neuron's first b coordinates.
    """

    def __init__(
        self,
        signs: tuple[int, ...],
        affine: FloatArray | None,
        ranks: Sequence[int],
        bound: FloatArray | None,
    ) -> None:
        self._signs, self._skip = np.array(signs, dtype=np.float64), affine is not None
        self._starts = np.array([0, *itertools.accumulate(ranks)])
        self._bounds = 0 if bound is None else len(bound)
        self._n = n = int(self._starts[-1])
        self._low, self._high = column_bounds(self._starts, len(signs), affine, bound)
        self._samples = np.zeros((0, n))
        self._patterns = np.zeros((0, len(signs)))
        nothing = np.zeros((0, n)), np.zeros(0, dtype=np.int64)
        self._levels = [Level(*nothing, np.arange(n), np.zeros(n), np.zeros(n), 0.0, FEASIBLE, 0)]

    def push(self, row: FloatArray, bits: tuple[int, ...], low: float, high: float) -> None:
        """Add the rows of one sample and look for a point."""
        depth, width = len(self._levels), len(bits)
        if depth > len(self._samples):
            self._grow()
        self._samples[depth - 1], self._patterns[depth - 1] = row, bits
        first = self._n + (depth - 1) * (width + 1)
        for k, bit in enumerate(bits):
            self._low[first + k] = 0.0 if bit else -np.inf
            self._high[first + k] = np.inf if bit else 0.0
        self._low[first + width], self._high[first + width] = low, high
        samples, patterns = self._samples[:depth], self._patterns[:depth]
        stack = Stack(samples, patterns, self._starts, self._signs, self._skip)
        self._levels.append(
            compile_loop(step)(self._levels[-1], stack, self._low, self._high, tolerances.LP_FEASIBILITY)
        )

    def pop(self) -> None:
        """Take back the last push."""
        self._levels.pop()

    def solve(self) -> Answer:
        """Return what the last push, or pop, led to."""
        last = self._levels[-1]
        if last.answer == INFEASIBLE:
            return Answer.INFEASIBLE
        if last.answer == UNKNOWN or not last.miss <= SPOILT:  # also when it is nan
            return Answer.UNKNOWN
        return Answer.FEASIBLE

    def values(self) -> FloatArray:
        """Return the coordinates (n,) of the point found."""
        return self._levels[-1].point

    def dual_ray(self) -> FloatArray:
        """Return multipliers of all rows, those of the bound first: positive ones of a row's lower side."""
        of_variable = dual_multipliers(self._levels[-1])
        bounded = self._starts[: len(self._signs), None] + np.arange(self._bounds)
        return np.concatenate([of_variable[bounded.ravel()], of_variable[self._n :]])

    def _grow(self) -> None:
        """Make room for twice as many samples."""
        more = max(_ROOM, len(self._samples))
        self._samples = np.concatenate([self._samples, np.zeros((more, self._samples.shape[1]))])
        self._patterns = np.concatenate([self._patterns, np.zeros((more, self._patterns.shape[1]))])
        slacks = more * (len(self._signs) + 1)
        self._low = np.concatenate([self._low, np.zeros(slacks)])
        self._high = np.concatenate([self._high, np.zeros(slacks)])
