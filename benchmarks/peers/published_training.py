"""The published training loop: Adam, then a proximal step of the reweighted l^1 path norm.

Nakhleh and Nowak, "Global Minimizers of l^p-Regularized Objectives Yield the Sparsest ReLU Neural Networks",
NeurIPS 2025, section 5, re-implemented from the description; reweighting as in Candes, Wakin and Boyd (2008).
One random network is trained by Adam (Kingma and Ba 2015) at a constant rate on the mean squared error.
After each step every product ``v_k w_kj`` is soft-thresholded by ``lambda * rate * p * |previous|^(p - 1)``,
and ``v_k`` and ``w_k`` are given equal norms. An unpenalised bias is left as it is, **which changes the
function** whenever it is done; the default of `sparsest.continuous` scales the bias along, this loop does
not, because it is the published one (its step is `sparsest.continuous.algorithms.published`). Where
biases are penalised (objective ``parameters``) they are weights of a constant input, thresholded and rescaled
like the others.

Differences: the description does not say how networks are drawn; this is PyTorch's default for linear layers,
in float32, without a bias behind the ReLU. Samples with an interval contribute the squared distance to
it. A skip connection is trained, unpenalised. The weight bound is ignored: the referee judges.
"""

import dataclasses
from typing import Any

import numpy as np
import torch

from sparsest.benchmarks.peers import loop
from sparsest.benchmarks.suites.method_answer import MethodAnswer, TracePoint
from sparsest.continuous import option_checks
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.published import penalised_rows, proximal_step
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.polish.pattern_program import Neurons, Samples
from sparsest.continuous.polish.polish import merged, polish
from sparsest.continuous.polish.scaling import Scaling
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.refine import refine

# lambda of the two published experiments: one feature, and fifty.
_UNIVARIATE, _MULTIVARIATE = 0.003, 0.005

# Share of a time limit that training may use when a polish follows.
_TRAINING_SHARE = 0.8


def published_training(  # noqa: PLR0913
    problem: Problem,
    objective: Objective,
    *,
    seed: int,
    time_limit: float | None,
    p: float = 0.4,
    regularization: float | None = None,
    width: int | None = None,
    steps: int = 100_000,
    learning_rate: float = 0.01,
    check_every: int = 500,
    polished: bool = False,
) -> MethodAnswer:
    """Train one network as published.

    Parameters
    ----------
    problem : Problem
        Any; used in its own units.
    objective : Objective
        What is counted. The path norm is that of the weights, of all parameters for ``parameters``.
    seed : int
        Of the initial network.
    time_limit : float, optional
        Seconds.
    p : float
        Exponent of the path norm, 0 < p <= 1.
    regularization : float, optional
        lambda; by default 0.003 for one feature, 0.005 for more.
    width : int, optional
        Neurons at the start; by default 80 for one feature, 100 for more.
    steps : int
        Adam steps.
    learning_rate : float
        Adam's step size, constant.
    check_every : int
        Steps between points of the trace.
    polished : bool
        Whether to hand the trained network to the polish of `sparsest.continuous`, which was not published:
        the variant shows what the polish alone buys.

    Returns
    -------
    MethodAnswer
        The network at the step of smallest error among the last 5000 (among the last 5000 to 10,000, if the
        time limit cut in), None when the loss was not finite from the start. Where it fits at all, it does so
        up to a mean squared error of some 1e-7 to 1e-11, ``options["mse"]`` in the units of the problem, and
        to rounding only when polished. The trace has a point whenever the count fell while the error,
        relative to the largest label, was below ``tolerances.TRAINED_LOSS``. Status "finished", "time_limit"
        or "diverged".

    Raises
    ------
    InputError
        When an option is out of its range.
    """
    deadline = Deadline(time_limit)
    if regularization is None:
        regularization = _UNIVARIATE if problem.n_features == 1 else _MULTIVARIATE
    schedule = option_checks.schedule(steps, learning_rate, regularization, p, objective)
    width = option_checks.count("width", loop.default_width(problem) if width is None else width)
    option_checks.refuse_large_batch(1, width, problem)
    every = option_checks.count("check_every", check_every)
    batch = loop.dense_network(
        problem.n_features,
        width,
        affine=problem.affine,
        seed=option_checks.seed(seed),
        dtype=torch.float32,
    )
    watch = _Watch(batch, objective, every, loop.fitting_loss(problem), deadline)
    limit = None if time_limit is None else time_limit * (_TRAINING_SHARE if polished else 1.0)
    with loop.one_thread():
        run = loop.train(
            batch,
            loop.tensors(problem.homogeneous, problem.low, problem.high, torch.float32),
            steps=schedule.steps,
            learning_rate=schedule.learning_rate,
            deadline=Deadline(limit),
            before_step=watch.before_step,
            after_step=lambda: _proximal(batch, schedule, watch.sizes),
        )
    network = loop.network_of(batch) if np.isfinite(run.loss) else None
    trained = None if network is None else loop.mean_squared_error(problem, network)
    chosen: dict[str, Any] = {
        **dataclasses.asdict(schedule),
        "width": width,
        "dtype": "float32",
        "mse": trained,
    }
    if polished and network is not None:
        chosen |= {"polished": True, "trained_mse": trained, "trained_count": network.count(objective)}
        network = polished_network(problem, network, schedule.p, objective, deadline) or network
        chosen["mse"] = loop.mean_squared_error(problem, network)
    return MethodAnswer(
        network=network,
        status=run.status,
        trace=tuple(watch.trace),
        work=run.steps,
        solver=loop.solver(),
        options=chosen,
    )


