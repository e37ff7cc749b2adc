"""The packing bound: sets generated where hyperplanes are cheap, until none are left or the bound is reached.

Every network that fits has for each curved set a neuron whose hyperplane cuts a side of it (see
`curved_sets`). So any weights prove at least (sum of weights) / (the most that one neuron cuts) neurons. The
number of samples does not matter, only that of the sets in use.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.enumerate import count_in_general_position
from sparsest.exact.line.forced_knots import Triple, lower_bound_certificate
from sparsest.exact.packing.candidates import Candidates, find_candidates, standardized
from sparsest.exact.packing.curved_sets import NOTHING, CurvedSet, PackedSets, Packing, curved_set
from sparsest.exact.packing.hyperplanes import Cuts, cuts_of, loads
from sparsest.exact.packing.on_lines import sets_on_lines
from sparsest.exact.packing.prices import Creases, creases_of, prices_of
from sparsest.exact.packing.weights import DENOMINATORS, Weights, fractional_packing
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline

Index = NDArray[np.intp]

# Features beyond which sets of few samples are cut by almost every hyperplane that comes near them.
MAX_FEATURES: Final = 4
# Cells of the samples in use, one of each pair of opposites, and the samples themselves. A round over so many
# cells takes a tenth of a second at first, and a second once fewer do not help.
FIRST_CELLS: Final = 60_000
MAX_CELLS: Final = 250_000
MAX_SAMPLES: Final = 300
# Samples times half turns of the checker, which it is left to do within its limit on work.
MAX_TURNED: Final = 3_500_000
# The sum of weights, which are added up in 64 bits.
MAX_WEIGHT: Final = 2**53
# Sets that are taken in at a time, and of which the cheapest are so many times as many; sets in use.
NEW_SETS: Final = 40
_CHEAPEST: Final = 4
MAX_SETS: Final = 300
# Rounds in which the packing gains less than this, after which it is left as it is.
MAX_VAIN_ROUNDS: Final = 6
_GAIN: Final = 0.002
# A price so much below 1 is no rounding, nor is a packing so much above a whole number.
_LIGHT: Final = 1e-3
_ROUNDING: Final = 1e-6


def packing_bound(problem: Problem, deadline: Deadline, *, enough: int | None = None) -> Packing:
    """Return the best packing bound found until the deadline: `pack` without the creases."""
    return pack(problem, deadline, enough=enough).packing


class Packed(NamedTuple):
    """A packing, and where the neurons might be of a network that has as many as it proves."""

    packing: Packing
    creases: Creases | None


def applies_to(problem: Problem) -> bool:
    """Whether packings say more than the knots that intervals force: with one feature these say as much."""
    return 1 < problem.n_features <= MAX_FEATURES


def pack(
    problem: Problem,
    deadline: Deadline,
    *,
    enough: int | None = None,
    network: Network | None = None,
    knots: Sequence[Triple] | None = None,
    seed: int = 0,
) -> Packed:
    """Return the best packing found until the deadline, verified in rational arithmetic.

    Parameters
    ----------
    problem : Problem
        With distinct inputs; more than `MAX_FEATURES` features give no bound.
    deadline : Deadline
        When to stop; what is proven by then is returned.
    enough : int, optional
        A bound that need not be exceeded: the neurons of a network that is known.
    network : Network, optional
        The best one known; sets are looked for along its creases first.
    knots : sequence of triples, optional
        What `lower_bound_certificate` returns, where it is known; finding it takes a second on some grids.
    seed : int
        Of the sets drawn.

    Examples
    --------
    >>> pack(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), Deadline(None)).packing.bound
    1
    """
    problem = problem.in_integers
    if problem.n_features > MAX_FEATURES:
        return Packed(NOTHING, None)
    near = find_candidates(problem, deadline, network=network, seed=seed)
    together = lower_bound_certificate(problem, deadline) if knots is None else knots
    on_lines = sets_on_lines(problem, together, deadline)
    homogeneous = np.c_[standardized(problem.X), np.ones(problem.n_samples)]
    search = _Search(problem, ExactData(problem), homogeneous, near.and_also(on_lines), deadline)
    first = [len(near.size) + n for n in range(len(together))]
    smaller_half = np.arange((len(near.size) + 1) // 2)
    best, cells = Packed(NOTHING, None), FIRST_CELLS
    chosen = first + search.spread_out(smaller_half, first, cells)
    value, since = 0.0, 0
    while chosen and since < MAX_VAIN_ROUNDS and not deadline.expired:
        step = search.pack(chosen)
        if step is None:
            break
        if step.packing.bound > best.packing.bound:
            best = Packed(step.packing, search.creases(step))
        if enough is not None and best.packing.bound >= enough:
            break
        total = float(step.weights.weights.sum())
        value, since = (total, 0) if total > value + _GAIN else (value, since + 1)
        cells = min(MAX_CELLS, 2 * cells) if since else cells
        chosen = search.improved(step, cells)
    return best


@dataclasses.dataclass(frozen=True, eq=False)
class _Step:
    """Some candidates, what cuts them, their weights, and the proof made of these."""

    chosen: list[int]
    used: Index
    cuts: Cuts
    weights: Weights
    packing: Packing


@dataclasses.dataclass(frozen=True, eq=False)
class _Search:
    problem: Problem
    data: ExactData
    homogeneous: FloatArray  # standardized, for suggestions
    found: Candidates
    deadline: Deadline

    def pack(self, chosen: list[int]) -> _Step | None:
        """Weigh some candidates; None out of time, or where floats were wrong about all of them."""
        exact = {number: curved_set(self.data, self._members(number)) for number in chosen}
        sets = {number: found for number, found in exact.items() if found is not None}
        if not sets:
            return None
        try:
            used, cuts = _cuts(self.problem, list(sets.values()), self.deadline)
        except TimeLimitError:
            return None
        weights = fractional_packing(cuts, len(sets), self.deadline)
        if weights is None:
            return None
        return _Step(list(sets), used, cuts, weights, _in_integers(cuts, list(sets.values()), weights))

    def _members(self, number: int) -> tuple[int, ...]:
        members = self.found.samples[number][self.found.weights[number] != 0]
        return tuple(int(i) for i in members)

    def creases(self, step: _Step) -> Creases | None:
        """Return hyperplanes that bend the sets, as many as neurons are proven; None if fewer have prices."""
        if len(step.weights.rows) < step.packing.bound:
            return None
        return creases_of(self.homogeneous, step.used, step.cuts, step.weights, step.packing.bound)

    def improved(self, step: _Step, cells: int) -> list[int]:
        """Return candidates that may be packed better; none where hyperplanes charge each of them enough."""
        price = prices_of(self.found, self.homogeneous, step.used, step.cuts, step.weights)
        price[step.chosen] = 1.0
        light = np.flatnonzero(price < 1 - _LIGHT)
        light = light[np.argsort(price[light], kind="stable")]
        weighty = [number for number, w in zip(step.chosen, step.weights.weights, strict=True) if w > 0]
        for kept in (step.chosen, weighty):  # those without weight go when there is no room
            if len(kept) + NEW_SETS <= MAX_SETS and (new := self.spread_out(light, kept, cells)):
                return kept + new
        return []

    def spread_out(self, cheapest: Index, kept: list[int], cells: int) -> list[int]:
        """Return some of the first candidates given, far from each other and from those kept.

        Their samples and those of the candidates kept have at most so many cells.
        """
        room = _most_samples(self.problem.n_features, cells)
        samples = {i for number in kept for i in self._members(number)}
        few = cheapest[: _CHEAPEST * NEW_SETS]
        if not few.size:
            return []
        centres = self._centres(few)
        distance = np.full(len(few), np.inf)
        if kept:
            distance = np.linalg.norm(centres[:, None] - self._centres(np.array(kept)), axis=2).min(axis=1)
        new: list[int] = []
        while len(new) < NEW_SETS and len(few) and (place := int(np.argmax(distance))) >= 0:
            if distance[place] < 0:
                break
            together = samples.union(self._members(int(few[place])))
            if len(together) <= room:
                samples = together
                new.append(int(few[place]))
                distance = np.minimum(distance, np.linalg.norm(centres - centres[place], axis=1))
            distance[place] = -1.0
        return new

    def _centres(self, numbers: Index) -> FloatArray:
        return np.asarray(self.homogeneous[self.found.samples[numbers]].mean(axis=1))


def packing_of(problem: Problem, plain: PackedSets) -> Packing:
    """Return what some weighted sets prove, all of it computed anew.

    Parameters
    ----------
    problem : Problem
        With distinct inputs.
    plain : tuple of (samples, weight)
        What `Packing.plain` returned, of this problem or not.

    Raises
    ------
    InputError
        When a set is not curved, or the sets have too many samples.
    """
    problem = problem.in_integers
    data, weights = ExactData(problem), tuple(weight for _, weight in plain)
    samples = {i for members, _ in plain for i in members}
    if (
        not samples
        or len(samples) > _most_samples(problem.n_features, MAX_CELLS)
        or sum(weights) > MAX_WEIGHT
    ):
        raise InputError("a packing has no sets, or too many samples, or weights that are too large")
    sets = [curved_set(data, members) for members, _ in plain]
    exact = [found for found in sets if found is not None]
    if len(exact) < len(sets):
        raise InputError("a packing has a set on which the intervals admit an affine function")
    _, cuts = _cuts(problem, exact, Deadline(None))
    heaviest = int(loads(cuts, np.array(weights, dtype=np.int64)).max())
    return Packing(-(-sum(weights) // heaviest), tuple(exact), weights, heaviest)


def _cuts(problem: Problem, sets: list[CurvedSet], deadline: Deadline) -> tuple[Index, Cuts]:
    """Return the samples that sets use, and what the cells of these cut."""
    used = np.unique(np.concatenate([found.samples for found in sets]))
    place = {int(sample): n for n, sample in enumerate(used)}
    local = [s._replace(samples=tuple(place[i] for i in s.samples)) for s in sets]
    return used, cuts_of(problem.X[used], local, deadline)


def _most_samples(n_features: int, cells: int) -> int:
    count, flat = n_features + 2, n_features - 1
    while count < MAX_SAMPLES and count_in_general_position(count + 1, n_features + 1) <= 2 * cells:
        if (count + 1) * math.comb(count + 1, flat) << flat > MAX_TURNED:
            break
        count += 1
    return count


def _in_integers(cuts: Cuts, sets: list[CurvedSet], weights: Weights) -> Packing:
    """Return the packing with the weights rounded, as coarsely as the bound allows."""
    wanted = math.ceil(weights.weights.sum() - _ROUNDING)
    best = NOTHING
    for denominator in DENOMINATORS:
        whole = np.rint(weights.weights * denominator).astype(np.int64)
        heaviest = int(loads(cuts, whole).max())
        if not heaviest:
            continue
        bound = -(-int(whole.sum()) // heaviest)
        if bound > best.bound:
            kept = np.flatnonzero(whole)
            best = Packing(bound, tuple(sets[j] for j in kept), tuple(int(w) for w in whole[kept]), heaviest)
        if best.bound >= wanted:
            break
    return best
