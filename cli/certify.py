"""`sparsest certify`: whether a trained network is the sparsest that fits, and what is."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from numpy.typing import ArrayLike

from sparsest import datasets
from sparsest.arrays import exact_floats
from sparsest.cli import exit_codes, options, output, searches
from sparsest.cli.embeddings import embeddings, print_embeddings
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io import tables
from sparsest.io.documents import encode, load
from sparsest.io.documents import save as save_document
from sparsest.io.problem_sources import names_table, numeric_labels, refuse_wanted
from sparsest.io.table_files.assembling import Table
from sparsest.io.table_files.columns import LAST, Wanted
from sparsest.io.table_files.reading import Reading
from sparsest.models import check_model_ending, read_model, rounded, write_model
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.certificate import SHARE_OF_RANGE, Against, Certificate

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A trained network: .pt or .ckpt (state dict), .safetensors, .onnx, or a saved .json or .npz.",
    ),
]
Held = Annotated[
    Against | None,
    typer.Option(
        help="What fits: near the network's own outputs (model); on no row worse than the network or the "
        "tolerance (labels); within the tolerance (tolerance). By default tolerance where a tolerance or "
        "margin is given, labels where the network meets them closely, and else model.",
        show_default=False,
    ),
]
Share = Annotated[
    float, typer.Option(help="A tolerance that is chosen, as a share of the outputs' or the labels' range.")
]
Tolerance = Annotated[
    str,
    typer.Option(
        help='Largest distance that counts as fitting, or "auto": a share of the range, on labels no more '
        "than what the network attains."
    ),
]
Margin = Annotated[
    str,
    typer.Option(
        help="Of classifiers: how far beyond zero the logit must be, or of several classes beyond the other "
        'logits, or "auto": what the network attains.'
    ),
]
Limit = Annotated[float, typer.Option(help="Seconds after which the interval known so far is reported.")]
Outliers = Annotated[
    int, typer.Option(help="Rows, any so many, that a network may miss; bounds then have no proof file.")
]
Proofs = Annotated[
    Path | None,
    typer.Option(help="Write a proof that `sparsest check` verifies: .json or .json.gz.", metavar="FILE"),
]
QuestionFile = Annotated[
    Path | None,
    typer.Option(
        help="Write what is asked, an interval for each row, for `sparsest check`: .json or .npz.",
        metavar="FILE",
    ),
]
NetworkFile = Annotated[
    Path | None,
    typer.Option(
        "--network", help="Write the sparsest network known: .pt, .onnx, .json or .npz.", metavar="FILE"
    ),
]
Report = Annotated[
    Path | None, typer.Option(help="Write a page for a browser or for paper: .html.", metavar="FILE")
]
Embed = Annotated[
    bool,
    typer.Option(
        "--embed", help="Print binaries, and seconds of a small optimisation model, before and after."
    ),
]


def certify(  # noqa: PLR0913
    model: Model,
    data: options.Data,
    against: Held = None,
    objective: options.CountedObjective = "neurons",
    tolerance: Tolerance = "auto",
    margin: Margin = "auto",
    share_of_range: Share = SHARE_OF_RANGE,
    outliers: Outliers = 0,
    numbers: options.NumbersMeant = Numbers.AUTO,
    target: options.Target = None,
    features: options.Features = None,
    ignore: options.Ignore = None,
    drop_missing: options.DropMissing = False,
    header: options.Header = None,
    time_limit: Limit = 60.0,
    proof: Proofs = None,
    question: QuestionFile = None,
    network: NetworkFile = None,
    report: Report = None,
    save: options.Output = None,
    checkpoint: options.Checkpoint = None,
    resume: options.Resume = False,
    embed: Embed = False,
    workers: options.WorkersOfProofs = None,
    dask: options.Dask = None,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Say whether a trained network is the sparsest through its data, and show a sparser one if there is.

    \b
    Example:
      sparsest certify model.onnx curve.csv --proof curve.json.gz --network sparser.onnx
      sparsest certify model.pt curve.csv --report curve.html
      sparsest certify surrogate.onnx runs.csv --target force,heat --embed
      sparsest certify model.pt noisy.csv --against model --share-of-range 0.02

    DATA may lack the label where it is not needed (--against model): one column for each input of the model.

    \b
    Exit codes: 0 SPARSEST; 1 SPARSER_EXISTS or NOT_INTERPOLATING; 2 bad input; 3 BOUNDED (an interval).
    """
    _check_files(data, model, proof, question, network, report, save, checkpoint)
    output.check_checkpoint(checkpoint, resume=resume)
    searches.refuse_workers_beside_dask(workers, dask)
    wanted = Wanted(target, features, ignore, drop_missing, header)
    trained = read_model(model)
    if trained.n_outputs > 1:
        if report is not None:
            raise InputError(
                "--report is for one output: leave it out, or save the certificate by --save FILE"
            )
        from sparsest.cli.certify_outputs import (
            OutputsMeans,
            OutputsRequest,
            certify_several,
            refuse_for_outputs,
            terms_of_text,
        )

        refuse_for_outputs(Objective.parse(objective), checkpoint, outliers)
        request = OutputsRequest(model, data, wanted, network, question, save, json, embed)
        terms = terms_of_text(trained, against, tolerance, margin, share_of_range, numbers)
        with searches.sharing(workers, dask) as shared:
            certify_several(
                trained,
                request,
                terms,
                OutputsMeans(time_limit, proof, **shared),
                lambda: _samples(data, wanted, _Labels(model, against, margin)),
            )
    X, y, reading = _samples(data, wanted, _Labels(model, against, margin))
    output.say_remarks(reading)
    from sparsest.compare.certification.certification import certify as judge

    with searches.sharing(workers, dask) as shared, output.progress_bar(quiet=json) as progress:
        found = judge(
            model,
            X,
            y,
            against="auto" if against is None else against,
            objective=objective,
            tolerance=_number_or_word(tolerance),
            margin=_number_or_word(margin),
            share_of_range=share_of_range,
            outliers=outliers,
            numbers=numbers,
            time_limit=time_limit,
            proof_file=proof,
            checkpoint_file=checkpoint,
            resume=resume,
            seed=seed,
            progress=progress,
            **shared,
        )
    assert isinstance(found, Certificate)
    _print(found, model, data, reading, json=json, embed=embed)
    if question is not None and found.problem is not None:
        save_document(found.problem, question)
        output.note(f"wrote the question {question}")
    if found.proof_file is not None and not json:
        output.note(f"wrote the proof {found.proof_file}; verify it with")
        about = _what_it_is_about(found, data, y, wanted) if question is None else f" {question}"
        output.note(f"  sparsest check {found.proof_file}{about}")
    output.write(found, save)  # after printing: a full disk must not cost the result
    if network is not None:
        _write_network(found.network, model, network)
    if report is not None:
        from sparsest.compare.certification.html_page import write_certificate_page

        write_certificate_page(report, found, f"{model} on {data}")
        output.note(f"wrote {report}")
    raise typer.Exit(exit_codes.of_judgement(found.judgement))


