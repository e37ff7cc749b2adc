"""The parts for a person's own training loop: penalty, proximal step, pruning, state in and out."""

import copy
import io
import re
import runpy

import numpy as np
import pytest
import torch
from helpers import ROOT, in_turn
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrizations
from torch.nn.utils import prune as torch_prune

import sparsest
from sparsest.affine import Affine
from sparsest.continuous import PathNorm, ReLUNetwork, ReweightedL1, count, prune, to_network
from sparsest.continuous.algorithms.adam_reweighted import AdamReweighted
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.torch_parts.layers import layers_of
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import Objective

KINDS = ["module", "module with skip", "sequential", "sequential without biases", "pair"]


def make(kind, d=3, width=6, seed=0, dtype=torch.float64):
    """A network of each kind that is accepted."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if kind.startswith("module"):
            network = ReLUNetwork(d, width, affine="skip" if "skip" in kind else "none", dtype=dtype)
            if network.affine is not None:
                nn.init.normal_(network.affine)
            return network
        bias = "without" not in kind
        layers = nn.Linear(d, width, bias, dtype=dtype), nn.Linear(width, 1, bias, dtype=dtype)
        return layers if kind == "pair" else nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.Flatten(0))


def evaluate(network, X):
    """f (N,), written here for the pair as a person's own forward would."""
    if isinstance(network, tuple):
        return network[1](torch.relu(network[0](X))).squeeze(-1)
    return network(X)


def parameters(network):
    return [p for part in (network if isinstance(network, tuple) else [network]) for p in part.parameters()]


def inputs(d=3, n=20, seed=1, dtype=torch.float64):
    return 3 * torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def data(d=3, n=20):
    X = inputs(d, n)
    return X, torch.relu(X[:, 0] - 0.5) - X[:, -1].abs()


def gradient_step(network, stepper, X, y):
    stepper.zero_grad()
    (evaluate(network, X) - y).square().mean().backward()
    return stepper.step()


def numbers(network):
    """Every parameter's values, for comparisons bit for bit."""
    return [p.detach().clone() for p in parameters(network)]


# ---------------------------------------------------------------- reading a network


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_numpy_network_is_the_same_function(kind, dtype):
    network = make(kind, dtype=dtype)
    X = inputs(dtype=dtype)
    wanted = evaluate(network, X).detach().double().numpy()
    found = to_network(network)(X)
    assert np.abs(found - wanted).max() <= 20 * torch.finfo(dtype).eps * np.abs(wanted).max()
    assert (found != 0).any()


def test_an_output_bias_is_a_constant_skip_and_without_one_there_is_none():
    network = make("sequential")
    assert to_network(network).affine.tolist() == [0, 0, 0, network[2].bias.item()]
    assert to_network(make("sequential without biases")).affine is None


# ---------------------------------------------------------------- the penalty


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("p", [0.4, 1.0])
def test_the_penalty_is_the_path_norm_of_the_network(kind, objective, p):
    network = make(kind)
    with torch.no_grad():
        layers_of(network).hidden.parameter[1, 0] = 0.0
    wanted = to_network(network).path_norm(p, objective)
    assert PathNorm(p, objective)(network).item() == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_gradient_is_that_of_finite_differences(kind, objective, smoothing):
    network, penalty, step = make(kind, d=2, width=3), PathNorm(0.5, objective, smoothing=smoothing), 1e-6
    penalty(network).backward()
    with torch.no_grad():
        for parameter in parameters(network):
            flat = parameter.view(-1)
            gradient = torch.zeros_like(flat) if parameter.grad is None else parameter.grad.flatten()
            for j in range(len(flat)):
                here = flat[j].item()
                flat[j] = here + step
                above = penalty(network).item()
                flat[j] = here - step
                slope = (above - penalty(network).item()) / (2 * step)
                flat[j] = here
                assert gradient[j].item() == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_gradient_and_value_derived_by_hand():
    # v = 4, w = (1, 0), b = 9; p = 1/2. weights: |v w_1|^(1/2) = 2; d/dw_1 = |v| t^(-1/2) / 2 = 4 / 4 = 1,
    # d/dv = |w_1| t^(-1/2) / 2 = 1/4; the zero weight and the bias, which is not counted, have slope 0
    network = ReLUNetwork.from_network(Network([[1.0, 0.0]], [9.0], [4.0]))
    value = PathNorm(0.5, "weights")(network)
    value.backward()
    assert value.item() == 2.0
    assert network.hidden.grad.tolist() == [[1.0, 0.0, 0.0]]
    assert network.outputs.grad.tolist() == [0.25]
    # neurons: ||u||_1 = 4 (1 + 9) = 40, slope 1 / (2 sqrt(40)) times 4 for w_1 and b
    network.zero_grad()
    PathNorm(0.5, "neurons")(network).backward()
    assert network.hidden.grad.flatten().tolist() == pytest.approx([2 / 40**0.5, 0, 2 / 40**0.5])
    assert network.outputs.grad.tolist() == pytest.approx([5 / 40**0.5])


