"""Damped Gauss-Newton steps for many small ReLU networks at once, on arrays.

With activation patterns fixed a network is linear in its folded neurons, so a Gauss-Newton step solves for
them as long as no pattern changes; Levenberg's damping (1944) keeps steps short while patterns still change.
"""

import dataclasses
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray

# Factor of the damping after a step that lowered the loss and after one that did not, and its largest value,
# for data scaled to about one.
_EASED: Final = 0.3
_HARDENED: Final = 4.0
_MAX_DAMPING: Final = 1e4
# Share of an interval's width, and of the labels' size where it has no end, that is aimed at inside its end.
_INSIDE: Final = 0.25
_INSIDE_OPEN: Final = 0.05
# Samples that descents see for each number that they look for, at least the fewest: on labels made by K
# neurons those tell as much as all, and what fits them is then improved on all.
_SAMPLES_A_NUMBER: Final = 5
_MIN_SAMPLES: Final = 20

Aims = tuple[FloatArray, FloatArray]


@dataclasses.dataclass(frozen=True)
class Intervals:
    """What to fit, scaled to about one.

    Attributes
    ----------
    rows : array (N, r)
        Homogeneous inputs in any coordinates.
    low, high : arrays (N,)
        Interval ends.
    affine : bool
        Whether there is an affine term.
    movable : array (r,), optional
        1 for the coordinates in which that may move, 0 for the others; by default it may in all.
    """

    rows: FloatArray
    low: FloatArray
    high: FloatArray
    affine: bool
    movable: FloatArray | None = None

    def subset(self, samples: NDArray[np.intp]) -> "Intervals":
        """Return the same on some samples."""
        return Intervals(self.rows[samples], self.low[samples], self.high[samples], self.affine, self.movable)

    def aims(self, inside_open: float = _INSIDE_OPEN, inside: float = _INSIDE) -> Aims:
        """Return the ends (N,) that values are to lie in, so far inside the intervals.

        `inside` is the share of an interval's width, at most one half; `inside_open` is how far where it has
        but one end.
        """
        width = self.high - self.low
        room = np.where(np.isfinite(width), inside * width, inside_open)
        return self.low + room, self.high - room

    def violation(self, values: FloatArray) -> FloatArray:
        """Return the largest distance (R,) of values (R, N) from their intervals; negative inside all."""
        return np.asarray(np.maximum(self.low - values, values - self.high).max(axis=1))


class Iterates(NamedTuple):
    """R networks on their way; the arrays are changed in place.

    Attributes
    ----------
    neurons : array (R, B, r)
        As for `evaluate`.
    values, factors : arrays (R, N), (R, B, N)
        From `evaluate`.
    loss : array (R,)
        From `interval_loss`.
    damping : array (R,)
        Positive.
    """

    neurons: FloatArray
    values: FloatArray
    factors: FloatArray
    loss: FloatArray
    damping: FloatArray


def samples_enough(numbers: int, samples: int) -> int:
    """Return how many samples descents towards so many numbers see; all where that saves less than half."""
    few = max(_MIN_SAMPLES, _SAMPLES_A_NUMBER * numbers)
    return few if 2 * few < samples else samples


def step_effort(runs: int, blocks: int, r: int, *, samples: int) -> float:
    """Return the effort of a step of so many networks: about its seconds on one core."""
    numbers = blocks * r
    small, large = min(samples, numbers), max(samples, numbers)
    return 1e-4 + runs * (5e-9 * samples * numbers + 2e-10 * small * small * large)


def begin(data: Intervals, neurons: FloatArray, signs: FloatArray, aims: Aims, damping: float) -> Iterates:
    """Return networks (R, B, r) with output signs (R, B) as they begin a descent."""
    values, factors = evaluate(data.rows, neurons, signs, affine=data.affine)
    return Iterates(neurons, values, factors, interval_loss(values, aims), np.full(len(neurons), damping))


def descend(  # noqa: PLR0913
    data: Intervals,
    signs: FloatArray,
    aims: Aims,
    iterates: Iterates,
    *,
    met: float,
    steps: int,
    least_damping: float,
    allowed: FloatArray | None = None,
    given_up: Callable[[], bool] = lambda: False,
) -> int | None:
    """Improve networks side by side; return the number of the first that fits, or None.

    Parameters
    ----------
    data : Intervals
        What to fit.
    signs, aims, iterates, least_damping, allowed
        As for `levenberg_step`.
    met : float
        Largest violation of a network that fits.
    steps : int
        At most.
    given_up : callable
        Asked before each step.
    """
    for _ in range(steps):
        fitting = data.violation(iterates.values) <= met
        if fitting.any():
            return int(fitting.argmax())
        if given_up():
            return None
        levenberg_step(
            data.rows, signs, aims, iterates,
            affine=data.affine, least_damping=least_damping, allowed=allowed,
        )  # fmt: skip
    return None


