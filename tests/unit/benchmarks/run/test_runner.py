import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import misbehaving
import numpy as np
import pandas as pd
import pytest
from helpers import call, wait_for
from hypothesis import given
from hypothesis import strategies as st

from sparsest import InputError, Network, Objective, Problem, datasets
from sparsest.affine import Affine
from sparsest.benchmarks.run import executors, results_folder, runner
from sparsest.benchmarks.run.task import execute, plan, record_of
from sparsest.benchmarks.suites import suite
from sparsest.benchmarks.suites.method_answer import MethodAnswer
from sparsest.benchmarks.suites.methods import METHODS, Method, find
from sparsest.compare.referee import score

QUICK = """
description = "A test."
methods = ["auto", "univariate"]
time_limit = 20

[[problems]]
data = ["tent", "xor"]
affine = ["none", "skip"]
"""


@pytest.fixture
def quick(tmp_path):
    path = tmp_path / "quick.toml"
    path.write_text(QUICK)
    return suite.load(str(path))


def tabulated(records):
    """What a run's result is, without how long it took."""
    return {
        (
            each.key,
            each.data,
            each.method,
            each.status,
            each.lower_bound,
            each.count,
            each.fits,
            each.residual,
        )
        for each in records
    }


class TestSuites:
    @pytest.mark.parametrize("name", suite.names())
    def test_every_problem_can_be_made(self, name):
        tasks = plan(suite.load(name))
        assert len({task.key for task in tasks}) == len(tasks) > 0
        assert all(find(task.variant.method) for task in tasks)

    def test_lists_and_grids_expand(self, tmp_path):
        path = tmp_path / "grid.toml"
        path.write_text(
            'methods = ["auto"]\n[[problems]]\ndata = "planted"\n'
            'grid = { d = [1, 2], k = [2, 3], n = 5 }\naffine = ["none", "skip"]\n'
            'objective = ["neurons", "weights"]'
        )
        instances = suite.load(str(path)).instances
        # 2 d x 2 k x 2 affine x 2 objectives
        assert len(instances) == 16
        assert instances[0].data == "planted:d=1,k=2,n=5"
        assert instances[0].planted == 2
        assert {each.problem.affine is Affine.SKIP for each in instances} == {False, True}

    def test_columns_and_rows_of_a_table_are_chosen_as_on_the_command_line(self, tmp_path):
        (tmp_path / "t.csv").write_text("a;b;c;y\n0.1;1;7;0\n0.2;;8;1\n0.3;3;9;2\n")
        path = tmp_path / "table.toml"
        path.write_text(
            'methods = ["auto"]\n[[problems]]\ndata = "t.csv"\ndrop_missing = true\nheader = true\n'
            'target = "y"\nfeatures = ["a, b", "c"]\nnumbers = ["decimal", "binary"]'
        )
        problems = [each.problem for each in suite.load(str(path)).instances]
        chosen = [(each.feature_names, each.n_samples, each.places) for each in problems]
        # the row without b is left out where b is asked for; 0.1, 0.2, 0.3 have one place
        expected = [(("a", "b"), 2), (("c",), 3)]
        assert [each[:2] for each in chosen] == expected + expected
        assert [each[2] for each in chosen] == [(1, 0, 0), (0, 0), (0, 0, 0), (0, 0)]
        path.write_text('methods = ["auto"]\n[[problems]]\ndata = "t.csv"\nheader = "yes"')
        with pytest.raises(InputError, match="header = 'yes' is not true or false"):
            suite.load(str(path))

    def test_variant_is_a_method_with_options(self, tmp_path):
        path = tmp_path / "variants.toml"
        path.write_text(
            'methods = ["few"]\nrepeat = 3\n[variants.few]\nmethod = "minimize"\n'
            'algorithm = "adam-reweighted"\nrestarts = 2\nsteps = 50\nrepeat = 2\n[[problems]]\ndata = "tent"'
        )
        tasks = plan(suite.load(str(path)))
        assert [(task.variant.name, task.seed) for task in tasks] == [("few", 0), ("few", 1)]
        record = execute(tasks[0])
        assert record.method == "few"
        assert record.options["restarts"] == 2
        assert record.work == 50

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "methods must be a list"),
            ('methods = ["auto"]', r"no \[\[problems\]\]"),
            ('methods = ["autoo"]\n[[problems]]\ndata="xor"', "did you mean 'auto'"),
            ('methods = ["auto"]\ncolour = 1\n[[problems]]\ndata="xor"', "unknown key 'colour'"),
            (
                'methods = ["auto"]\n[[problems]]\ndata="xor"\nskp=true',
                "problem 0: it has the unknown key 'skp'",
            ),
            ('methods = ["auto"]\n[[problems]]\naffine="skip"', "data must be a list of names"),
            (
                'methods = ["auto"]\n[[problems]]\ndata="xor"\naffine="no"',
                "affine = 'no': choose one of 'none', 'constant', 'skip'",
            ),
            (
                'methods = ["auto"]\n[[problems]]\ndata="xor"\ntolerance="no"',
                "tolerance = 'no' is not a number",
            ),
            ('methods = ["auto"]\n[[problems]]\ndata="xor"\nobjective="size"', "size"),
            ('methods = ["auto"]\ntime_limit=-1\n[[problems]]\ndata="xor"', "time_limit = -1"),
            ('methods = ["auto"]\nrepeat=0\n[[problems]]\ndata="xor"', "repeat = 0"),
            (
                'methods = ["m"]\n[variants.m]\nmethod="auto"\nspeed=1\n[[problems]]\ndata="xor"',
                "no option 'speed'",
            ),
            ('methods = ["auto"]\n[variants.auto]\nmethod="mip"\n[[problems]]\ndata="xor"', "variant 'auto'"),
            ('methods = ["auto"]\n[[problems]]\ndata="nothing"', "unknown dataset 'nothing'"),
            ('methods = ["auto"]\n[[problems]]\ndata="gone.csv"', "no such file"),
            ('methods = ["auto"]\n[[problems]]\ndata="uniform"\ngrid={n=[[1]]}', "is not key=number"),
            ("methods = [", "not readable TOML"),
            ("a=" + "[" * 5000, "TOML|nested"),
        ],
    )
    def test_wrong_suites_are_refused_in_one_sentence(self, tmp_path, text, said):
        path = tmp_path / "wrong.toml"
        path.write_text(text)
        with pytest.raises(InputError, match=said) as refusal:
            plan(suite.load(str(path)))
        assert "\n" not in str(refusal.value)

    @pytest.mark.slow
    def test_too_many_runs_are_refused(self, tmp_path):
        path = tmp_path / "huge.toml"
        seeds = ",".join(map(str, range(190)))
        path.write_text(
            'methods = ["auto", "tree", "mip"]\n[[problems]]\ndata = "uniform"\n'
            f"grid = {{ seed = [{seeds}], n = [{seeds}] }}"
        )
        with pytest.raises(InputError, match="more than 100000 runs"):
            suite.load(str(path))

    def test_unknown_suite_names_the_known_ones(self):
        with pytest.raises(InputError, match=r"known are .*tiny"):
            suite.load("tinny")


