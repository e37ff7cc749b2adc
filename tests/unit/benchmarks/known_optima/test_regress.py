"""Known optima: reading and rewriting their files, judging answers, the command, the plugin, the workflow."""

import dataclasses
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
import yaml
from helpers import ROOT, call
from hypothesis import given
from hypothesis import strategies as st

from sparsest import Affine, InputError, Objective, Problem, __version__, datasets, exact, save
from sparsest.benchmarks.known_optima import calibration, entries, regress
from sparsest.benchmarks.known_optima.entries import Claim, read_directory, read_file
from sparsest.benchmarks.known_optima.findings import (
    bounds,
    judge_answer,
    judge_time,
    judge_training,
    judge_witness,
)
from sparsest.cli.regress import lines
from sparsest.io.problem_sources import Asked, read_problem
from sparsest.io.table_files.columns import Wanted
from sparsest.results.solving import Proof, Status

WORKFLOW = ROOT / "docs" / "github-workflow.yml"
SHIPPED = [optimum for file in read_directory(entries.shipped_directory()) for optimum in file.optima]

DIGEST = "0" * 64
QUESTION = '[[optimum]]\ndata = "xor"\n'
ANSWER = (
    f'status = "optimal"\nlower = 2\nupper = 2\nproof = "exact"\ndigest = "{DIGEST}"\ndate = 2026-11-22\n'
)

# A tent on five samples needs three knots, and as many neurons; with a skip, too.
CSV = "x,y\n-1,0\n0,0\n1,1\n2,0\n3,0\n"
ENTRIES = """\
# our own data

[[optimum]]            # without a skip
data = "tent.csv"      # beside this file
target = "y"

# and with one
[[optimum]]
data = "tent.csv"
target = "y"
affine = "skip"
objective = "weights"

[[optimum]]
data = "xor"
"""

NAMES = ["tent.csv-neurons-none-target=y", "tent.csv-weights-skip-target=y", "xor-neurons-none"]


