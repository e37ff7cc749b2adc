"""Who reaches certified least path norms, and what strategies had; expected figures are derived by hand."""

import dataclasses
import math

import numpy as np
import pytest
from helpers import benchmark_record, call

from sparsest.benchmarks.reports.charts import CHARTS, drawable
from sparsest.benchmarks.reports.html_page import write_report
from sparsest.benchmarks.reports.least_norm import judged_runs, norm_table
from sparsest.benchmarks.reports.markdown_page import results_page
from sparsest.benchmarks.reports.outcomes import collect, remarks
from sparsest.benchmarks.reports.strategies import courses, strategy_table, watched
from sparsest.benchmarks.reports.summary import cell
from sparsest.benchmarks.reports.versus import versus
from sparsest.benchmarks.run import results_folder

DRAWN = {chart.name: chart for chart in CHARTS}


def normed(norm, method="minimize", data="a", p=0.5, seconds=1.0, **changes):
    """A run whose network has this path norm, where 4 is the certified least one."""
    fields = {"p": p, "path_norm": norm, "least_norm": (4.0, 4.0), "seconds": seconds}
    return benchmark_record(data, method, **(fields | changes))


# within a millionth; half a percent above; a quarter above; of a peer that does not fit
NORMS = [
    normed(4.000001, seconds=1.0),
    normed(4.02, p=0.3, seconds=2.0),
    normed(5.0, data="b", seconds=3.0),
    normed(3.0, "greedy", fits=False, exactly=None, seconds=0.5),
]


def noisy(method="find", data="n", attempts=(), **changes):
    return benchmark_record(data, method, tolerance=2.0, attempts=tuple(attempts), **changes)


# seconds, strategy, count, path norm, largest violation
FOUND = (
    (0.5, "random", 1, 2.0, 4.0),
    (1.0, "random", 4, 9.0, 0.0),
    (2.0, "less", 3, 5.0, 1.0),
    (3.0, "random", 5, 8.0, 0.0),
    (4.0, "less", 3, 6.0, 0.0),
    (5.0, "less", 2, 4.0, 3.0),
)


def test_row_of_a_method():
    header, rows = norm_table(collect(NORMS))
    # 6 seconds of three runs, one of which is a success; excesses 0, 0.005 and 0.25
    assert header[1:] == ["runs", "reached", "near", "fit", "excess", "seconds", "a success", "below"]
    assert rows[0] == ["minimize", "3", "1 (33%)", "2", "3", "0.5%, 25.0%", "2", "6", "0"]
    assert rows[1] == ["greedy", "1", "0 (0%)", "0", "0", "no fit, no fit", "0.5", "-", "0"]


def test_exponents_are_problems_of_their_own():
    known = collect(NORMS)
    assert [each.label for each in known.instances] == ["a, p = 0.5", "a, p = 0.3", "b, p = 0.5"]
    texts = [cell(known, each, "minimize").text for each in known.instances]
    assert texts == ["least 1s", "+0.5% 2s", "+25.0% 3s"]
    assert cell(known, known.instances[0], "greedy").text == "no fit 0.5s"


def test_without_certified_norms_there_is_no_table_and_no_chart():
    known = collect([benchmark_record(), normed(4.0, least_norm=None)])
    assert norm_table(known)[1] == []
    assert "least-norm" not in [chart.name for chart in drawable(known)]
    assert judged_runs(known) == {}


@pytest.mark.parametrize(
    ("norm", "exactly", "refuted"),
    # a millionth below is rounding
    [(3.999997, None, None), (3.9, True, True), (3.9, None, True), (3.9, False, False)],
)
def test_path_norms_below_the_certified_one_are_flagged(norm, exactly, refuted):
    found = remarks(collect([normed(norm, exactly=exactly)]))
    assert [remark.refuted for remark in found] == ([] if refuted is None else [refuted])
    if refuted is not None:
        assert "path norm 3.9, below the certified least one, 4: one of the two is wrong" in found[0].sentence
        assert norm_table(collect([normed(norm)]))[1][0][-1] == "1"


def test_a_norm_of_zero_is_reached_by_zero_alone():
    assert normed(0.0, least_norm=(0.0, 0.0)).reached
    assert normed(1e-9, least_norm=(0.0, 0.0)).excess == math.inf


def test_counts_of_path_norm_problems_are_held_against_no_peer():
    assert versus(collect([normed(4.0), normed(5.0, "greedy")])) == ()
    assert "success" not in [chart.name for chart in drawable(collect(NORMS))]


