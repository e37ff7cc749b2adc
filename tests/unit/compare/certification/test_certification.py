"""Certification of given networks: exact reductions, verdicts, proofs, and the command."""

import dataclasses
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from helpers import in_turn, slow_after
from oracles import brute_force
from sklearn.neural_network import MLPRegressor
from typer.testing import CliRunner

import sparsest
from sparsest import Affine, InputError, Judgement, Network, Problem, ReductionKind, datasets
from sparsest.cli.main import app
from sparsest.compare.certification import search as certification_search
from sparsest.compare.reduce.elimination import eliminate
from sparsest.compare.reduce.float_bounds import surely_fits
from sparsest.compare.reduce.superfluous_neurons import reduce_network
from sparsest.continuous import find_sparse
from sparsest.exact.arithmetic.signs import neuron_signs
from sparsest.exact.arithmetic.value_errors import value_errors
from sparsest.progress import Deadline

# the tent of three neurons, its first and its last one cut in two: 5 neurons where 3 are fewest
SPLIT = Network([[1]] * 5, [1, 1, -1, -2, -2], [0.25, 0.75, -2, 0.5, 0.5])
TENT = Network([[1]] * 3, [1, -1, -2], [1, -2, 1])
TENT_X, TENT_Y = [[-2.0], [-1], [0], [1], [2], [3]], [0.0, 0, 1, 2, 1, 1]


def exact_values(neurons, affine, X):
    """Values of sum of s max(0, u . xh) + affine . xh in fractions."""
    found = []
    for row in X:
        h = [*map(Fraction, row), Fraction(1)]
        inputs = [(s, sum(a * b for a, b in zip(h, u, strict=True))) for s, u in neurons]
        value = sum((s * max(z, Fraction(0)) for s, z in inputs), Fraction(0))
        found.append(value + (sum(a * b for a, b in zip(h, affine, strict=True)) if affine else 0))
    return found


def folded(network):
    """The network's neurons as (sign, numbers), exactly as stored."""
    parts = zip(network.weights.tolist(), network.biases.tolist(), network.outputs.tolist(), strict=True)
    return [
        (int(np.sign(v)), [abs(Fraction(v)) * Fraction(number) for number in (*w, b)]) for w, b, v in parts
    ]


# ---------------------------------------------------------------- what floats prove


def test_signs_are_exact_where_floats_cancel():
    # 0.1 * 3 - 0.3 is 2.8e-17 in exact arithmetic of the stored floats, and 5.6e-17 in floating point;
    # (1 + 2**-52) * (1 - 2**-52) - 1 is -2**-104, and 0 in floating point
    e = 2.0**-52
    X = np.array([[3.0], [1 + e], [1e-200], [1e80]])
    weights = np.array([[0.1], [1 - e], [1e-200], [-1e-300]])
    biases = np.array([-0.3, -1.0, -1e-320, 1e-220])
    expected = [
        [np.sign(Fraction(w) * Fraction(x) + Fraction(b)) for x in X[:, 0].tolist()]
        for w, b in zip(weights[:, 0].tolist(), biases.tolist(), strict=True)
    ]
    found = neuron_signs(X, weights, biases)
    assert found.tolist() == [[int(sign) for sign in row] for row in expected]
    assert found[1, 1] == -1
    assert found[0, 0] == 1


@pytest.mark.parametrize("seed", range(5))
def test_signs_of_grids_are_exact(seed):
    rng = np.random.default_rng(seed)
    X, weights, biases = rng.integers(-3, 4, (8, 3)), rng.integers(-3, 4, (6, 3)), rng.integers(-2, 3, 6)
    expected = np.sign(weights @ X.T + biases[:, None])  # integers
    assert (neuron_signs(X / 8, weights / 3.0, biases / 3.0 / 8) == _signs(X, weights, biases)).all()
    assert (neuron_signs(X.astype(float), weights.astype(float), biases.astype(float)) == expected).all()


def _signs(X, weights, biases):
    values = [
        [
            sum(Fraction(a / 8) * Fraction(w / 3.0) for a, w in zip(x, row, strict=True))
            + Fraction(b / 3.0 / 8)
            for x in X.tolist()
        ]
        for row, b in zip(weights.tolist(), biases.tolist(), strict=True)
    ]
    return np.array([[(v > 0) - (v < 0) for v in row] for row in values])


@pytest.mark.parametrize("seed", range(5))
def test_error_bounds_hold(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20, 3)) * 10.0 ** rng.integers(-3, 4, (20, 1))
    network = Network(
        rng.normal(size=(7, 3)), rng.normal(size=7), rng.normal(size=7) * 1e3, rng.normal(size=4)
    )
    exact = exact_values(folded(network), [Fraction(a) for a in network.affine.tolist()], X.tolist())
    off = [abs(Fraction(v) - e) for v, e in zip(network(X).tolist(), exact, strict=True)]
    bound = value_errors(network, X)
    assert all(error <= b for error, b in zip(off, bound.tolist(), strict=True))
    assert bound.max() < 1e-9 * np.abs(network(X)).max()
    values = network(X)
    assert surely_fits(Problem(X, values, affine="skip", tolerance=2 * bound + 1e-12), network)
    assert not surely_fits(Problem(X, values, affine="skip"), network)


# ---------------------------------------------------------------- reductions


