import json
import time

import numpy as np
import pytest
import torch
from helpers import in_turn
from torch import nn

from sparsest import InputError, Network, Objective, Problem, datasets, tolerances
from sparsest.affine import Affine
from sparsest.benchmarks.peers import loop
from sparsest.benchmarks.peers.pruning import adam_pruned, weight_decay
from sparsest.benchmarks.peers.published_training import (
    polished_network,
    proximal_step,
    published_training,
)
from sparsest.benchmarks.suites.methods import find
from sparsest.progress import Deadline

PEERS = [published_training, weight_decay, adam_pruned]
PRUNERS = [weight_decay, adam_pruned]

PEAK = datasets.load("peak-plateau").problem()
TENT = datasets.load("tent").problem()

AFFINE_X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
AFFINE = Problem(AFFINE_X, 1 + AFFINE_X @ [1.0, -2.0], affine="skip")


def numbers(network):
    skip = np.zeros(0) if network.affine is None else network.affine
    return np.concatenate([network.weights.ravel(), network.biases, network.outputs, skip])


def recounted(network, objective):
    """The count, written out neuron by neuron."""
    total = 0
    for weights, bias, output in zip(network.weights, network.biases, network.outputs, strict=True):
        if objective is Objective.NEURONS:
            total += int(output != 0 and (bias != 0 or any(weights != 0)))
        else:
            entries = [*weights] if objective is Objective.WEIGHTS else [*weights, bias]
            total += sum(output * entry != 0 for entry in entries)
    return total


class TestRegistry:
    @pytest.mark.parametrize(
        ("name", "function"),
        [
            ("published-training", published_training),
            ("weight-decay", weight_decay),
            ("adam-pruned", adam_pruned),
        ],
    )
    def test_the_registered_methods_are_these(self, name, function):
        assert find(name).load() is function


