import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.brute_force import minimum_neurons

from sparsest import Network, Problem, Proof, Status, datasets
from sparsest.exact.arithmetic.rational_network import meets_every_interval
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.tree.search import solve_tree
from sparsest.progress import Deadline


def proven_minimum(problem, **options):
    result = solve_tree(problem, SearchOptions(**options))
    assert result.status is Status.OPTIMAL
    assert result.network.count() == result.lower_bound
    assert result.network.solves(problem)
    return result


@pytest.mark.parametrize(
    ("problem", "neurons"),
    [
        (Problem([3], [0]), 0),
        (Problem([3], [-2]), 1),
        (Problem([3], [-2], affine="skip"), 0),
        (Problem([0, 1], [1, -1]), 2),  # one neuron has one sign
        (Problem([0, 1, 2], [5, 5, 5]), 1),  # a constant neuron
        (Problem([0, 1, 2], [5, 5, 5], affine="skip"), 0),
        (Problem([0, 1, 2], [0, 0, 0]), 0),
        (Problem([0, 0, 1], [1, 1, 3]), 1),
        # a tent without a skip: three changes of slope
        (Problem([-1, 0, 1, 2, 3], [0, 0, 1, 0, 0]), 3),
        # max(0, x + y) - 2 max(0, x + y - 1); one neuron is convex or concave, xor is neither
        (Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), 2),
        (Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], affine="skip"), 1),
        # classes: P - N with one neuron each has N(0,0) + N(1,1) = N's affine part on either diagonal
        # <= N(0,1) + N(1,0) <= P(0,1) + P(1,0) - 2 <= P(0,0) + P(1,1) - 2 <= N(0,0) + N(1,1) - 4
        (Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), 3),
        (Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], affine="skip"), 1),
        (Problem([-1, 0, 1 / 15, 1], [0, 0, 1, 1]), 2),
        (Problem([-1, 0, 1 / 15, 1], [0, 0, 1, 1], weight_bound=10), 4),
        (Problem([-1, 0, 1 / 15, 1], [0, 0, 1, 1], weight_bound=100), 2),
        # With a skip and a bound no neuron may be flipped into the cell of another. Slope changes by at
        # least 4 in unit steps: four neurons, two facing each way, with knots in [-1, 1] around 0.
        (Problem([-3, -2, -1, 1, 2, 3], [0, 0, 0, 4, 8, 12], affine="skip", weight_bound=1), 4),
        # |x| + 1 with a constant: both arms rise, and a neuron makes one of them; with a skip one is enough
        (Problem([-2, -1, 0, 1, 2], [3, 2, 1, 2, 3], affine="constant"), 2),
        (Problem([-2, -1, 0, 1, 2], [3, 2, 1, 2, 3], affine="skip"), 1),
        # 3 and a ramp: without a constant the flat part takes a neuron as well
        (Problem([-2, -1, 0, 1, 2], [3, 3, 3, 4, 5], affine="constant"), 1),
        (Problem([-2, -1, 0, 1, 2], [3, 3, 3, 4, 5]), 2),
        (Problem([-2, -1, 0, 1, 2], [3, 3, 3, 3, 3], affine="constant"), 0),
        # an affine function is one neuron, bent where there is no sample, beside a constant
        (Problem([[0, 0], [1, 0], [0, 1], [2, 3]], [1, 2, -1, -3], affine="constant"), 1),
        (Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], affine="constant"), 2),
        # slopes -2 and 1.5 differ by 3.5, in steps of 1.5 at most: three neurons
        (Problem([-3, -1, 3], [1, -3, 3], affine="skip", weight_bound=1.5), 3),
    ],
)
def test_minimum_derived_by_hand(problem, neurons):
    result = proven_minimum(problem)
    assert result.lower_bound == neurons
    assert result.proof is Proof.EXACT


@pytest.mark.slow
def test_a_network_of_another_kind_is_no_upper_bound():
    # |x| + 1 is one neuron beside a whole affine term, and not beside a constant or nothing
    x, labels = [-2, -1, 0, 1, 2], [3, 2, 1, 2, 3]
    handed_in = Network([[1.0]], [0.0], [2.0], [-1.0, 1.0])
    assert handed_in.interpolates(Problem(x, labels))
    for affine in ("none", "constant", "skip"):
        problem = Problem(x, labels, affine=affine)
        assert proven_minimum(problem, witness=handed_in).lower_bound == minimum_neurons(problem, 4)


def small_problem(seed):
    """Integer data with repeated, collinear and constant inputs on purpose; some intervals and bounds."""
    rng = np.random.default_rng(seed)
    d, n = int(rng.integers(1, 4)), int(rng.integers(1, 6))
    X = rng.integers(0, 3, (n, d)).astype(float)
    y = rng.integers(-2, 3, n).astype(float)
    _, first = np.unique(X, axis=0, return_inverse=True)
    y = y[first]  # repeated inputs get equal labels
    tolerance = float(rng.choice([0.0, 0.0, 0.5]))
    bound = float(rng.choice([1.0, 2.0])) if rng.random() < 0.2 else None
    affine = ["none", "skip", "constant"][rng.integers(3)]
    if rng.random() < 0.2 and bound is None:
        return Problem.classification(X, y > 0, affine=affine)
    return Problem(X, y, tolerance=tolerance, weight_bound=bound, affine=affine)


