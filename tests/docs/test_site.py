"""The pages as a whole: an index that reaches them, links that lead somewhere, no public name left out."""

import doctest
import enum
import importlib
import inspect
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


@pytest.mark.parametrize("face", FACES)
def test_every_public_name_has_an_example_that_runs(face):
    without = [name for name in FACES[face] if not has_example(public(face, name))]
    assert not without, f"an Examples section with a doctest is missing: {without}"


def public(face, name):
    """What a name of a face stands for; names of submodules have a dot."""
    package = importlib.import_module("sparsest" if face == "sparsest" else f"sparsest.{face}")
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(f"{package.__name__}.{module}") if module else package, last)


def has_example(thing):
    """Whether its docstring has one; an enum's members, and constants, which pages describe, need none."""
    text = inspect.getdoc(thing) or ""
    if isinstance(thing, type) and issubclass(thing, enum.Enum):
        return all(getattr(member, "sentence", "") or member.name in text for member in thing)
    if inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isfunction(thing):
        _, heading, examples = text.partition("Examples\n--------\n")
        return bool(doctest.DocTestParser().get_examples(examples if heading else ""))
    return isinstance(thing, int | tuple)


def test_a_name_without_an_example_is_noticed():
    def nothing():
        """Return nothing."""

    def one():
        """Return 1.

        Examples
        --------
        >>> one()
        1
        """

    assert [has_example(thing) for thing in (nothing, one, enum)] == [False, True, False]


def test_every_command_is_named_in_a_page():
    text = " ".join(path.read_text() for path in [*pages(), ROOT / "README.md"])
    for name in typer.main.get_command(app).commands:
        assert f"sparsest {name}" in text
