"""Proofs about several classes: false ones by the rule that each breaks, changed data, and mutants at random.

What a mutant claims is held against fractions and brute force that share no code with the checker: the margin
of the witness, the least number of neurons that separate the two classes, and, where two neurons are claimed
for all, every order of the classes along every direction.
"""

import copy
import functools
import itertools
import json
import random
import tempfile
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from proof_mutants import Truth, accepted, change, number

import sparsest.check
from sparsest import MultiClassProblem, ProofError, check_proof, exact, save
from sparsest.check import UnreadableError

# On one feature: classes 0, 1, 0 at 0, 1, 2 and class 2 at 3. Samples 0 and 2 of class 0 surround 1, so that
# x_0 - 2 x_1 + x_2 = 0 shows that class 1 is on neither side of class 0.
X, LABELS = [[0], [1], [2], [3]], [0, 1, 0, 2]
BENT = [[0, 1], [1, -2], [2, 1]]
TRUE = {
    "format": "sparsest/proof",
    "version": 2,
    "objective": "neurons",
    "classes": {
        "X": X,
        "labels": LABELS,
        "count": 3,
        "margin": 1,
        "pair": [0, 1],
        "unordered": {"classes": [0, 1], "chains": [{"classes": [0, 1], "weights": BENT}]},
    },
    # f_0 - f_1 is at least 1 at 0 and 2, and at most -1 at 1
    "problem": {
        "X": X[:3], "low": [1, None, 1], "high": [None, -1, None], "skip": False, "constant": True,
        "weight_bound": None,
    },
    "lower_bound": 2,
    "upper_bound": 2,
    # t = max(0, x - 1) and s = max(0, 1 - x): outputs 2 t + 2 s, 1 and 4 t - 3 (t = 2, s = 0 at 3: 4, 1, 5)
    "witness": {
        "kind": "outputs",
        "neurons": [[1, -1], [-1, 1]],
        "outputs": [[2, 0, 4], [2, 0, 0]],
        "skip": [[0, 0], [0, 1], [0, -3]],
    },
    "circuits": [],
    "parts": [],
}  # fmt: skip


def changed(*changes):
    """The true proof with entries replaced: pairs of a path and a value; `...` takes the entry away."""
    document = copy.deepcopy(TRUE)
    for path, value in changes:
        *above, last = path
        here = functools.reduce(lambda part, key: part[key], above, document)
        if value is ...:
            del here[last]
        else:
            here[last] = value
    return document


def test_the_true_proof_is_accepted():
    checked = check_proof(TRUE, SimpleNamespace(X=X, labels=LABELS))
    assert (checked.lower_bound, checked.upper_bound, checked.direction) == (2, 2, (1, -1, 0))
    assert checked.summary() == (
        "verified: the fewest neurons on the data given (N = 4, d = 1, m = 3, 3 classes with a margin of 1), "
        "with a constant, are exactly 2 (orders; 0 leaves)"
    )


