"""The continuous side's answer to a problem: search or train, polish, and report raw and polished figures."""

import dataclasses
import hashlib
import math
import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from sparsest import tolerances
from sparsest.arrays import FloatArray, positive_number
from sparsest.continuous import option_checks
from sparsest.continuous.algorithms.by_name import GRADIENT_ALGORITHMS, gradient_algorithm
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.checkpoint.file import Checkpoint, CheckpointSection
from sparsest.continuous.descent.polished_restarts import Answers
from sparsest.continuous.descent.restarts import (
    TRAINING_SHARE,
    Settings,
    polish_restarts,
    raw_network,
    train_restarts,
)
from sparsest.continuous.polish.projection_network import ridge_network
from sparsest.continuous.polish.scaling import Scaling
from sparsest.continuous.search.incumbent import Incumbent
from sparsest.continuous.search.keeper import SearchKeeper
from sparsest.continuous.search.staged_search import Reserved, StagedSearch
from sparsest.continuous.search.state import Course
from sparsest.history import History
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.results.solving import FitResult, Restarts, Status
from sparsest.sentences import joined

# Steps of gradient descent. More of them make sparser raw networks (9 neurons instead of 11 to 16 on
# peak-plateau after 10,000) but no sparser polished ones.
DEFAULT_STEPS = 3000

# Restarts of gradient descent.
DEFAULT_RESTARTS = 32

# Seconds of polish after an interrupted training.
_LAST_POLISH = 3.0

# Seconds that a network along a line takes for each neuron, sample and feature.
_SECONDS_AN_INPUT = 1e-8

# Seconds between progress reports.
_REPORT_INTERVAL = 0.2

# Said where no search found a network that fits.
JOINED_ALONG_A_LINE = (
    "no search found a network that fits: this one joins the labels along a line, and is not sparse"
)


