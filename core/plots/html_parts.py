"""Parts of HTML pages: no network access, no script, figures inside; for a browser, a phone or paper."""

import base64
import html
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sparsest.plots import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Rows of the longest table; more are summed up.
_LISTED: Final = 200

_STYLE: Final = """
:root { color-scheme: light dark; --text: #1c1e21; --page: #ffffff; --soft: #5a6068; --line: #d4d8dd;
  --good: #d3ecdf; --other: #fdebc8; --bad: #f7cfc4; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --page: #16181b; --soft: #a2a9b2;
  --line: #3b4047; --good: #14472f; --other: #57400c; --bad: #692313; } }
body { color: var(--text); background: var(--page); font: 16px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; padding: 0.4rem 0.8rem; border-radius: 4px; }
h2 { font-size: 1.2rem; margin-top: 2rem; }
h1, h2, li, p { overflow-wrap: anywhere; } td { overflow-wrap: break-word; } th { white-space: nowrap; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: 0.3rem 0.55rem; text-align: left; vertical-align: top; }
td.number { text-align: right; white-space: nowrap; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.15rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figcaption, .soft { color: var(--soft); font-size: 0.9rem; }
figure img { width: 100%; max-width: 48rem; height: auto; background: #ffffff; padding: 0.4rem;
  box-sizing: border-box; border-radius: 4px; }
@media (max-width: 30rem) { th, td { padding: 0.3rem 0.35rem; } } /* five short columns fit on a phone */
figure.panels img { min-width: 34rem; } /* panels side by side would be too small to read on a phone */
@media print { :root { --text: #000000; --page: #ffffff; } body { font-size: 11pt; padding: 0; }
  section, figure, tr { break-inside: avoid; } .scroll { overflow: visible; }
  figure.panels img { min-width: 0; } }
"""


def page(
    title: str,
    heading: str,
    said: Sequence[str],
    sections: Sequence[str],
    more_style: str = "",
    *,
    kind: str = "",
) -> str:
    """Return a page.

    Parameters
    ----------
    title : str
        What it is about, and the data.
    heading : str
        The answer.
    said : sequence of str
        Sentences beneath it.
    sections : sequence of str
        HTML, as from `section`.
    more_style : str
        Rules beside those of all pages.
    kind : str
        Class of the heading.
    """
    name, answer = html.escape(title), html.escape(heading)
    shown = "".join(f"<p>{html.escape(sentence(each))}</p>\n" for each in said)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{name}: {answer}</title>\n<style>{_STYLE}{more_style}</style>\n</head>\n<body>\n"
        f'<p class="soft">{name}</p>\n<h1 class="{kind}">{answer}</h1>\n{shown}'
        + "".join(sections)
        + "</body>\n</html>\n"
    )


def section(heading: str, body: str) -> str:
    """Return a heading and what stands beneath it."""
    return f"<section>\n<h2>{html.escape(heading)}</h2>\n{body}</section>\n"


def definitions(pairs: Sequence[tuple[str, str]]) -> str:
    """Return names and what they stand for, side by side."""
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>\n" for name, value in pairs)
    return f"<dl>\n{rows}</dl>\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that scrolls by itself where the page is narrow."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows[:_LISTED]
    )
    more = note(f"{len(rows) - _LISTED} more are not shown.") if len(rows) > _LISTED else ""
    content = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"
    return f'<div class="scroll">{content}</div>\n{more}'


def figure_of(figure: "Figure", caption: str) -> str:
    """Return a figure inside the page, with a caption."""
    content = io.BytesIO()
    with canvas.style():
        figure.savefig(content, format="svg", metadata={"Date": None})
    data = base64.b64encode(content.getvalue()).decode()
    text = html.escape(caption.strip())
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{text}">'
    panels = ' class="panels"' if len(figure.axes) > 1 else ""
    return f'<figure{panels}><div class="scroll">{image}</div><figcaption>{text}</figcaption></figure>\n'


def note(text: str) -> str:
    """Return a paragraph in soft colours."""
    return f'<p class="soft">{html.escape(text)}</p>\n'


def sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
