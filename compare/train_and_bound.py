"""Find a network of small path norm by training, then bound how far it is from the least."""

import dataclasses
import os
from concurrent.futures import Executor
from pathlib import Path
from typing import Final, TypedDict, Unpack

from sparsest.exact import minimize_path_norm
from sparsest.exact.path_norm import one_feature
from sparsest.network import Network
from sparsest.objectives import Objective, check_power
from sparsest.problem import Problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.path_norm import PathNormResult
from sparsest.results.solving import FitResult, Status

# Seconds of training, and the share of a time limit that it may take.
_SECONDS: Final = 5.0
_SHARE: Final = 0.1
# Numbers of the data up to which the search's own first networks are as good, and there sooner.
_FEW_NUMBERS: Final = 40


class BoundOptions(TypedDict, total=False):
    """Keywords of `exact.minimize_path_norm` that are handed on."""

    node_limit: int | None
    progress: ProgressCallback | None
    workers: int
    executor: Executor | None
    checkpoint_file: str | os.PathLike[str] | None
    resume: bool
    proof_file: str | os.PathLike[str] | None


def least_path_norm(
    problem: Problem,
    p: float,
    objective: str | Objective = Objective.NEURONS,
    *,
    training: bool = True,
    seed: int = 0,
    witness: Network | None = None,
    time_limit: float | None = None,
    **options: Unpack[BoundOptions],
) -> PathNormResult:
    """Bound the least path norm, from a network of training on where that pays.

    Training takes a tenth of the time, at most 5 s, and is left out with a witness, when a search is resumed,
    for one feature at sort speed, and for a handful of samples, whose search has networks as good by itself.

    Parameters
    ----------
    problem, p, objective
        As in `sparsest.exact.minimize_path_norm`.
    training : bool
        Whether to train where it pays.
    seed : int
        Of training.
    witness, time_limit, **options
        As in `sparsest.exact.minimize_path_norm`; the time limit is that of both.

    Returns
    -------
    PathNormResult
        Its seconds are those of training, too. After Ctrl-C in training, what one box and its network show.

    Raises
    ------
    InputError
        As `sparsest.exact.minimize_path_norm` does.
    """
    goal, deadline, interrupted = Objective.parse(objective), Deadline(time_limit), False
    power = check_power(p)
    # a checkpoint in the way is for the search to refuse, before any work
    kept = options.get("checkpoint_file")
    going_on = options.get("resume", False) or (kept is not None and Path(kept).exists())
    needless = problem.homogeneous.size <= _FEW_NUMBERS or one_feature.applies_to(problem, goal)
    if training and witness is None and not (going_on or needless):
        fit = _trained(problem, power, goal, seed, deadline, options.get("progress"))
        interrupted = fit is None or fit.status is Status.INTERRUPTED
        witness = fit.network if fit is not None and fit.fits else None
    if interrupted:
        options["node_limit"] = 1
    result = minimize_path_norm(
        problem,
        power,
        goal,
        witness=witness,
        time_limit=None if time_limit is None else max(deadline.remaining, 1e-3),
        **options,
    )
    if interrupted and result.status is not Status.OPTIMAL:
        result = dataclasses.replace(result, status=Status.INTERRUPTED)
    return dataclasses.replace(result, seconds=deadline.seconds + result.seconds_before)


def _trained(
    problem: Problem,
    p: float,
    objective: Objective,
    seed: int,
    deadline: Deadline,
    progress: ProgressCallback | None,
) -> FitResult | None:
    """Return what training finds; None where Ctrl-C came before it began."""
    seconds = max(min(_SECONDS, _SHARE * deadline.remaining), 1e-3)
    try:
        from sparsest.continuous import minimize  # loads torch

        return minimize(problem, p, objective=objective, seed=seed, time_limit=seconds, progress=progress)
    except KeyboardInterrupt:
        return None
