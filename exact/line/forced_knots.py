"""Triples of samples on a line that force knots upon every piecewise linear function."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.exact.line.collinear_samples import axis_of, collinear_samples
from sparsest.exact.line.stabbing import Stabbing, stab
from sparsest.exact.sorted_samples import SortedSamples, sorted_samples
from sparsest.problem import Problem
from sparsest.progress import Deadline

Triple = tuple[int, int, int, int]


class GapProof(NamedTuple):
    """What a checker needs to repeat a refutation by two sweeps (`sparsest.exact.line.gap_sweep`).

    Attributes
    ----------
    neurons : int
        No network has so many, or fewer.
    sample : int
        The place in order, from 0, of the sample where the sweeps meet.
    before, after : sequences of triples
        Rows that force knots: those that the sweep from the right still has before it are counted by
        `before`, those that the sweep from the left has by `after`.
    """

    neurons: int
    sample: int
    before: Sequence[Triple]
    after: Sequence[Triple]


class ForcedFromBothSides(NamedTuple):
    """Triples of rows, found from the left and from the right, and how many are on one side of a sample.

    Attributes
    ----------
    from_left, from_right : sequences of triples
        As `lower_bound_certificate` has them.
    before, after : lists of N ints
        How many of `from_left` end up to a sample, and how many of `from_right` begin from it on: no function
        has fewer knots there.
    """

    from_left: Sequence[Triple]
    from_right: Sequence[Triple]
    before: list[int]
    after: list[int]


def lower_bound_certificate(problem: Problem, deadline: Deadline | None = None) -> tuple[Triple, ...]:
    """Return triples ``(a, b, c, sign)`` of rows, each of which takes a neuron of its own.

    The three samples are on a line, b between a and c. With sign 1 the chord from ``low_a`` to ``low_c``
    passes strictly above ``high_b``, so every f that meets the three intervals has a knot with an upward
    change of slope strictly between a and c; with sign -1 the chord from ``high_a`` to ``high_c`` passes
    strictly below ``low_b``, and the change is downward. Triples of one sign are on one line and do not
    overlap, except that one may begin where another ends. A neuron has one sign and one knot on a line, so no
    network has fewer neurons than there are triples, with a skip or without.

    With one feature and a skip this bound is attained: the triples are the breaks of the greedy in
    `sparsest.exact.line.stabbing`, where this is proven; in order of c, linear time once the samples are
    sorted. With several features the line that forces most neurons is taken for each sign; there are none
    unless three samples are exactly collinear.

    Examples
    --------
    Up at the second sample and down at the fourth: two knots, whatever the network.

    >>> from sparsest import Problem, exact
    >>> exact.lower_bound_certificate(Problem([0, 1, 2, 3, 4], [0, 0, 1, 2, 2], affine="skip"))
    ((0, 1, 2, 1), (2, 3, 4, -1))
    """
    problem = problem.in_integers
    if problem.n_features == 1:
        return triples_of(stab(sorted_samples(problem.X[:, 0], problem.low, problem.high)))
    best: dict[int, list[Triple]] = {1: [], -1: []}
    for rows in collinear_samples(problem.X, deadline=deadline):
        if len(rows) - 2 <= min(map(len, best.values())):
            continue
        for sign, triples in _along(problem, rows).items():
            if len(triples) > len(best[sign]):
                best[sign] = triples
    return (*best[1], *best[-1])


def triples_on_lines(problem: Problem) -> Iterator[Triple]:
    """Generate the triples that prove the most along each line parallel to an axis, of several features."""
    for rows in collinear_samples(problem.X, max_samples=0):
        for triples in _along(problem, rows).values():
            yield from triples


def _along(problem: Problem, rows: NDArray[np.intp]) -> dict[int, list[Triple]]:
    """Return the triples of each sign on one line."""
    places = problem.X[rows, axis_of(problem.X, rows)]
    triples = triples_of(stab(sorted_samples(places, problem.low[rows], problem.high[rows])))
    found: dict[int, list[Triple]] = {1: [], -1: []}
    for a, b, c, sign in triples:
        found[sign].append((int(rows[a]), int(rows[b]), int(rows[c]), sign))
    return found


def triples_of(stabbing: Stabbing) -> tuple[Triple, ...]:
    """Return the triples of rows by which a stabbing is proven minimal."""
    samples, up = stabbing.samples, stabbing.sign > 0
    outer = (np.where(up, samples.low_row[i], samples.high_row[i]) for i in (stabbing.first, stabbing.last))
    middle = np.where(up, samples.high_row[stabbing.middle], samples.low_row[stabbing.middle])
    first, last = outer
    return tuple(zip(first.tolist(), middle.tolist(), last.tolist(), stabbing.sign.tolist(), strict=True))


def forced_from_both_sides(ordered: SortedSamples) -> ForcedFromBothSides:
    """Return the knots that intervals of one feature force, as stabbing finds them from either side."""
    back = slice(None, None, -1)
    low, high = ordered.low[back], ordered.high[back]
    rows = ordered.low_row[back], ordered.high_row[back]
    left, right = stab(ordered), stab(SortedSamples(-ordered.x[back], low, high, *rows))
    places = np.arange(len(ordered.x))
    before = np.searchsorted(np.sort(left.last), places, side="right")
    after = np.searchsorted(np.sort(right.last), places[::-1], side="right")
    return ForcedFromBothSides(triples_of(left), triples_of(right), before.tolist(), after.tolist())
