"""Sparsity over the steps of training: the runs, their table, and the page made of them."""

import dataclasses
import functools
import itertools

import helpers
import numpy as np
import pytest
import torch
from helpers import ROOT
from torch import nn

from sparsest import InputError, Objective, exact, tolerances
from sparsest.affine import Affine
from sparsest.benchmarks.paper import experiments, figure, runs
from sparsest.benchmarks.paper.experiments import (
    EXPERIMENTS,
    METHODS,
    TrainingMethod,
    counts,
    experiment,
    record_steps,
    train,
    trained_networks,
)
from sparsest.benchmarks.paper.traces import Trace, read_traces, write_traces
from sparsest.benchmarks.peers import loop
from sparsest.benchmarks.peers.published_training import published_training
from sparsest.continuous.algorithms.batch import Batch
from sparsest.results.solving import Proof

PEAK, HIGH = EXPERIMENTS
DOCS = ROOT / "docs"


call = functools.partial(helpers.call, "bench", "figures")


def method(name):
    return next(each for each in METHODS if each.name == name)


def made_up(name="p = 0.4", seeds=(0, 1), steps=(1, 10), parts=((9, 9), (3, 2)), best=((1, 1), (1e-9, 0.03))):
    """A trace of two runs on peak-plateau, of which the second has given up a neuron that it needs."""
    table, errors = np.array(parts, dtype=float), np.array(best, dtype=float)
    return Trace(name, np.array(seeds), np.array(steps), table + 1, table, table, 2 * errors, errors)


def same(one, other):
    fields = [field.name for field in dataclasses.fields(Trace) if field.name != "method"]
    return one.method == other.method and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in fields
    )


class TestRecordSteps:
    @pytest.mark.parametrize("steps", [1, 2, 7, 500, 2500, 2501, 6000, 100_000])
    def test_no_gap_is_wide_and_the_last_step_is_there(self, steps):
        found = record_steps(steps)
        gaps = np.diff([0, *found])
        assert found[0] == 1
        assert found[-1] == steps
        assert gaps.min() >= 1
        # at most 15 % of the steps taken, rounded up, and never more than half a window
        assert all(gap <= min(2500, 0.15 * step + 1) for gap, step in zip(gaps, found, strict=True))

    def test_a_full_run_is_judged_by_its_last_5000_steps(self):
        assert record_steps(100_000)[-3] == 100_000 - loop.WINDOW


class TestCounts:
    # products |v w|: 2, 4e-6, 0 | 1e-6, 1e-6, 2; the largest is 2, so that up to 2e-6 they are negligible
    HIDDEN = (((1.0, 2e-6, 0.0), (1e-3, 1e-3, 2e3), (0.0, 0.0, 0.0)),)
    OUTPUTS = ((2.0, -1e-3, 1.0),)

    def batch(self, scale=1.0):
        hidden, outputs = (torch.tensor(part, dtype=torch.float64) for part in (self.HIDDEN, self.OUTPUTS))
        return Batch(hidden, scale * outputs, affine=Affine.NONE)

    @pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
    def test_by_hand(self, scale):
        assert tolerances.NEGLIGIBLE_WEIGHT == 1e-6
        # with biases: 2, 4e-6, 1e-6, 1e-6, 2 are nonzero; 2, 4e-6 and 2 count, in two neurons
        assert [int(part[0]) for part in counts(self.batch(scale), Objective.PARAMETERS)] == [5, 3, 2]
        # without: 2, 4e-6, 1e-6, 1e-6; the second neuron has none that counts
        assert [int(part[0]) for part in counts(self.batch(scale), Objective.WEIGHTS)] == [4, 2, 1]

    def test_nothing_is_left_of_a_network_of_zeros_and_nothing_is_hidden_of_a_broken_one(self):
        assert [int(part[0]) for part in counts(self.batch(0.0), Objective.WEIGHTS)] == [0, 0, 0]
        assert [int(part[0]) for part in counts(self.batch(np.nan), Objective.WEIGHTS)] == [6, 6, 3]