class TestReferee:
    def test_figures_are_recomputed(self):
        # max(0, x) misses the label of x = 2 by 2 and no other
        problem = Problem([[0.0], [1.0], [2.0]], [0, 1, 4])
        judged = score(problem, Network([[1.0]], [0.0], [1.0]), Objective.NEURONS)
        assert (judged.fits, judged.exactly, judged.residual) == (False, None, 2.0)
        # scaled by the largest label 4: ((2 / 4) ** 2) / 3
        assert judged.loss == pytest.approx(1 / 12)
        assert judged.counts == {Objective.NEURONS: 1, Objective.WEIGHTS: 1, Objective.PARAMETERS: 1}

    def test_rounding_is_told_from_an_exact_fit(self):
        # thirds are not floats: 3 * (1/3) rounds to 1, and a rational network beside it fits exactly
        problem = Problem([[0.0], [3.0]], [0, 1])
        assert score(problem, Network([[1 / 3]], [0.0], [1.0]), Objective.NEURONS).exactly
        # thirds of three floats, rounded, lie on no line, so that one neuron meets them up to rounding only
        x = np.array([0.1, 0.7, 0.9])
        secants = [
            (Fraction(b / 3) - Fraction(a / 3)) / (Fraction(b) - Fraction(a))
            for a, b in ((0.1, 0.7), (0.7, 0.9))
        ]
        assert secants[0] != secants[1]
        judged = score(Problem(x[:, None], x / 3), Network([[1 / 3]], [0.0], [1.0]), Objective.NEURONS)
        assert (judged.fits, judged.exactly) == (True, False)

    def test_overflow_is_no_fit(self):
        problem = Problem([[1e99], [1e100]], [0, 1])
        judged = score(problem, Network([[1e250]], [0.0], [1.0]), Objective.NEURONS)
        assert not judged.fits
        assert judged.residual == float("inf")

    def test_a_method_that_lies_is_not_believed(self, quick):
        task = plan(quick)[0]
        lie = MethodAnswer(Network([[1.0]], [0.0], [1.0]), "optimal", lower_bound=1, proof="exact")
        record = record_of(task, lie, 0.1)
        assert record.fits is False
        assert record.upper_bound is None
        assert not record.closed


