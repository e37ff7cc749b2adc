"""Linear programs over cells: whether a set of elements suffices, and which are missing if it does not.

With z_e how often an element may be used, 0 or 1 unless weights are bounded, the program is

    maximise t  subject to  t low_i <= sum_b s_b D_bi xh_i . u_b (+ a . x_i + c) <= t high_i,
                            u_b in the closed cone of its cell,
                            |u_bj| <= R z_e, e the element of the entry, R = inf without a weight bound,

and z suffices if and only if ``t = 1`` is reached. If it is not, an optimal dual solution gives a Benders cut
(Codato and Fischetti 2006) that holds for weights of any size: docs/proofs.md, P4.
"""

import dataclasses
import math

import highspy
import numpy as np
import scipy.sparse as sp

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.mip.cell_model import CellModel
from sparsest.exact.mip.counted_elements import BoolArray, IntArray
from sparsest.highs import load_program, new_solver
from sparsest.progress import Deadline
from sparsest.results.solving import Status

# Reweighted programs solved for one cut: on uniform data up to N = 10 the cuts stop shrinking after four.
_REWEIGHTINGS = 4

# By how much entries may exceed what z allows, tried in turn until the cut separates z; 0 always does.
_BOXES = (1.0, 1e-2, 1e-4, 1e-6, 0.0)

# Sizes of weights tried for a witness, smallest first: small numbers keep their digits.
WITNESS_SIZES = (1e1, 1e2, 1e4, 1e6, math.inf)

# Weights up to this, in scaled units, give the solver no trouble.
_MODERATE = 1e4

# The objective is this multiple of t, so that the tolerance on reduced costs, at best 1e-10 in HiGHS, is
# 1e-13 for t: without it, directions that need weights of 1e10 pass for no directions at all.
_GAIN = 2.0**10

# Reduced costs and multipliers below this, relative to the largest if that exceeds 1, are rounding noise; the
# solver sets those of basic variables to zero exactly.
_NOISE = 1e-12

# Left-hand sides of cuts below 1 by less than this could be floating-point noise.
_CUT_MARGIN = 1e-6

# Coefficients of cuts below this would be taken for zero by solvers of the master problem.
_LEAST = 1e-8

# About what building the rows of the program and handing them over takes for each number in them.
_SECONDS_AN_ENTRY = 4e-7


