"""Gradient descent on the l^p path norm, and the polish that makes its networks interpolate."""

from sparsest.continuous.fit import DEFAULT_STEPS, default_width, minimize
from sparsest.continuous.module import ReLUNetwork

__all__ = ["DEFAULT_STEPS", "ReLUNetwork", "default_width", "minimize"]
