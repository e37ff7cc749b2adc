"""Removing the neurons of a torch module that are zero, and what is left as numbers.

A neuron is dead when ``v = 0``, or ``w = 0`` and ``b <= 0``: it is zero for every input. One with ``w = 0``
and ``b > 0`` is the constant ``v b``; constants go into the output's bias, or into one neuron where there is
none.
"""

import copy
import dataclasses
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from sparsest.continuous.torch_parts.layers import Layers, Slot, Trainable, layers_of
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import Objective

_Net = TypeVar("_Net", bound=Trainable)


def to_network(network: Trainable) -> Network:
    """Return the current weights as an immutable NumPy network, in float64.

    The bias of an output layer becomes the affine term ``(0, c)``. Without one (``nn.Linear(K, 1,
    bias=False)``) the network has no affine term.

    Parameters
    ----------
    network : ReLUNetwork, Sequential or pair of Linear
        With one hidden layer of ReLUs and one output.

    Raises
    ------
    InputError
        When its layers are others, or a weight is not finite.

    Examples
    --------
    >>> import torch
    >>> layers = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
    >>> to_network(torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1]))
    <Network 3 neurons + affine, d=2>
    """
    return layers_of(network).to_network()


def prune(network: _Net) -> _Net:
    """Return a copy without dead neurons, and with constants as one number; `network` is left as it is.

    The copy is the same function on all inputs, up to the rounding of sums in another order. To go on
    training the narrower network with the optimizer's state use `sparsest.continuous.ReweightedL1.prune`.

    Parameters
    ----------
    network : ReLUNetwork, Sequential or pair of Linear
        As for `to_network`.

    Examples
    --------
    >>> import torch
    >>> from sparsest.continuous import ReLUNetwork
    >>> wide = Network([[1.0], [0.0], [2.0]], [0.5, -1.0, 0.0], [1.0, 3.0, 0.0])
    >>> narrow = prune(ReLUNetwork.from_network(wide))
    >>> narrow.to_network()
    <Network 1 neuron, d=1>
    """
    layers_of(network)  # refused before the copy
    narrower = copy.deepcopy(network)
    prune_(narrower)
    return narrower


def count(network: Trainable, objective: str | Objective = Objective.NEURONS) -> int:
    """Return how many neurons, weights or parameters are not zero in the network that `prune` leaves.

    Examples
    --------
    >>> from sparsest.continuous import ReLUNetwork
    >>> wide = Network([[1.0], [0.0], [2.0]], [0.5, -1.0, 0.0], [1.0, 3.0, 0.0])
    >>> count(ReLUNetwork.from_network(wide)), count(ReLUNetwork.from_network(wide), "parameters")
    (1, 2)
    """
    return to_network(prune(network)).count(objective)


def prune_(network: Trainable, optimizer: torch.optim.Optimizer | None = None) -> int:
    """Remove dead neurons in place, and their entries in the optimizer's state; return how many went.

    The narrower layers hold new parameters, which take the place of the old ones in `optimizer`. Their
    gradients are not kept.

    Raises
    ------
    InputError
        When the optimizer's state cannot be cut; nothing is changed then.
    """
    layers = layers_of(network)
    keep, constant = _survivors(layers)
    before = len(keep)
    kept = torch.nonzero(keep).squeeze(1)
    moved = [_Move(slot, kept) for slot in layers.slots]
    if optimizer is not None and len(kept) < before:
        _refuse_uncuttable(optimizer, moved)
    if constant is not None:
        _store_constant(layers, constant)
    if len(kept) < before:
        for move in moved:
            move.apply(optimizer)
        _announce_width(layers, len(kept))
    return before - len(kept)


@dataclasses.dataclass(frozen=True)
class _Constant:
    """The sum of all neurons that are constants, and the neuron that takes it (None: the output's bias)."""

    value: torch.Tensor
    neuron: int | None


@torch.no_grad()
def _survivors(layers: Layers) -> tuple[torch.Tensor, _Constant | None]:
    """Return which neurons stay (K,), and the constant to store."""
    rows, outputs = layers.rows(), layers.output_weights()
    flat = (rows[:, :-1] == 0).all(1)
    alive = (outputs != 0) & (~flat | (rows[:, -1] > 0))
    constants = torch.nonzero(alive & flat).squeeze(1)
    keep = alive & ~flat
    if not len(constants) or (layers.affine is None and len(constants) == 1):
        return alive, None
    value = (outputs * rows[:, -1])[constants].sum()
    if layers.affine is not None:
        return keep, _Constant(value, None)
    if value == 0:
        return keep, None
    neuron = int(constants[0])
    keep[neuron] = True
    return keep, _Constant(value, neuron)


@torch.no_grad()
def _store_constant(layers: Layers, constant: _Constant) -> None:
    if constant.neuron is None:
        assert layers.affine is not None
        layers.affine[-1] += constant.value
        return
    rows, size = layers.rows().clone(), constant.value.abs().sqrt()
    rows[constant.neuron, -1] = size
    layers.store(rows)
    layers.output_weights()[constant.neuron] = constant.value.sign() * size


@dataclasses.dataclass(frozen=True)
class _Move:
    """One parameter that keeps some of its neurons."""

    slot: Slot
    kept: torch.Tensor

    def cut(self, values: torch.Tensor) -> torch.Tensor:
        return values.index_select(self.slot.axis, self.kept)

    def apply(self, optimizer: torch.optim.Optimizer | None) -> None:
        old = self.slot.parameter
        new = nn.Parameter(self.cut(old.detach()), requires_grad=old.requires_grad)
        setattr(self.slot.owner, self.slot.name, new)
        if optimizer is None:
            return
        for group in optimizer.param_groups:
            group["params"][:] = [new if held is old else held for held in group["params"]]
        if old in optimizer.state:
            optimizer.state[new] = _state_cut(optimizer.state.pop(old), old, self.cut)


def _state_cut(
    state: dict[str, object], old: torch.Tensor, cut: Callable[[torch.Tensor], torch.Tensor]
) -> dict[str, object]:
    """Cut every tensor of a parameter's shape, moments for example; leave numbers as they are."""
    return {
        name: cut(value) if isinstance(value, torch.Tensor) and value.shape == old.shape else value
        for name, value in state.items()
    }


def _refuse_uncuttable(optimizer: torch.optim.Optimizer, moved: list[_Move]) -> None:
    found = "its history" if isinstance(optimizer, torch.optim.LBFGS) else None
    for move in moved:
        old = move.slot.parameter
        for name, value in optimizer.state.get(old, {}).items():
            if isinstance(value, torch.Tensor) and value.dim() > 0 and value.shape != old.shape:
                found = f"{name!r} of shape {tuple(value.shape)}"
    if found is not None:
        raise InputError(
            f"{type(optimizer).__name__} keeps {found}, which has no entry for each neuron: prune(network) "
            "after training and go on with a new optimizer"
        )


def _announce_width(layers: Layers, width: int) -> None:
    """Correct the widths that linear layers print."""
    hidden, outputs = layers.hidden.owner, layers.outputs.owner
    if isinstance(hidden, nn.Linear) and isinstance(outputs, nn.Linear):
        hidden.out_features = outputs.in_features = width
