"""Sparse networks found by any means, networks of least l^p path norm, and the parts of gradient descent.

`find_sparse` and `minimize` search by themselves; `PathNorm`, `ReweightedL1`, `prune` and `count` are for a
training loop of one's own.
"""

from sparsest.continuous.best_restart import DEFAULT_STEPS
from sparsest.continuous.sparse_search import default_width, find_sparse
from sparsest.continuous.torch_parts.module import ReLUNetwork
from sparsest.continuous.torch_parts.path_norm import PathNorm
from sparsest.continuous.torch_parts.pruning import count, prune, to_network
from sparsest.continuous.torch_parts.reweighted_l1 import ReweightedL1
from sparsest.continuous.trainer import minimize

__all__ = [
    "DEFAULT_STEPS",
    "PathNorm",
    "ReLUNetwork",
    "ReweightedL1",
    "count",
    "default_width",
    "find_sparse",
    "minimize",
    "prune",
    "to_network",
]
