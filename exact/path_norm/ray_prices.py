"""All rays of a problem's cones in floats with error bounds, and what multipliers of the samples ask of them.

A ray is a null vector of d independent hyperplanes among ``xh_i . u = 0`` and ``u_j = 0``, j over the charged
entries (`sparsest.exact.path_norm.cones`). One vector for each set of d hyperplanes is kept, with a bound on
its error; what that leaves in doubt is decided in integers. Values of a ray on the samples and its charged
entries are products with the normal vectors, so that all rays are priced by a matrix product, a maximum and
a product with a vector. No cone is listed.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.arithmetic.null_vectors import null_vectors, work_per_matrix
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.cells.arrangement import CHUNK, exact_rays, make_arrangement
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.path_norm.cones import IntArray, hyperplanes
from sparsest.progress import Deadline

# Entries of null vectors that are kept: 256 MB, 5 million rays and their opposites for five features.
MAX_ENTRIES: Final = 2**25
# About what making one takes, times two to the power of the features.
_SECONDS_AN_ENTRY: Final = 1e-8
# Larger counts are no floats.
_HUGE: Final = 10**300
# Rays whose cost has a larger relative error are computed in integers when they are made.
_DOUBTFUL: Final = 1e-3
# What is proven of all rays may exceed what is true of the worst by this share before rays are looked at in
# integers, so many of them at most.
_BLUNT: Final = 1e-9
_MAX_SHARPENED: Final = 2000


class _Block(NamedTuple):
    """Rays by their hyperplanes (m, d), vectors (m, r), bounds on errors (m,) and costs (m,)."""

    subsets: IntArray
    vectors: FloatArray
    errors: FloatArray
    costs: FloatArray


def rays_fit(samples: int, features: int, charged: int, seconds: float = math.inf) -> bool:
    """Whether so many samples have no more rays than can be kept, and made in these seconds or so."""
    entries = math.comb(samples + charged, features) * (features + 1)
    return entries <= MAX_ENTRIES and entries * _SECONDS_AN_ENTRY * 2**features <= seconds


class RayPrices:
    """The rays of a problem without repeated inputs, for multipliers of its samples.

    Parameters
    ----------
    data : ExactData
        Of the problem.
    charged : int
        Entries of a neuron that are charged, from the first on.
    deadline : Deadline
        Ends the making of rays.

    Attributes
    ----------
    subsets : array (R, d)
        The hyperplanes that each ray is on.
    costs : array (R,)
        Charged entries of each ray, in its own scale, added up.

    Raises
    ------
    InputError
        When rays are too many to be kept.
    TimeLimitError
        When the deadline ended first.
    """

    def __init__(self, data: ExactData, charged: int, deadline: Deadline) -> None:
        samples, features = len(data.rows), data.size - 1
        if not rays_fit(samples, features, charged):
            rays = min(2 * math.comb(samples + charged, features), _HUGE)
            raise InputError(f"up to {rays:.3g} rays are too many to keep: use fewer samples or features")
        self._scales, self._charged = data.scales, charged
        normals, self._places, self._lengths = hyperplanes(data, charged)
        self._arrangement = make_arrangement(normals)
        self._sizes = np.abs(self._arrangement.floats).sum(axis=1)
        self._charge_sizes = float(self._sizes[:charged].sum())
        # what a ray's value on the normal vector is to be multiplied by for its value on each sample
        self._units = np.array([n / s for n, s in zip(self._lengths.tolist(), data.scales, strict=True)])
        blocks = list(self._made(deadline))
        self.subsets, self._vectors, self._errors, self.costs = (
            np.concatenate(parts) for parts in zip(*blocks, strict=True)
        )

    def __len__(self) -> int:
        return len(self.costs)

    def asked(self, multipliers: FloatArray) -> FloatArray:
        """Return the sum of multipliers times values, over its cost, for each ray and its opposite (R, 2)."""
        positive, negative = self._weights(multipliers)
        floats, both = self._arrangement.floats, positive + negative
        found = np.empty((len(self), 2))
        for block in self._blocks():
            # with P a product, max(0, -P) = max(0, P) - P
            vectors = self._vectors[block]
            bent = np.maximum(vectors @ floats.T, 0.0) @ both
            found[block, 0] = bent - vectors @ (negative @ floats)
            found[block, 1] = bent - vectors @ (positive @ floats)
        return np.asarray(found / self.costs[:, None])

    def most_asked(self, multipliers: Sequence[Fraction]) -> float:
        """Return an upper bound on the size of what these multipliers ask of a ray over its cost.

        Rays whose errors leave more than that of the worst one are looked at in integers.
        """
        floats = np.array([float(y) for y in multipliers])
        sums = np.abs(self.asked(floats)).max(axis=1)
        positive, negative = self._weights(np.abs(floats))
        room = self._errors / self.costs * float((positive + negative) @ self._sizes)
        share = self._errors / self.costs * self._charge_sizes
        known = float((sums - room).max(initial=0.0))
        # costs are at least 1 - share of what they seem; all this rounds as well
        bounds = np.where(share < 0.5, (sums + room) / (1 - share) * (1 + 16 * UNIT_ROUNDOFF), math.inf)
        blunt = np.flatnonzero(~(bounds <= known * (1 + _BLUNT)))
        if len(blunt) > _MAX_SHARPENED:
            blunt = blunt[np.argsort(-bounds[blunt], kind="stable")[:_MAX_SHARPENED]]
        bounds[blunt] = self._exactly_asked(blunt, multipliers)
        return float(bounds.max(initial=0.0))

    def values(self, rays: IntArray, opposite: IntArray) -> FloatArray:
        """Return the values (m, N) on the samples of some rays over their costs, or of their opposites."""
        products = self._vectors[rays] @ self._arrangement.floats.T
        np.put_along_axis(products, self.subsets[rays], 0.0, axis=1)
        signed = np.where(opposite == 1, -1.0, 1.0)[:, None] * products[:, self._places] * self._units
        return np.asarray(np.maximum(signed, 0.0) / self.costs[rays][:, None])

    def directions(self, rays: IntArray, opposite: IntArray) -> tuple[FloatArray, NDArray[np.int8]]:
        """Return some rays (m, d + 1), charges adding up to one, and signs (m, n) on all hyperplanes."""
        exact = exact_rays(self._arrangement, self.subsets[rays])
        exact = exact * np.where(opposite == 1, -1, 1).astype(object)[:, None]
        signs = np.asarray(np.sign(exact @ self._arrangement.integers.T), dtype=np.int8)
        whole = exact @ self._arrangement.basis
        norms = np.abs(whole[:, : self._charged]).sum(axis=1)
        found = [[v / norm for v in row] for row, norm in zip(whole.tolist(), norms.tolist(), strict=True)]
        return np.array(found, dtype=np.float64).reshape(whole.shape), signs

    # How rays are made

    def _made(self, deadline: Deadline) -> Iterator[_Block]:
        size, rank = self._arrangement.size, self._arrangement.rank
        every = itertools.combinations(range(size), rank - 1)
        chunk = max(1, CHUNK // max(size, work_per_matrix(rank)))
        while True:
            if deadline.expired:
                raise TimeLimitError("the time limit ended before all rays were known")
            entries = itertools.chain.from_iterable(itertools.islice(every, chunk))
            subsets = np.fromiter(entries, dtype=np.int64).reshape(-1, rank - 1)
            if not len(subsets):
                return
            yield self._block(subsets)

    def _block(self, subsets: IntArray) -> _Block:
        """Return the rays of subsets (m, d) without those that are dependent or cost nothing."""
        vectors, margins = null_vectors(self._arrangement.floats[subsets], self._arrangement.error)
        errors = self._errors_of(vectors, margins)
        costs = np.abs(vectors @ self._arrangement.floats[: self._charged].T).sum(axis=1)
        useful = np.ones(len(costs), dtype=np.bool_)
        doubtful = np.flatnonzero(~(errors * self._charge_sizes <= _DOUBTFUL * costs))
        if len(doubtful):
            exact = exact_rays(self._arrangement, subsets[doubtful])
            charges = np.abs(exact @ self._arrangement.integers[: self._charged].T).sum(axis=1)
            useful[doubtful] = charges > 0
            kept, exact = doubtful[charges > 0], exact[charges > 0] * self._arrangement.scales
            largest = np.abs(exact).max(axis=1, initial=0)
            vectors[kept] = (exact / largest[:, None]).astype(np.float64)
            costs[kept] = (charges[charges > 0] / largest).astype(np.float64)
            errors[kept] = self._errors_of(vectors[kept], np.zeros(vectors[kept].shape))
        return _Block(*(np.asarray(part)[useful] for part in (subsets, vectors, errors, costs)))

    def _errors_of(self, vectors: FloatArray, margins: FloatArray) -> FloatArray:
        """Return e (m,): sums of ``w_n (h_n . v)`` are off by at most e times that of ``|w_n| |h_n|_1``.

        Entries of h, v and w are rounded, and so is every operation.
        """
        size, rank = self._arrangement.floats.shape
        rounding = 2 * (size + 2 * rank + 12) * UNIT_ROUNDOFF
        most = (margins + rounding * np.abs(vectors)).max(axis=1, initial=0.0)
        return np.asarray(most + tolerances.UNDERFLOW)

    # How they are priced

    def _blocks(self) -> Iterator[slice]:
        step = max(1, CHUNK // self._arrangement.size)
        return (slice(start, start + step) for start in range(0, len(self), step))

    def _weights(self, multipliers: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what the positive and the negative part of each product (n,) count for.

        A sample's hyperplane may be an axis, the other way round perhaps.
        """
        weights = multipliers * np.abs(self._units)
        shape = self._arrangement.size
        ahead = self._units > 0
        positive = np.bincount(self._places[ahead], weights[ahead], minlength=shape)
        negative = np.bincount(self._places[~ahead], weights[~ahead], minlength=shape)
        return np.asarray(positive, dtype=np.float64), np.asarray(negative, dtype=np.float64)

    def _exactly_asked(self, rays: IntArray, multipliers: Sequence[Fraction]) -> FloatArray:
        """Return what is asked of rays and their opposites at most, over their cost, rounded up."""
        exact = exact_rays(self._arrangement, self.subsets[rays])
        products = exact @ self._arrangement.integers.T
        charges = np.abs(products[:, : self._charged]).sum(axis=1)
        shares = [y / scale for y, scale in zip(multipliers, self._scales, strict=True)]
        unit = math.lcm(*(share.denominator for share in shares))
        whole = np.array([int(share * unit) for share in shares], dtype=object)
        values = products[:, self._places] * self._lengths
        sums = [np.abs(np.maximum(side * values, 0) @ whole) for side in (1, -1)]
        ratios = [
            Fraction(max(one, other), charge * unit)
            for one, other, charge in zip(*(each.tolist() for each in sums), charges.tolist(), strict=True)
        ]
        return np.array([math.nextafter(float(ratio), math.inf) for ratio in ratios])
