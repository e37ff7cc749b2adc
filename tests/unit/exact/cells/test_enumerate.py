"""Cells against linear programs over all sign vectors, Whitney's theorem, closed forms and counts by hand."""

import dataclasses
import itertools
import math
import signal
import tracemalloc
from fractions import Fraction

import networkx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sparsest.errors import InputError
from sparsest.exact.arithmetic.null_vectors import exact_null_vectors, expansion_error, null_vectors
from sparsest.exact.cells.arrangement import exact_rays, make_arrangement, rays
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.enumerate import (
    Cells,
    cells_until,
    count_in_general_position,
    enumerate_cells,
    iterate_cells,
    iterate_until,
    refuse_too_many_cells,
)
from sparsest.exact.cells.interior_points import make_coordinates
from sparsest.exact.cells.subset_ranks import binomials, numbers, numbers_without_each, subsets_between
from sparsest.exact.cells.tope_graph import pattern_graph
from sparsest.exact.mip.cut_loop import solve_mip
from sparsest.exact.search_options import SearchOptions
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.solving import Status

repeatable = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def grid(side, dimension):
    return np.array(list(itertools.product(range(side), repeat=dimension)), dtype=float)


def small_integer_data(most_samples, largest, most_features=3):
    """Coordinates so small that repeated, collinear and coplanar samples are the rule."""
    return st.integers(1, most_features).flatmap(
        lambda d: st.lists(
            st.lists(st.integers(0, largest), min_size=d, max_size=d), min_size=1, max_size=most_samples
        )
    )


def rank(rows):
    """Rank by elimination over the rationals."""
    rows = [[Fraction(value) for value in row] for row in rows]
    found = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] / rows[found][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[found], strict=True)]
        found += 1
    return found


def whitney_count(X):
    """Whitney 1932 with Zaslavsky 1975: the number of regions is |sum over subsets (-1)^(|S| - rank S)|.

    The characteristic polynomial at -1 has all terms (-1)^|S| (-1)^(D - rank S) of one sign after the outer
    absolute value.
    """
    rows = [[*map(float, row), 1.0] for row in np.unique(np.asarray(X, dtype=float), axis=0)]
    total = 0
    for size in range(len(rows) + 1):
        for chosen in itertools.combinations(rows, size):
            total += (-1) ** (size - rank(chosen))
    return abs(total)


