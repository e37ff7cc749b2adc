"""Adam on the loss and a smoothed path norm, with p continued from 1 downwards.

``sum (t^2 + width^2)^(p / 2)`` is smooth; its width falls geometrically over the run, p linearly from 1 over
the first half, and lambda to zero with the rate in the end. Nothing becomes exactly zero by itself: in the
last step products below the final width are set to zero.
"""

import torch

from sparsest.continuous.algorithms.base import Algorithm, Data
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.penalty.path_norms import counted, magnitudes
from sparsest.continuous.penalty.proximal_l1 import clip_, rebalance_

# Width of the smoothing at the first and the last step, for products of about one.
_WIDEST, _NARROWEST = 0.3, 1e-3


class Smoothed(Algorithm):
    """The algorithm for one run."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def step(self, batch: Batch, data: Data, step: int, bounds: torch.Tensor | None) -> None:
        """Take one step; see `sparsest.continuous.algorithms.base.Algorithm`."""
        schedule, share = self._schedule, step / self._schedule.steps
        width = _WIDEST * (_NARROWEST / _WIDEST) ** share
        batch.differentiate(*data)
        self._add_gradient(batch, schedule.annealed(step), schedule.continued(step), width)
        batch.adam(step + 1, schedule.rate(step))
        if step == schedule.steps - 1:
            sizes = magnitudes(batch.outputs, batch.hidden, schedule.objective)
            counted(batch.hidden, schedule.objective).mul_(sizes > _NARROWEST)
        if bounds is not None:
            clip_(batch.outputs, batch.hidden, bounds)
        rebalance_(batch.outputs, batch.hidden, schedule.objective)

    def _add_gradient(self, batch: Batch, strength: float, p: float, width: float) -> None:
        outputs = batch.outputs.detach().clone().requires_grad_()
        hidden = batch.hidden.detach().clone().requires_grad_()
        sizes = magnitudes(outputs, hidden, self._schedule.objective)
        penalty = strength * (sizes.square() + width**2).pow(p / 2).sum()
        slopes = batch.gradients()
        by_outputs, by_hidden = torch.autograd.grad(penalty, [outputs, hidden])
        slopes["outputs"].add_(by_outputs)
        slopes["hidden"].add_(by_hidden)
