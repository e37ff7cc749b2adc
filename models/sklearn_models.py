"""scikit-learn's MLPRegressor, by its attributes: scikit-learn itself is not needed to read one."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sparsest.affine import Affine
from sparsest.errors import InputError
from sparsest.models.trained_model import TrainedModel, affine_term
from sparsest.network import Network

if TYPE_CHECKING:
    from sklearn.neural_network import MLPRegressor


def is_estimator(model: Any) -> bool:
    """Whether `model` is an estimator of scikit-learn, of whatever kind."""
    return hasattr(model, "get_params") and hasattr(model, "fit")


def from_estimator(model: Any) -> TrainedModel:
    """Read a fitted ``MLPRegressor``.

    Raises
    ------
    InputError
        For another estimator, or another network than one hidden layer of ReLUs and one output.
    """
    kind = type(model).__name__
    if "MLPRegressor" not in [base.__name__ for base in type(model).__mro__]:
        raise InputError(f"a {kind} is not supported: give an MLPRegressor, taken out of its pipeline")
    if not hasattr(model, "coefs_"):
        raise InputError("the MLPRegressor is not fitted: call fit first")
    if model.activation != "relu":
        raise InputError(f"the MLPRegressor's activation is {model.activation!r}: relu is supported")
    if len(model.coefs_) != 2 or model.n_outputs_ != 1:
        raise InputError(
            f"the MLPRegressor has {len(model.coefs_) - 1} hidden layers and {model.n_outputs_} outputs: "
            "one of each is supported"
        )
    hidden, output = (np.asarray(part) for part in model.coefs_)
    network = Network(
        hidden.T, model.intercepts_[0], output[:, 0], affine_term(None, model.intercepts_[1], len(hidden))
    )
    return TrainedModel(
        network, str(hidden.dtype), "scikit-learn", Affine.CONSTANT,
        lambda X: np.asarray(model.predict(X.astype(hidden.dtype)), dtype=np.float64),
    )  # fmt: skip


def to_mlp_regressor(network: Network) -> "MLPRegressor":
    """Return a fitted ``MLPRegressor`` that computes a network's values.

    A network without a neuron gets one that is never active, which scikit-learn needs.

    Raises
    ------
    InputError
        For a network with a skip branch, which scikit-learn has not.
    """
    from sklearn.neural_network import MLPRegressor

    affine = np.zeros(network.n_features + 1) if network.affine is None else network.affine
    if affine[:-1].any():
        raise InputError("an MLPRegressor has no skip branch: write another format")
    weights, biases, outputs = network.weights, network.biases, network.outputs
    if network.width == 0:
        weights, biases, outputs = np.zeros((1, network.n_features)), np.zeros(1), np.zeros(1)
    model = MLPRegressor(hidden_layer_sizes=(len(outputs),), activation="relu")
    model.coefs_ = [np.array(weights.T), np.array(outputs[:, None])]
    model.intercepts_ = [np.array(biases), np.array(affine[-1:])]
    model.n_layers_, model.n_outputs_, model.out_activation_ = 3, 1, "identity"
    model.n_features_in_, model.n_iter_, model.t_ = network.n_features, 0, 0
    return model
