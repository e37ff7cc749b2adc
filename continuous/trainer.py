"""`minimize`: networks of small l^p path norm, by linear programs over rays or by gradient descent."""

import functools
import os
from typing import Any

from threadpoolctl import threadpool_limits

from sparsest.continuous import option_checks
from sparsest.continuous.algorithms.by_name import GRADIENT_ALGORITHMS
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.best_restart import DEFAULT_RESTARTS, DEFAULT_STEPS, best_restart
from sparsest.continuous.call import TrainingCall
from sparsest.continuous.checkpoint.file import Checkpoint
from sparsest.continuous.descent.restarts import Settings
from sparsest.continuous.neuron_fit import fit_neurons
from sparsest.continuous.ray_search import PROGRAMS, SPLITTING, search_over_rays
from sparsest.continuous.sparse_search import default_width
from sparsest.network import Network
from sparsest.objectives import DEFAULT_POWER, Objective
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.solving import FitResult


def minimize(  # noqa: PLR0913
    problem: Problem,
    p: float = DEFAULT_POWER,
    *,
    objective: str | Objective = Objective.NEURONS,
    algorithm: str = "auto",
    width: int | None = None,
    neurons: int | None = None,
    restarts: int = DEFAULT_RESTARTS,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    device: str = "auto",
    regularization: float = 0.003,
    learning_rate: float = 0.01,
    dtype: str = "float64",
    norm_bound: float = 0.0,
    time_limit: float | None = None,
    initialization: str = "random",
    checkpoint_file: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> FitResult:
    """Search for a network that fits and whose l^p path norm is as small as can be.

    By default linear programs over neurons through samples, reweighted from many starts
    (`sparsest.continuous.rays.search`). ``"splitting"`` is the same search by first-order steps alone. The
    other algorithms are gradient descent, from R wide random networks as one batch, each polished by linear
    programs within its own activation patterns. Nothing here proves a path norm least
    (`sparsest.exact.minimize_path_norm` does), nor a count (`sparsest.solve`).

    Inputs and labels are scaled to about one for gradient descent (by powers of two, with a shift where it
    changes no count), and `regularization` refers to those units.

    Parameters
    ----------
    problem : Problem
        The data; a weight bound is respected.
    p : float
        Exponent of the path norm, 0 < p <= 1.
    objective : str
        ``"neurons"``, ``"weights"`` or ``"parameters"``: whose path norm is minimised.
    algorithm : str
        ``"auto"``, linear programs over rays; ``"splitting"``, proximal splitting of R starts at a time, no
        linear program anywhere; or gradient descent followed by linear programs: ``"adam-reweighted"`` (Adam
        and the proximal step of the reweighted l^1 path norm, Nakhleh and Nowak 2025),
        ``"proximal-gradient"`` (with the exact proximal map of ``|t|^p``), ``"smoothed"`` (the smoothed path
        norm, p continued from 1 downwards) or ``"published"`` (the loop as it was published).
    width : int, optional
        What gradient descent begins with; the default is ``4 N``, but at least 20 and at most 200.
    neurons : int, optional
        Instead, the network of at most so many neurons of least largest error: the same search as
        ``find_sparse(problem, neurons=...)``, whatever the algorithm would be.
    restarts : int
        R, initial networks of gradient descent.
    steps : int
        Steps of gradient descent.
    seed : int
        Of everything random. Equal seeds give equal results on one CPU and thread count, unless a time
        limit cuts in.
    device : str
        Of gradient descent: ``"auto"`` (CUDA when there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:1"``, ...
    regularization : float
        lambda in ``loss + lambda * path norm``, at least 0.
    learning_rate : float
        Step size of gradient descent for most of the steps; it then falls to zero.
    dtype : str
        ``"float64"`` or ``"float32"``, of gradient descent; everything else always uses float64.
    norm_bound : float
        A path norm that is known to be least: the default ends when it reaches it.
    time_limit : float, optional
        Seconds for everything; what was reached by then is returned.
    initialization : str
        Of gradient descent: ``"random"``, hyperplanes through random points between samples, or
        ``"through-samples"``, near as many samples as can be.
    checkpoint_file : path, optional
        Keep what is known in this file, every few seconds and in the end. Both kinds of search continue from
        it bit for bit as if they had not been stopped, whatever stopped them: time limit, Ctrl-C or a crash.
    resume : bool
        Continue from `checkpoint_file` if it exists; without this it must not exist.
    progress : callable, optional
        Receives a `sparsest.progress.Progress` some five times a second.

    Returns
    -------
    FitResult
        ``network``: of the networks that interpolate the one of smallest path norm; when none does, the one
        of smallest residual. ``raw``: for gradient descent the restart with the fewest counted parts among
        those whose scaled mean squared error is at most ``tolerances.TRAINED_LOSS``, otherwise the one of
        smallest error, before the polish; for the default the same as ``network``, which counts as one
        restart, with an entry of the history for each improvement. A restart whose patterns admit no
        interpolation keeps its raw figures. ``status`` is finished, time_limit or interrupted: Ctrl-C during
        gradient descent continues with a polish of a few seconds, otherwise it returns what there is.

    Raises
    ------
    InputError
        When an option is out of its range, the device is absent, or the checkpoint is not of this problem and
        these options.

    Examples
    --------
    >>> peak = Problem([[-2], [-1], [0], [1], [2], [3]], [0, 0, 1, 1, 0, 0])
    >>> fit = minimize(peak, 0.5, objective="weights")
    >>> round(fit.path_norm, 6), fit.network.interpolates(peak)
    (3.414214, True)
    """
    refuse_other_than_problem(problem)
    if neurons is not None:
        other = None if algorithm == "auto" else algorithm
        option_checks.refuse_with_neurons(
            p, objective, algorithm=other, width=width, checkpoint_file=checkpoint_file
        )
        return fit_neurons(problem, neurons, seed=seed, time_limit=time_limit, progress=progress)
    deadline = Deadline(time_limit)
    schedule = option_checks.schedule(steps, learning_rate, regularization, p, objective)
    given = default_width(problem.n_samples) if width is None else option_checks.count("width", width)
    settings = Settings(
        option_checks.count("restarts", restarts),
        given,
        option_checks.seed(seed),
        option_checks.device(device),
        option_checks.dtype(dtype),
        option_checks.initialization(initialization),
    )
    chosen = option_checks.algorithm(algorithm, (PROGRAMS, SPLITTING, *GRADIENT_ALGORITHMS))
    norm = option_checks.norm_bound(norm_bound)
    checkpoint = None
    if checkpoint_file is not None:
        course = option_checks.in_words(schedule, settings) | {"algorithm": chosen, "norm_bound": norm}
        checkpoint = Checkpoint(checkpoint_file, resume=resume, problem=problem.digest, options=course)
    call = TrainingCall.begun(
        problem, schedule, settings, chosen, deadline=deadline, progress=progress, checkpoint=checkpoint
    )
    # matrices are small: several threads would mostly wait, for each other or for a core that is busy
    with threadpool_limits(1, user_api="blas"):
        if chosen in (PROGRAMS, SPLITTING):
            found = search_over_rays(call, norm, progress)
        else:
            option_checks.refuse_large_batch(settings.restarts, given, problem)
            rank = functools.partial(_rank, schedule)
            found = best_restart(call, chosen, rank, checkpoint=checkpoint)
    asked: dict[str, Any] = {
        "width": given,
        "restarts": settings.restarts,
        "initialization": settings.initialization,
        "steps": schedule.steps,
        "regularization": schedule.regularization,
        "learning_rate": schedule.learning_rate,
        "dtype": dtype,
        "time_limit": time_limit,
    }
    return call.result(found, asked)


def _rank(schedule: Schedule, network: Network) -> tuple[float, ...]:
    """Order networks by path norm, then by count."""
    return network.path_norm(schedule.p, schedule.objective), network.count(schedule.objective)
