"""Several classes on the command line: solve, check and certify, and what is refused."""

import json

import pytest
import torch
from typer.testing import CliRunner

import sparsest
from sparsest import MultiClassProblem
from sparsest.cli.main import app

# class b between two of a, and c beyond them: two neurons (one is monotone), with names of classes in a table
ROWS = [(0.0, "a"), (0.5, "a"), (1.0, "b"), (1.5, "b"), (2.0, "a"), (3.0, "c")]


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def files(tmp_path):
    lines = "\n".join(f"{x},{kind}" for x, kind in ROWS)
    (tmp_path / "kinds.csv").write_text(f"x,kind\n{lines}\n")
    labels = [kind for _, kind in ROWS]
    problem = MultiClassProblem([[x] for x, _ in ROWS], labels, affine="constant")
    sparsest.save(problem, tmp_path / "kinds.json")
    return tmp_path


@pytest.mark.parametrize("data", ["kinds.csv", "kinds.json"])
def test_solve_and_check(files, data):
    asked = ("--classify", "--affine", "constant") if data.endswith("csv") else ()
    done = call("solve", files / data, *asked, "--proof", files / "p.json", "--save", files / "r.json")
    assert done.exit_code == 0, done.output
    assert "2, proven minimal" in done.output
    assert "3 classes" in done.output
    assert sparsest.load(files / "r.json").upper_bound == 2
    done = call("check", files / "p.json", files / data, *asked)
    assert done.exit_code == 0, done.output
    assert "3 classes with a margin of 1), with a constant, are exactly 2" in done.output
    assert call("check", files / "p.json", files / "kinds.csv", "--classify", "--margin", 2).exit_code == 1


def test_classes_that_a_skip_tells_apart_need_no_neuron(tmp_path):
    # the outputs 1 - 2 x, 0 and 2 x - 3 are in turn at least 1 larger than the others at 0, 1 and 2
    (tmp_path / "line.csv").write_text("x,kind\n0,a\n1,b\n2,c\n")
    done = call("solve", tmp_path / "line.csv", "--classify", "--affine", "skip")
    assert done.exit_code == 0, done.output
    assert "0, proven minimal" in done.output
    assert "lower bound  0 needs no proof" in done.output
    assert "0 nodes\n" in done.output


def test_json_and_refusals(files):
    done = call("solve", files / "kinds.csv", "--classify", "--affine", "constant", "--json")
    document = json.loads(done.output)
    assert (document["lower_bound"], document["upper_bound"], document["classes"]) == (2, 2, ["a", "b", "c"])
    assert document["problem"]["outputs"] == 3
    for options, words in (
        (("--plot", files / "p.png"), "several classes are not drawn"),
        (("--weight-bound", 1), "--weight-bound is for networks with one output"),
        (("--objective", "weights"), "neurons are counted"),
        (("--tolerance", 1), "exclude each other"),
    ):
        done = call("solve", files / "kinds.csv", "--classify", *options)
        assert done.exit_code == 2
        assert words in " ".join(done.output.split())
    done = call("find", files / "kinds.csv", "--classify")
    assert done.exit_code == 2
    assert "exactly two are supported here, more by" in " ".join(done.output.split())


def test_certify_a_classifier(files):
    """Outputs 2 t + 2 s, 1 and 4 t - 3 of t = max(0, x - 1.25) and s = max(0, 1.25 - x), and t once more."""
    model = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.ReLU(), torch.nn.Linear(3, 3)).double()
    outputs = [[1.0, 2, 0.5], [0, 0, 0], [4, 0, 0]]
    numbers = ([[1.0], [-1.0], [2.0]], [-1.25, 1.25, -2.5], outputs, [0.0, 1, -3])
    with torch.no_grad():
        for parameter, values in zip(model.parameters(), numbers, strict=True):
            parameter.copy_(torch.tensor(values))
    torch.save(model.state_dict(), files / "m.pt")
    done = call(
        "certify", files / "m.pt", files / "kinds.csv", "--margin", 0.25, "--proof", files / "p.json",
        "--question", files / "q.json", "--network", files / "n.json",
    )  # fmt: skip
    assert done.exit_code == 1, done.output
    assert "SPARSER_EXISTS: 2 neurons fit where the network has 3" in " ".join(done.output.split())
    assert sparsest.load(files / "n.json").width == 2
    assert call("check", files / "p.json", files / "q.json").exit_code == 0
    done = call("certify", files / "m.pt", files / "kinds.csv", "--margin", "x")
    assert done.exit_code == 2
