"""Gradient descent from many random networks as one batch, and the polish of each."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import torch

from sparsest.arrays import FloatArray
from sparsest.continuous.algorithms.base import Algorithm
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.checkpoint.file import Checkpoint, CheckpointSection
from sparsest.continuous.descent.initialization import INITIALIZATIONS
from sparsest.continuous.descent.loop import Descent
from sparsest.continuous.descent.polished_restarts import Answers
from sparsest.continuous.polish.pattern_program import Neurons, Samples
from sparsest.continuous.polish.polish import merged, polish
from sparsest.continuous.polish.scaling import Scaling
from sparsest.continuous.search.sampled_cells import joined
from sparsest.files import Arrays
from sparsest.history import History
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.refine import refine
from sparsest.results.solving import Status

# Share of a time limit that training may use; the polish, which makes networks interpolate, gets the rest.
TRAINING_SHARE = 0.5

# Restarts polished once more, with the cells they started from, when none of them fits.
_WITH_INITIAL = 4

# Batches with fewer activations than this run fastest on one thread (measured on two cores).
_ONE_THREAD = 200_000

# Called with what is being done, the steps taken and the share of the work done.
Report = Callable[[str, int, float], None]


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a batch of restarts is made of.

    Attributes
    ----------
    restarts, width, seed : int
        R, K, and the seed of the initial networks.
    device : torch.device
        Where it runs.
    dtype : torch.dtype
        Of the training.
    initialization : str
        Which of `sparsest.continuous.descent.initialization.INITIALIZATIONS` draws the initial networks.
    """

    restarts: int
    width: int
    seed: int
    device: torch.device
    dtype: torch.dtype
    initialization: str = "random"


@dataclasses.dataclass(frozen=True)
class Trained:
    """Restarts before and after training, in scaled units; `state` is what a checkpoint has of the end."""

    initial: list[Neurons]
    restarts: list[Neurons]
    loss: FloatArray  # of each restart at the end, for labels scaled to about one
    history: History
    steps: int
    status: Status
    state: Arrays


def train_restarts(
    scaling: Scaling,
    schedule: Schedule,
    algorithm: Algorithm,
    settings: Settings,
    deadline: Deadline,
    report: Report,
    *,
    lower_bound: int = 0,
    checkpoint: Checkpoint | CheckpointSection | None = None,
) -> Trained:
    """Train R random networks with an algorithm; see `sparsest.continuous.descent.loop`.

    Raises
    ------
    InputError
        When the checkpoint's state cannot be used.
    """
    restarts, width, where = settings.restarts, settings.width, settings.device

    def tensor(array: FloatArray) -> torch.Tensor:
        return torch.tensor(array, dtype=settings.dtype, device=where)

    homogeneous = tensor(scaling.homogeneous)
    # drawn on the CPU, so that every device starts from the same networks
    generator = torch.Generator().manual_seed(settings.seed)
    start = INITIALIZATIONS[settings.initialization](homogeneous.cpu(), restarts, width, generator)
    with _threads(restarts * width * len(scaling.low), where):
        batch = Batch(*(part.to(where) for part in start), affine=scaling.affine)
        initial = _restarts(batch, scaling)
        descent = Descent(
            batch,
            (homogeneous, tensor(scaling.low), tensor(scaling.high)),
            schedule,
            algorithm,
            bounds=None if scaling.bounds is None else tensor(scaling.bounds),
            to_units=tensor(scaling.to_units),
            lower_bound=lower_bound,
        )
        status = _run(descent, schedule, deadline, report, f"training {restarts} restarts", checkpoint)
    history = descent.history
    units = dataclasses.replace(history, loss=history.loss * scaling.height**2)
    return Trained(
        initial=initial,
        restarts=_restarts(batch, scaling),
        loss=history.loss[-1],
        history=units,
        steps=descent.taken,
        status=status,
        state=descent.arrays(),
    )


