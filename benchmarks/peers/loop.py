"""What the training peers share: one dense network, Adam on squared distances, one CPU thread."""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np
import torch

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.continuous.algorithms.batch import Batch
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline

# At a constant rate the loss of Adam fluctuates by orders of magnitude to the end, so that the last step
# alone says little: a run is judged by its best one among so many.
WINDOW = 5000

# Inputs (N, d + 1) with a column of ones, lower and upper interval ends (N,).
Data = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def default_width(problem: Problem) -> int:
    """Return the number of neurons of the two published experiments: one feature, and fifty."""
    return 80 if problem.n_features == 1 else 100


def solver() -> str:
    """Return name and version of the library that trains."""
    return f"torch {torch.__version__}"


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Run on one thread, and give back the number there was."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def dense_network(n_features: int, width: int, *, affine: Affine, seed: int, dtype: torch.dtype) -> Batch:
    """Return one random network, drawn as `torch.nn.Linear` draws its layers.

    Weights and biases are uniform in ``+-1 / sqrt(d)``, output weights in ``+-1 / sqrt(K)``; an affine term
    starts at zero.
    """
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.rand(1, width, n_features + 1, dtype=torch.float64, generator=generator)
    outputs = torch.rand(1, width, dtype=torch.float64, generator=generator)
    hidden = (2 * hidden - 1) / n_features**0.5
    outputs = (2 * outputs - 1) / width**0.5
    return Batch(hidden.to(dtype), outputs.to(dtype), affine=affine)


def arrays(batch: Batch) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Return rows ``(w_k, b_k)`` (K, d + 1), output weights (K,) and skip (d + 1,) of the first network."""
    affine = None if batch.affine is None else batch.affine[0].double().numpy().copy()
    return batch.hidden[0].double().numpy().copy(), batch.outputs[0].double().numpy().copy(), affine


def network_of(batch: Batch) -> Network:
    """Return the network without its dead neurons, those with ``v = 0`` or ``(w, b) = 0``."""
    hidden, outputs, affine = arrays(batch)
    alive = (outputs != 0) & np.any(hidden != 0, axis=1)
    return Network(hidden[alive, :-1], hidden[alive, -1], outputs[alive], affine)


def tensors(homogeneous: FloatArray, low: FloatArray, high: FloatArray, dtype: torch.dtype) -> Data:
    """Return the data as tensors."""
    inputs, lower, upper = (torch.tensor(array, dtype=dtype) for array in (homogeneous, low, high))
    return inputs, lower, upper


def fitting_loss(problem: Problem) -> float:
    """Return the mean squared error below which a network is said to fit: relative to the largest label."""
    return tolerances.TRAINED_LOSS * (problem.label_scale or 1.0) ** 2


def mean_squared_error(problem: Problem, network: Network) -> float:
    """Return the mean squared distance to the intervals in float64, in the problem's units."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.mean(network.violation(problem) ** 2))


class Best:
    """The parameters of smallest loss among those offered.

    Attributes
    ----------
    loss : float
        Infinite as long as nothing was offered.
    state : tensor or None
        A copy of `Batch.flat`.
    """

    def __init__(self) -> None:
        self.loss = math.inf
        self.state: torch.Tensor | None = None

    def offer(self, batch: Batch, loss: float) -> None:
        """Keep the parameters if their loss is smaller than any before."""
        if loss < self.loss:
            self.loss, self.state = loss, batch.flat.clone()


@dataclasses.dataclass(frozen=True)
class Run:
    """What `train` did.

    Attributes
    ----------
    steps : int
        Steps taken.
    status : str
        "finished", "time_limit", or "diverged" when the loss was not finite.
    loss : float
        Smallest mean squared distance of the last `window` steps (of twice as many at most, when the run was
        cut short); the batch is left there. Infinite, and the batch useless, when there was none.
    """

    steps: int
    status: str
    loss: float


def train(  # noqa: PLR0913
    batch: Batch,
    data: Data,
    *,
    steps: int,
    learning_rate: float,
    deadline: Deadline,
    before_step: Callable[[int, float], None] = lambda step, loss: None,
    after_step: Callable[[], object] = lambda: None,
    decay: float = 0.0,
    stop_at_zero: bool = False,
    window: int = WINDOW,
) -> Run:
    """Take steps of Adam on the mean squared distance to the intervals, at a constant rate.

    Parameters
    ----------
    batch : Batch
        One network; overwritten.
    data : tuple of tensors
        Inputs and interval ends.
    steps : int
        How many.
    learning_rate : float
        Adam's step size.
    deadline : Deadline
        Checked before every step.
    before_step : callable
        Called with the number of steps taken and the loss there, also after the last step.
    after_step : callable
        Called after Adam's step: proximal steps and masks go here.
    decay : float
        Decoupled weight decay (AdamW) of everything but the skip.
    stop_at_zero : bool
        Whether a loss of exactly zero ends the run.
    window : int
        The best of so many last steps counts.

    Returns
    -------
    Run
        What happened; `batch` is left at its best recent step.
    """
    before, best, step = Best(), Best(), 0
    while True:
        loss = float(batch.differentiate(*data).square().mean())
        best.offer(batch, loss)
        before_step(step, loss)
        status = _verdict(loss, step, steps, deadline, stop_at_zero)
        if status is not None:
            break
        if step and (steps - step) % window == 0:
            before, best = best, Best()
        _adam(batch, step, learning_rate, decay)
        after_step()
        step += 1
    recent = best if step == steps or best.loss <= before.loss else before
    if recent.state is not None:
        batch.flat.copy_(recent.state)
    return Run(step, status, recent.loss)


def _verdict(loss: float, step: int, steps: int, deadline: Deadline, stop_at_zero: bool) -> str | None:
    """Say why to stop here, or None to go on."""
    if not math.isfinite(loss):
        return "diverged"
    if step == steps or (stop_at_zero and loss == 0):
        return "finished"
    return "time_limit" if deadline.expired else None


def _adam(batch: Batch, step: int, rate: float, decay: float) -> None:
    if decay:
        batch.hidden.mul_(1 - rate * decay)
        batch.outputs.mul_(1 - rate * decay)
    batch.adam(step + 1, rate)
