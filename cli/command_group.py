"""A group of commands whose errors are one sentence, and whose help shows whole descriptions."""

from typing import Any

import typer
from typer.core import TyperGroup

from sparsest.cli.exit_codes import BAD_INPUT
from sparsest.errors import SparsestError


class CommandGroup(TyperGroup):
    """Contexts and formatters are of types that are private to typer."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; the package's errors, and those of files, become one sentence."""
        try:
            return super().invoke(ctx)
        except SparsestError as error:
            message = str(error)
        except OSError as error:
            message = f"{error.filename or 'file'}: {error.strerror or error}"
        typer.echo(f"Error: {message}", err=True)
        raise typer.Exit(BAD_INPUT)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands with the first paragraph of their help, wrapped rather than cut."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, _first_paragraph(command.help or "")) for name, command in commands if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())
