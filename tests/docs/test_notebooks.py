"""The notebooks of examples/ show what their cells do."""

import json
import re

import pytest
from docs.pages import comparable
from helpers import ROOT

EXAMPLES = ROOT / "examples"
NAMES = sorted(path.name for path in EXAMPLES.glob("*.ipynb"))


def cells(name, kind):
    """The cells of one kind, as the file has them."""
    read = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))["cells"]
    return [cell for cell in read if cell["cell_type"] == kind]


@pytest.mark.parametrize("name", NAMES)
def test_links_of_a_notebook_lead_to_files(name):
    text = "".join("".join(cell["source"]) for cell in cells(name, "markdown"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        assert "://" in target or (EXAMPLES / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_was_run_in_order_and_none_raised(name):
    ran = cells(name, "code")
    assert [cell["execution_count"] for cell in ran] == [*range(1, len(ran) + 1)]
    assert not [output for cell in ran for output in cell["outputs"] if output["output_type"] == "error"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_prints_what_it_shows(name):
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    import run_notebooks

    assert set(NAMES) == set(run_notebooks.NOTEBOOKS)
    shown = run_notebooks.printed(nbformat.read(EXAMPLES / name, as_version=4))
    found = run_notebooks.printed(run_notebooks.executed(EXAMPLES / name))
    assert [(source, comparable(text)) for source, text in found] == [
        (source, comparable(text)) for source, text in shown
    ]