def test_the_smoothed_penalty_vanishes_at_zero_and_lies_below_the_path_norm():
    network = make("module", width=4)
    sharp = PathNorm(0.4, "weights")(network).item()
    smooth = [PathNorm(0.4, "weights", smoothing=width)(network).item() for width in (1e-1, 1e-3, 1e-6)]
    assert smooth == sorted(smooth)
    assert smooth[-1] == pytest.approx(sharp, abs=0.06)  # 12 products, each at most s^p = 0.004 below
    assert smooth[-1] < sharp
    with torch.no_grad():
        network.outputs.zero_()
    assert PathNorm(0.4, "weights", smoothing=0.01)(network).item() == 0.0


@pytest.mark.parametrize("objective", list(Objective))
def test_a_dead_neuron_has_a_finite_gradient(objective):
    network = make("module")
    with torch.no_grad():
        network.hidden[0] = 0.0
        network.outputs[1] = 0.0
    PathNorm(0.4, objective)(network).backward()
    assert network.hidden.grad.isfinite().all()
    assert network.outputs.grad.isfinite().all()
    assert network.hidden.grad[0].tolist() == [0.0] * 4


def test_a_network_without_neurons_has_path_norm_zero():
    assert PathNorm(0.4, "weights")(ReLUNetwork(3, 0)).item() == 0.0


def test_the_penalty_shows_its_options():
    assert repr(PathNorm(0.5, "neurons")) == "PathNorm(p=0.5, objective='neurons', smoothing=0.0)"


# ---------------------------------------------------------------- the proximal step


def test_a_proximal_step_derived_by_hand():
    # No gradient, so the optimizer stands still. p = 1/2, lambda * rate = 0.4 * 0.5 = 0.2, v = 4.
    # w_1 = 1: t = 4, threshold 0.2 / (2 * 2) = 0.05, product 3.95. w_2 = 1/400: t = 0.01, threshold
    # 0.2 / (2 * 0.1) = 1 > t, product 0. The bias is not counted: product 4 * 8 = 32.
    # Balanced: |v| = |w_1| = sqrt(3.95), and b = 32 / sqrt(3.95).
    network = ReLUNetwork.from_network(Network([[1.0, 1 / 400]], [8.0], [4.0]))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    ReweightedL1(optimizer, network, p=0.5, regularization=0.4, objective="weights").step()
    size = 3.95**0.5
    assert network.outputs.tolist() == pytest.approx([size], rel=1e-14)
    assert network.hidden.flatten().tolist() == pytest.approx([size, 0.0, 32 / size], rel=1e-14)
    assert network.hidden[0, 1] == 0.0


def test_a_proximal_step_on_whole_neurons_derived_by_hand():
    # p = 1, lambda * rate = 1: u = 2 (1, 0.4, 3) = (2, 0.8, 6) falls to (1, 0, 5); the other, of
    # products (0.5, 0.5, 0.5), to zero altogether
    start = Network([[1.0, 0.4], [-0.5, 0.5]], [3.0, 0.5], [2.0, -1.0])
    network = ReLUNetwork.from_network(start)
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    ReweightedL1(optimizer, network, p=1, regularization=1.0, objective="neurons").step()
    np.testing.assert_allclose(network.to_network().folded, [[1, 0, 5], [0, 0, 0]], rtol=1e-14, atol=0)


