import functools
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from helpers import call, wait_for

from sparsest import Network, Outcome, Problem, Proof, Status, load, save
from sparsest.benchmarks.run import executors
from sparsest.cli import exit_codes

QUICK = ["--restarts", "4", "--steps", "400"]


def run(*arguments, **options):
    """A true process, as a shell starts it."""
    command = [sys.executable, "-m", "sparsest.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


@pytest.fixture
def curve(tmp_path):
    path = tmp_path / "curve.csv"
    pd.DataFrame({"x": range(6), "noise": [0] * 6, "y": [0, 0, 1, 1, 0, 0]}).to_csv(path, index=False)
    return path


class TestSolve:
    def test_table_says_what_is_proven(self):
        result = call("solve", "peak-plateau")
        assert result.exit_code == 0
        for words in (
            "3, proven minimal",
            "exact: every step was verified",
            "univariate (one feature",
            "witness",
            "knot",
        ):
            assert words in result.stdout

    def test_json_is_the_whole_output(self):
        result = call("solve", "peak-plateau", "--json")
        document = json.loads(result.stdout)
        assert (document["status"], document["objective"]) == ("optimal", "neurons")
        assert document["lower_bound"] == document["upper_bound"] == 3
        assert {"method", "seconds", "network", "proof", "nodes", "problem"} <= document.keys()
        assert result.stderr == ""

    def test_numerical_proofs_are_not_called_proven(self):
        result = call("solve", "xor", "--objective", "weights", "--method", "mip")
        assert result.exit_code == 0
        assert "4, minimal up to solver tolerances" in result.stdout
        assert "proven" not in result.stdout

    def test_time_limit_gives_an_interval_and_its_exit_code(self):
        result = call("solve", "uniform:d=2,n=16", "--time-limit", "0.5")
        assert result.exit_code == 3
        assert "at least" in result.stdout
        assert "the time limit was reached" in result.stdout
        for word in ("optimal", "proven", "minimal"):
            assert word not in result.stdout

    def test_a_weight_bound(self):
        # slopes change by 1, -2 and 1: 400 neurons of slope 1/100
        result = call("solve", "tent", "--weight-bound", "0.01", "--json")
        assert json.loads(result.stdout)["upper_bound"] == 400

    def test_csv_with_target_skip_and_tolerance(self, curve):
        result = call("solve", curve, "--target", "y", "--affine", "skip", "--tolerance", "0.5", "--json")
        assert json.loads(result.stdout)["upper_bound"] == 0  # the constant 1/2 is within 1/2 of every label

    @pytest.mark.parametrize("ending", ["parquet", "npz"])
    def test_other_files(self, tmp_path, ending):
        path = tmp_path / f"data.{ending}"
        if ending == "npz":
            np.savez(path, X=np.arange(3.0), y=np.array([0.0, 1.0, 0.0]))
        else:
            pd.DataFrame({"x": [0.0, 1.0, 2.0], "y": [0.0, 1.0, 0.0]}).to_parquet(path)
        assert json.loads(call("solve", path, "--affine", "skip", "--json").stdout)["upper_bound"] == 1

    def test_classes_by_name(self, tmp_path):
        path = tmp_path / "classes.csv"
        pd.DataFrame({"x": [0, 1, 2], "kind": ["cat", "dog", "dog"]}).to_csv(path, index=False)
        result = call("solve", path, "--classify", "--affine", "skip", "--json")
        assert json.loads(result.stdout)["upper_bound"] == 0
        assert call("solve", path).exit_code == 2

    def test_saved_problem_and_saved_result(self, tmp_path):
        save(Problem([0, 1, 2], [0, 1, 0]), tmp_path / "problem.json")
        result = call("solve", tmp_path / "problem.json", "--save", tmp_path / "result.json")
        assert result.exit_code == 0
        again = load(tmp_path / "result.json")
        assert (again.status, again.proof) == (Status.OPTIMAL, Proof.EXACT)

    def test_the_option_overrides_a_saved_problem(self, tmp_path):
        save(Problem([0, 1, 2], [1, 2, 3], affine="skip"), tmp_path / "line.json")
        for affine, neurons in (("skip", 0), ("none", 1)):  # 1 + x on x >= 0 is one neuron
            done = call("solve", tmp_path / "line.json", "--affine", affine, "--json")
            document = json.loads(done.stdout)
            assert document["upper_bound"] == neurons
        assert json.loads(call("solve", tmp_path / "line.json", "--json").stdout)["upper_bound"] == 0

    def test_folder_does_not_hide_a_dataset(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "xor").mkdir()
        assert call("solve", "xor", "--json").exit_code == 0
        assert call("solve", "./xor").exit_code == 2

    def test_integers_beyond_64_bits(self, tmp_path):
        (tmp_path / "large.csv").write_text(f"x,y\n0,{2**70}\n1,{2**70}\n")
        assert json.loads(call("solve", tmp_path / "large.csv", "--json").stdout)["upper_bound"] == 1

    def test_result_is_printed_even_when_saving_fails(self, tmp_path, monkeypatch):
        def full(item, path):
            raise OSError(28, "No space left on device", str(path))

        monkeypatch.setattr("sparsest.cli.output.save", full)
        result = call("solve", "peak-plateau", "--json", "--save", tmp_path / "result.json")
        assert json.loads(result.stdout)["upper_bound"] == 3
        assert (result.exit_code, "No space left" in result.stderr) == (2, True)

    @pytest.mark.slow
    def test_nothing_to_plot_is_said(self, tmp_path):
        # four million neurons are no network that anybody can use
        result = call("solve", "tent", "--weight-bound", "1e-6", "--plot", tmp_path / "figure.png")
        assert "was not drawn" in result.stderr
        assert not (tmp_path / "figure.png").exists()

    @pytest.mark.slow
    @pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
    def test_plot(self, tmp_path, ending):
        path = tmp_path / f"figure.{ending}"
        result = call("solve", "xor", "--plot", path, "--json")
        assert json.loads(result.stdout)
        start = path.read_bytes()[:200]
        assert {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending] in start

    @pytest.mark.slow
    def test_node_limit_and_going_on_from_a_checkpoint(self, tmp_path):
        path = tmp_path / "search"
        name = "uniform:d=2,n=8,seed=0"
        common = ["solve", name, "--checkpoint", path, "--json", "--no-training"]
        first = call(*common, "--node-limit", "200", "--resume")
        assert (first.exit_code, json.loads(first.stdout)["status"]) == (3, "node_limit")
        assert "the search starts anew" in first.stderr
        assert "the same command with --resume continues it" in first.stderr
        in_the_way = call(*common)
        assert (in_the_way.exit_code, in_the_way.stdout) == (2, "")
        assert "--resume" in in_the_way.stderr
        second = call(*common, "--resume")
        document = json.loads(second.stdout)
        assert (second.exit_code, document["lower_bound"], document["upper_bound"]) == (0, 3, 3)
        assert document["nodes"] > 200
        assert second.stderr == ""

    def test_a_constant_is_an_output_bias(self, tmp_path):
        # 3 and a ramp: one neuron beside a constant, two without
        (tmp_path / "ramp.csv").write_text("x,y\n-2,3\n-1,3\n0,3\n1,4\n2,5\n")
        data, proof = tmp_path / "ramp.csv", tmp_path / "proof.json"
        document = json.loads(call("solve", data, "--affine", "constant", "--json", "--proof", proof).stdout)
        assert (document["lower_bound"], document["upper_bound"]) == (1, 1)
        assert document["network"]["affine"][0] == 0
        assert json.loads(call("solve", data, "--json").stdout)["upper_bound"] == 2
        assert "with a constant" in call("check", proof, data).stdout
        assert "with a constant" in call("solve", data, "--affine", "constant").stdout
        # 3 + max(0, x) has one weight, of size 1
        bounded = ["--method", "tree", "--weight-bound", "1"]
        for options in (["--objective", "weights"], ["--method", "mip"], bounded):
            done = call("solve", data, "--affine", "constant", *options, "--json")
            assert json.loads(done.stdout)["upper_bound"] == 1
        refused = call("solve", data, "--affine", "skip constant")
        assert refused.exit_code == 2
        assert "constant" in refused.stderr
        saved = tmp_path / "ramp.json"
        save(Problem([-2, -1, 0, 1, 2], [3, 3, 3, 4, 5], affine="skip"), saved)
        assert json.loads(call("solve", saved, "--affine", "constant", "--json").stdout)["upper_bound"] == 1

    @pytest.mark.slow
    def test_network_from_a_file_is_the_upper_bound(self, tmp_path):
        path = tmp_path / "witness.npz"
        name = "uniform:d=2,n=8,seed=0"
        found = json.loads(call("solve", name, "--json", "--time-limit", "60").stdout)
        network = Network(*(found["network"][key] for key in ("weights", "biases", "outputs")))
        save(network, path)
        result = call("solve", name, "--witness", path, "--node-limit", "1", "--json")
        # floats meet random labels up to rounding only: the rational network beside them counts
        assert json.loads(result.stdout)["upper_bound"] == found["upper_bound"]

    @pytest.mark.slow
    @pytest.mark.skipif(os.name == "nt", reason="signals")
    def test_interrupt_reports_the_interval(self, tmp_path):
        started = tmp_path / "search"  # a checkpoint is there when the search begins
        command = [sys.executable, "-m", "sparsest.cli.main", "solve", "uniform:d=2,n=20", "--json"]
        command += ["--checkpoint", started, "--no-training"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for(started.exists)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 3, stderr
        document = json.loads(stdout)
        assert document["status"] == "interrupted"
        assert document["lower_bound"] < document["upper_bound"]


class TestFind:
    def test_few_neurons(self, tmp_path):
        saved = tmp_path / "fit.json"
        result = call("find", "noisy:d=2,n=60,k=2,seed=1", "--save", saved)
        assert result.exit_code == 0
        assert "2 neurons" in result.stdout
        assert "proven" not in result.stdout
        assert load(saved).count == 2

    def test_network_that_does_not_fit(self):
        result = call("find", "zigzag", "--width", "1", "--effort-limit", "0.1")
        assert result.exit_code == 1
        assert "does not fit" in result.stdout

    def test_checkpoint(self, tmp_path):
        options = ["tent", "--objective", "weights", "--checkpoint", tmp_path / "search.npz"]
        first, again = call("find", *options, "--json"), call("find", *options, "--resume", "--json")
        assert json.loads(first.stdout)["steps"] == json.loads(again.stdout)["steps"]
        assert call("find", *options).exit_code == 2  # it exists


class TestTrain:
    def test_reports_raw_and_polished_apart(self):
        result = call("train", "tent", *QUICK)
        assert result.exit_code == 0
        assert "raw" in result.stdout
        assert "3 neurons" in result.stdout
        assert "proven" not in result.stdout

    @pytest.mark.slow
    def test_network_that_does_not_fit(self):
        options = ["--algorithm", "smoothed", "--width", "1", "--restarts", "1", "--steps", "5"]
        result = call("train", "zigzag", *options)
        assert result.exit_code == 1
        assert "does not fit" in result.stdout

    @pytest.mark.slow
    def test_json_plot_and_save(self, tmp_path):
        files = tmp_path / "training.png", tmp_path / "fit.npz"
        result = call("train", "tent", *QUICK, "--json", "--plot", files[0], "--save", files[1])
        assert json.loads(result.stdout)["network"]["format"] == "sparsest/network"
        assert files[0].stat().st_size > 10_000
        assert load(files[1]).network.count() == 3

    @pytest.mark.slow
    @pytest.mark.parametrize("ending", [".csv", ".parquet"])
    def test_history(self, ending, tmp_path):
        path = tmp_path / f"history{ending}"
        result = call("train", "tent", "--algorithm", "adam-reweighted", *QUICK, "--history", path)
        assert result.exit_code == 0
        table = pd.read_csv(path) if ending == ".csv" else pd.read_parquet(path)
        assert list(table.columns) == ["restart", "step", "loss", "path_norm", "active"]
        assert (table["step"] >= 0).all()
        assert table.groupby("restart")["step"].is_monotonic_increasing.all()
        assert not call("train", "tent", "--history", tmp_path / "history.txt").stdout

    def test_checkpoint(self, tmp_path):
        path = tmp_path / "training.npz"
        options = ["--algorithm", "adam-reweighted", *QUICK, "--checkpoint", path]
        first = call("train", "tent", *options)
        assert first.exit_code == 0
        assert call("train", "tent", *options).exit_code == 2  # it exists
        again = call("train", "tent", *options, "--resume", "--json")
        assert json.loads(again.stdout)["steps"] == 400
        assert call("train", "tent", "--resume").exit_code == 2


class TestCompare:
    def test_agree(self):
        result = call("compare", "peak-plateau", *QUICK)
        assert result.exit_code == 0
        assert "AGREE: both reach 3 neurons" in result.stdout

    def test_json(self):
        document = json.loads(call("compare", "xor", *QUICK, "--json").stdout)
        assert document["verdict"] == document["outcome"] == "agree"
        assert document["exact"]["upper_bound"] == 2
        assert document["continuous"]["objective"] == "neurons"

    def test_exit_codes(self):
        codes = {outcome.name: exit_codes.of_outcome(outcome) for outcome in Outcome}
        negative = {"CONTINUOUS_ABOVE": 1, "NOT_INTERPOLATING": 1, "DISAGREE": 1}
        assert codes == {"AGREE": 0, "EXACT_OPEN": 3} | negative

    @pytest.mark.slow
    def test_open_verdict(self, tmp_path):
        # plenty of neurons for training, too little time for the exact side
        result = call("compare", "uniform:d=3,n=24", "--time-limit", "1.5", "--width", "100")
        assert "optimal" not in result.stdout
        assert result.exit_code in (1, 3)
        assert "EXACT_OPEN" in result.stdout or "NOT_INTERPOLATING" in result.stdout


class TestFrontier:
    def test_curve(self, curve, tmp_path):
        # 0, 0, 1, 1, 0, 0 over 0 to 5: a constant 0 is off by 1, and 3 neurons meet all
        result = call(
            "frontier",
            curve,
            "--ignore",
            "noise",
            "--plot",
            tmp_path / "f.png",
            "--save",
            tmp_path / "f.json",
        )
        assert result.exit_code == 0
        rows = [line.split() for line in result.stdout.splitlines()]
        assert ["3", "0", "0", "proven", "least"] in rows
        assert (tmp_path / "f.png").stat().st_size > 5000
        assert [point.neurons for point in load(tmp_path / "f.json").points] == [0, 1, 2, 3]

    def test_one_point_with_its_proof(self, curve, tmp_path):
        proof = tmp_path / "two.json"
        result = call("frontier", curve, "--ignore", "noise", "--neurons", 2, "--json", "--proof", proof)
        document = json.loads(result.stdout)
        assert document["status"] == "optimal"
        assert 0 < document["lower_bound"] <= document["upper_bound"] < 0.5
        assert document["proof_written"]
        assert "are exactly 3" in call("check", proof).stdout  # within the error that 2 do not reach

    def test_proof_is_of_one_point(self, curve, tmp_path):
        result = call("frontier", curve, "--proof", tmp_path / "p.json")
        assert result.exit_code == exit_codes.BAD_INPUT
        assert "--proof goes with --neurons" in result.stderr

    def test_every_point_with_its_proof_page_and_checkpoint(self, curve, tmp_path):
        proofs, page, kept = tmp_path / "proofs", tmp_path / "page.html", tmp_path / "kept"
        asked = ("frontier", curve, "--ignore", "noise", "--affine", "skip", "--html", page)
        result = call(*asked, "--proofs", proofs, "--checkpoint", kept)
        assert result.exit_code == 0
        assert "written" in result.stdout
        command = result.stderr.split("sparsest check ")[1].splitlines()[0].split()
        assert call("check", *command).exit_code == 0  # as it was printed
        assert page.read_text().startswith("<!DOCTYPE html>")
        again = call(*asked, "--checkpoint", kept, "--resume", "--json")
        points = json.loads(again.stdout)["points"]
        assert [point["nodes"] for point in points] == [0] * len(points)
        assert call(*asked, "--checkpoint", kept).exit_code == exit_codes.BAD_INPUT

    def test_units_of_errors(self, tmp_path):
        # labels 1 and 3 and a constant c: relative c - 1 and (3 - c) / 3, least at 3/2; in units 1 and 3 the
        # same; above in units of 3, c - 1 over 3 and 3 - c: 5/2
        table = tmp_path / "t.csv"
        table.write_text("x,sigma,y\n0,1,1\n1,3,3\n")
        asked = ("frontier", table, "--affine", "constant", "--neurons", 0, "--json", "--ignore")
        for options, least in (
            (("sigma", "--relative"), 0.5),
            (("nothing", "--scale", "sigma"), 0.5),
            (("sigma", "--above", 3), 0.5),
            (("sigma", "--relative", "--floor", 10), 0.1),
        ):
            given = (*asked[:-1], *options[1:]) if options[0] == "nothing" else (*asked, *options)
            document = json.loads(call(*given).stdout)
            assert document["upper_bound"] == pytest.approx(least, rel=2e-3)
            assert document["unit"]

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (("--floor", 1), "add that"),
            (("--relative", "--scale", "noise"), "exclude each other"),
            (("--below", 0), "must be positive"),
            (("--relative", "--floor", 0), "must be positive"),
            (("--relative",), "is 0"),
            (("--scale", "nothing"), "nothing"),
            (("--scale", "noise"), "must be positive"),
            (("--neurons", 1, "--proofs", "p"), "whole curve"),
            (("--html", "page.pdf"), "use .html"),
            (("--resume",), "--checkpoint"),
        ],
    )
    def test_options_that_make_no_sense(self, curve, options, words):
        result = call("frontier", curve, *options)
        assert result.exit_code == exit_codes.BAD_INPUT
        assert words in " ".join(result.stderr.split())

    def test_columns_of_units_are_of_tables(self):
        assert "is not a table" in call("frontier", "xor", "--scale", "sigma").stderr


