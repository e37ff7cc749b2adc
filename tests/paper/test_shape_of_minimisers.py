"""Where the knots of a minimiser are, and its slopes.

Proven (Nakhleh and Nowak 2025, Theorem 3.1): for 0 < p < 1 a function that interpolates at least ``sum
|change of slope|^p`` is linear before the second and after the last but one sample ("ends"), is the chord
between neighbouring samples at which the curvature of the data has different signs or vanishes ("chords"),
and has slopes at each inner sample that lie between those of the two adjacent chords ("secants").

Computed here: all minimisers among all interpolants whose knots are in a finite set: the inner samples,
five places in each gap, and wherever the lines of two chords meet, so that the set holds positions that the
theorem excludes. Each minimiser is held against the three claims, and so is the function that the package
finds, which no function of the family may undercut. For p = 1, where minimisers are many, a linear program
finds the most that any of them bends where the claims forbid it.

Instances: 48 random, integer (ties, collinear samples), two-valued and convex data of 4 to 6 samples, five
p.

Conditions: p > 0. Functions with the fewest knots (p = 0) break all three claims, as the last test shows.
"""

import numpy as np
import pytest
from helpers import random_line
from paper.interpolants import (
    CLOSE,
    basic_interpolants,
    bends,
    broken_claims,
    cheapest,
    columns,
    costs,
    least_total_variation,
    positions,
)
from scipy.optimize import linprog

from sparsest import Problem, exact

POWERS = (0.05, 0.3, 0.5, 0.7, 0.95)


def knots_and_changes(network):
    """Knots and changes of slope of a network of one feature, in order."""
    sizes = np.abs(network.weights[:, 0]) * network.outputs
    knots = -network.biases / network.weights[:, 0]
    order = np.argsort(knots)
    return knots[order], sizes[order]


@pytest.mark.parametrize("seed", range(48))
def test_minimisers_among_all_interpolants_have_that_shape(seed):
    x, y = random_line(seed, most=6)
    functions = basic_interpolants(x, y, positions(x, y, between=5 if len(x) < 6 else 2))
    for p in POWERS:
        for knots, changes in cheapest(functions, p):
            assert broken_claims(x, y, knots, changes) == set()


@pytest.mark.parametrize("seed", range(48))
def test_what_the_package_finds_has_that_shape_and_nothing_is_cheaper(seed):
    x, y = random_line(seed, most=6)
    functions = basic_interpolants(x, y, positions(x, y, between=5 if len(x) < 6 else 2))
    for p in POWERS:
        found = exact.minimize_path_norm(Problem(x, y, affine="skip"), p, "weights")
        assert broken_claims(x, y, *knots_and_changes(found.network)) == set()
        assert found.lower_bound <= costs(functions, p).min() * (1 + CLOSE)
        # knots of some minimiser are samples or places where two chords meet: the least is in the family
        assert found.upper_bound == pytest.approx(costs(functions, p).min(), rel=1e-8, abs=1e-9)
        plain = exact.interpolate(x, y, p)
        assert broken_claims(x, y, plain.knots, plain.changes) == set()


def test_refining_the_family_finds_nothing_cheaper():
    # peak-plateau: curvature +1, -1, -1, +1, so that the middle two may be one knot of size 2
    x, y = np.arange(-2.0, 3), np.array([0.0, 0, 1, 1, 0])
    for p in POWERS:
        least = [costs(basic_interpolants(x, y, positions(x, y, between)), p).min() for between in (0, 3, 12)]
        # without the last sample: changes 1, -1, -1, of which the latter two are one of size 2
        assert least == pytest.approx([1 + 2**p] * 3, rel=1e-9)


@pytest.mark.parametrize("seed", range(48))
def test_for_p_one_no_minimiser_bends_where_it_must_not(seed):
    x, y = random_line(seed, most=6)
    knots = positions(x, y, between=5)
    curvature, total = bends(x, y), np.abs(bends(x, y)).sum()
    assert least_total_variation(x, y, knots) == pytest.approx(total, rel=1e-9, abs=1e-9)
    signs = np.sign(np.where(np.abs(curvature) > CLOSE, curvature, 0.0))
    allowed = np.zeros(len(knots), dtype=bool)
    for i in range(1, len(x) - 1):
        allowed |= np.abs(knots - x[i]) < CLOSE
        if i < len(x) - 2 and signs[i - 1] == signs[i] != 0:
            allowed |= (knots > x[i]) & (knots < x[i + 1])
    # the most that a function of least total variation bends elsewhere
    table = columns(x, knots)
    result = linprog(
        -np.tile(~allowed, 2).astype(float),
        A_ub=np.ones((1, 2 * len(knots))),
        b_ub=[total],
        A_eq=np.c_[table, -table],
        b_eq=curvature,
    )
    assert result.status == 0
    assert -result.fun <= 1e-6 * max(1.0, total)


def test_sparsest_functions_need_not_have_that_shape():
    # one knot is the fewest through 0, 0, 1, and it may lie before or after the middle sample, whose slopes
    # are 0 and 1 all the same. Through 0, 0, 1, 1 two knots are the fewest, say at 5/4 and 3/2 of sizes 4 and
    # -4, across a change of sign, or at 1 and 3/2 of sizes 2 and -2: slope 2 at sample 1, beside chords 0, 1
    three = np.arange(3.0), np.array([0.0, 0, 1])
    four = np.arange(4.0), np.array([0.0, 0, 1, 1])
    for (x, y), fewest, claims in ((three, 1, {"ends"}), (four, 2, {"ends", "secants", "chords"})):
        functions = basic_interpolants(x, y, positions(x, y, between=3))
        assert costs(functions, 0).min() == fewest
        found = [broken_claims(x, y, *function) for function in cheapest(functions, 0)]
        assert set() in found
        assert set().union(*found) == claims
    assert broken_claims(*four, np.array([1.25, 1.5]), np.array([4.0, -4])) == {"chords"}
    assert broken_claims(*four, np.array([1, 1.5]), np.array([2.0, -2])) == {"chords", "secants"}


def test_a_dearer_function_is_caught():
    # a single knot at 1/2 through 0, 0, 1: slope s on [0, 1/2], 1 on [1/2, 2], so s = -1 and the knot is 2
    x, y = np.arange(3.0), np.array([0.0, 0, 1])
    assert broken_claims(x, y, np.array([0.5]), np.array([2.0])) == {"ends"}
    assert broken_claims(x, y, np.array([1.0]), np.array([1.0])) == set()
