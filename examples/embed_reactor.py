"""A surrogate of a stirred tank in an optimisation model, before and after `sparsest.certify`: scikit-learn.

200 steady states of a tank with a first-order exothermic reaction, measured with noise: residence time,
temperature and feed concentration are set; product concentration and cooling duty are read. An `MLPRegressor`
of 40 neurons behind scalers learns both. The most product that stays within a cooling limit is a program with
a binary for each neuron that may switch: over the trained network, and over the sparser one that `certify`
finds, which gives every reading within three percent of its range as the trained one does.

    python examples/embed_reactor.py
"""

import time

import numpy as np
import pyomo.environ as pyo
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sparsest
from sparsest.models import read_model
from sparsest.models.pyomo_block import relu_block

# minutes, Kelvin, mol/l
LOW, HIGH = np.array([1.0, 300.0, 0.5]), np.array([10.0, 350.0, 2.0])
NOISE = 0.01
ACCURACY = 0.03  # of each reading's range, on every sample
COOLING_LIMIT = 12.0  # kW


def measured(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return settings (N, 3) and noisy readings (N, 2): product in mol/l and cooling in kW."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(LOW, HIGH, (count, 3))
    minutes, kelvin, feed = X.T
    rate = 0.2 * np.exp(-5000 * (1 / kelvin - 1 / 325))  # Arrhenius
    product = feed * rate * minutes / (1 + rate * minutes)
    cooling = 80 * product / minutes  # heat of reaction times what is made in a minute
    Y = np.c_[product, cooling]
    return X, Y + NOISE * Y.std(axis=0) * rng.normal(size=Y.shape)


def optimised(network: sparsest.MultiOutputNetwork) -> str:
    """Return in words what HiGHS needs for the most product within the cooling limit, and what it finds."""
    model = pyo.ConcreteModel()
    model.tank = relu_block(network, LOW, HIGH)
    model.limit = pyo.Constraint(expr=model.tank.y[1] <= COOLING_LIMIT)
    model.product = pyo.Objective(expr=model.tank.y[0], sense=pyo.maximize)
    begun = time.perf_counter()
    pyo.SolverFactory("appsi_highs").solve(model)
    seconds = time.perf_counter() - begun
    found = f"{len(model.tank.switch):2} binaries, {pyo.value(model.product):.4f} mol/l"
    return f"{found} at {model.tank.x[0].value:.2f} min, {model.tank.x[1].value:.1f} K, {seconds:.2f} s"


def main(width: int = 40, seconds: float = 20.0) -> None:
    """Train, certify, and optimise over both networks."""
    X, Y = measured(200, seed=0)
    new_X, new_Y = measured(1000, seed=1)
    mlp = MLPRegressor(hidden_layer_sizes=(width,), solver="lbfgs", alpha=1e-3, max_iter=1000, random_state=0)
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), mlp), transformer=StandardScaler())
    model.fit(X, Y)
    found = sparsest.certify(model, X, Y, tolerance=ACCURACY * np.ptp(Y, axis=0), time_limit=seconds)
    print(f"{found.judgement.name}: {found.reason}")
    print(f"asked: {found.asked}")
    for name, network in (("trained", read_model(model).network), ("sparsest known", found.network)):
        if network is not None:
            print(
                f"{name:>15}: R2 {r2_score(new_Y, network(new_X)):.4f} on new samples; {optimised(network)}"
            )


if __name__ == "__main__":
    main()
