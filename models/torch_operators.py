"""The operators of torch that keep a value affine in the inputs and the hidden units, each as a rule.

These are the operators of the ATen library, which every module comes down to when it is evaluated
(https://docs.pytorch.org/docs/stable/torch.compiler_ir.html). What only moves entries about is done to their
numbers by torch itself.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from sparsest.errors import InputError
from sparsest.models import affine_values as values
from sparsest.models.affine_values import AffineValue
from sparsest.models.classifiers import Decision, of_logit, of_logits
from sparsest.models.relu_units import SUPPORTED, HiddenUnits, Sign

Followed = AffineValue | Sign | Decision


@dataclasses.dataclass(frozen=True)
class Call:
    """An operator with its arguments by the names of its schema.

    Attributes
    ----------
    operator : callable
        The operator.
    arguments : mapping
        What it was called with: followed values, tensors that depend on no input, numbers.
    n_samples : int
        How many samples the input has.
    units : HiddenUnits
        The ReLUs met so far.
    """

    operator: Any
    arguments: Mapping[str, Any]
    n_samples: int
    units: HiddenUnits

    @property
    def name(self) -> str:
        """Name of the operator, the same for those that work in place."""
        name: str = self.operator.overloadpacket.__name__
        return name if name.startswith("__") else name.rstrip("_")

    def value(self, name: str = "self") -> AffineValue:
        """Return an argument that depends on the input."""
        argument = self.arguments.get(name)
        if not isinstance(argument, AffineValue):
            raise InputError(f"its argument {name} must depend on the input affinely: {SUPPORTED}")
        return argument

    def constant(self, name: str) -> NDArray[Any] | None:
        """Return a constant argument; None if it is left out."""
        argument = self.arguments.get(name)
        if argument is None:
            return None
        if not isinstance(argument, (torch.Tensor, int, float, bool)):
            raise InputError(f"its argument {name} is no constant: {SUPPORTED}")
        return array_of(argument)

    def required(self, name: str) -> NDArray[Any]:
        """Return a constant argument that must be there."""
        numbers = self.constant(name)
        if numbers is None:
            raise InputError(f"its argument {name} is missing")
        return numbers

    def other(self, name: str) -> AffineValue | NDArray[Any]:
        """Return an argument that is a value or a constant."""
        argument = self.arguments.get(name)
        if isinstance(argument, AffineValue):
            return argument
        return self.required(name)


Outcome = Followed | None | list[Followed]


def array_of(constant: Any) -> NDArray[Any]:
    """Return a constant tensor or number as an array of float64.

    Raises
    ------
    InputError
        For a tensor that holds no plain numbers.
    """
    if not isinstance(constant, torch.Tensor):
        return np.asarray(constant, dtype=np.float64)
    if (
        constant.layout is not torch.strided
        or constant.is_quantized
        or constant.is_meta
        or constant.is_complex()
    ):
        raise InputError(
            f"a constant is no plain tensor of numbers ({constant.layout}, device {constant.device})"
        )
    if constant.numel() > values.MAX_NUMBERS:
        raise InputError(f"a constant has {constant.numel()} numbers, more than {values.MAX_NUMBERS}")
    return np.array(constant.detach().cpu().double().numpy())


# ---------------------------------------------------------------- moving entries about


def moved(call: Call) -> Outcome:
    """Return what an operator that only moves entries about makes of a value."""
    value = call.value()
    layout = torch.from_numpy(values.numbered(value, call.n_samples))
    found = call.operator(**{**call.arguments, "self": layout})
    if isinstance(found, torch.Tensor):
        return values.by_numbers(value, found.numpy(), call.n_samples)
    return [values.by_numbers(value, part.numpy(), call.n_samples) for part in found]


def _cat(call: Call) -> Outcome:
    parts = [part if isinstance(part, AffineValue) else array_of(part) for part in call.arguments["tensors"]]
    return values.joined(parts, call.arguments["dim"])


def _stack(call: Call) -> Outcome:
    dim, parts = call.arguments["dim"], call.arguments["tensors"]
    first = next(part for part in parts if isinstance(part, AffineValue))
    dim = dim % (len(first.shape) + 1)
    spread = [
        values.with_axes(part, [dim])
        if isinstance(part, AffineValue)
        else np.expand_dims(array_of(part), dim)
        for part in parts
    ]
    return values.joined(spread, dim)


def _same(call: Call) -> Outcome:
    return call.value()


def _to_copy(call: Call) -> Outcome:
    argument, dtype = call.arguments["self"], call.arguments.get("dtype")
    if isinstance(argument, Sign):
        return argument
    if dtype is not None and not dtype.is_floating_point:
        raise InputError(f"it makes whole numbers of values: {SUPPORTED}")
    return call.value()


def _nothing(call: Call) -> Outcome:
    return None


# ---------------------------------------------------------------- linear


def _pair(call: Call) -> tuple[Any, Any]:
    """Return the arguments self and other, constants for one sample."""
    first, second = call.arguments["self"], call.arguments["other"]
    if isinstance(first, AffineValue):
        return first, call.other("other")
    if not isinstance(second, AffineValue):
        raise InputError(f"its arguments are not affine in the input: {SUPPORTED}")
    return call.other("self"), second


def _add(call: Call) -> Outcome:
    first, second = _pair(call)
    factor = float(call.arguments.get("alpha") or 1) * (-1.0 if call.name == "sub" else 1.0)
    if isinstance(first, AffineValue):
        return values.plus(first, second, factor)
    return values.plus(values.times(second, factor), first)


def _rsub(call: Call) -> Outcome:
    value = values.times(call.value(), -float(call.arguments.get("alpha") or 1))
    return values.plus(value, call.other("other"))


def _mul(call: Call) -> Outcome:
    first, second = call.arguments["self"], call.arguments["other"]
    for one, other in ((first, second), (second, first)):
        if isinstance(one, AffineValue) and isinstance(other, Sign):
            return other.choose(call.units, one, values.zero_like(one))
    first, second = _pair(call)
    if isinstance(first, AffineValue) and isinstance(second, AffineValue):
        raise InputError(f"it multiplies values that depend on the input: {SUPPORTED}")
    return values.times(first, second) if isinstance(first, AffineValue) else values.times(second, first)


def _div(call: Call) -> Outcome:
    if call.arguments.get("rounding_mode") is not None:
        raise InputError(f"it rounds: {SUPPORTED}")
    value = call.value()
    divisor = call.other("other")
    if isinstance(divisor, AffineValue):
        raise InputError(f"it divides by a value that depends on the input: {SUPPORTED}")
    return values.divided(value, divisor)


def _neg(call: Call) -> Outcome:
    return values.times(call.value(), -1.0)


def _product(call: Call, first: str, second: str) -> AffineValue:
    one, other = call.arguments[first], call.arguments[second]
    if isinstance(one, AffineValue) and isinstance(other, torch.Tensor):
        return values.product(one, _plain_matrix(array_of(other)))
    if isinstance(one, torch.Tensor) and isinstance(other, AffineValue):
        return values.product_from_left(_plain_matrix(array_of(one)), other)
    raise InputError(f"it multiplies values that depend on the input: {SUPPORTED}")


def _plain_matrix(weight: NDArray[Any]) -> NDArray[Any]:
    """Return a matrix from a stack of equal ones, which broadcasting makes."""
    while weight.ndim > 2 and np.all(weight == weight[:1]):
        weight = weight[0]
    return weight


def _mm(call: Call) -> Outcome:
    second = {"mm": "mat2", "bmm": "mat2", "mv": "vec", "dot": "tensor"}[call.name]
    return _product(call, "self", second)


def _addmm(call: Call) -> Outcome:
    places = {"addmm": ("mat1", "mat2"), "addmv": ("mat", "vec"), "baddbmm": ("batch1", "batch2")}
    alpha, beta = (float(call.arguments.get(name, 1)) for name in ("alpha", "beta"))
    result = _product(call, *places[call.name])
    result = result if alpha == 1 else values.times(result, alpha)
    shift = call.other("self")
    return values.plus(result, shift, beta) if beta else result


def _linear(call: Call) -> Outcome:
    result = values.product(call.value("input"), call.required("weight").T)
    bias = call.constant("bias")
    return result if bias is None else values.plus(result, bias)


def _addcmul(call: Call) -> Outcome:
    first, second = call.arguments["tensor1"], call.arguments["tensor2"]
    if isinstance(second, AffineValue):
        first, second = second, first
    if not isinstance(first, AffineValue) or not isinstance(second, torch.Tensor):
        if not isinstance(first, torch.Tensor) or not isinstance(second, torch.Tensor):
            raise InputError(f"it multiplies values that depend on the input: {SUPPORTED}")
        value = call.value()
        added = array_of(first) * array_of(second)
        return values.plus(value, added, float(call.arguments.get("value", 1)))
    scaled = values.times(first, array_of(second))
    scaled = values.times(scaled, float(call.arguments.get("value", 1)))
    return values.plus(scaled, call.other("self"))


def _sum(call: Call) -> Outcome:
    axes = call.arguments.get("dim") or None
    keep = bool(call.arguments.get("keepdim", False))
    return values.summed(call.value(), axes, keep=keep, mean=call.name == "mean")


def _batch_norm(call: Call) -> Outcome:
    if call.arguments.get("training") or call.arguments.get("running_mean") is None:
        raise InputError("it normalises by the samples at hand: running statistics are needed")
    value = call.value("input")
    if value.samples != 0 or len(value.shape) < 2:
        raise InputError("it needs samples along the first axis and channels along the second")
    trailing = (1,) * (len(value.shape) - 2)
    epsilon = call.arguments.get("eps", call.arguments.get("epsilon", 1e-5))
    deviation = np.sqrt(call.required("running_var") + epsilon)
    mean = call.required("running_mean")
    result = values.plus(value, mean.reshape(-1, *trailing), -1.0)
    result = values.divided(result, deviation.reshape(-1, *trailing))
    if (scale := call.constant("weight")) is not None:
        result = values.times(result, scale.reshape(-1, *trailing))
    if (shift := call.constant("bias")) is not None:
        result = values.plus(result, shift.reshape(-1, *trailing))
    return [result]


# ---------------------------------------------------------------- ReLUs in their spellings


def _relu(call: Call) -> Outcome:
    return call.units.relu(call.value())


def _leaky_relu(call: Call) -> Outcome:
    return call.units.leaky(call.value(), call.arguments.get("negative_slope", 0.01))


def _prelu(call: Call) -> Outcome:
    value = call.value()
    return call.units.leaky(value, call.required("weight"))


def _rrelu(call: Call) -> Outcome:
    if call.arguments.get("training"):
        raise InputError("it takes slopes at random")
    lower, upper = call.arguments.get("lower", 1 / 8), call.arguments.get("upper", 1 / 3)
    return call.units.leaky(call.value(), (lower + upper) / 2)


def _clamp(call: Call) -> Outcome:
    value = call.value()
    low, high = ("min_val", "max_val") if call.name == "hardtanh" else ("min", "max")
    ends = [call.constant(end) for end in (low, high)]
    return call.units.clipped(value, *ends)


def _hardsigmoid(call: Call) -> Outcome:
    return call.units.clipped(values.plus(values.divided(call.value(), 6.0), 0.5), 0.0, 1.0)


def _threshold(call: Call) -> Outcome:
    level = call.arguments["threshold"]
    if level != call.arguments["value"]:
        raise InputError(f"it makes a jump, which no network of ReLUs has: {SUPPORTED}")
    return call.units.clipped(call.value(), level, None)


def _abs(call: Call) -> Outcome:
    return call.units.absolute(call.value())


def _extreme(call: Call) -> Outcome:
    first, second = _pair(call)
    fold = call.units.maximum if call.name == "maximum" else call.units.minimum
    return fold(first, second) if isinstance(first, AffineValue) else fold(second, first)


def _compare(call: Call) -> Outcome:
    first, second = _pair(call)
    sign = 1.0 if call.name in ("gt", "ge") else -1.0
    if isinstance(first, AffineValue):
        plain = not isinstance(second, AffineValue) and not second.any()
        difference = first if plain else values.plus(first, second, -1.0)
    else:
        difference = values.plus(values.times(second, -1.0), first)
    return Sign(difference if sign > 0 else values.times(difference, -1.0))


def _heaviside(call: Call) -> Outcome:
    return Sign(call.value())


def _where(call: Call) -> Outcome:
    if call.name == "masked_fill":
        sign, chosen = call.arguments["mask"], ("value", "self")
    else:
        sign, chosen = call.arguments["condition"], ("self", "other")
    if not isinstance(sign, Sign):
        raise InputError(f"a constant condition chooses between values: {SUPPORTED}")
    nothing = values.zero_like(sign.value)
    both = []
    for name in chosen:
        part = call.other(name)
        if not isinstance(part, AffineValue):
            part = values.plus(nothing, part) if part.any() else nothing
        both.append(part)
    return sign.choose(call.units, both[0], both[1])


# ---------------------------------------------------------------- the end of a classifier


def _sigmoid(call: Call) -> Outcome:
    return [of_logit(call.value(), "Sigmoid")]


def _softmax(call: Call) -> Outcome:
    name = "Softmax" if call.name == "_softmax" else "LogSoftmax"
    return of_logits(call.value(), call.arguments["dim"], name)


def after_decision(call: Call) -> Outcome:
    """Return what becomes of a probability, which may be moved about, but not computed with.

    Raises
    ------
    InputError
        For an operator that makes something else of it.
    """
    decision = next(part for part in flat(call.arguments.values()) if isinstance(part, Decision))
    if call.name not in MOVING and call.name != "_to_copy":
        raise InputError(f"it computes with what a {decision.operator} gives: {SUPPORTED}")
    return decision


def flat(arguments: Any) -> Sequence[Any]:
    """Return arguments with the members of lists among them."""
    found: list[Any] = []
    for argument in arguments:
        found += argument if isinstance(argument, (list, tuple)) else [argument]
    return found


# What applies a ReLU, and what ends a classifier, for those who evaluate up to there.
ENDS: Final = frozenset({"sigmoid", "log_sigmoid_forward", "_softmax", "_log_softmax"})

MOVING: Final = {
    "view", "_unsafe_view", "reshape", "_reshape_alias", "permute", "transpose", "t", "unsqueeze",
    "squeeze", "expand", "slice", "select", "split", "split_with_sizes", "unbind", "index",
    "index_select", "flip", "repeat", "roll", "alias", "detach", "clone", "contiguous",
    "lift_fresh", "diagonal", "unfold", "movedim", "tile",
}  # fmt: skip

# What makes a constant of a value's shape, or asks whether it is finite, which inputs are.
_CONSTANT: Final = {
    "zeros_like", "ones_like", "empty_like", "full_like", "new_zeros", "new_ones", "new_full",
    "new_empty", "isnan", "isinf", "isfinite", "rand_like", "randn_like",
}  # fmt: skip

Rule = Callable[[Call], Outcome]

RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(MOVING, moved),
    "cat": _cat, "stack": _stack, "_to_copy": _to_copy,
    **dict.fromkeys(_CONSTANT, _nothing),
    "add": _add, "sub": _add, "rsub": _rsub, "mul": _mul, "div": _div, "neg": _neg,
    "mm": _mm, "bmm": _mm, "mv": _mm, "dot": _mm, "addmm": _addmm, "addmv": _addmm, "baddbmm": _addmm,
    "linear": _linear, "addcmul": _addcmul, "sum": _sum, "mean": _sum,
    "native_batch_norm": _batch_norm, "_native_batch_norm_legit_no_training": _batch_norm,
    "batch_norm": _batch_norm, "cudnn_batch_norm": _batch_norm,
    "relu": _relu, "leaky_relu": _leaky_relu, "_prelu_kernel": _prelu, "rrelu_with_noise": _rrelu,
    "hardtanh": _clamp, "clamp": _clamp, "clamp_min": _clamp, "clamp_max": _clamp,
    "hardsigmoid": _hardsigmoid, "threshold": _threshold, "abs": _abs,
    "maximum": _extreme, "minimum": _extreme,
    "gt": _compare, "ge": _compare, "lt": _compare, "le": _compare, "heaviside": _heaviside,
    "where": _where, "masked_fill": _where,
    "sigmoid": _sigmoid, "log_sigmoid_forward": _sigmoid, "_softmax": _softmax, "_log_softmax": _softmax,
}  # fmt: skip

# Rules whose operators are worth a word: what is folded into weights, and ReLUs by other names.
SCALING: Final[dict[Rule, str]] = {_batch_norm: "BatchNorm", _mul: "scaling", _div: "scaling"}
SPELLINGS: Final[dict[Rule, str]] = {
    _leaky_relu: "LeakyReLU", _prelu: "PReLU", _rrelu: "RReLU", _clamp: "clamp", _hardsigmoid: "Hardsigmoid",
    _threshold: "Threshold", _abs: "abs", _extreme: "maximum or minimum", _where: "where",
}  # fmt: skip
