"""The least path norm at p = 1, by a linear program whose columns are made on demand.

At p = 1 the path norm is linear in the coefficients of rays (`sparsest.exact.path_norm.cones`), so that no
cone is needed: the program has a row for each sample and a column for each ray and output sign. Columns that
the multipliers of the samples ask more of than they cost are added until there are none (column generation:
Gilmore and Gomory 1961). Values may at first be off at a price, which rises: that keeps multipliers in a box
until the columns are there that tame them (the boxstep method of Marsten, Hogan and Blankenship 1975).

The lower bound rests on no tolerance. Whatever multipliers the solver returns are made orthogonal to the
terms without charge in rational numbers and divided by the most that they ask of any ray, rounding included
(`sparsest.exact.path_norm.ray_prices`).
"""

import copy
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.path_norm.column_program import ColumnOptimum, ColumnProgram
from sparsest.exact.path_norm.cones import IntArray, free_terms
from sparsest.exact.path_norm.ray_prices import RayPrices
from sparsest.exact.path_norm.safe_multipliers import safe_multipliers, worth
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.refine import refine

# Bounds as close as this are met: linear programs in floats are good for no more.
_CLOSE: Final = 1e-8
# Misfits become dearer where multipliers ask no ray for more than this over its cost, up to some price.
_SETTLED: Final = 1.5
_DEAREST: Final = 1e15
# Rays looked at and added in a round, in samples; at most so many of those on one hyperplane. Beyond so many
# in all, in samples, those are taken out that are furthest from being of use.
_SEEN: Final = 20
_ON_ONE: Final = 4
_KEPT: Final = 5
# Coefficients below this share of the largest are rounding.
_NOTHING: Final = 1e-12
# Digits in which columns that are one differ, and columns of which none are taken out.
_DIGITS: Final = 9
_FEW: Final = 200
# Ends that values of a solution are meant to meet are as close as that; how often they are brought closer.
_TOUCHING: Final = 1e-8
_SHARPENINGS: Final = 3
# Rays by which the values of all are judged.
_SAMPLED: Final = 1000


class _Columns(NamedTuple):
    """Rays (n,), 1 for the opposite of one (n,), output signs 1 or -1 (n,), and costs (n,).

    The cost is that of a neuron whose largest value on the samples is one.
    """

    rays: IntArray
    opposite: IntArray
    signs: IntArray
    costs: FloatArray

    def of(self, which: IntArray) -> "_Columns":
        """Return some of them."""
        return _Columns(self.rays[which], self.opposite[which], self.signs[which], self.costs[which])

    def and_those(self, others: "_Columns") -> "_Columns":
        """Return them and others behind."""
        return _Columns(
            np.r_[self.rays, others.rays],
            np.r_[self.opposite, others.opposite],
            np.r_[self.signs, others.signs],
            np.r_[self.costs, others.costs],
        )


class _Fit(NamedTuple):
    """A solution in which every value is in its interval: columns with coefficients, and free terms."""

    columns: _Columns
    coefficients: FloatArray
    free: FloatArray


