"""Every activation pattern that a ReLU neuron can have on the data: the cells of a central arrangement.

The hyperplanes ``{u : xh_i . u = 0}`` with ``xh_i = (x_i, 1)`` cut R^(d+1) into cones. Each cone, modulo the
subspace on which all ``xh_i . u`` vanish, touches a ray that is orthogonal to r - 1 independent rows. At such
a ray every other bit is known, and the bits of the rows that vanish there may be any pattern of *those* rows,
an arrangement of rank r - 1 (see `sparsest.exact.localization`).
"""

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest.arrays import FloatArray, exact_floats
from sparsest.errors import InputError
from sparsest.exact.arrangement import make_arrangement
from sparsest.exact.cell_points import interior_points, make_coordinates
from sparsest.exact.localization import cells_and_ray_sums
from sparsest.problem import Problem

# Entries of `Cells.patterns`, a byte each: a gigabyte. The work arrays take about as much again.
MAX_PATTERN_ENTRIES = 10**9

# Pairs of a ray and a pattern at that ray: some 2 to 5 million a second, so about a minute.
MAX_CANDIDATES = 2 * 10**8

BoolArray = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, eq=False)
class Cells:
    """The full-dimensional cells of the arrangement of some data.

    Attributes
    ----------
    patterns : array of bool (C, N)
        Every cell once, rows in lexicographic order; the columns are the samples as given, so repeated
        samples have equal columns.
    points : array (C, d + 1)
        A vector strictly inside each cell, largest entry 1 in absolute value: with the data and the vector
        taken exactly, ``xh_i . u > 0`` where the bit is set and ``< 0`` where it is not. A row of nan marks
        a cell so thin that no such float64 vector was found; its pattern is right all the same. That takes
        samples that are almost degenerate, to within rounding: decimals on a grid, where the floats of three
        points on a line are not quite collinear (5 percent of the cells of ``0.1 * (i, j)``, i and j < 10).
    """

    patterns: BoolArray
    points: FloatArray


def count_in_general_position(n_samples: int, rank: int) -> int:
    """Return the number of cells of `n_samples` hyperplanes in general position, an upper bound for any.

    Parameters
    ----------
    n_samples : int
        Number of distinct samples, at least 1.
    rank : int
        Rank of ``[X, 1]``: d + 1, unless the data are degenerate.

    Notes
    -----
    Cover, "Geometrical and statistical properties of systems of linear inequalities with applications in
    pattern recognition", 1965, Theorem 1.

    Examples
    --------
    >>> count_in_general_position(4, 3)
    14
    """
    return 2 * sum(math.comb(n_samples - 1, k) for k in range(rank))


def enumerate_cells(X: ArrayLike) -> Cells:
    """Enumerate the cells that the samples X (N, d) cut the space of neurons into.

    Signs are decided exactly, so repeated, collinear or otherwise degenerate samples, constant or dependent
    features and any mixture of scales are all welcome. Time grows with ``C(N, r - 1) (N + 2^(r - 1))`` for
    rank r, close to the number of cells for small r.

    Parameters
    ----------
    X : array-like (N, d)
        Inputs, taken exactly as binary floats.

    Raises
    ------
    InputError
        When X is not a finite matrix, or has so many cells that they would fill the memory.

    Examples
    --------
    >>> enumerate_cells([[0.0], [1.0]]).patterns.astype(int)
    array([[0, 0],
           [0, 1],
           [1, 0],
           [1, 1]])
    """
    inputs = _finite_matrix(X)
    first, inverse, ranks = _distinct(inputs)
    coordinates = make_coordinates(inputs[first])
    arrangement = make_arrangement(coordinates.integers)
    _refuse_large(len(inputs), len(first), inputs.shape[1], arrangement.rank)
    patterns, ray_sums = cells_and_ray_sums(arrangement, ranks)
    points = interior_points(coordinates, arrangement, patterns, ray_sums)
    return Cells(patterns[:, inverse], points)


def _finite_matrix(X: ArrayLike) -> FloatArray:
    """Check X as `Problem` does, by asking for a function without any demands on it."""
    inputs = exact_floats(X, "X")
    free = np.full(inputs.shape[:1], np.inf)
    return Problem.from_intervals(inputs, -free, free).X


def _distinct(inputs: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return first rows of the distinct samples, the distinct sample of each row, and lexicographic ranks.

    Distinct samples are in order of first appearance, so that patterns sorted by their bits are also sorted
    by the bits of all rows.
    """
    _, first, inverse = np.unique(inputs, axis=0, return_index=True, return_inverse=True)
    ranks = np.argsort(first)
    positions = np.argsort(ranks)
    return first[ranks], positions[inverse], ranks


def _refuse_large(n_samples: int, n_distinct: int, n_features: int, rank: int) -> None:
    count = count_in_general_position(n_distinct, rank)
    candidates = math.comb(n_distinct, rank - 1) * 2 ** (rank - 1)
    if count * n_samples > MAX_PATTERN_ENTRIES or candidates > MAX_CANDIDATES:
        raise InputError(
            f"up to {count:.3g} cells for N = {n_samples} samples and d = {n_features} features "
            f"(rank {rank}, {candidates:.3g} candidates) are too many to enumerate: "
            f"use fewer samples or fewer features, or a method without cells (the activation tree)"
        )
