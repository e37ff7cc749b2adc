"""The problem: data, one interval a sample, and what kind of network is asked for."""

import dataclasses
import hashlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest import tolerances
from sparsest.errors import InputError

FloatArray = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False, init=False)
class Problem:
    """Find a network f with ``low_i <= f(x_i) <= high_i`` on every sample.

    Parameters
    ----------
    X : array-like (N, d)
        Inputs, one row a sample. NumPy, pandas, torch and nested lists are accepted; a flat sequence is one
        feature. Values are taken exactly as binary floats.
    y : array-like (N,)
        Labels.
    skip : bool
        Whether the network has an affine term ``a . x + c``, which no objective counts.
    tolerance : float or array-like (N,)
        Largest ``|f(x_i) - y_i|`` allowed, not negative. The interval ends ``y - tolerance`` and
        ``y + tolerance`` are rounded to floats here, once, and are exact from then on.
    weight_bound : float, optional
        Upper bound R on every ``|v_k w_kj|`` (biases are free), for one neuron per activation pattern and
        output sign.

    Raises
    ------
    InputError
        Naming the first offending row, when shapes, types or values do not fit, or when equal inputs carry
        labels that no function satisfies.

    Examples
    --------
    >>> problem = Problem([[0.0], [1.0], [2.0]], [0, 0, 1])
    >>> problem.n_samples, problem.n_features, problem.skip
    (3, 1, False)
    >>> problem.violation([0.0, 0.25, 1.0])
    array([0.  , 0.25, 0.  ])
    """

    X: FloatArray
    low: FloatArray
    high: FloatArray
    skip: bool
    weight_bound: float | None

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        skip: bool = False,
        tolerance: ArrayLike = 0.0,
        weight_bound: float | None = None,
    ) -> None:
        inputs = _inputs(X)
        labels = _vector(y, "y", len(inputs))
        slack = _tolerances(tolerance, len(inputs))
        low, high = labels - slack, labels + slack
        _refuse_non_finite(low, "y - tolerance")
        _refuse_non_finite(high, "y + tolerance")
        self._set(inputs, low, high, skip, weight_bound)

    @classmethod
    def from_intervals(
        cls,
        X: ArrayLike,
        low: ArrayLike,
        high: ArrayLike,
        *,
        skip: bool = False,
        weight_bound: float | None = None,
    ) -> "Problem":
        """Make a problem from one interval a sample; ends may be ``-inf`` and ``inf``.

        Raises
        ------
        InputError
            As the constructor, and when an interval is empty.
        """
        inputs = _inputs(X)
        problem = object.__new__(cls)
        problem._set(
            inputs,
            _vector(low, "low", len(inputs), infinite=-np.inf),
            _vector(high, "high", len(inputs), infinite=np.inf),
            skip,
            weight_bound,
        )
        return problem

    @classmethod
    def classification(
        cls,
        X: ArrayLike,
        labels: ArrayLike,
        margin: float = 1.0,
        *,
        skip: bool = False,
        weight_bound: float | None = None,
    ) -> "Problem":
        """Ask for a network whose sign separates two classes with a margin.

        The label that sorts last gets ``f(x) >= margin``, the other ``f(x) <= -margin``.

        Raises
        ------
        InputError
            As the constructor, and unless there are at most two labels and ``margin > 0``.
        """
        inputs = _inputs(X)
        positive = _is_last_class(labels, len(inputs))
        distance = _positive(margin, "margin")
        return cls.from_intervals(
            inputs,
            np.where(positive, distance, -np.inf),
            np.where(positive, np.inf, -distance),
            skip=skip,
            weight_bound=weight_bound,
        )

    def _set(
        self, X: FloatArray, low: FloatArray, high: FloatArray, skip: bool, weight_bound: float | None
    ) -> None:
        if not isinstance(skip, (bool, np.bool_)):
            raise InputError(f"skip = {skip!r:.80}: it must be True or False")
        bound = (
            None
            if weight_bound is None
            else _positive(weight_bound, "weight_bound", ", or None for no bound")
        )
        if (empty := np.flatnonzero(low > high)).size:
            row = int(empty[0])
            raise InputError(
                f"row {row} asks for a value in the empty interval "
                f"[{_digits(low[row])}, {_digits(high[row])}]: swap or widen its ends"
            )
        # adding zero turns -0.0 into 0.0, so that equal data have equal bytes and equal digests
        for name, array in (("X", X + 0.0), ("low", low + 0.0), ("high", high + 0.0)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "skip", bool(skip))
        object.__setattr__(self, "weight_bound", bound)
        self._refuse_conflicts()

    def _refuse_conflicts(self) -> None:
        groups, low, high = _group_rows(self.X, self.low, self.high)
        if (clash := np.flatnonzero(low > high)).size:
            rows = np.flatnonzero(groups == clash[0])
            i, j = int(rows[np.argmax(self.low[rows])]), int(rows[np.argmin(self.high[rows])])
            raise InputError(
                f"rows {min(i, j)} and {max(i, j)} have the same inputs but labels "
                f"that no function meets ({_interval(self, min(i, j))} and {_interval(self, max(i, j))}): "
                f"remove one, or allow a tolerance of at least {(self.low[i] - self.high[j]) / 2:g} more"
            )

    @property
    def n_samples(self) -> int:
        """N, the number of rows of X."""
        return len(self.X)

    @property
    def n_features(self) -> int:
        """d, the number of columns of X."""
        return int(self.X.shape[1])

    @property
    def homogeneous(self) -> FloatArray:
        """``[X, 1]`` (N, d + 1), the data on which a folded neuron acts linearly."""
        return np.asarray(np.c_[self.X, np.ones(self.n_samples)])

    @property
    def targets(self) -> FloatArray:
        """One representative label a sample (N,): the middle of its interval, or its finite end, or 0."""
        low_finite, high_finite = np.isfinite(self.low), np.isfinite(self.high)
        with np.errstate(invalid="ignore"):
            middle = self.low + (self.high - self.low) / 2
        return np.where(
            low_finite & high_finite,
            middle,
            np.where(low_finite, self.low, np.where(high_finite, self.high, 0.0)),
        )

    @property
    def is_interpolation(self) -> bool:
        """Whether every interval is a single point."""
        return bool(np.all(self.low == self.high))

    @property
    def label_scale(self) -> float:
        """Largest finite interval end in absolute value; 0 when all are 0 or infinite."""
        ends = np.abs(np.r_[self.low, self.high])
        return float(ends[np.isfinite(ends)].max(initial=0.0))

    @property
    def digest(self) -> str:
        """SHA-256 of the data, intervals, skip and bound: the problem's name in records."""
        state = hashlib.sha256(
            f"sparsest-problem-1 {self.X.shape} {self.skip} {self.weight_bound!r}".encode()
        )
        for array in (self.X, self.low, self.high):
            state.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
        return state.hexdigest()

    def violation(self, values: ArrayLike) -> FloatArray:
        """Return the distance of each value (N,) from its sample's interval, zero inside."""
        given = np.asarray(values, dtype=np.float64)
        if given.shape != self.low.shape:
            raise InputError(
                f"values have shape {given.shape}: one for each of {self.n_samples} samples is needed"
            )
        return np.maximum(0.0, np.maximum(self.low - given, given - self.high))

    def distinct(self) -> "Problem":
        """Return the same problem with equal inputs merged and their intervals intersected, rows sorted."""
        groups, low, high = _group_rows(self.X, self.low, self.high)
        if len(low) == self.n_samples and np.array_equal(groups, np.arange(self.n_samples)):
            return self
        return self.replace(X=np.unique(self.X, axis=0), low=low, high=high)

    def replace(self, **changes: Any) -> "Problem":
        """Return a copy with some of ``X, low, high, skip, weight_bound`` replaced."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return Problem.from_intervals(**(fields | changes))

    def subset(self, rows: ArrayLike) -> "Problem":
        """Return the problem restricted to some samples: a relaxation of this one."""
        try:
            index = np.atleast_1d(np.arange(self.n_samples)[np.asarray(rows)])
        except IndexError as error:
            raise InputError(f"rows cannot be taken from {self.n_samples} samples: {error}") from None
        return self.replace(X=self.X[index], low=self.low[index], high=self.high[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        # unpickled and copied arrays would come back writable
        return _rebuilt, (self.X, self.low, self.high, self.skip, self.weight_bound)

    def __repr__(self) -> str:
        bound = "" if self.weight_bound is None else f", weight_bound={self.weight_bound:g}"
        kind = "interpolation" if self.is_interpolation else "intervals"
        return f"<Problem N={self.n_samples} d={self.n_features} {kind} skip={self.skip}{bound}>"


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


def _positive(value: object, name: str, otherwise: str = "") -> float:
    """Return a positive number of a reasonable size as a float, or raise `InputError`."""
    plain = value.item() if isinstance(value, np.generic) else value
    if (
        isinstance(plain, bool)
        or not isinstance(plain, (int, float))
        or not 0 < plain <= tolerances.LARGEST_MAGNITUDE
    ):
        raise InputError(f"{name} = {value!r:.80}: it must be a positive number{otherwise}")
    return float(exact_floats(plain, name))


def _tolerances(given: object, length: int) -> FloatArray:
    """Return one tolerance a sample, none negative."""
    slack = exact_floats(given, "tolerance")
    if slack.ndim == 0:
        if not 0 <= slack <= tolerances.LARGEST_MAGNITUDE:  # also refuses nan
            raise InputError(f"tolerance = {slack:g}: it must be a finite number, not negative")
        return np.full(length, float(slack))
    slack = _vector(slack, "tolerance", length)
    if (negative := np.flatnonzero(slack < 0)).size:
        row = int(negative[0])
        raise InputError(f"tolerance is {slack[row]:g} at row {row}: it must not be negative")
    return slack


def _is_last_class(labels: object, length: int) -> NDArray[np.bool_]:
    """Say for each of at most two kinds of label whether it is the one that sorts last."""
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
        classes = np.unique(values)
    except InputError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"labels cannot be told apart: {' '.join(str(error).split())}") from None
    if len(classes) > 2:
        shown = ", ".join(map(str, classes[:4]))
        raise InputError(f"labels have {len(classes)} classes ({shown}, ...): exactly two are supported")
    return np.asarray(values == classes[-1])


def _is_missing(value: object) -> bool:
    # nan differs from itself; pandas' NA answers no question and is recognised without importing pandas
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _inputs(X: object) -> FloatArray:
    array = exact_floats(X, "X")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise InputError(f"X has shape {array.shape}: it must be two-dimensional, one row a sample")
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise InputError(f"X has shape {array.shape}: at least one sample and one feature are needed")
    _refuse_non_finite(array, "X")
    return array


def _vector(values: object, name: str, length: int, infinite: float | None = None) -> FloatArray:
    array = exact_floats(values, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (length,):
        raise InputError(f"{name} has shape {array.shape}: X has {length} rows, so ({length},) is needed")
    checked = array if infinite is None else np.where(array == infinite, 0.0, array)
    _refuse_non_finite(checked, name)
    return array


def _refuse_non_finite(array: FloatArray, name: str) -> None:
    bad = ~(np.abs(array) <= tolerances.LARGEST_MAGNITUDE)  # also catches nan
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        value = array[index]
        advice = "rescale the data" if np.isfinite(value) else "remove or fill that sample"
        raise InputError(f"{name} holds {value:g}{_place(index)}: {advice}")


def _group_rows(
    X: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[NDArray[np.intp], FloatArray, FloatArray]:
    """Group equal rows of X: the group of each row, and each group's intersected interval."""
    distinct, groups = np.unique(X, axis=0, return_inverse=True)
    group_low = np.full(len(distinct), -np.inf)
    group_high = np.full(len(distinct), np.inf)
    np.maximum.at(group_low, groups, low)
    np.minimum.at(group_high, groups, high)
    return groups, group_low, group_high


def _interval(problem: Problem, row: int) -> str:
    low, high = problem.low[row], problem.high[row]
    return _digits(low) if low == high else f"[{_digits(low)}, {_digits(high)}]"


def _digits(value: float) -> str:
    """Spell a number in six digits, or in full where those would name another one."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def _rebuilt(X: FloatArray, low: FloatArray, high: FloatArray, skip: bool, bound: float | None) -> Problem:
    return Problem.from_intervals(X, low, high, skip=skip, weight_bound=bound)
