"""Levenberg's descent of networks whose largest output is to be that of a sample's class, in floats.

The squared hinge loss: each output that comes closer to that of the sample's class than the aim is pushed
away, so that a step sees those pairs of a sample and an output alone. Where all samples are right the outputs
are scaled to the margin that is asked for.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.classes.margins import with_margin
from sparsest.exact.outputs.coordinates import UnitCoordinates, balanced, unit_neurons
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork

# Steps of a descent; those that arrive take ten to a hundred.
STEPS: Final = 400
# Steps within which the loss must fall by a tenth.
_PATIENCE, _FALLEN = 10, 0.9
# The gap that is aimed at in outputs of size one, and the share of it from which on a network is taken:
# scaling makes a margin of any gap, and float rounding is far below.
_AIM, _ENOUGH = 1.0, 0.05
# Damping at first, its factors after a better and a worse step, and where it is stuck.
_FIRST, _EASED, _HARDENED, _LEAST, _MOST = 1e-1, 0.4, 3.0, 1e-9, 1e6
# What the weight of samples that are not right is multiplied by where a descent is stuck.
_HEAVIER: Final = 4.0
# Numbers of the Jacobian of a step, which takes a tenth of a second then; of more pairs those that are
# furthest from their aim are taken.
_MAX_JACOBIAN: Final = 3_000_000
# Numbers of neurons beyond which no descent is begun.
_MAX_NUMBERS: Final = 20_000
# Penalty on the least squares that output weights begin with.
_RIDGE: Final = 1e-6


class GapDescent:
    """A problem of several classes in coordinates of size one, and descents towards its gaps."""

    def __init__(self, problem: MultiClassProblem) -> None:
        self.problem = problem
        self._unit = UnitCoordinates(problem.X, problem.affine, np.ones(problem.n_outputs))
        self.rows, self._term = self._unit.rows, self._unit.term
        self._own = np.arange(problem.n_samples), problem.labels
        self._weights = np.ones(problem.n_samples)

    def in_own_coordinates(self, neurons: FloatArray) -> FloatArray:
        """Return neurons (K, d + 1) of the problem's coordinates in those of `rows`."""
        return self._unit.neurons(neurons)

    def arrives(self, neurons: FloatArray, given_up: Callable[[], bool]) -> MultiOutputNetwork | None:
        """Return a network near some neurons that has the margin in floats; None where a descent gets stuck.

        Parameters
        ----------
        neurons : array (K, d + 1)
            In the coordinates of `rows`.
        given_up : callable
            Asked before each step.
        """
        if neurons.size > _MAX_NUMBERS:
            return None
        for number, (u, v, a) in enumerate(self._path(neurons)):
            values = self._unit.values(u, v, a)
            if self.problem.least_gap(values) >= _ENOUGH * _AIM:
                return with_margin(self.problem, self._unit.network(u, v, a))
            if given_up() or number == STEPS:
                return None
        return None

    def closest(self, neurons: FloatArray, given_up: Callable[[], bool]) -> MultiOutputNetwork:
        """Return the network on the way down from some neurons that puts the most samples into their classes.

        Of equally many that of the smallest squared hinge loss, scaled to the margin that is asked for.
        """
        best, least = None, (math.inf, math.inf)
        for number, parts in enumerate(self._path(neurons)):
            short = self._short(self._unit.values(*parts))
            missed = np.count_nonzero(short.max(axis=1) >= _AIM)
            if (reached := (float(missed), float((short**2).sum()))) < least:
                best, least = parts, reached
            if given_up() or number == STEPS or least[1] == 0:
                break
        assert best is not None
        u, v, a = best
        return self._unit.network(u, v * self.problem.margin, a * self.problem.margin)

    def _path(self, neurons: FloatArray) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
        """Yield neurons (K, d + 1), output weights (K, m) and affine terms, step by step."""
        u = unit_neurons(neurons)
        v, a = self._best_outputs(u)
        self._weights = np.ones(len(self.rows))
        values = self._unit.values(u, v, a)
        loss, damping = self._loss(values), _FIRST
        before, fallen = loss, 0
        for number in itertools.count():
            yield u, v, a
            if loss < _FALLEN * before:
                before, fallen = loss, number
            if damping > _MOST or number - fallen > _PATIENCE:
                self._weigh_wrong_rows(values)
                loss, damping = self._loss(values), _FIRST
                before, fallen = loss, number
            step = self._step(u, v, values, damping)
            moved = u + step[0], v + step[1], a + step[2]
            values_there = self._unit.values(*moved)
            new = self._loss(values_there)
            if new < loss:
                (u, v), a, loss, values = balanced(*moved[:2]), moved[2], new, values_there
                damping = max(damping * _EASED, _LEAST)
            else:
                damping *= _HARDENED

    def _weigh_wrong_rows(self, values: FloatArray) -> None:
        """Give samples that are not right yet more weight, so that a descent goes on where it is stuck."""
        wrong = self._short(values).max(axis=1) > (1 - _ENOUGH) * _AIM
        self._weights[wrong] *= _HEAVIER
        self._weights /= self._weights.mean()

    def _best_outputs(self, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the output weights and affine terms of least squares towards 1 for the own class, else 0."""
        matrix = np.c_[np.maximum(self.rows @ u.T, 0.0), self._term]
        aims = self.problem.own_column.astype(np.float64)
        normal = matrix.T @ matrix + _RIDGE * len(aims) * np.eye(matrix.shape[1])
        found = np.linalg.solve(normal, matrix.T @ aims)
        return found[: len(u)], found[len(u) :]

    def _short(self, values: FloatArray) -> FloatArray:
        """Return by how much each output (N, m) falls short of the aim."""
        gaps = values[self._own][:, None] - values
        short = np.maximum(0.0, _AIM - gaps)
        short[self._own] = 0.0
        return np.asarray(short)

    def _loss(self, values: FloatArray) -> float:
        return float(self._weights @ (self._short(values) ** 2).sum(axis=1))

    def _step(
        self, u: FloatArray, v: FloatArray, values: FloatArray, damping: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the damped Gauss-Newton step of all numbers."""
        width, size, m, t = len(u), self.rows.shape[1], v.shape[1], self._term.shape[1]
        short = self._short(values)
        i, j = np.nonzero(short)
        missing = short[i, j]
        most = max(1, _MAX_JACOBIAN // (width * (size + m) + t * m))
        if len(i) > most:
            kept = np.argsort(-missing, kind="stable")[:most]
            i, j, missing = i[kept], j[kept], missing[kept]
        own, pairs = self.problem.labels[i], np.arange(len(i))
        rows = self.rows[i]
        inputs = rows @ u.T
        features = np.c_[np.maximum(inputs, 0.0), self._term[i]]
        pull = np.where(inputs > 0, (v[:, own] - v[:, j]).T, 0.0)
        by_u = (pull[:, :, None] * rows[:, None, :]).reshape(len(i), width * size)
        by_outputs = np.zeros((len(i), m, width + t))
        by_outputs[pairs, own] = features
        by_outputs[pairs, j] = -features
        jacobian = np.c_[by_u, by_outputs.reshape(len(i), -1)]
        root = np.sqrt(self._weights[i])
        step = _damped_step(jacobian * root[:, None], missing * root, damping)
        linear = step[width * size :].reshape(m, width + t).T
        return step[: width * size].reshape(u.shape), linear[:width], linear[width:]


def _damped_step(jacobian: FloatArray, missing: FloatArray, damping: float) -> FloatArray:
    """Return the step of damped least squares, by the smaller of the two normal systems."""
    few = len(jacobian) < jacobian.shape[1]
    normal = jacobian @ jacobian.T if few else jacobian.T @ jacobian
    normal[np.diag_indices_from(normal)] += damping * max(1.0, np.trace(normal) / len(normal))
    if few:
        return np.asarray(jacobian.T @ np.linalg.solve(normal, missing))
    return np.asarray(np.linalg.solve(normal, jacobian.T @ missing))
