"""The slot-based big-M mixed-integer program: K slots for neurons, one binary a sample and slot.

A neuron's inputs are written ``xh_i . u_k = h_ik - g_ik`` with ``h, g >= 0`` of which a binary lets one be
positive (Fischetti and Jo, "Deep neural networks and mixed integer linear optimization", Constraints 23,
2018). They fix the parameters and vary the input; for training it is the other way round, so each bound M
follows from the data and from a box ``|u_kj| <= box`` that the problem does not contain: what is proven
holds in that box only.

The output sign, which folding leaves, is one more binary a slot: ``h = p + n`` with ``p`` or ``n`` zero.
The alternative, K positive and K negative slots, has twice the binaries and was slower wherever a solve took
more than milliseconds. Equal slots are told apart by decreasing cost, and unused ones have inactive samples;
both are the usual symmetry breaking.
"""

import dataclasses
import importlib.metadata
import math
from collections.abc import Mapping
from typing import Any

import highspy
import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray, positive_number
from sparsest.benchmarks.suites.method_answer import MethodAnswer, TracePoint
from sparsest.errors import InputError, SolverError
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# A dual bound is rounded up to the next integer when it is above it by more than this.
_BOUND_ROUNDING = 1e-6

# Bounds of HiGHS beyond this mean that there is none yet.
_UNKNOWN = 1e20

# Seconds between looks for Ctrl-C, and the least that HiGHS is given when building used up the time.
_POLL, _SHORTEST = 0.1, 1e-3

_OPTIONS: Mapping[str, object] = {
    "threads": 1,
    "mip_rel_gap": 0.0,
    "mip_feasibility_tolerance": tolerances.MIP_INTEGRALITY,
    "primal_feasibility_tolerance": tolerances.LP_FEASIBILITY,
    "dual_feasibility_tolerance": tolerances.LP_FEASIBILITY,
}
_STATUSES = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
}


def slot_mip(
    problem: Problem,
    objective: Objective,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    box: float = 10.0,
    slots: int | None = None,
    solver: str = "highs",
) -> MethodAnswer:
    """Minimise the count over networks of at most `slots` neurons with every ``|u_kj| <= box``.

    Parameters
    ----------
    problem : Problem
        Any; a weight bound is applied to each slot, not to the sum of slots that share a cell. The skip is
        not boxed.
    objective : Objective
        What is counted: one binary a slot, or one an entry.
    seed : int
        HiGHS's random seed; other solvers are not told of it.
    time_limit : float, optional
        Seconds, building the model included.
    box : float
        Bound on every entry of a folded neuron, biases included.
    slots : int, optional
        Largest number of neurons; N by default.
    solver : str
        "highs", with one thread, no gap and tolerances of 1e-9, or any solver by its Pyomo name, with its
        own defaults and no trace.

    Returns
    -------
    MethodAnswer
        The network is what the solver's digits say (violations up to some 1e-8), entries with their binary
        at zero left out. The lower bound is ``ceil(dual bound)`` for networks in the box.

    Raises
    ------
    InputError
        When `box` is not positive, `slots` not a whole number of at least 1.
    SolverError
        When the solver is not available, or stops without an answer.
    """
    deadline = Deadline(time_limit)
    size = positive_number(box, "box")
    if slots is not None and (isinstance(slots, bool) or not isinstance(slots, int) or slots < 1):
        raise InputError(f"slots = {slots!r}: it must be a whole number, at least 1, or None for N")
    width = problem.n_samples if slots is None else slots
    model = _build(problem, objective, width, size, deadline)
    if deadline.expired:
        outcome = _Outcome("time_limit", False, -math.inf, 0, "")
    else:
        run = _run_highs if solver == "highs" else _run_pyomo
        outcome = run(model, solver, seed, deadline)
    return MethodAnswer(
        network=_decode(model, problem, objective) if outcome.found else None,
        status=outcome.status,
        lower_bound=_lower_bound(outcome, objective, width),
        proof="numerical",
        box=size,
        trace=outcome.trace,
        work=outcome.nodes,
        solver=outcome.version,
        options={"box": size, "slots": width, "solver": solver, "seed": seed, "time_limit": time_limit},
    )


