"""The packing bound against brute force, the tree, closed forms, and on degenerate data."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from helpers import lattice, random_intervals
from oracles.brute_force import cells

from sparsest import InputError, Problem, datasets, exact
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.packing.bound import packing_bound, packing_of
from sparsest.exact.packing.curved_sets import curved_set
from sparsest.progress import Deadline

# The first four are a zigzag on a line; the last is off it.
ZIGZAG = [[0, 0], [1, 0], [2, 0], [3, 0], [0, 1]]


def bound_of(problem, **options):
    return packing_bound(problem.distinct(), Deadline(None), **options)


def planted(n, k, d=2, seed=0, noise=0.0):
    data = datasets.load("planted", d=d, n=n, k=k, seed=seed)
    labels = data.y + np.random.default_rng(seed).uniform(-noise, noise, n)
    return Problem(data.X, labels, tolerance=noise or 1e-6)


def heaviest_by_brute_force(problem, packing):
    """The most weight that one neuron cuts, over the cells that linear programs find."""
    used = sorted({i for found in packing.sets for i in found.samples})
    most = 0
    for bits in cells(problem.X[used]):
        side_of = dict(zip(used, bits, strict=True))
        for sign in (1, -1):
            cut = [len({side_of[i] for i in found.side(sign)}) == 2 for found in packing.sets]
            most = max(most, sum(w for w, c in zip(packing.weights, cut, strict=True) if c))
    return most


class TestCurvedSets:
    def test_a_centre_below_its_corners_needs_a_positive_neuron(self):
        # centre (1, 1) of (0, 0), (3, 0), (0, 3), weights 1, 1, 1, -3: 0 + 0 + 0 - 3 * (-1) = 3 > 0
        problem = Problem([[0, 0], [3, 0], [0, 3], [1, 1]], [0, 0, 0, -1])
        found = curved_set(ExactData(problem), (0, 1, 2, 3))
        assert found.weights == (1, 1, 1, -3)
        assert found.side(1) == (0, 1, 2)
        assert found.side(-1) == (3,)

    def test_a_centre_above_needs_a_negative_one(self):
        problem = Problem([[0, 0], [3, 0], [0, 3], [1, 1]], [0, 0, 0, 1])
        found = curved_set(ExactData(problem), (0, 1, 2, 3))
        assert found.side(1) == (3,)
        assert found.side(-1) == (0, 1, 2)

    def test_samples_outside_the_dependence_are_dropped(self):
        problem = Problem([[0, 0], [1, 0], [2, 0], [5, 7]], [0, 1, 0, 9])
        assert curved_set(ExactData(problem), (0, 1, 2, 3)).samples == (0, 1, 2)

    @pytest.mark.parametrize(("slack", "curved"), [(0.24, True), (0.25, False)])
    def test_an_interval_just_wide_enough_is_flat(self, slack, curved):
        # xor: 1, -1, -1, 1 times 0, 1, 1, 0 is -2 with exact labels, and -2 + 4 * 0.5 = 0 with a slack of 1/2
        problem = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], tolerance=2 * slack)
        assert (curved_set(ExactData(problem), (0, 1, 2, 3)) is not None) == curved

    def test_an_open_end_on_the_wrong_side_is_flat(self):
        inputs = [[0, 0], [1, 0], [2, 0]]
        kept = Problem.from_intervals(inputs, [-np.inf, 1, -np.inf], [0, np.inf, 0])
        lost = Problem.from_intervals(inputs, [-np.inf, -np.inf, -np.inf], [0, 1, 0])
        assert curved_set(ExactData(kept), (0, 1, 2)) is not None
        assert curved_set(ExactData(lost), (0, 1, 2)) is None

    def test_two_dependences_are_no_set(self):
        problem = Problem([[0, 0], [1, 0], [2, 0], [3, 0]], [0, 1, 0, 1])
        assert curved_set(ExactData(problem), (0, 1, 2, 3)) is None


class TestAgainstOracles:
    @pytest.mark.parametrize("seed", range(20))
    def test_no_more_than_the_tree_needs(self, seed):
        problem = random_intervals(seed) if seed % 3 else lattice(seed, 8, 1 + seed % 3, affine="skip")
        packing = bound_of(problem)
        result = exact.solve(problem, method="tree", node_limit=3000)
        assert result.upper_bound is None or packing.bound <= result.upper_bound

    @pytest.mark.parametrize("seed", range(9))
    def test_the_heaviest_hyperplane(self, seed):
        problem = lattice(seed, 7, 1 + seed % 3)
        packing = bound_of(problem)
        if not packing.sets:
            return
        heaviest = heaviest_by_brute_force(problem.distinct(), packing)
        assert packing.heaviest == heaviest
        assert packing.bound == -(-sum(packing.weights) // heaviest)

    @pytest.mark.parametrize("seed", range(6))
    def test_sets_are_curved(self, seed):
        """Each has a dependence and a forced sum, by fractions alone."""
        problem = lattice(seed, 10, 2)
        distinct = problem.distinct()
        for found in bound_of(problem).sets:
            rows = [[*map(Fraction, distinct.X[i].tolist()), Fraction(1)] for i in found.samples]
            assert not any(
                sum(m * row[j] for m, row in zip(found.weights, rows, strict=True)) for j in range(3)
            )
            labels = [Fraction(float(distinct.low[i])) for i in found.samples]
            assert sum(m * y for m, y in zip(found.weights, labels, strict=True)) > 0

    @pytest.mark.parametrize("seed", range(5))
    def test_as_good_as_all_sets_and_all_cells(self, seed):
        """A linear program over every curved set and every cell, by brute force, has the same bound."""
        from scipy.optimize import linprog

        problem = lattice(100 + seed, 6, 2).distinct()
        data = ExactData(problem)
        subsets = itertools.chain(*(itertools.combinations(range(problem.n_samples), m) for m in (3, 4)))
        everything = {found for found in (curved_set(data, s) for s in subsets) if found is not None}
        if not everything:
            assert bound_of(problem).bound == 0
            return
        rows = {
            tuple(len({bits[i] for i in found.side(sign)}) == 2 for found in everything)
            for bits in cells(problem.X)
            for sign in (1, -1)
        }
        best = -linprog(-np.ones(len(everything)), A_ub=np.array(list(rows)), b_ub=np.ones(len(rows))).fun
        assert bound_of(problem).bound == int(np.ceil(best - 1e-7))


class TestBounds:
    def test_signs_add(self):
        """One line cuts both bends, but no neuron bends both ways."""
        assert bound_of(Problem(ZIGZAG, [0, 1, 0, 1, 0])).bound == 2

    @pytest.mark.parametrize("affine", ["none", "constant", "skip"])
    def test_an_affine_term_changes_nothing(self, affine):
        assert bound_of(Problem(ZIGZAG, [0, 1, 0, 1, 0], affine=affine)).bound == 2

    def test_classes(self):
        # on the line the classes alternate: bends at 1, down, and at 2, up
        assert bound_of(Problem.classification(ZIGZAG, [0, 1, 0, 1, 0])).bound == 2

    @pytest.mark.parametrize("scale", [1e-60, 1e60])
    def test_scales(self, scale):
        problem = Problem(np.array(ZIGZAG) * scale, np.array([0, 1, 0, 1, 0]) / scale)
        assert bound_of(problem).bound == 2

    def test_a_constant_feature_and_an_offset(self):
        X = np.c_[np.array(ZIGZAG) + 1e9, np.full(5, 7.0)]
        assert bound_of(Problem(X, [0, 1, 0, 1, 0])).bound == 2

    def test_repeated_samples_count_once(self):
        X = [*ZIGZAG, *ZIGZAG]
        assert bound_of(Problem(X, [0, 1, 0, 1, 0] * 2, tolerance=0.01)).bound == 2

    def test_decimals(self):
        """The tenths of a grid are on lines as decimals, not as floats."""
        problem = Problem(np.array(ZIGZAG) * 0.1, [0, 0.1, 0, 0.1, 0], numbers="decimal")
        assert bound_of(problem).bound == 2

    @pytest.mark.parametrize("d", [1, 2, 3, 4])
    def test_all_on_a_line(self, d):
        problem = Problem(np.outer(range(6), np.ones(d)), [0, 1, 0, 1, 0, 1])
        assert bound_of(problem).bound == 4

    @pytest.mark.parametrize(
        "problem",
        [
            Problem([[0, 0], [1, 1], [2, 5]], [0, 7, 1]),  # fewer than d + 2
            Problem(np.zeros((3, 2)), [1, 1, 1]),  # one input
            Problem(np.random.default_rng(0).normal(size=(9, 2)), np.ones(9)),  # flat
            Problem(np.random.default_rng(0).normal(size=(12, 5)), np.arange(12) % 2),  # too many features
        ],
    )
    def test_nothing_to_pack(self, problem):
        assert bound_of(problem).bound == 0

    @pytest.mark.parametrize(
        ("options", "neurons"),
        [({"n": 300, "k": 4}, 4), ({"n": 1000, "k": 6}, 6), ({"n": 600, "k": 4, "noise": 0.01}, 4)],
    )
    def test_many_samples(self, options, neurons):
        assert bound_of(planted(**options), enough=neurons).bound == neurons

    @pytest.mark.slow
    def test_three_features(self):
        assert bound_of(planted(1000, 4, d=3), enough=4).bound == 4

    def test_no_time(self):
        deadline = Deadline(60)
        deadline.interrupt()
        assert packing_bound(planted(300, 4), deadline).bound == 0

    @pytest.mark.slow
    def test_lines_are_not_forgotten(self):
        """Four knots along one line of a product surface, as many as the best lines of both signs prove."""
        grid = np.arange(15.0)
        X = np.array(list(itertools.product(grid, grid)))
        problem = Problem(X, (X[:, 0] - 7) * (X[:, 1] - 7) / 49, tolerance=0.1, affine="skip")
        assert bound_of(problem, enough=4).bound == 4


class TestPackingOf:
    def test_computes_everything_anew(self):
        problem = Problem(ZIGZAG, [0, 1, 0, 1, 0]).distinct()
        packing = bound_of(problem)
        assert packing_of(problem, packing.plain()) == packing

    @pytest.mark.parametrize(
        "plain",
        [
            (),
            (((0, 1, 4), 1),),  # no dependence
            (((0, 1, 3, 2), 1),),  # two
            (((0, 1, 2), 2**60),),
        ],
    )
    def test_refuses_what_is_no_packing(self, plain):
        problem = Problem(ZIGZAG, [0, 1, 0, 1, 0])
        with pytest.raises(InputError, match="packing"):
            packing_of(problem, plain)
