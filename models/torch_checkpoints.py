"""Which part of a checkpoint is the state dict, and which weights it means."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import torch

from sparsest.errors import InputError

Tensors = dict[str, torch.Tensor]

# What checkpoints call the state dict of the model, the most telling first, where there are several.
_PREFERRED: Final = ("state_dict", "model_state_dict", "model", "net", "network", "module")
# Checkpoints are nested once or twice.
_MAX_DEPTH: Final = 4
# What torch calls the parts of a weight that a module computes.
_NEW: Final = "parametrizations."
_BATCH_NORM: Final = ("running_mean", "running_var", "num_batches_tracked")


def state_in(checkpoint: Mapping[Any, Any]) -> Tensors:
    """Return the state dict in a checkpoint such as ``{"epoch": 3, "model": ..., "optimizer": ...}``.

    Raises
    ------
    InputError
        When there is none, or several that names do not tell apart.
    """
    if not checkpoint:
        raise InputError("the state dict is empty")
    found = dict(_states(checkpoint, (), _MAX_DEPTH))
    if not found:
        for name, value in checkpoint.items():
            if not isinstance(name, str) or not isinstance(value, torch.Tensor):
                raise InputError(f"entry {name!r:.60} is a {type(value).__name__}: tensors are needed")
        return dict(checkpoint)
    names = sorted(found, key=lambda path: [_rank(name) for name in path])
    ranks = [[_rank(name) for name in path] for path in names]
    if ranks.count(ranks[0]) > 1:
        spelled = ", ".join("/".join(path) for path in names)
        raise InputError(f"it holds several state dicts, {spelled:.200}: save the one that is meant")
    return found[names[0]]


def _rank(name: str) -> int:
    return _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)


def _states(
    part: Mapping[Any, Any], path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], Tensors]]:
    """Yield every mapping of names to tensors with a weight among them."""
    if all(isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in part.items()):
        if any("weight" in name for name in part) or {"hidden", "outputs"} <= set(part):
            yield path, dict(part)
        return
    for name, value in part.items():
        if isinstance(name, str) and isinstance(value, Mapping) and value and depth:
            yield from _states(value, (*path, name), depth - 1)


def plain_weights(state: Tensors) -> tuple[Tensors, tuple[str, ...]]:
    """Return a state dict with the weights that masks and norms make, and sentences on them.

    The rules are those of ``torch.nn.utils.prune``, ``weight_norm`` and ``spectral_norm``, old and new.

    Raises
    ------
    InputError
        For a parametrization of another kind, which only the module itself can compute, or a BatchNorm.
    """
    plain, made = dict(state), []
    for name in state:
        if name.endswith(_BATCH_NORM):
            raise InputError(
                f"tensor {name:.80} is that of a BatchNorm, and a state dict does not say where that "
                "stands: give the module"
            )
    for name in state:
        made.append(_unmask(plain, name) or _unweigh(plain, name) or _unscale(plain, name))
    if left := [name for name in plain if _NEW in name]:
        raise InputError(f"tensor {left[0]:.80} is part of a parametrization: give the module")
    kinds = dict.fromkeys(kind for kind in made if kind)
    return plain, (f"applied as torch applies them: {', '.join(kinds)}",) if kinds else ()


def _unmask(state: Tensors, name: str) -> str:
    """Multiply the weight that pruning has left behind by its mask."""
    base = name.removesuffix("_mask")
    if base == name or f"{base}_orig" not in state or name not in state:
        return ""
    state[base] = _shaped_like(state.pop(f"{base}_orig"), state.pop(name), name, _times)
    return "masks of pruning"


def _unweigh(state: Tensors, name: str) -> str:
    """Compute ``g v / |v|``, norms over all axes but that of the sizes g."""
    for ends in (("weight_g", "weight_v"), (f"{_NEW}weight.original0", f"{_NEW}weight.original1")):
        base = name.removesuffix(ends[0])
        if base == name or base + ends[1] not in state or name not in state:
            continue
        sizes, directions = state.pop(name), state.pop(base + ends[1])
        state[f"{base}weight"] = _shaped_like(sizes, directions, name, _normed)
        return "weight_norm"
    return ""


def _unscale(state: Tensors, name: str) -> str:
    """Divide a weight by its largest singular value, as the vectors u and v of the module give it."""
    forms = (
        ("weight_orig", "weight_u", "weight_v"),
        (f"{_NEW}weight.original", f"{_NEW}weight.0._u", f"{_NEW}weight.0._v"),
    )
    for own, left, right in forms:
        base = name.removesuffix(own)
        if base == name or any(base + end not in state for end in (own, left, right)):
            continue
        weight, u, v = (state.pop(base + end) for end in (own, left, right))
        if weight.dim() != 2 or u.shape != weight.shape[:1] or v.shape != weight.shape[1:]:
            raise InputError(f"{name:.80} has shape {tuple(weight.shape)}, and its vectors have others")
        state[f"{base}weight"] = weight / torch.dot(u, torch.mv(weight, v))
        return "spectral_norm"
    return ""


def _times(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return second.to(first.dtype) * first


def _normed(sizes: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    axes = [axis for axis, size in enumerate(sizes.shape) if size == 1]
    lengths = torch.linalg.vector_norm(directions, dim=axes, keepdim=True)
    return torch.mul(directions, sizes / lengths)


def _shaped_like(
    first: torch.Tensor,
    second: torch.Tensor,
    name: str,
    combine: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Return what two tensors make, unless their shapes do not belong together."""
    fits = first.dim() == second.dim() and all(
        size in (1, other) for size, other in zip(first.shape, second.shape, strict=True)
    )
    if not fits:
        raise InputError(f"{name:.80} has shape {tuple(second.shape)} beside {tuple(first.shape)}")
    return combine(first, second)
