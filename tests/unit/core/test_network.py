"""Networks: evaluation, counts, canonical form, equality as functions, and what counts as interpolation."""

import copy
import dataclasses
import itertools
import pickle
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from sparsest import InputError, Network, Problem

NETWORK = Network(
    [[3.0, 0.0], [0.0, 0.0], [1.0, -2.0], [0.0, 0.0]], [-1.0, 2.0, 0.0, -1.0], [2.0, -1.0, 0.0, 4.0]
)


def exact_values(network, X):
    """f in rational arithmetic, independent of `Network.__call__`."""
    values = []
    for x in X:
        total = Fraction(0)
        if network.affine is not None:
            total += Fraction(float(network.affine[-1]))
            total += sum(
                Fraction(float(a)) * Fraction(float(t)) for a, t in zip(network.affine, x, strict=False)
            )
        for w, b, v in zip(network.weights, network.biases, network.outputs, strict=True):
            inner = Fraction(float(b))
            inner += sum(Fraction(float(a)) * Fraction(float(t)) for a, t in zip(w, x, strict=True))
            total += Fraction(float(v)) * max(inner, Fraction(0))
        values.append(total)
    return values


def networks(d=2, most=5, entries=(0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5)):
    """Networks whose small dyadic entries make coinciding, opposite, dead and constant neurons likely."""
    entry = st.sampled_from(entries)
    neuron = st.lists(entry, min_size=d + 2, max_size=d + 2)
    skip = st.none() | st.lists(entry, min_size=d + 1, max_size=d + 1)

    def build(neurons, skip):
        table = np.array(neurons).reshape(-1, d + 2)
        return Network(table[:, :d], table[:, d], table[:, d + 1], skip)

    return st.builds(build, st.lists(neuron, max_size=most), skip)


# every combination of these inputs is exact for the entries above, and lies off as well as on the knots
GRID = np.array(list(itertools.product([-8.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0], repeat=2)))


class TestConstruction:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (([1.0], [0.0], [1.0]), "weights have shape (1,)"),
            (([[]], [0.0], [1.0]), "weights have shape (1, 0)"),
            (([[1.0]], [0.0, 1.0], [1.0]), "biases have shape (2,): (1,) is needed"),
            (([[1.0]], [0.0], []), "outputs have shape (0,)"),
            (([[1.0]], [0.0], [1.0], [1.0]), "numbers of the affine term have shape (1,): (2,) is needed"),
            (([[np.nan]], [0.0], [1.0]), "weights hold nan at (0, 0)"),
            (([[1.0]], [0.0], [np.inf]), "outputs hold inf at (0,)"),
            (([["1"]], [0.0], [1.0]), "weights has type"),
            (([[Fraction(1, 3)]], [0.0], [1.0]), "weights holds 1/3"),
            (([[1.0], [1e200]], [0.0, 0.0], [1.0, 1e200]), "neuron 1 has a product of weights beyond"),
        ],
    )
    def test_refused(self, arguments, words):
        with pytest.raises(InputError) as caught:
            Network(*arguments)
        assert words in str(caught.value)

    def test_tensors(self):
        network = Network(torch.eye(2, requires_grad=True), torch.zeros(2), torch.ones(2))
        assert network == Network([[1, 0], [0, 1]], [0, 0], [1, 1])

    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))])
    def test_immutable(self, again):
        network = again(Network([[1.0]], [0.0], [1.0], [1.0, 2.0]))
        for array in (network.weights, network.biases, network.outputs, network.affine):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            network.affine = None

    def test_the_callers_arrays_are_copied(self):
        weights = np.ones((1, 1))
        network = Network(weights, [0.0], [1.0])
        weights[0] = 5
        assert network.weights == [[1]]

    def test_from_folded(self):
        network = Network.from_folded([[1, 2, 3]], [-1], [4, 5, 6])
        assert network == Network([[1, 2]], [3], [-1], [4, 5, 6])


