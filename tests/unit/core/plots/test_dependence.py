"""Figures of many features, from networks whose values are plain."""

import numpy as np
import pytest

from sparsest import Network, Problem
from sparsest.plots.dependence import PANELS, partial_dependence
from sparsest.plots.networks import plot_networks

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (30, 5))
# of five features x5 counts most, then x2 and x1; x3 and x4 do not count
NETWORK = Network([[1, 0, 0, 0, 0], [0, 2, 0, 0, 0]], [2, 4], [1, 1], affine=[0, 0, 0, 0, 5, 0])


def test_partial_dependence_is_the_mean_over_the_samples():
    # max(0, x1 + 2) = x1 + 2 on the samples; at x1 = -3 it is 0
    rest = float(np.mean(2 * X[:, 1] + 4 + 5 * X[:, 4]))
    found = partial_dependence(NETWORK, X, 0, np.array([-3.0, 0.0, 1.0]))
    assert found == pytest.approx([rest, 2 + rest, 3 + rest])
    assert np.array_equal(X, np.random.default_rng(0).uniform(-1, 1, (30, 5)))  # nothing was written into it


def test_parity_and_the_features_that_matter_most():
    figure = plot_networks(
        Problem(X, NETWORK(X), tolerance=0.1), [("one", NETWORK), ("zero", Network.zero(5))]
    )
    parity, *panels = figure.axes
    assert (parity.get_xlabel(), parity.get_ylabel()) == ("asked for", "value of the network")
    (points,) = [line for line in parity.lines if line.get_label() == "one (2 neurons)"]
    assert points.get_xdata() == pytest.approx(points.get_ydata())
    assert [axes.get_xlabel() for axes in panels] == ["x1", "x2", "x5"]
    assert len(panels) == PANELS
    assert all(len(axes.lines) == 2 for axes in panels)


def test_intervals_without_end_are_drawn_sample_by_sample():
    problem = Problem.classification(X, NETWORK(X) > 5)
    first = plot_networks(problem, [("one", NETWORK)]).axes[0]
    assert first.get_xlabel() == "sample, sorted by target"


def test_features_that_are_constant_have_no_panel():
    flat = X.copy()
    flat[:, [0, 1, 2, 3]] = 1
    figure = plot_networks(Problem(flat, NETWORK(flat)), [("one", NETWORK)])
    assert [axes.get_xlabel() for axes in figure.axes] == ["asked for", "x5"]
