"""`sparsest solve`: the fewest neurons, weights or parameters, proven."""

from pathlib import Path
from typing import Annotated

import typer

from sparsest.cli import exit_codes, options, output
from sparsest.sources import Asked, read_problem


def solve(
    data: options.Data,
    objective: options.CountedObjective = "neurons",
    method: options.Method = "auto",
    solver: options.Solver = "highs",
    skip: options.Skip = None,
    tolerance: options.Tolerance = None,
    weight_bound: options.WeightBound = None,
    classify: options.Classify = False,
    margin: options.Margin = None,
    target: options.Target = None,
    time_limit: options.TimeLimit = None,
    json: options.Json = False,
    plot: options.Plot = None,
    save: options.Output = None,
    workers: Annotated[int, typer.Option(help="Processes that share the tree's search.")] = 1,
    proof: Annotated[
        Path | None,
        typer.Option(help="Write a proof that `sparsest check` verifies: .json or .json.gz.", metavar="FILE"),
    ] = None,
) -> None:
    """Find the sparsest network through data, with a proof.

    \b
    Example:
      sparsest solve xor
      sparsest solve parity-3 --proof parity-3.json.gz
      sparsest solve curve.csv --target y --tolerance 0.01 --time-limit 60 --plot fit.png

    \b
    Exit codes: 0 minimum proven, 1 no network fits within the weight bound, 2 bad input,
    3 stopped early (time limit, Ctrl-C, or floats could not decide): the interval is printed.
    """
    output.check_outputs(plot, save)
    output.refuse_overwriting(data, plot, save, proof)
    if proof is not None:
        output.check_writable(proof)
    problem = read_problem(data, Asked(target, skip, tolerance, weight_bound, classify, margin))
    from sparsest.exact import PROOF_NOT_WRITTEN
    from sparsest.exact import solve as solve_exactly

    with output.progress_bar(quiet=json) as progress:
        result = solve_exactly(
            problem,
            objective,
            method=method,
            solver=solver,
            time_limit=time_limit,
            progress=progress,
            proof_file=proof,
            workers=workers,
        )
    if json:
        output.print_json(output.document_of(problem, result))
    else:
        output.print_block(output.describe_problem(data, problem), output.exact_rows(result))
        if result.network is not None:
            output.print_network("witness", result.network)
    written = PROOF_NOT_WRITTEN not in result.remark
    if proof is not None:
        output.note(f"wrote the proof {proof}" if written else f"Error: {result.remark}")
    output.write(result, save)  # after printing: a full disk must not cost the result
    if plot is not None and result.network is None:
        output.note(f"no network is known, so {plot} was not drawn")
    elif plot is not None and result.network is not None:
        from sparsest.figures import plot_networks

        output.draw(plot_networks(problem, [(f"sparsest ({result.status})", result.network)], data), plot)
    raise typer.Exit(exit_codes.of_status(result.status) if written else exit_codes.BAD_INPUT)
