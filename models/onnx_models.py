"""ONNX graphs of one hidden layer, read by following affine functions from the input to the output.

Every value of the graph is ``A x + B h + c`` with constant A, B, c, where h is the one layer of ReLUs. So
Gemm, MatMul with Add, a transposed weight, a scaled one or a skip branch in any order are the same to the
reader, and anything else is refused at the node where it appears.
"""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.files import refuse_large_file, write_atomically
from sparsest.models.trained_model import TrainedModel, kind_of, predictor
from sparsest.network import Network

_SUPPORTED: Final = "one hidden layer of ReLUs and one output are supported (Gemm or MatMul and Add, Relu)"
_DTYPES: Final[dict[int, str]] = {
    TensorProto.FLOAT16: "float16",
    TensorProto.BFLOAT16: "bfloat16",
    TensorProto.FLOAT: "float32",
    TensorProto.DOUBLE: "float64",
}
_MAX_NODES: Final = 200
_MAX_TENSOR: Final = 10**8
_OPSET: Final = 17
_IR_VERSION: Final = 8  # read by every runtime of the last years


@dataclasses.dataclass(frozen=True)
class AffineValue:
    """``A x + B h + c`` for m values at once.

    Attributes
    ----------
    inputs : array (m, d)
        A.
    hidden : array (m, K) or None
        B; None while no hidden layer is involved.
    constant : array (m,)
        c.
    skips, biased : bool
        Whether x reaches it without a ReLU, and whether a constant was added.
    """

    inputs: FloatArray
    hidden: FloatArray | None
    constant: FloatArray
    skips: bool
    biased: bool


Value = AffineValue | NDArray[Any]


def from_onnx_file(path: Path) -> TrainedModel:
    """Read an ONNX file; nothing in it is executed, and it may refer to no other file.

    Raises
    ------
    InputError
        When it is damaged, too large, or something else than a single-hidden-layer ReLU network with one
        output.
    """
    refuse_large_file(path)
    try:
        model = onnx.load_model(str(path), load_external_data=False)
    except Exception as error:  # protobuf's errors are its own
        raise InputError(f"{path} is not a readable ONNX file: {' '.join(str(error).split()):.160}") from None
    try:
        return _Graph(model.graph).read()
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, MemoryError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path} is not a usable ONNX graph: {reason:.160}") from None


