"""Which sums of outputs to bound: integer directions, in the order in which they are worth trying."""

import itertools
from collections.abc import Iterator
from typing import Final

import numpy as np

# Entries of random directions are drawn from -3 to 3 without 0: small, so that sums of labels of few digits
# have few digits, and several, so that no neuron's output weights cancel by accident.
_LARGEST: Final = 3
# Random directions, those before the outputs themselves and those after differences and sums of pairs.
_FIRST_RANDOM, _LAST_RANDOM = 2, 4
# Pairs of outputs of which differences and sums are tried.
_PAIRS: Final = 6


def directions(n_outputs: int, seed: int = 0) -> list[tuple[int, ...]]:
    """Return distinct directions (m,), none the opposite of another.

    Random ones come first: in a generic direction no neuron is lost. Then single outputs, differences and
    sums of pairs, which may be easier, and more random ones.
    """
    rng = np.random.default_rng(seed)
    found: dict[tuple[int, ...], None] = {}
    for direction in _candidates(n_outputs, rng):
        leading = next(c for c in direction if c)
        found.setdefault(tuple(c if leading > 0 else -c for c in direction))
    return list(found)


def _candidates(m: int, rng: np.random.Generator) -> Iterator[tuple[int, ...]]:
    if m > 1:
        yield from (_random(m, rng) for _ in range(_FIRST_RANDOM))
    yield from (tuple(int(k == j) for k in range(m)) for j in range(m))
    for first, second in itertools.islice(itertools.combinations(range(m), 2), _PAIRS):
        for sign in (-1, 1):
            yield tuple(int(k == first) + sign * int(k == second) for k in range(m))
    if m > 1:
        yield from (_random(m, rng) for _ in range(_LAST_RANDOM))


def _random(m: int, rng: np.random.Generator) -> tuple[int, ...]:
    sizes, signs = rng.integers(1, _LARGEST + 1, m), rng.choice([-1, 1], m)
    return tuple(int(c) for c in sizes * signs)
