"""ONNX graphs read by following every value from the inputs to the output as an affine function.

Every value is ``A x + B h + c`` with constant A, B, c, where h is the one layer of ReLUs; the rules are in
`sparsest.models.onnx_operators`. What depends on no input is computed by ONNX's own reference evaluator,
which is also asked for the values of the whole graph, beside those of what was read.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.files import refuse_large_file
from sparsest.models import own_outputs
from sparsest.models.affine_values import AffineValue, input_value, rearranged
from sparsest.models.classifiers import Decision, logits
from sparsest.models.layer_arrays import in_columns
from sparsest.models.onnx_constants import computed, stated
from sparsest.models.onnx_operators import (
    ML_RULES,
    RULES,
    Operand,
    Outcome,
    Rule,
    Step,
    after_decision,
    classes_named,
)
from sparsest.models.onnx_tensors import DTYPES, array_of
from sparsest.models.relu_units import SUPPORTED, HiddenUnits
from sparsest.models.trained_model import TrainedModel, said_to_be_folded

_MAX_NODES: Final = 2000
# Numbers of all values together: those of a network of some thousand neurons and hundreds of features, often.
_MAX_NUMBERS: Final = 2 * 10**8
# What stands for a number of samples that the graph leaves open: a prime that no other size equals.
_ANY_NUMBER: Final = 1_000_003
# Operators that are worth a word when they were folded in, and ReLUs by other names.
_SCALING: Final = {
    "BatchNormalization", "Scaler", "Mul", "Div", "Sub", "Sum", "Mean", "ReduceSum", "ReduceMean",
    "LinearRegressor", "Imputer",
}  # fmt: skip
_SPELLINGS: Final = {
    "LeakyRelu", "PRelu", "ThresholdedRelu", "Abs", "Clip", "HardSigmoid", "Max", "Min", "Where",
}  # fmt: skip


def from_onnx_file(path: Path) -> TrainedModel:
    """Read an ONNX file, with tensors in other files of its folder; nothing in it is executed.

    Raises
    ------
    InputError
        When it is damaged, too large, or something else than a single-hidden-layer ReLU network: with the
        node that breaks the form.
    """
    refuse_large_file(path)
    try:
        model = onnx.load_model(str(path), load_external_data=False)
    except Exception as error:  # protobuf's errors are its own
        raise InputError(f"{path} is not a readable ONNX file: {' '.join(str(error).split()):.160}") from None
    try:
        return _Graph(model, path.parent).read()
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, MemoryError, OverflowError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path} is not a usable ONNX graph: {reason:.160}") from None


class _Graph:
    """One graph while it is followed."""

    def __init__(self, model: onnx.ModelProto, folder: Path) -> None:
        graph = model.graph
        if len(graph.node) > _MAX_NODES or len(graph.initializer) > _MAX_NODES:
            raise InputError(f"it has {len(graph.node)} nodes, more than the {_MAX_NODES} that are read")
        _refuse_second_definitions(graph)
        self._graph, self._folder = graph, folder
        self._opsets = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
        self._opset = self._opsets.get("ai.onnx", 1)
        self._nodes = _needed(graph)
        self._units = HiddenUnits()
        self._kinds: set[int] = set()
        self._casts = False
        self._numbers = 0
        self._operators: list[str] = []
        self._values: dict[str, Operand] = {"": None}
        self._logit_name: str | None = None
        self._classes: tuple[Any, ...] = ()

    def read(self) -> TrainedModel:
        constants = self._read_tensors()
        inputs = _Inputs(self._graph, constants)
        self._values |= inputs.values()
        for node in self._nodes:
            self._follow(node, inputs.n_samples)
        output = self._output()
        value = output.logit if isinstance(output, Decision) else output
        network, affine = self._units.network(value)
        end = self._logit_name if isinstance(output, Decision) else self._graph.output[0].name
        assert end is not None
        columns = logits if isinstance(output, Decision) else in_columns
        predict = _own_values(self._program(end, constants), constants, inputs, end, columns)
        dtype = self._dtype()
        X = own_outputs.probes(network.n_features)
        X = np.round(X) if inputs.whole else X
        own_outputs.verify("graph", network, X, predict(X), dtype)
        said = said_to_be_folded(
            [name for name in self._operators if name in _SCALING],
            [name for name in self._operators if name in _SPELLINGS],
        )
        if isinstance(output, Decision):
            said += (output.sentence,)
        return TrainedModel(
            network, dtype, "onnx", affine, predict, folded=said,
            is_classifier=isinstance(output, Decision), classes=self._classes,
        )  # fmt: skip

    def _read_tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of all tensors that a needed node uses, and note their precisions."""
        used = {name for node in self._nodes for name in node.input}
        used |= {entry.name for entry in self._graph.output}
        arrays = {}
        for tensor in self._graph.initializer:
            if tensor.name in used:
                arrays[tensor.name] = array_of(tensor, tensor.name, self._folder)
                self._note_kind(tensor)
        self._values |= arrays
        return arrays

    def _note_kind(self, tensor: onnx.TensorProto) -> None:
        if tensor.data_type in DTYPES:
            self._kinds.add(tensor.data_type)

    def _dtype(self) -> str:
        """Return the precision of the numbers; the coarsest where values are cast from one to another."""
        if len(self._kinds) > 1 and not self._casts:
            raise InputError("its weights are of several types without a Cast between")
        ends = {entry.type.tensor_type.elem_type for entry in (*self._graph.input, *self._graph.output)}
        kinds = [name for code, name in DTYPES.items() if code in self._kinds | ends]
        return min(kinds, key=list(DTYPES.values()).index, default="float32")

    def _output(self) -> AffineValue | Decision:
        """Return what the graph computes; several outputs must be those of one classifier."""
        outputs = [self._values.get(entry.name) for entry in self._graph.output]
        decisions = [output for output in outputs if isinstance(output, Decision)]
        if len(outputs) > 1 and (
            len(decisions) != len(outputs) or any(d.logit is not decisions[0].logit for d in decisions)
        ):
            raise InputError(f"the graph has {len(outputs)} outputs: join them into one by a Concat")
        if not outputs or not isinstance(outputs[0], (AffineValue, Decision)):
            name = self._graph.output[0].name if outputs else ""
            raise InputError(f"its output {name!r:.60} does not depend on its input")
        return outputs[0]

    def _follow(self, node: onnx.NodeProto, n_samples: int) -> None:
        where = f"node {node.name or node.output[0]!r:.60}"
        for name in node.input:
            if name not in self._values:
                raise InputError(f"{where} uses {name!r:.60}, which is not defined before it")
        step = Step(node, self._opset, n_samples, self._units, [self._values[name] for name in node.input])
        try:
            outcomes = self._outcomes(step)
        except InputError as error:
            kind = ".".join(part for part in (node.domain, node.op_type) if part)
            raise InputError(f"{where} ({kind:.60}): {error}") from None
        for name, outcome in zip(node.output, outcomes, strict=False):
            self._values[name] = outcome
            if isinstance(outcome, (AffineValue, np.ndarray)):
                self._numbers += outcome.numbers if isinstance(outcome, AffineValue) else outcome.size
        if self._numbers > _MAX_NUMBERS:
            raise InputError(f"{where}: its values take more than the {_MAX_NUMBERS} numbers that are kept")

    def _outcomes(self, step: Step) -> list[Any]:
        node = step.node
        plain = node.domain in ("", "ai.onnx")
        if plain and node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    self._note_kind(attribute.t)
            return [stated(node, self._folder)]
        if all(operand is None or isinstance(operand, np.ndarray) for operand in step.operands):
            return computed(node, self._opsets, step.operands, n_samples=step.n_samples)
        if any(isinstance(operand, Decision) for operand in step.operands):
            self._classes = self._classes or classes_named(step)
            return list(after_decision(step))
        rules: Mapping[str, Rule] = RULES if plain else ML_RULES if node.domain == "ai.onnx.ml" else {}
        if node.op_type not in rules:
            raise InputError(f"it is no affine function and no ReLU: {SUPPORTED}")
        self._operators.append(node.op_type)
        self._casts |= node.op_type in ("Cast", "CastLike")
        found = rules[node.op_type](step)
        outcomes: list[Outcome] = found if isinstance(found, list) else [found]
        if isinstance(outcomes[0], Decision):
            self._logit_name = node.input[0]
        return outcomes

    def _program(self, end: str, constants: Mapping[str, NDArray[Any]]) -> ReferenceEvaluator:
        """Return an evaluator of the nodes that lead to one value; constants are inputs of it."""
        nodes = _needed(self._graph, {end})
        names = [entry.name for entry in self._graph.input if entry.name not in constants]
        graph = helper.make_graph(
            nodes,
            "followed",
            [onnx.ValueInfoProto(name=name) for name in [*names, *constants]],
            [onnx.ValueInfoProto(name=end)],
        )
        opsets = [
            helper.make_opsetid("" if domain == "ai.onnx" else domain, version)
            for domain, version in self._opsets.items()
        ]
        return ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets))