def _check_files(data: str, model: str, *outputs: Path | None) -> None:
    """Raise `InputError` before a long computation whose results could not be written."""
    proof, question, network, report, save, _ = outputs
    output.check_outputs(None, save)
    output.check_outputs(None, question)
    output.refuse_overwriting(data, *outputs)
    output.refuse_overwriting(model, *outputs)
    for path in (proof, network, report):
        if path is not None:
            output.check_writable(path)
    if report is not None and report.suffix.lower() != ".html":
        raise InputError(f"{report}: unknown ending {report.suffix!r}, use .html")
    if network is not None:
        check_model_ending(network)


def _what_it_is_about(found: Certificate, data: str, y: ArrayLike | None, wanted: Wanted) -> str:
    """Return data and options that make `sparsest check` ask the same; empty where none do.

    Intervals around a network's outputs, or around labels by its errors, are in no file but the question's.
    """
    problem = found.problem
    assert problem is not None  # it was made in this process
    kind: dict[str, Any] = {"affine": found.affine, "numbers": problem.numbers}
    try:
        if y is None:
            return ""
        if found.margin is not None:
            same = Problem.classification(problem.X, y, found.margin, **kind)
            asked = f" --classify --margin {found.margin!r}"
        else:
            same = Problem(problem.X, y, tolerance=found.tolerance, **kind)
            asked = f" --tolerance {found.tolerance!r}" if found.tolerance else ""
    except InputError:
        return ""
    if same != problem:
        return ""
    if problem.numbers is not Numbers.AUTO:
        asked += f" --numbers {problem.numbers}"
    return f" {data}{asked}{wanted.options}"


