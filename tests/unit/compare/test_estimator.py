"""The scikit-learn regressor: its interface by scikit-learn's own checks, its answers by known minima."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import sparsest
from sparsest import InputError, SparsestReLURegressor, datasets


@parametrize_with_checks([SparsestReLURegressor(training=False, node_limit=20)])
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("name", "minimum"), [("peak-plateau", 3), ("xor", 2), ("zigzag", 5)])
@pytest.mark.slow
def test_known_minima(name, minimum):
    data = datasets.load(name)
    model = SparsestReLURegressor().fit(data.X, data.y)
    assert (model.lower_bound_, model.upper_bound_, model.network_.width) == (minimum, minimum, minimum)
    assert (model.proof_, model.status_) == ("exact", "optimal")
    assert model.score(data.X, data.y) == 1.0


@pytest.mark.slow
def test_a_tolerance_costs_neurons_less():
    # |x| but for errors of 0.01: two neurons with a tolerance, and more to meet every label
    x = np.linspace(-1, 1, 9)[:, None]
    y = np.abs(x[:, 0]) + 0.01 * np.array([1, -1, 1, -1, 0, 1, -1, 1, -1])
    coarse, fine = SparsestReLURegressor(0.01).fit(x, y), SparsestReLURegressor().fit(x, y)
    assert coarse.upper_bound_ == 2 < fine.lower_bound_
    assert np.abs(coarse.predict(x) - y).max() <= 0.01 + 1e-12


@pytest.mark.slow
def test_equal_parameters_give_equal_networks():
    data = datasets.load("uniform", d=2, n=10, seed=3)
    models = [SparsestReLURegressor(node_limit=50, random_state=7) for _ in range(2)]
    first, second = (clone(model).fit(data.X, data.y) for model in models)
    assert first.network_ == second.network_
    assert first.lower_bound_ <= first.upper_bound_


def test_limits_leave_an_interval():
    data = datasets.load("uniform", d=2, n=16)
    model = SparsestReLURegressor(time_limit=1.0, node_limit=None).fit(data.X, data.y)
    assert model.lower_bound_ < model.upper_bound_
    assert model.status_ == "time_limit"
    assert np.allclose(model.predict(data.X), data.y, atol=1e-8)


def test_in_a_pipeline_and_a_grid_search():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 2))
    y = np.maximum(0, X[:, 0] - 0.3) - 0.5 * np.maximum(0, X[:, 1])
    model = make_pipeline(StandardScaler(), SparsestReLURegressor(1e-6, node_limit=500))
    search = GridSearchCV(model, {"sparsestrelurregressor__tolerance": [1e-6, 0.3]}, cv=2)
    with pytest.raises(ValueError, match="Invalid parameter"):
        search.fit(X, y)
    search = GridSearchCV(model, {"sparsestreluregressor__tolerance": [1e-6, 0.3]}, cv=2).fit(X, y)
    assert search.best_params_ == {"sparsestreluregressor__tolerance": 1e-6}
    assert search.best_estimator_[-1].upper_bound_ == 2


def test_contradictory_labels_are_refused_in_a_sentence():
    with pytest.raises(InputError, match=r"equal|same"):
        SparsestReLURegressor().fit([[0.0], [0.0]], [0.0, 1.0])


def test_it_is_found_on_the_package():
    assert sparsest.SparsestReLURegressor is SparsestReLURegressor
