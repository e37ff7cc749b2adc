from fractions import Fraction

import numpy as np
import pytest

from sparsest import InputError, Objective
from sparsest.objectives import check_power, magnitudes

# two neurons in two dimensions, one constant neuron, one zero neuron
FOLDED = np.array([[3.0, 0.0, -4.0], [0.0, -0.0, 5.0], [-1.0, 2.0, 0.0], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("objective", "numbers"),
    [
        ("neurons", [7, 5, 3, 0]),
        ("weights", [3, 0, 0, 0, 1, 2, 0, 0]),
        ("parameters", [3, 0, 4, 0, 0, 5, 1, 2, 0, 0, 0, 0]),
    ],
)
def test_magnitudes_by_hand(objective, numbers):
    np.testing.assert_array_equal(magnitudes(FOLDED, Objective(objective)), numbers)
    assert magnitudes(FOLDED[:0], Objective(objective)).shape == (0,)


def test_names():
    assert [str(objective) for objective in Objective] == ["neurons", "weights", "parameters"]
    assert Objective.parse("weights") is Objective.WEIGHTS
    assert Objective.parse(Objective.WEIGHTS) is Objective.WEIGHTS


@pytest.mark.parametrize("name", ["neuron", "NEURONS", "", None, 1, ["weights"]])
def test_unknown_names(name):
    with pytest.raises(InputError, match="choose one of 'neurons', 'weights', 'parameters'"):
        Objective.parse(name)


@pytest.mark.parametrize("p", [1, 1.0, 0.5, np.float32(0.5), 5e-324])
def test_powers(p):
    assert type(check_power(p)) is float
    assert check_power(p) == p


@pytest.mark.parametrize("p", [0, -0.5, 1.5, np.nan, np.inf, "0.5", None, True, 1j, [0.5], Fraction(1, 2)])
def test_refused_powers(p):
    with pytest.raises(InputError, match=r"p = .* is not a number in \(0, 1\]"):
        check_power(p)


def test_zero_where_it_is_allowed():
    assert check_power(0, zero_allowed=True) == 0
    with pytest.raises(InputError, match=r"in \[0, 1\]"):
        check_power(-1, zero_allowed=True)
