"""The checker of path norms: proofs by hand, powers and cones by other means, and what it must reject."""

import copy
import gzip
import itertools
import json
import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import call, slow_after
from hypothesis import given, settings
from hypothesis import strategies as st

import sparsest.check
import sparsest.check_path_norm
from sparsest import InputError, Problem, ProofError, check_path_norm_proof, check_proof, exact, save
from sparsest.check import _Problem, _with_options, _Work
from sparsest.check_path_norm import ConeModel, Power, main
from sparsest.exact.path_norm.cones import build_cones
from sparsest.objectives import Objective
from sparsest.progress import Deadline

# Labels 0, 0, 1 at 0, 1, 2 with a skip: f(0) - 2 f(1) + f(2) = 1, and a neuron of weight w and output sign +
# adds between 0 and |w| to it, one of sign - nothing above 0. So sum |w| >= 1, and for p < 1 as well, because
# |w|^p >= |w| for |w| <= 1. The neuron max(0, x - 1) attains it.
BEND = {
    "format": "sparsest/path-norm-proof",
    "version": 1,
    "objective": "weights",
    "p": "1/2",
    "problem": {
        "X": [[0], [1], [2]], "low": [0, 0, 1], "high": [0, 0, 1], "skip": True, "weight_bound": None,
    },
    "lower_bound": 1,
    "upper_bound": 1,
    "witness": {"kind": "network", "signs": [1], "neurons": [[1, -1]], "skip": [0, 0]},
    "largest": 1,
    "price_bits": 10,
    "cones": [],
    "nodes": [
        {"steps": [{"over": 1, "multipliers": [[0, 1], [1, -2], [2, 1]], "prices": [], "moves": []}]},
    ],
}  # fmt: skip
BENT = Problem([0, 1, 2], [0, 0, 1], affine="skip")


def changed(path, value, document=BEND):
    """The document with another value at a path of keys."""
    found = copy.deepcopy(document)
    here = found
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return found


def work():
    found = _Work(None)
    found.left = 10**12
    return found


