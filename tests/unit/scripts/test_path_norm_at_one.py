import itertools

import numpy as np
import pytest
from path_norm_at_one import cells, compared, optimum

from sparsest import Problem
from sparsest.exact import count_in_general_position


@pytest.mark.parametrize("samples", range(1, 7))
def test_cells_are_as_many_as_in_general_position(samples):
    rows = np.column_stack([np.random.default_rng(samples).normal(size=(samples, 2)), np.ones(samples)])
    if samples > 1:
        assert len(cells(rows)) == count_in_general_position(samples, 3)


def test_cells_of_a_grid_are_those_of_random_neurons():
    rows = np.array([[*x, 1.0] for x in itertools.product(range(3), range(2))])
    values = np.random.default_rng(0).normal(size=(20_000, 3)) @ rows.T
    assert set(cells(rows)) == {tuple(pattern) for pattern in (values > 0).tolist()}


def test_an_optimum_by_hand():
    # max(0, x - y) + max(0, y - x): f rises and falls by 1 along both features, which takes 1 of weights each
    xor = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    assert optimum(xor, "weights") == pytest.approx(4)
    assert optimum(xor, "parameters") == pytest.approx(4)


@pytest.mark.parametrize("seed", range(1000, 1020))
def test_some_of_the_problems_of_the_command(seed):
    assert not compared(seed).wrong
