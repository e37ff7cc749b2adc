"""The speed command: what it compares, and that its figures are what they are called."""

import functools
import itertools
import json
import sys
import time

import helpers
import pytest
from typer.testing import CliRunner

from sparsest import InputError
from sparsest.benchmarks import speed
from sparsest.cli.main import app

call = functools.partial(helpers.call, "bench", "speed")


def test_tasks_take_turns_and_the_fastest_run_counts():
    order = []
    naps = iter([0.03, 0.0, 0.05])

    def nap():
        order.append("nap")
        time.sleep(next(naps))

    least = speed.by_turns({"nap": nap, "wait": lambda: order.append("wait") or time.sleep(0.02)}, 3)
    assert order == ["nap", "wait"] * 3
    assert least["nap"] < 0.02 <= least["wait"]


def test_univariate_times_are_over_those_of_argsort():
    rows = speed.univariate({"samples": 100_000, "repeats": 1})
    assert len(rows) == 9
    for row in rows:
        # the whole solve sorts, at the least, and searches before it judges
        assert row["solve / argsort"] > 0.5
        assert row["argsort, s"] < 1.0
    knots = {(row["labels"], row["tolerance"]): row["knots"] for row in rows}
    # between 0 and 1 in turns every inner sample is a knot, and with a tolerance of 1 one level does
    assert knots["zigzag", 0.0] == knots["zigzag", 0.01] == 100_000 - 2
    assert knots["zigzag", 1.0] == 0


@pytest.mark.slow
def test_least_errors_are_known_to_their_digits():
    rows = speed.least_errors({"samples": 100_000, "repeats": 1})
    assert [(row["labels"], row["neurons"]) for row in rows] == list(
        itertools.product(["sine", "noisy sine", "noise"], [3, 10, 100])
    )
    for few, more in itertools.pairwise(rows):
        assert few["gap"] <= 1e-6
        assert few["labels"] != more["labels"] or few["largest error"] >= more["largest error"] > 0
        assert few["least / argsort"] > 0.5  # it sorts, at the least


@pytest.mark.slow
def test_path_norms_are_closed_and_p_star_is_certain():
    rows = speed.path_norm({"samples": 100_000, "repeats": 1})
    assert [row["labels"] for row in rows] == ["sine", "noise", "zigzag"]
    for row in rows:
        assert row["least / argsort"] > 0.5  # it sorts, at the least
        assert 0 <= row["gap"] < 1e-12
        assert row["p*, width"] < 1e-9
    # no two neighbours have curvature of one sign
    assert rows[2]["p*"] == 1


def test_cells_are_all_counted():
    rows = speed.cells({"repeats": 1})
    # Cover: 2 (1 + 199 + 199 * 198 / 2) and 2 (1 + 39 + 741 + 9139)
    assert [row["cells"] for row in rows] == [39802, 19840]
    for row in rows:
        best = max(row["enumerate, cells/s"], row["iterate, cells/s"])
        # save packed takes less bytes, not less than no time
        assert (
            0
            < row["fastest / save"]
            == pytest.approx(row["fastest / save packed"] * row["save packed, s"] / row["save, s"])
        )
        assert row["cells"] / best == pytest.approx(row["fastest / save"] * row["save, s"])


def test_proofs_are_checked():
    data = (("xor", "none"), ("uniform:d=1,n=50,seed=0", "skip"))
    tree, univariate = speed.proofs({"repeats": 1}, data)
    assert (tree["data"], tree["neurons"]) == ("xor, none", "2..2")
    assert tree["leaves"] > 0 == univariate["leaves"]
    assert univariate["data"] == "uniform:d=1,n=50,seed=0, skip"
    for row in (tree, univariate):
        assert row["check / produce"] == row["check, s"] / row["produce, s"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.slow
def test_memory_is_that_of_a_fresh_process():
    ballast = bytearray(400 * 2**20)
    ballast[:: 2**12] = b"x" * len(ballast[:: 2**12])  # touched, so that it counts here
    assert speed.peak_memory() > 400 * 2**20
    rows = speed.memory({"samples": 100_000, "seconds": 3.0})
    assert len(rows) == 4
    assert all(0 < row["start, MiB"] <= row["peak, MiB"] < 400 for row in rows)
    # a network of as many neurons as knots is a part of it: three floats each
    assert all(row["bytes a sample"] > 24 for row in rows[:3])
    assert rows[3]["nodes"] > 0


def test_command_prints_tables_or_json(monkeypatch):
    monkeypatch.setattr(speed, "_warm_up", lambda: 1.5)
    monkeypatch.setitem(speed.PARTS, "cells", lambda given: [{"N": 4, "rate": 1234567.8}, {"N": 5}])
    monkeypatch.setitem(
        speed.PARTS, "proofs", lambda given: [{"ratio": 0.12345, "repeats": given["repeats"]}]
    )
    printed = call("--parts", "cells,proofs", "--repeats", 2)
    assert printed.exit_code == 0
    lines = [line.split() for line in printed.stdout.splitlines()]
    assert ["cells", "N", "rate"] in lines
    assert ["4", "1,234,568"] in lines
    assert ["0.123", "2"] in lines
    assert "1.5 s, timed nowhere below" in printed.stdout
    document = json.loads(call("--parts", "proofs", "--json").stdout)
    assert document["proofs"] == [{"ratio": 0.12345, "repeats": 5}]
    assert "cells" not in document
    assert document["machine"]["cores"] >= 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--parts", "cell"], "unknown part 'cell': known are univariate, least-error, cells, proofs"),
        (["--parts", ","], "for 0 parts"),
        (["--samples", "99"], "at least 100000 samples"),
        (["--repeats", "0"], "repeats = 0"),
        (["--seconds", "nan"], "seconds = nan"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, said):
    result = call(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_a_system_without_proc_is_told(tmp_path):
    with pytest.raises(InputError, match="peak memory is read from"):
        speed.peak_memory(tmp_path / "status")


def test_help_names_it():
    shown = CliRunner().invoke(app, ["bench", "--help"]).stdout
    assert "speed" in shown
    assert "as ratios within one run" in " ".join(shown.split())
