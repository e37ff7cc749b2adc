"""The proximal step of the reweighted l^1 path norm, and the rebalancing of neurons.

One gradient step is followed by ``z -> argmin_x (x - z)^2 / 2 + threshold |x|`` on every product
``z = v_k w_kj`` (Nakhleh and Nowak 2025, section 5), where the threshold is ``lambda * rate`` times the
slope of ``t^p`` at the previous ``|v_k w_kj|``. Then ``v_k`` and ``w_k`` get equal norms, which gradient
descent likes and which changes nothing *provided that the bias is scaled with w_k*. The published step
leaves the bias alone and so changes the function with every rebalancing; it is scaled here.

All functions work in place on tensors with any leading batch shape.
"""

import torch

from sparsest.continuous.penalty.path_norms import counted
from sparsest.objectives import Objective


def soft_threshold(values: torch.Tensor, thresholds: torch.Tensor) -> torch.Tensor:
    """Return ``argmin_x (x - z)^2 / 2 + threshold |x|``, which is ``sign(z) max(0, |z| - threshold)``."""
    return values.sign() * (values.abs() - thresholds).clamp_min(0)


def shrink_(
    outputs: torch.Tensor, hidden: torch.Tensor, thresholds: torch.Tensor, objective: Objective
) -> None:
    """Soft-threshold the counted products ``v_k w_kj`` in place, by moving ``w_kj`` alone.

    Parameters
    ----------
    outputs : tensor (..., K)
        Output weights; unchanged.
    hidden : tensor (..., K, d + 1)
        Rows ``(w_k, b_k)``; their counted entries are overwritten.
    thresholds : tensor
        Nonnegative, infinite allowed, in a shape that broadcasts to the counted entries.
    objective : Objective
        Decides which entries are counted.
    """
    part = counted(hidden, objective)
    # dividing by |v| turns a threshold on v w into one on w; v = 0 makes it infinite and the neuron zero,
    # except for 0 / 0, where nothing was asked and nothing is lost: such a product is zero already
    part.copy_(soft_threshold(part, (thresholds / outputs.abs().unsqueeze(-1)).nan_to_num(nan=0.0)))


def clip_(outputs: torch.Tensor, hidden: torch.Tensor, bounds: torch.Tensor) -> None:
    """Clip the products ``v_k w_kj`` to ``[-bound_j, bound_j]`` in place; biases are free.

    After `shrink_` this is the exact proximal map of the penalty with the box, which is separable and
    convex.
    """
    weights = hidden[..., :-1]
    limit = bounds / outputs.abs().unsqueeze(-1)
    weights.copy_(torch.minimum(torch.maximum(weights, -limit), limit))


def rebalance_(outputs: torch.Tensor, hidden: torch.Tensor, objective: Objective) -> None:
    """Scale ``v_k`` and ``(w_k, b_k)`` in place to equal norms of ``v_k`` and the counted part of the row.

    Every product ``v_k w_kj`` and ``v_k b_k`` is unchanged, hence so is the function. Neurons whose output
    weight or counted part is zero cannot be balanced and stay as they are.
    """
    sizes = torch.linalg.vector_norm(counted(hidden, objective), dim=-1)
    scale = (outputs.abs() / sizes).sqrt()
    scale = torch.where((scale > 0) & scale.isfinite(), scale, torch.ones_like(scale))
    hidden.mul_(scale.unsqueeze(-1))
    outputs.div_(scale)
