"""Values of a computation as affine functions of its inputs and of hidden units.

Whatever a framework calls its operators, what lies between the inputs x, the one layer of ReLUs h and the
output of a network that this project reads is of the form ``A x + B h + c``. The operators here are those
that keep it: they move entries about, or are linear. Each is one step of NumPy on a layout of entry numbers,
so that shapes and broadcasting are NumPy's own. One axis may hold the samples; nothing may mix them.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from sparsest.arrays import FloatArray
from sparsest.errors import InputError

# Numbers of one value, and of one constant: what fits into memory a few times over.
MAX_NUMBERS: Final = 10**8

Layout = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class AffineValue:
    """``A x + B h + c`` for all m entries that a value has for one sample.

    Attributes
    ----------
    shape : tuple of int
        Shape of the value; the axis of the samples counts as 1.
    samples : int or None
        Which axis holds the samples; None for the value of a single one.
    affine : array (m, d + 1)
        A and, in the last column, c.
    hidden : sparse array (m, K)
        B, for the K hidden units that were known when it was made.
    skips, biased : bool
        Whether x reaches it without a ReLU, and whether a constant was added.
    """

    shape: tuple[int, ...]
    samples: int | None
    affine: FloatArray
    hidden: Any
    skips: bool
    biased: bool

    @property
    def numbers(self) -> int:
        """How many numbers it takes in memory."""
        return int(self.affine.size + self.hidden.nnz)

    @property
    def layout(self) -> Layout:
        """Numbers 0, ..., m - 1 of the entries in the value's shape."""
        return np.arange(len(self.affine), dtype=np.int64).reshape(self.shape)


def input_value(shape: Sequence[int], *, samples: int | None) -> AffineValue:
    """Return the input, whose entries for one sample are the features in order."""
    d = math.prod(shape)
    refuse_size(d * (d + 1))
    return AffineValue(tuple(shape), samples, np.eye(d, d + 1), sparse.csr_array((d, 0)), True, False)


def zero_like(value: AffineValue) -> AffineValue:
    """Return zero in a value's shape, which neither the input nor a constant reaches."""
    affine, hidden = np.zeros_like(value.affine), sparse.csr_array(value.hidden.shape)
    return dataclasses.replace(value, affine=affine, hidden=hidden, skips=False, biased=False)


def refuse_size(numbers: int) -> None:
    """Raise `InputError` for more numbers than are held in memory."""
    if numbers > MAX_NUMBERS:
        raise InputError(f"a value of {numbers} numbers, more than the {MAX_NUMBERS} that are followed")


# ---------------------------------------------------------------- entries moved about


def rearranged(value: AffineValue, layout: Layout, samples: int | None) -> AffineValue:
    """Return the value whose entries are those of the numbers in `layout`, in its shape."""
    refuse_size(layout.size * value.affine.shape[1])
    if samples is not None and layout.shape[samples] != 1:
        raise InputError("it mixes samples")
    rows = layout.reshape(-1)
    return dataclasses.replace(
        value, shape=layout.shape, samples=samples, affine=value.affine[rows], hidden=value.hidden[rows]
    )


def transposed(value: AffineValue, order: Sequence[int] | None = None) -> AffineValue:
    """Return a value with its axes in another order, reversed by default."""
    rank = len(value.shape)
    axes = [axis % rank for axis in (reversed(range(rank)) if order is None else order)]
    samples = None if value.samples is None else axes.index(value.samples)
    return rearranged(value, value.layout.transpose(axes), samples)


