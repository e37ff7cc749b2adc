"""`sparsest frontier`: how the least largest error falls with the number of neurons."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from sparsest.cli import exit_codes, options, output
from sparsest.cli.error_units import ErrorUnits
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io.problem_sources import Asked, read_source
from sparsest.io.table_files.columns import Wanted
from sparsest.results.trade_off import FrontierResult, LeastErrorResult

_MOST = 8
_SECONDS = 60.0
_GAP = 1e-3


def frontier(  # noqa: PLR0913
    data: options.Data,
    neurons: Annotated[
        int | None, typer.Option(help="Bound the least error with just so many neurons.", metavar="K")
    ] = None,
    most: Annotated[int, typer.Option(help="Neurons at which the curve ends.", metavar="K")] = _MOST,
    enough: Annotated[float, typer.Option(help="Largest error at which the curve ends before.")] = 0.0,
    gap: Annotated[
        float, typer.Option(help="Distance of lower and upper bound, relative to the upper one, to reach.")
    ] = _GAP,
    relative: Annotated[
        bool, typer.Option("--relative", help="Measure errors by the size of the label.")
    ] = False,
    floor: Annotated[
        float | None, typer.Option(help="With --relative: smaller labels count as if they had this size.")
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(help="Column with the unit of each row's error, its uncertainty.", metavar="COLUMN"),
    ] = None,
    below: Annotated[
        float, typer.Option(help="Unit of errors below the label, times that of the row.")
    ] = 1.0,
    above: Annotated[
        float, typer.Option(help="Unit of errors above the label, times that of the row.")
    ] = 1.0,
    affine: options.AffineTerm = None,
    tolerance: options.Tolerance = None,
    target: options.Target = None,
    features: options.Features = None,
    ignore: options.Ignore = None,
    drop_missing: options.DropMissing = False,
    header: options.Header = None,
    numbers: options.NumbersMeant = Numbers.AUTO,
    time_limit: options.TimeLimit = _SECONDS,
    workers: Annotated[int, typer.Option(help="Processes that share a search.")] = 1,
    training: Annotated[
        bool, typer.Option("--training/--no-training", help="Whether to fit networks first.")
    ] = True,
    seed: options.Seed = 0,
    checkpoint: options.Checkpoint = None,
    resume: options.Resume = False,
    json: options.Json = False,
    plot: options.Plot = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page for a browser or for paper: .html.", metavar="FILE")
    ] = None,
    save: options.Output = None,
    proof: Annotated[
        Path | None,
        typer.Option(
            help="With --neurons: write the proof that they do not suffice within the lower bound.",
            metavar="FILE",
        ),
    ] = None,
    proofs: Annotated[
        Path | None,
        typer.Option(
            help="Write such a proof for every point, and the problem it is about.", metavar="FOLDER"
        ),
    ] = None,
) -> None:
    """Bound the least largest error with 0, 1, 2, ... neurons, each from both sides.

    A tolerance only lets repeated inputs with several labels in: errors are measured from the labels. Below:
    within such an error more neurons are necessary, proven. Above: the error of a network.

    \b
    Example:
      sparsest frontier anscombe-2 --most 4 --plot frontier.png
      sparsest frontier curve.csv --html curve.html --proofs proofs --checkpoint curve.checkpoint --resume
      sparsest frontier curve.csv --relative --above 1 --below 2
      sparsest frontier curve.csv --neurons 3 --proof three.json

    \b
    Exit codes: 0 every bound met to the gap, 2 bad input, 3 stopped early: the intervals are printed.
    """
    output.check_outputs(plot, save)
    _check(neurons, {"--proof": proof}, {"--proofs": proofs, "--html": html, "--checkpoint": checkpoint})
    output.refuse_overwriting(data, plot, save, proof, checkpoint, html)
    output.check_checkpoint(checkpoint, resume=resume)
    for path in filter(None, (proof, html)):
        output.check_writable(path)
    if html is not None and html.suffix.lower() != ".html":
        raise InputError(f"{html}: unknown ending {html.suffix!r}, use .html")
    units = ErrorUnits(relative, floor, scale, below, above)
    wanted = Wanted(target, features, ignore, drop_missing, header)
    # errors are from the labels themselves, whatever tolerance a dataset suggests
    exact_labels = None if data.lower().endswith(".json") else 0.0
    allowed = exact_labels if tolerance is None else tolerance
    asked = Asked(units.without_column(wanted), affine, allowed, None, False, None, numbers)
    problem, reading = read_source(data, asked)
    output.say_remarks(reading)
    measured = units.scale(problem, data, asked)
    import sparsest

    result: FrontierResult | LeastErrorResult
    with output.progress_bar(quiet=json) as progress:
        if neurons is None:
            result = sparsest.frontier(
                problem, most=most, enough=enough, scale=measured, gap=gap, training=training, seed=seed,
                time_limit=time_limit, workers=workers, proof_folder=proofs, checkpoint_file=checkpoint,
                resume=resume, progress=progress,
            )  # fmt: skip
        else:
            result = sparsest.least_error(
                problem, neurons, scale=measured, gap=gap, training=training, seed=seed,
                time_limit=time_limit, workers=workers, proof_file=proof, progress=progress,
            )  # fmt: skip
    output.print_answer(problem, result, reading, data, json=json)
    if isinstance(result, FrontierResult):
        meant = "" if numbers is Numbers.AUTO else f" --numbers {numbers}"
        _say(result, proofs, checkpoint, f"{shlex.quote(data)}{asked.wanted.options}{meant}")
        if html is not None:
            from sparsest.pages.frontier_page import write_frontier_page

            write_frontier_page(html, result, data)
            output.note(f"wrote {html}")
    output.write(result, save)
    if plot is not None:
        output.draw(result.plot(title=data), plot)
    raise typer.Exit(exit_codes.of_status(result.status))


def _check(neurons: int | None, one: dict[str, Path | None], all_of_them: dict[str, Path | None]) -> None:
    """Raise `InputError` for files of one point that are asked of the curve, or the other way round."""
    for name, path in one.items():
        if path is not None and neurons is None:
            raise InputError(f"{name} goes with --neurons: it is about one point of the curve")
    for name, path in all_of_them.items():
        if path is not None and neurons is not None:
            raise InputError(f"{name} is about the whole curve: leave out --neurons")


def _say(found: FrontierResult, proofs: Path | None, checkpoint: Path | None, data: str) -> None:
    """Say what was written, and how to go on from there."""
    written = [point for point in found.points if point.proof_written]
    if proofs is not None and written:
        last = written[-1]
        name = proofs / f"neurons-{last.neurons}"
        about = f"{data} --tolerance {last.lower_bound!r}"
        if found.unit:
            about = f"{name}-problem.json"
        output.note(f"wrote {len(written)} of {len(found.points)} proofs to {proofs}; verify the last with")
        output.note(f"  sparsest check {name}.json {about}")
    if checkpoint is not None and exit_codes.of_status(found.status) == exit_codes.OPEN:
        output.note(f"the curve is kept in {checkpoint}: the same command with --resume continues it")
