"""Affine charts of a central arrangement, and in each the directions of its edges.

A cell on the positive side of one row, the *anchor*, is a cell of an affine arrangement of n hyperplanes
``linear_i . w + constant_i = 0`` in R^d. Coordinates w are generic: every edge of the arrangement and of its
restrictions to ``w_1 = const``, ``w_1 = w_2 = const``, ... has a first free coordinate that is not constant.
"""

import contextlib
import dataclasses
import functools
import math
from collections.abc import Iterator
from fractions import Fraction

import flint
import numpy as np
from numpy.typing import NDArray

from sparsest.errors import InputError, SparsestError
from sparsest.exact.arithmetic.null_vectors import work_per_matrix
from sparsest.exact.cells.arrangement import (
    CHUNK,
    Arrangement,
    IntegerArray,
    make_arrangement,
    oriented_covectors,
)
from sparsest.exact.cells.subset_ranks import Subsets, binomials, subsets_between
from sparsest.progress import Deadline

# Bytes of the directions of a chart: they stay in memory while cells stream by. About 4 d / N of the bytes of
# all cells, packed.
MAX_DIRECTION_BYTES = 10**9

Signs = NDArray[np.int8]


class TimeLimitError(SparsestError, TimeoutError):
    """The time was up before the last cell was found.

    Examples
    --------
    >>> from sparsest import exact
    >>> try:
    ...     exact.enumerate_cells([[0, 0], [0, 1], [1, 0], [2, 3]], time_limit=1e-9)
    ... except exact.TimeLimitError as error:
    ...     print(error)
    the time limit ended the enumeration of cells after ... s
    """


class _NotGenericError(Exception):
    """Some edge is parallel to a coordinate plane: take other coordinates."""


