"""Look for a network of given output signs that fits, by many damped Gauss-Newton runs side by side.

With activation patterns fixed a network is linear in its folded neurons, so Gauss-Newton solves for them in
one step as long as no pattern changes; Levenberg's damping (1944) keeps steps short while patterns still
change. A run costs microseconds, and on labels made by K neurons a few dozen find K neurons where the tree,
which must try assignments one after the other, takes minutes. What is found is only a candidate: the caller
proves that it fits.
"""

from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.gauss_newton import Intervals, begin, descend, samples_enough
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Steps of a run; those that succeed on planted labels need 5 to 20.
_MAX_STEPS: Final = 40
# Damping at first, and at least.
_DAMPING: Final = 1e-2
_LEAST_DAMPING: Final = 1e-10
# Ways for neurons with given creases to face that are compared before runs from the best of them.
_FACINGS: Final = 4096
# Numbers in the largest array; more runs are made in several batches.
_MAX_NUMBERS: Final = 2_000_000


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
        self._coordinates, self._met = coordinates, met
        low, high = problem.low / coordinates.scale, problem.high / coordinates.scale
        self._data = Intervals(coordinates.rows, low, high, problem.has_affine_term)
        self._targets = problem.targets / coordinates.scale
        self._random = np.random.default_rng(seed)

    def work(self, width: int) -> float:
        """Return about how many multiplications a run of `width` neurons takes."""
        numbers = self._numbers(width)
        return _MAX_STEPS * samples_enough(numbers, len(self._data.rows)) * float(numbers) ** 2 + 1

    def _numbers(self, width: int) -> int:
        return (width + self._data.affine) * int(self._data.rows.shape[1])

    def run(self, signs: tuple[int, ...], starts: int, deadline: Deadline) -> Network | None:
        """Return a network with these output signs that meets every interval, or None if no run found one."""
        numbers = self._numbers(len(signs))
        batch = max(1, min(starts, _MAX_NUMBERS // (len(self._data.rows) * max(numbers, 1))))
        while starts > 0 and numbers and not deadline.expired:
            blocks = len(signs) + self._data.affine
            size = (min(batch, starts), blocks, self._data.rows.shape[1])
            neurons = self._random.normal(size=size) * self._allowed(blocks)
            found = self._search(signs, neurons, deadline)
            if found is not None:
                return self._coordinates.network(found, signs)
            starts -= batch
        return None

    def run_along(
        self, signs: tuple[int, ...], inputs: FloatArray, starts: int, deadline: Deadline
    ) -> Network | None:
        """Do as `run` from neurons with given creases: functions of the samples (N, K) that vanish there.

        ``max(0, z) = (|z| + z) / 2``: least squares tell the sizes from the bends ``|z|``, whichever way
        neurons face; those ways are tried first that fit the rest, which is affine.
        """
        rows, outputs = self._data.rows, np.array(signs, dtype=np.float64)
        along = np.linalg.lstsq(rows, inputs, rcond=None)[0].T
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        bends = outputs * np.abs(rows @ along.T) / 2
        fitted = np.linalg.lstsq(np.c_[bends, rows], self._targets, rcond=None)[0]
        sizes, rest = np.abs(fitted[: len(signs)]), fitted[len(signs) :]
        facing = self._random.choice([-1.0, 1.0], size=(_FACINGS, len(signs)))
        away = np.linalg.norm((facing * sizes * outputs / 2) @ along - rest, axis=1)
        best = facing[np.argsort(away, kind="stable")[:starts]]
        spread = np.exp(self._random.normal(size=best.shape) / 4)
        blocks = len(signs) + self._data.affine
        neurons = self._random.normal(size=(starts, blocks, along.shape[1])) * self._allowed(blocks)
        neurons[:, : len(signs)] = (best * sizes * spread)[..., None] * along
        found = self._search(signs, neurons, deadline)
        return None if found is None else self._coordinates.network(found, signs)

    def _search(self, signs: tuple[int, ...], neurons: FloatArray, deadline: Deadline) -> FloatArray | None:
        """Descend from some networks (R, K, r), the affine term last; return the first that fits."""
        blocks, (n, r) = neurons.shape[1], self._data.rows.shape
        few = samples_enough(blocks * r, n)
        if few < n:
            sample = self._random.choice(n, few, replace=False)
            found = self._descend(self._data.subset(sample), neurons, signs, deadline)
            if found is None:
                return None
            neurons = found[None]
        # a copy in the memory layout of the samples above, on which the last digits of products depend
        return self._descend(self._data.subset(np.arange(n)), neurons, signs, deadline)

    def _descend(
        self, data: Intervals, neurons: FloatArray, signs: tuple[int, ...], deadline: Deadline
    ) -> FloatArray | None:
        """Improve networks (R, K, r); return the first that fits the data."""
        allowed = self._allowed(neurons.shape[1])[None] if (self._coordinates.affine == 0).any() else None
        outputs = np.tile([*signs, *[1.0] * data.affine], (len(neurons), 1))
        aims = data.aims()
        found = descend(
            data, outputs, aims, begin(data, neurons, outputs, aims, _DAMPING),
            met=self._met, steps=_MAX_STEPS, least_damping=_LEAST_DAMPING, allowed=allowed,
            given_up=lambda: deadline.expired,
        )  # fmt: skip
        return None if found is None else np.asarray(neurons[found])

    def _allowed(self, blocks: int) -> FloatArray:
        """Return 1 for each number (B, r) that may differ from zero, 0 for slopes beside a constant."""
        allowed = np.ones((blocks, self._data.rows.shape[1]))
        if self._data.affine:
            allowed[-1] = self._coordinates.affine
        return allowed
