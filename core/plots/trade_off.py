"""A figure of neurons against accuracy; matplotlib is imported when it is drawn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sparsest.plots.canvas import COLORS, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Distances of both bounds, as a share of the figure's height, from which on there is something to see.
_SEEN: Final = 0.01


def plot_frontier(
    neurons: Sequence[int], lower: Sequence[float], upper: Sequence[float], *, label: str, title: str = ""
) -> "Figure":
    """Draw the least largest error over the number of neurons: networks above, proofs below.

    Parameters
    ----------
    neurons : sequence of int
        0, 1, 2, ...
    lower, upper : sequence of float
        Both bounds of each.
    label : str
        What the network predicts.
    title : str
        Above the figure.
    """
    with style():
        figure = new_figure(width=6.4, height=4.4)
        axes = figure.subplots()
        axes.plot(neurons, upper, "o-", color=COLORS[0], label="a network reaches this")
        axes.plot(neurons, lower, "^--", color=COLORS[1], markersize=5, label="no network is below: proven")
        if any(high - low > _SEEN * max(upper) for low, high in zip(lower, upper, strict=True)):
            axes.fill_between(neurons, lower, upper, color="0.85", linewidth=0, label="not known")
        axes.set(xlabel="neurons", ylabel=f"largest error of {label}", ylim=(0, None))
        axes.set_xticks(list(neurons))
        axes.legend(loc="upper right")
        if title:
            figure.suptitle(title)
    return figure
