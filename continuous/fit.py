"""The continuous side's answer to a problem: train many restarts, polish each, report both."""

import contextlib
import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import torch

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.continuous import options
from sparsest.continuous.initialization import random_neurons
from sparsest.continuous.pattern_program import Neurons, Samples
from sparsest.continuous.polish import merged, polish
from sparsest.continuous.scaling import Scaling
from sparsest.continuous.training import Batch, Schedule, train
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.refine import refine
from sparsest.results import FitResult, History

# Share of a time limit that training may use; the polish, which makes networks interpolate, gets the rest.
_TRAINING_SHARE = 0.5

# More steps make sparser raw networks (9 neurons instead of 11 to 16 on peak-plateau after 10,000) but no
# sparser polished ones.
DEFAULT_STEPS = 3000

# Restarts polished once more, with the cells they started from, when none of them fits.
_WITH_INITIAL = 4

# Seconds of polish after an interrupted training.
_LAST_POLISH = 3.0

# Seconds between progress reports.
_REPORT_EVERY = 0.2

# Batches with fewer activations than this run fastest on one thread (measured on two cores).
_ONE_THREAD = 200_000


def minimize(
    problem: Problem,
    p: float = 0.4,
    *,
    objective: str | Objective = Objective.WEIGHTS,
    width: int | None = None,
    restarts: int = 32,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    device: str = "auto",
    regularization: float = 0.003,
    learning_rate: float = 0.01,
    dtype: str = "float64",
    time_limit: float | None = None,
    progress: ProgressCallback | None = None,
) -> FitResult:
    """Search for a sparse network by gradient descent on the l^p path norm, then polish it.

    All restarts are trained together as one batch: Adam on the mean squared distance to the sample's
    intervals, and after every step the proximal step of the reweighted l^1 path norm (Nakhleh and Nowak
    2025). Unlike the published step, rebalancing scales the bias together with the weights, because
    otherwise it changes the function. Each restart is then polished: linear programs over its
    activation patterns (see `sparsest.continuous.polish`) and a last correction to rounding. Nothing here
    proves a count minimal.

    Inputs and labels are scaled to about one first (by powers of two, with a shift where it changes no
    count), and `regularization` refers to those units.

    Parameters
    ----------
    problem : Problem
        The data; a weight bound is respected.
    p : float
        Exponent of the path norm, 0 < p <= 1.
    objective : str
        ``"neurons"``, ``"weights"`` or ``"parameters"``: which path norm is minimised and what is counted.
    width : int, optional
        Neurons at the start. The default, ``4 N`` but at least 20 and at most 200, has some four times the
        N neurons that always suffice, so that the patterns of a good network are likely among them.
    restarts : int
        R, independent random initial networks.
    steps : int
        Adam steps of each.
    seed : int
        Of the initial networks. Equal seeds give equal results on one CPU and thread count, unless a time
        limit cuts in.
    device : str
        ``"auto"`` (CUDA when there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:1"``, ...
    regularization : float
        lambda in ``loss + lambda * path norm``, at least 0.
    learning_rate : float
        Adam's step size for most of the steps; it then falls to zero.
    dtype : str
        ``"float64"`` or ``"float32"``, of the training; the polish always uses float64.
    time_limit : float, optional
        Seconds for training and polish; what was reached by then is returned.
    progress : callable, optional
        Receives a `sparsest.progress.Progress` some five times a second.

    Returns
    -------
    FitResult
        ``raw``: the restart with the fewest counted parts among those whose scaled mean squared error is
        at most ``tolerances.TRAINED_LOSS``, otherwise the one of smallest error. ``polished``: of those
        that interpolate the one with the fewest parts, ties by path norm; when none does, the one of
        smallest residual. A restart whose patterns admit no interpolation keeps its raw figures.
        ``options["stopped"]`` is ``"finished"``, ``"time_limit"`` or ``"interrupted"``: Ctrl-C while
        training goes on to a polish of a few seconds, and while polishing returns what there is.

    Raises
    ------
    InputError
        When an option is out of its range, or the device is absent.

    Examples
    --------
    >>> peak = Problem([[-2], [-1], [0], [1], [2], [3]], [0, 0, 1, 1, 0, 0])
    >>> fit = minimize(peak, restarts=8, steps=500)
    >>> fit.count, fit.polished.interpolates(peak)
    (3, True)
    """
    refuse_other_than_problem(problem)
    deadline = start = Deadline(time_limit)
    schedule = options.schedule(steps, learning_rate, regularization, p, objective)
    restarts, seed = options.count("restarts", restarts), options.seed(seed)
    width = default_width(problem.n_samples) if width is None else options.count("width", width)
    options.refuse_large_batch(restarts, width, problem)
    where, precision = options.device(device), options.dtype(dtype)
    report = _Reporter(progress, deadline)

    scaling = Scaling.of(problem, schedule.objective)
    training_limit = None if time_limit is None else _TRAINING_SHARE * time_limit
    trained = _train(
        scaling, schedule, (restarts, width, seed), (where, precision), Deadline(training_limit), report
    )
    raw = [_raw_network(scaling, schedule.objective, neurons) for neurons in trained.restarts]
    polished, interrupted = list(raw), trained.stopped == "interrupted"
    if interrupted:  # without a polish hardly any network fits; a second Ctrl-C ends it too
        deadline = Deadline(min(deadline.remaining, _LAST_POLISH))
    cut = _polish_all(problem, scaling, schedule, trained, polished, deadline, report)
    best_raw = raw[_best_raw(raw, trained.loss, schedule.objective)]
    best = polished[_best_polished(problem, polished, schedule.p, schedule.objective)]
    return FitResult(
        objective=schedule.objective,
        p=schedule.p,
        raw=best_raw,
        raw_residual=best_raw.residual(problem),
        polished=best,
        polished_residual=best.residual(problem),
        restart_counts=_counts(polished, schedule.objective),
        restart_residuals=_residuals(polished, problem),
        raw_counts=_counts(raw, schedule.objective),
        raw_residuals=_residuals(raw, problem),
        history=trained.history,
        steps=trained.steps,
        seconds=start.seconds,
        seed=seed,
        device=str(where),
        options={
            "width": width,
            "restarts": restarts,
            "steps": schedule.steps,
            "regularization": schedule.regularization,
            "learning_rate": schedule.learning_rate,
            "dtype": dtype,
            "time_limit": time_limit,
            "stopped": "interrupted" if interrupted else cut or trained.stopped,
        },
    )


