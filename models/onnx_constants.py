"""Nodes of an ONNX graph that depend on no input: their values, by ONNX's own reference evaluator."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from onnx.reference import ReferenceEvaluator

from sparsest.errors import InputError
from sparsest.models.affine_values import refuse_size
from sparsest.models.onnx_tensors import array_of

# Operators whose result is no larger than their operands, broadcast.
_ELEMENTWISE: Final = {
    "Abs", "Add", "And", "BatchNormalization", "Cast", "CastLike", "Ceil", "Clip", "Div", "Equal",
    "Exp", "Floor", "Greater", "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "Log", "Max",
    "Mean", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pow", "Reciprocal", "Relu", "Round",
    "Sigmoid", "Sign", "Sqrt", "Sub", "Sum", "Tanh", "Where", "Dropout", "DequantizeLinear",
}  # fmt: skip
_STRUCTURE: Final = {
    "Concat", "Flatten", "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin",
    "ReduceProd", "ReduceSum", "ReduceSumSquare", "Reshape", "Shape", "Size", "Slice", "Split",
    "Squeeze", "Transpose", "Unsqueeze",
}  # fmt: skip
# Operators whose result has at most as many numbers as the product of the sizes of their operands.
_CHOICES: Final = {"Gather", "GatherND", "GatherElements"}
_MATRICES: Final = {"MatMul", "Gemm"}
# Operators that make something larger, by the place of the operand that says how large.
_LARGER: Final = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1}
_KNOWN: Final = _ELEMENTWISE | _STRUCTURE | _CHOICES | _MATRICES | set(_LARGER)


def stated(node: onnx.NodeProto, folder: Path | None) -> NDArray[Any]:
    """Return what a Constant holds.

    Raises
    ------
    InputError
        When that is no tensor of numbers.
    """
    for attribute in node.attribute:
        if attribute.name == "value":
            return array_of(attribute.t, node.output[0], folder)
        if attribute.name in ("value_float", "value_floats"):
            return np.array(helper.get_attribute_value(attribute), dtype=np.float32)
        if attribute.name in ("value_int", "value_ints"):
            return np.array(helper.get_attribute_value(attribute), dtype=np.int64)
    raise InputError("it holds no tensor of numbers")


def computed(
    node: onnx.NodeProto,
    opsets: Mapping[str, int],
    operands: Sequence[Any],
    *,
    n_samples: int,
) -> list[NDArray[Any]]:
    """Return the values of a node whose operands are all constants.

    Parameters
    ----------
    node : NodeProto
        The node.
    opsets : mapping
        Versions of the domains.
    operands : sequence of array or None
        Its operands.
    n_samples : int
        What stands for the number of samples; a constant for every sample is made once.

    Raises
    ------
    InputError
        For an operator that is not known to stay small, or that its operands do not suit.
    """
    kind = node.op_type
    if node.domain not in ("", "ai.onnx") or kind not in _KNOWN:
        raise InputError("it computes a constant in a way that is not followed")
    arrays = [None if operand is None else np.asarray(operand) for operand in operands]
    if kind in _LARGER:
        place = _LARGER[kind]
        sizes = np.asarray(arrays[place], dtype=np.int64)
        arrays[place] = np.where(sizes == n_samples, 1, sizes)
    refuse_size(_most(kind, [array for array in arrays if array is not None]))
    names = [f"operand{place}" if array is not None else "" for place, array in enumerate(arrays)]
    ends = [f"result{place}" for place in range(len(node.output))]
    lone = onnx.NodeProto()
    lone.CopyFrom(node)
    del lone.input[:], lone.output[:]
    lone.input.extend(names)
    lone.output.extend(ends)
    graph = helper.make_graph(
        [lone],
        "constant",
        [onnx.ValueInfoProto(name=name) for name in names if name],
        [onnx.ValueInfoProto(name=name) for name in ends],
    )
    imports = [helper.make_opsetid("", opsets.get("ai.onnx", 1))]
    feeds = {name: array for name, array in zip(names, arrays, strict=True) if name}
    try:
        with np.errstate(all="ignore"):
            found = ReferenceEvaluator(helper.make_model(graph, opset_imports=imports)).run(None, feeds)
    except Exception as error:  # the evaluator's errors are those of NumPy and its own
        raise InputError(f"it cannot be computed: {' '.join(str(error).split()):.120}") from None
    return [np.asarray(value) for value in found]


def _most(kind: str, arrays: Sequence[NDArray[Any]]) -> int:
    """Return how many numbers the result of an operator may have."""
    shapes = [array.shape for array in arrays]
    if kind in _LARGER:
        sizes = [int(size) for size in arrays[_LARGER[kind]].reshape(-1)]
        if min(sizes, default=0) < 0:
            raise InputError(f"it makes a constant of shape {tuple(sizes)}")
        if kind == "Tile":
            return math.prod(shapes[0]) * math.prod(sizes)
        return math.prod(_broadcast([shapes[0], tuple(sizes)]) if kind == "Expand" else sizes)
    if kind in _ELEMENTWISE:
        return math.prod(_broadcast(shapes))
    if kind in _MATRICES and all(len(shape) <= 2 for shape in shapes):
        return math.prod(max(shape, default=1) for shape in shapes[:2])
    if kind in _MATRICES | _CHOICES:
        return math.prod(array.size for array in arrays[:2])
    return sum(array.size for array in arrays)


def _broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise InputError(f"constants of shapes {', '.join(map(str, shapes))} are combined") from None
