"""Cells of a few spread-out samples in place of all: the same bounds, and proofs that stand."""

import numpy as np
import pytest
from helpers import slow_after

from sparsest import Problem, check_proof, datasets
from sparsest.exact.cells.enumerate import cells_until, enumerate_cells
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.exact.tree import branching
from sparsest.exact.tree.cell_sets import CellSets
from sparsest.exact.tree.search import solve_tree
from sparsest.exact.tree.spread_out_samples import spread_out
from sparsest.objectives import Objective
from sparsest.progress import Deadline


@pytest.mark.parametrize("seed", slow_after(8, range(20)))
def test_same_bounds_with_few_cells(seed, tmp_path):
    """Cells of at most three or four of the samples, from the first pause on, against cells of all."""
    random = np.random.default_rng(seed)
    d, n = int(random.integers(1, 4)), int(random.integers(5, 9))
    X = np.unique(random.integers(-2, 3, size=(n, d)), axis=0).astype(float)
    y = random.integers(-2, 3, size=len(X)).astype(float)
    affine, tolerance = "skip" if seed % 3 == 1 else "none", 0.25 if seed % 2 else 0.0
    problem = Problem(X, y, affine=affine, tolerance=tolerance)
    whole = solve_tree(problem)
    path, compiled_from = tmp_path / "proof.json", 0 if seed % 2 else 10**9
    pacing = Pacing(max_cells=10, max_focus_cells=12, first_pause=1, compiled_from=compiled_from)
    few = run_method(problem, Objective.NEURONS, "tree", SearchOptions(proof_path=path, pacing=pacing))
    assert (few.status, few.lower_bound) == (whole.status, whole.lower_bound)
    verdict = check_proof(path)
    assert (verdict.lower_bound, verdict.upper_bound) == (few.lower_bound, few.upper_bound)


def test_a_thousand_samples(monkeypatch):
    """Cells of all would be a million; those of 142 refute two neurons."""
    problem = datasets.load("planted", d=2, n=1000, k=3, seed=0).problem()
    made = []
    monkeypatch.setattr(
        branching, "cells_until", lambda X, deadline: made.append(len(X)) or cells_until(X, deadline)
    )
    found = solve_tree(problem, SearchOptions(deadline=Deadline(60)))
    assert found.lower_bound == 3
    # 2 (1 + 141 + 141 * 140 / 2) = 20024 is more than 20000; one sample fewer makes 19742
    assert made in ([], [141])


def test_samples_without_cells_are_free():
    """Cells of samples 0 and 2 of three in one dimension say nothing of sample 1."""
    cells = CellSets(enumerate_cells(np.array([[0.0], [2.0]])).patterns, np.array([0, 2]), 3)
    assert cells.n_cells == 4
    every = cells.every
    assert cells.narrowed(every, 1, 0) is every
    active = cells.narrowed(every, 0, 1)
    for compiled in (False, True):
        if compiled:
            cells.go_compiled()
        possible = cells.possible([every, active], [0, 1, 2])
        assert possible.tolist() == [[[True] * 3, [True] * 3], [[False, True, True], [True, True, True]]]


def test_spread_out_by_hand():
    # the mean is 3.25, nearest is 2; farthest from it 10, then 0 (2 away from 2; 1 is one away)
    rows = np.array([[0.0], [1.0], [2.0], [10.0]])
    assert spread_out(rows, 1).tolist() == [2]
    assert spread_out(rows, 2).tolist() == [2, 3]
    assert spread_out(rows, 3).tolist() == [0, 2, 3]
    assert spread_out(rows, 4).tolist() == spread_out(rows, 9).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(5))
def test_spread_out_is_at_most_twice_the_best(seed):
    """Gonzalez's bound against all choices of three among nine."""
    from itertools import combinations

    rows = np.random.default_rng(seed).normal(size=(9, 2))
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)

    def radius(chosen):
        return distances[:, list(chosen)].min(axis=1).max()

    best = min(radius(each) for each in combinations(range(9), 3))
    assert radius(spread_out(rows, 3)) <= 2 * best + 1e-12
