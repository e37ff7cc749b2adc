"""Cells above the vertices of an affine arrangement, where any number of hyperplanes may meet.

Signs are read from the tables of a `Chart`, for many vertices at a time. The rows of a vertex are either all
hyperplanes of the chart, or those through a vertex found before: their traces on a plane just above it
(``w_k = 1`` in coordinates relative to the vertex) are an affine arrangement again, in the coordinates that
follow, with the chart's own directions as vertices and directions.
"""

import dataclasses
import itertools

import numpy as np
from numpy.typing import NDArray

from sparsest.exact.cells.arrangement import CHUNK, oriented_covectors
from sparsest.exact.cells.charts import Chart, Signs, check
from sparsest.exact.cells.packed_patterns import keys
from sparsest.exact.cells.subset_ranks import Subsets, numbers, numbers_without_each
from sparsest.progress import Deadline

BoolArray = NDArray[np.bool_]
Lines = NDArray[np.intp] | None
Owned = tuple[NDArray[np.intp], BoolArray]  # (M,) and (M, c): patterns, and what each belongs to


@dataclasses.dataclass(frozen=True, eq=False)
class Vertices:
    """Vertices of one or more affine arrangements of c hyperplanes each.

    Attributes
    ----------
    owners : array (m,)
        The arrangement that each is a vertex of.
    lines : array (m, c) or None
        Hyperplanes of that arrangement, as rows of the chart, increasing; None for all.
    subsets : array (m, s)
        The independent hyperplanes that meet there, as rows of the chart.
    signs : array (m, c)
        Side of each hyperplane on which the vertex is, or 0.
    """

    owners: NDArray[np.intp]
    lines: Lines
    subsets: Subsets
    signs: Signs

    def __getitem__(self, rows: BoolArray) -> "Vertices":
        lines = None if self.lines is None else self.lines[rows]
        return Vertices(self.owners[rows], lines, self.subsets[rows], self.signs[rows])


def vertices_at(chart: Chart, column: int, level: int, lines: Lines, subsets: Subsets) -> Vertices:
    """Return the vertices that subsets of independent hyperplanes have where ``w_(column + 1) = 1``.

    Parameters
    ----------
    chart : Chart
        Of dimension d.
    column : int
        The coordinate that is the anchor, counted from 0; -1 for the chart itself.
    level : int
        The vertex is infinitely low in the coordinates after the anchor and before this one.
    lines, subsets : arrays (m, c), (m, d - level)
        As in `Vertices`; every vertex is its own owner.
    """
    near = level == column + 1
    if near and column < 0:
        table = oriented_covectors(chart.vertices, subsets + 1)
        found = np.arange(len(subsets))
    else:
        table = chart.directions[column if near else level - 1]
        found = numbers(chart.binomials, subsets)
    signs = _entries(table, found, lines)
    independent = table[found, 0] != 0
    if not near:
        signs = -signs
        parallel = np.flatnonzero(independent & ((signs == 0).sum(axis=1) > subsets.shape[1]))
        if parallel.size:
            _, first, inverse = np.unique(found[parallel], return_index=True, return_inverse=True)
            constant = oriented_covectors(chart.trace(column, level), subsets[parallel[first]] + 1)
            values = _entries(constant, inverse, None if lines is None else lines[parallel])
            signs[parallel] = np.where(signs[parallel] == 0, values, signs[parallel])
    return Vertices(np.arange(len(subsets)), lines, subsets, signs)[independent]


def cells_above(chart: Chart, level: int, vertices: Vertices, deadline: Deadline) -> Owned:
    """Return the cells whose lowest points are these vertices, in coordinate `level` (counted from 0)."""
    crowded = (vertices.signs == 0).sum(axis=1) > vertices.subsets.shape[1]
    simple = vertices[~crowded]
    patterns = simple.signs > 0
    patterns[simple.signs == 0] = bits_above(chart, level, simple.subsets).ravel()
    owners = [simple.owners]
    blocks = [patterns]
    if crowded.any():
        several = vertices[crowded]
        several = several[_first_bases(chart, level, several)]
        counts = (several.signs == 0).sum(axis=1)
        for count in np.unique(counts):
            check(deadline)
            owner, block = _crowded_cells(chart, level, several[counts == count], int(count), deadline)
            owners.append(owner)
            blocks.append(block)
    return np.concatenate(owners), np.concatenate(blocks)


