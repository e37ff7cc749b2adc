"""The mixed-integer program over cells, against brute force and values derived by hand."""

import itertools
import math

import numpy as np
import pytest
from helpers import uniform
from oracles.brute_force import cells, minimum_entries, minimum_neurons

from sparsest.affine import Affine
from sparsest.errors import InputError, SolverError
from sparsest.exact.cells import enumerate as enumerate_
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.stream import upper_cells
from sparsest.exact.mip.cell_model import build_cell_model
from sparsest.exact.mip.cell_program import CellProgram
from sparsest.exact.mip.counted_elements import Elements
from sparsest.exact.mip.cut_loop import solve_mip
from sparsest.exact.mip.master import HittingSet, available_solvers
from sparsest.exact.search_options import SearchOptions
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.solving import Proof, Status

NEURONS, WEIGHTS, PARAMETERS = Objective.NEURONS, Objective.WEIGHTS, Objective.PARAMETERS

TENT = ([0, 1, 2, 3], [0, 1, 0, 0])
XOR = ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
PEAK_PLATEAU = ([-2, -1, 0, 1, 2, 3], [0, 0, 1, 1, 0, 0])
CLOSE4 = ([-1.0, 0.0, 1 / 15, 1.0], [0.0, 0.0, 1.0, 1.0])


def referee(problem, objective, search):
    """What holds for every search, however it ended."""
    assert search.proof is Proof.NUMERICAL
    assert search.lower_bound >= 0
    if search.network is None:
        assert search.status is not Status.OPTIMAL
        return None
    count = search.network.count(objective)
    assert search.network.interpolates(problem)
    assert (search.network.affine is not None) == (problem.affine is Affine.SKIP)
    assert search.lower_bound <= count
    assert (search.status is Status.OPTIMAL) == (search.lower_bound == count)
    if problem.weight_bound is not None:
        assert np.abs(search.network.folded[:, :-1]).max(initial=0) <= problem.weight_bound * (1 + 1e-9)
    return count


def solved(problem, objective=NEURONS, **options):
    search = solve_mip(problem, objective, SearchOptions(**options))
    count = referee(problem, objective, search)
    assert search.status is Status.OPTIMAL
    return count


# Hand-derived. Tent: slopes 1, -1, 0 on the samples are two kinks, with skip as without: max(0, 2 - x) -
# 2 max(0, 1 - x), two weights. Mirrored plateaus on both sides (peak-plateau): curvatures +, -, -, + at
# -1, 0, 1, 2; the run of two equal signs takes one knot, the others one each, so 3 with skip, and the paper's
# three neurons show the same without. Xor: max(0, x1 + x2) - 2 max(0, x1 + x2 - 1), 4 weights; it is not
# affine, so one neuron never does without skip (one neuron is convex or concave, zero at two opposite corners
# and positive at the others is neither along both diagonals); with skip, one kink along x1 + x2 = 1. One
# weight is impossible: a ridge along an axis is additive, and xor is not. Biases 0 and -1 of these two
# neurons: 5 parameters; max(0, x1 - x2) + max(0, x2 - x1) has 4.
@pytest.mark.parametrize(
    ("data", "objective", "skip", "expected"),
    [
        (TENT, NEURONS, False, 2),
        (TENT, NEURONS, True, 2),
        (TENT, WEIGHTS, False, 2),
        (PEAK_PLATEAU, NEURONS, False, 3),
        (PEAK_PLATEAU, NEURONS, True, 3),
        (XOR, NEURONS, False, 2),
        (XOR, NEURONS, True, 1),
        (XOR, WEIGHTS, True, 2),
        (XOR, PARAMETERS, False, 4),
    ],
)
def test_hand_derived(data, objective, skip, expected):
    assert solved(Problem(*data, affine="skip" if skip else "none"), objective) == expected


@pytest.mark.parametrize(("bound", "expected"), [(None, 2), (100.0, 2), (15.0, 2), (10.0, 4)])
def test_weight_bound_decides_close4(bound, expected):
    # slope 15 between 0 and 1/15 and flat outside: two neurons of weight 15, or at bound 10 two for each kink
    assert solved(Problem(*CLOSE4, weight_bound=bound)) == expected


