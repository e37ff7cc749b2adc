"""Search for a network of few neurons through intervals that are wider than rounding: noisy labels.

Where labels are noise around the values of few neurons, a descent that is to end inside all intervals has to
be patient: near the end only a few samples are violated, and each step settles some and disturbs others.
Three habits make the difference to `sparsest.continuous.search.few_neuron_descents`, which is for exact
labels:

1. New networks aim at the middles first (least squares averages the noise), then at ever wider parts of the
   intervals, and take some forty steps there before they are judged.
2. Of many samples a descent sees a part that is large enough to average the noise. The best network of every
   round goes on with all samples, aims widened until they are almost the whole intervals.
3. Then one neuron of the best state of every descent is drawn anew (iterated local search: Lourenco, Martin
   and Stuetzle 2003).
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.continuous.checkpoint.arrays import chosen_samples, take_over
from sparsest.continuous.search.effort import Effort
from sparsest.continuous.search.few_neuron_descents import Start
from sparsest.files import Arrays
from sparsest.gauss_newton import Intervals, begin, levenberg_step, step_effort
from sparsest.progress import Deadline

Rows = NDArray[np.intp]

# Intervals, of data scaled to about one, that are wider than this are not just rounding.
_WIDE: Final = 1e-4
# Descents side by side, and numbers in the largest array that they need.
_RUNS: Final = 24
_MAX_NUMBERS: Final = 2_000_000
# Samples seen for each number that is looked for, and at least.
_SAMPLES_A_NUMBER: Final = 10
_MIN_SAMPLES: Final = 200
# Shares of the half intervals from which new networks keep away, and steps for each: at first the middles.
_FIRST_AIMS: Final = (1.0, 0.5)
_FIRST_STEPS: Final = 12
# The same for every descent before it is judged.
_AIM: Final = 0.1
_STEPS: Final = 40
# The same for the best one, on all samples; in the end a little inside, so that it fits in spite of rounding.
_LAST_AIMS: Final = (0.5, 0.2, 0.1, 0.04, 0.02, 6e-3, 1e-3)
_LAST_STEPS: Final = 8
# Damping at the start of a descent: of new networks, of kicked ones, and on all samples; and at least.
_NEW, _KICKED, _LAST = 1e-2, 1e-3, 1e-4
_LEAST_DAMPING: Final = 1e-10
# Kicks without success before a network is drawn anew.
_MAX_KICKS: Final = 40
# Share of the loss that has to go for a network to count as better.
_BETTER: Final = 1e-3


def are_wide(low: FloatArray, high: FloatArray) -> bool:
    """Whether most intervals, of data scaled to about one, are wider than rounding."""
    return bool(np.median(high - low) > _WIDE)


def round_effort(data: Intervals, width: int) -> float:
    """Return about the effort of one round of descents towards `width` neurons."""
    r, blocks = data.rows.shape[1], width + data.affine
    seen, runs = _seen(data, blocks * r), _runs(data, blocks * r)
    on_all = len(_LAST_AIMS) * _LAST_STEPS * step_effort(1, blocks, r, samples=len(data.rows))
    return _STEPS * step_effort(runs, blocks, r, samples=seen) + on_all


def _seen(data: Intervals, numbers: int) -> int:
    """Return how many samples the descents see."""
    return min(max(_MIN_SAMPLES, _SAMPLES_A_NUMBER * numbers), len(data.rows))


def _runs(data: Intervals, numbers: int) -> int:
    """Return how many descents run side by side."""
    return int(np.clip(_MAX_NUMBERS // (_seen(data, numbers) * numbers), 1, _RUNS))


class IntervalSearch:
    """Descents towards a network of given width, to be run a while at a time.

    Parameters
    ----------
    data : Intervals
        Scaled to about one, in coordinates whose columns are orthonormal times the root of N.
    width : int
        K, at least 1.
    random : numpy.random.Generator
        Of the networks.
    start : Start, optional
        Networks that the first descents begin from.

    Attributes
    ----------
    width : int
        K.
    steps : int
        Gauss-Newton steps taken, of all descents together at once.
    neurons : array (R, B, r)
        The networks.
    """

    entries = None  # all may be nonzero

    def __init__(
        self, data: Intervals, width: int, random: np.random.Generator, start: Start | None = None
    ) -> None:
        self._all, self._random, self.width = data, random, width
        r, blocks = data.rows.shape[1], width + data.affine
        seen, runs = _seen(data, blocks * r), _runs(data, blocks * r)
        every = seen == len(data.rows)
        self._chosen = None if every else random.choice(len(data.rows), seen, replace=False)
        self._data = data if self._chosen is None else data.subset(self._chosen)
        middles = data.aims(inside_open=0.5, inside=0.5)[0]
        self._size = float(np.sqrt(np.mean(np.clip(middles, -1.0, 1.0) ** 2))) or 1.0
        self._movable = np.ones((blocks, r))
        if data.movable is not None:
            self._movable[width] = data.movable
        self.neurons = np.zeros((runs, blocks, r))
        self._signs = np.ones((runs, blocks))
        self._best = self.neurons.copy(), self._signs.copy()
        self._lowest, self._tried = np.full(runs, np.inf), np.full(runs, np.inf)
        self._failures = np.zeros(runs, dtype=np.int64)
        self._new = np.ones(runs, dtype=bool)
        self.steps = 0
        self._draw_networks(np.arange(runs))
        if start is not None:
            given = np.arange(min(runs, len(start.signs)))
            self.neurons[given], self._signs[given] = start.neurons[given] * self._movable, start.signs[given]
            self._new[given] = False

    def run(self, limit: float, effort: Effort, deadline: Deadline) -> tuple[FloatArray, FloatArray] | None:
        """Return neurons (B, r) that meet every interval and their signs (B,), or None within the limit.

        Parameters
        ----------
        limit : float
            Effort to spend at most, but for the round that is being taken.
        effort : Effort
            Where it is booked.
        deadline : Deadline
            Ends the search too.
        """
        ending = effort.spent + limit
        while effort.spent < ending and not deadline.expired:
            if (found := self._round(effort, deadline)) is not None:
                return found
        return None

    @property
    def best(self) -> tuple[FloatArray, FloatArray] | None:
        """Neurons (B, r) and signs (B,) of the descent with the smallest loss, None before the first."""
        run = int(self._lowest.argmin())
        return None if self.steps == 0 else (self._best[0][run].copy(), self._best[1][run].copy())

    def leaders(self, count: int) -> list[tuple[FloatArray, FloatArray]]:
        """Return the best states of so many descents, smallest losses first and no loss twice."""
        order = np.argsort(self._lowest, kind="stable")
        losses = self._lowest[order]
        apart = np.r_[True, losses[1:] > (1 + _BETTER) * losses[:-1]] & np.isfinite(losses)
        return [
            (self._best[0][run].copy(), self._best[1][run].copy()) for run in order[apart][:count].tolist()
        ]

    @property
    def loss(self) -> float:
        """Mean squared distance of `best` from what is aimed at."""
        return float(self._lowest.min()) / len(self._data.low)

    def arrays(self) -> Arrays:
        """Return the state as copies, but for the random numbers, which are the caller's."""
        arrays = {name: array.copy() for name, array in self._state().items()}
        if self._chosen is not None:
            arrays["chosen"] = self._chosen.copy()
        return arrays | {"steps": np.array(self.steps)}

    def restore(self, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
        """Take over the state of a search of the same shape.

        Raises
        ------
        ValueError, KeyError
            When it is of another shape.
        """
        take_over(arrays, self._state())
        if self._chosen is not None:
            self._chosen = chosen_samples(arrays, self._chosen, len(self._all.rows))
            self._data = self._all.subset(self._chosen)
        self.steps = int(arrays["steps"])

    def _state(self) -> Arrays:
        best = dict(zip(("best_neurons", "best_signs"), self._best, strict=True))
        names = ("signs", "lowest", "tried", "failures", "new")
        return {"neurons": self.neurons, **best, **{name: getattr(self, f"_{name}") for name in names}}

    # ---------------------------------------------------------------- a round

    def _round(self, effort: Effort, deadline: Deadline) -> tuple[FloatArray, FloatArray] | None:
        """Let every descent begin and come down, go on with the best, and kick all."""
        everyone = np.arange(len(self._signs))
        for aim in _FIRST_AIMS:
            self._descend(np.flatnonzero(self._new), aim, _FIRST_STEPS, _NEW, effort, deadline)
        losses, violations = self._descend(everyone, _AIM, _STEPS, _KICKED, effort, deadline)
        self._judge(losses)
        if (found := self._go_on_with_one(violations, effort, deadline)) is not None:
            return found
        self._kick()
        return None

    def _descend(
        self, runs: Rows, aim: float, steps: int, damping: float, effort: Effort, deadline: Deadline
    ) -> tuple[FloatArray, FloatArray]:
        """Improve some networks on the chosen samples; return their losses and largest violations."""
        neurons, signs = self.neurons[runs], self._signs[runs]
        losses, violations = _come_down(
            self._data, neurons, signs, self._movable, (aim, steps, damping), effort, deadline
        )
        self.neurons[runs] = neurons
        self.steps += steps if len(runs) else 0
        return losses, violations

    def _judge(self, losses: FloatArray) -> None:
        """Keep what the descents reached where it is their best."""
        better = losses < (1 - _BETTER) * self._lowest
        for best, current in zip(self._best, (self.neurons, self._signs), strict=True):
            best[better] = current[better]
        self._lowest[better] = losses[better]
        self._failures = np.where(better, 0, self._failures + 1)

    def _go_on_with_one(
        self, violations: FloatArray, effort: Effort, deadline: Deadline
    ) -> tuple[FloatArray, FloatArray] | None:
        """Take the best network that has not been taken yet to all samples, and return it if it fits."""
        fitting = np.flatnonzero(violations <= 0)
        if len(fitting) and self._data is self._all:
            return self.neurons[fitting[0]].copy(), self._signs[fitting[0]].copy()
        untried = np.where(self._lowest < (1 - _BETTER) * self._tried, self._lowest, np.inf)
        run = int(untried.argmin())
        if not np.isfinite(untried[run]):
            return None
        self._tried[run] = self._lowest[run]
        neurons, signs = (part[[run]].copy() for part in self._best)
        for aim in _LAST_AIMS:
            if self._data is self._all and aim >= _AIM:
                continue
            _, violation = _come_down(
                self._all, neurons, signs, self._movable, (aim, _LAST_STEPS, _LAST), effort, deadline
            )
            self.steps += _LAST_STEPS
            if violation[0] <= 0:
                return np.asarray(neurons[0]), signs[0]
            if deadline.expired:
                break
        return None

    # ---------------------------------------------------------------- random networks

    def _kick(self) -> None:
        """Draw a neuron of the best state of every descent anew, or a network where that no longer helps."""
        for current, best in zip((self.neurons, self._signs), self._best, strict=True):
            current[...] = best
        hopeless = np.flatnonzero((self._failures > _MAX_KICKS) | ~np.isfinite(self._lowest))
        everyone = np.arange(len(self._signs))
        which = self._random.integers(self.width, size=len(everyone))
        self.neurons[everyone, which] = self._draw((len(everyone),))
        self._signs[everyone, which] = self._random.choice([-1.0, 1.0], size=len(everyone))
        self._new[:] = False
        self._draw_networks(hopeless)

    def _draw_networks(self, runs: Rows) -> None:
        shape = (len(runs), self.width)
        self.neurons[runs] = 0.0
        self.neurons[runs, : self.width] = self._draw(shape)
        self._signs[runs, : self.width] = self._random.choice([-1.0, 1.0], size=shape)
        self._lowest[runs] = self._tried[runs] = np.inf
        self._failures[runs], self._new[runs] = 0, True

    def _draw(self, shape: tuple[int, ...]) -> FloatArray:
        """Draw neurons of the labels' size, every other one with its hyperplane through a sample."""
        rows = self._data.rows
        neurons = self._random.normal(size=(*shape, rows.shape[1]))
        points = rows[self._random.integers(len(rows), size=shape)]
        length = np.maximum((points**2).sum(-1, keepdims=True), np.finfo(float).tiny)
        through = neurons - (neurons * points).sum(-1, keepdims=True) / length * points
        some = self._random.random((*shape, 1)) < 0.5
        sizes = self._size * np.exp(0.5 * self._random.normal(size=(*shape, 1)))
        return np.asarray(np.where(some, through, neurons) * sizes)


def _come_down(
    data: Intervals,
    neurons: FloatArray,
    signs: FloatArray,
    movable: FloatArray,
    how: tuple[float, int, float],
    effort: Effort,
    deadline: Deadline,
) -> tuple[FloatArray, FloatArray]:
    """Take steps with networks (R, B, r) in place; return losses and largest violations (R,).

    `how` is the share of the half intervals to keep away from, the number of steps, and the first damping.
    A network that fits ends it for all.
    """
    aim, steps, damping = how
    if len(neurons) == 0:
        return np.zeros(0), np.zeros(0)
    aims = data.aims(inside_open=aim / 2, inside=aim / 2)
    iterates = begin(data, neurons, signs, aims, damping)
    cost = step_effort(*neurons.shape, samples=len(data.rows))
    allowed = None if np.all(movable == 1) else np.broadcast_to(movable, neurons.shape)
    violations = data.violation(iterates.values)
    for _ in range(steps):
        if violations.min() <= 0 or deadline.expired:
            break
        levenberg_step(
            data.rows, signs, aims, iterates,
            affine=data.affine, least_damping=_LEAST_DAMPING, allowed=allowed,
        )  # fmt: skip
        violations = data.violation(iterates.values)
        effort.add(cost)
    return iterates.loss, violations
