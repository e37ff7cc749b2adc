"""Branching with rows of all samples: what it refutes has no network, and its contradictions are exact."""

import numpy as np
import pytest

from sparsest import Problem, check_proof, datasets, exact
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.dense.branching import refute_by_branching
from sparsest.exact.dense.classes import covers, representative_key
from sparsest.exact.dense.steps import BranchingStep, Contradiction
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.exact.tree.output_signs import signs_of
from sparsest.objectives import Objective
from sparsest.progress import Deadline


def refuted(problem, signs, nodes=2000):
    return refute_by_branching(problem, signs, nodes, Deadline(None))


def leaves(step):
    if isinstance(step, BranchingStep):
        return [leaf for following in step.following.values() for leaf in leaves(following)]
    return [step]


def test_values_of_two_signs_that_no_plane_separates():
    # f > 0 asks for u_1 x > u_2 x, and f < 0 for the opposite: no u_1 - u_2 has these signs along a line
    problem = Problem([[0.0], [1.0], [2.0]], [1.0, -1.0, 1.0])
    assert isinstance(refuted(problem, (1, -1)), Contradiction)


@pytest.mark.parametrize("seed", range(8))
def test_networks_that_the_tree_finds_are_not_refuted(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, (7, 2)) * 1.0
    y = np.maximum(X @ rng.integers(-2, 3, (2, 3)) + rng.integers(-2, 3, 3), 0) @ [1, -1, 1]
    problem = Problem(X, y, tolerance=0.25 * (seed % 2)).distinct()
    found = exact.solve(problem, method="tree")
    signs = found.network.outputs
    above, below = sum(s > 0 for s in signs), sum(s < 0 for s in signs)
    for width in range(1, found.lower_bound + 1):
        for positive in range(width + 1):
            step = refuted(problem, signs_of(positive, width))
            if above <= positive and below <= width - positive:
                assert step is None  # neurons to spare are zero
            elif width < found.lower_bound:
                assert step is not None  # the tree's programs know less


def test_contradictions_add_up_in_integers():
    problem = datasets.parse("planted:d=20,n=200,k=3,seed=3").problem().in_integers.distinct()
    step, data, signs = refuted(problem, (1, -1)), ExactData(problem), (1, -1)
    assert 1 < len(leaves(step)) < 100
    for leaf in leaves(step):
        sums, total = np.zeros((2, data.size), object), 0
        for sample, pattern, m in leaf.values:
            end = data.interval(sample)[0 if m > 0 else 1]
            total += m * end * data.scales[sample]
            for k, bit in enumerate(pattern):
                sums[k] += bit * signs[k] * m * np.array(data.rows[sample], object)
        for k, sample, m in leaf.cones:
            sums[k] += m * np.array(data.rows[sample], object)
        assert not sums.any()
        assert total > 0


def test_too_many_nodes_and_affine_terms_are_left_to_others():
    problem = datasets.parse("planted:d=20,n=200,k=3,seed=3").problem().in_integers.distinct()
    assert refuted(problem, (1, -1), nodes=3) is None
    assert refuted(problem.replace(affine="skip"), (1, -1)) is None


def test_keys_cover_patterns_and_put_active_neurons_first_where_they_are_alike():
    assert covers("1*0", (1, 0, 0))
    assert covers("1*0", (1, 1, 0))
    assert not covers("1*0", (1, 1, 1))
    signs = (1, 1, -1)
    assert representative_key("01*", signs, ()) == "10*"
    assert representative_key("01*", signs, ("**1",)) == "10*"
    # told apart by an earlier key
    assert representative_key("01*", signs, ("10*",)) == "01*"
    assert representative_key("**1", signs, ("10*",)) == "**1"


def test_two_neurons_against_one_in_five_dimensions():
    """A case that took more than 8000 programs, or ended at one that HiGHS could not tell about."""
    problem = datasets.parse("planted:d=5,n=60,k=4,seed=0").problem().in_integers.distinct()
    step = refuted(problem, (1, 1, -1))
    keys = set()
    waiting = [step]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BranchingStep):
            keys |= set(one.following)
            waiting += one.following.values()
    # only the neurons of one sign are decided at a time
    assert keys
    assert all((key[:2] == "**") != (key[2] == "*") for key in keys)
    assert 10 < len(leaves(step)) < 1000


def test_a_proof_with_keys_checks(tmp_path):
    problem = datasets.parse("planted:d=4,n=30,k=3,seed=0").problem()
    # nothing by functions that meet many samples, so that all is left to branching
    pacing = Pacing(densest_products=0.0)
    options = SearchOptions(pacing=pacing, proof_path=tmp_path / "proof.json")
    found = run_method(problem, Objective.NEURONS, "tree", options)
    checked = check_proof(tmp_path / "proof.json", problem)
    assert "densest" in checked.kinds
    assert (
        '"*1":' in (tmp_path / "proof.json").read_text() or '"1*":' in (tmp_path / "proof.json").read_text()
    )
    assert checked.lower_bound == found.lower_bound == 3
