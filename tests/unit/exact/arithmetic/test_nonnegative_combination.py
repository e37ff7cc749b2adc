from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from sparsest.exact.arithmetic.nonnegative_combination import (
    combination_or_separation,
    nonnegative_combination,
)


def test_against_a_linear_program():
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(150):
        rows, count = int(rng.integers(1, 6)), int(rng.integers(1, 9))
        columns = rng.integers(-2, 3, (count, rows))
        target = rng.integers(-2, 3, rows)
        result = nonnegative_combination(columns.tolist(), target.tolist())
        program = linprog(np.zeros(count), A_eq=columns.T, b_eq=target, method="highs")
        assert (result is not None) == (program.status == 0)
        if result is not None:
            found += 1
            assert min(result) >= 0
            assert sum(map(bool, result)) <= rows
            for i in range(rows):
                assert sum(c * int(v) for c, v in zip(result, columns[:, i], strict=True)) == target[i]
    assert 30 < found < 120


def test_rational_targets():
    assert nonnegative_combination([(2, 0), (1, 3)], [Fraction(1, 2), Fraction(1, 2)]) == [
        Fraction(1, 6),
        Fraction(1, 6),
    ]
    assert nonnegative_combination([(1, 0)], [Fraction(-1, 2), 0]) is None
    assert nonnegative_combination([], [0, 0]) == []
    assert nonnegative_combination([], [0, 1]) is None


def test_what_separates_a_target_from_the_columns():
    rng = np.random.default_rng(1)
    separated = 0
    for _ in range(150):
        rows, count = int(rng.integers(1, 6)), int(rng.integers(1, 9))
        columns = rng.integers(-2, 3, (count, rows)).tolist()
        target = [Fraction(int(v), 3) for v in rng.integers(-2, 3, rows)]
        found, separation = combination_or_separation(columns, target)
        assert found == nonnegative_combination(columns, target)
        if found is None:
            separated += 1
            dots = [sum(y * v for y, v in zip(separation, column, strict=True)) for column in columns]
            assert all(dot <= 0 for dot in dots)
            assert sum(y * v for y, v in zip(separation, target, strict=True)) > 0
    assert 30 < separated < 120