def shell(*command, cwd, **environment):
    """A true process, with this interpreter's commands first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = os.environ | {"PATH": path, "COLUMNS": "200"} | environment
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=120)


def edit(path, old, new):
    """Replace a text that is there exactly once."""
    text = path.read_text()
    assert text.count(old) == 1, (old, text)
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """A folder of known optima as `--update` writes it; copied for every test."""
    folder = tmp_path_factory.mktemp("answered")
    (folder / "tent.csv").write_text(CSV)
    (folder / "mine.toml").write_text(ENTRIES)
    result = call("regress", "--known", folder, "--update")
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def known(answered, tmp_path):
    return Path(shutil.copytree(answered, tmp_path / "known"))


class TestShipped:
    @pytest.mark.parametrize("optimum", SHIPPED, ids=lambda optimum: optimum.name)
    def test_digest_is_that_of_the_data(self, optimum):
        problem = read_problem(optimum.data, optimum.asked, optimum.path.parent)
        assert problem.digest == optimum.claim.digest

    def test_answers_do_not_contradict_what_the_datasets_claim(self):
        """Claims of `sparsest.datasets` were made by hand, or before there was a regression."""
        compared = 0
        for optimum in SHIPPED:
            asked, claim = optimum.asked, optimum.claim
            if asked.tolerance is not None or asked.weight_bound is not None:
                continue
            for each in datasets.parse(optimum.data).known:
                if (each.objective, each.affine) != (optimum.objective, asked.affine):
                    continue
                compared += 1
                assert claim.lower <= each.value, optimum.name
                if each.how != "bound":
                    assert claim.upper >= each.value, optimum.name
        assert compared >= 35

    def test_every_named_dataset_is_there_without_and_with_a_skip(self):
        here = {(each.data, each.asked.affine) for each in SHIPPED if each.objective is Objective.NEURONS}
        named = {each for each in datasets.names() if each not in ("planted", "noisy", "uniform")}
        absent = {(name, affine) for name in named for affine in ("none", "skip")} - here
        assert absent == {("anscombe-3", "none")}  # ten seconds: too long for a gate

    def test_more_freedom_never_costs(self):
        """A skip and a wider bound only add networks; a neuron has at least one weight or bias."""
        claims = {
            (e.data, e.objective, e.asked._replace(affine=None), e.asked.affine): e.claim for e in SHIPPED
        }
        for (data, objective, asked, affine), claim in claims.items():
            if affine == "skip" and (other := claims.get((data, objective, asked, "none"))):
                assert claim.lower <= other.upper, data
        for (data, objective, asked, affine), claim in claims.items():
            if objective is Objective.PARAMETERS:
                weights = claims.get((data, Objective.WEIGHTS, asked, affine))
                assert weights is None or weights.lower <= claim.upper, data

    def test_one_line_of_every_entry_states_how_long_it_took(self):
        for optimum in SHIPPED:
            assert (optimum.claim.effort is None) == (optimum.claim.status is Status.TIME_LIMIT), optimum.name

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["close4-neurons-skip", "anscombe-1-neurons-none"])
    def test_two_of_them_stand(self, name):
        """The rest is what `sparsest regress` is for."""
        (optimum,) = [each for each in SHIPPED if each.name == name]
        assert regress.check(optimum).findings == ()


class TestReader:
    def read(self, tmp_path, text, **options):
        path = tmp_path / "some.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_file(path, **options)

    def test_defaults(self, tmp_path):
        (optimum,) = self.read(tmp_path, QUESTION + ANSWER).optima
        assert optimum.asked == Asked(Wanted(), Affine.NONE)
        assert (optimum.objective, optimum.method, optimum.time_limit) == ("neurons", "auto", 600)
        assert optimum.claim == Claim(
            Status.OPTIMAL, Proof.EXACT, 2, 2, DIGEST, datetime.date(2026, 11, 22), None
        )
        assert optimum.name == "xor-neurons-none"

    def test_name_says_what_was_asked(self, tmp_path):
        text = QUESTION.replace("xor", "a/b.csv") + (
            'affine = "skip"\ntarget = "y"\ntolerance = 1e-6\nweight_bound = 100\nclassify = true\n'
            'margin = 0.1\nobjective = "weights"\nmethod = "mip"\n'
        )
        (optimum,) = self.read(tmp_path, text + ANSWER).optima
        assert optimum.name == (
            "a/b.csv-weights-skip-mip-classify-target=y-tolerance=1e-06-bound=100-margin=0.1"
        )

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "no [[optimum]] entry"),
            ("optimum = []", "no [[optimum]] entry"),
            ("optimum = 3", "no [[optimum]] entry"),
            ("optimum = [3]", "entry 1: it is not a table"),
            ("title = 1\n" + QUESTION + ANSWER, "unknown key 'title' outside the entries"),
            ("[[optimum]\n", "not readable TOML"),
            (b"\xff\xfe", "not readable TOML"),
            ("x = " + "9" * 5000, "not readable TOML"),
            ("x = " + "[" * 100_000, "some.toml"),
            (QUESTION + ANSWER + "prof = 1", "entry 1: unknown key 'prof': known are data,"),
            (QUESTION + ANSWER + 'proof_hash = "ab"', "unknown key 'proof_hash'"),
            ("[[optimum]]\n" + ANSWER, "entry 1: it lacks 'data'"),
            (QUESTION, "entry 1: it lacks 'status': run `sparsest regress --update`"),
            (QUESTION + ANSWER.replace(f'digest = "{DIGEST}"\n', ""), "it lacks 'digest'"),
            (QUESTION + ANSWER + QUESTION + ANSWER, "entry 2: it asks the same as entry 1 (xor-neurons"),
            (QUESTION + ANSWER + QUESTION + 'affine = "none"\n' + ANSWER, "entry 2: it asks the same"),
            (QUESTION + ANSWER + "affine = 1", "affine = 1 is not a string"),
            (
                QUESTION + ANSWER + 'affine = "bias"',
                "affine = 'bias': choose one of 'none', 'constant', 'skip'",
            ),
            (QUESTION + ANSWER.replace("lower = 2", "lower = true"), "lower = True is not a whole number"),
            (QUESTION + ANSWER.replace("lower = 2", "lower = 2.0"), "lower = 2.0 is not a whole number"),
            (QUESTION + ANSWER.replace("lower = 2", "lower = -1"), "-1 and upper = 2 are not bounds"),
            (QUESTION + ANSWER.replace("upper = 2", "upper = 1"), "lower = 2 and upper = 1 are not bounds"),
            (QUESTION + ANSWER.replace("upper = 2", "upper = 3"), "the bounds 2 and 3 do not meet"),
            (QUESTION + ANSWER.replace("upper = 2\n", ""), "the bounds 2 and None do not meet"),
            (QUESTION + ANSWER.replace("optimal", "interrupted"), "status = 'interrupted': choose one of"),
            (QUESTION + ANSWER.replace("exact", "sure"), "proof = 'sure': choose one of exact, numerical"),
            (QUESTION + ANSWER.replace(DIGEST, "ABC"), "digest = 'ABC' is not a SHA-256"),
            (QUESTION + ANSWER.replace("2026-11-22", '"today"'), "date = 'today' is not a date"),
            (QUESTION + ANSWER.replace("2026-11-22", "2026-11-22T10:00:00"), "is not a date"),
            (QUESTION + ANSWER + "effort = 0", "effort = 0: it must be positive"),
            (QUESTION + ANSWER + "effort = nan", "effort = nan is not a finite number"),
            (QUESTION + ANSWER + "tolerance = inf", "tolerance = inf is not a finite number"),
            (QUESTION + ANSWER + "tolerance = 1" + "0" * 400, "larger than any float"),
            (QUESTION + ANSWER + "time_limit = 0", "time_limit = 0"),
            (QUESTION + ANSWER + "time_limit = 1" + "0" * 400, "larger than any float"),
            (QUESTION + ANSWER + "trained = 1", "trained = 1: no network has fewer than the lower bound"),
            (QUESTION + ANSWER + 'objective = "layers"', "objective = 'layers'"),
            (QUESTION + ANSWER + 'method = "guess"', "method = 'guess': choose one of auto,"),
            ('[[optimum]]\ndata = ""\n' + ANSWER, "is not the name of a dataset or file"),
            ('[[optimum]]\ndata = "a\\u0000b"\n' + ANSWER, "is not the name of a dataset or file"),
            (f'[[optimum]]\ndata = "{"x" * 9999}"\n' + ANSWER, "is not the name of a dataset or file"),
            (QUESTION + ANSWER + 'target = "\\u001b[2J"', "is not the name of a column"),
            (QUESTION + ANSWER + "# " + "x" * 2**20, "more than the 1048576 that are read"),
        ],
    )
    def test_hostile_files_get_one_sentence(self, tmp_path, text, words):
        with pytest.raises(InputError) as error:
            self.read(tmp_path, text)
        message = str(error.value)
        assert words in message
        assert message.startswith(str(tmp_path / "some.toml"))
        assert "\n" not in message
        assert len(message) < 500

    def test_update_reads_entries_without_an_answer(self, tmp_path):
        (optimum,) = self.read(tmp_path, QUESTION, unanswered=True).optima
        assert optimum.claim is None

    @given(content=st.binary(max_size=200))
    def test_any_bytes(self, tmp_path_factory, content):
        path = tmp_path_factory.mktemp("bytes") / "some.toml"
        path.write_bytes(content)
        with pytest.raises(InputError):
            read_file(path)

    @given(
        key=st.sampled_from(list(entries._KINDS)),
        value=st.sampled_from(
            ["0", "-3", "1e400", "-inf", "nan", "1" * 400, '""', '"é"', "true", "[]", "{}", "07:00:00"]
        ),
    )
    def test_any_value_of_any_key(self, tmp_path_factory, key, value):
        """Whatever stands at a key, the answer is a file of entries or an `InputError`."""
        lines = dict(line.split(" = ") for line in ('data = "xor"\n' + ANSWER).splitlines()) | {key: value}
        path = tmp_path_factory.mktemp("value") / "some.toml"
        path.write_text("[[optimum]]\n" + "".join(f"{k} = {v}\n" for k, v in lines.items()))
        try:
            (optimum,) = read_file(path).optima
        except InputError:
            return
        assert optimum.claim.upper >= optimum.claim.lower >= 0

    def test_methods_are_those_of_the_exact_side(self):
        """Spelled twice, so that collecting tests loads no solver."""
        assert entries._METHODS == exact.solver.METHODS

    def test_folders(self, tmp_path):
        with pytest.raises(InputError, match="there is no such folder"):
            read_directory(tmp_path / "none")
        with pytest.raises(InputError, match=r"holds no \.toml file"):
            read_directory(tmp_path)
        with pytest.raises(InputError, match="there is no such file"):
            read_file(tmp_path)


def claim(status="optimal", lower=3, upper=3, proof="exact"):
    date = datetime.date(2026, 11, 22)
    return Claim(Status.parse(status), Proof.parse(proof), lower, upper, DIGEST, date, None)


@pytest.fixture(scope="module")
def peak():
    problem = datasets.load("peak-plateau").problem()
    return problem, exact.solve(problem)


@pytest.fixture
def answer(peak):
    def make(status="optimal", lower=3, upper=3, proof="exact"):
        return dataclasses.replace(
            peak[1],
            status=Status.parse(status),
            lower_bound=lower,
            upper_bound=upper,
            proof=Proof.parse(proof),
        )

    return make


class TestJudgement:
    @pytest.mark.parametrize(
        ("stated", "found", "expected"),
        [
            ({}, {}, []),
            # another optimum: no count is both
            (
                {},
                {"lower": 4, "upper": 4},
                [("bounds", False, "known optimum 3, found 4: the solver is wrong or the entry is")],
            ),
            ({"lower": 4, "upper": 4}, {}, [("bounds", False, "known optimum 4, found 3")]),
            # intervals that do not meet; those that do are weaker or better
            (
                {"status": "time_limit", "lower": 5, "upper": 8},
                {},
                [
                    ("bounds", False, "known bounds [5, 8], found 3: the solver"),
                    ("status", False, "the status was time_limit"),
                ],
            ),
            (
                {},
                {"status": "time_limit", "lower": 2, "upper": 5},
                [
                    ("bounds", False, "known 3, now only [2, 5]: the time limit was reached"),
                    ("status", False, "the status was optimal"),
                ],
            ),
            (
                {"status": "time_limit", "lower": 2, "upper": 8},
                {},
                [("bounds", True, "improved: known [2, 8], now 3"), ("status", True, "improved")],
            ),
            (
                {"status": "time_limit", "lower": 2, "upper": 8},
                {"status": "time_limit", "lower": 3, "upper": 9},
                [("bounds", False, "known [2, 8], now only [3, 9]")],
            ),
            (
                {"status": "time_limit", "lower": 2, "upper": None},
                {"status": "time_limit", "lower": 2, "upper": 9},
                [("bounds", True, "improved: known at least 2, now [2, 9]")],
            ),
            (
                {"status": "time_limit", "lower": 2, "upper": 9},
                {"status": "time_limit", "lower": 2, "upper": None},
                [("bounds", False, "known [2, 9], now only at least 2")],
            ),
            (
                {"status": "time_limit", "lower": 2, "upper": 9},
                {"status": "numerical", "lower": 2, "upper": 9},
                [("status", False, "the status was time_limit")],
            ),
            ({"proof": "numerical"}, {}, [("proof", True, "improved: every step was verified")]),
            ({}, {"proof": "numerical"}, [("proof", False, "now some steps rest on floats")]),
        ],
    )
    def test_table(self, answer, stated, found, expected):
        findings = judge_answer(claim(**stated), answer(**found))
        assert len(findings) == len(expected)
        for finding, (what, stands, words) in zip(findings, expected, strict=True):
            assert (finding.what, finding.stands) == (what, stands)
            assert words in finding.sentence

    @given(numbers=st.tuples(*[st.integers(0, 6)] * 4))
    def test_contradiction_means_that_no_count_is_in_both(self, peak, numbers):
        (a, b), (c, d) = sorted(numbers[:2]), sorted(numbers[2:])
        status = {True: "optimal", False: "time_limit"}
        result = dataclasses.replace(
            peak[1], status=Status.parse(status[c == d]), lower_bound=c, upper_bound=d
        )
        findings = judge_answer(claim(status[a == b], a, b), result)
        told = any("is wrong" in finding.sentence for finding in findings)
        assert told == set(range(a, b + 1)).isdisjoint(range(c, d + 1))
        # nothing is said exactly when nothing changed, and what stands is inside what was stated
        assert (findings == []) == ((a, b) == (c, d))
        assert all(finding.stands for finding in findings) == (a <= c and d <= b)

    def test_bounds_in_words(self):
        assert bounds(3, 3) == "3"
        assert bounds(3, 8) == "[3, 8]"
        assert bounds(3, None) == "at least 3"

    def test_network_that_misses_the_data(self, peak):
        problem, result = peak
        assert judge_witness(problem, result) == []
        moved = dataclasses.replace(result.network, biases=result.network.biases + 1e-3)
        (finding,) = judge_witness(problem, dataclasses.replace(result, network=moved))
        assert (finding.what, finding.stands, finding.mendable) == ("witness", False, False)
        assert "does not meet the data" in finding.sentence

    def test_network_of_another_count(self, peak):
        problem, result = peak
        (finding,) = judge_witness(problem, dataclasses.replace(result, upper_bound=2))
        assert (finding.stated, finding.found, finding.stands) == ("2 neurons", "3 neurons", False)

    def test_rational_network_whose_floats_miss(self):
        """Inputs 2^-52 apart need a slope of some 1e15, whose rounding moves f by as much as the labels."""
        problem = Problem([[1 / 3], [1 / 3 + 2**-52], [2.0]], [0.1, 0.7, 0.2])
        result = exact.solve(problem)
        assert not result.network.solves(problem)
        assert result.residual > 0.1
        assert judge_witness(problem, result) == []

    def test_network_beyond_the_weight_bound(self):
        """A tent needs slopes of 1 and 2: with a bound of 1/2 that network is no witness."""
        problem = datasets.load("tent").problem()
        result = exact.solve(problem)
        (finding,) = judge_witness(problem.replace(weight_bound=0.5), result)
        assert finding.what == "witness"

    def test_time(self):
        # 2 units of 0.1 s are 0.2 s: three times that is 0.6 s, the excess must exceed half a second
        assert judge_time(2.0, 0.65, 0.1) == []
        assert judge_time(2.0, 0.75, 0.1)[0].sentence == "slower: 3.8 times the stated effort"
        assert judge_time(100.0, 29.0, 0.1) == []
        assert judge_time(100.0, 31.0, 0.1)[0].stands
        assert judge_time(None, 1e9, 0.1) == []

    def test_training(self, peak):
        problem, result = peak
        fit = _FakeFit(result.network, 3)
        assert judge_training(problem, 3, 3, fit) == []
        assert judge_training(problem, 4, 3, fit)[0].stands
        assert not judge_training(problem, 2, 0, fit)[0].stands
        (wrong,) = judge_training(problem, 4, 4, fit)
        assert (wrong.stands, wrong.mendable) == (False, False)
        assert "below the lower bound 4" in wrong.sentence
        moved = _FakeFit(dataclasses.replace(result.network, biases=result.network.biases + 1e-3), 3)
        (missing,) = judge_training(problem, 3, 3, moved)
        assert (missing.stands, missing.mendable) == (False, False)


class _FakeFit:
    """What `judge_training` reads of a `FitResult`."""

    def __init__(self, network, count):
        self.network, self.count, self.residual, self.objective = network, count, 0.5, "neurons"


class TestCalibration:
    def test_takes_time(self):
        assert calibration.calibrate() > 0

    def test_the_loop_solves_its_programs(self):
        # the cheapest corner of the box is all columns at -10; a row that cuts it off takes a pivot
        assert calibration._solve_linear_programs() > 0
        assert calibration._count_in_python() > 1000
        assert 0 < calibration._multiply_small_arrays() <= 6


class TestCommand:
    def test_everything_stands(self, known):
        before = (known / "mine.toml").read_bytes()
        result = call("regress", "--known", known)
        assert result.exit_code == 0, result.output
        assert result.stdout == "3 of 3 known optima stand; proofs: 3 verified\n"
        assert (known / "mine.toml").read_bytes() == before

    def test_changed_optimum(self, known):
        """The second entry's 3 becomes 4: a wrong claim, or a solver that lost a knot."""
        text = (known / "mine.toml").read_text()
        head, middle, tail = text.split("[[optimum]]\n")
        changed = middle.replace("lower = 3", "lower = 4").replace("upper = 3", "upper = 4")
        (known / "mine.toml").write_text("[[optimum]]\n".join([head, changed, tail]))
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        words = " ".join(result.stdout.split())
        assert "mine.toml: changed entry what stated found" in words
        assert "tent.csv-weights-skip-target=y bounds 4 3" in words
        assert "known optimum 4, found 3: the solver is wrong or the entry is" in result.stdout
        assert "2 of 3 known optima stand, 1 changed" in result.stdout

    def test_dataset_changed_by_one_bit(self, known):
        data = bytearray((known / "tent.csv").read_bytes())
        data[data.index(b"2,0") + 2] ^= 1  # the label 0 becomes 1
        (known / "tent.csv").write_bytes(data)
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        assert result.stdout.count("the dataset changed") == 2
        assert "1 of 3 known optima stand, 2 changed" in result.stdout
        assert "is wrong" not in result.stdout  # answers about other data are not compared

    def test_last_digit_of_a_label(self, known):
        edit(known / "tent.csv", "1,1\n", "1,1.0000000000000002\n")
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        assert result.stdout.count("the dataset changed") == 2

    def test_status_and_proof(self, known):
        path = known / "mine.toml"
        head, tail = path.read_text().split('data = "xor"')
        tail = tail.replace('status = "optimal"', 'status = "numerical"')
        head = head.replace('proof = "exact"', 'proof = "numerical"', 1)
        path.write_text(f'{head}data = "xor"{tail}')
        result = call("regress", "--known", known)
        assert result.exit_code == 0  # both are better than stated, and told
        assert "stands, but" in result.stdout
        assert result.stdout.count("improved") == 2

    def test_numerical_proof_does_not_pass_for_an_exact_one(self, tmp_path):
        (tmp_path / "a.toml").write_text(QUESTION + 'objective = "parameters"\nmethod = "mip"\n')
        assert call("regress", "--known", tmp_path, "--update").exit_code == 0
        edit(tmp_path / "a.toml", 'proof = "numerical"', 'proof = "exact"')
        result = call("regress", "--known", tmp_path)
        assert result.exit_code == 1
        assert "now some steps rest on floats" in " ".join(result.stdout.split())

    def test_optimum_that_is_no_longer_reached_in_time(self, tmp_path):
        text = '[[optimum]]\ndata = "uniform:d=3,n=16,seed=0"\ntime_limit = 0.2\n'  # takes minutes
        digest = datasets.parse("uniform:d=3,n=16,seed=0").problem().digest
        answer = ANSWER.replace("= 2\n", "= 3\n").replace(DIGEST, digest)
        (tmp_path / "a.toml").write_text(text + answer)
        result = call("regress", "--known", tmp_path)
        assert result.exit_code == 1
        assert "known 3, now only [" in result.stdout
        assert "status" in result.stdout

    @pytest.mark.slow
    def test_a_weight_bound(self, tmp_path):
        (tmp_path / "a.toml").write_text('[[optimum]]\ndata = "tent"\nweight_bound = 0.01\n')
        assert call("regress", "--known", tmp_path, "--update").exit_code == 0
        answered = tomllib.loads((tmp_path / "a.toml").read_text())["optimum"][0]
        assert (answered["status"], answered["upper"]) == ("optimal", 400)
        assert call("regress", "--known", tmp_path).exit_code == 0

    def test_unusable_data_and_methods_are_listed_with_the_rest(self, known):
        (known / "tent.csv").unlink()
        (known / "other.toml").write_text(
            QUESTION.replace("xor", "nowhere") + ANSWER + QUESTION + 'method = "univariate"\n' + ANSWER
        )
        edit(known / "other.toml", 'univariate"\n' + ANSWER, 'univariate"\n' + _answer_to_xor())
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        words = " ".join(result.stdout.split())
        # a long path is broken anywhere
        assert "".join(result.stdout.split()).count("tent.csv:thereisnosuchfile") == 2
        assert "unknown dataset 'nowhere'" in words
        assert "method 'univariate' needs one feature" in words
        assert "1 of 5 known optima stand, 4 changed" in result.stdout
        assert call("regress", "--known", known, "--update").exit_code == 1  # no figure mends them

    def test_saved_problem_and_classes(self, tmp_path):
        save(Problem([[0.0], [1.0], [2.0]], [0, 1, 0], affine="skip"), tmp_path / "saved.json")
        np.savez(tmp_path / "classes.npz", X=[[0.0], [1.0], [2.0]], y=[0, 1, 0])
        (tmp_path / "a.toml").write_text(
            '[[optimum]]\ndata = "saved.json"\n\n[[optimum]]\ndata = "classes.npz"\nclassify = true\n'
        )
        assert call("regress", "--known", tmp_path, "--update").exit_code == 0
        saved, classes = read_file(tmp_path / "a.toml").optima
        assert (saved.claim.upper, saved.name) == (1, "saved.json-neurons")  # one knot, the skip its own
        assert classes.claim.upper >= 2  # the sign changes twice
        assert call("regress", "--known", tmp_path).exit_code == 0

    @pytest.mark.parametrize("option", [[], ["--update"], ["--json"]])
    def test_bad_input(self, tmp_path, option):
        for folder, words in ((tmp_path, "holds no .toml file"), (tmp_path / "x", "there is no such folder")):
            result = call("regress", "--known", folder, *option)
            assert (result.exit_code, result.stdout) == (2, "")
            assert words in result.stderr
        (tmp_path / "a.toml").write_text(QUESTION + ANSWER.replace("upper = 2", "upper = 1"))
        result = call("regress", "--known", tmp_path, *option)
        assert result.exit_code == 2
        assert "a.toml: entry 1: lower = 2 and upper = 1" in result.stderr

    def test_entry_without_an_answer_needs_update(self, tmp_path):
        (tmp_path / "a.toml").write_text(QUESTION)
        result = call("regress", "--known", tmp_path)
        assert result.exit_code == 2
        assert "--update" in result.stderr

    def test_json_is_the_whole_output(self, known):
        edit(known / "tent.csv", "1,1\n", "1,2\n")
        result = call("regress", "--known", known, "--json")
        assert result.exit_code == 1
        document = json.loads(result.stdout)
        assert (document["stands"], document["interrupted"], document["total"]) == (False, False, 3)
        assert [entry["stands"] for entry in document["entries"]] == [False, False, True]
        assert document["entries"][0]["findings"][0]["what"] == "digest"
        assert result.stderr == ""

    @pytest.mark.slow
    def test_slower_than_stated_is_told(self, tmp_path, monkeypatch):
        """With a loop of 1 ns and an effort of 10 xor should take 10 ns."""
        digest = datasets.load("xor").problem().digest
        answer = ANSWER.replace(DIGEST, digest)
        (tmp_path / "a.toml").write_text(
            '[[optimum]]\ndata = "xor"\nproof_left_out = "by hand"\n' + answer + "effort = 10"
        )
        monkeypatch.setattr(regress, "calibrate", lambda: 1e-9)
        real = regress.solve  # a person would not mind milliseconds
        monkeypatch.setattr(
            regress,
            "solve",
            lambda *given, **options: dataclasses.replace(real(*given, **options), seconds=1.0),
        )
        result = call("regress", "--known", tmp_path)
        assert result.exit_code == 0, result.output
        assert "slower: " in result.stdout
        assert "times the stated effort" in result.stdout
        assert "1 of 1 known optima stand" in result.stdout
        monkeypatch.setattr(regress, "calibrate", lambda: 1.0)
        assert "slower" not in call("regress", "--known", tmp_path).stdout

    def test_training(self, tmp_path):
        """Two neurons cannot do: the entry's bounds are left open, so that they may be claimed."""
        path, digest = tmp_path / "a.toml", datasets.load("peak-plateau").problem().digest
        path.write_text(
            '[[optimum]]\ndata = "peak-plateau"\ntrained = 2\nstatus = "numerical"\nlower = 0\nupper = 3\n'
            f'proof = "exact"\ndate = 2026-11-22\ndigest = "{digest}"\n'
        )
        result = call("regress", "--known", tmp_path)
        assert result.exit_code == 1
        assert "training with default options and seed 0 stops at 3 neurons" in result.stdout
        assert call("regress", "--known", tmp_path, "--update").exit_code == 0
        assert "trained = 3" in path.read_text()

    def test_a_log_gets_a_line_now_and_then(self, known, capsys):
        regress.regress(known, progress=lines(interval=0.0))
        noted = capsys.readouterr().err
        assert "s: 1/3 tent.csv-neurons-none-target=y: starts" in noted
        assert "s: 3/3 xor-neurons-none: starts" in noted
        assert call("regress", "--known", known).stderr == ""  # done in less than ten seconds


