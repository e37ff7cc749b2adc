"""The hidden layer of a computation that is followed: every ReLU in any spelling becomes hidden units."""

import dataclasses
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.models.affine_values import AffineValue, broadcast_to_value, plus, times
from sparsest.models.layer_arrays import AnyNetwork, LayerArrays, network_of
from sparsest.models.trained_model import kind_of

SUPPORTED: Final = "one hidden layer of ReLUs is supported"
# Share by which two functions that a condition chooses between may differ from a multiple of what decides.
_ROUNDING: Final = 1e-12


@dataclasses.dataclass(frozen=True, eq=False)
class Sign:
    """Whether each entry of a value is above zero; a ReLU is what it is worth."""

    value: AffineValue

    def choose(self, units: "HiddenUnits", above: AffineValue, below: AffineValue) -> AffineValue:
        """Return `above` where the entry is positive and `below` elsewhere, if that is continuous.

        ``above - below = s z`` for what decides, z, makes it ``below + s max(0, z)``, which is
        ``above + s max(0, -z)``: that of the two which the input does not reach by itself is kept.
        """
        difference = plus(above, below, -1.0)
        z = self.value
        if difference.shape != z.shape or difference.hidden.nnz or z.hidden.nnz:
            raise InputError(f"a condition decides between two values: {SUPPORTED}")
        largest = np.abs(z.affine).argmax(axis=1)
        rows = np.arange(len(largest))
        pivots = z.affine[rows, largest]
        if not pivots.all():
            raise InputError("the sign of a zero decides")
        slopes = difference.affine[rows, largest] / pivots
        apart = np.abs(difference.affine - slopes[:, None] * z.affine)
        if np.any(apart > _ROUNDING * np.abs(difference.affine).max(axis=1, keepdims=True)):
            raise InputError(f"a condition makes a jump, which no network of ReLUs has: {SUPPORTED}")
        if below.skips and not above.skips:
            return plus(above, times(units.relu(times(z, -1.0)), slopes.reshape(z.shape)))
        return plus(below, times(units.relu(z), slopes.reshape(z.shape)))


