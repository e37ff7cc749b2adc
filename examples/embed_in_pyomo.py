"""A trained network inside an optimisation model, before and after `sparsest.certify`.

Plain Adam fits 60 neurons to samples of a function of three variables. Minimising the network plus a linear
cost over a box takes a binary for every neuron that may switch there; the sparser network that `certify`
finds through the same samples, within the error that the trained one has, takes a handful.

    python examples/embed_in_pyomo.py
"""

import time

import numpy as np
import pyomo.environ as pyo
import torch
from torch import nn

import sparsest
from sparsest.models import read_model
from sparsest.models.pyomo_block import relu_block


def samples(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (N, 3) in [-1, 1] and values of a sum of four ridges."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (count, 3))
    directions, offsets = rng.normal(size=(4, 3)), 0.3 * rng.normal(size=4)
    return X, np.maximum(0, X @ directions.T + offsets) @ np.array([1.0, -1.5, 2.0, -1.0])


def trained(X: np.ndarray, y: np.ndarray, width: int, steps: int) -> nn.Module:
    """Return a network that Adam fits to the samples."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, width, bias=True), nn.ReLU(), nn.Linear(width, 1, bias=False)).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    inputs, labels = torch.tensor(X), torch.tensor(y)
    for step in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs)[:, 0], labels).backward()
        optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (1 - step / steps)
    return model


def minimised(network: sparsest.Network) -> tuple[int, float, float]:
    """Return binaries, optimum and seconds of HiGHS for the network's value plus a linear cost on the box."""
    model = pyo.ConcreteModel()
    model.net = relu_block(network, [-1, -1, -1], [1, 1, 1])
    model.cost = pyo.Objective(expr=model.net.y + 0.1 * sum(model.net.x[j] for j in range(3)))
    begun = time.perf_counter()
    pyo.SolverFactory("appsi_highs").solve(model)
    return len(model.net.switch), pyo.value(model.cost), time.perf_counter() - begun


def main(width: int = 60, steps: int = 6000, seconds: float = 30.0) -> None:
    """Train, certify, and optimise over both networks."""
    X, y = samples(200, seed=1)
    model = trained(X, y, width, steps)
    found = sparsest.certify(model, X, y, time_limit=seconds)
    print(f"{found.judgement.name}: {found.reason}")
    for name, network in (("trained", read_model(model).network), ("sparsest known", found.network)):
        if network is not None:
            binaries, optimum, spent = minimised(network)
            print(f"{name:>15}: {binaries} binaries, optimum {optimum:.6f}, {spent:.2f} s")


if __name__ == "__main__":
    main()