class TestTask:
    def test_record_of_a_run(self, quick):
        record = execute(plan(quick)[0])
        assert (record.data, record.method, record.status) == ("tent", "auto", "optimal")
        assert (record.lower_bound, record.count, record.closed, record.proof) == (3, 3, True, "exact")
        assert (record.fits, record.exactly) == (True, True)
        assert record.trace[-1][1:] == (3, 3)
        assert record.digest == datasets.load("tent").problem().digest

    def test_method_that_does_not_apply_is_refused_not_failed(self, quick):
        task = next(
            task for task in plan(quick) if task.variant.name == "univariate" and task.problem.n_features == 2
        )
        record = execute(task)
        assert record.status == "refused"
        assert "needs one feature" in record.error

    def test_bug_in_a_method_becomes_a_record(self, quick, monkeypatch):
        monkeypatch.setitem(METHODS, "auto", Method("exact", True, "misbehaving:missing", ""))
        with pytest.raises(AttributeError):
            find("auto").load()
        monkeypatch.setitem(METHODS, "auto", Method("exact", True, "misbehaving:hang", ""))
        record = execute(plan(quick)[0])  # hang takes no time limit
        assert record.status == "error"
        assert record.error.startswith("TypeError")

    def test_key_names_the_computation(self, quick):
        task = plan(quick)[0]
        assert task.key == dataclasses.replace(task).key
        for change in (
            {"seed": 1},
            {"repeat": 1},
            {"time_limit": 1.0},
            {"objective": Objective.WEIGHTS},
            {"problem": task.problem.replace(affine="skip")},
            {"variant": suite.Variant("auto", "mip", {})},
        ):
            assert dataclasses.replace(task, **change).key != task.key


@pytest.fixture
def finished(quick, tmp_path):
    """A folder with a finished session of the quick suite."""
    with results_folder.opened(tmp_path / "out") as results:
        run_here(results, quick)
    return tmp_path / "out"


@functools.cache
def some_task():
    return plan(suite.load("tiny"))[0]


class Threads:
    """A place that runs tasks in threads of this process."""

    slots = 2

    def __init__(self, work=execute):
        self._pool, self._work = ThreadPoolExecutor(2), work

    def submit(self, task):
        return self._pool.submit(self._work, task)

    def describe(self):
        return [{"processor": "here"}]

    def failure(self, task, error):
        return record_of(task, None, 0.0, status="crashed", error=str(error))


def run_here(results, chosen, work=execute):
    place = Threads(work)
    session = runner.begin_session(results, chosen, place)
    states = []
    runner.run(results, plan(chosen), place, session, states.append)
    return states


