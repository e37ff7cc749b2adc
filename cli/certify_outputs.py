"""`sparsest certify` for models with several outputs."""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import typer

from sparsest.cli import exit_codes, output
from sparsest.cli.embeddings import embeddings, print_embeddings
from sparsest.compare.certification.outputs_question import OutputsTerms
from sparsest.compare.certification.several_outputs import OutputsMeans, certify_outputs, refuse_for_outputs
from sparsest.errors import InputError
from sparsest.io.documents import encode, load
from sparsest.io.output_sources import LabelColumns, read_labels
from sparsest.io.problem_sources import refuse_wanted
from sparsest.io.table_files.columns import Wanted
from sparsest.io.tables import is_table
from sparsest.models import TrainedModel, rounded, write_model
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem

__all__ = [
    "OutputsMeans",
    "OutputsRequest",
    "OutputsTerms",
    "certify_several",
    "refuse_for_outputs",
    "tolerances",
]


class OutputsRequest(NamedTuple):
    """What the command was asked, for a model with several outputs.

    Attributes
    ----------
    model, data : str
        What was given.
    wanted : Wanted
        Columns and rows of the table.
    network, save : Path or None
        Where the sparser network and the certificate go.
    json, embed : bool
        Whether to print JSON, and what the networks cost an optimisation model.
    """

    model: str
    data: str
    wanted: Wanted
    network: Path | None
    save: Path | None
    json: bool
    embed: bool


def certify_several(
    read: TrainedModel, request: OutputsRequest, terms: OutputsTerms, means: OutputsMeans
) -> NoReturn:
    """Certify a model with several outputs, print what was found, and end the command."""
    table, targets = _table(request, read.n_outputs)
    output.say_remarks(table.reading)
    import pandas as pd

    inputs = pd.DataFrame(table.X, columns=table.features)
    labels = pd.DataFrame(table.Y, columns=targets)
    with output.progress_bar(quiet=request.json) as progress:
        found = certify_outputs(
            read, inputs, labels, terms=terms, means=dataclasses.replace(means, progress=progress)
        )
    if request.json:
        document = {"verdict": str(found.judgement)} | encode(found) | output.as_read(table.reading)
        output.print_json(document | (embeddings(found) if request.embed else {}))
    else:
        output.print_report(found, f"{request.model} on {request.data}")
        if request.embed:
            print_embeddings(found)
        output.print_reading(table.reading, request.data)
    output.write(found, request.save)
    if request.network is not None:
        _write(found.network, read, request.network)
    if found.proof_file is not None and not request.json:
        output.note(f"wrote the proof {found.proof_file}; verify it with")
        output.note(f"  sparsest check {found.proof_file}")
    raise typer.Exit(exit_codes.of_judgement(found.judgement))


def _table(request: OutputsRequest, n_outputs: int) -> tuple[LabelColumns, list[str] | None]:
    """Return inputs and labels, and the names of the latter where there are any."""
    path = Path(request.data)
    if path.suffix.lower() == ".json":
        problem = load(path)
        if not isinstance(problem, MultiOutputProblem) or not problem.is_interpolation:
            raise InputError(
                f"{path} is not a problem with exact labels of several outputs: give a table, and the "
                "tolerance as --tolerance"
            )
        refuse_wanted(request.wanted, request.data)
        features = None if problem.feature_names is None else list(problem.feature_names)
        columns = LabelColumns(problem.X, problem.targets, features, None, 0)
        return columns, None if problem.target_names is None else list(problem.target_names)
    if not is_table(path):
        raise InputError(f"{request.data!r:.80} is no table, and the model has {n_outputs} outputs: give one")
    names = [name.strip() for name in (request.wanted.target or "").split(",") if name.strip()]
    if len(names) != n_outputs:
        found = f"--target names {len(names)} columns" if names else "there is no --target"
        raise InputError(f"{found}, and the model has {n_outputs} outputs: name a column for each, as a,b")
    return read_labels(path, names, request.wanted), names


def _write(found: MultiOutputNetwork | None, read: TrainedModel, path: Path) -> None:
    if found is None:
        output.note(f"no network is known to fit, so {path} was not written")
        return
    precise = read.dtype if rounded(found, read.dtype) == found else "float64"
    write_model(found, path, like=read, dtype=precise)
    output.note(f"wrote the network {path}")


def tolerances(text: str) -> Any:
    """Return tolerances of several outputs from the command line: a word, a number, or one an output."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return text  # "auto", or refused
    return numbers[0] if len(numbers) == 1 else numbers