class TestNeurons:
    @pytest.mark.parametrize("command", ["find", "train"])
    def test_best_network_of_so_many(self, curve, command):
        # 0, 0, 1, 1, 0, 0: one neuron is off by 1/2 at least
        result = call(command, curve, "--ignore", "noise", "--neurons", 1, "--json")
        assert result.exit_code == 0
        options = json.loads(result.stdout)["options"]
        assert options["neurons"] == 1
        assert 0.5 <= options["largest_error"] <= 1

    def test_width_is_another_question(self, curve):
        assert call("find", curve, "--neurons", 1, "--width", 3).exit_code == exit_codes.BAD_INPUT


class TestDatasets:
    def test_list_and_detail(self):
        assert "peak-plateau" in call("datasets").stdout
        assert "1 neuron with a skip, proven" in call("datasets", "xor").stdout

    def test_json(self):
        names = [entry["name"] for entry in json.loads(call("datasets", "--json").stdout)["datasets"]]
        assert "close4" in names
        detail = json.loads(call("datasets", "planted:d=1,n=3,k=1", "--json").stdout)
        assert len(detail["X"]) == len(detail["y"]) == 3


def bad_inputs(folder):
    """Arguments, and words that the one sentence on stderr must hold."""

    def csv(name, text):
        path = folder / name
        path.write_text(text)
        return path

    duplicates = csv("duplicates.csv", "x,y\n0,1\n1,2\n0,3\n")
    network = folder / "network.json"
    save(Network.zero(1), network)
    problem = folder / "problem.json"
    save(Problem([0, 1], [0, 1]), problem)
    return [
        (["solve", "no-such-data"], "unknown dataset"),
        (["solve", "peakplateau"], "did you mean 'peak-plateau'"),
        (["solve", "planted:q=3"], "no parameter 'q'"),
        (["solve", "planted:d=two"], "not key=number"),
        (["solve", folder / "missing.csv"], "no such file"),
        (["solve", folder], "unknown ending"),
        (["solve", csv("empty.csv", "")], "empty.csv"),
        (["solve", csv("header.csv", "x,y\n")], "no rows"),
        (["solve", csv("text.csv", "x,y\n0,1\na,2\n")], "row 1"),
        (["solve", csv("gap.csv", "x,y\n0,1\n,2\n")], "empty at row 1"),
        (["solve", csv("one.csv", "x\n0\n")], "1 column"),
        (["solve", csv("infinite.csv", "x,y\n0,1\ninf,2\n")], "row 1"),
        (["solve", csv("labels.csv", "x,y\n0,a\n1,b\n")], "--classify"),
        (
            ["solve", csv("three.csv", "x,y\n0,a\n1,b\n2,c\n"), "--classify", "--objective", "weights"],
            "neurons",
        ),
        (["solve", duplicates], "rows 0 and 2"),
        (["solve", duplicates, "--target", "z"], "'z'"),
        (["solve", "xor", "--target", "y"], "--target"),
        (["solve", network], "not a problem"),
        (["solve", csv("broken.json", "{")], "not readable JSON"),
        (["solve", "xor", "--tolerance", "-1"], "negative"),
        (["solve", "xor", "--tolerance", "nan"], "nan"),
        (["solve", "xor", "--weight-bound", "0"], "positive"),
        (["solve", "xor", "--time-limit", "0"], "time_limit"),
        (["solve", "xor", "--objective", "knots"], "neurons"),
        (["solve", "xor", "--method", "magic"], "univariate"),
        (["solve", "xor", "--method", "univariate"], "needs one feature"),
        (["solve", "xor", "--method", "mip", "--mip-solver", "magic"], "magic"),
        (["solve", "xor", "--plot", "figure.bmp"], ".bmp"),
        (["solve", "xor", "--plot", folder / "none" / "figure.png"], "does not exist"),
        (["solve", "xor", "--save", "result.pkl"], ".pkl"),
        (["solve", "xor", "--resume"], "--checkpoint"),
        (["solve", "xor", "--checkpoint", folder / "none" / "search"], "does not exist"),
        (["solve", "xor", "--checkpoint", folder], "is a folder"),
        (["solve", "xor", "--checkpoint", network, "--resume"], "not a checkpoint"),
        (["solve", "xor", "--checkpoint", folder / "search", "--method", "mip"], "'mip'"),
        (["solve", "xor", "--node-limit", "0"], "node_limit"),
        (["solve", "xor", "--workers", "0"], "workers"),
        (["solve", "xor", "--workers", "2", "--dask", "x"], "exclude each other"),
        (["compare", "xor", "--workers", "2", "--dask", "x"], "exclude each other"),
        (["certify", network, "xor", "--workers", "2", "--dask", "x"], "exclude each other"),
        (["certify", network, "xor", "--dask", "tcp://127.0.0.1:9"], "no Dask scheduler"),
        (["compare", "xor", "--resume"], "--resume needs the file to continue from"),
        (["solve", "xor", "--dask", "tcp://127.0.0.1:9"], "no Dask scheduler"),
        (["solve", "xor", "--witness", network], "2 features"),
        (["solve", "xor", "--witness", duplicates], "unknown ending"),
        (["solve", "xor", "--witness", problem], "does not hold a network"),
        (["least", "xor", "--witness", network], "2 features"),
        (["least", "xor", "--witness", problem], "does not hold a network"),
        (["solve", "xor", "--classify", "--tolerance", "1"], "exclude each other"),
        (["solve", "xor", "--classify", "--margin", "0"], "margin"),
        (["solve", "xor", "--margin", "2"], "--classify"),
        (["solve", csv("digits.csv", f"x,y\n0,{10**20 + 1}\n")], "no 64-bit float"),
        (["train", "xor", "--p", "0"], "p = 0"),
        (["train", "xor", "--p", "1.5"], "1.5"),
        (["train", "xor", "--restarts", "0"], "restarts"),
        (["train", "xor", "--steps", "0"], "steps"),
        (["train", "xor", "--width", "-3"], "width"),
        (["train", "xor", "--algorithm", "smoothed", "--width", "100000000"], "lower restarts"),
        (["find", "xor", "--width", "0"], "width"),
        (["find", "xor", "--effort-limit", "0"], "effort_limit"),
        (["train", "xor", "--device", "toaster"], "toaster"),
        (["compare", "xor", "--p", "2"], "p = 2"),
        (["datasets", "nothing"], "unknown dataset"),
        (["conquer"], "conquer"),
        (["solve"], "DATA"),
        (["solve", "xor", "--time-limit", "soon"], "--time-limit"),
    ]


