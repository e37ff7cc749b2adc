"""The project's training, alone and before a proof, as the benchmark runner calls it."""

from typing import Any

from sparsest import continuous
from sparsest.benchmarks.suites.exact_methods import followed
from sparsest.benchmarks.suites.method_answer import AttemptPoint, MethodAnswer, attempt_point
from sparsest.compare import find_and_prove
from sparsest.objectives import DEFAULT_POWER, Objective
from sparsest.problem import Problem
from sparsest.progress import Progress
from sparsest.results.solving import FitResult


def solve(
    problem: Problem,
    objective: Objective,
    *,
    seed: int,
    time_limit: float | None,
    p: float = DEFAULT_POWER,
) -> MethodAnswer:
    """Run `sparsest.solve` on one worker: a short search, training where it is needed, and the proof."""
    return followed(find_and_prove.solve, problem, objective, seed=seed, time_limit=time_limit, p=p)


def find(
    problem: Problem,
    objective: Objective,
    *,
    seed: int,
    time_limit: float | None,
    p: float = 0.4,
    width: int | None = None,
) -> MethodAnswer:
    """Run `sparsest.continuous.find_sparse`."""
    watch = _Watch()
    fit = continuous.find_sparse(
        problem, objective, p=p, width=width, seed=seed, time_limit=time_limit, progress=watch
    )
    return _answer(fit, {"p": p, "width": fit.options["width"]}, watch)


def minimize(  # noqa: PLR0913
    problem: Problem,
    objective: Objective,
    *,
    seed: int,
    time_limit: float | None,
    p: float = 0.4,
    algorithm: str = "auto",
    restarts: int = 32,
    steps: int = continuous.DEFAULT_STEPS,
    width: int | None = None,
    dtype: str = "float64",
    norm_bound: float = 0.0,
) -> MethodAnswer:
    """Run `sparsest.continuous.minimize`."""
    watch = _Watch()
    fit = continuous.minimize(
        problem,
        p,
        objective=objective,
        algorithm=algorithm,
        width=width,
        restarts=restarts,
        steps=steps,
        dtype=dtype,
        norm_bound=norm_bound,
        seed=seed,
        time_limit=time_limit,
        progress=watch,
    )
    options: dict[str, Any] = {
        "p": p,
        "algorithm": algorithm,
        "restarts": restarts,
        "steps": steps,
        "width": fit.options["width"],
    }
    return _answer(fit, options, watch)


class _Watch:
    """Takes down what the strategies of a search report."""

    def __init__(self) -> None:
        self.attempts: list[AttemptPoint] = []

    def __call__(self, state: Progress) -> None:
        if state.attempt is not None:
            self.attempts.append(attempt_point(state.seconds, state.attempt))


def _answer(fit: FitResult, options: dict[str, Any], watch: _Watch) -> MethodAnswer:
    return MethodAnswer(
        network=fit.network,
        status=str(fit.status),
        trace=((fit.seconds, None, fit.count),),
        work=fit.steps,
        options=options,
        attempts=tuple(watch.attempts),
    )
