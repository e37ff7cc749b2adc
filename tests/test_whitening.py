import numpy as np

from sparsest.directions import random_directions
from sparsest.whitening import orthonormal


def test_columns_are_orthonormal_and_come_back():
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(9, 2)) @ rng.normal(size=(2, 3))  # of rank 2
    rows, back = orthonormal(columns)
    assert rows.shape == (9, 2)
    np.testing.assert_allclose(rows.T @ rows, 9 * np.eye(2), atol=1e-12)
    np.testing.assert_allclose(columns @ back.T, rows, atol=1e-12)


def test_directions_leave_out_what_does_not_vary():
    found = random_directions(np.array([[0.0, 5.0], [2.0, 5.0]]), 4, seed=0)
    assert found.shape == (4, 2)
    assert not found[:, 1].any()
    np.testing.assert_array_equal(found[:, 0], np.random.default_rng(0).normal(size=(4, 2))[:, 0] / 2)