def test_a_proximal_step_on_whole_neurons_below_one_uses_their_sums():
    # p = 1/2, lambda * rate = 1; u = (1, 3): ||u||_1 = 4, threshold 1 / (2 * 2) = 0.25 for both entries;
    # u = (0.04, 0): slope 1 / (2 * 0.2) = 2.5, gone
    network = ReLUNetwork.from_network(Network([[1.0], [0.04]], [3.0, 0.0], [1.0, 1.0]))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    ReweightedL1(optimizer, network, p=0.5, regularization=10.0, objective="neurons").step()
    np.testing.assert_allclose(network.to_network().folded, [[0.75, 2.75], [0, 0]], rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("objective", list(Objective))
def test_every_product_moves_by_its_threshold_and_the_rest_not_at_all(kind, objective):
    """The definition, in NumPy, for every kind of network."""
    network, p, strength = make(kind, width=5), 0.6, 0.3 * 0.2
    before = to_network(network)
    optimizer = torch.optim.SGD(parameters(network), lr=0.2)
    ReweightedL1(optimizer, network, p=p, regularization=0.3, objective=objective).step()
    after = to_network(network)
    folded = before.folded
    sizes = np.abs(folded).sum(1, keepdims=True) if objective == "neurons" else np.abs(folded)
    with np.errstate(divide="ignore"):  # missing biases are zero and stay so
        wanted = np.sign(folded) * np.maximum(np.abs(folded) - strength * p * sizes ** (p - 1), 0)
    if objective == "weights":
        wanted[:, -1] = folded[:, -1]
    np.testing.assert_allclose(after.folded, wanted, rtol=1e-12, atol=1e-15)
    assert (after.affine is None) == (before.affine is None)
    if after.affine is not None:
        assert np.array_equal(after.affine, before.affine)
    alive = np.any(wanted[:, : -1 if objective == "weights" else None], axis=1)
    assert np.array_equal(np.sign(after.outputs[alive]), np.sign(before.outputs[alive]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_vanishing_threshold_leaves_the_function(kind):
    network, X = make(kind), inputs()
    before = evaluate(network, X)
    optimizer = torch.optim.SGD(parameters(network), lr=1e-3)
    for _ in range(3):
        ReweightedL1(optimizer, network, regularization=1e-14, objective="weights").step()
    torch.testing.assert_close(evaluate(network, X), before, rtol=1e-12, atol=1e-12)
    outputs = layers_of(network).output_weights()
    assert not torch.equal(outputs, layers_of(make(kind)).output_weights())  # it was balanced


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.4, 1.0])
@pytest.mark.parametrize(("kind", "objective"), in_turn(["module", "module with skip", "pair"], Objective))
def test_full_batches_of_adam_repeat_the_batched_training(objective, p, kind):
    network = make(kind, width=8)
    X, y = data()
    layers = layers_of(network)
    skip = network.affine if kind == "module with skip" else None
    if kind == "pair":  # the batch has no output bias alone
        network[1].bias = None
        layers = layers_of(network)
    batch = Batch(
        layers.rows().detach()[None],
        layers.output_weights().detach()[None].clone(),
        affine=Affine.NONE if skip is None else Affine.SKIP,
    )
    if skip is not None:
        batch.affine.copy_(skip.detach()[None])
    schedule = Schedule(
        steps=10**6, learning_rate=0.01, regularization=0.02, p=p, objective=Objective(objective)
    )
    homogeneous = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], dim=1)
    optimizer = torch.optim.Adam(parameters(network), lr=0.01)
    sparse = ReweightedL1(optimizer, network, p=p, regularization=0.02, objective=objective)
    algorithm = AdamReweighted(schedule)
    for step in range(100):
        algorithm.step(batch, (homogeneous, y, y), step, None)
        gradient_step(network, sparse, X, y)
    rows, outputs = layers.rows().detach(), layers.output_weights().detach()
    torch.testing.assert_close(rows, batch.hidden[0], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(outputs, batch.outputs[0], rtol=1e-9, atol=1e-12)
    assert torch.equal(rows == 0, batch.hidden[0] == 0)
    if skip is not None:
        torch.testing.assert_close(skip.detach(), batch.affine[0], rtol=1e-9, atol=1e-12)
    if p < 1 and objective != "neurons":
        assert (rows == 0).any()


def test_the_threshold_follows_the_scheduler():
    # p = 1, v = 1, w = 2, lambda = 1: the rate is 0.5, then 0.05, so w v falls to 1.5, then 1.45
    network = ReLUNetwork.from_network(Network([[2.0]], [0.0], [1.0]))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)
    sparse = ReweightedL1(optimizer, network, p=1, regularization=1.0, objective="weights")
    products = []
    for _ in range(2):
        sparse.step()
        scheduler.step()
        products.append(network.to_network().folded[0, 0])
    assert products == pytest.approx([1.5, 1.45], rel=1e-14)


