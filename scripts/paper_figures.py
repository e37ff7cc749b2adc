"""Figures of the page on the paper's claims: ``python scripts/paper_figures.py docs/figures``.

Everything drawn is computed on the spot, in seconds.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from sparsest import datasets, exact
from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.plots.canvas import COLORS, new_figure, save_figure, style
from sparsest.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Changes of slope: two knots (9, 9) cost 2 * 9^p and three (1, 16, 1) cost 2 + 16^p, both 6 at p = 1/2.
_CHANGES: Final = (1.0, 8.0, 8.0, 1.0)
_GAPS: Final = (0.6, 3.0, 1.0, 3.0, 0.6)
_FIRST_SLOPE: Final = -9.0
_WIDE: Final = 40  # knots of the wide network


def bowl() -> Problem:
    """Return the data whose p* is 1/2: six samples of one curvature."""
    slopes = _FIRST_SLOPE + np.r_[0.0, np.cumsum(_CHANGES)]
    return Problem(np.r_[0.0, np.cumsum(_GAPS)], np.r_[0.0, np.cumsum(slopes * _GAPS)], affine="skip")


def plot_interpolants(problem: Problem, powers: tuple[float, ...] = (1.0, 0.7, 0.4)) -> "Figure":
    """Draw an interpolant of least path norm for each p; for p = 1 shade where others run."""
    with style():
        figure = new_figure(width=10.5, height=3.8)
        panels = np.atleast_1d(figure.subplots(1, len(powers), sharey=True))
        for k, (axes, p) in enumerate(zip(panels, powers, strict=True)):
            least = exact.minimize_path_norm(problem, p, "weights")
            network = _chords(problem) if p == 1 else least.network
            if p == 1:
                _shade_minimisers(axes, problem)
            if network is not None:
                _draw(axes, problem, network, COLORS[k % len(COLORS)])
                alone = (
                    "the minimiser" if exact.count_minimisers(problem, p, "weights").unique else "a minimiser"
                )
                axes.set_title(
                    f"p = {p:g}: {alone}\n{network.count()} knots, path norm {least.upper_bound:.4g}"
                )
            axes.set_xlabel("x")
        panels[0].set_ylabel("f(x)")
    return figure


def plot_wide(count: int = _WIDE) -> "Figure":
    """Draw a sparsest interpolant beside an l^1 minimiser with many knots, and what they cost over p."""
    problem = Problem([0, 1, 2, 3], [1, 0, 0, 1], affine="skip")
    sparsest = exact.minimize_path_norm(problem, 0.5, "weights").network
    wide = wide_minimiser(count)
    named = [(sparsest, "1 knot"), (_chords(problem), "2 knots"), (wide, f"{count} knots")]
    with style():
        figure = new_figure(width=10.0, height=3.9)
        left, right = figure.subplots(1, 2)
        powers = np.linspace(0.02, 1, 200)
        for k, (network, name) in enumerate(named):
            if network is not None:
                _draw(left, problem, network, COLORS[k], name, width=4.5 - 1.5 * k)
                right.plot(
                    powers,
                    [network.path_norm(float(p), "weights") for p in powers],
                    color=COLORS[k],
                    label=name,
                )
        left.set(xlabel="x", ylabel="f(x)", title="three functions of least path norm at p = 1")
        right.set(xlabel="p", ylabel="path norm", yscale="log", title="their path norms")
        right.set_yticks(ticks := [1, 2, 5, 10, 20, 40], [str(tick) for tick in ticks])
        right.minorticks_off()
        right.legend(loc="upper right")
        left.legend(loc="upper center")
    return figure


def wide_minimiser(count: int) -> Network:
    """Return a network through 1, 0, 0, 1 with `count` knots in the middle gap, of total change 2."""
    knots = 1 + (np.arange(count) + 0.5) / count
    size = np.full(count, 2 / count)
    return Network(size[:, None], -size * knots, np.ones(count), np.array([-1.0, 1.0]))


def _chords(problem: Problem) -> Network:
    """Return the network that joins neighbouring samples by straight lines."""
    x, y = problem.X[:, 0], problem.low
    slopes = np.diff(y) / np.diff(x)
    changes = np.diff(slopes)
    size = np.abs(changes)
    affine = np.array([slopes[0], y[0] - slopes[0] * x[0]])
    return Network(size[:, None], -size * x[1:-1], np.sign(changes), affine)


def _shade_minimisers(axes: "Axes", problem: Problem) -> None:
    """Fill, between neighbours of one curvature, the triangle of the chord and its two neighbours' lines."""
    x, y = problem.X[:, 0], problem.low
    slopes = np.diff(y) / np.diff(x)
    changes = np.diff(slopes)
    for i in range(1, len(x) - 2):
        if changes[i - 1] * changes[i] > 0:
            tip = x[i] + (x[i + 1] - x[i]) * changes[i] / (changes[i - 1] + changes[i])
            corners = np.array([x[i], tip, x[i + 1]])
            heights = np.array([y[i], y[i] + slopes[i - 1] * (tip - x[i]), y[i + 1]])
            label = "others run here" if i == 1 else None
            axes.fill(corners, heights, color=COLORS[0], alpha=0.25, linewidth=0, label=label)
    axes.legend(loc="upper center")


def _draw(
    axes: "Axes",
    problem: Problem,
    network: Network,
    color: str,
    name: str | None = None,
    width: float = 2.0,
) -> None:
    """Draw a function, its knots, and the samples."""
    x = problem.X[:, 0]
    knots: FloatArray = -network.biases / network.weights[:, 0]
    corners = np.unique(np.r_[x.min(), knots, x.max()])
    axes.plot(corners, network(corners[:, None]), color=color, linewidth=width, label=name)
    if len(knots) <= len(x):
        axes.plot(knots, network(knots[:, None]), "o", color=color, markersize=9, fillstyle="none")
    axes.plot(x, problem.low, ".", color="black", markersize=8, zorder=4)


def _plot_crossing(problem: Problem, title: str) -> "Figure":
    curves = exact.cost_curves(problem, np.linspace(0.01, 1, 150), "weights")
    return exact.threshold(problem, "weights").plot(curves, title=title)


FIGURES: Final[dict[str, Callable[[], "Figure"]]] = {
    "paper-interpolants": lambda: plot_interpolants(bowl()),
    "paper-wide": plot_wide,
    "paper-threshold": lambda: _plot_crossing(bowl(), "changes of slope 1, 8, 8, 1"),
    "paper-threshold-plane": lambda: _plot_crossing(
        datasets.parse("uniform:d=2,n=3,seed=0").problem(), "three random samples in the plane, weights"
    ),
}


def main(folder: Path) -> None:
    """Write every figure as PNG into a folder that exists."""
    for name, draw in FIGURES.items():
        save_figure(draw(), folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/figures"))
