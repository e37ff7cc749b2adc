"""The plain activation tree as a peer, and this project's own two ways beside it in the suite `tree`."""

import dataclasses

import pytest

from sparsest import InputError, Objective, Problem, datasets, exact
from sparsest.benchmarks.peers.plain_tree import plain_tree
from sparsest.benchmarks.run.task import execute, plan
from sparsest.benchmarks.suites import suite
from sparsest.benchmarks.suites.suite import Variant

NEURONS = Objective.NEURONS


def named(name, **options):
    return datasets.parse(name).problem(**options)


@pytest.mark.slow
# Minimum and nodes as the program counts that it was written after: product order of the bits, samples as
# given, one node a linear program. By hand for two samples 0, 1 with labels 0, 1 and no skip: K = 0 has one
# node, without columns, and fails: 1. K = 1 negative: 2 nodes at sample 0, none at sample 1, whose label
# needs a positive neuron. K = 1 positive: sample 0 active, then sample 1 active: 2. Together 5.
@pytest.mark.parametrize(
    ("name", "skip", "minimum", "nodes"),
    [
        ("xor", False, 2, 21),
        ("xor", True, 1, 8),
        ("peak-plateau", False, 3, 1741),
        ("peak-plateau", True, 3, 1296),
        ("uniform:d=2,n=7,seed=0", False, 3, 1361),
        ("uniform:d=2,n=7,seed=0", True, 2, 263),
        ("planted:d=2,n=20,k=2,seed=0", False, 2, 387),
        ("planted:d=2,n=20,k=3,seed=0", True, 2, 336),
        ("planted:d=1,n=20,k=3,seed=1", False, 2, 71),
    ],
)
def test_visits_the_nodes_of_the_original(name, skip, minimum, nodes):
    problem = named(name, affine="skip" if skip else "none")
    answer = plain_tree(problem, NEURONS, time_limit=60.0)
    assert (answer.status, answer.lower_bound, answer.work) == ("optimal", minimum, nodes)
    assert answer.network.solves(problem)
    assert answer.network.count() == minimum
    assert [point[1] for point in answer.trace[:-1]] == [*range(minimum + 1)]
    assert answer.trace[-1][1:] == (minimum, minimum)


def test_nodes_counted_by_hand():
    assert plain_tree(Problem([0, 1], [0, 1]), NEURONS).work == 5
    # no neuron: either sample has one node
    zero = plain_tree(Problem([0, 1], [0, 0]), NEURONS)
    assert (zero.work, zero.lower_bound, zero.network.width) == (2, 0, 0)


@pytest.mark.parametrize(
    "problem",
    [
        Problem([0, 1, 1, 2], [0, 1, 1, 0]),  # a repeated sample
        Problem([[0, 7], [1, 7], [2, 7]], [0, 1, 0]),  # a constant feature
        Problem([0, 1, 2, 3, 4], [0, 0, 1, 0, 0], tolerance=0.5),  # the constant 1/2: 1
        Problem([0, 1, 2], [-1, -2, -4]),  # negative outputs alone
        Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]),
        Problem.classification([[0], [1], [2], [3]], [0, 1, 1, 0], affine="skip"),
    ],
    ids=repr,
)
def test_agrees_with_the_activation_tree(problem):
    answer = plain_tree(problem, NEURONS)
    truth = exact.solve(problem, method="tree")
    assert answer.lower_bound == answer.network.count() == truth.lower_bound == truth.upper_bound
    assert answer.network.solves(problem)


def test_the_time_limit_leaves_what_was_refuted():
    answer = plain_tree(named("planted:d=3,n=40,k=4"), NEURONS, time_limit=0.3)
    assert (answer.status, answer.network) == ("time_limit", None)
    assert 1 <= answer.lower_bound <= 3
    assert answer.work > 0
    assert answer.trace[-1][1:] == (answer.lower_bound, None)


def test_problems_it_is_not_made_for_are_refused():
    for problem, objective in ((named("xor"), Objective.WEIGHTS), (named("xor", weight_bound=1.0), NEURONS)):
        with pytest.raises(InputError, match="the plain tree counts neurons"):
            plain_tree(problem, objective)


def test_the_suite_has_every_combination():
    tasks = plan(suite.load("tree"))
    # d x K x N x seeds x methods
    assert len(tasks) == 4 * 3 * 2 * 5 * 3
    assert {task.variant.name for task in tasks} == {"auto", "solve", "plain-tree"}
    assert {task.time_limit for task in tasks} == {60.0}
    assert all((task.problem.high - task.problem.low).max() == pytest.approx(2e-6) for task in tasks)


class TestSolve:
    def task(self, time_limit=20.0, data="xor", **options):
        (first, *_) = [task for task in plan(suite.load("tree")) if task.variant.name == "solve"]
        variant = Variant("solve", "solve", options)
        return dataclasses.replace(first, variant=variant, time_limit=time_limit, problem=named(data))

    def test_is_what_users_call(self):
        record = execute(self.task(p=0.5))
        assert (record.status, record.error) == ("optimal", "")
        assert record.closed
        assert record.count == 2
        assert record.options == {"p": 0.5, "method": "tree"}
        assert record.trace[-1][1:] == (2, 2)

    @pytest.mark.slow
    def test_training_and_proof_share_one_time_limit(self):
        record = execute(self.task(time_limit=3.0, data="uniform:d=3,n=40"))
        assert record.error == ""
        assert record.status == "time_limit"
        assert 3.0 <= record.seconds < 6.0
        # trained networks have fewer neurons than the 40 that always suffice
        assert 1 <= record.lower_bound < record.count < 40
