"""Certification of classifiers of two classes by a margin of their logit, and of models with scalers."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from torch import nn
from typer.testing import CliRunner

import sparsest
from sparsest import Affine, InputError, Judgement, load, save
from sparsest.cli.main import app

# On these inputs the classes change twice, and one neuron with a free constant is monotone, so that its sign
# changes at most once; two neurons are enough.
X = np.arange(-3.0, 4)[:, None]
INSIDE = np.abs(X[:, 0]) <= 1


def bump(extra: int = 0, ending: type[nn.Module] = nn.Sigmoid) -> nn.Module:
    """Logit 1.5 - max(0, x) - max(0, -x), the neurons written several times."""
    hidden, output = nn.Linear(1, 2 + extra), nn.Linear(2 + extra, 1)
    with torch.no_grad():
        hidden.weight[:, 0] = torch.tensor([1.0, -1.0] + [1.0] * extra)
        hidden.bias.zero_()
        output.weight[0] = torch.tensor([-1.0 / (1 + extra), -1.0] + [-1.0 / (1 + extra)] * extra)
        output.bias.fill_(1.5)
    return nn.Sequential(hidden, nn.ReLU(), output, ending()).double()


@pytest.mark.parametrize(
    "labels", [INSIDE, INSIDE.astype(int), np.where(INSIDE, 1, -1), np.where(INSIDE, "yes", "no")]
)
def test_a_margin_that_the_network_attains(labels: np.ndarray) -> None:
    # logits at 0, +-1, +-2, +-3 are 1.5, 0.5, -0.5, -1.5, so that the margin is 0.5
    found = sparsest.certify(bump(), X, labels, time_limit=20)
    assert (found.judgement, found.margin, found.tolerance) == (Judgement.SPARSEST, 0.5, 0.0)
    assert (found.count, found.lower_bound, found.affine) == (2, 2, Affine.CONSTANT)
    assert (found.residual, found.own_residual) == (0.0, 0.0)
    assert "with a margin of 0.5 (proven in rational arithmetic); the margin is what" in found.reason
    assert any("Sigmoid is left aside" in text for _, text in found.rows())


def test_a_model_that_ends_in_its_logit() -> None:
    found = sparsest.certify(bump()[:-1], X, INSIDE, margin=0.5, time_limit=20)
    assert (found.judgement, found.count, found.margin, found.folded) == (Judgement.SPARSEST, 2, 0.5, ())
    assert not found.tolerance_chosen


def test_a_wider_classifier_has_a_sparser_one(tmp_path) -> None:
    found = sparsest.certify(bump(3), X, INSIDE, margin=0.25, proof_file=tmp_path / "p.json", time_limit=20)
    assert (found.judgement, found.count, found.upper_bound) == (Judgement.SPARSER_EXISTS, 5, 2)
    sides = np.where(INSIDE, 1, -1) * found.network(X)
    assert sides.min() >= 0.25 * (1 - 1e-12)
    problem = sparsest.Problem.classification(X, INSIDE, 0.25, affine="constant")
    assert sparsest.check_proof(tmp_path / "p.json", problem).lower_bound == 2
    save(found, tmp_path / "certificate.json")
    again = load(tmp_path / "certificate.json")
    assert (again.margin, again.folded) == (0.25, found.folded)


def test_samples_on_the_wrong_side_are_named() -> None:
    labels = INSIDE.copy()
    labels[-1] = True
    found = sparsest.certify(bump(), X, labels, against="tolerance", time_limit=20)
    assert found.judgement is Judgement.NOT_INTERPOLATING
    # the logit there is -1.5, and 2 from the margin 0.5 of the others
    assert (found.worst[0].row, found.worst[0].distance, found.margin) == (6, 2.0, 0.5)
    assert "1 of 7 samples on the wrong side of the margin 0.5" in found.reason


def test_a_margin_beyond_reach() -> None:
    found = sparsest.certify(bump(), X, INSIDE, margin=1.0, time_limit=20)
    assert found.judgement is Judgement.NOT_INTERPOLATING
    assert 'margin="auto"' in found.remark


def test_an_mlp_classifier_behind_a_scaler() -> None:
    labels = np.where(X[:, 0] > 0.5, "after", "before")
    model = make_pipeline(
        StandardScaler(),
        MLPClassifier(hidden_layer_sizes=(20,), solver="lbfgs", max_iter=300, random_state=0),
    )
    model.fit(X, labels)
    found = sparsest.certify(model, X, labels, time_limit=20)
    # "before" sorts last and is the second class; one neuron separates two halves, and none is a constant
    assert (found.judgement, found.lower_bound, found.upper_bound) == (Judgement.SPARSER_EXISTS, 1, 1)
    assert np.array_equal(np.where(found.network(X) > 0, "before", "after"), labels)
    assert found.folded[0] == "folded into the weights, in float64: StandardScaler"
    with pytest.raises(InputError, match="label 'never' is none of the classifier's, 'after' and 'before'"):
        sparsest.certify(model, X, np.where(X[:, 0] > 0.5, "never", "before"))


def test_a_regressor_behind_scalers_of_both_sides() -> None:
    inputs = np.linspace(100, 200, 11)[:, None]
    y = 5 * np.abs(inputs[:, 0] - 150)
    model = TransformedTargetRegressor(
        make_pipeline(
            MinMaxScaler(),
            MLPRegressor(hidden_layer_sizes=(30,), solver="lbfgs", max_iter=3000, random_state=0),
        ),
        transformer=StandardScaler(),
    )
    model.fit(inputs, y)
    found = sparsest.certify(model, inputs, y, time_limit=20)
    # |x - 150| with a free constant: two neurons, as one is monotone; the fit is close enough for that
    assert found.residual < 25
    assert (found.judgement, found.lower_bound, found.upper_bound) == (Judgement.SPARSER_EXISTS, 2, 2)
    assert "MinMaxScaler, StandardScaler of the target" in found.folded[0]


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        (bump(), {"tolerance": 0.1}, "a classifier has a margin"),
        (bump(), {"margin": 0}, "margin"),
        (bump(), {"margin": "some"}, 'or "auto"'),
        (bump()[:-1], {"margin": 1.0, "tolerance": 0.1}, "a classifier has a margin"),
        (bump()[:-1], {"margin": "some"}, 'or "auto"'),
        (bump(), {"y": np.arange(7)}, "7 classes"),
        (bump(), {"y": INSIDE[:3]}, "labels have shape"),
    ],
)
def test_what_makes_no_sense_is_refused(model: nn.Module, options: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        sparsest.certify(model, X, options.pop("y", INSIDE), **options)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the exporter of traces
@pytest.mark.slow
def test_the_command_certifies_a_classifier(tmp_path) -> None:
    torch.onnx.export(bump(), (torch.zeros(1, 1).double(),), tmp_path / "m.onnx", dynamo=False)
    labels = np.where(INSIDE, "yes", "no")  # "no" sorts first
    pd.DataFrame({"x": X[:, 0], "y": labels}).to_csv(tmp_path / "d.csv", index=False)
    page, proof = tmp_path / "page.html", tmp_path / "proof.json"
    arguments = ["certify", tmp_path / "m.onnx", tmp_path / "d.csv", "--report", page, "--proof", proof]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert "margin" in result.output
    assert "the final Sigmoid is left aside" in " ".join(result.output.split())
    assert "Sigmoid is left aside" in page.read_text()
    command = result.output.split("sparsest check")[1].split()[:5]
    assert command == [str(proof), str(tmp_path / "d.csv"), "--classify", "--margin", "0.5"]
    checked = CliRunner().invoke(app, ["check", *command])
    assert checked.exit_code == 0, checked.output


def test_labels_in_words_need_a_classifier_or_a_margin(tmp_path) -> None:
    pd.DataFrame({"x": X[:, 0], "y": np.where(INSIDE, "yes", "no")}).to_csv(tmp_path / "d.csv", index=False)
    # 1.5 - |x| by two neurons and a bias; the logit at the ends of both classes is 0.5 and -0.5
    network = sparsest.Network([[1.0], [-1.0]], [0.0, 0.0], [-1.0, -1.0], [0.0, 1.5])
    save(network, tmp_path / "m.json")
    arguments = ["certify", str(tmp_path / "m.json"), str(tmp_path / "d.csv")]
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 2
    assert "column 'y' holds 'no'" in " ".join(refused.stderr.split())
    result = CliRunner().invoke(app, [*arguments, "--margin", "0.5", "--time-limit", "20", "--json"])
    assert '"margin": 0.5' in result.output