def test_the_rate_is_that_of_the_group_with_the_hidden_weights():
    # p = 1: w v = 2 falls by lambda * 0.1, the rate of the group of the hidden layer
    hidden, outputs = nn.Linear(1, 1, dtype=torch.float64), nn.Linear(1, 1, dtype=torch.float64)
    with torch.no_grad():
        hidden.weight.fill_(2.0)
        outputs.weight.fill_(1.0)
    groups = [{"params": outputs.parameters(), "lr": 7.0}, {"params": hidden.parameters()}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    ReweightedL1(optimizer, (hidden, outputs), p=1, regularization=1.0, objective="weights").step()
    assert (hidden.weight * outputs.weight).item() == pytest.approx(1.9)


def test_regularization_zero_is_the_optimizer_alone():
    X, y = data()
    plain, wrapped = make("sequential"), make("sequential")
    optimizer = torch.optim.AdamW(plain.parameters(), lr=0.01)
    sparse = ReweightedL1(
        torch.optim.AdamW(wrapped.parameters(), lr=0.01), wrapped, regularization=0.0, objective="weights"
    )
    for _ in range(10):
        gradient_step(plain, optimizer, X, y)
        gradient_step(wrapped, sparse, X, y)
    assert all(map(torch.equal, numbers(plain), numbers(wrapped)))


def test_a_closure_and_its_loss_are_handed_through():
    network = make("module")
    X, y = data()
    sparse = ReweightedL1(
        torch.optim.LBFGS(network.parameters(), lr=0.1), network, regularization=1e-3, objective="weights"
    )

    def closure():
        sparse.zero_grad()
        loss = (network(X) - y).square().mean()
        loss.backward()
        return loss

    first = closure().item()
    assert sparse.step(closure).item() == first
    assert closure().item() < first


def test_a_gradient_scaler_skips_both_steps_when_a_gradient_overflows():
    network = make("sequential", dtype=torch.float32)
    sparse = ReweightedL1(
        torch.optim.SGD(network.parameters(), lr=0.1), network, regularization=0.1, objective="weights"
    )
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    before = numbers(network)
    for factor, moves in ((torch.inf, False), (1.0, True)):
        sparse.zero_grad()
        scaler.scale(network(inputs(dtype=torch.float32)).square().mean() * factor).backward()
        scaler.step(sparse)
        scaler.update()
        assert all(map(torch.equal, numbers(network), before)) != moves


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.02),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02, amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.02),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.005),
    "asgd": lambda p: torch.optim.ASGD(p, lr=0.02),
}


def dying(kind, name, steps=150, width=12):
    """A network, its stepper and data, trained until neurons have died."""
    network = make(kind, width=width)
    X, y = data()
    sparse = ReweightedL1(
        OPTIMIZERS[name](parameters(network)), network, regularization=0.1, objective="parameters"
    )
    for _ in range(steps):
        gradient_step(network, sparse, X, y)
    return network, sparse, X, y


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_what_died_stays_dead_whatever_the_momentum_says(name):
    network, sparse, X, y = dying("module", name, steps=40)
    zero = network.hidden == 0
    assert zero.any()
    state = sparse.optimizer.state[network.hidden]
    moment = state["momentum_buffer" if name == "momentum" else "exp_avg"]
    assert (moment[zero] != 0).any()  # it would move on
    for _ in range(40):
        gradient_step(network, sparse, X, y)
        assert (network.hidden[zero] == 0).all()


# ---------------------------------------------------------------- pruning


