"""Curves whose networks are fitted first."""

import numpy as np
import pytest

import sparsest
import sparsest.continuous
from sparsest import InputError, Problem, Status, exact
from sparsest.compare import trade_off

rng = np.random.default_rng(0)
X = rng.integers(-5, 6, (12, 2)).astype(float)
PLANE = Problem(X, np.abs(X[:, 0]) - np.maximum(0, X[:, 1] - X[:, 0]) + rng.integers(-1, 2, 12) / 4)


def test_both_ways_have_the_same_bounds():
    found = sparsest.frontier(PLANE, most=1, time_limit=20)
    proven = exact.frontier(PLANE, most=1, networks=[point.network for point in found.points])
    for one, other in zip(found.points, proven.points, strict=True):
        assert one.lower_bound <= other.upper_bound * (1 + 1e-9)
        assert other.lower_bound <= one.upper_bound * (1 + 1e-9)
        assert one.network.count() <= one.neurons
        error = np.abs(one.network(PLANE.X) - PLANE.targets).max()
        assert error <= one.upper_bound * (1 + 1e-9)


def test_training_gives_an_upper_bound_where_proofs_have_no_time():
    data = sparsest.datasets.load("planted", d=3, n=60, k=2, seed=1)
    result = sparsest.least_error(Problem(data.X, data.y), 2, time_limit=6, node_limit=1)
    assert result.upper_bound <= 1e-8
    assert result.status is Status.OPTIMAL  # beside the labels that is rounding
    assert "rounding" in result.bounds()


def test_interrupted_training_returns_the_curve(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sparsest.continuous, "find_sparse", interrupted)
    curve = trade_off.frontier(PLANE, most=2)
    assert curve.status is Status.INTERRUPTED
    assert len(curve.points) >= 1
    assert all(point.lower_bound <= point.upper_bound for point in curve.points)


def test_a_curve_that_is_resumed_is_not_trained_again(monkeypatch, tmp_path):
    path = tmp_path / "curve.checkpoint"
    first = sparsest.frontier(PLANE, most=1, time_limit=20, checkpoint_file=path)
    monkeypatch.setattr(sparsest.continuous, "find_sparse", None)  # calling it would fail
    again = sparsest.frontier(PLANE, most=1, time_limit=20, checkpoint_file=path, resume=True)
    assert [p.upper_bound for p in again.points] == [p.upper_bound for p in first.points]


def test_one_feature_with_a_skip_needs_no_training(monkeypatch):
    monkeypatch.setattr(sparsest.continuous, "find_sparse", None)
    assert sparsest.least_error(Problem([0, 1, 2], [0, 1, 0], affine="skip"), 1).upper_bound == 0


def test_options_are_checked_before_the_work():
    with pytest.raises(InputError, match="not a problem"):
        sparsest.frontier([[0, 1]])
    with pytest.raises(InputError, match="label of row"):
        sparsest.frontier(Problem([[0, 0], [1, 0]], [1, 0]), scale="relative")
    for neurons in (-1, 1.5, True):
        with pytest.raises(InputError, match=r"whole number|at least 0"):
            sparsest.least_error(PLANE, neurons)
    with pytest.raises(InputError, match="most"):
        sparsest.frontier(PLANE, most=-1)
