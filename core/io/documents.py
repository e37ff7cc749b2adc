"""Problems, networks and results as versioned JSON and NPZ files, without pickle.

A document is ``{"format": "sparsest/<kind>", "version": 1, ...}``. Floats are written so that they read back
bit for bit; infinite interval ends are the strings "inf" and "-inf". An NPZ file holds the same document,
with every array of numbers outside the options moved into an array of its own. Options read back as JSON
holds them: tuples as lists, infinities as strings. Files are written to a temporary neighbour first
and moved into place, and read only up to a size (`sparsest.files`).
"""

import dataclasses
import io
import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.files import Arrays, read_arrays, refuse_large_file, write_atomically
from sparsest.io.strict_json import Converter, Document, array, fields_of, parse, text, whole
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.certificate import Certificate
from sparsest.results.comparison import Verdict
from sparsest.results.multi_class import MultiClassResult
from sparsest.results.multi_output import MultiOutputResult
from sparsest.results.multi_output_certificate import MultiOutputCertificate
from sparsest.results.outliers import OutliersResult
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult, FitResult
from sparsest.results.trade_off import FrontierResult, LeastErrorResult
from sparsest.sentences import Sentence

VERSION = 2

# Fields that stay in the document of an NPZ file: they are the caller's own words, and lists in them may mean
# anything.
_WORDS = frozenset({"options", "feature_names", "target_names", "classes", "between", "unordered"})

Savable = (
    Problem
    | Network
    | ExactResult
    | FitResult
    | PathNormResult
    | ThresholdResult
    | LeastErrorResult
    | FrontierResult
    | OutliersResult
    | Verdict
    | Certificate
    | MultiClassProblem
    | MultiClassResult
    | MultiOutputProblem
    | MultiOutputNetwork
    | MultiOutputResult
    | MultiOutputCertificate
)
_KINDS: dict[type, str] = {
    Problem: "problem",
    Network: "network",
    ExactResult: "exact-result",
    FitResult: "fit-result",
    PathNormResult: "path-norm-result",
    ThresholdResult: "threshold-result",
    LeastErrorResult: "least-error-result",
    FrontierResult: "frontier-result",
    OutliersResult: "outliers-result",
    Verdict: "verdict",
    Certificate: "certificate",
    MultiClassProblem: "multi-class-problem",
    MultiClassResult: "multi-class-result",
    MultiOutputProblem: "multi-output-problem",
    MultiOutputNetwork: "multi-output-network",
    MultiOutputResult: "multi-output-result",
    MultiOutputCertificate: "multi-output-certificate",
}


def encode(item: Savable) -> Document:
    """Return the JSON document of a problem, network or result.

    Raises
    ------
    InputError
        For any other type.
    """
    kind = _KINDS.get(type(item))
    if kind is None:
        raise InputError(f"a {type(item).__name__} cannot be saved: save a problem, network or result")
    shape = {"n_features": item.n_features} if isinstance(item, Network | MultiOutputNetwork) else {}
    if isinstance(item, MultiOutputNetwork):
        shape["n_outputs"] = item.n_outputs
    return {"format": f"sparsest/{kind}", "version": VERSION, **shape, **_fields(item)}


def decode(document: object) -> Savable:
    """Return the object that a document describes.

    Raises
    ------
    InputError
        When the document is not of a known format and version, or a field is missing or wrong.
    """
    if not isinstance(document, dict) or not isinstance(document.get("format"), str):
        raise InputError('not a sparsest document: the field "format" is missing')
    family, _, kind = document["format"].partition("/")
    if family != "sparsest" or kind not in _DECODERS:
        known = ", ".join(_DECODERS)
        raise InputError(f"unknown format {document['format'][:60]!r}: known are sparsest/{known}")
    version = document.get("version")
    if type(version) is not int or version != VERSION:
        raise InputError(f"{kind} document of version {version!r:.40}: this release reads {VERSION}")
    try:
        return _DECODERS[kind](document)
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"{kind} document lacks the field {error}") from None
    except RecursionError:
        raise InputError("nested too deeply") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{kind} document has an unusable field: {error!s:.200}") from None


