"""A problem with several outputs, whose networks share their neurons among all of them."""

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sparsest.affine import Affine
from sparsest.arrays import FloatArray, column_names, exact_floats, input_rows
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.interval_sums import MAX_UNITS, Term, sum_of_intervals
from sparsest.problem import Problem


@dataclasses.dataclass(frozen=True, eq=False, init=False)
class MultiOutputProblem:
    """Find a network f with m outputs and ``low_ij <= f_j(x_i) <= high_ij`` for every sample and output.

    For every integer vector c the function ``c . f`` is a network of one output with no more neurons than f.
    `along` returns its problem: what is proven of the fewest neurons there holds here.

    Parameters
    ----------
    X : array-like (N, d)
        Inputs, one row a sample; as for `Problem`.
    Y : array-like (N, m)
        Labels, one column an output.
    affine : {"none", "constant", "skip"}
        Which affine term each output may have beside the neurons, uncounted.
    tolerance : float or array-like (m,) or (N, m)
        Largest ``|f_j(x_i) - y_ij|`` allowed: one number, one an output, or one a label.
    feature_names : sequence of str, optional
        Names of the d features; by default those of a pandas data frame.
    target_names : sequence of str, optional
        Names of the m outputs; by default those of a pandas data frame.
    numbers : {"auto", "decimal", "binary"}
        What the floats stand for, column by column, as for `Problem`.

    Attributes
    ----------
    outputs : tuple of Problem
        The problem of each output alone.

    Raises
    ------
    InputError
        Naming the output and its first offending row, when shapes, types or values do not fit, or when equal
        inputs carry labels that no function satisfies.

    Examples
    --------
    >>> problem = MultiOutputProblem([[0.0], [1.0], [2.0]], [[0, 1], [0, 0], [1, 2]])
    >>> problem.n_samples, problem.n_features, problem.n_outputs
    (3, 1, 2)
    >>> problem.along([2, -1]).targets
    array([-1.,  0.,  0.])
    """

    X: FloatArray
    low: FloatArray
    high: FloatArray
    affine: Affine
    feature_names: tuple[str, ...] | None
    target_names: tuple[str, ...] | None
    numbers: Numbers
    places: tuple[int, ...]
    outputs: tuple[Problem, ...] = dataclasses.field(compare=False)

    def __init__(
        self,
        X: ArrayLike,
        Y: ArrayLike,
        *,
        affine: str | Affine = Affine.NONE,
        tolerance: ArrayLike = 0.0,
        feature_names: Sequence[str] | None = None,
        target_names: Sequence[str] | None = None,
        numbers: str | Numbers = Numbers.AUTO,
    ) -> None:
        inputs = input_rows(X)
        labels = _table(Y, "Y", len(inputs))
        slack = exact_floats(tolerance, "tolerance")
        if slack.shape not in ((), labels.shape[1:], labels.shape):
            raise InputError(
                f"tolerance has shape {slack.shape}: one number, {labels.shape[1:]} or {labels.shape} "
                "is needed"
            )
        slack = np.broadcast_to(slack, labels.shape)
        features = column_names(X) if feature_names is None else feature_names
        targets = column_names(Y) if target_names is None else target_names
        self._set(
            targets,
            [
                functools.partial(Problem, inputs, column, tolerance=error)
                for column, error in zip(labels.T, slack.T, strict=True)
            ],
            affine=affine,
            feature_names=features,
            numbers=numbers,
        )

    @classmethod
    def from_intervals(
        cls,
        X: ArrayLike,
        low: ArrayLike,
        high: ArrayLike,
        *,
        affine: str | Affine = Affine.NONE,
        feature_names: Sequence[str] | None = None,
        target_names: Sequence[str] | None = None,
        numbers: str | Numbers = Numbers.AUTO,
        places: Sequence[int] | None = None,
    ) -> "MultiOutputProblem":
        """Make a problem from one interval an entry, ends (N, m); they may be ``-inf`` and ``inf``.

        With `places`, those of another problem, columns stand for decimals of so many places.

        Raises
        ------
        InputError
            As the constructor, and when an interval is empty.
        """
        inputs = input_rows(X)
        lower, upper = (_table(ends, name, len(inputs)) for ends, name in ((low, "low"), (high, "high")))
        if lower.shape != upper.shape:
            raise InputError(f"low has shape {lower.shape} and high {upper.shape}: they must be equal")
        d, m = inputs.shape[1], lower.shape[1]
        if places is not None and len(places) != d + m:
            raise InputError(f"places = {tuple(places)!s:.60}: {d + m} whole numbers are needed")
        stated = [None] * m if places is None else [(*places[:d], k) for k in places[d:]]
        problem = object.__new__(cls)
        problem._set(
            target_names,
            [
                functools.partial(Problem.from_intervals, inputs, *ends, places=own)
                for *ends, own in zip(lower.T, upper.T, stated, strict=True)
            ],
            affine=affine,
            feature_names=column_names(X) if feature_names is None else feature_names,
            numbers=numbers,
        )
        return problem

    def _set(
        self, target_names: Sequence[str] | None, outputs: Sequence[Callable[..., Problem]], **options: Any
    ) -> None:
        """Make the problems of all outputs, and keep what they hold side by side."""
        names = _checked_targets(target_names, len(outputs))
        found = []
        for j, make in enumerate(outputs):
            try:
                found.append(make(target_name=None if names is None else names[j], **options))
            except InputError as error:
                raise InputError(f"output {j if names is None else names[j]}: {error}") from None
        first = found[0]
        values = {
            "X": first.X,
            "low": np.stack([output.low for output in found], axis=1),
            "high": np.stack([output.high for output in found], axis=1),
            "affine": first.affine,
            "feature_names": first.feature_names,
            "target_names": names,
            "numbers": first.numbers,
            "places": (*first.places[:-1], *(output.places[-1] for output in found)),
            "outputs": tuple(found),
        }
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(self, name, value)

    @property
    def samples(self) -> Problem:
        """A problem with one output of the same samples."""
        return self.outputs[0]

    @property
    def targets(self) -> FloatArray:
        """One representative label an entry (N, m), as for `Problem`."""
        return np.stack([output.targets for output in self.outputs], axis=1)

    @property
    def has_affine_term(self) -> bool:
        """Whether networks have a term that is not counted: a skip, or a constant."""
        return self.affine is not Affine.NONE

    @property
    def meaning(self) -> str:
        """Which numbers are taken for decimals, in a few words; empty where none are."""
        return max((output.meaning for output in self.outputs), key=len)

    @property
    def n_samples(self) -> int:
        """N, the number of rows of X."""
        return self.outputs[0].n_samples

    @property
    def n_features(self) -> int:
        """d, the number of columns of X."""
        return self.outputs[0].n_features

    @property
    def n_outputs(self) -> int:
        """m, the number of outputs."""
        return len(self.outputs)

    @property
    def label_scales(self) -> FloatArray:
        """The largest finite interval end of each output in absolute value (m,)."""
        return np.array([output.label_scale for output in self.outputs])

    @property
    def is_interpolation(self) -> bool:
        """Whether every interval is a single point."""
        return all(output.is_interpolation for output in self.outputs)

    @property
    def digest(self) -> str:
        """SHA-256 of the data, what they stand for and the affine term: the problem's name in records."""
        state = hashlib.sha256(f"sparsest-multi-output-problem-1 {self.n_outputs}".encode())
        for output in self.outputs:
            state.update(output.digest.encode())
        return state.hexdigest()

    def along(self, direction: ArrayLike) -> Problem:
        """Return the problem of ``c . f`` for integers c (m,): each interval is the sum of a row's, exactly.

        An end that no float holds, and no decimal of 15 digits, is rounded outwards: a network whose outputs
        meet their intervals meets the sum's.

        Raises
        ------
        InputError
            Unless `direction` is m whole numbers, not all zero, or when a sum leaves the range of numbers.
        """
        c = whole_direction(direction, self.n_outputs)
        terms = [
            Term(factor, output.low, output.high, output.places[-1])
            for factor, output in zip(c, self.outputs, strict=True)
            if factor
        ]
        low, high, places = sum_of_intervals(terms)
        first = self.outputs[0]
        return Problem.from_intervals(
            self.X,
            low,
            high,
            affine=self.affine,
            feature_names=first.feature_names,
            numbers=self.numbers,
            places=(*first.places[:-1], places),
        )

    def violation(self, values: ArrayLike) -> FloatArray:
        """Return the distance of each value (N, m) from its interval, zero inside."""
        given = np.asarray(values, dtype=np.float64)
        if given.shape != self.low.shape:
            raise InputError(f"values have shape {given.shape}: {self.low.shape} is needed")
        return np.maximum(0.0, np.maximum(self.low - given, given - self.high))

    def allowed(self, rounding: FloatArray) -> FloatArray:
        """Return the violations (N, m) that so much rounding of each output (N, m) explains: as much."""
        return rounding

    def distinct(self) -> "MultiOutputProblem":
        """Return the same problem with equal inputs merged and their intervals intersected, rows sorted."""
        merged = [output.distinct() for output in self.outputs]
        low, high = (np.stack([getattr(o, end) for o in merged], axis=1) for end in ("low", "high"))
        return self.replace(X=merged[0].X, low=low, high=high, places=self.places)

    def subset(self, rows: ArrayLike) -> "MultiOutputProblem":
        """Return the problem restricted to some samples: a relaxation of this one."""
        part = self.outputs[0].subset(rows)
        kept = np.atleast_1d(np.arange(self.n_samples)[np.asarray(rows)])
        return self.replace(X=part.X, low=self.low[kept], high=self.high[kept], places=self.places)

    def replace(self, **changes: Any) -> "MultiOutputProblem":
        """Return a copy with some of its fields replaced, such as ``affine="skip"``.

        What new numbers stand for is found out anew, as `numbers` says.
        """
        fields = {
            field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.compare
        }
        if changes.keys() & {"X", "low", "high", "numbers"}:
            fields["places"] = None
        return MultiOutputProblem.from_intervals(**(fields | changes))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MultiOutputProblem) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        # unpickled and copied arrays would come back writable
        return _rebuilt, tuple(
            getattr(self, field.name) for field in dataclasses.fields(self) if field.compare
        )

    def __repr__(self) -> str:
        kind = "interpolation" if self.is_interpolation else "intervals"
        return (
            f"<MultiOutputProblem N={self.n_samples} d={self.n_features} m={self.n_outputs} {kind} "
            f"affine={self.affine}>"
        )


