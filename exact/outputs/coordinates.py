"""Inputs and networks in coordinates of size one, in which descents move."""

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.multi_output_network import MultiOutputNetwork


class UnitCoordinates:
    """Inputs with middle 0 and spread 1, outputs of size one, and networks in them.

    Parameters
    ----------
    X : array (N, d)
        Inputs.
    affine : Affine
        Which affine term each output may have.
    scales : array (m,)
        The size of each output.

    Attributes
    ----------
    rows : array (N, d + 1)
        Inputs in these coordinates, and a column of ones.
    term : array (N, t)
        What the affine terms multiply: nothing, ones, or rows.
    """

    def __init__(self, X: FloatArray, affine: Affine, scales: FloatArray) -> None:
        self._affine, self._scales = affine, scales
        self._middle = X.mean(axis=0)
        self._spread = np.ptp(X, axis=0)
        self._spread[self._spread == 0] = 1.0
        self.rows = np.c_[(X - self._middle) / self._spread, np.ones(len(X))]
        self.term = {
            Affine.NONE: np.zeros((len(X), 0)),
            Affine.CONSTANT: self.rows[:, -1:],
            Affine.SKIP: self.rows,
        }[affine]

    def neurons(self, neurons: FloatArray) -> FloatArray:
        """Return neurons (K, d + 1) of the data's coordinates in these."""
        weights, biases = neurons[:, :-1], neurons[:, -1]
        return np.asarray(np.c_[weights * self._spread, biases + weights @ self._middle])

    def values(self, u: FloatArray, v: FloatArray, a: FloatArray) -> FloatArray:
        """Return the values (N, m) of neurons u (K, d + 1), output weights v (K, m) and terms a (t, m)."""
        return np.asarray(np.maximum(self.rows @ u.T, 0.0) @ v + self.term @ a)

    def network(self, u: FloatArray, v: FloatArray, a: FloatArray) -> MultiOutputNetwork:
        """Return the network in the data's coordinates."""
        weights = u[:, :-1] / self._spread
        biases = u[:, -1] - weights @ self._middle
        affine = None
        if self._affine is not Affine.NONE:
            affine = np.zeros((len(self._scales), self.rows.shape[1]))
            affine[:, self.rows.shape[1] - len(a) :] = (a * self._scales).T
            if self._affine is Affine.SKIP:
                affine[:, :-1] /= self._spread
                affine[:, -1] -= affine[:, :-1] @ self._middle
        return MultiOutputNetwork(weights, biases, v * self._scales, affine)


def unit_neurons(neurons: FloatArray) -> FloatArray:
    """Return neurons (K, d + 1) of length one."""
    return np.asarray(neurons / np.maximum(np.linalg.norm(neurons, axis=1, keepdims=True), 1e-300))


def balanced(u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the same neurons with input weights (K, d + 1) and output weights (K, m) of one size."""
    sizes = np.sqrt(
        np.maximum(np.linalg.norm(v, axis=1), 1e-100) / np.maximum(np.linalg.norm(u, axis=1), 1e-100)
    )[:, None]
    return u * sizes, v / sizes