@pytest.mark.slow
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, monkeypatch):
    # by default ten seconds pass before a scheduler is given up
    monkeypatch.setattr(executors, "cluster", functools.partial(executors.cluster, timeout=0.5))
    for arguments, words in bad_inputs(tmp_path):
        result = call(*arguments)
        place = f"{arguments}: {result.stderr!r}"
        assert result.exit_code == 2, place
        assert result.stdout == "", place
        assert words in result.stderr, place
        assert "Traceback" not in result.stderr, place
        assert isinstance(result.exception, SystemExit), place
        if "Usage" not in result.stderr:  # the parser's own errors come with a usage line
            assert result.stderr.startswith("Error: "), place
            assert result.stderr.count("\n") == 1, place


def test_bad_input_as_a_process():
    done = run("solve", "no-such-data")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: unknown dataset")


@pytest.mark.parametrize("command", ["solve", "find", "train", "compare", "datasets"])
def test_help_shows_an_example_and_exit_codes(command):
    result = call(command, "--help")
    assert result.exit_code == 0
    assert f"    sparsest {command}" in result.stdout
    assert "Exit codes" in result.stdout


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="pipes")
@pytest.mark.parametrize(
    ("command", "code", "leaving"),
    [
        ("solve xor --save {}", 0, "2>&1 | true"),  # both streams have no reader any more
        ("solve tent --json --save {}", 0, "| true"),
        ("solve uniform:d=2,n=16 --node-limit 1 --save {}", 3, "2>&1 | true"),
    ],
)
def test_a_reader_that_leaves_changes_neither_exit_code_nor_files(command, code, leaving, tmp_path):
    # the reader is gone before the first byte
    saved = tmp_path / "result.json"
    script = f"set -o pipefail; {sys.executable} -m sparsest.cli.main {command.format(saved)} {leaving}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == code
    assert load(saved).lower_bound >= 0
    assert done.stderr == ("" if "2>&1" in leaving else f"saved {saved}\n")  # and nothing is said of it


def test_top_level_help_and_version():
    assert "0  done" in call("--help").stdout
    first, *libraries = call("--version").stdout.splitlines()
    assert first.startswith(f"sparsest {importlib.metadata.version('sparsest')}, Python 3.")
    assert f"  highspy {importlib.metadata.version('highspy')}" in libraries


def test_without_a_command_the_tasks_are_shown():
    result = call()
    assert result.exit_code == 0
    for name in ("solve", "find", "train", "certify", "compare", "frontier"):
        assert f"sparsest {name} " in result.stdout
    assert len(result.stdout.splitlines()) < 20
    assert max(map(len, result.stdout.splitlines())) < 80


def test_help_loads_no_heavy_library():
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom sparsest.cli.main import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {
        "torch",
        "pyomo",
        "pandas",
        "matplotlib",
        "scipy",
        "networkx",
        "highspy",
    }


def test_unwritable_place_is_found_before_the_work(tmp_path):
    start = time.perf_counter()
    result = call("solve", "uniform:d=3,n=40", "--save", tmp_path / "none" / "result.json")
    assert result.exit_code == 2
    assert time.perf_counter() - start < 60  # the search itself would not end
