"""A search stopped and gone on with: the same answer, a proof that checks, no file believed blindly."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import zlib
from concurrent.futures import Future

import numpy as np
import pytest
from helpers import in_turn, wait_for

import sparsest
from sparsest import InputError, Network, Problem, Status, datasets, exact
from sparsest.exact.proof.piece import Shape, packed, refuse_inconsistent, unpacked
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.exact.tree.checkpoint_file import MAX_BYTES, _head, read_checkpoint
from sparsest.exact.tree.piece_logs import PieceLogs
from sparsest.exact.tree.prepared import prepare
from sparsest.io.documents import encode
from sparsest.objectives import Objective

pytestmark = pytest.mark.usefixtures("workers_at_once")

# some hundreds of nodes; 3 neurons
PROBLEM = datasets.parse("uniform:d=2,n=8,seed=0").problem()


class Here:
    """An executor that runs everything at once."""

    def submit(self, function, *arguments):
        done = Future()
        done.set_result(function(*arguments))
        return done


def solve(problem, **options):
    return run_method(problem, Objective.NEURONS, "tree", SearchOptions(**options))


def in_steps(problem, path, node_limit, **options):
    """Stop and go on until the search is closed; the result, and the number of runs."""
    for runs in range(1, 2000):
        result = solve(problem, checkpoint_path=path, resume=True, node_limit=node_limit, **options)
        if result.status is not Status.NODE_LIMIT:
            return result, runs
    raise AssertionError("it makes no way")


def known(result):
    return result.status, result.proof, result.lower_bound, result.upper_bound, result.unverified


def grid(seed, **options):
    """Integer points and labels: ties and degenerate cells."""
    rng = np.random.default_rng(seed)
    X = np.unique(rng.integers(-2, 3, (9, 2)), axis=0).astype(float)
    return Problem(X, rng.integers(-2, 3, len(X)), **options)


PROBLEMS = {
    "general": PROBLEM,
    "planted": datasets.parse("planted:d=2,n=12,k=3,seed=2").problem(),
    "grid": grid(4),
    "grid with a skip": grid(2, affine="skip"),
    "grid with a constant": grid(2, affine="constant"),
    "grid with a tolerance": grid(5, tolerance=0.25),
    "one feature": datasets.load("zigzag").problem(),
    "bounded weights": Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], weight_bound=2.0),
    "neurons alike": Problem([0, 1], [0, 4], weight_bound=1.0),
}


@pytest.mark.parametrize(
    ("name", "share"), in_turn(sorted(PROBLEMS, key=lambda name: PROBLEMS[name].n_samples), [3, 12])
)
@pytest.mark.slow
def test_stops_change_nothing_and_the_proof_checks(name, share, tmp_path):
    problem = PROBLEMS[name]
    whole = exact.solve(problem, method="tree")
    node_limit = max(20, whole.nodes // share)
    proof = tmp_path / "proof.json"
    result, runs = in_steps(problem, tmp_path / "search", node_limit, proof_path=proof)
    assert known(result) == known(whole)
    if name != "planted":  # there random networks, other ones after each stop, end the search early or late
        # a stop costs a node: the first child in the way is counted, and visited by the next run
        assert result.nodes <= 2 * whole.nodes + runs
    if 2 * node_limit < whole.nodes:
        assert runs > 1
        assert "was not verified again" in result.remark
    if whole.status is Status.OPTIMAL:
        checked = sparsest.check_proof(proof, problem)
        assert (checked.lower_bound, checked.upper_bound) == (whole.lower_bound, whole.upper_bound)


@pytest.mark.slow
@pytest.mark.parametrize("executor", [Here(), None])
def test_pieces_that_were_given_out_are_not_lost(executor, tmp_path):
    proof = tmp_path / "proof.json"
    limit = 400
    result, runs = in_steps(
        PROBLEM,
        tmp_path / "search",
        limit,
        workers=2,
        executor=executor,
        proof_path=proof,
        pacing=Pacing(shared_from=5, small_piece=7, large_piece=20, unrecorded_piece=20),
    )
    # pieces come back in another order each time; now and then a network ends the search at once
    assert runs > 1 or result.nodes <= limit
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 3, 3)
    assert sparsest.check_proof(proof, PROBLEM).lower_bound == 3


def test_one_node_a_run_is_enough(tmp_path):
    xor = datasets.load("xor").problem()
    result, runs = in_steps(xor, tmp_path / "search", 1)
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 2, 2)
    assert runs > 3


@pytest.mark.slow
def test_checkpoints_on_the_way_do_not_change_the_search(tmp_path):
    plain = exact.solve(PROBLEM, method="tree")
    pacing = Pacing(save_every=0.0, save_share=0.0)
    often = solve(PROBLEM, checkpoint_path=tmp_path / "search", pacing=pacing)
    assert known(often) == known(plain)
    assert often.remark == plain.remark == ""
    # the node at which the search pauses is visited again
    assert plain.nodes <= often.nodes <= 3 * plain.nodes


def test_finished_search_is_answered_from_its_file(tmp_path):
    path = tmp_path / "search"
    first = exact.solve(PROBLEM, method="tree", checkpoint_file=path)
    again = exact.solve(PROBLEM, method="tree", checkpoint_file=path, resume=True)
    assert known(again) == known(first)
    assert again.nodes == first.nodes
    assert again.seconds >= first.seconds


def test_rows_in_another_order_are_the_same_problem(tmp_path):
    path = tmp_path / "search"
    exact.solve(PROBLEM, method="tree", checkpoint_file=path, node_limit=100)
    turned = PROBLEM.subset(np.arange(PROBLEM.n_samples)[::-1])
    result = exact.solve(turned, method="tree", checkpoint_file=path, resume=True)
    assert (result.status, result.lower_bound) == (Status.OPTIMAL, 3)


def test_near_miss_and_undecided_nodes_survive(tmp_path):
    # labels computed in floats by two neurons: no two meet them exactly
    X = np.random.default_rng(0).normal(size=(12, 2))
    labels = Network([[1.1, 0.3], [-0.7, 0.9]], [0.2, -0.1], [1.3, 0.7])(X)
    problem = Problem(X, labels)
    whole = exact.solve(problem, method="tree", node_limit=120)
    assert "meet the labels up to rounding" in whole.remark
    path = tmp_path / "search"
    for _ in range(3):
        result = exact.solve(problem, method="tree", checkpoint_file=path, resume=True, node_limit=40)
    assert "2 neurons meet the labels up to rounding" in result.remark
    assert result.nodes >= 120


# Interruptions


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_search_where_its_state_is_whole(signal_number, tmp_path):
    path = tmp_path / "search"

    def interrupt(state):
        if state.nodes > 20:
            os.kill(os.getpid(), signal_number)

    before = signal.getsignal(signal_number)
    large = datasets.parse("uniform:d=2,n=14").problem()
    result = exact.solve(large, method="tree", checkpoint_file=path, progress=interrupt)
    assert result.status is Status.INTERRUPTED
    assert result.lower_bound < result.upper_bound
    assert signal.getsignal(signal_number) is before
    assert read_checkpoint(path, large.distinct()).nodes == result.nodes


def test_exception_from_outside_costs_the_piece_and_nothing_else(tmp_path):
    path = tmp_path / "search"

    def interrupt(state):
        if state.nodes > 20:
            raise KeyboardInterrupt

    large = datasets.parse("uniform:d=2,n=12").problem()
    stopped = exact.solve(large, method="tree", checkpoint_file=path, progress=interrupt)
    assert stopped.status is Status.INTERRUPTED
    state = read_checkpoint(path, large.distinct())
    assert state.width == stopped.lower_bound
    assert state.left


def test_other_threads_may_search(tmp_path):
    """Signals reach the main thread alone; handlers cannot be installed elsewhere."""
    found = []

    def work():
        found.append(exact.solve(PROBLEM, method="tree", checkpoint_file=tmp_path / "search"))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0].upper_bound == 3


@pytest.mark.slow
def test_killed_process_loses_only_what_came_after_the_last_checkpoint(tmp_path):
    path = tmp_path / "search"
    name = "uniform:d=2,n=14"
    script = f"""
