"""Torch modules and state dicts, read without trusting names or structure more than they deserve.

A module is read by its layers and then evaluated on probes beside what was read, because its ``forward`` may
do anything. A state dict holds no activation function: that it is a ReLU is the user's word.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.files import refuse_large_file
from sparsest.models.trained_model import TrainedModel, affine_term, kind_of, predictor
from sparsest.network import Network

_SUPPORTED: Final = "one hidden layer of ReLUs and one output are supported (Linear, ReLU, Linear)"
_DTYPES: Final = {
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
    torch.float32: "float32",
    torch.float64: "float64",
}
# Differences of values explained by rounding, relative to the sum of the sizes of all terms.
_ROUNDING: Final = {"float16": 3e-2, "bfloat16": 2e-1, "float32": 1e-4, "float64": 1e-11}
# Layers that change no number when a model is evaluated.
_PASSIVE: Final = (nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout)
_PROBES: Final = 64
# Numbers of one tensor.
_MAX_TENSOR: Final = 10**8
# Bytes of one file, and what it may claim to unpack to.
_MAX_FILE_BYTES: Final = 2**30

Tensors = dict[str, torch.Tensor]


def from_module(module: nn.Module) -> TrainedModel:
    """Read a module, wherever its parameters are.

    Raises
    ------
    InputError
        When it is something else than a single-hidden-layer ReLU network with one output.
    """
    tensors = _own_tensors(module)
    if tensors is None:
        tensors = _sequential(module) if isinstance(module, nn.Sequential) else _custom(module)
    read = _model(tensors, "torch module", {name: name for name in tensors})
    _verify(module, read)
    return TrainedModel(
        read.network, read.dtype, read.source, read.affine,
        lambda X: _evaluated(module, X, read.dtype), _state_names(module, tensors),
    )  # fmt: skip


def from_state_dict(state: Mapping[Any, Any]) -> TrainedModel:
    """Read a state dict of a ReLU network.

    Raises
    ------
    InputError
        When its tensors are not those of a single hidden layer and one output.
    """
    for nested in ("state_dict", "model_state_dict"):
        if isinstance(state.get(nested), Mapping):
            state = state[nested]
    if not state:
        raise InputError("the state dict is empty")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise InputError(f"entry {name!r:.60} is a {type(value).__name__}: tensors are needed")
    tensors, names = _sorted_by_role(dict(state))
    return _model(tensors, "state dict", names)


def from_file(path: Path) -> TrainedModel:
    """Read a .pt or .pth file that holds a state dict, without executing anything in it.

    Raises
    ------
    InputError
        When it is damaged, too large, or holds something else.
    """
    refuse_large_file(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_FILE_BYTES:
                raise InputError(f"{path} unpacks to more than {_MAX_FILE_BYTES} bytes")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler fails in many ways on what somebody made to fail
        reason = " ".join(str(error).split())
        if "weights_only" in reason or "Weights only" in reason or "Unsupported" in reason:
            raise InputError(
                f"{path} holds Python objects, which are not loaded: save model.state_dict() instead"
            ) from None
        raise InputError(f"{path} is not a readable state dict: {reason:.160}") from None
    if not isinstance(state, Mapping):
        raise InputError(f"{path} holds a {type(state).__name__}: save model.state_dict() instead")
    try:
        return from_state_dict(state)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


# ---------------------------------------------------------------- where the numbers are


def _own_tensors(module: nn.Module) -> Tensors | None:
    """Return the tensors of this project's own module, None for any other."""
    from sparsest.continuous.torch_parts.module import ReLUNetwork

    if not isinstance(module, ReLUNetwork):
        return None
    return _unfolded(dict(module.named_parameters()))


def _unfolded(state: Tensors) -> Tensors:
    """Return hidden rows ``(w, b)``, outputs and skip as layers."""
    tensors = {
        "hidden.weight": state["hidden"][:, :-1],
        "hidden.bias": state["hidden"][:, -1],
        "output.weight": state["outputs"][None],
    }
    if "affine" in state:
        tensors["output.bias"] = state["affine"][-1:]
        if len(state["affine"]) > 1:
            tensors["skip.weight"] = state["affine"][None, :-1]
    return tensors


def _sequential(module: nn.Sequential) -> Tensors:
    layers = [layer for layer in _flattened(module, "") if not isinstance(layer[1], _PASSIVE)]
    for name, layer in layers:
        if not isinstance(layer, (nn.Linear, nn.ReLU)):
            raise InputError(f"layer {name} is a {type(layer).__name__}: {_SUPPORTED}")
    kinds = [type(layer).__name__ for _, layer in layers]
    if [issubclass(type(layer), nn.Linear) for _, layer in layers] != [True, False, True]:
        raise InputError(f"the layers are {', '.join(kinds) or 'none'}: {_SUPPORTED}")
    return _layers(layers[0][1], layers[2][1], None)


