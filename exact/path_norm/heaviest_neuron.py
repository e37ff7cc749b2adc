"""The heaviest neuron of a packing of combinations: an upper bound on its load, and neurons that come close.

The load of a neuron u with output sign s is ``sum_k w_k max(0, s c_k . a(u))^p / cost(u)``, with a(u) its
values on the samples and c_k the combinations. On a cone both a(u) and the charged entries t_j of u are
linear, so that it is enough to look at sums of rays r_i with coefficients that add up to one, of which each
adds up charges of one. There the cost, concave, is at least that of the rays, weighed alike. A power
``x^p`` is below each of its tangents, and a combination whose values at the rays are at most
``L + b t_j`` adds at most ``L^p + b^p t_j^p``, which is better near ``t_j = 0`` where both powers are steep.
What is left is linear, and largest at a ray. Simplices of rays are halved until that is sharp.

All numbers are bounds: terms carry a margin for their rounding, and are of one sign.
"""

import itertools
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.path_norm.cones import BoolArray, Cones, IntArray
from sparsest.exact.path_norm.intervals_kernel import UNIT

# Loads are bounded to this share.
_SHARP: Final = 0.01
# Of what a bound exceeds the heaviest neuron by, simplices with more than this share are halved at a time.
_WORST: Final = 0.6
# Simplices of each output sign; simplices, and cones, that are looked at together.
_MAX_SIMPLICES: Final = 20_000
_AT_ONCE: Final = 2_000
# Simplices that a cone may have to be halved.
_MAX_IN_CONE: Final = 500
# Heavy neurons found with each halving, of each sign.
_HEAVY: Final = 50
# What rounding adds to a load, relative to it: a few hundred terms of one sign, and midpoints of midpoints.
_ROUNDING: Final = 1e-11


class Heaviest(NamedTuple):
    """How heavy neurons are.

    Attributes
    ----------
    load : float
        No neuron has a larger one; at least 1.
    values : array (n, m)
        Values, times the output sign, of neurons with loads above 1 that were met.
    costs : array (n,)
        Their costs.
    shares : array (C, 2)
        No neuron of a cone and sign has more than this share of `load`.
    """

    load: float
    values: FloatArray
    costs: FloatArray
    shares: FloatArray


def heaviest(combinations: FloatArray, weights: FloatArray, cones: Cones, p: float) -> Heaviest:
    """Bound the load of all neurons.

    Parameters
    ----------
    combinations : array (m, k)
        Multipliers of the rows of `cones`.
    weights : array (k,)
        At least 0.
    cones : Cones
        Where neurons are.
    p : float
        Exponent.
    """
    sums = cones.columns @ combinations
    margin = (len(combinations) + 4) * UNIT * (np.abs(cones.columns) @ np.abs(combinations))
    parts = [
        _OneSign(sign * sums + margin, sign * cones.columns, weights, cones, cones.allowed[:, s], p)
        for s, sign in enumerate((1.0, -1.0))
    ]
    load = max(part.bounded() for part in parts) * (1.0 + _ROUNDING)
    loads = np.stack([part.loads for part in parts], axis=1) * (1.0 + _ROUNDING)
    return Heaviest(
        load,
        np.concatenate([values for part in parts for values in part.values]),
        np.concatenate([costs for part in parts for costs in part.costs]),
        np.minimum(loads / load, 1.0),
    )


