"""The figures of docs/paper-checks.md show what their captions say."""

import re

import numpy as np
import paper_figures
import pytest
from helpers import ROOT

from sparsest import Problem, exact

PAGE = ROOT / "docs" / "paper-checks.md"


def test_the_bowl_has_its_threshold_at_one_half():
    problem = paper_figures.bowl()
    changes = np.diff(np.diff(problem.low) / np.diff(problem.X[:, 0]))
    np.testing.assert_allclose(changes, [1, 8, 8, 1], rtol=1e-12)
    found = exact.threshold(problem, "weights")
    assert (found.lower_bound, found.upper_bound) == pytest.approx((0.5, 0.5), abs=1e-9)
    figure = paper_figures.plot_interpolants(problem)
    titles = [axes.get_title().split("\n") for axes in figure.axes]
    # 1 + 8 + 8 + 1; 2 + 16^0.7; 2 * 9^0.4
    assert titles == [
        ["p = 1: a minimiser", "4 knots, path norm 18"],
        ["p = 0.7: the minimiser", f"3 knots, path norm {2 + 16**0.7:.4g}"],
        ["p = 0.4: the minimiser", f"2 knots, path norm {2 * 9**0.4:.4g}"],
    ]
    # triangles between neighbours of one sign, in the first panel: the tip of the middle one is at f = -33.4
    assert [len(axes.patches) for axes in figure.axes] == [3, 0, 0]
    assert min(patch.get_xy()[:, 1].min() for patch in figure.axes[0].patches) == pytest.approx(-33.4)


@pytest.mark.parametrize("count", [1, 2, 40])
def test_the_wide_network_is_a_minimiser_at_p_one(count):
    problem = Problem([0, 1, 2, 3], [1, 0, 0, 1], affine="skip")
    wide = paper_figures.wide_minimiser(count)
    assert wide.interpolates(problem)
    assert wide.count() == count
    assert wide.path_norm(1.0, "weights") == pytest.approx(2)
    assert wide.path_norm(0.5, "weights") == pytest.approx((2 * count) ** 0.5)  # count (2 / count)^(1/2)


@pytest.mark.slow
def test_every_figure_of_the_page_is_written(tmp_path):
    paper_figures.main(tmp_path)
    written = {path.name for path in tmp_path.iterdir()}
    # the figure of the experiments is that of a script of its own
    assert written | {"paper-experiments.png"} == set(
        re.findall(r"figures/(paper-[a-z-]+\.png)", PAGE.read_text(encoding="utf-8"))
    )
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in tmp_path.iterdir())
