"""Run the experiments of `sparsity_over_time` side by side, keep every trace, and never run one twice."""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Final

from sparsest.benchmarks.paper.experiments import METHODS, Experiment, TrainingMethod, train
from sparsest.benchmarks.paper.traces import Trace, read_traces, write_traces
from sparsest.benchmarks.run.runner import Report, State
from sparsest.errors import InputError
from sparsest.worker_processes import end_pool, new_pool

# Networks in one batch, at most, of each part of a list of seeds.
_MAX_SEEDS: Final = 128
# Seconds between reports while nothing finishes.
_REPORT_EVERY: Final = 0.5


def measure(
    settings: Sequence[Experiment],
    seeds: Sequence[int],
    steps: int,
    folder: Path,
    workers: int,
    report: Report = lambda state: None,
) -> None:
    """Run what is left of the experiments and keep each trace as soon as it is there.

    Parameters
    ----------
    settings : sequence of Experiment
        Which.
    seeds : sequence of int
        Of the initial networks.
    steps : int
        Adam steps.
    folder : path
        Holds ``<data>.csv`` for each experiment; what is there already is not run again.
    workers : int
        Processes side by side.
    report : callable
        Told about the progress.

    Raises
    ------
    InputError
        When the folder holds runs of another length.
    """
    tasks = [
        (setting, method, missing)
        for setting in settings
        for method, missing in left_over(folder / f"{setting.data}.csv", seeds, steps)
    ]
    total = len(settings) * len(METHODS)
    for setting, trace in _in_pool(tasks, steps, workers, total, report):
        path = folder / f"{setting.data}.csv"
        write_traces(path, [*read_traces(path), trace])


def left_over(path: Path, seeds: Sequence[int], steps: int) -> list[tuple[TrainingMethod, list[int]]]:
    """Return the methods that lack seeds in a file of traces, and which.

    Raises
    ------
    InputError
        When the file holds runs of another length.
    """
    finished = set()
    for trace in read_traces(path):
        if (last := int(trace.steps[-1])) != steps:
            raise InputError(f"{path} holds runs of {last} steps, not {steps}: choose another folder")
        finished |= {(trace.method, int(seed)) for seed in trace.seeds}
    lacking = [
        (method, [seed for seed in seeds if (method.name, seed) not in finished]) for method in METHODS
    ]
    return [(method, some) for method, some in lacking if some]


def recorded(path: Path, seeds: Sequence[int]) -> list[Trace]:
    """Return what a file of traces holds of some seeds, in the order of `METHODS`."""
    traces = {trace.method: trace.of_seeds(seeds) for trace in read_traces(path)}
    known = [traces[method.name] for method in METHODS if method.name in traces]
    return [trace for trace in known if trace.seeds.size]


Task = tuple[Experiment, TrainingMethod, list[int]]


def _in_pool(
    tasks: Sequence[Task], steps: int, workers: int, total: int, report: Report
) -> Iterator[tuple[Experiment, Trace]]:
    """Run tasks in processes of their own and yield what comes back, in the order of finishing."""
    start, waiting = time.perf_counter(), list(reversed(tasks))  # the larger experiment first
    under_way: dict[Future[Trace], Task] = {}
    pool = new_pool(workers)
    try:
        while waiting or under_way:
            while waiting and len(under_way) < workers:
                task = waiting.pop(0)
                under_way[pool.schedule(train, args=(*task, steps))] = task
            report(_state(total, len(tasks), waiting, under_way.values(), time.perf_counter() - start))
            finished, _ = wait(under_way, timeout=_REPORT_EVERY, return_when=FIRST_COMPLETED)
            for future in finished:
                yield under_way.pop(future)[0], future.result()
    finally:
        end_pool(pool)
    report(_state(total, len(tasks), [], [], time.perf_counter() - start))


def _state(total: int, begun: int, waiting: Sequence[Task], running: Iterable[Task], seconds: float) -> State:
    names = tuple(f"{setting.data} {method.name}" for setting, method, _ in running)
    left = len(waiting) + len(names)
    remaining = seconds * left / (begun - left) if begun > left else None
    return State(total, total - left, names, seconds, remaining, None)


def parse_seeds(text: str) -> list[int]:
    """Read seeds from ``"0-9"``, ``"3"`` or ``"0,4,10-12"``.

    Raises
    ------
    InputError
        When that is not what is written.
    """
    seeds: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        numbers = [first, last] if dash else [first]
        if not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
            raise InputError(f"seeds {text!r:.40}: write for example 0-9 or 0,3,7")
        named = range(int(first), int(numbers[-1]) + 1)
        if not 0 < len(named) <= _MAX_SEEDS:
            raise InputError(f"seeds {text!r:.40}: {part.strip()} are {len(named)}, not 1 to {_MAX_SEEDS}")
        seeds.update(named)
    return sorted(seeds)
