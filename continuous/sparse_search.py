"""`find_sparse`: the fewest neurons, weights or parameters by any means, without a proof."""

import dataclasses
import hashlib
import math
import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from sparsest.arrays import positive_number
from sparsest.continuous import option_checks
from sparsest.continuous.best_restart import DEFAULT_RESTARTS, DEFAULT_STEPS, best_restart
from sparsest.continuous.call import Found, TrainingCall
from sparsest.continuous.checkpoint.file import Checkpoint
from sparsest.continuous.descent.restarts import Settings
from sparsest.continuous.neuron_fit import fit_neurons
from sparsest.continuous.polish.projection_network import ridge_network
from sparsest.continuous.search.incumbent import Incumbent
from sparsest.continuous.search.keeper import SearchKeeper
from sparsest.continuous.search.staged_search import Reserved, StagedSearch
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import DEFAULT_POWER, Objective
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.solving import FitResult, Status

# Gradient descent in reserve, for networks that no other means find.
_RESERVE, _REGULARIZATION, _LEARNING_RATE = "adam-reweighted", 0.003, 0.01

# Seconds within which a network along a line is made whatever the limit, and seconds that it takes for each
# neuron, sample and feature.
_LINE, _SECONDS_AN_INPUT = 0.3, 1e-8
# About what the first steps of all restarts, and judging them, take for each weight and input.
_SECONDS_A_PRODUCT = 1e-9

# Said where no search found a network that fits.
JOINED_ALONG_A_LINE = (
    "no search found a network that fits: this one joins the labels along a line, and is not sparse"
)