class TestByHand:
    def test_a_proof_of_one_step(self):
        checked = check_path_norm_proof(BEND, BENT, p=0.5, objective="weights", affine="skip")
        assert (checked.lower_bound, checked.upper_bound, checked.p) == (1, 1, Fraction(1, 2))
        assert (checked.nodes, checked.leaves, checked.data_compared) == (1, 1, True)
        assert checked.summary() == (
            "verified: the least path norm of weights with p = 1/2 on the data given "
            "(N = 3, d = 1, exact labels), with a skip, is exactly 1 (1 leaves)"
        )

    def test_a_split_and_what_it_leaves_out(self):
        # The cone of neurons active at 2 alone, w > 0, sign +, split at 1/4 and 3/4. With t in [0, 1/4] a
        # line below sqrt(t) has slope 2; elsewhere 1 for t <= 1. Above 3/4 the same multipliers at the price
        # (1 - sqrt(3/4)) / (1/4) < 1 of a chord prove less than 1, but at the given price 1 they prove
        # 1 + min(sqrt(3/4) - 3/4, 0) = 1. Between the ends t^(1/2) - t > 0 leaves 1 proven.
        steps = BEND["nodes"][0]["steps"]
        above = changed([0, "prices"], [[0, 1, 0, 1024]], steps)
        nodes = [
            {"steps": steps, "split": [0, 1, 0, "1/4", "3/4"]},
            {"steps": steps},
            {"steps": above},
        ]
        proof = BEND | {"cones": [["001", "1"]], "nodes": nodes}
        assert check_path_norm_proof(proof).leaves == 2
        with pytest.raises(ProofError, match="node 2 step 0: some neuron is worth more than it costs"):
            check_path_norm_proof(changed(["nodes", 2], {"steps": steps}, proof))
        with pytest.raises(ProofError, match="1 boxes are left open"):
            check_path_norm_proof(changed(["nodes"], nodes[:2], proof))
        with pytest.raises(ProofError, match="node 3: nothing is left to close"):
            check_path_norm_proof(changed(["nodes"], [*nodes, nodes[1]], proof))
        with pytest.raises(ProofError, match="what lies between both parts is not excluded"):
            check_path_norm_proof(changed(["nodes", 0, "steps"], [], proof))
        for ends in (["3/4", "1/4"], ["1/4", "5/4"], ["-1/4", "3/4"]):
            with pytest.raises(ProofError, match="not in order"):
                check_path_norm_proof(changed(["nodes", 0, "split"], [0, 1, 0, *ends], proof))

    def test_moves(self):
        # an element above 1/2 in the cone of neurons active at 0 and 1, w < 0, sign -, costs more: the worth
        # of such neurons is not positive
        step = BEND["nodes"][0]["steps"][0]
        move = step | {"moves": [[0, -1, 0, "high", "1/2"]]}
        proof = BEND | {"cones": [["110", "0"], ["001", "1"]], "nodes": [{"steps": [move, step]}]}
        assert check_path_norm_proof(proof).lower_bound == 1
        # with sign + too: sqrt(t) - t >= 0 adds to the bound of 1 ...
        right = changed(["nodes", 0, "steps", 0, "moves"], [[1, 1, 0, "high", "1/2"]], proof)
        assert check_path_norm_proof(right).lower_bound == 1
        # ... but not to one above 1: half of the multipliers at the price 3^(-1/2) prove 1/2 and, for t from
        # 1/2 on, sqrt(1/2) - 1/4 more
        right = changed(["nodes", 0, "steps", 0, "over"], 2, right)
        with pytest.raises(ProofError, match="node 0 step 0: what a move leaves out is not excluded"):
            check_path_norm_proof(right | {"lower_bound": "3/2", "upper_bound": 2, "largest": 3})
        for end, t in (("high", 2), ("low", -1), ("up", 0)):
            wrong = changed(["nodes", 0, "steps", 0, "moves"], [[0, -1, 0, end, t]], proof)
            with pytest.raises(ProofError, match="an end moves out of its interval"):
                check_path_norm_proof(wrong)
        both = [[0, -1, 0, "high", "1/4"], [0, -1, 0, "low", "1/2"]]
        with pytest.raises(ProofError, match="step 0"):
            check_path_norm_proof(changed(["nodes", 0, "steps", 0, "moves"], both, proof))

    @pytest.mark.parametrize(
        ("path", "value", "says"),
        [
            (["lower_bound"], "1025/1024", "below the lower bound"),
            (["upper_bound"], "1023/1024", "costs more than is claimed"),
            (["largest"], "1023/1024", "one larger element may still cost less"),
            (["largest"], 0, "must be positive"),
            (["p"], "1/1001", "denominator up to 1000"),
            (["p"], 0, "denominator"),
            (["p"], "3/2", "denominator"),
            (["objective"], "knots", "objective"),
            (["version"], 2, "only version 1"),
            (["price_bits"], 5000, "at most 4096 bits"),
            (["cones"], [["010", "1"]], "the bits of no cone"),
            (["cones"], [["001"]], "bits of points and of axes"),
            (["nodes", 0, "steps", 0, "over"], 0, "positive denominator"),
            (["nodes", 0, "steps", 0, "multipliers"], [[0, 1], [1, -1], [2, 1]], "do not cancel the affine"),
            (["nodes", 0, "steps", 0, "multipliers"], [[0, 2], [1, -4], [2, 2]], "worth more than it costs"),
            (["nodes", 0, "steps", 0, "multipliers"], [[0, 1], [1, -2], [2, 1], [2, 1]], "two multipliers"),
            (["nodes", 0, "steps", 0, "multipliers"], [[0, 1], [1, -2], [3, 1]], "not an index below 3"),
            (["nodes", 0, "steps", 0, "multipliers"], [], "does not prove the lower bound"),
            (["nodes", 0, "steps"], [], "does not prove the lower bound"),
            (["problem", "high"], [0, 0, None], ""),
            (["problem", "low"], [0, 0, None], "open at the end that is needed"),
            (["problem", "low"], [-1, 0, 1], "open|worth|prove"),
            (["witness", "neurons"], [[2, -2]], "misses the interval"),
            (["witness", "neurons"], [[1, -1], [0, 1]], "neurons with 1 signs"),
        ],
    )  # fmt: skip
    def test_what_proves_nothing(self, path, value, says):
        if not says:
            assert check_path_norm_proof(changed(path, value)).lower_bound == 1
            return
        with pytest.raises(ProofError, match=says):
            check_path_norm_proof(changed(path, value))

    def test_what_is_missing_or_surplus(self):
        for name in BEND:
            with pytest.raises(ProofError, match="missing" if name != "format" else "missing|format"):
                check_path_norm_proof({key: value for key, value in BEND.items() if key != name})
        with pytest.raises(ProofError, match="'more' is unknown"):
            check_path_norm_proof(BEND | {"more": 1})

    def test_a_witness_that_costs_more(self):
        # two neurons max(0, x - 1) of half the weight cost 2 sqrt(1/2) = 1.414...
        halves = {"kind": "network", "signs": [1, 1], "neurons": [["1/2", "-1/2"]] * 2, "skip": [0, 0]}
        with pytest.raises(ProofError, match="costs more than is claimed"):
            check_path_norm_proof(BEND | {"witness": halves, "upper_bound": "1414/1000"})
        checked = check_path_norm_proof(BEND | {"witness": halves, "upper_bound": "1415/1000"})
        assert checked.upper_bound == Fraction(1415, 1000)

    def test_what_is_asked_for(self):
        for options in ({"p": 0.4}, {"objective": "neurons"}, {"affine": "none"}, {"tolerance": 0.5}):
            with pytest.raises(ProofError, match="not"):
                check_path_norm_proof(BEND, **options)
        with pytest.raises(ProofError, match="interval is not that of the data"):
            check_path_norm_proof(BEND, Problem([0, 1, 2], [0, 0, 2], affine="skip"))
        with pytest.raises(ProofError, match="not one of"):
            check_path_norm_proof(BEND, objective="knots")


