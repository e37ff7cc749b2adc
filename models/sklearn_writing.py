"""Networks as estimators of scikit-learn."""

from typing import TYPE_CHECKING

import numpy as np

from sparsest.errors import InputError
from sparsest.network import Network

if TYPE_CHECKING:
    from sklearn.neural_network import MLPRegressor


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
