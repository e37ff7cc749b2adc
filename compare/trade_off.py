"""Neurons against accuracy: fit so many by training, then let the exact side prove how near they come."""

import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from numpy.typing import ArrayLike

from sparsest import exact
from sparsest.affine import Affine
from sparsest.exact.trade_off.curve import CURVE_GAP
from sparsest.exact.trade_off.least_error import GAP
from sparsest.network import Network
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.solving import Status
from sparsest.results.trade_off import FrontierResult, LeastErrorResult

# Share of a time limit that training may take, and its effort for each number of neurons where there is none.
_TRAINING: Final = 0.3
_EFFORT: Final = 2.0
# Seconds that an exact search takes to return what it is given.
_AT_ONCE: Final = 1e-3


def least_error(  # noqa: PLR0913
    problem: Problem,
    neurons: int,
    *,
    scale: ArrayLike | str | None = None,
    gap: float = GAP,
    training: bool = True,
    seed: int = 0,
    time_limit: float | None = None,
    node_limit: int | None = None,
    workers: int = 1,
    proof_file: str | os.PathLike[str] | None = None,
    progress: ProgressCallback | None = None,
) -> LeastErrorResult:
    """Bound the least largest error of networks with K neurons: fit one by training, and prove.

    `sparsest.continuous.find_sparse` looks for the best network of at most K neurons, and
    `sparsest.exact.least_error` takes its error, evaluated in rational arithmetic, for an upper bound.

    Parameters
    ----------
    problem : Problem
        The data and the kind of network; labels are its targets, the middles of its intervals.
    neurons : int
        K.
    scale, gap
        As for `sparsest.exact.least_error`.
    training : bool
        Whether to train at all; without it this is `sparsest.exact.least_error`.
    seed : int
        Of training.
    time_limit : float, optional
        Seconds for everything; training takes at most a third of them.
    node_limit, workers, proof_file
        As for `sparsest.exact.least_error`.
    progress : callable, optional
        Called with a `Progress` by both in turn.

    Raises
    ------
    InputError
        For an option out of its range.

    Examples
    --------
    >>> result = least_error(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), 1)
    >>> round(result.upper_bound, 3), str(result.status)
    (0.5, 'optimal')
    """
    refuse_other_than_problem(problem)
    deadline = Deadline(time_limit)
    found = _Trained([], is_interrupted=False)
    if training and _is_worth_training(problem):
        found = _trained(problem, [neurons], scale, seed, deadline, progress)
    result = exact.least_error(
        problem, neurons, scale=scale, gap=gap, network=found.best,
        time_limit=_left(time_limit, deadline, found), node_limit=node_limit, workers=workers,
        proof_file=proof_file, progress=progress,
    )  # fmt: skip
    status = Status.INTERRUPTED if found.is_interrupted else result.status
    return dataclasses.replace(result, status=status, seconds=deadline.seconds)


def frontier(  # noqa: PLR0913
    problem: Problem,
    *,
    most: int = 10,
    enough: float = 0.0,
    scale: ArrayLike | str | None = None,
    gap: float = CURVE_GAP,
    training: bool = True,
    seed: int = 0,
    time_limit: float | None = None,
    node_limit: int | None = None,
    workers: int = 1,
    proof_folder: str | os.PathLike[str] | None = None,
    checkpoint_file: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> FrontierResult:
    """Bound the least largest error of networks of 0, 1, 2, ... neurons: fit them by training, and prove.

    `sparsest.continuous.find_sparse` looks for the best network of each number of neurons, beginning from
    that of one neuron less, and `sparsest.exact.frontier` takes their errors for upper bounds.

    Parameters
    ----------
    problem : Problem
        The data and the kind of network; labels are its targets, the middles of its intervals.
    most, enough, scale, gap
        As for `sparsest.exact.frontier`.
    training : bool
        Whether to train at all; without it this is `sparsest.exact.frontier`.
    seed : int
        Of training.
    time_limit : float, optional
        Seconds for everything; training takes at most a third of them.
    node_limit, workers, proof_folder, checkpoint_file, resume
        As for `sparsest.exact.frontier`; a search that is resumed has its networks.
    progress : callable, optional
        Called with a `Progress` by both in turn.

    Raises
    ------
    InputError
        For an option out of its range.

    Examples
    --------
    >>> curve = frontier(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), time_limit=30)
    >>> [(point.neurons, round(point.upper_bound, 3)) for point in curve.points]
    [(0, 1.0), (1, 0.5), (2, 0.0)]
    """
    refuse_other_than_problem(problem)
    deadline = Deadline(time_limit)
    found = _Trained([], is_interrupted=False)
    # a checkpoint in the way is for the exact side to refuse, before any work
    in_the_way = checkpoint_file is not None and Path(checkpoint_file).exists()
    if training and not in_the_way and _is_worth_training(problem):
        found = _trained(problem, range(most + 1), scale, seed, deadline, progress, enough)
    result = exact.frontier(
        problem, most=most, enough=enough, scale=scale, gap=gap, networks=found.networks,
        time_limit=_left(time_limit, deadline, found), node_limit=node_limit, workers=workers,
        proof_folder=proof_folder, checkpoint_file=checkpoint_file, resume=resume, progress=progress,
    )  # fmt: skip
    status = Status.INTERRUPTED if found.is_interrupted else result.status
    return dataclasses.replace(result, status=status, seconds=deadline.seconds)


@dataclasses.dataclass
class _Trained:
    """Networks of ever more neurons."""

    networks: list[Network]
    is_interrupted: bool

    @property
    def best(self) -> Network | None:
        """The last of them, if there is one."""
        return self.networks[-1] if self.networks else None


def _is_worth_training(problem: Problem) -> bool:
    """Whether training knows anything: one feature with a skip is counted exactly at sort speed."""
    at_sort_speed = problem.n_features == 1 and problem.affine is Affine.SKIP
    return not at_sort_speed and problem.weight_bound is None


def _trained(
    problem: Problem,
    widths: Sequence[int],
    scale: ArrayLike | str | None,
    seed: int,
    deadline: Deadline,
    progress: ProgressCallback | None,
    enough: float = 0.0,
) -> _Trained:
    """Fit networks of given numbers of neurons, each from the one before."""
    trained = _Trained([], is_interrupted=False)
    is_limited = math.isfinite(deadline.remaining)
    until = _TRAINING * deadline.remaining
    try:
        from sparsest.continuous import find_sparse  # loads torch

        for place, neurons in enumerate(widths):
            if trained.networks and deadline.seconds > until:
                break
            seconds = max((until - deadline.seconds) / (len(widths) - place), _AT_ONCE)
            fit = find_sparse(
                problem, neurons=neurons, scale=scale, seed=seed, start=trained.best, progress=progress,
                time_limit=seconds if is_limited else None, effort_limit=None if is_limited else _EFFORT,
            )  # fmt: skip
            trained.networks.append(fit.network)
            error = fit.largest_error
            if fit.status is Status.INTERRUPTED:
                trained.is_interrupted = True
                break
            if error is not None and error <= enough:
                break
    except KeyboardInterrupt:
        trained.is_interrupted = True
    return trained


def _left(time_limit: float | None, deadline: Deadline, found: _Trained) -> float | None:
    """Return the time for the exact side, which only makes a result of what is known after Ctrl-C."""
    if found.is_interrupted:
        return _AT_ONCE
    return None if time_limit is None else max(deadline.remaining, _AT_ONCE)
