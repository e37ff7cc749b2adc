"""The results page of the documentation, in Markdown, every figure of it from the records."""

import re
from collections.abc import Mapping, Sequence

from sparsest.benchmarks.reports.charts import ReportChart, drawable
from sparsest.benchmarks.reports.conclusion import behind, conclusion
from sparsest.benchmarks.reports.least_norm import NORM_COLUMNS, norm_table
from sparsest.benchmarks.reports.outcomes import Outcomes, collect, remarks
from sparsest.benchmarks.reports.setting import commands, limits, session_pairs, what_was_run
from sparsest.benchmarks.reports.strategies import STRATEGY_COLUMNS, strategy_table
from sparsest.benchmarks.reports.summary import COLUMNS, Table, notes, per_method, table, without_zeros
from sparsest.benchmarks.reports.versus import Versus, versus
from sparsest.benchmarks.run.record import Record
from sparsest.benchmarks.suites.methods import METHODS, Method

# Figures of a page that is read, not searched; `report.html` has all.
_MAX_FIGURES = 3
# What Markdown or the HTML in it would take for markup.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!^$&])")


def results_page(
    records: Sequence[Record],
    sessions: Sequence[Mapping[str, object]],
    figures_folder: str,
    methods: Mapping[str, Method] = METHODS,
) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    records : sequence of Record
        The finished runs.
    sessions : sequence of mapping
        What each session of the benchmark was run on; ``command`` and ``started`` are used when given.
    figures_folder : str
        Where `report.write_figures` wrote the figures, as seen from the page.
    methods : mapping
        The registry that says which methods are exact and which are this project's.

    Raises
    ------
    InputError
        When there is no record.
    """
    outcomes = collect(records, methods)
    header, rows = table(records, methods)
    pairs = versus(outcomes)
    parts = [
        "# Benchmark results",
        _bullets(conclusion(outcomes, pairs)),
        _table(without_zeros(per_method(records, methods))),
        _plain(COLUMNS),
        _origin(records, sessions),
        *_courses(outcomes),
        "## Where a peer did better",
        _lost(pairs),
        *_claims(outcomes),
        *_figures(outcomes, figures_folder),
        "## Every problem",
        _table((header, rows)),
        _bullets(notes(rows)),
        "## Limits of the comparison",
        _bullets(limits(records, outcomes)),
        "## What was run",
        _pairs([*what_was_run(records, outcomes)]),
        *[text for session in sessions for text in ("### Session", _pairs(session_pairs(session)))],
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _origin(records: Sequence[Record], sessions: Sequence[Mapping[str, object]]) -> str:
    dates = sorted({str(session["started"])[:10] for session in sessions if session.get("started")})
    when = f" on {_plain(' to '.join(dict.fromkeys([dates[0], dates[-1]])))}" if dates else ""
    lines = "\n".join(f"    {' '.join(line.split())}" for line in commands(records, sessions))
    return (
        f"Measured{when} with\n\n{lines}\n\nand written from its records; no figure here was typed by hand."
    )


def _claims(outcomes: Outcomes) -> list[str]:
    found = remarks(outcomes)
    parts = []
    for heading, refuted in (("Refuted claims", True), ("Claims that hold only as stated here", False)):
        lines = [
            f"{one.method} on {one.instance.label}: {one.sentence}" for one in found if one.refuted == refuted
        ]
        if lines:
            parts += [f"## {heading}", _bullets(lines)]
    return parts


def _courses(outcomes: Outcomes) -> list[str]:
    """Return the parts on certified least path norms and on strategies, where there are data for them."""
    tables = (
        ("## Least path norms", norm_table(outcomes), NORM_COLUMNS),
        ("## Each strategy", strategy_table(outcomes), STRATEGY_COLUMNS),
    )
    return [
        part
        for heading, found, columns in tables
        if found[1]
        for part in (heading, _table(found), _plain(columns))
    ]


def _lost(pairs: Sequence[Versus]) -> str:
    if not pairs:
        return "No peer was run on an instance of these methods."
    found = behind(pairs)
    if not found[1]:
        return "Nowhere in this run."
    said = "Numbers of problems. Faster: where both solve it, by more than a tenth."
    return f"{_table(found)}\n\n{said}"


def page_charts(outcomes: Outcomes) -> tuple[ReportChart, ...]:
    """Return the charts that the page shows."""
    return drawable(outcomes)[:_MAX_FIGURES]


def _figures(outcomes: Outcomes, folder: str) -> list[str]:
    parts = []
    for chart in page_charts(outcomes):
        target = f"{folder.rstrip('/')}/{chart.name}.png".replace(" ", "%20")
        parts += [f"## {_plain(chart.title)}", f"![{_plain(chart.title)}]({target})", _plain(chart.caption)]
    return parts


def _plain(text: str) -> str:
    """Return one line of text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return _bullets([f"{name}: {value}" for name, value in pairs])


def _table(given: Table) -> str:
    header, rows = given
    lines = [header, ["---"] * len(header)]
    spelled = [[_plain(text) for text in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [*lines, *spelled])