@pytest.mark.slow
@pytest.mark.parametrize("affine", list(Affine))
def test_reductions_keep_every_value_exactly(affine):
    rng = np.random.default_rng(0)
    kinds = set()
    for _ in range(250):
        d, N, K, q = *rng.integers(1, [4, 7, 9]), rng.integers(1, 4)
        # with decimals, where 10 x - 1 is zero at 0.1 and at no float
        unit, part = [(1, 3), (10, 4)][rng.integers(2)]
        grid = rng.integers(-q, q + 1, (N, d))
        X, meant = grid / unit, [[Fraction(value, unit) for value in row] for row in grid.tolist()]
        skip = {
            Affine.NONE: None,
            Affine.CONSTANT: np.r_[np.zeros(d), 0.5],
            Affine.SKIP: rng.normal(size=d + 1),
        }
        network = Network(
            rng.integers(-q, q + 1, (K, d)) * unit / part,
            rng.integers(-q, q + 1, K) / part,
            rng.integers(-2, 3, K),
            skip[affine],
        )
        reduced = reduce_network(Problem(X, np.zeros(N), affine=affine), network)
        term = None if network.affine is None else [Fraction(a) for a in network.affine.tolist()]
        given = exact_values(folded(network), term, meant)
        assert given == exact_values(reduced.neurons, reduced.affine, meant)
        assert sum(each.saved for each in reduced.reductions) == K - len(reduced.neurons)
        assert reduced.network.count("weights") <= network.count("weights")
        if affine is Affine.CONSTANT:
            assert not any(reduced.affine[:-1])
        kinds |= {each.kind for each in reduced.reductions}
    assert kinds == set(ReductionKind)


def reduced_by_hand(neurons, affine=Affine.NONE, X=((-2,), (-1,), (1,), (2,))):
    """Reduce neurons (w, b, v) of one feature; return the kinds with their members, and what is left."""
    weights, biases, outputs = zip(*neurons, strict=True)
    skip = None if affine is Affine.NONE else [0, 0]
    network = Network(np.array(weights, dtype=float)[:, None], biases, outputs, skip)
    reduced = reduce_network(Problem(X, np.zeros(len(X)), affine=affine), network)
    said = [(each.kind, each.neurons, each.saved) for each in reduced.reductions]
    return said, [(sign, [float(v) for v in u]) for sign, u in reduced.neurons], reduced


def test_zero_and_dead_neurons_go():
    said, left, reduced = reduced_by_hand([(1, 0, 0), (0, 0, 1), (1, -2, 1), (1, -1, 1)])
    assert said == [(ReductionKind.ZERO, (0, 1), 2), (ReductionKind.DEAD, (2,), 1)]
    assert left == [(1, [1, -1])]
    assert reduced.reductions[1].sentence == "neuron 2 is inactive on every sample"


def test_neurons_on_one_hyperplane_are_one_whatever_their_outputs():
    # 1 - 2 * 0.25 = 0.5 times max(0, x); with opposite outputs of equal size nothing is left
    assert reduced_by_hand([(1, 0, 1), (2, 0, -0.25)])[:2] == (
        [(ReductionKind.DUPLICATE, (0, 1), 1)],
        [(1, [0.5, 0])],
    )
    assert reduced_by_hand([(1, 0, 1), (2, 0, -0.5)])[:2] == ([(ReductionKind.DUPLICATE, (0, 1), 2)], [])


def test_a_skip_lets_neurons_face_the_other_way():
    # max(0, x) + max(0, -x) = 2 max(0, x) - x
    said, left, reduced = reduced_by_hand([(1, 0, 1), (-1, 0, 1)], Affine.SKIP)
    assert said == [(ReductionKind.DUPLICATE, (0, 1), 1)]
    assert left == [(1, [2, 0])]
    assert reduced.affine == (-1, 0)
    assert reduced_by_hand([(1, 0, 1), (-1, 0, 1)])[0] == []  # without one nothing can be done


def test_neurons_that_are_always_active_are_affine():
    # max(0, x + 3) + max(0, 6 - x) - max(0, x + 5) on -2..2: -x + 4, at least 2
    always = [(1, 3, 1), (-1, 6, 1), (1, 5, -1)]
    assert reduced_by_hand(always)[:2] == ([(ReductionKind.ALWAYS_LINEAR, (0, 1, 2), 2)], [(1, [-1, 4])])
    # x + 3 + x + 2.5 - 6 = 2 x - 0.5 has both signs: two neurons
    said, left, _ = reduced_by_hand([(1, 3, 1), (2, 5, 0.5), (0, 3, -2)])
    assert said == [(ReductionKind.ALWAYS_LINEAR, (0, 1, 2), 1)]
    assert left == [(1, [2, -0.5]), (-1, [-2, 0.5])]
    _, left, reduced = reduced_by_hand(always, Affine.SKIP)
    assert (left, reduced.affine) == ([], (-1, 4))
    # a bias holds the constant: x = max(0, x + 2) - 2
    said, left, reduced = reduced_by_hand([(1, 3, 1), (0, 3, -1)], Affine.CONSTANT)
    assert (left, reduced.affine) == ([(1, [1, 2])], (0, -2))
    assert said == [(ReductionKind.ALWAYS_LINEAR, (0, 1), 1)]
    assert reduced_by_hand([(0, 3, -1)], Affine.CONSTANT)[2].affine == (0, -3)