def default_width(n_samples: int) -> int:
    """Return the number of neurons that `minimize` starts from on N samples."""
    return min(max(4 * n_samples, 20), 200)


@dataclasses.dataclass(frozen=True)
class _Trained:
    initial: list[Neurons]
    restarts: list[Neurons]
    loss: FloatArray  # of each restart at the end, for labels scaled to about one
    history: History
    steps: int
    stopped: str


class _Reporter:
    """Calls the progress callback, but not more often than every `_REPORT_EVERY` seconds."""

    def __init__(self, callback: ProgressCallback | None, deadline: Deadline) -> None:
        self._callback, self._deadline = callback, deadline
        self._last = -math.inf

    def __call__(self, message: str, steps: int, fraction: float) -> None:
        if self._callback is None or self._deadline.seconds < self._last + _REPORT_EVERY:
            return
        self._last = self._deadline.seconds
        self._callback(Progress(message, self._last, nodes=steps, fraction=fraction))


def _train(
    scaling: Scaling,
    schedule: Schedule,
    sizes: tuple[int, int, int],
    place: tuple[torch.device, torch.dtype],
    deadline: Deadline,
    report: _Reporter,
) -> _Trained:
    (restarts, width, seed), (where, precision) = sizes, place

    def tensor(array: FloatArray) -> torch.Tensor:
        return torch.tensor(array, dtype=precision, device=where)

    homogeneous = tensor(scaling.homogeneous)
    # drawn on the CPU, so that every device starts from the same networks
    generator = torch.Generator().manual_seed(seed)
    start = random_neurons(homogeneous.cpu(), restarts, width, generator)
    with _threads(restarts * width * len(scaling.low), where):
        batch = Batch(*(part.to(where) for part in start), skip=scaling.trend is not None)
        initial = _restarts(batch, scaling)
        history, steps, stopped = train(
            batch,
            (homogeneous, tensor(scaling.low), tensor(scaling.high)),
            schedule,
            bounds=None if scaling.bounds is None else tensor(scaling.bounds),
            to_units=tensor(scaling.to_units),
            deadline=deadline,
            report=lambda step: report(
                f"training {restarts} restarts", step, _TRAINING_SHARE * step / schedule.steps
            ),
        )
    units = dataclasses.replace(history, loss=history.loss * scaling.height**2)
    return _Trained(initial, _restarts(batch, scaling), history.loss[-1], units, steps, stopped)


