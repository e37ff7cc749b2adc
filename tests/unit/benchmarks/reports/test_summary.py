"""Reports from records made up here; every expected figure is derived by hand beside it."""

import dataclasses
import html.parser
import math
import re

import numpy as np
import pytest
from helpers import benchmark_record as record

from sparsest import InputError, Network
from sparsest.benchmarks.reports import conclusion, outcomes, profiles, summary, versus
from sparsest.benchmarks.reports.charts import CHARTS, drawable
from sparsest.benchmarks.reports.html_page import write_report
from sparsest.benchmarks.reports.markdown_page import results_page
from sparsest.io.documents import encode

INF = math.inf
# The charts of counts; those of path norms and strategies have their own tests.
COUNTED = CHARTS[:4]
HOSTILE = '<script>alert("x")</script> | `b` $\\frac$ **é漢** [a](javascript:1)\n# heading'


def failed(data, method, status="error"):
    return record(
        data,
        method,
        None,
        seconds=0.0,
        status=status,
        error="it broke",
        fits=None,
        exactly=None,
        residual=None,
    )


SUITE = [
    record("a", "tree", 3, 3, 0.5, trace=((0.0, 0, 4), (0.2, 2, 3))),
    record("a", "slot-mip", 3, 3, 2.0, box=10.0, proof="numerical", trace=((0.0, 0, None), (1.0, 1, 3))),
    record("a", "minimize", 3, seconds=1.2, seed=0),
    record("a", "minimize", 4, seconds=1.4, seed=1),
    record("a", "greedy", 5, seconds=0.001),
    record("b", "tree", 2, 2, 8.0, n_samples=9, n_features=1),
    record("b", "slot-mip", 3, 3, 4.0, box=10.0, proof="numerical", n_samples=9, n_features=1),
    record("b", "minimize", 2, seconds=1.0, fits=False, exactly=None, n_samples=9, n_features=1),
    record("b", "greedy", 2, seconds=0.002, n_samples=9, n_features=1),
    record(HOSTILE, "tree", 5, 3, 60.0, n_samples=30, trace=((0.0, 0, 30),)),
    failed(HOSTILE, "slot-mip", "killed"),
    failed(HOSTILE, "minimize"),
    failed(HOSTILE, "greedy", "refused"),
]
SESSIONS = [{"processor": "<b>fast</b>", "versions": {"numpy": "2.1"}, "started": "2026-11-02T10:00:00"}]


def cell_of(records, data, method):
    sorted_ = outcomes.collect(records)
    (instance,) = [each for each in sorted_.instances if each.digest == data]
    return summary.cell(sorted_, instance, method)


# --- profiles


def test_profile_derived_by_hand():
    # rows are problems. Best times 1, 2, 3, none; ratios of the first 1, 2, 1, -; of the second 4, 1, -, -
    first, second = profiles.performance_profiles([[1, 4], [4, 2], [3, INF], [INF, INF]])
    assert (first.at.tolist(), first.height.tolist()) == ([1, 2], [0.5, 0.75])
    assert (second.at.tolist(), second.height.tolist()) == ([1, 4], [0.25, 0.5])
    assert [second(tau) for tau in (0.5, 1, 3.9, 4, 100)] == [0, 0.25, 0.25, 0.5, 0.5]


def test_profile_of_ties_of_nothing_solved_and_of_one_problem():
    assert [curve(1) for curve in profiles.performance_profiles([[2, 2, 2]])] == [1, 1, 1]  # all are fastest
    assert [curve.at.size for curve in profiles.performance_profiles([[INF, INF]])] == [0, 0]
    assert profiles.performance_profiles([[INF]])[0](1e9) == 0
    assert (
        profiles.performance_profiles([[0.0, 0.0]])[1](1) == 1
    )  # zero times tie, and divide nothing by zero


@pytest.mark.parametrize("times", [[], [[]], [1.0], [[-1.0]], [[math.nan]]])
def test_profile_refuses_what_is_not_a_table_of_times(times):
    with pytest.raises(InputError, match="times"):
        profiles.performance_profiles(times)