def reshaped(value: AffineValue, shape: Sequence[int], n_samples: int) -> AffineValue:
    """Return a value in another shape, in which `n_samples` stands for all samples and -1 for what is left.

    Entries are in C order, so samples keep their place where as many entries come before them.
    """
    total = len(value.affine) * (1 if value.samples is None else n_samples)
    sizes = [int(size) for size in shape]
    if sizes.count(-1) == 1:
        known = -math.prod(sizes)
        sizes[sizes.index(-1)] = total // known if known > 0 else 0
    if math.prod(sizes) != total or min(sizes, default=1) < 0:
        raise InputError(f"a value of shape {_spelled(value)} cannot take the shape {tuple(shape)}")
    samples = None
    if value.samples is not None:
        before = math.prod(value.shape[: value.samples])
        places = [
            axis for axis, size in enumerate(sizes) if size == n_samples and math.prod(sizes[:axis]) == before
        ]
        if not places:
            raise InputError(f"the shape {tuple(shape)} mixes samples")
        samples = places[0]
        sizes[samples] = 1
    return rearranged(value, value.layout.reshape(sizes), samples)


def with_axes(value: AffineValue, axes: Sequence[int]) -> AffineValue:
    """Return a value with new axes of size 1, numbered as in the result."""
    rank = len(value.shape) + len(axes)
    new = {_checked_axis(axis, rank) for axis in axes}
    old = [axis for axis in range(rank) if axis not in new]
    samples = None if value.samples is None else old[value.samples]
    return rearranged(value, np.expand_dims(value.layout, tuple(new)), samples)


def without_axes(value: AffineValue, axes: Sequence[int] | None = None) -> AffineValue:
    """Return a value without some axes of size 1, by default without all but that of the samples."""
    rank = len(value.shape)
    gone = {axis for axis in range(rank) if value.shape[axis] == 1} if axes is None else set()
    gone |= {_checked_axis(axis, rank) for axis in axes or ()}
    if axes is not None and value.samples in gone:
        raise InputError("it takes the axis of the samples away")
    gone.discard(-1 if value.samples is None else value.samples)
    if any(value.shape[axis] != 1 for axis in gone):
        raise InputError(f"an axis of a value of shape {_spelled(value)} is not of size 1")
    samples = None if value.samples is None else sum(axis not in gone for axis in range(value.samples))
    return rearranged(value, np.squeeze(value.layout, tuple(gone)), samples)


def sliced(value: AffineValue, axis: int, part: slice) -> AffineValue:
    """Return a slice along an axis; along that of the samples all of them or nothing."""
    axis = _checked_axis(axis, len(value.shape))
    if axis == value.samples:
        everything = part.start in (None, 0) and part.step in (None, 1) and (part.stop or 0) > 2**30
        if not (everything or part == slice(None)):
            raise InputError("it takes some of the samples")
        return value
    return rearranged(value, value.layout[(slice(None),) * axis + (part,)], value.samples)


def taken(value: AffineValue, axis: int, indices: NDArray[Any]) -> AffineValue:
    """Return the entries at some places of an axis, which the shape of `indices` replaces."""
    axis = _checked_axis(axis, len(value.shape))
    if axis == value.samples:
        raise InputError("it takes some of the samples")
    size = value.shape[axis]
    if indices.size and not (-size <= indices.min() and indices.max() < size):
        raise InputError(f"it takes entries beyond the {size} of axis {axis}")
    samples = value.samples
    if samples is not None and samples > axis:
        samples += indices.ndim - 1
    return rearranged(value, np.take(value.layout, indices, axis=axis), samples)


def widened(value: AffineValue, shape: Sequence[int], n_samples: int) -> AffineValue:
    """Return a value broadcast to a shape, in which `n_samples` stands for all samples."""
    sizes = [int(size) for size in shape]
    samples = None if value.samples is None else len(sizes) - len(value.shape) + value.samples
    if samples is not None and samples >= 0 and sizes[samples] in (1, -1, n_samples):
        sizes[samples] = 1
    offset = len(sizes) - len(value.shape)
    sizes = [value.shape[axis - offset] if size == -1 else size for axis, size in enumerate(sizes)]
    refuse_size(math.prod(sizes))
    return rearranged(value, _broadcast(value.layout, tuple(sizes)), samples)


