"""Every activation pattern that a ReLU neuron can have on the data: the cells of a central arrangement.

The hyperplanes ``{u : xh_i . u = 0}`` with ``xh_i = (x_i, 1)`` cut R^(d+1) into cones. Each cone is found
once, at its lowest point in a chart with generic coordinates (see `sparsest.exact.cells.stream`), so cells
can stream by without being kept.
"""

import dataclasses
import functools
import math
from collections.abc import Iterable, Iterator
from decimal import Decimal

import flint
import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest.arrays import FloatArray, exact_floats
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.exact.cells.arrangement import IntegerArray
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.cells.interior_points import interior_points, make_coordinates
from sparsest.exact.cells.packed_patterns import pack, sorted_words, unpack
from sparsest.exact.cells.stream import upper_cells
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Entries of `Cells.patterns` that `enumerate_cells` returns, a byte each: a gigabyte. The work arrays take
# about as much again.
MAX_PATTERN_ENTRIES = 10**9

# About what it takes to put an entry of what was found into a table.
_SECONDS_A_BIT = 4e-9

BoolArray = NDArray[np.bool_]


class TooManyCellsError(InputError):
    """There are more cells than somebody has use for."""


@dataclasses.dataclass(frozen=True, eq=False)
class Cells:
    """Full-dimensional cells of the arrangement of some data.

    Attributes
    ----------
    patterns : array of bool (C, N)
        Distinct cells; the columns are the samples as given, so repeated samples have equal columns.
    inputs : array (N, d)
        The samples, decimals in units in which they are integers.
    units : array (d,) or None
        How many of those units are one of the user's.

    Examples
    --------
    >>> from sparsest import exact
    >>> cells = exact.enumerate_cells([[0.0], [1.0]])
    >>> cells.patterns
    array([[False, False],
           [False,  True],
           [ True, False],
           [ True,  True]])
    >>> cells.points.shape
    (4, 2)
    """

    patterns: BoolArray
    inputs: FloatArray = dataclasses.field(repr=False)
    units: FloatArray | None = dataclasses.field(default=None, repr=False)

    @functools.cached_property
    def points(self) -> FloatArray:
        """A vector (C, d + 1) strictly inside each cell, largest entry 1 in absolute value.

        With binary data and the vector taken exactly, ``xh_i . u > 0`` where the bit is set and ``< 0`` where
        it is not; with decimals the vector was converted to their units and rounded. A row of nan marks a
        cell so thin that no such float64 vector was found; its pattern is right all the same. That takes
        samples that are almost degenerate, to within rounding: the binary floats of decimals on a grid, where
        three points of a line are not quite collinear (5 percent of the cells of ``0.1 * (i, j)`` to 10).

        Computed when first asked for, which takes longer than the patterns did: some 7 times as long for the
        cells of 100 samples in the plane, and as long for every block of a stream.

        Raises
        ------
        InputError
            When N and d are too large for it.
        """
        first, _ = _distinct(self.inputs)
        points = interior_points(self.inputs[first], self.patterns[:, first])
        if self.units is None or np.all(self.units == 1):
            return points
        points = points * np.r_[self.units, 1.0]
        return np.asarray(points / np.abs(points).max(axis=1, keepdims=True))


def count_in_general_position(n_samples: int, rank: int) -> int:
    """Return the number of cells of `n_samples` hyperplanes in general position, an upper bound for any.

    Parameters
    ----------
    n_samples : int
        Number of distinct samples, at least 1.
    rank : int
        Rank of ``[X, 1]``: d + 1, unless the data are degenerate.

    Notes
    -----
    Cover, "Geometrical and statistical properties of systems of linear inequalities with applications in
    pattern recognition", 1965, Theorem 1.

    Examples
    --------
    >>> count_in_general_position(4, 3)
    14
    """
    return 2 * sum(math.comb(n_samples - 1, k) for k in range(rank))


def enumerate_cells(
    X: ArrayLike, *, time_limit: float | None = None, numbers: str | Numbers = Numbers.AUTO
) -> Cells:
    """Enumerate the cells that the samples X (N, d) cut the space of neurons into.

    Signs are decided exactly, so repeated, collinear or otherwise degenerate samples, constant or dependent
    features and any mixture of scales are all welcome. In general position time grows with the number of
    cells times N, for small d.

    Parameters
    ----------
    X : array-like (N, d)
        Inputs.
    time_limit : float, optional
        Seconds after which the enumeration ends with an error.
    numbers : {"auto", "decimal", "binary"}
        What they stand for, as for `sparsest.Problem`: decimals, or exactly the binary floats that they are.

    Returns
    -------
    Cells
        Every cell once, patterns in lexicographic order.

    Raises
    ------
    InputError
        When X is not a finite matrix, or may have so many cells that they would fill the memory.
    TimeLimitError
        When the time limit ended it.

    Examples
    --------
    >>> enumerate_cells([[0.0], [1.0]]).patterns.astype(int)
    array([[0, 0],
           [0, 1],
           [1, 0],
           [1, 1]])
    """
    inputs, units = _whole_inputs(X, numbers)
    return dataclasses.replace(cells_until(inputs, Deadline(time_limit)), units=units)


def cells_until(X: ArrayLike, deadline: Deadline, max_cells: float = math.inf) -> Cells:
    """Enumerate cells as `enumerate_cells` does with binary floats, within a caller's deadline.

    Raises
    ------
    TooManyCellsError
        As soon as there are more than `max_cells`.
    """
    inputs, rows, inverse = _prepared(X)
    refuse_too_many_cells(inputs, rows)
    blocks, found = [], 0
    for block in upper_cells(rows, deadline):
        blocks.append(pack(block))
        found += 2 * len(block)
        if found > max_cells:
            raise TooManyCellsError(f"X has more than {max_cells:.3g} activation patterns")
    if _SECONDS_A_BIT * found * len(inputs) > deadline.remaining:
        raise TimeLimitError("the time limit would end before all cells found are in one table")
    words = sorted_words(np.concatenate(blocks))
    upper = unpack(words, len(rows))
    patterns = np.concatenate([~upper[::-1], upper])
    return Cells(_repeated(patterns, inverse), inputs)


