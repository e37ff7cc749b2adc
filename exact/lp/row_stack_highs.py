"""The activation tree's linear program in HiGHS, where the last basis is the warm start."""

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
        self, signs: tuple[int, ...], affine: FloatArray | None, rank: int, bound: FloatArray | None
    ) -> None:
        self._signs, self._skip, self._rank = signs, affine is not None, rank
        # presolve would throw the warm start away
        self._lp = new_solver({"solver": "simplex", "presolve": "off"})
        n_columns = rank * (len(signs) + self._skip)
        infinite = np.full(n_columns, highspy.kHighsInf)
        if affine is not None:
            infinite[rank * len(signs) :][affine == 0] = 0.0
        self._lp.addVars(n_columns, -infinite, infinite)
        self._n_rows = 0
        if bound is not None:
            self._add_bounds(bound)

    def push(self, row: FloatArray, bits: tuple[int, ...], low: float, high: float) -> None:  # noqa: D102
        r, width = self._rank, len(self._signs)
        active = [k for k in range(width) if bits[k]]
        blocks = active + ([width] if self._skip else [])
        columns = [np.arange(k * r, (k + 1) * r, dtype=np.int32) for k in [*range(width), *blocks]]
        values = [row] * width + [row * self._signs[k] for k in active] + ([row] if self._skip else [])
        starts = np.arange(width + 1, dtype=np.int32) * r
        lower = [0.0 if bit else -highspy.kHighsInf for bit in bits] + [low]
        upper = [highspy.kHighsInf if bit else 0.0 for bit in bits] + [high]
        self._lp.addRows(
            width + 1,
            np.array(lower),
            np.array(upper),
            r * len(columns),
            starts,
            np.concatenate(columns) if columns else np.zeros(0, dtype=np.int32),
            np.concatenate(values) if values else np.zeros(0),
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
                column = np.array([k * self._rank + j], dtype=np.int32)
                self._lp.addRow(-limit, limit, 1, column, np.ones(1))
                self._n_rows += 1