class TestPowers:
    @given(
        st.fractions(min_value=Fraction(1, 10**9), max_value=10**9, max_denominator=10**9),
        st.integers(1, 40),
        st.integers(1, 40),
    )
    @settings(max_examples=100)
    def test_enclosures_hold_the_power_and_are_narrow(self, t, a, b):
        p = Fraction(min(a, b), max(a, b))
        power = Power(p, work())
        low, high = power.lower(t), power.upper(t)
        # x <= t^(a/b) if and only if x^b <= t^a
        assert low**p.denominator <= t**p.numerator <= high**p.denominator
        assert high - low <= low / 2**60
        assert float(low) == pytest.approx(float(t) ** float(p), rel=1e-12)

    def test_roots_that_are_whole(self):
        power = Power(Fraction(2, 3), work())
        assert power.lower(Fraction(27, 8)) == power.upper(Fraction(27, 8)) == Fraction(9, 4)
        assert power.lower(Fraction(0)) == 0

    def test_a_power_that_takes_too_much_work(self):
        with pytest.raises(ProofError, match="work"):
            Power(Fraction(999, 1000), _Work(None)).lower(Fraction(1, 7**3000))


def model_of(problem, objective):
    fields = {
        "X": [[str(Fraction(v)) if v % 1 else int(v) for v in row] for row in problem.X.tolist()],
        "low": [0] * problem.n_samples,
        "high": [0] * problem.n_samples,
        "skip": str(problem.affine) == "skip",
        "weight_bound": None,
    }
    return ConeModel(_Problem(_with_options(fields), "problem"), str(objective), work())


