"""Descents to a least largest error, where that is known."""

import numpy as np
import pytest
from scipy.optimize import linprog

from sparsest.continuous.search.minimax_descent import Labels, minimax_descent
from sparsest.progress import Deadline

LATER = Deadline(None)


def labels(rows, y, *, affine=False, below=None, above=None, movable=None):
    one = np.ones(len(y))
    return Labels(rows, y, one if below is None else below, one if above is None else above, affine, movable)


def never(numbers):
    return False


def test_the_affine_term_alone_is_one_program():
    # 0, 1, 0 at -1, 0, 1: the constant 1/2 is best, with an error of 1/2; with errors below half as bad as
    # those above 1/3 and 2/3 are, on the line y = 1/3
    rows = np.array([[-1.0, 1], [0, 1], [1, 1]])
    y = np.array([0.0, 1, 0])
    start, sign = np.array([[0.3, -2.0]]), np.ones(1)
    found, error = minimax_descent(labels(rows, y, affine=True), start, sign, never, 40, LATER)
    assert error == pytest.approx(0.5)
    np.testing.assert_allclose(found, [[0, 0.5]], atol=1e-9)
    uneven = labels(rows, y, affine=True, below=np.full(3, 2.0))
    found, error = minimax_descent(uneven, start, sign, never, 40, LATER)
    assert error == pytest.approx(1 / 3)
    np.testing.assert_allclose(found, [[0, 1 / 3]], atol=1e-9)


def test_coordinates_that_may_not_move_stay():
    rows = np.array([[-1.0, 1], [0, 1], [1, 1]])
    data = labels(rows, np.array([0.0, 1, 2]), affine=True, movable=np.array([0.0, 1.0]))
    found, error = minimax_descent(data, np.zeros((1, 2)), np.ones(1), never, 40, LATER)
    np.testing.assert_allclose(found, [[0, 1]], atol=1e-9)
    assert error == pytest.approx(1)


@pytest.mark.parametrize("seed", range(4))
def test_hardly_a_network_of_the_same_patterns_is_better(seed):
    rng = np.random.default_rng(seed)
    rows = np.c_[rng.normal(size=(40, 2)), np.ones(40)]
    data = labels(rows, rng.normal(size=40), below=rng.uniform(0.5, 2, 40))
    start, signs = rng.normal(size=(3, 3)), np.array([1.0, -1, 1])
    neurons, error = minimax_descent(data, start, signs, never, 200, LATER)
    values = np.maximum(0, rows @ neurons.T) @ signs
    assert error == pytest.approx(data.errors(values).max())
    # the linear program over all networks with these activation patterns
    active = rows @ neurons.T >= 0
    matrix = (active * signs)[:, :, None] * rows[:, None, :]
    cones = np.zeros((120, 9))
    for k in range(3):
        cones[40 * k : 40 * k + 40, 3 * k : 3 * k + 3] = np.where(active[:, [k]], -1, 1) * rows
    matrix = matrix.reshape(40, 9)
    best = linprog(
        np.r_[np.zeros(9), 1],
        A_ub=np.r_[np.c_[matrix, -data.above], np.c_[-matrix, -data.below], np.c_[cones, np.zeros(120)]],
        b_ub=np.r_[data.labels, -data.labels, np.zeros(120)],
        bounds=[(None, None)] * 10,
    ).fun
    assert error <= 1.05 * best  # it may end where a neuron has its knot on a sample


def test_it_stops_when_told_to():
    rng = np.random.default_rng(0)
    rows = np.c_[rng.normal(size=(20, 1)), np.ones(20)]
    data = labels(rows, rng.normal(size=20))
    start = rng.normal(size=(2, 2))
    found, error = minimax_descent(data, start, np.ones(2), lambda numbers: True, 40, LATER)
    np.testing.assert_array_equal(found, start)
    assert error == data.errors(np.maximum(0, rows @ start.T).sum(axis=1)).max()


def test_a_program_does_not_outlast_the_time():
    # one program over 2400 rows and 3600 numbers takes minutes
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1200, 1200))
    data, start, late = labels(rows, rng.normal(size=1200)), rng.normal(size=(3, 1200)), Deadline(None)
    late.interrupt()
    found, _ = minimax_descent(data, start, np.ones(3), never, 40, Deadline(0.5))
    np.testing.assert_array_equal(found, start)
    found, _ = minimax_descent(data, start, np.ones(3), never, 40, late)
    np.testing.assert_array_equal(found, start)


def test_many_samples_need_few_rows():
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, 5000)
    rows = np.c_[x, np.ones(5000)]
    data = labels(rows, np.abs(x) + rng.uniform(-0.1, 0.1, 5000))
    numbers = []
    _, error = minimax_descent(
        data, np.array([[0.7, 0.1], [-0.8, 0.1]]), np.ones(2), lambda n: bool(numbers.append(n)), 60, LATER
    )
    assert error < 0.101
    assert max(numbers) < 1000
