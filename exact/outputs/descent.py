"""Levenberg's descent of networks with several outputs towards their intervals, in floats.

Unlike those of a single output (`sparsest.gauss_newton`), the numbers of a neuron multiply each other, input
weights with output weights, so that both move in each step.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
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
        self._middle = problem.X.mean(axis=0)
        self._spread = np.ptp(problem.X, axis=0)
        self._spread[self._spread == 0] = 1.0
        self.rows = np.c_[(problem.X - self._middle) / self._spread, np.ones(problem.n_samples)]
        self._scales = np.array([output.label_scale or 1.0 for output in problem.outputs])
        low, high = problem.low / self._scales, problem.high / self._scales
        width = high - low
        room = np.where(np.isfinite(width), _INSIDE * width, 0.05)
        self._low, self._high = low + room, high - room
        self._term = {
            Affine.NONE: np.zeros((len(self.rows), 0)),
            Affine.CONSTANT: self.rows[:, -1:],
            Affine.SKIP: self.rows,
        }[problem.affine]

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
        u = neurons / np.maximum(np.linalg.norm(neurons, axis=1, keepdims=True), 1e-300)
        v, a = self._best_outputs(u) if outputs is None else (outputs, self._no_term())
        loss, damping = self._loss(u, v, a), _FIRST
        before, halved = loss, 0
        for number in range(STEPS):
            if loss <= _ARRIVED:
                return self._network(u, v, a)
            if loss < before / 2:
                before, halved = loss, number
            if given_up() or damping > _MOST or number - halved > _PATIENCE:
                return None
            step = self._step(u, v, a, damping)
            moved = tuple(x + dx for x, dx in zip((u, v, a), step, strict=True))
            new = self._loss(*moved)
            if new < loss:
                (u, v, a), loss = self._balanced(*moved), new
                damping = max(damping * _EASED, _LEAST)
            else:
                damping *= _HARDENED
        return None

    def in_own_coordinates(self, neurons: FloatArray) -> FloatArray:
        """Return neurons (K, d + 1) of the problem's coordinates in those of `rows`."""
        weights, biases = neurons[:, :-1], neurons[:, -1]
        return np.asarray(np.c_[weights * self._spread, biases + weights @ self._middle])

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

    def _values(self, u: FloatArray, v: FloatArray, a: FloatArray) -> FloatArray:
        return np.asarray(np.maximum(self.rows @ u.T, 0.0) @ v + self._term @ a)

    def _loss(self, u: FloatArray, v: FloatArray, a: FloatArray) -> float:
        values = self._values(u, v, a)
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

    def _balanced(
        self, u: FloatArray, v: FloatArray, a: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the same function with input and output weights of a neuron of one size."""
        sizes = np.sqrt(
            np.maximum(np.linalg.norm(v, axis=1), 1e-100) / np.maximum(np.linalg.norm(u, axis=1), 1e-100)
        )[:, None]
        return u * sizes, v / sizes, a

    def _network(self, u: FloatArray, v: FloatArray, a: FloatArray) -> MultiOutputNetwork:
        """Return the network in the problem's own coordinates."""
        weights = u[:, :-1] / self._spread
        biases = u[:, -1] - weights @ self._middle
        affine = None
        if self.problem.has_affine_term:
            term = np.zeros((len(self._scales), self.rows.shape[1]))
            term[:, self.rows.shape[1] - len(a) :] = (a * self._scales).T
            if self.problem.affine is Affine.SKIP:
                term[:, :-1] /= self._spread
                term[:, -1] -= term[:, :-1] @ self._middle
            affine = term
        return MultiOutputNetwork(weights, biases, v * self._scales, affine)
