"""Standard output and error whose reader may leave, as in ``sparsest solve xor | head -1``."""

import io
import os
import sys
from typing import Any, TextIO


def let_readers_leave() -> None:
    """Make standard output and error go nowhere once nobody reads them.

    The command goes on: its files are written, and its exit code is the verdict's. Otherwise click would end
    it with 1, which here means a negative verdict.
    """
    sys.stdout, sys.stderr = _tolerant(sys.stdout), _tolerant(sys.stderr)


def _tolerant(stream: TextIO) -> TextIO:
    """Return a stream to the same place, or the stream itself where it is none of the process's own."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    raw = _Pipe(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
    )


class _Pipe(io.FileIO):
    """A file descriptor that is moved to the null device when its reader has left."""

    def write(self, content: Any) -> Any:
        """Write, or lose what nobody wants to read."""
        try:
            return super().write(content)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return super().write(content)
