"""Provable answers: bounds on the fewest neurons, weights or parameters, and networks that attain them."""

from sparsest.exact.cells import Cells, count_in_general_position, enumerate_cells
from sparsest.exact.dispatch import METHODS, solve
from sparsest.exact.pattern_graph import pattern_graph
from sparsest.exact.univariate import PiecewiseLinear, interpolate

__all__ = [
    "METHODS",
    "Cells",
    "PiecewiseLinear",
    "count_in_general_position",
    "enumerate_cells",
    "interpolate",
    "pattern_graph",
    "solve",
]