class _Labels(NamedTuple):
    """What says whether there are labels, and whether they may be text."""

    model: str
    against: Against | None
    margin: str

    def are_absent(self, table: Table) -> bool:
        """Whether a table has one column for each input of the model, and none is said to be the label."""
        if self.against is not Against.MODEL or table.reading is None or LAST not in table.reading.label:
            return False
        return bool(table.X.shape[1] + 1 == read_model(self.model).network.n_features)

    @property
    def may_be_text(self) -> bool:
        """Whether they are classes."""
        return self.margin != "auto" or bool(read_model(self.model).is_classifier)


def _samples(
    data: str, wanted: Wanted, labels: _Labels
) -> tuple[ArrayLike, ArrayLike | None, Reading | None]:
    """Return inputs and labels, with their names where they have some, and what was read of a file.

    Data are a table, a dataset or a saved problem with exact labels. Labels are text only where the model or
    a margin asks for classes, and None where none are needed and the table has none.
    """
    path = Path(data)
    if path.suffix.lower() == ".json":
        problem = load(path)
        if isinstance(problem, MultiClassProblem):
            refuse_wanted(wanted, data)
            return problem.X, [problem.classes[c] for c in problem.labels], None
        if not isinstance(problem, Problem) or not problem.is_interpolation:
            raise InputError(
                f"{path} is not a problem with exact labels: give a table, and the tolerance as --tolerance"
            )
        refuse_wanted(wanted, data)
        return problem.X, problem.low, None
    if names_table(data, path):
        import pandas as pd

        table = tables.read_table(path, wanted)
        inputs = pd.DataFrame(table.X, columns=table.features)
        if labels.are_absent(table):
            inputs[table.target or len(inputs.columns)] = numeric_labels(table, str(path))
            return inputs, None, table.reading
        values = table.y if table.fault and labels.may_be_text else numeric_labels(table, str(path))
        return inputs, pd.Series(values, name=table.target), table.reading
    refuse_wanted(wanted, data)
    dataset = datasets.parse(data)
    return dataset.X, exact_floats(dataset.y, f"labels of {data}"), None


def _number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # "auto", or refused


def _print(
    found: Certificate, model: str, data: str, reading: Reading | None, *, json: bool, embed: bool
) -> None:
    if json:
        document = {"verdict": str(found.judgement)} | encode(found) | output.as_read(reading)
        output.print_json(document | (embeddings(found) if embed else {}))
        return
    output.print_report(found, f"{model} on {data}")
    if embed:
        print_embeddings(found)
    output.print_reading(reading, data)


def _write_network(found: Network | None, model: str, path: Path) -> None:
    if found is None:
        output.note(f"no network is known to fit, so {path} was not written")
        return
    like = read_model(model)
    # `certify` returns numbers of the model's precision unless they do not fit when rounded
    precise = like.dtype if rounded(found, like.dtype) == found else "float64"
    write_model(found, path, like=like, dtype=precise)
    output.note(f"wrote the network {path}")
