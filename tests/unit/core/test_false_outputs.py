"""Proofs about several outputs: false ones by the rule that each breaks, changed data, and mutants at random.

What a mutant claims `scripts/proof_mutants.py` holds against fractions and brute force: the sums of the
outputs, the witness, and the least number of neurons of the problem that the proof is about.
"""

import copy
import functools
import json
from types import SimpleNamespace

import numpy as np
import pytest
from proof_mutants import run

from sparsest import MultiOutputProblem, ProofError, check_proof, exact, save
from sparsest.check import UnreadableError

# f = (max(0, x - 1), max(0, 3 - x)) with a skip: knots at 1 and 3, so two neurons; along (1, 1) the labels
# are 3, 2, 2, 2, 3, whose chords bend at 1 and at 3.
X, Y = [[0], [1], [2], [3], [4]], [[0, 3], [0, 2], [1, 1], [2, 0], [3, 0]]
SUMS = [3, 2, 2, 2, 3]
TRUE = {
    "format": "sparsest/proof",
    "version": 2,
    "objective": "neurons",
    "outputs": {"direction": [1, 1], "low": Y, "high": Y},
    "problem": {"X": X, "low": SUMS, "high": SUMS, "skip": True, "weight_bound": None},
    "lower_bound": 2,
    "upper_bound": 2,
    "witness": {
        "kind": "outputs",
        "neurons": [[1, -1], [-1, 3]],
        "outputs": [[1, 0], [0, 1]],
        "skip": [[0, 0], [0, 0]],
    },
    "circuits": [],
    "parts": [{"kind": "curvature", "triples": [[0, 1, 2, 1], [2, 3, 4, 1]]}],
}


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
    checked = check_proof(TRUE, SimpleNamespace(X=X, low=Y, high=Y))
    assert (checked.lower_bound, checked.upper_bound, checked.direction) == (2, 2, (1, 1))
    assert checked.summary() == (
        "verified: the fewest neurons on the data given (N = 5, d = 1, m = 2, exact labels), with a skip, "
        "are exactly 2 (curvature; 0 leaves)"
    )


LINES = [[0, 3], [1, 2], [2, 1], [3, 0], [4, -1]]  # both outputs lines: no neuron is necessary
FALSE = {
    # the sum is another one than the problem's
    "a direction with another sign": changed((("outputs", "direction"), [1, -1])),
    "a direction twice as long": changed((("outputs", "direction"), [2, 2])),
    "a direction of one output": changed((("outputs", "direction"), [1, 0])),
    "a direction of nothing": changed((("outputs", "direction"), [0, 0])),
    "too few directions": changed((("outputs", "direction"), [1])),
    "too many directions": changed((("outputs", "direction"), [1, 1, 0])),
    "no direction": changed((("outputs", "direction"), [])),
    "a direction of halves": changed((("outputs", "direction"), ["1/2", "1/2"])),
    "a direction of floats": changed((("outputs", "direction"), [1.0, 1.0])),
    "a direction of truths": changed((("outputs", "direction"), [True, True])),
    "outputs that are lines": changed((("outputs", "low"), LINES), (("outputs", "high"), LINES)),
    "one label higher": changed(
        (("outputs", "low", 2, 0), 2), (("outputs", "high", 2, 0), 2)
    ),
    "one interval wider below": changed((("outputs", "low", 1, 1), 1)),
    "one interval wider above": changed((("outputs", "high", 3, 0), 3)),
    "one interval open below": changed((("outputs", "low", 1, 1), None)),
    "one interval open above": changed((("outputs", "high", 3, 0), None)),
    "an empty interval": changed((("outputs", "low", 0, 0), 1)),
    "a sum that is narrower": changed((("problem", "low", 1), 1), (("problem", "high", 1), 1)),
    "a sum that is sharper by a billionth": changed(
        (("problem", "low", 0), "3000000001/1000000000"), (("problem", "high", 0), "3000000001/1000000000")
    ),
    "rows missing": changed((("outputs", "low"), Y[:4]), (("outputs", "high"), Y[:4])),
    "rows of one output": changed((("outputs", "low"), [[y] for y, _ in Y])),
    "rows that are none": changed((("outputs", "low", 0), 3)),
    "an unknown field": changed((("outputs", "scale"), 1)),
    "a field missing": changed((("outputs", "high"), ...)),
    "outputs that are none": changed((("outputs",), None)),
    # what the version and the problem allow
    "version 1": changed((("version",), 1)),
    "weights": changed((("objective",), "weights")),
    "parameters": changed((("objective",), "parameters")),
    "neurons without outputs": changed((("outputs",), ...)),
    "a weight bound": changed((("problem", "weight_bound"), 1)),
    # the witness
    "a witness of one output": changed(
        (("witness",), {"kind": "network", "signs": [1, 1], "neurons": [[1, -1], [-1, 3]], "skip": None})
    ),
    "a witness off an output": changed((("witness", "outputs", 0, 1), 1)),
    "a witness that fits the sum alone": changed((("witness", "outputs"), [[0, 1], [1, 0]])),
    "a witness with one neuron": changed(
        (("witness", "neurons"), [[1, -1]]), (("witness", "outputs"), [[1, 0]]), (("upper_bound",), 1)
    ),
    "fewer neurons than listed": changed((("upper_bound",), 1)),
    "more neurons than listed": changed((("upper_bound",), 3)),
    "a neuron without outputs": changed((("witness", "outputs"), [[1, 0]])),
    "a neuron with too few outputs": changed((("witness", "outputs", 0), [1])),
    "a neuron with too many weights": changed((("witness", "neurons", 0), [1, 0, -1])),
    "an affine term of one output": changed((("witness", "skip"), [[0, 0]])),
    "a witness without a skip field": changed((("witness", "skip"), ...)),
    "an affine term that is not allowed": changed(
        (("problem", "skip"), False), (("parts",), []), (("lower_bound",), 0)
    ),
    "slopes beside a constant": changed(
        (("problem", "skip"), False), (("problem", "constant"), True), (("parts",), []),
        (("lower_bound",), 0), (("witness", "skip"), [[1, 0], [0, 0]]),
    ),
    "an upper bound without a witness": changed((("witness",), None)),
    "a witness without an upper bound": changed((("upper_bound",), None)),
    # the bound
    "a higher bound": changed((("lower_bound",), 3), (("upper_bound",), None), (("witness",), None)),
    "a bound above the witness": changed(
        (("witness", "neurons"), []), (("witness", "outputs"), []), (("upper_bound",), 0)
    ),
}  # fmt: skip


