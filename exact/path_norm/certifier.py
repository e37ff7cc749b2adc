"""Prove a bound on the least path norm box by box, in rational numbers that a checker verifies.

A branch and bound of its own, told what to prove: linear programs in floats suggest multipliers, ends that
move, and splits; what the checker's own arithmetic (`sparsest.check_path_norm`) does not confirm is left out.
The page docs/path-norm-proof.md says what is written, and why it proves the bound.
"""

import contextlib
import heapq
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

import numpy as np

from sparsest import check as reading
from sparsest.arrays import FloatArray
from sparsest.check_path_norm import BoxStep, ConeModel, Element, ElementBox, Power, Prices, ProofError
from sparsest.exact.path_norm.cones import Cones, IntArray
from sparsest.exact.path_norm.element_names import elements_of, samples_of_rows
from sparsest.exact.path_norm.intervals_kernel import Box
from sparsest.exact.path_norm.networks import Networks
from sparsest.exact.path_norm.proven_boxes import ProvenBox, leaves_of
from sparsest.exact.path_norm.suggestions import (
    Excess,
    chord_slopes,
    rows_to_hold,
    short_number,
    values_of_elements,
)
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Linear programs for one box.
_MAX_ROUNDS: Final = 12
# Share of what is missing that a linear program must gain for another one.
_MIN_GAIN: Final = 0.02
# An end that moves takes away this share of the interval at least.
_MIN_SHRUNK: Final = 0.1
# Share of an interval from zero that its lower part takes at least.
_MIN_LOWER_PART: Final = 0.4
# Bits of multipliers, and of prices of the largest element.
_MULTIPLIER_BITS: Final = 44
_PRICE_BITS: Final = 48
# Multipliers give away this share, and four times more each time that they still ask too much.
_SPARE: Final = 2.0**-38
_MAX_TRIES: Final = 10
# Share of the time for a box that it takes to close one by the step of the box above.
_CLOSING: Final = 0.5
# Units of work that nobody does.
_NO_LIMIT: Final = 10**18