def _answer_to_xor():
    return ANSWER.replace(DIGEST, datasets.load("xor").problem().digest)


class TestInterrupt:
    def test_what_was_checked_is_printed(self, known, monkeypatch):
        real, calls = regress.solve, []

        def solve(*arguments, **options):
            calls.append(arguments)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*arguments, **options)

        monkeypatch.setattr(regress, "solve", solve)
        result = call("regress", "--known", known)
        assert result.exit_code == 3
        assert (
            result.stdout
            == "1 of 3 known optima stand; proofs: 1 verified; interrupted: 2 were not checked\n"
        )

    @pytest.mark.skipif(os.name == "nt", reason="signals")
    def test_interrupted_solver_is_no_changed_answer(self, tmp_path, monkeypatch):
        """Ctrl-C in the middle of a search that returns its interval: nothing is judged or written."""
        path = tmp_path / "a.toml"
        path.write_text('[[optimum]]\ndata = "xor"\n\n[[optimum]]\ndata = "uniform:d=2,n=20,seed=0"\n')
        real = regress.solve

        def solve(problem, *arguments, **options):
            if problem.n_samples > 4:
                threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            return real(problem, *arguments, **options)

        monkeypatch.setattr(regress, "solve", solve)
        result = call("regress", "--known", tmp_path, "--update")
        assert result.exit_code == 3, result.output
        first, second = tomllib.loads(path.read_text())["optimum"]
        assert first["lower"] == 2
        assert second == {"data": "uniform:d=2,n=20,seed=0"}


