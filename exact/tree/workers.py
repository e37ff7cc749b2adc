"""Workers that do pieces of work elsewhere, any of which may be lost."""

import contextlib
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from typing import Any, Final, TypeVar

from sparsest.worker_processes import end_pool, new_pool

# Pieces lost with their workers after which no more are given to any.
_MAX_LOSSES: Final = 8
# Seconds between two looks at the clock.
_WAIT: Final = 0.1

_Work = TypeVar("_Work")
_Result = TypeVar("_Result")


class LostError(Exception):
    """A piece of work was lost with its worker."""


class Workers:
    """An executor as long as it is of use; without it pieces of work are done here.

    Parameters
    ----------
    executor : Executor
        Where pieces of work are done.
    count : int
        How many it does side by side.
    """

    def __init__(self, executor: Executor, count: int) -> None:
        self._executor: Executor | None = executor
        self._losses = 0
        self._heard = 0.0
        self._starting: list[Future[None]] | None = None
        self.count = count

    def are_ready(self) -> bool:
        """Whether they have started, which the first call asks them to; processes take a second or three."""
        if self._starting is None:
            self._starting = [self.submit(_start, None) for _ in range(self.count)]
        return all(future.done() for future in self._starting)

    def submit(self, function: Callable[[_Work], _Result], work: _Work) -> "Future[_Result]":
        """Have `function(work)` done."""
        if self._executor is not None:
            try:
                return self._executor.submit(function, work)
            except (BrokenExecutor, RuntimeError):
                self._executor = None  # no worker is left: the rest is done here
        done: Future[_Result] = Future()
        done.set_result(function(work))
        return done

    def result(self, future: "Future[_Result]") -> _Result:
        """Return what came of a finished piece of work; raise `LostError` when it was lost."""
        try:
            return future.result()
        except (BrokenExecutor, CancelledError, OSError) as error:  # the last is pebble's for a lost process
            self._losses += 1
            if self._losses > _MAX_LOSSES:
                self._executor = None
            raise LostError from error

    def start_listening(self) -> None:
        """Measure silence from now on."""
        self._heard = time.monotonic()

    def finished(self, futures: "Collection[Future[_Result]]") -> "set[Future[_Result]]":
        """Wait a moment for pieces of work, and return those that are finished."""
        finished, _ = wait(futures, timeout=_WAIT, return_when=FIRST_COMPLETED)
        if finished or self._executor is None:
            self._heard = time.monotonic()
        return finished

    def given_up(self, max_silence: float) -> bool:
        """Whether nothing was heard of any worker for so many seconds; then they get no more work."""
        if time.monotonic() - self._heard <= max_silence:
            return False
        self._executor = None
        return True


def _start(_: None) -> None:
    """Do nothing, once what this package needs is imported."""


class ProcessExecutor(Executor):
    """Worker processes that can be ended in the middle of their work, and whose end is noticed."""

    def __init__(self, workers: int) -> None:
        self._pool = new_pool(workers)

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> "Future[Any]":
        """Have a function called in some process."""
        future: Future[Any] = self._pool.schedule(function, args=arguments, kwargs=options)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes at once."""
        end_pool(self._pool)


@contextlib.contextmanager
def workers_of(executor: Executor | None, count: int) -> Iterator[Workers | None]:
    """Return the workers of a search, if there are any; processes start when they are first needed.

    Parameters
    ----------
    executor : Executor or None
        Where pieces of work are done; None for processes of our own, or nowhere else if `count` is 1.
    count : int
        How many are done side by side.
    """
    if executor is not None:
        yield Workers(executor, count)
    elif count == 1:
        yield None
    else:
        with ProcessExecutor(count) as pool:
            yield Workers(pool, count)
