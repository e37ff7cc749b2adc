"""The tope graph: cells of the data as nodes, a common facet as an edge."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sparsest.exact.cells.enumerate import Cells

if TYPE_CHECKING:
    import networkx

BoolArray = NDArray[np.bool_]


def pattern_graph(cells: Cells) -> "networkx.Graph[int]":
    """Return the graph of the cells, in which two are adjacent when one hyperplane separates them.

    It is connected, and distances in it count separating hyperplanes (Bjorner, Las Vergnas, Sturmfels,
    White and Ziegler, "Oriented Matroids", section 4.2).

    Parameters
    ----------
    cells : Cells
        C cells of N samples, as `enumerate_cells` returns them.

    Returns
    -------
    networkx.Graph
        Nodes 0 to C - 1 in the order of the cells, with the attribute `pattern`, a bool array (N,). Each
        edge has the attribute `sample`: the first row of X whose bit differs. Repetitions of a sample flip
        together and are one hyperplane.

    Examples
    --------
    >>> from sparsest.exact.cells.enumerate import enumerate_cells
    >>> graph = pattern_graph(enumerate_cells([[0.0], [1.0], [1.0]]))
    >>> sorted(graph.edges(data="sample"))
    [(0, 1, 1), (0, 2, 0), (1, 3, 0), (2, 3, 1)]
    """
    import networkx  # `import sparsest.exact` is to stay light

    samples = np.sort(np.unique(cells.patterns, axis=1, return_index=True)[1])
    distinct = cells.patterns[:, samples]
    graph: networkx.Graph[int] = networkx.Graph()
    graph.add_nodes_from((i, {"pattern": pattern}) for i, pattern in enumerate(cells.patterns))
    for sample, pairs in zip(samples.tolist(), _neighbours(distinct), strict=True):
        graph.add_edges_from(pairs.tolist(), sample=sample)
    return graph


def _neighbours(patterns: BoolArray) -> list[NDArray[np.intp]]:
    """Return for each column the pairs (E, 2) of rows that differ in this column only.

    They are the rows that agree before it and after it: both halves are numbered by sorting once each way.
    """
    count, size = patterns.shape
    forward = np.lexsort(patterns.T[::-1])
    backward = np.lexsort(patterns.T)
    first = np.argmax(patterns[forward[1:]] != patterns[forward[:-1]], axis=1)
    last = size - 1 - np.argmax((patterns[backward[1:]] != patterns[backward[:-1]])[:, ::-1], axis=1)
    prefix, suffix = np.empty(count, dtype=np.intp), np.empty(count, dtype=np.intp)
    pairs = []
    for column in range(size):
        prefix[forward] = np.r_[0, np.cumsum(first < column)]
        suffix[backward] = np.r_[0, np.cumsum(last > column)]
        keys = prefix * count + suffix
        order = np.argsort(keys, kind="stable")
        equal = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
        pairs.append(np.stack([order[equal], order[equal + 1]], axis=1))
    return pairs
