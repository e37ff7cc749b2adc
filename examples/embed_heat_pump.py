"""A surrogate of a heat pump in an optimisation model, before and after `sparsest.certify`: torch.

400 operating points with noise: compressor speed, outdoor and supply temperature are set; heat output,
electric power and the temperature behind the compressor are read. Adam trains 32 float32 neurons that all
three share. The least power that meets a demand for heat on a cold day, without overheating the compressor,
is a mixed-integer program, over the trained network and over the sparser one that `certify` finds, which
gives every reading within five percent of its range as the trained one does.

    python examples/embed_heat_pump.py
"""

import time

import numpy as np
import pyomo.environ as pyo
import torch
from sklearn.metrics import r2_score
from torch import nn

import sparsest
from sparsest.models import read_model
from sparsest.models.pyomo_block import relu_block

# share of full speed, degrees Celsius outdoors, degrees Celsius of the supply
LOW, HIGH = np.array([0.3, -15.0, 30.0]), np.array([1.0, 15.0, 55.0])
NOISE = 0.02
ACCURACY = 0.05  # of each reading's range, on every sample
DEMAND, HOTTEST, OUTDOORS = 5.0, 95.0, -5.0  # kW, degrees, degrees


def measured(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return settings (N, 3) and noisy readings (N, 3): heat and power in kW, hot gas in degrees."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(LOW, HIGH, (count, 3))
    speed, outdoors, supply = X.T
    lift = np.maximum(supply - outdoors + 5, 15)
    carnot = (supply + 273) / lift
    heat = 10 * speed * (1 + 0.025 * (outdoors - 7)) * (1 - 0.15 * speed)
    power = heat / (0.45 * carnot) + 0.15
    gas = supply + 8 + 0.75 * lift * (0.6 + 0.4 * speed)
    Y = np.c_[heat, power, gas]
    return X, Y + NOISE * Y.std(axis=0) * rng.normal(size=Y.shape)


class Surrogate(nn.Module):
    """One hidden layer that all outputs share, between scalings by the training data."""

    def __init__(self, X: torch.Tensor, Y: torch.Tensor, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(X.shape[1], width), nn.ReLU(), nn.Linear(width, Y.shape[1]))
        for name, data in (("inputs", X), ("outputs", Y)):
            self.register_buffer(f"{name}_mean", data.mean(0))
            self.register_buffer(f"{name}_scale", data.std(0))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Return the outputs (N, m) at inputs (N, d)."""
        return (
            self.layers((X - self.inputs_mean) / self.inputs_scale) * self.outputs_scale + self.outputs_mean
        )


def trained(X: np.ndarray, Y: np.ndarray, width: int, steps: int) -> nn.Module:
    """Return a surrogate that Adam fits to the samples, with a little weight decay."""
    torch.manual_seed(0)
    inputs, labels = (torch.tensor(part, dtype=torch.float32) for part in (X, Y))
    model = Surrogate(inputs, labels, width)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        errors = (model(inputs) - labels) / model.outputs_scale
        errors.square().mean().backward()
        optimizer.step()
        schedule.step()
    return model


def optimised(network: sparsest.MultiOutputNetwork) -> str:
    """Return in words what HiGHS needs for the least power that meets the demand, and what it finds."""
    model = pyo.ConcreteModel()
    model.pump = relu_block(network, LOW, HIGH)
    heat, power, gas = (model.pump.y[j] for j in range(3))
    model.pump.x[1].fix(OUTDOORS)
    model.demand = pyo.Constraint(expr=heat >= DEMAND)
    model.cool = pyo.Constraint(expr=gas <= HOTTEST)
    model.warm = pyo.Constraint(expr=model.pump.x[2] >= 40)
    model.power = pyo.Objective(expr=power)
    begun = time.perf_counter()
    pyo.SolverFactory("appsi_highs").solve(model)
    seconds = time.perf_counter() - begun
    found = f"{len(model.pump.switch):2} binaries, {pyo.value(model.power):.3f} kW"
    return f"{found} at {100 * model.pump.x[0].value:.0f} percent of full speed, {seconds:.2f} s"


def main(width: int = 32, steps: int = 2000, seconds: float = 20.0) -> None:
    """Train, certify, and optimise over both networks."""
    X, Y = measured(400, seed=0)
    new_X, new_Y = measured(1000, seed=1)
    model = trained(X, Y, width, steps)
    found = sparsest.certify(model, X, Y, tolerance=ACCURACY * np.ptp(Y, axis=0), time_limit=seconds)
    print(f"{found.judgement.name}: {found.reason}")
    print(f"asked: {found.asked}")
    for name, network in (("trained", read_model(model).network), ("sparsest known", found.network)):
        if network is not None:
            print(
                f"{name:>15}: R2 {r2_score(new_Y, network(new_X)):.4f} on new samples; {optimised(network)}"
            )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
