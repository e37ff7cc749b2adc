"""VIPR exports: an independent checker accepts them, and the program that they refute is the problem's."""

import copy
import functools
import itertools
import json
import math
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import TENT, proof_of, prove, random_intervals
from oracles.vipr_checker import RejectedError
from oracles.vipr_checker import check as check_vipr
from scipy.optimize import linprog
from typer.testing import CliRunner

from sparsest import InputError, Problem, ProofError, check_proof
from sparsest.affine import Affine
from sparsest.check import _number
from sparsest.cli.main import app
from sparsest.exact.proof.vipr import derivation, export
from sparsest.exact.proof.vipr.model import ExactPoints, Model, exact_number, largest_input
from sparsest.exact.proof.vipr.refutation import Refutation

# The example of the paper (Cheung, Gleixner and Steffy 2017, example 3): it rounds and nests cases.
PAPER = """\
% example 3
VER 1.0
VAR 2
x y
INT 2
0 1
OBJ min
0
CON 3 0
C1 G 1 2 0 2 1 3
C2 L 2 2 0 3 1 -4
C3 L 3 2 0 -1 1 6
RTP infeas
SOL 0
DER 11
A1 L 0 1 0 1 { asm } -1
A2 G 1 1 0 1 { asm } -1
A3 L 0 1 1 1 { asm } -1
C4 G 1 0 { lin 3 0 1 3 -2 5 -3 } 12
A4 G 1 1 1 1 { asm } -1
C5 G 1 0 { lin 3 2 -1/3 3 -1/3 7 2 } 12
C6 G 1/4 1 1 1 { lin 2 1 -1/4 4 3/4 } 10
C7 G 1 1 1 1 { rnd 1 9 1 } 11
C8 G 1 0 { lin 3 1 -1/3 2 -1 10 14/3 } 13
C9 G 1 0 { uns 6 5 8 7 } 13
C10 G 1 0 { uns 11 4 12 3 } -1
"""


def by_meaning(program):
    """Rows as sense, right-hand side and coefficients by name."""
    return sorted(
        (row.sense, row.right, tuple(sorted((program.variables[j], a) for j, a in row.coefficients.items())))
        for row in program.rows
    )


def rows_by_hand(problem, signs, big):
    """The program of docs/vipr.md, built from the problem alone."""
    problem = problem.in_integers
    points = {}
    for x, low, high in zip(problem.X.tolist(), problem.low.tolist(), problem.high.tolist(), strict=True):
        known = points.get(tuple(x), (-math.inf, math.inf))
        points[tuple(x)] = max(known[0], low), min(known[1], high)
    rows = []
    for p, (x, ends) in enumerate(points.items()):
        finite = [Fraction(v) for v in (*x, *ends) if math.isfinite(v)]
        scale = math.lcm(*(v.denominator for v in finite))
        r = [Fraction(v) * scale for v in (*x, 1.0)]
        value = {f"h{k}_{p}": Fraction(s) for k, s in enumerate(signs)}
        if problem.affine is Affine.SKIP:
            value |= {f"a{j}": v for j, v in enumerate(r)}
        for sense, end in zip((1, -1), ends, strict=True):
            if math.isfinite(end):
                rows.append((sense, Fraction(end) * scale, value))
        for k in range(len(signs)):
            h, z = {f"h{k}_{p}": Fraction(1)}, {f"z{k}_{p}": Fraction(1)}
            above = h | {f"u{k}_{j}": -v for j, v in enumerate(r)}
            rows += [(1, 0, z), (-1, 1, z), (1, 0, h), (1, 0, above)]
            rows += [(-1, big, above | {f"z{k}_{p}": big}), (-1, 0, h | {f"z{k}_{p}": -big})]
    if problem.weight_bound is not None:
        R = Fraction(problem.weight_bound)
        for k, j in itertools.product(range(len(signs)), range(problem.n_features)):
            rows += [(1, -R, {f"u{k}_{j}": Fraction(1)}), (-1, R, {f"u{k}_{j}": Fraction(1)})]
    return sorted(
        (sense, Fraction(right), tuple(sorted((name, Fraction(a)) for name, a in terms.items() if a)))
        for sense, right, terms in rows
    )


