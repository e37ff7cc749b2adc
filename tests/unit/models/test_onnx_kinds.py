"""ONNX graphs as exporters write them: read as onnxruntime computes them, or refused with the node."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node as node
from torch import nn

from sparsest import InputError
from sparsest.models import read_model

FILES = Path(__file__).parent / "files"
RNG = np.random.default_rng(5)
W, B, V = RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=(4, 1))
X = RNG.normal(size=(30, 3))
CORE = {"W": W, "b": B, "V": V}
INT64 = np.int64


def graph(
    nodes: list[Any],
    tensors: dict[str, Any],
    *,
    dtype: Any = np.float64,
    opset: int = 17,
    shape: Any = ("N", 3),
    outputs: tuple[str, ...] = ("y",),
    inputs: tuple[str, ...] = ("x",),
    kind: int | None = None,
) -> onnx.ModelProto:
    """A model whose tensors of floats have one type; integers keep theirs."""

    def array(values: Any) -> np.ndarray[Any, Any]:
        made = np.asarray(values)
        return made if made.dtype == INT64 else made.astype(dtype)

    code = helper.np_dtype_to_tensor_dtype(np.dtype(dtype)) if kind is None else kind
    out = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, code, shape) for name in inputs],
        [helper.make_tensor_value_info(name, out, None) for name in outputs],
        [numpy_helper.from_array(array(values), name) for name, values in tensors.items()],
    )
    return helper.make_model(
        made,
        opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 1)],
        ir_version=8,
    )


def layers(before: str = "x", after: str = "y", relu: Any = None) -> list[Any]:
    """MatMul and Add, a ReLU or what stands for it, MatMul."""
    middle = [node("Relu", ["q"], ["h"])] if relu is None else relu
    return [
        node("MatMul", [before, "W"], ["p"]), node("Add", ["p", "b"], ["q"]), *middle,
        node("MatMul", ["h", "V"], [after]),
    ]  # fmt: skip


def ints(*numbers: int) -> np.ndarray[Any, Any]:
    return np.array(numbers, dtype=INT64)


# name -> graph, kind, neurons, what is said to be folded
GRAPHS: dict[str, tuple[Callable[[Any], onnx.ModelProto], str, int, str]] = {
    "leading Cast": (
        lambda t: graph(
            [node("Cast", ["x"], ["c"], to=helper.np_dtype_to_tensor_dtype(np.dtype(t))), *layers("c")],
            CORE,
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "Cast from whole numbers": (
        lambda t: graph(
            [node("Cast", ["x"], ["c"], to=helper.np_dtype_to_tensor_dtype(np.dtype(t))), *layers("c")],
            CORE,
            dtype=t,
            kind=TensorProto.INT64,
        ),
        "none",
        4,
        "",
    ),
    "scaled by Sub and Div": (
        lambda t: graph(
            [node("Sub", ["x", "m"], ["s"]), node("Div", ["s", "d"], ["c"]), *layers("c")],
            CORE | {"m": [1.0, -2, 3], "d": [0.5, 2, 4]},
            dtype=t,
        ),
        "none",
        4,
        "Sub, Div",
    ),
    "scaled by Mul and Add": (
        lambda t: graph(
            [node("Mul", ["x", "m"], ["s"]), node("Add", ["d", "s"], ["c"]), *layers("c")],
            CORE | {"m": [1.0, -2, 3], "d": [0.5, 2, 4]},
            dtype=t,
        ),
        "none",
        4,
        "Mul",
    ),
    "BatchNormalization": (
        lambda t: graph(
            [*layers(after="z"), node("BatchNormalization", ["z", "s", "o", "m", "v"], ["y"], epsilon=1e-3)],
            CORE | {"s": [2.0], "o": [-1.0], "m": [0.5], "v": [3.0]},
            dtype=t,
        ),
        "constant",
        4,
        "BatchNormalization",
    ),
    "reciprocal of a computed deviation": (
        lambda t: graph(
            [
                node("Add", ["v", "e"], ["ve"]),
                node("Sqrt", ["ve"], ["sd"]),
                node("Div", ["x", "sd"], ["c"]),
                *layers("c"),
            ],
            CORE | {"v": [1.0, 4, 9], "e": 1e-3},
            dtype=t,
        ),
        "none",
        4,
        "Div",
    ),
    "Gemm, opset 9": (
        lambda t: graph(
            [
                node("Gemm", ["x", "W", "b"], ["q"], alpha=2.0, beta=0.5),
                node("Relu", ["q"], ["h"]),
                node("Gemm", ["h", "Vt", "c"], ["y"], transB=1),
            ],
            {"W": W, "b": B, "Vt": V.T, "c": [1.5]},
            dtype=t,
            opset=9,
        ),
        "constant",
        4,
        "",
    ),
    "Gemm onto a skip": (
        lambda t: graph(
            [
                node("MatMul", ["x", "a"], ["s"]),
                node("Gemm", ["x", "W", "b"], ["q"]),
                node("Relu", ["q"], ["h"]),
                node("Gemm", ["h", "V", "s"], ["y"], beta=2.0),
            ],
            CORE | {"a": [[1.0], [2], [3]]},
            dtype=t,
        ),
        "skip",
        4,
        "",
    ),
    "MatMul with a vector": (
        lambda t: graph(layers(), CORE | {"V": V[:, 0]}, dtype=t),
        "none",
        4,
        "",
    ),
    "weights first, transposed": (
        lambda t: graph(
            [
                node("Transpose", ["x"], ["xt"], perm=[1, 0]),
                node("MatMul", ["Wt", "xt"], ["p"]),
                node("Add", ["p", "b"], ["q"]),
                node("Relu", ["q"], ["h"]),
                node("MatMul", ["Vt", "h"], ["z"]),
                node("Transpose", ["z"], ["y"]),
            ],
            {"Wt": W.T, "b": B[:, None], "Vt": V.T},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "weights computed from constants": (
        lambda t: graph(
            [node("Mul", ["W0", "mask"], ["W"]), node("Transpose", ["V0"], ["V"]), *layers()],
            {"W0": W, "mask": (W > 0).astype(float), "V0": V.T, "b": B},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "Neg and Sub from a constant": (
        lambda t: graph(
            [*layers(after="z"), node("Neg", ["z"], ["n"]), node("Sub", ["one", "n"], ["y"])],
            CORE | {"one": 1.0},
            dtype=t,
        ),
        "constant",
        4,
        "Sub",
    ),
    "LeakyRelu": (
        lambda t: graph(layers(relu=[node("LeakyRelu", ["q"], ["h"], alpha=0.1)]), CORE, dtype=t),
        "skip",
        4,
        "LeakyRelu",
    ),
    "PRelu": (
        lambda t: graph(
            layers(relu=[node("PRelu", ["q", "s"], ["h"])]), CORE | {"s": [0.1, 0, 0.5, 2]}, dtype=t
        ),
        "skip",
        4,
        "PRelu",
    ),
    "Max with zero": (
        lambda t: graph(layers(relu=[node("Max", ["o", "q"], ["h"])]), CORE | {"o": 0.0}, dtype=t),
        "none",
        4,
        "Max",
    ),
    "Min with zero": (
        lambda t: graph(layers(relu=[node("Min", ["q", "o"], ["h"])]), CORE | {"o": 0.0}, dtype=t),
        "none",
        4,
        "Min",
    ),
    "Max of two values": (
        lambda t: graph(
            layers(relu=[node("Neg", ["q"], ["n"]), node("Max", ["n", "q"], ["h"])]), CORE, dtype=t
        ),
        "skip",
        4,
        "Max",
    ),
    "Clip by operands": (
        lambda t: graph(
            layers(relu=[node("Clip", ["q", "lo", "hi"], ["h"])]),
            CORE | {"lo": np.array(0.0), "hi": np.array(1.0)},
            dtype=t,
        ),
        "none",
        8,
        "Clip",
    ),
    "Clip from below only": (
        lambda t: graph(
            layers(relu=[node("Clip", ["q", "lo"], ["h"])]), CORE | {"lo": np.array(0.0)}, dtype=t
        ),
        "none",
        4,
        "Clip",
    ),
    "Clip by attributes, opset 6": (
        lambda t: graph(layers(relu=[node("Clip", ["q"], ["h"], min=0.0, max=6.0)]), CORE, dtype=t, opset=7),
        "none",
        8,
        "Clip",
    ),
    "Abs": (
        lambda t: graph(layers(relu=[node("Abs", ["q"], ["h"])]), CORE, dtype=t),
        "skip",
        4,
        "Abs",
    ),
    "two branches of Relu": (
        lambda t: graph(
            [
                node("Relu", ["x"], ["r"]),
                node("Neg", ["x"], ["n"]),
                node("Relu", ["n"], ["m"]),
                node("Concat", ["r", "m"], ["h"], axis=-1),
                node("MatMul", ["h", "V6"], ["y"]),
            ],
            {"V6": np.arange(6.0)[:, None] - 2},
            dtype=t,
        ),
        "none",
        6,
        "",
    ),
    "HardSigmoid": (
        lambda t: graph(layers(relu=[node("HardSigmoid", ["q"], ["h"], alpha=0.25)]), CORE, dtype=t),
        "none",
        8,
        "HardSigmoid",
    ),
    "Where": (
        lambda t: graph(
            layers(relu=[node("Greater", ["q", "o"], ["g"]), node("Where", ["g", "q", "o"], ["h"])]),
            CORE | {"o": 0.0},
            dtype=t,
        ),
        "none",
        4,
        "Where",
    ),
    "times a Cast condition": (
        lambda t: graph(
            layers(
                relu=[
                    node("Less", ["o", "q"], ["g"]),
                    node("Cast", ["g"], ["f"], to=helper.np_dtype_to_tensor_dtype(np.dtype(t))),
                    node("Mul", ["f", "q"], ["h"]),
                ]
            ),
            CORE | {"o": 0.0},
            dtype=t,
        ),
        "none",
        4,
        "Mul",
    ),
    "Flatten, Squeeze, Unsqueeze by attributes, opset 11": (
        lambda t: graph(
            [
                node("Flatten", ["x"], ["f"]),
                node("Unsqueeze", ["f"], ["u"], axes=[1]),
                node("Squeeze", ["u"], ["c"], axes=[1]),
                *layers("c", "z"),
                node("Squeeze", ["z"], ["y"], axes=[1]),
            ],
            CORE,
            dtype=t,
            opset=11,
            shape=("N", 1, 3),
        ),
        "none",
        4,
        "",
    ),
    "Squeeze and Unsqueeze by operands, opset 13": (
        lambda t: graph(
            [node("Unsqueeze", ["x", "one"], ["u"]), node("Squeeze", ["u", "one"], ["c"]), *layers("c")],
            CORE | {"one": ints(1)},
            dtype=t,
            opset=13,
        ),
        "none",
        4,
        "",
    ),
    "Slice by attributes, opset 9": (
        lambda t: graph(
            [
                node("Slice", ["x"], ["a"], starts=[0], ends=[1], axes=[1]),
                node("Slice", ["x"], ["c"], starts=[1], ends=[2**31 - 1], axes=[1]),
                node("Concat", ["c", "a"], ["r"], axis=1),
                *layers("r"),
            ],
            CORE,
            dtype=t,
            opset=9,
        ),
        "none",
        4,
        "",
    ),
    "Slice by operands, backwards": (
        lambda t: graph(
            [node("Slice", ["x", "s", "e", "a", "t"], ["r"]), *layers("r")],
            CORE | {"s": ints(-1), "e": ints(-(2**63)), "a": ints(-1), "t": ints(-1)},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "Split by attribute, opset 11": (
        lambda t: graph(
            [
                node("Split", ["x"], ["a", "c"], axis=1, split=[1, 2]),
                node("Concat", ["c", "a"], ["r"], axis=1),
                *layers("r"),
            ],
            CORE,
            dtype=t,
            opset=11,
        ),
        "none",
        4,
        "",
    ),
    "Split by operand and Sum": (
        lambda t: graph(
            [
                node("Split", ["x", "n"], ["a", "c", "d"], axis=-1),
                node("Sum", ["a", "c", "d"], ["s"]),
                node("MatMul", ["s", "w"], ["p"]),
                node("Add", ["p", "b"], ["q"]),
                node("Relu", ["q"], ["h"]),
                node("MatMul", ["h", "V"], ["y"]),
            ],
            CORE | {"n": ints(1, 1, 1), "w": W[:1]},
            dtype=t,
        ),
        "none",
        4,
        "Sum",
    ),
    "Gather of columns": (
        lambda t: graph(
            [node("Gather", ["x", "i"], ["r"], axis=1), *layers("r")], CORE | {"i": ints(2, 0, 0)}, dtype=t
        ),
        "none",
        4,
        "",
    ),
    "Gather of one output": (
        lambda t: graph(
            [*layers(after="z"), node("Gather", ["z", "i"], ["y"], axis=1)],
            CORE | {"V": RNG.normal(size=(4, 2)), "i": np.array(1)},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "ReduceSum by attribute": (
        lambda t: graph(
            [*layers()[:3], node("ReduceSum", ["h"], ["y"], axes=[1], keepdims=0)], CORE, dtype=t, opset=11
        ),
        "none",
        4,
        "ReduceSum",
    ),
    "ReduceMean by operand": (
        lambda t: graph(
            [*layers()[:3], node("ReduceMean", ["h", "a"], ["y"])], CORE | {"a": ints(-1)}, dtype=t, opset=18
        ),
        "none",
        4,
        "ReduceMean",
    ),
    "shape arithmetic": (
        lambda t: graph(
            [
                node("Shape", ["x"], ["s"]),
                node("Gather", ["s", "zero"], ["n"]),
                node("Unsqueeze", ["n", "axis"], ["n1"]),
                node("Concat", ["n1", "rest"], ["t"], axis=0),
                node("Reshape", ["x", "t"], ["u"]),
                node("Reshape", ["u", "back"], ["c"]),
                *layers("c"),
            ],
            CORE | {"zero": np.array(0), "axis": ints(0), "rest": ints(1, 3, 1), "back": ints(-1, 3)},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "ones beside the inputs": (
        lambda t: graph(
            [
                node("Shape", ["x"], ["s"]),
                node("Slice", ["s", "zero", "one"], ["n"]),
                node("Concat", ["n", "one"], ["t"], axis=0),
                node("Expand", ["unit", "t"], ["ones"]),
                node("Concat", ["x", "ones"], ["xh"], axis=1),
                node("MatMul", ["xh", "Wh"], ["q"]),
                node("Relu", ["q"], ["h"]),
                node("MatMul", ["h", "V"], ["y"]),
            ],
            {"zero": ints(0), "one": ints(1), "unit": np.ones((1, 1)), "Wh": np.r_[W, B[None]], "V": V},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "Reshape copies a size": (
        lambda t: graph(
            [*layers(after="z"), node("Reshape", ["z", "s"], ["y"])], CORE | {"s": ints(0, -1)}, dtype=t
        ),
        "none",
        4,
        "",
    ),
    "a number of samples that is fixed": (
        lambda t: graph(
            [*layers(after="z"), node("Reshape", ["z", "s"], ["y"])],
            CORE | {"s": ints(4)},
            dtype=t,
            shape=(4, 3),
        ),
        "none",
        4,
        "",
    ),
    "Dropout and Identity": (
        lambda t: graph(
            [node("Identity", ["x"], ["i"]), *layers("i", "z"), node("Dropout", ["z"], ["y"])], CORE, dtype=t
        ),
        "none",
        4,
        "",
    ),
    "one input a column": (
        lambda t: graph(
            [node("Concat", ["x1", "x2", "x3"], ["c"], axis=1), *layers("c")],
            CORE,
            dtype=t,
            shape=("N", 1),
            inputs=("x1", "x2", "x3"),
        ),
        "none",
        4,
        "",
    ),
    "Einsum": (
        lambda t: graph(
            [
                node("Einsum", ["x", "W"], ["p"], equation="nd,dk->nk"),
                node("Relu", ["p"], ["h"]),
                node("Einsum", ["v", "h"], ["y"], equation="k, nk -> n"),
            ],
            {"W": W, "v": V[:, 0]},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "GatherND of a transposed input": (
        lambda t: graph(
            [
                node("Transpose", ["x"], ["xt"], perm=[1, 0]),
                node("GatherND", ["xt", "i"], ["g"]),
                node("Transpose", ["g"], ["c"], perm=[1, 0]),
                *layers("c"),
            ],
            CORE | {"i": np.array([[2], [0], [1]])},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "Tile of a column": (
        lambda t: graph(
            [node("Gather", ["x", "i"], ["g"], axis=1), node("Tile", ["g", "r"], ["c"]), *layers("c")],
            CORE | {"i": ints(1), "r": ints(1, 3)},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "a product of constants": (
        lambda t: graph(
            [node("MatMul", ["A", "C"], ["W"]), *layers()],
            {"A": W[:, :2], "C": W[:2], "b": B, "V": V},
            dtype=t,
        ),
        "none",
        4,
        "",
    ),
    "ones beside a fixed number of samples": (
        lambda t: graph(
            [
                node("Concat", ["x", "ones"], ["xh"], axis=1),
                node("MatMul", ["xh", "Wh"], ["q"]),
                node("Relu", ["q"], ["h"]),
                node("MatMul", ["h", "V"], ["y"]),
            ],
            {"ones": np.ones((4, 1)), "Wh": np.r_[W, B[None]], "V": V},
            dtype=t,
            shape=(4, 3),
        ),
        "none",
        4,
        "",
    ),
    "Keras: Normalization, Dense, PReLU, Dense, as tf2onnx writes them": (
        lambda t: graph(
            [
                node("Reshape", ["x", "s"], ["f"]),
                node("Sub", ["f", "mean"], ["c"]),
                node("Max", ["sqrt", "tiny"], ["d"]),
                node("Div", ["c", "d"], ["n"], name="model/normalization/truediv"),
                *layers(
                    "n",
                    "z",
                    [
                        node("Relu", ["q"], ["r"]),
                        node("Neg", ["q"], ["m"]),
                        node("Relu", ["m"], ["s_"]),
                        node("Mul", ["s_", "alpha"], ["t"]),
                        node("Add", ["r", "t"], ["h"]),
                    ],
                ),
                node("Add", ["z", "c2"], ["o"]),
                node("Identity", ["o"], ["y"]),
            ],
            CORE
            | {
                "s": ints(-1, 3),
                "mean": [[1.0, 2, 3]],
                "sqrt": [[2.0, 0, 4]],
                "tiny": 1e-7,
                "alpha": [-0.1, -0.2, 0, -1],
                "c2": [0.5],
            },
            dtype=t,
        ),
        "constant",
        8,
        "Sub, Div, Mul",
    ),
    "Keras: ReLU(max_value=6)": (
        lambda t: graph(
            layers(relu=[node("Relu", ["q"], ["r"]), node("Min", ["r", "six"], ["h"])]),
            CORE | {"six": 0.75},
            dtype=t,
        ),
        "constant",
        8,
        "Min",
    ),
    "Keras: Rescaling and a skip": (
        lambda t: graph(
            [
                node("Mul", ["x", "scale"], ["s"]),
                node("Add", ["s", "offset"], ["n"]),
                *layers("n", "z"),
                node("MatMul", ["n", "a"], ["k"]),
                node("Sum", ["z", "k"], ["y"]),
            ],
            CORE | {"scale": 1 / 127.5, "offset": -1.0, "a": [[1.0], [2], [3]]},
            dtype=t,
        ),
        "skip",
        4,
        "Mul, Sum",
    ),
    "features by the first weight": (
        lambda t: graph(
            [node("Sub", ["x", "m"], ["c"]), *layers("c")], CORE | {"m": 1.0}, dtype=t, shape=("N", None)
        ),
        "none",
        4,
        "Sub",
    ),
}


# onnxruntime has no kernel of double precision for these.
FLOAT32_ONLY = ("HardSigmoid", "Clip by attributes, opset 6")


def by_onnxruntime(path: Path, inputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    options = onnxruntime.SessionOptions()  # some optimisations lack kernels of double precision
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options)
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}
    entries = session.get_inputs()
    parts = [inputs] if len(entries) == 1 else np.hsplit(inputs, len(entries))
    feeds = {e.name: part.astype(kinds[e.type]) for e, part in zip(entries, parts, strict=True)}
    if len(entries[0].shape) == 3:
        feeds = {name: part[:, None] for name, part in feeds.items()}
    return np.asarray(session.run(None, feeds)[0], dtype=np.float64).reshape(-1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        (name, dtype)
        for name in GRAPHS
        for dtype in (np.float32, np.float64)
        if dtype is np.float32 or name not in FLOAT32_ONLY
    ],
)
def test_what_was_read_is_what_the_graph_computes(name: str, dtype: Any, tmp_path: Path) -> None:
    make, kind, width, words = GRAPHS[name]
    path = tmp_path / "model.onnx"
    onnx.save(make(dtype), path)
    read = read_model(path)
    assert (read.affine, read.network.width, read.dtype) == (kind, width, np.dtype(dtype).name)
    assert words in "; ".join(read.folded)
    assert bool(words) == bool(read.folded)
    inputs = np.round(3 * X) if name == "Cast from whole numbers" else X.astype(dtype).astype(np.float64)
    chunks = np.split(inputs[:28], 7) if "fixed" in name else [inputs]
    own = np.concatenate([by_onnxruntime(path, chunk) for chunk in chunks])
    inputs = np.concatenate(chunks)
    relative = 1e-6 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(
        read.predict(inputs), own, rtol=relative, atol=relative * size_of(read.network, inputs)
    )
    assert np.abs(read.network(inputs) - own).max() <= relative * size_of(read.network, inputs)


def size_of(network: Any, inputs: np.ndarray[Any, Any]) -> float:
    """Size of the terms whose sum a network computes, which rounding is relative to."""
    folded = np.abs(network.folded)
    terms = np.abs(inputs) @ folded[:, :-1].T + folded[:, -1]
    affine = np.zeros(inputs.shape[1] + 1) if network.affine is None else np.abs(network.affine)
    return float(np.max(terms.sum(axis=1) + np.abs(np.c_[inputs, np.ones(len(inputs))]) @ affine))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_half_precision(dtype: Any, tmp_path: Path) -> None:
    onnx.save(graph(layers(), CORE, dtype=dtype), tmp_path / "model.onnx")
    read = read_model(tmp_path / "model.onnx")
    assert read.dtype == np.dtype(dtype).name
    W16, b16, V16 = (np.asarray(part).astype(dtype).astype(np.float64) for part in (W, B, V))
    assert np.array_equal(read.network.weights, W16.T)
    np.testing.assert_allclose(read.network(X), np.maximum(X @ W16 + b16, 0) @ V16[:, 0], rtol=1e-12)
    np.testing.assert_allclose(read.predict(X), read.network(X), atol=0.1)


def test_a_graph_for_one_sample_without_an_axis_for_it(tmp_path: Path) -> None:
    onnx.save(graph(layers(), CORE, shape=(3,)), tmp_path / "model.onnx")
    read = read_model(tmp_path / "model.onnx")
    expected = np.maximum(X @ W + B, 0) @ V[:, 0]
    np.testing.assert_allclose(read.network(X), expected, rtol=1e-12)
    np.testing.assert_allclose(read.predict(X), expected, rtol=1e-12)


SIGMOID = [*layers(after="z"), node("Sigmoid", ["z"], ["sure"])]
REFUSED: dict[str, tuple[Callable[[], onnx.ModelProto], str]] = {
    "Tanh": (
        lambda: graph(layers(relu=[node("Tanh", ["q"], ["h"], name="act")]), CORE),
        r"node 'act' \(Tanh\): it is no",
    ),
    "Normalizer": (
        lambda: graph([node("Normalizer", ["x"], ["c"], domain="ai.onnx.ml", norm="L2"), *layers("c")], CORE),
        r"\(ai.onnx.ml.Normalizer\)",
    ),
    "second layer": (
        lambda: graph(
            [*layers(after="z"), node("Relu", ["z"], ["y"], name="last")],
            CORE | {"V": [[1.0], [-1], [1], [-1]]},
        ),
        "node 'last'.*second hidden",
    ),
    "Exp of the output": (
        lambda: graph([*layers(after="z"), node("Exp", ["z"], ["y"])], CORE),
        r"'y' \(Exp\)",
    ),
    "scaled Sigmoid": (
        lambda: graph([*SIGMOID, node("Mul", ["sure", "two"], ["y"])], CORE | {"two": 2.0}),
        "computes with what a Sigmoid",
    ),
    "2 - p": (
        lambda: graph([*SIGMOID, node("Sub", ["two", "sure"], ["y"])], CORE | {"two": 2.0}),
        "computes with what a Sigmoid",
    ),
    "three labels": (
        lambda: graph([*layers(after="z"), node("Sigmoid", ["z"], ["y"])], CORE | {"V": np.ones((4, 3))}),
        "3 values, each a class of its own",
    ),
    "square": (
        lambda: graph([node("Mul", ["x", "x"], ["c"]), *layers("c")], CORE),
        r"'c' \(Mul\): it multiplies",
    ),
    "mean of samples": (
        lambda: graph(
            [node("ReduceMean", ["x"], ["m"], axes=[0]), node("Sub", ["x", "m"], ["c"]), *layers("c")], CORE
        ),
        "adds samples up",
    ),
    "one sample": (
        lambda: graph([node("Gather", ["x", "i"], ["c"], axis=0), *layers("c")], CORE | {"i": ints(0)}),
        "some of the samples",
    ),
    "samples as features": (
        lambda: graph([node("Transpose", ["x"], ["c"]), node("MatMul", ["c", "W"], ["y"])], CORE),
        "mixes samples",
    ),
    "reshaped across samples": (
        lambda: graph([node("Reshape", ["x", "s"], ["c"]), *layers("c")], CORE | {"s": ints(3, -1)}),
        "cannot take|mixes",
    ),
    "training": (
        lambda: graph(
            [
                *layers(after="z"),
                node("BatchNormalization", ["z", "o", "o", "o", "o"], ["y", "m", "v"], training_mode=1),
            ],
            CORE | {"o": [1.0]},
        ),
        "evaluation mode",
    ),
    "a jump": (
        lambda: graph(
            layers(relu=[node("Greater", ["q", "o"], ["g"]), node("Where", ["g", "q", "l"], ["h"])]),
            CORE | {"o": 0.0, "l": -1.0},
        ),
        "makes a jump",
    ),
    "no sum of constants": (
        lambda: graph(
            [node("ConstantOfShape", ["s"], ["big"]), node("Add", ["x", "big"], ["c"]), *layers("c")],
            CORE | {"s": ints(10**9, 10**9)},
        ),
        "numbers, more than",
    ),
    "constants that grow": (
        lambda: graph(
            [node("Mul", ["u", "v"], ["c"]), node("MatMul", ["x", "c"], ["y"])],
            {"u": np.ones((30000, 1)), "v": np.ones((1, 30000))},
        ),
        "numbers, more than",
    ),
    "division by zero": (
        lambda: graph([node("Div", ["x", "o"], ["c"]), *layers("c")], CORE | {"o": 0.0}),
        "divides by zero",
    ),
    "Loop": (lambda: graph([node("Loop", ["", "", "x"], ["y"])], {}), r"\(Loop\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_stays_refused_names_the_node(name: str, tmp_path: Path) -> None:
    make, words = REFUSED[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(make().SerializeToString())
    with pytest.raises(InputError, match=words) as caught:
        read_model(path)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- classifiers


ENDS = {
    "Sigmoid": ([], CORE, lambda p: p.reshape(-1)),
    "Sigmoid, reshaped by its own shape": (
        [
            node("Sigmoid", ["z"], ["p_"]),
            node("Shape", ["p_"], ["s"]),
            node("ReduceProd", ["s"], ["n"]),
            node("Reshape", ["p_", "n"], ["y"]),
        ],
        CORE,
        lambda p: p.reshape(-1),
    ),
    "LogSigmoid": (
        [node("Sigmoid", ["z"], ["p_"]), node("Log", ["p_"], ["y"])],
        CORE,
        lambda p: np.exp(p)[:, 0],
    ),
    "Softmax": (
        [node("Softmax", ["z"], ["y"], axis=1)],
        CORE | {"V": RNG.normal(size=(4, 2))},
        lambda p: p[:, 1],
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_logit_of_a_classifier(end: str, tmp_path: Path) -> None:
    nodes, tensors, probability = ENDS[end]
    path = tmp_path / "model.onnx"
    onnx.save(graph([*layers(after="z"), *(nodes or [node("Sigmoid", ["z"], ["y"])])], tensors), path)
    read = read_model(path)
    assert read.is_classifier
    operator = "Softmax" if end == "Softmax" else "Sigmoid"
    said = f"the final {operator} is left aside: the logit is read, positive for the second class"
    assert read.folded == (said,)
    session = onnxruntime.InferenceSession(path)
    expected = probability(session.run(None, {"x": X})[0])
    for logit in (read.network(X), read.predict(X)):
        np.testing.assert_allclose(1 / (1 + np.exp(-logit)), expected, rtol=1e-12)


# ---------------------------------------------------------------- written by others


FIXTURES = {
    "skl2onnx_regressor": ("constant", 4, ""),
    "skl2onnx_scaled": ("constant", 4, "Scaler, Mul"),
    "skl2onnx_columns": ("constant", 4, "Scaler"),
    "skl2onnx_classifier": ("constant", 4, "left aside"),
    "skl2onnx_double": ("constant", 4, ""),
    "skl2onnx_words": ("constant", 4, "left aside"),
}


@pytest.mark.parametrize("name", FIXTURES)
def test_files_of_skl2onnx(name: str) -> None:
    """Made by files/make_skl2onnx.py; outputs are those that onnxruntime gives."""
    kind, width, words = FIXTURES[name]
    path = FILES / f"{name}.onnx"
    read = read_model(path)
    assert (read.affine, read.network.width) == (kind, width)
    assert words in "; ".join(read.folded)
    session = onnxruntime.InferenceSession(path)
    dtype = np.float64 if "double" in session.get_inputs()[0].type else np.float32
    inputs = X.astype(dtype)
    entries = session.get_inputs()
    parts = [inputs] if len(entries) == 1 else np.hsplit(inputs, 3)
    found = session.run(None, {e.name: part for e, part in zip(entries, parts, strict=True)})
    values = read.network(inputs.astype(np.float64))
    if read.is_classifier:
        assert read.classes == (("no", "yes") if name.endswith("words") else (0, 1))
        expected = np.array([entry[read.classes[1]] for entry in found[1]])
        values = 1 / (1 + np.exp(-values))
    else:
        expected = found[0].reshape(-1)
    np.testing.assert_allclose(values, expected, atol=1e-6 if dtype is np.float32 else 1e-12, rtol=1e-6)


PROGRAMS = {
    "torch_batch_norm": ("constant", 4, ""),
    "torch_columns": ("skip", 4, "LeakyRelu"),
    "torch_classifier": ("constant", 4, "LogSoftmax is left aside"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_files_of_torch_programs(name: str) -> None:
    """Made by files/make_torch.py, with the exporter that needs onnxscript."""
    kind, width, words = PROGRAMS[name]
    read = read_model(FILES / f"{name}.onnx")
    assert (read.affine, read.network.width) == (kind, width)
    assert words in "; ".join(read.folded)
    session = onnxruntime.InferenceSession(FILES / f"{name}.onnx")
    (own,) = session.run(None, {session.get_inputs()[0].name: X.astype(np.float32)})
    own = own[:, 1] - own[:, 0] if read.is_classifier else own.reshape(-1)
    values = read.network(X.astype(np.float32).astype(np.float64))
    np.testing.assert_allclose(values, own, rtol=1e-6, atol=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:torch")
@pytest.mark.parametrize("dynamic", [True, False])
def test_files_of_torch(dynamic: bool, tmp_path: Path) -> None:
    """The exporter of traces, with BatchNorm folded by it or not, for any number of samples or for two."""
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.BatchNorm1d(3), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1), nn.Flatten(0)
    ).eval()
    axes = {"dynamic_axes": {"x": {0: "N"}}} if dynamic else {}
    torch.onnx.export(
        module, (torch.zeros(2, 3),), tmp_path / "m.onnx", dynamo=False, input_names=["x"], **axes
    )
    read = read_model(tmp_path / "m.onnx")
    with torch.no_grad():
        own = module(torch.tensor(X).float()).double().numpy()
    np.testing.assert_allclose(read.network(X), own, atol=1e-6)
    np.testing.assert_allclose(read.predict(X), own, atol=1e-6)


# ---------------------------------------------------------------- tensors in another file


def outside(tmp_path: Path, **changes: Any) -> Path:
    """A model with all tensors in weights.bin, and entries of the first tensor's place changed."""
    path = tmp_path / "model.onnx"
    onnx.save(
        graph(layers(), CORE), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    model = onnx.load(path, load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        entry.value = str(changes.get(entry.key, entry.value))
    path.write_bytes(model.SerializeToString())
    return path


def test_tensors_beside_the_file(tmp_path: Path) -> None:
    path = outside(tmp_path)
    expected = np.maximum(X @ W + B, 0) @ V[:, 0]
    np.testing.assert_allclose(read_model(path).network(X), expected, rtol=1e-12)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copy(path, moved)
    with pytest.raises(InputError, match="no file beside"):
        read_model(moved / "model.onnx")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"location": "/etc/passwd"}, "not beside the model"),
        ({"location": "../secret.bin"}, "not beside the model"),
        ({"location": "link.bin"}, "not beside the model"),
        ({"location": "folder"}, "no file beside"),
        ({"location": ""}, "not beside the model"),
        ({"offset": 10**12}, "beyond the end"),
        ({"offset": -8}, "are named"),
        ({"offset": "zero"}, "no readable place"),
        ({"length": 10**12}, "takes 96 bytes"),
    ],
)
def test_tensors_elsewhere_are_not_read(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(1000))
    os.symlink(tmp_path / "secret.bin", folder / "link.bin")
    (folder / "folder").mkdir()
    with pytest.raises(InputError, match=words) as caught:
        read_model(outside(folder, **changes))
    assert "\n" not in str(caught.value)


def test_weights_of_double_between_inputs_and_outputs_of_single_precision(tmp_path):
    """Its values are rounded as they enter and leave, so it is held against them in single precision."""
    casts = {to: helper.np_dtype_to_tensor_dtype(np.dtype(to)) for to in (np.float64, np.float32)}
    made = graph(
        [
            node("Cast", ["x"], ["wide"], to=casts[np.float64]),
            *layers("wide", "sum"),
            node("Cast", ["sum"], ["y"], to=casts[np.float32]),
        ],
        CORE,
        kind=casts[np.float32],
    )
    made.graph.output[0].type.tensor_type.elem_type = casts[np.float32]
    onnx.save(made, tmp_path / "model.onnx")
    read = read_model(tmp_path / "model.onnx")
    assert read.dtype == "float32"
    assert np.array_equal(read.network.weights, W.T)
