"""Greedy forward selection of (cell, output sign) blocks, in the manner of orthogonal matching pursuit.

Orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad 1993; Tropp 2004) adds the atom that explains
most of the residual and fits all chosen ones again; adding one neuron at a time is the conditional-gradient
view of two-layer networks (Bach, "Breaking the curse of dimensionality with convex neural networks", 2017).
Here an atom is a whole cone, one neuron in one closed cell:

1. Of the blocks not chosen yet take the one that lowers ``||residual||_2`` most when it alone is added.
2. Fit all chosen neurons, each in its cone, and the skip by least squares to the nearest values inside the
   intervals.
3. Ask a linear program for a network with these blocks that meets every interval: there is one, done, and of
   these the one of least l^1 path norm is returned; else continue.

Both least-squares problems are projections on polyhedral cones, solved as nonnegative least squares over the
dual multipliers (Lawson and Hanson 1974; Moreau's decomposition). Every cell is a candidate when there are
few, otherwise the patterns of random neurons; in one dimension that puts knots between neighbouring samples
or on them.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag, solve_triangular
from scipy.optimize import nnls

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.benchmarks.peers.l1 import BlockProgram, both_signs, sampled_patterns, solver_version
from sparsest.benchmarks.suites.method_answer import MethodAnswer
from sparsest.continuous.polish.pattern_program import Neurons
from sparsest.errors import InputError, SolverError
from sparsest.exact.cells.enumerate import count_in_general_position, enumerate_cells
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

BoolArray = NDArray[np.bool_]

# Ridge added to the least-squares problems, relative to the data: cells with few active samples leave
# directions that no label sees. Selection tolerates the bias; what fits is decided by a linear program.
_RIDGE = 1e-6

# A block that lowers the squared residual, labels about one, by less than this explains nothing.
_LEAST_GAIN = 1e-14

# Rounds of moving the aimed-at values inside their intervals; interpolation needs one.
_ROUNDS = 5

# Directions of the data smaller than this, relative to the largest, are rounding.
_RANK = 1e-12


def greedy(
    problem: Problem,
    objective: Objective,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    candidates: int = 2000,
) -> MethodAnswer:
    """Add one block at a time until some network with the chosen blocks fits.

    Parameters
    ----------
    problem : Problem
        Any; the weight bound is respected by the network that fits, not while blocks are chosen.
    objective : Objective
        What is counted; decides whether biases cost in the last step. Blocks are chosen by neurons.
    seed : int
        Of the sampled patterns, when there are too many cells.
    time_limit : float, optional
        Seconds.
    candidates : int
        Cells up to which all are enumerated, and patterns drawn otherwise.

    Returns
    -------
    MethodAnswer
        Status "finished"; "stuck" when no block helps any more, because the sampled patterns do not suffice
        or because the least-squares fit is perfect but for the weight bound; and "time_limit". The last two
        come with the least-squares network so far.

    Raises
    ------
    InputError
        When `candidates` is not a whole number of at least 1.
    SolverError
        When nonnegative least squares does not converge.
    """
    deadline = Deadline(time_limit)
    if isinstance(candidates, bool) or not isinstance(candidates, int) or candidates < 1:
        raise InputError(f"candidates = {candidates!r}: it must be a whole number, at least 1")
    problem = problem.distinct()
    program = BlockProgram.of(problem, objective)
    pursuit = _Pursuit(program, _candidates(program, candidates, np.random.default_rng(seed)))
    status, network, chosen = pursuit.run(deadline)
    known = network.count(objective) if network is not None and network.solves(problem) else None
    return MethodAnswer(
        network=network,
        status=status,
        trace=((deadline.seconds, None, known),),
        work=chosen,
        solver=solver_version(),
        options={"candidates": candidates, "seed": seed, "time_limit": time_limit},
    )


def _candidates(program: BlockProgram, most: int, rng: np.random.Generator) -> BoolArray:
    X = program.problem.X
    if count_in_general_position(len(X), X.shape[1] + 1) <= most:
        return enumerate_cells(program.problem.in_integers.X, numbers="binary").patterns
    return sampled_patterns(program.scaling.homogeneous, most, rng)


@dataclasses.dataclass(frozen=True, eq=False)
class _Cones:
    """Factors of each pattern's least-squares problem: ``B^T B + ridge = L L^T``, cone ``H L^T u >= 0``."""

    values: FloatArray  # B (C, N, r)
    lower: FloatArray  # L (C, r, r)
    normals: FloatArray  # H (C, N, r), rows of length one