def _refuse_second_definitions(graph: onnx.GraphProto) -> None:
    defined = {entry.name for entry in graph.input} | {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        for name in node.output:
            if name and name in defined:
                raise InputError(
                    f"node {node.name or name!r:.60} defines {name!r:.60}, which is there already"
                )
            defined.add(name)


def _needed(graph: onnx.GraphProto, ends: set[str] | None = None) -> list[onnx.NodeProto]:
    """Return the nodes that lead to some values, by default to the outputs, in the graph's order."""
    wanted = {entry.name for entry in graph.output} if ends is None else set(ends)
    nodes: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            nodes.append(node)
            wanted.update(node.input)
    return nodes[::-1]


class _Inputs:
    """The inputs of a graph: their features in order are the features of the network."""

    def __init__(self, graph: onnx.GraphProto, constants: Mapping[str, NDArray[Any]]) -> None:
        known = set(constants).union(tensor.name for tensor in graph.initializer)
        self._entries = [entry for entry in graph.input if entry.name not in known]
        if not self._entries:
            raise InputError("it has no input")
        self._shapes = [_feature_shape(entry, graph, constants) for entry in self._entries]
        batches = {_first_size(entry) for entry in self._entries}
        if len(batches) > 1:
            raise InputError(f"its inputs take {sorted(batches)} samples at once")
        stated = batches.pop()
        self.n_samples = stated or _ANY_NUMBER
        self.one_sample = all(len(entry.type.tensor_type.shape.dim) == 1 for entry in self._entries)
        # the number of samples that the graph is made for; None for any
        self.at_once = 1 if self.one_sample else stated or None
        kinds = {entry.type.tensor_type.elem_type for entry in self._entries}
        self.whole = bool(kinds & {TensorProto.INT32, TensorProto.INT64})
        if unknown := kinds - {*DTYPES, TensorProto.INT32, TensorProto.INT64}:
            raise InputError(f"its input is of type {unknown.pop()}: numbers are supported")

    def values(self) -> dict[str, AffineValue]:
        """Return every input as a value."""
        sizes = [math.prod(shape) for shape in self._shapes]
        whole = input_value((sum(sizes),), samples=None)
        found, start = {}, 0
        for entry, shape, size in zip(self._entries, self._shapes, sizes, strict=True):
            layout = np.arange(start, start + size, dtype=np.int64)
            full = shape if self.one_sample else (1, *shape)
            found[entry.name] = rearranged(whole, layout.reshape(full), None if self.one_sample else 0)
            start += size
        return found

    def fed(self, X: FloatArray) -> dict[str, NDArray[Any]]:
        """Return samples (N, d) as the graph takes them.

        Raises
        ------
        InputError
            When it takes whole numbers and these are not.
        """
        if self.whole and not np.array_equal(np.round(X), X):
            raise InputError("the graph takes whole numbers: round the inputs")
        found, start = {}, 0
        for entry, shape in zip(self._entries, self._shapes, strict=True):
            size = math.prod(shape)
            kind = helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type)
            full = shape if self.one_sample else (len(X), *shape)
            found[entry.name] = X[:, start : start + size].reshape(full).astype(kind)
            start += size
        return found