def test_profile_agrees_with_its_definition():
    rng = np.random.default_rng(0)
    # few distinct values, so that ties abound
    times = rng.choice([1.0, 2.0, 3.0, INF], size=(40, 4))
    for m, curve in enumerate(profiles.performance_profiles(times)):
        for tau in (1, 1.4, 1.5, 2, 3, 10):
            inside = [row[m] < INF and row[m] <= tau * min(row) for row in times]
            assert curve(tau) == pytest.approx(np.mean(inside))


def test_success_against_time():
    curve = profiles.success_curve([3, 1, INF, 3])
    assert (curve.at.tolist(), curve.height.tolist()) == ([1, 3], [0.25, 0.75])


def test_means_derived_by_hand():
    assert profiles.geometric_mean([1, 4]) == pytest.approx(2)
    assert profiles.shifted_geometric_mean([0, 3]) == pytest.approx(1)  # sqrt(1 * 4) - 1
    assert profiles.shifted_geometric_mean([0, 30], shift=10) == pytest.approx(10)  # sqrt(10 * 40) - 10
    assert profiles.shifted_geometric_mean([5e-17]) == 0
    for bad in ([], [0.0], [math.nan]):
        with pytest.raises(InputError):
            profiles.geometric_mean(bad)


def test_comparison_of_times():
    # 0: twice, 1: half, 2: within a tenth, 3 and 4: one alone, 5: neither; mean (2 * 0.5 * 1.05)^(1/3)
    first, second = [1, 2, 1, 1, INF, INF], [2, 1, 1.05, INF, 1, INF]
    compared = profiles.compare_times(first, second)
    assert compared.both == (0, 1, 2)
    assert (compared.first_faster, compared.second_faster) == ((0,), (1,))
    assert (compared.first_only, compared.second_only) == ((3,), (4,))
    assert compared.ratio == pytest.approx(1.05 ** (1 / 3))
    swapped = profiles.compare_times(second, first)
    assert (swapped.first_only, swapped.first_faster) == ((4,), (1,))
    assert swapped.ratio == pytest.approx(1 / compared.ratio)
    assert profiles.compare_times([], []).ratio is None
    with pytest.raises(InputError, match="same"):
        profiles.compare_times([1], [1, 2])


# --- what is known


@pytest.mark.parametrize(
    "made",
    [
        outcomes.collect,
        summary.table,
        summary.per_method,
        lambda records: results_page(records, [], "figures"),
    ],
)
def test_no_records_are_refused(made):
    with pytest.raises(InputError, match="no results"):
        made([])


def test_report_of_no_records_writes_nothing(tmp_path):
    with pytest.raises(InputError, match="no results"):
        write_report([], [], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("records", "tone", "text"),
    [
        ([record(lower=3, seconds=0.0123)], "closed", "3 proven 0.012s"),
        ([record(lower=3, proof="numerical", box=10.0)], "boxed", "3 proven~* 1s"),
        ([record(count=5, lower=3, seconds=60.02)], "open", "3..5 60s"),
        ([record(count=None, fits=None, lower=2, seconds=60)], "open", "2..? 60s"),
        # a network that misses an interval is no upper bound, whatever it claims
        ([record(lower=3, fits=False)], "open", "3..? 1s"),
        ([record(count=4, seconds=1.2)], "fits", "4 fits 1.2s"),
        ([record(count=4, exactly=False, seconds=0.00042)], "fits", "4 fits^ 0.42ms"),
        ([record(count=1, fits=False, seconds=1.2)], "no fit", "no fit 1.2s"),
        (
            # of the two that trained to a small loss the sparser is spelled; the third only looks sparse
            [
                record(count=count, fits=False, loss=loss, repeat=count)
                for count, loss in ((4, 1e-10), (3, 2e-9), (1, 0.3))
            ],
            "no fit",
            "no fit 1s (3 at mse 2e-09)",
        ),
        ([record(count=None, fits=None, status="infeasible")], "no fit", "infeasible 1s"),
        # two of three seeds reach 4; the median of 1, 2 and 6 seconds is 2
        ([record(count=k, seed=k + s, seconds=s) for k, s in ((4, 1), (4, 6), (5, 2))], "fits",
         "4 fits 2s (2 of 3 runs)"),
        # the median of three repeats
        ([record(lower=3, repeat=int(s), seconds=s) for s in (1, 9, 2)], "closed", "3 proven 2s"),
        # of two repeats the one that proved nothing counts
        ([record(lower=3), record(count=3, lower=2, seconds=3.0)], "open", "2..3 2s"),
        ([failed("xor", "tree")], "failed", "error"),
        ([failed("xor", "tree", "killed")], "failed", "killed"),
        ([failed("xor", "tree", "refused")], "not run", "refused"),
    ],
)  # fmt: skip
def test_cells(records, tone, text):
    assert cell_of(records, "xor", "tree") == summary.Cell(tone, text)


