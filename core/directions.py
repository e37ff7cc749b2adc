"""Directions along which to look at data: functions of one projection are the simplest that interpolate."""

import numpy as np

from sparsest.arrays import FloatArray


def random_directions(X: FloatArray, count: int, seed: int) -> FloatArray:
    """Return random directions (count, d) in units of each feature's spread; zero where a feature has none.

    Parameters
    ----------
    X : array (N, d)
        The samples.
    count : int
        How many.
    seed : int
        Equal seeds give equal directions.
    """
    random = np.random.default_rng(seed).normal(size=(count, X.shape[1]))
    spread = np.ptp(X, axis=0)
    found: FloatArray = np.divide(random, spread, out=np.zeros_like(random), where=spread > 0)
    return found
