"""The project's own methods, as the benchmark runner calls them."""

from typing import Any

from sparsest import continuous
from sparsest import exact as exact_side
from sparsest.benchmarks.answer import Answer, TracePoint
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Progress


def exact(
    problem: Problem, objective: Objective, *, seed: int, time_limit: float | None, method: str = "auto"
) -> Answer:
    """Run `sparsest.exact.solve`; the seed changes nothing."""
    trace: list[TracePoint] = []

    def record(state: Progress) -> None:
        known = (state.lower_bound, state.upper_bound)
        if not trace or trace[-1][1:] != known:
            trace.append((state.seconds, *known))

    result = exact_side.solve(problem, objective, method=method, time_limit=time_limit, progress=record)
    return Answer(
        network=result.network,
        status=str(result.status),
        lower_bound=result.lower_bound,
        proof=str(result.proof),
        trace=(*trace, (result.seconds, result.lower_bound, result.upper_bound)),
        work=result.nodes,
        solver=result.solver,
        options={"method": result.method},
    )


def train(
    problem: Problem,
    objective: Objective,
    *,
    seed: int,
    time_limit: float | None,
    p: float = 0.4,
    restarts: int = 32,
    steps: int = continuous.DEFAULT_STEPS,
) -> Answer:
    """Run `sparsest.continuous.minimize`, which counts what it minimises."""
    fit = continuous.minimize(
        problem, p, objective=objective, restarts=restarts, steps=steps, seed=seed, time_limit=time_limit
    )
    options: dict[str, Any] = {"p": p, "restarts": restarts, "steps": steps, "width": fit.options["width"]}
    return Answer(
        network=fit.polished,
        status=str(fit.options["stopped"]),
        trace=((fit.seconds, None, fit.count),),
        work=fit.steps,
        options=options,
    )
