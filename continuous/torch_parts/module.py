"""A single-hidden-layer ReLU network as a torch module."""

import numpy as np
import torch
from torch import nn

from sparsest.affine import Affine
from sparsest.errors import InputError
from sparsest.network import Network


class ReLUNetwork(nn.Module):
    """A ReLU network with one hidden layer and one output, as a torch module.

    ``f(x) = sum_k v_k max(0, w_k . x + b_k) [+ a . x + c]`` with trainable parameters.

    Parameters
    ----------
    n_features : int
        d, the number of inputs.
    width : int
        K, the number of neurons; 0 is allowed.
    affine : {"none", "constant", "skip"}
        The affine term to have, which starts at zero: none, an output bias, or a skip.
    dtype : torch.dtype
        Of the parameters.
    generator : torch.Generator, optional
        Source of the initial weights: standard normal, divided by ``sqrt(d)`` in front of the ReLU and by
        ``sqrt(K)`` behind it, so that values are about one on standardised inputs.

    Attributes
    ----------
    hidden : Parameter (K, d + 1)
        Rows ``(w_k, b_k)``.
    outputs : Parameter (K,)
        Output weights ``v_k``.
    affine : Parameter (d + 1,) or (1,), or None
        The affine term ``(a, c)`` of a skip, or the constant ``(c,)``.

    Examples
    --------
    >>> import torch
    >>> tent = Network([[1.0], [1.0], [1.0]], [0.0, -1.0, -2.0], [1.0, -2.0, 1.0])
    >>> module = ReLUNetwork.from_network(tent)
    >>> module(torch.tensor([[0.5], [1.0]], dtype=torch.float64)).tolist()
    [0.5, 1.0]
    >>> module.to_network() == tent
    True
    """

    hidden: nn.Parameter
    outputs: nn.Parameter
    affine: nn.Parameter | None

    def __init__(
        self,
        n_features: int,
        width: int,
        *,
        affine: str | Affine = Affine.NONE,
        dtype: torch.dtype = torch.float64,
        generator: torch.Generator | None = None,
    ) -> None:
        if n_features < 1 or width < 0:
            raise InputError(
                f"n_features = {n_features!r}, width = {width!r}: at least 1 and at least 0 are needed"
            )
        super().__init__()
        size = {Affine.NONE: 0, Affine.CONSTANT: 1, Affine.SKIP: n_features + 1}[Affine.parse(affine)]
        hidden = torch.randn(width, n_features + 1, dtype=dtype, generator=generator)
        outputs = torch.randn(width, dtype=dtype, generator=generator)
        self.hidden = nn.Parameter(hidden / n_features**0.5)
        self.outputs = nn.Parameter(outputs / max(width, 1) ** 0.5)
        self.affine = nn.Parameter(torch.zeros(size, dtype=dtype)) if size else None

    @classmethod
    def from_network(cls, network: Network, *, dtype: torch.dtype = torch.float64) -> "ReLUNetwork":
        """Return a module with the weights of `network`, as it stores them, and a skip if it has one."""
        affine = Affine.NONE if network.affine is None else Affine.SKIP
        module = cls(network.n_features, network.width, affine=affine, dtype=dtype)
        with torch.no_grad():
            module.hidden[:, :-1] = torch.tensor(network.weights)
            module.hidden[:, -1] = torch.tensor(network.biases)
            module.outputs.copy_(torch.tensor(network.outputs))
            if module.affine is not None:
                module.affine.copy_(torch.tensor(network.affine))
        return module

    def to_network(self) -> Network:
        """Return the current weights as an immutable NumPy network, in float64.

        Raises
        ------
        InputError
            When a weight is not finite.
        """
        hidden = self.hidden.detach().cpu().double().numpy()
        outputs = self.outputs.detach().cpu().double().numpy()
        affine = None
        if self.affine is not None:
            affine = np.zeros(hidden.shape[1])
            affine[-len(self.affine) :] = self.affine.detach().cpu().double().numpy()
        return Network(hidden[:, :-1], hidden[:, -1], outputs, affine)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Return f (...,) at each row of X (..., d)."""
        active = torch.relu(X @ self.hidden[:, :-1].T + self.hidden[:, -1])
        values = active @ self.outputs
        if self.affine is not None:
            values = values + self.affine[-1]
            if len(self.affine) > 1:
                values = values + X @ self.affine[:-1]
        return values
