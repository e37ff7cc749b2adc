"""Several classes: counts known by hand, orders against every direction, networks in floats, and refusals."""

import itertools
import json

import numpy as np
import pytest
from oracles.brute_force import minimum_neurons

import sparsest
from sparsest import (
    InputError,
    MultiClassProblem,
    MultiClassResult,
    MultiOutputNetwork,
    Proof,
    Status,
    check_proof,
    exact,
    load,
    save,
)
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.classes.margins import surely_classifies, with_few_digits, with_margin
from sparsest.exact.classes.orders import no_order, orders_left
from sparsest.problem import refuse_other_than_problem
from sparsest.progress import Deadline

X1 = [0, 1, 2, 3, 4, 5]
SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]
# name: problem, fewest neurons
CLOSED = {
    # one neuron with a constant an output: the upper envelope of lines takes the classes in turn
    "an order along a line": (MultiClassProblem(X1, [0, 0, 1, 1, 2, 2], affine="constant"), 1),
    # of outputs v_j t all rows with t > 0 are of one class, and at t = 0 all outputs are equal
    "the same without a constant": (MultiClassProblem(X1, [0, 0, 1, 1, 2, 2]), 2),
    # affine outputs alone: 0, x - 1.5, 2 x - 5
    "the same with a skip": (MultiClassProblem(X1, [0, 0, 1, 1, 2, 2], affine="skip"), 0),
    # class 0 on both sides of class 1: one neuron is monotone; |x - 1.5| needs two, with a skip one
    "a class between": (MultiClassProblem(X1, [0, 1, 1, 0, 2, 2], affine="constant"), 2),
    "a class between, with a skip": (MultiClassProblem(X1, [0, 1, 1, 0, 2, 2], affine="skip"), 1),
    # xor and a third class far away on the diagonal
    "xor": (MultiClassProblem([*SQUARE, [5, 5]], [0, 1, 1, 0, 2], affine="constant"), 2),
    # three corners are separated pairwise by lines, and with one neuron in an order along a direction
    "three corners": (MultiClassProblem([[0, 0], [1, 0], [0, 1]], [0, 1, 2], affine="constant"), 1),
    # a pinwheel of three segments: every two are separated by a line, and no two parallel lines separate all
    "no order": (
        MultiClassProblem(
            [[2, 2], [3, 1], [3, 0], [1, 0], [1, 3], [0, 0]], [0, 0, 1, 1, 2, 2], affine="constant"
        ),
        2,
    ),
    "a class without samples": (MultiClassProblem(X1[:2], [0, 2], classes=[0, 1, 2], affine="constant"), 1),
    "two classes": (MultiClassProblem(SQUARE, ["a", "b", "b", "a"], affine="constant"), 2),
    "equal rows, in tenths": (
        MultiClassProblem([0.1, 0.1, 0.2, 0.3, 0.3], list("aabcc"), margin=0.1, affine="constant"),
        1,
    ),
}


def proven(problem, tmp_path, **options):
    """Solve, check the proof against the data, and evaluate the witness."""
    path = tmp_path / "proof.json"
    result = exact.solve(problem, proof_file=path, **options)
    checked = check_proof(path, problem)
    assert result.proof_written is True
    assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)
    assert ("orders" in checked.kinds) == bool(result.unordered)
    if result.network is not None:
        assert len(json.loads(path.read_text())["witness"]["neurons"]) == result.upper_bound
        assert result.network.solves(problem)
        assert result.accuracy == 1
    return result


@pytest.mark.parametrize(("problem", "neurons"), CLOSED.values(), ids=CLOSED)
def test_closed_forms(problem, neurons, tmp_path):
    result = proven(problem, tmp_path)
    assert isinstance(result, MultiClassResult)
    assert (result.lower_bound, result.upper_bound, result.status) == (neurons, neurons, Status.OPTIMAL)
    assert result.proof is Proof.EXACT


def test_what_is_said_of_the_lower_bound(tmp_path):
    result = proven(CLOSED["no order"][0], tmp_path)
    assert (set(result.unordered), result.between) == ({0, 1, 2}, None)
    assert "puts the classes" in result.summary()
    assert "into an order along a line, and none is possible" in result.summary()
    result = proven(MultiClassProblem(SQUARE, ["a", "b", "b", "a"]), tmp_path)
    assert result.lower_bound == 3  # f <= -1 at the origin takes a third, negative neuron
    assert (set(result.between), result.unordered) == ({"a", "b"}, ())
    assert "the samples of a and b" in result.summary()
    for ending in ("result.json", "result.npz"):
        save(result, tmp_path / ending)
        copy = load(tmp_path / ending)
        assert (copy.lower_bound, copy.between, copy.classes) == (3, result.between, ("a", "b"))
        assert copy.network == result.network


def directions_of(X):
    """Directions between each two turns at which two samples in the plane change places, in integers."""
    turns = {(int(b[1] - a[1]), int(a[0] - b[0])) for a, b in itertools.permutations(X, 2)} - {(0, 0)}
    turns |= {(1, 0), (0, 1), (-1, 0), (0, -1)}
    ordered = sorted(turns, key=lambda w: np.arctan2(w[1], w[0]))
    pairs = zip(ordered, ordered[1:] + ordered[:1], strict=True)
    scaled = [(np.array(a) * max(map(abs, b)), np.array(b) * max(map(abs, a))) for a, b in pairs]
    return [*map(np.array, turns), *(a + b for a, b in scaled)]


def keeps_apart(problem, w):
    values = problem.X.astype(int) @ w
    spans = sorted(
        (values[problem.labels == c].min(), values[problem.labels == c].max())
        for c in np.unique(problem.labels)
    )
    return all(before[1] < after[0] for before, after in itertools.pairwise(spans))


