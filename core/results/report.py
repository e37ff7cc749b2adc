"""How results show themselves: a line, a page of text as the terminal prints it, a table for notebooks."""

import html
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

Rows = list[tuple[str, str]]

# Longer lines are hard to read, however wide the terminal.
MAX_WIDTH = 110
_WIDTH = 100  # of a summary, unless the caller says otherwise


class Section(NamedTuple):
    """A part of a report.

    Attributes
    ----------
    title : str
        Its first line.
    rows : list of (name, value)
        Lines beneath it.
    table : list of rows of cells
        The first row names the columns; empty for none.
    """

    title: str
    rows: Rows = []  # noqa: RUF012 never changed in place
    table: Sequence[Sequence[str]] = ()

    def lines(self, width: int) -> list[str]:
        """Return the title and everything beneath it, rows wrapped; tables are as wide as they are."""
        indent = 4 + max((len(name) for name, _ in self.rows), default=0)
        lines = textwrap.wrap(self.title, width, break_long_words=False, break_on_hyphens=False)
        for name, value in self.rows:
            start = f"  {name}".ljust(indent)
            lines += textwrap.wrap(
                value, width, initial_indent=start, subsequent_indent=" " * indent, break_on_hyphens=False
            ) or [start.rstrip()]
        return lines + _aligned(self.table)

    def markup(self) -> str:
        """Return the same as HTML."""
        rows = [(f"<b>{html.escape(name)}</b>", html.escape(value)) for name, value in self.rows]
        cells = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
        table = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in self.table
        )
        return f"<p><b>{html.escape(self.title)}</b></p><table>{cells}</table><table>{table}</table>"


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    if not table:
        return []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  " + "   ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


class Report:
    """What every result can do; a result says what in its `headline` and `sections`."""

    @property
    def headline(self) -> str:
        """The result in a few words."""
        raise NotImplementedError

    def sections(self, name: str = "") -> list[Section]:
        """Return everything that a person should read, `name` being that of the data."""
        raise NotImplementedError

    def all_sections(self, name: str = "") -> list[Section]:
        """Return the sections, and one on what the numbers of the problem were taken for."""
        meaning = "" if (problem := getattr(self, "problem", None)) is None else problem.meaning
        return self.sections(name) + ([Section(meaning)] if meaning else [])

    def summary(self, *, width: int = _WIDTH) -> str:
        """Return what the terminal prints, wrapped to `width` columns."""
        return "\n".join(line for section in self.all_sections() for line in section.lines(width))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.headline}>"

    def _repr_html_(self) -> str:
        return "".join(section.markup() for section in self.all_sections())
