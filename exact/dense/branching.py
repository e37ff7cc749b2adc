"""Refute networks by branching on patterns of samples, with linear programs that know something of all.

In the activation tree a sample counts once it is branched on. But where there is no affine term and one
neuron of sign 1 alone, that one is active on every sample above 0, and on a sample with the active neurons A
of sign 1 the network is ``min over B of h_(A, B)``, h being the functions of patterns and B any neurons of
sign -1: so all of these functions are at least as high as the interval's lower end. With one neuron of sign
-1 all h_(A, B) are at most as high as the upper end of samples below 0. These rows are there from the first
node on, and with one neuron of either sign a few branches mostly end the search.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.farkas import Multipliers, refutation_near
from sparsest.exact.arithmetic.rational_problem import ExactData, Row
from sparsest.exact.dense.classes import Key, Pattern, Setting, covers, possible, representative_key
from sparsest.exact.dense.steps import BranchingStep, Contradiction, Refutation
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.highs import new_solver
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Rows that the network found misses by less than this, relative to the labels, are met as far as floats tell.
_MET: Final = 1e-7
# Samples to branch on that are compared: of so many of the most violated, violated by this share of the most
# at least, those with the fewest patterns.
_MOST_VIOLATED: Final = 16
_SHARE_OF_VIOLATION: Final = 0.03
_CANDIDATES: Final = 12


class _GivenUpError(Exception):
    """A node could not be decided, or there are too many."""


def refute_by_branching(
    problem: Problem, signs: tuple[int, ...], max_programs: int, deadline: Deadline
) -> Refutation | None:
    """Refute the networks with some output signs.

    Parameters
    ----------
    problem : Problem
        Its inputs are distinct.
    signs : tuple of +1 and -1 (K,)
        Output signs.
    max_programs : int
        Linear programs to solve at most.
    deadline : Deadline
        Ends the search.

    Returns
    -------
    Refutation or None
        Every contradiction in it is verified in rational arithmetic. None where a network may fit, a node
        cannot be decided, or there are too many.
    """
    if problem.has_affine_term:
        return None
    try:
        return _Branches(problem, signs, max_programs, deadline).refute_all()
    except _GivenUpError:
        return None


class _Split(NamedTuple):
    """A sample, keys that cover the patterns which it may have, and how many are not refuted by a program."""

    sample: int
    keys: tuple[Key, ...]
    left: int


class _Branches:
    """The search, from one node down to the next.

    A node branches on the active neurons of one sign on one sample, where that leaves the fewest children
    (strong branching: Applegate et al. 1995).
    """

    def __init__(
        self, problem: Problem, signs: tuple[int, ...], max_programs: int, deadline: Deadline
    ) -> None:
        rows = np.column_stack([problem.X, np.ones(problem.n_samples)])
        setting = Setting(rows, problem.low, problem.high, signs, False)
        allowed, _ = possible(setting, ())
        every = setting.patterns
        self._possible = [tuple(every[n] for n in np.flatnonzero(row)) for row in allowed]
        self._program = _Program(problem, signs)
        self._program.push(enumerate(self._possible))
        self._signs, self._left, self._deadline = signs, max_programs, deadline

    def refute_all(self) -> Refutation:
        """Refute all networks with the output signs."""
        for sample, patterns in enumerate(self._possible):
            if not patterns:
                return BranchingStep(sample, {})
        return self.refute(())

    def refute(self, given: tuple[Key, ...]) -> Refutation:
        """Refute the networks with the keys given so far."""
        neurons = self._solution()
        if neurons is None:
            return self._program.contradiction()
        split = self._best_split(given, self._candidates(neurons))
        following: dict[Key, Refutation] = {}
        before = self._possible[split.sample]
        for key in split.keys:
            self._assign(split.sample, before, key)
            following[key] = self.refute((*given, key))
            self._program.pop()
        self._possible[split.sample] = before
        return BranchingStep(split.sample, following)

    def _solution(self) -> FloatArray | None:
        self._left -= 1
        if self._left < 0 or self._deadline.expired:
            raise _GivenUpError
        return self._program.solution()

    def _candidates(self, neurons: FloatArray) -> list[int]:
        """Return samples to branch on, the best first; a network without a violated one is left to others."""
        missed = self._program.violations(neurons)
        worst = [i for i in np.argsort(-missed).tolist() if len(self._possible[i]) > 1][:_MOST_VIOLATED]
        if not worst or not missed[worst[0]] > _MET:
            raise _GivenUpError  # a network, it seems: the search for one goes on elsewhere
        least = max(_MET, _SHARE_OF_VIOLATION * missed[worst[0]])
        violated = [i for i in worst if missed[i] > least]
        return sorted(violated, key=lambda i: (len(self._possible[i]), -missed[i]))[:_CANDIDATES]

    def _best_split(self, given: tuple[Key, ...], samples: Sequence[int]) -> _Split:
        best: _Split | None = None
        for sample in samples:
            for keys in self._splits(given, sample):
                left = self._count_left(sample, keys, len(keys) if best is None else best.left)
                if best is None or (left, -len(keys)) < (best.left, -len(best.keys)):
                    best = _Split(sample, keys, left)
                if best.left <= 1:
                    return best
        assert best is not None  # every sample given has several patterns
        return best

    def _splits(self, given: tuple[Key, ...], sample: int) -> list[tuple[Key, ...]]:
        """Return the ways to branch on a sample: by its active neurons of either sign."""
        found = []
        for sign in (1, -1):
            keys = {
                "".join(str(bit) if s == sign else "*" for s, bit in zip(self._signs, pattern, strict=True))
                for pattern in self._possible[sample]
            }
            if len(keys) > 1:
                found.append(tuple(sorted({representative_key(key, self._signs, given) for key in keys})))
        return found

    def _count_left(self, sample: int, keys: Sequence[Key], most: int) -> int:
        """Return how many keys no program refutes; one more than most means at least that many."""
        found, before = 0, self._possible[sample]
        for key in keys:
            self._assign(sample, before, key)
            found += self._solution() is not None
            self._program.pop()
            if found > most:
                break
        self._possible[sample] = before
        return found

    def _assign(self, sample: int, before: tuple[Pattern, ...], key: Key) -> None:
        """Leave a sample those patterns that a key covers."""
        self._possible[sample] = tuple(pattern for pattern in before if covers(key, pattern))
        self._program.push([(sample, self._possible[sample])])


class _Block(NamedTuple):
    """Rows that are added together, as HiGHS takes them: ends, and entries by row."""

    rows: list[tuple[Row, bool, bool]]
    low: FloatArray
    high: FloatArray
    starts: NDArray[np.int32]
    columns: NDArray[np.int32]
    entries: FloatArray


class _Program:
    """The linear program of a node in HiGHS, and its rows in rational arithmetic."""

    def __init__(self, problem: Problem, signs: tuple[int, ...]) -> None:
        self._data, self._coordinates = ExactData(problem), Coordinates(problem)
        self._signs = signs
        self._low = problem.low / self._coordinates.scale
        self._high = problem.high / self._coordinates.scale
        self._size = self._coordinates.rows.shape[1]
        self._lp = new_solver({"solver": "simplex", "presolve": "off"})
        columns = len(signs) * self._size
        infinite = np.full(columns, highspy.kHighsInf)
        self._lp.addVars(columns, -infinite, infinite)
        self._rows: list[tuple[Row, bool, bool]] = []  # whether the lower side holds, and the upper side
        self._pushed: list[int] = []
        self._blocks: dict[tuple[int, tuple[Pattern, ...]], _Block] = {}

    def push(self, samples: Iterable[tuple[int, tuple[Pattern, ...]]]) -> None:
        """Add what is known of samples that have one of some patterns."""
        before = len(self._rows)
        for sample, patterns in samples:
            if (sample, patterns) not in self._blocks:
                self._blocks[sample, patterns] = self._block(sample, patterns)
            block = self._blocks[sample, patterns]
            self._rows += block.rows
            count, entries = len(block.rows), len(block.entries)
            self._lp.addRows(
                count, block.low, block.high, entries, block.starts, block.columns, block.entries
            )
        self._pushed.append(len(self._rows) - before)

    def _block(self, sample: int, patterns: tuple[Pattern, ...]) -> _Block:
        rows = self._known(sample, patterns)
        matrix = np.array([self._vector(row) for row, _, _ in rows])
        matrix = matrix.reshape(-1, len(self._signs) * self._size)
        ends = np.array([self._ends(*row) for row in rows]).reshape(-1, 2)
        used = matrix != 0
        starts = np.cumsum(used.sum(axis=1)) - used.sum(axis=1)
        columns = np.nonzero(used)[1].astype(np.int32)
        return _Block(
            rows, ends[:, 0].copy(), ends[:, 1].copy(), starts.astype(np.int32), columns, matrix[used]
        )

    def pop(self) -> None:
        """Take back the last push."""
        count = self._pushed.pop()
        if count:
            del self._rows[-count:]
            first = len(self._rows)
            self._lp.deleteRows(count, np.arange(first, first + count, dtype=np.int32))

    def solution(self) -> FloatArray | None:
        """Return neurons (K, r) that meet all rows, None if there are none."""
        for from_scratch in (False, True):
            if from_scratch:  # the last basis was seen to lead nowhere
                self._lp.clearSolver()
            self._lp.run()
            status = self._lp.getModelStatus()
            if status == highspy.HighsModelStatus.kInfeasible:
                return None
            if status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty):
                values = np.array(self._lp.getSolution().col_value)
                return values.reshape(len(self._signs), self._size)
        # it cannot tell, so that whatever neurons there are will do to branch on
        values = np.array(self._lp.getSolution().col_value)
        known = len(values) > 0 and bool(np.isfinite(values).all())
        return (values if known else np.zeros(len(self._signs) * self._size)).reshape(-1, self._size)

    def contradiction(self) -> Contradiction:
        """Return multipliers of the rows that were found to contradict each other, verified."""
        _, found, ray = self._lp.getDualRay()
        rows = [row for row, _, _ in self._rows]
        exponents = [self._data.scales[row.sample].bit_length() - 1 for row in rows]
        multipliers = (
            refutation_near(self._data, self._signs, rows, np.array(ray), exponents) if found else None
        )
        # a row may be there twice, each time with one side
        sides = {(row, lower) for row, *holds in self._rows for lower in (True, False) if holds[not lower]}
        if multipliers is None or not all((row, m > 0) in sides for row, m in multipliers):
            raise _GivenUpError
        return _contradiction(multipliers)

    def violations(self, neurons: FloatArray) -> FloatArray:
        """Return by how much a network misses each interval (N,), negative where it does not."""
        values = np.maximum(self._coordinates.rows @ neurons.T, 0.0) @ np.array(self._signs, float)
        missed: FloatArray = np.maximum(self._low - values, values - self._high)
        return missed

    def _known(self, sample: int, patterns: Sequence[Pattern]) -> list[tuple[Row, bool, bool]]:
        """Return the rows of a sample with one of some patterns, and which of their sides hold."""
        rows = []
        for k in range(len(self._signs)):
            if len({pattern[k] for pattern in patterns}) == 1:
                active = bool(patterns[0][k])
                rows.append((Row(sample, k, patterns[0]), active, not active))
        if len(patterns) == 1:
            return [*rows, (Row(sample, -1, patterns[0]), True, True)]
        for sign in (1, -1):
            own = [k for k, s in enumerate(self._signs) if s == sign]
            if len({tuple(pattern[k] for k in own) for pattern in patterns}) == 1:
                functions = {self._completed(patterns[0], own, n) for n in range(2 ** len(self._signs))}
                rows += [(Row(sample, -1, function), sign > 0, sign < 0) for function in sorted(functions)]
        return rows

    def _completed(self, pattern: Pattern, own: Sequence[int], number: int) -> Pattern:
        """Return a pattern with other bits for neurons that are not among its own."""
        return tuple(bit if k in own else number >> k & 1 for k, bit in enumerate(pattern))

    def _vector(self, row: Row) -> FloatArray:
        """Return the coefficients of a row in the program's coordinates."""
        factors = np.zeros(len(self._signs))
        if row.neuron >= 0:
            factors[row.neuron] = 1.0
        else:
            factors = np.array(row.bits, float) * self._signs
        return np.kron(factors, self._coordinates.rows[row.sample])

    def _ends(self, row: Row, lower: bool, upper: bool) -> tuple[float, float]:
        low = self._low[row.sample] if row.neuron < 0 else 0.0
        high = self._high[row.sample] if row.neuron < 0 else 0.0
        return (
            float(low) if lower else -highspy.kHighsInf,
            float(high) if upper else highspy.kHighsInf,
        )


def _contradiction(multipliers: Multipliers) -> Contradiction:
    return Contradiction(
        tuple((row.sample, row.bits, m) for row, m in multipliers if row.neuron < 0),
        tuple((row.neuron, row.sample, m) for row, m in multipliers if row.neuron >= 0),
    )