class TestTrain:
    @pytest.mark.slow
    @pytest.mark.parametrize("setting", EXPERIMENTS, ids=lambda each: each.data)
    @pytest.mark.parametrize("p", [0.4, 1.0])
    def test_it_is_the_published_training(self, setting, p):
        answer = published_training(
            setting.problem(), setting.objective, seed=3, time_limit=None, p=p, steps=300
        )
        trace = train(setting, TrainingMethod("p", p=p), [3], 300)
        # width and lambda are the peer's own defaults; both look back over all 300 steps
        assert answer.options["width"] == setting.width
        assert answer.options["regularization"] == setting.regularization
        assert trace.recent_loss(loop.WINDOW)[0] == pytest.approx(answer.options["mse"], rel=1e-3)
        # the peer's network is that of its best step
        count = answer.network.count(setting.objective)
        assert trace.nonzero.min() <= count <= trace.nonzero.max()

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["unregularised", "weight decay"])
    def test_others_are_the_optimizers_of_torch(self, name):
        problem, steps = PEAK.problem(), 40
        start = loop.dense_network(1, PEAK.width, affine=Affine.NONE, seed=5, dtype=torch.float32)
        hidden, outputs = nn.Parameter(start.hidden[0].clone()), nn.Parameter(start.outputs[0].clone())
        kind = torch.optim.Adam if name == "unregularised" else torch.optim.AdamW
        optimizer = kind([hidden, outputs], lr=0.01)  # decay of AdamW: its default
        inputs, labels = (
            torch.tensor(part, dtype=torch.float32) for part in (problem.homogeneous, problem.targets)
        )
        losses = []
        for _ in range(steps + 1):
            optimizer.zero_grad()
            loss = ((torch.relu(inputs @ hidden.T) @ outputs - labels) ** 2).mean()
            losses.append(loss.item())
            loss.backward()
            optimizer.step()
        trace = train(PEAK, method(name), [5], steps)
        ends = [0, *(trace.steps + 1)]
        for t, (begin, end) in enumerate(itertools.pairwise(ends)):
            since = losses[begin:end]
            assert trace.loss[t, 0] == pytest.approx(np.median(since), rel=1e-3)
            assert trace.best_loss[t, 0] == pytest.approx(min(since), rel=1e-3)

    def test_seeds_of_a_batch_do_not_disturb_each_other(self):
        together, alone = (train(PEAK, METHODS[-1], seeds, 30) for seeds in ([4, 7], [7]))
        np.testing.assert_allclose(together.loss[:, 1], alone.loss[:, 0], rtol=1e-3)
        np.testing.assert_allclose(together.parts[:, 1], alone.parts[:, 0], atol=1)

    @pytest.mark.parametrize("setting", EXPERIMENTS, ids=lambda each: each.data)
    def test_nothing_is_lost_without_neurons_that_are_zero_for_good(self, setting, monkeypatch):
        seen, drop = [], experiments.LiveBatch.drop

        def noticed(*arguments):
            seen.append(drop(*arguments) is not None)

        monkeypatch.setattr(experiments.LiveBatch, "drop", noticed)
        narrowed = train(setting, METHODS[-1], [0, 1], 250)
        monkeypatch.setattr(experiments, "_NARROWED", 10**6)
        whole = train(setting, METHODS[-1], [0, 1], 250)
        assert any(seen)
        np.testing.assert_allclose(narrowed.loss, whole.loss, rtol=0.05)
        np.testing.assert_allclose(narrowed.parts, whole.parts, atol=2)

    @pytest.mark.parametrize("setting", EXPERIMENTS, ids=lambda each: each.data)
    def test_networks_are_those_of_the_published_training(self, setting):
        problem, steps = setting.problem(), 40
        answer = published_training(problem, setting.objective, seed=3, time_limit=None, p=0.4, steps=steps)
        _, network = trained_networks(setting, METHODS[-1], [8, 3], steps)
        assert loop.mean_squared_error(problem, network) == pytest.approx(answer.options["mse"], rel=1e-3)
        assert network.count(setting.objective) == pytest.approx(
            answer.network.count(setting.objective), abs=2
        )
        expected = answer.network.path_norm(0.4, setting.objective)
        assert network.path_norm(0.4, setting.objective) == pytest.approx(expected, rel=1e-3)

    def test_networks_are_taken_from_the_last_steps(self, monkeypatch):
        # the best error of all comes before the window of the last two steps
        errors = [5.0, 1.0, 0.1, 3.0, 2.0]
        batch = experiments._initial(PEAK.problem(), 80, [0])

        def course(*_):
            for step, error in enumerate(errors):
                batch.outputs[:] = float(step + 1)
                yield step, batch, torch.tensor([error])

        monkeypatch.setattr(loop, "WINDOW", 2)
        monkeypatch.setattr(experiments, "_course", course)
        (network,) = trained_networks(PEAK, METHODS[-1], [0], 4)
        assert set(network.outputs) == {5.0}
        errors[3:] = [np.nan, np.nan]
        (network,) = trained_networks(PEAK, METHODS[-1], [0], 4)
        assert set(network.outputs) == {1.0}

    def test_smaller_exponents_prune_sooner(self):
        last = [train(HIGH, method(name), [0], 100).parts[-1, 0] for name in ("p = 1", "p = 0.7", "p = 0.4")]
        assert last[0] > last[1] > last[2]

    def test_an_unknown_dataset_is_refused(self):
        with pytest.raises(InputError, match="'xor': known are peak-plateau, high-dimensional"):
            experiment("xor")


