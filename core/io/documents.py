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
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray, exact_floats
from sparsest.errors import InputError
from sparsest.files import Arrays, read_arrays, refuse_large_file, write_atomically
from sparsest.history import History
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.certificate import (
    Attempt,
    Certificate,
    Judgement,
    Miss,
    Reduction,
    ReductionKind,
)
from sparsest.results.comparison import Attainment, Outcome, Verdict
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult, FitResult, Proof, Restarts, Status
from sparsest.sentences import Sentence

VERSION = 2

# Fields that stay in the document of an NPZ file: they are the caller's own words, and lists in them may mean
# anything.
_TEXTS = frozenset({"options", "feature_names"})

Document = dict[str, Any]
Converter = Callable[[Any], Any]
Savable = (
    Problem | Network | ExactResult | FitResult | PathNormResult | ThresholdResult | Verdict | Certificate
)
_KINDS: dict[type, str] = {
    Problem: "problem",
    Network: "network",
    ExactResult: "exact-result",
    FitResult: "fit-result",
    PathNormResult: "path-norm-result",
    ThresholdResult: "threshold-result",
    Verdict: "verdict",
    Certificate: "certificate",
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
    shape = {"n_features": item.n_features} if isinstance(item, Network) else {}
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
        known = ", ".join(f"sparsest/{name}" for name in _DECODERS)
        raise InputError(f"unknown format {document['format'][:80]!r}: known are {known}")
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
    """
    target = Path(path)
    document: object = encode(item)
    arrays: Arrays = {}
    ending = check_ending(target)
    if ending == ".npz":
        document = _without_arrays(document, "", arrays)
    try:
        text = json.dumps(document, indent=1 if ending == ".json" else None, allow_nan=False)
    except TypeError as error:  # an option of a type that JSON has no word for
        raise InputError(f"the {type(item).__name__} cannot be saved: {error}") from None
    if ending == ".json":
        write_atomically(target, f"{text}\n".encode())
        return
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, document=np.array(text), **arrays)
    write_atomically(target, buffer.getvalue())


def load(path: str | os.PathLike[str]) -> Savable:
    """Read a problem, network or result from a .json or .npz file.

    Raises
    ------
    InputError
        When the file is missing, too large, damaged, or not written by `save`.
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
        return _parsed(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InputError(f"not readable JSON: {error}") from None


def _parsed(text: str) -> object:
    """Parse JSON by the book: no NaN or Infinity, and no number that overflows to one."""
    try:
        document: object = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise InputError("nested too deeply") from None
    return document


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text:.40} is not a finite number")
    return value


def _read_npz(path: Path) -> object:
    arrays = read_arrays(path)
    try:
        return _with_arrays(_parsed(str(arrays["document"])), arrays)
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
    return {name: _plain(getattr(item, name)) for name in names}


def _plain(value: Any) -> Any:
    """Turn a field's value into what JSON holds."""
    if isinstance(value, (Network, ExactResult, FitResult, PathNormResult, ThresholdResult)):
        return encode(value)
    if isinstance(value, (History, Restarts, Reduction, Miss, Attempt)):
        return _fields(value)
    if isinstance(value, (Sentence, Objective)):
        return str(value)
    if isinstance(value, np.ndarray):
        return [_plain(entry) for entry in value.tolist()] if value.ndim else _plain(value.item())
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value


def _array(value: Any) -> FloatArray:
    """Turn an array, or nested lists with "inf" and "-inf" in them, into an array of floats."""
    return exact_floats(value if isinstance(value, np.ndarray) else _floats(value), "it")


def _floats(value: Any) -> Any:
    return [_floats(entry) for entry in value] if isinstance(value, list) else _number(value)


def _number(value: Any) -> Any:
    """Return an integer or float as it is, and a float for the name of one that JSON cannot hold."""
    if isinstance(value, str) and value in ("inf", "-inf", "nan"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{value!r:.40} stands where a number is needed")
    return value


def _float(value: Any) -> float:
    return float(exact_floats(_number(value), "it"))


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{value!r:.40} stands where a whole number is needed")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{value!r:.40} stands where a text is needed")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise InputError(f"{value!r:.40} stands where a list of texts is needed")
    return [_text(entry) for entry in value]


def _mapping(value: Any) -> Document:
    if not isinstance(value, dict):
        raise InputError(f"{value!r:.40} stands where a mapping is needed")
    return value


def _as_it_is(value: Any) -> Any:
    return value


def _optional(convert: Converter) -> Converter:
    return lambda value: None if value is None else convert(value)


def _without_arrays(value: Any, name: str, arrays: Arrays) -> Any:
    """Move every nonempty list of numbers into `arrays` and leave ``{"array": name}`` in its place."""
    if isinstance(value, dict):
        return {
            key: entry if key in _TEXTS else _without_arrays(entry, f"{name}.{key}" if name else key, arrays)
            for key, entry in value.items()
        }
    if isinstance(value, list) and value:
        try:
            arrays[name] = _array(value)
        except (InputError, ValueError):
            return value
        return {"array": name}
    return value


def _with_arrays(value: Any, arrays: Arrays) -> Any:
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return arrays[_text(value["array"])]
        return {key: entry if key in _TEXTS else _with_arrays(entry, arrays) for key, entry in value.items()}
    return value


def _problem(document: Document) -> Problem:
    converters: dict[str, Converter] = dict.fromkeys(("X", "low", "high"), _array)
    converters |= {
        "affine": Affine.parse,
        "weight_bound": _as_it_is,
        "feature_names": _optional(_texts),
        "target_name": _optional(_text),
    }
    return Problem.from_intervals(**_converted(document, converters))


def _network(document: Document) -> Network:
    converters: dict[str, Converter] = {
        "n_features": _whole,
        "weights": _array,
        "biases": _array,
        "outputs": _array,
        "affine": _optional(_array),
    }
    fields = _converted(document, converters)
    weights, n_features = fields["weights"], fields.pop("n_features")
    if weights.size == 0:
        fields["weights"] = weights = weights.reshape(0, n_features)  # a list without rows has lost it
    if weights.shape[-1:] != (n_features,):
        raise InputError(f"weights have shape {weights.shape} in a document of {n_features!s:.20} features")
    return Network(**fields)


_Kind = TypeVar("_Kind")


def _decoded(document: object, kind: type[_Kind]) -> _Kind:
    item = decode(document)
    if not isinstance(item, kind):
        raise InputError(f"a {_KINDS[type(item)]} stands where a {_KINDS[kind]} is needed")
    return item


def _exact_result(document: Document) -> ExactResult:
    converters: dict[str, Converter] = {
        "status": Status.parse,
        "proof": Proof.parse,
        "objective": Objective.parse,
        "lower_bound": _whole,
        "upper_bound": _optional(_whole),
        "network": _optional(lambda value: _decoded(value, Network)),
        "residual": _optional(_float),
        "method": _text,
        "reason": _text,
        "seconds": _float,
        "nodes": _whole,
        "unverified": _whole,
        "solver": _text,
        "remark": _text,
        "options": _mapping,
        "proof_written": _optional(_truth),
    }
    # documents from before version 0.2 lack the last field
    return ExactResult(**_converted({"proof_written": None, **document}, converters))


def _fit_result(document: Document) -> FitResult:
    converters: dict[str, Converter] = {
        "status": Status.parse,
        "upper_bound": _optional(_whole),
        "network": lambda value: _decoded(value, Network),
        "remark": _text,
        "objective": Objective.parse,
        "p": _float,
        "residual": _float,
        "raw": lambda value: _decoded(value, Network),
        "raw_residual": _float,
        "restarts": lambda value: _arrays_of(value, Restarts),
        "history": lambda value: _arrays_of(value, History),
        "steps": _whole,
        "seconds": _float,
        "seed": _whole,
        "device": _text,
        "options": _mapping,
    }
    return FitResult(**_converted(document, converters))


_Arrays = TypeVar("_Arrays", History, Restarts)


def _arrays_of(document: Any, kind: type[_Arrays]) -> _Arrays:
    names = [field.name for field in dataclasses.fields(kind)]
    return kind(**_converted(_mapping(document), dict.fromkeys(names, _array)))


def _verdict(document: Document) -> Verdict:
    converters: dict[str, Converter] = {
        "outcome": Outcome.parse,
        "reason": _text,
        "exact": lambda value: _decoded(value, ExactResult),
        "continuous": lambda value: _decoded(value, FitResult),
        "attainment": _optional(Attainment.parse),
        "because": _text,
        "least": _optional(lambda value: _decoded(value, PathNormResult)),
        "threshold": _optional(lambda value: _decoded(value, ThresholdResult)),
    }
    return Verdict(**_converted(document, converters))


def _path_norm_result(document: Document) -> PathNormResult:
    converters: dict[str, Converter] = {
        "status": Status.parse,
        "objective": Objective.parse,
        "p": _float,
        "lower_bound": _float,
        "upper_bound": _optional(_float),
        "network": _optional(lambda value: _decoded(value, Network)),
        "residual": _optional(_float),
        "method": _text,
        "nodes": _whole,
        "seconds": _float,
        "remark": _text,
    }
    return PathNormResult(**_converted(document, converters))


def _threshold_result(document: Document) -> ThresholdResult:
    converters: dict[str, Converter] = {
        "status": Status.parse,
        "objective": Objective.parse,
        "lower_bound": _float,
        "upper_bound": _float,
        "network": lambda value: _decoded(value, Network),
        "other": _optional(lambda value: _decoded(value, Network)),
        "nodes": _whole,
        "seconds": _float,
        "remark": _text,
    }
    return ThresholdResult(**_converted(document, converters))


def _certificate(document: Document) -> Certificate:
    converters: dict[str, Converter] = {
        "judgement": Judgement.parse,
        "reason": _text,
        "objective": Objective.parse,
        "affine": Affine.parse,
        "source": _text,
        "dtype": _text,
        "samples": _whole,
        "features": _whole,
        "residual": _float,
        "own_residual": _float,
        "worst": _several(_miss),
        "tolerance": _float,
        "tolerance_chosen": _truth,
        "count": _whole,
        "reduced_count": _whole,
        "reductions": _several(_reduction),
        "lower_bound": _whole,
        "upper_bound": _optional(_whole),
        "network": _optional(lambda value: _decoded(value, Network)),
        "network_residual": _optional(_float),
        "network_own_residual": _optional(_float),
        "proof": Proof.parse,
        "proof_file": _optional(_text),
        "status": _optional(Status.parse),
        "remark": _text,
        "attempts": _several(_attempt),
        "trace": lambda value: _array(value).reshape(-1, 3),
        "seconds": _float,
        "options": _mapping,
    }
    return Certificate(**_converted(document, converters))


def _miss(document: Any) -> Miss:
    converters = {"row": _whole, "label": _float, "value": _float, "distance": _float}
    return Miss(**_converted(_mapping(document), converters))


def _reduction(document: Any) -> Reduction:
    converters: dict[str, Converter] = {
        "kind": ReductionKind.parse,
        "neurons": _whole_numbers,
        "saved": _whole,
        "sentence": _text,
    }
    return Reduction(**_converted(_mapping(document), converters))


def _attempt(document: Any) -> Attempt:
    return Attempt(**_converted(_mapping(document), {"name": _text, "outcome": _text, "seconds": _float}))


def _several(convert: Converter) -> Converter:
    def converted(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise InputError(f"{value!r:.40} stands where a list is needed")
        return tuple(convert(entry) for entry in value)

    return converted


def _whole_numbers(value: Any) -> tuple[int, ...]:
    """Return a list of whole numbers, which NPZ files hold as an array of floats."""
    numbers = _array(value)
    if numbers.ndim != 1 or np.any(numbers != np.floor(numbers)):
        raise InputError(f"{value!s:.40} stands where a list of whole numbers is needed")
    return tuple(int(number) for number in numbers)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{value!r:.40} stands where true or false is needed")
    return value


def _converted(document: Document, converters: Mapping[str, Converter]) -> Document:
    fields = {}
    for name, convert in converters.items():
        value = document[name]
        try:
            fields[name] = convert(value)
        except InputError as error:
            raise InputError(f"field {name!r}: {error}") from None
        except (TypeError, ValueError) as error:
            raise InputError(f"field {name!r} is unusable: {error!s:.200}") from None
    return fields


_DECODERS: dict[str, Callable[[Document], Savable]] = {
    "problem": _problem,
    "network": _network,
    "exact-result": _exact_result,
    "fit-result": _fit_result,
    "path-norm-result": _path_norm_result,
    "threshold-result": _threshold_result,
    "verdict": _verdict,
    "certificate": _certificate,
}
