"""What the commands print, draw and save."""

import json
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.io.documents import Savable, check_ending, encode, save
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Progress, ProgressCallback
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult, FitResult, Proof, Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

# Neurons listed one by one; more are summed up.
_LISTED = 20
# Input weights shown of one neuron.
_SHOWN_WEIGHTS = 4
# Longer lines are hard to read, however wide the terminal.
_WIDEST = 110
# Nothing is drawn on the terminal for work shorter than this many seconds.
_PATIENCE = 1.0

Rows = list[tuple[str, str]]


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
    """Raise `InputError` for a checkpoint that cannot be written; tell when there is none to go on from."""
    if checkpoint is not None:
        check_writable(checkpoint)
        if resume and not checkpoint.exists():
            note(f"{checkpoint} does not exist yet: the search starts anew")
    elif resume:
        raise InputError("--resume needs the file to go on from: add --checkpoint FILE")


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


def document_of(problem: Problem, result: Savable) -> dict[str, Any]:
    """Return a result's JSON document together with what names its problem."""
    facts = {
        "samples": problem.n_samples,
        "features": problem.n_features,
        "skip": problem.skip,
        "constant": problem.constant,
        "weight_bound": problem.weight_bound,
        "digest": problem.digest,
    }
    return encode(result) | {"problem": facts}


@contextmanager
def progress_bar(quiet: bool) -> Iterator[ProgressCallback | None]:
    """Show progress on stderr when it is a terminal and the work takes longer than a second."""
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


