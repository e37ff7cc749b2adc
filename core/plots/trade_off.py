"""A figure of neurons against accuracy; matplotlib is imported when it is drawn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.plots.canvas import COLORS, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Distances of both bounds, as a share of the figure's height, from which on there is something to see.
_SEEN: Final = 0.01
# An axis of powers of ten shows errors that fall by more than this factor.
_STEEP: Final = 30.0
# Errors below this share of the largest are rounding of labels that are met.
_ROUNDING: Final = 1e-9


def plot_frontier(
    neurons: Sequence[int], lower: Sequence[float], upper: Sequence[float], *, label: str, title: str = ""
) -> "Figure":
    """Draw the least largest error over the number of neurons: networks above, proofs below.

    Errors that fall steeply are drawn over powers of ten, without those that are zero or rounding.

    Parameters
    ----------
    neurons : sequence of int
        0, 1, 2, ...
    lower, upper : sequence of float
        Both bounds of each.
    label : str
        What the errors are of.
    title : str
        Above the figure.
    """
    count, low, high = np.array(neurons), np.array(lower), np.array(upper)
    positive = high[high > _ROUNDING * high.max(initial=0.0)]
    is_steep = len(positive) > 0 and positive.max() > _STEEP * positive.min()
    apart = high - low > _SEEN * high.max(initial=0.0)
    if is_steep:
        apart = low < (1 - _SEEN) * high
    bottom = positive.min() / 3 if is_steep else 0.0
    with style():
        figure = new_figure(width=6.4, height=4.4)
        axes = figure.subplots()
        axes.plot(
            count, _shown(high, is_steep), "o-", color=COLORS[0], label="a network reaches this", zorder=3
        )
        # a bound of zero says nothing unless a network attains it
        known = _shown(np.where((low > 0) | (high == 0), low, np.nan), is_steep)
        axes.plot(
            count, known, "^--", color=COLORS[1], markersize=5, label="no network is below: proven", zorder=4
        )
        if apart.any():
            axes.fill_between(
                count, np.maximum(low, bottom), high, where=high > bottom, color="0.85", linewidth=0,
                label="not known",
            )  # fmt: skip
        axes.set(xlabel="neurons", ylabel=label, yscale="log" if is_steep else "linear")
        axes.set_ylim(bottom or 0.0, None)
        axes.set_xticks(list(neurons))
        axes.legend(loc="upper right")
        if title:
            figure.suptitle(title)
    return figure


def _shown(errors: FloatArray, is_steep: bool) -> FloatArray:
    """Return errors without those that have no place on the axis."""
    return np.where(errors > 0, errors, np.nan) if is_steep else errors
