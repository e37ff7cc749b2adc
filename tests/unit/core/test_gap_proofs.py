"""Proofs of one feature without a skip: true ones hold, and false ones, of every rule of the part, do not."""

import copy
import json

import numpy as np
import pytest

from sparsest import Problem, ProofError, check, check_proof, exact

# fewest knots 2, and no facings of them with a constant: 3 of the changes (4, 6) do not add up to 5
REFUTED = Problem(
    [0.25, 0.75, 1.25, 1.75, 2.25, 2.75], [-1.25, -3.75, -5.25, -5.75, -4.75, -2.25], affine="constant"
)


@pytest.fixture(scope="module")
def proof_of(tmp_path_factory):
    path = tmp_path_factory.mktemp("gaps") / "proof.json"

    def of(problem):
        result = exact.solve(problem, method="univariate", proof_file=path)
        return result, json.loads(path.read_text())

    return of


def small_problem(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    x, y = rng.permutation(12)[:n], rng.integers(-3, 4, n).astype(float)
    slack = np.where(rng.random(n) < 0.3, 0.5, 0.0) if seed % 2 else np.zeros(n)
    low, high = y - slack, y + slack
    if seed % 4 == 3:
        low[rng.integers(n)] = -np.inf
    return Problem.from_intervals(x.astype(float), low, high, affine=("none", "constant")[seed // 2 % 2])


def gaps_of(document):
    return [part for part in document["parts"] if part["kind"] == "gaps"]


def forged(document, part):
    """Claim one neuron more, by one more part."""
    bound = document["lower_bound"] + 1
    parts = [*copy.deepcopy(document["parts"]), part | {"neurons": bound - 1}]
    return document | {"lower_bound": bound, "upper_bound": None, "witness": None, "parts": parts}


def test_true_proofs_hold_and_one_neuron_more_is_never_proven(proof_of):
    refuted = 0
    for seed in range(24):
        problem = small_problem(seed)
        result, document = proof_of(problem)
        checked = check_proof(document, problem)
        assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound), seed
        parts = gaps_of(document)
        refuted += len(parts)
        # whatever is counted on either side
        part = {"kind": "gaps", "before": [], "after": []}
        if parts:
            part |= {"before": parts[0]["before"], "after": parts[0]["after"]}
        with pytest.raises(ProofError, match="networks of so few neurons are left"):
            check_proof(forged(document, part | {"sample": problem.n_samples // 2}))
    assert refuted > 10


def test_a_proof_says_what_it_rests_on(proof_of):
    result, document = proof_of(REFUTED)
    assert (result.lower_bound, result.upper_bound) == (3, 3)
    checked = check_proof(document, REFUTED)
    assert checked.kinds == ("curvature", "gaps")
    assert "exactly 3" in checked.summary()
    # the sweeps may meet anywhere, and need not be told of forced knots
    for sample in range(6):
        gaps_of(document)[0]["sample"] = sample
        assert check_proof(document).lower_bound == 3
    gaps_of(document)[0] |= {"before": [], "after": []}
    assert check_proof(document).lower_bound == 3


def test_data_with_a_sparser_network_are_not_refuted(proof_of):
    # the same proof of other labels at the first sample: with slope -4 on the left 4 spares the neuron
    _, document = proof_of(REFUTED)
    document = document | {"upper_bound": None, "witness": None}
    assert check_proof(document).lower_bound == 3
    for name, ends in (("low", [None] * 2), ("high", [None] * 2)):
        changed = copy.deepcopy(document)
        changed["problem"][name][:2] = ends
        with pytest.raises(ProofError):
            check_proof(changed)
    for slope in (4, 6, 10, 0):  # two samples on each link of changes 4 and 6
        x = np.array([0.25, 0.75, 1.25, 1.75, 2.25, 2.75])
        y = -slope * x + 4 * np.maximum(0, x - 1) + 6 * np.maximum(0, x - 2)
        changed = copy.deepcopy(document)
        problem = Problem(x, y, affine="constant")
        changed["problem"] = proof_of(problem)[1]["problem"]
        with pytest.raises(ProofError, match="networks of so few neurons are left"):
            check_proof(changed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"neurons": 1}, "gaps of 1 neurons where 2 is next"),
        ({"neurons": 3}, "gaps of 3 neurons where 2 is next"),
        ({"neurons": -1}, "whole number"),
        ({"neurons": True}, "whole number"),
        ({"sample": 6}, "not an index below 6"),
        ({"sample": -1}, "not an index"),
        ({"sample": "0"}, "not an index"),
        ({"before": None}, "a list is needed"),
        ({"after": [[0, 1, 2, -1]]}, "a straight line"),
        ({"after": [[0, 1, 2, 1], [0, 1, 2, 1]]}, "overlaps"),
        ({"before": [[0, 1, 9, 1]]}, "not an index"),
        ({"kind": "gap"}, "its kind is none of"),
        ({"states": []}, "unknown"),
    ],
)
def test_parts_that_are_damaged(proof_of, change, message):
    _, document = proof_of(REFUTED)
    gaps_of(document)[0].update(change)
    with pytest.raises(ProofError, match=message):
        check_proof(document)


@pytest.mark.parametrize("change", [{"constant": False, "skip": True}, {"weight_bound": 9}])
def test_problems_that_the_part_is_not_about(proof_of, change):
    _, document = proof_of(REFUTED)
    document = document | {"upper_bound": None, "witness": None}
    document["problem"].update(change)
    with pytest.raises(ProofError, match="gaps are of one feature"):
        check_proof(document)


def test_more_features_are_not_of_one(proof_of):
    plane = {"X": [[0, 0], [1, 0], [0, 1]], "low": [1, 0, 0], "high": [1, 0, 0]}
    _, document = proof_of(REFUTED)
    document |= {"problem": plane | {"skip": False, "weight_bound": None}, "lower_bound": 1}
    document |= {"upper_bound": None, "witness": None}
    document["parts"] = [{"kind": "gaps", "neurons": 0, "sample": 0, "before": [], "after": []}]
    with pytest.raises(ProofError, match="gaps are of one feature"):
        check_proof(document)


def test_a_part_that_asks_for_too_much_work_is_rejected(monkeypatch):
    monkeypatch.setattr(check, "WORK_FREE", 10_000_000)
    ends = [(-1) ** i * (i + 1) for i in range(40)]
    problem = {"X": [[v] for v in range(40)], "low": ends, "high": ends, "skip": False, "weight_bound": None}
    # a zigzag forces a knot of its own at each inner sample; nothing is spared where none are counted
    triples = [[i, i + 1, i + 2, 1 if i % 2 == 0 else -1] for i in range(38)]
    parts = [{"kind": "curvature", "triples": triples}]
    parts.append({"kind": "gaps", "neurons": 38, "sample": 39, "before": [], "after": []})
    document = {"format": "sparsest/proof", "version": 1, "objective": "neurons", "problem": problem}
    document |= {"lower_bound": 39, "upper_bound": None, "witness": None, "circuits": [], "parts": parts}
    with pytest.raises(ProofError, match="more work"):
        check_proof(document)