def test_neurons_of_one_cell_are_added_up():
    # knots at 0 and 1/2: active on 1 and 2 alike
    said, left, _ = reduced_by_hand([(1, 0, 1), (2, -1, 1)])
    assert (said, left) == ([(ReductionKind.MERGEABLE, (0, 1), 1)], [(1, [3, -1])])
    # opposite outputs: x - (3 x - 2.5) is 0.5 at 1 and -1.5 at 2, which no neuron is
    assert reduced_by_hand([(1, 0, 1), (3, -2.5, -1)])[0] == []
    # x - (2 x - 1) = 1 - x is 0 at 1 and -1 at 2, and x - 1 is inactive on -2 and -1: -max(0, x - 1)
    said, left, _ = reduced_by_hand([(1, 0, 1), (2, -1, -1)])
    assert (said, left) == ([(ReductionKind.MERGEABLE, (0, 1), 1)], [(-1, [1, -1])])
    # 2 x - (x - 1/2) = x + 1/2 is active where both are, and inactive on -2 and -1: one neuron
    said, left, _ = reduced_by_hand([(2, 0, 1), (1, -0.5, -1)])
    assert (said, left) == ([(ReductionKind.MERGEABLE, (0, 1), 1)], [(1, [1, 0.5])])


def test_knots_on_samples_belong_to_both_cells():
    # active on {1, 2} with a knot at -1, and active on {1, 2} strictly: one closed cell
    said, _, _ = reduced_by_hand([(1, 1, 1), (1, -0.5, 1)])
    assert said == [(ReductionKind.MERGEABLE, (0, 1), 1)]
    # not so when one is strictly active on -1
    assert reduced_by_hand([(1, 1.5, 1), (1, -0.5, 1)])[0] == []


# ---------------------------------------------------------------- elimination


def test_elimination_reaches_the_neurons_that_made_the_labels():
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, (60, 3))
    truth = Network(rng.normal(size=(2, 3)), [0.1, -0.2], [1, -1])
    many = np.repeat(truth.weights, 10, axis=0) + 0.01 * rng.normal(size=(20, 3))
    wide = Network(many, np.repeat(truth.biases, 10), np.repeat(truth.outputs, 10) / 10)
    problem = Problem(X, truth(X), tolerance=wide.residual(Problem(X, truth(X))) * 1.01)
    widths = []
    found = eliminate(problem, wide, Deadline(20), widths.append)
    assert found.width <= 2
    assert found.solves(problem)
    assert widths == sorted(widths, reverse=True)


def test_elimination_leaves_what_is_needed():
    assert eliminate(Problem(TENT_X, TENT_Y), TENT, Deadline(5)).count() == 3


# ---------------------------------------------------------------- verdicts


def test_a_sparsest_network_is_called_so_with_a_proof(tmp_path):
    proof = tmp_path / "proof.json"
    found = sparsest.certify(TENT, TENT_X, TENT_Y, proof_file=proof)
    assert (found.judgement, found.lower_bound, found.upper_bound) == (Judgement.SPARSEST, 3, 3)
    assert (found.tolerance, found.tolerance_chosen, found.proof_file) == (0.0, True, str(proof))
    assert sparsest.check_proof(proof, Problem(TENT_X, TENT_Y)).lower_bound == 3
    assert found.reductions == ()


def test_a_split_network_is_put_together_again():
    found = sparsest.certify(SPLIT, TENT_X, TENT_Y)
    assert (found.judgement, found.count, found.reduced_count, found.upper_bound) == (
        Judgement.SPARSER_EXISTS, 5, 3, 3,
    )  # fmt: skip
    assert [(each.kind, each.neurons) for each in found.reductions] == [
        (ReductionKind.DUPLICATE, (0, 1)),
        (ReductionKind.DUPLICATE, (3, 4)),
    ]
    assert found.network.same_function(TENT)
    assert found.trace[-1, 1:].tolist() == [3, 3]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "affine"), in_turn(range(4), ["none", "skip"]))
def test_split_witnesses_of_random_problems_are_judged_as_brute_force_does(seed, affine):
    rng = np.random.default_rng(seed)
    X, y = rng.integers(-2, 3, (5, 2)).astype(float), rng.integers(-2, 3, 5).astype(float)
    X, rows = np.unique(X, axis=0, return_index=True)
    problem = Problem(X, y[rows], affine=affine)
    fewest = brute_force.minimum_neurons(problem, 4)
    network = sparsest.exact.solve(problem).network
    found = sparsest.certify(network, X, y[rows], time_limit=20)
    assert (found.judgement, found.count) == (Judgement.SPARSEST, fewest)
    if fewest:
        wide = Network(
            np.r_[network.weights, network.weights], np.r_[network.biases, network.biases],
            np.r_[network.outputs / 4, network.outputs * 0.75], network.affine,
        )  # fmt: skip
        found = sparsest.certify(wide, X, y[rows], time_limit=20)
        assert (found.judgement, found.count, found.upper_bound) == (
            Judgement.SPARSER_EXISTS, 2 * fewest, fewest,
        )  # fmt: skip


