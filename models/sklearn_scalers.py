"""The affine steps of scikit-learn, forwards and backwards, by the attributes that fitting gives them."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sparsest.errors import InputError
from sparsest.models.affine_values import AffineValue, divided, joined, plus, product, taken, times

_AFFINE: Final = "StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, PCA and selections are read"


def is_a(model: Any, kind: str) -> bool:
    """Whether an object is of a class of this name, or of a class derived from it."""
    return kind in [base.__name__ for base in type(model).__mro__]


def transformed(step: Any, value: AffineValue, said: list[str]) -> AffineValue:
    """Return what a fitted step makes of its inputs, and note its name.

    Raises
    ------
    InputError
        For a step that is not affine, or not fitted.
    """
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return value
    if is_a(step, "Pipeline"):
        for _, inner in step.steps:
            value = transformed(inner, value, said)
        return value
    if is_a(step, "ColumnTransformer"):
        return _columns(step, value, said)
    found = [rule for kind, rule in _FORWARDS.items() if is_a(step, kind)]
    if not found and not hasattr(step, "get_support"):
        raise InputError(f"a step is a {type(step).__name__}, which is not affine: {_AFFINE}")
    try:
        result = found[0](step, value) if found else taken(value, -1, np.flatnonzero(step.get_support()))
    except AttributeError:
        raise InputError(f"the {type(step).__name__} is not fitted: call fit first") from None
    if result is not value:
        said.append(type(step).__name__)
    return result


def inverted(step: Any, value: AffineValue, said: list[str]) -> AffineValue:
    """Return what a fitted scaler of targets makes of a network's output, and note its name.

    Raises
    ------
    InputError
        For one that is not affine.
    """
    if is_a(step, "Pipeline"):
        for _, inner in reversed(step.steps):
            value = inverted(inner, value, said)
        return value
    found = [rule for kind, rule in _BACKWARDS.items() if is_a(step, kind)]
    if not found:
        raise InputError(f"the target goes through a {type(step).__name__}, which is not affine: {_AFFINE}")
    result = found[0](step, value)
    if result is not value:
        said.append(f"{type(step).__name__} of the target")
    return result


def _columns(step: Any, value: AffineValue, said: list[str]) -> AffineValue:
    """Return the parts of a ``ColumnTransformer`` side by side."""
    names = list(getattr(step, "feature_names_in_", ()))
    parts = []
    for _, inner, columns in step.transformers_:
        if isinstance(inner, str) and inner == "drop":
            continue
        places = _places(columns, names, value.shape[-1])
        if len(places):
            parts.append(transformed(inner, taken(value, -1, places), said))
    if not parts:
        raise InputError("the ColumnTransformer keeps no column")
    return joined(parts, -1)


def _places(columns: Any, names: list[str], size: int) -> NDArray[np.int64]:
    if isinstance(columns, str) or (isinstance(columns, int) and not isinstance(columns, bool)):
        columns = [columns]
    numbers = np.arange(size, dtype=np.int64)
    if isinstance(columns, slice):
        return numbers[columns]
    chosen = list(columns)
    if chosen and all(isinstance(name, str) for name in chosen):
        return np.array([names.index(name) for name in chosen], dtype=np.int64)
    mask = bool(chosen) and isinstance(chosen[0], (bool, np.bool_))
    return np.asarray(numbers[np.asarray(chosen, dtype=bool if mask else np.int64)])


# ---------------------------------------------------------------- one function a step


def _standard(step: Any, value: AffineValue) -> AffineValue:
    if step.mean_ is not None and step.with_mean:
        value = plus(value, step.mean_, -1.0)
    return value if step.scale_ is None else divided(value, step.scale_)


def _standard_back(step: Any, value: AffineValue) -> AffineValue:
    value = value if step.scale_ is None else times(value, step.scale_)
    return plus(value, step.mean_) if step.mean_ is not None and step.with_mean else value


def _min_max(step: Any, value: AffineValue) -> AffineValue:
    _refuse_clip(step)
    return plus(times(value, step.scale_), step.min_)


def _min_max_back(step: Any, value: AffineValue) -> AffineValue:
    return divided(plus(value, step.min_, -1.0), step.scale_)


def _max_abs(step: Any, value: AffineValue) -> AffineValue:
    _refuse_clip(step)
    return divided(value, step.scale_)


def _max_abs_back(step: Any, value: AffineValue) -> AffineValue:
    return times(value, step.scale_)


def _refuse_clip(step: Any) -> None:
    if getattr(step, "clip", False):
        raise InputError(
            f"the {type(step).__name__} clips its inputs, a second hidden layer: fit it with clip=False"
        )


def _robust(step: Any, value: AffineValue) -> AffineValue:
    if step.with_centering:
        value = plus(value, step.center_, -1.0)
    return divided(value, step.scale_) if step.with_scaling else value


def _robust_back(step: Any, value: AffineValue) -> AffineValue:
    if step.with_scaling:
        value = times(value, step.scale_)
    return plus(value, step.center_) if step.with_centering else value


def _pca(step: Any, value: AffineValue) -> AffineValue:
    result = product(plus(value, step.mean_, -1.0), step.components_.T)
    return divided(result, np.sqrt(step.explained_variance_)) if step.whiten else result


def _svd(step: Any, value: AffineValue) -> AffineValue:
    return product(value, step.components_.T)


def _function(step: Any, value: AffineValue) -> AffineValue:
    if step.func is not None or step.inverse_func is not None:
        raise InputError(
            "a FunctionTransformer holds a function, which is not read: leave it out, or scale by a scaler"
        )
    return value


def _imputer(step: Any, value: AffineValue) -> AffineValue:
    """Return the columns that an imputer keeps: inputs of this project hold no missing value."""
    if step.add_indicator or not (isinstance(step.missing_values, float) and np.isnan(step.missing_values)):
        raise InputError("a SimpleImputer adds columns or replaces numbers, which is not affine")
    kept = np.flatnonzero(~np.isnan(np.asarray(step.statistics_, dtype=np.float64)))
    return value if len(kept) == value.shape[-1] else taken(value, -1, kept)


Rule = Callable[[Any, AffineValue], AffineValue]

_FORWARDS: Final[dict[str, Rule]] = {
    "StandardScaler": _standard,
    "MinMaxScaler": _min_max,
    "MaxAbsScaler": _max_abs,
    "RobustScaler": _robust,
    "PCA": _pca,
    "TruncatedSVD": _svd,
    "FunctionTransformer": _function,
    "SimpleImputer": _imputer,
}
_BACKWARDS: Final[dict[str, Rule]] = {
    "StandardScaler": _standard_back,
    "MinMaxScaler": _min_max_back,
    "MaxAbsScaler": _max_abs_back,
    "RobustScaler": _robust_back,
    "FunctionTransformer": _function,
}
