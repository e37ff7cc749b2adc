"""Read a trained network, whatever it comes in."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sparsest.affine import Affine
from sparsest.errors import InputError
from sparsest.models.layer_arrays import AnyNetwork
from sparsest.models.trained_model import TrainedModel, predictor
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.network import Network

_TORCH_FILES: Final = (".pt", ".pth", ".ckpt", ".safetensors")
_ENDINGS: Final = (*_TORCH_FILES, ".onnx", ".json", ".npz")


def read_model(model: Any) -> TrainedModel:
    """Read a single-hidden-layer ReLU network with one output or several.

    Parameters
    ----------
    model
        A torch ``nn.Module`` of any structure, a state dict or a checkpoint with one; a fitted scikit-learn
        ``MLPRegressor`` or ``MLPClassifier``, alone, behind scalers or in a search; a `Network` or
        `MultiOutputNetwork`; what was read before; or the path of a .pt, .pth or .ckpt file with a state
        dict, a .safetensors or .onnx file, or a .json or .npz file of `sparsest.save`. What is folded in, or
        left aside, is said in ``folded``.

    Raises
    ------
    InputError
        For anything else, in one sentence that says which layer or node, and what is supported. Nothing in a
        file is executed.

    Examples
    --------
    >>> import torch
    >>> from sparsest import models
    >>> layers = {"0.weight": torch.ones(2, 1), "0.bias": torch.zeros(2), "2.weight": torch.ones(1, 2)}
    >>> model = models.read_model(layers)
    >>> model.network, model.source
    (<Network 2 neurons, d=1>, 'state dict')
    """
    if isinstance(model, TrainedModel):
        return model
    if isinstance(model, (Network, MultiOutputNetwork)):
        return _own(model)
    if isinstance(model, (str, os.PathLike)):
        return _from_path(Path(model))
    if isinstance(model, Mapping):
        from sparsest.models.torch_states import from_state_dict

        return from_state_dict(model)
    from sparsest.models.sklearn_models import from_estimator, is_estimator

    if is_estimator(model):
        return from_estimator(model)
    import torch

    if isinstance(model, torch.nn.Module):
        from sparsest.models.torch_modules import from_module

        return from_module(model)
    raise InputError(
        f"a {type(model).__name__} is no model: give a torch module or state dict, MLPRegressor, Network "
        "or the path of a .pt, .safetensors, .onnx, .json or .npz file"
    )


def _own(network: AnyNetwork) -> TrainedModel:
    kind = Affine.NONE if network.affine is None else Affine.SKIP
    return TrainedModel(network, "float64", "network", kind, predictor(network, "float64"))


def _from_path(path: Path) -> TrainedModel:
    ending = path.suffix.lower()
    if ending in _TORCH_FILES:
        from sparsest.models.torch_states import from_file

        return from_file(path)
    if ending == ".onnx":
        return _from_onnx(path)
    if ending in (".json", ".npz"):
        from sparsest.io.documents import load

        network = load(path)
        if not isinstance(network, (Network, MultiOutputNetwork)):
            raise InputError(f"{path} holds a {type(network).__name__}, not a network")
        return _own(network)
    raise InputError(f"{path}: unknown ending {ending!r:.20}, use {', '.join(_ENDINGS)}")


def _from_onnx(path: Path) -> TrainedModel:
    try:
        from sparsest.models.onnx_models import from_onnx_file
    except ImportError:
        raise InputError("reading ONNX needs the onnx package: pip install 'sparsest[onnx]'") from None
    return from_onnx_file(path)
