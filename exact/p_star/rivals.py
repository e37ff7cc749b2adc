"""The extreme points that may be as cheap as the sparsest ones at some p, out of billions of bases.

Every basis of columns is looked at in floats with bounds on all errors, twice: first for sparsest networks of
low path norm, then for all that may cost no more than these in some box of p. The few that are left are
solved in rational numbers, as far as they matter, and compared by `crossing_of_points`. Columns that floats
take for dependent are proven to be. Proofs are in docs/p-star.md.
"""

import itertools
import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.compiling import compile_loop, seconds_to_load, worth_compiling
from sparsest.exact.p_star import basis_kernel as kernel
from sparsest.exact.p_star.basis_kernel import BINS, BasesFound, BasisQuestion, Generators
from sparsest.exact.p_star.basis_walk_kernel import walk
from sparsest.exact.p_star.crossing_of_points import costs_at, crossing_of_points, may_be_as_cheap
from sparsest.exact.p_star.first_crossing import Crossing
from sparsest.exact.p_star.generators import ExactGenerators, exact_generators, in_floats
from sparsest.exact.path_norm.extreme_points import Point, Rational, sizes_as_floats
from sparsest.objectives import Objective, charged_entries
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Columns that the bits of a dependence have room for.
MAX_COLUMNS: Final = 128
# Rays among which there are that many columns at most, one of two with a skip, or there is no hope.
_MAX_RAYS: Final = 4 * MAX_COLUMNS
# Bases between two looks at the clock, at most.
_BASES_AT_ONCE: Final = 300_000
# About what one basis takes, compiled, in both walks.
SECONDS_A_BASIS: Final = 5e-7
# Steps of a basis, for each of its n^2 entries, of interpreted loops (`sparsest.exact.compiling`).
_STEPS: Final = 4
# Seconds of compiling the loop for the first time on a machine.
_COMPILING: Final = 8.0
# Boxes of p in which costs are compared.
_BOXES: Final = 32
# Bases that are kept at a time, and twice the sets of columns in one plane.
_MAX_KEPT: Final = 50_000
_MAX_SPANS: Final = 2**16
_RECENT: Final = 2**20
# Parts of a box in which kept bases are looked at again.
_PARTS: Final = 4
# Bases that cost this much more than the sparsest at a crossing are solved in rational numbers.
_NEAR: Final = 1e-6
# Rounding of costs that are looked up.
_MARGIN: Final = 1e-9


class Rivals(NamedTuple):
    """Sparsest extreme points of low path norm, others that may be as cheap, and where they first are.

    The crossing is that of all extreme points of the problem; `which` is one of `others`.
    """

    sparsest: list[Point]
    others: list[Point]
    crossing: Crossing


def bases(problem: Problem, objective: Objective) -> ExactGenerators | None:
    """Return the generators of a problem with exact labels if they are few."""
    if problem.weight_bound is not None or not problem.is_interpolation:
        return None
    hyperplanes = problem.n_samples + charged_entries(problem.n_features, objective)
    if 2 * math.comb(hyperplanes, problem.n_features) > _MAX_RAYS:
        return None
    exact = exact_generators(problem.distinct(), objective)
    return exact if 0 < exact.rank <= len(exact.rays) <= MAX_COLUMNS else None


def seconds_needed(exact: ExactGenerators) -> float:
    """Return about how long `rivals` takes once its loop was compiled on this machine."""
    return SECONDS_A_BASIS * math.comb(len(exact.rays), exact.rank)


def fits_into(exact: ExactGenerators, seconds: float) -> bool:
    """Whether `rivals` may end in so many seconds, compiling included."""
    count, n = len(exact.rays), exact.rank
    compiles = worth_compiling(_STEPS * n * n * math.comb(count, n))
    first = seconds_to_load(walk, _COMPILING) if compiles else 0.0
    return first + seconds_needed(exact) < seconds


