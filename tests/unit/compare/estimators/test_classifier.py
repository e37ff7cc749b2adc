"""The scikit-learn classifier: its interface by scikit-learn's own checks, its answers by known minima."""

import numpy as np
import pytest
from oracles import brute_force
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

import sparsest
from sparsest import InputError, Problem, SparsestReLUClassifier
from sparsest.exact.outputs import search as shared_search

UNPROVEN = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
LINE = np.arange(-3.0, 4)[:, None]


@UNPROVEN
@pytest.mark.slow
@parametrize_with_checks([SparsestReLUClassifier(effort=0.02, node_limit=20)])
def test_scikit_learn_conventions(estimator, check, monkeypatch):
    # without a limit three classes take some of so many seconds
    monkeypatch.setattr(shared_search, "_SECONDS", 0.25)
    check(estimator)


@pytest.mark.parametrize(
    ("labels", "fewest"),
    [
        # one neuron and a constant are monotone, so that their sign changes once at most
        (LINE[:, 0] > 0.5, 1),
        (np.where(np.abs(LINE[:, 0]) < 1.5, "in", "out"), 2),
        # three changes ask for slopes up, down and up; of two neurons that face each other the slopes are
        # a, a + b and b, and of two that face one way one of the three is 0
        (np.array([0, 0, 1, 1, 0, 0, 1]), 3),
    ],
)
def test_known_minima(labels, fewest):
    model = SparsestReLUClassifier().fit(LINE, labels)
    assert (model.lower_bound_, model.upper_bound_, model.proof_) == (fewest, fewest, "exact")
    assert (model.status_, model.remark_, model.n_missed_) == ("optimal", "", 0)
    assert model.classes_.tolist() == sorted(set(labels.tolist()))
    assert np.array_equal(model.predict(LINE), labels)
    sides = np.where(labels == model.classes_[1], 1, -1)
    assert (sides * model.decision_function(LINE)).min() >= 1 - 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_minima_are_those_of_brute_force(seed):
    rng = np.random.default_rng(seed)
    inputs = np.unique(rng.integers(-1, 2, (6, 2)).astype(float), axis=0)
    labels = rng.integers(0, 2, len(inputs))
    labels[0], labels[1] = 0, 1
    fewest = brute_force.minimum_neurons(Problem.classification(inputs, labels, affine="constant"), 3)
    model = SparsestReLUClassifier().fit(inputs, labels)
    assert (model.lower_bound_, model.upper_bound_) == (fewest, fewest)


def test_a_margin_scales_the_network_alone():
    labels = np.abs(LINE[:, 0]) < 1.5
    for margin in (1e-3, 50.0):
        model = SparsestReLUClassifier(margin).fit(LINE, labels)
        assert model.upper_bound_ == 2
        assert np.abs(model.decision_function(LINE)).min() >= margin * (1 - 1e-9)
    with pytest.raises(InputError, match="margin"):
        SparsestReLUClassifier(0.0).fit(LINE, labels)


def test_more_neurons_than_allowed_are_not_handed_out():
    # two are needed; one and a constant separate five rows at best, -3 to 1 or -1 to 3
    labels = np.abs(LINE[:, 0]) < 1.5
    with pytest.warns(ConvergenceWarning, match="of at most 1 neuron the network that comes closest misses"):
        model = SparsestReLUClassifier(max_neurons=1).fit(LINE, labels)
    assert (model.network_.width, model.lower_bound_, model.upper_bound_) == (1, 2, 2)
    assert model.n_missed_ >= 2
    assert 2 <= (model.predict(LINE) == labels).sum() <= 5
    with pytest.raises(InputError, match="max_neurons = 0: it must be a positive whole number"):
        SparsestReLUClassifier(max_neurons=0).fit(LINE, labels)


@pytest.mark.parametrize(
    ("labels", "fewest"),
    [
        (np.array(["low", "low", "low", "mid", "mid", "top", "top"]), 1),  # an order along the line
        (np.array([0, 0, 1, 1, 2, 0, 0]), 2),  # class 0 on both sides: one neuron is monotone
    ],
)
def test_several_classes(labels, fewest):
    model = SparsestReLUClassifier().fit(LINE, labels)
    assert (model.lower_bound_, model.upper_bound_, model.proof_) == (fewest, fewest, "exact")
    assert (model.status_, model.n_missed_, model.score(LINE, labels)) == ("optimal", 0, 1)
    values = model.decision_function(LINE)
    assert values.shape == (7, 3)
    rows = np.arange(7)
    own = values[rows, np.searchsorted(model.classes_, labels)]
    values[rows, np.searchsorted(model.classes_, labels)] = -np.inf
    assert (own - values.max(axis=1)).min() >= 1 - 1e-9


def test_several_classes_with_few_neurons():
    labels = np.array([0, 0, 1, 1, 2, 0, 0])
    with pytest.warns(ConvergenceWarning, match="of at most 1 neuron"):
        model = SparsestReLUClassifier(max_neurons=1).fit(LINE, labels)
    assert model.network_.width == 1
    assert model.upper_bound_ == 2
    assert model.n_missed_ >= 1
    assert model.score(LINE, labels) >= 5 / 7  # at best the last two, or the first two, are wrong
    with pytest.raises(InputError, match="neurons are counted"):
        SparsestReLUClassifier(objective="weights").fit(LINE, labels)


def test_one_class_is_all_that_is_ever_said():
    model = SparsestReLUClassifier().fit(LINE, ["same"] * 7)
    assert model.predict([[100.0], [-100.0]]).tolist() == ["same", "same"]


@UNPROVEN
@pytest.mark.slow
def test_it_learns_what_can_be_learned():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(120, 2))
    labels = np.abs(inputs).sum(axis=1) > 1.5
    model = SparsestReLUClassifier(max_neurons=4, effort=0.3, node_limit=20)
    assert cross_val_score(model, inputs, labels, cv=3).mean() > 0.85


def test_it_is_found_on_the_package():
    assert sparsest.SparsestReLUClassifier is SparsestReLUClassifier