def verify(problem, document):
    """Check all files of a proof, and that they are about this problem; return their texts."""
    width = check_proof(document, problem).lower_bound - 1
    texts = dict(export.certificates(document))
    assert list(texts) == [f"{width}-neurons-{p}-positive.vipr" for p in range(width + 1)]
    for positive, text in enumerate(texts.values()):
        signs = [1] * positive + [-1] * (width - positive)
        big = largest_input(ExactPoints(document["problem"]), width)
        program = check_vipr(text)
        assert by_meaning(program) == rows_by_hand(problem, signs, big)
        assert {program.variables[j][0] for j in program.integers} <= {"z"}
    return list(texts.values())


def kinds(document):
    """What occurs in the leaves of a proof's largest trees."""
    width = document["lower_bound"] - 1
    trees = [part for part in document["parts"] if part["kind"] == "tree" and part["neurons"] == width]
    found = [what for part in trees for _, _, what in part["nodes"] if isinstance(what, dict)]
    return set(itertools.chain(*found))


@functools.cache
def random_proof(seed, folder):
    problem = random_intervals(seed)
    return problem, prove(problem, Path(folder) / f"{seed}.json", method="tree", node_limit=2000)[1]


class TestChecker:
    def test_accepts_the_example_of_the_paper(self):
        assert check_vipr(PAPER).variables == ["x", "y"]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("lin 3 0 1 3 -2 5 -3", "lin 3 0 1 3 -2 5 3"),  # multipliers that point both ways
            ("lin 3 0 1 3 -2 5 -3", "lin 3 0 1 3 -1 5 -3"),
            ("uns 11 4 12 3 } -1", "uns 11 4 12 5 } -1"),  # discharges another assumption
            ("A2 G 1 1 0 1", "A2 G 2 1 0 1"),  # between 0 and 2 nothing is said
            ("INT 2\n0 1", "INT 1\n1"),
            ("C7 G 1 1 1 1 { rnd", "C7 G 1 1 1 1 { lin"),
            ("C9 G 1 0 { uns 6 5 8 7 } 13", "C9 G 1 0 { uns 6 5 8 7 } 12"),  # used once more afterwards
            ("DER 11", "DER 10"),
            ("C10 G 1 0 { uns 11 4 12 3 } -1", "C10 G 1 0 { lin 1 12 1 } -1"),  # rests on A1
        ],
    )
    def test_rejects_it_when_it_is_changed(self, old, new):
        assert PAPER.count(old) == 1
        with pytest.raises(RejectedError):
            check_vipr(PAPER.replace(old, new))


class TestExports:
    @pytest.mark.parametrize(
        ("name", "affine"),
        [
            *itertools.product(
                [
                    "xor",
                    "parity-3",
                    "tent",
                    "zigzag",
                    "convex",
                    "close4",
                    "peak-plateau",
                    "planted:d=2,n=20,k=3,seed=0",
                    "uniform:d=2,n=8,seed=0",
                ],
                ["none", "skip"],
            ),
            ("anscombe-4", "none"),
            ("high-dimensional", "none"),
        ],
    )
    @pytest.mark.slow
    def test_named_datasets(self, name, affine):
        problem, document = proof_of(name, affine)
        verify(problem, document)

    @pytest.mark.parametrize("seed", range(80))
    def test_random_problems(self, seed, tmp_path_factory):
        problem, document = random_proof(seed, tmp_path_factory.getbasetemp())
        if document["lower_bound"]:
            verify(problem, document)
        else:
            with pytest.raises(InputError, match="nothing to export"):
                verify(problem, document)

    def test_every_kind_of_leaf_occurs_above(self, tmp_path_factory):
        proofs = [random_proof(seed, tmp_path_factory.getbasetemp()) for seed in range(80)]
        proofs.append(proof_of("planted:d=2,n=20,k=3,seed=0", "skip"))  # flipped neurons: with a skip, K = 1
        found = {
            (leaf, problem.affine is Affine.SKIP) for problem, document in proofs for leaf in kinds(document)
        }
        assert found >= {(leaf, False) for leaf in ("value", "cone", "bound", "circuit")}
        assert found >= {("value", True), ("cone", True)}
        assert {1, 2} <= {document["lower_bound"] - 1 for _, document in proofs}

    def test_a_tent_by_hand(self):
        # f(0) = f(2) = 0, f(1) = 1: no affine function, 2 f(1) - f(0) - f(2) = 2 and would have to be 0
        ((name, text),) = export.certificates(TENT)
        assert name == "0-neurons-0-positive.vipr"
        program = check_vipr(text)
        assert program.variables == ["a0", "a1"]
        assert "lin 3 1 -1 2 2 5 -1" in text

    def test_a_proof_that_relaxes_the_problem_by_a_skip(self):
        problem, without = proof_of("parity-3")
        _, with_skip = proof_of("parity-3", "skip")
        relaxed = without | {key: with_skip[key] for key in ("parts", "circuits", "lower_bound")}
        verify(problem, relaxed)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["parity-3", "convex"])  # a tree below, and knots that intervals force
    def test_neurons_alike_on_every_point_are_one(self, name, monkeypatch):
        problem, document = proof_of(name)
        document = copy.deepcopy(document)
        merge_alike(document)
        assert "merge" in kinds(document)
        met = []
        contradict = Refutation._contradict

        def remember(refutation, leaf, slots, *rest):
            met.append(max(map(len, slots)))
            return contradict(refutation, leaf, slots, *rest)

        monkeypatch.setattr(Refutation, "_contradict", remember)
        verify(problem, document)
        assert max(met) == 2

    def test_a_witness_meets_the_program_of_its_signs(self, tmp_path_factory):
        met = 0
        for seed in range(80):
            problem, document = random_proof(seed, tmp_path_factory.getbasetemp())
            if document["witness"] is not None and problem.weight_bound is None:
                assert_witness_meets(document)
                met += 1
        assert met > 30


