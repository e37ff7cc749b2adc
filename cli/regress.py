"""`sparsest regress`: whether known optima still stand."""

import dataclasses
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsest.cli import exit_codes, options, output
from sparsest.errors import InputError
from sparsest.io.problem_sources import Asked
from sparsest.io.table_files.columns import Wanted
from sparsest.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from sparsest.benchmarks.known_optima.regress import CheckedOptimum, Regression

# Seconds between the lines that a log without a terminal gets.
_REPORT_INTERVAL = 10.0
# Columns of a table in a log.
_LOG_WIDTH = 110


def regress(  # noqa: PLR0913
    known: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of .toml files with known optima; the package's own by default."
        ),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write what was found into the files, and say what changed.")
    ] = False,
    add: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Write a new entry on this dataset or file, with its answer, into --known (./known by "
            "default); the options below say what it asks.",
        ),
    ] = None,
    objective: options.CountedObjective = "neurons",
    method: options.Method = "auto",
    affine: options.AffineTerm = None,
    tolerance: options.Tolerance = None,
    weight_bound: options.WeightBound = None,
    classify: options.Classify = False,
    margin: options.Margin = None,
    target: options.Target = None,
    features: options.Features = None,
    ignore: options.Ignore = None,
    drop_missing: options.DropMissing = False,
    header: options.Header = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds for the new entry; 600 by default.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Solve every known optimum again, verify its proof, and say whether everything still stands.

    \b
    Example:
      sparsest regress
      sparsest regress --add curve.csv --target y
      sparsest regress --known known
      sparsest regress --known known --update

    \b
    Exit codes: 0 everything stands (--update: or was rewritten), 1 something changed, 2 bad input,
    3 interrupted: what was checked until then is printed.
    Runs much slower than stated are told, but change no exit code: times are machines' business.
    """
    from sparsest.benchmarks.known_optima.regress import regress as check_all
    from sparsest.benchmarks.known_optima.regress import update as rewrite

    wanted = Wanted(target, features, ignore, drop_missing, header)
    asked = Asked(wanted, affine, tolerance, weight_bound, classify, margin)
    if add is not None:
        raise typer.Exit(_add(known or Path("known"), add, asked, objective, method, time_limit, json=json))
    if asked != Asked(Wanted()) or (objective, method, time_limit) != ("neurons", "auto", None):
        raise InputError("options on a problem are for a new entry: name its data with --add")
    with _progress(quiet=json) as progress:
        regression = check_all(known, anew=update, progress=progress)
    rewritten = rewrite(regression) if update else []
    if json:
        output.print_json(_document(regression, rewritten))
    else:
        _print(regression, rewritten)
    raise typer.Exit(_exit_code(regression, rewritten))


def _add(
    known: Path,
    data: str,
    asked: Asked,
    objective: str,
    method: str,
    time_limit: float | None,
    *,
    json: bool,
) -> int:
    """Write a new entry and its answer, and return the exit code."""
    from sparsest.benchmarks.known_optima.adding import add
    from sparsest.benchmarks.known_optima.regress import update

    with _progress(quiet=json) as progress:
        regression = add(
            known, data, asked, objective=objective, method=method, time_limit=time_limit, progress=progress
        )
    written = update(regression)
    path, name = regression.files[0].path, regression.files[0].optima[-1].name
    if json:
        output.print_json(_document(regression, written))
    elif written:
        _print_table(f"{path}: added", written)
    if not written:
        output.note(f"{path} asks for {name}, unanswered yet: sparsest regress --known {known} --update")
    return _exit_code(regression, written)


def _exit_code(regression: "Regression", rewritten: "list[CheckedOptimum]") -> int:
    if regression.interrupted:
        return exit_codes.OPEN
    stand = all(each.stands or each in rewritten for each in regression.checked)
    return exit_codes.DONE if stand else exit_codes.NEGATIVE


@contextmanager
def _progress(quiet: bool) -> Iterator[ProgressCallback | None]:
    """Show a bar on a terminal, and a line now and then in a log."""
    with output.progress_bar(quiet) as bar:
        yield bar if bar is not None or quiet else lines()


def lines(interval: float = _REPORT_INTERVAL) -> ProgressCallback:
    """Return a callback that notes what is done, once in so many seconds."""
    last = time.monotonic()

    def report(state: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= interval:
            last = time.monotonic()
            output.note(f"{state.seconds:.0f} s: {state.message}")

    return report


def _print(regression: "Regression", rewritten: "list[CheckedOptimum]") -> None:
    changed = [each for each in regression.checked if not each.stands and each not in rewritten]
    notes = [each for each in regression.checked if each.stands and each.findings and each not in rewritten]
    for title, group in (("rewritten", rewritten), ("stands, but", notes), ("changed", changed)):
        for file in regression.files:
            if here := [each for each in group if each.optimum.path == file.path]:
                _print_table(f"{file.path}: {title}", here)
        if group is not rewritten:
            for each in group:
                rows = [(finding.what, finding.sentence) for finding in each.findings]
                output.print_block(each.optimum.name, rows)
    output.print_block(_summary(regression, len(changed), len(rewritten)), [])


def _print_table(title: str, group: "list[CheckedOptimum]") -> None:
    from rich.console import Console
    from rich.table import Table

    typer.secho(title, bold=True)
    table = Table(box=None, padding=(0, 2, 0, 2))
    for name in ("entry", "what", "stated", "found", "proof file"):
        table.add_column(name, overflow="fold", no_wrap=name in ("what", "proof file"))
    for each in group:
        for finding in each.findings:
            table.add_row(each.optimum.name, finding.what, finding.stated, finding.found, each.proof)
    # a log has no width of its own, and rich then takes 80 columns
    width = None if sys.stdout.isatty() else _LOG_WIDTH
    Console(highlight=False, markup=False, width=width).print(table)


def _summary(regression: "Regression", changed: int, rewritten: int) -> str:
    done = len(regression.checked)
    text = f"{done - changed - rewritten} of {regression.total} known optima stand"
    if changed:
        text += f", {changed} changed"
    if rewritten:
        text += f", {rewritten} rewritten"
    text += _proofs(regression)
    if regression.interrupted:
        text += f"; interrupted: {regression.total - done} were not checked"
    return text


def _proofs(regression: "Regression") -> str:
    """Say how many proof files there are of each kind, leaving out entries that need none."""
    states = [str(each.proof) for each in regression.checked if each.proof not in ("none", "unchecked")]
    counts = [f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states, reverse=True))]
    return f"; proofs: {', '.join(counts)}" if counts else ""


def _document(regression: "Regression", rewritten: "list[CheckedOptimum]") -> dict[str, Any]:
    return {
        "stands": regression.stands,
        "interrupted": regression.interrupted,
        "total": regression.total,
        "calibration_seconds": regression.calibration,
        "entries": [
            {
                "file": each.optimum.path.name,
                "name": each.optimum.name,
                "stands": each.stands,
                "rewritten": each in rewritten,
                "proof": str(each.proof),
                "proof_file": _proof_file(each, each in rewritten),
                "seconds": each.seconds,
                "findings": [
                    {k: v for k, v in dataclasses.asdict(finding).items() if k != "mendable"}
                    for finding in each.findings
                ],
            }
            for each in regression.checked
        ],
    }


def _proof_file(checked: "CheckedOptimum", rewritten: bool) -> str | None:
    """Return the proof that an entry names now."""
    claim = checked.optimum.claim
    before = claim.proof_file if claim else None
    name = checked.fresh.get("proof_file", before) if rewritten else before
    return None if name is None else str(name)
