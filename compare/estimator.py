"""A scikit-learn regressor that is the sparsest network within a tolerance."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sparsest.arrays import FloatArray
from sparsest.compare.find_and_prove import solve
from sparsest.errors import InputError
from sparsest.exact import solve as prove
from sparsest.problem import Problem
from sparsest.results.solving import ExactResult

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("the regressor needs scikit-learn: pip install 'sparsest[sklearn]'") from error


class SparsestReLURegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The single-hidden-layer ReLU network with the fewest neurons that fits within a tolerance.

    `fit` trains a network (`sparsest.continuous.minimize`) and hands it to the exact side
    (`sparsest.exact.solve`), which bounds the smallest count and may find a sparser one. Without a time limit
    equal data and parameters give equal networks.

    Parameters
    ----------
    tolerance : float
        Largest error allowed on a training sample; 0 asks for interpolation.
    objective : str
        What is counted: "neurons", "weights" or "parameters".
    affine : str
        Affine term beside the neurons, not counted: "none", "constant" (an output bias) or "skip".
    p : float
        Exponent of the path norm that training minimises.
    training : bool
        Whether to train at all; without it the exact side alone looks for networks.
    node_limit : int or None
        Nodes after which the exact side stops and leaves an interval.
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
        p: float = 0.4,
        training: bool = True,
        node_limit: int | None = 10_000,
        time_limit: float | None = None,
        random_state: int | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.tolerance = tolerance
        self.objective = objective
        self.affine = affine
        self.p = p
        self.training = training
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
        """
        inputs, labels = validate_data(self, X, y, y_numeric=True, dtype=np.float64)
        problem = Problem(
            inputs,
            labels,
            affine=self.affine,
            tolerance=self.tolerance,
            feature_names=getattr(self, "feature_names_in_", None),
        )
        self.result_ = self._solved(problem)
        if self.result_.network is None:
            raise InputError(f"no network was found that fits: {self.result_.status.sentence}")
        self.network_ = self.result_.network
        self.lower_bound_, self.upper_bound_ = self.result_.lower_bound, self.result_.upper_bound
        self.proof_, self.status_ = str(self.result_.proof), str(self.result_.status)
        return self

    def predict(self, X: ArrayLike) -> FloatArray:
        """Return the network's values (N,) at inputs (N, d)."""
        check_is_fitted(self)
        return self.network_(validate_data(self, X, reset=False, dtype=np.float64))

    def _solved(self, problem: Problem) -> ExactResult:
        options: dict[str, Any] = {
            "time_limit": self.time_limit,
            "node_limit": self.node_limit,
            "workers": self.n_jobs or 1,
        }
        if self.training:
            return solve(problem, self.objective, p=self.p, seed=self.random_state or 0, **options)
        return prove(problem, self.objective, **options)