def merge_alike(document):
    """Branch below leaves of the largest trees on all other points, and merge neurons that stay alike."""
    width, points = document["lower_bound"] - 1, len({tuple(row) for row in document["problem"]["X"]})
    for part in document["parts"]:
        if part["kind"] != "tree" or part["neurons"] != width:
            continue
        signs = [1] * part["positive"] + [-1] * (width - part["positive"])
        nodes, path, keys = [], [], {}
        for depth, key, what in part["nodes"]:
            for point in path[depth:]:
                keys.pop(point, None)
            del path[depth:]
            if depth:
                keys[path[-1]] = key
            if isinstance(what, int):
                path.append(what)
            elif "*" not in key and "circuit" not in what:
                nodes += below(depth, key, what, signs, dict(keys), points)
                continue
            nodes.append([depth, key, what])
        part["nodes"] = nodes


def below(depth, key, leaf, signs, keys, points):
    """The subtree that replaces a leaf: every point decided, and alike neurons merged at the end."""
    width = len(signs)
    alike = [
        signs[k] == signs[k + 1] and all(bits[k] == bits[k + 1] for bits in keys.values())
        for k in range(width - 1)
    ]
    left = [p for p in range(points) if p not in keys]
    if not any(alike):
        return [[depth, key, leaf]]
    if not left:
        return [[depth, key, {"merge": alike.index(True)}]]
    nodes = [[depth, key, left[0]]]
    for bits in itertools.product("10", repeat=width):
        if all(bits[k] >= bits[k + 1] for k in range(width - 1) if alike[k]):
            nodes += below(depth + 1, "".join(bits), leaf, signs, keys | {left[0]: "".join(bits)}, points)
    return nodes


def assert_witness_meets(document):
    points, witness = ExactPoints(document["problem"]), document["witness"]
    if witness["kind"] != "network":
        return
    order = sorted(range(len(witness["signs"])), key=lambda k: -witness["signs"][k])
    neurons = [[_number(v, "") for v in witness["neurons"][k]] for k in order]
    model = Model(points, [witness["signs"][k] for k in order])
    values = {}
    for k, u in enumerate(neurons):
        values |= {f"u{k}_{j}": v for j, v in enumerate(u)}
        for p, r in enumerate(points.rows):
            z = sum(a * b for a, b in zip(r, u, strict=True))
            values |= {f"h{k}_{p}": max(z, 0), f"z{k}_{p}": int(z > 0)}
    affine = witness["skip"] or [0] * points.size
    values |= {f"a{j}": _number(v, "") for j, v in enumerate(affine)}
    for row in model.rows:
        total = sum(a * values[model.variables[j]] for j, a in row.terms)
        assert total >= row.right if row.sense == "G" else total <= row.right


def smallest_inputs(problem, signs, bits):
    """The least t with ``|r_p . u_k| <= t`` for a network of these bits that fits; None if there is none."""
    points = ExactPoints({**fields(problem), "weight_bound": None})
    rows, size = np.array(points.rows, dtype=float), points.size
    n = size * (len(signs) + points.skip) + 1
    above, right = [], []
    for p, r in enumerate(rows):
        value = np.zeros(n)
        for k, sign in enumerate(signs):
            entry = np.zeros(n)
            entry[k * size : (k + 1) * size] = r
            facing = entry if bits[k][p] else -entry
            above += [-facing, facing - np.eye(n)[-1]]
            right += [0.0, 0.0]
            value += sign * bits[k][p] * entry
        if points.skip:
            value[-1 - size : -1] = r
        for side, end in ((-1, points.low[p]), (1, points.high[p])):
            if end is not None:
                above.append(side * value)
                right.append(side * end)
    found = linprog(
        np.eye(n)[-1], A_ub=np.array(above), b_ub=right, bounds=[(None, None)] * (n - 1) + [(0, None)]
    )
    return found.x[-1] if found.status == 0 else None


