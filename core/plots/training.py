"""Figures of training runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sparsest.errors import InputError
from sparsest.history import History
from sparsest.network import Network
from sparsest.plots.canvas import COLORS, new_figure, style
from sparsest.plots.networks import check_networks, draw_networks
from sparsest.problem import Problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase

# A staged search has one restart and an entry for each piece of work, which no line joins to the one before;
# a descent has many times this number of entries.
_PIECES: Final = 60
_FLOOR: Final = 1e-16  # losses below this are drawn here: they are zero up to rounding


def plot_history(history: History, highlight: int | None = None) -> "Figure":
    """Draw loss, path norm and active neurons over the steps of a training run.

    Parameters
    ----------
    history : History
        Thin lines, one a restart.
    highlight : int, optional
        The restart to draw wide.

    Raises
    ------
    InputError
        When the history is empty or has no such restart.
    """
    with style():
        figure = new_figure(width=6.0, height=6.0)
        _draw_history(figure, history, highlight)
    return figure


def plot_training(
    problem: Problem,
    networks: Sequence[tuple[str, Network]],
    history: History,
    *,
    highlight: int | None = None,
    title: str = "",
) -> "Figure":
    """Draw a training run beside its networks.

    Parameters
    ----------
    problem : Problem
        The data.
    networks : sequence of (str, Network)
        What to draw on the left, each with its name in the legend.
    history : History
        What to draw on the right.
    highlight : int, optional
        The restart to draw wide.
    title : str
        Above the figure.

    Raises
    ------
    InputError
        As `plot_history`, and `sparsest.plots.networks.plot_networks`.
    """
    check_networks(problem, networks)
    with style():
        panels = len(networks) if problem.n_features == 2 else 1.5
        figure = new_figure(width=4.6 * (panels + 1), height=4.8)
        sides: Any = figure.subfigures(1, 2, width_ratios=[panels, 1])
        left, right = sides
        draw_networks(left, problem, networks)
        _draw_history(right, history, highlight)
        if title:
            figure.suptitle(title)
    return figure


def _draw_history(figure: "FigureBase", history: History, highlight: int | None) -> None:
    from matplotlib.ticker import MaxNLocator

    courses = [np.atleast_2d(np.asarray(part, dtype=np.float64).T) for part in
               (history.loss, history.path_norm, history.active)]  # fmt: skip
    restarts = len(courses[0])
    if history.steps.size == 0:
        raise InputError("the history is empty: train for at least one step")
    if highlight is not None and not 0 <= highlight < restarts:
        raise InputError(f"highlight = {highlight}: the history has restarts 0 to {restarts - 1}")
    pieces = restarts == 1 and history.steps.size <= _PIECES
    marks: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 5} if pieces else {}
    panels = figure.subplots(3, 1, sharex=True)
    for axes, course, name in zip(panels, courses, ("loss", "path norm", "active neurons"), strict=True):
        floor = 0.0 if name == "active neurons" else _FLOOR
        shown = np.maximum(course, floor)
        axes.plot(history.steps, shown.T, color=COLORS[5], linewidth=0.7, alpha=0.6, **marks)
        if highlight is not None:
            axes.plot(history.steps, shown[highlight], color=COLORS[1], linewidth=2.2, **marks)
        axes.set_ylabel(name)
    panels[0].set_yscale("log")
    panels[2].set_ylim(bottom=0, top=1.1 * max(1.0, float(courses[2].max())))
    panels[2].yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=2))
    panels[2].set_xlabel("step (a mark for each piece of work)" if pieces else "step")