def find_sparse(  # noqa: PLR0913
    problem: Problem,
    objective: str | Objective = Objective.NEURONS,
    *,
    p: float = DEFAULT_POWER,
    width: int | None = None,
    neurons: int | None = None,
    scale: ArrayLike | str | None = None,
    seed: int = 0,
    device: str = "auto",
    patterns: ArrayLike | None = None,
    start: Network | None = None,
    lower_bound: int = 0,
    proof_follows: bool = False,
    time_limit: float | None = None,
    effort_limit: float | None = None,
    checkpoint_file: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> FitResult:
    """Search for a network that fits with as few parts as can be, by any means.

    Networks of few neurons are fitted by many damped Gauss-Newton descents side by side, polished by linear
    programs, and descents with one part less begin from what was found, until more effort is not worth it
    (`sparsest.continuous.search.staged_search`). Gradient descent on a wide network runs where that finds
    nothing that fits. Nothing here proves a count minimal; see `sparsest.solve`.

    Parameters
    ----------
    problem : Problem
        The data; a weight bound is respected.
    objective : str or Objective
        ``"neurons"``, ``"weights"`` or ``"parameters"``: what is counted.
    p : float
        Of networks with the same count, that of smallest l^p path norm is preferred, 0 < p <= 1.
    width : int, optional
        Most neurons of a network. The default, ``4 N`` but at least 20 and at most 200, has some four times
        the N neurons that always suffice, so that the patterns of a good network are likely among them.
    neurons : int, optional
        Instead of the fewest neurons that fit, look for the network of at most so many neurons whose largest
        distance from a label is least; labels are the middles of the intervals. It may fit or not:
        ``options["largest_error"]`` says how far it is off
        (`sparsest.continuous.search.least_error_search`).
    scale : array-like (N,) or (N, 2), or "relative", optional
        With `neurons`: what errors are measured in, as for `sparsest.exact.least_error`.
    seed : int
        Of everything random. Equal seeds give equal results on one CPU and thread count, unless a time
        limit cuts in.
    device : str
        Of gradient descent in reserve: ``"auto"`` (CUDA when there is one), ``"cpu"``, ``"cuda"``, ...
    patterns : array-like of bool (C, N), optional
        Activation patterns that linear programs may use besides those that are sampled.
    start : Network, optional
        A network that fits, to go down from where the search finds none of its own: there is no gradient
        descent in reserve then. With `neurons` one of at most so many, whether it fits or not.
    lower_bound : int
        A count that is known to be minimal: the search ends when it reaches it.
    proof_follows : bool
        Whether an exact search comes next. Where it has only networks of `lower_bound` parts left to decide,
        and the best one has about as many numbers as there are samples, more effort is left to it.
    time_limit : float, optional
        Seconds for everything; what was reached by then is returned.
    effort_limit : float, optional
        Effort of the search, counted instead of timed: equal limits give equal results on a machine that is
        busy or not. One is about a second of one core, rarely more than five. With a limit there is no
        gradient descent in reserve.
    checkpoint_file : path, optional
        Keep what is known in this file, every few seconds and in the end. The search continues from it bit
        for bit as if it had not been stopped, whatever stopped it: time limit, Ctrl-C or a crash. A call
        that is stopped again returns at least the best network that the file has.
    resume : bool
        Continue from `checkpoint_file` if it exists; without this it must not exist.
    progress : callable, optional
        Receives a `sparsest.progress.Progress` some five times a second.

    Returns
    -------
    FitResult
        ``network``: of the networks that interpolate the one with the fewest parts, ties by path norm.
        ``raw``: what it was before the polish. The search counts as one restart, and its history has an
        entry for each piece of work. Where it has found none that interpolates, ``network`` is one that does
        and is not sparse at all (`sparsest.continuous.polish.projection_network`), as ``remark`` says, unless
        that is wider than a `width` that was given. ``status`` is finished, time_limit or interrupted: Ctrl-C
        returns what there is.

    Raises
    ------
    InputError
        When an option is out of its range, the device is absent, or the checkpoint is not of this problem and
        these options.

    Examples
    --------
    >>> peak = Problem([[-2], [-1], [0], [1], [2], [3]], [0, 0, 1, 1, 0, 0])
    >>> fit = find_sparse(peak)
    >>> fit.count, fit.network.interpolates(peak)
    (3, True)
    """
    refuse_other_than_problem(problem)
    if neurons is not None:
        option_checks.refuse_with_neurons(
            p, objective, width=width, patterns=patterns, checkpoint_file=checkpoint_file
        )
        return fit_neurons(
            problem, neurons, scale=scale, seed=seed, start=start, time_limit=time_limit,
            effort_limit=effort_limit, progress=progress,
        )  # fmt: skip
    if scale is not None:
        raise InputError("scale is what errors are measured in, for a number of neurons: give neurons too")
    deadline = Deadline(time_limit)
    schedule = option_checks.schedule(DEFAULT_STEPS, _LEARNING_RATE, _REGULARIZATION, p, objective)
    widest = default_width(problem.n_samples) if width is None else option_checks.count("width", width)
    settings = Settings(
        DEFAULT_RESTARTS,
        widest,
        option_checks.seed(seed),
        option_checks.device(device),
        option_checks.dtype("float64"),
    )
    cells = option_checks.patterns(patterns, problem.n_samples)
    option_checks.refuse_misfit(start, problem)
    bound = option_checks.bound("lower_bound", lower_bound)
    effort = math.inf if effort_limit is None else positive_number(effort_limit, "effort_limit")
    course = option_checks.in_words(schedule, settings) | {
        "algorithm": "find",
        "patterns": None if cells is None else _name(cells),
        "start": None if start is None else _name(start.folded, start.outputs),
        "lower_bound": bound,
        "effort_limit": effort_limit,
    }
    if proof_follows:  # no word of it else: files from before there was such an option stay valid
        course["proof_follows"] = True
    checkpoint = None
    if checkpoint_file is not None:
        checkpoint = Checkpoint(checkpoint_file, resume=resume, problem=problem.digest, options=course)
    # matrices are small: several threads would mostly wait, for each other or for a core that is busy
    with threadpool_limits(1, user_api="blas"):
        call = TrainingCall.begun(
            problem, schedule, settings, "find", deadline=deadline, progress=progress, checkpoint=checkpoint
        )
        left = bound if proof_follows else 0
        search = _SparseSearch(call, start, bound, left, effort, math.inf if width is None else widest)
        found = search.run(cells)
    asked: dict[str, Any] = {
        "width": widest,
        "lower_bound": lower_bound,
        "time_limit": time_limit,
        "effort_limit": effort_limit,
    }
    return call.result(found, asked)


def default_width(n_samples: int) -> int:
    """Return the number of neurons that searches begin with, or go up to, on N samples.

    Examples
    --------
    >>> from sparsest import continuous
    >>> continuous.default_width(10) <= continuous.default_width(100)
    True
    """
    return min(max(4 * n_samples, 20), 200)


def _name(*arrays: "np.ndarray[Any, Any]") -> str:
    """Return what tells arrays from others, for a file."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


class _SparseSearch:
    """A staged search with gradient descent, or a known network, in reserve."""

    def __init__(
        self,
        call: TrainingCall,
        start: Network | None,
        lower_bound: int,
        left_to_proof: int,
        effort_limit: float,
        most_neurons: float,
    ) -> None:
        self.call, self.start = call, start
        self.lower_bound, self.left_to_proof = lower_bound, left_to_proof
        self.effort_limit, self.most_neurons = effort_limit, most_neurons
        schedule = call.schedule
        self.incumbent = Incumbent(call.problem, call.scaling, schedule.objective, schedule.p, call.deadline)
        self.keeper = None if call.checkpoint is None else SearchKeeper(call.checkpoint, self.incumbent)
        self.descended: Found | None = None
        self.is_cut_short = False  # by what a step in reserve would take

    def run(self, cells: "np.ndarray[Any, np.dtype[np.bool_]] | None") -> Found:
        """Search, and return the best network."""
        call, incumbent, keeper = self.call, self.incumbent, self.keeper
        search = StagedSearch(
            incumbent,
            seed=call.settings.seed,
            width=call.settings.width,
            lower_bound=self.lower_bound,
            left_to_proof=self.left_to_proof,
            effort_limit=self.effort_limit,
            patterns=cells,
            deadline=call.deadline,
            report=call.report,
            watch=call.report.attempted,
        )
        status = Status.FINISHED
        try:
            if keeper is None:
                search.run(self.reserve)
            else:
                keeper.resume(search)
                search.run(self.reserve, lambda: keeper.between(search))
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        if status is Status.FINISHED and (call.deadline.expired or self.is_cut_short):
            status = Status.TIME_LIMIT
        if self.descended is not None and self.descended.status is not Status.FINISHED:
            status = self.descended.status
        if keeper is not None:
            keeper.close()
            if status is not Status.FINISHED:
                keeper.offer_best()
        steps = search.course.taken + search.place.reserved
        if incumbent.network is None:
            return dataclasses.replace(self._along_a_line(search.course.taken), status=status)
        raw = incumbent.raw or incumbent.network
        history = call.course(search.course.points, incumbent.network, search.course.taken)
        return Found([raw], [incumbent.network], 0, 0, history, steps, status)

    def reserve(self) -> Reserved:
        """Offer the known network, or what gradient descent finds."""
        call, keeper = self.call, self.keeper
        if self.start is not None:
            self.incumbent.offer_network(self.start)
            return Reserved(0, Status.FINISHED)
        too_large = option_checks.is_large_batch(call.settings.restarts, call.settings.width, call.problem)
        if self.effort_limit < math.inf or too_large:
            return Reserved(0, Status.FINISHED)
        numbers = call.settings.restarts * call.settings.width * call.problem.homogeneous.size
        self.is_cut_short = _SECONDS_A_PRODUCT * numbers > call.deadline.remaining
        if self.is_cut_short:
            return Reserved(0, Status.TIME_LIMIT)
        kept = None if keeper is None else keeper.reserve
        found = self.descended = best_restart(
            call, _RESERVE, self.incumbent.rank, lower_bound=self.lower_bound, checkpoint=kept
        )
        self.incumbent.offer_network(found.polished[found.best])
        if keeper is not None and self.incumbent.network is not None:
            keeper.reserve.arrays = {}  # the search has what it needs
        return Reserved(found.steps, found.status)

    def _along_a_line(self, taken: int) -> Found:
        """Return a network that fits at once, or else the best of those that do not."""
        call, found = self.call, self.descended
        if found is None:
            zero = call.without_neurons()
            found = Found([zero], [zero], 0, 0, call.single(zero, taken), taken, Status.FINISHED)
        # some four evaluations of N neurons on N samples
        seconds = _SECONDS_AN_INPUT * call.problem.n_samples**2 * (call.problem.n_features + 4)
        if seconds > max(call.deadline.remaining, _LINE):
            return found
        network = ridge_network(call.problem, call.settings.seed)
        if network is None or network.width > self.most_neurons:
            return found
        polished = list(found.polished)
        polished[found.best] = network
        return dataclasses.replace(found, polished=polished, remark=JOINED_ALONG_A_LINE)
