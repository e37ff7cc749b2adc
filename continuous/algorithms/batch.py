"""A batch of networks that are trained side by side, with their gradient and Adam's moments."""

from typing import Final

import numpy as np
import torch

from sparsest.affine import Affine

# Activations of so many numbers are computed at a time: they stay in the cache, and the system is not asked
# for memory. On one core a step of 32 x 100 neurons and 1000 samples takes 0.4 of the time.
MAX_ACTIVATIONS: Final = 2**16

# Adam's published defaults (Kingma and Ba 2015).
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8

_Tensors = list[torch.Tensor]


class Batch:
    """R networks of K neurons, their gradient and Adam's moments, each one flat tensor with views.

    Attributes
    ----------
    outputs : tensor (R, K)
        Output weights.
    hidden : tensor (R, K, d + 1)
        Rows ``(w_k, b_k)``.
    affine : tensor (R, d + 1) or None
        The affine term; the slopes of a constant stay zero.
    kind : Affine
        Which affine term that is.
    """

    def __init__(
        self,
        hidden: torch.Tensor,
        outputs: torch.Tensor,
        *,
        affine: Affine = Affine.NONE,
        max_activations: int = MAX_ACTIVATIONS,
    ) -> None:
        restarts, width, size = hidden.shape
        shapes = [(restarts, width, size), (restarts, width)] + (
            [] if affine is Affine.NONE else [(restarts, size)]
        )
        self._shapes, self.kind, self._max_activations = shapes, affine, max_activations
        self.flat = hidden.new_zeros(sum(int(np.prod(shape)) for shape in shapes))
        self.gradient = torch.zeros_like(self.flat)
        self.mean = torch.zeros_like(self.flat)
        self.square = torch.zeros_like(self.flat)
        self.hidden, self.outputs, *rest = _views(self.flat, shapes)
        self.affine = rest[0] if rest else None
        self._slopes = _views(self.gradient, shapes)
        self._known_parts: dict[int, list[list[_Tensors]]] = {}
        self.hidden.copy_(hidden)
        self.outputs.copy_(outputs)

    def gradients(self) -> dict[str, torch.Tensor]:
        """Return the stored gradient by the name of the tensor it belongs to."""
        return dict(zip(("hidden", "outputs", "affine"), self._slopes, strict=False))

    def values(self, homogeneous: torch.Tensor) -> torch.Tensor:
        """Return f (R, N)."""
        parts = self._parts(len(homogeneous))
        return _together([_forward(numbers, homogeneous)[0] for numbers, _ in parts])

    def differentiate(self, homogeneous: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
        """Store the gradient of the loss and return the distances from the intervals (R, N).

        The loss of a restart is the mean square of its distances. Written out, because autograd would
        cost more than the arithmetic on tensors this small.
        """
        distances = []
        for numbers, (hidden, outputs, *affine) in self._parts(len(homogeneous)):
            values, active = _forward(numbers, homogeneous)
            distances.append(values - values.clamp(low, high))
            error = distances[-1] * (2 / len(homogeneous))
            torch.matmul((active > 0) * error.unsqueeze(1), homogeneous, out=hidden)
            hidden.mul_(numbers[1].unsqueeze(-1))
            torch.bmm(active, error.unsqueeze(-1), out=outputs.unsqueeze(-1))
            if affine:
                torch.matmul(error, homogeneous, out=affine[0])
                if self.kind is Affine.CONSTANT:
                    affine[0][:, :-1] = 0
        return _together(distances)

    def _parts(self, n_samples: int) -> list[list[_Tensors]]:
        """Return the numbers and their slopes, views, of the restarts that are computed at a time."""
        if n_samples not in self._known_parts:
            restarts, width = self.outputs.shape
            size = restarts if self.flat.is_cuda else self._max_activations // max(1, width * n_samples)
            numbers = [self.hidden, self.outputs] + ([] if self.affine is None else [self.affine])
            self._known_parts[n_samples] = [
                [
                    [tensor[first : first + max(1, size)] for tensor in each]
                    for each in (numbers, self._slopes)
                ]
                for first in range(0, max(1, restarts), max(1, size))
            ]
        return self._known_parts[n_samples]

    def adam(self, step: int, rate: float) -> None:
        """Take Adam's step number `step`, counted from 1."""
        self.mean.lerp_(self.gradient, 1 - _BETA1)
        self.square.mul_(_BETA2).addcmul_(self.gradient, self.gradient, value=1 - _BETA2)
        denominator = self.square.sqrt().mul_((1 - _BETA2**step) ** -0.5).add_(_EPSILON)
        self.flat.addcdiv_(self.mean, denominator, value=-rate / (1 - _BETA1**step))

    def momentum(self, name: str) -> torch.Tensor:
        """Return Adam's first moment of the tensor called `name`, a view."""
        names = ("hidden", "outputs", "affine")
        return _views(self.mean, self._shapes)[names.index(name)]

    def part(self, restarts: torch.Tensor, neurons: torch.Tensor) -> "Batch":
        """Return some restarts (R',) with some of their neurons (R', K'), moments of Adam included."""
        rows = restarts.unsqueeze(1)

        def chosen(flat: torch.Tensor) -> list[torch.Tensor]:
            hidden, outputs, *affine = _views(flat, self._shapes)
            return [hidden[rows, neurons], outputs[rows, neurons], *(rest[restarts] for rest in affine)]

        hidden, outputs, *affine = chosen(self.flat)
        batch = Batch(hidden, outputs, affine=self.kind, max_activations=self._max_activations)
        if batch.affine is not None:
            batch.affine.copy_(affine[0])
        for name in ("mean", "square"):
            parts = _views(getattr(batch, name), batch._shapes)
            for part, values in zip(parts, chosen(getattr(self, name)), strict=True):
                part.copy_(values)
        return batch


def _forward(numbers: _Tensors, homogeneous: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return f (R', N) of some restarts, and their hidden activations (R', K, N)."""
    hidden, outputs, *affine = numbers
    active = (hidden @ homogeneous.T).clamp_min_(0)
    values = torch.bmm(outputs.unsqueeze(1), active).squeeze(1)
    return (values + affine[0] @ homogeneous.T if affine else values), active


def _together(parts: _Tensors) -> torch.Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _views(flat: torch.Tensor, shapes: list[tuple[int, ...]]) -> list[torch.Tensor]:
    parts = torch.split(flat, [int(np.prod(shape)) for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
