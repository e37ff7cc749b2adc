"""`sparsest find`: networks with as few parts as can be found, without a proof."""

import typer

from sparsest.cli import exit_codes, options, output
from sparsest.cli.fits import FitFiles
from sparsest.decimals import Numbers
from sparsest.io.problem_sources import Asked, read_source
from sparsest.io.table_files.columns import Wanted


def find(  # noqa: PLR0913
    data: options.Data,
    objective: options.CountedObjective = "neurons",
    p: options.Power = 0.4,
    width: options.MostNeurons = None,
    neurons: options.Neurons = None,
    effort_limit: options.EffortLimit = None,
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
    json: options.Json = False,
    plot: options.Plot = None,
    history: options.HistoryTable = None,
    checkpoint: options.Checkpoint = None,
    resume: options.Resume = False,
    save: options.Output = None,
) -> None:
    """Look for the network with the fewest neurons, weights or parameters through data.

    \b
    Example:
      sparsest find peak-plateau
      sparsest find noisy:d=5,n=1000,k=4,noise=20 --time-limit 30
      sparsest find curve.csv --target y --tolerance 0.01 --plot fit.png
      sparsest find curve.csv --neurons 3

    \b
    Exit codes: 0 the network fits, 1 it does not, 2 bad input, 3 it does not and the search was stopped
    early (time limit or Ctrl-C). With --neurons: 0 the search ended, or the network fits; 3 it was stopped.
    Nothing here is a proof of sparsity: see `sparsest solve` and `sparsest compare`.
    """
    files = FitFiles(plot, save, history, checkpoint)
    files.check(data, resume=resume)
    wanted = Wanted(target, features, ignore, drop_missing, header)
    asked = Asked(wanted, affine, tolerance, weight_bound, classify, margin, numbers)
    problem, reading = read_source(data, asked)
    output.say_remarks(reading)
    from sparsest.continuous import find_sparse

    with output.progress_bar(quiet=json) as progress:
        fit = find_sparse(
            problem,
            objective,
            p=p,
            width=width,
            neurons=neurons,
            seed=seed,
            device=device,
            time_limit=time_limit,
            effort_limit=effort_limit,
            checkpoint_file=checkpoint,
            resume=resume,
            progress=progress,
        )
    files.give_out(fit, problem, reading, data, json)
    raise typer.Exit(exit_codes.of_training(fit))
