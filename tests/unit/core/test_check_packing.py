"""Packings of curved sets before the checker: true ones, false ones, and changed ones."""

import copy
import itertools
import json
import random

import numpy as np
import pytest
from helpers import lattice, prove, slow_after
from oracles.brute_force import cells

from sparsest import Problem, ProofError, check_proof, datasets, exact
from sparsest.exact.packing.bound import packing_bound
from sparsest.exact.proof.vipr.read_proof import ProofDocument
from sparsest.progress import Deadline

# The first four are a zigzag on a line, bent down at 1 and up at 2; the last is off it.
ZIGZAG = [[0, 0], [1, 0], [2, 0], [3, 0], [0, 1]]
DOWN, UP = [[0, -1], [1, 2], [2, -1]], [[1, 1], [2, -2], [3, 1]]
LABELS = [0, 1, 0, 1, 0]


def document(circuits, sets, bound, X=ZIGZAG, low=LABELS, high=None, **options):
    """A proof by one packing."""
    return {
        "format": "sparsest/proof",
        "version": 1,
        "objective": "neurons",
        "problem": {
            "X": X,
            "low": low,
            "high": low if high is None else high,
            "skip": True,
            "weight_bound": None,
            **options,
        },
        "lower_bound": bound,
        "upper_bound": None,
        "witness": None,
        "circuits": circuits,
        "parts": [{"kind": "packing", "sets": sets}],
    }


def rejected(proof, reason):
    with pytest.raises(ProofError, match=reason):
        check_proof(proof)


