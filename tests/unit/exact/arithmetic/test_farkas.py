"""Exact proofs: what is true must be provable, and what is false must never be."""

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from sparsest import Network, Problem
from sparsest.exact.arithmetic.echelon import solution_near
from sparsest.exact.arithmetic.farkas import contradiction_of_equations, refutation_near
from sparsest.exact.arithmetic.rational_network import meets_every_interval, rational_witness
from sparsest.exact.arithmetic.rational_problem import ExactData, Row, rational


def cone_rows(sample, bits):
    return [Row(sample, k, bits) for k in range(len(bits))]


class TestFarkas:
    # One positive neuron, samples x = 0 and x = 1 with labels 1 and -1, both active: f(1) = -1 contradicts
    # the cone row u . (1, 1) >= 0; the value row's upper side times -1 plus the cone row gives 0 >= 1.
    problem = Problem([0, 1], [1, -1])
    rows = (*cone_rows(1, (1,)), Row(1, -1, (1,)))

    def prove(self, ray, rows=None, exponents=(0, 0)):
        return refutation_near(
            ExactData(self.problem), [1], rows or self.rows, np.array(ray, dtype=float), exponents
        )

    def test_right_multipliers_prove(self):
        assert self.prove([1, -1])

    def test_multipliers_need_not_be_accurate(self):
        # the free multiplier is kept and the other recomputed
        assert self.prove([1 + 1e-9, -1])

    @pytest.mark.parametrize("ray", [[-1, 1], [0, -1], [1, 0], [0, 0], [1, 1]])
    def test_wrong_multipliers_do_not(self, ray):
        assert not self.prove(ray)

    def test_bits_of_the_other_side_do_not(self):
        assert not self.prove([1, -1], rows=(*cone_rows(1, (0,)), Row(1, -1, (1,))))

    def test_scaling_of_rows_is_taken_into_account(self):
        # the value row was scaled by 4 in the solver: its multiplier there is a quarter
        assert self.prove([1, -0.25], exponents=(0, -2))

    @given(st.integers(0, 2**32 - 1))
    def test_random_rays_never_prove_a_feasible_system(self, seed):
        # rows that a known network satisfies, so no multipliers can exist
        rng = np.random.default_rng(seed)
        X = rng.integers(-3, 4, (5, 2))
        folded = rng.integers(-2, 3, (2, 3)).astype(float)
        network = Network.from_folded(folded, [1, -1])
        problem = Problem(X, network(X))
        patterns = network.patterns(problem.X)
        rows = []
        for i in range(5):
            bits = tuple(int(b) for b in patterns[:, i])
            rows += [*cone_rows(i, bits), Row(i, -1, bits)]
        ray = rng.normal(size=len(rows)) * rng.integers(0, 2, len(rows))
        assert not refutation_near(ExactData(problem), [1, -1], rows, ray, [0] * len(rows))


def test_equations_contradict_by_a_last_digit():
    # an affine function through three collinear points, one label off by one unit in the last place
    labels = [0.0, 1.0, np.nextafter(2.0, 3.0)]
    rows = [Row(i, -1, ()) for i in range(3)]
    bent = Problem([0, 1, 2], labels, affine="skip", numbers="binary")
    assert contradiction_of_equations(ExactData(bent), [], rows)
    assert not contradiction_of_equations(ExactData(Problem([0, 1, 2], [0, 1, 2], affine="skip")), [], rows)


def test_exact_data_keeps_floats_that_do_not_fit_small_integers():
    data = ExactData(Problem([[0.1, 1e-30], [1e30, 3.0]], [0, 1]))
    for row, scale, x in zip(data.rows, data.scales, [[0.1, 1e-30], [1e30, 3.0]], strict=True):
        assert [flint.fmpq(value, scale) for value in row[:2]] == [rational(v) for v in x]
        assert row[2] == scale


class TestRationalWitness:
    def test_rounded_network_is_made_exact(self):
        # f(x) = max(0, x/3) has no float that gives f(1) = 1/3's float at x = 1 and its triple at x = 3
        problem = Problem([1, 3], [1 / 3, 3 * (1 / 3)])
        network = Network([[1 / 3]], [1e-17], [1.0])
        assert rational_witness(ExactData(problem), network) is not None

    def test_labels_computed_by_a_network_are_in_general_not_met_exactly(self):
        rng = np.random.default_rng(0)
        X = rng.uniform(-1, 1, (20, 2))
        network = Network(rng.normal(size=(2, 2)), rng.normal(size=2), [1, -1])
        assert rational_witness(ExactData(Problem(X, network(X))), network) is None
        assert rational_witness(ExactData(Problem(X, network(X), tolerance=1e-9)), network) is not None

    def test_network_outside_is_refused(self):
        assert rational_witness(ExactData(Problem([0, 1], [0, 1])), Network([[0.5]], [0.0], [1.0])) is None

    def test_knot_on_a_sample_stays_there(self):
        problem = Problem([-1, 0, 1], [0, 0, 1 / 3])
        witness = rational_witness(ExactData(problem), Network([[1 / 3]], [1e-17], [1.0]))
        assert witness is not None
        assert witness.neurons[0][1] == 0

    def test_weight_bound_is_checked_exactly(self):
        problem = Problem([0, 1], [0, 1], weight_bound=1.0)
        assert (
            rational_witness(ExactData(problem), Network([[np.nextafter(1.0, 2.0)]], [0.0], [1.0]))
            is not None
        )
        assert rational_witness(ExactData(problem), Network([[1.5]], [-0.5], [1.0])) is None

    def test_skip_takes_part(self):
        problem = Problem([0, 1, 2], [0.1, 0.1, 0.1], affine="skip")
        witness = rational_witness(ExactData(problem), Network.zero(1, affine="skip"))
        assert witness is None  # the zero function is not near
        near = Network(np.zeros((0, 1)), np.zeros(0), np.zeros(0), [1e-18, 0.1])
        witness = rational_witness(ExactData(problem), near)
        assert witness is not None
        assert witness.neurons == [[flint.fmpq(0), flint.fmpq(1, 10)]]
        assert meets_every_interval(ExactData(problem), witness)


@given(st.integers(0, 2**32 - 1))
def test_solution_near_solves_what_has_a_solution(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 6, 2)
    matrix = rng.integers(-3, 4, (m, n))
    target = rng.integers(-3, 4, n)
    equations = [([int(v) for v in row], flint.fmpq(int(row @ target))) for row in matrix]
    start = [rational(float(v)) for v in rng.normal(size=n)]
    solution = solution_near(equations, start)
    assert solution is not None
    for row, right in equations:
        assert sum((a * b for a, b in zip(row, solution, strict=True)), flint.fmpq(0)) == right


def test_solution_near_says_when_there_is_none():
    assert solution_near([([1, 1], flint.fmpq(1)), ([2, 2], flint.fmpq(3))], [flint.fmpq(0)] * 2) is None
    assert solution_near([([], flint.fmpq(1))], []) is None
    assert solution_near([], [flint.fmpq(7)]) == [flint.fmpq(7)]


def test_linprog_agrees_that_the_farkas_example_is_infeasible():
    # the hand-made example above, by an independent solver
    result = linprog([0, 0], A_ub=[[-1, -1]], b_ub=[0], A_eq=[[1, 1]], b_eq=[-1], bounds=[(None, None)] * 2)
    assert result.status == 2
