import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from sparsest import InputError, Network, Problem, Proof, SolverError, Status, check_proof, continuous, exact
from sparsest.exact.judged_result import judged_result
from sparsest.exact.method_result import MethodResult
from sparsest.objectives import Objective

PEAK = Problem([-2, -1, 0, 1, 2, 3], [0, 0, 1, 1, 0, 0])


@pytest.mark.parametrize("method", ["tree", "mip"])
def test_methods_by_name(method):
    result = exact.solve(PEAK, method=method)
    assert (result.method, result.reason) == (method, "")
    assert result.status is Status.OPTIMAL
    assert result.lower_bound == result.upper_bound == 3
    assert result.residual == PEAK.violation(result.network(PEAK.X)).max()


@pytest.mark.parametrize(
    ("problem", "objective", "method"),
    [
        (PEAK, "neurons", "univariate"),
        (PEAK.replace(affine="skip"), "neurons", "univariate"),
        (PEAK.replace(affine="skip"), "weights", "univariate"),
        (PEAK.replace(affine="skip"), "parameters", "tree"),
        (PEAK, "weights", "univariate"),
        (PEAK, "parameters", "tree"),
        (Problem([0, 1], [0, 1], tolerance=0.1), "neurons", "tree"),
        (Problem([0, 1], [0, 1], weight_bound=2), "weights", "mip"),
        (Problem([0, 1], [0, 1], affine="skip", tolerance=0.1), "neurons", "univariate"),
        (Problem([[0, 0], [1, 1]], [0, 1], affine="skip"), "neurons", "tree"),
        (Problem([0, 1], [0, 1], weight_bound=2), "neurons", "tree"),
        # many neurons alike may be needed, which are one whole number to the program
        (Problem([0, 1], [0, 1], weight_bound=0.1), "neurons", "mip"),
    ],
)
def test_auto_says_what_it_chose_and_why(problem, objective, method):
    result = exact.solve(problem, objective)
    assert result.method == method
    assert result.reason
    assert result.status is Status.OPTIMAL


def test_a_weight_bound_calls_for_many_neurons_alike():
    # slopes of 0.1 each, and f(1) - f(0) = 10: a hundred of them
    problem = Problem([0, 1], [0, 10], weight_bound=0.1)
    result = exact.solve(problem)
    assert result.status is Status.OPTIMAL
    assert result.lower_bound == result.upper_bound == 100
    assert result.network.solves(problem)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "unknown method 'magic': choose one of auto"),
        ({"method": "univariate", "objective": "parameters"}, "one feature"),
        ({"objective": "knots"}, "objective = 'knots'"),
        ({"time_limit": 0}, "time_limit"),
        ({"time_limit": float("nan")}, "time_limit"),
        ({"node_limit": 0}, "node_limit"),
        ({"node_limit": 2.5}, "node_limit"),
        ({"mip_solver": "glpk", "method": "tree"}, "the method is 'tree'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        exact.solve(PEAK, **options)


def test_unknown_solver():
    with pytest.raises(SolverError, match="no_such_solver"):
        exact.solve(PEAK, method="mip", mip_solver="no_such_solver")


class TestReferee:
    """A method's own claims are not believed."""

    def judge(self, found):
        return judged_result(
            PEAK, Objective.NEURONS, found, method="tree", reason="", seconds=0.0, options={}
        )

    honest = MethodResult(Status.OPTIMAL, Proof.NUMERICAL, 3, exact.solve(PEAK).network, 1)

    def test_honest_search(self):
        result = self.judge(self.honest)
        assert (result.status, result.upper_bound) == (Status.OPTIMAL, 3)

    def test_network_that_does_not_fit_is_dropped(self):
        wrong = Network([[1.0], [1.0], [1.0]], [1.0, 0.5, 0.0], [1.0, -2.0, 1.0])
        result = self.judge(dataclasses.replace(self.honest, network=wrong))
        assert (result.status, result.upper_bound, result.network) == (Status.NUMERICAL, None, None)

    def test_optimal_with_a_gap_is_not_optimal(self):
        result = self.judge(dataclasses.replace(self.honest, lower_bound=2))
        assert (result.status, result.lower_bound, result.upper_bound) == (Status.NUMERICAL, 2, 3)

    def test_optimal_without_a_witness_is_not_optimal(self):
        result = self.judge(dataclasses.replace(self.honest, network=None))
        assert (result.status, result.upper_bound) == (Status.NUMERICAL, None)


def test_exact_witness_with_huge_weights_is_kept_and_explained():
    # a step of 1 within 1e-13: slopes of 1e13, whose rounding alone exceeds the accuracy asked of floats
    x = [0.0, 1.0, 1.0 + 2**-43, 2.0, 3.0]
    result = exact.solve(Problem(x, [0.1, 0.1, 1.3, 1.3, 0.7]))
    assert result.proof is Proof.EXACT
    # two runs of curvature: 2 knots with a skip; two sweeps refute 2 neurons without one
    assert (result.lower_bound, result.upper_bound, result.status) == (3, 3, Status.OPTIMAL)
    assert result.residual > 1e-6
    assert "checked in rational arithmetic; rounded to floats it misses" in result.remark


@pytest.mark.parametrize("objective", list(Objective))
def test_constant_zero_needs_nothing(objective):
    result = exact.solve(Problem([[0, 1], [2, 3]], [0, 0]), objective)
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 0, 0)
    assert np.all(result.network([[5, 6]]) == 0)