def polished_network(
    problem: Problem, network: Network, p: float, objective: Objective, deadline: Deadline
) -> Network | None:
    """Return what the project's polish makes of a network, or None when its cells admit no network that fits.

    Only the cells of the network itself (and their neighbours, once it fits) are offered to the polish.
    """
    scaling = Scaling.of(problem, objective)
    to_scaled = np.linalg.inv(scaling.to_units)
    folded = network.folded @ to_scaled
    affine = None
    if network.affine is not None and scaling.trend is not None:
        affine = (network.affine - scaling.trend) @ to_scaled
    samples = Samples(scaling.homogeneous, scaling.low, scaling.high, scaling.affine, scaling.bounds)
    start = Neurons(folded, folded @ scaling.homogeneous.T >= 0, np.sign(network.outputs), affine)
    found = polish(samples, merged(samples, start), p, objective, deadline)
    return (
        None if found is None else refine(problem, scaling.network(found.folded, found.signs, found.affine))
    )


def _proximal(batch: Batch, schedule: Schedule, previous: torch.Tensor) -> None:
    hidden = penalised_rows(batch.hidden[0], schedule.objective)
    strength = schedule.regularization * schedule.learning_rate
    outputs, rows = proximal_step(batch.outputs[0], hidden, previous, strength, schedule.p)
    batch.outputs[0].copy_(outputs)
    hidden.copy_(rows)


@dataclasses.dataclass
class _Watch:
    """Keeps the products before each step, and the trace."""

    batch: Batch
    objective: Objective
    every: int
    goal: float
    deadline: Deadline

    def __post_init__(self) -> None:
        self.sizes = torch.zeros(0)
        self.trace: list[TracePoint] = []
        self._fewest: float = np.inf

    def before_step(self, step: int, loss: float) -> None:
        self.sizes = (
            self.batch.outputs[0].unsqueeze(-1) * penalised_rows(self.batch.hidden[0], self.objective)
        ).abs()
        if step % self.every == 0 and loss < self.goal:
            count = loop.network_of(self.batch).count(self.objective)
            if count < self._fewest:
                self._fewest = count
                self.trace.append((self.deadline.seconds, None, count))
