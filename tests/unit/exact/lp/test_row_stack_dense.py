"""The compiled parts of the activation tree against HiGHS, NumPy, and the tree without them."""

import itertools

import numpy as np
import pytest
from helpers import slow_after

from sparsest import Problem, datasets
from sparsest.exact.arithmetic.farkas import refutation_near
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.cells.enumerate import enumerate_cells
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.lp.row_stack import Answer
from sparsest.exact.lp.row_stack_dense import DenseSimplex
from sparsest.exact.lp.row_stack_highs import HighsSimplex
from sparsest.exact.lp.row_stack_kernel import extended
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.tree import cell_sets_kernel
from sparsest.exact.tree.cell_sets import CellSets
from sparsest.exact.tree.node_program import FeasibilityProgram
from sparsest.exact.tree.search import solve_tree

COMPILED = SearchOptions(pacing=Pacing(compiled_from=0))


def random_problem(seed: int) -> Problem:
    """Small integers on purpose: ties, collinear samples, equal labels; some intervals, skips and bounds."""
    random = np.random.default_rng(seed)
    d, n = int(random.integers(1, 4)), int(random.integers(3, 9))
    X = random.integers(-2, 3, size=(n, d)).astype(float)
    X = np.unique(X, axis=0)
    y = random.integers(-2, 3, size=len(X)).astype(float)
    tolerance = [0.0, 0.25, 1e-6][seed % 3]
    bound = 3.0 if seed % 5 == 2 else None
    affine = ("none", "skip", "none", "constant" if bound is None else "none")[seed % 4]
    return Problem(X, y, affine=affine, tolerance=tolerance, weight_bound=bound).distinct()


@pytest.mark.parametrize("seed", slow_after(20, range(60)))
def test_same_answers_as_highs_on_walks(seed):
    """Rows pushed and popped at random: both say the same, points fit, rays prove contradictions exactly."""
    problem = random_problem(seed)
    random = np.random.default_rng(1000 + seed)
    coordinates, data = Coordinates(problem), ExactData(problem)
    signs = (1, 1, -1)[: 1 + seed % 3]
    program = FeasibilityProgram(problem, data, coordinates, signs)
    bound = None if problem.weight_bound is None else coordinates.bound(problem)
    affine = coordinates.affine if problem.has_affine_term else None
    blocks = len(signs) + problem.has_affine_term
    reference = HighsSimplex(signs, affine, [coordinates.rows.shape[1]] * blocks, bound)
    program.go_compiled()
    path: list[int] = []
    for _ in range(60):
        free = [i for i in range(problem.n_samples) if i not in path]
        if path and (not free or random.random() < 0.4):
            program.pop()
            reference.pop()
            path.pop()
        else:
            sample = int(random.choice(free))
            bits = tuple(int(b) for b in random.integers(0, 2, size=len(signs)))
            program.push(sample, bits)
            low, high = problem.low[sample], problem.high[sample]
            row = np.tile(coordinates.rows[sample], blocks)
            reference.push(row, bits, low / coordinates.scale, high / coordinates.scale)
            path.append(sample)
        answer = program.solve()
        assert answer is reference.solve()
        if answer is Answer.FEASIBLE:
            network = program.network(program.neurons())
            assert network is not None
            inputs = problem.homogeneous @ network.folded.T
            first_rows = program.rows[len(program.rows) - len(path) * (len(signs) + 1) :: len(signs) + 1]
            for sample, row in zip(path, first_rows, strict=True):
                for k, bit in enumerate(row.bits):
                    assert inputs[sample, k] >= -1e-6 if bit else inputs[sample, k] <= 1e-6
            assert program.violation(program.neurons())[path].max(initial=0.0) < 1e-6
        else:
            ray = program.dual_ray()
            assert refutation_near(data, signs, program.rows, ray, program.exponents)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.slow
