"""Every extreme point of a problem with one feature, a skip and exact labels, in rational numbers.

Shares no code with the package. Two descriptions that were derived apart: slopes at the samples (Nakhleh and
Nowak 2025, Theorem 3.1), and neurons in the intervals between samples, which needs no theorem of theirs.
"""

import itertools
from collections import Counter
from fractions import Fraction

from flint import arb, ctx

Sizes = tuple[Fraction, ...]
_BITS = 400


def by_slopes(x, y) -> set[Sizes]:
    """Return the sorted changes of slope of every choice of one adjacent chord's slope at each inner sample.

    A choice is legal if the function is the chord wherever curvature changes sign.
    """
    slopes, curvature = _chords(x, y)
    found = set()
    for choice in itertools.product((0, 1), repeat=len(curvature)):
        path = slopes[:1]
        for i, after in enumerate(choice):
            path.append(slopes[i + after])
            if i + 1 == len(curvature) or curvature[i + 1] != curvature[i]:
                path.append(slopes[i + 1])
        found.add(tuple(sorted(abs(b - a) for a, b in itertools.pairwise(path) if a != b)))
    return found


def by_intervals(x, y) -> Counter[Sizes]:
    """Return how many functions have these sorted changes of slope, over all extreme points.

    A neuron whose knot lies between two neighbouring samples is a sum of two whose knots are these samples.
    Each change of slope is one such part, of the interval on its left or of that on its right, and parts of
    one interval and sign are one neuron.
    """
    slopes, _ = _chords(x, y)
    changes = [b - a for a, b in itertools.pairwise(slopes)]
    bent = [i for i, change in enumerate(changes) if change != 0]
    functions: dict[frozenset, Sizes] = {}
    for sides in itertools.product((0, 1), repeat=len(bent)):
        neurons: dict[tuple[int, bool], list[int]] = {}
        for i, side in zip(bent, sides, strict=True):
            neurons.setdefault((i + side, changes[i] > 0), []).append(i)
        # one part alone is the same function in either interval
        function = frozenset(tuple(parts) for parts in neurons.values())
        functions[function] = tuple(sorted(sum(abs(changes[i]) for i in parts) for parts in function))
    return Counter(functions.values())


def cost(sizes: Sizes, p) -> arb:
    """Return the path norm as a ball that holds it."""
    ctx.prec = _BITS
    power = arb(p)
    return sum(((arb(size.numerator) / size.denominator) ** power for size in sizes), arb(0))


def compare(sizes: Sizes, other: Sizes, p) -> int:
    """Return the sign of the difference of two path norms, certain."""
    if sizes == other:
        return 0
    difference = cost(sizes, p) - cost(other, p)
    assert difference > 0 or difference < 0, "more bits are needed, or costs tie at this p alone"
    return 1 if difference > 0 else -1


def cheapest(points, p) -> Sizes:
    """Return one of the cheapest."""
    points = list(points)
    best = points[0]
    for point in points[1:]:
        if compare(point, best, p) < 0:
            best = point
    return best


def sparsest_and_others(points) -> tuple[list[Sizes], list[Sizes]]:
    """Split extreme points by whether they have the fewest knots."""
    fewest = min(map(len, points))
    return [z for z in points if len(z) == fewest], [z for z in points if len(z) > fewest]


def _chords(x, y) -> tuple[list[Fraction], list[int]]:
    x, y = [Fraction(v) for v in x], [Fraction(v) for v in y]
    slopes = [
        (b - a) / (d - c) for (a, b), (c, d) in zip(itertools.pairwise(y), itertools.pairwise(x), strict=True)
    ]
    return slopes, [(v > u) - (v < u) for u, v in itertools.pairwise(slopes)]
