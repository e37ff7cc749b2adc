"""Bounds from multipliers of few samples against linear programs over all cells, and by hand."""

from fractions import Fraction

import numpy as np
import path_norm_at_one
import pytest

from sparsest import Problem, Status, datasets, exact
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.path_norm import sample_multipliers
from sparsest.exact.path_norm.sample_multipliers import _most_asked, applies_to, least_sum
from sparsest.objectives import Objective
from sparsest.progress import Deadline

HIGH = datasets.load("high-dimensional").problem()


def without_affine_term(seed):
    return path_norm_at_one.random_problem(seed)[0].replace(affine="none")


# integers and repeated coordinates at odd seeds; exact labels, tolerances, classes, ends open on one side
@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_optimum_of_the_program_over_all_cells(seed):
    problem = without_affine_term(seed)
    optimum = path_norm_at_one.optimum(problem, "parameters")
    least = least_sum(problem, Deadline(None))
    assert optimum * (1 - 1e-6) - 1e-12 <= least.bound <= optimum * (1 + 1e-7)
    if optimum > 0 and problem.weight_bound is None:
        assert least.network.solves(problem)
        assert least.network.path_norm(1.0, "parameters") == pytest.approx(optimum, rel=1e-6)


def test_by_hand():
    # one sample at 2 with label 3: max(0, 1.5 x); at -0.5: max(0, 3), a bias costs as much as a weight
    assert least_sum(Problem([[2.0]], [3.0]), Deadline(None)).bound == 1.5
    assert least_sum(Problem([[-0.5]], [3.0]), Deadline(None)).bound == 3.0
    # -3 and 3 at the same distance from zero: two neurons of 1.5
    assert least_sum(Problem([[-2.0], [2.0]], [-3.0, 3.0]), Deadline(None)).bound == pytest.approx(3.0)
    assert least_sum(Problem([[-2.0], [2.0]], [0.0, 0.0]), Deadline(None)).bound == 0.0


def test_decimals_are_taken_as_written():
    problem = Problem([[0.1]], [0.3], numbers="decimal")
    assert Fraction(least_sum(problem, Deadline(None)).bound) <= Fraction(3, 10)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_units_do_not_matter(scale):
    problem = without_affine_term(1)
    least = least_sum(problem, Deadline(None)).bound
    labels = Problem.from_intervals(problem.X, scale * problem.low, scale * problem.high)
    assert least_sum(labels, Deadline(None)).bound == pytest.approx(scale * least, rel=1e-6)


@pytest.mark.slow
def test_powers_of_a_sum_are_below_path_norms():
    for seed in (0, 5, 15):  # exact labels
        problem = without_affine_term(seed).replace(weight_bound=None)
        least = least_sum(problem, Deadline(None))
        for network in (
            least.network,
            exact.solve(problem).network,
            exact.solve(problem, "parameters").network,
        ):
            for p in (0.3, 0.8):
                assert least.power(p) <= network.path_norm(p, "neurons") * (1 + 1e-9)
                assert least.power(p) <= network.path_norm(p, "parameters") * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(0, 40, 5))
def test_each_output_sign_has_a_norm_of_its_own(seed):
    problem = without_affine_term(seed).replace(weight_bound=None)
    least = least_sum(problem, Deadline(None))
    for network in (least.network, exact.solve(problem).network):
        sizes = np.abs(network.folded).sum(axis=1)
        assert least.positive <= sizes[network.outputs > 0].sum() * (1 + 1e-9)
        assert least.negative <= sizes[network.outputs < 0].sum() * (1 + 1e-9)
    assert least.positive + least.negative <= least.bound * (1 + 1e-9)
    mirrored = least_sum(Problem(problem.X, -problem.targets), Deadline(None))
    assert (mirrored.positive, mirrored.negative) == pytest.approx((least.negative, least.positive), rel=1e-6)


