"""The l^p path norms of `sparsest.objectives` on torch tensors, batched and differentiable."""

import torch

from sparsest.objectives import Objective


def counted(hidden: torch.Tensor, objective: Objective) -> torch.Tensor:
    """Return the part of the rows ``(w_k, b_k)`` (..., K, d + 1) that `objective` counts, a view.

    ``weights`` leaves the biases out; the other two count every entry.
    """
    return hidden[..., :-1] if objective is Objective.WEIGHTS else hidden


def magnitudes(outputs: torch.Tensor, hidden: torch.Tensor, objective: Objective) -> torch.Tensor:
    """Return the numbers that the path norm raises to the power p, in the shape of `counted`.

    For ``neurons`` they are the row sums ``||u_k||_1``, of shape (..., K, 1); for the others the entries
    ``|v_k w_kj|`` (and ``|v_k b_k|``).

    Parameters
    ----------
    outputs : tensor (..., K)
        Output weights ``v_k``.
    hidden : tensor (..., K, d + 1)
        Rows ``(w_k, b_k)``.
    objective : Objective
        What is counted.
    """
    sizes = counted(hidden, objective).abs() * outputs.abs().unsqueeze(-1)
    return sizes.sum(-1, keepdim=True) if objective is Objective.NEURONS else sizes


def path_norm(
    outputs: torch.Tensor, hidden: torch.Tensor, p: float, objective: Objective = Objective.WEIGHTS
) -> torch.Tensor:
    """Return the l^p path norm (...,) of networks given as in `magnitudes`, 0 < p <= 1.

    The gradient of ``t^p`` is infinite at zero for p < 1; training therefore uses the proximal step of
    `sparsest.continuous.penalty.proximal_l1` in place of this function's gradient.
    """
    return (magnitudes(outputs, hidden, objective) ** p).sum(dim=(-2, -1))


def slopes(sizes: torch.Tensor, p: float) -> torch.Tensor:
    """Return ``p t^(p - 1)``, the weights of the l^1 norm that touches ``t^p`` from above at `sizes`.

    They are infinite at zero when p < 1, so that an entry that reached zero stays there, and 1 when p = 1.
    """
    return torch.full_like(sizes, p) if p == 1 else p * sizes.pow(p - 1)
