"""`sparsest certify`: whether a trained network is the sparsest that fits, and what is."""

from pathlib import Path
from typing import Annotated

import typer
from numpy.typing import ArrayLike

from sparsest import datasets
from sparsest.arrays import exact_floats
from sparsest.cli import exit_codes, options, output
from sparsest.cli.embeddings import embeddings, print_embeddings
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io import tables
from sparsest.io.documents import encode, load
from sparsest.io.problem_sources import names_table, numeric_labels, refuse_wanted
from sparsest.io.table_files.columns import Wanted
from sparsest.io.table_files.reading import Reading
from sparsest.models import check_model_ending, read_model, rounded, write_model
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.certificate import Certificate

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A trained network: .pt or .ckpt (state dict), .safetensors, .onnx, or a saved .json or .npz.",
    ),
]
Tolerance = Annotated[
    str,
    typer.Option(
        help='Largest distance from a label that counts as fitting, or "auto": what the network attains.'
    ),
]
Margin = Annotated[
    str,
    typer.Option(
        help='Of classifiers: how far beyond zero the logit must be, or "auto": what the network attains.'
    ),
]
Limit = Annotated[float, typer.Option(help="Seconds after which the interval known so far is reported.")]
Proofs = Annotated[
    Path | None,
    typer.Option(help="Write a proof that `sparsest check` verifies: .json or .json.gz.", metavar="FILE"),
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
Workers = Annotated[int, typer.Option(help="Processes that share the tree's search.")]


def certify(  # noqa: PLR0913
    model: Model,
    data: options.Data,
    objective: options.CountedObjective = "neurons",
    tolerance: Tolerance = "auto",
    margin: Margin = "auto",
    numbers: options.NumbersMeant = Numbers.AUTO,
    target: options.Target = None,
    features: options.Features = None,
    ignore: options.Ignore = None,
    drop_missing: options.DropMissing = False,
    header: options.Header = None,
    time_limit: Limit = 60.0,
    proof: Proofs = None,
    network: NetworkFile = None,
    report: Report = None,
    save: options.Output = None,
    checkpoint: options.Checkpoint = None,
    resume: options.Resume = False,
    embed: Embed = False,
    workers: Workers = 1,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Say whether a trained network is the sparsest through its data, and show a sparser one if there is.

    \b
    Example:
      sparsest certify model.onnx curve.csv --proof curve.json.gz --network sparser.onnx
      sparsest certify model.pt curve.csv --report curve.html
      sparsest certify surrogate.onnx runs.csv --target force,heat --embed

    \b
    Exit codes: 0 SPARSEST; 1 SPARSER_EXISTS or NOT_INTERPOLATING; 2 bad input; 3 BOUNDED (an interval).
    """
    output.check_outputs(None, save)
    output.refuse_overwriting(data, save, proof, checkpoint, network, report)
    output.refuse_overwriting(model, save, proof, checkpoint, network, report)
    for path in (proof, network, report):
        if path is not None:
            output.check_writable(path)
    output.check_checkpoint(checkpoint, resume=resume)
    if report is not None and report.suffix.lower() != ".html":
        raise InputError(f"{report}: unknown ending {report.suffix!r}, use .html")
    if network is not None:
        check_model_ending(network)
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
            OutputsTerms,
            certify_several,
            refuse_for_outputs,
            tolerances,
        )

        refuse_for_outputs(Objective.parse(objective), margin, checkpoint)
        certify_several(
            trained,
            OutputsRequest(model, data, wanted, network, save, json, embed),
            OutputsTerms(tolerance=tolerances(tolerance), numbers=numbers),
            OutputsMeans(time_limit, proof, workers),
        )
    X, y, reading = _samples(data, wanted, model, margin)
    output.say_remarks(reading)
    from sparsest.compare.certification.certification import certify as judge

    with output.progress_bar(quiet=json) as progress:
        found = judge(
            model,
            X,
            y,
            objective=objective,
            tolerance=_number_or_word(tolerance),
            margin=_number_or_word(margin),
            numbers=numbers,
            time_limit=time_limit,
            proof_file=proof,
            checkpoint_file=checkpoint,
            resume=resume,
            workers=workers,
            seed=seed,
            progress=progress,
        )
    assert isinstance(found, Certificate)
    _print(found, model, data, reading, json=json, embed=embed)
    if found.proof_file is not None and not json:
        asked = f" --tolerance {found.tolerance!r}" if found.tolerance else ""
        if found.margin is not None:
            asked = f" --classify --margin {found.margin!r}"
        if numbers is not Numbers.AUTO:
            asked += f" --numbers {numbers}"
        output.note(f"wrote the proof {found.proof_file}; verify it with")
        output.note(f"  sparsest check {found.proof_file} {data}{asked}{wanted.options}")
    output.write(found, save)  # after printing: a full disk must not cost the result
    if network is not None:
        _write_network(found.network, model, network)
    if report is not None:
        from sparsest.compare.certification.html_page import write_certificate_page

        write_certificate_page(report, found, f"{model} on {data}")
        output.note(f"wrote {report}")
    raise typer.Exit(exit_codes.of_judgement(found.judgement))


def _samples(
    data: str, wanted: Wanted, model: str, margin: str
) -> tuple[ArrayLike, ArrayLike, Reading | None]:
    """Return inputs and labels, with their names where they have some, and what was read of a file.

    Data are a table, a dataset or a saved problem with exact labels. Labels are text only where the model or
    a margin asks for classes.
    """
    path = Path(data)
    if path.suffix.lower() == ".json":
        problem = load(path)
        if not isinstance(problem, Problem) or not problem.is_interpolation:
            raise InputError(
                f"{path} is not a problem with exact labels: give a table, and the tolerance as --tolerance"
            )
        refuse_wanted(wanted, data)
        return problem.X, problem.low, None
    if names_table(data, path):
        table = tables.read_table(path, wanted)
        are_classes = bool(table.fault) and (margin != "auto" or read_model(model).is_classifier)
        labels = table.y if are_classes else numeric_labels(table, str(path))
        import pandas as pd

        inputs = pd.DataFrame(table.X, columns=table.features)
        return inputs, pd.Series(labels, name=table.target), table.reading
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
