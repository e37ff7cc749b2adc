"""Values that are followed, against NumPy on arrays of samples, through random steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import InputError
from sparsest.models import affine_values as av
from sparsest.models.affine_values import AffineValue
from sparsest.models.relu_units import HiddenUnits

SAMPLES, FEATURES = 5, 4
Array = np.ndarray[Any, Any]


def entries(value: AffineValue, X: Array, units: HiddenUnits) -> Array:
    """What a value means on samples (N, d): an array of its shape with the samples along their axis."""
    rows = np.concatenate([*units._rows, np.zeros((0, X.shape[1] + 1))])
    inputs = np.c_[X, np.ones(len(X))]
    hidden = np.maximum(inputs @ rows.T, 0)[:, : value.hidden.shape[1]]
    flat = inputs @ value.affine.T + hidden @ value.hidden.toarray().T
    assert value.samples is not None
    spread = flat.reshape(len(X), *np.delete(value.shape, value.samples))
    return np.moveaxis(spread, 0, value.samples)


class Pair:
    """A value beside the array that NumPy makes by the same steps."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.X = self.rng.integers(-3, 4, (SAMPLES, FEATURES)).astype(float)
        self.units, self.array = HiddenUnits(), self.X
        whole = av.input_value((FEATURES,), samples=None)
        self.value = av.rearranged(whole, whole.layout[None], 0)

    def take(self, step: str) -> None:
        """Do one step to both; a step that the shape does not allow is left out."""
        axes = [axis for axis in range(self.array.ndim) if axis != self.value.samples]
        getattr(self, f"_{step}")(axes)

    def constant(self, *shape: int) -> Array:
        return self.rng.integers(-2, 3, shape) / 2

    def beside(self) -> Array:
        """A constant that broadcasts to the value: some axes are 1 or left out."""
        sizes = [
            1 if axis == self.value.samples or self.rng.random() < 0.4 else size
            for axis, size in enumerate(self.array.shape)
        ]
        return self.constant(*sizes[self.rng.integers(0, len(sizes)) :])

    def _plus(self, axes: list[int]) -> None:
        other, sign = self.beside(), float(self.rng.choice([1, -1]))
        self.value, self.array = av.plus(self.value, other, sign), self.array + sign * other

    def _times(self, axes: list[int]) -> None:
        other = self.beside()
        self.value, self.array = av.times(self.value, other), self.array * other

    def _divided(self, axes: list[int]) -> None:
        other = 2.0 ** self.rng.integers(-2, 3, self.beside().shape)
        self.value, self.array = av.divided(self.value, other), self.array / other

    def _itself(self, axes: list[int]) -> None:
        self.value, self.array = av.plus(self.value, av.times(self.value, 0.5)), 1.5 * self.array

    def _product(self, axes: list[int]) -> None:
        if self.array.ndim - 1 in axes:
            weight = self.constant(self.array.shape[-1], *self.rng.integers(1, 4, self.rng.integers(0, 2)))
            if self.array.ndim > 1:
                self.value, self.array = av.product(self.value, weight), self.array @ weight

    def _from_left(self, axes: list[int]) -> None:
        if self.array.ndim > 1 and self.array.ndim - 2 in axes:
            weight = self.constant(3, self.array.shape[-2])
            self.value, self.array = av.product_from_left(weight, self.value), weight @ self.array

    def _turned(self, axes: list[int]) -> None:
        order = self.rng.permutation(self.array.ndim).tolist()
        self.value, self.array = av.transposed(self.value, order), self.array.transpose(order)

    def _taken(self, axes: list[int]) -> None:
        for axis in axes[:1]:
            places = self.rng.integers(0, self.array.shape[axis], (2,) * self.rng.integers(0, 2))
            self.array = np.take(self.array, places, axis=axis)
            self.value = av.taken(self.value, axis, np.asarray(places))

    def _sliced(self, axes: list[int]) -> None:
        for axis in axes[-1:]:
            part = slice(None, None, int(self.rng.choice([1, -1, 2])))
            self.array = self.array[(slice(None),) * axis + (part,)]
            self.value = av.sliced(self.value, axis, part)

    def _wider(self, axes: list[int]) -> None:
        axis = int(self.rng.integers(0, self.array.ndim + 1))
        if self.array.ndim < 4:
            self.value, self.array = av.with_axes(self.value, [axis]), np.expand_dims(self.array, axis)

    def _narrower(self, axes: list[int]) -> None:
        gone = [axis for axis in axes if self.array.shape[axis] == 1]
        self.value, self.array = av.without_axes(self.value, gone), np.squeeze(self.array, tuple(gone))

    def _flat(self, axes: list[int]) -> None:
        if self.value.samples == 0:
            self.array = self.array.reshape(SAMPLES, -1)
            self.value = av.reshaped(self.value, (SAMPLES, -1), SAMPLES)

    def _split(self, axes: list[int]) -> None:
        if self.value.samples == 0 and self.array.ndim == 2 and self.array.shape[1] % 2 == 0:
            self.array = self.array.reshape(-1, 2, self.array.shape[1] // 2)
            self.value = av.reshaped(self.value, (-1, 2, self.value.shape[1] // 2), SAMPLES)

    def _summed(self, axes: list[int]) -> None:
        if axes:
            keep, mean = bool(self.rng.integers(2)), bool(self.rng.integers(2))
            self.value = av.summed(self.value, axes[-1:], keep=keep, mean=mean)
            self.array = (np.mean if mean else np.sum)(self.array, axis=axes[-1], keepdims=keep)

    def _joined(self, axes: list[int]) -> None:
        if axes and len(self.value.affine) < 30:
            self.value = av.joined([self.value, av.times(self.value, -1.0)], axes[0])
            self.array = np.concatenate([self.array, -self.array], axis=axes[0])

    def _relu(self, axes: list[int]) -> None:
        if not np.diff(self.value.hidden.indptr).any():
            self.value, self.array = self.units.relu(self.value), np.maximum(self.array, 0)

    def _clipped(self, axes: list[int]) -> None:
        if not np.diff(self.value.hidden.indptr).any():
            self.value, self.array = self.units.clipped(self.value, -1.0, 2.0), self.array.clip(-1, 2)

    def _leaky(self, axes: list[int]) -> None:
        if not np.diff(self.value.hidden.indptr).any():
            self.array = np.where(self.array > 0, self.array, 0.25 * self.array)
            self.value = self.units.leaky(self.value, 0.25)


STEPS = sorted(name[1:] for name in vars(Pair) if name[0] == "_" and name[1] != "_")


@given(st.lists(st.sampled_from(STEPS), max_size=9), st.integers(0, 2**32 - 1))
def test_steps_are_those_of_numpy(steps: list[str], seed: int) -> None:
    pair = Pair(seed)
    for step in steps:
        pair.take(step)
        found = entries(pair.value, pair.X, pair.units)
        assert found.shape == pair.array.shape
        # halves, quarters and small integers: sums are exact, means are not
        np.testing.assert_allclose(found, pair.array, rtol=1e-12, atol=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_relus_of_one_unit_are_units_of_the_same_layer(seed: int) -> None:
    pair = Pair(seed)
    for _ in range(3):
        pair.take("relu" if not pair.units._rows else "times")
        pair.take("plus")
        pair.value, pair.array = pair.units.relu(pair.value), np.maximum(pair.array, 0)
        np.testing.assert_allclose(entries(pair.value, pair.X, pair.units), pair.array, atol=1e-12)
        if np.diff(pair.value.hidden.indptr).max() > 1:
            break


def test_moves_by_numbers_are_the_same_as_by_steps() -> None:
    pair = Pair(0)
    moved = av.by_numbers(pair.value, av.numbered(pair.value, SAMPLES)[:, ::-1].T, SAMPLES)
    assert np.array_equal(entries(moved, pair.X, pair.units), pair.X[:, ::-1].T)
    with pytest.raises(InputError, match="mixes samples"):
        av.by_numbers(pair.value, av.numbered(pair.value, SAMPLES)[::-1], SAMPLES)


MIXING: dict[str, Callable[[AffineValue], Any]] = {
    "reshaped": lambda v: av.reshaped(v, (FEATURES, SAMPLES), SAMPLES),
    "reshaped into one": lambda v: av.reshaped(v, (-1,), SAMPLES),
    "summed": lambda v: av.summed(v, [0], keep=False),
    "some samples": lambda v: av.sliced(v, 0, slice(0, 2)),
    "one sample": lambda v: av.taken(v, 0, np.array(0)),
    "joined": lambda v: av.joined([v, v], 0),
    "N x N": lambda v: av.plus(v, av.transposed(v)),
    "different for samples": lambda v: av.plus(v, np.arange(SAMPLES)[:, None]),
    "product over samples": lambda v: av.product(av.transposed(v), np.ones(1)),
    "squeezed": lambda v: av.without_axes(v, [0]),
}


@pytest.mark.parametrize("name", MIXING)
def test_samples_are_not_mixed(name: str) -> None:
    with pytest.raises(InputError, match="sample"):
        MIXING[name](Pair(0).value)
