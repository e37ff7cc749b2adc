"""What errors are measured in."""

import numpy as np
import pytest

from sparsest import InputError, Problem
from sparsest.error_scale import error_scale, largest_error

PROBLEM = Problem([0, 1, 2], [2.0, -4.0, 1.0])


def test_units():
    plain = error_scale(PROBLEM, None)
    assert not plain.words
    assert plain.words == ""
    np.testing.assert_array_equal(plain.below, [1, 1, 1])
    relative = error_scale(PROBLEM, "relative")
    np.testing.assert_array_equal(relative.below, [2, 4, 1])
    assert relative.words == "relative to the label"
    one = error_scale(PROBLEM, [1, 2, 3])
    np.testing.assert_array_equal(one.above, [1, 2, 3])
    assert one.words
    two = error_scale(PROBLEM, [[1, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(two.below, [1, 3, 5])
    np.testing.assert_array_equal(two.above, [2, 4, 6])
    np.testing.assert_array_equal(two.least, [1, 3, 5])
    assert not error_scale(PROBLEM, np.ones(3)).words


def test_largest_error():
    # errors +1, -1 and 0: in units of 2 above and 4 below that is 1/2 and 1/4
    scale = error_scale(PROBLEM, [[4, 2]] * 3)
    assert largest_error(PROBLEM, np.array([3.0, -5.0, 1.0]), scale) == 0.5
    assert largest_error(PROBLEM, np.array([1.0, -5.0, 1.0]), scale) == 0.25
    assert largest_error(PROBLEM, np.array([1.0, -5.0, 1.0]), error_scale(PROBLEM, "relative")) == 0.5


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1, 2], "shape"),
        (np.ones((3, 3)), "shape"),
        ([1, 0, 1], "0 at row 1: every entry must be positive"),
        ([[1, 1], [1, -2], [1, 1]], "-2 at row 1"),
        ([1, np.inf, 1], "row 1"),
        ("absolute", "'relative'"),
    ],
)
def test_what_makes_no_sense_is_refused(given, words):
    with pytest.raises(InputError, match=words):
        error_scale(PROBLEM, given)


def test_labels_are_needed():
    with pytest.raises(InputError, match="label of row 1 is 0"):
        error_scale(Problem([0, 1], [1, 0]), "relative")
    with pytest.raises(InputError, match="row 0 has an interval without end"):
        error_scale(Problem.classification([0, 1], [0, 1]), None)