def rivals(
    exact: ExactGenerators,
    known: FloatArray,
    deadline: Deadline,
    *,
    compiled: bool | None = None,
) -> Rivals | None:
    """Find where the least cost of other extreme points first falls to that of the sparsest.

    Parameters
    ----------
    exact : ExactGenerators
        What `bases` returns.
    known : array (k,)
        Sizes of a sparsest network, k >= 1 being proven to be the least number.
    deadline : Deadline
        None is returned when it ends, and when rounding or ties leave too much to be decided exactly.
    compiled : bool, optional
        Whether the loop is compiled; by default where that pays.
    """
    unit = math.exp(float(np.log(known).mean()))
    try:
        generators = in_floats(exact, unit)
    except OverflowError:
        return None
    if generators is None:
        return None
    both = _Walk(exact, generators, len(known), deadline, compiled)
    sparsest = both.sparsest()
    for lowering in (True, True, False):
        sizes = np.array([known, *sizes_as_floats(sparsest).tolist()]) / unit
        kept = both.cheap(sizes, lowering)
        if kept is None:
            return None
        sets, lower, reach = kept
        found = _resolved(exact, len(known), sparsest, sets, lower * unit, deadline)
        if found is None or reach == 1:
            return found
        if found.crossing.which is not None and found.crossing.upper <= reach:
            return found
        sparsest = found.sparsest  # some of these are cheaper than those that the reach rested on
    return None


class _Walk:
    """Both walks through the bases of one problem."""

    def __init__(
        self,
        exact: ExactGenerators,
        generators: Generators,
        fewest: int,
        deadline: Deadline,
        compiled: bool | None,
    ) -> None:
        self._exact, self._generators, self._fewest, self._deadline = exact, generators, fewest, deadline
        (count, n), charges = generators.columns.shape, generators.charges.shape[1]
        steps = _STEPS * n * n * math.comb(count, n)
        self._loop = compile_loop(walk) if worth_compiling(steps, compiled) else walk
        self._powers = np.linspace(0.0, 1.0, _BOXES + 1)
        self._found = BasesFound(
            np.array([0, _BOXES - 1, 0, 0]),
            np.full(_BOXES + 1, np.inf),
            np.full((_BOXES + 1, n), -1),
            np.zeros((_MAX_KEPT, n), dtype=np.int64),
            np.zeros((_MAX_KEPT, n * charges)),
            np.zeros((_MAX_SPANS, 3), dtype=np.uint64),
            np.zeros((_RECENT, 2), dtype=np.uint64),
        )

    def _goes_on(self, question: BasisQuestion) -> bool:
        """Walk through all bases; False when time or room ended."""
        count, n = self._generators.columns.shape
        fixed = 0
        while fixed < n - 1 and math.comb(count - fixed, n - fixed) > _BASES_AT_ONCE:
            fixed += 1
        for prefix in itertools.combinations(range(count), fixed):
            if self._deadline.expired or not self._took(np.array(prefix, dtype=np.int64), question):
                return False
        return True

    def _took(self, prefix: NDArray[np.int64], question: BasisQuestion) -> bool:
        counts = self._found.counts
        for _ in range(2):
            before = counts[0]
            with np.errstate(all="ignore"):  # as in compiled code
                if self._loop(prefix, self._generators, question, self._found):
                    return True
            counts[0] = before
            self._sieve()
            if counts[0] > len(self._found.sets) // 2:
                return False
        return False

    def sparsest(self) -> list[Point]:
        """Return sparsest extreme points, the cheapest found at each end of a box."""
        nothing = np.zeros((1, 1))
        question = BasisQuestion(
            kernel.FEWEST, self._fewest, self._powers, nothing, nothing, nothing[0], nothing[0], nothing[0]
        )
        self._goes_on(question)
        points: dict[tuple[Rational, ...], Point] = {}
        for chosen in np.unique(self._found.best, axis=0).tolist():
            if chosen[0] >= 0:
                for point in self._exact.points(chosen):
                    if len(point.sizes) == self._fewest:
                        points[point.sizes] = point
        return list(points.values())

    def cheap(self, sizes: FloatArray, lowering: bool) -> tuple[NDArray[np.int64], FloatArray, float] | None:
        """Return all bases that may cost as little as sparsest points of these sizes at some p up to a reach.

        Sets (m, n), lower bounds of their sizes (m, n J), and the reach: 1, or if `lowering` a p at which
        some other point costs less than these. None when time or room ended.
        """
        self._sizes = sizes
        question = _question(self._fewest, self._powers, sizes)
        if not lowering:
            question = question._replace(costs=np.zeros_like(question.costs))
        self._found.counts[:2] = 0, _BOXES - 1
        if not self._goes_on(question) or not self._proven():
            return None
        self._sieve()
        kept = slice(int(self._found.counts[0]))
        return self._found.sets[kept], self._found.sizes[kept], float(self._powers[self._found.counts[1] + 1])

    def _sieve(self) -> None:
        """Forget kept bases that cost too much on all parts of the boxes in question."""
        found, kept = self._found, int(self._found.counts[0])
        ends = np.linspace(
            0.0, self._powers[found.counts[1] + 1], _PARTS * (int(found.counts[1]) + 1) + 1
        ).tolist()
        keep = np.zeros(kept, dtype=np.bool_)
        for start, stop in itertools.pairwise(ends):
            left = np.flatnonzero(~keep)
            keep[left] = may_be_as_cheap(self._sizes, found.sizes[left], start, stop)
        # the same point in several bases
        self._found.counts[0] = keep.sum()
        found.sets[: found.counts[0]] = found.sets[:kept][keep]
        found.sizes[: found.counts[0]] = found.sizes[:kept][keep]

    def _proven(self) -> bool:
        """Whether columns taken for dependent are so, in integers."""
        spans = self._found.spans
        for low, high, more in spans[spans[:, 2] > 0].tolist():
            bits = low | high << 64
            chosen = [i for i in range(MAX_COLUMNS) if bits >> i & 1]
            if self._deadline.expired or self._exact.rank_of(chosen) >= more:
                return False
        return True