def test_a_cell_without_runs_and_marks_that_are_explained():
    assert cell_of(SUITE, "a", "greedy").text == "5 fits 1ms"
    header, rows = summary.table([*SUITE, record("c", "tree", 1, 1)])
    assert header == ["problem", "tree", "minimize", "slot-mip", "greedy"]
    assert rows[-1] == ["c", "1 proven 1s", "-", "-", "-"]
    assert rows[1][3] == "3 proven~*! 4s"  # two neurons suffice outside its box
    assert [line[0] for line in summary.notes(rows)] == ["*", "~", "!"]
    assert summary.notes([["* odd ~ name", "3 proven 1s"]]) == []


def test_names_tell_instances_apart():
    records = [
        record("a", digest="1"), record("a", digest="2", affine="skip"),
        record("a", digest="2", objective="weights"),
        record("b", digest="3"), record("b", digest="4", tolerance=0.5),
        record("c", digest="5"), record("c", digest="6"),
    ]  # fmt: skip
    assert [each.label for each in outcomes.collect(records).instances] == [
        "a, neurons", "a, neurons, skip", "a, weights", "b, neurons, tolerance 0",
        "b, neurons, tolerance 0.5",
        "c, neurons, tolerance 0, 5", "c, neurons, tolerance 0, 6",
    ]  # fmt: skip


def test_only_runs_with_the_longest_time_limit_count():
    records = [record(lower=2, seconds=10, time_limit=10.0), record(lower=3, seconds=30, time_limit=60.0)]
    assert cell_of(records, "xor", "tree").text == "3 proven 30s"


def test_best_count_needs_a_network_that_fits():
    known = outcomes.collect(
        [
            record("a", count=1, fits=False), record("a", "l1", 4), record("a", "greedy", 3, exactly=False),
            record("b", count=1, fits=False),
            record("c", count=2, exactly=False),
        ]
    )  # fmt: skip
    # 3 neurons fit only up to rounding: where another network fits for certain, they set no mark
    assert list(known.best.values()) == [4, None, 2]


def test_exact_method_that_is_not_registered_any_more_is_a_peer():
    known = outcomes.collect([record(method="old-mip", lower=3), record(method="old-net"), record(lower=3)])
    assert known.methods == ("tree", "old-mip", "old-net")
    assert (known.exact, known.ours) == ({"tree", "old-mip"}, {"tree"})


# --- claims


def remark_on(*records):
    found = outcomes.remarks(outcomes.collect(records))
    assert len(found) <= 1
    return found[0] if found else None


TWO = encode(Network([[5.0, 0.0], [0.0, -3.0]], [1.0, 0.0], [1.0, -1.0]))  # largest folded weight 5