def test_the_tree_finds_the_same_with_and_without(seed):
    problem = random_problem(100 + seed)
    plain = solve_tree(problem, SearchOptions(pacing=Pacing(compiled_from=10**9)))
    compiled = solve_tree(problem, COMPILED)
    assert (plain.status, plain.lower_bound) == (compiled.status, compiled.lower_bound)
    assert plain.unverified == compiled.unverified == 0


def test_blands_rule_ends_what_would_go_round():
    """The same feasible rows a hundred times over: ties everywhere, and still an answer."""
    simplex = DenseSimplex((1, -1), None, [3, 3], None)
    row = np.ones(6)
    for _ in range(100):
        simplex.push(row, (1, 1), 0.0, 0.0)
    assert simplex.solve() is Answer.FEASIBLE
    simplex.push(row, (1, 1), 1.0, 1.0)
    assert simplex.solve() is Answer.INFEASIBLE
    for _ in range(101):
        simplex.pop()
    assert simplex.solve() is Answer.FEASIBLE
    assert simplex.values().tolist() == [0.0] * 6


def test_extended_writes_rows_out():
    """Two neurons, signs + and -, both active on (2, 1): coordinates, then their difference (by hand)."""
    table, basic = extended(
        np.zeros((0, 4)),
        np.zeros(0, dtype=np.int64),
        np.arange(4),
        np.array([2.0, 1.0, 2.0, 1.0]),
        np.array([1.0, 1.0]),
        np.array([0, 2, 4]),
        np.array([1.0, -1.0]),
        False,
    )
    assert table.tolist() == [[2, 1, 0, 0], [0, 0, 2, 1], [2, 1, -2, -1]]
    assert basic.tolist() == [4, 5, 6]


@pytest.mark.parametrize("n", [5, 9])
def test_bits_left_by_counting(n):
    """Compiled, interpreted and NumPy against the definition, on sets narrowed at random."""
    random = np.random.default_rng(n)
    patterns = enumerate_cells(random.normal(size=(n, 2))).patterns
    plain, compiled = CellSets(patterns, np.arange(n), n), CellSets(patterns, np.arange(n), n)
    compiled.go_compiled()
    for _ in range(20):
        sets, members = [], []
        for _ in range(3):
            cells, here = plain.every, np.ones(len(patterns), dtype=bool)
            for sample, bit in zip(random.permutation(n)[:3], random.integers(0, 2, size=3), strict=True):
                cells = plain.narrowed(cells, int(sample), int(bit))
                here &= patterns[:, sample] == bit
            sets.append(cells)
            members.append(here)
        samples = random.permutation(n)[:4]
        expected = [
            [[bool((patterns[here, s] == bit).any()) for s in samples] for bit in (0, 1)] for here in members
        ]
        assert plain.possible(sets, samples).tolist() == expected
        assert compiled.possible(sets, samples).tolist() == expected
        stacked = cell_sets_kernel.bits_left(compiled.active, np.array(sets), samples)
        assert stacked.tolist() == expected


def test_every_assignment_of_a_small_problem():
    """All 4^4 assignments of two neurons to xor's samples: feasible ones are those of a network."""
    problem = datasets.load("xor").problem()
    coordinates, data = Coordinates(problem), ExactData(problem)
    program = FeasibilityProgram(problem, data, coordinates, (1, -1))
    program.go_compiled()
    feasible = 0
    for bits in itertools.product(itertools.product((0, 1), repeat=2), repeat=4):
        for sample, pair in enumerate(bits):
            program.push(sample, pair)
        highs = HighsSimplex((1, -1), None, [3, 3], None)
        for sample, pair in enumerate(bits):
            low = problem.low[sample] / coordinates.scale
            highs.push(np.tile(coordinates.rows[sample], 2), pair, low, low)
        assert program.solve() is highs.solve()
        feasible += program.solve() is Answer.FEASIBLE
        for _ in bits:
            program.pop()
    assert feasible > 0
