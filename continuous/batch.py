"""A batch of networks that are trained side by side, with their gradient and Adam's moments."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import torch

# Activations of so many numbers a thread are computed at a time: they stay in the cache, and no memory is asked
# of the system for them. On one core a step of 32 x 100 neurons and 1000 samples takes a third of the time.
_AT_A_TIME: Final = 2**16

# Adam's published defaults (Kingma and Ba 2015).
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class Batch:
    """R networks of K neurons, their gradient and Adam's moments, each one flat tensor with views.

    Attributes
    ----------
    outputs : tensor (R, K)
        Output weights.
    hidden : tensor (R, K, d + 1)
        Rows ``(w_k, b_k)``.
    skip : tensor (R, d + 1) or None
        The affine term.
    """

    def __init__(self, hidden: torch.Tensor, outputs: torch.Tensor, *, skip: bool) -> None:
        restarts, width, size = hidden.shape
        shapes = [(restarts, width, size), (restarts, width)] + ([(restarts, size)] if skip else [])
        self._shapes = shapes
        self.flat = hidden.new_zeros(sum(int(np.prod(shape)) for shape in shapes))
        self.gradient = torch.zeros_like(self.flat)
        self.mean = torch.zeros_like(self.flat)
        self.square = torch.zeros_like(self.flat)
        self.hidden, self.outputs, *rest = _views(self.flat, shapes)
        self.skip = rest[0] if rest else None
        self._slopes = _views(self.gradient, shapes)
        self.hidden.copy_(hidden)
        self.outputs.copy_(outputs)

    def gradients(self) -> dict[str, torch.Tensor]:
        """Return the stored gradient by the name of the tensor it belongs to."""
        return dict(zip(("hidden", "outputs", "skip"), self._slopes, strict=False))

    def values(self, homogeneous: torch.Tensor) -> torch.Tensor:
        """Return f (R, N)."""
        return torch.cat([self._forward(part, homogeneous)[0] for part in self._parts(len(homogeneous))])

    def differentiate(self, homogeneous: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
        """Store the gradient of the loss and return the distances from the intervals (R, N).

        The loss of a restart is the mean square of its distances. Written out, because autograd would
        cost more than the arithmetic on tensors this small.
        """
        hidden, outputs, *skip = self._slopes
        distances = []
        for part in self._parts(len(homogeneous)):
            values, active = self._forward(part, homogeneous)
            distances.append(values - values.clamp(low, high))
            error = distances[-1] * (2 / len(homogeneous))
            torch.matmul((active > 0) * error.unsqueeze(1), homogeneous, out=hidden[part])
            torch.bmm(active, error.unsqueeze(-1), out=outputs[part].unsqueeze(-1))
            if skip:
                torch.matmul(error, homogeneous, out=skip[0][part])
        hidden.mul_(self.outputs.unsqueeze(-1))
        return torch.cat(distances)

    def _parts(self, n_samples: int) -> Iterator[slice]:
        """Yield the restarts that are computed at a time; all of them on a GPU."""
        restarts, width = self.outputs.shape
        limit = _AT_A_TIME * torch.get_num_threads() // max(1, width * n_samples)
        size = max(1, restarts if self.flat.is_cuda else limit)
        for first in range(0, max(1, restarts), size):
            yield slice(first, first + size)

    def _forward(self, part: slice, homogeneous: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return f (R', N) of some restarts, and their hidden activations (R', K, N)."""
        active = (self.hidden[part] @ homogeneous.T).clamp_min_(0)
        values = torch.bmm(self.outputs[part].unsqueeze(1), active).squeeze(1)
        return (values if self.skip is None else values + self.skip[part] @ homogeneous.T), active

    def adam(self, step: int, rate: float) -> None:
        """Take Adam's step number `step`, counted from 1."""
        self.mean.lerp_(self.gradient, 1 - _BETA1)
        self.square.mul_(_BETA2).addcmul_(self.gradient, self.gradient, value=1 - _BETA2)
        denominator = self.square.sqrt().mul_((1 - _BETA2**step) ** -0.5).add_(_EPSILON)
        self.flat.addcdiv_(self.mean, denominator, value=-rate / (1 - _BETA1**step))

    def momentum(self, name: str) -> torch.Tensor:
        """Return Adam's first moment of the tensor called `name`, a view."""
        names = ("hidden", "outputs", "skip")
        return _views(self.mean, self._shapes)[names.index(name)]

    def part(self, restarts: torch.Tensor, neurons: torch.Tensor) -> "Batch":
        """Return some restarts (R',) with some of their neurons (R', K'), moments of Adam included."""
        rows = restarts.unsqueeze(1)

        def chosen(flat: torch.Tensor) -> list[torch.Tensor]:
            hidden, outputs, *skip = _views(flat, self._shapes)
            return [hidden[rows, neurons], outputs[rows, neurons], *(rest[restarts] for rest in skip)]

        hidden, outputs, *skip = chosen(self.flat)
        batch = Batch(hidden, outputs, skip=bool(skip))
        if batch.skip is not None:
            batch.skip.copy_(skip[0])
        for name in ("mean", "square"):
            parts = _views(getattr(batch, name), batch._shapes)
            for part, values in zip(parts, chosen(getattr(self, name)), strict=True):
                part.copy_(values)
        return batch


def _views(flat: torch.Tensor, shapes: list[tuple[int, ...]]) -> list[torch.Tensor]:
    parts = torch.split(flat, [int(np.prod(shape)) for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
