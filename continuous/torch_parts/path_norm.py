"""The l^p path norm as a term of any loss."""

import math
import numbers

import torch
from torch import nn

from sparsest.continuous.penalty import path_norms
from sparsest.continuous.torch_parts.layers import Trainable, layers_of
from sparsest.errors import InputError
from sparsest.objectives import Objective, check_power


class PathNorm(nn.Module):
    """``sum t^p`` over what the objective counts (see `sparsest.objectives`), differentiable by autograd.

    Gradient steps on it make products small but never zero, and for p < 1 its slope grows without limit on
    the way there. `sparsest.continuous.ReweightedL1` sets them to zero; this term is for p = 1, with
    `smoothing`, or to watch.

    Parameters
    ----------
    p : float
        Exponent, 0 < p <= 1.
    objective : str or Objective
        Which products: ``neurons``, ``weights`` or ``parameters``.
    smoothing : float
        Width s, in units of the products, of ``(t^2 + s^2)^(p / 2) - s^p`` in place of ``t^p``: its slope is
        at most ``p s^(p - 1)``. With 0 the slope at zero is taken as zero, so that zeros stay.

    Raises
    ------
    InputError
        When an option is out of its range; from a call, as for `sparsest.continuous.to_network`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> network = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    >>> penalty = PathNorm(p=1.0, objective="neurons")
    >>> loss = network(torch.zeros(5, 3)).square().mean() + 0.01 * penalty(network)
    >>> loss.backward()
    """

    def __init__(
        self, p: float = 0.4, objective: str | Objective = Objective.NEURONS, *, smoothing: float = 0.0
    ) -> None:
        super().__init__()
        self.p = check_power(p)
        self.objective = Objective.parse(objective)
        self.smoothing = nonnegative_number("smoothing", smoothing)

    def forward(self, network: Trainable) -> torch.Tensor:
        """Return the path norm of `network`, a scalar in its own type and on its device."""
        layers = layers_of(network)
        sizes = path_norms.magnitudes(layers.output_weights(), layers.rows(), self.objective)
        if self.smoothing:
            powers = (sizes.square() + self.smoothing**2).pow(self.p / 2)
            return (powers - math.pow(self.smoothing, self.p)).sum()
        nonzero = sizes != 0
        # masked before the power as well as behind it: the gradient of 0^p would be nan times zero
        return (torch.where(nonzero, sizes, 1.0).pow(self.p) * nonzero).sum()

    def extra_repr(self) -> str:
        """Return the options for `repr`."""
        return f"p={self.p}, objective={self.objective.value!r}, smoothing={self.smoothing}"


def nonnegative_number(name: str, value: float) -> float:
    """Return `value` as a float, or raise `InputError` unless it is finite and at least 0."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not 0 <= value < math.inf:
        raise InputError(f"{name} = {value!r:.40}: a finite number that is at least 0 is needed")
    return float(value)
