"""`sparsest least`: the least l^p path norm of networks that fit, certified."""

from pathlib import Path
from typing import Annotated

import typer

from sparsest.cli import options, output, searches
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io.problem_sources import Asked, read_source
from sparsest.io.table_files.columns import Wanted
from sparsest.multi_output_network import MultiOutputNetwork


def least(  # noqa: PLR0913
    data: options.Data,
    p: options.Power = 0.4,
    objective: options.CountedObjective = "neurons",
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
    node_limit: Annotated[
        int | None, typer.Option(help="Boxes after which the interval known so far is reported.")
    ] = None,
    json: options.Json = False,
    plot: options.Plot = None,
    save: options.Output = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that share the branch and bound; 1 by default.")
    ] = None,
    dask: options.Dask = None,
    training: Annotated[
        bool,
        typer.Option("--training/--no-training", help="Whether to train first, a tenth of the time at most."),
    ] = True,
    seed: options.Seed = 0,
    witness: options.Witness = None,
    checkpoint: options.Checkpoint = None,
    resume: options.Resume = False,
    proof: Annotated[
        Path | None,
        typer.Option(help="Write a proof that `sparsest check` verifies: .json or .json.gz.", metavar="FILE"),
    ] = None,
) -> None:
    """Certify the least l^p path norm of networks that fit: an interval that holds it, and its network.

    `sparsest train` finds networks of small path norm on any data; this proves for a handful of samples that
    none is smaller.

    \b
    Example:
      sparsest least peak-plateau --p 0.5
      sparsest least xor --p 0.5 --objective weights --proof xor.json
      sparsest least curve.csv --workers 8 --checkpoint curve.checkpoint --resume
      sparsest least table.csv --p 0.5 --witness trained.json

    \b
    Exit codes: 0 the bounds met, 2 bad input, 3 stopped early (a limit, Ctrl-C, too many cones, or floats
    could not decide): the interval is printed.
    """
    output.check_outputs(plot, save)
    output.refuse_overwriting(data, plot, save, proof, checkpoint)
    searches.check_search(proof, checkpoint, resume=resume)
    searches.refuse_workers_beside_dask(workers, dask)
    wanted = Wanted(target, features, ignore, drop_missing, header)
    asked = Asked(wanted, affine, tolerance, weight_bound, classify, margin, numbers)
    problem, reading = read_source(data, asked)
    output.say_remarks(reading)
    known = None if witness is None else searches.saved_network(witness)
    if isinstance(known, MultiOutputNetwork):
        raise InputError(f"{witness} holds a network of several outputs: give one of a single output")
    from sparsest.compare.train_and_bound import least_path_norm

    with searches.sharing(workers, dask) as shared, output.progress_bar(quiet=json) as progress:
        result = least_path_norm(
            problem,
            p,
            objective,
            training=training,
            seed=seed,
            time_limit=time_limit,
            node_limit=node_limit,
            progress=progress,
            witness=known,
            **shared,
            checkpoint_file=checkpoint,
            resume=resume,
            proof_file=proof,
        )
    output.print_answer(problem, result, reading, data, json=json)
    code = searches.say_how_it_ended(result, proof, checkpoint)
    output.write(result, save)  # after printing: a full disk must not cost the result
    if plot is not None and result.network is None:
        output.note(f"no network is known, so {plot} was not drawn")
    elif plot is not None:
        output.draw(result.plot(title=data), plot)
    raise typer.Exit(code)
