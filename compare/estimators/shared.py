"""What the regressor and the classifier share: a fit, its limits, and what is said of it."""

import warnings
from typing import Any, Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.compare.find_and_prove import solve
from sparsest.compare.reduce.closest_classifier import closest_classifier
from sparsest.compare.reduce.closest_network import closest_network
from sparsest.errors import InputError
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.multi_class import MultiClassResult
from sparsest.results.solving import ExactResult, Proof, Status
from sparsest.sentences import counted, joined

try:
    from joblib import effective_n_jobs
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("the estimators need scikit-learn: pip install 'sparsest[sklearn]'") from error

# Seeds that a RandomState draws from.
_SEEDS: Final = 2**31
_ALONG_A_LINE: Final = "it merely joins the labels along a line through the inputs, so it is not sparse"

# Effort of training for exact labels and for those within a tolerance or beyond a margin.
_EFFORT: Final = (0.2, 3.0)
# Effort of looking for a network of no more neurons than are allowed.
_CLOSEST_EFFORT: Final = 0.5
# A node takes time about as the data have numbers: 1 to 3 ms at N = 20 to 30 and d = 2 or 3.
_NODES_TIMES_NUMBERS: Final = 20_000
_NODES: Final = (20, 10_000)
# Times as many for weights and parameters: xor, peak-plateau and convex need up to 4.
_MORE_NODES: Final = 4


class SparsestEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fits the sparsest network to a problem; subclasses say which problem labels make."""

    objective: str
    p: float
    training: bool
    effort: float | str | None
    node_limit: int | str | None
    time_limit: float | None
    max_neurons: int | None
    random_state: int | np.random.RandomState | None
    n_jobs: int | None

    def _fit_problem(self, problem: Problem | MultiClassProblem) -> None:
        """Set every attribute that ends in an underscore; warn where the network may not be the sparsest."""
        limit, deadline = self._most_neurons(), Deadline(self.time_limit)
        seed = self._seed()
        result = self.result_ = self._solved(problem, seed)
        if result.network is None:
            raise InputError(f"no network was found that fits: {result.status.sentence}")
        self.network_ = result.network
        self.lower_bound_, self.upper_bound_ = result.lower_bound, result.upper_bound
        self.proof_, self.status_ = str(result.proof), str(result.status)
        self.remark_ = _remark(result)
        is_cut = limit is not None and result.network.width > limit
        if limit is not None and is_cut:
            self.network_ = _closest(problem, limit, seed, deadline)
            self.remark_ = joined(_said_of_misses(problem, self.network_, limit), self.remark_)
        self.n_missed_ = _missed(problem, self.network_)
        if result.status is not Status.OPTIMAL or is_cut:
            warnings.warn(self.remark_, ConvergenceWarning, stacklevel=3)

    def _values(self, X: Any) -> FloatArray:
        """Return the network's values (N,) at inputs (N, d)."""
        check_is_fitted(self)
        return self.network_(validate_data(self, X, reset=False, dtype=np.float64))

    def _most_neurons(self) -> int | None:
        limit = self.max_neurons
        if limit is None:
            return None
        if isinstance(limit, bool) or not isinstance(limit, int | np.integer) or limit < 1:
            raise InputError(f"max_neurons = {limit!r:.40}: it must be a positive whole number, or None")
        return int(limit)

    def _seed(self) -> int:
        given = self.random_state
        if given is None:
            return 0
        if isinstance(given, np.random.RandomState):
            return int(given.randint(_SEEDS))
        if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 0:
            raise InputError(
                f"random_state = {given!r:.40}: it must be a whole number, at least 0, a RandomState or None"
            )
        return int(given)

    def _workers(self) -> int:
        """Return the number of processes, counted as scikit-learn counts them: -1 is all processors."""
        given = self.n_jobs
        whole = given is None or (isinstance(given, int | np.integer) and not isinstance(given, bool))
        if not whole or given == 0:
            raise InputError(
                f"n_jobs = {given!r:.40}: it must be a whole number but 0, -1 for all processors, or None"
            )
        return int(effective_n_jobs(given))

    def _solved(self, problem: Problem | MultiClassProblem, seed: int) -> ExactResult | MultiClassResult:
        noisy = isinstance(problem, MultiClassProblem) or not problem.is_interpolation
        effort: Any = _EFFORT[noisy] if self.effort == "auto" else self.effort
        nodes: Any = _nodes(problem, self.objective) if self.node_limit == "auto" else self.node_limit
        return solve(
            problem,
            self.objective,
            training=self.training,
            p=self.p,
            seed=seed,
            effort_limit=effort,
            node_limit=nodes,
            time_limit=self.time_limit,
            workers=self._workers(),
        )


def _closest(
    problem: Problem | MultiClassProblem, limit: int, seed: int, deadline: Deadline
) -> Network | MultiOutputNetwork:
    """Return a network of at most so many neurons that comes close."""
    if isinstance(problem, MultiClassProblem):
        return closest_classifier(problem, limit, seed=seed, deadline=deadline)
    return closest_network(problem, limit, seed=seed, effort=_CLOSEST_EFFORT, deadline=deadline)


def _nodes(problem: Problem | MultiClassProblem, objective: str) -> int:
    """Return how many nodes take some tenths of a second, or a second where weights or parameters count."""
    numbers = problem.n_samples * (problem.n_features + 1)
    nodes = min(max(_NODES_TIMES_NUMBERS // numbers, _NODES[0]), _NODES[1])
    return nodes if objective == Objective.NEURONS else nodes * _MORE_NODES


def _missed(problem: Problem | MultiClassProblem, network: Any) -> int:
    """Return how many rows a network misses, up to the rounding of its evaluation."""
    wrong = network.violation(problem) > network.allowance(problem)
    return int(np.count_nonzero(wrong.reshape(problem.n_samples, -1).any(axis=1)))


def _said_of_misses(problem: Problem | MultiClassProblem, network: Any, limit: int) -> str:
    missed, largest = _missed(problem, network), network.residual(problem)
    found = f"of at most {counted(limit, 'neurons')} the network that comes closest"
    return f"{found} misses {missed} of {problem.n_samples} rows, by up to {largest:.3g}"


def _remark(result: ExactResult | MultiClassResult) -> str:
    """Say why a network may not be the sparsest, and what to change."""
    if result.status is Status.OPTIMAL:
        unproven = "" if result.proof is Proof.EXACT else f"minimal, but {result.proof.sentence}"
        return joined(unproven, result.remark)
    counts = f"{result.upper_bound} {result.objective}, and only {result.lower_bound} are proven to be needed"
    advice = f"{result.status.sentence}: raise effort, node_limit or time_limit, or allow a tolerance"
    return joined(f"{counts}, because {advice}", _ALONG_A_LINE if _is_ridge(result) else "", result.remark)


def _is_ridge(result: ExactResult | MultiClassResult) -> bool:
    """Whether the network is a function of one projection of several features, as fallbacks are."""
    network = result.network
    if network is None or network.n_features == 1 or network.width < 3:
        return False
    return bool(np.linalg.matrix_rank(network.weights) <= 1)
