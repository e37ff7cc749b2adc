"""Where a torch module keeps the neurons of its hidden layer: the one place that knows kinds of module."""

import dataclasses

import torch
from torch import nn

from sparsest.continuous.torch_parts.module import ReLUNetwork
from sparsest.errors import InputError
from sparsest.network import Network

# What the parts for a person's own training loop accept: a `ReLUNetwork`, an `nn.Sequential` of a linear
# layer, a ReLU and a linear layer, or the two linear layers, with a ReLU between them in the person's code.
Trainable = nn.Module | tuple[nn.Linear, nn.Linear]

# Layers of a Sequential that change no number.
_SHAPING = (nn.Flatten, nn.Identity)


@dataclasses.dataclass(frozen=True)
class Slot:
    """A parameter of a module.

    Attributes
    ----------
    owner : Module
        Where it is an attribute.
    name : str
        Of the attribute.
    axis : int
        The axis that counts neurons.
    """

    owner: nn.Module
    name: str
    axis: int

    @property
    def parameter(self) -> nn.Parameter:
        """The parameter as it is now."""
        parameter = getattr(self.owner, self.name)
        assert isinstance(parameter, nn.Parameter)
        return parameter


@dataclasses.dataclass(frozen=True)
class Layers:
    """The neurons of one hidden layer in front of one output.

    Attributes
    ----------
    hidden : Slot
        Rows ``w_k`` (K, d), or ``(w_k, b_k)`` (K, d + 1) where `bias` is None and `joint` is true.
    bias : Slot or None
        Biases ``b_k`` (K,), where they are a parameter of their own.
    outputs : Slot
        Output weights ``v_k``, (K,) or (1, K).
    affine : Parameter or None
        The output's own bias (1,), or the affine term ``(a, c)`` (d + 1,).
    joint : bool
        Whether the rows hold the biases.
    """

    hidden: Slot
    bias: Slot | None
    outputs: Slot
    affine: nn.Parameter | None
    joint: bool

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every parameter that has one entry or row a neuron."""
        return (self.hidden, self.outputs) if self.bias is None else (self.hidden, self.bias, self.outputs)

    def rows(self) -> torch.Tensor:
        """Return ``(w_k, b_k)`` (K, d + 1), differentiable; the parameter itself where it is one."""
        weights = self.hidden.parameter
        if self.joint:
            return weights
        column = weights.new_zeros(len(weights)) if self.bias is None else self.bias.parameter
        return torch.cat([weights, column.unsqueeze(1)], dim=1)

    def output_weights(self) -> torch.Tensor:
        """Return ``v_k`` (K,), differentiable, in the parameter's own memory."""
        return self.outputs.parameter.flatten()

    @torch.no_grad()
    def store(self, rows: torch.Tensor) -> None:
        """Write ``(w_k, b_k)`` (K, d + 1) into the parameters; without biases the last column is left out."""
        self.hidden.parameter.copy_(rows if self.joint else rows[:, :-1])
        if self.bias is not None:
            self.bias.parameter.copy_(rows[:, -1])

    def to_network(self) -> Network:
        """Return the current weights as a network; an output bias c is the affine term ``(0, c)``."""
        rows = _floats(self.rows())
        affine = None if self.affine is None else _floats(self.affine)
        if affine is not None and len(affine) == 1:
            affine = torch.cat([affine.new_zeros(rows.shape[1] - 1), affine])
        return Network(
            rows[:, :-1].numpy(),
            rows[:, -1].numpy(),
            _floats(self.output_weights()).numpy(),
            None if affine is None else affine.numpy(),
        )


def layers_of(network: Trainable) -> Layers:
    """Return where `network` keeps its neurons.

    Raises
    ------
    InputError
        When its layers are others, do not fit together, have several outputs, or are no plain parameters.
    """
    if isinstance(network, ReLUNetwork):
        return Layers(
            Slot(network, "hidden", 0), None, Slot(network, "outputs", 0), network.affine, joint=True
        )
    parts = _pair(network)
    if parts is None:
        raise InputError(
            f"a {type(network).__name__} of this make is not known to have one hidden layer: pass "
            "a ReLUNetwork, nn.Sequential(nn.Linear, nn.ReLU, nn.Linear), "
            "or a tuple of the two nn.Linear layers"
        )
    hidden, outputs = parts
    for layer, place in ((hidden, "hidden"), (outputs, "output")):
        _refuse_other_parameters(layer, place)
    if outputs.in_features != hidden.out_features:
        raise InputError(
            f"the hidden layer has {hidden.out_features} neurons and the output layer takes "
            f"{outputs.in_features}: pass two layers that follow each other"
        )
    if outputs.out_features != 1:
        raise InputError(
            f"the output layer has {outputs.out_features} outputs: the path norm is defined for one output, "
            "train one network an output"
        )
    bias = None if hidden.bias is None else Slot(hidden, "bias", 0)
    return Layers(Slot(hidden, "weight", 0), bias, Slot(outputs, "weight", 1), outputs.bias, joint=False)


def _pair(network: object) -> tuple[nn.Linear, nn.Linear] | None:
    """Return the two linear layers, or None where there are not exactly those."""
    parts = list(network) if isinstance(network, (nn.Sequential, tuple)) else []
    if isinstance(network, nn.Sequential):
        parts = [part for part in parts if not isinstance(part, _SHAPING)]
        if len(parts) != 3 or not isinstance(parts.pop(1), nn.ReLU):
            return None
    if len(parts) != 2:
        return None
    hidden, outputs = parts
    if isinstance(hidden, nn.Linear) and isinstance(outputs, nn.Linear):
        return hidden, outputs
    return None


def _refuse_other_parameters(layer: nn.Linear, place: str) -> None:
    for name in ("weight", "bias"):
        value = getattr(layer, name)
        if isinstance(value, nn.UninitializedParameter):
            raise InputError(f"the {place} layer has no {name} yet: run one batch through the network first")
        if value is None and name == "bias":
            continue
        if not isinstance(value, nn.Parameter) or not value.is_floating_point():
            raise InputError(
                f"the {place} layer's {name} is computed from other parameters or not real: "
                "remove its parametrization or its pruning mask first"
            )


def _floats(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu().double()
