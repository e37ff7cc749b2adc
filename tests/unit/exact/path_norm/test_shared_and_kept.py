"""A search for the least path norm shared, stopped and gone on with: the same interval, no file believed."""

import base64
import functools
import json
import os
import signal
import subprocess
import sys
import zlib
from concurrent.futures import BrokenExecutor, Future

import numpy as np
import pytest
from helpers import call, slow_after, wait_for

import sparsest
from sparsest import InputError, Problem, Status, datasets, exact
from sparsest.exact.path_norm.branch_and_bound import solve_by_branching
from sparsest.exact.path_norm.open_boxes import OpenBoxes
from sparsest.exact.path_norm.packing_turns import PackingTurns
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.tree.checkpoint_file import _head
from sparsest.exact.tree.workers import Workers
from sparsest.objectives import Objective

pytestmark = pytest.mark.usefixtures("workers_at_once")

XOR = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
PEAK = datasets.parse("peak-plateau").problem()


class Here:
    """An executor that does everything at once, on copies as other processes have them; it may lose some."""

    def __init__(self, loses=0):
        self.submitted, self._loses = 0, loses

    def submit(self, function, work):
        self.submitted += 1
        done = Future()
        if self._loses:
            self._loses -= 1
            done.set_exception(BrokenExecutor())
        else:
            done.set_result(function(work))
        return done


def searched(problem, objective=Objective.WEIGHTS, *, workers=None, **options):
    return solve_by_branching(problem, 0.5, objective, SearchOptions(**options), workers=workers)


def in_steps(problem, path, objective=Objective.WEIGHTS, node_limit=40):
    """Stop and go on until the search is closed; the result, and the number of runs."""
    for runs in range(1, 1000):
        found = searched(problem, objective, node_limit=node_limit, checkpoint_path=path, resume=True)
        if found.status is not Status.NODE_LIMIT:
            return found, runs
    raise AssertionError("it makes no way")


@pytest.mark.parametrize("objective", slow_after(1, [Objective.NEURONS, Objective.PARAMETERS]))
def test_a_search_gone_on_with_finds_the_same_interval(objective, tmp_path, monkeypatch):
    monkeypatch.setattr(PackingTurns, "take", lambda self: None)  # their turns go by the clock
    whole = searched(PEAK, objective)
    found, runs = in_steps(PEAK, tmp_path / "search", objective)
    assert runs > 2
    assert (found.status, found.lower, found.upper, found.nodes) == (
        Status.OPTIMAL, whole.lower, whole.upper, whole.nodes,
    )  # fmt: skip
    assert found.network == whole.network
    assert f"what its {whole.nodes - whole.nodes % 40} nodes refuted" in found.remark
    # what is finished is there at once
    again = searched(PEAK, objective, checkpoint_path=tmp_path / "search", resume=True)
    assert (again.status, again.lower, again.upper, again.nodes) == (
        Status.OPTIMAL, whole.lower, whole.upper, whole.nodes,
    )  # fmt: skip


@pytest.mark.slow
def test_within_a_weight_bound_both_searches_are_gone_on_with(tmp_path):
    # test_branch_and_bound derives sqrt(1.3) + sqrt(0.7): the bound binds, and cones have copies
    problem = Problem([-1, 0, 1], [0, 0, 2], weight_bound=1.3)
    found, runs = in_steps(problem, tmp_path / "search", node_limit=20)
    assert runs > 2
    assert found.status is Status.OPTIMAL
    assert found.lower <= 1.3**0.5 + 0.7**0.5 <= found.upper * (1 + 1e-9)
    assert found.network.within_bound(problem)


@pytest.mark.parametrize("loses", [0, 3, 1000])
def test_workers_find_the_same_interval_whatever_is_lost(loses):
    executor = Here(loses)
    pacing = Pacing(shared_from=20, small_piece=5, large_piece=30)
    found = searched(PEAK, workers=Workers(executor, 2), pacing=pacing)
    alone = searched(PEAK)
    assert executor.submitted > loses or loses == 1000
    assert (found.status, found.lower, found.upper) == (Status.OPTIMAL, alone.lower, alone.upper)


def test_a_limit_while_boxes_are_given_out_leaves_a_valid_interval():
    pacing = Pacing(shared_from=20, small_piece=5, large_piece=30)
    least = searched(PEAK).upper
    bounds = []
    for limit in (25, 60, 120):
        found = searched(PEAK, workers=Workers(Here(), 3), pacing=pacing, node_limit=limit)
        assert found.status is Status.NODE_LIMIT
        assert found.lower < least <= found.upper * (1 + 1e-9)
        bounds.append(found.lower)
    assert bounds == sorted(bounds)