@pytest.mark.parametrize("gap", [1e-5, 1e-7, 1e-9, 1e-11, 1e-13])
def test_steep_data_are_never_given_wrong_bounds(gap):
    # close4 with a slope of 1 / gap: 2 neurons at any gap; when the digits do not suffice, it must say so
    problem = Problem([-1.0, 0.0, gap, 1.0], [0.0, 0.0, 1.0, 1.0])
    search = solve_mip(problem, NEURONS)
    referee(problem, NEURONS, search)
    assert search.lower_bound <= 2
    assert search.status is Status.OPTIMAL or (search.status is Status.NUMERICAL and gap < 1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("bound", [1e4, 1e6, 1e8])
def test_large_bounds_are_no_bounds(bound):
    assert solved(uniform(0, 6, 2, weight_bound=bound)) == 3


@pytest.mark.parametrize("objective", list(Objective))
def test_neurons_of_one_cell_have_a_bound_each(objective):
    # ten slopes of 1, all of them max(0, x), so that parameters are weights
    assert solved(Problem([0.0, 1.0], [0.0, 10.0], weight_bound=1.0), objective) == 10


def test_neurons_of_one_cell_need_not_be_alike_to_count_least():
    # y = 9 on -1 and 1 with slopes of at most 1: 1 + x adds 2 with two parameters, x adds 1 with one. Nine
    # times x is least; the program's relaxation says 6, its network of equal neurons has 10: it stays open
    search = solve_mip(Problem([-1, 1], [0, 9], weight_bound=1.0), PARAMETERS)
    assert search.status is Status.NUMERICAL
    assert search.lower_bound <= 9 <= search.network.count(PARAMETERS)


@pytest.mark.parametrize(
    ("seed", "N", "d", "skip", "bound"),
    [
        (0, 4, 1, False, None),
        (1, 5, 1, True, None),
        (2, 4, 2, False, None),
        (3, 5, 2, True, None),
        (4, 4, 3, False, None),
        (5, 4, 1, False, 2.0),
        (6, 4, 2, False, 3.0),
        (7, 4, 1, True, 1.0),
    ],
)
@pytest.mark.slow
def test_neurons_against_brute_force(seed, N, d, skip, bound):
    problem = uniform(seed, N, d, affine="skip" if skip else "none", weight_bound=bound)
    expected = minimum_neurons(problem, largest=3)
    search = solve_mip(problem, NEURONS)
    count = referee(problem, NEURONS, search)
    if expected is None:
        assert search.lower_bound >= 4
    else:
        assert count == expected
        assert search.status is Status.OPTIMAL


@pytest.mark.parametrize("objective", [WEIGHTS, PARAMETERS])
@pytest.mark.parametrize(
    ("X", "y", "skip", "bound"),
    [
        ([0.0, 1.0, 2.5], [1.0, -1.0, 1.0], False, None),
        ([-1.0, 0.0, 1.0], [0.0, 1.0, 0.0], False, None),
        ([-1.0, 0.0, 1.0], [0.0, 1.0, 0.0], True, 0.75),
        ([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0.0, 1.0, -1.0], False, None),
        ([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], [0.0, 1.0, 0.0], True, None),
        ([[0.0, 1.0], [1.0, 0.5], [0.5, 0.0]], [1.0, 0.0, 0.0], False, 1.5),
    ],
)
@pytest.mark.slow
def test_entries_against_brute_force(X, y, skip, bound, objective):
    problem = Problem(X, y, affine="skip" if skip else "none", weight_bound=bound)
    expected = minimum_entries(problem, objective.value, largest=3)
    search = solve_mip(problem, objective)
    count = referee(problem, objective, search)
    if expected is None:
        assert search.lower_bound >= 4
    else:
        assert count == expected
        assert search.status is Status.OPTIMAL


@pytest.mark.slow
@pytest.mark.parametrize("affine", ["none", "skip"])
def test_degenerate_grid_against_brute_force(affine):
    # ties on purpose: collinear and parallel samples, equal labels
    X = [[0, 0], [1, 0], [2, 0], [0, 1], [2, 1]]
    problem = Problem(X, [0, 1, 0, 1, 1], affine=affine)
    assert solved(problem) == minimum_neurons(problem, largest=3)


def test_intervals_with_infinite_ends():
    # -, +, - on a line. Two neurons would have one sign each. f(0), f(2) < 0 needs the negative one active at
    # both ends, so everywhere: f is convex on the line, and f(1) <= (f(0) + f(2)) / 2 < 0. So three.
    problem = Problem.classification([0.0, 1.0, 2.0], ["a", "b", "a"])
    assert solved(problem) == minimum_neurons(problem, largest=3) == 3
    with_skip = problem.replace(affine="skip")
    assert solved(with_skip) == 1  # x - 2 max(0, x - 1) - 1/2, scaled: one kink is needed and enough


def test_intervals_and_weight_bound_both_bind():
    # found against brute force on random problems: values moved inside their intervals break the bound
    problem = Problem([-1.0, 0.0, 1.0], [0.0, 2.0, -1.0], tolerance=0.5, weight_bound=3.0)
    assert solved(problem) == minimum_neurons(problem, largest=3) == 2


def test_wide_intervals_need_fewer():
    # an affine function fits within 1/2 of 0, 1, 0 (the constant 1/2), so one constant neuron without weights
    problem = Problem([0.0, 1.0, 2.0], [0.0, 1.0, 0.0], tolerance=0.5)
    assert solved(problem) == 1
    assert solved(problem, WEIGHTS) == 0
    assert solved(problem, PARAMETERS) == 1
    assert solved(problem.replace(affine="skip")) == 0


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e-12, 1e12])
@pytest.mark.parametrize("objective", list(Objective))
def test_units_do_not_matter(scale, objective):
    X, y = np.array(TENT[0], dtype=float), np.array(TENT[1], dtype=float)
    expected = solved(Problem(X, y), objective)
    assert solved(Problem(X * scale, y), objective) == expected
    assert solved(Problem(X, y * scale), objective) == expected
    # weights grow as inputs shrink; the tent's slopes are 1 and 2, so 2.5 does not bind and 1.5 does
    for bound in (1.5, 2.5):
        plain = solved(Problem(X, y, weight_bound=bound), NEURONS)
        assert solved(Problem(X / scale, y, weight_bound=bound * scale), NEURONS) == plain


