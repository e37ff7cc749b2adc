"""Provable answers: fewest neurons, weights or parameters, least path norms, networks that attain them."""

from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.enumerate import Cells, count_in_general_position, enumerate_cells, iterate_cells
from sparsest.exact.cells.tope_graph import pattern_graph
from sparsest.exact.line.fewest_knots import PiecewiseLinear, interpolate
from sparsest.exact.line.forced_knots import lower_bound_certificate
from sparsest.exact.outliers.search import solve_with_outliers
from sparsest.exact.p_star.p_star import certifies_threshold, cost_curves, threshold
from sparsest.exact.path_norm.least_path_norm import minimize_path_norm
from sparsest.exact.path_norm.one_feature import count_minimisers
from sparsest.exact.solver import METHODS, solve
from sparsest.exact.trade_off.curve import frontier
from sparsest.exact.trade_off.least_error import least_error

__all__ = [
    "METHODS",
    "Cells",
    "PiecewiseLinear",
    "TimeLimitError",
    "certifies_threshold",
    "cost_curves",
    "count_in_general_position",
    "count_minimisers",
    "enumerate_cells",
    "frontier",
    "interpolate",
    "iterate_cells",
    "least_error",
    "lower_bound_certificate",
    "minimize_path_norm",
    "pattern_graph",
    "solve",
    "solve_with_outliers",
    "threshold",
]
