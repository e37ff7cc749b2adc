"""State dicts of torch, and the files that hold them, read without trusting names more than they deserve.

A state dict holds no activation function: that it is a ReLU is the user's word. Weights are the tensors of
two or three linear layers, told apart by their shapes, or what masks and norms make of such tensors.
"""

import argparse
import itertools
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.files import refuse_large_file
from sparsest.models.layer_arrays import LayerArrays, network_of
from sparsest.models.safetensors_files import read_tensors
from sparsest.models.torch_checkpoints import Tensors, plain_weights, state_in
from sparsest.models.trained_model import TrainedModel, affine_terms, kind_of, predictor

_SUPPORTED: Final = "one hidden layer of ReLUs is supported (Linear, ReLU, Linear)"
_DTYPES: Final = {
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
    torch.float32: "float32",
    torch.float64: "float64",
}
# Numbers of one tensor.
_MAX_TENSOR: Final = 10**8
# Bytes of one file, and what it may claim to unpack to.
_MAX_FILE_BYTES: Final = 2**30


def from_state_dict(state: Mapping[Any, Any]) -> TrainedModel:
    """Read a state dict of a ReLU network.

    Raises
    ------
    InputError
        When its tensors are not those of a single hidden layer.
    """
    state, said = plain_weights(state_in(state))
    tensors, names = _sorted_by_role(state)
    return _model(tensors, "state dict", {} if said else names, said)


def from_file(path: Path) -> TrainedModel:
    """Read a file that holds a state dict, without executing anything in it.

    Parameters
    ----------
    path : path
        A .safetensors file, or what ``torch.save`` writes.

    Raises
    ------
    InputError
        When it is damaged, too large, or holds something else.
    """
    state = read_tensors(path) if path.suffix.lower() == ".safetensors" else _loaded(path)
    try:
        return from_state_dict(state)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _loaded(path: Path) -> Mapping[Any, Any]:
    """Return what torch has saved in a file, if that is a mapping of tensors and plain values."""
    refuse_large_file(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_FILE_BYTES:
                raise InputError(f"{path} unpacks to more than {_MAX_FILE_BYTES} bytes")
            if any(name.endswith("/constants.pkl") for name in archive.namelist()):
                raise InputError(
                    f"{path} is a TorchScript archive, which is not loaded: save its state_dict(), or give "
                    "torch.jit.load(...) to sparsest.certify in Python"
                )
    try:
        with torch.serialization.safe_globals(_harmless()):
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler fails in many ways on what somebody made to fail
        reason = " ".join(str(error).split())
        if "weights_only" in reason or "Weights only" in reason or "Unsupported" in reason:
            raise InputError(
                f"{path} holds Python objects, which are not loaded: save model.state_dict() instead"
            ) from None
        if not any(map(str.isalpha, reason)):  # the unpickler names a byte that it does not know
            reason = "torch.save did not write it"
        raise InputError(f"{path} is not a readable state dict: {reason:.160}") from None
    if not isinstance(state, Mapping):
        raise InputError(f"{path} holds a {type(state).__name__}: save model.state_dict() instead")
    return state


def _harmless() -> list[Any]:
    """Return what checkpoints hold beside tensors and may be loaded safely: options and numbers."""
    scalar: Any = np.float64(0).__reduce__()[0]
    kinds = [type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i4", "i8", "?")]
    old = "numpy.core.multiarray.scalar"  # as NumPy 1 wrote it
    return [argparse.Namespace, np.dtype, scalar, (scalar, old), *kinds]


# ---------------------------------------------------------------- which tensor is what


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
            m = weights[output].shape[0]
            shapes = tuple(weights[output].shape), *(tuple(weights[s].shape) for s in skips if s)
            if shapes[0] == (m, width) and all(shape == (m, d) for shape in shapes[1:]):
                found.append((hidden, output, skips[0]))
    if len(found) > 1 or (found and _may_be_deep(weights)):  # shapes do not tell: names and their order do
        found = [each for each in found if each[2] is None or "skip" in each[2].lower()]
        found = [each for each in found if each[0] == next(iter(weights))] or found
    if len(found) != 1:
        raise InputError(f"the weights are {spelled}: {_SUPPORTED}")
    return found[0]


def _may_be_deep(weights: Mapping[str, torch.Tensor]) -> bool:
    """Whether three weights in their order may be layers one behind the other, with several outputs."""
    shapes = [tuple(weight.shape) for weight in weights.values()]
    follow = all(after[1] == before[0] for before, after in itertools.pairwise(shapes))
    return len(shapes) == 3 and follow and shapes[-1][0] > 1


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


# ---------------------------------------------------------------- what they are


def _model(
    tensors: Tensors, source: str, names: Mapping[str, str], said: tuple[str, ...] = ()
) -> TrainedModel:
    dtypes = {str(value.dtype).removeprefix("torch.") for value in tensors.values()}
    if len(dtypes) != 1 or (dtype := dtypes.pop()) not in _DTYPES.values():
        kinds = ", ".join(sorted({str(value.dtype) for value in tensors.values()}))
        raise InputError(f"the tensors are {kinds}: one of {', '.join(_DTYPES.values())} is supported")
    arrays = {role: _array(role, value) for role, value in tensors.items()}
    width, d = arrays["hidden.weight"].shape
    m = len(arrays["output.weight"])
    sizes = {
        "hidden.bias": (width,), "output.weight": (m, width), "output.bias": (m,),
        "skip.weight": (m, d), "skip.bias": (m,),
    }  # fmt: skip
    for role, shape in sizes.items():
        if role in arrays and arrays[role].shape != shape:
            raise InputError(f"{names.get(role, role)} has shape {arrays[role].shape}: {shape} is needed")
    biases = [arrays[role] for role in ("output.bias", "skip.bias") if role in arrays]
    slopes = arrays.get("skip.weight")
    network = network_of(
        LayerArrays(
            arrays["hidden.weight"],
            arrays.get("hidden.bias", np.zeros(width)),
            arrays["output.weight"],
            affine_terms(slopes, np.sum(biases, axis=0) if biases else None, m, d),
        )
    )
    kind = kind_of(slopes is not None, bool(biases))
    return TrainedModel(network, dtype, source, kind, predictor(network, dtype), dict(names), said)


def _array(role: str, value: torch.Tensor) -> FloatArray:
    if value.layout is not torch.strided or value.is_quantized or value.is_meta or value.is_complex():
        raise InputError(f"{role} is no plain tensor of numbers ({value.layout}, device {value.device})")
    if value.numel() > _MAX_TENSOR:
        raise InputError(f"{role} has {value.numel()} numbers, more than the {_MAX_TENSOR} that are read")
    array = value.detach().cpu().double().numpy()
    if not np.isfinite(array).all():
        raise InputError(f"{role} holds a number that is not finite")
    return np.array(array)
