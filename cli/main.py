"""The `sparsest` command."""

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of_distribution
from typing import Annotated, Final

import typer

from sparsest import __version__
from sparsest.cli.bench import bench
from sparsest.cli.certify import certify
from sparsest.cli.check import check
from sparsest.cli.command_group import CommandGroup
from sparsest.cli.compare import compare
from sparsest.cli.compile import compile_
from sparsest.cli.datasets import datasets
from sparsest.cli.explain import explain
from sparsest.cli.find import find
from sparsest.cli.frontier import frontier
from sparsest.cli.least import least
from sparsest.cli.regress import regress
from sparsest.cli.solve import solve
from sparsest.cli.streams import let_readers_leave
from sparsest.cli.threshold import threshold
from sparsest.cli.train import train

app = typer.Typer(
    cls=CommandGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  sparsest compare peak-plateau",
)
app.command()(solve)
app.command()(find)
app.command()(train)
app.command()(frontier)
app.command()(compare)
app.command()(least)
app.command()(threshold)
app.command()(certify)
app.command()(check)
app.command()(datasets)
app.command()(explain)
app.command()(regress)
app.command("compile")(compile_)
app.add_typer(bench, name="bench")


# What answers rest on, and models are read with.
_LIBRARIES: Final = (
    "highspy",
    "python-flint",
    "torch",
    "pyomo",
    "numba",
    "numpy",
    "scipy",
    "scikit-learn",
    "onnx",
)
# What a person may want, and the command for it.
_TASKS: Final = (
    ("the sparsest network through data, proven", "sparsest solve DATA --proof proof.json"),
    ("a sparse network, fast, without a proof", "sparsest find DATA"),
    ("a network of small l^p path norm; certified", "sparsest train DATA --p 0.4, sparsest least DATA"),
    ("is the network that I trained the sparsest?", "sparsest certify MODEL DATA"),
    (
        "do training and proof agree? what does accuracy cost?",
        "sparsest compare DATA, sparsest frontier DATA",
    ),
)


def _version_of(library: str) -> str:
    try:
        return version_of_distribution(library)
    except PackageNotFoundError:
        return "not installed"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sparsest {__version__}, Python {platform.python_version()}")
        for library in _LIBRARIES:
            typer.echo(f"  {library} {_version_of(library)}")
        raise typer.Exit


def _print_tasks() -> None:
    for task, command in _TASKS:
        typer.echo(f"{task}\n    {command}")
    typer.echo(
        "\nDATA: a table's file (.csv, .parquet, .npz) or the name of a dataset\n"
        "MODEL: a file of torch, ONNX or safetensors\n"
        "\nBegin with: sparsest compare peak-plateau\n"
        "All commands: sparsest --help; words of a result: sparsest explain WORD"
    )


@app.callback()
def main(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version, and those of the libraries that answers rest on.",
        ),
    ] = False,
) -> None:
    """Find the provably sparsest ReLU network with one hidden layer through data, and train towards it.

    \b
    Exit codes of every command:
      0  done (compare: both sides agree)
      1  the verdict is negative, or no network fits
      2  bad input
      3  stopped early: an interval is known
    """
    if context.invoked_subcommand is None:
        _print_tasks()


def run() -> None:
    """Entry point of the console script."""
    let_readers_leave()
    app(prog_name="sparsest")


if __name__ == "__main__":
    run()
