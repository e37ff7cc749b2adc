"""The best weights of curved sets: a fractional packing, by rows that are generated as they are exceeded."""

from typing import Final, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.packing.hyperplanes import Cuts, loads
from sparsest.highs import load_program, new_solver
from sparsest.progress import Deadline

# Hyperplanes taken into the program at a time, and the load beyond 1 that is not rounding.
_ROWS_AT_ONCE: Final = 100
_EXCESS: Final = 1e-6
# Weights are rounded to multiples of one over these, the first that keeps the bound.
DENOMINATORS: Final = (1, 2, 3, 4, 6, 12, 60, 420, 10_000, 1_000_000)


class Weights(NamedTuple):
    """An optimal fractional packing.

    Attributes
    ----------
    weights : array (M,)
        Of the sets; no hyperplane cuts more than 1 of them, up to rounding.
    rows : array of int
        Rows of `Cuts` with a positive price.
    prices : array of float
        Their prices: cover every set at least once, and add up to the weights' sum.
    """

    weights: FloatArray
    rows: NDArray[np.intp]
    prices: FloatArray


def fractional_packing(cuts: Cuts, count: int, deadline: Deadline) -> Weights | None:
    """Return the heaviest weights of `count` sets that fill no hyperplane beyond 1; None out of time."""
    rows = np.empty(0, np.intp)
    weights, prices = np.ones(count), np.empty(0)
    while not deadline.expired:
        load = loads(cuts, weights)
        new = _heaviest_rows(cuts, load)
        if not new.size:
            used = prices > 0
            return Weights(weights, rows[used], prices[used])
        rows = np.union1d(rows, new)
        weights, prices = _solved(cuts.unpacked(rows, count))
    return None


def _heaviest_rows(cuts: Cuts, load: FloatArray) -> NDArray[np.intp]:
    """Return rows that exceed 1 the most, no two alike."""
    heavy = np.flatnonzero(load > 1 + _EXCESS)
    if len(heavy) > 10 * _ROWS_AT_ONCE:
        heavy = heavy[np.argpartition(-load[heavy], 10 * _ROWS_AT_ONCE)[: 10 * _ROWS_AT_ONCE]]
    _, first = np.unique(cuts.packed[heavy], axis=0, return_index=True)
    heavy = heavy[first]
    return heavy[np.argsort(-load[heavy], kind="stable")[:_ROWS_AT_ONCE]]


def _solved(matrix: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Return weights and prices of ``max sum w`` over ``matrix @ w <= 1``, ``0 <= w <= 1``."""
    height, width = matrix.shape
    solver = new_solver()
    ends = np.array([np.full(height, -np.inf), np.ones(height)])
    load_program(
        solver,
        -np.ones(width),
        np.array([np.zeros(width), np.ones(width)]),
        sp.csr_array(matrix.astype(np.float64)),
        ends,
    )
    solver.run()
    solution = solver.getSolution()
    return np.maximum(np.array(solution.col_value), 0.0), np.maximum(-np.array(solution.row_dual), 0.0)