@dataclasses.dataclass(frozen=True, eq=False)
class Chart:
    """An affine arrangement of n hyperplanes in R^d, no two of them equal, with n normals of rank d.

    Attributes
    ----------
    vertices : Arrangement
        The anchor and the n rows, of rank d + 1, in any coordinates.
    linear, constants : arrays (n, d), (n,)
        The hyperplanes in generic coordinates, Python integers.
    directions : list of arrays of int8 (C(n, d - 1 - k), 1 + n)
        For k = 0, ..., d - 1 and every subset of d - 1 - k normals the signs of ``linear_i . e`` on the
        direction e with ``e_1 = ... = e_k = 0``, ``e_(k + 1) > 0`` on which the subset vanishes. The first
        column is 1; dependent subsets have a row of zeros.
    """

    vertices: Arrangement
    linear: IntegerArray
    constants: IntegerArray
    directions: list[Signs]
    _traces: dict[tuple[int, int], Arrangement] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        """Number of hyperplanes besides the anchor."""
        return len(self.linear)

    @property
    def dimension(self) -> int:
        """Dimension d of the affine space."""
        return int(self.linear.shape[1])

    @functools.cached_property
    def binomials(self) -> NDArray[np.int64]:
        """Table of ``C(i, j)`` for i up to n and j up to d."""
        return binomials(self.size, self.dimension)

    @functools.cached_property
    def slopes(self) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Order of the normals by the zero of ``linear_(d - 1) + linear_d t``, and which of them increase."""
        values = [Fraction(-int(a), int(b)) for a, b in self.linear[:, -2:]]
        order = sorted(range(self.size), key=values.__getitem__)
        return np.argsort(order), (self.linear[:, -1] > 0).astype(np.bool_)

    def trace(self, column: int, level: int) -> Arrangement:
        """Return the arrangement with only one column (-1: the constants) and those from `level` on.

        Its first row is the anchor that is 1 on that one column and 0 on the others.
        """
        if (column, level) not in self._traces:
            values = self.constants if column < 0 else self.linear[:, column]
            rows = np.concatenate(
                [_unit(self.dimension - level + 1, -1), np.c_[self.linear[:, level:], values]]
            )
            self._traces[column, level] = make_arrangement(rows)
        return self._traces[column, level]

    def subset_blocks(self, size: int) -> Iterator[tuple[int, Subsets]]:
        """Yield number of the first, and members, of all subsets of `size` hyperplanes in blocks."""
        table = self.binomials[:, : size + 1]
        yield from subset_blocks(table, CHUNK // max(self.size, work_per_matrix(size + 1)))


def subset_blocks(table: NDArray[np.int64], most: int) -> Iterator[tuple[int, Subsets]]:
    """Yield number of the first, and members, of all subsets counted in `table`, at most `most` at a time."""
    total, most = int(table[-1, -1]), max(1, most)
    for start in range(0, total, most):
        yield start, subsets_between(table, start, min(start + most, total))


def central_chart(rows: IntegerArray, vertices: Arrangement, deadline: Deadline) -> Chart:
    """Return the chart in which the first of the rows (n + 1, m), no two of them parallel, is the anchor.

    `vertices` is the arrangement of these rows.

    Raises
    ------
    InputError
        When the directions would fill the memory.
    """
    pivot = int(np.flatnonzero(rows[0])[-1])
    others = np.delete(np.arange(rows.shape[1]), pivot)
    normals = rows[1:, others] * rows[0, pivot] - rows[1:, pivot, None] * rows[0, others]
    constants = rows[1:, pivot] * (1 if rows[0, pivot] > 0 else -1)
    reduced = make_arrangement(normals).integers
    _refuse_large(*reduced.shape)
    rng = np.random.default_rng(0)
    bits = 8
    while True:
        mixing = rng.integers(-(2**bits), 2**bits, size=(reduced.shape[1],) * 2)
        bits = min(2 * bits, 62)
        if flint.fmpz_mat(mixing.tolist()).det() == 0:
            continue
        with contextlib.suppress(_NotGenericError):
            return _chart_in(vertices, reduced @ mixing.astype(object), constants, deadline)


def _unit(size: int, place: int) -> IntegerArray:
    row = np.zeros((1, size), dtype=np.int64).astype(object)
    row[0, place] = 1
    return row


def _chart_in(
    vertices: Arrangement, linear: IntegerArray, constants: IntegerArray, deadline: Deadline
) -> Chart:
    """Compute the directions in the given coordinates, and check that these are generic."""
    directions = [_directions(linear, level, deadline) for level in range(linear.shape[1])]
    return Chart(vertices, linear, constants, directions)


def _refuse_large(size: int, dimension: int) -> None:
    total = (size + 1) * sum(math.comb(size, k) for k in range(dimension))
    if total > MAX_DIRECTION_BYTES:
        raise InputError(
            f"{size + 1} distinct samples of rank {dimension + 1} need {total:.3g} bytes for the directions "
            f"of edges, more than {MAX_DIRECTION_BYTES:.3g}: use fewer samples or fewer features, or a "
            f"method without cells (the activation tree)"
        )


def _directions(linear: IntegerArray, level: int, deadline: Deadline) -> Signs:
    size, dimension = linear.shape
    arrangement = make_arrangement(np.concatenate([_unit(dimension - level, 0), linear[:, level:]]))
    height = dimension - 1 - level
    table = binomials(size, height)
    found = np.empty((int(table[-1, -1]), 1 + size), dtype=np.int8)
    for start, subsets in subset_blocks(table, CHUNK // max(size, work_per_matrix(height + 1))):
        check(deadline)
        signs = oriented_covectors(arrangement, subsets + 1)
        found[start : start + len(signs)] = signs
        vanishing = subsets[signs[:, 0] == 0]
        if _any_independent(linear, vanishing):
            raise _NotGenericError
    return found


def _any_independent(linear: IntegerArray, subsets: Subsets) -> bool:
    height = subsets.shape[1]
    return any(flint.fmpz_mat(linear[subset].tolist()).rank() == height for subset in subsets)


def check(deadline: Deadline) -> None:
    """Raise `TimeLimitError` when the time is up."""
    if deadline.expired:
        raise TimeLimitError(f"the time limit ended the enumeration of cells after {deadline.seconds:.3g} s")