def test_numbers_that_leave_the_range_of_floats_are_no_witness():
    # the peak of 1e-250 over a width of 1e100 has slopes that underflow
    result = exact.solve(Problem([-1e100, 0, 1e100], [0, 1e-250, 0], affine="skip"))
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.NUMERICAL, 1, None)


def test_an_affine_function_that_the_program_cannot_see():
    # it fits, but the program's linear relaxation is too ill-conditioned
    problem = Problem.from_intervals(
        [[0.999999999999, 1], [1.000000000001, 0], [1.000000000001, 1e-12], [-1e-12, 0.999999999999]],
        [-np.inf, 1.75, -1, 0.75],
        [np.inf, np.inf, -1, 2],
        affine="skip",
        weight_bound=4,
    )
    assert exact.solve(problem).lower_bound == 0


def test_rounding_is_named_where_labels_are_not_met_exactly():
    problem = Problem([0, 1, 2], [1, 1, 1 + 2**-52], numbers="binary")  # else it is 1, computed
    assert exact.solve(problem).lower_bound == 2
    assert "up to rounding, not exactly" in exact.solve(problem, method="mip").remark


@pytest.mark.parametrize("side", [exact.solve, continuous.find_sparse, continuous.minimize])
def test_anything_but_a_problem_is_refused(side):
    with pytest.raises(InputError, match=r"a tuple is not a problem: make one with sparsest.Problem\(X, y\)"):
        side(([0, 1], [0, 1]))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tree", "mip"])
def test_another_use_of_highs_in_the_process_changes_nothing(method):
    """HiGHS has one scheduler a process and refused our linear programs once it had other threads."""
    script = """
import highspy, sparsest
other = highspy.Highs()
other.setOptionValue("output_flag", False)
other.setOptionValue("threads", 2)
other.addBinary(); other.addBinary()
other.run()
problem = sparsest.datasets.parse("uniform:d=2,n=6,seed=0").problem()
result = sparsest.exact.solve(problem, method="METHOD")
print(result.status, result.lower_bound, result.upper_bound)
"""
    command = [sys.executable, "-c", script.replace("METHOD", method)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["optimal", "3", "3"], done.stderr


def test_labels_met_up_to_rounding_are_not_called_met():
    # fewest weights are 3, by z3 in rational arithmetic; within the program's tolerances 1 will do
    X, y = [[1.0, -3.0], [0.0, -3.0], [-2.0, -2.0], [-3.0, -3.0]], [4.0, 4.000000001, 3.0, 4.0]
    problem = Problem(X, y)
    tree = exact.solve(problem, "weights")
    assert tree.lower_bound <= 3 <= tree.upper_bound
    found = exact.solve(problem, "weights", method="mip")
    assert found.lower_bound <= 3
    assert found.upper_bound >= 3
    assert found.network.interpolates(problem)
    if found.lower_bound < 3:
        assert found.status is Status.NUMERICAL
        assert "up to rounding" in found.remark


@pytest.mark.slow
def test_a_simplex_run_that_cycles_is_cut_off():
    # HiGHS never came back from one linear program of this search
    x = [200998.09, 200999.09110001, 201119.09110001, 201119.09110011, 201099.09110001, 200999.0901]
    x += [200999.09, 99998.09, 201119.09111011, 199998.09]
    low = [6.539999999999999e-05, -9.460000000000001e-05, 3.34e-05, 3.34e-05, 7.14e-05, 3.24e-05]
    low += [2.84e-05, 5.24e-05, -5.2600000000000005e-05, -5.66e-05]
    high = [8.26e-05, -7.74e-05, 5.06e-05, 5.06e-05, 8.860000000000001e-05, 4.96e-05]
    high += [4.56e-05, 6.96e-05, -3.540000000000001e-05, -3.94e-05]
    problem = Problem.from_intervals([[v] for v in x], low, high, affine="constant")
    found = exact.solve(problem, time_limit=4)
    assert found.lower_bound <= 4 <= found.upper_bound  # the two sweeps find 4, and 4 knots are forced
    # slopes of one in a hundred million of the inputs cancel
    assert found.network.solves(problem) or "checked in rational arithmetic" in found.remark


@pytest.mark.slow
def test_preparing_a_large_program_ends_with_the_time_limit():
    rng = np.random.default_rng(0)
    problem = Problem(rng.normal(size=(200, 2)), rng.normal(size=200))
    found = exact.solve(problem, "weights", time_limit=0.1)
    assert found.status is Status.TIME_LIMIT
    assert found.network.solves(problem)
    assert found.seconds < 60  # it took minutes


def test_gaps_of_one_feature_prove_nothing_of_weights_where_constants_are_neurons(tmp_path):
    # a constant counts as a neuron and has no weight: what refutes neurons refutes no weights
    problem, path = Problem([0, 1, 2, 4], [2, 1, 2, 1]), tmp_path / "proof.json"
    for affine in ("none", "constant"):
        found = exact.solve(problem.replace(affine=affine), "weights", method="univariate", proof_file=path)
        if found.proof_written:
            checked = check_proof(path, objective="weights")
            assert "gaps" not in checked.kinds
            assert checked.lower_bound <= found.lower_bound
        assert found.status is Status.OPTIMAL
