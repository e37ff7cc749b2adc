"""Figures of what networks do on data."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.plots.canvas import COLORS, MARKERS, new_figure, plain, style
from sparsest.plots.dependence import draw_dependence, draw_parity, has_labels
from sparsest.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet
    from matplotlib.figure import Figure, FigureBase

# The first network is drawn as a wide solid line and later ones dashed and thinner on top of it, so that
# functions that coincide all stay visible.
_WIDTHS: Final = (4.0, 2.0, 1.6, 1.3)
_DASHES: Final = ("solid", (0, (4, 3)), (0, (1, 2)), (0, (6, 2, 1, 2)))

_GRID: Final = 201  # contour grid, points a side
_LEVELS: Final = 18  # contours, at most, between round numbers
# Lines on which neurons switch on, by the sign of their output.
_POSITIVE: Final[dict[str, Any]] = {"color": "black", "linewidth": 2.0, "linestyle": "solid", "zorder": 3}
_NEGATIVE: Final[dict[str, Any]] = {
    "color": COLORS[1],
    "linewidth": 2.0,
    "linestyle": (0, (4, 3)),
    "zorder": 3.5,
}
_REACH: Final = 0.5  # knots further outside the data than this share of their range are not shown
# Axes narrower than this share of their distance from zero leave matplotlib no digits for its ticks.
_NARROWEST: Final = 1e-6


def plot_networks(problem: Problem, networks: Sequence[tuple[str, Network]], title: str = "") -> "Figure":
    """Draw what networks do on a problem's data.

    One feature: the functions over the data and their intervals, knots marked; an arrow is an interval
    without end. Two features: a panel for each network with its contours and the line on which each neuron
    switches on. More: values against what is asked for, or beside the intervals where these have no two
    ends, and partial dependence on the features that matter most.

    Parameters
    ----------
    problem : Problem
        The data.
    networks : sequence of (str, Network)
        What to draw, each with its name in the legend.
    title : str
        Above the figure.

    Raises
    ------
    InputError
        When there is no network, or one takes another number of features than the problem has.
    """
    check_networks(problem, networks)
    with style():
        panels = len(networks) if problem.n_features == 2 else 1
        many = problem.n_features > 2
        figure = new_figure(width=7.2 if panels == 1 else 4.4 * panels + 0.8, height=6.4 if many else 4.4)
        if many:
            _draw_many_features(figure, problem, networks)
        else:
            draw_networks(figure, problem, networks)
        if title:
            figure.suptitle(title)
    return figure


def check_networks(problem: Problem, networks: Sequence[tuple[str, Network]]) -> None:
    """Raise `InputError` when there is no network, or one takes another number of features than X has."""
    if not networks:
        raise InputError("there is no network to draw: give at least one")
    for name, network in networks:
        if network.n_features != problem.n_features:
            raise InputError(
                f"network {name!r} takes {network.n_features} features: the data have {problem.n_features}"
            )


def draw_networks(figure: "FigureBase", problem: Problem, networks: Sequence[tuple[str, Network]]) -> None:
    """Draw into an empty figure, or a part of one, what `plot_networks` shows."""
    if problem.n_features == 2:
        _draw_planes(figure, problem, networks)
    elif problem.n_features == 1:
        _draw_functions(figure.subplots(), problem, networks)
    else:
        _draw_samples(figure.subplots(), problem, networks)


def _draw_many_features(figure: "Figure", problem: Problem, networks: Sequence[tuple[str, Network]]) -> None:
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(3, 2))[:, 0]
    if has_labels(problem):
        draw_parity(above.subplots(), problem, networks)
    else:
        _draw_samples(above.subplots(), problem, networks)
    draw_dependence(below, problem, networks)


def _draw_functions(axes: "Axes", problem: Problem, networks: Sequence[tuple[str, Network]]) -> None:
    low, high = _view(problem, networks)
    for k, (name, network) in enumerate(networks):
        knots = _knots(network)
        knots = knots[(knots >= low) & (knots <= high)]
        corners = np.unique(np.r_[low, knots, high])
        color, width = COLORS[k % len(COLORS)], _WIDTHS[min(k, len(_WIDTHS) - 1)]
        axes.plot(
            corners,
            network(corners[:, None]),
            color=color,
            linewidth=width,
            linestyle=_DASHES[k % len(_DASHES)],
            label=_legend(name, network),
        )
        # markers shrink in step with the lines, for the same reason
        marker: dict[str, Any] = {"marker": MARKERS[k % len(MARKERS)], "markersize": 11 - 3 * min(k, 2)}
        axes.plot(knots, network(knots[:, None]), linestyle="none", color=color, fillstyle="none", **marker)
    _draw_intervals(axes, problem.X[:, 0], problem)
    axes.set(xlim=(low, high), xlabel=plain(problem.names[0]), ylabel=plain(problem.target_name or "f(x)"))
    _legend_below(axes)


def _view(problem: Problem, networks: Sequence[tuple[str, Network]]) -> tuple[float, float]:
    """Range of x: the data, and the knots that are not far outside them."""
    low, high = problem.X.min(), problem.X.max()
    span = float(_span(low, high))
    knots = np.concatenate([_knots(network) for _, network in networks])
    near = knots[(knots >= low - _REACH * span) & (knots <= high + _REACH * span)]
    ends = np.r_[near, low, high]
    return float(ends.min() - 0.08 * span), float(ends.max() + 0.08 * span)


def _knots(network: Network) -> FloatArray:
    """Positions ``-b / w`` of the neurons of a network of one input that are not constant."""
    slopes = network.weights[:, 0]
    real = (slopes != 0) & (network.outputs != 0)
    with np.errstate(over="ignore"):  # a knot beyond every float is in no figure
        positions = -network.biases[real] / slopes[real]
    return np.asarray(positions[np.isfinite(positions)], dtype=np.float64)


def _span(low: float | FloatArray, high: float | FloatArray) -> FloatArray:
    """Width to draw between two values, not zero when they coincide."""
    span = np.maximum(high - low, _NARROWEST * np.maximum(np.abs(low), np.abs(high)))
    return np.asarray(np.where(span > tolerances.UNDERFLOW, span, 1.0), dtype=np.float64)


def _draw_intervals(axes: "Axes", x: FloatArray, problem: Problem) -> None:
    """Draw data points with their intervals as bars; an arrow where an interval has no end."""
    targets = problem.targets
    arrow = 0.12 * (np.ptp(axes.get_ylim()) or 1.0)
    open_low, open_high = np.isneginf(problem.low), np.isposinf(problem.high)
    below = np.where(open_low, arrow, targets - np.where(open_low, 0.0, problem.low))
    above = np.where(open_high, arrow, np.where(open_high, 0.0, problem.high) - targets)
    bars: dict[str, Any] = {"color": "black", "linestyle": "none", "linewidth": 1.2, "zorder": 5}
    closed = ~(open_low | open_high)
    wide = closed & (problem.high > problem.low)
    if wide.any():
        axes.errorbar(x[wide], targets[wide], yerr=(below[wide], above[wide]), capsize=3, **bars)
    for is_open, length, flag in ((open_high, above, "lolims"), (open_low, below, "uplims")):
        if is_open.any():
            axes.errorbar(
                x[is_open], targets[is_open], yerr=length[is_open], capsize=3, **bars | {flag: True}
            )
    axes.plot(x, targets, linestyle="none", marker="o", markersize=5, color="black", label="data", zorder=6)


def _draw_samples(axes: "Axes", problem: Problem, networks: Sequence[tuple[str, Network]]) -> None:
    from matplotlib.ticker import MaxNLocator

    order = np.argsort(problem.targets, kind="stable")
    place = np.arange(1, problem.n_samples + 1)
    for k, (name, network) in enumerate(networks):
        axes.plot(
            place,
            network(problem.X)[order],
            linestyle="none",
            marker=MARKERS[k % len(MARKERS)],
            markersize=11 - 2 * min(k, 2),
            markeredgewidth=1.6,
            fillstyle="none",
            color=COLORS[k % len(COLORS)],
            label=_legend(name, network),
        )
    _draw_intervals(axes, place.astype(np.float64), problem.subset(order))
    axes.set(xlabel="sample, sorted by target", ylabel=plain(problem.target_name or "value"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend_below(axes)


def _draw_planes(figure: "FigureBase", problem: Problem, networks: Sequence[tuple[str, Network]]) -> None:
    from matplotlib.colors import Normalize
    from matplotlib.ticker import MaxNLocator

    panels = figure.subplots(1, len(networks), squeeze=False, sharex=True, sharey=True)[0]
    low, high = problem.X.min(axis=0), problem.X.max(axis=0)
    margin = 0.15 * _span(low, high)
    low, high = low - margin, high + margin
    bottom, top = problem.targets.min(), problem.targets.max()
    slack = 0.25 * float(_span(bottom, top))
    levels = np.asarray(MaxNLocator(_LEVELS).tick_values(bottom - slack, top + slack))
    colors = {"norm": Normalize(levels[0], levels[-1]), "cmap": "viridis"}
    for axes, (name, network) in zip(panels, networks, strict=True):
        filled = _draw_contours(axes, (low, high), levels, network, colors)
        _draw_kinks(axes, (low, high), network)
        axes.scatter(
            *problem.X.T, c=problem.targets, s=60, edgecolors="white", linewidths=1.6, zorder=4, **colors
        )
        axes.set(title=_legend(name, network), xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        axes.set_xlabel(plain(problem.names[0]))
    panels[0].set_ylabel(plain(problem.names[1]))
    figure.colorbar(filled, ax=list(panels), label=plain(problem.target_name or "f(x)"))
    _explain_kinks(figure)


def _draw_contours(
    axes: "Axes",
    box: tuple[FloatArray, FloatArray],
    levels: FloatArray,
    network: Network,
    colors: dict[str, Any],
) -> "QuadContourSet":
    x1, x2 = (np.linspace(box[0][j], box[1][j], _GRID) for j in (0, 1))
    grid = np.stack(np.meshgrid(x1, x2), axis=-1)
    values = network(grid.reshape(-1, 2)).reshape(_GRID, _GRID)
    return axes.contourf(x1, x2, values, levels=levels, extend="both", **colors)


def _draw_kinks(axes: "Axes", box: tuple[FloatArray, FloatArray], network: Network) -> None:
    """Draw the lines ``w . x + b = 0``, ticked on the side where the neuron is active.

    Dashed lines over solid ones over a halo, so that neurons that switch on the same line all stay visible.
    """
    from matplotlib import patheffects

    for weights, bias, output in zip(network.weights, network.biases, network.outputs, strict=True):
        segment = _segment(weights, bias, *box)
        if output == 0 or segment is None:
            continue
        axes.plot(*segment.T, color="white", linewidth=3.8, zorder=2.5)
        line = axes.plot(*segment.T, **(_POSITIVE if output > 0 else _NEGATIVE))[0]
        solid = {"dash_offset": 0, "dash_list": None}
        ticks = patheffects.TickedStroke(spacing=14, angle=90, length=0.5, dashes=solid)
        line.set_path_effects([patheffects.Normal(), ticks])


def _explain_kinks(figure: "FigureBase") -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], label="neuron with v > 0", **_POSITIVE),
        Line2D([], [], label="neuron with v < 0 (ticks on the active side)", **_NEGATIVE),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)


def _segment(weights: FloatArray, bias: float, low: FloatArray, high: FloatArray) -> FloatArray | None:
    """Part of the line ``w . x + b = 0`` inside a box, (2, 2), or None; ``w . x + b > 0`` on its left."""
    size = weights @ weights
    if size == 0:
        return None
    start, direction = -bias * weights / size, np.array([weights[1], -weights[0]]) / math.sqrt(size)
    first, last = -math.inf, math.inf
    for j in range(2):
        if direction[j] == 0:
            if not low[j] <= start[j] <= high[j]:
                return None
            continue
        enter, leave = sorted(((low[j] - start[j]) / direction[j], (high[j] - start[j]) / direction[j]))
        first, last = max(first, enter), min(last, leave)
    return start + np.array([[first], [last]]) * direction if first < last else None


def _legend(name: str, network: Network) -> str:
    count = network.count("neurons")
    return f"{name} ({count} neuron{'' if count == 1 else 's'})"


def _legend_below(axes: "Axes") -> None:
    # the data may be anywhere, so no place inside the axes is free for certain
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