def test_output_signs_by_hand():
    # 3 at 2 takes 1.5 of sign +, -1 at -2 takes 0.5 of sign -
    least = least_sum(Problem([[-2.0], [2.0]], [-1.0, 3.0]), Deadline(None))
    assert (least.positive, least.negative, least.bound) == pytest.approx((1.5, 0.5, 2.0))
    assert least.power(0.5) == pytest.approx(1.5**0.5 + 0.5**0.5)
    # no label is negative: nothing of sign - is needed
    assert least_sum(Problem([[-2.0], [2.0]], [0.0, 3.0]), Deadline(None)).negative == 0.0


def test_coefficients_are_not_trusted():
    data, random = ExactData(HIGH), np.random.default_rng(0)
    multipliers = random.normal(size=10)
    exactly = [Fraction(float(y)) for y in multipliers]
    subsets = 2 ** int((multipliers > 0).sum()) + 2 ** int((multipliers < 0).sum())
    neurons = random.normal(size=(200, 51))
    neurons /= np.abs(neurons).sum(axis=1, keepdims=True)
    sums = np.abs(np.maximum(HIGH.homogeneous @ neurons.T, 0).T @ multipliers)
    for suggested in (np.zeros, lambda shape: 100 * random.normal(size=shape)):
        assert _most_asked(data, exactly, suggested((subsets, 10)), (1, -1)) >= sums.max()


@pytest.mark.slow
def test_ten_of_many_samples_ask_for_no_more_than_all():
    random = np.random.default_rng(3)
    X = random.normal(size=(14, 2))
    problem = Problem(X, np.round(random.normal(size=14), 2))
    least = least_sum(problem, Deadline(None))
    assert 0 < least.bound <= path_norm_at_one.optimum(problem, "parameters") * (1 + 1e-9)
    assert least.network is None


def test_no_time_no_bound():
    over = Deadline(None)
    over.interrupt()
    assert least_sum(HIGH, over).bound == 0.0


def test_ctrl_c_keeps_what_is_proven(monkeypatch):
    whole, rounds = least_sum(HIGH, Deadline(None)).bound, []
    multipliers = sample_multipliers._CuttingPlanes._multipliers

    def interrupted(search):
        rounds.append(search)
        if len(rounds) > 3:
            raise KeyboardInterrupt
        return multipliers(search)

    monkeypatch.setattr(sample_multipliers._CuttingPlanes, "_multipliers", interrupted)
    deadline = Deadline(None)
    assert 0 < least_sum(HIGH, deadline).bound < whole
    assert deadline.interrupted


def test_what_it_applies_to():
    assert applies_to(HIGH, Objective.PARAMETERS)
    assert applies_to(HIGH, Objective.NEURONS)
    assert not applies_to(HIGH, Objective.WEIGHTS)
    assert not applies_to(HIGH.replace(affine="constant"), Objective.PARAMETERS)


class TestFiftyFeatures:
    @pytest.mark.parametrize("objective", ["neurons", "parameters"])
    def test_p_of_one_is_certified(self, objective):
        least = exact.minimize_path_norm(HIGH, 1.0, objective)
        assert least.status is Status.OPTIMAL
        assert least.upper_bound == pytest.approx(1.6876942, rel=1e-6)
        assert least.network.solves(HIGH)
        assert least.remark == ""

    def test_smaller_p_have_its_power(self):
        least = exact.minimize_path_norm(HIGH, 0.4, "parameters", time_limit=20)
        # 0.447 of sign + and the rest of sign -, less than 0.834 of sign - and the rest of sign +
        assert least.lower_bound == pytest.approx(1.8147463, rel=1e-6)
        assert least.status is Status.FINISHED
        assert "what that for p = 1 says" in least.remark

    def test_a_weight_bound_is_respected(self):
        bounded = HIGH.replace(weight_bound=0.1)
        least = least_sum(bounded, Deadline(None))
        assert least.bound == pytest.approx(1.6876942, rel=1e-6)
        assert least.network is None or least.network.within_bound(bounded)