def test_inputs_far_from_zero():
    # 2^20 is added exactly, and the kinks stay; neurons and weights do not count biases
    X = np.array(PEAK_PLATEAU[0]) + 2.0**20
    for objective in (NEURONS, WEIGHTS):
        assert solved(Problem(X, PEAK_PLATEAU[1]), objective) == 3


def test_duplicates_change_nothing():
    X, y = np.repeat(TENT[0], 2), np.repeat(TENT[1], 2)
    assert solved(Problem(X, y)) == 2
    assert solved(Problem([0, *TENT[0]], [-1, *TENT[1]], tolerance=[1.0, 0, 0, 0, 0])) == 2


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (Problem([[3.0, 4.0]], [2.0]), (1, 0, 1)),  # one constant neuron
        (Problem([[3.0, 4.0]], [2.0], affine="skip"), (0, 0, 0)),  # the skip alone
        (Problem([1.0, 2.0], [-5.0, -5.0]), (1, 0, 1)),  # constant labels
        (Problem([1.0, 2.0, 7.0], [0.0, 0.0, 0.0]), (0, 0, 0)),  # the zero network
        (Problem([[1.0], [2.0]], [1.0, 2.0]), (1, 1, 1)),  # max(0, x)
        (Problem([1.0, 2.0, 4.0], [2.0, 3.0, 5.0], affine="skip"), (0, 0, 0)),  # affine
    ],
)
def test_small_cases(problem, expected):
    assert tuple(solved(problem, objective) for objective in Objective) == expected


def test_more_features_than_samples():
    # rank 3 in four dimensions: every pattern is a cell, and y = x1 on samples with x1 >= 0 is one weight
    X = [[0.0, 5.0, 1.0], [1.0, 2.0, -3.0], [2.0, -1.0, 1.0]]
    for objective in Objective:
        assert solved(Problem(X, [0.0, 1.0, 2.0]), objective) == 1


def test_limits_leave_a_valid_interval():
    problem = uniform(0, 9, 3)
    reference = 3  # found with no limit; the interval must contain it
    for limit in (SearchOptions(deadline=Deadline(0.3)), SearchOptions(node_limit=20)):
        search = solve_mip(problem, NEURONS, limit)
        count = referee(problem, NEURONS, search)
        assert search.status in (Status.TIME_LIMIT, Status.NODE_LIMIT, Status.OPTIMAL)
        assert search.lower_bound <= reference
        assert count is None or count >= reference
    assert search.status is Status.NODE_LIMIT
    assert search.nodes == 20


def test_interrupt_returns_the_interval():
    reports = []

    def interrupt(report):
        reports.append(report)
        if len(reports) == 2:
            raise KeyboardInterrupt

    problem = uniform(0, 8, 2)
    search = solve_mip(problem, NEURONS, SearchOptions(progress=interrupt))
    count = referee(problem, NEURONS, search)
    assert search.status is Status.INTERRUPTED
    assert search.lower_bound <= 3 <= count  # 3 is the optimum, see the next test
    assert reports[0].lower_bound == 0
    assert reports[1].lower_bound == search.lower_bound


@pytest.mark.slow
def test_yardstick_optimum():
    # the activation tree proves 3 as well (reference figures of the project)
    assert solved(uniform(0, 8, 2)) == 3


@pytest.mark.parametrize("solver", ["highs", "appsi_highs", "glpk", "cbc", "scip", "gurobi"])
def test_solvers_by_name(solver):
    if solver != "appsi_highs" and solver not in available_solvers():
        pytest.skip(f"{solver} is not installed")
    options = SearchOptions(mip_solver=solver, deadline=Deadline(60))
    search = solve_mip(uniform(0, 6, 2), NEURONS, options)
    assert search.status is Status.OPTIMAL
    assert search.lower_bound == 3
    assert search.solver.startswith("pyomo ")
    assert f"/ {solver}" in search.solver