class TestEvaluation:
    def test_by_hand(self):
        # f(x, y) = 2 max(0, 3x - 1) - max(0, 2) + 0 + 4 max(0, -1)
        np.testing.assert_array_equal(NETWORK([[1, 9], [0, 9]]), [2, -2])

    def test_skip(self):
        np.testing.assert_array_equal(Network([[1]], [0], [1], [10, 100])([[2], [-2]]), [122, 80])

    @given(networks())
    def test_equals_rational_arithmetic(self, network):
        assert [Fraction(float(value)) for value in network(GRID)] == exact_values(network, GRID)

    @pytest.mark.parametrize("skip", [False, True])
    def test_width_zero(self, skip):
        network = Network.zero(3, affine="skip" if skip else "none")
        np.testing.assert_array_equal(network(np.ones((2, 3))), [0, 0])
        assert (
            network.width,
            network.count(),
            network.count("parameters"),
            network.path_norm(0.5, "weights"),
        ) == (
            0,
            0,
            0,
            0,
        )
        assert network.patterns(np.ones((2, 3))).shape == (0, 2)
        assert network.canonical() == network
        assert (network.affine is not None) is skip

    @pytest.mark.parametrize("X", [[[1]], [1, 2], 3, [[[1, 2]]], [["a", "b"]], [[1, 2], [3]]])
    def test_inputs_that_do_not_fit(self, X):
        with pytest.raises(InputError, match=r"^X "):
            NETWORK(X)

    def test_tensor_inputs(self):
        np.testing.assert_array_equal(NETWORK(torch.tensor([[1.0, 9.0]], requires_grad=True)), [2])

    def test_patterns_count_a_knot_as_active(self):
        network = Network([[1], [-1], [0], [0]], [0, 0, 0, -1], [1, 1, 1, 1])
        np.testing.assert_array_equal(
            network.patterns([[-1], [0], [2]]),
            [[False, True, True], [True, True, False], [True, True, True], [False, False, False]],
        )


class TestCounts:
    @pytest.mark.parametrize(
        ("objective", "count", "norm"),
        [
            # folded rows (6, 0, -2), (0, 0, 2), (0, 0, 0), (0, 0, -4)
            ("neurons", 3, np.sqrt(8) + np.sqrt(2) + np.sqrt(4)),
            ("weights", 1, np.sqrt(6)),
            ("parameters", 4, np.sqrt(6) + np.sqrt(2) + np.sqrt(2) + np.sqrt(4)),
        ],
    )
    def test_by_hand(self, objective, count, norm):
        assert NETWORK.count(objective) == count
        assert NETWORK.path_norm(0.5, objective) == pytest.approx(norm, rel=1e-15)
        assert NETWORK.path_norm(0, objective) == count
        assert NETWORK.path_norm(1, objective) == {"neurons": 14, "weights": 6, "parameters": 14}[objective]

    def test_the_skip_counts_nothing(self):
        assert Network.from_folded([[1, 1]], [1], [5, 5]).count("parameters") == 2

    def test_neither_merged_nor_rounded(self):
        assert Network([[1], [1], [1e-300]], [0, 0, 0], [1, -1, 1]).count() == 3

    def test_errors(self):
        with pytest.raises(InputError, match="objective = "):
            NETWORK.count("bias")
        with pytest.raises(InputError, match=r"in \[0, 1\]"):
            NETWORK.path_norm(2)


