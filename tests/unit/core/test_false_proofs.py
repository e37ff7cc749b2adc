"""Nearly four hundred proofs written to deceive: what each claims is false, and shown to be.

Every one starts from a true proof. A lower bound is false because a network with fewer neurons meets all
intervals, which is evaluated here in fractions; an upper bound because the true proof refutes it. There
are 186 proofs of harder problems, 60 trees for one neuron more, 22 lists of knots, and 125 networks.
"""

import copy
import functools

import numpy as np
import pytest
from helpers import prove
from oracles.proof_claims import network_fits, number

from sparsest import Problem, ProofError, check_proof

SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]
PROBLEMS = {
    "xor": Problem(SQUARE, [0, 1, 1, 0]),
    "xor with a skip": Problem(SQUARE, [0, 1, 1, 0], affine="skip"),
    "xor with a constant": Problem(SQUARE, [1, 2, 2, 1], affine="constant"),
    "two classes": Problem.classification(SQUARE, [0, 1, 1, 0]),
    "five in the plane": Problem([[0, 0], [1, 0], [0, 1], [1, 1], [2, 1]], [1, -1, 1, 1, -1]),
    "diagonal": Problem([[0, 0], [1, 1], [2, 2], [1, 0]], [0, 1, 0, 2], affine="skip"),
    "zigzag": Problem([0, 1, 2, 3, 4], [0, 1, 0, 1, 0], affine="skip"),
    "intervals": Problem([0, 1, 2, 3], [0, 2, 0, 2], tolerance=0.5, affine="skip"),
    "line": Problem([0, 1, 2, 3], [-1, 1, 1, -1]),
    "line with a constant": Problem([0, 1, 2, 3], [0, 1, -1, 0], affine="constant"),
    "repeated": Problem.from_intervals([1, 0, 1, 2, 3], [0, 0, 1, -np.inf, 1], [9, 0, 9, 0, np.inf]),
}


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """Give the proof that the search writes of a problem."""
    path = tmp_path_factory.mktemp("proofs") / "proof.json"

    @functools.cache
    def proof(name):
        return prove(PROBLEMS[name], path, method="tree")[1]

    def of(problem):
        if isinstance(problem, str):
            return proof(problem)
        # of the others the network counts, which an unfinished search has as well
        return prove(problem, path, method="tree", node_limit=60)[1]

    return of


def without_witness(document):
    return document | {"upper_bound": None, "witness": None}


def refuted_by(document, network):
    """Whether a network shows that the lower bound of a document is false."""
    size = len(network["neurons"])
    return size < document["lower_bound"] and network_fits(document["problem"], network)


def rejected(document):
    with pytest.raises(ProofError) as caught:
        check_proof(document)
    return bool(caught.value.reason)


# Proofs of a harder problem, put to an easier one.


def easier(problem):
    """Yield other problems, most of them easier: one sample or one rule is changed."""
    open_low, open_high = [-np.inf] * problem.n_samples, [np.inf] * problem.n_samples
    kept = {"affine": problem.affine, "weight_bound": problem.weight_bound}
    for i in range(problem.n_samples):
        for low, high in [
            (open_low[i], open_high[i]),
            (open_low[i], problem.high[i]),
            (problem.low[i], open_high[i]),
            (problem.low[i] - 1, problem.high[i] + 1),
            (problem.low[i] - 1, problem.high[i] - 1),
            (problem.low[i] + 1, problem.high[i] + 1),
        ]:
            lows, highs = problem.low.copy(), problem.high.copy()
            lows[i], highs[i] = low, high
            yield problem.X, lows, highs, kept
        rest = np.arange(problem.n_samples) != i
        if problem.n_samples > 1:
            yield problem.X[rest], problem.low[rest], problem.high[rest], kept
        moved = problem.X.copy()
        moved[i] += 1
        yield moved, problem.low, problem.high, kept
    for affine in ("constant", "skip"):
        yield problem.X, problem.low, problem.high, kept | {"affine": affine}
    yield problem.X, problem.low - 0.75, problem.high + 0.75, kept