@pytest.mark.parametrize(
    ("claim", "witness", "refuted", "words"),
    [
        ({"lower": 3}, {}, True, "claims optimal 3 neurons, but a network with 2 by minimize fits"),
        ({"lower": 3, "count": 4}, {}, True, "claims at least 3 neurons, but"),
        # exact labels: a fit up to rounding refutes nothing, but is told
        ({"lower": 3}, {"exactly": False}, False, "fits up to rounding, not shown to fit exactly"),
        ({"lower": 3}, {"exactly": None}, False, "up to rounding"),
        (
            {"lower": 3, "tolerance": 0.1},
            {"exactly": None, "tolerance": 0.1},
            True,
            "with 2 by minimize fits",
        ),
        ({"lower": 3, "box": 4.0}, {"network": TWO}, False, "weights up to 5: its box excludes the optimum"),
        ({"lower": 3, "box": 4.0}, {}, False, "its box may exclude the optimum"),
        ({"lower": 3, "box": 5.0}, {"network": TWO}, True, "inside that box"),
        ({"count": None, "fits": None, "status": "infeasible"}, {}, True, "claims that no network fits"),
    ],
)
def test_claims_that_a_network_contradicts(claim, witness, refuted, words):
    remark = remark_on(record(**claim), record(**({"method": "minimize", "count": 2} | witness)))
    assert (remark.method, remark.refuted) == ("tree", refuted)
    assert words in remark.sentence


def test_claims_that_contradict_themselves():
    assert "misses an interval by 0.36" in remark_on(record(lower=3, fits=False, residual=0.36)).sentence
    remark = remark_on(record(count=4, lower=3, status="optimal"))
    assert remark.refuted
    assert "its network has 4 neurons and its lower bound is 3" in remark.sentence


def test_true_claims_are_not_remarked_on():
    assert (
        remark_on(
            record(lower=3), record(method="minimize", count=3), record(method="l1", count=1, fits=False)
        )
        is None
    )


def test_a_value_above_the_best_known_is_not_proven():
    known = outcomes.collect(SUITE)
    b = known.instances[1]
    assert known.closing_time(b, "tree") == 8
    assert known.closing_time(b, "slot-mip") == INF
    assert known.closing_time(b, "minimize") == INF


# --- side by side


def pair(records, ours, peer):
    (one,) = [one for one in versus.versus(outcomes.collect(records)) if (one.ours, one.peer) == (ours, peer)]
    return one


def test_proofs_beside_a_peer():
    one = pair(SUITE, "tree", "slot-mip")
    # "a": 0.5 s against 2 s; "b" is closed by the tree alone; nobody closes the third
    assert one.sentence == (
        "Of 3 instances that both were run on, tree proves the optimum of 2 and slot-mip of 1 (in its box of "
        "weights); both do for 1, where tree is 4 times as fast as slot-mip (geometric mean); left out of "
        "the mean are 1 that neither proves and 1 where one of them ends without its proof before its time "
        "limit."
    )
    assert one.ahead == (
        "proves an optimum that slot-mip does not on 1: b",
        "proves it faster on 1: a (0.5s against 2s)",
    )
    assert one.behind == ()


def open_record(data, method, **changes):
    return record(data, method, 3, 1, 60.0, **changes)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        # 2 / 0.5 = 4 and at least 60 / 1: geometric mean sqrt(240) = 15.5
        (
            [record("b", "tree", 3, 3, 1.0), open_record("b", "slot-mip")],
            "where tree is 4 times as fast as slot-mip (geometric mean); counting the 1 that only slot-mip "
            "ran out of time on at the time limit, tree is at least 15.5 times as fast as slot-mip",
        ),
        # the other way round: 4 and at most 1 / 60, sqrt(4 / 60) = 1 / 3.87
        (
            [open_record("b", "tree"), record("b", "slot-mip", 3, 3, 1.0)],
            "counting the 1 that only tree ran out of time on at the time limit, slot-mip is at least 3.87 "
            "times as fast as tree",
        ),
        # at most 30 / 60: sqrt(4 / 2) = 1.41
        (
            [open_record("b", "tree"), record("b", "slot-mip", 3, 3, 30.0)],
            "tree is at most 1.41 times as fast",
        ),
        # both kinds: 4, 60 and 6 / 60, (24)^(1/3) = 2.88
        (
            [
                record("b", "tree", 3, 3, 1.0),
                open_record("b", "slot-mip", status="killed"),
                open_record("c", "tree"),
                record("c", "slot-mip", 3, 3, 6.0),
            ],
            "counting the 1 that only slot-mip and the 1 that only tree ran out of time on at the time "
            "limit, which bounds nothing, tree is 2.88 times as fast",
        ),
        # nothing to count: both open, or no limit
        (
            [open_record("b", "tree"), open_record("b", "slot-mip")],
            "tree is 4 times as fast as slot-mip (geometric mean); left out of the mean are 1 that neither "
            "proves.",
        ),
        (
            [record("b", "tree", 3, 3, 1.0), open_record("b", "slot-mip", time_limit=None)],
            "; left out of the mean are 1 where one of them ends without its proof before its time limit.",
        ),
    ],
)
def test_timeouts_are_charged_and_said(records, said):
    shared = [record("a", "tree", 3, 3, 0.5), record("a", "slot-mip", 3, 3, 2.0)]
    assert said in pair([*shared, *records], "tree", "slot-mip").sentence


