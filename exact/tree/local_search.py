"""Look for a network of given output signs that fits, by many damped Gauss-Newton runs side by side.

With activation patterns fixed a network is linear in its folded neurons, so Gauss-Newton solves for them in
one step as long as no pattern changes; Levenberg's damping (1944) keeps steps short while patterns still
change. A run costs microseconds, and on labels made by K neurons a few dozen find K neurons where the tree,
which must try assignments one after the other, takes minutes. What is found is only a candidate: the caller
proves that it fits.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.gauss_newton import Iterates, evaluate, interval_loss, levenberg_step
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Steps of a run; those that succeed on planted labels need 5 to 20.
_STEPS: Final = 40
# Damping at first, and at least.
_DAMPING: Final = 1e-2
_MIN_DAMPING: Final = 1e-10
# Share of an interval's width, and of the labels' size where it has no end, that is aimed at inside its end.
_INSIDE: Final = 0.25
_INSIDE_OPEN: Final = 0.05
# Descents see so many samples for each number that they look for, at least the fewest: on labels made by K
# neurons those tell as much as all, and what fits them is then improved on all.
_SAMPLES_A_NUMBER: Final = 5
_MIN_SAMPLES: Final = 20
# Numbers in the largest array; more runs are made in several batches.
_MAX_ARRAY: Final = 2_000_000


class LocalSearch:
    """Runs for one problem, from ever new random networks.

    Parameters
    ----------
    problem : Problem
        Its weight bound is ignored.
    coordinates : Coordinates
        Of the problem.
    met : float
        Largest violation, as a share of the labels' size, at which a network is returned.
    seed : int
        Of the random networks.
    """

    def __init__(self, problem: Problem, coordinates: Coordinates, met: float, seed: int = 0) -> None:
        self._coordinates, self._rows = coordinates, coordinates.rows
        self._low, self._high = problem.low / coordinates.scale, problem.high / coordinates.scale
        self._skip, self._met = problem.has_affine_term, met
        self._random = np.random.default_rng(seed)
        width = self._high - self._low
        inside = np.where(np.isfinite(width), _INSIDE * width, _INSIDE_OPEN)
        self._aims = self._low + inside, self._high - inside

    def work(self, width: int) -> float:
        """Return about how many multiplications a run of `width` neurons takes."""
        columns = (width + self._skip) * self._rows.shape[1]
        return _STEPS * self._few(columns) * float(columns) ** 2 + 1

    def _few(self, columns: int) -> int:
        """Return how many samples descents see."""
        few = max(_MIN_SAMPLES, _SAMPLES_A_NUMBER * columns)
        return few if 2 * few < len(self._rows) else len(self._rows)

    def run(self, signs: tuple[int, ...], starts: int, deadline: Deadline) -> Network | None:
        """Return a network with these output signs that meets every interval, or None if no run found one."""
        columns = (len(signs) + self._skip) * self._rows.shape[1]
        batch = max(1, min(starts, _MAX_ARRAY // (len(self._rows) * max(columns, 1))))
        while starts > 0 and columns and not deadline.expired:
            found = self._search(signs, min(batch, starts), deadline)
            if found is not None:
                return self._coordinates.network(found, signs)
            starts -= batch
        return None

    def _search(self, signs: tuple[int, ...], starts: int, deadline: Deadline) -> FloatArray | None:
        """Run `starts` descents; return the neurons (K, r) of one that fits, the affine term last."""
        blocks, (n, r) = len(signs) + self._skip, self._rows.shape
        neurons = self._random.normal(size=(starts, blocks, r)) * self._allowed(blocks)
        few = self._few(blocks * r)
        if few < n:
            sample = self._random.choice(n, few, replace=False)
            found = self._descend(neurons, signs, sample, deadline)
            if found is None:
                return None
            neurons = found[None]
        return self._descend(neurons, signs, np.arange(n), deadline)

    def _descend(
        self, neurons: FloatArray, signs: tuple[int, ...], samples: NDArray[np.intp], deadline: Deadline
    ) -> FloatArray | None:
        """Improve networks (R, K, r) on some samples; return the first that fits those."""
        rows, low, high = self._rows[samples], self._low[samples], self._high[samples]
        allowed = self._allowed(neurons.shape[1])[None] if (self._coordinates.affine == 0).any() else None
        aims = self._aims[0][samples], self._aims[1][samples]
        outputs = np.tile([*signs, *[1.0] * self._skip], (len(neurons), 1))
        values, active = evaluate(rows, neurons, outputs, affine=self._skip)
        damping = np.full(len(neurons), _DAMPING)
        iterates = Iterates(neurons, values, active, interval_loss(values, aims), damping)
        for _ in range(_STEPS):
            fitting = np.maximum(low - values, values - high).max(axis=1) <= self._met
            if fitting.any():
                return np.asarray(neurons[int(fitting.argmax())])
            if deadline.expired:
                return None
            levenberg_step(
                rows, outputs, aims, iterates, affine=self._skip, least_damping=_MIN_DAMPING, allowed=allowed
            )
        return None

    def _allowed(self, blocks: int) -> FloatArray:
        """Return 1 for each number (B, r) that may differ from zero, 0 for slopes beside a constant."""
        allowed = np.ones((blocks, self._rows.shape[1]))
        if self._skip:
            allowed[-1] = self._coordinates.affine
        return allowed
