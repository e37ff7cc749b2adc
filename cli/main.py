"""The `sparsest` command."""

from typing import Annotated

import typer

from sparsest import __version__
from sparsest.cli.bench import bench
from sparsest.cli.certify import certify
from sparsest.cli.check import check
from sparsest.cli.command_group import CommandGroup
from sparsest.cli.compare import compare
from sparsest.cli.datasets import datasets
from sparsest.cli.find import find
from sparsest.cli.frontier import frontier
from sparsest.cli.regress import regress
from sparsest.cli.solve import solve
from sparsest.cli.streams import let_readers_leave
from sparsest.cli.threshold import threshold
from sparsest.cli.train import train

app = typer.Typer(
    cls=CommandGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  sparsest compare peak-plateau",
)
app.command()(solve)
app.command()(find)
app.command()(train)
app.command()(frontier)
app.command()(compare)
app.command()(threshold)
app.command()(certify)
app.command()(check)
app.command()(datasets)
app.command()(regress)
app.add_typer(bench, name="bench")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sparsest {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
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


def run() -> None:
    """Entry point of the console script."""
    let_readers_leave()
    app(prog_name="sparsest")


if __name__ == "__main__":
    run()
