"""The least largest error with K neurons, held against linear programs over all activation patterns."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from sparsest import InputError, Network, Problem, check_proof, exact
from sparsest.error_scale import error_scale, largest_error
from sparsest.exact.trade_off.networks import error_at_most
from sparsest.exact.trade_off.widened import short_number_between, within
from sparsest.io.documents import decode, encode
from sparsest.results.solving import Status


def least_by_patterns(problem, neurons, below, above):
    """The least error over all multisets of K cells and signs: one linear program each."""
    homogeneous, y = problem.homogeneous, problem.targets
    n, size = homogeneous.shape
    cells = exact.enumerate_cells(problem.X).patterns
    free = {"none": np.zeros((n, 0)), "constant": homogeneous[:, -1:], "skip": homogeneous}[
        str(problem.affine)
    ]
    best = np.maximum(y / below, -y / above).max()
    for chosen in itertools.combinations_with_replacement(
        list(itertools.product(range(len(cells)), (1.0, -1.0))), neurons
    ):
        values = np.concatenate(
            [sign * cells[c][:, None] * homogeneous for c, sign in chosen] + [free], axis=1
        )
        cones = np.zeros((neurons * n, values.shape[1]))
        for k, (c, _) in enumerate(chosen):
            cones[k * n : (k + 1) * n, k * size : (k + 1) * size] = (
                np.where(cells[c], -1, 1)[:, None] * homogeneous
            )
        found = linprog(
            np.r_[np.zeros(values.shape[1]), 1.0],
            A_ub=np.r_[np.c_[values, -above], np.c_[-values, -below], np.c_[cones, np.zeros(len(cones))]],
            b_ub=np.r_[y, -y, np.zeros(len(cones))],
            bounds=[(None, None)] * values.shape[1] + [(0, None)],
            method="highs",
        )
        best = min(best, found.fun)
    return best


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
@pytest.mark.parametrize(
    ("d", "n", "seed"),
    [
        (1, 4, 0),
        (2, 4, 2),
        pytest.param(1, 5, 1, marks=pytest.mark.slow),
        pytest.param(2, 5, 3, marks=pytest.mark.slow),
        pytest.param(1, 6, 4, marks=pytest.mark.slow),
    ],
)
def test_against_all_patterns(affine, d, n, seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, (n, d)) + rng.permutation(n)[:, None] / 10  # ties, and no two alike
    y = rng.integers(-20, 21, n) / 10
    scale = np.ones(n) if seed % 2 else rng.choice([1.0, 0.5, 2.0], n)
    problem = Problem(X, y, affine=affine)
    for neurons in (0, 1) if d == 2 else (0, 1, 2):
        truth = least_by_patterns(problem, neurons, scale, scale)
        result = exact.least_error(problem, neurons, scale=scale)
        assert result.status is Status.OPTIMAL
        assert result.lower_bound <= truth + 1e-9
        assert result.upper_bound >= truth - 1e-9
        assert result.gap <= 1e-6 or result.upper_bound == 0
        assert result.network.count() <= neurons
        errors = np.abs(result.network(problem.X) - y) / scale
        assert errors.max() <= result.upper_bound * (1 + 1e-12) + 1e-12


@pytest.mark.slow
def test_a_hundred_tiny_problems():
    """No bound is wrong, whatever errors are measured in."""
    rng = np.random.default_rng(100)
    for number in range(100):
        d, n = (1, int(rng.integers(3, 6))) if number % 3 else (2, 4)
        X = rng.integers(-3, 4, (n, d)) + rng.permutation(n)[:, None] / 10
        y = rng.integers(1, 21, n) * rng.choice([-1, 1], n) / 10
        problem = Problem(X, y, affine=["none", "constant", "skip"][number % 3])
        units = [None, "relative", rng.choice([0.5, 1.0, 2.0], (n, 2))][number // 3 % 3]
        below, above, _ = error_scale(problem, units)
        neurons = int(rng.integers(0, 2))
        truth = least_by_patterns(problem, neurons, below, above)
        result = exact.least_error(problem, neurons, scale=units, gap=1e-3)
        assert result.status is Status.OPTIMAL
        assert result.lower_bound <= truth + 1e-9
        assert result.upper_bound >= truth - 1e-9
        error = largest_error(problem, result.network(problem.X), error_scale(problem, units))
        assert error <= result.upper_bound * (1 + 1e-12) + 1e-12


def test_units_below_and_above_by_hand():
    # one constant for labels 0 and 3: c is off by c above the first and by 3 - c below the second; with
    # errors below in units of 2 that is c and (3 - c) / 2, least at c = 1
    problem = Problem([0, 1], [0, 3], affine="constant")
    uneven = exact.least_error(problem, 0, scale=[[2, 1], [2, 1]])
    assert uneven.upper_bound == pytest.approx(1, rel=1e-5)
    assert uneven.network.affine[-1] == pytest.approx(1, rel=1e-5)
    assert uneven.unit == "in the units given"
    # relative to labels 1 and 3: c - 1 and (3 - c) / 3, least at 3/2
    relative = exact.least_error(Problem([0, 1], [1, 3], affine="constant"), 0, scale="relative")
    assert relative.upper_bound == pytest.approx(0.5, rel=1e-5)
    # a skip and one feature: the same line over sorted samples
    line = exact.least_error(Problem([2, 0, 1], [1, 1, 2], affine="skip"), 0, scale=[[1, 3], [1, 3], [1, 3]])
    # 1, 2, 1 at 0, 1, 2: c - 1 over 3, 2 - c under 1: c = 7/4
    assert line.upper_bound == pytest.approx(0.25, rel=1e-5)


def test_by_hand():
    # three of 0, 1, 0, 1 alternate twice: one knot, up or down, leaves the other alternation to an error of
    # 1/2, which a constant attains; two knots meet all
    problem = Problem([0, 1, 2, 3], [0, 1, 0, 1], affine="skip")
    curve = exact.frontier(problem, most=5)
    assert [point.neurons for point in curve.points] == [0, 1, 2]
    assert [round(point.upper_bound, 3) for point in curve.points] == [0.5, 0.5, 0.0]
    assert "neurons   at least" in curve.summary()


def test_equal_inputs_with_several_labels():
    # 0 and 1 at the same place: no function is closer to both than 1/2
    problem = Problem([0, 0, 1], [0, 1, 5], tolerance=0.5)
    result = exact.least_error(problem, 3)
    assert result.upper_bound == pytest.approx(0.5, rel=1e-5)
    assert result.lower_bound >= 0.5 * (1 - 2e-6)


def test_the_proof_is_of_the_lower_bound(tmp_path):
    rng = np.random.default_rng(5)
    problem = Problem(np.round(rng.uniform(-1, 1, (9, 2)), 2), np.round(rng.uniform(-1, 1, 9), 2))
    path = tmp_path / "proof.json"
    result = exact.least_error(problem, 1, gap=1e-3, proof_file=path)
    assert result.proof_written
    asked = within(problem, result.lower_bound, error_scale(problem, None))
    assert check_proof(path, asked).lower_bound == 2


def test_one_feature_with_a_skip_against_counting_knots():
    rng = np.random.default_rng(2)
    x = np.sort(rng.uniform(0, 10, 400))
    y = np.sin(x) + rng.uniform(-0.1, 0.1, 400)
    problem = Problem(x, y, affine="skip")
    result = exact.least_error(problem, 4)
    assert result.status is Status.OPTIMAL
    for error, few in ((result.upper_bound, True), (result.lower_bound, False)):
        count = exact.solve(Problem(x, y, affine="skip", tolerance=error, numbers="binary"))
        assert (count.upper_bound <= 4) == few
    assert np.abs(result.network(problem.X) - y).max() <= result.upper_bound + 1e-9


def test_results_are_saved_and_read():
    curve = exact.frontier(Problem([0, 1, 2], [0, 1, 0]), most=2)
    again = decode(encode(curve))
    assert [p.upper_bound for p in again.points] == [p.upper_bound for p in curve.points]
    assert again.points[1].network == curve.points[1].network


def test_a_limit_leaves_an_interval():
    rng = np.random.default_rng(0)
    problem = Problem(rng.normal(size=(60, 3)), rng.normal(size=60))
    result = exact.least_error(problem, 4, time_limit=0.3)
    assert result.status is Status.TIME_LIMIT
    assert 0 <= result.lower_bound < result.upper_bound <= np.abs(problem.targets).max() * (1 + 1e-12)


def test_what_makes_no_sense_is_refused():
    problem = Problem([0, 1], [0, 1])
    with pytest.raises(InputError, match="whole number"):
        exact.least_error(problem, -1)
    with pytest.raises(InputError, match="positive"):
        exact.least_error(problem, 1, scale=[1.0, 0.0])
    with pytest.raises(InputError, match="at most 0 neurons"):
        exact.least_error(problem, 0, network=exact.solve(problem).network)


def test_intervals_are_no_shorter_than_the_error_asked_about():
    """Labels close to the half length: the difference is exact, so that the product's rounding is all."""
    rng = np.random.default_rng(7)
    labels, scale = rng.normal(size=400), rng.uniform(0.5, 2, 400)
    problem = Problem(np.arange(400.0), labels)
    for error in (abs(labels[0]) / scale[0], rng.uniform(), 1e-9):
        asked = within(problem, error, error_scale(problem, scale))
        for label, size, low, high in zip(labels, scale, asked.low, asked.high, strict=True):
            reach = Fraction(error) * Fraction(size)
            assert Fraction(low) <= Fraction(label) - reach
            assert Fraction(high) >= Fraction(label) + reach


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.25, 0.26), (1e-9, 2e-9), (3.14159, 3.14160)])
def test_short_numbers_lie_in_the_middle(low, high):
    number = short_number_between(low, high)
    assert low + 0.24 * (high - low) <= number <= high - 0.24 * (high - low)


