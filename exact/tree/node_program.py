"""The activation tree's linear program: whether a network has given bits on some samples."""

from collections.abc import Sequence

import highspy
import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.rational_problem import ExactData, Row
from sparsest.exact.lp.row_stack import Answer, Simplex
from sparsest.exact.lp.row_stack_highs import HighsSimplex
from sparsest.network import Network
from sparsest.problem import Problem


def solver_version() -> str:
    """Return the name and version of the LP solver."""
    return f"highs {highspy.Highs().version()}"


class Coordinates:
    """A change of coordinates in which the data are centred and orthonormal: tolerances mean the same on all.

    ``[X, 1] = rows @ basis``; a neuron u acts through ``z = basis @ u``. Multipliers of rows are the same
    in both. With a weight bound the columns are only centred and scaled, because the bound is about them.
    With a constant the first coordinate is the constant function 1, so that an affine term without slopes is
    one whose other coordinates are zero: those with ``affine`` 0.
    """

    def __init__(self, problem: Problem) -> None:
        self._constant = problem.constant
        # a sample as the centre: differences of nearby floats are exact, those to their mean are not
        middle = problem.X.min(axis=0) / 2 + problem.X.max(axis=0) / 2
        nearest = np.abs(problem.X - middle).argmin(axis=0)
        self._centre = problem.X[nearest, np.arange(problem.n_features)]
        centred = np.c_[problem.X - self._centre, np.ones(problem.n_samples)]
        size = np.abs(centred).max(axis=0)
        self.exponents = np.where(size > 0, np.frexp(size)[1], 0)
        scaled = np.ldexp(centred, -self.exponents)
        if problem.constant:
            self.rows, back = _orthonormal_beside_constant(scaled)
        elif problem.weight_bound is None:
            self.rows, back = _orthonormal(scaled)
        else:
            self.rows, back = scaled, np.eye(len(size))
        self._back = np.ldexp(back, -self.exponents[:, None])
        self.affine = np.ones(self.rows.shape[1])
        if problem.constant:
            self.affine[1:] = 0.0
        self.scale = float(np.ldexp(1.0, np.frexp(problem.label_scale)[1]))

    def original(self, coordinates: FloatArray) -> FloatArray:
        """Return neurons (K, d + 1) in the problem's units from the program's coordinates (K, r)."""
        neurons = coordinates @ self._back.T * self.scale
        neurons[:, -1] -= neurons[:, :-1] @ self._centre
        return np.asarray(neurons, dtype=np.float64)

    def network(self, neurons: FloatArray, signs: Sequence[float]) -> Network | None:
        """Return neurons (K, r), and an affine term after them if there is one, in the problem's units.

        None when that leaves the range of floats.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            folded = self.original(neurons)
        if not np.isfinite(folded).all():
            return None
        width = len(signs)
        if len(folded) == width:
            return Network.from_folded(folded, signs)
        term = folded[width]
        if self._constant:
            term[:-1] = 0.0
        return Network.from_folded(folded[:width], signs, term)

    def bound(self, problem: Problem) -> FloatArray:
        """Return the weight bound in the program's coordinates (d,)."""
        limit = float(problem.weight_bound or 0.0) / self.scale
        return np.ldexp(limit, self.exponents[:-1])


