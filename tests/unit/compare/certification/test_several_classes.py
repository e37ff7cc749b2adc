"""Classifiers of several classes: verdicts known by hand, what is asked, ties, and networks written back."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sparsest
from sparsest import InputError, Judgement, MultiClassProblem, MultiOutputNetwork, check_proof
from sparsest.models import read_model, write_model

# Outputs 0.5, t and 4 t - 12 of t = max(0, x): class 0 below 0.5, 1 up to 4, 2 from there on. The neuron is
# there twice, and beside one that is never active.
TERMS = [[0, 0.5], [0, 0], [0, -12]]
WIDE = MultiOutputNetwork([[1], [2], [-1]], [0, 0, -9], [[0, 0.5, 2], [0, 0.25, 1], [1, 2, 3]], TERMS)
ONE = MultiOutputNetwork([[1]], [0], [[0, 1, 4]], TERMS)
X = np.array([[-2.0], [-1.0], [1.0], [2.0], [3.0], [5.0], [6.0]])
NAMES = np.array(["a", "a", "b", "b", "b", "c", "c"])
NUMBERS = [0, 0, 1, 1, 1, 2, 2]


def classifier(network, softmax=False):
    """A torch module with output biases, which is a network with a constant."""
    layers = [torch.nn.Linear(1, network.width), torch.nn.ReLU(), torch.nn.Linear(network.width, 3)]
    model = torch.nn.Sequential(*layers, *[torch.nn.Softmax(dim=1)] * softmax).double()
    numbers = (network.weights, network.biases, network.outputs.T, network.affine[:, -1])
    with torch.no_grad():
        for parameter, values in zip(model.parameters(), numbers, strict=True):
            parameter.copy_(torch.tensor(values))
    return model


def test_one_neuron_does_what_three_do(tmp_path):
    """One neuron puts three classes into an order along the line; none, with a constant, tells none apart."""
    found = sparsest.certify(classifier(WIDE), X, NUMBERS, proof_file=tmp_path / "p.json", time_limit=20)
    assert found.judgement is Judgement.SPARSER_EXISTS
    assert (found.count, found.lower_bound, found.upper_bound) == (3, 1, 1)
    assert found.against == "labels"
    # outputs are 0.5, 1, -8 at x = 1, 0.5, 0, -12 at -1 and 0.5, 3, 0 at 3: the least gap is 0.5
    assert found.margin == pytest.approx(0.5, rel=0.2)
    assert found.margin <= 0.5
    assert (found.given_skill.accuracy, found.network_skill.accuracy, found.agreement) == (1, 1, 1)
    checked = check_proof(tmp_path / "p.json", found.problem)
    assert (checked.lower_bound, checked.upper_bound) == (1, 1)
    assert "3 classes" in found.summary()
    assert found.network(X).argmax(axis=1).tolist() == NUMBERS


def test_a_network_that_is_sparsest():
    found = sparsest.certify(classifier(ONE), X, NUMBERS, time_limit=20)
    assert found.judgement is Judgement.SPARSEST
    # beside skips no neuron is needed: affine functions alone put classes into an order
    assert sparsest.certify(ONE, X, NUMBERS, time_limit=20).upper_bound == 0


@pytest.mark.parametrize("labels", [NUMBERS, np.array(NUMBERS)[:, None], NAMES])
def test_labels_are_numbers_or_names_in_order(labels):
    assert sparsest.certify(WIDE, X, labels, time_limit=5).against == "labels"


def test_its_own_classes_where_labels_are_wrong_or_absent():
    wrong = [1, *NUMBERS[1:]]
    found = sparsest.certify(WIDE, X, wrong, time_limit=5)
    assert found.against == "model"
    assert found.given_skill.accuracy == found.network_skill.accuracy == pytest.approx(6 / 7)
    own = sparsest.certify(WIDE, X, margin=0.25, time_limit=5)
    assert (own.against, own.margin) == ("model", 0.25)
    assert own.given_skill.accuracy == 1
    with pytest.raises(InputError, match="does not put row 0 into the class of the label"):
        sparsest.certify(WIDE, X, wrong, against="labels")
    missed = sparsest.certify(WIDE, X, wrong, margin=0.25, time_limit=5)
    assert missed.judgement is Judgement.NOT_INTERPOLATING
    assert "1 of 7 rows" in missed.reason
    assert "row 0" in missed.reason


def test_ties_are_named():
    # at x = 0.5 outputs are 0.5, 0.5, -10; at x = 4 they are 0.5, 4, 4
    with pytest.raises(InputError, match=r"outputs of 0 and 1 are equal on row 7, .* leave out rows 7, 8"):
        sparsest.certify(WIDE, [*X.tolist(), [0.5], [4.0]], margin=0.1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"y": [0, 1, 2, 3, 4, 5, 6]}, "labels hold 7 classes"),
        ({"y": np.arange(7) / 10}, "the model has 3 outputs and y one label a row, 7 different numbers"),
        ({"y": NUMBERS, "against": "nothing"}, "choose one of"),
        ({"y": NUMBERS, "margin": -1.0}, "margin = -1.0"),
        ({"y": NUMBERS, "share_of_range": 0.1}, "a classifier has a margin"),
        ({"y": WIDE(X), "margin": 1.0}, "a margin was given, and labels of several outputs"),
        ({"margin": 1.0, "tolerance": 1.0}, "a tolerance is given as well"),
        ({"margin": 1.0, "against": "labels"}, "there are no labels"),
        ({"y": NUMBERS, "objective": "weights"}, "several outputs: leave it out"),
    ],
)
def test_what_cannot_be_used_is_said(options, words):
    y = options.pop("y", None)
    with pytest.raises(InputError, match=words):
        sparsest.certify(WIDE, X, y, **options)


def test_a_tolerance_asks_for_the_logits_as_numbers():
    found = sparsest.certify(WIDE, X, tolerance=0.01, time_limit=5)
    assert (found.classes, len(found.outputs)) == ((), 3)


@pytest.fixture(scope="module")
def flowers():
    data, species = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[species]
    return data, names


def test_a_pipeline_of_scikit_learn_and_back(flowers, tmp_path):
    """Three classes by name; what is written back predicts the same classes in scikit-learn."""
    data, names = flowers
    model = make_pipeline(
        StandardScaler(), MLPClassifier(hidden_layer_sizes=(8,), max_iter=300, random_state=0)
    )
    with pytest.warns(Warning, match="converge"):
        model.fit(data, names)
    found = sparsest.certify(model, data, names, time_limit=10)
    assert found.classes == ("setosa", "versicolor", "virginica")
    assert found.judgement is Judgement.SPARSER_EXISTS
    assert found.upper_bound < found.count == 8
    own = model.predict(data)
    assert np.array_equal(np.array(found.classes)[found.network(data).argmax(axis=1)], own)
    assert found.given_skill.accuracy == pytest.approx(np.mean(own == names))
    write_model(found.network, tmp_path / "sparser.onnx", like=read_model(model))
    again = read_model(tmp_path / "sparser.onnx")
    assert np.array_equal(again.network(data).argmax(axis=1), found.network(data).argmax(axis=1))
    assert (
        np.abs(again.network(data) - found.network(data)).max() <= 1e-12 * np.abs(found.network(data)).max()
    )


@pytest.mark.parametrize("softmax", [True, False])
def test_torch_classifiers(softmax):
    """With a final softmax a module says that it is a classifier; without one, labels a row do."""
    model = classifier(WIDE, softmax)
    found = sparsest.certify(model, X, None if softmax else torch.tensor(NUMBERS), time_limit=10)
    assert (found.against, found.upper_bound) == ("model" if softmax else "labels", 1)
    assert found.network(X).argmax(axis=1).tolist() == NUMBERS


def test_certificates_and_problems_are_saved(tmp_path):
    found = sparsest.certify(WIDE, X, NAMES, time_limit=5)
    for name in ("c.json", "c.npz"):
        sparsest.save(found, tmp_path / name)
        again = sparsest.load(tmp_path / name)
        assert (again.headline, again.classes, again.margin) == (found.headline, found.classes, found.margin)
        assert (again.network, again.given_skill) == (found.network, found.given_skill)
        assert (again.grounds, again.problem) == (found.grounds, None)
    assert isinstance(found.problem, MultiClassProblem)
    sparsest.save(found.problem, tmp_path / "problem.json")
    assert sparsest.load(tmp_path / "problem.json") == found.problem