def iterate_cells(
    X: ArrayLike,
    *,
    block_size: int = 2**16,
    time_limit: float | None = None,
    numbers: str | Numbers = Numbers.AUTO,
) -> Iterator[Cells]:
    """Iterate over the cells in blocks, each cell once over all blocks, in no particular order.

    Memory holds a block, and tables of about d / N times the bytes of all cells.

    Parameters
    ----------
    X : array-like (N, d)
        Inputs.
    block_size : int
        Largest number of cells in a block, at least 2: a cell and its opposite come together.
    time_limit : float, optional
        Seconds after which the blocks end with an error.
    numbers : {"auto", "decimal", "binary"}
        What they stand for, as for `sparsest.Problem`.

    Yields
    ------
    Cells
        A block of them.

    Raises
    ------
    InputError
        When X is not a finite matrix, or the tables would fill the memory.
    TimeLimitError
        When the time limit ended before the last block.

    Examples
    --------
    >>> sum(len(block.patterns) for block in iterate_cells([[0.0], [1.0], [5.0]], block_size=2))
    6
    """
    inputs, units = _whole_inputs(X, numbers)
    blocks = iterate_until(inputs, Deadline(time_limit), block_size)
    return (dataclasses.replace(block, units=units) for block in blocks)


def iterate_until(X: ArrayLike, deadline: Deadline, block_size: int = 2**16) -> Iterator[Cells]:
    """Iterate over cells as `iterate_cells` does with binary floats, within a caller's deadline."""
    if isinstance(block_size, bool) or not isinstance(block_size, int | np.integer) or block_size < 2:
        raise InputError(f"block_size = {block_size!r:.40}: it must be an integer, at least 2")
    inputs, rows, inverse = _prepared(X)
    return _stream(inputs, rows, inverse, int(block_size) // 2, deadline)


def _stream(
    inputs: FloatArray, rows: IntegerArray, inverse: NDArray[np.intp], most: int, deadline: Deadline
) -> Iterator[Cells]:
    for upper in _regrouped(upper_cells(rows, deadline), most):
        yield Cells(_repeated(np.concatenate([upper, ~upper]), inverse), inputs)


def _regrouped(blocks: Iterable[BoolArray], most: int) -> Iterator[BoolArray]:
    """Yield the rows of the blocks again, at most `most` at a time; small blocks are put together."""
    waiting: list[BoolArray] = []
    count = 0
    for block in blocks:
        for start in range(0, len(block), most):
            part = block[start : start + most]
            if count + len(part) > most:
                yield np.concatenate(waiting)
                waiting, count = [], 0
            waiting.append(part)
            count += len(part)
    if waiting:
        yield np.concatenate(waiting)


def _prepared(X: ArrayLike) -> tuple[FloatArray, IntegerArray, NDArray[np.intp]]:
    """Return checked inputs, distinct homogeneous samples in integers, and which of them each row is."""
    inputs = _finite_matrix(X)
    first, inverse = _distinct(inputs)
    return inputs, make_coordinates(inputs[first]).integers, inverse


def _finite_matrix(X: ArrayLike) -> FloatArray:
    """Check X as `Problem` does."""
    return _unasked(X, Numbers.BINARY).X


def _whole_inputs(X: ArrayLike, numbers: str | Numbers) -> tuple[FloatArray, FloatArray]:
    """Return inputs in units in which decimals are integers, and how many are one of the user's."""
    problem = _unasked(X, numbers)
    return problem.in_integers.X, 10.0 ** np.array(problem.places[:-1], dtype=np.float64)


def _unasked(X: ArrayLike, numbers: str | Numbers) -> Problem:
    """Return the problem of a function without any demands on it."""
    inputs = exact_floats(X, "X")
    free = np.full(inputs.shape[:1], np.inf)
    return Problem.from_intervals(inputs, -free, free, numbers=numbers)


def _distinct(inputs: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first row of each distinct sample, and the distinct sample of each row.

    Distinct samples are in order of first appearance, so that patterns sorted by their bits are also sorted
    by the bits of all rows.
    """
    _, first, inverse = np.unique(inputs, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order], np.argsort(order)[inverse]


def _repeated(patterns: BoolArray, inverse: NDArray[np.intp]) -> BoolArray:
    """Give repeated samples their columns; without any, columns are in place already."""
    return patterns if len(inverse) == patterns.shape[1] else patterns[:, inverse]


def refuse_too_many_cells(
    inputs: FloatArray, rows: IntegerArray, max_entries: int = MAX_PATTERN_ENTRIES
) -> None:
    """Raise `InputError` when patterns of inputs (N, d), distinct in rows (n, d + 1), may fill the memory."""
    # the rank of some rows is no larger than that of all, mostly the same, and known at once
    for some in (2 * rows.shape[1], len(rows)):
        rank = int(flint.fmpz_mat(rows[:some].tolist()).rank())
        count = count_in_general_position(len(rows), rank)
        if count * len(inputs) > max_entries or some >= len(rows):
            break
    if count * len(inputs) > max_entries:
        raise InputError(
            f"up to {Decimal(count):.3g} cells for N = {len(inputs)} samples and d = {inputs.shape[1]} "
            f"features (rank {rank}) are too many to keep: use fewer samples or features, iterate_cells, "
            f"or a method without cells (the activation tree)"
        )