class TestCones:
    @pytest.mark.parametrize("objective", list(Objective))
    @pytest.mark.parametrize("seed", range(6))
    def test_the_search_finds_the_same_cones_by_other_means(self, seed, objective):
        rng = np.random.default_rng(seed)
        features = 1 + seed % 3
        X = np.unique(rng.integers(-2, 3, (3 + seed % 2, features)), axis=0)  # collinear, parallel to axes
        problem = Problem(X, np.zeros(len(X)), affine="skip" if seed % 2 else "none")
        model, cones = model_of(problem, objective), build_cones(problem, objective, Deadline(None))
        own = {
            tuple(v / total for v in ray)
            for ray, total, values in zip(model.rays, model.totals, model.values, strict=True)
            if total and any(values)
        }
        assert own == set(map(tuple, cones.directions.tolist()))
        needed = {kind for kind in model.needed if kind is not None}
        assert len(needed) == cones.allowed.sum()

    def test_random_neurons_lie_in_the_cone_of_their_signs_and_are_sums_of_its_rays(self):
        problem = Problem([[0, 0], [2, 1], [1, 3], [-1, 1]], [0, 0, 0, 0])
        model = model_of(problem, Objective.PARAMETERS)
        rng = np.random.default_rng(0)
        rows = np.array(model.rows)
        for u in rng.integers(-50, 51, (200, 3)):
            inside = rows @ u
            if not inside.any() or 0 in inside or 0 in u:
                continue
            name = "".join("01"[int(v > 0)] for v in inside), "".join("01"[int(v > 0)] for v in u)
            number = model.number(name, "")
            if "1" not in name[0]:
                continue
            # every ray is on the same side of each hyperplane, or on it
            rays = np.array([model.rays[r] for r in model.cones[number]])
            assert np.all((rays @ rows.T) * np.sign(inside) >= 0)
            assert np.all(rays * np.sign(u) >= 0)

    def test_cells_of_lines_in_general_position(self):
        # 4 points and 3 axes in the plane of (w, b): 2 (1 + 6 + 15) cells of 7 planes in space in general
        # position, fewer where they meet in a line: the origin is on no sample here
        model = model_of(Problem([[3, 1], [1, 2], [5, 7], [2, 9]], [0] * 4), Objective.PARAMETERS)
        assert len(model.cones) == 2 * (1 + 6 + 15)
        assert len(model.rays) == 2 * math.comb(7, 2)
        assert len(set(model.names)) == len(model.cones)


# Proofs that the search writes, for questions that take little: the least values are known by other means.
QUESTIONS = [
    (Problem([0, 1, 2, 3], [0, 1, 0, 1], affine="skip"), 0.5, "weights"),
    (Problem([0, 1, 3], [0, 1, 1]), 1.0, "neurons"),
    (Problem([0, 1, 2, 3], [0, 2, 0, 2], tolerance=0.5, affine="skip"), 0.5, "weights"),
    (Problem.from_intervals([1, 0, 1, 2], [0, 0, 1, -np.inf], [9, 0, 9, 0]), 0.5, "weights"),
    (Problem([0.1, 0.2, 0.4], [0.3, 0.1, 0.2], affine="constant"), 0.4, "parameters"),
]


@pytest.mark.parametrize(("problem", "p", "objective"), slow_after(2, QUESTIONS))
def test_what_the_search_writes(problem, p, objective, tmp_path):
    path = tmp_path / "proof.json.gz"
    result = exact.minimize_path_norm(problem, p, objective, proof_file=path)
    assert result.status == "optimal"
    assert result.proof_written
    assert "shows less" not in result.remark
    checked = check_path_norm_proof(path, problem, p=p, objective=objective)
    assert checked.upper_bound is not None
    assert float(checked.lower_bound) <= result.upper_bound <= float(checked.upper_bound) * (1 + 1e-12)
    assert float(checked.upper_bound - checked.lower_bound) <= 1e-6 * float(checked.upper_bound)
    # no larger claim passes, whatever its leaves say
    document = json.loads(gzip.decompress(path.read_bytes()))
    more = str(checked.lower_bound * Fraction(1_000_002, 1_000_000))
    with pytest.raises(ProofError):
        check_path_norm_proof(document | {"lower_bound": more, "upper_bound": None, "witness": None})


