"""Torch modules, read by what they compute: every operator of one evaluation is followed as it runs.

So it does not matter how a module is made: chains, branches, masks of pruning, parametrizations, BatchNorm,
scalings by buffers, compiled and scripted modules all come down to the operators of ATen. What depends on no
input is computed by the module itself. What was read is then held against other values of the module.
"""

import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.models import own_outputs
from sparsest.models.affine_values import AffineValue, input_value
from sparsest.models.classifiers import Decision, logits
from sparsest.models.layer_arrays import AnyNetwork, in_columns, layers_of
from sparsest.models.relu_units import SUPPORTED, HiddenUnits, Sign
from sparsest.models.torch_operators import (
    ENDS,
    RULES,
    SCALING,
    SPELLINGS,
    Call,
    Followed,
    after_decision,
    flat,
)
from sparsest.models.trained_model import PRECISIONS, TrainedModel, said_to_be_folded

# Numbers of features that are tried, in the order of the module's layers.
_MAX_GUESSES: Final = 12


def from_module(module: nn.Module) -> TrainedModel:
    """Read a module, wherever its parameters are; it is evaluated, and left as it was.

    Raises
    ------
    InputError
        When it computes something else than a single-hidden-layer ReLU network: with the layer and the
        operator that break the form.
    """
    dtype = _precision(module)
    with _at_rest(module):
        trace = _followed(module, dtype)
        network, affine = trace.units.network(trace.value)

        def predict(X: FloatArray) -> FloatArray:
            with _at_rest(module):
                return _evaluated(module, X, dtype, logit=trace.is_classifier)

        X = own_outputs.probes(network.n_features)
        own_outputs.verify("module", network, X, _own_values(module, X, dtype, trace), dtype)
    return TrainedModel(
        network, dtype, "torch module", affine, predict, _names(module, network), _said(module, trace),
        trace.is_classifier,
    )  # fmt: skip


def _precision(module: nn.Module) -> str:
    """Return the one precision of a module's parameters."""
    given = [*module.parameters(), *module.buffers()]
    if any(nn.parameter.is_lazy(tensor) for tensor in given):
        raise InputError("the module has lazy layers that no input has met yet: evaluate it once")
    for tensor in given:
        if tensor.is_meta or tensor.layout is not torch.strided or tensor.is_quantized:
            raise InputError(f"a parameter is no plain tensor of numbers ({tensor.layout}, {tensor.device})")
    floating: list[torch.Tensor]
    floating = [tensor for tensor in module.parameters() if tensor.is_floating_point() or tensor.is_complex()]
    if not floating:
        floating = [tensor for tensor in given if tensor.is_floating_point()]
    kinds = sorted({str(tensor.dtype).removeprefix("torch.") for tensor in floating})
    if len(kinds) != 1 or kinds[0] not in PRECISIONS:
        found = ", ".join(kinds) or "none"
        raise InputError(f"the parameters are {found}: one of {', '.join(PRECISIONS)} is supported")
    if not all(bool(torch.isfinite(tensor).all()) for tensor in floating):
        raise InputError("a parameter holds a number that is not finite")
    return kinds[0]


@contextlib.contextmanager
def _at_rest(module: nn.Module) -> Iterator[None]:
    """Put a module into evaluation, without gradients and compilation, and leave it as it was."""
    training = {name: part.training for name, part in module.named_modules()}
    module.eval()
    try:
        with torch.no_grad(), _uncompiled():
            yield
    finally:
        for name, part in module.named_modules():
            part.training = training[name]


def _uncompiled() -> contextlib.AbstractContextManager[Any]:
    """Let compiled modules run as they were written; without the compiler, which takes seconds to import."""
    if "torch._dynamo" not in sys.modules:  # then nothing has been compiled
        return contextlib.nullcontext()
    stance: contextlib.AbstractContextManager[Any] = torch.compiler.set_stance("force_eager")
    return stance


# ---------------------------------------------------------------- following


@dataclasses.dataclass(frozen=True)
class _Trace:
    """What a module was seen to compute."""

    value: AffineValue
    units: HiddenUnits
    is_classifier: bool
    said: tuple[str, ...]


