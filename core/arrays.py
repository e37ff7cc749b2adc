"""Turn what callers pass into arrays of floats, exactly, or say which entry cannot be."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.errors import InputError

FloatArray = NDArray[np.float64]


def exact_floats(values: object, name: str) -> FloatArray:
    """Return `values` as float64, or raise `InputError` when that would change one of them.

    Torch tensors (any device), pandas objects, NumPy arrays of any real type and nested lists are accepted.
    """
    try:
        array = _as_array(values)
        if array.dtype.kind not in "fiubO":
            raise InputError(f"{name} has type {array.dtype}: real numbers are needed")
        if array.dtype.kind == "O":
            _refuse_non_numbers(array, name)
        with np.errstate(over="ignore"):  # a long double beyond the range becomes inf, which callers report
            floats = array.astype(np.float64)
    except InputError:
        raise
    except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:  # torch raises RuntimeErrors
        raise InputError(f"{name} is not an array of numbers: {' '.join(str(error).split())}") from None
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        _refuse_rounding(array, floats, name)
    return floats


def _as_array(values: Any) -> NDArray[Any]:
    """Return an array that still holds every number as it was given."""
    if np.ma.is_masked(values):
        raise ValueError("it has masked entries, which must be removed or filled")
    if hasattr(values, "tocsr"):
        raise ValueError("it is a sparse matrix, whose toarray() is needed")
    # NumPy and pandas round large integers that stand beside floats, so those stay Python integers
    if (
        getattr(values, "dtypes", None) is not None
        and values.ndim == 2
        and len({dtype.kind for dtype in values.dtypes}) > 1
    ):
        return np.asarray(values.to_numpy(dtype=object))
    array = np.asarray(_unwrap(values))
    if array.dtype.kind == "f" and isinstance(values, (list, tuple)):
        given = np.asarray(values, dtype=object)
        if any(isinstance(value, int) and abs(value) > 2**53 for value in given.flat):
            return given
    return array


def _unwrap(values: Any) -> Any:
    if hasattr(values, "detach"):  # a torch tensor, recognised without importing torch
        values = values.detach().cpu()
        values = (values.double() if values.is_floating_point() else values).numpy()  # NumPy has no bfloat16
    return values.to_numpy() if hasattr(values, "to_numpy") else values


def _place(index: tuple[int, ...]) -> str:
    """Say where an entry stands; a lone number stands nowhere."""
    if not index:
        return ""
    column = f", column {index[1]}" if len(index) > 1 else ""
    return f" at row {index[0]}{column}"


def _refuse_non_numbers(array: NDArray[Any], name: str) -> None:
    for index, value in np.ndenumerate(array):
        if _is_missing(value):
            raise InputError(f"{name} holds nothing{_place(index)}: remove or fill that sample")
        if isinstance(value, (str, bytes)):
            raise InputError(f"{name} holds {value!r:.40}{_place(index)}: real numbers are needed")


def _refuse_rounding(array: NDArray[Any], floats: FloatArray, name: str) -> None:
    if array.dtype.kind in "iu" and (array.size == 0 or max(-int(array.min()), int(array.max())) <= 2**53):
        return
    for index, value in np.ndenumerate(array):
        stored = floats[index]
        if not np.isfinite(stored):
            continue  # reported with its row by the caller
        # Python compares its numbers with floats exactly, NumPy converts its integers first
        number = int(value) if isinstance(value, np.integer) else value
        if number != float(stored):
            raise InputError(
                f"{name} holds {value!s:.40}{_place(index)}, which no 64-bit float represents exactly: "
                "round it with float()"
            )


def positive_number(value: object, name: str, otherwise: str = "") -> float:
    """Return a positive number of a reasonable size as a float, or raise `InputError`."""
    plain = value.item() if isinstance(value, np.generic) else value
    if (
        isinstance(plain, bool)
        or not isinstance(plain, (int, float))
        or not 0 < plain <= tolerances.MAX_MAGNITUDE
    ):
        raise InputError(f"{name} = {value!r:.80}: it must be a positive number{otherwise}")
    return float(exact_floats(plain, name))


def tolerance_vector(given: object, length: int) -> FloatArray:
    """Return one tolerance a sample, none negative."""
    slack = exact_floats(given, "tolerance")
    if slack.ndim == 0:
        if not 0 <= slack <= tolerances.MAX_MAGNITUDE:  # also refuses nan
            raise InputError(f"tolerance = {slack:g}: it must be a finite number, not negative")
        return np.full(length, float(slack))
    slack = sample_vector(slack, "tolerance", length)
    if (negative := np.flatnonzero(slack < 0)).size:
        row = int(negative[0])
        raise InputError(f"tolerance is {slack[row]:g} at row {row}: it must not be negative")
    return slack


def is_last_class(labels: object, length: int) -> NDArray[np.bool_]:
    """Say for each of at most two kinds of label whether it is the one that sorts last."""
    classes, numbers = class_numbers(labels, length)
    if len(classes) > 2:
        shown = ", ".join(map(str, classes[:4]))
        raise InputError(
            f"labels have {len(classes)} classes ({shown}, ...): exactly two are supported here, more by "
            "MultiClassProblem and `sparsest solve --classify`"
        )
    return np.asarray(numbers == len(classes) - 1)


def class_numbers(
    labels: object, length: int, classes: Sequence[Any] | None = None
) -> tuple[tuple[Any, ...], NDArray[np.intp]]:
    """Return the classes, sorted unless they are given, and the place of each label (N,) among them."""
    try:
        values = np.asarray(_unwrap(labels))
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.shape != (length,):
            raise InputError(
                f"labels have shape {values.shape}: one label for each of the {length} rows of X is needed"
            )
        missing = [_is_missing(value) for value in values.tolist()]
        if any(missing):
            raise InputError(f"labels hold nothing at row {missing.index(True)}: remove or fill that sample")
        if classes is None:
            found, numbers = np.unique(values, return_inverse=True)
            return tuple(found.tolist()), numbers.reshape(-1)
        place = {name: k for k, name in enumerate(classes)}
        if len(place) != len(classes):
            raise InputError("classes hold a name twice")
        unknown = [value for value in values.tolist() if value not in place]
    except InputError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"labels cannot be told apart: {' '.join(str(error).split())}") from None
    if unknown:
        shown = ", ".join(map(str, classes[:4]))
        raise InputError(f"labels hold {unknown[0]!r:.40}, which is none of the classes {shown}")
    return tuple(classes), np.array([place[value] for value in values.tolist()], dtype=np.intp)


def _is_missing(value: object) -> bool:
    # nan differs from itself; pandas' NA answers no question and is recognised without importing pandas
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def input_rows(X: object) -> FloatArray:
    """Return X as (N, d) finite floats, at least one by one; a flat sequence is one feature."""
    array = exact_floats(X, "X")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise InputError(f"X has shape {array.shape}: it must be two-dimensional, one row a sample")
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise InputError(f"X has shape {array.shape}: at least one sample and one feature are needed")
    refuse_non_finite(array, "X")
    return array


def column_names(X: object) -> tuple[str, ...] | None:
    """Return the column names of a data frame; None for other arrays, and where a name is a mere number."""
    columns = getattr(X, "columns", None)
    names = None if columns is None or callable(columns) else list(columns)
    return tuple(names) if names and all(isinstance(name, str) for name in names) else None


def series_name(y: object) -> str | None:
    """Return the name of a pandas series, or of the one column of a data frame; None for other arrays."""
    name = getattr(y, "name", None)
    columns = column_names(y)
    if columns is not None and len(columns) == 1:
        name = columns[0]
    return name if isinstance(name, str) else None


def checked_names(names: Sequence[str] | None, n_features: int) -> tuple[str, ...] | None:
    """Return feature names as a tuple, or raise `InputError` unless there is one text for each feature."""
    if names is None:
        return None
    given = (names,) if isinstance(names, str) else tuple(names)
    if not all(isinstance(name, str) for name in given):
        raise InputError("feature_names: every name must be a text")
    if len(given) != n_features:
        raise InputError(f"{len(given)} feature_names for {n_features} features: one for each is needed")
    return given


def sample_vector(
    values: object, name: str, length: int, several: str = "", *, infinite: float | None = None
) -> FloatArray:
    """Return finite floats (N,), one a sample; `infinite` is the one infinity allowed among them.

    `several` says what takes a table of several columns instead.
    """
    array = exact_floats(values, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (length,):
        instead = f"; {several}" if several and array.ndim == 2 and len(array) == length else ""
        raise InputError(
            f"{name} has shape {array.shape}: X has {length} rows, so ({length},) is needed{instead}"
        )
    checked = array if infinite is None else np.where(array == infinite, 0.0, array)
    refuse_non_finite(checked, name)
    return array


def refuse_non_finite(array: FloatArray, name: str) -> None:
    """Raise `InputError` for an entry that is not finite or too large to multiply."""
    bad = ~(np.abs(array) <= tolerances.MAX_MAGNITUDE)  # also catches nan
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        value = array[index]
        advice = "rescale the data" if np.isfinite(value) else "remove or fill that sample"
        raise InputError(f"{name} holds {value:g}{_place(index)}: {advice}")