def minimize(  # noqa: PLR0913
    problem: Problem,
    p: float = 0.4,
    *,
    objective: str | Objective = Objective.NEURONS,
    algorithm: str = "auto",
    width: int | None = None,
    restarts: int = DEFAULT_RESTARTS,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    device: str = "auto",
    regularization: float = 0.003,
    learning_rate: float = 0.01,
    dtype: str = "float64",
    patterns: ArrayLike | None = None,
    lower_bound: int = 0,
    norm_bound: float = math.inf,
    time_limit: float | None = None,
    effort_limit: float | None = None,
    initialization: str = "random",
    checkpoint_file: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> FitResult:
    """Search for a sparse network from random starts, then polish it until it interpolates.

    By default a staged search: networks of few neurons are fitted by many damped Gauss-Newton descents side
    by side, polished by linear programs, and descents with one part less begin from what was found, until
    more effort is not worth it (`sparsest.continuous.search.staged_search`). Gradient descent on the l^p path
    norm runs where that finds nothing that fits, or when it is asked for by `algorithm`: R wide networks are
    trained as one batch, and each is polished. Nothing here proves a count minimal.

    Inputs and labels are scaled to about one first (by powers of two, with a shift where it changes no
    count), and `regularization` refers to those units.

    Parameters
    ----------
    problem : Problem
        The data; a weight bound is respected.
    p : float
        Exponent of the path norm, 0 < p <= 1. The staged search prefers, of networks with the same count,
        that of smallest path norm.
    objective : str
        ``"neurons"``, ``"weights"`` or ``"parameters"``: what is counted, and whose path norm is minimised.
    algorithm : str
        ``"auto"``, the staged search; ``"gauss-newton"``, the same without gradient descent in reserve; or a
        method of gradient descent: ``"adam-reweighted"`` (Adam and the proximal step of the reweighted
        l^1 path norm, Nakhleh and Nowak 2025), ``"proximal-gradient"`` (with the exact proximal map of
        ``|t|^p``), ``"smoothed"`` (the smoothed path norm, p continued from 1 downwards) or ``"published"``
        (the loop as it was published).
    width : int, optional
        Most neurons of a network, and what gradient descent begins with. The default, ``4 N`` but at least
        20 and at most 200, has some four times the N neurons that always suffice, so that the patterns of a
        good network are likely among them.
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
    patterns : array-like of bool (C, N), optional
        Activation patterns that the linear programs of the staged search may use besides those it samples.
    lower_bound : int
        A count that is known to be minimal: the staged search ends when it reaches it,
    norm_bound : float
        and a path norm that is known to be least: when it reaches that too.
    time_limit : float, optional
        Seconds for everything; what was reached by then is returned.
    effort_limit : float, optional
        Effort of the staged search, counted instead of timed: equal limits give equal results on a machine
        that is busy or not. One is about a second of one core, rarely more than five. With a limit there is
        no gradient descent in reserve.
    initialization : str
        Of gradient descent: ``"random"``, hyperplanes through random points between samples, or
        ``"through-samples"``, near as many samples as can be.
    checkpoint_file : path, optional
        Keep what is known in this file, every few seconds and in the end. Training continues from it bit for
        bit as if it had not been stopped, whatever stopped it: time limit, Ctrl-C or a crash. A call that is
        stopped again returns at least the best network that the file has.
    resume : bool
        Continue from `checkpoint_file` if it exists; without this it must not exist.
    progress : callable, optional
        Receives a `sparsest.progress.Progress` some five times a second.

    Returns
    -------
    FitResult
        ``network``: of the networks that interpolate the one with the fewest parts, ties by path norm; when
        none does, the one of smallest residual. ``raw``: for the staged search what that network was before
        the polish; for gradient descent the restart with the fewest counted parts among those whose scaled
        mean squared error is at most ``tolerances.TRAINED_LOSS``, otherwise the one of smallest error. A
        restart whose patterns admit no interpolation keeps its raw figures. The staged search counts as one
        restart, and its history has an entry for each piece of work.
        Where the staged search has found none that interpolates, ``network`` is one that does and is not
        sparse at all (`sparsest.continuous.polish.projection_network`), as ``remark`` says, unless that is
        wider than a `width` that was given. ``status`` is finished, time_limit or interrupted: Ctrl-C while
        training continues with a polish of a few seconds, otherwise it returns what there is.

    Raises
    ------
    InputError
        When an option is out of its range, the device is absent, or the checkpoint is not of this problem and
        these options.

    Examples
    --------
    >>> peak = Problem([[-2], [-1], [0], [1], [2], [3]], [0, 0, 1, 1, 0, 0])
    >>> fit = minimize(peak)
    >>> fit.count, fit.network.interpolates(peak)
    (3, True)
    """
    refuse_other_than_problem(problem)
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
    chosen = option_checks.algorithm(algorithm, ("auto", "gauss-newton", *GRADIENT_ALGORITHMS))
    # the staged search does without its reserve, unless the size was asked for
    if chosen in GRADIENT_ALGORITHMS or (width, restarts) != (None, DEFAULT_RESTARTS):
        option_checks.refuse_large_batch(settings.restarts, given, problem)
    cells = option_checks.patterns(patterns, problem.n_samples)
    bound, norm = option_checks.bound("lower_bound", lower_bound), option_checks.norm_bound(norm_bound)
    course = _course(schedule, settings, chosen) | {
        "patterns": None if cells is None else hashlib.sha256(cells.tobytes()).hexdigest(),
        "lower_bound": bound,
        "norm_bound": norm,
    }
    effort = math.inf
    if effort_limit is not None:
        effort = course["effort_limit"] = positive_number(effort_limit, "effort_limit")
    checkpoint = None
    if checkpoint_file is not None:
        checkpoint = Checkpoint(checkpoint_file, resume=resume, problem=problem.digest, options=course)
    # matrices are small: several threads would mostly wait, for each other or for a core that is busy
    with threadpool_limits(1, user_api="blas"):
        call = _Call(
            problem, Scaling.of(problem, schedule.objective), schedule, settings, chosen, deadline,
            Reporter(progress, deadline), bound, norm, effort, math.inf if width is None else given,
            checkpoint,
        )  # fmt: skip
        descends = chosen in GRADIENT_ALGORITHMS
        found = _descended(call, chosen, checkpoint) if descends else _searched(call, cells)
    asked: dict[str, Any] = {
        "dtype": dtype,
        "time_limit": time_limit,
        "lower_bound": lower_bound,
        "effort_limit": effort_limit,
    }
    if call.checkpoint is not None:
        asked |= {"checkpoint_file": str(checkpoint_file), "resume": resume}
        found = dataclasses.replace(found, remark=joined(call.checkpoint.failure, found.remark))
    return call.result(found, asked)


def _course(schedule: Schedule, settings: Settings, algorithm: str) -> dict[str, Any]:
    """Return what decides the course of training, in words for a file."""
    plain = {**dataclasses.asdict(schedule), **dataclasses.asdict(settings), "algorithm": algorithm}
    return {name: value if isinstance(value, (int, float)) else str(value) for name, value in plain.items()}


def default_width(n_samples: int) -> int:
    """Return the number of neurons that `minimize` starts from on N samples."""
    return min(max(4 * n_samples, 20), 200)


@dataclasses.dataclass(frozen=True)
class _Found:
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
class _Call:
    """One call's problem and settings."""

    problem: Problem
    scaling: Scaling
    schedule: Schedule
    settings: Settings
    algorithm: str
    deadline: Deadline
    report: "Reporter"
    lower_bound: int
    norm_bound: float
    effort_limit: float
    most_neurons: float
    checkpoint: Checkpoint | None

    def result(self, found: _Found, given: dict[str, Any]) -> FitResult:
        """Return the figures of what was found, all of them recomputed."""
        problem, schedule, settings = self.problem, self.schedule, self.settings
        raw, best = found.raw[found.best_raw], found.polished[found.best]
        return FitResult(
            status=found.status,
            upper_bound=best.count(schedule.objective) if best.solves(problem) else None,
            network=best,
            remark=found.remark,
            objective=schedule.objective,
            p=schedule.p,
            residual=best.residual(problem),
            raw=raw,
            raw_residual=raw.residual(problem),
            restarts=Restarts(
                _counts(found.polished, schedule.objective),
                _residuals(found.polished, problem),
                _counts(found.raw, schedule.objective),
                _residuals(found.raw, problem),
            ),
            history=found.history,
            steps=found.steps,
            seconds=self.deadline.seconds,
            seed=settings.seed,
            device=str(settings.device),
            options={
                "algorithm": self.algorithm,
                "width": settings.width,
                "restarts": settings.restarts,
                "initialization": settings.initialization,
                "steps": schedule.steps,
                "regularization": schedule.regularization,
                "learning_rate": schedule.learning_rate,
                **given,
            },
            problem=problem,
        )


class Reporter:
    """Calls the progress callback, but not more often than every `interval` seconds."""

    def __init__(
        self, callback: ProgressCallback | None, deadline: Deadline, interval: float = _REPORT_INTERVAL
    ) -> None:
        self._callback, self._deadline, self._interval = callback, deadline, interval
        self._last = -math.inf

    def __call__(
        self, message: str, steps: int, fraction: float | None = None, count: int | None = None
    ) -> None:
        """Report a few words, steps taken, the share of the work that is done, and the best count so far."""
        if self._callback is None or self._deadline.seconds < self._last + self._interval:
            return
        self._last = self._deadline.seconds
        self._callback(Progress(message, self._last, nodes=steps, fraction=fraction, upper_bound=count))


# ---------------------------------------------------------------- the staged search


def _searched(call: _Call, cells: "np.ndarray[Any, np.dtype[np.bool_]] | None") -> _Found:
    """Run the staged search, with gradient descent in reserve unless that was excluded."""
    schedule, deadline = call.schedule, call.deadline
    incumbent = Incumbent(call.problem, call.scaling, schedule.objective, schedule.p, deadline)
    keeper = None if call.checkpoint is None else SearchKeeper(call.checkpoint, incumbent)
    reserve: list[_Found] = []

    def descend() -> Reserved:
        too_large = option_checks.is_large_batch(call.settings.restarts, call.settings.width, call.problem)
        if call.algorithm != "auto" or call.effort_limit < math.inf or too_large:
            return Reserved(0, Status.FINISHED)
        kept = None if keeper is None else keeper.reserve
        reserve.append(_descended(call, "adam-reweighted", kept))
        incumbent.offer_network(reserve[-1].polished[reserve[-1].best])
        if keeper is not None and incumbent.network is not None:
            keeper.reserve.arrays = {}  # the search has what it needs
        return Reserved(reserve[-1].steps, reserve[-1].status)

    search = StagedSearch(
        incumbent,
        seed=call.settings.seed,
        width=call.settings.width,
        lower_bound=call.lower_bound,
        norm_bound=call.norm_bound,
        effort_limit=call.effort_limit,
        patterns=cells,
        deadline=deadline,
        report=call.report,
    )
    status = Status.FINISHED
    try:
        if keeper is None:
            search.run(descend)
        else:
            keeper.resume(search)
            search.run(descend, lambda: keeper.between(search))
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    if status is Status.FINISHED and deadline.expired:
        status = Status.TIME_LIMIT
    if reserve and reserve[-1].status is not Status.FINISHED:
        status = reserve[-1].status
    if keeper is not None:
        keeper.close()
        if status is not Status.FINISHED:
            keeper.offer_best()
    steps = search.course.taken + search.place.reserved
    if incumbent.network is None:
        best_effort = reserve[-1] if reserve else _nothing(call, search.course)
        return dataclasses.replace(_fitting(call, best_effort), status=status)
    raw = incumbent.raw or incumbent.network
    history = _course_history(search.course, incumbent, call)
    return _Found([raw], [incumbent.network], 0, 0, history, steps, status)


def _fitting(call: _Call, found: _Found) -> _Found:
    """Return what was found with a network that fits in the place of the best, if there is one at once."""
    # some four evaluations of N neurons on N samples
    seconds = _SECONDS_AN_INPUT * call.problem.n_samples**2 * (call.problem.n_features + 4)
    if seconds > max(call.deadline.remaining, _LAST_POLISH / 10):
        return found
    network = ridge_network(call.problem, call.settings.seed)
    if network is None or network.width > call.most_neurons:
        return found
    polished = list(found.polished)
    polished[found.best] = network
    return dataclasses.replace(found, polished=polished, remark=JOINED_ALONG_A_LINE)


def _nothing(call: _Call, course: Course) -> _Found:
    """Return the network without neurons, for when none fits and none was trained."""
    affine = call.problem.has_affine_term
    folded = np.zeros((0, call.problem.n_features + 1))
    zero = call.scaling.network(folded, np.zeros(0), folded.sum(axis=0) if affine else None)
    return _Found(
        [zero], [zero], 0, 0, _empty_history(call, zero, course.taken), course.taken, Status.FINISHED
    )


def _empty_history(call: _Call, network: Network, steps: int) -> History:
    loss = float(np.mean(network.violation(call.problem) ** 2))
    norm = network.path_norm(call.schedule.p, call.schedule.objective)
    return History(
        np.array([float(steps)]), np.array([[loss]]), np.array([[norm]]), np.array([[float(network.width)]])
    )


def _course_history(course: Course, incumbent: Incumbent, call: _Call) -> History:
    """Return one column: loss, path norm and neurons of the best network as the search went on."""
    network = incumbent.network
    assert network is not None
    last = _empty_history(call, network, course.taken)
    points = course.points
    if not points:
        return last
    steps, loss, norm, active = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    return History(
        np.r_[steps, last.steps],
        np.r_[loss * call.scaling.height**2, last.loss[0]][:, None],
        np.r_[norm, last.path_norm[0]][:, None],
        np.r_[active, last.active[0]][:, None],
    )


# ---------------------------------------------------------------- gradient descent


def _descended(call: _Call, name: str, checkpoint: Checkpoint | CheckpointSection | None) -> _Found:
    """Train all restarts, polish each, and choose."""
    schedule, scaling, deadline = call.schedule, call.scaling, call.deadline
    limit = None if math.isinf(deadline.remaining) else max(TRAINING_SHARE * deadline.remaining, 1e-9)
    trained = train_restarts(
        scaling, schedule, gradient_algorithm(name, schedule), call.settings, Deadline(limit), call.report,
        lower_bound=call.lower_bound, checkpoint=checkpoint,
    )  # fmt: skip
    raw = [raw_network(scaling, schedule.objective, neurons) for neurons in trained.restarts]
    polished, interrupted = list(raw), trained.status is Status.INTERRUPTED
    if interrupted:  # without a polish hardly any network fits; a second Ctrl-C ends it too
        deadline = Deadline(min(max(deadline.remaining, 1e-9), _LAST_POLISH))
    whole = checkpoint if trained.status is Status.FINISHED else None
    answers = Answers(whole, trained.state, call.problem.n_features)
    cut = polish_restarts(call.problem, scaling, schedule, trained, polished, deadline, call.report, answers)
    return _Found(
        raw,
        polished,
        _best_raw(raw, trained.loss, schedule.objective),
        _best_polished(call.problem, polished, schedule.p, schedule.objective),
        trained.history,
        trained.steps,
        Status.INTERRUPTED if interrupted else cut or trained.status,
    )


def _best_raw(networks: list[Network], loss: FloatArray, objective: Objective) -> int:
    """Fewest parts among small losses, ties by loss; the smallest loss when none is small."""
    counts = _counts(networks, objective)
    fits = loss <= tolerances.TRAINED_LOSS
    return int(np.lexsort((loss, np.where(fits, counts, np.inf)))[0])


def _best_polished(problem: Problem, networks: list[Network], p: float, objective: Objective) -> int:
    """Fewest parts among networks that solve the problem, ties by path norm; else the smallest residual."""
    fits = np.array([network.solves(problem) for network in networks])
    if not fits.any():
        return int(np.argmin(_residuals(networks, problem)))
    norms = np.array([network.path_norm(p, objective) for network in networks])
    return int(np.lexsort((norms, np.where(fits, _counts(networks, objective), np.inf)))[0])


def _counts(networks: list[Network], objective: Objective) -> FloatArray:
    return np.array([network.count(objective) for network in networks], dtype=np.float64)


def _residuals(networks: list[Network], problem: Problem) -> FloatArray:
    return np.array([network.residual(problem) for network in networks], dtype=np.float64)