def whole_direction(direction: ArrayLike, n_outputs: int) -> tuple[int, ...]:
    """Return a direction as m integers, or raise `InputError` unless it is such, and not zero."""
    given = exact_floats(direction, "direction")
    whole = np.array_equal(given, np.rint(given)) and np.all(np.abs(given) <= MAX_UNITS)
    if given.shape != (n_outputs,) or not whole or not given.any():
        raise InputError(
            f"direction = {given.tolist()!s:.60}: {n_outputs} whole numbers of at most 15 digits, not all 0, "
            "are needed"
        )
    return tuple(int(value) for value in given)


def _table(values: ArrayLike, name: str, length: int) -> FloatArray:
    array = exact_floats(values, name)
    if array.ndim != 2 or len(array) != length or array.shape[1] == 0:
        raise InputError(
            f"{name} has shape {array.shape}: X has {length} rows, so ({length}, m) is needed, one column an "
            "output; a single output is for Problem"
        )
    return array


def _checked_targets(names: Sequence[str] | None, n_outputs: int) -> tuple[str, ...] | None:
    if names is None:
        return None
    given = (names,) if isinstance(names, str) else tuple(names)
    if len(given) != n_outputs or not all(isinstance(name, str) for name in given):
        raise InputError(f"target_names = {given!s:.60}: {n_outputs} texts are needed, one for each output")
    return given


def _rebuilt(X: FloatArray, low: FloatArray, high: FloatArray, *rest: Any) -> MultiOutputProblem:
    names = ("affine", "feature_names", "target_names", "numbers", "places")
    return MultiOutputProblem.from_intervals(X, low, high, **dict(zip(names, rest, strict=True)))
