"""Small curved sets from the data, found in floats; `curved_sets` verifies those that are used.

Random subsets of d + 2 neighbouring samples, with neighbourhoods of a few samples and of ever more, so that
bends show beyond any noise and sets are as small as they may be. On grids a subset often holds a smaller set
that is dependent already.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.null_vectors import null_vectors
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline

Index = NDArray[np.intp]

# Samples around which neighbourhoods are taken, and subsets drawn from each of them.
MAX_CENTRES: Final = 1000
SUBSETS_A_NEIGHBOURHOOD: Final = 40
# Sets so many of which make neighbourhoods of more samples needless; and that are kept of all found.
ENOUGH: Final = 30_000
MAX_CANDIDATES: Final = 8000
# Entries of a dependence below this share of its largest are taken for zero, and a sum of interval ends below
# this share of its terms for no bend: rounding. What is wrong with that is found out exactly.
_ZERO: Final = 1e-11
_FLAT: Final = 1e-9


class Candidates(NamedTuple):
    """Sets of up to d + 2 samples that seem curved.

    Attributes
    ----------
    samples : array (M, d + 2)
        Their rows.
    weights : array (M, d + 2)
        The dependence of each, 0 for samples that are not in it; the weighted values have a positive sum.
    size : array (M,)
        How far the two sides of each reach, added up: what is small is cut by few hyperplanes.
    """

    samples: Index
    weights: FloatArray
    size: FloatArray

    def and_also(self, others: "Candidates") -> "Candidates":
        """Return these and others."""
        return Candidates(*(np.concatenate(pair) for pair in zip(self, others, strict=True)))

    def take(self, rows: Index) -> "Candidates":
        """Return some of them."""
        return Candidates(self.samples[rows], self.weights[rows], self.size[rows])


def find_candidates(
    problem: Problem, deadline: Deadline, *, network: Network | None = None, seed: int = 0
) -> Candidates:
    """Return small curved sets all over the data, the smallest first.

    Parameters
    ----------
    problem : Problem
        With distinct inputs.
    deadline : Deadline
        Ends the search for more.
    network : Network, optional
        Half of the places where sets are looked for are then along its creases.
    seed : int
        Of the subsets.
    """
    width, rng = problem.n_features + 2, np.random.default_rng(seed)
    scaled = standardized(problem.X)
    found = [Candidates(np.empty((0, width), np.intp), np.empty((0, width)), np.empty(0))]
    if problem.n_samples >= width:
        centres = _centres(problem, network, rng)
        for subsets in _neighbours(scaled, centres, width, rng):
            found.append(_curved(problem, scaled, subsets))
            if deadline.expired or sum(len(block.size) for block in found) > ENOUGH:
                break
    everything = Candidates(*(np.concatenate(part) for part in zip(*found, strict=True)))
    return _smallest(_distinct(everything), problem.n_samples)


def standardized(X: FloatArray) -> FloatArray:
    """Return inputs of which each feature has mean 0 and spread 1, in floats."""
    largest = np.abs(X).max(axis=0)
    tame = X / np.where(largest > 0, largest, 1.0)
    spread = tame.std(axis=0)
    return np.asarray((tame - tame.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _centres(problem: Problem, network: Network | None, rng: np.random.Generator) -> Index:
    """Return samples around which to look."""
    anywhere = rng.permutation(problem.n_samples)[:MAX_CENTRES]
    if network is None or not network.width or problem.n_samples <= MAX_CENTRES:
        return anywhere
    inputs = np.abs(problem.homogeneous @ network.folded.T)
    nearest = np.argsort(inputs, axis=0)[: MAX_CENTRES // (2 * network.width) + 1].ravel()
    return np.unique(np.r_[nearest, anywhere[: MAX_CENTRES // 2]])


def _neighbours(points: FloatArray, centres: Index, width: int, rng: np.random.Generator) -> Iterator[Index]:
    """Generate blocks (M, width) of subsets of the nearest samples of each centre, from near to far."""
    count = len(points)
    tree, reach = cKDTree(points), min(count, width + 2)
    while True:
        near = np.asarray(tree.query(points[centres], k=reach)[1])
        chosen = rng.integers(reach, size=(len(centres), SUBSETS_A_NEIGHBOURHOOD, width))
        subsets = np.sort(np.take_along_axis(near[:, None, :], chosen, axis=2).reshape(-1, width), axis=1)
        yield subsets[(subsets[:, 1:] > subsets[:, :-1]).all(axis=1)]
        if reach == count:
            return
        reach = min(count, 2 * reach)


def _curved(problem: Problem, points: FloatArray, subsets: Index) -> Candidates:
    """Return the subsets (M, d + 2) that are curved, with the weights that say so."""
    matrices = np.concatenate([points[subsets], np.ones((*subsets.shape, 1))], axis=2).transpose(0, 2, 1)
    weights, _ = null_vectors(np.ascontiguousarray(matrices), 0.0)
    largest = np.abs(weights).max(axis=1, keepdims=True)
    weights = np.where(np.abs(weights) > _ZERO * largest, weights, 0.0) / np.where(largest > 0, largest, 1.0)
    least, most = _bends(weights, problem.low[subsets], problem.high[subsets])
    sign = np.where(least > 0, 1.0, np.where(most < 0, -1.0, 0.0))
    kept = np.flatnonzero(sign)
    weights = weights[kept] * sign[kept, None]
    return Candidates(subsets[kept], weights, _size(points[subsets[kept]], weights))


def _bends(weights: FloatArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the least and the greatest weighted sums that intervals allow, nearer to zero by rounding."""
    ends = []
    for first, second in ((low, high), (high, low)):
        with np.errstate(invalid="ignore", over="ignore"):
            terms = np.where(weights > 0, weights * first, np.where(weights < 0, weights * second, 0.0))
            slack = _FLAT * np.abs(terms).sum(axis=1)
            ends.append((terms.sum(axis=1), slack))
    (least, slack_below), (most, slack_above) = ends
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(least - slack_below, nan=-1.0), np.nan_to_num(most + slack_above, nan=1.0)