class TestCanonical:
    @given(networks())
    def test_keeps_the_function_and_the_counts(self, network):
        canonical = network.canonical()
        assert exact_values(canonical, GRID) == exact_values(network, GRID)
        assert canonical.same_function(network)
        assert set(np.abs(canonical.outputs)) <= {1.0}
        assert canonical.count() == canonical.width
        for objective in ("neurons", "weights", "parameters"):
            assert canonical.count(objective) == network.count(objective)
            assert canonical.path_norm(0.5, objective) == pytest.approx(network.path_norm(0.5, objective))

    @given(networks(), st.randoms(use_true_random=False))
    def test_order_and_scale_do_not_matter(self, network, random):
        order = list(range(network.width))
        random.shuffle(order)
        scale = np.array([random.choice([0.25, 1.0, 8.0]) for _ in order])
        other = Network(
            network.weights[order] * scale[:, None],
            network.biases[order] * scale,
            network.outputs[order] / scale,
            network.affine,
        )
        assert other == network
        assert hash(other) == hash(network)
        assert np.array_equal(other.canonical().weights, network.canonical().weights)
        assert network.canonical().canonical() == network.canonical()

    def test_inequality(self):
        network = Network([[1]], [0], [1], [0, 0])
        assert network != Network([[1]], [0], [-1], [0, 0])
        assert network != Network([[1]], [0], [1])
        assert network != Network([[1]], [0], [1], [0, 1])
        assert network != Network([[np.nextafter(1, 2)]], [0], [1], [0, 0])
        assert Network.zero(1) != Network.zero(2)
        assert network != "network"


class TestSameFunction:
    def test_flipped_neuron_with_a_skip(self):
        # max(0, t) = max(0, -t) + t with t = 2x - 3y + 1
        a = Network([[2, -3]], [1], [5], [0, 0, 0])
        b = Network([[-2, 3]], [-1], [5], [10, -15, 5])
        assert a.same_function(b)
        assert not a.same_function(Network([[-2, 3]], [-1], [5], [0, 0, 0]))
        assert not a.same_function(Network([[-2, 3]], [-1], [5]))

    def test_with_and_without_a_skip(self):
        # max(0, x) - max(0, -x) = x
        assert Network([[1], [-1]], [0, 0], [1, -1]).same_function(Network(np.zeros((0, 1)), [], [], [1, 0]))
        assert Network.zero(2).same_function(Network.zero(2, affine="skip"))

    def test_split_scaled_reordered_and_cancelling_neurons(self):
        a = Network([[1, 0], [0, 1]], [1, 0], [3, -2])
        b = Network(
            [[0, 10], [0.5, 0], [2, 0], [7, 7], [7, 7]], [0, 0.5, 2, 1, 1], [-0.2, 2, 1, 1, -1], [0, 0, 0]
        )
        assert a.same_function(b)

    def test_constant_neurons(self):
        # w = 0: max(0, 2) = 2, and max(0, -2) = 0
        a = Network([[0], [0], [1]], [2, -2, 0], [3, 5, 1])
        assert a.same_function(Network([[1]], [0], [1], [0, 6]))
        assert not a.same_function(Network([[1]], [0], [1], [0, 16]))

    @pytest.mark.parametrize("entry", ["weights", "biases", "outputs", "affine"])
    def test_perturbed(self, entry):
        network = Network([[1, 0.5], [0, 1]], [1, 0.25], [3, -2], [1, 1, 1])
        moved = dataclasses.replace(network, **{entry: getattr(network, entry) * (1 + 1e-6)})
        assert not network.same_function(moved)
        assert network.same_function(moved, relative=1e-5) or entry in ("weights", "biases")
        rounded = dataclasses.replace(network, **{entry: getattr(network, entry) * (1 + 1e-14)})
        assert network.same_function(rounded)

    def test_other_dimension(self):
        assert not Network.zero(1).same_function(Network.zero(2))

    def test_balanced_extremes(self):
        # 1e200 max(0, 1e-200 (x + 1)): neither squares nor products may leave the range of floats
        assert Network([[1e-200]], [1e-200], [1e200]).same_function(Network([[1]], [1], [1]))
        assert not Network([[1e-200, 0]], [0], [1e200]).same_function(Network([[0, 1e-200]], [0], [1e200]))

    def test_knots_beyond_all_data_are_affine(self):
        # max(0, 1e-300 x + 1) is 1 up to rounding wherever data may lie
        assert Network([[1e-300]], [1], [1]).same_function(Network([[0]], [1], [1]))

    def test_normals_near_an_axis(self):
        # the first entries are rounding, so they cannot say which way a neuron faces
        assert Network([[-1.1e-9, 1]], [0], [1]).same_function(Network([[-0.9e-9, 1]], [0], [1]))
        assert Network([[-1e-16, 1]], [0], [1], [0, 0, 0]).same_function(
            Network([[-1e-16, -1]], [0], [1], [0, 1, 0])
        )

    @given(networks(), networks())
    def test_agrees_with_values(self, a, b):
        # dyadic networks with knots among small fractions that differ do so on a fine enough grid
        fine = np.array(
            list(itertools.product(np.r_[-64.0, np.arange(-13, 14) / 4 + 1 / 64, 64.0], repeat=2))
        )
        assert a.same_function(b) == bool(np.abs(a(fine) - b(fine)).max() < 1e-9)

    @given(networks(), st.randoms(use_true_random=False))
    def test_flipping_any_neurons(self, network, random):
        flip = np.array([random.random() < 0.5 for _ in range(network.width)], dtype=bool)
        sign = np.where(flip, -1.0, 1.0)
        rows = np.c_[network.weights, network.biases]
        skip = np.zeros(3) if network.affine is None else network.affine
        other = Network(
            network.weights * sign[:, None],
            network.biases * sign,
            network.outputs,
            skip + network.outputs[flip] @ rows[flip],
        )
        assert network.same_function(other)


