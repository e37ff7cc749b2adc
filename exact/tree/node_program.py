"""The activation tree's linear program: whether a network has given bits on some samples."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.rational_problem import ExactData, Row
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.lp.row_stack import Answer, Simplex
from sparsest.exact.lp.row_stack_dense import ColumnBounds, DenseSimplex, column_bounds
from sparsest.exact.lp.row_stack_highs import HighsSimplex
from sparsest.network import Network
from sparsest.problem import Problem


def solver_version() -> str:
    """Return the name and version of the LP solver."""
    return f"highs {highspy.Highs().version()}"


class EveryRow(NamedTuple):
    """The rows of a tree's linear programs.

    Attributes
    ----------
    rows : array (N, n)
        Samples in the coordinates of each neuron, and of an affine term after them.
    starts : array of int
        Where those of each begin, and where the last end.
    low, high : arrays (N,)
        Ends of the intervals.
    columns : ColumnBounds
        Of the coordinates.
    bounded : array of int
        Coordinates with a weight bound, whose rows come first in a dual ray.
    """

    rows: FloatArray
    starts: NDArray[np.int64]
    low: FloatArray
    high: FloatArray
    columns: ColumnBounds
    bounded: NDArray[np.int64]


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
        self._ranks = [self._r] * (len(signs) + problem.has_affine_term)
        self._bound = None if problem.weight_bound is None else coordinates.bound(problem)
        self.rows: list[Row] = []
        self.exponents: list[int] = []  # row i of `ExactData` is 2**exponents[i] times row i of the program
        if self._bound is not None:
            self._list_bounds(len(self._bound))
        self._forget_path()

    def _forget_path(self) -> None:
        self._n_bounds = len(self.rows)
        self._path: list[tuple[int, tuple[int, ...]]] = []
        self._made: Simplex | None = None
        self._compiled = False
        self._answering: Simplex | None = None

    @property
    def _simplex(self) -> Simplex:
        """What solves the programs along the path; made when it is first asked, which may be never."""
        if self._made is None:
            self._made = self._dense() if self._compiled else self._from_scratch()
        return self._made

    def _dense(self) -> Simplex:
        simplex = DenseSimplex(self._signs, self._affine, self._ranks, self._bound)
        self._push_path(simplex)
        return simplex

    def go_compiled(self) -> None:
        """Change over to the dense simplex, whose loading takes as long as some hundred programs."""
        if not self._compiled:
            self._compiled, self._made = True, None

    def follow(self, path: Sequence[tuple[int, tuple[int, ...]]]) -> None:
        """Go to the node at the end of a path, whose program somebody else has solved."""
        del self.rows[self._n_bounds :], self.exponents[self._n_bounds :]
        self._made, self._path = None, []
        for sample, bits in path:
            self._list(sample, bits)

    def push(self, sample: int, bits: tuple[int, ...]) -> None:
        """Add the rows that say: the neurons have these bits on `sample`, and its interval is met."""
        self._push(self._simplex, sample, bits)
        self._list(sample, bits)

    def _list(self, sample: int, bits: tuple[int, ...]) -> None:
        self._path.append((sample, bits))
        width = len(self._signs)
        self.rows += [Row(sample, k, bits) for k in range(width)] + [Row(sample, -1, bits)]
        self.exponents += [self._sample_exponents[sample]] * (width + 1)

    def pop(self) -> None:
        """Take back the last push."""
        self._path.pop()
        if self._made is not None:
            self._made.pop()
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
        return self.neurons_at(self.point())

    def point(self) -> FloatArray:
        """Return the coordinates (n,) of the last solution, zeros where its numbers are none."""
        values = self._answered.values()
        return values if np.isfinite(values).all() else np.zeros_like(values)

    def origin(self) -> FloatArray:
        """Return neurons (K, r) that are zero, the affine term last."""
        return np.zeros((len(self._ranks), self._r))

    def neurons_at(self, point: FloatArray) -> FloatArray:
        """Return the coordinates of a point as neurons (K, r), the affine term last."""
        return point.reshape(-1, self._r)

    def network(self, neurons: FloatArray) -> Network | None:
        """Return `neurons` as a network in the problem's units; None when that leaves the range of floats."""
        return self._coordinates.network(neurons, self._signs)

    def in_own_units(self, violation: float) -> float:
        """Return a violation in the units of the programs."""
        return violation / self._coordinates.scale

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
        return self._answered.dual_ray()

    def every_row(self) -> EveryRow:
        """Return the rows of all samples as the compiled search takes them."""
        starts = np.array([0, *itertools.accumulate(self._ranks)])
        width, bounds = len(self._signs), 0 if self._bound is None else len(self._bound)
        return EveryRow(
            self._every_row(),
            starts,
            self._low,
            self._high,
            column_bounds(starts, width, self._affine, self._bound),
            (starts[:width, None] + np.arange(bounds)).ravel(),
        )

    def _every_row(self) -> FloatArray:
        return np.tile(self._coordinates.rows, (1, len(self._ranks)))

    @property
    def _answered(self) -> Simplex:
        assert self._answering is not None  # asked after `solve` alone
        return self._answering

    def _from_scratch(self) -> Simplex:
        simplex = HighsSimplex(self._signs, self._affine, self._ranks, self._bound)
        self._push_path(simplex)
        return simplex

    def _push_path(self, simplex: Simplex) -> None:
        for sample, bits in self._path:
            self._push(simplex, sample, bits)

    def _push(self, simplex: Simplex, sample: int, bits: tuple[int, ...]) -> None:
        row = np.tile(self._coordinates.rows[sample], len(self._ranks))
        simplex.push(row, bits, float(self._low[sample]), float(self._high[sample]))

    def _list_bounds(self, count: int) -> None:
        """List the rows of the weight bound, which the simplex methods add by themselves."""
        for k in range(len(self._signs)):
            for j in range(count):
                self.rows.append(Row(-1, k, (), j))
                self.exponents.append(-int(self._coordinates.exponents[j]))
