"""Figures of networks of many features: values beside labels, and the dependence on one feature at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.plots.canvas import COLORS, MARKERS, plain
from sparsest.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

# Features that get a panel, those on which some network depends most.
PANELS: Final = 3
# Values of a feature at which the mean is taken, and samples that it is taken over, spread evenly.
_POINTS: Final = 41
_SAMPLES: Final = 500
# More points than this are drawn as an image within the figure.
_VECTORS: Final = 1000
_DASHES: Final = ("solid", (0, (4, 3)), (0, (1, 2)), (0, (6, 2, 1, 2)))


def partial_dependence(network: Network, X: FloatArray, feature: int, values: FloatArray) -> FloatArray:
    """Return the mean over the samples of a network's values, one feature set to each of some values.

    Parameters
    ----------
    network : Network
        With d features.
    X : array (N, d)
        The samples.
    feature : int
        Its column j.
    values : array (S,)
        What ``x_j`` is set to.

    Returns
    -------
    array (S,)

    Notes
    -----
    Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29 (2001).

    Examples
    --------
    Of ``max(0, x_1) + x_2`` at ``x_1 = -1, 0, 1``; the mean of x_2 is 2.

    >>> network = Network([[1, 0]], [0], [1], affine=[0, 1, 0])
    >>> partial_dependence(network, np.array([[5.0, 1.0], [6.0, 3.0]]), 0, np.array([-1.0, 0.0, 1.0]))
    array([2., 2., 3.])
    """
    inputs = np.array(X, dtype=np.float64)
    means = []
    for value in values:
        inputs[:, feature] = value
        means.append(float(np.mean(network(inputs))))
    return np.array(means)


def draw_dependence(figure: "FigureBase", problem: Problem, networks: Sequence[tuple[str, Network]]) -> None:
    """Draw a panel for each of the features on which some network depends most, at most `PANELS`."""
    step = -(-problem.n_samples // _SAMPLES)
    inputs = problem.X[::step]
    low, high = problem.X.min(axis=0), problem.X.max(axis=0)
    varying = np.flatnonzero(high > low)
    curves = {
        int(j): [
            partial_dependence(network, inputs, int(j), np.linspace(low[j], high[j], _POINTS))
            for _, network in networks
        ]
        for j in varying
    }
    most = sorted(curves, key=lambda j: -max(float(np.ptp(curve)) for curve in curves[j]))[:PANELS]
    if not most:
        return
    panels = figure.subplots(1, len(most), squeeze=False, sharey=True)[0]
    for axes, j in zip(panels, sorted(most), strict=True):
        values = np.linspace(low[j], high[j], _POINTS)
        for k, curve in enumerate(curves[j]):
            axes.plot(
                values,
                curve,
                color=COLORS[k % len(COLORS)],
                linewidth=max(4.0 - 2 * k, 1.5),
                linestyle=_DASHES[k % len(_DASHES)],
            )
        axes.set_xlabel(plain(problem.names[j]))
    panels[0].set_ylabel("mean value")


def has_labels(problem: Problem) -> bool:
    """Whether every interval has two ends, so that there is a label to set a value beside."""
    return bool(np.isfinite(problem.low).all() and np.isfinite(problem.high).all())


def draw_parity(axes: "Axes", problem: Problem, networks: Sequence[tuple[str, Network]]) -> None:
    """Draw values against what is asked for: the diagonal meets it, the band is that of the intervals."""
    targets = problem.targets  # labels, or another network's values
    order = np.argsort(targets, kind="stable")
    labels = targets[order]
    slack = float((problem.high - problem.low).max()) / 2
    if slack > 0:
        axes.fill_between(labels, problem.low[order], problem.high[order], color="0.85", label="intervals")
    for k, (name, network) in enumerate(networks):
        marks: dict[str, Any] = {"marker": MARKERS[k % len(MARKERS)], "markersize": 7 - 2 * min(k, 1)}
        count = network.count("neurons")
        axes.plot(
            targets,
            network(problem.X),
            linestyle="none",
            fillstyle="none",
            color=COLORS[k % len(COLORS)],
            label=f"{name} ({count} neuron{'' if count == 1 else 's'})",
            rasterized=len(targets) > _VECTORS,  # as vectors they would fill megabytes
            **marks,
        )
    ends = [float(labels[0]), float(labels[-1])]
    axes.plot(ends, ends, color="black", linewidth=1.0, zorder=1, label="exactly as asked")
    axes.set(
        xlabel="asked for" if problem.target_name is None else f"{plain(problem.target_name)}, asked for",
        ylabel="value of the network",
    )
    axes.legend(loc="upper left")  # points on the diagonal leave it free
