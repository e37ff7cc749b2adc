"""What a network is held against: its own outputs, labels no worse than itself, or a tolerance."""

import numpy as np
import pandas as pd
import pytest
from helpers import in_turn, slow_after
from oracles import brute_force
from sklearn.neural_network import MLPClassifier
from typer.testing import CliRunner

import sparsest
from sparsest import Against, InputError, Judgement, MultiOutputNetwork, Network, Problem, certify
from sparsest.cli.main import app
from sparsest.compare.certification.asking import ask
from sparsest.compare.certification.bounds_so_far import fits
from sparsest.compare.certification.given_network import subject_of
from sparsest.compare.certification.question import GivenSamples, Terms
from sparsest.compare.certification.short_numbers import rounded_down, rounded_up
from sparsest.objectives import Objective
from sparsest.results.skill import Reference

X = np.linspace(-1, 1, 17)[:, None]
# 10 |x|, which is one neuron beside a skip, and a bump of 0.05 at x = 0.5 that nobody would miss: three more
BUMPY = Network([[1.0]] * 4, [0.0, -0.375, -0.5, -0.625], [20, 0.4, -0.8, 0.4], [-10.0, 0.0])


def noisy_labels(network, size, seed=0):
    rng = np.random.default_rng(seed)
    return network(X) + size * rng.uniform(-1, 1, len(X))


# ---------------------------------------------------------------- the network's outputs


def test_a_part_that_is_beneath_a_percent_can_go():
    # outputs reach from 0 to 10, so a percent is 0.1, and the bump is half of that; |x| is not affine
    found = sparsest.certify(BUMPY, X, against="model", time_limit=20)
    assert (found.judgement, found.count) == (Judgement.SPARSER_EXISTS, 4)
    assert (found.lower_bound, found.upper_bound) == (1, 1)
    assert np.abs(found.network(X) - BUMPY(X)).max() <= 0.01 * np.ptp(BUMPY(X)) * 1.01
    assert found.asked.startswith("every row within 0.1")
    assert found.asked.endswith("is 1 percent of the outputs' range")
    # a hundredth of that needs them all
    fine = sparsest.certify(BUMPY, X, against="model", share_of_range=1e-4, time_limit=20)
    assert (fine.judgement, fine.lower_bound) == (Judgement.SPARSEST, 4)


@pytest.mark.parametrize(("seed", "affine"), in_turn(range(4), ["none", "constant", "skip"]))
def test_bounds_are_about_the_outputs(seed, affine):
    rng = np.random.default_rng(seed)
    inputs = np.unique(rng.integers(-2, 3, (5, 1)).astype(float), axis=0)
    term = {"none": None, "constant": [0.0, 1.0], "skip": [0.5, 1.0]}[affine]
    network = Network(rng.integers(-2, 3, (3, 1)), rng.integers(-2, 3, 3), [1, -1, 1], term)
    outputs = network(inputs)
    found = sparsest.certify(network, inputs, rng.normal(size=len(inputs)), against="model", time_limit=20)
    slack = rounded_up(0.01 * np.ptp(outputs)) if np.ptp(outputs) else 1e-9
    by_hand = Problem.from_intervals(inputs, outputs - slack, outputs + slack, affine=found.affine)
    fewest = brute_force.minimum_neurons(by_hand, 3)
    assert (found.lower_bound, found.upper_bound) == (fewest, fewest)


def test_labels_are_not_needed():
    found = sparsest.certify(BUMPY, X, time_limit=20)
    assert found.against is Against.MODEL
    assert found.given_skill.reference is Reference.OUTPUTS
    assert (found.given_skill.largest_error, found.given_skill.r2) == (0.0, 1.0)
    assert found.network_skill.r2 > 0.999
    assert "against the given network's outputs" in found.summary()


def test_equal_outputs_leave_their_rounding_alone():
    constant = Network([[0.0], [0.0]], [0.1, 0.2], [1.0, 1.0])
    found = sparsest.certify(constant, X, time_limit=20)
    assert 0 < found.tolerance < 1e-14
    assert (found.judgement, found.upper_bound) == (Judgement.SPARSER_EXISTS, 1)