class TestAccepted:
    def test_signs_pack_apart(self):
        checked = check_proof(document([DOWN, UP], [[0, 1], [1, 1]], 2))
        assert (checked.lower_bound, checked.upper_bound, checked.kinds) == (2, None, ("packing",))

    def test_weights_of_a_circuit_may_have_either_sign(self):
        down = [[p, -w] for p, w in DOWN]
        assert check_proof(document([down, UP], [[0, 5], [1, 4]], 2)).lower_bound == 2

    def test_weights_count(self):
        """Two sets of one sign that one line cuts prove one neuron, whatever their weights."""
        X, low = [[0, 0], [2, 0], [0, 2], [1, 1], [2, 2]], [0, 0, 0, -1, 0]
        circuits = [[[0, 1], [3, -2], [4, 1]], [[1, 1], [2, 1], [3, -2]]]
        assert check_proof(document(circuits, [[0, 3], [1, 1]], 1, X, low)).lower_bound == 1
        rejected(document(circuits, [[0, 3], [1, 1]], 2, X, low), "2 is claimed and 1 proven")

    @pytest.mark.parametrize("seed", range(9))
    def test_the_heaviest_hyperplane_is_that_of_brute_force(self, seed):
        """Exactly what cells found by linear programs say is proven, for random weights of random sets."""
        problem, rng = lattice(seed, 7, 1 + seed % 3).distinct(), random.Random(seed)
        found = packing_bound(problem, Deadline(None)).sets
        if not found:
            return
        weights = [rng.randint(1, 9) for _ in found]
        most = 0
        for bits, sign in itertools.product(cells(problem.X), (1, -1)):
            cut = [len({bits[i] for i in each.side(sign)}) == 2 for each in found]
            most = max(most, sum(w for w, c in zip(weights, cut, strict=True) if c))
        circuits = [[[i, m] for i, m in zip(each.samples, each.weights, strict=True)] for each in found]
        bound = -(-sum(weights) // most)
        X, low = problem.X.astype(int).tolist(), problem.low.astype(int).tolist()
        assert check_proof(document(circuits, list(map(list, enumerate(weights))), bound, X, low))

    @pytest.mark.parametrize("d", slow_after(1, [2, 3]))
    def test_written_by_the_search(self, d, tmp_path):
        data = datasets.load("planted", d=d, n=220, k=2, seed=1)
        problem = Problem(data.X, data.y, tolerance=1e-6)
        result, proof = prove(problem, tmp_path / "proof.json")
        assert [part["kind"] for part in proof["parts"]] == ["packing"]
        assert check_proof(proof, problem).lower_bound == result.lower_bound == 2


class TestRejected:
    @pytest.mark.parametrize("bound", [1, 3])
    def test_another_bound(self, bound):
        rejected(document([DOWN, UP], [[0, 1], [1, 1]], bound), "claimed")

    def test_one_sign_that_one_line_cuts(self):
        """Both sets bend up, and the line x = 3/2 cuts the outer samples of both."""
        X, low = [[0, 0], [1, 0], [2, 0], [3, 0]], [1, 0, 0, 1]
        circuits = [[[0, 1], [1, -2], [2, 1]], [[1, 1], [2, -2], [3, 1]]]
        assert check_proof(document(circuits, [[0, 1], [1, 1]], 1, X, low)).lower_bound == 1
        rejected(document(circuits, [[0, 1], [1, 1]], 2, X, low), "2 is claimed and 1 proven")

    @pytest.mark.parametrize(
        ("circuits", "sets", "reason"),
        [
            ([DOWN, UP], [[0, 1], [0, 1]], "occurs twice"),
            ([DOWN, UP], [[0, 1], [2, 1]], "not an index"),
            ([DOWN, UP], [[0, 1], [1, 0]], "weight is zero"),
            ([DOWN, UP], [[0, 1], [1, -1]], "whole number"),
            ([DOWN, UP], [[0, 1], [1, "1"]], "whole number"),
            ([DOWN, UP], [[0, 1, 1]], "a circuit and a weight"),
            ([DOWN, UP], [], "no sets"),
            ([DOWN, UP], {}, "a list is needed"),
            ([DOWN, [[1, 1], [2, -3], [3, 1]]], [[0, 1], [1, 1]], "do not add up to zero"),
            ([DOWN, [[1, 1], [2, -2], [4, 1]]], [[0, 1], [1, 1]], "do not add up to zero"),
        ],
    )
    def test_sets_that_are_none(self, circuits, sets, reason):
        rejected(document(circuits, sets, 2), reason)

    def test_flat_sets(self):
        sets = [[0, 1], [1, 1]]
        rejected(document([DOWN, UP], sets, 2, low=[0, 1, 2, 1, 0]), "admit an affine function")
        rejected(document([DOWN, UP], sets, 2, high=[1, 2, 1, 2, 1]), "admit an affine function")
        rejected(document([DOWN, UP], sets, 2, high=[None] * 5), "admit an affine function")

    def test_what_adds_nothing(self):
        proof = document([DOWN, UP], [[0, 1], [1, 1]], 2)
        proof["parts"] *= 2
        rejected(proof, "adds nothing")

    def test_too_much_work(self):
        """Points in general position of many features, one circuit of all."""
        d = 40
        X = [*np.eye(d, dtype=int).tolist(), [0] * d, [d + 2] * d]
        weights = [[i, -(d + 2)] for i in range(d)] + [[d, (d + 2) * d - 1], [d + 1, 1]]
        proof = document([weights], [[0, 1]], 1, X, [0] * (d + 1) + [1])
        rejected(proof, "more work")

    def test_too_many_features(self):
        """Three points of a line take little room, and a basis of all directions very much."""
        X = [[n] * 20_000 for n in range(3)]
        rejected(document([[[0, 1], [1, -2], [2, 1]]], [[0, 1]], 1, X, [0, 1, 0]), "more work")

    def test_mutants(self, tmp_path):
        """Changes of every number of the packing and its circuits: accepted only with a true claim."""
        problem = Problem(ZIGZAG, LABELS, affine="skip")
        truth = exact.solve(problem).upper_bound
        text = json.dumps(document([DOWN, UP], [[0, 1], [1, 1]], 2))
        accepted = 0
        places = [("circuits", n, row, k) for n in range(2) for row in range(3) for k in range(2)]
        places += [("parts", n, k, None) for n in range(2) for k in range(2)]
        for (what, n, row, k), step in itertools.product(places, (-3, -2, -1, 1, 2, 3)):
            proof = json.loads(text)
            table = proof["circuits"][n] if what == "circuits" else proof["parts"][0]["sets"]
            entry = table[row] if what == "circuits" else table[n]
            entry[row if k is None else k] += step
            for bound in (1, 2, 3):
                claim = copy.deepcopy(proof) | {"lower_bound": bound}
                try:
                    accepted += check_proof(claim, problem).lower_bound <= truth
                except ProofError:
                    continue
                assert bound <= truth
        assert accepted  # other weights prove the same


def test_vipr_has_no_form_for_it():
    with pytest.raises(ValueError, match="no VIPR form"):
        ProofDocument(document([DOWN, UP], [[0, 1], [1, 1]], 2))
