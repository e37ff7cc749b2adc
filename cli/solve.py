"""`sparsest solve`: the fewest neurons, weights or parameters, proven."""

from pathlib import Path
from typing import Annotated

import typer

from sparsest.cli import options, output, searches
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io.output_sources import read_any_source
from sparsest.io.problem_sources import Asked
from sparsest.io.table_files.columns import Wanted
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.results.multi_class import MultiClassResult


def solve(  # noqa: PLR0913
    data: options.Data,
    objective: options.CountedObjective = "neurons",
    method: options.Method = "auto",
    mip_solver: options.MipSolver = "highs",
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
    save: options.Output = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that share the tree's search; 1 by default.")
    ] = None,
    dask: options.Dask = None,
    node_limit: Annotated[
        int | None, typer.Option(help="Search nodes after which the interval known so far is reported.")
    ] = None,
    training: Annotated[
        bool, typer.Option("--training/--no-training", help="Whether to look for a sparse network first.")
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
    """Find the sparsest network through data, by training and exact search, with a proof.

    Several label columns, separated by commas, share the neurons of one network, and so do several classes.

    \b
    Example:
      sparsest solve xor
      sparsest solve parity-3 --proof parity-3.json.gz
      sparsest solve curve.csv --target y --tolerance 0.01 --time-limit 60 --plot fit.png
      sparsest solve robot.csv --target left,right --tolerance 0.01 --proof robot.json
      sparsest solve flowers.csv --target species --classify --affine constant
      sparsest solve curve.csv --workers 8 --checkpoint curve.checkpoint --resume

    \b
    Exit codes: 0 minimum proven, 1 no network fits within the weight bound, 2 bad input,
    3 stopped early (a limit, Ctrl-C, or floats could not decide): the interval is printed.
    """
    output.check_outputs(plot, save)
    output.refuse_overwriting(data, plot, save, proof, checkpoint)
    searches.check_search(proof, checkpoint, resume=resume)
    searches.refuse_workers_beside_dask(workers, dask)
    wanted = Wanted(target, features, ignore, drop_missing, header)
    asked = Asked(wanted, affine, tolerance, weight_bound, classify, margin, numbers)
    problem, reading = read_any_source(data, asked)
    output.say_remarks(reading)
    if plot is not None and isinstance(problem, MultiClassProblem):
        raise InputError("--plot: networks for several classes are not drawn, so leave it out")
    from sparsest.compare.find_and_prove import solve as find_and_prove

    known = None if witness is None else searches.saved_network(witness)
    with searches.sharing(workers, dask) as shared, output.progress_bar(quiet=json) as progress:
        result = find_and_prove(
            problem,
            objective,
            method=method,
            mip_solver=mip_solver,
            training=training,
            seed=seed,
            time_limit=time_limit,
            node_limit=node_limit,
            progress=progress,
            proof_file=proof,
            witness=known,
            **shared,
            checkpoint_file=checkpoint,
            resume=resume,
        )
    output.print_answer(problem, result, reading, data, json=json)
    code = searches.say_how_it_ended(result, proof, checkpoint)
    output.write(result, save)  # after printing: a full disk must not cost the result
    if plot is not None and result.network is None:
        output.note(f"no network is known, so {plot} was not drawn")
    elif plot is not None and not isinstance(result, MultiClassResult):
        output.draw(result.plot(title=data), plot)
    raise typer.Exit(code)
