"""Every extreme point of a tiny problem, in rational numbers: the candidates for the least path norm.

The hyperplanes ``xh_i . u = 0`` and ``u_j = 0``, j over the entries that the objective charges, cut the space
of neurons u into pointed cones. In a closed cone a neuron is linear on the samples and no charged entry
changes sign, so that u is a sum of rays of the cone, with coefficients >= 0 in which the path norm is
concave. Networks that fit are the points of a polyhedron: one coefficient for each ray of each cone and
output sign, one equation for each sample. It has no line, so that the least path norm is attained at an
extreme point (Rockafellar 1970, Corollary 32.3.3), and for p < 1 every minimiser counts as much as one that
is an extreme point: on the smallest face that contains it the path norm is constant, hence so are, by strict
concavity, all the numbers of which it adds up powers.

At an extreme point the columns in use are independent. A ray has the same column in all of its cones, up to
the output sign, so that a set of independent columns that solves the equations leaves one choice: which rays
share a neuron. They may where some closed cone holds them all, which is where no two lie on opposite sides of
a hyperplane. To share never costs more.
"""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, NamedTuple

import flint
import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.echelon import pivots
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.cells.arrangement import rays_in_lowest_terms
from sparsest.network import Network
from sparsest.objectives import Objective, charged_entries
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Sets of columns up to which all are solved: each takes 10 to 50 microseconds.
MAX_SETS: Final = 1_000_000
# Sets between two looks at the clock.
_SETS_AT_ONCE: Final = 1000

Vector = tuple[int, ...]
Rational = flint.fmpq


class Ray(NamedTuple):
    """A ray of the arrangement, its column, and the side of each hyperplane it is on (-1, 0, 1)."""

    direction: Vector
    column: Vector
    sides: Vector


class Point(NamedTuple):
    """An extreme point.

    Attributes
    ----------
    sizes : tuple of rationals
        The numbers that the objective counts, in order: their p-th powers add up to the path norm.
    neurons : tuple of (vector, sign)
        Folded neurons u and output signs.
    affine : tuple of rationals
        The affine term, empty when there is none.
    """

    sizes: tuple[Rational, ...]
    neurons: tuple[tuple[tuple[Rational, ...], int], ...]
    affine: tuple[Rational, ...]

    def to_network(self) -> Network:
        """Return the network, every number rounded once."""
        width = len(self.neurons[0][0]) if self.neurons else len(self.affine)
        rows = np.array([[_float(v) for v in u] for u, _ in self.neurons]).reshape(-1, max(width, 1))
        signs = [float(sign) for _, sign in self.neurons]
        return Network.from_folded(rows, signs, [_float(v) for v in self.affine] or None)


def _few_sets(of: int, size: int) -> bool:
    """Whether there are at most `MAX_SETS` sets of so many out of so many.

    There are at least 2 to the power of the smaller of ``size`` and ``of - size``, and the number itself
    takes seconds where it has 100,000 digits.
    """
    return min(size, of - size) < MAX_SETS.bit_length() and math.comb(of, size) <= MAX_SETS


def applies_to(problem: Problem, objective: Objective) -> bool:
    """Whether the extreme points of `problem` are few enough to be listed."""
    if problem.weight_bound is not None or not problem.is_interpolation:
        return False
    size = problem.n_features + 1
    hyperplanes = problem.n_samples + charged_entries(problem.n_features, objective)
    rays = 2 * math.comb(hyperplanes, size - 1)
    terms = {Affine.NONE: 0, Affine.CONSTANT: 1, Affine.SKIP: size}[problem.affine]
    free = problem.n_samples - terms
    return rays <= MAX_SETS and _few_sets(rays, max(free, 0))


def extreme_points(problem: Problem, objective: Objective, deadline: Deadline) -> list[Point] | None:
    """Return the extreme points, one for each set of sizes; None when the deadline passes.

    Points are left out in which two neurons might be one and the path norm would be less at every p.

    Raises
    ------
    InputError
        Unless `applies_to` the problem, or when equal inputs have different labels.
    """
    if not applies_to(problem, objective):
        raise InputError("extreme points are listed of tiny problems with exact labels and no weight bound")
    distinct = problem.distinct()
    data = ExactData(distinct)
    rays = active_rays(data, charged_entries(problem.n_features, objective))
    affine = free_columns(data)
    labels = [(data.interval(i)[0] or flint.fmpq(0)) * scale for i, scale in enumerate(data.scales)]
    found: dict[tuple[Rational, ...], Point] = {}
    seen: set[frozenset[tuple[int, int]]] = set()
    sets = itertools.combinations(range(len(rays)), len(data.rows) - len(affine))
    while block := list(itertools.islice(sets, _SETS_AT_ONCE)):
        if deadline.expired:
            return None
        for chosen in block:
            solved = solve_basis([rays[i].column for i in chosen], affine, data, labels)
            if solved is None:
                continue
            term, weights = solved
            used = {(i, 1 if w > 0 else -1): abs(w) for i, w in zip(chosen, weights, strict=True) if w != 0}
            if (key := frozenset(used)) in seen:
                continue
            seen.add(key)
            for neurons in sharings(used, rays):
                sizes = tuple(sorted(size for u, _ in neurons for size in sizes_of(u, objective)))
                if sizes not in found:
                    found[sizes] = Point(sizes, neurons, tuple(term))
    return list(found.values())