def _flattened(module: nn.Module, prefix: str) -> list[tuple[str, nn.Module]]:
    if not isinstance(module, nn.Sequential):
        return [(prefix or "0", module)]
    leaves: list[tuple[str, nn.Module]] = []
    for number, child in enumerate(module):  # unlike named_children, with a layer that is there twice
        leaves += _flattened(child, f"{prefix}.{number}".strip("."))
    return leaves


def _custom(module: nn.Module) -> Tensors:
    """Find the linear layers of a module of whatever class by their shapes."""
    leaves = [(name, layer) for name, layer in module.named_modules() if not list(layer.children())]
    linear = [(name, layer) for name, layer in leaves if isinstance(layer, nn.Linear)]
    known = {id(parameter) for _, layer in linear for parameter in layer.parameters()}
    for name, parameter in module.named_parameters():
        if id(parameter) not in known:
            raise InputError(f"parameter {name} belongs to no linear layer: {_SUPPORTED}")
    names = ", ".join(f"{name} {tuple(layer.weight.shape)}" for name, layer in linear) or "none"
    if len(linear) not in (2, 3):
        raise InputError(f"the linear layers are {names}: {_SUPPORTED}")
    weights = {name: layer.weight for name, layer in linear}
    hidden, output, skip = _roles(weights, names)
    layers = dict(linear)
    return _layers(layers[hidden], layers[output], layers[skip] if skip else None)


def _layers(hidden: nn.Module, output: nn.Module, skip: nn.Module | None) -> Tensors:
    tensors: Tensors = {}
    for role, layer in (("hidden", hidden), ("output", output), ("skip", skip)):
        if layer is not None:
            tensors |= {f"{role}.{name}": value for name, value in layer.named_parameters()}
    return tensors


def _roles(weights: Mapping[str, torch.Tensor], spelled: str) -> tuple[str, str, str | None]:
    """Return which weights are the hidden layer's, the output's and the skip branch's, by their shapes."""
    for name, weight in weights.items():
        if weight.dim() != 2:
            raise InputError(f"{name} has shape {tuple(weight.shape)}: {_SUPPORTED}")
    found = []
    for hidden, inner in weights.items():
        width, d = inner.shape
        rest = [name for name in weights if name != hidden]
        for output in rest:
            skips: list[str | None] = [name for name in rest if name != output] or [None]
            shapes = tuple(weights[output].shape), *(tuple(weights[s].shape) for s in skips if s)
            if shapes[0] == (1, width) and all(shape == (1, d) for shape in shapes[1:]):
                found.append((hidden, output, skips[0]))
    if len(found) > 1:  # as many neurons as inputs: names tell
        found = [each for each in found if each[2] is None or "skip" in each[2].lower()]
        found = [each for each in found if each[0] == next(iter(weights))] or found
    if len(found) != 1:
        raise InputError(f"the weights are {spelled}: {_SUPPORTED}")
    return found[0]


def _sorted_by_role(state: Tensors) -> tuple[Tensors, dict[str, str]]:
    """Return the tensors of a state dict by role, and the names that they have in it."""
    if set(state) in ({"hidden", "outputs"}, {"hidden", "outputs", "affine"}):
        for name, dimensions in (("hidden", 2), ("outputs", 1), ("affine", 1)):
            if name in state and state[name].dim() != dimensions:
                raise InputError(f"{name} has shape {tuple(state[name].shape)}")
        return _unfolded(state), {}
    weights = {name: value for name, value in state.items() if name.endswith("weight")}
    spelled = ", ".join(f"{name} {tuple(value.shape)}" for name, value in state.items())
    if len(weights) not in (2, 3):
        raise InputError(f"the tensors are {spelled:.300}: {_SUPPORTED}")
    hidden, output, skip = _roles(weights, spelled[:300])
    names = {}
    for role, weight in (("hidden", hidden), ("output", output), ("skip", skip)):
        if weight is not None:
            names[f"{role}.weight"] = weight
            bias = f"{weight[: -len('weight')]}bias"
            if bias in state:
                names[f"{role}.bias"] = bias
    if left := set(state).difference(names.values()):
        raise InputError(f"tensor {sorted(left)[0]:.80} belongs to no linear layer: {_SUPPORTED}")
    return {role: state[name] for role, name in names.items()}, names


