"""Provable answers: fewest neurons, weights or parameters, least path norms, networks that attain them."""

from sparsest.exact.cell_charts import TimeLimitError
from sparsest.exact.cells import Cells, count_in_general_position, enumerate_cells, iterate_cells
from sparsest.exact.curvature_certificate import lower_bound_certificate
from sparsest.exact.dispatch import METHODS, PROOF_NOT_WRITTEN, solve
from sparsest.exact.path_norm import minimize_path_norm
from sparsest.exact.path_norm_univariate import count_minimisers
from sparsest.exact.pattern_graph import pattern_graph
from sparsest.exact.threshold import certifies_threshold, cost_curves, threshold
from sparsest.exact.univariate import PiecewiseLinear, interpolate

__all__ = [
    "METHODS",
    "PROOF_NOT_WRITTEN",
    "Cells",
    "PiecewiseLinear",
    "TimeLimitError",
    "certifies_threshold",
    "cost_curves",
    "count_in_general_position",
    "count_minimisers",
    "enumerate_cells",
    "interpolate",
    "iterate_cells",
    "lower_bound_certificate",
    "minimize_path_norm",
    "pattern_graph",
    "solve",
    "threshold",
]
