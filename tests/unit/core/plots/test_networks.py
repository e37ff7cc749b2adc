import numpy as np
import pytest

from sparsest import InputError, Network, Problem, continuous, datasets, exact
from sparsest.plots.canvas import save_figure
from sparsest.plots.networks import plot_networks
from sparsest.plots.training import plot_history

PEAK = datasets.load("peak-plateau").problem()


def legend_of(figure):
    return [text.get_text() for axes in figure.axes for text in axes.get_legend().get_texts()]


def test_line_shows_functions_data_and_knots():
    network = exact.solve(PEAK).network
    figure = plot_networks(PEAK, [("exact", network), ("again", network)], "title")
    (axes,) = figure.axes
    assert legend_of(figure) == ["exact (3 neurons)", "again (3 neurons)", "data"]
    drawn = [set(np.round(line.get_xdata(), 12)) for line in axes.lines]
    assert {-1.0, 0.5, 2.0} in drawn  # the knots, derived in test_univariate
    assert set(PEAK.X[:, 0]) in drawn
    # the function is drawn through its peak, not only between samples: f(1/2) = 3/2
    assert max(line.get_ydata().max() for line in axes.lines) == pytest.approx(1.5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "problem",
    [
        Problem([0, 1, 2], [0, 1, 0], tolerance=0.1, affine="skip"),
        Problem.classification([0, 1, 2], [0, 1, 1]),
        Problem.from_intervals([0, 1], [-np.inf, -np.inf], [np.inf, np.inf]),
        Problem([7], [3]),
        Problem([[0, 0], [1, 1]], [0, 1]),
        Problem([[0, 0], [0, 1]], [1, 1]),  # a constant feature and a constant label
        Problem([[0, 0, 0], [1, 1, 2]], [0, 1]),
    ],
)
def test_every_kind_of_problem_can_be_drawn(problem, tmp_path):
    network = exact.solve(problem).network
    figure = plot_networks(problem, [("exact", network), ("zero", Network.zero(problem.n_features))])
    save_figure(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "network"),
    [
        (Problem([[0, 0], [1, 1]], [1e20, 1e20]), Network([[0, 0]], [1e20], [1])),
        (Problem([[0, 0], [1, 1]], [1e-320, 0]), Network.zero(2)),
        (Problem([[1e20, 1]], [1]), Network.zero(2)),
        (Problem([1e20], [1]), Network.zero(1)),
        (Problem([0, 1], [1e20, 1e20]), Network([[1e-300]], [1e20], [1])),  # its knot overflows
        (Problem([-1e100, 1e100], [0, 1e100]), Network([[1]], [0], [1])),
    ],
)
def test_extreme_scales_can_be_drawn(problem, network, tmp_path):
    save_figure(plot_networks(problem, [("extreme", network)]), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5000


def test_neurons_that_switch_on_the_same_line_both_stay_visible():
    problem = datasets.load("xor").problem()
    network = Network([[1, 1], [1, 1]], [-1, -1], [1, -1])
    lines = plot_networks(problem, [("two", network)]).axes[0].lines
    shown = {line.get_color(): (line.get_linestyle(), line.get_zorder()) for line in lines}
    (solid, under), (dashed, over) = shown["black"], shown["#D55E00"]
    assert (solid, dashed) == ("-", "--")
    assert shown["white"][1] < under < over  # no halo hides a line, dashes leave the solid one visible
    for line in lines:  # both run along x1 + x2 = 1
        assert line.get_xdata() + line.get_ydata() == pytest.approx([1, 1])


def test_plane_has_a_panel_for_each_network():
    problem = datasets.load("xor").problem()
    network = exact.solve(problem).network
    figure = plot_networks(problem, [("one", network), ("two", network)])
    assert [axes.get_title() for axes in figure.axes if axes.get_title()] == [
        "one (2 neurons)",
        "two (2 neurons)",
    ]


def test_training_run():
    fit = continuous.minimize(PEAK, objective="weights", algorithm="adam-reweighted", restarts=3, steps=50)
    labels = [axes.get_ylabel() for axes in plot_history(fit.history, highlight=1).axes]
    assert labels == ["loss", "path norm", "active neurons"]
    assert "active neurons" in [axes.get_ylabel() for axes in fit.plot().axes]


@pytest.mark.slow
def test_a_staged_search_is_not_joined_by_lines_and_a_descent_is():
    staged, descent = (
        continuous.minimize(PEAK, objective="weights", algorithm=name, restarts=4, steps=200)
        for name in ("auto", "adam-reweighted")
    )
    for fit, style in ((staged, "None"), (descent, "-")):
        panels = plot_history(fit.history, highlight=0).axes
        assert {line.get_linestyle() for axes in panels for line in axes.lines} == {style}
        assert panels[2].get_ylim()[0] == 0
        assert all(tick == int(tick) for tick in panels[2].get_yticks())


def test_refusals(tmp_path):
    figure = plot_networks(PEAK, [("zero", Network.zero(1))])
    with pytest.raises(InputError, match="bmp"):
        save_figure(figure, tmp_path / "figure.bmp")
    with pytest.raises(InputError):
        plot_networks(PEAK, [])
    with pytest.raises(InputError):
        plot_networks(PEAK, [("two features", Network.zero(2))])


def test_equal_figures_are_equal_files(tmp_path):
    for name in ("a.svg", "b.svg"):
        save_figure(plot_networks(PEAK, [("zero", Network.zero(1))]), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
