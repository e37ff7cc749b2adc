"""What all figures share: style, colours, an empty figure, files; matplotlib is imported on first use."""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sparsest.errors import InputError
from sparsest.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS: Final = (".png", ".svg", ".pdf")

# Okabe and Ito's colours, which stay apart for colour-blind readers.
COLORS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS: Final = ("o", "s", "D", "^", "v", "P")

_STYLE: Final[dict[Any, Any]] = {
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    # fixed ids: equal figures are equal files
    "svg.hashsalt": "sparsest",
}
_DPI: Final = 150


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in the project's style inside the block."""
    import matplotlib as mpl

    with mpl.rc_context(_STYLE):
        yield


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of this size in inches."""
    # a Figure of its own, not pyplot's: nothing global, no window, no backend to choose
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: "Figure", path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG, SVG or PDF, by the ending of `path`.

    A file that exists is replaced at once or not at all. Equal figures give equal files.

    Raises
    ------
    InputError
        When the ending is another one.
    OSError
        When the file cannot be written.
    """
    target = Path(path)
    check_ending(target)
    kind = target.suffix.lower()[1:]
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    content = io.BytesIO()
    with style():
        figure.savefig(content, format=kind, dpi=_DPI, metadata=undated)
    write_atomically(target, content.getvalue())


def check_ending(path: Path) -> None:
    """Raise `InputError` unless `save_figure` knows the ending of `path`."""
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            f"{path} does not end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}: rename the figure"
        )


def plain(text: str) -> str:
    """Return a text that matplotlib shows as it is, dollar signs included."""
    return text.replace("$", r"\$")
