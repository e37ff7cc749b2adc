"""The operators of ONNX that keep a value affine in the inputs and the hidden units, each as a rule.

Names, attributes and the moves of arguments from attributes to inputs follow the operator lists of ONNX
(https://onnx.ai/onnx/operators), opsets 7 to 24, and of ai.onnx.ml.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.models import affine_values as values
from sparsest.models.affine_values import AffineValue
from sparsest.models.classifiers import Decision, of_logit, of_logits
from sparsest.models.onnx_constants import computed
from sparsest.models.onnx_tensors import DTYPES
from sparsest.models.relu_units import SUPPORTED, HiddenUnits, Sign

Operand = AffineValue | Sign | Decision | NDArray[Any] | None
Outcome = AffineValue | Sign | Decision | NDArray[Any]

# Samples that are enough to see that an operator does not mix them: a prime that few sizes equal.
_SOME: Final = 67
# "To the end" in a Slice; exporters write the largest integer of 32 or 64 bits.
_FAR: Final = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class Step:
    """A node with what its rule needs to know.

    Attributes
    ----------
    node : NodeProto
        The node.
    opset : int
        Version of the operators.
    n_samples : int
        What stands for the number of samples in shapes.
    units : HiddenUnits
        The ReLUs met so far.
    operands : list
        Its inputs; None for one that is left out.
    """

    node: onnx.NodeProto
    opset: int
    n_samples: int
    units: HiddenUnits
    operands: Sequence[Operand]

    def attribute(self, name: str) -> Any:
        """Return what the node states, None if it does not."""
        found = [attribute for attribute in self.node.attribute if attribute.name == name]
        return helper.get_attribute_value(found[0]) if found else None

    def number(self, name: str, default: float) -> float:
        """Return a number that the node states, or the default."""
        value = self.attribute(name)
        value = default if value is None else value
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise InputError(f"its attribute {name} is no number")
        return value

    def whole(self, name: str, default: int) -> int:
        """Return an integer that the node states, or the default."""
        return int(self.number(name, default))

    def value(self, place: int = 0) -> AffineValue:
        """Return an operand that depends on the input."""
        operand = self.operand(place)
        if not isinstance(operand, AffineValue):
            raise InputError(f"its operand {place + 1} must depend on the input affinely: {SUPPORTED}")
        return operand

    def operand(self, place: int) -> Operand:
        """Return an operand; None if it is left out."""
        return self.operands[place] if place < len(self.operands) else None

    def constant(self, place: int) -> NDArray[Any] | None:
        """Return a constant operand; None if it is left out."""
        operand = self.operand(place)
        if operand is not None and not isinstance(operand, np.ndarray):
            raise InputError(f"its operand {place + 1} is no constant: {SUPPORTED}")
        return operand

    def required(self, place: int) -> NDArray[Any]:
        """Return a constant operand that must be there."""
        operand = self.constant(place)
        if operand is None:
            raise InputError(f"its operand {place + 1} is missing")
        return operand

    def integers(self, name: str, place: int) -> list[int] | None:
        """Return integers from an attribute or, in later opsets, an operand; None without both."""
        stated = self.attribute(name)
        if stated is None:
            constant = self.constant(place)
            stated = None if constant is None else constant.reshape(-1).tolist()
        return None if stated is None else [int(number) for number in np.atleast_1d(stated)]

    def floats(self, name: str) -> FloatArray | None:
        """Return a list of numbers that the node states."""
        stated = self.attribute(name)
        return None if stated is None else np.array(stated, dtype=np.float64)

    def bound(self, name: str, place: int) -> Any:
        """Return an end of an interval, from an attribute or an operand."""
        stated = self.attribute(name)
        return self.constant(place) if stated is None else stated


# ---------------------------------------------------------------- linear


def _gemm(step: Step) -> Outcome:
    first, second = step.operand(0), step.operand(1)
    if isinstance(first, AffineValue) and step.whole("transA", 0):
        raise InputError(f"a transposed input: {SUPPORTED}")
    if not isinstance(first, AffineValue) or not isinstance(second, np.ndarray) or second.ndim != 2:
        raise InputError("its weight is no constant matrix")
    weight = second.astype(np.float64)
    weight = step.number("alpha", 1.0) * (weight.T if step.whole("transB", 0) else weight)
    result = values.product(first, weight)
    bias = step.operand(2)
    if bias is None:
        return result
    beta = step.number("beta", 1.0)
    if isinstance(bias, AffineValue):
        return values.plus(result, bias, beta)
    return values.plus(result, beta * step.required(2).astype(np.float64))


def _matmul(step: Step) -> Outcome:
    first, second = step.operand(0), step.operand(1)
    if isinstance(first, AffineValue) and isinstance(second, np.ndarray):
        return values.product(first, _plain_matrix(second))
    if isinstance(first, np.ndarray) and isinstance(second, AffineValue):
        return values.product_from_left(_plain_matrix(first), second)
    raise InputError(f"none of its operands is a constant: {SUPPORTED}")


def _plain_matrix(weight: NDArray[Any]) -> NDArray[Any]:
    """Return a matrix without leading axes of size 1."""
    while weight.ndim > 2 and weight.shape[0] == 1:
        weight = weight[0]
    return weight


def _add(step: Step) -> Outcome:
    first, second = step.operands
    if isinstance(first, AffineValue):
        return values.plus(first, _affine_or_constant(second))
    return values.plus(step.value(1), _affine_or_constant(first))


def _sub(step: Step) -> Outcome:
    first, second = step.operands
    if isinstance(first, AffineValue):
        return values.plus(first, _affine_or_constant(second), -1.0)
    return values.plus(values.times(step.value(1), -1.0), _affine_or_constant(first))


def _affine_or_constant(operand: Operand) -> AffineValue | NDArray[Any]:
    if not isinstance(operand, (AffineValue, np.ndarray)):
        raise InputError(f"an operand is not affine in the input: {SUPPORTED}")
    return operand


def _mul(step: Step) -> Outcome:
    first, second = step.operands
    for one, other in ((first, second), (second, first)):
        if isinstance(one, AffineValue) and isinstance(other, np.ndarray):
            return values.times(one, other)
        if isinstance(one, AffineValue) and isinstance(other, Sign):
            return other.choose(step.units, one, values.zero_like(one))
    raise InputError(f"it multiplies values that depend on the input: {SUPPORTED}")


def _div(step: Step) -> Outcome:
    return values.divided(step.value(0), step.required(1))


def _sum(step: Step) -> Outcome:
    followed = [operand for operand in step.operands if isinstance(operand, AffineValue)]
    total = followed[0]
    for operand in [*followed[1:], *(o for o in step.operands if not isinstance(o, AffineValue))]:
        total = values.plus(total, _affine_or_constant(operand))
    return values.divided(total, len(step.operands)) if step.node.op_type == "Mean" else total


def _reduce(step: Step) -> Outcome:
    value, axes = step.value(), step.integers("axes", 1)
    if not axes:
        if step.whole("noop_with_empty_axes", 0):
            return value
        axes = None
    mean = step.node.op_type == "ReduceMean"
    return values.summed(value, axes, keep=bool(step.whole("keepdims", 1)), mean=mean)


def _batch_normalization(step: Step) -> Outcome:
    if step.whole("training_mode", 0):
        raise InputError("it normalises by the samples at hand: export the model in evaluation mode")
    scale, shift, mean, variance = (step.required(place).astype(np.float64) for place in range(1, 5))
    value = step.value()
    if len(value.shape) < 2 or value.samples != 0:
        raise InputError("it needs samples along the first axis and channels along the second")
    trailing = (1,) * (len(value.shape) - 2)
    deviation = np.sqrt(variance + step.number("epsilon", 1e-5))
    scale, shift, mean, deviation = (part.reshape(-1, *trailing) for part in (scale, shift, mean, deviation))
    centred = values.divided(values.plus(value, mean, -1.0), deviation)
    return values.plus(values.times(centred, scale), shift)


def _scaler(step: Step) -> Outcome:
    offset, scale = step.floats("offset"), step.floats("scale")
    result = step.value()
    if offset is not None:
        result = values.plus(result, offset, -1.0)
    return result if scale is None else values.times(result, scale)


def _linear_regressor(step: Step) -> Outcome:
    coefficients, intercepts = step.floats("coefficients"), step.floats("intercepts")
    after = step.attribute("post_transform")
    if coefficients is None or after not in (None, b"NONE"):
        raise InputError(f"its outputs are transformed: {SUPPORTED}")
    result = values.product(step.value(), coefficients.reshape(step.whole("targets", 1), -1).T)
    return result if intercepts is None else values.plus(result, intercepts)


# ---------------------------------------------------------------- moving entries about


def _same(step: Step) -> Outcome:
    return step.value()


def _dropout(step: Step) -> Outcome:
    if (training := step.constant(2)) is not None and training.any():
        raise InputError("it drops values at random: export the model in evaluation mode")
    return step.value()


def _cast(step: Step) -> Outcome:
    operand, target = step.operand(0), step.whole("to", TensorProto.FLOAT)
    if isinstance(operand, Sign):
        return operand
    if target not in DTYPES:
        raise InputError(f"it makes whole numbers of values: {SUPPORTED}")
    return step.value()


def _flatten(step: Step) -> Outcome:
    value, axis = step.value(), step.whole("axis", 1)
    sizes = [step.n_samples if i == value.samples else size for i, size in enumerate(value.shape)]
    axis = axis + len(sizes) if axis < 0 else axis
    return values.reshaped(value, [math.prod(sizes[:axis]), math.prod(sizes[axis:])], step.n_samples)


def _reshape(step: Step) -> Outcome:
    value, shape = step.value(), step.integers("shape", 1)
    if shape is None:
        raise InputError("it states no shape")
    sizes = [step.n_samples if i == value.samples else size for i, size in enumerate(value.shape)]
    if not step.whole("allowzero", 0):
        if any(size == 0 and place >= len(sizes) for place, size in enumerate(shape)):
            raise InputError(f"the shape {tuple(shape)} copies a size that is not there")
        shape = [sizes[place] if size == 0 else size for place, size in enumerate(shape)]
    return values.reshaped(value, shape, step.n_samples)


def _squeeze(step: Step) -> Outcome:
    return values.without_axes(step.value(), step.integers("axes", 1))


def _unsqueeze(step: Step) -> Outcome:
    return values.with_axes(step.value(), step.integers("axes", 1) or [])


def _transpose(step: Step) -> Outcome:
    return values.transposed(step.value(), step.attribute("perm"))


def _slice(step: Step) -> Outcome:
    value = step.value()
    starts, ends = step.integers("starts", 1), step.integers("ends", 2)
    if starts is None or ends is None:
        raise InputError("it states no range")
    axes = step.integers("axes", 3) or list(range(len(starts)))
    steps = step.integers("steps", 4) or [1] * len(starts)
    for start, end, axis, stride in zip(starts, ends, axes, steps, strict=True):
        if axis % len(value.shape) == value.samples and end == step.n_samples:
            end = 2**63 - 1
        stop = None if stride < 0 and end < -_FAR else end
        value = values.sliced(value, axis, slice(start, stop, stride))
    return value


def _split(step: Step) -> list[Outcome]:
    value, axis = step.value(), step.whole("axis", 0)
    axis = axis % len(value.shape)
    sizes, parts = step.integers("split", 1), len(step.node.output)
    if sizes is None:  # equal parts, of which the last may be smaller
        each = -(-value.shape[axis] // parts)
        sizes = [min(each, max(value.shape[axis] - each * i, 0)) for i in range(parts)]
    if sum(sizes) != value.shape[axis] or len(sizes) != parts or min(sizes) < 0:
        raise InputError(f"it splits {value.shape[axis]} values into {sizes}")
    ends = np.cumsum([0, *sizes]).tolist()
    return [values.sliced(value, axis, slice(start, end)) for start, end in itertools.pairwise(ends)]


def _concat(step: Step) -> Outcome:
    return values.joined([_affine_or_constant(o) for o in step.operands], step.whole("axis", 1))


def _gather(step: Step) -> Outcome:
    return values.taken(step.value(), step.whole("axis", 0), step.required(1).astype(np.int64))


def _extract(step: Step) -> Outcome:
    return values.taken(step.value(), -1, step.required(1).astype(np.int64).reshape(-1))


def _expand(step: Step) -> Outcome:
    value, shape = step.value(), step.integers("shape", 1) or []
    sizes = [step.n_samples if i == value.samples else size for i, size in enumerate(value.shape)]
    full = [1] * (len(sizes) - len(shape)) + shape
    offset = len(full) - len(sizes)
    wanted = [
        sizes[place - offset] if size == 1 and place >= offset else size for place, size in enumerate(full)
    ]
    return values.widened(value, wanted, step.n_samples)


def _moved(step: Step) -> Outcome:
    """Return what an operator that only moves entries about makes of a value, by their numbers."""
    value = step.value()
    n_samples = min(step.n_samples, _SOME)
    operands = [values.numbered(value, n_samples), *step.operands[1:]]
    (numbers,) = computed(step.node, {"ai.onnx": step.opset}, operands, n_samples=step.n_samples)
    return values.by_numbers(value, numbers, n_samples)


def _einsum(step: Step) -> Outcome:
    equation = str(step.attribute("equation").decode()).replace(" ", "")
    terms, _, kept = equation.partition("->")
    axes = terms.split(",")
    if len(axes) != 2 or "->" not in equation or not (terms + kept).replace(",", "").isalpha():
        raise InputError(f"the sum {equation:.60} is not followed")
    first, second = step.operands
    if isinstance(first, AffineValue) and isinstance(second, np.ndarray):
        return values.contracted(first, axes[0], second, axes[1], kept)
    return values.contracted(step.value(1), axes[1], step.required(0), axes[0], kept)


def _shape(step: Step) -> Outcome:
    value = step.value()
    sizes = [step.n_samples if i == value.samples else size for i, size in enumerate(value.shape)]
    end = step.attribute("end")
    return np.array(sizes[step.whole("start", 0) : end], dtype=np.int64)


def _size(step: Step) -> Outcome:
    value = step.value()
    return np.array(len(value.affine) * (1 if value.samples is None else step.n_samples), dtype=np.int64)


# ---------------------------------------------------------------- ReLUs in their spellings


def _relu(step: Step) -> Outcome:
    return step.units.relu(step.value())


def _leaky_relu(step: Step) -> Outcome:
    return step.units.leaky(step.value(), step.number("alpha", 0.01))


def _prelu(step: Step) -> Outcome:
    return step.units.leaky(step.value(), step.required(1))


def _thresholded_relu(step: Step) -> Outcome:
    if step.number("alpha", 1.0) != 0:
        raise InputError(f"it makes a jump, which no network of ReLUs has: {SUPPORTED}")
    return step.units.relu(step.value())


def _abs(step: Step) -> Outcome:
    return step.units.absolute(step.value())


def _clip(step: Step) -> Outcome:
    return step.units.clipped(step.value(), step.bound("min", 1), step.bound("max", 2))


def _hard_sigmoid(step: Step) -> Outcome:
    scaled = values.times(step.value(), step.number("alpha", 0.2))
    return step.units.clipped(values.plus(scaled, step.number("beta", 0.5)), 0.0, 1.0)


def _extreme(step: Step) -> Outcome:
    followed = [operand for operand in step.operands if isinstance(operand, AffineValue)]
    fold = step.units.maximum if step.node.op_type == "Max" else step.units.minimum
    result, rest = followed[0], followed[1:]
    for operand in [*(o for o in step.operands if not isinstance(o, AffineValue)), *rest]:
        result = fold(result, _affine_or_constant(operand))
    return result


def _compare(step: Step) -> Outcome:
    if step.node.op_type in ("Greater", "GreaterOrEqual"):
        return Sign(_sub_of(step.operands[0], step.operands[1]))
    return Sign(_sub_of(step.operands[1], step.operands[0]))


def _sub_of(first: Operand, second: Operand) -> AffineValue:
    one, other = _affine_or_constant(first), _affine_or_constant(second)
    if isinstance(one, AffineValue):
        return one if isinstance(other, np.ndarray) and not other.any() else values.plus(one, other, -1.0)
    assert isinstance(other, AffineValue)
    negative = values.times(other, -1.0)
    return values.plus(negative, one) if one.any() else negative


def _where(step: Step) -> Outcome:
    sign = step.operand(0)
    above, below = (_affine_or_constant(step.operand(place)) for place in (1, 2))
    if not isinstance(sign, Sign):
        raise InputError(f"a constant condition chooses between values: {SUPPORTED}")
    nothing = values.zero_like(sign.value)
    both = [
        part if isinstance(part, AffineValue) else values.plus(nothing, part) if part.any() else nothing
        for part in (above, below)
    ]
    return sign.choose(step.units, both[0], both[1])


# ---------------------------------------------------------------- the end of a classifier


def _sigmoid(step: Step) -> Outcome:
    return of_logit(step.value(), step.node.op_type)


def _softmax(step: Step) -> Outcome:
    default = 1 if step.opset < 13 else -1
    return of_logits(step.value(), step.whole("axis", default), step.node.op_type)


def after_decision(step: Step) -> list[Outcome]:
    """Return what becomes of a probability: it may be turned into classes, but not computed with.

    Raises
    ------
    InputError
        For an operator that makes something else of it.
    """
    decisions = [operand for operand in step.operands if isinstance(operand, Decision)]
    complement = step.node.op_type != "Sub" or (
        isinstance(step.operands[0], np.ndarray) and bool(np.all(step.operands[0] == 1))
    )
    same = all(decision.logit is decisions[0].logit for decision in decisions)
    if step.node.op_type not in _AFTER or not complement or not same:
        raise InputError(f"it computes with what a {decisions[0].operator} gives: {SUPPORTED}")
    return [decisions[0]] * len(step.node.output)


def classes_named(step: Step) -> tuple[Any, ...]:
    """Return the classes that a node behind a decision chooses between, empty where it names none."""
    found: Any = ()
    if step.node.op_type == "ArrayFeatureExtractor" and isinstance(step.operands[0], np.ndarray):
        found = step.operands[0].reshape(-1).tolist()
    elif step.node.op_type == "ZipMap":
        found = step.attribute("classlabels_int64s") or step.attribute("classlabels_strings") or ()
    names = tuple(name.decode(errors="replace") if isinstance(name, bytes) else name for name in found)
    return names if len(names) >= 2 else ()


_AFTER: Final = {
    "Identity", "Cast", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Sub", "Concat", "ArgMax",
    "ZipMap", "ArrayFeatureExtractor", "Gather", "Greater", "GreaterOrEqual", "Round", "Slice",
    "Transpose", "Dropout",
    "Log", "Shape", "ReduceProd",
}  # fmt: skip

Rule = Callable[[Step], Outcome | list[Outcome]]

RULES: Final[dict[str, Rule]] = {
    "Gemm": _gemm, "MatMul": _matmul, "Add": _add, "Sub": _sub, "Mul": _mul, "Div": _div, "Sum": _sum,
    "Mean": _sum, "Neg": lambda step: values.times(step.value(), -1.0),
    "ReduceSum": _reduce, "ReduceMean": _reduce, "BatchNormalization": _batch_normalization,
    "Identity": _same, "Dropout": _dropout, "Cast": _cast, "CastLike": _same, "Flatten": _flatten,
    "Reshape": _reshape, "Squeeze": _squeeze, "Unsqueeze": _unsqueeze, "Transpose": _transpose,
    "Slice": _slice, "Split": _split, "Concat": _concat, "Gather": _gather, "Expand": _expand,
    "GatherND": _moved, "GatherElements": _moved, "Tile": _moved, "Einsum": _einsum,
    "Shape": _shape, "Size": _size,
    "Relu": _relu, "LeakyRelu": _leaky_relu, "PRelu": _prelu, "ThresholdedRelu": _thresholded_relu,
    "Abs": _abs, "Clip": _clip, "HardSigmoid": _hard_sigmoid, "Max": _extreme, "Min": _extreme,
    "Greater": _compare, "GreaterOrEqual": _compare, "Less": _compare, "LessOrEqual": _compare,
    "Where": _where,
    "Sigmoid": _sigmoid, "Softmax": _softmax, "LogSoftmax": _softmax,
}  # fmt: skip

# Operators of the domain ai.onnx.ml. An Imputer replaces NaN, which no input of this project holds.
ML_RULES: Final[dict[str, Rule]] = {
    "Scaler": _scaler, "LinearRegressor": _linear_regressor, "Imputer": _same,
    "ArrayFeatureExtractor": _extract, "FeatureVectorizer": lambda step: values.joined(
        [_affine_or_constant(operand) for operand in step.operands], 1
    ),
}  # fmt: skip
