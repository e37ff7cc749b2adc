"""The activation tree's linear program: whether a network has given bits on some samples."""

import enum

import highspy
import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.highs import new_solver
from sparsest.exact.rational import ExactData, Row
from sparsest.problem import Problem


class Answer(enum.Enum):
    """What the floating-point solver says of a node."""

    FEASIBLE = enum.auto()
    INFEASIBLE = enum.auto()
    UNKNOWN = enum.auto()


def solver_version() -> str:
    """Return the name and version of the LP solver."""
    return f"highs {highspy.Highs().version()}"


class Coordinates:
    """A change of coordinates in which the data are centred and orthonormal: tolerances mean the same on all.

    ``[X, 1] = rows @ basis``; a neuron u acts through ``z = basis @ u``. Multipliers of rows are the same
    in both. With a weight bound the columns are only centred and scaled, because the bound is about them.
    """

    def __init__(self, problem: Problem) -> None:
        # a sample as the centre: differences of nearby floats are exact, those to their mean are not
        middle = problem.X.min(axis=0) / 2 + problem.X.max(axis=0) / 2
        nearest = np.abs(problem.X - middle).argmin(axis=0)
        self._centre = problem.X[nearest, np.arange(problem.n_features)]
        centred = np.c_[problem.X - self._centre, np.ones(problem.n_samples)]
        size = np.abs(centred).max(axis=0)
        self.exponents = np.where(size > 0, np.frexp(size)[1], 0)
        scaled = np.ldexp(centred, -self.exponents)
        if problem.weight_bound is None:
            left, sizes, right = np.linalg.svd(scaled, full_matrices=False)
            kept = sizes > sizes[0] * _RANK
            stretch = np.sqrt(problem.n_samples)
            self.rows = left[:, kept] * stretch
            back = (right[kept].T / sizes[kept]) * stretch
        else:
            self.rows, back = scaled, np.eye(len(size))
        self._back = np.ldexp(back, -self.exponents[:, None])
        self.scale = float(np.ldexp(1.0, np.frexp(problem.label_scale)[1]))

    def original(self, coordinates: FloatArray) -> FloatArray:
        """Return neurons (K, d + 1) in the problem's units from the program's coordinates (K, r)."""
        neurons = coordinates @ self._back.T * self.scale
        neurons[:, -1] -= neurons[:, :-1] @ self._centre
        return np.asarray(neurons, dtype=np.float64)

    def bound(self, problem: Problem) -> FloatArray:
        """Return the weight bound in the program's coordinates (d,)."""
        limit = float(problem.weight_bound or 0.0) / self.scale
        return np.ldexp(limit, self.exponents[:-1])


# Singular values below this share of the largest are rounding of a rank deficiency.
_RANK = 1e-13


class FeasibilityProgram:
    """Rows are pushed and popped as the search goes down and up; the last basis is the warm start."""

    def __init__(
        self, problem: Problem, data: ExactData, coordinates: Coordinates, signs: tuple[int, ...]
    ) -> None:
        self._coordinates = coordinates
        self._sample_exponents = [scale.bit_length() - 1 for scale in data.scales]
        self._signs = signs
        self._skip = problem.skip
        self._low = problem.low / coordinates.scale
        self._high = problem.high / coordinates.scale
        self._r = coordinates.rows.shape[1]
        self.rows: list[Row] = []
        self.exponents: list[int] = []  # row i of `ExactData` is 2**exponents[i] times row i of the program
        self._levels: list[int] = []
        self._lp = _new_lp(self._r * (len(signs) + problem.skip))
        if problem.weight_bound is not None:
            self._add_bounds(coordinates.bound(problem))

    def push(self, sample: int, bits: tuple[int, ...]) -> None:
        """Add the rows that say: the neurons have these bits on `sample`, and its interval is met."""
        row, r, width = self._coordinates.rows[sample], self._r, len(self._signs)
        active = [k for k in range(width) if bits[k]]
        blocks = active + ([width] if self._skip else [])
        columns = [np.arange(k * r, (k + 1) * r, dtype=np.int32) for k in [*range(width), *blocks]]
        values = [row] * width + [row * self._signs[k] for k in active] + ([row] if self._skip else [])
        starts = np.arange(width + 1, dtype=np.int32) * r
        lower = [0.0 if bit else -highspy.kHighsInf for bit in bits] + [self._low[sample]]
        upper = [highspy.kHighsInf if bit else 0.0 for bit in bits] + [self._high[sample]]
        self._lp.addRows(
            width + 1,
            np.array(lower),
            np.array(upper),
            r * len(columns),
            starts,
            np.concatenate(columns) if columns else np.zeros(0, dtype=np.int32),
            np.concatenate(values) if values else np.zeros(0),
        )
        self._levels.append(len(self.rows))
        self.rows += [Row(sample, k, bits) for k in range(width)] + [Row(sample, -1, bits)]
        self.exponents += [self._sample_exponents[sample]] * (width + 1)

    def pop(self) -> None:
        """Take back the last push."""
        first = self._levels.pop()
        count = len(self.rows) - first
        self._lp.deleteRows(count, np.arange(first, first + count, dtype=np.int32))
        del self.rows[first:], self.exponents[first:]

    def solve(self) -> Answer:
        """Ask the solver; a second time from scratch when it cannot tell."""
        for attempt in range(2):
            if attempt:
                self._lp.clearSolver()
            self._lp.run()
            status = self._lp.getModelStatus()
            if status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty):
                return Answer.FEASIBLE
            if status == highspy.HighsModelStatus.kInfeasible:
                return Answer.INFEASIBLE
        return Answer.UNKNOWN

    def neurons(self) -> FloatArray:
        """Return the last solution as neurons (K, d + 1), the affine term last if there is one.

        Zeros where the solver could not tell and its numbers are none: any neurons will do to branch on.
        """
        values = np.array(self._lp.getSolution().col_value, dtype=np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            neurons = self._coordinates.original(values.reshape(-1, self._r))
        return neurons if np.isfinite(neurons).all() else np.zeros_like(neurons)

    def dual_ray(self, *, from_scratch: bool = False) -> NDArray[np.float64]:
        """Return multipliers (M,) of the program's rows, on which its claim of infeasibility rests."""
        if from_scratch:
            self._lp.clearSolver()
            self._lp.run()
        _, found, ray = self._lp.getDualRay()
        if not found:
            return np.zeros(len(self.rows))
        return np.array(ray, dtype=np.float64)

    def _add_bounds(self, bound: FloatArray) -> None:
        for k in range(len(self._signs)):
            for j, limit in enumerate(bound):
                self._lp.addRow(-limit, limit, 1, np.array([k * self._r + j], dtype=np.int32), np.ones(1))
                self.rows.append(Row(-1, k, (), j))
                self.exponents.append(-int(self._coordinates.exponents[j]))


def _new_lp(n_columns: int) -> highspy.Highs:
    # presolve would throw the warm start away
    lp = new_solver({"solver": "simplex", "presolve": "off"})
    infinite = np.full(n_columns, highspy.kHighsInf)
    lp.addVars(n_columns, -infinite, infinite)
    return lp
