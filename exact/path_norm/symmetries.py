"""Symmetries of a path norm's data: what is the same in another corner of the search is searched once.

A symmetry renumbers and reflects features, ``x -> P x + t`` with a signed permutation P, so that samples go
to samples and their intervals stay, or all change sign, up to terms without charge. It takes a network
through the data to another one of the same path norm (t is zero where biases are charged), a cone to a cone,
and so renumbers the *elements*, the numbers whose powers are added up. On a box that some symmetries leave as
it is, what is proven of an element holds for all elements of its orbit, and one of them may be taken for the
largest (orbital branching; Ostrowski, Linderoth, Rossi and Smriglio 2011).
"""

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, NamedTuple

import flint
import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.path_norm.cones import BoolArray, Cones, IntArray
from sparsest.exact.path_norm.intervals_kernel import Box
from sparsest.objectives import Objective, charged_entries
from sparsest.problem import Problem

# Features beyond which nobody looks: a grid of six has 46,080 symmetries.
_MAX_FEATURES: Final = 5
# Images of elements, eight bytes each, beyond which symmetries are not used.
_MAX_IMAGES: Final = 10_000_000
# By how much the ends of an interval may be in the wrong order for rounding.
_ROUNDING: Final = 1e-9

Point = tuple[Fraction, ...]


class Symmetry(NamedTuple):
    """One symmetry of the data.

    Attributes
    ----------
    samples : array of int (N,)
        Where each sample goes.
    features : array of int (d,)
        Where each feature goes.
    reflected : array of bool (d,)
        Whether it changes its sign on the way.
    negated : bool
        Whether labels change their sign.
    """

    samples: IntArray
    features: IntArray
    reflected: BoolArray
    negated: bool


def symmetries_of(problem: Problem, objective: Objective) -> list[Symmetry]:
    """Return all symmetries of a problem without repeated inputs; the one that changes nothing is the first.

    Compared in rational numbers. With more than five features only that one is returned.
    """
    data = ExactData(problem)
    scaled = zip(data.rows, data.scales, strict=True)
    points = [[Fraction(v, scale) for v in row[:-1]] for row, scale in scaled]
    count, size = len(points), problem.n_features
    if objective is Objective.WEIGHTS:  # biases are free, and so are translations
        means = [sum(column, Fraction(0)) / count for column in zip(*points, strict=True)]
        points = [[v - mean for v, mean in zip(point, means, strict=True)] for point in points]
    if size > _MAX_FEATURES:
        return [_identity(problem)]
    labels = _Labels(data, points, objective)
    numbers = {tuple(point): i for i, point in enumerate(points)}
    found = []
    for features, signs in _signed_permutations(list(zip(*points, strict=True))):
        chosen = [*zip(features, signs, strict=True)]
        samples = [numbers[tuple(sign * point[j] for j, sign in chosen)] for point in points]
        # entry k of an image is entry features[k] of the point
        there = np.argsort(features)
        reflected = np.array(signs)[there] < 0
        found += [
            Symmetry(np.array(samples), there, reflected, negated)
            for negated in (False, True)
            if labels.agree(samples, negated=negated)
        ]
    return found


class _Labels:
    """Intervals of the samples, and the terms without charge that may be added to them."""

    def __init__(self, data: ExactData, points: list[list[Fraction]], objective: Objective) -> None:
        self._ends = [data.interval(i) for i in range(len(points))]
        affine = data.problem.affine
        self._free: list[list[flint.fmpq]] = [[] for _ in points]
        if affine is Affine.SKIP:
            self._free = [
                [flint.fmpq(v.numerator, v.denominator) for v in (*point, Fraction(1))] for point in points
            ]
        elif affine is Affine.CONSTANT or objective is Objective.WEIGHTS:
            self._free = [[flint.fmpq(1)] for _ in points]

    def agree(self, samples: list[int], *, negated: bool) -> bool:
        """Whether intervals stay when samples go to `samples`, up to their sign and a free term."""
        rows, differences = [], []
        for (low, high), there, free in zip(self._ends, samples, self._free, strict=True):
            if negated:
                low, high = (None if end is None else -end for end in (high, low))
            new = self._ends[there]
            if (low is None) != (new[0] is None) or (high is None) != (new[1] is None):
                return False
            for end, other in ((low, new[0]), (high, new[1])):
                if end is not None and other is not None:
                    rows.append(free)
                    differences.append(other - end)
        if not any(differences):
            return True
        width = len(rows[0])
        both = [[*row, difference] for row, difference in zip(rows, differences, strict=True)]
        rank = flint.fmpq_mat(rows).rank() if width else 0
        return bool(flint.fmpq_mat(both).rank() == rank)


def _identity(problem: Problem) -> Symmetry:
    size = problem.n_features
    return Symmetry(
        np.arange(problem.n_samples), np.arange(size), np.zeros(size, dtype=np.bool_), negated=False
    )