def grow(values):
    """The next float away from zero."""
    return np.nextafter(values, np.copysign(np.inf, values))


class TestInterpolates:
    @given(networks(most=4), st.sampled_from([1.0, 1e-30, 1e30, 0.1, 1 / 3]))
    def test_rounding_is_forgiven_at_every_scale(self, network, scale):
        scaled = Network(
            network.weights,
            network.biases,
            network.outputs * scale,
            None if network.affine is None else network.affine * scale,
        )
        problem = Problem(GRID, scaled(GRID), affine="none" if network.affine is None else "skip")
        assume(problem.label_scale > 0)
        assert scaled.interpolates(problem)
        assert scaled.canonical().interpolates(problem)
        assert scaled.interpolates(
            Problem(GRID, grow(scaled(GRID)) * (problem.low != 0), affine=problem.affine)
        )

    def test_knots_on_samples(self):
        # each knot lies on a sample up to rounding; whether a neuron is active there is an accident
        rng = np.random.default_rng(0)
        for _ in range(200):
            d, K, N = rng.integers(1, 4), rng.integers(1, 5), rng.integers(5, 30)
            X = np.unique(rng.integers(-4, 5, (N, d)) * 0.1, axis=0)
            weights = rng.integers(-3, 4, (K, d)) * 0.3
            network = Network(weights, -weights @ X[rng.integers(len(X))], rng.choice([-3.0, 0.1, 1.0], K))
            problem = Problem(X, network(X))
            if problem.label_scale > 1e-6:  # smaller labels are rounding themselves
                assert network.canonical().interpolates(problem)

    @pytest.mark.parametrize("error", [1e-9, -1e-9, 1e-10])
    def test_the_residual_of_a_linear_program_is_not(self, error):
        X = np.linspace(-2, 2, 9)[:, None]
        network = Network([[1.0], [-1.0]], [0.5, 0.25], [1.0, 2.0])
        assert network.interpolates(Problem(X, network(X)))
        for row in range(9):
            y = network(X)
            y[row] += error * np.abs(y).max()
            assert not network.interpolates(Problem(X, y))

    @pytest.mark.parametrize("skip", [None, [0.0, 0.0]])
    @pytest.mark.parametrize("label", [1e-12, 1e-100, 5e-324])
    def test_a_zero_network_meets_zero_labels_only(self, label, skip):
        zero = Network(np.zeros((0, 1)), [], [], skip)
        assert zero.interpolates(Problem([0, 1], [0, 0]))
        assert not zero.interpolates(Problem([0, 1], [0, label]))
        dead = Network([[1.0]], [-5.0], [1.0], skip)
        assert not dead.interpolates(Problem([0, 1], [0, label]))

    def test_small_labels_beside_large_ones(self):
        # 1e-6 max(0, -x) gives the label of the left sample, which is tiny beside the other one
        problem = Problem([-1, 1], [1e-6, 1e6])
        assert Network([[1.0], [-1.0]], [0, 0], [1e6, 1e-6]).interpolates(problem)
        assert not Network([[1.0]], [0], [1e6]).interpolates(problem)
        assert not Network([[1.0], [-1.0]], [0, 0], [1e6, 1e-6 * (1 + 1e-9)]).interpolates(problem)

    def test_cancellation_is_forgiven_up_to_a_thousand_labels(self):
        # two neurons of size 1e12 leave a label of 1: a relative error of 1e-9 of the label is the most
        network = Network([[1.0], [1.0]], [1e12, 1e12 - 1], [1.0, -1.0])
        assert network.interpolates(Problem([0, 1], [1, 1 + 1e-10]))
        assert not network.interpolates(Problem([0, 1], [1, 1 + 1e-8]))

    def test_intervals_and_violations(self):
        problem = Problem.from_intervals([0, 1, 2], [-np.inf, 1, 0], [0, np.inf, 2])
        network = Network([[1.0]], [-0.5], [1.0])
        # values 0, 0.5, 1.5
        np.testing.assert_array_equal(network.violation(problem), [0, 0.5, 0])
        assert network.residual(problem) == 0.5
        assert not network.interpolates(problem)
        assert Network([[1.0]], [0.0], [1.0]).interpolates(problem)

    def test_a_value_that_is_no_number_is_not_inside(self):
        # 1e250 * 1e100 overflows, and so does its opposite: inf - inf
        network = Network([[1e250], [1e250]], [0, 0], [1.0, -1.0])
        with np.errstate(all="ignore"):
            assert not network.interpolates(Problem([0, 1e100], [0, 0]))


