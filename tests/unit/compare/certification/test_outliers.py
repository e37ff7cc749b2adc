"""Certification where a few rows may be missed by choice."""

import itertools

import numpy as np
import pytest
from oracles import brute_force
from typer.testing import CliRunner

import sparsest
from sparsest import InputError, Judgement, Network, Proof
from sparsest.cli.main import app

# 2 |x| by one neuron beside a skip, and a spike on one row of three more
X = np.linspace(-1, 1, 17)[:, None]
SPIKED = Network([[1.0]] * 4, [0.0, -0.375, -0.5, -0.625], [4, 8, -16, 8], [-2.0, 0.0])
PLAIN = 2 * np.abs(X[:, 0])
SPIKE = 12  # where x = 0.5


def test_a_spike_on_a_row_that_may_be_missed_needs_no_neurons():
    found = sparsest.certify(SPIKED, X, SPIKED(X), outliers=1, time_limit=20)
    assert (found.judgement, found.count) == (Judgement.SPARSER_EXISTS, 4)
    assert (found.lower_bound, found.upper_bound, found.missed) == (1, 1, (SPIKE,))
    assert found.asked.startswith("all rows but any 1 ")
    assert "on all rows but 1" in found.reason
    assert np.allclose(np.delete(found.network(X) - PLAIN, SPIKE), 0, atol=1e-6)
    assert "no proof file" in found.remark
    assert found.proof is Proof.EXACT
    assert "12; 1 may be" in found.summary()
    assert sparsest.certify(SPIKED, X, SPIKED(X), time_limit=20).judgement is Judgement.SPARSEST


def test_a_network_may_miss_so_many_labels_itself():
    labels = PLAIN.copy()
    labels[[3, 9]] += 1.0
    plain = Network([[1.0]], [0.0], [4.0], [-2.0, 0.0])
    options = {"tolerance": 1e-6, "time_limit": 20}
    missed = sparsest.certify(plain, X, labels, outliers=1, **options)
    assert missed.judgement is Judgement.NOT_INTERPOLATING
    assert "misses 2 of 17 labels" in missed.reason
    assert "where 1 may be" in missed.reason
    found = sparsest.certify(plain, X, labels, outliers=2, **options)
    assert (found.judgement, found.lower_bound, found.missed) == (Judgement.SPARSEST, 1, (3, 9))


@pytest.mark.parametrize("seed", range(3))
def test_bounds_are_those_of_every_row_left_out(seed):
    rng = np.random.default_rng(seed)
    inputs = np.arange(5.0)[:, None]
    network = Network(rng.integers(-2, 3, (3, 1)), rng.integers(-3, 4, 3), [1, -1, 1])
    found = sparsest.certify(network, inputs, against="model", outliers=1, time_limit=20)
    fewest = min(
        brute_force.minimum_neurons(found.problem.subset(list(kept)), 3)
        for kept in itertools.combinations(range(5), 4)
    )
    assert (found.lower_bound, found.upper_bound) == (fewest, fewest)


def test_classes_may_be_missed_too():
    inputs = np.arange(-3.0, 4)[:, None]
    labels = np.abs(inputs[:, 0]) < 1.5
    labels[-1] = True  # which the network has wrong; without row 5 a line separates the classes
    logit = Network([[1.0], [-1.0]], [0.0, 0.0], [-1.0, -1.0], [0.0, 1.5])
    found = sparsest.certify(logit, inputs, labels, margin=0.5, outliers=1, time_limit=20)
    assert (found.judgement, found.upper_bound, found.missed) == (Judgement.SPARSER_EXISTS, 0, (5,))
    assert found.network_skill.accuracy == pytest.approx(6 / 7)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"outliers": -1}, "outliers = -1: it must be a whole number from 0 to 16"),
        ({"outliers": 17}, "outliers = 17"),
        ({"outliers": 1.0}, "outliers = 1.0"),
        ({"outliers": 1, "proof_file": "proof.json"}, "no proof file holds them yet"),
        ({"outliers": 1, "checkpoint_file": "kept"}, "not kept yet"),
        ({"outliers": 1, "objective": "weights"}, "only neurons are counted"),
    ],
)
def test_what_makes_no_sense_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        sparsest.certify(SPIKED, X, PLAIN, **options)


@pytest.mark.slow
def test_a_limit_is_kept_and_leaves_an_interval():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(80, 3))
    network = Network(rng.normal(size=(12, 3)), rng.normal(size=12), rng.normal(size=12))
    found = sparsest.certify(network, inputs, against="model", outliers=2, time_limit=2)
    assert found.lower_bound < found.upper_bound <= 12
    assert len(found.missed) <= 2
    assert found.seconds < 6


def test_the_command_takes_outliers_and_refuses_their_proof(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sparsest.save(SPIKED, "spiked.json")
    (tmp_path / "data.csv").write_text(
        "x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(X[:, 0], SPIKED(X), strict=True))
    )
    arguments = ["certify", "spiked.json", "data.csv", "--outliers", "1", "--time-limit", "20"]
    done = CliRunner().invoke(app, [*arguments, "--report", "page.html"])
    assert done.exit_code == 1, done.output
    assert "12; 1 may be" in done.output
    assert "12; 1 may be" in (tmp_path / "page.html").read_text()
    done = CliRunner().invoke(app, [*arguments, "--proof", "proof.json"])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert "no proof file holds them yet" in done.output