def test_share_over_time():
    (axes,) = DRAWN["least-norm"].draw(collect(NORMS)).axes
    ours, _, peer, *_ = axes.lines
    assert np.max(ours.get_ydata()) == pytest.approx(1 / 3)
    at, height = ours.get_data()
    assert height[np.searchsorted(at, 1.0)] == pytest.approx(1 / 3)  # after one second
    assert np.max(peer.get_ydata()) == 0


def test_courses_of_strategies():
    random, less = courses(noisy(attempts=FOUND))
    assert (random.strategy, less.strategy) == ("find: random", "find: less")
    assert random.seconds.tolist() == [0.5, 1, 3]
    # a network that does not fit has no count; one with more parts than before changes nothing
    assert random.count.tolist() == [math.inf, 4, 4]
    assert random.path_norm.tolist() == [math.inf, 9, 8]
    assert random.violation.tolist() == [4, 0, 0]
    assert less.violation.tolist() == [1, 0, 0]
    assert (random.first_fit, less.first_fit) == (1, 4)


def test_table_of_strategies():
    peer = noisy("adam-restarts", attempts=[(0.2, "Adam", 1, 2.0, 3.0), (0.9, "Adam", 2, 2.0, 1.0)])
    known = collect([noisy(attempts=FOUND), peer, noisy("find", "m", FOUND[:1])])
    assert [each.label for each in watched(known)] == ["n", "m"]
    _, rows = strategy_table(known)
    # the tolerance is 2: violations 0 and 4 are 0 and 2 half-widths
    assert rows == [
        ["find: random", "2", "1", "1s", "4", "8", "1"],
        ["find: less", "1", "1", "4s", "3", "6", "0"],
        ["adam-restarts: Adam", "1", "0", "-", "-", "-", "0.5"],
    ]


def test_only_intervals_with_a_width_are_noisy():
    for tolerance in (0.0, 1e-6, math.inf):  # exact labels, rounding, classes
        known = collect([benchmark_record(attempts=FOUND, tolerance=tolerance)])
        assert watched(known) == ()
        assert strategy_table(known)[1] == []
    assert watched(collect([noisy()])) == ()


def test_strategies_are_drawn_to_the_end_of_their_runs():
    runs = [noisy(attempts=FOUND, seconds=6.0), noisy("find", "m", FOUND[:1])]
    figure = DRAWN["strategies"].draw(collect(runs))
    counts, violations = figure.axes[0], figure.axes[2]
    # counts of networks that fit alone, and the last one goes on
    assert [line.get_data()[0].tolist() for line in counts.lines] == [[1, 3, 6], [4, 5, 6]]
    assert [line.get_data()[1].tolist() for line in counts.lines] == [[4, 4, 4], [3, 3, 3]]
    # over the tolerance of 2, and at the bottom where a network fits
    assert [line.get_ydata().tolist() for line in violations.lines] == [
        [2, 1e-4, 1e-4, 1e-4],
        [0.5, 1e-4, 1e-4, 1e-4],
    ]


@pytest.mark.slow
def test_pages_have_both_tables(tmp_path):
    records = [*NORMS, noisy(attempts=FOUND)]
    page = results_page(records, [], "img")
    for part in ("## Least path norms", "## Each strategy", "](img/least-norm.png)", "](img/strategies.png)"):
        assert part in page
    html = write_report(records, [], tmp_path)[0].read_text(encoding="utf-8")
    assert "<h2>Least path norms</h2>" in html
    assert "find: less" in html


@pytest.mark.slow
def test_figures_of_a_folder_of_results(tmp_path):
    folder = tmp_path / "results"
    with results_folder.opened(folder) as results:
        results.begin_session({"suite": "s"})
        for number, record in enumerate([*NORMS, noisy(attempts=FOUND)]):
            results.append(dataclasses.replace(record, key=str(number)))
    assert results_folder.read(folder)[1][-1].attempts == FOUND
    ran = call("bench", "figures", "--results", folder, "--out", tmp_path / "out")
    assert ran.exit_code == 0, ran.output
    assert "1 (33%)" in ran.stdout
    assert "find: random" in ran.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"least-norm.png", "strategies.svg"}


def test_records_of_earlier_versions_are_read(tmp_path):
    with results_folder.opened(tmp_path) as results:
        results.begin_session({"suite": "s"})
        results.append(benchmark_record())
    path = tmp_path / results_folder.RESULTS
    later = ', "p": null, "path_norm": null, "least_norm": null, "attempts": []'
    assert later in path.read_text()
    path.write_text(path.read_text().replace(later, ""))
    assert results_folder.read(tmp_path)[1] == [benchmark_record()]