class TestTraces:
    def test_they_come_back_as_they_were_written(self, tmp_path):
        traces = [made_up(), made_up("weight decay", best=((0.5, np.inf), (1e-300, np.nan)))]
        write_traces(tmp_path / "t.csv", traces)
        back = read_traces(tmp_path / "t.csv")
        assert same(back[0], traces[0])
        np.testing.assert_array_equal(back[1].best_loss, traces[1].best_loss)
        assert read_traces(tmp_path / "none.csv") == []

    def test_batches_of_one_method_are_put_together(self, tmp_path):
        write_traces(tmp_path / "t.csv", [made_up(seeds=(4, 5)), made_up(seeds=(0, 2))])
        (trace,) = read_traces(tmp_path / "t.csv")
        assert trace.seeds.tolist() == [0, 2, 4, 5]
        assert same(trace.of_seeds([4, 5, 9]), made_up(seeds=(4, 5)))

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda text: "x" + text, "first line"),
            (lambda text: text.replace(",9,", ",nine,"), "nine"),
            (lambda text: text.rstrip().rpartition(",")[0], "line 5 has 4 measured values"),
            (lambda text: text.rstrip().rpartition("\n")[0], "not recorded at the same ascending steps"),
            (lambda text: text.replace(",10,", ",1,"), "not recorded at the same ascending steps"),
            (lambda text: text + "p = 0.4\n", "not enough values"),
        ],
    )
    def test_a_damaged_table_is_refused(self, tmp_path, change, said):
        path = tmp_path / "t.csv"
        write_traces(path, [made_up()])
        path.write_text(change(path.read_text()))
        with pytest.raises(InputError, match=said):
            read_traces(path)

    def test_a_run_is_judged_by_its_last_steps(self):
        trace = made_up(steps=(5, 10, 15), parts=((1, 1),) * 3, best=((0.1, 3.0), (0.4, 2.0), (0.3, 4.0)))
        assert trace.recent_loss(10).tolist() == [0.3, 2.0]
        assert trace.recent_loss(11).tolist() == [0.1, 2.0]


class TestRuns:
    def test_seeds(self):
        assert runs.parse_seeds(" 7, 0-2,1") == [0, 1, 2, 7]
        for bad in ("", "-", "a", "1-", "-1", "1.5", "3-2", "0-999999999", "٣"):
            with pytest.raises(InputError, match="seeds"):
                runs.parse_seeds(bad)

    def test_only_what_is_missing_is_run(self, tmp_path):
        path = tmp_path / "t.csv"
        write_traces(path, [made_up(each.name) for each in METHODS[1:]])
        assert runs.left_over(path, [0, 1], 10) == [(METHODS[0], [0, 1])]
        left = {each.name: some for each, some in runs.left_over(path, [1, 2], 10)}
        assert left == {METHODS[0].name: [1, 2]} | {each.name: [2] for each in METHODS[1:]}
        with pytest.raises(InputError, match=r"runs of 10 steps, not 11"):
            runs.left_over(path, [0], 11)

    def test_recorded_runs_come_in_the_order_of_the_methods(self, tmp_path):
        path = tmp_path / "t.csv"
        write_traces(path, [made_up("p = 0.4"), made_up("unregularised", seeds=(5, 6)), made_up("old")])
        assert [trace.method for trace in runs.recorded(path, [0, 5])] == [
            "unregularised",
            "p = 0.4",
        ]
        assert [trace.method for trace in runs.recorded(path, [0])] == ["p = 0.4"]


