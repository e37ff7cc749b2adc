"""Write a network in the format of other tools."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.files import write_atomically
from sparsest.io.documents import save
from sparsest.models.layer_arrays import AnyNetwork, layers_of
from sparsest.models.trained_model import PRECISIONS, TrainedModel, rounded

# What a state dict calls its tensors unless it replaces another: those of Sequential(Linear, ReLU, Linear).
_NAMES: Final = {
    "hidden.weight": "0.weight",
    "hidden.bias": "0.bias",
    "output.weight": "2.weight",
    "output.bias": "2.bias",
    "skip.weight": "skip.weight",
}
_ENDINGS: Final = (".pt", ".pth", ".onnx", ".json", ".npz")


def check_model_ending(path: Path) -> str:
    """Return the ending, or raise `InputError` unless `write_model` knows it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sparsest import models
    >>> models.check_model_ending(Path("small.onnx"))
    '.onnx'
    """
    if (ending := path.suffix.lower()) not in _ENDINGS:
        raise InputError(f"{path}: unknown ending {ending!r:.20}, use one of {', '.join(_ENDINGS)}")
    return ending


def write_model(
    network: AnyNetwork,
    path: str | os.PathLike[str],
    *,
    like: TrainedModel | None = None,
    dtype: str | None = None,
) -> AnyNetwork:
    """Write a network as a torch state dict (.pt, .pth), ONNX (.onnx), or this project's .json or .npz.

    Parameters
    ----------
    network : Network or MultiOutputNetwork
        What to write.
    path : path
        Where; the ending decides the format. Written atomically.
    like : TrainedModel, optional
        A model whose precision and names of tensors are taken over.
    dtype : str, optional
        Precision; by default that of `like`, or float64.

    Returns
    -------
    Network or MultiOutputNetwork
        What was written: the network with its numbers rounded to that precision. Whether that still fits the
        data is for the caller to check.

    Raises
    ------
    InputError
        For an unknown ending or precision, or numbers beyond it.
    OSError
        When the file cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from sparsest import Network, models
    >>> ramp = Network([[0.5]], [0], [1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "ramp.pt"
    ...     written = models.write_model(ramp, file, dtype="float32")
    ...     models.read_model(file).network == written == ramp
    True
    """
    target = Path(path)
    ending = check_model_ending(target)
    precision = dtype or (like.dtype if like else "float64")
    if precision not in PRECISIONS:
        raise InputError(f"dtype = {precision!r:.40}: use one of {', '.join(PRECISIONS)}")
    written = rounded(network, precision)
    if ending in (".json", ".npz"):
        save(written, target)
    elif ending == ".onnx":
        if precision == "bfloat16":
            raise InputError("ONNX runtimes do not evaluate bfloat16: choose another dtype")
        try:
            from sparsest.models.onnx_writing import write_onnx
        except ImportError:
            raise InputError("writing ONNX needs the onnx package: pip install 'sparsest[onnx]'") from None
        write_onnx(written, target, precision)
    else:
        _write_state_dict(written, target, precision, like.names if like and like.names else _NAMES)
    return written


def _write_state_dict(network: AnyNetwork, path: Path, dtype: str, names: Mapping[str, str]) -> None:
    import torch

    layers = layers_of(network)
    tensors: dict[str, FloatArray] = {
        "hidden.weight": layers.weights,
        "hidden.bias": layers.biases,
        "output.weight": layers.outputs,
    }
    if layers.affine is not None:
        tensors["output.bias"] = layers.affine[:, -1]
        # a model that was read with a skip branch keeps it, be it zero
        if layers.affine[:, :-1].any() or (names is not _NAMES and "skip.weight" in names):
            tensors["skip.weight"] = layers.affine[:, :-1]
    if "output.bias" not in names and "skip.bias" in names and "output.bias" in tensors:
        tensors["skip.bias"] = tensors.pop("output.bias")
    elif "skip.bias" in names:
        tensors["skip.bias"] = np.zeros(layers.n_outputs)
    kind = getattr(torch, dtype)
    state = {
        names.get(role, _NAMES.get(role, role)): torch.tensor(np.ascontiguousarray(values)).to(kind)
        for role, values in tensors.items()
        # a layer without a bias stays without one
        if role in names or role not in ("hidden.bias", "output.bias") or values.any()
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())
