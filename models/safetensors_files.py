"""Files of the safetensors format: a length of eight bytes, a header in JSON, and raw numbers.

The format (https://huggingface.co/docs/safetensors) is small enough to be read here, with every size checked
against the file before it is used, so that no other package is needed.
"""

import math
from pathlib import Path
from typing import Any, Final

import torch

from sparsest.errors import InputError
from sparsest.files import refuse_large_file
from sparsest.io.strict_json import parse

_DTYPES: Final = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64}
# Bytes of a header; a model that this project reads has a few tensors.
_MAX_HEADER: Final = 10**6


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a .safetensors file.

    Raises
    ------
    InputError
        When the file is too large or damaged, or holds other numbers than floats.
    """
    refuse_large_file(path)
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or not 2 <= length <= min(_MAX_HEADER, len(content) - 8):
        raise InputError(f"{path} is not a readable safetensors file: its header has no length that can be")
    try:
        header = parse(content[8 : 8 + length].decode())
    except (ValueError, InputError):
        raise InputError(f"{path} is not a readable safetensors file: its header is no JSON") from None
    if not isinstance(header, dict):
        raise InputError(f"{path} is not a readable safetensors file: its header is no table of tensors")
    data = memoryview(content)[8 + length :]
    try:
        return {name: _tensor(name, entry, data) for name, entry in header.items() if name != "__metadata__"}
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _tensor(name: str, entry: Any, data: memoryview) -> torch.Tensor:
    entry = entry if isinstance(entry, dict) else {}
    dtype, shape, place = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise InputError(f"tensor {name!r:.60} is of type {dtype!s:.20}: {', '.join(_DTYPES)} are read")
    if not _whole(shape) or not _whole(place) or len(place) != 2:
        raise InputError(f"tensor {name!r:.60} has no shape and place that can be")
    start, end = place
    size = math.prod(shape) * _DTYPES[dtype].itemsize
    if not start <= end <= len(data) or end - start != size:
        raise InputError(f"tensor {name!r:.60} needs {size} bytes and is said to be at {start} to {end}")
    if size == 0:
        return torch.zeros(shape, dtype=_DTYPES[dtype])
    return torch.frombuffer(bytearray(data[start:end]), dtype=_DTYPES[dtype]).reshape(shape)


def _whole(numbers: object) -> bool:
    return isinstance(numbers, list) and all(type(number) is int and number >= 0 for number in numbers)
