"""A lower bound on path norms from multipliers of few samples, whatever the number of features.

For multipliers y of the samples that no network meets with a sum of ``y_i f(x_i)`` below B, a neuron u of
output sign s adds ``s sum_i y_i max(0, xh_i . u)`` to that sum. With l = s y this is at most g . u for

    g = sum over P of l_i xh_i - sum over the negative l_i of nu_i |l_i| xh_i,  any 0 <= nu_i <= 1,

where P are the samples of positive l_i on which the neuron is active, so at most ``max |g_j|`` times the l^1
norm of u. Let R be the largest ``max |g_j|`` over both signs and all P, nu being chosen for each of them as
well as can be: all neurons together have an l^1 norm of at least B / R. No cone is listed, and the best
multipliers leave no gap at p = 1 (duality of linear programs). They are found by cutting planes: multipliers
that are right for some neurons, then neurons that cost less than those multipliers say. For p < 1 a sum of
p-th powers is at least the power of the sum, and with multipliers of one sign alone the neurons of one output
sign are bounded by themselves. See docs/path-norm-branching.md.
"""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.tree.spread_out_samples import some_samples
from sparsest.highs import load_program, new_solver
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.refine import refine

# Samples at most: sets P are up to two to their power.
_SAMPLES: Final = 10
# Cutting planes end where multipliers ask no more than this above what neurons cost; or after so many rounds.
_EXCESS: Final = 1e-8
_ROUNDS: Final = 200
# Multipliers are first kept within so many units of the labels over the inputs.
_BOX: Final = 1e6
# Share of rounding that sums of two powers may have.
_POWER: Final = 1e-14


@dataclasses.dataclass(frozen=True)
class LeastSum:
    """What is known of the least l^1 norm of all neurons together.

    Attributes
    ----------
    bound : float
        It is at least this, proven in rational arithmetic.
    positive, negative : float
        That of the neurons of output sign + and - alone is at least this.
    network : Network or None
        One that fits, of about that norm where all samples were used.
    samples : int
        How many samples these bounds are of.
    """

    bound: float
    positive: float
    negative: float
    network: Network | None
    samples: int

    def power(self, p: float) -> float:
        """Return a lower bound on the path norm for an exponent 0 < p <= 1."""
        if p == 1:
            return self.bound
        # the sum of two powers is concave, and so least at a corner of what both signs are known to need
        corners = (
            (self.positive, max(self.negative, self.bound - self.positive)),
            (max(self.positive, self.bound - self.negative), self.negative),
        )
        return min(float(one**p + other**p) for one, other in corners) * (1 - _POWER)


def applies_to(problem: Problem, objective: Objective) -> bool:
    """Whether every number that a function may use is charged, as the bound needs."""
    return problem.affine is Affine.NONE and objective is not Objective.WEIGHTS


def least_sum(problem: Problem, deadline: Deadline) -> LeastSum:
    """Bound the l^1 norm of all ``(w_k, b_k)`` together, by at most `_SAMPLES` samples spread out.

    Parameters
    ----------
    problem : Problem
        The data, without an affine term. A weight bound is of no matter to the bound.
    deadline : Deadline
        Ends the search; what was reached by then is proven.
    """
    few = some_samples(problem, _SAMPLES)
    searches = [_CuttingPlanes(few, signs) for signs in ((1, -1), (1,), (-1,))]
    try:
        for search in searches:
            search.run(deadline)
    except KeyboardInterrupt:  # what is known then is proven
        deadline.interrupt()
    network = searches[0].network() if few.n_samples == problem.n_samples else None
    bound, positive, negative = (search.proven() for search in searches)
    return LeastSum(
        bound,
        positive,
        negative,
        network if network is not None and network.solves(problem) else None,
        few.n_samples,
    )


@dataclasses.dataclass(frozen=True)
class _Prices:
    """Multipliers (N,), what they ask at most, and the coefficients (S, N) of the xh_i in each g."""

    multipliers: FloatArray
    ratio: float
    coefficients: FloatArray