@pytest.mark.parametrize("numbers", slow_after(1, ["auto", "decimal", "binary"]))
def test_outputs_are_no_decimals_whatever_the_inputs_are(numbers):
    inputs = np.arange(9)[:, None] / 10
    network = Network([[1.0], [1.0]], [0.0, -1 / 3], [1.0, -0.7])
    found = sparsest.certify(network, inputs, against="model", numbers=numbers, time_limit=20)
    assert (found.problem.places[0] > 0) == (numbers != "binary")
    assert found.problem.places[-1] == 0
    assert found.judgement is Judgement.SPARSEST


# ---------------------------------------------------------------- labels


def test_no_row_is_worse_than_the_network_or_the_tolerance():
    labels = noisy_labels(BUMPY, 3.0)
    own = np.abs(BUMPY(X) - labels)
    for tolerance in ("auto", 0.5, own / 2 + 0.1):
        found = sparsest.certify(BUMPY, X, labels, against="labels", tolerance=tolerance, time_limit=20)
        least = rounded_up(0.01 * np.ptp(labels)) if isinstance(tolerance, str) else tolerance
        errors = np.abs(found.network(X) - labels)
        assert np.all(errors <= np.maximum(own, least) * (1 + 1e-12))
        assert found.judgement is not Judgement.NOT_INTERPOLATING
        assert not found.skill_lost


@pytest.mark.parametrize("seed", range(3))
def test_bounds_are_about_the_larger_of_both(seed):
    rng = np.random.default_rng(seed)
    inputs = np.arange(6.0)[:, None]
    network = Network(rng.integers(-2, 3, (3, 1)), rng.integers(-3, 4, 3), [1, -1, 1])
    labels = network(inputs) + rng.choice([0.0, 0.25, 1.0], 6)
    slack = np.maximum(0.5, np.abs(network(inputs) - labels))
    found = sparsest.certify(network, inputs, labels, against="labels", tolerance=0.5, time_limit=20)
    fewest = brute_force.minimum_neurons(Problem(inputs, labels, tolerance=slack), 3)
    assert (found.lower_bound, found.upper_bound) == (fewest, fewest)


def test_one_tolerance_where_the_network_keeps_it():
    found = sparsest.certify(BUMPY, X, BUMPY(X), against="labels", tolerance=0.25, time_limit=20)
    by_hand = Problem(X, BUMPY(X), tolerance=0.25, affine="skip")
    assert found.problem == by_hand


def test_a_tolerance_for_each_row_is_said_to_be_one():
    tolerances = np.linspace(0.1, 0.3, len(X))
    found = sparsest.certify(BUMPY, X, BUMPY(X), tolerance=tolerances, time_limit=20)
    assert found.against is Against.TOLERANCE
    assert found.asked == "every row within the row's tolerance, 0.1 to 0.3"
    assert (found.tolerance, found.upper_bound) == (0.3, 1)
    assert np.all(np.abs(found.network(X) - BUMPY(X)) <= tolerances + 1e-12)


# ---------------------------------------------------------------- which of them


def test_what_is_chosen():
    close, noisy = BUMPY(X) + 1e-3, noisy_labels(BUMPY, 3.0)
    for y, options, expected in (
        (close, {}, Against.LABELS),
        (noisy, {}, Against.MODEL),
        (None, {}, Against.MODEL),
        (noisy, {"tolerance": 0.1}, Against.TOLERANCE),
        (noisy, {"tolerance": 0.1, "against": "labels"}, Against.LABELS),
        (noisy, {"tolerance": 0.1, "against": "model"}, Against.MODEL),
        (close, {"against": "tolerance"}, Against.TOLERANCE),
    ):
        found = sparsest.certify(BUMPY, X, y, time_limit=0.01, **options)
        assert found.against is expected
        assert str(found.against) == expected.value
    # closely met, the labels are asked for within what the network attains, as with a tolerance
    one, other = (
        sparsest.certify(BUMPY, X, close, against=each, time_limit=5) for each in ("auto", "tolerance")
    )
    assert one.problem == other.problem
    assert one.tolerance == pytest.approx(1e-3, rel=0.02)


