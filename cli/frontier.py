"""`sparsest frontier`: how the least largest error falls with the number of neurons."""

from pathlib import Path
from typing import Annotated

import typer

from sparsest.cli import exit_codes, options, output
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
    json: options.Json = False,
    plot: options.Plot = None,
    save: options.Output = None,
    proof: Annotated[
        Path | None,
        typer.Option(
            help="With --neurons: write the proof that they do not suffice within the lower bound.",
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """Bound the least largest error with 0, 1, 2, ... neurons, each from both sides.

    A tolerance only lets repeated inputs with several labels in: errors are measured from the labels.

    \b
    Example:
      sparsest frontier anscombe-2 --most 4 --plot frontier.png
      sparsest frontier curve.csv --neurons 3 --proof three.json

    \b
    Exit codes: 0 every bound met to the gap, 2 bad input, 3 stopped early: the intervals are printed.
    """
    output.check_outputs(plot, save)
    output.refuse_overwriting(data, plot, save, proof)
    if proof is not None and neurons is None:
        raise InputError("--proof goes with --neurons: it proves one point of the curve")
    if proof is not None:
        output.check_writable(proof)
    wanted = Wanted(target, features, ignore, drop_missing, header)
    problem, reading = read_source(data, Asked(wanted, affine, tolerance, None, False, None, numbers))
    output.say_remarks(reading)
    from sparsest import exact

    with output.progress_bar(quiet=json) as progress:
        result: FrontierResult | LeastErrorResult
        if neurons is None:
            curve = result = exact.frontier(
                problem, most=most, enough=enough, gap=gap, time_limit=time_limit, workers=workers,
                progress=progress,
            )  # fmt: skip
            status = [point.status for point in curve.points]
        else:
            result = exact.least_error(
                problem, neurons, gap=gap, time_limit=time_limit, workers=workers, proof_file=proof,
                progress=progress,
            )  # fmt: skip
            status = [result.status]
    if json:
        output.print_json(output.document_of(problem, result, reading))
    else:
        output.print_report(result, data)
        output.print_reading(reading, data)
    output.write(result, save)
    if plot is not None:
        output.draw(result.plot(title=data), plot)
    raise typer.Exit(max(exit_codes.of_status(each) for each in status))
