"""Proofs in rational arithmetic that rows of a linear program contradict each other.

Farkas' lemma: rows have no common solution if and only if nonnegative multipliers combine them to
``0 >= positive``. A floating-point solver suggests the multipliers; here they are made exact and checked.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

import flint
import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.certain_refutation import RAY_SUPPORT
from sparsest.exact.arithmetic.echelon import null_vector_near, solution_near
from sparsest.exact.arithmetic.rational_problem import (
    ExactData,
    Row,
    coefficients,
    rational,
    side_of,
)

Named = TypeVar("Named")
# Whole numbers without a common divisor, none of them zero.
Multipliers = list[tuple[Row, int]]


def in_integers(multipliers: Iterable[tuple[Named, flint.fmpq | flint.fmpz]]) -> list[tuple[Named, int]]:
    """Return coprime whole numbers that are a positive multiple of rational multipliers, zeros left out."""
    used = [(row, m.numerator, m.denominator) for row, m in multipliers if m != 0]
    common = math.lcm(*(int(bottom) for _, _, bottom in used))
    whole = [int(top) * (common // int(bottom)) for _, top, bottom in used]
    divisor = math.gcd(*whole)
    return [(row, m // divisor) for (row, _, _), m in zip(used, whole, strict=True)]


def refutation_near(
    data: ExactData,
    signs: Sequence[int],
    rows: Sequence[Row],
    ray: FloatArray,
    exponents: Sequence[int],
) -> Multipliers | None:
    """Return exact multipliers near a floating-point dual ray which prove that `rows` cannot hold together.

    The support of `ray` is kept, the linear system that multipliers on it must solve is solved exactly,
    and their signs and the resulting contradiction are checked exactly. None means unproven, not feasible.

    Parameters
    ----------
    data : ExactData
        The samples.
    signs : sequence of +1 or -1 (K,)
        Output signs of the neurons.
    rows : sequence of Row (M,)
        The rows of the linear program.
    ray : array (M,)
        Dual ray; positive entries use a row's lower side, negative ones its upper side.
    exponents : sequence of int (M,)
        The exact row i is ``2**exponents[i]`` times the row that the ray speaks of.

    Returns
    -------
    list of (Row, int) or None
        Multipliers of rows as `sparsest.exact.arithmetic.rational_problem.coefficients` scales them, coprime
        and none of them zero: positive ones of a row's lower side, negative ones of its upper side.
    """
    support = np.flatnonzero(np.abs(ray) > RAY_SUPPORT * np.abs(ray).max(initial=0.0)).tolist()
    if not support:
        return None
    used = [rows[i] for i in support]
    system = flint.fmpz_mat([coefficients(data, signs, row) for row in used]).transpose()
    reduced, denominator, rank = system.rref()
    if rank == len(used) - 1 and (rank == 0 or reduced[rank - 1, rank - 1] != 0):
        # the usual case, one dimension of which the last entry is free: integers will do
        sign = 1 if (ray[support[-1]] > 0) == (denominator > 0) else -1
        multipliers = [flint.fmpq(-sign * reduced[i, rank]) for i in range(rank)]
        multipliers.append(flint.fmpq(sign * denominator))
    else:
        near = [rational(float(ray[i])) * flint.fmpq(2) ** -exponents[i] for i in support]
        multipliers = null_vector_near(reduced, denominator, rank, near)
    refutation = in_integers(zip(used, multipliers, strict=True))
    total = flint.fmpq(0)
    for row, multiplier in refutation:
        side = side_of(data, row, multiplier > 0)
        if side is None:
            return None
        total += multiplier * side
    return refutation if total > 0 else None


def contradiction_of_equations(
    data: ExactData, signs: Sequence[int], rows: Sequence[Row]
) -> Multipliers | None:
    """Return multipliers that combine the rows which ask for one value exactly to ``0 = 1``; None if none do.

    Labels that were computed in floating point contradict each other by their last digits, which no
    floating-point solver sees.
    """
    used: list[Row] = []
    values: list[flint.fmpq] = []
    for row in rows:
        if row.sample >= 0 and row.neuron < 0:
            low, high = data.interval(row.sample)
            if low is not None and low == high:
                used.append(row)
                values.append(low * data.scales[row.sample])
    columns = zip(*(coefficients(data, signs, row) for row in used), strict=True)
    system = [(list(column), flint.fmpq(0)) for column in columns]
    multipliers = solution_near([*system, (values, flint.fmpq(1))], [flint.fmpq(0)] * len(used))
    if multipliers is None:
        return None
    return in_integers(zip(used, multipliers, strict=True))
