"""What floats prove of multipliers: nothing that rational numbers do not, and most of what they do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import Network, Problem, datasets
from sparsest.exact.arithmetic.certain_refutation import certainly_contradict, invert, samples_of
from sparsest.exact.arithmetic.farkas import refutation_near
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.lp.row_stack import Answer
from sparsest.exact.tree.node_program import FeasibilityProgram


def leaves(problem, signs, seed, count):
    """Yield the first infeasible programs of random descents: samples, bits, the ray by rows, the program."""
    random = np.random.default_rng(seed)
    data = ExactData(problem)
    program = FeasibilityProgram(problem, data, Coordinates(problem), signs)
    program.go_compiled()
    for _ in range(count):
        samples, bits = [], []
        for sample in random.permutation(problem.n_samples):
            samples.append(int(sample))
            bits.append(tuple(int(bit) for bit in random.integers(0, 2, size=len(signs))))
            program.push(samples[-1], bits[-1])
            if program.solve() is not Answer.FEASIBLE:
                break
        if program.solve() is Answer.INFEASIBLE:
            yield data, np.array(samples), np.array(bits, dtype=float), program
        for _ in samples:
            program.pop()


def both(data, signs, samples, bits, program):
    """Whether floats, and whether rational numbers, prove a leaf by its ray."""
    ray = program.dual_ray()
    by_rows = ray.reshape(len(samples), len(signs) + 1)
    floats = certainly_contradict(
        samples_of(data, signs), samples, bits, by_rows[:, -1].copy(), by_rows[:, :-1].copy()
    )
    return floats, refutation_near(data, signs, program.rows, ray, program.exponents) is not None


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
@pytest.mark.parametrize("d", [1, 2, 4])
def test_generic_leaves_are_proven_and_rightly(d, affine):
    asked = datasets.load("planted", d=d, n=20, k=3, seed=d).problem()
    problem = Problem(asked.X, (asked.low + asked.high) / 2, affine=affine)
    signs = (1, 1, -1)
    found = [both(data, signs, *rest) for data, *rest in leaves(problem, signs, d, 25)]
    assert len(found) > 10
    assert all(exact for floats, exact in found if floats)
    # in general position few leaves are left to rational numbers; none of them would show nothing
    assert sum(floats for floats, _ in found) >= 0.8 * sum(exact for _, exact in found)


@given(st.integers(0, 2**32 - 1))
def test_nothing_is_proven_that_rational_numbers_do_not(seed):
    # small integers: ties, collinear samples, rays with many zeros, decimals in units of their own
    random = np.random.default_rng(seed)
    d = int(random.integers(1, 4))
    X = np.unique(random.integers(-2, 3, size=(8, d)) / (1 if seed % 2 else 10), axis=0)
    y = random.integers(-2, 3, size=len(X)) / 4
    affine = ("none", "constant", "skip")[seed % 3]
    problem = Problem(X, y, affine=affine, tolerance=(0.0, 0.25)[seed // 3 % 2])
    signs = (1, 1, -1)[: 1 + seed // 6 % 3]
    for data, samples, bits, program in leaves(problem, signs, seed, 6):
        floats, exact = both(data, signs, samples, bits, program)
        assert exact or not floats


@given(st.integers(0, 2**32 - 1))
def test_random_rays_never_prove_rows_of_a_network(seed):
    # a known network meets these rows, so no multipliers can exist
    random = np.random.default_rng(seed)
    X = np.unique(random.integers(-3, 4, (6, 2)), axis=0)
    network = Network.from_folded(random.integers(-2, 3, (2, 3)).astype(float), [1, -1])
    problem = Problem(X, network(X))
    bits = network.patterns(problem.X).T.astype(float)
    count = len(X)
    values = random.normal(size=count) * random.integers(0, 2, count)
    # multipliers of the side that each row has, so that this alone refutes nothing
    cones = np.abs(random.normal(size=(count, 2))) * random.integers(0, 2, (count, 2)) * np.where(bits, 1, -1)
    data = samples_of(ExactData(problem), [1, -1])
    assert not certainly_contradict(data, np.arange(count), bits, values, cones)
    # and what cancels on each sample, up to a sample that must not
    cancelling = np.where(bits > 0, -np.array([1.0, -1.0]) * values[:, None], 0.0)
    assert not certainly_contradict(data, np.arange(count), bits, values, cancelling)


def test_a_contradiction_by_hand_and_its_edge():
    # One positive neuron, active on x = 1, whose label is -1: the value's upper side and the cone row give
    # 0 >= 1. For the label 0 they give 0 >= 0, which is no contradiction.
    for label, contradicts in [(-1.0, True), (0.0, False), (1.0, False)]:
        data = samples_of(ExactData(Problem([0.0, 1.0], [1.0, label])), [1])
        ray = np.array([-1.0]), np.array([[1.0]])
        assert certainly_contradict(data, np.array([1]), np.ones((1, 1)), *ray) is contradicts


def test_labels_off_by_a_last_digit_are_left_to_rational_numbers():
    # Three collinear points, one neuron active on all: 0 >= 2^-52 with multipliers 1, -2, 1, within what
    # floats round; off by 2^-20 it is seen.
    ray = np.array([1.0, -2.0, 1.0]), np.zeros((3, 1))
    for off, seen in [(2.0**-52, False), (2.0**-20, True)]:
        problem = Problem([1.0, 2.0, 3.0], [1.0, 2.0, 3.0 + 4 * off])
        found = certainly_contradict(samples_of(ExactData(problem), [1]), np.arange(3), np.ones((3, 1)), *ray)
        assert found is seen


def test_inverse_needs_pivots():
    matrix = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 4.0], [1.0, 0.0, 0.0]])
    inverse = np.zeros((3, 3))
    assert invert(matrix.copy(), inverse)
    assert inverse.tolist() == [[0, 0, 1], [0.5, 0, 0], [0, 0.25, 0]]  # by hand
    assert not invert(np.ones((2, 2)), np.zeros((2, 2)))