@pytest.mark.parametrize("document", FALSE.values(), ids=FALSE)
def test_false_proofs_are_rejected(document):
    with pytest.raises(ProofError):
        check_proof(document)


def test_wider_sums_are_allowed():
    """A solver that works with floats rounds outwards: what is necessary for wider intervals is for these."""
    wider = changed(
        (("problem", "low"), ["29/10", 1, 2, 1, None]), (("problem", "high"), [None, 2, 2, 2, None]),
        (("lower_bound",), 0), (("parts",), []),
    )  # fmt: skip
    assert check_proof(wider).lower_bound == 0


# decimals, and beside them a third that is none
DATA = MultiOutputProblem([[0.1], [0.2], [0.3], [0.4]], [[0, 1], [1, 0.1], [0, 0.2], [1, 1 / 3]])


@pytest.fixture(scope="module")
def proof(tmp_path_factory):
    path = tmp_path_factory.mktemp("outputs") / "proof.json"
    exact.solve(DATA, proof_file=path, time_limit=10)
    return path


def test_inputs_are_not_read_for_ever_so_many_outputs():
    """Reading 300 inputs for each of 40000 outputs is more work than a file of that size may ask for."""
    outputs = {"direction": [1] * 40_000, "low": [[0] * 40_000] * 3, "high": [[0] * 40_000] * 3}
    wide = changed((("outputs",), outputs), (("problem", "X"), [[x, *[0] * 99] for x in range(3)]))
    for name in ("low", "high"):
        wide["problem"][name] = [0, 0, 0]
    with pytest.raises(ProofError, match="more work than is done for a document of its size"):
        check_proof(wide)


class TestData:
    def test_the_same_data_in_every_form(self, proof, tmp_path):
        save(DATA, tmp_path / "problem.json")
        table = np.c_[DATA.X, DATA.low].tolist()
        rows = "\n".join(",".join(map(repr, row)) for row in table)
        (tmp_path / "data.csv").write_text(f"x,a,b\n{rows}\n")
        for data in (
            DATA,
            tmp_path / "problem.json",
            json.loads((tmp_path / "problem.json").read_text()),
            tmp_path / "data.csv",
        ):
            assert check_proof(proof, data).data_compared
            assert check_proof(proof, data, tolerance=0, affine="none").lower_bound

    @pytest.mark.parametrize("place", [(0, 0), (1, 1), (3, 1)])
    def test_another_label(self, proof, place):
        low = DATA.low.copy()
        low[place] += 2**-40
        high = np.maximum(low, DATA.high)
        with pytest.raises(ProofError, match=f"output {place[1]}: .*sample {place[0]}: its interval"):
            check_proof(proof, DATA.replace(low=low, high=high))

    def test_other_inputs_order_affine_or_number_of_outputs(self, proof):
        X, low = DATA.X.copy(), DATA.low
        X[2] += 2**-40
        for other in (
            DATA.replace(X=X),
            DATA.replace(affine="skip"),
            DATA.subset([1, 0, 2, 3]),
            DATA.subset([0, 1, 2]),
            MultiOutputProblem(DATA.X, low[:, ::-1]),
        ):
            with pytest.raises(ProofError):
                check_proof(proof, other)
        for other in (MultiOutputProblem(DATA.X, low[:, :1]), DATA.outputs[0]):
            with pytest.raises(UnreadableError, match="about 2 outputs: a column for each"):
                check_proof(proof, other)
        with pytest.raises(ProofError, match="not a label with tolerance"):
            check_proof(proof, tolerance=0.5)
        with pytest.raises(ProofError, match="class"):
            check_proof(proof, margin=1)

    def test_a_proof_for_one_output_is_none_for_several(self, tmp_path):
        exact.solve(DATA.outputs[0], proof_file=tmp_path / "one.json")
        with pytest.raises(ProofError):
            check_proof(tmp_path / "one.json", DATA)


@pytest.mark.parametrize(("count", "seed"), [(250, 0), pytest.param(400, 1, marks=pytest.mark.slow)])
def test_mutants(count, seed):
    seen, wrong = run(count, seed, count, "outputs")
    assert wrong == []
    assert seen["rejected"] > count / 20
    assert seen["accepted, the same problem"] + seen["accepted, another problem"] > count / 20
