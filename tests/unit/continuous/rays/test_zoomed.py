"""Outputs within narrow intervals, against a linear-programming solver."""

import numpy as np
import pytest
from scipy.optimize import linprog

from sparsest.continuous.rays.zoomed import least_on_support


@pytest.mark.parametrize("width", [1e-6, 0.1])
@pytest.mark.parametrize("free", [0, 2])
@pytest.mark.parametrize("seed", range(4))
def test_the_cost_is_least(width: float, free: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    columns = np.maximum(random.normal(size=(9, 4 + free)), 0 if not free else -np.inf)
    outputs = random.normal(size=4 + free)
    values = columns @ outputs
    low, high = values - width * random.uniform(0, 1, 9), values + width * random.uniform(0, 1, 9)
    low[0] = -np.inf
    costs = np.r_[random.uniform(0.5, 2, 4), np.full(free, -1.0)]
    found = least_on_support(columns, low, high, outputs, costs)
    signs = np.where(outputs < 0, -1.0, 1.0)
    prices = np.maximum(costs, 0) * signs
    ends = [
        (None, None) if c < 0 else ((0, None) if s > 0 else (None, 0))
        for c, s in zip(costs, signs, strict=True)
    ]
    best = linprog(prices, A_ub=np.r_[columns, -columns[1:]], b_ub=np.r_[high, -low[1:]], bounds=ends)
    assert np.all(columns @ found <= high + 1e-6 * width)
    assert np.all(columns @ found >= low - 1e-6 * width)
    assert np.all(found[:4] * signs[:4] >= 0)
    # in units of the width, which rounding of the labels limits
    assert (prices @ found - best.fun) / width == pytest.approx(0, abs=1e-4)


def test_points_leave_nothing_to_move() -> None:
    outputs = np.array([1.0, -2.0])
    values = np.array([1.0, -2.0])
    np.testing.assert_array_equal(least_on_support(np.eye(2), values, values, outputs, np.ones(2)), outputs)


def test_an_output_that_is_not_needed_ends_at_zero() -> None:
    # x - y within [0, 1] twice: nothing is cheapest
    columns = np.array([[1.0, -1.0], [1.0, -1.0]])
    found = least_on_support(columns, np.zeros(2), np.ones(2), np.array([0.7, 0.2]), np.ones(2))
    np.testing.assert_allclose(found, 0, atol=1e-8)
