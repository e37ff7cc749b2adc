"""Search for a network of few neurons by Gauss-Newton descents with kicks, many side by side.

Gradient descent on a wide network removes neurons one after the other and stops where none can go. Here
networks of the wanted width are fitted directly: damped Gauss-Newton (`sparsest.gauss_newton`) from random
neurons, and where a descent stalls one or two neurons of the best network so far are drawn anew and it goes
on from there (iterated local search: Lourenco, Martin and Stuetzle 2003). Solutions on random labels are
mostly differences of large, nearly equal neurons, which descent from neurons of one size does not find:
in every other descent sizes are drawn over two and a half decades, and some kicks put an opposite pair in
place that hardly changes the function. The other descents suit labels that were made by a few neurons.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.continuous.checkpoint.arrays import chosen_samples, take_over
from sparsest.continuous.search.effort import Effort
from sparsest.files import Arrays
from sparsest.gauss_newton import (
    Intervals,
    Iterates,
    begin,
    descend,
    evaluate,
    interval_loss,
    levenberg_step,
    samples_enough,
    step_effort,
)
from sparsest.progress import Deadline

Rows = NDArray[np.intp]

# Descents side by side. With 8 or 64 of them the same work finds less, by a factor of two to four.
_RUNS: Final = 24
# Numbers in the largest array; fewer descents run side by side where there would be more.
_MAX_NUMBERS: Final = 2_000_000
# Damping at first, and at least.
_DAMPING: Final = 1e-2
_LEAST_DAMPING: Final = 1e-10
# A descent stalls when so many steps leave more than this share of the loss, and ends after the most steps.
_WINDOW: Final = 4
_STALLED: Final = 0.5
_MAX_STEPS: Final = 40
# Kicks without success before a network is drawn anew.
_MAX_KICKS: Final = 200
# Shares of kicks that draw a second neuron, and that place an opposite pair.
_SECOND: Final = 0.2
_PAIRED: Final = 0.3  # of the descents among many sizes
# Largest size of a drawn neuron, and of an opposite pair relative to the neuron it is made of.
_MAX_SIZE: Final = 300.0
_MAX_PAIR_SIZE: Final = 30.0
# A network fits when it misses its intervals by no more than this; `refine` does the rest.
_MET: Final = 1e-9


@dataclasses.dataclass(frozen=True)
class Sparsity:
    """Which entries of the neurons are counted, (r,), and how many of those all neurons may have."""

    counted: NDArray[np.bool_]
    entries: int


@dataclasses.dataclass(frozen=True)
class Start:
    """Networks (S, B, r) to begin from, with signs (S, B) and the entries that may move (S, B, r)."""

    neurons: FloatArray
    signs: FloatArray
    allowed: FloatArray


class NarrowSearch:
    """Descents towards a network of given width, to be run a while at a time.

    Parameters
    ----------
    data : Intervals
        Scaled to about one.
    width : int
        K, at least 1.
    random : numpy.random.Generator
        Of the networks.
    sparsity : Sparsity, optional
        Limits the entries that may be nonzero.
    start : Start, optional
        Networks that the first descents begin from.

    Attributes
    ----------
    width : int
        K.
    steps : int
        Gauss-Newton steps taken, of all descents together at once.
    """

    def __init__(
        self,
        data: Intervals,
        width: int,
        random: np.random.Generator,
        sparsity: Sparsity | None = None,
        start: Start | None = None,
    ) -> None:
        self._all, self._random, self.width = data, random, width
        self._sparsity, self._affine = sparsity, data.affine
        # every coordinate of every block may move, so that no step need be told
        self._all_move = sparsity is None and data.movable is None
        r, blocks = data.rows.shape[1], width + data.affine
        few = samples_enough(blocks * r, len(data.rows))
        every = few == len(data.rows)
        self._chosen = None if every else random.choice(len(data.rows), few, replace=False)
        self._see()
        n = len(self._data.rows)
        runs = int(np.clip(_MAX_NUMBERS // (n * blocks * r), 1, _RUNS))
        self._cost = step_effort(runs, blocks, r, samples=n)
        self.neurons = np.zeros((runs, blocks, r))
        self._allowed = np.ones((runs, blocks, r))
        self._hold_affine()
        self._signs = np.ones((runs, blocks))
        self._damping, self._loss, self._earlier = np.zeros(runs), np.zeros(runs), np.zeros(runs)
        self._values, self._factors = np.zeros((runs, n)), np.zeros((runs, blocks, n))
        self._age, self._failures = np.zeros(runs, dtype=np.int64), np.zeros(runs, dtype=np.int64)
        self._best = self.neurons.copy(), self._signs.copy(), self._allowed.copy()
        self._lowest = np.full(runs, np.inf)
        self.steps = 0
        self._spread = np.arange(runs) % 2 == 1  # descents among neurons of many sizes
        self._draw_networks(np.arange(runs))
        if start is not None:
            given = np.arange(min(runs, len(start.signs)))
            self.neurons[given], self._signs[given] = start.neurons[given], start.signs[given]
            self._allowed[given] = start.allowed[given]
            self._hold_affine()
        self._begin(np.arange(runs))

    def run(self, limit: float, effort: Effort, deadline: Deadline) -> tuple[FloatArray, FloatArray] | None:
        """Return neurons (B, r) that meet every interval and their signs (B,), or None within the limit.

        Parameters
        ----------
        limit : float
            Effort to spend at most.
        effort : Effort
            Where it is booked.
        deadline : Deadline
            Ends the search too.
        """
        ending = effort.spent + limit
        while effort.spent < ending and not deadline.expired:
            fitting = self._data.violation(self._values) <= _MET
            for run in np.flatnonzero(fitting):
                if (found := self._on_all(int(run))) is not None:
                    return found, self._signs[run].copy()
            if fitting.any():  # they fit the chosen samples alone
                self._lowest[fitting] = np.inf
                self._end(np.flatnonzero(fitting))
            self._step()
            effort.add(self._cost)
        return None

    @property
    def entries(self) -> int | None:
        """How many counted entries may be nonzero; None where that is not limited."""
        return None if self._sparsity is None else self._sparsity.entries

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
            self._see()
        self.steps = int(arrays["steps"])

    def _state(self) -> Arrays:
        best = dict(zip(("best_neurons", "best_signs", "best_allowed"), self._best, strict=True))
        names = ["allowed", "signs", "damping", "loss", "earlier", "values", "factors"]
        names += ["age", "failures", "lowest"]
        return {"neurons": self.neurons, **best, **{name: getattr(self, f"_{name}") for name in names}}

    def _hold_affine(self) -> None:
        """Keep the affine term to the coordinates in which it may move."""
        if self._all.movable is not None:
            self._allowed[:, self.width] = self._all.movable
            self.neurons[:, self.width] *= self._all.movable

    def _see(self) -> None:
        """Look at the chosen samples only, where some were chosen."""
        self._data = self._all if self._chosen is None else self._all.subset(self._chosen)
        self._aims = self._data.aims()

    @property
    def best(self) -> tuple[FloatArray, FloatArray] | None:
        """Neurons (B, r) and signs (B,) of the descent with the smallest loss, None before the first step."""
        run = int(self._loss.argmin())
        return None if self.steps == 0 else (self.neurons[run].copy(), self._signs[run].copy())

    @property
    def loss(self) -> float:
        """Mean squared distance of `best` from what is aimed at."""
        return float(self._loss.min()) / len(self._data.low)

    def _on_all(self, run: int) -> FloatArray | None:
        """Go on with a descent on all samples; return its neurons if they fit."""
        if self._data is self._all:
            return np.asarray(self.neurons[run].copy())
        neurons, signs, allowed = (part[[run]].copy() for part in (self.neurons, self._signs, self._allowed))
        aims = self._all.aims()
        found = descend(
            self._all, signs, aims, begin(self._all, neurons, signs, aims, _DAMPING),
            met=_MET, steps=_MAX_STEPS, least_damping=_LEAST_DAMPING, allowed=allowed,
        )  # fmt: skip
        return None if found is None else np.asarray(neurons[0])

    def _step(self) -> None:
        iterates = Iterates(self.neurons, self._values, self._factors, self._loss, self._damping)
        levenberg_step(
            self._data.rows, self._signs, self._aims, iterates,
            affine=self._affine, least_damping=_LEAST_DAMPING,
            allowed=None if self._all_move else self._allowed,
        )  # fmt: skip
        self._age += 1
        self.steps += 1
        due = self._age % _WINDOW == 0
        ended = (due & ~(self._loss <= _STALLED * self._earlier)) | (self._age >= _MAX_STEPS)
        self._earlier[due] = self._loss[due]
        if ended.any():
            self._end(np.flatnonzero(ended))

    def _end(self, runs: Rows) -> None:
        """Keep what these descents reached where it is their best, and kick that or start anew."""
        better = self._loss[runs] < (1 - 1e-6) * self._lowest[runs]
        improved = runs[better]
        for best, current in zip(self._best, (self.neurons, self._signs, self._allowed), strict=True):
            best[improved] = current[improved]
        self._lowest[improved] = self._loss[improved]
        self._failures[improved] = 0
        self._failures[runs[~better]] += 1
        hopeful = np.isfinite(self._lowest[runs]) & (self._failures[runs] < _MAX_KICKS)
        self._draw_networks(runs[~hopeful])
        self._kick(runs[hopeful])
        self._begin(runs)

    def _begin(self, runs: Rows) -> None:
        neurons, signs = self.neurons[runs], self._signs[runs]
        values, factors = evaluate(self._data.rows, neurons, signs, affine=self._affine)
        self._values[runs], self._factors[runs] = values, factors
        self._loss[runs] = self._earlier[runs] = interval_loss(values, self._aims)
        self._damping[runs], self._age[runs] = _DAMPING, 0

    def _draw_networks(self, runs: Rows) -> None:
        shape = (len(runs), self.width)
        self._signs[runs, : self.width] = self._random.choice([-1.0, 1.0], size=shape)
        self.neurons[runs] = 0.0
        self._lowest[runs], self._failures[runs] = np.inf, 0
        if self._sparsity is not None:
            for run in runs:
                self._allowed[run] = self._draw_entries(self._sparsity)
        self.neurons[runs, : self.width] = self._draw(runs, self._allowed[runs, : self.width])

    def _draw(self, runs: Rows, allowed: FloatArray) -> FloatArray:
        """Draw neurons of the shape of `allowed`; those of many sizes pass between two samples."""
        rows, count = self._data.rows, allowed.shape[1]
        neurons = self._random.normal(size=(len(runs), count, rows.shape[1]))
        ends = self._random.integers(len(rows), size=(2, len(runs), count))
        share = self._random.random((len(runs), count, 1))
        sizes = np.exp(self._random.random((len(runs), count, 1)) * np.log(_MAX_SIZE))
        points = share * rows[ends[0]] + (1 - share) * rows[ends[1]]
        if self._sparsity is None:
            length = np.maximum((points**2).sum(-1, keepdims=True), np.finfo(float).tiny)
            passing = neurons - (neurons * points).sum(-1, keepdims=True) / length * points
        else:  # the last entry is the bias
            neurons *= allowed
            passing = neurons.copy()
            free = (allowed[..., -1] > 0) & np.any(allowed[..., :-1] > 0, axis=-1)
            passing[free, -1] = -(neurons * points)[free, :-1].sum(-1)
        return np.where(self._spread[runs, None, None], passing * sizes, neurons)

    def _draw_entries(self, sparsity: Sparsity) -> FloatArray:
        """Choose the counted entries of one network (B, r); those that are not counted may all move."""
        blocks, r = self._allowed.shape[1:]
        allowed = np.ones((blocks, r))
        if self._all.movable is not None:
            allowed[-1] = self._all.movable
        allowed[: self.width, sparsity.counted] = 0.0
        places = np.argwhere(np.broadcast_to(sparsity.counted, (self.width, r)))
        chosen = self._random.permutation(len(places))[: sparsity.entries]
        allowed[tuple(places[chosen].T)] = 1.0
        return allowed

    def _kick(self, runs: Rows) -> None:
        for current, best in zip((self.neurons, self._signs, self._allowed), self._best, strict=True):
            current[runs] = best[runs]
        if self._sparsity is not None:
            self._swap_entries(runs, self._sparsity)
        self._redraw(runs)
        self._redraw(runs[self._random.random(len(runs)) < _SECOND])
        if self.width > 1 and self._sparsity is None:
            self._pair(runs[self._spread[runs] & (self._random.random(len(runs)) < _PAIRED)])

    def _redraw(self, runs: Rows) -> None:
        if self._sparsity is not None:  # an exchange of entries alone is often enough of a kick
            runs = runs[self._random.random(len(runs)) < 0.5]
        which = self._random.integers(self.width, size=len(runs))
        self.neurons[runs, which] = self._draw(runs, self._allowed[runs, which][:, None])[:, 0]
        self._signs[runs, which] = self._random.choice([-1.0, 1.0], size=len(runs))

    def _swap_entries(self, runs: Rows, sparsity: Sparsity) -> None:
        """Let one counted entry of each network go and another one come."""
        for run in runs:
            part = self._allowed[run, : self.width]
            used = np.argwhere((part > 0) & sparsity.counted)
            unused = np.argwhere((part == 0) & sparsity.counted)
            if len(used) == 0 or len(unused) == 0:
                continue
            going = tuple(used[self._random.integers(len(used))])
            coming = tuple(unused[self._random.integers(len(unused))])
            part[going], part[coming] = 0.0, 1.0
            self.neurons[run][going], self.neurons[run][coming] = 0.0, self._random.normal()

    def _pair(self, runs: Rows) -> None:
        """Add a vector near its own direction to one neuron, and give it to another one of opposite sign.

        Where both see the same pattern as before the two cancel, so that the function hardly changes but
        for the neuron that was overwritten.
        """
        if len(runs) == 0:
            return
        first = self._random.integers(self.width, size=len(runs))
        second = (first + 1 + self._random.integers(self.width - 1, size=len(runs))) % self.width
        neurons, signs = self._best[0][runs, first], self._best[1][runs, first]
        spread = 0.3 * np.exp(-2 * self._random.random((len(runs), 1)))
        noise = self._random.normal(size=neurons.shape) * np.linalg.norm(neurons, axis=1, keepdims=True)
        added = (neurons + spread * noise) * np.exp(
            self._random.random((len(runs), 1)) * np.log(_MAX_PAIR_SIZE)
        )
        self.neurons[runs], self._signs[runs] = self._best[0][runs], self._best[1][runs]
        self.neurons[runs, first], self.neurons[runs, second] = neurons + added, added
        self._signs[runs, second] = -signs