class TestUpdate:
    def test_writes_answers_below_questions_and_keeps_the_rest(self, answered):
        text = (answered / "mine.toml").read_text()
        for line in ENTRIES.splitlines():
            assert line in text
        lines = text.splitlines()
        # the comment of the second entry stays directly above it
        assert lines[lines.index("# and with one") + 1] == "[[optimum]]"
        assert lines[lines.index("# and with one") - 1] == ""
        first, second, third = (each.claim for each in read_file(answered / "mine.toml").optima)
        assert (first.lower, first.upper, second.upper, third.upper) == (3, 3, 3, 2)
        assert {each.status for each in (first, second, third)} == {Status.OPTIMAL}
        assert {each.proof for each in (first, second, third)} == {Proof.EXACT}

    def test_changes_nothing_where_all_stands(self, known):
        before = (known / "mine.toml").read_bytes()
        result = call("regress", "--known", known, "--update")
        assert (result.exit_code, result.stdout) == (0, "3 of 3 known optima stand; proofs: 3 verified\n")
        assert (known / "mine.toml").read_bytes() == before

    def test_rewrites_only_what_changed(self, known):
        path = known / "mine.toml"
        text = path.read_text()
        marked = text.replace("lower = 3", "lower = 2 # a comment", 1).replace("upper = 3", "upper = 2", 1)
        path.write_text(marked.replace(f"date = {datetime.date.today()}", "date = 2020-01-01"))
        result = call("regress", "--known", known, "--update")
        assert result.exit_code == 0, result.output
        assert "known optima stand, 1 rewritten" in result.stdout
        assert "bounds 2 3" in " ".join(result.stdout.split())
        first, second, third = tomllib.loads(path.read_text())["optimum"]
        assert (first["lower"], first["upper"], first["date"]) == (3, 3, datetime.date.today())
        assert second["date"] == third["date"] == datetime.date(2020, 1, 1)
        assert "lower = 3 # a comment" in path.read_text()
        assert call("regress", "--known", known).exit_code == 0

    def test_accepts_changed_data_with_a_note(self, known):
        edit(known / "tent.csv", "1,1\n2,0\n", "1,1\n2,2\n")  # 0 0 1 2 0: knots at 0 and 2
        result = call("regress", "--known", known, "--update")
        assert result.exit_code == 0, result.output
        words = " ".join(result.stdout.split())
        assert "tent.csv-weights-skip-target=y answer 3, optimal, exact 2, optimal, exact" in words
        assert words.count(" digest ") == 2
        again = call("regress", "--known", known)
        assert again.exit_code == 0, again.output
        assert read_file(known / "mine.toml").optima[1].claim.upper == 2

    def test_inline_tables_and_carriage_returns(self, tmp_path):
        (tmp_path / "a.toml").write_bytes(b'# here\r\n[[optimum]]\r\ndata = "xor"\r\n# end\r\n')
        (tmp_path / "b.toml").write_text('optimum = [{data = "xor", affine = "skip"}]  # one line\n')
        assert call("regress", "--known", tmp_path, "--update").exit_code == 0
        assert call("regress", "--known", tmp_path).exit_code == 0
        assert (tmp_path / "a.toml").read_bytes().startswith(b'# here\r\n[[optimum]]\r\ndata = "xor"\r\n')
        assert "# one line" in (tmp_path / "b.toml").read_text()

    def test_refuses_a_file_edited_meanwhile(self, known):
        (known / "mine.toml").write_text(ENTRIES)
        result = regress.regress(known, anew=True)
        (known / "mine.toml").write_text(ENTRIES + "# edited\n")
        with pytest.raises(InputError, match="was edited since it was read"):
            regress.update(result)
        assert (known / "mine.toml").read_text() == ENTRIES + "# edited\n"

    def test_leaves_wrong_networks_alone(self, known, monkeypatch):
        real = regress.solve

        def solve(*arguments, **options):
            result = real(*arguments, **options)
            moved = dataclasses.replace(result.network, outputs=result.network.outputs * 1.5)
            return dataclasses.replace(result, network=moved)

        before = (known / "mine.toml").read_bytes()
        monkeypatch.setattr(regress, "solve", solve)
        result = call("regress", "--known", known, "--update")
        assert result.exit_code == 1
        assert result.stdout.count("does not meet the data: the solver is wrong") == 3
        assert (known / "mine.toml").read_bytes() == before