class _Follower(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows what becomes of one tensor through all operators that are called."""

    def __init__(self, tensor: torch.Tensor, n_features: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.units = HiddenUnits()
        self.layers: list[str] = []
        self.scaling: list[str] = []
        self.spellings: list[str] = []
        self.refusal: InputError | None = None
        self._n_samples = len(tensor)
        # tensors are kept, so that no other gets the identity of one of them
        self._known: dict[int, tuple[torch.Tensor, Followed]] = {}
        whole = input_value((n_features,), samples=None)
        self._keep(tensor, dataclasses.replace(whole, shape=(1, n_features), samples=0))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here, and to import the compiler takes seconds

    def found(self, tensor: Any) -> Followed | None:
        """Return what is known about a tensor, None for one that depends on no input."""
        entry = self._known.get(id(tensor))
        return None if entry is None else entry[1]

    def _keep(self, tensor: torch.Tensor, value: Followed) -> None:
        self._known[id(tensor)] = tensor, value

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = {**dict(zip((a.name for a in func._schema.arguments), args, strict=False)), **(kwargs or {})}
        result = func(*args, **(kwargs or {}))
        if any(self.found(argument) is not None for argument in flat(given.values())):
            try:
                self._follow(func, given, result)
            except InputError as error:
                self.refusal = error
                raise
        return result

    def _follow(self, func: Any, given: Mapping[str, Any], result: Any) -> None:
        defaults = {a.name: a.default_value for a in func._schema.arguments if a.has_default_value()}
        arguments = {**defaults, **{name: self._seen(argument) for name, argument in given.items()}}
        call = Call(func, arguments, self._n_samples, self.units)
        rule = RULES.get(call.name)
        try:
            if any(isinstance(part, Decision) for part in flat(arguments.values())):
                outcome = after_decision(call)
            elif rule is None:
                raise InputError(f"it is no affine function and no ReLU: {SUPPORTED}")
            else:
                outcome = rule(call)
            self._record(outcome, result)
        except InputError as error:
            where = f"layer {self.layers[-1]}: " if self.layers else ""
            raise InputError(f"{where}operator {call.name}: {error}") from None
        if rule in SCALING:
            self.scaling.append(SCALING[rule])
        if rule in SPELLINGS:
            self.spellings.append(SPELLINGS[rule])

    def _seen(self, argument: Any) -> Any:
        """Return an argument with followed values in the place of their tensors."""
        if isinstance(argument, (list, tuple)):
            return [self._seen(part) for part in argument]
        value = self.found(argument)
        return argument if value is None else value

    def _record(self, outcome: Followed | list[Followed] | None, result: Any) -> None:
        if outcome is None:
            return
        outcomes = outcome if isinstance(outcome, list) else [outcome]
        tensors = result if isinstance(result, (list, tuple)) else [result]
        for tensor, value in zip(tensors, outcomes, strict=False):
            if isinstance(value, AffineValue):
                shape = [
                    self._n_samples if axis == value.samples else size
                    for axis, size in enumerate(value.shape)
                ]
                if list(tensor.shape) != shape:
                    raise InputError(f"it gives {tuple(tensor.shape)}, and {tuple(shape)} was expected")
            self._keep(tensor, value)


def _followed(module: nn.Module, dtype: str) -> _Trace:
    """Follow a module, with as many features as it takes."""
    refusals: list[InputError] = []
    failures: list[InputError] = []
    for d in _guesses(module):
        try:
            return _trace(module, d, dtype)
        except InputError as error:
            refusals.append(error)
        except Exception as error:  # somebody else's code
            reason = " ".join(str(error).split())
            failures.append(
                InputError(f"the module cannot be evaluated on inputs of shape (N, {d}): {reason:.160}")
            )
    if not refusals and not failures:
        raise InputError(f"the module has no weights: {SUPPORTED}")
    raise (refusals or failures)[0]


def _guesses(module: nn.Module) -> list[int]:
    """Return numbers of features that a module may take: those of its layers, the first ones first."""
    found = []
    for part in module.modules():
        for name in ("in_features", "num_features", "n_features", "normalized_shape"):
            size = getattr(part, name, None)
            found.append(size[-1] if isinstance(size, tuple) and size else size)
    tensors = [*module.parameters(), *module.buffers()]
    found += [tensor.shape[axis] for axis in (-1, 0) for tensor in tensors if tensor.dim() == 2]
    found += [tensor.shape[0] for tensor in tensors if tensor.dim() == 1]
    found += [tensor.shape[-1] - 1 for tensor in tensors if tensor.dim() == 2]  # beside a column of biases
    sizes = [size for size in found if isinstance(size, int) and size > 0]
    return [*dict.fromkeys(sizes)][:_MAX_GUESSES]


def _trace(module: nn.Module, n_features: int, dtype: str) -> _Trace:
    X = own_outputs.probes(n_features)
    tensor = _input(module, X, dtype)
    follower = _Follower(tensor, n_features)
    try:
        with _layers_named(module, follower.layers), follower:
            output = module(tensor)
    except Exception:
        if follower.refusal is not None:  # whatever the module made of it
            raise follower.refusal from None
        raise
    value = follower.found(output)
    said = said_to_be_folded(follower.scaling, follower.spellings)
    if isinstance(value, Decision):
        return _Trace(value.logit, follower.units, True, (*said, value.sentence))
    _refuse_shape(output, len(X))
    if not isinstance(value, AffineValue):
        made = "a condition" if isinstance(value, Sign) else "something that does not depend on its input"
        raise InputError(f"the module gives {made}: {SUPPORTED}")
    return _Trace(value, follower.units, False, said)


@contextlib.contextmanager
def _layers_named(module: nn.Module, layers: list[str]) -> Iterator[None]:
    """Keep the names of the layers that are being evaluated, the innermost last."""
    hooks = []
    for name, part in module.named_modules():
        if not name or isinstance(part, torch.jit.ScriptModule):  # the latter take no hooks
            continue
        spelled = f"{name} ({type(part).__name__})"
        hooks.append(part.register_forward_pre_hook(lambda _, __, said=spelled: layers.append(said)))
        hooks.append(part.register_forward_hook(lambda _, __, ___: layers.pop() and None))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


# ---------------------------------------------------------------- evaluating


class _LogitKept(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Keeps what the last Sigmoid or Softmax was applied to."""

    logit: torch.Tensor | None = None

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func.overloadpacket.__name__ in ENDS:
            self.logit = args[0]
        return func(*args, **(kwargs or {}))


def _own_values(module: nn.Module, X: FloatArray, dtype: str, trace: _Trace) -> FloatArray:
    try:
        return _evaluated(module, X, dtype, logit=trace.is_classifier)
    except InputError:
        raise
    except Exception as error:  # somebody else's code
        reason = " ".join(str(error).split())
        raise InputError(f"the module cannot be evaluated: {reason:.160}") from None


def _evaluated(module: nn.Module, X: FloatArray, dtype: str, *, logit: bool) -> FloatArray:
    """Return a module's values (N,) or (N, m), or its logits, in its own precision and on its own device."""
    tensor = _input(module, X, dtype)
    if not logit:
        output = module(tensor)
        _refuse_shape(output, len(X))
        return in_columns(output.double().cpu().numpy(), len(X))
    with _LogitKept() as mode:  # type: ignore[no-untyped-call]
        module(tensor)
    assert mode.logit is not None
    return logits(mode.logit.double().cpu().numpy(), len(X))


def _input(module: nn.Module, X: FloatArray, dtype: str) -> torch.Tensor:
    held = next((tensor for tensor in (*module.parameters(), *module.buffers())), None)
    device = "cpu" if held is None else held.device
    return torch.tensor(X).to(device=device, dtype=getattr(torch, dtype))


def _refuse_shape(output: object, n_samples: int) -> None:
    if isinstance(output, torch.Tensor):
        if output.numel() == n_samples or (output.dim() > 1 and len(output) == n_samples):
            return
        shape = str(tuple(output.shape))
    else:
        shape = f"a {type(output).__name__}"
    raise InputError(
        f"the module returns {shape} for {n_samples} inputs: one tensor with a row for each is supported"
    )


# ---------------------------------------------------------------- words


def _said(module: nn.Module, trace: _Trace) -> tuple[str, ...]:
    """Return what was folded in, weights that the module computes among it."""
    names = [name for name, _ in module.named_buffers()]
    made = []
    if any(name.endswith("_mask") for name in names):
        made.append("masks of pruning")
    parametrized = [part for part in module.modules() if nn.utils.parametrize.is_parametrized(part)]
    old = [name for name, _ in module.named_parameters() if name.endswith(("_g", "_orig"))]
    if parametrized or (old and not made):
        made.append("parametrizations")
    said = (f"applied as the module applies them: {', '.join(made)}",) if made else ()
    return said + trace.said


def _names(module: nn.Module, network: AnyNetwork) -> dict[str, str]:
    """Return what a module's state dict calls the parts of a network, if they are all its parameters.

    Parameters of equal values may be stored in several ways; then there are no names.
    """
    held = {name: value.detach().double().cpu().numpy() for name, value in module.named_parameters()}
    layers = layers_of(network)
    wanted = {"hidden.weight": layers.weights, "output.weight": layers.outputs}
    if layers.affine is not None and layers.affine[:, :-1].any():
        wanted["skip.weight"] = layers.affine[:, :-1]
    names: dict[str, str] = {}
    for role, array in wanted.items():
        equal = [name for name, value in held.items() if np.array_equal(value, array)]
        if len(equal) != 1 or not equal[0].endswith("weight"):
            return {}
        names[role] = equal[0]
        bias = f"{equal[0][: -len('weight')]}bias"
        if bias in held:
            names[role.replace("weight", "bias")] = bias
    total = sum(held[names[role]] for role in ("output.bias", "skip.bias") if role in names)
    constant = 0.0 if layers.affine is None else layers.affine[:, -1]
    hidden = held[names["hidden.bias"]] if "hidden.bias" in names else np.zeros(network.width)
    whole = len(set(names.values())) == len(names) == len(held) == len(module.state_dict())
    same = np.all(total == constant) and np.array_equal(hidden, layers.biases)
    return names if whole and same else {}