def _run(
    descent: Descent,
    schedule: Schedule,
    deadline: Deadline,
    report: Report,
    message: str,
    checkpoint: Checkpoint | CheckpointSection | None,
) -> Status:
    """Run a descent, from and into a checkpoint if there is one."""
    if checkpoint is not None and checkpoint.state is not None:
        try:
            descent.restore(checkpoint.state)
        except (KeyError, ValueError, IndexError, TypeError, RuntimeError) as error:
            raise checkpoint.refuse(error) from None
    status = descent.run(
        deadline,
        lambda step: report(message, step, TRAINING_SHARE * step / schedule.steps),
        lambda: None if checkpoint is None else checkpoint.save_if_due(descent.arrays),
    )
    if checkpoint is not None and descent.is_whole:
        checkpoint.save(descent.arrays())
    return status


@contextlib.contextmanager
def _threads(activations: int, where: torch.device) -> Iterator[None]:
    """Run small CPU batches on one thread: distributing the work would take longer than doing it."""
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
    affines = [None] * len(outputs) if batch.affine is None else batch.affine.double().cpu().numpy()
    patterns = folded @ scaling.homogeneous.T >= 0
    return [Neurons(*parts) for parts in zip(folded, patterns, np.sign(outputs), affines, strict=True)]


def raw_network(scaling: Scaling, objective: Objective, trained: Neurons) -> Network:
    """Return a restart in the problem's units, without neurons that are zero everywhere."""
    folded = trained.folded
    alive = (trained.signs != 0) & np.any(folded != 0, axis=1)
    if objective is Objective.WEIGHTS:
        # a free bias may outlive its weights; where it is not positive nothing is left of the neuron
        alive &= np.any(folded[:, :-1] != 0, axis=1) | (folded[:, -1] > 0)
    return scaling.network(folded[alive], trained.signs[alive], trained.affine)


def polish_restarts(
    problem: Problem,
    scaling: Scaling,
    schedule: Schedule,
    trained: Trained,
    networks: list[Network],
    deadline: Deadline,
    report: Report,
    answers: Answers,
) -> Status | None:
    """Replace each of `networks` by its polished form where there is one; say what cut it short, if any.

    Restarts with the same cells and signs share one answer. When none fits, some are tried again with the
    cells that they started from. `answers` has those of an earlier call, and takes new ones.
    """
    samples = Samples(scaling.homogeneous, scaling.low, scaling.high, scaling.affine, scaling.bounds)
    known: dict[tuple[bytes, bytes], Network | None] = {}
    try:
        for number, restart in enumerate(trained.restarts):
            if deadline.expired:
                return Status.TIME_LIMIT
            share = TRAINING_SHARE + (1 - TRAINING_SHARE) * number / len(networks)
            report(f"polishing restart {number + 1} of {len(networks)}", schedule.steps, share)
            start = merged(samples, restart)
            key = (start.patterns.tobytes(), start.signs.tobytes())
            if key not in known and number in answers:
                known[key] = answers[number]
            elif key not in known:
                known[key] = _polished(problem, scaling, samples, start, schedule, deadline)
                answers.add(number, known[key], deadline)
            networks[number] = known[key] or networks[number]
        if not any(network.solves(problem) for network in networks):
            # training may have lost cells that interpolation needs; those it started from mostly suffice
            for number, both in enumerate(zip(trained.restarts, trained.initial, strict=True)):
                if number == _WITH_INITIAL or deadline.expired:
                    break
                start = merged(samples, joined(*both))
                found = _polished(problem, scaling, samples, start, schedule, deadline)
                networks[number] = found or networks[number]
    except KeyboardInterrupt:
        return Status.INTERRUPTED
    finally:
        answers.close()
    return Status.TIME_LIMIT if deadline.expired else None


def _polished(
    problem: Problem,
    scaling: Scaling,
    samples: Samples,
    start: Neurons,
    schedule: Schedule,
    deadline: Deadline,
) -> Network | None:
    found = polish(samples, start, schedule.p, schedule.objective, deadline)
    if found is None:
        return None
    return refine(problem, scaling.network(found.folded, found.signs, found.affine), deadline)
