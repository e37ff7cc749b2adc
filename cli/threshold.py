"""`sparsest threshold`: below which p every network of least path norm is a sparsest one."""

from typing import Annotated

import numpy as np
import typer

from sparsest.cli import exit_codes, options, output, searches
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io.problem_sources import Asked, read_source
from sparsest.io.table_files.columns import Wanted
from sparsest.results.path_norm import MAX_SPELLED, spelled

# Seconds for comparing extreme points, or for the search.
_SECONDS = 30.0
# Values of p at which the figure's curves are computed.
_POINTS = 200


def threshold(  # noqa: PLR0913
    data: options.Data,
    p: Annotated[
        float | None,
        typer.Option("--p", help="Also count the minimisers at this exponent: one feature, skip, weights."),
    ] = None,
    objective: options.CountedObjective = "neurons",
    affine: options.AffineTerm = None,
    tolerance: options.Tolerance = None,
    weight_bound: options.WeightBound = None,
    target: options.Target = None,
    features: options.Features = None,
    ignore: options.Ignore = None,
    drop_missing: options.DropMissing = False,
    header: options.Header = None,
    numbers: options.NumbersMeant = Numbers.AUTO,
    time_limit: Annotated[
        float, typer.Option(help="Seconds for problems other than one feature with a skip.")
    ] = _SECONDS,
    json: options.Json = False,
    plot: options.Plot = None,
    workers: options.WorkersOfProofs = None,
    dask: options.Dask = None,
    checkpoint: options.CheckpointOfCount = None,
    resume: options.Resume = False,
) -> None:
    """Bound p*: for every smaller p each network of least l^p path norm is a sparsest one.

    With one feature, a skip, exact labels and weights, and where all extreme points can be compared - in the
    plane those of seven samples, or of ten with a skip - p* is known to rounding. Otherwise it is in an
    interval, from what the digits of the data alone certify to a p found too large.

    \b
    Example:
      sparsest threshold anscombe-2 --affine skip --objective weights --plot threshold.png

    \b
    Exit codes: 0 the bounds met or the search came to its end, 2 bad input, 3 stopped early (a limit,
    Ctrl-C, or floats could not decide): the interval is printed.
    """
    output.check_outputs(plot, None)
    output.refuse_overwriting(data, plot, checkpoint)
    searches.check_search(None, checkpoint, resume=resume)
    searches.refuse_workers_beside_dask(workers, dask)
    wanted = Wanted(target, features, ignore, drop_missing, header)
    asked = Asked(wanted, affine, tolerance, weight_bound, False, None, numbers)
    problem, reading = read_source(data, asked)
    output.say_remarks(reading)
    from sparsest.exact import cost_curves, count_minimisers
    from sparsest.exact import threshold as compute

    count = None
    if p is not None:  # at once, before a search whose result a refusal would lose
        try:
            with output.phase("counting minimisers", json):
                count = count_minimisers(problem, p, objective)
        except InputError as error:
            raise InputError(f"--p: {error}") from None
    bounding = f"bounding p*, {time_limit:g} s at most where it is searched for"
    with searches.sharing(workers, dask) as shared, output.phase(bounding, json):
        result = compute(
            problem, objective, time_limit=time_limit, **shared, checkpoint_file=checkpoint, resume=resume
        )
    if json:
        document = output.document_of(problem, result, reading)
        if count is not None:
            document["minimisers"] = {
                "p": p,
                "at_least": _plain(count.at_least),
                "at_most": None if count.at_most is None else _plain(count.at_most),
            }
        output.print_json(document)
    else:
        output.print_report(result, data)
        output.print_reading(reading, data)
        if count is not None:
            output.print_block(f"minimisers at p = {p:g}: {count}", [])
    code = exit_codes.of_threshold(result.status)
    searches.say_where_it_is_kept(checkpoint, code)
    if plot is not None:
        powers = np.linspace(1 / _POINTS, 1, _POINTS)
        try:
            with output.phase(f"least path norms at {_POINTS} values of p", json):
                curves = cost_curves(problem, powers, objective, time_limit=time_limit)
        except InputError:  # too many candidates to list: the curves of the two networks
            curves = None
        output.draw(result.plot(curves, title=data), plot)
    raise typer.Exit(code)


def _plain(count: int) -> int | str:
    """Return a number for JSON, spelled out where readers would lose digits or refuse it."""
    return count if count < MAX_SPELLED else spelled(count)
