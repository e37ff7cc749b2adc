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
    "Concat", "Flatten", "Gather", "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin",
    "ReduceProd", "ReduceSum", "ReduceSumSquare", "Reshape", "Shape", "Size", "Slice", "Split",
    "Squeeze", "Transpose", "Unsqueeze",
}  # fmt: skip
# Operators that make something larger, by the place of the operand that holds its shape.
_LARGER: Final = {"ConstantOfShape": 0, "Expand": 1}


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
    if node.domain not in ("", "ai.onnx") or kind not in _ELEMENTWISE | _STRUCTURE | set(_LARGER):
        raise InputError("it computes a constant in a way that is not followed")
    arrays = [None if operand is None else np.asarray(operand) for operand in operands]
    if kind in _LARGER:
        place = _LARGER[kind]
        shape = np.asarray(arrays[place], dtype=np.int64)
        shape = np.where(shape == n_samples, 1, shape)
        if shape.size and shape.min() < 0:
            raise InputError(f"it makes a constant of shape {tuple(shape.tolist())}")
        refuse_size(math.prod(shape.tolist()))
        arrays[place] = shape
    if kind in _ELEMENTWISE | {"Expand"}:
        shapes = [array.shape for array in arrays[:1] if array is not None] if kind == "Expand" else [
            array.shape for array in arrays if array is not None
        ]  # fmt: skip
        refuse_size(math.prod(_broadcast(shapes)))
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


def _broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise InputError(f"constants of shapes {', '.join(map(str, shapes))} are combined") from None