def _first_size(entry: onnx.ValueInfoProto) -> int:
    """Return the number of samples that an input states; 0 where it is open."""
    dims = entry.type.tensor_type.shape.dim
    return int(dims[0].dim_value) if len(dims) > 1 else 0


def _feature_shape(
    entry: onnx.ValueInfoProto, graph: onnx.GraphProto, constants: Mapping[str, NDArray[Any]]
) -> tuple[int, ...]:
    """Return the shape of one sample, by the input's shape or by the first weight that it meets."""
    sizes = [int(dim.dim_value) for dim in entry.type.tensor_type.shape.dim]
    sizes = sizes[1:] if len(sizes) > 1 else sizes
    if sizes and min(sizes) > 0:
        return tuple(sizes)
    reached = {entry.name}
    for node in graph.node:
        if not reached.intersection(node.input) or len(sizes) > 1:
            continue
        for name in node.input if node.op_type in ("Gemm", "MatMul") else ():
            if name in constants and constants[name].ndim == 2:
                across = any(a.name == "transB" and a.i for a in node.attribute)
                return (int(constants[name].shape[1 if across else 0]),)
        reached.update(node.output)
    raise InputError(f"the number of features of its input {entry.name!r:.60} is not stated")


def _own_values(
    program: ReferenceEvaluator,
    constants: Mapping[str, NDArray[Any]],
    inputs: _Inputs,
    end: str,
    columns: Callable[[NDArray[Any], int], FloatArray],
) -> Callable[[FloatArray], FloatArray]:
    """Return the function that evaluates a graph as ONNX defines it, in its own precision.

    `columns` makes values (N,) or (N, m) of what the graph gives for N samples.
    """

    def evaluated(X: FloatArray) -> FloatArray:
        try:
            with np.errstate(all="ignore"):
                (values,) = program.run([end], {**constants, **inputs.fed(X)})
        except InputError:
            raise
        except Exception as error:  # the evaluator's errors are those of NumPy and its own
            reason = " ".join(str(error).split())
            raise InputError(f"the graph cannot be evaluated: {reason:.160}") from None
        return columns(np.asarray(values, dtype=np.float64), len(X))

    def at_once(X: FloatArray, size: int) -> FloatArray | None:
        """Return all values by one evaluation, where a graph for `size` samples takes more just as well."""
        try:
            values, first = evaluated(X), evaluated(X[:size])
        except InputError:
            return None
        if len(values) != len(X) or values.shape[1:] != first.shape[1:]:
            return None
        return values if np.allclose(values[:size], first, rtol=1e-3, atol=1e-6) else None

    def predict(X: FloatArray) -> FloatArray:
        size = inputs.at_once
        if size is None or size == len(X):
            return evaluated(X)
        if not inputs.one_sample and len(X) > size and (whole := at_once(X, size)) is not None:
            return whole
        padded = np.concatenate([X, np.repeat(X[-1:], -len(X) % size, axis=0)])
        parts = [evaluated(padded[start : start + size]) for start in range(0, len(padded), size)]
        return np.concatenate(parts)[: len(X)]

    return predict