class TestWithinBound:
    X = ((-1.0,), (0.0,), (1.0,))

    def problem(self, bound):
        return Problem(self.X, [0, 0, 0], tolerance=100, weight_bound=bound)

    def test_no_bound(self):
        assert Network([[1e9]], [0], [1]).within_bound(self.problem(None))

    def test_single_neurons(self):
        assert Network([[2.0]], [1e9], [-1.5]).within_bound(self.problem(3))
        assert not Network([[2.0]], [0.5], [-1.5]).within_bound(self.problem(2.9999))

    def test_rounding(self):
        assert Network([[3 * (1 + 1e-15)]], [0.5], [1]).within_bound(self.problem(3))
        assert not Network([[3 * (1 + 1e-9)]], [0.5], [1]).within_bound(self.problem(3))

    def test_neurons_of_one_cell_have_a_bound_each(self):
        # knots at -0.5 and -0.25, both between the first two samples
        together = Network([[2.0], [2.0]], [1.0, 0.5], [1.0, 1.0])
        assert together.within_bound(self.problem(2))
        assert not together.within_bound(self.problem(1.9))

    def test_opposite_slopes_of_one_cell_do_not_cancel(self):
        # active everywhere, slopes 2 and -2: their sum is a constant
        assert not Network([[2.0], [-2.0]], [9, 9], [1.0, 1.0]).within_bound(self.problem(1))

    def test_biases_are_free(self):
        assert Network([[1.0]], [1e6], [1.0]).within_bound(self.problem(1))

    def test_solves_needs_both(self):
        problem = Problem([0, 1], [0, 3], weight_bound=3)
        assert Network([[3.0]], [0], [1]).solves(problem)
        assert not Network([[6.0]], [-3.0], [1]).solves(problem)
        assert not Network([[2.0]], [0], [1]).solves(problem)


def test_representation():
    assert repr(NETWORK) == "<Network 4 neurons, d=2>"
    assert repr(Network.zero(1, affine="skip")) == "<Network 0 neurons + affine, d=1>"
