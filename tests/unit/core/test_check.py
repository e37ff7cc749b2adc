"""Proof files: true ones are accepted, and whatever is done to one so that it stops being true is noticed."""

import ast
import copy
import functools
import gzip
import io
import json
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import TENT, in_turn, proof_of, prove, random_intervals, slow_after
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.brute_force import minimum_neurons
from scipy.optimize import linprog
from typer.testing import CliRunner

import sparsest
from sparsest import InputError, Network, Problem, ProofError, Status, check_proof, datasets, exact, save
from sparsest.check import UnreadableError, _Problem, _Tree, _Work, main, read
from sparsest.cli.main import app
from sparsest.exact.proof.circuits import CircuitTable
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.objectives import Objective

SOURCE = Path(sparsest.__file__).with_name("check.py")


class TestTrueProofs:
    def test_one_written_by_hand(self):
        checked = check_proof(TENT, Problem([0, 1, 2], [0, 1, 0], affine="skip"))
        assert (checked.lower_bound, checked.upper_bound, checked.kinds) == (1, 1, ("tree",))
        assert (checked.leaves, checked.nodes, checked.data_compared) == (1, 4, True)

    @pytest.mark.parametrize("skip", slow_after(1, [True, False]))
    @pytest.mark.parametrize(
        "name",
        [
            "peak-plateau",
            "xor",
            "parity-3",
            "tent",
            "zigzag",
            "staircase",
            "convex",
            "close4",
            "anscombe-1",
            "anscombe-2",
            "anscombe-3",
            "anscombe-4",
            "high-dimensional",
            "planted:d=2,n=20,k=3,seed=0",
            "uniform:d=2,n=8,seed=0",
        ],
    )
    def test_named_datasets(self, name, skip, tmp_path):
        problem = datasets.parse(name).problem(affine="skip" if skip else "none")
        # Anscombe's first and third take half a minute without a skip: stopped, they prove an interval
        limit = 800 if name in ("anscombe-1", "anscombe-3") and not skip else None
        result = exact.solve(problem, proof_file=tmp_path / "proof.json.gz", node_limit=limit)
        checked = check_proof(tmp_path / "proof.json.gz", problem)
        assert result.status is Status.OPTIMAL or limit
        assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)

    @pytest.mark.parametrize("seed", range(60))
    def test_random_problems(self, seed, tmp_path):
        problem = random_intervals(seed)
        result, document = prove(problem, tmp_path / "proof.json", method="tree", node_limit=3000)
        checked = check_proof(document, problem)
        assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)
        assert result.remark == ""

    @pytest.mark.parametrize("seed", range(20))
    def test_one_feature_within_tolerances(self, seed, tmp_path):
        rng = np.random.default_rng(seed)
        x, y = rng.choice(60, 25, replace=False) / 7, rng.integers(-3, 4, 25)
        problem = Problem(x, y, affine="skip", tolerance=rng.choice([0.0, 0.3, 1.0]))
        result, document = prove(problem, tmp_path / "proof.json")
        checked = check_proof(document, problem)
        assert checked.kinds == ("curvature",)
        assert checked.lower_bound == checked.upper_bound == result.upper_bound

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("problem", "field"),
        [
            (Problem([-1, 0, 1 / 15, 1], [0, 0, 1, 1], weight_bound=10), "bound"),
            (datasets.load("parity-3").problem(), "circuit"),
            (Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), "cone"),
        ],
    )
    def test_every_kind_of_leaf_occurs(self, problem, field, tmp_path):
        _, document = prove(problem, tmp_path / "proof.json")
        assert check_proof(document, problem).lower_bound == check_proof(document).upper_bound
        assert any(field in leaf for _, _, _, leaf in leaves(document))

    @pytest.mark.parametrize("limit", [1, 20, 200])
    def test_stopped_runs_prove_the_interval_reached(self, limit, tmp_path):
        problem = datasets.load("uniform", d=2, n=12).problem()
        result, document = prove(problem, tmp_path / "proof.json", node_limit=limit)
        checked = check_proof(document, problem)
        assert result.status is Status.NODE_LIMIT
        assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)

    def test_what_was_not_verified_is_not_in_the_file(self, tmp_path):
        # floats cannot decide these (see test_tree): the lower bound stays behind, and so does the proof's
        X = [[-1e-13, -1e-13], [1e-13, -1e-13], [1 + 1e-13, 1 - 1e-13]]
        problem = Problem(X, [-2, -1, -1], affine="skip")
        result, document = prove(problem, tmp_path / "proof.json")
        assert check_proof(document, problem).lower_bound == result.lower_bound

    def test_repeated_inputs_are_one_point_with_the_narrowest_interval(self, tmp_path):
        problem = Problem.from_intervals([1, 0, 1, 2], [0, 0, 1, 0], [9, 0, 9, 0], affine="skip")
        _, document = prove(problem, tmp_path / "proof.json", method="tree")
        assert check_proof(document, problem).lower_bound == 1
        document["problem"]["low"][2] = 0  # without that row a straight line fits
        with pytest.raises(ProofError):
            check_proof(document)

    def test_relaxation_by_a_skip_counts_without_one(self):
        _, with_skip = proof_of("parity-3", "skip")
        problem, without = proof_of("parity-3")
        relaxed = without | {key: with_skip[key] for key in ("parts", "circuits", "lower_bound")}
        assert check_proof(relaxed, problem).lower_bound == 2
        wrong = with_skip | {key: without[key] for key in ("parts", "circuits", "lower_bound")}
        with pytest.raises(ProofError, match="relaxation"):
            check_proof(wrong)

    @pytest.mark.slow
    def test_very_deep_trees_need_no_recursion(self):
        # zero labels but for the last sample, which no network of 0 neurons meets: a path through all samples
        n = 5_000
        problem = {"X": [[i] for i in range(n)], "low": [0] * (n - 1) + [1], "high": [0] * (n - 1) + [1]}
        nodes = [[i, "", i] for i in range(n)]
        nodes.append([n, "", {"value": [[n - 1, 1]]}])
        document = TENT | {"problem": problem | {"skip": False, "weight_bound": None}}
        document |= {"upper_bound": None, "witness": None}
        document["parts"] = [TENT["parts"][0] | {"skip": False, "nodes": nodes}]
        assert check_proof(document).lower_bound == 1
        nodes[-1] = [n, "", n // 2]
        with pytest.raises(ProofError, match="has its bits already"):
            check_proof(document)

    def test_curvature_along_a_line_in_the_plane(self):
        # (0, 0), (1, 1), (2, 2) with labels 0, 1, 0 need a concave knot on the diagonal
        problem = TENT["problem"] | {"X": [[0, 0], [1, 1], [2, 2], [5, 0]]}
        problem |= {"low": [0, 1, 0, None], "high": [0, 1, 0, None]}
        document = TENT | {"problem": problem, "upper_bound": None, "witness": None}
        document["parts"] = [{"kind": "curvature", "triples": [[0, 1, 2, -1]]}]
        assert check_proof(document).lower_bound == 1
        document["parts"] = [{"kind": "curvature", "triples": [[0, 1, 3, -1]]}]
        with pytest.raises(ProofError, match="not on the line"):
            check_proof(document)

    @pytest.mark.slow
    @pytest.mark.parametrize("bound", [None, 1.0])
    def test_lower_bounds_are_those_of_brute_force(self, bound, tmp_path):
        rng = np.random.default_rng(3)
        for _ in range(5):
            X, y = rng.integers(0, 3, (4, 2)), rng.integers(-1, 2, 4)
            _, first = np.unique(X, axis=0, return_inverse=True)
            problem = Problem(X, y[first], weight_bound=bound)
            _, document = prove(problem, tmp_path / "proof.json", method="tree", node_limit=3000)
            minimum = minimum_neurons(problem, 4 if bound is None else 3)
            checked = check_proof(document)
            assert minimum is None or checked.lower_bound <= minimum
            assert checked.upper_bound is None or minimum is None or checked.upper_bound >= minimum


def leaves(document):
    """Every leaf of every tree: output signs, whether there is a skip, bits of each point, the leaf."""
    for part in document["parts"]:
        if part["kind"] != "tree":
            continue
        signs = [1] * part["positive"] + [-1] * (part["neurons"] - part["positive"])
        path, bits = [], {}
        for depth, key, what in part["nodes"]:
            for point in path[depth:]:
                bits.pop(point, None)
            del path[depth:]
            if depth:
                bits[path[-1]] = key
            if isinstance(what, int):
                path.append(what)
            else:
                yield signs, part["skip"], dict(bits), what


def program(problem, signs, skip, bits):
    """A leaf's linear program, built here from the data alone: is there a network with these bits?"""
    Xh = np.c_[problem.X, np.ones(problem.n_samples)]
    size, width = Xh.shape[1], len(signs)
    above, right = [], []
    for point, key in bits.items():
        value = np.zeros((width + skip) * size)
        for k, (bit, sign) in enumerate(zip(key, signs, strict=True)):
            cone = np.zeros_like(value)
            cone[k * size : (k + 1) * size] = Xh[point] * (1 if bit == "1" else -1)
            above.append(-cone)
            right.append(0.0)
            if bit == "1":
                value[k * size : (k + 1) * size] = sign * Xh[point]
        if skip:
            value[width * size :] = Xh[point]
        above += [value, -value]
        right += [problem.high[point], -problem.low[point]]
    matrix, right = np.array(above), np.array(right)
    finite = np.isfinite(right)
    limit = problem.weight_bound
    box = (None, None) if limit is None else (-limit, limit)
    limits = ([box] * (size - 1) + [(None, None)]) * width + [(None, None)] * (size * skip)
    return linprog(np.zeros(matrix.shape[1]), A_ub=matrix[finite], b_ub=right[finite], bounds=limits)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["parity-3", "planted:d=2,n=20,k=3,seed=0", "uniform:d=2,n=8,seed=0"])
