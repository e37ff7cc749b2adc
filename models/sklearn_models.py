"""scikit-learn's networks, by their attributes: scikit-learn itself is not needed to read one.

Scalers before and after the network are affine, and so part of it.
"""

import copy
from typing import Any

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.models import own_outputs, sklearn_scalers
from sparsest.models.affine_values import AffineValue, input_value, plus, product
from sparsest.models.classifiers import Decision
from sparsest.models.layer_arrays import in_columns
from sparsest.models.relu_units import SUPPORTED, HiddenUnits
from sparsest.models.sklearn_scalers import is_a
from sparsest.models.trained_model import TrainedModel, said_to_be_folded


def is_estimator(model: Any) -> bool:
    """Whether `model` is an estimator of scikit-learn, of whatever kind."""
    return hasattr(model, "get_params") and hasattr(model, "fit")


def from_estimator(model: Any) -> TrainedModel:
    """Read a fitted ``MLPRegressor``, or an ``MLPClassifier`` by its logit or its logits.

    Either may be the end of a ``Pipeline`` of affine steps, inside a ``TransformedTargetRegressor`` with an
    affine scaler, and the best of a search.

    Raises
    ------
    InputError
        For another estimator or step, or another network than one hidden layer of ReLUs.
    """
    mlp = _network_of(model)
    _refuse_unreadable(mlp)
    d = int(getattr(model, "n_features_in_", mlp.coefs_[0].shape[0]))
    units, said = HiddenUnits(), list[str]()
    output = _followed(model, input_value((d,), samples=None), units, said)
    is_classifier = isinstance(output, Decision)
    network, affine = units.network(output.logit if isinstance(output, Decision) else output)
    dtype = str(mlp.coefs_[0].dtype)
    evaluated = _without_activation(model) if is_classifier else model

    def predict(X: FloatArray) -> FloatArray:
        given = _as_fitted(model, X.astype(dtype))
        values = evaluated.predict_proba(given) if is_classifier else evaluated.predict(given)
        return in_columns(values[:, 1] if is_classifier and mlp.n_outputs_ == 1 else values, len(X))

    X = own_outputs.probes(d)
    own_outputs.verify(type(model).__name__, network, X, predict(X), dtype)
    folded = said_to_be_folded(said, ())
    folded += (output.sentence,) if isinstance(output, Decision) else ()
    return TrainedModel(
        network,
        dtype,
        "scikit-learn",
        affine,
        predict,
        folded=folded,
        is_classifier=is_classifier,
        classes=tuple(mlp.classes_.tolist()) if is_classifier else (),
        feature_names=tuple(getattr(model, "feature_names_in_", ())),
    )


# ---------------------------------------------------------------- what is inside


def _network_of(model: Any) -> Any:
    """Return the network that an estimator ends in."""
    kind = type(model).__name__
    if hasattr(model, "best_estimator_"):
        return _network_of(model.best_estimator_)
    if is_a(model, "Pipeline"):
        return _network_of(model.steps[-1][1])
    if is_a(model, "TransformedTargetRegressor"):
        if not hasattr(model, "regressor_"):
            raise InputError("the TransformedTargetRegressor is not fitted: call fit first")
        return _network_of(model.regressor_)
    if is_a(model, "BaseSearchCV"):
        raise InputError(f"the {kind} holds no fitted estimator: call fit, with refit=True")
    if hasattr(model, "network_"):
        raise InputError(f"a {kind} holds a network: give its network_, which takes the same inputs")
    if not is_a(model, "MLPRegressor") and not is_a(model, "MLPClassifier"):
        raise InputError(
            f"a {kind} is not supported: MLPRegressor and MLPClassifier are, also behind scalers"
        )
    if not hasattr(model, "coefs_"):
        raise InputError(f"the {kind} is not fitted: call fit first")
    return model


def _refuse_unreadable(mlp: Any) -> None:
    kind = type(mlp).__name__
    if mlp.activation != "relu":
        raise InputError(f"the {kind}'s activation is {mlp.activation!r}: relu is supported")
    if len(mlp.coefs_) != 2:
        raise InputError(f"the {kind} has {len(mlp.coefs_) - 1} hidden layers: {SUPPORTED}")
    if not is_a(mlp, "MLPClassifier"):
        wanted = "identity"
    elif mlp.n_outputs_ == 1:
        wanted = "logistic"
    else:
        wanted = "softmax"
        if mlp.out_activation_ == "logistic":
            raise InputError(
                f"the {kind} gives {mlp.n_outputs_} labels at once: classifiers into one of several classes "
                "are supported"
            )
    if mlp.out_activation_ != wanted:
        loss = f" with loss={mlp.loss!r}" if hasattr(mlp, "loss") else ""
        raise InputError(
            f"the {kind}{loss} puts its output through {mlp.out_activation_!r}: only {wanted!r} is supported"
        )


def _followed(model: Any, value: AffineValue, units: HiddenUnits, said: list[str]) -> AffineValue | Decision:
    """Return what an estimator makes of its inputs."""
    if hasattr(model, "best_estimator_"):
        return _followed(model.best_estimator_, value, units, said)
    if is_a(model, "Pipeline"):
        for _, step in model.steps[:-1]:
            value = sklearn_scalers.transformed(step, value, said)
        return _followed(model.steps[-1][1], value, units, said)
    if is_a(model, "TransformedTargetRegressor"):
        output = _followed(model.regressor_, value, units, said)
        assert isinstance(output, AffineValue)
        return sklearn_scalers.inverted(model.transformer_, output, said)
    hidden = units.relu(plus(product(value, model.coefs_[0]), model.intercepts_[0]))
    output = plus(product(hidden, model.coefs_[1]), model.intercepts_[1])
    if not is_a(model, "MLPClassifier"):
        return output
    return Decision(output, "logistic function" if model.n_outputs_ == 1 else "softmax")


def _without_activation(model: Any) -> Any:
    """Return a classifier whose probabilities are logits, all else being its own."""
    if hasattr(model, "best_estimator_"):
        return _without_activation(model.best_estimator_)
    twin = copy.copy(model)
    if is_a(model, "Pipeline"):
        twin.steps = [*model.steps[:-1], (model.steps[-1][0], _without_activation(model.steps[-1][1]))]
    else:
        twin.out_activation_ = "identity"
    return twin


def _as_fitted(model: Any, X: FloatArray) -> Any:
    """Return inputs with the names of columns that an estimator has seen, if it has."""
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return X
    import pandas as pd

    return pd.DataFrame(X, columns=names)
