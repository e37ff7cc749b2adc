"""The exact oracle by hand, and bounds and proofs of random problems against it."""

from fractions import Fraction

import pytest
from oracles.exact_enumeration import Enumeration, feasible, patterns
from random_problems import run

# 0, 1, 0 at x = 0, 1, 2
TENT = ([[0], [1], [2]], [0, 1, 0], [0, 1, 0])


@pytest.mark.parametrize(
    ("rows", "right", "answer"),
    [
        ([], [], True),
        ([[1], [-1]], [1, -1], True),  # x = 1
        ([[1], [-1]], [0, -1], False),  # x <= 0 and x >= 1
        ([[0]], [-1], False),
        ([[0]], [0], True),
        ([[1, 1], [-1, 0], [0, -1]], [-1, 0, 0], False),  # x + y <= -1 of numbers that are not negative
        ([[1, 1], [-1, 0], [0, -1]], [0, 0, 0], True),
        ([[3, -2], [-3, 2], [1, 0], [-1, 0]], [1, -1, 7, -7], True),  # x = 7, y = 10
        ([[3, -2], [-3, 2], [1, 0], [-1, 0], [0, 1]], [1, -1, 7, -7, 9], False),
    ],
)
def test_linear_programs_by_hand(rows, right, answer):
    assert feasible(rows, right) is answer


def test_cells_by_hand():
    """Three points of a line: N + 1 places of a knot, either way round; without a bias all or none."""
    points = [[1, 1], [2, 1], [3, 1]]
    assert len(patterns(points, [0, 1])) == 2 * 3
    assert sorted(patterns(points, [0])) == [(False,) * 3, (True,) * 3]


@pytest.mark.parametrize(
    ("affine", "objective", "minimum"),
    [
        # x - 2 max(0, x - 1): a knot, and x for free; a bias beside the weight
        ("skip", "neurons", 1),
        ("skip", "weights", 1),
        ("skip", "parameters", 2),
        # max(0, x) - 2 max(0, x - 1)
        ("none", "neurons", 2),
        ("none", "weights", 2),
        ("none", "parameters", 3),
        # 1 - max(0, x - 1) - max(0, 1 - x) has four parameters, and so has no better one than that above
        ("constant", "neurons", 2),
        ("constant", "parameters", 3),
    ],
)
def test_minima_by_hand(affine, objective, minimum):
    known = Enumeration(*TENT, affine)
    assert known.some_network_fits(objective, minimum)
    assert not known.some_network_fits(objective, minimum - 1)


def test_fractions_are_exact():
    """0.1, 0.2, 0.3 are on a line, and would not be if floats were."""
    tenths = [[Fraction(k, 10)] for k in (1, 2, 3)]
    labels = [Fraction(k, 10) for k in (1, 2, 3)]
    assert Enumeration(tenths, labels, labels, "skip").some_network_fits("neurons", 0)
    floats = [Fraction(0.1), Fraction(0.2), Fraction(0.3)]
    assert not Enumeration([[1], [2], [3]], floats, floats, "skip").some_network_fits("neurons", 0)


def test_more_tries_than_allowed():
    assert Enumeration(*TENT, "none").some_network_fits("neurons", 1, most=2) is None


@pytest.mark.parametrize("objective", ["neurons", "weights", "parameters"])
def test_random_problems(objective):
    seen, wrong = run(6, [objective], seed=1)
    assert not wrong
    assert seen.total() == 18