@pytest.mark.parametrize("seed", range(6))
def test_the_network_itself_always_fits_what_it_is_held_against(seed):
    rng = np.random.default_rng(seed)
    d = 1 + seed % 3
    inputs = rng.normal(size=(30, d)) * 10.0 ** rng.integers(-3, 4)
    network = Network(rng.normal(size=(6, d)), rng.normal(size=6), rng.normal(size=6) * 1e3)
    labels = network(inputs) + rng.normal(size=30) * rng.choice([0.0, 1e-12, 1.0], 30)
    subject = subject_of(network)
    for against in (Against.MODEL, Against.LABELS):
        for tolerance in ("auto", 0.3, 1e-9):
            question = ask(subject, GivenSamples(inputs, labels), Terms(against, tolerance))
            assert fits(question.problem, network, Objective.PARAMETERS)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"against": "knots"}, "against = 'knots': choose one of 'model', 'labels', 'tolerance'"),
        ({"against": "labels", "y": None}, "no labels"),
        ({"against": "tolerance", "y": None, "tolerance": 1.0}, "no labels"),
        ({"share_of_range": 0}, "share_of_range = 0"),
        ({"share_of_range": 2}, "at most 1"),
        ({"share_of_range": 0.1, "tolerance": 0.1}, "the tolerance is given"),
        ({"share_of_range": 0.1, "margin": 0.1}, "a classifier has a margin"),
    ],
)
def test_what_makes_no_sense_is_refused(options, said):
    labels = options.pop("y", BUMPY(X) > 5)
    with pytest.raises(InputError, match=said):
        sparsest.certify(BUMPY, X, labels, **options)


# ---------------------------------------------------------------- skill


def test_skill_that_is_lost_is_said_in_a_sentence():
    labels = noisy_labels(BUMPY, 6.0, seed=1)
    worst = sparsest.certify(BUMPY, X, labels, against="tolerance", time_limit=20)
    assert worst.skill_lost
    assert worst.remark.startswith("skill is lost: R2 falls from ")
    kept = sparsest.certify(BUMPY, X, labels, time_limit=20)
    assert not kept.skill_lost
    assert "skill is lost" not in kept.summary()
    assert kept.network_skill.r2 > kept.given_skill.r2 - 0.01
    for found in (worst, kept):
        table = found.skill_section.table
        assert table[0] == ["", "given", "sparsest known"]
        assert [row[0] for row in table[1:]] == ["largest error", "RMSE", "R2"]


def test_what_was_asked_and_skill_are_in_files(tmp_path):
    found = sparsest.certify(BUMPY, X, noisy_labels(BUMPY, 3.0), time_limit=20)
    for ending in ("json", "npz"):
        sparsest.save(found, tmp_path / f"found.{ending}")
        again = sparsest.load(tmp_path / f"found.{ending}")
        for name in ("against", "asked", "given_skill", "network_skill", "skill_lost"):
            assert getattr(again, name) == getattr(found, name)
        assert again.summary()


# ---------------------------------------------------------------- classes


INPUTS = np.arange(-3.0, 4)[:, None]
# 1.5 - |x| by two neurons, which is 1.5 - 2 max(0, x) + x by one
LOGIT = Network([[1.0], [-1.0]], [0.0, 0.0], [-1.0, -1.0], [0.0, 1.5])
INSIDE = np.abs(INPUTS[:, 0]) <= 1


def test_a_row_on_the_wrong_side_leaves_the_networks_own_classes():
    labels = INSIDE.copy()
    labels[-1] = True
    options = {"margin": 0.5, "time_limit": 20}
    found = sparsest.certify(LOGIT, INPUTS, labels, against="model", **options)
    assert (found.judgement, found.lower_bound, found.margin) == (Judgement.SPARSER_EXISTS, 1, 0.5)
    assert "with the network's own classes and a margin of 0.5" in found.reason
    assert found.given_skill.accuracy == pytest.approx(6 / 7)
    assert sparsest.certify(LOGIT, INPUTS, against="model", **options).given_skill.accuracy == 1.0
    # against labels, that row's logit may be as low as it is
    found = sparsest.certify(LOGIT, INPUTS, labels, against="labels", **options)
    assert found.problem.low[-1] == pytest.approx(-1.5)
    assert (found.judgement, found.lower_bound) == (Judgement.SPARSER_EXISTS, 1)
    assert found.residual == 0