class TestStore:
    def test_reads_back_what_was_written(self, finished, quick):
        sessions, records = results_folder.read(finished)
        assert len(sessions) == 1
        assert sessions[0]["suite"] == "quick"
        assert {record.key for record in records} == {task.key for task in plan(quick)}
        with results_folder.opened(finished) as results:
            assert results.records == records

    @pytest.mark.slow
    @given(cut=st.integers(min_value=1, max_value=400))
    def test_unfinished_last_line_is_cut_off(self, tmp_path_factory, cut):
        folder = tmp_path_factory.mktemp("cut")
        record = record_of(some_task(), None, 1.0, status="error")
        with results_folder.opened(folder) as results:
            results.begin_session({"suite": "tiny"})
            results.append(record)
            results.append(dataclasses.replace(record, key="last"))
        path = folder / results_folder.RESULTS
        content = path.read_bytes()
        path.write_bytes(content[: -min(cut, len(content) - content.rindex(b"\n", 0, -1) - 2)])
        assert [each.key for each in results_folder.read(folder)[1]] == [record.key]
        with results_folder.opened(folder) as results:
            results.append(dataclasses.replace(record, key="again"))
        assert [each.key for each in results_folder.read(folder)[1]] == [record.key, "again"]

    @pytest.mark.parametrize(
        "line",
        [
            "",
            "null",
            "[]",
            "{}",
            '{"kind": "record"}',
            '{"kind": "session", "format": "sparsest/benchmark", "version": 2}',
            '{"kind": NaN}',
            "[" * 100_000,
            "\udcff",
        ],
    )
    def test_damaged_line_is_named(self, finished, line):
        path = finished / results_folder.RESULTS
        path.write_bytes(line.encode(errors="surrogateescape") + b"\n" + path.read_bytes())
        with pytest.raises(InputError, match=r"results\.jsonl, line 1: not a benchmark result"):
            results_folder.read(finished)

    @pytest.mark.parametrize(
        "change",
        [
            {"seconds": "fast"},
            {"count": 1.5},
            {"fits": "yes"},
            {"affine": 0},
            {"session": 7},
            {"trace": [[1]]},
            {"network": 3},
            {"n_samples": True},
            {"data": None},
            {"options": []},
        ],
    )
    def test_wrong_field_is_refused(self, finished, change):
        path = finished / results_folder.RESULTS
        lines = path.read_text().splitlines()
        lines[1] = json.dumps(json.loads(lines[1]) | change)
        path.write_text("\n".join(lines) + "\n")
        with pytest.raises(InputError, match="line 2"):
            results_folder.read(finished)

    def test_run_that_stands_twice_is_refused(self, finished):
        path = finished / results_folder.RESULTS
        path.write_text(path.read_text() + path.read_text().splitlines()[-1] + "\n")
        with pytest.raises(InputError, match="stands twice"):
            results_folder.read(finished)

    def test_second_writer_is_refused(self, finished):
        with (
            results_folder.opened(finished),
            pytest.raises(InputError, match="another benchmark is writing there"),
            results_folder.opened(finished),
        ):
            pass

    def test_tables_have_typed_columns(self, finished):
        _, records = results_folder.read(finished)
        paths = results_folder.export(records, finished)
        from_parquet = pd.read_parquet(paths[1])
        assert [path.name for path in paths] == ["table.csv", "table.parquet"]
        assert str(from_parquet["lower_bound"].dtype) == "Int64"
        assert str(from_parquet["fits"].dtype) == "boolean"
        assert list(pd.read_csv(paths[0])["key"]) == [record.key for record in records]