def test_a_network_that_misses_is_told_where():
    # at -1 the first neuron is at most its value at 0, so no other numbers on these patterns give 3 there
    found = sparsest.certify(TENT, TENT_X, [0, 3, 1, 2, 1, 1], tolerance=0.5)
    assert found.judgement is Judgement.NOT_INTERPOLATING
    assert dataclasses.astuple(found.worst[0]) == (1, 3.0, 0.0, 3.0)
    assert "misses 1 of 6 labels" in found.reason
    assert found.status is None
    assert (found.network, found.upper_bound) == (None, None)


def test_a_network_that_nearly_fits_is_solved_again_on_its_own_patterns():
    near = Network(TENT.weights, TENT.biases, TENT.outputs * [1, 1, 1 + 1e-7])
    found = sparsest.certify(near, TENT_X, TENT_Y, tolerance=0)
    assert found.judgement is Judgement.NOT_INTERPOLATING
    assert found.network.solves(Problem(TENT_X, TENT_Y))
    assert found.upper_bound == 3
    assert "own activation patterns" in found.remark
    # judged by what it attains, it is sparsest
    found = sparsest.certify(near, TENT_X, TENT_Y)
    assert found.judgement is Judgement.SPARSEST
    assert found.residual <= found.tolerance <= 1.02 * found.residual


@pytest.mark.slow
def test_the_tolerance_chosen_is_kept_by_the_network():
    rng = np.random.default_rng(0)
    X = np.linspace(-2, 3, 30)[:, None]
    network = Network(TENT.weights / 3, TENT.biases / 3, TENT.outputs * 0.7)
    for noise in (0, 1e-14, 1e-9, 1e-3):
        y = network(X) + noise * rng.uniform(-1, 1, 30)
        found = sparsest.certify(network, X, y, time_limit=5)
        assert surely_fits(Problem(X, y, tolerance=found.tolerance), network)
        assert float(f"{found.tolerance:.2e}") == found.tolerance
        assert found.tolerance <= max(1.02 * noise, 1e-11)
        assert found.judgement is Judgement.SPARSEST


def test_equal_inputs_with_different_labels_are_no_obstacle():
    X, y = [[0.0], [0], [1], [1], [2]], [0.1, -0.1, 0, 0.2, 1]
    network = Network([[1]], [-1], [1])
    assert sparsest.certify(network, X, y).judgement is Judgement.SPARSEST
    found = sparsest.certify(network, X, y, against="tolerance")
    assert found.tolerance == pytest.approx(0.2, rel=0.01)
    assert found.judgement is Judgement.SPARSEST  # 0.8 at least is needed at 2, so one neuron


@pytest.mark.parametrize("minimum", [2, 3])
@pytest.mark.slow
def test_networks_trained_by_plain_adam(minimum, tmp_path):
    problem = sparsest.datasets.load("xor" if minimum == 2 else "parity-3").problem()
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(problem.n_features, 20), torch.nn.ReLU(), torch.nn.Linear(20, 1, bias=False)
    )
    X, y = torch.tensor(problem.X, dtype=torch.float32), torch.tensor(problem.low, dtype=torch.float32)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(1500):
        optimizer.zero_grad()
        ((model(X)[:, 0] - y) ** 2).mean().backward()
        optimizer.step()
    proof = tmp_path / "proof.json.gz"
    found = sparsest.certify(model, problem.X, problem.low, proof_file=proof, time_limit=30)
    assert (found.source, found.dtype, found.affine) == ("torch module", "float32", Affine.NONE)
    assert found.tolerance < 0.01
    assert (found.judgement, found.lower_bound, found.upper_bound) == (
        Judgement.SPARSER_EXISTS, minimum, minimum,
    )  # fmt: skip
    # the network handed out is one of float32 numbers, and fits
    assert np.array_equal(found.network.weights, found.network.weights.astype(np.float32))
    asked = Problem(problem.X, problem.low, tolerance=found.tolerance)
    assert found.network.residual(asked) == 0
    checked = sparsest.check_proof(proof, asked)
    assert (checked.lower_bound, checked.upper_bound) == (minimum, minimum)


def test_weights_are_counted_too():
    problem = sparsest.datasets.load("peak-plateau").problem(affine="skip")
    fewest = sparsest.exact.solve(problem, "weights").upper_bound
    network = sparsest.exact.solve(problem, "weights").network
    found = sparsest.certify(network, problem.X, problem.low, objective="weights")
    assert (found.judgement, found.count, found.affine) == (Judgement.SPARSEST, fewest, Affine.SKIP)
    wide = Network(
        np.r_[network.weights, [[1.0]]], np.r_[network.biases, 5.0], np.r_[network.outputs, 1.0],
        network.affine - [1.0, 5.0],
    )  # fmt: skip
    found = sparsest.certify(wide, problem.X, problem.low, objective="weights")
    assert (found.judgement, found.count, found.upper_bound) == (Judgement.SPARSER_EXISTS, fewest + 1, fewest)


def test_weights_in_two_dimensions_have_bounds_that_hold():
    problem = Problem([[0, 0], [0, 1], [1, 0]], [0, 1, 1])
    fewest = brute_force.minimum_entries(problem, "weights", 2)
    network = sparsest.exact.solve(problem).network
    found = sparsest.certify(network, problem.X, problem.low, objective="weights", time_limit=10)
    assert found.lower_bound <= fewest <= found.upper_bound
    assert found.judgement is Judgement.SPARSEST or found.count > fewest


