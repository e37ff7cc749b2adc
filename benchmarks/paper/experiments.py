"""The sparsity of networks while they are trained: the two experiments of the paper, five methods each.

Nakhleh and Nowak, "Global Minimizers of l^p-Regularized Objectives Yield the Sparsest ReLU Neural Networks",
NeurIPS 2025, section 5: no regularisation, weight decay, and the published loop with p = 0.4, 0.7 and 1. All
seeds of a method are one batch; every step is that of `sparsest.benchmarks.peers`, in float32.

How networks are drawn was not published; here it is PyTorch's default (`loop.dense_network`). Weight decay is
`torch.optim.AdamW` with its default of 0.01.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import torch

from sparsest import datasets, tolerances
from sparsest.arrays import FloatArray
from sparsest.benchmarks.paper.traces import Trace
from sparsest.benchmarks.peers import loop
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.published import penalised_rows, proximal_step
from sparsest.continuous.descent.shrinking_batch import LiveBatch
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

STEPS: Final = 100_000
# Adam's step size in both experiments.
_RATE: Final = 0.01
# Default of torch.optim.AdamW.
_DECAY: Final = 0.01
# Steps between records, at most; the last two of a full run make up the window that it is judged by.
_EVERY: Final = loop.WINDOW // 2
# Steps after which neurons that are zero for good are looked for.
_NARROWED: Final = 50
# Steps between records, at most, as a share of the steps taken: even on a logarithmic axis.
_SHARE: Final = 0.15


@dataclasses.dataclass(frozen=True)
class Experiment:
    """One of the two published experiments.

    Attributes
    ----------
    data : str
        The dataset.
    objective : Objective
        What the path norm penalises, and what is counted.
    width : int
        Neurons at the start.
    regularization : float
        lambda.
    """

    data: str
    objective: Objective
    width: int
    regularization: float

    def problem(self) -> Problem:
        """Return the data."""
        return datasets.load(self.data).problem()


@dataclasses.dataclass(frozen=True)
class TrainingMethod:
    """A way to train.

    Attributes
    ----------
    name : str
        In tables and figures.
    p : float or None
        Exponent of the path norm; None for no proximal step.
    decay : float
        Decoupled weight decay.
    """

    name: str
    p: float | None = None
    decay: float = 0.0


EXPERIMENTS: Final = (
    Experiment("peak-plateau", Objective.WEIGHTS, 80, 0.003),
    Experiment("high-dimensional", Objective.PARAMETERS, 100, 0.005),
)
METHODS: Final = (
    TrainingMethod("unregularised"),
    TrainingMethod("weight decay", decay=_DECAY),
    TrainingMethod("p = 1", p=1.0),
    TrainingMethod("p = 0.7", p=0.7),
    TrainingMethod("p = 0.4", p=0.4),
)


def experiment(data: str) -> Experiment:
    """Return an experiment by its dataset.

    Raises
    ------
    InputError
        When there is none.
    """
    known = {each.data: each for each in EXPERIMENTS}
    if data not in known:
        raise InputError(f"no published experiment on {data!r:.40}: known are {', '.join(known)}")
    return known[data]


def record_steps(steps: int) -> list[int]:
    """Return the steps at which a run is recorded: close together at first, evenly later, and the last.

    Examples
    --------
    >>> record_steps(5), record_steps(100_000)[-3:]
    ([1, 2, 3, 4, 5], [95000, 97500, 100000])
    """
    recorded = []
    while steps > 0:
        recorded.append(steps)
        steps -= min(_EVERY, math.ceil(_SHARE * steps))
    return recorded[::-1]


def train(setting: Experiment, method: TrainingMethod, seeds: Sequence[int], steps: int = STEPS) -> Trace:
    """Train one network a seed and record how sparse it is over the steps.

    Parameters
    ----------
    setting : Experiment
        Data, width and lambda.
    method : TrainingMethod
        How.
    seeds : sequence of int
        R, of the initial networks.
    steps : int
        Adam steps.

    Returns
    -------
    Trace
        Equal seeds give equal traces up to rounding: in a batch of another size sums are rounded differently,
        which over thousands of steps leads to other networks.
    """
    wanted = record_steps(steps)
    rows, losses, recorded = [], [], set(wanted)
    for step, batch, loss in _course(setting, method, seeds, steps):
        losses.append(loss)
        if step in recorded:
            rows.append((*counts(batch, setting.objective), *_spread(losses)))
            losses = []
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return Trace(method.name, np.array(seeds), np.array(wanted), *columns)


def trained_networks(
    setting: Experiment, method: TrainingMethod, seeds: Sequence[int], steps: int = STEPS
) -> list[Network]:
    """Train one network a seed as `train` does and return them, without their dead neurons.

    Each is that of the smallest error among the last `loop.WINDOW` steps: at a constant rate the error
    fluctuates by orders of magnitude to the end. Where no error is finite it is the one that training began
    with. Parameters are those of `train`.

    Examples
    --------
    >>> peak = experiment("peak-plateau")
    >>> [network.n_features for network in trained_networks(peak, METHODS[-1], seeds=[0, 1], steps=3)]
    [1, 1]
    """
    affine = setting.problem().affine
    least, best = torch.full((len(seeds),), math.inf), [(torch.zeros(0), torch.zeros(0))] * len(seeds)
    for step, batch, loss in _course(setting, method, seeds, steps):
        if 0 < step <= steps - loop.WINDOW:
            continue
        better = (loss < least) | torch.tensor(step == 0)
        # anything in the window is better than where training began
        least = torch.where(better & torch.tensor(step > 0), loss, least)
        for r in torch.nonzero(better).ravel().tolist():
            best[r] = batch.hidden[r].clone(), batch.outputs[r].clone()
    return [loop.network_of(Batch(hidden[None], outputs[None], affine=affine)) for hidden, outputs in best]


def _course(
    setting: Experiment, method: TrainingMethod, seeds: Sequence[int], steps: int
) -> Iterator[tuple[int, Batch, torch.Tensor]]:
    """Yield the number of steps taken, the networks, and their mean squared errors (R,), before each step."""
    problem = setting.problem()
    data = loop.tensors(problem.homogeneous, problem.low, problem.high, torch.float32)
    with loop.one_thread():
        live = LiveBatch(_initial(problem, setting.width, seeds))
        for step in range(steps + 1):
            yield step, live.batch, live.batch.differentiate(*data).square().mean(1)
            if step < steps:
                _step(live.batch, step, setting, method)
            if step % _NARROWED == 0 and method.p is not None and method.p < 1:
                # every step takes the outputs of these neurons to zero: nothing is lost without them
                live.drop(_without_products(live.batch, setting.objective), torch.zeros(len(seeds)) > 0)


def _without_products(batch: Batch, objective: Objective) -> torch.Tensor:
    """Return the neurons (R, K) all of whose penalised products are zero."""
    return ((batch.outputs.unsqueeze(-1) * penalised_rows(batch.hidden, objective)) == 0).all(-1)


def counts(batch: Batch, objective: Objective) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return exactly nonzero products, larger ones, and neurons with a larger one, of each network (R,).

    Larger means: than ``tolerances.NEGLIGIBLE_WEIGHT`` times the network's largest product ``|v_k w_kj|``.
    """
    products = (batch.outputs.unsqueeze(-1) * penalised_rows(batch.hidden, objective)).abs().double()
    # compared this way round, a network that is not finite counts in full
    large = ~(products <= tolerances.NEGLIGIBLE_WEIGHT * products.amax((1, 2), keepdim=True))
    kinds = (products != 0).sum((1, 2)), large.sum((1, 2)), large.any(2).sum(1)
    nonzero, parts, neurons = (kind.double().numpy() for kind in kinds)
    return nonzero, parts, neurons


