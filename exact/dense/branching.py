"""Refute networks by branching on patterns of samples, with linear programs that know something of all.

In the activation tree a sample counts once it is branched on. But where there is no affine term and one
neuron of sign 1 alone, that one is active on every sample above 0, and on a sample with the active neurons A
of sign 1 the network is ``min over B of h_(A, B)``, h being the functions of patterns and B any neurons of
sign -1: so all of these functions are at least as high as the interval's lower end. With one neuron of sign
-1 all h_(A, B) are at most as high as the upper end of samples below 0. These rows are there from the first
node on, and with one neuron of either sign a few branches mostly end the search.
"""

from collections.abc import Sequence
from typing import Final

import highspy
import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.farkas import Multipliers, refutation_near
from sparsest.exact.arithmetic.rational_problem import ExactData, Row
from sparsest.exact.dense.classes import Pattern, Setting, possible, representative
from sparsest.exact.dense.steps import BranchingStep, Contradiction, Refutation
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.highs import new_solver
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Rows that the network found misses by less than this, relative to the labels, are met as far as floats tell.
_MET: Final = 1e-7


class _GivenUpError(Exception):
    """A node could not be decided, or there are too many."""


def refute_by_branching(
    problem: Problem, signs: tuple[int, ...], max_nodes: int, deadline: Deadline
) -> Refutation | None:
    """Refute the networks with some output signs.

    Parameters
    ----------
    problem : Problem
        Its inputs are distinct.
    signs : tuple of +1 and -1 (K,)
        Output signs.
    max_nodes : int
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
        return _Branches(problem, signs, max_nodes, deadline).refute(())
    except _GivenUpError:
        return None


class _Branches:
    """The search, from one node down to the next."""

    def __init__(self, problem: Problem, signs: tuple[int, ...], max_nodes: int, deadline: Deadline) -> None:
        rows = np.column_stack([problem.X, np.ones(problem.n_samples)])
        setting = Setting(rows, problem.low, problem.high, signs, False)
        allowed, _ = possible(setting, ())
        every = setting.patterns
        self._possible = [[every[n] for n in np.flatnonzero(row)] for row in allowed]
        self._program = _Program(problem, signs)
        self._program.push(list(enumerate(self._possible)))
        self._signs, self._left, self._deadline = signs, max_nodes, deadline

    def refute(self, path: tuple[tuple[int, Pattern], ...]) -> Refutation:
        """Refute the networks with some patterns on the samples of a path."""
        self._left -= 1
        if self._left < 0 or self._deadline.expired:
            raise _GivenUpError
        neurons = self._program.solution()
        if neurons is None:
            return self._program.contradiction()
        sample = self._program.most_violated(neurons, [sample for sample, _ in path])
        given = [pattern for _, pattern in path]
        following: dict[Pattern, Refutation] = {}
        for pattern in self._possible[sample]:
            pattern = representative(pattern, self._signs, given)
            if pattern not in following:
                self._program.push([(sample, [pattern])])
                following[pattern] = self.refute((*path, (sample, pattern)))
                self._program.pop()
        return BranchingStep(sample, following)


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

    def push(self, samples: Sequence[tuple[int, Sequence[Pattern]]]) -> None:
        """Add what is known of samples that have one of some patterns."""
        rows = [row for sample, patterns in samples for row in self._known(sample, patterns)]
        self._pushed.append(len(rows))
        self._rows += rows
        matrix = np.array([self._vector(row) for row, _, _ in rows])
        matrix = matrix.reshape(-1, len(self._signs) * self._size)
        ends = np.array([self._ends(*row) for row in rows]).reshape(-1, 2)
        used = matrix != 0
        starts = np.r_[0, np.cumsum(used.sum(axis=1))[:-1]] if len(rows) else np.zeros(0)
        self._lp.addRows(
            len(rows),
            ends[:, 0].copy(),
            ends[:, 1].copy(),
            int(used.sum()),
            starts.astype(np.int32),
            np.nonzero(used)[1].astype(np.int32),
            matrix[used],
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
        raise _GivenUpError

    def contradiction(self) -> Contradiction:
        """Return multipliers of the rows that were found to contradict each other, verified."""
        _, found, ray = self._lp.getDualRay()
        rows = [row for row, _, _ in self._rows]
        exponents = [self._data.scales[row.sample].bit_length() - 1 for row in rows]
        multipliers = (
            refutation_near(self._data, self._signs, rows, np.array(ray), exponents) if found else None
        )
        sides = {row: (lower, upper) for row, lower, upper in self._rows}
        if multipliers is None or not all(sides[row][0 if m > 0 else 1] for row, m in multipliers):
            raise _GivenUpError
        return _contradiction(multipliers)

    def most_violated(self, neurons: FloatArray, decided: Sequence[int]) -> int:
        """Return the sample whose interval a network misses most, of those not yet branched on."""
        values = np.maximum(self._coordinates.rows @ neurons.T, 0.0) @ np.array(self._signs, float)
        missed = np.maximum(self._low - values, values - self._high)
        missed[list(decided)] = -np.inf
        sample = int(np.argmax(missed))
        if not missed[sample] > _MET:
            raise _GivenUpError  # a network, it seems: the search for one goes on elsewhere
        return sample

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
