"""The master problem of the Benders method: cheapest elements that satisfy every cut, as a Pyomo model."""

import dataclasses
import importlib.metadata
import io
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import highspy
import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError, SolverError
from sparsest.exact.mip.counted_elements import Elements, IntArray

# A bound on a count may be rounded up to the next integer when it is above it by more than this.
_BOUND_ROUNDING = 1e-6

# Any two values of the master's objective differ by at least 1, so this gap loses nothing.
_ABSOLUTE_GAP = 0.99

# Options of solvers known by name: gaps and tolerances, and what the time limit (seconds) is called.
_OPTIONS: Mapping[str, Mapping[str, float]] = {
    "highs": {
        "mip_feasibility_tolerance": tolerances.MIP_INTEGRALITY,
        "primal_feasibility_tolerance": tolerances.LP_FEASIBILITY,
        "dual_feasibility_tolerance": tolerances.LP_FEASIBILITY,
    },
    "gurobi": {
        "MIPGap": 0.0,
        "MIPGapAbs": _ABSOLUTE_GAP,
        "IntFeasTol": tolerances.MIP_INTEGRALITY,
        "FeasibilityTol": tolerances.LP_FEASIBILITY,
        "OptimalityTol": tolerances.LP_FEASIBILITY,
    },
    "scip": {
        "limits/gap": 0.0,
        "limits/absgap": _ABSOLUTE_GAP,
        "numerics/feastol": tolerances.LP_FEASIBILITY,
    },
    "cbc": {
        "ratioGap": 0.0,
        "allowableGap": _ABSOLUTE_GAP,
        "integerTolerance": tolerances.MIP_INTEGRALITY,
        "primalTolerance": tolerances.LP_FEASIBILITY,
        "dualTolerance": tolerances.LP_FEASIBILITY,
    },
    "glpk": {"mipgap": 0.0},
}
_TIME_LIMIT = {"gurobi": "TimeLimit", "scip": "limits/time", "cbc": "sec", "glpk": "tmlim"}


@dataclasses.dataclass(frozen=True, eq=False)
class MasterSolution:
    """What one solve of the master says: a lower bound, and its solution (E,) if one was found."""

    lower_bound: int
    chosen: IntArray | None
    finished: bool


