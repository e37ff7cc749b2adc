"""One feature with a skip, held against a dynamic program over lines through ends of intervals.

Some function with the fewest knots has links that each pass two ends of intervals (Imai and Iri 1986), so the
program goes over all such lines: the fewest knots of functions that stab samples 0 .. i with a given line
last. Consecutive lines have to cross between the samples that they stab. It works in floats with a slack;
nothing is shared with the greedy of `sparsest.exact.line.stabbing`.
"""

import functools
import itertools

import numpy as np
import pytest

from sparsest import Problem, exact
from sparsest.exact.trade_off import bisection, growing_subset
from sparsest.exact.trade_off.growing_subset import GrowingSubset
from sparsest.results.solving import Status

SLACK = 1e-9


def fewest_knots(x, y, error):
    """Return the fewest knots of a function within an error of all labels."""
    ends = np.array([y - error, y + error])
    lines = [(0.0, end) for end in ends[:, 0]]
    for i, j in itertools.combinations(range(len(x)), 2):
        for a, b in itertools.product(ends[:, i], ends[:, j]):
            slope = (b - a) / (x[j] - x[i])
            lines.append((slope, a - slope * x[i]))
    slopes, constants = np.array(lines).T
    values = slopes[:, None] * x + constants[:, None]
    stabs = np.abs(values - y) <= error + SLACK
    best = np.where(stabs[:, 0], 0.0, np.inf)  # fewest knots with that line at sample i
    for i in range(1, len(x)):
        left, right = (values[:, None, k] - values[None, :, k] for k in (i - 1, i))
        crosses = ((left <= SLACK) & (right >= -SLACK)) | ((right <= SLACK) & (left >= -SLACK))
        turned = np.where(crosses, best[:, None] + 1, np.inf).min(axis=0)
        best = np.where(stabs[:, i], np.minimum(best, turned), np.inf)
    return best.min()


def test_the_program_by_hand():
    x = np.arange(4.0)
    # 0, 1, 0, 1 turns twice; within 1/2 the constant 1/2 meets all
    assert fewest_knots(x, np.array([0.0, 1, 0, 1]), 0.0) == 2
    assert fewest_knots(x, np.array([0.0, 1, 0, 1]), 0.5) == 0
    # slopes 0, 1, 2, 3 bend up three times: two knots, one of them between samples
    assert fewest_knots(np.arange(5.0), np.array([0.0, 0, 1, 3, 6]), 0.0) == 2


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [3, 5, 8, 10, 12])
@pytest.mark.parametrize("few", [False, True])
def test_least_errors_of_one_feature(n, seed, few, monkeypatch):
    if few:  # two samples of five in a row at first, and then those that are found to matter
        monkeypatch.setattr(bisection, "GrowingSubset", functools.partial(GrowingSubset, block=5, margin=0))
        monkeypatch.setattr(growing_subset, "_LARGEST_SHARE", 0.9)
    rng = np.random.default_rng(seed)
    x = np.sort(rng.choice(3 * n, n, replace=False)).astype(float)
    y = rng.integers(-12, 13, n).astype(float)
    for neurons in (0, 1, 2, 3, 5):
        result = exact.least_error(Problem(x, y, affine="skip"), neurons, gap=1e-4)
        assert result.status is Status.OPTIMAL
        # so many knots suffice within the upper bound, and do not within the lower one
        assert fewest_knots(x, y, result.upper_bound) <= neurons
        if result.upper_bound > 0:
            assert result.gap <= 1e-4
            assert fewest_knots(x, y, result.lower_bound) > neurons