def deletion_restriction_count(X):
    """Regions of an arrangement: those without a hyperplane, plus those of the traces on it (Zaslavsky 1975).

    Traces that coincide are one hyperplane. All in integers; polynomial in N for fixed d.
    """

    def primitive(row):
        divisor = math.gcd(*row)
        lead = next(value for value in row if value)
        return tuple(value // (divisor if lead > 0 else -divisor) for value in row)

    def regions(rows):
        if not rows or len(rows[0]) == 1:
            return 2 if rows else 1
        if len(rows[0]) == 2:
            return 2 * len(rows)
        total = 1
        for i, row in enumerate(rows):
            pivot = next(j for j, value in enumerate(row) if value)
            traces = set()
            for other in rows[:i]:
                trace = [a * row[pivot] - b * other[pivot] for a, b in zip(other, row, strict=True)]
                traces.add(primitive(trace[:pivot] + trace[pivot + 1 :]))
            total += regions(sorted(traces))
        return total

    exact = [[*map(Fraction, row), Fraction(1)] for row in np.asarray(X, dtype=float).tolist()]
    scale = math.lcm(*(value.denominator for row in exact for value in row))
    return regions(sorted({primitive([int(value * scale) for value in row]) for row in exact}))


def patterns_by_linear_programs(X):
    """Maximise t with ``sign_i xh_i . u >= t`` and ``|u_j| <= 1`` for each of the 2^N sign vectors.

    On integers up to 3 with d <= 3 a feasible t is a ratio of small determinants, far above 1e-6.
    """
    homogeneous = np.c_[np.asarray(X, dtype=float), np.ones(len(X))]
    width = homogeneous.shape[1]
    found = []
    for bits in itertools.product([False, True], repeat=len(X)):
        signs = np.where(bits, 1.0, -1.0)[:, None]
        answer = linprog(
            np.r_[np.zeros(width), -1.0],
            A_ub=np.c_[-signs * homogeneous, np.ones(len(X))],
            b_ub=np.zeros(len(X)),
            bounds=[(-1, 1)] * width + [(None, 1)],
        )
        assert answer.status == 0
        if -answer.fun > 1e-6:
            found.append(bits)
    return np.array(found, dtype=bool)


def assert_well_formed(X, cells: Cells, *, every_point=True):
    """Sorted distinct rows, closed under complement, points with the right signs in rational arithmetic."""
    X = np.asarray(X, dtype=float)
    assert cells.patterns.dtype == np.bool_
    assert cells.patterns.shape[1] == len(X)
    assert cells.points.shape == (len(cells.patterns), X.shape[1] + 1)
    np.testing.assert_array_equal(cells.patterns, np.unique(cells.patterns, axis=0))
    np.testing.assert_array_equal(cells.patterns, ~cells.patterns[::-1])
    homogeneous = [[Fraction(value) for value in row] + [Fraction(1)] for row in X.tolist()]
    for pattern, point in zip(cells.patterns, cells.points, strict=True):
        if np.isnan(point).any():
            assert not every_point
            continue
        exact = [Fraction(value) for value in point.tolist()]
        values = [sum(a * b for a, b in zip(row, exact, strict=True)) for row in homogeneous]
        assert all((value > 0) if bit else (value < 0) for value, bit in zip(values, pattern, strict=True))


class TestCounts:
    @pytest.mark.parametrize(
        ("n_samples", "n_rank", "count"),
        [
            (1, 1, 2),  # one hyperplane, two sides, whatever the dimension
            (1, 4, 2),
            (5, 2, 10),  # n lines through the origin of the plane cut it into 2n sectors
            (4, 3, 14),  # 2 (1 + 3 + 3): all of the 16 patterns but the two with alternating corners
            (3, 3, 8),  # independent: every pattern
            (100, 3, 9902),  # 2 (1 + 99 + 4851)
        ],
    )
    def test_closed_form(self, n_samples, n_rank, count):
        assert count_in_general_position(n_samples, n_rank) == count

    @pytest.mark.parametrize(
        ("n_samples", "n_features"),
        [(1, 1), (40, 1), (3, 2), (25, 2), (45, 2), (12, 3), (9, 5), (11, 8), (5, 8)],
    )
    @pytest.mark.slow
    def test_general_position(self, n_samples, n_features):
        X = np.random.default_rng(n_samples).normal(size=(n_samples, n_features))
        cells = enumerate_cells(X)
        # normal samples are in general position with probability one; the rank cannot exceed N
        expected = count_in_general_position(n_samples, min(n_samples, n_features + 1))
        assert len(cells.patterns) == expected
        assert_well_formed(X, cells)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("X", "count"),
        [
            # all equal: one hyperplane
            ([[3.0, -2.0]] * 5, 2),
            ([[0.0]] * 2, 2),
            # d = 1, N distinct points: the threshold in one of N + 1 gaps, two orientations; the outer gaps
            # of one orientation are those of the other
            ([[0.0], [5.0], [1.0], [7.0]], 8),
            ([[0.0], [1.0], [1.0], [0.0], [2.0]], 6),
            # three collinear points in the plane are as on a line: 2 * 3
            ([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], 6),
            # a line of three and one point off it: of the 6 patterns of the line, each with both bits of the
            # fourth (tilt the separating line so that it passes either side): 12 < 14
            ([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 1.0]], 12),
            # unit square, general position for Xh (no three collinear): all but the two diagonals
            ([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], 14),
            # cube: the 104 threshold functions of three Boolean variables (OEIS A000609)
            (grid(2, 3), 104),
            # 4-cube: 1882 threshold functions of four Boolean variables
            (grid(2, 4), 1882),
            # 3x3 grid. Zaslavsky: regions = sum of |mu| over flats (collinear sets here), ranks 0 to 3:
            # 1, 9 points, lines: 8 of three points with |mu| = 2 and, as 8 * 3 of the 36 pairs lie on them,
            # 12 of two points with |mu| = 1: 28. mu(top) = -(1 - 9 + 28) = -20. In all 1 + 9 + 28 + 20.
            (grid(3, 2), 58),
            # constant and repeated features change nothing: 5 points of a line in disguise
            ([[1.0, x, x, 2 * x + 1] for x in (0.0, 3.0, 1.0, 9.0, 4.0)], 10),
            # coplanar points in d = 3 count as in the plane: 4 points, no three collinear
            ([[0.0, 0.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0]], 14),
        ],
    )
    def test_degenerate_by_hand(self, X, count):
        cells = enumerate_cells(X)
        assert len(cells.patterns) == count
        assert_well_formed(X, cells)

    @repeatable
    @given(small_integer_data(most_samples=8, largest=2, most_features=4))
    def test_whitney(self, X):
        assert len(enumerate_cells(X).patterns) == whitney_count(X)

    @pytest.mark.parametrize("shift", [0.1, 1e6, -3e9 + 0.25])
    def test_whitney_where_decimals_are_only_nearly_collinear(self, shift):
        # 0.1, 0.2, 0.3 are not equally spaced as floats: which triples are collinear is decided bit by bit
        X = (
            np.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.1, 0.3], [0.3, 0.1], [0.2, 0.1], [0.1, 0.2]])
            + shift
        )
        cells = enumerate_cells(X, numbers="binary")
        assert len(cells.patterns) == whitney_count(X)
        assert_well_formed(X, cells, every_point=False)


