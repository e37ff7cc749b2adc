"""Several classes: which two are told apart first, and what comes of it."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.classes.networks import ClassFinder
from sparsest.exact.classes.orders import NoOrder, no_order
from sparsest.exact.classes.proof import write_proof
from sparsest.exact.outputs.search import Direction, Finder
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.progress import Deadline
from sparsest.results.multi_class import MultiClassResult

# Pairs of classes that are looked at: those with the nearest middles.
_PAIRS: Final = 200
# Penalty on the least squares that separate two classes.
_RIDGE: Final = 1e-6


class SharedClasses:
    """A problem with several classes, as `sparsest.exact.outputs.search` asks about it.

    A direction has a 1 at one class and a -1 at another: on the samples of these two the difference of their
    outputs separates them. No other integer direction says more (docs/proofs.md, P7).
    """

    def __init__(self, problem: MultiClassProblem) -> None:
        self.problem = problem
        self.reason = "several classes: every two are told apart on their samples"
        self._unordered: NoOrder | None = None

    @property
    def directions(self) -> Sequence[Direction]:
        """Pairs of classes, those that one affine function does not separate first.

        Of the others, for which one neuron does, a single one is tried, and none where two are necessary.
        """
        hard: list[tuple[int, Direction]] = []
        easy: list[Direction] = []
        for one, other in _nearest_pairs(self.problem):
            direction = tuple((c == one) - (c == other) for c in range(self.problem.n_outputs))
            wrong = _wrong_sides(self.problem, one, other)
            if wrong:
                hard.append((-wrong, direction))
            else:
                easy.append(direction)
        return [*(direction for _, direction in sorted(hard)), *easy[: self._unordered is None]]

    def finder(self, deadline: Deadline, tell: Callable[[str], None]) -> ClassFinder:
        """Return what looks for networks."""
        return ClassFinder(self.problem, deadline, tell)

    def bound_of_all(self, deadline: Deadline) -> int:
        """Return 2 where one neuron puts the classes into no order, else 0."""
        # in the units of a proof: an order does not depend on them
        data = ExactData(self.problem.samples.in_integers)
        self._unordered = no_order(self.problem, data, deadline)
        return 0 if self._unordered is None else 2

    def write_proof(
        self, path: Path, direction: Direction | None, scalar: Path | None, finder: Finder, lower_bound: int
    ) -> tuple[str, bool]:
        """Write a proof, as `sparsest.exact.classes.proof` does."""
        pair = _nearest_pairs(self.problem)[0] if direction is None else _pair(direction)
        return write_proof(path, self.problem, pair, scalar, self._unordered, finder.network, lower_bound)

    def result(self, direction: Direction | None, tried: int, **fields: Any) -> MultiClassResult:
        """Return the result with these fields of `CountBounds`."""
        names, network = self.problem.classes, fields["network"]
        unordered = self._unordered if direction is None else None
        return MultiClassResult(
            classes=names,
            accuracy=None if network is None else self.problem.accuracy(network(self.problem.X)),
            between=None if direction is None else tuple(names[c] for c in _pair(direction)),
            unordered=() if unordered is None else tuple(names[c] for c in unordered.classes),
            pairs=tried,
            **fields,
        )


def _pair(direction: Direction) -> tuple[int, int]:
    return direction.index(1), direction.index(-1)


def _nearest_pairs(problem: MultiClassProblem) -> list[tuple[int, int]]:
    """Return pairs of classes that have samples, those with the nearest middles first."""
    present = np.unique(problem.labels)
    spread = np.ptp(problem.X, axis=0)
    spread[spread == 0] = 1.0
    middles = np.stack([problem.X[problem.labels == c].mean(axis=0) / spread for c in present])
    pairs = list(itertools.combinations(range(len(present)), 2))
    if not pairs:  # a single class has samples
        return [(int(present[0]), int(present[0] == 0))]
    distances = [float(np.linalg.norm(middles[a] - middles[b])) for a, b in pairs]
    order = np.argsort(distances, kind="stable")[:_PAIRS]
    return [(int(present[pairs[n][0]]), int(present[pairs[n][1]])) for n in order]


def _wrong_sides(problem: MultiClassProblem, one: int, other: int) -> int:
    """Return how many samples of two classes the affine function of least squares puts on the wrong side."""
    rows = (problem.labels == one) | (problem.labels == other)
    X, sides = problem.X[rows], np.where(problem.labels[rows] == one, 1.0, -1.0)
    spread = np.ptp(X, axis=0)
    spread[spread == 0] = 1.0
    table = np.c_[(X - X.mean(axis=0)) / spread, np.ones(len(X))]
    normal = table.T @ table + _RIDGE * len(X) * np.eye(table.shape[1])
    values = table @ np.linalg.solve(normal, table.T @ sides)
    return int(np.count_nonzero(values * sides <= 0))