@pytest.mark.slow
def test_processes_of_our_own_and_a_killed_run(tmp_path):
    """SIGKILL amid the search; what goes on ends with the interval of a run that nobody stopped."""
    path = tmp_path / "search"
    code = (
        "from sparsest import Problem\n"
        "from sparsest.exact.path_norm.branch_and_bound import solve_by_branching\n"
        "from sparsest.exact.search_options import Pacing, SearchOptions\n"
        "from sparsest.objectives import Objective\nfrom pathlib import Path\n"
        f"options = SearchOptions(checkpoint_path=Path({str(path)!r}), pacing=Pacing(save_every=0.05))\n"
        "problem = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])\n"
        "solve_by_branching(problem, 0.5, Objective.WEIGHTS, options)\n"
    )

    def nodes():
        state = json.loads(path.read_bytes().partition(b"\n")[2])["state"] if path.exists() else None
        return 0 if state is None else state["nodes"]

    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        wait_for(lambda: nodes() > 50)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    before, whole = nodes(), searched(XOR)
    assert 50 < before < whole.nodes
    result = exact.minimize_path_norm(XOR, 0.5, "weights", checkpoint_file=path, resume=True, workers=2)
    assert (result.status, result.upper_bound) == (Status.OPTIMAL, whole.upper)
    assert result.lower_bound == whole.lower
    assert result.nodes == whole.nodes
    assert f"its {before} nodes" in result.remark


@pytest.mark.parametrize(
    "search",
    [
        functools.partial(exact.minimize_path_norm, XOR, 0.5, "weights"),
        functools.partial(sparsest.solve, XOR),
    ],
    ids=["least", "solve"],
)
def test_the_time_of_earlier_runs_is_told_apart(tmp_path, search):
    kept = functools.partial(search, checkpoint_file=tmp_path / "search")
    first = kept(node_limit=5)
    again = kept(resume=True)
    assert (first.status, again.status) == (Status.NODE_LIMIT, Status.OPTIMAL)
    assert first.seconds_before == 0 < again.seconds_before < again.seconds
    now = f"{again.seconds - again.seconds_before:.2f} s, in all runs {again.seconds:.2f} s, "
    assert dict(again.rows())["time"].startswith(now)
    assert "in all runs" not in dict(first.rows())["time"]


def test_boxes_are_kept_in_the_order_of_their_bounds():
    boxes = OpenBoxes()
    low, high = np.zeros((1, 2, 1)), np.ones((1, 2, 1))
    for bound in (3.0, 1.0, 2.0):
        boxes.put_part(bound, (low, high), 0, (-np.inf, 0.5), np.zeros((0, 4), dtype=np.int64))
    taken = boxes.start(2)
    assert [box.bound for box in taken] == [1.0, 2.0]
    assert (boxes.bound, boxes.least_waiting, len(boxes)) == (1.0, 3.0, 1)
    boxes.put_back(taken)
    assert (boxes.bound, len(boxes)) == (1.0, 3)
    assert boxes.start()[0].intervals.high.ravel().tolist() == [0.5, 1.0]


def test_workers_are_dealt_boxes_in_turns():
    """Whoever got the second best 256 examined boxes far above the parts of the best that others had."""
    boxes = OpenBoxes()
    low, high = np.zeros((1, 2, 1)), np.ones((1, 2, 1))
    for bound in range(10):
        boxes.put_part(float(bound), (low, high), 0, (-np.inf, 0.5), np.zeros((0, 4), dtype=np.int64))
    first = boxes.start(2, stride=4)
    assert [box.bound for box in first] == [0.0, 4.0]
    assert len(boxes.under_way) == 1
    assert len(boxes) == 8
    assert [box.bound for box in boxes.start(2, stride=4)] == [1.0, 6.0]  # of 1, 2, 3, 5, 6, 7, 8, 9
    assert [box.bound for box in boxes.start(9, stride=4)] == [2.0, 8.0]  # of 2, 3, 5, 7, 8, 9
    assert (boxes.bound, boxes.least_waiting, len(boxes)) == (0.0, 3.0, 4)
    boxes.put_back(first)
    assert [box.bound for box in boxes.start(9)] == [0.0, 3.0, 4.0, 5.0, 7.0, 9.0]


