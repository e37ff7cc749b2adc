"""Coordinates in which every linear program about the same data is well scaled."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.columns import with_columns
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.whitening import orthonormal

IntArray = NDArray[np.integer[Any]]


class Coordinates:
    """A change of coordinates in which the data are centred and orthonormal: tolerances mean the same on all.

    ``[X, 1] = rows @ basis``; a neuron u acts through ``z = basis @ u``. Multipliers of rows are the same
    in both. With a weight bound the columns are only centred and scaled, because the bound is about them.
    With a constant one coordinate is the constant function 1, so that an affine term without slopes is one
    whose other coordinates are zero: those with ``affine`` 0.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._constant = problem.affine is Affine.CONSTANT
        # a sample as the centre: differences of nearby floats are exact, those to their mean are not
        middle = problem.X.min(axis=0) / 2 + problem.X.max(axis=0) / 2
        nearest = np.abs(problem.X - middle).argmin(axis=0)
        self._centre = problem.X[nearest, np.arange(problem.n_features)]
        centred = np.c_[problem.X - self._centre, np.ones(problem.n_samples)]
        size = np.abs(centred).max(axis=0)
        self.exponents = np.where(size > 0, np.frexp(size)[1], 0)
        scaled = np.ldexp(centred, -self.exponents)
        constant = 0
        if problem.weight_bound is not None:
            self.rows, back, constant = scaled, np.eye(len(size)), len(size) - 1
        elif problem.affine is Affine.CONSTANT:
            self.rows, back = _beside_constant(scaled)
        else:
            self.rows, back = orthonormal(scaled)
        self._back = np.ldexp(back.T, -self.exponents[:, None])
        self.affine = np.ones(self.rows.shape[1])
        if problem.affine is Affine.CONSTANT:
            self.affine[:] = np.arange(self.rows.shape[1]) == constant
        self.scale = float(np.ldexp(1.0, np.frexp(problem.label_scale)[1]))

    @functools.cached_property
    def with_columns(self) -> tuple[FloatArray, IntArray]:
        """``[X, 1]`` and columns (N, 3 d + 1), divided by powers of two so that none exceeds 1; and which."""
        table = with_columns(self._problem.homogeneous)
        size = np.abs(table).max(axis=0)
        exponents = np.where(size > 0, np.frexp(size)[1], 0)
        return np.ldexp(table, -exponents), exponents

    def original(self, coordinates: FloatArray) -> FloatArray:
        """Return neurons (K, d + 1) in the problem's units from the program's coordinates (K, r)."""
        neurons = coordinates @ self._back.T * self.scale
        neurons[:, -1] -= neurons[:, :-1] @ self._centre
        return np.asarray(neurons, dtype=np.float64)

    def network(self, neurons: FloatArray, signs: Sequence[float]) -> Network | None:
        """Return neurons (K, r), and an affine term after them if there is one, in the problem's units.

        None when that leaves the range of floats.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            folded = self.original(neurons)
        if not np.isfinite(folded).all():
            return None
        width = len(signs)
        if len(folded) == width:
            return Network.from_folded(folded, signs)
        term = folded[width]
        if self._constant:
            term[:-1] = 0.0
        return Network.from_folded(folded[:width], signs, term)

    def bound(self, problem: Problem) -> FloatArray:
        """Return the weight bound in the program's coordinates (d,)."""
        limit = float(problem.weight_bound or 0.0) / self.scale
        return np.ldexp(limit, self.exponents[:-1])


def _beside_constant(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """As `orthonormal` where the last column is constant, with a first coordinate that is 1."""
    means = columns[:, :-1].mean(axis=0)
    size = float(columns[0, -1])
    first = np.r_[np.zeros(len(means)), 1 / size]
    moved = columns[:, :-1] - means
    if not moved.any():
        return np.ones((len(columns), 1)), first[None]
    rows, back = orthonormal(moved)
    slopes = np.r_[back.T, -(means / size)[None] @ back.T]
    return np.c_[np.ones(len(columns)), rows], np.c_[first, slopes].T
