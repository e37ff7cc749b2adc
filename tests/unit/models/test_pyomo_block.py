"""Networks in optimisation models: the block's optimum is that of the network."""

import importlib.util

import numpy as np
import pyomo.environ as pyo
import pytest
from helpers import ROOT

from sparsest import InputError, MultiOutputNetwork, Network
from sparsest.models.pyomo_block import relu_block, switching


def solved(network, low, high, sense):
    model = pyo.ConcreteModel()
    model.net = relu_block(network, low, high)
    model.goal = pyo.Objective(expr=model.net.y, sense=sense)
    pyo.SolverFactory("appsi_highs").solve(model)
    x = np.array([model.net.x[j].value or 0.0 for j in range(network.n_features)])  # None where it is free
    return pyo.value(model.goal), x, model.net


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("skip", [False, True])
def test_optima_are_those_of_a_grid_of_corners(seed, skip):
    """With one feature the extremes of f are at knots or at the ends of the interval."""
    rng = np.random.default_rng(seed)
    network = Network(
        rng.normal(size=(6, 1)), rng.normal(size=6), rng.normal(size=6), rng.normal(size=2) if skip else None
    )
    knots = -network.biases / network.weights[:, 0]
    places = np.r_[-1.0, 1.0, knots[np.abs(knots) < 1]][:, None]
    for sense, best in ((pyo.minimize, network(places).min()), (pyo.maximize, network(places).max())):
        value, x, block = solved(network, [-1], [1], sense)
        assert value == pytest.approx(best, abs=1e-6)
        assert network(x[None])[0] == pytest.approx(value, abs=1e-6)
        assert len(block.switch) == int((np.abs(knots) < 1).sum())


def test_several_features():
    rng = np.random.default_rng(0)
    network = Network(rng.normal(size=(8, 3)), rng.normal(size=8), rng.normal(size=8))
    value, x, _ = solved(network, [-1] * 3, [1] * 3, pyo.minimize)
    assert network(x[None])[0] == pytest.approx(value, abs=1e-6)
    assert value <= network(rng.uniform(-1, 1, (20_000, 3))).min() + 1e-6


def test_bounds_hold_and_stable_neurons_take_no_binary():
    rng = np.random.default_rng(1)
    network = Network(rng.normal(size=(50, 4)), rng.normal(size=50), np.ones(50))
    low, high = -np.ones(4), 2 * np.ones(4)
    least, most = switching(network, low, high)
    given = rng.uniform(low, high, (2000, 4)) @ network.weights.T + network.biases
    assert np.all(least <= given)
    assert np.all(given <= most)
    # always on, always off, and without an input
    stable = Network([[1.0], [1.0], [0.0]], [5.0, -5.0, 0.0], [1.0, 1.0, 1.0], [0.5, 1.0])
    value, _, block = solved(stable, [-1], [1], pyo.maximize)
    assert len(block.switch) <= 1  # rounding may leave the third one open
    assert value == pytest.approx(6 + 1.5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("skip", [False, True])
def test_sums_of_several_outputs_share_their_binaries(seed, skip):
    """Each output, and a sum of them, is a network of one output, whose extremes are at knots or ends."""
    rng = np.random.default_rng(seed)
    network = MultiOutputNetwork(
        rng.normal(size=(5, 1)), rng.normal(size=5), rng.normal(size=(5, 3)),
        rng.normal(size=(3, 2)) if skip else None,
    )  # fmt: skip
    knots = -network.biases / network.weights[:, 0]
    places = np.r_[-1.0, 1.0, knots[np.abs(knots) < 1]][:, None]
    for factors in (*np.eye(3), [1.0, -2.0, 0.5]):
        model = pyo.ConcreteModel()
        model.net = relu_block(network, [-1], [1])
        model.goal = pyo.Objective(expr=sum(float(c) * model.net.y[j] for j, c in enumerate(factors)))
        pyo.SolverFactory("appsi_highs").solve(model)
        assert pyo.value(model.goal) == pytest.approx((network(places) @ factors).min(), abs=1e-6)
        x = np.array([[model.net.x[0].value]])
        values = [pyo.value(model.net.y[j]) for j in range(3)]
        np.testing.assert_allclose(network(x)[0], values, atol=1e-6)
        assert len(model.net.switch) == int((np.abs(knots) < 1).sum())


def test_neurons_that_feed_no_output_take_no_binary():
    idle = MultiOutputNetwork([[1.0], [2.0]], [0.0, 0.5], [[0.0, 0.0], [0.0, 1.0]])
    assert list(relu_block(idle, [-1], [1]).switch) == [1]


def test_no_neurons():
    value, _, block = solved(Network.zero(2), [0, 0], [1, 1], pyo.maximize)
    assert (value, len(block.switch)) == (0, 0)


@pytest.mark.parametrize(("low", "high"), [([0], [1]), ([0, 0], [1, np.inf]), ([1, 0], [0, 1])])
def test_wrong_boxes(low, high):
    with pytest.raises(InputError, match=r"low"):
        relu_block(Network.zero(2), low, high)


@pytest.mark.slow
def test_example(capsys):
    path = ROOT / "examples" / "embed_in_pyomo.py"
    spec = importlib.util.spec_from_file_location("embed_in_pyomo", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(width=12, steps=1500, seconds=2.0)
    printed = capsys.readouterr().out
    assert "SPARSER_EXISTS" in printed
    optima = [
        float(line.split("optimum ")[1].split(",")[0]) for line in printed.split("\n") if "optimum" in line
    ]
    assert len(optima) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ["embed_reactor", "embed_heat_pump"])
def test_examples_with_several_outputs(name, capsys):
    path = ROOT / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(seconds=8.0)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("SPARSER_EXISTS")
    before, after = (int(line.split("; ")[1].split(" binaries")[0]) for line in lines[2:])
    assert after < before