@pytest.mark.parametrize("objective", ["weights", "parameters"])
def test_weights_and_parameters_are_proven_in_a_file(objective, tmp_path):
    # by hand: max(0, x1 + x2) fits with 2 entries; with one, two samples of different labels have one value
    network = Network([[1, 0], [0, 1]], [0, 0], [1, 1])
    X, y, proof = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 2], tmp_path / "proof.json"
    files = {"proof_file": proof, "checkpoint_file": tmp_path / "kept"}
    found = sparsest.certify(network, X, y, objective=objective, **files)
    assert (found.judgement, found.lower_bound, found.upper_bound) == (Judgement.SPARSEST, 2, 2)
    checked = sparsest.check_proof(found.proof_file, Problem(X, y), objective=objective)
    assert (checked.lower_bound, checked.upper_bound) == (2, 2)
    assert files["checkpoint_file"].exists()


# ---------------------------------------------------------------- a free output bias


def biased(weights, biases, outputs, bias):
    """A torch module of float64 with an output bias."""
    model = torch.nn.Sequential(
        torch.nn.Linear(1, len(biases)), torch.nn.ReLU(), torch.nn.Linear(len(biases), 1)
    ).double()
    with torch.no_grad():
        for parameter, values in zip(
            model.parameters(), ([[w] for w in weights], biases, [outputs], [bias]), strict=True
        ):
            parameter.copy_(torch.tensor(values))
    return model


X_FIVE = [[-2.0], [-1], [0], [1], [2]]


def test_constants_go_into_a_free_output_bias():
    model = biased([1.0, 0.0], [0.0, 2.0], [1.0, 1.0], 1.0)
    found = sparsest.certify(model, X_FIVE, [3, 3, 3, 4, 5])
    assert (found.affine, found.judgement, found.upper_bound) == (
        Affine.CONSTANT,
        Judgement.SPARSER_EXISTS,
        1,
    )
    assert found.network.affine.tolist() == [0, 3]
    found = sparsest.certify(biased([1.0], [0.0], [1.0], 3.0), X_FIVE, [3, 3, 3, 4, 5])
    assert found.judgement is Judgement.SPARSEST


def test_what_a_bias_alone_admits_is_proven(tmp_path):
    # |x| + 1: one neuron with a whole affine term, two with a bias (one neuron and a constant are monotone)
    model, labels = biased([1.0, -1.0], [0.0, 0.0], [1.0, 1.0], 1.0), [3, 2, 1, 2, 3]
    found = sparsest.certify(model, X_FIVE, labels, proof_file=tmp_path / "proof.json")
    assert (found.judgement, found.lower_bound, found.upper_bound) == (Judgement.SPARSEST, 2, 2)
    checked = sparsest.check_proof(found.proof_file, Problem(X_FIVE, labels, affine="constant"))
    assert (checked.lower_bound, checked.upper_bound, checked.affine) == (2, 2, "constant")


@pytest.mark.parametrize("objective", ["weights", "parameters"])
def test_weights_and_parameters_beside_a_bias_are_decided(objective):
    # |x| + 1: beside a skip 2 max(0, x) - x + 1 counts one, but one neuron and a constant are monotone
    model = biased([1.0, -1.0], [0.0, 0.0], [1.0, 1.0], 1.0)
    found = sparsest.certify(model, X_FIVE, [3, 2, 1, 2, 3], objective=objective)
    assert (found.judgement, found.lower_bound, found.upper_bound) == (Judgement.SPARSEST, 2, 2)


@pytest.mark.parametrize("seed", slow_after(2, range(8)))
def test_verdicts_on_biased_networks_are_those_of_an_exhaustive_search(seed):
    rng = np.random.default_rng(seed)
    d = 1 + seed % 2
    X = np.unique(rng.integers(-2, 3, (6, d)).astype(float), axis=0)
    own = Network(rng.integers(-2, 3, (4, d)), rng.integers(-2, 3, 4), [1, -1, 1, -1], [*[0] * d, 2])
    fewest = brute_force.minimum_neurons(Problem(X, own(X), affine="constant"), 4)
    model = torch.nn.Sequential(torch.nn.Linear(d, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1)).double()
    state = {
        "0.weight": torch.tensor(own.weights.copy()), "0.bias": torch.tensor(own.biases.copy()),
        "2.weight": torch.tensor(own.outputs[None].copy()), "2.bias": torch.tensor([2.0]).double(),
    }  # fmt: skip
    model.load_state_dict(state)
    found = sparsest.certify(model, X, own(X))
    assert (found.lower_bound, found.upper_bound) == (fewest, fewest)
    kept = found.count == fewest
    assert found.judgement is (Judgement.SPARSEST if kept else Judgement.SPARSER_EXISTS)
    if not kept:
        assert not found.network.affine[:-1].any()
        assert found.network.interpolates(Problem(X, own(X), affine="constant"))


def test_whether_a_constant_fits_is_decided():
    # x within 0.1: an affine term alone does, a constant does not
    model = biased([1.0, -1.0], [0.0, 0.0], [1.0, -1.0], 0.0)
    found = sparsest.certify(model, X_FIVE, [-2, -1, 0, 1, 2.1], tolerance=0.2)
    assert (found.judgement, found.lower_bound, found.upper_bound) == (Judgement.SPARSER_EXISTS, 1, 1)


