"""Model files that were made to break the reader, or are simply broken: a sentence, nothing executed."""

import os
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from helpers import onnx_graph
from onnx import TensorProto, numpy_helper
from onnx.helper import make_node as node

from sparsest import InputError, Network, Problem, save
from sparsest.models import read_model

W, V = np.ones((3, 2)), np.ones((1, 3))
GOOD = [
    node("Gemm", ["x", "W"], ["p"], transB=1),
    node("Relu", ["p"], ["h"]),
    node("Gemm", ["h", "V"], ["y"], transB=1),
]
GOOD_TENSORS = {"W": W, "V": V}


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


def tensor(name: str, dims: list[int], kind: int = TensorProto.DOUBLE, **content: Any) -> onnx.TensorProto:
    return onnx.TensorProto(name=name, dims=dims, data_type=kind, **content)


def replaced(made: onnx.TensorProto) -> onnx.ModelProto:
    """A good graph with another tensor W."""
    model = onnx_graph(GOOD, GOOD_TENSORS)
    del model.graph.initializer[0]
    model.graph.initializer.append(made)
    return model


def external() -> onnx.ModelProto:
    made = tensor("W", [3, 2], data_location=TensorProto.EXTERNAL)
    made.external_data.add(key="location", value="/etc/passwd")
    return replaced(made)


def of_types(first: Any, second: Any) -> onnx.ModelProto:
    model = onnx_graph(GOOD, GOOD_TENSORS)
    del model.graph.initializer[:]
    model.graph.initializer.extend(
        [numpy_helper.from_array(W.astype(first), "W"), numpy_helper.from_array(V.astype(second), "V")]
    )
    return model


def filling() -> onnx.ModelProto:
    """A million entries, which take three million numbers, once in each of eighty values."""
    made = onnx_graph(
        [
            node("ConstantOfShape", ["s"], ["w"], value=numpy_helper.from_array(np.zeros(1))),
            node("MatMul", ["x", "w"], ["a0"]),
            *(node("Identity", [f"a{i}"], [f"a{i + 1}"]) for i in range(80)),
            node("Relu", ["a80"], ["y"]),
        ],
        {},
    )
    made.graph.initializer.append(numpy_helper.from_array(np.array([2, 10**6]), "s"))
    return made


def without_shape() -> onnx.ModelProto:
    model = onnx_graph([node("Relu", ["x"], ["y"])], {})
    model.graph.input[0].type.tensor_type.ClearField("shape")
    return model