def test_another_solver_agrees_that_leaves_are_infeasible(name):
    problem, document = proof_of(name)
    found = [
        leaf
        for leaf in leaves(document)
        if leaf[0] and "value" in leaf[3] and "*" not in "".join(leaf[2].values())
    ]
    chosen = np.random.default_rng(0).choice(len(found), 25)
    for signs, skip, bits, _ in (found[i] for i in chosen):
        assert program(problem, signs, skip, bits).status == 2


class TestCircuits:
    def test_no_circuit_excludes_the_bits_of_a_cell(self):
        X = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [2, 2]])
        table = CircuitTable(np.c_[X, np.ones(5, dtype=int)].tolist())
        cells = {tuple(pattern) for pattern in exact.enumerate_cells(X.astype(float)).patterns.tolist()}
        for number in range(32):
            bits = tuple(bool(number >> i & 1) for i in range(5))
            for n in range(1, 6):
                # bits of the first n samples: do they extend to a cell?
                low = (1 << n) - 1
                extends = any(cell[:n] == bits[:n] for cell in cells)
                if n > 1 and not any(cell[: n - 1] == bits[: n - 1] for cell in cells):
                    break
                found = table.excluding(number & low, ~number & low, n - 1)
                assert (found is None) == extends


# Mutations. Each takes a proof's document and a random generator, changes the document (or returns a text)
# such that it no longer proves what it says, and returns False when it finds nothing to change. Left out,
# because they leave a proof true: scaling all multipliers of a leaf by one positive number, leaving out the
# last of some rows named twice, zero for negative zero in JSON, another order of children.


def trees(document):
    return [part for part in document["parts"] if part["kind"] == "tree"]


def farkas(document, rng, rows=1):
    """A random Farkas leaf with at least so many rows, as (node, field, row)."""
    found = [
        (node, field, row)
        for part in trees(document)
        for node in part["nodes"]
        if isinstance(node[2], dict) and not {"merge", "circuit"} & node[2].keys()
        if sum(map(len, node[2].values())) >= rows
        for field, listed in node[2].items()
        for row in listed
    ]
    return found[rng.integers(len(found))] if found else None


def as_int(number):
    return int(number, 16) if isinstance(number, str) else number


def claim_more(document, rng):
    document["lower_bound"] += int(rng.integers(1, 4))


def claim_less(document, rng):
    # the proof proves more, but what it claims and what it shows must be the same
    document["lower_bound"] -= 1


def claim_other_upper_bound(document, rng):
    document["upper_bound"] += int(rng.choice([-1, 1]))


def change_label(document, rng):
    i = int(rng.integers(len(document["problem"]["low"])))
    for end in ("low", "high"):
        document["problem"][end][i] = 1000 + i


def change_input(document, rng):
    X = document["problem"]["X"]
    i, j = int(rng.integers(len(X))), int(rng.integers(len(X[0])))
    X[i][j] = f"{rng.integers(1, 10**6)}/1000003"


def drop_sample(document, rng):
    problem = document["problem"]
    i = int(rng.integers(len(problem["X"])))
    for name in ("X", "low", "high"):
        del problem[name][i]


def swap_samples(document, rng):
    problem = document["problem"]
    i, j = rng.choice(len(problem["X"]), 2, replace=False)
    if problem["low"][i] == problem["low"][j]:
        return False
    problem["X"][i], problem["X"][j] = problem["X"][j], problem["X"][i]
    return None


def flip_skip(document, rng):
    document["problem"]["skip"] = not document["problem"]["skip"]


def flip_constant(document, rng):
    problem = document["problem"]
    if problem["skip"]:
        return False
    problem["constant"] = not problem.get("constant", False)
    return None


def slope_beside_constant(document, rng):
    if "constant" not in document["problem"]:
        return False
    document["witness"]["skip"] = [1, *document["witness"]["skip"][1:]]
    return None


def negate_multiplier(document, rng):
    if (found := farkas(document, rng)) is None:
        return False
    row = found[2]
    row[-1] = row[-1][1:] if str(row[-1])[0] == "-" and isinstance(row[-1], str) else negated(row[-1])
    return None