def bits_above(chart: Chart, level: int, subsets: Subsets) -> BoolArray:
    """Return the sign of each member on the edge that leaves it, upwards from the vertex of its subset."""
    if not subsets.shape[1]:
        return np.zeros(subsets.shape, dtype=np.bool_)
    without = numbers_without_each(chart.binomials, subsets)
    return np.asarray(chart.directions[level][without, subsets + 1] > 0)


def _first_bases(chart: Chart, level: int, vertices: Vertices) -> BoolArray:
    """Tell which subsets are the first basis of all hyperplanes through their vertex: one each.

    A basis is the lexicographically first when no other row has a component along a later member (the greedy
    algorithm would have taken it instead). The component is the row's sign on the edge without that member.
    """
    without = numbers_without_each(chart.binomials, vertices.subsets)
    lines = np.arange(chart.size) if vertices.lines is None else vertices.lines
    first = np.ones(len(without), dtype=np.bool_)
    for member, number in zip(vertices.subsets.T, without.T, strict=True):
        components = _entries(chart.directions[level], number, vertices.lines)
        earlier = (vertices.signs == 0) & (lines < member[:, None])
        first &= ~np.any(earlier & (components != 0), axis=1)
    return first


def _entries(table: Signs, rows: NDArray[np.intp], lines: Lines) -> Signs:
    """Return for each of the rows (m,) of a table its entries at the hyperplanes, without the anchor's."""
    return np.asarray(table[rows, 1:] if lines is None else table[rows[:, None], lines + 1])


def _crowded_cells(chart: Chart, level: int, vertices: Vertices, count: int, deadline: Deadline) -> Owned:
    """Return the cells above vertices at which `count` hyperplanes meet, more than necessary."""
    places = np.nonzero(vertices.signs == 0)[1].reshape(-1, count)
    lines = places if vertices.lines is None else np.take_along_axis(vertices.lines, places, axis=1)
    if vertices.subsets.shape[1] == 2:
        which, local = _gaps(chart, lines)
    else:
        which, local = _bounded_cells(chart, level, lines, deadline)
    patterns = (vertices.signs > 0)[which]
    np.put_along_axis(patterns, places[which], local, axis=1)
    return vertices.owners[which], patterns


def _gaps(chart: Chart, lines: NDArray[np.intp]) -> Owned:
    """Return the c - 1 bounded cells of each c points on a line (g, c), in the order of their slopes."""
    slopes, increasing = chart.slopes
    count, size = lines.shape
    order = np.argsort(slopes[lines], axis=1)
    ranks = np.argsort(order, axis=1)
    passed = ranks[:, None, :] <= np.arange(size - 1)[:, None]
    patterns = increasing[lines][:, None, :] == passed
    return np.repeat(np.arange(count), size - 1), patterns.reshape(-1, size)


def _bounded_cells(chart: Chart, column: int, lines: NDArray[np.intp], deadline: Deadline) -> Owned:
    """Return the bounded cells of each arrangement of c traces (g, c) on ``w_(column + 1) = 1``.

    All cells are enumerated. A pattern belongs to an unbounded one when its complement does, too: the two are
    opposite cells of the central arrangement, and a plane through their apex separates them.
    """
    owners, blocks = [], []
    for level in range(column + 1, chart.dimension + 1):
        chosen = _combinations(lines.shape[1], chart.dimension - level)
        most = max(1, CHUNK // (len(chosen) * lines.shape[1]))
        for start in range(0, len(lines), most):
            check(deadline)
            part = np.arange(start, min(start + most, len(lines)))
            owner = np.repeat(part, len(chosen))
            subsets = lines[part][:, chosen].reshape(len(owner), -1)
            vertices = vertices_at(chart, column, level, lines[owner], subsets)
            which, patterns = cells_above(chart, level, vertices, deadline)
            owners.append(owner[which])
            blocks.append(patterns)
    owner, patterns = np.concatenate(owners), np.concatenate(blocks)
    bounded = ~np.isin(_owned_keys(owner, patterns), _owned_keys(owner, ~patterns))
    return owner[bounded], patterns[bounded]


def _combinations(size: int, height: int) -> Subsets:
    found = list(itertools.combinations(range(size), height))
    return np.array(found, dtype=np.intp).reshape(len(found), height)


def _owned_keys(owners: NDArray[np.intp], patterns: BoolArray) -> NDArray[np.bytes_]:
    numbers = np.unpackbits(owners.astype(">u4")[:, None].view(np.uint8), axis=1).view(np.bool_)
    return keys(np.concatenate([numbers, patterns], axis=1))