GRAPHS: dict[str, tuple[Any, str]] = {
    "two hidden layers": (
        onnx_graph(
            [
                *GOOD[:2],
                node("Gemm", ["h", "U"], ["n"]),
                node("Relu", ["n"], ["g"]),
                node("Gemm", ["g", "V"], ["y"], transB=1),
            ],
            GOOD_TENSORS | {"U": np.eye(3) - 0.5},
        ),
        "second hidden layer",
    ),
    "sigmoid": (
        onnx_graph([GOOD[0], node("Sigmoid", ["p"], ["h"]), GOOD[2]], GOOD_TENSORS),
        r"'h' \(Sigmoid\)",
    ),
    "foreign operator": (
        onnx_graph([node("Relu", ["x"], ["y"], domain="com.evil")], {}),
        r"\(com.evil.Relu\)",
    ),
    "outputs before samples": (
        onnx_graph(
            [*GOOD[:2], node("MatMul", ["h", "V"], ["z"]), node("Transpose", ["z"], ["y"])],
            {"W": W, "V": np.ones((3, 2))},
        ),
        "2 outputs come before the samples",
    ),
    "two graph outputs": (onnx_graph(GOOD, GOOD_TENSORS, outputs=("y", "h")), "graph has 2 outputs: join"),
    "cycle": (
        onnx_graph([node("Relu", ["h"], ["p"]), node("Relu", ["p"], ["h"]), GOOD[2]], GOOD_TENSORS),
        "'h'",
    ),
    "defined twice": (
        onnx_graph([*GOOD, node("Identity", ["p"], ["h"])], GOOD_TENSORS),
        "'h' defines 'h', which is there already",
    ),
    "missing tensor": (onnx_graph(GOOD, {"W": W}), "'V'"),
    "wrong shapes": (onnx_graph(GOOD, {"W": np.ones((3, 5)), "V": V}), r"weight of shape \(5, 3\) after 2"),
    "no matrix": (onnx_graph(GOOD, {"W": np.ones((3, 2, 2)), "V": V}), "no constant matrix"),
    "no hidden layer": (onnx_graph([node("Gemm", ["x", "a"], ["y"])], {"a": np.ones((2, 1))}), "no ReLU"),
    "constant output": (
        onnx_graph([node("Identity", ["c"], ["y"])], {"c": np.ones((1, 1))}),
        "depend on",
    ),
    "no nodes": (onnx_graph([], {}), "depend on"),
    "NaN": (onnx_graph(GOOD, {"W": np.full((3, 2), np.nan), "V": V}), "not finite"),
    "infinite": (onnx_graph(GOOD, {"W": W, "V": np.full((1, 3), np.inf)}), "not finite"),
    "product of inputs": (
        onnx_graph([node("MatMul", ["x", "x"], ["y"])], {}),
        "none of its operands is a constant",
    ),
    "transposed input": (
        onnx_graph([node("Gemm", ["x", "W"], ["y"], transA=1)], GOOD_TENSORS),
        "transposed input",
    ),
    "reshaped hidden layer": (
        onnx_graph([*GOOD[:2], node("Reshape", ["h", "V"], ["y"])], GOOD_TENSORS),
        "cannot take the shape",
    ),
    "too many nodes": (
        onnx_graph([node("Identity", ["x"], [f"a{i}"]) for i in range(3000)], {}),
        "3000 nodes",
    ),
    "values that fill the memory": (filling(), "more than the 200000000 numbers"),
    "no shape": (without_shape(), "number of features"),
    "external data": (external(), "another file"),
    "huge dims": (replaced(tensor("W", [10**9, 10**9], raw_data=b"\0" * 8)), "claims to have shape"),
    "negative dims": (replaced(tensor("W", [-3, 2], raw_data=b"\0" * 48)), "claims to have"),
    "short data": (replaced(tensor("W", [3, 2], raw_data=b"\0" * 8)), "0.onnx"),
    "text tensor": (replaced(tensor("W", [1], TensorProto.STRING, string_data=[b"a"])), "0.onnx"),
    "mixed precisions": (of_types(np.float32, np.float64), "several types"),
    "complex": (of_types(np.complex64, np.complex64), "COMPLEX64"),
    "wrong attribute": (
        onnx_graph([node("Gemm", ["x", "W"], ["p"], transB="yes"), *GOOD[1:]], GOOD_TENSORS),
        "0.onnx",
    ),
    "operand missing": (onnx_graph([node("Gemm", ["x"], ["p"]), *GOOD[1:]], GOOD_TENSORS), "0.onnx"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_onnx_graphs(name: str, tmp_path: Path) -> None:
    model, words = GRAPHS[name]
    path = tmp_path / "0.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match=words) as caught:
        read_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def written(path: Path, name: str) -> None:  # noqa: C901
    """Write one broken or hostile file."""
    state = {"0.weight": torch.ones(4, 2), "2.weight": torch.ones(1, 4)}
    if name == "module":
        torch.save(torch.nn.Sequential(torch.nn.Linear(2, 1)), path)
    elif name == "pickle bomb":
        path.write_bytes(pickle.dumps(Bomb(path.parent / "boom")))
    elif name == "bomb in a state dict":
        torch.save({"0.weight": Bomb(path.parent / "boom")}, path)
    elif name == "truncated":
        torch.save(state, path)
        path.write_bytes(path.read_bytes()[:-200])
    elif name == "zip bomb":
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open("a/data.pkl", "w") as entry,
        ):
            for _ in range(1100):
                entry.write(b"\0" * 2**20)
    elif name == "zip of something else":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("hello.txt", "hello")
    elif name == "list":
        torch.save([torch.ones(2)], path)
    elif name == "folder":
        path.mkdir()
    elif name == "pipe":
        os.mkfifo(path)
    elif name == "link to a device":
        path.symlink_to("/dev/zero")
    elif name == "empty":
        path.write_bytes(b"")
    elif name == "noise":
        path.write_bytes(np.random.default_rng(0).bytes(5000))


FILES = [
    "module", "pickle bomb", "bomb in a state dict", "truncated", "zip bomb", "zip of something else", "list",
    "folder", "pipe", "link to a device", "empty", "noise", "absent",
]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.slow
def test_state_dict_files(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    written(path, name)
    with pytest.raises(InputError, match=str(path)) as caught:
        read_model(path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello", "is not a readable state dict: torch.save did not write it"),  # torch says '101'
        ("script", "is a TorchScript archive, which is not loaded: save its state_dict()"),
    ],
)
def test_files_that_torch_says_little_of(content: bytes | str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:  # what torch.jit.save writes beside the code
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model/constants.pkl", "")
    with pytest.raises(InputError, match=re.escape(f"{path} {said}")):
        read_model(path)


@pytest.mark.parametrize("name", ["folder", "pipe", "link to a device", "noise", "absent", "pickle bomb"])
def test_other_things_called_onnx(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    written(path, name)
    with pytest.raises(InputError, match=str(path)):
        read_model(path)
    assert not (tmp_path / "boom").exists()


def test_saved_things_that_are_no_network(tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    save(Problem([0.0, 1.0], [0.0, 1.0]), path)
    with pytest.raises(InputError, match="holds a Problem, not a network"):
        read_model(path)
    path.write_text('{"format": "sparsest/network"}')
    with pytest.raises(InputError, match="version"):
        read_model(path)
    save(Network.zero(2), path)
    assert read_model(path).network.width == 0
