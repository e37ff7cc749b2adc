"""The network of at most K neurons of least largest error: `find_sparse` with a number of neurons."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from sparsest.arrays import FloatArray, positive_number
from sparsest.continuous import option_checks
from sparsest.continuous.call import Found, TrainingCall
from sparsest.continuous.descent.restarts import Settings
from sparsest.continuous.polish.pattern_program import Samples
from sparsest.continuous.search.coordinates import DescentCoordinates, neurons_of
from sparsest.continuous.search.least_error_search import LeastErrorSearch
from sparsest.continuous.search.minimax_descent import Labels
from sparsest.error_scale import ErrorScale, error_scale, largest_error
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import DEFAULT_POWER, Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.refine import refine
from sparsest.results.solving import FitResult, Status
from sparsest.sentences import counted

# Labels that are met so closely, relative to their size, are to be met to the last digits.
_NEARLY_MET: Final = 1e-6


def fit_neurons(
    problem: Problem,
    neurons: int,
    *,
    scale: ArrayLike | str | None = None,
    seed: int = 0,
    start: Network | None = None,
    time_limit: float | None = None,
    effort_limit: float | None = None,
    progress: ProgressCallback | None = None,
) -> FitResult:
    """Search for the network of at most K neurons whose largest error is least; see `find_sparse`.

    Parameters
    ----------
    problem : Problem
        Without a weight bound; labels are its targets.
    neurons : int
        K.
    scale, seed, start, time_limit, effort_limit, progress
        As for `find_sparse`.

    Raises
    ------
    InputError
        For an option out of its range.
    """
    deadline = Deadline(time_limit)
    most = option_checks.bound("neurons", neurons)
    units = error_scale(problem, scale)
    schedule = option_checks.schedule(1, 1.0, 0.0, DEFAULT_POWER, Objective.NEURONS)
    if problem.weight_bound is not None:
        raise InputError("neurons: a fit of so many neurons keeps no weight bound: leave that out")
    if start is not None and not (
        isinstance(start, Network)
        and start.n_features == problem.n_features
        and start.is_of_kind(problem)
        and start.count() <= most
    ):
        raise InputError(f"start must be a network of at most {most} neurons, of the problem's kind")
    limit = math.inf if effort_limit is None else positive_number(effort_limit, "effort_limit")
    settings = Settings(
        1, max(most, 1), option_checks.seed(seed), option_checks.device("cpu"), option_checks.dtype("float64")
    )
    # matrices are small: several threads would mostly wait, for each other or for a core that is busy
    with threadpool_limits(1, user_api="blas"):
        call = TrainingCall.begun(
            problem, schedule, settings, "find", deadline=deadline, progress=progress, checkpoint=None
        )
        found = _searched(call, most, units, limit, start)
    best = found.polished[0]
    asked: dict[str, Any] = {"neurons": most, "time_limit": time_limit, "effort_limit": effort_limit}
    asked |= {"errors": units.words, "largest_error": largest_error(problem, best(problem.X), units)}
    return call.result(found, asked)


def _searched(
    call: TrainingCall, neurons: int, scale: ErrorScale, effort_limit: float, start: Network | None
) -> Found:
    """Return the best network of at most K neurons."""
    problem, scaling = call.problem, call.scaling
    samples = Samples(scaling.homogeneous, scaling.low, scaling.high, scaling.affine, None)
    coordinates = DescentCoordinates.of(samples)
    data = Labels(
        coordinates.rows,
        (scaling.low + scaling.high) / 2,
        scale.below / scaling.height,
        scale.above / scaling.height,
        problem.has_affine_term,
        coordinates.movable,
    )

    def report(steps: int, error: float) -> None:
        call.report(f"{counted(neurons, 'neurons')}, largest error {error:.4g}", steps)

    def network_of(blocks: FloatArray, signs: FloatArray) -> Network:
        found = neurons_of(samples, blocks, signs, coordinates.back)
        return scaling.network(found.folded, found.signs, found.affine)

    random = np.random.default_rng(call.settings.seed)
    search = LeastErrorSearch(data, neurons, random, effort_limit, call.deadline, report)
    status = Status.FINISHED
    try:
        if start is not None:
            search.offer(*_blocks(call, start, coordinates.forward))
        search.run()
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    if status is Status.FINISHED and call.deadline.expired:
        status = Status.TIME_LIMIT
    best = network_of(search.neurons, search.signs)
    if largest_error(problem, best(problem.X), scale) <= _NEARLY_MET * problem.label_scale:
        best = refine(problem, best, call.deadline)
    raw = network_of(*search.begun_from)
    return Found([raw], [best], 0, 0, call.single(best, search.steps), search.steps, status)


def _blocks(call: TrainingCall, network: Network, forward: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a network in the problem's units as blocks (B, r) of a descent and their signs (B,)."""
    folded, signs, affine = call.scaling.scaled(network)
    if affine is None:
        return folded @ forward, signs
    return np.r_[folded, affine[None]] @ forward, np.r_[signs, 1.0]