def test_a_weight_bound_leaves_a_proof_of_less(tmp_path):
    # test_branch_and_bound derives sqrt(0.6) + sqrt(0.4) within the bound, and 1 without it
    problem = Problem([0, 1, 2], [0, 1, 2], weight_bound=0.6)
    path = tmp_path / "proof.json"
    result = exact.minimize_path_norm(problem, 0.5, "weights", proof_file=path)
    assert "the proof file shows less: at least 0.999999" in result.remark
    checked = check_path_norm_proof(path, problem)
    assert float(checked.upper_bound) == pytest.approx(0.6**0.5 + 0.4**0.5)
    assert "weights of at most" in checked.summary()


def test_a_short_time_leaves_a_proof_of_less(tmp_path):
    problem, path = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), tmp_path / "proof.json"
    result = exact.minimize_path_norm(problem, 0.5, "weights", proof_file=path, time_limit=1.0)
    checked = check_path_norm_proof(path, problem)
    assert checked.lower_bound <= 4
    assert result.proof_written


def test_what_no_proof_can_be_written_of(tmp_path):
    with pytest.raises(InputError, match="denominator 1000"):
        exact.minimize_path_norm(BENT, 0.12345, "weights", proof_file=tmp_path / "proof.json")
    with pytest.raises(InputError, match=r"\.json"):
        exact.minimize_path_norm(BENT, 0.5, "weights", proof_file=tmp_path / "proof.txt")


def test_commands(tmp_path):
    path, table = tmp_path / "proof.json", tmp_path / "table.csv"
    table.write_text("x,y\n0,0\n1,0\n2,1\n")
    asked = ("least", table, "--p", 0.5, "--objective", "weights", "--affine", "skip", "--proof", path)
    assert call(*asked).exit_code == 0
    good = call("check", path, table, "--affine", "skip", "--p", 0.5, "--objective", "weights")
    assert (good.exit_code, good.stdout[:40]) == (0, "verified: the least path norm of weights")
    assert call("check", path, "xor").exit_code == 1
    assert call("check", path, "--p", 0.4).exit_code == 1
    assert call("check", path, "--vipr", tmp_path).exit_code == 2
    with pytest.raises(ProofError, match="format"):
        check_proof(path)


def test_both_files_run_alone(tmp_path, capsys):
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(BEND))
    save(BENT, tmp_path / "problem.json")
    for module in (sparsest.check, sparsest.check_path_norm):
        source = Path(module.__file__)
        (tmp_path / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        _ALONE,
        str(tmp_path),
        str(path),
        str(tmp_path / "problem.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:9]) == (0, "verified:"), done.stderr
    assert main([str(path), "--p", "0.4"]) == 1
    assert main([str(tmp_path / "nothing.json")]) == 2
    assert "rejected" in capsys.readouterr().out


# -I keeps the folder of the script out of the path, -S the installed packages: both files are all there is
_ALONE = (
    "import sys; sys.path.insert(0, sys.argv[1]); import check_path_norm; "
    "sys.exit(check_path_norm.main(sys.argv[2:]))"
)


def test_a_proof_with_hostile_sizes_is_rejected_soon():
    many = [[i, j, k] for i, j, k in itertools.product(range(12), repeat=3)]
    fields = {"X": many, "low": [0] * len(many), "high": [1] * len(many), "skip": False, "weight_bound": None}
    with pytest.raises(ProofError, match=r"work|cones"):
        check_path_norm_proof(
            BEND | {"problem": fields, "upper_bound": None, "witness": None, "objective": "neurons"}
        )