class TestProximalStep:
    def test_against_a_hand_computed_example(self):
        # p = 1/2 and strength 0.1: thresholds 0.05 / sqrt(previous) = 0.025, 0.05 | 0.05, 0.05 | inf, 0.05
        outputs = torch.tensor([2.0, -0.5, 1.0], dtype=torch.float64)
        hidden = torch.tensor([[0.8125, -0.625], [0.06, -0.1], [9.0, 0.3]], dtype=torch.float64)
        previous = torch.tensor([[4.0, 1.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64)
        # products (1.625, -1.25), (-0.03, 0.05), (9, 0.3) become (1.6, -1.2), (0, 0), (0, 0.25);
        # norms 2, 0, 0.25, of which v gets the root with its sign and w the rest
        v, w = proximal_step(outputs, hidden, previous, 0.1, 0.5)
        root = 2**0.5
        np.testing.assert_allclose(v, [root, 0.0, 0.5], atol=1e-15)
        np.testing.assert_allclose(w, [[1.6 / root, -1.2 / root], [0, 0], [0, 0.5]], atol=1e-15)

    def test_without_regularization_products_stay_and_norms_become_equal(self):
        outputs, hidden = torch.tensor([-4.0, 0.0]), torch.tensor([[0.6, -0.8], [1.0, 1.0]])
        v, w = proximal_step(outputs, hidden, torch.zeros(2, 2), 0.0, 0.4)
        np.testing.assert_allclose(v, [-2.0, 0.0])
        np.testing.assert_allclose(w, [[1.2, -1.6], [0, 0]], rtol=1e-6)

    def test_p_equal_one_thresholds_alike(self):
        v, w = proximal_step(torch.ones(1), torch.tensor([[0.5]]), torch.zeros(1, 1), 0.25, 1.0)
        assert v.item() * w.item() == pytest.approx(0.25)


def published_by_autograd(problem, objective, seed, steps, p, strength, rate=0.01):
    """The published loop with torch's own optimizer and derivatives; the network of smallest loss."""
    start = loop.dense_network(problem.n_features, 20, affine=problem.affine, seed=seed, dtype=torch.float32)
    parameters = [nn.Parameter(part[0].clone()) for part in (start.hidden, start.outputs)]
    if problem.affine is Affine.SKIP:
        parameters.append(nn.Parameter(start.affine[0].clone()))
    hidden, outputs, *skip = parameters
    inputs = torch.tensor(problem.homogeneous, dtype=torch.float32)
    labels = torch.tensor(problem.targets, dtype=torch.float32)
    optimizer = torch.optim.Adam(parameters, lr=rate)
    columns = hidden.shape[1] if objective is Objective.PARAMETERS else hidden.shape[1] - 1
    best = (np.inf, None)
    for step in range(steps + 1):
        values = torch.relu(inputs @ hidden.T) @ outputs + sum(inputs @ affine for affine in skip)
        loss = ((values - labels) ** 2).mean()
        if loss.item() < best[0]:
            best = (loss.item(), [part.detach().double().numpy().copy() for part in parameters])
        if step == steps:
            return best
        optimizer.zero_grad()
        loss.backward()
        with torch.no_grad():
            old = (outputs[:, None] * hidden[:, :columns]).abs()
            optimizer.step()
            for k in range(len(outputs)):
                product = outputs[k] * hidden[k, :columns]
                cut = strength * rate * p * old[k] ** (p - 1)
                product = torch.sign(product) * torch.relu(product.abs() - cut)
                size = product.norm()
                sign = torch.sign(outputs[k])
                outputs[k] = sign * size.sqrt()
                hidden[k, :columns] = product * sign / size.sqrt() if size > 0 else 0.0
    raise AssertionError


class TestPublishedTraining:
    @pytest.mark.slow
    @pytest.mark.parametrize(("objective", "skip"), in_turn([*Objective, Objective.WEIGHTS], [False, True]))
    def test_it_is_the_loop_written_with_autograd(self, objective, skip):
        problem = datasets.load("xor").problem(affine="skip" if skip else "none")
        loss, (hidden, outputs, *affine) = published_by_autograd(problem, objective, 3, 60, 0.4, 0.05)
        answer = published_training(
            problem, objective, seed=3, time_limit=None, steps=60, regularization=0.05, width=20
        )
        expected = Network(hidden[:, :-1], hidden[:, -1], outputs, *affine)
        assert answer.options["mse"] == pytest.approx(loss, rel=1e-3)
        alive = outputs != 0
        assert 0 < answer.network.width == np.count_nonzero(alive) < 20  # some died, in both
        np.testing.assert_allclose(answer.network.folded, expected.folded[alive], rtol=1e-3, atol=1e-5)
        np.testing.assert_array_equal(np.sign(answer.network.outputs), np.sign(outputs[alive]))
        if skip:
            np.testing.assert_allclose(answer.network.affine, affine[0], rtol=1e-3, atol=1e-5)

    def test_unpenalised_biases_are_not_rescaled(self):
        # one step at a rate that changes nothing but the balance of v and w: biases stay as drawn
        answer = published_training(
            PEAK, Objective.WEIGHTS, seed=0, time_limit=None, steps=1, learning_rate=1e-12, width=5
        )
        drawn = loop.dense_network(1, 5, affine=Affine.NONE, seed=0, dtype=torch.float32)
        np.testing.assert_allclose(answer.network.biases, drawn.hidden[0, :, -1], rtol=1e-6)

    @pytest.mark.slow
    def test_it_reaches_a_small_error_and_counts_only_what_is_there(self):
        answer = published_training(TENT, Objective.WEIGHTS, seed=0, time_limit=30, steps=6000)
        assert answer.status == "finished"
        assert answer.work == 6000
        mse = float(np.mean((answer.network(TENT.X) - TENT.targets) ** 2))
        assert answer.options["mse"] == mse < tolerances.TRAINED_LOSS
        for objective in Objective:
            assert answer.network.count(objective) == recounted(answer.network, objective)
        assert 3 <= answer.network.count("neurons") < 80
        times, bounds, counts = zip(*answer.trace, strict=True)
        assert sorted(times) == list(times)
        assert set(bounds) == {None}
        assert counts == tuple(sorted(set(counts), reverse=True))

    @pytest.mark.slow
    def test_penalised_biases_vanish_too(self):
        problem = datasets.load("high-dimensional").problem()
        answer = published_training(problem, Objective.PARAMETERS, seed=0, time_limit=30, steps=3000)
        assert answer.options["width"] == 100
        assert answer.options["regularization"] == 0.005
        assert answer.options["mse"] < tolerances.TRAINED_LOSS
        assert np.any(answer.network.biases == 0)
        # twice the number of samples always suffices; dense there are 5100
        assert answer.network.count("parameters") <= 2 * problem.n_samples
        assert recounted(answer.network, Objective.PARAMETERS) == answer.network.count("parameters")

    def test_data_beyond_single_precision_are_said_to_diverge(self):
        problem = Problem([[1e60], [0.0]], [1.0, 0.0])
        answer = published_training(problem, Objective.WEIGHTS, seed=0, time_limit=None)
        assert (answer.network, answer.status, answer.options["mse"]) == (None, "diverged", None)


class TestPolish:
    # by hand: knots -1, 1/2, 2 with changes of slope 1, -2, 1 make a peak through (0, 1) and (1, 1)
    PEAKED = Network([[1.0], [1.0], [1.0]], [1.0, -0.5, -2.0], [1.0, -2.0, 1.0])

    @pytest.mark.parametrize("skip", [False, True])
    def test_a_network_near_a_solution_becomes_one(self, skip):
        problem = datasets.load("peak-plateau").problem(affine="skip" if skip else "none")
        affine = np.array([1e-4, -2e-4]) if skip else None
        near = Network(self.PEAKED.weights * 1.001, self.PEAKED.biases, self.PEAKED.outputs, affine)
        assert self.PEAKED.solves(PEAK)
        assert not near.solves(problem)
        polished = polished_network(problem, near, 0.4, Objective.NEURONS, Deadline(None))
        assert polished.residual(problem) < 1e-15
        assert polished.count("neurons") == 3

    def test_cells_that_admit_no_fit_give_none(self):
        two = Network([[1.0], [1.0]], [1.0, -0.5], [1.0, -1.0])
        assert polished_network(PEAK, two, 0.4, Objective.NEURONS, Deadline(None)) is None

    @pytest.mark.slow
    def test_both_figures_are_reported(self):
        answer = published_training(TENT, Objective.WEIGHTS, seed=0, time_limit=30, steps=2500, polished=True)
        raw = published_training(TENT, Objective.WEIGHTS, seed=0, time_limit=30, steps=2500)
        assert answer.network.solves(TENT)
        assert not raw.network.solves(TENT)
        assert answer.options["trained_count"] == raw.network.count("weights")
        assert answer.options["trained_mse"] == raw.options["mse"]
        assert answer.network.count("weights") <= raw.network.count("weights")


class TestPruning:
    @pytest.mark.parametrize(("method", "objective"), in_turn(PRUNERS, Objective))
    @pytest.mark.slow
    def test_the_pruned_network_still_fits(self, method, objective):
        problem = datasets.load("planted", d=2, n=12, k=2).problem()
        answer = method(problem, objective, seed=1, time_limit=30, steps=3000, retrain_steps=250)
        dense = {Objective.NEURONS: 100, Objective.WEIGHTS: 200, Objective.PARAMETERS: 300}[objective]
        counts = [count for *_, count in answer.trace]
        assert counts[0] == dense
        assert counts == sorted(set(counts), reverse=True)
        assert answer.network.count(objective) == recounted(answer.network, objective) == counts[-1]
        assert counts[-1] < dense / 2
        mse = float(np.mean(answer.network.violation(problem) ** 2))
        assert answer.options["mse"] == mse < tolerances.TRAINED_LOSS

    @pytest.mark.slow
    def test_it_ends_at_a_network_that_interpolates(self):
        answer = adam_pruned(PEAK, Objective.NEURONS, seed=0, time_limit=30, steps=1000)
        assert answer.status == "finished"
        assert answer.network.solves(PEAK)
        assert 3 <= answer.network.count("neurons") <= 8  # three is the proven minimum

    def test_a_network_that_does_not_fit_is_not_pruned(self):
        answer = weight_decay(PEAK, Objective.NEURONS, seed=0, time_limit=30, steps=10)
        assert answer.network.count("neurons") == 80
        assert answer.trace == ()
        assert answer.options["mse"] > tolerances.TRAINED_LOSS
        assert answer.work == 10

    @pytest.mark.slow
    def test_labels_of_zero_need_nothing(self):
        problem = Problem([[0.0], [1.0], [3.0]], [0.0, 0.0, 0.0])
        answer = adam_pruned(problem, Objective.NEURONS, seed=0, time_limit=30, steps=3000)
        assert answer.network.width == 0
        assert answer.network.solves(problem)

    @pytest.mark.slow
    def test_units_do_not_matter(self):
        # powers of two: the same run in scaled units
        large = Problem(PEAK.X * 2.0**20, PEAK.targets * 2.0**-30)
        small, scaled = (
            adam_pruned(
                problem, Objective.NEURONS, seed=0, time_limit=None, steps=1000, retrain_steps=300, width=40
            )
            for problem in (PEAK, large)
        )
        assert small.trace  # it fitted, so that neurons were taken away
        np.testing.assert_array_equal(scaled.network(large.X), small.network(PEAK.X) * 2.0**-30)


class TestEveryPeer:
    @pytest.mark.parametrize("method", PEERS)
    @pytest.mark.slow
    def test_equal_seeds_give_equal_networks(self, method):
        first, again, other = (
            method(TENT, Objective.WEIGHTS, seed=seed, time_limit=None, steps=300, width=12)
            for seed in (4, 4, 5)
        )
        np.testing.assert_array_equal(numbers(first.network), numbers(again.network))
        assert not np.array_equal(numbers(first.network), numbers(other.network))

    @pytest.mark.parametrize("method", PEERS)
    def test_the_time_limit_stops_it(self, method):
        start = time.perf_counter()
        answer = method(PEAK, Objective.WEIGHTS, seed=0, time_limit=0.4, steps=10**9)
        assert time.perf_counter() - start < 60
        assert answer.status == "time_limit"
        assert 0 < answer.work < 10**9
        assert answer.network is not None

    @pytest.mark.parametrize("method", PEERS)
    @pytest.mark.slow
    def test_a_skip_connection_is_trained(self, method):
        answer = method(AFFINE, Objective.WEIGHTS, seed=0, time_limit=30, steps=3000, width=30)
        assert answer.options["mse"] < tolerances.TRAINED_LOSS
        assert np.all(np.abs(answer.network.affine) > 1e-3)

    @pytest.mark.slow
    @pytest.mark.parametrize("method", PRUNERS)
    def test_pruning_leaves_to_the_skip_what_costs_nothing_there(self, method):
        answer = method(AFFINE, Objective.WEIGHTS, seed=0, time_limit=30, steps=1000, width=30)
        assert answer.network.count("weights") == 0
        # biases are free and may take part in the constant
        values = answer.network([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        np.testing.assert_allclose(values, [1.0, 2.0, -1.0], atol=1e-6)

    @pytest.mark.slow
    @pytest.mark.parametrize("method", PEERS)
    def test_inside_its_interval_a_sample_asks_for_nothing(self, method):
        # |x| > 1 on one side, anything on the other: the loss is the squared distance to the intervals
        problem = Problem.from_intervals([[-1.0], [0.0], [1.0]], [1.0, -np.inf, 1.0], [np.inf, 0.0, 5.0])
        answer = method(problem, Objective.NEURONS, seed=0, time_limit=30, steps=3000)
        assert answer.options["mse"] == np.mean(problem.violation(answer.network(problem.X)) ** 2)
        assert answer.options["mse"] < tolerances.TRAINED_LOSS
        assert answer.network.count("neurons") >= 2  # both sides rise from the middle

    @pytest.mark.slow
    @pytest.mark.parametrize("method", PRUNERS)
    def test_pruning_satisfies_intervals_to_the_last_digit(self, method):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(12, 2))
        problem = Problem.classification(X, X[:, 0] * X[:, 1] > 0)
        answer = method(problem, Objective.NEURONS, seed=0, time_limit=30, steps=3000)
        assert answer.network.solves(problem)

    @pytest.mark.parametrize("method", PEERS)
    def test_the_record_can_be_written_and_threads_come_back(self, method, three_threads):
        answer = method(TENT, Objective.NEURONS, seed=0, time_limit=None, steps=5)
        json.dumps(dict(answer.options))
        assert answer.solver == f"torch {torch.__version__}"
        assert answer.lower_bound is None
        assert torch.get_num_threads() == 3

    @pytest.mark.parametrize("method", PEERS)
    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ({"steps": 0}, "steps = 0"),
            ({"width": -1}, "width = -1"),
            ({"learning_rate": 0.0}, "learning_rate = 0.0"),
            ({"width": 10**9}, "too large|lower restarts"),
            ({"time_limit": -1}, "time_limit = -1"),
            ({"seed": -1}, "seed = -1"),
        ],
    )
    def test_options_out_of_range_are_refused(self, method, option, message):
        with pytest.raises(InputError, match=message):
            method(TENT, Objective.WEIGHTS, **({"seed": 0, "time_limit": None} | option))

    def test_decay_that_turns_weights_around_is_refused(self):
        with pytest.raises(InputError, match="decay = 200"):
            weight_decay(TENT, Objective.WEIGHTS, seed=0, time_limit=None, decay=200.0)


class Expiring(Deadline):
    """A deadline that is over after so many looks at it."""

    def __init__(self, looks):
        super().__init__(None)
        self.looks = looks

    @property
    def expired(self):
        self.looks -= 1
        return self.looks < 0


def jumpy_run(deadline):
    """Thirteen steps at a rate so large that the loss jumps about; also every loss, and that at the end."""
    data = loop.tensors(PEAK.homogeneous, PEAK.low, PEAK.high, torch.float64)
    batch = loop.dense_network(1, 20, affine=Affine.NONE, seed=1, dtype=torch.float64)
    losses = []
    run = loop.train(
        batch,
        data,
        steps=13,
        learning_rate=0.5,
        deadline=deadline,
        before_step=lambda step, loss: losses.append(loss),
        window=5,
    )
    return run, losses, float(batch.differentiate(*data).square().mean())


class TestLoop:
    @pytest.mark.slow
    @pytest.mark.parametrize("decay", [0.0, 0.3])
    def test_steps_are_those_of_adamw_with_the_skip_undecayed(self, decay):
        problem = datasets.load("xor").problem(affine="skip")
        data = loop.tensors(problem.homogeneous, problem.low, problem.high, torch.float64)
        batch = loop.dense_network(2, 7, affine=Affine.SKIP, seed=2, dtype=torch.float64)
        hidden, outputs, skip = (nn.Parameter(torch.tensor(part)) for part in loop.arrays(batch))
        groups = [{"params": [hidden, outputs]}, {"params": [skip], "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=0.01, weight_decay=decay)
        states = []
        for _ in range(40):
            optimizer.zero_grad()
            values = torch.relu(data[0] @ hidden.T) @ outputs + data[0] @ skip
            ((values - data[1]) ** 2).mean().backward()
            optimizer.step()
            states.append([part.detach().numpy().copy() for part in (hidden, outputs, skip)])
        seen = []
        loop.train(
            batch,
            data,
            steps=40,
            learning_rate=0.01,
            deadline=Deadline(None),
            after_step=lambda: seen.append(loop.arrays(batch)),
            decay=decay,
        )
        for expected, found in zip(states, seen, strict=True):
            for one, other in zip(expected, found, strict=True):
                np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-12)

    def test_the_best_of_the_last_steps_is_left_behind(self):
        run, losses, left = jumpy_run(Deadline(None))
        assert (run.steps, run.status, len(losses)) == (13, "finished", 14)
        # not the last step, and neither the best of all nor of six
        assert losses[-1] > run.loss == min(losses[-5:]) > min(losses[-6:])
        assert left == run.loss

    def test_a_run_cut_short_looks_further_back(self):
        run, losses, left = jumpy_run(Expiring(9))
        assert (run.steps, run.status, len(losses)) == (9, "time_limit", 10)
        # the last block of five began after step 8, so that the one before it counts too
        assert run.loss == left == min(losses[4:]) < losses[-1]

    def test_dead_neurons_are_dropped(self):
        batch = loop.dense_network(2, 4, affine=Affine.SKIP, seed=0, dtype=torch.float64)
        batch.outputs[0, 0] = 0
        batch.hidden[0, 1] = 0
        batch.hidden[0, 2, :2] = 0  # a constant is not dead
        network = loop.network_of(batch)
        assert network.width == 2
        assert network.affine is not None
