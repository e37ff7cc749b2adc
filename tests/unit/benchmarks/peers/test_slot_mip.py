"""Peers that solve programs: the slot-based MIP, group lasso over cells, l^1, and greedy selection."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from helpers import in_turn, uniform
from oracles.brute_force import cells
from scipy.optimize import linprog

from sparsest import datasets, exact
from sparsest.benchmarks.peers.greedy import greedy
from sparsest.benchmarks.peers.group_lasso import group_lasso
from sparsest.benchmarks.peers.l1 import l1, reweighted_l1
from sparsest.benchmarks.peers.slot_mip import slot_mip
from sparsest.errors import InputError, SolverError
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

NEURONS, WEIGHTS, PARAMETERS = Objective.NEURONS, Objective.WEIGHTS, Objective.PARAMETERS
LINEAR_PROGRAMS = (group_lasso, l1, reweighted_l1, greedy)


def named(name, **options):
    return datasets.parse(name).problem(**options)


def boxed(problem, objective=NEURONS, **options):
    """Run the slot MIP and check everything that holds however it ended."""
    answer = slot_mip(problem, objective, **{"seed": 0, "time_limit": 60.0} | options)
    assert answer.proof == "numerical"
    assert answer.box == options.get("box", 10.0)
    lower = [low or 0 for _, low, _ in answer.trace]
    upper = [np.inf if high is None else high for _, _, high in answer.trace]
    assert lower == sorted(lower)
    assert upper == sorted(upper, reverse=True)
    if answer.network is not None:
        assert answer.network.count(objective) >= answer.lower_bound
        assert answer.network.residual(problem) <= 1e-7
        # an output weight is +-1, so these are the folded entries
        assert np.abs(answer.network.weights).max(initial=0) <= answer.box * (1 + 1e-9)
        assert np.abs(answer.network.biases).max(initial=0) <= answer.box * (1 + 1e-9)
    return answer


def closed(problem, objective=NEURONS, **options):
    answer = boxed(problem, objective, **options)
    assert answer.status == "optimal"
    assert answer.network.count(objective) == answer.lower_bound
    return answer.lower_bound


@pytest.mark.slow
# A box of 100 holds the weights of an optimum of each of these; the activation tree knows no box.
@pytest.mark.parametrize(
    "problem",
    [
        named("xor"),  # max(0, a + b) - 2 max(0, a + b - 1): 2
        named("xor", affine="skip"),  # a + b - 2 max(0, a + b - 1): 1
        named("tent"),
        uniform(0, 4, 1),
        uniform(1, 4, 1),
        uniform(0, 4, 1, affine="skip"),
        uniform(0, 5, 2),
        uniform(1, 5, 2),
        uniform(2, 6, 2, affine="skip"),
        uniform(3, 6, 2, tolerance=0.2),
        Problem([0, 1, 2, 3, 4], [0, 0, 1, 0, 0], tolerance=0.5),  # the constant 1/2: 1
        Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]),
        Problem.classification([[0], [1], [2], [3]], [0, 1, 1, 0], affine="skip"),
        Problem([0, 1, 1, 2], [0, 1, 1, 0]),  # a repeated sample
        Problem([[0, 7], [1, 7], [2, 7]], [0, 1, 0]),  # a constant feature
        Problem([0, 1], [0, 0]),
    ],
    ids=repr,
)
def test_slot_mip_agrees_with_the_activation_tree(problem):
    truth = exact.solve(problem, method="tree")
    assert str(truth.status) == "optimal"
    assert closed(problem, box=100.0) == truth.upper_bound


@pytest.mark.slow
# y = a + b on the corners: max(0, a + b); y depends on two features, so two weights, two parameters. The
# constant 1 is one neuron with a bias only: no weight.
@pytest.mark.parametrize(
    ("labels", "objective", "count"),
    [
        ([0, 1, 1, 2], NEURONS, 1),
        ([0, 1, 1, 2], WEIGHTS, 2),
        ([0, 1, 1, 2], PARAMETERS, 2),
        ([1, 1, 1, 1], NEURONS, 1),
        ([1, 1, 1, 1], WEIGHTS, 0),
        ([1, 1, 1, 1], PARAMETERS, 1),
        ([0, 1, 1, 0], PARAMETERS, 4),
    ],
)
def test_slot_mip_counts_what_is_asked_for(labels, objective, count):
    assert closed(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], labels), objective) == count


def test_slot_mip_weights_agree_with_the_program_over_cells():
    problem = uniform(4, 3, 1)
    assert closed(problem, WEIGHTS, box=100.0) == exact.solve(problem, "weights", method="mip").upper_bound


@pytest.mark.slow
# Mean slopes 0, 15, 0: kinks upwards sum to at least 15 in (-1, 1/15), kinks downwards in (0, 1), and a
# neuron has one kink, in one direction, of at most the box. Box 10: two of each, for example 7.5 max(0, x)
# and -7.5 max(0, x - 1/15) twice. Box 100: one of each.
@pytest.mark.parametrize(
    ("bound", "box", "count"), [(None, 10.0, 4), (None, 100.0, 2), (10.0, 100.0, 4), (100.0, 10.0, 4)]
)
def test_slot_mip_proves_in_its_box_only(bound, box, count):
    assert closed(named("close4", weight_bound=bound), box=box) == count


def test_slot_mip_says_when_box_or_slots_exclude_everything():
    # box 0.1: on (0, 1) a neuron is at most 0.1 (0 + 1 + 1) = 0.2, four of them 0.8 < 1
    answer = boxed(named("xor"), box=0.1)
    assert (answer.status, answer.network, answer.lower_bound) == ("infeasible", None, 5)
    answer = boxed(named("xor"), slots=1)
    assert (answer.status, answer.network, answer.lower_bound) == ("infeasible", None, 2)
    # one slot is no network, though a second neuron could be a constant without a weight
    answer = boxed(named("xor"), WEIGHTS, slots=1)
    assert (answer.status, answer.network, answer.lower_bound) == ("infeasible", None, 1)


def test_slot_mip_hands_back_its_interval_at_the_time_limit():
    problem = uniform(0, 8, 1)
    start = time.perf_counter()
    answer = boxed(problem, time_limit=1.0)
    assert time.perf_counter() - start < 60
    assert answer.status == "time_limit"
    # eight slots: nothing is known beyond nine, whatever the box excludes
    assert 0 <= answer.lower_bound <= 9


@pytest.mark.slow
def test_slot_mip_stops_while_the_model_is_built():
    # 300 slots of 300 samples take several seconds to write down
    start = time.perf_counter()
    answer = boxed(uniform(0, 300, 2), time_limit=0.2)
    assert time.perf_counter() - start < 60
    assert (answer.status, answer.network, answer.lower_bound) == ("time_limit", None, 0)


def test_slot_mip_lets_ctrl_c_through():
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    start = time.perf_counter()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        slot_mip(uniform(0, 12, 2), NEURONS, seed=0, time_limit=30.0)
    assert time.perf_counter() - start < 60


def test_slot_mip_through_another_interface_of_pyomo():
    assert closed(named("xor"), solver="appsi_highs") == 2
    answer = boxed(uniform(0, 8, 1), solver="appsi_highs", time_limit=1.0)
    assert answer.status == "time_limit"
    answer = boxed(named("xor"), solver="appsi_highs", box=0.1)
    assert (answer.status, answer.lower_bound) == ("infeasible", 5)
    with pytest.raises(SolverError, match="'nonsense' is not known"):
        slot_mip(named("xor"), NEURONS, seed=0, time_limit=1.0, solver="nonsense")


TABLE = [
    named("xor"),
    named("xor", affine="skip"),
    named("peak-plateau"),
    named("zigzag", affine="skip"),
    uniform(0, 8, 2),
    uniform(1, 8, 2, affine="skip"),
    uniform(2, 9, 2, tolerance=0.1),
    Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1], [2, 2]], [0, 1, 1, 0, 1]),
    Problem([0, 1, 1, 2], [0, 1, 1, 0]),
    Problem([1000.0, 1001.0, 1002.0, 1003.0], [0.0, 5.0, -5.0, 0.0]),  # far from the origin
    Problem([0, 1], [0, 0]),
    named("close4", weight_bound=10.0),
]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "problem"), in_turn(LINEAR_PROGRAMS, TABLE))
def test_networks_fit_and_are_no_sparser_than_the_minimum(method, problem):
    answer = method(problem, NEURONS, seed=0, time_limit=60.0)
    assert answer.lower_bound is None
    if problem.weight_bound is not None and method is greedy:
        # blocks are chosen without the bound, and two of them are a perfect fit then
        assert answer.status == "stuck"
        assert not answer.network.within_bound(problem)
        return
    assert answer.status == "finished"
    assert answer.network.solves(problem)
    count = answer.network.count()
    truth = exact.solve(problem, method="mip" if problem.weight_bound else "tree")
    assert count >= truth.lower_bound
    assert answer.trace[-1][1:] == (None, count)
    if problem.weight_bound is None:
        # a vertex is a sum of at most N rays of cells, one for each sample's equation
        assert count <= problem.n_samples


@pytest.mark.slow
@pytest.mark.parametrize(("method", "objective"), in_turn(LINEAR_PROGRAMS, [WEIGHTS, PARAMETERS]))
def test_other_objectives(method, objective):
    problem = uniform(5, 4, 2)
    answer = method(problem, objective, seed=0, time_limit=60.0)
    assert answer.network.solves(problem)
    assert answer.network.count(objective) >= exact.solve(problem, objective).lower_bound


# In one dimension with free biases, constants are free and the least sum |v w| is the least of
# max(total variation of f', |f'(-inf) + f'(inf)|) over interpolants (Savarese et al. 2019). Tent: slopes 1,
# -1 need a variation of 2. Slopes 1, 2: bending s more outside the data gives max(1 + s, 3 - s) >= 2, with
# -1 + max(0, x + 1) + max(0, x) attaining it.
@pytest.mark.parametrize("labels", [[0.0, 1.0, 0.0], [-1.0, 0.0, 2.0]])
@pytest.mark.parametrize("method", [group_lasso, l1])
def test_path_norm_of_weights_by_hand(labels, method):
    options = {} if method is group_lasso else {"patterns": 500}  # so many that they are all six cells
    answer = method(Problem([-1.0, 0.0, 1.0], labels), WEIGHTS, seed=0, time_limit=60.0, **options)
    assert answer.network.path_norm(1.0, WEIGHTS) == pytest.approx(2.0, abs=1e-8)


def least_path_norm(problem):
    """Solve the convex program with ``t >= |u|`` over cells found by brute force."""
    Xh = np.c_[problem.X, np.ones(problem.n_samples)]
    N, D = Xh.shape
    values, cones = np.zeros((N, 0)), []
    blocks = [(np.array(bits), sign) for bits in cells(problem.X) for sign in (1.0, -1.0)]
    size = len(blocks) * D
    for k, (bits, sign) in enumerate(blocks):
        values = np.c_[values, sign * bits[:, None] * Xh]
        cone = np.zeros((N, 2 * size))
        cone[:, k * D : (k + 1) * D] = -np.where(bits, 1.0, -1.0)[:, None] * Xh
        cones.append(cone)
    one = np.eye(size)
    result = linprog(
        np.r_[np.zeros(size), np.ones(size)],
        A_ub=np.r_[np.concatenate(cones), np.c_[one, -one], np.c_[-one, -one]],
        b_ub=np.zeros(len(blocks) * N + 2 * size),
        A_eq=np.c_[values, np.zeros((N, size))],
        b_eq=problem.low,
        bounds=[(None, None)] * (2 * size),
    )
    return result.fun


# Inputs and labels with largest entries in [1, 2), whose scaling is by one.
@pytest.mark.parametrize(
    "problem",
    [
        named("xor"),
        Problem([-1.0, 0.0, 1.0, 1.5], [1.0, 0.0, 1.0, 0.25]),
        Problem([[1, 0], [0, 1], [-1, 0], [0, -1], [0, 0]], [1, 0, 1, 0, 0.5]),
    ],
    ids=repr,
)
def test_group_lasso_attains_the_least_path_norm(problem):
    answer = group_lasso(problem, PARAMETERS, seed=0, time_limit=60.0)
    least = least_path_norm(problem)
    assert answer.network.path_norm(1.0, PARAMETERS) == pytest.approx(least, rel=1e-7)
    sampled = l1(problem, PARAMETERS, seed=0, time_limit=60.0, patterns=2)
    assert sampled.network.path_norm(1.0, PARAMETERS) >= least * (1 - 1e-7)


def test_reweighting_keeps_the_sparsest_round():
    problem = named("planted:d=2,n=20,k=3")
    plain = l1(problem, NEURONS, seed=0, time_limit=60.0)
    again = reweighted_l1(problem, NEURONS, seed=0, time_limit=60.0)
    counts = [count for _, _, count in again.trace]
    assert counts[0] == plain.network.count()
    assert counts == sorted(counts, reverse=True)
    assert again.network.count() == counts[-1] < counts[0]
    assert again.network.solves(problem)


def test_seeds_decide_the_sample():
    problem = uniform(0, 12, 3)
    first, same, other = (l1(problem, NEURONS, seed=s, time_limit=60.0, patterns=20) for s in (0, 0, 1))
    assert first.network == same.network
    assert first.network != other.network


def test_a_sample_that_fits_nothing_is_doubled():
    # one pattern cannot bend twice, as the tent with flat ends must; 2^4 of them have that chance
    answer = l1(named("tent"), NEURONS, seed=0, time_limit=60.0, patterns=1)
    assert answer.work > 1
    assert answer.network is None or answer.network.solves(named("tent"))


def test_greedy_finds_one_neuron_at_once():
    # dyadic inputs, so that the labels are the neuron's exactly
    X = np.random.default_rng(0).integers(-64, 65, (15, 2)) / 64.0
    neuron = Network([[1.0, -0.5]], [0.25], [-2.0])
    problem = Problem(X, neuron(X))
    answer = greedy(problem, NEURONS, seed=0, time_limit=60.0)
    assert (answer.work, answer.network.count()) == (1, 1)
    assert answer.network.solves(problem)


def test_greedy_with_sampled_cells():
    problem = uniform(0, 15, 5)  # 2 (1 + 14 + 91 + 364 + 1001 + 2002) = 6946 cells
    answer = greedy(problem, NEURONS, seed=0, time_limit=60.0)
    assert answer.status == "finished"
    assert answer.network.solves(problem)
    # two patterns cannot give the labels of the tent
    stuck = greedy(named("zigzag"), NEURONS, seed=0, time_limit=60.0, candidates=2)
    assert stuck.status == "stuck"
    assert not stuck.network.solves(named("zigzag"))
    assert stuck.trace[-1][1:] == (None, None)


def test_weight_bounds_that_call_for_several_neurons_a_cell():
    # slope 1 between the samples in steps of at most 1/1000 a cell and sign: six cells do not reach it, and
    # these peers know one neuron a cell
    problem = Problem([0.0, 1.0], [0.0, 1.0], weight_bound=1e-3)
    for method in (group_lasso, l1, reweighted_l1):
        answer = method(problem, NEURONS, seed=0, time_limit=60.0)
        assert (answer.status, answer.network) == ("stuck", None)
    answer = greedy(problem, NEURONS, seed=0, time_limit=60.0)
    assert answer.status == "stuck"
    assert not answer.network.solves(problem)


@pytest.mark.parametrize("method", LINEAR_PROGRAMS)
def test_time_limits(method):
    start = time.perf_counter()
    answer = method(named("planted:d=2,n=25,k=3"), NEURONS, seed=0, time_limit=1e-3)
    assert answer.status == "time_limit"
    assert answer.network is None or not answer.network.solves(named("planted:d=2,n=25,k=3"))
    assert time.perf_counter() - start < 60


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        (slot_mip, {"box": -1.0}, "box = -1.0: it must be a positive number"),
        (slot_mip, {"slots": 0}, "slots = 0: it must be a whole number, at least 1"),
        (slot_mip, {"time_limit": -1.0}, "time_limit = -1.0"),
        (l1, {"patterns": 0}, "patterns = 0: it must be a whole number, at least 1"),
        (reweighted_l1, {"rounds": True}, "rounds = True: it must be a whole number, at least 0"),
        (greedy, {"candidates": 0}, "candidates = 0: it must be a whole number, at least 1"),
    ],
)
def test_options_that_make_no_sense(method, options, message):
    with pytest.raises(InputError, match=message):
        method(named("xor"), NEURONS, **{"seed": 0, "time_limit": 1.0} | options)


def test_group_lasso_refuses_too_many_cells():
    with pytest.raises(InputError, match="cells for N = 40 samples and d = 10 features"):
        group_lasso(uniform(0, 40, 10), NEURONS, seed=0, time_limit=1.0)
