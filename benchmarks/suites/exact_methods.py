"""The project's exact side, as the benchmark runner calls it; nothing here loads torch."""

from collections.abc import Callable
from typing import Any

from sparsest import exact as exact_side
from sparsest.benchmarks.suites.method_answer import MethodAnswer, TracePoint
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Progress
from sparsest.results.solving import ExactResult


def exact(
    problem: Problem, objective: Objective, *, seed: int, time_limit: float | None, method: str = "auto"
) -> MethodAnswer:
    """Run `sparsest.exact.solve` on one worker; the seed changes nothing."""
    return followed(exact_side.solve, problem, objective, method=method, time_limit=time_limit)


def followed(
    run: Callable[..., ExactResult], problem: Problem, objective: Objective, **options: Any
) -> MethodAnswer:
    """Run something of the exact side, and take down how its bounds move."""
    trace: list[TracePoint] = []

    def record(state: Progress) -> None:
        known = (state.lower_bound, state.upper_bound)
        if not trace or trace[-1][1:] != known:
            trace.append((state.seconds, *known))

    result = run(problem, objective, progress=record, **options)
    return MethodAnswer(
        network=result.network,
        status=str(result.status),
        lower_bound=result.lower_bound,
        proof=str(result.proof),
        trace=(*trace, (result.seconds, result.lower_bound, result.upper_bound)),
        work=result.nodes,
        solver=result.solver,
        options={"method": result.method},
    )
