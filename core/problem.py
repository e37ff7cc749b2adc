"""The problem: data, one interval a sample, and what kind of network is asked for."""

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest.affine import Affine
from sparsest.arrays import (
    FloatArray,
    checked_names,
    column_names,
    input_rows,
    is_last_class,
    positive_number,
    refuse_non_finite,
    sample_vector,
    series_name,
    tolerance_vector,
)
from sparsest.decimals import (
    Numbers,
    as_decimals,
    bound_in_units,
    decimals_less,
    in_integers,
    is_number_of_places,
    places_of,
    places_with_bound,
)
from sparsest.errors import InputError
from sparsest.sentences import counted


@dataclasses.dataclass(frozen=True, eq=False, init=False)
class Problem:
    """Find a network f with ``low_i <= f(x_i) <= high_i`` on every sample.

    Parameters
    ----------
    X : array-like (N, d)
        Inputs, one row a sample. NumPy, pandas, torch and nested lists are accepted; a flat sequence is one
        feature.
    y : array-like (N,)
        Labels.
    affine : {"none", "constant", "skip"}
        Which affine term the network may have beside its neurons, uncounted by every objective: none, a
        constant c (an output bias), or a skip ``a . x + c``.
    tolerance : float or array-like (N,)
        Largest ``|f(x_i) - y_i|`` allowed, not negative. The interval ends ``y - tolerance`` and
        ``y + tolerance`` are computed here, once, and are exact from then on.
    weight_bound : float, optional
        Upper bound R on ``|v_k w_kj|`` of every neuron; biases and an affine term are free. Any number of
        neurons may share an activation pattern, so that some network fits whatever the bound.
    feature_names : sequence of str, optional
        Names of the d features, for tables and figures; by default those of a pandas data frame.
    target_name : str, optional
        Name of the label; by default that of a pandas series.
    numbers : {"auto", "decimal", "binary"}
        What the floats stand for: "decimal" takes 0.1 for 1/10, and refuses numbers of more than 15 digits;
        "binary" for 0.1000000000000000055; "auto" takes those columns for decimals whose numbers all have
        few digits (`sparsest.decimals`). `places` says what was taken.

    Raises
    ------
    InputError
        Naming the first offending row, when shapes, types or values do not fit, or when equal inputs carry
        labels that no function satisfies.

    Examples
    --------
    >>> problem = Problem([[0.0], [1.0], [2.0]], [0, 0, 1])
    >>> problem.n_samples, problem.n_features, str(problem.affine)
    (3, 1, 'none')
    >>> problem.violation([0.0, 0.25, 1.0])
    array([0.  , 0.25, 0.  ])
    """

    X: FloatArray
    low: FloatArray
    high: FloatArray
    affine: Affine
    weight_bound: float | None
    feature_names: tuple[str, ...] | None
    target_name: str | None
    numbers: Numbers
    places: tuple[int, ...]

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        affine: str | Affine = Affine.NONE,
        tolerance: ArrayLike = 0.0,
        weight_bound: float | None = None,
        feature_names: Sequence[str] | None = None,
        target_name: str | None = None,
        numbers: str | Numbers = Numbers.AUTO,
    ) -> None:
        inputs = input_rows(X)
        labels = sample_vector(y, "y", len(inputs), "MultiOutputProblem takes several outputs")
        slack = tolerance_vector(tolerance, len(inputs))
        meaning = Numbers.parse(numbers)
        (decimals,) = places_of(
            [np.r_[labels, slack]], meaning, ["y or the tolerance"], apart=False, origin=_largest(inputs)
        )
        low, high = decimals_less(labels, slack, decimals), decimals_less(labels, -slack, decimals)
        refuse_non_finite(low, "y - tolerance")
        refuse_non_finite(high, "y + tolerance")
        names = column_names(X) if feature_names is None else feature_names
        label = series_name(y) if target_name is None else target_name
        self._set(inputs, low, high, affine, weight_bound, names, label, meaning, label_places=decimals)

    @classmethod
    def from_intervals(  # noqa: PLR0913
        cls,
        X: ArrayLike,
        low: ArrayLike,
        high: ArrayLike,
        *,
        affine: str | Affine = Affine.NONE,
        weight_bound: float | None = None,
        feature_names: Sequence[str] | None = None,
        target_name: str | None = None,
        numbers: str | Numbers = Numbers.AUTO,
        places: Sequence[int] | None = None,
    ) -> "Problem":
        """Make a problem from one interval a sample; ends may be ``-inf`` and ``inf``.

        With `places`, those of another problem, its columns stand for decimals of so many places.

        Raises
        ------
        InputError
            As the constructor, and when an interval is empty.
        """
        inputs = input_rows(X)
        problem = object.__new__(cls)
        problem._set(
            inputs,
            sample_vector(low, "low", len(inputs), infinite=-np.inf),
            sample_vector(high, "high", len(inputs), infinite=np.inf),
            affine,
            weight_bound,
            column_names(X) if feature_names is None else feature_names,
            target_name,
            Numbers.parse(numbers),
            places=places,
        )
        return problem

    @classmethod
    def classification(
        cls,
        X: ArrayLike,
        labels: ArrayLike,
        margin: float = 1.0,
        *,
        affine: str | Affine = Affine.NONE,
        weight_bound: float | None = None,
        feature_names: Sequence[str] | None = None,
        target_name: str | None = None,
        numbers: str | Numbers = Numbers.AUTO,
    ) -> "Problem":
        """Ask for a network whose sign separates two classes with a margin.

        The label that sorts last gets ``f(x) >= margin``, the other ``f(x) <= -margin``.

        Raises
        ------
        InputError
            As the constructor, and unless there are at most two labels and ``margin > 0``.
        """
        inputs = input_rows(X)
        positive = is_last_class(labels, len(inputs))
        distance = positive_number(margin, "margin")
        return cls.from_intervals(
            inputs,
            np.where(positive, distance, -np.inf),
            np.where(positive, np.inf, -distance),
            affine=affine,
            weight_bound=weight_bound,
            feature_names=column_names(X) if feature_names is None else feature_names,
            target_name=series_name(labels) if target_name is None else target_name,
            numbers=numbers,
        )

    def _set(  # noqa: PLR0913
        self,
        X: FloatArray,
        low: FloatArray,
        high: FloatArray,
        affine: str | Affine,
        weight_bound: float | None,
        feature_names: Sequence[str] | None,
        target_name: str | None,
        numbers: Numbers,
        *,
        label_places: int | None = None,
        places: Sequence[int] | None = None,
    ) -> None:
        kind = Affine.parse(affine)
        bound = (
            None
            if weight_bound is None
            else positive_number(weight_bound, "weight_bound", ", or None for no bound")
        )
        if (empty := np.flatnonzero(low > high)).size:
            row = int(empty[0])
            raise InputError(
                f"row {row} asks for a value in the empty interval "
                f"[{_digits(low[row])}, {_digits(high[row])}]: swap or widen its ends"
            )
        names = checked_names(feature_names, X.shape[1])
        if places is None:
            columns = [f"column {name}" for name in names or range(X.shape[1])]
            found = places_of(list(X.T), numbers, columns)
            if label_places is None:
                (label_places,) = places_of(
                    [np.r_[low, high]], numbers, ["the labels"], apart=False, origin=_largest(X)
                )
            places = (*found, label_places)
        else:
            _refuse_other_decimals(places, (*X.T, np.r_[low, high]))
        places = _checked_places(places, (*X.T, np.r_[low, high]), bound, numbers)
        if any(places):
            X = np.stack([as_decimals(x, k) for x, k in zip(X.T, places[:-1], strict=True)], axis=1)
            low, high = as_decimals(low, places[-1]), as_decimals(high, places[-1])
        # adding zero turns -0.0 into 0.0, so that equal data have equal bytes and equal digests
        for name, array in (("X", X + 0.0), ("low", low + 0.0), ("high", high + 0.0)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "affine", kind)
        object.__setattr__(self, "weight_bound", bound)
        object.__setattr__(self, "feature_names", names)
        object.__setattr__(self, "target_name", None if target_name is None else str(target_name))
        object.__setattr__(self, "numbers", numbers)
        object.__setattr__(self, "places", places)
        self._refuse_conflicts()

    def _refuse_conflicts(self) -> None:
        if _surely_distinct(self.X):
            return
        groups, low, high = _group_rows(self.X, self.low, self.high)
        if (clash := np.flatnonzero(low > high)).size:
            rows = np.flatnonzero(groups == clash[0])
            i, j = int(rows[np.argmax(self.low[rows])]), int(rows[np.argmin(self.high[rows])])
            same = f"rows {min(i, j)} and {max(i, j)} have the same inputs"
            if np.isinf(self.high[i]) and np.isinf(self.low[j]):  # classes: no tolerance mends that
                raise InputError(
                    f"{same}, and values of at least {_digits(self.low[i])} and of at most "
                    f"{_digits(self.high[j])} are asked for, as of two classes: remove one of them"
                )
            raise InputError(
                f"{same} but labels "
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
    def names(self) -> tuple[str, ...]:
        """Names of the features: their own, or "x" for one without a name, or "x1", "x2", ..."""
        if self.feature_names is not None:
            return self.feature_names
        return ("x",) if self.n_features == 1 else tuple(f"x{j + 1}" for j in range(self.n_features))

    @property
    def has_affine_term(self) -> bool:
        """Whether networks have a term that no objective counts: a skip, or a constant."""
        return self.affine is not Affine.NONE

    @property
    def meaning(self) -> str:
        """Which numbers are taken for decimals, in a few words; empty where none are."""
        *inputs, labels = self.places
        decimal = [name for name, k in zip(self.names, inputs, strict=True) if k]
        decimal += ["the labels"] * (labels > 0)
        if not decimal:
            return ""
        which = "all columns" if len(decimal) == len(self.places) else ", ".join(decimal)
        return f"{which} taken for decimals of up to {counted(max(self.places), 'places')}"

    @functools.cached_property
    def in_integers(self) -> "Problem":
        """The same problem of binary floats, in units in which its decimals are integers; often itself.

        A feature is multiplied by ten to the power of its `places`, so are the interval ends, and a weight
        bound by the ratio of the labels' to the features'. `sparsest.units` does that to networks.
        """
        if not any(self.places):
            return self
        *inputs, labels = self.places
        bound = self.weight_bound
        if bound is not None:
            bound = float(bound_in_units(bound, labels - inputs[0]))
        return Problem.from_intervals(
            np.stack([in_integers(x, k) for x, k in zip(self.X.T, inputs, strict=True)], axis=1),
            in_integers(self.low, labels),
            in_integers(self.high, labels),
            affine=self.affine,
            weight_bound=bound,
            feature_names=self.feature_names,
            target_name=self.target_name,
            numbers=Numbers.BINARY,
        )

    @property
    def homogeneous(self) -> FloatArray:
        """``[X, 1]`` (N, d + 1), the data on which a folded neuron acts linearly."""
        return np.asarray(np.c_[self.X, np.ones(self.n_samples)])

    @property
    def targets(self) -> FloatArray:
        """One representative label a sample (N,): the middle of its interval, or its finite end, or 0."""
        with np.errstate(invalid="ignore"):
            middle = self.low + (self.high - self.low) / 2
        if np.all(np.isfinite(middle)):  # so are all ends: of a million samples all else takes far longer
            return middle
        low_finite, high_finite = np.isfinite(self.low), np.isfinite(self.high)
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
        # no lower end is above its upper one, so that two of the four extremes suffice where all are finite
        largest = max(float(self.high.max()), -float(self.low.min()))
        if not np.isfinite(largest):
            ends = np.abs(np.r_[self.low, self.high])
            largest = float(ends[np.isfinite(ends)].max(initial=0.0))
        return abs(largest)  # never -0.0

    @property
    def digest(self) -> str:
        """SHA-256 of the data, what they stand for, affine term and bound: the problem's name in records."""
        kind = {Affine.NONE: False, Affine.CONSTANT: "constant", Affine.SKIP: True}[self.affine]
        state = hashlib.sha256(f"sparsest-problem-1 {self.X.shape} {kind} {self.weight_bound!r}".encode())
        if any(self.places):
            state.update(repr(self.places).encode())
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
        return self.replace(X=np.unique(self.X, axis=0), low=low, high=high, places=self.places)

    def replace(self, **changes: Any) -> "Problem":
        """Return a copy with some of its fields replaced, such as ``affine="skip"``.

        What new numbers stand for is found out anew, as `numbers` says.
        """
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        new = {name for name, value in changes.items() if value is not fields[name]}
        if new & {"X", "low", "high", "weight_bound", "numbers"}:
            fields["places"] = None
        return Problem.from_intervals(**(fields | changes))

    def subset(self, rows: ArrayLike) -> "Problem":
        """Return the problem restricted to some samples: a relaxation of this one."""
        try:
            index = np.atleast_1d(np.arange(self.n_samples)[np.asarray(rows)])
        except IndexError as error:
            raise InputError(f"rows cannot be taken from {self.n_samples} samples: {error}") from None
        return self.replace(X=self.X[index], low=self.low[index], high=self.high[index], places=self.places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        # unpickled and copied arrays would come back writable
        return _rebuilt, tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    def __repr__(self) -> str:
        bound = "" if self.weight_bound is None else f", weight_bound={self.weight_bound:g}"
        kind = "interpolation" if self.is_interpolation else "intervals"
        return f"<Problem N={self.n_samples} d={self.n_features} {kind} affine={self.affine}{bound}>"


def refuse_other_than_problem(given: object) -> None:
    """Raise `InputError` unless `given` is a `Problem`: users pass ``(X, y)`` instead, or several outputs."""
    if hasattr(given, "n_outputs"):
        raise InputError(
            f"a {type(given).__name__} has {given.n_outputs} outputs, and this is answered for one output: "
            "take one of a MultiOutputProblem by outputs[j] or along(direction), two classes of a "
            "MultiClassProblem by between(a, b)"
        )
    if not isinstance(given, Problem):
        raise InputError(f"a {type(given).__name__} is not a problem: make one with sparsest.Problem(X, y)")


def _largest(X: FloatArray) -> float:
    return float(np.abs(X).max(initial=0.0))


def _surely_distinct(X: FloatArray) -> bool:
    """Whether some feature alone tells all rows apart: a sort of numbers is much faster than one of rows."""
    columns = (np.sort(column) for column in X.T)
    return any(bool(np.all(column[1:] > column[:-1])) for column in columns)


def _group_rows(
    X: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[NDArray[np.intp], FloatArray, FloatArray]:
    """Group equal rows of X: the group of each row, and each group's intersected interval."""
    # as rows of one number they would be compared byte by byte, which takes ten times as long
    keys, axis = (X[:, 0], None) if X.shape[1] == 1 else (X, 0)
    distinct, groups = np.unique(keys, axis=axis, return_inverse=True)
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


def _refuse_other_decimals(places: Sequence[int], columns: Sequence[FloatArray]) -> None:
    """Raise `InputError` when numbers are not the floats of decimals of the places that a file states."""
    for column, k in zip(columns, places, strict=False):  # of another number, which is refused next
        if is_number_of_places(k) and not np.array_equal(as_decimals(column, k), column):
            raise InputError(
                f"places = {tuple(places)!s:.60}: not all numbers are decimals of so many places"
            )


def _checked_places(
    places: Sequence[int], columns: Sequence[FloatArray], bound: float | None, numbers: Numbers
) -> tuple[int, ...]:
    """Return decimal places that suit the weight bound; none where there are no such."""
    given = tuple(places)
    if len(given) != len(columns) or not all(is_number_of_places(k) for k in given):
        raise InputError(
            f"places = {given!s:.60}: a whole number for each feature and one for the labels is needed"
        )
    if bound is None or not any(given):
        return given
    suiting = places_with_bound(given, columns, bound)
    if suiting is None and numbers is Numbers.DECIMAL:
        raise InputError(
            f"weight_bound = {bound!r} and the data have too many digits together to be taken for decimals: "
            'round them, or take numbers="binary"'
        )
    return suiting or (0,) * len(given)


def _rebuilt(X: FloatArray, low: FloatArray, high: FloatArray, *rest: Any) -> Problem:
    affine, weight_bound, feature_names, target_name, numbers, places = rest
    return Problem.from_intervals(
        X,
        low,
        high,
        affine=affine,
        weight_bound=weight_bound,
        feature_names=feature_names,
        target_name=target_name,
        numbers=numbers,
        places=places,
    )
