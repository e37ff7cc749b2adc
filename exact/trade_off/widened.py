"""The problem whose intervals are all labels within a given error."""

import math
from fractions import Fraction

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.decimals import decimal_places, decimals_less
from sparsest.errors import InputError
from sparsest.problem import Problem

# A tolerance is written with no more digits than this beyond those that tell it from its neighbours.
_MAX_DIGITS = 15


def within(problem: Problem, error: float, scale: FloatArray) -> Problem | None:
    """Return the problem of meeting every label within ``error * scale``; None where no function does.

    Parameters
    ----------
    problem : Problem
        Its targets are the labels; its own intervals are left aside.
    error : float
        Not negative.
    scale : array (N,)
        Positive.

    Notes
    -----
    Ends are exact where labels and errors are decimals. Otherwise they are rounded outwards, so that a
    refutation is one of the error asked about; a network may then be off by the last digit more.
    """
    labels, slack = problem.targets, error * scale
    places = decimal_places(np.r_[labels, slack], apart=False)
    if places is None:
        slack = np.nextafter(slack, math.inf)  # a difference may be exact, and its rounding all that counts
        low, high = np.nextafter(labels - slack, -math.inf), np.nextafter(labels + slack, math.inf)
        low, high = (low, high) if error > 0 else (labels, labels)
    else:
        low, high = decimals_less(labels, slack, places), decimals_less(labels, -slack, places)
    try:
        return problem.replace(low=low, high=high)
    except InputError:  # repeated inputs whose labels lie farther apart
        return None


def largest_error(problem: Problem, values: FloatArray, scale: FloatArray) -> float:
    """Return the largest error of a function with these values, as if they were exact."""
    return float((np.abs(values - problem.targets) / scale).max())


def short_number_between(low: float, high: float) -> float:
    """Return a decimal of few digits in the middle half of an interval of numbers that are not negative."""
    middle, quarter = (Fraction(low) + Fraction(high)) / 2, (Fraction(high) - Fraction(low)) / 4
    for digits in range(1, _MAX_DIGITS + 1):
        candidate = float(f"{float(middle):.{digits}g}")
        if abs(Fraction(candidate) - middle) <= quarter:
            return candidate
    return float(middle)
