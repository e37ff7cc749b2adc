"""The table of successes: its rows run, and a part of them alone."""

import dataclasses

import pytest
import success_table

from sparsest.errors import InputError


@pytest.mark.slow
def test_rows_are_chosen_by_name_and_count_successes(monkeypatch: pytest.MonkeyPatch) -> None:
    peak = success_table.instances()[0]
    # nobody fits peak-plateau with 2 neurons: the second column has no success
    both = [peak, dataclasses.replace(peak, name="too few", minimum=2)]
    monkeypatch.setattr(success_table, "instances", lambda: both)
    monkeypatch.setattr(
        success_table,
        "ROWS",
        [(name, dict(options) | {"steps": 100, "restarts": 4}) for name, options in success_table.ROWS],
    )
    header, _, *rows = success_table.table(1, "the width")
    assert header.split("|")[2:4] == [" peak-plateau (minimum 3) ", " too few (minimum 2) "]
    assert [row.split("|")[1].strip() for row in rows] == [
        "adam-reweighted, half the width",
        "adam-reweighted, twice the width",
    ]
    for row in rows:
        assert row.split("|")[2].startswith(" 1/1, ")
        assert row.split("|")[3].startswith(" 0/1, ")


@pytest.mark.slow
def test_every_row_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    peak = success_table.instances()[:1]
    monkeypatch.setattr(success_table, "instances", lambda: peak)
    monkeypatch.setattr(
        success_table,
        "ROWS",
        [(name, dict(options) | {"steps": 20, "restarts": 2}) for name, options in success_table.ROWS],
    )
    lines = list(success_table.table(1))
    assert len(lines) == 2 + len(success_table.ROWS)


def test_rows_that_are_not_there() -> None:
    with pytest.raises(InputError, match="no row has 'nothing'"):
        list(success_table.table(1, "nothing"))
