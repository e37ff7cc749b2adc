"""What the commands print, draw and save."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sparsest.errors import InputError
from sparsest.io.documents import Savable, check_ending, encode, plain, save
from sparsest.io.table_files.reading import Reading
from sparsest.multi_output_network import SharedProblem
from sparsest.problem import Problem
from sparsest.progress import Progress, ProgressCallback
from sparsest.results.report import MAX_WIDTH, Report, Rows, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Nothing is drawn on the terminal for work shorter than this many seconds.
_PATIENCE = 1.0


def check_outputs(plot: Path | None, output: Path | None) -> None:
    """Raise `InputError` before a long computation whose result could not be written."""
    if plot is not None:
        from sparsest.plots.canvas import check_ending as check_figure_ending

        check_figure_ending(plot)
        check_writable(plot)
    if output is not None:
        check_ending(output)
        check_writable(output)


def refuse_overwriting(data: str, *outputs: Path | None) -> None:
    """Raise `InputError` when an output is the file that the data come from."""
    for path in outputs:
        if path is not None and path.exists() and Path(data).exists() and path.samefile(data):
            raise InputError(f"{path} holds the data: name another file for the output")


def check_writable(path: Path) -> None:
    """Raise `InputError` unless a file can be written there."""
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist")
    try:
        # trying is the only test that holds: permissions say yes in /proc and no to nothing for root
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError:
        raise InputError(f"{path}: the folder {path.parent} cannot be written to") from None


def check_checkpoint(checkpoint: Path | None, *, resume: bool) -> None:
    """Raise `InputError` for a checkpoint that cannot be written; tell when there is none to resume."""
    if checkpoint is not None:
        check_writable(checkpoint)
        if resume and not checkpoint.exists():
            note(f"{checkpoint} does not exist yet: the search starts anew")
    elif resume:
        raise InputError("--resume needs the file to continue from: add --checkpoint FILE")


def note(sentence: str) -> None:
    """Tell a person something on stderr."""
    typer.echo(sentence, err=True)


def write(item: Savable, output: Path | None) -> None:
    """Save a result if a file was asked for."""
    if output is not None:
        save(item, output)
        note(f"saved {output}")


def draw(figure: "Figure", plot: Path) -> None:
    """Save a figure."""
    from sparsest.plots.canvas import save_figure

    save_figure(figure, plot)
    note(f"drew {plot}")


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, indent=2, allow_nan=False))


def say_remarks(reading: Reading | None) -> None:
    """Tell before a long computation what of the data may not be as it was meant."""
    for remark in reading.remarks if reading else ():
        note(f"Note: {remark}")


def print_reading(reading: Reading | None, data: str) -> None:
    """Print what was read of a file."""
    if reading is not None:
        print_block(f"read from {data}", reading.rows())


def print_answer(
    problem: Problem | SharedProblem, result: Any, reading: Reading | None, data: str, *, json: bool
) -> None:
    """Print a result and what was read of the file, as a report or as one JSON document."""
    if json:
        print_json(document_of(problem, result, reading))
    else:
        print_report(result, data)
        print_reading(reading, data)


def document_of(problem: Problem | SharedProblem, result: Savable, reading: Reading | None) -> dict[str, Any]:
    """Return a result's JSON document together with what names its problem, and what was read of a file."""
    facts: dict[str, Any] = {
        "samples": problem.n_samples,
        "features": problem.n_features,
        "affine": str(problem.affine),
        "weight_bound": problem.weight_bound if isinstance(problem, Problem) else None,
        "decimal_places": list(problem.places),
        "digest": problem.digest,
    }
    if isinstance(problem, SharedProblem):
        facts["outputs"] = problem.n_outputs
    return encode(result) | {"problem": facts | as_read(reading)}


def as_read(reading: Reading | None) -> dict[str, Any]:
    """Return what was read of a file under the key "read", or nothing where there is no file."""
    return {} if reading is None else {"read": plain(reading)}


@contextmanager
def progress_bar(quiet: bool) -> Iterator[ProgressCallback | None]:
    """Show progress on stderr when it is a terminal and the work takes longer than a second.

    Every command that shows it catches Ctrl-C, and a line above the bar says so.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[known]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("", total=None, known="")
    started = False
    first: Progress | None = None  # nodes before it were another run's

    def report(state: Progress) -> None:
        nonlocal started, first
        first = first or state
        if not started and state.seconds >= _PATIENCE:
            bar.console.print("Ctrl-C ends the work and prints what is known by then", style="dim")
            bar.start()
            started = True
        bar.update(
            task,
            description=state.message,
            total=None if state.fraction is None else 1.0,
            completed=state.fraction or 0.0,
            known=_known(state, first),
        )

    try:
        yield report
    finally:
        if started:
            bar.stop()


@contextmanager
def phase(words: str, quiet: bool) -> Iterator[None]:
    """Name a step that does not tell of its own course, and its seconds, on stderr when it is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(words)
        yield


def _known(state: Progress, first: Progress) -> str:
    if state.lower_bound is None:
        return f"{state.nodes} steps"
    upper = "?" if state.upper_bound is None else str(state.upper_bound)
    words = [f"in [{state.lower_bound}, {upper}]", f"{state.nodes} nodes"]
    if state.seconds > first.seconds:
        words.append(f"{(state.nodes - first.nodes) / (state.seconds - first.seconds):.0f}/s")
    if state.open_subtrees is not None:
        words.append(f"{state.open_subtrees} open")
    return ", ".join(words)


def print_report(report: Report, name: str = "") -> None:
    """Print everything that a person should read of a result, wrapped to the terminal."""
    width = min(shutil.get_terminal_size().columns, MAX_WIDTH)
    for section in report.all_sections(name):
        print_section(section, width)


def print_section(section: Section, width: int | None = None) -> None:
    """Print a heading and what stands beneath it."""
    columns = width or min(shutil.get_terminal_size().columns, MAX_WIDTH)
    under = len(section._replace(title="").lines(columns))
    lines = section.lines(columns)
    for i, line in enumerate(lines):
        typer.secho(line, bold=i < len(lines) - under)


def print_block(title: str, rows: Rows) -> None:
    """Print a heading and aligned ``name value`` lines, wrapped to the terminal."""
    print_section(Section(title, rows))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as their widest cell; lines are not wrapped, so that a pipe can cut them."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for line, bold in ((header, True), *((row, False) for row in rows)):
        text = "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.secho(text.rstrip(), bold=bold)
