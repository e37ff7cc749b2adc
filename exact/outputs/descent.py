"""Levenberg's descent of networks with several outputs towards their intervals, in floats.

Unlike those of a single output (`sparsest.gauss_newton`), the numbers of a neuron multiply each other, input
weights with output weights, so that both move in each step.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.outputs.coordinates import UnitCoordinates, balanced, unit_neurons
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem

# Steps of a descent; those of planted networks that arrive take some ten to forty.
STEPS: Final = 80
# Steps within which the squared distance must halve.
_PATIENCE: Final = 15
# Squared distance, of labels of size one, at which a descent has arrived.
_ARRIVED: Final = 1e-24
# Damping at first, its factors after a better and a worse step, and where a descent gives up.
_FIRST, _EASED, _HARDENED, _LEAST, _MOST = 1e-2, 0.3, 4.0, 1e-14, 1e8
# Share of an interval's width that is aimed at inside its end.
_INSIDE: Final = 0.25
# Numbers of a Jacobian beyond which a step takes a second or more.
MAX_JACOBIAN: Final = 20_000_000


def jacobian_size(problem: MultiOutputProblem, width: int) -> int:
    """Return the numbers of the Jacobian of a network of so many neurons."""
    d, m = problem.n_features, problem.n_outputs
    numbers = width * (d + 1 + m) + (m * (d + 1) if problem.has_affine_term else 0)
    return problem.n_samples * m * numbers


class SharedDescent:
    """A problem in coordinates of size one, and descents towards its intervals."""

    def __init__(self, problem: MultiOutputProblem) -> None:
        self.problem = problem
        self._scales = problem.label_scales
        self._scales[self._scales == 0] = 1.0
        self._unit = UnitCoordinates(problem.X, problem.affine, self._scales)
        self.rows, self._term = self._unit.rows, self._unit.term
        low, high = problem.low / self._scales, problem.high / self._scales
        width = high - low
        room = np.where(np.isfinite(width), _INSIDE * width, 0.05)
        self._low, self._high = low + room, high - room

    def arrives(
        self, neurons: FloatArray, given_up: Callable[[], bool], outputs: FloatArray | None = None
    ) -> MultiOutputNetwork | None:
        """Return a network near some neurons that meets all aims; None where a descent gets stuck.

        Parameters
        ----------
        neurons : array (K, d + 1)
            In the coordinates of `rows`.
        given_up : callable
            Asked before each step.
        outputs : array (K, m), optional
            Output weights to begin with, of labels of size one; by default the best ones.
        """
        u = unit_neurons(neurons)
        v, a = self._best_outputs(u) if outputs is None else (outputs, self._no_term())
        loss, damping = self._loss(u, v, a), _FIRST
        before, halved = loss, 0
        for number in range(STEPS):
            if loss <= _ARRIVED:
                return self._unit.network(u, v, a)
            if loss < before / 2:
                before, halved = loss, number
            if given_up() or damping > _MOST or number - halved > _PATIENCE:
                return None
            step = self._step(u, v, a, damping)
            moved = tuple(x + dx for x, dx in zip((u, v, a), step, strict=True))
            new = self._loss(*moved)
            if new < loss:
                (u, v), a, loss = balanced(*moved[:2]), moved[2], new
                damping = max(damping * _EASED, _LEAST)
            else:
                damping *= _HARDENED
        return None

    def in_own_coordinates(self, neurons: FloatArray) -> FloatArray:
        """Return neurons (K, d + 1) of the problem's coordinates in those of `rows`."""
        return self._unit.neurons(neurons)

    def _no_term(self) -> FloatArray:
        return np.zeros((self._term.shape[1], len(self._scales)))

    def _best_outputs(self, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the output weights and affine terms of least squares towards the middles of the aims."""
        matrix = np.c_[np.maximum(self.rows @ u.T, 0.0), self._term]
        aims = np.clip(0.0, self._low, self._high)
        finite = np.isfinite(self._low) & np.isfinite(self._high)
        aims = np.where(finite, (np.where(finite, self._low, 0) + np.where(finite, self._high, 0)) / 2, aims)
        found = np.asarray(np.linalg.lstsq(matrix, aims, rcond=1e-12)[0])
        return found[: len(u)], found[len(u) :]

    def _loss(self, u: FloatArray, v: FloatArray, a: FloatArray) -> float:
        values = self._unit.values(u, v, a)
        return float(((np.clip(values, self._low, self._high) - values) ** 2).sum())

    def _step(
        self, u: FloatArray, v: FloatArray, a: FloatArray, damping: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the damped Gauss-Newton step of all numbers."""
        n, m, width, size = len(self.rows), v.shape[1], len(u), self.rows.shape[1]
        inputs = self.rows @ u.T
        active, features = inputs > 0, np.maximum(inputs, 0.0)
        values = features @ v + self._term @ a
        errors = np.clip(values, self._low, self._high) - values
        by_u = np.einsum("ik,kj,ir->ijkr", active, v, self.rows).reshape(n * m, width * size)
        by_v = np.einsum("ik,jl->ijkl", features, np.eye(m)).reshape(n * m, width * m)
        by_a = np.einsum("ir,jl->ijrl", self._term, np.eye(m)).reshape(n * m, a.size)
        pulled = (errors != 0).ravel()
        jacobian = np.c_[by_u, by_v, by_a][pulled]
        normal = jacobian.T @ jacobian
        normal[np.diag_indices_from(normal)] += damping
        step = np.linalg.solve(normal, jacobian.T @ errors.ravel()[pulled])
        cut = width * size
        return (
            step[:cut].reshape(u.shape),
            step[cut : cut + v.size].reshape(v.shape),
            step[cut + v.size :].reshape(a.shape),
        )
