"""Bounds on the least path norm where there are too many cones, and networks from elsewhere."""

import numpy as np
import pytest

from sparsest import InputError, Network, Problem, Status, datasets, exact
from sparsest.exact.path_norm import cones
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


def test_labels_that_are_all_alike_spread_by_inputs_alone():
    problem = Problem([[0.0], [1.0], [2.0], [3.0]], [1, 1, 1, 1])
    assert list(bounds_of_few_samples(problem, Objective.NEURONS, Deadline(None), lambda *_: 0.25)) == [0.25]


def test_with_too_many_cones_few_samples_bound_from_below(monkeypatch):
    # ten hyperplanes through the origin of the space of neurons, 45 pairs that meet in a ray: too many here
    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem()
    monkeypatch.setattr(cones, "MAX_RAYS", 30)
    result = exact.minimize_path_norm(problem, 0.5, "weights", time_limit=30)
    assert 0 < result.lower_bound <= 7.605666 <= result.upper_bound * (1 + 1e-6)
    assert "few of the samples" in result.remark


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


def test_a_network_from_elsewhere_is_where_the_search_begins():
    best = exact.minimize_path_norm(UNIFORM, 0.5, "weights").network
    with pytest.MonkeyPatch.context() as patch:  # no network of its own
        patch.setattr("sparsest.exact.path_norm.branch_and_bound.first_networks", lambda *_: iter(()))
        result = exact.minimize_path_norm(UNIFORM, 0.5, "weights", witness=best, node_limit=1)
    assert result.upper_bound == pytest.approx(LEAST, rel=1e-6)


def test_a_network_from_elsewhere_that_does_not_fit_is_not_believed():
    wrong = Network.from_folded([[1.0, 0.0, 0.0]], [1.0])
    result = exact.minimize_path_norm(UNIFORM, 0.5, "weights", witness=wrong)
    assert result.upper_bound == pytest.approx(LEAST, rel=1e-6)


def test_a_network_of_other_features_is_refused():
    with pytest.raises(InputError, match="witness must be a Network of 2 features"):
        exact.minimize_path_norm(UNIFORM, 0.5, witness=Network.from_folded([[1.0, 0.0]], [1.0]))
