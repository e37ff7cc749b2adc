"""A search for the fewest weights or parameters shared by workers, or kept in a file: the same answer."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from helpers import call, wait_for

from sparsest import InputError, Problem, Status, check_proof, datasets, exact
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.exact.supports.checkpoint import read_stored
from sparsest.exact.tree.checkpoint_file import _head
from sparsest.objectives import Objective

pytestmark = pytest.mark.usefixtures("workers_at_once")

XOR = datasets.load("xor").problem()
PROBLEMS = {
    "xor": (XOR, Objective.PARAMETERS),
    "grid": (Problem([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]], [0, 1, 1, 0, 1]), Objective.WEIGHTS),
    "skip": (Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], affine="skip"), Objective.WEIGHTS),
}
# that of some hundred nodes
FAST_LAST = [pytest.param("grid", marks=pytest.mark.slow), "skip", "xor"]
# workers are asked for help at once, and the work is cut into many small pieces
EARLY = Pacing(shared_from=5, small_piece=7, large_piece=20, recorded_piece=30)


def solve(problem, objective, *, pacing=EARLY, **options):
    return run_method(problem, objective, "tree", SearchOptions(pacing=pacing, **options))


def known(result):
    return result.status, result.proof, result.lower_bound, result.upper_bound, result.unverified


class Here:
    """An executor that runs everything at once, and loses some pieces of work."""

    def __init__(self, lost=()):
        self.calls, self.lost = 0, lost

    def submit(self, function, *arguments):
        self.calls += 1
        done = Future()
        if self.calls in self.lost:
            done.set_exception(OSError("the worker died"))
        else:
            done.set_result(function(*arguments))
        return done


class Whole(dict):
    """The answers of searches that are neither shared nor stopped, by name."""

    def __missing__(self, name):
        problem, counted = PROBLEMS[name]
        return self.setdefault(name, exact.solve(problem, counted, method="tree"))


@pytest.fixture(scope="module")
def whole():
    return Whole()


@pytest.mark.parametrize("name", FAST_LAST)
def test_pieces_give_the_same_answer_and_a_proof(name, whole, tmp_path):
    problem, counted = PROBLEMS[name]
    here, path = Here(lost=(3, 6, 7)), tmp_path / "proof.json"
    result = solve(problem, counted, executor=here, workers=2, proof_path=path)
    assert known(result) == known(whole[name])
    assert here.calls > 7
    checked = check_proof(path, problem)
    assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)


def test_without_any_worker_left_the_search_goes_on_here(whole):
    class Broken:
        def submit(self, function, *arguments):
            raise BrokenProcessPool

    assert known(solve(*PROBLEMS["xor"], executor=Broken())) == known(whole["xor"])


@pytest.mark.slow
def test_worker_processes(whole):
    result = solve(*PROBLEMS["xor"], workers=2, pacing=Pacing(shared_from=5))
    assert known(result) == known(whole["xor"])


@pytest.mark.slow
def test_dask_cluster_shares_the_search_and_loses_a_worker(dask, whole, tmp_path):
    from distributed import Client

    address, workers = dask
    command = ["solve", "xor", "--objective", "parameters", "--json", "--dask", address]
    shared = json.loads(call(*command).stdout)
    for field in ("lower_bound", "upper_bound", "status"):
        assert shared[field] == getattr(whole["xor"], field)
    problem, counted = PROBLEMS["grid"]
    with Client(address, set_as_default=False) as client:
        executor, submitted = client.get_executor(pure=False), 0

        class Killing:
            def submit(self, function, *arguments):
                nonlocal submitted
                submitted += 1
                if submitted == 10:
                    workers[0].kill()
                return executor.submit(function, *arguments)

        path = tmp_path / "proof.json"
        result = solve(problem, counted, executor=Killing(), workers=2, proof_path=path)
    assert submitted > 10
    assert workers[0].wait(timeout=10) == -signal.SIGKILL
    assert known(result) == known(whole["grid"])
    checked = check_proof(path, problem)
    assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)


# Files


@pytest.mark.parametrize("name", FAST_LAST)
@pytest.mark.parametrize("executor", [None, Here()], ids=["here", "shared"])
def test_stops_change_nothing_and_the_proof_checks(name, executor, whole, tmp_path):
    problem, counted = PROBLEMS[name]
    path = tmp_path / "proof.json"
    options = {
        "checkpoint_path": tmp_path / "search",
        "resume": True,
        "proof_path": path,
        "executor": executor,
    }
    for runs in range(1, 200):  # noqa: B007
        result = solve(problem, counted, node_limit=max(whole[name].nodes // 5, 20), **options)
        if result.status is not Status.NODE_LIMIT:
            break
    assert known(result) == known(whole[name])
    assert runs > 1
    assert "was not verified again" in result.remark
    checked = check_proof(path, problem)
    assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)
    again = solve(problem, counted, **options)
    assert (known(again), again.nodes) == (known(result), result.nodes)


@pytest.mark.slow
def test_every_run_makes_way(tmp_path):
    """A node each, tops in vain among them."""
    problem = Problem([[0, 0], [0, 1], [1, 0]], [0, 1, 1])
    for runs in range(1, 500):  # noqa: B007
        result = solve(problem, Objective.WEIGHTS, checkpoint_path=tmp_path / "a", resume=True, node_limit=1)
        if result.status is not Status.NODE_LIMIT:
            break
    # by hand: y = x1 + x2 on the samples, one neuron of two weights; one weight gives two of them one label
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 2, 2)
    assert runs > 3


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_search_where_its_state_is_whole(signal_number, tmp_path):
    path, large = tmp_path / "search", datasets.parse("uniform:d=2,n=10").problem()

    def interrupt(state):
        if state.nodes > 20:
            os.kill(os.getpid(), signal_number)

    options = {"method": "tree", "checkpoint_file": path}
    result = exact.solve(large, "parameters", progress=interrupt, **options)
    assert result.status is Status.INTERRUPTED
    stored = read_stored(path, large.distinct(), Objective.PARAMETERS)
    assert (stored.nodes, stored.budget) == (result.nodes, result.lower_bound)


@pytest.mark.slow
def test_killed_process_loses_only_what_came_after_the_last_checkpoint(tmp_path):
    path, name = tmp_path / "search", "uniform:d=2,n=10"
    script = f"""