def save(item: Savable, path: str | os.PathLike[str]) -> None:
    """Write a problem, network or result to a .json or .npz file, atomically.

    Raises
    ------
    InputError
        For an unknown ending or an item that cannot be saved.
    OSError
        When the file cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import sparsest
    >>> ramp = sparsest.Network([[1]], [0], [1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sparsest.save(ramp, pathlib.Path(folder) / "ramp.json")
    ...     sparsest.load(pathlib.Path(folder) / "ramp.json")
    <Network 1 neuron, d=1>
    """
    target = Path(path)
    document: object = encode(item)
    arrays: Arrays = {}
    ending = check_ending(target)
    if ending == ".npz":
        document = _without_arrays(document, "", arrays)
    try:
        written = json.dumps(document, indent=1 if ending == ".json" else None, allow_nan=False)
    except TypeError as error:  # an option of a type that JSON has no word for
        raise InputError(f"the {type(item).__name__} cannot be saved: {error}") from None
    if ending == ".json":
        write_atomically(target, f"{written}\n".encode())
        return
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, document=np.array(written), **arrays)
    write_atomically(target, buffer.getvalue())


def load(path: str | os.PathLike[str]) -> Savable:
    """Read a problem, network or result from a .json or .npz file.

    Raises
    ------
    InputError
        When the file is missing, too large, damaged, or not written by `save`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "result.npz"
    ...     sparsest.save(sparsest.solve(xor), file)
    ...     result = sparsest.load(file)
    >>> result
    <ExactResult neurons: 2, proven minimal>
    """
    source = Path(path)
    ending = check_ending(source)
    refuse_large_file(source)
    try:
        document = _read_json(source) if ending == ".json" else _read_npz(source)
        return decode(document)
    except InputError as error:
        raise InputError(f"{source}: {' '.join(str(error).split())}") from None


def check_ending(path: Path) -> str:
    """Return ".json" or ".npz", or raise `InputError` for another ending."""
    ending = path.suffix.lower()
    if ending not in (".json", ".npz"):
        raise InputError(f"{path}: unknown ending {ending!r}, use .json or .npz")
    return ending


def _read_json(path: Path) -> object:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InputError(f"not readable JSON: {error}") from None


def _read_npz(path: Path) -> object:
    arrays = read_arrays(path)
    try:
        return _with_arrays(parse(str(arrays["document"])), arrays)
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"not written by sparsest: entry {error} is missing") from None
    except RecursionError:
        raise InputError("nested too deeply") from None
    except ValueError as error:
        raise InputError(f"not written by sparsest: {error}") from None


def _fields(item: Any) -> Document:
    """Return what is written of an item: all but the data that a result carries along for figures."""
    names = [field.name for field in dataclasses.fields(item) if field.compare]
    return {name: plain(getattr(item, name)) for name in names}


def plain(value: Any) -> Any:
    """Return what JSON holds of a field's value: numbers that it cannot hold by their names."""
    if type(value) in _KINDS:
        return encode(value)
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, (Sentence, Objective)):
        return str(value)
    if isinstance(value, np.ndarray):
        return [plain(entry) for entry in value.tolist()] if value.ndim else plain(value.item())
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value


def _without_arrays(value: Any, name: str, arrays: Arrays) -> Any:
    """Move every nonempty list of numbers into `arrays` and leave ``{"array": name}`` in its place."""
    if isinstance(value, dict):
        return {
            key: entry if key in _WORDS else _without_arrays(entry, f"{name}.{key}" if name else key, arrays)
            for key, entry in value.items()
        }
    if isinstance(value, list) and value:
        try:
            arrays[name] = array(value)
        except (InputError, ValueError):
            return value
        return {"array": name}
    return value


def _with_arrays(value: Any, arrays: Arrays) -> Any:
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return arrays[text(value["array"])]
        return {key: entry if key in _WORDS else _with_arrays(entry, arrays) for key, entry in value.items()}
    return value


