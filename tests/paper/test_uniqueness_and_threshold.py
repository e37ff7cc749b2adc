"""With one feature the minimiser is unique for almost every p, and below some p* it is sparsest.

Proven (Nakhleh and Nowak 2025, Theorem 3.2): with one feature and a skip the function of least l^p path
norm is unique for almost every 0 < p < 1, and there is p* > 0 such that for every p < p* each of them has
the fewest knots that any interpolant has.

Computed here: all minimisers among all interpolants with knots in a finite set, against
`exact.count_minimisers` and against both ends of the interval of `exact.threshold`; the fewest knots,
against `exact.solve`. Ties made on purpose are decided by hand.

Instances: 40 random data with real numbers, 48 with integers, two values or curvature of one sign, 16 with
a run of changes that are small at its ends; changes of slope 1, 1, 1 and 1, 8, 8, 1 and 1, 3, 13, 12, 4.

Conditions: for *uniqueness* the data have to be in general position. Two minimisers whose changes of slope
are the same numbers in another order cost the same at every p: changes 1, 1, 1 have the two minimisers (2,
1) and (1, 2) for every p < 1. What holds for all data is that for almost every p all minimisers have the
same changes of slope up to their order, since different sums of powers are equal at finitely many p; then
uniqueness follows where no two sums of changes of one run are equal, so for almost all labels. *p** needs
no condition.
"""

import math

import numpy as np
import pytest
from helpers import random_line, with_changes
from paper.interpolants import CLOSE, Functions, basic_interpolants, cheapest, costs, positions

from sparsest import Problem, exact

POWERS = (0.0371, 0.2113, 0.3719, 0.5023, 0.6907, 0.8531, 0.9612)


def family(x, y):
    return basic_interpolants(x, y, positions(x, y, between=1 if len(x) < 8 else 0))


def real_data(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 8))
    return np.cumsum(rng.uniform(0.3, 1.0, n)), np.cumsum(rng.exponential(size=n) * rng.choice([-1, 1, 1], n))


@pytest.mark.parametrize("seed", range(40))
def test_real_labels_have_one_minimiser(seed):
    x, y = real_data(seed)
    functions, problem = family(x, y), Problem(x, y, affine="skip")
    for p in POWERS:
        assert len(cheapest(functions, p)) == 1
        assert exact.count_minimisers(problem, p, "weights").unique


@pytest.mark.parametrize("seed", range(48))
def test_minimisers_at_a_p_without_coincidences_have_the_same_changes(seed):
    x, y = random_line(seed, most=7)
    functions, problem = family(x, y), Problem(x, y, affine="skip")
    for p in POWERS:
        found = cheapest(functions, p)
        assert len({tuple(np.sort(np.abs(changes)).round(7)) for _, changes in found}) == 1
        counted = exact.count_minimisers(problem, p, "weights")
        if seed % 4:  # the integers make ties, which decide themselves
            assert (counted.at_least, counted.at_most) == (len(found), len(found))


def test_equal_changes_have_two_minimisers_at_every_p():
    x, y = with_changes(1, 1, 1)
    functions, problem = family(x, y), Problem(x, y, affine="skip")
    for p in POWERS:
        # 1 + 2^p twice, against 3
        assert costs(functions, p).min() == pytest.approx(1 + 2**p)
        assert len(cheapest(functions, p)) == 2
        counted = exact.count_minimisers(problem, p, "weights")
        assert (counted.at_least, counted.at_most, counted.unique) == (2, 2, False)
    # a change of the labels, however small, makes it unique: 1.001 and 1 to be joined with 1
    y[-1] += 0.001
    assert exact.count_minimisers(Problem(x, y, affine="skip"), 0.5, "weights").unique


