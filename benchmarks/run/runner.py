"""Run what is left of a suite, and keep every result."""

import dataclasses
import datetime
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from sparsest.benchmarks.run.executors import WorkerPlace
from sparsest.benchmarks.run.record import Record
from sparsest.benchmarks.run.results_folder import Store
from sparsest.benchmarks.run.task import Task
from sparsest.benchmarks.suites.suite import Suite
from sparsest.errors import InputError

# Seconds between reports while nothing finishes.
_REPORT_EVERY = 0.5


@dataclasses.dataclass(frozen=True)
class State:
    """Where a benchmark stands.

    Attributes
    ----------
    total, done : int
        Runs in all, and finished ones with those of earlier sessions.
    running : tuple of str
        What runs now, as ``data method``.
    seconds : float
        Since this session began.
    remaining : float or None
        Estimate of the seconds left; None before anything has finished.
    last : Record or None
        What has just finished, if anything.
    """

    total: int
    done: int
    running: tuple[str, ...]
    seconds: float
    remaining: float | None
    last: Record | None


Report = Callable[[State], None]


def refuse_other_suite(store: Store, suite: Suite) -> None:
    """Raise `InputError` when a folder holds results of another suite, version of it, or time limit."""
    for session in store.sessions:
        for name, value in _head(suite).items():
            if session.get(name) != value:
                raise InputError(
                    f"the folder holds results of {name.replace('_', ' ')} {session.get(name)!s:.20}, "
                    f"not {value!s:.20}: choose another --out"
                )


def begin_session(store: Store, suite: Suite, place: WorkerPlace, command: str = "") -> int:
    """Write down what runs where, by which command, and return the session's number."""
    methods = {name: {"method": each.method, **each.options} for name, each in suite.variants.items()}
    return store.begin_session(
        {
            **_head(suite),
            "command": command,
            "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "description": suite.description,
            "methods": methods,
            "repeat": suite.repeat,
            "workers": place.slots,
            "machines": place.describe(),
        }
    )


def _head(suite: Suite) -> dict[str, Any]:
    return {"suite": suite.name, "suite_digest": suite.digest, "time_limit": suite.time_limit}


def left_over(store: Store, tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks that have no record yet."""
    finished = {record.key for record in store.records}
    return [task for task in tasks if task.key not in finished]


def run(store: Store, tasks: Sequence[Task], place: WorkerPlace, session: int, report: Report) -> None:
    """Run the tasks that have no record yet and append each record as it comes.

    At most `place.slots` runs are under way, so that an interruption loses no more than those.
    """
    waiting = deque(left_over(store, tasks))
    total = len(tasks)
    clock = _Clock(place.slots)
    under_way: dict[Future[Record], Task] = {}

    def state(last: Record | None) -> State:
        running = tuple(f"{task.data} {task.variant.name}" for task in under_way.values())
        left = [*waiting, *under_way.values()]
        return State(total, total - len(left), running, clock.seconds, clock.remaining(left), last)

    try:
        while waiting or under_way:
            while waiting and len(under_way) < place.slots:
                task = waiting.popleft()
                under_way[place.submit(task)] = task
            report(state(None))
            finished, _ = wait(under_way, timeout=_REPORT_EVERY, return_when=FIRST_COMPLETED)
            for future in finished:
                record = _outcome(place, future, under_way.pop(future))
                store.append(dataclasses.replace(record, session=session))
                clock.saw(record)
                report(state(record))
    finally:
        for future in under_way:
            future.cancel()


def _outcome(place: WorkerPlace, future: "Future[Record]", task: Task) -> Record:
    error = future.exception()
    return future.result() if error is None else place.failure(task, error)


class _Clock:
    """Estimates the time left from the runs seen so far, method by method."""

    def __init__(self, slots: int) -> None:
        self._start, self._slots = time.perf_counter(), slots
        self._seen: dict[str, list[float]] = {}

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start

    def saw(self, record: Record) -> None:
        self._seen.setdefault(record.method, []).append(record.seconds)

    def remaining(self, tasks: Sequence[Task]) -> float | None:
        if not self._seen:
            return None
        everything = [seconds for times in self._seen.values() for seconds in times]
        total = 0.0
        for task in tasks:
            times = self._seen.get(task.variant.name, everything)
            total += sum(times) / len(times)
        return total / self._slots
