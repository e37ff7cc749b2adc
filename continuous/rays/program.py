"""The linear program over rays: amounts that meet every interval at the lowest cost."""

import highspy
import numpy as np
from scipy import sparse

from sparsest.arrays import FloatArray
from sparsest.continuous.rays.drawing import DrawnRays
from sparsest.continuous.rays.free_terms import FreeTerms
from sparsest.highs import load_program, new_solver
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Costs beyond this many times the least are cut: a solver in floats cannot tell them apart.
_MAX_RATIO = 1e7
_OPTIMAL = highspy.HighsModelStatus.kOptimal
# The primal simplex method goes on from the last solution when costs change.
_OPTIONS = {"presolve": "off", "simplex_strategy": 4}


class RayProgram:
    """``min cost . amounts`` over amounts >= 0 of rays and any of free terms, values in their intervals.

    Parameters
    ----------
    problem : Problem
        The intervals.
    rays : DrawnRays
        R directions, each with both output signs.
    free : FreeTerms
        f columns without cost.

    Attributes
    ----------
    iterations : int
        Simplex iterations so far.
    """

    def __init__(self, problem: Problem, rays: DrawnRays, free: FreeTerms) -> None:
        self._n_rays, n_free = len(rays), free.columns.shape[1]
        self._unit = 1.0 / rays.values.max(initial=np.finfo(np.float64).tiny)
        values = rays.values.T * self._unit
        matrix = sparse.csr_array(np.c_[values, -values, free.columns])
        lower = np.r_[np.zeros(2 * self._n_rays), np.full(n_free, -np.inf)]
        self._solver = new_solver(_OPTIONS)
        load_program(
            self._solver,
            np.zeros(matrix.shape[1]),
            np.array([lower, np.full(len(lower), np.inf)]),
            matrix,
            np.array([problem.low, problem.high]) / rays.height,
        )
        self._columns = np.arange(2 * self._n_rays, dtype=np.int32)
        self._height, self.iterations = rays.height, 0

    def solve(self, costs: FloatArray, deadline: Deadline) -> tuple[FloatArray, FloatArray] | None:
        """Return amounts (2, R) of rays and (f,) of free terms of an extreme point, or None.

        Parameters
        ----------
        costs : array (2, R)
            Positive.
        deadline : Deadline
            Handed on to the solver.
        """
        if deadline.expired:
            return None
        relative = np.minimum(costs.ravel() / costs.min(initial=np.inf), _MAX_RATIO)
        self._solver.changeColsCost(len(self._columns), self._columns, relative)
        if np.isfinite(deadline.remaining):
            self._solver.setOptionValue("time_limit", self._solver.getRunTime() + deadline.remaining)
        self._solver.run()
        self.iterations += max(0, self._solver.getInfo().simplex_iteration_count)
        if self._solver.getModelStatus() != _OPTIMAL:
            return None
        x = np.array(self._solver.getSolution().col_value)
        rays, free = x[: 2 * self._n_rays].reshape(2, -1), x[2 * self._n_rays :]
        return np.maximum(rays, 0.0) * self._unit, free * self._height

    def forget(self) -> None:
        """Begin the next run from nothing, so that it depends on its costs alone."""
        self._solver.clearSolver()
