"""A HiGHS instance with the project's options, for linear programs that are solved again and again."""

from collections.abc import Mapping

import highspy
import numpy as np
import scipy.sparse as sp

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import SolverError

_COMMON = {
    "output_flag": False,
    # "threads" stays unset: HiGHS has one scheduler a process, whose size the first run of any instance
    # fixes, and refuses to run with another number; a serial simplex uses one thread anyway
    "parallel": "off",
    "primal_feasibility_tolerance": tolerances.LP_FEASIBILITY,
    "dual_feasibility_tolerance": tolerances.LP_FEASIBILITY,
}


def new_solver(options: Mapping[str, object] | None = None) -> highspy.Highs:
    """Return a silent, serial HiGHS instance with tight tolerances and these options besides.

    Raises
    ------
    SolverError
        When HiGHS refuses an option.
    """
    solver = highspy.Highs()
    for name, value in {**_COMMON, **(options or {})}.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS {solver.version()} refused option {name} = {value!r}")
    return solver


def load_program(
    solver: highspy.Highs, cost: FloatArray, columns: FloatArray, matrix: sp.csr_array, rows: FloatArray
) -> None:
    """Load ``min cost . x`` over ``columns[0] <= x <= columns[1]``, ``rows[0] <= matrix @ x <= rows[1]``.

    Parameters
    ----------
    solver : highspy.Highs
        From `new_solver`.
    cost : array (n,)
        Costs.
    columns : array (2, n)
        Lower and upper ends of the variables, infinite ones allowed.
    matrix : sparse array (m, n)
        Row by row.
    rows : array (2, m)
        Lower and upper ends of the rows.
    """
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_ = cost
    lp.col_lower_, lp.col_upper_ = np.ascontiguousarray(columns, dtype=np.float64)
    lp.row_lower_, lp.row_upper_ = np.ascontiguousarray(rows, dtype=np.float64)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    solver.passModel(lp)
