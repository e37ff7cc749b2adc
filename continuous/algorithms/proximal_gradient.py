"""Proximal gradient descent in the folded neurons, with the exact proximal map of the path norm.

With output weights of +1 and -1 the products ``v_k w_kj`` are the weights themselves, so that the path norm
is separable (by neurons for the objective ``neurons``) and its proximal map exact, at any step size. Each
restart has a step size of its own: halved where the loss rose above its quadratic model, raised a little
otherwise. p falls from 1 over the
first half of the steps, and lambda to zero in the end, so that interpolation is approached.
"""

import torch

from sparsest.continuous.algorithms.base import Algorithm, Data
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.penalty.path_norms import counted
from sparsest.continuous.penalty.proximal_l1 import clip_
from sparsest.continuous.penalty.proximal_power import group_proximal, power_proximal
from sparsest.objectives import Objective

# Step size at first, and its factors after a step that the quadratic model bounds and after another one.
_FIRST, _RAISED, _LOWERED = 0.1, 1.1, 0.5


class ProximalGradient(Algorithm):
    """The algorithm for one run."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._rates: torch.Tensor | None = None

    def step(self, batch: Batch, data: Data, step: int, bounds: torch.Tensor | None) -> None:
        """Take one step; see `sparsest.continuous.algorithms.base.Algorithm`."""
        if self._rates is None:
            batch.hidden.mul_(batch.outputs.abs().unsqueeze(-1))
            batch.outputs.copy_(batch.outputs.sign())
            self._rates = torch.full_like(batch.outputs[:, 0], _FIRST)
        schedule, rates = self._schedule, self._rates
        loss = batch.differentiate(*data).square().mean(1)
        slopes = batch.gradients()
        slopes["outputs"].zero_()  # they stay +1 or -1
        before = {name: getattr(batch, name).clone() for name in slopes}
        for name, slope in slopes.items():
            getattr(batch, name).sub_(rates.view(-1, *[1] * (slope.dim() - 1)) * slope)
        _shrink(batch, rates * schedule.annealed(step), schedule.continued(step), schedule.objective)
        if bounds is not None:
            clip_(batch.outputs, batch.hidden, bounds)
        model = loss.clone()
        for name, slope in slopes.items():
            moved = getattr(batch, name) - before[name]
            terms = moved * slope + moved.square() / (2 * rates.view(-1, *[1] * (slope.dim() - 1)))
            model += terms.flatten(1).sum(1)
        values = batch.values(data[0])
        bounded = (values - values.clamp(data[1], data[2])).square().mean(1) <= model + 1e-15
        for name, old in before.items():
            current = getattr(batch, name)
            current.copy_(torch.where(bounded.view(-1, *[1] * (old.dim() - 1)), current, old))
        self._rates = rates * torch.where(bounded, _RAISED, _LOWERED)

    def idle(self, batch: Batch) -> torch.Tensor:
        """Return the neurons that have no gradient, without weights and a bias that is not positive.

        Where biases are penalised a negative one still moves, which the step size depends on.
        """
        bias = batch.hidden[..., -1]
        still = bias <= 0 if self._schedule.objective is Objective.WEIGHTS else bias == 0
        return (batch.hidden[..., :-1] == 0).all(-1) & still

    def keep(self, restarts: torch.Tensor) -> None:
        """Forget the step sizes of the others."""
        self._rates = None if self._rates is None else self._rates[restarts]

    def state(self) -> dict[str, torch.Tensor]:
        """Return the step sizes."""
        return {} if self._rates is None else {"rates": self._rates}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Go on with these step sizes."""
        self._rates = state.get("rates")


def _shrink(batch: Batch, strength: torch.Tensor, p: float, objective: Objective) -> None:
    part = counted(batch.hidden, objective)
    if objective is Objective.NEURONS:
        part.copy_(group_proximal(part, strength.unsqueeze(-1).expand(part.shape[:-1]), p))
    else:
        part.copy_(power_proximal(part, strength[:, None, None], p))
