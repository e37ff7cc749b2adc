"""A curve of neurons against accuracy as one HTML page: the curve, the table, and the functions."""

from pathlib import Path
from typing import Final

from sparsest.files import write_atomically
from sparsest.plots.html_parts import definitions, figure_of, note, page, section, table
from sparsest.plots.networks import plot_networks
from sparsest.results.trade_off import FrontierResult, LeastErrorResult
from sparsest.results.wording import describe_problem
from sparsest.sentences import counted

# Functions that are drawn; a page with more is slow on a phone.
_DRAWN: Final = 12
# Functions side by side on a wide screen, one above the other on a phone.
_SIDE_BY_SIDE: Final = """
h1 { background: var(--good); } h1.open { background: var(--other); }
td { white-space: nowrap; }
.functions { display: grid; gap: 0 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
"""


def write_frontier_page(path: Path, found: FrontierResult, title: str) -> None:
    """Write the page of a curve.

    Parameters
    ----------
    path : Path
        The .html file, written atomically.
    found : FrontierResult
        What to tell.
    title : str
        What the data are called.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    write_atomically(path, frontier_page(found, title).encode())


def frontier_page(found: FrontierResult, title: str) -> str:
    """Return the page of a curve as a text; see `write_frontier_page`."""
    points, rows = found.points, found.table()
    sections = [
        _curve(found),
        section("The numbers", table(rows[0], rows[1:])),
        section("The functions", _functions(found)),
        section("How it was found", definitions(_facts(found))),
    ]
    is_open = found.closed < len(points)
    said = [found.closed_in_words, *([found.remark] if found.remark else [])]
    heading = found.range_in_words
    heading = heading[:1].upper() + heading[1:]
    return page(title, heading, said, sections, _SIDE_BY_SIDE, kind="open" if is_open else "")


def _curve(found: FrontierResult) -> str:
    if found.problem is None:
        return ""
    caption = "Dots: a network reaches this. Triangles: no network of so many neurons is below, proven."
    return figure_of(found.plot(), caption)


def _functions(found: FrontierResult) -> str:
    problem = found.problem
    if problem is None:
        return note("Not drawn: a curve that was read from a file has no data.")
    if problem.n_features > 2:
        return note(f"Not drawn: {counted(problem.n_features, 'features')}.")
    drawn = [point for point in found.points if point.network is not None][:_DRAWN]
    figures = "".join(
        figure_of(plot_networks(problem, [("network", point.network)]), _caption(point))
        for point in drawn
        if point.network is not None
    )
    return f'<div class="functions">{figures}</div>\n'


def _caption(point: LeastErrorResult) -> str:
    return f"At most {counted(point.neurons, 'neurons')}: largest error {point.bounds()}."


def _facts(found: FrontierResult) -> list[tuple[str, str]]:
    facts = [] if found.problem is None else [("data", describe_problem(found.problem))]
    if found.problem is not None and found.problem.meaning:
        facts.append(("numbers", found.problem.meaning))
    if found.unit:
        facts.append(("errors", found.unit))
    facts.append(("at least", "refuted in exact arithmetic: within less, more neurons are necessary"))
    facts.append(("at most", "the largest error of a network that was found"))
    facts += [("note", f"{counted(p.neurons, 'neurons')}: {p.remark}") for p in found.points if p.remark]
    nodes = sum(point.nodes for point in found.points)
    facts.append(("time", f"{found.seconds:.1f} s, {counted(nodes, 'nodes')}; {found.status.sentence}"))
    return facts
