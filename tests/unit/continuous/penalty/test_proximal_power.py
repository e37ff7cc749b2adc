"""The proximal maps of the path norm against brute force and their own optimality."""

import numpy as np
import pytest
import torch

from sparsest.continuous.penalty.proximal_power import group_proximal, power_proximal

POWERS = [0.05, 0.3, 0.4, 0.5, 2 / 3, 0.7, 0.95, 1.0]


def brute_force(value: float, strength: float, p: float) -> float:
    """Minimise by bisection of the derivative beyond its minimum, against zero."""
    size = abs(value)
    if strength == 0 or p == 1:
        return float(np.sign(value) * max(size - strength, 0.0))
    low, high = (strength * p * (1 - p)) ** (1 / (2 - p)), size  # the derivative rises from low on
    if low >= high or low - size + strength * p * low ** (p - 1) >= 0:
        return 0.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle - size + strength * p * middle ** (p - 1) < 0:
            low = middle
        else:
            high = middle
    better = (high - size) ** 2 / 2 + strength * high**p < size**2 / 2
    return float(np.sign(value) * high) if better else 0.0


@pytest.mark.parametrize("p", POWERS)
def test_power_proximal_is_brute_force(p: float) -> None:
    rng = np.random.default_rng(0)
    values = np.r_[rng.normal(size=300) * 10 ** rng.uniform(-3, 3, 300), 0.0, 1.0, -1.0]
    strengths = np.r_[10 ** rng.uniform(-4, 2, 300), 1.0, 0.0, 1e-9]
    found = power_proximal(torch.tensor(values), torch.tensor(strengths), p).numpy()
    wanted = [brute_force(*pair, p) for pair in zip(values, strengths, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
    assert 20 < np.count_nonzero(found) < 290


@pytest.mark.parametrize("p", POWERS)
def test_just_beyond_the_jump(p: float) -> None:
    # with x = (2 s (1 - p))^(1 / (2 - p)) both x and 0 minimise at z = x + s p x^(p - 1), e.g. p = 1/2 and
    # s = 1: x = 1, z = 3/2: (1 - 3/2)^2 / 2 + 1 = 9/8 = (3/2)^2 / 2
    strength = 0.7
    jump = (2 * strength * (1 - p)) ** (1 / (2 - p))
    edge = jump + strength * p * (jump ** (p - 1) if jump > 0 else 1.0)
    sides = torch.tensor([edge * (1 - 1e-9), edge * (1 + 1e-9)], dtype=torch.float64)
    below, above = power_proximal(sides, torch.tensor(strength, dtype=torch.float64), p).tolist()
    assert below == 0
    assert above == pytest.approx(jump, rel=1e-6, abs=1e-8)


def test_closed_form_by_hand() -> None:
    # p = 1/2, strength 2, z = 3: s^3 - 3 s + 1 = 0 has the largest root s = 2 cos(2 pi / 9)
    found = power_proximal(torch.tensor([3.0], dtype=torch.float64), torch.tensor([2.0]).double(), 0.5)
    assert float(found) == pytest.approx((2 * np.cos(2 * np.pi / 9)) ** 2, rel=1e-15)


def test_single_precision_and_shapes() -> None:
    found = power_proximal(torch.randn(2, 3, 4), torch.rand(2, 1, 1), 0.4)
    assert found.shape == (2, 3, 4)
    assert found.dtype == torch.float32


def group_cost(u: np.ndarray, z: np.ndarray, strength: float, p: float) -> float:
    return float(np.sum((u - z) ** 2) / 2 + strength * np.abs(u).sum() ** p)


@pytest.mark.parametrize("p", [0.2, 0.5, 2 / 3, 0.8, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_group_proximal_beats_a_grid(seed: int, p: float) -> None:
    rng = np.random.default_rng(seed)
    z, strength = rng.normal(size=2) * 2, float(rng.uniform(0.05, 1.5))
    found = group_proximal(torch.tensor(z), torch.tensor(strength, dtype=torch.float64), p).numpy()
    shares = np.stack(np.meshgrid(*[np.linspace(0, 1, 401)] * 2), axis=-1) * z
    costs = ((shares - z) ** 2).sum(-1) / 2 + strength * np.abs(shares).sum(-1) ** p
    brute = float(costs.min())
    best = group_cost(found, z, strength, p)
    assert best <= brute + 1e-12
    assert best >= brute - 1e-3


def test_group_of_one_is_the_scalar_map() -> None:
    values = torch.linspace(-5, 5, 101, dtype=torch.float64)
    strength = torch.full((101,), 0.6, dtype=torch.float64)
    for p in (0.3, 0.5, 1.0):
        single = group_proximal(values.unsqueeze(-1), strength, p).squeeze(-1)
        torch.testing.assert_close(single, power_proximal(values, strength, p), rtol=1e-12, atol=1e-12)


def test_groups_with_ties_and_zeros() -> None:
    # equal entries share: u = (x, x) minimises (x - 2)^2 + strength sqrt(2 x), that is the scalar map at
    # the sum 4 with twice the strength, over 2
    rows = torch.tensor([[2.0, 2.0], [0.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    found = group_proximal(rows, torch.full((3,), 0.5, dtype=torch.float64), 0.5)
    pair = power_proximal(torch.tensor(4.0).double(), torch.tensor(1.0).double(), 0.5)
    torch.testing.assert_close(found[0], pair.expand(2) / 2, rtol=1e-12, atol=1e-12)
    assert found[1].tolist() == [0, 0]
    single = power_proximal(torch.tensor(2.0).double(), torch.tensor(0.5).double(), 0.5)
    torch.testing.assert_close(found[2], torch.stack([single, single * 0]), rtol=1e-12, atol=1e-12)
