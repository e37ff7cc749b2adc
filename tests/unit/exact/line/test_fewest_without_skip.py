import itertools
import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from oracles.brute_force import minimum_entries, minimum_neurons

from sparsest import InputError, Problem, Status, check_proof, datasets, exact
from sparsest.exact.arithmetic.rational_network import meets_every_interval
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.line import fewest_without_skip
from sparsest.exact.line.fewest_without_skip import brief_bounds, solve_without_skip
from sparsest.exact.line.gap_cones import LineSamples
from sparsest.exact.line.gap_sweep import Sweep, SweepLimits
from sparsest.exact.line.piecewise_linear import RationalPiecewiseLinear
from sparsest.exact.line.without_skip import one_signed_rest
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.supports import search
from sparsest.exact.tree import sweeps
from sparsest.exact.tree.state import Findings
from sparsest.objectives import Objective
from sparsest.progress import Deadline

TEN_X = [1.85, -1.49, 1.84, -1.71, 1.77, -0.71, 0.44, 1.82, -0.68, -1.47]
TEN_Y = [-0.52, 0.2, -0.23, -0.69, -0.79, -0.88, -0.39, 0.81, -0.52, 0.7]


def solve(problem, objective="neurons", **options):
    return exact.solve(problem, objective, method="univariate", **options)


