"""Adam, and after every step the proximal step of the reweighted l^1 path norm.

As in Nakhleh and Nowak (2025, section 5), but for two things: rebalancing scales the bias along with the
weights (see `sparsest.continuous.penalty.proximal_l1`), and the rate falls to zero in the end.
"""

import dataclasses

import torch

from sparsest.continuous.algorithms.base import Algorithm, Data
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.penalty import path_norms, proximal_l1
from sparsest.objectives import Objective


@dataclasses.dataclass(frozen=True)
class AdamReweighted(Algorithm):
    """The algorithm for one schedule."""

    schedule: Schedule

    def step(self, batch: Batch, data: Data, step: int, bounds: torch.Tensor | None) -> None:
        """Take one step; see `sparsest.continuous.algorithms.base.Algorithm`."""
        schedule = self.schedule
        objective, rate = schedule.objective, schedule.rate(step)
        sizes = path_norms.magnitudes(batch.outputs, batch.hidden, objective)
        batch.differentiate(*data)
        batch.adam(step + 1, rate)
        thresholds = path_norms.slopes(sizes, schedule.p).mul_(schedule.regularization * rate)
        proximal_l1.shrink_(batch.outputs, batch.hidden, thresholds, objective)
        if bounds is not None:
            proximal_l1.clip_(batch.outputs, batch.hidden, bounds)
        proximal_l1.rebalance_(batch.outputs, batch.hidden, objective)

    def idle(self, batch: Batch) -> torch.Tensor:
        """Return the neurons that are zero for good: if p < 1, lambda > 0 a product that is zero stays so.

        An unpenalised bias may outlive its weights; it stays without effect where it is not positive and
        Adam's momentum does not raise it.
        """
        if self.schedule.p == 1 or self.schedule.regularization == 0:
            return super().idle(batch)
        sizes = path_norms.magnitudes(batch.outputs, batch.hidden, self.schedule.objective)
        zero = (sizes == 0).all(-1)
        if self.schedule.objective is Objective.WEIGHTS:
            zero &= (batch.hidden[..., -1] <= 0) & (batch.momentum("hidden")[..., -1] >= 0)
            zero &= (batch.hidden[..., :-1] == 0).all(-1)
        return zero