def _state_names(module: nn.Module, tensors: Tensors) -> dict[str, str]:
    by_identity = {id(value): name for name, value in module.named_parameters()}
    return {role: by_identity[id(value)] for role, value in tensors.items() if id(value) in by_identity}


# ---------------------------------------------------------------- what they are


def _model(tensors: Tensors, source: str, names: Mapping[str, str]) -> TrainedModel:
    dtypes = {str(value.dtype).removeprefix("torch.") for value in tensors.values()}
    if len(dtypes) != 1 or (dtype := dtypes.pop()) not in _DTYPES.values():
        kinds = ", ".join(sorted({str(value.dtype) for value in tensors.values()}))
        raise InputError(f"the tensors are {kinds}: one of {', '.join(_DTYPES.values())} is supported")
    arrays = {role: _array(role, value) for role, value in tensors.items()}
    width, d = arrays["hidden.weight"].shape
    if arrays["output.weight"].shape != (1, width):
        outputs = arrays["output.weight"].shape[0]
        raise InputError(f"the last layer has {outputs} outputs of {width} neurons: {_SUPPORTED}")
    sizes = {"hidden.bias": (width,), "output.bias": (1,), "skip.weight": (1, d), "skip.bias": (1,)}
    for role, shape in sizes.items():
        if role in arrays and arrays[role].shape != shape:
            raise InputError(f"{names.get(role, role)} has shape {arrays[role].shape}: {shape} is needed")
    biases = [arrays[role] for role in ("output.bias", "skip.bias") if role in arrays]
    slopes = arrays["skip.weight"][0] if "skip.weight" in arrays else None
    network = Network(
        arrays["hidden.weight"],
        arrays.get("hidden.bias", np.zeros(width)),
        arrays["output.weight"][0],
        affine_term(slopes, np.sum(biases, axis=0) if biases else None, d),
    )
    kind = kind_of(slopes is not None, bool(biases))
    return TrainedModel(network, dtype, source, kind, predictor(network, dtype), dict(names))


def _array(role: str, value: torch.Tensor) -> FloatArray:
    if value.layout is not torch.strided or value.is_quantized or value.is_meta or value.is_complex():
        raise InputError(f"{role} is no plain tensor of numbers ({value.layout}, device {value.device})")
    if value.numel() > _MAX_TENSOR:
        raise InputError(f"{role} has {value.numel()} numbers, more than the {_MAX_TENSOR} that are read")
    array = value.detach().cpu().double().numpy()
    if not np.isfinite(array).all():
        raise InputError(f"{role} holds a number that is not finite")
    return np.array(array)


# ---------------------------------------------------------------- what it computes


def _verify(module: nn.Module, read: TrainedModel) -> None:
    """Evaluate a module beside what was read from it."""
    rng = np.random.default_rng(0)
    d = read.network.n_features
    scales = 10.0 ** rng.integers(-1, 2, (_PROBES, 1))
    X = np.concatenate([np.zeros((1, d)), scales * rng.normal(size=(_PROBES, d))])
    try:
        values = _evaluated(module, X, read.dtype)
    except InputError:
        raise
    except Exception as error:  # somebody else's code
        reason = " ".join(str(error).split())
        raise InputError(
            f"the module cannot be evaluated on inputs of shape ({len(X)}, {d}): {reason:.160}"
        ) from None
    network = read.network
    terms = np.abs(X) @ np.abs(network.folded[:, :-1]).T + np.abs(network.folded[:, -1])
    size = terms.sum(axis=1)
    if network.affine is not None:
        size = size + np.abs(X) @ np.abs(network.affine[:-1]) + abs(network.affine[-1])
    wrong = ~(np.abs(values - network(X)) <= _ROUNDING[read.dtype] * size)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"the module computes {values[row]:.6g} where its linear layers with ReLUs between give "
            f"{network(X[row : row + 1])[0]:.6g}: its forward does something else, and {_SUPPORTED}"
        )


def _evaluated(module: nn.Module, X: FloatArray, dtype: str) -> FloatArray:
    """Return a module's values (N,) in its own precision and on its own device, training mode left alone."""
    parameter = next(module.parameters())
    training = {name: part.training for name, part in module.named_modules()}
    module.eval()
    try:
        with torch.no_grad():
            values = module(torch.tensor(X).to(device=parameter.device, dtype=getattr(torch, dtype)))
    finally:
        for name, part in module.named_modules():
            part.training = training[name]
    if not isinstance(values, torch.Tensor) or values.numel() != len(X):
        shape = tuple(values.shape) if isinstance(values, torch.Tensor) else type(values).__name__
        raise InputError(f"the module returns {shape} for {len(X)} inputs: one output is supported")
    return np.asarray(values.double().cpu().reshape(-1).numpy())
