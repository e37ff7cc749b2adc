"""Initial networks whose kinks lie among the data."""

from collections.abc import Callable
from typing import Final

import torch

# Standard deviation of the distance between a hyperplane and the point it was drawn through; inputs are
# scaled to about one.
_SPREAD = 0.1


def random_neurons(
    homogeneous: torch.Tensor, restarts: int, width: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows ``(w_k, b_k)`` (R, K, d + 1) and output weights ``v_k`` (R, K).

    The hyperplane of each neuron has a uniformly random direction and passes near a random point of the
    segment between two random samples, so that few start inactive on, or affine over, all the data. Near,
    because a sample on the hyperplane itself would give no gradient.
    Both layers have the same norm; values are about ``1 / sqrt(K)`` times their spread, which leaves
    room for features to be learned.

    Parameters
    ----------
    homogeneous : tensor (N, d + 1)
        Scaled inputs with a column of ones.
    restarts, width : int
        R and K.
    generator : torch.Generator
        On the CPU, so that every device starts from the same networks.
    """
    inputs = homogeneous[:, :-1]
    precision = inputs.dtype
    directions = torch.randn(restarts, width, inputs.shape[1], dtype=precision, generator=generator)
    directions /= torch.linalg.vector_norm(directions, dim=-1, keepdim=True)
    pairs = torch.randint(len(inputs), (2, restarts, width), generator=generator)
    share = torch.rand(restarts, width, 1, dtype=precision, generator=generator)
    points = inputs[pairs[0]] * share + inputs[pairs[1]] * (1 - share)
    offsets = _SPREAD * torch.randn(restarts, width, 1, dtype=precision, generator=generator)
    biases = offsets - (directions * points).sum(-1, keepdim=True)
    return _balanced(torch.cat([directions, biases], dim=-1), generator)


def neurons_through_samples(
    homogeneous: torch.Tensor,
    restarts: int,
    width: int,
    generator: torch.Generator,
    spread: float = _SPREAD,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the same as `random_neurons`, each hyperplane near as many random samples as can be.

    d samples determine a hyperplane of the inputs; every cell of the arrangement of samples in general
    position touches one of those, so that small cells are met as often as large ones.

    Parameters
    ----------
    homogeneous : tensor (N, d + 1)
        Scaled inputs with a column of ones.
    restarts, width : int
        R and K.
    generator : torch.Generator
        On the CPU.
    spread : float
        Standard deviation of the distance between a hyperplane and the samples it was drawn through.
    """
    rows = homogeneous.double()
    # one restart at a time, because the chosen samples of all of them may not fit into the memory
    planes = torch.stack([_hyperplanes(rows, width, generator) for _ in range(restarts)])
    planes /= torch.linalg.vector_norm(planes[..., :-1], dim=-1, keepdim=True)
    planes[..., -1] += spread * torch.randn(restarts, width, dtype=planes.dtype, generator=generator)
    return _balanced(planes.to(homogeneous.dtype), generator)


Initialization = Callable[[torch.Tensor, int, int, torch.Generator], tuple[torch.Tensor, torch.Tensor]]

INITIALIZATIONS: Final[dict[str, Initialization]] = {
    "random": random_neurons,
    "through-samples": neurons_through_samples,
}


def _hyperplanes(rows: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    """Return hyperplanes (count, d + 1), each through d samples, or all but one where there are fewer."""
    touched = min(rows.shape[1] - 1, len(rows) - 1)
    chosen = torch.rand(count, len(rows), generator=generator).argsort(dim=1)[:, :touched]
    planes = torch.randn(count, rows.shape[1], 1, dtype=rows.dtype, generator=generator)
    if touched:
        points = rows[chosen]
        planes -= torch.linalg.pinv(points) @ (points @ planes)
    return planes.squeeze(-1)


def _balanced(rows: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows and output weights of both layers' size, for rows (R, K, d + 1) with ``||w_k|| = 1``."""
    signs = torch.randint(2, rows.shape[:2], generator=generator) * 2 - 1
    size = rows.shape[1] ** -0.25
    return size * rows, size * signs.to(rows.dtype)
