"""A float64 vector strictly inside each cell, verified in exact arithmetic.

The sum of the rays that a cell touches is inside it. It is first taken in floats; where rounding spoils that
(thin cells), the rays are computed again in integers, added exactly, and only the result is rounded, along a
lattice basis that fits the cell.
"""

import dataclasses
import math
from fractions import Fraction

import flint
import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.signs import neuron_signs
from sparsest.exact.cells.arrangement import (
    Arrangement,
    IntegerArray,
    exact_integers,
    exact_rays,
    make_arrangement,
    rays,
)
from sparsest.exact.cells.ray_sums import ray_sums

BoolArray = NDArray[np.bool_]

# Pairs of a ray and a pattern at that ray: some 2 to 5 million a second, so about a minute.
MAX_CANDIDATES = 2 * 10**8

# Bits kept of the metric in which the lattice of floats is reduced: ten more than a full mantissa has, so
# that rounding the metric moves no distance to a facet by more than about a thousandth of its size.
_METRIC_BITS = 64

# Lengths at which the centre of a thin cell is rounded; which of them stay inside the thinnest is luck.
_LENGTHS = 32


@dataclasses.dataclass(frozen=True, eq=False)
class PointCoordinates:
    """The homogeneous samples in integers: ``integers[i] = ((x_i - centre) * factors, 1)``.

    Attributes
    ----------
    samples : array (n, d)
        The samples as floats.
    integers : array (n, d + 1)
        The same hyperplanes in shifted and scaled coordinates, as small as possible.
    centre : array (d,)
        The median of each feature, a value that occurs.
    factors : list of Fraction
        One positive number a feature, and 1 for the last column.
    """

    samples: FloatArray
    integers: IntegerArray
    centre: FloatArray
    factors: list[Fraction]


