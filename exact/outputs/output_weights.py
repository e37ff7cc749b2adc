"""Output weights, and affine terms, that make given neurons meet every interval: linear programs.

With the neurons fixed each output is linear in its own weights. A linear program in floats finds weights that
stay away from the ends of the intervals where there is room; these are a proof themselves. Where there is
none, the ends that are touched make a linear system, which is solved in rationals near the floats.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import flint
import numpy as np

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.echelon import solution_near
from sparsest.exact.arithmetic.rational_problem import ExactData, rational
from sparsest.exact.outputs.shared_network import ExactOutputs, RationalSharedNetwork, Vector, floats
from sparsest.problem import Problem
from sparsest.progress import Deadline

# What floats may miss an interval by, relative to the labels, and be worth solving exactly; ends that are
# this close are taken for touched.
_NEAR: Final = 1e-7
# Samples times the square of what is looked for, beyond which elimination in rationals takes many seconds.
MAX_SIZE: Final = 5_000_000


def with_output_weights(
    data: ExactOutputs, neurons: Sequence[Vector], deadline: Deadline
) -> RationalSharedNetwork | None:
    """Return a network of these neurons that provably meets every interval; None if none was found in time.

    Parameters
    ----------
    data : ExactOutputs
        The problem.
    neurons : sequence of K lists of d + 1 rationals
        Vectors ``u_k``.
    deadline : Deadline
        No output is begun after it.
    """
    if len(data.rows) * (len(neurons) + data.problem.n_features) ** 2 > MAX_SIZE:
        return None
    features = _features(data, neurons)
    table = floats(features) if neurons else np.zeros((len(data.rows), 0))
    table = table / np.array(data.scales, dtype=np.float64)[:, None]
    columns, affine = [], []
    for output in data.outputs:
        if deadline.expired:
            return None
        found = _weights_of(output, features, table, deadline)
        if found is None:
            return None
        columns.append(found[: len(neurons)])
        affine.append(found[len(neurons) :])
    weights = [list(row) for row in zip(*columns, strict=True)] if neurons else []
    network = RationalSharedNetwork(list(neurons), weights, affine if data.problem.has_affine_term else None)
    return network.without_idle_neurons()


def _features(data: ExactOutputs, neurons: Sequence[Vector]) -> list[Vector]:
    """Return ``max(0, row . u_k)`` of every sample's integer row, N lists of K rationals."""
    if not neurons:
        return [[] for _ in data.rows]
    inputs = flint.fmpq_mat([[flint.fmpq(v) for v in row] for row in data.rows]) * (
        flint.fmpq_mat([list(neuron) for neuron in neurons]).transpose()
    )
    zero = flint.fmpq(0)
    return [[max(zero, inputs[i, k]) for k in range(len(neurons))] for i in range(len(data.rows))]


def _weights_of(
    data: ExactData, features: list[Vector], table: FloatArray, deadline: Deadline
) -> Vector | None:
    """Return weights, then an affine term's d + 1 numbers, of one output."""
    near = _in_floats(data.problem, table, deadline)
    if near is None:
        return None
    width = table.shape[1]
    start = [rational(value) for value in near.tolist()]
    term = data.problem.has_affine_term
    rows = [
        [*phi, *map(flint.fmpq, row)] if term else phi for phi, row in zip(features, data.rows, strict=True)
    ]
    if _meets(data, rows, start):
        return start
    homogeneous = data.problem.homogeneous
    values = table @ near[:width] + (homogeneous @ near[width:] if term else 0.0)
    reach = _NEAR * (data.problem.label_scale or 1.0)
    equations = []
    for i, row in enumerate(rows):
        for end, exact in zip((data.problem.low[i], data.problem.high[i]), data.interval(i), strict=True):
            if exact is not None and abs(values[i] - end) <= reach:
                equations.append((row, exact * data.scales[i]))
                break
    if data.problem.affine is Affine.CONSTANT:  # its slopes stay zero
        for j in range(width, width + data.size - 1):
            equations.append(([flint.fmpq(int(k == j)) for k in range(len(start))], flint.fmpq(0)))
    solution = solution_near(equations, start)
    return solution if solution is not None and _meets(data, rows, solution) else None


def _meets(data: ExactData, rows: list[Vector], weights: Vector) -> bool:
    """Whether ``row . weights`` lies in each sample's interval."""
    for i, row in enumerate(rows):
        value = sum((a * b for a, b in zip(row, weights, strict=True)), flint.fmpq(0))
        low, high = data.interval(i)
        scale = data.scales[i]
        if (low is not None and value < low * scale) or (high is not None and value > high * scale):
            return False
    return True


def _in_floats(problem: Problem, table: FloatArray, deadline: Deadline) -> FloatArray | None:
    """Return weights and an affine term that nearly meet every interval, inside where there is room."""
    columns, back = _scaled_columns(problem, table)
    scale = problem.label_scale or 1.0
    low, high = problem.low / scale, problem.high / scale
    found: FloatArray | None
    if columns.shape[1] == 0:
        found = np.zeros(0)
    elif problem.is_interpolation:
        found = np.asarray(np.linalg.lstsq(columns, low, rcond=tolerances.RANK_DEFICIENCY)[0])
    else:
        found = _inside(columns, low, high, deadline)
    if found is None:
        return None
    values = columns @ found
    if np.any(values < low - _NEAR) or np.any(values > high + _NEAR):
        return None
    return np.asarray(back @ found * scale)


def _scaled_columns(problem: Problem, table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return columns of size one that span the functions, and what turns their factors into weights."""
    n, width = table.shape
    sizes = table.max(axis=0, initial=0.0)
    sizes[sizes == 0] = 1.0
    d = problem.n_features if problem.has_affine_term else -1
    back = np.zeros((width + d + 1, width))
    back[np.arange(width), np.arange(width)] = 1 / sizes
    columns = table / sizes
    if problem.affine is Affine.CONSTANT:
        return np.c_[columns, np.ones(n)], np.c_[back, np.eye(width + d + 1)[:, -1]]
    if problem.affine is Affine.SKIP:
        middle, spread = problem.X.mean(axis=0), np.ptp(problem.X, axis=0)
        spread[spread == 0] = 1.0
        term = np.zeros((width + d + 1, d + 1))
        term[width + np.arange(d), np.arange(d)] = 1 / spread
        term[-1, :d], term[-1, d] = -middle / spread, 1.0
        return np.c_[columns, (problem.X - middle) / spread, np.ones(n)], np.c_[back, term]
    return columns, back


def _inside(columns: FloatArray, low: FloatArray, high: FloatArray, deadline: Deadline) -> FloatArray | None:
    """Return factors whose values keep the largest margin to the ends, in shares of each interval's width."""
    from scipy.optimize import linprog  # `import sparsest.exact` is to stay light

    width = high - low
    size = np.where(np.isfinite(width), width, 1.0)
    above, below = np.isfinite(low), np.isfinite(high)
    options: Any = {"primal_feasibility_tolerance": tolerances.LP_FEASIBILITY}
    if math.isfinite(deadline.remaining):
        options["time_limit"] = deadline.remaining
    solution = linprog(
        np.r_[np.zeros(columns.shape[1]), -1.0],
        A_ub=np.r_[np.c_[-columns, size][above], np.c_[columns, size][below]],
        b_ub=np.r_[-low[above], high[below]],
        bounds=[(None, None)] * columns.shape[1] + [(0.0, 0.5)],
        method="highs-ds",
        options=options,
    )
    return None if solution.x is None else np.asarray(solution.x[:-1])
