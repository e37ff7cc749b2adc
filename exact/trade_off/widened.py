"""The problem whose intervals are all labels within a given error."""

import math
from fractions import Fraction

import numpy as np

from sparsest.decimals import Numbers, decimal_places, decimals_less
from sparsest.error_scale import ErrorScale
from sparsest.errors import InputError
from sparsest.problem import Problem

# A tolerance is written with no more digits than this beyond those that tell it from its neighbours.
_MAX_DIGITS = 15


def within(problem: Problem, error: float, scale: ErrorScale, *, outwards: bool = True) -> Problem | None:
    """Return the problem of meeting every label within an error; None where no function does.

    Parameters
    ----------
    problem : Problem
        Its targets are the labels; its own intervals are left aside.
    error : float
        Not negative.
    scale : ErrorScale
        What errors are measured in.
    outwards : bool
        Whether ends that have to be rounded are rounded outwards, so that a refutation is one of the error
        asked about; a network may then be off by the last digit more. Otherwise they are those of
        ``Problem(X, y, tolerance=error)``.

    Notes
    -----
    Ends are exact where labels and errors are decimals.
    """
    labels, below, above = problem.targets, error * scale.below, error * scale.above
    places = None
    if problem.numbers is not Numbers.BINARY:
        places = decimal_places(np.r_[labels, below, above], apart=False)
    if places is not None:
        low, high = decimals_less(labels, below, places), decimals_less(labels, -above, places)
    elif outwards and error > 0:
        # a difference may be exact, and its rounding all that counts
        below, above = np.nextafter(below, math.inf), np.nextafter(above, math.inf)
        low, high = np.nextafter(labels - below, -math.inf), np.nextafter(labels + above, math.inf)
    else:
        low, high = labels - below, labels + above
    try:
        return problem.replace(low=low, high=high)
    except InputError:  # repeated inputs whose labels lie farther apart
        return None


def short_number_between(low: float, high: float) -> float:
    """Return a decimal of few digits in the middle half of an interval of numbers that are not negative."""
    middle, quarter = (Fraction(low) + Fraction(high)) / 2, (Fraction(high) - Fraction(low)) / 4
    for digits in range(1, _MAX_DIGITS + 1):
        candidate = float(f"{float(middle):.{digits}g}")
        if abs(Fraction(candidate) - middle) <= quarter:
            return candidate
    return float(middle)
