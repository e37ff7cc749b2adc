"""The columns whose bases are the extreme points of a problem with exact labels, in integers and in floats.

Terms without charge - an affine term, a constant - are eliminated. With a skip a ray and its opposite have
the same column, up to an affine term, and one of them is enough: a neuron is then told up to its direction.
"""

import dataclasses
import functools
import itertools
from collections.abc import Sequence
from fractions import Fraction

import flint
import numpy as np
from numpy.typing import NDArray

from sparsest.affine import Affine
from sparsest.exact.arithmetic.echelon import pivots
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.p_star.basis_kernel import Generators
from sparsest.exact.path_norm import extreme_points
from sparsest.exact.path_norm.extreme_points import Point, Rational, Ray, Vector
from sparsest.objectives import Objective, charged_entries
from sparsest.problem import Problem


@dataclasses.dataclass(frozen=True, eq=False)
class ExactGenerators:
    """Rays, one for each column, and what is needed to solve for their coefficients.

    Attributes
    ----------
    objective : Objective
        What is charged.
    data : ExactData
        The problem, without repeated inputs.
    labels : list of rationals
        Of each sample, in the units of the data's rows.
    rays : list of Ray
        One for each generator.
    opposites : list of Ray or None
        The ray of the same column that faces the other way.
    constant : Ray or None
        The neuron without weights, where it is charged nothing.
    affine : list of int
        Independent columns of the data on which an affine term acts.
    """

    objective: Objective
    data: ExactData
    labels: list[flint.fmpq]
    rays: list[Ray]
    opposites: list[Ray | None]
    constant: Ray | None
    affine: list[int]

    @property
    def free(self) -> list[Vector]:
        """Columns of the terms without charge."""
        rows = self.data.rows
        constant = [] if self.constant is None else [self.constant.column]
        return [*(tuple(row[j] for row in rows) for j in self.affine), *constant]

    @property
    def turns(self) -> bool:
        """Whether rays may be turned."""
        return any(opposite is not None for opposite in self.opposites)

    @functools.cached_property
    def together(self) -> NDArray[np.bool_]:
        """Which rays (R, R) may share a neuron, whichever way they face."""
        sides = np.array([ray.sides for ray in self.rays])
        products = sides[:, None, :] * sides[None, :, :]
        same = (products >= 0).all(axis=2)
        if self.turns:
            same |= (products <= 0).all(axis=2)
        return np.asarray(same, dtype=np.bool_)

    @property
    def rank(self) -> int:
        """How many generators are a basis."""
        return len(self.data.rows) - len(self.free)

    def rank_of(self, chosen: list[int]) -> int:
        """Return how many of some columns are independent of each other and of the free terms."""
        free = self.free
        return int(flint.fmpz_mat([*free, *(self.rays[i].column for i in chosen)]).rank()) - len(free)

    def points(self, chosen: list[int]) -> list[Point]:
        """Return the extreme points of a basis, one for each way to let rays share a neuron."""
        free = [] if self.constant is None else [self.constant.column]
        columns = [*free, *(self.rays[i].column for i in chosen)]
        solved = extreme_points.solve_basis(columns, self.affine, self.data, self.labels)
        if solved is None:
            return []
        term, values = solved
        constant: tuple[tuple[tuple[Rational, ...], int], ...] = ()
        if self.constant is not None and values[0] != 0:
            sign = 1 if values[0] > 0 else -1
            constant = ((tuple(abs(values[0]) * entry for entry in self.constant.direction), sign),)
        used = [(i, x) for i, x in zip(chosen, values[len(free) :], strict=True) if x != 0]
        points = []
        for facing in itertools.product(*self._facings(used)):
            rays = [ray for ray, _ in facing]
            coefficients = {(k, 1 if x > 0 else -1): abs(x) for k, (_, x) in enumerate(used)}
            turned = list(term)
            for (_, x), (ray, is_turned) in zip(used, facing, strict=True):
                if is_turned:  # max(0, z) = z + max(0, -z), and the ray is -z here
                    turned = [t - x * entry for t, entry in zip(turned, ray.direction, strict=True)]
            for neurons in extreme_points.sharings(coefficients, rays):
                sizes = sorted(
                    size for u, _ in neurons for size in extreme_points.sizes_of(u, self.objective)
                )
                points.append(Point(tuple(sizes), (*neurons, *constant), tuple(turned)))
        return points

    def _facings(self, used: list[tuple[int, flint.fmpq]]) -> list[list[tuple[Ray, bool]]]:
        """Return the ways that each ray may face, and whether it is turned, where that can matter."""
        partners = [
            {m for m, (j, v) in enumerate(used[:k]) if (x > 0) == (v > 0) and self.together[i, j]}
            for k, (i, x) in enumerate(used)
        ]
        ways = []
        for (i, _), earlier in zip(used, partners, strict=True):
            opposite = self.opposites[i]
            # of those that may share a neuron the first one need not be turned
            turned = [] if opposite is None or not earlier else [(opposite, True)]
            ways.append([(self.rays[i], False), *turned])
        return ways


