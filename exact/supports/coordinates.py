"""Well-scaled coordinates of neurons that use some entries of their vectors only."""

from typing import NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.problem import Problem
from sparsest.whitening import orthonormal


class EntryCoordinates(NamedTuple):
    """Coordinates of the neurons that use given entries.

    Attributes
    ----------
    rows : array (N, r)
        The samples.
    back : array (r, d + 1)
        A neuron z of these coordinates is ``z @ back`` in the units of the inputs, zero elsewhere.
    """

    rows: FloatArray
    back: FloatArray


def entry_coordinates(problem: Problem, entries: tuple[int, ...], most: int) -> EntryCoordinates:
    """Return coordinates in which the samples' `entries` are orthonormal; centred if the bias is one.

    Parameters
    ----------
    problem : Problem
        The data.
    entries : tuple of int
        Columns of ``[X, 1]``, in order.
    most : int
        Coordinates that are kept at most: the rank of all columns, which rounding may hide.
    """
    d = problem.n_features
    features = [j for j in entries if j < d]
    X = problem.X[:, features]
    biased = d in entries
    centre = X[np.abs(X - X.mean(axis=0)).argmin(axis=0), np.arange(len(features))] * biased
    columns = np.c_[X - centre, np.ones((len(X), int(biased)))]
    size = np.abs(columns).max(axis=0, initial=0.0)
    exponents = np.where(size > 0, np.frexp(size)[1], 0)
    rows, back = orthonormal(np.ldexp(columns, -exponents))
    placed = np.zeros((len(back), d + 1))
    placed[:, list(entries)] = np.ldexp(back, -exponents)
    if biased:
        placed[:, d] -= placed[:, features] @ centre
    return EntryCoordinates(rows[:, :most], placed[:most])


def affine_block(coordinates: Coordinates) -> FloatArray:
    """Return the samples (N, q) in the coordinates that an affine term may use."""
    return coordinates.rows[:, coordinates.affine > 0]