CHAIN = ("classes", "unordered", "chains", 0)
ORDERS = ("classes", "unordered")
WITHOUT = ((("upper_bound",), None), (("witness",), None))
FALSE = {
    # the problem is that of other samples, or asks for something else
    "another pair": changed((("classes", "pair"), [0, 2])),
    "the pair exchanged": changed((("classes", "pair"), [1, 0])),
    "one class twice": changed((("classes", "pair"), [1, 1])),
    "three classes of a pair": changed((("classes", "pair"), [0, 1, 2])),
    "a class that is none": changed((("classes", "pair"), [0, 3])),
    "another margin": changed((("classes", "margin"), 2)),
    "no margin": changed((("classes", "margin"), 0)),
    "a sample of another class": changed((("classes", "labels"), [0, 1, 2, 0])),
    "a sample missing": changed((("classes", "labels"), LABELS[:3])),
    "a label that is none": changed((("classes", "labels"), [0, 1, 0, 3])),
    "labels that are texts": changed((("classes", "labels"), ["0", "1", "0", "2"])),
    "another sample": changed((("classes", "X"), [[0], [1], [4], [3]])),
    "fewer classes": changed((("classes", "count"), 2)),
    "more classes than outputs": changed((("classes", "count"), 4)),
    "a narrower problem": changed((("problem", "low", 0), 2)),
    "a wider problem": changed((("problem", "low", 0), None)),
    "a problem of all samples": changed((("problem", "X"), X)),
    "a weight bound": changed((("problem", "weight_bound"), 9)),
    "an unknown field": changed((("classes", "scale"), 1)),
    "a field missing": changed((("classes", "unordered"), ...)),
    "classes that are none": changed((("classes",), None)),
    "outputs besides": changed((("outputs",), {"direction": [1], "low": [[1]] * 3, "high": [[1]] * 3})),
    "version 1": changed((("version",), 1)),
    "weights": changed((("objective",), "weights")),
    # orders
    "no chain": changed(((*ORDERS, "chains"), [])),
    "an order that no chain refutes": changed(((*ORDERS, "classes"), [0, 2])),
    "one class alone": changed(((*ORDERS, "classes"), [0])),
    "no class": changed(((*ORDERS, "classes"), [])),
    "a chain of other classes": changed(((*CHAIN, "classes"), [0, 2])),
    "a chain of one class twice": changed(((*CHAIN, "classes"), [0, 1, 0])),
    "a chain of one class": changed(((*CHAIN, "classes"), [0])),
    "a chain of no class": changed(((*CHAIN, "classes"), [])),
    "weights that add up to something": changed(((*CHAIN, "weights"), [[0, 1], [1, -1], [2, 1]])),
    "weights of nothing": changed(((*CHAIN, "weights"), [])),
    "a weight of zero": changed(((*CHAIN, "weights"), [*BENT, [3, 0]])),
    "a point twice": changed(((*CHAIN, "weights"), [*BENT, [0, 1]])),
    "a point that is none": changed(((*CHAIN, "weights"), [[0, 1], [1, -2], [4, 1]])),
    "a class that no sample has, in the chain's place": changed(
        (("classes", "count"), 4), ((*CHAIN, "classes"), [0, 3]), ((*ORDERS, "classes"), [0, 3]), *WITHOUT
    ),
    "a class that no sample has, and no chain of it": changed(
        (("classes", "count"), 4), ((*ORDERS, "classes"), [0, 3]), *WITHOUT
    ),
    "classes in the order of their samples": changed(
        (("classes", "labels"), [0, 1, 1, 2]), (("problem", "low"), [1, None, None]),
        (("problem", "high"), [None, -1, -1]), *WITHOUT
    ),
    "a neuron that takes the order by class 2": changed(
        ((*CHAIN, "classes"), [0, 1, 2]), ((*CHAIN, "weights"), [[1, 1], [2, -2], [3, 1]]),
        ((*ORDERS, "classes"), [0, 1, 2]), *WITHOUT
    ),
    "weights of one sign at the end": changed(((*CHAIN, "classes"), [1, 0]), ((*CHAIN, "weights"), [[1, 1]])),
    "an order of classes that are none": changed(((*ORDERS, "classes"), [0, 1, 3])),
    "an order of truth": changed(((*ORDERS, "classes"), [False, True])),
    "a chain of truth": changed(((*CHAIN, "classes"), [False, True])),
    "weights that are true": changed(((*CHAIN, "weights"), [[0, True], [1, -2], [2, True]])),
    "weights in fractions": changed(((*CHAIN, "weights"), [[0, "1/2"], [1, -1], [2, "1/2"]])),
    "weights of huge exponents": changed(((*CHAIN, "weights"), [[0, "1e999"], [1, -2], [2, 1]])),
    "weights in an object": changed(((*CHAIN, "weights"), {"0": 1, "1": -2, "2": 1})),
    "chains in an object": changed(((*ORDERS, "chains"), {})),
    "unordered that is true": changed((ORDERS, True)),
    "unordered of nothing": changed((ORDERS, {})),
    "a margin below zero": changed((("classes", "margin"), -1), (("problem", "low"), [-1, None, -1]),
        (("problem", "high"), [None, 1, None]), *WITHOUT),
    "a margin of zero everywhere": changed((("classes", "margin"), 0), (("problem", "low"), [0, None, 0]),
        (("problem", "high"), [None, 0, None]), *WITHOUT),
    "a margin that is true": changed((("classes", "margin"), True)),
    "a margin of no number": changed((("classes", "margin"), "nan")),
    "labels that are truth": changed((("classes", "labels"), [False, True, False, 2])),
    "a count that is true": changed((("classes", "count"), True)),
    "no classes at all": changed((("classes", "count"), 0)),
    "a pair of truth": changed((("classes", "pair"), [False, True])),
    "a pair from behind": changed((("classes", "pair"), [0, -2])),
    "inputs of another width": changed((("classes", "X"), [[0, 0], [1, 0], [2, 0], [3, 0]])),
    "no samples": changed((("classes", "X"), []), (("classes", "labels"), [])),
    "samples of the pair in another order": changed((("problem", "X"), [[2], [1], [0]])),
    "a sample of the pair twice": changed((("problem", "X"), [[0], [1], [2], [2]]),
        (("problem", "low"), [1, None, 1, 1]), (("problem", "high"), [None, -1, None, None])),
    "an interval that ends above": changed((("problem", "high", 0), 5)),
    "an affine term that the classes do not have": changed((("problem", "constant"), False)),
    "a point of no class of the chain": changed(
        ((*CHAIN, "weights"), [[1, 1], [2, -2], [3, 1]]),
    ),
    # x_1 - 2 x_2 + x_3 = 0, of classes 1, 0 and 2: samples 1 to 3 are in the order 1, 0, 2
    "weights of both signs beyond the chain": changed(
        ((*CHAIN, "classes"), [1, 0, 2]), ((*CHAIN, "weights"), [[1, 1], [2, -2], [3, 1]]),
        ((*ORDERS, "classes"), [1, 0]),
    ),
    "with a skip": changed((("problem", "skip"), True), (("problem", "constant"), False), *WITHOUT),
    "three neurons by orders": changed((("lower_bound",), 3), *WITHOUT),
    "one neuron by orders": changed((("lower_bound",), 1)),
    # the witness
    "a witness that ties": changed((("witness", "skip", 2, 1), -4)),
    "a witness below the margin": changed((("witness", "skip", 2, 1), "-7/2")),
    "a witness of two outputs": changed(
        (("witness", "outputs"), [[2, 0], [2, 0]]), (("witness", "skip"), [[0, 0], [0, 1]])
    ),
    "a witness for other classes": changed((("witness", "outputs"), [[0, 2, 4], [0, 2, 0]])),
    "a witness with one neuron": changed(
        (("witness", "neurons"), [[1, -1]]), (("witness", "outputs"), [[2, 0, 4]]), (("upper_bound",), 1)
    ),
    "fewer neurons than listed": changed((("upper_bound",), 1)),
    "slopes beside a constant": changed((("witness", "skip", 0, 0), 1)),
    "an upper bound without a witness": changed((("witness",), None)),
    "a witness without an upper bound": changed((("upper_bound",), None)),
}  # fmt: skip