def exact_generators(problem: Problem, objective: Objective) -> ExactGenerators:
    """Return the generators of a problem with exact labels and no repeated inputs."""
    data = ExactData(problem)
    charged = charged_entries(problem.n_features, objective)
    rays = extreme_points.active_rays(data, charged)
    by_direction = {ray.direction: ray for ray in rays}
    labels = [(data.interval(i)[0] or flint.fmpq(0)) * scale for i, scale in enumerate(data.scales)]
    affine = extreme_points.free_columns(data)
    constant: Ray | None = None
    kept: list[Ray] = []
    opposites: list[Ray | None] = []
    taken: set[Vector] = set()
    for ray in rays:
        opposite = by_direction.get(tuple(-entry for entry in ray.direction))
        if not any(ray.direction[:charged]):
            constant = ray if problem.affine is Affine.NONE else None
        elif problem.affine is not Affine.SKIP:
            kept.append(ray)
            opposites.append(None)
        elif ray.direction not in taken and opposite is not None:  # else affine on the samples
            kept.append(ray)
            opposites.append(opposite)
            taken.add(opposite.direction)
    return ExactGenerators(objective, data, labels, kept, opposites, constant, affine)


def in_floats(exact: ExactGenerators, unit: float) -> Generators | None:
    """Return the generators rounded once, sizes in multiples of `unit`; None where all labels are zero.

    Columns that depend on those of the free terms are zero, and so in no basis.

    Raises
    ------
    OverflowError
        Where something is beyond the largest float.
    """
    scales = exact.data.scales
    columns = _reduced(exact, [[*ray.column] for ray in exact.rays])
    labels = _reduced(exact, [[*exact.labels]])[0]
    top = max((abs(v) for v in labels), default=flint.fmpq(0))
    if top == 0 or not scales:
        return None
    charged = charged_entries(exact.data.size - 1, exact.objective)
    rounded = np.zeros((len(columns), len(labels)))
    charges = np.zeros((len(columns), charged))
    for k, column in enumerate(columns):
        largest = max(abs(v) for v in column)
        if largest != 0:
            rounded[k] = [_float(v / largest) for v in column]
            entries = exact.rays[k].direction[:charged]
            charges[k] = [_float(abs(v) * top / largest) / unit for v in entries]
    if exact.objective is Objective.NEURONS:
        charges = charges.sum(axis=1, keepdims=True)
    if not np.isfinite(charges).all():
        raise OverflowError("some coefficient is charged more than the largest float")
    right = np.array([_float(v / top) for v in labels])
    return Generators(rounded, right, charges, exact.together, exact.turns)


def _reduced(exact: ExactGenerators, columns: list[Sequence[int | Rational]]) -> list[list[flint.fmpq]]:
    """Return columns, without scales, less what the free terms make zero on samples that determine them."""
    scales, free, n = exact.data.scales, exact.free, len(exact.data.scales)
    values = [
        [flint.fmpq(1) * v / scale for v, scale in zip(column, scales, strict=True)] for column in columns
    ]
    if not free:
        return values
    table = [[flint.fmpq(v, scale) for v, scale in zip(column, scales, strict=True)] for column in free]
    ratios, rank = flint.fmpq_mat(table).rref()
    leading = pivots(ratios, rank)
    rest = [i for i in range(n) if i not in set(leading)]
    return [
        [v[i] - sum((ratios[b, i] * v[k] for b, k in enumerate(leading)), flint.fmpq(0)) for i in rest]
        for v in values
    ]


def _float(value: flint.fmpq) -> float:
    return float(Fraction(int(value.p), int(value.q)))
