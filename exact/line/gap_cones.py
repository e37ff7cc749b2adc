"""What neurons in the gaps between samples can do to a network of one feature, as cones of integer vectors.

Cut the line at a place x. The *link* is the affine function that the network is there; the *pending* part of
it is the sum of the neurons that are active at x and face left, those that will end further right. The rest
of the link is the sum of the neurons that have begun and face right. A neuron with its knot between two
samples ``x_i <= t <= x_{i+1}`` and output sign s adds to the link, on the way from left to right, the affine
function ``s c (x - t)``, c > 0: a combination of ``s (x - x_i)`` and ``s (x - x_{i+1})`` with coefficients
that are not negative. It adds nothing to the pending part if it faces right, the same affine function if it
faces left. See docs/proofs.md, P5.

A *state* is the set of all pairs (link, pending part) that some choices lead to: a polyhedron, held as the
cone of vectors ``(w, a, c, p, q)`` whose points with w = 1 are links ``a x + c`` with the pending part
``p x + q``. Where networks have a constant of their own, q is left out: the constant makes up for it.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from sparsest.exact.arithmetic.nonnegative_combination import nonnegative_combination

# Generators up to which a state is kept as it is: looking for those that others make up for takes longer.
_FEW: Final = 8

Generator = tuple[int, ...]
Cone = frozenset[Generator]


class LineSamples(NamedTuple):
    """Samples in order, in integers.

    Attributes
    ----------
    x : tuple of N integers
        Strictly increasing.
    low, high : tuples of N integers or None
        Interval ends; None where open.
    constant : bool
        Whether networks have a constant of their own.
    """

    x: tuple[int, ...]
    low: tuple[int | None, ...]
    high: tuple[int | None, ...]
    constant: bool

    def mirrored(self) -> "LineSamples":
        """Return the samples of ``x -> f(-x)``."""
        return LineSamples(tuple(-v for v in self.x[::-1]), self.low[::-1], self.high[::-1], self.constant)


class Piece(NamedTuple):
    """A neuron with its knot in one gap, or of one sign on all samples: output sign and facing.

    The facing is 1 to the right, -1 to the left, 0 for neurons that are active on all samples.
    """

    sign: int
    facing: int


BETWEEN = tuple(Piece(sign, facing) for sign in (1, -1) for facing in (1, -1))


def generators_of(piece: Piece, left: int, right: int, *, constant: bool) -> tuple[Generator, Generator]:
    """Return what a neuron adds to link and pending part, as two generators.

    Parameters
    ----------
    piece : Piece
        Of facing 1 or -1: its knot is between `left` and `right`. Of facing 0: it is affine there, with the
        sign of `piece` at both.
    left, right : int
        Neighbouring samples; the outermost ones for a neuron that is active on all.
    constant : bool
        Whether networks have a constant of their own.
    """
    s, size = piece.sign, 4 if constant else 5
    if piece.facing == 0:
        return (0, s, -s * left, 0, 0)[:size], (0, -s, s * right, 0, 0)[:size]
    first, second = ((0, s, -s * t, *((s, -s * t) if piece.facing < 0 else (0, 0))) for t in (left, right))
    return first[:size], second[:size]


def first_states(samples: LineSamples, *, outer: bool) -> Iterator[tuple[tuple[Piece, ...], Cone]]:
    """Yield the states before the first sample is looked at, and the neurons used.

    Before the first gap all of the link is pending, but for neurons that are active on all samples.

    Parameters
    ----------
    samples : LineSamples
        In order.
    outer : bool
        Whether there may be neurons that are active on all samples; with a constant of their own networks
        need no more than one of those.
    """
    free = ((0, 1, 0, 1, 0), (0, 0, 1, 0, 1))
    lines = [tuple(side * v for v in line) for line in free for side in (1, -1)]
    size = 4 if samples.constant else 5
    begin = frozenset(line[:size] for line in ((1, 0, 0, 0, 0), *lines))
    outermost = samples.x[0], samples.x[-1]
    signs: tuple[tuple[int, ...], ...] = ((),)
    if outer:
        signs = ((), (1,)) if samples.constant else ((), (1,), (-1,), (1, -1))
    for chosen in signs:
        pieces = tuple(Piece(sign, 0) for sign in chosen)
        added = (generators_of(piece, *outermost, constant=samples.constant) for piece in pieces)
        yield pieces, begin.union(*added)


def cut_by_sample(cone: Cone, x: int, low: int | None, high: int | None, *, reduced: bool) -> Cone | None:
    """Return the part of a state whose links meet an interval at x; None where it is empty.

    With `reduced` generators that others make up for are left out.
    """
    found = cone
    if low is not None and low == high:
        found = _cut(found, low, x, 1, exactly=True)
    else:
        if low is not None:
            found = _cut(found, low, x, 1, exactly=False)
        if high is not None:
            found = _cut(found, high, x, -1, exactly=False)
    if not any(generator[0] for generator in found):
        return None
    return _needed(found) if reduced and len(found) > _FEW else found


def _needed(cone: Cone) -> Cone:
    """Return generators of the same cone of which none is a combination of the others."""
    kept = sorted(cone)
    for generator in sorted(cone, key=lambda g: sum(map(abs, g)), reverse=True):
        others = [g for g in kept if g != generator]
        if nonnegative_combination(others, generator) is not None:
            kept = others
    return frozenset(kept)


def _cut(cone: Cone, end: int, x: int, side: int, *, exactly: bool) -> Cone:
    """Return the generators with ``side (link(x) - end w) >= 0``, or equal to zero (Motzkin et al. 1953)."""
    above, below, found = [], [], set()
    for generator in cone:
        value = side * (generator[1] * x + generator[2] - end * generator[0])
        if value > 0:
            above.append((value, generator))
        elif value < 0:
            below.append((-value, generator))
        else:
            found.add(generator)
    if not exactly:
        found.update(generator for _, generator in above)
    for (up, one), (down, other) in itertools.product(above, below):
        mixed = [down * v + up * w for v, w in zip(one, other, strict=True)]
        if divisor := math.gcd(*mixed):
            found.add(tuple(v // divisor for v in mixed))
    return frozenset(found)
