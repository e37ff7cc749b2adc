"""`sparsest check`: verify a proof, trusting neither solver nor search."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from sparsest.affine import Affine
from sparsest.check import ProofError, UnreadableError, check_proof, describe, read
from sparsest.cli import exit_codes, options, output
from sparsest.errors import InputError
from sparsest.io.problem_sources import Asked, read_source
from sparsest.io.table_files.columns import Wanted
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
    vipr: Vipr = None,
) -> None:
    """Verify a proof of the fewest neurons in exact arithmetic, and that it is about DATA.

    \b
    Example:
      sparsest solve xor --proof xor.json
      sparsest check xor.json xor --vipr xor-vipr

    The affine term and the weight bound are the proof's own, and printed, unless they are given here or in a
    saved problem.

    \b
    Exit codes: 0 verified, 1 rejected, 2 no readable proof or data, or an export refused.
    """
    try:
        document = read(proof)
        problem, reading = None, None
        if data is not None:
            wanted = Wanted(target, features, ignore, drop_missing, header)
            asked = Asked(wanted, affine, tolerance, weight_bound, classify, margin)
            problem, reading = read_source(data, asked)
            output.say_remarks(reading)
            problem = _as_claimed(problem, data, asked, document)
        checked = check_proof(document, problem)
    except UnreadableError as error:
        raise InputError(str(error)) from None
    except ProofError as error:
        typer.echo(f"rejected: {error}")
        raise typer.Exit(exit_codes.NEGATIVE) from None
    typer.echo(describe(checked))
    output.print_reading(reading, str(data))
    if vipr is not None:
        _export(document, vipr)


def _export(document: dict[str, Any], folder: Path) -> None:
    from sparsest.exact.proof.vipr.export import export  # loads solvers

    files = export(document, folder)
    typer.echo(f"wrote the lower bound as {len(files)} VIPR file{'s' * (len(files) > 1)} to {folder}")


def _as_claimed(problem: Problem, data: str, asked: Asked, document: dict[str, Any]) -> Problem:
    """Return the data with the proof's affine term and weight bound, where nobody else says what they are."""
    claimed = document.get("problem")
    if data.lower().endswith(".json") or not isinstance(claimed, dict):
        return problem
    changes: dict[str, Any] = {}
    if asked.affine is None:
        skip, constant = (claimed.get(name) is True for name in ("skip", "constant"))
        changes["affine"] = Affine.SKIP if skip else Affine.CONSTANT if constant else Affine.NONE
    if asked.weight_bound is None:
        changes["weight_bound"] = _as_float(claimed.get("weight_bound"))
    return problem.replace(**changes)


def _as_float(claimed: object) -> float | None:
    """Read a proof's weight bound; None, which the checker will find to differ, for what is no float."""
    try:
        if isinstance(claimed, str):
            return float.fromhex(claimed) if "x" in claimed else float(Fraction(claimed))
        return float(claimed)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
