"""Multipliers of samples in rational numbers: orthogonal to the terms without charge, and their worth."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import flint
import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.echelon import pivots
from sparsest.exact.arithmetic.rational_problem import ExactData, rational

# Multipliers below this share of the largest are rounding.
_NOTHING: Final = 1e-12


def safe_multipliers(data: ExactData, multipliers: FloatArray, free: int) -> list[Fraction]:
    """Return multipliers close to these, orthogonal to the last `free` entries of ``[X, 1]``.

    Those that are next to nothing are dropped. Of the others the largest that determine the terms without
    charge are found from the rest.

    Parameters
    ----------
    data : ExactData
        Of the problem.
    multipliers : array (N,)
        Floats.
    free : int
        Number of terms without charge.
    """
    sizes = np.abs(multipliers)
    large = sizes > _NOTHING * sizes.max(initial=0.0)
    used = [i for i in np.argsort(-sizes, kind="stable").tolist() if large[i]]
    found = [flint.fmpq(0)] * len(multipliers)
    for i in used:
        found[i] = rational(float(multipliers[i]))
    if free and used:
        columns = range(data.size - free, data.size)
        values = [[flint.fmpq(data.rows[i][j], data.scales[i]) for i in used] for j in columns]
        reduced, rank = flint.fmpq_mat(values).rref()
        leading = pivots(reduced, rank)
        others = sorted({*range(len(used))} - {*leading})
        for row, place in enumerate(leading):
            terms = (reduced[row, k] * found[used[k]] for k in others)
            found[used[place]] = -sum(terms, flint.fmpq(0))
    return [Fraction(int(y.p), int(y.q)) for y in found]


def worth(data: ExactData, multipliers: Sequence[Fraction]) -> Fraction:
    """Return the least sum of multipliers times values within the intervals; 0 where an end is missing."""
    total = Fraction(0)
    for i, y in enumerate(multipliers):
        if y:
            end = data.interval(i)[0 if y > 0 else 1]
            if end is None:
                return Fraction(0)
            total += y * Fraction(int(end.p), int(end.q))
    return total