def _size(points: FloatArray, weights: FloatArray) -> FloatArray:
    total = np.zeros(len(points))
    for side in (weights > 0, weights < 0):
        top = np.where(side[..., None], points, -np.inf).max(axis=1, initial=-np.inf)
        bottom = np.where(side[..., None], points, np.inf).min(axis=1, initial=np.inf)
        total += np.linalg.norm(top - bottom, axis=1)
    return total


def _distinct(found: Candidates) -> Candidates:
    """Return each set once: subsets may differ in samples that the dependence leaves out."""
    members = np.where(found.weights != 0, found.samples, -1)
    _, first = np.unique(members, axis=0, return_index=True)
    return found.take(first)


def _smallest(found: Candidates, n_samples: int) -> Candidates:
    """Return the smallest sets, but not too many of one place."""
    order = np.argsort(found.size, kind="stable")
    leading = found.samples[order, 0]
    by_place = np.argsort(leading, kind="stable")
    starts = np.searchsorted(leading[by_place], np.arange(n_samples))
    rank = np.empty(len(order), np.intp)
    rank[by_place] = np.arange(len(order)) - starts[leading[by_place]]
    quota = max(4, MAX_CANDIDATES * 2 // max(n_samples, 1))
    return found.take(order[rank < quota][:MAX_CANDIDATES])


def covered_by(
    found: Candidates, homogeneous: FloatArray, neurons: FloatArray, sign: int
) -> NDArray[np.bool_]:
    """Return which sets (M,) each hyperplane (C, d + 1) of a neuron with output sign `sign` cuts, (C, M)."""
    values = neurons @ homogeneous.T
    covered = np.empty((len(neurons), len(found.size)), np.bool_)
    side = found.weights * sign > 0
    for row, value in zip(covered, values, strict=True):
        here = value[found.samples]
        row[:] = ((here > 0) & side).any(axis=1) & ((here < 0) & side).any(axis=1)
    return covered