def joined(values: Sequence[AffineValue | NDArray[Any]], axis: int) -> AffineValue:
    """Return values joined along an axis; constants may be among them."""
    followed = [value for value in values if isinstance(value, AffineValue)]
    first = followed[0]
    rank = len(first.shape)
    axis = _checked_axis(axis, rank)
    if any(value.samples != first.samples for value in followed) or axis == first.samples:
        raise InputError("it joins samples")
    parts = [value if isinstance(value, AffineValue) else _like(first, value, axis) for value in values]
    if any(len(part.shape) != rank for part in parts):
        raise InputError("it joins values of different ranks")
    starts = np.cumsum([0, *(len(part.affine) for part in parts)])
    layout = np.concatenate(
        [part.layout + start for part, start in zip(parts, starts, strict=False)], axis=axis
    )
    whole = AffineValue(
        (int(starts[-1]),),
        None,
        np.concatenate([part.affine for part in parts]),
        sparse.vstack(_of_one_width([part.hidden for part in parts]), format="csr"),
        any(part.skips for part in parts),
        any(part.biased for part in parts),
    )
    return rearranged(whole, layout, first.samples)


def _like(value: AffineValue, constant: NDArray[Any], axis: int) -> AffineValue:
    """Return a constant as a value whose other axes are those of `value`."""
    constant = _of_one_sample(value, _finite(constant))
    if constant.ndim != len(value.shape):
        raise InputError("it joins values of different ranks")
    shape = tuple(size if i != axis else constant.shape[axis] for i, size in enumerate(value.shape))
    numbers = _broadcast(constant, shape).reshape(-1)
    affine = np.zeros((len(numbers), value.affine.shape[1]))
    affine[:, -1] = numbers
    hidden = sparse.csr_array((len(numbers), 0))
    return AffineValue(shape, value.samples, affine, hidden, False, True)


def numbered(value: AffineValue, n_samples: int) -> Layout:
    """Return a number for every entry of every sample, for an operator that moves entries to be done to."""
    refuse_size(len(value.affine) * n_samples)
    numbers = n_samples * value.layout
    if value.samples is None:
        return numbers
    along = np.arange(n_samples).reshape([-1] + [1] * (len(value.shape) - value.samples - 1))
    return np.asarray(numbers + along)


