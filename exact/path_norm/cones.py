"""Cones of neurons in which a path norm is concave, by their rays: the variables of branch and bound.

The hyperplanes ``xh_i . u = 0`` and ``u_j = 0``, j over the entries that the objective charges, cut the space
of neurons into pointed cones. In one of them a neuron is a sum of rays with coefficients >= 0, its values on
the samples and its charged entries are linear in those, and one neuron for each cone and output sign is
enough (merging lemma; under a weight bound see `sparsest.exact.path_norm.copies`). A ray has the same column
in all of its cones, so that a linear program over rays has one row for each sample and no inequalities for
the cones.

Everything here is found in integers; floats are rounded once at the end.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Final

import flint
import numpy as np
from numpy.typing import NDArray

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.echelon import pivots
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.cells.arrangement import IntegerArray, rays_in_lowest_terms
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.stream import upper_cells
from sparsest.objectives import Objective, charged_entries
from sparsest.problem import Problem
from sparsest.progress import Deadline

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Candidates for rays, and pairs of a ray and a cone, beyond which there is no hope for a search over them.
MAX_RAYS: Final = 100_000
MAX_PAIRS: Final = 2_000_000
# About what a ray takes for each hyperplane, until it is known which cones it is in.
_SECONDS_A_SIDE: Final = 7e-7
# Larger counts are no floats.
_HUGE: Final = 10**300
# Cones compared with rays at a time.
_CONES_AT_ONCE: Final = 2048
# Rays whose sides are found between two looks at the clock.
_RAYS_AT_ONCE: Final = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class Cones:
    """The cones of a problem, their rays, and the linear conditions that networks meet.

    A network is a coefficient >= 0 for each cone, output sign and ray of the cone. With s the sign and r the
    ray, `rows` of it add up ``s * columns[r]`` and each lies in its interval, up to `offsets`: values f_B of
    the samples that determine the terms without charge (a skip, or a constant), ``rows + offsets f_B`` is
    in ``[low, high]``.

    Attributes
    ----------
    directions : array (R, d + 1)
        Rays, charges of each adding up to one.
    charges : array (R, J)
        What each ray adds to the J numbers that are raised to the power p.
    columns : array (R, m)
        Values on the samples, those of terms without charge eliminated.
    starts, members : arrays of int (C + 1,), (M,)
        Cone c has the rays ``members[starts[c]:starts[c + 1]]``.
    cells : array of int (C,)
        Which cones have the same activation pattern.
    sides : array of bool (C, N + charged entries)
        Whether a cone is on the positive side of each sample's hyperplane, and of each charged entry's.
    allowed : array of bool (C, 2)
        Whether a cone is needed with output sign + and with -.
    low, high : arrays (m,)
        Intervals of the rows.
    offsets : array (m, q)
        Coefficients of the values f_B.
    offset_low, offset_high : arrays (q,)
        Their intervals.
    label_scale : float
        A power of two by which labels, and so neurons, were divided.
    free : array (N, f)
        Values of the terms without charge on the samples.
    pivots : array of int (q,)
        The samples that determine those terms.
    """

    directions: FloatArray
    charges: FloatArray
    columns: FloatArray
    starts: IntArray
    members: IntArray
    cells: IntArray
    sides: BoolArray
    allowed: BoolArray
    low: FloatArray
    high: FloatArray
    offsets: FloatArray
    offset_low: FloatArray
    offset_high: FloatArray
    label_scale: float
    free: FloatArray
    pivots: IntArray

    @property
    def size(self) -> int:
        """Number of cones."""
        return len(self.cells)


def samples_asked(problem: Problem) -> Problem:
    """Return the samples that ask for something, each input once; all of them where none does."""
    asked = np.isfinite(problem.low) | np.isfinite(problem.high)
    return (problem.subset(asked) if asked.any() and not asked.all() else problem).distinct()


def build_cones(problem: Problem, objective: Objective, deadline: Deadline) -> Cones:
    """Enumerate cones and rays of a problem without repeated inputs.

    Left out, because they cannot help: rays and cones that are active on no sample; with a skip the cones
    that are active on all, and one of each two opposite cells; where constants cost nothing the cones active
    on all samples with output sign -, whose neurons are a constant and a neuron of the other sign at the same
    cost.

    Raises
    ------
    InputError
        When cones or rays are too many.
    TimeLimitError
        When the deadline ended first.
    """
    charged = charged_entries(problem.n_features, objective)
    # before exact data of any size; of distinct inputs the origin alone may be parallel to an axis, the bias'
    parallel = charged > problem.n_features and not np.all(np.any(problem.X, axis=1))
    _refuse_many(problem.n_samples + charged - parallel, problem.n_features + 1, deadline)
    data = ExactData(problem)
    normals, places, lengths = hyperplanes(data, charged)
    directions = rays_in_lowest_terms(normals)
    products = _products(directions, normals, deadline)
    sides = products[:, places] * lengths
    useful = np.any(sides > 0, axis=1) & np.any(directions[:, :charged] != 0, axis=1)
    directions, sides, products = directions[useful], sides[useful], products[useful]
    upper = np.concatenate(list(upper_cells(normals, deadline)))
    signs = np.concatenate([upper, ~upper])
    patterns = signs[:, places]  # the last entry of a sample is positive, and so is an axis'
    allowed = _allowed(problem, objective, patterns)
    needed = allowed.any(axis=1)
    starts, members = _incidence(np.sign(products).astype(np.int8), signs[needed], deadline)
    _, cells = np.unique(patterns[needed], axis=0, return_inverse=True)
    scale = math.ldexp(1.0, math.frexp(problem.label_scale or 1.0)[1])
    free = free_terms(problem, objective)
    pivot, rest, ratios = _elimination(problem, data, free)
    entries = [int(v) for v in np.abs(directions[:, :charged]).sum(axis=1)]
    columns = np.empty((len(entries), len(rest)))
    for number, (row, norm) in enumerate(zip(sides.tolist(), entries, strict=True)):
        if deadline.expired:
            raise TimeLimitError("the time limit ended before the values of all rays were known")
        columns[number] = _column(row, norm, data.scales, (pivot, rest, ratios))
    return Cones(
        directions=_divided(directions, entries),
        charges=_charges(_divided(directions, entries), charged, objective),
        columns=columns,
        starts=starts,
        members=members,
        cells=cells.astype(np.int64),
        sides=np.c_[patterns, signs[:, :charged]][needed],
        allowed=allowed[needed],
        low=problem.low[rest] / scale,
        high=problem.high[rest] / scale,
        offsets=np.array([[_float(v) for v in row] for row in ratios]).reshape(len(rest), len(pivot)),
        offset_low=problem.low[pivot] / scale,
        offset_high=problem.high[pivot] / scale,
        label_scale=scale,
        free=free,
        pivots=np.array(pivot, dtype=np.int64),
    )


def hyperplanes(data: ExactData, charged: int) -> tuple[IntegerArray, IntArray, IntegerArray]:
    """Return distinct normal vectors, for each sample the place of its own, and its length in that.

    Without repeated inputs no two samples are parallel; a sample may be parallel to an axis.
    """
    axes = [[int(j == k) for k in range(data.size)] for j in range(charged)]
    normals, places, lengths = list(axes), [], []
    for row in data.rows:
        used = [j for j, entry in enumerate(row) if entry]
        if len(used) == 1 and used[0] < charged:
            places.append(used[0])
            lengths.append(row[used[0]])
        else:
            places.append(len(normals))
            lengths.append(1)
            normals.append(row)
    return np.array(normals, dtype=object), np.array(places), np.array(lengths, dtype=object)


def _products(directions: IntegerArray, normals: IntegerArray, deadline: Deadline) -> IntegerArray:
    """Return the products (R, n) of rays and normal vectors."""
    products = np.empty((len(directions), len(normals)), dtype=object)
    for start in range(0, len(directions), _RAYS_AT_ONCE):
        if deadline.expired:
            raise TimeLimitError("the time limit ended before the sides of all rays were known")
        block = slice(start, start + _RAYS_AT_ONCE)
        products[block] = directions[block] @ normals.T
    return products


def _refuse_many(size: int, rank: int, deadline: Deadline) -> None:
    """Raise `InputError` or `TimeLimitError` when so many hyperplanes in so many dimensions are too many."""
    rays = 2 * math.comb(size, rank - 1)
    cones = 2 * sum(math.comb(size - 1, k) for k in range(rank))
    if rays > MAX_RAYS or cones * 2 ** (rank - 1) > MAX_PAIRS:
        most = [f"{min(count, _HUGE):.3g}" for count in (rays, cones)]
        raise InputError(
            f"up to {most[0]} rays and {most[1]} cones are too many to search: "
            "use fewer samples or fewer features"
        )
    if rays * size > deadline.remaining / _SECONDS_A_SIDE:
        raise TimeLimitError("the time limit would end before all rays and cones were found")


def _allowed(problem: Problem, objective: Objective, patterns: BoolArray) -> BoolArray:
    """Return which output signs (C, 2) each cone is needed with."""
    active, everywhere = patterns.any(axis=1), patterns.all(axis=1)
    if problem.affine is Affine.SKIP:
        active &= ~everywhere & ~patterns[:, 0]
    allowed = np.c_[active, active]
    if objective is Objective.WEIGHTS:
        allowed[everywhere, 1] = False
    return np.asarray(allowed, dtype=np.bool_)


def _incidence(
    covectors: NDArray[np.int8], signs: BoolArray, deadline: Deadline
) -> tuple[IntArray, IntArray]:
    """Return the rays of each cone: those on its side of every hyperplane, or on the hyperplane."""
    crossed = np.abs(covectors).sum(axis=1, dtype=np.int64)
    counts, members = [], []
    for start in range(0, len(signs), _CONES_AT_ONCE):
        if deadline.expired:
            raise TimeLimitError("the time limit ended before the rays of all cones were known")
        facing = np.where(signs[start : start + _CONES_AT_ONCE], 1.0, -1.0)
        cones, rays = np.nonzero(facing @ covectors.T.astype(np.float64) == crossed)
        counts.append(np.bincount(cones, minlength=len(facing)))
        members.append(rays)
    nothing = np.zeros(0, dtype=np.int64)
    starts = np.r_[0, np.cumsum(np.concatenate(counts or [nothing]))].astype(np.int64)
    return starts, np.concatenate(members or [nothing]).astype(np.int64)


def free_terms(problem: Problem, objective: Objective) -> FloatArray:
    """Return the values (N, f) on the samples of the terms that are not charged."""
    if problem.affine is Affine.SKIP:
        return problem.homogeneous
    constant = problem.affine is Affine.CONSTANT or objective is Objective.WEIGHTS
    return problem.homogeneous[:, -1:] if constant else np.zeros((problem.n_samples, 0))


def _elimination(
    problem: Problem, data: ExactData, free: FloatArray
) -> tuple[list[int], list[int], list[list[flint.fmpq]]]:
    """Return samples that determine the free terms, the others, and their values from those of the former."""
    # samples with two finite ends first: a multiplier of these may have either sign
    open_ended = ~(np.isfinite(problem.low) & np.isfinite(problem.high))
    order = np.argsort(open_ended, kind="stable").tolist()
    if free.shape[1] == 0:
        return [], order, [[] for _ in order]
    table = [
        [flint.fmpq(row[j], scale) for j in range(data.size - free.shape[1], data.size)]
        for row, scale in zip(data.rows, data.scales, strict=True)
    ]
    across = flint.fmpq_mat([[table[i][j] for i in order] for j in range(free.shape[1])])
    reduced, rank = across.rref()
    leading = pivots(reduced, rank)
    others = [k for k in range(len(order)) if k not in set(leading)]
    ratios = [[reduced[b, k] for b in range(rank)] for k in others]
    return [order[k] for k in leading], [order[k] for k in others], ratios


def _column(
    row: list[int],
    norm: int,
    scales: Sequence[int],
    elimination: tuple[list[int], list[int], list[list[flint.fmpq]]],
) -> list[float]:
    """Return the values of a ray, over `norm`, on the samples left, less what the eliminated ones say."""
    pivot, rest, ratios = elimination
    if not pivot:
        return [max(0, row[i]) / (scales[i] * norm) for i in rest]
    known = [flint.fmpq(max(0, row[i]), scales[i] * norm) for i in pivot]
    return [
        _float(
            flint.fmpq(max(0, row[i]), scales[i] * norm)
            - sum((g * v for g, v in zip(ratio, known, strict=True)), flint.fmpq(0))
        )
        for i, ratio in zip(rest, ratios, strict=True)
    ]


def _divided(directions: IntegerArray, norms: list[int]) -> FloatArray:
    """Return the rays divided by integers, correctly rounded."""
    rows = [[entry / norm for entry in row] for row, norm in zip(directions.tolist(), norms, strict=True)]
    return np.array(rows, dtype=np.float64).reshape(directions.shape)


def _charges(directions: FloatArray, charged: int, objective: Objective) -> FloatArray:
    sizes = np.abs(directions[:, :charged])
    return np.ones((len(sizes), 1)) if objective is Objective.NEURONS else sizes


def _float(value: flint.fmpq) -> float:
    return int(value.p) / int(value.q)