# 24 points of one circle: 65^2 = 16^2 + 63^2 = 33^2 + 56^2 = 25^2 + 60^2 = 39^2 + 52^2, and some signs
CIRCLE = np.array(
    [
        [sign * a, b]
        for pair in ((16, 63), (33, 56), (25, 60), (39, 52))
        for a, b in (pair, pair[::-1], (pair[0], -pair[1]))
        for sign in (1, -1)
    ],
    dtype=float,
)


class TestIndependentCounts:
    """Counts against deletion and restriction, which shares nothing with the enumeration."""

    def test_the_oracle_itself(self):
        # OEIS A000609, and the counts derived by hand above
        assert deletion_restriction_count(grid(2, 4)) == 1882
        assert deletion_restriction_count(grid(3, 2)) == 58
        assert deletion_restriction_count([[3.0, -2.0]] * 5) == 2
        assert deletion_restriction_count(np.random.default_rng(0).normal(size=(9, 3))) == 2 * (
            1 + 8 + 28 + 56
        )

    @pytest.mark.parametrize(
        "X",
        [
            pytest.param(grid(6, 2), id="lattice"),
            pytest.param(grid(5, 2) * 0.1, id="lattice of decimals"),
            pytest.param(grid(3, 3), id="lattice in space"),
            pytest.param(grid(3, 3)[:18] * 0.1 - 0.7, id="decimals in space"),
            pytest.param(np.c_[np.arange(40.0), 3 * np.arange(40.0)], id="collinear"),
            pytest.param(np.r_[np.c_[np.arange(15.0), np.zeros(15)], grid(3, 2) + 0.5], id="half collinear"),
            pytest.param(np.c_[grid(4, 2), grid(4, 2) @ [2.0, -1.0]], id="coplanar"),
            pytest.param(np.r_[grid(4, 3)[:16], [[5.0, 1.0, 2.0], [-3.0, 2.0, 2.0]]], id="half coplanar"),
            pytest.param(np.r_[grid(3, 2), grid(3, 2)[::-1]], id="repeated"),
            pytest.param(CIRCLE, id="concyclic"),
            pytest.param(np.c_[CIRCLE[:16], (CIRCLE[:16] ** 2).sum(axis=1)], id="concyclic, lifted"),
            pytest.param(np.c_[np.full(25, 0.3), grid(5, 2), np.full(25, -7.0)], id="constant features"),
            pytest.param(np.eye(6)[:4] * 3.0, id="fewer samples than features"),
            pytest.param(np.c_[grid(2, 3), np.eye(8)], id="fewer samples than features, dependent"),
            pytest.param(np.random.default_rng(7).integers(0, 2, size=(11, 7)).astype(float), id="bits"),
        ],
    )
    @pytest.mark.slow
    def test_degenerate(self, X):
        cells = enumerate_cells(X, numbers="binary")
        assert len(cells.patterns) == deletion_restriction_count(X)
        assert sum(len(block.patterns) for block in iterate_cells(X, numbers="binary")) == len(cells.patterns)
        # distinct and right in number; that each is a cell is shown by its point
        assert_well_formed(X, cells, every_point=False)

    @repeatable
    @given(small_integer_data(most_samples=16, largest=3, most_features=4))
    def test_small_integers(self, X):
        assert len(enumerate_cells(X).patterns) == deletion_restriction_count(X)