def lattice_problem(seed):
    """Few samples on a small lattice, so that many are collinear, of two to four classes that lean apart."""
    rng = np.random.default_rng(seed)
    X = np.unique(rng.integers(0, 4, (int(rng.integers(4, 9)), 2)), axis=0)
    scores = X @ rng.integers(-2, 3, (2, int(rng.integers(2, 5)))) + rng.normal(size=(1, 1))
    labels = scores.argmax(axis=1)
    flipped = rng.random(len(X)) < 0.1
    labels[flipped] = rng.integers(0, scores.shape[1], flipped.sum())
    labels[:2] = [0, 1]
    return MultiClassProblem(X, labels, classes=range(scores.shape[1]), affine="constant")


@pytest.mark.parametrize("seeds", [range(60), pytest.param(range(60, 1000), marks=pytest.mark.slow)])
def test_orders_against_every_direction(seeds):
    seen = set()
    for seed in seeds:
        problem = lattice_problem(seed)
        possible = any(keeps_apart(problem, w) for w in directions_of(problem.X.astype(int).tolist()))
        found = no_order(problem, ExactData(problem.samples.in_integers), Deadline(20))
        assert (found is None) == possible, seed
        seen.add(possible)
    assert seen == {True, False}


@pytest.mark.parametrize("seeds", [range(4), pytest.param(range(4, 18), marks=pytest.mark.slow)])
def test_bounds_against_brute_force(seeds, tmp_path):
    """No pair needs more than was found for all, and one neuron is enough just where an order is possible."""
    for seed in seeds:
        problem = lattice_problem(seed)
        result = proven(problem, tmp_path, time_limit=20)
        possible = any(keeps_apart(problem, w) for w in directions_of(problem.X.astype(int).tolist()))
        pairs = [problem.between(*pair) for pair in itertools.combinations(np.unique(problem.labels), 2)]
        least = max(minimum_neurons(pair, 4) for pair in pairs)
        assert result.upper_bound >= max(least, 1 if possible else 2), seed
        assert result.lower_bound >= max(least, 1 if possible else 2), seed


def test_orders_that_are_left():
    # one of each two opposite orders of three classes: that with any of them between the others
    assert {order[1] for order in orders_left([0, 1, 2], [])} == {0, 1, 2}
    assert len(list(orders_left([0, 1, 2, 3], []))) == 12
    assert {order[1] for order in orders_left([0, 1, 2], [(0, 1, 2)])} == {0, 2}
    assert list(orders_left([0, 1, 2, 3], [(0, 1)])) == []


def test_a_margin_is_given_by_scaling():
    problem = MultiClassProblem([0.0, 1.0], [0, 1], margin=3)
    half = MultiOutputNetwork([[1.0], [-1.0]], [0.0, 1.0], [[0, 0.5], [0.25, 0]])  # gaps 0.25 and 0.5
    assert not surely_classifies(problem, half)
    scaled = with_margin(problem, half)
    assert surely_classifies(problem, scaled)
    assert problem.least_gap(scaled(problem.X)) == 4  # 0.25 times the power of two that is next above 12
    assert with_margin(problem, MultiOutputNetwork([[1.0]], [0.0], [[0, 1.0]])) is None  # a tie at 0


def test_few_digits_suffice_where_there_is_room():
    """Of 1/3 and its like few binary digits are left; a gap that needs more digits keeps them."""
    problem = MultiClassProblem([0.0, 1.0], [0, 1], margin=0.01)
    third = MultiOutputNetwork([[1 / 3], [-1 / 3]], [0.0, 1 / 3], [[0, 1 / 3], [1 / 7, 0]])
    short = with_few_digits(problem, third)
    assert surely_classifies(problem, short)
    assert all(float(v * 2**12).is_integer() for v in [*short.weights.ravel(), *short.outputs.ravel()])
    # 1 + 2^-20 against 1: the gap is a millionth of the outputs
    close = MultiOutputNetwork([[0.0]], [1.0], [[1.0, 1 + 2.0**-20]], None)
    narrow = MultiClassProblem([[0.0], [1.0]], [1, 1], classes=[0, 1], margin=2.0**-21)
    kept = with_few_digits(narrow, close)
    assert surely_classifies(narrow, kept)


def test_a_witness_is_taken(tmp_path):
    problem = CLOSED["a class between"][0]
    known = exact.solve(problem).network
    result = proven(problem, tmp_path, witness=known, time_limit=1e-3)
    assert result.upper_bound == 2


def test_refusals():
    problem = CLOSED["xor"][0]
    for options, words in (
        ({"objective": "weights"}, "neurons are counted"),
        ({"method": "mip"}, "method 'auto' or 'tree'"),
        ({"checkpoint_file": "x"}, "not kept in a file"),
        ({"witness": MultiOutputNetwork([[1.0]], [0.0], [[1.0, 2.0]])}, "2 features and 3 outputs"),
    ):
        with pytest.raises(InputError, match=words):
            exact.solve(problem, **options)
    with pytest.raises(InputError, match=r"two classes of a MultiClassProblem by between\(a, b\)"):
        refuse_other_than_problem(problem)


def test_every_entry_solves_it():
    problem = CLOSED["a class between"][0]
    assert sparsest.solve(problem).upper_bound == 2


@pytest.mark.parametrize("limit", [0.2, 1.0])
def test_time_limits_are_kept(limit):
    rng = np.random.default_rng(0)
    problem = MultiClassProblem(rng.normal(size=(300, 6)), rng.integers(0, 4, 300), affine="constant")
    result = exact.solve(problem, time_limit=limit)
    assert result.lower_bound >= 1  # random classes are not separated by lines
    assert result.status in (Status.TIME_LIMIT, Status.FINISHED)
