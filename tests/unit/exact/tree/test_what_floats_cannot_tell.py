"""Problems on which floating-point programs contradict themselves are decided in integers, and proven."""

import numpy as np
import pytest

from sparsest import Problem, check_proof, exact


@pytest.mark.parametrize("numbers", ["decimal", "binary"])
def test_labels_that_differ_by_a_billionth(numbers, tmp_path):
    # 3 weights by a solver over the rationals (z3), for the decimals and for the floats; a program in floats
    # calls networks infeasible that fit, and finds others that do not
    X = [[1.0, -3.0], [0.0, -3.0], [-2.0, -2.0], [-3.0, -3.0]]
    problem = Problem(X, [4.0, 4.000000001, 3.0, 4.0], numbers=numbers)
    result = exact.solve(problem, "weights", proof_file=tmp_path / "proof.json")
    assert (result.lower_bound, result.upper_bound) == (3, 3)
    assert result.status == "optimal"
    checked = check_proof(tmp_path / "proof.json", problem, objective="weights")
    assert (checked.lower_bound, checked.upper_bound) == (3, 3)


@pytest.mark.parametrize(("affine", "fewest"), [("none", 7), ("skip", 6)])
def test_inputs_around_a_billion(affine, fewest):
    # five time stamps: an offset moves biases alone, and without it 7 and 6 parameters are needed (z3)
    problem = Problem((np.arange(5.0) + 1.7e9)[:, None], [1, 3, 2, 5, 4.0], affine=affine)
    result = exact.solve(problem, "parameters")
    assert (result.lower_bound, result.upper_bound) == (fewest, fewest)
