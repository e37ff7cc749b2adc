"""Every l^p minimiser, p < 1, is an l^1 minimiser and has at most N - 2 knots.

Proven (Nakhleh and Nowak 2025, corollary of Theorem 3.1): with one feature and a skip, for 0 < p < 1, a
function of least l^p path norm through N samples also has the least l^1 path norm, and at most N - 2 knots.

Computed here: all minimisers among all interpolants with knots in a finite set, and those that the package
finds; their total variation of the slope, against a linear program over the same knots; their numbers of
knots. Data that need N - 2 knots show that the bound is met with equality.

Instances: 48 random, integer, two-valued and convex data of 4 to 6 samples; alternating data of 4 to 40.

Conditions: p > 0 and p < 1. The converse is false (the mean of two l^p minimisers), sparsest functions need
not be l^1 minimisers, and l^1 minimisers may have any number of knots (`test_wide_l1_minimisers`).
"""

import numpy as np
import pytest
from helpers import random_line, with_changes
from paper.interpolants import (
    Functions,
    basic_interpolants,
    bends,
    cheapest,
    costs,
    least_total_variation,
    positions,
)

from sparsest import Problem, exact

POWERS = (0.05, 0.3, 0.5, 0.7, 0.95)


@pytest.mark.parametrize("seed", range(48))
def test_they_are(seed):
    x, y = random_line(seed, most=6)
    knots = positions(x, y, between=2)
    functions = basic_interpolants(x, y, knots)
    least = least_total_variation(x, y, knots)
    problem = Problem(x, y, affine="skip")
    for p in POWERS:
        for _, changes in cheapest(functions, p):
            assert np.abs(changes).sum() == pytest.approx(least, rel=1e-8, abs=1e-9)
            assert len(changes) <= np.count_nonzero(np.abs(bends(x, y)) > 1e-9) <= len(x) - 2
        found = exact.minimize_path_norm(problem, p, "weights").network
        assert found.path_norm(1.0, "weights") == pytest.approx(least, rel=1e-8, abs=1e-9)
        assert found.count() <= len(x) - 2
    assert exact.minimize_path_norm(problem, 1.0, "weights").upper_bound == pytest.approx(
        least, rel=1e-8, abs=1e-9
    )


@pytest.mark.parametrize("samples", [4, 7, 40])
def test_alternating_labels_need_n_minus_two_knots(samples):
    # labels 0, 1, 0, 1, ...: in each of the N - 1 gaps some slope is at least 1 or at most -1, in turns, so
    # that it changes N - 2 times at least; each D_i is 2 or -2 and no neighbours have one sign
    x, y = np.arange(samples), np.arange(samples) % 2
    problem = Problem(x, y, affine="skip")
    for p in POWERS:
        found = exact.minimize_path_norm(problem, p, "weights")
        assert found.network.count() == samples - 2
        assert found.upper_bound == pytest.approx((samples - 2) * 2**p)
    assert exact.solve(problem).lower_bound == samples - 2


def test_not_every_l1_minimiser_is_an_lp_minimiser():
    # changes 1, 1, 1: (2, 1) and (1, 2) are the minimisers for every p < 1, by symmetry. Their mean has the
    # same values at the samples and knots 1 at 3/2, 1/2 at 3, 1/2 at 1, 1 at 5/2: the sum is 3 all the same
    x, y = with_changes(1, 1, 1)
    knots = positions(x, y, between=1)
    functions = basic_interpolants(x, y, knots)
    for p in POWERS:
        found = {tuple(changes.round(9)) for _, changes in cheapest(functions, p)}
        assert found == {(2, 1), (1, 2)}
    where, mean = np.array([1.0, 1.5, 2.5, 3]), np.array([0.5, 1, 1, 0.5])
    np.testing.assert_allclose(np.maximum(0, x[:, None] - where) @ mean, y)
    assert mean.sum() == pytest.approx(least_total_variation(x, y, knots))
    for p in POWERS:
        # 2 + 2 / 2^p against 1 + 2^p
        mine = costs(Functions(where[None], mean[None]), p)[0]
        assert mine == pytest.approx(2 + 2 * 0.5**p)
        assert mine > costs(functions, p).min() + 1e-3


def test_not_every_sparsest_function_is_an_l1_minimiser():
    # through 0, 0, 1 with one knot at 1/2 of size 2 (derived in test_shape_of_minimisers); the least is 1
    x, y = np.arange(3.0), np.array([0.0, 0, 1])
    sparsest = cheapest(basic_interpolants(x, y, np.array([0.5, 1.0])), 0)
    assert sorted(np.abs(changes).sum() for _, changes in sparsest) == pytest.approx([1, 2])
