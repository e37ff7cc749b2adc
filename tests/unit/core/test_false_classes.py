"""Proofs about several classes: false ones by the rule that each breaks, changed data, and mutants at random.

What a mutant claims `scripts/proof_mutants.py` holds against fractions and brute force: the margin of the
witness, the least number of neurons that separate the two classes, and, where two neurons are claimed for
all, every order of the classes along every direction.
"""

import copy
import functools
import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
from oracles.proof_claims import some_order_is_possible
from proof_mutants import run

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
# With one neuron of sign -1 f is concave: f(0) - 2 f(1) + f(2) is at most 0, and at least 4.
NO_NEURON = {
    "kind": "tree", "neurons": 0, "positive": 0, "skip": False,
    "nodes": [[0, "", 0], [1, "", 1], [2, "", {"value": [[0, 1], [1, -1]]}]],
}  # fmt: skip
NEGATIVE = {"kind": "tree", "neurons": 1, "positive": 0, "skip": False, "nodes": [[0, "", 1]]}
for middle, outer in (("1", "0"), ("0", "1")):
    NEGATIVE["nodes"].append([1, middle, 0])
    for bits in itertools.product("10", repeat=2):
        cone = [[0, p, 2 * int(outer) - 1] for p, bit in zip((0, 2), bits, strict=True) if bit == outer]
        NEGATIVE["nodes"] += [[2, bits[0], 2]] if bits[1] == "1" else []
        NEGATIVE["nodes"].append([3, bits[1], {"value": BENT, "cone": cone}])

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
    # classes 0 and 1 in order, whose differences between and within them cancel
    "weights within classes": changed(
        (("classes", "labels"), [0, 0, 1, 1]), ((*CHAIN, "weights"), [[0, 1], [1, -1], [2, -1], [3, 1]]),
        (("problem", "X"), X), (("problem", "low"), [1, 1, None, None]),
        (("problem", "high"), [None, None, -1, -1]), *WITHOUT
    ),
    # the order 2, 0, 1 of samples 3, then 0 and 1, then 2 is impossible, and 0, 1, 2 is not
    "one order of three": changed(
        (("classes", "labels"), [0, 0, 1, 2]), ((*CHAIN, "weights"), [[0, 1], [1, -1], [2, -1], [3, 1]]),
        ((*CHAIN, "classes"), [2, 0, 1]), ((*ORDERS, "classes"), [0, 1, 2]),
        (("problem", "low"), [1, 1, None]), (("problem", "high"), [None, None, -1]), *WITHOUT
    ),
    # weights are of rows (0, 1), (1, 2) and (1, 1), times two where inputs are halves
    "weights of inputs, not of rows": changed(
        (("classes", "X"), [[0], ["1/2"], [1], [3]]), (("problem", "X"), [[0], ["1/2"], [1]]), *WITHOUT
    ),
    # the samples at 0 are one point
    "samples that are named for points": changed(
        (("classes", "X"), [[0], *X]), (("classes", "labels"), [0, *LABELS]),
        ((*CHAIN, "weights"), [[1, 1], [2, -2], [3, 1]]), (("problem", "X"), [[0], [0], [1], [2]]),
        (("problem", "low"), [1, 1, None, 1]), (("problem", "high"), [None, None, -1, None]), *WITHOUT
    ),
    "orders beside what is half refuted": changed((("parts",), [NO_NEURON, NEGATIVE]), *WITHOUT),
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


def test_orders_do_not_stand_beside_what_is_half_refuted():
    with pytest.raises(ProofError, match="1 neurons, 1 of them positive, are not refuted"):
        check_proof(FALSE["orders beside what is half refuted"])
    assert check_proof(changed((("parts",), [NO_NEURON]))).lower_bound == 2


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


def test_the_oracle_of_orders():
    """Three corners with their inner samples on the other sides are in no order, three on a line are."""
    plane = [[0, 0], [2, 0], [0, 2], [1, 1], [1, 0], [0, 1]]
    assert some_order_is_possible({"classes": {"X": [[0, 0], [1, 1], [2, 2]], "labels": [0, 1, 2]}})
    assert not some_order_is_possible({"classes": {"X": X, "labels": LABELS}})
    assert not some_order_is_possible({"classes": {"X": plane, "labels": [0, 1, 2, 0, 2, 1]}})


@pytest.mark.parametrize(("count", "seed"), [(300, 0), pytest.param(1500, 1, marks=pytest.mark.slow)])
def test_mutants(count, seed):
    seen, wrong = run(count, seed, count, "classes")
    assert wrong == []
    assert seen["rejected"] > count / 20
    assert seen["accepted, the same problem"] + seen["accepted, another problem"] > count / 20
