"""`sparsest train`: networks of small l^p path norm, by gradient descent among others."""

import typer

from sparsest.cli import exit_codes, options, output
from sparsest.cli.fits import FitFiles
from sparsest.decimals import Numbers
from sparsest.io.problem_sources import Asked, read_source
from sparsest.io.table_files.columns import Wanted


def train(  # noqa: PLR0913
    data: options.Data,
    p: options.Power = 0.4,
    objective: options.CountedObjective = "neurons",
    algorithm: options.Algorithm = "auto",
    width: options.Width = None,
    neurons: options.Neurons = None,
    restarts: options.Restarts = 32,
    steps: options.Steps = None,
    seed: options.Seed = 0,
    initialization: options.Initialization = "random",
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
    """Minimise the l^p path norm of networks that fit, by linear programs or by gradient descent.

    \b
    Example:
      sparsest train peak-plateau --p 0.5
      sparsest train peak-plateau --algorithm adam-reweighted --p 0.4 --plot training.png
      sparsest train peak-plateau --neurons 2

    \b
    Exit codes: 0 the network fits, 1 it does not, 2 bad input, 3 it does not and training was
    stopped early (time limit or Ctrl-C). With --neurons: 0 the search ended, or the network fits; 3 it was
    stopped.
    Nothing here is a proof: see `sparsest compare`; `sparsest find` looks for few neurons by any means.
    """
    files = FitFiles(plot, save, history, checkpoint)
    files.check(data, resume=resume)
    wanted = Wanted(target, features, ignore, drop_missing, header)
    asked = Asked(wanted, affine, tolerance, weight_bound, classify, margin, numbers)
    problem, reading = read_source(data, asked)
    output.say_remarks(reading)
    from sparsest.continuous import DEFAULT_STEPS, minimize

    with output.progress_bar(quiet=json) as progress:
        fit = minimize(
            problem,
            p,
            objective=objective,
            algorithm=algorithm,
            width=width,
            neurons=neurons,
            restarts=restarts,
            steps=DEFAULT_STEPS if steps is None else steps,
            seed=seed,
            initialization=initialization,
            device=device,
            time_limit=time_limit,
            checkpoint_file=checkpoint,
            resume=resume,
            progress=progress,
        )
    files.give_out(fit, problem, reading, data, json)
    raise typer.Exit(exit_codes.of_training(fit))