def small_problem(seed, largest=5):
    """Whole numbers in small ranges: ties, repeated and collinear samples, wide and open intervals."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, largest + 1))
    places = rng.integers(-3, 5, n)
    middle = dict(zip(places.tolist(), rng.integers(-2, 3, n).tolist(), strict=True))
    slack = {v: int(rng.integers(0, 3)) / 2 if seed % 3 else 0 for v in middle}
    low = np.array([middle[v] - slack[v] for v in places.tolist()], dtype=float)
    high = np.array([middle[v] + slack[v] for v in places.tolist()], dtype=float)
    if seed % 5 == 4:
        for v in middle:
            if rng.random() < 0.4:
                (low if rng.random() < 0.5 else -high)[places == v] = -np.inf
    return Problem.from_intervals(
        places.astype(float), low, high, affine=("none", "constant")[int(rng.integers(2))]
    )


def closed(problem):
    """The count, where witness and bounds are verified by others."""
    result, evidence = solve_without_skip(problem)
    assert result.status is Status.OPTIMAL
    assert meets_every_interval(ExactData(problem), evidence.network)
    assert len(evidence.network.signs) == result.lower_bound
    return result.lower_bound


@pytest.mark.parametrize(
    "seeds", [range(8), pytest.param(range(8, 40), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_agrees_with_brute_force(seeds):
    for seed in seeds:
        problem = small_problem(seed, largest=4).distinct()
        assert closed(problem) == minimum_neurons(problem, 4), seed


@pytest.mark.slow
def test_agrees_with_the_tree():
    for seed in range(100, 125):
        problem = small_problem(seed, largest=6).distinct()
        tree = exact.solve(problem, method="tree", node_limit=3000)
        count = closed(problem)
        assert tree.lower_bound <= count <= tree.upper_bound, seed


def convex(changes, total):
    """Two samples on each link of the function of slope -total with these changes at 1, 2, ..., m."""

    def value(x):
        return -total * x + sum(c * max(Fraction(0), x - k) for k, c in enumerate(changes, 1))

    x = [Fraction(4 * k + i, 4) for k in range(len(changes) + 1) for i in (1, 3)]
    return [float(v) for v in x], [float(value(v)) for v in x]


@pytest.mark.parametrize("changes", [(3, 5, 8), (2, 7, 11, 13), (4, 4, 6, 6, 10)])
def test_a_constant_spares_the_slope_if_some_changes_add_up_to_it(changes):
    # the function is the only one of m knots, so the question is that of subset sums: oracle, all subsets
    sums = {sum(chosen) for n in range(len(changes) + 1) for chosen in itertools.combinations(changes, n)}
    for total in range(-1, sum(changes) + 2):
        problem = Problem(*convex(changes, total), affine="constant")
        assert closed(problem) == len(changes) + (total not in sums), total


@pytest.mark.parametrize(
    ("x", "y", "none", "constant"),
    [
        ([0, 1], [0, 0], 0, 0),
        ([0, 1, 2], [1, 2, 3], 1, 1),  # positive everywhere: one neuron, active on all samples
        ([0, 1, 2], [5, 5, 5], 1, 0),
        ([0, 1, 2], [1, 0, -1], 2, 1),  # one output sign is not enough; with a constant it is
        ([-2, -1, 0, 1, 2], [2, 1, 0, 1, 2], 2, 2),  # |x|: one knot, and two slopes without an affine term
        # |x| + 1 = 2 max(0, x) + max(0, 1 - x) on the samples: the knots lie to the right of what they pend
        ([-1, 0, 1], [2, 1, 2], 2, 2),
        ([0, 1, 2, 3, 4], [2, 1, 0, 0, 5], 2, 2),  # the middle link is zero: one neuron faces left
        ([0, 1, 2], [3, 0, 4], 2, 2),  # a knot at a root takes two
        ([7], [3], 1, 0),
    ],
)
def test_derived_by_hand(x, y, none, constant):
    for affine, count in (("none", none), ("constant", constant)):
        result = solve(Problem(x, y, affine=affine))
        assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, count, count)
        assert result.network.solves(result.problem)


@pytest.mark.parametrize("affine", ["none", "constant"])
def test_ten_random_samples(affine):
    # 7 by z3 as well
    result = exact.solve(Problem(TEN_X, TEN_Y, affine=affine))
    assert (result.method, result.lower_bound, result.upper_bound) == ("univariate", 7, 7)
    assert result.network.solves(result.problem)


def test_data_need_not_be_decimals():
    third = np.float64(1) / 3
    problem = Problem([0.0, third, 2 * third, 1.0], [0.1, third, -0.7, third], numbers="binary")
    result = solve(problem)
    assert result.status is Status.OPTIMAL
    assert result.network.solves(problem)


def test_weights_are_those_with_a_constant():
    # a neuron without a weight is a constant and counts none; oracle: every set of entries
    for x, y in (([0, 1, 2], [5, 5, 5]), ([0, 1, 2], [1, 0, -1]), ([-1, 0, 1], [2, 1, 2])):
        problem = Problem(x, y)
        result = exact.solve(problem, "weights")
        assert (result.method, result.status) == ("univariate", Status.OPTIMAL)
        assert result.network.solves(problem)
        assert result.lower_bound == result.upper_bound == minimum_entries(problem, "weights", 3)


def test_a_time_limit_leaves_an_interval():
    rng = np.random.default_rng(0)
    problem = Problem(np.arange(300.0), rng.integers(-9, 10, 300).astype(float))
    result = solve(problem, time_limit=0.3)
    assert result.status is Status.TIME_LIMIT
    assert result.lower_bound <= result.upper_bound <= result.lower_bound + 2
    assert result.network.solves(problem)
    hasty = solve(problem, time_limit=1e-6)
    assert (hasty.status, hasty.upper_bound) == (Status.TIME_LIMIT, None)
    assert brief_bounds(problem, Objective.NEURONS, Deadline(1e-6), prove=True)[0].network is None


def intervals_that_take_one_neuron_more():
    """Four changes of slope, none of whose sums is the slope 5 that is to cancel (see `convex`)."""
    x, y = convex((2, 7, 11, 13), 5)
    return Problem(x, y, tolerance=0.01)


@pytest.fixture
def patient(monkeypatch):
    """Sweeps that end by themselves, whatever the machine."""
    monkeypatch.setattr(sweeps, "_FIRST", 60.0)
    monkeypatch.setattr(search, "_SWEEPS_SECONDS", 60.0)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("affine", ["none", "constant"])
def test_the_tree_begins_with_what_the_sweeps_prove(affine, tmp_path):
    problem = intervals_that_take_one_neuron_more().replace(affine=affine)
    expected = solve(problem)
    assert expected.status is Status.OPTIMAL
    path = tmp_path / "proof.json"
    result = exact.solve(problem, proof_file=path)
    assert (result.method, result.nodes) == ("tree", 0)
    assert result.lower_bound == result.upper_bound == expected.lower_bound
    assert exact.solve(problem, method="tree").nodes > 0  # a second opinion
    verdict = check_proof(path)
    assert (verdict.lower_bound, verdict.upper_bound) == (result.lower_bound, result.upper_bound)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("wanted", [False, True])
def test_weights_begin_with_the_sweeps_where_no_proof_is_asked_for(wanted, tmp_path):
    problem = intervals_that_take_one_neuron_more()
    proof = tmp_path / "proof.json" if wanted else None
    result = exact.solve(problem, "weights", proof_file=proof)
    assert result.status is Status.OPTIMAL
    assert result.lower_bound == solve(problem, "weights").lower_bound
    assert (result.nodes > 0) == wanted  # proofs of weights have no part for the sweeps


@pytest.mark.usefixtures("patient")
def test_what_the_sweeps_prove_may_be_less_than_a_file_or_more(tmp_path, monkeypatch):
    problem, path = intervals_that_take_one_neuron_more(), tmp_path / "search.json"
    monkeypatch.setattr(fewest_without_skip, "_BEAMS", (2,))
    monkeypatch.setattr(fewest_without_skip, "MAX_STATES", 2)  # they prove nothing
    first = exact.solve(problem, checkpoint_file=path, node_limit=3, proof_file=tmp_path / "a.json")
    monkeypatch.undo()
    # more: the width in the file is below what they refute now
    more = exact.solve(problem, checkpoint_file=path, resume=True, proof_file=tmp_path / "b.json")
    assert first.lower_bound < more.lower_bound == more.upper_bound == solve(problem).lower_bound
    assert check_proof(tmp_path / "b.json").lower_bound == more.lower_bound
    monkeypatch.setattr(fewest_without_skip, "MAX_STATES", 2)
    less = exact.solve(problem, checkpoint_file=path, resume=True)
    assert less.lower_bound == more.lower_bound


def test_sweeps_take_longer_each_time_until_they_end(monkeypatch):
    problem, taken = intervals_that_take_one_neuron_more(), []

    def brief(problem, objective, deadline, *, prove):
        taken.append(deadline.limit)
        if len(taken) < 3:
            deadline.interrupt()  # as if the time were up
        return brief_bounds(problem, objective, Deadline(60.0), prove=len(taken) == 3)

    clock, findings = SimpleNamespace(remaining=1000.0, at_most=Deadline), Findings(1, log=ProofLog())
    monkeypatch.setattr(sweeps, "brief_bounds", brief)
    due = sweeps.Sweeps(problem, findings, clock, prove=True)
    for clock.seconds in (0.0, 0.5, 1.1, 1.3, 2.0, 10.0, 20.0):
        due.run_if_due(ProofLog())
    assert taken == pytest.approx([0.3, 0.65, 5.0])  # at first, then half of 1.3 and of 10 seconds
    assert findings.lower == solve(problem).lower_bound


def test_an_interruption_leaves_an_interval():
    def interrupt(progress):
        assert progress.lower_bound <= 7 <= progress.upper_bound
        raise KeyboardInterrupt

    result = solve(Problem(TEN_X, TEN_Y), progress=interrupt)
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.INTERRUPTED, 7, 8)


def test_what_is_not_compared_stays_open(monkeypatch):
    monkeypatch.setattr(fewest_without_skip, "MAX_STATES", 2)
    monkeypatch.setattr(fewest_without_skip, "_BEAMS", (2,))
    x, y = convex((2, 7, 11, 13), 5)
    result = solve(Problem(x, y, affine="constant"))
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.FINISHED, 4, 5)
    assert "open" in result.remark


def test_other_problems_are_refused():
    for problem in (Problem([0, 1], [0, 1], affine="skip"), Problem([0, 1], [0, 1], weight_bound=1)):
        with pytest.raises(InputError, match="one feature"):
            solve_without_skip(problem)


def test_the_tree_begins_with_the_network_of_a_part_of_the_states():
    rng = np.random.default_rng(3)
    problem = Problem(rng.permutation(40)[:16], rng.integers(-5, 6, 16), tolerance=0.5)
    result = exact.solve(problem, method="tree", node_limit=5)
    assert result.upper_bound == result.lower_bound


def test_generators_do_not_double_their_digits_with_every_label():
    # narrow intervals: a cut mixes many pairs of generators, and leaves some that others make up for
    problem = datasets.load("planted", d=1, n=20, k=3).problem()
    order = np.argsort(problem.X[:, 0])
    columns = [
        [Fraction(float(v)) for v in column[order]] for column in (problem.X[:, 0], problem.low, problem.high)
    ]
    unit = math.lcm(*(v.denominator for column in columns for v in column))
    samples = LineSamples(*(tuple(int(v * unit) for v in column) for column in columns), constant=False)
    limits = SweepLimits(states=8, generators=10, reduced=False, deadline=Deadline(None))
    sweep = Sweep(samples, 3, [0] * 20, limits, outer=True)
    for _ in range(13):
        sweep.advance()
    digits = max(v.bit_length() for level in sweep.levels for _, cone in level for row in cone for v in row)
    assert digits <= 128 * 15


def test_a_search_kept_in_a_file_is_the_tree(tmp_path):
    problem = Problem([0, 1, 2], [1, 0, -1])
    result = exact.solve(problem, checkpoint_file=tmp_path / "search.json")
    assert (result.method, result.upper_bound) == ("tree", 2)


def test_facings_that_leave_over_one_sign():
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(60):
        m = int(rng.integers(0, 6))
        knots = [Fraction(int(v), 2) for v in sorted(rng.choice(np.arange(1, 20), m, replace=False))]
        changes = [Fraction(int(v)) for v in rng.choice([-3, -2, -1, 1, 2, 3], m)]
        function = RationalPiecewiseLinear(
            knots, changes, Fraction(int(rng.integers(-4, 5))), Fraction(int(rng.integers(-4, 5)))
        )
        first, last = Fraction(0), Fraction(10)
        for side in (1, -1):
            result = one_signed_rest(function, first, last, side)
            if result is None:
                continue
            found += 1
            left, (slope, intercept) = result
            assert min(side * (slope * x + intercept) for x in (first, last)) >= 0
            for x in (first, last, Fraction(7, 3)):
                neurons = sum(
                    c * (max(Fraction(0), t - x) if k in left else max(Fraction(0), x - t))
                    for k, (t, c) in enumerate(zip(knots, changes, strict=True))
                )
                assert neurons + slope * x + intercept == function(x)
    assert found > 60
