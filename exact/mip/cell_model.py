"""The sparsest-network problem over enumerated cells, as arrays scaled for a linear-programming solver.

One block stands for one cell and one output sign: a vector u in the closed cone of the cell, which acts
linearly on the data. Two neurons of the same block can be added up without raising any objective (merging
lemma, theory page), so at most one neuron a block is enough; under a weight bound R a block is the sum of as
many neurons as its weights are multiples of R. What the objective counts are *elements*: a block for
``neurons``, entries of u for ``weights`` and ``parameters``.
"""

import dataclasses

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.enumerate import TooManyCellsError, cells_until
from sparsest.exact.cells.packed_patterns import keys_of_octets
from sparsest.exact.mip.counted_elements import (
    BoolArray,
    Elements,
    IntArray,
    essential_entries,
    make_elements,
)
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.weight_bound import MAX_NEURONS, fewest_copies

# Nonzeros of the linear program, some 20 bytes each while it is built and solved.
MAX_NONZEROS = 10**8


@dataclasses.dataclass(frozen=True, eq=False)
class ExactScaling:
    """``x' = (x - shift) / 2^columns`` and ``y' = y / 2^labels``: powers of two, so scaling is exact."""

    shift: FloatArray
    columns: IntArray
    labels: int

    def inputs(self, X: FloatArray) -> FloatArray:
        """Return the scaled inputs (N, d)."""
        return np.asarray(np.ldexp(X - self.shift, -self.columns))

    def original(self, affine: FloatArray) -> FloatArray:
        """Return affine functions (..., d + 1) of scaled data, with scaled values, in original units."""
        slopes = np.ldexp(affine[..., :-1], self.labels - self.columns)
        offset = np.ldexp(affine[..., -1], self.labels) - slopes @ self.shift
        return np.concatenate([slopes, offset[..., None]], axis=-1)


@dataclasses.dataclass(frozen=True, eq=False)
class CellModel:
    """Blocks, their cones, the intervals, and which variables the objective counts.

    Attributes
    ----------
    patterns : array of bool (B, N)
        Activation pattern of each block.
    facets : array of bool (B, N)
        Samples whose hyperplane bounds the cell; the other sign conditions follow from these.
    signs : array (B,)
        Output sign of each block, +1 or -1.
    homogeneous : array (N, d + 1)
        Scaled data with a column of ones.
    low, high : array (N,)
        Scaled intervals.
    free : array (N, 0, 1 or d + 1)
        Scaled data on which the affine term acts: nothing, a column of ones, or all of `homogeneous`.
    bounds : array (B, d + 1)
        Largest absolute value of each entry of one neuron, infinite unless the problem has a weight bound.
    elements : Elements
        What the objective counts.
    scaling : ExactScaling
        How to undo the scaling.
    """

    patterns: BoolArray
    facets: BoolArray
    signs: FloatArray
    homogeneous: FloatArray
    low: FloatArray
    high: FloatArray
    free: FloatArray
    bounds: FloatArray
    elements: Elements
    scaling: ExactScaling

    def decode(self, folded: FloatArray, affine: FloatArray) -> Network | None:
        """Make a network in original units of the vectors u (B, d + 1) and the affine term on `free`.

        Vectors beyond the bound become several equal neurons; None where they are too many.
        """
        # without weights, only the block that is active everywhere can be more than rounding noise
        used = np.any(folded[:, :-1] != 0, axis=1) | (self.patterns.all(axis=1) & (folded[:, -1] != 0))
        term = None
        if len(affine):
            padded = np.r_[np.zeros(folded.shape[1] - len(affine)), affine]
            term = self.scaling.original(padded)
        often = fewest_copies(folded, self.bounds[:, :-1])[used]
        if not often.sum() <= MAX_NEURONS:
            return None
        copies = often.astype(int)
        neurons = np.repeat(self.scaling.original(folded[used]) / copies[:, None], copies, axis=0)
        return Network.from_folded(neurons, np.repeat(self.signs[used], copies), term)


