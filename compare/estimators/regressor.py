"""A scikit-learn regressor that is the sparsest network within a tolerance."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils.validation import validate_data

from sparsest.arrays import FloatArray
from sparsest.compare.estimators.shared import SparsestEstimator
from sparsest.problem import Problem


class SparsestReLURegressor(RegressorMixin, SparsestEstimator):  # type: ignore[misc]  # it has no types
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
    max_neurons : int, optional
        Most neurons of the network, a positive number. Where none so small is found that fits, `network_` is
        one that comes close: with a small sum of squared distances beyond the tolerance.
    random_state : int, RandomState or None
        Seed of training; None means 0.
    n_jobs : int or None
        Processes of the exact side; None means 1, -1 all processors.

    Attributes
    ----------
    network_ : Network
        The network that `predict` evaluates.
    lower_bound_, upper_bound_ : int
        No network that fits has fewer; one that fits has so many, and is `network_` unless it has more than
        `max_neurons`.
    proof_ : str
        What the bounds rest on: "exact" (rational arithmetic) or "numerical".
    status_ : str
        Why the exact side stopped; "optimal" when the bounds met.
    remark_ : str
        Why `network_` may not be the sparsest, and what to change; empty when it is proven to be.
    n_missed_ : int
        Training samples that `network_` misses by more than the tolerance; 0 without `max_neurons`.
    result_ : ExactResult
        Everything else that `sparsest.solve` says.
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
        max_neurons: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
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
        self.max_neurons = max_neurons
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
            When the network is not known to be the sparsest, or misses labels because more neurons were not
            allowed, with `remark_`.
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
        self._fit_problem(problem)
        return self

    def predict(self, X: ArrayLike) -> FloatArray:
        """Return the network's values (N,) at inputs (N, d)."""
        return self._values(X)