@dataclasses.dataclass(frozen=True, eq=False)
class _Outcome:
    """What a solver says; a solution, if `found`, is in the model's variables."""

    status: str
    found: bool
    dual_bound: float
    nodes: int
    version: str
    trace: tuple[TracePoint, ...] = ()


def _lower_bound(outcome: _Outcome, objective: Objective, width: int) -> int:
    """Round the dual bound up; networks of more neurons than slots are not in the model."""
    # each neuron counts at least one, but for a constant one, whose bias `weights` does not count; there is
    # at most one of those, because the box, like a weight bound, is about one neuron a cell and sign
    beyond = width if objective is Objective.WEIGHTS else width + 1
    if outcome.status == "infeasible":
        return beyond
    if not math.isfinite(outcome.dual_bound):
        return 0
    return max(0, min(beyond, math.ceil(outcome.dual_bound - _BOUND_ROUNDING)))


def _build(problem: Problem, objective: Objective, width: int, box: float, deadline: Deadline) -> Any:
    """State the program in Pyomo; it stays incomplete when time runs out, which large N takes seconds to."""
    model = pyo.ConcreteModel()
    rows, columns = problem.homogeneous.shape
    limits = np.full(columns, box)
    if problem.weight_bound is not None:
        limits[:-1] = np.minimum(limits[:-1], problem.weight_bound)
    slots, samples = range(width), range(rows)
    model.u = pyo.Var(slots, range(columns), bounds=lambda _, k, j: (-float(limits[j]), float(limits[j])))
    model.activity = pyo.Var(slots, samples, domain=pyo.Binary)
    model.positive = pyo.Var(slots, domain=pyo.Binary)
    model.used = pyo.Var(slots, range(_binaries(objective, columns)), domain=pyo.Binary)
    for name in ("p", "n", "g"):
        setattr(model, name, pyo.Var(slots, samples, domain=pyo.NonNegativeReals))
    model.affine = pyo.Var(range(columns if problem.affine is Affine.SKIP else 0))
    model.rows = pyo.ConstraintList()
    big = np.abs(problem.homogeneous) @ limits
    for k in slots:
        if deadline.expired:
            return model
        _add_neuron(model, k, problem.homogeneous, big, limits, objective)
    _add_symmetry(model, objective, width)
    _add_intervals(model, problem, width)
    model.count = pyo.Objective(expr=_sum([(1.0, binary) for binary in model.used.values()]))
    return model


def _binaries(objective: Objective, columns: int) -> int:
    """Return how many binaries a slot has: one, or one for each entry that counts."""
    return {Objective.NEURONS: 1, Objective.WEIGHTS: columns - 1, Objective.PARAMETERS: columns}[objective]


def _sum(terms: list[tuple[float, Any]]) -> Any:
    return LinearExpression(linear_coefs=[c for c, _ in terms], linear_vars=[v for _, v in terms])


def _add_neuron(
    model: Any, k: int, homogeneous: FloatArray, big: FloatArray, limits: FloatArray, objective: Objective
) -> None:
    rows = model.rows
    counted = range(len(limits) - (objective is Objective.WEIGHTS))
    for j in counted:
        binary = model.used[k, 0 if objective is Objective.NEURONS else j]
        rows.add(_sum([(1.0, model.u[k, j]), (-float(limits[j]), binary)]) <= 0)
        rows.add(_sum([(-1.0, model.u[k, j]), (-float(limits[j]), binary)]) <= 0)
    for i, (sample, bound) in enumerate(zip(homogeneous, big.tolist(), strict=True)):
        p, n, g, active = model.p[k, i], model.n[k, i], model.g[k, i], model.activity[k, i]
        value = [(float(x), model.u[k, j]) for j, x in enumerate(sample) if x != 0]
        rows.add(_sum([*value, (-1.0, p), (-1.0, n), (1.0, g)]) == 0)
        rows.add(_sum([(1.0, p), (1.0, n), (-bound, active)]) <= 0)
        rows.add(_sum([(1.0, g), (bound, active)]) <= bound)
        rows.add(_sum([(1.0, p), (-bound, model.positive[k])]) <= 0)
        rows.add(_sum([(1.0, n), (bound, model.positive[k])]) <= bound)
        if objective is Objective.NEURONS:
            rows.add(_sum([(1.0, active), (-1.0, model.used[k, 0])]) <= 0)


