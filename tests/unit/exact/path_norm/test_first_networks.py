"""Networks to begin a search of the least path norm with."""

import math

import numpy as np
import pytest

from sparsest import Network, Problem, datasets
from sparsest.exact.path_norm.cones import build_cones
from sparsest.exact.path_norm.first_networks import first_networks
from sparsest.exact.path_norm.intervals_kernel import power
from sparsest.exact.path_norm.networks import Networks
from sparsest.objectives import Objective
from sparsest.progress import Deadline


def networks_of(problem, objective=Objective.WEIGHTS, p=0.5):
    return Networks(problem, build_cones(problem, objective, Deadline(None)), p, objective)


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("affine", ["none", "skip"])
def test_elements_of_a_network_have_its_path_norm(objective, affine):
    # three neurons, no two of which share a cone
    X = [[-2, 1], [-1, -2], [1, 2], [2, -1], [1, -1], [-1, 1]]
    folded = np.array([[2.0, 0.0, 0.0], [1.0, 1.0, 0.5], [-0.5, 1.0, -0.75]])
    network = Network.from_folded(folded, [1.0, -1.0, 1.0], [0.0, 0.0, 0.0] if affine == "skip" else None)
    problem = Problem(X, network(X), affine=affine)
    cones = build_cones(problem, objective, Deadline(None))
    networks = Networks(problem, cones, 0.5, objective)
    elements = networks.elements(network)
    in_units = (elements**0.5).sum() * cones.label_scale**0.5
    assert in_units == pytest.approx(network.path_norm(0.5, objective), rel=1e-12)
    solution = networks.descend(elements, 1e-6)
    assert networks.candidate(solution).cost <= network.path_norm(0.5, objective) * (1 + 1e-9)


def test_a_neuron_that_no_cone_is_for_is_left_out():
    # active on all samples: with a skip it is part of the affine term
    problem = Problem([[0.0], [1.0], [2.0]], [0, 1, 3], affine="skip")
    assert not networks_of(problem).elements(Network.from_folded([[1.0, 5.0]], [1.0], [0.0, 0.0])).any()


def test_networks_get_better_and_fit():
    data = datasets.parse("planted:d=2,n=10,k=2,seed=1")
    problem = Problem(data.X, data.y, tolerance=data.tolerance)
    found = list(first_networks(problem, networks_of(problem), Deadline(None)))
    costs = [candidate.cost for candidate in found]
    assert costs == sorted(costs, reverse=True)
    for network, cost in found:
        assert network.solves(problem)
        assert cost == network.path_norm(0.5, "weights")


@pytest.mark.slow
def test_the_sparsest_network_is_among_the_starts():
    # labels of two neurons; descents from random elements alone end above them
    data = datasets.parse("planted:d=2,n=30,k=2,seed=0")
    problem = Problem(data.X, data.y, tolerance=data.tolerance, affine="skip")
    *_, best = first_networks(problem, networks_of(problem), Deadline(None))
    weights, biases = _planted(2, 30, 2, 0)
    planted = Network.from_folded(np.c_[weights, biases], [1.0, -1.0], [0.0, 0.0, 0.0])
    assert planted.solves(problem)
    assert best.cost <= planted.path_norm(0.5, "weights") * (1 + 1e-6)


def _planted(d, n, k, seed):
    """Repeat the draws of the dataset; `solves` above checks that they are right."""
    random = np.random.default_rng(seed)
    random.uniform(-1, 1, (n, d))
    return random.normal(size=(k, d)), random.normal(size=k) * 0.5


def test_with_p_1_the_first_program_is_enough():
    # |x| on -1, 0, 1: slopes -1 and 1, by convexity no less
    problem = Problem([-1, 0, 1], [1, 0, 1])
    *_, best = first_networks(problem, networks_of(problem, p=1.0), Deadline(None))
    assert best.cost == pytest.approx(2.0, rel=1e-9)


def test_no_time_is_no_error():
    problem = Problem([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0, 1, 1, 0])
    for network, _ in first_networks(problem, networks_of(problem), Deadline(1e-9)):
        assert network.solves(problem)


@pytest.mark.parametrize("p", [0.5, 0.3, 1.0])
def test_powers(p):
    for t in (0.0, 1e-300, 2.0, 9.0, 1e300):
        assert power(t, p) == pytest.approx(math.pow(t, p), rel=4e-16)
