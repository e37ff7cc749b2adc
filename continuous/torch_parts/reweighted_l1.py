"""The proximal step of the reweighted l^1 path norm after every step of any optimizer."""

from collections.abc import Callable
from typing import Any

import torch

from sparsest.continuous.penalty import path_norms, proximal_l1
from sparsest.continuous.torch_parts.layers import Layers, Trainable, layers_of
from sparsest.continuous.torch_parts.path_norm import nonnegative_number
from sparsest.continuous.torch_parts.pruning import prune_
from sparsest.errors import InputError
from sparsest.objectives import Objective, check_power


class ReweightedL1:
    """An optimizer with the proximal step of ``regularization * path norm`` after each of its steps.

    Call `step` where the loop called ``optimizer.step()``; nothing else of the loop changes, and the loss
    stays without a penalty. Every product ``|v_k w_kj|`` (for ``neurons`` every ``||u_k||_1``) is reduced by
    ``regularization * rate * p * t^(p - 1)``, where t is its value before the step and rate the optimizer's
    current learning rate, so that schedulers work as usual. What reaches zero stays there when p < 1. Then
    ``v_k`` and ``(w_k, b_k)`` are scaled to equal norms, which changes no value of the network.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        SGD, Adam, AdamW, ...; it has to hold the network's parameters. Schedulers take it as before.
    network : ReLUNetwork, Sequential or pair of Linear
        One hidden layer of ReLUs and one output; it may be a part of a larger model.
    p : float
        Exponent, 0 < p <= 1. May be assigned to between steps.
    regularization : float
        lambda in ``loss + lambda * path norm``, at least 0. May be assigned to between steps; 0 leaves the
        optimizer's steps as they are.
    objective : str or Objective
        What is to become few: ``neurons``, ``weights`` or ``parameters``.

    Raises
    ------
    InputError
        When an option is out of its range, or the network cannot be read or is not what `optimizer` trains.

    Notes
    -----
    Nakhleh and Nowak (2025), section 5, except that the bias is scaled along (see
    `sparsest.continuous.penalty.proximal_l1`).

    Examples
    --------
    >>> import torch
    >>> from sparsest.continuous import ReLUNetwork
    >>> network = ReLUNetwork(2, 8)
    >>> sparse = ReweightedL1(torch.optim.Adam(network.parameters(), lr=0.01), network, regularization=0.003)
    >>> loss = network(torch.ones(4, 2, dtype=torch.float64)).square().mean()
    >>> sparse.zero_grad()
    >>> loss.backward()
    >>> sparse.step()
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        network: Trainable,
        *,
        p: float = 0.4,
        regularization: float = 1e-3,
        objective: str | Objective = Objective.NEURONS,
    ) -> None:
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise InputError(f"a {type(optimizer).__name__} is not an optimizer: pass one of torch.optim")
        self.optimizer = optimizer
        self.network = network
        self.p = p
        self.regularization = regularization
        self.objective = Objective.parse(objective)
        _rate(optimizer, layers_of(network))

    @property
    def p(self) -> float:
        """Exponent of the path norm."""
        return self._p

    @p.setter
    def p(self, value: float) -> None:
        self._p = check_power(value)

    @property
    def regularization(self) -> float:
        """Weight of the path norm, lambda."""
        return self._regularization

    @regularization.setter
    def regularization(self, value: float) -> None:
        self._regularization = nonnegative_number("regularization", value)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The optimizer's own, for gradient scalers and for code that looks at learning rates."""
        return self.optimizer.param_groups

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients, as the optimizer does."""
        self.optimizer.zero_grad(set_to_none)

    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Take the optimizer's step, then the proximal step; return what the optimizer's step returns."""
        layers = layers_of(self.network)
        strength = self.regularization * _rate(self.optimizer, layers)
        with torch.no_grad():
            sizes = path_norms.magnitudes(layers.output_weights(), layers.rows(), self.objective)
        loss: float | None = self.optimizer.step() if closure is None else self.optimizer.step(closure)
        if self.regularization:
            self._shrink(layers, path_norms.slopes(sizes, self.p).mul_(strength))
        return loss

    @torch.no_grad()
    def _shrink(self, layers: Layers, thresholds: torch.Tensor) -> None:
        outputs, hidden = layers.output_weights(), layers.rows()
        proximal_l1.shrink_(outputs, hidden, thresholds, self.objective)
        proximal_l1.rebalance_(outputs, hidden, self.objective)
        layers.store(hidden)

    def prune(self) -> int:
        """Remove dead neurons from the network and from the optimizer's state; return how many went.

        What is left keeps its values and moments. The narrower layers hold new parameters: do this between a
        step and the next gradient, and make anew what refers to the old ones (averages, compiled graphs).

        Raises
        ------
        InputError
            When the optimizer's state has no entry for each neuron (LBFGS, Adafactor); nothing is changed.
        """
        return prune_(self.network, self.optimizer)

    def state_dict(self) -> dict[str, Any]:
        """Return the optimizer's state and the options, of plain types that ``torch.load`` reads safely."""
        return {
            "optimizer": self.optimizer.state_dict(),
            "p": self.p,
            "regularization": self.regularization,
            "objective": self.objective.value,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned, for a network of the same width.

        Raises
        ------
        InputError
            When `state` is something else.
        """
        wanted = {"optimizer", "p", "regularization", "objective"}
        if not isinstance(state, dict) or set(state) != wanted:
            raise InputError(
                "this is not a state of ReweightedL1: pass what its own state_dict() returned, "
                "not the optimizer's"
            )
        p, regularization = self.p, self.regularization
        try:
            self.p, self.regularization = state["p"], state["regularization"]
            objective = Objective.parse(state["objective"])
            self.optimizer.load_state_dict(state["optimizer"])
        except Exception:
            self.p, self.regularization = p, regularization
            raise
        self.objective = objective

    def __repr__(self) -> str:
        return (
            f"<ReweightedL1 p={self.p} regularization={self.regularization} "
            f"objective={self.objective.value!r} after {type(self.optimizer).__name__}>"
        )


def _rate(optimizer: torch.optim.Optimizer, layers: Layers) -> float:
    """Return the current learning rate of the hidden weights, or raise where a neuron is not all trained."""
    rates = {id(held): group.get("lr") for group in optimizer.param_groups for held in group["params"]}
    for slot in layers.slots:
        if id(slot.parameter) not in rates or not slot.parameter.requires_grad:
            raise InputError(
                f"the optimizer does not train {slot.name!r} of the network's {type(slot.owner).__name__}: "
                "make it from the network's current parameters, none of them frozen"
            )
    rate = rates[id(layers.hidden.parameter)]
    if rate is None:
        raise InputError(
            f"{type(optimizer).__name__} has no learning rate 'lr', which the proximal step needs"
        )
    return float(rate)
