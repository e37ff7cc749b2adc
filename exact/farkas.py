"""Proofs in rational arithmetic that rows of a linear program contradict each other.

Farkas' lemma: rows have no common solution if and only if nonnegative multipliers combine them to
``0 >= positive``. A floating-point solver suggests the multipliers; here they are made exact and checked.
"""

from collections.abc import Sequence

import flint
import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.rational import ExactData, Row, coefficients, pivots, rational, side_of, solution_near

# Entries of a dual ray below this share of its largest are taken for zeros of the exact multipliers.
_RAY_SUPPORT = 1e-9


def is_infeasible(
    data: ExactData,
    signs: Sequence[int],
    skip: bool,
    rows: Sequence[Row],
    ray: FloatArray,
    exponents: Sequence[int],
) -> bool:
    """Whether exact multipliers near a floating-point dual ray prove that `rows` cannot hold together.

    The support of `ray` is kept, the linear system that multipliers on it must solve is solved exactly,
    and their signs and the resulting contradiction are checked exactly. False means unproven, not feasible.

    Parameters
    ----------
    data : ExactData
        The samples.
    signs : sequence of +1 or -1 (K,)
        Output signs of the neurons.
    skip : bool
        Whether an affine term follows the neurons' coordinates.
    rows : sequence of Row (M,)
        The rows of the linear program.
    ray : array (M,)
        Dual ray; positive entries use a row's lower side, negative ones its upper side.
    exponents : sequence of int (M,)
        The exact row i is ``2**exponents[i]`` times the row that the ray speaks of.
    """
    support = np.flatnonzero(np.abs(ray) > _RAY_SUPPORT * np.abs(ray).max(initial=0.0)).tolist()
    if not support:
        return False
    used = [rows[i] for i in support]
    system = flint.fmpz_mat([coefficients(data, signs, skip, row) for row in used]).transpose()
    near = [rational(float(ray[i])) * flint.fmpq(2) ** -exponents[i] for i in support]
    multipliers = _null_vector_near(system, near)
    total = flint.fmpq(0)
    for row, multiplier in zip(used, multipliers, strict=True):
        side = side_of(data, row, multiplier > 0)
        if multiplier != 0:
            if side is None:
                return False
            total += multiplier * side
    return bool(total > 0)


def _null_vector_near(system: flint.fmpz_mat, near: list[flint.fmpq]) -> list[flint.fmpq]:
    """Return an exact solution of ``system @ z = 0`` whose free entries are those of `near`."""
    reduced, denominator, rank = system.rref()
    leading = pivots(reduced, rank)
    solution = list(near)
    free = [j for j in range(reduced.ncols()) if j not in set(leading)]
    for i, pivot in enumerate(leading):
        solution[pivot] = -sum((reduced[i, j] * solution[j] for j in free), flint.fmpq(0)) / denominator
    return solution


def equations_contradict(data: ExactData, signs: Sequence[int], skip: bool, rows: Sequence[Row]) -> bool:
    """Whether the rows that ask for one value exactly have no common solution, decided exactly.

    Labels that were computed in floating point contradict each other by their last digits, which no
    floating-point solver sees.
    """
    equations = []
    for row in rows:
        if row.sample >= 0 and row.neuron < 0:
            low, high = data.interval(row.sample)
            if low is not None and low == high:
                equations.append((coefficients(data, signs, skip, row), low * data.scales[row.sample]))
    if not equations:
        return False
    return solution_near(equations, [flint.fmpq(0)] * len(equations[0][0])) is None