class TestStream:
    @pytest.mark.parametrize(
        "X",
        [
            grid(5, 2),
            grid(2, 4),
            np.r_[grid(3, 3), grid(3, 3)[::2]],
            np.random.default_rng(0).normal(size=(30, 2)),
            np.random.default_rng(0).normal(size=(8, 9)),
            [[4.0, 2.0]] * 3,
            np.arange(9.0)[:, None],
        ],
    )
    @pytest.mark.parametrize("block_size", [2, 7, 100, 2**16])
    def test_each_cell_in_one_block(self, X, block_size):
        blocks = [block.patterns for block in iterate_cells(X, block_size=block_size)]
        assert all(0 < len(block) <= block_size for block in blocks)
        every = np.concatenate(blocks)
        whole = enumerate_cells(X).patterns
        assert len(every) == len(whole)
        np.testing.assert_array_equal(np.unique(every, axis=0), whole)

    def test_points_of_a_block(self):
        X = np.r_[grid(4, 2), [[0.5, 7.0]], grid(2, 2)]
        for block in iterate_cells(X, block_size=60):
            order = np.lexsort(block.patterns.T[::-1])
            ordered = Cells(block.patterns[order], block.inputs)
            np.testing.assert_array_equal(ordered.points, block.points[order])
            assert_well_formed(X, ordered)

    @pytest.mark.slow
    def test_memory(self):
        # 1 102 900 cells of 150 samples: 165 MB of bits, a byte each, 21 MB packed
        X = np.random.default_rng(0).normal(size=(150, 3))
        next(iter(iterate_cells(X[:5])))  # imports and caches are not counted
        tracemalloc.start()
        count = sum(len(block.patterns) for block in iterate_cells(X, block_size=2**13))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == count_in_general_position(150, 4) == 1_102_900
        assert peak < 40e6

    @pytest.mark.parametrize("block_size", [1, 0, -4, 2.5, True, None])
    def test_block_size_is_checked(self, block_size):
        with pytest.raises(InputError, match="block_size"):
            iterate_cells([[0.0]], block_size=block_size)

    @pytest.mark.slow
    def test_streams_what_would_not_fit(self):
        X = np.arange(30_000.0)[:, None]  # 60 000 cells, 1.8 GB
        with pytest.raises(InputError, match="too many to keep"):
            enumerate_cells(X)
        block = next(iter(iterate_cells(X, block_size=64)))
        # along a line the bit changes once at most
        assert (np.count_nonzero(np.diff(block.patterns.astype(np.int8), axis=1), axis=1) <= 1).all()

    def test_tables_too_large(self):
        with pytest.raises(InputError, match=r"60 distinct samples of rank 31 .* fewer samples"):
            next(iter(iterate_cells(np.random.default_rng(0).normal(size=(60, 30)))))


class TestHighRank:
    def test_independent_samples_have_every_pattern(self):
        # rank 18, refused by methods that complete each ray: 2^18 patterns, sorted as binary numbers
        patterns = enumerate_cells(np.random.default_rng(0).normal(size=(18, 25))).patterns
        numbers = patterns @ (1 << np.arange(17, -1, -1))
        np.testing.assert_array_equal(numbers, np.arange(2**18))

    @pytest.mark.slow
    @pytest.mark.parametrize(("n_samples", "n_features"), [(16, 14), (15, 9)])
    def test_almost_independent(self, n_samples, n_features):
        X = np.random.default_rng(1).normal(size=(n_samples, n_features))
        patterns = enumerate_cells(X).patterns
        assert len(np.unique(patterns, axis=0)) == count_in_general_position(n_samples, n_features + 1)
        if n_samples == n_features + 2:
            # Radon: one affine dependence, and its two sign vectors are all that is missing (Gordan's lemma)
            dependence = np.linalg.svd(np.c_[X, np.ones(n_samples)].T)[2][-1]
            missing = np.array([dependence > 0, dependence < 0])
            assert not (patterns[:, None] == missing).all(axis=2).any()
            assert len(patterns) == 2**n_samples - 2

    def test_points_are_refused_beyond_their_means(self):
        cells = next(iter(iterate_cells(np.eye(26), block_size=4)))
        with pytest.raises(InputError, match="points inside the cells of 26 samples of rank 26"):
            _ = cells.points