class HittingSet:
    """Minimise ``costs @ z`` over binary z (E,) with ``rows @ z >= 1``, by any MIP solver that Pyomo knows.

    Parameters
    ----------
    elements : Elements
        Costs of the binaries, and which of them require another one.
    solver : str
        Name of the solver, as Pyomo calls it; ``"highs"`` is always there.
    options : mapping, optional
        Handed to the solver as they are, after the package's own.

    Raises
    ------
    InputError
        When HiGHS does not know an option or its value; other solvers say so themselves, or ignore it.
    SolverError
        When Pyomo does not know the solver or cannot run it.
    """

    def __init__(
        self,
        elements: Elements,
        solver: str,
        options: Mapping[str, object] | None = None,
        *,
        repeated: bool = False,
    ) -> None:
        import pyomo.environ as pyo  # here, because importing Pyomo takes longer than solving small problems

        self._given = dict(options or {})
        if solver == "highs":
            _refuse_unknown_options(self._given)
        self._name = solver
        self._solver = _make_solver(solver)
        self._model = pyo.ConcreteModel()
        self._elements, self._repeated = elements, repeated
        domain = pyo.NonNegativeIntegers if repeated else pyo.Binary
        self._model.z = pyo.Var(range(len(elements.costs)), domain=domain)
        self._model.count = pyo.Objective(expr=self._linear(elements.costs))
        self._model.cuts = pyo.ConstraintList()
        for element in np.flatnonzero(elements.requires >= 0):
            needed = self._model.z[int(elements.requires[element])]
            self._model.cuts.add(needed - self._model.z[int(element)] >= 0)
        self._rows = np.zeros((0, len(elements.costs)))
        self.lower_bound = 0

    @property
    def version(self) -> str:
        """Names and versions of Pyomo and the solver."""
        version = self._solver.version()
        dotted = ".".join(map(str, version or ())).rstrip(".")
        return f"pyomo {importlib.metadata.version('pyomo')} / {self._name} {dotted}".rstrip()

    def add(self, row: FloatArray) -> None:
        """Add the cut ``row @ z >= 1``, row (E,) with entries in [0, 1]."""
        self._rows = np.concatenate([self._rows, row[None]])
        self._model.cuts.add((1, self._linear(row), None))

    def raise_bound(self, lower_bound: int) -> None:
        """Record that no solution costs less than `lower_bound`."""
        if lower_bound > self.lower_bound:
            self.lower_bound = lower_bound
            # lets the solver stop at the first solution that is this good
            self._model.cuts.add((lower_bound, self._linear(self._elements.costs), None))

    def _linear(self, coefficients: FloatArray) -> Any:
        from pyomo.core.expr.numeric_expr import LinearExpression

        used = np.flatnonzero(coefficients)
        variables = [self._model.z[int(element)] for element in used]
        return LinearExpression(linear_coefs=coefficients[used].tolist(), linear_vars=variables)

    def with_required(self, chosen: IntArray) -> IntArray:
        """Return `chosen` (E,), how often each element is used, with the elements that they require."""
        needing = self._elements.requires >= 0
        closed = chosen.copy()
        np.maximum.at(closed, self._elements.requires[needing], chosen[needing])
        return closed

    def cost(self, chosen: IntArray) -> int:
        """Return what the elements cost, used as often as `chosen` (E,) says."""
        return round(float(self._elements.costs @ chosen))

    def greedy(self, rng: np.random.Generator) -> IntArray:
        """Return numbers (E,) that satisfy every cut, by adding what gains most, then leaving out."""
        chosen = np.zeros(self._rows.shape[1], dtype=np.intp)
        noise = rng.uniform(0.8, 1.2, len(chosen))
        while np.any(short := self._shortage(chosen) > tolerances.LP_FEASIBILITY):
            missing = self._shortage(chosen)[short]
            gain = np.minimum(self._rows[short], missing[:, None]).sum(axis=0) * noise
            best = int(np.argmax(gain / self._extra_costs(chosen)))
            # as often as the first of the cuts that it serves asks for, at once
            served = self._rows[short][:, best]
            times = float((missing[served > 0] / served[served > 0]).min())
            chosen[best] += max(1, math.ceil(times - tolerances.LP_FEASIBILITY)) if self._repeated else 1
            chosen = self.with_required(chosen)
        for element in rng.permutation(np.repeat(np.arange(len(chosen)), chosen)):
            fewer = chosen.copy()
            fewer[element] -= 1
            closed = np.array_equal(self.with_required(fewer), fewer)
            if closed and np.all(self._shortage(fewer) <= tolerances.LP_FEASIBILITY):
                chosen = fewer
        return chosen

    def _shortage(self, chosen: IntArray) -> FloatArray:
        return np.asarray(1 - self._rows @ chosen, dtype=np.float64)

    def _extra_costs(self, chosen: IntArray) -> FloatArray:
        """Cost (E,) of using each element once more, with what it requires; infinite if it cannot be."""
        needed = self._elements.requires
        missing = (needed >= 0) & (chosen[needed] <= chosen)
        costs = self._elements.costs + np.where(missing, self._elements.costs[needed], 0.0)
        return costs if self._repeated else np.where(chosen > 0, np.inf, costs)

    def solve(self, time_limit: float) -> MasterSolution:
        """Solve within `time_limit` seconds (may be infinite) and remember the bound.

        Raises
        ------
        SolverError
            When the solver fails, or returns a point that is not a solution.
        """
        with _quiet():
            try:
                bound, finished = self._run(time_limit)
            except Exception as error:
                raise SolverError(f"solver {self._name!r} failed on the master problem: {error}") from error
            values = [self._model.z[e].value for e in range(self._rows.shape[1])]
        if bound is not None and math.isfinite(bound):
            self.raise_bound(math.ceil(bound - _BOUND_ROUNDING))
        chosen = None if None in values else np.rint(np.array(values, dtype=np.float64)).astype(np.intp)
        if finished and (chosen is None or np.any(self._rows @ chosen < 1 - 2 * _BOUND_ROUNDING)):
            raise SolverError(f"solver {self._name!r} returned a point that violates the master problem")
        return MasterSolution(self.lower_bound, chosen, finished)

    def _run(self, time_limit: float) -> tuple[float | None, bool]:
        """Return the solver's lower bound and whether it solved to optimality; load the solution into z."""
        for variable in self._model.z.values():
            variable.set_value(None)
        if self._name == "highs":
            return self._run_highs(time_limit)
        family = self._name.removeprefix("appsi_").partition("_")[0]
        options: dict[str, object] = dict(_OPTIONS.get(family, {}))
        if math.isfinite(time_limit) and family in _TIME_LIMIT:
            # some take whole seconds only, and zero means no limit
            options[_TIME_LIMIT[family]] = max(1, math.ceil(time_limit))
        results = self._solver.solve(self._model, load_solutions=False, options=options | self._given)
        finished = str(results.solver.termination_condition) == "optimal"
        if len(results.solution) or hasattr(results, "solution_loader"):
            self._model.solutions.load_from(results)
        bound = results.problem.lower_bound
        return (None if bound is None else float(bound)), finished

    def _run_highs(self, time_limit: float) -> tuple[float | None, bool]:
        """Use Pyomo's persistent interface, which passes new cuts only."""
        results = self._solver.solve(
            self._model,
            time_limit=time_limit if math.isfinite(time_limit) else None,
            rel_gap=0.0,
            abs_gap=_ABSOLUTE_GAP,
            solver_options=dict(_OPTIONS["highs"]) | self._given,
            load_solutions=False,
            raise_exception_on_nonoptimal_result=False,
        )
        if results.incumbent_objective is not None:
            results.solution_loader.load_vars()
        return results.objective_bound, results.termination_condition.name == "convergenceCriteriaSatisfied"