class TestRunner:
    def test_only_what_is_missing_is_run(self, quick, tmp_path):
        ran = []

        def remember(task):
            ran.append(task.key)
            if len(ran) == 5:
                raise KeyboardInterrupt
            return execute(task)

        def interrupted(task, error):
            raise error  # Ctrl-C while the runner waits

        place = Threads(remember)
        place.failure = interrupted
        with results_folder.opened(tmp_path) as results:
            session = runner.begin_session(results, quick, place)
            with pytest.raises(KeyboardInterrupt):
                runner.run(results, plan(quick), place, session, lambda _: None)
        before = [record.key for record in results_folder.read(tmp_path)[1]]
        assert 0 < len(before) < 8
        ran.clear()
        with results_folder.opened(tmp_path) as results:
            states = run_here(results, quick)
            keys = [record.key for record in results.records]
        assert keys[: len(before)] == before
        assert sorted(keys) == sorted(task.key for task in plan(quick))
        assert (states[-1].done, states[-1].total, states[-1].running) == (8, 8, ())
        assert states[-1].remaining == 0

    def test_worker_that_fails_costs_its_own_run_only(self, quick, tmp_path):
        def failing(task):
            if task.data == "xor":
                raise RuntimeError("lost")
            return execute(task)

        with results_folder.opened(tmp_path) as results:
            run_here(results, quick, failing)
            statuses = {(record.data, record.status) for record in results.records}
        assert ("xor", "crashed") in statuses
        assert ("tent", "optimal") in statuses

    def test_folder_of_another_suite_is_refused(self, quick, finished):
        for other in (
            dataclasses.replace(quick, name="other"),
            dataclasses.replace(quick, digest="other"),
            dataclasses.replace(quick, time_limit=1.0),
        ):
            with (
                results_folder.opened(finished) as results,
                pytest.raises(InputError, match="choose another --out"),
            ):
                runner.refuse_other_suite(results, other)


class TestProcesses:
    @pytest.mark.slow
    def test_same_table_as_here(self, quick, tmp_path, finished):
        with results_folder.opened(tmp_path / "processes") as results:
            with executors.processes(2) as place:
                session = runner.begin_session(results, quick, place)
                runner.run(results, plan(quick), place, session, lambda _: None)
            assert tabulated(results.records) == tabulated(results_folder.read(finished)[1])

    @pytest.mark.slow
    def test_crash_and_hang_are_recorded(self, quick, monkeypatch):
        found = {}
        with executors.processes(1, patience=executors.Patience(times=1.0, seconds=0.0)) as place:
            for work, seconds in ((misbehaving.crash, 30.0), (misbehaving.hang, 1.0), (execute, 30.0)):
                task = dataclasses.replace(plan(quick)[0], time_limit=seconds)
                monkeypatch.setattr(executors, "execute", work)
                future = place.submit(task)
                error = future.exception(timeout=60)
                record = future.result() if error is None else place.failure(task, error)
                found[work.__name__] = record.status
        assert found == {"crash": "crashed", "hang": "killed", "execute": "optimal"}

    @pytest.mark.slow
    def test_kill_9_loses_and_repeats_nothing(self, tmp_path):
        path = tmp_path / "many.toml"
        path.write_text(
            'methods = ["auto", "mip"]\ntime_limit = 20\n[[problems]]\ndata = "uniform"\n'
            "grid = { d = 2, n = 5, seed = [0, 1, 2, 3] }"
        )
        out = tmp_path / "out"
        command = [sys.executable, "-m", "sparsest.cli.main", "bench", path, "--workers", "2", "--out", out]
        first = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(lambda: (out / results_folder.RESULTS).exists() and len(results_folder.read(out)[1]) >= 3)
        children = [int(pid) for pid in children_of(first.pid)]
        first.send_signal(signal.SIGKILL)
        first.wait()
        _, before = results_folder.read(out)
        planned = {task.key for task in plan(suite.load(str(path)))}
        assert 3 <= len(before) < len(planned)
        wait_for(lambda: not any(is_running(pid) for pid in children))
        command[-3] = "1"  # another number of workers goes on as well
        second = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert second.returncode == 0
        assert f"{len(planned)} runs, {len(before)} of them finished before" in second.stderr
        sessions, after = results_folder.read(out)
        assert len(sessions) == 2
        assert after[: len(before)] == before
        assert len(after) == len(planned)
        assert {record.key for record in after} == planned


def children_of(pid):
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return done.stdout.split()


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"


