"""Networks that fit, of low path norm: from linear programs over rays, improved by reweighting."""

import functools
import itertools
import math
from typing import Final, NamedTuple

import flint
import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.lp.simplex_kernel import FEASIBLE
from sparsest.exact.path_norm.cones import Cones
from sparsest.exact.path_norm.intervals_kernel import Box
from sparsest.exact.path_norm.loops import Loops
from sparsest.exact.path_norm.ray_program_kernel import ConeArrays, Solution, element_values, violated
from sparsest.exact.path_norm.symmetries import Symmetries, images_of_elements
from sparsest.network import Network
from sparsest.objectives import Objective, charged_entries
from sparsest.problem import Problem
from sparsest.refine import refine

# Sets of samples that are tried in search of the steepest interpolation.
_MAX_SETS: Final = 5000
# Reweighted linear programs in one descent; most stop changing after three to six.
_MAX_PROGRAMS: Final = 12
# Relative distance within which a hyperplane counts as met: a neuron on it is in the cones on both sides.
_ON_PLANE: Final = 1e-9
# Rows added one by one where a weight bound is violated.
_MAX_ROWS: Final = 60


class Candidate(NamedTuple):
    """A network that fits, and its path norm."""

    network: Network
    cost: float


class Networks:
    """Linear programs over the rays of one problem, and the networks that their solutions stand for."""

    def __init__(
        self,
        problem: Problem,
        cones: Cones,
        p: float,
        objective: Objective,
        compiled: bool | None = None,
    ) -> None:
        self.problem, self._cones, self.p, self._objective = problem, cones, p, objective
        scale = cones.label_scale
        self.bound = float("inf") if problem.weight_bound is None else problem.weight_bound / scale
        self.shape = (cones.size, 2, cones.charges.shape[1])
        self.loops = Loops(2 * len(cones.columns), cones.columns.shape[1], compiled)
        self.arrays = ConeArrays(
            cones.charges,
            cones.directions,
            cones.columns,
            cones.starts,
            cones.members,
            cones.cells,
            cones.offsets,
            self._ends_within(float("inf")),
            self.bound,
        )

    @functools.cached_property
    def symmetries(self) -> Symmetries:
        """What renumbers the elements and changes nothing else."""
        return Symmetries(images_of_elements(self.problem, self._objective, self._cones))

    def _ends_within(self, reach: float) -> FloatArray:
        """Return the intervals of the samples; values that were eliminated are at most `reach`."""
        cones = self._cones
        return np.array(
            [
                np.r_[cones.low, np.maximum(cones.offset_low, -reach)],
                np.r_[cones.high, np.minimum(cones.offset_high, reach)],
            ]
        )

    def close_ends(self, largest: float) -> None:
        """Give eliminated samples two finite ends, for networks whose elements add up to `largest` at most.

        Terms without charge can be chosen so that some f of samples S, which determine them, take finite
        ends e: the values of the neurons, up to such terms, are in ``[0, largest * range of the inputs]``,
        and with g the row that gives a value by those on S, ``f_B = F_B + g . (e - F_S)``.
        """
        cones, problem = self._cones, self.problem
        if np.isfinite(cones.offset_low).all() and np.isfinite(cones.offset_high).all():
            return
        steepest = _largest_interpolation(problem, cones)
        spread = float(np.ptp(problem.X, axis=0).max()) * largest
        label = problem.label_scale / cones.label_scale
        ends = self._ends_within(1.001 * (steepest * label + (1 + steepest) * spread))
        self.arrays = self.arrays._replace(ends=ends)

    def box(self, high: float) -> Box:
        """Return the intervals of all elements, where elements are at most `high`."""
        upper = np.where(self._cones.allowed[:, :, None], min(high, self._largest), -1.0)
        return Box(np.zeros(self.shape), np.broadcast_to(upper, self.shape).copy())

    @property
    def _largest(self) -> float:
        return self.bound if self._objective is Objective.WEIGHTS else float("inf")

    def network(self, solution: Solution) -> Network:
        """Return the network of a solution, neurons of one activation pattern and sign merged."""
        x, labels, _ = solution
        cones, scale = self._cones, self._cones.label_scale
        used = (labels[:, 0] >= 0) & (x > 0)
        sums: dict[tuple[int, int], FloatArray] = {}
        for value, (sign, cone, ray) in zip(x[used], labels[used], strict=True):
            key = int(cones.cells[cone]), int(sign)
            sums[key] = sums.get(key, np.zeros(cones.directions.shape[1])) + value * cones.directions[ray]
        neurons = np.array(list(sums.values())).reshape(-1, cones.directions.shape[1]) * scale
        signs = np.array([1.0 - 2.0 * sign for _, sign in sums])
        free = self._free_part(Network.from_folded(neurons, signs), x[labels[:, 0] < 0] * scale)
        if self.problem.has_affine_term:
            padded = np.r_[np.zeros(neurons.shape[1] - len(free)), free]
            return Network.from_folded(neurons, signs, padded)
        if len(free) and free[0] != 0:
            constant = np.r_[np.zeros(neurons.shape[1] - 1), abs(free[0])]
            neurons, signs = np.r_[neurons, [constant]], np.r_[signs, np.sign(free[0])]
        return Network.from_folded(neurons, signs)

    def _free_part(self, charged: Network, values: FloatArray) -> FloatArray:
        """Return the terms without charge that take the samples of `pivots` to these values."""
        free, pivots = self._cones.free, self._cones.pivots
        if free.shape[1] == 0:
            return np.zeros(0)
        wanted = values - charged(self.problem.X)[pivots]
        solution, *_ = np.linalg.lstsq(free[pivots], wanted, rcond=None)
        return np.asarray(solution, dtype=np.float64)

    def candidate(self, solution: Solution) -> Candidate | None:
        """Return the network of a solution made exact to rounding, or None where that fails."""
        network = refine(self.problem, self.network(solution))
        if not network.solves(self.problem):
            return None
        return Candidate(network, self.path_norm(network))

    def path_norm(self, network: Network) -> float:
        """Return the path norm of a network."""
        return network.path_norm(self.p, self._objective)

    def descended(self, values: FloatArray, width: float) -> Candidate | None:
        """Return the network that `descend` ends with, or None where it fails."""
        solution = self.descend(values, width)
        return None if solution is None else self.candidate(solution)

    def elements(self, network: Network) -> FloatArray:
        """Return the elements (C, 2, J) of a network's neurons, each counted in the first of its cones.

        With an affine term a neuron may be flipped; one that is in no cone that is used is left out.
        """
        cones = self._cones
        normals = np.r_[self.problem.homogeneous, np.eye(cones.directions.shape[1])[: self._charged]]
        values = np.zeros(self.shape)
        for neuron, output in zip(network.folded, network.outputs, strict=True):
            s = int(output < 0)
            for facing in (1.0, -1.0) if self.problem.affine is Affine.SKIP else (1.0,):
                side = normals @ (facing * neuron)
                side[np.abs(side) <= _ON_PLANE * np.abs(normals) @ np.abs(neuron)] = 0.0
                fits = np.all(np.where(cones.sides, side >= 0, side <= 0), axis=1) & cones.allowed[:, s]
                if fits.any():
                    sizes = np.abs(neuron[: self._charged]) / cones.label_scale
                    together = self._objective is Objective.NEURONS
                    values[int(np.argmax(fits)), s] += sizes.sum() if together else sizes
                    break
        return values

    @property
    def _charged(self) -> int:
        return charged_entries(self.problem.n_features, self._objective)

    def solve(self, slopes: FloatArray) -> Solution | None:
        """Return the solution of the program with these slopes, or None."""
        box = self.box(float("inf"))
        slopes = np.where(box.high > 0, slopes, np.inf)
        rows = np.zeros((0, 4), dtype=np.int64)
        for _ in range(_MAX_ROWS):
            found = self.loops.relaxed(slopes, box, rows, np.inf, self.arrays)
            if found.answer != FEASIBLE:
                return None
            values = element_values(found.x, found.labels, self._cones.charges, self.shape)
            solution = Solution(found.x, found.labels, values)
            if self.bound == float("inf"):
                return solution
            more = violated(solution, box.high, self.arrays, rows)
            if len(more) == len(rows):
                return solution
            rows = more
        return None

    def descend(self, values: FloatArray, width: float, factors: FloatArray | float = 1.0) -> Solution | None:
        """Repeat programs whose slopes are those of t^p at the last solution, from elements `values`.

        Majorisation by the tangents of ``(t + width)^p``, the reweighted l^1 minimisation of Candes, Wakin
        and Boyd (2008); `width` is divided by four after each. The first slopes are multiplied by `factors`.
        """
        best = None
        for number in range(_MAX_PROGRAMS):
            slopes = self.p * (values + width) ** (self.p - 1.0) * (1.0 if number else factors)
            found = self.solve(slopes / slopes.max(initial=np.finfo(np.float64).tiny))
            if found is None:
                return best
            same = best is not None and np.allclose(found.values, best.values, rtol=1e-9, atol=1e-12)
            best, values, width = found, found.values, max(width / 4, 1e-7)
            if same and width <= 1e-6:
                break
        return best


def _largest_interpolation(problem: Problem, cones: Cones) -> float:
    """Return by how much terms without charge may magnify values on samples that determine them."""
    count, size = len(cones.pivots), problem.n_samples
    if math.comb(size, count) > _MAX_SETS:
        return float("inf")
    data = ExactData(problem)
    rows = [
        [flint.fmpq(v, scale) for v in row[data.size - count :]]
        for row, scale in zip(data.rows, data.scales, strict=True)
    ]
    wanted = flint.fmpq_mat([rows[b] for b in cones.pivots])
    largest = 0.0
    for chosen in itertools.combinations(range(size), count):
        matrix = flint.fmpq_mat([rows[i] for i in chosen])
        if matrix.det() != 0:
            entries = (wanted * matrix.inv()).tolist()
            largest = max(largest, *(sum(abs(int(v.p) / int(v.q)) for v in row) for row in entries))
    return largest
