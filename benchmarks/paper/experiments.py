"""The sparsity of networks while they are trained: the two experiments of the paper, five methods each.

Nakhleh and Nowak, "Global Minimizers of l^p-Regularized Objectives Yield the Sparsest ReLU Neural Networks",
NeurIPS 2025, section 5: no regularisation, weight decay, and the published loop with p = 0.4, 0.7 and 1. All
seeds of a method are one batch; every step is that of `sparsest.benchmarks.peers`, in float32.

How networks are drawn was not published; here it is PyTorch's default (`loop.dense_network`). Weight decay is
`torch.optim.AdamW` with its default of 0.01.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from sparsest import datasets, tolerances
from sparsest.arrays import FloatArray
from sparsest.benchmarks.paper.traces import Trace
from sparsest.benchmarks.peers import loop
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.published import penalised_rows, proximal_step
from sparsest.errors import InputError
from sparsest.objectives import Objective
from sparsest.problem import Problem

STEPS: Final = 100_000
# Adam's step size in both experiments.
_RATE: Final = 0.01
# Default of torch.optim.AdamW.
_DECAY: Final = 0.01
# Steps between records, at most; the last two of a full run make up the window that it is judged by.
_EVERY: Final = loop.WINDOW // 2
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
    problem = setting.problem()
    data = loop.tensors(problem.homogeneous, problem.low, problem.high, torch.float32)
    wanted = record_steps(steps)
    with loop.one_thread():
        batch = _initial(problem, setting.width, seeds)
        rows, losses, recorded = [], [], set(wanted)
        for step in range(steps + 1):
            losses.append(batch.differentiate(*data).square().mean(1))
            if step in recorded:
                rows.append((*counts(batch, setting.objective), *_spread(losses)))
                losses = []
            if step < steps:
                _step(batch, step, setting, method)
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return Trace(method.name, np.array(seeds), np.array(wanted), *columns)


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