class TestDask:
    @pytest.mark.slow
    def test_same_table_as_without_and_a_worker_that_dies_costs_nothing(
        self, dask, tmp_path, quick, finished
    ):
        out = tmp_path / "cluster"
        result = call("bench", tmp_path / "quick.toml", "--dask", dask[0], "--out", out)
        assert result.exit_code == 0, result.output
        assert tabulated(results_folder.read(out)[1]) == tabulated(results_folder.read(finished)[1])
        assert results_folder.read(out)[0][0]["workers"] == 2
        # on the same cluster, which takes seconds to start
        flag = tmp_path / "crashed"
        with results_folder.opened(tmp_path / "died") as results, executors.cluster(dask[0]) as place:
            tasks = plan(quick)
            place.submit = lambda task: place.executor.submit(
                *((misbehaving.crash_once, task, flag) if task is tasks[3] else (execute, task))
            )
            runner.run(results, tasks, place, runner.begin_session(results, quick, place), lambda _: None)
            assert flag.exists()
            assert {record.key for record in results.records} == {task.key for task in tasks}
            assert "crashed" not in {record.status for record in results.records}

    def test_no_scheduler_is_one_sentence(self):
        place = executors.cluster("tcp://127.0.0.1:9", timeout=0.5)
        with pytest.raises(InputError, match="no Dask scheduler answers"), place:
            pass


class TestCommand:
    def test_without_a_suite_lists_them(self):
        result = call("bench")
        assert result.exit_code == 0
        for name in suite.names():
            assert name in result.stdout

    @pytest.mark.slow
    def test_run_is_the_default(self, tmp_path, quick):
        out = tmp_path / "out"
        result = call("bench", tmp_path / "quick.toml", "--methods", "auto", "--workers", 1, "--out", out)
        assert result.exit_code == 0
        assert "xor, skip    1 proven" in result.stdout
        assert {path.name for path in out.iterdir()} >= {"results.jsonl", "table.csv", "table.parquet"}
        again = call("bench", "run", tmp_path / "quick.toml", "--methods", "auto", "--out", out)
        assert "4 runs, 4 of them finished before" in again.stderr
        assert again.stdout == result.stdout
        assert len(results_folder.read(out)[0]) == 1

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["tinny"], "unknown suite 'tinny'"),
            (["tiny", "--methods", "autoo"], "did you mean 'auto'"),
            (["tiny", "--methods", ","], "--methods"),
            (["tiny", "--workers", "0"], "--workers = 0"),
            (["tiny", "--repeat", "0"], "--repeat = 0"),
            (["tiny", "--time-limit", "-1"], "time_limit = -1"),
            (["tiny", "--workers", "2", "--dask", "x"], "exclude each other"),
            (["report", "nowhere"], "no such file"),
            (["gone.toml"], "no such file"),
        ],
    )
    def test_wrong_commands_say_why(self, tmp_path, monkeypatch, arguments, said):
        monkeypatch.chdir(tmp_path)
        result = call("bench", *arguments)
        assert result.exit_code == 2
        assert said in result.stderr
        assert result.stdout == ""
        assert "Traceback" not in result.stderr


class TestRealData:
    """The small samples of scikit-learn's data in the suite `real` are what they are said to be."""

    @pytest.mark.parametrize(
        ("name", "rows", "columns"),
        [
            ("diabetes", slice(0, None, 32), ["bmi", "bp", "s5"]),
            ("iris", slice(50, None, 5), None),
            ("wine", slice(0, 130, 9), ["alcohol", "malic_acid", "color_intensity"]),
            ("breast-cancer", slice(0, None, 24), ["mean radius", "mean texture", "mean smoothness"]),
        ],
    )
    def test_rows_are_those_of_scikit_learn(self, name, rows, columns):
        sources = pytest.importorskip("sklearn.datasets")
        options = {"scaled": False} if name == "diabetes" else {}
        whole = getattr(sources, f"load_{name.replace('-', '_')}")(**options)
        names = [*whole.feature_names]
        chosen = [names.index(column) for column in columns or names]
        labels = whole.target if name == "diabetes" else whole.target_names[whole.target]
        ours = pd.read_csv(suite.folder() / "data" / f"{name}.csv")
        assert np.array_equal(ours.iloc[:, :-1].to_numpy(), whole.data[rows][:, chosen])
        assert list(ours.iloc[:, -1]) == list(labels[rows])