class _Graph:
    """One graph while it is followed."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._layer: AffineValue | None = None  # what the ReLUs are applied to
        self._kinds: set[int] = set()
        self._values: dict[str, Value] = {}

    def read(self) -> TrainedModel:
        graph = self._graph
        if len(graph.node) > _MAX_NODES or len(graph.initializer) > _MAX_NODES:
            raise InputError(f"it has {len(graph.node)} nodes, more than the {_MAX_NODES} that are read")
        for tensor in graph.initializer:
            self._values[tensor.name] = self._constant(tensor, tensor.name)
        inputs = [value for value in graph.input if value.name not in self._values]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise InputError(
                f"it has {len(inputs)} inputs and {len(graph.output)} outputs: one of each is supported"
            )
        d = self._features(inputs[0])
        self._values[inputs[0].name] = AffineValue(np.eye(d), None, np.zeros(d), skips=True, biased=False)
        for node in graph.node:
            self._follow(node)
        output = self._values.get(graph.output[0].name)
        if not isinstance(output, AffineValue):
            raise InputError(f"its output {graph.output[0].name!r:.60} does not depend on its input")
        return self._model(output)

    def _model(self, output: AffineValue) -> TrainedModel:
        if output.hidden is None or self._layer is None:
            raise InputError(f"no Relu leads to its output: {_SUPPORTED}")
        if len(output.constant) != 1:
            raise InputError(f"it has {len(output.constant)} outputs: {_SUPPORTED}")
        if len(self._kinds) != 1:
            raise InputError("its weights are of several types: one precision is supported")
        affine = output.skips or output.biased
        network = Network(
            self._layer.inputs,
            self._layer.constant,
            output.hidden[0],
            np.r_[output.inputs[0], output.constant] if affine else None,
        )
        dtype = _DTYPES[self._kinds.pop()]
        kind = kind_of(output.skips, output.biased)
        return TrainedModel(network, dtype, "onnx", kind, predictor(network, dtype))

    def _constant(self, tensor: onnx.TensorProto, name: str) -> NDArray[Any]:
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise InputError(f"tensor {name!r:.60} is in another file, which is not read: save all in one")
        size = math.prod(tensor.dims)
        if min(tensor.dims, default=0) < 0 or size > _MAX_TENSOR:
            raise InputError(f"tensor {name!r:.60} claims to have shape {tuple(tensor.dims)}")
        values = numpy_helper.to_array(tensor)
        if tensor.data_type in _DTYPES:
            self._kinds.add(tensor.data_type)
            values = np.asarray(values, dtype=np.float64)
            if not np.isfinite(values).all():
                raise InputError(f"tensor {name!r:.60} holds a number that is not finite")
        elif not np.issubdtype(values.dtype, np.integer):
            kind = TensorProto.DataType.Name(tensor.data_type)
            raise InputError(f"tensor {name!r:.60} is of type {kind}: {', '.join(_DTYPES.values())} are read")
        return values

    def _features(self, given: onnx.ValueInfoProto) -> int:
        """Return d, by the input's shape or by the first weight that it meets."""
        dims = given.type.tensor_type.shape.dim
        if dims and dims[-1].dim_value > 0:
            return int(dims[-1].dim_value)
        for node in self._graph.node:
            if given.name in node.input and node.op_type in ("Gemm", "MatMul"):
                weight = next((self._values.get(name) for name in node.input if name != given.name), None)
                if isinstance(weight, np.ndarray) and weight.ndim == 2:
                    transposed = _attribute(node, "transB", 0) if node.op_type == "Gemm" else 0
                    return int(weight.shape[1 if transposed else 0])
        raise InputError(f"the number of features of its input {given.name!r:.60} is not stated")

    def _follow(self, node: onnx.NodeProto) -> None:
        rule = _RULES.get(node.op_type) if node.domain in ("", "ai.onnx") else None
        where = f"node {node.name or node.output[0]!r:.60}" if node.output else "a node without output"
        if rule is None:
            raise InputError(f"{where} is a {node.op_type:.40}: {_SUPPORTED}")
        if len(node.output) != 1 or node.output[0] in self._values:
            raise InputError(f"{where} does not define one new value")
        operands = []
        for name in node.input:
            if name not in self._values:
                raise InputError(f"{where} uses {name!r:.60}, which is not defined before it")
            operands.append(self._values[name])
        try:
            self._values[node.output[0]] = rule(self, node, operands)
        except InputError as error:
            raise InputError(f"{where} ({node.op_type}): {error}") from None

    def _relu(self, node: onnx.NodeProto, operands: list[Value]) -> Value:
        (value,) = operands
        if not isinstance(value, AffineValue) or value.hidden is not None or self._layer is not None:
            raise InputError(f"a second hidden layer: {_SUPPORTED}")
        self._layer = value
        width, d = value.inputs.shape
        return AffineValue(np.zeros((width, d)), np.eye(width), np.zeros(width), skips=False, biased=False)

    def _gemm(self, node: onnx.NodeProto, operands: list[Value]) -> Value:
        if _attribute(node, "transA", 0):
            raise InputError(f"a transposed input: {_SUPPORTED}")
        weight = operands[1]
        if not isinstance(weight, np.ndarray) or weight.ndim != 2:
            raise InputError("its weight is no constant matrix")
        weight = _attribute(node, "alpha", 1.0) * (weight.T if _attribute(node, "transB", 0) else weight)
        product = self._product(operands[0], weight)
        if len(operands) < 3:
            return product
        bias = operands[2]
        if not isinstance(bias, np.ndarray):
            raise InputError("its bias is no constant")
        return _sum(product, _attribute(node, "beta", 1.0) * bias)

    def _matmul(self, node: onnx.NodeProto, operands: list[Value]) -> Value:
        if len(operands) != 2 or not isinstance(operands[1], np.ndarray):
            raise InputError(f"its second operand is no constant: {_SUPPORTED}")
        return self._product(operands[0], operands[1])

    def _product(self, value: Value, weight: NDArray[Any]) -> AffineValue:
        if not isinstance(value, AffineValue):
            raise InputError("its first operand does not depend on the input")
        size = len(value.constant)
        if weight.ndim != 2 or weight.shape[0] != size:
            raise InputError(f"a weight of shape {weight.shape} after {size} values")
        matrix = np.asarray(weight, dtype=np.float64).T
        hidden = None if value.hidden is None else matrix @ value.hidden
        return AffineValue(
            matrix @ value.inputs, hidden, matrix @ value.constant, skips=value.skips, biased=value.biased
        )

    def _add(self, node: onnx.NodeProto, operands: list[Value]) -> Value:
        if len(operands) != 2:
            raise InputError(f"it has {len(operands)} operands")
        first, second = operands
        if isinstance(first, np.ndarray):
            first, second = second, first
        if not isinstance(first, AffineValue):
            raise InputError("it adds constants")
        return _sum(first, second)

    def _same(self, node: onnx.NodeProto, operands: list[Value]) -> Value:
        return operands[0]

    def _reshaped(self, node: onnx.NodeProto, operands: list[Value]) -> Value:
        """Pass on a flattened input or a squeezed output, which have the same numbers in the same order."""
        value = operands[0]
        if not isinstance(value, AffineValue):
            raise InputError("it reshapes a constant")
        if node.op_type != "Flatten" and len(value.constant) != 1:
            raise InputError(f"{len(value.constant)} values take another shape")
        return value

    def _stated(self, node: onnx.NodeProto, operands: list[Value]) -> Value:
        for attribute in node.attribute:
            if attribute.name == "value":
                return self._constant(attribute.t, node.output[0])
        raise InputError("it holds no tensor")