import pathlib
from sparsest import datasets
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.tree.search import solve_tree

options = SearchOptions(checkpoint_path=pathlib.Path({str(path)!r}), pacing=Pacing(save_every=0.2))
solve_tree(datasets.parse({name!r}).problem(), options)
"""
    command = [sys.executable, "-c", script]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    problem = datasets.parse(name).problem()

    def nodes():
        return read_checkpoint(path, problem.distinct()).nodes if path.exists() else 0

    try:
        wait_for(lambda: nodes() > 100)
    finally:
        process.kill()
        process.communicate()
    left = read_checkpoint(path, problem.distinct())
    result = exact.solve(problem, method="tree", checkpoint_file=path, resume=True, node_limit=50)
    assert result.nodes >= left.nodes + 50
    assert result.lower_bound >= left.lower_bound


def test_full_disk_does_not_cost_the_result(tmp_path, monkeypatch):
    calls = []

    def full(path, content):
        calls.append(path)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sparsest.exact.tree.checkpoint_file.write_atomically", full)
    result = exact.solve(PROBLEM, method="tree", checkpoint_file=tmp_path / "search")
    assert (result.status, result.upper_bound) == (Status.OPTIMAL, 3)
    assert "could not be written" in result.remark


def test_unwritable_place_is_found_before_the_work(monkeypatch, tmp_path):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sparsest.exact.tree.checkpoint_file.write_atomically", full)
    with pytest.raises(InputError, match="No space left"):
        exact.solve(PROBLEM, method="tree", checkpoint_file=tmp_path / "search")


@pytest.mark.slow
def test_events_that_grow_too_large_are_given_up(tmp_path):
    path = tmp_path / "search"
    options = {"proof_path": tmp_path / "a.json", "pacing": Pacing(max_event_bytes=1000)}
    first = solve(PROBLEM, checkpoint_path=path, node_limit=300, **options)
    assert "too large" in first.remark
    with pytest.raises(InputError, match="lacks what a proof needs"):
        exact.solve(PROBLEM, method="tree", checkpoint_file=path, resume=True, proof_file=tmp_path / "b.json")
    assert exact.solve(PROBLEM, method="tree", checkpoint_file=path, resume=True).lower_bound == 3


# Files


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The folder of a search that was stopped, with what its proof has so far."""
    folder = tmp_path_factory.mktemp("stopped")
    files = {"checkpoint_file": folder / "search", "proof_file": folder / "proof.json"}
    exact.solve(PROBLEM, method="tree", node_limit=400, **files)
    return folder