def negated(number):
    return "-" + number if isinstance(number, str) else -number


def change_multiplier(document, rng):
    if (found := farkas(document, rng, rows=2)) is None:
        return False
    number = as_int(found[2][-1])
    found[2][-1] = hex(number + int(rng.choice([1, 2, -3, 7])) * (number or 1))
    return None


def zero_multiplier(document, rng):
    if (found := farkas(document, rng)) is None:
        return False
    found[2][-1] = 0
    return None


def drop_row(document, rng):
    if (found := farkas(document, rng)) is None:
        return False
    node, field, row = found
    node[2][field].remove(row)
    return None


def other_point(document, rng):
    if (found := farkas(document, rng)) is None:
        return False
    _, field, row = found
    place = 0 if field == "value" else 1
    points = len(document["problem"]["X"])
    row[place] = int((row[place] + rng.integers(1, points)) % points)
    return None


def out_of_range(document, rng):
    if (found := farkas(document, rng)) is None:
        return False
    found[2][int(rng.integers(len(found[2]) - 1))] = int(rng.choice([-1, 10**6, 2**62]))
    return None


def huge_number(document, rng):
    if (found := farkas(document, rng)) is None:
        return False
    found[2][int(rng.integers(len(found[2])))] = "0x" + "f" * 200_000
    return None


def some_node(document, rng, inner=None):
    nodes = [
        (part["nodes"], n)
        for part in trees(document)
        for n, node in enumerate(part["nodes"])
        if inner is None or isinstance(node[2], int) == inner
    ]
    return nodes[rng.integers(len(nodes))] if nodes else None


def drop_node(document, rng):
    if (found := some_node(document, rng)) is None:
        return False
    del found[0][found[1]]
    return None


def duplicate_leaf(document, rng):
    if (found := some_node(document, rng, inner=False)) is None:
        return False
    nodes, n = found
    nodes.insert(n, copy.deepcopy(nodes[n]))
    return None


def swap_nodes(document, rng):
    if (found := some_node(document, rng)) is None:
        return False
    nodes, n = found
    if n == 0 or nodes[n][2] == nodes[n - 1][2] or nodes[n][0] == nodes[n - 1][0]:
        return False
    nodes[n], nodes[n - 1] = nodes[n - 1], nodes[n]
    return None


def other_depth(document, rng):
    if (found := some_node(document, rng)) is None:
        return False
    nodes, n = found
    nodes[n][0] += int(rng.choice([-1, 1]))
    return None


def other_key(document, rng):
    if (found := some_node(document, rng)) is None or not found[0][found[1]][1]:
        return False
    node = found[0][found[1]]
    k = int(rng.integers(len(node[1])))
    node[1] = node[1][:k] + str(rng.choice(list("x2 é"))) + node[1][k + 1 :]
    return None


def flip_key(document, rng):
    if (found := some_node(document, rng)) is None or not found[0][found[1]][1]:
        return False
    node = found[0][found[1]]
    k = int(rng.integers(len(node[1])))
    if node[1][k] == "*":
        return False
    node[1] = node[1][:k] + "10"[int(node[1][k])] + node[1][k + 1 :]
    return None


def wildcard_key(document, rng):
    """Undecide a bit: overlaps a sibling, loses a cone's bit, or stands at a branch."""
    if (found := some_node(document, rng)) is None or not found[0][found[1]][1].strip("*"):
        return False
    node = found[0][found[1]]
    k = int(rng.choice([k for k, bit in enumerate(node[1]) if bit != "*"]))
    node[1] = node[1][:k] + "*" + node[1][k + 1 :]
    return None


def branch_elsewhere(document, rng):
    if (found := some_node(document, rng, inner=True)) is None:
        return False
    nodes, n = found
    points = len(document["problem"]["X"])
    nodes[n][2] = int((nodes[n][2] + rng.integers(1, points)) % points)
    return None


def leaf_without_reason(document, rng):
    if (found := some_node(document, rng, inner=False)) is None:
        return False
    reasons = [{}, {"value": []}, {"merge": 0}, {"because": 1}, {"circuit": [0, 0]}, None, [], "yes"]
    nodes, n = found
    reason = reasons[rng.integers(len(reasons))]
    if "circuit" in (nodes[n][2] if isinstance(nodes[n][2], dict) else {}):
        return False
    nodes[n][2] = reason
    return None


def cut_subtree(document, rng):
    """A branch becomes a leaf that says nothing."""
    if (found := some_node(document, rng, inner=True)) is None:
        return False
    nodes, n = found
    end = n + 1
    while end < len(nodes) and nodes[end][0] > nodes[n][0]:
        end += 1
    del nodes[n + 1 : end]
    nodes[n][2] = {"value": []}
    return None


def drop_tree(document, rng):
    if not trees(document):
        return False
    document["parts"].remove(trees(document)[int(rng.integers(len(trees(document))))])
    return None


def repeat_tree(document, rng):
    if not trees(document):
        return False
    document["parts"].append(copy.deepcopy(trees(document)[int(rng.integers(len(trees(document))))]))
    return None


def other_output_signs(document, rng):
    """One more or one less positive sign: another tree has that number already, or none may have it."""
    if not trees(document):
        return False
    trees(document)[int(rng.integers(len(trees(document))))]["positive"] += int(rng.choice([-1, 1]))
    return None


def other_width(document, rng):
    if not trees(document):
        return False
    trees(document)[int(rng.integers(len(trees(document))))]["neurons"] += int(rng.choice([-1, 1]))
    return None


def symmetry_out_of_order(document, rng):
    """Exchange the bits of two alike neurons at the root, where the active one must come first."""
    for part in trees(document):
        alike = part["positive"] >= 2
        for node in part["nodes"]:
            if alike and node[0] == 1 and node[1].startswith("10"):
                node[1] = "01" + node[1][2:]
                return None
    return False


def flip_without_skip(document, rng):
    """Keep the root's all-inactive child only, as a skip would allow."""
    for part in trees(document):
        nodes = part["nodes"]
        firsts = [n for n, node in enumerate(nodes) if node[0] == 1]
        zeros = [n for n in firsts if set(nodes[n][1]) == {"0"}]
        if len(firsts) > 1 and zeros:
            end = min([n for n in firsts if n > zeros[0]], default=len(nodes))
            part["nodes"] = [nodes[0], *nodes[zeros[0] : end]]
            return None
    return False


def change_circuit(document, rng):
    if not document["circuits"]:
        return False
    circuit = document["circuits"][int(rng.integers(len(document["circuits"])))]
    pair = circuit[int(rng.integers(len(circuit)))]
    pair[1] = as_int(pair[1]) * 2
    return None


def drop_circuit(document, rng):
    if not document["circuits"]:
        return False
    used = [leaf["circuit"][1] for _, _, _, leaf in leaves(document) if "circuit" in leaf]
    del document["circuits"][max(used) :]
    return None


