"""A simplex method for small dense linear programs without objective, whose rows come and go as on a stack.

A program of the activation tree has some 20 columns. HiGHS spends most of its time there on what large sparse
programs need; a dense tableau, kept for every level, continues from the parent's in a tenth of it.
Its answers are suggestions: infeasibility is proven from its multipliers in rational arithmetic, and a point
that misses the rows is not taken for one.
"""

from typing import Final

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.compiling import compile_loop
from sparsest.exact.lp.row_stack import Answer
from sparsest.exact.lp.row_stack_kernel import Level, Stack, step
from sparsest.exact.lp.simplex_kernel import FEASIBLE, INFEASIBLE, UNKNOWN

# A point that misses its rows by more has been spoilt by rounding.
_SPOILT: Final = 1e-7
_ROOM: Final = 16


class DenseSimplex:
    """The rows of samples, pushed and popped, and whether they can hold together.

    Parameters
    ----------
    signs : tuple
        Output signs of the neurons (K).
    affine : array (r,) or None
        An affine term follows the neurons' coordinates, zero where this is; None if there is none.
    rank : int
        Coordinates r of a neuron.
    bound : array (r - 1,), optional
        Bound on the absolute value of each neuron's first coordinates.
    """

    def __init__(
        self, signs: tuple[int, ...], affine: FloatArray | None, rank: int, bound: FloatArray | None
    ) -> None:
        self._signs, self._skip, self._rank = np.array(signs, dtype=np.float64), affine is not None, rank
        self._bounds = 0 if bound is None else len(bound)
        n = rank * (len(signs) + self._skip)
        self._low, self._high = np.full(n, -np.inf), np.full(n, np.inf)
        if affine is not None:
            fixed = rank * len(signs) + np.flatnonzero(affine == 0)
            self._low[fixed], self._high[fixed] = 0.0, 0.0
        if bound is not None:
            for k in range(len(signs)):
                self._low[k * rank : k * rank + len(bound)] = -bound
                self._high[k * rank : k * rank + len(bound)] = bound
        self._samples = np.zeros((0, rank))
        self._patterns = np.zeros((0, len(signs)))
        nothing = np.zeros((0, n)), np.zeros(0, dtype=np.int64)
        self._levels = [Level(*nothing, np.arange(n), np.zeros(n), np.zeros(n), 0.0, FEASIBLE, 0)]

    def push(self, row: FloatArray, bits: tuple[int, ...], low: float, high: float) -> None:
        """Add the rows of one sample and look for a point."""
        depth, width = len(self._levels), len(bits)
        if depth > len(self._samples):
            self._grow()
        self._samples[depth - 1], self._patterns[depth - 1] = row, bits
        n = self._rank * (width + self._skip)
        first = n + (depth - 1) * (width + 1)
        for k, bit in enumerate(bits):
            self._low[first + k] = 0.0 if bit else -np.inf
            self._high[first + k] = np.inf if bit else 0.0
        self._low[first + width], self._high[first + width] = low, high
        stack = Stack(self._samples[:depth], self._patterns[:depth], self._signs, self._skip)
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
        if last.answer == UNKNOWN or not last.miss <= _SPOILT:  # also when it is nan
            return Answer.UNKNOWN
        return Answer.FEASIBLE

    def values(self) -> FloatArray:
        """Return the coordinates (n,) of the point found."""
        return self._levels[-1].point

    def dual_ray(self) -> FloatArray:
        """Return multipliers of all rows, those of the bound first: positive ones of a row's lower side."""
        last = self._levels[-1]
        table, basic, nonbasic, where = last.table, last.basic, last.nonbasic, last.where
        side = 1.0 if where > 0 else -1.0
        n = len(nonbasic)
        of_variable = np.zeros(n + len(basic))
        of_variable[nonbasic] = -side * table[abs(where) - 1]
        of_variable[basic[abs(where) - 1]] = side
        by_neuron = of_variable[:n].reshape(-1, self._rank)[: len(self._signs), : self._bounds]
        return np.concatenate([by_neuron.ravel(), of_variable[n:]])

    def _grow(self) -> None:
        """Make room for twice as many samples."""
        more = max(_ROOM, len(self._samples))
        self._samples = np.concatenate([self._samples, np.zeros((more, self._samples.shape[1]))])
        self._patterns = np.concatenate([self._patterns, np.zeros((more, self._patterns.shape[1]))])
        slacks = more * (len(self._signs) + 1)
        self._low = np.concatenate([self._low, np.zeros(slacks)])
        self._high = np.concatenate([self._high, np.zeros(slacks)])
