"""Bounds on the least path norm where there are too many cones, and networks from elsewhere."""

import os
import signal

import numpy as np
import pytest

from sparsest import InputError, Network, Problem, Status, datasets, exact
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.path_norm import branch_and_bound, cones, few_samples, ray_prices
from sparsest.exact.path_norm.few_samples import bounds_of_few_samples
from sparsest.objectives import Objective
from sparsest.progress import Deadline

UNIFORM = datasets.parse("uniform:d=2,n=6,seed=1").problem()
LEAST = 2.977225  # with p = 1/2: see docs/path-norm-branching.md, and all extreme points in rational numbers


def least_of(some, cones, deadline):
    return exact.minimize_path_norm(some, 0.5, "weights").lower_bound


def test_what_some_samples_ask_for_all_ask_for():
    four = next(bounds_of_few_samples(UNIFORM, Objective.WEIGHTS, Deadline(None), least_of))
    assert 0 < four <= LEAST


def test_sets_grow_until_the_time_is_up():
    counts = []

    def slow(some, cones, deadline):
        counts.append(some.n_samples)
        if len(counts) == 2:
            whole.interrupt()
        return float(len(counts))

    whole = Deadline(None)
    X = np.random.default_rng(0).normal(size=(30, 2))
    assert list(bounds_of_few_samples(Problem(X, X[:, 0] ** 2), Objective.NEURONS, whole, slow)) == [1.0, 2.0]
    assert counts == [4, 6]


def test_samples_that_leave_a_network_least_room_come_first():
    """Of `noisy` twelve such cost 3.42 at least, 30 that are spread out [2.83, 3.11] after half a minute."""
    X = np.arange(10.0)[:, None]
    rooms = np.array([0.9, 0.0, 0.5, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4])
    line = Network.from_folded([[1.0, 0.0]], [1.0])  # values 0 to 9, and so much room above them
    problem, sets = Problem.from_intervals(X, X[:, 0] - 1, X[:, 0] + rooms), []

    def seen(some, cones, deadline):
        sets.append(some.X[:, 0].tolist())
        return 0.0

    list(bounds_of_few_samples(problem, Objective.NEURONS, Deadline(None), seen, line))
    assert sets[:2] == [[1.0, 3.0, 5.0], [1.0, 3.0, 5.0, 7.0, 9.0]]
    sets.clear()
    exact_labels = Problem(X, X[:, 0])  # which leave no room at all
    list(bounds_of_few_samples(exact_labels, Objective.NEURONS, Deadline(None), seen, line))
    assert sets[0][0] == 0.0
    assert sets[0][-1] == 9.0


def test_a_limit_is_there_to_be_used(monkeypatch):
    """Twenty seconds of any limit went into the bound of few samples."""
    given = []

    def none(problem, objective, deadline, *_):
        given.append(deadline.remaining)
        return iter(())

    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem()
    monkeypatch.setattr(cones, "MAX_RAYS", 30)
    monkeypatch.setattr(branch_and_bound, "bounds_of_few_samples", none)
    exact.minimize_path_norm(problem, 0.5, "weights", time_limit=500)
    exact.minimize_path_norm(problem, 0.5, "weights")
    assert given[0] > 300
    assert given[1] <= 20


def test_labels_that_are_all_alike_spread_by_inputs_alone():
    problem = Problem([[0.0], [1.0], [2.0], [3.0]], [1, 1, 1, 1])
    assert list(bounds_of_few_samples(problem, Objective.NEURONS, Deadline(None), lambda *_: 0.25)) == [0.25]


def test_with_too_many_cones_few_samples_bound_from_below(monkeypatch):
    # ten hyperplanes through the origin of the space of neurons, 45 pairs that meet in a ray: too many here
    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem()
    monkeypatch.setattr(cones, "MAX_RAYS", 30)
    monkeypatch.setattr(ray_prices, "MAX_ENTRIES", 1)  # for the least sum of weights, too
    result = exact.minimize_path_norm(problem, 0.5, "weights", time_limit=30)
    assert 0 < result.lower_bound <= 7.605666 <= result.upper_bound * (1 + 1e-6)
    assert "few of the samples" in result.remark


