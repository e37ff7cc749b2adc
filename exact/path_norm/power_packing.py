"""A lower bound on the least path norm for p < 1: combinations of samples, packed into what neurons cost.

For a combination c of the samples and a network of neurons n with output signs s_n and values a_n,
``c . f = sum_n s_n c . a_n``. If that is at least v > 0 for whatever f meets the intervals, then
``v^p <= sum_n max(0, s_n c . a_n)^p``, because powers are subadditive. So weights ``w_k >= 0`` with
``sum_k w_k max(0, s c_k . a(u))^p <= load cost(u)`` for all neurons u and signs s prove that every network
costs at least ``sum_k w_k v_k^p / load``. As p goes to 0 that is a packing of sets of samples that neurons
bend (`sparsest.exact.packing`), with p = 1 it is linear programming duality.

Weights are those of a linear program with a row for each neuron that was too heavy
(`sparsest.exact.path_norm.heaviest_neuron`), whose prices lead to new combinations
(`sparsest.exact.path_norm.power_combinations`). Prices are smoothed, without which both alternate for long
(Wentges 1997). The sum of neurons of a cone is not needed here, nor that there are few of them.
"""

import math
import time
from typing import Final

import highspy
import numpy as np
import scipy.sparse as sp

from sparsest.arrays import FloatArray
from sparsest.exact.path_norm.cones import Cones
from sparsest.exact.path_norm.heaviest_neuron import heaviest
from sparsest.exact.path_norm.intervals_kernel import UNIT
from sparsest.exact.path_norm.power_combinations import CombinationPrograms
from sparsest.highs import load_program, new_solver

# Rays, and pairs of a ray and a cone, beyond which a round would take long.
MAX_RAYS: Final = 20_000
MAX_PAIRS: Final = 100_000
# Starts in a round at first; they double while nothing new is found, and beyond the last it ends.
_STARTS: Final = 10
_MAX_STARTS: Final = 80
# Share of the smoothed prices in those that combinations are sought for, and of the last prices in these.
_SMOOTHED: Final = 0.7
_NEWEST: Final = 0.3
# Neurons with the highest prices that combinations are sought for.
_NEURONS: Final = 150
# A combination is new if it would cost this much less than it is worth.
_CHEAPER: Final = 1e-4
# Neurons that are too heavy by this enter the program, so many at a time.
_HEAVY: Final = 2e-3
_ROWS_AT_ONCE: Final = 60
_FIRST_ROWS: Final = 50
# Rounds between proofs, and rounds without weight or price after which combinations and rows are dropped.
_PROOF: Final = 3
_IDLE: Final = 6
_TOO_MANY_IDLE: Final = 50
# Rounds in which the bound must rise by this share, or it has stalled.
_PATIENCE: Final = 12
_GAIN: Final = 0.01
_OPTIONS: Final = {
    "primal_feasibility_tolerance": 1e-7,
    "dual_feasibility_tolerance": 1e-7,
    "presolve": "off",
}


