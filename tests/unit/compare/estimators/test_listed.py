"""The estimators are found and described as scikit-learn finds and describes its own."""

import inspect
import re

import pytest

import sparsest

base = pytest.importorskip("sklearn.base")


def listed():
    """What `sklearn.utils.all_estimators` would list of this package: public, concrete estimators by name."""
    found = ((name, getattr(sparsest, name)) for name in sparsest.__all__)
    classes = {name: each for name, each in found if inspect.isclass(each)}
    return {
        name: each
        for name, each in classes.items()
        if issubclass(each, base.BaseEstimator) and not inspect.isabstract(each)
    }


def test_both_estimators_are_listed_by_type():
    estimators = listed()
    assert set(estimators) == {"SparsestReLURegressor", "SparsestReLUClassifier"}
    assert {name for name, each in estimators.items() if base.is_regressor(each())} == {
        "SparsestReLURegressor"
    }
    assert {name for name, each in estimators.items() if base.is_classifier(each())} == {
        "SparsestReLUClassifier"
    }


@pytest.mark.parametrize("name", ["SparsestReLURegressor", "SparsestReLUClassifier"])
def test_every_parameter_is_documented_and_kept_as_given(name):
    estimator = listed()[name]
    described = (inspect.getdoc(estimator) or "").partition("Attributes\n")[0]
    for parameter, value in estimator().get_params().items():
        assert re.search(rf"^[\w, ]*\b{parameter}\b", described, re.MULTILINE)
        assert inspect.signature(estimator).parameters[parameter].default == value
    assert type(base.clone(estimator(max_neurons=3))) is estimator
