"""`sparsest.solve`: training and the exact side in one."""

import time

import pytest

import sparsest
from sparsest import InputError, MultiOutputProblem, Problem, Status, datasets, exact
from sparsest.compare import find_and_prove

HARD = datasets.load("uniform", d=2, n=16).problem()


def test_what_a_short_run_closes_is_not_trained(monkeypatch):
    monkeypatch.setattr(find_and_prove, "_trained", None)
    xor = datasets.load("xor").problem()
    result = sparsest.solve(xor)
    assert (result.lower_bound, result.upper_bound, result.status) == (2, 2, Status.OPTIMAL)
    # nor is one feature with a skip, a problem whose network is given, or where it is not wanted
    line = Problem(range(50), [x % 7 for x in range(50)], affine="skip")
    assert sparsest.solve(line).upper_bound == exact.solve(line).upper_bound
    known = exact.solve(HARD, node_limit=1).network
    for options in ({"witness": known}, {"training": False}, {"node_limit": 2}):
        assert sparsest.solve(HARD, **{"node_limit": 20, **options}).status is Status.NODE_LIMIT


def test_several_outputs_are_bounded_without_training(monkeypatch, tmp_path):
    monkeypatch.setattr(find_and_prove, "_trained", None)
    problem = MultiOutputProblem([[0, 0], [0, 1], [1, 0], [1, 1]], [[0, 0], [1, 1], [1, -1], [0, 0]])
    seen = []
    result = sparsest.solve(problem, proof_file=tmp_path / "p.json", time_limit=20, progress=seen.append)
    assert (result.lower_bound, result.upper_bound, result.status) == (2, 2, Status.OPTIMAL)
    assert sparsest.check_proof(tmp_path / "p.json", problem).direction == result.direction
    with pytest.raises(InputError, match="neurons are counted, not the parameters"):
        sparsest.solve(problem, "parameters")


@pytest.mark.slow
def test_training_is_told_the_bound_and_the_exact_side_its_network(monkeypatch):
    told = {}
    plain = find_and_prove._trained

    def watched(problem, objective, **options):
        told.update(options)
        return plain(problem, objective, **options)

    monkeypatch.setattr(find_and_prove, "_trained", watched)
    alone = exact.solve(HARD, node_limit=200)
    result = sparsest.solve(HARD, node_limit=200, effort_limit=1.0)
    assert told["lower_bound"] >= 2
    assert result.upper_bound < alone.upper_bound
    assert result.lower_bound >= told["lower_bound"]
    assert result.nodes <= 210


@pytest.mark.slow
def test_limits_and_interrupts_hold_for_both(monkeypatch):
    started = time.perf_counter()
    result = sparsest.solve(HARD, time_limit=1.0)
    assert time.perf_counter() - started < 4
    assert result.status is Status.TIME_LIMIT

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("sparsest.continuous.find_sparse", interrupted)
    result = sparsest.solve(HARD)
    assert result.status is Status.INTERRUPTED
    assert result.lower_bound <= result.upper_bound


def test_a_checkpoint_in_the_way_is_refused_before_any_work(monkeypatch, tmp_path):
    monkeypatch.setattr(find_and_prove, "_trained", None)
    path = tmp_path / "search"
    path.write_bytes(b"anything")
    with pytest.raises(InputError, match="exists"):
        sparsest.solve(HARD, checkpoint_file=path)
