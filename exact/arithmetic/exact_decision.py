"""Whether rows of a linear program hold together, decided in integers alone.

For the few nodes that floats cannot tell: intervals a billionth wide, inputs around 1e9. A floating-point
solver is some thousand times faster where it can.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import flint

from sparsest.exact.arithmetic.farkas import Multipliers, in_integers
from sparsest.exact.arithmetic.nonnegative_combination import combination_or_separation
from sparsest.exact.arithmetic.rational_problem import (
    ExactData,
    Row,
    coefficients,
    fraction_to_rational,
    side_of,
)

# Numbers in the program beyond which that would take long: a pivot works on each of them.
MAX_NUMBERS: Final = 20_000


class ExactAnswer(NamedTuple):
    """Why no numbers obey the rows, or some that do.

    Attributes
    ----------
    refutation : list of (Row, int) or None
        Multipliers as `sparsest.exact.arithmetic.farkas.refutation_near` returns them.
    point : list of rationals or None
        Numbers of the neurons, and of the affine term, that obey every row.
    """

    refutation: Multipliers | None
    point: list[flint.fmpq] | None


def decide(data: ExactData, signs: Sequence[int], rows: Sequence[Row]) -> ExactAnswer | None:
    """Return whether the rows hold together, and why; None where there are too many of them.

    Sides ``a . u >= b`` contradict each other if and only if nonnegative multipliers combine the ``a`` to 0
    and the ``b`` to 1 (Farkas' lemma); the simplex method finds these or a point u.

    Parameters
    ----------
    data : ExactData
        The samples.
    signs : sequence of +1 or -1 (K,)
        Output signs of the neurons.
    rows : sequence of Row (M,)
        The rows of the linear program.
    """
    columns: list[list[int]] = []
    origins: list[tuple[Row, flint.fmpq]] = []
    for row in rows:
        vector = coefficients(data, signs, row)
        for sign in (1, -1):
            side = side_of(data, row, sign > 0)
            if side is not None:
                unit = int(side.q)
                columns.append([sign * unit * v for v in vector] + [sign * int(side.p)])
                origins.append((row, flint.fmpq(sign * unit)))
    if not columns:
        return None
    size = len(columns[0]) - 1
    # what no row speaks of, as entries that a neuron may not use, stays zero
    spoken_of = [j for j in range(size) if any(column[j] for column in columns)]
    if len(columns) * (len(spoken_of) + 1) > MAX_NUMBERS:
        return None
    shorter = [[*(column[j] for j in spoken_of), column[-1]] for column in columns]
    found, separation = combination_or_separation(shorter, [0] * len(spoken_of) + [1])
    if found is not None:
        used = zip(origins, found, strict=True)
        multipliers = ((row, unit * fraction_to_rational(c)) for (row, unit), c in used)
        return ExactAnswer(in_integers(multipliers), None)
    point = [flint.fmpq(0)] * size
    for j, value in zip(spoken_of, separation[:-1], strict=True):
        point[j] = fraction_to_rational(-value / separation[-1])
    return ExactAnswer(None, point)
