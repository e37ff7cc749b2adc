"""The paper's experiments against the truth: a few short runs, and tables and figure of made-up ones."""

import dataclasses

import paper_experiments
import pytest
from helpers import ROOT
from paper_experiments import FIND, MINIMIZE, POLISHED, POWERS, PUBLISHED, Run

from sparsest import InputError, exact
from sparsest.benchmarks.paper.experiments import EXPERIMENTS

PEAK = EXPERIMENTS[0]


def run(method=PUBLISHED, p=0.4, seed=0, error=1e-9, path_norm=4.0, count=4, steps=100_000):
    return Run("peak-plateau", method, p, seed, steps, error, path_norm, count)


@pytest.fixture(scope="module")
def known():
    problem, goal = PEAK.problem(), PEAK.objective
    least = {p: exact.minimize_path_norm(problem, p, goal) for p in POWERS}
    truth = paper_experiments.Truth(least, exact.solve(problem, goal), exact.threshold(problem, goal))
    return {"peak-plateau": truth}


@pytest.mark.slow
def test_every_method_runs_and_no_run_is_repeated(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paper_experiments, "EXPERIMENTS", (PEAK,))
    arguments = ["5", "1", "--steps", "30", "--out", str(tmp_path)]
    paper_experiments.main(arguments)
    first = capsys.readouterr().out
    path = tmp_path / "paper-experiments.csv"
    found = paper_experiments.read_runs(path)
    expected = {(m, p, seed) for m in (PUBLISHED, POLISHED, MINIMIZE, FIND) for p in POWERS for seed in (0,)}
    assert len(found) == len(expected)
    assert {(each.method, each.p, each.seed) for each in found} == expected
    assert (tmp_path / "paper-experiments.png").read_bytes().startswith(b"\x89PNG")
    for name in ("trained_networks", "find_sparse"):  # nothing is left to run
        monkeypatch.setattr(paper_experiments, name, None)
    before = path.read_text()
    paper_experiments.main(arguments)
    assert path.read_text() == before
    runs_of = [
        [line for line in text.splitlines() if "of 1" in line] for text in (first, capsys.readouterr().out)
    ]
    assert runs_of[0] == runs_of[1]


def test_what_is_certified(known):
    head, _, *rows = paper_experiments.table_of_truth(known, [])
    assert head.count("|") == 7
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    # two neurons of size one at the ends, one of two in the middle: 2 + 2^p, by hand
    assert [float(cell[2]) for cell in cells] == pytest.approx([2 + 2**p for p in POWERS], rel=1e-5)
    assert {cell[4] for cell in cells} == {"3 weights"}
    assert {cell[5] for cell in cells} == {"[0.999999999, 1]"}
    for cell, p in zip(cells, POWERS, strict=True):
        low, high = map(float, cell[3].strip("[]").split(","))
        assert low <= 2 + 2**p <= high  # rounded outwards


def test_an_open_interval_is_said_to_be_open(known):
    truth = known["peak-plateau"]
    least = {
        p: dataclasses.replace(each, status="time_limit", lower_bound=1.0) for p, each in truth.least.items()
    }
    fewest = dataclasses.replace(truth.fewest, lower_bound=2)
    opened = {"peak-plateau": dataclasses.replace(truth, least=least, fewest=fewest)}
    # the second, cheaper one comes from training, and need not interpolate
    some = [run(MINIMIZE, error=0.0, path_norm=3.0), run(path_norm=2.5)]
    _, _, *rows = paper_experiments.table_of_truth(opened, some)
    assert all("best known" in row and "[1, " in row and "2 to 3 weights" in row for row in rows)
    assert "| 3, best known | [1, 3] |" in rows[0]


def test_shares_of_runs(known):
    least = 2 + 2**0.4
    some = [
        run(seed=0, path_norm=least * 1.0009, count=3),
        run(seed=1, path_norm=least * 1.0011, count=4),
        run(seed=2, path_norm=least * 0.99, count=2),  # an error that training leaves: neither is reached
        run(seed=3, error=1e-4, path_norm=least, count=3),  # does not fit
        run(method=FIND, steps=0, path_norm=least, count=3),
        run(method=POLISHED, error=0.3, path_norm=0.0, count=0),
    ]
    _, _, *rows = paper_experiments.table_of_runs(known, some)
    assert rows == [
        "| peak-plateau | 0.4 | published loop | 3 of 4 | 1 of 4 | 1 of 4 | 0.09 % | 2 to 4 |",
        "| peak-plateau | 0.4 | published loop, polished | 0 of 1 | 0 of 1 | 0 of 1 |  |  |",
        "| peak-plateau | 0.4 | find_sparse | 1 of 1 | 1 of 1 | 1 of 1 | 0 % | 3 |",
    ]


def test_runs_come_back_as_they_were_written(tmp_path):
    path, some = tmp_path / "runs.csv", [run(), run(POLISHED, error=0.1 + 0.2, path_norm=1 / 3)]
    assert paper_experiments.read_runs(path) == []
    paper_experiments.append_runs(path, some[:1])
    paper_experiments.append_runs(path, some[1:])
    assert paper_experiments.read_runs(path) == some
    path.write_text(path.read_text() + "peak-plateau,minimize\n")
    with pytest.raises(InputError, match="line 4, is damaged"):
        paper_experiments.read_runs(path)


def test_figure_shows_runs_that_fit_against_the_bounds(known):
    figure = paper_experiments.plot_runs(known, [run(), run(seed=1, path_norm=5.0), run(seed=2, error=1.0)])
    assert len(figure.axes) == 6
    norms, counts = figure.axes[0], figure.axes[3]
    assert norms.lines[0].get_ydata().tolist() == [4.0, 5.0]
    assert norms.lines[-1].get_ydata()[0] == pytest.approx(2 + 2**0.4, rel=1e-5)
    assert counts.lines[0].get_ydata().tolist() == [4, 4]
    assert set(counts.lines[-1].get_ydata()) == {3}
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [PUBLISHED, POLISHED, MINIMIZE, FIND, "least known", "not excluded"]


def test_the_page_says_what_the_stored_runs_say(known):
    page = (ROOT / "docs" / "paper-checks.md").read_text()
    some = paper_experiments.read_runs(ROOT / "docs" / "figures" / "paper-experiments.csv")
    assert {each.data for each in some} == {each.data for each in EXPERIMENTS}
    for line in paper_experiments.table_of_runs(known, some):
        assert line in page
    for data in ("peak-plateau", "high-dimensional"):
        assert len([line for line in page.splitlines() if line.startswith(f"| {data} | ")]) == 15


@pytest.mark.parametrize(
    "arguments", [["0"], ["5", "0"], ["--steps", "0"], ["--out", "/no/such/folder"], ["--data", "xor"]]
)
def test_what_makes_no_sense_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as refused:
        paper_experiments.main(arguments)
    assert refused.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
