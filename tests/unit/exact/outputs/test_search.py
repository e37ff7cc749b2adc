"""Several outputs: bounds against brute force and closed forms, networks in fractions, and refusals."""

import itertools
import json
import time
from fractions import Fraction

import numpy as np
import pytest
from oracles.brute_force import minimum_neurons
from oracles.proof_claims import number

from sparsest import (
    InputError,
    MultiOutputNetwork,
    MultiOutputProblem,
    MultiOutputResult,
    Objective,
    Problem,
    Proof,
    Status,
    check_proof,
    exact,
    load,
    save,
)
from sparsest.exact.outputs.directions import directions


def fits_exactly(document):
    """Evaluate the witness of a proof in fractions, and hold it against the intervals of each output."""
    fields, outputs, witness = document["problem"], document["outputs"], document["witness"]
    for i, x in enumerate(fields["X"]):
        row = [*map(number, x), Fraction(1)]
        inputs = [sum(a * number(b) for a, b in zip(row, u, strict=True)) for u in witness["neurons"]]
        for j, (low, high) in enumerate(zip(outputs["low"][i], outputs["high"][i], strict=True)):
            value = sum(number(v[j]) * max(0, z) for v, z in zip(witness["outputs"], inputs, strict=True))
            if witness["skip"] is not None:
                value += sum(a * number(b) for a, b in zip(row, witness["skip"][j], strict=True))
            if (low is not None and value < number(low)) or (high is not None and value > number(high)):
                return False
    return True


def proven(problem, tmp_path, **options):
    """Solve, and check everything that can be: the proof against the data, the witness in fractions."""
    path = tmp_path / "proof.json"
    result = exact.solve(problem, proof_file=path, **options)
    document = json.loads(path.read_text())
    checked = check_proof(path, problem)
    assert result.proof_written is True
    assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)
    if result.lower_bound:
        assert checked.direction == result.direction
    if result.network is not None:
        assert len(document["witness"]["neurons"]) == result.upper_bound == result.network.count()
        assert fits_exactly(document)
        assert result.network.is_of_kind(problem)
    return result


X1 = [0, 1, 2, 3, 4]
# name: problem, number of shared neurons
CLOSED = {
    "one output and its double": (MultiOutputProblem(X1, [[0, 0], [0, 0], [1, 2], [2, 4], [3, 6]]), 1),
    # max(0, x - 1) and max(0, 3 - x): each has one neuron, and their difference two
    "two that face each other": (MultiOutputProblem(X1, [[0, 3], [0, 2], [1, 1], [2, 0], [3, 0]]), 2),
    # with a skip |x - 2| needs one neuron, and so does its double plus a line
    "one knot beside lines": (
        MultiOutputProblem(X1, [[2, 5], [1, 2], [0, -1], [1, 0], [2, 1]], affine="skip"),
        1,
    ),
    # knots at 1 and at 3
    "two knots": (
        MultiOutputProblem(X1, [[0, 0], [0, 1], [1, 2], [2, 3], [3, 0]], affine="skip"),
        2,
    ),
    # a rise between 0 and 1, and one between 3 and 4: any two of them differ in their place
    "three outputs, three knots": (
        MultiOutputProblem(
            [0, 1, 2, 3, 4, 5, 6, 7],
            np.maximum(0, np.arange(8)[:, None] - np.array([1, 3, 5])),
            affine="constant",
        ),
        3,
    ),
    "constants": (MultiOutputProblem(X1, [[3, -1]] * 5, affine="constant"), 0),
    "nothing": (MultiOutputProblem(X1, np.zeros((5, 3))), 0),
    "one sample": (MultiOutputProblem([[1, 2]], [[3, -4]]), 1),
    "one output": (MultiOutputProblem([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]), 2),
    # xor by sums and by differences of the same two neurons
    "xor twice": (
        MultiOutputProblem([[0, 0], [0, 1], [1, 0], [1, 1]], [[0, 0], [1, 1], [1, -1], [0, 0]]),
        2,
    ),
    "intervals that hold zero": (MultiOutputProblem(X1, np.ones((5, 2)), tolerance=[1, 2]), 0),
    "an open end": (
        MultiOutputProblem.from_intervals(X1, [[0, -9]] * 4 + [[1, -9]], [[0, 9]] * 4 + [[np.inf, 9]]),
        1,
    ),
    # in tenths, whose floats are not on a line
    "decimals": (
        MultiOutputProblem([0.1, 0.2, 0.3, 0.4], [[0, 0.3], [0.1, 0.2], [0.2, 0.1], [0.3, 0]], affine="skip"),
        0,
    ),
}


