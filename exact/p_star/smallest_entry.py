"""A p below which only sparsest networks are least, for any problem: by the smallest entry of extreme points.

Every minimiser of the path norm counts as much as one that is an extreme point of a polyhedron with integer
data, so that by Cramer's rule none of its entries is below a size m. With more than the least number k of
entries it costs at least ``(k + 1) m^p``, and a sparsest network with the entries t costs ``sum t^p``, which
is less where p is small. Proven in docs/p-star.md; m has hundreds of digits, and p is small.
"""

import math
from typing import Final

import flint
import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.objectives import Objective
from sparsest.problem import Problem

# Halvings of the interval of p.
_HALVINGS: Final = 60
# Sizes of a network in floats are told this much larger, and p smaller by this share: far more than rounding.
_LARGER: Final = 2.0
_LESS: Final = 1e-6


def certified_from_below(problem: Problem, objective: Objective, sizes: FloatArray) -> float:
    """Return a p > 0 such that for all smaller ones every minimiser is sparsest; 0 under a weight bound.

    Parameters
    ----------
    problem : Problem
        The data, intervals included.
    objective : Objective
        What is charged.
    sizes : array (k,)
        The numbers of a sparsest network, k being proven to be the least.
    """
    if problem.weight_bound is not None:
        return 0.0
    if len(sizes) == 0:
        return 1.0
    least = log_of_smallest_entry(problem.distinct(), objective)
    ratios = np.maximum(np.log(sizes * _LARGER) - least, 0.0)
    low, high = 0.0, 1.0
    with np.errstate(over="ignore"):  # infinite is too much as well
        for _ in range(_HALVINGS):
            p = (low + high) / 2
            low, high = (p, high) if float(np.exp(p * ratios).sum()) < len(sizes) + 1 else (low, p)
    return low * (1.0 - _LESS)


def log_of_smallest_entry(problem: Problem, objective: Objective) -> float:
    """Bound from below the logarithm of any entry, other than zero, that is charged at an extreme point."""
    data = ExactData(problem)
    size = data.size
    norms = sorted((_log_norm(row) for row in data.rows), reverse=True)
    # the entries of a ray divide minors of d rows or axes, its products with samples are minors of d + 1
    columns = sum(norms[:size]) + math.log(len(norms)) / 2
    terms = [[row[j] for row in data.rows] for j in _free_terms(problem, objective, size)]
    free = sum(_log_norm(column) for column in terms)
    rank = int(flint.fmpz_mat(terms).rank()) if terms else 0
    ends = [end for i in range(len(norms)) for end in data.interval(i) if end is not None]
    units = math.lcm(*(int(end.q) for end in ends))
    return -(math.log(units) + free + (len(norms) - rank) * columns)


def _free_terms(problem: Problem, objective: Objective, size: int) -> list[int]:
    """Return the columns of the data that belong to terms without charge."""
    if problem.affine is Affine.SKIP:
        return list(range(size))
    constant = problem.affine is Affine.CONSTANT or objective is Objective.WEIGHTS
    return [size - 1] if constant else []


def _log_norm(row: list[int]) -> float:
    """Bound the logarithm of the Euclidean length of an integer vector from above, and by zero from below."""
    return max(0.0, math.log(max(sum(v * v for v in row), 1)) / 2) * (1.0 + 1e-12)
