"""Densest classes in a search of the tree: fewer nodes, the same answers, and proofs that hold."""

import json

import numpy as np
import pytest

from sparsest import InputError, Problem, check_proof, datasets, exact
from sparsest.exact.proof.vipr.read_proof import ProofDocument
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.objectives import Objective

pytestmark = pytest.mark.usefixtures("workers_at_once")

ALWAYS, NEVER = Pacing(densest_from=1), Pacing(densest_from=10**9)


def solve(problem, pacing, **options):
    return run_method(problem, Objective.NEURONS, "tree", SearchOptions(pacing=pacing, **options))


def mixed(seed):
    """Return a small problem: labels of two neurons on most samples, ties, decimals or degenerate inputs."""
    rng = np.random.default_rng(seed)
    d = 1 + seed % 2
    n = int(rng.integers(12, 26))
    step = (1.0, 0.1, 0.7)[seed % 3]
    X = np.unique(rng.integers(-6, 7, (n, d)), axis=0) * step
    weights, biases = rng.integers(-2, 3, (d, 2)), rng.integers(-2, 3, 2)
    y = np.maximum(X @ weights + biases * step, 0) @ rng.choice([-1, 1], 2)
    wrong = rng.choice(len(y), int(rng.integers(0, 3)), replace=False)
    y[wrong] += rng.choice([-1, 1], len(wrong)) * step
    tolerance = float(rng.choice([0, 1e-6, 0.01, 0.3]))
    return Problem(X, np.round(y, 6), tolerance=tolerance, affine="none" if seed % 5 else "constant")


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 200, 100))
def test_the_tree_with_and_without_densest_classes_agree(first, tmp_path):
    used = 0
    for seed in range(first, first + 12):
        problem = mixed(seed)
        path = tmp_path / f"{seed}.json"
        found = solve(problem, ALWAYS, proof_path=path, node_limit=500)
        plain = solve(problem, NEVER, node_limit=500)
        for one, other in ((found, plain), (plain, found)):
            assert other.upper_bound is None or one.lower_bound <= other.upper_bound
        if plain.lower_bound == plain.upper_bound:
            assert found.lower_bound == plain.lower_bound
        checked = check_proof(path, problem)
        assert checked.lower_bound == found.lower_bound
        used += "densest" in checked.kinds
    assert used  # some of the proofs have such a part


def test_a_function_that_is_exactly_zero_has_a_box_wide_enough_to_check(tmp_path):
    """Floats knew it to 1e-201, and the checker's integers, rounded to 86 bits, did not."""
    problem = mixed(285)
    found = solve(problem, ALWAYS, proof_path=tmp_path / "proof.json", node_limit=500)
    checked = check_proof(tmp_path / "proof.json", problem)
    assert "densest" in checked.kinds
    assert checked.lower_bound == found.lower_bound


@pytest.mark.slow
def test_a_proof_with_densest_classes_is_verified_and_has_no_vipr_form(tmp_path):
    problem = datasets.parse("planted:d=5,n=100,k=4,seed=0").problem()
    path = tmp_path / "proof.json"
    found = exact.solve(problem, method="tree", proof_file=path)
    # the tree alone is open after a minute
    assert (found.lower_bound, found.upper_bound) == (4, 4)
    checked = check_proof(path, problem)
    assert (checked.lower_bound, checked.kinds) == (4, ("tree", "densest"))
    with pytest.raises(InputError, match="densest classes has no VIPR form"):
        ProofDocument(json.loads(path.read_text()))


def test_a_search_that_is_resumed_proves_as_much(tmp_path):
    problem = datasets.parse("planted:d=5,n=100,k=4,seed=0").problem()
    kept, path = tmp_path / "search", tmp_path / "proof.json"
    pacing = Pacing(first_pause=10**9)  # no local search, so that the network is not found
    solve(problem, pacing, checkpoint_path=kept, proof_path=path, node_limit=300)
    proof = json.loads(path.read_text())
    assert proof["lower_bound"] == 4
    resumed = solve(problem, pacing, checkpoint_path=kept, proof_path=path, node_limit=300, resume=True)
    assert resumed.lower_bound == 4
    assert json.loads(path.read_text())["parts"] == proof["parts"]


@pytest.mark.slow
def test_workers_leave_refuted_signs_alone():
    problem = datasets.parse("planted:d=5,n=100,k=4,seed=1").problem()
    assert exact.solve(problem, method="tree", workers=2, time_limit=60).lower_bound == 4