def pytest_in(folder, *arguments, **environment):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)]
    return shell(*command, cwd=folder, **environment)


def pytest_alone(folder, *arguments):
    """Pytest with our plugin and no others, which take most of its time to start."""
    ours = ["-p", "sparsest.benchmarks.known_optima.pytest_plugin"]
    return pytest_in(folder, *ours, *arguments, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")


def collected(folder, *arguments):
    """Names of what pytest would run."""
    done = pytest_alone(folder, "--collect-only", "-q", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "::" in line]


class TestAdd:
    @pytest.fixture
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "data").mkdir()
        # a tent beside a column of row numbers: two neurons, or one beside a skip
        (tmp_path / "data" / "curve.csv").write_text("id;x;y\n1;0,5;0\n2;1,0;1\n3;1,5;0\n")
        return tmp_path

    def test_an_entry_is_written_with_its_answer(self, folder):
        added = call("regress", "--add", "data/curve.csv", "--target", "y", "--ignore", "id")
        assert added.exit_code == 0, added.output
        entry = tomllib.loads((folder / "known" / "curve.toml").read_text())["optimum"][0]
        question = {key: entry[key] for key in ("data", "target", "ignore")}
        assert question == {"data": "../data/curve.csv", "target": "y", "ignore": ["id"]}
        assert (entry["lower"], entry["upper"], entry["status"], entry["proof"]) == (2, 2, "optimal", "exact")
        assert (folder / "known" / entry["proof_file"]).is_file()
        checked = call("regress", "--known", "known")
        assert checked.exit_code == 0
        assert "1 of 1 known optima stand; proofs: 1 verified" in checked.stdout

    def test_it_goes_below_what_is_there(self, folder):
        (folder / "known").mkdir()
        (folder / "known" / "curve.toml").write_text('# mine\n[[optimum]]\ndata = "xor"\n')
        options = [
            "--features",
            "x",
            "--affine",
            "skip",
            "--tolerance",
            "0.1",
            "--time-limit",
            "30",
            "--json",
        ]
        added = call("regress", "--known", "known", "--add", "data/curve.csv", "--target", "y", *options)
        assert json.loads(added.stdout)["entries"][0]["rewritten"]
        text = (folder / "known" / "curve.toml").read_text()
        assert text.startswith('# mine\n[[optimum]]\ndata = "xor"\n\n[[optimum]]\n')
        entry = tomllib.loads(text)["optimum"][1]
        assert (entry["features"], entry["tolerance"], entry["time_limit"], entry["upper"]) == (
            ["x"],
            0.1,
            30,
            1,
        )
        optimum = read_file(folder / "known" / "curve.toml", unanswered=True).optima[1]
        assert optimum.name == "../data/curve.csv-neurons-skip-target=y-features=x-tolerance=0.1"

    def test_a_dataset_and_twice(self, folder):
        assert call("regress", "--add", "xor").exit_code == 0
        before = (folder / "known" / "xor.toml").read_bytes()
        assert tomllib.loads(before.decode())["optimum"][0]["upper"] == 2
        again = call("regress", "--add", "xor")
        assert again.exit_code == 2
        assert "it asks the same as entry 1" in again.stderr
        assert (folder / "known" / "xor.toml").read_bytes() == before

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--add", "nothing.csv"], "there is no such file"),
            (["--add", "data/curve.csv", "--target", "z"], "no column named 'z'"),
            (["--add", "xor", "--method", "univariate"], "needs one feature"),
            (["--add", "xor", "--method", "magic"], "magic"),
            (["--add", "xor", "--objective", "knots"], "knots"),
            (["--add", "xor", "--time-limit", "-1"], "time_limit"),
            (["--target", "y"], "name its data with --add"),
        ],
    )
    def test_what_cannot_be_used_leaves_nothing(self, folder, arguments, words):
        refused = call("regress", *arguments)
        assert refused.exit_code == 2
        assert words in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert not list(folder.rglob("*.toml"))


