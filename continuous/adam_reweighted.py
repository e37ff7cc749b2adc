"""Adam, and after every step the proximal step of the reweighted l^1 path norm.

As in Nakhleh and Nowak (2025, section 5), but for two things: rebalancing scales the bias along with the
weights (see `sparsest.continuous.proximal`), and the rate falls to zero in the end.
"""

import dataclasses

import torch

from sparsest.continuous import penalties, proximal
from sparsest.continuous.training import Batch, Data, Schedule


@dataclasses.dataclass(frozen=True)
class AdamReweighted:
    """The solver for one schedule."""

    schedule: Schedule

    def step(self, batch: Batch, data: Data, step: int, bounds: torch.Tensor | None) -> None:
        """Take one step; see `sparsest.continuous.training.Solver`."""
        schedule = self.schedule
        objective, rate = schedule.objective, schedule.rate(step)
        sizes = penalties.magnitudes(batch.outputs, batch.hidden, objective)
        batch.differentiate(*data)
        batch.adam(step + 1, rate)
        thresholds = penalties.slopes(sizes, schedule.p).mul_(schedule.regularization * rate)
        proximal.shrink_(batch.outputs, batch.hidden, thresholds, objective)
        if bounds is not None:
            proximal.clip_(batch.outputs, batch.hidden, bounds)
        proximal.rebalance_(batch.outputs, batch.hidden, objective)
