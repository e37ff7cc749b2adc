"""Patterns at the vertices along lines of an affine arrangement, from the order of the vertices on each line.

A line on r - 2 hyperplanes meets the others in points. At one of them, a row is positive when it increases
along the line and its own point comes before, or decreases and comes after. So n numbers a line are computed
and sorted, and its n^2 bits are comparisons of ranks, a byte each.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.arithmetic.null_vectors import expansion_error, generic_normal, null_vectors
from sparsest.exact.cells.arrangement import Arrangement
from sparsest.exact.cells.subset_ranks import Subsets

BoolArray = NDArray[np.bool_]

# Places of the rows that contain the line: after all others, whose places must be below.
_LAST = 2.0**500


@dataclasses.dataclass(frozen=True, eq=False)
class Lines:
    """Some lines of an affine arrangement of n hyperplanes besides the anchor.

    Attributes
    ----------
    subsets : array (m, r - 2)
        The hyperplanes that contain each line, increasing.
    ranks : array (m, n)
        Place of each hyperplane's point on the line; meaningless for those that contain it.
    decreasing : array of bool (m, n)
        Whether the row falls along the line.
    certain : array of bool (m,)
        Whether rounding cannot have changed the order, nor a direction.
    """

    subsets: Subsets
    ranks: NDArray[np.unsignedinteger]
    decreasing: BoolArray
    certain: BoolArray

    def blocks(self, most: int) -> Iterator[tuple[Subsets, BoolArray, BoolArray]]:
        """Yield at most `most` vertices at a time: subsets, patterns with anchor, and which are certain.

        Each vertex is on several lines; it counts for the one that leaves out its first hyperplane.
        """
        size = self.ranks.shape[1]
        counts = self.subsets[:, 0] if self.subsets.shape[1] else np.full(len(self.subsets), size)
        ends = np.cumsum(counts)
        for start in range(0, int(ends[-1]), most):
            numbers = np.arange(start, min(start + most, int(ends[-1])))
            line = np.searchsorted(ends, numbers, side="right")
            first = numbers - (ends - counts)[line]
            subsets = np.concatenate([first[:, None], self.subsets[line]], axis=1)
            yield subsets, self._patterns(line, first), self.certain[line]

    def _patterns(self, line: NDArray[np.intp], first: NDArray[np.intp]) -> BoolArray:
        patterns = np.ones((len(line), 1 + self.ranks.shape[1]), dtype=np.bool_)
        np.greater(self.ranks[line, first][:, None], self.ranks[line], out=patterns[:, 1:])
        patterns[:, 1:] ^= self.decreasing[line]
        return patterns


def lines_on(vertices: Arrangement, subsets: Subsets) -> Lines:
    """Return the lines on subsets (m, r - 2) of hyperplanes, the anchor being the first row of `vertices`."""
    others = vertices.floats[1:]
    along, start, side = _span(vertices, subsets)
    slopes, slope_error = _products(along, others)
    values, value_error = _products(start, others)
    with np.errstate(all="ignore"):  # where a slope may be zero the line is not certain
        places = -values * side / slopes
        errors = (value_error + np.abs(places) * slope_error) / (np.abs(slopes) - slope_error)
        errors += 4 * UNIT_ROUNDOFF * np.abs(places)
    known = (np.abs(slopes) > slope_error) & (np.abs(places) < _LAST)
    np.put_along_axis(known, subsets, True, axis=1)
    np.put_along_axis(places, subsets, _LAST * np.arange(1.0, subsets.shape[1] + 1)[None, :], axis=1)
    np.put_along_axis(errors, subsets, 0.0, axis=1)
    order = np.argsort(places, axis=1)
    ranks = np.empty(order.shape, dtype=np.min_scalar_type(order.shape[1]))
    np.put_along_axis(ranks, order, np.arange(order.shape[1], dtype=ranks.dtype)[None, :], axis=1)
    with np.errstate(all="ignore"):
        # neighbours that keep their order keep everything in order; doubled for the rounding of the bounds
        gaps = np.diff(np.take_along_axis(places, order, axis=1), axis=1)
        ends = np.take_along_axis(errors, order, axis=1)
        apart = (gaps > 2 * (ends[:, 1:] + ends[:, :-1])).all(axis=1)
    return Lines(subsets, ranks, slopes < 0, apart & known.all(axis=1) & (side[:, 0] != 0))


Vectors = tuple[FloatArray, FloatArray]  # (m, r) each: vectors, and margins as `null_vectors` has them


def _span(vertices: Arrangement, subsets: Subsets) -> tuple[Vectors, Vectors, FloatArray]:
    """Return a vector along each line, one to some point of it, and the certain sign (m, 1) of its anchor."""
    anchor = vertices.floats[:1]
    along = _null_with(vertices, subsets, anchor)
    start = _null_with(vertices, subsets, generic_normal(vertices.rank)[None, ::-1])
    products, error = _products(start, anchor)
    return along, start, np.where(np.abs(products) > error, np.sign(products), 0.0)


def _null_with(vertices: Arrangement, subsets: Subsets, row: FloatArray) -> Vectors:
    rows = np.broadcast_to(row, (len(subsets), *row.shape))
    matrices = np.concatenate([vertices.floats[subsets + 1], rows], axis=1)
    return null_vectors(matrices, expansion_error(vertices.rank))


def _products(vectors: Vectors, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return products (m, n), and a bound (m, 1) on their errors."""
    largest = np.abs(rows).max(axis=0)
    return vectors[0] @ rows.T, (vectors[1] @ largest)[:, None] + tolerances.UNDERFLOW
