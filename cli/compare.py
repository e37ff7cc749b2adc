"""`sparsest compare`: whether the exact and the continuous side agree."""

import typer

from sparsest.cli import exit_codes, options, output, searches
from sparsest.decimals import Numbers
from sparsest.io.problem_sources import Asked, read_source
from sparsest.io.table_files.columns import Wanted


def compare(  # noqa: PLR0913
    data: options.Data,
    p: options.PowerOrAuto = "0.4",
    objective: options.CountedObjective = "neurons",
    method: options.Method = "auto",
    mip_solver: options.MipSolver = "highs",
    algorithm: options.Algorithm = "auto",
    width: options.Width = None,
    restarts: options.Restarts = 32,
    steps: options.Steps = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
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
    numbers: options.NumbersMeant = Numbers.AUTO,
    time_limit: options.TimeLimit = None,
    least_limit: options.LeastLimit = None,
    json: options.Json = False,
    plot: options.Plot = None,
    save: options.Output = None,
    workers: options.WorkersOfProofs = None,
    dask: options.Dask = None,
    checkpoint: options.CheckpointOfCount = None,
    resume: options.Resume = False,
) -> None:
    """Find the sparsest network exactly, train towards it, and say whether both agree, and why not.

    Bounds on the least path norm say whether training ended at a global minimum (GLOBAL), at a local one
    (LOCAL), or p is too large for the least path norm to be sparsest (P_TOO_LARGE); OPEN: they do not tell.

    \b
    Example:
      sparsest compare peak-plateau --plot figure.png

    \b
    Exit codes: 0 AGREE; 1 CONTINUOUS_ABOVE, NOT_INTERPOLATING or DISAGREE; 2 bad input;
    3 EXACT_OPEN (the exact side stopped early). The time limit holds for each side, and Ctrl-C ends
    all with what both sides have.
    DISAGREE is a bug: problem and verdict are written to the current folder.
    """
    output.check_outputs(plot, save)
    output.refuse_overwriting(data, plot, save, checkpoint)
    searches.check_search(None, checkpoint, resume=resume)
    searches.refuse_workers_beside_dask(workers, dask)
    wanted = Wanted(target, features, ignore, drop_missing, header)
    asked = Asked(wanted, affine, tolerance, weight_bound, classify, margin, numbers)
    problem, reading = read_source(data, asked)
    output.say_remarks(reading)
    from sparsest.compare.agreement.compare import compare_sides
    from sparsest.continuous import DEFAULT_STEPS

    with searches.sharing(workers, dask) as shared, output.progress_bar(quiet=json) as progress:
        verdict = compare_sides(
            problem,
            p=_power(p),
            objective=objective,
            method=method,
            mip_solver=mip_solver,
            algorithm=algorithm,
            time_limit=time_limit,
            least_limit=least_limit,
            width=width,
            restarts=restarts,
            steps=DEFAULT_STEPS if steps is None else steps,
            seed=seed,
            device=device,
            **shared,
            checkpoint_file=checkpoint,
            resume=resume,
            progress=progress,
        )
    if json:
        output.print_json({"verdict": str(verdict.outcome)} | output.document_of(problem, verdict, reading))
    else:
        output.print_report(verdict, data)
        output.print_reading(reading, data)
    code = exit_codes.of_outcome(verdict.outcome)
    searches.say_where_it_is_kept(checkpoint, code)
    output.write(verdict, save)  # after printing: a full disk must not cost the result
    if plot is not None:
        output.draw(verdict.plot(title=f"{data}: {verdict.outcome.name}"), plot)
    raise typer.Exit(code)


def _power(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # "auto", or refused
