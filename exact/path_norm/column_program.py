"""The linear program of least l^1 path norm over some of the rays, solved again and again by HiGHS."""

from typing import Final, NamedTuple

import highspy
import numpy as np
import scipy.sparse as sp

from sparsest.arrays import FloatArray
from sparsest.exact.path_norm.cones import IntArray
from sparsest.highs import load_program, new_solver

# What it costs at first that a value is off by one, and by how much that is multiplied.
_PRICE: Final = 1.0
_DEARER: Final = 4.0


class ColumnOptimum(NamedTuple):
    """A solution of the program.

    Attributes
    ----------
    objective : float
        What rays and misfits cost.
    misfit : float
        By how much values are off, added up.
    free : array (f,)
        Coefficients of the terms without charge.
    rays : array (n,)
        Coefficients of the rays.
    spare : array (n,)
        Cost of each ray less what the multipliers ask of it.
    multipliers : array (N,)
        Of the samples.
    """

    objective: float
    misfit: float
    free: FloatArray
    rays: FloatArray
    spare: FloatArray
    multipliers: FloatArray


class ColumnProgram:
    """Least cost of rays with which values are in intervals, or off at a price.

    Parameters
    ----------
    ends : array (2, N)
        Intervals of the samples, of size about one.
    free : array (N, f)
        Values of terms without charge.
    """

    def __init__(self, ends: FloatArray, free: FloatArray) -> None:
        size, self._price = ends.shape[1], _PRICE
        self._free, self._first = free.shape[1], free.shape[1] + 2 * size
        self._solver = new_solver({"presolve": "off"})
        lower = np.r_[np.full(self._free, -np.inf), np.zeros(2 * size)]
        load_program(
            self._solver,
            np.r_[np.zeros(self._free), np.full(2 * size, self._price)],
            np.stack([lower, np.full(self._first, np.inf)]),
            sp.csr_array(np.hstack([free, np.eye(size), -np.eye(size)])),
            ends,
        )

    @property
    def price(self) -> float:
        """What it costs that a value is off by one."""
        return self._price

    def solve(self, seconds: float) -> ColumnOptimum | None:
        """Return a solution, or None where the solver fails or these seconds do not suffice."""
        solver = self._solver
        if seconds < float("inf"):
            solver.setOptionValue("time_limit", solver.getRunTime() + seconds)
        solver.run()
        if solver.getModelStatus() in (
            highspy.HighsModelStatus.kSolveError,
            highspy.HighsModelStatus.kUnknown,
        ):
            solver.clearSolver()  # from the beginning it may succeed
            solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = solver.getSolution()
        values, spare = np.array(solution.col_value), np.array(solution.col_dual)
        return ColumnOptimum(
            float(solver.getInfo().objective_function_value),
            float(values[self._free : self._first].sum()),
            values[: self._free],
            values[self._first :],
            spare[self._first :],
            np.array(solution.row_dual),
        )

    def add(self, values: FloatArray, costs: FloatArray) -> None:
        """Add rays by their values (m, N) on the samples, of size about one, and their costs (m,)."""
        added, count = sp.csr_array(values), len(values)
        starts, indices = added.indptr[:-1].astype(np.int32), added.indices.astype(np.int32)
        limits = np.zeros(count), np.full(count, np.inf)
        self._solver.addCols(count, costs, *limits, added.nnz, starts, indices, added.data)

    def take_out(self, rays: IntArray) -> None:
        """Take out some of the rays, by their places."""
        self._solver.deleteCols(len(rays), (self._first + rays).astype(np.int32))

    def make_misfits_dearer(self) -> None:
        """Multiply the price of a value that is off."""
        self._price *= _DEARER
        misfits = np.arange(self._free, self._first, dtype=np.int32)
        self._solver.changeColsCost(len(misfits), misfits, np.full(len(misfits), self._price))
