"""Which neurons share a closed cell of the arrangement of the samples, from their signs there."""

import numpy as np

from sparsest.exact.arithmetic.signs import Signs

Bits = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


class ClosedCells:
    """Closed cells seen so far, as packed bits: where a neuron is positive, and where it is negative."""

    def __init__(self, n_samples: int, *, either_way: bool) -> None:
        self._either_way = either_way
        size = -(-n_samples // 8)
        self._positive = np.zeros((0, size), dtype=np.uint8)
        self._negative = self._positive.copy()
        self._strict: dict[bytes, int] = {}
        self._count = 0

    def place(self, signs: Signs) -> tuple[int, bool]:
        """Return a closed cell, perhaps a new one, that `signs` now share with all that was placed there.

        And whether they had to be turned for it.
        """
        found = self.find(signs)
        if found is None:
            return self.add(signs), False
        positive, negative = _packed(signs)
        turned = bool(np.any(self._positive[found] & negative | self._negative[found] & positive))
        if turned:
            positive, negative = negative, positive
        self._positive[found] |= positive
        self._negative[found] |= negative
        return found, turned

    def add(self, signs: Signs) -> int:
        """Note a cell and return its number."""
        positive, negative = _packed(signs)
        if self._count == len(self._positive):
            room = np.zeros((max(64, self._count), self._positive.shape[1]), dtype=np.uint8)
            self._positive = np.concatenate([self._positive, room])
            self._negative = np.concatenate([self._negative, room])
        self._positive[self._count], self._negative[self._count] = positive, negative
        self._strict.setdefault(positive.tobytes() + negative.tobytes(), self._count)
        self._count += 1
        return self._count - 1

    def find(self, signs: Signs) -> int | None:
        """Return the first cell that `signs` are compatible with, None if there is none."""
        positive, negative = _packed(signs)
        found = self._compatible(positive, negative)
        if found is None and self._either_way:
            found = self._compatible(negative, positive)
        return found

    def _compatible(self, positive: Bits, negative: Bits) -> int | None:
        same = self._strict.get(positive.tobytes() + negative.tobytes())
        if same is not None and not np.any(self._positive[same] & negative | self._negative[same] & positive):
            return same
        clash = (self._positive[: self._count] & negative) | (self._negative[: self._count] & positive)
        fitting = np.flatnonzero(~clash.any(axis=1))
        return int(fitting[0]) if len(fitting) else None


def _packed(signs: Signs) -> tuple[Bits, Bits]:
    return np.packbits(signs > 0), np.packbits(signs < 0)
