"""`sparsest certify` of models with several outputs, and `--embed`."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from helpers import call

import sparsest
from sparsest import MultiOutputNetwork, MultiOutputProblem, Network, load, save
from sparsest.models import read_model, write_model

X = np.linspace(-2, 2, 9)[:, None]
# TWO's function with three neurons: the second is twice the first
THREE = MultiOutputNetwork([[1.0], [2.0], [-1.0]], [0.0, 0.0, -0.5], [[0.5, 1], [0.25, 0.5], [1, -1]])


@pytest.fixture
def files(tmp_path):
    """A model and its data."""
    write_model(THREE, tmp_path / "m.pt")
    frame = pd.DataFrame(np.c_[THREE(X)[:, 0], X, THREE(X)[:, 1]], columns=["force", "x", "heat"])
    frame.to_csv(tmp_path / "runs.csv", index=False)
    return tmp_path


def test_a_table_with_several_labels(files):
    done = call(
        "certify", files / "m.pt", files / "runs.csv", "--target", "force, heat", "--embed",
        "--time-limit", 10, "--tolerance", "1e-6,1e-6", "--network", files / "s.pt",
        "--save", files / "c.json", "--proof", files / "p.json",
    )  # fmt: skip
    assert done.exit_code == 1, done.output
    assert "SPARSER_EXISTS: 2 neurons fit where the network has 3" in done.output
    assert "force" in done.output
    assert "features  x" in done.output
    # one binary for the knot at 0 and one for that at -0.5; the first two neurons share theirs in one
    assert "given           3 binaries" in done.output
    assert "sparsest known  2 binaries" in done.output
    found = load(files / "c.json")
    assert read_model(files / "s.pt").network == found.network
    assert set(torch.load(files / "s.pt")) == {"0.weight", "0.bias", "2.weight"}
    problem = MultiOutputProblem(X, THREE(X), tolerance=1e-6)
    checked = sparsest.check_proof(files / "p.json", problem)
    assert (checked.lower_bound, checked.upper_bound) == (2, 2)


def test_json(files):
    options = ("--target", "force,heat", "--json", "--embed", "--time-limit", 10, "--tolerance", "1e-6")
    done = call("certify", files / "m.pt", files / "runs.csv", *options)
    document = json.loads(done.stdout)
    assert document["verdict"] == "sparser_exists"
    assert [document["embedding"][name]["binaries"] for name in ("given", "sparsest known")] == [3, 2]
    assert document["read"]["label"] == "force, heat (--target)"


def test_what_it_is_held_against(files):
    options = ("--target", "force,heat", "--against", "model", "--share-of-range", 0.05, "--time-limit", 5)
    done = call("certify", files / "m.pt", files / "runs.csv", *options)
    words = " ".join(done.output.split())
    assert "within 5 percent of the range of the network's own" in words, done.output


def test_a_saved_problem(files):
    save(MultiOutputProblem(X, THREE(X)), files / "p.json")
    done = call("certify", files / "m.pt", files / "p.json", "--time-limit", 10, "--tolerance", "1e-6")
    assert done.exit_code == 1, done.output
    assert "2 neurons fit" in done.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "there is no --target, and the model has 2 outputs"),
        (("--target", "force"), "--target names 1 columns"),
        (("--target", "force,force"), "names the column 'force' twice"),
        (("--target", "force,cold"), "cold"),
        (("--target", "cold,force"), "no column named 'cold'"),
        (("--target", "force,heat", "--report", "r.html"), "--report is for one output"),
        (("--target", "force,heat", "--objective", "weights"), "several outputs: leave it out"),
        (("--target", "force,heat", "--margin", "1"), "several --target: name the one of classes"),
    ],
)
def test_what_cannot_be_used_is_said(files, options, words):
    done = call("certify", files / "m.pt", files / "runs.csv", *options)
    assert done.exit_code == 2, done.output
    assert words in done.output


def test_no_table(files):
    done = call("certify", files / "m.pt", "xor")
    assert done.exit_code == 2
    assert "'xor' is no table, and the model has 2 outputs" in done.output


def test_the_cost_of_one_output(tmp_path):
    wide = Network([[1.0], [1.0], [1.0], [1.0]], [0.0, -1.0, -1.0, -2.5], [1.0, -1.0, -1.0, 1.0])
    save(wide, tmp_path / "wide.json")
    values = wide(X)
    pd.DataFrame({"x": X[:, 0], "y": values}).to_csv(tmp_path / "d.csv", index=False)
    done = call("certify", tmp_path / "wide.json", tmp_path / "d.csv", "--embed", "--time-limit", 10)
    # knots at 0 and 1 inside (-2, 2), twice the latter; that at 2.5 is inactive there
    assert "given           3 binaries" in done.output, done.output
    assert "sparsest known  2 binaries" in done.output
