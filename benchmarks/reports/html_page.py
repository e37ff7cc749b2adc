"""A self-contained HTML page of a benchmark, and its figures as files."""

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from sparsest.benchmarks.reports.charts import ReportChart, drawable
from sparsest.benchmarks.reports.conclusion import behind, conclusion
from sparsest.benchmarks.reports.least_norm import NORM_COLUMNS, norm_table
from sparsest.benchmarks.reports.outcomes import Outcomes, Remark, collect, remarks
from sparsest.benchmarks.reports.setting import Pairs, limits, session_pairs, what_was_run
from sparsest.benchmarks.reports.strategies import STRATEGY_COLUMNS, strategy_table
from sparsest.benchmarks.reports.summary import COLUMNS, Table, Tone, cell, notes, per_method
from sparsest.benchmarks.reports.versus import Versus, versus
from sparsest.benchmarks.run.record import Record
from sparsest.benchmarks.suites.methods import METHODS, Method
from sparsest.files import write_atomically
from sparsest.plots.canvas import save_figure

PAGE: Final = "report.html"
FIGURES: Final = "figures"

# A word beside every colour, for readers and printers without colours.
_TONES: Final[dict[Tone, tuple[str, str]]] = {
    "closed": ("closed", "proven minimal"),
    "boxed": ("boxed", "proven in a box of weights"),
    "open": ("open", "bounds that do not meet"),
    "fits": ("fits", "a network that fits, without a bound"),
    "no fit": ("nofit", "no network that fits"),
    "failed": ("failed", "the run failed"),
    "not run": ("none", "not run"),
}

_STYLE: Final = """
:root { color-scheme: light dark; --text: #1c1e21; --page: #ffffff; --soft: #5a6068; --line: #d4d8dd;
  --closed: #d3ecdf; --boxed: #e2ebcf; --open: #fdebc8; --fits: #d6e8f7; --nofit: #f3d9e6;
  --failed: #f7cfc4; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --page: #16181b; --soft: #a2a9b2;
  --line: #3b4047; --closed: #14472f; --boxed: #3b4717; --open: #57400c; --fits: #123e5f; --nofit: #552640;
  --failed: #692313; } }
body { color: var(--text); background: var(--page); font: 16px/1.5 system-ui, sans-serif;
  max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.25rem; margin-top: 2.2rem; }
h1, h2, li, p, td, th { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: 0.3rem 0.55rem; text-align: left; vertical-align: top; }
thead th { white-space: nowrap; }
.results td { white-space: nowrap; overflow-wrap: normal; }
.results th[scope=row] { min-width: 12rem; max-width: 18rem; }
/* so that a phone shows answers beside the names */
@media (max-width: 40rem) { th, td { padding: 0.3rem 0.35rem; } .results th[scope=row] { min-width: 6rem; } }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.15rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.closed { background: var(--closed); } .boxed { background: var(--boxed); }
.open { background: var(--open); } .fits { background: var(--fits); }
.nofit { background: var(--nofit); } .failed { background: var(--failed); } .none { color: var(--soft); }
.key span { display: inline-block; padding: 0.1rem 0.5rem; margin: 0.15rem 0.3rem 0.15rem 0; }
.alarm { border-left: 0.35rem solid #d55e00; padding-left: 0.9rem; }
figure { margin: 1rem 0; } figcaption, .soft { color: var(--soft); font-size: 0.875rem; }
figure img { width: 100%; max-width: 54rem; height: auto; background: #ffffff; padding: 0.4rem;
  box-sizing: border-box; border-radius: 4px; min-width: 34rem; }
"""


def write_report(
    records: Sequence[Record],
    sessions: Sequence[Mapping[str, object]],
    directory: Path,
    methods: Mapping[str, Method] = METHODS,
) -> list[Path]:
    """Write ``report.html`` and ``figures/*.png, *.svg`` into a folder, which is made if need be.

    The page needs no other file, no script and no network. Equal records and sessions give equal files.

    Parameters
    ----------
    records : sequence of Record
        The finished runs.
    sessions : sequence of mapping
        What each session was run on; shown as names with values.
    directory : Path
        The folder.
    methods : mapping
        The registry that says which methods are exact and which are this project's.

    Returns
    -------
    list of Path
        The files written, the page first.

    Raises
    ------
    InputError
        When there is no record.
    OSError
        When a file cannot be written.
    """
    outcomes = collect(records, methods)
    figures = write_figures(outcomes, directory / FIGURES)
    page = directory / PAGE
    write_atomically(page, _page(records, sessions, outcomes, figures, methods).encode())
    return [page, *figures]


