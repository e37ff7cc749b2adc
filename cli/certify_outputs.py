"""`sparsest certify` for models with several outputs."""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol

import typer
from numpy.typing import ArrayLike

from sparsest.cli import exit_codes, output
from sparsest.cli.embeddings import embeddings, print_embeddings
from sparsest.compare.certification.classes_question import ClassesTerms
from sparsest.compare.certification.outputs_question import OutputsTerms
from sparsest.compare.certification.several_outputs import (
    OutputsMeans,
    certify_outputs,
    refuse_for_outputs,
    terms_of,
)
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io.documents import encode, load
from sparsest.io.documents import save as save_document
from sparsest.io.output_sources import LabelColumns, read_labels
from sparsest.io.problem_sources import refuse_wanted
from sparsest.io.table_files.columns import Wanted
from sparsest.io.table_files.reading import Reading
from sparsest.io.tables import is_table
from sparsest.models import TrainedModel, rounded, write_model
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.results.certificate import Against

__all__ = ["OutputsMeans", "OutputsRequest", "certify_several", "refuse_for_outputs", "terms_of_text"]


class OutputsRequest(NamedTuple):
    """What the command was asked, for a model with several outputs.

    Attributes
    ----------
    model, data : str
        What was given.
    wanted : Wanted
        Columns and rows of the table.
    network, question, save : Path or None
        Where the sparser network, the problem that is asked about, and the certificate go.
    json, embed : bool
        Whether to print JSON, and what the networks cost an optimisation model.
    """

    model: str
    data: str
    wanted: Wanted
    network: Path | None
    question: Path | None
    save: Path | None
    json: bool
    embed: bool


class ClassedSamples(Protocol):
    """Returns inputs, a class a row, and how they were read."""

    def __call__(self) -> tuple[ArrayLike, ArrayLike | None, Reading | None]:
        """Read them."""


def certify_several(
    read: TrainedModel,
    request: OutputsRequest,
    terms: OutputsTerms | ClassesTerms,
    means: OutputsMeans,
    classed_samples: ClassedSamples,
) -> NoReturn:
    """Certify a model with several outputs, print what was found, and end the command."""
    inputs: ArrayLike
    labels: ArrayLike | None
    if isinstance(terms, ClassesTerms):
        if len(_targets(request)) > 1:
            raise InputError("classes are asked for, and there are several --target: name the one of classes")
        inputs, labels, reading = classed_samples()
    else:
        import pandas as pd

        table, targets = _table(request, read.n_outputs)
        reading = table.reading
        inputs = pd.DataFrame(table.X, columns=table.features)
        labels = pd.DataFrame(table.Y, columns=targets)
    output.say_remarks(reading)
    with output.progress_bar(quiet=request.json) as progress:
        found = certify_outputs(
            read, inputs, labels, terms=terms, means=dataclasses.replace(means, progress=progress)
        )
    if request.json:
        document = {"verdict": str(found.judgement)} | encode(found) | output.as_read(reading)
        output.print_json(document | (embeddings(found) if request.embed else {}))
    else:
        output.print_report(found, f"{request.model} on {request.data}")
        if request.embed:
            print_embeddings(found)
        output.print_reading(reading, request.data)
    if request.question is not None and found.problem is not None:
        save_document(found.problem, request.question)
        output.note(f"wrote the question {request.question}")
    output.write(found, request.save)
    if request.network is not None:
        _write(found.network, read, request.network)
    if found.proof_file is not None and not request.json:
        output.note(f"wrote the proof {found.proof_file}; verify it with")
        about = "" if request.question is None else f" {request.question}"
        output.note(f"  sparsest check {found.proof_file}{about}")
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
    names = _targets(request)
    if len(names) != n_outputs:
        found = f"--target names {len(names)} columns" if names else "there is no --target"
        raise InputError(f"{found}, and the model has {n_outputs} outputs: name a column for each, as a,b")
    return read_labels(path, names, request.wanted), names


def _targets(request: OutputsRequest) -> list[str]:
    return [name.strip() for name in (request.wanted.target or "").split(",") if name.strip()]


def _write(found: MultiOutputNetwork | None, read: TrainedModel, path: Path) -> None:
    if found is None:
        output.note(f"no network is known to fit, so {path} was not written")
        return
    precise = read.dtype if rounded(found, read.dtype) == found else "float64"
    write_model(found, path, like=read, dtype=precise)
    output.note(f"wrote the network {path}")


def terms_of_text(
    read: TrainedModel,
    against: Against | None,
    tolerance: str,
    margin: str,
    share_of_range: float,
    numbers: Numbers,
) -> OutputsTerms | ClassesTerms:
    """Return what is asked for from the options of the command line."""
    held = "auto" if against is None else against.value
    least = _numbers(margin)
    if isinstance(least, list):
        raise InputError(f"--margin {margin}: one number is needed")
    return terms_of(read, None, held, _numbers(tolerance), least, share_of_range, numbers)


def _numbers(text: str) -> Any:
    """Return a word, a number, or one an output."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return text  # "auto", or refused
    return numbers[0] if len(numbers) == 1 else numbers
