"""Boxes that a search has not examined yet, the one of least bound first."""

import heapq
import itertools
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.path_norm.cones import IntArray
from sparsest.exact.path_norm.intervals_kernel import Box

# Numbers kept for open boxes, eight bytes each; beyond, the search goes depth first.
MAX_KEPT: Final = 50_000_000


class OpenBox(NamedTuple):
    """An open box: that of its parent, and one end of one element moved.

    Ordered by bound, later ones first among equals. `high` is shared with the other part; `low` names the
    elements with a positive lower end.
    """

    bound: float
    order: int
    low: tuple[NDArray[np.intp], FloatArray]
    high: FloatArray
    element: int
    ends: tuple[float, float]
    held: IntArray

    @property
    def intervals(self) -> Box:
        """The intervals of all elements, in arrays of their own."""
        low, high = np.zeros(self.high.shape), self.high.copy()
        low.ravel()[self.low[0]] = self.low[1]
        lower, upper = self.ends
        low.ravel()[self.element] = max(low.ravel()[self.element], lower)
        high.ravel()[self.element] = min(high.ravel()[self.element], upper)
        return Box(low, high)


class OpenBoxes:
    """Boxes not yet examined: a heap, and a stack of those that came when the heap was full.

    Attributes
    ----------
    under_way : list of lists of OpenBox
        Those that somebody examines at the moment; they count as open until `finish` is called.
    """

    def __init__(self) -> None:
        self._heap: list[OpenBox] = []
        self._stack: list[OpenBox] = []
        self.under_way: list[list[OpenBox]] = []
        self._order = 0

    def __len__(self) -> int:
        return len(self._heap) + len(self._stack)

    def __iter__(self) -> Iterator[OpenBox]:
        """Iterate over all open boxes, those under way first."""
        return itertools.chain(itertools.chain.from_iterable(self.under_way), self._heap, self._stack)

    @property
    def bound(self) -> float:
        """Least bound of an open box; infinite when none is open."""
        given = itertools.chain.from_iterable(self.under_way)
        return min(self.least_waiting, min((box.bound for box in given), default=float("inf")))

    @property
    def least_waiting(self) -> float:
        """Least bound of a box that nobody examines; infinite when there is none."""
        return min((box.bound for box in (*self._heap[:1], *self._stack)), default=float("inf"))

    def put_part(
        self, bound: float, intervals: Box, element: int, ends: tuple[float, float], held: IntArray
    ) -> None:
        """Keep the part of a box in which an element is between two ends."""
        low, high = intervals
        places = np.flatnonzero(low > 0)
        self._order -= 1
        self.put(OpenBox(bound, self._order, (places, low.ravel()[places]), high, element, ends, held))

    def put(self, box: OpenBox) -> None:
        """Keep a box as it is."""
        self._order = min(self._order, box.order)
        if len(self._heap) * box.high.size < MAX_KEPT:
            heapq.heappush(self._heap, box)
        else:
            self._stack.append(box)

    def put_anew(self, boxes: Iterable[OpenBox]) -> None:
        """Keep boxes that were numbered elsewhere, under numbers of their own."""
        for box in sorted(boxes, key=lambda box: -box.order):
            self._order -= 1
            self.put(box._replace(order=self._order))

    # In the methods below an interruption between two lines leaves a box listed twice, never lost.

    def start(self, count: int = 1, stride: int = 1) -> list[OpenBox]:
        """Give up to so many boxes to somebody: the last that came if there was no room, or of the best.

        With a `stride` they get every so manieth of them, so that others who get some are as well off.
        """
        taken: list[OpenBox] = []
        self.under_way.append(taken)
        if self._stack:
            taken += self._stack[-count:]
            del self._stack[-count:]
            return taken
        left: list[OpenBox] = []
        self.under_way.append(left)
        for rank in range((count - 1) * stride + 1):
            if not self._heap:
                break
            (left if rank % stride else taken).append(self._heap[0])
            heapq.heappop(self._heap)
        self.put_back(left)
        return taken

    def finish(self, taken: list[OpenBox]) -> None:
        """Forget boxes that were given out: what is left of them has been put."""
        self.under_way = [each for each in self.under_way if each is not taken]

    def put_back(self, taken: list[OpenBox]) -> None:
        """Keep boxes again that were given out, because nobody examined them."""
        for box in taken:
            self.put(box)
        self.finish(taken)

    def close_all(self) -> None:
        """Forget all boxes that nobody examines: their bounds suffice."""
        self._heap, self._stack = [], []
