"""Write a vector as a combination of others with coefficients that are not negative, in integers."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import flint

Vector = Sequence[int]
_Row = list[int]


def nonnegative_combination(
    columns: Sequence[Vector], target: Sequence[int | Fraction]
) -> list[Fraction] | None:
    """Return ``c >= 0`` with ``sum_j c_j columns[j] = target``, or None where there is none.

    The first phase of the simplex method with Bland's (1977) rule, which cannot cycle. Its tableau holds
    integers over one denominator, the last pivot, by which every division is exact (Edmonds 1967): for some
    dozens of columns of few entries.

    Parameters
    ----------
    columns : sequence of n vectors
        Of r integers each.
    target : vector
        Of r rational numbers.

    Returns
    -------
    list of n Fractions or None
        At most r of them are positive.
    """
    return _combination(_first_phase(columns, target), len(columns))


def combination_or_separation(
    columns: Sequence[Vector], target: Sequence[int | Fraction]
) -> tuple[list[Fraction] | None, list[Fraction]]:
    """Return what `nonnegative_combination` does, and if that is None, why (Farkas' lemma).

    Returns
    -------
    combination : list of n Fractions or None
        As there.
    separation : list of r Fractions
        A vector y with ``y . columns[j] <= 0`` for every j and ``y . target > 0``; empty if there is a
        combination.
    """
    phase = _first_phase(columns, target)
    found = _combination(phase, len(columns))
    if found is not None:
        return found, []
    # the prices of the last basis: 0 for its columns, 1 for the artificial variables that are left
    rows, right = [], []
    for i, column in enumerate(phase.basis):
        sign = -1 if target[i] < 0 else 1
        rows.append(columns[column] if column >= 0 else [sign * (i == j) for j in range(len(target))])
        right.append([int(column < 0)])
    prices = flint.fmpq_mat(flint.fmpz_mat(rows)).solve(flint.fmpq_mat(right))
    return None, [Fraction(int(v.p), int(v.q)) for v in prices.entries()]


class _Phase(NamedTuple):
    """A tableau over a denominator, and the column of each row's basic variable, -1 for an artificial one."""

    tableau: list[_Row]
    basis: list[int]
    denominator: int


def _first_phase(columns: Sequence[Vector], target: Sequence[int | Fraction]) -> _Phase:
    """Return the last tableau; its denominator includes that of the target."""
    unit = math.lcm(*(value.denominator for value in target))
    whole = [int(value * unit) for value in target]
    tableau = _tableau(columns, whole)
    basis = [-1] * len(tableau)  # the row still has its artificial variable
    denominator = 1
    while (entering := _entering(tableau, basis, len(columns))) >= 0:
        leaving = _leaving(tableau, basis, entering)
        pivot = tableau[leaving][entering]
        _eliminate(tableau, leaving, entering, denominator)
        basis[leaving], denominator = entering, pivot
    return _Phase(tableau, basis, denominator * unit)


def _combination(phase: _Phase, count: int) -> list[Fraction] | None:
    """Return the amounts of the columns, None where artificial variables are left."""
    if any(row[-1] for row, column in zip(phase.tableau, phase.basis, strict=True) if column < 0):
        return None
    found = [Fraction(0)] * count
    for row, column in zip(phase.tableau, phase.basis, strict=True):
        if column >= 0:
            found[column] = Fraction(row[-1], phase.denominator)
    return found


def _tableau(columns: Sequence[Vector], target: Vector) -> list[_Row]:
    """Return one row an entry, its right-hand side last and not negative."""
    rows = [[*(column[i] for column in columns), value] for i, value in enumerate(target)]
    return [[-v for v in row] if row[-1] < 0 else row for row in rows]


def _entering(rows: list[_Row], basis: list[int], count: int) -> int:
    """Return the first column that lowers the sum of the artificial variables, -1 where none does."""
    left = [row for row, column in zip(rows, basis, strict=True) if column < 0]
    for j in range(count):
        if sum(row[j] for row in left) > 0:
            return j
    return -1


def _leaving(rows: list[_Row], basis: list[int], entering: int) -> int:
    """Return the row of least ratio; of equal ones that of an artificial variable, or of the first column."""
    best = -1
    for i, row in enumerate(rows):
        if row[entering] <= 0:
            continue
        if best >= 0:
            other = rows[best]
            difference = row[-1] * other[entering] - other[-1] * row[entering]
            if difference > 0 or (difference == 0 and basis[i] >= basis[best]):
                continue
        best = i
    return best


def _eliminate(rows: list[_Row], place: int, entering: int, denominator: int) -> None:
    """Pivot: every other row loses its entry in the column, all over the new denominator."""
    pivot_row = rows[place]
    pivot = pivot_row[entering]
    for i, row in enumerate(rows):
        if i != place:
            factor = row[entering]
            rows[i] = [(v * pivot - factor * u) // denominator for v, u in zip(row, pivot_row, strict=True)]
