"""Provable answers: bounds on the fewest neurons, weights or parameters, and networks that attain them."""

from sparsest.exact.cell_charts import TimeLimitError
from sparsest.exact.cells import Cells, count_in_general_position, enumerate_cells, iterate_cells
from sparsest.exact.curvature_certificate import lower_bound_certificate
from sparsest.exact.dispatch import METHODS, PROOF_NOT_WRITTEN, solve
from sparsest.exact.pattern_graph import pattern_graph
from sparsest.exact.univariate import PiecewiseLinear, interpolate

__all__ = [
    "METHODS",
    "PROOF_NOT_WRITTEN",
    "Cells",
    "PiecewiseLinear",
    "TimeLimitError",
    "count_in_general_position",
    "enumerate_cells",
    "interpolate",
    "iterate_cells",
    "lower_bound_certificate",
    "pattern_graph",
    "solve",
]