@pytest.mark.parametrize("document", FALSE.values(), ids=FALSE)
def test_false_proofs_are_rejected(document):
    with pytest.raises(ProofError):
        check_proof(document)


def test_a_sample_of_two_classes_is_no_witness():
    both = changed(
        (("classes", "X"), [[0], [1], [2], [2]]), (("lower_bound",), 0), (("classes", "unordered"), None)
    )
    with pytest.raises(ProofError, match="point 2 is of two classes"):
        check_proof(both)


def test_orders_are_not_enumerated_for_ever():
    count = 40
    many = changed((("classes", "count"), count), ((*ORDERS, "classes"), list(range(2, count))), *WITHOUT)
    with pytest.raises(ProofError, match=r"more work|is not refuted"):
        check_proof(many)


@pytest.fixture
def little_work(monkeypatch):
    """A fortieth of the work that is allowed, so that tests are short."""
    monkeypatch.setattr(sparsest.check, "WORK_FREE", 5_000_000)


def test_classes_that_no_sample_has_are_charged(little_work):
    # a number of three digits in the file is as many zeros in the answer
    many = changed((("classes", "count"), 10**6), *WITHOUT)
    with pytest.raises(ProofError, match="more work"):
        check_proof(many)
    assert len(check_proof(changed((("classes", "count"), 10**5), *WITHOUT)).direction) == 10**5


def test_outputs_of_a_witness_are_charged(little_work):
    # without neurons a witness says nothing of its outputs, and each has a value at each sample
    X, labels = [[n] for n in range(1000)], [0, 1, 0] + [2] * 997
    witness = {"kind": "outputs", "neurons": [], "outputs": [], "skip": None}
    several = changed(
        (("classes", "X"), X), (("classes", "labels"), labels), (("classes", "count"), 10_000),
        (("classes", "unordered"), None), (("witness",), witness), (("upper_bound",), 0),
        (("lower_bound",), 0),
    )  # fmt: skip
    with pytest.raises(ProofError, match="more work"):
        check_proof(several)


