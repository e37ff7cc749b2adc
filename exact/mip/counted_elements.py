"""What an objective counts in each cell: the entries of u, some of which can only be nonzero together."""

import dataclasses

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.highs import load_program, new_solver
from sparsest.objectives import Objective
from sparsest.progress import Deadline

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]

# An entry whose sign is the same all over a cell, by at least this on vectors scaled to the data, is nonzero.
_CLEARLY_NONZERO = 1e-6


@dataclasses.dataclass(frozen=True, eq=False)
class Elements:
    """The things that the binaries of the master problem stand for.

    Under a weight bound they are whole numbers: how many neurons of the block use the entry.

    Attributes
    ----------
    of_entry : array of int (B, d + 1)
        The element that each entry of each u belongs to; -1 for entries that cost nothing.
    costs : array (E,)
        Number of counted entries of each element.
    requires : array of int (E,)
        An element that is nonzero whenever this one is; -1 if none is known.
    """

    of_entry: IntArray
    costs: FloatArray
    requires: IntArray


def make_elements(objective: Objective, essential: BoolArray) -> Elements:
    """Lay out the elements of blocks with the given `essential` entries (B, d + 1), see `essential_entries`.

    For ``neurons`` a block is one element. Otherwise the essential counted entries of a block are one element
    together, which every other counted entry of the block, an element each, requires.
    """
    n_blocks, D = essential.shape
    of_entry = np.full((n_blocks, D), -1, dtype=np.intp)
    if objective is Objective.NEURONS:
        of_entry[:] = np.arange(n_blocks)[:, None]
        return Elements(of_entry, np.ones(n_blocks), np.full(n_blocks, -1, dtype=np.intp))
    counted = D - 1 if objective is Objective.WEIGHTS else D
    core = essential[:, :counted]
    has_core = np.asarray(core.any(axis=1))
    sizes = has_core + (~core).sum(axis=1)
    first = np.cumsum(sizes) - sizes
    place = first[:, None] + has_core[:, None] + np.cumsum(~core, axis=1) - 1
    of_entry[:, :counted] = np.where(core, first[:, None], place)
    costs, requires = np.ones(sizes.sum()), np.full(sizes.sum(), -1, dtype=np.intp)
    costs[first[has_core]] = core[has_core].sum(axis=1)
    block, entry = np.nonzero(~core & has_core[:, None])
    requires[place[block, entry]] = first[block]
    return Elements(of_entry, costs, requires)


def essential_entries(
    patterns: BoolArray, facets: BoolArray, homogeneous: FloatArray, deadline: Deadline
) -> BoolArray:
    """Return which entries (C, d + 1) are nonzero in every nonzero vector of each closed cell.

    In general position most cells meet no coordinate hyperplane except in 0, so nearly every neuron needs
    all its parameters. One linear program for each entry and sign bounds that entry over all cells at once,
    on the slice of the cone where the distances to its facets add up to 1. The slice is bounded if and only
    if the data have full rank; if they do not, the solver fails or half of the time left is spent, no further
    entry is called essential.

    Parameters
    ----------
    patterns, facets : array of bool (C, N)
        Cells and the samples that bound them.
    homogeneous : array (N, d + 1)
        Data with a column of ones, entries of about 1.
    """
    C, D = len(patterns), homogeneous.shape[1]
    if C == 0 or np.linalg.matrix_rank(homogeneous) < D:
        return np.zeros((C, D), dtype=np.bool_)
    solver = _slices(patterns, facets, homogeneous)
    limit = deadline.seconds + deadline.remaining / 2
    extremes = [
        [_extreme(solver, C, D, entry, sign, limit - deadline.seconds) for sign in (1.0, -1.0)]
        for entry in range(D)
    ]
    # the smallest and, negated, the largest value of each entry: both of one sign, or it can vanish
    return np.array([np.maximum(least, most) > _CLEARLY_NONZERO for least, most in extremes]).T


def _slices(patterns: BoolArray, facets: BoolArray, homogeneous: FloatArray) -> highspy.Highs:
    """Load ``{u in cell : sum of distances to facets = 1}`` for every cell, block by block."""
    C, D = len(patterns), homogeneous.shape[1]
    blocks, samples = np.nonzero(facets)
    facing = np.where(patterns[blocks, samples], 1.0, -1.0)[:, None] * homogeneous[samples]
    columns = (blocks[:, None] * D + np.arange(D)).ravel()
    cones = sp.csr_array(
        (facing.ravel(), (np.repeat(np.arange(len(blocks)), D), columns)), (len(blocks), C * D)
    )
    sums = np.zeros((C, D))
    np.add.at(sums, blocks, facing)
    slices = sp.csr_array((sums.ravel(), (np.repeat(np.arange(C), D), np.arange(C * D))), (C, C * D))
    matrix = sp.csr_array(sp.vstack([cones, slices]))
    solver = new_solver()
    free = np.full(C * D, np.inf)
    ends = [np.r_[np.full(len(blocks), end), np.ones(C)] for end in (0.0, np.inf)]
    load_program(solver, np.zeros(C * D), np.array([-free, free]), matrix, np.array(ends))
    return solver


def _extreme(solver: highspy.Highs, C: int, D: int, entry: int, sign: float, seconds: float) -> FloatArray:
    """Smallest value (C,) of ``sign * u[entry]`` over each slice; -inf when the solver fails."""
    if seconds <= 0:
        return np.full(C, -np.inf)
    if np.isfinite(seconds):
        solver.setOptionValue("time_limit", solver.getRunTime() + seconds)
    costs = np.zeros((C, D))
    costs[:, entry] = sign
    solver.changeColsCost(C * D, np.arange(C * D, dtype=np.int32), costs.ravel())
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return np.full(C, -np.inf)
    return sign * np.array(solver.getSolution().col_value).reshape(C, D)[:, entry]
