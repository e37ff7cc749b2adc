"""The results page and README say what the committed runs say."""

import pytest
from docs.pages import DOCS
from helpers import ROOT

from sparsest.benchmarks.reports.markdown_page import results_page
from sparsest.benchmarks.reports.outcomes import collect
from sparsest.benchmarks.run import results_folder


@pytest.fixture(scope="module")
def runs():
    """Sessions and records of the committed runs."""
    return results_folder.read(DOCS / "results" / "small")


def test_the_page_is_the_one_that_its_command_writes(runs):
    sessions, records = runs
    page = results_page(records, sessions, "results-figures", results_folder.methods_of(sessions))
    assert (DOCS / "results.md").read_text(encoding="utf-8") == page


def test_the_figures_of_readme(runs):
    outcomes = collect(runs[1])
    claimed = beyond_its_box = proven = faster = denser = 0
    for each in outcomes.instances:
        (slot,), (ours,), (l1,) = (outcomes.of(each, name) for name in ("slot-mip", "auto", "l1"))
        claimed += slot.closed
        beyond_its_box += slot.closed and not outcomes.solved(each, slot)
        proven += outcomes.solved(each, ours)
        faster += l1.spent * 1.1 < ours.spent  # as the results page counts
        denser += l1.count > ours.count
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"claimed {claimed} optima, of which {beyond_its_box} hold in its box alone" in text
    assert f"On {len(outcomes.instances)} small problems" in text
    assert f"this project proved {proven}." in text
    assert f"l1 was faster on {faster} and ended with more neurons on {denser} " in text
