"""Plain Adam on a hinge loss from many starts at a given width: the fifteen lines that people write first.

Widths 1, 2, 3, ... are tried in turn. For each, R networks are trained as one batch by Adam (Kingma and Ba,
"Adam: a method for stochastic optimization", ICLR 2015) on the mean squared distance to the intervals, with a
step size that falls linearly; the first network that fits ends it. Inputs and labels are scaled to about one,
as users do. The loss aims a hundredth inside the intervals, since descent never quite arrives. Nothing is
pruned or polished, no entry becomes zero, and the weight bound is ignored: the referee judges.
"""

from collections.abc import Callable

import numpy as np
import torch

from sparsest.arrays import FloatArray, positive_number
from sparsest.benchmarks.peers import loop
from sparsest.benchmarks.suites.method_answer import AttemptPoint, MethodAnswer, TracePoint, attempt_point
from sparsest.continuous import option_checks
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.attempts import attempt
from sparsest.continuous.polish.scaling import Scaling
from sparsest.gauss_newton import Intervals
from sparsest.network import Network
from sparsest.objectives import DEFAULT_POWER, Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Share of an interval's width, or distance from its only end, that is aimed at inside.
_INSIDE = 0.01
# What it is called where strategies stand side by side.
_NAME = "Adam, width by width"
# Steps between looks whether a network fits.
_LOOK = 50


def adam_restarts(
    problem: Problem,
    objective: Objective,
    *,
    seed: int,
    time_limit: float | None,
    restarts: int = 32,
    steps: int = 1500,
    learning_rate: float = 0.03,
    widest: int = 40,
) -> MethodAnswer:
    """Train batches of networks of 1, 2, 3, ... neurons until one fits.

    Parameters
    ----------
    problem : Problem
        Any.
    objective : Objective
        Only scales the data; neurons are tried one by one whatever is counted.
    seed : int
        Of the initial networks.
    time_limit : float, optional
        Seconds.
    restarts : int
        R.
    steps : int
        Adam steps for each width.
    learning_rate : float
        Adam's first step size.
    widest : int
        Largest width that is tried.

    Raises
    ------
    InputError
        When an option is out of its range.
    """
    restarts, steps, widest = (
        option_checks.count(name, value)
        for name, value in (("restarts", restarts), ("steps", steps), ("widest", widest))
    )
    rate = positive_number(learning_rate, "learning_rate")
    option_checks.refuse_large_batch(restarts, widest, problem)
    deadline, scaling = Deadline(time_limit), Scaling.of(problem, objective)
    generator = torch.Generator().manual_seed(option_checks.seed(seed))
    found, status, trace, work = None, "finished", list[TracePoint](), 0
    attempts: list[AttemptPoint] = []

    def tell(network: Network) -> None:
        figures = attempt(_NAME, network, problem, objective, DEFAULT_POWER)
        attempts.append(attempt_point(deadline.seconds, figures))

    with loop.one_thread():
        for width in range(1, widest + 1):
            found, taken = _trained(
                problem, scaling, (restarts, width, steps, rate), generator, deadline, tell
            )
            work += taken
            if found is not None:
                trace.append((deadline.seconds, None, found.count(objective)))
                break
            if deadline.expired:
                status = "time_limit"
                break
    options = {"restarts": restarts, "steps": steps, "learning_rate": rate, "widest": widest}
    return MethodAnswer(
        found,
        status,
        trace=tuple(trace),
        work=work,
        solver=loop.solver(),
        options=options,
        attempts=tuple(attempts),
    )


def _trained(
    problem: Problem,
    scaling: Scaling,
    sizes: tuple[int, int, int, float],
    generator: torch.Generator,
    deadline: Deadline,
    tell: Callable[[Network], None],
) -> tuple[Network | None, int]:
    """Train networks of one width; return the first that fits, if any, and the steps taken."""
    restarts, width, steps, rate = sizes
    ends = Intervals(scaling.homogeneous, scaling.low, scaling.high, False)
    aims = ends.aims(inside_open=_INSIDE, inside=_INSIDE)
    inputs, low, high = loop.tensors(scaling.homogeneous, *aims, torch.float64)
    shape = (restarts, width, inputs.shape[1])
    hidden = torch.randn(shape, generator=generator, dtype=torch.float64)
    outputs = torch.randn(shape[:2], generator=generator, dtype=torch.float64)
    batch = Batch(hidden, outputs, affine=scaling.affine)
    for step in range(1, steps + 1):
        if deadline.expired:
            return None, step
        distances = batch.differentiate(inputs, low, high)
        batch.adam(step, rate * (1 - step / steps) + 1e-4)
        if step % _LOOK == 0 or step == steps:
            best = int((distances**2).mean(dim=1).argmin())
            network = _network(scaling, batch, best)
            tell(network)
            if network.solves(problem):
                return network, step
    return None, steps


def _network(scaling: Scaling, batch: Batch, restart: int) -> Network:
    outputs = batch.outputs[restart].numpy().copy()
    folded: FloatArray = np.abs(outputs)[:, None] * batch.hidden[restart].numpy()
    affine = None if batch.affine is None else batch.affine[restart].numpy().copy()
    return scaling.network(np.asarray(folded), np.where(outputs > 0, 1.0, -1.0), affine)
