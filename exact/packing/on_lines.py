"""Curved sets of three samples on a line, near or far, in data that have lines: tables and grids."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from sparsest.exact.line.collinear_samples import axis_of
from sparsest.exact.line.forced_knots import Triple, triples_on_lines
from sparsest.exact.packing.candidates import Candidates, standardized
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Sets that are kept.
MAX_ON_LINES: Final = 4000


def sets_on_lines(problem: Problem, together: Sequence[Triple], deadline: Deadline) -> Candidates:
    """Return triples that force knots on lines: given ones first, then those of each line along an axis.

    Of lines in other directions than those of the axes there are thousands on a grid, and they cost seconds.

    Parameters
    ----------
    problem : Problem
        Of binary floats, with distinct inputs.
    together : sequence of triples
        Those that prove the most together, on any lines.
    deadline : Deadline
        Ends the search for more.
    """
    triples = dict.fromkeys(together)
    if problem.n_features > 1:
        for triple in triples_on_lines(problem):
            triples[triple] = None
            if deadline.expired or len(triples) >= MAX_ON_LINES:
                break
    table = np.array(list(triples), dtype=np.intp).reshape(-1, 4)
    width = problem.n_features + 2
    samples, weights = np.zeros((len(table), width), np.intp), np.zeros((len(table), width))
    samples[:, :3] = table[:, :3]
    for row, (a, b, c, sign) in zip(weights, table, strict=True):
        axis = axis_of(problem.X, np.array([a, c]))
        start, middle, stop = problem.X[[a, b, c], axis] / 2  # halves, because differences may overflow
        share = (middle - start) / (stop - start)
        row[:3] = np.array([1 - share, -1.0, share]) * sign
    points = standardized(problem.X)
    length = np.linalg.norm(points[table[:, 2]] - points[table[:, 0]], axis=1)
    return Candidates(samples, weights, length)
