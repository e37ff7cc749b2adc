"""Networks as estimators of scikit-learn."""

from typing import TYPE_CHECKING

import numpy as np

from sparsest.errors import InputError
from sparsest.models.layer_arrays import AnyNetwork, layers_of

if TYPE_CHECKING:
    from sklearn.neural_network import MLPRegressor


def to_mlp_regressor(network: AnyNetwork) -> "MLPRegressor":
    """Return a fitted ``MLPRegressor`` that computes a network's values.

    Of several outputs it predicts an array (N, m). A network without a neuron gets one that is never
    active, which scikit-learn needs.

    Raises
    ------
    InputError
        For a network with a skip branch, which scikit-learn has not.

    Examples
    --------
    >>> from sparsest import Network, models
    >>> ramp = models.to_mlp_regressor(Network([[1]], [0], [1]))
    >>> ramp.predict([[-1.0], [2.0]])
    array([0., 2.])
    """
    from sklearn.neural_network import MLPRegressor

    weights, biases, outputs, affine = layers_of(network)
    m, d = len(outputs), network.n_features
    if affine is None:
        affine = np.zeros((m, d + 1))
    if affine[:, :-1].any():
        raise InputError("an MLPRegressor has no skip branch: write another format")
    if len(weights) == 0:
        weights, biases, outputs = np.zeros((1, d)), np.zeros(1), np.zeros((m, 1))
    model = MLPRegressor(hidden_layer_sizes=(len(weights),), activation="relu")
    model.coefs_ = [np.array(weights.T), np.array(outputs.T)]
    model.intercepts_ = [np.array(biases), np.array(affine[:, -1])]
    model.n_layers_, model.n_outputs_, model.out_activation_ = 3, m, "identity"
    model.n_features_in_, model.n_iter_, model.t_ = d, 0, 0
    return model
