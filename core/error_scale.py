"""What errors are measured in: the labels' own unit, one for each sample, or the size of the label."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sparsest.arrays import FloatArray, exact_floats, refuse_non_finite
from sparsest.errors import InputError
from sparsest.problem import Problem

RELATIVE = "relative"


class ErrorScale(NamedTuple):
    """Units of errors: ``f(x_i) - y_i`` counts in units of ``above[i]``, ``y_i - f(x_i)`` of ``below[i]``.

    Attributes
    ----------
    below, above : arrays (N,)
        Positive.
    words : str
        What that is, in a few words; empty where errors are measured as they are.
    """

    below: FloatArray
    above: FloatArray
    words: str

    @property
    def least(self) -> FloatArray:
        """The smaller unit of each sample (N,)."""
        return np.minimum(self.below, self.above)


def error_scale(problem: Problem, given: ArrayLike | str | None) -> ErrorScale:
    """Return the units of errors that a user describes.

    Parameters
    ----------
    problem : Problem
        Its targets are the labels that errors are measured from.
    given : array-like (N,) or (N, 2), "relative" or None
        One unit a sample; or two, for errors below and above the label; or "relative", the size of each
        label; or 1 for all.

    Raises
    ------
    InputError
        For a sample without a label, a unit that is not positive, or a relative error of a label zero.

    Examples
    --------
    >>> error_scale(Problem([0, 1], [2.0, -4.0]), "relative").above
    array([2., 4.])
    """
    one_sided = np.flatnonzero(~np.isfinite(problem.high - problem.low))
    if one_sided.size:
        raise InputError(
            f"row {one_sided[0]} has an interval without end, and errors are measured from labels: give a "
            "problem with a label on every row"
        )
    n = problem.n_samples
    if given is None:
        return ErrorScale(np.ones(n), np.ones(n), "")
    words = "relative to the label" if isinstance(given, str) else "in the units given"
    units = _sizes(problem.targets, given) if isinstance(given, str) else exact_floats(given, "scale")
    if units.shape not in ((n,), (n, 1), (n, 2)):
        raise InputError(f"scale has shape {units.shape}: ({n},), or ({n}, 2) for below and above, is needed")
    refuse_non_finite(units, "scale")
    if not np.all(units > 0):
        row = int(np.argwhere(units <= 0)[0][0])
        raise InputError(f"scale holds {units[row].min():g} at row {row}: every entry must be positive")
    pairs = np.broadcast_to(units.reshape(n, -1), (n, 2))
    return ErrorScale(pairs[:, 0].copy(), pairs[:, 1].copy(), "" if np.all(units == 1) else words)


def _sizes(labels: FloatArray, word: str) -> FloatArray:
    if word != RELATIVE:
        raise InputError(f"scale = {word!r:.40}: it must be {RELATIVE!r} or an array of numbers")
    zero = np.flatnonzero(labels == 0)
    if zero.size:
        raise InputError(
            f"the label of row {zero[0]} is 0, and no error is small beside it: measure labels of less than "
            "some size as if they had it (--floor, or scale=np.maximum(np.abs(y), floor))"
        )
    return np.abs(labels)


def largest_error(problem: Problem, values: FloatArray, scale: ErrorScale) -> float:
    """Return the largest error of a function with these values (N,), in float64."""
    errors = values - problem.targets
    return float(np.maximum(errors / scale.above, -errors / scale.below).max())
