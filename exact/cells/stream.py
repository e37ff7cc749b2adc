"""Every cell of a central arrangement once, in blocks: each cell where its lowest point is.

In a chart with generic coordinates a cell that is bounded below in w_1 has exactly one lowest vertex. The
others reach every hyperplane ``w_1 = -M`` that is low enough, and what they leave on it is a cell of the
arrangement of the traces, with one dimension less: they have a lowest vertex there, in w_2, or reach
``w_2 = -M'``, and so on. So each cell belongs to a vertex of the plane ``w_1 = -M, ..., w_k = -M_k``, for
one k, and no list of cells found so far is needed. A vertex on d - k hyperplanes has one cell above it: in
general position this is Cover's count ``sum_k C(n, d - k)``, term by term.

More than d - k hyperplanes through a vertex have as many cells above it as their traces on a plane just above
it have bounded cells: a smaller chart, of which all cells are enumerated. A cell T of it is unbounded when
its opposite -T is also one.

The M are infinitely large. On ``w_1 = -M, ..., w_k = -M_k`` a row has the sign that it has far along the last
of these directions, unless it is parallel to that flat; then it is constant on the flat.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sparsest.exact.cells.arrangement import CHUNK, IntegerArray, make_arrangement
from sparsest.exact.cells.charts import Chart, central_chart, check
from sparsest.exact.cells.crowded_vertices import bits_above, cells_above, vertices_at
from sparsest.exact.cells.subset_ranks import Subsets
from sparsest.exact.cells.vertex_lines import lines_on
from sparsest.progress import Deadline

BoolArray = NDArray[np.bool_]

# Cells in one block of the 2^n patterns of independent rows.
_PATTERNS_AT_ONCE = 2**14


def upper_cells(rows: IntegerArray, deadline: Deadline) -> Iterator[BoolArray]:
    """Yield blocks of patterns (m, n): each cell on the positive side of the first row once.

    The other cells are their complements.

    Parameters
    ----------
    rows : array (n, m)
        Normal vectors, Python integers, not zero, no two of them parallel.
    deadline : Deadline
        Looked at before each block.

    Raises
    ------
    TimeLimitError
        When the time is up.
    InputError
        When the tables that it needs would fill the memory.
    """
    vertices = make_arrangement(rows)
    if vertices.rank == len(rows):
        yield from _all_patterns(len(rows), deadline)
    else:
        yield from _chart_cells(central_chart(rows, vertices, deadline), deadline)


def _all_patterns(size: int, deadline: Deadline) -> Iterator[BoolArray]:
    """Yield every pattern of independent rows: the binary numbers, first bit set."""
    shifts = np.arange(size - 1, -1, -1)
    for start in range(2 ** (size - 1), 2**size, _PATTERNS_AT_ONCE):
        check(deadline)
        numbers = np.arange(start, min(start + _PATTERNS_AT_ONCE, 2**size))
        yield (numbers[:, None] >> shifts & 1).astype(np.bool_)


def _chart_cells(chart: Chart, deadline: Deadline) -> Iterator[BoolArray]:
    """Yield blocks of patterns (m, 1 + n), the anchor's bit first and set."""
    for level in range(chart.dimension, 0, -1):
        for _, subsets in chart.subset_blocks(chart.dimension - level):
            check(deadline)
            yield _cells_at(chart, level, subsets, deadline)
    for _, subsets in chart.subset_blocks(chart.dimension - 1):
        lines = lines_on(chart.vertices, subsets)
        for simple, patterns, certain in lines.blocks(max(1, CHUNK // chart.size)):
            check(deadline)
            np.put_along_axis(patterns, simple + 1, bits_above(chart, 0, simple), axis=1)
            yield patterns if certain.all() else patterns[certain]
            if not certain.all():
                yield _cells_at(chart, 0, simple[~certain], deadline)


def _cells_at(chart: Chart, level: int, subsets: Subsets, deadline: Deadline) -> BoolArray:
    _, patterns = cells_above(chart, level, vertices_at(chart, -1, level, None, subsets), deadline)
    return np.concatenate([np.ones((len(patterns), 1), dtype=np.bool_), patterns], axis=1)
