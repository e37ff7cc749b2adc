"""`sparsest datasets`: what can be named instead of a file."""

import dataclasses
from typing import Annotated, Any

import typer

from sparsest import datasets as registry
from sparsest.cli import options, output
from sparsest.results.report import Rows
from sparsest.sentences import counted


def datasets(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Show one dataset with its rows.")
    ] = None,
    json: options.Json = False,
) -> None:
    """List the datasets by name, or show one: data, source, and what is known about its optimum.

    \b
    Example:
      sparsest datasets
      sparsest datasets planted:d=2,n=20,k=3,seed=1 --json

    \b
    Exit codes: 0 done, 2 bad input.
    """
    if name is None:
        found = [registry.load(each) for each in registry.names()]
        if json:
            output.print_json({"datasets": [_summary(each) for each in found]})
        else:
            output.print_block("datasets", [(each.name, _line(each)) for each in found])
        return
    dataset = registry.parse(name)
    if json:
        rows = {"X": dataset.X.tolist(), "y": dataset.y.tolist()}
        output.print_json(_summary(dataset) | rows)
        return
    output.print_block(dataset.name, _details(dataset))


def _summary(dataset: registry.Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "samples": len(dataset.y),
        "features": dataset.X.shape[1],
        "tolerance": dataset.tolerance,
        "description": dataset.description,
        "source": dataset.source,
        "known": [dataclasses.asdict(claim) for claim in dataset.known],
    }


def _line(dataset: registry.Dataset) -> str:
    known = "; ".join(f"{_value(claim)} {_where(claim)}" for claim in dataset.known) or "nothing known"
    return f"N = {len(dataset.y)}, d = {dataset.X.shape[1]}; {known}"


def _value(claim: registry.Known) -> str:
    most = "at most " if claim.how == "bound" else ""
    return most + counted(claim.value, str(claim.objective))


def _where(claim: registry.Known) -> str:
    return claim.affine.phrase


def _details(dataset: registry.Dataset) -> Rows:
    size = f"{counted(len(dataset.y), 'samples')}, {counted(dataset.X.shape[1], 'features')}"
    rows = [
        (
            "data",
            f"{size}, tolerance {dataset.tolerance:g}",
        ),
        ("about", dataset.description),
        ("source", dataset.source),
    ]
    rows += [
        ("known", f"{_value(claim)} {_where(claim)}, {claim.how}: {claim.source}") for claim in dataset.known
    ]
    shown = 12
    for x, y in list(zip(dataset.X, dataset.y, strict=True))[:shown]:
        rows.append(
            ("row", f"x = {', '.join(f'{value:g}' for value in x[:6])}{', ...' * (len(x) > 6)}   y = {y:g}")
        )
    if len(dataset.y) > shown:
        rows.append(("", f"... and {len(dataset.y) - shown} more rows (--json prints all)"))
    return rows
