"""Neurons of one parameter: columns with coefficients of either sign, in searches and in proofs."""

import itertools

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import Network, Problem, ProofError, Status, check_proof, datasets, exact
from sparsest.exact.arithmetic.certain_refutation import certainly_contradict, samples_of
from sparsest.exact.arithmetic.columns import network_with_multiples, neuron_of, with_columns
from sparsest.exact.arithmetic.farkas import refutation_near
from sparsest.exact.arithmetic.rational_network import RationalNetwork, with_multiples
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.lp.row_stack import Answer
from sparsest.exact.supports.coordinates import entry_coordinates
from sparsest.exact.supports.findings import entries_of_knots
from sparsest.exact.supports.kinds import Catalogue, Kind, columns, neurons
from sparsest.exact.supports.program import RestrictedProgram
from sparsest.objectives import Objective


def proof_of(x, y, parts, lower, skip=False):
    problem = {"X": x, "low": y, "high": y, "skip": skip, "weight_bound": None}
    head = {"format": "sparsest/proof", "version": 2, "objective": "parameters", "circuits": []}
    return head | {
        "problem": problem,
        "upper_bound": None,
        "witness": None,
        "lower_bound": lower,
        "parts": parts,
    }


def part(neurons, point, leaf):
    return {"kind": "supports", "neurons": neurons, "nodes": [[0, "", point], [1, "", leaf]]}


EMPTY = part([], 0, {"value": [[0, 1]]})


# Labels 1 and 3 at x = 1 and 2 are no multiple of max(0, x), as 3 - 2 * 1 = 1, nor of 1, as 3 - 1 = 2.
X, Y = [[1], [2]], [1, 3]
POSITIVE = {
    "kind": "supports",
    "neurons": [[[0], 1]],
    "nodes": [[0, "", 0], [1, "", 1], [2, "", {"value": [[0, -2], [1, 1]]}]],
}
NEGATIVE = part([[[0], -1]], 0, {"value": [[0, 1]]})  # zero where x > 0
CONSTANT = {
    "kind": "supports",
    "neurons": [[[1], 1]],
    "nodes": [[0, "", 0], [1, "", 1], [2, "", {"value": [[0, -1], [1, 1]]}]],
}


class TestProofs:
    def test_one_parameter_is_not_enough(self):
        parts = [POSITIVE, NEGATIVE, CONSTANT]  # each of which holds the network of nothing
        assert check_proof(proof_of(X, Y, parts, 2)).lower_bound == 2
        assert check_proof(proof_of(X, Y, [EMPTY], 1)).lower_bound == 1
        for n in range(3):
            with pytest.raises(ProofError, match="is not refuted"):
                check_proof(proof_of(X, Y, parts[:n] + parts[n + 1 :], 2))

    def test_with_a_skip_only_one_side_is_asked_for(self):
        """|x| at -1, 0, 1: 1 - 2 * 0 + 1 = 2, in which x cancels; max(0, x) would add 1."""
        x, y = [[-1], [0], [1]], [1, 0, 1]
        nodes = [[0, "", 0], [1, "", 1], [2, "", 2], [3, "", {"value": [[0, 1], [1, -2], [2, 1]]}]]
        empty = {"kind": "supports", "neurons": [], "nodes": nodes}
        assert check_proof(proof_of(x, y, [empty], 1, skip=True)).lower_bound == 1
        with pytest.raises(ProofError, match=r"\[\[0\], 1\]\] is not refuted"):
            check_proof(proof_of(x, y, [empty], 2, skip=True))
        column = empty | {"neurons": [[[0], 1]]}
        with pytest.raises(ProofError, match="where 1 times coordinate 0 is above 0"):
            check_proof(proof_of(x, y, [empty, column], 2, skip=True))

    def test_columns_must_cancel(self):
        """2 * 1 - 2 = 0 for max(0, x), and 1 - 1 = 0 for 1; the other way round neither is."""
        for place, other in ((0, CONSTANT), (2, POSITIVE)):
            parts = [POSITIVE, NEGATIVE, CONSTANT]
            parts[place] = parts[place] | {"nodes": other["nodes"]}
            with pytest.raises(ProofError, match="do not add up to zero where 1 times coordinate"):
                check_proof(proof_of(X, Y, parts, 2))

    def test_a_part_may_have_columns_to_spare(self):
        """Labels 1, 3, 4 at 1, 2, 3: 1 - 2 * 3 + 4 = -1 for x and 1 together."""
        nodes = [[0, "", 0], [1, "", 1], [2, "", 2], [3, "", {"value": [[0, -1], [1, 2], [2, -1]]}]]
        both = {"kind": "supports", "neurons": [[[0], 1], [[0], -1], [[1], 1]], "nodes": nodes}
        assert check_proof(proof_of([[1], [2], [3]], [1, 3, 4], [both], 2)).lower_bound == 2
        # two parameters are also those of one neuron
        with pytest.raises(ProofError, match=r"\[\[0, 1\], -1\]\] is not refuted"):
            check_proof(proof_of([[1], [2], [3]], [1, 3, 4], [both], 3))

    def test_knots_are_two_parameters_unless_an_input_may_be_zero_there(self):
        tent = {"kind": "curvature", "triples": [[0, 1, 2, -1]]}
        assert check_proof(proof_of([[1], [2], [3]], [0, 1, 0], [tent], 2)).lower_bound == 2
        assert check_proof(proof_of([[0], [1], [3]], [0, 1, 0], [tent], 2)).lower_bound == 2
        assert check_proof(proof_of([[-1], [2], [3]], [0, 1, 0], [tent], 1)).lower_bound == 1
        with pytest.raises(ProofError, match="is not refuted"):
            check_proof(proof_of([[-1], [2], [3]], [0, 1, 0], [tent], 2))


