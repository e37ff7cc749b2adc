"""Fewer neurons from a network's own weights: leave some out, let the others make up for it, again and again.

Backward elimination: the neurons that contribute least are left out, and damped Gauss-Newton steps
(`sparsest.gauss_newton`) move the others until every interval is met again. First the few that contribute
most are kept, then twice as many, until those suffice, because steps of few neurons are cheap; then a quarter
of what is left goes at once, and in the end one neuron at a time. Nothing here proves a count minimal; it is
what pruning by hand does, with an honest test at each step, and it copes with hundreds of neurons.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.gauss_newton import Intervals, begin, descend
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.refine import refine

# Steps of one attempt, and after how many without a tenth less loss it is given up.
_MAX_STEPS: Final = 60
_PATIENCE: Final = 8
_GAIN: Final = 0.9
# Damping at first, and at least.
_DAMPING: Final = 1e-3
_LEAST_DAMPING: Final = 1e-12
# What is aimed at inside the end of an interval that has but one.
_INSIDE_OPEN: Final = 0.25
# Largest violation, as a share of the labels' size, of a network that `refine` then makes exact; where all
# intervals have a width of some such shares, none at all is asked for.
_MET: Final = 1e-7
# Neurons that are kept in the first attempt.
_MIN_NEURONS: Final = 4
# Numbers in the largest array of attempts side by side.
_MAX_NUMBERS: Final = 4_000_000


def eliminate(
    problem: Problem, network: Network, deadline: Deadline, tell: Callable[[int], None] = lambda width: None
) -> Network:
    """Return a network that meets every interval with as few neurons as elimination reaches.

    Parameters
    ----------
    problem : Problem
        Without a weight bound.
    network : Network
        One that meets every interval; it comes back when no neuron can go.
    deadline : Deadline
        When it expires, what was reached is returned.
    tell : callable, optional
        Told the width whenever it got smaller.
    """
    search = _Elimination(problem, deadline)
    return search.run(network, tell)


@dataclasses.dataclass(frozen=True)
class _State:
    """Neurons (B, r) in the problem's coordinates, the affine term last if there is one, and output signs."""

    neurons: FloatArray
    signs: FloatArray

    def without(self, gone: NDArray[np.intp]) -> "_State":
        kept = np.setdiff1d(np.arange(len(self.signs)), gone)
        return _State(self.neurons[kept], self.signs[kept])


class _Elimination:
    """The problem in coordinates in which one damping suits all directions."""

    def __init__(self, problem: Problem, deadline: Deadline) -> None:
        self.problem, self.deadline, self.affine = problem, deadline, problem.has_affine_term
        self.coordinates = Coordinates(problem)
        self.rows, scale = self.coordinates.rows, self.coordinates.scale
        self.data = Intervals(self.rows, problem.low / scale, problem.high / scale, self.affine)
        self.aims = self.data.aims(_INSIDE_OPEN)
        self.met = 0.0 if float((self.data.high - self.data.low).min()) > _MET else _MET

    def run(self, network: Network, tell: Callable[[int], None]) -> Network:
        best, state = network, self._state(network.canonical())
        for smaller in self._descent(state):
            found = self._network(smaller)
            if found is not None:
                best = found
                tell(found.width)
        return best

    def _state(self, network: Network) -> _State:
        folded, signs = network.folded, np.sign(network.outputs)
        if self.affine:
            term = np.zeros(folded.shape[1]) if network.affine is None else network.affine
            folded, signs = np.r_[folded, term[None]], np.r_[signs, 1.0]
        n = self.problem.n_samples
        # the rows are orthogonal with squared length n in each column
        inputs = self.problem.homogeneous @ folded.T / self.coordinates.scale
        return _State(np.ascontiguousarray((self.rows.T @ inputs / n).T), signs)

    def _network(self, state: _State) -> Network | None:
        """Return a state that meets the intervals as a network that does so in floats too, if it can."""
        network = self.coordinates.network(state.neurons, state.signs[: self._width(state)].tolist())
        if network is None:  # numbers that leave the range of floats
            return None
        if network.residual(self.problem) > 0:
            network = refine(self.problem, network)
        return network if network.solves(self.problem) else None

    def _descent(self, state: _State) -> Iterator[_State]:
        """Generate ever smaller states that meet the intervals."""
        if (few := self._few_enough(state)) is not None:
            state = few
            yield state
        portion = self._width(state) // 4
        while portion >= 2 and not self.deadline.expired:
            following = self._repaired([state.without(self._order(state)[:portion])])
            if following is None:
                portion //= 2
            else:
                state = following
                yield state
                portion = min(portion, self._width(state) // 2)
        while not self.deadline.expired and (following := self._one_less(state)) is not None:
            state = following
            yield state

    def _few_enough(self, state: _State) -> _State | None:
        """Keep the neurons that contribute most, ever more of them; return the first that do."""
        order, kept = self._order(state), _MIN_NEURONS
        while kept < len(order) and not self.deadline.expired:
            found = self._repaired([state.without(order[: len(order) - kept])])
            if found is not None:
                return found
            kept *= 2
        return None

    def _one_less(self, state: _State) -> _State | None:
        order = self._order(state)
        numbers = self.rows.shape[0] * state.neurons.size
        side_by_side = max(1, _MAX_NUMBERS // max(numbers, 1))
        for first in range(0, len(order), side_by_side):
            tried = [state.without(np.array([k])) for k in order[first : first + side_by_side]]
            if self.deadline.expired:
                return None
            if (found := self._repaired(tried)) is not None:
                return found
        return None

    def _width(self, state: _State) -> int:
        return len(state.signs) - self.affine

    def _order(self, state: _State) -> NDArray[np.intp]:
        """Return the neurons, those that contribute least first, beside what an affine term makes up for."""
        parts = np.maximum(self.rows @ state.neurons[: self._width(state)].T, 0.0)
        if self.affine:
            free = self.rows[:, self.coordinates.affine > 0]
            parts -= free @ (free.T @ parts) / len(self.rows)
        return np.argsort((parts**2).sum(axis=0))

    def _repaired(self, states: list[_State]) -> _State | None:
        """Improve states of one width side by side; return the first that meets the intervals, if any."""
        neurons = np.array([state.neurons for state in states])
        signs = np.array([state.signs for state in states])
        allowed = np.ones_like(neurons)
        if self.affine:
            allowed[:, -1] = self.coordinates.affine
        iterates = begin(self.data, neurons, signs, self.aims, _DAMPING)
        losses: list[float] = []

        def given_up() -> bool:
            losses.append(float(iterates.loss.min()))
            return self.deadline.expired or neurons.size == 0 or _stuck(losses)

        place = descend(
            self.data, signs, self.aims, iterates,
            met=self.met, steps=_MAX_STEPS, least_damping=_LEAST_DAMPING,
            allowed=allowed, given_up=given_up,
        )  # fmt: skip
        return None if place is None else _State(neurons[place], signs[place])


def _stuck(losses: list[float]) -> bool:
    return len(losses) > _PATIENCE and losses[-1] > _GAIN * losses[-1 - _PATIENCE]
