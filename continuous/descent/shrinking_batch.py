"""What is left of a batch while it is trained: later steps cost what is left.

Neurons that are zero and stay so are dropped, and restarts that cannot fit any more are retired. The others
compute what they would have computed, up to the order in which sums are rounded.
"""

from typing import Final

import torch

from sparsest.continuous.algorithms.batch import Batch

# Tensors are narrowed when they lose at least this share of their neurons: copying them costs some steps.
_WORTH: Final = 0.25


class LiveBatch:
    """A batch whose restarts and neurons may be dropped.

    Parameters
    ----------
    whole : Batch
        R networks of K neurons. `write_back` brings them up to date.

    Attributes
    ----------
    batch : Batch
        The R' <= R networks of K' <= K neurons that are trained on.
    restarts : tensor (R',)
        Which of the R networks they are.
    """

    def __init__(self, whole: Batch) -> None:
        self.whole = self.batch = whole
        self.restarts = torch.arange(len(whole.outputs), device=whole.outputs.device)

    def drop(self, idle: torch.Tensor, hopeless: torch.Tensor) -> torch.Tensor | None:
        """Drop neurons (R', K') that are idle, and restarts (R',) that are hopeless, where that pays.

        Returns
        -------
        tensor or None
            Which of the R' restarts stay; None when nothing was dropped.
        """
        stay = ~hopeless
        width = int((~idle)[stay].sum(1).max()) if stay.any() else 0
        if stay.all() and width > (1 - _WORTH) * idle.shape[1]:
            return None
        self.write_back()
        kept = torch.nonzero(stay).squeeze(1)
        order = torch.argsort(idle[kept].int(), dim=1, stable=True)[:, : max(width, 1)]
        batch, restarts = self.batch.part(kept, order), self.restarts[kept]
        self.batch, self.restarts = batch, restarts  # at once: an interruption must not come between
        return kept

    def write_back(self) -> None:
        """Bring the whole batch up to date; neurons that were dropped are zero there."""
        if self.batch is self.whole:
            return
        width = self.batch.outputs.shape[1]
        for name in ("hidden", "outputs"):
            whole = getattr(self.whole, name)
            whole[self.restarts] = 0
            whole[self.restarts, :width] = getattr(self.batch, name)
        if self.whole.affine is not None and self.batch.affine is not None:
            self.whole.affine[self.restarts] = self.batch.affine