def available_solvers() -> list[str]:
    """Return the names among those known here that Pyomo can run on this machine."""
    return [name for name in _OPTIONS if name == "highs" or _legacy_solver(name) is not None]


def _make_solver(name: str) -> Any:
    if name == "highs":
        from pyomo.contrib.solver.common.factory import SolverFactory

        solver = SolverFactory("highs")
        updates = solver.config.auto_updates
        for setting in updates:
            updates[setting] = setting == "check_for_new_or_removed_constraints"
        return solver
    solver = _legacy_solver(name)
    if solver is None:
        raise SolverError(
            f"solver {name!r} is not known to Pyomo or not installed: "
            f"available are {', '.join(map(repr, available_solvers()))}"
        )
    return solver


def _refuse_unknown_options(options: Mapping[str, Any]) -> None:
    """Pyomo would ignore what HiGHS refuses."""
    trial = highspy.Highs()
    trial.setOptionValue("output_flag", False)
    for option, value in options.items():
        if trial.setOptionValue(option, value) != highspy.HighsStatus.kOk:
            raise InputError(f"mip_solver_options: HiGHS has no option {option!r} that may be {value!r}")


def _legacy_solver(name: str) -> Any | None:
    import pyomo.environ as pyo

    with _quiet():
        try:
            solver = pyo.SolverFactory(name)
            return solver if solver.available(exception_flag=False) else None
        except Exception:  # plugins of solvers that are not there fail in many ways
            return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Pyomo's log messages off the terminal; what matters is raised."""
    from pyomo.common.log import LoggingIntercept

    with LoggingIntercept(io.StringIO(), "pyomo"):
        yield