_RULES: Final[dict[str, Callable[[_Graph, onnx.NodeProto, list[Value]], Value]]] = {
    "Gemm": _Graph._gemm,
    "MatMul": _Graph._matmul,
    "Add": _Graph._add,
    "Relu": _Graph._relu,
    "Identity": _Graph._same,
    "Dropout": _Graph._same,
    "Flatten": _Graph._reshaped,
    "Squeeze": _Graph._reshaped,
    "Unsqueeze": _Graph._reshaped,
    "Reshape": _Graph._reshaped,
    "Constant": _Graph._stated,
}


def _sum(value: AffineValue, other: Value) -> AffineValue:
    """Return a value plus a constant or another value of the same size."""
    size = len(value.constant)
    if isinstance(other, np.ndarray):
        if other.size not in (1, size):
            raise InputError(f"a constant of shape {other.shape} is added to {size} values")
        return dataclasses.replace(value, constant=value.constant + other.reshape(-1), biased=True)
    if len(other.constant) != size:
        raise InputError(f"{size} and {len(other.constant)} values are added")
    if value.hidden is None or other.hidden is None:
        hidden = value.hidden if other.hidden is None else other.hidden
    else:
        hidden = value.hidden + other.hidden
    return AffineValue(
        value.inputs + other.inputs,
        hidden,
        value.constant + other.constant,
        skips=value.skips or other.skips,
        biased=value.biased or other.biased,
    )


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """Return a number that a node states, or the default."""
    found = [attribute for attribute in node.attribute if attribute.name == name]
    value = helper.get_attribute_value(found[0]) if found else default
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InputError(f"its attribute {name} is no number")
    return value


def write_onnx(network: Network, path: Path, dtype: str) -> None:
    """Write a network as Gemm, Relu, Gemm, and a Gemm and an Add for a skip branch.

    Parameters
    ----------
    network : Network
        Its numbers are exact in `dtype`.
    path : path
        The .onnx file; input ``x`` of shape (N, d), output ``y`` of shape (N, 1).
    dtype : str
        "float16", "float32" or "float64".
    """
    kind = next(code for code, name in _DTYPES.items() if name == dtype)
    tensors, nodes = {"W": network.weights, "b": network.biases, "v": network.outputs[None]}, []
    nodes.append(helper.make_node("Gemm", ["x", "W", "b"], ["inputs"], "hidden", transB=1))
    nodes.append(helper.make_node("Relu", ["inputs"], ["active"], "relu"))
    affine = network.affine
    if affine is not None:
        tensors["c"] = affine[-1:]
    end = "sum" if affine is not None and affine[:-1].any() else "y"
    names = ["active", "v", "c"] if affine is not None else ["active", "v"]
    nodes.append(helper.make_node("Gemm", names, [end], "output", transB=1))
    if affine is not None and end == "sum":
        tensors["a"] = affine[None, :-1]
        nodes.append(helper.make_node("Gemm", ["x", "a"], ["line"], "skip", transB=1))
        nodes.append(helper.make_node("Add", ["sum", "line"], ["y"], "total"))
    graph = helper.make_graph(
        nodes,
        "sparsest",
        [helper.make_tensor_value_info("x", kind, ["N", network.n_features])],
        [helper.make_tensor_value_info("y", kind, ["N", 1])],
        [numpy_helper.from_array(np.asarray(values, dtype=dtype), name) for name, values in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    write_atomically(path, model.SerializeToString())