def write_figures(
    outcomes: Outcomes,
    folder: Path,
    charts: Sequence[ReportChart] | None = None,
    endings: Sequence[str] = (".png", ".svg"),
) -> list[Path]:
    """Write figures, by default all that there are data for, in each format, and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chart in drawable(outcomes) if charts is None else charts:
        figure = chart.draw(outcomes)
        for ending in endings:
            written.append(folder / f"{chart.name}{ending}")
            save_figure(figure, written[-1])
    return written


def _page(
    records: Sequence[Record],
    sessions: Sequence[Mapping[str, object]],
    outcomes: Outcomes,
    figures: Sequence[Path],
    methods: Mapping[str, Method],
) -> str:
    found = remarks(outcomes)
    pairs = versus(outcomes)
    lost = behind(pairs)
    sections = [
        _claims("Refuted claims", [one for one in found if one.refuted], alarm=True),
        _list(conclusion(outcomes, pairs)),
        _section("Where a peer did better", _plain_table(lost)) if lost[1] else "",
        _section("Each method", _plain_table(per_method(records, methods)) + _note(COLUMNS)),
        *_drawings(outcomes, figures),  # before the long table: people look before they read
        *_courses(outcomes),
        _section("What was run", _definitions(what_was_run(records, outcomes))),
        _claims("Claims that hold only as stated here", [one for one in found if not one.refuted]),
        _section("Every problem", _results(outcomes)),
        _section("Beside the peers", _pairs(pairs)) if pairs else "",
        _section("Limits of the comparison", _list(limits(records, outcomes))),
        *[
            _section(f"Session {number}", _definitions(session_pairs(session)))
            for number, session in enumerate(sessions, start=1)
        ],
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>sparsest benchmark</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>sparsest benchmark</h1>\n{''.join(sections)}</body>\n</html>\n"
    )


def _section(heading: str, body: str) -> str:
    return f"<section>\n<h2>{html.escape(heading)}</h2>\n{body}</section>\n"


def _claims(heading: str, found: Sequence[Remark], alarm: bool = False) -> str:
    if not found:
        return ""
    body = _list([f"{one.method} on {one.instance.label}: {one.sentence}." for one in found])
    return _section(heading, f'<div class="alarm">{body}</div>\n' if alarm else body)


def _results(outcomes: Outcomes) -> str:
    used: dict[Tone, None] = {}
    rows, texts = [], []
    for instance in outcomes.instances:
        cells = [cell(outcomes, instance, method) for method in outcomes.methods]
        best = outcomes.best[instance]
        sizes = f"N = {instance.n_samples}, d = {instance.n_features}"
        label = html.escape(instance.label).replace(",", ",<wbr>")
        row = (
            f'<tr><th scope="row">{label}<br><span class="soft">{sizes}</span></th>'
            f"<td>{'none' if best is None else best}</td>"
        )
        for one in cells:
            used[one.tone] = None
            row += f'<td class="{_TONES[one.tone][0]}">{html.escape(one.text)}</td>'
        rows.append(f"{row}</tr>\n")
        texts.append([instance.label, *(one.text for one in cells)])
    head = "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in ("problem", "best known", *outcomes.methods)
    )
    key = "".join(
        f'<span class="{style}">{word}</span>' for tone, (style, word) in _TONES.items() if tone in used
    )
    return (
        f'<p class="key">{key}</p>\n<div class="scroll"><table class="results">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody></table></div>\n"
        f"{_list(notes(texts))}"
    )


def _plain_table(given: Table) -> str:
    header, rows = given
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td>{html.escape(text)}</td>" for text in row[1:])
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="scroll"><table class="results"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def _courses(outcomes: Outcomes) -> list[str]:
    """Return the sections on certified least path norms and on strategies, where there are data for them."""
    tables = (
        ("Least path norms", norm_table(outcomes), NORM_COLUMNS),
        ("Each strategy", strategy_table(outcomes), STRATEGY_COLUMNS),
    )
    return [
        _section(heading, _plain_table(found) + _note(columns))
        for heading, found, columns in tables
        if found[1]
    ]


def _pairs(pairs: Sequence[Versus]) -> str:
    body = ""
    for one in pairs:
        leads = [f"{one.peer} {lead}" for lead in one.behind] + [f"{one.ours} {lead}" for lead in one.ahead]
        body += f"<h3>{html.escape(one.ours)} and {html.escape(one.peer)}</h3>\n"
        body += f"<p>{html.escape(one.sentence)}</p>\n{_list(leads)}"
    return body


def _drawings(outcomes: Outcomes, figures: Sequence[Path]) -> list[str]:
    content = {path.stem: path.read_bytes() for path in figures if path.suffix == ".svg"}
    sections = []
    for chart in drawable(outcomes):
        # an image of its own: identifiers inside one figure cannot meet those of another
        data = base64.b64encode(content[chart.name]).decode()
        sections.append(
            _section(
                chart.title,
                f'<figure><div class="scroll"><img alt="{html.escape(chart.title)}" '
                f'src="data:image/svg+xml;base64,{data}"></div>\n'
                f"<figcaption>{html.escape(chart.caption)}</figcaption></figure>\n",
            )
        )
    return sections


def _definitions(pairs: Pairs) -> str:
    body = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>\n" for name, value in pairs)
    return f"<dl>\n{body}</dl>\n"


def _note(text: str) -> str:
    return f'<p class="soft">{html.escape(text)}</p>\n'


def _list(lines: Sequence[str]) -> str:
    items = "".join(f"<li>{html.escape(line)}</li>\n" for line in lines)
    return f"<ul>\n{items}</ul>\n" if lines else ""