class TestPlugin:
    @pytest.fixture
    def repository(self, known):
        (known.parent / "test_own.py").write_text("def test_own():\n    pass\n")
        return known.parent

    def test_is_registered(self):
        (entry,) = entry_points(group="pytest11", name="sparsest")
        assert entry.value == "sparsest.benchmarks.known_optima.pytest_plugin"

    def test_start_up_loads_no_heavy_library(self):
        script = "import sparsest.benchmarks.known_optima.pytest_plugin, sys; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        loaded = {name.split(".")[0] for name in done.stdout.split()}
        assert not loaded & {"torch", "pyomo", "pandas", "scipy", "highspy", "flint", "matplotlib", "tomlkit"}
        assert "sparsest.exact" not in done.stdout

    @pytest.mark.slow
    def test_every_entry_is_a_test_beside_the_repositorys_own(self, repository):
        done = pytest_in(repository, "--sparsest-known", "known", "-v", "-W", "error")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "4 passed" in done.stdout
        for name in NAMES:
            assert done.stdout.count(f"known/mine.toml::{name} PASSED") == 1, done.stdout

    @pytest.mark.slow
    def test_without_the_option_nothing_is_collected(self, repository):
        done = pytest_in(repository, "known", "test_own.py")
        assert "1 passed" in done.stdout

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("arguments", "count"),
        [
            (["--sparsest-known", "known", "test_own.py"], 4),  # explicit files: the folder comes along
            (["--sparsest-known", "known", "known"], 3),
            (["--sparsest-known", "known", "known/mine.toml::xor-neurons-none"], 1),
            (["--sparsest-known", "known", "--sparsest-known", "known", "."], 4),
            (["--sparsest-known", "known", "-k", "xor"], 1),
        ],
    )
    def test_selection(self, repository, arguments, count):
        assert len(collected(repository, *arguments)) == count

    @pytest.mark.slow
    @pytest.mark.parametrize("paths", ["tests", "tests known"])
    def test_testpaths(self, repository, paths):
        (repository / "tests").mkdir()
        (repository / "test_own.py").rename(repository / "tests" / "test_own.py")
        (repository / "pytest.ini").write_text(f"[pytest]\ntestpaths = {paths}\nnorecursedirs = known\n")
        assert len(collected(repository, "--sparsest-known", "known")) == 4

    @pytest.mark.slow
    @pytest.mark.parametrize("place", [".", "tests", "known", "tests/deeper"])
    def test_the_folder_is_relative_to_the_root_from_everywhere(self, repository, place):
        (repository / "tests" / "deeper").mkdir(parents=True)
        (repository / "pytest.ini").write_text("[pytest]\naddopts = --sparsest-known known\n")
        found = [line for line in collected(repository / place) if ".toml::" in line]
        assert [line.split("::")[1] for line in found] == list(NAMES)

    @pytest.mark.slow
    def test_failures_are_one_sentence_without_a_traceback(self, repository):
        path = repository / "known" / "mine.toml"
        head, tail = path.read_text().split('data = "xor"')
        path.write_text(head + 'data = "xor"' + tail.replace("= 2\n", "= 5\n"))
        edit(repository / "known" / "tent.csv", "1,1\n", "1,2\n")
        done = pytest_alone(repository, "--sparsest-known", "known")
        assert done.returncode == 1
        assert "3 failed, 1 passed" in done.stdout
        assert "bounds: known optimum 5, found 2: the solver is wrong or the entry is" in done.stdout
        assert done.stdout.count("digest: the dataset changed") >= 2
        assert "Traceback" not in done.stdout + done.stderr
        assert "regress.py" not in done.stdout

    @pytest.mark.slow
    def test_improvements_pass_and_are_told(self, repository):
        path = repository / "known" / "mine.toml"
        path.write_text(path.read_text().replace('proof = "exact"', 'proof = "numerical"'))
        done = pytest_alone(repository, "--sparsest-known", "known", "-rA")
        assert "4 passed" in done.stdout
        assert "improved: every step was verified" in done.stdout

    @pytest.mark.slow
    def test_unreadable_file_is_a_collection_error(self, repository):
        (repository / "known" / "bad.toml").write_text(QUESTION)
        done = pytest_alone(repository, "--sparsest-known", "known")
        assert done.returncode == 2
        assert "bad.toml: entry 1: it lacks 'status'" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
        assert "entries.py" not in done.stdout

    @pytest.mark.slow
    def test_folder_that_is_not_there(self, repository):
        for name, words in (("nowhere", "there is no such folder"), (".", "holds no .toml file")):
            done = pytest_alone(repository, "--sparsest-known", name)
            assert done.returncode == 4
            assert words in done.stderr
            assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("bash") is None or shutil.which("git") is None, reason="needs bash and git")
