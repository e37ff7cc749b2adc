"""What an algorithm of gradient descent is."""

import abc

import torch

from sparsest.continuous.algorithms.batch import Batch

# Scaled inputs (N, d + 1), lower and upper interval ends (N,).
Data = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Algorithm(abc.ABC):
    """Changes a batch by one step towards smaller ``loss + lambda * path norm``; one object a run."""

    @abc.abstractmethod
    def step(self, batch: Batch, data: Data, step: int, bounds: torch.Tensor | None) -> None:
        """Take step number `step`, counted from 0, within the bounds (d,) on every ``|v_k w_kj|``."""

    def idle(self, batch: Batch) -> torch.Tensor:
        """Return which neurons (R, K) are zero on all inputs and stay so whatever steps follow."""
        return torch.zeros_like(batch.outputs, dtype=torch.bool)

    def keep(self, restarts: torch.Tensor) -> None:  # noqa: B027 - most remember nothing
        """Forget the restarts that are not among `restarts` (R',)."""

    def state(self) -> dict[str, torch.Tensor]:
        """Return what the algorithm remembers from step to step."""
        return {}

    def restore(self, state: dict[str, torch.Tensor]) -> None:  # noqa: B027 - most remember nothing
        """Continue from what `state` returned."""