def _add_symmetry(model: Any, objective: Objective, width: int) -> None:
    """Order the slots, which are all alike, by what they cost."""
    binaries = range(len(model.used) // width)
    for k in range(width - 1):
        here = [(1.0, model.used[k, b]) for b in binaries]
        model.rows.add(_sum([*here, *((-1.0, model.used[k + 1, b]) for b in binaries)]) >= 0)


def _add_intervals(model: Any, problem: Problem, width: int) -> None:
    for i, sample in enumerate(problem.homogeneous):
        terms = [(1.0, model.p[k, i]) for k in range(width)]
        terms += [(-1.0, model.n[k, i]) for k in range(width)]
        terms += [
            (float(x), model.affine[j])
            for j, x in enumerate(sample)
            if problem.affine is Affine.SKIP and x != 0
        ]
        low, high = float(problem.low[i]), float(problem.high[i])
        if math.isfinite(low) or math.isfinite(high):
            ends = (low if math.isfinite(low) else None, high if math.isfinite(high) else None)
            model.rows.add((ends[0], _sum(terms), ends[1]))


def _run_highs(model: Any, solver: str, seed: int, deadline: Deadline) -> _Outcome:
    """Hand the matrices of Pyomo's model to HiGHS directly: Pyomo's interface passes no callbacks on."""
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    highs = highspy.Highs()
    highs.silent()
    highspy.Highs.resetGlobalScheduler(True)  # others may have started it with more threads
    for option, value in {**_OPTIONS, "random_seed": seed % 2**31}.items():
        highs.setOptionValue(option, value)
    highs.passModel(_highs_program(form))
    trace: list[TracePoint] = []
    start = deadline.seconds
    for event in (highs.cbMipImprovingSolution, highs.cbMipLogging):
        event.subscribe(lambda report: _record(trace, start, report.data_out))
    if math.isfinite(deadline.remaining):
        highs.setOptionValue("time_limit", max(deadline.remaining, _SHORTEST))
    _run_interruptibly(highs)
    status, info = highs.getModelStatus(), highs.getInfo()
    if status not in _STATUSES:
        raise SolverError(f"HiGHS stopped with {highs.modelStatusToString(status)!r} on the slot model")
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if found:
        for variable, value in zip(form.columns, highs.getSolution().col_value, strict=True):
            variable.set_value(value, skip_validation=True)
    incumbent = info.objective_function_value if found else math.inf
    _add_point(trace, deadline.seconds, info.mip_dual_bound, incumbent)
    version = f"pyomo {importlib.metadata.version('pyomo')} / highs {highs.version()}"
    bound, nodes = float(info.mip_dual_bound), int(info.mip_node_count)
    return _Outcome(_STATUSES[status], found, bound, nodes, version, tuple(trace))


def _highs_program(form: Any) -> Any:
    """Return the HiGHS program of a Pyomo standard form with rows of mixed sense."""
    program = highspy.HighsLp()
    matrix, senses = form.A.tocsc(), np.array([row.bound_type for row in form.rows])
    program.num_row_, program.num_col_ = matrix.shape
    program.col_cost_ = form.c.toarray().ravel()
    ends = [(variable.lb, variable.ub) for variable in form.columns]
    program.col_lower_ = np.array([-np.inf if low is None else low for low, _ in ends], dtype=np.float64)
    program.col_upper_ = np.array([np.inf if high is None else high for _, high in ends], dtype=np.float64)
    program.row_lower_ = np.where(senses > 0, -np.inf, form.rhs)
    program.row_upper_ = np.where(senses < 0, np.inf, form.rhs)
    program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
    program.a_matrix_.value_ = matrix.data
    kinds = highspy.HighsVarType
    program.integrality_ = [kinds.kInteger if v.is_integer() else kinds.kContinuous for v in form.columns]
    return program


def _record(trace: list[TracePoint], start: float, figures: Any) -> None:
    """Take over the bounds that a callback of HiGHS reports; `start` is when HiGHS started its clock."""
    _add_point(trace, start + figures.running_time, figures.mip_dual_bound, figures.mip_primal_bound)


def _add_point(trace: list[TracePoint], seconds: float, bound: float, incumbent: float) -> None:
    """Add a point to the trace when a bound has moved."""
    lower = max(0, math.ceil(bound - _BOUND_ROUNDING)) if abs(bound) < _UNKNOWN else None
    upper = round(incumbent) if abs(incumbent) < _UNKNOWN else None
    if not trace or trace[-1][1:] != (lower, upper):
        trace.append((seconds, lower, upper))


def _run_interruptibly(highs: Any) -> None:
    """Run HiGHS in a thread of its own, so that Ctrl-C ends it at once and reaches the caller."""
    highs.HandleUserInterrupt = True
    highs.startSolve()
    try:
        while not highs.wait(_POLL)[0]:
            pass
    except KeyboardInterrupt:
        highs.cancelSolve()
        highs.wait()
        raise


def _run_pyomo(model: Any, solver: str, seed: int, deadline: Deadline) -> _Outcome:
    """Solve by any solver that Pyomo knows, with that solver's own gaps and tolerances."""
    backend = pyo.SolverFactory(solver)
    if not backend.available(exception_flag=False):
        raise SolverError(f"solver {solver!r} is not known to Pyomo or not installed")
    limit = {"timelimit": math.ceil(deadline.remaining)} if math.isfinite(deadline.remaining) else {}
    try:
        results = backend.solve(model, load_solutions=False, **limit)
    finally:
        # HiGHS behind Pyomo starts the process's scheduler with several threads; whoever asks for one later
        # would get an error from HiGHS in place of an answer
        highspy.Highs.resetGlobalScheduler(True)
    ended = str(results.solver.termination_condition)
    found = bool(len(results.solution))
    if found:
        model.solutions.load_from(results)
    status = {"maxTimeLimit": "time_limit"}.get(ended, ended)
    bound = results.problem.lower_bound
    dotted = ".".join(map(str, backend.version() or ()))
    version = f"pyomo {importlib.metadata.version('pyomo')} / {solver} {dotted}".rstrip()
    return _Outcome(status, found, -math.inf if bound is None else float(bound), 0, version)


def _decode(model: Any, problem: Problem, objective: Objective) -> Network:
    """Read the network off the variables; entries whose binary is zero, and empty slots, are left out."""
    width, columns = len(model.positive), problem.n_features + 1
    folded = np.array([[model.u[k, j].value for j in range(columns)] for k in range(width)])
    binaries = len(model.used) // width
    used = np.array([[model.used[k, b].value > 0.5 for b in range(binaries)] for k in range(width)])
    if objective is Objective.NEURONS:
        folded[~used[:, 0]] = 0.0
    else:
        folded[:, :binaries][~used] = 0.0
    signs = np.array([1.0 if model.positive[k].value > 0.5 else -1.0 for k in range(width)])
    # the slope of a feature that is zero on every sample is in no row and stays without a value
    affine = (
        [variable.value or 0.0 for variable in model.affine.values()]
        if problem.affine is Affine.SKIP
        else None
    )
    kept = np.any(folded != 0, axis=1) & _ever_active(model, width, problem.n_samples)
    return Network.from_folded(folded[kept], signs[kept], affine)


def _ever_active(model: Any, width: int, rows: int) -> NDArray[np.bool_]:
    """Slots (K,) that are active on some sample; others are zero on the data whatever their weights."""
    active = [[model.activity[k, i].value for i in range(rows)] for k in range(width)]
    return np.asarray(np.array(active, dtype=np.float64).max(axis=1) > 0.5)
