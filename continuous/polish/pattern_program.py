"""The linear program that remains of a network once its activation patterns are fixed.

Within a closed cell a neuron acts linearly on the data, ``max(0, Xh u) = D Xh u`` with D the 0/1 diagonal
of its pattern (Pilanci and Ergen 2020). With patterns and output signs fixed, the networks that meet every
interval are therefore a polyhedron in the folded neurons ``u_k``, and a weighted l^1 norm of them is
minimised by a linear program in ``u = plus - minus``.
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.continuous.polish.scaling import free_columns
from sparsest.progress import Deadline

BoolArray = NDArray[np.bool_]

# Entries of an LP solution below this are zeros that the solver's feasibility tolerance let through; data
# are scaled to about one. The refined network is checked afterwards, so a wrong zero cannot go unnoticed.
_ZERO = 10 * tolerances.LP_FEASIBILITY

_OPTIONS = {
    "primal_feasibility_tolerance": tolerances.LP_FEASIBILITY,
    "dual_feasibility_tolerance": tolerances.LP_FEASIBILITY,
}

# About what building the program and handing it over takes for each number in it, which nothing can stop.
_SECONDS_A_NUMBER = 4e-7


@dataclasses.dataclass(frozen=True)
class Neurons:
    """Folded neurons with their patterns and output signs, in scaled units.

    Attributes
    ----------
    folded : array (K, d + 1)
        Rows ``|v_k| (w_k, b_k)``.
    patterns : array of bool (K, N)
        Closed cell of each row.
    signs : array (K,)
        Output signs, +1 or -1.
    skip : array (d + 1,) or None
        The affine term.
    """

    folded: FloatArray
    patterns: BoolArray
    signs: FloatArray
    affine: FloatArray | None

    def nonzero(self) -> "Neurons":
        """Return the same without the rows that are zero."""
        rows = np.any(self.folded != 0, axis=1)
        return Neurons(self.folded[rows], self.patterns[rows], self.signs[rows], self.affine)


@dataclasses.dataclass(frozen=True)
class Samples:
    """What every network must meet, in scaled units.

    Attributes
    ----------
    homogeneous : array (N, d + 1)
        Inputs and a column of ones.
    low, high : array (N,)
        Interval ends, infinite allowed.
    affine : Affine
        Which free affine term there is.
    bounds : array (d,) or None
        Bound on every ``|v_k w_kj|``.
    """

    homogeneous: FloatArray
    low: FloatArray
    high: FloatArray
    affine: Affine
    bounds: FloatArray | None

    @property
    def free(self) -> FloatArray:
        """Data (N, 0, 1 or d + 1) on which the affine term acts."""
        return self.homogeneous[:, free_columns(self.affine, self.homogeneous.shape[1])]


def solve(
    samples: Samples, start: Neurons, allowed: BoolArray, cost: FloatArray, deadline: Deadline
) -> Neurons | None:
    """Minimise ``sum cost * |u|`` over neurons in the cells of `start` that meet every interval.

    Parameters
    ----------
    samples : Samples
        The intervals.
    start : Neurons
        Gives patterns and signs; its numbers are not used.
    allowed : array of bool (K, d + 1)
        Entries of the neurons that may be nonzero.
    cost : array (K, d + 1)
        Nonnegative weight of each entry's absolute value.
    deadline : Deadline
        Handed on to the solver.

    Returns
    -------
    Neurons or None
        An extreme point up to the solver's tolerance, near-zeros set to zero, as many rows as `start`; None
        when there is none or the solver did not reach one.
    """
    entries = np.flatnonzero(allowed)
    if len(entries) + samples.free.shape[1] == 0:
        inside = bool(np.all(samples.low <= 0) and np.all(samples.high >= 0))
        return dataclasses.replace(start, folded=np.zeros_like(start.folded)) if inside else None
    numbers = _linear_program(samples, start, entries, cost.ravel()[entries], deadline)
    return None if numbers is None else _neurons(samples, start, entries, numbers)


def _linear_program(
    samples: Samples, start: Neurons, entries: NDArray[np.intp], cost: FloatArray, deadline: Deadline
) -> FloatArray | None:
    if deadline.expired or _SECONDS_A_NUMBER * 4 * len(samples.low) * len(entries) > deadline.remaining:
        return None
    cones, values = _cones(samples, start)[:, entries], _values(samples, start)[:, entries]
    affine = samples.free
    equations = sparse.csr_array(np.concatenate([values, -values, affine], axis=1))
    cones = sparse.hstack([cones, -cones, sparse.csr_array((cones.shape[0], affine.shape[1]))], format="csr")
    point = samples.low == samples.high
    above, below = ~point & np.isfinite(samples.low), ~point & np.isfinite(samples.high)
    # `Any`, because scipy's stubs know neither sparse matrices nor bounds in one array
    inequalities: Any = sparse.vstack([-cones, -equations[above], equations[below]], format="csr")
    equalities: Any = equations[point] if point.any() else None
    bounds: Any = _bounds(samples, entries, affine.shape[1])
    limit = {"time_limit": deadline.remaining} if np.isfinite(deadline.remaining) else {}
    options: Any = _OPTIONS | limit
    result = optimize.linprog(
        np.r_[cost, cost, np.zeros(affine.shape[1])],
        A_ub=inequalities,
        b_ub=np.r_[np.zeros(cones.shape[0]), -samples.low[above], samples.high[below]],
        A_eq=equalities,
        b_eq=samples.low[point] if point.any() else None,
        bounds=bounds,
        method="highs",
        options=options,
    )
    return np.asarray(result.x, dtype=np.float64) if result.status == 0 else None


def _cones(samples: Samples, start: Neurons) -> sparse.csr_array:
    """Rows (K N, K (d + 1)) that are nonnegative when every neuron lies in its closed cell."""
    blocks = [samples.homogeneous * np.where(pattern, 1.0, -1.0)[:, None] for pattern in start.patterns]
    if not blocks:
        return sparse.csr_array((0, 0))
    return sparse.csr_array(sparse.block_diag(blocks, format="csr"))


def _values(samples: Samples, start: Neurons) -> FloatArray:
    """Matrix (N, K (d + 1)) that takes the neurons to the network's values."""
    active = start.patterns * start.signs[:, None]
    blocks = active[:, :, None] * samples.homogeneous
    return np.asarray(blocks.transpose(1, 0, 2).reshape(len(samples.low), -1), dtype=np.float64)


def _bounds(samples: Samples, entries: NDArray[np.intp], free: int) -> FloatArray:
    size = samples.homogeneous.shape[1]
    largest = np.full(size, np.inf) if samples.bounds is None else np.r_[samples.bounds, np.inf]
    upper = largest[entries % size]
    lower = np.r_[np.zeros(2 * len(entries)), np.full(free, -np.inf)]
    return np.asarray(np.c_[lower, np.r_[upper, upper, np.full(free, np.inf)]], dtype=np.float64)


def _neurons(samples: Samples, start: Neurons, entries: NDArray[np.intp], numbers: FloatArray) -> Neurons:
    folded = np.zeros(len(start.signs) * samples.homogeneous.shape[1])
    folded[entries] = numbers[: len(entries)] - numbers[len(entries) : 2 * len(entries)]
    folded[np.abs(folded) <= _ZERO] = 0.0
    folded = folded.reshape(start.folded.shape)
    affine = None
    if samples.affine is not Affine.NONE:
        affine = np.zeros(samples.homogeneous.shape[1])
        affine[free_columns(samples.affine, len(affine))] = numbers[2 * len(entries) :]
    return Neurons(folded, start.patterns, start.signs, affine)
