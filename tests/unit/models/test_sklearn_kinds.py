"""scikit-learn's models as people have them: read as they predict, or refused with the step."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_regression
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from sparsest import InputError, SparsestReLURegressor
from sparsest.models import read_model

RNG = np.random.default_rng(7)
X = RNG.normal(size=(60, 3)) * [1, 100, 0.01] + [5, -3, 2]
Y = np.abs(X[:, 0] - 5) + 0.01 * X[:, 1]
CLASSES = np.where(np.median(Y) < Y, "yes", "no")
FRAME = pd.DataFrame(X, columns=["length", "width", "height"])

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def mlp(kind: Any = MLPRegressor, **options: Any) -> Any:
    return kind(**{"hidden_layer_sizes": (5,), "max_iter": 8, "random_state": 0, **options})


def targets(transformer: Any, inner: Any = None) -> Any:
    return TransformedTargetRegressor(
        inner or make_pipeline(StandardScaler(), mlp()), transformer=transformer
    )


COLUMNS = ColumnTransformer(
    [("a", StandardScaler(), ["length", "height"]), ("b", "passthrough", ["width"]), ("c", "drop", ["width"])]
)
PLACES = ColumnTransformer(
    [("a", MinMaxScaler(), [2, 0])], remainder=make_pipeline(StandardScaler(), MaxAbsScaler())
)

# name -> estimator to be fitted, what is said to be folded
REGRESSORS: dict[str, tuple[Callable[[], Any], str]] = {
    "plain": (mlp, ""),
    "StandardScaler": (lambda: make_pipeline(StandardScaler(), mlp()), "StandardScaler"),
    "StandardScaler, only centred": (
        lambda: make_pipeline(StandardScaler(with_std=False), mlp()),
        "StandardScaler",
    ),
    "StandardScaler, only scaled": (
        lambda: make_pipeline(StandardScaler(with_mean=False), mlp()),
        "StandardScaler",
    ),
    "MinMaxScaler": (lambda: make_pipeline(MinMaxScaler((-1, 1)), mlp()), "MinMaxScaler"),
    "MaxAbsScaler": (lambda: make_pipeline(MaxAbsScaler(), mlp()), "MaxAbsScaler"),
    "RobustScaler": (lambda: make_pipeline(RobustScaler(), mlp()), "RobustScaler"),
    "RobustScaler, only scaled": (
        lambda: make_pipeline(RobustScaler(with_centering=False), mlp()),
        "RobustScaler",
    ),
    "several steps": (
        lambda: make_pipeline("passthrough", None, MaxAbsScaler(), StandardScaler(), mlp()),
        "MaxAbsScaler, StandardScaler",
    ),
    "nested pipelines": (
        lambda: make_pipeline(
            make_pipeline(RobustScaler(), MinMaxScaler()), make_pipeline(MaxAbsScaler(), mlp())
        ),
        "RobustScaler, MinMaxScaler, MaxAbsScaler",
    ),
    "PCA": (lambda: make_pipeline(StandardScaler(), PCA(2), mlp()), "StandardScaler, PCA"),
    "PCA, whitened": (lambda: make_pipeline(PCA(whiten=True), mlp()), "PCA"),
    "TruncatedSVD": (lambda: make_pipeline(StandardScaler(), TruncatedSVD(2), mlp()), "TruncatedSVD"),
    "selection": (
        lambda: make_pipeline(VarianceThreshold(0.01), SelectKBest(f_regression, k=1), mlp()),
        "VarianceThreshold, SelectKBest",
    ),
    "SimpleImputer": (lambda: make_pipeline(SimpleImputer(), StandardScaler(), mlp()), "StandardScaler"),
    "FunctionTransformer without a function": (
        lambda: make_pipeline(FunctionTransformer(), StandardScaler(), mlp()),
        "StandardScaler",
    ),
    "columns by name": (lambda: make_pipeline(COLUMNS, mlp()), "StandardScaler"),
    "columns by place": (lambda: make_pipeline(PLACES, mlp()), "MinMaxScaler, StandardScaler, MaxAbsScaler"),
    "scaled target": (lambda: targets(StandardScaler()), "StandardScaler, StandardScaler of the target"),
    "target between 0 and 1": (lambda: targets(MinMaxScaler()), "MinMaxScaler of the target"),
    "target by its largest": (lambda: targets(MaxAbsScaler(), mlp()), "MaxAbsScaler of the target"),
    "target by quartiles": (lambda: targets(RobustScaler(), mlp()), "RobustScaler of the target"),
    "target as it is": (lambda: targets(None, mlp()), ""),
    "target by two scalers": (
        lambda: targets(make_pipeline(RobustScaler(), MinMaxScaler()), mlp()),
        "MinMaxScaler of the target, RobustScaler of the target",
    ),
    "grid search": (
        lambda: GridSearchCV(
            make_pipeline(StandardScaler(), mlp()), {"mlpregressor__alpha": [1e-4, 1]}, cv=2
        ),
        "StandardScaler",
    ),
    "random search inside": (
        lambda: make_pipeline(
            StandardScaler(), RandomizedSearchCV(mlp(), {"alpha": [0.1, 1]}, n_iter=2, cv=2, random_state=0)
        ),
        "StandardScaler",
    ),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_what_was_read_is_what_the_estimator_predicts(name: str) -> None:
    make, words = REGRESSORS[name]
    inputs: Any = FRAME if name == "columns by name" else X
    model = make().fit(inputs, Y)
    read = read_model(model)
    assert (read.source, read.dtype, read.affine, read.network.width) == (
        "scikit-learn", "float64", "constant", 5,
    )  # fmt: skip
    assert words in "; ".join(read.folded)
    assert bool(words) == bool(read.folded)
    own = model.predict(inputs)
    np.testing.assert_array_equal(read.predict(X), own)
    np.testing.assert_allclose(read.network(X), own, rtol=1e-12, atol=1e-12 * size_of(read.network))


def size_of(network: Any) -> float:
    """Size of the terms whose sum a network computes, which rounding is relative to."""
    folded = np.abs(network.folded)
    return float(np.max((np.abs(X) @ folded[:, :-1].T + folded[:, -1]).sum(axis=1)) + abs(network.affine[-1]))


def test_single_precision() -> None:
    inputs = X.astype(np.float32)
    model = make_pipeline(StandardScaler(), mlp()).fit(inputs, Y.astype(np.float32))
    read = read_model(model)
    assert read.dtype == "float32"
    own = model.predict(inputs)
    values = read.network(inputs.astype(np.float64))
    np.testing.assert_allclose(values, own, atol=1e-6 * size_of(read.network))


@pytest.mark.parametrize(
    "make",
    [
        lambda: mlp(MLPClassifier),
        lambda: make_pipeline(StandardScaler(), mlp(MLPClassifier)),
        lambda: GridSearchCV(
            make_pipeline(StandardScaler(), mlp(MLPClassifier)), {"mlpclassifier__alpha": [1e-4, 1]}, cv=2
        ),
    ],
)
def test_the_logit_of_a_classifier(make: Callable[[], Any]) -> None:
    model = make().fit(X, CLASSES)
    read = read_model(model)
    assert read.is_classifier
    assert read.classes == ("no", "yes")
    assert "logistic function is left aside" in read.folded[-1]
    expected = model.predict_proba(X)[:, 1]
    for logit in (read.network(X), read.predict(X)):
        np.testing.assert_allclose(1 / (1 + np.exp(-logit)), expected, rtol=1e-11)
        assert np.array_equal(np.where(logit > 0, "yes", "no"), model.predict(X))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "poisson": (lambda: mlp(loss="poisson").fit(X, Y), "loss='poisson' puts its output through 'exp'"),
    "tanh": (lambda: mlp(activation="tanh").fit(X, Y), "activation is 'tanh'"),
    "identity": (lambda: mlp(activation="identity").fit(X, Y), "activation is 'identity'"),
    "two hidden layers": (lambda: mlp(hidden_layer_sizes=(3, 3)).fit(X, Y), "2 hidden layers"),
    "three labels": (
        lambda: mlp(MLPClassifier).fit(X, np.eye(3, dtype=int)[np.arange(60) % 3]),
        "gives 3 labels at once: classifiers into one of several classes",
    ),
    "PowerTransformer": (
        lambda: make_pipeline(PowerTransformer(), mlp()).fit(X, Y),
        "PowerTransformer, which is not",
    ),
    "PolynomialFeatures": (
        lambda: make_pipeline(PolynomialFeatures(), mlp()).fit(X, Y),
        "PolynomialFeatures",
    ),
    "clipping": (lambda: make_pipeline(MinMaxScaler(clip=True), mlp()).fit(X, Y), "clips its inputs"),
    "a function": (
        lambda: make_pipeline(FunctionTransformer(np.abs), mlp()).fit(X, Y),
        "FunctionTransformer holds a function",
    ),
    "a function of the target": (
        lambda: TransformedTargetRegressor(mlp(), func=np.arcsinh, inverse_func=np.sinh).fit(X, Y),
        "FunctionTransformer holds a function",
    ),
    "PowerTransformer of the target": (lambda: targets(PowerTransformer()).fit(X, Y), "target goes through"),
    "indicators": (
        lambda: make_pipeline(SimpleImputer(add_indicator=True), mlp()).fit(X, Y),
        "SimpleImputer adds columns",
    ),
    "a forest": (lambda: RandomForestRegressor(2).fit(X, Y), "RandomForestRegressor is not supported"),
    "a forest behind a scaler": (
        lambda: make_pipeline(StandardScaler(), RandomForestRegressor(2)).fit(X, Y),
        "RandomForestRegressor is not",
    ),
    "not fitted": (lambda: make_pipeline(StandardScaler(), mlp()), "not fitted"),
    "scaler not fitted": (
        lambda: make_pipeline(StandardScaler(), mlp().fit(X, Y)),
        "StandardScaler is not fitted",
    ),
    "search not fitted": (lambda: GridSearchCV(mlp(), {}), "holds no fitted estimator"),
    "target not fitted": (lambda: targets(None), "not fitted"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_stays_refused_says_why(name: str) -> None:
    make, words = REFUSED[name]
    with pytest.raises(InputError, match=words) as caught:
        read_model(make())
    assert "\n" not in str(caught.value)


class Doubled(MLPRegressor):
    """Predicts something else than its layers compute."""

    def predict(self, X: Any) -> Any:
        return 2 * super().predict(X)


def test_a_changed_prediction_is_noticed() -> None:
    with pytest.raises(InputError, match=r"the Doubled computes .* not seen"):
        read_model(mlp(Doubled).fit(X, Y))


def test_names_of_columns_are_kept():
    assert read_model(mlp().fit(FRAME, Y)).feature_names == ("length", "width", "height")
    assert read_model(make_pipeline(StandardScaler(), mlp()).fit(FRAME, Y)).feature_names[0] == "length"
    assert read_model(mlp().fit(X, Y)).feature_names == ()


def test_an_estimator_of_this_project_is_told_to_give_its_network():
    model = SparsestReLURegressor().fit([[0.0], [1.0], [2.0]], [0, 1, 0])
    for given in (model, make_pipeline(StandardScaler(), model)):
        with pytest.raises(InputError, match="a SparsestReLURegressor holds a network: give its network_"):
            read_model(given)
    assert read_model(model.network_).network.width == 2