@pytest.mark.parametrize(("problem", "neurons"), CLOSED.values(), ids=CLOSED)
def test_closed_forms(problem, neurons, tmp_path):
    result = proven(problem, tmp_path)
    assert isinstance(result, MultiOutputResult)
    assert (result.lower_bound, result.upper_bound, result.status) == (neurons, neurons, Status.OPTIMAL)
    assert result.proof is Proof.EXACT
    assert result.network.solves(problem)


def random_problem(seed):
    """Few samples of small whole numbers, ties among them, intervals and every affine term."""
    rng = np.random.default_rng(seed)
    d, n, m = int(rng.integers(1, 3)), int(rng.integers(3, 6)), int(rng.integers(2, 4))
    X = np.unique(rng.integers(0, 4, (n, d)), axis=0)
    Y = rng.integers(-2, 3, (len(X), m)).astype(float)
    low = np.where(rng.random(Y.shape) < 0.15, -np.inf, Y - rng.choice([0.0, 0.0, 0.5]))
    high = np.where(rng.random(Y.shape) < 0.15, np.inf, Y + rng.choice([0.0, 0.0, 0.5]))
    affine = ("none", "constant", "skip")[seed % 3]
    return MultiOutputProblem.from_intervals(X, low, high, affine=affine)


@pytest.mark.parametrize(
    "seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (0, *range(3, 12)))]
)
def test_between_the_outputs_minima_and_their_sum(seed, tmp_path):
    problem = random_problem(seed)
    minima = [minimum_neurons(output, 5) for output in problem.outputs]
    result = proven(problem, tmp_path, time_limit=5)
    assert max(minima) <= result.lower_bound <= result.upper_bound <= sum(minima)
    if result.direction is not None:
        along = minimum_neurons(problem.along(result.direction), 5)
        assert result.lower_bound <= along


@pytest.mark.parametrize(
    "affine", ["skip", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("none", "constant"))]
)
def test_outputs_of_one_function_take_no_more(affine, tmp_path):
    """Multiples of one label vector: the minimum is that of the single output."""
    rng = np.random.default_rng(3)
    X, y = rng.integers(-3, 4, (5, 2)) + np.arange(5)[:, None] / 8, rng.integers(-2, 3, 5)
    alone = minimum_neurons(Problem(X, y, affine=affine), 5)
    result = proven(MultiOutputProblem(X, np.outer(y, [1, -2, 3]), affine=affine), tmp_path)
    assert (result.lower_bound, result.upper_bound) == (alone, alone)


def planted(seed, d, n, k, m, tolerance=0.0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, d))
    weights, biases, outputs = rng.normal(size=(k, d)), 0.5 * rng.normal(size=k), rng.normal(size=(k, m))
    return MultiOutputProblem(X, np.maximum(X @ weights.T + biases, 0) @ outputs, tolerance=tolerance)


@pytest.mark.parametrize(("d", "k", "m"), [(2, 3, 2), pytest.param(3, 3, 10, marks=pytest.mark.slow)])
def test_planted(d, k, m, tmp_path):
    result = proven(planted(0, d, 40, k, m, 1e-6), tmp_path)
    assert (result.lower_bound, result.upper_bound) == (k, k)


def test_a_witness_is_taken(tmp_path):
    """Ten neurons that no descent finds, of whole numbers: x_k = k on a lattice."""
    rng = np.random.default_rng(0)
    network = MultiOutputNetwork(
        rng.integers(-3, 4, (6, 2)), rng.integers(-3, 4, 6), rng.integers(1, 4, (6, 2))
    )
    X = rng.integers(-9, 10, (40, 2))
    problem = MultiOutputProblem(np.unique(X, axis=0), network(np.unique(X, axis=0)))
    result = proven(problem, tmp_path, witness=network, node_limit=1)
    assert result.upper_bound <= 6
    assert result.status is Status.NODE_LIMIT


def test_a_wrong_witness_is_not(tmp_path):
    problem = CLOSED["two knots"][0]
    wrong = MultiOutputNetwork([[1.0]], [0.0], [[1.0, 1.0]])
    assert proven(problem, tmp_path, witness=wrong).upper_bound == 2


