"""JSON from outside, read by the book: finite numbers alone, and every field of the type that is expected.

Converters take what JSON holds to a value, and raise `InputError` where something else stands. `fields_of`
picks them by the annotations of a dataclass, so that no list of fields is kept twice.
"""

import collections.abc
import dataclasses
import functools
import json
import math
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_args, get_origin

import numpy as np

from sparsest.arrays import FloatArray, exact_floats
from sparsest.errors import InputError

Document = dict[str, Any]
Converter = Callable[[Any], Any]

_INFINITIES: Final = ("inf", "-inf", "nan")


def parse(text: str | bytes) -> Any:
    """Parse JSON: no NaN or Infinity, no number that overflows to one, and no nesting without end.

    Raises
    ------
    ValueError
        When it is no such JSON; an `InputError` when it is nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise InputError("nested too deeply") from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text:.40} is not a finite number")
    return value


def fields_of(
    kind: type, document: Document, known: Mapping[Any, Converter] | None = None, **by_name: Converter
) -> Document:
    """Return the fields of a dataclass that a document holds, converted; it may hold more.

    Parameters
    ----------
    kind : type
        The dataclass.
    document : dict
        What JSON holds.
    known : mapping, optional
        Converters for annotations, before those of `converter`.
    by_name
        Converters for single fields.

    Raises
    ------
    InputError
        Naming the field that is wrong.
    KeyError
        When a field is missing.
    """
    fields: Document = {}
    for field in dataclasses.fields(kind):
        if not field.compare:  # data that a result carries along, which are not written
            continue
        value = document[field.name]
        convert = by_name.get(field.name) or converter(field.type, known or {})
        try:
            fields[field.name] = convert(value)
        except InputError as error:
            raise InputError(f"field {field.name!r}: {error}") from None
        except (TypeError, ValueError) as error:
            raise InputError(f"field {field.name!r} is unusable: {error!s:.200}") from None
    return fields


def converter(hint: Any, known: Mapping[Any, Converter]) -> Converter:
    """Return what converts to the type that an annotation names."""
    for table in (known, _BASIC):
        if hint in table:
            return table[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        (kind,) = (part for part in inner if part is not types.NoneType)
        return functools.partial(_optional, convert=converter(kind, known))
    if origin is tuple and inner[-1] is Ellipsis:
        return functools.partial(_several, convert=converter(inner[0], known))
    if origin is tuple:
        return functools.partial(_in_turn, converters=[converter(part, known) for part in inner])
    if origin in (dict, collections.abc.Mapping):
        return mapping
    if hasattr(hint, "parse"):  # an enum
        parsed: Converter = hint.parse
        return parsed
    return functools.partial(_nested, kind=hint, known=known)


def number(value: Any) -> Any:
    """Return an integer or float as it is, and a float for the name of one that JSON cannot hold."""
    if isinstance(value, str) and value in _INFINITIES:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{value!r:.40} stands where a number is needed")
    return value


def real(value: Any) -> float:
    """Return a number as a float, exactly."""
    return float(exact_floats(number(value), "it"))


def whole(value: Any, least: int | None = None, most: int | None = None) -> int:
    """Return a whole number, within bounds if there are any."""
    fits = type(value) is int and (least is None or least <= value) and (most is None or value <= most)
    if not fits:
        bounds = f" from {least} to {most}" if most is not None else ""
        raise InputError(f"{value!r:.40} stands where a whole number{bounds} is needed")
    return int(value)


def text(value: Any) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise InputError(f"{value!r:.40} stands where a text is needed")
    return value


def truth(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise InputError(f"{value!r:.40} stands where true or false is needed")
    return value


def mapping(value: Any) -> Document:
    """Return a mapping, whatever its values."""
    if not isinstance(value, dict):
        raise InputError(f"{value!r:.40} stands where a mapping is needed")
    return value


def array(value: Any) -> FloatArray:
    """Return an array, or nested lists with the names of infinities in them, as an array of floats."""
    return exact_floats(value if isinstance(value, np.ndarray) else _floats(value), "it")


def _floats(value: Any) -> Any:
    return [_floats(entry) for entry in value] if isinstance(value, list) else number(value)


def _optional(value: Any, convert: Converter) -> Any:
    return None if value is None else convert(value)


def _several(value: Any, convert: Converter) -> tuple[Any, ...]:
    return tuple(convert(entry) for entry in _list(value))


def _in_turn(value: Any, converters: Sequence[Converter]) -> tuple[Any, ...]:
    return tuple(convert(entry) for convert, entry in zip(converters, _list(value), strict=True))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(f"{value!r:.40} stands where a list is needed")
    return value


def _nested(value: Any, kind: Any, known: Mapping[Any, Converter]) -> Any:
    return kind(**fields_of(kind, mapping(value), known))


_BASIC: Final[dict[Any, Converter]] = {
    int: whole,
    float: real,
    str: text,
    bool: truth,
    FloatArray: array,
}
