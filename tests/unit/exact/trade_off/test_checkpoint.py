"""A curve that was cut short continues with the same points, and no other file is taken for its own."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from sparsest import InputError, Problem, exact
from sparsest.exact.tree.checkpoint_file import write_document

LINE = Problem([0, 1, 2, 3, 4, 5], [0, 1, 0, 1, 0, 2], affine="skip")
PLANE = Problem([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1], [1, 3]], [0, 1, 1, 0, 2, 1])


def bounds(curve):
    return [(p.neurons, p.lower_bound, p.upper_bound, str(p.status)) for p in curve.points]


@pytest.mark.parametrize("problem", [LINE, PLANE])
def test_continued_curves_have_the_same_points(problem, tmp_path):
    path = tmp_path / "curve.checkpoint"
    first = exact.frontier(problem, most=1, checkpoint_file=path)
    nodes = sum(point.nodes for point in first.points)
    again = exact.frontier(problem, most=3, checkpoint_file=path, resume=True)
    assert bounds(again)[:2] == bounds(first)
    assert sum(point.nodes for point in again.points[:2]) == 0
    whole = exact.frontier(problem, most=3)
    assert [p.upper_bound for p in again.points] == pytest.approx([p.upper_bound for p in whole.points], 1e-2)
    assert again.points[1].network == first.points[1].network
    assert str(path) in again.remark
    assert f"{nodes} nodes" in again.remark


def test_without_resume_a_file_is_in_the_way(tmp_path):
    path = tmp_path / "curve.checkpoint"
    exact.frontier(LINE, most=1, checkpoint_file=path)
    with pytest.raises(InputError, match="exists: resume"):
        exact.frontier(LINE, most=1, checkpoint_file=path)
    with pytest.raises(InputError, match="resume needs"):
        exact.frontier(LINE, most=1, resume=True)
    with pytest.raises(InputError, match="does not exist"):
        exact.frontier(LINE, checkpoint_file=tmp_path / "no" / "file")


def test_files_of_other_curves_are_refused(tmp_path):
    path = tmp_path / "curve.checkpoint"
    exact.frontier(PLANE, most=1, checkpoint_file=path)
    other = PLANE.replace(low=PLANE.low + 1, high=PLANE.high + 1)
    with pytest.raises(InputError, match="another problem"):
        exact.frontier(other, checkpoint_file=path, resume=True)
    with pytest.raises(InputError, match="other units"):
        exact.frontier(PLANE, scale=np.full(6, 2.0), checkpoint_file=path, resume=True)
    tree = tmp_path / "tree.checkpoint"
    exact.solve(PLANE, method="tree", checkpoint_file=tree)
    with pytest.raises(InputError, match="of a search for the fewest"):
        exact.frontier(PLANE, checkpoint_file=tree, resume=True)


def stored(path):
    return json.loads(path.read_bytes().partition(b"\n")[2])


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: document.pop("refuted"),
        lambda document: document["refuted"].append([-1, 0.5]),
        lambda document: document["refuted"].append([1, "inf"]),
        lambda document: document["refuted"].append([1, True]),
        lambda document: document["refuted"].append([5]),
        lambda document: document["attained"].append([1, 1e-3, document["attained"][0][2]]),
        lambda document: document["attained"].append([0, 0.0, None]),
        lambda document: document["attained"][0].__setitem__(2, {"format": "sparsest/network"}),
        lambda document: document["refuted"].append([9, 5.0]),  # above what networks attain
        lambda document: document.update(nodes=-1),
        lambda document: document.update(attained=3),
    ],
)
def test_damaged_states_are_refused(damage, tmp_path):
    path = tmp_path / "curve.checkpoint"
    exact.frontier(PLANE, most=1, checkpoint_file=path)
    document = stored(path)
    damage(document)
    write_document(path, document)  # with the digest of the damaged content
    with pytest.raises(InputError) as caught:
        exact.frontier(PLANE, checkpoint_file=path, resume=True)
    assert "\n" not in str(caught.value)


def test_a_flipped_byte_is_seen(tmp_path):
    path = tmp_path / "curve.checkpoint"
    exact.frontier(PLANE, most=1, checkpoint_file=path)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        exact.frontier(PLANE, checkpoint_file=path, resume=True)


@pytest.mark.slow
def test_a_killed_run_continues(tmp_path):
    path = tmp_path / "curve.checkpoint"
    script = (
        "import numpy as np; from sparsest import Problem, exact\n"
        "rng = np.random.default_rng(0); X = rng.integers(-9, 10, (40, 3)); y = rng.integers(-9, 10, 40)\n"
        f"exact.frontier(Problem(X, y, tolerance=20), most=6, checkpoint_file={str(path)!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", script])
    for _ in range(600):  # until two points have lower bounds
        time.sleep(0.05)
        if path.exists() and len(stored(path)["refuted"]) >= 2:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = stored(path)
    rng = np.random.default_rng(0)
    problem = Problem(rng.integers(-9, 10, (40, 3)), rng.integers(-9, 10, 40), tolerance=20)
    curve = exact.frontier(problem, most=3, time_limit=2, checkpoint_file=path, resume=True)
    for least, error in kept["refuted"]:
        assert all(p.lower_bound >= error for p in curve.points if p.neurons < least)