# ---------------------------------------------------------------- limits, options, files


@pytest.mark.slow
def test_a_limit_leaves_an_interval_and_says_how_to_go_on():
    rng = np.random.default_rng(5)
    X, y = rng.uniform(-1, 1, (40, 3)), rng.uniform(-1, 1, 40)
    weights, biases = rng.normal(size=(60, 3)), rng.normal(size=60)
    outputs = np.linalg.lstsq(np.maximum(0, X @ weights.T + biases), y, rcond=None)[0]
    found = sparsest.certify(Network(weights, biases, outputs), X, y, time_limit=3)
    assert found.judgement in (Judgement.SPARSER_EXISTS, Judgement.BOUNDED)
    assert 1 <= found.lower_bound < found.upper_bound <= 60
    assert "longer time limit" in found.remark
    assert found.seconds < 15
    seconds, lower, upper = found.trace.T
    assert (np.diff(seconds) >= 0).all()
    assert (np.diff(lower) >= 0).all()
    assert (np.diff(upper) <= 0).all()
    assert found.network.solves(Problem(X, y, tolerance=found.tolerance))


@pytest.mark.slow
def test_a_search_is_gone_on_with_from_its_checkpoint(tmp_path):
    # labels at random: minutes without what the first run refuted
    rng = np.random.default_rng(2)
    X, y = rng.uniform(-1, 1, (14, 2)), rng.uniform(-1, 1, 14)
    network = sparsest.exact.solve(Problem(X, y), node_limit=1).network

    def interrupt(progress):
        if progress.nodes > after:
            raise KeyboardInterrupt

    options = {"checkpoint_file": tmp_path / "kept", "proof_file": tmp_path / "proof.json.gz"}
    options |= {"tolerance": 1e-6, "progress": interrupt}
    after = 2_000
    first = sparsest.certify(network, X, y, **options)
    after = 4_000
    again = sparsest.certify(network, X, y, resume=True, **options)
    assert 2 <= first.lower_bound <= again.lower_bound <= again.upper_bound <= network.count()
    assert "rests on" in again.remark
    checked = sparsest.check_proof(options["proof_file"], Problem(X, y, tolerance=1e-6))
    assert checked.lower_bound == again.lower_bound == 4
    with pytest.raises(InputError, match="kept"):
        sparsest.certify(network, X, y, tolerance=1e-6, time_limit=2, checkpoint_file=tmp_path / "kept")