@pytest.mark.parametrize("seed", range(6))
def test_errors_in_floats_are_no_less_than_exact_ones(seed):
    """Large weights that cancel, and decimals that are no floats: what rounding hides is added."""
    rng = np.random.default_rng(seed)
    X = np.round(rng.uniform(-1, 1, (20, 2)), 2)
    size = 10.0 ** rng.integers(0, 7)
    network = Network(size * rng.normal(size=(4, 2)), size * rng.normal(size=4), rng.choice([-1.0, 1.0], 4))
    problem = Problem(X, np.round(network(X) + rng.normal(size=20), 2))
    scale = error_scale(problem, rng.uniform(0.5, 2, (20, 2)))
    claimed = error_at_most(problem, network, scale)
    exact_error = Fraction(0)
    for row, label, below, above in zip(X, problem.targets, scale.below, scale.above, strict=True):
        inputs = [Fraction(str(value)) for value in row]
        value = Fraction(0)
        for weights, bias, output in zip(network.weights, network.biases, network.outputs, strict=True):
            term = sum(Fraction(w) * x for w, x in zip(weights, inputs, strict=True)) + Fraction(bias)
            value += Fraction(output) * max(term, Fraction(0))
        off = value - Fraction(str(label))
        exact_error = max(exact_error, off / Fraction(above), -off / Fraction(below))
    assert exact_error <= Fraction(claimed)
    assert claimed <= float(exact_error) * (1 + 1e-9) + 1e-11 * size


def test_without_time_nothing_is_asked_and_networks_count():
    data = np.random.default_rng(1)
    problem = Problem(data.normal(size=(50, 3)), data.normal(size=50))
    known = Network([[1.0, 0, 0]], [0.5], [0.1])
    curve = exact.frontier(problem, most=3, time_limit=1e-6, networks=[known])
    assert sum(point.questions for point in curve.points) == 0
    assert len(curve.points) == 4
    best = min(np.abs(problem.targets).max(), np.abs(known(problem.X) - problem.targets).max())
    assert curve.points[3].upper_bound == pytest.approx(best, rel=1e-3)
    assert curve.status is Status.TIME_LIMIT
