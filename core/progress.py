"""Time limits and progress reports, shared by every long computation."""

import dataclasses
import numbers
import time
from collections.abc import Callable

from sparsest.errors import InputError


@dataclasses.dataclass(frozen=True)
class TriedNetwork:
    """The best network of one of the strategies that a search is made of, whether it fits or not.

    Attributes
    ----------
    strategy : str
        What found it, a few words.
    count : int
        Its parts.
    path_norm : float
        Its l^p path norm.
    violation : float
        Largest distance to an interval; 0 where it meets all up to rounding.
    """

    strategy: str
    count: int
    path_norm: float
    violation: float


@dataclasses.dataclass(frozen=True)
class Progress:
    """A snapshot of a running computation, handed to the caller's callback.

    Attributes
    ----------
    message : str
        What is being done, a few words.
    seconds : float
        Wall time since the start.
    nodes : int
        Search nodes, or training steps.
    fraction : float or None
        Share of the work done, when it is known.
    lower_bound, upper_bound : int or None
        Interval known so far, when there is one.
    open_subtrees : int or None
        Parts of a search tree found so far and not yet explored; None for other computations.
    attempt : TriedNetwork or None
        What a strategy of a search for networks has just reached, where the report is about that.
    """

    message: str
    seconds: float
    nodes: int = 0
    fraction: float | None = None
    lower_bound: int | None = None
    upper_bound: int | None = None
    open_subtrees: int | None = None
    attempt: TriedNetwork | None = None


ProgressCallback = Callable[[Progress], None]


class Deadline:
    """A time limit in seconds that started when the object was made; None never ends."""

    def __init__(self, time_limit: float | None) -> None:
        number = isinstance(time_limit, numbers.Real) and not isinstance(time_limit, bool)
        if time_limit is not None and not (number and time_limit > 0):  # also refuses nan
            raise InputError(
                f"time_limit = {time_limit!r:.40}: it must be a positive number of seconds, or None"
            )
        self._start = time.perf_counter()
        self._limit = float("inf") if time_limit is None else float(time_limit)
        self._interrupted = False
        self._whole: Deadline | None = None

    def part(self, share: float) -> "Deadline":
        """Return a deadline that has such a share of the time left, and is interrupted when this one is."""
        return self.at_most(float("inf") if self.limit is None else share * self.remaining)

    def at_most(self, seconds: float) -> "Deadline":
        """Return a deadline so many seconds away, or this one, and interrupted when this one is."""
        left = min(seconds, self.remaining)
        found = Deadline(None if left == float("inf") else max(left, 1e-9))
        found._whole = self
        return found

    @property
    def limit(self) -> float | None:
        """The limit in seconds from the start, or None."""
        return None if self._limit == float("inf") else self._limit

    def interrupt(self) -> None:
        """End the time now."""
        self._interrupted = True

    @property
    def interrupted(self) -> bool:
        """Whether the time was ended from outside."""
        return self._interrupted or (self._whole is not None and self._whole.interrupted)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start

    @property
    def remaining(self) -> float:
        """Seconds left, at least 0; infinite without a limit."""
        return 0.0 if self.interrupted else max(0.0, self._limit - self.seconds)

    @property
    def expired(self) -> bool:
        """Whether the time is up."""
        return self.interrupted or self.seconds >= self._limit