class _Countdown(Deadline):
    """Expired after so many looks."""

    def __init__(self, looks):
        super().__init__(None)
        self.looks = looks

    @property
    def expired(self):
        self.looks -= 1
        return self.looks < 0


class TestInterruption:
    @pytest.mark.slow
    @pytest.mark.parametrize("X", [grid(3, 3), np.random.default_rng(0).normal(size=(40, 3)), np.eye(17)])
    def test_deadline_between_blocks(self, X):
        counted = _Countdown(10**9)
        whole = cells_until(X, counted).patterns
        looks = 10**9 - counted.looks
        assert looks > 3
        stream = iterate_until(X, _Countdown(looks - 1), block_size=50)
        received = []
        with pytest.raises(TimeLimitError, match="time limit"):
            received.extend(block.patterns for block in stream)
        if received:
            found = np.concatenate(received)
            assert len(np.unique(np.concatenate([found, whole]), axis=0)) == len(whole) > len(found)
        with pytest.raises(TimeLimitError):
            cells_until(X, _Countdown(looks - 1))

    def test_clock(self):
        # some 2 * 10^7 cells, several seconds
        X = np.random.default_rng(0).normal(size=(400, 3))
        clock = Deadline(None)
        with pytest.raises(TimeLimitError):
            sum(len(block.patterns) for block in iterate_cells(X, time_limit=0.3))
        assert clock.seconds < 1.5

    def test_program_over_cells(self):
        # a fast machine refuses 2.6 * 10^6 cells, far too many for a program, within a tenth of a second
        X = np.random.default_rng(0).normal(size=(200, 3))
        search = solve_mip(
            Problem(X, X[:, 0], tolerance=0.5), Objective.NEURONS, SearchOptions(deadline=Deadline(1e-4))
        )
        assert search.status is Status.TIME_LIMIT
        assert search.lower_bound == 0

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
    def test_keyboard_interrupt(self):
        X = np.random.default_rng(0).normal(size=(400, 3))
        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        clock = Deadline(None)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(KeyboardInterrupt):
                sum(len(block.patterns) for block in iterate_cells(X))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert clock.seconds < 1.5


class TestPatterns:
    @pytest.mark.slow
    @repeatable
    @given(small_integer_data(most_samples=5, largest=3))
    def test_every_sign_vector_by_linear_programs(self, X):
        cells = enumerate_cells(X)
        np.testing.assert_array_equal(cells.patterns, patterns_by_linear_programs(X))
        assert_well_formed(X, cells)

    @repeatable
    @given(small_integer_data(most_samples=14, largest=3, most_features=3), st.randoms(use_true_random=False))
    def test_equivariance(self, X, random):
        # permuting, repeating and affinely moving the samples permutes and repeats the columns
        X = np.array(X, dtype=float)
        rows = [random.randrange(len(X)) for _ in range(3)] + random.sample(range(len(X)), len(X))
        moved = X[rows] * 2.0**-30 + 1024.0  # exact
        expected = np.unique(enumerate_cells(X).patterns[:, rows], axis=0)
        np.testing.assert_array_equal(enumerate_cells(moved).patterns, expected)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "X", [grid(6, 2), grid(2, 3), grid(7, 2)[::2] @ [[1, 2], [3, 5]], grid(3, 3)[::2]]
    )
    def test_exact_path_on_integer_data(self, X):
        # samples far away, with odd coordinates, make determinants too large for a float, so the zeros among
        # the others have to be decided in integers; without the far columns the cells are those of the others
        far = np.random.default_rng(0).integers(2**48, 2**52, size=(2, X.shape[1])) * 2.0 + 1
        both = np.concatenate([far, X])
        assert make_arrangement(make_coordinates(X).integers).error == 0
        assert make_arrangement(make_coordinates(both).integers).error > 0
        cells = enumerate_cells(both)
        np.testing.assert_array_equal(np.unique(cells.patterns[:, 2:], axis=0), enumerate_cells(X).patterns)
        assert_well_formed(both, cells)

    def test_affine_maps_are_undone(self):
        # a unimodular map with entries up to 2^40: lattice reduction finds the small integers again
        X = grid(2, 3)
        upper = np.eye(3) + (2.0**20 + 1) * np.triu(np.ones((3, 3)), 1)
        moved = X @ (upper.T @ upper)
        assert np.abs(moved).max() < 2**53
        assert make_arrangement(make_coordinates(moved).integers).error == 0
        cells = enumerate_cells(np.c_[moved, moved[:, :1]])
        np.testing.assert_array_equal(cells.patterns, enumerate_cells(X).patterns)

    def test_two_words_of_bits(self):
        # more than 64 distinct samples: prefixes and suffixes of 130 points
        X = np.arange(130.0)[::-1, None]
        steps = np.array([np.arange(130) >= k for k in range(130)])
        expected = np.unique(np.concatenate([steps, ~steps]), axis=0)
        np.testing.assert_array_equal(enumerate_cells(X).patterns, expected)

    @pytest.mark.slow
    @pytest.mark.parametrize(("X", "more"), [(grid(8, 2), 40), (grid(3, 3), 20), (grid(2, 4), 14)])
    def test_many_chunks(self, X, more):
        """Chunks of a quarter million numbers: they end elsewhere for samples in another order."""
        rng = np.random.default_rng(0)
        X = np.concatenate([X, rng.normal(size=(more, X.shape[1]))])
        order = rng.permutation(len(X))
        whole, other = enumerate_cells(X).patterns, enumerate_cells(X[order]).patterns
        np.testing.assert_array_equal(np.unique(whole[:, order], axis=0), other)