def circuit_of_other_neuron(document, rng):
    nodes = [
        node
        for part in trees(document)
        for node in part["nodes"]
        if isinstance(node[2], dict) and "circuit" in node[2]
    ]
    if not nodes:
        return False
    nodes[rng.integers(len(nodes))][2]["circuit"][0] += 100
    return None


def change_triple(document, rng):
    found = [part["triples"] for part in document["parts"] if part["kind"] == "curvature"]
    if not found:
        return False
    triple = found[0][int(rng.integers(len(found[0])))]
    how = int(rng.integers(3))
    if how == 0:
        triple[3] = -triple[3]
    elif how == 1:
        triple[0], triple[1] = triple[1], triple[0]
    else:
        found[0].append(list(triple))
    return None


def drop_triple(document, rng):
    found = [part["triples"] for part in document["parts"] if part["kind"] == "curvature"]
    if not found:
        return False
    del found[0][int(rng.integers(len(found[0])))]
    return None


def swap_witness_signs(document, rng):
    witness = document["witness"]
    if witness["kind"] == "polyline":
        for pair in witness["points"]:
            pair[1] = negated(pair[1]) if pair[1] != 0 else 1
    else:
        witness["signs"] = [-sign for sign in witness["signs"]]


def drop_neuron(document, rng):
    witness = document["witness"]
    for name in ("signs", "neurons", "points"):
        if name in witness:
            witness[name].pop()


def unknown_field(document, rng):
    targets = [document, document["problem"], document["witness"], *document["parts"]]
    targets[rng.integers(len(targets))]["trust"] = "me"


def missing_field(document, rng):
    targets = [document, document["problem"], document["witness"], *document["parts"]]
    target = targets[rng.integers(len(targets))]
    del target[str(rng.choice(sorted(target)))]


def other_version(document, rng):
    document["version"] = [0, 2, True, "1", None, 1.0][rng.integers(6)]


def other_objective(document, rng):
    document["objective"] = "weights"


def wrong_type(document, rng):
    """Put something else where a number, text or list was; null for an affine term of zeros stays out."""
    places = []
    stack = [document]
    while stack:
        here = stack.pop()
        for key in here if isinstance(here, dict) else range(len(here)):
            if key != "skip":
                places.append((here, key))
            if isinstance(here[key], (dict, list)):
                stack.append(here[key])
    here, key = places[rng.integers(len(places))]
    others = [None, True, 0.5, "zero", "", [], {}, [[]], float("nan")]
    other = others[rng.integers(len(others))]
    if here[key] == other:
        return False
    here[key] = other
    return None


def truncated(text, rng):
    return text[: int(rng.integers(len(text.rstrip())))]


def nested_deeply(text, rng):
    depth = int(rng.choice([1000, 100_000]))
    return text.replace('"circuits": [', f'"circuits": [{"[" * depth}{"]" * depth},', 1)


def not_a_number(text, rng):
    other = str(rng.choice(["NaN", "Infinity", "-Infinity", "1.0", "-0.0", "1e3", "1" * 5000]))
    return text.replace('"lower_bound": ', f'"lower_bound": {other}, "x": ', 1)


def duplicate_key(text, rng):
    name = str(rng.choice(["lower_bound", "problem", "parts", "skip"]))
    return text.replace(f'"{name}": ', f'"{name}": 0, "{name}": ', 1)


def negative_zero(text, rng):
    return text.replace('"X": [[', '"X": [["-0x0.0p+0", ', 1)


def other_bytes(text, rng):
    n = int(rng.integers(len(text)))
    return text[:n] + "\x00" + text[n + 1 :]


ON_DOCUMENTS = [
    flip_constant,
    slope_beside_constant,
    claim_more,
    claim_less,
    claim_other_upper_bound,
    change_label,
    change_input,
    drop_sample,
    swap_samples,
    flip_skip,
    negate_multiplier,
    change_multiplier,
    zero_multiplier,
    drop_row,
    other_point,
    out_of_range,
    huge_number,
    drop_node,
    duplicate_leaf,
    swap_nodes,
    other_depth,
    other_key,
    flip_key,
    wildcard_key,
    branch_elsewhere,
    leaf_without_reason,
    cut_subtree,
    drop_tree,
    repeat_tree,
    other_output_signs,
    other_width,
    symmetry_out_of_order,
    flip_without_skip,
    change_circuit,
    drop_circuit,
    circuit_of_other_neuron,
    change_triple,
    drop_triple,
    swap_witness_signs,
    drop_neuron,
    unknown_field,
    missing_field,
    other_version,
    other_objective,
    wrong_type,
]
ON_TEXTS = [truncated, nested_deeply, not_a_number, duplicate_key, negative_zero, other_bytes]
PROOFS = [
    ("xor", "none"),
    ("parity-3", "skip"),
    ("parity-3", "none"),
    ("peak-plateau", "skip"),
    ("convex", "none"),
    ("xor", "constant"),
    ("planted:d=2,n=20,k=3,seed=0", "none"),
]


@functools.cache
def text_of(number):
    return json.dumps(proof_of(*PROOFS[number])[1])


def fresh_proof(n):
    """Problem and a copy of the proof document, by turns of each of `PROOFS`."""
    number = n % len(PROOFS)
    return proof_of(*PROOFS[number])[0], json.loads(text_of(number))


TIMES = 36  # each mutation, on every proof in turn
# Changes of the data that a proof may survive, being about other data then: they need data to compare with.
ABOUT_DATA = {change_input, drop_sample, swap_samples, flip_skip, flip_constant, wrong_type, negative_zero}


@pytest.mark.slow
@pytest.mark.parametrize("mutate", ON_DOCUMENTS, ids=lambda mutate: mutate.__name__)
def test_mutations_of_documents_are_rejected(mutate):
    rejected = 0
    for n in range(TIMES):
        problem, document = fresh_proof(n)
        if mutate(document, np.random.default_rng(n)) is False:
            continue
        with pytest.raises(ProofError) as caught:
            check_proof(document, problem if mutate in ABOUT_DATA else None)
        assert caught.value.reason
        assert str(caught.value)
        rejected += 1
    assert rejected >= 1


@pytest.mark.slow
@pytest.mark.parametrize("mutate", ON_TEXTS, ids=lambda mutate: mutate.__name__)
def test_mutations_of_files_are_rejected(mutate, tmp_path):
    path = tmp_path / "proof.json"
    for n in range(TIMES):
        problem, _ = fresh_proof(n)
        text = text_of(n % len(PROOFS))
        changed = mutate(text, np.random.default_rng(n))
        assert changed != text
        path.write_text(changed)
        with pytest.raises(ProofError) as caught:
            check_proof(path, problem)
        assert caught.value.reason
        assert "\n" not in str(caught.value)