def _initial(problem: Problem, width: int, seeds: Sequence[int]) -> Batch:
    """Draw each network as the peers draw theirs."""
    drawn = [
        loop.dense_network(problem.n_features, width, affine=problem.affine, seed=seed, dtype=torch.float32)
        for seed in seeds
    ]
    return Batch(
        torch.cat([each.hidden for each in drawn]),
        torch.cat([each.outputs for each in drawn]),
        affine=problem.affine,
    )


def _step(batch: Batch, step: int, setting: Experiment, method: TrainingMethod) -> None:
    """Take one step with the gradient that the batch holds."""
    if method.decay:
        batch.flat.mul_(1 - _RATE * method.decay)
    if method.p is None:
        batch.adam(step + 1, _RATE)
        return
    hidden = penalised_rows(batch.hidden, setting.objective)
    previous = (batch.outputs.unsqueeze(-1) * hidden).abs()
    batch.adam(step + 1, _RATE)
    strength = setting.regularization * _RATE
    outputs, rows = proximal_step(batch.outputs, hidden, previous, strength, method.p)
    batch.outputs.copy_(outputs)
    hidden.copy_(rows)


def _spread(losses: Sequence[torch.Tensor]) -> tuple[FloatArray, FloatArray]:
    """Return median and least loss of each network (R,) over some steps."""
    stacked = torch.stack(list(losses)).double().numpy()
    return np.median(stacked, axis=0), stacked.min(axis=0)
