"""Search for the network of at most K neurons whose largest error is least.

Descents through intervals of a given half length (`sparsest.continuous.search.interval_descents`) find the
activation patterns, sequences of linear programs (`sparsest.continuous.search.minimax_descent`) the network;
then the intervals are made shorter than its largest error, and it goes on from there, as long as effort
brings gains. Before, descents ask whether K neurons meet all labels.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.continuous.search.effort import Effort
from sparsest.continuous.search.few_neuron_descents import NarrowSearch, Start
from sparsest.continuous.search.interval_descents import IntervalSearch, round_effort
from sparsest.continuous.search.minimax_descent import Labels, minimax_descent
from sparsest.gauss_newton import Intervals
from sparsest.progress import Deadline

# Effort for meeting all labels, for each number that is looked for.
_EXACT: Final = 0.01
# Half lengths of intervals to aim at, as shares of the largest error known: at first and after a success, and
# the largest; after a failure half way to 1.
_AIMED, _LARGEST_AIM = 0.7, 0.97
# Rounds of descents before the best of them are judged, and how many are.
_ROUNDS_A_TURN, _JUDGED = 2, 4
# Linear programs of one judgement; the first look at a network takes so few, and those go on whose error is
# then at most so many times the best.
_PROGRAMS, _FIRST_PROGRAMS, _HOPEFUL = 40, 6, 1.5
# The search ends after so many turns without a gain of at least this share.
_MAX_VAIN_TURNS: Final = 12
_GAIN: Final = 1e-4
# Below this share of the labels' size errors are rounding.
_ROUNDING: Final = 1e-13
# About the effort of a linear program, and for each number in its matrix.
_A_PROGRAM, _A_NUMBER = 3e-3, 4e-7


class LeastErrorSearch:
    """One search for one K.

    Parameters
    ----------
    data : Labels
        Scaled to about one, in coordinates whose columns are orthonormal times the root of N.
    width : int
        K; 0 looks for the affine term alone.
    random : numpy.random.Generator
        Of everything random.
    effort_limit : float
        In units of `Effort`; infinite without one.
    deadline : Deadline
        Ends the search too.
    report : callable
        Called with the number of steps taken and the least error so far.

    Attributes
    ----------
    neurons : array (B, r)
        The best network so far; its last block is the affine term if there is one.
    signs : array (B,)
        Its output signs.
    error : float
        Its largest error.
    begun_from : pair of arrays
        Neurons and signs that the linear programs for it began with.
    steps : int
        Gauss-Newton steps taken.
    """

    def __init__(
        self,
        data: Labels,
        width: int,
        random: np.random.Generator,
        effort_limit: float,
        deadline: Deadline,
        report: Callable[[int, float], None],
    ) -> None:
        self._data, self._width, self._random = data, width, random
        self._limit, self._deadline, self._report = effort_limit, deadline, report
        self._effort, self.steps = Effort(), 0
        blocks, r = int(data.affine), data.rows.shape[1]
        self.neurons, self.signs = np.zeros((blocks, r)), np.ones(blocks)
        self.begun_from = self.neurons, self.signs
        self.error = float(data.errors(np.zeros(len(data.rows))).max())

    def offer(self, neurons: FloatArray, signs: FloatArray) -> bool:
        """Judge a network as it is and after linear programs; whether it is better than the best."""
        before, data = self.error, self._data
        first, error = minimax_descent(data, neurons, signs, self._given_up, _FIRST_PROGRAMS, self._deadline)
        if error <= _HOPEFUL * self.error:
            first, error = minimax_descent(data, first, signs, self._given_up, _PROGRAMS, self._deadline)
        if error < self.error:
            self.neurons, self.signs, self.error = first, signs, error
            self.begun_from = neurons, signs
        self._report(self.steps, self.error)
        return self.error < (1 - _GAIN) * before

    def run(self) -> None:
        """Search until effort, time or hope is spent."""
        self.offer(self.neurons, self.signs)  # the affine term alone
        if self._width == 0:
            return
        self._meet_all_labels()
        aim, vain, search = _AIMED, 0, None
        while vain < _MAX_VAIN_TURNS and self._goes_on:
            if search is None:
                search = self._descents(aim * self.error)
            found = self._turn(search)
            better = [self.offer(*each) for each in found]
            if any(better):
                aim, vain, search = _AIMED, 0, None
            else:
                aim, vain = min((1 + aim) / 2, _LARGEST_AIM), vain + 1
                if vain % 2 == 0:  # the same descents go on with kicks, and then with other intervals
                    search = None

    @property
    def _goes_on(self) -> bool:
        is_rounding = self.error <= _ROUNDING * float(np.abs(self._data.labels).max())
        return not (is_rounding or self._deadline.expired or self._effort.spent >= self._limit)

    def _given_up(self, numbers: int) -> bool:
        """Book a linear program, unless there is no time or effort left for it."""
        if self._deadline.expired or self._effort.spent >= self._limit:
            return True
        self._effort.add(_A_PROGRAM + _A_NUMBER * numbers)
        return False

    def _meet_all_labels(self) -> None:
        """Look for a network through all labels."""
        data = self._data
        exact = Intervals(data.rows, data.labels, data.labels, data.affine, data.movable)
        search = NarrowSearch(exact, self._width, self._random)
        numbers = (self._width + data.affine) * data.rows.shape[1]
        found = search.run(min(_EXACT * numbers, self._limit / 4), self._effort, self._deadline)
        self.steps += search.steps
        if (found := found or search.best) is not None:
            self.offer(*found)

    def _descents(self, half: float) -> IntervalSearch:
        """Return descents through intervals of a half length, from the best network and random ones."""
        data = self._data
        low, high = data.labels - half * data.below, data.labels + half * data.above
        intervals = Intervals(data.rows, low, high, data.affine, data.movable)
        return IntervalSearch(intervals, self._width, self._random, self._from_the_best())

    def _from_the_best(self) -> Start:
        """Return the best network, filled up by random neurons where it has fewer than K."""
        neurons, signs, missing = self.neurons, self.signs, self._width + self._data.affine - len(self.signs)
        drawn = self._random.normal(size=(missing, neurons.shape[1]))
        place = len(signs) - self._data.affine
        filled = np.insert(neurons, [place] * missing, drawn * self.error, axis=0)
        faced = np.insert(signs, [place] * missing, self._random.choice([-1.0, 1.0], size=missing))
        return Start(filled[None], faced[None], np.ones((1, *filled.shape)))

    def _turn(self, search: IntervalSearch) -> list[tuple[FloatArray, FloatArray]]:
        """Let descents go on for a while; return what fits, or the best."""
        taken = search.steps
        data = self._data
        middle = Intervals(data.rows, data.labels, data.labels, data.affine, data.movable)
        limit = min(_ROUNDS_A_TURN * round_effort(middle, self._width), self._limit - self._effort.spent)
        found = search.run(max(limit, 1e-9), self._effort, self._deadline)
        self.steps += search.steps - taken
        return [found] if found is not None else search.leaders(_JUDGED)