def test_a_constant_is_no_afterthought():
    # the tree without a constant says nothing about networks with one, which may be narrower
    _, document = proof_of("xor")
    assert document["lower_bound"] == 2
    document = copy.deepcopy(document)
    document["problem"]["constant"] = True
    with pytest.raises(ProofError, match=r"neither the problem's|do not add up to zero"):
        check_proof(document)
    document["problem"]["skip"] = True
    with pytest.raises(ProofError, match="a skip includes the constant"):
        check_proof(document)
    # and the other way round: its network has a term that the problem does not allow
    _, document = proof_of("parity-3", "constant")
    assert check_proof(document).affine == "constant"
    document = copy.deepcopy(document)
    del document["problem"]["constant"]
    with pytest.raises(ProofError, match="an affine term, which the problem does not allow"):
        check_proof(document)


def test_proofs_with_a_constant_are_about_data_with_one(tmp_path):
    problem, document = proof_of("parity-3", "constant")
    assert check_proof(document, problem).data_compared
    save(problem, tmp_path / "problem.json")
    assert check_proof(document, tmp_path / "problem.json").data_compared
    with pytest.raises(ProofError, match="the affine term or the weight bound is not that of the data"):
        check_proof(document, problem.replace(affine="none"))
    table = np.c_[problem.X, problem.low]
    np.savetxt(tmp_path / "data.csv", table, delimiter=",", header="a,b,c,y", comments="")
    (tmp_path / "proof.json").write_text(json.dumps(document))
    files = [str(tmp_path / "proof.json"), str(tmp_path / "data.csv")]
    alone = subprocess.run([sys.executable, SOURCE, *files], capture_output=True, text=True, cwd=tmp_path)
    assert (alone.returncode, alone.stderr) == (0, "")
    command = CliRunner().invoke(app, ["check", *files])
    assert command.exit_code == 0
    assert "with a constant" in alone.stdout
    assert "with a constant" in command.stdout


@pytest.mark.slow
def test_a_thousand_mutations():
    # the two tests above, counted: what `mutate` finds nothing to change in does not count
    count = TIMES * len(ON_TEXTS)
    for mutate in ON_DOCUMENTS:
        for n in range(TIMES):
            count += mutate(fresh_proof(n)[1], np.random.default_rng(n)) is not False
    assert count >= 1000


def test_scaled_multipliers_still_prove():
    _, document = proof_of("xor")
    document = copy.deepcopy(document)
    for *_, leaf in leaves(document):
        for rows in leaf.values():
            if isinstance(rows, list) and rows and isinstance(rows[0], list):
                for row in rows:
                    row[-1] = hex(as_int(row[-1]) * 2**70)
    assert check_proof(document).lower_bound == 2


def test_reasons_can_be_shown_on_any_terminal():
    for number in ("\ud800", 10**5000, "x" * 1000, [[]]):
        document = copy.deepcopy(TENT)
        document["parts"][0]["nodes"][3][2]["value"][0][1] = number
        with pytest.raises(ProofError, match="not an exact integer") as caught:
            check_proof(document)
        assert str(caught.value).isascii()
        assert len(str(caught.value)) < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


class TestFuzz:
    @pytest.mark.slow
    @given(st.dictionaries(st.sampled_from(sorted(TENT)), JSON))
    def test_any_document(self, fields):
        with pytest.raises(ProofError):
            check_proof(fields)

    @pytest.mark.slow
    @settings(max_examples=400)
    @given(st.data())
    def test_a_true_proof_with_anything_in_it(self, data):
        """Whatever is put anywhere: rejected, or what is then claimed is still true of the same problem."""
        document = copy.deepcopy(TENT if data.draw(st.booleans()) else proof_of("xor")[1])
        problem = document.pop("problem")
        truth = document["lower_bound"]
        here = document
        while True:
            key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
            inside = here[key]
            if not isinstance(inside, (dict, list)) or not inside or data.draw(st.booleans()):
                break
            here = inside
        here[key] = data.draw(JSON)
        document["problem"] = problem
        try:
            checked = check_proof(document)
        except ProofError:
            return
        assert checked.lower_bound <= truth
        assert checked.upper_bound is None or checked.upper_bound >= truth

    @given(st.binary(max_size=60))
    def test_any_file(self, tmp_path_factory, content):
        for name in ("proof.json", "proof.json.gz"):
            path = tmp_path_factory.mktemp("fuzz") / name
            path.write_bytes(content)
            with pytest.raises(UnreadableError):
                check_proof(path)