def _problem(document: Document) -> Problem:
    known: dict[Any, Converter] = {float | None: _as_it_is}  # which `Problem` checks
    known[tuple[int, ...]] = _whole_numbers
    return Problem.from_intervals(**fields_of(Problem, document, known))


def _as_it_is(value: Any) -> Any:
    return value


def _network(document: Document) -> Network:
    fields, n_features = fields_of(Network, document), whole(document["n_features"])
    weights = fields["weights"]
    if weights.size == 0:
        fields["weights"] = weights = weights.reshape(0, n_features)  # a list without rows has lost it
    if weights.shape[-1:] != (n_features,):
        raise InputError(f"weights have shape {weights.shape} in a document of {n_features!s:.20} features")
    return Network(**fields)


def _multi_output_problem(document: Document) -> MultiOutputProblem:
    known: dict[Any, Converter] = {tuple[int, ...]: _whole_numbers}
    return MultiOutputProblem.from_intervals(**fields_of(MultiOutputProblem, document, known))


def _multi_class_problem(document: Document) -> MultiClassProblem:
    known: dict[Any, Converter] = {tuple[int, ...]: _whole_numbers, tuple[Any, ...]: _any_list}
    known |= {float: _as_it_is, NDArray[np.intp]: array}  # which the problem checks
    return MultiClassProblem.from_numbers(**fields_of(MultiClassProblem, document, known))


def _any_list(value: Any) -> tuple[Any, ...]:
    """Return a list of names of classes: texts, numbers and the like."""
    if not isinstance(value, list) or any(isinstance(each, dict | list) for each in value):
        raise InputError(f"{value!s:.40} stands where a list of names is needed")
    return tuple(value)


def _multi_output_network(document: Document) -> MultiOutputNetwork:
    fields, shape = (
        fields_of(MultiOutputNetwork, document),
        (
            whole(document["n_features"], 1),
            whole(document["n_outputs"], 1),
        ),
    )
    for name, size in zip(("weights", "outputs"), shape, strict=True):
        if fields[name].size == 0:
            fields[name] = fields[name].reshape(0, size)  # a list without rows has lost it
        if fields[name].shape[-1:] != (size,):
            raise InputError(f"{name} have shape {fields[name].shape}: rows of {size!s:.20} are needed")
    return MultiOutputNetwork(**fields)


def _other(document: Document, kind: type[Savable]) -> Savable:
    known: dict[Any, Converter] = {each: partial(_decoded, kind=each) for each in _KINDS}
    known[tuple[int, ...]] = _whole_numbers
    known[tuple[Any, ...]] = _any_list
    known[tuple[LeastErrorResult, ...]] = _points
    special = {"trace": _three_columns} if kind is Certificate else {}
    return kind(**fields_of(kind, document, known, **special))


def _decoded(document: object, kind: type) -> Savable:
    item = decode(document)
    if not isinstance(item, kind):
        raise InputError(f"a {_KINDS[type(item)]} stands where a {_KINDS[kind]} is needed")
    return item


def _points(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise InputError(f"{value!s:.40} stands where a list of points is needed")
    return tuple(_decoded(each, LeastErrorResult) for each in value)


def _whole_numbers(value: Any) -> tuple[int, ...]:
    """Return a list of whole numbers, which NPZ files hold as an array of floats."""
    numbers = array(value)
    if numbers.ndim != 1 or np.any(numbers != np.floor(numbers)):
        raise InputError(f"{value!s:.40} stands where a list of whole numbers is needed")
    return tuple(int(number) for number in numbers)


def _three_columns(value: Any) -> FloatArray:
    return array(value).reshape(-1, 3)


_DECODERS: dict[str, Callable[[Document], Savable]] = {
    name: partial(_other, kind=kind) for kind, name in _KINDS.items()
} | {
    "problem": _problem,
    "network": _network,
    "multi-class-problem": _multi_class_problem,
    "multi-output-problem": _multi_output_problem,
    "multi-output-network": _multi_output_network,
}
