"""The loop that trains a batch of networks, and the batch; the solvers that take its steps are elsewhere."""

import dataclasses
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch

from sparsest.continuous import penalties
from sparsest.objectives import Objective
from sparsest.progress import Deadline
from sparsest.results import History

# Adam's published defaults (Kingma and Ba 2015).
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8

# Share of the steps at full rate. At a constant rate Adam's loss fluctuates by orders of magnitude to the
# end; while the rate falls it settles, and so do the thresholds, which are proportional to it.
_CONSTANT = 0.7

# Share of the steps over which p falls from 1, in solvers that continue it.
_CONTINUED = 0.5

# How many steps of a run are recorded in its history.
_RECORDS = 200


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Step count, rates and weights of one training run.

    Attributes
    ----------
    steps : int
        Adam steps.
    learning_rate : float
        Adam's step size over the first `_CONSTANT` of the steps; then it falls linearly to zero.
    regularization : float
        lambda in ``loss + lambda * path norm``.
    p : float
        Exponent of the path norm.
    objective : Objective
        Which path norm.
    """

    steps: int
    learning_rate: float
    regularization: float
    p: float
    objective: Objective

    def rate(self, step: int) -> float:
        """Return the step size at `step`."""
        return self.learning_rate * min(1.0, (1 - step / self.steps) / (1 - _CONSTANT))

    def annealed(self, step: int) -> float:
        """Return lambda at `step` for solvers that let it fall to zero with the rate."""
        return self.regularization * self.rate(step) / self.learning_rate

    def continued(self, step: int) -> float:
        """Return the exponent at `step` for solvers that let it fall from 1 over half of the steps."""
        return max(self.p, 1 - (1 - self.p) * step / (_CONTINUED * self.steps))


class Batch:
    """R networks of K neurons, their gradient and Adam's moments, each one flat tensor with views.

    Attributes
    ----------
    outputs : tensor (R, K)
        Output weights.
    hidden : tensor (R, K, d + 1)
        Rows ``(w_k, b_k)``.
    skip : tensor (R, d + 1) or None
        The affine term.
    """

    def __init__(self, hidden: torch.Tensor, outputs: torch.Tensor, *, skip: bool) -> None:
        restarts, width, size = hidden.shape
        shapes = [(restarts, width, size), (restarts, width)] + ([(restarts, size)] if skip else [])
        self.flat = hidden.new_zeros(sum(int(np.prod(shape)) for shape in shapes))
        self.gradient = torch.zeros_like(self.flat)
        self.mean = torch.zeros_like(self.flat)
        self.square = torch.zeros_like(self.flat)
        self.hidden, self.outputs, *rest = _views(self.flat, shapes)
        self.skip = rest[0] if rest else None
        self._slopes = _views(self.gradient, shapes)
        self.hidden.copy_(hidden)
        self.outputs.copy_(outputs)

    def gradients(self) -> dict[str, torch.Tensor]:
        """Return the stored gradient by the name of the tensor it belongs to."""
        return dict(zip(("hidden", "outputs", "skip"), self._slopes, strict=False))

    def values(self, homogeneous: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return f (R, N) and the hidden activations (R, K, N)."""
        active = (self.hidden @ homogeneous.T).clamp_min_(0)
        values = torch.bmm(self.outputs.unsqueeze(1), active).squeeze(1)
        return (values if self.skip is None else values + self.skip @ homogeneous.T), active

    def differentiate(self, homogeneous: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
        """Store the gradient of the loss and return the distances from the intervals (R, N).

        The loss of a restart is the mean square of its distances. Written out, because autograd would
        cost more than the arithmetic on tensors this small.
        """
        values, active = self.values(homogeneous)
        distance = values - values.clamp(low, high)
        error = distance * (2 / len(homogeneous))
        hidden, outputs, *skip = self._slopes
        torch.matmul((active > 0) * error.unsqueeze(1), homogeneous, out=hidden)
        hidden.mul_(self.outputs.unsqueeze(-1))
        torch.bmm(active, error.unsqueeze(-1), out=outputs.unsqueeze(-1))
        if skip:
            torch.matmul(error, homogeneous, out=skip[0])
        return distance

    def adam(self, step: int, rate: float) -> None:
        """Take Adam's step number `step`, counted from 1."""
        self.mean.lerp_(self.gradient, 1 - _BETA1)
        self.square.mul_(_BETA2).addcmul_(self.gradient, self.gradient, value=1 - _BETA2)
        denominator = self.square.sqrt().mul_((1 - _BETA2**step) ** -0.5).add_(_EPSILON)
        self.flat.addcdiv_(self.mean, denominator, value=-rate / (1 - _BETA1**step))


# Scaled inputs (N, d + 1), lower and upper interval ends (N,).
Data = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Solver(Protocol):
    """Changes a batch by one step towards smaller ``loss + lambda * path norm``; one object a run."""

    def step(self, batch: Batch, data: Data, step: int, bounds: torch.Tensor | None) -> None:
        """Take step number `step`, counted from 0, within the bounds (d,) on every ``|v_k w_kj|``."""
        ...


def _views(flat: torch.Tensor, shapes: list[tuple[int, ...]]) -> list[torch.Tensor]:
    parts = torch.split(flat, [int(np.prod(shape)) for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


def train(
    batch: Batch,
    data: Data,
    schedule: Schedule,
    solver: Solver,
    *,
    bounds: torch.Tensor | None,
    to_units: torch.Tensor,
    deadline: Deadline,
    report: Callable[[int], None],
) -> tuple[History, int, str]:
    """Train `batch` in place and return its history, the steps taken and why it stopped.

    Parameters
    ----------
    batch : Batch
        Initial networks; overwritten.
    data : tuple of tensors
        Scaled inputs (N, d + 1), lower and upper interval ends (N,).
    schedule : Schedule
        What to run.
    solver : Solver
        Takes the steps.
    bounds : tensor (d,), optional
        Bound on every ``|v_k w_kj|``.
    to_units : tensor (d + 1, d + 1)
        Takes folded neurons to the units that the history's path norm is reported in.
    deadline : Deadline
        Checked after every step.
    report : callable
        Called with the number of steps taken, after every step.

    Returns
    -------
    History, int, str
        The last is ``"finished"``, ``"time_limit"`` or ``"interrupted"``.
    """
    every = max(1, schedule.steps // _RECORDS)
    records: list[tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]] = []
    step, stopped = 0, "finished"
    try:
        while step < schedule.steps:
            if step % every == 0:
                records.append((step, *_measure(batch, data, schedule, to_units)))
            if deadline.expired:
                stopped = "time_limit"
                break
            solver.step(batch, data, step, bounds)
            step += 1
            report(step)
    except KeyboardInterrupt:
        stopped = "interrupted"
    if not records or records[-1][0] != step:
        records.append((step, *_measure(batch, data, schedule, to_units)))
    return _history(records), step, stopped


def _measure(
    batch: Batch,
    data: Data,
    schedule: Schedule,
    to_units: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return scaled loss, path norm in the problem's units, and active neurons, each (R,)."""
    homogeneous, low, high = data
    values, _ = batch.values(homogeneous)
    loss = (values - values.clamp(low, high)).square().mean(1)
    norm = penalties.path_norm(batch.outputs, batch.hidden @ to_units, schedule.p, schedule.objective)
    sizes = penalties.magnitudes(batch.outputs, batch.hidden, schedule.objective)
    return loss, norm, (sizes != 0).any(-1).sum(-1)


def _history(records: list[tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]]) -> History:
    steps, *columns = zip(*records, strict=True)
    loss, norm, active = (torch.stack(column).double().cpu().numpy() for column in columns)
    return History(np.array(steps, dtype=np.float64), loss, norm, active)
