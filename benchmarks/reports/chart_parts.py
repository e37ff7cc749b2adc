"""Colours, legends and axes that the figures of a benchmark share."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sparsest.benchmarks.reports.profiles import StepCurve
from sparsest.plots import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

WIDTH: Final = 8.0  # inches; some 800 pixels on a page
DOTTED: Final = (0, (2, 1.5))
# Two more than figures of networks need, because a benchmark has more methods.
_COLORS: Final = (*canvas.COLORS, "#000000", "#7F7F7F")
_MARKERS: Final = (*canvas.MARKERS, "X", "p")
_DASHES: Final = ("solid", (0, (6, 2)), DOTTED, (0, (7, 2, 1.5, 2)))
_ENTRIES: Final = 5  # in a row of a legend under a figure
_TITLE: Final = 36  # characters of a name above a panel


def color(k: int) -> str:
    """Return the colour of the k-th method."""
    return _COLORS[k % len(_COLORS)]


def marker(k: int) -> str:
    """Return the marker of the k-th method."""
    return _MARKERS[k % len(_MARKERS)]


def dashes(k: int) -> Any:
    """Return the line style of the k-th method."""
    return _DASHES[k % len(_DASHES)]


def width(k: int) -> float:
    """Return the line width of the k-th method.

    Later lines are thinner and on top, so that lines that coincide all stay visible.
    """
    return max(3.4 - 0.4 * k, 1.4)


def handle(k: int, label: str) -> "Line2D":
    """Return the legend entry of the k-th method."""
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], color=color(k), linestyle=dashes(k), linewidth=width(k), marker=marker(k), label=label
    )


def legend_under(figure: "Figure", handles: list["Line2D"], entries: int = _ENTRIES) -> None:
    """Put a legend where no data are, with so many entries in a row."""
    rows = math.ceil(len(handles) / entries)
    figure.legend(handles=handles, loc="outside lower center", ncols=math.ceil(len(handles) / rows))


def step_figure(
    curves: Sequence[StepCurve],
    labels: Sequence[str],
    ends: tuple[float, float],
    legend: str,
    **names: Any,
) -> "Figure":
    """Draw step functions between two ends of a logarithmic axis.

    Parameters
    ----------
    curves, labels
        One a method.
    ends : (float, float)
        Of the axis.
    legend : str
        Its title.
    **names
        ``xlabel`` and ``ylabel``.
    """
    with canvas.style():
        figure = canvas.new_figure(width=WIDTH, height=4.6)
        axes = figure.subplots()
        for k, curve in enumerate(curves):
            _draw_steps(axes, curve, ends, k)
        axes.set(xscale="log", xlim=ends, ylim=(-0.02, 1.03), **names)
        axes.grid(color="#dddddd", linewidth=0.6)
        plain_ticks(axes.xaxis)
        figure.legend(
            handles=[handle(k, label) for k, label in enumerate(labels)],
            title=legend,
            loc="outside right upper",
            alignment="left",
        )
    return figure


def _draw_steps(axes: "Axes", curve: StepCurve, ends: tuple[float, float], k: int) -> None:
    at = np.clip(np.r_[ends[0], curve.at, ends[1]], *ends)
    height = np.r_[curve(ends[0]), curve.height, curve(math.inf)]
    style: dict[str, Any] = {"color": color(k), "zorder": 2 + 0.01 * k, "clip_on": False}
    axes.plot(
        at,
        height,
        drawstyle="steps-post",
        linewidth=width(k),
        linestyle=dashes(k),
        **style,
    )
    some = np.unique(np.linspace(0, len(at) - 1, 9).astype(int)[1:-1])
    axes.plot(
        at[some],
        height[some],
        linestyle="none",
        marker=marker(k),
        markersize=6,
        **style,
    )


def plain_ticks(axis: Any) -> None:
    """Label a logarithmic axis with plain numbers, between powers of ten only where those are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def printable(name: str) -> str:
    """Shorten a name, and replace what the figures' font has no glyph for."""
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in name)
    return plain if len(plain) <= _TITLE else f"{plain[: _TITLE - 3]}..."
