"""Solutions of systems large enough to be looked at modulo a prime, held against the equations themselves."""

import flint
import numpy as np
import pytest

from sparsest.exact.arithmetic.echelon import solution_near

PRIME = 2**63 - 25


def holds(equations, solution):
    return all(
        sum((a * b for a, b in zip(row, solution, strict=True)), flint.fmpq(0)) == right
        for row, right in equations
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_large_system_with_dependent_rows_is_solved_beside_the_start(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-3, 4, (12, 45))
    rows[:, 0] = 0  # never a pivot
    rows = np.r_[rows, rows[:3] + rows[3:6]]
    target = rng.integers(-3, 4, 45)
    equations = [([int(v) for v in row], flint.fmpq(int(row @ target), 7)) for row in rows]
    start = [flint.fmpq(int(v), 3) for v in rng.integers(-9, 10, 45)]
    solution = solution_near(equations, start)
    assert solution is not None
    assert holds(equations, solution)
    # 12 independent rows move 12 entries at most
    assert sum(a != b for a, b in zip(solution, start, strict=True)) <= 12
    assert solution[0] == start[0]
    wrong = [*equations[:-1], (equations[-1][0], equations[-1][1] + 1)]
    assert solution_near(wrong, start) is None


def test_a_prime_that_misleads_is_noticed():
    # modulo the prime every entry is zero, so that nothing would be a pivot
    n = 20
    equations = [([PRIME * (i == j) for j in range(n)], flint.fmpq(i)) for i in range(n)]
    assert solution_near(equations, [flint.fmpq(1)] * n) == [flint.fmpq(i, PRIME) for i in range(n)]