def by_numbers(value: AffineValue, numbers: NDArray[Any], n_samples: int) -> AffineValue:
    """Return the entries of a value by their numbers, each for all samples along one axis."""
    if value.samples is None:
        return rearranged(value, np.asarray(numbers // n_samples, dtype=np.int64), None)
    entries, samples = np.divmod(np.asarray(numbers, dtype=np.int64), n_samples)
    for axis in range(numbers.ndim):
        if numbers.shape[axis] != n_samples:
            continue
        along = np.arange(n_samples).reshape([-1] + [1] * (numbers.ndim - axis - 1))
        first = np.take(entries, [0], axis=axis)
        if np.array_equal(samples, np.broadcast_to(along, numbers.shape)) and np.all(entries == first):
            return rearranged(value, first, axis)
    raise InputError("it mixes samples")


# ---------------------------------------------------------------- linear operators


def plus(value: AffineValue, other: "AffineValue | ArrayLike", sign: float = 1.0) -> AffineValue:
    """Return ``value + sign * other``, broadcast."""
    if not isinstance(other, AffineValue):
        numbers = sign * _finite(other)
        value, numbers = _fitted(value, numbers)
        affine = value.affine.copy()
        affine[:, -1] += numbers
        return dataclasses.replace(value, affine=affine, biased=True)
    value, other = _both_broadcast(value, other)
    mine, its = _of_one_width([value.hidden, other.hidden])
    return dataclasses.replace(
        value,
        affine=value.affine + sign * other.affine,
        hidden=sparse.csr_array(mine + sign * its),
        skips=value.skips or other.skips,
        biased=value.biased or other.biased,
    )


def times(value: AffineValue, factor: ArrayLike) -> AffineValue:
    """Return ``value * factor`` for a constant, broadcast."""
    value, numbers = _fitted(value, _finite(factor))
    return dataclasses.replace(
        value, affine=value.affine * numbers[:, None], hidden=_rows_times(value.hidden, numbers)
    )


def divided(value: AffineValue, divisor: ArrayLike) -> AffineValue:
    """Return ``value / divisor`` for a constant, broadcast: quotients, not products with a reciprocal."""
    numbers = _finite(divisor)
    if not numbers.all():
        raise InputError("it divides by zero")
    value, numbers = _fitted(value, numbers)
    hidden = sparse.csr_array(value.hidden)
    hidden.data = hidden.data / np.repeat(numbers, np.diff(hidden.indptr))
    return dataclasses.replace(value, affine=value.affine / numbers[:, None], hidden=hidden)


def product(value: AffineValue, weight: ArrayLike) -> AffineValue:
    """Return the matrix product ``value @ weight`` with a constant vector or matrix."""
    matrix = _finite(weight)
    size = value.shape[-1] if value.shape else 0
    if value.samples is not None and value.samples == len(value.shape) - 1:
        raise InputError("it mixes samples")
    if matrix.ndim not in (1, 2) or matrix.shape[0] != size:
        raise InputError(f"a weight of shape {matrix.shape} after {size} values")
    columns = matrix[:, None] if matrix.ndim == 1 else matrix
    lead, width = math.prod(value.shape[:-1]), columns.shape[1]
    refuse_size(lead * width * max(value.affine.shape[1], value.hidden.shape[1]))
    refuse_size(lead * matrix.size)
    affine = columns.T @ value.affine.reshape(lead, size, value.affine.shape[1])
    hidden = value.hidden
    if hidden.nnz:
        blocks = sparse.csr_array(columns.T)
        hidden = (blocks if lead == 1 else sparse.kron(sparse.eye_array(lead), blocks, "csr")) @ hidden
    else:
        hidden = sparse.csr_array((lead * width, hidden.shape[1]))
    return dataclasses.replace(
        value,
        shape=value.shape[:-1] + ((width,) if matrix.ndim == 2 else ()),
        affine=affine.reshape(lead * width, value.affine.shape[1]),
        hidden=sparse.csr_array(hidden),
    )


def product_from_left(weight: ArrayLike, value: AffineValue) -> AffineValue:
    """Return the matrix product ``weight @ value`` with a constant vector or matrix."""
    matrix = _finite(weight)
    if len(value.shape) == 1:
        return product(value, matrix.T)
    swapped = [*range(len(value.shape) - 2), len(value.shape) - 1, len(value.shape) - 2]
    turned = product(transposed(value, swapped), matrix.T)
    return turned if matrix.ndim == 1 else transposed(turned, swapped)


def summed(value: AffineValue, axes: Sequence[int] | None, *, keep: bool, mean: bool = False) -> AffineValue:
    """Return sums or means over some axes, by default over all."""
    rank = len(value.shape)
    gone = [*range(rank)] if axes is None else sorted({_checked_axis(axis, rank) for axis in axes})
    if value.samples in gone:
        raise InputError("it adds samples up")
    left = [axis for axis in range(rank) if axis not in gone]
    count = math.prod(value.shape[axis] for axis in gone)
    layout = value.layout.transpose([*left, *gone]).reshape([*(value.shape[axis] for axis in left), count])
    samples = None if value.samples is None else left.index(value.samples)
    total = product(rearranged(value, layout, samples), np.ones(count))
    total = divided(total, count) if mean else total
    return with_axes(total, gone) if keep else total


def contracted(value: AffineValue, axes: str, constant: ArrayLike, others: str, kept: str) -> AffineValue:
    """Return the Einstein sum of a value and a constant, whose axes have letters.

    Parameters
    ----------
    value, constant
        What is multiplied.
    axes, others : str
        Letters of their axes, each once.
    kept : str
        Letters of the result; over all others is summed.
    """
    letters = "".join(dict.fromkeys(kept + axes + others))
    array = _finite(constant)
    once = all(len(set(word)) == len(word) for word in (axes, others, kept))
    if (
        not once
        or len(axes) != len(value.shape)
        or len(others) != array.ndim
        or set(kept) - set(axes + others)
    ):
        raise InputError(f"the sum {axes},{others}->{kept} is not followed")
    order = [axes.index(letter) for letter in letters if letter in axes]
    spread = with_axes(
        transposed(value, order), [place for place, letter in enumerate(letters) if letter not in axes]
    )
    array = array.transpose([others.index(letter) for letter in letters if letter in others])
    array = np.expand_dims(array, tuple(i for i, letter in enumerate(letters) if letter not in others))
    return summed(times(spread, array), range(len(kept), len(letters)), keep=False)


# ---------------------------------------------------------------- shapes


def broadcast_to_value(value: AffineValue, numbers: ArrayLike) -> FloatArray:
    """Return a constant for every entry of a value (m,), which must not become larger by it."""
    fitted, flat = _fitted(value, np.asarray(numbers, dtype=np.float64))
    if len(fitted.affine) != len(value.affine):
        raise InputError(f"a constant of shape {np.shape(numbers)} beside a value of {_spelled(value)}")
    return flat


def _fitted(value: AffineValue, constant: FloatArray) -> tuple[AffineValue, FloatArray]:
    """Return a value and a constant (m,) broadcast to one shape."""
    constant = _of_one_sample(value, constant)
    shape = _common_shape(value.shape, constant.shape)
    refuse_size(math.prod(shape) * value.affine.shape[1])
    samples = None if value.samples is None else len(shape) - len(value.shape) + value.samples
    if shape != value.shape:
        value = rearranged(value, _broadcast(value.layout, shape), samples)
    return value, np.asarray(np.broadcast_to(constant, shape).reshape(-1))


def _of_one_sample(value: AffineValue, constant: FloatArray) -> FloatArray:
    """Return a constant that is written for every sample once only, if it is the same for all."""
    axis = -1 if value.samples is None else constant.ndim - len(value.shape) + value.samples
    if axis < 0 or constant.shape[axis] <= 1:
        return constant
    first = np.take(constant, [0], axis=axis)
    if not np.array_equal(np.broadcast_to(first, constant.shape), constant):
        raise InputError("a constant differs from sample to sample")
    return first


def _both_broadcast(first: AffineValue, second: AffineValue) -> tuple[AffineValue, AffineValue]:
    shape = _common_shape(first.shape, second.shape)
    places = {len(shape) - len(v.shape) + v.samples for v in (first, second) if v.samples is not None}
    if len(places) > 1:
        raise InputError("it mixes samples")
    samples = places.pop() if places else None
    one, other = (
        v if v.shape == shape else rearranged(v, _broadcast(v.layout, shape), samples)
        for v in (first, second)
    )
    return one, other


def _common_shape(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(first, second)
    except ValueError:
        raise InputError(f"values of shapes {first} and {second} are combined") from None


def _broadcast(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise InputError(f"a value of shape {array.shape} takes the shape {shape}") from None


def _of_one_width(parts: Sequence[Any]) -> list[Any]:
    """Return sparse arrays with as many columns each: the hidden units that only some of them know."""
    width = max(part.shape[1] for part in parts)
    return [
        sparse.csr_array((part.data, part.indices, part.indptr), shape=(part.shape[0], width))
        for part in parts
    ]


def _rows_times(hidden: Any, numbers: FloatArray) -> Any:
    scaled = sparse.csr_array(hidden)
    scaled.data = scaled.data * np.repeat(numbers, np.diff(scaled.indptr))
    return scaled


def _finite(constant: ArrayLike) -> FloatArray:
    numbers = np.asarray(constant, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise InputError("a constant holds a number that is not finite")
    return numbers


def _checked_axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise InputError(f"axis {axis} of a value with {rank} axes")
    return axis % rank


def _spelled(value: AffineValue) -> str:
    sizes = ["N" if axis == value.samples else str(size) for axis, size in enumerate(value.shape)]
    return f"({', '.join(sizes)})"
