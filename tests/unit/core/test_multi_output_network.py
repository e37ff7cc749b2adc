"""Networks with several outputs: values, counts, and their networks of one output."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import Affine, InputError, MultiOutputNetwork, MultiOutputProblem, Network

# f(x) = (max(0, x), max(0, x) + 3 max(0, x - 1)); the third neuron feeds nothing
NETWORK = MultiOutputNetwork([[1.0], [1.0], [5.0]], [0.0, -1.0, 0.0], [[1, 1], [0, 3], [0, 0]])


class TestValues:
    def test_by_hand(self):
        assert NETWORK([[-1.0], [1.0], [2.0]]).tolist() == [[0, 0], [1, 1], [2, 5]]
        assert NETWORK.predict([[2.0]]).tolist() == [[2, 5]]
        assert NETWORK.patterns([[0.5]]).T.tolist() == [[True, False, True]]

    @given(st.integers(0, 2**32 - 1))
    def test_against_the_formula(self, seed):
        rng = np.random.default_rng(seed)
        k, d, m, n = rng.integers(0, 4), *rng.integers(1, 4, 2), 5
        w, b, v, a, x = (rng.normal(size=s) for s in ((k, d), k, (k, m), (m, d + 1), (n, d)))
        network = MultiOutputNetwork(w, b, v, a)
        values = np.maximum(0, x @ w.T + b) @ v + x @ a[:, :-1].T + a[:, -1]
        assert np.allclose(network(x), values)
        c = rng.integers(-3, 4, m)
        if c.any():
            assert np.allclose(network.along(c)(x), values @ c)

    def test_counts(self):
        assert NETWORK.count() == 2
        assert NETWORK.count("weights") == 2
        assert NETWORK.count("parameters") == 3  # two weights and one bias
        assert NETWORK.output(0).count() == 1
        assert NETWORK.along([1, -1]).count() == 1  # the first neuron cancels
        assert NETWORK.without([2]).width == 2

    def test_residual_and_kind(self):
        problem = MultiOutputProblem([-1, 1, 2], [[0, 0], [1, 1], [2, 5]])
        assert NETWORK.solves(problem)
        moved = problem.replace(low=[[0, 0], [1, 1], [2, 6]], high=problem.high + 1)
        assert NETWORK.violation(moved).tolist() == [[0, 0], [0, 0], [0, 1]]
        assert NETWORK.residual(moved) == 1
        term = MultiOutputNetwork(NETWORK.weights, NETWORK.biases, NETWORK.outputs, [[0, 0], [0, 1]])
        assert not term.is_of_kind(problem)
        assert term.is_of_kind(problem.replace(affine="constant"))
        wrong = MultiOutputProblem([-1, 1, 2], [[0], [1], [2]])
        assert not NETWORK.solves(wrong)
        assert not NETWORK.is_of_kind(wrong)

    def test_without_neurons(self):
        zero = MultiOutputNetwork.zero(2, 3, Affine.SKIP)
        assert (zero.count(), zero.n_features, zero.n_outputs) == (0, 2, 3)
        assert zero([[1.0, 2.0]]).tolist() == [[0, 0, 0]]
        assert repr(zero) == "<MultiOutputNetwork 0 neurons + affine, d=2, m=3>"


class TestObjects:
    def test_equality_and_copies(self):
        for same in (pickle.loads(pickle.dumps(NETWORK)), copy.deepcopy(NETWORK)):
            assert same == NETWORK
            assert hash(same) == hash(NETWORK)
            assert not same.outputs.flags.writeable
        negative = MultiOutputNetwork([[1.0]], [-0.0], [[1.0]])
        assert negative == MultiOutputNetwork([[1.0]], [0.0], [[1.0]])
        assert hash(negative) == hash(MultiOutputNetwork([[1.0]], [0.0], [[1.0]]))
        assert MultiOutputNetwork(NETWORK.weights, NETWORK.biases, -NETWORK.outputs) != NETWORK
        assert MultiOutputNetwork.zero(1, 2) != MultiOutputNetwork.zero(1, 2, "skip")
        assert Network([[1.0]], [0.0], [1.0]) != NETWORK

    @pytest.mark.parametrize(
        ("parts", "words"),
        [
            (([[1.0]], [0.0], [1.0]), r"outputs have shape \(1,\): \(K, m\)"),
            (([[1.0]], [0.0], np.zeros((1, 0))), r"outputs have shape \(1, 0\)"),
            (([[1.0]], [0.0, 1.0], [[1.0]]), "biases have shape"),
            (([[1.0]], [0.0], [[1.0, np.inf]]), "outputs hold inf"),
            (([[1.0]], [0.0], [[1.0, 2.0]], [[0.0, 1.0]]), r"have shape \(1, 2\): \(m, d \+ 1\)"),
            (([[1.0]], [0.0], [[1.0]], [0.0, 1.0]), r"have shape \(2,\)"),
            (([[1.0]], [0.0], [[1.0]], [[0.0]]), "affine term"),
            (([1.0], [0.0], [[1.0]]), "weights have shape"),
        ],
    )
    def test_what_does_not_fit_together(self, parts, words):
        with pytest.raises(InputError, match=words):
            MultiOutputNetwork(*parts)

    @pytest.mark.parametrize("direction", [[0, 0], [1], [0.5, 1]])
    def test_directions(self, direction):
        with pytest.raises(InputError, match="direction"):
            NETWORK.along(direction)
