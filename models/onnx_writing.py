"""Networks as ONNX files."""

from pathlib import Path
from typing import Final

import numpy as np
from onnx import helper, numpy_helper

from sparsest.files import write_atomically
from sparsest.models.layer_arrays import AnyNetwork, layers_of
from sparsest.models.onnx_tensors import DTYPES

_OPSET: Final = 17
_IR_VERSION: Final = 8  # read by every runtime of the last years


def write_onnx(network: AnyNetwork, path: Path, dtype: str) -> None:
    """Write a network as Gemm, Relu, Gemm, and a Gemm and an Add for a skip branch.

    Parameters
    ----------
    network : Network or MultiOutputNetwork
        Its numbers are exact in `dtype`.
    path : path
        The .onnx file; input ``x`` of shape (N, d), output ``y`` of shape (N, m), m = 1 for one output.
    dtype : str
        "float16", "float32" or "float64".
    """
    kind = next(code for code, name in DTYPES.items() if name == dtype)
    layers, nodes = layers_of(network), []
    tensors = {"W": layers.weights, "b": layers.biases, "v": layers.outputs}
    nodes.append(helper.make_node("Gemm", ["x", "W", "b"], ["inputs"], "hidden", transB=1))
    nodes.append(helper.make_node("Relu", ["inputs"], ["active"], "relu"))
    affine = layers.affine
    if affine is not None:
        tensors["c"] = affine[:, -1]
    end = "sum" if affine is not None and affine[:, :-1].any() else "y"
    names = ["active", "v", "c"] if affine is not None else ["active", "v"]
    nodes.append(helper.make_node("Gemm", names, [end], "output", transB=1))
    if affine is not None and end == "sum":
        tensors["a"] = affine[:, :-1]
        nodes.append(helper.make_node("Gemm", ["x", "a"], ["line"], "skip", transB=1))
        nodes.append(helper.make_node("Add", ["sum", "line"], ["y"], "total"))
    graph = helper.make_graph(
        nodes,
        "sparsest",
        [helper.make_tensor_value_info("x", kind, ["N", network.n_features])],
        [helper.make_tensor_value_info("y", kind, ["N", layers.n_outputs])],
        [numpy_helper.from_array(np.asarray(values, dtype=dtype), name) for name, values in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    write_atomically(path, model.SerializeToString())