class CountedBound(float):
    """A bound that counts how often one is compared with another."""

    compared = 0

    def __lt__(self, other):
        CountedBound.compared += 1
        return super().__lt__(other)


def test_the_best_of_many_boxes_is_taken_without_a_look_at_all():
    """A search looked through all open boxes for each one that it took, most of its time after a minute."""
    boxes = OpenBoxes()
    low, high = np.zeros((1, 2, 1)), np.ones((1, 2, 1))
    for k in range(4096):
        boxes.put_part(
            CountedBound(k * 1021 % 4096), (low, high), 0, (-np.inf, 0.5), np.zeros((0, 4), dtype=np.int64)
        )
    CountedBound.compared = 0
    assert [box.bound for box in boxes.start(3)] == [0.0, 1.0, 2.0]
    assert CountedBound.compared <= 3 * 2 * 12  # a heap of 2^12 has twelve levels, two comparisons each


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "search"
        searched(PEAK, node_limit=60, checkpoint_path=path)
        return path

    def resume(self, path, problem=PEAK, objective=Objective.WEIGHTS):
        return searched(problem, objective, checkpoint_path=path, resume=True)

    def rewritten(self, path, change):
        document = json.loads(path.read_bytes().partition(b"\n")[2])
        change(document)
        body = json.dumps(document).encode()
        path.write_bytes(_head(body) + body + b"\n")

    def test_a_file_in_the_way_and_other_questions(self, path):
        with pytest.raises(InputError, match="exists: resume"):
            searched(PEAK, checkpoint_path=path)
        with pytest.raises(InputError, match="another problem"):
            self.resume(path, XOR)
        with pytest.raises(InputError, match="another p, or the path norm of something else"):
            self.resume(path, objective=Objective.NEURONS)
        with pytest.raises(InputError, match="a search for the least path norm"):
            exact.solve(PEAK, method="tree", checkpoint_file=path, resume=True)

    def test_damage(self, path):
        content = path.read_bytes()
        path.write_bytes(content[:-40])
        with pytest.raises(InputError, match="digest"):
            self.resume(path)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda s: s.update(cones="0"), "other cones"),
            (lambda s: s.update(floor=-1.0), "no negative number"),
            (lambda s: s.pop("largest"), "lacks the field 'largest'"),
            (lambda s: s.update(undecided="nan"), "no negative number"),
            (lambda s: s["best"]["weights"].__setitem__(0, [5.0]), "does not fit"),
            (lambda s: s["boxes"].update(count=10**7), "another length"),
            (lambda s: s["boxes"].update(count=-1), "whole number"),
            (lambda s: s["boxes"].update(high="!"), "no packed array"),
            (lambda s: s["boxes"].update(shape=[1, 2, 1]), "another length|out of range"),
            (lambda s: s["boxes"].update(element=packed(np.full(10**4, 10**9))), "another length"),
        ],
    )  # fmt: skip
    def test_what_no_search_writes(self, path, change, says):
        self.rewritten(path, lambda document: change(document["state"]))
        with pytest.raises(InputError, match=says):
            self.resume(path)

    def test_numbers_that_point_outside_never_reach_compiled_code(self, path):
        def change(document):
            boxes = document["state"]["boxes"]
            boxes["element"] = packed(np.full(boxes["count"], 10**9))

        self.rewritten(path, change)
        with pytest.raises(InputError, match="out of range"):
            self.resume(path)

    def test_a_bomb_is_not_unpacked(self, path):
        bomb = base64.b64encode(zlib.compress(b"\0" * 10**8)).decode()
        self.rewritten(path, lambda document: document["state"]["boxes"].update(high=bomb))
        with pytest.raises(InputError, match="another length"):
            self.resume(path)


def packed(array):
    return base64.b64encode(zlib.compress(np.asarray(array, dtype="<i8").tobytes())).decode()


def test_the_command_keeps_and_resumes(tmp_path):
    path = tmp_path / "peak"
    ask = ("least", "peak-plateau", "--p", "0.5", "--objective", "weights", "--checkpoint", path)
    stopped = call(*ask, "--node-limit", 30)
    assert stopped.exit_code == 3
    assert "--resume continues it" in stopped.output
    assert call(*ask).exit_code == 2  # the file is in the way
    done = call(*ask, "--resume", "--json")
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert document["status"] == "optimal"
    assert call(*ask, "--workers", 2, "--dask", "x").exit_code == 2