def test_members_of_an_order_that_is_refuted_early_are_not_copied_each_time():
    # 0 and 1 come after three others, and 50 000 that nobody looks at behind them
    members = [2, 3, 4, 0, 1, *range(5, 50_000)]
    many = changed((("classes", "count"), 50_000), ((*ORDERS, "classes"), members), *WITHOUT)
    assert check_proof(many).lower_bound == 2
    seen = set()

    def spy(order, members, chains, work, plain=sparsest.check._refuse_extensions):
        seen.add(id(members))
        plain(order, members, chains, work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparsest.check, "_refuse_extensions", spy)
        check_proof(many)
    assert len(seen) == 1


# decimals, and beside them a third that is none
DATA = MultiClassProblem(
    np.array([[0.1, 1 / 3], [0.2, 0], [0.3, 0], [0.4, 1]]),
    ["a", "c", "a", "b"],
    margin=0.1,
    affine="constant",
)


@pytest.fixture(scope="module")
def proof(tmp_path_factory):
    path = tmp_path_factory.mktemp("classes") / "proof.json"
    exact.solve(DATA, proof_file=path, time_limit=20)
    return path


class TestData:
    def test_the_same_data_in_every_form(self, proof, tmp_path):
        save(DATA, tmp_path / "problem.json")
        rows = "\n".join(
            f"{x!r},{z!r},{'abc'[c]}" for (x, z), c in zip(DATA.X.tolist(), DATA.labels, strict=True)
        )
        (tmp_path / "data.csv").write_text(f"x,z,kind\n{rows}\n")
        for data in (
            DATA,
            tmp_path / "problem.json",
            json.loads((tmp_path / "problem.json").read_text()),
            tmp_path / "data.csv",
        ):
            assert check_proof(proof, data).data_compared
            assert check_proof(proof, data, margin=0.1, affine="constant").lower_bound

    def test_other_data(self, proof):
        X = DATA.X.copy()
        X[2, 0] += 2**-40
        for other in (
            DATA.replace(X=X),
            DATA.replace(affine="skip"),
            DATA.replace(labels=[0, 2, 0, 2]),
            DATA.replace(margin=0.2),
            DATA.subset([1, 0, 2, 3]),
            DATA.subset([0, 1, 2]),
            MultiClassProblem(DATA.X, DATA.labels, classes=range(4), margin=0.1, affine="constant"),
        ):
            with pytest.raises(ProofError):
                check_proof(proof, other)
        with pytest.raises(UnreadableError, match="about several classes, and labels is missing"):
            check_proof(proof, DATA.between(0, 1))
        with pytest.raises(ProofError, match="margin 1"):
            check_proof(proof, margin=1)
        with pytest.raises(ProofError, match="tolerance"):
            check_proof(proof, tolerance=0)

    def test_a_table_with_a_class_that_is_no_number(self, proof, tmp_path):
        (tmp_path / "data.csv").write_text("x,z,kind\n0,0,1\n1,0,nan\n2,0,1\n3,1,2\n")
        with pytest.raises(UnreadableError, match="a class is not a number"):
            check_proof(proof, tmp_path / "data.csv")

    def test_a_proof_for_two_classes_is_none_for_several(self, tmp_path):
        exact.solve(DATA.between(0, 1), proof_file=tmp_path / "two.json")
        with pytest.raises(ProofError):
            check_proof(tmp_path / "two.json", DATA)


# Small problems of which a mutant's claim can be decided by brute force.
PLANE = [[0, 0], [2, 0], [0, 2], [1, 1], [1, 0], [0, 1]]
PROBLEMS = (
    MultiClassProblem(X, LABELS, affine="constant"),
    MultiClassProblem([0, 1, 2, 3], [0, 1, 2, 0], affine="skip"),
    MultiClassProblem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 2], affine="constant", margin=2),
    MultiClassProblem(PLANE, [0, 1, 2, 0, 2, 1], affine="constant"),
    MultiClassProblem([0, 1, 2, 2], [0, 1, 2, 2]),
)


@functools.cache
def proofs():
    found = []
    for problem in PROBLEMS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "proof.json"
            exact.solve(problem, proof_file=path, time_limit=20)
            found.append(json.loads(path.read_text()))
    return found


def test_some_rest_on_orders_and_some_on_pairs():
    grounds = {bool(document["classes"]["unordered"]) for document in proofs()}
    assert grounds == {True, False}


def pair_is_asked_for(document):
    """Whether the problem is to separate the samples of the two classes, in fractions."""
    classes, problem = document["classes"], document["problem"]
    one, other = classes["pair"]
    margin = number(classes["margin"])
    rows = [
        ([*map(number, x)], c)
        for x, c in zip(classes["X"], classes["labels"], strict=True)
        if c in (one, other)
    ]
    asked = [
        ([*map(number, x)], low if low is None else number(low), high if high is None else number(high))
        for x, low, high in zip(problem["X"], problem["low"], problem["high"], strict=True)
    ]
    wanted = [(x, margin, None) if c == one else (x, None, -margin) for x, c in rows]
    return asked == wanted and margin > 0 and one != other