def levenberg_step(
    rows: FloatArray,
    signs: FloatArray,
    aims: Aims,
    iterates: Iterates,
    *,
    affine: bool,
    least_damping: float,
    allowed: FloatArray | None = None,
) -> None:
    """Take a damped step from each network where that lowers its loss, and adapt its damping.

    Parameters
    ----------
    rows, signs, affine
        As for `evaluate`.
    aims : tuple of arrays (N,)
        Ends of the intervals that values are to lie in.
    iterates : Iterates
        Changed in place.
    least_damping : float
        Smallest damping.
    allowed : array, optional
        As for `damped_steps`.
    """
    neurons, values, factors, loss, damping = iterates
    errors = np.clip(values, *aims) - values
    moved = neurons + damped_steps(rows, factors, errors, damping, allowed)
    new_values, new_factors = evaluate(rows, moved, signs, affine=affine)
    new_loss = interval_loss(new_values, aims)
    better = new_loss < loss
    neurons[better], values[better], factors[better], loss[better] = (
        moved[better],
        new_values[better],
        new_factors[better],
        new_loss[better],
    )
    damping[:] = np.clip(damping * np.where(better, _EASED, _HARDENED), least_damping, _MAX_DAMPING)


def interval_loss(values: FloatArray, aims: Aims) -> FloatArray:
    """Return the sum of squared distances (R,) of values (R, N) from intervals."""
    return np.asarray(((np.clip(values, *aims) - values) ** 2).sum(axis=1))


def evaluate(
    rows: FloatArray, neurons: FloatArray, signs: FloatArray, *, affine: bool
) -> tuple[FloatArray, FloatArray]:
    """Return values (R, N), and the derivative of each value by each block's input (R, B, N).

    Parameters
    ----------
    rows : array (N, r)
        Homogeneous inputs in any coordinates.
    neurons : array (R, B, r)
        B blocks of each of R networks: folded neurons.
    signs : array (R, B)
        Output signs; the entry of an affine block is 1.
    affine : bool
        Whether the last block is an affine term, which is active everywhere.
    """
    inputs = neurons @ rows.T
    factors = np.where(inputs > 0, signs[:, :, None], 0.0)
    if affine:
        factors[:, -1] = 1.0
    return np.einsum("rbn,rbn->rn", factors, inputs), factors


def damped_steps(
    rows: FloatArray,
    factors: FloatArray,
    errors: FloatArray,
    damping: FloatArray,
    allowed: FloatArray | None = None,
) -> FloatArray:
    """Return the steps (R, B, r) that minimise ``|J step - errors|^2 + damping |step|^2``.

    Parameters
    ----------
    rows, factors : arrays (N, r), (R, B, N)
        As for, and from, `evaluate`.
    errors : array (R, N)
        Wanted change of the values; samples with zero pull at nothing.
    damping : array (R,)
        Positive.
    allowed : array (R, B, r), optional
        1 where an entry may move, 0 where it may not.
    """
    if len(errors) == 1:  # samples that pull at nothing need not be looked at
        pulled = errors[0] != 0
        rows, factors, errors = rows[pulled], factors[:, :, pulled], errors[:, pulled]
    starts, blocks, n = factors.shape
    if n == 0:
        return np.zeros((starts, blocks, rows.shape[1]))
    pulling = factors * (errors != 0)[:, None, :]
    jacobian = pulling.transpose(0, 2, 1)[..., None] * rows[:, None, :]
    if allowed is not None:
        jacobian *= allowed[:, None]
    jacobian = jacobian.reshape(starts, n, -1)
    transposed = jacobian.transpose(0, 2, 1)
    size = min(jacobian.shape[1:])
    diagonal = np.arange(size)
    if jacobian.shape[2] == size:
        normal = transposed @ jacobian
        normal[:, diagonal, diagonal] += damping[:, None]
        steps = np.linalg.solve(normal, transposed @ errors[..., None])
    else:  # fewer samples than numbers: the same step from the smaller system
        gram = jacobian @ transposed
        gram[:, diagonal, diagonal] += damping[:, None]
        steps = transposed @ np.linalg.solve(gram, errors[..., None])
    return np.asarray(steps[..., 0].reshape(starts, blocks, -1), dtype=np.float64)
