"""A HiGHS instance with the project's options, one place for all linear programs of the exact side."""

from collections.abc import Mapping

import highspy

from sparsest import tolerances
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
