"""How the checker of proofs numbers samples and scales their rows, and what follows for multipliers."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import flint

from sparsest.exact.arithmetic.number_text import integer_text
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.problem import Problem


class CheckerRows:
    """The checker's rows beside those of `ExactData`.

    Parameters
    ----------
    data : ExactData
        The problem, inputs distinct.
    points : sequence of int (N,)
        The checker's number of each of its samples.
    """

    def __init__(self, data: ExactData, points: Sequence[int]) -> None:
        self.points = tuple(points)
        self._given = data.scales
        self.scales = [_checker_scale(data, i) for i in range(data.problem.n_samples)]
        # what multipliers of rows of `data` are times for those of the checker's; the last, of no sample
        ratios = [own // given for own, given in zip(self.scales, data.scales, strict=True)]
        common = math.lcm(*ratios)
        self.factors = [*(common // ratio for ratio in ratios), common]

    def circuit_document(self, circuit: Mapping[int, flint.fmpq]) -> list[list[int | str]]:
        """Return a linear dependence of rows of `data` as one of the checker's, in coprime integers."""
        scaled = {
            i: Fraction(int(m.p) * self._given[i], int(m.q) * self.scales[i]) for i, m in circuit.items()
        }
        common = math.lcm(*(m.denominator for m in scaled.values()))
        divisor = math.gcd(*(int(m * common) for m in scaled.values()))
        return [[self.points[i], integer_text(int(m * common) // divisor)] for i, m in scaled.items()]


def point_of_each_sample(problem: Problem, distinct: Problem) -> tuple[int, ...]:
    """Return the checker's number of each distinct sample: inputs are numbered as they appear."""
    number: dict[bytes, int] = {}
    for row in problem.X:
        number.setdefault(row.tobytes(), len(number))
    return tuple(number[row.tobytes()] for row in distinct.X)


def _checker_scale(data: ExactData, sample: int) -> int:
    ends = [Fraction(int(end.p), int(end.q)) for end in data.interval(sample) if end is not None]
    return math.lcm(data.scales[sample], *(end.denominator for end in ends))