class HiddenUnits:
    """The ReLUs met so far, each of an affine function of the inputs."""

    def __init__(self) -> None:
        self._rows: list[FloatArray] = []
        self._count = 0
        self._known: list[tuple[AffineValue, AffineValue]] = []

    def relu(self, value: AffineValue) -> AffineValue:
        """Return ``max(0, value)``: hidden units, or what is there already.

        A sum of hidden units that cannot change its sign is itself or zero. One unit alone,
        ``max(0, a h + c)`` with ``h = max(0, z)``, is a function of z: ``max(0, a z + c)`` for
        ``c < 0 < a``, and ``a h + c + max(0, -a z - c)`` for ``a < 0 < c``.

        Raises
        ------
        InputError
            When the sign of something that several hidden units enter is open: a second hidden layer.
        """
        for given, made in self._known:
            if given is value:
                return made
        hidden = value.hidden.copy()
        hidden.eliminate_zeros()
        deep = np.diff(hidden.indptr) > 0
        kept, bent = _positive(value) & deep, np.zeros(len(deep), dtype=bool)
        bent[deep] = ~_positive(value)[deep] & ~_positive(times(value, -1.0))[deep]
        entering = value.affine.copy()
        if bent.any():
            entering[bent], falling = self._behind_one_unit(value, hidden, np.flatnonzero(bent))
            kept[np.flatnonzero(bent)[falling]] = True
        made = self._added(value, hidden, np.flatnonzero(~deep | bent), entering, kept)
        self._known.append((value, made))
        return made

    def _behind_one_unit(
        self, value: AffineValue, hidden: Any, rows: NDArray[np.int64]
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return ``a z + c`` of rows ``a max(0, z) + c``, negative where ``a < 0``, and where that is."""
        if np.any(np.diff(hidden.indptr)[rows] > 1) or value.affine[rows, :-1].any():
            raise InputError(f"a second hidden layer: {SUPPORTED}")
        places = hidden.indptr[rows]
        slopes, units = hidden.data[places], hidden.indices[places]
        entering = slopes[:, None] * np.concatenate(self._rows)[units]
        entering[:, -1] += value.affine[rows, -1]
        falling = np.asarray(slopes < 0)
        return np.where(falling[:, None], -entering, entering), falling

    def _added(
        self,
        value: AffineValue,
        hidden: Any,
        fresh: NDArray[np.int64],
        entering: FloatArray,
        kept: NDArray[np.bool_],
    ) -> AffineValue:
        """Return new hidden units in the rows `fresh`, onto what the value has in the rows `kept`."""
        columns = self._count + np.arange(len(fresh))
        self._rows.append(entering[fresh])
        self._count += len(fresh)
        shape = (len(value.affine), self._count)
        ones = sparse.csr_array((np.ones(len(fresh)), (fresh, columns)), shape=shape)
        data = hidden.data * np.repeat(kept, np.diff(hidden.indptr))
        old = sparse.csr_array((data, hidden.indices, hidden.indptr), shape=shape)
        return dataclasses.replace(
            value,
            affine=np.where(kept[:, None], value.affine, 0.0),
            hidden=sparse.csr_array(old + ones),
            skips=False,
            biased=bool(kept.any()) and value.biased,
        )

    def leaky(self, value: AffineValue, slope: ArrayLike) -> AffineValue:
        """Return ``max(0, z) + slope * min(0, z) = slope * z + (1 - slope) max(0, z)``."""
        slopes = broadcast_to_value(value, slope).reshape(value.shape)
        if not slopes.any():
            return self.relu(value)
        return plus(times(value, slopes), times(self.relu(value), 1 - slopes))

    def absolute(self, value: AffineValue) -> AffineValue:
        """Return ``|z| = 2 max(0, z) - z``."""
        if np.all(_positive(value)):
            return value
        return plus(times(self.relu(value), 2.0), value, -1.0)

    def maximum(self, value: AffineValue, other: AffineValue | ArrayLike) -> AffineValue:
        """Return ``max(z, u) = u + max(0, z - u)``."""
        if isinstance(other, AffineValue):
            return plus(self.relu(plus(value, other, -1.0)), other)
        return self.clipped(value, other, None)

    def minimum(self, value: AffineValue, other: AffineValue | ArrayLike) -> AffineValue:
        """Return ``min(z, u) = u - max(0, u - z)``."""
        if isinstance(other, AffineValue):
            return plus(other, self.relu(plus(other, value, -1.0)), -1.0)
        return self.clipped(value, None, other)

    def clipped(self, value: AffineValue, low: ArrayLike | None, high: ArrayLike | None) -> AffineValue:
        """Return ``min(max(z, low), high)``; None for an end that does not bound.

        With both ends ``low + max(0, z - low) - max(0, z - high)``.
        """
        below, above = _bound(low), _bound(high)
        if below is None and above is None:
            return value
        if below is None:
            assert above is not None
            return _raised(times(self.relu(_raised(times(value, -1.0), above)), -1.0), above)
        rising = self.relu(_raised(value, -below))
        if above is not None:
            if np.any(above < below):
                raise InputError("it clips to an empty interval")
            rising = plus(rising, self.relu(_raised(value, -above)), -1.0)
        return _raised(rising, below)

    def network(self, output: AffineValue) -> tuple[AnyNetwork, Affine]:
        """Return the network of an output, and which affine term its kind has.

        Several values of a sample, in C order, are several outputs.

        Raises
        ------
        InputError
            When no ReLU leads to it, or the samples do not come first.
        """
        if len(output.affine) != 1 and output.samples not in (None, 0):
            raise InputError(f"its {len(output.affine)} outputs come before the samples: transpose them")
        if not self._rows:
            raise InputError(f"no ReLU leads to its output: {SUPPORTED}")
        rows = np.concatenate(self._rows)
        outputs = np.zeros((len(output.affine), len(rows)))
        outputs[:, : output.hidden.shape[1]] = output.hidden.toarray()
        terms = output.affine if output.skips or output.biased else None
        layers = LayerArrays(rows[:, :-1], rows[:, -1], outputs, terms)
        return network_of(layers), kind_of(output.skips, output.biased)


def _positive(value: AffineValue) -> NDArray[np.bool_]:
    """Whether each entry cannot be negative, as a sum of hidden units and a constant without a minus."""
    flat = ~value.affine[:, :-1].any(axis=1) & (value.affine[:, -1] >= 0)
    negative = np.zeros(len(flat), dtype=bool)
    rows = np.repeat(np.arange(len(flat)), np.diff(value.hidden.indptr))
    negative[rows[value.hidden.data < 0]] = True
    return np.asarray(flat & ~negative)


def _bound(end: ArrayLike | None) -> FloatArray | None:
    """Return an end of an interval, None where it is infinite."""
    if end is None:
        return None
    numbers = np.asarray(end, dtype=np.float64)
    # frameworks write "no end" as the largest float of their precision
    return None if np.all(np.abs(numbers) > 1e30) else numbers


def _raised(value: AffineValue, constant: FloatArray) -> AffineValue:
    return plus(value, constant) if constant.any() else value