def test_entries_of_knots():
    X = np.array([[1.0, -1.0], [2.0, 0.0], [3.0, 1.0], [4.0, 2.0], [5.0, 3.0]])
    triples = [(0, 1, 2, 1), (2, 3, 4, 1)]  # the second input is zero within the first
    assert entries_of_knots(X, triples, Objective.PARAMETERS) == 1 + 2
    assert entries_of_knots(X, triples, Objective.WEIGHTS) == 2
    # zero at an end is not strictly within
    assert entries_of_knots(X, [(1, 2, 3, 1)], Objective.PARAMETERS) == 2


@pytest.mark.parametrize("seed", range(3))
def test_multiples_are_what_their_neurons_are(seed):
    random = np.random.default_rng(seed)
    X, d = random.integers(-3, 4, (6, 2)).astype(float), 2
    columns, coefficients = (2, 3, 4, 6), random.integers(-2, 3, 4).astype(float)
    table = with_columns(np.c_[X, np.ones(6)])[:, list(columns)]
    beside = Network([[1, 2]], [1], [-1])
    network = network_with_multiples(beside.folded, [-1], None, columns, coefficients)
    assert np.allclose(network(X), beside(X) + table @ coefficients)
    assert network.width == 1 + np.count_nonzero(coefficients)
    numbers = {column: flint.fmpq(int(c)) for column, c in zip(columns, coefficients, strict=True)}
    exactly = with_multiples(RationalNetwork([-1], [[flint.fmpq(v) for v in (1, 2, 1)]]), numbers, d)
    assert np.allclose(exactly.rounded(d)(X), network(X))
    assert [neuron_of(column, d) for column in columns] == [(2, 1), (0, 1), (0, -1), (1, -1)]


@pytest.mark.parametrize(
    "name", ["uniform:d=2,n=6,seed=2", pytest.param("uniform:d=2,n=7,seed=0", marks=pytest.mark.slow)]
)
def test_random_labels_take_a_parameter_each(name, tmp_path):
    """Fewer almost never do (P6); that as many do here is a network found, and that fewer do not a proof."""
    problem, path = datasets.parse(name).problem(), tmp_path / "proof.json"
    result = exact.solve(problem, "parameters", proof_file=path)
    assert (result.status, result.lower_bound) == (Status.OPTIMAL, problem.n_samples)
    checked = check_proof(path, problem)
    assert checked.lower_bound == checked.upper_bound == problem.n_samples


def test_no_neuron_of_a_witness_is_zero():
    """Descents end with some nearly so, which the nearest rational network has at zero."""
    network = exact.solve(datasets.load("xor").problem(), "parameters").network
    assert network.folded.any(axis=1).all()


@pytest.mark.parametrize("name", ["anscombe-1", "anscombe-3"])
def test_one_feature_above_zero_takes_two_parameters_a_knot(name):
    """The network of the fewest neurons meets the bound by knots: before, the tree had 10 to 16."""
    result = exact.solve(datasets.load(name).problem(), "parameters", method="tree", node_limit=1)
    assert (result.status, result.lower_bound) == (Status.OPTIMAL, result.upper_bound)


