"""The loop that trains a batch of networks; the batch and what takes its steps are in `algorithms`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import torch

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.continuous.algorithms.base import Algorithm, Data
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.descent.shrinking_batch import LiveBatch
from sparsest.continuous.penalty import path_norms
from sparsest.files import Arrays
from sparsest.history import History
from sparsest.objectives import Objective
from sparsest.progress import Deadline
from sparsest.results.solving import Status

# How many steps of a run are recorded in its history.
_RECORDS = 200

# Steps between two looks for what can be dropped.
_LOOK: Final = 50

# Share of the loss at which a network counts as trained, below which one with no more parts than a proven
# bound ends the run: its polish interpolates.
_REACHED: Final = 1e-3

Record = tuple[int, FloatArray, FloatArray, FloatArray]


class Descent:
    """A run of gradient descent, which can be stopped and continued.

    Parameters
    ----------
    batch : Batch
        Initial networks; overwritten.
    data : tuple of tensors
        Scaled inputs (N, d + 1), lower and upper interval ends (N,).
    schedule : Schedule
        What to run.
    algorithm : Algorithm
        Takes the steps.
    bounds : tensor (d,), optional
        Bound on every ``|v_k w_kj|``.
    to_units : tensor (d + 1, d + 1)
        Takes folded neurons to the units that the history's path norm is reported in.
    lower_bound : int
        Restarts with fewer parts cannot fit; one that fits with so many ends the run.

    Attributes
    ----------
    taken : int
        Steps taken.
    is_whole : bool
        False when an interruption came in the middle of a change, so that `arrays` is no state to resume.
    """

    def __init__(
        self,
        batch: Batch,
        data: Data,
        schedule: Schedule,
        algorithm: Algorithm,
        *,
        bounds: torch.Tensor | None,
        to_units: torch.Tensor,
        lower_bound: int = 0,
    ) -> None:
        self._live, self._data, self._schedule, self._algorithm = LiveBatch(batch), data, schedule, algorithm
        self._bounds, self._to_units, self._lower_bound = bounds, to_units, lower_bound
        self._records: list[Record] = []
        self._measured = np.zeros((3, len(batch.outputs)))  # of every restart, when it was last trained
        self._every = max(1, schedule.steps // _RECORDS)
        self.taken, self.is_whole = 0, True

    def run(self, deadline: Deadline, report: Callable[[int], None], save: Callable[[], None]) -> Status:
        """Train until the steps are done or the time is up.

        Parameters
        ----------
        deadline : Deadline
            Checked after every step.
        report : callable
            Called with the number of steps taken, after every step.
        save : callable
            Called after every step, when the state is whole.

        Returns
        -------
        str
            `Status.FINISHED`, `Status.TIME_LIMIT` or `Status.INTERRUPTED`.
        """
        status = Status.FINISHED
        try:
            while self.taken < self._schedule.steps:
                if self.taken % self._every == 0:
                    self._record()
                if self.taken % _LOOK == 0:
                    self.is_whole = False
                    ended = self._drop() or not len(self._live.restarts)
                    self.is_whole = True
                    if ended:
                        break
                if deadline.expired:
                    status = Status.TIME_LIMIT
                    break
                self.is_whole = False
                self._algorithm.step(self._live.batch, self._data, self.taken, self._bounds)
                self.taken += 1
                self.is_whole = True
                report(self.taken)
                save()
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        self._record()
        self._live.write_back()
        return status

    @property
    def history(self) -> History:
        """What was recorded, one column a restart; of retired ones the last figures go on."""
        steps, *columns = zip(*self._records, strict=True)
        return History(np.array(steps, dtype=np.float64), *(np.stack(column) for column in columns))

    def arrays(self) -> Arrays:
        """Return the state as arrays, from which `restore` continues bit for bit."""
        batch, whole = self._live.batch, self._live.whole
        tensors = {
            "flat": batch.flat, "mean": batch.mean, "square": batch.square, "whole": whole.flat,
            "restarts": self._live.restarts, "width": torch.tensor(batch.outputs.shape[1]),
            **{f"algorithm_{name}": value for name, value in self._algorithm.state().items()},
        }  # fmt: skip
        arrays: Arrays = {name: value.detach().cpu().numpy() for name, value in tensors.items()}
        # a record made at a stop alone is not one of an uninterrupted run
        records = [record for record in self._records if record[0] % self._every == 0]
        steps, *columns = zip(*records, strict=True) if records else ((), (), (), ())
        arrays |= {"taken": np.array(self.taken), "measured": self._measured, "recorded": np.array(steps)}
        for name, column in zip(("loss", "path_norm", "active"), columns, strict=True):
            arrays[name] = np.array(column).reshape(len(steps), self._measured.shape[1])
        return arrays

    def restore(self, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
        """Continue from a state.

        Raises
        ------
        ValueError, KeyError
            When it is not one of a run with these settings.
        """
        whole, device = self._live.whole, self._live.whole.flat.device
        restarts, width = torch.as_tensor(arrays["restarts"]), int(arrays["width"])
        if not (0 < width <= whole.outputs.shape[1] and len(restarts) <= len(whole.outputs)):
            raise ValueError("its batch has another shape")
        if len(restarts) and not (int(restarts.min()) >= 0 and int(restarts.max()) < len(whole.outputs)):
            raise ValueError("it has restarts that are not there")
        _copy(whole.flat, arrays["whole"])
        kept, neurons = restarts.to(device), torch.arange(width, device=device).expand(len(restarts), width)
        self._live.restarts, self._live.batch = kept, whole.part(kept, neurons)
        for name in ("flat", "mean", "square"):
            _copy(getattr(self._live.batch, name), arrays[name])
        algorithm = {name[10:]: value for name, value in arrays.items() if name.startswith("algorithm_")}
        self._algorithm.restore(
            {name: torch.as_tensor(value).to(device) for name, value in algorithm.items()}
        )
        if arrays["measured"].shape != self._measured.shape:
            raise ValueError("its history has another shape")
        self._measured[:] = arrays["measured"]
        columns = [np.asarray(arrays[name], dtype=np.float64) for name in ("loss", "path_norm", "active")]
        steps = [int(step) for step in arrays["recorded"]]
        self._records = list(zip(steps, *columns, strict=True))
        self.taken = int(arrays["taken"])

    def _record(self) -> None:
        """Record where the run is, once a step."""
        self._look()
        if not self._records or self._records[-1][0] != self.taken:
            self._records.append((self.taken, *self._measured.copy()))

    def _look(self) -> None:
        """Measure the live restarts."""
        live = self._live
        if len(live.restarts):
            measured = _measure(live.batch, self._data, self._schedule, self._to_units)
            for row, part in zip(self._measured, measured, strict=True):
                row[live.restarts.cpu().numpy()] = part.double().cpu().numpy()

    def _drop(self) -> bool:
        """Drop what cannot matter any more; whether a restart has reached the bound."""
        batch, objective = self._live.batch, self._schedule.objective
        idle = self._algorithm.idle(batch)
        sizes = path_norms.magnitudes(batch.outputs, batch.hidden, objective)
        parts = (sizes != 0).sum((1, 2))
        if self._lower_bound and bool(((parts <= self._lower_bound) & self._fits()).any()):
            return True
        most = (~idle).sum(1) * (1 if objective is Objective.NEURONS else sizes.shape[-1])
        hopeless = most < self._lower_bound
        if batch.affine is None:
            hopeless |= idle.all(1)
        if bool(hopeless.any()):
            self._look()  # what their history continues with
        kept = self._live.drop(idle, hopeless)
        if kept is not None:
            self._algorithm.keep(kept)
        return False

    def _fits(self) -> torch.Tensor:
        """Which live restarts are close to interpolation."""
        homogeneous, low, high = self._data
        values = self._live.batch.values(homogeneous)
        loss = (values - values.clamp(low, high)).square().mean(1)
        return loss <= _REACHED * tolerances.TRAINED_LOSS


def _copy(tensor: torch.Tensor, values: "np.ndarray[Any, Any]") -> None:
    if values.shape != tuple(tensor.shape):
        raise ValueError("its batch has another shape")
    tensor.copy_(torch.as_tensor(values))


def _measure(
    batch: Batch,
    data: Data,
    schedule: Schedule,
    to_units: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return scaled loss, path norm in the problem's units, and active neurons, each (R,)."""
    homogeneous, low, high = data
    values = batch.values(homogeneous)
    loss = (values - values.clamp(low, high)).square().mean(1)
    norm = path_norms.path_norm(batch.outputs, batch.hidden @ to_units, schedule.p, schedule.objective)
    sizes = path_norms.magnitudes(batch.outputs, batch.hidden, schedule.objective)
    return loss, norm, (sizes != 0).any(-1).sum(-1)
