"""Rows are decided in integers: multipliers that contradict, or numbers that obey."""

import flint
import numpy as np
import pytest
from scipy.optimize import linprog

from sparsest import Problem
from sparsest.exact.arithmetic.exact_decision import decide
from sparsest.exact.arithmetic.rational_problem import ExactData, Row, coefficients, side_of


def all_rows(problem, signs, bits):
    width = len(signs)
    return [Row(i, k, tuple(bits[i])) for i in range(problem.n_samples) for k in (*range(width), -1)]


def sides(data, signs, rows):
    for row in rows:
        vector = coefficients(data, signs, row)
        for sign in (1, -1):
            side = side_of(data, row, sign > 0)
            if side is not None:
                yield [sign * v for v in vector], sign * side


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
@pytest.mark.parametrize("seed", range(12))
def test_against_a_linear_program(seed, affine):
    rng = np.random.default_rng(seed)
    # few distinct numbers, so that rows depend on each other
    X = np.unique(rng.integers(-2, 3, (5, 2)), axis=0) + 0.0
    y = rng.integers(-2, 3, len(X)) + 0.0
    problem = Problem(X, y, tolerance=0.5 * (seed % 2), affine=affine)
    data, signs = ExactData(problem), (1, -1)
    bits = rng.integers(0, 2, (problem.n_samples, 2)).tolist()
    rows = all_rows(problem, signs, bits)
    decision = decide(data, signs, rows)
    assert decision is not None
    listed = list(sides(data, signs, rows))
    program = linprog(
        np.zeros(len(listed[0][0])),
        A_ub=-np.array([a for a, _ in listed], float),
        b_ub=-np.array([int(b.p) / int(b.q) for _, b in listed]),
        bounds=(None, None),
        method="highs",
    )
    assert (decision.point is not None) == (program.status == 0)
    if decision.point is not None:
        for a, b in listed:
            assert sum((x * v for x, v in zip(a, decision.point, strict=True)), flint.fmpq(0)) >= b
    else:
        total = [flint.fmpq(0)] * len(listed[0][0])
        gap = flint.fmpq(0)
        for row, multiplier in decision.refutation:
            side = side_of(data, row, multiplier > 0)
            assert side is not None
            gap += multiplier * side
            total = [t + multiplier * c for t, c in zip(total, coefficients(data, signs, row), strict=True)]
        assert not any(total)
        assert gap > 0


def test_a_difference_that_no_float_program_sees():
    # (1, 1), (2, 2), (4, 4) are on a line, and are not when the last label is 9e-16 more
    exact = Problem.from_intervals([[1.0], [2.0], [4.0]], [1.0, 2.0, 4.0], [1.0, 2.0, 4.0])
    rows = all_rows(exact, (1,), [(1,)] * 3)
    assert decide(ExactData(exact), (1,), rows).point == [flint.fmpq(1), flint.fmpq(0)]
    labels = [1.0, 2.0, np.nextafter(4.0, 5.0)]
    bent = Problem.from_intervals([[1.0], [2.0], [4.0]], labels, labels, numbers="binary")
    assert decide(ExactData(bent), (1,), all_rows(bent, (1,), [(1,)] * 3)).point is None


def test_too_many_rows_are_left_alone():
    problem = Problem(np.arange(3000.0), np.arange(3000.0))
    assert decide(ExactData(problem), (1,), all_rows(problem, (1,), [(1,)] * 3000)) is None