class Certifier:
    """Proves that networks of a problem cost at least a target.

    Parameters
    ----------
    problem : Problem
        The data, inputs distinct, without a weight bound.
    cones : Cones
        Of the problem.
    networks : Networks
        Of the problem.
    model : ConeModel
        What the checker makes of the same data.
    points : array of int (N,)
        The checker's number of each sample.
    power : Power
        The exponent.
    target : Fraction
        What to prove, in the units of the problem; positive.
    """

    def __init__(
        self,
        problem: Problem,
        cones: Cones,
        networks: Networks,
        model: ConeModel,
        points: IntArray,
        power: Power,
        target: Fraction,
    ) -> None:
        self._cones, self._networks, self.model, self._p = cones, networks, model, float(power.p)
        self.target = target
        self.largest = _largest(power, target)
        bits = _PRICE_BITS + math.ceil((1 - self._p) * math.log2(float(self.largest)))
        self.bits = max(0, bits)
        work = reading._Work(None)
        work.left = _NO_LIMIT
        self._prices = Prices(model, power, self.bits, self.largest, work)
        self._scale = cones.label_scale
        self._cost_unit = float(self._scale**self._p)
        self._names = elements_of(cones, model)
        self._rest, self._pivots = (points[samples] for samples in samples_of_rows(problem, cones))
        largest = float(self.largest) / self._scale
        networks.close_ends(largest)
        high = networks.box(largest).high
        self.root = ProvenBox(
            ElementBox(self.largest), np.zeros(high.shape), high, np.zeros((0, 4), dtype=np.int64)
        )
        self.nodes = 0
        self._members = np.repeat(np.arange(cones.size), np.diff(cones.starts))

    def run(self, deadline: Deadline, most: int) -> Fraction:
        """Close boxes until none is left, or the time or so many are up; return what is proven then."""
        with contextlib.suppress(KeyboardInterrupt):  # what is known then makes a proof of less
            self._examine_boxes(deadline, most)
        self._close()
        return min(leaf.bound for leaf in leaves_of(self.root))

    def _examine_boxes(self, deadline: Deadline, most: int) -> None:
        waiting: list[tuple[Fraction, int, ProvenBox]] = [(Fraction(0), 0, self.root)]
        count, begun = 0, deadline.seconds
        while waiting and self.nodes < most:
            # what is left open then takes a step a box to close
            mean = (deadline.seconds - begun) / max(self.nodes, 1)
            if deadline.remaining <= _CLOSING * mean * len(waiting):
                break
            _, _, node = heapq.heappop(waiting)
            self._examine(node, deadline)
            self.nodes += 1
            for part in node.parts:
                count -= 1
                heapq.heappush(waiting, (node.bound, count, part))

    # One box

    def _examine(self, node: ProvenBox, deadline: Deadline) -> None:
        before = -math.inf
        for _ in range(_MAX_ROUNDS):
            found = self._step(node)
            if found is None:
                return
            step, record, solution, price = found
            node.steps.append(record)
            node.last = step
            node.bound = max(node.bound, step.bound)
            if step.bound >= self.target or deadline.expired:
                return
            room = float(self.target - step.bound) / self._cost_unit
            spare = self._spare(solution.multipliers, price)
            moves = self._move(node, step, price, spare, room)
            record["moves"] = moves
            more = self._violated(node, solution.values)
            bound = float(step.bound)
            if not more and (not moves or bound < before + _MIN_GAIN * (float(self.target) - before)):
                break
            if not more:
                before = bound
        self._split(node, step, price, spare, solution.values, room)

    def _step(self, node: ProvenBox) -> "tuple[BoxStep, dict[str, Any], _Solution, FloatArray] | None":
        """Solve a linear program, and make a step of its multipliers."""
        slopes = chord_slopes(node.low, node.high, self._p)
        rows = rows_to_hold(node.low, node.held)
        used = (node.low > 0) & (node.high > 0)
        start = float((node.low[used] ** self._p - slopes[used] * node.low[used]).sum())
        cutoff = (float(self.target) / self._cost_unit - start) * (1 + 1e-6)
        found = self._networks.loops.relaxed(
            slopes, Box(node.low, node.high), rows, cutoff, self._networks.arrays
        )
        base = self._cones.columns.shape[1]
        price = slopes.copy()
        given: dict[Element, int] = {}
        for row, multiplier in zip(rows, found.multipliers[base:], strict=True):
            place = _place(row[1:])
            if multiplier != 0.0 or node.low[place] > 0:
                price[place] -= multiplier
                given[self._names[place]] = self._own_price(price[place])
        whole = self._integers(found.multipliers[:base])
        if whole is None:
            return None
        multipliers, over = whole
        for tried in range(_MAX_TRIES):
            # dividing by more makes negative worths dearer, so that their prices rise by more
            share = _SPARE * 4**tried
            wider = over + math.ceil(over * share)
            raised = {element: asked + math.ceil(2 * abs(asked) * share) for element, asked in given.items()}
            try:
                step = BoxStep(self._prices, node.box, multipliers, wider, raised, "")
            except ProofError:
                continue
            record = {"over": wider, "multipliers": multipliers, "prices": raised}
            record |= {"moves": [], "bound": step.bound}
            values = values_of_elements(found.x, found.labels, self._cones.charges, node.high.shape)
            return step, record, _Solution(values, found.multipliers[:base]), price
        return None

    def _own_price(self, price: float) -> int:
        """Return a price in the units of the proof, rounded down."""
        return math.floor(Fraction(price * self._cost_unit / self._scale) * (1 << self.bits))

    def _integers(self, multipliers: FloatArray) -> tuple[dict[int, int], int] | None:
        """Return multipliers of the checker's rows over a denominator, which cancel the free terms.

        None where they need an end that some interval does not have.
        """
        cones, model = self._cones, self.model
        y = np.zeros(len(model.rows))
        y[self._rest] = multipliers
        y[self._pivots] = -(cones.offsets.T @ multipliers)
        for i, value in enumerate(y):
            end = model.low[i] if value > 0 else model.high[i]
            if end is None or not math.isfinite(value):
                y[i] = 0.0
        y *= self._cost_unit / self._scale
        scaled = [Fraction(float(v)) / row[-1] for v, row in zip(y, model.rows, strict=True)]
        largest = max(map(abs, scaled), default=Fraction(0))
        if not largest:
            return {}, 1
        shift = _MULTIPLIER_BITS - _exponent(largest)
        over = 1 << max(shift, 0)
        m = [Fraction(round(v * over)) for v in scaled]
        if model.free:
            order = sorted(range(len(m)), key=lambda i: -abs(m[i]))
            left = [-sum(m[i] * model.rows[i][j] for i in order) for j in model.free]
            columns = [[model.rows[i][j] for j in model.free] for i in order]
            factors = reading._find_factors(columns, [int(v) for v in left])
            if factors is None:
                return None
            for i, factor in zip(order, factors, strict=True):
                m[i] += factor
        common = math.lcm(*(v.denominator for v in m))
        whole = [int(v * common) for v in m]
        for i, integer in enumerate(whole):
            if integer and (model.low[i] if integer > 0 else model.high[i]) is None:
                return None
        divisor = math.gcd(*whole, over * common)
        return {i: v // divisor for i, v in enumerate(whole) if v}, over * common // divisor

    # What is left of a box

    def _spare(self, multipliers: FloatArray, price: FloatArray) -> FloatArray:
        """Return by how much the price of each element (C, 2, J) may fall if the others stay, about."""
        cones = self._cones
        worth = cones.columns @ multipliers
        rays, where = cones.members, self._members
        charges = cones.charges[rays]
        spare = np.full(price.shape, np.inf)
        for s, sign in enumerate((1.0, -1.0)):
            with np.errstate(invalid="ignore", divide="ignore"):
                cost = np.where(charges > 0, price[where, s] * charges, 0.0).sum(axis=1)
                left = np.maximum(cost - sign * worth[rays], 0.0)
                share = np.where(charges > 0, left[:, None] / charges, np.inf)
            if len(where):
                spare[:, s] = np.minimum.reduceat(share, cones.starts[:-1], axis=0)
        return spare

    def _move(
        self, node: ProvenBox, step: BoxStep, price: FloatArray, spare: FloatArray, room: float
    ) -> list[tuple[Element, str, Fraction]]:
        """Move ends of intervals, in place, as far as the checker confirms; return the moves."""
        low, high = node.low, node.high
        excess = Excess(low, high, price, spare, self._p)
        top, bottom = excess.at(high) > room, excess.at(low) > room
        usable = (high > 0) & np.isfinite(price) & np.isfinite(spare)
        moves: list[tuple[Element, str, Fraction]] = []
        moved = dict(node.box.moved)
        for end, places in (("high", usable & top & ~bottom), ("low", usable & bottom & ~top)):
            outer, inner = (high, low) if end == "high" else (low, high)
            new = excess.outermost(np.where(places, outer, 0.0), inner, room * (1 + 1e-9))
            kept = (new < high * (1 - _MIN_SHRUNK)) if end == "high" else (new > low * (1 + _MIN_SHRUNK))
            for place in map(_place, np.argwhere(places & kept)):
                element = self._names[place]
                least, most = node.box.interval(element)
                t = short_number(new[place] * self._scale, up=end == "high")
                if not least < t < most:
                    continue
                excluded = (t, most) if end == "high" else (least, t)
                if step.bound_with(element, *excluded) < self.target:
                    continue
                moved[element] = (least, t) if end == "high" else (t, most)
                moves.append((element, end, t))
                (high if end == "high" else low)[place] = float(t) / self._scale
        node.box = ElementBox(self.largest, moved)
        return moves

    def _violated(self, node: ProvenBox, values: FloatArray) -> bool:
        """Hold the element that exceeds its interval most by a row; whether there is one."""
        with np.errstate(invalid="ignore", divide="ignore"):
            over = np.where(node.high > 0, values / node.high, 0.0)
        worst = np.unravel_index(int(np.argmax(over)), over.shape)
        row = np.array([0, *worst], dtype=np.int64)
        if over[worst] <= 1 + 1e-7 or any((row == known).all() for known in node.held):
            return False
        node.held = np.r_[node.held, row[None]]
        return True

    def _split(
        self,
        node: ProvenBox,
        step: BoxStep,
        price: FloatArray,
        spare: FloatArray,
        values: FloatArray,
        room: float,
    ) -> None:
        """Split the element whose line misses most at a solution, or else the widest in use."""
        low, high = node.low, node.high
        excess = Excess(low, high, price, np.zeros_like(spare), self._p)
        inside = (high > 0) & (values > low) & (values < high) & np.isfinite(price)
        gaps = np.where(inside, excess.at(values), 0.0)
        if not gaps.max() > 1e-12 * room:
            gaps = np.where((high > 0) & (values > 0), (high - low) / np.maximum(high, 1e-300), 0.0)
            if not gaps.max() > 1e-9:
                return
            values = np.where(gaps > 0, (low + high) / 2, values)
        place = _place(np.unravel_index(int(np.argmax(gaps)), gaps.shape))
        t = float(values[place])
        if low[place] == 0:
            t = max(t, _MIN_LOWER_PART * high[place])
        element = self._names[place]
        least, most = node.box.interval(element)
        at = min(max(short_number(t * self._scale, up=True), least), most)
        if not least < at < most:
            return
        below, above = self._middle(node, step, place, at, (low, high, price, spare), room)
        node.split = element, below, above
        for (start, stop), end in (((least, below), "high"), ((above, most), "low")):
            part = ProvenBox(node.box.with_interval(element, start, stop), low.copy(), high.copy(), node.held)
            (part.high if end == "high" else part.low)[place] = (
                float(stop if end == "high" else start) / self._scale
            )
            node.parts.append(part)

    def _middle(
        self,
        node: ProvenBox,
        step: BoxStep,
        place: tuple[int, int, int],
        at: Fraction,
        arrays: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
        room: float,
    ) -> tuple[Fraction, Fraction]:
        """Return two ends around a point between which the step leaves nothing; the point if that fails."""
        low, high, price, spare = (np.array([array[place]]) for array in arrays)
        excess = Excess(low, high, price, np.where(np.isfinite(spare), spare, 0.0), self._p)
        t = np.array([float(at) / self._scale])
        if not excess.at(t)[0] > room:
            return at, at
        element = self._names[place]
        least, most = node.box.interval(element)
        ends = [at, at]
        for k, (outer, limit) in enumerate(((low, least), (high, most))):
            if excess.at(outer)[0] <= room:
                new = excess.outermost(t, outer, room * (1 + 1e-9))[0]
                end = short_number(new * self._scale, up=k == 0)
                if (
                    min(at, limit) < end < max(at, limit)
                    and step.bound_with(element, min(at, end), max(at, end)) >= self.target
                ):
                    ends[k] = end
        return ends[0], ends[1]

    # The end

    def _close(self) -> None:
        """Make leaves of boxes that were not examined: what is proven of the box above holds in them."""
        waiting: list[tuple[ProvenBox, ProvenBox | None]] = [(self.root, None)]
        while waiting:
            node, above = waiting.pop()
            if node.parts and not any(part.steps for part in node.parts):
                node.split, node.parts = None, []
            if above is not None and not node.steps:
                self._close_as(node, above)
            if not node.parts and node.steps:
                best = max(range(len(node.steps)), key=lambda k: node.steps[k]["bound"])
                del node.steps[best + 1 :]
                node.bound = min(self.target, node.steps[best]["bound"])
            waiting += [(part, node) for part in node.parts]

    def _close_as(self, node: ProvenBox, above: ProvenBox) -> None:
        """Close a box by the last step of the box above it, at the same prices."""
        if above.split is None or above.last is None:
            return
        last, element = above.steps[-1], above.split[0]
        given = last["prices"] | {element: above.last.price(element)}
        step = BoxStep(self._prices, node.box, last["multipliers"], last["over"], given, "")
        node.steps = [{**last, "prices": given, "moves": [], "bound": step.bound}]


class _Solution:
    """Elements of a linear program's solution, and the multipliers of its samples."""

    def __init__(self, values: FloatArray, multipliers: FloatArray) -> None:
        self.values, self.multipliers = values, multipliers


def _place(numbers: Iterable[Any]) -> tuple[int, int, int]:
    """Return the place of an element in arrays (C, 2, J)."""
    cone, sign, entry = map(int, numbers)
    return cone, sign, entry


def _largest(power: Power, target: Fraction) -> Fraction:
    """Return a short number whose power is at least the target."""
    guess = float(target) ** (1.0 / float(power.p))
    factor = 1.0
    while True:
        found = short_number(guess * factor, up=True)
        if power.lower(found) >= target:
            return found
        factor += 1e-9


def _exponent(value: Fraction) -> int:
    return value.numerator.bit_length() - value.denominator.bit_length()
