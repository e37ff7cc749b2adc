"""Proximal maps against brute force, and what rebalancing must not change."""

import numpy as np
import pytest
import torch

from sparsest.continuous.penalty import path_norms, proximal_l1
from sparsest.network import Network
from sparsest.objectives import Objective


def random_batch(seed: int, shape: tuple[int, ...] = (3, 5, 4)) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(*shape, dtype=torch.float64, generator=generator)
    return torch.randn(*shape[:-1], dtype=torch.float64, generator=generator), hidden


def values(outputs: torch.Tensor, hidden: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    active = torch.relu(hidden[..., :-1] @ points.T + hidden[..., -1:])
    return (outputs.unsqueeze(-1) * active).sum(-2)


GRID = np.linspace(-4.0, 4.0, 80_001)  # spacing 1e-4


@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("value", [-2.0, -0.3, 0.0, 0.25, 1.7])
def test_soft_threshold_minimises_its_scalar_problem(value: float, threshold: float) -> None:
    brute = GRID[np.argmin((GRID - value) ** 2 / 2 + threshold * np.abs(GRID))]
    found = proximal_l1.soft_threshold(torch.tensor([value]), torch.tensor([threshold]))
    assert float(found) == pytest.approx(brute, abs=2e-4)


def test_an_infinite_threshold_gives_zero() -> None:
    found = proximal_l1.soft_threshold(torch.tensor([3.0, 0.0]), torch.tensor([torch.inf, torch.inf]))
    assert found.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("objective", list(Objective))
def test_shrink_thresholds_the_products_and_nothing_else(objective: Objective) -> None:
    outputs, hidden = random_batch(0)
    before_outputs, before = outputs.clone(), hidden.clone()
    thresholds = torch.full_like(path_norms.magnitudes(outputs, hidden, objective), 0.4)
    proximal_l1.shrink_(outputs, hidden, thresholds, objective)
    assert torch.equal(outputs, before_outputs)
    wanted = outputs.unsqueeze(-1) * before
    part = path_norms.counted(wanted, objective)
    part.copy_(torch.tensor(np.sign(part.numpy()) * np.maximum(np.abs(part.numpy()) - 0.4, 0)))
    torch.testing.assert_close(outputs.unsqueeze(-1) * hidden, wanted)
    assert (path_norms.counted(hidden, objective) == 0).any()


def test_shrink_of_a_neuron_without_output_weight() -> None:
    # v = 0: any positive threshold kills the row; threshold 0 asks for nothing
    hidden = torch.tensor([[1.0, 2.0], [1.0, 2.0]])
    proximal_l1.shrink_(torch.zeros(2), hidden, torch.tensor([[0.1, 0.1], [0.0, 0.0]]), Objective.PARAMETERS)
    assert hidden.tolist() == [[0.0, 0.0], [1.0, 2.0]]


@pytest.mark.parametrize("value", [-3.0, -0.4, 0.2, 0.9, 2.5])
def test_shrink_then_clip_is_the_map_of_penalty_and_box(value: float) -> None:
    grid = GRID[np.abs(GRID) <= 0.75]
    brute = grid[np.argmin((grid - value) ** 2 / 2 + 0.3 * np.abs(grid))]
    outputs = torch.tensor([-2.0], dtype=torch.float64)
    hidden = torch.tensor([[value / -2.0, 7.0]], dtype=torch.float64)
    proximal_l1.shrink_(outputs, hidden, torch.tensor([[0.3]], dtype=torch.float64), Objective.WEIGHTS)
    proximal_l1.clip_(outputs, hidden, torch.tensor([0.75], dtype=torch.float64))
    assert float(outputs[0] * hidden[0, 0]) == pytest.approx(brute, abs=2e-4)
    assert float(hidden[0, 1]) == 7.0


@pytest.mark.parametrize("objective", list(Objective))
def test_rebalancing_leaves_the_function_and_equalises_the_norms(objective: Objective) -> None:
    outputs, hidden = random_batch(1)
    points = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 3
    before = values(outputs, hidden, points)
    proximal_l1.rebalance_(outputs, hidden, objective)
    torch.testing.assert_close(values(outputs, hidden, points), before)
    norms = torch.linalg.vector_norm(path_norms.counted(hidden, objective), dim=-1)
    torch.testing.assert_close(norms, outputs.abs())


def test_rebalancing_without_scaling_the_bias_would_change_the_function() -> None:
    # f(x) = 4 max(0, x + 1): balanced v = w = 2, and b must become 2; with b = 1, f(0) would be 2, not 4
    outputs = torch.tensor([4.0])
    hidden = torch.tensor([[1.0, 1.0]])
    proximal_l1.rebalance_(outputs, hidden, Objective.WEIGHTS)
    assert outputs.tolist() == [2.0]
    assert hidden.tolist() == [[2.0, 2.0]]


def test_rebalancing_leaves_degenerate_neurons_alone() -> None:
    outputs = torch.tensor([0.0, 3.0, 0.0])
    hidden = torch.tensor([[1.0, 2.0], [0.0, 2.0], [0.0, 0.0]])
    proximal_l1.rebalance_(outputs, hidden, Objective.WEIGHTS)
    assert outputs.tolist() == [0.0, 3.0, 0.0]
    assert hidden.tolist() == [[1.0, 2.0], [0.0, 2.0], [0.0, 0.0]]


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("p", [0.25, 0.4, 1.0])
def test_path_norm_is_that_of_the_network(objective: Objective, p: float) -> None:
    outputs, hidden = random_batch(3)
    hidden[0, 1, 2] = 0.0
    outputs[1, 0] = 0.0
    found = path_norms.path_norm(outputs, hidden, p, objective)
    for r in range(3):
        rows = hidden[r].numpy()
        network = Network(rows[:, :-1], rows[:, -1], outputs[r].numpy())
        assert float(found[r]) == pytest.approx(network.path_norm(p, objective), rel=1e-12)


@pytest.mark.parametrize("p", [0.3, 0.7, 1.0])
def test_slopes_are_those_of_the_touching_line(p: float) -> None:
    # t^p is concave: t0^p + slope (t - t0) lies above it everywhere and touches at t0
    touch, t = torch.tensor([0.01, 0.5, 3.0], dtype=torch.float64), torch.linspace(0, 5, 501).double()
    line = touch**p + path_norms.slopes(touch, p) * (t.unsqueeze(1) - touch)
    assert (line >= (t**p).unsqueeze(1) - 1e-12).all()


def test_slope_at_zero_is_infinite_below_one_and_one_at_one() -> None:
    zero = torch.zeros(1)
    assert path_norms.slopes(zero, 0.5).item() == np.inf
    assert path_norms.slopes(zero, 1.0).item() == 1.0
