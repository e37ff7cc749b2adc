"""Matrices in reduced row echelon form: their pivot columns, and solutions near given numbers."""

from collections.abc import Sequence

import flint

Matrix = flint.fmpz_mat | flint.fmpq_mat


def pivots(reduced: Matrix, rank: int) -> list[int]:
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
    """Return an exact solution whose free entries are those of `start`; None if there is no solution."""
    if not start or not equations:
        return start if all(right == 0 for _, right in equations) else None
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