@pytest.mark.parametrize("kind", KINDS)
def test_pruning_removes_dead_neurons_and_nothing_of_the_function(kind):
    network = make(kind, width=7)
    layers = layers_of(network)
    with torch.no_grad():
        layers.hidden.parameter[1] = 0.0  # with its bias, in a module
        if layers.bias is not None:
            layers.bias.parameter[1] = -2.0  # never active
        layers.output_weights()[4] = 0.0
        layers.hidden.parameter[6] = 1e-300  # small is not zero
    before = numbers(network)
    narrower = prune(network)
    assert len(layers_of(narrower).rows()) == 5
    assert count(network) == count(narrower) == 5
    X = inputs(n=200)
    torch.testing.assert_close(evaluate(narrower, X), evaluate(network, X), rtol=1e-13, atol=1e-13)
    assert to_network(narrower).same_function(to_network(network))
    assert all(map(torch.equal, before, numbers(network)))  # the given one is as it was
    assert not {p.data_ptr() for p in parameters(network)} & {p.data_ptr() for p in parameters(narrower)}


def test_widths_that_linear_layers_print_follow():
    network = make("sequential", width=4)
    with torch.no_grad():
        network[2].weight[0, 1:3] = 0.0
    narrower = prune(network)
    assert (narrower[0].out_features, narrower[2].in_features) == (2, 2)
    assert "out_features=2" in repr(narrower)


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_may_lose_every_neuron(kind):
    network = make(kind)
    with torch.no_grad():
        layers_of(network).outputs.parameter.zero_()
    narrower = prune(network)
    assert count(network) == 0
    torch.testing.assert_close(evaluate(narrower, inputs()), evaluate(network, inputs()))
    assert evaluate(narrower, inputs()).shape == (20,)
    assert prune(narrower) is not narrower


def test_constants_go_into_the_output_bias_or_into_one_neuron():
    # 3 * 2 + 4 * 0.5 - 1 * 7 = 1, and 1 * max(0, -1) = 0; one neuron of weight 5 stays
    network = Network([[0.0], [0.0], [5.0], [0.0], [0.0]], [2, 0.5, 0, 7, -1], [3, 4, 1, -1, 1])
    without = prune(ReLUNetwork.from_network(network)).to_network()
    assert without == Network([[0.0], [5.0]], [1.0, 0.0], [1.0, 1.0])
    skipped = Network(network.weights, network.biases, network.outputs, [0.25, 0.5])
    with_skip = prune(ReLUNetwork.from_network(skipped)).to_network()
    assert with_skip == Network([[5.0]], [0.0], [1.0], [0.25, 1.5])
    assert [count(ReLUNetwork.from_network(network), name) for name in Objective] == [2, 1, 2]


def test_constants_that_cancel_and_a_single_one():
    cancelling = Network([[0.0], [0.0], [1.0]], [2.0, 1.0, 1.0], [1.0, -2.0, 1.0])
    assert prune(ReLUNetwork.from_network(cancelling)).to_network() == Network([[1.0]], [1.0], [1.0])
    single = Network([[0.0], [1.0]], [2.0, 1.0], [-1.0, 1.0])
    narrower = prune(ReLUNetwork.from_network(single)).to_network()
    assert np.array_equal(narrower.biases, single.biases)
    assert np.array_equal(narrower.outputs, single.outputs)


