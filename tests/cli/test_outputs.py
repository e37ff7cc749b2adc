"""Several label columns on the command line: solved, proven, checked, and refused with one sentence."""

import json

import numpy as np
import pytest
from helpers import call

import sparsest
from sparsest import MultiOutputNetwork, MultiOutputProblem


@pytest.fixture
def table(tmp_path):
    """left = 2 max(0, x - 0.2) - max(0, x + z), right = max(0, x - 0.2) + max(0, x + z), in hundredths."""
    X = np.round(np.random.default_rng(0).uniform(-1, 1, (30, 2)), 2)
    hinges = np.maximum(0, np.c_[X[:, 0] - 0.2, X.sum(axis=1)])
    path = tmp_path / "robot.csv"
    np.savetxt(path, np.c_[X, hinges @ [[2, 1], [-1, 1]]], "%.2f", ",", header="x,z,left,right", comments="")
    return path


def test_solve_and_check(table, tmp_path):
    proof, saved = tmp_path / "proof.json.gz", tmp_path / "result.json"
    figure = tmp_path / "figure.png"
    done = call("solve", table, "--target", "left,right", "--proof", proof, "--save", saved, "--plot", figure)
    assert done.exit_code == 0
    assert "2 outputs (left, right)" in " ".join(done.stdout.split())
    assert "label     left, right (--target)" in done.stdout
    assert "left out" not in done.stdout
    assert figure.exists()
    result = sparsest.load(saved)
    assert (result.lower_bound, result.upper_bound) == (2, 2)
    again = call("check", proof, table, "--target", "left, right", "--tolerance", "0", "--affine", "none")
    assert again.exit_code == 0
    assert "m = 2, exact labels), without an affine term, are exactly 2" in again.stdout
    assert call("check", proof, table, "--target", "right,left").exit_code == 1
    assert call("check", proof, table, "--target", "left,right", "--tolerance", "0.1").exit_code == 1
    assert call("check", proof).exit_code == 0
    one = call("check", proof, table, "--target", "left")
    assert (one.exit_code, "about 2 outputs: a column for each" in one.stderr) == (2, True)


def test_json_and_saved_problems(table, tmp_path):
    cells = np.loadtxt(table, delimiter=",", skiprows=1)
    problem = MultiOutputProblem(cells[:, :2], cells[:, 2:])
    sparsest.save(problem, tmp_path / "problem.json")
    done = call("solve", tmp_path / "problem.json", "--json", "--proof", tmp_path / "proof.json")
    document = json.loads(done.stdout)
    assert document["format"] == "sparsest/multi-output-result"
    assert document["problem"]["outputs"] == 2
    assert document["problem"]["digest"] == problem.digest
    assert call("check", tmp_path / "proof.json", tmp_path / "problem.json").exit_code == 0
    assert call("solve", tmp_path / "problem.json", "--affine", "skip").exit_code == 0


def test_a_witness(table, tmp_path):
    network = MultiOutputNetwork([[1, 0], [1, 1]], [-0.2, 0], [[2, 1], [-1, 1]])
    sparsest.save(network, tmp_path / "network.json")
    done = call("solve", table, "--target", "left,right", "--witness", tmp_path / "network.json")
    assert done.exit_code == 0
    done = call("least", "xor", "--witness", tmp_path / "network.json")
    assert done.exit_code == 2
    assert "several outputs" in done.stderr


def test_a_column_whose_name_has_a_comma_is_one_label(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text('x,"a,b",a,b\n0,0,1,2\n1,1,0,0\n2,2,5,5\n')
    done = call("solve", path, "--target", "a,b", "--ignore", "a", "--ignore", "b", "--json")
    assert json.loads(done.stdout)["format"] == "sparsest/exact-result"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--target", "left,wrong"], "has no column named 'wrong'"),
        (["--target", "left,left"], "--target names the column 'left' twice"),
        (["--target", "left,right", "--classify"], "--classify is about one label"),
        (["--target", "left,right", "--weight-bound", "3"], "--weight-bound is for networks with one output"),
        (["--target", "left,right", "--objective", "weights"], "neurons are counted, not the weights"),
        (["--target", "left,right", "--method", "mip"], "not 'mip'"),
        (["--target", "left,right", "--features", "x,left"], "left"),
        (["--target", "left,right", "--checkpoint", "a.checkpoint"], "not kept in a file"),
    ],
)
def test_one_sentence(table, options, words):
    done = call("solve", table, *options)
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_missing_values_of_one_label(table):
    table.write_text(table.read_text() + "0.5,0.5,,1.00\n")
    assert "is empty" in call("solve", table, "--target", "left,right").stderr
    done = call("solve", table, "--target", "left,right", "--drop-missing")
    assert "not every row has a value of each label" in done.stderr
