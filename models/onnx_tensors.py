"""Tensors of an ONNX file as arrays, also from a file beside it; sizes are checked before it is read."""

import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sparsest.errors import InputError
from sparsest.models.affine_values import MAX_NUMBERS

DTYPES: Final[dict[int, str]] = {
    TensorProto.FLOAT16: "float16",
    TensorProto.BFLOAT16: "bfloat16",
    TensorProto.FLOAT: "float32",
    TensorProto.DOUBLE: "float64",
}
_WHOLE: Final = {
    TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64,
    TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64, TensorProto.BOOL,
}  # fmt: skip


def array_of(tensor: onnx.TensorProto, name: str, folder: Path | None) -> NDArray[Any]:
    """Return the numbers of a tensor in their own type, or the words of one that names classes.

    Parameters
    ----------
    tensor : TensorProto
        What the file holds.
    name : str
        What messages call it.
    folder : path or None
        Where the file is: external data must lie there, or below. None refuses such data.

    Raises
    ------
    InputError
        For a shape or type that cannot be, numbers that are not finite, or a place outside the folder.
    """
    size = math.prod(tensor.dims)
    if min(tensor.dims, default=0) < 0 or size > MAX_NUMBERS:
        raise InputError(f"tensor {name!r:.60} claims to have shape {tuple(tensor.dims)}")
    if (
        tensor.data_type == TensorProto.STRING
        and len(tensor.string_data) == size
        and not tensor.external_data
    ):
        return np.array([*tensor.string_data], dtype=object)  # names of classes
    if tensor.data_type not in DTYPES and tensor.data_type not in _WHOLE:
        known = TensorProto.DataType.items()
        kind = next((key for key, code in known if code == tensor.data_type), str(tensor.data_type))
        raise InputError(f"tensor {name!r:.60} is of type {kind}: {', '.join(DTYPES.values())} are read")
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        tensor = _brought_in(tensor, name, size, folder)
    values = numpy_helper.to_array(tensor)
    if tensor.data_type in DTYPES and not np.isfinite(np.asarray(values, dtype=np.float64)).all():
        raise InputError(f"tensor {name!r:.60} holds a number that is not finite")
    return np.asarray(values)


def _brought_in(tensor: onnx.TensorProto, name: str, size: int, folder: Path | None) -> onnx.TensorProto:
    """Return a tensor with the bytes that it has in another file."""
    said = {entry.key: entry.value for entry in tensor.external_data}
    length = size * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    try:
        offset, stated = int(said.get("offset", "0")), int(said.get("length", str(length)))
    except ValueError:
        raise InputError(f"tensor {name!r:.60} is at no readable place of another file") from None
    if stated != length or offset < 0:
        raise InputError(f"tensor {name!r:.60} takes {length} bytes, and {stated} of another file are named")
    path = _beside(said.get("location", ""), name, folder)
    try:
        with path.open("rb") as stream:
            stream.seek(offset)
            content = stream.read(length)
    except OSError as error:
        raise InputError(f"tensor {name!r:.60} is in {path.name!r:.60}: {error.strerror}") from None
    if len(content) != length:
        raise InputError(f"tensor {name!r:.60} goes beyond the end of {path.name!r:.60}")
    return onnx.TensorProto(dims=tensor.dims, data_type=tensor.data_type, raw_data=content)


def _beside(location: str, name: str, folder: Path | None) -> Path:
    """Return the file of external data, links followed, if it lies in the folder of the model."""
    if folder is not None and location and "\0" not in location:
        home = folder.resolve()
        path = (home / location).resolve()
        if path.is_relative_to(home):
            if not path.is_file():
                raise InputError(
                    f"tensor {name!r:.60} is in {location!r:.60}, which is no file beside the model"
                )
            return path
    raise InputError(f"tensor {name!r:.60} is in another file, {location!r:.60}, not beside the model")