def witness_fits(document):
    classes, witness = document["classes"], document["witness"]
    margin = number(classes["margin"])
    if len(witness["neurons"]) != document["upper_bound"]:
        return False
    for x, label in zip(classes["X"], classes["labels"], strict=True):
        row = [*map(number, x), Fraction(1)]
        inputs = [sum(a * number(b) for a, b in zip(row, u, strict=True)) for u in witness["neurons"]]
        values = []
        for j in range(classes["count"]):
            value = sum(number(v[j]) * max(0, z) for v, z in zip(witness["outputs"], inputs, strict=True))
            if witness["skip"] is not None:
                value += sum(a * number(b) for a, b in zip(row, witness["skip"][j], strict=True))
            values.append(value)
        if any(values[label] - value < margin for j, value in enumerate(values) if j != label):
            return False
    return True


def some_order_is_possible(document):
    """Whether along some direction the classes of points in the plane, or on a line, keep apart."""
    X = [[*map(number, x), *[Fraction(0)] * (2 - len(x))] for x in document["classes"]["X"]]
    labels = document["classes"]["labels"]
    # turns at which two samples change places, and one direction between each two of them
    # (axes besides, so that no two neighbours are opposite)
    turns = {(b[1] - a[1], a[0] - b[0]) for a, b in itertools.permutations(X, 2) if a != b}
    turns |= {(1, 0), (0, 1), (-1, 0), (0, -1)}
    ordered = sorted(turns, key=lambda w: np.arctan2(float(w[1]), float(w[0])))
    between = [
        (unit(a)[0] + unit(b)[0], unit(a)[1] + unit(b)[1])
        for a, b in zip(ordered, ordered[1:] + ordered[:1], strict=True)
    ]
    return any(keeps_apart(X, labels, w) for w in [*turns, *between])


def unit(vector):
    """The vector in integers of the same size in its largest entry, so that sums lie between."""
    largest = max(map(abs, vector))
    return [Fraction(value) / largest for value in vector]


def keeps_apart(X, labels, w):
    values = {}
    for x, label in zip(X, labels, strict=True):
        values.setdefault(label, []).append(sum(a * b for a, b in zip(x, w, strict=True)))
    spans = sorted((min(span), max(span)) for span in values.values())
    return all(before[1] < after[0] for before, after in itertools.pairwise(spans))


def test_the_oracle_of_orders():
    """Three corners with their inner samples on the other sides are in no order, three on a line are."""
    assert some_order_is_possible({"classes": {"X": [[0, 0], [1, 1], [2, 2]], "labels": [0, 1, 2]}})
    assert not some_order_is_possible({"classes": {"X": X, "labels": LABELS}})
    assert not some_order_is_possible({"classes": {"X": PLANE, "labels": [0, 1, 2, 0, 2, 1]}})


@pytest.mark.parametrize(("count", "seed"), [(300, 0), pytest.param(5000, 1, marks=pytest.mark.slow)])
def test_mutants(count, seed):
    rng, truth = random.Random(seed), Truth(count)
    originals = proofs()
    texts, seen = [json.dumps(document) for document in originals], [0, 0]
    for _ in range(count):
        n = rng.randrange(len(texts))
        document = json.loads(texts[n])
        if rng.random() < 0.5:
            document |= {"upper_bound": None, "witness": None}
        for _ in range(rng.choice([1, 1, 2])):
            part = document.get("classes") if rng.random() < 0.6 else document
            if not isinstance(part, dict):
                part = document
            change(part, json.loads(rng.choice(texts)), rng)
        proven = accepted(document)
        seen[proven is not None] += 1
        if proven is None or "classes" not in proven:
            continue
        assert pair_is_asked_for(proven), json.dumps(proven)
        assert proven["upper_bound"] is None or witness_fits(proven), json.dumps(proven)
        lower = proven["lower_bound"]
        if proven["classes"]["unordered"] is not None:
            assert lower == 2
            assert not some_order_is_possible(proven), json.dumps(proven)
        elif lower and proven["problem"] != originals[n]["problem"]:
            assert not truth.some_network_fits(proven["problem"], lower - 1), json.dumps(proven)
        elif lower:
            assert lower <= originals[n]["lower_bound"], json.dumps(proven)
    assert min(seen) > count / 20
