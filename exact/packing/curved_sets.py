"""Curved sets: samples on which the intervals admit no affine function, each with the exact reason.

Rows ``(x_i, 1)`` of a set have one linear dependence ``sum_i l_i (x_i, 1) = 0``; the set is curved if every
f that meets its intervals has ``sum_i l_i f(x_i) > 0`` (signs of l chosen so). An affine term and a constant
add nothing to that sum, nor does a neuron that is linear on the set. More can be said. Let P hold the samples
with ``l_i > 0``, Q those with ``l_i < 0``, and z be the input of a neuron with output sign 1, which adds
``sum_i l_i max(0, z_i)``. If z is nowhere negative on P, then
``sum_P l_i z_i = sum_Q |l_i| z_i <= sum_Q |l_i| max(0, z_i)``, and if it is nowhere positive on P, P adds
nothing: both ways the neuron adds at most 0. So a neuron of sign 1 helps only if its hyperplane has samples
of P strictly on both sides, and by the same reasoning one of sign -1 only if it has samples of Q on both.

A single sample cannot be cut. Where Q is one, a centre below the corners P around it, the set needs a neuron
of sign 1, whatever the rest; where P is one, a neuron of sign -1.
"""

import math
from typing import Final, NamedTuple

import flint

from sparsest.exact.arithmetic.echelon import pivots
from sparsest.exact.arithmetic.rational_problem import ExactData

# Samples and weight of each set of a packing.
PackedSets = tuple[tuple[tuple[int, ...], int], ...]


class CurvedSet(NamedTuple):
    """Samples and the weights of their dependence.

    Attributes
    ----------
    samples : tuple of int
        In ascending order.
    weights : tuple of int
        Coprime multipliers, none zero, of the integer rows of `ExactData`; the intervals force the values
        weighted so to a positive sum.
    """

    samples: tuple[int, ...]
    weights: tuple[int, ...]

    def side(self, sign: int) -> tuple[int, ...]:
        """Return the samples that a neuron with this output sign must cut to help."""
        return tuple(i for i, m in zip(self.samples, self.weights, strict=True) if m * sign > 0)


class Packing(NamedTuple):
    """Curved sets with weights, and the bound that they prove.

    Attributes
    ----------
    bound : int
        No network that fits has fewer neurons.
    sets : tuple of CurvedSet
        Those with a weight.
    weights : tuple of int
        Positive.
    heaviest : int
        The most that one neuron cuts; ``bound == ceil(sum(weights) / heaviest)``.
    """

    bound: int
    sets: tuple[CurvedSet, ...]
    weights: tuple[int, ...]
    heaviest: int

    def plain(self) -> "PackedSets":
        """Return samples and weight of each set, from which the rest follows."""
        return tuple((found.samples, weight) for found, weight in zip(self.sets, self.weights, strict=True))


NOTHING: Final = Packing(0, (), (), 0)


def curved_set(data: ExactData, samples: tuple[int, ...]) -> CurvedSet | None:
    """Return the curved set among these samples; None if they have no single dependence or are not curved.

    Parameters
    ----------
    data : ExactData
        The problem.
    samples : tuple of int
        Distinct ones, usually d + 2. Those that the dependence leaves out are dropped.
    """
    weights = _dependence([data.rows[i] for i in samples])
    if weights is None:
        return None
    used = sorted((i, m) for i, m in zip(samples, weights, strict=True) if m)
    chosen, multipliers = tuple(i for i, _ in used), tuple(m for _, m in used)
    for sign in (1, -1):
        found = CurvedSet(chosen, tuple(sign * m for m in multipliers))
        if is_curved(data, found):
            return found
    return None


def is_curved(data: ExactData, candidate: CurvedSet) -> bool:
    """Whether the intervals force the weighted sum above 0."""
    total = flint.fmpq(0)
    for i, m in zip(candidate.samples, candidate.weights, strict=True):
        end = data.interval(i)[0 if m > 0 else 1]
        if end is None:
            return False
        total += end * (m * data.scales[i])
    return bool(total > 0)


def _dependence(rows: list[list[int]]) -> list[int] | None:
    """Return coprime integers that combine rows to zero, None unless they are unique up to a factor."""
    reduced, denominator, rank = flint.fmpz_mat(rows).transpose().rref()
    if rank != len(rows) - 1:
        return None
    leading = pivots(reduced, rank)
    free = next(j for j in range(len(rows)) if j not in leading)
    weights = [0] * len(rows)
    for i, j in enumerate(leading):
        weights[j] = -int(reduced[i, free])
    weights[free] = int(denominator)
    divisor = math.gcd(*weights)
    return [m // divisor for m in weights]