@given(
    d=st.integers(1, 4),
    width=st.integers(0, 6),
    kind=st.sampled_from(KINDS),
    entries=st.lists(st.sampled_from([-1.5, -1.0, 0.0, 0.0, 0.5, 2.0]), min_size=1, max_size=12),
)
def test_pruning_any_shape_with_many_zeros(d, width, kind, entries):
    """Ties, cancelling constants and empty networks; a second pruning finds nothing more."""
    if width == 0 and not kind.startswith("module"):
        width = 1  # torch warns about linear layers without outputs
    network = make(kind, d, width)
    supply = 0
    with torch.no_grad():
        for parameter in parameters(network):
            flat = parameter.view(-1)
            for j in range(len(flat)):
                flat[j] = entries[supply % len(entries)]
                supply += 1
    narrower = prune(network)
    X = inputs(d, 30)
    torch.testing.assert_close(evaluate(narrower, X), evaluate(network, X), rtol=1e-12, atol=1e-12)
    assert count(network) == to_network(narrower).width <= width
    again = prune(narrower)
    assert all(map(torch.equal, numbers(narrower), numbers(again)))
    before, after = PathNorm(0.5, "weights")(network).item(), PathNorm(0.5, "weights")(narrower).item()
    assert after == pytest.approx(before, rel=1e-12, abs=1e-12)  # what goes has no counted weight


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), in_turn(["module", "sequential", "pair"], OPTIMIZERS))
def test_training_goes_on_from_the_moments_of_the_surviving_neurons(kind, name):
    network, sparse, X, y = dying(kind, name)
    wide, wide_sparse, _, _ = dying(kind, name)
    fresh = prune(network)
    fresh_sparse = copy.copy(sparse)
    fresh_sparse.network, fresh_sparse.optimizer = fresh, OPTIMIZERS[name](parameters(fresh))
    removed = sparse.prune()
    assert removed > 0
    assert sparse.prune() == 0
    assert len(layers_of(network).rows()) == 12 - removed
    for held in sparse.optimizer.state:  # nothing of the old parameters is left
        assert any(held is parameter for parameter in parameters(network))
    for _ in range(5):
        gradient_step(network, sparse, X, y)
        gradient_step(wide, wide_sparse, X, y)
        gradient_step(fresh, fresh_sparse, X, y)
    torch.testing.assert_close(evaluate(network, X), evaluate(wide, X), rtol=1e-9, atol=1e-9)
    if name in ("momentum", "adam", "adamw"):  # and it is the moments that make the difference
        assert not torch.allclose(evaluate(network, X), evaluate(fresh, X), rtol=1e-6, atol=1e-6)


def test_pruning_while_the_last_graph_is_still_alive():
    network, sparse, X, y = dying("sequential", "adam")
    sparse.zero_grad()
    loss = (network(X) - y).square().mean()
    loss.backward()
    sparse.step()
    assert sparse.prune() > 0
    again = (network(X) - y).square().mean()
    again.backward()  # torch would compare with the old shapes, had the parameters been kept
    sparse.step()
    assert len(network[0].weight.grad) == count(network) < 12
    del loss  # until here


def test_an_optimizer_without_an_entry_for_each_neuron_is_refused_and_nothing_changes():
    network = make("sequential", width=4)
    X, y = data()
    for optimizer in (
        torch.optim.Adafactor(network.parameters()),
        torch.optim.LBFGS(network.parameters()),
    ):
        sparse = ReweightedL1(optimizer, network, regularization=0.0, objective="weights")
        sparse.zero_grad()
        (network(X) - y).square().mean().backward()
        sparse.step(lambda: (network(X) - y).square().mean())
        with torch.no_grad():
            network[2].weight[0, 1] = 0.0
        with pytest.raises(InputError, match="go on with a new optimizer"):
            sparse.prune()
        assert network[0].weight.shape == (4, 3)
        assert optimizer.param_groups[0]["params"][0] is network[0].weight


# ---------------------------------------------------------------- state in and out


def minibatches(X, y, steps, size=6):
    rng = torch.Generator().manual_seed(5)
    for _ in range(steps):
        rows = torch.randperm(len(X), generator=rng)[:size]
        yield X[rows], y[rows]


