"""Every lower bound has a proof, about the data with that bound for a tolerance, and of no more."""

import numpy as np
import pytest

from sparsest import Problem, ProofError, check_proof, exact, load

rng = np.random.default_rng(3)
CASES = {
    "decimals": (np.round(rng.uniform(-1, 1, (8, 2)), 2), np.round(rng.uniform(-1, 1, 8), 2), "none"),
    "floats": (rng.uniform(-1, 1, (7, 2)), rng.uniform(-1, 1, 7), "constant"),
    "one feature": (np.arange(12.0), rng.uniform(-1, 1, 12), "skip"),
}


@pytest.mark.parametrize("case", CASES)
def test_proofs_are_about_the_data_and_the_tolerance_claimed(case, tmp_path):
    X, y, affine = CASES[case]
    curve = exact.frontier(Problem(X, y, affine=affine), most=1, gap=1e-2, proof_folder=tmp_path / "proofs")
    for point in curve.points:
        assert point.proof_written
        assert point.remark == ""
        path = tmp_path / "proofs" / f"neurons-{point.neurons}.json"
        claimed = Problem(X, y, affine=affine, tolerance=point.lower_bound)
        assert check_proof(path, claimed).lower_bound > point.neurons
        assert load(tmp_path / "proofs" / f"neurons-{point.neurons}-problem.json") == claimed
        with pytest.raises(ProofError):
            check_proof(path, Problem(X, y, affine=affine, tolerance=1.01 * point.lower_bound))


@pytest.mark.slow
def test_proofs_of_errors_in_other_units(tmp_path):
    X, y = np.array([0.0, 1, 2, 3, 4]), np.array([4.0, 1, 4, 1, 8])
    curve = exact.frontier(Problem(X, y), most=2, scale="relative", gap=1e-3, proof_folder=tmp_path)
    assert curve.unit == "relative to the label"
    for point in curve.points[:2]:
        problem = load(tmp_path / f"neurons-{point.neurons}-problem.json")
        np.testing.assert_allclose(problem.high - y, point.lower_bound * y)
        assert check_proof(tmp_path / f"neurons-{point.neurons}.json", problem).lower_bound > point.neurons


def test_where_no_proof_can_be_the_reason_is_told(tmp_path):
    # nothing to prove of an error 0; and equal inputs with labels 0 and 1 are 1/2 from every function
    met = exact.least_error(Problem([0, 1], [0, 1]), 1, proof_file=tmp_path / "met.json")
    assert met.proof_written is False
    assert "nothing to prove" in met.remark
    apart = Problem([0, 0, 1], [0, 1, 5], tolerance=0.5)
    curve = exact.frontier(apart, most=9, proof_folder=tmp_path)
    assert curve.points[-1].proof_written is False
    assert "equal inputs" in curve.points[-1].remark
    # the curve ends where more neurons cannot help
    assert len(curve.points) < 5
    assert not (tmp_path / f"neurons-{curve.points[-1].neurons}.json").exists()