class TestRays:
    @pytest.mark.parametrize("X", [grid(4, 2), grid(2, 4), np.random.default_rng(2).normal(size=(9, 3))])
    def test_filter_and_integers_agree(self, X):
        # an error bound of 1 leaves no sign to the floats
        filtered = make_arrangement(make_coordinates(X).integers)
        exact = dataclasses.replace(filtered, error=1.0)
        for one, other in zip(rays(filtered), rays(exact), strict=True):
            np.testing.assert_array_equal(one.subsets, other.subsets)
            np.testing.assert_array_equal(one.covectors, other.covectors)
            np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-13)

    @pytest.mark.parametrize("size", [1, 2, 3, 5])
    def test_cofactors_are_determinants(self, size):
        # det([A; h]) = cofactors(A) . h against the determinant of NumPy, on integers that it gets right
        normals = np.random.default_rng(size).integers(-9, 9, size=(size + 4, size))
        arrangement = make_arrangement(normals.astype(object))
        subsets = np.array(list(itertools.combinations(range(size + 4), size - 1)), dtype=np.intp)
        found = exact_rays(arrangement, subsets) @ arrangement.integers.T
        rows = arrangement.integers.astype(float)
        expected = [
            [np.linalg.det(np.r_[rows[s], rows[i : i + 1]]) for i in range(size + 4)] for s in subsets
        ]
        np.testing.assert_array_equal(found.astype(float), np.round(expected))


class TestNullVectors:
    @pytest.mark.parametrize("width", [2, 4, 9, 11, 14])
    def test_margins_hold(self, width):
        # the float product of any row with the vector against the exact one: ratios of the errors to the
        # margins need one common factor, which the vectors' largest entries give to first order
        rng = np.random.default_rng(width)
        integers = rng.integers(-(2**40), 2**40, size=(20, width - 1, width)).astype(object)
        scales = np.full(width, 2**40, dtype=object)
        vectors, margins = null_vectors((integers / 2**40).astype(float), expansion_error(width))
        exact = exact_null_vectors(integers, scales)
        for row, margin, truth in zip(vectors, margins, exact, strict=True):
            place = int(np.argmax(np.abs(row)))
            assert (row[place] > 0) == (truth[place] > 0)
            for entry, bound, value in zip(row.tolist(), margin.tolist(), truth.tolist(), strict=True):
                error = abs(Fraction(entry) - Fraction(row[place]) * Fraction(value, truth[place]))
                assert error <= Fraction(bound) + Fraction(margin[place]) * abs(Fraction(value, truth[place]))
            assert all(margin <= 1e-6 * np.abs(row).max())

    def test_dependent_rows(self):
        # twice the same row of twelve columns: the null space is a plane, and nothing is claimed
        integers = np.random.default_rng(0).integers(-9, 9, size=(1, 11, 12)).astype(object)
        integers[0, 1] = integers[0, 0]
        scales = np.full(12, 16, dtype=object)
        assert not exact_null_vectors(integers, scales).any()
        vectors, margins = null_vectors((integers / 16).astype(float), expansion_error(12))
        assert not vectors.any()
        assert not margins.any()