def test_what_was_refuted_has_the_time_to_be_written_into_a_proof_anew(tmp_path, monkeypatch):
    # the short search for first bounds wrote a proof of nothing where that took longer
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0.0, 1, 1, 0])
    limits = []

    def noted(problem, objective, *, time_limit, **options):
        limits.append(time_limit)
        return solve(problem, objective, time_limit=time_limit, **options)

    solve = certification_search.solve
    monkeypatch.setattr(certification_search, "solve", noted)
    files = {"checkpoint_file": tmp_path / "kept", "proof_file": tmp_path / "proof.json"}
    start = sparsest.exact.solve(Problem(X, y)).network
    sparsest.certify(start, X, y, time_limit=60, **files)
    sparsest.certify(start, X, y, time_limit=60, resume=True, **files)
    assert limits[0] < 10
    assert limits[-1] > 30


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tolerance": "loose"}, "auto"),
        ({"tolerance": -1}, "not negative"),
        ({"time_limit": 0}, "positive"),
        ({"objective": "knots"}, "choose one"),
        ({"workers": 0}, "workers"),
        ({"proof_file": "proof.txt"}, "json"),
        ({"objective": "weights", "proof_file": "proof.txt"}, "json"),
        ({"resume": True}, "checkpoint"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        sparsest.certify(TENT, TENT_X, TENT_Y, **options)


def test_data_of_other_features_are_refused():
    with pytest.raises(InputError, match="2 features and the model takes 1"):
        sparsest.certify(TENT, [[0, 1]], [0])


@pytest.mark.parametrize("ending", ["json", "npz"])
@pytest.mark.parametrize("y", [TENT_Y, [0, 0, 1, 2, 1, 3]])
def test_certificates_read_back_as_they_were_written(tmp_path, ending, y):
    found = sparsest.certify(SPLIT, TENT_X, y, tolerance=0.25)
    path = tmp_path / f"certificate.{ending}"
    sparsest.save(found, path)
    again = sparsest.load(path)
    for field in dataclasses.fields(found):
        before, after = getattr(found, field.name), getattr(again, field.name)
        if field.name in ("problem", "given"):  # the caller's own, which no file repeats
            assert after is None
            continue
        assert np.array_equal(before, after) if field.name == "trace" else before == after, field.name


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_columns_in_another_order_than_the_models_are_refused():
    inputs = pd.DataFrame({"width": [0.0, 1, 2, 3], "height": [5.0, 2, 9, 1]})
    model = MLPRegressor(hidden_layer_sizes=(2,), solver="lbfgs", max_iter=20, random_state=0)
    model.fit(inputs, inputs["width"])
    swapped, more = inputs[["height", "width"]], inputs.assign(depth=0.0)
    for X, columns in ((swapped, "height, width"), (more, "width, height, depth")):
        with pytest.raises(InputError) as caught:
            sparsest.certify(model, X, inputs["width"])
        assert str(caught.value) == (
            f"X has the columns {columns} and the model was fitted on width, height: give those, "
            "in that order"
        )
    # an array has no names, and is taken as it is
    assert sparsest.certify(model, inputs.to_numpy(), time_limit=1).features == 2


def test_damaged_certificates_are_refused():
    from sparsest.io.documents import decode, encode

    document = encode(sparsest.certify(SPLIT, TENT_X, TENT_Y))
    for field, wrong in [
        ("judgement", "FINE"), ("reductions", 3), ("worst", [1]), ("tolerance_chosen", 1), ("trace", [[1]]),
    ]:  # fmt: skip
        with pytest.raises(InputError):
            decode(document | {field: wrong})
    neurons = document["reductions"][0] | {"neurons": [0.5]}
    with pytest.raises(InputError, match="whole"):
        decode(document | {"reductions": [neurons]})


# ---------------------------------------------------------------- the command


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sparsest.save(TENT, "tent.json")
    sparsest.save(SPLIT, "split.json")
    rows = "\n".join(f"{x[0]},{y}" for x, y in zip(TENT_X, TENT_Y, strict=True))
    (tmp_path / "data.csv").write_text(f"x,y\n{rows}\n")
    return lambda *arguments: CliRunner().invoke(app, ["certify", *arguments])


def test_the_command_says_sparsest_and_its_proof_is_accepted(run):
    done = run("tent.json", "data.csv", "--proof", "proof.json")
    assert done.exit_code == 0, done.output
    assert "SPARSEST: no network with fewer than 3 neurons fits exactly" in " ".join(done.output.split())
    checked = CliRunner().invoke(app, ["check", "proof.json", "data.csv"])
    assert (checked.exit_code, "exactly 3" in checked.output) == (0, True)


def test_the_command_writes_a_sparser_network(run):
    done = run("split.json", "data.csv", "--network", "sparser.npz", "--save", "found.json")
    assert done.exit_code == 1, done.output
    assert "neurons 0 and 1 are the same neuron up to the size" in " ".join(done.output.split())
    assert sparsest.load("sparser.npz").same_function(TENT)
    assert sparsest.load("found.json").judgement is Judgement.SPARSER_EXISTS
    done = run("sparser.npz", "data.csv", "--json")
    assert (done.exit_code, '"verdict": "sparsest"' in done.output) == (0, True)


def test_the_command_names_the_rows_that_are_missed(run):
    done = run("tent.json", "peak-plateau", "--tolerance", "0.5")
    assert done.exit_code == 1
    assert "NOT_INTERPOLATING" in done.output
    assert "row 3: 2 instead of 1" in done.output


def test_the_command_leaves_an_interval(run, tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.uniform(-1, 1, (30, 3)), rng.uniform(-1, 1, 30)
    weights, biases = rng.normal(size=(40, 3)), rng.normal(size=40)
    outputs = np.linalg.lstsq(np.maximum(0, X @ weights.T + biases), y, rcond=None)[0]
    sparsest.save(Network(weights, biases, outputs), "wide.json")
    sparsest.save(Problem(X, y), "problem.json")
    done = run("wide.json", "problem.json", "--time-limit", "1", "--tolerance", "0.01")
    # a sparser one is found within the limit or not, but none is proven fewest
    assert done.exit_code in (1, 3), done.output
    assert ("SPARSER_EXISTS" in done.output) == (done.exit_code == 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("tent.json", "nothing.csv"),
        ("nothing.json", "data.csv"),
        ("data.csv", "data.csv"),
        ("tent.json", "data.csv", "--network", "network.txt"),
        ("tent.json", "data.csv", "--resume"),
        ("tent.json", "data.csv", "--proof", "tent.json"),
        ("tent.json", "tent.json"),
        ("tent.json", "data.csv", "--tolerance", "some"),
        ("tent.json", "xor"),
    ],
)
def test_bad_input_of_the_command_is_one_sentence(run, arguments):
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert done.output.startswith("Error: ")
    assert done.output.count("\n") == 1


def test_exit_codes_are_those_of_the_help_page(run):
    text = " ".join(run("--help").output.split())
    assert "0 SPARSEST; 1 SPARSER_EXISTS or NOT_INTERPOLATING; 2 bad input; 3 BOUNDED" in text


def test_every_judgement_has_an_exit_code():
    from sparsest.cli.exit_codes import of_judgement

    assert {each: of_judgement(each) for each in Judgement} == {
        Judgement.SPARSEST: 0,
        Judgement.SPARSER_EXISTS: 1,
        Judgement.NOT_INTERPOLATING: 1,
        Judgement.BOUNDED: 3,
    }


def test_the_upper_bound_is_the_count_of_the_network():
    model = torch.nn.Sequential(torch.nn.Linear(1, 5, bias=False), torch.nn.ReLU(), torch.nn.Linear(5, 1))
    first = [0.2973928451538086, -0.3407764434814453, 0.7736839056015015, 0.2409001588821411, -0.28730333]
    second = [0.09127358347177505, 0.4405002295970917, -0.11377178132534027, -0.4461745321, -0.003885326]
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([first]).T)
        model[2].weight.copy_(torch.tensor([second]))
        model[2].bias.copy_(torch.tensor([-0.1479310244321823]))
    X, y = [[-2.0], [-1.0], [1.0]], [-0.10791441863329326, 0.014818391367820016, -0.21469195670944777]
    found = sparsest.certify(model, X, y, tolerance=0.05)
    assert found.judgement is Judgement.NOT_INTERPOLATING
    assert found.upper_bound == found.network.count()