class TestReport:
    def test_runs_that_fit_are_told_from_others(self):
        header, (row,) = figure.table(PEAK, [made_up()])
        assert dict(zip(header, row, strict=True)) == {
            "method": "p = 0.4",
            "fit": "1 of 2",
            "their error": "1e-09 to 1e-09",
            "their weights": "3 (1x)",
            "exactly nonzero": "4 (1x)",
            "weights of the others": "2 (1x)",
        }

    def test_many_counts_are_a_range(self):
        many = made_up(
            seeds=range(6), parts=([9] * 6, range(3, 9)), best=([1] * 6, [1e-9] * 6), steps=(1, 10)
        )
        assert figure.table(PEAK, [many])[1][0][3] == "3 to 8, median 5.5"

    def test_too_few_parts_are_remarked_upon_only_where_the_error_is_small(self):
        trace = made_up(best=((1, 1), (0.03, 1e-6)))  # 3 neurons that do not fit, 2 that nearly do
        (note,) = figure.notes(PEAK, [trace])
        assert "seed 1: 2 active neurons, fewer than the 3 (proven minimum)" in note
        assert figure.notes(PEAK, [made_up()]) == []

    def test_floors(self):
        assert [(each.name, each.floor.count) for each in figure.counted(PEAK)] == [("neurons", 3)]
        parameters, neurons = figure.counted(HIGH)
        # ten labels; max(0, g) - max(0, -g) with g affine through them, and one neuron has one sign
        assert (parameters.name, parameters.floor.count) == ("parts", 10)
        assert "almost all" in parameters.floor.claim
        assert (neurons.name, neurons.floor) == ("neurons", figure.Floor(2, "proven minimum"))

    @pytest.mark.parametrize(
        ("changes", "claim"),
        [
            ({"lower_bound": 2}, "proven lower bound"),
            ({"proof": Proof.NUMERICAL}, "minimum up to solver tolerances"),
        ],
    )
    def test_what_is_not_proven_minimal_is_not_called_so(self, monkeypatch, changes, claim):
        found = dataclasses.replace(exact.solve(PEAK.problem()), **changes)
        monkeypatch.setattr(figure.exact, "solve", lambda problem, **options: found)
        assert figure.neuron_floor(PEAK.problem()).claim == claim

    def test_figure_shows_median_floor_and_loss(self):
        drawn = figure.plot_sparsity(PEAK, [made_up(), made_up("unregularised")])
        top, bottom = drawn.axes
        assert [each.get_ylabel() for each in drawn.axes] == ["active neurons", "mean squared error"]
        # medians of 9, 9 and of 3, 2; the floor; the error below which a run is said to fit
        assert top.lines[0].get_ydata().tolist() == [9, 2.5]
        assert set(top.lines[2].get_ydata()) == {3}
        assert set(bottom.lines[2].get_ydata()) == {tolerances.TRAINED_LOSS}
        assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["p = 0.4", "unregularised"]
        labels = [each.get_ylabel() for each in figure.plot_sparsity(HIGH, [made_up()]).axes]
        assert labels == ["nonzero parameters", "active neurons", "mean squared error"]


class TestCommand:
    @pytest.mark.slow
    def test_runs_once_and_draws_again(self, tmp_path, monkeypatch):
        asked = ["--steps", 20, "--seeds", "0,3", "--data", "peak-plateau", "--workers", 1, "--out", tmp_path]
        first = call(*asked)
        assert first.exit_code == 0, first.output
        rows = (tmp_path / "peak-plateau.csv").read_text()
        traces = read_traces(tmp_path / "peak-plateau.csv")
        assert {trace.method for trace in traces} == {each.name for each in METHODS}
        assert all(trace.seeds.tolist() == [0, 3] for trace in traces)
        (tmp_path / "peak-plateau.png").unlink()
        monkeypatch.setattr(runs, "train", None)  # nothing is left to train
        assert call(*asked).stdout == first.stdout
        assert (tmp_path / "peak-plateau.csv").read_text() == rows
        assert (tmp_path / "peak-plateau.png").read_bytes().startswith(b"\x89PNG")
        assert not (tmp_path / "high-dimensional.png").exists()

    def test_ctrl_c_keeps_and_draws_what_is_there(self, tmp_path, monkeypatch):
        def interrupted(settings, seeds, steps, folder, workers, report):
            write_traces(folder / "peak-plateau.csv", [made_up()])
            raise KeyboardInterrupt

        monkeypatch.setattr(runs, "measure", interrupted)
        result = call("--out", tmp_path / "new")
        assert result.exit_code == 3
        assert "the same command continues from here" in result.stderr
        assert [path.name for path in sorted((tmp_path / "new").iterdir())] == [
            "peak-plateau.csv",
            "peak-plateau.png",
        ]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--steps", "0"], "--steps"),
            (["--workers", "0"], "--workers"),
            (["--seeds", "x"], "write for example 0-9"),
            (["--data", "xor"], "known are peak-plateau"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, tmp_path, arguments, said):
        result = call(*arguments, "--out", tmp_path / "none")
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())
        assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("setting", EXPERIMENTS, ids=lambda each: each.data)
def test_the_page_says_what_the_stored_runs_say(setting):
    page = (DOCS / "sparsity-over-time.md").read_text()
    traces = runs.recorded(DOCS / "figures" / f"{setting.data}.csv", range(10))
    assert [trace.method for trace in traces] == [each.name for each in METHODS]
    header, rows = figure.table(setting, traces)
    for row in (header, *rows):
        assert f"| {' | '.join(row)} |" in page
    assert f"figures/{setting.data}.png" in page
