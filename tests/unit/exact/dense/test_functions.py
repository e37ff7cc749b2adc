"""The enumeration loses no function: brute force over all sets of samples, with ties and degenerate rows."""

import itertools

import numpy as np
import pytest

from sparsest.exact.dense.functions import functions_meeting
from sparsest.exact.dense.plan import cheapest_plan


def vertices(rows, low, high):
    """Return the vertices of what meets all intervals, and whether that is bounded."""
    m = rows.shape[1]
    if np.linalg.matrix_rank(rows) < m:
        return [], False
    found = []
    for chosen in itertools.combinations(range(len(rows)), m):
        system = rows[list(chosen)]
        if abs(np.linalg.det(system)) < 1e-9:  # integers below: a determinant is 0 or at least 1
            continue
        for ends in itertools.product(*((low[i], high[i]) for i in chosen)):
            h = np.linalg.solve(system, ends)
            if ((rows @ h >= low - 1e-9) & (rows @ h <= high + 1e-9)).all():
                found.append(h)
    return found, True


def problem(seed):
    """Return integer samples on a small grid: many coincide, or lie on lines."""
    rng = np.random.default_rng(seed)
    d, n = int(rng.integers(1, 3)), int(rng.integers(5, 8))
    rows = np.column_stack([rng.integers(-2, 3, (n, d)), np.ones(n)])
    middle = rng.integers(-2, 3, n) * 1.0
    spread = rng.choice([0.0, 0.25, 0.5], n)
    return rows, middle - spread, middle + spread, int(rng.integers(d + 2, n + 1))


@pytest.mark.parametrize("seed", range(60))
def test_every_function_that_meets_enough_samples_is_in_a_box(seed):
    rows, low, high, needed = problem(seed)
    n, m = rows.shape
    plan = cheapest_plan(n, needed, m)
    boxes = functions_meeting(rows, (low, high), needed, plan, 1e9, compiled=False).boxes
    for members in itertools.combinations(range(n), needed):
        chosen = list(members)
        corners, bounded = vertices(rows[chosen], low[chosen], high[chosen])
        if not bounded:
            # rows of too low a rank may be met along a line, which no box holds
            continue
        assert boxes is not None or not corners or _some_line(rows, needed)
        for h in [*corners, *([np.mean(corners, axis=0)] if corners else [])]:
            assert boxes is None or _held(h, boxes)


def _held(h, boxes):
    return ((boxes.low <= h + 1e-9) & (h <= boxes.high + 1e-9)).all(axis=1).any()


def _some_line(rows, needed):
    """Whether so many rows are of less than full rank, which is a reason to give up."""
    m = rows.shape[1]
    return any(
        np.linalg.matrix_rank(rows[list(chosen)]) < m
        for chosen in itertools.combinations(range(len(rows)), needed)
    )


@pytest.mark.slow  # compiles
def test_compiled_and_interpreted_search_agree():
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=(12, 3)), np.ones(12)])
    h = np.array([1.0, -2.0, 0.5, 0.25])
    values = np.where(np.arange(12) % 3 == 0, rng.normal(size=12), rows @ h)  # eight are on h
    plan = cheapest_plan(12, 7, 4)
    found = [
        functions_meeting(rows, (values - 1e-6, values + 1e-6), 7, plan, 1e9, compiled=compiled)
        for compiled in (False, True)
    ]
    assert found[0].leaves == found[1].leaves
    assert found[0].work == found[1].work
    for one in found:
        assert len(one.boxes.low) == 1
        assert _held(h, one.boxes)
        assert (one.boxes.high - one.boxes.low).max() < 1e-3
    np.testing.assert_allclose(found[0].boxes.low, found[1].boxes.low, atol=1e-9)


def test_a_search_that_takes_too_much_work_says_so():
    rng = np.random.default_rng(1)
    rows, values = rng.normal(size=(12, 4)), rng.normal(size=12)
    plan = cheapest_plan(12, 7, 4)
    assert functions_meeting(rows, (values, values), 7, plan, 10, compiled=False).boxes is None


def test_samples_on_a_line_in_the_plane_bound_nothing():
    # all five values are 0 along the line, so every multiple of h = (0, 1, 0) meets them
    rows = np.array([[x, 0.0, 1.0] for x in range(5)])
    zeros = np.zeros(5)
    plan = cheapest_plan(5, 4, 3)
    assert functions_meeting(rows, (zeros, zeros), 4, plan, 1e9, compiled=False).boxes is None