def fields(problem):
    ends = (
        [None if math.isinf(v) else v.hex() for v in side.tolist()] for side in (problem.low, problem.high)
    )
    low, high = ends
    return {
        "X": [[v.hex() for v in x] for x in problem.X.tolist()],
        "low": low,
        "high": high,
        "skip": problem.affine is Affine.SKIP,
    }


class TestBigM:
    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(4))
    def test_no_assignment_of_bits_needs_larger_inputs(self, seed):
        rng = np.random.default_rng(seed)
        X = rng.permutation(9)[:4, None] if seed % 2 else rng.integers(-2, 3, (4, 2))
        X = np.unique(X, axis=0) / 8
        signs, neurons = [1, -1], rng.integers(-3, 4, (2, X.shape[1] + 1))
        y = (
            np.maximum(0, np.c_[X, np.ones(len(X))] @ neurons.T) @ signs
        )  # exact in floats, so that some bits fit
        problem = Problem(X, y, affine="none" if seed % 3 else "skip", tolerance=seed % 2 / 4)
        M = largest_input(ExactPoints({**fields(problem), "weight_bound": None}), 2)
        choices = list(itertools.product((0, 1), repeat=len(X)))
        needed = [smallest_inputs(problem, signs, bits) for bits in itertools.product(choices, repeat=2)]
        needed = [t for t in needed if t is not None]
        assert needed
        assert max(needed) <= M

    def test_by_hand(self):
        # x = 1/2 with label in [0, 3/4]: D = 4, row (2, 4), ends 0 and 3. One neuron: rows have 1-norm
        # 2 + 4 + 3 at most, there are two numbers, and inputs have |r . u| <= (2 + 4) * 9^2
        points = ExactPoints(
            {"X": [["1/2"]], "low": [0], "high": ["3/4"], "skip": False, "weight_bound": None}
        )
        assert points.rows == [[2, 4]]
        assert (points.low, points.high) == ([0], [3])
        assert largest_input(points, 1) == 6 * 9**2
        # a bound of 7/3 is the row 3 u <= 7, of 1-norm 10
        points.bound = Fraction(7, 3)
        assert largest_input(points, 1) == 6 * 10**2


class TestRejections:
    """What is changed in an export so that it proves nothing."""

    @pytest.fixture
    def text(self):
        _, document = proof_of("parity-3")
        return dict(export.certificates(document))["2-neurons-1-positive.vipr"]

    def test_a_multiplier(self, text):
        head, derivations = text.split("DER ")
        lines = derivations.splitlines()
        changed = 0
        for n, line in enumerate(lines):
            if "{ lin" not in line:
                continue
            words = line.split()
            last = words.index("}") - 1
            words[last] = str(int(words[last]) * 2)
            with pytest.raises(RejectedError):
                check_vipr(f"{head}DER " + "\n".join([*lines[:n], " ".join(words), *lines[n + 1 :]]))
            changed += 1
        assert changed > 20

    def test_a_case_left_out(self, text):
        head, derivations = text.split("DER ")
        lines = derivations.splitlines()
        start = int(head.split("CON ")[1].split()[0])
        last = lines[-1].split()
        first, _, second, _ = last[last.index("uns") + 1 : -2]
        for kept in (first, second):
            assert int(kept) >= start
            lines[-1] = f"last G 1 0 {{ lin 1 {kept} 1 }} -1"
            with pytest.raises(RejectedError, match="without assumptions"):
                check_vipr(f"{head}DER " + "\n".join(lines))

    def test_a_missing_line(self, text):
        head, derivations = text.split("DER ")
        count, *lines = derivations.splitlines()
        for n in range(len(lines)):
            with pytest.raises((RejectedError, StopIteration)):
                check_vipr(f"{head}DER {int(count) - 1}\n" + "\n".join(lines[:n] + lines[n + 1 :]))

    def test_a_label_that_can_be_met(self, text):
        # the sample whose label decides is freed: what was a contradiction is none any more
        assert "high_7 L 1 " in text
        freed = "\n".join(
            line.replace(" G 1 ", " G 0 ") if line.startswith("low_") else line for line in text.splitlines()
        )
        with pytest.raises(RejectedError):
            check_vipr(freed)


