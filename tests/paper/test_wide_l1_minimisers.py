"""There are l^1 minimisers with as many neurons as one likes.

Proven (Nakhleh and Nowak 2025 of networks, Debarre, Denoyelle, Unser and Fageot 2022 of functions): for
p = 1 sparsity is not what is gained. Where two neighbouring samples have curvature of one sign, there are
functions of least total variation of the slope with any number of knots in the gap between them.

Computed here: such functions. Let the slope change by D and E at the ends of a gap of width h. K knots of
size ``(D + E) / K`` at places symmetric about ``h E / (D + E)`` from its left end replace both: they add
``D + E`` to the slope, and ``sum c_k (h - t_k) = (D + E) h - E h = D h`` to the rise, which is what a knot
of size D at the left end adds. They fit, and cost as much as the linear program finds at least at p = 1,
and for p < 1 more than the least, by a factor that grows as ``K^(1-p)``.

Instances: K up to 10,000 on two runs of two and three changes, and 24 random convex data.

Conditions: curvature of one sign at two neighbouring samples. Where signs alternate the l^1 minimiser is
unique, and `exact.count_minimisers` says so.
"""

import numpy as np
import pytest
from helpers import random_line, with_changes
from paper.interpolants import bends, chords, least_total_variation, positions

from sparsest import Network, Problem, exact


def spread(x, y, gap, count):
    """The network that has `count` knots between samples `gap` and `gap + 1`, and one at other samples."""
    changes = bends(x, y)
    left, right = changes[gap - 1], changes[gap]
    width, total = x[gap + 1] - x[gap], left + right
    middle = x[gap] + width * right / total
    reach = 0.9 * min(middle - x[gap], x[gap + 1] - middle)
    knots = middle + reach * np.linspace(-1, 1, count)
    others = np.delete(np.arange(len(changes)), [gap - 1, gap])
    where = np.r_[x[1 + others], knots]
    size = np.r_[changes[others], np.full(count, total / count)]
    where, size = where[size != 0], size[size != 0]
    slope = chords(x, y)[0]
    weights = np.abs(size)
    return Network(weights[:, None], -weights * where, np.sign(size), [slope, y[0] - slope * x[0]])


@pytest.mark.parametrize("count", [2, 3, 10, 1000, 10_000])
@pytest.mark.parametrize("changes", [(1.0, 1.0), (1.0, -2.0, -0.5, -3.0)])
def test_any_number_of_knots(count, changes):
    x, y = with_changes(*changes)
    gap = 1 if len(changes) == 2 else 3
    wide = spread(x, y, gap, count)
    problem = Problem(x, y, affine="skip")
    np.testing.assert_allclose(wide(x[:, None]), y, atol=1e-11)
    assert wide.count() == count + len(changes) - 2
    assert len(np.unique(wide.biases / wide.weights[:, 0])) == wide.count()  # knots, all different
    # sum |D_i|, by hand and by a linear program over other knots
    assert wide.path_norm(1.0, "weights") == pytest.approx(np.abs(changes).sum(), rel=1e-12)
    least = least_total_variation(x, y, positions(x, y, between=9))
    assert wide.path_norm(1.0, "weights") == pytest.approx(least, rel=1e-9)
    assert exact.minimize_path_norm(problem, 1.0, "weights").upper_bound == pytest.approx(least, rel=1e-9)
    for p in (0.3, 0.7):
        part = count ** (1 - p) * abs(changes[gap - 1] + changes[gap]) ** p
        rest = sum(abs(c) ** p for i, c in enumerate(changes) if i not in (gap - 1, gap))
        assert wide.path_norm(p, "weights") == pytest.approx(part + rest, rel=1e-9)
        assert (
            wide.path_norm(p, "weights") > 1.05 * exact.minimize_path_norm(problem, p, "weights").upper_bound
        )


@pytest.mark.parametrize("seed", range(3, 96, 4))
def test_on_random_convex_data(seed):
    x, y = random_line(seed, most=7)
    changes = bends(x, y)
    both = np.flatnonzero((changes[:-1] > 1e-9) & (changes[1:] > 1e-9))
    counted = exact.count_minimisers(Problem(x, y, affine="skip"), 1.0, "weights")
    if len(both) == 0:
        assert counted.unique
        return
    assert (counted.at_least, counted.at_most) == (2, None)
    wide = spread(x, y, int(both[0]) + 1, 500)
    np.testing.assert_allclose(wide(x[:, None]), y, atol=1e-8)
    assert wide.count() >= 500
    assert wide.path_norm(1.0, "weights") == pytest.approx(least_total_variation(x, y, x[1:-1]), rel=1e-9)


def test_where_signs_alternate_the_minimiser_is_the_chords():
    x, y = with_changes(1, -2, 3, -1)
    counted = exact.count_minimisers(Problem(x, y, affine="skip"), 1.0, "weights")
    assert (counted.at_least, counted.at_most, counted.unique) == (1, 1, True)
    # the only basis of least cost, too, over a family that has knots in every gap
    knots = positions(x, y, between=4)
    assert least_total_variation(x, y, knots) == pytest.approx(7)
    assert least_total_variation(x, y, np.setdiff1d(knots, x[2:3])) > 7 + 1e-6
