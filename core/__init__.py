"""The provably sparsest single-hidden-layer ReLU network through given data.

>>> import sparsest
>>> problem = sparsest.Problem([[-2], [-1], [0], [1], [2], [3]], [0, 0, 1, 1, 0, 0])
>>> result = sparsest.exact.solve(problem)
>>> result.lower_bound, result.upper_bound, str(result.status)
(3, 3, 'optimal')
"""

import importlib
from importlib.metadata import version
from typing import Any

from sparsest import datasets
from sparsest.check import Checked, ProofError, check
from sparsest.errors import InputError, SolverError, SparsestError
from sparsest.io.documents import load, save
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.certificate import (
    Affine,
    Attempt,
    Certificate,
    Judgement,
    Miss,
    Reduction,
    ReductionKind,
)
from sparsest.results.comparison import Attainment, Outcome, Verdict
from sparsest.results.path_norm import CostCurves, MinimiserCount, PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult, FitResult, History, Proof, Status

__version__ = version("sparsest")

__all__ = [
    "Affine",
    "Attainment",
    "Attempt",
    "Certificate",
    "Checked",
    "CostCurves",
    "ExactResult",
    "FitResult",
    "History",
    "InputError",
    "Judgement",
    "MinimiserCount",
    "Miss",
    "Network",
    "Objective",
    "Outcome",
    "PathNormResult",
    "Problem",
    "Proof",
    "ProofError",
    "Reduction",
    "ReductionKind",
    "SolverError",
    "SparsestError",
    "Status",
    "ThresholdResult",
    "Verdict",
    "__version__",
    "certify",
    "check",
    "compare",
    "continuous",
    "datasets",
    "exact",
    "load",
    "save",
]

# Subpackages are imported when first touched, so that `import sparsest` loads neither torch nor Pyomo.
_SUBPACKAGES = frozenset({"exact", "continuous", "compare"})
# So are names that live in one of them.
_ELSEWHERE = {
    "SparsestReLURegressor": "sparsest.compare.estimator",
    "certify": "sparsest.compare.certification.certification",
}


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return importlib.import_module(f"sparsest.{name}")
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module 'sparsest' has no attribute {name!r}")
