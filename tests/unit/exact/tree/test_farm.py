"""A search in pieces: the same answer, a proof that checks, and nothing lost with a worker."""

import dataclasses
import json
import multiprocessing
import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest
from helpers import call, slow_after

import sparsest
from sparsest import InputError, Network, Problem, Status, datasets, exact
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.exact.tree.workers import ProcessExecutor
from sparsest.objectives import Objective
from sparsest.progress import Deadline

pytestmark = pytest.mark.usefixtures("workers_at_once")

# some hundreds of nodes
PROBLEM = datasets.parse("uniform:d=2,n=8,seed=0").problem()


# workers are asked for help at once, and the work is cut into many small pieces
EARLY = Pacing(shared_from=5, small_piece=7, large_piece=20, unrecorded_piece=20)


def solve(problem, *, pacing=EARLY, **options):
    return run_method(problem, Objective.NEURONS, "tree", SearchOptions(pacing=pacing, **options))


class Here:
    """An executor that runs everything at once, and counts."""

    def __init__(self):
        self.calls = 0

    def submit(self, function, *arguments):
        self.calls += 1
        done = Future()
        done.set_result(function(*arguments))
        return done


@pytest.mark.parametrize("affine", ["none", "skip"])
@pytest.mark.parametrize("seed", slow_after(2, range(4)))
def test_pieces_give_the_same_answer_and_a_proof(seed, affine, tmp_path):
    """Integer grids, so that ties and degenerate cells occur."""
    rng = np.random.default_rng(seed)
    X = np.unique(rng.integers(-2, 3, (8, 2)), axis=0).astype(float)
    problem = Problem(X, rng.integers(-2, 3, len(X)), affine=affine, tolerance=0.25 * (seed % 2))
    whole = exact.solve(problem, method="tree")
    here = Here()
    proof = tmp_path / "proof.json"
    pieces = solve(problem, executor=here, workers=2, proof_path=proof)
    assert (pieces.status, pieces.lower_bound, pieces.upper_bound) == (
        whole.status,
        whole.lower_bound,
        whole.upper_bound,
    )
    assert pieces.remark == whole.remark
    checked = sparsest.check_proof(proof, problem)
    assert (checked.lower_bound, checked.upper_bound) == (whole.lower_bound, whole.upper_bound)


@pytest.mark.parametrize("affine", ["none", "skip"])
@pytest.mark.parametrize("seed", slow_after(2, range(4)))
def test_two_workers_find_a_network_after_about_as_many_nodes_as_one(seed, affine):
    """Both far from where the search would be without them took up to four times the nodes."""
    problem = datasets.parse(f"uniform:d=2,n=10,seed={seed}").problem(affine=affine)
    alone, shared = solve(problem, pacing=Pacing()), solve(problem, executor=Here(), workers=2)
    assert shared.lower_bound == alone.lower_bound == shared.upper_bound
    # 1.3 times at most when this was written; a root anew for each of many small pieces is part of that
    assert shared.nodes < 2 * alone.nodes + 100


def test_work_is_cut_into_pieces():
    here = Here()
    result = solve(PROBLEM, executor=here)
    assert result.upper_bound == 3
    assert here.calls > 10


@pytest.mark.slow
def test_workers_far_from_what_is_next_are_given_enough_to_do():
    """One subtree at a time, whose median was 16 nodes, left them waiting for the next most of the time."""
    visited = []

    class Counting(Here):
        def submit(self, function, work):
            done = super().submit(function, work)
            if work.budget == 200:  # a quarter of what is given to who goes on with what is next
                visited.append(sum(explored.nodes for explored in done.result()))
            return done

    problem = datasets.parse("uniform:d=2,n=14,seed=0").problem(affine="skip")
    pacing = Pacing(unrecorded_piece=800)
    solve(problem, pacing=pacing, executor=Counting(), workers=2, node_limit=20_000)
    assert len(visited) > 20
    assert np.mean(visited) > 100


def test_threads_do_not_share_a_search():
    with ThreadPoolExecutor(4) as pool:
        result = solve(PROBLEM, executor=pool, workers=4)
    assert (result.status, result.lower_bound, result.unverified) == (Status.OPTIMAL, 3, 0)


class Starting:
    """An executor whose workers start after so many calls of `done`, or never."""

    class Slow(Future):
        looks = 0
        needed = 0

        def done(self):
            self.looks += 1
            return self.looks > self.needed

    def __init__(self, looks):
        self.looks, self.works = looks, 0

    def submit(self, function, work):
        if work is None:
            future = self.Slow()
            future.needed = self.looks
            return future
        self.works += 1
        return Here().submit(function, work)