class _OneSign:
    """Neurons of one output sign: rays, and midpoints of simplices' edges.

    Parameters
    ----------
    sums : array (R, k)
        At least the combinations of each ray.
    values : array (R, m)
        Values of each ray, times the sign.
    weights : array (k,)
        Of the combinations.
    cones : Cones
        The cones.
    allowed : array of bool (C,)
        Which cones are used.
    p : float
        Exponent.

    Attributes
    ----------
    values, costs : lists of arrays
        Of heavy neurons met.
    loads : array (C,)
        Bounds on the load in each cone, infinite where no attempt was made.
    """

    def __init__(
        self,
        sums: FloatArray,
        values: FloatArray,
        weights: FloatArray,
        cones: Cones,
        allowed: BoolArray,
        p: float,
    ) -> None:
        self._sums, self._points, self._charges = sums, values, cones.charges
        self._weights, self._cones, self._p = weights, cones, p
        self._used = np.flatnonzero(allowed & (np.diff(cones.starts) > 0))
        self.values, self.costs = [np.zeros((0, values.shape[1]))], [np.zeros(0)]
        self.loads = np.where(allowed, np.inf, 0.0)
        self._goal = 1.0

    def bounded(self) -> float:
        """Bound the load of all: halve simplices until that is sharp, or there are too many."""
        load, simplices = 0.0, []
        self._meet(np.unique(self._cones.members[self._members_of(self._used)]))
        for block in range(0, len(self._used), _AT_ONCE):
            some = self._used[block : block + _AT_ONCE]
            self.loads[some] = loads = self._loads_of_cones(some)
            sharp = loads <= self._goal * (1.0 + _SHARP)
            for cone, found in zip(some[~sharp], loads[~sharp], strict=True):
                parts = self._simplices(cone)
                if len(parts):
                    simplices.append(parts)
                else:
                    load = max(load, float(found))
            load = max(load, float(loads[sharp].max(initial=0.0)))
        if simplices:
            load = max(load, self._halved(np.concatenate(simplices)))
        return load

    def _members_of(self, cones: IntArray) -> IntArray:
        starts = self._cones.starts
        return np.concatenate(
            [np.zeros(0, dtype=np.int64), *(np.arange(starts[c], starts[c + 1]) for c in cones)]
        )

    def _cost(self, charges: FloatArray) -> FloatArray:
        return np.asarray((charges**self._p).sum(axis=-1))

    def _meet(self, points: IntArray) -> None:
        """Note the heavy ones among some points."""
        if not len(points):
            return
        costs = self._cost(self._charges[points])
        loads = (np.maximum(self._sums[points], 0.0) ** self._p) @ self._weights / costs
        self._goal = max(self._goal, float(loads.max()))
        heavy = np.argsort(-loads, kind="stable")[:_HEAVY]
        heavy = heavy[loads[heavy] > 1.0 + 0.5 * _SHARP]
        self.values.append(self._points[points[heavy]])
        self.costs.append(costs[heavy])

    def _tangents(self, sums: FloatArray, at: FloatArray) -> FloatArray:
        """Return the tangents of ``sums^p`` at points > 0, and zero where a point is zero."""
        where = np.where(at > 0, at, 1.0)
        lines = self._p * where ** (self._p - 1.0) * sums + (1.0 - self._p) * where**self._p
        return np.where(at > 0, lines, 0.0)

    def _loads_of_cones(self, some: IntArray) -> FloatArray:
        """Bound the load in each of some cones, by tangents in the middle."""
        counts = np.diff(self._cones.starts)[some]
        firsts = np.r_[0, np.cumsum(counts)[:-1]]
        members = self._cones.members[self._members_of(some)]
        sums = np.maximum(self._sums[members], 0.0)
        middle = np.add.reduceat(sums, firsts) / counts[:, None]
        lines = self._tangents(sums, np.repeat(middle, counts, axis=0)) @ self._weights
        return np.asarray(np.maximum.reduceat(lines / self._cost(self._charges[members]), firsts))

    def _simplices(self, cone: int) -> IntArray:
        """Return simplices (n, d + 1) that cover a cone, none where they are too many.

        Each point is in a simplex of a given ray and d others: the way from that ray through the point ends
        in a face, and Caratheodory's theorem holds there.
        """
        rays = self._cones.members[self._cones.starts[cone] : self._cones.starts[cone + 1]]
        size = self._cones.directions.shape[1]
        if len(rays) <= size:
            return np.asarray(np.r_[rays, np.repeat(rays[-1:], size - len(rays))][None])
        rest = list(itertools.islice(itertools.combinations(rays[1:], size - 1), _MAX_IN_CONE + 1))
        if len(rest) > _MAX_IN_CONE:
            return np.zeros((0, size), dtype=np.int64)
        return np.asarray(np.c_[np.full(len(rest), rays[0]), np.array(rest)])

    def _halved(self, simplices: IntArray) -> float:
        """Return a bound on the load in all of some simplices."""
        loads = self._loads(simplices)
        count = len(simplices)
        while True:
            worst, enough = float(loads.max()), self._goal * (1.0 + _SHARP)
            if worst <= enough or count > _MAX_SIMPLICES:
                return worst
            chosen = np.flatnonzero(loads > enough + _WORST * (worst - enough))[:_AT_ONCE]
            parts = self._halves(simplices[chosen])
            count += len(parts)
            simplices = np.r_[np.delete(simplices, chosen, axis=0), parts]
            loads = np.r_[np.delete(loads, chosen), self._loads(parts)]

    def _loads(self, simplices: IntArray) -> FloatArray:
        """Bound the load in each simplex."""
        return np.concatenate([self._loads_at_once(simplices[block]) for block in _blocks(len(simplices))])

    def _loads_at_once(self, simplices: IntArray) -> FloatArray:
        p, weights = self._p, self._weights
        sums, charges = np.maximum(self._sums[simplices], 0.0), self._charges[simplices]
        powers = charges**p
        middle = sums.mean(axis=1)
        least = middle**p  # mean of the bound that is chosen for each combination
        level, chosen = np.zeros(least.shape), np.full(least.shape, -1)
        factor = np.zeros(least.shape)
        for j in range(charges.shape[2] if charges.shape[2] > 1 else 0):
            at_zero = charges[:, :, j] <= 0.0
            near = np.flatnonzero(at_zero.any(axis=1) & ~at_zero.all(axis=1))
            zero, along = at_zero[near][:, :, None], charges[near][:, :, j, None]
            base = np.where(zero, sums[near], 0.0).max(axis=1)
            above = np.maximum(sums[near] - base[:, None], 0.0)
            slope = np.where(zero, 0.0, above / np.where(zero, 1.0, along)).max(axis=1)
            mean = base**p + slope**p * powers[near][:, :, j].mean(axis=1)[:, None]
            better = mean < least[near]
            least[near] = np.where(better, mean, least[near])
            level[near] = np.where(better, base, level[near])
            factor[near] = np.where(better, slope, factor[near])
            chosen[near] = np.where(better, j, chosen[near])
        by_tangent = np.where(chosen < 0, weights, 0.0)
        asked = np.einsum("nik,nk->ni", self._tangents(sums, middle[:, None, :]), by_tangent)
        asked += (np.where(chosen >= 0, level**p, 0.0) @ weights)[:, None]
        # powers of charges are taken from the cost, no more than all of it; tangents bound what is beyond
        shares = np.stack(
            [np.where(chosen == j, factor**p, 0.0) @ weights for j in range(charges.shape[2])], axis=1
        )
        beyond = np.maximum(shares - 1.0, 0.0)
        asked += (np.minimum(shares, 1.0)[:, None] * powers).sum(axis=2)
        asked += (beyond[:, None] * self._tangents(charges, charges.mean(axis=1, keepdims=True))).sum(axis=2)
        loads = (asked / powers.sum(axis=2)).max(axis=1)
        return np.asarray(np.maximum(loads, np.minimum(shares, 1.0).max(axis=1)))

    def _halves(self, simplices: IntArray) -> IntArray:
        """Return both halves of each simplex, cut where the middle of an edge differs most from its ends."""
        sums, charges = self._sums, self._charges
        rows = np.arange(len(simplices))
        largest, edges = np.full(len(rows), -1.0), np.zeros((len(rows), 2), dtype=np.int64)
        parts = np.maximum(sums[simplices], 0.0)  # as they are bounded: what is cut off would hide the gap
        powers = parts**self._p @ self._weights + self._cost(charges[simplices])
        for pair in itertools.combinations(range(simplices.shape[1]), 2):
            one, two = simplices[:, pair[0]], simplices[:, pair[1]]
            middle = (0.5 * (parts[:, pair[0]] + parts[:, pair[1]])) ** self._p @ self._weights
            middle += self._cost(0.5 * (charges[one] + charges[two]))
            gap = middle - 0.5 * (powers[:, pair[0]] + powers[:, pair[1]])
            gap = np.where(one == two, -1.0, gap)
            edges[gap > largest], largest = pair, np.maximum(gap, largest)
        one, two = simplices[rows, edges[:, 0]], simplices[rows, edges[:, 1]]
        ends, which = np.unique(np.sort(np.c_[one, two], axis=1), axis=0, return_inverse=True)
        first, second = ends.T
        new = len(sums) + np.arange(len(ends))
        rounding = UNIT * (np.abs(sums[first]) + np.abs(sums[second]))
        self._sums = np.r_[sums, 0.5 * (sums[first] + sums[second]) + rounding]
        self._charges = np.r_[charges, 0.5 * (charges[first] + charges[second])]
        self._points = np.r_[self._points, 0.5 * (self._points[first] + self._points[second])]
        self._meet(new)
        halves = np.repeat(simplices, 2, axis=0)
        halves[2 * rows, edges[:, 0]] = halves[2 * rows + 1, edges[:, 1]] = new[which.ravel()]
        return halves


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + _AT_ONCE) for start in range(0, count, _AT_ONCE))
