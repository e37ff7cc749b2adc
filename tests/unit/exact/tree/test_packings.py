"""Packings of curved sets within a search: what they settle, in the proof, and over interruptions."""

import dataclasses
import json

import numpy as np
import pytest

from sparsest import Network, Problem, check_proof, datasets, exact
from sparsest.errors import InputError
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.objectives import Objective
from sparsest.progress import Deadline

AT_ONCE = Pacing(packed_at_once=0, packing_seconds=60)
XOR = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])


def search(problem, **options):
    options.setdefault("pacing", AT_ONCE)
    return run_method(problem, Objective.NEURONS, "tree", SearchOptions(**options))


def planted(n, k, seed):
    """Samples with labels of k neurons, and the network of those."""
    data = datasets.load("planted", d=2, n=n, k=k, seed=seed)
    rng = np.random.default_rng(seed)
    rng.uniform(-1, 1, (n, 2))
    weights, biases = rng.normal(size=(k, 2)), rng.normal(size=k) / 2
    network = Network(weights, biases, (-1.0) ** np.arange(k))
    assert np.allclose(network(data.X), data.y)
    return Problem(data.X, data.y, tolerance=1e-6), network


def kinds(path):
    return [part["kind"] for part in json.loads(path.read_text())["parts"]]


def test_trees_go_on_where_a_packing_ends(tmp_path):
    """Xor has one curved set, which proves one neuron; trees prove that one is not enough."""
    path = tmp_path / "proof.json"
    result = search(XOR, proof_path=path)
    assert (result.lower_bound, result.upper_bound) == (2, 2)
    assert kinds(path) == ["packing", "tree", "tree"]
    assert check_proof(path, XOR).kinds == ("packing", "tree")


def test_a_packing_settles_a_search_with_a_network(tmp_path):
    problem, network = planted(300, 4, seed=0)
    path = tmp_path / "proof.json"
    result = exact.solve(problem, witness=network, proof_file=path)
    assert (str(result.status), result.lower_bound, result.upper_bound) == ("optimal", 4, 4)
    assert result.nodes == 0
    assert kinds(path) == ["packing"]
    assert check_proof(path, problem).upper_bound == 4


def test_a_packing_ends_the_trees_under_way(tmp_path):
    """Packed at the eighth node, amidst the trees of two neurons or of three."""
    problem, network = planted(60, 4, seed=0)
    path = tmp_path / "proof.json"
    pacing = Pacing(packed_from=8, first_pause=8, packing_seconds=240)
    result = search(problem, witness=network, pacing=pacing, proof_path=path)
    assert (result.lower_bound, result.upper_bound) == (4, 4)
    assert 0 < result.nodes < 100
    assert check_proof(path, problem).kinds == ("packing",)


def test_a_search_that_is_resumed_has_its_packing(tmp_path):
    stored, path = tmp_path / "search.json", tmp_path / "proof.json"
    first = search(XOR, node_limit=1, checkpoint_path=stored, proof_path=path)
    assert first.lower_bound == 1
    never = dataclasses.replace(AT_ONCE, packed_at_once=10**9, packed_from=10**9)
    result = search(XOR, checkpoint_path=stored, resume=True, proof_path=path, pacing=never)
    assert (result.lower_bound, result.upper_bound) == (2, 2)
    assert kinds(path) == ["packing", "tree", "tree"]
    assert check_proof(path, XOR).lower_bound == 2


def test_a_checkpoint_with_another_packing_is_refused(tmp_path):
    from sparsest.exact.tree.checkpoint_file import read_checkpoint, write_checkpoint

    path = tmp_path / "search.json"
    search(XOR, node_limit=1, checkpoint_path=path)
    state = read_checkpoint(path, XOR)
    assert state.packing == (((0, 1, 2, 3), 1),)
    write_checkpoint(path, dataclasses.replace(state, packing=(((0, 1, 2), 1),)))
    with pytest.raises(InputError, match="affine function"):
        search(XOR, checkpoint_path=path, resume=True)


def test_no_time_is_left_for_it():
    deadline = Deadline(1e-3)
    while not deadline.expired:
        pass
    problem, _ = planted(300, 4, seed=0)
    assert search(problem, deadline=deadline).lower_bound == 2  # labels of both signs


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
def test_creases_of_a_packing_lead_to_a_network(affine):
    """The hyperplanes that bend all sets are close to those of the planted network."""
    problem, _ = planted(300, 4, seed=0)
    result = search(problem.replace(affine=affine))
    assert (result.lower_bound, result.upper_bound, result.nodes) == (4, 4, 0)