class _CuttingPlanes:
    """Multipliers and neurons in floats, labels and inputs divided by powers of two.

    Of multipliers of one sign, neurons of the other output sign add nothing: only those of that sign are
    bounded then.
    """

    def __init__(self, problem: Problem, signs: Sequence[int]) -> None:
        self._problem, self._signs = problem, signs
        self._unit = 2.0 ** math.frexp(float(np.abs(problem.homogeneous).max()))[1]
        self._label = 2.0 ** math.frexp(problem.label_scale or 1.0)[1]
        self._rows = problem.homogeneous / self._unit
        self._ends = np.stack([problem.low, problem.high]) / self._label
        axes = np.eye(self._rows.shape[1])
        self._neurons = np.r_[axes, -axes]
        self._shares = np.zeros((0, len(signs)))
        self.best: _Prices | None = None

    def run(self, deadline: Deadline) -> None:
        """Alternate multipliers and neurons until they agree, or the time is up."""
        for _ in range(_ROUNDS):
            multipliers = self._multipliers()
            if multipliers is None:
                return
            found = self._neurons_that_cost_less(multipliers, deadline)
            if found is None:
                return
            most, neurons, coefficients = found
            ratio = _worth(multipliers, self._ends) / max(most, 1e-300)
            if self.best is None or ratio > self.best.ratio:
                self.best = _Prices(multipliers, ratio, coefficients)
            if most <= 1 + _EXCESS:
                return
            self._neurons = np.r_[self._neurons, neurons]

    def proven(self) -> float:
        """Return B / R of the best multipliers in rational arithmetic, rounded down; 0 if there are none."""
        return 0.0 if self.best is None else _proven(self._problem, self.best, self._signs)

    def network(self) -> Network | None:
        """Return the network of the last program's shares, moved into the intervals."""
        neurons, shares = self._neurons[: len(self._shares)], self._shares
        at, sign = np.nonzero(shares > 0)
        if not len(at):
            return None
        folded = neurons[at] * shares[at, sign, None] * (self._label / self._unit)
        return refine(self._problem, Network.from_folded(folded, np.where(sign == 0, 1.0, -1.0)))

    def _multipliers(self) -> FloatArray | None:
        """Return the multipliers worth most that ask of no neuron so far more than it costs.

        The shares (U, S) of the neurons, one column an output sign, are the prices of these conditions.
        """
        from scipy.optimize import linprog  # `import sparsest.exact` is to stay light

        values = np.maximum(self._rows @ self._neurons.T, 0.0).T
        costs = np.abs(self._neurons).sum(axis=1)
        finite = np.isfinite(self._ends)
        ends = np.where(finite, self._ends, 0.0)
        # the positive and the negative part of a multiplier, which need a lower and an upper end
        wanted = np.array([[1 in self._signs], [-1 in self._signs]])
        limits = np.where(finite & wanted, _BOX, 0.0).ravel()
        found = linprog(
            np.r_[-ends[0], ends[1]],
            A_ub=np.vstack([sign * np.hstack([values, -values]) for sign in self._signs]),
            b_ub=np.tile(costs, len(self._signs)),
            bounds=np.c_[np.zeros_like(limits), limits],
            method="highs",
        )
        if found.status != 0:
            return None
        self._shares = np.maximum(-found.ineqlin.marginals, 0.0).reshape(len(self._signs), -1).T
        up, down = np.clip(np.asarray(found.x, dtype=np.float64), 0.0, limits).reshape(2, -1)
        return np.asarray(up - down)

    def _neurons_that_cost_less(
        self, multipliers: FloatArray, deadline: Deadline
    ) -> tuple[float, FloatArray, FloatArray] | None:
        """Return the most that is asked of a neuron of norm one, such neurons, and coefficients of each g.

        None where the time was up before all were seen.
        """
        asked, neurons, coefficients = 0.0, [], []
        for sign in self._signs:
            pricing = _Pricing(sign * multipliers, self._rows)
            for active in itertools.product((False, True), repeat=len(pricing.positive)):
                if deadline.expired:
                    return None
                solved = pricing.solve(np.array(active, dtype=np.bool_))
                if solved is None:
                    return None
                value, neuron, row = solved
                asked = max(asked, value)
                coefficients.append(row)
                if value > 1 + _EXCESS:
                    neurons.append(neuron)
        size = self._rows.shape
        return asked, np.array(neurons).reshape(-1, size[1]), np.array(coefficients).reshape(-1, size[0])