def make_coordinates(samples: FloatArray) -> PointCoordinates:
    """Turn samples (n, d) into integers exactly; offsets and scales of the features drop out."""
    size = len(samples)
    columns, factors = [], []
    middle = np.argsort(samples, axis=0, kind="stable")[size // 2]
    for feature, row in zip(samples.T, middle, strict=True):
        values, exponent = exact_integers(feature)
        shifted = values - values[row]
        divisor = int(np.gcd.reduce(shifted)) or 1
        columns.append(shifted // divisor)
        factors.append(1 / (Fraction(2) ** exponent * divisor))
    columns.append(np.ones(size, dtype=np.int64).astype(object))
    centre = np.take_along_axis(samples, middle[None, :], axis=0)[0]
    return PointCoordinates(samples, np.stack(columns, axis=1), centre, [*factors, Fraction(1)])


def interior_points(samples: FloatArray, patterns: BoolArray) -> FloatArray:
    """Return a vector (C, d + 1) inside each cell, a row of nan where no float64 vector was found.

    Time grows with ``C(n, r - 1) (n + 2^(r - 1))`` for rank r, however few cells are asked for.

    Parameters
    ----------
    samples : array (n, d)
        Distinct samples.
    patterns : array of bool (C, n)
        Cells, each at most once.

    Raises
    ------
    InputError
        When there are more than `MAX_CANDIDATES` pairs of a ray and a cell at it.
    """
    coordinates = make_coordinates(samples)
    arrangement = make_arrangement(coordinates.integers)
    _refuse_large(arrangement)
    points = _original(coordinates, arrangement, ray_sums(arrangement, patterns))
    failed = np.flatnonzero(~strictly_inside(coordinates.samples, patterns, points))
    if failed.size:
        sums = _exact_ray_sums(arrangement, patterns[failed])
        for cell, ray_sum in zip(failed, sums, strict=True):
            points[cell] = _rounded(coordinates, arrangement.basis, ray_sum, patterns[cell])
    return points


def _refuse_large(arrangement: Arrangement) -> None:
    height = arrangement.rank - 1
    candidates = math.comb(arrangement.size, height) * 2**height
    if candidates > MAX_CANDIDATES:
        raise InputError(
            f"points inside the cells of {arrangement.size} samples of rank {arrangement.rank} take "
            f"{candidates:.3g} pairs of a ray and a cell, more than {MAX_CANDIDATES:.3g}: "
            f"use the patterns alone, or fewer samples"
        )


def strictly_inside(samples: FloatArray, patterns: BoolArray, points: FloatArray) -> BoolArray:
    """Return for each of C cells whether its point (d + 1,) has exactly the signs of its pattern (n,)."""
    signs = neuron_signs(samples, points[:, :-1], points[:, -1])
    return np.asarray((signs == np.where(patterns, 1, -1)).all(axis=1))


def _original(coordinates: PointCoordinates, arrangement: Arrangement, vectors: FloatArray) -> FloatArray:
    """Take vectors (C, r) from scaled coordinates to neurons (C, d + 1) in floats."""
    steps = arrangement.basis * np.array(coordinates.factors, dtype=object) / arrangement.scales[:, None]
    neurons = vectors @ (steps / np.abs(steps).max()).astype(np.float64)
    neurons[:, -1] -= neurons[:, :-1] @ coordinates.centre
    lengths = np.abs(neurons).max(axis=1, keepdims=True)
    # a neuron that cancelled away fails the check that follows, whatever its length
    return np.asarray(neurons / np.where(lengths > tolerances.UNDERFLOW, lengths, 1.0))


def _exact_ray_sums(arrangement: Arrangement, patterns: BoolArray) -> IntegerArray:
    """Return the sum (F, r) of the rays of each cell in the integer coordinates of the arrangement."""
    signs = np.where(patterns, 1.0, -1.0)
    sums = np.zeros((len(patterns), arrangement.rank), dtype=np.int64).astype(object)
    for found in rays(arrangement):
        weights = (found.covectors != 0).sum(axis=1)[:, None]
        agreement = found.covectors.astype(np.float64) @ signs.T
        which, cells = np.nonzero(np.abs(agreement) == weights)
        touched, inverse = np.unique(which, return_inverse=True)
        if touched.size:
            exact = _similar_lengths(arrangement, exact_rays(arrangement, found.subsets[touched]))
            sides = np.sign(agreement[which, cells]).astype(np.int64).astype(object)
            np.add.at(sums, cells, exact[inverse] * sides[:, None])
    return sums


def _similar_lengths(arrangement: Arrangement, vectors: IntegerArray) -> IntegerArray:
    """Multiply integer rays by powers of two that give them similar lengths in the scaled coordinates."""
    longest = (math.factorial(arrangement.rank) * math.prod(arrangement.scales.tolist())).bit_length()
    lengths = np.abs(vectors * arrangement.scales).max(axis=1).tolist()
    shifts = np.array([longest - length.bit_length() for length in lengths], dtype=object)
    return np.asarray(np.left_shift(vectors, shifts[:, None]), dtype=object)


def _rounded(
    coordinates: PointCoordinates, basis: IntegerArray, centre: IntegerArray, pattern: BoolArray
) -> FloatArray:
    """Return a neuron (d + 1,) of float64 near an exact interior vector (r,), nan if none was found.

    Rounding each entry leaves a cell that is thinner than the spacing of floats. Floats of fixed exponents
    are a lattice; in a basis of it that is reduced for the metric of the cell (LLL), rounding the coordinates
    of the centre moves it by little in that metric (Babai 1986).
    """
    columns = np.flatnonzero(basis.any(axis=0))
    exact = _exact_neuron(coordinates, columns, centre @ basis)
    units = [Fraction(2) ** _exponent(u or max(exact, key=abs)) for u in exact]
    target = [u / unit for u, unit in zip(exact, units, strict=True)]
    lattice = _reduced_basis(coordinates.samples, columns, pattern, units, target)
    place = (
        flint.fmpq_mat(1, len(target), [flint.fmpq(*u.as_integer_ratio()) for u in target]) * lattice.inv()
    )
    longest = Fraction(2**53) / max(map(abs, target))
    for step in range(_LENGTHS):
        length = longest * Fraction(_LENGTHS - step, _LENGTHS)
        nearest = [round(Fraction(int(z.p), int(z.q)) * length) for z in place.entries()]
        mantissas = [int(z.p) for z in (flint.fmpq_mat(1, len(target), nearest) * lattice).entries()]
        neuron = np.zeros((1, len(coordinates.factors)))
        neuron[0, columns] = [float(m * unit / 2**53) for m, unit in zip(mantissas, units, strict=True)]
        if strictly_inside(coordinates.samples, pattern[None, :], neuron)[0]:
            return np.asarray(neuron[0])
    return np.full(len(coordinates.factors), np.nan)


def _exact_neuron(
    coordinates: PointCoordinates, columns: NDArray[np.intp], vector: IntegerArray
) -> list[Fraction]:
    """Take a vector (d + 1,) from integer coordinates to a neuron, largest entry 1; return its `columns`."""
    neuron = [coordinates.factors[j] * vector[j] for j in columns]
    offsets = coordinates.centre[columns[:-1]].tolist()
    neuron[-1] -= sum(u * Fraction(c) for u, c in zip(neuron[:-1], offsets, strict=True))
    largest = max(map(abs, neuron))
    return [u / largest for u in neuron]


def _exponent(value: Fraction) -> int:
    """Return e with ``2**(e - 1) < abs(value) < 2**(e + 1)``."""
    return abs(value.numerator).bit_length() - value.denominator.bit_length()


def _reduced_basis(
    samples: FloatArray,
    columns: NDArray[np.intp],
    pattern: BoolArray,
    units: list[Fraction],
    target: list[Fraction],
) -> flint.fmpq_mat:
    """Return a basis (r, r) of the integer vectors that is short where the cell is thin around the target."""
    homogeneous, _ = exact_integers(np.c_[samples, np.ones(len(samples))][:, columns])
    normals = homogeneous * np.array(units, dtype=object) * np.where(pattern, 1, -1).astype(object)[:, None]
    distances = (normals * np.array(target, dtype=object)).sum(axis=1)
    metric = (normals / distances[:, None] * 2**_METRIC_BITS).T.tolist()
    rounded = flint.fmpz_mat([[round(entry) for entry in row] for row in metric])
    _, basis = rounded.lll(True)
    return flint.fmpq_mat(basis)