class TestFiles:
    def test_damaged_gzip(self, tmp_path):
        path = tmp_path / "proof.json.gz"
        packed = gzip.compress(json.dumps(TENT).encode())
        path.write_bytes(packed)
        assert check_proof(path).lower_bound == 1
        for content in (packed[:-9], packed[:40] + b"\xff" + packed[41:], b"", json.dumps(TENT).encode()):
            path.write_bytes(content)
            with pytest.raises(UnreadableError):
                check_proof(path)

    def test_what_unpacks_to_too_much_is_not_unpacked(self, tmp_path):
        path = tmp_path / "proof.json.gz"
        path.write_bytes(gzip.compress(b" " * 10_000))
        with pytest.raises(UnreadableError, match="more than 1000 bytes"):
            read(path, max_bytes=1000)

    @pytest.fixture
    def in_lines(self, tmp_path):
        """A proof by trees as it is written, one node a line, and how many values it has without them."""
        path = tmp_path / "lines.json"
        run_method(datasets.load("xor").problem(), Objective.NEURONS, "tree", SearchOptions(proof_path=path))
        text = path.read_bytes()
        nodes = b"".join(b"[" + part.partition(b"\n]")[0] for part in text.split(b'"nodes": [\n')[1:])
        every, apart = (sum(map(some.count, (b",", b"[", b"{", b":"))) for some in (text, nodes))
        assert apart > 100
        return path, every - apart

    def test_nodes_are_read_line_by_line_where_there_are_many_values(self, in_lines):
        path, most = in_lines
        document = read(path, max_values=most)
        assert not isinstance(document["parts"][0]["nodes"], list)
        assert check_proof(document) == check_proof(path)
        with pytest.raises(UnreadableError, match=f"more than {most - 1} values"):
            read(path, max_values=most - 1)

    def test_the_work_allowed_is_about_the_same_line_by_line(self, in_lines):
        path, most = in_lines
        whole, in_lines = _Work(read(path)).left, _Work(read(path, max_values=most)).left
        assert whole <= in_lines <= whole + (in_lines - 200_000_000) // 4

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            (b"\n]}", b",\n]}", "not readable as JSON"),
            (b",\n[1,", b",\n,\n[1,", "not readable as JSON"),
            (b'{"value"', b'{"value":[],"value"', "twice"),
            (b'{"value":[[', b'{"value":[[1.5],[', "decimal"),
            (b'{"value":[[', b'{"value":[[NaN],[', "NaN is not a number"),
            (b'{"value":[[', b"[" * 20_000, "not readable as JSON"),
            (b'{"value":[[', b'{"value\xff":[[', "not readable as JSON"),
        ],
    )
    def test_what_is_wrong_within_lines_is_rejected(self, in_lines, old, new, words):
        path, most = in_lines
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new, 1))
        with pytest.raises(ProofError, match=words):
            check_proof(read(path, max_values=most))
        with pytest.raises(ProofError, match=r"not readable as JSON|nested too deeply"):
            check_proof(path)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"format": "sparsest/proof"', b'"format": NaN'),
            (b'"nodes": [\n[', b'"nodes": [\n\n['),
            (b'"nodes": [\n[0,', b'"nodes": [\n[\n0,'),
            (b'"nodes": [\n[0,', b'"nodes": [\n[0,' + b" " * 70_000),
            (b"\n]}", b"]}"),
        ],
    )
    def test_documents_in_other_lines_are_read_at_once_or_not_at_all(self, in_lines, old, new):
        path, most = in_lines
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new))
        with pytest.raises(UnreadableError, match=f"more than {most} values"):
            read(path, max_values=most)

    def test_a_node_of_too_many_values_is_not_built(self, in_lines):
        path, most = in_lines
        path.write_bytes(path.read_bytes().replace(b'{"value":[[', b'{"value":[[' + b"0," * 70_000, 1))
        with pytest.raises(ProofError, match="a node of more than 65536 values"):
            check_proof(read(path, max_values=most))

    def test_missing_file(self, tmp_path):
        with pytest.raises(UnreadableError, match=r"nowhere\.json: there is no such file"):
            check_proof(tmp_path / "nowhere.json")
        with pytest.raises(UnreadableError, match="it is a folder"):
            check_proof(tmp_path)

    def test_data_as_saved_problem_table_and_document(self, tmp_path):
        problem = Problem([0, 1, 2], [0, 1, 0], affine="skip")
        save(problem, tmp_path / "problem.json")
        (tmp_path / "same.csv").write_text("x,y\n0,0\n1,1\n2,-0.0\n")
        (tmp_path / "other.csv").write_text("x,y\n0,0\n1,1\n2,0.1\n")
        for data in (problem, tmp_path / "problem.json", tmp_path / "same.csv"):
            assert check_proof(TENT, data).data_compared
        with pytest.raises(ProofError, match="sample 2: its interval is not that of the data"):
            check_proof(TENT, tmp_path / "other.csv")
        with pytest.raises(ProofError, match="the affine term or the weight bound"):
            check_proof(TENT, problem.replace(affine="none"))
        with pytest.raises(ProofError, match="the affine term or the weight bound"):
            check_proof(TENT, problem.replace(weight_bound=3.0))
        for content in ("", "x,y\n0,a\n", "x,y\n0,nan\n", "x,y\n0,0\n1\n"):
            (tmp_path / "bad.csv").write_text(content)
            with pytest.raises(UnreadableError):
                check_proof(TENT, tmp_path / "bad.csv")
        for data in (
            *(3, {"format": "sparsest/problem"}, tmp_path / "nowhere.csv", tmp_path / "nowhere.json"),
            *(Network.zero(1), Network.zero(1, "skip")),  # whose affine term is an array
        ):
            with pytest.raises(UnreadableError):
                check_proof(TENT, data)

    def test_proof_of_what_cannot_be_proven_is_refused_before_the_search(self, tmp_path):
        problem = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
        with pytest.raises(InputError, match="by method 'mip' cannot be written"):
            exact.solve(problem, "weights", method="mip", proof_file=tmp_path / "proof.json")
        with pytest.raises(InputError, match="ends in"):
            exact.solve(problem, proof_file=tmp_path / "proof.txt")
        with pytest.raises(InputError, match="does not exist"):
            exact.solve(problem, proof_file=tmp_path / "nowhere" / "proof.json")
        assert not list(tmp_path.iterdir())


class TestAlone:
    def test_imports_are_of_the_standard_library(self):
        names, tree = set(), ast.parse(SOURCE.read_text())
        # beside the package its error is one of the package's; the branch is not taken in a file run alone
        (inside,) = (
            node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node)
        )
        assert ast.unparse(inside.test) == "TYPE_CHECKING or __name__ == 'sparsest.check'"
        assert [ast.unparse(line) for line in inside.body] == [
            "from sparsest.errors import SparsestError as _Base"
        ]
        inside.body = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names.add(node.module.partition(".")[0])
        assert names <= sys.stdlib_module_names

    def test_runs_without_the_package(self, tmp_path):
        shutil.copy(SOURCE, tmp_path / "check.py")
        (tmp_path / "true.json").write_text(json.dumps(TENT))
        (tmp_path / "false.json").write_text(json.dumps(TENT | {"lower_bound": 2}))
        (tmp_path / "data.csv").write_text("x,y\n0,0\n1,1\n2,0\n")
        for arguments, code, words in [
            (["true.json"], 0, "verified: the fewest neurons"),
            (["true.json", "data.csv"], 0, "on the data given"),
            (["false.json"], 1, "rejected: lower_bound: 2 is claimed and 1 proven"),
            (["nowhere.json"], 2, "unreadable: nowhere.json"),
        ]:
            command = [sys.executable, "-I", "-S", "check.py", *arguments]
            done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
            assert done.returncode == code
            assert done.stdout.startswith(words) or words in done.stdout
            assert done.stderr == ""
            assert done.stdout.count("\n") == 1