def test_unknown_solver_is_named(capfd):
    with pytest.raises(SolverError, match=r"'nosuch'.*available are 'highs'"):
        solve_mip(Problem(*TENT), NEURONS, SearchOptions(mip_solver="nosuch"))
    assert capfd.readouterr() == ("", "")


def test_solver_output_stays_off_the_terminal(capfd):
    solved(Problem(*PEAK_PLATEAU))
    assert capfd.readouterr() == ("", "")


def test_solver_options_reach_the_solver():
    problem = uniform(0, 8, 2)
    stopped = solve_mip(problem, NEURONS, SearchOptions(mip_solver_options={"time_limit": 0.0}))
    referee(problem, NEURONS, stopped)
    assert stopped.status is Status.NODE_LIMIT
    assert stopped.lower_bound < 3


@pytest.mark.parametrize("options", [{"mip_nonsense": 1}, {"mip_rel_gap": "wide"}, {"time_limit": -1.0}])
def test_refused_options_are_named(options):
    with pytest.raises(InputError, match=next(iter(options))):
        solve_mip(Problem(*TENT), NEURONS, SearchOptions(mip_solver_options=options))


def test_facets_are_those_of_the_cones():
    # by brute force: a row bounds the cell if and only if flipping its bit gives a cell of the oracle
    problem = uniform(3, 5, 2)
    model = build_cell_model(problem, NEURONS, Deadline(None))
    known = set(cells(problem.X))
    for pattern, facets in zip(model.patterns, model.facets, strict=True):
        for sample in range(5):
            flipped = pattern.copy()
            flipped[sample] ^= True
            assert facets[sample] == (tuple(flipped) in known)


def test_essential_entries_vanish_nowhere_in_their_cells():
    # sampled: in cells where an entry is essential, it has one sign on random vectors of the cell
    problem = uniform(1, 5, 2)
    model = build_cell_model(problem, PARAMETERS, Deadline(None))
    rng = np.random.default_rng(0)
    u = rng.normal(size=(20000, 3))
    Xh = np.c_[problem.X, np.ones(5)]
    together = 0
    patterns = u @ Xh.T >= 0
    for pattern, elements in zip(model.patterns, model.elements.of_entry, strict=True):
        inside = u[np.all(patterns == pattern, axis=1)]
        for entry in range(3):
            if model.elements.requires[elements[entry]] < 0 and model.elements.costs[elements[entry]] > 1:
                together += 1
                assert len(set(np.sign(inside[:, entry]))) <= 1
    assert together > 0


def test_master_is_a_minimum_cover():
    # brute force over all 2^4 sets; element 2 requires element 0
    rows = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0.5, 0, 0.5, 1], [0.25, 0.5, 0.5, 0.25]])
    costs = np.array([1.0, 3.0, 1.0, 2.0])
    requires = np.array([-1, -1, 0, -1])
    best = min(
        costs @ z
        for z in map(np.array, itertools.product((0, 1), repeat=4))
        if np.all(rows @ z >= 1) and z[2] <= z[0]
    )
    master = HittingSet(Elements(np.zeros((0, 1), dtype=np.intp), costs, requires), "highs")
    for row in rows:
        master.add(row)
    solution = master.solve(math.inf)
    assert solution.finished
    assert solution.lower_bound == best == master.cost(solution.chosen)
    greedy = master.greedy(np.random.default_rng(0))
    assert np.all(rows @ greedy >= 1)
    assert np.array_equal(master.with_required(greedy), greedy)


def test_too_large_a_program_is_refused_before_all_cells_are_found(monkeypatch):
    # 3e6 cells of 1000 samples
    blocks = []

    def watched(*arguments):
        for block in upper_cells(*arguments):
            blocks.append(len(block))
            yield block

    monkeypatch.setattr(enumerate_, "upper_cells", watched)
    X = np.random.default_rng(0).normal(size=(1000, 2))
    with pytest.raises(
        InputError, match=r"N = 1000 samples with d = 2 features .* nonzeros: use method 'tree'"
    ):
        solve_mip(Problem(X, X[:, 0] ** 2), Objective.NEURONS)
    assert sum(blocks) < 100_000  # opposite cells come for nothing


def test_a_program_that_takes_too_long_to_load_is_not_loaded(monkeypatch):
    class Late(Deadline):
        """A deadline that looks as if ten seconds passed between two looks."""

        looks = 0

        @property
        def seconds(self):
            self.looks += 1
            return 10.0 * self.looks

    model = build_cell_model(Problem([0, 1, 2], [0, 1, 0]), Objective.NEURONS, Deadline(None))
    with pytest.raises(TimeLimitError, match="before the linear program is loaded"):
        CellProgram(model, Late(25.0))
