"""Pages that the program itself writes, help of commands and words of verdicts, and repairs of others."""

import re
from collections.abc import Iterator
from typing import Any

import click
import typer
from docutils import nodes
from docutils.parsers.rst import Directive

from sparsest.cli.explained_words import Meaning, meanings
from sparsest.cli.main import app

WIDTH = 78  # of help in a terminal
_CODE = re.compile(r"(`[^`]+`|--[a-z-]+(?: [A-Z]+| tree)?)")


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and those beneath it, each with its whole name."""
    yield name, command
    for key, below in sorted(getattr(command, "commands", {}).items()):
        yield from commands(below, f"{name} {key}")


def help_of(command: click.Command, name: str) -> str:
    """Return what ``NAME --help`` prints."""
    context = command.context_class(
        command,
        info_name=name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    return command.get_help(context)


class CommandHelp(Directive):
    """The help of every command, a section each."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        sections: list[nodes.Node] = []
        for name, command in commands(typer.main.get_command(app), "sparsest"):
            section = nodes.section(ids=[nodes.make_id(name)], names=[name])
            section += nodes.title(text=name)
            section += nodes.literal_block(text=help_of(command, name), language="text")
            sections.append(section)
        return sections


class ExplainedWords(Directive):
    """What ``sparsest explain`` says of every word, grouped by where it is said."""

    def run(self) -> list[nodes.Node]:
        """Return a list of definitions for each group."""
        every = meanings()
        found: list[nodes.Node] = []
        for place in dict.fromkeys(each.where for each in every):
            section = nodes.section(ids=[nodes.make_id(place)], names=[place])
            section += nodes.title(text=_capital(place.replace("`", "")))
            section += nodes.definition_list(
                "", *(_definition(each) for each in every if each.where == place)
            )
            found.append(section)
        return found


def _definition(each: Meaning) -> nodes.Node:
    parts = _CODE.split(f"{each.means} {each.next}")  # every other part is code
    shown = [
        nodes.literal(text=part.strip("`")) if i % 2 else nodes.Text(part) for i, part in enumerate(parts)
    ]
    term = nodes.term("", "", nodes.literal(text=each.word))
    return nodes.definition_list_item("", term, nodes.definition("", nodes.paragraph("", "", *shown)))


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _repair(_: Any, document: nodes.document) -> None:
    """Drop the empty line that doctest needs at the end of a block, and call attributes what they are."""
    for name in document.findall(nodes.field_name):
        if name.astext() == "Variables":
            name[:] = [nodes.Text("Attributes")]
    for block in document.findall(nodes.literal_block):
        text = block.astext().rstrip("\n")
        if block.rawsource == block.astext():  # otherwise it is highlighted already
            block.rawsource, block[:] = text, [nodes.Text(text)]


def _keep_summaries_whole(_: Any, __: str, ___: str, ____: Any, _____: Any, lines: list[str]) -> None:
    """Keep summaries from ending at the dots of "0, 1, 2, ..." and of ``w . x``."""
    if lines:
        whole = lines[0].replace("...", "\N{HORIZONTAL ELLIPSIS}")
        lines[0] = re.sub(r"``[^`]+``", lambda code: code[0].replace(" . ", " \N{DOT OPERATOR} "), whole)


def setup(app: Any) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("command-help", CommandHelp)
    app.add_directive("explained-words", ExplainedWords)
    app.connect("doctree-read", _repair)
    app.connect("autodoc-process-docstring", _keep_summaries_whole)
    return {"parallel_read_safe": True}
