"""Instances that several claims are held against."""

import numpy as np


def univariate(seed, most=7):
    """Samples x (increasing) and y: real, of few integers (ties, collinear ones), two-valued, or convex."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, most + 1))
    x = np.sort(rng.choice(15, n, replace=False)).astype(float)
    if seed % 4 == 0:
        return x + rng.uniform(-0.3, 0.3, n), rng.normal(size=n)
    if seed % 4 == 1:
        return x, rng.integers(-2, 3, n).astype(float)
    if seed % 4 == 2:
        return x / 4, rng.integers(0, 2, n).astype(float)
    slopes = np.cumsum(rng.integers(0, 4, n - 1))
    return x, np.r_[0.0, np.cumsum(slopes * np.diff(x))]


def with_changes(*changes):
    """Samples at 0, 1, 2, ... whose chords change their slope by these numbers."""
    slopes = np.r_[0.0, np.cumsum(changes)]
    y = np.r_[0.0, np.cumsum(slopes)]
    return np.arange(float(len(y))), y