@pytest.fixture
def kept(stopped, tmp_path):
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    return tmp_path / "search"


def resume(path, problem=PROBLEM, **options):
    return exact.solve(problem, method="tree", checkpoint_file=path, resume=True, **options)


def refused(path, words, problem=PROBLEM, **options):
    """One sentence, and the file is as it was."""
    before = path.read_bytes()
    with pytest.raises(InputError, match=words) as caught:
        resume(path, problem, **options)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def tampered(path, change):
    """Change the state, and give it the right digest: what a hostile file would have."""
    state = json.loads(path.read_bytes().split(b"\n")[1])
    change(state)
    body = json.dumps(state, separators=(",", ":")).encode()
    path.write_bytes(_head(body) + body + b"\n")


def test_file_is_only_touched_when_asked_to(kept):
    before = kept.read_bytes()
    with pytest.raises(InputError, match="exists"):
        exact.solve(PROBLEM, method="tree", checkpoint_file=kept)
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    "other",
    [
        PROBLEM.replace(affine="skip"),
        PROBLEM.replace(affine="constant"),
        PROBLEM.replace(weight_bound=100.0),
        PROBLEM.replace(high=PROBLEM.high + 1e-9),
        PROBLEM.subset(range(7)),
        datasets.load("xor").problem(),
    ],
)
def test_checkpoint_of_another_problem(kept, other):
    refused(kept, "another problem", other)