@pytest.mark.parametrize(("looks", "shared"), [(0, True), (3, True), (10**9, False)])
def test_a_search_goes_on_alone_until_workers_have_started(looks, shared, monkeypatch):
    """Small searches with two workers took three seconds, all of it waiting for processes."""
    monkeypatch.undo()  # of what other tests here do: wait
    executor = Starting(looks)
    result = solve(PROBLEM, executor=executor, workers=2)
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 3, 3)
    assert (executor.works > 0) == shared


@pytest.mark.slow
def test_worker_processes():
    result = solve(PROBLEM, workers=2)
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 3, 3)


def test_lost_pieces_are_explored_again():
    class Losing(Here):
        def submit(self, function, *arguments):
            if self.calls in (2, 5, 6):
                self.calls += 1
                lost = Future()
                lost.set_exception(OSError("the worker died"))
                return lost
            return super().submit(function, *arguments)

    losing = Losing()
    result = solve(PROBLEM, executor=losing)
    assert losing.calls > 6
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 3, 3)


def test_without_any_worker_left_the_search_goes_on_here():
    class Broken:
        def submit(self, function, *arguments):
            raise BrokenProcessPool

    result = solve(PROBLEM, executor=Broken())
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 3, 3)


@pytest.mark.slow
def test_killed_process_costs_only_time():
    """A worker process is killed once it has done its first piece of work, perhaps as it fetches the next."""

    class Killing(ProcessExecutor):
        killed = 0
        first = None

        def submit(self, function, *arguments):
            future = super().submit(function, *arguments)
            if self.first is None:
                self.first = future
            elif self.first.done() and not self.killed:
                self.killed = multiprocessing.active_children()[0].pid
                os.kill(self.killed, signal.SIGKILL)
            return future

    with Killing(2) as pool:
        pacing = dataclasses.replace(EARLY, max_silence=10.0)  # processes take seconds to start
        result = solve(PROBLEM, executor=pool, workers=2, pacing=pacing)
    assert pool.killed
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 3, 3)


@pytest.mark.slow
def test_dask_cluster_shares_the_search_and_loses_a_worker(dask):
    from distributed import Client

    address, workers = dask
    # by the command line first, on the cluster that takes seconds to start
    command = ["solve", "uniform:d=2,n=8,seed=0", "--json"]
    shared, whole = (json.loads(call(*command, *more).stdout) for more in (["--dask", address], []))
    for field in ("lower_bound", "upper_bound", "status"):
        assert shared[field] == whole[field]
    with Client(address, set_as_default=False) as client:
        executor = client.get_executor(pure=False)
        submitted = 0

        class Killing:
            def submit(self, function, *arguments):
                nonlocal submitted
                submitted += 1
                if submitted == 15:
                    workers[0].kill()
                return executor.submit(function, *arguments)

        result = solve(PROBLEM, executor=Killing(), workers=2)
    assert submitted > 15
    assert workers[0].wait(timeout=10) == -signal.SIGKILL
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 3, 3)


@pytest.mark.slow
def test_time_limit_leaves_an_interval():
    problem = datasets.parse("uniform:d=3,n=16,seed=0").problem()
    result = solve(problem, workers=2, deadline=Deadline(2.0))
    assert result.status is Status.TIME_LIMIT
    assert 2 <= result.lower_bound < result.upper_bound
    assert result.seconds < 10


def test_network_handed_in_is_the_upper_bound():
    # max(0, x) - max(0, x - 1) for labels of a ramp; nothing below it was refuted after no node at all
    problem = Problem([[-1.0], [0.0], [1.0], [2.0]], [0, 0, 1, 1])
    ramp = Network([[1.0], [1.0]], [0.0, -1.0], [1.0, -1.0])
    result = exact.solve(problem, method="tree", witness=ramp)
    assert result.upper_bound == 2
    wrong = Network([[1.0]], [5.0], [1.0])
    assert exact.solve(problem, method="tree", witness=wrong).upper_bound == 2


def test_network_handed_in_does_not_replace_a_better_one():
    problem = datasets.load("peak-plateau").problem()  # three neurons, known before any search
    wide = Network.from_folded([[1, 1], [1, 0], [1, -1], [1, -2]], [1, -1, -1, 1])  # one for each chord
    assert wide.interpolates(problem)
    result = exact.solve(problem, method="tree", witness=wide, node_limit=1)
    assert result.upper_bound == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"workers": 0}, "workers = 0"),
        ({"workers": True}, "workers = True"),
        ({"workers": 1.5}, "workers = 1.5"),
        ({"witness": [1, 2]}, "witness must be a Network of 2 features"),
        ({"witness": Network.zero(3)}, "witness must be a Network of 2 features"),
    ],
)
def test_wrong_options_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        exact.solve(PROBLEM, **options)
