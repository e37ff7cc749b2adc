"""The exact proximal maps of ``|t|^p`` and of its group form, on tensors of any shape.

``prox(z) = argmin_x (x - z)^2 / 2 + strength |x|^p``. It is zero up to ``z = h`` and the larger root of
``x - z + strength p x^(p - 1) = 0`` beyond, where both have the same value at
``h = x + strength p x^(p - 1)`` with ``x = (2 strength (1 - p))^(1 / (2 - p))`` (Marjanovic and Solo 2012).
The root has a closed form for p = 1/2 (Xu, Chang, Xu and Zhang 2012) and p = 2/3 (Cao, Sun and Xu 2013).
"""

from typing import Final

import torch

from sparsest.continuous.penalty.proximal_l1 import soft_threshold

# Newton's method falls monotonically onto the root from the right, with a quadratic rate in the end; the
# slowest start, at the jump and p near 0, needs six steps.
_NEWTON_STEPS: Final = 12


def power_proximal(values: torch.Tensor, strength: torch.Tensor, p: float) -> torch.Tensor:
    """Return the proximal map of ``strength |t|^p`` at `values`, 0 < p <= 1; 0 where two minimisers tie.

    Parameters
    ----------
    values : tensor
        The points z.
    strength : tensor
        Nonnegative, broadcast against `values`.
    p : float
        The exponent.
    """
    strength = strength + torch.zeros_like(values)  # broadcast
    values = values + torch.zeros_like(strength)
    if p == 1:
        return soft_threshold(values, strength)
    sizes = values.abs()
    jump = (2 * (1 - p) * strength) ** (1 / (2 - p))
    beyond = sizes > jump + p * strength * torch.where(jump > 0, jump, 1.0) ** (p - 1)
    kept = beyond & (strength > 0)
    root = _larger_root(torch.where(kept, sizes, 1.0), torch.where(kept, strength, 1e-3), p)
    return values.sign() * torch.where(kept, root, torch.where(beyond, sizes, 0.0))


def group_proximal(values: torch.Tensor, strength: torch.Tensor, p: float) -> torch.Tensor:
    """Return the proximal map of ``strength ||u||_1^p`` at the rows of `values` (..., m).

    On its support the minimiser soft-thresholds by one number ``t = strength p S^(p - 1)``, where S is its
    l^1 norm; with the m largest entries in the support S is the root of `power_proximal` at their sum for m
    times the strength. Every m that agrees with itself is a candidate, as is zero; the best one is returned.

    Parameters
    ----------
    values : tensor (..., m)
        The points z, one group a row.
    strength : tensor (...)
        Nonnegative.
    p : float
        The exponent.
    """
    if p == 1:
        return soft_threshold(values, strength.unsqueeze(-1))
    sizes = values.abs().sort(-1, descending=True).values
    numbers = torch.arange(1, values.shape[-1] + 1, dtype=values.dtype, device=values.device)
    weighted = numbers * strength.unsqueeze(-1)
    totals = sizes.cumsum(-1)
    lowest = (weighted * p * (1 - p)) ** (1 / (2 - p))  # left of it there is no larger root
    real = totals - lowest - weighted * p * torch.where(lowest > 0, lowest, 1.0) ** (p - 1) > 0
    norms = _larger_root(torch.where(real, totals, 1.0), torch.where(real, weighted, 1e-3), p)
    shrinkage = strength.unsqueeze(-1) * p * norms ** (p - 1)
    following = torch.cat([sizes[..., 1:], torch.zeros_like(sizes[..., :1])], dim=-1)
    agreeing = real & (sizes >= shrinkage) & (following <= shrinkage)
    candidates = soft_threshold(values.unsqueeze(-2), shrinkage.unsqueeze(-1))  # (..., m, m)
    distance = (candidates - values.unsqueeze(-2)).square().sum(-1) / 2
    costs = distance + strength.unsqueeze(-1) * candidates.abs().sum(-1) ** p
    costs = torch.where(agreeing, costs, torch.inf)
    best = costs.min(-1, keepdim=True)
    chosen = candidates.gather(-2, best.indices.unsqueeze(-1).expand_as(values.unsqueeze(-2))).squeeze(-2)
    better = best.values < values.square().sum(-1, keepdim=True) / 2
    return torch.where(better, chosen, 0.0)


def _larger_root(sizes: torch.Tensor, strength: torch.Tensor, p: float) -> torch.Tensor:
    """Return the larger root x of ``x - size + strength p x^(p - 1)``, which exists."""
    if p == 0.5:
        return _cubic_root(sizes, strength)
    if abs(p - 2 / 3) < 1e-15:
        return _quartic_root(sizes, strength)
    lowest = (strength * p * (1 - p)) ** (1 / (2 - p))  # the function's minimum: safeguard of the steps
    root = sizes
    for _ in range(_NEWTON_STEPS):
        power = strength * p * root ** (p - 1)
        slope = 1 - (1 - p) * power / root
        step = (root - sizes + power) / slope.clamp_min(torch.finfo(slope.dtype).tiny)
        root = torch.maximum(root - step, lowest)
    return root


def _cubic_root(sizes: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
    """Solve for p = 1/2: ``s^3 - size s + strength / 2 = 0`` with ``s = sqrt(x)``, by Viete's cosine."""
    angle = torch.arccos((-0.75 * strength / sizes * (3 / sizes).sqrt()).clamp_min(-1))
    return 4 / 3 * sizes * torch.cos(angle / 3) ** 2


def _quartic_root(sizes: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
    """Solve for p = 2/3: ``s^4 - size s + c = 0`` with ``s = x^(1/3)``, ``c = 2 strength / 3``, by Ferrari.

    ``(s^2 + a s + b)(s^2 - a s + e)`` with ``w = a^2`` a root of ``w^3 - 4 c w - size^2 = 0``.
    """
    third = 8 * strength / 9
    argument = (sizes.square() / (2 * third**1.5)).clamp_min(1)
    w = 2 * third.sqrt() * torch.cosh(torch.arccosh(argument) / 3)
    a = w.sqrt()
    return ((a + (2 * sizes / a - w).clamp_min(0).sqrt()) / 2) ** 3
