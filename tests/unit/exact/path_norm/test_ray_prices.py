"""What multipliers ask of rays at most, in floats with error bounds, against all rays in integers."""

from fractions import Fraction

import numpy as np
import pytest

from sparsest import InputError, Problem
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.cells.arrangement import rays_in_lowest_terms
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.path_norm import ray_prices
from sparsest.exact.path_norm.cones import hyperplanes
from sparsest.exact.path_norm.ray_prices import RayPrices, rays_fit
from sparsest.progress import Deadline

RANDOM = np.random.default_rng(5)
INPUTS = {
    "uniform": RANDOM.uniform(-1, 1, (6, 2)),
    "grid": np.array([[i, j] for i in range(3) for j in range(3)], dtype=float),
    "grid of tenths": np.array([[i, j] for i in range(3) for j in range(3)]) / 10,
    "on a line": np.c_[np.arange(5.0), 2 * np.arange(5.0) - 1],
    "nearly on a line": np.c_[np.arange(5.0), 2 * np.arange(5.0) + 1e-12 * RANDOM.normal(size=5)],
    "with the origin": np.r_[np.zeros((1, 2)), RANDOM.integers(-2, 3, (4, 2))],
    "along an axis": np.array([[0.0, 0.0], [3.0, 0.0], [-1.0, 0.0], [0.0, 2.0]]),
    "far away": 1e6 + np.round(RANDOM.uniform(-1, 1, (5, 2)), 3),
    "few samples": RANDOM.uniform(-1, 1, (2, 4)),
    "one feature": np.array([[-1.0], [0.0], [0.5], [4.0]]),
    "three features": RANDOM.integers(-2, 3, (7, 3)).astype(float),
    "units apart": RANDOM.uniform(-1, 1, (5, 2)) * [1e-40, 1e30],
}


def prices_of(X, charged):
    data = ExactData(Problem(np.unique(X, axis=0), np.zeros(len(np.unique(X, axis=0)))))
    return data, RayPrices(data, charged, Deadline(None))


def asked_of_all(data, charged, multipliers):
    """The largest size of what is asked of a ray over its charged entries, in rational arithmetic."""
    normals, *_ = hyperplanes(data, charged)
    most = Fraction(0)
    for ray in rays_in_lowest_terms(normals).tolist():
        cost = sum(abs(entry) for entry in ray[:charged])
        if cost == 0:
            continue
        values = [
            Fraction(max(0, sum(a * b for a, b in zip(row, ray, strict=True))), scale)
            for row, scale in zip(data.rows, data.scales, strict=True)
        ]
        most = max(most, abs(sum(y * v for y, v in zip(multipliers, values, strict=True))) / cost)
    return most


@pytest.mark.parametrize("all_charged", [True, False], ids=["all", "weights"])
@pytest.mark.parametrize("name", INPUTS)
def test_the_most_asked_is_that_of_all_rays_rounded_up(name, all_charged):
    features = INPUTS[name].shape[1]
    data, prices = prices_of(INPUTS[name], features + all_charged)
    random = np.random.default_rng(0)
    for _ in range(3):
        multipliers = [Fraction(float(y)) for y in random.normal(size=len(data.rows))]
        if not all_charged:  # orthogonal to constants, which cost nothing
            multipliers[0] -= sum(multipliers)
        exact = asked_of_all(data, features + all_charged, multipliers)
        assert exact <= Fraction(prices.most_asked(multipliers)) <= exact * (1 + Fraction(1, 10**8))


def test_without_a_look_in_integers_the_most_asked_is_still_an_upper_bound(monkeypatch):
    monkeypatch.setattr(ray_prices, "_MAX_SHARPENED", 0)
    for name, X in INPUTS.items():
        data, prices = prices_of(X, X.shape[1] + 1)
        multipliers = [Fraction(float(y)) for y in np.random.default_rng(1).normal(size=len(data.rows))]
        most = prices.most_asked(multipliers)
        assert asked_of_all(data, X.shape[1] + 1, multipliers) <= (
            Fraction(most) if most < np.inf else most
        ), name


@pytest.mark.parametrize("name", INPUTS)
def test_values_and_directions_of_rays_agree(name):
    X = np.unique(INPUTS[name], axis=0)
    features = X.shape[1]
    _, prices = prices_of(X, features)
    rays = np.repeat(np.arange(len(prices)), 2)[:200]
    opposite = np.arange(len(rays)) % 2
    directions, sides = prices.directions(rays, opposite)
    np.testing.assert_allclose(np.abs(directions[:, :features]).sum(axis=1), 1.0, rtol=1e-12)
    assert np.all(np.take_along_axis(sides, prices.subsets[rays], axis=1) == 0)
    homogeneous = np.c_[X, np.ones(len(X))]
    room = 1e-9 * np.abs(homogeneous) @ np.abs(directions).T
    values = prices.values(rays, opposite)
    assert np.all(np.abs(values.T - np.maximum(homogeneous @ directions.T, 0)) <= room)


def test_what_is_asked_of_each_ray_is_the_sum_over_its_values():
    data, prices = prices_of(INPUTS["grid"], 3)
    multipliers = np.random.default_rng(2).normal(size=len(data.rows))
    rays = np.arange(len(prices))
    for opposite in (0, 1):
        values = prices.values(rays, np.full(len(rays), opposite))
        np.testing.assert_allclose(prices.asked(multipliers)[:, opposite], values @ multipliers, atol=1e-12)


def test_rays_that_cost_nothing_are_left_out():
    # weights: the bias alone, which all axes meet in; three samples with two axes have nine other pairs
    _, prices = prices_of(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 2)
    assert not np.any(np.all(prices.subsets == [0, 1], axis=1))
    assert len(prices) == 9


def test_too_many_rays_are_refused_before_they_are_made():
    data = ExactData(Problem(np.random.default_rng(0).normal(size=(60, 8)), np.zeros(60)))
    # 68 hyperplanes: twice 7.4e9 sets of eight
    with pytest.raises(InputError, match=r"up to 1.48e\+10 rays are too many to keep"):
        RayPrices(data, 8, Deadline(None))
    assert rays_fit(60, 2, 2)
    assert not rays_fit(60, 8, 8)
    assert not rays_fit(60, 2, 2, 1e-6)


def test_time_that_is_up_ends_the_making_of_rays():
    over = Deadline(None)
    over.interrupt()
    data = ExactData(Problem([[0.0], [1.0]], [0.0, 1.0]))
    with pytest.raises(TimeLimitError, match="all rays"):
        RayPrices(data, 1, over)
