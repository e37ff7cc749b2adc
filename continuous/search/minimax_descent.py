"""Descend to a least largest error: linear programs for the step, as long as they can be trusted.

With activation patterns fixed the values are linear in the neurons, so the step that makes the largest error
least is a linear program. Within a box around the neurons few patterns change; the box grows where the
program foretold the error well, and shrinks where it did not (sequential linear programming for minimax
problems: Madsen 1975). A step may cross hyperplanes of samples, which a program over one pattern cannot. It
ends where small steps gain nothing, which is a local minimum, or a kink: a neuron with its knot on a sample.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from scipy.optimize import linprog

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.gauss_newton import evaluate
from sparsest.progress import Deadline

# Half of the box around the neurons at first, as a share of their size, and the largest: at 1 a neuron may
# turn.
_REACH, _MAX_REACH = 0.3, 4.0
# Factors of the box after a program that foretold the gain well, and after one that did not.
_WIDENED, _NARROWED = 2.0, 0.25
# Shares of the foretold gain that a step has to attain to be taken, and to be called foretold well.
_TAKEN, _WELL = 0.1, 0.7
# The descent ends at a box, or a foretold gain, below this share of the neurons' size, or of the error.
_LEAST_REACH: Final = 1e-9
_LEAST_GAIN: Final = 1e-9
# Rows of a program at first: so many of the largest errors for each number; then those that it made larger.
_ROWS_A_NUMBER, _MIN_ROWS = 8, 100
_ROUNDS: Final = 4
# About the seconds of a program for each number of its matrix and each column.
_SECONDS_A_NUMBER: Final = 1e-8


@dataclasses.dataclass(frozen=True)
class Labels:
    """What to come near, scaled to about one.

    Attributes
    ----------
    rows : array (N, r)
        Homogeneous inputs in any coordinates.
    labels : array (N,)
        To be attained.
    below, above : arrays (N,)
        What errors below and above the labels are measured in.
    affine : bool
        Whether the last block of a network is an affine term.
    movable : array (r,), optional
        1 for the coordinates in which that may move, 0 for the others; by default it may in all.
    """

    rows: FloatArray
    labels: FloatArray
    below: FloatArray
    above: FloatArray
    affine: bool
    movable: FloatArray | None = None

    def errors(self, values: FloatArray) -> FloatArray:
        """Return the error (N,) of each value, not negative."""
        off = values - self.labels
        return np.maximum(off / self.above, -off / self.below)


def minimax_descent(
    data: Labels,
    neurons: FloatArray,
    signs: FloatArray,
    given_up: Callable[[int], bool],
    steps: int,
    deadline: Deadline,
) -> tuple[FloatArray, float]:
    """Return neurons (B, r) of a largest error that small steps lower no more, and that error.

    Parameters
    ----------
    data : Labels
        What to come near.
    neurons : array (B, r)
        Where to begin; the last block is the affine term if there is one.
    signs : array (B,)
        Output signs; 1 for the affine term.
    given_up : callable
        Asked before each linear program, with the numbers in its matrix.
    steps : int
        Linear programs at most.
    deadline : Deadline
        Programs that would outlast it are not begun, and one that does counts for nothing.
    """
    movable = np.ones(neurons.shape)
    if data.affine and data.movable is not None:
        movable[-1] = data.movable
    columns = np.flatnonzero(movable.ravel())
    values, jacobian = _linearised(data, neurons, signs)
    error, reach = float(data.errors(values).max()), _REACH
    for _ in range(steps):
        looked_at = max(_MIN_ROWS, _ROWS_A_NUMBER * len(columns))
        rows = np.argsort(-data.errors(values), kind="stable")[:looked_at]
        hopeless = reach < _LEAST_REACH or error == 0 or len(columns) == 0
        if hopeless or given_up(2 * len(rows) * len(columns)):
            break
        step = _program(data, values, jacobian[:, columns], rows, reach * _size(neurons, signs), deadline)
        if step is None:
            break
        moved = neurons.copy()
        moved.ravel()[columns] += step
        foretold = error - float(data.errors(values + jacobian[:, columns] @ step).max())
        if foretold <= _LEAST_GAIN * error:
            break
        new_values, new_jacobian = _linearised(data, moved, signs)
        gain = error - float(data.errors(new_values).max())
        if gain >= _TAKEN * foretold:
            neurons, values, jacobian, error = moved, new_values, new_jacobian, error - gain
        if gain < _WELL * foretold:
            reach *= _NARROWED
        else:
            reach = min(_WIDENED * reach, _MAX_REACH)
    return neurons, error


def _size(neurons: FloatArray, signs: FloatArray) -> float:
    """Return the size of the neurons' entries, about one where there are only small ones."""
    return max(float(np.abs(neurons).max(initial=0.0)), 1.0)


def _linearised(data: Labels, neurons: FloatArray, signs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the values (N,) of a network, and their derivative (N, B * r) by its numbers."""
    if len(neurons) == 0:
        return np.zeros(len(data.rows)), np.zeros((len(data.rows), 0))
    values, factors = evaluate(data.rows, neurons[None], signs[None], affine=data.affine)
    jacobian = factors[0].T[:, :, None] * data.rows[:, None, :]
    return values[0], jacobian.reshape(len(data.rows), -1)


def _program(
    data: Labels, values: FloatArray, jacobian: FloatArray, rows: np.ndarray, reach: float, deadline: Deadline
) -> FloatArray | None:
    """Return the step (m,) within a box after which the largest error is least, as far as that is linear.

    Errors outside `rows` are looked at afterwards, and taken in where they have become the largest.
    """
    # in units of the largest error, so that what a solver neglects is small beside it
    m, unit = jacobian.shape[1], float(data.errors(values).max())
    step = None
    options: Any = {"primal_feasibility_tolerance": tolerances.LP_FEASIBILITY}
    for _ in range(_ROUNDS):
        # HiGHS looks at its limit too rarely, in large dense programs once in a minute
        if _SECONDS_A_NUMBER * 2 * len(rows) * m * m > deadline.remaining:
            return step
        if deadline.limit is not None:
            options["time_limit"] = deadline.remaining
        part, off = jacobian[rows], (values[rows] - data.labels[rows]) / unit
        found = linprog(
            np.r_[np.zeros(m), 1.0],
            A_ub=np.r_[np.c_[part, -data.above[rows]], np.c_[-part, -data.below[rows]]],
            b_ub=np.r_[-off, off],
            bounds=[(-reach / unit, reach / unit)] * m + [(0.0, None)],
            method="highs-ds",
            options=options,
        )
        if found.status != 0 or found.x is None:
            return step
        step = unit * np.asarray(found.x[:-1], dtype=np.float64)
        errors = data.errors(values + jacobian @ step)
        worse = np.flatnonzero(errors > unit * (found.x[-1] + _LEAST_GAIN))
        new = np.setdiff1d(worse, rows)
        if new.size == 0:
            return step
        rows = np.r_[rows, new[np.argsort(-errors[new], kind="stable")][: len(rows)]]
    return step
