"""A scikit-learn classifier that is the sparsest network with a margin."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from sparsest.arrays import FloatArray
from sparsest.compare.estimators.shared import SparsestEstimator
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.problem import Problem


class SparsestReLUClassifier(ClassifierMixin, SparsestEstimator):  # type: ignore[misc]  # it has no types
    """The single-hidden-layer ReLU network with the fewest neurons that tells classes apart.

    For two classes `fit` asks for ``f(x) >= margin`` on the class that sorts last and ``f(x) <= -margin`` on
    the other. Several classes have an output each (`MultiClassProblem`), and that of a sample's class exceeds
    the others by the margin. It calls `sparsest.solve` as `SparsestReLURegressor` does. The fewest neurons
    are the same for every margin, because a network's outputs can be scaled.

    Parameters
    ----------
    margin : float
        Smallest ``|f(x)|`` on the right side of a training sample, or gap to another output.
    objective : str
        What is counted: "neurons", "weights" or "parameters"; "neurons" for several classes.
    affine : str
        Affine term beside the neurons, not counted: "none", "constant" (an output bias, without which one
        neuron has one sign) or "skip".
    numbers : str
        What the floats of X stand for: "decimal", "binary" or "auto", as in `Problem`.
    p, training, effort, node_limit, time_limit, random_state, n_jobs
        As for `SparsestReLURegressor`; effort is 3 by default. For several classes there is no training but
        descents of the exact side, which end after some seconds: with many data what they find depends on
        the machine.
    max_neurons : int, optional
        Most neurons of the network, a positive number. Where none so small is found that separates the
        classes, `network_` is one that comes close: with a small sum of squared distances from the margin
        (the squared hinge loss), of several classes one that puts many samples into theirs.

    Attributes
    ----------
    classes_ : array (m,)
        The classes, sorted; or the only one.
    network_ : Network or MultiOutputNetwork
        The network whose sign, or largest output, `predict` takes.
    n_missed_ : int
        Training samples within the margin or on the wrong side; 0 without `max_neurons`.
    lower_bound_, upper_bound_, proof_, status_, remark_, result_, n_features_in_
        As for `SparsestReLURegressor`.

    Examples
    --------
    >>> X = [[-3], [-2], [-1], [0], [1], [2], [3]]
    >>> model = SparsestReLUClassifier().fit(X, ["out", "out", "in", "in", "in", "out", "out"])
    >>> model.network_.width, model.lower_bound_, model.proof_
    (2, 2, 'exact')
    >>> model.predict([[-2.5], [0.5]]).tolist()
    ['out', 'in']
    """

    def __init__(  # noqa: PLR0913
        self,
        margin: float = 1.0,
        *,
        objective: str = "neurons",
        affine: str = "constant",
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
        self.margin = margin
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
            Labels of any type that sorts.

        Raises
        ------
        InputError
            (a ValueError) When equal inputs have different classes, for a parameter out of its range, or
            when no network is found.

        Warns
        -----
        ConvergenceWarning
            When the network is not known to be the sparsest, or misses samples because more neurons were not
            allowed, with `remark_`.
        """
        inputs, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        options: dict[str, Any] = {
            "margin": self.margin,
            "affine": self.affine,
            "feature_names": getattr(self, "feature_names_in_", None),
            "numbers": self.numbers,
        }
        two = len(self.classes_) <= 2
        problem = (Problem.classification if two else MultiClassProblem)(inputs, labels, **options)
        self._fit_problem(problem)
        return self

    def decision_function(self, X: ArrayLike) -> FloatArray:
        """Return the network's values at inputs (N, d).

        Of two classes (N,), positive for the one that sorts last; of several (N, m), largest for the class.
        """
        return self._values(X)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class (N,) of each input (N, d)."""
        values = self._values(X)
        if values.ndim == 2:
            return np.asarray(self.classes_[values.argmax(axis=1)])
        return np.asarray(self.classes_[np.where(values > 0, len(self.classes_) - 1, 0)])