def active_rays(data: ExactData, charged: int) -> list[Ray]:
    """Return the rays that are active on some sample."""
    axes = [[int(i == j) for i in range(data.size)] for j in range(charged)]
    normals = np.array([*data.rows, *axes], dtype=object)
    directions = rays_in_lowest_terms(normals)
    found = []
    for direction, sides in zip(directions.tolist(), (directions @ normals.T).tolist(), strict=True):
        column = tuple(max(0, side) for side in sides[: len(data.rows)])
        if any(column):
            found.append(Ray(tuple(direction), column, tuple((v > 0) - (v < 0) for v in sides)))
    return found


def free_columns(data: ExactData) -> list[int]:
    """Return the columns of the data on which the affine term acts, as many as are independent."""
    if data.problem.affine is Affine.CONSTANT:
        return [data.size - 1]
    if data.problem.affine is Affine.NONE:
        return []
    reduced, _, rank = flint.fmpz_mat(data.rows).rref()
    return pivots(reduced, rank)


def solve_basis(
    columns: list[Vector], affine: list[int], data: ExactData, labels: list[Rational]
) -> tuple[list[Rational], list[Rational]] | None:
    """Return the affine term and the coefficients of a basis of columns that meet the labels, or None."""
    n = len(labels)
    rows = [[data.rows[i][j] for j in affine] + [column[i] for column in columns] for i in range(n)]
    matrix = flint.fmpq_mat(n, n, [value for row in rows for value in row])
    try:
        solution = matrix.solve(flint.fmpq_mat(n, 1, labels))
    except ZeroDivisionError:
        return None
    term = [Rational(0)] * (data.size if data.problem.has_affine_term else 0)
    for k, j in enumerate(affine):
        term[j] = solution[k, 0]
    return term, [solution[k, 0] for k in range(len(affine), n)]


def sharings(
    used: dict[tuple[int, int], Rational], rays: list[Ray]
) -> Iterator[tuple[tuple[tuple[Rational, ...], int], ...]]:
    """Yield the ways to let rays share neurons, those in which more might share one left out."""
    for groups in _partitions(list(used), rays):
        neurons = []
        for group in groups:
            total = [Rational(0)] * len(rays[group[0][0]].direction)
            for key in group:
                for j, entry in enumerate(rays[key[0]].direction):
                    total[j] += used[key] * entry
            neurons.append((tuple(total), group[0][1]))
        yield tuple(neurons)


def _partitions(keys: list[tuple[int, int]], rays: list[Ray]) -> Iterator[list[list[tuple[int, int]]]]:
    """Yield the partitions into groups that may share a neuron, of which no two may be one group."""
    for groups in _all_partitions(keys, rays):
        if not any(_may_share(one, other, rays) for one, other in itertools.combinations(groups, 2)):
            yield groups


def _all_partitions(keys: list[tuple[int, int]], rays: list[Ray]) -> Iterator[list[list[tuple[int, int]]]]:
    if not keys:
        yield []
        return
    *rest, last = keys
    for groups in _all_partitions(rest, rays):
        yield [*groups, [last]]
        for n, group in enumerate(groups):
            if _may_share(group, [last], rays):
                yield [*groups[:n], [*group, last], *groups[n + 1 :]]


def _may_share(one: list[tuple[int, int]], other: list[tuple[int, int]], rays: list[Ray]) -> bool:
    """Whether some closed cone holds all these rays, and their output signs agree."""
    return all(
        i[1] == j[1] and all(a * b >= 0 for a, b in zip(rays[i[0]].sides, rays[j[0]].sides, strict=True))
        for i in one
        for j in other
    )


def sizes_of(u: tuple[Rational, ...], objective: Objective) -> list[Rational]:
    """Return the numbers, other than zero, of which a folded neuron is charged the powers."""
    entries = [abs(entry) for entry in u]
    if objective is Objective.NEURONS:
        return [sum(entries, Rational(0))]
    charged = entries[:-1] if objective is Objective.WEIGHTS else entries
    return [entry for entry in charged if entry != 0]


def _float(value: Rational) -> float:
    try:
        return float(Fraction(int(value.p), int(value.q)))
    except OverflowError:
        raise InputError("some network has weights beyond the largest float: rescale the data") from None


def sizes_as_floats(points: list[Point]) -> FloatArray:
    """Return the sizes (n, most), rounded once, and zeros where a point has fewer."""
    most = max((len(point.sizes) for point in points), default=0)
    table = np.zeros((len(points), most))
    for row, point in zip(table, points, strict=True):
        row[: len(point.sizes)] = [_float(size) for size in point.sizes]
    return table
