"""Numbers that summarise times over many problems: profiles, means and pairwise ratios.

Everywhere a time of infinity means "not solved"; nothing here knows what solving is.
"""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest.arrays import FloatArray
from sparsest.errors import InputError

# Seconds; shorter times are below what the clock and the call around a solver can tell apart, and a time of
# zero would make every ratio to it infinite.
SHORTEST: Final = 1e-6

# Times whose ratio is at most this are called equal: repeated runs of one method differ by as much.
EQUAL_TIMES: Final = 1.1


@dataclasses.dataclass(frozen=True)
class StepCurve:
    """A right-continuous step function that is 0 before its first step.

    Attributes
    ----------
    at : array (S,)
        Where it steps, strictly increasing; S may be 0.
    height : array (S,)
        Its value from there on.
    """

    at: FloatArray
    height: FloatArray

    def __call__(self, x: float) -> float:
        """Return the value at `x`."""
        steps = int(np.searchsorted(self.at, x, side="right"))
        return float(self.height[steps - 1]) if steps else 0.0


@dataclasses.dataclass(frozen=True)
class TimeComparison:
    """Two solvers side by side on the same problems.

    Attributes
    ----------
    ratio : float or None
        Geometric mean of second time / first time over the problems that both solve; above 1 the first is
        faster. None when there is no such problem.
    both, first_only, second_only : tuple of int
        Problems solved by both, or by one.
    first_faster, second_faster : tuple of int
        Problems that both solve, where one takes more than `EQUAL_TIMES` as long as the other.
    """

    ratio: float | None
    both: tuple[int, ...]
    first_only: tuple[int, ...]
    second_only: tuple[int, ...]
    first_faster: tuple[int, ...]
    second_faster: tuple[int, ...]


def success_curve(times: ArrayLike) -> StepCurve:
    """Return the fraction of runs (R,) that have succeeded, against time.

    Raises
    ------
    InputError
        When there is no run, or a time is negative or nan.
    """
    each = _checked(times, 1)
    at, numbers = np.unique(each[np.isfinite(each)], return_counts=True)
    return StepCurve(at, np.cumsum(numbers) / len(each))


def performance_ratios(times: ArrayLike) -> FloatArray:
    """Return every time over the best time on its problem, (P, M); infinite where not solved.

    Raises
    ------
    InputError
        When there is no problem or no solver, or a time is negative or nan.
    """
    table = np.maximum(_checked(times, 2), SHORTEST)
    best = table.min(axis=1, keepdims=True)
    ratios = np.full_like(table, np.inf)
    np.divide(table, best, out=ratios, where=np.isfinite(table))
    return ratios


def performance_profiles(times: ArrayLike) -> tuple[StepCurve, ...]:
    """Return the performance profile of each of M solvers on P problems (Dolan and More 2002).

    A profile is ``rho(tau)``, the fraction of all problems that the solver solves within tau times the time
    of the fastest; ``rho(1)`` is how often it is (one of) the fastest, its last value how often it solves.
    Problems that no solver solves count in the denominator.

    Parameters
    ----------
    times : array-like (P, M)
        Seconds to solve, infinity where the solver does not.

    Raises
    ------
    InputError
        As `performance_ratios`.

    Examples
    --------
    >>> first, second = performance_profiles([[1.0, 2.0], [3.0, float("inf")]])
    >>> first(1), second(1), second(2)
    (1.0, 0.0, 0.5)
    """
    return tuple(success_curve(column) for column in performance_ratios(times).T)


def compare_times(first: ArrayLike, second: ArrayLike) -> TimeComparison:
    """Compare two solvers' times (P,) problem by problem.

    Raises
    ------
    InputError
        When the lengths differ, or a time is negative or nan.
    """
    a, b = (np.maximum(_checked(times, 1, empty=True), SHORTEST) for times in (first, second))
    if len(a) != len(b):
        raise InputError(f"times of {len(a)} and of {len(b)} problems: compare the same ones")
    both = np.isfinite(a) & np.isfinite(b)
    ratios = np.divide(b, a, out=np.ones(len(a)), where=both)
    return TimeComparison(
        ratio=geometric_mean(ratios[both]) if both.any() else None,
        both=_indices(both),
        first_only=_indices(np.isfinite(a) & np.isinf(b)),
        second_only=_indices(np.isinf(a) & np.isfinite(b)),
        first_faster=_indices(both & (ratios > EQUAL_TIMES)),
        second_faster=_indices(both & (1 / ratios > EQUAL_TIMES)),
    )


def geometric_mean(values: ArrayLike) -> float:
    """Return the geometric mean of positive numbers (n,).

    Raises
    ------
    InputError
        When there is none, or one is not positive.
    """
    each = _checked(values, 1)
    if not (each > 0).all():
        raise InputError(f"{each.min():g} is not positive: it has no geometric mean")
    return float(np.exp(np.log(each).mean()))


def shifted_geometric_mean(times: ArrayLike, shift: float = 1.0) -> float:
    """Return ``exp(mean(log(t + shift))) - shift`` of times (n,) in seconds.

    The shift keeps a solver from winning by microseconds on problems that nobody waits for (Achterberg
    2007, section A.3).

    Raises
    ------
    InputError
        When there is no time, one is negative or nan, or the shift is not positive.
    """
    if not shift > 0:
        raise InputError(f"shift = {shift:g}: it must be positive")
    # the mean of equal numbers may come back a rounding below them
    return max(0.0, geometric_mean(_checked(times, 1) + shift) - shift)


def _checked(values: ArrayLike, dimensions: int, empty: bool = False) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions or (array.size == 0 and not empty):
        raise InputError(
            f"times have shape {array.shape}: a non-empty array of {dimensions} dimensions is needed"
        )
    if not (array >= 0).all():  # also refuses nan
        place = tuple(int(i) for i in np.argwhere(~(array >= 0))[0])
        raise InputError(
            f"times hold {array[place]:g} at {place}: they are 0 or more, infinity if not solved"
        )
    return array


def _indices(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(mask))
