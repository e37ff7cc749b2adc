"""The pages as a whole: an index that reaches them, links that lead somewhere, no public name left out."""

import re

import pytest
import typer
from docs.pages import DOCS, anchors, links, listed, pages
from helpers import ROOT

import sparsest
from sparsest.cli.main import app

FACES = {
    "sparsest": set(sparsest.__all__) - {"__version__", "continuous", "exact", "models"},
    "exact": set(sparsest.exact.__all__),
    "continuous": set(sparsest.continuous.__all__),
    "models": set(sparsest.models.__all__)
    | {"embedding.embedded", "embedding.Embedding", "pyomo_block.relu_block"},
}


def test_the_index_lists_every_page_once():
    names = [re.sub(r".*<(.*)>", r"\1", entry) for entry in listed()]
    there = {str(path.relative_to(DOCS)).removesuffix(".md") for path in pages()} - {"index"}
    assert len(set(names)) == len(names)
    assert set(names) == there


@pytest.mark.parametrize(
    "path", [*pages(), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
)
def test_links_lead_to_files_and_headings(path):
    for target, heading in links(path):
        file = path.parent / target if target else path
        assert file.exists(), f"{path.name} links to {target}"
        if heading and file.suffix == ".md":
            assert heading in anchors(file), f"{path.name} links to {target}#{heading}"


@pytest.mark.parametrize("face", FACES)
def test_the_reference_lists_every_public_name_and_no_other(face):
    text = (DOCS / "reference" / f"{face}.md").read_text()
    blocks = re.findall(r"autosummary::\n(.*?)```", text, re.DOTALL)
    names = [line.strip() for block in blocks for line in block.splitlines() if line and ":" not in line]
    constants = re.findall(r"^\.\. py:data:: (\w+)$", text, re.MULTILINE)
    assert sorted(names + constants) == sorted(FACES[face])


def test_every_command_is_named_in_a_page():
    text = " ".join(path.read_text() for path in [*pages(), ROOT / "README.md"])
    for name in typer.main.get_command(app).commands:
        assert f"sparsest {name}" in text