def _orthonormal(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return coordinates (N, r) that are orthonormal but for a factor, and the matrix back (n, r)."""
    left, sizes, right = np.linalg.svd(columns, full_matrices=False)
    kept = sizes > sizes[0] * _RANK
    stretch = np.sqrt(len(columns))
    return left[:, kept] * stretch, (right[kept].T / sizes[kept]) * stretch


def _orthonormal_beside_constant(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Do the same where the last column is constant, with a first coordinate that is 1."""
    means = columns[:, :-1].mean(axis=0)
    size = float(columns[0, -1])
    first = np.r_[np.zeros(len(means)), 1 / size]
    moved = columns[:, :-1] - means
    if not moved.any():
        return np.ones((len(columns), 1)), first[:, None]
    rows, back = _orthonormal(moved)
    return np.c_[np.ones(len(columns)), rows], np.c_[first, np.r_[back, -(means / size)[None] @ back]]


# Singular values below this share of the largest are rounding of a rank deficiency.
_RANK = 1e-13


class FeasibilityProgram:
    """Rows are pushed and popped as the search goes down and up, and handed to a simplex method.

    HiGHS at first; from `go_compiled` on a dense simplex, behind which HiGHS stays for what that cannot tell.
    """

    def __init__(
        self, problem: Problem, data: ExactData, coordinates: Coordinates, signs: tuple[int, ...]
    ) -> None:
        self._coordinates = coordinates
        self._sample_exponents = [scale.bit_length() - 1 for scale in data.scales]
        self._signs, self._outputs = signs, np.array(signs, dtype=np.float64)
        self._affine = coordinates.affine if problem.has_affine_term else None
        self._low = problem.low / coordinates.scale
        self._high = problem.high / coordinates.scale
        self._r = coordinates.rows.shape[1]
        self._bound = None if problem.weight_bound is None else coordinates.bound(problem)
        self.rows: list[Row] = []
        self.exponents: list[int] = []  # row i of `ExactData` is 2**exponents[i] times row i of the program
        if self._bound is not None:
            self._list_bounds(len(self._bound))
        self._path: list[tuple[int, tuple[int, ...]]] = []
        self._simplex: Simplex = self._from_scratch()
        self._answering = self._simplex

    def go_compiled(self) -> None:
        """Change over to the dense simplex, whose loading takes as long as some hundred programs."""
        from sparsest.exact.lp.row_stack_dense import DenseSimplex  # loads numba

        if not isinstance(self._simplex, DenseSimplex):
            self._simplex = DenseSimplex(self._signs, self._affine, self._r, self._bound)
            self._push_path(self._simplex)

    def push(self, sample: int, bits: tuple[int, ...]) -> None:
        """Add the rows that say: the neurons have these bits on `sample`, and its interval is met."""
        self._path.append((sample, bits))
        self._push(self._simplex, sample, bits)
        width = len(self._signs)
        self.rows += [Row(sample, k, bits) for k in range(width)] + [Row(sample, -1, bits)]
        self.exponents += [self._sample_exponents[sample]] * (width + 1)

    def pop(self) -> None:
        """Take back the last push."""
        self._path.pop()
        self._simplex.pop()
        count = len(self._signs) + 1
        del self.rows[-count:], self.exponents[-count:]

    def solve(self, *, from_scratch: bool = False) -> Answer:
        """Ask the solver, or HiGHS without a warm start, as also when the dense simplex cannot tell."""
        self._answering = self._from_scratch() if from_scratch else self._simplex
        answer = self._answering.solve()
        if answer is Answer.UNKNOWN and not isinstance(self._answering, HighsSimplex):
            return self.solve(from_scratch=True)
        return answer

    def neurons(self) -> FloatArray:
        """Return the last solution as neurons (K, r) in the program's coordinates, the affine term last.

        Zeros where the solver could not tell and its numbers are none: any neurons will do to branch on.
        """
        values = self._answering.values().reshape(-1, self._r)
        return values if np.isfinite(values).all() else np.zeros_like(values)

    def network(self, neurons: FloatArray) -> Network | None:
        """Return `neurons` as a network in the problem's units; None when that leaves the range of floats."""
        return self._coordinates.network(neurons, self._signs)

    def violation(self, neurons: FloatArray) -> FloatArray:
        """Return by how much `neurons` miss each interval (N,), in the problem's units."""
        inputs = self._coordinates.rows @ neurons.T
        width = len(self._signs)
        values = np.maximum(inputs[:, :width], 0.0) @ self._outputs
        if self._affine is not None:
            values += inputs[:, width]
        missed: FloatArray = np.maximum(self._low - values, values - self._high)
        return np.maximum(missed, 0.0) * self._coordinates.scale

    def bits(self, neurons: FloatArray, sample: int) -> list[bool]:
        """Return which neurons are active on a sample."""
        active: list[bool] = (neurons[: len(self._signs)] @ self._coordinates.rows[sample] >= 0).tolist()
        return active

    def dual_ray(self) -> FloatArray:
        """Return multipliers (M,) of the program's rows, on which the last "infeasible" rests."""
        return self._answering.dual_ray()

    def _from_scratch(self) -> Simplex:
        simplex = HighsSimplex(self._signs, self._affine, self._r, self._bound)
        self._push_path(simplex)
        return simplex

    def _push_path(self, simplex: Simplex) -> None:
        for sample, bits in self._path:
            self._push(simplex, sample, bits)

    def _push(self, simplex: Simplex, sample: int, bits: tuple[int, ...]) -> None:
        row = self._coordinates.rows[sample]
        simplex.push(row, bits, float(self._low[sample]), float(self._high[sample]))

    def _list_bounds(self, count: int) -> None:
        """List the rows of the weight bound, which the simplex methods add by themselves."""
        for k in range(len(self._signs)):
            for j in range(count):
                self.rows.append(Row(-1, k, (), j))
                self.exponents.append(-int(self._coordinates.exponents[j]))