class TestLimits:
    def test_time(self, tmp_path):
        problem = planted(1, 2, 60, 12, 3, 0.01)
        start = time.perf_counter()
        result = proven(problem, tmp_path, time_limit=1)
        assert result.status is Status.TIME_LIMIT
        assert 0 < result.lower_bound < result.upper_bound <= 60
        assert time.perf_counter() - start < 60  # generous: timings decide nothing

    def test_nodes(self, tmp_path):
        result = proven(planted(1, 2, 30, 5, 2, 1e-6), tmp_path, node_limit=3, time_limit=10)
        assert result.status is Status.NODE_LIMIT

    @pytest.mark.parametrize("calls", [1, pytest.param(3, marks=pytest.mark.slow)])
    def test_interruption_returns_what_is_known(self, calls, tmp_path):
        seen, interrupted = itertools.count(1), []

        def interrupt(progress):
            assert progress.message.startswith(("direction ", "descent ", "leaving out"))
            if next(seen) >= calls:
                interrupted.append(progress)
                raise KeyboardInterrupt

        problem = planted(1, 2, 40, 6, 3, 1e-6)
        result = proven(problem, tmp_path, time_limit=8, progress=interrupt)
        # reports come at intervals of time: a quick search may end before the third one
        assert (result.status is Status.INTERRUPTED) == bool(interrupted)
        assert result.upper_bound is not None


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"objective": "weights"}, "of several outputs the neurons are counted, not the weights"),
            ({"method": "mip"}, "by method 'auto' or 'tree', not 'mip'"),
            ({"method": "nonsense"}, "by method 'auto' or 'tree', not 'nonsense'"),
            ({"checkpoint_file": "a"}, "is not kept in a file"),
            ({"witness": MultiOutputNetwork.zero(1, 3)}, "of 1 features and 2 outputs"),
            ({"proof_file": "proof.txt"}, r"ends in .json or .json.gz"),
            ({"time_limit": 0}, "time_limit"),
            ({"node_limit": 0}, "node_limit"),
            ({"workers": 0}, "workers"),
        ],
    )
    def test_one_sentence(self, options, words):
        with pytest.raises(InputError, match=words) as caught:
            exact.solve(CLOSED["two knots"][0], **options)
        assert "\n" not in str(caught.value)

    def test_a_shared_witness_for_one_output(self):
        with pytest.raises(InputError, match="witness must be a Network of 1 features"):
            exact.solve(Problem([0, 1], [0, 1]), witness=MultiOutputNetwork.zero(1, 1))


class TestResult:
    def test_it_shows_itself_and_is_saved(self, tmp_path):
        problem = CLOSED["two knots"][0].replace(feature_names=["t"], target_names=["a", "b"])
        result = exact.solve(problem)
        for width in (60, 100):
            assert max(map(len, result.summary(width=width).splitlines())) <= width
        text = " ".join(result.summary().split())
        assert "5 samples, 1 features" not in text
        assert "1 feature (t), 2 outputs (a, b), exact labels, with a skip" in text
        assert "neurons 2, proven minimal" in text
        assert "proven for the sum of outputs times" in text
        assert repr(result) == "<MultiOutputResult neurons: 2, proven minimal>"
        assert "<table>" in result._repr_html_()
        save(result, tmp_path / "result.json")
        again = load(tmp_path / "result.json")
        assert (again.direction, again.network, again.lower_bound) == (result.direction, result.network, 2)
        assert again.objective is Objective.NEURONS

    def test_floats_that_miss_are_remarked_upon(self):
        # values of 1e15 that cancel: exact in rationals, off by rounding in floats
        problem = MultiOutputProblem([0, 1, 2, 3], [[1e15, 1], [-1e15, 2], [1e15 + 2, 5], [7, 0]])
        result = exact.solve(problem, time_limit=10)
        assert result.network.solves(problem) or "rational arithmetic" in result.remark


class TestDirections:
    @pytest.mark.parametrize("m", [1, 2, 3, 10])
    def test_distinct_and_none_the_opposite_of_another(self, m):
        found = directions(m)
        assert len(set(found)) == len(found)
        assert all(len(c) == m and any(c) and max(map(abs, c)) <= 3 for c in found)
        assert not {tuple(-v for v in c) for c in found} & set(found)
        axes = [tuple(int(k == j) for k in range(m)) for j in range(m)]
        assert set(axes) <= set(found)
        assert found == directions(m)
        if m > 1:
            assert all(found[0])