def test_a_run_of_several_that_failed_otherwise_is_not_a_timeout():
    known = outcomes.collect(
        [
            record("a", "tree", 3, 3, 1.0),
            open_record("a", "slot-mip", seed=0),
            failed("a", "slot-mip", "crashed"),
        ]
    )
    assert known.charged_time(known.instances[0], "slot-mip") == INF
    assert known.charged_time(known.instances[0], "tree") == 1.0


def test_swapping_times_swaps_the_sides():
    fast, slow = record("a", "tree", 3, 3, 0.5), record("a", "slot-mip", 3, 3, 2.0)
    ours = pair([fast, slow], "tree", "slot-mip")
    theirs = pair(
        [dataclasses.replace(fast, seconds=2.0), dataclasses.replace(slow, seconds=0.5)], "tree", "slot-mip"
    )
    assert theirs.behind == ours.ahead == ("proves it faster on 1: a (0.5s against 2s)",)
    assert theirs.ahead == ours.behind == ()
    assert "slot-mip is 4 times as fast as tree" in theirs.sentence


def test_networks_beside_a_peer():
    # minimize on "a": 3 and 4, the higher median is 4, in a median of 1.3 s; greedy 5 in 1 ms
    # on "b" minimize does not fit and greedy does; greedy refused the third
    one = pair(SUITE, "minimize", "greedy")
    assert one.sentence == (
        "Of 2 instances that both were run on, the typical run fits 1 with minimize and 2 with greedy; of "
        "the 1 that both fit, minimize is sparser on 1, equal on 0 and denser on 0; greedy is 1300 times as "
        "fast as minimize (geometric mean)."
    )
    assert one.ahead == ("sparser on 1: a (4 against 5)",)
    assert one.behind == ("fits where minimize does not on 1: b", "faster on 1: a (1ms against 1.3s)")


def test_equal_times_are_called_equal_and_long_lists_are_counted():
    records = [record(f"p{i}", method, 3, 3, 1.0) for i in range(6) for method in ("tree", "slot-mip")]
    assert "take equally long" in pair(records, "tree", "slot-mip").sentence
    slower = [dataclasses.replace(r, seconds=2.0) if r.method == "tree" else r for r in records]
    (behind,) = pair(slower, "tree", "slot-mip").behind
    assert behind.startswith("proves it faster on 6: p0 (1s against 2s); p1")
    assert behind.endswith("and 3 more")


def test_row_of_a_method():
    header, rows = summary.per_method(SUITE)
    table = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    # tree: shifted mean of 0.5, 8 and the limit 60 is (1.5 * 9 * 61)^(1/3) - 1 = 8.37
    assert table["tree"] == {
        "method": "tree", "instances": "3", "refused": "0", "runs": "3", "failed": "0", "fit": "3",
        "best known": "3", "proven": "2", "median": "8s", "mean": "8.4s",
    }  # fmt: skip
    # slot-mip: 2, then 60 for the value its box made wrong, then 60 for the run that was killed:
    # (3 * 61 * 61)^(1/3) - 1 = 21.4
    assert table["slot-mip"]["proven"] == "1*"
    assert table["slot-mip"]["mean"] == "21s"
    assert (table["greedy"]["refused"], table["greedy"]["failed"], table["greedy"]["proven"]) == (
        "1",
        "0",
        "-",
    )
    assert (table["minimize"]["runs"], table["minimize"]["failed"], table["minimize"]["fit"]) == (
        "4",
        "1",
        "2",
    )