def test_a_trained_classifier_is_held_against_what_it_has_learned():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(80, 2))
    labels = np.where(inputs[:, 0] + 0.5 * rng.normal(size=80) > 0, "yes", "no")
    model = MLPClassifier((12,), solver="lbfgs", alpha=1.0, max_iter=2000, random_state=0).fit(inputs, labels)
    assert 0.5 < model.score(inputs, labels) < 1
    found = sparsest.certify(model, inputs, labels, time_limit=10)
    assert (found.against, found.given_skill.accuracy) == (Against.MODEL, model.score(inputs, labels))
    assert found.network_skill.accuracy == found.given_skill.accuracy
    assert np.array_equal(found.network(inputs) > 0, model.predict(inputs) == "yes")


# ---------------------------------------------------------------- the command


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sparsest.save(BUMPY, "bumpy.json")
    pd.DataFrame({"x": X[:, 0], "y": noisy_labels(BUMPY, 3.0)}).to_csv("noisy.csv", index=False)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_the_command_writes_the_question_that_its_proof_is_about(run):
    arguments = ("certify", "bumpy.json", "noisy.csv", "--time-limit", "20", "--proof", "proof.json")
    done = run(*arguments, "--question", "question.json")
    assert done.exit_code == 1, done.output
    command = done.output.split("sparsest check")[1].split()[:2]
    assert command == ["proof.json", "question.json"]
    assert run("check", *command).exit_code == 0
    # the labels and no tolerance are another question
    assert run("check", "proof.json", "noisy.csv").exit_code == 1
    # without that file, the proof's own intervals are what can be checked
    done = run(*arguments)
    assert done.output.split("sparsest check")[1].split()[:1] == ["proof.json"]
    assert "noisy.csv" not in done.output.split("sparsest check")[1].splitlines()[0]


def test_the_command_needs_no_labels_for_the_outputs(run):
    planar = Network([[1.0, 0.0], [1.0, 1.0]], [0.0, 0.0], [1.0, 1e-4], [0.0, 0.0, 0.0])
    sparsest.save(planar, "planar.json")
    inputs = np.random.default_rng(0).normal(size=(12, 2))
    pd.DataFrame(inputs, columns=["left", "right"]).to_csv("inputs.csv", index=False)
    arguments = ("certify", "planar.json", "inputs.csv", "--time-limit", "20", "--json")
    done = run(*arguments, "--against", "model")
    assert done.exit_code == 1, done.output
    assert '"reference": "outputs"' in done.output
    assert run(*arguments).exit_code == 2  # two columns are one feature and a label


def test_the_command_refuses_what_certify_refuses(run):
    done = run("certify", "bumpy.json", "noisy.csv", "--against", "everything")
    assert done.exit_code == 2
    done = run("certify", "bumpy.json", "noisy.csv", "--share-of-range", "-1")
    assert (done.exit_code, done.output.count("\n")) == (2, 1)


def test_short_numbers_are_on_their_side():
    rng = np.random.default_rng(0)
    for value in [*(10.0 ** rng.uniform(-9, 9, 200)).tolist(), 0.01, 0.5, 9.999, 1.0]:
        assert rounded_down(value) <= value <= rounded_up(value)
        assert rounded_up(value) <= 1.011 * value
        assert rounded_down(value) >= value / 1.011
    assert (rounded_up(0.01), rounded_down(0.01), rounded_up(9.999)) == (0.01, 0.01, 10.0)


@pytest.mark.slow
def test_inputs_of_a_linspace_are_decimals_whatever_is_asked():
    # -1.95 and most others of these are units off the decimals that they stand for
    x = np.linspace(-2, 2, 81)[:, None]
    ramps = Network([[1], [1], [-1]], [0.03, -0.51, 0.27], [1, 2, -1])
    shared = MultiOutputNetwork(
        [[1], [1], [-1]], [0.03, -0.51, 0.27], [[1, 0.5, 0.1], [2, -1, 1], [-1, 1, 0.3]]
    )
    asked = [
        certify(ramps, x, ramps(x), time_limit=1),
        certify(ramps, x, ramps(x) + 0.01, against="labels", time_limit=1),
        certify(shared, x, shared(x), time_limit=1),
        certify(shared, x, shared(x) + 0.01, against="labels", time_limit=1),
        certify(shared, x, shared(x).argmax(axis=1), time_limit=1),
    ]
    assert [found.problem.places[0] for found in asked] == [2] * 5
    assert all(found.upper_bound <= 3 for found in asked)
