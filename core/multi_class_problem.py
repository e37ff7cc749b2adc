"""A problem with several classes: the output of a row's class exceeds every other output by a margin."""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest.affine import Affine
from sparsest.arrays import (
    FloatArray,
    class_numbers,
    column_names,
    input_rows,
    positive_number,
    series_name,
)
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.problem import Problem


@dataclasses.dataclass(frozen=True, eq=False, init=False)
class MultiClassProblem:
    """Find a network f with m outputs whose largest on each sample is that of its class, by a margin.

    ``f_c(x_i) - f_j(x_i) >= margin`` for the class c of sample i and every other class j. On the samples of
    two classes a and b the difference ``f_a - f_b`` is a network of one output that separates them, with no
    more neurons than f. `between` returns its problem: what is proven of the fewest neurons there holds here.

    Parameters
    ----------
    X : array-like (N, d)
        Inputs, one row a sample; as for `Problem`.
    labels : array-like (N,)
        The class of each sample, of any type that sorts.
    margin : float
        By how much the output of a sample's class exceeds the others. The fewest neurons are the same for
        every margin, because outputs can be scaled.
    classes : sequence, optional
        All classes, one an output, in order; some may have no sample. By default the labels, sorted.
    affine : {"none", "constant", "skip"}
        Which affine term each output may have beside the neurons, uncounted.
    feature_names : sequence of str, optional
        Names of the d features; by default those of a pandas data frame.
    target_name : str, optional
        Name of the label; by default that of a pandas series.
    numbers : {"auto", "decimal", "binary"}
        What the floats of X and the margin stand for, as for `Problem`.

    Attributes
    ----------
    labels : array of int (N,)
        The place of each sample's class in `classes`.
    samples : Problem
        A problem with one output of the same samples.

    Raises
    ------
    InputError
        When shapes, types or values do not fit, and naming two rows when equal inputs are of different
        classes.

    Examples
    --------
    >>> problem = MultiClassProblem([[0.0], [1.0], [2.0], [3.0]], ["low", "low", "mid", "top"])
    >>> problem.classes, problem.n_outputs, problem.labels.tolist()
    (('low', 'mid', 'top'), 3, [0, 0, 1, 2])
    >>> problem.between(0, 2).n_samples
    3
    """

    X: FloatArray
    labels: NDArray[np.intp]
    margin: float
    classes: tuple[Any, ...]
    affine: Affine
    feature_names: tuple[str, ...] | None
    target_name: str | None
    numbers: Numbers
    places: tuple[int, ...]
    samples: Problem = dataclasses.field(compare=False)

    def __init__(
        self,
        X: ArrayLike,
        labels: ArrayLike,
        *,
        margin: float = 1.0,
        classes: Sequence[Any] | None = None,
        affine: str | Affine = Affine.NONE,
        feature_names: Sequence[str] | None = None,
        target_name: str | None = None,
        numbers: str | Numbers = Numbers.AUTO,
    ) -> None:
        inputs = input_rows(X)
        known, chosen = class_numbers(labels, len(inputs), classes)
        self._set(
            inputs,
            known,
            chosen,
            margin,
            affine=affine,
            feature_names=column_names(X) if feature_names is None else feature_names,
            target_name=series_name(labels) if target_name is None else target_name,
            numbers=numbers,
        )

    def _set(
        self,
        inputs: FloatArray,
        known: tuple[Any, ...],
        chosen: NDArray[np.intp],
        margin: float,
        **options: Any,
    ) -> None:
        """Set all fields, with the options of a `Problem`."""
        if len(known) < 2:
            raise InputError(f"labels have the class {known[0]} alone: two classes at least are needed")
        distance = positive_number(margin, "margin")
        # whose intervals hold the margin, for what it and the inputs stand for
        samples = Problem.from_intervals(
            inputs,
            np.full(len(inputs), distance),
            np.full(len(inputs), np.inf),
            **options,
        )
        _refuse_conflicts(samples.X, chosen, known)
        chosen.flags.writeable = False
        values = {
            "X": samples.X,
            "labels": chosen,
            "margin": float(samples.low[0]),
            "classes": known,
            "affine": samples.affine,
            "feature_names": samples.feature_names,
            "target_name": samples.target_name,
            "numbers": samples.numbers,
            "places": samples.places,
            "samples": samples,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def has_affine_term(self) -> bool:
        """Whether networks have a term that is not counted: a skip, or a constant."""
        return self.affine is not Affine.NONE

    @property
    def meaning(self) -> str:
        """Which numbers are taken for decimals, in a few words; empty where none are."""
        return self.samples.meaning

    @property
    def n_samples(self) -> int:
        """N, the number of rows of X."""
        return len(self.labels)

    @property
    def n_features(self) -> int:
        """d, the number of columns of X."""
        return int(self.X.shape[1])

    @property
    def n_outputs(self) -> int:
        """m, the number of classes, each of which has an output."""
        return len(self.classes)

    @property
    def label_scales(self) -> FloatArray:
        """The size of what each output is asked for (m,)."""
        return np.full(self.n_outputs, self.margin)

    @property
    def digest(self) -> str:
        """SHA-256 of the data, what they stand for and the affine term: the problem's name in records."""
        state = hashlib.sha256(f"sparsest-multi-class-problem-1 {self.n_outputs}".encode())
        state.update(self.samples.digest.encode())
        state.update(self.labels.astype("<i8").tobytes())
        return state.hexdigest()

    @property
    def own_column(self) -> NDArray[np.bool_]:
        """Whether an output is that of the sample's class, (N, m)."""
        return np.asarray(self.labels[:, None] == np.arange(self.n_outputs))

    def between(self, one: int, other: int) -> Problem:
        """Return the problem of ``f_one - f_other`` on the samples of these two classes, by their numbers.

        Raises
        ------
        InputError
            Unless they are two of the classes, and one of them has a sample.
        """
        if one == other or not {one, other} <= set(range(self.n_outputs)):
            raise InputError(f"classes {one!r:.20} and {other!r:.20}: two of {self.n_outputs} are needed")
        rows = np.flatnonzero((self.labels == one) | (self.labels == other))
        if not rows.size:
            raise InputError(f"classes {one} and {other} have no sample")
        above = self.labels[rows] == one
        return Problem.from_intervals(
            self.X[rows],
            np.where(above, self.margin, -np.inf),
            np.where(above, np.inf, -self.margin),
            affine=self.affine,
            feature_names=self.feature_names,
            numbers=self.numbers,
            places=self.places,
        )

    def along(self, direction: Sequence[int]) -> Problem:
        """Return the problem of ``c . f`` for a c with one 1, one -1 and zeros: that between two classes.

        For no other c are values bounded on samples of two classes: c f is a sum of differences to the
        output of the sample's class, which all have to be of one sign.
        """
        c = list(direction)
        if len(c) != self.n_outputs or sorted(c) != sorted([1, -1, *[0] * (self.n_outputs - 2)]):
            raise InputError(f"direction = {c!s:.60}: a 1, a -1 and zeros are needed, one number a class")
        return self.between(c.index(1), c.index(-1))

    def violation(self, values: ArrayLike) -> FloatArray:
        """Return by how much each output (N, m) comes too close to that of the sample's class."""
        given = np.asarray(values, dtype=np.float64)
        if given.shape != (self.n_samples, self.n_outputs):
            raise InputError(f"values have shape {given.shape}: {(self.n_samples, self.n_outputs)} is needed")
        gaps = given[np.arange(self.n_samples), self.labels][:, None] - given
        return np.where(self.own_column, 0.0, np.maximum(0.0, self.margin - gaps))

    def allowed(self, rounding: FloatArray) -> FloatArray:
        """Return the violations (N, m) that so much rounding of each output (N, m) explains."""
        own = rounding[np.arange(self.n_samples), self.labels][:, None]
        return np.where(self.own_column, 0.0, rounding + own)

    def least_gap(self, values: FloatArray) -> float:
        """Return by how much the output of a sample's class exceeds others at least, of values (N, m)."""
        own = values[np.arange(self.n_samples), self.labels][:, None]
        return float(np.where(self.own_column, np.inf, own - values).min())

    def accuracy(self, values: FloatArray) -> float:
        """Return the share of samples whose own output is the first of the largest, of values (N, m)."""
        return float(np.mean(values.argmax(axis=1) == self.labels))

    def distinct(self) -> "MultiClassProblem":
        """Return the same problem with equal inputs merged, rows sorted."""
        _, rows = np.unique(self.X, axis=0, return_index=True)
        return self.subset(rows)

    def subset(self, rows: ArrayLike) -> "MultiClassProblem":
        """Return the problem restricted to some samples, with all classes: a relaxation of this one."""
        kept = np.atleast_1d(np.arange(self.n_samples)[np.asarray(rows)])
        return self.replace(X=self.X[kept], labels=self.labels[kept], places=self.places)

    def replace(self, **changes: Any) -> "MultiClassProblem":
        """Return a copy with some of its fields replaced, such as ``affine="skip"``.

        `labels` are numbers of classes. What new numbers stand for is found out anew, as `numbers` says.
        """
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.compare}
        if changes.keys() & {"X", "margin", "numbers"}:
            fields["places"] = None
        return MultiClassProblem.from_numbers(**(fields | changes))

    @classmethod
    def from_numbers(
        cls, X: ArrayLike, labels: ArrayLike, classes: Sequence[Any], margin: float = 1.0, **options: Any
    ) -> "MultiClassProblem":
        """Make a problem from the numbers of the samples' classes (N,), in the order of `classes`.

        The options are those of the constructor, and `places`, those of another problem: columns of X, and
        the margin, stand for decimals of so many places.

        Raises
        ------
        InputError
            As the constructor, and for numbers that are none of a class.
        """
        inputs, numbers = input_rows(X), np.asarray(labels)
        whole = numbers.dtype.kind in "iuf" and np.isin(numbers, np.arange(len(classes))).all()
        if not whole or numbers.shape != (len(inputs),):
            raise InputError(
                f"labels are not numbers of the {len(classes)} classes, 0 first, one for each of the "
                f"{len(inputs)} rows of X"
            )
        problem = object.__new__(cls)
        problem._set(inputs, tuple(classes), numbers.astype(np.intp), margin, **options)
        return problem

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MultiClassProblem) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        # unpickled and copied arrays would come back writable
        return _rebuilt, ({f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.compare},)

    def __repr__(self) -> str:
        return (
            f"<MultiClassProblem N={self.n_samples} d={self.n_features} classes={self.n_outputs} "
            f"margin={self.margin:g} affine={self.affine}>"
        )


def _refuse_conflicts(X: FloatArray, labels: NDArray[np.intp], classes: Sequence[Any]) -> None:
    """Raise `InputError` when equal inputs are of different classes."""
    _, first, which = np.unique(X, axis=0, return_index=True, return_inverse=True)
    earlier = first[which.ravel()]
    wrong = np.flatnonzero(labels[earlier] != labels)
    if wrong.size:
        row = int(wrong[0])
        pair = int(earlier[row])
        raise InputError(
            f"rows {pair} and {row} have equal inputs and different classes, {classes[labels[pair]]} and "
            f"{classes[labels[row]]}: leave one out"
        )


def _rebuilt(fields: dict[str, Any]) -> MultiClassProblem:
    return MultiClassProblem.from_numbers(**fields)