class TestSubsets:
    @pytest.mark.parametrize(("n", "size"), [(5, 0), (6, 1), (7, 2), (9, 4), (5, 5)])
    def test_numbers(self, n, size):
        table = binomials(n, size)
        found = subsets_between(table, 0, math.comb(n, size))
        expected = sorted(itertools.combinations(range(n), size), key=lambda subset: subset[::-1])
        assert [tuple(row) for row in found.tolist()] == expected
        np.testing.assert_array_equal(numbers(table, found), np.arange(len(found)))
        if size:
            smaller = {
                subset: i
                for i, subset in enumerate(
                    sorted(itertools.combinations(range(n), size - 1), key=lambda subset: subset[::-1])
                )
            }
            without = [[smaller[row[:j] + row[j + 1 :]] for j in range(size)] for row in expected]
            np.testing.assert_array_equal(numbers_without_each(table, found), without)


class TestScales:
    def test_units_do_not_matter(self):
        X = np.random.default_rng(3).integers(-1000, 1000, size=(15, 2)).astype(float)
        scaled = X * [2.0**200, 2.0**-200]
        cells = enumerate_cells(scaled)
        np.testing.assert_array_equal(cells.patterns, enumerate_cells(X).patterns)
        assert_well_formed(scaled, cells)

    @pytest.mark.parametrize("n_features", [1, 2])
    def test_mixed_magnitudes(self, n_features):
        random = np.random.default_rng(4)
        X = random.normal(size=(14, n_features)) * 10.0 ** random.integers(-14, 15, size=(14, n_features))
        cells = enumerate_cells(X)
        assert len(cells.patterns) == count_in_general_position(14, n_features + 1)
        assert_well_formed(X, cells)

    def test_columns_of_very_different_size(self):
        X = np.random.default_rng(5).normal(size=(30, 2)) * [1e12, 1e-12]
        cells = enumerate_cells(X)
        assert len(cells.patterns) == count_in_general_position(30, 3)
        assert_well_formed(X, cells)

    def test_offset_with_small_differences(self):
        X = 1e6 + 1e-6 * np.random.default_rng(6).normal(size=(30, 2))
        cells = enumerate_cells(X)
        assert len(cells.patterns) == whitney_or_generic(X)
        assert_well_formed(X, cells)

    def test_neighbouring_floats(self):
        # 1 and the next two floats: gaps of one unit in the last place still hold a threshold
        following = np.nextafter(1.0, 2.0)
        X = [[1.0], [following], [np.nextafter(following, 2.0)], [0.0], [5e-324], [1e100], [-1e100]]
        cells = enumerate_cells(X)
        assert len(cells.patterns) == 14
        # a threshold below 5e-324 and above 0 needs w and b 324 orders of magnitude apart
        assert_well_formed(X, cells, every_point=False)
        assert np.isnan(cells.points).any(axis=1).sum() <= 2

    def test_almost_collinear(self):
        # exactly collinear, and off the line by sixteen units in the last place: up to four are rounding
        X = np.array([[0.0, 0.0], [1.0, 1.0], [3.0, 3.0]])
        bent = X.copy()
        bent[1, 1] = 1 + 2.0**-48
        assert len(enumerate_cells(X).patterns) == 6
        cells = enumerate_cells(bent)
        assert len(cells.patterns) == 8  # three independent rows: every pattern
        assert_well_formed(bent, cells)

    @pytest.mark.slow
    def test_cells_thinner_than_floats_are_marked(self):
        # decimals on a grid: lines that ought to meet in one point miss it by rounding, and the cells in
        # between are narrower than float64 in every direction
        X = grid(6, 2) * 0.1
        cells = enumerate_cells(X, numbers="binary")
        missing = np.isnan(cells.points)
        np.testing.assert_array_equal(missing.any(axis=1), missing.all(axis=1))
        assert missing[:, 0].mean() < 0.05
        assert_well_formed(X, cells, every_point=False)


def whitney_or_generic(X):
    """Count for plane data without four samples on a line: general position, less two a collinear triple.

    Moving one of three collinear samples off the line opens one more antipodal pair of cells.
    """
    exact = [[Fraction(value) for value in row] + [Fraction(1)] for row in np.asarray(X).tolist()]
    collinear = sum(rank(triple) < 3 for triple in itertools.combinations(exact, 3))
    return count_in_general_position(len(X), 3) - 2 * collinear