@contextlib.contextmanager
def _threads(activations: int, where: torch.device) -> Iterator[None]:
    """Run small CPU batches on one thread: handing out the work would take longer than doing it."""
    before = torch.get_num_threads()
    if where.type == "cpu" and activations < _ONE_THREAD:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _restarts(batch: Batch, scaling: Scaling) -> list[Neurons]:
    """Return every restart as folded neurons with their patterns, in scaled units."""
    outputs = batch.outputs.double().cpu().numpy()
    folded = np.abs(outputs)[:, :, None] * batch.hidden.double().cpu().numpy()
    skips = [None] * len(outputs) if batch.skip is None else batch.skip.double().cpu().numpy()
    patterns = folded @ scaling.homogeneous.T >= 0
    return [Neurons(*parts) for parts in zip(folded, patterns, np.sign(outputs), skips, strict=True)]


def _raw_network(scaling: Scaling, objective: Objective, trained: Neurons) -> Network:
    """Return a restart in the problem's units, without neurons that are zero everywhere."""
    folded = trained.folded
    alive = (trained.signs != 0) & np.any(folded != 0, axis=1)
    if objective is Objective.WEIGHTS:
        # a free bias may outlive its weights; where it is not positive nothing is left of the neuron
        alive &= np.any(folded[:, :-1] != 0, axis=1) | (folded[:, -1] > 0)
    return scaling.network(folded[alive], trained.signs[alive], trained.skip)


def _polish_all(
    problem: Problem,
    scaling: Scaling,
    schedule: Schedule,
    trained: _Trained,
    networks: list[Network],
    deadline: Deadline,
    report: _Reporter,
) -> str | None:
    """Replace each of `networks` by its polished form where there is one; say what cut it short, if any.

    Restarts with the same cells and signs share one answer. When none fits, some are tried again with the
    cells that they started from.
    """
    samples = Samples(scaling.homogeneous, scaling.low, scaling.high, problem.skip, scaling.bounds)
    known: dict[tuple[bytes, bytes], Network | None] = {}
    try:
        for number, restart in enumerate(trained.restarts):
            if deadline.expired:
                return "time_limit"
            share = _TRAINING_SHARE + (1 - _TRAINING_SHARE) * number / len(networks)
            report(f"polishing restart {number + 1} of {len(networks)}", schedule.steps, share)
            start = merged(samples, restart)
            key = (start.patterns.tobytes(), start.signs.tobytes())
            if key not in known:
                known[key] = _polished(problem, scaling, samples, start, schedule, deadline)
            networks[number] = known[key] or networks[number]
        if not any(network.solves(problem) for network in networks):
            # training may have lost cells that interpolation needs; those it started from mostly suffice
            for number, both in enumerate(zip(trained.restarts, trained.initial, strict=True)):
                if number == _WITH_INITIAL or deadline.expired:
                    break
                start = merged(samples, _joined(*both))
                found = _polished(problem, scaling, samples, start, schedule, deadline)
                networks[number] = found or networks[number]
    except KeyboardInterrupt:
        return "interrupted"
    return "time_limit" if deadline.expired else None


def _joined(first: Neurons, second: Neurons) -> Neurons:
    """Return the neurons of both, with the skip of the first."""
    return Neurons(
        np.concatenate([first.folded, second.folded]),
        np.concatenate([first.patterns, second.patterns]),
        np.concatenate([first.signs, second.signs]),
        first.skip,
    )


def _polished(
    problem: Problem,
    scaling: Scaling,
    samples: Samples,
    start: Neurons,
    schedule: Schedule,
    deadline: Deadline,
) -> Network | None:
    found = polish(samples, start, schedule.p, schedule.objective, deadline)
    return None if found is None else refine(problem, scaling.network(found.folded, found.signs, found.skip))


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