class LimitReachedError(Exception):
    """The time or node limit was reached; `status` says which."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.sentence)
        self.status = status


class UndecidedError(Exception):
    """The linear-programming solver contradicted itself or gave up."""


@dataclasses.dataclass(frozen=True, eq=False)
class BendersCut:
    """A valid inequality ``row @ z >= 1``, entries in [0, 1], (E,), and by how much the chosen z miss it."""

    row: FloatArray
    missing: float


class CellProgram:
    """The linear program of a cell model, kept in the solver with its last basis.

    Parameters
    ----------
    model : CellModel
        Blocks, cones and intervals.
    deadline : Deadline
        Checked before and inside every solve.
    node_limit : int, optional
        Largest number of linear programs.

    Raises
    ------
    TimeLimitError
        When the deadline would end before the program is loaded.
    """

    def __init__(self, model: CellModel, deadline: Deadline, node_limit: int | None = None) -> None:
        self._model = model
        self._deadline = deadline
        self._node_limit = node_limit
        self._elements: IntArray = model.elements.of_entry.ravel()
        self._n_elements = len(model.elements.costs)
        self._bounds: FloatArray = model.bounds.ravel()
        self._unbounded: FloatArray = np.full(self._bounds.shape, np.inf)
        self._counted: BoolArray = self._elements >= 0
        self._solver = _load(model, deadline)
        self._t = self._solver.getNumCol() - 1
        rows = self._solver.getLp()
        # minimising, so multipliers of ">=" rows are not negative and those of "<=" rows not positive
        self._at_least = np.isinf(rows.row_upper_)
        self._at_most = np.isinf(rows.row_lower_)
        self._uncounted: BoolArray = np.r_[
            ~self._counted, np.ones(self._t + 1 - self._counted.size, dtype=bool)
        ]
        self.solved = 0

    def suffices(self, chosen: IntArray) -> bool:
        """Whether some network fits with each element used as often as `chosen` (E,) says."""
        upper = self._upper(self._bounds, chosen, 0.0)
        try:
            return self._reaches_one(upper)
        except UndecidedError:
            # bounds so large that they drown in rounding: leave them out, or look for small weights
            if not self._reaches_one(self._upper(self._unbounded, chosen, 0.0)):
                return False
            if self._reaches_one(np.minimum(upper, _MODERATE)):
                return True
            raise

    def witness_points(self, chosen: IntArray, size: float) -> tuple[FloatArray, FloatArray] | None:
        """Return u (B, d + 1) and the affine term on `free`, entries up to `size`, or None."""
        upper = np.minimum(self._upper(self._bounds, chosen, 0.0), size)
        if not self._reaches_one(upper):
            return None
        values = np.array(self._solver.getSolution().col_value)
        shape = self._model.bounds.shape
        # a fixed column may come back as -0.0 or noise; it is zero by construction
        folded = np.where(upper > 0, values[: upper.size], 0.0).reshape(shape)
        return folded, values[upper.size : -1]

    def cut(self, chosen: IntArray, rng: np.random.Generator) -> BendersCut:
        """Return a sparse cut that excludes `chosen` (E,), which must not suffice.

        A cut for weights of any size holds under a weight bound too, and is tried when the bound is so large
        that the solver fails.
        """
        try:
            return self._sparse_cut(self._bounds, chosen, rng)
        except UndecidedError:
            return self._sparse_cut(self._unbounded, chosen, rng)

    def _sparse_cut(self, bounds: FloatArray, chosen: IntArray, rng: np.random.Generator) -> BendersCut:
        cuts = []
        weights = rng.uniform(0.5, 1.5, self._n_elements)
        for _ in range(_REWEIGHTINGS):
            costs = self._separating_costs(bounds, chosen, weights)
            row = self._coefficients(bounds, costs)
            cuts.append(BendersCut(row, 1 - float(row @ chosen)))
            sizes = self._by_element(np.abs(costs))
            weights = 1.0 / (sizes + 1e-2 * max(sizes.max(initial=0.0), 1e-300))
            weights *= rng.uniform(0.8, 1.2, len(weights)) / weights.max(initial=1e-300)
        return min(cuts, key=lambda cut: float(cut.row.sum()))

    def limit_reached(self) -> LimitReachedError:
        """Return the exception to raise when a solver stopped early: with no time limit, it was nodes."""
        out_of_time = math.isfinite(self._deadline.remaining) and not self._out_of_nodes()
        return LimitReachedError(Status.TIME_LIMIT if out_of_time else Status.NODE_LIMIT)

    def _out_of_nodes(self) -> bool:
        return self._node_limit is not None and self.solved >= self._node_limit

    def _separating_costs(self, bounds: FloatArray, chosen: IntArray, weights: FloatArray) -> FloatArray:
        """Reduced costs (B (d + 1),) of a solution whose cut is violated by `chosen`."""
        for box in _BOXES:
            try:
                self._maximize(self._upper(bounds, chosen, box * weights), math.inf)
                costs = self._verified_costs()
            except UndecidedError:  # another box may suit the solver better
                continue
            if self._coefficients(bounds, costs) @ chosen < 1 - 2 * _CUT_MARGIN:
                return costs
        raise UndecidedError("a set that does not suffice could not be cut off")

    def _verified_costs(self) -> FloatArray:
        """Reduced costs of the entries for t = 1, noise removed, if the multipliers have the right signs.

        The solver accepts small violations of sign, which would make the cut valid in a box only.
        """
        solution = self._solver.getSolution()
        costs = np.array(solution.col_dual) / _GAIN
        multipliers = np.array(solution.row_dual) / _GAIN
        noise = _NOISE * max(1.0, np.abs(costs).max(), np.abs(multipliers).max(initial=0.0))
        wrong = np.where(self._at_least, -multipliers, np.where(self._at_most, multipliers, 0.0))
        unpaid = np.abs(costs[self._uncounted])
        if max(wrong.max(initial=0.0), unpaid.max(initial=0.0)) > noise:
            raise UndecidedError("the multipliers of a linear program violate their signs")
        entries = costs[: self._elements.size]
        return np.where(np.abs(entries) > noise, entries, 0.0)

    def _coefficients(self, bounds: FloatArray, costs: FloatArray) -> FloatArray:
        """Coefficients min(1, sum R |g|) of the cut (E,), for reduced costs g of the entries.

        Rounded up, as makes the cut weaker, by more than the solver's tolerances may have taken from them.
        """
        with np.errstate(invalid="ignore"):
            share = np.where(costs != 0, np.abs(costs) * bounds, 0.0)
        shares = self._by_element(share)
        return np.minimum(np.where(shares > 0, np.maximum(shares * (1 + _CUT_MARGIN), _LEAST), 0.0), 1.0)

    def _by_element(self, entries: FloatArray) -> FloatArray:
        used = self._counted
        sums = np.bincount(self._elements[used], entries[used], minlength=self._n_elements)
        return np.asarray(sums, dtype=np.float64)

    def _upper(self, bounds: FloatArray, chosen: IntArray, box: FloatArray | float) -> FloatArray:
        """Upper bounds of the entries: multiples of `bounds` as chosen, and `box` where nothing is.

        Those that no element stands for are free: biases, where they are not counted.
        """
        counted, upper = self._counted, bounds.copy()
        often = chosen[self._elements[counted]]
        limits = np.broadcast_to(box, chosen.shape)[self._elements[counted]]
        upper[counted] = np.where(often > 0, bounds[counted] * np.maximum(often, 1), limits)
        return upper

    def _reaches_one(self, upper: FloatArray) -> bool:
        return self._maximize(upper, 1.0) >= 1 - tolerances.LP_FEASIBILITY

    def _maximize(self, upper: FloatArray, largest: float) -> float:
        """Solve for the largest t up to `largest` with entries of u within ``+-upper``."""
        if self._deadline.expired or self._out_of_nodes():
            raise self.limit_reached()
        columns = np.arange(upper.size, dtype=np.int32)
        self._solver.changeColsBounds(upper.size, columns, -upper, upper)
        self._solver.changeColBounds(self._t, 0.0, largest)
        self.solved += 1
        for _ in range(2):
            if math.isfinite(self._deadline.remaining):
                # the solver's clock runs on from one solve to the next
                limit = self._solver.getRunTime() + self._deadline.remaining
                self._solver.setOptionValue("time_limit", limit)
            self._solver.run()
            status = self._solver.getModelStatus()
            if status == highspy.HighsModelStatus.kOptimal:
                return -float(self._solver.getInfo().objective_function_value) / _GAIN
            if status == highspy.HighsModelStatus.kTimeLimit:
                raise self.limit_reached()
            self._solver.clearSolver()  # a second try from scratch, not from the last basis
        raise UndecidedError(f"the linear program ended as {status}")


def _load(model: CellModel, deadline: Deadline) -> highspy.Highs:
    solver = new_solver(
        {
            "solver": "simplex",
            "presolve": "off",  # hundreds of solves that differ in bounds only: the last basis is worth more
            "dual_feasibility_tolerance": 1e-10,  # the least allowed, see _GAIN
            "small_matrix_value": 1e-12,  # the least allowed; smaller entries are taken for zero
        }
    )
    entries = int(model.patterns.sum()) * model.homogeneous.shape[1]
    before = deadline.seconds
    if _SECONDS_AN_ENTRY * entries < deadline.remaining:
        values, lower, upper = _value_rows(model)
    # handing them to the solver, which nothing can stop, takes as long and more
    if _SECONDS_AN_ENTRY * entries >= deadline.remaining or deadline.seconds - before > deadline.remaining:
        raise TimeLimitError("the time limit would end before the linear program is loaded")
    cones = _cone_rows(model)
    matrix = sp.vstack([values, cones], format="csr")
    others, n_entries = matrix.shape[1] - 1, model.bounds.size
    cost = np.r_[np.zeros(others), -_GAIN]
    free = np.r_[np.zeros(n_entries), np.full(others - n_entries, np.inf), 0.0]
    n_cones = cones.shape[0]
    rows = np.array([np.r_[lower, np.zeros(n_cones)], np.r_[upper, np.full(n_cones, np.inf)]])
    load_program(solver, cost, np.array([-free, free]), matrix, rows)
    return solver


def _value_rows(model: CellModel) -> tuple[sp.csr_array, FloatArray, FloatArray]:
    """Rows ``f(x_i) - t low_i >= 0`` and ``f(x_i) - t high_i <= 0``; one equation where low is high."""
    samples, blocks = np.nonzero(model.patterns.T)
    D = model.homogeneous.shape[1]
    data = (model.signs[blocks, None] * model.homogeneous[samples]).ravel()
    columns = (blocks[:, None] * D + np.arange(D)).ravel()
    shape = (len(model.homogeneous), model.bounds.size)
    network = sp.csr_array((data, (np.repeat(samples, D), columns)), shape=shape)
    if model.free.shape[1]:
        network = sp.csr_array(sp.hstack([network, sp.csr_array(model.free)]))
    equal = model.low == model.high
    below, above = np.isfinite(model.low), np.isfinite(model.high) & ~equal
    labels = np.r_[model.low[below], model.high[above]]
    rows = sp.vstack([network[np.flatnonzero(below)], network[np.flatnonzero(above)]])
    lower = np.r_[np.zeros(below.sum()), np.full(above.sum(), -np.inf)]
    upper = np.r_[np.where(equal[below], 0.0, np.inf), np.zeros(above.sum())]
    return sp.csr_array(sp.hstack([rows, sp.csr_array(-labels[:, None])])), lower, upper


def _cone_rows(model: CellModel) -> sp.csr_array:
    """Rows ``+-xh_i . u_b >= 0`` of the facets of every block."""
    D = model.homogeneous.shape[1]
    blocks, samples = np.nonzero(model.facets)
    facing = np.where(model.patterns[blocks, samples], 1.0, -1.0)
    data = (facing[:, None] * model.homogeneous[samples]).ravel()
    columns = (blocks[:, None] * D + np.arange(D)).ravel()
    width = model.bounds.size + model.free.shape[1] + 1
    rows = np.repeat(np.arange(len(blocks)), D)
    return sp.csr_array((data, (rows, columns)), shape=(len(blocks), width))
