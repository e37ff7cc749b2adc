"""Refutations by densest classes: what they refute has no network, and planted networks are never refuted."""

import math

import numpy as np
import pytest

from sparsest import Problem, datasets, exact
from sparsest.exact.dense.refutation import MAX_NEURONS, Budget, first_cost, refute_densely
from sparsest.exact.tree.output_signs import sign_splits, signs_of
from sparsest.progress import Deadline


def refuted(problem, signs, products=1e9):
    return refute_densely(problem, signs, Budget(products, Deadline(None)))


def planted(d, n, signs, seed, affine="none", inputs=9):
    """Return a problem that a network of these signs fits exactly; the tolerance is 1/1000."""
    rng = np.random.default_rng(seed)
    X = np.unique(rng.integers(-inputs, inputs + 1, (n, d)) * 1.0, axis=0)
    reached = X @ rng.integers(-3, 4, (d, len(signs))) + rng.integers(-3, 4, len(signs))
    y = np.maximum(reached, 0) @ np.array(signs)
    if affine != "none":
        y = y + rng.integers(1, 5)
    if affine == "skip":
        y = y + X @ rng.integers(-3, 4, d)
    return Problem(X, y, tolerance=1e-3, affine=affine)


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
@pytest.mark.parametrize("signs", [(1,), (1, -1), (1, 1), (1, 1, -1)])
def test_a_planted_network_is_never_refuted(signs, affine):
    for seed in range(4):
        problem = planted(1 + seed % 2, 40, signs, seed, affine)
        assert refuted(problem, signs) is None


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
def test_one_neuron_fewer_is_mostly_refuted(affine):
    done = 0
    for seed in range(8):
        problem = planted(2, 60, (1, 1, -1), seed, affine, inputs=999)
        splits = [0, 1, 2] if affine != "none" else sign_splits(problem, 2)
        done += all(refuted(problem, signs_of(positive, 2)) is not None for positive in splits)
    assert done >= 6


@pytest.mark.parametrize("seed", range(30))
def test_a_network_that_the_tree_finds_is_not_refuted(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 14))
    X = rng.choice(np.arange(-9.0, 10.0), n, replace=False)[:, None]
    y = np.maximum(X[:, 0] * rng.integers(-2, 3) + rng.integers(-2, 3), 0) * rng.choice([-1, 1])
    y[: n // 4] = rng.integers(-3, 4, n // 4)  # the others are labels of one neuron
    problem = Problem(X, y, tolerance=0.5 * (seed % 2)).distinct()
    signs = exact.solve(problem, method="tree").network.outputs
    above, below = sum(s > 0 for s in signs), sum(s < 0 for s in signs)
    for width in range(1, 4):
        for positive in range(width + 1):
            # neurons to spare are zero
            if above <= positive and below <= width - positive:
                assert refuted(problem, signs_of(positive, width)) is None


def test_ten_features_and_sixty_samples():
    # the tree alone is open after a minute
    problem = datasets.parse("planted:d=10,n=60,k=3,seed=1").problem().in_integers.distinct()
    budget = Budget(1e9, Deadline(None))
    step = refute_densely(problem, (1, -1), budget)
    assert len(step.boxes.low) == 0  # no affine function meets 12 of 23 samples
    assert (len(step.samples), len(step.patterns)) == (23, 2) or len(step.samples) == 37
    assert budget.leaves == 136136


def test_a_sample_without_patterns_needs_no_enumeration():
    # a value above 0 needs an active neuron of sign 1, and there is none
    step = refuted(Problem([[0.0], [1.0]], [0.0, 1.0]), (-1,))
    assert (step.samples, step.patterns) == ((1,), ())


def test_the_budget_is_kept_and_many_neurons_are_left_to_others():
    problem = planted(2, 60, (1, 1, -1), 0)
    assert refuted(problem, (1, -1), products=100) is None
    assert first_cost(problem, (1,) * (MAX_NEURONS + 1)) == math.inf
    assert first_cost(problem, ()) == math.inf
