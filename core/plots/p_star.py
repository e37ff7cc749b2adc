"""A figure of the threshold p*: least path norms against p; matplotlib is imported when it is drawn."""

from typing import TYPE_CHECKING, Final

import numpy as np

from sparsest.cost_curves import CostCurves
from sparsest.plots.canvas import COLORS, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Path norms further apart than this are drawn on a logarithmic scale.
_WIDE: Final = 20.0


def plot_threshold(curves: CostCurves, lower: float, upper: float, title: str = "") -> "Figure":
    """Draw the least path norm of the sparsest networks and of the others against p, and mark p*.

    Below: how much more the others cost. They are minimisers where that is negative.

    Parameters
    ----------
    curves : CostCurves
        Path norms over increasing p.
    lower, upper : float
        The interval that holds p*.
    title : str
        Above the figure.
    """
    with style():
        figure = new_figure(width=7.2, height=6.0)
        costs, difference = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        _draw_costs(costs, curves)
        _draw_difference(difference, curves)
        for axes in (costs, difference):
            axes.axvline(
                upper, color="black", linewidth=1.2, linestyle=(0, (2, 2)), label=_name(lower, upper)
            )
        costs.legend(loc="best")
        difference.set(xlabel="p", xlim=(0, 1.02))
        if title:
            figure.suptitle(title)
    return figure


def _draw_costs(axes: "Axes", curves: CostCurves) -> None:
    axes.plot(curves.powers, curves.sparsest, color=COLORS[0], linewidth=4.0, label="sparsest networks")
    drawn = [curves.sparsest]
    if curves.others is not None:
        drawn.append(curves.others)
        axes.plot(curves.powers, curves.others, color=COLORS[1], linewidth=1.8, label="other extreme points")
    values = np.concatenate(drawn)
    if values.min(initial=np.inf) > 0 and values.max() > _WIDE * values.min():
        axes.set_yscale("log")
    axes.set_ylabel("least path norm")


def _draw_difference(axes: "Axes", curves: CostCurves) -> None:
    axes.axhline(0.0, color="grey", linewidth=0.8)
    axes.set_ylabel("others cost more by")
    if curves.others is None:
        axes.text(0.5, 0.5, "there are no others", transform=axes.transAxes, ha="center", va="bottom")
        return
    excess = curves.others - curves.sparsest
    axes.plot(curves.powers, excess, color=COLORS[1], linewidth=1.8)
    cheaper = excess < 0
    if cheaper.any():
        axes.fill_between(
            curves.powers,
            excess,
            0.0,
            where=cheaper,
            color=COLORS[1],
            alpha=0.25,
            linewidth=0,
            interpolate=True,
        )


def _name(lower: float, upper: float) -> str:
    """Spell p* in as many digits as are certain, five at most."""
    return f"p* = {upper:.5g}" if upper - lower < 1e-6 else f"p* in [{lower:.5g}, {upper:.5g}]"
