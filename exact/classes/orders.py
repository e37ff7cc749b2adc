"""Why one neuron is too few for some classes: it puts them into an order, and no order is possible.

With one neuron, ``f(x) = v t(x) + c`` and ``t(x) = max(0, u . xh)``, the differences of two outputs are
monotone in t, so that all samples of one class have larger t than all of the other. The classes are thereby
in an order, and ``w . x`` decreases strictly from each class to the next where ``u = (w, b)``. A chain of
classes that no w puts into this order has nonnegative weights by which samples add up to nothing (Farkas),
and it is refuted in the opposite order as well. Every order that contains a refuted chain is refuted
(docs/proofs.md, P7).
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import flint
import numpy as np

from sparsest.affine import Affine
from sparsest.exact.arithmetic.echelon import null_vector_near
from sparsest.exact.arithmetic.farkas import in_integers
from sparsest.exact.arithmetic.rational_problem import ExactData, rational
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.progress import Deadline

Chain = tuple[int, ...]

# Weights below this share of the largest are zeros of a linear program.
_SUPPORT: Final = 1e-9
# Classes whose orders are looked at: there are 2520 of seven, and few that are possible of those that are
# worth going on with.
_MAX_CLASSES: Final = 7
# Numbers of a linear program up to which it is asked: some seconds.
_MAX_SIZE: Final = 2_000_000


class RefutedChain(NamedTuple):
    """Classes that no direction puts into this order, and the weights of samples that show it.

    Attributes
    ----------
    classes : tuple of int
        The order, whose opposite is refuted as well.
    weights : dict of int to int
        Whole numbers that are not zero, of samples' integer rows (`ExactData.rows`), which add up to zero.
    """

    classes: Chain
    weights: dict[int, int]


class NoOrder(NamedTuple):
    """Classes of which every order contains a refuted chain.

    Attributes
    ----------
    classes : tuple of int
        In the order in which they are put in between each other.
    chains : tuple of RefutedChain
        What refutes the orders.
    """

    classes: Chain
    chains: tuple[RefutedChain, ...]


def no_order(problem: MultiClassProblem, data: ExactData, deadline: Deadline) -> NoOrder | None:
    """Return why no order of the classes is possible; None if one is, or none of it is decided in time.

    Parameters
    ----------
    problem : MultiClassProblem
        Without a skip, which orders nothing; its inputs distinct.
    data : ExactData
        Its samples.
    deadline : Deadline
        No linear program is begun after it.
    """
    if problem.affine is Affine.SKIP:
        return None
    present = sorted(set(problem.labels.tolist()), key=lambda c: -np.count_nonzero(problem.labels == c))
    search = _Orders(problem, data, deadline)
    for used in range(2, min(len(present), _MAX_CLASSES) + 1):
        if search.all_refuted(tuple(present[:used])):
            return NoOrder(tuple(present[:used]), tuple(search.refuted.values()))
        if search.stopped:
            return None
    return None


def orders_left(classes: Sequence[int], refuted: Sequence[Chain]) -> Iterator[Chain]:
    """Yield the orders of some classes, one of each two opposite ones, that contain no refuted chain."""

    def longer(order: Chain, rest: Sequence[int]) -> Iterator[Chain]:
        if _contains(order, refuted):
            return
        if not rest:
            yield order
        for k in range(len(order) + 1) if rest else ():
            yield from longer((*order[:k], rest[0], *order[k:]), rest[1:])

    yield from (order for order in longer((), classes) if order <= order[::-1])


def _contains(order: Chain, refuted: Sequence[Chain]) -> bool:
    place = {c: k for k, c in enumerate(order)}
    for chain in refuted:
        at = [place.get(c, -1) for c in chain]
        if min(at) >= 0 and (at == sorted(at) or at == sorted(at, reverse=True)):
            return True
    return False


class _Orders:
    """Chains that are refuted so far, and those that are possible."""

    def __init__(self, problem: MultiClassProblem, data: ExactData, deadline: Deadline) -> None:
        self._problem, self._data, self._deadline = problem, data, deadline
        self._rows = {c: np.flatnonzero(problem.labels == c) for c in set(problem.labels.tolist())}
        spread = np.ptp(problem.X, axis=0)
        spread[spread == 0] = 1.0
        self._X = (problem.X - problem.X.mean(axis=0)) / spread
        self.refuted: dict[Chain, RefutedChain] = {}
        self.stopped = False

    def all_refuted(self, classes: Chain) -> bool:
        """Whether every order of these classes contains a refuted chain; the first that does not ends it."""
        while True:
            order = next(orders_left(classes, list(self.refuted)), None)
            if order is None:
                return True
            found = self._refutation(order)
            if found is None:
                return False
            self.refuted[order] = found

    def _refutation(self, order: Chain) -> RefutedChain | None:
        """Return why a chain is impossible; None if it is possible, or that is not decided."""
        links = list(itertools.pairwise(order))
        members = [(self._rows[a], self._rows[b]) for a, b in links]
        count = sum(len(a) + len(b) for a, b in members)
        d = self._problem.n_features
        if self._deadline.expired or count * (d + len(links)) > _MAX_SIZE:
            self.stopped = True
            return None
        matrix, rows, signs = np.zeros((d + len(links) + 1, count)), [], []
        column = 0
        for n, pair in enumerate(members):
            for sign, samples in zip((1, -1), pair, strict=True):
                part = slice(column, column + len(samples))
                matrix[:d, part] = sign * self._X[samples].T
                matrix[d + n, part] = sign
                if sign > 0:
                    matrix[-1, part] = 1.0
                rows += samples.tolist()
                signs += [sign] * len(samples)
                column += len(samples)
        weights = self._weights(matrix)
        if weights is None:
            return None
        return self._exact(order, weights, matrix[d:-1], rows, signs)

    def _weights(self, matrix: np.ndarray) -> np.ndarray | None:
        """Return nonnegative weights (M,) that combine the columns to zero; None if there are none."""
        from scipy.optimize import linprog  # `import sparsest.exact` is to stay light

        right = np.zeros(len(matrix))
        right[-1] = 1.0
        options: Any = {}
        if math.isfinite(self._deadline.remaining):
            options["time_limit"] = max(self._deadline.remaining, 1e-3)
        found = linprog(
            np.zeros(matrix.shape[1]), A_eq=matrix, b_eq=right, method="highs-ds", options=options
        )
        return None if found.x is None else np.asarray(found.x)

    def _exact(
        self, order: Chain, near: np.ndarray, links: np.ndarray, rows: list[int], signs: list[int]
    ) -> RefutedChain | None:
        """Return exact weights on the support of those in floats; None where they have other signs."""
        support = np.flatnonzero(near > _SUPPORT * near.max()).tolist()
        scales = [self._data.scales[rows[s]] for s in support]
        system = [
            [signs[s] * self._data.rows[rows[s]][j] for s in support] for j in range(self._problem.n_features)
        ]
        # sums over the links are of the samples, of which integer rows are multiples
        system += [[int(link[s]) * scale for s, scale in zip(support, scales, strict=True)] for link in links]
        reduced, denominator, rank = flint.fmpz_mat(system).rref()
        start = [rational(float(near[s])) / scale for s, scale in zip(support, scales, strict=True)]
        weights = null_vector_near(reduced, denominator, rank, start)
        if any(w < 0 for w in weights) or not any(w != 0 for w in weights):
            return None
        net: dict[int, flint.fmpq] = {}
        for s, w in zip(support, weights, strict=True):
            net[rows[s]] = net.get(rows[s], flint.fmpq(0)) + signs[s] * w
        used = in_integers((row, w) for row, w in net.items())
        return RefutedChain(order, dict(used)) if used else None
