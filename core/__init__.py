"""The provably sparsest single-hidden-layer ReLU network through given data.

>>> import sparsest
>>> problem = sparsest.Problem([[-2], [-1], [0], [1], [2], [3]], [0, 0, 1, 1, 0, 0])
>>> result = sparsest.exact.solve(problem)
>>> result.lower_bound, result.upper_bound, str(result.status)
(3, 3, 'optimal')
"""

from importlib import import_module as _import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

from sparsest import datasets
from sparsest.affine import Affine
from sparsest.check import Checked, ProofError, check_proof
from sparsest.check_path_norm import CheckedPathNorm, check_path_norm_proof
from sparsest.cost_curves import CostCurves
from sparsest.errors import InputError, SolverError, SparsestError
from sparsest.history import History
from sparsest.io.documents import load, save
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.certificate import (
    Against,
    Attempt,
    Certificate,
    Judgement,
    Miss,
    Reduction,
    ReductionKind,
)
from sparsest.results.comparison import Attainment, Outcome, Verdict
from sparsest.results.multi_class import MultiClassResult
from sparsest.results.multi_output import MultiOutputResult
from sparsest.results.multi_output_certificate import MultiOutputCertificate, OutputFigures
from sparsest.results.outliers import OutliersResult
from sparsest.results.path_norm import MinimiserCount, PathNormResult, ThresholdResult
from sparsest.results.skill import Reference, Skill
from sparsest.results.solving import ExactResult, FitResult, Proof, Restarts, Status
from sparsest.results.trade_off import FrontierResult, LeastErrorResult

if TYPE_CHECKING:
    from sparsest import continuous, exact, models
    from sparsest.compare.agreement.compare import compare_sides
    from sparsest.compare.certification.certification import certify
    from sparsest.compare.estimators.classifier import SparsestReLUClassifier
    from sparsest.compare.estimators.regressor import SparsestReLURegressor
    from sparsest.compare.find_and_prove import solve
    from sparsest.compare.trade_off import frontier, least_error

__version__ = _version("sparsest")

__all__ = [
    "Affine",
    "Against",
    "Attainment",
    "Attempt",
    "Certificate",
    "Checked",
    "CheckedPathNorm",
    "CostCurves",
    "ExactResult",
    "FitResult",
    "FrontierResult",
    "History",
    "InputError",
    "Judgement",
    "LeastErrorResult",
    "MinimiserCount",
    "Miss",
    "MultiClassProblem",
    "MultiClassResult",
    "MultiOutputCertificate",
    "MultiOutputNetwork",
    "MultiOutputProblem",
    "MultiOutputResult",
    "Network",
    "Objective",
    "Outcome",
    "OutliersResult",
    "OutputFigures",
    "PathNormResult",
    "Problem",
    "Proof",
    "ProofError",
    "Reduction",
    "ReductionKind",
    "Reference",
    "Restarts",
    "Skill",
    "SolverError",
    "SparsestError",
    "SparsestReLUClassifier",
    "SparsestReLURegressor",
    "Status",
    "ThresholdResult",
    "Verdict",
    "__version__",
    "certify",
    "check_path_norm_proof",
    "check_proof",
    "compare_sides",
    "continuous",
    "datasets",
    "exact",
    "frontier",
    "least_error",
    "load",
    "models",
    "save",
    "solve",
]

# Imported when first touched, so that `import sparsest` loads neither torch nor Pyomo: subpackages, and names
# that live in one of them.
_SUBPACKAGES = frozenset({"continuous", "exact", "models"})
_ELSEWHERE = {
    "SparsestReLUClassifier": "sparsest.compare.estimators.classifier",
    "SparsestReLURegressor": "sparsest.compare.estimators.regressor",
    "certify": "sparsest.compare.certification.certification",
    "compare_sides": "sparsest.compare.agreement.compare",
    "frontier": "sparsest.compare.trade_off",
    "least_error": "sparsest.compare.trade_off",
    "solve": "sparsest.compare.find_and_prove",
}


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return _import_module(f"sparsest.{name}")
    if name in _ELSEWHERE:
        return getattr(_import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module 'sparsest' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
