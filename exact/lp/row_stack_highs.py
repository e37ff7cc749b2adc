"""The activation tree's linear program in HiGHS, where the last basis is the warm start."""

import itertools
from collections.abc import Sequence
from typing import Final

import highspy
import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.lp.row_stack import Answer
from sparsest.highs import new_solver

# Exchanges of the basis for each row and column, and seconds, after which a program counts as undecided.
_MAX_EXCHANGES: Final = 100
_MAX_SECONDS: Final = 2.0


class HighsSimplex:
    """See `sparsest.exact.lp.row_stack.Simplex`; parameters as in its dense twin, `row_stack_dense`."""

    def __init__(
        self,
        signs: tuple[int, ...],
        affine: FloatArray | None,
        ranks: Sequence[int],
        bound: FloatArray | None,
    ) -> None:
        self._signs, self._skip = signs, affine is not None
        self._starts = [0, *itertools.accumulate(ranks)]
        # presolve would throw the warm start away
        self._lp = new_solver({"solver": "simplex", "presolve": "off"})
        n_columns = self._starts[-1]
        infinite = np.full(n_columns, highspy.kHighsInf)
        if affine is not None:
            infinite[self._starts[len(signs)] :][affine == 0] = 0.0
        self._lp.addVars(n_columns, -infinite, infinite)
        self._n_rows = 0
        if bound is not None:
            self._add_bounds(bound)

    def push(self, row: FloatArray, bits: tuple[int, ...], low: float, high: float) -> None:  # noqa: D102
        width, every = len(self._signs), np.arange(self._starts[-1], dtype=np.int32)
        blocks = [slice(*pair) for pair in itertools.pairwise(self._starts)]
        active = [k for k in range(width) if bits[k]]
        in_sum = active + ([width] if self._skip else [])
        columns = [every[: self._starts[width]]] + [every[blocks[k]] for k in in_sum]
        values = [row[: self._starts[width]]] + [row[blocks[k]] * self._signs[k] for k in active]
        values += [row[blocks[width]]] if self._skip else []
        starts = np.array(self._starts[: width + 1], dtype=np.int32)
        lower = [0.0 if bit else -highspy.kHighsInf for bit in bits] + [low]
        upper = [highspy.kHighsInf if bit else 0.0 for bit in bits] + [high]
        self._lp.addRows(
            width + 1,
            np.array(lower),
            np.array(upper),
            sum(map(len, columns)),
            starts,
            np.concatenate(columns),
            np.concatenate(values),
        )
        self._n_rows += width + 1

    def pop(self) -> None:  # noqa: D102
        count = len(self._signs) + 1
        self._n_rows -= count
        self._lp.deleteRows(count, np.arange(self._n_rows, self._n_rows + count, dtype=np.int32))

    def solve(self) -> Answer:
        """Ask the solver; a second time from scratch when it cannot tell."""
        for attempt in range(2):
            if attempt:
                self._lp.clearSolver()
            # on ill-conditioned programs it was seen to cycle without end
            most = _MAX_EXCHANGES * (self._n_rows + self._lp.getNumCol() + 1)
            self._lp.setOptionValue("simplex_iteration_limit", most)
            self._lp.setOptionValue("time_limit", self._lp.getRunTime() + _MAX_SECONDS)
            self._lp.run()
            status = self._lp.getModelStatus()
            if status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty):
                return Answer.FEASIBLE
            if status == highspy.HighsModelStatus.kInfeasible:
                return Answer.INFEASIBLE
        return Answer.UNKNOWN

    def values(self) -> FloatArray:  # noqa: D102
        return np.array(self._lp.getSolution().col_value, dtype=np.float64)

    def dual_ray(self) -> FloatArray:  # noqa: D102
        _, found, ray = self._lp.getDualRay()
        return np.array(ray, dtype=np.float64) if found else np.zeros(self._n_rows)

    def _add_bounds(self, bound: FloatArray) -> None:
        for k in range(len(self._signs)):
            for j, limit in enumerate(bound):
                column = np.array([self._starts[k] + j], dtype=np.int32)
                self._lp.addRow(-limit, limit, 1, column, np.ones(1))
                self._n_rows += 1
