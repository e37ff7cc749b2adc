"""State dicts in the files that training leaves behind: nested, masked, normed, of safetensors."""

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from sparsest import InputError
from sparsest.models import read_model

X = np.random.default_rng(4).normal(size=(20, 3))
PLAIN = {"0.weight": torch.ones(2, 3), "2.weight": torch.ones(1, 2)}


def chain(wrap: Callable[[nn.Module], Any] = lambda layer: layer) -> nn.Sequential:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(wrap(nn.Linear(3, 5)), nn.ReLU(), wrap(nn.Linear(5, 1))).double()


def values_of(module: nn.Module) -> np.ndarray[Any, Any]:
    with torch.no_grad():
        return module.eval()(torch.tensor(X)).numpy().reshape(-1)


def masked(layer: nn.Module) -> nn.Module:
    prune.random_unstructured(layer, "weight", amount=0.4)
    return layer


def trained() -> dict[str, Any]:
    """What a training loop saves: the state of Adam holds tensors too."""
    state = chain().state_dict()
    moments = {n: {"step": torch.tensor(1.0), "exp_avg": value} for n, value in enumerate(state.values())}
    optimizer = {"state": moments, "param_groups": [{"lr": 0.001, "params": [*moments]}]}
    return {"epoch": 3, "model": state, "optimizer": optimizer, "loss": 0.5}


def test_the_model_in_a_checkpoint(tmp_path: Path) -> None:
    checkpoint = trained()
    module = chain()
    module.load_state_dict(checkpoint["model"])
    for name, content in {
        "a.pt": checkpoint,
        "b.ckpt": {"state_dict": checkpoint["model"], "hyper_parameters": {"width": 5}, "epoch": 1},
        "c.pth": {"run": {"net": checkpoint["model"]}, "step": 7},
        "f.pt": checkpoint | {"args": argparse.Namespace(lr=0.1), "best": np.float64(0.25), "n": np.int64(3)},
        "d.pt": checkpoint | {"ema": chain().state_dict()},
        "e.pt": {f"_orig_mod.{name}": value for name, value in checkpoint["model"].items()},
    }.items():
        torch.save(content, tmp_path / name)
        np.testing.assert_allclose(read_model(tmp_path / name).network(X), values_of(module), rtol=1e-12)


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        (masked, "masks of pruning"),
        (nn.utils.weight_norm, "weight_norm"),
        (parametrizations.weight_norm, "weight_norm"),
        (nn.utils.spectral_norm, "spectral_norm"),
        (parametrizations.spectral_norm, "spectral_norm"),
    ],
)
def test_weights_that_masks_and_norms_make(wrap: Callable[[nn.Module], Any], words: str) -> None:
    module = chain(wrap)
    read = read_model(module.state_dict())
    assert read.folded == (f"applied as torch applies them: {words}",)
    assert read.names == {}
    np.testing.assert_allclose(read.network(X), values_of(module), rtol=1e-12)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"first": PLAIN, "second": PLAIN}, "several state dicts, first, second"),
        ({"epoch": 3, "model": {}}, "entry 'epoch' is a int"),
        (PLAIN | {"1.running_mean": torch.ones(2)}, "BatchNorm.*give the module"),
        (chain(parametrizations.orthogonal).state_dict(), "part of a parametrization: give the module"),
        (PLAIN | {"0.weight_mask": torch.ones(2, 3)}, "the weights|the tensors|belongs to no"),
        (
            {
                "0.weight_orig": torch.ones(2, 3),
                "0.weight_mask": torch.ones(3, 3),
                "2.weight": torch.ones(1, 2),
            },
            "has shape",
        ),
        (
            {"0.weight_g": torch.ones(5, 1), "0.weight_v": torch.ones(2, 3), "2.weight": torch.ones(1, 2)},
            "has shape",
        ),
        (
            {
                "0.weight_orig": torch.ones(2, 3),
                "0.weight_u": torch.ones(3),
                "0.weight_v": torch.ones(3),
                "2.weight": torch.ones(1, 2),
            },
            "its vectors have others",
        ),
        (
            {"0.weight_g": torch.ones(2, 1), "0.weight_v": torch.zeros(2, 3), "2.weight": torch.ones(1, 2)},
            "not finite",
        ),
    ],
)
def test_other_states_are_refused_in_a_sentence(state: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_model(state)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- safetensors


CODES = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64"}


def written(path: Path, state: dict[str, torch.Tensor], **changes: Any) -> Path:
    """Write the format by its description; `changes` replace what the header says of the first tensor."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, value in state.items():
        raw = bytes(value.contiguous().view(torch.uint8).flatten().tolist())
        places = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": CODES[value.dtype], "shape": list(value.shape), "data_offsets": places}
        data += raw
    header[next(iter(state))] |= changes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


@pytest.mark.parametrize("dtype", CODES)
def test_safetensors(dtype: torch.dtype, tmp_path: Path) -> None:
    module = chain().to(dtype)
    read = read_model(written(tmp_path / "model.safetensors", module.state_dict()))
    assert read.dtype == str(dtype).removeprefix("torch.")
    assert read.network == read_model(module).network


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dtype": "I64"}, "of type I64"),
        ({"dtype": ["F32"]}, "of type"),
        ({"shape": [10**9, 10**9]}, "needs"),
        ({"shape": [-2, -3]}, "no shape and place"),
        ({"shape": [2.0, 3]}, "no shape and place"),
        ({"shape": [True, 3]}, "no shape and place"),
        ({"shape": "2, 3"}, "no shape and place"),
        ({"data_offsets": [0]}, "no shape and place"),
        ({"data_offsets": [10**12, 10**12 + 24]}, "is said to be at"),
        ({"data_offsets": [24, 0]}, "is said to be at"),
        ({"data_offsets": None}, "no shape and place"),
    ],
)
def test_headers_that_lie(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_model(written(tmp_path / "model.safetensors", PLAIN, **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        (10**15).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{,",
        (5).to_bytes(8, "little") + b'{"\xff"',
        (90000).to_bytes(8, "little") + b"[" * 90000,
    ],
)
def test_files_that_are_no_safetensors(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable safetensors file"):
        read_model(path)
