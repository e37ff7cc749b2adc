"""All states that so few neurons lead to, sample by sample (`sparsest.exact.line.gap_cones`)."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sparsest.exact.line.gap_cones import (
    BETWEEN,
    Cone,
    LineSamples,
    Piece,
    cut_by_sample,
    first_states,
    generators_of,
)
from sparsest.progress import Deadline

# Neurons with their knot in one gap: at most one of each sign and facing is needed.
_CHOICES: Final = tuple(tuple(itertools.combinations(BETWEEN, count)) for count in range(len(BETWEEN) + 1))

# A generator that no others make up for is decided by samples passed, by two numbers of some 64 bits of each.
# Others double their digits with every label met exactly.
_BITS_A_SAMPLE: Final = 128

Pieces = tuple[Piece, ...]


class OutOfTimeError(Exception):
    """A deadline passed."""


class SweepLimits(NamedTuple):
    """How much a sweep may hold, and until when.

    Attributes
    ----------
    states : int
        States of one sample, at least 2: of more it keeps some, and is not complete.
    generators : int
        Generators of one state: of more it keeps some, which is a part of the state, and is not complete.
    reduced : bool
        Whether generators that others make up for are looked for and left out; if not, those of very many
        digits are, and the sweep is not complete.
    deadline : Deadline
        Looked at for every state.
    """

    states: int
    generators: int
    reduced: bool
    deadline: Deadline


class StateOrigin(NamedTuple):
    """Where a state comes from: the neurons used so far and the state one sample before, and the new ones."""

    used: int
    cone: Cone | None
    pieces: Pieces


Level = dict[tuple[int, Cone], StateOrigin]


class Sweep:
    """The states of at most `budget` neurons, from the first sample on.

    Parameters
    ----------
    samples : LineSamples
        In order; mirrored for the sweep from the right.
    budget : int
        Neurons of the whole network.
    needed : sequence of N ints
        How many neurons the samples from the i-th on force into the gaps behind it: as many are spared.
    limits : SweepLimits
        Beyond which it gives up.
    outer : bool
        Whether neurons that are active on all samples are this sweep's to place.

    Attributes
    ----------
    levels : list of dict
        For each sample passed, the states there: (neurons used, cone) to where it comes from.
    complete : bool
        Whether none was left out.
    """

    def __init__(
        self, samples: LineSamples, budget: int, needed: Sequence[int], limits: SweepLimits, *, outer: bool
    ) -> None:
        self.samples, self._budget, self._needed, self._limits = samples, budget, needed, limits
        self.levels: list[Level] = [{}]
        self.complete = True
        for pieces, cone in first_states(samples, outer=outer):
            self._add(self.levels[0], 0, StateOrigin(len(pieces), None, pieces), cone)

    @property
    def states(self) -> Level:
        """The states at the last sample passed."""
        return self.levels[-1]

    def advance(self) -> None:
        """Pass one more sample.

        Raises
        ------
        OutOfTimeError
            When the deadline has passed.
        """
        place = len(self.levels)
        left, right = self.samples.x[place - 1 : place + 1]
        rays = {piece: generators_of(piece, left, right, constant=self.samples.constant) for piece in BETWEEN}
        level: Level = {}
        for used, cone in self.states:
            if self._limits.deadline.expired:
                raise OutOfTimeError
            for pieces in self._choices(used, place):
                grown = cone.union(*(rays[piece] for piece in pieces))
                self._add(level, place, StateOrigin(used, cone, pieces), grown)
        if len(level) > self._limits.states:
            level, self.complete = _thinned(level, self._limits.states), False
        self.levels.append(level)

    def _choices(self, used: int, place: int) -> Iterator[Pieces]:
        for choices in _CHOICES[: max(0, self._budget - self._needed[place] - used + 1)]:
            yield from choices

    def _add(self, level: Level, place: int, origin: StateOrigin, cone: Cone) -> None:
        used = origin.used if origin.cone is None else origin.used + len(origin.pieces)
        if used + self._needed[place] > self._budget:
            return
        samples = self.samples
        ends = samples.low[place], samples.high[place]
        kept = cut_by_sample(cone, samples.x[place], *ends, reduced=self._limits.reduced)
        if kept is not None and not self._limits.reduced:
            kept = self._without_long(kept, place)
        if kept is None:
            return
        if len(kept) > self._limits.generators:
            kept, self.complete = _within(kept, self._limits.generators), False
        level.setdefault((used, kept), origin)

    def _without_long(self, cone: Cone, place: int) -> Cone | None:
        """Return the generators of few enough digits; None if no point is left."""
        bits = _BITS_A_SAMPLE * (place + 2)
        short = frozenset(g for g in cone if all(v.bit_length() <= bits for v in g))
        self.complete = self.complete and len(short) == len(cone)
        return short if any(g[0] for g in short) else None


def _thinned(level: Level, count: int) -> Level:
    """Return so many states, those of many generators first: they leave more room."""
    order = sorted(level, key=lambda state: (-len(state[1]), state[0]))
    half = count // 2
    rest = order[half:]
    kept = order[:half] + rest[:: -(-len(rest) // half)]
    return {state: level[state] for state in kept}


def _within(cone: Cone, count: int) -> Cone:
    """Return so many generators, some of them points, those with w > 0, spread over all."""
    points, rays = sorted(g for g in cone if g[0]), sorted(g for g in cone if not g[0])
    few = rays[:: -(-len(rays) // (count // 2))] if rays else []
    return frozenset(few + points[:: -(-len(points) // (count - len(few)))])