class TestRefusals:
    def test_a_proof_that_is_not_accepted(self, tmp_path):
        _, document = proof_of("xor")
        with pytest.raises(ProofError):
            export.export(document | {"lower_bound": 3, "upper_bound": 3}, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_nothing_refuted(self, tmp_path):
        _, document = prove(Problem([0, 1], [0, 0]), tmp_path / "proof.json")
        with pytest.raises(InputError, match="lower bound is 0"):
            export.export(document, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    @pytest.mark.slow
    def test_neurons_of_one_cell_under_a_weight_bound(self, tmp_path):
        # three neurons max(0, x - 1) of weight 1 meet f(2) = 3, and no two
        problem = Problem([0, 1, 2], [0, 0, 3], weight_bound=1)
        _, document = prove(problem, tmp_path / "proof.json")
        assert check_proof(document).lower_bound == 3
        verify(problem, document)

    @pytest.mark.parametrize("most", [60, 100])  # the program has 2 * 8 * 7 rows, and derivations follow
    def test_too_many_lines(self, most):
        _, document = proof_of("parity-3")
        with pytest.raises(InputError, match=f"more than {most} lines"):
            list(export.certificates(document, max_lines=most))

    def test_a_file_where_the_folder_should_be(self, tmp_path):
        (tmp_path / "out").write_text("")
        with pytest.raises(InputError, match="is not a folder"):
            export.export(proof_of("xor")[1], tmp_path / "out")


class TestNumbers:
    @pytest.mark.parametrize(
        "number",
        [
            3,
            -(2**53),
            "-12",
            "0xff",
            "-0x1f",
            "3/7",
            "-0x10/0x3",
            "0x1.8p-1",
            "-0x1.999999999999ap-4",
            "0x0.8p-1022",
        ],
    )
    def test_are_read_as_the_checker_reads_them(self, number):
        assert exact_number(number) == _number(number, "")

    def test_larger_than_python_writes(self):
        # 10 000 digits of 9 and of 1/9, both beyond the 4300 that str() converts
        nines = 10**10_000 - 1
        assert derivation._number_text(-nines) == "-" + "9" * 10_000
        assert derivation._number_text(Fraction(1, nines)) == "1/" + "9" * 10_000

    def test_points_are_those_of_the_checker(self):
        document = {"X": [[1, "1/2"], [0, 0], [1, "0x1p-1"]], "low": [0, None, "1/3"], "high": [None, 2, 5]}
        points = ExactPoints(document | {"skip": False, "weight_bound": 3})
        # the first and the third are one point of interval [1/3, 5], common denominator 6
        assert points.rows == [[6, 3, 6], [0, 0, 1]]
        assert (points.low, points.high) == ([2, None], [30, 2])


class TestCommand:
    def test_check_writes_what_it_verified(self, tmp_path):
        (tmp_path / "xor.json").write_text(json.dumps(proof_of("xor")[1]))
        done = CliRunner().invoke(app, ["check", str(tmp_path / "xor.json"), "--vipr", str(tmp_path / "out")])
        assert done.exit_code == 0, done.output
        assert "as 2 VIPR files to" in done.output
        files = sorted(path.name for path in (tmp_path / "out").iterdir())
        assert files == ["1-neurons-0-positive.vipr", "1-neurons-1-positive.vipr"]
        for name in files:
            check_vipr((tmp_path / "out" / name).read_text())

    def test_a_rejected_proof_is_not_exported(self, tmp_path):
        (tmp_path / "xor.json").write_text(json.dumps(proof_of("xor")[1] | {"lower_bound": 3}))
        done = CliRunner().invoke(app, ["check", str(tmp_path / "xor.json"), "--vipr", str(tmp_path / "out")])
        assert done.exit_code == 1
        assert not (tmp_path / "out").exists()


@pytest.mark.skipif(shutil.which("viprchk") is None, reason="viprchk is not installed")
@pytest.mark.parametrize("name", ["xor", "parity-3", "convex"])
def test_the_reference_checker_agrees(name, tmp_path):
    for path in export.export(proof_of(name)[1], tmp_path):
        done = subprocess.run(["viprchk", path], capture_output=True, text=True, check=True)
        assert "Infeasibility verified" in done.stdout
        assert "Warning" not in done.stdout
