"""Adam on a hinge loss from many starts: what most people would write first."""

import pytest

from sparsest import InputError, Objective, Problem, datasets
from sparsest.benchmarks.peers.adam_restarts import adam_restarts


def test_a_few_neurons_within_a_coarse_tolerance_are_found():
    problem = Problem([-2.0, -1.0, 0.0, 1.0, 2.0], [0.0, 0.0, 0.0, 1.0, 2.0], tolerance=0.2)
    answer = adam_restarts(problem, Objective.NEURONS, seed=0, time_limit=None, restarts=8, steps=500)
    # max(0, x) is one neuron
    assert answer.network.width == 1
    assert answer.network.solves(problem)
    assert (answer.status, answer.lower_bound) == ("finished", None)
    assert answer.trace[-1][2] == 1


def test_no_network_is_handed_out_that_does_not_fit():
    problem = datasets.load("noisy", d=2, n=50, k=3).problem()
    answer = adam_restarts(problem, Objective.NEURONS, seed=0, time_limit=None, restarts=2, steps=5, widest=2)
    assert (answer.network, answer.status, answer.work) == (None, "finished", 10)
    late = adam_restarts(problem, Objective.NEURONS, seed=0, time_limit=1e-6)
    assert (late.network, late.status) == (None, "time_limit")


def test_wrong_options_are_refused():
    with pytest.raises(InputError, match="widest"):
        adam_restarts(Problem([0, 1], [0, 1]), Objective.NEURONS, seed=0, time_limit=None, widest=0)