def through_a_file(state):
    """Only plain types pass torch's safe loader."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name", "narrowed"),
    [
        ("module with skip", "momentum", False), ("module with skip", "adam", True),
        ("module with skip", "adamw", False), ("sequential", "momentum", True),
        ("sequential", "adam", False), ("sequential", "adamw", True),
    ],
)  # fmt: skip
def test_training_continues_bit_for_bit_from_a_saved_state(kind, name, narrowed):
    X, y = data()

    def setup(width):
        network = make(kind, width=width, seed=width)
        optimizer = OPTIMIZERS[name](network.parameters())
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99)
        return (
            network,
            ReweightedL1(optimizer, network, p=0.5, regularization=0.1, objective="parameters"),
            schedule,
        )

    network, sparse, schedule = setup(12)
    batches = list(minibatches(X, y, 160))
    for batch in batches[:120]:
        gradient_step(network, sparse, *batch)
        schedule.step()
    if narrowed:
        assert sparse.prune() > 0
    sparse.regularization = 0.03
    saved = through_a_file(
        {"network": network.state_dict(), "sparse": sparse.state_dict(), "schedule": schedule.state_dict()}
    )
    other, other_sparse, other_schedule = setup(to_network(network).width)
    other_sparse.p, other_sparse.objective = 0.9, Objective.NEURONS  # overwritten by the state
    other.load_state_dict(saved["network"])
    other_schedule.load_state_dict(saved["schedule"])
    other_sparse.load_state_dict(saved["sparse"])
    assert (other_sparse.p, other_sparse.regularization, other_sparse.objective) == (0.5, 0.03, "parameters")
    for batch in batches[120:]:
        for each, stepper, rate in ((network, sparse, schedule), (other, other_sparse, other_schedule)):
            gradient_step(each, stepper, *batch)
            rate.step()
    assert all(map(torch.equal, numbers(network), numbers(other)))
    assert any((values == 0).any() for values in numbers(network)) or narrowed


def test_another_state_is_refused_and_changes_nothing():
    network = make("module")
    sparse = ReweightedL1(torch.optim.Adam(network.parameters()), network, p=0.5, objective="weights")
    with pytest.raises(InputError, match="not a state of ReweightedL1"):
        sparse.load_state_dict(sparse.optimizer.state_dict())
    good = sparse.state_dict()
    for name, value in (("p", 3.0), ("objective", "bits"), ("regularization", -1.0)):
        with pytest.raises(InputError):
            sparse.load_state_dict(good | {"p": 0.7, name: value})
        assert sparse.state_dict() == good


# ---------------------------------------------------------------- real data


@pytest.mark.slow
def test_classification_keeps_its_accuracy_while_neurons_fall():
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
    y = torch.tensor(y, dtype=torch.float32)
    train, test = slice(0, None, 2), slice(1, None, 2)
    generator = torch.Generator().manual_seed(0)
    network = ReLUNetwork(30, 32, affine="skip", dtype=torch.float32, generator=generator)
    sparse = ReweightedL1(
        torch.optim.Adam(network.parameters(), lr=0.01), network, regularization=0.05, objective="weights"
    )
    loss = nn.BCEWithLogitsLoss()
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(X[train], y[train]), batch_size=32, shuffle=True, generator=generator
    )
    widths = [32]
    for _ in range(60):
        for batch, labels in loader:
            sparse.zero_grad()
            loss(network(batch), labels).backward()
            sparse.step()
        sparse.prune()
        widths.append(len(network.outputs))
    right = ((network(X[test]) > 0) == (y[test] > 0)).float().mean().item()
    assert right > 0.95  # the larger class alone: 0.63
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] <= 16
    assert count(network, "weights") <= 80
    agree = (to_network(network)(X[test]) > 0) == (network(X[test]).detach().numpy() > 0)
    assert agree.all()


@pytest.mark.slow
def test_the_example_prunes_and_keeps_its_quality(capsys, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)  # the setting is the whole process's
    with torch.random.fork_rng():
        runpy.run_path(str(ROOT / "examples" / "prune_while_training.py"), run_name="__main__")
    printed = capsys.readouterr().out
    line = r"(plain|sparse) +(\d+) neurons +(\d+) weights +\w+ ([\d.]+) in training, ([\d.]+) on"
    found = re.findall(line, printed)
    assert [row[0] for row in found] == ["plain", "sparse"] * 2
    for plain, sparse in (found[:2], found[2:]):
        assert plain[1] == "32"
        assert int(sparse[1]) <= 20
        assert int(sparse[2]) <= int(plain[2]) / 5
        assert float(sparse[4]) >= float(plain[4]) - 0.03
    assert float(found[1][4]) > 0.92  # accuracy
    assert float(found[3][4]) > 0.25  # explained variance


@pytest.mark.slow
def test_the_loop_of_the_documentation_runs_and_prunes():
    page = (ROOT / "docs" / "own-network.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        exec(code, names)
    network, X, y = names["network"], names["X"], names["y"]
    assert count(network) == network[0].out_features < 32
    assert ((network(X) > 0) == (y > 0)).float().mean() > 0.9


# ---------------------------------------------------------------- what is refused


def optimizer_of(network):
    return torch.optim.Adam(parameters(network))


def lazy():
    return nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.Linear(4, 1))


def masked():
    network = make("sequential")
    torch_prune.l1_unstructured(network[0], "weight", amount=2)
    return network


def normalised():
    network = make("sequential")
    parametrizations.weight_norm(network[0])
    return network


REFUSED = {
    "another module": (
        lambda: nn.Linear(2, 1),
        "a Linear of this make is not known to have one hidden layer",
    ),
    "two hidden layers": (
        lambda: nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1)),
        "not known to have one hidden layer",
    ),
    "another activation": (
        lambda: nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)),
        "not known to have one hidden layer",
    ),
    "a pair of others": (lambda: (nn.Linear(2, 3), nn.ReLU()), "a tuple of this make"),
    "several outputs": (lambda: (nn.Linear(2, 3), nn.Linear(3, 10)), "10 outputs: .* one network an output"),
    "layers that do not follow": (
        lambda: (nn.Linear(2, 3), nn.Linear(4, 1)),
        "has 3 neurons and the output layer takes 4",
    ),
    "no weights yet": (lazy, "run one batch through the network first"),
    "a mask": (masked, "hidden layer's weight is computed from other parameters"),
    "a parametrization": (normalised, "hidden layer's weight is computed from other parameters"),
    "complex numbers": (lambda: make("pair", dtype=torch.complex64), "not real"),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("name", list(REFUSED))
def test_other_networks_are_refused_in_one_sentence(name):
    build, message = REFUSED[name]
    network = build()
    stepper = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    for use in (
        PathNorm(objective="weights"),
        prune,
        count,
        to_network,
        lambda net: ReweightedL1(stepper, net, objective="weights"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            use(network)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": 0}, "p = 0 is not a number in"),
        ({"p": 1.5}, "p = 1.5 is not a number in"),
        ({"regularization": -1}, "regularization = -1: a finite number that is at least 0"),
        ({"regularization": float("nan")}, "regularization = nan"),
        ({"regularization": "much"}, "regularization = 'much'"),
        ({"regularization": True}, "regularization = True"),
        ({"objective": "bits"}, "objective = 'bits'"),
    ],
)
def test_bad_options_are_refused(options, message):
    network = make("module")
    with pytest.raises(InputError, match=message):
        ReweightedL1(optimizer_of(network), network, **options)


@pytest.mark.parametrize("smoothing", [-0.1, float("inf"), float("nan"), "wide", None])
def test_bad_smoothing_is_refused(smoothing):
    with pytest.raises(InputError, match="smoothing = "):
        PathNorm(smoothing=smoothing)


def test_an_optimizer_of_something_else_is_refused():
    network = make("sequential")
    with pytest.raises(InputError, match="does not train 'weight' of the network's Linear"):
        ReweightedL1(optimizer_of(make("sequential")), network)
    network[2].weight.requires_grad_(False)
    with pytest.raises(InputError, match="none of them frozen"):
        ReweightedL1(optimizer_of(network), network)
    with pytest.raises(InputError, match="a float is not an optimizer"):
        ReweightedL1(0.1, network)


def test_parameters_replaced_behind_the_optimizers_back_are_noticed():
    network = make("sequential")
    sparse = ReweightedL1(optimizer_of(network), network, objective="weights")
    network[0].weight = nn.Parameter(network[0].weight.detach().clone())
    with pytest.raises(InputError, match="does not train 'weight'"):
        sparse.step()


def test_the_stepper_says_what_it_does():
    network = make("module")
    sparse = ReweightedL1(optimizer_of(network), network, p=0.5, objective="neurons")
    assert repr(sparse) == "<ReweightedL1 p=0.5 regularization=0.001 objective='neurons' after Adam>"
    assert sparse.param_groups is sparse.optimizer.param_groups


def test_weights_that_are_not_finite_are_refused():
    network = make("module")
    with torch.no_grad():
        network.hidden[0, 0] = torch.nan
    with pytest.raises(sparsest.InputError, match="weights hold nan"):
        count(network)
