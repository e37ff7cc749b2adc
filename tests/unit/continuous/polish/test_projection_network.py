"""The network that joins labels along a line: it fits at once, whatever the data."""

import numpy as np
import pytest

from sparsest import Problem, continuous
from sparsest.continuous.polish.projection_network import ridge_network


@pytest.mark.parametrize("seed", range(40))
def test_it_fits_with_at_most_a_neuron_for_each_distinct_sample(seed):
    random = np.random.default_rng(seed)
    d, n = int(random.integers(1, 6)), int(random.integers(1, 120))
    X = random.integers(-3, 4, (n, d)).astype(float) if seed % 2 else random.normal(size=(n, d))
    X[:, -1] = X[:, -1] if seed % 3 else 7.0  # a constant feature now and then
    _, first = np.unique(X, axis=0, return_inverse=True)
    y = random.normal(size=n)[first.ravel()] * 10.0 ** random.integers(-6, 7)
    tolerance = [0.0, abs(y).max() / 10][seed % 2]
    problem = Problem(X, y, affine=("none", "skip")[seed % 2], tolerance=tolerance)
    network = ridge_network(problem)
    assert network is not None
    assert network.solves(problem)
    assert network.width <= len(np.unique(X, axis=0))


def test_a_single_sample_and_labels_of_zero():
    assert ridge_network(Problem([[3.0, 4.0]], [2.0])).width == 1
    assert ridge_network(Problem([[0.0], [1.0]], [0.0, 0.0])).width == 0


def test_what_it_cannot_do_is_none():
    assert ridge_network(Problem([0, 1e-300, 1], [0, 1e100, 0])) is None  # slopes beyond floats
    assert ridge_network(Problem([0, 1, 2], [0, 9, 0], weight_bound=1e-6)) is None  # 36 million neurons


def test_neurons_beyond_a_weight_bound_are_split():
    # a tent of height 9: slopes change by 9, -18 and, after the last sample, not at all
    network = ridge_network(Problem([0, 1, 2], [0, 9, 0], weight_bound=0.1))
    assert network.width == 270
    assert network.solves(Problem([0, 1, 2], [0, 9, 0], weight_bound=0.1))


def test_a_search_cut_short_still_fits():
    random = np.random.default_rng(0)
    problem = Problem(random.uniform(size=(60, 3)), random.uniform(size=60))
    fit = continuous.find_sparse(problem, objective="neurons", time_limit=0.2)
    assert fit.status == "time_limit"
    assert fit.network.solves(problem)
    assert fit.count <= 60
    assert "not sparse" in fit.remark