def _question(fewest: int, powers: FloatArray, sizes: FloatArray) -> BasisQuestion:
    """Return the question for bases that may cost as little as sparsest points of these sizes."""
    places = np.arange(BINS)
    octaves, parts = places >> kernel.LEADING_BITS, places & ((1 << kernel.LEADING_BITS) - 1)
    least = np.ldexp(1.0 + parts / (1 << kernel.LEADING_BITS), octaves + kernel.LEAST_EXPONENT)
    values = least ** powers[:, None]
    costs = np.array([costs_at(sizes, float(p)) for p in powers])  # (B + 1, m)
    # convex in p: largest at an end of a box
    most = np.maximum(costs[:-1], costs[1:]).min(axis=1)
    most_up_to = np.maximum(costs[:1], costs[1:]).min(axis=1)
    return BasisQuestion(
        kernel.CHEAP,
        fewest,
        powers,
        np.minimum(values[:-1], values[1:]),
        np.minimum(values[:1], values[1:]),
        costs.min(axis=1),
        most * (1.0 + _MARGIN),
        most_up_to * (1.0 + _MARGIN),
    )


def _resolved(
    exact: ExactGenerators,
    fewest: int,
    sparsest: list[Point],
    sets: NDArray[np.int64],
    lower: FloatArray,
    deadline: Deadline,
) -> Rivals | None:
    """Solve bases in rational numbers, until the first crossing is one of theirs or there is none."""
    few = {point.sizes: point for point in sparsest}
    others: dict[tuple[Rational, ...], Point] = {}

    def solve(which: NDArray[np.bool_]) -> None:
        for chosen in sets[which].tolist():
            if deadline.expired:
                return
            for point in exact.points(chosen):
                (few if len(point.sizes) <= fewest else others)[point.sizes] = point

    open_ones = (lower > 0).sum(axis=1) > fewest
    solve(~open_ones)
    while not deadline.expired:
        best, solved = sizes_as_floats(list(few.values())), sizes_as_floats(list(others.values()))
        width = max(lower.shape[1], solved.shape[1])
        rows = np.zeros((len(solved) + int(open_ones.sum()), width))
        rows[: len(solved), : solved.shape[1]] = solved
        rows[len(solved) :, : lower.shape[1]] = lower[open_ones]
        crossing = crossing_of_points(best, rows)
        if crossing.which is None or crossing.which < len(solved):
            return Rivals(list(few.values()), list(others.values()), crossing)
        near = open_ones & (
            costs_at(lower, crossing.upper) <= costs_at(best, crossing.upper).min() * (1.0 + _NEAR)
        )
        solve(near)
        open_ones &= ~near
    return None