class TestCommand:
    def call(self, *arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    def test_exit_codes(self, tmp_path):
        proof = tmp_path / "xor.json.gz"
        assert self.call("solve", "xor", "--proof", proof).exit_code == 0
        verified = self.call("check", proof, "xor")
        assert verified.exit_code == 0
        assert "exactly 2" in verified.stdout
        rejected = self.call("check", proof, "parity-3")
        assert rejected.exit_code == 1
        assert "rejected" in rejected.stdout
        assert self.call("check", proof, "xor", "--affine", "skip").exit_code == 1
        assert self.call("check", tmp_path / "nowhere.json").exit_code == 2
        assert self.call("check", proof, "nosuchdata").exit_code == 2

    @pytest.mark.slow
    def test_skip_and_bound_are_the_proofs_own_unless_given(self, tmp_path):
        proof = tmp_path / "close.json"
        assert self.call("solve", "close4", "--weight-bound", "10", "--proof", proof).exit_code == 0
        verified = self.call("check", proof, "close4")
        assert verified.exit_code == 0
        assert "weights of at most 10, are exactly 4" in verified.stdout
        assert self.call("check", proof, "close4", "--weight-bound", "9").exit_code == 1
        assert self.call("check", proof, "close4", "--affine", "skip").exit_code == 1


class TestAbout:
    """What a proof must be about, without data: the statement fails, or the proof is about it."""

    def about(self, document, **asked):
        try:
            return check_proof(document, **asked).lower_bound
        except UnreadableError:
            raise
        except ProofError as error:
            return str(error)

    @pytest.mark.parametrize("affine", ["none", "constant", "skip"])
    def test_affine_term(self, affine):
        _, document = proof_of("parity-3", affine)
        for asked in ("none", "constant", "skip"):
            said = self.about(document, affine=asked)
            assert (said == document["lower_bound"]) == (asked == affine)
            assert asked == affine or said.startswith("problem: it is about networks with")

    def test_tolerance(self, tmp_path):
        # ends 0.1 - 0.2 and 0.1 + 0.2, rounded to floats, are not 0.4 apart
        y = np.array([0.1, 0.7, 0.1])
        problem = Problem([0, 1, 2], y, affine="skip", tolerance=0.2)
        assert any(
            Fraction(h) - Fraction(lo) != Fraction(0.4) for lo, h in zip(y - 0.2, y + 0.2, strict=True)
        )
        _, document = prove(problem, tmp_path / "proof.json")
        assert self.about(document, tolerance=0.2) == 1
        assert self.about(document, tolerance=Fraction(1, 5)) == 1
        for wrong in (0, 0.0, 0.2 + 1e-15, 0.4, 1.0):
            assert "is not a label with tolerance" in self.about(document, tolerance=wrong)
        assert self.about(TENT, tolerance=0) == 1
        assert "sample 0" in self.about(TENT, tolerance=1e-300)
        assert "sample 0" in self.about(TENT, margin=1.0)

    def test_decimal_ends_have_the_tolerance_that_was_typed(self):
        # labels 0, 1/10, 0 with tolerance 1/5, which no float is; nothing is forced then
        ends = [[f"{n - 2}/10", f"{n + 2}/10"] for n in (0, 1, 0)]
        problem = TENT["problem"] | {"low": [lo for lo, _ in ends], "high": [h for _, h in ends]}
        document = TENT | {"problem": problem, "lower_bound": 0, "parts": []}
        document |= {"upper_bound": None, "witness": None}
        assert self.about(document, tolerance=0.2) == 0
        assert "tolerance" in self.about(document, tolerance=0.1)

    def test_classes(self, tmp_path):
        X = [[0, 0], [0, 1], [1, 0], [1, 1]]
        _, document = prove(Problem.classification(X, [0, 1, 1, 0], 0.1), tmp_path / "proof.json")
        assert self.about(document, margin=0.1) == document["lower_bound"]
        assert "margin 0.2" in self.about(document, margin=0.2)
        assert "tolerance" in self.about(document, tolerance=0.1)
        assert check_proof(document).labels == "two classes with a margin of 0.1"
        (tmp_path / "data.csv").write_text("a,b,y\n0,0,3\n0,1,5\n1,0,5\n1,1,3\n")
        assert check_proof(document, tmp_path / "data.csv", margin=0.1).data_compared
        with pytest.raises(ProofError, match="sample 0: its interval is not that of the data"):
            check_proof(document, tmp_path / "data.csv")
        (tmp_path / "data.csv").write_text("a,b,y\n0,0,3\n0,1,5\n1,0,7\n1,1,3\n")
        with pytest.raises(UnreadableError, match="more than two classes"):
            check_proof(document, tmp_path / "data.csv", margin=0.1)

    def test_weight_bound(self, tmp_path):
        _, document = prove(Problem([0, 1, 2], [0, 1, 0], weight_bound=10.5), tmp_path / "proof.json")
        assert self.about(document, weight_bound=10.5) == document["lower_bound"]
        assert "at most 10.5, not of at most 10" in self.about(document, weight_bound=10)
        assert "unbounded, not of at most 10" in self.about(TENT, weight_bound=10)
        document["problem"]["weight_bound"] = "105/10"
        assert self.about(document, weight_bound=10.5) == document["lower_bound"]

    @pytest.mark.parametrize(
        "asked",
        [
            *({"tolerance": wrong} for wrong in (-1, float("nan"), float("inf"), "0", True)),
            *({name: wrong} for name in ("weight_bound", "margin") for wrong in (0, -1.0, float("nan"), [])),
            *({"affine": wrong} for wrong in ("Skip", 3, [])),
            {"tolerance": 1, "margin": 1},
        ],
    )
    def test_what_makes_no_sense(self, asked):
        with pytest.raises(UnreadableError):
            check_proof(TENT, **asked)

    def test_data_with_a_tolerance(self, tmp_path):
        problem = Problem([0, 1, 2], [0.1, 0.7, 0.1], affine="skip", tolerance=0.2)
        _, document = prove(problem, tmp_path / "proof.json")
        (tmp_path / "data.csv").write_text("x,y\n0,0.1\n1,0.7\n2,0.1\n")
        assert check_proof(document, tmp_path / "data.csv", tolerance=0.2).data_compared
        with pytest.raises(ProofError, match="sample 0: its interval is not that of the data"):
            check_proof(document, tmp_path / "data.csv")

    def test_commands(self, tmp_path, monkeypatch, capsys):
        """The package's command and the file alone: the same answers, in one line."""
        monkeypatch.chdir(tmp_path)
        problem = Problem([0, 1, 2], [0.1, 0.7, 0.1], affine="skip", tolerance=0.2)
        prove(problem, tmp_path / "proof.json")
        (tmp_path / "data.csv").write_text("x,y\n0,0.1\n1,0.7\n2,0.1\n")
        true = ["--affine", "skip", "--tolerance", "0.2"]
        for options, code in [
            ([], 0),
            (true, 0),
            (["data.csv", *true], 0),
            (["--affine", "none"], 1),
            (["--affine", "constant"], 1),
            (["--tolerance", "0"], 1),
            (["--weight-bound", "5"], 1),
            (["--classify"], 1),
            (["--classify", "--margin", "0.5"], 1),
            (["data.csv", "--affine", "none", "--tolerance", "0.2"], 1),
            (["data.csv", "--weight-bound", "5", "--tolerance", "0.2"], 1),
            (["data.csv", "--affine", "skip"], 1),
            (["--tolerance", "-1"], 2),
            (["--margin", "1"], 2),
            (["--classify", "--tolerance", "1"], 2),
            (["--affine", "free"], 2),
        ]:
            paths = ["proof.json", *options]
            command = CliRunner().invoke(app, ["check", *paths])
            assert command.exit_code == code, options
            assert len(command.stdout.splitlines()[:1]) == (code != 2)
            if "free" not in options and options != ["--margin", "1"]:  # argparse refuses these, and exits
                assert main(paths) == code
                # the command says how it read the table as well
                assert command.stdout.startswith(capsys.readouterr().out) or code == 2
        assert CliRunner().invoke(app, ["check", paths[0], "--target", "y"]).exit_code == 2

    def test_a_hostile_weight_bound_does_not_hang(self, tmp_path):
        # the command once read the bound by itself, as a fraction of 10^8 digits
        for bound in ("1e99999999", "1/1e99999999", "1" * 5000, "0x1p+99999999", "9" * 99_999, "1/0"):
            problem = TENT["problem"] | {"weight_bound": bound}
            (tmp_path / "proof.json").write_text(json.dumps(TENT | {"problem": problem}))
            (tmp_path / "data.csv").write_text("x,y\n0,0\n1,1\n2,0\n")
            for data in ([], [str(tmp_path / "data.csv")]):
                command = CliRunner().invoke(app, ["check", str(tmp_path / "proof.json"), *data])
                assert command.exit_code == 1
                assert command.stdout.startswith("rejected: problem weight_bound: ")
                assert command.stdout.count("\n") == 1


class TestFoundByReview:
    def test_cells_that_become_known_on_the_way(self, tmp_path):
        """A neuron whose bits are of no cell was entered before; its branch was written without children."""
        x = [7, 13, 16, 20, 27, 41, 57, 64, 92, 97, 101, 107, 119, 130, 140, 149, 174, 175]
        y = [-16, -28, -34, -42, -56, -82, -116, -130, -186, -196, -204, -216, -240, -262, -282, -300, -350]
        problem = Problem(x, [*y, -352])
        result, document = prove(problem, tmp_path / "proof.json", method="tree")
        checked = check_proof(document, problem)
        assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)

    @pytest.mark.slow
    @pytest.mark.parametrize(("seed", "pause"), in_turn(range(12), [1, 3, 10, 30]))
    def test_cells_at_any_moment(self, seed, pause, tmp_path):
        rng = np.random.default_rng(seed)
        X = np.unique(rng.integers(-2, 3, (7, 1 + seed % 2)), axis=0)
        problem = Problem(X, rng.integers(-2, 3, len(X)), affine="none" if seed % 3 else "skip")
        options = SearchOptions(
            proof_path=tmp_path / "proof.json", pacing=Pacing(first_pause=pause, cells_a_node=10**6)
        )
        result = run_method(problem, Objective.NEURONS, "tree", options)
        checked = check_proof(options.proof_path, problem)
        assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)

    def test_full_disk_does_not_cost_the_result(self, tmp_path, monkeypatch):
        from sparsest.exact.proof import writer

        def full(path, content):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(writer, "write_atomically", full)
        problem = datasets.load("xor").problem()
        result = exact.solve(problem, proof_file=tmp_path / "proof.json")
        assert result.lower_bound == result.upper_bound == 2
        assert result.proof_written is False
        assert "No space left" in result.remark
        command = CliRunner().invoke(app, ["solve", "xor", "--proof", str(tmp_path / "proof.json")])
        assert command.exit_code == 2
        assert "2, proven minimal" in command.stdout
        assert "No space left" in command.stderr

    @pytest.mark.parametrize("objective", ["neurons", "parameters"])
    def test_a_full_disk_for_nodes_does_not_cost_the_result(self, objective, tmp_path, monkeypatch):
        class Full(io.BytesIO):
            def write(self, content):
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(tempfile, "TemporaryFile", lambda mode: Full())
        problem = datasets.load("xor").problem()
        options = SearchOptions(proof_path=tmp_path / "proof.json")
        result = run_method(problem, Objective(objective), "tree", options)
        assert result.lower_bound == result.upper_bound == {"neurons": 2, "parameters": 4}[objective]
        assert result.proof_written is False
        assert "No space left" in result.remark

    @pytest.mark.parametrize("wrong", [123, b"proof.json", None])
    def test_places_that_are_none(self, wrong, tmp_path):
        place = tmp_path if wrong is None else wrong
        with pytest.raises(InputError, match=r"folder|must be a path"):
            exact.solve(datasets.load("xor").problem(), proof_file=place)

    @pytest.mark.parametrize("option", ["--proof", "--save"])
    def test_data_are_not_overwritten(self, option, tmp_path):
        path = tmp_path / "in.json"
        save(datasets.load("xor").problem(), path)
        before = path.read_bytes()
        result = CliRunner().invoke(app, ["solve", str(path), option, str(path)])
        assert result.exit_code == 2
        assert "holds the data" in result.stderr
        assert path.read_bytes() == before

    def test_ending_in_capitals_is_compressed_too(self, tmp_path):
        path = tmp_path / "proof.JSON.GZ"
        exact.solve(datasets.load("xor").problem(), proof_file=path)
        assert check_proof(path).lower_bound == 2

    def test_table_without_names_is_refused(self, tmp_path):
        problem = Problem([0, 1, 2], [0, 0, 1])
        proof = tmp_path / "proof.json"
        exact.solve(problem, method="tree", proof_file=proof)
        (tmp_path / "data.csv").write_text("7,5\n0,0\n1,0\n2,1\n")
        with pytest.raises(UnreadableError, match="all numbers"):
            check_proof(proof, tmp_path / "data.csv")
        (tmp_path / "data.csv").write_text("x,y\n0,0\n1,0\n2,1\n")
        assert check_proof(proof, tmp_path / "data.csv").data_compared

    def test_infinity_of_the_wrong_sign_is_no_open_end(self):
        document = copy.deepcopy(TENT)
        document["problem"]["low"][1] = None
        data = {
            "format": "sparsest/problem",
            "X": [[0.0], [1.0], [2.0]],
            "low": [0.0, float("inf"), 0.0],
            "high": [0.0, 1.0, 0.0],
            "affine": "skip",
            "weight_bound": None,
        }
        with pytest.raises(UnreadableError):
            check_proof(document, data)
        with pytest.raises(UnreadableError, match="not a list"):
            check_proof(document, data | {"low": 3})

    def test_merging_is_refused_under_a_weight_bound(self):
        # x = 0, 1 and y = 0, 2 with weights of at most 1: two neurons max(0, x), whose sum has a weight of 2
        fields = {"X": [[0], [1]], "low": [0, 2], "high": [0, 2], "skip": False, "weight_bound": None}
        nodes = [[0, "", 0], [1, "00", 1], [2, "11", {"merge": 0}]]
        for bound, reason in ((None, "2 of 3 assignments at point 1"), (1, "exceed the weight bound")):
            problem = _Problem(fields | {"weight_bound": bound}, "problem")
            tree = _Tree(problem, [], [((0, 1), 1)] * 2, False, False, _Work(nodes))
            with pytest.raises(ProofError, match=reason):
                tree.check(nodes, "tree")

    def test_a_witness_beyond_the_weight_bound(self, tmp_path):
        problem = Problem([-1, 1], [0, 9], weight_bound=1)
        _, document = prove(problem, tmp_path / "proof.json")
        assert check_proof(document, problem).upper_bound == 5
        document["witness"]["neurons"][0][0] = "10000000001/10000000000"
        with pytest.raises(ProofError, match=r"a weight exceeds the bound|misses the interval"):
            check_proof(document)

    def test_zero_neurons_of_a_rational_witness_are_dropped(self):
        from sparsest.exact.arithmetic.rational_network import RationalNetwork, _without_zero_neurons
        from sparsest.exact.arithmetic.rational_problem import rational

        one, zero = rational(1.0), rational(0.0)
        network = RationalNetwork([1, -1, 1], [[one, zero], [zero, zero], [zero, one], [one, one]])
        # the last row is the skip
        assert _without_zero_neurons(network) == RationalNetwork(
            [1, 1], [[one, zero], [zero, one], [one, one]]
        )
