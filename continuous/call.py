"""One call of a search for networks: its problem and settings, what it found, and the result made of both."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.attempts import attempt
from sparsest.continuous.checkpoint.file import Checkpoint
from sparsest.continuous.descent.restarts import Settings
from sparsest.continuous.polish.scaling import Scaling
from sparsest.history import History
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress, ProgressCallback, TriedNetwork
from sparsest.results.solving import FitResult, Restarts, Status
from sparsest.sentences import joined

# Seconds between progress reports.
_REPORT_INTERVAL = 0.2


@dataclasses.dataclass(frozen=True)
class Found:
    """What a search ends with: networks before and after the polish, and which of them to return."""

    raw: list[Network]
    polished: list[Network]
    best_raw: int
    best: int
    history: History
    steps: int
    status: Status
    remark: str = ""


@dataclasses.dataclass(frozen=True)
class TrainingCall:
    """One call's problem and settings.

    Attributes
    ----------
    problem, scaling : Problem, Scaling
        The data.
    schedule : Schedule
        Exponent and objective, and the steps of gradient descent.
    settings : Settings
        Of a batch of restarts.
    algorithm : str
        As it was asked for.
    deadline : Deadline
        Of the call.
    report : Reporter
        Tells the caller how far it is.
    checkpoint : Checkpoint or None
        Where it is kept.
    """

    problem: Problem
    scaling: Scaling
    schedule: Schedule
    settings: Settings
    algorithm: str
    deadline: Deadline
    report: "Reporter"
    checkpoint: Checkpoint | None

    @classmethod
    def begun(
        cls,
        problem: Problem,
        schedule: Schedule,
        settings: Settings,
        algorithm: str,
        *,
        deadline: Deadline,
        progress: ProgressCallback | None,
        checkpoint: Checkpoint | None,
    ) -> "TrainingCall":
        """Return a call that scales the data and reports to `progress`."""
        return cls(
            problem, Scaling.of(problem, schedule.objective), schedule, settings, algorithm, deadline,
            Reporter(progress, deadline), checkpoint,
        )  # fmt: skip

    def result(self, found: Found, options: dict[str, Any]) -> FitResult:
        """Return the figures of what was found, all of them recomputed."""
        problem, objective = self.problem, self.schedule.objective
        raw, best = found.raw[found.best_raw], found.polished[found.best]
        remark, kept = found.remark, {}
        if self.checkpoint is not None:
            remark, kept = joined(self.checkpoint.failure, remark), self.checkpoint.asked
        return FitResult(
            status=found.status,
            upper_bound=best.count(objective) if best.solves(problem) else None,
            network=best,
            remark=remark,
            objective=objective,
            p=self.schedule.p,
            residual=best.residual(problem),
            raw=raw,
            raw_residual=raw.residual(problem),
            restarts=Restarts(
                counts(found.polished, objective),
                residuals(found.polished, problem),
                counts(found.raw, objective),
                residuals(found.raw, problem),
            ),
            history=found.history,
            steps=found.steps,
            seconds=self.deadline.seconds,
            seed=self.settings.seed,
            device=str(self.settings.device),
            options={"algorithm": self.algorithm, **options, **kept},
            problem=problem,
        )

    def single(self, network: Network, steps: int) -> History:
        """Return a history of one record, that of a network after so many steps."""
        loss = float(np.mean(network.violation(self.problem) ** 2))
        norm = network.path_norm(self.schedule.p, self.schedule.objective)
        columns = (np.array([[value]]) for value in (loss, norm, float(network.width)))
        return History(np.array([float(steps)]), *columns)

    def course(self, points: Sequence[tuple[float, ...]], network: Network, steps: int) -> History:
        """Return a history of one column.

        Parameters
        ----------
        points : sequence of (steps, loss of scaled labels, path norm, neurons)
            On the way.
        network : Network
            In the end,
        steps : int
            after so many steps.
        """
        last = self.single(network, steps)
        earlier, loss, norm, active = np.array(points, dtype=np.float64).reshape(-1, 4).T
        return History(
            np.r_[earlier, last.steps],
            np.r_[loss * self.scaling.height**2, last.loss[0]][:, None],
            np.r_[norm, last.path_norm[0]][:, None],
            np.r_[active, last.active[0]][:, None],
        )

    def tell(self, strategy: str, network: Network, steps: int) -> None:
        """Report the network that a strategy has reached after so many steps."""
        figures = self.problem, self.schedule.objective, self.schedule.p
        self.report.attempted(strategy, steps, lambda: attempt(strategy, network, *figures))

    def without_neurons(self) -> Network:
        """Return the network without neurons: the trend of the labels, if affine terms are free."""
        folded = np.zeros((0, self.problem.n_features + 1))
        affine = np.zeros(folded.shape[1]) if self.problem.has_affine_term else None
        return self.scaling.network(folded, np.zeros(0), affine)


class Reporter:
    """Calls the progress callback, but about no strategy more often than every `interval` seconds."""

    def __init__(
        self, callback: ProgressCallback | None, deadline: Deadline, interval: float = _REPORT_INTERVAL
    ) -> None:
        self._callback, self._deadline, self._interval = callback, deadline, interval
        self._last: dict[str, float] = {}

    def __call__(
        self, message: str, steps: int, fraction: float | None = None, count: int | None = None
    ) -> None:
        """Report a few words, steps taken, the share of the work that is done, and the best count so far."""
        if self._is_due(""):
            self._send(Progress(message, self._deadline.seconds, steps, fraction, upper_bound=count))

    def attempted(
        self,
        strategy: str,
        steps: int,
        network: Callable[[], TriedNetwork],
        count: int | None = None,
        *,
        is_best: bool = True,
    ) -> None:
        """Report what a strategy has reached, steps taken, and the best count so far.

        Parameters
        ----------
        strategy : str
            Its name.
        steps : int
            In all.
        network : callable
            Returns the figures of its network; asked only if the report is due.
        count : int, optional
            Of the best network of all strategies.
        is_best : bool
            Whether the strategy has just found the best network of all, which is always reported.
        """
        if self._is_due(strategy) or (is_best and self._callback is not None):
            seconds, attempt = self._deadline.seconds, network()
            self._send(Progress(strategy, seconds, steps, upper_bound=count, attempt=attempt))

    def _is_due(self, strategy: str) -> bool:
        if self._callback is None:
            return False
        last, seconds = self._last.get(strategy, -math.inf), self._deadline.seconds
        if seconds < last + self._interval:
            return False
        self._last[strategy] = seconds
        return True

    def _send(self, progress: Progress) -> None:
        if self._callback is not None:
            self._callback(progress)


def counts(networks: list[Network], objective: Objective) -> FloatArray:
    """Return what an objective counts of each network."""
    return np.array([network.count(objective) for network in networks], dtype=np.float64)


def residuals(networks: list[Network], problem: Problem) -> FloatArray:
    """Return the largest violation of an interval by each network."""
    return np.array([network.residual(problem) for network in networks], dtype=np.float64)