import pathlib
from sparsest import datasets
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.supports.search import solve_supports
from sparsest.objectives import Objective

options = SearchOptions(checkpoint_path=pathlib.Path({str(path)!r}), pacing=Pacing(save_every=0.2))
solve_supports(datasets.parse({name!r}).problem(), Objective.PARAMETERS, options)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL)
    problem = datasets.parse(name).problem()

    def stored():
        return read_stored(path, problem.distinct(), Objective.PARAMETERS)

    try:
        wait_for(lambda: path.exists() and stored().nodes > 100)
    finally:
        process.kill()
        process.communicate()
    left = stored()
    result = exact.solve(problem, "parameters", checkpoint_file=path, resume=True, node_limit=50)
    assert result.nodes >= left.nodes + 50
    assert result.lower_bound >= left.budget


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "search"
    proof = path.with_name("proof.json")
    # a network that is large enough to be left in the middle
    solve(XOR, Objective.PARAMETERS, checkpoint_path=path, proof_path=proof, node_limit=60)
    return path


def changed(kept, path, change):
    """Write the state with a change, and with the right digest: what a hostile file would have."""
    state = json.loads(kept.read_bytes().split(b"\n")[1])
    change(state)
    body = json.dumps(state, separators=(",", ":")).encode()
    path.write_bytes(_head(body) + body + b"\n")
    return path


HOSTILE = {
    "no field": (lambda s: s.pop("refuted"), "lacks the field 'refuted'"),
    "another objective": (lambda s: s.update(objective="weights"), "fewest weights"),
    "neurons": (lambda s: s.pop("objective"), "fewest neurons"),
    "another problem": (lambda s: s.update(problem="0"), "another problem"),
    "a bound above the network": (lambda s: s.update(budget=99), "contradicts itself"),
    "no such entry": (lambda s: s["refuted"].append([[[3], 1]]), "whole number from 0 to 2"),
    "an entry twice": (lambda s: s["refuted"].append([[[0, 0], 1]]), "no kind"),
    "no sign": (lambda s: s["refuted"].append([[[0, 1], 2]]), "no kind"),
    "a column as a neuron": (lambda s: s["refuted"].append([[[0], 1]]), "no kind"),
    "no such column": (lambda s: s["refuted"].append([[[7], 0]]), "whole number from 2 to 6"),
    "a column before a neuron": (lambda s: s["refuted"].append([[[2], 0], [[0, 1], 1]]), "no kind"),
    "no support": (lambda s: s["refuted"].append([[[], 1]]), "no kind"),
    "nothing left": (lambda s: s["under_way"].append([[[[0, 1], 1]], [], []]), "lists something twice"),
    "nodes that are none": (lambda s: s["gain"].__setitem__(0, -1), "has -1 nodes"),
    "a tree without pieces": (
        lambda s: s["finished"].append([[[[0, 1], 1]], 0, []]),
        "do not make up one tree",
    ),
    "a later budget": (lambda s: s["finished"][0].__setitem__(1, 50), "whole number from 0"),
    "a network that does not fit": (lambda s: s["witness"]["neurons"][0].__setitem__(0, 77), "does not fit"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(kept, name, tmp_path):
    change, words = HOSTILE[name]
    path = changed(kept, tmp_path / "search", change)
    with pytest.raises(InputError, match=words):
        exact.solve(XOR, "parameters", checkpoint_file=path, resume=True)


def test_false_claim_makes_no_proof(kept, tmp_path):
    """A file that says more was refuted than its pieces show: the result says on what it rests."""
    path = changed(kept, tmp_path / "search", lambda state: state.update(budget=state["budget"] + 1))
    claimed = json.loads(path.read_bytes().split(b"\n")[1])["budget"]
    proof = tmp_path / "proof.json"
    result = exact.solve(XOR, "parameters", checkpoint_file=path, resume=True, node_limit=1, proof_file=proof)
    assert result.lower_bound == claimed
    assert "was not verified again" in result.remark
    assert f"the proof file shows less: at least {claimed - 1} parameters" in result.remark
    assert check_proof(proof, XOR).lower_bound == claimed - 1


def test_proofs_need_events(kept, tmp_path):
    path = changed(kept, tmp_path / "search", lambda state: state.update(finished=None))
    with pytest.raises(InputError, match="lacks what a proof needs"):
        exact.solve(XOR, "parameters", checkpoint_file=path, resume=True, proof_file=tmp_path / "proof.json")
    result = exact.solve(XOR, "parameters", checkpoint_file=path, resume=True)
    assert result.lower_bound == result.upper_bound


def test_file_that_exists_is_refused(kept):
    before = Path(kept).read_bytes()
    with pytest.raises(InputError, match="exists"):
        exact.solve(XOR, "parameters", checkpoint_file=kept)
    assert Path(kept).read_bytes() == before