class _Pursuit:
    """The chosen blocks and the fit of their neurons, in coordinates of the row space of the data."""

    def __init__(self, program: BlockProgram, patterns: BoolArray) -> None:
        self._program = program
        self._patterns, self._signs = both_signs(patterns)
        left, sizes, right = np.linalg.svd(program.scaling.homogeneous, full_matrices=False)
        rank = int(np.count_nonzero(sizes > _RANK * sizes[0]))
        self._data = left[:, :rank] * sizes[:rank]
        self._back = right[:rank]
        self._ridge = _RIDGE * float(sizes[0])
        self._cones = _factored(self._data, self._patterns[::2], self._ridge)
        self._chosen: list[int] = []

    def run(self, deadline: Deadline) -> tuple[str, Network | None, int]:
        """Return why it stopped, the network, and the number of blocks chosen."""
        while True:
            neurons = self._exact_fit(deadline)
            if neurons is not None:
                return "finished", self._program.network(neurons), len(self._chosen)
            fitted, residual = self._fit()
            block = self._best_block(residual, deadline)
            if block is None or deadline.expired:
                status = "time_limit" if deadline.expired else "stuck"
                return status, self._program.network(fitted), len(self._chosen)
            self._chosen.append(block)

    def _exact_fit(self, deadline: Deadline) -> Neurons | None:
        costs = self._program.costs(len(self._chosen))
        return self._program.solve(self._patterns[self._chosen], self._signs[self._chosen], costs, deadline)

    def _fit(self) -> tuple[Neurons, FloatArray]:
        """Return least-squares neurons of the chosen blocks and how far each value is from its interval."""
        affine = self._program.problem.affine is Affine.SKIP
        maps, normals = self._matrices()
        scaled = self._program.scaling
        target = np.clip(0.0, scaled.low, scaled.high)
        values, numbers = np.zeros(len(target)), np.zeros(maps.shape[1])
        for _ in range(_ROUNDS if maps.shape[1] else 0):
            numbers = _cone_least_squares(maps, normals, target, self._ridge)
            values = maps @ numbers
            nearest = np.clip(values, scaled.low, scaled.high)
            if np.array_equal(nearest, target):
                break
            target = nearest
        rows = numbers.reshape(-1, self._data.shape[1]) @ self._back
        neurons = rows[: len(self._chosen)]
        start = Neurons(
            neurons, self._patterns[self._chosen], self._signs[self._chosen], rows[-1] if affine else None
        )
        return start, np.clip(values, scaled.low, scaled.high) - values

    def _matrices(self) -> tuple[FloatArray, FloatArray]:
        """Return the map from the numbers of all chosen neurons and the skip to values, and their cones."""
        none = np.zeros((len(self._data), 0))
        maps = [self._signs[b] * self._cones.values[b // 2] for b in self._chosen]
        facing = [np.where(self._patterns[b], 1.0, -1.0)[:, None] * self._data for b in self._chosen]
        normals = block_diag(*facing) if facing else np.zeros((0, 0))
        if self._program.problem.affine is Affine.SKIP:
            maps.append(self._data)
            normals = np.c_[normals, np.zeros((len(normals), self._data.shape[1]))]
        return np.concatenate([none, *maps], axis=1), normals

    def _best_block(self, residual: FloatArray, deadline: Deadline) -> int | None:
        """Return the block that lowers the squared residual most; None when none does."""
        cones = self._cones
        projected = np.linalg.solve(cones.lower, (residual @ cones.values)[:, :, None])[:, :, 0]
        bounds = np.sum(projected**2, axis=1)  # gain without the cone
        best: int | None = None
        most = _LEAST_GAIN
        for cell in np.argsort(-bounds, kind="stable"):
            if bounds[cell] <= most or deadline.expired:
                break
            for block in (2 * int(cell), 2 * int(cell) + 1):
                gain = _projection(cones.normals[cell], self._signs[block] * projected[cell])[1]
                if gain > most and block not in self._chosen:
                    best, most = block, gain
        return best


def _factored(data: FloatArray, patterns: BoolArray, ridge: float) -> _Cones:
    values = patterns[:, :, None] * data
    squares = values.transpose(0, 2, 1) @ values + ridge**2 * np.eye(data.shape[1])
    lower: FloatArray = np.asarray(np.linalg.cholesky(squares), dtype=np.float64)
    facing = np.where(patterns, 1.0, -1.0)[:, :, None] * data
    solved = np.linalg.solve(lower, facing.transpose(0, 2, 1))
    normals: FloatArray = np.asarray(solved.transpose(0, 2, 1), dtype=np.float64)
    return _Cones(values, lower, _unit_rows(normals))


def _unit_rows(rows: FloatArray) -> FloatArray:
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1.0))


def _cone_least_squares(
    maps: FloatArray, normals: FloatArray, target: FloatArray, ridge: float
) -> FloatArray:
    """Minimise ``||maps z - target||^2 + ridge^2 ||z||^2`` subject to ``normals z >= 0``."""
    lower = np.linalg.cholesky(maps.T @ maps + ridge**2 * np.eye(maps.shape[1]))
    start = solve_triangular(lower, maps.T @ target, lower=True)
    cone = _unit_rows(solve_triangular(lower, normals.T, lower=True).T)
    return np.asarray(solve_triangular(lower.T, _projection(cone, start)[0], lower=False))


def _projection(normals: FloatArray, point: FloatArray) -> tuple[FloatArray, float]:
    """Project a point (m,) on the cone ``normals z >= 0`` and return the squared length of what is left.

    By Moreau's decomposition the rest lies in the polar cone, ``-normals^T multipliers``.
    """
    if not len(normals):
        return point, float(point @ point)
    try:
        multipliers, length = nnls(normals.T, -point, maxiter=100 * len(normals))
    except RuntimeError as error:
        raise SolverError(f"nonnegative least squares did not converge: {error}") from error
    return point + normals.T @ multipliers, float(length) ** 2
