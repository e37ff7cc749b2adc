"""A scikit-learn regressor that is the sparsest network within a tolerance."""

import warnings
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike

from sparsest.arrays import FloatArray
from sparsest.compare.find_and_prove import solve
from sparsest.errors import InputError
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.solving import ExactResult, Proof, Status
from sparsest.sentences import joined

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("the regressor needs scikit-learn: pip install 'sparsest[sklearn]'") from error

_ALONG_A_LINE: Final = "it merely joins the labels along a line through the inputs, so it is not sparse"

# Effort of training for exact labels and for those within a tolerance.
_EFFORT: Final = (0.2, 3.0)
# A node takes time about as the data have numbers: 1 to 3 ms at N = 20 to 30 and d = 2 or 3.
_NODES_TIMES_NUMBERS: Final = 20_000
_NODES: Final = (20, 10_000)
# Times as many for weights and parameters: xor, peak-plateau and convex need up to 4.
_MORE_NODES: Final = 4


class SparsestReLURegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The single-hidden-layer ReLU network with the fewest neurons that fits within a tolerance.

    `fit` is `sparsest.solve`: where a short exact search does not close, a network is trained
    (`sparsest.continuous.find_sparse`) and handed to the exact side (`sparsest.exact.solve`), which bounds
    the smallest count and may find a sparser one. Without a time limit equal data and parameters give equal
    networks. The limits that are set by default end a fit after about a second, or a few seconds within a
    tolerance; where the bounds have not met by then, `fit` warns, and `remark_` says what to raise.

    Parameters
    ----------
    tolerance : float
        Largest error allowed on a training sample; 0 asks for interpolation.
    objective : str
        What is counted: "neurons", "weights" or "parameters".
    affine : str
        Affine term beside the neurons, not counted: "none", "constant" (an output bias) or "skip".
    numbers : str
        What the floats of X and y stand for: "decimal", "binary" or "auto", as in `Problem`.
    p : float
        Of networks with the same count, training prefers that of smallest l^p path norm.
    training : bool
        Whether to train at all; without it the exact side alone looks for networks.
    effort : float, "auto" or None
        Effort that training may spend, counted instead of timed: about the seconds of one core. By default
        0.2 for exact labels, and 3 within a tolerance, where labels may be noisy. None for what
        `sparsest.solve` spends: 5, or half of a time limit.
    node_limit : int, "auto" or None
        Nodes after which the exact side stops and leaves an interval. By default as many as take some tenths
        of a second, by the size of the data: 20,000 / (N (d + 1)), from 20 to 10,000; four times as many for
        weights and parameters.
    time_limit : float or None
        Seconds for training and for the exact side together. What is found then depends on the machine.
    random_state : int or None
        Seed of training; None means 0.
    n_jobs : int or None
        Processes of the exact side; None means 1.

    Attributes
    ----------
    network_ : Network
        The network that `predict` evaluates.
    lower_bound_, upper_bound_ : int
        No network that fits has fewer; `network_` has so many.
    proof_ : str
        What the bounds rest on: "exact" (rational arithmetic) or "numerical".
    status_ : str
        Why the exact side stopped; "optimal" when the bounds met.
    remark_ : str
        Why `network_` may not be the sparsest, and what to change; empty when it is proven to be.
    result_ : ExactResult
        Everything else it says.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> model = SparsestReLURegressor().fit([[-2], [-1], [0], [1], [2], [3]], [0, 0, 1, 1, 0, 0])
    >>> model.network_.width, model.lower_bound_, model.proof_
    (3, 3, 'exact')
    >>> model.predict([[-0.5], [1.5]])
    array([0.5, 0.5])
    """

    def __init__(  # noqa: PLR0913
        self,
        tolerance: float = 0.0,
        *,
        objective: str = "neurons",
        affine: str = "none",
        numbers: str = "auto",
        p: float = 0.4,
        training: bool = True,
        effort: float | str | None = "auto",
        node_limit: int | str | None = "auto",
        time_limit: float | None = None,
        random_state: int | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.tolerance = tolerance
        self.objective = objective
        self.affine = affine
        self.numbers = numbers
        self.p = p
        self.training = training
        self.effort = effort
        self.node_limit = node_limit
        self.time_limit = time_limit
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the sparsest network.

        Parameters
        ----------
        X : array-like (N, d)
            Inputs.
        y : array-like (N,)
            Labels.

        Raises
        ------
        InputError
            (a ValueError) When no network fits, because equal inputs have labels further apart than the
            tolerance allows, or for a parameter out of its range.

        Warns
        -----
        ConvergenceWarning
            When the network is not known to be the sparsest, with `remark_`.
        """
        inputs, labels = validate_data(self, X, y, y_numeric=True, dtype=np.float64)
        problem = Problem(
            inputs,
            labels,
            affine=self.affine,
            tolerance=self.tolerance,
            feature_names=getattr(self, "feature_names_in_", None),
            numbers=self.numbers,
        )
        self.result_ = self._solved(problem)
        if self.result_.network is None:
            raise InputError(f"no network was found that fits: {self.result_.status.sentence}")
        self.network_ = self.result_.network
        self.lower_bound_, self.upper_bound_ = self.result_.lower_bound, self.result_.upper_bound
        self.proof_, self.status_ = str(self.result_.proof), str(self.result_.status)
        self.remark_ = _remark(self.result_)
        if self.result_.status is not Status.OPTIMAL:
            warnings.warn(self.remark_, ConvergenceWarning, stacklevel=2)
        return self

    def predict(self, X: ArrayLike) -> FloatArray:
        """Return the network's values (N,) at inputs (N, d)."""
        check_is_fitted(self)
        return self.network_(validate_data(self, X, reset=False, dtype=np.float64))

    def _solved(self, problem: Problem) -> ExactResult:
        effort: Any = _EFFORT[self.tolerance > 0] if self.effort == "auto" else self.effort
        nodes: Any = _nodes(problem, self.objective) if self.node_limit == "auto" else self.node_limit
        return solve(
            problem,
            self.objective,
            training=self.training,
            p=self.p,
            seed=self.random_state or 0,
            effort_limit=effort,
            node_limit=nodes,
            time_limit=self.time_limit,
            workers=self.n_jobs or 1,
        )


def _nodes(problem: Problem, objective: str) -> int:
    """Return how many nodes take some tenths of a second, or a second where weights or parameters count."""
    numbers = problem.n_samples * (problem.n_features + 1)
    nodes = min(max(_NODES_TIMES_NUMBERS // numbers, _NODES[0]), _NODES[1])
    return nodes if objective == Objective.NEURONS else nodes * _MORE_NODES


def _remark(result: ExactResult) -> str:
    """Say why a network may not be the sparsest, and what to change."""
    if result.status is Status.OPTIMAL:
        unproven = "" if result.proof is Proof.EXACT else f"minimal, but {result.proof.sentence}"
        return joined(unproven, result.remark)
    counts = f"{result.upper_bound} {result.objective}, and only {result.lower_bound} are proven to be needed"
    advice = f"{result.status.sentence}: raise effort, node_limit or time_limit, or allow a tolerance"
    return joined(f"{counts}, because {advice}", _ALONG_A_LINE if _is_ridge(result) else "", result.remark)


def _is_ridge(result: ExactResult) -> bool:
    """Whether the network is a function of one projection of several features, as fallbacks are."""
    network = result.network
    if network is None or network.n_features == 1 or network.width < 3:
        return False
    return bool(np.linalg.matrix_rank(network.weights) <= 1)