# --- pages and figures


class Outline(html.parser.HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.sources, self.text, self.open = [], [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "br", "img", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.slow
def test_report_is_self_contained_complete_and_repeatable(tmp_path):
    paths = write_report(SUITE, SESSIONS, tmp_path / "one")
    again = write_report(SUITE, SESSIONS, tmp_path / "two")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    names = [str(path.relative_to(tmp_path / "one")) for path in paths]
    assert names[0] == "report.html"
    assert names[1:] == [f"figures/{chart.name}.{kind}" for chart in COUNTED for kind in ("png", "svg")]
    page = Outline(paths[0].read_text(encoding="utf-8"))
    assert page.open == []
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert len(page.sources) == len(COUNTED)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources)
    assert '<script>alert("x")</script>' in page.text
    assert "<b>fast</b>" in page.text
    for words in ("3 proven~*! 4s", "killed", "refused", "its box may exclude the optimum", "numpy 2.1"):
        assert words in page.text


def test_refuted_claims_come_first(tmp_path):
    page = Outline(write_report([record(lower=3), record(method="l1", count=2)], [], tmp_path)[0].read_text())
    assert page.text.index("Refuted claims") < page.text.index("What was run")


@pytest.mark.slow
def test_figures_come_before_the_table_of_every_problem(tmp_path):
    page = Outline(write_report(SUITE, SESSIONS, tmp_path)[0].read_text(encoding="utf-8"))
    figures = [page.text.index(chart.title) for chart in COUNTED]
    assert page.text.index("Each method") < min(figures)
    assert max(figures) < page.text.index("Every problem")


def test_conclusion_derived_by_hand():
    # best known: 3 on a, 2 on b (tree, greedy), 5 on the last. slot-mip's 3 on b is not the best known. The
    # typical run of minimize, the worse of two, has 4 on a; greedy refused the last one
    sorted_ = outcomes.collect(SUITE)
    pairs = versus.versus(sorted_)
    assert conclusion.conclusion(sorted_, pairs) == [
        "A proven optimum: tree 2 of 3, slot-mip 1 of 3 (in its box of weights).",
        "As few parts as any method found, without a proof: greedy 1 of 2, minimize 0 of 3.",
    ]
    # greedy refused the last one; it is faster than tree on a and b. minimize fits with 4 on a, where
    # slot-mip has 3 and takes longer, and greedy has 5 and does not; it does not fit on b, where both do
    assert conclusion.behind(pairs) == (
        ["peer", "than tree", "than minimize"],
        [
            ["slot-mip", "-", "2 sparser or alone (of 3)"],
            ["greedy", "2 faster (of 2)", "1 sparser or alone, 1 faster (of 2)"],
        ],
    )


def test_conclusion_where_no_peer_did_better():
    sorted_ = outcomes.collect([record("a", "tree", 3, 3, 0.5), record("a", "slot-mip", 3, 3, 2.0)])
    pairs = versus.versus(sorted_)
    assert conclusion.behind(pairs)[1] == []
    last = conclusion.conclusion(sorted_, pairs)[-1]
    assert last == "On no problem was a peer sparser, or alone in fitting or proving."


def test_processor_seconds_count_where_they_were_measured():
    # the wall says 2 and 3 s, the processor 0.5 and 1.5: three times as fast. The run that was stopped counts
    # with what it spent, 4 of its 60 s
    runs = [
        record("a", "tree", 3, 3, 2.0, processor_seconds=0.5),
        record("a", "slot-mip", 3, 3, 3.0, processor_seconds=1.5),
        record("b", "tree", 3, 3, 2.0, processor_seconds=1.0),
        record("b", "slot-mip", 3, 1, 60.0, processor_seconds=4.0),
    ]
    assert cell_of(runs, "a", "tree").text == "3 proven 0.5s"
    (one,) = versus.versus(outcomes.collect(runs))
    assert "where tree is 3 times as fast as slot-mip" in one.sentence
    assert "at what was spent until then, tree is at least 3.46 times as fast" in one.sentence  # sqrt(3 * 4)
    page = results_page(runs, [], "img").replace("\\", "")  # shares of 25, 50, 50, 7 percent
    assert "had 38% of a core (median); those that ran out of time had 4.0 to 4.0 s of it" in page
    mixed = [*runs[:3], record("b", "slot-mip", 3, 1, 60.0)]
    assert not outcomes.collect(mixed).in_processor_time


def test_results_page_begins_with_the_conclusion_and_lets_no_name_be_markup():
    page = results_page(SUITE, SESSIONS, "img")
    assert page.startswith("# Benchmark results\n\n- A proven optimum: tree 2 of 3, slot-mip 1 of 3")
    assert "Measured on 2026-11-02 with\n\n    sparsest bench small\n" in page
    assert "| slot-mip | - | 2 sparser or alone (of 3) |" in page
    assert "a box of weights (up to 10)" in page
    assert re.findall(r"\]\(img/(.*).png\)", page) == [chart.name for chart in COUNTED[:3]]
    assert "\\<script\\>" in page
    assert not re.search(r"(?<!\\)<", page)
    assert "\n# heading" not in page
    # every row of a table has as many cells as its header: no name breaks out of its cell
    rows = [line for line in page.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in rows}
    assert widths == {4, 6, 11}  # peers, problems, methods


def test_results_page_uses_the_sessions_command_and_admits_when_nothing_was_lost():
    session = {"command": "sparsest bench small --workers 2", "started": "2026-11-02"}
    page = results_page([record(lower=3)], [session], "img")
    assert "    sparsest bench small --workers 2\n" in page
    assert "No peer was run on an instance of these methods." in page
    assert "one session on one machine" in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("records", "names"),
    [
        ([record(lower=3)], ["performance-profile", "time-by-size"]),
        ([record(method="minimize")], ["success"]),
        ([record(method="minimize", fits=False)], []),  # nothing is known to be reached
        ([failed("xor", "minimize"), failed("xor", "tree", "crashed")], []),
        ([record(count=None, fits=None, lower=1, trace=((0.0, 0, None),))], ["bounds-over-time"]),
        ([failed("xor", "minimize"), record(lower=0, count=0, seconds=0.0)], None),
    ],
)
def test_charts_are_drawn_where_there_are_data(records, names, tmp_path):
    known = outcomes.collect(records)
    drawn = [chart.name for chart in drawable(known)]
    assert drawn == (names if names is not None else ["performance-profile", "time-by-size", "success"])
    write_report(records, [], tmp_path)
    assert sorted(path.stem for path in tmp_path.glob("figures/*.png")) == sorted(drawn)


def test_profile_chart_draws_the_profile():
    chart = CHARTS[0]
    (axes,) = chart.draw(outcomes.collect(SUITE)).axes
    heights = [float(line.get_ydata()[-1]) for line in axes.lines[::2]]
    assert heights == pytest.approx([2 / 3, 1 / 3])  # tree closes 2 of 3, slot-mip 1


def test_time_chart_leaves_open_what_was_not_proven():
    panel = CHARTS[1].draw(outcomes.collect(SUITE)).axes[0]
    marks = [line for line in panel.lines if line.get_linestyle() == "None"]
    drawn = {
        (line.get_fillstyle(), color): sorted(np.round(line.get_ydata(), 6).tolist())
        for line in marks
        for color in [line.get_color()]
    }
    tree, slot = "#0072B2", "#D55E00"
    assert drawn["full", tree] == [0.5, 8]
    assert drawn["none", tree] == [60]
    assert drawn["full", slot] == [2]
    assert drawn["none", slot][:1] == [4]  # closed at a value that its box made wrong
