"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from sparsest.affine import Affine
from sparsest.decimals import Numbers

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A dataset's name (see `sparsest datasets`), a CSV (.tsv, .txt, .gz), Parquet or NPZ file, or a "
        "saved problem.",
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        help="Label column of a file; by default the one named y, target, label, ..., or the last. "
        "`solve`, `certify` and `check` take several, separated by commas."
    ),
]
Features = Annotated[
    list[str] | None,
    typer.Option(help="Input columns of a file, separated by commas; all but the label by default."),
]
Ignore = Annotated[
    list[str] | None, typer.Option(help="Columns of a file to leave out, separated by commas.")
]
DropMissing = Annotated[
    bool, typer.Option("--drop-missing", help="Leave out the rows of a file that lack a value.")
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether a text file's first line names its columns; by default it is seen.",
        show_default=False,
    ),
]
AffineTerm = Annotated[
    Affine | None,
    typer.Option(
        "--affine",
        help="Affine term beside the neurons, not counted: none (default), constant (a bias) or skip.",
    ),
]
Tolerance = Annotated[
    float | None,
    typer.Option(help="Largest distance from a label; by default 0, or what the dataset suggests."),
]
WeightBound = Annotated[
    float | None, typer.Option(help="Upper bound on every |v w_j|; none by default.", metavar="R")
]
Classify = Annotated[
    bool,
    typer.Option(
        "--classify",
        help="Labels are classes: tell them apart instead of fitting, two by sign, more (with `solve` and "
        "`check`) by the largest output.",
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        help="With --classify: smallest |f| on a sample, or smallest gap between outputs; 1 by default."
    ),
]
NumbersMeant = Annotated[
    Numbers,
    typer.Option("--numbers", help="What numbers stand for: decimal as written, binary floats, or auto."),
]
CountedObjective = Annotated[str, typer.Option("--objective", help="neurons, weights or parameters.")]
Method = Annotated[str, typer.Option(help="Exact method: auto, univariate (one feature), tree or mip.")]
MipSolver = Annotated[str, typer.Option(help="MIP solver by its Pyomo name, for --method mip.")]
TimeLimit = Annotated[
    float | None, typer.Option(help="Seconds after which the interval known so far is reported.")
]
Power = Annotated[float, typer.Option("--p", help="Exponent of the path norm, 0 < p <= 1.")]
Initialization = Annotated[
    str, typer.Option(help="Initial networks of gradient descent: random or through-samples.")
]
Checkpoint = Annotated[
    Path | None, typer.Option(help="Keep what is known in a file while it runs.", metavar="FILE")
]
Witness = Annotated[
    Path | None,
    typer.Option(
        help="A saved network to start from in the place of training's: .json or .npz.", metavar="FILE"
    ),
]
Dask = Annotated[
    str | None,
    typer.Option(help="Share it on the Dask cluster with this scheduler instead.", metavar="ADDRESS"),
]
WorkersOfProofs = Annotated[
    int | None, typer.Option(help="Processes that share a search for a proof; 1 by default.")
]
CheckpointOfCount = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint", help="Keep the search for the smallest count in a file while it runs.", metavar="FILE"
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue from the checkpoint if there is one.")]
HistoryTable = Annotated[
    Path | None,
    typer.Option(
        help="Write step, loss, path norm and active neurons of each restart here, .csv or .parquet.",
        metavar="FILE",
    ),
]
PowerOrAuto = Annotated[
    str, typer.Option("--p", help='Exponent of the path norm, 0 < p <= 1, or "auto": below p* where known.')
]
LeastLimit = Annotated[
    float | None,
    typer.Option(
        help="Seconds for bounds on the least path norm; 0 leaves them out. By default 10, or the time limit "
        "if that is shorter."
    ),
]
Restarts = Annotated[
    int,
    typer.Option(help="Random initial networks of gradient descent, one batch."),
]
Width = Annotated[
    int | None, typer.Option(help="Neurons that gradient descent begins with; by default chosen from N.")
]
MostNeurons = Annotated[
    int | None, typer.Option("--width", help="Most neurons of a network; by default chosen from N.")
]
Neurons = Annotated[
    int | None,
    typer.Option(
        "--neurons",
        help="Instead, look for the network of at most so many neurons of least largest error.",
        metavar="K",
    ),
]
EffortLimit = Annotated[
    float | None,
    typer.Option(help="Effort of the search, counted instead of timed: about the seconds of one core."),
]
Algorithm = Annotated[
    str,
    typer.Option(
        help="auto, splitting, adam-reweighted, proximal-gradient, smoothed or published.",
    ),
]
Steps = Annotated[int | None, typer.Option(help="Training steps; a good default for small data.")]
Seed = Annotated[int, typer.Option(help="Seed of the initial networks.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:K.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]
Plot = Annotated[Path | None, typer.Option(help="Draw a figure: .png, .svg or .pdf.", metavar="FILE")]
Output = Annotated[Path | None, typer.Option(help="Save the result: .json or .npz.", metavar="FILE")]