class _Pricing:
    """Neurons of l^1 norm one that add most to a sum, for each set P.

    The linear program is ``max g . (a - b) - sum q_i`` over a, b, q >= 0 with ``sum (a + b) <= 1`` and
    ``q_i >= |l_i| xh_i . (a - b)`` for the negative l_i; the prices of these rows are the nu_i.
    """

    def __init__(self, multipliers: FloatArray, rows: FloatArray) -> None:
        self.positive, self._negative = np.flatnonzero(multipliers > 0), np.flatnonzero(multipliers < 0)
        self._multipliers, self._rows = multipliers, rows
        size, negative = rows.shape[1], len(self._negative)
        weighted = -multipliers[self._negative, None] * rows[self._negative]
        self._columns = np.arange(2 * size, dtype=np.int32)
        matrix = np.block(
            [
                [np.ones((1, 2 * size)), np.zeros((1, negative))],
                [weighted, -weighted, -np.eye(negative)],
            ]
        )
        self._solver = new_solver({"presolve": "off"})
        load_program(
            self._solver,
            np.r_[np.zeros(2 * size), np.ones(negative)],
            np.stack([np.zeros(matrix.shape[1]), np.full(matrix.shape[1], np.inf)]),
            sp.csr_array(matrix),
            np.stack([np.full(len(matrix), -np.inf), np.eye(len(matrix))[0]]),
        )

    def solve(self, active: NDArray[np.bool_]) -> tuple[float, FloatArray, FloatArray] | None:
        """Return what is added, the neuron, and the coefficients (N,) of the xh_i in g; None if it failed."""
        coefficients = np.zeros(len(self._rows))
        used = self.positive[active]
        coefficients[used] = self._multipliers[used]
        aim = coefficients @ self._rows
        self._solver.changeColsCost(len(self._columns), self._columns, np.r_[-aim, aim])
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._solver.getSolution()
        values, prices = np.array(solution.col_value), np.array(solution.row_dual)
        neuron = values[: len(aim)] - values[len(aim) : 2 * len(aim)]
        shares = np.clip(-prices[1:], 0.0, 1.0)
        coefficients[self._negative] = shares * self._multipliers[self._negative]
        return float(np.abs(coefficients @ self._rows).max()), neuron, coefficients


def _worth(multipliers: FloatArray, ends: FloatArray) -> float:
    """Return the least of the sum of multipliers times values within the intervals."""
    used = np.where(multipliers > 0, ends[0], ends[1])
    return float(np.where(multipliers != 0, multipliers * np.where(multipliers != 0, used, 0.0), 0.0).sum())


def _proven(problem: Problem, prices: _Prices, signs: Sequence[int]) -> float:
    """Return B / R of these multipliers in rational arithmetic, rounded down.

    Of the coefficients of each g only those of negative l_i are taken, moved into their range.
    """
    data = ExactData(problem)
    multipliers = [Fraction(float(y)) for y in prices.multipliers]
    worth = Fraction(0)
    for i, y in enumerate(multipliers):
        if y:
            end = data.interval(i)[0 if y > 0 else 1]
            if end is None:
                return 0.0
            worth += y * Fraction(int(end.p), int(end.q))
    asked = _most_asked(data, multipliers, prices.coefficients, signs)
    if worth <= 0 or asked == 0:
        return 0.0
    bound = float(worth / asked)
    return bound if Fraction(bound) <= worth / asked else math.nextafter(bound, 0.0)


def _most_asked(
    data: ExactData, multipliers: Sequence[Fraction], coefficients: FloatArray, signs: Sequence[int]
) -> Fraction:
    """Return R, the largest entry of any g."""
    common = math.lcm(*data.scales)
    scaled = [
        [entry * (common // scale) for entry in row]
        for row, scale in zip(data.rows, data.scales, strict=True)
    ]
    rows, most, suggested = np.array(scaled, dtype=object), Fraction(0), iter(coefficients)
    for sign in signs:
        signed = [sign * y for y in multipliers]
        positive = [i for i, y in enumerate(signed) if y > 0]
        for active in itertools.product((False, True), repeat=len(positive)):
            row = [
                max(y, min(Fraction(float(c)), Fraction(0)))
                for y, c in zip(signed, next(suggested), strict=True)
            ]
            for i, used in zip(positive, active, strict=True):
                row[i] = signed[i] if used else Fraction(0)
            bottom = math.lcm(*(c.denominator for c in row))
            whole = np.array([int(c * bottom) for c in row], dtype=object)
            most = max(most, Fraction(int(abs(whole @ rows).max()), bottom * common))
    return most
