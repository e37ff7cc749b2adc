"""Gradient descent from many random networks, the polish of each, and the choice of one."""

from collections.abc import Callable

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.continuous.algorithms.by_name import gradient_algorithm
from sparsest.continuous.call import Found, TrainingCall, counts, residuals
from sparsest.continuous.checkpoint.file import Checkpoint, CheckpointSection
from sparsest.continuous.descent.polished_restarts import Answers
from sparsest.continuous.descent.restarts import (
    TRAINING_SHARE,
    polish_restarts,
    raw_network,
    train_restarts,
)
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.solving import Status

# Steps of gradient descent. More of them make sparser raw networks (9 neurons instead of 11 to 16 on
# peak-plateau after 10,000) but no sparser polished ones.
DEFAULT_STEPS = 3000

# Restarts of gradient descent.
DEFAULT_RESTARTS = 32

# Seconds of polish after an interrupted training.
_LAST_POLISH = 3.0

# Orders networks that fit, the better the smaller.
Rank = Callable[[Network], tuple[float, ...]]


def best_restart(
    call: TrainingCall,
    name: str,
    rank: Rank,
    *,
    lower_bound: int = 0,
    checkpoint: Checkpoint | CheckpointSection | None = None,
) -> Found:
    """Train all restarts of a call, polish each, and choose one.

    Parameters
    ----------
    call : TrainingCall
        Problem, schedule and settings.
    name : str
        Of the algorithm (`sparsest.continuous.algorithms.by_name`).
    rank : callable
        Orders the polished networks that fit.
    lower_bound : int
        Restarts with fewer parts cannot fit; one that fits with so many ends the training.
    checkpoint : Checkpoint or CheckpointSection, optional
        Where it is kept.

    Raises
    ------
    InputError
        When the checkpoint's state cannot be used.
    """
    schedule, scaling, deadline = call.schedule, call.scaling, call.deadline
    limit = None if np.isinf(deadline.remaining) else max(TRAINING_SHARE * deadline.remaining, 1e-9)
    trained = train_restarts(
        scaling, schedule, gradient_algorithm(name, schedule), call.settings, Deadline(limit), call.report,
        lower_bound=lower_bound, checkpoint=checkpoint,
    )  # fmt: skip
    raw = [raw_network(scaling, schedule.objective, neurons) for neurons in trained.restarts]
    best_raw = _best_raw(raw, trained.loss, schedule.objective)
    call.tell(name, raw[best_raw], trained.steps)
    polished, interrupted = list(raw), trained.status is Status.INTERRUPTED
    if interrupted:  # without a polish hardly any network fits; a second Ctrl-C ends it too
        deadline = Deadline(min(max(deadline.remaining, 1e-9), _LAST_POLISH))
    whole = checkpoint if trained.status is Status.FINISHED else None
    answers = Answers(whole, trained.state, call.problem.n_features)
    cut = polish_restarts(call.problem, scaling, schedule, trained, polished, deadline, call.report, answers)
    best = _best_polished(call.problem, polished, rank)
    call.tell(f"{name}, polished", polished[best], trained.steps)
    return Found(
        raw,
        polished,
        best_raw,
        best,
        trained.history,
        trained.steps,
        Status.INTERRUPTED if interrupted else cut or trained.status,
    )


def _best_raw(networks: list[Network], loss: FloatArray, objective: Objective) -> int:
    """Fewest parts among small losses, ties by loss; the smallest loss when none is small."""
    fits = loss <= tolerances.TRAINED_LOSS
    return int(np.lexsort((loss, np.where(fits, counts(networks, objective), np.inf)))[0])


def _best_polished(problem: Problem, networks: list[Network], rank: Rank) -> int:
    """Return the first by rank among networks that solve the problem; else the smallest residual."""
    missed = residuals(networks, problem)
    # by no more than this may rounding excuse a network, and to tell by how much takes three times as long
    most = tolerances.ROUNDING * tolerances.CANCELLATION * problem.label_scale
    fitting = [number for number in np.flatnonzero(missed <= most) if networks[number].solves(problem)]
    return int(min(fitting, key=lambda number: rank(networks[number])) if fitting else np.argmin(missed))
