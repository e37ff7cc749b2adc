"""`sparsest check`: verify a proof, trusting neither solver nor search."""

import functools
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import typer

from sparsest.check import FORMAT, PATH_NORM_FORMAT, ProofError, UnreadableError, check_proof, read
from sparsest.check_path_norm import check_path_norm_proof
from sparsest.cli import exit_codes, options, output
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io.output_sources import read_any_source
from sparsest.io.problem_sources import Asked, refuse_contradictions
from sparsest.io.table_files.columns import Wanted
from sparsest.io.table_files.reading import Reading
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import SharedProblem
from sparsest.problem import Problem

Data = Annotated[
    str | None,
    typer.Argument(
        metavar="[DATA]",
        help="What the proof must be about: a dataset's name, a table's file, or a saved problem.",
    ),
]

Vipr = Annotated[
    Path | None,
    typer.Option(
        help="Once verified, write the lower bound as VIPR files, which checkers of MIP proofs read.",
        metavar="FOLDER",
    ),
]


def check(  # noqa: PLR0913
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="A proof: .json or .json.gz.")],
    data: Data = None,
    objective: Annotated[
        str | None, typer.Option(help="What it must count: neurons, weights or parameters.")
    ] = None,
    p: Annotated[
        float | None, typer.Option("--p", help="It must be about the least path norm with this exponent.")
    ] = None,
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
    vipr: Vipr = None,
) -> None:
    """Verify a proof of the fewest neurons, weights or parameters, or of a least path norm.

    \b
    Example:
      sparsest solve xor --proof xor.json
      sparsest check xor.json xor --affine none --vipr xor-vipr
      sparsest least xor --p 0.5 --proof norm.json
      sparsest check norm.json xor --p 0.5

    Every option says what the proof must be about, with DATA or without: what it counts, its affine term, the
    tolerance of all its labels, classes and their margin, its weight bound. What is not given here, nor
    by a saved problem, is the proof's own, and printed.

    \b
    Exit codes: 0 verified, 1 rejected, 2 no readable proof or data, or an export refused.
    """
    wanted = Wanted(target, features, ignore, drop_missing, header)
    asked = Asked(wanted, affine, tolerance, weight_bound, classify, margin, numbers)
    refuse_contradictions(asked)
    if data is None and wanted != Wanted():
        raise InputError("options for columns and rows are about DATA, and there is no DATA")
    if classify and margin is None:
        margin = 1.0
    try:
        document = read(proof, FORMAT, PATH_NORM_FORMAT)
        is_norm = document["format"] == PATH_NORM_FORMAT
        if p is not None and not is_norm:
            raise ProofError("it is about a count, not about a path norm", "format")
        if vipr is not None and is_norm:
            raise InputError("proofs of path norms are not written as VIPR: leave --vipr out")
        given, reading = (None, None) if data is None else _data(data, asked)
        check_one = functools.partial(check_path_norm_proof, p=p) if is_norm else check_proof
        with output.phase(f"checking {proof}", quiet=False):
            checked = check_one(
                document, given, affine=affine, tolerance=tolerance, weight_bound=weight_bound, margin=margin,
                objective=objective,
            )  # fmt: skip
    except UnreadableError as error:
        raise InputError(str(error)) from None
    except ProofError as error:
        typer.echo(f"rejected: {error}")
        raise typer.Exit(exit_codes.NEGATIVE) from None
    typer.echo(checked.summary())
    output.print_reading(reading, str(data))
    if vipr is not None:
        _export(document, vipr)


def _export(document: dict[str, Any], folder: Path) -> None:
    from sparsest.exact.proof.vipr.export import export  # loads solvers

    files = export(document, folder)
    typer.echo(f"wrote the lower bound as {len(files)} VIPR file{'s' * (len(files) > 1)} to {folder}")


def _data(data: str, asked: Asked) -> tuple[Problem | SharedProblem | SimpleNamespace, Reading | None]:
    """Return a saved problem, or inputs and intervals or classes alone of other data, and how it was read."""
    problem, reading = read_any_source(data, asked)
    output.say_remarks(reading)
    if data.lower().endswith(".json"):
        return problem, reading
    if isinstance(problem, MultiClassProblem):
        names = ("X", "labels", "classes", "margin", "places")
        return SimpleNamespace(**{name: getattr(problem, name) for name in names}), reading
    alone = SimpleNamespace(X=problem.X, low=problem.low, high=problem.high, places=problem.places)
    return alone, reading