def test_every_truncation_is_refused(kept):
    content = kept.read_bytes()
    for length in [0, 1, 50, 99, 150, len(content) // 2, len(content) - 2]:
        kept.write_bytes(content[:length])
        refused(kept, "not a checkpoint|damaged")


def test_every_flipped_bit_is_refused(kept):
    content = kept.read_bytes()
    rng = np.random.default_rng(0)
    for place in [*range(120), *rng.integers(120, len(content), 100)]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        kept.write_bytes(damaged)
        refused(kept, "not a checkpoint|damaged|version")


def test_other_versions_and_other_files_are_refused(kept):
    content = kept.read_bytes()
    kept.write_bytes(content.replace(b'"version": 2', b'"version": 1'))
    refused(kept, "version 1")
    kept.write_bytes(b"x,y\n0,1\n")
    refused(kept, "not a checkpoint")
    kept.write_bytes(b"[" * 100_000)
    refused(kept, "not a checkpoint")
    deep = b"[" * 100_000
    kept.write_bytes(_head(deep) + deep)
    refused(kept, "nested too deeply")


def test_large_file_is_refused(kept):
    with kept.open("r+b") as stream:
        stream.truncate(MAX_BYTES + 10_000)
    with pytest.raises(InputError, match="damaged"):
        resume(kept)


HOSTILE = {
    "a missing field": (lambda state: state.pop("left"), "lacks the field 'left'"),
    "a negative number": (lambda state: state.update(nodes=-1), "-1"),
    "a text for a number": (lambda state: state.update(width="3"), "'3'"),
    "a bool for a number": (lambda state: state.update(unverified=True), "True"),
    "a huge width": (lambda state: state.update(width=10**9), "10000"),
    "a bound above the width": (lambda state: state.update(lower_bound=9), "from 0 to"),
    "no seconds": (lambda state: state.update(seconds=None), "seconds"),
    "a sample that is not there": (lambda state: state["left"].append([[99, "00"]]), "does not belong"),
    "bits of another width": (lambda state: state["left"].append([[0, "0"]]), "does not belong"),
    "bits that are none": (lambda state: state["left"].append([[0, "2x"]]), "zeros and ones"),
    "a subtree twice": (lambda state: state["left"].append(state["left"][0]), "twice"),
    "a prefix that is none": (lambda state: state["left"].append(5), "unusable"),
    "a network that does not fit": (
        lambda state: state["witness"]["neurons"][0].__setitem__(0, "0x1/0x7"),
        "does not fit",
    ),
    "a network of another size": (lambda state: state["witness"]["neurons"].pop(), "other sizes"),
    "a sign that is none": (lambda state: state["witness"]["signs"].__setitem__(0, 2), "neither 1 nor -1"),
    "a zero denominator": (lambda state: state["witness"]["neurons"][0].__setitem__(0, "1/0"), "positive"),
    "a float in the network": (lambda state: state["witness"]["neurons"][0].__setitem__(0, 0.5), "whole"),
    "a near miss that is none": (
        lambda state: state.update(near_miss=encode(datasets.load("xor").problem())),
        "no network for the problem",
    ),
    "a near miss without fields": (
        lambda state: state.update(near_miss={"format": "sparsest/network", "version": 2}),
        "lacks the field",
    ),
    "an open subtree forgotten": (lambda state: state["left"].pop(), "one tree"),
    "no base64": (lambda state: state["events"]["running"][0].__setitem__(1, "?"), "base64"),
    "no zlib": (lambda state: state["events"]["running"][0].__setitem__(1, "AAAA"), "unpacked"),
    "a state that is a list": (None, "no state"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(kept, name):
    change, words = HOSTILE[name]
    if change is None:
        kept.write_bytes(_head(b"[]") + b"[]\n")
    else:
        tampered(kept, change)
    refused(kept, words)


def test_lower_bound_above_a_network_that_fits_is_refused(kept):
    def change(state):
        count = len(state["witness"]["signs"])
        state.update(width=count + 1, lower_bound=count + 1, done=[], left=[[]], events=None)

    tampered(kept, change)
    refused(kept, "contradicts itself")


def test_false_claim_makes_no_proof(kept, tmp_path):
    """A file may claim a tree refuted that was not: the remark says so, and no proof can be written."""

    def change(state):
        state["left"], state["events"] = [], None

    tampered(kept, change)
    refused(kept, "lacks what a proof needs", proof_file=tmp_path / "other.json")
    assert "was not verified again" in resume(kept).remark


EMPTY = Shape(4, 2, 2)
HERE = ((0, (1, 1)),)
BRANCH, MERGED, CIRCUIT = [0, "", 0], {"merge": 0}, {"circuit": [0, 0]}
VALUE = {"value": [[1, 1]], "cone": [[0, 1, "0x20000000000001"], [1, 3, -2]]}


def piece_of(*lines, circuits=()):
    head = "\t".join(map(json.dumps, circuits)) + "\n"
    return zlib.compress((head + "".join(json.dumps(line) + "\n" for line in lines)).encode())


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [[1, "11", MERGED]],
        [BRANCH],
        [BRANCH, [1, "11", MERGED], [3, "11", MERGED]],
        [BRANCH, [1, "11", 1]],
        [BRANCH, [1, "1", MERGED]],
        [BRANCH, [1, "12", MERGED]],
        [BRANCH, [1, 11, MERGED]],
        [BRANCH, [True, "11", MERGED]],
        [BRANCH, [1, "11", MERGED], BRANCH],
        [BRANCH, [1, "11", CIRCUIT]],
        [BRANCH, {"open": [[0, "1"]]}],
        [BRANCH, {"open": [[4, "11"]]}],
        [BRANCH, {"open": [[0, "11"], [1, "11"], [2, "11"]]}],
        [BRANCH, {"open": []}],
        [BRANCH, {"open": [[0, "11"]], "unproven": True}],
        [BRANCH, {"other": 1}],
        [BRANCH, {}],
        [[0, "", 4], [1, "11", MERGED]],
        [[0, "", True], [1, "11", MERGED]],
        [[0, "", {"merge": 1}]],
        [[0, "", {}]],
        [[0, "", {"value": []}]],
        [[0, "", {"value": [[4, 1]]}]],
        [[0, "", {"value": [[0, 0]]}]],
        [[0, "", {"value": [[0, "1/2"]]}]],
        [[0, "", {"value": [[0, 1]], "more": 1}]],
        [[0, "", {"cone": [[2, 0, 1]]}]],
        [[0, "", {"bound": [[0, 2, 1]]}]],
        [[0, "", "merge"]],
        [[0, "", MERGED, 1]],
        [[0, "", MERGED], [0, "", MERGED]],
        [5],
        ["]},{"],
    ],
)
def test_lines_out_of_place_are_refused(lines):
    with pytest.raises(InputError):
        refuse_inconsistent({(): piece_of(*lines)}, (), EMPTY)


@pytest.mark.parametrize(
    "text", [b"", b'\n[0,"",{"merge":0}]', b"\n\n", b'\n [0,"",{"merge":0}]\n', b"\n\xff\n"]
)
def test_texts_that_are_no_lines_are_refused(text):
    with pytest.raises(InputError):
        refuse_inconsistent({(): zlib.compress(text)}, (), EMPTY)


@pytest.mark.parametrize("circuits", [[5], ["text"]])
def test_circuits_that_are_none_are_refused(circuits):
    with pytest.raises(InputError):
        refuse_inconsistent({(): piece_of([0, "", MERGED], circuits=circuits)}, (), EMPTY)


def test_a_piece_that_opens_itself_is_refused():
    pieces = {(): piece_of(BRANCH, {"open": [[0, "11"]]}), HERE: piece_of({"open": [[0, "11"]]})}
    with pytest.raises(InputError, match="unreadable"):
        refuse_inconsistent(pieces, (), EMPTY)


def test_pieces_of_a_whole_tree_are_accepted():
    pieces = {
        (): piece_of(BRANCH, {"open": [[0, "11"]]}, [1, "0*", CIRCUIT], circuits=[[[0, 1]]]),
        HERE: piece_of([1, "11", 2], [2, "11", VALUE], [2, "0*", {"bound": [[1, 1, -1]]}]),
    }
    refuse_inconsistent(pieces, (), EMPTY)
    with pytest.raises(InputError, match="one tree"):
        refuse_inconsistent(pieces, (HERE,), EMPTY)


def test_a_piece_without_a_reason_names_what_it_left_open():
    pieces = {(): packed([{"unproven": True}, {"open": [[0, "11"]]}]), HERE: piece_of([1, "11", MERGED])}
    refuse_inconsistent(pieces, (), EMPTY)


def test_a_writer_that_was_told_no_reason_names_what_it_left_open():
    prepared = prepare(PROBLEM, Pacing())
    log = PieceLogs(prepared, tuple(range(PROBLEM.n_samples))).of((1, -1), ())
    log.branch(0, [(1, 0), (1, 0)], 0)
    log.enter((1, 1))
    log.left_open(HERE)
    log.enter((1, 0))
    log.unproven()
    assert unpacked(log.packed) == b'\n{"unproven":true}\n{"open":[[0,"11"]]}\n'


def test_packed_bomb_is_refused():
    with pytest.raises(InputError, match="too long"):
        unpacked(piece_of(*[BRANCH] * 1000), max_bytes=1000)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"resume": True}, "needs a checkpoint_file"),
        ({"checkpoint_file": 5}, "must be a path"),
        ({"checkpoint_file": "search", "method": "mip"}, "'mip'"),
        ({"checkpoint_file": "no-such-folder/search"}, "does not exist"),
    ],
)
def test_wrong_options_are_refused(options, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words):
        exact.solve(PROBLEM, **options)


def test_progress_says_how_many_subtrees_are_open():
    seen = []
    exact.solve(PROBLEM, method="tree", time_limit=60, progress=seen.append)
    assert all(state.open_subtrees is not None and state.open_subtrees >= 0 for state in seen)
