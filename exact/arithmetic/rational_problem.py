"""A problem's data in rational arithmetic, and the rows of its linear programs.

Data are binary floats or decimals, so every row is a vector of integers after scaling.
"""

import copy
import functools
import math
import operator
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import flint
import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.columns import with_columns
from sparsest.problem import Problem


class Row(NamedTuple):
    """A row of the tree's linear program.

    With a neuron: ``xh_i . u_neuron >= 0`` when ``bits[neuron]``, else ``<= 0``. Without (-1): the value
    ``sum_k bits_k sign_k xh_i . u_k [+ a . x_i] [+ c]`` lies in sample i's interval. With sample -1:
    ``|u_neuron,j| <= weight_bound`` for the coordinate `j`.
    """

    sample: int
    neuron: int
    bits: tuple[int, ...]
    coordinate: int = -1


class ExactData:
    """A problem's data as integers and rationals; row i of ``[X, 1]`` is scaled by ``scales[i]``.

    `supports` are the entries that each neuron may use, where not all of them, and `columns` functions of the
    inputs that are added with coefficients of their own; see `restricted`.
    """

    def __init__(self, problem: Problem) -> None:
        self.supports: Sequence[tuple[int, ...]] | None = None
        self.columns: tuple[int, ...] = ()
        self._rows_of: dict[tuple[int, ...], list[list[int]]] = {}
        # systems of equations in these data that were solved before, whatever neurons may use
        self.solved: dict[tuple[int, ...], list[int] | None] = {}
        self._kinds: dict[tuple[int, ...], int] = {}
        self._entries: list[tuple[int, ...]] = []  # those of each kind
        self._blocks: dict[int, dict[int, list[list[flint.fmpz]]]] = {}
        self._intervals: dict[int, tuple[flint.fmpq | None, flint.fmpq | None]] = {}
        self.problem = problem
        self.size = problem.n_features + 1
        whole, units = problem.in_integers, [10**k for k in problem.places]
        self._whole = whole
        self.scales: list[int] = []
        self.rows: list[list[int]] = []
        for values in whole.X.tolist():
            pairs = [_lowest_terms(value, unit) for value, unit in zip(values, units[:-1], strict=True)]
            scale = math.lcm(*(bottom for _, bottom in pairs))
            self.scales.append(scale)
            self.rows.append([*(top * (scale // bottom) for top, bottom in pairs), scale])
        self._low, self._high, self._unit = whole.low.tolist(), whole.high.tolist(), units[-1]
        self.weight_bound = (
            None
            if whole.weight_bound is None
            else rational(whole.weight_bound) * flint.fmpq(units[0], units[-1])
        )

    def with_intervals(self, problem: Problem) -> "ExactData":
        """Return the same inputs with the intervals of another problem, whose inputs must be the same."""
        found = copy.copy(self)
        found.problem, found._whole, found._intervals = problem, problem.in_integers, {}
        found._low, found._high = found._whole.low.tolist(), found._whole.high.tolist()
        found._unit = 10 ** problem.places[-1]
        found.solved = {}
        found.__dict__.pop("whole_ends", None)
        return found

    def restricted(
        self, supports: Sequence[tuple[int, ...]] | None, columns: tuple[int, ...] = ()
    ) -> "ExactData":
        """Return the same data for networks whose neurons use some entries only; all of them for None.

        `columns` are places in `extended_rows`, each of which has a free coefficient beside the neurons.
        """
        for shared in ("extended_rows", "whole_ends", "scaled_with_columns", "centred"):
            getattr(self, shared)  # computed once, and not again for each of thousands of trees
        found = copy.copy(self)
        found.supports, found.columns = supports, columns
        for support in supports or ():
            if support not in self._rows_of:
                used = [int(j in support) for j in range(self.size)]
                self._rows_of[support] = [list(map(operator.mul, row, used)) for row in self.rows]
        return found

    @functools.cached_property
    def extended_rows(self) -> list[list[int]]:
        """The rows, and behind them max(0, x_j) and max(0, -x_j) of each feature, scaled alike."""
        return [[*row, *(max(0, side * x) for x in row[:-1] for side in (1, -1))] for row in self.rows]

    def kind_of(self, entries: tuple[int, ...]) -> int:
        """Return a number for a set of entries; the same in all restrictions of these data."""
        if entries not in self._kinds:
            self._kinds[entries] = len(self._entries)
            self._entries.append(entries)
        return self._kinds[entries]

    def entries_of(self, kind: int) -> tuple[int, ...]:
        """Return the entries that have a number."""
        return self._entries[kind]

    def in_block(self, kind: int) -> dict[int, list[list[flint.fmpz]]]:
        """Return under 1 the entries of each row that a kind has, and under -1 their opposites."""
        if kind not in self._blocks:
            entries = self.entries_of(kind)
            self._blocks[kind] = {
                sign: [[flint.fmpz(sign * row[j]) for j in entries] for row in self.extended_rows]
                for sign in (1, -1)
            }
        return self._blocks[kind]

    @functools.cached_property
    def whole_ends(self) -> list[tuple[int | None, int | None]]:
        """Ends of the intervals as `side_of` returns them, times a common factor that makes them integers."""
        ends = [
            [side_of(self, Row(i, -1, ()), lower) for lower in (True, False)] for i in range(len(self.rows))
        ]
        unit = math.lcm(*(int(end.q) for pair in ends for end in pair if end is not None))
        low, high = (
            [None if end is None else int((end * unit).p) for end in side] for side in zip(*ends, strict=True)
        )
        return list(zip(low, high, strict=True))

    def rows_of(self, neuron: int) -> list[list[int]]:
        """Return the rows with zeros for the entries that a neuron may not use."""
        return self.rows if self.supports is None else self._rows_of[self.supports[neuron]]

    @functools.cached_property
    def scaled(self) -> FloatArray:
        """``[X, 1]`` (N, d + 1) in floats, exact but for a factor of each column; entries of at most 1."""
        return _shrunk(np.c_[self._whole.X, np.ones(len(self._whole.X))])

    @functools.cached_property
    def scaled_with_columns(self) -> FloatArray:
        """The same, and columns behind it (N, 3 d + 1)."""
        return with_columns(self.scaled)

    @functools.cached_property
    def centred(self) -> FloatArray:
        """As `scaled`, in coordinates with a sample's values in the origin; each entry is rounded once."""
        X = self._whole.X
        middle = X.min(axis=0) / 2 + X.max(axis=0) / 2
        nearest = np.abs(X - middle).argmin(axis=0)
        return _shrunk(np.c_[X - X[nearest, np.arange(X.shape[1])], np.ones(len(X))])

    @property
    def float_ends(self) -> tuple[FloatArray, FloatArray]:
        """Ends of the intervals (N,), (N,), exact but for a common factor."""
        return self._whole.low, self._whole.high

    def interval(self, sample: int) -> tuple[flint.fmpq | None, flint.fmpq | None]:
        """Return the exact ends of a sample's interval, None where it is open-ended."""
        if sample not in self._intervals:
            ends = _end(self._low[sample], self._unit), _end(self._high[sample], self._unit)
            self._intervals[sample] = ends
        return self._intervals[sample]


def _shrunk(columns: FloatArray) -> FloatArray:
    """Divide each column by a power of two so that its entries are at most 1 in size; only zeros are zero."""
    size = np.abs(columns).max(axis=0, initial=0.0)
    shrunk = np.ldexp(columns, -np.where(size > 0, np.frexp(size)[1], 0))
    least = np.copysign(np.nextafter(0.0, 1.0), columns)
    return np.asarray(np.where((shrunk == 0) & (columns != 0), least, shrunk))


def _lowest_terms(value: float, unit: int) -> tuple[int, int]:
    """Return numerator and denominator of a float divided by a unit."""
    top, bottom = value.as_integer_ratio()
    if unit == 1:
        return top, bottom
    shared = math.gcd(top, unit)
    return top // shared, bottom * (unit // shared)


def _end(value: float, unit: int) -> flint.fmpq | None:
    return rational(value) / unit if math.isfinite(value) else None


def rational(value: float) -> flint.fmpq:
    """Return a finite float as an exact rational."""
    return flint.fmpq(*value.as_integer_ratio())


def fraction_to_rational(value: Fraction) -> flint.fmpq:
    """Return a Fraction as python-flint's rational."""
    return flint.fmpq(value.numerator, value.denominator)


def coefficients(data: ExactData, signs: Sequence[int], row: Row) -> list[int]:
    """Return a row's integer coefficients in the numbers of K neurons, an affine term if any, and columns.

    Where only a constant is free the slopes of that term have zeros, as have entries that a neuron may not
    use.
    """
    size, zeros = data.size, [0] * data.size
    affine = data.problem.has_affine_term
    vector: list[int] = []
    if row.coordinate >= 0:
        vector = [0] * (size * (len(signs) + affine) + len(data.columns))
        vector[row.neuron * size + row.coordinate] = 1
        return vector
    integers = data.rows[row.sample]
    for k, sign in enumerate(signs):
        if row.neuron != k and (row.neuron >= 0 or not row.bits[k]):
            vector += zeros
            continue
        used = data.rows_of(k)[row.sample]
        vector += used if row.neuron == k or sign > 0 else [-value for value in used]
    if affine and row.neuron >= 0:
        vector += zeros
    elif affine:
        vector += [0] * (size - 1) + integers[-1:] if data.problem.affine is Affine.CONSTANT else integers
    if data.columns:
        extended = data.extended_rows[row.sample]
        vector += [0 if row.neuron >= 0 else extended[column] for column in data.columns]
    return vector


def side_of(data: ExactData, row: Row, lower: bool) -> flint.fmpq | None:
    """Return the right-hand side of a row's lower or upper side, as `coefficients` scale it; None if open."""
    if row.coordinate >= 0:
        bound = data.weight_bound or flint.fmpq(0)
        return -bound if lower else bound
    if row.neuron >= 0:
        return flint.fmpq(0) if bool(row.bits[row.neuron]) == lower else None
    end = data.interval(row.sample)[0 if lower else 1]
    return None if end is None else end * data.scales[row.sample]