def test_looking_for_a_network_leaves_time_for_the_bound(monkeypatch):
    """It had all of a limit of 20 seconds, and 12 samples in five dimensions had no lower bound."""
    limits, solve = [], branch_and_bound.solve

    def counted(problem, objective, *, time_limit):
        limits.append(time_limit)
        return solve(problem, objective, time_limit=0.01)

    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem()
    monkeypatch.setattr(cones, "MAX_RAYS", 30)
    monkeypatch.setattr(branch_and_bound, "solve", counted)
    exact.minimize_path_norm(problem, 0.5, "weights", time_limit=1)
    assert limits[0] <= 0.3


def test_time_that_ends_while_rays_are_sought_for_cones_is_noticed():
    # 300 samples in the plane: two minutes there, which no limit ended
    over = Deadline(None)
    over.interrupt()
    with pytest.raises(TimeLimitError, match="rays of all cones"):
        cones._incidence(np.ones((3, 4), dtype=np.int8), np.ones((5, 4), dtype=bool), over)


def test_ctrl_c_keeps_what_few_samples_showed(monkeypatch):
    reports = []

    def interrupt(report):
        reports.append(report)
        if report.nodes > 50:
            raise KeyboardInterrupt

    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem()
    monkeypatch.setattr(cones, "MAX_RAYS", 45)
    monkeypatch.setattr("sparsest.exact.path_norm.limits._REPORT", 0.0)
    result = exact.minimize_path_norm(problem, 0.5, "weights", progress=interrupt)
    assert result.status is Status.INTERRUPTED
    assert 0 <= result.lower_bound < result.upper_bound


@pytest.mark.skipif(os.name == "nt", reason="os.kill ends the process there")
def test_a_signal_ends_the_bounds_of_few_samples_of_a_search_that_is_kept(tmp_path, monkeypatch):
    counts = []

    def counted(some, objective, deadline):
        if not counts:  # a second one would end the process
            os.kill(os.getpid(), signal.SIGTERM)
        counts.append(some.n_samples)
        return cones.build_cones(some, objective, deadline)

    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem()
    monkeypatch.setattr(cones, "MAX_RAYS", 45)
    monkeypatch.setattr(few_samples, "build_cones", counted)
    path = tmp_path / "search.checkpoint"
    result = exact.minimize_path_norm(problem, 0.5, "weights", checkpoint_file=path)
    assert result.status is Status.INTERRUPTED
    assert result.network.solves(problem)
    assert counts == [4]


def test_ctrl_c_while_cones_are_listed_leaves_the_network_from_elsewhere(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    best = exact.solve(UNIFORM).network
    monkeypatch.setattr(branch_and_bound, "build_cones", interrupted)
    result = exact.minimize_path_norm(UNIFORM, 0.5, "weights", witness=best)
    assert result.status is Status.INTERRUPTED
    assert (result.lower_bound, result.upper_bound) == (0.0, best.path_norm(0.5, "weights"))
    assert exact.minimize_path_norm(UNIFORM, 0.5, "weights").network is None


@pytest.mark.slow
def test_a_network_from_elsewhere_is_where_the_search_begins():
    best = exact.minimize_path_norm(UNIFORM, 0.5, "weights").network
    with pytest.MonkeyPatch.context() as patch:  # no network of its own
        patch.setattr("sparsest.exact.path_norm.branch_and_bound.first_networks", lambda *_: iter(()))
        result = exact.minimize_path_norm(UNIFORM, 0.5, "weights", witness=best, node_limit=1)
    assert result.upper_bound == pytest.approx(LEAST, rel=1e-6)


@pytest.mark.slow
def test_a_network_from_elsewhere_that_does_not_fit_is_not_believed():
    wrong = Network.from_folded([[1.0, 0.0, 0.0]], [1.0])
    result = exact.minimize_path_norm(UNIFORM, 0.5, "weights", witness=wrong)
    assert result.upper_bound == pytest.approx(LEAST, rel=1e-6)


def test_a_network_of_other_features_is_refused():
    with pytest.raises(InputError, match="witness must be a Network of 2 features"):
        exact.minimize_path_norm(UNIFORM, 0.5, witness=Network.from_folded([[1.0, 0.0]], [1.0]))