def first_leaf(problem, objective, kinds, samples, bits):
    """Push samples until their rows contradict each other; what floats and what rational numbers prove."""
    catalogue = Catalogue(problem.n_features, problem.affine, objective)
    own = neurons(kinds)
    entries, signs = [catalogue.entries(kind) for kind in own], tuple(kind.sign for kind in own)
    data = ExactData(problem).restricted(entries, columns(kinds))
    blocks = [entry_coordinates(problem, each, problem.n_features + 1) for each in entries]
    program = RestrictedProgram(problem, data, Coordinates(problem), signs, blocks)
    program.go_compiled()
    for count in range(1, len(samples) + 1):
        program.push(int(samples[count - 1]), tuple(bits[count - 1].tolist()))
        if program.solve() is Answer.FEASIBLE:
            continue
        ray = program.dual_ray()
        by_rows = ray.reshape(count, len(own) + 1)
        floats = certainly_contradict(
            samples_of(data, signs), samples[:count], bits[:count].astype(float),
            by_rows[:, -1].copy(), by_rows[:, :-1].copy(),
        )  # fmt: skip
        return floats, refutation_near(data, signs, program.rows, ray, program.exponents) is not None
    return False, False


@given(st.integers(0, 2**32 - 1))
def test_floats_prove_nothing_that_rational_numbers_do_not(seed):
    """Small integers, so that columns are zero on many samples; neurons whose equations others repeat."""
    random = np.random.default_rng(seed)
    X = np.unique(random.integers(-2, 3, size=(7, 2)), axis=0)
    problem = Problem(X, random.integers(-2, 3, len(X)), affine=("none", "constant", "skip")[seed % 3])
    objective = (Objective.PARAMETERS, Objective.WEIGHTS)[seed // 3 % 2]
    catalogue = Catalogue(2, problem.affine, objective)
    supports = [(0, 1, 2), (0, 2), (1, 2), (0, 1)] if catalogue.columns else [(0, 1), (0,), (1,)]
    own = [
        Kind(supports[int(n)], s)
        for n, s in zip(random.integers(len(supports), size=2), (1, -1), strict=True)
    ]
    chosen = random.random(len(catalogue.columns)) < 0.6
    samples = random.permutation(len(X))
    # at random, active on all, or where an input is positive, as a column is
    ways = [random.integers(0, 2, len(X)), np.ones(len(X), dtype=int), *(X[samples].T > 0).astype(int)]
    bits = np.array([ways[int(n)] for n in random.integers(len(ways), size=2)]).T
    kinds = (*own, *itertools.compress(catalogue.columns, chosen))
    floats, rationals = first_leaf(problem, objective, kinds, samples, bits)
    assert rationals or not floats


@pytest.mark.parametrize(
    ("kinds", "affine", "objective", "shift"),
    [
        # active on all samples a neuron says of each input what both of its columns say together
        ((Kind((0, 1, 2), 1), *(Kind((place,), 0) for place in (3, 4, 5, 6))), "none", "parameters", 0),
        ((Kind((0, 1, 2), 1), Kind((2,), 0)), "none", "parameters", 0),
        # or what one of them says, where that input is positive
        ((Kind((0, 1), 1), Kind((3,), 0), Kind((5,), 0)), "none", "parameters", 2),
        ((Kind((3,), 0),), "skip", "parameters", 2),
        # and other neurons, a free constant, an affine term
        ((Kind((0, 1, 2), 1), Kind((0, 1), -1)), "none", "parameters", 0),
        ((Kind((0,), 1), Kind((0, 1), -1)), "constant", "weights", 0),
        ((Kind((0,), 1), Kind((1,), -1)), "skip", "weights", 0),
    ],
)
def test_equations_said_twice_do_not_hinder_floats(kinds, affine, objective, shift):
    """Before, leaves where two blocks say the same were all left to rational numbers."""
    random = np.random.default_rng(0)
    problem = Problem(random.uniform(-1, 1, (9, 2)) + shift, random.normal(size=9), affine=affine)
    bits = np.ones((9, len(neurons(kinds))), dtype=int)
    assert first_leaf(problem, Objective(objective), kinds, np.arange(9), bits) == (True, True)
