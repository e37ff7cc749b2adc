"""The figure of a curve: what is known is drawn, and what says nothing is not."""

import numpy as np
import pytest

from sparsest.plots.trade_off import plot_frontier


def drawn(lower, upper):
    figure = plot_frontier(range(len(upper)), lower, upper, label="largest error")
    (axes,) = figure.axes
    above, below = (line.get_ydata() for line in axes.lines)
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    return axes, above, below, words


def test_bounds_that_meet():
    axes, above, below, words = drawn([2, 1, 0], [2, 1, 0])
    np.testing.assert_array_equal(above, [2, 1, 0])
    np.testing.assert_array_equal(below, [2, 1, 0])
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[0] == 0
    assert "not known" not in words


def test_a_bound_of_zero_is_none():
    _, _, below, words = drawn([2, 0], [2, 1])
    np.testing.assert_array_equal(below, [2, np.nan])
    assert "not known" in words


@pytest.mark.parametrize("last", [0.0, 1e-14])
def test_steep_curves_are_drawn_over_powers_of_ten(last):
    axes, above, _, words = drawn([10, 0.1, last], [10, 0.2, last])
    assert axes.get_yscale() == "log"
    assert 0.01 < axes.get_ylim()[0] < 0.2  # rounding does not stretch it
    assert above[1] == 0.2
    assert "not known" in words


def test_all_labels_zero():
    axes, above, _, _ = drawn([0], [0])
    assert axes.get_yscale() == "linear"
    np.testing.assert_array_equal(above, [0])