class TestWorkflow:
    @pytest.fixture
    def repository(self, known):
        """A repository of somebody else: data, known optima and the workflow, committed."""
        root = known.parent
        (root / ".github" / "workflows").mkdir(parents=True)
        shutil.copy(WORKFLOW, root / ".github" / "workflows" / "known-optima.yml")
        (root / "vendor").mkdir()
        shutil.copy(ROOT / "constraints.txt", root / "vendor")
        sums = shell("sha256sum", "constraints.txt", cwd=root / "vendor").stdout
        (root / "vendor" / "SHA256SUMS").write_text(sums)
        assert shell("git", "init", "-q", cwd=root).returncode == 0
        commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "Add known optima"]
        for arguments in (["add", "."], commit):
            done = shell("git", *arguments, cwd=root)
            assert done.returncode == 0, done.stderr
        return root

    def run(self, repository):
        """Execute the job as the runner does: its steps in order, `bash -e`, until one fails."""
        (path,) = (repository / ".github" / "workflows").glob("*.yml")
        (job,) = yaml.safe_load(path.read_text())["jobs"].values()
        environment = {"SPARSEST": "sparsest"}  # which is there already, in the place of the wheel
        outputs = []
        for step in job["steps"]:
            if "run" in step:
                # without an index pip can only find that the package is there
                done = shell("bash", "-e", "-c", step["run"], cwd=repository, PIP_NO_INDEX="1", **environment)
                outputs.append(done.stdout + done.stderr)
                if done.returncode:
                    return done.returncode, outputs
        return 0, outputs

    def test_document(self):
        document = yaml.safe_load(WORKFLOW.read_text())
        (job,) = document["jobs"].values()
        uses = [step["uses"].split("@")[0] for step in job["steps"] if "uses" in step]
        assert uses == ["actions/checkout", "actions/setup-python"]
        assert set(document[True]) == {"push", "pull_request"}  # YAML reads `on` as true
        assert job["env"] == {"SPARSEST": f"vendor/sparsest-{__version__}-py3-none-any.whl"}

    def test_another_file_than_the_one_that_was_put_there_is_not_installed(self, repository):
        with open(repository / "vendor" / "constraints.txt", "a") as stream:
            stream.write("\n")
        code, outputs = self.run(repository)
        assert code == 1
        assert len(outputs) == 1
        assert "constraints.txt: FAILED" in outputs[0]

    @pytest.mark.slow
    def test_passes_and_fails_with_a_table(self, repository):
        code, outputs = self.run(repository)
        assert code == 0, outputs
        assert "3 of 3 known optima stand" in outputs[-1]

        # one run, as each takes seconds: xor's entry is wrong, and the data of the other two change
        path = repository / "known" / "mine.toml"
        head, xor = path.read_text().split('data = "xor"')
        xor = xor.replace("lower = 2", "lower = 1").replace("upper = 2", "upper = 1")
        path.write_text(head + 'data = "xor"' + xor)
        data = bytearray((repository / "known" / "tent.csv").read_bytes())
        data[data.index(b"1,1") + 2] ^= 2  # the label 1 becomes 3
        (repository / "known" / "tent.csv").write_bytes(data)
        code, outputs = self.run(repository)
        assert code == 1
        assert "xor-neurons-none bounds 1 2" in " ".join(outputs[-1].split())
        assert "known optimum 1, found 2: the solver is wrong or the entry is" in outputs[-1]
        assert "the dataset changed" in outputs[-1]