def test_what_numbers_stand_for_can_be_said():
    # 10 x - 1 meets these labels in decimals; the floats nearest to 0.2, 0.3 and 0.4 are no three points of a
    # line with labels 1, 2, 3, so that one neuron does not
    X, y = np.array([[0.1], [0.2], [0.3], [0.4]]), [0.0, 1.0, 2.0, 3.0]
    network = Network([[10.0]], [-1.0], [1.0])
    decimal = sparsest.certify(network, X, y, tolerance=0.0, time_limit=20)
    assert (decimal.judgement, decimal.lower_bound) == (Judgement.SPARSEST, 1)
    binary = sparsest.certify(network, X, y, tolerance=0.0, numbers="binary", time_limit=20)
    assert binary.judgement is Judgement.NOT_INTERPOLATING
    with pytest.raises(InputError, match="numbers = 'words': choose"):
        sparsest.certify(network, X, y, numbers="words")


def test_a_limit_that_ends_before_any_search_leaves_a_certificate():
    # max(0, x) and max(0, x) again, on labels max(0, x) * 2: it fits, and nothing else is known
    X = np.linspace(-1, 1, 50)[:, None]
    network = Network([[1.0], [1.0]], [0.0, 0.0], [1.0, 1.0])
    found = sparsest.certify(network, X, network(X), time_limit=1e-9)
    assert found.lower_bound == 0
    assert found.upper_bound == 1  # the reductions are made whatever the limit
    assert found.judgement is Judgement.SPARSER_EXISTS
    assert "the time limit ended before any bound was sought" in found.remark


@pytest.mark.slow
def test_a_network_on_noisy_labels_is_told_how_few_neurons_do():
    # labels of 3 neurons with noise; the given network has them twice, each a little turned
    data = datasets.load("noisy", d=5, n=1000, k=3, noise=20)
    fit = find_sparse(data.problem(), effort_limit=2.0)
    halves = [fit.network.folded * (1 + turn * np.r_[np.zeros(5), 1e-3]) / 2 for turn in (-1, 1)]
    wide = Network.from_folded(np.concatenate(halves), np.tile(np.sign(fit.network.outputs), 2))
    found = sparsest.certify(wide, data.X, data.y, time_limit=15)
    assert found.judgement is Judgement.SPARSER_EXISTS
    assert found.upper_bound <= 3


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("time_limit", [1e-3, 5.0])
def test_counts_and_sentence_are_those_of_the_network_handed_out(n_outputs, time_limit):
    # the last two neurons are one, of weight 2e-8: none in float16, and none is needed within the tolerance
    given = torch.nn.Sequential(
        torch.nn.Linear(1, 3, bias=False), torch.nn.ReLU(), torch.nn.Linear(3, n_outputs, bias=False)
    ).half()
    with torch.no_grad():
        given[0].weight.copy_(torch.tensor([[1.0], [-1e-4], [-1e-4]]))
        given[2].weight.copy_(torch.tensor([[1.0, 1e-4, 1e-4]] * n_outputs))
    X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    y = np.repeat(np.maximum(X, 0), n_outputs, axis=1)
    found = sparsest.certify(given, X, y if n_outputs > 1 else y[:, 0], tolerance=1e-3, time_limit=time_limit)
    assert found.upper_bound == found.network.count()
    if found.judgement is Judgement.SPARSER_EXISTS:
        assert found.reason.startswith(f"{found.upper_bound} neuron")
    else:  # time was up before anything was tried, and the given network fits
        assert (found.judgement, found.upper_bound) == (Judgement.BOUNDED, 3)


@pytest.mark.parametrize(
    ("weights", "judgement", "said"),
    [
        ([], Judgement.SPARSEST, "a network without neurons fits exactly, and this is one"),
        (
            [0.01],
            Judgement.SPARSER_EXISTS,
            "a network without neurons fits within 1, where the network has 1",
        ),
    ],
)
def test_no_neurons_are_not_said_to_be_more_than_fewer(weights, judgement, said):
    given = Network(np.reshape(weights, (-1, 1)), [0] * len(weights), [1] * len(weights))
    found = sparsest.certify(given, [[0], [1]], [0, 0], tolerance=1 if weights else "auto")
    assert (found.judgement, found.reason) == (judgement, said)
    shared = sparsest.MultiOutputNetwork(given.weights, given.biases, np.ones((given.width, 2)))
    found = sparsest.certify(shared, [[0], [1]], [[0, 0], [0, 0]], tolerance=1)
    assert (found.judgement, found.reason.startswith("a network without neurons")) == (judgement, True)


def test_a_tolerance_of_rounding_is_not_called_a_share_of_the_range():
    found = sparsest.certify(Network([[-1]], [-1], [1]), [[0], [1]])  # zero on both samples
    assert found.reason.endswith("the tolerance is that of rounding, because the outputs' range is 0")
