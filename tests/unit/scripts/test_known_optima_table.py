"""The data set card shows the known optima as they are."""

import known_optima_table
from helpers import ROOT


def test_the_card_has_the_table_that_the_script_prints():
    text = (ROOT / "docs" / "known-optima.md").read_text(encoding="utf-8")
    rows = known_optima_table.rows()
    assert known_optima_table.table() in text
    numerical = sum(row[-2] == "a solver's tolerances" for row in rows)
    assert f"\n{len(rows)} small problems" in text
    assert (
        f"{len(rows) - numerical} with a proof in rational arithmetic beside them, {numerical} up\n" in text
    )


def test_exact_rows_have_proofs_and_numerical_ones_none():
    for row in known_optima_table.rows():
        assert (row[-1] == "") == (row[-2] == "a solver's tolerances")
