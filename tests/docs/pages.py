"""Pages of the documentation as data: their links, headings and what they show of programs."""

import doctest
import re
from typing import NamedTuple

from helpers import ROOT

DOCS = ROOT / "docs"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
# Numbers that may differ between machines: with a decimal point or an exponent, or of more than two digits.
_LONG_NUMBER = re.compile(r"[-+]?\d+\.\d+(?:e[-+]?\d+)?|[-+]?\d+e[-+]?\d+|[-+]?\d{3,}")


class Shown(NamedTuple):
    """A command of the terminal, or an example in Python, and what a page says that it prints."""

    language: str
    source: str
    output: str


def pages():
    """Every page that people read, beside the README."""
    skipped = ("results/", "reference/generated/")
    return [
        path for path in sorted(DOCS.rglob("*.md")) if not str(path.relative_to(DOCS)).startswith(skipped)
    ]


def without_code(text):
    """The text of a page without code, be it fenced, indented or within a line."""
    return re.sub(r"`[^`\n]+`|^    .*$", "", _FENCE.sub("", text), flags=re.MULTILINE)


def links(path):
    """Targets of links and figures that are not addresses, each with its heading or an empty text."""
    found = _LINK.findall(without_code(path.read_text(encoding="utf-8")))
    return [target.partition("#")[::2] for target in found if "://" not in target]


def anchors(path):
    """Names of the headings of a page, as links spell them."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#{1,6} (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


def listed():
    """Pages that the index lists, without ending."""
    entries = [
        line for tree in _TOCTREE.findall((DOCS / "index.md").read_text()) for line in tree.splitlines()
    ]
    return [line for line in entries if line and not line.startswith(":")]


def shown(path):
    """What a page shows, in its order: commands one by one, and blocks of Python as they stand."""
    for language, text in _FENCE.findall(path.read_text(encoding="utf-8")):
        if language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                yield Shown(language, command, output)
        elif language == "python" and text.startswith(">>>"):
            yield Shown(language, text, "")


def first_commands(path):
    """The commands of a page's first block of them."""
    language, text = next(found for found in _FENCE.findall(path.read_text(encoding="utf-8")) if found[0])
    assert language == "console"
    return [part for part in shown(path) if part.source in text]


def shows(part, printed):
    """Whether a command printed what the page shows, but for numbers that differ between machines."""
    want, got = comparable(part.output), comparable(printed)
    return not want.strip() or doctest.OutputChecker().check_output(want, got, FLAGS)


def comparable(text):
    """The text with numbers that differ between machines left out."""
    return _LONG_NUMBER.sub("#", text)
