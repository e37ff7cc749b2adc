"""Examine boxes one after the other: close each, or put its two parts among the open ones."""

from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.path_norm.box_kernel import BRANCH, CLOSED, Examined
from sparsest.exact.path_norm.cones import Cones
from sparsest.exact.path_norm.interval import Interval
from sparsest.exact.path_norm.intervals_kernel import Box, ratios
from sparsest.exact.path_norm.networks import Networks
from sparsest.exact.path_norm.open_boxes import OpenBox, OpenBoxes
from sparsest.exact.path_norm.symmetries import Symmetries

# First smoothing width of a descent that starts at a solution.
_NARROW: Final = 1e-3
# Elements beyond this take slopes below 1e-60, which linear programs in floats cannot weigh.
_MAX_ELEMENT: Final = 1e60


def largest_element(cost: float, p: float) -> float:
    """Return how large an element may be in a network that costs no more than this.

    Raises
    ------
    OverflowError
        When that is too large for linear programs in floats.
    """
    largest = float(cost ** (1.0 / p) * (1.0 + 1e-9))
    if not largest < _MAX_ELEMENT:
        raise OverflowError
    return largest


class BoxSearch:
    """Open boxes of one problem, and what is done with each.

    Parameters
    ----------
    networks : Networks
        Of the problem.
    cones : Cones
        Of the problem.
    p : float
        Exponent.
    interval : Interval
        What is known; better networks go there.
    largest : float
        What `largest_element` says of some network known; eliminated samples get ends that suit it.
    """

    def __init__(
        self, networks: Networks, cones: Cones, p: float, interval: Interval, largest: float
    ) -> None:
        self._networks, self._p = networks, p
        self._ratios = ratios(cones.charges, cones.starts, cones.members)
        networks.close_ends(largest)
        self.interval, self.largest = interval, largest
        self.boxes = OpenBoxes()
        self.nodes = 0
        self._limits = np.full(networks.shape, np.inf)

    def begin(self) -> None:
        """Open the box that holds every network of interest."""
        nothing = np.zeros((0, 4), dtype=np.int64)
        self.boxes.put_part(0.0, self._networks.box(self.largest), 0, (-np.inf, np.inf), nothing)

    def limit(self, largest: FloatArray) -> None:
        """Look for no network whose elements of some cone and sign are larger than these (C, 2)."""
        each = np.broadcast_to(largest[:, :, None], self._networks.shape)
        self._limits = np.minimum(self._limits, self._networks.symmetries.spread(each))

    def limited(self, box: OpenBox) -> OpenBox:
        """Return an open box within the limits; those with nothing in it have an infinite bound."""
        if not np.any(self._limits < box.high):
            return box
        box = box._replace(high=np.minimum(box.high, self._limits))
        low, high = box.intervals
        return box._replace(bound=float("inf")) if np.any((high >= 0) & (low > high)) else box

    def examine_next(self) -> None:
        """Examine the next box."""
        # until it is finished its bound counts, whenever Ctrl-C comes
        taken = self.boxes.start()
        box = self.limited(taken[0])
        if not self.interval.closes(box.bound):
            self._examine(box)
        self.boxes.finish(taken)

    def _examine(self, box: OpenBox) -> None:
        interval, networks = self.interval, self._networks
        intervals = box.intervals
        symmetries = networks.symmetries.fixing(intervals)
        found = networks.loops.examine(
            intervals, box.held, self._p, interval.cut, networks.arrays, self._ratios
        )
        self.nodes += 1
        least, solution = max(float(found.least), box.bound), found.solution
        if found.state == CLOSED:
            return
        if found.state != BRANCH or found.where[0] < 0:
            interval.undecided = min(interval.undecided, least)
            return
        if float((solution.values**self._p).sum()) < interval.cost * (1 - 1e-9):
            interval.consider(solution)
            interval.consider(networks.descend(solution.values, _NARROW))
        if symmetries.shrink(intervals):
            return
        self._put_parts(least, intervals, found, symmetries)

    def _put_parts(self, least: float, box: Box, found: Examined, symmetries: Symmetries) -> None:
        """Keep two parts of a box: no element of an orbit is above an end, or else the one chosen is."""
        element = int(np.ravel_multi_index(tuple(found.where), self._networks.shape))
        (end, begin), below = map(float, found.at), box
        orbit = symmetries.orbit(element)
        if len(orbit) > 1:
            below = Box(box.low, box.high.copy())
            below.high.ravel()[orbit] = np.minimum(below.high.ravel()[orbit], end)
        if box.low.ravel()[element] <= end:
            self.boxes.put_part(least, below, element, (-np.inf, end), found.held)
        if begin <= box.high.ravel()[element]:
            self.boxes.put_part(least, box, element, (begin, np.inf), found.held)
