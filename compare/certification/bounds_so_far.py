"""What is known while a network is certified, and what was tried."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.compare.reduce.float_bounds import surely_fits
from sparsest.errors import SolverError
from sparsest.exact.arithmetic.rational_network import meets_exactly
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.results.certificate import Attempt

# Samples times features times neurons beyond which nothing is re-solved in rational arithmetic here: with as
# many equations as samples that takes seconds from there on.
MAX_EXACT: Final = 20_000


def rows_but_outliers(problem: Problem, network: Network, outliers: int) -> NDArray[np.intp]:
    """Return the rows, in order, but for those that a network misses most, `outliers` of them."""
    order = np.argsort(-network.violation(problem), kind="stable")
    return np.sort(order[outliers:])


def without_outliers(problem: Problem, network: Network, outliers: int) -> Problem:
    """Return the problem without the rows that a network misses most, `outliers` of them."""
    return problem.subset(rows_but_outliers(problem, network, outliers)) if outliers else problem


def fits(problem: Problem, network: Network, objective: Objective, outliers: int = 0) -> bool | None:
    """Whether a network is of the problem's kind and meets every interval, but for outliers, exactly.

    True when floats prove it, or when a rational network beside it that counts no more does. None when it
    does so up to rounding and is too large for rational arithmetic. False otherwise.
    """
    if not network.is_of_kind(problem):
        return False
    problem = without_outliers(problem, network, outliers)
    with np.errstate(over="ignore", invalid="ignore"):
        if surely_fits(problem, network):
            return True
        if not network.interpolates(problem):
            return False
    if problem.X.size * max(network.width, 1) > MAX_EXACT:
        return None
    return meets_exactly(problem, network, objective)


class BoundsRecord:
    """Bounds on the smallest count, the network of the upper one, and a log.

    Parameters
    ----------
    problem : Problem
        The question: data, tolerance and affine term.
    objective : Objective
        What is counted.
    deadline : Deadline
        The clock.
    progress : callable or None
        Told what is being done.
    outliers : int
        Rows that a network may miss.
    """

    def __init__(
        self,
        problem: Problem,
        objective: Objective,
        deadline: Deadline,
        progress: ProgressCallback | None,
        outliers: int = 0,
    ) -> None:
        self.problem, self.objective, self.deadline = problem, objective, deadline
        self.outliers = outliers
        self._progress = progress
        self.lower = 0
        self.upper: int | None = None
        self.network: Network | None = None
        self.exactly: bool | None = None  # whether that one fits exactly; None: up to rounding
        self.attempts: list[Attempt] = []
        self._trace: list[tuple[float, float, float]] = []

    @property
    def closed(self) -> bool:
        """Whether the bounds meet."""
        return self.upper is not None and self.lower >= self.upper

    @property
    def trace(self) -> FloatArray:
        """Seconds, lower and upper bound whenever one changed (T, 3)."""
        return np.array(self._trace, dtype=np.float64).reshape(-1, 3)

    def bound(self, lower: int) -> None:
        """Take a proven lower bound."""
        if lower > self.lower:
            self.lower = lower
            self._mark()

    def offer(self, network: Network, *, proven: bool = False) -> bool:
        """Take a network that fits and counts less than the best one; whether it was taken.

        `proven` says that a rational network which rounds to this one has been checked exactly. A network
        below a proven lower bound raises `SolverError`.
        """
        count = network.count(self.objective)
        if self.upper is not None and count >= self.upper:
            return False
        exactly = True if proven else fits(self.problem, network, self.objective, self.outliers)
        if count < self.lower and exactly:
            raise SolverError(
                f"a network fits with {count} {self.objective.value}, fewer than the claimed lower bound "
                f"{self.lower}: one side is wrong, please report this with the data"
            )
        if exactly is False or count < self.lower:
            return False
        self.network, self.upper, self.exactly = network, count, exactly
        self._mark()
        return True

    def _mark(self) -> None:
        upper = np.inf if self.upper is None else self.upper
        self._trace.append((self.deadline.seconds, self.lower, upper))

    @contextmanager
    def attempt(self, name: str) -> "Iterator[list[str]]":
        """Log what the caller puts into the list as the outcome; Ctrl-C ends the deadline."""
        self.tell(Progress(name, self.deadline.seconds))
        said: list[str] = []
        start = self.deadline.seconds
        try:
            yield said
        except KeyboardInterrupt:
            self.deadline.interrupt()
            said.append("interrupted")
        self.attempts.append(Attempt(name, "; ".join(said), self.deadline.seconds - start))

    def tell(self, state: Progress) -> None:
        """Report progress with the bounds on the question in place of those of a part of it."""
        if self._progress is not None:
            self._progress(
                dataclasses.replace(
                    state,
                    lower_bound=self.lower,
                    upper_bound=self.upper,
                    seconds=self.deadline.seconds,
                )
            )

    @property
    def callback(self) -> Callable[[Progress], None] | None:
        """What to hand to solvers as their `progress`."""
        return None if self._progress is None else self.tell
