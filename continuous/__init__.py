"""Gradient descent on the l^p path norm, the polish that makes its networks interpolate, and its parts.

`minimize` searches by itself; `PathNorm`, `ReweightedL1`, `prune` and `count` are for a training loop of
one's own.
"""

from sparsest.continuous.torch_parts.module import ReLUNetwork
from sparsest.continuous.torch_parts.path_norm import PathNorm
from sparsest.continuous.torch_parts.pruning import count, prune, to_network
from sparsest.continuous.torch_parts.reweighted_l1 import ReweightedL1
from sparsest.continuous.trainer import DEFAULT_STEPS, default_width, minimize

__all__ = [
    "DEFAULT_STEPS",
    "PathNorm",
    "ReLUNetwork",
    "ReweightedL1",
    "count",
    "default_width",
    "minimize",
    "prune",
    "to_network",
]