def build_cell_model(problem: Problem, objective: Objective, deadline: Deadline) -> CellModel:
    """Enumerate the cells of a problem without repeated inputs and lay out its blocks and elements.

    Parameters
    ----------
    problem : Problem
        Distinct inputs and at least one finite interval end other than zero.
    objective : Objective
        What is counted.
    deadline : Deadline
        The enumeration ends with it in an error; reductions that only save time later just end.

    Raises
    ------
    InputError
        When there are too many cells for the memory.
    TimeLimitError
        When the deadline ended before all cells were found, or what is essential to them.

    Notes
    -----
    Left out, because they cannot help (derived): the block that is active nowhere; with skip, the block
    that is active everywhere, whose neuron is affine on the data, and one of each two opposite cells, because
    ``max(0, t) = max(0, -t) + t``, u and -u have the same absolute entries, and the skip absorbs the rest.
    """
    cells = _cells(problem, deadline)
    keep = cells.any(axis=1)
    if problem.affine is Affine.SKIP:
        keep &= ~cells.all(axis=1) & ~cells[:, 0]
    patterns = np.repeat(cells[keep], 2, axis=0)
    if patterns.sum(dtype=np.int64) * (problem.n_features + 1) > MAX_NONZEROS:
        raise _too_large(problem)
    facets = _facets(cells, deadline)
    scaling = _scaling(problem, objective)
    homogeneous = np.c_[scaling.inputs(problem.X), np.ones(problem.n_samples)]
    first = {Affine.NONE: problem.n_features + 1, Affine.CONSTANT: problem.n_features, Affine.SKIP: 0}
    free = homogeneous[:, first[problem.affine] :]
    essential = np.zeros((keep.sum(), homogeneous.shape[1]), dtype=np.bool_)
    if objective is not Objective.NEURONS:
        essential = essential_entries(cells[keep], facets[keep], homogeneous, deadline)
    if deadline.expired:
        raise TimeLimitError("the time limit ended before the blocks were laid out")
    return CellModel(
        patterns=patterns,
        facets=np.repeat(facets[keep], 2, axis=0),
        signs=np.tile([1.0, -1.0], len(patterns) // 2),
        homogeneous=homogeneous,
        low=np.ldexp(problem.low, -scaling.labels),
        high=np.ldexp(problem.high, -scaling.labels),
        free=free,
        bounds=np.tile(_bounds(problem, scaling), (len(patterns), 1)),
        elements=make_elements(objective, np.repeat(essential, 2, axis=0)),
        scaling=scaling,
    )


def _facets(cells: BoolArray, deadline: Deadline) -> BoolArray:
    """Mark the samples whose hyperplane bounds each cell: those whose bit, flipped, gives another cell.

    Crossing a facet of a cell of distinct hyperplanes flips one bit; and if both patterns are cells, a
    segment between two interior points crosses that one hyperplane only, so it bounds both.
    """
    packed = np.packbits(cells, axis=1)
    keys = np.sort(keys_of_octets(packed))
    facets = np.zeros(cells.shape, dtype=np.bool_)
    for sample in range(cells.shape[1]):
        if deadline.expired:
            raise TimeLimitError("the time limit ended before the facets of all cells were found")
        flipped = packed.copy()
        flipped[:, sample // 8] ^= 128 >> (sample % 8)
        wanted = keys_of_octets(flipped)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        facets[:, sample] = keys[place] == wanted
    return facets


def _scaling(problem: Problem, objective: Objective) -> ExactScaling:
    """Choose a shift for columns far from zero (not for ``parameters``: it moves biases) and the scales."""
    X = problem.X
    middle = X[np.argsort(X, axis=0)[len(X) // 2], np.arange(X.shape[1])]
    far = np.abs(middle) > np.ptp(X, axis=0)
    if objective is Objective.PARAMETERS:
        far[:] = False
    shift = np.where(far, middle, 0.0)
    return ExactScaling(
        shift, _exponents(np.abs(X - shift).max(axis=0)), int(_exponents(problem.label_scale))
    )


def _exponents(sizes: FloatArray | float) -> IntArray:
    return np.frexp(sizes)[1].astype(np.intp)


def _bounds(problem: Problem, scaling: ExactScaling) -> FloatArray:
    bounds = np.full(problem.n_features + 1, np.inf)
    if problem.weight_bound is not None:
        bounds[:-1] = np.ldexp(problem.weight_bound, scaling.columns - scaling.labels)
    return bounds


def _cells(problem: Problem, deadline: Deadline) -> BoolArray:
    """Enumerate cells until the linear program of those would be refused."""
    # opposite cells together are active on all samples, each with two output signs; a skip needs one of
    # them, and that which is active less
    most = MAX_NONZEROS / (problem.n_features + 1) / problem.n_samples
    if problem.affine is Affine.SKIP:
        most *= problem.n_samples
    try:
        return cells_until(problem.X, deadline, most).patterns
    except TooManyCellsError:
        raise _too_large(problem) from None


def _too_large(problem: Problem) -> InputError:
    return InputError(
        f"N = {problem.n_samples} samples with d = {problem.n_features} features have so many activation "
        f"patterns that a linear program over them would have more than {MAX_NONZEROS:.0e} nonzeros: use "
        "method 'tree', or fewer samples or features"
    )
