"""One run of one method on one problem: how it is named, executed and refereed."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any, Final

from sparsest.benchmarks.run.record import Record
from sparsest.benchmarks.suites.certified import LeastNorm
from sparsest.benchmarks.suites.method_answer import MethodAnswer
from sparsest.benchmarks.suites.methods import Method, find
from sparsest.benchmarks.suites.suite import Suite, Variant
from sparsest.compare.referee import score
from sparsest.errors import InputError, SparsestError
from sparsest.io.documents import encode
from sparsest.objectives import Objective
from sparsest.problem import Problem

# Networks with more numbers than this are not kept in a record.
_MAX_NETWORK: Final = 2_000
# Points kept of a method's bounds over time, and of what its strategies had.
_MAX_TRACE: Final = 1_000


@dataclasses.dataclass(frozen=True)
class Task:
    """What a worker is sent.

    Attributes
    ----------
    suite, data : str
        For the record.
    planted : int or None
        For the record.
    problem : Problem
        The data.
    objective : Objective
        What is counted.
    variant : Variant
        Method and options.
    seed, repeat : int
        Of the run.
    time_limit : float or None
        Seconds.
    p : float or None
        Exponent of the path norm that is to be small; None where parts are to be few.
    least_norm : LeastNorm or None
        Certified bounds of the least one.
    """

    suite: str
    data: str
    planted: int | None
    problem: Problem
    objective: Objective
    variant: Variant
    seed: int
    repeat: int
    time_limit: float | None
    p: float | None = None
    least_norm: LeastNorm | None = None

    @property
    def key(self) -> str:
        """Name of this computation: equal keys are the same run."""
        parts = [
            self.suite,
            self.data,
            self.problem.digest,
            str(self.objective),
            [self.variant.method, dict(self.variant.options)],
            self.seed,
            self.repeat,
            self.time_limit,
        ]
        if self.p is not None:
            parts += [self.p, self.least_norm]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def plan(suite: Suite) -> list[Task]:
    """Return every run of a suite, in its order; a run that stands twice is planned once.

    Raises
    ------
    InputError
        When a problem cannot be made, or a method does not take an option.
    """
    for variant in suite.variants.values():
        if variant.options:  # checking loads the method
            find(variant.method).check_options(variant.method, variant.options)
    tasks = {task.key: task for task in _tasks(suite)}
    return [*tasks.values()]


def _tasks(suite: Suite) -> Iterator[Task]:
    for instance in suite.instances:
        try:
            problem = instance.problem
        except InputError as error:
            raise InputError(f"suite {suite.name}: {instance.data}: {error}") from None
        for name in instance.methods:
            variant = suite.variants[name]
            for repeat in range(variant.repeat or suite.repeat):
                yield Task(
                    suite=suite.name,
                    data=instance.data,
                    planted=instance.planted,
                    problem=problem,
                    objective=instance.objective,
                    variant=variant,
                    seed=repeat,
                    repeat=repeat,
                    time_limit=suite.time_limit,
                    p=instance.p,
                    least_norm=instance.least_norm,
                )


def execute(task: Task) -> Record:
    """Run a task here and referee what it returns. Errors become records, except Ctrl-C."""
    method = find(task.variant.method)
    function = method.load()  # imports are not timed
    options = {**_told(task, method), **method.preset, **task.variant.options}
    start, started = time.perf_counter(), time.process_time()
    answer, status, error = None, "error", ""
    try:
        answer = function(task.problem, task.objective, seed=task.seed, time_limit=task.time_limit, **options)
    except InputError as refusal:
        status, error = "refused", str(refusal)
    except (SparsestError, MemoryError) as failure:
        error = str(failure) or type(failure).__name__
    except Exception as bug:  # a benchmark of many hours must not end with one run
        error = f"{type(bug).__name__}: {bug}"
    seconds, spent = time.perf_counter() - start, time.process_time() - started
    return record_of(task, answer, seconds, spent, status=status, error=error)


def _told(task: Task, method: Method) -> dict[str, Any]:
    """Return what a method is told of a path norm: its exponent and the norm that is to be reached."""
    if task.p is None:
        return {}
    told = {"p": task.p} | ({} if task.least_norm is None else {"norm_bound": task.least_norm.lower})
    return {name: value for name, value in told.items() if method.takes(name)}


def record_of(
    task: Task,
    answer: MethodAnswer | None,
    seconds: float,
    processor_seconds: float | None = None,
    *,
    status: str = "",
    error: str = "",
) -> Record:
    """Return the record of a run; every figure of the network is the referee's."""
    network = None if answer is None else answer.network
    judged = None if network is None else score(task.problem, network, task.objective, task.p)
    counts: dict[Objective, int] = {} if judged is None else judged.counts
    size = 0 if network is None else network.weights.size + 2 * network.width
    problem = task.problem
    return Record(
        key=task.key,
        suite=task.suite,
        data=task.data,
        digest=problem.digest,
        n_samples=problem.n_samples,
        n_features=problem.n_features,
        planted=task.planted,
        affine=str(problem.affine),
        tolerance=float(((problem.high - problem.low) / 2).max()),
        weight_bound=problem.weight_bound,
        objective=str(task.objective),
        method=task.variant.name,
        seed=task.seed,
        time_limit=task.time_limit,
        repeat=task.repeat,
        status=status if answer is None else answer.status,
        error=" ".join(error.split())[:500],
        fits=None if judged is None else judged.fits,
        exactly=None if judged is None else judged.exactly,
        residual=None if judged is None else judged.residual,
        count=counts.get(task.objective),
        neurons=counts.get(Objective.NEURONS),
        weights=counts.get(Objective.WEIGHTS),
        parameters=counts.get(Objective.PARAMETERS),
        lower_bound=None if answer is None else answer.lower_bound,
        proof="" if answer is None else answer.proof,
        box=None if answer is None else answer.box,
        seconds=seconds,
        work=0 if answer is None else answer.work,
        trace=() if answer is None else _thinned(answer.trace),
        solver="" if answer is None else answer.solver,
        options={**task.variant.options, **({} if answer is None else _json_ready(answer.options))},
        network=None if network is None or size > _MAX_NETWORK else encode(network),
        session=0,
        loss=None if judged is None else judged.loss,
        p=task.p,
        path_norm=None if judged is None else judged.path_norm,
        least_norm=task.least_norm,
        attempts=() if answer is None else _thinned(answer.attempts),
        processor_seconds=processor_seconds,
    )


def _thinned(points: tuple[Any, ...]) -> tuple[Any, ...]:
    """Keep the last point, and of a long trace every few points."""
    every = len(points) // _MAX_TRACE + 1
    return (*points[:-1:every], *points[-1:])


def _json_ready(options: Any) -> dict[str, Any]:
    known = (str, int, float, bool, type(None))
    return {str(key): value if isinstance(value, known) else str(value) for key, value in options.items()}