# How many of them have fewer neurons.
HARDER = {
    "xor": 19,
    "xor with a skip": 14,
    "xor with a constant": 23,
    "two classes": 23,
    "five in the plane": 2,
    "diagonal": 12,
    "zigzag": 22,
    "intervals": 17,
    "line": 12,
    "line with a constant": 22,
    "repeated": 20,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_proofs_of_harder_problems(name, solved):
    original, count = solved(name), 0
    for X, low, high, kept in easier(PROBLEMS[name]):
        try:
            problem = Problem.from_intervals(X, low, high, **kept)
        except ValueError:  # equal inputs whose intervals have nothing in common
            continue
        true = solved(problem)
        false = without_witness(original) | {"problem": true["problem"]}
        if refuted_by(false, true["witness"]):
            assert rejected(false)
            # and with the harder problem's own network, where there is one
            assert rejected(original | {"problem": true["problem"]})
            count += 1
    assert count >= HARDER[name]


# Trees for one neuron more than any true proof has.


def pretended(document, forge):
    """Return a proof of one more than the minimum: trees of K - 1 neurons, made to look like ones of K."""
    width = document["lower_bound"]
    trees = [part for part in document["parts"] if part["kind"] == "tree" and part["neurons"] == width - 1]
    false = without_witness(copy.deepcopy(document)) | {"lower_bound": width + 1}
    for positive in range(width + 1):
        below = next(tree for tree in trees if tree["positive"] == min(positive, width - 1))
        part = copy.deepcopy(below) | {"neurons": width, "positive": positive}
        forge(part, below["positive"])
        false["parts"].append(part)
    return false


def leaves(part):
    return [node for node in part["nodes"] if isinstance(node[2], dict)]


def keys(part, change):
    for node in part["nodes"]:
        if node[0]:
            node[1] = change(node[1])


def same_nodes(part, positive):
    """Change nothing but the head."""


def copy_first(part, positive):
    keys(part, lambda key: key[:1] + key if key else "0")


def copy_last(part, positive):
    keys(part, lambda key: key + key[-1:] if key else "0")


def undecided_last(part, positive):
    """Leave the new neuron undecided, at branches too."""
    keys(part, lambda key: key + "*")


def inactive_last(part, positive):
    """Say that the new neuron is inactive everywhere, and leave out that it might not be."""
    keys(part, lambda key: key + "0")


def inactive_first(part, positive):
    keys(part, lambda key: "0" + key)


def active_first(part, positive):
    keys(part, lambda key: "1" + key)


def undecided_leaves(part, positive):
    for node in part["nodes"]:
        if node[0]:
            node[1] += "*" if isinstance(node[2], dict) else "0"


def merged(part, positive):
    """Say of every leaf that two neurons are alike."""
    keys(part, lambda key: key[:1] + key if key else "0")
    for node in leaves(part):
        node[2] = {"merge": 0}


def excluded(part, positive):
    """Say of every leaf that its bits are those of no cell."""
    keys(part, lambda key: key + "0")
    for node in leaves(part):
        node[2] = {"circuit": [0, 0]}


def nothing(part, positive):
    """Cut the tree off at its root."""
    part["nodes"] = [[0, "", {"value": []}]]


def one_leaf(part, positive):
    """Have all bits undecided, and one sample contradict."""
    part["nodes"] = [[0, "", 0], [1, "*" * part["neurons"], {"value": [[0, 1]]}]]


def all_inactive(part, positive):
    """Keep the child of inactive neurons alone, as a skip would allow."""
    part["nodes"] = [[0, "", 0], [1, "0" * part["neurons"], {"value": [[0, 1]]}]]


def opposite_multipliers(part, positive):
    keys(part, lambda key: key + "0")
    for node in leaves(part):
        for row in node[2].get("value", []):
            row[-1] = -as_int(row[-1])


def values_alone(part, positive):
    """Leave out what neurons add to the rows."""
    keys(part, lambda key: "0" * (len(key) + 1))
    for node in leaves(part):
        node[2] = {"value": node[2].get("value", [[0, 1]])}


def as_int(number):
    return int(number, 0) if isinstance(number, str) else number


FORGERIES = [
    same_nodes,
    copy_first,
    copy_last,
    undecided_last,
    inactive_last,
    inactive_first,
    active_first,
    undecided_leaves,
    merged,
    excluded,
    nothing,
    one_leaf,
    all_inactive,
    opposite_multipliers,
    values_alone,
]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_trees_for_one_neuron_more(forge, solved):
    for name in PROBLEMS:
        true = solved(name)
        if any(part["kind"] == "curvature" for part in true["parts"]):  # fewer trees than there might be
            continue
        false = pretended(true, forge)
        assert refuted_by(false, true["witness"])
        assert rejected(false)


# Knots that the intervals do not force.


def bends(x, low, high, triples):
    """A proof by curvature, with a skip, on a line."""
    problem = {"X": [[v] for v in x], "low": low, "high": high, "skip": True, "weight_bound": None}
    document = {"format": "sparsest/proof", "version": 1, "objective": "neurons", "problem": problem}
    document |= {"lower_bound": len(triples), "upper_bound": None, "witness": None, "circuits": []}
    return document | {"parts": [{"kind": "curvature", "triples": triples}]}


# Inputs, interval ends, triples, and a network with fewer neurons than triples: signs, neurons, skip.
FLAT = ([0, 1, 2, 3], [0, 0, 0, 0], [0, 0, 0, 0])
TENT = ([0, 1, 2, 3], [0, 1, 0, -1], [0, 1, 0, -1])  # x up to 1, then 2 - x: one concave knot
LINE = {"kind": "network", "signs": [], "neurons": [], "skip": [0, 0]}
ROOF = {"kind": "network", "signs": [-1], "neurons": [[2, -2]], "skip": [1, 0]}
CURVES = [
    (*FLAT, [[0, 1, 2, 1]], LINE),
    (*FLAT, [[0, 1, 2, -1]], LINE),
    (*FLAT, [[0, 1, 2, -1], [1, 2, 3, 1]], LINE),
    (*FLAT, [[3, 2, 1, 1]], LINE),
    (*FLAT, [[0, 0, 0, 1]], LINE),
    (*FLAT, [[0, 0, 1, 1]], LINE),
    # an interval that the chord only touches
    ([0, 1, 2], [0, 0, 0], [0, 1, 0], [[0, 1, 2, -1]], LINE),
    ([0, 1, 2], [0, None, 0], [0, 1, 0], [[0, 1, 2, -1]], LINE),
    ([0, 1, 2], [0, -1, 0], [0, 0, 0], [[0, 1, 2, 1]], LINE),
    ([0, 1, 2], [None, 1, 0], [0, 1, 2], [[0, 1, 2, -1]], LINE | {"skip": [1, 0]}),
    # the same knot twice: repeated, overlapping, nested, from the other side, with the other sign
    (*TENT, [[0, 1, 2, -1], [0, 1, 2, -1]], ROOF),
    (*TENT, [[0, 1, 2, -1], [0, 1, 3, -1]], ROOF),
    (*TENT, [[0, 1, 3, -1], [0, 1, 2, -1]], ROOF),
    (*TENT, [[0, 1, 2, -1], [2, 1, 0, -1]], ROOF),
    (*TENT, [[0, 1, 2, -1], [2, 1, 0, 1]], ROOF),
    (*TENT, [[0, 1, 2, -1], [0, 1, 2, 1]], ROOF),
    (*TENT, [[0, 1, 2, -1], [1, 2, 3, -1]], ROOF),
    (*TENT, [[0, 1, 2, -1], [1, 2, 3, 1]], ROOF),
    (*TENT, [[0, 1, 2, -1], [2, 3, 1, -1]], ROOF),
    (*TENT, [[0, 1, 3, -1], [1, 2, 3, -1]], ROOF),
    (*TENT, [[0, 2, 3, -1], [0, 1, 2, -1]], ROOF),
    (*TENT, [[0, 2, 3, -1], [0, 1, 3, -1]], ROOF),
]


@pytest.mark.parametrize("curve", CURVES)
def test_knots_that_nothing_forces(curve):
    x, low, high, triples, network = curve
    false = bends(x, low, high, triples)
    assert refuted_by(false, network)
    assert rejected(false)


# Networks that do not fit, or are larger than said.


def drop(witness, k):
    for name in ("signs", "neurons", "cells"):
        if name in witness:
            del witness[name][k]


def zero(witness, k):
    witness["neurons"][k] = [0] * len(witness["neurons"][k])
    drop(witness, -1)


def one_for_two(witness, k):
    """Put the sum of two neurons in place of both."""
    first, second = witness["neurons"][k], witness["neurons"][k - 1]
    witness["neurons"][k] = [number_sum(a, b) for a, b in zip(first, second, strict=True)]
    drop(witness, k - 1)


def number_sum(a, b):
    return str(number(a) + number(b))


def into_the_skip(witness, k):
    """Make a neuron the affine term, which the problem may not allow, or which is active where it was not."""
    witness["skip"] = witness["neurons"][k]
    drop(witness, k)


def only_said(witness, k):
    """Say that it has fewer neurons than it has."""


@pytest.mark.parametrize(
    "shrink", [drop, zero, one_for_two, into_the_skip, only_said], ids=lambda f: f.__name__
)
def test_networks_with_too_few_neurons(shrink, solved):
    for name in PROBLEMS:
        true = solved(name)
        minimum = true["lower_bound"]
        assert check_proof(without_witness(true)).lower_bound == minimum
        for k in range(minimum):
            false = copy.deepcopy(true) | {"upper_bound": minimum - 1}
            shrink(false["witness"], k)
            # below a lower bound that is shown; and where none is
            assert rejected(false)
            assert rejected(false | {"lower_bound": 0, "parts": []})