def test_different_sums_may_tie_at_one_p():
    # at p = 1/2 with changes 1, 3, 13, 12, 4: 1, 16, 16 cost 1 + 4 + 4, and 4, 25, 4 cost 2 + 5 + 2
    x, y = with_changes(1, 3, 13, 12, 4)
    functions, problem = family(x, y), Problem(x, y, affine="skip")
    assert [math.isqrt(size) for size in (1, 16, 16, 4, 25, 4)] == [1, 4, 4, 2, 5, 2]
    assert costs(functions, 0.5).min() == pytest.approx(9)
    found = {tuple(changes.round(6)) for _, changes in cheapest(functions, 0.5)}
    assert found == {(1, 16, 16), (4, 25, 4)}
    counted = exact.count_minimisers(problem, 0.5, "weights")
    assert (counted.at_least, counted.at_most, counted.unique) == (1, 2, None)
    for p in (0.2, 0.499, 0.501, 0.8):
        assert len(cheapest(functions, p)) == 1
        assert exact.count_minimisers(problem, p, "weights").unique


def test_p_star_by_hand():
    # changes 1, 8, 8, 1: two knots (9, 9) cost 2 9^p, three (1, 16, 1) cost 2 + 16^p. At p = 1/2 both cost 6;
    # at 1/4 3.46 against 4, at 3/4 10.4 against 10. So p* = 1/2, and the minimiser is not unique there alone
    x, y = with_changes(1, 8, 8, 1)
    functions, problem = family(x, y), Problem(x, y, affine="skip")
    found = exact.threshold(problem, "weights")
    assert found.lower_bound == pytest.approx(0.5, abs=1e-11)
    assert found.upper_bound == pytest.approx(0.5, abs=1e-11)
    assert found.lower_bound <= 0.5 <= found.upper_bound
    assert (found.network.count(), found.other.count()) == (2, 3)
    assert {tuple(changes.round(6)) for _, changes in cheapest(functions, 0.5)} == {(9, 9), (1, 16, 1)}
    for p in POWERS:
        ((_, changes),) = cheapest(functions, p)
        assert tuple(changes.round(6)) == ((9, 9) if p < 0.5 else (1, 16, 1))
        assert exact.count_minimisers(problem, p, "weights").unique
    assert exact.count_minimisers(problem, 0.5, "weights").at_most == 2


def long_run(seed):
    """Four or six changes of one sign, those at the ends small."""
    changes = np.random.default_rng(seed).uniform(1, 10, 4 + 2 * (seed % 2))
    changes[1:-1] *= 8
    return with_changes(*changes)


DATA = [
    *map(real_data, range(40)),
    *(random_line(seed, most=7) for seed in range(48)),
    *map(long_run, range(16)),
]


@pytest.mark.parametrize(("x", "y"), DATA)
def test_below_p_star_every_minimiser_is_sparsest_and_above_it_some_are_not(x, y):
    functions, problem = family(x, y), Problem(x, y, affine="skip")
    fewest = exact.solve(problem).lower_bound
    knots = costs(functions, 0)
    assert knots.min() == fewest
    found = exact.threshold(problem, "weights")
    assert 0 < found.lower_bound <= found.upper_bound <= found.lower_bound + 1e-8
    # smaller p put all weight on the number of knots, but costs may cross more than once: all of (0, p*)
    for p in [*np.linspace(0, found.lower_bound, 20)[1:-1], found.lower_bound * (1 - 1e-6)]:
        cost = costs(functions, p)
        assert np.all(knots[cost <= cost.min() * (1 + CLOSE)] == fewest)
    if found.other is None:
        return
    just_above = min(found.upper_bound * (1 + 1e-4), 1.0)
    more = knots > fewest
    others, sparsest = (costs(Functions(*(a[rows] for a in functions)), just_above) for rows in (more, ~more))
    assert others.min() < sparsest.min()
    assert found.other.interpolates(problem)
    assert found.other.count() > found.network.count() == fewest


def test_the_data_above_have_thresholds_of_either_kind():
    crossing = [exact.threshold(Problem(x, y, affine="skip"), "weights").other is not None for x, y in DATA]
    assert sum(crossing) >= 8
    assert crossing.count(False) >= 50
