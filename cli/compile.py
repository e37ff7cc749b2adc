"""`sparsest compile`: compile ahead what the first searches on a machine would wait for."""

import typer

from sparsest.cli import output


def compile_() -> None:
    """Compile the loops of exact searches now, so that no search waits for it.

    They are compiled for this machine's processor and kept in the user's folder for caches, or in
    NUMBA_CACHE_DIR. Without this command the first search that needs a loop compiles it; later ones load it.

    \b
    Example:
      sparsest compile

    \b
    Exit codes: 0 done, 2 nothing can be kept.
    """
    from sparsest.exact.compiled_ahead import compile_ahead

    output.note("compiling, a minute or two the first time")
    for name, seconds in compile_ahead():
        typer.echo(f"{seconds:6.1f} s  {name}")
