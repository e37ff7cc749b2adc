"""Signs of a central hyperplane arrangement, decided exactly: a float filter, then integers in doubt.

The rows h_i of an integer matrix (n, r) of rank r cut R^r into cones. A *ray* of the arrangement is the null
vector of r - 1 independent rows S, and its *covector* the signs of all ``h_i . ray = det(h_S, h_i)``.
They are computed in floats first; error bounds tell which signs are certain, and the others are recomputed
with Python integers.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.echelon import pivots
from sparsest.exact.arithmetic.null_vectors import (
    MAX_EXPANDED_RANK,
    exact_null_vectors,
    expansion_error,
    null_vectors,
    work_per_matrix,
)

IntegerArray = NDArray[np.object_]  # entries are Python integers

# Number of floats in one chunk of work: 2 MB, which stays in cache; large against call overhead.
CHUNK = 2**18


@dataclasses.dataclass(frozen=True, eq=False)
class Arrangement:
    """An arrangement of n central hyperplanes in r independent coordinates, no two of them equal.

    Attributes
    ----------
    integers : array (n, r)
        Normal vectors, Python integers, of rank r: the given ones times the transposed basis.
    basis : array (r, m)
        Integer coordinates w in R^r stand for the vector ``basis.T @ w`` of the given space R^m.
    floats : array (n, r)
        ``integers / scales``, correctly rounded; no entry exceeds 1.
    scales : array (r,)
        A power of two a column.
    error : float
        Bound on the error of an expanded float determinant, relative to the permanent; 0 when the integers
        are so small that every determinant is computed without rounding.
    """

    integers: IntegerArray
    basis: IntegerArray
    floats: FloatArray
    scales: IntegerArray
    error: float

    @property
    def size(self) -> int:
        """Number of hyperplanes."""
        return len(self.integers)

    @property
    def rank(self) -> int:
        """Dimension of the space, and rank of the normal vectors."""
        return int(self.integers.shape[1])


@dataclasses.dataclass(frozen=True, eq=False)
class Rays:
    """Some rays of an arrangement, one of each antipodal pair.

    Attributes
    ----------
    subsets : array (m, r - 1)
        The independent rows that each ray is orthogonal to.
    covectors : array (m, n)
        Exact sign, -1, 0 or 1, of every hyperplane on each ray.
    vectors : array (m, r)
        The rays in the scaled coordinates of ``Arrangement.floats``, rounded, largest entry 1.
    """

    subsets: NDArray[np.intp]
    covectors: NDArray[np.int8]
    vectors: FloatArray

    def __getitem__(self, rows: NDArray[Any]) -> "Rays":
        return Rays(self.subsets[rows], self.covectors[rows], self.vectors[rows])


def exact_integers(values: FloatArray) -> tuple[IntegerArray, int]:
    """Return integers and one exponent e with ``values == integers * 2**e`` exactly."""
    mantissas, exponents = np.frexp(values)
    digits = np.ldexp(mantissas, 53).astype(np.int64)
    lowest = int(exponents[digits != 0].min()) if digits.any() else 53
    shifts = np.where(digits != 0, exponents - lowest, 0)
    return np.left_shift(digits.astype(object), shifts.astype(object)), lowest - 53


def make_arrangement(normals: IntegerArray) -> Arrangement:
    """Take normal vectors (n, m) of any rank r to r coordinates, and prepare the float filter for them.

    Lattice reduction of the columns (Lenstra, Lenstra and Lovasz 1982) finds the small integers behind data
    that were moved by an affine map, and nearly orthogonal columns otherwise, which the filter needs.
    """
    columns = _independent_columns(normals)
    reduced, transform = flint.fmpz_mat(normals[:, columns].T.tolist()).lll(True)
    integers = _to_array(reduced).T
    basis = np.zeros((len(columns), normals.shape[1]), dtype=np.int64).astype(object)
    basis[:, columns] = _to_array(transform)
    rank = len(columns)
    largest = [max(map(abs, column)) for column in integers.T.tolist()]
    scales = np.array([1 << value.bit_length() for value in largest], dtype=object)
    # Every partial sum of a determinant is an integer below this bound, hence a float when it is below 2**53.
    no_rounding = rank <= MAX_EXPANDED_RANK and math.factorial(rank) * math.prod(largest) < 2**53
    error = 0.0 if no_rounding else expansion_error(rank)
    # Division of Python integers is correctly rounded whatever their size.
    return Arrangement(integers, basis, (integers / scales).astype(np.float64), scales, error)


def _independent_columns(normals: IntegerArray) -> NDArray[np.intp]:
    """Return columns that span the column space, from the last one on: the bias never drops out."""
    width = normals.shape[1]
    echelon, _, rank = flint.fmpz_mat(normals[:, ::-1].tolist()).rref()
    return np.sort(width - 1 - np.array(pivots(echelon, rank), dtype=np.intp))


def _to_array(matrix: flint.fmpz_mat) -> IntegerArray:
    return np.array([[int(entry) for entry in row] for row in matrix.tolist()], dtype=object)


def rays(arrangement: Arrangement) -> Iterator[Rays]:
    """Yield every ray in chunks, once for each of its independent subsets of r - 1 rows."""
    size, rank = arrangement.size, arrangement.rank
    chunk = max(1, CHUNK // max(size, work_per_matrix(rank)))
    subsets = itertools.combinations(range(size), rank - 1)
    while block := list(itertools.islice(subsets, chunk)):
        yield rays_of(arrangement, np.array(block, dtype=np.intp).reshape(len(block), rank - 1))


def rays_of(arrangement: Arrangement, subsets: NDArray[np.intp]) -> Rays:
    """Return the rays of the subsets (m, r - 1), without the subsets that are dependent."""
    covectors, vectors = covectors_of(arrangement, subsets)
    independent = vectors.any(axis=1)
    lengths = np.abs(vectors[independent]).max(axis=1, keepdims=True)
    return Rays(subsets[independent], covectors[independent], vectors[independent] / lengths)


def covectors_of(arrangement: Arrangement, subsets: NDArray[np.intp]) -> tuple[NDArray[np.int8], FloatArray]:
    """Return exact covector (m, n) and rounded vector (m, r) of each subset; zero where it is dependent."""
    vectors, margins = null_vectors(arrangement.floats[subsets], arrangement.error)
    products = vectors @ arrangement.floats.T
    covectors = np.sign(products).astype(np.int8)
    np.put_along_axis(covectors, subsets, np.int8(0), axis=1)
    if arrangement.error:
        bounds = margins @ np.abs(arrangement.floats).T
        doubtful = np.abs(products) <= bounds + tolerances.UNDERFLOW
        np.put_along_axis(doubtful, subsets, False, axis=1)
        _decide(arrangement, subsets, doubtful, covectors, vectors)
    return covectors, vectors


def oriented_covectors(arrangement: Arrangement, subsets: NDArray[np.intp]) -> NDArray[np.int8]:
    """Return the covectors (m, n) with the sign of the first row positive; zero where it vanishes."""
    covectors, _ = covectors_of(arrangement, subsets)
    return covectors * covectors[:, :1]


def exact_rays(arrangement: Arrangement, subsets: NDArray[np.intp]) -> IntegerArray:
    """Return the null vectors (m, r) of the subsets in integers; zero where the subset is dependent."""
    return exact_null_vectors(arrangement.integers[subsets], arrangement.scales)


def rays_in_lowest_terms(normals: IntegerArray) -> IntegerArray:
    """Return all rays (R, m) of an arrangement of rank m, both directions of each line, entries coprime.

    Parameters
    ----------
    normals : array (n, m)
        Normal vectors, Python integers; some may be parallel.
    """
    arrangement = make_arrangement(normals)
    found: dict[tuple[int, ...], None] = {}
    for block in rays(arrangement):
        for vector in (exact_rays(arrangement, block.subsets) @ arrangement.basis).tolist():
            common = math.gcd(*vector)
            for sign in (1, -1):
                found[tuple(sign * entry // common for entry in vector)] = None
    return np.array(list(found), dtype=object).reshape(len(found), normals.shape[1])


def _decide(
    arrangement: Arrangement,
    subsets: NDArray[np.intp],
    doubtful: NDArray[np.bool_],
    covectors: NDArray[np.int8],
    vectors: FloatArray,
) -> None:
    """Overwrite the doubtful signs, and the vectors they came from, by exact ones."""
    pairs, rows = np.nonzero(doubtful)
    if not pairs.size:
        return
    which, inverse = np.unique(pairs, return_inverse=True)
    exact = exact_rays(arrangement, subsets[which])
    products = (exact[inverse] * arrangement.integers[rows]).sum(axis=1)
    covectors[pairs, rows] = np.sign(products).astype(np.int8)
    scaled = exact * arrangement.scales
    lengths = np.maximum(np.abs(scaled).max(axis=1, keepdims=True), 1)
    vectors[which] = (scaled / lengths).astype(np.float64)