class PowerPacking:
    """A packing that gets better round by round.

    Parameters
    ----------
    cones : Cones
        Where neurons are.
    ends : array (2, m + q)
        Intervals of the rows, and of eliminated samples; finite where some are known of cheap networks.
    p : float
        Exponent, below 1.
    seed : int
        Of the starts.

    Attributes
    ----------
    bound : float
        No network costs less, in units of the cones.
    estimate : float
        What it would be if the neurons met so far were all.
    seconds : float
        Taken so far.
    is_over : bool
        Whether more rounds are useless.
    """

    def __init__(self, cones: Cones, ends: FloatArray, p: float, seed: int = 0) -> None:
        self.bound, self.estimate, self.seconds = 0.0, math.inf, 0.0
        self.is_over = max(len(cones.directions) / MAX_RAYS, len(cones.members) / MAX_PAIRS) > 1.0
        self._cones, self._ends, self._p = cones, ends, p
        self._random = np.random.default_rng(seed)
        self._rounds, self._starts = 0, _STARTS
        self._gained_at, self._gained_to = 0, 0.0
        self._proven, self._shares = 0.0, np.ones(cones.allowed.shape)
        m = cones.columns.shape[1]
        self._combinations, self._weights = np.zeros((m, 0)), np.zeros(0)
        counts = np.diff(cones.starts)
        rays = [np.unique(cones.members[np.repeat(cones.allowed[:, s], counts)]) for s in range(2)]
        self._values = np.concatenate([cones.columns[rays[0]], -cones.columns[rays[1]]])
        self._costs = (cones.charges[np.concatenate(rays)] ** p).sum(axis=1)
        self._loads = np.zeros((len(self._costs), 0))
        self._prices = np.zeros(len(self._costs))
        self._smoothed = np.full(len(self._costs), 1.0 / max(len(self._costs), 1))
        self._rows = self._random.permutation(len(self._costs))[:_FIRST_ROWS]
        self._idle_rows, self._idle = np.zeros(len(self._rows)), np.zeros(0)
        self.is_over |= len(self._costs) == 0 or m == 0

    @property
    def has_stalled(self) -> bool:
        """Whether the bound has hardly risen for some rounds."""
        return self._rounds - self._gained_at > _PATIENCE

    def largest_elements(self, cut: float) -> FloatArray:
        """Return how large elements (C, 2) of each cone and sign are in networks that cost less than `cut`.

        Of what a neuron costs, the last proof counts only the share that its load has in the heaviest load:
        a network costs at least what that proves and the rest of each neuron.
        """
        room = max(cut - self._proven, 0.0) + 1e-12 * cut
        rest = np.maximum(1.0 - self._shares - 1e-12, 0.0)
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray((room / rest) ** (1.0 / self._p) * (1.0 + 1e-9))

    def improve(self) -> None:
        """Look for combinations, and weigh all anew; prove a bound now and then."""
        begun = time.perf_counter()
        try:
            self._round()
            if self.bound > self._gained_to * (1.0 + _GAIN):
                self._gained_at, self._gained_to = self._rounds, self.bound
        finally:
            self.seconds += time.perf_counter() - begun

    def _round(self) -> None:
        self._rounds += 1
        new = self._new_combinations()
        if new.shape[1]:
            self._combinations = np.c_[self._combinations, new]
            self._loads = np.c_[self._loads, self._loads_of(self._values, self._costs, new)]
            self._idle = np.r_[self._idle, np.zeros(new.shape[1])]
        if not self._combinations.shape[1] or not self._weigh():
            self.is_over = True
            return
        self._smoothed += _NEWEST * (self._prices - self._smoothed)
        heavy = 0
        if self._rounds % _PROOF == 0 or not new.shape[1]:
            heavy = self._prove()
        if not new.shape[1] and not heavy:
            self._starts *= 2
            self.is_over = self._starts > _MAX_STARTS

    def _new_combinations(self) -> FloatArray:
        """Return combinations (m, k) that forces worth 1 and that neurons at their prices charge less."""
        mixed = _SMOOTHED * self._smoothed + (1.0 - _SMOOTHED) * self._prices
        chosen = np.argsort(-mixed, kind="stable")[:_NEURONS]
        chosen = chosen[mixed[chosen] > 1e-7 * mixed[chosen[0]]]
        programs = CombinationPrograms(
            self._values[chosen],
            mixed[chosen] / self._costs[chosen],
            self._cones.offsets,
            self._ends,
            self._p,
            self._random,
        )
        known = self._combinations[:, self._weights > 0]
        found = np.array(list(programs.found(self._starts, known))).reshape(-1, len(self._combinations)).T
        worth = self._worth(found)
        found = found[:, worth > 0] / worth[worth > 0]
        loads = self._loads_of(self._values, self._costs, found)
        cheap = (self._prices @ loads < 1.0 - _CHEAPER) & (loads.max(axis=0, initial=0.0) > 0)
        return np.asarray(found[:, cheap])

    def _worth(self, combinations: FloatArray) -> FloatArray:
        """Return what the intervals force each combination (m, k) to at least, less rounding."""
        m, q = self._cones.offsets.shape
        asked = self._cones.offsets.T @ combinations
        margin = (m + 4) * UNIT * (np.abs(self._cones.offsets).T @ np.abs(combinations))
        terms = [
            _least_products(combinations, 0.0, self._ends[:, :m]),
            _least_products(-asked, margin, self._ends[:, m:]),
        ]
        total = terms[0].sum(axis=0) + terms[1].sum(axis=0)
        size = np.abs(terms[0]).sum(axis=0) + np.abs(terms[1]).sum(axis=0)
        with np.errstate(invalid="ignore"):
            worth = total - (2 * m + q + 8) * UNIT * size
        return np.asarray(np.where(np.isfinite(worth), worth, -np.inf))

    def _loads_of(self, values: FloatArray, costs: FloatArray, combinations: FloatArray) -> FloatArray:
        """Return what each combination adds to the load of each neuron."""
        return np.asarray(np.maximum(values @ combinations, 0.0) ** self._p / costs[:, None])

    def _weigh(self) -> bool:
        """Weigh the combinations so that no neuron met is too heavy; False where the program fails."""
        while True:
            loads = self._loads[self._rows]
            caps = 1.0 / self._loads.max(axis=0)
            solved = _packed(loads, caps)
            if solved is None:
                return False
            self._weights, prices = solved
            total = self._loads @ self._weights
            total[self._rows] = 0.0
            heavy = np.argsort(-total, kind="stable")[:_ROWS_AT_ONCE]
            heavy = heavy[total[heavy] > 1.0 + _HEAVY]
            if not len(heavy):
                break
            self._rows = np.r_[self._rows, heavy]
            self._idle_rows = np.r_[self._idle_rows, np.zeros(len(heavy))]
        self.estimate = float(self._weights.sum())
        self._prices = np.zeros(len(self._costs))
        self._prices[self._rows] = prices
        self._forget(prices)
        return True

    def _forget(self, prices: FloatArray) -> None:
        """Drop what has had no weight, or price, for long."""
        self._idle = np.where(self._weights > 0, 0.0, self._idle + 1.0)
        self._idle_rows = np.where(prices > 0, 0.0, self._idle_rows + 1.0)
        if (kept := self._idle < _IDLE).sum() < len(kept) - _TOO_MANY_IDLE:
            self._combinations, self._loads = self._combinations[:, kept], self._loads[:, kept]
            self._weights, self._idle = self._weights[kept], self._idle[kept]
        if (kept := self._idle_rows < _IDLE).sum() < len(kept) - _TOO_MANY_IDLE:
            self._rows, self._idle_rows = self._rows[kept], self._idle_rows[kept]

    def _prove(self) -> int:
        """Raise the bound to what the weights prove; return how many neurons were found too heavy."""
        used = self._weights > 0
        combinations, weights = self._combinations[:, used], self._weights[used]
        found = heaviest(combinations, weights, self._cones, self._p)
        worth = np.maximum(self._worth(combinations), 0.0) ** self._p
        self._proven, self._shares = math.fsum(weights * worth) * (1.0 - 1e-12) / found.load, found.shares
        self.bound = max(self.bound, self._proven)
        if len(found.costs):
            self._values = np.r_[self._values, found.values]
            self._costs = np.r_[self._costs, found.costs]
            loads = self._loads_of(found.values, found.costs, self._combinations)
            self._loads = np.r_[self._loads, loads]
            more = np.zeros(len(found.costs))
            self._prices, self._smoothed = np.r_[self._prices, more], np.r_[self._smoothed, more]
        return len(found.costs)


def _least_products(factors: FloatArray, margin: FloatArray | float, ends: FloatArray) -> FloatArray:
    """Return the least products (n, k) of factors, known up to a margin, and values between ends (2, n)."""
    low, high = ends[0][:, None], ends[1][:, None]
    with np.errstate(invalid="ignore"):
        products = [
            np.where(factor == 0, 0.0, np.minimum(factor * low, factor * high))
            for factor in (factors - margin, factors + margin)
        ]
    return np.asarray(np.minimum(*products))


def _packed(loads: FloatArray, caps: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """Return weights (k,) up to `caps` of the largest sum, loads (n, k) adding up to 1, and prices (n,)."""
    n, k = loads.shape
    solver = new_solver(_OPTIONS)
    # its dual: prices, and what exceeds them at the caps
    columns = np.array([np.zeros(n + k), np.full(n + k, np.inf)])
    matrix = sp.csr_array(np.c_[loads.T, np.eye(k)])
    load_program(solver, np.r_[np.ones(n), caps], columns, matrix, np.array([np.ones(k), np.full(k, np.inf)]))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = solver.getSolution()
    return np.maximum(np.array(solution.row_dual), 0.0), np.maximum(np.array(solution.col_value[:n]), 0.0)
