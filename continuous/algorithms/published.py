"""The training step exactly as published, kept as the baseline.

Nakhleh and Nowak, "Global Minimizers of l^p-Regularized Objectives Yield the Sparsest ReLU Neural Networks",
NeurIPS 2025, section 5; reweighting as in Candes, Wakin and Boyd (2008). Adam (Kingma and Ba 2015) at a
constant rate; after each step every product ``v_k w_kj`` is soft-thresholded by
``lambda * rate * p * |previous|^(p - 1)``, and ``v_k`` and ``w_k`` are given equal norms. An unpenalised bias
is left as it is, **which changes the function** whenever it is done; `AdamReweighted` scales it along.
"""

import dataclasses

import torch

from sparsest.continuous.algorithms.base import Algorithm, Data
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.penalty.path_norms import slopes
from sparsest.continuous.penalty.proximal_l1 import clip_, soft_threshold
from sparsest.objectives import Objective


@dataclasses.dataclass(frozen=True)
class Published(Algorithm):
    """The method for one schedule; the published path norm is that of the weights, or of all parameters."""

    schedule: Schedule

    def step(self, batch: Batch, data: Data, step: int, bounds: torch.Tensor | None) -> None:
        """Take one step; see `sparsest.continuous.algorithms.base.Algorithm`."""
        schedule, rows = self.schedule, penalised_rows(batch.hidden, self.schedule.objective)
        previous = (batch.outputs.unsqueeze(-1) * rows).abs()
        batch.differentiate(*data)
        batch.adam(step + 1, schedule.learning_rate)
        strength = schedule.regularization * schedule.learning_rate
        outputs, hidden = proximal_step(batch.outputs, rows, previous, strength, schedule.p)
        batch.outputs.copy_(outputs)
        rows.copy_(hidden)
        if bounds is not None:
            clip_(batch.outputs, batch.hidden, bounds)

    def idle(self, batch: Batch) -> torch.Tensor:
        """Return the neurons without products: if p < 1, lambda > 0 every step makes their outputs zero."""
        if self.schedule.p == 1 or self.schedule.regularization == 0:
            return super().idle(batch)
        rows = penalised_rows(batch.hidden, self.schedule.objective)
        return ((batch.outputs.unsqueeze(-1) * rows) == 0).all(-1)


def penalised_rows(hidden: torch.Tensor, objective: Objective) -> torch.Tensor:
    """Return the input weights in the published path norm (..., K, m), a view of (..., K, d + 1)."""
    return hidden if objective is Objective.PARAMETERS else hidden[..., :-1]


def proximal_step(
    outputs: torch.Tensor, hidden: torch.Tensor, previous: torch.Tensor, strength: float, p: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return output weights and input weights after the published proximal step.

    Parameters
    ----------
    outputs : tensor (..., K)
        Output weights ``v_k``.
    hidden : tensor (..., K, m)
        The penalised input weights: ``w_k``, or ``(w_k, b_k)`` where biases are penalised.
    previous : tensor (..., K, m)
        ``|v_k w_kj|`` before the gradient step. A product that was zero stays zero when p < 1.
    strength : float
        ``lambda * rate``.
    p : float
        Exponent of the path norm.

    Returns
    -------
    tensor (..., K), tensor (..., K, m)
        The products are soft-thresholded, and both have the same norm. A neuron left without
        products is zero in both, whatever its bias.
    """
    thresholds = slopes(previous, p) * strength if strength else torch.zeros_like(previous)
    products = soft_threshold(outputs.unsqueeze(-1) * hidden, thresholds)
    size = torch.linalg.vector_norm(products, dim=-1).sqrt()
    balanced = outputs.sign() * size
    rows = torch.where(size.unsqueeze(-1) > 0, products / balanced.unsqueeze(-1), 0.0)
    return balanced, rows