@pytest.mark.slow
@settings(max_examples=16)
@given(st.integers(0, 2**32 - 1))
def test_equals_brute_force_over_cells(seed):
    problem = small_problem(seed)
    result = solve_tree(problem, SearchOptions(node_limit=4000))
    largest = 4 if problem.weight_bound is None else 3  # neurons may share cells then: many more sets of them
    expected = minimum_neurons(problem, largest)
    assert result.proof is Proof.EXACT
    assert result.unverified == 0
    if result.status is Status.NODE_LIMIT:  # a bound that many neurons meet
        assert problem.weight_bound is not None
        assert result.lower_bound > largest if expected is None else result.lower_bound <= expected
        return
    assert result.lower_bound == expected if expected is not None else result.lower_bound > largest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scale", "offset", "affine"),
    [(1e-12, 0.0, "none"), (1e12, 0.0, "skip"), (1e-12, 1e6, "skip"), (1e12, 1e6, "none")],
)
def test_units_do_not_matter(affine, scale, offset):
    rng = np.random.default_rng(1)
    X, y = rng.integers(-8, 9, (6, 2)) / 8.0, rng.integers(-8, 9, 6) / 8.0
    plain = proven_minimum(Problem(X, y, affine=affine))
    problem = Problem(X * [1.0, 1024.0] + offset, y * scale, affine=affine)
    moved = solve_tree(problem)
    assert moved.status is Status.OPTIMAL
    assert moved.lower_bound == plain.lower_bound == moved.network.count()
    # w x and b cancel where inputs lie a million away: no floats do better than the rounding of such terms
    assert moved.network.residual(problem) <= 2.0**-51 * moved.network.term_sizes(problem).max()
    assert moved.proof is Proof.EXACT


@pytest.mark.parametrize(("d", "n", "k"), [(1, 20, 3), (2, 20, 3), (2, 60, 2), (3, 30, 2), (5, 20, 1)])
def test_planted_networks_are_found_and_never_beaten_unproven(d, n, k):
    problem = datasets.load("planted", d=d, n=n, k=k).problem()
    result = proven_minimum(problem)
    assert result.lower_bound <= k
    assert result.proof is Proof.EXACT


@pytest.mark.slow
def test_labels_met_to_rounding_only_are_not_called_met():
    # computed labels, tolerance 0: in general no network with the planted width meets them exactly
    problem = datasets.load("planted", d=2, n=20, k=2).problem(tolerance=0.0)
    result = solve_tree(problem, SearchOptions(node_limit=600))
    assert result.status is Status.NODE_LIMIT
    assert result.lower_bound >= 3
    assert "2 neurons meet the labels up to rounding" in result.remark


def test_limits_leave_a_valid_interval():
    problem = datasets.load("uniform", d=2, n=12).problem()
    result = solve_tree(problem, SearchOptions(node_limit=200))
    assert result.status is Status.NODE_LIMIT
    assert result.nodes <= 201
    assert result.lower_bound < result.network.count()
    assert result.network.solves(problem)
    assert solve_tree(problem, SearchOptions(deadline=Deadline(1e-3))).status is Status.TIME_LIMIT


def test_interruption_leaves_a_valid_interval():
    def interrupt(state):
        raise KeyboardInterrupt

    problem = datasets.load("uniform", d=2, n=14).problem()
    result = solve_tree(problem, SearchOptions(progress=interrupt))
    assert result.status is Status.INTERRUPTED
    assert result.lower_bound < result.network.count()


@pytest.mark.slow
def test_neurons_of_one_pattern_have_a_bound_each():
    # five slopes of 1, one pattern for all: f(1) - f(-1) = 9, and each adds 2 at most
    result = proven_minimum(Problem([-1, 1], [0, 9], weight_bound=1))
    assert result.lower_bound == 5


@pytest.mark.slow
def test_answers_are_reproducible():
    problem = datasets.load("uniform", d=2, n=8).problem()
    first, second = solve_tree(problem), solve_tree(problem)
    assert first == second


@given(st.integers(0, 2**32 - 1))
def test_projection_witness_fits_exactly(seed):
    problem = small_problem(seed)
    distinct = problem.distinct()
    witness = projection_witness(distinct)
    assert witness is not None
    assert meets_every_interval(ExactData(distinct), witness)
    assert problem.weight_bound is not None or len(witness.signs) <= distinct.n_samples + 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "neurons"),
    [
        # one-sided intervals beside exact labels must not be forced onto their finite ends: f(x) = x
        (Problem.from_intervals([0, 1, 2], [0, 1, 1], [0, 1, np.inf]), 1),
        # three equal neurons with their knot at x = 1
        (Problem([0, 1, 2], [0, 0, 3], weight_bound=1), 3),
        # a constant beside a weight bound: from 0 to 3 by slopes of 1
        (Problem([0, 1, 2], [5, 5, 8], weight_bound=1, affine="constant"), 3),
    ],
)
def test_minimum_found_wrong_once(problem, neurons):
    result = proven_minimum(problem)
    assert result.lower_bound == neurons == minimum_neurons(problem, 5)


@pytest.mark.parametrize(
    ("problem", "minimum"),
    [
        (
            Problem([[-1e-13, -1e-13], [1e-13, -1e-13], [1 + 1e-13, 1 - 1e-13]], [-2, -1, -1], affine="skip"),
            0,
        ),
        (Problem.from_intervals([[1, 1 - 1e-13], [1 - 1e-13, 1e-13]], [-1, 1], [0, 1]), 1),
    ],
)
def test_what_floats_cannot_decide_never_raises_the_lower_bound(problem, minimum):
    # minima by rational arithmetic: three affinely independent samples; one sample active alone
    result = solve_tree(problem)
    assert result.lower_bound <= minimum <= result.network.count()
    assert result.proof is Proof.EXACT


def test_time_limit_holds_where_a_node_has_very_many_children():
    problem = datasets.load("uniform", d=1, n=100).problem()
    result = solve_tree(problem, SearchOptions(deadline=Deadline(1.0)))
    assert result.status is Status.TIME_LIMIT
    assert result.lower_bound <= result.network.count() <= result.lower_bound + 2