class TestRefusals:
    @pytest.mark.parametrize(
        ("X", "message"),
        [
            ([[0.0], [np.nan]], "X holds nan at row 1"),
            ([[np.inf, 0.0]], "X holds inf at row 0"),
            (np.zeros((0, 2)), "at least one sample"),
            (3.0, "two-dimensional"),
            ([["a"]], "X has type|not an array of numbers"),
        ],
    )
    def test_bad_input(self, X, message):
        with pytest.raises(InputError, match=message):
            enumerate_cells(X)

    @pytest.mark.parametrize("shape", [(3000, 3), (60, 30), (30_000, 1), (2000, 300)])
    def test_too_many_cells(self, shape):
        with pytest.raises(InputError, match=rf"N = {shape[0]} samples and d = {shape[1]} features"):
            enumerate_cells(np.random.default_rng(0).normal(size=shape))

    def test_limits_hold_for_distinct_samples(self):
        # 100 rows but two samples: 4 cells of 100 bits
        X = np.repeat([[0.0], [1.0]], 50, axis=0)
        assert enumerate_cells(X).patterns.shape == (4, 100)
        rows = make_coordinates(X[[0, 99]]).integers
        refuse_too_many_cells(X, rows, max_entries=400)
        with pytest.raises(InputError, match="use fewer samples"):
            refuse_too_many_cells(X, rows, max_entries=399)

    def test_one_feature_as_a_flat_list(self):
        assert len(enumerate_cells([0, 1, 2]).patterns) == 6


def edges_by_definition(patterns, X):
    """Pairs of cells whose differing columns are exactly the repetitions of one sample."""
    edges = {}
    for i, j in itertools.combinations(range(len(patterns)), 2):
        columns = np.flatnonzero(patterns[i] != patterns[j])
        if len({tuple(X[column]) for column in columns}) == 1:
            edges[i, j] = int(columns[0])
    return edges


class TestGraph:
    @pytest.mark.parametrize("n_samples", [2, 3, 10])
    def test_one_feature_is_a_cycle(self, n_samples):
        graph = pattern_graph(enumerate_cells(np.arange(n_samples)[:, None]))
        assert graph.number_of_nodes() == 2 * n_samples
        assert {degree for _, degree in graph.degree} == {2}
        assert networkx.is_connected(graph)

    def test_all_equal_is_one_edge(self):
        graph = pattern_graph(enumerate_cells([[4.0, 4.0]] * 3))
        assert list(graph.edges(data="sample")) == [(0, 1, 0)]

    def test_independent_samples_are_a_cube(self):
        graph = pattern_graph(enumerate_cells(np.eye(4)))
        assert networkx.is_isomorphic(graph, networkx.hypercube_graph(4))

    @repeatable
    @given(small_integer_data(most_samples=7, largest=2, most_features=2))
    def test_by_definition(self, X):
        cells = enumerate_cells(X)
        graph = pattern_graph(cells)
        found = {(min(i, j), max(i, j)): sample for i, j, sample in graph.edges(data="sample")}
        assert found == edges_by_definition(cells.patterns, X)
        assert networkx.is_connected(graph)
        for node, pattern in graph.nodes(data="pattern"):
            np.testing.assert_array_equal(pattern, cells.patterns[node])

    def test_edges_are_facets(self):
        # facets on one hyperplane are the cells of the others restricted to it: in general position
        # N hyperplanes, each with 2 sum_{k < d} C(N - 2, k) cells
        cells = enumerate_cells(np.random.default_rng(1).normal(size=(12, 3)))
        expected = 12 * 2 * sum(math.comb(10, k) for k in range(3))
        assert pattern_graph(cells).number_of_edges() == expected

    def test_distance_counts_hyperplanes(self):
        # tope graphs are isometric in the cube of patterns
        X = grid(3, 2)
        cells = enumerate_cells(X)
        lengths = dict(networkx.all_pairs_shortest_path_length(pattern_graph(cells)))
        for i, j in itertools.combinations(range(len(cells.patterns)), 2):
            assert lengths[i][j] == (cells.patterns[i] != cells.patterns[j]).sum()
