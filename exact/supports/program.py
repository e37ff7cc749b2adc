"""The linear program of a tree whose neurons use some entries of their vectors only."""

import functools
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.columns import network_with_multiples
from sparsest.exact.arithmetic.rational_problem import ExactData, Row
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.lp.row_stack import Simplex
from sparsest.exact.supports.coordinates import EntryCoordinates, affine_block
from sparsest.exact.tree.node_program import FeasibilityProgram
from sparsest.network import Network
from sparsest.problem import Problem


class RestrictedProgram(FeasibilityProgram):
    """As `FeasibilityProgram`, with coordinates of its own for each neuron.

    Points are arrays (K, r), and r numbers of what is free beside the neurons after them, those of an affine
    term, then coefficients of columns: a block's coordinates, then zeros. Without a weight bound.

    Parameters
    ----------
    problem, data, coordinates, signs
        As there.
    neurons : sequence of EntryCoordinates (K,)
        Those of each neuron.
    """

    def __init__(
        self,
        problem: Problem,
        data: ExactData,
        coordinates: Coordinates,
        signs: tuple[int, ...],
        neurons: Sequence[EntryCoordinates],
    ) -> None:
        self._coordinates, self._blocks = coordinates, neurons
        self._sample_exponents = [scale.bit_length() - 1 for scale in data.scales]
        self._signs, self._outputs = signs, np.array(signs, dtype=np.float64)
        self._has_term, self._columns = problem.has_affine_term, data.columns
        rows, free = [block.rows for block in neurons], [np.zeros((problem.n_samples, 0))]
        if self._has_term:
            free.append(affine_block(coordinates))
        if data.columns:
            table, exponents = coordinates.with_columns
            self._exponents = exponents[list(data.columns)]
            free.append(table[:, list(data.columns)])
        self._affine, self._bound = None, None
        if len(free) > 1:
            rows.append(np.concatenate(free, axis=1))
            self._affine = np.ones(rows[-1].shape[1])
        self._low = problem.low / coordinates.scale
        self._high = problem.high / coordinates.scale
        self._ranks = [block.shape[1] for block in rows]
        self._r = max(self._ranks, default=0)
        self._flat = np.concatenate([np.zeros((problem.n_samples, 0)), *rows], axis=1)
        self.rows: list[Row] = []
        self.exponents: list[int] = []
        self._forget_path()

    @functools.cached_property
    def _padded(self) -> FloatArray:
        """The samples (K, N, r) in the coordinates of each block, and zeros behind them."""
        found = np.zeros((len(self._ranks), len(self._flat), self._r))
        for block, last, rank in zip(found, itertools.accumulate(self._ranks), self._ranks, strict=True):
            block[:, :rank] = self._flat[:, last - rank : last]
        return found

    @functools.cached_property
    def _place(self) -> NDArray[np.intp]:
        """Where each coordinate of a point is in an array (K, r)."""
        places = [np.arange(rank) + k * self._r for k, rank in enumerate(self._ranks)]
        return np.concatenate([np.zeros(0, dtype=np.intp), *places])

    def neurons_at(self, point: FloatArray) -> FloatArray:
        """Return the coordinates of a point as neurons, padded with zeros."""
        found = np.zeros((len(self._ranks), self._r))
        found.flat[self._place] = point
        return found

    def network(self, neurons: FloatArray) -> Network | None:
        """Return `neurons` as a network in the problem's units; None when that leaves the range of floats."""
        width, scale = len(self._signs), self._coordinates.scale
        pairs = zip(neurons, self._blocks, strict=False)
        with np.errstate(over="ignore", invalid="ignore"):
            folded = [scale * (z[: len(block.back)] @ block.back) for z, block in pairs]
            term = self._term(neurons[width]) if self._has_term else None
            multiples = scale * self._coefficients(neurons)
        table = np.array(folded).reshape(width, self._features + 1)
        found = [multiples, table] if term is None else [multiples, table, term]
        if not all(np.isfinite(each).all() for each in found):
            return None
        return network_with_multiples(table, self._signs, term, self._columns, multiples)

    def violation(self, neurons: FloatArray) -> FloatArray:
        """Return by how much `neurons` miss each interval (N,), in the problem's units."""
        inputs = (self._padded @ neurons[:, :, None])[:, :, 0]
        width = len(self._signs)
        values = self._outputs @ np.maximum(inputs[:width], 0.0)
        if self._affine is not None:
            values = values + inputs[width]
        missed: FloatArray = np.maximum(self._low - values, values - self._high)
        return np.maximum(missed, 0.0) * self._coordinates.scale

    def bits(self, neurons: FloatArray, sample: int) -> list[bool]:
        """Return which neurons are active on a sample."""
        width = len(self._signs)
        active: list[bool] = ((self._padded[:width, sample] * neurons[:width]).sum(axis=1) >= 0).tolist()
        return active

    @property
    def _features(self) -> int:
        return len(self._coordinates.exponents) - 1

    def _coefficients(self, neurons: FloatArray) -> FloatArray:
        """Return the coefficients of columns, the labels' scale apart."""
        if not self._columns:
            return np.zeros(0)
        last = self._ranks[-1]
        return np.ldexp(neurons[-1, last - len(self._columns) : last], -self._exponents)

    def _term(self, block: FloatArray) -> FloatArray:
        """Return the affine term (d + 1,) in the problem's units."""
        spread = np.zeros((1, len(self._coordinates.affine)))
        allowed = self._coordinates.affine > 0
        spread[0, allowed] = block[: int(allowed.sum())]
        term = self._coordinates.original(spread)[0]
        if not allowed.all():
            term[:-1] = 0.0
        return np.asarray(term, dtype=np.float64)

    def _every_row(self) -> FloatArray:
        return self._flat

    def _push(self, simplex: Simplex, sample: int, bits: tuple[int, ...]) -> None:
        simplex.push(self._flat[sample], bits, float(self._low[sample]), float(self._high[sample]))