class RayGeneration:
    """Column generation for one problem without repeated inputs and without a weight bound.

    Parameters
    ----------
    problem : Problem
        The data.
    objective : Objective
        What the path norm is taken of.
    data : ExactData
        Of a problem with these inputs.
    prices : RayPrices
        Of the same.

    Attributes
    ----------
    has_met : bool
        Whether the bounds have met, as far as floats tell.
    """

    def __init__(self, problem: Problem, objective: Objective, data: ExactData, prices: RayPrices) -> None:
        self._problem, self._data, self._prices = problem, data, prices
        self._free, self._skip = free_terms(problem, objective), problem.affine is Affine.SKIP
        self._constant_neuron = not problem.has_affine_term
        self._basis, self._shift = _orthonormal(self._free), _least_squares(self._free, problem.targets)
        # less an affine term, so that labels which are nearly one lose no digits to its size
        moved = self._free @ self._shift
        largest = float(np.abs(problem.targets - moved).max(initial=0.0))
        self._label = largest if largest > _NOTHING * problem.label_scale else problem.label_scale or 1.0
        some = np.linspace(0, len(prices) - 1, min(_SAMPLED, len(prices))).astype(np.int64)
        self._unit = float(prices.values(some, 0 * some).max(initial=0.0)) or 1.0
        self._begin((np.stack([problem.low, problem.high]) - moved) / self._label)

    def _begin(self, ends: FloatArray) -> None:
        self._ends, self._program = ends, ColumnProgram(ends, self._basis)
        nothing = np.zeros(0, dtype=np.int64)
        self._columns = _Columns(nothing, nothing, nothing, np.zeros(0))
        self._keys: list[bytes] = []
        self._cleared, self._bound = math.inf, 0.0
        self._multipliers: FloatArray | None = None
        self._fit: _Fit | None = None
        self.has_met = False

    @property
    def charges_all(self) -> bool:
        """Whether there are no terms without charge."""
        return bool(self._free.shape[1] == 0)

    def of_one_sign(self, sign: int) -> "RayGeneration":
        """Return a new one that bounds the neurons of this output sign alone, where all is charged.

        Multipliers of one sign ask nothing of neurons of the other; they need one end of each interval.
        """
        found = copy.copy(self)
        ends = self._ends.copy()
        ends[1 if sign > 0 else 0] = sign * np.inf
        found._begin(ends)
        return found

    def run(self, deadline: Deadline, report: Callable[[float, float], None] | None = None) -> None:
        """Add columns until the bounds meet, the time is up, or floats are of no more use.

        Parameters
        ----------
        deadline : Deadline
            Ends it; what is known then stays known.
        report : callable, optional
            Told now and then what the bounds are about.
        """
        while not deadline.expired and self._program.price < _DEAREST:
            optimum = self._program.solve(deadline.remaining)
            if optimum is None:
                return
            fits = optimum.misfit <= tolerances.LP_FEASIBILITY
            if fits:
                used = np.flatnonzero(optimum.rays > 0)
                self._fit = _Fit(self._columns.of(used), optimum.rays[used], optimum.free)
            asked = self._prices.asked(optimum.multipliers / self._unit)
            most = float(np.abs(asked).max(initial=0.0))
            self._take(optimum.multipliers, most)
            if report is not None:
                scale = self._label / self._unit
                report(self._bound * scale, optimum.objective * scale if fits else math.inf)
            if fits and optimum.objective - self._bound <= _CLOSE * optimum.objective:
                self.has_met = True
                return
            self._clear(optimum)
            added = self._add(asked)
            if not fits and (most <= _SETTLED or not added):
                self._program.make_misfits_dearer()
                self._cleared = math.inf
            elif not added:
                return

    def bound(self) -> float:
        """Return a lower bound on the least path norm, proven."""
        if self._multipliers is None:
            return 0.0
        low, high = np.isfinite(self._ends)
        allowed = np.where(self._multipliers > 0, low, high)
        multipliers = safe_multipliers(
            self._data, np.where(allowed, self._multipliers, 0.0) / self._unit, self._free.shape[1]
        )
        value, most = worth(self._data, multipliers), self._prices.most_asked(multipliers)
        if value <= 0 or not 0 < most < math.inf:
            return 0.0
        bound = float(value / Fraction(most))
        return bound if Fraction(bound) * Fraction(most) <= value else math.nextafter(bound, 0.0)

    def network(self, deadline: Deadline) -> Network | None:
        """Return a network of about the least path norm, rounded to floats, or None where none is known."""
        if self._fit is None:
            return None
        columns, coefficients, free = self._sharpened(self._fit)
        directions, sides = self._prices.directions(columns.rays, columns.opposite)
        sizes = coefficients * columns.costs * (self._label / self._unit)
        neurons, signs = _merged(directions * sizes[:, None], sides, columns.signs)
        terms = self._shift + _least_squares(self._free, self._basis @ free * self._label)
        if not self._constant_neuron:
            affine = np.r_[np.zeros(neurons.shape[1] - len(terms)), terms]
            network = Network.from_folded(neurons, signs, affine)
        else:
            constant = np.zeros((len(terms), neurons.shape[1]))
            constant[:, -1] = np.abs(terms)
            network = Network.from_folded(np.r_[neurons, constant], np.r_[signs, np.where(terms < 0, -1, 1)])
        network = refine(self._problem, network, deadline)
        return network if network.solves(self._problem) else None

    def _sharpened(self, fit: _Fit) -> _Fit:
        """Return a solution whose values meet the ends that they touch to rounding, not to a tolerance."""
        columns = fit.columns
        matrix = np.hstack([self._basis, self._with_values(columns)[0].T])
        solution, best, least = np.r_[fit.free, fit.coefficients], fit, math.inf
        for _ in range(_SHARPENINGS + 1):
            free, coefficients = np.split(solution, [len(fit.free)])
            values = matrix @ np.r_[free, np.maximum(coefficients, 0.0)]
            distances = self._ends - values
            off = float(np.maximum(distances[0], -distances[1]).max())
            if not off < least:
                break
            positive = np.flatnonzero(coefficients > 0)
            best, least = _Fit(columns.of(positive), coefficients[positive], free), off
            distances = np.abs(distances)
            touching = np.flatnonzero(distances.min(axis=0) <= _TOUCHING)
            nearest = np.where(distances[0] <= distances[1], *self._ends)
            missing = (nearest - values)[touching]
            solution = solution + np.linalg.lstsq(matrix[touching], missing, rcond=None)[0]
        return best

    def _with_values(self, columns: _Columns) -> tuple[FloatArray, _Columns]:
        """Return the values (n, N) of columns on the samples, the largest being one, and them with costs."""
        values = self._prices.values(columns.rays, columns.opposite) / self._unit
        largest = values.max(axis=1, initial=0.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            shares, costs = values / largest[:, None], 1.0 / largest
        return shares * columns.signs[:, None], columns._replace(costs=costs)

    def _take(self, multipliers: FloatArray, most: float) -> None:
        """Keep the multipliers that prove most."""
        used = np.where(multipliers > 0, self._ends[0], self._ends[1])
        needed = np.abs(multipliers) > _NOTHING * np.abs(multipliers).max(initial=0.0)
        value = float((multipliers[needed] * used[needed]).sum()) / max(most, 1.0)
        if self._multipliers is None or value > self._bound:
            self._multipliers, self._bound = multipliers, value

    def _add(self, asked: FloatArray) -> bool:
        """Add columns that are asked more than they cost, the worst first; whether there are any."""
        count = self._problem.n_samples
        columns = _spread_out(self._worst(asked, _SEEN * count), self._prices.subsets, count)
        values, columns = self._with_values(columns)
        # rounding times large multipliers may seem to be asked of rays that are zero on all samples
        useful = np.flatnonzero(columns.costs < math.inf)
        values, columns = values[useful], columns.of(useful)
        keys, known = [row.tobytes() for row in np.round(values, _DIGITS) + 0.0], set(self._keys)
        first = {key: place for place, key in reversed([*enumerate(keys)]) if key not in known}
        new = np.array(sorted(first.values()), dtype=np.int64)
        if len(new):
            self._program.add(values[new], columns.costs[new])
            self._columns = self._columns.and_those(columns.of(new))
            self._keys += [keys[place] for place in new]
        return len(new) > 0

    def _worst(self, asked: FloatArray, most: int) -> _Columns:
        """Return columns that are asked more than they cost, the worst first."""
        # with a skip a ray and its opposite differ by an affine function
        excess = np.abs(asked[:, :1] if self._skip else asked)
        places = np.flatnonzero(excess > 1 + tolerances.LP_FEASIBILITY)
        sizes = excess.ravel()[places]
        if len(places) > most:
            chosen = np.argpartition(-sizes, most)[:most]
            places, sizes = places[chosen], sizes[chosen]
        places = places[np.argsort(-sizes, kind="stable")]
        rays, opposite = np.divmod(places, excess.shape[1])
        return _Columns(rays, opposite, np.where(asked[rays, opposite] > 0, 1, -1), np.ones(len(rays)))

    def _clear(self, optimum: ColumnOptimum) -> None:
        """Take out columns that are far from being of use, once for each progress of the objective."""
        most = max(_KEPT * self._problem.n_samples, _FEW)
        if len(self._keys) <= most or not optimum.objective < self._cleared * (1 - _CLOSE):
            return
        self._cleared = optimum.objective
        spare = optimum.spare / self._columns.costs
        gone = np.argsort(-spare, kind="stable")[: len(self._keys) - most]
        gone = np.sort(gone[spare[gone] > tolerances.LP_FEASIBILITY])
        kept = np.setdiff1d(np.arange(len(self._keys)), gone)
        self._program.take_out(gone)
        self._columns, self._keys = self._columns.of(kept), [self._keys[place] for place in kept]


def _spread_out(columns: _Columns, subsets: IntArray, most: int) -> _Columns:
    """Return the first columns no more than `_ON_ONE` of which are on one hyperplane."""
    uses: dict[int, int] = {}
    chosen = []
    for place, planes in enumerate(subsets[columns.rays].tolist()):
        if all(uses.get(plane, 0) < _ON_ONE for plane in planes):
            for plane in planes:
                uses[plane] = uses.get(plane, 0) + 1
            chosen.append(place)
            if len(chosen) == most:
                break
    return columns.of(np.array(chosen, dtype=np.int64))


def _merged(neurons: FloatArray, sides: NDArray[np.int8], signs: IntArray) -> tuple[FloatArray, FloatArray]:
    """Add up neurons (K, d + 1) of one sign which no hyperplane has on different sides (K, n).

    They have a common cone, where values and charged entries are linear.
    """
    sums, common, outputs = neurons[:0], sides[:0], signs[:0]
    for neuron, side, sign in zip(neurons, sides, signs, strict=True):
        fitting = np.flatnonzero((outputs == sign) & ~np.any(common * side < 0, axis=1))
        if len(fitting):
            sums[fitting[0]] += neuron
            common[fitting[0]] |= side
        else:
            sums, common = np.r_[sums, neuron[None]], np.r_[common, side[None]]
            outputs = np.r_[outputs, sign]
    return sums, outputs.astype(np.float64)


def _orthonormal(free: FloatArray) -> FloatArray:
    """Return an orthonormal basis (N, r) of the columns' span."""
    vectors, sizes, _ = np.linalg.svd(free / _column_sizes(free), full_matrices=False)
    return np.asarray(vectors[:, sizes > tolerances.RANK_DEFICIENCY * sizes.max(initial=0.0)])


def _least_squares(free: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return coefficients (f,) of columns (N, f) for values (N,)."""
    sizes = _column_sizes(free)
    return np.asarray(np.linalg.lstsq(free / sizes, wanted, rcond=tolerances.RANK_DEFICIENCY)[0] / sizes)


def _column_sizes(free: FloatArray) -> FloatArray:
    sizes = np.abs(free).max(axis=0, initial=0.0)
    return np.asarray(np.where(sizes > 0, sizes, 1.0))