def _signed_permutations(columns: list[Point]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield for each entry of an image which feature it is, and with which sign, where points go to points.

    The first changes nothing. Entries are chosen one by one, as long as their values on the points are the
    same rows in some order.
    """
    waiting: list[tuple[list[int], list[int]]] = [([], [])]
    while waiting:
        features, signs = waiting.pop()
        k = len(features)
        if k == len(columns):
            yield features, signs
            continue
        wanted = sorted(zip(*columns[: k + 1], strict=True))
        further = []
        for j in sorted(set(range(len(columns))) - set(features), key=lambda j: (j != k, j)):
            for sign in (1, -1):
                chosen = [*zip([*features, j], [*signs, sign], strict=True)]
                if sorted(zip(*([s * v for v in columns[i]] for i, s in chosen), strict=True)) == wanted:
                    further.append(([*features, j], [*signs, sign]))
        waiting += further[::-1]


def images_of_elements(problem: Problem, objective: Objective, cones: Cones) -> IntArray:
    """Return where each symmetry takes each element, numbered as in flattened arrays (C, 2, J).

    Parameters
    ----------
    problem : Problem
        The data.
    objective : Objective
        What the path norm is taken of.
    cones : Cones
        Of the problem.

    Returns
    -------
    array of int (G, 2 C J)
        A group; row 0 changes nothing. No other row is there with a weight bound, where cones are repeated,
        with open intervals that determine a free term, whose ends suit one of many networks, and where there
        would be too many images.
    """
    entries, charged = cones.charges.shape[1], charged_entries(problem.n_features, objective)
    same = np.arange(cones.size * 2 * entries)[None]
    closed = np.isfinite(cones.offset_low).all() and np.isfinite(cones.offset_high).all()
    if problem.weight_bound is not None or not closed:
        return same
    found = symmetries_of(problem, objective)
    if len(found) == 1 or len(found) * same.size > _MAX_IMAGES:
        return same
    numbers = {row.tobytes(): c for c, row in enumerate(cones.sides)}
    return np.array([_images(symmetry, problem, objective, cones, charged, numbers) for symmetry in found])


def _images(
    symmetry: Symmetry,
    problem: Problem,
    objective: Objective,
    cones: Cones,
    charged: int,
    numbers: dict[bytes, int],
) -> IntArray:
    """Return the images of all elements under one symmetry."""
    count, entries = problem.n_samples, cones.charges.shape[1]
    turned = np.empty_like(cones.sides)
    turned[:, symmetry.samples] = cones.sides[:, :count]
    axes = np.arange(charged)  # a charged bias stays where it is
    axes[: problem.n_features] = symmetry.features
    turned[:, count + axes] = cones.sides[:, count:]
    turned[:, count + symmetry.features] ^= symmetry.reflected
    images = np.arange(cones.size * 2 * entries).reshape(cones.size, 2, entries)
    entry = axes if objective is not Objective.NEURONS else np.zeros(1, dtype=np.int64)
    for c, row in enumerate(turned):
        for s in np.flatnonzero(cones.allowed[c]).tolist():
            cone, sign = _standing_for(row, s ^ int(symmetry.negated), problem, objective, cones, numbers)
            images[c, s] = (2 * cone + sign) * entries + entry
    return images.ravel()


def _standing_for(
    sides: BoolArray,
    sign: int,
    problem: Problem,
    objective: Objective,
    cones: Cones,
    numbers: dict[bytes, int],
) -> tuple[int, int]:
    """Return the cone and output sign that stand for one: itself, if that is among those kept."""
    count = problem.n_samples
    if problem.affine is Affine.SKIP and sides[0]:
        return numbers[(~sides).tobytes()], sign
    if objective is Objective.WEIGHTS and sign and sides[:count].all():
        return numbers[np.r_[sides[:count], ~sides[count:]].tobytes()], 0
    return numbers[sides.tobytes()], sign


@dataclasses.dataclass(frozen=True, eq=False)
class Symmetries:
    """A group that renumbers elements.

    Attributes
    ----------
    images : array of int (G, E)
        Where each of its members takes each element; row 0 changes nothing.
    """

    images: IntArray

    def fixing(self, box: Box) -> "Symmetries":
        """Return the symmetries that leave a box as it is."""
        images = self.images
        if len(images) == 1:
            return self
        low, high = box.low.ravel(), box.high.ravel()
        # few lower ends are positive, and they rule out most
        away = np.flatnonzero(low > 0)
        images = images[(low[images[:, away]] == low[away]).all(axis=1)]
        if len(images) > 1:
            images = images[((high[images] == high) & (low[images] == low)).all(axis=1)]
        return Symmetries(images)

    def shrink(self, box: Box) -> bool:
        """Shrink intervals, in place, to what is proven of any element of their orbits; say if one is empty.

        The symmetries must have left the box as it was before it was shrunk.
        """
        if len(self.images) == 1:
            return False
        low, high = box.low.ravel(), box.high.ravel()
        low[:], high[:] = low[self.images].max(axis=0), high[self.images].min(axis=0)
        return bool(np.any((high > 0) & (low > high * (1 + _ROUNDING))))

    def spread(self, largest: FloatArray) -> FloatArray:
        """Return the least of bounds on elements (C, 2, J) over each orbit, for what all networks keep to."""
        if len(self.images) == 1:
            return largest
        return np.asarray(largest.ravel()[self.images].min(axis=0).reshape(largest.shape))

    def orbit(self, element: int) -> IntArray:
        """Return the elements that one of the symmetries takes an element to."""
        return np.unique(self.images[:, element])
