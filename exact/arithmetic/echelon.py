"""Matrices in reduced row echelon form: their pivot columns, and solutions near given numbers."""

from collections.abc import Sequence
from typing import Final

import flint

Matrix = flint.fmpz_mat | flint.fmpq_mat

# Entries from which on a system is first looked at modulo a prime, the largest below 2^63.
_LARGE: Final = 400
_PRIME: Final = 2**63 - 25


def pivots(reduced: Matrix | flint.nmod_mat, rank: int) -> list[int]:
    """Return the pivot columns of a matrix in reduced row echelon form."""
    columns: list[int] = []
    column = 0
    for i in range(rank):
        while reduced[i, column] == 0:
            column += 1
        columns.append(column)
        column += 1
    return columns


def solution_near(
    equations: Sequence[tuple[Sequence[int | flint.fmpq], flint.fmpq]], start: list[flint.fmpq]
) -> list[flint.fmpq] | None:
    """Return an exact solution whose free entries are those of `start`; None if there is no solution.

    Of a large system the pivots are found modulo a prime, and one square system is solved (Dixon 1982): a
    hundredth of the time of the echelon form, which remains for the rare prime that misleads, and to be sure
    that there is no solution.
    """
    if not start or not equations:
        return start if all(right == 0 for _, right in equations) else None
    if len(equations) * len(start) >= _LARGE:
        likely = _solution_by_prime(equations, start)
        if likely is not None:
            return likely
    matrix = flint.fmpq_mat([[flint.fmpq(v) for v in row] + [right] for row, right in equations])
    reduced, rank = matrix.rref()
    leading = pivots(reduced, rank)
    n = len(start)
    if leading and leading[-1] == n:
        return None
    return _completed(reduced, leading, start, [reduced[i, n] for i in range(rank)])


def null_vector_near(
    reduced: flint.fmpz_mat, denominator: flint.fmpz, rank: int, near: list[flint.fmpq]
) -> list[flint.fmpq]:
    """Return an exact null vector whose free entries are those of `near`.

    Parameters
    ----------
    reduced, denominator, rank
        What `flint.fmpz_mat.rref` returns: the echelon form times its denominator.
    near : list of rationals
        One number a column.
    """
    nothing = [flint.fmpq(0)] * rank
    return _completed(reduced, pivots(reduced, rank), near, nothing, denominator)


def _completed(
    reduced: Matrix,
    leading: list[int],
    near: list[flint.fmpq],
    right: list[flint.fmpq],
    denominator: flint.fmpz | int = 1,
) -> list[flint.fmpq]:
    """Solve for the pivot entries, the other entries being those of `near`."""
    solution, taken = list(near), set(leading)
    free = [j for j in range(len(near)) if j not in taken]
    for i, pivot in enumerate(leading):
        rest = sum((reduced[i, j] * near[j] for j in free), flint.fmpq(0))
        solution[pivot] = (right[i] - rest) / denominator
    return solution


def _solution_by_prime(
    equations: Sequence[tuple[Sequence[int | flint.fmpq], flint.fmpq]], start: list[flint.fmpq]
) -> list[flint.fmpq] | None:
    """Return the solution that a prime suggests if it is one, else None."""
    rows = flint.fmpq_mat([[flint.fmpq(v) for v in row] for row, _ in equations])
    right = flint.fmpq_mat([[value] for _, value in equations])
    whole, _ = rows.numer_denom()
    modular = flint.nmod_mat(whole, _PRIME)
    reduced, rank = modular.rref()
    leading = pivots(reduced, rank)
    turned, _ = modular.transpose().rref()
    chosen = pivots(turned, rank)
    solution = list(start)
    for j in leading:
        solution[j] = flint.fmpq(0)
    left = right - rows * flint.fmpq_mat([[v] for v in solution])
    square = flint.fmpq_mat([[rows[i, j] for j in leading] for i in chosen])
    try:
        found = square.solve(flint.fmpq_mat([[left[i, 0]] for i in chosen]))
    except ZeroDivisionError:
        return None
    for place, j in enumerate(leading):
        solution[j] = found[place, 0]
    return solution if rows * flint.fmpq_mat([[v] for v in solution]) == right else None
