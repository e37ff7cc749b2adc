"""Networks as estimators of scikit-learn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsest.errors import InputError
from sparsest.models.layer_arrays import AnyNetwork, layers_of

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier, MLPRegressor


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

    return _filled(MLPRegressor, network, "identity")


def to_mlp_classifier(network: AnyNetwork, classes: Sequence[Any]) -> "MLPClassifier":
    """Return a fitted ``MLPClassifier`` whose logits are a network's values.

    Parameters
    ----------
    network : Network or MultiOutputNetwork
        One output, positive for the second of two classes, or one for each of several classes.
    classes : sequence
        The classes in the order of the outputs, which has to be a sorted one.

    Raises
    ------
    InputError
        For a network with a skip branch, and where classes and outputs do not fit together.

    Examples
    --------
    >>> from sparsest import Network, models
    >>> above = models.to_mlp_classifier(Network([[1]], [0], [1], affine=[0, -0.5]), ["no", "yes"])
    >>> above.predict([[0.0], [2.0]]).tolist()
    ['no', 'yes']
    """
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import LabelBinarizer

    names, outputs = np.asarray(classes), len(layers_of(network).outputs)
    if len(names) != (2 if outputs == 1 else outputs) or outputs == 2:
        raise InputError(
            f"{len(names)} classes and {outputs} outputs: one output for two classes, or one for each of "
            "more, is needed"
        )
    if not np.array_equal(names, np.unique(names)):
        raise InputError("an MLPClassifier has its classes sorted: sort them, and the outputs with them")
    model = _filled(MLPClassifier, network, "logistic" if outputs == 1 else "softmax")
    model.classes_, model._label_binarizer = names, LabelBinarizer().fit(names)
    return model


def _filled(kind: Any, network: AnyNetwork, activation: str) -> Any:
    """Return an estimator that holds a network's numbers."""
    weights, biases, outputs, affine = layers_of(network)
    m, d = len(outputs), network.n_features
    if affine is None:
        affine = np.zeros((m, d + 1))
    if affine[:, :-1].any():
        raise InputError(f"an {kind.__name__} has no skip branch: write another format")
    if len(weights) == 0:
        weights, biases, outputs = np.zeros((1, d)), np.zeros(1), np.zeros((m, 1))
    model = kind(hidden_layer_sizes=(len(weights),), activation="relu")
    model.coefs_ = [np.array(weights.T), np.array(outputs.T)]
    model.intercepts_ = [np.array(biases), np.array(affine[:, -1])]
    model.n_layers_, model.n_outputs_, model.out_activation_ = 3, m, activation
    model.n_features_in_, model.n_iter_, model.t_ = d, 0, 0
    return model