def print_block(title: str, rows: Rows) -> None:
    """Print a heading and aligned ``name value`` lines, wrapped to the terminal."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    indent = 4 + max((len(name) for name, _ in rows), default=0)
    typer.secho(textwrap.fill(title, width), bold=True)
    for name, value in rows:
        start = f"  {name}".ljust(indent)
        typer.echo(textwrap.fill(value, width, initial_indent=start, subsequent_indent=" " * indent))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as their widest cell; lines are not wrapped, so that a pipe can cut them."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for line, bold in ((header, True), *((row, False) for row in rows)):
        text = "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.secho(text.rstrip(), bold=bold)


def describe_problem(name: str, problem: Problem) -> str:
    """Return one line on the data."""
    kind = "exact labels" if problem.is_interpolation else "intervals"
    skip = "with skip" if problem.skip else "with a constant" if problem.constant else "without skip"
    bound = "" if problem.weight_bound is None else f", |v w| <= {problem.weight_bound:g}"
    samples = f"{problem.n_samples} sample{'s' * (problem.n_samples != 1)}"
    features = f"{problem.n_features} feature{'s' * (problem.n_features != 1)}"
    return f"{name}: {samples}, {features}, {kind}, {skip}{bound}"


def exact_rows(result: ExactResult) -> Rows:
    """Return the lines that say what the exact side knows."""
    rows = [
        (result.objective.value, _bounds(result)),
        ("status", f"{result.status}: {result.status.sentence}"),
    ]
    rows.append(("proof", f"{result.proof}: {result.proof.sentence}"))
    if result.unverified:
        rows.append(("undecided", f"{result.unverified} nodes, which leave the lower bound where it is"))
    rows.append(("method", result.method + (f" ({result.reason})" if result.reason else "")))
    if result.residual is not None:
        rows.append(("residual", f"{result.residual:.1e} in float64"))
    rows.append(("time", f"{result.seconds:.2f} s, {result.nodes} nodes, {result.solver}"))
    if result.remark:
        rows.append(("note", result.remark))
    return rows


def _bounds(result: ExactResult) -> str:
    if result.status is Status.INFEASIBLE:
        return "no network fits" + ("" if result.proof is Proof.EXACT else ", up to solver tolerances")
    if result.status is Status.OPTIMAL:
        proven = result.proof is Proof.EXACT
        return f"{result.upper_bound}, " + ("proven minimal" if proven else "minimal up to solver tolerances")
    upper = "unknown" if result.upper_bound is None else str(result.upper_bound)
    return f"at least {result.lower_bound}, at most {upper}"


def fit_rows(problem: Problem, fit: FitResult) -> Rows:
    """Return the lines that say what training found, raw and polished apart."""
    accurate = fit.restart_residuals <= max(
        fit.polished_residual, tolerances.LP_FEASIBILITY * problem.label_scale
    )
    reached = int((accurate & (fit.restart_counts == fit.count)).sum())
    solves = fit.polished.solves(problem)
    fits = "fits" if solves else "does not fit"
    return [
        ("polished", f"{_counts(fit.polished)}; {fits}, residual {fit.polished_residual:.1e}"),
        ("raw", f"{_counts(fit.raw)}; residual {fit.raw_residual:.1e}"),
        ("training", f"p = {fit.p:g} on {fit.objective}, {fit.steps} steps, seed {fit.seed}, {fit.device}"),
        ("restarts", f"{len(fit.restart_counts)}, {f'{reached} with this count' if solves else 'none fits'}"),
        ("time", f"{fit.seconds:.2f} s" + _stopped(fit)),
        *([("note", fit.options["remark"])] if fit.options.get("remark") else []),
    ]


def least_rows(least: PathNormResult, threshold: ThresholdResult | None) -> Rows:
    """Return the lines that say what is known of the least path norm, and of p*."""
    upper = "unknown" if least.upper_bound is None else f"{least.upper_bound:.8g}"
    closed = least.gap <= tolerances.PATH_NORM_GAP
    value = f"{upper}, certified" if closed else f"at least {least.lower_bound:.8g}, at most {upper}"
    rows = [(f"p = {least.p:g}", value)]
    if least.network is not None:
        rows.append(("its network", _counts(least.network)))
    if threshold is not None:
        rows.append(("p*", threshold_spelled(threshold)))
    rows.append(("method", least.method))
    rows.append(("time", f"{least.seconds:.2f} s, {least.nodes} nodes; {least.status.sentence}"))
    if least.remark:
        rows.append(("note", least.remark))
    return rows


def threshold_spelled(result: ThresholdResult) -> str:
    """Return p*, or the interval that holds it."""
    lower, upper = result.lower_bound, result.upper_bound
    if lower == upper:
        return f"{upper:g}: for every p < 1 each network of least path norm is sparsest"
    return f"{upper:.10g}, certified from {lower!r} to {upper!r}"


def _stopped(fit: FitResult) -> str:
    why = str(fit.options.get("stopped", "finished"))
    return "" if why == "finished" else f", stopped early ({why.replace('_', ' ')})"


def _counts(network: Network) -> str:
    return ", ".join(f"{network.count(objective)} {objective}" for objective in Objective)


def print_network(title: str, network: Network) -> None:
    """Print a network's neurons, at most a screenful."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    console.print(title, style="bold")
    if network.skip is not None:
        console.print(f"  affine term {_numbers(network.skip[:-1])} . x + {network.skip[-1]:.6g}")
    if network.width:
        console.print(_neuron_table(network))
    if network.width > _LISTED:
        console.print(f"  ... and {network.width - _LISTED} more")


def _neuron_table(network: Network) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    univariate = network.n_features == 1
    for name in (
        "  output",
        "weight" if univariate else "weights",
        "bias",
        *(["knot"] if univariate else []),
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for weights, bias, output in list(zip(network.weights, network.biases, network.outputs, strict=True))[
        :_LISTED
    ]:
        knot = [f"{0.0 - bias / weights[0]:.6g}" if weights[0] else "none"] if univariate else []
        table.add_row(f"{output:+.6g}", _numbers(weights), f"{bias:.6g}", *knot)
    return table


def _numbers(values: FloatArray) -> str:
    shown = ", ".join(f"{value:.6g}" for value in values[:_SHOWN_WEIGHTS])
    more = ", ..." if len(values) > _SHOWN_WEIGHTS else ""
    return shown if len(values) == 1 else f"({shown}{more})"
