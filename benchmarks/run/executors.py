"""Where benchmark runs are executed: worker processes of this machine, or a Dask cluster."""

import contextlib
import importlib.metadata
import os
from collections.abc import Collection, Iterator
from concurrent.futures import Future, TimeoutError
from typing import Any, Final, NamedTuple, Protocol

from sparsest.benchmarks.run.machine import describe
from sparsest.benchmarks.run.record import Record
from sparsest.benchmarks.run.task import Task, execute, record_of
from sparsest.benchmarks.suites.methods import find
from sparsest.errors import InputError, SolverError
from sparsest.worker_processes import end_pool, new_pool


class Patience(NamedTuple):
    """A run that takes so many times its time limit, and these seconds more, hangs: its process is ended."""

    times: float = 2.0
    seconds: float = 60.0

    def limit(self, task: Task) -> float | None:
        """Return the seconds after which a task is ended; None when it has no time limit."""
        return None if task.time_limit is None else self.times * task.time_limit + self.seconds


PATIENT: Final = Patience()

# Seconds to wait for a Dask scheduler.
_CONNECT_SECONDS: Final = 10.0

# Numeric libraries of workers run on one thread each, so that runs side by side do not disturb each other.
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class WorkerPlace(Protocol):
    """Somewhere that runs tasks."""

    slots: int

    def submit(self, task: Task) -> "Future[Record]":
        """Start a task."""

    def describe(self) -> list[dict[str, Any]]:
        """Return the machines of the workers."""

    def failure(self, task: Task, error: BaseException) -> Record:
        """Return the record of a task whose worker did not come back."""


class Processes:
    """Worker processes on this machine; a run that hangs or crashes costs only itself."""

    def __init__(self, pool: Any, slots: int, patience: Patience = PATIENT) -> None:
        self._pool, self.slots, self._patience = pool, slots, patience

    def submit(self, task: Task) -> "Future[Record]":
        """Start a task."""
        future: Future[Record] = self._pool.schedule(
            execute, args=(task,), timeout=self._patience.limit(task)
        )
        return future

    def describe(self) -> list[dict[str, Any]]:
        """Return this machine."""
        return [describe()]

    def failure(self, task: Task, error: BaseException) -> Record:
        """Return a record that says what became of the process."""
        if isinstance(error, TimeoutError):
            limit = self._patience.limit(task) or 0.0
            return record_of(task, None, limit, status="killed", error=f"still running after {limit:g} s")
        return record_of(task, None, 0.0, status="crashed", error=f"its process ended: {error}")


class Cluster:
    """A Dask cluster; Dask itself starts a task again when its worker is lost.

    `executor` runs anything there, on `slots` threads side by side.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self.executor = client.get_executor(pure=False)
        self.slots = sum(client.nthreads().values())

    def submit(self, task: Task) -> "Future[Record]":
        """Start a task."""
        future: Future[Record] = self.executor.submit(execute, task)
        return future

    def describe(self) -> list[dict[str, Any]]:
        """Return the workers' machines, equal ones once."""
        found = self._client.run(describe).values()
        return [*{str(each): each for each in found}.values()]

    def failure(self, task: Task, error: BaseException) -> Record:
        """Return a record that says what Dask said."""
        return record_of(task, None, 0.0, status="crashed", error=f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def processes(
    workers: int, methods: Collection[str] = (), patience: Patience = PATIENT
) -> Iterator[Processes]:
    """Start worker processes that import these methods before time counts, and end them whatever happens."""
    pool = new_pool(workers)
    with _environment(_ONE_THREAD):
        try:
            # workers start when the first tasks come, and inherit the environment of that moment
            for future in [pool.schedule(_warm_up, args=(methods,)) for _ in range(workers)]:
                future.result()
        except BaseException:
            end_pool(pool)
            raise
    try:
        yield Processes(pool, workers, patience)
    finally:
        end_pool(pool)


@contextlib.contextmanager
def cluster(address: str, timeout: float = _CONNECT_SECONDS) -> Iterator[Cluster]:
    """Connect to a Dask scheduler, waiting some seconds for it.

    Raises
    ------
    InputError
        When Dask is not installed, the scheduler does not answer, or it has no workers.
    """
    try:
        import distributed
    except ImportError:
        raise InputError("Dask is not installed: pip install 'sparsest[dask]'") from None
    connect: Any = distributed.Client  # most of its methods have no types
    try:
        client = connect(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address!r:.100}: {error!s:.200}") from None
    try:
        place = Cluster(client)
        if place.slots == 0:
            raise InputError(f"the Dask scheduler at {address} has no workers: start some first")
        _check_versions(client)
        yield place
    finally:
        client.close()


def _check_versions(client: Any) -> None:
    ours = importlib.metadata.version("sparsest")
    try:
        theirs = {each["versions"]["sparsest"] for each in client.run(describe).values()}
    except Exception as error:  # whatever the workers' import raised travels here
        raise SolverError(f"the Dask workers cannot import sparsest: {error!s:.200}") from None
    if theirs != {ours}:
        raise SolverError(f"the Dask workers have sparsest {', '.join(sorted(theirs))}, but this is {ours}")


def _warm_up(methods: Collection[str]) -> None:
    """Import what runs of these methods need, and no more: torch takes a second."""
    for name in methods:
        with contextlib.suppress(Exception):  # the run that needs it says what is wrong
            find(name).load()


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
